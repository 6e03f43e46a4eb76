/* Files of the key directory: secrets with checked modes, and the last-signed file.
 *
 * Secrets: mode 0600 or stricter, owned by the caller's user, a regular file; else ERR_KEY_MODE with what to do.
 *
 * last-signed: the newest (size, root) that this key has signed. Two slots of 512 bytes, written in turn with a sequence number and a
 * SHA-256 checksum, fdatasync'd; a torn write leaves the other slot good. It lives in keys_dir, apart from the data, and is authoritative:
 * no signature leaves the node before its size stands here. Both slots bad: ERR_CORRUPT, stop. (lastsigned.c)
 * The same file format holds what we cosigned for foreign logs, one file per origin. Not shared between threads. */
#ifndef QIZHENG_STORE_KEYFILE_H
#define QIZHENG_STORE_KEYFILE_H

#include "ledger/base/bytes.h"
#include "ledger/crypto/key.h"
#include "ledger/proof/witness.h"

/* Whole secret file into a new buffer that is never reallocated, not by buf_text either; the caller wipes *ret (data, cap) with secret_wipe before
 * buf_done. max: limit in bytes. A symbolic link is no regular file. ERR_NOT_FOUND ERR_KEY_MODE ERR_TOO_LARGE ERR_IO ERR_NO_MEMORY. */
enum err keyfile_read(const char *path, size_t max, struct buf *ret,
                      struct problem *ret_why) MUST_CHECK;
/* New file, mode 0600, synced with its directory; an existing file is never overwritten (ERR_STATE). ERR_IO ERR_DISK_FULL leave none behind. */
enum err keyfile_create(const char *path, struct bytes content, struct problem *ret_why) MUST_CHECK;

struct lastsigned;

/* create: a new file at (0, empty root) where none exists; otherwise a missing file is ERR_ROLLBACK (the key directory was not kept).
 * Takes an exclusive lock on the file: ERR_LOCKED. ledger_id binds the file to its ledger: ERR_CORRUPT where it differs. */
enum err lastsigned_open(const char *path, const uint8_t ledger_id[32], bool create,
                         struct lastsigned **ret, struct problem *ret_why) MUST_CHECK;
void lastsigned_close(struct lastsigned *file); /* accepts NULL */
struct witness_state lastsigned_get(const struct lastsigned *file);
/* Persists before returning. Refuses to go back, or to another root at the same size: ERR_ROLLBACK. The same state again is a no-op.
 * ERR_IO ERR_DISK_FULL: unknown whether it was persisted; later puts are refused with ERR_IO until the file is closed and opened anew. */
enum err lastsigned_put(struct lastsigned *file, const struct witness_state *state,
                        struct problem *ret_why) MUST_CHECK;

#endif
