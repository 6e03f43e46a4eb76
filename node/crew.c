/* See crew.h. A round is one crew_run: its number tells a thread that there is something new, `next` hands out the places, and the last one to find none left wakes the caller. */
#include "node/crew.h"

#include <assert.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>

struct crew {
    pthread_t threads[CREW_MAX];
    unsigned count;

    pthread_mutex_t lock; /* guards what follows; a round's work is read by its threads alone */
    pthread_cond_t begun, ended;
    unsigned long round;
    unsigned busy; /* threads that have not finished this round */
    bool is_stopped;
    size_t total;
    void (*work)(void *ctx, size_t index);
    void *ctx;
    atomic_size_t next;
};

static void work_off(struct crew *crew) {
    for (size_t i; (i = atomic_fetch_add(&crew->next, 1)) < crew->total;) crew->work(crew->ctx, i);
}

/* Waits for the round behind `seen`; false where there will be none. */
static bool round_await(struct crew *crew, unsigned long *seen) {
    pthread_mutex_lock(&crew->lock);
    while (crew->round == *seen && !crew->is_stopped) pthread_cond_wait(&crew->begun, &crew->lock);
    bool goes_on = crew->round != *seen;
    *seen = crew->round;
    pthread_mutex_unlock(&crew->lock);
    return goes_on;
}

static void *crew_main(void *arg) {
    struct crew *crew = arg;
    unsigned long seen = 0;
    while (round_await(crew, &seen)) {
        work_off(crew);
        pthread_mutex_lock(&crew->lock);
        if (--crew->busy == 0) pthread_cond_signal(&crew->ended);
        pthread_mutex_unlock(&crew->lock);
    }
    return NULL;
}

void crew_run(struct crew *crew, size_t count, void (*work)(void *ctx, size_t index), void *ctx) {
    pthread_mutex_lock(&crew->lock);
    assert(crew->busy == 0);
    crew->total = count;
    crew->work = work;
    crew->ctx = ctx;
    atomic_store(&crew->next, 0);
    crew->busy = crew->count;
    crew->round++;
    pthread_cond_broadcast(&crew->begun);
    pthread_mutex_unlock(&crew->lock);
    work_off(crew);
    pthread_mutex_lock(&crew->lock);
    while (crew->busy > 0) pthread_cond_wait(&crew->ended, &crew->lock);
    pthread_mutex_unlock(&crew->lock);
}

unsigned crew_size_here(void) {
    cpu_set_t cores;
    unsigned count = 1;
    if (sched_getaffinity(0, sizeof cores, &cores) == 0) count = (unsigned)CPU_COUNT(&cores);
    return count - 1 < CREW_MAX ? count - 1 : CREW_MAX;
}

enum err crew_start(unsigned threads, struct crew **ret) {
    assert(threads <= CREW_MAX);
    struct crew *crew = calloc(1, sizeof *crew);
    if (!crew) return ERR_NO_MEMORY;
    (void)pthread_mutex_init(&crew->lock, NULL);
    (void)pthread_cond_init(&crew->begun, NULL);
    (void)pthread_cond_init(&crew->ended, NULL);
    for (; crew->count < threads; crew->count++) {
        if (!pthread_create(&crew->threads[crew->count], NULL, crew_main, crew)) continue;
        crew_stop(crew);
        return ERR_NO_MEMORY;
    }
    *ret = crew;
    return ERR_OK;
}

void crew_stop(struct crew *crew) {
    if (!crew) return;
    pthread_mutex_lock(&crew->lock);
    crew->is_stopped = true;
    pthread_cond_broadcast(&crew->begun);
    pthread_mutex_unlock(&crew->lock);
    for (unsigned i = 0; i < crew->count; i++) (void)pthread_join(crew->threads[i], NULL);
    (void)pthread_cond_destroy(&crew->ended);
    (void)pthread_cond_destroy(&crew->begun);
    (void)pthread_mutex_destroy(&crew->lock);
    free(crew);
}
