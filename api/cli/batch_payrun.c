/* See batch_payrun.h.
 *
 * Nodes grow the tree in the order of leaves, so the ids are put into that order, which is the table's where nothing else wrote under the same number. The sum is
 * that of the payments that are `paid`; no node sees an amount, so this is where it is checked. */
#include "api/cli/batch_payrun.h"

#include "api/cli/submit.h"
#include "ledger/base/text.h"
#include "ledger/proof/receipt.h"
#include "ledger/proof/tlog_proof.h"

#include <stdlib.h>
#include <string.h>

struct payment {
    uint64_t index; /* of its leaf */
    uint8_t id[RECORD_ID_LEN];
};

struct payrun_sum {
    struct payment *payments;
    size_t count;
    int64_t fen;
    struct json *common[3]; /* of item, period, batch_no; owned */
    struct problem why;
};

static const char *const common_names[] = {"item", "period", "batch_no"};

static enum err not_a_run(struct payrun_sum *sum, const char *what) {
    return problem_set(&sum->why, ERR_SCHEMA,
                       "--close: %s. Only payments (benefit, disburse) of one item, period and "
                       "batch_no, each with result and amount in fen, are a pay run.",
                       what);
}

static enum err common_check(struct payrun_sum *sum, const struct json *claims) {
    for (size_t i = 0; i < 3; i++) {
        const struct json *value = json_member(claims, common_names[i]);
        if (!json_text(value)) return not_a_run(sum, "a payment lacks one of them");
        if (!sum->common[i]) sum->common[i] = json_clone(value);
        if (!sum->common[i]) return ERR_NO_MEMORY;
        if (!json_same(sum->common[i], value)) return not_a_run(sum, "the payments differ");
    }
    return ERR_OK;
}

static enum err amount_add(struct payrun_sum *sum, const struct json *claims) {
    int64_t fen = 0;
    struct bytes result = json_text_bytes(json_member(claims, "result"));
    if (!json_int(json_member(claims, "amount"), &fen) || fen < 0 || !result.len)
        return not_a_run(sum, "a payment lacks result or amount");
    if (!bytes_is(result, "paid")) return ERR_OK;
    if (fen > LIMIT_JSON_INT - sum->fen) return not_a_run(sum, "the sum is too large");
    sum->fen += fen;
    return ERR_OK;
}

/* The leaf's index out of a receipt on disk. */
static enum err index_read(const char *path, uint64_t *ret, struct problem *ret_why) {
    struct buf text;
    struct receipt *receipt = NULL;
    struct tlog_proof proof;
    enum err err = disk_read(path, LIMIT_RECEIPT, &text, ret_why);
    if (err) return err;
    err = receipt_parse(buf_bytes(&text), &receipt, ret_why);
    if (!err) err = tlog_proof_parse(receipt->proof, &proof, ret_why);
    if (!err) *ret = proof.index;
    receipt_done(receipt);
    buf_done(&text);
    return err;
}

/* A row without a receipt of its record was refused, and is no part of the run. */
static enum err row_add(struct payrun_sum *sum, const struct sender *sender, size_t row) {
    char path[DISK_PATH];
    struct parcel parcel;
    struct payment *payment = &sum->payments[sum->count];
    enum err err = batch_receipt_path(sender, row, path, &sum->why);
    if (!err) err = progress_parcel(sender->progress, row, &parcel, &sum->why);
    if (err) return err;
    if (parcel_receipt_is(path, parcel.id)) {
        err = index_read(path, &payment->index, &sum->why);
        if (!err) err = common_check(sum, parcel.claims);
        if (!err) err = amount_add(sum, parcel.claims);
        if (!err) err = hex_decode(bytes_text(parcel.id), payment->id, RECORD_ID_LEN);
        sum->count += !err;
    }
    parcel_done(&parcel);
    return err;
}

static int by_leaf(const void *a, const void *b) {
    uint64_t left = ((const struct payment *)a)->index, right = ((const struct payment *)b)->index;
    return (left > right) - (left < right);
}

static enum err sum_up(struct payrun_sum *sum, const struct sender *sender) {
    size_t rows = sender->rows->csv.rows;
    sum->payments = calloc(rows, sizeof *sum->payments);
    enum err err = sum->payments ? ERR_OK : ERR_NO_MEMORY;
    for (size_t row = 0; !err && row < rows; row++) err = row_add(sum, sender, row);
    if (!err && sum->count == 0) err = not_a_run(sum, "no payment was recorded");
    if (!err) qsort(sum->payments, sum->count, sizeof *sum->payments, by_leaf);
    return err;
}

static void root_of(const struct payrun_sum *sum, char ret[64]) {
    struct merkle_frontier frontier;
    uint8_t hash[HASH_LEN];
    memset(&frontier, 0, sizeof frontier);
    for (size_t i = 0; i < sum->count; i++) {
        merkle_leaf(bytes_of(sum->payments[i].id, RECORD_ID_LEN), hash);
        merkle_frontier_append(&frontier, hash);
    }
    merkle_frontier_root(&frontier, hash);
    base64url_write(bytes_of(hash, sizeof hash), ret);
}

static enum err claims_fill(const struct payrun_sum *sum, struct json *set) {
    char root[64];
    enum err err = ERR_OK;
    root_of(sum, root);
    for (size_t i = 0; !err && i < 3; i++)
        err = json_put(set, common_names[i], json_clone(sum->common[i]));
    if (!err) err = json_put_int(set, "count", (int64_t)sum->count);
    if (!err) err = json_put_int(set, "sum", sum->fen);
    return err ? err : json_put_text(set, "items_root", root);
}

static enum err payrun_draft(struct payrun_sum *sum, const struct sender *sender,
                             const char *issuer, const char *ledger, struct draft *ret) {
    struct claims claims = {.type = "benefit", .act = "batch"};
    struct draft_head head = {.issuer = issuer, .ledger = ledger};
    struct json *doc = NULL;
    claims.set = json_new_object();
    claims.hide = json_new_object();
    enum err err = claims.set && claims.hide ? claims_fill(sum, claims.set) : ERR_NO_MEMORY;
    if (!err) err = draft_doc(DIGEST_SHA256, sender->rows->csv_digest, &doc);
    if (!err) err = draft_make(&head, &claims, doc, ret, &sum->why);
    json_done(doc);
    claims_done(&claims);
    return err;
}

static void sum_done(struct payrun_sum *sum) {
    for (size_t i = 0; i < 3; i++) json_done(sum->common[i]);
    free(sum->payments);
    free(sum);
}

int batch_payrun_close(const struct cli *cli, const struct sender *sender, const char *issuer,
                       const char *ledger, const struct key_secret *key) {
    char prefix[DISK_PATH], receipt[DISK_PATH];
    struct draft draft;
    memset(&draft, 0, sizeof draft);
    struct payrun_sum *sum = calloc(1, sizeof *sum);
    if (!sum) return say_trouble(cli, ERR_NO_MEMORY, NULL);
    enum err err = disk_path(prefix, &sum->why, "%s/payrun", sender->out);
    if (!err) err = disk_path(receipt, &sum->why, "%s.receipt.json", prefix);
    bool is_closed = !err && disk_exists(receipt);
    if (!err && !is_closed) err = sum_up(sum, sender);
    if (!err && !is_closed) err = payrun_draft(sum, sender, issuer, ledger, &draft);
    int status = err         ? say_trouble(cli, err, &sum->why)
                 : is_closed ? EXIT_DONE
                             : submit_quietly(cli, sender->client, &draft, key, prefix);
    draft_done(&draft);
    sum_done(sum);
    return status;
}
