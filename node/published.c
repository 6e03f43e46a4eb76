/* See published.h. */
#include "node/published.h"

#include "node/clock.h"

#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

struct checkpoint_held {
    atomic_uint references;
    uint64_t size;
    uint8_t root[HASH_LEN];
    uint64_t time_s;
    size_t len;
    uint8_t note[];
};

struct published {
    pthread_mutex_t lock; /* guards newest */
    pthread_cond_t changed;
    struct checkpoint_held *newest;
};

enum err published_open(struct published **ret) {
    struct published *published = calloc(1, sizeof *published);
    if (!published) return ERR_NO_MEMORY;
    pthread_condattr_t attributes;
    (void)pthread_condattr_init(&attributes);
    (void)pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    (void)pthread_mutex_init(&published->lock, NULL);
    (void)pthread_cond_init(&published->changed, &attributes);
    (void)pthread_condattr_destroy(&attributes);
    *ret = published;
    return ERR_OK;
}

static void release(struct checkpoint_held *held) {
    if (held && atomic_fetch_sub(&held->references, 1) == 1) free(held);
}

void published_close(struct published *published) {
    if (!published) return;
    release(published->newest);
    (void)pthread_cond_destroy(&published->changed);
    (void)pthread_mutex_destroy(&published->lock);
    free(published);
}

enum err published_put(struct published *published, uint64_t size, const uint8_t root[HASH_LEN],
                       uint64_t time_s, struct bytes note) {
    struct checkpoint_held *held = malloc(sizeof *held + note.len);
    if (!held) return ERR_NO_MEMORY;
    atomic_init(&held->references, 1);
    held->size = size;
    memcpy(held->root, root, HASH_LEN);
    held->time_s = time_s;
    held->len = note.len;
    memcpy(held->note, note.data, note.len);

    pthread_mutex_lock(&published->lock);
    struct checkpoint_held *old = published->newest;
    assert(!old || size >= old->size);
    published->newest = held;
    pthread_cond_broadcast(&published->changed);
    pthread_mutex_unlock(&published->lock);
    release(old);
    return ERR_OK;
}

enum err published_get(struct published *published, struct api_checkpoint *ret) {
    pthread_mutex_lock(&published->lock);
    struct checkpoint_held *held = published->newest;
    if (held) atomic_fetch_add(&held->references, 1);
    pthread_mutex_unlock(&published->lock);
    if (!held) return ERR_NOT_FINAL;
    ret->size = held->size;
    memcpy(ret->root, held->root, HASH_LEN);
    ret->time_s = held->time_s;
    ret->note = bytes_of(held->note, held->len);
    ret->handle = held;
    return ERR_OK;
}

void published_release(struct api_checkpoint *checkpoint) {
    release(checkpoint->handle);
    checkpoint->handle = NULL;
}

bool published_wait(struct published *published, uint64_t index, uint64_t timeout_ms) {
    struct timespec until = clock_after(timeout_ms);
    bool is_final;
    int rc = 0;
    pthread_mutex_lock(&published->lock);
    while (!(is_final = published->newest && published->newest->size > index) && !rc) {
        rc = pthread_cond_timedwait(&published->changed, &published->lock, &until);
    }
    pthread_mutex_unlock(&published->lock);
    return is_final;
}
