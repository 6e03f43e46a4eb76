/* qizheng notarize: a document's digest and what is said of it, signed and recorded; the receipt beside the document.
 *
 * The document itself never leaves this machine, nor does what --hide holds: only digests do. */
#include "api/cli/claims.h"
#include "api/cli/disk.h"
#include "api/cli/remote.h"
#include "api/cli/signer.h"
#include "api/cli/submit.h"
#include "api/cli/tag_option.h"
#include "ledger/base/text.h"

#include <string.h>

static const struct option_spec options[] = {
    {"key", "PEM", "the issuer's secret key", true, false},
    {"as", "ID", "the issuer: a participant's id", true, false},
    {"passphrase-file", "FILE", "passphrase of the key (mode 0600)", false, false},
    {"claims", "JSON", "claims file: type, act, set, hide", false, false},
    {"type", "TYPE", "record type, such as labour-contract", false, false},
    {"act", "ACT", "what happens, such as conclude", false, false},
    {"set", "NAME=VALUE", "a claim in the clear; name:=json for JSON", false, true},
    {"hide", "NAME=VALUE", "a claim of which nodes see a salted digest only", false, true},
    TAG_OPTION,
    {"holder", "JWK", "the holder's public key, such as the worker's (cnf)", false, false},
    {"ref", "ID", "the record that this one follows", false, false},
    {"replaces", "ID", "the record that a correction replaces", false, false},
    {"sm3", NULL, "name the document by its SM3 digest, too", false, false},
    {"out", "PREFIX", "write PREFIX.receipt.json and so on (default FILE)", false, false},
    SUBMIT_OPTIONS,
    {NULL, NULL, NULL, false, false},
};

struct job {
    struct claims claims;
    struct key_secret *key;
    struct json *doc, *tags, *cnf;
    struct client *client;
    struct draft draft;
    char ledger[65];
};

static enum err doc_make(const struct cli *cli, struct json **ret, struct problem *ret_why) {
    uint8_t sha256[DIGEST_LEN], sm3[DIGEST_LEN];
    bool with_sm3 = option_has(cli, "sm3");
    enum err err = disk_digest(operand(cli, 0), with_sm3, sha256, sm3, ret_why);
    if (err) return err;
    err = draft_doc(DIGEST_SHA256, sha256, ret);
    if (!err && with_sm3) err = draft_doc(DIGEST_SM3, sm3, ret);
    return err;
}

static enum err id_check(const struct cli *cli, const char *option, struct problem *ret_why) {
    uint8_t id[RECORD_ID_LEN];
    const char *text = option_text(cli, option);
    if (!text || hex_decode(bytes_text(text), id, sizeof id) == ERR_OK) return ERR_OK;
    return problem_set(ret_why, ERR_REQUEST, "--%s is a record id: 64 lower-case hex digits.",
                       option);
}

static enum err prepare(const struct cli *cli, struct job *job, struct problem *ret_why) {
    enum err err = id_check(cli, "ref", ret_why);
    if (!err && strcmp(operand(cli, 0), "-") == 0 && !option_has(cli, "out"))
        err = problem_set(ret_why, ERR_REQUEST,
                          "With the document on standard input --out PREFIX says where the receipt "
                          "goes.");
    if (!err) err = id_check(cli, "replaces", ret_why);
    if (!err) err = claims_from_options(cli, &job->claims, ret_why);
    if (!err && option_has(cli, "holder"))
        err = signer_cnf(option_text(cli, "holder"), &job->cnf, ret_why);
    if (!err)
        err = signer_open(option_text(cli, "key"), option_text(cli, "passphrase-file"), &job->key,
                          ret_why);
    if (!err) err = doc_make(cli, &job->doc, ret_why);
    if (!err) err = remote_open(cli, &job->client, ret_why);
    if (!err) err = remote_ledger(job->client, job->ledger, ret_why);
    if (!err) err = tags_from_options(cli, job->ledger, job->claims.hide, &job->tags, ret_why);
    if (err) return err;
    struct draft_head head = {option_text(cli, "as"),       job->ledger, option_text(cli, "ref"),
                              option_text(cli, "replaces"), job->tags,   job->cnf};
    return draft_make(&head, &job->claims, job->doc, &job->draft, ret_why);
}

static int run(struct cli *cli) {
    struct job job;
    struct problem why = {ERR_OK, "", "", "", ""};
    memset(&job, 0, sizeof job);
    const char *prefix = option_text(cli, "out");
    enum err err = prepare(cli, &job, &why);
    int status =
        err ? say_trouble(cli, err, &why)
            : submit(cli, job.client, &job.draft, job.key, prefix ? prefix : operand(cli, 0));
    draft_done(&job.draft);
    client_close(job.client);
    json_done(job.doc);
    json_done(job.tags);
    json_done(job.cnf);
    key_secret_done(job.key);
    claims_done(&job.claims);
    return status;
}

const struct command command_notarize = {
    .name = "notarize",
    .operands = "FILE",
    .min = 1,
    .max = 1,
    .summary = "Record a document's digest and what is said of it, and keep the receipt",
    .details =
        "Hashes FILE here, builds the record, runs the rules on it, signs and submits it, and "
        "waits until it is final.\nFILE.receipt.json proves it to anybody; "
        "FILE.disclosures.json holds what was hidden, with its salts.\n\n"
        "A VALUE is JSON where it begins with [ or {, an integer where it looks like one and the "
        "type does not want\na text there, and text otherwise. NAME:=VALUE is JSON in any case.\n"
        "With --holder the worker can show the receipt as its own (qizheng present) and confirm it "
        "(qizheng acknowledge);\nwhat is to be confirmed later, such as an amendment, names the "
        "key again.\n\n"
        "What stands on a command line can be seen by other users of this machine: give personal "
        "data in --claims.\n\n"
        "Interrupted? Run the same command again: FILE.pending.json holds the signed record, "
        "and it is sent again.",
    .options = options,
    .is_online = true,
    .run = run,
};
