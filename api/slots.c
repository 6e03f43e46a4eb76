/* See slots.h. A short table under a lock: streams begin seldom. */
#include "api/slots.h"

#include <assert.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#define SOURCE_LEN 48

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char taken[LIMIT_EVENTS][SOURCE_LEN]; /* empty: free */

/* The first free place, or of that source; LIMIT_EVENTS where there is none. *ret_own, *ret_all: how many are taken. */
static unsigned look(const char *source, bool want_free, unsigned *ret_own, unsigned *ret_all) {
    unsigned found = LIMIT_EVENTS;
    *ret_own = *ret_all = 0;
    for (unsigned i = 0; i < LIMIT_EVENTS; i++) {
        bool own = taken[i][0] && strcmp(taken[i], source) == 0;
        *ret_own += own;
        *ret_all += taken[i][0] != 0;
        if (found == LIMIT_EVENTS && (want_free ? !taken[i][0] : own)) found = i;
    }
    return found;
}

bool slot_take(const char *source, unsigned max) {
    unsigned own, all;
    pthread_mutex_lock(&lock);
    unsigned place = look(source, true, &own, &all);
    bool has = place < LIMIT_EVENTS && own < LIMIT_EVENTS_SOURCE && all < max;
    if (has) (void)snprintf(taken[place], SOURCE_LEN, "%s", source);
    pthread_mutex_unlock(&lock);
    return has;
}

void slot_give(const char *source) {
    unsigned own, all;
    pthread_mutex_lock(&lock);
    unsigned place = look(source, false, &own, &all);
    assert(place < LIMIT_EVENTS);
    taken[place][0] = 0;
    pthread_mutex_unlock(&lock);
}
