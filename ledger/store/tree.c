/* See tree.h. Invariant: tails[l] holds the first (size >> 8l) % 256 hashes of its tile and every node above them that they complete. */
#include "ledger/store/tree.h"

#include <assert.h>
#include <string.h>

#define SIZE_MAX_LEAVES (1ULL << (TILE_HEIGHT * (TILE_LEVEL_MAX + 1)))

/* How many hashes that level has altogether. */
static uint64_t hashes_at(uint64_t size, unsigned level) {
    return size >> (TILE_HEIGHT * level);
}

static unsigned tail_width(uint64_t size, unsigned level) {
    return (unsigned)(hashes_at(size, level) % TILE_WIDTH);
}

static size_t node_before(unsigned width, unsigned height) {
    size_t count = 0;
    for (unsigned i = 0; i < height; i++) count += width >> i;
    return count;
}

size_t tree_row_len(unsigned width) {
    return node_before(width, TILE_HEIGHT) * HASH_LEN;
}

size_t tree_row_offset(unsigned width, unsigned height, unsigned at) {
    assert(height < TILE_HEIGHT && at < width >> height);
    return (node_before(width, height) + at) * HASH_LEN;
}

/* Node `at` of that height in a tail. */
static const uint8_t *node_of(const struct tree *tree, unsigned level, unsigned height,
                              unsigned at) {
    return tree->tails[level][node_before(TILE_WIDTH, height) + at];
}

void tree_init(struct tree *tree) {
    memset(tree, 0, sizeof *tree);
}

void tree_copy(struct tree *to, const struct tree *from) {
    to->size = from->size;
    for (unsigned level = 0; level <= TILE_LEVEL_MAX; level++) {
        unsigned width = tail_width(from->size, level);
        for (unsigned height = 0; width >> height; height++) {
            size_t at = node_before(TILE_WIDTH, height);
            memcpy(to->tails[level][at], from->tails[level][at],
                   (size_t)(width >> height) * HASH_LEN);
        }
    }
}

/* -- growing -- */

/* Puts a hash at place `at` of a tail, and each node that it completes. True where the tile is full: its root is in ret_root. */
static bool place(struct tree *tree, unsigned level, unsigned at, const uint8_t hash[HASH_LEN],
                  uint8_t ret_root[HASH_LEN]) {
    uint8_t node[HASH_LEN];
    memcpy(node, hash, HASH_LEN);
    for (unsigned height = 0; height < TILE_HEIGHT; height++, at >>= 1) {
        memcpy(tree->tails[level][node_before(TILE_WIDTH, height) + at], node, HASH_LEN);
        if (!(at & 1)) return false;
        merkle_node(node_of(tree, level, height, at - 1), node, node);
    }
    memcpy(ret_root, node, HASH_LEN);
    return true;
}

void tree_append(struct tree *tree, const uint8_t leaf_hash[HASH_LEN], tree_put *put, void *arg) {
    assert(tree->size < SIZE_MAX_LEAVES - 1);
    uint8_t hash[HASH_LEN];
    memcpy(hash, leaf_hash, HASH_LEN);
    for (unsigned level = 0; level <= TILE_LEVEL_MAX; level++) {
        if (!place(tree, level, tail_width(tree->size, level), hash, hash)) break;
        put(arg, level, hashes_at(tree->size, level) / TILE_WIDTH,
            bytes_of(tree->tails[level], TREE_ROW_MAX));
    }
    tree->size++;
}

void tree_tails(const struct tree *tree, uint64_t old_size, tree_put *put, void *arg) {
    uint8_t row[TREE_ROW_MAX];
    for (unsigned level = 0; level <= TILE_LEVEL_MAX; level++) {
        if (hashes_at(tree->size, level) == hashes_at(old_size, level)) break; /* nor any above */
        unsigned width = tail_width(tree->size, level);
        for (unsigned height = 0; width >> height; height++)
            memcpy(row + tree_row_offset(width, height, 0), node_of(tree, level, height, 0),
                   (size_t)(width >> height) * HASH_LEN);
        if (width)
            put(arg, level, hashes_at(tree->size, level) / TILE_WIDTH,
                bytes_of(row, tree_row_len(width)));
    }
}

/* -- its root: the nodes at the right edge all stand in tails -- */

static enum err edge_node(void *ctx, unsigned level, uint64_t index, uint8_t ret[HASH_LEN]) {
    const struct tree *tree = ctx;
    unsigned height = level % TILE_HEIGHT;
    assert(index == (tree->size >> level) - 1);
    unsigned at = (unsigned)(index % (TILE_WIDTH >> height));
    memcpy(ret, node_of(tree, level / TILE_HEIGHT, height, at), HASH_LEN);
    return ERR_OK;
}

void tree_root(const struct tree *tree, uint8_t ret[HASH_LEN]) {
    struct merkle_source source = {(void *)(uintptr_t)tree, edge_node};
    enum err err = merkle_root(&source, tree->size, ret);
    assert(!err);
    (void)err;
}

/* -- loading -- */

/* Grows the tail from its hashes; the nodes that the row holds above them must come out. */
static enum err load_tail(struct tree *tree, unsigned level, unsigned width, struct bytes row) {
    uint8_t root[HASH_LEN];
    if (row.len != tree_row_len(width)) return ERR_CORRUPT;
    for (unsigned at = 0; at < width; at++)
        (void)place(tree, level, at, row.data + (size_t)at * HASH_LEN, root); /* never full */
    for (unsigned height = 0; width >> height; height++)
        if (memcmp(row.data + tree_row_offset(width, height, 0), node_of(tree, level, height, 0),
                   (size_t)(width >> height) * HASH_LEN) != 0)
            return ERR_CORRUPT;
    return ERR_OK;
}

enum err tree_load(struct tree *tree, uint64_t size, tree_get *get, void *arg) {
    if (size >= SIZE_MAX_LEAVES) return ERR_CORRUPT;
    struct buf row;
    buf_init(&row, TREE_ROW_MAX);
    tree_init(tree);
    tree->size = size;
    enum err err = ERR_OK;
    for (unsigned level = 0; !err && level <= TILE_LEVEL_MAX; level++) {
        unsigned width = tail_width(size, level);
        if (width == 0) continue;
        err = get(arg, level, hashes_at(size, level) / TILE_WIDTH, width, &row);
        if (!err) err = load_tail(tree, level, width, buf_bytes(&row));
    }
    buf_done(&row);
    return err;
}
