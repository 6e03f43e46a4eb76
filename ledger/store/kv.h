/* Key-value storage: LevelDB behind the few calls we need; the only file that knows it.
 *
 * One process per directory (ERR_LOCKED). Threads: everything but kv_open and kv_close from any thread; a batch or an iterator belongs to one. Of
 * writers that wait LevelDB makes one synchronous write. A batch is visible to readers only once it is on disk.
 * A failed synchronous write leaves it unknown whether it was persisted: the caller reopens and reads (ARCHITECTURE.md, "one commit point"). */
#ifndef QIZHENG_STORE_KV_H
#define QIZHENG_STORE_KV_H

#include "ledger/base/bytes.h"

struct kv;
struct kv_snapshot;
struct kv_batch;
struct kv_iter;

/* create: for whoever serves it. A missing directory is made, and an interrupted last write cut off (kv_mend.h). ERR_LOCKED ERR_IO ERR_CORRUPT ERR_DISK_FULL, with LevelDB's words in *ret_why. */
enum err kv_open(const char *path, bool create, struct kv **ret,
                 struct problem *ret_why) MUST_CHECK;
/* How many bytes of a write that a power cut interrupted were cut off to open it (kv_mend.h); mostly 0. */
uint64_t kv_mended(const struct kv *kv);
void kv_close(struct kv *kv); /* accepts NULL; every snapshot and iterator must be gone */

const struct kv_snapshot *kv_snapshot_open(struct kv *kv); /* NULL without memory */
void kv_snapshot_close(struct kv *kv, const struct kv_snapshot *snapshot);
/* snapshot NULL: the newest. The value replaces what *ret_value holds. ERR_NOT_FOUND where there is none; ERR_TOO_LARGE where the buffer may
 * not hold it; ERR_IO ERR_CORRUPT ERR_NO_MEMORY. */
enum err kv_get(struct kv *kv, const struct kv_snapshot *snapshot, struct bytes key,
                struct buf *ret_value) MUST_CHECK;

struct kv_batch *kv_batch_new(void); /* NULL without memory */
void kv_batch_done(struct kv_batch *batch);
void kv_batch_put(struct kv_batch *batch, struct bytes key, struct bytes value);
void kv_batch_erase(struct kv_batch *batch, struct bytes key);
/* All or nothing. sync: returns only when it is on disk. ERR_IO, ERR_DISK_FULL: what the disk holds is unknown, reopen. */
enum err kv_write(struct kv *kv, struct kv_batch *batch, bool sync,
                  struct problem *ret_why) MUST_CHECK;

/* In key order over the keys that begin with prefix, from the first at or after `from` (which includes the prefix). */
enum err kv_iter_open(struct kv *kv, const struct kv_snapshot *snapshot, struct bytes prefix,
                      struct bytes from, struct kv_iter **ret) MUST_CHECK;
bool kv_iter_valid(const struct kv_iter *iter);
struct bytes kv_iter_key(const struct kv_iter *iter); /* borrowed until the next step */
struct bytes kv_iter_value(const struct kv_iter *iter);
void kv_iter_next(struct kv_iter *iter);
void kv_iter_seek(struct kv_iter *iter, struct bytes from); /* as `from` of kv_iter_open */
enum err kv_iter_close(struct kv_iter *iter)
    MUST_CHECK; /* ERR_IO or ERR_CORRUPT where reading failed on the way */

#endif
