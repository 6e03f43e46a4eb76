/* Append-only files of record bodies, outside LevelDB (600-byte values stall it; measured).
 *
 *   <dir>/<8 digits>.seg : "QZSEG1\n\0" ledger id 32, then bodies back to back as u32 length and bytes
 *
 * Appends go to the newest segment and may wait in memory; segment_sync makes them durable (file, and directory where a file is new), and before it nobody may read them.
 * What lies behind the committed end was never acknowledged and is cut off at open. Integrity is the leaf's business: a body that does not hash to its leaf is corrupt.
 * Threads: one writer; segment_read from any thread (pread on descriptors kept open). */
#ifndef QIZHENG_STORE_SEGMENT_H
#define QIZHENG_STORE_SEGMENT_H

#include "ledger/base/bytes.h"
#include "ledger/base/limits.h"

#define SEGMENT_HEADER_LEN (8 + 32)
#define SEGMENT_PREFIX_LEN 4           /* the length before a body */
#define SEGMENT_BODY_MAX LIMIT_GENESIS /* the largest body there is */

struct segments;

/* Whether dir holds any segment file; false where dir is missing. For a new store, which must not cut away the bodies of a lost one. */
enum err segment_any(const char *dir, bool *ret) MUST_CHECK;

/* Opens or creates; cuts everything behind (segment, end) and removes later files. end 0: nothing is committed yet.
 * Makes the directory where it is missing. ERR_CORRUPT where a committed part is missing, ERR_IO ERR_DISK_FULL. */
enum err segment_open(const char *dir, const uint8_t ledger_id[32], uint32_t segment, uint64_t end,
                      struct segments **ret, struct problem *ret_why) MUST_CHECK;
void segment_close(struct segments *segments); /* accepts NULL */
/* Appends one body of 1..SEGMENT_BODY_MAX bytes; starts a new file where it would not fit below LIMIT_SEGMENT. *ret_offset is that of its length.
 * An error may be that of an earlier append. After one the segments are good for segment_cut and segment_close only. */
enum err segment_append(struct segments *segments, struct bytes body, uint32_t *ret_segment,
                        uint64_t *ret_offset, struct problem *ret_why) MUST_CHECK;
enum err segment_sync(struct segments *segments, struct problem *ret_why) MUST_CHECK;
void segment_end(const struct segments *segments, uint32_t *ret_segment, uint64_t *ret_end);
/* Forget what was appended since the last commit: back to (segment, end), which was synced. */
enum err segment_cut(struct segments *segments, uint32_t segment, uint64_t end,
                     struct problem *ret_why) MUST_CHECK;
/* Replaces what *ret holds. Takes any numbers: ERR_CORRUPT where no body of exactly len bytes stands there; ERR_IO ERR_NO_MEMORY, and ERR_TOO_LARGE
 * where *ret may not hold it. */
enum err segment_read(struct segments *segments, uint32_t segment, uint64_t offset, uint32_t len,
                      struct buf *ret) MUST_CHECK;

#endif
