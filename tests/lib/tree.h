/* What the tests of the log share: the model that the Merkle code is checked against, sources over an array of leaves, and the
 * vectors that stand outside the project. Leaf i of every world is the text entry-<i>. */
#ifndef QIZHENG_TESTS_LIB_TREE_H
#define QIZHENG_TESTS_LIB_TREE_H

#include "ledger/proof/tile.h"
#include "tests/lib/vector.h"

#define WORLD 300 /* leaves: more than a tile */

static inline void world_leaf(uint64_t index, uint8_t ret[HASH_LEN]) {
    char text[32];
    (void)snprintf(text, sizeof text, "entry-%llu", (unsigned long long)index);
    merkle_leaf(bytes_text(text), ret);
}

/* -- the model: RFC 6962 section 2.1 as it is written, each MTH(D[from:to]) computed once -- */

static inline size_t model_split(size_t count) {
    size_t k = 1;
    while (2 * k < count) k *= 2;
    return k;
}

static inline const uint8_t *model_root(size_t from, size_t to) {
    static uint8_t roots[WORLD + 1][WORLD + 1][HASH_LEN];
    static bool known[WORLD + 1][WORLD + 1];
    uint8_t *root = roots[from][to];
    if (known[from][to]) return root;
    size_t k = model_split(to - from);
    if (to == from) merkle_empty(root);
    if (to == from + 1) world_leaf(from, root);
    if (to > from + 1) merkle_node(model_root(from, from + k), model_root(from + k, to), root);
    known[from][to] = true;
    return root;
}

static inline void model_push(struct merkle_proof *proof, const uint8_t *hash) {
    memcpy(proof->hashes[proof->count++], hash, HASH_LEN);
}

/* PATH(m, D[from:to]); left[i]: hash i stands left. */
static inline void model_path(size_t m, size_t from, size_t to, struct merkle_proof *proof,
                              bool left[64]) {
    if (to == from + 1) return;
    size_t k = model_split(to - from);
    bool right_half = m >= k;
    if (right_half) model_path(m - k, from + k, to, proof, left);
    if (!right_half) model_path(m, from, from + k, proof, left);
    left[proof->count] = right_half;
    model_push(proof, right_half ? model_root(from, from + k) : model_root(from + k, to));
}

/* SUBPROOF(m, D[from:to], whole) */
static inline void model_subproof(size_t m, size_t from, size_t to, bool whole,
                                  struct merkle_proof *proof) {
    if (m == to - from) {
        if (!whole) model_push(proof, model_root(from, to));
        return;
    }
    size_t k = model_split(to - from);
    if (m <= k) {
        model_subproof(m, from, from + k, whole, proof);
        model_push(proof, model_root(from + k, to));
    } else {
        model_subproof(m - k, from + k, to, false, proof);
        model_push(proof, model_root(from, from + k));
    }
}

static inline bool proof_same(const struct merkle_proof *a, const struct merkle_proof *b) {
    return a->count == b->count && memcmp(a->hashes, b->hashes, a->count * HASH_LEN) == 0;
}

/* -- sources -- */

/* A merkle_source over the model that ends the test where it is asked for what is no perfect subtree of the tree. */
struct world_source {
    uint64_t size;
};

static inline enum err world_node(void *ctx, unsigned level, uint64_t index,
                                  uint8_t ret[HASH_LEN]) {
    const struct world_source *source = ctx;
    cr_assert(level < 10 && (index + 1) << level <= source->size,
              "asked for node (%u, %llu) of a tree of %llu", level, (unsigned long long)index,
              (unsigned long long)source->size);
    memcpy(ret, model_root(index << level, (index + 1) << level), HASH_LEN);
    return ERR_OK;
}

/* A tile_reader over the model; ctx: struct world_source. It counts what it is asked. */
static inline enum err world_tile(void *ctx, unsigned level, uint64_t index, unsigned width,
                                  uint8_t *ret) {
    const struct world_source *source = ctx;
    cr_assert(width >= 1 && width <= TILE_WIDTH);
    cr_assert(width == tile_width_at(level, index, source->size));
    for (unsigned i = 0; i < width; i++) {
        uint64_t at = index * TILE_WIDTH + i;
        enum err err = world_node(ctx, level * TILE_HEIGHT, at, ret + (size_t)i * HASH_LEN);
        if (err) return err;
    }
    return ERR_OK;
}

/* -- vectors from outside the project -- */

/* $QIZHENG_VECTORS/<name>, or ../shared/vectors/<name> beside the checkout. False, said plainly, where it is not there. */
static inline bool shared_path(const char *name, char *ret, size_t ret_size) {
    const char *root = getenv("QIZHENG_VECTORS");
    (void)snprintf(ret, ret_size, "%s/%s", root ? root : TEST_DATA "/../../shared/vectors", name);
    FILE *file = fopen(ret, "rb");
    if (file) (void)fclose(file);
    if (!file) (void)printf("skipped: the vectors' %s is not there (QIZHENG_VECTORS)\n", name);
    return file != NULL;
}

static inline struct buf file_read(const char *path) {
    struct buf text;
    buf_init(&text, 64 * 1024);
    FILE *file = fopen(path, "rb");
    cr_assert(file, "%s cannot be read", path);
    cr_assert(buf_reserve(&text, 64 * 1024) == ERR_OK);
    text.len = fread(text.data, 1, 64 * 1024, file);
    (void)fclose(file);
    return text;
}

/* tlog-kat.txt; false where it is not there. */
static inline bool kat_read(struct buf *ret) {
    char path[512];
    if (!shared_path("tlog-kat.txt", path, sizeof path)) return false;
    *ret = file_read(path);
    return true;
}

/* What stands behind `label` on its line, without leading spaces. */
static inline struct bytes kat_value(const struct buf *kat, const char *label) {
    struct bytes rest = buf_bytes(kat), line;
    while (bytes_line(&rest, &line)) {
        if (!bytes_starts(line, label)) continue;
        size_t at = strlen(label);
        while (at < line.len && line.data[at] == ' ') at++;
        return bytes_slice(line, at, line.len);
    }
    cr_assert(false, "tlog-kat.txt has no line that begins with %s", label);
    return bytes_of(NULL, 0);
}

/* Everything behind the line that announces the tlog-proof. */
static inline struct bytes kat_proof(const struct buf *kat) {
    struct bytes rest = buf_bytes(kat), line;
    while (bytes_line(&rest, &line)) {
        if (bytes_starts(line, "----- tlog-proof")) return rest;
    }
    cr_assert(false, "tlog-kat.txt has no tlog-proof");
    return rest;
}

static inline void hex32(struct bytes text, uint8_t ret[32]) {
    cr_assert(hex_decode(text, ret, 32) == ERR_OK);
}

/* An array of hexadecimal hashes as a proof. */
static inline void proof_of_json(const struct json *array, struct merkle_proof *ret) {
    cr_assert(json_count(array) <= LIMIT_PROOF_HASHES);
    for (ret->count = 0; ret->count < json_count(array); ret->count++) {
        hex32(json_text_bytes(json_at(array, ret->count)), ret->hashes[ret->count]);
    }
}

static inline uint64_t json_u64(const struct json *object, const char *name) {
    int64_t value;
    cr_assert(json_int(json_member(object, name), &value) && value >= 0);
    return (uint64_t)value;
}

static inline struct bytes json_bytes(const struct json *object, const char *name) {
    const struct json *member = json_member(object, name);
    cr_assert(json_text(member), "no text %s", name);
    return json_text_bytes(member);
}

#endif
