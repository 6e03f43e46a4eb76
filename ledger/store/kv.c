/* See kv.h. The only file that knows LevelDB.
 *
 * Options, each with its reason:
 *   bloom filter of 10 bits a key   most look-ups are for absent keys (is this record new?); 1 % of them reach a table
 *   write buffer 64 MiB             fewer and larger level-0 files: the slow-down at 8 of them stays far
 *   files of 32 MiB                 compactions move less at a time and the directory stays short
 *   no compression                  leaves, hashes and ids are random
 *   paranoid checks                 without them a damaged block of the write-ahead log is dropped in silence while later
 *                                   blocks are applied: a hole in the ledger. An unfinished last write is no damage: it passes,
 *                                   or is cut off (kv_mend.h). A fragment whose header is zeros is passed over with the
 *                                   rest of its block even so: fsck finds what is missing
 *   checksums on every read         a flipped bit is ERR_CORRUPT, not an answer
 *
 * Errors come as text only, so their words are matched: held locks, a full disk and damage are told apart, all else is ERR_IO.
 * After a failed kv_write the log file may end in half a record: the caller closes and opens again. */
#include "ledger/store/kv.h"

#include "ledger/store/fault.h"
#include "ledger/store/file.h"
#include "ledger/store/kv_mend.h"

#include <leveldb/c.h>

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define CACHE_LEN (64u * 1024 * 1024)
#define WRITE_BUFFER_LEN (64u * 1024 * 1024)
#define FILE_LEN (32u * 1024 * 1024)
#define BLOOM_BITS 10

struct kv {
    leveldb_t *db;
    leveldb_options_t *options;
    leveldb_cache_t *cache;
    leveldb_filterpolicy_t *filter;
    leveldb_readoptions_t *read;
    leveldb_writeoptions_t *write, *write_sync;
    uint64_t mended;
};

struct kv_snapshot {
    const leveldb_snapshot_t *snapshot;
    leveldb_readoptions_t *read;
};

struct kv_batch {
    leveldb_writebatch_t *batch;
};

struct kv_iter {
    leveldb_iterator_t *iter;
    struct bytes prefix; /* owned, behind the struct */
};

/* LevelDB takes no NULL, not even for nothing. */
static const char *chars(struct bytes in) {
    return in.len ? (const char *)in.data : "";
}

static enum err err_of(const char *text) {
    if (strncmp(text, "IO error: lock ", 15) == 0) return ERR_LOCKED;
    if (strstr(text, "No space left on device")) return ERR_DISK_FULL;
    if (strstr(text, "Disk quota exceeded")) return ERR_DISK_FULL;
    if (strncmp(text, "Corruption: ", 12) == 0) return ERR_CORRUPT;
    return ERR_IO;
}

/* LevelDB quotes what it read, and a damaged file holds anything: what is not printable ASCII must not reach a log or a terminal. */
static void clean(char *text) {
    for (; *text; text++)
        if (*text < ' ' || *text > '~') *text = '?';
}

/* Frees text. */
static enum err explain(char *text, const char *what, struct problem *ret_why) {
    if (!text) return ERR_OK;
    enum err err = err_of(text);
    clean(text);
    if (err == ERR_LOCKED)
        (void)problem_set(ret_why, err,
                          "Another process uses this ledger's data: a node, or fsck. Stop it "
                          "first, or wait until it has ended.");
    else
        (void)problem_set(ret_why, err, "The database could not be %s: %s.", what, text);
    leveldb_free(text);
    return err;
}

static leveldb_readoptions_t *read_options(void) {
    leveldb_readoptions_t *read = leveldb_readoptions_create();
    leveldb_readoptions_set_verify_checksums(read, 1);
    return read;
}

static void set_options(struct kv *kv, bool create) {
    kv->options = leveldb_options_create();
    kv->cache = leveldb_cache_create_lru(CACHE_LEN);
    kv->filter = leveldb_filterpolicy_create_bloom(BLOOM_BITS);
    leveldb_options_set_create_if_missing(kv->options, create);
    leveldb_options_set_paranoid_checks(kv->options, 1);
    leveldb_options_set_cache(kv->options, kv->cache);
    leveldb_options_set_filter_policy(kv->options, kv->filter);
    leveldb_options_set_write_buffer_size(kv->options, WRITE_BUFFER_LEN);
    leveldb_options_set_max_file_size(kv->options, FILE_LEN);
    leveldb_options_set_compression(kv->options, leveldb_no_compression);
    kv->read = read_options();
    kv->write = leveldb_writeoptions_create();
    kv->write_sync = leveldb_writeoptions_create();
    leveldb_writeoptions_set_sync(kv->write_sync, 1);
}

static enum err injected(enum err err, const char *what, struct problem *ret_why) {
    return problem_set(ret_why, err, "The database could not be %s: injected.", what);
}

/* Opens it once more where an interrupted last write can be cut off; otherwise what LevelDB said of it first stands, or what kept us from cutting. */
static enum err db_mend(struct kv *kv, const char *path, char **text, struct problem *ret_why) {
    enum err err = kv_mend(path, &kv->mended);
    if (err == ERR_CORRUPT) return ERR_OK;
    leveldb_free(*text);
    *text = NULL;
    if (err)
        return problem_set(ret_why, err,
                           "The database's last write was interrupted, and could not be cut off.");
    kv->db = leveldb_open(kv->options, path, text);
    return ERR_OK;
}

/* LevelDB brings itself into order here: what its log holds is written into tables, and a new log begins. */
static enum err db_open(struct kv *kv, const char *path, bool mends, struct problem *ret_why) {
    enum err err = fault_before(FAULT_KV_OPEN);
    if (err) return injected(err, "opened", ret_why);
    char *text = NULL;
    kv->db = leveldb_open(kv->options, path, &text);
    if (!kv->db && mends && err_of(text) == ERR_CORRUPT) err = db_mend(kv, path, &text, ret_why);
    if (err) return err;
    if (!kv->db) return explain(text, "opened", ret_why);
    err = fault_after(FAULT_KV_OPEN);
    return err ? injected(err, "opened", ret_why) : ERR_OK;
}

enum err kv_open(const char *path, bool create, struct kv **ret, struct problem *ret_why) {
    enum err err = create ? file_make_dir(path, ret_why) : ERR_OK;
    if (err) return err;
    struct kv *kv = calloc(1, sizeof *kv);
    if (!kv) return problem_set(ret_why, ERR_NO_MEMORY, "No memory to open the database.");
    set_options(kv, create);
    err = db_open(kv, path, create, ret_why);
    if (err)
        kv_close(kv);
    else
        *ret = kv;
    return err;
}

uint64_t kv_mended(const struct kv *kv) {
    return kv->mended;
}

void kv_close(struct kv *kv) {
    if (!kv) return;
    if (kv->db) leveldb_close(kv->db);
    leveldb_options_destroy(kv->options);
    leveldb_cache_destroy(kv->cache);
    leveldb_filterpolicy_destroy(kv->filter);
    leveldb_readoptions_destroy(kv->read);
    leveldb_writeoptions_destroy(kv->write);
    leveldb_writeoptions_destroy(kv->write_sync);
    free(kv);
}

const struct kv_snapshot *kv_snapshot_open(struct kv *kv) {
    struct kv_snapshot *snapshot = malloc(sizeof *snapshot);
    if (!snapshot) return NULL;
    snapshot->snapshot = leveldb_create_snapshot(kv->db);
    snapshot->read = read_options();
    leveldb_readoptions_set_snapshot(snapshot->read, snapshot->snapshot);
    return snapshot;
}

void kv_snapshot_close(struct kv *kv, const struct kv_snapshot *snapshot) {
    if (!snapshot) return;
    leveldb_readoptions_destroy(snapshot->read);
    leveldb_release_snapshot(kv->db, snapshot->snapshot);
    free((void *)(uintptr_t)snapshot); /* ours; const only towards callers */
}

enum err kv_get(struct kv *kv, const struct kv_snapshot *snapshot, struct bytes key,
                struct buf *ret_value) {
    char *text = NULL;
    size_t len = 0;
    char *value =
        leveldb_get(kv->db, snapshot ? snapshot->read : kv->read, chars(key), key.len, &len, &text);
    if (text) return explain(text, "read", NULL);
    if (!value) return ERR_NOT_FOUND;
    buf_clear(ret_value);
    enum err err = buf_add(ret_value, bytes_of(value, len));
    leveldb_free(value);
    return err;
}

struct kv_batch *kv_batch_new(void) {
    struct kv_batch *batch = malloc(sizeof *batch);
    if (!batch) return NULL;
    batch->batch = leveldb_writebatch_create();
    return batch;
}

void kv_batch_done(struct kv_batch *batch) {
    if (!batch) return;
    leveldb_writebatch_destroy(batch->batch);
    free(batch);
}

void kv_batch_put(struct kv_batch *batch, struct bytes key, struct bytes value) {
    leveldb_writebatch_put(batch->batch, chars(key), key.len, chars(value), value.len);
}

void kv_batch_erase(struct kv_batch *batch, struct bytes key) {
    leveldb_writebatch_delete(batch->batch, chars(key), key.len);
}

enum err kv_write(struct kv *kv, struct kv_batch *batch, bool sync, struct problem *ret_why) {
    enum err err = fault_before(FAULT_KV_WRITE);
    if (err) return injected(err, "written", ret_why);
    char *text = NULL;
    leveldb_write(kv->db, sync ? kv->write_sync : kv->write, batch->batch, &text);
    err = explain(text, "written", ret_why);
    if (err) return err;
    err = fault_after(FAULT_KV_WRITE);
    return err ? injected(err, "written", ret_why) : ERR_OK;
}

enum err kv_iter_open(struct kv *kv, const struct kv_snapshot *snapshot, struct bytes prefix,
                      struct bytes from, struct kv_iter **ret) {
    struct kv_iter *iter = malloc(sizeof *iter + prefix.len);
    if (!iter) return ERR_NO_MEMORY;
    uint8_t *copy = (uint8_t *)(iter + 1);
    if (prefix.len) memcpy(copy, prefix.data, prefix.len);
    iter->prefix = bytes_of(copy, prefix.len);
    iter->iter = leveldb_create_iterator(kv->db, snapshot ? snapshot->read : kv->read);
    kv_iter_seek(iter, from);
    *ret = iter;
    return ERR_OK;
}

void kv_iter_seek(struct kv_iter *iter, struct bytes from) {
    struct bytes start = bytes_compare(from, iter->prefix) < 0 ? iter->prefix : from;
    leveldb_iter_seek(iter->iter, chars(start), start.len);
}

bool kv_iter_valid(const struct kv_iter *iter) {
    if (!leveldb_iter_valid(iter->iter)) return false;
    struct bytes key = kv_iter_key(iter);
    return key.len >= iter->prefix.len &&
           bytes_equal(bytes_slice(key, 0, iter->prefix.len), iter->prefix);
}

struct bytes kv_iter_key(const struct kv_iter *iter) {
    size_t len;
    const char *data = leveldb_iter_key(iter->iter, &len);
    return bytes_of(data, len);
}

struct bytes kv_iter_value(const struct kv_iter *iter) {
    size_t len;
    const char *data = leveldb_iter_value(iter->iter, &len);
    return bytes_of(data, len);
}

void kv_iter_next(struct kv_iter *iter) {
    assert(leveldb_iter_valid(iter->iter));
    leveldb_iter_next(iter->iter);
}

enum err kv_iter_close(struct kv_iter *iter) {
    if (!iter) return ERR_OK;
    char *text = NULL;
    leveldb_iter_get_error(iter->iter, &text);
    leveldb_iter_destroy(iter->iter);
    free(iter);
    return explain(text, "read", NULL);
}
