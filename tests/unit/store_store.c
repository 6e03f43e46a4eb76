/* The store against a naive model: what was committed is there, once, after reopening too, with tiles and proofs that follow from the leaves. */
#include "ledger/store/store.h"

#include "tests/lib/store.h"

#include <pthread.h>
#include <sys/wait.h>

static struct world world;

static void setup(void) {
    world_init(&world);
}

static void teardown(void) {
    world_done(&world);
}

TestSuite(store_store, .init = setup, .fini = teardown, .timeout = 300);

static void leaf_hash(uint64_t index, uint8_t ret[HASH_LEN]) {
    merkle_leaf(bytes_of(world.model.leaves[index], LEAF_LEN), ret);
}

/* -- opening -- */

Test(store_store, a_new_store_is_empty) {
    uint8_t empty[32], leaf[LEAF_LEN];
    sha256(bytes_of(NULL, 0), empty);
    for (int again = 0; again < 2; again++) {
        struct store_head head = store_current(world.store);
        cr_expect(head.size == 0 && head.position.epoch == 0 && head.position.revision == 0);
        cr_expect(memcmp(head.root, empty, 32) == 0);
        struct store_view *view = world_view(&world);
        struct buf buf;
        buf_init(&buf, 1024);
        cr_expect(store_view_head(view).size == 0);
        cr_expect(store_view_leaf(view, 0, leaf) == ERR_NOT_FOUND);
        cr_expect(store_view_order(view, &buf) == ERR_OK && buf.len == 0);
        cr_expect(store_view_checkpoint(view, &buf) == ERR_NOT_FOUND);
        cr_expect(store_view_root(view, 0, leaf) == ERR_OK && memcmp(leaf, empty, 32) == 0);
        cr_expect(store_view_root(view, 1, leaf) == ERR_NOT_FOUND);
        buf_done(&buf);
        store_view_close(view);
        world_check(&world);
        world_reopen(&world);
    }
}

Test(store_store, everything_committed_is_there_after_reopening) {
    size_t counts[] = {1, 1, 2, 0, 5, 40, 0, 1, 200, 7, 256, 255, 1, 257};
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        struct store_head head = world_commit(&world, counts[i], false);
        cr_expect(head.position.epoch == 1 && head.position.revision == i + 1);
        world_check(&world);
        world_reopen(&world);
        struct store_head again = store_current(world.store);
        uint8_t a[STORE_HEAD_LEN], b[STORE_HEAD_LEN];
        store_head_encode(&head, a);
        store_head_encode(&again, b);
        cr_expect(memcmp(a, b, sizeof a) == 0);
        world_check(&world);
    }
}

Test(store_store, time_is_that_of_the_newest_leaf) {
    world_commit(&world, 3, false);
    uint64_t time_ms = store_current(world.store).time_ms;
    cr_expect(time_ms == WORLD_TIME + 1);
    world_commit(&world, 0, false); /* a heartbeat */
    cr_expect(store_current(world.store).time_ms == time_ms);
    world_commit(&world, 1, false);
    cr_expect(store_current(world.store).time_ms == WORLD_TIME + 3);
}

static enum err open_err(const uint8_t id[32], bool create) {
    struct store *store = NULL;
    struct problem why = {0};
    enum err err = store_open(world.dir, id, create, &store, &why);
    cr_expect(!err || (why.err == err && why.detail[0]));
    store_close(store);
    return err;
}

static void store_shut(void) {
    store_close(world.store);
    world.store = NULL;
}

Test(store_store, a_store_in_use_is_refused_to_others) {
    cr_expect(open_err(world.ledger_id, true) == ERR_LOCKED);
    store_shut();
    cr_expect(open_err(world.ledger_id, false) == ERR_OK);
}

Test(store_store, another_ledgers_store_is_refused) {
    uint8_t other[32] = {1};
    world_commit(&world, 1, false);
    store_shut();
    cr_expect(open_err(other, true) == ERR_CORRUPT);
    cr_expect(open_err(world.ledger_id, true) == ERR_OK);
}

Test(store_store, a_missing_store_is_made_only_when_asked) {
    char db[PATH_LEN], bodies[PATH_LEN];
    store_shut();
    path_in(world.dir, "db", db);
    path_in(world.dir, "bodies", bodies);
    temp_remove(db);
    cr_expect(open_err(world.ledger_id, false) != ERR_OK);
    cr_expect(open_err(world.ledger_id, true) == ERR_CORRUPT); /* bodies without their database */
    temp_remove(bodies);
    temp_remove(db);
    cr_expect(open_err(world.ledger_id, true) == ERR_OK);
}

static void raw_write(struct store_key key, struct bytes value, bool erase) {
    struct kv_batch *batch = kv_batch_new();
    if (erase)
        kv_batch_erase(batch, key_bytes(&key));
    else
        kv_batch_put(batch, key_bytes(&key), value);
    cr_assert(kv_write(world.store->kv, batch, true, NULL) == ERR_OK);
    kv_batch_done(batch);
}

Test(store_store, an_unknown_layout_is_refused) {
    uint8_t format[STORE_FORMAT_LEN];
    store_format_encode(STORE_FORMAT + 1, format);
    raw_write(key_meta("format"), bytes_of(format, sizeof format), false);
    store_shut();
    cr_expect(open_err(world.ledger_id, true) == ERR_PROTOCOL);
}

Test(store_store, a_database_that_lost_its_layout_row_is_refused) {
    world_commit(&world, 2, false);
    raw_write(key_meta("format"), bytes_of(NULL, 0), true);
    store_shut();
    cr_expect(open_err(world.ledger_id, true) == ERR_CORRUPT);
    cr_expect(open_err(world.ledger_id, false) == ERR_CORRUPT);
}

/* Each damage alone, on a ledger of 300 entries. */
static void expect_open_refused(struct store_key key, size_t at) {
    struct buf value;
    buf_init(&value, 1024 * 1024);
    cr_assert(kv_get(world.store->kv, NULL, key_bytes(&key), &value) == ERR_OK);
    value.data[at] ^= 1;
    raw_write(key, buf_bytes(&value), false);
    store_shut();
    cr_expect(open_err(world.ledger_id, true) == ERR_CORRUPT, "byte %zu", at);
    struct kv *kv = NULL;
    char db[PATH_LEN];
    path_in(world.dir, "db", db);
    cr_assert(kv_open(db, false, &kv, NULL) == ERR_OK);
    struct kv_batch *batch = kv_batch_new();
    value.data[at] ^= 1;
    kv_batch_put(batch, key_bytes(&key), buf_bytes(&value));
    cr_assert(kv_write(kv, batch, true, NULL) == ERR_OK);
    kv_batch_done(batch);
    kv_close(kv);
    buf_done(&value);
    world_reopen(&world);
}

Test(store_store, opening_notices_damage_at_the_head_of_the_ledger) {
    world_commit(&world, 300, false);
    for (size_t at = 0; at < 48; at++) expect_open_refused(key_meta("head"), at);
    for (size_t at = 60; at < STORE_HEAD_LEN; at++) expect_open_refused(key_meta("head"), at);
    for (size_t at = 0; at < tree_row_len(44); at += 100) expect_open_refused(key_tile(0, 1), at);
    expect_open_refused(key_tile(1, 0), 5);
    expect_open_refused(key_leaf(299), 0);  /* version */
    expect_open_refused(key_leaf(299), 8);  /* time */
    expect_open_refused(key_leaf(299), 52); /* offset */
    expect_open_refused(key_leaf(299), 56); /* length */
    raw_write(key_leaf(300), bytes_text("x"), false);
    store_shut();
    cr_expect(open_err(world.ledger_id, true) == ERR_CORRUPT); /* a leaf beyond the head */
}

/* -- committing -- */

Test(store_store, a_repeated_position_is_a_no_op) {
    struct store_head head, before;
    world_commit(&world, 3, false);
    before = world_commit(&world, 4, false);
    world.next -= 4;
    for (uint64_t revision = 2;; revision--) { /* this one, the one before, and revision 0 */
        world.revision = revision;
        cr_assert(world_try(&world, 4, false, &head, NULL, NULL) == ERR_OK);
        cr_expect(head.size == before.size && head.position.revision == 2);
        if (revision == 0) break;
    }
    world_check(&world);
    world_reopen(&world);
    world.revision = 2;
    cr_assert(world_try(&world, 4, false, &head, NULL, NULL) == ERR_OK);
    cr_expect(head.size == before.size);
    world_check(&world);
}

Test(store_store, the_first_commit_may_have_any_position) {
    struct store_head head;
    world.revision = 0;
    struct store_entry entry = {.body = bytes_text(WORLD_GENESIS)};
    leaf_encode(5, world.ledger_id, entry.leaf);
    struct store_commit commit = {
        .position = {0, 0}, .time_ms = 5, .entries = &entry, .entry_count = 1};
    cr_assert(store_commit(world.store, &commit, &head, NULL) == ERR_OK);
    cr_expect(head.size == 1);
    cr_assert(store_commit(world.store, &commit, &head, NULL) == ERR_OK);
    cr_expect(head.size == 1);
    world_reopen(&world);
    cr_assert(store_commit(world.store, &commit, &head, NULL) == ERR_OK);
    cr_expect(head.size == 1);
}

Test(store_store, state_is_written_erased_and_scanned_in_order) {
    const char *keys[] = {"p/2", "p/1", "q/1", "p/3", "p", "o"};
    struct store_write writes[7];
    for (size_t i = 0; i < 6; i++)
        writes[i] = (struct store_write){.key = bytes_text(keys[i]), .value = bytes_text(keys[i])};
    writes[6] = (struct store_write){.key = bytes_text("q/1"), .erase = true};
    struct store_commit commit = {
        .position = {1, 1}, .writes = writes, .write_count = 7, .order_state = bytes_text("order")};
    struct store_head head;
    cr_assert(store_commit(world.store, &commit, &head, NULL) == ERR_OK);
    world_reopen(&world);
    struct store_view *view = world_view(&world);
    struct buf got;
    buf_init(&got, 100);
    cr_expect(store_view_state(view, bytes_text("p/2"), &got) == ERR_OK);
    cr_expect(bytes_is(buf_bytes(&got), "p/2"));
    cr_expect(store_view_state(view, bytes_text("q/1"), &got) == ERR_NOT_FOUND);
    cr_expect(store_view_order(view, &got) == ERR_OK && bytes_is(buf_bytes(&got), "order"));
    buf_done(&got);
    store_view_close(view);
}

struct seen {
    char text[128];
    size_t len, max, count;
};

static bool see(void *arg, struct bytes key, struct bytes value) {
    struct seen *seen = arg;
    cr_expect(bytes_equal(key, value));
    seen->len += (size_t)snprintf(seen->text + seen->len, sizeof seen->text - seen->len, "%.*s ",
                                  (int)key.len, (const char *)key.data);
    return ++seen->count < seen->max;
}

static void expect_scan(const char *prefix, const char *from, size_t max, const char *keys) {
    struct seen seen = {.max = max};
    struct store_view *view = world_view(&world);
    cr_assert(store_view_scan(view, bytes_text(prefix), bytes_text(from), see, &seen) == ERR_OK);
    cr_expect_str_eq(seen.text, keys);
    store_view_close(view);
}

Test(store_store, a_scan_keeps_to_prefix_start_and_end) {
    const char *keys[] = {"p/2", "p/1", "q/1", "p/3", "p", "o"};
    struct store_write writes[6];
    for (size_t i = 0; i < 6; i++)
        writes[i] = (struct store_write){.key = bytes_text(keys[i]), .value = bytes_text(keys[i])};
    struct store_commit commit = {.position = {1, 1}, .writes = writes, .write_count = 6};
    struct store_head head;
    cr_assert(store_commit(world.store, &commit, &head, NULL) == ERR_OK);
    expect_scan("p/", "", 9, "p/1 p/2 p/3 ");
    expect_scan("p/", "p/2", 9, "p/2 p/3 ");
    expect_scan("p/", "", 2, "p/1 p/2 ");
    expect_scan("", "", 9, "o p p/1 p/2 p/3 q/1 ");
    expect_scan("", "p/1!", 9, "p/2 p/3 q/1 ");
    expect_scan("r", "", 9, "");
}

Test(store_store, checkpoint_and_evidence_are_kept) {
    struct buf got;
    buf_init(&got, LIMIT_NOTE);
    cr_assert(store_put_checkpoint(world.store, bytes_text("one"), NULL) == ERR_OK);
    cr_assert(store_put_checkpoint(world.store, bytes_text("two"), NULL) == ERR_OK);
    cr_assert(store_keep_evidence(world.store, bytes_text("lie 0"), NULL) == ERR_OK);
    cr_assert(store_keep_evidence(world.store, bytes_text("lie 1"), NULL) == ERR_OK);
    world_reopen(&world);
    cr_assert(store_keep_evidence(world.store, bytes_text("lie 0"), NULL) == ERR_OK);
    cr_assert(store_keep_evidence(world.store, bytes_text("lie 2"), NULL) == ERR_OK);
    struct store_view *view = world_view(&world);
    cr_expect(store_view_checkpoint(view, &got) == ERR_OK && bytes_is(buf_bytes(&got), "two"));
    for (uint64_t i = 0; i < 3; i++) {
        char text[16];
        (void)snprintf(text, sizeof text, "lie %d", (int)i);
        cr_expect(store_view_evidence(view, i, &got) == ERR_OK);
        cr_expect(bytes_is(buf_bytes(&got), text));
    }
    cr_expect(store_view_evidence(view, 3, &got) == ERR_NOT_FOUND);
    store_view_close(view);
    buf_done(&got);
    static uint8_t large[LIMIT_EVIDENCE_LEN + 1];
    cr_expect(store_keep_evidence(world.store, bytes_of(large, sizeof large), NULL) ==
              ERR_TOO_LARGE);
}

/* -- reading -- */

Test(store_store, bodies_and_indices_answer_for_every_record) {
    enum { COUNT = 30 };
    uint64_t index, indices[COUNT];
    size_t found = 0;
    struct buf body;
    world_commit(&world, 10, false);
    world_commit(&world, COUNT - 10, false);
    struct store_view *view = world_view(&world);
    buf_init(&body, SEGMENT_BODY_MAX);
    cr_expect(store_view_body(view, 0, &body) == ERR_OK);
    cr_expect(bytes_is(buf_bytes(&body), WORLD_GENESIS));
    cr_expect(store_view_body(view, COUNT, &body) == ERR_NOT_FOUND);
    for (uint64_t n = 1; n < COUNT; n++) {
        struct record *record = record_of(n);
        cr_expect(store_view_body(view, n, &body) == ERR_OK);
        cr_expect(bytes_equal(buf_bytes(&body), record->canonical));
        cr_expect(store_view_find(view, record->id, &index) == ERR_OK && index == n);
        record->id[0] ^= 1;
        cr_expect(store_view_find(view, record->id, &index) == ERR_NOT_FOUND);
        record_done(record);
    }
    uint8_t digest[32];
    for (unsigned k = 0; k < 7; k++) {
        memset(digest, (int)k, sizeof digest);
        cr_expect(store_view_documents(view, DIGEST_SHA256, digest, indices, COUNT, &found) == 0);
        size_t expected = 0;
        for (uint64_t n = 1; n < COUNT; n++)
            if (n % 7 == k) cr_expect(expected < found && indices[expected++] == n);
        cr_expect(found == expected);
        cr_expect(store_view_documents(view, DIGEST_SHA256, digest, indices, 2, &found) == 0);
        cr_expect(found == 2 && indices[0] % 7 == k && indices[0] < indices[1]);
        cr_expect(store_view_documents(view, DIGEST_SM3, digest, indices, COUNT, &found) == 0);
        cr_expect(found == 0);
    }
    buf_done(&body);
    store_view_close(view);
}

Test(store_store, a_damaged_body_is_not_given_out) {
    char path[PATH_LEN];
    struct buf body;
    world_commit(&world, 3, false);
    buf_init(&body, SEGMENT_BODY_MAX);
    path_in(world.dir, "bodies/00000000.seg", path);
    struct store_view *view = world_view(&world);
    off_t len = file_len(path);
    cr_assert(store_view_body(view, 2, &body) == ERR_OK);
    for (off_t at = len - (off_t)body.len - 4; at < len; at += 13) {
        file_flip(path, at, 4);
        cr_expect(store_view_body(view, 2, &body) == ERR_CORRUPT, "byte %d", (int)at);
        file_flip(path, at, 4);
    }
    cr_expect(store_view_body(view, 2, &body) == ERR_OK);
    cr_expect(store_view_body(view, 1, &body) == ERR_OK);
    store_view_close(view);
    buf_done(&body);
}

Test(store_store, a_view_keeps_to_its_commit) {
    uint8_t root[HASH_LEN], leaf[LEAF_LEN];
    struct buf got;
    buf_init(&got, 1024);
    world_commit(&world, 100, false);
    struct store_view *old = world_view(&world);
    struct store_head head = store_view_head(old);
    for (int i = 0; i < 5; i++) world_commit(&world, 100, false);
    cr_expect(store_view_head(old).size == 100);
    cr_expect(store_view_leaf(old, 100, leaf) == ERR_NOT_FOUND);
    cr_expect(store_view_root(old, 100, root) == ERR_OK && !memcmp(root, head.root, HASH_LEN));
    cr_expect(store_view_root(old, 101, root) == ERR_NOT_FOUND);
    cr_expect(store_view_state(old, bytes_text("counter"), &got) == ERR_OK);
    cr_expect(get_u64(got.data) == 1);
    struct record *record = record_of(150);
    uint64_t index;
    cr_expect(store_view_find(old, record->id, &index) == ERR_NOT_FOUND);
    record_done(record);
    buf_done(&got);
    store_view_close(old);
}

/* -- trees -- */

static void check_proofs(struct store_view *view, uint64_t index, uint64_t old_size,
                         uint64_t size) {
    uint8_t hash[HASH_LEN], root[HASH_LEN], old_root[HASH_LEN], expected[HASH_LEN];
    struct merkle_proof proof;
    cr_assert(store_view_root(view, size, root) == ERR_OK);
    model_root(&world.model, 0, size, expected);
    cr_expect(memcmp(root, expected, HASH_LEN) == 0, "root of %d", (int)size);
    cr_assert(store_view_root(view, old_size, old_root) == ERR_OK);
    leaf_hash(index, hash);
    cr_assert(store_view_inclusion(view, index, size, &proof) == ERR_OK);
    cr_expect(merkle_inclusion_verify(hash, index, size, &proof, root) == ERR_OK);
    cr_assert(store_view_consistency(view, old_size, size, &proof) == ERR_OK);
    cr_expect(merkle_consistency_verify(old_size, old_root, size, root, &proof) == ERR_OK);
}

Test(store_store, proofs_hold_for_every_index_and_size_of_small_trees) {
    for (int i = 0; i < 40; i++) world_commit(&world, 1, true);
    struct store_view *view = world_view(&world);
    struct merkle_proof proof;
    for (uint64_t size = 1; size <= 40; size++)
        for (uint64_t index = 0; index < size; index++) check_proofs(view, index, index, size);
    cr_expect(store_view_inclusion(view, 5, 5, &proof) == ERR_NOT_FOUND);
    cr_expect(store_view_inclusion(view, 5, 41, &proof) == ERR_NOT_FOUND);
    cr_expect(store_view_consistency(view, 5, 41, &proof) == ERR_NOT_FOUND);
    cr_expect(store_view_consistency(view, 6, 5, &proof) == ERR_NOT_FOUND);
    store_view_close(view);
}

/* Hash `at` of tile (level, index), by the definition. */
static void naive_tile_hash(unsigned level, uint64_t index, unsigned at, uint8_t ret[HASH_LEN]) {
    size_t span = (size_t)1 << (8 * level);
    size_t from = ((size_t)index * 256 + at) * span;
    model_root(&world.model, from, from + span, ret);
}

static void check_tile(struct store_view *view, unsigned level, uint64_t index, unsigned every) {
    static uint8_t got[TILE_LEN];
    uint8_t expected[HASH_LEN];
    unsigned width = tile_width_at(level, index, store_view_head(view).size);
    cr_expect(width < 256 ? store_view_tile(view, level, index, width + 1, got) == ERR_NOT_FOUND
                          : store_view_tile(view, level, index, 257, got) == ERR_NOT_FOUND);
    cr_expect(store_view_tile(view, level, index, 0, got) == ERR_NOT_FOUND);
    if (width == 0) return;
    cr_assert(store_view_tile(view, level, index, width, got) == ERR_OK);
    for (unsigned at = 0; at < width; at += every) {
        naive_tile_hash(level, index, at, expected);
        cr_expect(memcmp(got + at * HASH_LEN, expected, HASH_LEN) == 0, "tile %u %d, hash %u",
                  level, (int)index, at);
    }
    static uint8_t part[TILE_LEN];
    unsigned half = (width + 1) / 2;
    cr_expect(store_view_tile(view, level, index, half, part) == ERR_OK);
    cr_expect(memcmp(part, got, half * HASH_LEN) == 0);
}

static void check_bundle(struct store_view *view, uint64_t index, unsigned width) {
    struct buf bundle;
    buf_init(&bundle, 256 * (LEAF_LEN + 2));
    cr_assert(store_view_bundle(view, index, width, &bundle) == ERR_OK);
    cr_expect(bundle.len == width * (LEAF_LEN + 2));
    struct bytes rest = buf_bytes(&bundle), leaf;
    for (unsigned i = 0; i < width; i++) {
        cr_assert(tile_entry_next(&rest, &leaf) == ERR_OK);
        cr_expect(bytes_equal(leaf, bytes_of(world.model.leaves[index * 256 + i], LEAF_LEN)));
    }
    buf_done(&bundle);
}

Test(store_store, tiles_and_bundles_follow_from_the_leaves_around_256) {
    size_t sizes[] = {1, 255, 256, 257, 511, 512, 513, 700};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        world_commit(&world, sizes[i] - world.model.size, true);
        if (i % 2) world_reopen(&world);
        struct store_view *view = world_view(&world);
        for (unsigned level = 0; level < 3; level++)
            for (uint64_t index = 0; index < 4; index++) check_tile(view, level, index, 1);
        for (uint64_t index = 0; index < 3; index++) {
            unsigned width = tile_width_at(0, index, sizes[i]);
            struct buf none;
            buf_init(&none, 100000);
            if (width) check_bundle(view, index, width);
            if (width > 1) check_bundle(view, index, width / 2);
            cr_expect(store_view_bundle(view, index, width + 1, &none) == ERR_NOT_FOUND);
            buf_done(&none);
        }
        for (uint64_t index = 0; index < sizes[i]; index += 37)
            check_proofs(view, index, index, sizes[i]);
        store_view_close(view);
    }
}

/* Every node of a row, by the definition. */
static void check_row(struct store_view *view, unsigned level, uint64_t index) {
    struct buf row;
    uint8_t expected[HASH_LEN];
    unsigned width = tile_width_at(level, index, store_view_head(view).size);
    buf_init(&row, TREE_ROW_MAX);
    cr_assert(store_view_tile_row(view, level, index, width, &row) == ERR_OK);
    size_t count = 0;
    for (unsigned height = 0; height < 8; height++)
        for (unsigned at = 0; at < width >> height; at++, count++) {
            size_t span = (size_t)1 << (8 * level + height);
            size_t from = (((size_t)index * 256) << (8 * level)) + at * span;
            model_root(&world.model, from, from + span, expected);
            cr_expect(tree_row_offset(width, height, at) == count * HASH_LEN);
            cr_expect(memcmp(row.data + count * HASH_LEN, expected, HASH_LEN) == 0,
                      "level %u, tile %d, height %u, node %u", level, (int)index, height, at);
        }
    cr_expect(row.len == count * HASH_LEN);
    buf_done(&row);
}

Test(store_store, a_row_holds_every_node_above_its_hashes) {
    world_commit(&world, 1, true);
    for (size_t size = 2; size < 20; size++) {
        world_commit(&world, 1, true);
        struct store_view *view = world_view(&world);
        check_row(view, 0, 0);
        store_view_close(view);
    }
    world_commit(&world, 900 - world.model.size, true);
    struct store_view *view = world_view(&world);
    for (uint64_t index = 0; index < 4; index++) check_row(view, 0, index);
    check_row(view, 1, 0);
    store_view_close(view);
    cr_expect(tree_row_len(256) == TREE_ROW_MAX && TREE_ROW_MAX == 510 * 32);
    cr_expect(tree_row_len(1) == 32 && tree_row_len(2) == 96 && tree_row_len(0) == 0);
}

Test(store_store, no_tile_lies_outside_the_tree) {
    static uint8_t got[TILE_LEN];
    world_commit(&world, 300, true);
    struct store_view *view = world_view(&world);
    uint64_t indices[] = {2, 1ULL << 40, 1ULL << 56, UINT64_MAX};
    unsigned levels[] = {0, 1, 5, 6, 8, 63, UINT32_MAX};
    for (size_t i = 0; i < 4; i++)
        for (size_t j = 0; j < sizeof levels / sizeof levels[0]; j++)
            cr_expect(store_view_tile(view, levels[j], indices[i], 1, got) == ERR_NOT_FOUND);
    cr_expect(store_view_tile(view, 2, 0, 1, got) == ERR_NOT_FOUND);
    cr_expect(store_view_tile(view, UINT32_MAX, 0, 1, got) == ERR_NOT_FOUND);
    struct buf none;
    buf_init(&none, 100000);
    for (size_t i = 0; i < 4; i++)
        cr_expect(store_view_bundle(view, indices[i], 1, &none) == ERR_NOT_FOUND);
    buf_done(&none);
    store_view_close(view);
}

Test(store_store, the_tree_crosses_65536) {
    world_commit(&world, 1, true);
    while (world.model.size + 4096 < 65530) world_commit(&world, 4096, true);
    world_commit(&world, 65530 - world.model.size, true);
    uint64_t sizes[] = {65535, 65536, 65537, 65792, 65800};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        world_commit(&world, sizes[i] - world.model.size, true);
        world_reopen(&world);
        struct store_view *view = world_view(&world);
        check_tile(view, 0, 255, 1);
        check_tile(view, 0, 256, 1);
        check_tile(view, 0, 257, 1);
        check_tile(view, 1, 0, 5);
        check_tile(view, 1, 1, 1);
        check_tile(view, 2, 0, 1);
        uint64_t indices[] = {0, 255, 256, 32768, 65279, 65280, sizes[i] - 1};
        for (size_t k = 0; k < sizeof indices / sizeof indices[0]; k++)
            check_proofs(view, indices[k], indices[k], sizes[i]);
        check_proofs(view, 1, sizes[i] < 65537 ? 65000 : 65536, sizes[i]);
        store_view_close(view);
    }
}

/* -- readers while the writer commits -- */

struct reading {
    pthread_t thread;
    struct store *store;
    atomic_bool *stop;
    unsigned seed;
    uint64_t views, wrong;
};

/* Everything that one view shows belongs together. */
static unsigned read_once(struct store_view *view, unsigned *seed, struct buf *body) {
    struct store_head head = store_view_head(view);
    uint64_t index = head.size ? (uint64_t)rand_r(seed) % head.size : 0;
    uint8_t leaf[LEAF_LEN], hash[HASH_LEN], root[HASH_LEN];
    struct merkle_proof proof;
    if (head.size == 0) return store_view_leaf(view, 0, leaf) != ERR_NOT_FOUND;
    if (store_view_leaf(view, index, leaf) || store_view_body(view, index, body)) return 1;
    merkle_leaf(bytes_of(leaf, LEAF_LEN), hash);
    if (store_view_inclusion(view, index, head.size, &proof)) return 1;
    if (merkle_inclusion_verify(hash, index, head.size, &proof, head.root)) return 1;
    if (store_view_root(view, index, root)) return 1;
    if (store_view_consistency(view, index, head.size, &proof)) return 1;
    if (merkle_consistency_verify(index, root, head.size, head.root, &proof)) return 1;
    if (store_view_state(view, bytes_text("counter"), body)) return 1;
    if (get_u64(body->data) != head.position.revision) return 1;
    if (store_view_order(view, body)) return 1;
    return get_u64(body->data) != head.position.revision;
}

static void *read_while(void *arg) {
    struct reading *reading = arg;
    struct buf body;
    uint64_t size = 0;
    buf_init(&body, SEGMENT_BODY_MAX);
    while (!atomic_load(reading->stop)) {
        struct store_head current = store_current(reading->store);
        struct store_view *view = NULL;
        if (store_view_open(reading->store, &view)) {
            reading->wrong++;
            break;
        }
        struct store_head head = store_view_head(view);
        reading->wrong += head.size < current.size || head.size < size;
        size = head.size;
        reading->wrong += read_once(view, &reading->seed, &body);
        reading->views++;
        store_view_close(view);
    }
    buf_done(&body);
    return NULL;
}

static void *write_beside(void *arg) {
    struct reading *reading = arg;
    while (!atomic_load(reading->stop)) {
        uint8_t raw[8];
        put_u64(raw, reading->views++ % 40);
        reading->wrong += store_put_checkpoint(reading->store, bytes_of(raw, 8), NULL) != ERR_OK;
        reading->wrong += store_keep_evidence(reading->store, bytes_of(raw, 8), NULL) != ERR_OK;
    }
    return NULL;
}

Test(store_store, readers_see_whole_commits_while_the_writer_works) {
    struct reading readings[6];
    atomic_bool stop;
    atomic_init(&stop, false);
    for (unsigned i = 0; i < 6; i++) {
        readings[i] = (struct reading){.store = world.store, .stop = &stop, .seed = i};
        cr_assert(pthread_create(&readings[i].thread, NULL, i < 4 ? read_while : write_beside,
                                 &readings[i]) == 0);
    }
    for (int i = 0; i < 60; i++) world_commit(&world, (size_t)(i * 7) % 40, false);
    atomic_store(&stop, true);
    for (unsigned i = 0; i < 6; i++) {
        cr_assert(pthread_join(readings[i].thread, NULL) == 0);
        cr_expect(readings[i].wrong == 0 && readings[i].views > 0);
    }
    struct store_view *view = world_view(&world);
    struct buf got;
    buf_init(&got, 100);
    cr_expect(store_view_evidence(view, 40, &got) == ERR_NOT_FOUND); /* each piece once */
    buf_done(&got);
    store_view_close(view);
    cr_assert(store_put_checkpoint(world.store, bytes_text("no note"), NULL) == ERR_OK);
    cr_expect(world_fsck(&world, NULL).errors == 1);
}
