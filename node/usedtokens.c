/* See usedtokens.h. An open-addressed table of twice the limit, probed in line; when it has filled up to the limit, the expired ones are swept out and the rest put anew,
 * at most once a second, so that a flood costs one sweep a second and not one a request. Digests are SHA-256, so their first bytes spread evenly. */
#include "node/usedtokens.h"

#include "ledger/base/limits.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define SLOTS (2 * LIMIT_TOKENS_USED)

struct slot {
    int64_t exp_s; /* 0: free */
    uint8_t digest[32];
};

struct usedtokens {
    pthread_mutex_t lock; /* guards everything below */
    struct slot *slots;
    size_t count;
    int64_t swept_s;
};

enum err usedtokens_open(struct usedtokens **ret) {
    struct usedtokens *used = calloc(1, sizeof *used);
    if (!used) return ERR_NO_MEMORY;
    used->slots = calloc(SLOTS, sizeof *used->slots);
    if (!used->slots) {
        free(used);
        return ERR_NO_MEMORY;
    }
    (void)pthread_mutex_init(&used->lock, NULL);
    *ret = used;
    return ERR_OK;
}

void usedtokens_close(struct usedtokens *used) {
    if (!used) return;
    (void)pthread_mutex_destroy(&used->lock);
    free(used->slots);
    free(used);
}

/* Where the digest stands, or the free slot where it would. There is always one: at most half of them are taken. */
static struct slot *slot_find(struct slot *slots, const uint8_t digest[32]) {
    size_t at = get_u32(digest) % SLOTS;
    while (slots[at].exp_s && memcmp(slots[at].digest, digest, sizeof slots[at].digest) != 0) {
        at = (at + 1) % SLOTS;
    }
    return &slots[at];
}

static enum err sweep(struct usedtokens *used, int64_t now_s) {
    struct slot *slots = calloc(SLOTS, sizeof *slots);
    if (!slots) return ERR_NO_MEMORY;
    used->count = 0;
    for (size_t i = 0; i < SLOTS; i++) {
        if (used->slots[i].exp_s <= now_s) continue;
        *slot_find(slots, used->slots[i].digest) = used->slots[i];
        used->count++;
    }
    free(used->slots);
    used->slots = slots;
    used->swept_s = now_s;
    return ERR_OK;
}

static enum err add(struct usedtokens *used, const uint8_t digest[32], int64_t now_s, int64_t exp_s,
                    bool *ret_first) {
    if (used->count >= LIMIT_TOKENS_USED && now_s != used->swept_s) {
        enum err err = sweep(used, now_s);
        if (err) return err;
    }
    struct slot *slot = slot_find(used->slots, digest);
    *ret_first = slot->exp_s <= now_s;
    if (slot->exp_s == 0) {
        if (used->count >= LIMIT_TOKENS_USED) return ERR_RATE;
        used->count++;
        memcpy(slot->digest, digest, sizeof slot->digest);
    }
    if (exp_s > slot->exp_s) slot->exp_s = exp_s;
    return ERR_OK;
}

enum err usedtokens_add(struct usedtokens *used, const uint8_t digest[32], int64_t now_s,
                        int64_t exp_s, bool *ret_first) {
    (void)pthread_mutex_lock(&used->lock);
    enum err err = add(used, digest, now_s, exp_s, ret_first);
    (void)pthread_mutex_unlock(&used->lock);
    return err;
}
