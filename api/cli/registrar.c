/* See registrar.h. */
#include "api/cli/registrar.h"

#include "api/cli/disk.h"
#include "api/cli/remote.h"
#include "api/cli/signer.h"
#include "ledger/record/participant.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct job {
    struct claims claims;
    struct key_secret *key;
    struct client *client;
    struct draft draft;
    char ledger[65];
};

/* -- keys -- */

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

enum err registrar_keys(const struct cli *cli, struct json *keys, struct problem *ret_why) {
    uint64_t from, to, end = LIMIT_JSON_INT, now = (uint64_t)now_s();
    enum err err = option_number(cli, "from", 0, end, now - now % 3600, &from, ret_why);
    if (!err) err = option_number(cli, "to", 1, end, 0, &to, ret_why);
    for (size_t i = 0; !err && i < option_count(cli, "jwk"); i++)
        err = key_entry(option_at(cli, "jwk", i), from, to, keys, ret_why);
    return err;
}

enum err registrar_check(const struct json *set, struct problem *ret_why) {
    struct participant *participant = calloc(1, sizeof *participant);
    if (!participant) return ERR_NO_MEMORY;
    enum err err = participant_parse(set, true, participant, ret_why);
    participant_done(participant);
    free(participant);
    return err;
}

/* -- the record -- */

static enum err claims_make(const struct cli *cli, const char *act, registrar_make *make,
                            struct job *job, struct problem *ret_why) {
    struct claims *claims = &job->claims;
    (void)snprintf(claims->type, sizeof claims->type, "participant");
    (void)snprintf(claims->act, sizeof claims->act, "%s", act);
    claims->set = json_new_object();
    claims->hide = json_new_object();
    enum err err = claims->set && claims->hide ? ERR_OK : ERR_NO_MEMORY;
    return err ? err : make(cli, job->client, claims->set, ret_why);
}

static enum err prepare(const struct cli *cli, const char *act, registrar_make *make,
                        struct job *job, struct problem *ret_why) {
    enum err err = remote_open(cli, &job->client, ret_why);
    if (!err) err = claims_make(cli, act, make, job, ret_why);
    if (!err)
        err = signer_open(option_text(cli, "key"), option_text(cli, "passphrase-file"), &job->key,
                          ret_why);
    if (!err) err = remote_ledger(job->client, job->ledger, ret_why);
    if (err) return err;
    struct draft_head head = {option_text(cli, "as"), job->ledger, NULL, NULL, NULL, NULL};
    return draft_make(&head, &job->claims, NULL, &job->draft, ret_why);
}

int registrar_run(struct cli *cli, const char *act, registrar_make *make) {
    struct job job;
    struct problem why = {ERR_OK, "", "", "", ""};
    memset(&job, 0, sizeof job);
    enum err err = prepare(cli, act, make, &job, &why);
    int status = err ? say_trouble(cli, err, &why)
                     : submit(cli, job.client, &job.draft, job.key, option_text(cli, "out"));
    draft_done(&job.draft);
    client_close(job.client);
    key_secret_done(job.key);
    claims_done(&job.claims);
    return status;
}
