/* The key-value wrapper: what LevelDB must do for us, and how its words become our errors. */
#include "ledger/store/kv.h"

#include "tests/lib/store.h"

#include <sys/wait.h>

static char dir[PATH_LEN], db[PATH_LEN];

static void setup(void) {
    temp_make(dir);
    path_in(dir, "db", db);
}

static void teardown(void) {
    temp_remove(dir);
}

TestSuite(store_kv, .init = setup, .fini = teardown);

static struct kv *kv_opened(void) {
    struct kv *kv = NULL;
    struct problem why = {0};
    cr_assert(kv_open(db, true, &kv, &why) == ERR_OK, "%s", why.detail);
    return kv;
}

static void put(struct kv *kv, const char *key, const char *value) {
    struct kv_batch *batch = kv_batch_new();
    kv_batch_put(batch, bytes_text(key), bytes_text(value));
    cr_assert(kv_write(kv, batch, true, NULL) == ERR_OK);
    kv_batch_done(batch);
}

static bool holds(struct kv *kv, const struct kv_snapshot *snapshot, const char *key,
                  const char *value) {
    struct buf got;
    buf_init(&got, 100);
    enum err err = kv_get(kv, snapshot, bytes_text(key), &got);
    bool same = value ? !err && bytes_is(buf_bytes(&got), value) : err == ERR_NOT_FOUND;
    buf_done(&got);
    return same;
}

Test(store_kv, a_batch_is_there_after_reopening) {
    struct kv *kv = kv_opened();
    struct kv_batch *batch = kv_batch_new();
    kv_batch_put(batch, bytes_text("a"), bytes_text("1"));
    kv_batch_put(batch, bytes_text("b"), bytes_of(NULL, 0));
    kv_batch_put(batch, bytes_text("c"), bytes_text("3"));
    kv_batch_erase(batch, bytes_text("c"));
    cr_assert(kv_write(kv, batch, true, NULL) == ERR_OK);
    kv_batch_done(batch);
    kv_close(kv);
    kv = kv_opened();
    cr_expect(holds(kv, NULL, "a", "1"));
    cr_expect(holds(kv, NULL, "b", ""));
    cr_expect(holds(kv, NULL, "c", NULL));
    kv_close(kv);
}

Test(store_kv, the_directory_is_for_its_owner_only) {
    struct stat stat_;
    kv_close(kv_opened());
    cr_assert(stat(db, &stat_) == 0);
    cr_expect((stat_.st_mode & 07777) == 0700);
}

Test(store_kv, a_value_larger_than_the_buffer_is_refused) {
    struct kv *kv = kv_opened();
    struct buf small;
    put(kv, "a", "12345");
    buf_init(&small, 4);
    cr_expect(kv_get(kv, NULL, bytes_text("a"), &small) == ERR_TOO_LARGE);
    buf_done(&small);
    kv_close(kv);
}

Test(store_kv, a_snapshot_does_not_see_later_writes) {
    struct kv *kv = kv_opened();
    put(kv, "a", "old");
    const struct kv_snapshot *snapshot = kv_snapshot_open(kv);
    put(kv, "a", "new");
    put(kv, "b", "new");
    cr_expect(holds(kv, snapshot, "a", "old"));
    cr_expect(holds(kv, snapshot, "b", NULL));
    cr_expect(holds(kv, NULL, "a", "new"));
    struct kv_iter *iter = NULL;
    cr_assert(kv_iter_open(kv, snapshot, bytes_of(NULL, 0), bytes_of(NULL, 0), &iter) == ERR_OK);
    cr_expect(kv_iter_valid(iter) && bytes_is(kv_iter_value(iter), "old"));
    kv_iter_next(iter);
    cr_expect(!kv_iter_valid(iter));
    cr_expect(kv_iter_close(iter) == ERR_OK);
    kv_snapshot_close(kv, snapshot);
    kv_close(kv);
}

static void expect_keys(struct kv *kv, const char *prefix, const char *from, const char *keys) {
    struct kv_iter *iter = NULL;
    char got[64] = "";
    size_t len = 0;
    cr_assert(kv_iter_open(kv, NULL, bytes_text(prefix), bytes_text(from), &iter) == ERR_OK);
    for (; kv_iter_valid(iter); kv_iter_next(iter)) {
        struct bytes key = kv_iter_key(iter);
        len += (size_t)snprintf(got + len, sizeof got - len, "%.*s ", (int)key.len,
                                (const char *)key.data);
    }
    cr_expect(kv_iter_close(iter) == ERR_OK);
    cr_expect_str_eq(got, keys);
}

Test(store_kv, an_iterator_gives_the_keys_of_its_prefix_in_order) {
    struct kv *kv = kv_opened();
    const char *keys[] = {"b2", "a", "b", "c", "b1", "bb1", "b\xff"};
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) put(kv, keys[i], "");
    expect_keys(kv, "b", "b", "b b1 b2 bb1 b\xff ");
    expect_keys(kv, "b", "b1x", "b2 bb1 b\xff ");
    expect_keys(kv, "b", "a", "b b1 b2 bb1 b\xff "); /* from before the prefix: from the prefix */
    expect_keys(kv, "b", "c", "");
    expect_keys(kv, "bb", "bb", "bb1 ");
    expect_keys(kv, "d", "d", "");
    expect_keys(kv, "", "", "a b b1 b2 bb1 b\xff c ");
    kv_close(kv);
}

Test(store_kv, a_second_handle_is_refused) {
    struct kv *kv = kv_opened(), *second = NULL;
    struct problem why = {0};
    cr_expect(kv_open(db, true, &second, &why) == ERR_LOCKED, "%s", why.detail);
    cr_expect(why.err == ERR_LOCKED && why.detail[0]);
    kv_close(kv);
}

/* The child is made before anything is opened: LevelDB keeps locks of its own process in memory. */
Test(store_kv, a_second_process_is_refused) {
    int gate[2], status = 0;
    char byte = 0;
    cr_assert(pipe(gate) == 0);
    pid_t child = fork();
    cr_assert(child >= 0);
    if (child == 0) {
        struct kv *second = NULL;
        if (read(gate[0], &byte, 1) != 1) _exit(9);
        _exit(kv_open(db, true, &second, NULL) == ERR_LOCKED ? 7 : 8);
    }
    struct kv *kv = kv_opened();
    cr_assert(write(gate[1], &byte, 1) == 1);
    cr_assert(waitpid(child, &status, 0) == child);
    cr_expect(WIFEXITED(status) && WEXITSTATUS(status) == 7);
    kv_close(kv);
    close(gate[0]);
    close(gate[1]);
}

Test(store_kv, a_missing_database_is_not_made_unless_asked) {
    struct kv *kv = NULL;
    struct problem why = {0};
    cr_expect(kv_open(db, false, &kv, &why) == ERR_IO);
    cr_expect(why.detail[0]);
    char deep[PATH_LEN];
    path_in(dir, "no/such/place", deep);
    cr_expect(kv_open(deep, true, &kv, &why) == ERR_IO);
}

/* The newest file with that suffix. */
static void find_file(const char *suffix, char ret[PATH_LEN]) {
    char command_free[PATH_LEN];
    for (unsigned number = 99; number > 0; number--) {
        char name[32];
        (void)snprintf(name, sizeof name, "%06u.%s", number, suffix);
        path_in(db, name, command_free);
        if (file_len(command_free) > 0) {
            memcpy(ret, command_free, PATH_LEN);
            return;
        }
    }
    cr_assert(false, "no .%s file", suffix);
}

Test(store_kv, damage_in_the_log_is_corruption_and_not_a_hole) {
    char log[PATH_LEN], text[41];
    struct kv *kv = kv_opened();
    memset(text, 'x', 40);
    text[40] = 0;
    put(kv, "first", text);
    put(kv, "second", text);
    kv_close(kv);
    find_file("log", log);
    file_flip(log, 20, 1); /* in the first batch; the second stands behind it */
    struct problem why = {0};
    cr_expect(kv_open(db, true, &kv, &why) == ERR_CORRUPT, "%s", why.detail);
}

/* A database of `count` values of `len` bytes, closed; the length of its log after each. */
static void fill(unsigned count, size_t len, char log[PATH_LEN], off_t *ret_lens) {
    char *text = calloc(1, len + 1), key[16];
    if (access(db, F_OK) == 0) temp_remove(db);
    struct kv *kv = kv_opened();
    memset(text, 'x', len);
    for (unsigned i = 0; i < count; i++) {
        (void)snprintf(key, sizeof key, "key%u", i);
        put(kv, key, text);
        find_file("log", log);
        ret_lens[i] = file_len(log);
    }
    kv_close(kv);
    free(text);
}

static void zero(const char *path, off_t from, off_t to) {
    int fd = open(path, O_WRONLY);
    cr_assert(fd >= 0);
    for (; from < to; from++) cr_assert(pwrite(fd, "", 1, from) == 1);
    close(fd);
}

/* After the damage the first `whole` values are there, the one behind them is not, and what is written then stays. */
static void check_mended(unsigned whole, off_t from, off_t to) {
    struct kv *kv = NULL;
    struct problem why = {0};
    struct buf value;
    char key[16];
    buf_init(&value, 1 << 20);
    for (int again = 0; again < 2; again++) {
        cr_assert(kv_open(db, true, &kv, &why) == ERR_OK, "%d..%d: %s", (int)from, (int)to,
                  why.detail);
        if (again) cr_expect(kv_mended(kv) == 0);
        for (unsigned i = 0; i <= whole; i++) {
            (void)snprintf(key, sizeof key, "key%u", i);
            enum err err = kv_get(kv, NULL, bytes_text(key), &value);
            cr_expect(err == (i < whole ? ERR_OK : ERR_NOT_FOUND), "%s after %d..%d", key,
                      (int)from, (int)to);
        }
        if (again) cr_expect(holds(kv, NULL, "later", "value"));
        put(kv, "later", "value");
        kv_close(kv);
    }
    buf_done(&value);
}

/* A file system may give back the length of a write that was interrupted without all of its bytes: zeros stand in any part of it. */
Test(store_kv, a_last_write_that_came_back_in_part_is_undone) {
    static const size_t value_lens[] = {40, 3000, 100000};
    for (size_t v = 0; v < 3; v++) {
        off_t lens[3], last = 0;
        for (off_t part = 0; part < 12; part++) {
            char log[PATH_LEN];
            fill(3, value_lens[v], log, lens);
            last = lens[2] - lens[1];
            off_t from = lens[1] + last * (part % 6) / 6, to = from + last / (part < 6 ? 6 : 2) + 1;
            if (to > lens[2]) to = lens[2];
            zero(log, from, to);
            check_mended(2, from, to);
        }
    }
}

Test(store_kv, damage_before_the_last_write_is_left_as_it_is) {
    static const size_t value_lens[] = {40, 3000, 100000};
    for (size_t v = 0; v < 3; v++) {
        for (off_t part = 0; part < 6; part++) {
            off_t lens[3];
            char log[PATH_LEN];
            struct kv *kv = NULL;
            struct problem why = {0};
            fill(3, value_lens[v], log, lens);
            off_t from = lens[0] + 9 + (lens[1] - lens[0] - 9) * part / 6;
            zero(log, from, from + 8 < lens[1] ? from + 8 : lens[1]);
            cr_expect(kv_open(db, true, &kv, &why) == ERR_CORRUPT, "part %d of %zu", (int)part,
                      value_lens[v]);
            cr_expect(file_len(log) == lens[2]);
        }
    }
}

static void put_len(struct kv *kv, const char *key, size_t len) {
    char *text = calloc(1, len + 1);
    memset(text, 'y', len);
    put(kv, key, text);
    free(text);
}

/* Where a header alone has room in a block, a record begins with an empty fragment: it stands behind the damage all the same. */
Test(store_kv, a_record_that_begins_with_an_empty_fragment_is_not_cut_off) {
    char log[PATH_LEN];
    struct kv *kv = kv_opened(), *again = NULL;
    struct problem why = {0};
    put_len(kv, "key0", 980);
    find_file("log", log);
    cr_assert_eq(file_len(log), 1007);
    put_len(kv, "key1", 31726);
    cr_assert_eq(file_len(log), 32768 - 7);
    put_len(kv, "key2", 5000);
    kv_close(kv);
    off_t len = file_len(log);
    zero(log, 3000, 3008);
    cr_expect(kv_open(db, true, &again, &why) == ERR_CORRUPT, "%s", why.detail);
    cr_expect_eq(file_len(log), len);
}

/* What is cut off is kept; who only looks cuts nothing. */
Test(store_kv, the_bytes_of_an_undone_write_are_kept_and_only_who_serves_undoes_it) {
    char log[PATH_LEN], kept[2 * PATH_LEN];
    static uint8_t before[4096], after[4096];
    off_t lens[2];
    struct kv *kv = NULL;
    struct problem why = {0};
    fill(2, 1000, log, lens);
    zero(log, lens[1] - 100, lens[1]);
    int fd = open(log, O_RDONLY);
    size_t tail = (size_t)(lens[1] - lens[0]);
    cr_assert(pread(fd, before, sizeof before, lens[0]) == (ssize_t)tail);
    close(fd);
    cr_expect(kv_open(db, false, &kv, &why) == ERR_CORRUPT, "%s", why.detail);
    cr_expect_eq(file_len(log), lens[1]);
    cr_assert(kv_open(db, true, &kv, &why) == ERR_OK, "%s", why.detail);
    cr_expect_eq(kv_mended(kv), tail);
    kv_close(kv);
    (void)snprintf(kept, sizeof kept, "%s.tail-%s", db, strrchr(log, '/') + 1);
    fd = open(kept, O_RDONLY);
    cr_assert(fd >= 0 && read(fd, after, sizeof after) == (ssize_t)tail);
    close(fd);
    cr_expect(memcmp(before, after, tail) == 0);
}

Test(store_kv, an_unfinished_last_write_is_no_damage) {
    char log[PATH_LEN];
    struct kv *kv = kv_opened();
    put(kv, "first", "1");
    put(kv, "second", "2");
    kv_close(kv);
    find_file("log", log);
    cr_assert(truncate(log, file_len(log) - 3) == 0);
    kv = kv_opened();
    cr_expect(holds(kv, NULL, "first", "1"));
    cr_expect(holds(kv, NULL, "second", NULL));
    kv_close(kv);
}

Test(store_kv, a_flipped_bit_in_a_table_is_corruption) {
    char table[PATH_LEN];
    struct kv *kv = kv_opened();
    put(kv, "key", "a value of some length to be found and turned over");
    kv_close(kv);
    kv_close(kv_opened()); /* turns the log into a table */
    find_file("ldb", table);
    file_flip(table, 20, 1);
    kv = NULL;
    enum err err = kv_open(db, true, &kv, NULL);
    struct buf got;
    buf_init(&got, 100);
    if (!err) err = kv_get(kv, NULL, bytes_text("key"), &got);
    cr_expect(err == ERR_CORRUPT, "%s", err_code(err));
    buf_done(&got);
    kv_close(kv);
}

/* CURRENT names the manifest, and LevelDB quotes it. */
Test(store_kv, no_reason_carries_what_a_damaged_file_holds) {
    char current[PATH_LEN];
    struct problem why = {0};
    kv_close(kv_opened());
    path_in(db, "CURRENT", current);
    FILE *file = fopen(current, "wb");
    cr_assert(file && fputs("MANIFEST-\033[2J\xd1\x07\n", file) >= 0);
    (void)fclose(file);
    struct kv *kv = NULL;
    cr_expect(kv_open(db, true, &kv, &why) != ERR_OK);
    cr_expect(why.detail[0] != 0);
    for (const char *c = why.detail; *c; c++) cr_expect(*c >= ' ' && *c <= '~', "%02x", *c & 255);
    kv_close(kv);
}
