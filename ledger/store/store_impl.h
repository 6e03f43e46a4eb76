/* What store_open.c, store.c, store_view.c and fsck.c know of each other. Nobody else includes it, but for tests that damage a store on purpose.
 *
 * Ownership: the writer thread owns tree, next, listing and fresh, and alone changes head, which `lock` guards for readers, as it does newest and rows. `evidence` is held while
 * a number is chosen and used, `renewing` while a snapshot is made, `writing` while rows are written. kept is constant after start. kv and segments are for any thread as their headers say. */
#ifndef QIZHENG_STORE_STORE_IMPL_H
#define QIZHENG_STORE_STORE_IMPL_H

#include "ledger/store/kv.h"
#include "ledger/store/listing.h"
#include "ledger/store/rows.h"
#include "ledger/store/segment.h"
#include "ledger/store/store.h"
#include "ledger/store/tree.h"

#include <pthread.h>
#include <stdatomic.h>

struct store {
    uint8_t ledger_id[32];
    int dir; /* for fstatvfs */
    struct kv *kv;
    struct segments *segments;
    struct tree *tree; /* of the newest commit */
    struct tree *next; /* scratch of the commit under way */
    struct listing *listing;
    bool fresh;         /* nothing was ever committed */
    atomic_bool broken; /* a write failed with unknown outcome: no further ones */
    pthread_mutex_t evidence;
    pthread_mutex_t renewing;
    pthread_mutex_t writing;
    const struct store_kept *kept; /* NULL: no row is kept in memory */
    atomic_bool stale;             /* the newest snapshot could not be made */
    pthread_mutex_t lock;
    struct store_head head;
    struct store_snapshot *newest; /* what a view opens; NULL before the store is loaded */
    struct rows
        *rows; /* of the newest commit; NULL: none, or one that writes such rows is under way */
    atomic_int views; /* open ones; store_close asserts that there are none */
};

/* What was committed at one moment, for all who read it. */
struct store_snapshot {
    atomic_uint references;
    struct kv *kv;
    const struct kv_snapshot *data;
    struct store_head head;
    struct rows *rows;  /* NULL: none kept */
    struct rows *tiles; /* of this snapshot's own tree, by their keys; NULL: none kept */
};

struct store_view {
    struct store *store;
    const struct kv_snapshot *snapshot; /* NULL: the newest, while the store is being opened */
    struct store_head head;
    struct store_snapshot *shared;
};

/* After every write: the newest snapshot is of what stands in the database now. ERR_NO_MEMORY ERR_IO ERR_CORRUPT; then the next snapshot_take tries it again. Any thread. */
enum err snapshot_renew(struct store *store);
/* The newest one, to be released. */
enum err snapshot_take(struct store *store, struct store_snapshot **ret) MUST_CHECK;
void snapshot_release(struct store_snapshot *snapshot); /* accepts NULL */
/* Whether everything that is kept in memory beside the snapshot, state rows and tiles, is what the database holds there. The invariant of store_snapshot.c looked at whole, for tests: it reads
 * every row. *ret_rows of them were the same, also where it fails. ERR_CORRUPT with the key in *ret_why where one is not; ERR_IO ERR_NO_MEMORY. Any thread that holds it. */
enum err snapshot_check(const struct store_snapshot *snapshot, size_t *ret_rows,
                        struct problem *ret_why) MUST_CHECK;
/* Before a commit's write: true where it writes rows that are kept; then snapshot_rows_end follows it, however it ended. The writer. */
bool snapshot_rows_begin(struct store *store, const struct store_commit *commit);
void snapshot_rows_end(struct store *store);
/* The kind of a state row that is kept, or NULL. key: without the S. */
const struct store_kept *snapshot_kept(const struct store *store, struct bytes key);

/* The head of an empty store. */
struct store_head store_head_empty(void);
/* The head row as of that snapshot (NULL: the newest), or the empty head where there is none. ERR_CORRUPT ERR_IO ERR_NO_MEMORY. */
enum err store_head_read(struct kv *kv, const struct kv_snapshot *snapshot, bool *ret_fresh,
                         struct store_head *ret) MUST_CHECK;
/* The row of a leaf. ERR_NOT_FOUND beyond the view's size, ERR_CORRUPT where it is missing or malformed below. */
enum err store_view_row(struct store_view *view, uint64_t index, struct store_leaf *ret) MUST_CHECK;
/* The row of a tile that has that width in this view's tree. ERR_CORRUPT where it is missing or of another length. */
enum err store_view_tile_row(struct store_view *view, unsigned level, uint64_t index,
                             unsigned width, struct buf *ret) MUST_CHECK;
/* Whether there is a leaf row of that index, within the view's size or not. */
enum err store_view_has_row(struct store_view *view, uint64_t index, bool *ret) MUST_CHECK;

#endif
