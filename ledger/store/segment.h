/* Append-only files of record bodies, outside LevelDB (600-byte values stall it; measured).
 *
 *   <dir>/<8 digits>.seg : "QZSEG1\n\0" ledger id 32, then bodies back to back as u32 length and bytes
 *
 * Appends go to the newest segment; segment_sync makes them durable (file, and directory where a file is new). What lies behind the
 * committed end was never acknowledged and is cut off at open. Integrity is the leaf's business: a body that does not hash to its leaf is corrupt.
 * Threads: one writer; segment_read from any thread (pread on descriptors kept open). */
#ifndef QIZHENG_STORE_SEGMENT_H
#define QIZHENG_STORE_SEGMENT_H

#include "ledger/base/bytes.h"
#include "ledger/base/limits.h"

struct segments;

/* Opens or creates; cuts everything behind (segment, end) and removes later files. end 0: nothing is committed yet.
 * ERR_CORRUPT where a committed part is missing, ERR_IO ERR_DISK_FULL. */
enum err segment_open(const char *dir, const uint8_t ledger_id[32], uint32_t segment, uint64_t end,
                      struct segments **ret, struct problem *ret_why) MUST_CHECK;
void segment_close(struct segments *segments);
/* Appends one body; starts a new file past LIMIT_SEGMENT. */
enum err segment_append(struct segments *segments, struct bytes body, uint32_t *ret_segment,
                        uint64_t *ret_offset, struct problem *ret_why) MUST_CHECK;
enum err segment_sync(struct segments *segments, struct problem *ret_why) MUST_CHECK;
void segment_end(const struct segments *segments, uint32_t *ret_segment, uint64_t *ret_end);
/* Forget what was appended since the last commit: back to (segment, end). */
enum err segment_cut(struct segments *segments, uint32_t segment, uint64_t end,
                     struct problem *ret_why) MUST_CHECK;
/* Replaces what *ret holds. ERR_CORRUPT where the stored length differs from len. */
enum err segment_read(struct segments *segments, uint32_t segment, uint64_t offset, uint32_t len,
                      struct buf *ret) MUST_CHECK;

#endif
