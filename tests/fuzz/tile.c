/* Tile paths: what was read and written is the input. Entry bundles: what was cut and put together again is the input.
 * fuzz: max_len=1024 dict=http */
#include "tests/fuzz/lib/fuzz.h"

#include "ledger/proof/tile.h"

static void path_run(struct bytes in) {
    struct tile tile;
    struct buf path;
    enum err err = tile_path_parse(in, &tile);
    FUZZ_CHECK(err == ERR_OK || err == ERR_NOT_FOUND);
    if (err) return;
    buf_init(&path, 256);
    FUZZ_CHECK(tile_path_format(&tile, &path) == ERR_OK);
    FUZZ_CHECK(bytes_equal(buf_bytes(&path), in));
    FUZZ_CHECK(tile_width_at(tile.level, tile.index, UINT64_MAX) <= TILE_WIDTH);
    FUZZ_CHECK(tile_width_at(tile.level, tile.index, 0) == 0);
    buf_done(&path);
}

static void bundle_run(struct bytes in) {
    struct bytes rest = in, leaf;
    struct buf whole;
    buf_init(&whole, 64 * 1024);
    while (rest.len > 0 && tile_entry_next(&rest, &leaf) == ERR_OK)
        FUZZ_CHECK(tile_entry_add(&whole, leaf) == ERR_OK);
    FUZZ_CHECK(whole.len + rest.len == in.len);
    FUZZ_CHECK(whole.len == 0 || memcmp(whole.data, in.data, whole.len) == 0);
    buf_done(&whole);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    path_run(bytes_of(data, size));
    bundle_run(bytes_of(data, size));
    return 0;
}
