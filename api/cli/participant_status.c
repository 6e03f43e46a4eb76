/* qizheng participant suspend, participant resume: a registrar stops a participant from signing, and lets it sign again. */
#include "api/cli/registrar.h"

static const struct option_spec options_suspend[] = {
    {"id", "ID", "the participant's id", true, false},
    {"reason", "WORD",
     "under-investigation abnormal-behaviour licence-expired at-own-request other", true, false},
    REGISTRAR_OPTIONS,
    {NULL, NULL, NULL, false, false},
};

static const struct option_spec options_resume[] = {
    {"id", "ID", "the participant's id", true, false},
    {"reason", "WORD", "cleared rectified at-own-request other", true, false},
    REGISTRAR_OPTIONS,
    {NULL, NULL, NULL, false, false},
};

static enum err make(const struct cli *cli, struct client *client, struct json *set,
                     struct problem *ret_why) {
    (void)client, (void)ret_why;
    enum err err = json_put_text(set, "id", option_text(cli, "id"));
    return err ? err : json_put_text(set, "reason", option_text(cli, "reason"));
}

static int run_suspend(struct cli *cli) {
    return registrar_run(cli, "suspend", make);
}

static int run_resume(struct cli *cli) {
    return registrar_run(cli, "resume", make);
}

const struct command command_participant_suspend = {
    .name = "participant suspend",
    .operands = "",
    .summary = "Stop a participant from signing, as a registrar",
    .details = "Its records stand; new ones are refused until it is resumed. A registrar cannot "
               "suspend itself.",
    .options = options_suspend,
    .is_online = true,
    .run = run_suspend,
};

const struct command command_participant_resume = {
    .name = "participant resume",
    .operands = "",
    .summary = "Let a suspended participant sign again, as a registrar",
    .details = "",
    .options = options_resume,
    .is_online = true,
    .run = run_resume,
};
