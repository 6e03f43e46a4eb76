/* fsck over a store that was spoilt: rows changed, taken away or added, bytes of the bodies changed or cut. It never falls over, and what it calls clean is clean: every row that
 * follows from the leaves is the one that was written, every body hashes to its leaf, and the root computed by ten plain lines is the one that the head names. An input that spoils
 * nothing is clean. The input is damage after damage: a kind, a place u16, and what it takes.
 * fuzz: max_len=512 */
#include "tests/fuzz/lib/fuzz.h"
#include "tests/lib/store.h"

#define COMMITS 3
#define LEAVES_EACH 3
#define ROWS_MAX 512
#define DAMAGES_MAX 16
#define FILE_MAX (64 * 1024)
#define INPUTS_EACH                                                                                \
    300 /* on one store: the database keeps every version of a row, and a walk goes over them */

struct row {
    struct buf key, value;
};

static struct world world;
static struct row rows[ROWS_MAX];
static size_t row_count;
static struct buf bodies; /* the segment file as it was */
static int bodies_fd = -1;

static void store_end(void) {
    world_done(&world);
    for (size_t i = 0; i < row_count; i++) {
        buf_done(&rows[i].key);
        buf_done(&rows[i].value);
    }
    row_count = 0;
    buf_done(&bodies);
    (void)close(bodies_fd);
    world.store = NULL;
}

static void begin_end(void) {
    if (world.store) store_end();
}

/* -- the good store -- */

static void row_keep(struct bytes key, struct bytes value) {
    FUZZ_CHECK(row_count < ROWS_MAX);
    struct row *row = &rows[row_count++];
    buf_init(&row->key, KEY_MAX);
    buf_init(&row->value, 64 * 1024);
    FUZZ_CHECK(buf_add(&row->key, key) == ERR_OK && buf_add(&row->value, value) == ERR_OK);
}

static void begin(void) {
    char path[PATH_LEN];
    struct kv_iter *iter = NULL;
    struct bytes none = bytes_of("", 0);
    static bool is_first = true;
    if (is_first) (void)atexit(begin_end);
    is_first = false;
    world_init(&world);
    for (size_t i = 0; i < COMMITS; i++) (void)world_commit(&world, LEAVES_EACH, false);
    FUZZ_CHECK(store_keep_evidence(world.store, bytes_text("a piece"), NULL) == ERR_OK);
    FUZZ_CHECK(kv_iter_open(world.store->kv, NULL, none, none, &iter) == ERR_OK);
    for (; kv_iter_valid(iter); kv_iter_next(iter))
        row_keep(kv_iter_key(iter), kv_iter_value(iter));
    FUZZ_CHECK(kv_iter_close(iter) == ERR_OK);
    path_in(world.dir, "bodies/00000000.seg", path);
    bodies_fd = open(path, O_RDWR);
    buf_init(&bodies, FILE_MAX);
    FUZZ_CHECK(bodies_fd >= 0 && buf_reserve(&bodies, FILE_MAX) == ERR_OK);
    ssize_t got = pread(bodies_fd, bodies.data, FILE_MAX, 0);
    FUZZ_CHECK(got > 0 && got < FILE_MAX);
    bodies.len = (size_t)got;
}

static const struct row *row_find(struct bytes key) {
    for (size_t i = 0; i < row_count; i++)
        if (bytes_equal(buf_bytes(&rows[i].key), key)) return &rows[i];
    return NULL;
}

/* -- damage, and its repair -- */

static void write_rows(struct kv_batch *batch) {
    FUZZ_CHECK(kv_write(world.store->kv, batch, false, NULL) == ERR_OK);
    kv_batch_done(batch);
    (void)snapshot_renew(
        world.store); /* fails where the head is damaged: then the next view does */
}

static void value_change(const struct row *row, uint8_t kind, struct cursor *in,
                         struct kv_batch *batch) {
    struct buf value;
    buf_init(&value, 128 * 1024);
    FUZZ_CHECK(buf_add(&value, buf_bytes(&row->value)) == ERR_OK);
    size_t at = cursor_u16(in);
    if (kind == 0 && value.len) value.data[at % value.len] ^= cursor_u8(in);
    if (kind == 1) value.len = at % (value.len + 1);
    if (kind == 2)
        FUZZ_CHECK(buf_add(&value, cursor_take(in, at % 64 % (in->rest.len + 1))) == ERR_OK);
    kv_batch_put(batch, buf_bytes(&row->key), buf_bytes(&value));
    buf_done(&value);
}

static void row_add(struct cursor *in, struct kv_batch *batch) {
    struct bytes key = cursor_take(in, cursor_u8(in) % 64 % (in->rest.len + 1));
    struct bytes value = cursor_take(in, cursor_u8(in) % 64 % (in->rest.len + 1));
    if (key.len) kv_batch_put(batch, key, value);
}

/* The rows behind `at` too: a whole kind, or all there are. */
static void rows_erase(size_t at, size_t count, struct kv_batch *batch) {
    for (size_t i = at; i < row_count && i - at < count; i++)
        kv_batch_erase(batch, buf_bytes(&rows[i].key));
}

static void bodies_change(size_t at, struct cursor *in) {
    uint8_t byte = bodies.data[at % bodies.len] ^ cursor_u8(in);
    FUZZ_CHECK(pwrite(bodies_fd, &byte, 1, (off_t)(at % bodies.len)) == 1);
}

static void damage(struct cursor *in) {
    uint8_t kind = cursor_u8(in) % 8;
    size_t at = cursor_u16(in);
    const struct row *row = &rows[at % row_count];
    struct kv_batch *batch = kv_batch_new();
    FUZZ_CHECK(batch);
    switch (kind) {
    case 0:
    case 1:
    case 2: value_change(row, kind, in, batch); break;
    case 3: rows_erase(at % row_count, 1, batch); break;
    case 4: rows_erase(at % row_count, cursor_u16(in), batch); break;
    case 5: row_add(in, batch); break;
    case 6: bodies_change(at, in); break;
    default: FUZZ_CHECK(ftruncate(bodies_fd, (off_t)(at % (bodies.len + 1))) == 0); break;
    }
    write_rows(batch);
}

static void rows_repair(void) {
    struct kv_batch *batch = kv_batch_new();
    struct kv_iter *iter = NULL;
    struct bytes none = bytes_of("", 0);
    bool good[ROWS_MAX] = {false};
    FUZZ_CHECK(batch && kv_iter_open(world.store->kv, NULL, none, none, &iter) == ERR_OK);
    for (; kv_iter_valid(iter); kv_iter_next(iter)) {
        const struct row *row = row_find(kv_iter_key(iter));
        if (!row)
            kv_batch_erase(batch, kv_iter_key(iter));
        else
            good[row - rows] = bytes_equal(buf_bytes(&row->value), kv_iter_value(iter));
    }
    FUZZ_CHECK(kv_iter_close(iter) == ERR_OK);
    for (size_t i = 0; i < row_count; i++)
        if (!good[i]) kv_batch_put(batch, buf_bytes(&rows[i].key), buf_bytes(&rows[i].value));
    write_rows(batch);
}

static void repair(void) {
    rows_repair();
    FUZZ_CHECK(pwrite(bodies_fd, bodies.data, bodies.len, 0) == (ssize_t)bodies.len);
}

/* -- what clean means -- */

/* Contract state, the order's state and evidence are bytes that nobody can check from here; of the checkpoint fsck checks size and root, and signatures are the verifier's. The
 * head's position is the order's, too: `qizheng fsck` compares the two. */
#define POSITION_AT (8 + 32 + 8)
#define POSITION_LEN (4 + 8)

static bool follows_from_leaves(struct bytes key) {
    if (key.data[0] == KEY_KIND_STATE || key.data[0] == KEY_KIND_EVIDENCE) return false;
    return !bytes_is(key, "Morder") && !bytes_is(key, "Mcheckpoint");
}

static void body_is(const uint8_t leaf[LEAF_LEN], const struct store_leaf *row) {
    static uint8_t body[SEGMENT_BODY_MAX];
    uint8_t hash[32], body_hash[32];
    uint64_t time_ms = 0;
    FUZZ_CHECK(row->len <= sizeof body && row->segment == 0);
    FUZZ_CHECK(pread(bodies_fd, body, row->len, (off_t)row->offset + SEGMENT_PREFIX_LEN) ==
               (ssize_t)row->len);
    sha256(bytes_of(body, row->len), body_hash);
    FUZZ_CHECK(leaf_decode(leaf, &time_ms, hash) == ERR_OK);
    FUZZ_CHECK(memcmp(hash, body_hash, sizeof hash) == 0);
}

/* Read without the code that fsck reads with, but for the rows' decoders. */
static void leaves_are(const struct fsck_result *result) {
    struct model model = {0};
    struct store_key prefix = key_kind_prefix(KEY_KIND_LEAF);
    struct kv_iter *iter = NULL;
    uint8_t root[HASH_LEN];
    FUZZ_CHECK(kv_iter_open(world.store->kv, NULL, key_bytes(&prefix), key_bytes(&prefix), &iter) ==
               ERR_OK);
    for (; kv_iter_valid(iter); kv_iter_next(iter)) {
        struct store_leaf row;
        FUZZ_CHECK(store_leaf_decode(kv_iter_value(iter), &row) == ERR_OK);
        body_is(row.leaf, &row);
        model_add(&model, row.leaf);
    }
    FUZZ_CHECK(kv_iter_close(iter) == ERR_OK);
    model_root(&model, 0, model.size, root);
    FUZZ_CHECK(result->leaves == model.size && memcmp(root, result->root, HASH_LEN) == 0);
    free(model.leaves);
}

static bool value_is(const struct row *row, struct bytes value) {
    struct bytes was = buf_bytes(&row->value);
    if (!bytes_is(buf_bytes(&row->key), "Mhead")) return bytes_equal(was, value);
    return value.len == was.len && memcmp(value.data, was.data, POSITION_AT) == 0 &&
           memcmp(value.data + POSITION_AT + POSITION_LEN, was.data + POSITION_AT + POSITION_LEN,
                  was.len - POSITION_AT - POSITION_LEN) == 0;
}

static void rows_are(void) {
    struct kv_iter *iter = NULL;
    struct bytes none = bytes_of("", 0);
    size_t found = 0, wanted = 0;
    for (size_t i = 0; i < row_count; i++) wanted += follows_from_leaves(buf_bytes(&rows[i].key));
    FUZZ_CHECK(kv_iter_open(world.store->kv, NULL, none, none, &iter) == ERR_OK);
    for (; kv_iter_valid(iter); kv_iter_next(iter)) {
        struct bytes key = kv_iter_key(iter);
        if (!follows_from_leaves(key)) continue;
        const struct row *row = row_find(key);
        FUZZ_CHECK(row && value_is(row, kv_iter_value(iter)));
        found++;
    }
    FUZZ_CHECK(kv_iter_close(iter) == ERR_OK && found == wanted);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct cursor in = cursor_of(bytes_of(data, size));
    char last[512] = "";
    static unsigned inputs;
    if (world.store && ++inputs % INPUTS_EACH == 0) store_end();
    if (!world.store) begin();
    for (size_t i = 0; i < DAMAGES_MAX && in.rest.len >= 3; i++) damage(&in);
    struct fsck_result result = world_fsck(&world, last);
    FUZZ_CHECK((result.errors > 0) == (last[0] != 0));
    if (result.errors == 0) {
        rows_are();
        leaves_are(&result);
    }
    if (size < 3) FUZZ_CHECK(result.errors == 0);
    repair();
    return 0;
}
