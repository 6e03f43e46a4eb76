/* Lists walked upwards. See store.h. One LevelDB iterator of the view's snapshot; a seek that lands close by is made by steps, since a step costs a tenth of a seek. */
#include "ledger/store/store_impl.h"

#include <stdlib.h>

#define STEPS 4

struct store_walk {
    struct store_view *view;
    struct kv_iter *iter;
    struct store_key prefix;
    uint64_t from; /* of the last seek: the row that stands there is the first at or after it */
};

enum err store_walk_open(struct store_view *view, struct store_key prefix,
                         struct store_walk **ret) {
    struct store_walk *walk = calloc(1, sizeof *walk);
    if (!walk) return ERR_NO_MEMORY;
    walk->view = view;
    walk->prefix = prefix;
    enum err err = kv_iter_open(view->store->kv, view->snapshot, key_bytes(&prefix),
                                key_bytes(&prefix), &walk->iter);
    if (err)
        free(walk);
    else
        *ret = walk;
    return err;
}

/* Leaf rows beyond the view's size cannot be: a snapshot is of one commit. */
static enum err here(const struct store_walk *walk, uint64_t *ret) {
    struct bytes key = kv_iter_key(walk->iter);
    if (key.len != walk->prefix.len + 8) return ERR_CORRUPT;
    *ret = get_u64(key.data + walk->prefix.len);
    return *ret < walk->view->head.size ? ERR_OK : ERR_CORRUPT;
}

enum err store_walk_seek(struct store_walk *walk, uint64_t from, uint64_t *ret) {
    uint64_t index = 0;
    bool forward = from >= walk->from;
    walk->from = from;
    for (int step = 0; forward && step <= STEPS && kv_iter_valid(walk->iter); step++) {
        enum err err = here(walk, &index);
        if (err) return err;
        if (index >= from) {
            *ret = index;
            return ERR_OK;
        }
        kv_iter_next(walk->iter);
    }
    struct store_key key = key_list_row(walk->prefix, from);
    kv_iter_seek(walk->iter, key_bytes(&key));
    if (!kv_iter_valid(walk->iter)) return ERR_NOT_FOUND;
    enum err err = here(walk, &index);
    if (!err) *ret = index;
    return err;
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
