/* See listing.h. */
#include "ledger/store/listing.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define ROWS_MAX (2 * LISTING_BLOCK) /* each leaf of a block has another issuer and another type */
#define NO_BLOCK UINT64_MAX

struct row {
    struct store_key prefix;
    bool is_changed;
    size_t len;
    uint8_t offsets[LISTING_BLOCK];
};

struct listing {
    uint64_t block;
    bool is_whole; /* the block began here: what is not in rows is not in the database either */
    size_t count;
    struct row rows[ROWS_MAX];
};

struct store_key listing_row(struct store_key prefix, uint64_t index) {
    return key_list_row(prefix, index / LISTING_BLOCK);
}

bool listing_valid(struct bytes value) {
    if (value.len == 0 || value.len > LISTING_BLOCK) return false;
    for (size_t i = 1; i < value.len; i++)
        if (value.data[i - 1] >= value.data[i]) return false;
    return true;
}

enum err listing_seek(struct bytes value, unsigned from, unsigned *ret) {
    for (size_t i = 0; i < value.len; i++) {
        if (value.data[i] < from) continue;
        *ret = value.data[i];
        return ERR_OK;
    }
    return ERR_NOT_FOUND;
}

struct listing *listing_new(void) {
    struct listing *listing = calloc(1, sizeof *listing);
    if (listing) listing_forget(listing);
    return listing;
}

void listing_done(struct listing *listing) {
    free(listing);
}

void listing_forget(struct listing *listing) {
    listing->block = NO_BLOCK;
    listing->is_whole = false;
    listing->count = 0;
}

void listing_put(struct listing *listing, struct kv_batch *batch) {
    for (size_t i = 0; i < listing->count; i++) {
        struct row *row = &listing->rows[i];
        if (!row->is_changed) continue;
        struct store_key key = key_list_row(row->prefix, listing->block);
        kv_batch_put(batch, key_bytes(&key), bytes_of(row->offsets, row->len));
        row->is_changed = false;
    }
}

/* The newest lists are asked for again most often. */
static struct row *row_held(struct listing *listing, const struct store_key *prefix) {
    for (size_t i = listing->count; i-- > 0;) {
        struct row *row = &listing->rows[i];
        if (bytes_equal(key_bytes(&row->prefix), key_bytes(prefix))) return row;
    }
    return NULL;
}

static enum err row_read(struct listing *listing, struct kv *kv, struct row *row) {
    struct store_key key = key_list_row(row->prefix, listing->block);
    struct buf value;
    buf_init(&value, LISTING_BLOCK);
    enum err err = kv_get(kv, NULL, key_bytes(&key), &value);
    if (!err && !listing_valid(buf_bytes(&value))) err = ERR_CORRUPT;
    if (!err) {
        row->len = value.len;
        memcpy(row->offsets, value.data, value.len);
    }
    buf_done(&value);
    if (err == ERR_TOO_LARGE) return ERR_CORRUPT;
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

static enum err row_make(struct listing *listing, struct kv *kv, struct store_key prefix,
                         struct row **ret) {
    assert(listing->count < ROWS_MAX);
    struct row *row = &listing->rows[listing->count];
    row->prefix = prefix;
    row->is_changed = false;
    row->len = 0;
    enum err err = listing->is_whole ? ERR_OK : row_read(listing, kv, row);
    if (err) return err;
    listing->count++;
    *ret = row;
    return ERR_OK;
}

static enum err add_to(struct listing *listing, struct kv *kv, struct store_key prefix,
                       unsigned offset) {
    struct row *row = row_held(listing, &prefix);
    enum err err = row ? ERR_OK : row_make(listing, kv, prefix, &row);
    if (err) return err;
    if (row->len > 0 && row->offsets[row->len - 1] >= offset) return ERR_CORRUPT;
    row->offsets[row->len++] = (uint8_t)offset;
    row->is_changed = true;
    return ERR_OK;
}

enum err listing_add(struct listing *listing, struct kv *kv, const struct record *record,
                     uint64_t index, struct kv_batch *batch) {
    unsigned offset = (unsigned)(index % LISTING_BLOCK);
    if (index / LISTING_BLOCK != listing->block) {
        listing_put(listing, batch);
        listing->block = index / LISTING_BLOCK;
        listing->is_whole = offset == 0;
        listing->count = 0;
    }
    enum err err = add_to(listing, kv, key_issuer_prefix(record->iss), offset);
    return err ? err : add_to(listing, kv, key_type_prefix(record->type), offset);
}
