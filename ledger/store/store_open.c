/* See store.h: opening and closing.
 *
 * Happy path: database -> is it ours? -> head row -> tail tiles -> newest leaf -> segments, cut to what the head says. There is no recovery
 * beside that cut: LevelDB brings back whole batches or nothing of them.
 *
 * Failure modes: what contradicts itself at the newest end is ERR_CORRUPT at once; fsck looks at everything else. A new store is founded only
 * where nothing stands, so that a lost database never costs the bodies beside it. */
#include "ledger/store/file.h"
#include "ledger/store/store_impl.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct store_head store_head_empty(void) {
    struct store_head head;
    memset(&head, 0, sizeof head);
    merkle_empty(head.root);
    return head;
}

enum err store_head_read(struct kv *kv, const struct kv_snapshot *snapshot, bool *ret_fresh,
                         struct store_head *ret) {
    struct buf value;
    buf_init(&value, 2 * STORE_HEAD_LEN);
    struct store_key key = key_meta("head");
    enum err err = kv_get(kv, snapshot, key_bytes(&key), &value);
    bool fresh = err == ERR_NOT_FOUND;
    if (fresh) {
        *ret = store_head_empty();
        err = ERR_OK;
    } else if (err == ERR_TOO_LARGE) {
        err = ERR_CORRUPT;
    } else if (!err) {
        err = store_head_decode(buf_bytes(&value), ret);
    }
    if (!err) *ret_fresh = fresh;
    buf_done(&value);
    return err;
}

/* -- a new store, or ours -- */

/* Nothing at all in the database? */
static enum err kv_is_empty(struct kv *kv, bool *ret) {
    struct kv_iter *iter = NULL;
    enum err err = kv_iter_open(kv, NULL, bytes_of(NULL, 0), bytes_of(NULL, 0), &iter);
    if (err) return err;
    bool empty = !kv_iter_valid(iter);
    err = kv_iter_close(iter);
    if (!err) *ret = empty;
    return err;
}

/* The first write of a new store. What stands before it was never anybody's: so it must stand alone. */
static enum err found(struct store *store, const char *bodies, struct problem *ret_why) {
    bool empty = false, any = true;
    enum err err = kv_is_empty(store->kv, &empty);
    if (!err) err = segment_any(bodies, &any);
    if (err) return problem_set(ret_why, err, "The store cannot be read.");
    if (!empty || any)
        return problem_set(
            ret_why, ERR_CORRUPT,
            "The database is empty or not ours, yet there are data beside it: restore "
            "both together or move them away.");
    struct kv_batch *batch = kv_batch_new();
    if (!batch) return problem_set(ret_why, ERR_NO_MEMORY, "No memory to make a store.");
    uint8_t format[STORE_FORMAT_LEN];
    store_format_encode(STORE_FORMAT, format);
    struct store_key key = key_meta("format");
    kv_batch_put(batch, key_bytes(&key), bytes_of(format, sizeof format));
    key = key_meta("ledger");
    kv_batch_put(batch, key_bytes(&key), bytes_of(store->ledger_id, 32));
    err = kv_write(store->kv, batch, true, ret_why);
    kv_batch_done(batch);
    return err;
}

static enum err check_format(struct bytes value, struct problem *ret_why) {
    uint32_t format = 0;
    if (store_format_decode(value, &format))
        return problem_set(ret_why, ERR_CORRUPT, "The layout version of the store is damaged.");
    if (format != STORE_FORMAT)
        return problem_set(ret_why, ERR_PROTOCOL,
                           "The store has layout %u, this program knows %u only: use the program "
                           "that wrote it, or begin a new ledger or a new copy with this one.",
                           format, STORE_FORMAT);
    return ERR_OK;
}

/* A row that is not as ours are means another database; not being able to read says nothing about it. */
static enum err refuse_row(enum err err, const char *what, struct problem *ret_why) {
    if (err == ERR_IO || err == ERR_NO_MEMORY)
        return problem_set(ret_why, err, "The database cannot be read.");
    return problem_set(ret_why, ERR_CORRUPT, "%s", what);
}

static enum err check_owner(struct store *store, struct buf *value, struct problem *ret_why) {
    struct store_key key = key_meta("ledger");
    enum err err = kv_get(store->kv, NULL, key_bytes(&key), value);
    if (err) return refuse_row(err, "The store does not say whose it is.", ret_why);
    if (bytes_equal(buf_bytes(value), bytes_of(store->ledger_id, 32))) return ERR_OK;
    return problem_set(ret_why, ERR_CORRUPT, "The store belongs to another ledger.");
}

/* Makes a new store or recognises ours. */
static enum err identify(struct store *store, const char *bodies, bool create,
                         struct problem *ret_why) {
    struct buf value;
    buf_init(&value, 1024);
    struct store_key key = key_meta("format");
    enum err err = kv_get(store->kv, NULL, key_bytes(&key), &value);
    if (err == ERR_NOT_FOUND && create)
        err = found(store, bodies, ret_why);
    else if (err)
        err = refuse_row(err, "The database is no ledger's store.", ret_why);
    else
        err = check_format(buf_bytes(&value), ret_why);
    if (!err) err = check_owner(store, &value, ret_why);
    buf_done(&value);
    return err;
}

/* Invariant 2 after the read: the newest leaf is where the head says, and nothing stands behind it. */
static enum err check_last(struct store_view *view, struct problem *ret_why) {
    const struct store_head *head = &view->head;
    struct store_leaf last;
    uint64_t time_ms = 0;
    uint8_t hash[32];
    bool beyond = false;
    enum err err = store_view_has_row(view, head->size, &beyond);
    if (err || beyond)
        return problem_set(ret_why, err ? err : ERR_CORRUPT, "There are leaves beyond the head.");
    if (head->size == 0) return ERR_OK;
    err = store_view_row(view, head->size - 1, &last);
    if (err || leaf_decode(last.leaf, &time_ms, hash) || time_ms != head->time_ms ||
        last.segment != head->segment ||
        last.offset + SEGMENT_PREFIX_LEN + last.len != head->segment_end)
        return problem_set(ret_why, err ? err : ERR_CORRUPT,
                           "The newest leaf is not the one that the head names.");
    return ERR_OK;
}

static enum err get_tile(void *arg, unsigned level, uint64_t index, unsigned width,
                         struct buf *ret) {
    return store_view_tile_row(arg, level, index, width, ret);
}

/* Invariant 3 after the read: the stored root is that of the stored tiles. */
static enum err check_tree(struct store_view *view, struct tree *tree, struct problem *ret_why) {
    uint8_t root[HASH_LEN];
    enum err err = tree_load(tree, view->head.size, get_tile, view);
    if (err) return problem_set(ret_why, err, "The newest tiles cannot be read.");
    tree_root(tree, root);
    if (memcmp(root, view->head.root, HASH_LEN) != 0)
        return problem_set(ret_why, ERR_CORRUPT,
                           "The stored root is not that of the stored tiles.");
    return ERR_OK;
}

static enum err load(struct store *store, const char *bodies, struct problem *ret_why) {
    struct store_head *head = &store->head;
    enum err err = store_head_read(store->kv, NULL, &store->fresh, head);
    if (err) return problem_set(ret_why, err, "The head of the store cannot be read.");
    struct store_view view = {.store = store, .head = *head};
    err = check_tree(&view, store->tree, ret_why);
    if (!err) err = check_last(&view, ret_why);
    if (!err)
        err = segment_open(bodies, store->ledger_id, head->segment, head->segment_end,
                           &store->segments, ret_why);
    if (!err) segment_end(store->segments, &head->segment, &head->segment_end);
    if (err) return err;
    err = snapshot_renew(store);
    return err ? problem_set(ret_why, err, "The head of the store cannot be read.") : ERR_OK;
}

static struct store *store_new(const uint8_t ledger_id[32]) {
    struct store *store = calloc(1, sizeof *store);
    if (!store) return NULL;
    memcpy(store->ledger_id, ledger_id, 32);
    store->dir = -1;
    store->tree = malloc(sizeof *store->tree);
    store->next = malloc(sizeof *store->next);
    store->listing = listing_new();
    pthread_mutex_init(&store->lock, NULL);
    pthread_mutex_init(&store->evidence, NULL);
    pthread_mutex_init(&store->renewing, NULL);
    pthread_mutex_init(&store->writing, NULL);
    atomic_init(&store->stale, false);
    atomic_init(&store->broken, false);
    atomic_init(&store->views, 0);
    if (store->tree && store->next && store->listing) return store;
    store_close(store);
    return NULL;
}

static enum err open_in(struct store *store, const char *dir, const char *db, const char *bodies,
                        bool create, struct problem *ret_why) {
    enum err err = create ? file_make_dir(dir, ret_why) : ERR_OK;
    if (err) return err;
    store->dir = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (store->dir < 0)
        return problem_set(ret_why, ERR_IO, "%s cannot be opened: %s.", dir, strerror(errno));
    err = kv_open(db, create, &store->kv, ret_why);
    if (!err) err = identify(store, bodies, create, ret_why);
    if (!err) err = load(store, bodies, ret_why);
    return err;
}

enum err store_open(const char *dir, const uint8_t ledger_id[32], bool create, struct store **ret,
                    struct problem *ret_why) {
    struct buf db, bodies;
    buf_init(&db, 4096);
    buf_init(&bodies, 4096);
    struct store *store = store_new(ledger_id);
    enum err err = store ? buf_format(&db, "%s/db", dir) : ERR_NO_MEMORY;
    if (!err) err = buf_format(&bodies, "%s/bodies", dir);
    if (!err && (!buf_text(&db) || !buf_text(&bodies))) err = ERR_NO_MEMORY;
    if (err)
        (void)problem_set(ret_why, err, "The store cannot be opened.");
    else
        err =
            open_in(store, dir, (const char *)db.data, (const char *)bodies.data, create, ret_why);
    buf_done(&db);
    buf_done(&bodies);
    if (!err)
        *ret = store;
    else
        store_close(store);
    return err;
}

void store_close(struct store *store) {
    if (!store) return;
    assert(atomic_load(&store->views) == 0);
    snapshot_release(store->newest);
    rows_release(store->rows);
    segment_close(store->segments);
    kv_close(store->kv);
    if (store->dir >= 0) close(store->dir);
    pthread_mutex_destroy(&store->lock);
    pthread_mutex_destroy(&store->evidence);
    pthread_mutex_destroy(&store->renewing);
    pthread_mutex_destroy(&store->writing);
    free(store->tree);
    free(store->next);
    listing_done(store->listing);
    free(store);
}
