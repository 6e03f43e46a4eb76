/* Known answers of every key and value in LevelDB: what is on disk must not change by accident. */
#include "ledger/store/keys.h"

#include "ledger/base/text.h"

#include <criterion/criterion.h>
#include <string.h>

#define DIGEST_HEX "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"

static void digest_fill(uint8_t ret[32]) {
    for (uint8_t i = 0; i < 32; i++) ret[i] = i;
}

static void expect(struct bytes got, const char *hex) {
    char text[1024];
    cr_assert(got.len * 2 < sizeof text);
    hex_encode(got, text);
    cr_expect_str_eq(text, hex);
}

static void expect_key(struct store_key key, const char *hex) {
    expect(key_bytes(&key), hex);
}

Test(store_keys, every_key_has_its_bytes) {
    uint8_t digest[32];
    digest_fill(digest);
    cr_expect(STORE_FORMAT == 3);
    expect_key(key_meta("format"), "4d666f726d6174");
    expect_key(key_meta("ledger"), "4d6c6564676572");
    expect_key(key_meta("head"), "4d68656164");
    expect_key(key_meta("order"), "4d6f72646572");
    expect_key(key_meta("checkpoint"), "4d636865636b706f696e74");
    expect_key(key_leaf(0), "4c0000000000000000");
    expect_key(key_leaf(0x0102030405060708), "4c0102030405060708");
    expect_key(key_tile(0, 0), "54000000000000000000");
    expect_key(key_tile(5, 0x0102030405060708), "54050102030405060708");
    expect_key(key_record(digest), "49" DIGEST_HEX);
    expect_key(key_document(DIGEST_SHA256, digest, 7), "4400" DIGEST_HEX "0000000000000007");
    expect_key(key_document(DIGEST_SM3, digest, UINT64_MAX), "4401" DIGEST_HEX "ffffffffffffffff");
    expect_key(key_document_prefix(DIGEST_SM3, digest), "4401" DIGEST_HEX);
    expect_key(key_state(bytes_text("head")), "5368656164");
    expect_key(key_state(bytes_of(NULL, 0)), "53");
    expect_key(key_issuer_prefix("acme"), "410461636d65");
    expect_key(key_list_row(key_issuer_prefix("acme"), 258), "410461636d650000000000000102");
    expect_key(key_list_row(key_type_prefix("benefit"), 1), "590762656e656669740000000000000001");
    expect_key(key_evidence(258), "450000000000000102");
}

Test(store_keys, prefixes_are_the_kinds_and_no_others) {
    const char *kinds = "MLTIDAYSE";
    for (unsigned byte = 0; byte < 256; byte++) {
        bool known = byte && strchr(kinds, (int)byte);
        cr_expect(key_kind_known((uint8_t)byte) == known, "byte %u", byte);
    }
    expect_key(key_kind_prefix(KEY_KIND_META), "4d");
    expect_key(key_kind_prefix(KEY_KIND_EVIDENCE), "45");
}

Test(store_keys, the_longest_state_key_fits) {
    uint8_t inner[KEY_MAX - 1];
    memset(inner, 'x', sizeof inner);
    struct store_key key = key_state(bytes_of(inner, sizeof inner));
    cr_expect(key.len == KEY_MAX);
    cr_expect(bytes_equal(key_state_inner(key_bytes(&key)), bytes_of(inner, sizeof inner)));
}

Test(store_keys, keys_sort_as_numbers) {
    uint64_t numbers[] = {0, 1, 255, 256, 65535, 65536, 1ULL << 32, UINT64_MAX};
    for (size_t i = 1; i < sizeof numbers / sizeof numbers[0]; i++) {
        struct store_key a = key_leaf(numbers[i - 1]), b = key_leaf(numbers[i]);
        cr_expect(bytes_compare(key_bytes(&a), key_bytes(&b)) < 0);
    }
}

Test(store_keys, numbers_come_back_from_keys_of_the_right_length_only) {
    uint8_t digest[32];
    uint64_t number = 0;
    digest_fill(digest);
    struct store_key keys[] = {key_leaf(77), key_evidence(77), key_document(DIGEST_SM3, digest, 77),
                               key_list_row(key_issuer_prefix("acme"), 77),
                               key_list_row(key_type_prefix(""), 77)};
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        number = 0;
        cr_expect(key_number(key_bytes(&keys[i]), &number) == ERR_OK && number == 77);
        keys[i].len--;
        cr_expect(key_number(key_bytes(&keys[i]), &number) == ERR_CORRUPT);
        keys[i].len += 2;
        cr_expect(key_number(key_bytes(&keys[i]), &number) == ERR_CORRUPT);
    }
    struct store_key other = key_meta("12345678");
    cr_expect(key_number(key_bytes(&other), &number) == ERR_CORRUPT);
    cr_expect(key_number(bytes_of(NULL, 0), &number) == ERR_CORRUPT);
}

Test(store_keys, head_has_its_bytes) {
    struct store_head head = {.size = 0x0102030405060708,
                              .time_ms = 0x1112131415161718,
                              .position = {0x21222324, 0x3132333435363738},
                              .segment = 0x41424344,
                              .segment_end = 0x5152535455565758};
    uint8_t raw[STORE_HEAD_LEN + 1];
    digest_fill(head.root);
    store_head_encode(&head, raw);
    expect(bytes_of(raw, STORE_HEAD_LEN),
           "0102030405060708" DIGEST_HEX "11121314151617182122232431323334353637384142434451525354"
           "55565758");
    struct store_head back = {0};
    cr_assert(store_head_decode(bytes_of(raw, STORE_HEAD_LEN), &back) == ERR_OK);
    cr_expect(back.size == head.size && back.time_ms == head.time_ms);
    cr_expect(position_compare(back.position, head.position) == 0);
    cr_expect(back.segment == head.segment && back.segment_end == head.segment_end);
    cr_expect(memcmp(back.root, head.root, HASH_LEN) == 0);
    cr_expect(store_head_decode(bytes_of(raw, STORE_HEAD_LEN - 1), &back) == ERR_CORRUPT);
    cr_expect(store_head_decode(bytes_of(raw, STORE_HEAD_LEN + 1), &back) == ERR_CORRUPT);
}

Test(store_keys, leaf_row_has_its_bytes) {
    struct store_leaf row = {
        .segment = 0x01020304, .offset = 0x1112131415161718, .len = 0x21222324};
    uint8_t raw[STORE_LEAF_LEN + 1];
    memset(row.leaf, 0xab, LEAF_LEN);
    store_leaf_encode(&row, raw);
    expect(bytes_of(raw, STORE_LEAF_LEN),
           "ababababababababababababababababababababababababababababababababababababababababab"
           "01020304111213141516171821222324");
    struct store_leaf back = {0};
    cr_assert(store_leaf_decode(bytes_of(raw, STORE_LEAF_LEN), &back) == ERR_OK);
    cr_expect(back.segment == row.segment && back.offset == row.offset && back.len == row.len);
    cr_expect(memcmp(back.leaf, row.leaf, LEAF_LEN) == 0);
    cr_expect(store_leaf_decode(bytes_of(raw, STORE_LEAF_LEN - 1), &back) == ERR_CORRUPT);
    cr_expect(store_leaf_decode(bytes_of(raw, STORE_LEAF_LEN + 1), &back) == ERR_CORRUPT);
}

Test(store_keys, small_values_have_their_bytes) {
    uint8_t format[STORE_FORMAT_LEN], index[STORE_INDEX_LEN];
    uint32_t format_back = 0;
    uint64_t index_back = 0;
    store_format_encode(STORE_FORMAT, format);
    store_index_encode(0x0102030405060708, index);
    expect(bytes_of(format, sizeof format), "00000003");
    expect(bytes_of(index, sizeof index), "0102030405060708");
    cr_expect(store_format_decode(bytes_of(format, 4), &format_back) == ERR_OK && format_back == 3);
    cr_expect(store_format_decode(bytes_of(format, 3), &format_back) == ERR_CORRUPT);
    cr_expect(store_index_decode(bytes_of(index, 8), &index_back) == ERR_OK);
    cr_expect(index_back == 0x0102030405060708);
    cr_expect(store_index_decode(bytes_of(index, 7), &index_back) == ERR_CORRUPT);
}
