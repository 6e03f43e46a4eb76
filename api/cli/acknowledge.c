/* qizheng acknowledge: the worker confirms a record with the key that it names, and keeps the receipt of that.
 *
 * The record's issuer gave the worker its receipt. What is signed here names that record by its id and repeats its documents, and nothing else: the id pins every
 * field of it, shown or hidden. iss is the key's own RFC 9278 URI, so no registration is needed. */
#include "api/cli/disk.h"
#include "api/cli/presentation.h"
#include "api/cli/remote.h"
#include "api/cli/signer.h"
#include "api/cli/submit.h"
#include "ledger/base/text.h"

#include <stdio.h>
#include <string.h>

static const struct option_spec options[] = {
    {"key", "PEM", "the worker's secret key, which the record names", true, false},
    {"passphrase-file", "FILE", "passphrase of the key (mode 0600)", false, false},
    {"out", "PREFIX", "write PREFIX.receipt.json and so on (default RECEIPT.acknowledged)", false,
     false},
    SUBMIT_OPTIONS,
    {NULL, NULL, NULL, false, false},
};

struct job {
    struct json *receipt;
    struct record *record; /* what is acknowledged */
    struct key_secret *key;
    struct client *client;
    struct claims claims;
    struct draft draft;
    char prefix[DISK_PATH];
};

/* contract.pdf.receipt.json -> contract.pdf.acknowledged */
static enum err prefix_make(const struct cli *cli, struct job *job, struct problem *ret_why) {
    static const char ending[] = ".receipt.json";
    const char *path = operand(cli, 0), *out = option_text(cli, "out");
    size_t len = strlen(path), cut = sizeof ending - 1;
    if (out) return disk_path(job->prefix, ret_why, "%s", out);
    if (len > cut && strcmp(path + len - cut, ending) == 0) len -= cut;
    return disk_path(job->prefix, ret_why, "%.*s.acknowledged", (int)len, path);
}

static enum err ledger_check(const struct job *job, const char *hex, struct problem *ret_why) {
    uint8_t id[32];
    if (!hex_decode(bytes_text(hex), id, sizeof id) && !memcmp(id, job->record->aud, sizeof id))
        return ERR_OK;
    return problem_set(ret_why, ERR_AUDIENCE,
                       "The receipt is of another ledger than this node's: give that one's with "
                       "--url.");
}

static enum err claims_make(struct job *job) {
    struct claims *claims = &job->claims;
    memcpy(claims->type, job->record->type, sizeof claims->type);
    (void)snprintf(claims->act, sizeof claims->act, "acknowledge");
    claims->set = json_new_object();
    claims->hide = json_new_object();
    return claims->set && claims->hide ? ERR_OK : ERR_NO_MEMORY;
}

static enum err draft_ready(struct job *job, const char *ledger, struct problem *ret_why) {
    char issuer[LIMIT_ID + 1], ref[2 * RECORD_ID_LEN + 1];
    (void)snprintf(issuer, sizeof issuer, RECORD_KEY_URI "%s", key_secret_public(job->key)->kid);
    hex_encode(bytes_of(job->record->id, RECORD_ID_LEN), ref);
    struct draft_head head = {issuer, ledger, ref, NULL, NULL, NULL};
    enum err err = claims_make(job);
    if (err) return problem_set(ret_why, err, "Out of memory.");
    return draft_make(&head, &job->claims, json_member(job->record->payload, "doc"), &job->draft,
                      ret_why);
}

static enum err prepare(const struct cli *cli, struct job *job, struct problem *ret_why) {
    char ledger[65];
    enum err err = disk_read_json(operand(cli, 0), LIMIT_RECEIPT, &job->receipt, ret_why);
    if (!err) err = presentation_record(job->receipt, &job->record, ret_why);
    if (!err) err = prefix_make(cli, job, ret_why);
    if (!err)
        err = signer_open(option_text(cli, "key"), option_text(cli, "passphrase-file"), &job->key,
                          ret_why);
    if (!err) err = presentation_holder_check(job->record, key_secret_public(job->key), ret_why);
    if (!err) err = remote_open(cli, &job->client, ret_why);
    if (!err) err = remote_ledger(job->client, ledger, ret_why);
    if (!err) err = ledger_check(job, ledger, ret_why);
    return err ? err : draft_ready(job, ledger, ret_why);
}

static int run(struct cli *cli) {
    struct job job;
    struct problem why = {ERR_OK, "", "", "", ""};
    memset(&job, 0, sizeof job);
    enum err err = prepare(cli, &job, &why);
    int status = err ? say_trouble(cli, err, &why)
                     : submit(cli, job.client, &job.draft, job.key, job.prefix);
    draft_done(&job.draft);
    claims_done(&job.claims);
    client_close(job.client);
    key_secret_done(job.key);
    record_done(job.record);
    json_done(job.receipt);
    return status;
}

const struct command command_acknowledge = {
    .name = "acknowledge",
    .operands = "RECEIPT",
    .min = 1,
    .max = 1,
    .summary = "Confirm a contract as the worker, with the key that it names",
    .details =
        "RECEIPT is the one that the employer handed over. Look at it first with `qizheng verify`: "
        "what is confirmed is\nthis record, with all that it says or hides. The newest record of a "
        "contract can be confirmed, once.\n\n"
        "The key needs no registration. The receipt of the confirmation shows it to anybody, and "
        "that the key is the\nworker's is what the employer says in the contract's record.",
    .options = options,
    .is_online = true,
    .run = run,
};
