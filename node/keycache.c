/* See keycache.h. */
#include "node/keycache.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define BUCKETS 16384

struct entry {
    struct key_public key;
    struct entry *next;
};

struct keycache {
    pthread_rwlock_t lock; /* guards buckets and count; entries never change once linked */
    struct entry *buckets[BUCKETS];
    size_t count;
};

enum err keycache_open(struct keycache **ret) {
    struct keycache *cache = calloc(1, sizeof *cache);
    if (!cache) return ERR_NO_MEMORY;
    (void)pthread_rwlock_init(&cache->lock, NULL);
    *ret = cache;
    return ERR_OK;
}

void keycache_close(struct keycache *cache) {
    if (!cache) return;
    for (size_t i = 0; i < BUCKETS; i++) {
        while (cache->buckets[i]) {
            struct entry *next = cache->buckets[i]->next;
            key_public_done(&cache->buckets[i]->key);
            free(cache->buckets[i]);
            cache->buckets[i] = next;
        }
    }
    (void)pthread_rwlock_destroy(&cache->lock);
    free(cache);
}

/* A kid is base64url of a SHA-256, but whoever picks keys can pick its first characters: fold all of it. */
static size_t bucket_of(const char *kid) {
    uint64_t hash = 14695981039346656037u; /* FNV-1a */
    for (const char *at = kid; *at; at++) hash = (hash ^ (uint8_t)*at) * 1099511628211u;
    return (size_t)(hash % BUCKETS);
}

static const struct key_public *find(const struct keycache *cache, const char *kid) {
    for (const struct entry *at = cache->buckets[bucket_of(kid)]; at; at = at->next) {
        if (strcmp(at->key.kid, kid) == 0) return &at->key;
    }
    return NULL;
}

static const struct key_public *cache_get(void *ctx, const char *kid) {
    struct keycache *cache = ctx;
    pthread_rwlock_rdlock(&cache->lock);
    const struct key_public *key = find(cache, kid);
    pthread_rwlock_unlock(&cache->lock);
    return key;
}

static void cache_put(void *ctx, const struct key_public *key) {
    struct keycache *cache = ctx;
    struct entry *entry = calloc(1, sizeof *entry);
    if (!entry) return;
    if (key_public_copy(key, &entry->key)) {
        free(entry);
        return;
    }
    pthread_rwlock_wrlock(&cache->lock);
    bool keep = cache->count < KEYCACHE_MAX && !find(cache, key->kid);
    if (keep) {
        struct entry **bucket = &cache->buckets[bucket_of(key->kid)];
        entry->next = *bucket;
        *bucket = entry;
        cache->count++;
    }
    pthread_rwlock_unlock(&cache->lock);
    if (keep) return;
    key_public_done(&entry->key);
    free(entry);
}

struct key_cache keycache_of(struct keycache *cache) {
    struct key_cache hooks = {cache, cache_get, cache_put};
    return hooks;
}
