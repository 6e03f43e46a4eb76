/* One snapshot for all views of a commit. See store_impl.h.
 *
 * A snapshot is made when something was written, not when somebody reads: a database snapshot, the head row in it, and the rows that are kept in memory with it (rows.h).
 * It goes when a newer one took its place and its last view is closed.
 *
 * What is kept must be of the same commits as the snapshot that it stands beside. So a commit that writes a row of those kinds takes store->rows away before its write
 * and puts an empty one there behind it; and a snapshot that saw store->rows change while it was made keeps nothing. */
#include "ledger/store/store_impl.h"

#include "ledger/base/limits.h"

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
