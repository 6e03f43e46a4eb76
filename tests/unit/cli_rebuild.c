/* A log's tree grown again from what a mirror shows: right for every size, and no flipped byte anywhere goes unnoticed. The mirror here is an array. */
#include "api/cli/rebuild.h"
#include "ledger/record/record.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#define LEAVES 1400

static uint8_t leaves[LEAVES][LEAF_LEN];
static uint64_t log_size;
static uint64_t flip_bundle, flip_level, flip_tile; /* which byte is flipped on its way */
static size_t flip_at;
static enum { FLIP_NONE, FLIP_ENTRY, FLIP_HASH } flip;
static enum err fails_with;

static void leaves_make(void) {
    for (unsigned i = 0; i < LEAVES; i++) {
        uint8_t hash[32];
        memset(hash, (int)(i % 251), sizeof hash);
        put_u32(hash, i);
        leaf_encode(1000 + i / 3, hash, leaves[i]);
    }
}

static void subtree(unsigned level, uint64_t index, uint8_t ret[HASH_LEN]) {
    struct merkle_frontier frontier = {.size = 0};
    uint8_t hash[HASH_LEN];
    for (uint64_t i = index << level; i < (index + 1) << level; i++) {
        merkle_leaf(bytes_of(leaves[i], LEAF_LEN), hash);
        merkle_frontier_append(&frontier, hash);
    }
    merkle_frontier_root(&frontier, ret);
}

/* Instead of HTTP. */
enum err mirror_tile(struct mirror *mirror, unsigned level, uint64_t index, unsigned width,
                     uint8_t *ret) {
    (void)mirror;
    if (fails_with) return fails_with;
    cr_assert(width >= 1 && width <= tile_width_at(level, index, log_size));
    for (unsigned i = 0; i < width; i++)
        subtree(level * TILE_HEIGHT, index * TILE_WIDTH + i, ret + (size_t)i * HASH_LEN);
    if (flip == FLIP_HASH && level == flip_level && index == flip_tile &&
        flip_at < (size_t)width * HASH_LEN)
        ret[flip_at] ^= 1;
    return ERR_OK;
}

enum err mirror_bundle(struct mirror *mirror, uint64_t index, unsigned width, struct buf *ret) {
    (void)mirror;
    if (fails_with) return fails_with;
    buf_done(ret);
    buf_init(ret, 1 << 20);
    for (unsigned i = 0; i < width; i++) {
        struct bytes leaf = bytes_of(leaves[index * TILE_WIDTH + i], LEAF_LEN);
        cr_assert(tile_entry_add(ret, leaf) == ERR_OK);
    }
    if (flip == FLIP_ENTRY && index == flip_bundle && flip_at < ret->len) ret->data[flip_at] ^= 1;
    return ERR_OK;
}

static void root_of(uint64_t size, uint8_t ret[HASH_LEN]) {
    struct merkle_frontier frontier = {.size = 0};
    uint8_t hash[HASH_LEN];
    for (uint64_t i = 0; i < size; i++) {
        merkle_leaf(bytes_of(leaves[i], LEAF_LEN), hash);
        merkle_frontier_append(&frontier, hash);
    }
    merkle_frontier_root(&frontier, ret);
}

static enum err rebuild_log(uint64_t from, uint64_t size) {
    struct mirror mirror = {NULL, {ERR_OK, "", "", "", ""}};
    struct problem why = {ERR_OK, "", "", "", ""};
    struct rebuild *rebuild = NULL;
    uint8_t old[HASH_LEN], root[HASH_LEN], hash[32];
    uint64_t time = 0;
    log_size = size;
    root_of(from, old);
    root_of(size, root);
    if (from) cr_assert(leaf_decode(leaves[from - 1], &time, hash) == ERR_OK);
    cr_assert(rebuild_open(&mirror, size, &why, &rebuild) == ERR_OK);
    enum err err = from ? rebuild_from(rebuild, from, old, time) : ERR_OK;
    if (!err) err = rebuild_run(rebuild, root);
    if (!err) cr_assert(rebuild->size == size);
    rebuild_close(rebuild);
    return err;
}

TestSuite(rebuild, .init = leaves_make);

Test(rebuild, gives_the_root_of_every_size_around_full_tiles) {
    static const uint64_t sizes[] = {0, 1, 2, 3, 255, 256, 257, 300, 511, 512, 513, 1024, LEAVES};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
        cr_assert(rebuild_log(0, sizes[i]) == ERR_OK, "%zu", i);
}

Test(rebuild, goes_on_from_any_remembered_size) {
    static const uint64_t sizes[] = {1, 2, 100, 255, 256, 257, 511, 512, 700};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        for (size_t j = i; j < sizeof sizes / sizeof sizes[0]; j++)
            cr_assert(rebuild_log(sizes[i], sizes[j]) == ERR_OK, "%zu %zu", i, j);
    }
}

Test(rebuild, every_flipped_byte_of_a_bundle_is_noticed) {
    flip = FLIP_ENTRY;
    for (flip_bundle = 0; flip_bundle < 2; flip_bundle++) {
        size_t len = (flip_bundle ? 4 : TILE_WIDTH) * (2 + LEAF_LEN);
        for (flip_at = 0; flip_at < len; flip_at += flip_bundle ? 1 : 37)
            cr_assert(rebuild_log(0, 260) == ERR_PROOF, "bundle %d byte %zu", (int)flip_bundle,
                      flip_at);
    }
}

Test(rebuild, every_flipped_hash_of_a_tile_is_noticed_on_every_level) {
    flip = FLIP_HASH;
    for (flip_level = 0; flip_level < 2; flip_level++) {
        uint64_t tiles = flip_level ? 1 : 3;
        for (flip_tile = 0; flip_tile < tiles; flip_tile++) {
            unsigned width = tile_width_at((unsigned)flip_level, flip_tile, 600);
            for (unsigned i = 0; i<width; i += width> 20 ? 31 : 1) {
                flip_at = (size_t)i * HASH_LEN + i % HASH_LEN;
                cr_assert(rebuild_log(0, 600) == ERR_PROOF, "%d/%d %u", (int)flip_level,
                          (int)flip_tile, i);
            }
        }
    }
}

Test(rebuild, a_flipped_hash_below_the_remembered_root_is_noticed) {
    flip = FLIP_HASH;
    flip_level = 1;
    flip_tile = 0;
    for (unsigned i = 0; i < 2; i++) {
        flip_at = (size_t)i * HASH_LEN;
        cr_assert(rebuild_log(515, 600) == ERR_PROOF);
    }
    flip_level = 0;
    flip_tile = 2;
    flip_at = 2 * HASH_LEN;
    cr_assert(rebuild_log(515, 600) == ERR_PROOF);
}

Test(rebuild, an_entry_below_the_remembered_size_that_changed_is_noticed) {
    flip = FLIP_ENTRY;
    flip_bundle = 2;
    flip_at = 1 * (2 + LEAF_LEN) + 20; /* entry 513, in the bundle that is read again */
    cr_assert(rebuild_log(515, 600) == ERR_PROOF);
}

Test(rebuild, time_that_goes_back_is_noticed) {
    uint8_t hash[32];
    uint64_t time;
    cr_assert(leaf_decode(leaves[300], &time, hash) == ERR_OK);
    leaf_encode(1, hash, leaves[300]);
    cr_assert(rebuild_log(0, 301) == ERR_PROOF);
    cr_assert(rebuild_log(300, 301) == ERR_PROOF);
    cr_assert(rebuild_log(0, 300) == ERR_OK);
}

Test(rebuild, a_leaf_of_another_version_is_noticed) {
    leaves[5][0] = 2;
    cr_assert(rebuild_log(0, 10) == ERR_PROOF);
}

Test(rebuild, what_cannot_be_read_is_no_finding) {
    fails_with = ERR_NO_ORDER;
    cr_assert(rebuild_log(0, 10) == ERR_NO_ORDER);
    cr_assert(rebuild_log(5, 10) == ERR_NO_ORDER);
}

Test(rebuild, a_log_beyond_the_named_tiles_is_refused) {
    struct mirror mirror = {NULL, {ERR_OK, "", "", "", ""}};
    struct problem why = {ERR_OK, "", "", "", ""};
    struct rebuild *rebuild = NULL;
    cr_assert(rebuild_open(&mirror, 1ull << 48, &why, &rebuild) == ERR_TOO_LARGE);
    cr_assert(why.detail[0]);
}
