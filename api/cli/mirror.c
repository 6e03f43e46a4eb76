/* See mirror.h. */
#include "api/cli/mirror.h"

#include "api/cli/remote.h"

#include <string.h>

#define BUNDLE_MAX (TILE_WIDTH * (2 + UINT16_MAX)) /* as C2SP allows; ours take 11 KB */

/* -- checkpoints -- */

void mirror_checkpoint_done(struct mirror_checkpoint *checkpoint) {
    note_done(&checkpoint->note);
    buf_done(&checkpoint->text);
    memset(checkpoint, 0, sizeof *checkpoint);
}

/* Takes text over. */
static enum err checkpoint_read(struct buf text, struct mirror_checkpoint *ret,
                                struct problem *ret_why) {
    struct mirror_checkpoint checkpoint;
    memset(&checkpoint, 0, sizeof checkpoint);
    checkpoint.text = text;
    enum err err = note_parse(buf_bytes(&checkpoint.text), &checkpoint.note, ret_why);
    if (!err) {
        err = checkpoint_parse(checkpoint.note.text, &checkpoint.checkpoint);
        if (err) (void)problem_set(ret_why, err, "The signed text is no checkpoint.");
    }
    if (err)
        mirror_checkpoint_done(&checkpoint);
    else
        *ret = checkpoint;
    return err;
}

enum err mirror_checkpoint_get(struct mirror *mirror, struct mirror_checkpoint *ret,
                               struct problem *ret_why) {
    struct buf text;
    enum err err = remote_get(mirror->client, "/checkpoint", LIMIT_NOTE, &text, ret_why);
    return err ? err : checkpoint_read(text, ret, ret_why);
}

enum err mirror_checkpoint_parse(struct bytes text, struct mirror_checkpoint *ret,
                                 struct problem *ret_why) {
    struct buf copy;
    buf_init(&copy, LIMIT_NOTE);
    enum err err = buf_add(&copy, text);
    if (!err) return checkpoint_read(copy, ret, ret_why);
    buf_done(&copy);
    return problem_set(ret_why, err, "A checkpoint takes at most %d bytes.", LIMIT_NOTE);
}

/* -- tiles -- */

static enum err fetch(struct mirror *mirror, const struct tile *tile, size_t max, struct buf *ret) {
    struct buf path;
    buf_init(&path, 256);
    enum err err = tile_path_format(tile, &path);
    const char *text = err ? NULL : buf_text(&path);
    if (!err) err = text ? remote_get(mirror->client, text, max, ret, &mirror->why) : ERR_NO_MEMORY;
    buf_done(&path);
    return err;
}

/* C2SP tlog-tiles lets a log drop a partial tile once the full one exists. */
static enum err fetch_or_full(struct mirror *mirror, struct tile tile, size_t max,
                              struct buf *ret) {
    enum err err = fetch(mirror, &tile, max, ret);
    if (err != ERR_NOT_FOUND || tile.width == TILE_WIDTH) return err;
    tile.width = TILE_WIDTH;
    return fetch(mirror, &tile, max, ret);
}

enum err mirror_tile(struct mirror *mirror, unsigned level, uint64_t index, unsigned width,
                     uint8_t *ret) {
    struct buf hashes;
    struct tile tile = {false, level, index, width};
    enum err err = fetch_or_full(mirror, tile, TILE_LEN, &hashes);
    if (err) return err;
    if (hashes.len % HASH_LEN || hashes.len < (size_t)width * HASH_LEN) {
        err = problem_set(&mirror->why, ERR_PROOF, "Tile %u/%llu holds %zu bytes, not %u hashes.",
                          level, (unsigned long long)index, hashes.len, width);
    } else {
        memcpy(ret, hashes.data, (size_t)width * HASH_LEN);
    }
    buf_done(&hashes);
    return err;
}

static enum err reader_read(void *ctx, unsigned level, uint64_t index, unsigned width,
                            uint8_t *ret) {
    return mirror_tile(ctx, level, index, width, ret);
}

struct tile_reader mirror_tiles(struct mirror *mirror) {
    return (struct tile_reader){mirror, reader_read};
}

enum err mirror_bundle(struct mirror *mirror, uint64_t index, unsigned width, struct buf *ret) {
    struct tile tile = {true, 0, index, width};
    buf_done(ret);
    return fetch_or_full(mirror, tile, BUNDLE_MAX, ret);
}
