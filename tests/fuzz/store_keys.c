/* Keys and values of the store: each decoder takes any bytes, and what it takes encodes to the same.
 * fuzz: max_len=512 */
#include "tests/fuzz/lib/fuzz.h"

#include "ledger/store/keys.h"

static void corrupt(enum err err) {
    FUZZ_CHECK(err == ERR_CORRUPT);
}

static void small_run(struct bytes in) {
    uint32_t format = 0;
    uint64_t index = 0;
    uint8_t text[STORE_INDEX_LEN];
    enum err err = store_format_decode(in, &format);
    if (err)
        corrupt(err);
    else {
        store_format_encode(format, text);
        FUZZ_CHECK(bytes_equal(bytes_of(text, STORE_FORMAT_LEN), in));
    }
    err = store_index_decode(in, &index);
    if (err)
        corrupt(err);
    else {
        store_index_encode(index, text);
        FUZZ_CHECK(bytes_equal(bytes_of(text, STORE_INDEX_LEN), in));
    }
}

static void head_run(struct bytes in) {
    struct store_head head;
    uint8_t text[STORE_HEAD_LEN];
    enum err err = store_head_decode(in, &head);
    if (err) {
        corrupt(err);
        return;
    }
    store_head_encode(&head, text);
    FUZZ_CHECK(bytes_equal(bytes_of(text, sizeof text), in));
}

static void leaf_run(struct bytes in) {
    struct store_leaf leaf;
    uint8_t text[STORE_LEAF_LEN];
    enum err err = store_leaf_decode(in, &leaf);
    if (err) {
        corrupt(err);
        return;
    }
    store_leaf_encode(&leaf, text);
    FUZZ_CHECK(bytes_equal(bytes_of(text, sizeof text), in));
}

static void key_run(struct bytes in) {
    uint64_t number = 0;
    if (in.len == 0) return;
    (void)key_kind_known(in.data[0]);
    if (in.data[0] == KEY_KIND_STATE) (void)key_state_inner(in);
    enum err err = key_number(in, &number);
    if (err) {
        corrupt(err);
        return;
    }
    struct store_key key = key_leaf(number);
    if (in.data[0] == KEY_KIND_EVIDENCE) key = key_evidence(number);
    if (in.data[0] == KEY_KIND_ISSUER || in.data[0] == KEY_KIND_TYPE) {
        FUZZ_CHECK(in.len == 2u + in.data[1] + 8 && number == get_u64(in.data + in.len - 8));
        return;
    }
    if (in.data[0] == KEY_KIND_DOCUMENT && in.data[1] >= DIGEST_ALG_COUNT) return;
    if (in.data[0] == KEY_KIND_DOCUMENT)
        key = key_document((enum digest_alg)in.data[1], in.data + 2, number);
    FUZZ_CHECK(bytes_equal(key_bytes(&key), in));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct bytes in = bytes_of(data, size);
    small_run(in);
    head_run(in);
    leaf_run(in);
    key_run(in);
    return 0;
}
