/* Rows kept in memory: never another answer than the database's at that commit, and bounded. */
#include "ledger/store/rows.h"

#include "ledger/store/fault.h"
#include "tests/lib/store.h"

#include <pthread.h>

TestSuite(store_rows, .timeout = 60);

/* -- the table -- */

static bool is_there(const struct rows *rows, const char *key, const char *value) {
    struct bytes got;
    bool is_absent;
    return rows_find(rows, bytes_text(key), &got, &is_absent) && !is_absent && bytes_is(got, value);
}

Test(store_rows, a_row_is_known_once_it_was_put_and_stays_as_it_was) {
    struct rows *rows = rows_new(16, 4096);
    struct bytes got, first = bytes_text("one"), second = bytes_text("two");
    bool is_absent = false;
    cr_assert(rows != NULL);
    cr_expect(!rows_find(rows, bytes_text("k"), &got, &is_absent));
    rows_put(rows, bytes_text("k"), &first);
    rows_put(rows, bytes_text("k"), &second);
    cr_expect(is_there(rows, "k", "one"));
    rows_put(rows, bytes_text("none"), NULL);
    cr_expect(rows_find(rows, bytes_text("none"), &got, &is_absent) && is_absent);
    rows_release(rows);
}

/* However much is put, what is held is right and within the limit. */
static void fill(size_t places, size_t max_bytes, size_t least) {
    struct rows *rows = rows_new(places, max_bytes);
    static uint8_t large[64 * 1024];
    size_t held = 0, bytes = 0;
    for (uint32_t i = 0; i < 20000; i++) {
        uint8_t key[4];
        put_u32(key, i);
        put_u32(large, i);
        struct bytes value = bytes_of(large, i % 2 ? 4 : sizeof large);
        rows_put(rows, bytes_of(key, 4), &value);
    }
    for (uint32_t i = 0; i < 20000; i++) {
        uint8_t key[4];
        struct bytes got;
        bool is_absent;
        put_u32(key, i);
        if (!rows_find(rows, bytes_of(key, 4), &got, &is_absent)) continue;
        cr_assert(!is_absent && got.len == (i % 2 ? 4 : sizeof large) && get_u32(got.data) == i);
        held++;
        bytes += got.len;
    }
    cr_expect(held >= least && held <= places, "%zu", held);
    cr_expect(bytes <= max_bytes, "%zu", bytes);
    rows_release(rows);
}

Test(store_rows, a_full_table_keeps_what_it_has_and_takes_no_more) {
    fill(4096, 8 * 1024 * 1024, 1000);
    fill(64, 1024 * 1024, 40);
    fill(4, 1024 * 1024, 4);
    fill(64, 0, 0);
}

/* -- beside the store: its row `counter` is the revision of the newest commit -- */

static const struct store_kept kinds[] = {{"count", false}, {"none", true}, {NULL, false}};
static struct world world;

static void setup(void) {
    world_init(&world);
    store_keep_rows(world.store, kinds);
}

static void teardown(void) {
    world_done(&world);
}

TestSuite(store_kept, .init = setup, .fini = teardown, .timeout = 60);

static uint64_t counter_of(struct store_view *view) {
    struct buf got;
    buf_init(&got, 100);
    enum err err = store_view_state(view, bytes_text("counter"), &got);
    uint64_t counter = err || got.len != 8 ? UINT64_MAX : get_u64(got.data);
    buf_done(&got);
    return counter;
}

static enum err state_of(struct store_view *view, const char *key) {
    struct buf got;
    buf_init(&got, 100);
    enum err err = store_view_state(view, bytes_text(key), &got);
    buf_done(&got);
    return err;
}

Test(store_kept, each_view_sees_the_row_of_its_commit_however_often_it_asks) {
    struct store_view *views[20];
    for (uint64_t i = 0; i < 20; i++) {
        world_commit(&world, 1, false);
        views[i] = world_view(&world);
        if (i % 2) cr_assert(counter_of(views[i]) == i + 1);
    }
    for (int again = 0; again < 3; again++)
        for (uint64_t i = 0; i < 20; i++) cr_expect(counter_of(views[i]) == i + 1);
    for (size_t i = 0; i < 20; i++) store_view_close(views[i]);
}

static void state_write(const char *key, const char *value) {
    struct store_write write = {
        .key = bytes_text(key), .value = bytes_text(value ? value : ""), .erase = !value};
    struct store_commit commit = {.position = {1, ++world.revision},
                                  .time_ms = store_current(world.store).time_ms,
                                  .writes = &write,
                                  .write_count = 1,
                                  .order_state = bytes_text("o")};
    struct store_head head;
    cr_assert(store_commit(world.store, &commit, &head, NULL) == ERR_OK);
}

Test(store_kept, a_row_that_was_absent_appears_and_one_that_was_there_goes) {
    world_commit(&world, 1, false);
    struct store_view *before = world_view(&world);
    cr_expect(state_of(before, "none") == ERR_NOT_FOUND);
    state_write("none", "now");
    struct store_view *with = world_view(&world);
    cr_expect(state_of(with, "none") == ERR_OK);
    cr_expect(state_of(before, "none") == ERR_NOT_FOUND);
    state_write("none", NULL);
    struct store_view *after = world_view(&world);
    cr_expect(state_of(after, "none") == ERR_NOT_FOUND);
    cr_expect(state_of(with, "none") == ERR_OK);
    store_view_close(before);
    store_view_close(with);
    store_view_close(after);
}

/* What is kept is shared with the next commits until one of them writes such a row. */
Test(store_kept, rows_stay_in_memory_over_commits_that_leave_them_alone) {
    world_commit(&world, 1, false);
    struct store_view *first = world_view(&world);
    cr_assert(counter_of(first) == 1);
    state_write("another", "value");
    struct store_view *second = world_view(&world);
    cr_expect(second->shared != first->shared && second->shared->rows == first->shared->rows);
    state_write("counted", "value");
    struct store_view *third = world_view(&world);
    cr_expect(third->shared->rows != first->shared->rows);
    cr_expect(counter_of(third) == 1);
    store_view_close(first);
    store_view_close(second);
    store_view_close(third);
}

static enum err broken(const char *step, bool before) {
    return strcmp(step, "kv_write") == 0 && !before ? ERR_IO : ERR_OK;
}

Test(store_kept, a_write_that_lost_its_answer_shows_readers_nothing_new) {
    world_commit(&world, 1, false);
    struct store_view *view = world_view(&world);
    cr_assert(counter_of(view) == 1);
    store_view_close(view);
    store_fault = broken;
    world.revision++;
    struct store_head head;
    cr_assert(world_try(&world, 1, false, &head, NULL, NULL) == ERR_IO);
    store_fault = NULL;
    view = world_view(&world);
    cr_expect(counter_of(view) == 1 && store_view_head(view).size == 1);
    store_view_close(view);
    world_reopen(&world);
    view = world_view(&world);
    cr_expect(counter_of(view) == 2 && store_view_head(view).size == 2);
    store_view_close(view);
}

/* -- the look whether all of it is the database's -- */

static enum err look(const struct store_view *view, size_t *ret_rows) {
    struct problem why = {0};
    enum err err = snapshot_check(view->shared, ret_rows, &why);
    cr_expect((err == ERR_OK) == (why.err == ERR_OK) && (!err || why.detail[0]));
    return err;
}

/* A view of a new snapshot that keeps the row `counter`, that there is none `none`, and a tile. */
static struct store_view *view_that_keeps(void) {
    uint8_t root[HASH_LEN];
    size_t rows = 0;
    world_commit(&world, 2, false);
    struct store_view *view = world_view(&world);
    cr_assert(look(view, &rows) == ERR_OK && rows == 0);
    cr_assert(counter_of(view) == world.revision && state_of(view, "none") == ERR_NOT_FOUND);
    cr_assert(store_view_root(view, view->head.size - 1, root) == ERR_OK);
    cr_assert(look(view, &rows) == ERR_OK && rows >= 3, "%zu", rows);
    return view;
}

Test(store_kept, whatever_is_kept_and_is_not_the_databases_is_found) {
    static const struct {
        const char *key, *value; /* value NULL: that there is none */
    } wrong[] = {{"none of these", "here"},
                 {"counted", NULL},
                 {"counted", "seven"},
                 {"counted", ""},
                 {"counted", "one and more"}};
    world_commit(&world, 2, false);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct bytes value = bytes_text(wrong[i].value ? wrong[i].value : "");
        size_t rows = 0;
        state_write("counted", "one");
        struct store_view *view = view_that_keeps();
        rows_put(view->shared->rows, bytes_text(wrong[i].key), wrong[i].value ? &value : NULL);
        cr_expect(look(view, &rows) == ERR_CORRUPT, "%zu", i);
        store_view_close(view);
        store_view_close(view_that_keeps());
    }
}

/* One that the database has, with other bytes, and one that it has not. */
Test(store_kept, a_tile_that_is_kept_and_is_not_the_databases_is_found) {
    struct bytes value = bytes_text("no tile");
    for (uint64_t index = 0; index < 8; index += 7) {
        struct store_key key = key_tile(0, index);
        size_t rows = 0;
        world_commit(&world, 2, false);
        struct store_view *view = world_view(&world);
        rows_put(view->shared->tiles, key_bytes(&key), &value);
        cr_expect(look(view, &rows) == ERR_CORRUPT && rows == 0);
        store_view_close(view);
    }
}

static unsigned looked;

/* In the middle of a commit, on both sides of its write: another thread makes a snapshot and reads. */
static enum err look_beside(const char *step, bool before) {
    size_t rows = 0;
    (void)before;
    if (strcmp(step, "kv_write") != 0) return ERR_OK;
    cr_expect(snapshot_renew(world.store) == ERR_OK);
    struct store_view *view = world_view(&world);
    cr_expect(counter_of(view) == store_view_head(view).position.revision);
    cr_expect(look(view, &rows) == ERR_OK);
    store_view_close(view);
    looked++;
    return ERR_OK;
}

Test(store_kept, a_snapshot_made_while_rows_are_written_keeps_none_that_are_older) {
    store_view_close(view_that_keeps());
    store_fault = look_beside;
    store_view_close(view_that_keeps());
    store_view_close(view_that_keeps());
    store_fault = NULL;
    cr_expect_eq(looked, 4);
}

struct reading {
    pthread_t thread;
    struct store *store;
    atomic_bool *stop;
    uint64_t wrong, views, rows;
};

static void *read_while(void *arg) {
    struct reading *reading = arg;
    while (!atomic_load(reading->stop)) {
        struct store_view *view;
        size_t rows = 0;
        if (store_view_open(reading->store, &view)) {
            reading->wrong++;
            continue;
        }
        uint64_t counter = counter_of(view);
        reading->wrong += counter != store_view_head(view).position.revision;
        reading->wrong += state_of(view, "none") != ERR_NOT_FOUND;
        reading->wrong += snapshot_check(view->shared, &rows, NULL) != ERR_OK;
        reading->rows += rows;
        reading->views++;
        store_view_close(view);
    }
    return NULL;
}

static void *write_beside(void *arg) {
    struct reading *reading = arg;
    while (!atomic_load(reading->stop)) {
        uint8_t raw[8];
        put_u64(raw, reading->views++);
        reading->wrong += store_put_checkpoint(reading->store, bytes_of(raw, 8), NULL) != ERR_OK;
    }
    return NULL;
}

Test(store_kept, readers_find_the_row_of_their_commit_while_others_write) {
    struct reading readings[5];
    atomic_bool stop;
    atomic_init(&stop, false);
    world_commit(&world, 1, false);
    for (unsigned i = 0; i < 5; i++) {
        readings[i] = (struct reading){.store = world.store, .stop = &stop};
        cr_assert(pthread_create(&readings[i].thread, NULL, i < 4 ? read_while : write_beside,
                                 &readings[i]) == 0);
    }
    for (int i = 0; i < 100; i++) world_commit(&world, (size_t)i % 3, false);
    atomic_store(&stop, true);
    for (unsigned i = 0; i < 5; i++) {
        cr_assert(pthread_join(readings[i].thread, NULL) == 0);
        cr_expect(readings[i].wrong == 0 && readings[i].views > 0);
        cr_expect(i == 4 || readings[i].rows > 0);
    }
}
