/* Receipts: read back as built, and every departure from the form refused with a pointer. */
#include "tests/lib/world.h"

static struct world world;

static void begin(void) {
    world_begin(&world, 1);
}

static void end(void) {
    world_end(&world);
}

TestSuite(proof_receipt, .init = begin, .fini = end);

static enum err parse(struct bytes text, struct receipt **ret, struct problem *ret_why) {
    struct bytes copy = exact_copy(text);
    enum err err = receipt_parse(copy, ret, ret_why);
    exact_free(copy); /* what was read must not lean on the text */
    return err;
}

Test(proof_receipt, what_is_built_is_read_back) {
    struct parts parts = parts_good(&world);
    struct buf text = parts_text(&parts);
    struct receipt *receipt = NULL;
    cr_assert(parse(buf_bytes(&text), &receipt, NULL) == ERR_OK);
    cr_assert(bytes_equal(receipt->presentation, buf_bytes(&parts.presentation)));
    cr_assert(!receipt->has_leaf);
    cr_assert(receipt->time_ms == parts.time_ms);
    cr_assert(bytes_equal(receipt->proof, buf_bytes(&parts.proof)));
    cr_assert(receipt->link_count == 3);
    for (size_t i = 0; i < 3; i++) {
        cr_assert(bytes_equal(receipt->links[i].record, buf_bytes(&parts.links[i].record)));
        cr_assert(bytes_equal(receipt->links[i].genesis, buf_bytes(&parts.links[i].genesis)));
        cr_assert(bytes_equal(receipt->links[i].proof, buf_bytes(&parts.links[i].proof)));
        cr_assert(receipt->links[i].time_ms == parts.links[i].time_ms);
    }
    cr_assert(receipt->links[2].genesis.len && !receipt->links[1].genesis.len);
    cr_assert(!receipt->membership && !receipt->timestamps);
    receipt_done(receipt);
    buf_done(&text);
    parts_done(&parts);
}

Test(proof_receipt, a_leaf_stands_where_the_record_may_not_be_read) {
    struct parts parts = parts_of(&world, 4, world.size, NULL);
    struct receipt *receipt = NULL;
    buf_clear(&parts.presentation);
    memset(parts.leaf, 0xab, sizeof parts.leaf);
    struct buf text = parts_text(&parts);
    cr_assert(parse(buf_bytes(&text), &receipt, NULL) == ERR_OK);
    cr_assert(receipt->has_leaf && receipt->presentation.len == 0 && receipt->link_count == 0);
    cr_assert_arr_eq(receipt->leaf, parts.leaf, LEAF_LEN);
    receipt_done(receipt);
    buf_done(&text);
    parts_done(&parts);
}

/* -- departures -- */

/* A small receipt of the right form and no truth. */
#define MEDIA "\"mediaType\":\"application/vnd.qizheng.receipt+json;version=1\""
#define RECORD ",\"record\":\"a.b.c~\""
#define TIME ",\"time\":1"
#define PROOF ",\"proof\":\"p\""
#define LINK "{\"record\":\"r\",\"time\":1,\"proof\":\"p\"}"
#define GENESIS "{\"genesis\":\"e30\",\"time\":1,\"proof\":\"p\"}"
#define REST RECORD TIME PROOF
#define LEAF "AQAAAaIHZ1/oINtYHj5rBL2sljVnJLZKDpIlgSr5ajpHTDAnYTs0y74="

static void accepted(const char *text) {
    struct receipt *receipt = NULL;
    struct problem why = {0};
    cr_assert(parse(bytes_text(text), &receipt, &why) == ERR_OK, "%s: %s", text, why.detail);
    receipt_done(receipt);
}

static void refused(const char *text, enum err err, const char *pointer) {
    struct receipt *receipt = NULL;
    struct problem why = {0};
    cr_assert(parse(bytes_text(text), &receipt, &why) == err, "%s: %s", text, why.detail);
    cr_assert_str_eq(why.pointer, pointer, "%s: %s", text, why.pointer);
    cr_assert(why.err == err && why.detail[0]);
    cr_assert_null(receipt);
}

Test(proof_receipt, tools_may_add_members_of_their_own_and_nobody_else) {
    accepted("{" MEDIA REST "}");
    accepted("{" MEDIA REST ",\"x-file\":{\"name\":\"a.pdf\"}}");
    refused("{" MEDIA REST ",\"file\":1}", ERR_RECEIPT, "");
    refused("{" MEDIA REST ",\"X-file\":1}", ERR_RECEIPT, "");
    refused("[]", ERR_RECEIPT, "");
    refused("{" MEDIA REST "", ERR_MALFORMED_JSON, "");
    refused("{" MEDIA REST TIME "}", ERR_MALFORMED_JSON, "");
    refused("", ERR_MALFORMED_JSON, "");
}

Test(proof_receipt, each_member_has_one_form) {
    refused("{\"mediaType\":\"application/vnd.qizheng.receipt+json;version=2\"" REST "}",
            ERR_RECEIPT, "/mediaType");
    refused("{\"mediaType\":1" REST "}", ERR_RECEIPT, "/mediaType");
    refused("{\"x-a\":1" REST "}", ERR_RECEIPT, "/mediaType");
    refused("{" MEDIA TIME PROOF "}", ERR_RECEIPT, "");
    refused("{" MEDIA REST ",\"leaf\":\"" LEAF "\"}", ERR_RECEIPT, "");
    refused("{" MEDIA ",\"record\":\"\"" TIME PROOF "}", ERR_RECEIPT, "/record");
    refused("{" MEDIA ",\"record\":{}" TIME PROOF "}", ERR_RECEIPT, "/record");
    accepted("{" MEDIA ",\"leaf\":\"" LEAF "\"" TIME PROOF "}");
    refused("{" MEDIA ",\"leaf\":\"AQ==\"" TIME PROOF "}", ERR_RECEIPT, "/leaf");
    refused("{" MEDIA ",\"leaf\":41" TIME PROOF "}", ERR_RECEIPT, "/leaf");
    refused("{" MEDIA RECORD PROOF "}", ERR_RECEIPT, "/time");
    refused("{" MEDIA RECORD ",\"time\":-1" PROOF "}", ERR_RECEIPT, "/time");
    refused("{" MEDIA RECORD ",\"time\":\"1\"" PROOF "}", ERR_RECEIPT, "/time");
    refused("{" MEDIA RECORD ",\"time\":1.5" PROOF "}", ERR_MALFORMED_JSON, "");
    refused("{" MEDIA RECORD TIME "}", ERR_RECEIPT, "/proof");
    refused("{" MEDIA RECORD TIME ",\"proof\":\"\"}", ERR_RECEIPT, "/proof");
    refused("{" MEDIA REST ",\"membership\":{}}", ERR_RECEIPT, "/membership");
    accepted("{" MEDIA REST ",\"membership\":[]}");
}

Test(proof_receipt, the_issuer_chain_ends_in_the_genesis_and_nowhere_else) {
    accepted("{" MEDIA REST ",\"issuer\":[" GENESIS "]}");
    accepted("{" MEDIA REST ",\"issuer\":[" LINK "," LINK "," GENESIS "]}");
    refused("{" MEDIA REST ",\"issuer\":[]}", ERR_RECEIPT, "/issuer");
    refused("{" MEDIA REST ",\"issuer\":{}}", ERR_RECEIPT, "/issuer");
    refused("{" MEDIA REST ",\"issuer\":[" LINK "]}", ERR_RECEIPT, "/issuer/0");
    refused("{" MEDIA REST ",\"issuer\":[" GENESIS "," LINK "]}", ERR_RECEIPT, "/issuer/0");
    refused("{" MEDIA REST ",\"issuer\":[" LINK "," GENESIS "," GENESIS "]}", ERR_RECEIPT,
            "/issuer/1");
    refused("{" MEDIA REST ",\"issuer\":[1]}", ERR_RECEIPT, "/issuer/0");
    refused("{" MEDIA REST ",\"issuer\":[{\"genesis\":\"e30\",\"time\":1}]}", ERR_RECEIPT,
            "/issuer/0");
    refused("{" MEDIA REST
            ",\"issuer\":[{\"genesis\":\"e30\",\"time\":1,\"proof\":\"p\",\"x-a\":1}]}",
            ERR_RECEIPT, "/issuer/0");
    refused("{" MEDIA REST ",\"issuer\":[{\"genesis\":\"e30=\",\"time\":1,\"proof\":\"p\"}]}",
            ERR_RECEIPT, "/issuer/0");
    refused("{" MEDIA REST ",\"issuer\":[{\"genesis\":\"\",\"time\":1,\"proof\":\"p\"}]}",
            ERR_RECEIPT, "/issuer/0");
    refused("{" MEDIA REST ",\"issuer\":[{\"genesis\":\"e30\",\"time\":null,\"proof\":\"p\"}]}",
            ERR_RECEIPT, "/issuer/0");
    refused("{" MEDIA REST ",\"issuer\":[{\"genesis\":\"e30\",\"time\":1,\"proof\":1}]}",
            ERR_RECEIPT, "/issuer/0");
}

Test(proof_receipt, timestamps_are_rfc_3161_tokens) {
#define TOKEN "{\"type\":\"rfc3161\",\"token\":\"MAA=\"}"
    accepted("{" MEDIA REST ",\"timestamps\":[" TOKEN "," TOKEN "]}");
    refused("{" MEDIA REST ",\"timestamps\":[]}", ERR_RECEIPT, "/timestamps");
    refused("{" MEDIA REST ",\"timestamps\":" TOKEN "}", ERR_RECEIPT, "/timestamps");
    refused("{" MEDIA REST ",\"timestamps\":[{\"type\":\"rfc9999\",\"token\":\"MAA=\"}]}",
            ERR_RECEIPT, "/timestamps");
    refused("{" MEDIA REST ",\"timestamps\":[{\"type\":\"rfc3161\",\"token\":\"\"}]}", ERR_RECEIPT,
            "/timestamps");
    refused("{" MEDIA REST ",\"timestamps\":[{\"type\":\"rfc3161\"}]}", ERR_RECEIPT, "/timestamps");
}

/* `count` links and a genesis. */
static struct buf chain_text(int count) {
    struct buf text;
    buf_init(&text, 1024 * 1024);
    cr_assert(buf_add_text(&text, "{" MEDIA REST ",\"issuer\":[") == ERR_OK);
    for (int i = 0; i < count; i++) cr_assert(buf_add_text(&text, LINK ",") == ERR_OK);
    cr_assert(buf_add_text(&text, GENESIS "]}") == ERR_OK);
    return text;
}

Test(proof_receipt, limits_are_kept) {
    struct buf text = chain_text(LIMIT_CHAIN - 1);
    accepted(buf_text(&text));
    buf_done(&text);
    text = chain_text(LIMIT_CHAIN);
    refused(buf_text(&text), ERR_RECEIPT, "/issuer");
    while (text.len <= LIMIT_RECEIPT) cr_assert(buf_add_byte(&text, ' ') == ERR_OK);
    refused(buf_text(&text), ERR_TOO_LARGE, "");
    buf_done(&text);
}

/* Cut anywhere, a receipt is no receipt. */
Test(proof_receipt, every_prefix_of_a_good_one_is_refused) {
    struct parts parts = parts_good(&world);
    struct buf text = parts_text(&parts);
    for (size_t len = 0; len < text.len; len += 7) {
        struct receipt *receipt = NULL;
        cr_assert(parse(bytes_of(text.data, len), &receipt, NULL) == ERR_MALFORMED_JSON);
    }
    buf_done(&text);
    parts_done(&parts);
    receipt_done(NULL);
}
