/* Places that a client address may hold only so many of, and all together only so many: streams, of which each holds a thread, and uploads that are not worked off.
 *
 * Each kind has a table of its own. Any thread. Only api/ includes this. */
#ifndef QIZHENG_API_SLOTS_H
#define QIZHENG_API_SLOTS_H

#include "ledger/base/limits.h"

#include <pthread.h>
#include <stdbool.h>

#define SLOTS_MAX 32 /* the most that any kind has */
#define SLOT_SOURCE 48

struct slots {
    pthread_mutex_t lock;
    char taken[SLOTS_MAX][SLOT_SOURCE]; /* empty: free */
};
#define SLOTS_INIT                                                                                 \
    { .lock = PTHREAD_MUTEX_INITIALIZER }

/* source: not empty. False where own_max are taken by it, or max (at most SLOTS_MAX) in all. */
bool slot_take(struct slots *slots, const char *source, unsigned own_max, unsigned max);
void slot_give(struct slots *slots, const char *source);

#endif
