/* Rows of issuers' and types' lists against a model: commits of all sizes, commits that fail, restarts in the middle of a block. */
#include "ledger/store/listing.h"

#include "tests/lib/folder.h"

#include <criterion/criterion.h>

#define LEAVES 2000
#define ISSUERS 40
#define TYPES 3

static char folder[FOLDER_LEN];
static struct kv *kv;
static unsigned seed;

static void setup(void) {
    struct problem why = {0};
    char path[FOLDER_LEN];
    folder_make(folder);
    folder_path(folder, "db", path);
    cr_assert(kv_open(path, true, &kv, &why) == ERR_OK, "%s", why.detail);
    seed = 20261127;
}

static void teardown(void) {
    kv_close(kv);
    folder_remove(folder);
}

TestSuite(store_listing, .init = setup, .fini = teardown);

/* Who issued leaf n, and its type; some issuers have one leaf in a thousand, some every second one. */
static void draw(uint64_t n, struct record *ret) {
    unsigned issuer = n % 2 ? 0 : (unsigned)(n * 2654435761u >> 7) % ISSUERS;
    memset(ret, 0, sizeof *ret);
    (void)snprintf(ret->iss, sizeof ret->iss, "issuer-%u", n % 997 == 0 ? 99 : issuer);
    (void)snprintf(ret->type, sizeof ret->type, "type-%u", (unsigned)(n / 300 % TYPES));
}

/* Adds leaves from..to and, unless it fails, writes them. */
static void commit(struct listing *listing, uint64_t from, uint64_t to, bool fails) {
    struct kv_batch *batch = kv_batch_new();
    for (uint64_t n = from; n < to; n++) {
        struct record record;
        draw(n, &record);
        cr_assert(listing_add(listing, kv, &record, n, batch) == ERR_OK);
    }
    listing_put(listing, batch);
    if (fails)
        listing_forget(listing);
    else
        cr_assert(kv_write(kv, batch, false, NULL) == ERR_OK);
    kv_batch_done(batch);
}

/* How many entries a kind has, every row being well-formed. */
static uint64_t entries(enum key_kind kind) {
    struct store_key prefix = key_kind_prefix(kind);
    struct kv_iter *iter = NULL;
    uint64_t count = 0;
    cr_assert(kv_iter_open(kv, NULL, key_bytes(&prefix), key_bytes(&prefix), &iter) == ERR_OK);
    for (; kv_iter_valid(iter); kv_iter_next(iter)) {
        cr_assert(listing_valid(kv_iter_value(iter)));
        count += kv_iter_value(iter).len;
    }
    cr_assert(kv_iter_close(iter) == ERR_OK);
    return count;
}

static void names(struct store_key prefix, uint64_t n) {
    struct store_key key = listing_row(prefix, n);
    struct buf value;
    unsigned offset = 0;
    buf_init(&value, 4096);
    cr_assert(kv_get(kv, NULL, key_bytes(&key), &value) == ERR_OK, "leaf %u", (unsigned)n);
    cr_assert(listing_seek(buf_bytes(&value), (unsigned)(n % LISTING_BLOCK), &offset) == ERR_OK);
    cr_assert_eq(offset, n % LISTING_BLOCK);
    buf_done(&value);
}

/* Each leaf is in its two lists, and nothing else is in any. */
static void check(uint64_t size) {
    for (uint64_t n = 1; n < size; n++) {
        struct record record;
        draw(n, &record);
        names(key_issuer_prefix(record.iss), n);
        names(key_type_prefix(record.type), n);
    }
    cr_assert_eq(entries(KEY_KIND_ISSUER), size - 1);
    cr_assert_eq(entries(KEY_KIND_TYPE), size - 1);
}

Test(store_listing, each_leaf_is_in_its_lists_whatever_fails_or_starts_anew) {
    struct listing *listing = listing_new();
    for (uint64_t size = 1; size < LEAVES;) {
        uint64_t more = (uint64_t)rand_r(&seed) % (rand_r(&seed) % 8 ? 30 : 700), to = size + more;
        unsigned fate = (unsigned)rand_r(&seed) % 10;
        commit(listing, size, to, fate < 3);
        if (fate >= 3) size = to;
        if (fate == 9 || fate == 2) {
            listing_done(listing);
            listing = listing_new();
            check(size);
        }
        if (size >= LEAVES) check(size);
    }
    listing_done(listing);
    listing_done(NULL);
}

/* 256 leaves, no two of one issuer or one type: as many rows as there can be. */
Test(store_listing, a_block_of_strangers_has_room) {
    struct listing *listing = listing_new();
    struct kv_batch *batch = kv_batch_new();
    for (uint64_t n = 1; n < 3 * LISTING_BLOCK; n++) {
        struct record record;
        memset(&record, 0, sizeof record);
        (void)snprintf(record.iss, sizeof record.iss, "i-%u", (unsigned)n);
        (void)snprintf(record.type, sizeof record.type, "t-%u", (unsigned)n);
        cr_assert(listing_add(listing, kv, &record, n, batch) == ERR_OK);
    }
    listing_put(listing, batch);
    cr_assert(kv_write(kv, batch, false, NULL) == ERR_OK);
    kv_batch_done(batch);
    listing_done(listing);
    cr_assert_eq(entries(KEY_KIND_ISSUER), 3 * LISTING_BLOCK - 1);
    cr_assert_eq(entries(KEY_KIND_TYPE), 3 * LISTING_BLOCK - 1);
}

/* What stands where a list goes on and is no row of it, or names the leaf that is new, is told. */
Test(store_listing, a_damaged_row_is_not_written_over) {
    static const uint8_t later[] = {9, 10}, twice[] = {3, 3}, falling[] = {4, 3};
    uint8_t many[LISTING_BLOCK + 1];
    memset(many, 1, sizeof many);
    struct bytes bad[] = {bytes_of(later, 2), bytes_of(twice, 2), bytes_of(falling, 2),
                          bytes_of(many, sizeof many), bytes_of(NULL, 0)};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct record record;
        struct listing *listing = listing_new();
        struct kv_batch *batch = kv_batch_new();
        draw(10, &record);
        struct store_key key = listing_row(key_type_prefix(record.type), 10);
        kv_batch_put(batch, key_bytes(&key), bad[i]);
        cr_assert(kv_write(kv, batch, false, NULL) == ERR_OK);
        cr_expect(listing_add(listing, kv, &record, 10, batch) == ERR_CORRUPT, "%zu", i);
        kv_batch_done(batch);
        listing_done(listing);
    }
}

Test(store_listing, a_seek_gives_the_first_at_or_after_it) {
    static const uint8_t offsets[] = {0, 7, 8, 200, 255};
    for (unsigned from = 0; from < LISTING_BLOCK; from++) {
        unsigned want = 0, got = 999;
        while (offsets[want] < from) want++;
        cr_assert(listing_seek(bytes_of(offsets, 5), from, &got) == ERR_OK);
        cr_assert_eq(got, offsets[want]);
    }
    unsigned got = 999;
    cr_expect(listing_seek(bytes_of(offsets, 4), 201, &got) == ERR_NOT_FOUND && got == 999);
    cr_expect(listing_seek(bytes_of(NULL, 0), 0, &got) == ERR_NOT_FOUND);
}
