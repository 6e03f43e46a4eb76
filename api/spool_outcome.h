/* The bytes of one outcome in <id>.out: u32 length, then kind, id, index or problem. Only spool.c includes this. */
#ifndef QIZHENG_API_SPOOL_OUTCOME_H
#define QIZHENG_API_SPOOL_OUTCOME_H

#include "api/spool.h"

#define SPOOL_OUTCOME_MAX 1024                      /* a problem's texts together take 650 */
#define SPOOL_OUTCOME_WHOLE (4 + SPOOL_OUTCOME_MAX) /* with its length before it */

/* Appends it with its length before it. */
enum err spool_outcome_encode(const struct spool_outcome *outcome, struct buf *out) MUST_CHECK;
/* From the bytes behind the length. ERR_CORRUPT. */
enum err spool_outcome_decode(struct bytes in, struct spool_outcome *ret) MUST_CHECK;
/* The first one of bytes that hold it whole or end with the file, and how many it takes. ERR_NOT_FOUND where there are none, ERR_CORRUPT where what stands there is none, or is cut. */
enum err spool_outcome_first(struct bytes in, struct spool_outcome *ret,
                             size_t *ret_len) MUST_CHECK;
/* The one at offset of a file of so many whole bytes, and where the next one begins. ERR_NOT_FOUND at its end, ERR_CORRUPT where what stands there is none, or
 * is cut. */
enum err spool_outcome_read(int fd, uint64_t offset, uint64_t end, struct spool_outcome *ret,
                            uint64_t *ret_next) MUST_CHECK;

#endif
