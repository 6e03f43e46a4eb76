/* The rest of a write that a power cut interrupted, cut off LevelDB's log. Only kv.c uses this, where LevelDB says that the log is damaged.
 *
 * Why: every write of ours is synchronous, and one at a time, so at most one record of the log was not on disk yet. A file system may bring back that record's length without all
 * of its bytes. LevelDB takes a record that ends too early for unfinished, but one with wrong bytes for damage, and with paranoid checks refuses to open: the node would not start
 * after a power cut, although nothing is lost.
 *
 * What is cut is the last record, where it is damaged and nothing whole stands behind it: no acknowledged write can, since the next one begins when the one before is on disk. Damage
 * anywhere else is left alone, and is ERR_CORRUPT. Damage of another origin to the last record looks the same. So what is cut is kept, beside the database; and where that
 * record was signed, the last-signed file knows of a larger tree, and the node does not start (ERR_ROLLBACK). Whoever chooses the bytes of a record so that they look like
 * records of the log can make a cut right within it ERR_CORRUPT, which is the safe side.
 *
 * Format: LevelDB's doc/log_format.md. Blocks of 32 KiB of fragments: masked CRC-32C of type and data u32, length u16, type u8 (full 1, first 2, middle 3, last 4), data;
 * little-endian. */
#ifndef QIZHENG_STORE_KV_MEND_H
#define QIZHENG_STORE_KV_MEND_H

#include "ledger/base/bytes.h"

#define KV_TAIL_MAX                                                                                \
    (4u * 1024 * 1024) /* more than a full batch writes; what is longer is refused */

/* How much of a log stays: up to the damaged record at its end. ERR_CORRUPT where something whole stands behind the damage, where it is longer than KV_TAIL_MAX, or where there
 * is none. Any bytes are taken. */
enum err kv_log_keep(struct bytes log, size_t *ret_len) MUST_CHECK;
/* Cuts the newest log in LevelDB's folder so, once what is cut stands in <path>.tail-<the log's name>, and syncs both; *ret_cut: how many bytes. The database is not open. ERR_CORRUPT as above, ERR_LOCKED ERR_IO ERR_DISK_FULL ERR_NO_MEMORY. */
enum err kv_mend(const char *path, uint64_t *ret_cut) MUST_CHECK;

#endif
