/* The growing tree in memory: the tail tile of each level. store_commit appends to it and reads nothing; fsck grows one from nothing, and what
 * it puts must be what is stored.
 *
 * Tile (level, i) of a tree holds hashes 256*i .. of that level; a hash of level l+1 is the root of a full tile of level l (C2SP tlog-tiles). Its
 * row holds more: behind the `width` hashes (height 0) stand the width/2 nodes above them (height 1), then width/4, up to height 7. They are
 * computed once, when the leaf is appended, so that no proof hashes anything: 255 hashes for each tile on its way is what a proof would cost. */
#ifndef QIZHENG_STORE_TREE_H
#define QIZHENG_STORE_TREE_H

#include "ledger/proof/tile.h"

#define TREE_TILE_NODES (2 * TILE_WIDTH - 2) /* of a full tile, without its root */
#define TREE_ROW_MAX (TREE_TILE_NODES * HASH_LEN)

struct tree { /* about 100 KiB: never on a stack */
    uint64_t size;
    uint8_t tails[TILE_LEVEL_MAX + 1][TREE_TILE_NODES][HASH_LEN]; /* as in a full tile's row */
};

/* Takes a row, borrowed. */
typedef void tree_put(void *arg, unsigned level, uint64_t index, struct bytes row);
/* Gives the row of a tile that must have that width. */
typedef enum err tree_get(void *arg, unsigned level, uint64_t index, unsigned width,
                          struct buf *ret);

/* Bytes of the row of a tile of that width, and where in it node `at` of that height begins. */
size_t tree_row_len(unsigned width);
size_t tree_row_offset(unsigned width, unsigned height, unsigned at);

void tree_init(struct tree *tree); /* empty */
/* The tails of a stored tree of that size. The getter's errors; ERR_CORRUPT where a row has the wrong length or the size is beyond 2^48. */
enum err tree_load(struct tree *tree, uint64_t size, tree_get *get, void *arg) MUST_CHECK;
/* Calls put for each tile that this leaf fills. Asserts that there is room below 2^48. */
void tree_append(struct tree *tree, const uint8_t leaf_hash[HASH_LEN], tree_put *put, void *arg);
/* Calls put for each tail that is neither empty nor the same as it was at old_size. */
void tree_tails(const struct tree *tree, uint64_t old_size, tree_put *put, void *arg);
void tree_root(const struct tree *tree, uint8_t ret[HASH_LEN]);
void tree_copy(struct tree *to, const struct tree *from); /* only what means anything */

#endif
