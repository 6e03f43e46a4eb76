/* How many tags each participant may still ask of this node: a budget for a day that comes back little by little, kept in a file so that a restart gives none of it back.
 *
 * What is kept of a participant is one number: when it will have paid back what it took (GCRA, ITU-T I.371: the theoretical arrival time). Taking n of `per_day` moves that n/per_day of a day
 * on; what would move it further than a day from now is refused. So at most per_day at once, and per_day in each day that follows.
 *
 * The clock: forward, it pays back, at most all. Backward, nothing is given back, and nobody waits longer than a day.
 *
 * The file is this node's protection, not state of the ledger: no two nodes agree on it, no record comes of it, and without it everybody starts anew. It has slots of 64 bytes, each
 *   SHA-256 of the participant's id 32 | microseconds since 1970 when all is paid back, u64 | first 24 bytes of SHA-256 of "qizheng tag budget v1\n" and those 40
 * A slot stands in one sector and is synced before its evaluation; one that was torn all the same, or damaged, counts as free. A slot whose debt is paid back is free for another. */
#ifndef QIZHENG_NODE_TAGBUDGET_H
#define QIZHENG_NODE_TAGBUDGET_H

#include "ledger/base/bytes.h"

struct tagbudget;

/* Makes the file where it is missing. *ret_damaged: slots that could not be read, to be logged. ERR_IO ERR_DISK_FULL ERR_NO_MEMORY ERR_KEY_MODE (no regular file). */
enum err tagbudget_open(const char *path, struct tagbudget **ret, size_t *ret_damaged,
                        struct problem *ret_why) MUST_CHECK;
void tagbudget_close(struct tagbudget *budget); /* accepts NULL */

struct tagbudget_ask {
    const char *participant;
    uint64_t now_us;
    uint64_t count;   /* at least 1 */
    uint64_t per_day; /* at least 1, at most LIMIT_TAGS_PER_DAY */
};
/* ERR_OK: taken, and on disk. ERR_TOO_LARGE: more than a whole day's budget. ERR_RATE: not now, but in *ret_retry_s seconds (0 where LIMIT_TAG_BORROWERS others hold all slots). ERR_IO
 * ERR_DISK_FULL: it could not be put on disk; it counts as taken. Any thread. */
enum err tagbudget_take(struct tagbudget *budget, const struct tagbudget_ask *ask,
                        uint64_t *ret_retry_s) MUST_CHECK;

#endif
