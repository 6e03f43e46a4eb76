/* Key files: secrets are refused where others could read them; the last-signed file survives torn writes and never goes back. */
#include "ledger/store/keyfile.h"

#include "ledger/crypto/secret.h"
#include "ledger/store/entropy.h"
#include "ledger/store/fault.h"
#include "ledger/store/file.h"
#include "tests/lib/store.h"

#include <errno.h>
#include <sys/syscall.h>
#include <sys/wait.h>

static char dir[PATH_LEN], path[PATH_LEN];
static const uint8_t id[32] = {7};

/* Writes and syncs of file contents, counted; syncs fail where the test says so. Both stand before the library's. */
static unsigned writes, syncs;
static bool sync_fails;

ssize_t pwrite(int fd, const void *data, size_t len, off_t offset) {
    writes++;
    return syscall(SYS_pwrite64, fd, data, len, offset);
}

int fdatasync(int fd) {
    syncs++;
    if (!sync_fails) return (int)syscall(SYS_fdatasync, fd);
    errno = EIO;
    return -1;
}

static void setup(void) {
    temp_make(dir);
    path_in(dir, "key", path);
}

static void teardown(void) {
    temp_remove(dir);
}

TestSuite(store_keyfile, .init = setup, .fini = teardown);
TestSuite(store_lastsigned, .init = setup, .fini = teardown);

/* -- secrets -- */

static enum err read_err(const char *from, size_t max, const char *content) {
    struct buf got;
    struct problem why = {0};
    enum err err = keyfile_read(from, max, &got, &why);
    if (err) {
        cr_expect(why.err == err && why.detail[0]);
        return err;
    }
    cr_expect(bytes_is(buf_bytes(&got), content));
    const uint8_t *before = got.data;
    cr_expect(buf_text(&got) && got.data == before, "the secret was moved");
    secret_wipe(got.data, got.cap);
    buf_done(&got);
    return ERR_OK;
}

Test(store_keyfile, what_is_created_is_read_back) {
    cr_assert(keyfile_create(path, bytes_text("a secret"), NULL) == ERR_OK);
    struct stat stat_;
    cr_assert(stat(path, &stat_) == 0);
    cr_expect((stat_.st_mode & 07777) == 0600);
    cr_expect(read_err(path, 100, "a secret") == ERR_OK);
    cr_expect(read_err(path, 8, "a secret") == ERR_OK);
    cr_expect(read_err(path, 7, "") == ERR_TOO_LARGE);
}

Test(store_keyfile, an_empty_file_is_read_as_empty) {
    cr_assert(keyfile_create(path, bytes_of(NULL, 0), NULL) == ERR_OK);
    cr_expect(read_err(path, 100, "") == ERR_OK);
}

Test(store_keyfile, an_existing_file_is_never_overwritten) {
    struct problem why = {0};
    cr_assert(keyfile_create(path, bytes_text("first"), NULL) == ERR_OK);
    cr_expect(keyfile_create(path, bytes_text("second"), &why) == ERR_STATE && why.detail[0]);
    cr_expect(read_err(path, 100, "first") == ERR_OK);
}

Test(store_keyfile, modes_that_let_others_in_are_refused) {
    cr_assert(keyfile_create(path, bytes_text("s"), NULL) == ERR_OK);
    for (unsigned mode = 0; mode <= 07777; mode++) {
        if (!(mode & 0400)) continue; /* unreadable for its owner, unless root */
        cr_assert(chmod(path, mode) == 0);
        bool fine = mode == 0600 || mode == 0400;
        cr_expect(read_err(path, 9, "s") == (fine ? ERR_OK : ERR_KEY_MODE), "mode %04o", mode);
    }
}

Test(store_keyfile, only_regular_files_are_read) {
    char link_path[PATH_LEN], fifo[PATH_LEN];
    path_in(dir, "link", link_path);
    path_in(dir, "fifo", fifo);
    cr_assert(keyfile_create(path, bytes_text("s"), NULL) == ERR_OK);
    cr_assert(symlink(path, link_path) == 0 && mkfifo(fifo, 0600) == 0);
    cr_expect(read_err(link_path, 9, "") == ERR_KEY_MODE);
    cr_expect(read_err(fifo, 9, "") == ERR_KEY_MODE);
    cr_expect(read_err(dir, 9, "") == ERR_KEY_MODE);
    cr_expect(read_err("/dev/zero", 9, "") == ERR_KEY_MODE);
    path_in(dir, "absent", link_path);
    cr_expect(read_err(link_path, 9, "") == ERR_NOT_FOUND);
}

Test(store_keyfile, somebody_elses_file_is_refused) {
    cr_assert(keyfile_create(path, bytes_text("s"), NULL) == ERR_OK);
    if (geteuid() != 0) {
        printf("skipped: only root can give a file away\n");
        return;
    }
    cr_assert(chown(path, 12345, 0) == 0);
    cr_expect(read_err(path, 9, "") == ERR_KEY_MODE);
}

Test(store_keyfile, entropy_fills_everything_and_never_the_same) {
    static uint8_t a[70000], b[70000];
    entropy(a, sizeof a);
    entropy(b, sizeof b);
    cr_expect(memcmp(a, b, sizeof a) != 0);
    size_t seen[256] = {0};
    for (size_t i = 0; i < sizeof a; i++) seen[a[i]]++;
    for (size_t i = 0; i < 256; i++) cr_expect(seen[i] > 100 && seen[i] < 600, "byte %zu", i);
    uint8_t guard[3] = {1, 1, 1};
    entropy(guard + 1, 0);
    cr_expect(guard[0] == 1 && guard[1] == 1 && guard[2] == 1);
}

/* -- last signed -- */

static struct witness_state state_of(uint64_t size) {
    struct witness_state state = {.size = size};
    put_u64(state.root, size);
    return state;
}

static enum err open_err(bool create, struct lastsigned **ret) {
    struct problem why = {0};
    enum err err = lastsigned_open(path, id, create, ret, &why);
    cr_expect(!err || (why.err == err && why.detail[0]));
    return err;
}

static struct lastsigned *opened(void) {
    struct lastsigned *file = NULL;
    cr_assert(open_err(true, &file) == ERR_OK);
    return file;
}

static enum err put(struct lastsigned *file, uint64_t size) {
    struct witness_state state = state_of(size);
    return lastsigned_put(file, &state, NULL);
}

static bool holds(const struct lastsigned *file, uint64_t size) {
    struct witness_state got = lastsigned_get(file), state = state_of(size);
    if (size == 0) sha256(bytes_of(NULL, 0), state.root);
    return got.size == size && memcmp(got.root, state.root, HASH_LEN) == 0;
}

Test(store_lastsigned, a_new_file_begins_with_the_empty_tree) {
    struct lastsigned *file = NULL;
    cr_expect(open_err(false, &file) == ERR_ROLLBACK); /* missing and not to be made */
    file = opened();
    cr_expect(holds(file, 0));
    lastsigned_close(file);
    cr_assert(open_err(false, &file) == ERR_OK);
    cr_expect(holds(file, 0));
    lastsigned_close(file);
    cr_expect(file_len(path) == 1024);
    temp_remove(path); /* and nothing else stands in the directory */
    cr_expect(rmdir(dir) == 0);
    cr_assert(mkdir(dir, 0700) == 0);
}

Test(store_lastsigned, the_file_has_its_bytes) {
    struct lastsigned *file = opened();
    struct witness_state state = {.size = 0x0102030405060708};
    memset(state.root, 0xee, HASH_LEN);
    cr_assert(lastsigned_put(file, &state, NULL) == ERR_OK);
    lastsigned_close(file);
    uint8_t got[1024], slot[512] = "QZLSIGN1";
    int fd = open(path, O_RDONLY);
    cr_assert(read(fd, got, sizeof got) == sizeof got);
    close(fd);
    put_u64(slot + 8, 3); /* a new file holds numbers 1 and 2 */
    memcpy(slot + 16, id, 32);
    put_u64(slot + 48, 0x0102030405060708);
    memset(slot + 56, 0xee, 32);
    sha256(bytes_of(slot, 480), slot + 480);
    cr_expect(memcmp(got, slot, 512) == 0);
    cr_expect(get_u64(got + 512 + 8) == 2);
}

Test(store_lastsigned, what_is_put_is_there_after_reopening) {
    for (uint64_t size = 1; size < 20; size++) {
        struct lastsigned *file = opened();
        cr_expect(holds(file, size == 1 ? 0 : (size - 1) * 10));
        cr_assert(put(file, size * 10) == ERR_OK);
        cr_expect(holds(file, size * 10));
        lastsigned_close(file);
    }
}

/* A process killed between its write and its sync leaves a state that may be in memory alone, and so does a sync that fails: with Linux believing that nothing is
 * left to be written. A put of the same state writes nothing. */
Test(store_lastsigned, what_is_read_at_opening_is_written_anew_before_it_counts) {
    struct lastsigned *file = opened();
    cr_assert(put(file, 10) == ERR_OK);
    lastsigned_close(file);
    sync_fails = true;
    cr_expect(open_err(false, &file) == ERR_IO);
    sync_fails = false;
    syncs = writes = 0;
    cr_assert(open_err(false, &file) == ERR_OK);
    cr_expect(writes == 1 && syncs == 1);
    cr_expect(put(file, 10) == ERR_OK && syncs == 1);
    cr_expect(put(file, 20) == ERR_OK && syncs == 2);
    lastsigned_close(file);
}

Test(store_lastsigned, going_back_is_refused) {
    struct lastsigned *file = opened();
    cr_assert(put(file, 10) == ERR_OK);
    cr_expect(put(file, 9) == ERR_ROLLBACK);
    cr_expect(put(file, 0) == ERR_ROLLBACK);
    cr_expect(put(file, 10) == ERR_OK); /* the same again */
    struct witness_state other = state_of(10);
    other.root[31] ^= 1;
    cr_expect(lastsigned_put(file, &other, NULL) == ERR_ROLLBACK);
    cr_expect(holds(file, 10));
    cr_expect(put(file, 11) == ERR_OK); /* a refusal spoils nothing */
    lastsigned_close(file);
    file = opened();
    cr_expect(put(file, 10) == ERR_ROLLBACK);
    lastsigned_close(file);
}

Test(store_lastsigned, one_torn_slot_leaves_the_other) {
    struct lastsigned *file = opened();
    cr_assert(put(file, 1) == ERR_OK && put(file, 2) == ERR_OK); /* slot 0: 1, slot 1: 2 */
    lastsigned_close(file);
    for (off_t at = 0; at < 1024; at++) {
        file_flip(path, at, (uint8_t)(1u << (at % 8)));
        cr_assert(open_err(true, &file) == ERR_OK, "byte %d", (int)at);
        cr_expect(holds(file, at < 512 ? 2 : 1), "byte %d", (int)at);
        lastsigned_close(file);
        file_flip(path, at, (uint8_t)(1u << (at % 8)));
    }
}

Test(store_lastsigned, after_a_torn_slot_the_torn_one_is_written_next) {
    struct lastsigned *file = opened();
    cr_assert(put(file, 1) == ERR_OK && put(file, 2) == ERR_OK);
    lastsigned_close(file);
    file_flip(path, 700, 1); /* slot 1, the newer */
    file = opened();
    cr_assert(holds(file, 1) && put(file, 5) == ERR_OK);
    lastsigned_close(file);
    file_flip(path, 100, 1); /* slot 0 now, the older */
    file = opened();
    cr_expect(holds(file, 5));
    lastsigned_close(file);
}

Test(store_lastsigned, two_torn_slots_are_corruption) {
    struct lastsigned *file = opened();
    cr_assert(put(file, 1) == ERR_OK && put(file, 2) == ERR_OK);
    lastsigned_close(file);
    for (off_t at = 0; at < 512; at++) {
        off_t other = 512 + (at * 7) % 512;
        file_flip(path, at, 1);
        file_flip(path, other, 0x80);
        cr_expect(open_err(true, &file) == ERR_CORRUPT, "byte %d", (int)at);
        file_flip(path, at, 1);
        file_flip(path, other, 0x80);
    }
}

/* Found by the fuzzer: the next put could not count on. */
Test(store_lastsigned, the_last_number_there_is_is_corruption) {
    struct lastsigned *file = opened();
    uint8_t slot[512] = "QZLSIGN1";
    lastsigned_close(file);
    memcpy(slot + 16, id, 32);
    for (unsigned last = 0; last < 2; last++) {
        put_u64(slot + 8, UINT64_MAX - 1 + last);
        sha256(bytes_of(slot, 480), slot + 480);
        int fd = open(path, O_WRONLY);
        cr_assert(fd >= 0 && write(fd, slot, sizeof slot) == sizeof slot);
        close(fd);
        cr_assert(open_err(false, &file) == (last ? ERR_CORRUPT : ERR_OK));
        if (last) continue;
        cr_assert(put(file, 1) == ERR_CORRUPT);
        lastsigned_close(file);
    }
}

Test(store_lastsigned, a_file_of_another_length_is_corruption) {
    struct lastsigned *file = opened();
    lastsigned_close(file);
    off_t lens[] = {0, 1, 511, 512, 1023, 1025, 4096};
    for (size_t i = 0; i < sizeof lens / sizeof lens[0]; i++) {
        cr_assert(truncate(path, lens[i]) == 0);
        cr_expect(open_err(true, &file) == ERR_CORRUPT, "length %d", (int)lens[i]);
    }
}

Test(store_lastsigned, another_ledgers_file_is_corruption) {
    struct lastsigned *file = opened();
    const uint8_t other[32] = {8};
    lastsigned_close(file);
    cr_expect(lastsigned_open(path, other, true, &file, NULL) == ERR_CORRUPT);
}

Test(store_lastsigned, a_second_handle_and_a_second_process_are_refused) {
    struct lastsigned *file = opened(), *second = NULL;
    cr_expect(open_err(true, &second) == ERR_LOCKED);
    pid_t child = fork();
    cr_assert(child >= 0);
    if (child == 0) _exit(lastsigned_open(path, id, true, &second, NULL) == ERR_LOCKED ? 7 : 8);
    int status = 0;
    cr_assert(waitpid(child, &status, 0) == child);
    cr_expect(WIFEXITED(status) && WEXITSTATUS(status) == 7);
    lastsigned_close(file);
    cr_assert(open_err(true, &second) == ERR_OK);
    lastsigned_close(second);
}

static bool fail_before;

static enum err fail_put(const char *step, bool before) {
    return strcmp(step, "lastsigned_put") == 0 && before == fail_before ? ERR_IO : ERR_OK;
}

static void check_failed_put(bool before) {
    struct lastsigned *file = opened();
    cr_assert(put(file, 1) == ERR_OK);
    fail_before = before;
    store_fault = fail_put;
    cr_expect(put(file, 2) == ERR_IO);
    store_fault = NULL;
    cr_expect(put(file, 2) == ERR_IO); /* unknown until it is opened anew */
    cr_expect(put(file, 3) == ERR_IO);
    cr_expect(holds(file, 1));
    lastsigned_close(file);
    file = opened();
    cr_expect(holds(file, before ? 1 : 2));
    cr_expect(put(file, 2) == ERR_OK); /* the same again, or done now */
    cr_expect(holds(file, 2));
    cr_expect(put(file, 1) == ERR_ROLLBACK);
    lastsigned_close(file);
}

Test(store_lastsigned, a_put_that_failed_undone_can_be_done_again) {
    check_failed_put(true);
}

Test(store_lastsigned, a_put_that_failed_but_was_persisted_is_not_taken_back) {
    check_failed_put(false);
}

/* -- names -- */

static unsigned dir_syncs;
static enum err dir_sync_err;

static enum err count_dir_syncs(const char *step, bool before) {
    if (strcmp(step, "dir_sync") != 0 || !before) return ERR_OK;
    dir_syncs++;
    return dir_sync_err;
}

/* What was made but could not be synced is there at the next try; it must not count as durable because of that. */
Test(store_lastsigned, a_name_that_could_not_be_synced_is_synced_by_the_next_who_finds_it) {
    char folder[PATH_LEN];
    struct lastsigned *file = NULL;
    struct problem why = {0};
    path_in(dir, "folder", folder);
    store_fault = count_dir_syncs;
    dir_sync_err = ERR_IO;
    cr_expect(file_make_dir(folder, &why) == ERR_IO && access(folder, F_OK) == 0);
    cr_expect(open_err(true, &file) == ERR_IO && access(path, F_OK) == 0);
    dir_sync_err = ERR_OK;
    dir_syncs = 0;
    cr_expect(file_make_dir(folder, &why) == ERR_OK && dir_syncs == 1);
    cr_expect(open_err(true, &file) == ERR_OK && dir_syncs == 2);
    lastsigned_close(file);
    store_fault = NULL;
}
