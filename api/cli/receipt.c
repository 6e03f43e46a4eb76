/* qizheng receipt: the receipt of a record, from a node. What the node does not show to everybody, the record itself, is missing then: the holder's own file has
 * it, and `receipt refresh` brings that up to date. */
#include "ledger/proof/receipt.h"
#include "api/cli/disk.h"
#include "api/cli/remote.h"
#include "ledger/base/text.h"

#include <stdio.h>

static const struct option_spec options[] = {
    {"out", "FILE", "write it to FILE, which must not exist (default: show it)", false, false},
    {NULL, NULL, NULL, false, false},
};

static enum err receipt_fetch(const struct cli *cli, struct json **ret, struct problem *ret_why) {
    char path[128];
    uint8_t id[RECORD_ID_LEN];
    struct client *client = NULL;
    const char *text = operand(cli, 0);
    if (hex_decode(bytes_text(text), id, sizeof id))
        return problem_set(ret_why, ERR_REQUEST, "A record id is 64 lower-case hex digits.");
    (void)snprintf(path, sizeof path, "/v1/records/%s/receipt", text);
    enum err err = remote_open(cli, &client, ret_why);
    if (!err) err = remote_get_json(client, path, ret, ret_why);
    client_close(client);
    return err;
}

static int run(struct cli *cli) {
    struct json *receipt = NULL;
    struct problem why = {ERR_OK, "", "", "", ""};
    const char *out = option_text(cli, "out");
    enum err err = receipt_fetch(cli, &receipt, &why);
    /* A record that is not there is an answer; everything else is trouble. */
    if (err == ERR_NOT_FOUND) return say_refusal(cli, err, &why);
    if (err) return say_trouble(cli, err, &why);
    err = out ? disk_write_json(out, receipt, 0600, DISK_NEW, &why) : say_json(receipt);
    return err ? say_trouble(cli, err, &why) : EXIT_DONE;
}

const struct command command_receipt = {
    .name = "receipt",
    .operands = "ID",
    .min = 1,
    .max = 1,
    .summary = "Get the public receipt of a record from a node",
    .details = "",
    .options = options,
    .is_online = true,
    .run = run,
};
