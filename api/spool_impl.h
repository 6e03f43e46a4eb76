/* The inside of a spool, for spool.c (start, questions, the end), spool_receive.c and spool_work.c alone.
 *
 * `lock` guards the table and everything in it; files are read and written outside of it, by whoever owns that side of the upload. */
#ifndef QIZHENG_API_SPOOL_IMPL_H
#define QIZHENG_API_SPOOL_IMPL_H

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
};

struct spool {
    char dir[SPOOL_PATH];
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct upload *uploads[LIMIT_UPLOADS];
    size_t count;
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
/* errno as a problem about that path. */
enum err spool_failed(const char *path, struct problem *ret_why);

#endif
