/* What the tests of the store share: a directory of their own, records signed by nobody, a small ledger in that directory and a naive
 * model of what it must hold. Everything here ends the test where it fails. */
#ifndef QIZHENG_TESTS_LIB_STORE_H
#define QIZHENG_TESTS_LIB_STORE_H

#include "ledger/store/fsck.h"
#include "ledger/store/store_impl.h"
#include "tests/lib/vector.h"

#include <fcntl.h>
#include <ftw.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATH_LEN 512

/* -- a directory -- */

static inline void temp_make(char ret[PATH_LEN]) {
    const char *base = getenv("TMPDIR");
    (void)snprintf(ret, PATH_LEN, "%s/qizheng-store-XXXXXX", base ? base : "/tmp");
    cr_assert(mkdtemp(ret), "no directory for the test");
}

static inline int temp_remove_one(const char *path, const struct stat *stat, int kind,
                                  struct FTW *at) {
    (void)stat;
    (void)kind;
    (void)at;
    return remove(path);
}

static inline void temp_remove(const char *path) {
    cr_assert(nftw(path, temp_remove_one, 16, FTW_DEPTH | FTW_PHYS) == 0);
}

static inline void path_in(const char *dir, const char *name, char ret[PATH_LEN]) {
    int len = snprintf(ret, PATH_LEN, "%s/%s", dir, name);
    cr_assert(len > 0 && len < PATH_LEN);
}

/* Turns one bit of a file over. */
static inline void file_flip(const char *path, off_t at, uint8_t mask) {
    int fd = open(path, O_RDWR);
    uint8_t byte = 0;
    cr_assert(fd >= 0 && pread(fd, &byte, 1, at) == 1);
    byte ^= mask;
    cr_assert(pwrite(fd, &byte, 1, at) == 1);
    close(fd);
}

static inline off_t file_len(const char *path) {
    struct stat stat_;
    return stat(path, &stat_) ? -1 : stat_.st_size;
}

/* -- records -- */

/* Record number n of form only. Each names document n % 7 by SHA-256; every third also one of its own by SM3. */
static inline struct record *record_of(uint64_t n) {
    char payload[1024], jti[32], doc[2][64] = {"", ""};
    uint8_t raw[32] = {0};
    put_u64(raw, n);
    base64url_write(bytes_of(raw, 16), jti);
    memset(raw, (int)(n % 7), sizeof raw);
    base64url_write(bytes_of(raw, 32), doc[0]);
    memset(raw, 0, sizeof raw);
    put_u64(raw, n);
    base64url_write(bytes_of(raw, 32), doc[1]);
    int len = snprintf(payload, sizeof payload,
                       "{\"act\":\"sign\",\"aud\":\"%064d\",\"doc\":[{\"alg\":\"sha-256\","
                       "\"digest\":\"%s\"}%s%s%s],\"iat\":1795420542,\"iss\":\"employer-1\","
                       "\"jti\":\"%s\",\"vct\":\"urn:qizheng:labour-contract:1\"}",
                       0, doc[0], n % 3 ? "" : ",{\"alg\":\"sm3\",\"digest\":\"",
                       n % 3 ? "" : doc[1], n % 3 ? "" : "\"}", jti);
    struct buf compact = compact_of("{\"alg\":\"ES256K\",\"kid\":\"" KID_TEXT
                                    "\",\"typ\":\"qizheng-record+sd-jwt\"}",
                                    bytes_of(payload, (size_t)len));
    struct record *record = NULL;
    struct problem why = {0};
    enum err err = record_parse(buf_bytes(&compact), &record, &why);
    cr_assert(err == ERR_OK, "%s", why.detail);
    buf_done(&compact);
    return record;
}

/* Document rows that record n gives. */
static inline uint64_t record_docs(uint64_t n) {
    return n % 3 ? 1 : 2;
}

/* -- the naive model: a list of leaves -- */

struct model {
    uint8_t (*leaves)[LEAF_LEN];
    size_t size, cap;
};

static inline void model_add(struct model *model, const uint8_t leaf[LEAF_LEN]) {
    if (model->size == model->cap) {
        model->cap = model->cap ? 2 * model->cap : 64;
        model->leaves = realloc(model->leaves, model->cap * LEAF_LEN);
        cr_assert(model->leaves);
    }
    memcpy(model->leaves[model->size++], leaf, LEAF_LEN);
}

/* MTH of leaves [from, to), RFC 9162 section 2.1.1, word for word. */
static inline void model_root(const struct model *model, size_t from, size_t to,
                              uint8_t ret[HASH_LEN]) {
    size_t n = to - from, k = 1;
    if (n == 0) {
        sha256(bytes_of(NULL, 0), ret);
        return;
    }
    if (n == 1) {
        uint8_t zero = 0;
        struct bytes parts[] = {bytes_of(&zero, 1), bytes_of(model->leaves[from], LEAF_LEN)};
        sha256_parts(parts, 2, ret);
        return;
    }
    while (2 * k < n) k *= 2;
    uint8_t one = 1, left[HASH_LEN], right[HASH_LEN];
    model_root(model, from, from + k, left);
    model_root(model, from + k, to, right);
    struct bytes parts[] = {bytes_of(&one, 1), bytes_of(left, HASH_LEN), bytes_of(right, HASH_LEN)};
    sha256_parts(parts, 3, ret);
}

/* -- a ledger -- */

#define WORLD_GENESIS "{\"format\":\"urn:qizheng:genesis:1\",\"of\":\"a test\"}"
#define WORLD_TIME 1795420542000ULL

struct world {
    char dir[PATH_LEN];
    uint8_t ledger_id[32];
    struct store *store;
    struct model model;
    uint64_t revision; /* of the last commit that was tried */
    uint64_t next;     /* number of the next record */
};

static inline void world_reopen(struct world *world) {
    struct problem why = {0};
    store_close(world->store);
    world->store = NULL;
    enum err err = store_open(world->dir, world->ledger_id, true, &world->store, &why);
    cr_assert(err == ERR_OK, "%s: %s", err_code(err), why.detail);
}

static inline void world_init(struct world *world) {
    memset(world, 0, sizeof *world);
    temp_make(world->dir);
    sha256(bytes_text(WORLD_GENESIS), world->ledger_id);
    world_reopen(world);
}

static inline void world_done(struct world *world) {
    store_close(world->store);
    free(world->model.leaves);
    temp_remove(world->dir);
}

/* The same commit again: `count` entries from number `next` on at `revision`. Entry 0 of the ledger is the genesis. Nothing is remembered. */
static inline enum err world_try(struct world *world, size_t count, bool fake,
                                 struct store_head *ret_head, struct model *ret_leaves,
                                 struct problem *ret_why) {
    struct store_entry *entries = calloc(count ? count : 1, sizeof *entries);
    struct record **records = calloc(count ? count : 1, sizeof(void *));
    char(*fakes)[32] = calloc(count ? count : 1, sizeof *fakes);
    uint64_t time_ms = WORLD_TIME + world->revision;
    cr_assert(entries && records && fakes);
    for (size_t i = 0; i < count; i++) {
        uint8_t hash[32];
        uint64_t n = world->next + i;
        if (n == 0) {
            entries[i].body = bytes_text(WORLD_GENESIS);
        } else if (fake) {
            (void)snprintf(fakes[i], sizeof fakes[i], "body %llu", (unsigned long long)n);
            entries[i].body = bytes_text(fakes[i]);
        } else {
            records[i] = record_of(n);
            entries[i].record = records[i];
            entries[i].body = records[i]->canonical;
        }
        sha256(entries[i].body, hash);
        leaf_encode(time_ms, hash, entries[i].leaf);
        if (ret_leaves) model_add(ret_leaves, entries[i].leaf);
    }
    uint8_t order[8];
    put_u64(order, world->revision);
    struct store_write write = {.key = bytes_text("counter"), .value = bytes_of(order, 8)};
    struct store_commit commit = {.position = {1, world->revision},
                                  .time_ms = time_ms,
                                  .entries = entries,
                                  .entry_count = count,
                                  .writes = &write,
                                  .write_count = 1,
                                  .order_state = bytes_of(order, 8)};
    enum err err = store_commit(world->store, &commit, ret_head, ret_why);
    for (size_t i = 0; i < count; i++) record_done(records[i]);
    free(entries);
    free(records);
    free(fakes);
    return err;
}

/* Commits `count` further entries and remembers them. */
static inline struct store_head world_commit(struct world *world, size_t count, bool fake) {
    struct store_head head;
    struct problem why = {0};
    world->revision++;
    enum err err = world_try(world, count, fake, &head, &world->model, &why);
    cr_assert(err == ERR_OK, "%s: %s", err_code(err), why.detail);
    world->next += count;
    cr_assert(head.size == world->model.size);
    return head;
}

static inline struct store_view *world_view(struct world *world) {
    struct store_view *view = NULL;
    cr_assert(store_view_open(world->store, &view) == ERR_OK);
    return view;
}

/* -- fsck -- */

static inline void fsck_report(void *ctx, const char *what) {
    if (ctx) (void)snprintf(ctx, 512, "%s", what); /* the last one */
}

/* ret_last: 512 characters or NULL. */
static inline struct fsck_result world_fsck(struct world *world, char *ret_last) {
    struct fsck_hooks hooks = {.ctx = ret_last, .report = fsck_report};
    struct fsck_result result = {0};
    cr_assert(fsck(world->store, &hooks, &result) == ERR_OK);
    return result;
}

/* Clean, and exactly what the model says: size, root, every leaf, every body. */
static inline void world_check(struct world *world) {
    char last[512] = "";
    uint8_t root[HASH_LEN], leaf[LEAF_LEN];
    struct fsck_result result = world_fsck(world, last);
    cr_assert(result.errors == 0, "%s", last);
    cr_assert(result.leaves == world->model.size);
    model_root(&world->model, 0, world->model.size, root);
    struct store_head head = store_current(world->store);
    cr_assert(head.size == world->model.size);
    cr_assert(memcmp(head.root, root, HASH_LEN) == 0);
    cr_assert(memcmp(result.root, root, HASH_LEN) == 0);
    struct store_view *view = world_view(world);
    for (uint64_t i = 0; i < head.size; i++) {
        cr_assert(store_view_leaf(view, i, leaf) == ERR_OK);
        cr_assert(memcmp(leaf, world->model.leaves[i], LEAF_LEN) == 0);
    }
    store_view_close(view);
}

#endif
