/* See rebuild.h. */
#include "api/cli/rebuild.h"

#include "api/cli/command.h"
#include "ledger/record/record.h"

#include <stdlib.h>
#include <string.h>

#define N(value) ((unsigned long long)(value))

enum err rebuild_open(struct mirror *mirror, uint64_t target, struct problem *why,
                      struct rebuild **ret) {
    if (target >> (TILE_HEIGHT * (TILE_LEVEL_MAX + 1)))
        return problem_set(why, ERR_TOO_LARGE, "A log of 2^48 leaves or more is not audited.");
    struct rebuild *rebuild = calloc(1, sizeof *rebuild);
    if (!rebuild) return ERR_NO_MEMORY;
    rebuild->mirror = mirror;
    rebuild->target = target;
    rebuild->why = why;
    buf_init(&rebuild->bundle, 1);
    for (unsigned level = 0; level <= TILE_LEVEL_MAX; level++) {
        rebuild->levels[level].hashes = malloc(TILE_LEN);
        if (rebuild->levels[level].hashes) continue;
        rebuild_close(rebuild);
        return ERR_NO_MEMORY;
    }
    *ret = rebuild;
    return ERR_OK;
}

void rebuild_close(struct rebuild *rebuild) {
    if (!rebuild) return;
    for (unsigned level = 0; level <= TILE_LEVEL_MAX; level++) free(rebuild->levels[level].hashes);
    buf_done(&rebuild->bundle);
    free(rebuild);
}

static enum err mirror_failed(struct rebuild *rebuild, enum err err) {
    *rebuild->why = rebuild->mirror->why;
    return err;
}

/* -- starting in the middle -- */

/* Hashes of the tiles held here: those at the right edge of a tree of `from` leaves. */
static enum err edge_read(void *ctx, unsigned level, uint64_t index, unsigned width, uint8_t *ret) {
    const struct rebuild *rebuild = ctx;
    if (rebuild->levels[level].index != index || rebuild->levels[level].count < width)
        return ERR_NOT_FOUND;
    memcpy(ret, rebuild->levels[level].hashes, (size_t)width * HASH_LEN);
    return ERR_OK;
}

static enum err edge_load(struct rebuild *rebuild, uint64_t size) {
    for (unsigned level = 0; level <= TILE_LEVEL_MAX; level++) {
        uint64_t hashes = size >> (level * TILE_HEIGHT), index = hashes / TILE_WIDTH;
        unsigned held = (unsigned)(hashes % TILE_WIDTH);
        rebuild->levels[level].index = index;
        rebuild->levels[level].count = held;
        if (!held) continue;
        unsigned width = tile_width_at(level, index, rebuild->target);
        enum err err =
            mirror_tile(rebuild->mirror, level, index, width, rebuild->levels[level].hashes);
        if (err) return mirror_failed(rebuild, err);
    }
    return ERR_OK;
}

enum err rebuild_from(struct rebuild *rebuild, uint64_t size, const uint8_t root[HASH_LEN],
                      uint64_t time_ms) {
    uint8_t found[HASH_LEN];
    struct tile_source tiles;
    enum err err = edge_load(rebuild, size);
    if (err) return err;
    tile_source_init(&tiles, (struct tile_reader){rebuild, edge_read}, size);
    struct merkle_source source = tile_source_merkle(&tiles);
    err = merkle_frontier_load(&source, size, &rebuild->frontier);
    tile_source_done(&tiles);
    if (err) return err;
    merkle_frontier_root(&rebuild->frontier, found);
    if (memcmp(found, root, HASH_LEN) != 0) {
        return problem_set(rebuild->why, ERR_PROOF,
                           "The tiles do not give the remembered root of %llu leaves: the log has "
                           "changed what it had shown.",
                           N(size));
    }
    rebuild->size = rebuild->from = size;
    rebuild->time_ms = time_ms;
    return ERR_OK;
}

/* -- tiles -- */

static enum err tile_compare(struct rebuild *rebuild, unsigned level, unsigned width) {
    uint8_t shown[TILE_LEN];
    uint64_t index = rebuild->levels[level].index;
    enum err err = mirror_tile(rebuild->mirror, level, index, width, shown);
    if (err) return mirror_failed(rebuild, err);
    rebuild->tiles++;
    if (memcmp(shown, rebuild->levels[level].hashes, (size_t)width * HASH_LEN) == 0) return ERR_OK;
    return problem_set(rebuild->why, ERR_PROOF,
                       "Tile %u/%llu is not what the entries below it give.", level, N(index));
}

/* Puts a hash on a level; a full tile is compared, and its root goes one level up. */
static enum err level_append(struct rebuild *rebuild, const uint8_t hash[HASH_LEN]) {
    uint8_t up[HASH_LEN];
    memcpy(up, hash, HASH_LEN);
    for (unsigned level = 0; level <= TILE_LEVEL_MAX; level++) {
        uint8_t *hashes = rebuild->levels[level].hashes;
        memcpy(hashes + (size_t)rebuild->levels[level].count++ * HASH_LEN, up, HASH_LEN);
        if (rebuild->levels[level].count < TILE_WIDTH) return ERR_OK;
        enum err err = tile_compare(rebuild, level, TILE_WIDTH);
        if (err) return err;
        struct merkle_frontier tile = {.size = 0};
        for (unsigned i = 0; i < TILE_WIDTH; i++)
            merkle_frontier_append(&tile, hashes + (size_t)i * HASH_LEN);
        merkle_frontier_root(&tile, up);
        rebuild->levels[level].count = 0;
        rebuild->levels[level].index++;
    }
    return ERR_OK;
}

static enum err tiles_finish(struct rebuild *rebuild) {
    enum err err = ERR_OK;
    for (unsigned level = 0; !err && level <= TILE_LEVEL_MAX; level++) {
        if (rebuild->levels[level].count)
            err = tile_compare(rebuild, level, rebuild->levels[level].count);
    }
    return err;
}

/* -- leaves -- */

static enum err leaf_check(struct rebuild *rebuild, uint64_t index, struct bytes leaf) {
    uint64_t time_ms;
    uint8_t hash[32];
    if (leaf.len != LEAF_LEN || leaf_decode(leaf.data, &time_ms, hash)) {
        return problem_set(rebuild->why, ERR_PROOF,
                           "Leaf %llu has a form or a version that is not known.", N(index));
    }
    if (time_ms < rebuild->time_ms) {
        return problem_set(rebuild->why, ERR_PROOF,
                           "Leaf %llu is older than the leaf before it: ledger time went back.",
                           N(index));
    }
    rebuild->time_ms = time_ms;
    return ERR_OK;
}

static enum err leaf_take(struct rebuild *rebuild, uint64_t index, struct bytes leaf) {
    uint8_t hash[HASH_LEN];
    merkle_leaf(leaf, hash);
    if (index < rebuild->size) { /* in the tree already: the bundle begins before `from` */
        const uint8_t *held = rebuild->levels[0].hashes + (index % TILE_WIDTH) * HASH_LEN;
        if (memcmp(held, hash, HASH_LEN) == 0) return ERR_OK;
        return problem_set(rebuild->why, ERR_PROOF, "Entry %llu is not what its hash stands for.",
                           N(index));
    }
    enum err err = leaf_check(rebuild, index, leaf);
    if (err) return err;
    merkle_frontier_append(&rebuild->frontier, hash);
    rebuild->size++;
    return level_append(rebuild, hash);
}

static enum err bundle_take(struct rebuild *rebuild, uint64_t index) {
    unsigned width = tile_width_at(0, index, rebuild->target);
    enum err err = mirror_bundle(rebuild->mirror, index, width, &rebuild->bundle);
    if (err) return mirror_failed(rebuild, err);
    struct bytes rest = buf_bytes(&rebuild->bundle), leaf;
    for (unsigned i = 0; !err && i < width; i++) {
        err = tile_entry_next(&rest, &leaf);
        if (err)
            return problem_set(rebuild->why, err, "Entry bundle %llu ends before entry %u.",
                               N(index), i);
        err = leaf_take(rebuild, index * TILE_WIDTH + i, leaf);
    }
    return err;
}

enum err rebuild_run(struct rebuild *rebuild, const uint8_t root[HASH_LEN]) {
    uint8_t found[HASH_LEN];
    enum err err = ERR_OK;
    while (!err && rebuild->size < rebuild->target) {
        err = bundle_take(rebuild, rebuild->size / TILE_WIDTH);
        if (!err)
            say_progress("audit", rebuild->size - rebuild->from, rebuild->target - rebuild->from);
    }
    if (!err) err = tiles_finish(rebuild);
    if (err) return err;
    merkle_frontier_root(&rebuild->frontier, found);
    if (memcmp(found, root, HASH_LEN) == 0) return ERR_OK;
    return problem_set(rebuild->why, ERR_PROOF,
                       "The %llu entries do not give the root that the checkpoint signs.",
                       N(rebuild->target));
}
