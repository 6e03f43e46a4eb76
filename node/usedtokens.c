/* See usedtokens.h. Two open-addressed tables of twice the limit, probed in line: the tokens, and how many each issuer has of them. When a limit is reached, the expired ones are
 * swept out and the rest put anew, at most once a second, so that a flood costs one sweep a second and not one a request.
 *
 * Both are keyed by a hash with a secret of this process: who signs tokens chooses their jti, and could otherwise look for many that fall in one place and make everybody
 * probe along them. */
#include "node/usedtokens.h"

#include "ledger/base/limits.h"
#include "ledger/crypto/sha256.h"
#include "ledger/store/entropy.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define SECRET_LEN 16
#define LATE_S 1 /* between a token's check and its use */

#define SLOTS (2 * LIMIT_TOKENS_USED)

struct slot {
    int64_t exp_s; /* 0: free */
    uint8_t key[32];
    uint32_t owner; /* index into owners */
};

struct owner {
    uint8_t key[32];
    uint32_t count; /* 0: free */
};

struct usedtokens {
    pthread_mutex_t lock; /* guards everything below */
    struct slot *slots;
    struct owner *owners; /* each has a token, so there are no more of them */
    size_t count;
    int64_t swept_s;
    uint8_t secret[SECRET_LEN]; /* never changes */
};

static enum err tables_make(struct slot **ret_slots, struct owner **ret_owners) {
    struct slot *slots = calloc(SLOTS, sizeof *slots);
    struct owner *owners = calloc(SLOTS, sizeof *owners);
    if (slots && owners) {
        *ret_slots = slots;
        *ret_owners = owners;
        return ERR_OK;
    }
    free(slots);
    free(owners);
    return ERR_NO_MEMORY;
}

enum err usedtokens_open(struct usedtokens **ret) {
    struct usedtokens *used = calloc(1, sizeof *used);
    if (!used) return ERR_NO_MEMORY;
    enum err err = tables_make(&used->slots, &used->owners);
    if (err) {
        free(used);
        return err;
    }
    entropy(used->secret, sizeof used->secret);
    (void)pthread_mutex_init(&used->lock, NULL);
    *ret = used;
    return ERR_OK;
}

void usedtokens_close(struct usedtokens *used) {
    if (!used) return;
    (void)pthread_mutex_destroy(&used->lock);
    free(used->slots);
    free(used->owners);
    free(used);
}

static void key_of(const struct usedtokens *used, struct bytes text, uint8_t ret[32]) {
    const struct bytes parts[] = {bytes_of(used->secret, SECRET_LEN), text};
    sha256_parts(parts, 2, ret);
}

/* Where the key stands, or the free slot where it would. There is always one: at most half of them are taken. */
static struct slot *slot_find(struct slot *slots, const uint8_t key[32]) {
    size_t at = get_u32(key) % SLOTS;
    while (slots[at].exp_s && memcmp(slots[at].key, key, sizeof slots[at].key) != 0) {
        at = (at + 1) % SLOTS;
    }
    return &slots[at];
}

static uint32_t owner_find(const struct owner *owners, const uint8_t key[32]) {
    size_t at = get_u32(key) % SLOTS;
    while (owners[at].count && memcmp(owners[at].key, key, sizeof owners[at].key) != 0) {
        at = (at + 1) % SLOTS;
    }
    return (uint32_t)at;
}

static uint32_t owner_count(struct owner *owners, const uint8_t key[32]) {
    uint32_t at = owner_find(owners, key);
    memcpy(owners[at].key, key, sizeof owners[at].key);
    owners[at].count++;
    return at;
}

static enum err sweep(struct usedtokens *used, int64_t now_s) {
    struct slot *slots = NULL;
    struct owner *owners = NULL;
    enum err err = tables_make(&slots, &owners);
    if (err) return err;
    used->count = 0;
    for (size_t i = 0; i < SLOTS; i++) {
        const struct slot *old = &used->slots[i];
        if (old->exp_s == 0 || old->exp_s + LATE_S < now_s) continue;
        struct slot *slot = slot_find(slots, old->key);
        *slot = *old;
        slot->owner = owner_count(owners, used->owners[old->owner].key);
        used->count++;
    }
    free(used->slots);
    free(used->owners);
    used->slots = slots;
    used->owners = owners;
    used->swept_s = now_s;
    return ERR_OK;
}

static bool is_full(const struct usedtokens *used, const uint8_t issuer[32]) {
    return used->count >= LIMIT_TOKENS_USED ||
           used->owners[owner_find(used->owners, issuer)].count >= LIMIT_TOKENS_ISSUER;
}

static enum err add(struct usedtokens *used, const uint8_t issuer[32], const uint8_t key[32],
                    int64_t now_s, int64_t exp_s, bool *ret_first) {
    if (is_full(used, issuer) && now_s != used->swept_s) {
        enum err err = sweep(used, now_s);
        if (err) return err;
    }
    struct slot *slot = slot_find(used->slots, key);
    bool is_first = slot->exp_s == 0;
    if (is_first) {
        if (is_full(used, issuer)) return ERR_RATE;
        used->count++;
        memcpy(slot->key, key, sizeof slot->key);
        slot->owner = owner_count(used->owners, issuer);
    }
    if (exp_s > slot->exp_s) slot->exp_s = exp_s;
    *ret_first = is_first;
    return ERR_OK;
}

enum err usedtokens_add(struct usedtokens *used, const char *issuer, const uint8_t digest[32],
                        int64_t now_s, int64_t exp_s, bool *ret_first) {
    uint8_t issuer_key[32], key[32];
    if (exp_s <= 0 || exp_s + LATE_S < now_s) return ERR_TOKEN_EXPIRED;
    key_of(used, bytes_text(issuer), issuer_key);
    key_of(used, bytes_of(digest, 32), key);
    (void)pthread_mutex_lock(&used->lock);
    enum err err = add(used, issuer_key, key, now_s, exp_s, ret_first);
    (void)pthread_mutex_unlock(&used->lock);
    return err;
}
