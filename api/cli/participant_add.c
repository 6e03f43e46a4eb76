/* qizheng participant add: a registrar admits a participant with its roles and keys, by a signed record like any other. */
#include "api/cli/registrar.h"
#include "ledger/record/participant.h"

static const struct option_spec options[] = {
    {"id", "ID", "the new participant's id: a-z 0-9 . _ -", true, false},
    {"name", "NAME", "its name: an organisation's, public", true, false},
    {"uscc", "CODE", "its unified social credit code", true, false},
    {"role", "ROLE", "employer payer certifier registrar court auditor operator", true, true},
    {"jwk", "JWK", "file with a public key of it", true, true},
    {"from", "SECONDS", "when the keys begin to be valid (default: now)", false, false},
    {"to", "SECONDS", "when they end, seconds since 1970 (default: open)", false, false},
    REGISTRAR_OPTIONS,
    {NULL, NULL, NULL, false, false},
};

static enum err roles_put(const struct cli *cli, struct json *set, struct problem *ret_why) {
    struct json *roles = json_new_array();
    enum err err = roles ? ERR_OK : ERR_NO_MEMORY;
    for (size_t i = 0; !err && i < option_count(cli, "role"); i++) {
        enum role role;
        const char *name = option_at(cli, "role", i);
        if (role_from_name(name, &role))
            err = json_push(roles, json_new_text(name));
        else
            err = problem_set(ret_why, ERR_REQUEST,
                              "--role is employer, payer, certifier, registrar, court, auditor or "
                              "operator, not %.40s.",
                              name);
    }
    if (!err) return json_put(set, "roles", roles);
    json_done(roles);
    return err;
}

static enum err keys_put(const struct cli *cli, struct json *set, struct problem *ret_why) {
    struct json *keys = json_new_array();
    enum err err = keys ? registrar_keys(cli, keys, ret_why) : ERR_NO_MEMORY;
    if (!err) return json_put(set, "keys", keys);
    json_done(keys);
    return err;
}

static enum err make(const struct cli *cli, struct client *client, struct json *set,
                     struct problem *ret_why) {
    (void)client;
    enum err err = json_put_text(set, "id", option_text(cli, "id"));
    if (!err) err = json_put_text(set, "name", option_text(cli, "name"));
    if (!err) err = json_put_text(set, "uscc", option_text(cli, "uscc"));
    if (!err) err = roles_put(cli, set, ret_why);
    if (!err) err = keys_put(cli, set, ret_why);
    return err ? err : registrar_check(set, ret_why);
}

static int run(struct cli *cli) {
    return registrar_run(cli, "admit", make);
}

const struct command command_participant_add = {
    .name = "participant add",
    .operands = "",
    .summary = "Admit a participant with its roles and keys, as a registrar",
    .details = "The public key files come from the participant (`qizheng key new` writes them). "
               "What is registered is public.",
    .options = options,
    .is_online = true,
    .run = run,
};
