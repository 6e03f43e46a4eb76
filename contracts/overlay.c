/* See overlay.h.
 *
 * Accepted writes live in a balanced tree (POSIX tsearch, which no choice of keys can make slow), a record's staged ones in a short list. A look-up asks the
 * list, the tree, then the base. The tree walks in key order, so overlay_writes is the same on every node.
 *
 * Invariant: after overlay_refuse everything reads as it did before the first overlay_put since the last accept or refuse. */
#include "contracts/overlay.h"

#include <assert.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

/* One write, or one record id with its index as value. */
struct pending {
    struct bytes key; /* in data */
    struct bytes value;
    bool erase;
    struct pending *next; /* among the staged, newest first */
    uint8_t data[];
};

struct overlay {
    struct view base;
    struct pending *staged;
    void *writes; /* trees of struct pending */
    void *ids;
    size_t write_count;
    struct store_write *sorted; /* what overlay_writes gave */
    size_t sorted_cap;
};

static struct pending *entry_new(struct bytes key, struct bytes value, bool erase) {
    struct pending *entry = malloc(sizeof *entry + key.len + value.len);
    if (!entry) return NULL;
    memcpy(entry->data, key.data, key.len);
    if (value.len) memcpy(entry->data + key.len, value.data, value.len);
    entry->key = bytes_of(entry->data, key.len);
    entry->value = bytes_of(entry->data + key.len, value.len);
    entry->erase = erase;
    entry->next = NULL;
    return entry;
}

static int entry_compare(const void *a, const void *b) {
    return bytes_compare(((const struct pending *)a)->key, ((const struct pending *)b)->key);
}

static struct pending *tree_find(void *const *root, struct bytes key) {
    struct pending wanted = {.key = key};
    struct pending **at = tfind(&wanted, root, entry_compare);
    return at ? *at : NULL;
}

/* Takes the entry over on success; one of the same key is replaced. *ret_new: there was none. */
static enum err tree_put(void **root, struct pending *entry, bool *ret_new) {
    struct pending **at = tsearch(entry, root, entry_compare);
    if (!at) return ERR_NO_MEMORY;
    *ret_new = *at == entry;
    if (*ret_new) return ERR_OK;
    free(*at); /* equal keys: the tree's order stays */
    *at = entry;
    return ERR_OK;
}

static struct pending *pending_find(const struct overlay *overlay, struct bytes key) {
    for (struct pending *at = overlay->staged; at; at = at->next)
        if (bytes_equal(at->key, key)) return at;
    return tree_find(&overlay->writes, key);
}

/* -- as a view -- */

static enum err overlay_get(void *ctx, struct bytes key, struct buf *ret) {
    struct overlay *overlay = ctx;
    const struct pending *entry = pending_find(overlay, key);
    if (!entry) return overlay->base.get(overlay->base.ctx, key, ret);
    if (entry->erase) return ERR_NOT_FOUND;
    buf_clear(ret);
    return buf_add(ret, entry->value);
}

static enum err overlay_find(void *ctx, const uint8_t id[RECORD_ID_LEN], uint64_t *ret_index) {
    struct overlay *overlay = ctx;
    const struct pending *entry = tree_find(&overlay->ids, bytes_of(id, RECORD_ID_LEN));
    if (!entry) return overlay->base.find(overlay->base.ctx, id, ret_index);
    *ret_index = get_u64(entry->value.data);
    return ERR_OK;
}

/* What a scan merges: pending entries under a prefix, sorted, against the base's. */
struct merge {
    struct overlay *overlay;
    struct bytes prefix;
    const struct pending **items;
    size_t count, at;
    bool (*each)(void *arg, struct bytes key, struct bytes value);
    void *arg;
    bool stopped;
};

static bool prefixed(struct bytes key, struct bytes prefix) {
    return key.len >= prefix.len && memcmp(key.data, prefix.data, prefix.len) == 0;
}

static void merge_collect(const void *node, VISIT visit, void *ctx) {
    struct merge *merge = ctx;
    const struct pending *entry = *(struct pending *const *)node;
    if ((visit == postorder || visit == leaf) && prefixed(entry->key, merge->prefix))
        merge->items[merge->count++] = entry;
}

/* A staged entry takes the place of an accepted one; the list runs newest first, so an older staged one must not. */
static void merge_stage(struct merge *merge) {
    for (const struct pending *at = merge->overlay->staged; at; at = at->next) {
        size_t place = 0;
        if (!prefixed(at->key, merge->prefix)) continue;
        if (pending_find(merge->overlay, at->key) != at) continue;
        while (place < merge->count && bytes_compare(merge->items[place]->key, at->key) < 0)
            place++;
        bool there = place < merge->count && bytes_equal(merge->items[place]->key, at->key);
        if (!there) {
            memmove(merge->items + place + 1, merge->items + place,
                    (merge->count - place) * sizeof *merge->items);
            merge->count++;
        }
        merge->items[place] = at;
    }
}

static void merge_emit(struct merge *merge, struct bytes key, struct bytes value) {
    if (!merge->stopped && !merge->each(merge->arg, key, value)) merge->stopped = true;
}

/* Pending entries before `key` (all of them where key is NULL). True where one of them is for that very key. */
static bool merge_until(struct merge *merge, const struct bytes *key) {
    for (; merge->at < merge->count; merge->at++) {
        const struct pending *entry = merge->items[merge->at];
        int order = key ? bytes_compare(entry->key, *key) : -1;
        if (order > 0) return false;
        if (!entry->erase) merge_emit(merge, entry->key, entry->value);
        if (order == 0) {
            merge->at++;
            return true;
        }
    }
    return false;
}

static bool merge_base(void *arg, struct bytes key, struct bytes value) {
    struct merge *merge = arg;
    if (!merge_until(merge, &key)) merge_emit(merge, key, value);
    return !merge->stopped;
}

static enum err overlay_scan(void *ctx, struct bytes prefix,
                             bool (*each)(void *arg, struct bytes key, struct bytes value),
                             void *arg) {
    struct overlay *overlay = ctx;
    size_t room = overlay->write_count + 1;
    for (const struct pending *at = overlay->staged; at; at = at->next) room++;
    struct merge merge = {.overlay = overlay, .prefix = prefix, .each = each, .arg = arg};
    merge.items = calloc(room, sizeof(const struct pending *));
    if (!merge.items) return ERR_NO_MEMORY;
    twalk_r(overlay->writes, merge_collect, &merge);
    merge_stage(&merge);
    enum err err = overlay->base.scan(overlay->base.ctx, prefix, merge_base, &merge);
    if (!err) (void)merge_until(&merge, NULL);
    free(merge.items);
    return err;
}

struct view overlay_view(struct overlay *overlay) {
    struct view view = {overlay, overlay_get, overlay_find, overlay_scan};
    return view;
}

/* -- writing -- */

enum err overlay_open(struct view base, struct overlay **ret) {
    struct overlay *overlay = calloc(1, sizeof *overlay);
    if (!overlay) return ERR_NO_MEMORY;
    overlay->base = base;
    *ret = overlay;
    return ERR_OK;
}

void overlay_close(struct overlay *overlay) {
    if (!overlay) return;
    overlay_clear(overlay);
    free(overlay->sorted);
    free(overlay);
}

static enum err stage(struct overlay *overlay, struct bytes key, struct bytes value, bool erase) {
    assert(key.len > 0);
    struct pending *entry = entry_new(key, value, erase);
    if (!entry) return ERR_NO_MEMORY;
    entry->next = overlay->staged;
    overlay->staged = entry;
    return ERR_OK;
}

enum err overlay_put(struct overlay *overlay, struct bytes key, struct bytes value) {
    return stage(overlay, key, value, false);
}

enum err overlay_erase(struct overlay *overlay, struct bytes key) {
    return stage(overlay, key, bytes_of(NULL, 0), true);
}

static struct pending *staged_oldest_first(struct overlay *overlay) {
    struct pending *reversed = NULL;
    while (overlay->staged) {
        struct pending *entry = overlay->staged;
        overlay->staged = entry->next;
        entry->next = reversed;
        reversed = entry;
    }
    return reversed;
}

static enum err id_put(struct overlay *overlay, const uint8_t id[RECORD_ID_LEN], uint64_t index) {
    uint8_t value[8];
    bool is_new;
    put_u64(value, index);
    struct pending *entry =
        entry_new(bytes_of(id, RECORD_ID_LEN), bytes_of(value, sizeof value), false);
    if (!entry) return ERR_NO_MEMORY;
    enum err err = tree_put(&overlay->ids, entry, &is_new);
    if (err) free(entry);
    return err;
}

enum err overlay_accept(struct overlay *overlay, const uint8_t *id, uint64_t index) {
    struct pending *entry = staged_oldest_first(overlay);
    enum err err = id ? id_put(overlay, id, index) : ERR_OK;
    while (entry) {
        struct pending *next = entry->next;
        bool is_new = false;
        entry->next = NULL;
        if (!err) err = tree_put(&overlay->writes, entry, &is_new);
        if (err) free(entry);
        overlay->write_count += is_new;
        entry = next;
    }
    return err;
}

void overlay_refuse(struct overlay *overlay) {
    while (overlay->staged) {
        struct pending *entry = overlay->staged;
        overlay->staged = entry->next;
        free(entry);
    }
}

static void write_collect(const void *node, VISIT visit, void *ctx) {
    struct store_write **at = ctx;
    const struct pending *entry = *(struct pending *const *)node;
    if (visit != postorder && visit != leaf) return;
    struct store_write write = {entry->key, entry->value, entry->erase};
    *(*at)++ = write;
}

enum err overlay_writes(struct overlay *overlay, const struct store_write **ret,
                        size_t *ret_count) {
    assert(!overlay->staged);
    if (overlay->sorted_cap < overlay->write_count) {
        struct store_write *sorted =
            realloc(overlay->sorted, overlay->write_count * sizeof *sorted);
        if (!sorted) return ERR_NO_MEMORY;
        overlay->sorted = sorted;
        overlay->sorted_cap = overlay->write_count;
    }
    struct store_write *at = overlay->sorted;
    twalk_r(overlay->writes, write_collect, &at);
    assert(!overlay->sorted || at == overlay->sorted + overlay->write_count);
    *ret = overlay->sorted;
    *ret_count = overlay->write_count;
    return ERR_OK;
}

void overlay_clear(struct overlay *overlay) {
    overlay_refuse(overlay);
    tdestroy(overlay->writes, free);
    tdestroy(overlay->ids, free);
    overlay->writes = overlay->ids = NULL;
    overlay->write_count = 0;
}
