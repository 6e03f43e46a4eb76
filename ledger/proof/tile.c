/* Tiles: their paths, their contents, and a merkle_source over them. See tile.h; the standard is C2SP tlog-tiles.
 *
 * Happy path: a path names a tile, a store or a server gives its hashes, and the Merkle code asks for perfect subtrees, which
 * are hashed up inside the one tile that covers them.
 * Failure modes: a path that is not the one path of its tile is ERR_NOT_FOUND (there is nothing there); a bundle that is cut
 * short is ERR_PROOF; what the reader says is passed on.
 * Invariants:
 *   1. tile_path_parse and tile_path_format are inverse: no tile has two paths.
 *   2. A tile is read at the width it has in the source's tree, so a hash beyond that tree is never asked for. */
#include "ledger/proof/tile.h"

#include "ledger/base/text.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define LEVEL_LIMIT 63                        /* the standard's */
#define INDEX_LIMIT (UINT64_C(1) << (64 - 8)) /* 256 times that many leaves is all 64 bits count */
#define GROUP_DIGITS 3

/* -- paths -- */

static bool path_skip(struct bytes *path, const char *prefix) {
    if (!bytes_starts(*path, prefix)) return false;
    *path = bytes_slice(*path, strlen(prefix), path->len);
    return true;
}

/* Cuts what stands before the next slash, or everything. *ret_last: there was no slash. */
static struct bytes path_element(struct bytes *path, bool *ret_last) {
    size_t end = bytes_find(*path, '/', 0);
    struct bytes element = bytes_slice(*path, 0, end);
    *ret_last = end == path->len;
    *path = bytes_slice(*path, *ret_last ? end : end + 1, path->len);
    return element;
}

static bool group_parse(struct bytes group, uint64_t *index) {
    if (group.len != GROUP_DIGITS) return false;
    for (size_t i = 0; i < group.len; i++) {
        if (group.data[i] < '0' || group.data[i] > '9') return false;
        *index = *index * 10 + (uint64_t)(group.data[i] - '0');
        if (*index >= INDEX_LIMIT) return false; /* before the next digit could overflow */
    }
    return true;
}

/* "It MUST be a non-negative integer encoded into zero-padded 3-digit path elements. All but the last path element MUST begin
 * with an `x`." A first element x000 would give a second path to the same tile. */
static bool index_parse(struct bytes *path, struct tile *tile) {
    tile->index = 0;
    for (bool first = true;; first = false) {
        bool last;
        struct bytes element = path_element(path, &last);
        if (!last && path_skip(&element, "x")) {
            if (!group_parse(element, &tile->index) || (first && tile->index == 0)) return false;
            continue;
        }
        bool partial = element.len == GROUP_DIGITS + 2 && element.data[GROUP_DIGITS] == '.' &&
                       element.data[GROUP_DIGITS + 1] == 'p';
        if (partial) element.len = GROUP_DIGITS;
        tile->width = partial ? 0 : TILE_WIDTH;
        return partial != last && group_parse(element, &tile->index);
    }
}

/* "<W> is the width of the tile, a decimal ASCII integer between 1 and 255, with no additional leading zeroes." */
static bool width_parse(struct bytes path, struct tile *tile) {
    uint64_t width;
    if (decimal_parse(path, &width) || width < 1 || width >= TILE_WIDTH) return false;
    tile->width = (unsigned)width;
    return true;
}

/* "<L> is the "level" of the tile, and MUST be a decimal ASCII integer between 0 and 63, with no additional leading zeroes."
 * No tree of ours reaches above TILE_LEVEL_MAX, so there is nothing to be found there. */
static bool level_parse(struct bytes element, struct tile *tile) {
    uint64_t level;
    tile->entries = bytes_is(element, "entries");
    tile->level = 0;
    if (tile->entries) return true;
    if (decimal_parse(element, &level) || level > LEVEL_LIMIT) return false;
    tile->level = (unsigned)level;
    return level <= TILE_LEVEL_MAX;
}

enum err tile_path_parse(struct bytes path, struct tile *ret) {
    struct tile tile;
    bool last;
    if (!path_skip(&path, "/tile/")) return ERR_NOT_FOUND;
    if (!level_parse(path_element(&path, &last), &tile) || last) return ERR_NOT_FOUND;
    if (!index_parse(&path, &tile)) return ERR_NOT_FOUND;
    if (tile.width != TILE_WIDTH && !width_parse(path, &tile)) return ERR_NOT_FOUND;
    *ret = tile;
    return ERR_OK;
}

/* "For example, index 1234067 will be encoded as `x001/x234/067`." */
static enum err index_format(uint64_t index, struct buf *out) {
    uint64_t unit = 1;
    while (index / unit >= 1000) unit *= 1000;
    for (; unit > 1; unit /= 1000) {
        enum err err = buf_format(out, "x%03u/", (unsigned)(index / unit % 1000));
        if (err) return err;
    }
    return buf_format(out, "%03u", (unsigned)(index % 1000));
}

enum err tile_path_format(const struct tile *tile, struct buf *out) {
    assert(tile->width >= 1 && tile->width <= TILE_WIDTH && tile->index < INDEX_LIMIT);
    assert(tile->level <= LEVEL_LIMIT && (!tile->entries || tile->level == 0));
    enum err err = tile->entries ? buf_add_text(out, "/tile/entries/")
                                 : buf_format(out, "/tile/%u/", tile->level);
    if (!err) err = index_format(tile->index, out);
    /* "The .p/<W> suffix is only present for partial tiles" */
    if (!err && tile->width < TILE_WIDTH) err = buf_format(out, ".p/%u", tile->width);
    return err;
}

/* "The partial tile at level l for a tree of size s has floor(s / 256**l) mod 256 entries." */
unsigned tile_width_at(unsigned level, uint64_t index, uint64_t size) {
    if (level * TILE_HEIGHT >= 64) return 0;
    uint64_t hashes = size >> (level * TILE_HEIGHT);
    if (index > hashes / TILE_WIDTH) return 0;
    uint64_t width = hashes - index * TILE_WIDTH;
    return width < TILE_WIDTH ? (unsigned)width : TILE_WIDTH;
}

/* -- a merkle_source over tiles -- */

void tile_source_init(struct tile_source *source, struct tile_reader reader, uint64_t size) {
    memset(source, 0, sizeof *source);
    source->reader = reader;
    source->size = size;
}

void tile_source_done(struct tile_source *source) {
    for (size_t i = 0; i <= TILE_LEVEL_MAX; i++) free(source->cache[i].hashes);
    memset(source->cache, 0, sizeof source->cache);
}

/* The tile's hashes in cache[level], read where another tile or nothing is held. */
static enum err source_hold(struct tile_source *source, unsigned level, uint64_t index) {
    if (source->cache[level].held && source->cache[level].index == index) return ERR_OK;
    if (!source->cache[level].hashes) source->cache[level].hashes = malloc(TILE_LEN);
    if (!source->cache[level].hashes) return ERR_NO_MEMORY;
    source->cache[level].held = false;
    unsigned width = tile_width_at(level, index, source->size);
    if (width == 0) return ERR_NOT_FOUND;
    enum err err =
        source->reader.read(source->reader.ctx, level, index, width, source->cache[level].hashes);
    if (err) return err;
    source->cache[level].held = true;
    source->cache[level].index = index;
    source->cache[level].width = width;
    return ERR_OK;
}

/* Root of 2^height hashes that stand side by side. "The Merkle Tree levels between those expressed by the tile hashes are
 * reconstructed by hashing the leaves." */
static void hashes_root(const uint8_t *hashes, unsigned height, uint8_t ret[HASH_LEN]) {
    if (height == 0) {
        memcpy(ret, hashes, HASH_LEN);
        return;
    }
    uint8_t left[HASH_LEN], right[HASH_LEN];
    hashes_root(hashes, height - 1, left); /* at most TILE_HEIGHT - 1 deep */
    hashes_root(hashes + ((size_t)HASH_LEN << (height - 1)), height - 1, right);
    merkle_node(left, right, ret);
}

static enum err source_node(void *ctx, unsigned level, uint64_t index, uint8_t ret[HASH_LEN]) {
    struct tile_source *source = ctx;
    unsigned tile_level = level / TILE_HEIGHT, height = level % TILE_HEIGHT;
    unsigned per_tile = TILE_WIDTH >> height; /* nodes of this level in one tile */
    if (tile_level > TILE_LEVEL_MAX) return ERR_NOT_FOUND;
    enum err err = source_hold(source, tile_level, index / per_tile);
    if (err) return err;
    unsigned from = (unsigned)(index % per_tile) << height;
    if (from + (1u << height) > source->cache[tile_level].width) return ERR_NOT_FOUND;
    hashes_root(source->cache[tile_level].hashes + (size_t)from * HASH_LEN, height, ret);
    return ERR_OK;
}

struct merkle_source tile_source_merkle(struct tile_source *source) {
    return (struct merkle_source){source, source_node};
}

/* -- bundles: "sequences of big-endian uint16 length-prefixed log entries" -- */

enum err tile_entry_add(struct buf *bundle, struct bytes leaf) {
    if (leaf.len > UINT16_MAX) return ERR_TOO_LARGE;
    enum err err = buf_reserve(bundle, 2 + leaf.len);
    if (!err) err = buf_add_u16(bundle, (uint16_t)leaf.len);
    return err ? err : buf_add(bundle, leaf);
}

enum err tile_entry_next(struct bytes *bundle, struct bytes *ret_leaf) {
    struct cursor cursor = cursor_of(*bundle);
    uint16_t len = cursor_u16(&cursor);
    struct bytes leaf = cursor_take(&cursor, len);
    if (cursor.failed) return ERR_PROOF;
    *bundle = cursor.rest;
    *ret_leaf = leaf;
    return ERR_OK;
}
