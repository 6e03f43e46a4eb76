/* qizheng participant add: a registrar admits a participant with its roles and keys, by a signed record like any other. */
#include "api/cli/disk.h"
#include "api/cli/remote.h"
#include "api/cli/signer.h"
#include "api/cli/submit.h"
#include "ledger/record/participant.h"

#include <stdlib.h>
#include <string.h>

static const struct option_spec options[] = {
    {"id", "ID", "the new participant's id: a-z 0-9 . _ -", true, false},
    {"name", "NAME", "its name: an organisation's, public", true, false},
    {"uscc", "CODE", "its unified social credit code", true, false},
    {"role", "ROLE", "employer payer certifier registrar court auditor operator", true, true},
    {"jwk", "JWK", "file with a public key of it", true, true},
    {"from", "SECONDS", "when the keys begin to be valid (default: now)", false, false},
    {"to", "SECONDS", "when they end, seconds since 1970 (default: open)", false, false},
    {"key", "PEM", "the registrar's secret key", true, false},
    {"as", "ID", "the registrar's id", true, false},
    {"passphrase-file", "FILE", "passphrase of the key (mode 0600)", false, false},
    {"out", "PREFIX", "keep PREFIX.receipt.json and so on", false, false},
    SUBMIT_OPTIONS,
    {NULL, NULL, NULL, false, false},
};

struct job {
    struct claims claims;
    struct key_secret *key;
    struct client *client;
    struct draft draft;
    char ledger[65];
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

static enum err key_entry(const char *path, uint64_t from, uint64_t to, struct json *keys,
                          struct problem *ret_why) {
    struct key_public key;
    struct json *jwk = NULL;
    struct problem why = {ERR_OK, "", "", "", ""};
    enum err err = disk_read_json(path, LIMIT_JWK, &jwk, ret_why);
    if (err) return err;
    err = key_public_from_jwk(jwk, &key, &why);
    json_done(jwk);
    if (err) return problem_set(ret_why, err, "%s: %s", path, why.detail);
    struct json *entry = json_new_object();
    err = entry ? json_put(entry, "jwk", key_public_jwk(&key)) : ERR_NO_MEMORY;
    if (!err) err = json_put_int(entry, "from", (int64_t)from);
    if (!err && to) err = json_put_int(entry, "to", (int64_t)to);
    key_public_done(&key);
    if (!err) return json_push(keys, entry);
    json_done(entry);
    return err;
}

/* From the current hour on where nothing is said: the same command, run again soon, says the same, and goes on with what it left. */
static enum err keys_put(const struct cli *cli, struct json *set, struct problem *ret_why) {
    uint64_t from, to, end = LIMIT_JSON_INT, now = (uint64_t)now_s();
    enum err err = option_number(cli, "from", 0, end, now - now % 3600, &from, ret_why);
    if (!err) err = option_number(cli, "to", 1, end, 0, &to, ret_why);
    if (err) return err;
    struct json *keys = json_new_array();
    err = keys ? ERR_OK : ERR_NO_MEMORY;
    for (size_t i = 0; !err && i < option_count(cli, "jwk"); i++)
        err = key_entry(option_at(cli, "jwk", i), from, to, keys, ret_why);
    if (!err) return json_put(set, "keys", keys);
    json_done(keys);
    return err;
}

/* Read back by the one strict reader, so that a bad id or code is refused before anything is signed. */
static enum err claims_check(const struct json *set, struct problem *ret_why) {
    struct participant *participant = calloc(1, sizeof *participant);
    if (!participant) return ERR_NO_MEMORY;
    enum err err = participant_parse(set, true, participant, ret_why);
    participant_done(participant);
    free(participant);
    return err;
}

static enum err claims_make(const struct cli *cli, struct claims *claims, struct problem *ret_why) {
    memcpy(claims->type, "participant", sizeof "participant");
    memcpy(claims->act, "admit", sizeof "admit");
    claims->set = json_new_object();
    claims->hide = json_new_object();
    enum err err = claims->set && claims->hide ? ERR_OK : ERR_NO_MEMORY;
    if (!err) err = json_put_text(claims->set, "id", option_text(cli, "id"));
    if (!err) err = json_put_text(claims->set, "name", option_text(cli, "name"));
    if (!err) err = json_put_text(claims->set, "uscc", option_text(cli, "uscc"));
    if (!err) err = roles_put(cli, claims->set, ret_why);
    if (!err) err = keys_put(cli, claims->set, ret_why);
    return err ? err : claims_check(claims->set, ret_why);
}

static enum err prepare(const struct cli *cli, struct job *job, struct problem *ret_why) {
    enum err err = claims_make(cli, &job->claims, ret_why);
    if (!err)
        err = signer_open(option_text(cli, "key"), option_text(cli, "passphrase-file"), &job->key,
                          ret_why);
    if (!err) err = remote_open(cli, &job->client, ret_why);
    if (!err) err = remote_ledger(job->client, job->ledger, ret_why);
    if (err) return err;
    struct draft_head head = {option_text(cli, "as"), job->ledger, NULL, NULL};
    return draft_make(&head, &job->claims, NULL, &job->draft, ret_why);
}

static int run(struct cli *cli) {
    struct job job;
    struct problem why = {ERR_OK, "", "", "", ""};
    memset(&job, 0, sizeof job);
    enum err err = prepare(cli, &job, &why);
    int status = err ? say_trouble(cli, err, &why)
                     : submit(cli, job.client, &job.draft, job.key, option_text(cli, "out"));
    draft_done(&job.draft);
    client_close(job.client);
    key_secret_done(job.key);
    claims_done(&job.claims);
    return status;
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
