/*~ The store: what is true, on disk. Bodies in segments; leaves, tiles, indices, contract state, order state and position in LevelDB.
 *
 * Happy path of store_commit (the one commit point):
 *   1 append bodies to the segment, sync it   2 one synchronous LevelDB batch with everything else   3 readers see the new head
 * A crash before 2 leaves only a segment tail, cut off at the next open. A crash after 2 leaves everything. There is no other recovery.
 *
 * Invariants: see ARCHITECTURE.md section 9; they are asserted in store.c before the write and after the read.
 * Threads: one writer calls store_commit; store_put_checkpoint, store_keep_evidence, store_current and store_view_* from any thread. */
#ifndef QIZHENG_STORE_STORE_H
#define QIZHENG_STORE_STORE_H

#include "ledger/proof/tile.h"
#include "ledger/record/genesis.h"
#include "ledger/store/keys.h"

struct store;
struct store_view;

/* One accepted record (or genesis). Everything is borrowed. */
struct store_entry {
    uint8_t leaf[LEAF_LEN];
    struct bytes body;           /* canonical JWS, or the genesis bytes */
    const struct record *record; /* NULL for genesis */
};

struct store_write {
    struct bytes key; /* without the S prefix */
    struct bytes value;
    bool erase;
};

/* What one commit carries: the effects of one or more ordered batches. */
struct store_commit {
    struct position position; /* of the last batch */
    uint64_t time_ms;         /* ledger time after it; not before the newest leaf's */
    const struct store_entry *entries;
    size_t entry_count; /* 0 is allowed: heartbeats and refusals move the position only */
    const struct store_write *writes;
    size_t write_count;
    struct bytes order_state;
};

/* Opens <dir>/db and <dir>/bodies, creating them (and dir) where create is true. An existing store must belong to ledger_id (ERR_CORRUPT).
 * A new store is empty (size 0): the caller commits leaf 0 through the same store_commit. ERR_LOCKED ERR_IO ERR_CORRUPT ERR_PROTOCOL (layout). */
enum err store_open(const char *dir, const uint8_t ledger_id[32], bool create, struct store **ret,
                    struct problem *ret_why) MUST_CHECK;
void store_close(struct store *store); /* accepts NULL; asserts that every view is closed */

/* Whether there is room for a commit. LevelDB does not survive a full disk without being opened anew, so LIMIT_DISK_RESERVE is kept free. Any thread. ERR_DISK_FULL, ERR_IO. */
enum err store_room(const struct store *store, struct problem *ret_why) MUST_CHECK;

/* A position at or before the stored one is a no-op (ERR_OK, *ret_head the current head): applying twice is the recovery story. The
 * first commit of a new store may have any position. Entries are asserted: bodies hash to their leaves, times never fall, leaf 0 is the genesis.
 * ERR_DISK_FULL ERR_NO_MEMORY: nothing was committed, may be retried. ERR_IO: unknown; every later write is refused until the store is closed and
 * opened anew, reads go on. */
enum err store_commit(struct store *store, const struct store_commit *commit,
                      struct store_head *ret_head, struct problem *ret_why) MUST_CHECK;
enum err store_put_checkpoint(struct store *store, struct bytes note,
                              struct problem *ret_why) MUST_CHECK;
/* Numbered from 0; the same bytes again are a no-op. ERR_TOO_LARGE beyond LIMIT_EVIDENCE or LIMIT_EVIDENCE_LEN. Errors of both else as store_commit. */
enum err store_keep_evidence(struct store *store, struct bytes evidence,
                             struct problem *ret_why) MUST_CHECK;
/* Bytes of a write that a power cut interrupted, cut off the database when it was opened; 0 mostly. */
uint64_t store_mended(const struct store *store);
struct store_head store_current(struct store *store); /* newest committed head; any thread */

/* Kinds of contract state that hardly ever change and are read for nearly every record: their rows are kept in memory, up to LIMIT_KEPT_ROWS, from the first look-up on
 * until a commit writes one of them. */
struct store_kept {
    const char *prefix; /* of the key without S */
    bool
        with_absent; /* also that there is no such row: for kinds of which nobody outside can ask for any name he likes */
};
/* kinds: ended by a NULL prefix, borrowed for as long as the store is open. Before threads start. */
void store_keep_rows(struct store *store, const struct store_kept *kinds);

/* A consistent snapshot of the newest commit: the head it shows and every row are of one batch. Cheap; close soon. What lies beyond its
 * size is ERR_NOT_FOUND; rows that must be there and are not, or contradict each other, are ERR_CORRUPT. A struct buf *ret is replaced, and
 * ERR_TOO_LARGE where it may not hold the value. All store_view_* functions are for any thread, one view per thread. */
enum err store_view_open(struct store *store, struct store_view **ret) MUST_CHECK;
void store_view_close(struct store_view *view);
struct store_head store_view_head(const struct store_view *view);
enum err store_view_leaf(struct store_view *view, uint64_t index,
                         uint8_t ret[LEAF_LEN]) MUST_CHECK; /* ERR_NOT_FOUND */
enum err store_view_body(struct store_view *view, uint64_t index,
                         struct buf *ret) MUST_CHECK; /* checked against the leaf: ERR_CORRUPT */
enum err store_view_find(struct store_view *view, const uint8_t id[RECORD_ID_LEN],
                         uint64_t *ret_index) MUST_CHECK; /* ERR_NOT_FOUND */
/* Indices of the records that name that document, ascending, at most max. */
enum err store_view_documents(struct store_view *view, enum digest_alg alg,
                              const uint8_t digest[DIGEST_LEN], uint64_t *ret_indices, size_t max,
                              size_t *ret_count) MUST_CHECK;
enum err store_view_order(struct store_view *view,
                          struct buf *ret) MUST_CHECK; /* empty where none */
enum err store_view_checkpoint(struct store_view *view,
                               struct buf *ret) MUST_CHECK; /* ERR_NOT_FOUND */
/* Piece number 0, 1, ... of what store_keep_evidence keeps. ERR_NOT_FOUND behind the last. */
enum err store_view_evidence(struct store_view *view, uint64_t number, struct buf *ret) MUST_CHECK;
enum err store_view_state(struct store_view *view, struct bytes key,
                          struct buf *ret) MUST_CHECK; /* ERR_NOT_FOUND */
/* Calls each(arg, key without S, value) in key order for keys with that prefix, from `from` on, until it returns false. */
enum err store_view_scan(struct store_view *view, struct bytes prefix, struct bytes from,
                         bool (*each)(void *arg, struct bytes key, struct bytes value),
                         void *arg) MUST_CHECK;
/* A list walked upwards: the indices that the rows of key_issuer_prefix or key_type_prefix name (listing.h), or those at the end of the keys that begin with another prefix
 * (key_kind_prefix of leaves, key_state of a list that contracts/ keep). The view stays open as long as the walk. */
struct store_walk;
enum err store_walk_open(struct store_view *view, struct store_key prefix,
                         struct store_walk **ret) MUST_CHECK;
/* The first index at or after `from`. ERR_NOT_FOUND behind the last; ERR_CORRUPT where a row is malformed or names an index that the view does not have. */
enum err store_walk_seek(struct store_walk *walk, uint64_t from, uint64_t *ret) MUST_CHECK;
struct bytes store_walk_value(
    const struct store_walk *walk); /* of the row that was found; until the next seek */
enum err
store_walk_close(struct store_walk *walk) MUST_CHECK; /* accepts NULL; ERR_IO ERR_CORRUPT */
/* The first `width` hashes of a tile as of this view; ERR_NOT_FOUND where the tree is smaller. ret has width*32 bytes. */
enum err store_view_tile(struct store_view *view, unsigned level, uint64_t index, unsigned width,
                         uint8_t *ret) MUST_CHECK;
enum err store_view_bundle(struct store_view *view, uint64_t index, unsigned width,
                           struct buf *ret) MUST_CHECK;
/* Reader of this view's tiles, for tile_source_init. */
struct tile_reader store_view_tiles(struct store_view *view);
enum err store_view_root(struct store_view *view, uint64_t size,
                         uint8_t ret[HASH_LEN]) MUST_CHECK; /* size <= head's */
enum err store_view_inclusion(struct store_view *view, uint64_t index, uint64_t size,
                              struct merkle_proof *ret) MUST_CHECK;
enum err store_view_consistency(struct store_view *view, uint64_t old_size, uint64_t new_size,
                                struct merkle_proof *ret) MUST_CHECK;

#endif
