/* See rows.h. A table of places: a key has WAYS neighbouring ones, the first free one is taken by compare-and-swap, and where none is free the row is not kept. */
#include "ledger/store/rows.h"

#include "ledger/base/limits.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#define PLACES 4096 /* a power of two */
#define WAYS 4

struct entry {
    size_t key_len, value_len;
    bool is_absent;
    uint8_t data[]; /* key, value */
};

struct rows {
    atomic_uint references;
    atomic_size_t bytes; /* of all entries: LIMIT_KEPT_ROWS */
    struct entry *_Atomic places[PLACES];
};

struct rows *rows_new(void) {
    struct rows *rows = calloc(1, sizeof *rows);
    if (rows) atomic_init(&rows->references, 1);
    return rows;
}

struct rows *rows_hold(struct rows *rows) {
    if (rows) atomic_fetch_add(&rows->references, 1);
    return rows;
}

void rows_release(struct rows *rows) {
    if (!rows || atomic_fetch_sub(&rows->references, 1) != 1) return;
    for (size_t i = 0; i < PLACES; i++) free(atomic_load(&rows->places[i]));
    free(rows);
}

/* FNV-1a: which rows there are is the ledger's choice, and a full place costs a look-up and nothing else. */
static size_t place_of(struct bytes key) {
    uint64_t hash = 0xcbf29ce484222325u;
    for (size_t i = 0; i < key.len; i++) hash = (hash ^ key.data[i]) * 0x100000001b3u;
    return (size_t)(hash ^ hash >> 32) & (PLACES - 1);
}

static bool entry_is(const struct entry *entry, struct bytes key) {
    return entry->key_len == key.len && memcmp(entry->data, key.data, key.len) == 0;
}

enum err rows_get(const struct rows *rows, struct bytes key, struct buf *ret_value,
                  bool *ret_known) {
    size_t first = place_of(key);
    *ret_known = false;
    for (size_t i = 0; i < WAYS; i++) {
        const struct entry *entry =
            atomic_load_explicit(&rows->places[(first + i) & (PLACES - 1)], memory_order_acquire);
        if (!entry) return ERR_NOT_FOUND;
        if (!entry_is(entry, key)) continue;
        *ret_known = true;
        if (entry->is_absent) return ERR_NOT_FOUND;
        buf_clear(ret_value);
        return buf_add(ret_value, bytes_of(entry->data + entry->key_len, entry->value_len));
    }
    return ERR_NOT_FOUND;
}

static struct entry *entry_new(struct bytes key, const struct bytes *value) {
    size_t value_len = value ? value->len : 0;
    struct entry *entry = malloc(sizeof *entry + key.len + value_len);
    if (!entry) return NULL;
    entry->key_len = key.len;
    entry->value_len = value_len;
    entry->is_absent = !value;
    if (key.len) memcpy(entry->data, key.data, key.len);
    if (value_len) memcpy(entry->data + key.len, value->data, value_len);
    return entry;
}

void rows_put(struct rows *rows, struct bytes key, const struct bytes *value) {
    size_t len = sizeof(struct entry) + key.len + (value ? value->len : 0);
    if (atomic_fetch_add(&rows->bytes, len) + len > LIMIT_KEPT_ROWS) {
        atomic_fetch_sub(&rows->bytes, len);
        return;
    }
    struct entry *entry = entry_new(key, value);
    size_t first = place_of(key);
    for (size_t i = 0; entry && i < WAYS; i++) {
        struct entry *there = NULL;
        if (atomic_compare_exchange_strong(&rows->places[(first + i) & (PLACES - 1)], &there,
                                           entry))
            return;
        if (entry_is(there, key)) break; /* another reader was faster */
    }
    free(entry);
    atomic_fetch_sub(&rows->bytes, len);
}
