/* Tiles: one path each, widths, proofs made from tiles alone, bundles. */
#include "tests/lib/tree.h"

/* -- paths -- */

static enum err parse(const char *path, struct tile *ret) {
    struct bytes copy = exact_copy(bytes_text(path));
    enum err err = tile_path_parse(copy, ret);
    exact_free(copy);
    return err;
}

static void format_is(const struct tile *tile, const char *want) {
    struct buf out;
    buf_init(&out, 256);
    cr_assert(tile_path_format(tile, &out) == ERR_OK);
    cr_assert(bytes_is(buf_bytes(&out), want), "%s, not %s", buf_text(&out), want);
    buf_done(&out);
}

Test(proof_tile, tile_paths_read_and_write_alike) {
    const struct {
        const char *path;
        struct tile tile;
    } cases[] = {
        {"/tile/0/000", {false, 0, 0, 256}},
        {"/tile/0/001", {false, 0, 1, 256}},
        {"/tile/5/999", {false, 5, 999, 256}},
        {"/tile/0/x001/000", {false, 0, 1000, 256}},
        {"/tile/0/x001/x234/067", {false, 0, 1234067, 256}}, /* the standard's example */
        {"/tile/0/x001/x234/067.p/17", {false, 0, 1234067, 17}},
        {"/tile/2/000.p/1", {false, 2, 0, 1}},
        {"/tile/2/000.p/255", {false, 2, 0, 255}},
        {"/tile/entries/000", {true, 0, 0, 256}},
        {"/tile/entries/x123/456.p/42", {true, 0, 123456, 42}},
        {"/tile/0/x072/x057/x594/x037/x927/935",
         {false, 0, (UINT64_C(1) << 56) - 1, 256}}, /* the last there can be */
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct tile tile;
        cr_assert(parse(cases[i].path, &tile) == ERR_OK, "%s", cases[i].path);
        cr_assert(tile.entries == cases[i].tile.entries && tile.level == cases[i].tile.level);
        cr_assert(tile.index == cases[i].tile.index && tile.width == cases[i].tile.width);
        format_is(&tile, cases[i].path);
    }
}

Test(proof_tile, tile_paths_that_are_not_the_one_path_are_not_found) {
    const char *bad[] = {
        "",
        "/",
        "/tile",
        "/tile/",
        "/tile/0",
        "/tile/0/",
        "tile/0/000",
        "/Tile/0/000",
        "//tile/0/000",
        "/tile//000",
        "/tile/0//000",
        "/tile/0/000/",
        "/tile/0/000 ",
        "/tile/00/000",
        "/tile/+0/000",
        "/tile/-1/000",
        "/tile/0x0/000",
        "/tile/a/000",
        "/tile/6/000",
        "/tile/63/000",
        "/tile/64/000",
        "/tile/18446744073709551616/000",
        "/tile/0/0",
        "/tile/0/00",
        "/tile/0/0000",
        "/tile/0/x018/x446/x744/x073/x709/x551/616", /* 2^64: not index 0 once more */
        "/tile/0/x072/x057/x594/x037/x927/936",      /* 2^56 */
        "/tile/0/x000",
        "/tile/0/x001",
        "/tile/0/x000/001",
        "/tile/0/001/002",
        "/tile/0/x001/x002",
        "/tile/0/x01/002",
        "/tile/0/x001/02",
        "/tile/0/X001/002",
        "/tile/0/x001x002/003",
        "/tile/0/x001//003",
        "/tile/0/x000/x001/002",
        "/tile/0/a00",
        "/tile/0/0a0",
        "/tile/0/00a",
        "/tile/0/-01",
        "/tile/0/000.p",
        "/tile/0/000.p/",
        "/tile/0/000.p/0",
        "/tile/0/000.p/256",
        "/tile/0/000.p/01",
        "/tile/0/000.p/1/",
        "/tile/0/000.p/1/2",
        "/tile/0/000.p/ 1",
        "/tile/0/000.p/999999999999999999999",
        "/tile/0/000.P/1",
        "/tile/0/000.q/1",
        "/tile/0/000p/1",
        "/tile/0/000/.p/1",
        "/tile/0/000/1",
        "/tile/0/x001.p/1",
        "/tile/0/x001.p/002",
        "/tile/0/.p/1",
        "/tile/entries",
        "/tile/entries/",
        "/tile/Entries/000",
        "/tile/entries/x000/000",
        "/tile/entries/000.p/300",
        "/tile/0/x072/x057/x594/x037/x927/936",
        "/tile/0/x999/x999/x999/x999/x999/x999/x999/x999/999",
        "/tile/0/%30%30%30",
        "/tile/../0/000",
        "/tile/0/x001/../001",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct tile tile = {.width = 77};
        cr_assert(parse(bad[i], &tile) == ERR_NOT_FOUND, "%s", bad[i]);
        cr_assert(tile.width == 77);
    }
    const uint8_t nul[] = "/tile/0/000\0/";
    struct tile tile;
    cr_assert(tile_path_parse(bytes_of(nul, sizeof nul - 1), &tile) == ERR_NOT_FOUND);
}

Test(proof_tile, every_path_that_parses_is_written_back_as_it_was) {
    const char alphabet[] = "01x.p/";
    char path[32] = "/tile/0/";
    size_t parsed = 0, base = strlen(path), letters = strlen(alphabet);
    for (size_t len = 3; len <= 7; len++) {
        size_t all = 1;
        for (size_t i = 0; i < len; i++) all *= letters;
        for (size_t n = 0; n < all; n++) {
            struct tile tile;
            size_t rest = n;
            for (size_t i = 0; i < len; i++, rest /= letters)
                path[base + i] = alphabet[rest % letters];
            path[base + len] = 0;
            if (tile_path_parse(bytes_text(path), &tile)) continue;
            parsed++;
            format_is(&tile, path);
        }
    }
    cr_assert(parsed == 8 + 8, "%zu", parsed); /* 000 to 111, and each with .p/1 behind it */
}

/* -- widths -- */

Test(proof_tile, tile_width_at_follows_the_formula) {
    for (uint64_t size = 0; size <= 70000; size += size < 1100 ? 1 : 97) {
        for (unsigned level = 0; level <= 2; level++) {
            uint64_t span = UINT64_C(1) << (8 * level), hashes = size / span;
            for (uint64_t index = 0; index <= hashes / 256 + 2; index++) {
                uint64_t want = index < hashes / 256    ? 256
                                : index == hashes / 256 ? hashes % 256
                                                        : 0;
                cr_assert(tile_width_at(level, index, size) == want);
            }
        }
    }
    /* the standard's examples */
    cr_assert(tile_width_at(0, 272, 70000) == 256 && tile_width_at(0, 273, 70000) == 112);
    cr_assert(tile_width_at(1, 0, 70000) == 256 && tile_width_at(1, 1, 70000) == 17);
    cr_assert(tile_width_at(2, 0, 70000) == 1 && tile_width_at(3, 0, 70000) == 0);
    cr_assert(tile_width_at(0, 0, 256) == 256 && tile_width_at(0, 1, 256) == 0);
    cr_assert(tile_width_at(1, 0, 256) == 1);
    /* nothing overflows */
    cr_assert(tile_width_at(0, UINT64_MAX, UINT64_MAX) == 0);
    cr_assert(tile_width_at(0, UINT64_MAX >> 8, UINT64_MAX) == 255);
    cr_assert(tile_width_at(7, 0, UINT64_MAX) == 255 && tile_width_at(8, 0, UINT64_MAX) == 0);
    cr_assert(tile_width_at(63, 0, UINT64_MAX) == 0 && tile_width_at(UINT32_MAX, 0, 1) == 0);
}

/* -- proofs from tiles -- */

Test(proof_tile, tile_source_makes_the_models_proofs_in_every_small_world) {
    for (size_t size = 1; size <= WORLD; size++) {
        struct world_source world = {size};
        struct tile_source tiles;
        uint8_t root[HASH_LEN];
        tile_source_init(&tiles, (struct tile_reader){&world, world_tile}, size);
        struct merkle_source source = tile_source_merkle(&tiles);
        cr_assert(merkle_root(&source, size, root) == ERR_OK);
        cr_assert_arr_eq(root, model_root(0, size), HASH_LEN);
        /* every index of worlds that end near a tile's end, and every seventh of the others */
        size_t step = size < 20 || (size > 250 && size < 262) || size > 295 ? 1 : 7;
        for (size_t at = size % step; at < size; at += step) {
            struct merkle_proof proof, want = {.count = 0};
            bool left[64];
            model_path(at, 0, size, &want, left);
            cr_assert(merkle_inclusion_prove(&source, at, size, &proof) == ERR_OK);
            cr_assert(proof_same(&proof, &want), "%zu of %zu", at, size);
            cr_assert(merkle_inclusion_verify(model_root(at, at + 1), at, size, &proof, root) ==
                      ERR_OK);
            want.count = 0;
            model_subproof(at + 1, 0, size, true, &want);
            cr_assert(merkle_consistency_prove(&source, at + 1, size, &proof) == ERR_OK);
            cr_assert(proof_same(&proof, &want), "%zu to %zu", at + 1, size);
            cr_assert(merkle_consistency_verify(at + 1, model_root(0, at + 1), size, root,
                                                &proof) == ERR_OK);
        }
        tile_source_done(&tiles);
    }
}

/* A forest of 70,000 leaves: three levels of tiles. levels[l] holds the perfect nodes of level l. */
#define FOREST 70000u
#define FOREST_LEVELS 17

struct forest {
    uint8_t (*levels[FOREST_LEVELS])[HASH_LEN];
    size_t reads;
};

static void forest_grow(struct forest *forest) {
    forest->reads = 0;
    for (unsigned level = 0; level < FOREST_LEVELS; level++) {
        size_t count = FOREST >> level;
        forest->levels[level] = malloc(count * HASH_LEN);
        cr_assert(forest->levels[level]);
        for (size_t i = 0; i < count; i++) {
            uint8_t *ret = forest->levels[level][i];
            if (level == 0) {
                world_leaf(i, ret);
            } else {
                merkle_node(forest->levels[level - 1][2 * i], forest->levels[level - 1][2 * i + 1],
                            ret);
            }
        }
    }
}

static void forest_fell(struct forest *forest) {
    for (unsigned level = 0; level < FOREST_LEVELS; level++) free(forest->levels[level]);
}

static enum err forest_node(void *ctx, unsigned level, uint64_t index, uint8_t ret[HASH_LEN]) {
    const struct forest *forest = ctx;
    cr_assert(level < FOREST_LEVELS && index < FOREST >> level);
    memcpy(ret, forest->levels[level][index], HASH_LEN);
    return ERR_OK;
}

static enum err forest_tile(void *ctx, unsigned level, uint64_t index, unsigned width,
                            uint8_t *ret) {
    struct forest *forest = ctx;
    forest->reads++;
    cr_assert(width == tile_width_at(level, index, FOREST));
    memcpy(ret, forest->levels[level * 8][index * 256], (size_t)width * HASH_LEN);
    return ERR_OK;
}

Test(proof_tile, tile_source_agrees_with_the_nodes_of_a_tree_of_three_tile_levels) {
    struct forest forest;
    struct tile_source tiles;
    forest_grow(&forest);
    tile_source_init(&tiles, (struct tile_reader){&forest, forest_tile}, FOREST);
    struct merkle_source by_tile = tile_source_merkle(&tiles), by_node = {&forest, forest_node};
    uint8_t root[HASH_LEN], want_root[HASH_LEN];
    cr_assert(merkle_root(&by_tile, FOREST, root) == ERR_OK);
    cr_assert(merkle_root(&by_node, FOREST, want_root) == ERR_OK);
    cr_assert_arr_eq(root, want_root, HASH_LEN);
    for (uint64_t at = 0; at < FOREST; at += at % 2 ? 1021 : 255) {
        struct merkle_proof proof, want;
        cr_assert(merkle_inclusion_prove(&by_tile, at, FOREST, &proof) == ERR_OK);
        cr_assert(merkle_inclusion_prove(&by_node, at, FOREST, &want) == ERR_OK);
        cr_assert(proof_same(&proof, &want));
        cr_assert(merkle_inclusion_verify(forest.levels[0][at], at, FOREST, &proof, root) ==
                  ERR_OK);
        cr_assert(merkle_consistency_prove(&by_tile, at, FOREST, &proof) == ERR_OK);
        cr_assert(merkle_consistency_prove(&by_node, at, FOREST, &want) == ERR_OK);
        cr_assert(proof_same(&proof, &want));
    }
    tile_source_done(&tiles);
    forest_fell(&forest);
}

Test(proof_tile, tile_source_reads_a_tile_once_while_proofs_stay_in_it) {
    struct forest forest;
    struct tile_source tiles;
    forest_grow(&forest);
    tile_source_init(&tiles, (struct tile_reader){&forest, forest_tile}, FOREST);
    struct merkle_source source = tile_source_merkle(&tiles);
    for (uint64_t at = 512; at < 768; at++) {
        struct merkle_proof proof;
        cr_assert(merkle_inclusion_prove(&source, at, FOREST, &proof) == ERR_OK);
    }
    /* per proof: level 0 once at its own tile and, for the right edge, once at the last; the same at level 1 */
    cr_assert(forest.reads <= 4 * 256, "%zu reads", forest.reads);
    tile_source_done(&tiles);
    forest_fell(&forest);
}

Test(proof_tile, tile_source_never_gives_what_the_tree_does_not_hold) {
    struct world_source world = {299};
    struct tile_source tiles;
    uint8_t hash[HASH_LEN];
    tile_source_init(&tiles, (struct tile_reader){&world, world_tile}, world.size);
    struct merkle_source source = tile_source_merkle(&tiles);
    cr_assert(source.node(source.ctx, 0, 298, hash) == ERR_OK);
    cr_assert(source.node(source.ctx, 0, 299, hash) == ERR_NOT_FOUND);
    cr_assert(source.node(source.ctx, 1, 148, hash) == ERR_OK);
    cr_assert(source.node(source.ctx, 1, 149, hash) == ERR_NOT_FOUND);
    cr_assert(source.node(source.ctx, 8, 0, hash) == ERR_OK);
    cr_assert(source.node(source.ctx, 8, 1, hash) == ERR_NOT_FOUND);
    cr_assert(source.node(source.ctx, 9, 0, hash) == ERR_NOT_FOUND);
    cr_assert(source.node(source.ctx, 16, 0, hash) == ERR_NOT_FOUND);
    cr_assert(source.node(source.ctx, 8 * (TILE_LEVEL_MAX + 1), 0, hash) == ERR_NOT_FOUND);
    cr_assert(source.node(source.ctx, 0, UINT64_MAX, hash) == ERR_NOT_FOUND);
    tile_source_done(&tiles);
    tile_source_done(&tiles); /* also when nothing is held */
}

static enum err broken_tile(void *ctx, unsigned level, uint64_t index, unsigned width,
                            uint8_t *ret) {
    bool *broken = ctx;
    (void)level;
    (void)index;
    memset(ret, 0xAB, (size_t)width * HASH_LEN); /* half written when it fails */
    return *broken ? ERR_IO : ERR_OK;
}

Test(proof_tile, a_tile_that_failed_to_read_is_read_again) {
    bool broken = true;
    struct tile_source tiles;
    uint8_t hash[HASH_LEN];
    tile_source_init(&tiles, (struct tile_reader){&broken, broken_tile}, 10);
    struct merkle_source source = tile_source_merkle(&tiles);
    cr_assert(source.node(source.ctx, 0, 3, hash) == ERR_IO);
    cr_assert(source.node(source.ctx, 0, 3, hash) == ERR_IO);
    broken = false;
    cr_assert(source.node(source.ctx, 0, 3, hash) == ERR_OK);
    tile_source_done(&tiles);
}

/* The world's tiles, but a read of tile 1 writes half of it and fails. */
static enum err half_tile(void *ctx, unsigned level, uint64_t index, unsigned width, uint8_t *ret) {
    if (index == 0) return world_tile(ctx, level, index, width, ret);
    memset(ret, 0xAB, (size_t)width * HASH_LEN);
    return ERR_IO;
}

Test(proof_tile, a_failed_read_leaves_no_other_tile_held) {
    struct world_source world = {WORLD};
    struct tile_source tiles;
    uint8_t hash[HASH_LEN];
    tile_source_init(&tiles, (struct tile_reader){&world, half_tile}, WORLD);
    struct merkle_source source = tile_source_merkle(&tiles);
    cr_assert(source.node(source.ctx, 0, 3, hash) == ERR_OK);
    cr_assert(source.node(source.ctx, 0, 256, hash) == ERR_IO);
    cr_assert(source.node(source.ctx, 0, 3, hash) == ERR_OK);
    cr_assert_arr_eq(hash, model_root(3, 4), HASH_LEN);
    tile_source_done(&tiles);
}

/* -- bundles and the vectors -- */

static void tile_bytes(const struct tile *tile, struct buf *out) {
    for (unsigned i = 0; i < tile->width; i++) {
        uint64_t at = tile->index * TILE_WIDTH + i, span = UINT64_C(1) << (8 * tile->level);
        char leaf[32];
        (void)snprintf(leaf, sizeof leaf, "entry-%llu", (unsigned long long)at);
        cr_assert((tile->entries ? tile_entry_add(out, bytes_text(leaf))
                                 : buf_add(out, bytes_of(model_root(at * span, (at + 1) * span),
                                                         HASH_LEN))) == ERR_OK);
    }
}

Test(proof_tile, tiles_and_bundles_are_those_of_the_vectors) {
    struct json *vectors = vector_read_json("tlog.json");
    const struct json *list = json_member(vectors, "tiles");
    cr_assert(json_count(list) == 6);
    for (size_t i = 0; i < json_count(list); i++) {
        struct tile tile;
        struct buf out;
        uint8_t want[SHA256_LEN], hash[SHA256_LEN];
        buf_init(&out, 64 * 1024);
        cr_assert(tile_path_parse(json_bytes(json_at(list, i), "path"), &tile) == ERR_OK);
        tile_bytes(&tile, &out);
        hex32(json_bytes(json_at(list, i), "sha256"), want);
        sha256(buf_bytes(&out), hash);
        cr_assert_arr_eq(hash, want, SHA256_LEN, "%s", json_text(json_at(list, i)));
        buf_done(&out);
    }
    json_done(vectors);
}

Test(proof_tile, tile_and_bundle_are_those_of_the_known_answers) {
    struct buf kat, out;
    if (!kat_read(&kat)) return;
    const char *labels[] = {"tile/entries/000.p/3 (hex):", "tile/0/000.p/3 (hex):"};
    buf_init(&out, 1024);
    for (size_t i = 0; i < 2; i++) {
        char hex[512];
        struct tile tile = {.entries = i == 0, .width = 3};
        buf_clear(&out);
        tile_bytes(&tile, &out);
        hex_encode(buf_bytes(&out), hex);
        cr_assert(bytes_is(kat_value(&kat, labels[i]), hex));
    }
    buf_done(&out);
    buf_done(&kat);
}

Test(proof_tile, bundles_give_back_their_leaves_and_refuse_what_is_cut_short) {
    static uint8_t big[UINT16_MAX + 1];
    struct buf bundle;
    buf_init(&bundle, 256 * 1024);
    cr_assert(tile_entry_add(&bundle, bytes_text("")) == ERR_OK);
    cr_assert(tile_entry_add(&bundle, bytes_text("leaf")) == ERR_OK);
    cr_assert(tile_entry_add(&bundle, bytes_of(big, UINT16_MAX)) == ERR_OK);
    cr_assert(tile_entry_add(&bundle, bytes_of(big, sizeof big)) == ERR_TOO_LARGE);
    cr_assert(bundle.len == 2 + 2 + 4 + 2 + UINT16_MAX);
    struct bytes rest = buf_bytes(&bundle), leaf;
    cr_assert(tile_entry_next(&rest, &leaf) == ERR_OK && leaf.len == 0);
    cr_assert(tile_entry_next(&rest, &leaf) == ERR_OK && bytes_is(leaf, "leaf"));
    cr_assert(tile_entry_next(&rest, &leaf) == ERR_OK && leaf.len == UINT16_MAX);
    cr_assert(rest.len == 0 && tile_entry_next(&rest, &leaf) == ERR_PROOF);
    for (size_t cut = 0; cut < 6; cut++) { /* the second entry takes bytes 2 to 7 */
        struct bytes copy = exact_copy(bytes_slice(buf_bytes(&bundle), 2, 2 + cut));
        rest = copy;
        cr_assert(tile_entry_next(&rest, &leaf) == ERR_PROOF, "%zu", cut);
        cr_assert(rest.len == cut);
        exact_free(copy);
    }
    buf_done(&bundle);
}
