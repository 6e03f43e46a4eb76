/* One snapshot for all views of a commit. See store_impl.h.
 *
 * A snapshot is made when something was written, not when somebody reads: a database snapshot, the head row in it, and the rows that are kept in memory with it (rows.h).
 * It goes when a newer one took its place and its last view is closed.
 *
 * What is kept must be of the same commits as the snapshot that it stands beside. So a commit that writes a row of those kinds takes store->rows away before its write
 * and puts an empty one there behind it; and a snapshot that saw store->rows change while it was made keeps nothing. snapshot_check looks whether it is so. */
#include "ledger/store/store_impl.h"

#include "ledger/base/limits.h"
#include "ledger/base/text.h"

#include <stdlib.h>

#define KEPT_PLACES 4096
#define TILE_PLACES                                                                                \
    64 /* one commit's proofs share two or three; readers of old leaves have one each */

static struct rows *kept_new(void) {
    return rows_new(KEPT_PLACES, LIMIT_KEPT_ROWS);
}

static struct rows *rows_now(struct store *store) {
    pthread_mutex_lock(&store->lock);
    struct rows *rows = rows_hold(store->rows);
    pthread_mutex_unlock(&store->lock);
    return rows;
}

static void rows_set(struct store *store, struct rows *rows) {
    pthread_mutex_lock(&store->lock);
    struct rows *old = store->rows;
    store->rows = rows;
    pthread_mutex_unlock(&store->lock);
    rows_release(old);
}

const struct store_kept *snapshot_kept(const struct store *store, struct bytes key) {
    const struct store_kept *kept = store->kept;
    for (; kept && kept->prefix; kept++)
        if (bytes_starts(key, kept->prefix)) return kept;
    return NULL;
}

void store_keep_rows(struct store *store, const struct store_kept *kept) {
    store->kept = kept;
    rows_set(store, kept_new());
    (void)snapshot_renew(store); /* the next reader tries again */
}

bool snapshot_rows_begin(struct store *store, const struct store_commit *commit) {
    for (size_t i = 0; i < commit->write_count; i++) {
        if (!snapshot_kept(store, commit->writes[i].key)) continue;
        rows_set(store, NULL);
        return true;
    }
    return false;
}

void snapshot_rows_end(struct store *store) {
    rows_set(store, kept_new()); /* without memory nothing is kept */
}

/* -- snapshots -- */

static struct store_snapshot *snapshot_new(struct store *store, struct rows *rows) {
    struct store_snapshot *snapshot = calloc(1, sizeof *snapshot);
    if (!snapshot) {
        rows_release(rows);
        return NULL;
    }
    atomic_init(&snapshot->references, 1);
    snapshot->kv = store->kv;
    snapshot->rows = rows;
    snapshot->tiles = rows_new(TILE_PLACES, LIMIT_KEPT_TILES); /* NULL: none kept */
    snapshot->data = kv_snapshot_open(store->kv);
    if (snapshot->data) return snapshot;
    snapshot_release(snapshot);
    return NULL;
}

void snapshot_release(struct store_snapshot *snapshot) {
    if (!snapshot || atomic_fetch_sub(&snapshot->references, 1) != 1) return;
    kv_snapshot_close(snapshot->kv, snapshot->data);
    rows_release(snapshot->rows);
    rows_release(snapshot->tiles);
    free(snapshot);
}

/* Makes it the newest; the one before goes with its last view. */
static void snapshot_show(struct store *store, struct store_snapshot *snapshot) {
    pthread_mutex_lock(&store->lock);
    struct store_snapshot *old = store->newest;
    struct rows *unsure = snapshot->rows == store->rows ? NULL : snapshot->rows;
    if (unsure) snapshot->rows = NULL;
    store->newest = snapshot;
    pthread_mutex_unlock(&store->lock);
    rows_release(unsure);
    snapshot_release(old);
}

enum err snapshot_renew(struct store *store) {
    bool fresh;
    pthread_mutex_lock(&store->renewing);
    struct store_snapshot *snapshot = snapshot_new(store, rows_now(store));
    enum err err = snapshot ? store_head_read(store->kv, snapshot->data, &fresh, &snapshot->head)
                            : ERR_NO_MEMORY;
    if (err)
        snapshot_release(snapshot);
    else
        snapshot_show(store, snapshot);
    atomic_store(&store->stale, err != ERR_OK);
    pthread_mutex_unlock(&store->renewing);
    return err;
}

enum err snapshot_take(struct store *store, struct store_snapshot **ret) {
    if (atomic_load(&store->stale)) {
        enum err err = snapshot_renew(store);
        if (err) return err;
    }
    pthread_mutex_lock(&store->lock);
    struct store_snapshot *snapshot = store->newest;
    atomic_fetch_add(&snapshot->references, 1);
    pthread_mutex_unlock(&store->lock);
    *ret = snapshot;
    return ERR_OK;
}

/* -- are they the database's? -- */

#define SHOWN 80 /* bytes of a key that an error shows */

struct comparison {
    const struct store_snapshot *snapshot;
    struct buf value; /* as the database has it */
    size_t rows;
    enum err err;
    struct problem *why;
};

static enum err differs(const struct comparison *comparison, struct bytes key) {
    char hex[2 * SHOWN + 1];
    hex_encode(bytes_slice(key, 0, key.len < SHOWN ? key.len : SHOWN), hex);
    return problem_set(comparison->why, ERR_CORRUPT,
                       "A row kept in memory is not the database's; its key begins with %s.", hex);
}

/* key: the database's. */
static bool compare(struct comparison *comparison, struct bytes key, const struct bytes *value) {
    const struct store_snapshot *snapshot = comparison->snapshot;
    enum err err = kv_get(snapshot->kv, snapshot->data, key, &comparison->value);
    bool is_there = !err, is_same = err == ERR_NOT_FOUND && !value;
    if (is_there) is_same = value && bytes_equal(*value, buf_bytes(&comparison->value));
    comparison->rows += is_same;
    if (!is_same)
        comparison->err = is_there || err == ERR_NOT_FOUND ? differs(comparison, key) : err;
    return is_same;
}

static bool compare_state(void *arg, struct bytes key, const struct bytes *value) {
    struct store_key stored = key_state(key);
    return compare(arg, key_bytes(&stored), value);
}

static bool compare_tile(void *arg, struct bytes key, const struct bytes *value) {
    return compare(arg, key, value);
}

enum err snapshot_check(const struct store_snapshot *snapshot, size_t *ret_rows,
                        struct problem *ret_why) {
    struct comparison comparison = {.snapshot = snapshot, .why = ret_why};
    buf_init(&comparison.value, LIMIT_KEPT_ROWS);
    if (snapshot->rows) rows_each(snapshot->rows, compare_state, &comparison);
    if (!comparison.err && snapshot->tiles) rows_each(snapshot->tiles, compare_tile, &comparison);
    buf_done(&comparison.value);
    *ret_rows = comparison.rows;
    return comparison.err;
}
