/* qizheng check: what the rules say of a record before it is signed, or of one with its disclosures. Nothing is sent anywhere.
 *
 * A result is never a legal conclusion. Rules that need the ledger's state say UNKNOWN here. */
#include "api/cli/claims.h"
#include "api/cli/disk.h"
#include "api/cli/presentation.h"
#include "api/cli/review.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct subject {
    struct json *clear;
    struct json *claims; /* with what is hidden */
    char type[RECORD_TYPE_LEN];
    char act[32];
    unsigned version;
};

static enum err from_presentation(struct bytes text, struct subject *ret, struct problem *ret_why) {
    struct presented presented;
    enum err err = presentation_read(text, &presented, ret_why);
    if (err) return err;
    memcpy(ret->type, presented.record->type, sizeof ret->type);
    memcpy(ret->act, presented.record->act, sizeof ret->act);
    ret->version = presented.record->type_version;
    ret->clear = json_clone(presented.record->payload);
    ret->claims = presented.claims;
    presented.claims = NULL;
    presented_done(&presented);
    return ret->clear ? ERR_OK : ERR_NO_MEMORY;
}

/* set and hide together, as the signed record with its disclosures would say it. */
static enum err from_claims(const struct json *json, const char *path, struct subject *ret,
                            struct problem *ret_why) {
    struct claims claims;
    enum err err = claims_parse(json, path, &claims, ret_why);
    if (err) return err;
    ret->clear = claims.set;
    claims.set = NULL;
    ret->claims = json_clone(ret->clear);
    err = ret->claims ? json_put_text(ret->claims, "act", claims.act) : ERR_NO_MEMORY;
    for (void *it = json_first(claims.hide); !err && it; it = json_next(claims.hide, it))
        err = json_put(ret->claims, json_name_at(it), json_clone(json_value_at(it)));
    memcpy(ret->type, claims.type, sizeof ret->type);
    memcpy(ret->act, claims.act, sizeof ret->act);
    ret->version = 1;
    claims_done(&claims);
    return err;
}

/* A presentation, a receipt or a pending submission (both hold one), or a claims file. */
static enum err subject_read(const char *path, struct subject *ret, struct problem *ret_why) {
    struct buf text;
    struct json *json = NULL;
    enum err err = disk_read(path, LIMIT_RECEIPT, &text, ret_why);
    if (err) return err;
    struct bytes bytes = buf_bytes(&text);
    while (bytes.len && bytes.data[bytes.len - 1] == '\n') bytes.len--;
    if (!bytes_starts(bytes, "{") && bytes.len) {
        err = from_presentation(bytes, ret, ret_why);
    } else {
        err = json_parse(bytes, &json, ret_why);
        struct bytes record = json_text_bytes(json_member(json, "record"));
        if (!err && record.len) err = from_presentation(record, ret, ret_why);
        if (!err && !record.len) err = from_claims(json, path, ret, ret_why);
    }
    json_done(json);
    buf_done(&text);
    return err;
}

static int report_json(const struct cli *cli, const struct rule_hits *hits, int status) {
    struct json *json = json_new_object(), *list = NULL;
    enum err err = json ? rule_hits_json(hits, &list) : ERR_NO_MEMORY;
    if (!err) err = json_put(json, "results", list);
    if (!err) return say_json(json) ? EXIT_TROUBLE : status;
    json_done(json);
    return say_trouble(cli, err, NULL);
}

static int report(const struct cli *cli, const struct rule_hits *hits) {
    size_t fails = review_count(hits, RULE_FAIL), risks = review_count(hits, RULE_RISK);
    int status = fails ? EXIT_REFUSED : EXIT_DONE;
    if (cli->is_json) return report_json(cli, hits, status);
    review_print(hits, true, false, cli->is_zh);
    (void)printf("%zu FAIL 不符合, %zu RISK 风险待核, %zu UNKNOWN 信息不足. This is no legal "
                 "conclusion 非法律结论.\n",
                 fails, risks, review_count(hits, RULE_UNKNOWN));
    return status;
}

static int run(struct cli *cli) {
    struct subject subject;
    struct problem why = {ERR_OK, "", "", "", ""};
    memset(&subject, 0, sizeof subject);
    struct rule_hits *hits = calloc(1, sizeof *hits);
    enum err err = hits ? subject_read(operand(cli, 0), &subject, &why) : ERR_NO_MEMORY;
    int status;
    if (err) {
        status = say_trouble(cli, err, &why);
    } else {
        err = review(subject.clear, subject.claims, subject.type, subject.version, subject.act,
                     hits, &why);
        status = err ? say_refusal(cli, err, &why) : report(cli, hits);
    }
    json_done(subject.clear);
    json_done(subject.claims);
    free(hits);
    return status;
}

const struct command command_check = {
    .name = "check",
    .operands = "RECORD|RECEIPT|CLAIMS",
    .min = 1,
    .max = 1,
    .summary = "Run the rules on a claims file or a record, here, before signing",
    .details = "Takes a claims file ({\"type\", \"act\", \"set\", \"hide\"}), a receipt, or "
               "<record>~<disclosures>~. Exit status 1 where a rule says FAIL.",
    .run = run,
};
