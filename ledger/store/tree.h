/* The growing tree in memory: its frontier and the tail tile of each level. store_commit appends to it and reads nothing; fsck grows one from
 * nothing, and what it puts must be what is stored.
 *
 * Tile (level, i) of a tree holds hashes i*256 .. of that level; a hash of level l+1 is the root of a full tile of level l (C2SP tlog-tiles). */
#ifndef QIZHENG_STORE_TREE_H
#define QIZHENG_STORE_TREE_H

#include "ledger/proof/tile.h"

struct tree { /* about 50 KiB: never on a stack */
    struct merkle_frontier frontier;
    uint8_t tails[TILE_LEVEL_MAX + 1][TILE_LEN]; /* only the first width_at hashes mean anything */
};

/* Takes a row: hashes are width * 32 bytes, borrowed. */
typedef void tree_put(void *arg, unsigned level, uint64_t index, struct bytes hashes);

void tree_init(struct tree *tree); /* empty */
/* The frontier and tails of a stored tree of that size. The reader's errors; ERR_CORRUPT where the size is beyond 2^48. */
enum err tree_load(struct tree *tree, struct tile_reader reader, uint64_t size) MUST_CHECK;
/* Calls put for each tile that this leaf fills. Asserts that there is room below 2^48. */
void tree_append(struct tree *tree, const uint8_t leaf_hash[HASH_LEN], tree_put *put, void *arg);
/* Calls put for each tail that is neither empty nor the same as it was at old_size. */
void tree_tails(const struct tree *tree, uint64_t old_size, tree_put *put, void *arg);
void tree_copy(struct tree *to, const struct tree *from); /* only what means anything */

#endif
