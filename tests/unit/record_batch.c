/* Batch envelopes and head statements against tests/vectors (make_batch.py), and hostile ones. */
#include "ledger/crypto/nodekey.h"
#include "ledger/record/batch.h"
#include "tests/lib/vector.h"

static struct nodekey node_keys(void) {
    struct nodekey keys = {0};
    uint8_t seed[32];
    vector_seed("node 1", seed);
    cr_assert(nodekey_derive(seed, &keys) == ERR_OK);
    return keys;
}

static struct batch vector_batch(void) {
    struct batch batch = {.epoch = 3, .node = 1, .counter = 258, .clock_ms = 1795420544000};
    struct buf id = vector_read("genesis.id");
    cr_assert(hex_decode(bytes_slice(buf_bytes(&id), 0, 64), batch.ledger_id, 32) == ERR_OK);
    buf_done(&id);
    return batch;
}

static struct buf encoded(const struct batch *batch, const struct nodekey *keys) {
    struct buf out;
    buf_init(&out, LIMIT_BATCH);
    cr_assert(batch_encode(batch, keys->auth, &out) == ERR_OK);
    return out;
}

/* Decodes an exact copy and verifies it; the first error. */
static enum err opened(struct bytes envelope, const struct key_public *auth) {
    struct batch batch;
    struct bytes copy = exact_copy(envelope);
    enum err err = batch_decode(copy, &batch);
    if (!err) {
        err = batch_verify(&batch, auth);
        batch_done(&batch);
    }
    exact_free(copy);
    return err;
}

Test(record_batch, batch_encode_gives_the_vector) {
    struct nodekey keys = node_keys();
    struct json *records = vector_read_json("records.json");
    struct bytes list[2];
    for (size_t i = 0; i < 2; i++)
        list[i] = json_text_bytes(json_member(json_at(records, i), "jws"));
    struct batch batch = vector_batch();
    batch.records = list;
    batch.count = 2;
    struct buf made = encoded(&batch, &keys), expected = vector_read_hex("batch.hex");
    cr_assert(bytes_equal(buf_bytes(&made), buf_bytes(&expected)));
    buf_done(&made);
    buf_done(&expected);
    json_done(records);
    nodekey_done(&keys);
}

Test(record_batch, batch_decode_reads_the_vector) {
    struct nodekey keys = node_keys();
    struct json *records = vector_read_json("records.json");
    struct buf envelope = vector_read_hex("batch.hex");
    struct batch batch, expected = vector_batch();
    cr_assert(batch_decode(buf_bytes(&envelope), &batch) == ERR_OK);
    cr_assert(batch_verify(&batch, key_secret_public(keys.auth)) == ERR_OK);
    cr_assert(memcmp(batch.ledger_id, expected.ledger_id, 32) == 0);
    cr_assert(batch.epoch == 3 && batch.node == 1 && batch.counter == 258);
    cr_assert(batch.clock_ms == 1795420544000 && batch.count == 2);
    for (size_t i = 0; i < 2; i++) {
        struct bytes jws = json_text_bytes(json_member(json_at(records, i), "jws"));
        cr_assert(bytes_equal(batch.records[i], jws));
    }
    cr_assert(batch.signed_bytes.len == envelope.len - KEY_SIG_LEN);
    batch_done(&batch);
    cr_assert(batch.records == NULL && batch.count == 0);
    batch_done(&batch);
    buf_done(&envelope);
    json_done(records);
    nodekey_done(&keys);
}

Test(record_batch, heartbeat_is_the_vector_and_has_no_records) {
    struct nodekey keys = node_keys();
    struct batch batch = vector_batch(), back;
    batch.counter = 259;
    batch.clock_ms = 1795420554000;
    struct buf made = encoded(&batch, &keys), expected = vector_read_hex("heartbeat.hex");
    cr_assert(bytes_equal(buf_bytes(&made), buf_bytes(&expected)));
    cr_assert(made.len == BATCH_OVERHEAD);
    cr_assert(batch_decode(buf_bytes(&made), &back) == ERR_OK);
    cr_assert(back.count == 0 && back.records == NULL);
    batch_done(&back);
    buf_done(&made);
    buf_done(&expected);
    nodekey_done(&keys);
}

Test(record_batch, batch_fails_for_every_flipped_bit_of_a_heartbeat) {
    struct nodekey keys = node_keys();
    struct buf envelope = vector_read_hex("heartbeat.hex");
    for (size_t bit = 0; bit < envelope.len * 8; bit++) {
        envelope.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
        enum err err = opened(buf_bytes(&envelope), key_secret_public(keys.auth));
        cr_assert(err == ERR_BATCH || err == ERR_SIGNATURE_INVALID, "bit %zu: %s", bit,
                  err_code(err));
        envelope.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    cr_assert(opened(buf_bytes(&envelope), key_secret_public(keys.auth)) == ERR_OK);
    buf_done(&envelope);
    nodekey_done(&keys);
}

Test(record_batch, batch_fails_for_every_flipped_byte) {
    struct nodekey keys = node_keys();
    struct buf envelope = vector_read_hex("batch.hex");
    for (size_t i = 0; i < envelope.len; i++) {
        uint8_t flip = (uint8_t)(1u << i % 8);
        envelope.data[i] ^= flip;
        enum err err = opened(buf_bytes(&envelope), key_secret_public(keys.auth));
        cr_assert(err == ERR_BATCH || err == ERR_SIGNATURE_INVALID, "byte %zu: %s", i,
                  err_code(err));
        envelope.data[i] ^= flip;
    }
    buf_done(&envelope);
    nodekey_done(&keys);
}

Test(record_batch, batch_decode_refuses_every_truncation_and_any_addition) {
    struct nodekey keys = node_keys();
    struct buf envelope = vector_read_hex("batch.hex");
    struct bytes whole = buf_bytes(&envelope);
    for (size_t len = 0; len < whole.len; len++) {
        enum err err = opened(bytes_slice(whole, 0, len), key_secret_public(keys.auth));
        cr_assert(err == ERR_BATCH, "%zu bytes: %s", len, err_code(err));
    }
    cr_assert(buf_add_byte(&envelope, 0) == ERR_OK);
    cr_assert(opened(buf_bytes(&envelope), key_secret_public(keys.auth)) == ERR_BATCH);
    buf_done(&envelope);
    nodekey_done(&keys);
}

/* An envelope with these bytes between its head and a signature of zeros. */
static enum err decoded_with(uint32_t count, const char *tail, size_t tail_len) {
    struct buf envelope = vector_read_hex("heartbeat.hex");
    uint8_t zeros[KEY_SIG_LEN] = {0};
    struct batch batch;
    envelope.max = 2 * LIMIT_BATCH;
    envelope.len = BATCH_HEAD_LEN;
    put_u32(envelope.data + BATCH_HEAD_LEN - 4, count);
    cr_assert(buf_add(&envelope, bytes_of(tail, tail_len)) == ERR_OK);
    cr_assert(buf_add(&envelope, bytes_of(zeros, sizeof zeros)) == ERR_OK);
    enum err err = batch_decode(buf_bytes(&envelope), &batch);
    if (!err) batch_done(&batch);
    buf_done(&envelope);
    return err;
}

Test(record_batch, batch_decode_refuses_counts_and_lengths_that_do_not_fit) {
    static char big[LIMIT_BATCH];
    cr_assert(decoded_with(1, "\0\0\0\1x", 5) == ERR_OK);
    cr_assert(decoded_with(0, "x", 1) == ERR_BATCH, "bytes behind the last record");
    cr_assert(decoded_with(1, "\0\0\0\0", 4) == ERR_BATCH, "an empty record");
    cr_assert(decoded_with(1, "\0\0\0\0x", 5) == ERR_BATCH, "an empty record and a byte");
    cr_assert(decoded_with(1, "\0\0\0\2x", 5) == ERR_BATCH, "a length past the end");
    cr_assert(decoded_with(1, "\0\0\0\1xy", 6) == ERR_BATCH, "a byte too many");
    cr_assert(decoded_with(2, "\0\0\0\0\0\0\0\2xy", 10) == ERR_BATCH, "an empty one of two");
    cr_assert(decoded_with(2, "\0\0\0\1x", 5) == ERR_BATCH, "a record missing");
    cr_assert(decoded_with(UINT32_MAX, "\0\0\0\1x", 5) == ERR_BATCH, "a count of 2^32 - 1");
    cr_assert(decoded_with(LIMIT_BATCH_RECORDS + 1, big, sizeof big / 2) == ERR_BATCH);
    put_u32((uint8_t *)big, LIMIT_RECORD);
    cr_assert(decoded_with(1, big, 4 + LIMIT_RECORD) == ERR_OK);
    put_u32((uint8_t *)big, LIMIT_RECORD + 1);
    cr_assert(decoded_with(1, big, 5 + LIMIT_RECORD) == ERR_BATCH, "a record over its limit");
    cr_assert(decoded_with(1, big, LIMIT_BATCH) == ERR_BATCH, "an envelope over its limit");
}

/* count records of len bytes each, encoded. */
static enum err encoded_with(uint32_t count, size_t len, size_t *ret_len) {
    struct nodekey keys = node_keys();
    struct batch batch = vector_batch();
    struct buf out;
    uint8_t *record = calloc(1, len);
    batch.records = calloc(count, sizeof *batch.records);
    cr_assert(record && batch.records);
    batch.count = count;
    for (uint32_t i = 0; i < count; i++) batch.records[i] = bytes_of(record, len);
    buf_init(&out, 2 * LIMIT_BATCH);
    enum err err = batch_encode(&batch, keys.auth, &out);
    *ret_len = out.len;
    if (!err) cr_assert(opened(buf_bytes(&out), key_secret_public(keys.auth)) == ERR_OK);
    buf_done(&out);
    batch_done(&batch);
    free(record);
    nodekey_done(&keys);
    return err;
}

Test(record_batch, batch_encode_obeys_its_limits_and_appends_nothing_when_refusing) {
    size_t len = 0;
    cr_assert(encoded_with(15, LIMIT_RECORD, &len) == ERR_OK);
    cr_assert(len == BATCH_OVERHEAD + 15 * (4 + LIMIT_RECORD));
    cr_assert(encoded_with(16, LIMIT_RECORD, &len) == ERR_TOO_LARGE && len == 0);
    cr_assert(encoded_with(1, LIMIT_RECORD + 1, &len) == ERR_TOO_LARGE && len == 0);
    cr_assert(encoded_with(LIMIT_BATCH_RECORDS, 10, &len) == ERR_OK);
    cr_assert(encoded_with(LIMIT_BATCH_RECORDS + 1, 10, &len) == ERR_TOO_LARGE && len == 0);
    size_t room = LIMIT_BATCH - BATCH_OVERHEAD - 15 * (4 + LIMIT_RECORD) - 4;
    cr_assert(room < LIMIT_RECORD, "the exact limit is tried below");
    struct buf exact;
    struct nodekey keys = node_keys();
    struct batch batch = vector_batch();
    struct bytes records[16];
    static uint8_t record[LIMIT_RECORD];
    for (size_t i = 0; i < 16; i++) records[i] = bytes_of(record, i == 15 ? room : LIMIT_RECORD);
    batch.records = records;
    batch.count = 16;
    buf_init(&exact, LIMIT_BATCH);
    cr_assert(batch_encode(&batch, keys.auth, &exact) == ERR_OK && exact.len == LIMIT_BATCH);
    cr_assert(opened(buf_bytes(&exact), key_secret_public(keys.auth)) == ERR_OK);
    buf_done(&exact);
    nodekey_done(&keys);
}

Test(record_batch, batch_verify_refuses_other_keys) {
    struct nodekey keys = node_keys();
    struct buf envelope = vector_read_hex("batch.hex");
    struct key_secret *other = vector_key(KEY_ES256K, "operator");
    cr_assert(opened(buf_bytes(&envelope), key_secret_public(keys.log)) == ERR_SIGNATURE_INVALID);
    cr_assert(opened(buf_bytes(&envelope), key_secret_public(other)) == ERR_ALG_MISMATCH);
    key_secret_done(other);
    buf_done(&envelope);
    nodekey_done(&keys);
}

Test(record_batch, position_compares_epoch_before_revision) {
    struct position order[] = {{0, 0}, {0, 1}, {0, UINT64_MAX}, {1, 0}, {1, 7}, {2, 3}};
    for (size_t i = 0; i < 6; i++) {
        for (size_t j = 0; j < 6; j++) {
            int sign = position_compare(order[i], order[j]);
            cr_assert((sign < 0) == (i < j) && (sign > 0) == (i > j));
        }
    }
}

/* -- head statements -- */

static struct head vector_head(void) {
    struct head head = {.size = 3, .position = {3, 4660}, .order_state = bytes_text("order state")};
    struct batch batch = vector_batch();
    memcpy(head.ledger_id, batch.ledger_id, 32);
    sha256(bytes_text("root"), head.root);
    return head;
}

Test(record_batch, head_is_the_vector_and_reads_back) {
    struct nodekey keys = node_keys();
    struct head head = vector_head(), back;
    struct buf made, expected = vector_read_hex("head.hex");
    buf_init(&made, LIMIT_HEAD);
    cr_assert(head_encode(&head, keys.auth, &made) == ERR_OK);
    cr_assert(bytes_equal(buf_bytes(&made), buf_bytes(&expected)));
    cr_assert(head_decode(buf_bytes(&made), key_secret_public(keys.auth), &back) == ERR_OK);
    cr_assert(memcmp(back.ledger_id, head.ledger_id, 32) == 0);
    cr_assert(memcmp(back.root, head.root, 32) == 0);
    cr_assert(back.size == 3 && position_compare(back.position, head.position) == 0);
    cr_assert(bytes_equal(back.order_state, head.order_state));
    buf_done(&made);
    buf_done(&expected);
    nodekey_done(&keys);
}

Test(record_batch, head_fails_for_every_flipped_bit_and_every_truncation) {
    struct nodekey keys = node_keys();
    struct buf made = vector_read_hex("head.hex");
    struct head head;
    for (size_t bit = 0; bit < made.len * 8; bit++) {
        made.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
        cr_assert(head_decode(buf_bytes(&made), key_secret_public(keys.auth), &head) != ERR_OK,
                  "bit %zu", bit);
        made.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    for (size_t len = 0; len < made.len; len++) {
        struct bytes copy = exact_copy(bytes_slice(buf_bytes(&made), 0, len));
        cr_assert(head_decode(copy, key_secret_public(keys.auth), &head) != ERR_OK);
        exact_free(copy);
    }
    buf_done(&made);
    nodekey_done(&keys);
}

Test(record_batch, head_obeys_its_limit_and_needs_no_order_state) {
    static uint8_t state[LIMIT_HEAD];
    struct nodekey keys = node_keys();
    struct head head = vector_head(), back;
    struct buf made;
    buf_init(&made, 2 * LIMIT_HEAD);
    head.order_state = bytes_of(NULL, 0);
    cr_assert(head_encode(&head, keys.auth, &made) == ERR_OK);
    cr_assert(head_decode(buf_bytes(&made), key_secret_public(keys.auth), &back) == ERR_OK);
    cr_assert(back.order_state.len == 0);
    size_t room = LIMIT_HEAD - made.len;
    buf_clear(&made);
    head.order_state = bytes_of(state, room + 1);
    cr_assert(head_encode(&head, keys.auth, &made) == ERR_TOO_LARGE && made.len == 0);
    head.order_state = bytes_of(state, room);
    cr_assert(head_encode(&head, keys.auth, &made) == ERR_OK && made.len == LIMIT_HEAD);
    cr_assert(head_decode(buf_bytes(&made), key_secret_public(keys.auth), &back) == ERR_OK);
    buf_done(&made);
    nodekey_done(&keys);
}

Test(record_batch, a_batch_is_no_head_and_a_head_no_batch) {
    struct nodekey keys = node_keys();
    struct buf batch = vector_read_hex("batch.hex"), head = vector_read_hex("head.hex");
    struct head ret;
    cr_assert(head_decode(buf_bytes(&batch), key_secret_public(keys.auth), &ret) == ERR_BATCH);
    cr_assert(opened(buf_bytes(&head), key_secret_public(keys.auth)) == ERR_BATCH);
    /* The context lines part them even where the magic is forged. */
    memcpy(head.data, "QZB1", 4);
    cr_assert(opened(buf_bytes(&head), key_secret_public(keys.auth)) != ERR_OK);
    buf_done(&batch);
    buf_done(&head);
    nodekey_done(&keys);
}
