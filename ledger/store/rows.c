/* See rows.h. A table of places: a key has WAYS neighbouring ones, the first free one is taken by compare-and-swap, and where none is free the row is not kept. */
#include "ledger/store/rows.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#define WAYS 4

struct entry {
    size_t key_len, value_len;
    bool is_absent;
    uint8_t data[]; /* key, value */
};

struct rows {
    atomic_uint references;
    atomic_size_t bytes; /* of all entries */
    size_t max_bytes, count;
    struct entry *_Atomic places[];
};

struct rows *rows_new(size_t places, size_t max_bytes) {
    assert(places >= WAYS && (places & (places - 1)) == 0);
    struct rows *rows = calloc(1, sizeof *rows + places * sizeof rows->places[0]);
    if (!rows) return NULL;
    atomic_init(&rows->references, 1);
    rows->max_bytes = max_bytes;
    rows->count = places;
    return rows;
}

struct rows *rows_hold(struct rows *rows) {
    if (rows) atomic_fetch_add(&rows->references, 1);
    return rows;
}

void rows_release(struct rows *rows) {
    if (!rows || atomic_fetch_sub(&rows->references, 1) != 1) return;
    for (size_t i = 0; i < rows->count; i++) free(atomic_load(&rows->places[i]));
    free(rows);
}

/* FNV-1a: which rows there are is the ledger's choice, and a full place costs a look-up and nothing else. */
static size_t hash_of(struct bytes key) {
    uint64_t hash = 0xcbf29ce484222325u;
    for (size_t i = 0; i < key.len; i++) hash = (hash ^ key.data[i]) * 0x100000001b3u;
    return (size_t)(hash ^ hash >> 32);
}

static bool entry_is(const struct entry *entry, struct bytes key) {
    return entry->key_len == key.len && memcmp(entry->data, key.data, key.len) == 0;
}

bool rows_find(const struct rows *rows, struct bytes key, struct bytes *ret_value,
               bool *ret_absent) {
    size_t first = hash_of(key);
    for (size_t i = 0; i < WAYS; i++) {
        const struct entry *entry = atomic_load_explicit(
            &rows->places[(first + i) & (rows->count - 1)], memory_order_acquire);
        if (!entry) return false;
        if (!entry_is(entry, key)) continue;
        *ret_value = bytes_of(entry->data + entry->key_len, entry->value_len);
        *ret_absent = entry->is_absent;
        return true;
    }
    return false;
}

void rows_each(const struct rows *rows,
               bool (*each)(void *arg, struct bytes key, const struct bytes *value), void *arg) {
    for (size_t i = 0; i < rows->count; i++) {
        const struct entry *entry = atomic_load_explicit(&rows->places[i], memory_order_acquire);
        if (!entry) continue;
        struct bytes key = bytes_of(entry->data, entry->key_len);
        struct bytes value = bytes_of(entry->data + entry->key_len, entry->value_len);
        if (!each(arg, key, entry->is_absent ? NULL : &value)) return;
    }
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

/* Takes the entry over where there is a place for it. */
static bool entry_place(struct rows *rows, struct entry *entry, struct bytes key) {
    size_t first = hash_of(key);
    for (size_t i = 0; i < WAYS; i++) {
        struct entry *there = NULL;
        if (atomic_compare_exchange_strong(&rows->places[(first + i) & (rows->count - 1)], &there,
                                           entry))
            return true;
        if (entry_is(there, key)) return false; /* another reader was faster */
    }
    return false;
}

void rows_put(struct rows *rows, struct bytes key, const struct bytes *value) {
    size_t len = sizeof(struct entry) + key.len + (value ? value->len : 0);
    if (atomic_fetch_add(&rows->bytes, len) + len <= rows->max_bytes) {
        struct entry *entry = entry_new(key, value);
        if (entry && entry_place(rows, entry, key)) return;
        free(entry);
    }
    atomic_fetch_sub(&rows->bytes, len);
}
