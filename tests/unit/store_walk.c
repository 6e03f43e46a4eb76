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

Test(store_walk, sparse_lists_are_leapt_over) {
    struct store_view *view;
    struct store_walk *walk;
    struct kv_batch *batch = kv_batch_new();
    struct store_key prefix = key_state(bytes_text("t list"));
    uint64_t index = 0, rows[] = {3, 4, 90, 91, 300};
    for (size_t i = 0; i < 5; i++) {
        struct store_key key = key_list_row(prefix, rows[i]);
        kv_batch_put(batch, key_bytes(&key), bytes_text("value"));
    }
    cr_assert(kv_write(world.store->kv, batch, false, NULL) == ERR_OK);
    cr_assert(snapshot_renew(world.store) == ERR_OK);
    kv_batch_done(batch);
    cr_assert(store_view_open(world.store, &view) == ERR_OK);
    cr_assert(store_walk_open(view, prefix, &walk) == ERR_OK);
    for (uint64_t from = 0; from <= 301; from++) {
        size_t at = 0;
        while (at < 5 && rows[at] < from) at++;
        enum err err = store_walk_seek(walk, from, &index);
        cr_assert(at < 5 ? err == ERR_OK && index == rows[at] : err == ERR_NOT_FOUND, "%d",
                  (int)from);
        if (!err) cr_assert(bytes_is(store_walk_value(walk), "value"));
    }
    cr_expect(store_walk_close(walk) == ERR_OK);
    store_view_close(view);
}

Test(store_walk, rows_beyond_the_view_or_of_another_length_are_corrupt) {
    struct store_key keys[] = {key_list_row(key_type_prefix("odd"), 400),
                               key_list_row(key_type_prefix("odd"), 5)};
    keys[1].len--;
    for (size_t i = 0; i < 2; i++) {
        struct store_view *view;
        struct store_walk *walk;
        uint64_t index = 0;
        struct kv_batch *batch = kv_batch_new();
        kv_batch_put(batch, key_bytes(&keys[i]), bytes_of(NULL, 0));
        cr_assert(kv_write(world.store->kv, batch, false, NULL) == ERR_OK);
        cr_assert(snapshot_renew(world.store) == ERR_OK);
        kv_batch_done(batch);
        cr_assert(store_view_open(world.store, &view) == ERR_OK);
        cr_assert(store_walk_open(view, key_type_prefix("odd"), &walk) == ERR_OK);
        cr_expect(store_walk_seek(walk, 0, &index) == ERR_CORRUPT, "row %zu", i);
        cr_expect(store_walk_close(walk) == ERR_OK);
        store_view_close(view);
    }
}
