/* qizheng participant revoke: a registrar ends a key at once, because it was lost or stolen. */
#include "api/cli/registrar.h"

static const struct option_spec options[] = {
    {"id", "ID", "the participant's id", true, false},
    {"kid", "KID", "the key's thumbprint, as `qizheng key show` prints it", true, false},
    {"reason", "WORD", "compromised lost superseded left-office other", true, false},
    REGISTRAR_OPTIONS,
    {NULL, NULL, NULL, false, false},
};

static enum err make(const struct cli *cli, struct client *client, struct json *set,
                     struct problem *ret_why) {
    (void)client, (void)ret_why;
    enum err err = json_put_text(set, "id", option_text(cli, "id"));
    if (!err) err = json_put_text(set, "kid", option_text(cli, "kid"));
    return err ? err : json_put_text(set, "reason", option_text(cli, "reason"));
}

static int run(struct cli *cli) {
    return registrar_run(cli, "revoke", make);
}

const struct command command_participant_revoke = {
    .name = "participant revoke",
    .operands = "",
    .summary = "End a participant's key at once, as a registrar",
    .details = "What it signed before stands, and its receipts still verify; what it signs from "
               "now on is refused. A registrar cannot revoke the key that it signs with.",
    .options = options,
    .is_online = true,
    .run = run,
};
