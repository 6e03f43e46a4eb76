/* Receipts: what was read and written is read as the same, and is written as the JSON library would. The input is a receipt where it begins with a brace, else edits (edits.h) of a good one.
 * fuzz: max_len=3000 dict=receipt */
#include "tests/fuzz/lib/edits.h"
#include "tests/lib/vector.h"

#include "ledger/proof/receipt.h"

#include <ctype.h>

/* The text that receipt_format writes is what the JSON library would write of it. */
static void canonical(struct bytes text) {
    struct json *json = NULL;
    struct buf second;
    buf_init(&second, 2 * LIMIT_RECEIPT);
    FUZZ_CHECK(json_parse(text, &json, NULL) == ERR_OK && json_format(json, &second) == ERR_OK);
    FUZZ_CHECK(bytes_equal(text, buf_bytes(&second)));
    buf_done(&second);
    json_done(json);
}

static void same(const struct receipt *a, const struct receipt *b) {
    FUZZ_CHECK(bytes_equal(a->proof, b->proof) && a->time_ms == b->time_ms);
    FUZZ_CHECK(a->has_leaf == b->has_leaf);
    FUZZ_CHECK(!a->has_leaf || memcmp(a->leaf, b->leaf, LEAF_LEN) == 0);
    FUZZ_CHECK(a->link_count == b->link_count);
    for (size_t i = 0; i < a->link_count; i++) {
        FUZZ_CHECK(bytes_equal(a->links[i].record, b->links[i].record));
        FUZZ_CHECK(bytes_equal(a->links[i].genesis, b->links[i].genesis));
        FUZZ_CHECK(bytes_equal(a->links[i].proof, b->links[i].proof));
        FUZZ_CHECK(a->links[i].time_ms == b->links[i].time_ms);
    }
}

/* What base64url and dots may be: records are written as they are. */
static bool is_compact(struct bytes record) {
    for (size_t i = 0; i < record.len; i++)
        if (!isalnum(record.data[i]) && !strchr("-_.", record.data[i])) return false;
    return record.len > 0;
}

/* A node writes the record alone: the disclosures are left out. */
static void taken(const struct receipt *receipt) {
    struct buf text, issuer;
    struct receipt *again = NULL;
    struct problem why = {0};
    struct bytes rest = receipt->presentation;
    struct receipt_parts parts = {.record = fuzz_cut(&rest, '~'),
                                  .leaf = receipt->leaf,
                                  .time_ms = receipt->time_ms,
                                  .proof = receipt->proof};
    if (!receipt->has_leaf && !is_compact(parts.record)) return;
    buf_init(&text, 2 * LIMIT_RECEIPT);
    buf_init(&issuer, 2 * LIMIT_RECEIPT);
    FUZZ_CHECK(receipt->has_leaf == (receipt->presentation.len == 0));
    FUZZ_CHECK(receipt->link_count <= LIMIT_CHAIN);
    if (receipt->link_count > 0)
        FUZZ_CHECK(receipt_issuer_format(receipt->links, receipt->link_count, &issuer) == ERR_OK);
    parts.issuer = buf_bytes(&issuer);
    FUZZ_CHECK(receipt_format(&parts, &text) == ERR_OK);
    canonical(buf_bytes(&text));
    FUZZ_CHECK(receipt_parse(buf_bytes(&text), &again, &why) == ERR_OK);
    same(receipt, again);
    rest = again->presentation;
    FUZZ_CHECK(bytes_equal(fuzz_cut(&rest, '~'), parts.record) && rest.len == 0);
    receipt_done(again);
    buf_done(&text);
    buf_done(&issuer);
}

static void receipt_run(struct bytes in) {
    struct receipt *receipt = NULL;
    struct problem why = {0};
    enum err err = receipt_parse(in, &receipt, &why);
    if (err) {
        fuzz_refused(err);
        FUZZ_CHECK(why.err == err && why.detail[0]);
        return;
    }
    taken(receipt);
    receipt_done(receipt);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static struct buf good;
    struct buf text;
    if (good.len == 0) good = vector_read("receipts/good.json");
    if (size > 0 && data[0] == '{') {
        receipt_run(bytes_of(data, size));
        return 0;
    }
    buf_init(&text, LIMIT_RECEIPT);
    FUZZ_CHECK(buf_add(&text, buf_bytes(&good)) == ERR_OK);
    edits_run(&text, bytes_of(data, size));
    receipt_run(buf_bytes(&text));
    buf_done(&text);
    return 0;
}
