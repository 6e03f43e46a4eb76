/* The inside of a spool, for spool.c (start, questions, the end), spool_receive.c and spool_work.c alone.
 *
 * `lock` guards the table and everything in it; files are read and written outside of it, by whoever owns that side of the upload. */
#ifndef QIZHENG_API_SPOOL_IMPL_H
#define QIZHENG_API_SPOOL_IMPL_H

#include "api/slots.h"
#include "api/spool.h"

#include <pthread.h>

#define SPOOL_PATH 4096

struct upload {
    struct spool_id id;
    struct spool_progress progress;
    uint64_t lines_len; /* of the file of lines; 0 when it is gone */
    uint64_t out_len;   /* of the whole outcomes */
    uint64_t arrived;   /* nanoseconds: the oldest first */
    int64_t finished_s;
    bool is_aside;
    char source[SLOT_SOURCE]; /* whose place it holds; empty: none */
};

struct spool {
    char dir[SPOOL_PATH];
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct upload *uploads[LIMIT_UPLOADS];
    size_t count;
    struct slots sources; /* places of drafts and of what waits; not of what was there at start */
    size_t drafts;
    uint64_t draft_bytes;
    bool is_woken;
};

void spool_path(const struct spool *spool, const struct spool_id *id, const char *ending,
                char ret[SPOOL_PATH]);
/* Of one that is worked off, which stays in the table. Under the lock. */
struct upload *spool_own(struct spool *spool, const struct spool_id *id);
/* Under the lock. */
struct spool_totals spool_sum(const struct spool *spool);
void spool_gauge(const struct spool *spool); /* the metrics of the table */
void spool_count(struct spool_progress *progress, enum spool_kind kind);
/* Gives back the place of its source, where it has one. Under the lock. */
void spool_source_done(struct spool *spool, struct upload *upload);
/* Removes the upload at that place of the table with its results; false where that fails. Under the lock. */
bool spool_remove(struct spool *spool, size_t at);
/* Whether so many bytes leave the ledger its reserve of the disk. ERR_DISK_FULL ERR_IO, with a reason. */
enum err spool_room(const struct spool *spool, uint64_t len, struct problem *ret_why) MUST_CHECK;
/* errno as a problem about that path. */
enum err spool_failed(const char *path, struct problem *ret_why);

#endif
