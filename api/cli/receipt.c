/* qizheng receipt: the receipt of a record, from a node. To everybody it comes without the record: the holder's own file has that, and `receipt refresh` brings it up to
 * date. A participant who may read the record gets the whole one. */
#include "api/cli/disk.h"
#include "api/cli/reading.h"

#include <stdio.h>

static const struct option_spec options[] = {
    {"out", "FILE", "write it to FILE, which must not exist (default: show it)", false, false},
    ACCESS_OPTIONS_OPTIONAL,
    {NULL, NULL, NULL, false, false},
};

static enum err public_fetch(const struct cli *cli, const char *path, struct json **ret,
                             struct problem *ret_why) {
    struct client *client = NULL;
    enum err err = remote_open(cli, &client, ret_why);
    if (!err) err = remote_get_json(client, path, ret, ret_why);
    client_close(client);
    return err;
}

static enum err receipt_fetch(const struct cli *cli, struct json **ret, struct problem *ret_why) {
    char record[128], path[160];
    bool as_reader = false;
    enum err err = reading_record_path(cli, "/v1/records/", record, ret_why);
    if (!err) err = access_wanted(cli, &as_reader, ret_why);
    if (err) return err;
    (void)snprintf(path, sizeof path, "%s/receipt", record);
    return as_reader ? reading_get(cli, path, ret, ret_why) : public_fetch(cli, path, ret, ret_why);
}

static int run(struct cli *cli) {
    struct json *receipt = NULL;
    struct problem why = {ERR_OK, "", "", "", ""};
    const char *out = option_text(cli, "out");
    enum err err = receipt_fetch(cli, &receipt, &why);
    if (err) return reading_failed(cli, err, &why);
    err = out ? disk_write_json(out, receipt, 0600, DISK_NEW, &why) : say_json(receipt);
    return err ? say_trouble(cli, err, &why) : EXIT_DONE;
}

const struct command command_receipt = {
    .name = "receipt",
    .operands = "ID",
    .min = 1,
    .max = 1,
    .summary = "Get the receipt of a record from a node",
    .details = "To everybody without the record; with --as and --key the whole one, for who may "
               "read the record.",
    .options = options,
    .is_online = true,
    .run = run,
};
