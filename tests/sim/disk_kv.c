/* ledger/store/kv.h over the simulated disk: it stands in the place of ledger/store/kv.c when the simulator is linked. Rows are immutable sorted arrays, so that a snapshot
 * is a reference and a batch is a merge. */
#include "ledger/store/kv.h"

#include "ledger/store/file.h"
#include "tests/sim/disk_impl.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* -- rows -- */

static struct rowset *rowset_new(size_t room) {
    struct rowset *rows = malloc(sizeof *rows + room * sizeof(struct row *));
    assert(rows);
    rows->references = 1;
    rows->count = 0;
    return rows;
}

struct rowset *rowset_empty(void) {
    return rowset_new(0);
}

struct rowset *rowset_hold(struct rowset *rows) {
    rows->references++;
    return rows;
}

static void row_drop(struct row *row) {
    if (--row->references == 0) free(row);
}

void rowset_drop(struct rowset *rows) {
    if (!rows || --rows->references) return;
    for (size_t i = 0; i < rows->count; i++) row_drop(rows->rows[i]);
    free(rows);
}

struct bytes row_key(const struct row *row) {
    return bytes_of(row->data, row->key_len);
}

struct bytes row_value(const struct row *row) {
    return bytes_of(row->data + row->key_len, row->value_len);
}

size_t rowset_find(const struct rowset *rows, struct bytes key, bool *ret_is_there) {
    size_t low = 0, high = rows->count;
    *ret_is_there = false;
    while (low < high) {
        size_t middle = (low + high) / 2;
        int order = bytes_compare(row_key(rows->rows[middle]), key);
        if (order == 0) *ret_is_there = true;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* -- batches -- */

/* One change; the last one of a key counts. */
struct change {
    struct row *row;
    bool is_erased;
    size_t number;
};

struct kv_batch {
    struct change *changes;
    size_t count, cap;
};

struct kv_batch *kv_batch_new(void) {
    return calloc(1, sizeof(struct kv_batch));
}

void kv_batch_done(struct kv_batch *batch) {
    if (!batch) return;
    for (size_t i = 0; i < batch->count; i++) row_drop(batch->changes[i].row);
    free(batch->changes);
    free(batch);
}

static void batch_add(struct kv_batch *batch, struct bytes key, struct bytes value, bool erases) {
    struct row *row = malloc(sizeof *row + key.len + value.len);
    assert(row);
    row->references = 1;
    row->key_len = (uint32_t)key.len;
    row->value_len = (uint32_t)value.len;
    if (key.len) memcpy(row->data, key.data, key.len);
    if (value.len) memcpy(row->data + key.len, value.data, value.len);
    if (batch->count == batch->cap) {
        batch->cap = batch->cap ? 2 * batch->cap : 64;
        batch->changes = realloc(batch->changes, batch->cap * sizeof *batch->changes);
        assert(batch->changes);
    }
    batch->changes[batch->count] = (struct change){row, erases, batch->count};
    batch->count++;
}

void kv_batch_put(struct kv_batch *batch, struct bytes key, struct bytes value) {
    batch_add(batch, key, value, false);
}

void kv_batch_erase(struct kv_batch *batch, struct bytes key) {
    batch_add(batch, key, bytes_of(NULL, 0), true);
}

static int change_compare(const void *a, const void *b) {
    const struct change *one = a, *other = b;
    int order = bytes_compare(row_key(one->row), row_key(other->row));
    if (order) return order;
    return one->number < other->number ? -1 : 1;
}

static void rowset_push(struct rowset *rows, struct row *row) {
    row->references++;
    rows->rows[rows->count++] = row;
}

static struct rowset *rowset_merge(const struct rowset *old, struct kv_batch *batch) {
    struct rowset *rows = rowset_new(old->count + batch->count);
    size_t at = 0;
    if (batch->count) qsort(batch->changes, batch->count, sizeof *batch->changes, change_compare);
    for (size_t i = 0; i < batch->count; i++) {
        const struct change *change = &batch->changes[i];
        struct bytes key = row_key(change->row);
        if (i + 1 < batch->count && bytes_equal(row_key(batch->changes[i + 1].row), key)) continue;
        while (at < old->count && bytes_compare(row_key(old->rows[at]), key) < 0)
            rowset_push(rows, old->rows[at++]);
        if (at < old->count && bytes_equal(row_key(old->rows[at]), key)) at++;
        if (!change->is_erased) rowset_push(rows, change->row);
    }
    while (at < old->count) rowset_push(rows, old->rows[at++]);
    return rows;
}

/* -- the database -- */

struct kv {
    struct disk *disk;
    struct rowset *now;
    bool has_failed; /* its log ends in half a record */
};

static void rowset_set(struct rowset **place, struct rowset *rows) {
    rowset_drop(*place);
    *place = rowset_hold(rows);
}

enum err kv_open(const char *path, bool create, struct kv **ret, struct problem *ret_why) {
    const char *inner;
    enum err err = create ? file_make_dir(path, ret_why) : ERR_OK;
    if (err) return err;
    struct disk *disk = disk_of(path, &inner);
    int number = disk_read_step(disk);
    if (number) return problem_set(ret_why, file_err(number), "The database could not be opened.");
    struct kv *kv = calloc(1, sizeof *kv);
    assert(kv);
    kv->disk = disk;
    kv->now = rowset_hold(disk->rows);
    /* Recovery writes what the log holds into a table and syncs that and the manifest. */
    if (!disk_lies.database) rowset_set(&disk->rows_durable, disk->rows);
    disk->open++;
    *ret = kv;
    return ERR_OK;
}

uint64_t kv_mended(const struct kv *kv) {
    (void)kv; /* batches are there whole or not at all */
    return 0;
}

void kv_close(struct kv *kv) {
    if (!kv) return;
    rowset_drop(kv->now);
    kv->disk->open--;
    free(kv);
}

enum err kv_write(struct kv *kv, struct kv_batch *batch, bool sync, struct problem *ret_why) {
    struct disk *disk = kv->disk;
    int number;
    enum fate fate = disk_step(disk, &number);
    if (fate == FATE_FAILS_UNDONE) {
        kv->has_failed = true;
        return problem_set(ret_why, file_err(number), "The database could not be written.");
    }
    struct rowset *next = rowset_merge(kv->now, batch);
    bool is_durable =
        fate == FATE_DONE ? sync && !disk_lies.database : random_one_in(&disk->random, 2);
    if (!kv->has_failed) {
        rowset_set(&disk->rows, next);
        if (is_durable) rowset_set(&disk->rows_durable, next);
    }
    if (fate == FATE_DONE)
        rowset_set(&kv->now, next);
    else
        kv->has_failed = true;
    rowset_drop(next);
    if (fate == FATE_DONE) return ERR_OK;
    return problem_set(ret_why, file_err(number), "The database could not be written.");
}

/* -- reading -- */

static struct rowset *snapshot_rows(struct kv *kv, const struct kv_snapshot *snapshot) {
    return snapshot ? (struct rowset *)(uintptr_t)snapshot : kv->now;
}

/* LevelDB takes its lock for it, so another thread may be first. */
const struct kv_snapshot *kv_snapshot_open(struct kv *kv) {
    threads_yield();
    return (const struct kv_snapshot *)rowset_hold(kv->now);
}

void kv_snapshot_close(struct kv *kv, const struct kv_snapshot *snapshot) {
    if (snapshot) rowset_drop(snapshot_rows(kv, snapshot));
}

enum err kv_get(struct kv *kv, const struct kv_snapshot *snapshot, struct bytes key,
                struct buf *ret_value) {
    bool is_there;
    const struct rowset *rows = snapshot_rows(kv, snapshot);
    if (disk_read_step(kv->disk)) return ERR_IO;
    size_t at = rowset_find(rows, key, &is_there);
    if (!is_there) return ERR_NOT_FOUND;
    buf_clear(ret_value);
    return buf_add(ret_value, row_value(rows->rows[at]));
}

struct kv_iter {
    struct disk *disk;
    struct rowset *rows;
    size_t at;
    struct bytes prefix; /* behind the struct */
};

enum err kv_iter_open(struct kv *kv, const struct kv_snapshot *snapshot, struct bytes prefix,
                      struct bytes from, struct kv_iter **ret) {
    struct kv_iter *iter = malloc(sizeof *iter + prefix.len);
    assert(iter);
    if (prefix.len) memcpy(iter + 1, prefix.data, prefix.len);
    iter->prefix = bytes_of(iter + 1, prefix.len);
    iter->disk = kv->disk;
    iter->rows = rowset_hold(snapshot_rows(kv, snapshot));
    kv_iter_seek(iter, from);
    *ret = iter;
    return ERR_OK;
}

void kv_iter_seek(struct kv_iter *iter, struct bytes from) {
    bool is_there;
    struct bytes start = bytes_compare(from, iter->prefix) < 0 ? iter->prefix : from;
    iter->at = rowset_find(iter->rows, start, &is_there);
}

bool kv_iter_valid(const struct kv_iter *iter) {
    if (iter->at >= iter->rows->count) return false;
    struct bytes key = row_key(iter->rows->rows[iter->at]);
    return key.len >= iter->prefix.len &&
           bytes_equal(bytes_slice(key, 0, iter->prefix.len), iter->prefix);
}

struct bytes kv_iter_key(const struct kv_iter *iter) {
    return row_key(iter->rows->rows[iter->at]);
}

struct bytes kv_iter_value(const struct kv_iter *iter) {
    return row_value(iter->rows->rows[iter->at]);
}

void kv_iter_next(struct kv_iter *iter) {
    assert(iter->at < iter->rows->count);
    iter->at++;
}

enum err kv_iter_close(struct kv_iter *iter) {
    if (!iter) return ERR_OK;
    enum err err = disk_read_step(iter->disk) ? ERR_IO : ERR_OK;
    rowset_drop(iter->rows);
    free(iter);
    return err;
}
