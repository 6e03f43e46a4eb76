/* qizheng present: a receipt that shows only some of its disclosures, for the holder to hand on; with the holder's key, made for one verifier and one occasion. */
#include "api/cli/command.h"
#include "api/cli/disk.h"
#include "api/cli/presentation.h"
#include "api/cli/signer.h"

#include <stdio.h>

static const struct option_spec options[] = {
    {"only", "NAMES", "names of what stays disclosed, comma separated; \"\" for none", true, false},
    {"out", "FILE", "where the new receipt goes; it must not exist", true, false},
    {"holder-key", "PEM", "the holder's secret key, which the record names: bind the receipt",
     false, false},
    {"passphrase-file", "FILE", "passphrase of the holder's key (mode 0600)", false, false},
    {"audience", "NAME", "whom it is for, as the verifier calls itself", false, false},
    {"nonce", "TEXT", "what the verifier gave for this occasion", false, false},
    {NULL, NULL, NULL, false, false},
};

static enum err bind_if_asked(const struct cli *cli, struct json *receipt,
                              struct problem *ret_why) {
    const char *path = option_text(cli, "holder-key"), *audience = option_text(cli, "audience");
    const char *nonce = option_text(cli, "nonce");
    struct key_secret *key = NULL;
    if (!path && !audience && !nonce) return ERR_OK;
    if (!path || !audience || !nonce) {
        return problem_set(ret_why, ERR_REQUEST,
                           "--holder-key, --audience and --nonce go together.");
    }
    enum err err = signer_open(path, option_text(cli, "passphrase-file"), &key, ret_why);
    if (!err) err = presentation_bind_in(receipt, key, audience, nonce, ret_why);
    key_secret_done(key);
    return err;
}

static int run(struct cli *cli) {
    struct json *receipt = NULL;
    struct problem why = {ERR_OK, "", "", "", ""};
    const char *out = option_text(cli, "out");
    enum err err = disk_read_json(operand(cli, 0), LIMIT_RECEIPT, &receipt, &why);
    if (!err) err = presentation_pick_in(receipt, option_text(cli, "only"), &why);
    if (!err) err = bind_if_asked(cli, receipt, &why);
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
               "whoever gets the new file.\n"
               "With --holder-key it is bound to one verifier and one occasion (RFC 9901 key "
               "binding): nobody else can show it\nas their own, and not twice. Audience and nonce "
               "come from whoever will verify it, with\n"
               "qizheng verify --audience NAME --nonce TEXT.",
    .options = options,
    .run = run,
};
