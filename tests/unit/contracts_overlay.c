/* The overlay against a naive map, step by step, and what a refusal leaves behind: nothing. */
#include "tests/lib/scene.h"

static struct bytes text(const char *value) {
    return bytes_text(value);
}

static bool reads(struct overlay *overlay, const char *key, const char *value) {
    struct view view = overlay_view(overlay);
    struct buf got;
    buf_init(&got, 1024);
    enum err err = view.get(view.ctx, text(key), &got);
    bool same = value ? !err && bytes_is(buf_bytes(&got), value) : err == ERR_NOT_FOUND;
    buf_done(&got);
    return same;
}

struct listing {
    struct buf text;
    size_t left;
};

static bool list_each(void *arg, struct bytes key, struct bytes value) {
    struct listing *listing = arg;
    cr_assert(buf_add(&listing->text, key) == ERR_OK);
    cr_assert(buf_add_byte(&listing->text, '=') == ERR_OK);
    cr_assert(buf_add(&listing->text, value) == ERR_OK);
    cr_assert(buf_add_byte(&listing->text, ' ') == ERR_OK);
    return --listing->left > 0;
}

static struct buf listed(struct view view, const char *prefix, size_t max) {
    struct listing listing = {.left = max};
    buf_init(&listing.text, 1024 * 1024);
    cr_assert(view.scan(view.ctx, text(prefix), list_each, &listing) == ERR_OK);
    return listing.text;
}

static void lists(struct overlay *overlay, const char *prefix, size_t max, const char *expected) {
    struct buf got = listed(overlay_view(overlay), prefix, max);
    cr_assert_str_eq(buf_text(&got), expected);
    buf_done(&got);
}

Test(contracts_overlay, overlay_without_writes_lists_none) {
    struct memory base = {0};
    struct overlay *overlay;
    const struct store_write *writes = NULL;
    size_t count = 1;
    cr_assert(overlay_open(memory_view(&base), &overlay) == ERR_OK);
    cr_assert(overlay_writes(overlay, &writes, &count) == ERR_OK && count == 0);
    overlay_close(overlay);
    memory_done(&base);
}

Test(contracts_overlay, overlay_reads_staged_then_accepted_then_base) {
    struct memory base = {0};
    struct overlay *overlay;
    memory_put(&base, text("a"), text("base"));
    cr_assert(overlay_open(memory_view(&base), &overlay) == ERR_OK);
    cr_assert(reads(overlay, "a", "base") && reads(overlay, "b", NULL));
    cr_assert(overlay_put(overlay, text("a"), text("one")) == ERR_OK);
    cr_assert(overlay_put(overlay, text("a"), text("two")) == ERR_OK);
    cr_assert(reads(overlay, "a", "two"));
    cr_assert(overlay_accept(overlay, NULL, 0) == ERR_OK);
    cr_assert(reads(overlay, "a", "two"));
    cr_assert(overlay_erase(overlay, text("a")) == ERR_OK);
    cr_assert(reads(overlay, "a", NULL));
    overlay_refuse(overlay);
    cr_assert(reads(overlay, "a", "two"), "as before the refused record");
    overlay_clear(overlay);
    cr_assert(reads(overlay, "a", "base"));
    overlay_close(overlay);
    overlay_close(NULL);
    memory_done(&base);
}

Test(contracts_overlay, overlay_scan_merges_and_stops) {
    struct memory base = {0};
    struct overlay *overlay;
    const char *const keys[] = {"p a", "p c", "p e", "p g", "q z"};
    for (size_t i = 0; i < 5; i++) memory_put(&base, text(keys[i]), text("0"));
    cr_assert(overlay_open(memory_view(&base), &overlay) == ERR_OK);
    lists(overlay, "p ", 99, "p a=0 p c=0 p e=0 p g=0 ");
    cr_assert(overlay_put(overlay, text("p c"), text("1")) == ERR_OK);
    cr_assert(overlay_put(overlay, text("p h"), text("1")) == ERR_OK);
    cr_assert(overlay_erase(overlay, text("p e")) == ERR_OK);
    cr_assert(overlay_accept(overlay, NULL, 0) == ERR_OK);
    lists(overlay, "p ", 99, "p a=0 p c=1 p g=0 p h=1 ");
    cr_assert(overlay_put(overlay, text("p b"), text("2")) == ERR_OK);
    cr_assert(overlay_put(overlay, text("p e"), text("2")) == ERR_OK);
    cr_assert(overlay_put(overlay, text("p e"), text("3")) == ERR_OK);
    cr_assert(overlay_erase(overlay, text("p h")) == ERR_OK);
    lists(overlay, "p ", 99, "p a=0 p b=2 p c=1 p e=3 p g=0 ");
    lists(overlay, "p ", 2, "p a=0 p b=2 ");
    lists(overlay, "p e", 9, "p e=3 ");
    lists(overlay, "x", 9, "");
    overlay_refuse(overlay);
    lists(overlay, "", 99, "p a=0 p c=1 p g=0 p h=1 q z=0 ");
    overlay_close(overlay);
    memory_done(&base);
}

Test(contracts_overlay, overlay_finds_accepted_records_only) {
    struct memory base = {0};
    struct overlay *overlay;
    uint8_t one[32] = {1}, two[32] = {2}, three[32] = {3};
    uint64_t index = 99;
    memory_note_id(&base, one, 5);
    cr_assert(overlay_open(memory_view(&base), &overlay) == ERR_OK);
    struct view view = overlay_view(overlay);
    cr_assert(overlay_put(overlay, text("k"), text("v")) == ERR_OK);
    cr_assert(overlay_accept(overlay, two, 7) == ERR_OK);
    cr_assert(view.find(view.ctx, one, &index) == ERR_OK && index == 5);
    cr_assert(view.find(view.ctx, two, &index) == ERR_OK && index == 7);
    cr_assert(view.find(view.ctx, three, &index) == ERR_NOT_FOUND && index == 7);
    overlay_clear(overlay);
    cr_assert(view.find(view.ctx, two, &index) == ERR_NOT_FOUND);
    overlay_close(overlay);
    memory_done(&base);
}

static uint32_t next(uint32_t *seed) {
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 8;
}

static void same_view(struct overlay *overlay, struct memory *naive) {
    struct buf a = listed(overlay_view(overlay), "", 1000000);
    struct buf b = listed(memory_view(naive), "", 1000000);
    cr_assert(bytes_equal(buf_bytes(&a), buf_bytes(&b)));
    buf_done(&a);
    buf_done(&b);
}

static struct memory copied(const struct memory *from) {
    struct memory to = {0};
    for (size_t i = 0; i < from->count; i++)
        memory_put(&to, buf_bytes(&from->rows[i].key), buf_bytes(&from->rows[i].value));
    return to;
}

/* A few writes to the overlay and to the naive map. */
static void random_writes(uint32_t *seed, struct overlay *overlay, struct memory *naive) {
    for (uint32_t i = next(seed) % 6; i > 0; i--) {
        char key[16], value[16];
        (void)snprintf(key, sizeof key, "%c%u", 'a' + (int)(next(seed) % 3), next(seed) % 12);
        (void)snprintf(value, sizeof value, "%u", next(seed) % 1000);
        if (next(seed) % 4 == 0) {
            cr_assert(overlay_erase(overlay, text(key)) == ERR_OK);
            memory_erase(naive, text(key));
        } else {
            cr_assert(overlay_put(overlay, text(key), text(value)) == ERR_OK);
            memory_put(naive, text(key), text(value));
        }
    }
}

Test(contracts_overlay, overlay_agrees_with_a_naive_map) {
    for (uint32_t seed = 1; seed <= 30; seed++) {
        struct memory base = {0}, naive = {0};
        struct overlay *overlay;
        uint32_t random = seed;
        cr_assert(overlay_open(memory_view(&base), &overlay) == ERR_OK);
        for (int step = 0; step < 60; step++) {
            struct memory tried = copied(&naive);
            random_writes(&random, overlay, &tried);
            same_view(overlay, &tried);
            if (next(&random) % 3 == 0) {
                overlay_refuse(overlay);
            } else {
                cr_assert(overlay_accept(overlay, NULL, 0) == ERR_OK);
                struct memory old = naive;
                naive = tried;
                tried = old;
            }
            memory_done(&tried);
            same_view(overlay, &naive);
            if (next(&random) % 10 == 0) memory_commit(&base, overlay);
        }
        memory_commit(&base, overlay);
        cr_assert(memory_same(&base, &naive));
        overlay_close(overlay);
        memory_done(&base);
        memory_done(&naive);
    }
}
