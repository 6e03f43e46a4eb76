/* The published checkpoint: only grows, wakes who waits, and stays readable as long as somebody reads it. */
#include "node/published.h"

#include "tests/lib/node.h"

#include <signal.h>

static struct published *published;

static void setup(void) {
    cr_assert(published_open(&published) == ERR_OK);
}

static void teardown(void) {
    published_close(published);
}

TestSuite(node_published, .init = setup, .fini = teardown, .timeout = 60);

/* Size, root, time and note all follow from the number. */
static void put(uint64_t size) {
    uint8_t root[HASH_LEN];
    char note[64];
    memset(root, (int)(size & 255), sizeof root);
    (void)snprintf(note, sizeof note, "note of size %llu", (unsigned long long)size);
    cr_assert(published_put(published, size, root, 1000 + size, bytes_text(note)) == ERR_OK);
}

static void expect_is(const struct api_checkpoint *checkpoint, uint64_t size) {
    char note[64];
    (void)snprintf(note, sizeof note, "note of size %llu", (unsigned long long)size);
    cr_assert(checkpoint->size == size && checkpoint->time_s == 1000 + size);
    for (size_t i = 0; i < HASH_LEN; i++) cr_assert(checkpoint->root[i] == (size & 255));
    cr_assert(bytes_is(checkpoint->note, note));
}

Test(node_published, there_is_none_at_first) {
    struct api_checkpoint checkpoint = {0};
    cr_expect(published_get(published, &checkpoint) == ERR_NOT_FINAL);
    cr_expect(checkpoint.handle == NULL);
    cr_expect(!published_wait(published, 0, 0));
}

Test(node_published, the_newest_is_given) {
    struct api_checkpoint checkpoint;
    static const uint64_t sizes[] = {1, 2, 2, 7, 300};
    for (size_t i = 0; i < 5; i++) {
        put(sizes[i]);
        cr_assert(published_get(published, &checkpoint) == ERR_OK);
        expect_is(&checkpoint, sizes[i]);
        published_release(&checkpoint);
        cr_expect(checkpoint.handle == NULL);
    }
}

Test(node_published, a_fresher_one_of_the_same_size_replaces) {
    uint8_t root[HASH_LEN] = {0};
    struct api_checkpoint checkpoint;
    cr_assert(published_put(published, 5, root, 10, bytes_text("old")) == ERR_OK);
    cr_assert(published_put(published, 5, root, 40, bytes_text("new")) == ERR_OK);
    cr_assert(published_get(published, &checkpoint) == ERR_OK);
    cr_expect(checkpoint.time_s == 40 && bytes_is(checkpoint.note, "new"));
    published_release(&checkpoint);
}

Test(node_published, what_a_reader_holds_outlives_its_replacement_and_the_end) {
    struct api_checkpoint first, again, second;
    put(1);
    cr_assert(published_get(published, &first) == ERR_OK);
    cr_assert(published_get(published, &again) == ERR_OK);
    put(2);
    cr_assert(published_get(published, &second) == ERR_OK);
    published_release(&again);
    put(3);
    expect_is(&first, 1);
    expect_is(&second, 2);
    published_close(published);
    published = NULL;
    expect_is(&first, 1);
    expect_is(&second, 2);
    published_release(&first);
    published_release(&second);
}

Test(node_published, a_smaller_size_is_a_programmers_error, .signal = SIGABRT) {
    put(2);
    put(1);
}

Test(node_published, waiting_is_for_a_size_above_the_index) {
    put(5);
    uint64_t start = now_ms();
    cr_expect(published_wait(published, 4, 5000));
    cr_expect(now_ms() - start < 1000);
    cr_expect(!published_wait(published, 5, 0));
    cr_expect(!published_wait(published, 5, 60));
    cr_expect(now_ms() - start >= 60);
    put(6);
    cr_expect(published_wait(published, 5, 0));
}

static void *wait_for_3(void *arg) {
    (void)arg;
    cr_expect(published_wait(published, 3, 20000));
    return NULL;
}

Test(node_published, all_who_wait_are_woken) {
    pthread_t threads[4];
    for (int i = 0; i < 4; i++) threads[i] = thread_start(wait_for_3, NULL);
    sleep_ms(20);
    uint64_t start = now_ms();
    for (uint64_t size = 1; size <= 4; size++) put(size);
    for (int i = 0; i < 4; i++) thread_join(threads[i]);
    cr_expect(now_ms() - start < 2000);
}

#define ROUNDS 5000

static void *read_all(void *arg) {
    (void)arg;
    uint64_t last = 0;
    while (last < ROUNDS) {
        struct api_checkpoint checkpoint;
        if (published_get(published, &checkpoint)) continue;
        cr_assert(checkpoint.size >= last);
        last = checkpoint.size;
        expect_is(&checkpoint, last);
        published_release(&checkpoint);
    }
    return NULL;
}

Test(node_published, readers_see_whole_ones_that_only_grow) {
    pthread_t threads[3];
    for (int i = 0; i < 3; i++) threads[i] = thread_start(read_all, NULL);
    for (uint64_t size = 1; size <= ROUNDS; size++) put(size);
    for (int i = 0; i < 3; i++) thread_join(threads[i]);
}
