/* See store.h: the one commit point, and the few other writes. Opening is in store_open.c, reading in store_view.c.
 *
 * Invariants of ARCHITECTURE.md section 9 that hold here, each checked before the write and after the read:
 *   1 positions only grow                                store_commit; a repeated one is a no-op
 *   2 size = number of leaves = next index               tree_append; store_open.c for the newest
 *   3 root(size) is a function of leaves [0, size)       store_open.c; fsck for every leaf
 *   4 every index row follows from its record            index_rows is the only maker of rows; fsck
 *   5 readers see nothing that is not in a synced commit LevelDB shows a batch only behind its sync; bodies were synced before
 *   10 a leaf under a checkpoint is never rewritten      rows are only added; a tail tile's row only grows
 *
 * Why a failed LevelDB write is never retried: its log may end in half a record, and appending behind that would put the next commit where a
 * later recovery does not find it. The store then refuses every write; opening anew reads what is really there. A full disk is therefore met
 * before that write, while everything can still be undone: by asking for room, and by the segment, which is written first. */
#include "ledger/store/store.h"

#include "ledger/crypto/sha256.h"
#include "ledger/store/index.h"
#include "ledger/store/store_impl.h"

#include <assert.h>
#include <string.h>
#include <sys/statvfs.h>

static void put_row(struct kv_batch *batch, struct store_key key, struct bytes value) {
    kv_batch_put(batch, key_bytes(&key), value);
}

uint64_t store_mended(const struct store *store) {
    return kv_mended(store->kv);
}

struct store_head store_current(struct store *store) {
    pthread_mutex_lock(&store->lock);
    struct store_head head = store->head;
    pthread_mutex_unlock(&store->lock);
    return head;
}

/* -- committing -- */

/* A commit under way. */
struct work {
    struct store *store;
    const struct store_commit *commit;
    struct kv_batch *batch;
    struct store_head head; /* what it will be */
};

static enum err refuse_broken(struct problem *ret_why) {
    return problem_set(ret_why, ERR_IO,
                       "An earlier write failed and its outcome is unknown: open the store anew.");
}

enum err store_room(const struct store *store, struct problem *ret_why) {
    struct statvfs stat;
    if (fstatvfs(store->dir, &stat))
        return problem_set(ret_why, ERR_IO, "The file system cannot be asked for its free room.");
    if ((uint64_t)stat.f_bavail * stat.f_frsize >= LIMIT_DISK_RESERVE) return ERR_OK;
    return problem_set(ret_why, ERR_DISK_FULL,
                       "Less than %u MiB are free on the disk of the data: make room.",
                       LIMIT_DISK_RESERVE / (1024 * 1024));
}

/* Invariants before the write; outside input never comes here unvalidated. Leaves *ret_time_ms at the time of the newest leaf. */
static void assert_entry(const struct store_entry *entry, const uint8_t ledger_id[32],
                         uint64_t index, uint64_t *ret_time_ms) {
    uint64_t time_ms = 0;
    uint8_t hash[32], body_hash[SHA256_LEN];
    enum err err = leaf_decode(entry->leaf, &time_ms, hash);
    assert(!err);
    assert(time_ms >= *ret_time_ms);
    sha256(entry->body, body_hash);
    assert(memcmp(hash, body_hash, sizeof hash) == 0);
    assert(index > 0 || memcmp(hash, ledger_id, sizeof hash) == 0);
    assert(!entry->record || memcmp(entry->record->hash, hash, sizeof hash) == 0);
    (void)err;
    *ret_time_ms = time_ms;
}

static void put_tile(void *arg, unsigned level, uint64_t index, struct bytes row) {
    struct work *work = arg;
    put_row(work->batch, key_tile(level, index), row);
}

static void put_index(void *arg, struct bytes key, struct bytes value) {
    struct work *work = arg;
    kv_batch_put(work->batch, key, value);
}

/* Body into the segment, rows into the batch. */
static enum err add_entry(struct work *work, const struct store_entry *entry,
                          struct problem *ret_why) {
    struct store *store = work->store;
    struct store_leaf row = {.len = (uint32_t)entry->body.len};
    uint64_t index = work->head.size;
    assert(index == store->next->size);
    assert_entry(entry, store->ledger_id, index, &work->head.time_ms);
    enum err err = segment_append(store->segments, entry->body, &row.segment, &row.offset, ret_why);
    if (err) return err;
    uint8_t value[STORE_LEAF_LEN], hash[HASH_LEN];
    memcpy(row.leaf, entry->leaf, LEAF_LEN);
    store_leaf_encode(&row, value);
    put_row(work->batch, key_leaf(index), bytes_of(value, sizeof value));
    index_rows(entry->record, index, put_index, work);
    if (entry->record)
        err = listing_add(store->listing, store->kv, entry->record, index, work->batch);
    if (err)
        return problem_set(ret_why, err,
                           "The newest row of an issuer's or a type's list cannot be read: run "
                           "qizheng fsck.");
    merkle_leaf(bytes_of(entry->leaf, LEAF_LEN), hash);
    tree_append(store->next, hash, put_tile, work);
    work->head.size = index + 1;
    return ERR_OK;
}

static void put_rest(struct work *work) {
    const struct store_commit *commit = work->commit;
    struct store *store = work->store;
    for (size_t i = 0; i < commit->write_count; i++) {
        const struct store_write *write = &commit->writes[i];
        struct store_key key = key_state(write->key);
        if (write->erase)
            kv_batch_erase(work->batch, key_bytes(&key));
        else
            put_row(work->batch, key, write->value);
    }
    listing_put(store->listing, work->batch);
    tree_tails(store->next, store->head.size, put_tile, work);
    put_row(work->batch, key_meta("order"), commit->order_state);
    uint8_t head[STORE_HEAD_LEN];
    tree_root(store->next, work->head.root);
    segment_end(store->segments, &work->head.segment, &work->head.segment_end);
    store_head_encode(&work->head, head);
    put_row(work->batch, key_meta("head"), bytes_of(head, sizeof head));
}

/* Everything before the LevelDB write: what can still be undone. */
static enum err prepare(struct work *work, struct problem *ret_why) {
    const struct store_commit *commit = work->commit;
    tree_copy(work->store->next, work->store->tree);
    enum err err = store_room(work->store, ret_why);
    for (size_t i = 0; !err && i < commit->entry_count; i++)
        err = add_entry(work, &commit->entries[i], ret_why);
    if (!err && commit->entry_count) err = segment_sync(work->store->segments, ret_why);
    if (err) return err;
    assert(commit->time_ms >= work->head.time_ms);
    put_rest(work);
    return ERR_OK;
}

/* Back to the last commit. A full disk or no memory may be tried again; whatever else failed is not trusted any more. */
static enum err undo(struct store *store, enum err err, struct problem *ret_why) {
    struct problem ignored;
    listing_forget(store->listing);
    if (segment_cut(store->segments, store->head.segment, store->head.segment_end, &ignored))
        err =
            problem_set(ret_why, ERR_IO, "A failed commit could not be undone: %s", ignored.detail);
    if (err == ERR_DISK_FULL || err == ERR_NO_MEMORY) return err;
    atomic_store(&store->broken, true);
    return ERR_IO;
}

/* The commit point, for every batch of rows. One at a time: LevelDB would append a write that waits for another behind the half record that this one left when it failed. */
static enum err write_rows(struct store *store, struct kv_batch *batch, struct problem *ret_why) {
    pthread_mutex_lock(&store->writing);
    bool is_broken = atomic_load(&store->broken);
    enum err err = is_broken ? ERR_IO : kv_write(store->kv, batch, true, ret_why);
    if (err) atomic_store(&store->broken, true);
    pthread_mutex_unlock(&store->writing);
    if (is_broken) return refuse_broken(ret_why);
    if (!err) return ERR_OK;
    if (ret_why) ret_why->err = ERR_IO; /* also for a full disk: the outcome is unknown */
    return ERR_IO;
}

/* Readers see the new head. */
static void publish(struct store *store, const struct store_head *head) {
    struct tree *old = store->tree;
    store->tree = store->next;
    store->next = old;
    store->fresh = false;
    (void)snapshot_renew(
        store); /* first: a view is never older than the head; without memory the next reader tries again */
    pthread_mutex_lock(&store->lock);
    store->head = *head;
    pthread_mutex_unlock(&store->lock);
}

static enum err commit_rows(struct work *work, struct problem *ret_why) {
    bool changes_kept = snapshot_rows_begin(work->store, work->commit);
    enum err err = write_rows(work->store, work->batch, ret_why);
    if (changes_kept) snapshot_rows_end(work->store);
    return err;
}

enum err store_commit(struct store *store, const struct store_commit *commit,
                      struct store_head *ret_head, struct problem *ret_why) {
    if (atomic_load(&store->broken)) return refuse_broken(ret_why);
    if (!store->fresh && position_compare(commit->position, store->head.position) <= 0) {
        *ret_head = store->head;
        return ERR_OK;
    }
    struct work work = {store, commit, kv_batch_new(), store->head};
    if (!work.batch) return problem_set(ret_why, ERR_NO_MEMORY, "No memory for a commit.");
    work.head.position = commit->position;
    enum err err = prepare(&work, ret_why);
    if (err)
        err = undo(store, err, ret_why);
    else
        err = commit_rows(&work, ret_why);
    kv_batch_done(work.batch);
    if (err) return err;
    publish(store, &work.head);
    *ret_head = work.head;
    return ERR_OK;
}

/* -- what is kept beside the ledger -- */

static enum err put_one(struct store *store, struct store_key key, struct bytes value,
                        struct problem *ret_why) {
    enum err err = store_room(store, ret_why);
    if (err) return err;
    struct kv_batch *batch = kv_batch_new();
    if (!batch) return problem_set(ret_why, ERR_NO_MEMORY, "No memory for a write.");
    put_row(batch, key, value);
    err = write_rows(store, batch, ret_why);
    kv_batch_done(batch);
    if (!err) (void)snapshot_renew(store);
    return err;
}

enum err store_put_checkpoint(struct store *store, struct bytes note, struct problem *ret_why) {
    if (atomic_load(&store->broken)) return refuse_broken(ret_why);
    assert(note.len <= LIMIT_NOTE);
    return put_one(store, key_meta("checkpoint"), note, ret_why);
}

/* The number for new evidence, or *ret_known where the same bytes are kept already. */
static enum err evidence_number(struct store *store, struct bytes evidence, uint64_t *ret,
                                bool *ret_known) {
    struct store_key prefix = key_kind_prefix(KEY_KIND_EVIDENCE);
    struct kv_iter *iter = NULL;
    uint64_t number = 0, next = 0;
    bool known = false;
    enum err err = kv_iter_open(store->kv, NULL, key_bytes(&prefix), key_bytes(&prefix), &iter);
    if (err) return err;
    for (; !err && !known && kv_iter_valid(iter); kv_iter_next(iter)) {
        err = key_number(kv_iter_key(iter), &number);
        next = number + 1;
        known = bytes_equal(kv_iter_value(iter), evidence);
    }
    enum err closed = kv_iter_close(iter);
    if (!err) err = closed;
    *ret = next;
    *ret_known = known;
    return err;
}

static enum err keep_evidence(struct store *store, struct bytes evidence, struct problem *ret_why) {
    uint64_t number = 0;
    bool known = false;
    enum err err = evidence_number(store, evidence, &number, &known);
    if (err) return problem_set(ret_why, err, "The evidence that is kept cannot be read.");
    if (known) return ERR_OK;
    if (number >= LIMIT_EVIDENCE || evidence.len > LIMIT_EVIDENCE_LEN)
        return problem_set(ret_why, ERR_TOO_LARGE,
                           "No more evidence is kept: %u pieces of at most %u bytes.",
                           LIMIT_EVIDENCE, LIMIT_EVIDENCE_LEN);
    return put_one(store, key_evidence(number), evidence, ret_why);
}

enum err store_keep_evidence(struct store *store, struct bytes evidence, struct problem *ret_why) {
    if (atomic_load(&store->broken)) return refuse_broken(ret_why);
    pthread_mutex_lock(&store->evidence);
    enum err err = keep_evidence(store, evidence, ret_why);
    pthread_mutex_unlock(&store->evidence);
    return err;
}
