/* fsck: a healthy store is clean; every kind of damage is found. */
#include "ledger/store/fsck.h"

#include "ledger/proof/checkpoint.h"
#include "tests/lib/store.h"

#define SIZE 300 /* two tiles of level 0, one of level 1 */

static struct world world;
static char last[512];

static void setup(void) {
    world_init(&world);
    world_commit(&world, 100, false);
    world_commit(&world, 0, false);
    world_commit(&world, SIZE - 100, false);
}

static void teardown(void) {
    world_done(&world);
}

TestSuite(store_fsck, .init = setup, .fini = teardown, .timeout = 300);

static uint64_t errors(void) {
    last[0] = 0;
    return world_fsck(&world, last).errors;
}

/* -- rows, read and written behind the store's back -- */

static void raw_read(struct store_key key, struct buf *ret) {
    buf_init(ret, 1024 * 1024);
    cr_assert(kv_get(world.store->kv, NULL, key_bytes(&key), ret) == ERR_OK);
}

static void raw_put(struct store_key key, struct bytes value) {
    struct kv_batch *batch = kv_batch_new();
    kv_batch_put(batch, key_bytes(&key), value);
    cr_assert(kv_write(world.store->kv, batch, false, NULL) == ERR_OK);
    (void)snapshot_renew(
        world.store); /* fails where the head is damaged: then the next view does */
    kv_batch_done(batch);
}

static void raw_erase(struct store_key key) {
    struct kv_batch *batch = kv_batch_new();
    kv_batch_erase(batch, key_bytes(&key));
    cr_assert(kv_write(world.store->kv, batch, false, NULL) == ERR_OK);
    (void)snapshot_renew(world.store);
    kv_batch_done(batch);
}

/* Flips a bit in each step-th byte of a value, one at a time; each must be found, and mended again. */
static void expect_flips_found(const char *what, struct store_key key, size_t from, size_t to,
                               size_t step) {
    struct buf value;
    raw_read(key, &value);
    for (size_t at = from; at < (to ? to : value.len); at += step) {
        value.data[at] ^= (uint8_t)(1u << (at % 8));
        raw_put(key, buf_bytes(&value));
        cr_expect(errors() > 0, "%s, byte %zu", what, at);
        value.data[at] ^= (uint8_t)(1u << (at % 8));
    }
    raw_put(key, buf_bytes(&value));
    cr_expect(errors() == 0, "%s: %s", what, last);
    buf_done(&value);
}

/* A lost row, a row that is too short and one that is too long are found. */
static void expect_loss_found(const char *what, struct store_key key) {
    struct buf value;
    raw_read(key, &value);
    raw_erase(key);
    cr_expect(errors() > 0, "%s lost", what);
    if (value.len) {
        raw_put(key, bytes_slice(buf_bytes(&value), 0, value.len - 1));
        cr_expect(errors() > 0, "%s short", what);
    }
    cr_assert(buf_add_byte(&value, 0) == ERR_OK);
    raw_put(key, buf_bytes(&value));
    cr_expect(errors() > 0, "%s long", what);
    raw_put(key, bytes_slice(buf_bytes(&value), 0, value.len - 1));
    cr_expect(errors() == 0, "%s: %s", what, last);
    buf_done(&value);
}

static void expect_extra_found(const char *what, struct store_key key, struct bytes value) {
    raw_put(key, value);
    cr_expect(errors() > 0, "%s", what);
    raw_erase(key);
    cr_expect(errors() == 0, "%s: %s", what, last);
}

static struct store_key record_key(uint64_t n) {
    struct record *record = record_of(n);
    struct store_key key = key_record(record->id);
    record_done(record);
    return key;
}

static struct store_key document_key(uint64_t n, enum digest_alg alg) {
    uint8_t digest[32] = {0};
    if (alg == DIGEST_SM3)
        put_u64(digest, n);
    else
        memset(digest, (int)(n % 7), sizeof digest);
    return key_document(alg, digest, n);
}

static struct store_key issuer_row(const char *issuer, uint64_t n) {
    return listing_row(key_issuer_prefix(issuer), n);
}

static struct store_key type_row(const char *type, uint64_t n) {
    return listing_row(key_type_prefix(type), n);
}

/* -- healthy -- */

Test(store_fsck, a_healthy_store_is_clean_and_counted) {
    uint64_t documents = 0;
    for (uint64_t n = 1; n < SIZE; n++) documents += record_docs(n);
    for (int again = 0; again < 2; again++) {
        struct fsck_result result = world_fsck(&world, last);
        cr_expect(result.errors == 0, "%s", last);
        cr_expect(result.leaves == SIZE);
        cr_expect(result.tiles == 3);
        cr_expect(result.index_rows == 3 * (SIZE - 1) + documents);
        struct store_head head = store_current(world.store);
        cr_expect(memcmp(result.root, head.root, HASH_LEN) == 0);
        world_reopen(&world);
    }
}

Test(store_fsck, a_store_beside_its_writer_is_clean) {
    struct fsck_result result = world_fsck(&world, NULL);
    cr_expect(result.errors == 0);
    world_commit(&world, 50, false);
    cr_assert(store_keep_evidence(world.store, bytes_text("a lie"), NULL) == ERR_OK);
    cr_expect(errors() == 0, "%s", last);
}

struct replayed {
    uint64_t next, body_bytes, fail_at, progress;
};

static enum err replay(void *ctx, uint64_t index, const uint8_t leaf[LEAF_LEN], struct bytes body,
                       struct problem *ret_why) {
    struct replayed *replayed = ctx;
    uint64_t time_ms;
    uint8_t hash[32], body_hash[32];
    cr_expect(index == replayed->next++);
    cr_expect(leaf_decode(leaf, &time_ms, hash) == ERR_OK);
    sha256(body, body_hash);
    cr_expect(memcmp(hash, body_hash, 32) == 0);
    replayed->body_bytes += body.len;
    return index == replayed->fail_at ? problem_set(ret_why, ERR_RULE, "no") : ERR_OK;
}

static void progress(void *ctx, uint64_t done, uint64_t size) {
    struct replayed *replayed = ctx;
    cr_expect(done <= size && size == SIZE);
    replayed->progress = done;
}

Test(store_fsck, replay_sees_every_leaf_in_order_and_its_refusal_is_a_finding) {
    struct replayed replayed = {.fail_at = UINT64_MAX};
    struct fsck_hooks hooks = {.ctx = &replayed, .replay = replay, .progress = progress};
    struct fsck_result result;
    cr_assert(fsck(world.store, &hooks, &result) == ERR_OK);
    cr_expect(result.errors == 0 && replayed.next == SIZE && replayed.progress == SIZE);
    cr_expect(replayed.body_bytes > SIZE * 100);
    replayed = (struct replayed){.fail_at = 17};
    cr_assert(fsck(world.store, &hooks, &result) == ERR_OK);
    cr_expect(result.errors == 1 && result.leaves == SIZE);
    cr_expect(replayed.next == 18); /* it stops, the rest of the check does not */
}

/* -- damage in rows -- */

Test(store_fsck, flipped_bits_in_the_head_are_found) {
    expect_flips_found("head before the position", key_meta("head"), 0, 48, 1);
    expect_flips_found("head behind the position", key_meta("head"), 60, 0, 1);
    expect_loss_found("head", key_meta("head"));
}

Test(store_fsck, flipped_bits_in_format_and_ledger_are_found) {
    expect_flips_found("format", key_meta("format"), 0, 0, 1);
    expect_flips_found("ledger", key_meta("ledger"), 0, 0, 1);
    expect_loss_found("format", key_meta("format"));
    expect_loss_found("ledger", key_meta("ledger"));
}

Test(store_fsck, flipped_bits_in_leaves_are_found) {
    expect_flips_found("leaf 0", key_leaf(0), 0, 0, 1);
    expect_flips_found("leaf 150", key_leaf(150), 0, 0, 1);
    expect_flips_found("the last leaf", key_leaf(SIZE - 1), 0, 0, 1);
    expect_loss_found("leaf 0", key_leaf(0));
    expect_loss_found("leaf 255", key_leaf(255));
    expect_loss_found("the last leaf", key_leaf(SIZE - 1));
}

Test(store_fsck, flipped_bits_in_tiles_are_found) {
    expect_flips_found("full tile", key_tile(0, 0), 0, 0, 511);
    expect_flips_found("tail tile", key_tile(0, 1), 0, 0, 61);
    expect_flips_found("tile of level 1", key_tile(1, 0), 0, 0, 1);
    expect_loss_found("full tile", key_tile(0, 0));
    expect_loss_found("tail tile", key_tile(0, 1));
    expect_loss_found("tile of level 1", key_tile(1, 0));
}

Test(store_fsck, flipped_bits_in_index_rows_are_found) {
    expect_flips_found("id row", record_key(7), 0, 0, 1);
    expect_loss_found("id row", record_key(1));
    expect_loss_found("id row of the last", record_key(SIZE - 1));
    expect_loss_found("sha-256 row", document_key(8, DIGEST_SHA256));
    expect_loss_found("sm3 row", document_key(9, DIGEST_SM3));
    expect_flips_found("issuer row", issuer_row("employer-1", 7), 0, 0, 254);
    expect_flips_found("type row", type_row("labour-contract", 270), 0, 0, 20);
    expect_loss_found("issuer row", issuer_row("employer-1", 7));
    expect_loss_found("issuer row of the last", issuer_row("employer-1", SIZE - 1));
    expect_loss_found("type row", type_row("labour-contract", 1));
}

Test(store_fsck, flipped_bits_in_keys_are_found) {
    struct store_key keys[] = {key_leaf(20),
                               key_tile(0, 0),
                               record_key(5),
                               document_key(6, DIGEST_SM3),
                               issuer_row("employer-1", 270),
                               type_row("labour-contract", 270)};
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        struct buf value;
        raw_read(keys[i], &value);
        raw_erase(keys[i]);
        for (size_t at = 0; at < keys[i].len; at += 3) {
            struct store_key moved = keys[i];
            moved.data[at] ^= 0x40;
            raw_put(moved, buf_bytes(&value));
            cr_expect(errors() > 0, "key %zu, byte %zu", i, at);
            raw_erase(moved);
        }
        raw_put(keys[i], buf_bytes(&value));
        cr_expect(errors() == 0, "%s", last);
        buf_done(&value);
    }
}

Test(store_fsck, extra_rows_are_found) {
    uint8_t digest[32] = {0xaa}, index[STORE_INDEX_LEN], hashes[HASH_LEN] = {0};
    store_index_encode(5, index);
    expect_extra_found("id row", key_record(digest), bytes_of(index, sizeof index));
    expect_extra_found("sha-256 row", key_document(DIGEST_SHA256, digest, 3), bytes_of(NULL, 0));
    expect_extra_found("sm3 row", key_document(DIGEST_SM3, digest, 3), bytes_of(NULL, 0));
    uint8_t three[] = {3};
    expect_extra_found("foreign issuer row", issuer_row("employer-2", 3), bytes_of(three, 1));
    expect_extra_found("issuer row beyond", issuer_row("employer-1", 512), bytes_of(three, 1));
    expect_extra_found("foreign type row", type_row("benefit", 3), bytes_of(three, 1));
    expect_extra_found("list row of nothing", type_row("benefit", 3), bytes_of(NULL, 0));
    expect_extra_found("tile", key_tile(0, 2), bytes_of(hashes, sizeof hashes));
    expect_extra_found("high tile", key_tile(2, 0), bytes_of(hashes, sizeof hashes));
    struct buf leaf;
    raw_read(key_leaf(SIZE - 1), &leaf);
    expect_extra_found("next leaf", key_leaf(SIZE), buf_bytes(&leaf));
    expect_extra_found("far leaf", key_leaf(UINT64_MAX), buf_bytes(&leaf));
    buf_done(&leaf);
    expect_extra_found("meta row", key_meta("other"), bytes_of(NULL, 0));
    struct store_key key = key_evidence(1);
    key.len--;
    expect_extra_found("evidence of a malformed key", key, bytes_of(NULL, 0));
    key = key_leaf(0);
    key.len--;
    expect_extra_found("leaf of a malformed key", key, bytes_of(NULL, 0));
    for (unsigned first = 0; first < 256; first++) {
        if (key_kind_known((uint8_t)first) || first % 5) continue;
        key.len = 3;
        key.data[0] = (uint8_t)first;
        expect_extra_found("row of an unknown kind", key, bytes_of(NULL, 0));
    }
}

Test(store_fsck, one_row_too_few_and_one_too_many_do_not_cancel_out) {
    uint8_t digest[32] = {0xaa};
    raw_erase(document_key(8, DIGEST_SHA256));
    raw_put(key_document(DIGEST_SHA256, digest, 8), bytes_of(NULL, 0));
    cr_expect(errors() > 0);
}

/* -- the stored checkpoint -- */

static void put_checkpoint(uint64_t size, const uint8_t root[HASH_LEN]) {
    struct buf note;
    uint8_t sig[4 + 64] = {1, 2, 3, 4};
    buf_init(&note, LIMIT_NOTE);
    cr_assert(checkpoint_format("example.invalid/log", size, root, &note) == ERR_OK);
    cr_assert(buf_add_text(&note, "\n\xe2\x80\x94 example.invalid/log ") == ERR_OK);
    cr_assert(base64_encode(bytes_of(sig, sizeof sig), &note) == ERR_OK);
    cr_assert(buf_add_text(&note, "\n") == ERR_OK);
    cr_assert(store_put_checkpoint(world.store, buf_bytes(&note), NULL) == ERR_OK);
    buf_done(&note);
}

Test(store_fsck, a_checkpoint_of_another_tree_is_found) {
    uint8_t root[HASH_LEN];
    uint64_t sizes[] = {1, 2, 255, 256, 257, SIZE};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        model_root(&world.model, 0, sizes[i], root);
        put_checkpoint(sizes[i], root);
        cr_expect(errors() == 0, "%d: %s", (int)sizes[i], last);
        root[31] ^= 1;
        put_checkpoint(sizes[i], root);
        cr_expect(errors() == 1, "%d", (int)sizes[i]);
    }
    put_checkpoint(SIZE + 1, root);
    cr_expect(errors() == 1);
    cr_assert(store_put_checkpoint(world.store, bytes_text("no note"), NULL) == ERR_OK);
    cr_expect(errors() == 1);
}

/* -- damage in bodies -- */

Test(store_fsck, flipped_bits_in_bodies_are_found) {
    char path[PATH_LEN];
    path_in(world.dir, "bodies/00000000.seg", path);
    off_t len = file_len(path);
    for (off_t at = 40; at < len; at += 2503) {
        file_flip(path, at, 2);
        cr_expect(errors() > 0, "byte %d", (int)at);
        file_flip(path, at, 2);
    }
    file_flip(path, len - 1, 2);
    cr_expect(errors() > 0);
    file_flip(path, len - 1, 2);
    cr_expect(errors() == 0, "%s", last);
    cr_assert(truncate(path, len - 1) == 0);
    cr_expect(errors() > 0);
}

Test(store_fsck, a_lost_segment_is_found) {
    char path[PATH_LEN];
    world_reopen(&world); /* no descriptor of a reader is left open */
    path_in(world.dir, "bodies/00000000.seg", path);
    cr_assert(unlink(path) == 0);
    cr_expect(errors() >= SIZE);
}

/* -- a body that is no record, committed as if it were one -- */

Test(store_fsck, a_body_that_is_no_record_is_found) {
    world_commit(&world, 2, true);
    cr_expect(errors() == 2);
}

Test(store_fsck, findings_are_bounded_and_counted) {
    static struct world big;
    world_init(&big);
    world_commit(&big, 1500, true);
    struct fsck_result result = world_fsck(&big, last);
    cr_expect(result.errors == 1499);
    cr_expect_str_eq(last, "and more, which are only counted");
    world_done(&big);
}

Test(store_fsck, a_tree_beyond_65536_is_clean) {
    while (world.model.size < 65536 - 4096) world_commit(&world, 4096, false);
    world_commit(&world, 65536 + 300 - world.model.size, false);
    struct fsck_result result = world_fsck(&world, last);
    cr_expect(result.errors == 0, "%s", last);
    cr_expect(result.leaves == 65836);
    cr_expect(result.tiles == 256 + 2 + 2 + 1);
    raw_erase(key_tile(0, 100));
    cr_expect(errors() == 2, "%s", last); /* missing, and one too few */
}
