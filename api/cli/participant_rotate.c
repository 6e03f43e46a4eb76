/* qizheng participant rotate: a registrar gives a participant new keys, and old ones an end. What does not change is taken from the node and signed anew, since the record
 * must hold the whole participant (contracts/participant.c): the registrar sees it in the receipt. */
#include "api/cli/registrar.h"
#include "api/cli/remote.h"
#include "ledger/record/participant.h"

#include <stdio.h>
#include <string.h>

static const struct option_spec options[] = {
    {"id", "ID", "the participant's id", true, false},
    {"jwk", "JWK", "file with a new public key of it", false, true},
    {"from", "SECONDS", "when the new keys begin to be valid (default: now)", false, false},
    {"to", "SECONDS", "when they end, seconds since 1970 (default: open)", false, false},
    {"end", "KID", "a registered key that is to end", false, true},
    {"end-at", "SECONDS", "when those end (default: at the next full hour)", false, false},
    {"name", "NAME", "the organisation's new name, where it has one", false, false},
    REGISTRAR_OPTIONS,
    {NULL, NULL, NULL, false, false},
};

static enum err registered_get(const struct cli *cli, struct client *client, struct json **ret,
                               struct problem *ret_why) {
    char path[64 + LIMIT_ID];
    const char *id = option_text(cli, "id");
    if (!participant_id_valid(bytes_text(id)))
        return problem_set(ret_why, ERR_REQUEST, "--id is a participant's id: a-z 0-9 . _ -.");
    (void)snprintf(path, sizeof path, "/v1/participants/%s", id);
    return remote_get_json(client, path, ret, ret_why);
}

static const struct json *entry_find(const struct json *registered, const char *kid) {
    const struct json *keys = json_member(registered, "keys");
    for (size_t i = 0; i < json_count(keys); i++)
        if (bytes_is(json_text_bytes(json_member(json_at(keys, i), "kid")), kid))
            return json_at(keys, i);
    return NULL;
}

static enum err key_end(const struct json *registered, const char *kid, uint64_t at,
                        struct json *keys, struct problem *ret_why) {
    const struct json *there = entry_find(registered, kid);
    if (!there) return problem_set(ret_why, ERR_REQUEST, "The participant has no key %.60s.", kid);
    struct json *entry = json_new_object();
    enum err err =
        entry ? json_put(entry, "jwk", json_clone(json_member(there, "jwk"))) : ERR_NO_MEMORY;
    if (!err) err = json_put(entry, "from", json_clone(json_member(there, "from")));
    if (!err) err = json_put_int(entry, "to", (int64_t)at);
    if (!err) return json_push(keys, entry);
    json_done(entry);
    return err;
}

static enum err keys_make(const struct cli *cli, const struct json *registered, struct json *keys,
                          struct problem *ret_why) {
    uint64_t at, now = (uint64_t)now_s();
    enum err err = registrar_keys(cli, keys, ret_why);
    if (!err)
        err =
            option_number(cli, "end-at", 1, LIMIT_JSON_INT, now - now % 3600 + 3600, &at, ret_why);
    for (size_t i = 0; !err && i < option_count(cli, "end"); i++)
        err = key_end(registered, option_at(cli, "end", i), at, keys, ret_why);
    if (err || json_count(keys)) return err;
    return problem_set(ret_why, ERR_REQUEST,
                       "Nothing changes: name a new key with --jwk, or one to end with --end.");
}

static enum err rest_put(const struct cli *cli, const struct json *registered, struct json *set) {
    static const char *const names[] = {"id", "name", "uscc", "roles"};
    enum err err = ERR_OK;
    for (size_t i = 0; !err && i < sizeof names / sizeof names[0]; i++)
        err = json_put(set, names[i], json_clone(json_member(registered, names[i])));
    if (err || !option_has(cli, "name")) return err;
    return json_put_text(set, "name", option_text(cli, "name"));
}

static enum err make(const struct cli *cli, struct client *client, struct json *set,
                     struct problem *ret_why) {
    struct json *registered = NULL, *keys = json_new_array();
    enum err err = keys ? registered_get(cli, client, &registered, ret_why) : ERR_NO_MEMORY;
    if (!err) err = keys_make(cli, registered, keys, ret_why);
    if (!err)
        err = json_put(set, "keys", keys);
    else
        json_done(keys);
    if (!err) err = rest_put(cli, registered, set);
    json_done(registered);
    return err ? err : registrar_check(set, ret_why);
}

static int run(struct cli *cli) {
    return registrar_run(cli, "rotate", make);
}

const struct command command_participant_rotate = {
    .name = "participant rotate",
    .operands = "",
    .summary = "Give a participant new keys, and old ones an end, as a registrar",
    .details = "Until its end an old key still signs; what it signed before stands, and its "
               "receipts verify for ever. A key that was lost or stolen is revoked instead.",
    .options = options,
    .is_online = true,
    .run = run,
};
