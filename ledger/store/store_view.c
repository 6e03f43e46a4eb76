/* See store.h: reading, from any thread. A view is a LevelDB snapshot and the head row that this snapshot holds (store_snapshot.c), so everything read through
 * it is of one commit, whatever the writer does meanwhile. Bodies need no snapshot: what is committed never changes.
 *
 * Sizes and indices may come from outside: what the view does not have is ERR_NOT_FOUND. What it must have and has not is ERR_CORRUPT. */
#include "ledger/crypto/sha256.h"
#include "ledger/store/store_impl.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum err store_view_open(struct store *store, struct store_view **ret) {
    struct store_view *view = calloc(1, sizeof *view);
    if (!view) return ERR_NO_MEMORY;
    enum err err = snapshot_take(store, &view->shared);
    if (err) {
        free(view);
        return err;
    }
    view->store = store;
    view->snapshot = view->shared->data;
    view->head = view->shared->head;
    atomic_fetch_add(&store->views, 1);
    *ret = view;
    return ERR_OK;
}

void store_view_close(struct store_view *view) {
    if (!view) return;
    snapshot_release(view->shared);
    atomic_fetch_sub(&view->store->views, 1);
    free(view);
}

struct store_head store_view_head(const struct store_view *view) {
    return view->head;
}

static enum err get(struct store_view *view, struct store_key key, struct buf *ret) {
    return kv_get(view->store->kv, view->snapshot, key_bytes(&key), ret);
}

/* A row that has to be there, and is no longer than `into` may hold. */
static enum err get_needed(struct store_view *view, struct store_key key, struct buf *into) {
    enum err err = get(view, key, into);
    return err == ERR_NOT_FOUND || err == ERR_TOO_LARGE ? ERR_CORRUPT : err;
}

/* -- leaves and bodies -- */

enum err store_view_has_row(struct store_view *view, uint64_t index, bool *ret) {
    struct buf value;
    buf_init(&value, 4096);
    enum err err = get(view, key_leaf(index), &value);
    buf_done(&value);
    if (err && err != ERR_NOT_FOUND) return err;
    *ret = !err;
    return ERR_OK;
}

enum err store_view_row(struct store_view *view, uint64_t index, struct store_leaf *ret) {
    if (index >= view->head.size) return ERR_NOT_FOUND;
    struct buf value;
    buf_init(&value, 2 * STORE_LEAF_LEN);
    enum err err = get_needed(view, key_leaf(index), &value);
    if (!err) err = store_leaf_decode(buf_bytes(&value), ret);
    buf_done(&value);
    return err;
}

enum err store_view_leaf(struct store_view *view, uint64_t index, uint8_t ret[LEAF_LEN]) {
    struct store_leaf row;
    enum err err = store_view_row(view, index, &row);
    if (!err) memcpy(ret, row.leaf, LEAF_LEN);
    return err;
}

enum err store_view_body(struct store_view *view, uint64_t index, struct buf *ret) {
    struct store_leaf row;
    uint64_t time_ms;
    uint8_t hash[32], body_hash[SHA256_LEN];
    enum err err = store_view_row(view, index, &row);
    if (!err) err = segment_read(view->store->segments, row.segment, row.offset, row.len, ret);
    if (err) return err;
    if (leaf_decode(row.leaf, &time_ms, hash)) return ERR_CORRUPT;
    sha256(buf_bytes(ret), body_hash);
    return memcmp(hash, body_hash, sizeof hash) == 0 ? ERR_OK : ERR_CORRUPT;
}

/* -- indices -- */

enum err store_view_find(struct store_view *view, const uint8_t id[RECORD_ID_LEN],
                         uint64_t *ret_index) {
    struct buf value;
    uint64_t index = 0;
    buf_init(&value, 2 * STORE_INDEX_LEN);
    enum err err = get(view, key_record(id), &value);
    if (err == ERR_TOO_LARGE) err = ERR_CORRUPT;
    if (!err) err = store_index_decode(buf_bytes(&value), &index);
    if (!err && index >= view->head.size) err = ERR_CORRUPT;
    if (!err) *ret_index = index;
    buf_done(&value);
    return err;
}

enum err store_view_documents(struct store_view *view, enum digest_alg alg,
                              const uint8_t digest[DIGEST_LEN], uint64_t *ret_indices, size_t max,
                              size_t *ret_count) {
    struct store_key prefix = key_document_prefix(alg, digest);
    struct kv_iter *iter = NULL;
    size_t count = 0;
    enum err err = kv_iter_open(view->store->kv, view->snapshot, key_bytes(&prefix),
                                key_bytes(&prefix), &iter);
    if (err) return err;
    for (; !err && count < max && kv_iter_valid(iter); kv_iter_next(iter)) {
        err = key_number(kv_iter_key(iter), &ret_indices[count]);
        if (!err && ret_indices[count] >= view->head.size) err = ERR_CORRUPT;
        if (!err) count++;
    }
    enum err closed = kv_iter_close(iter);
    if (!err) err = closed;
    if (!err) *ret_count = count;
    return err;
}

/* -- single rows and contract state -- */

enum err store_view_order(struct store_view *view, struct buf *ret) {
    enum err err = get(view, key_meta("order"), ret);
    if (err != ERR_NOT_FOUND) return err;
    buf_clear(ret);
    return ERR_OK;
}

enum err store_view_checkpoint(struct store_view *view, struct buf *ret) {
    return get(view, key_meta("checkpoint"), ret);
}

enum err store_view_evidence(struct store_view *view, uint64_t number, struct buf *ret) {
    return get(view, key_evidence(number), ret);
}

/* From memory where the row is of a kind that is kept there; else from the database, and kept. */
enum err store_view_state(struct store_view *view, struct bytes key, struct buf *ret) {
    struct rows *rows = view->shared ? view->shared->rows : NULL;
    const struct store_kept *kept = rows ? snapshot_kept(view->store, key) : NULL;
    if (!kept) return get(view, key_state(key), ret);
    bool is_absent;
    struct bytes value;
    if (rows_find(rows, key, &value, &is_absent)) {
        if (is_absent) return ERR_NOT_FOUND;
        buf_clear(ret);
        return buf_add(ret, value);
    }
    enum err err = get(view, key_state(key), ret);
    value = buf_bytes(ret);
    if (!err) rows_put(rows, key, &value);
    if (err == ERR_NOT_FOUND && kept->with_absent) rows_put(rows, key, NULL);
    return err;
}

enum err store_view_scan(struct store_view *view, struct bytes prefix, struct bytes from,
                         bool (*each)(void *arg, struct bytes key, struct bytes value), void *arg) {
    struct store_key stored_prefix = key_state(prefix), stored_from = key_state(from);
    struct kv_iter *iter = NULL;
    enum err err = kv_iter_open(view->store->kv, view->snapshot, key_bytes(&stored_prefix),
                                key_bytes(&stored_from), &iter);
    if (err) return err;
    while (kv_iter_valid(iter) &&
           each(arg, key_state_inner(kv_iter_key(iter)), kv_iter_value(iter)))
        kv_iter_next(iter);
    return kv_iter_close(iter);
}

/* -- tiles -- */

enum err store_view_tile_row(struct store_view *view, unsigned level, uint64_t index,
                             unsigned width, struct buf *ret) {
    enum err err = get_needed(view, key_tile(level, index), ret);
    return !err && ret->len != tree_row_len(width) ? ERR_CORRUPT : err;
}

/* How wide that tile is in this view's tree; 0 where there is none, or it has no row. */
static unsigned width_of(const struct store_view *view, unsigned level, uint64_t index) {
    return level > TILE_LEVEL_MAX ? 0 : tile_width_at(level, index, view->head.size);
}

enum err store_view_tile(struct store_view *view, unsigned level, uint64_t index, unsigned width,
                         uint8_t *ret) {
    unsigned stored = width_of(view, level, index);
    if (width == 0 || width > stored) return ERR_NOT_FOUND;
    struct buf row;
    buf_init(&row, TREE_ROW_MAX);
    enum err err = store_view_tile_row(view, level, index, stored, &row);
    if (!err) memcpy(ret, row.data, (size_t)width * HASH_LEN);
    buf_done(&row);
    return err;
}

enum err store_view_bundle(struct store_view *view, uint64_t index, unsigned width,
                           struct buf *ret) {
    if (width == 0 || width > width_of(view, 0, index)) return ERR_NOT_FOUND;
    uint64_t first = index * TILE_WIDTH, number = 0;
    struct store_key prefix = key_kind_prefix(KEY_KIND_LEAF), from = key_leaf(first);
    struct kv_iter *iter = NULL;
    enum err err =
        kv_iter_open(view->store->kv, view->snapshot, key_bytes(&prefix), key_bytes(&from), &iter);
    if (err) return err;
    buf_clear(ret);
    for (unsigned i = 0; !err && i < width; i++) {
        struct store_leaf row;
        if (!kv_iter_valid(iter)) err = ERR_CORRUPT;
        if (!err) err = key_number(kv_iter_key(iter), &number);
        if (!err && number != first + i) err = ERR_CORRUPT;
        if (!err) err = store_leaf_decode(kv_iter_value(iter), &row);
        if (!err) err = tile_entry_add(ret, bytes_of(row.leaf, LEAF_LEN));
        if (!err) kv_iter_next(iter);
    }
    enum err closed = kv_iter_close(iter);
    return err ? err : closed;
}

static enum err read_tile(void *ctx, unsigned level, uint64_t index, unsigned width, uint8_t *ret) {
    return store_view_tile(ctx, level, index, width, ret);
}

struct tile_reader store_view_tiles(struct store_view *view) {
    struct tile_reader reader = {view, read_tile};
    return reader;
}

/* -- proofs: nodes are read from the rows of tiles, none is computed -- */

/* The row last read of each level. */
struct source {
    struct store_view *view;
    struct {
        uint64_t index;
        unsigned width;   /* 0: none held */
        struct bytes row; /* the snapshot's, or in own */
        struct buf own;
    } held[TILE_LEVEL_MAX + 1];
};

/* From the snapshot's tiles, where it is put when it is not there. Too many of them: into own. */
static enum err tile_hold(struct store_view *view, unsigned level, uint64_t index, unsigned width,
                          struct buf *own, struct bytes *ret) {
    struct store_key key = key_tile(level, index);
    struct rows *tiles = view->shared ? view->shared->tiles : NULL;
    bool is_absent;
    if (tiles && rows_find(tiles, key_bytes(&key), ret, &is_absent)) return ERR_OK;
    enum err err = store_view_tile_row(view, level, index, width, own);
    if (err) return err;
    *ret = buf_bytes(own);
    if (tiles) rows_put(tiles, key_bytes(&key), ret);
    return ERR_OK;
}

static enum err source_hold(struct source *source, unsigned level, uint64_t index) {
    if (source->held[level].width && source->held[level].index == index) return ERR_OK;
    unsigned width = width_of(source->view, level, index);
    if (width == 0) return ERR_CORRUPT;
    source->held[level].width = 0;
    enum err err = tile_hold(source->view, level, index, width, &source->held[level].own,
                             &source->held[level].row);
    if (err) return err;
    source->held[level].index = index;
    source->held[level].width = width;
    return ERR_OK;
}

static enum err source_node(void *ctx, unsigned level, uint64_t index, uint8_t ret[HASH_LEN]) {
    struct source *source = ctx;
    unsigned tile_level = level / TILE_HEIGHT, height = level % TILE_HEIGHT;
    unsigned per_tile = TILE_WIDTH >> height, at = (unsigned)(index % per_tile);
    if (tile_level > TILE_LEVEL_MAX) return ERR_CORRUPT;
    enum err err = source_hold(source, tile_level, index / per_tile);
    if (err) return err;
    unsigned width = source->held[tile_level].width;
    assert(at < width >> height); /* merkle.c asks for nodes of this view's tree only */
    memcpy(ret, source->held[tile_level].row.data + tree_row_offset(width, height, at), HASH_LEN);
    return ERR_OK;
}

static struct merkle_source source_open(struct store_view *view, struct source *source) {
    memset(source, 0, sizeof *source);
    source->view = view;
    for (unsigned level = 0; level <= TILE_LEVEL_MAX; level++)
        buf_init(&source->held[level].own, TREE_ROW_MAX);
    return (struct merkle_source){source, source_node};
}

static void source_close(struct source *source) {
    for (unsigned level = 0; level <= TILE_LEVEL_MAX; level++) buf_done(&source->held[level].own);
}

enum err store_view_root(struct store_view *view, uint64_t size, uint8_t ret[HASH_LEN]) {
    if (size > view->head.size) return ERR_NOT_FOUND;
    if (size == view->head.size) {
        memcpy(ret, view->head.root, HASH_LEN);
        return ERR_OK;
    }
    struct source source;
    struct merkle_source merkle = source_open(view, &source);
    enum err err = merkle_root(&merkle, size, ret);
    source_close(&source);
    return err;
}

enum err store_view_inclusion(struct store_view *view, uint64_t index, uint64_t size,
                              struct merkle_proof *ret) {
    if (size > view->head.size || index >= size) return ERR_NOT_FOUND;
    struct source source;
    struct merkle_source merkle = source_open(view, &source);
    enum err err = merkle_inclusion_prove(&merkle, index, size, ret);
    source_close(&source);
    return err;
}

enum err store_view_consistency(struct store_view *view, uint64_t old_size, uint64_t new_size,
                                struct merkle_proof *ret) {
    if (new_size > view->head.size || old_size > new_size) return ERR_NOT_FOUND;
    struct source source;
    struct merkle_source merkle = source_open(view, &source);
    enum err err = merkle_consistency_prove(&merkle, old_size, new_size, ret);
    source_close(&source);
    return err;
}
