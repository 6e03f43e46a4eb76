/* See chains.h. Slots are taken by number: two issuers that fall into one only take turns. */
#include "api/chains.h"

#include "ledger/base/limits.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct chains {
    pthread_mutex_t lock; /* guards everything below */
    struct buf note;
    uint64_t size, time_s; /* of the note */
    struct {
        uint64_t bound;
        struct buf text; /* empty: free */
    } slots[CHAINS_KEPT];
};

enum err chains_open(struct chains **ret) {
    struct chains *chains = calloc(1, sizeof *chains);
    if (!chains) return ERR_NO_MEMORY;
    (void)pthread_mutex_init(&chains->lock, NULL);
    buf_init(&chains->note, LIMIT_NOTE);
    for (size_t i = 0; i < CHAINS_KEPT; i++) buf_init(&chains->slots[i].text, LIMIT_RECEIPT);
    *ret = chains;
    return ERR_OK;
}

void chains_close(struct chains *chains) {
    if (!chains) return;
    for (size_t i = 0; i < CHAINS_KEPT; i++) buf_done(&chains->slots[i].text);
    buf_done(&chains->note);
    (void)pthread_mutex_destroy(&chains->lock);
    free(chains);
}

enum err chains_get(struct chains *chains, struct bytes note, uint64_t bound, struct buf *out) {
    if (!chains) return ERR_NOT_FOUND;
    enum err err = ERR_NOT_FOUND;
    (void)pthread_mutex_lock(&chains->lock);
    const struct buf *text = &chains->slots[bound % CHAINS_KEPT].text;
    if (text->len && chains->slots[bound % CHAINS_KEPT].bound == bound &&
        bytes_equal(buf_bytes(&chains->note), note)) {
        err = buf_add(out, buf_bytes(text));
    }
    (void)pthread_mutex_unlock(&chains->lock);
    return err;
}

/* False where the note is older than the one that is kept, or there is no memory for it. */
static bool note_take(struct chains *chains, struct bytes note, uint64_t size, uint64_t time_s) {
    if (bytes_equal(buf_bytes(&chains->note), note)) return true;
    if (size < chains->size || (size == chains->size && time_s < chains->time_s)) return false;
    for (size_t i = 0; i < CHAINS_KEPT; i++) buf_clear(&chains->slots[i].text);
    buf_clear(&chains->note);
    if (buf_add(&chains->note, note)) return false;
    chains->size = size;
    chains->time_s = time_s;
    return true;
}

void chains_put(struct chains *chains, struct bytes note, uint64_t size, uint64_t time_s,
                uint64_t bound, struct bytes text) {
    if (!chains) return;
    (void)pthread_mutex_lock(&chains->lock);
    struct buf *kept = &chains->slots[bound % CHAINS_KEPT].text;
    if (note_take(chains, note, size, time_s)) {
        buf_clear(kept);
        chains->slots[bound % CHAINS_KEPT].bound = bound;
        if (buf_add(kept, text)) buf_clear(kept);
    }
    (void)pthread_mutex_unlock(&chains->lock);
}
