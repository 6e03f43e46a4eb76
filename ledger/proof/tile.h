/* Tiles (C2SP tlog-tiles): height 8, so a full tile is 256 hashes; entry bundles are 256 leaves, each with a u16 length before it.
 *
 *   /tile/<L>/<N>[.p/<W>]   /tile/entries/<N>[.p/<W>]    N in groups of three digits, all but the last with an x before: x001/x234/067 */
#ifndef QIZHENG_PROOF_TILE_H
#define QIZHENG_PROOF_TILE_H

#include "ledger/proof/merkle.h"

#define TILE_HEIGHT 8
#define TILE_WIDTH 256
#define TILE_LEN (TILE_WIDTH * HASH_LEN)
#define TILE_LEVEL_MAX                                                                             \
    5 /* levels 0..5 name every perfect subtree of a tree below 2^48 leaves; the standard allows 63 */

struct tile {
    bool entries; /* a bundle of leaves; level is 0 then */
    unsigned level;
    uint64_t index;
    unsigned width; /* 1..256; 256: full, and no .p in the path */
};

/* path begins with "/tile/". Strict: one path per tile, no leading zeros beyond the groups' own. ERR_NOT_FOUND. */
enum err tile_path_parse(struct bytes path, struct tile *ret) MUST_CHECK;
enum err tile_path_format(const struct tile *tile, struct buf *out) MUST_CHECK;
/* How many hashes tile (level, index) holds in a tree of that size: 0..256. */
unsigned tile_width_at(unsigned level, uint64_t index, uint64_t size);

/* Gives the first `width` hashes of a tile into ret (width * 32 bytes). */
struct tile_reader {
    void *ctx;
    enum err (*read)(void *ctx, unsigned level, uint64_t index, unsigned width, uint8_t *ret);
};

/* A merkle_source over tiles: hashes inside the tile that covers the node. One object per thread: it keeps the last tile read per level.
 * size: the tree's, so that only hashes that exist are asked for. */
struct tile_source {
    struct tile_reader reader;
    uint64_t size;
    struct {
        bool held;
        uint64_t index;
        unsigned width;
        uint8_t *hashes;
    } cache[TILE_LEVEL_MAX + 1]; /* owned; tile_source_done */
};

void tile_source_init(struct tile_source *source, struct tile_reader reader, uint64_t size);
void tile_source_done(struct tile_source *source);
struct merkle_source tile_source_merkle(struct tile_source *source);

/* One entry of a bundle: appends u16 length and the leaf. */
enum err tile_entry_add(struct buf *bundle, struct bytes leaf) MUST_CHECK;
/* Cuts the next leaf off *bundle. ERR_PROOF where it is cut short. */
enum err tile_entry_next(struct bytes *bundle, struct bytes *ret_leaf) MUST_CHECK;

#endif
