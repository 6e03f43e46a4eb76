/* See slots.h. A short table under a lock: what takes a place begins seldom. */
#include "api/slots.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

_Static_assert(LIMIT_EVENTS <= SLOTS_MAX && LIMIT_RESULTS <= SLOTS_MAX &&
                   LIMIT_UPLOADS_WAITING <= SLOTS_MAX,
               "a table of slots is too short");

/* The first free place, or of that source; SLOTS_MAX where there is none. *ret_own, *ret_all: how many are taken. */
static unsigned look(const struct slots *slots, const char *source, bool want_free,
                     unsigned *ret_own, unsigned *ret_all) {
    unsigned found = SLOTS_MAX;
    *ret_own = *ret_all = 0;
    for (unsigned i = 0; i < SLOTS_MAX; i++) {
        const char *taken = slots->taken[i];
        bool own = taken[0] && strcmp(taken, source) == 0;
        *ret_own += own;
        *ret_all += taken[0] != 0;
        if (found == SLOTS_MAX && (want_free ? !taken[0] : own)) found = i;
    }
    return found;
}

bool slot_take(struct slots *slots, const char *source, unsigned own_max, unsigned max) {
    unsigned own, all;
    pthread_mutex_lock(&slots->lock);
    unsigned place = look(slots, source, true, &own, &all);
    bool has = place < SLOTS_MAX && own < own_max && all < max;
    if (has) (void)snprintf(slots->taken[place], SLOT_SOURCE, "%s", source);
    pthread_mutex_unlock(&slots->lock);
    return has;
}

void slot_give(struct slots *slots, const char *source) {
    unsigned own, all;
    pthread_mutex_lock(&slots->lock);
    unsigned place = look(slots, source, false, &own, &all);
    assert(place < SLOTS_MAX);
    slots->taken[place][0] = 0;
    pthread_mutex_unlock(&slots->lock);
}
