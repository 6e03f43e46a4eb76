/* qizheng present: a receipt that shows only some of its disclosures, for the holder to hand on. */
#include "api/cli/command.h"
#include "api/cli/disk.h"
#include "api/cli/presentation.h"

#include <stdio.h>

static const struct option_spec options[] = {
    {"only", "NAMES", "names of what stays disclosed, comma separated; \"\" for none", true, false},
    {"out", "FILE", "where the new receipt goes; it must not exist", true, false},
    {NULL, NULL, NULL, false, false},
};

static int run(struct cli *cli) {
    struct json *receipt = NULL;
    struct problem why = {ERR_OK, "", "", "", ""};
    const char *out = option_text(cli, "out");
    enum err err = disk_read_json(operand(cli, 0), LIMIT_RECEIPT, &receipt, &why);
    if (!err) err = presentation_pick_in(receipt, option_text(cli, "only"), &why);
    if (err)
        json_done(receipt);
    else
        err = disk_write_json(out, receipt, 0600, DISK_NEW, &why);
    if (err) return say_trouble(cli, err, &why);
    if (!cli->is_json) return printf("%s\n", out) < 0 ? EXIT_TROUBLE : EXIT_DONE;
    struct json *json = json_new_object();
    if (json && !json_put_text(json, "receipt", out))
        return say_json(json) ? EXIT_TROUBLE : EXIT_DONE;
    json_done(json);
    return say_trouble(cli, ERR_NO_MEMORY, NULL);
}

const struct command command_present = {
    .name = "present",
    .operands = "RECEIPT",
    .min = 1,
    .max = 1,
    .summary = "Make a receipt that shows only some of its disclosures",
    .details = "The record and its proof stay as they are; what is left out cannot be read by "
               "whoever gets the new file.",
    .options = options,
    .run = run,
};
