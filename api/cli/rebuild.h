/* A log's tree, grown again from its entries and compared with the tiles that the log shows, on every level.
 *
 * It starts from nothing, or from a size whose root is known: then the hashes at the tree's right edge are taken from the tiles and must give that root.
 * Memory: one tile per level and one bundle, whatever the log's size. */
#ifndef QIZHENG_API_CLI_REBUILD_H
#define QIZHENG_API_CLI_REBUILD_H

#include "api/cli/mirror.h"

struct rebuild {
    struct mirror *mirror;
    uint64_t size;    /* leaves so far */
    uint64_t target;  /* leaves that the checkpoint covers */
    uint64_t from;    /* where it started */
    uint64_t time_ms; /* of the newest leaf */
    uint64_t tiles;   /* compared */
    struct merkle_frontier frontier;
    struct {
        uint8_t *hashes; /* of the tile that is being filled; TILE_LEN; owned */
        unsigned count;
        uint64_t index;
    } levels[TILE_LEVEL_MAX + 1];
    struct buf bundle;
    struct problem *why; /* whoever fails says why here */
};

/* From nothing. target: below 2^48. */
enum err rebuild_open(struct mirror *mirror, uint64_t target, struct problem *why,
                      struct rebuild **ret) MUST_CHECK;
/* From a tree of size leaves, whose newest leaf's time is known. ERR_PROOF where the tiles do not give that root. */
enum err rebuild_from(struct rebuild *rebuild, uint64_t size, const uint8_t root[HASH_LEN],
                      uint64_t time_ms) MUST_CHECK;
/* Everything up to the target: leaves (form, version, times that never fall), tiles of every level, and the root. ERR_PROOF where something differs;
 * ERR_NOT_FOUND, ERR_NO_ORDER and the like where something could not be read. */
enum err rebuild_run(struct rebuild *rebuild, const uint8_t root[HASH_LEN]) MUST_CHECK;
void rebuild_close(struct rebuild *rebuild); /* accepts NULL */

#endif
