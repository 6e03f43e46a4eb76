/* Lists walked upwards. See store.h. One LevelDB iterator of the view's snapshot; a seek that lands close by is made by steps, since a step costs a tenth of a seek. */
#include "ledger/store/store_impl.h"

#include <stdlib.h>

#define STEPS 5

struct store_walk {
    struct store_view *view;
    struct kv_iter *iter;
    struct store_key prefix;
    bool is_blocks; /* rows are of listing.h */
    uint64_t from;  /* of the last seek: the row that stands there has the first at or after it */
};

enum err store_walk_open(struct store_view *view, struct store_key prefix,
                         struct store_walk **ret) {
    struct store_walk *walk = calloc(1, sizeof *walk);
    if (!walk) return ERR_NO_MEMORY;
    walk->view = view;
    walk->prefix = prefix;
    walk->is_blocks = prefix.data[0] == KEY_KIND_ISSUER || prefix.data[0] == KEY_KIND_TYPE;
    enum err err = kv_iter_open(view->store->kv, view->snapshot, key_bytes(&prefix),
                                key_bytes(&prefix), &walk->iter);
    if (err)
        free(walk);
    else
        *ret = walk;
    return err;
}

/* The first index at or after `from` in that block's row. ERR_NOT_FOUND: there is none in it. */
static enum err in_block(const struct store_walk *walk, uint64_t block, uint64_t from,
                         uint64_t *ret) {
    struct bytes value = kv_iter_value(walk->iter);
    uint64_t first = block * LISTING_BLOCK;
    unsigned offset = 0;
    if (block > UINT64_MAX / LISTING_BLOCK || !listing_valid(value)) return ERR_CORRUPT;
    if (from > first && from - first >= LISTING_BLOCK) return ERR_NOT_FOUND;
    enum err err = listing_seek(value, from > first ? (unsigned)(from - first) : 0, &offset);
    *ret = first + offset;
    return err;
}

/* The first index at or after `from` in the row that stands here. Indices beyond the view's size cannot be: a snapshot is of one commit. */
static enum err here(const struct store_walk *walk, uint64_t from, uint64_t *ret) {
    struct bytes key = kv_iter_key(walk->iter);
    if (key.len != walk->prefix.len + 8) return ERR_CORRUPT;
    uint64_t index = get_u64(key.data + walk->prefix.len);
    enum err err = ERR_OK;
    if (walk->is_blocks) err = in_block(walk, index, from, &index);
    if (err) return err;
    if (index >= walk->view->head.size) return ERR_CORRUPT;
    if (index < from) return ERR_NOT_FOUND;
    *ret = index;
    return ERR_OK;
}

/* From the row that stands here on, over at most so many of them. ERR_NOT_FOUND: not in these. */
static enum err steps(struct store_walk *walk, uint64_t from, unsigned rows, uint64_t *ret) {
    enum err err = ERR_NOT_FOUND;
    for (; err == ERR_NOT_FOUND && rows > 0 && kv_iter_valid(walk->iter); rows--) {
        err = here(walk, from, ret);
        if (err == ERR_NOT_FOUND) kv_iter_next(walk->iter);
    }
    return err;
}

enum err store_walk_seek(struct store_walk *walk, uint64_t from, uint64_t *ret) {
    bool is_forward = from >= walk->from;
    walk->from = from;
    enum err err = is_forward ? steps(walk, from, STEPS, ret) : ERR_NOT_FOUND;
    if (err != ERR_NOT_FOUND) return err;
    struct store_key key =
        key_list_row(walk->prefix, walk->is_blocks ? from / LISTING_BLOCK : from);
    kv_iter_seek(walk->iter, key_bytes(&key));
    return steps(walk, from, 2, ret); /* a block's row may end before `from` */
}

struct bytes store_walk_value(const struct store_walk *walk) {
    return kv_iter_value(walk->iter);
}

enum err store_walk_close(struct store_walk *walk) {
    if (!walk) return ERR_OK;
    enum err err = kv_iter_close(walk->iter);
    free(walk);
    return err;
}
