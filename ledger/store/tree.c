/* See tree.h. Invariant: tails[l] holds the first (size >> 8l) % 256 hashes of its tile, and frontier.size is the size. */
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

void tree_init(struct tree *tree) {
    memset(tree, 0, sizeof *tree);
}

void tree_copy(struct tree *to, const struct tree *from) {
    to->frontier = from->frontier;
    for (unsigned level = 0; level <= TILE_LEVEL_MAX; level++)
        memcpy(to->tails[level], from->tails[level],
               (size_t)tail_width(from->frontier.size, level) * HASH_LEN);
}

/* Root of a full tile, in place. */
static void fold(uint8_t hashes[TILE_LEN], uint8_t ret[HASH_LEN]) {
    for (unsigned width = TILE_WIDTH; width > 1; width /= 2)
        for (unsigned i = 0; i < width / 2; i++)
            merkle_node(hashes + (size_t)(2 * i) * HASH_LEN,
                        hashes + (size_t)(2 * i + 1) * HASH_LEN, hashes + (size_t)i * HASH_LEN);
    memcpy(ret, hashes, HASH_LEN);
}

void tree_append(struct tree *tree, const uint8_t leaf_hash[HASH_LEN], tree_put *put, void *arg) {
    uint64_t size = tree->frontier.size;
    assert(size < SIZE_MAX_LEAVES - 1);
    uint8_t hash[HASH_LEN];
    memcpy(hash, leaf_hash, HASH_LEN);
    for (unsigned level = 0; level <= TILE_LEVEL_MAX; level++) {
        unsigned at = tail_width(size, level);
        memcpy(tree->tails[level] + (size_t)at * HASH_LEN, hash, HASH_LEN);
        if (at + 1 < TILE_WIDTH) break;
        put(arg, level, hashes_at(size, level) / TILE_WIDTH,
            bytes_of(tree->tails[level], TILE_LEN));
        fold(tree->tails[level], hash);
    }
    merkle_frontier_append(&tree->frontier, leaf_hash);
    assert(tree->frontier.size == size + 1);
}

void tree_tails(const struct tree *tree, uint64_t old_size, tree_put *put, void *arg) {
    uint64_t size = tree->frontier.size;
    for (unsigned level = 0; level <= TILE_LEVEL_MAX; level++) {
        if (hashes_at(size, level) == hashes_at(old_size, level)) break; /* nor any above */
        unsigned width = tail_width(size, level);
        if (width)
            put(arg, level, hashes_at(size, level) / TILE_WIDTH,
                bytes_of(tree->tails[level], (size_t)width * HASH_LEN));
    }
}

enum err tree_load(struct tree *tree, struct tile_reader reader, uint64_t size) {
    if (size >= SIZE_MAX_LEAVES) return ERR_CORRUPT;
    tree_init(tree);
    enum err err = ERR_OK;
    for (unsigned level = 0; !err && level <= TILE_LEVEL_MAX; level++) {
        unsigned width = tail_width(size, level);
        if (width)
            err = reader.read(reader.ctx, level, hashes_at(size, level) / TILE_WIDTH, width,
                              tree->tails[level]);
    }
    if (err) return err;
    struct tile_source source;
    tile_source_init(&source, reader, size);
    struct merkle_source merkle = tile_source_merkle(&source);
    err = merkle_frontier_load(&merkle, size, &tree->frontier);
    tile_source_done(&source);
    return err;
}
