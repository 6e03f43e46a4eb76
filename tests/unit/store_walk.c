/* Lists of the store walked upwards, against a naive model; rows that are not of the list's form. */
#include "tests/lib/store.h"

static struct world world;

static void setup(void) {
    world_init(&world);
    (void)world_commit(&world, 400, false);
}

static void teardown(void) {
    world_done(&world);
}

TestSuite(store_walk, .init = setup, .fini = teardown);

Test(store_walk, each_seek_gives_the_first_at_or_after_it) {
    struct store_view *view;
    struct store_walk *walk;
    cr_assert(store_view_open(world.store, &view) == ERR_OK);
    cr_assert(store_walk_open(view, key_issuer_prefix("employer-1"), &walk) == ERR_OK);
    /* Forwards by all strides, then back: every leaf but the genesis is in the list. */
    for (uint64_t stride = 1; stride < 50; stride += 3) {
        for (uint64_t from = 0; from < 400; from += stride) {
            uint64_t index = 0;
            cr_assert(store_walk_seek(walk, from, &index) == ERR_OK);
            cr_assert_eq(index, from ? from : 1);
        }
    }
    uint64_t index = 7;
    cr_expect(store_walk_seek(walk, 400, &index) == ERR_NOT_FOUND && index == 7);
    cr_expect(store_walk_seek(walk, UINT64_MAX, &index) == ERR_NOT_FOUND);
    cr_expect(store_walk_seek(walk, 399, &index) == ERR_OK && index == 399, "and back");
    cr_expect(store_walk_close(walk) == ERR_OK);
    cr_assert(store_walk_open(view, key_issuer_prefix("employer-2"), &walk) == ERR_OK);
    cr_expect(store_walk_seek(walk, 0, &index) == ERR_NOT_FOUND);
    cr_expect(store_walk_close(walk) == ERR_OK);
    cr_assert(store_walk_open(view, key_issuer_prefix("employer-"), &walk) == ERR_OK);
    cr_expect(store_walk_seek(walk, 0, &index) == ERR_NOT_FOUND, "no name begins another");
    cr_expect(store_walk_close(walk) == ERR_OK && store_walk_close(NULL) == ERR_OK);
    store_view_close(view);
}

static void put(struct store_key key, struct bytes value) {
    struct kv_batch *batch = kv_batch_new();
    kv_batch_put(batch, key_bytes(&key), value);
    cr_assert(kv_write(world.store->kv, batch, false, NULL) == ERR_OK);
    cr_assert(snapshot_renew(world.store) == ERR_OK);
    kv_batch_done(batch);
}

/* Every seek, from each index to each other one, gives what a look through all of them gives. */
static void check_sparse(struct store_key prefix, const uint64_t *rows, size_t count) {
    struct store_view *view;
    struct store_walk *walk;
    uint64_t index = 0;
    cr_assert(store_view_open(world.store, &view) == ERR_OK);
    cr_assert(store_walk_open(view, prefix, &walk) == ERR_OK);
    for (uint64_t before = 0; before <= 400; before += 23) {
        for (uint64_t from = 0; from <= 400; from++) {
            size_t at = 0;
            (void)(store_walk_seek(walk, before, &index) == ERR_OK);
            while (at < count && rows[at] < from) at++;
            enum err err = store_walk_seek(walk, from, &index);
            cr_assert(at < count ? err == ERR_OK && index == rows[at] : err == ERR_NOT_FOUND, "%d",
                      (int)from);
        }
    }
    cr_expect(store_walk_close(walk) == ERR_OK);
    store_view_close(view);
}

Test(store_walk, sparse_lists_are_leapt_over) {
    static const uint64_t rows[] = {3, 4, 90, 91, 300};
    struct store_key prefix = key_state(bytes_text("t list"));
    for (size_t i = 0; i < 5; i++) put(key_list_row(prefix, rows[i]), bytes_text("value"));
    check_sparse(prefix, rows, 5);
    struct store_view *view;
    struct store_walk *walk;
    uint64_t index = 0;
    cr_assert(store_view_open(world.store, &view) == ERR_OK);
    cr_assert(store_walk_open(view, prefix, &walk) == ERR_OK);
    cr_assert(store_walk_seek(walk, 5, &index) == ERR_OK && index == 90);
    cr_assert(bytes_is(store_walk_value(walk), "value"));
    cr_expect(store_walk_close(walk) == ERR_OK);
    store_view_close(view);
}

Test(store_walk, so_are_lists_whose_rows_stand_for_a_block) {
    static const uint64_t rows[] = {3, 4, 90, 256, 300};
    static const uint8_t first[] = {3, 4, 90}, second[] = {0, 44}, last[] = {143};
    static const uint64_t far[] = {399};
    put(listing_row(key_type_prefix("sparse"), 0), bytes_of(first, 3));
    put(listing_row(key_type_prefix("sparse"), 256), bytes_of(second, 2));
    put(listing_row(key_issuer_prefix("sparse"), 256), bytes_of(last, 1));
    check_sparse(key_type_prefix("sparse"), rows, 5);
    check_sparse(key_issuer_prefix("sparse"), far, 1);
}

Test(store_walk, rows_beyond_the_view_or_of_another_form_are_corrupt) {
    static const uint8_t beyond[] = {144}, twice[] = {1, 1}, good[] = {1};
    struct store_key prefix = key_type_prefix("odd"), state = key_state(bytes_text("t odd"));
    struct {
        struct store_key prefix, key;
        struct bytes value;
    } table[] = {{state, key_list_row(state, 400), bytes_of(NULL, 0)},
                 {state, key_list_row(state, 5), bytes_of(NULL, 0)},
                 {prefix, key_list_row(prefix, 1), bytes_of(beyond, 1)},
                 {prefix, key_list_row(prefix, UINT64_MAX), bytes_of(good, 1)},
                 {prefix, key_list_row(prefix, 0), bytes_of(twice, 2)},
                 {prefix, key_list_row(prefix, 0), bytes_of(NULL, 0)},
                 {prefix, key_list_row(prefix, 0), bytes_of(good, 1)}};
    table[1].key.len--;
    table[6].key.len--;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct store_view *view;
        struct store_walk *walk;
        uint64_t index = 0;
        put(table[i].key, table[i].value);
        cr_assert(store_view_open(world.store, &view) == ERR_OK);
        cr_assert(store_walk_open(view, table[i].prefix, &walk) == ERR_OK);
        cr_expect(store_walk_seek(walk, 0, &index) == ERR_CORRUPT, "row %zu", i);
        cr_expect(store_walk_close(walk) == ERR_OK);
        store_view_close(view);
        struct kv_batch *batch = kv_batch_new();
        kv_batch_erase(batch, key_bytes(&table[i].key));
        cr_assert(kv_write(world.store->kv, batch, false, NULL) == ERR_OK);
        kv_batch_done(batch);
    }
}
