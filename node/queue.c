/* See queue.h. */
#include "node/queue.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>

struct queue {
    pthread_mutex_t lock; /* guards everything below */
    pthread_cond_t arrived;
    struct submission *first;
    struct submission **last; /* where the next one is linked */
    size_t count;
    size_t max;
    bool is_stopped;
};

enum err queue_open(size_t max, struct queue **ret) {
    struct queue *queue = calloc(1, sizeof *queue);
    if (!queue) return ERR_NO_MEMORY;
    (void)pthread_mutex_init(&queue->lock, NULL);
    (void)pthread_cond_init(&queue->arrived, NULL);
    queue->last = &queue->first;
    queue->max = max;
    *ret = queue;
    return ERR_OK;
}

void queue_close(struct queue *queue) {
    if (!queue) return;
    while (queue->first) {
        struct submission *next = queue->first->next;
        submission_release(queue->first);
        queue->first = next;
    }
    (void)pthread_cond_destroy(&queue->arrived);
    (void)pthread_mutex_destroy(&queue->lock);
    free(queue);
}

enum err queue_push(struct queue *queue, struct submission *submission) {
    pthread_mutex_lock(&queue->lock);
    enum err err = queue->is_stopped            ? ERR_DRAINING
                   : queue->count >= queue->max ? ERR_QUEUE_FULL
                                                : ERR_OK;
    if (!err) {
        submission->next = NULL;
        *queue->last = submission;
        queue->last = &submission->next;
        queue->count++;
        pthread_cond_signal(&queue->arrived);
    }
    pthread_mutex_unlock(&queue->lock);
    return err;
}

/* Unlinks from the front what fits; the first one always does. */
static struct submission *take(struct queue *queue, size_t max_count, size_t max_bytes) {
    assert(max_count > 0);
    struct submission *list = queue->first, **end = &queue->first;
    size_t bytes = 0;
    for (size_t taken = 0; *end && taken < max_count; taken++) {
        bytes += 4 + (*end)->record->canonical.len;
        if (taken && bytes > max_bytes) break;
        end = &(*end)->next;
        queue->count--;
    }
    queue->first = *end;
    *end = NULL;
    if (!queue->first) queue->last = &queue->first;
    return list;
}

struct submission *queue_pop(struct queue *queue, size_t max_count, size_t max_bytes) {
    struct submission *list = NULL;
    pthread_mutex_lock(&queue->lock);
    while (!queue->first && !queue->is_stopped) pthread_cond_wait(&queue->arrived, &queue->lock);
    if (queue->first) list = take(queue, max_count, max_bytes);
    pthread_mutex_unlock(&queue->lock);
    return list;
}

void queue_stop(struct queue *queue) {
    pthread_mutex_lock(&queue->lock);
    queue->is_stopped = true;
    pthread_cond_broadcast(&queue->arrived);
    pthread_mutex_unlock(&queue->lock);
}

size_t queue_count(struct queue *queue) {
    pthread_mutex_lock(&queue->lock);
    size_t count = queue->count;
    pthread_mutex_unlock(&queue->lock);
    return count;
}
