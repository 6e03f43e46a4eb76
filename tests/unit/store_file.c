/* File operations of the store: a directory that was made is there after a power cut. */
#include "ledger/store/file.h"

#include "tests/lib/store.h"

#include <errno.h>
#include <sys/syscall.h>

static char dir[PATH_LEN], path[PATH_LEN];

/* Syncs, counted; they fail where the test says so. Stands before the library's. */
static unsigned syncs;
static bool sync_fails;

int fsync(int fd) {
    syncs++;
    if (!sync_fails) return (int)syscall(SYS_fsync, fd);
    errno = EIO;
    return -1;
}

static void setup(void) {
    temp_make(dir);
    path_in(dir, "inner", path);
}

static void teardown(void) {
    temp_remove(dir);
}

TestSuite(store_file, .init = setup, .fini = teardown);

Test(store_file, a_new_directorys_name_is_synced) {
    struct stat stat_;
    cr_assert(file_make_dir(path, NULL) == ERR_OK);
    cr_expect(syncs == 1);
    cr_assert(stat(path, &stat_) == 0);
    cr_expect(S_ISDIR(stat_.st_mode) && (stat_.st_mode & 07777) == 0700);
}

/* The process that made it may have died, or failed, before its sync. */
Test(store_file, the_name_of_a_directory_that_is_there_is_synced_too) {
    struct problem why = {0};
    sync_fails = true;
    cr_expect(file_make_dir(path, &why) == ERR_IO && why.detail[0]);
    cr_expect(file_make_dir(path, &why) == ERR_IO);
    sync_fails = false;
    syncs = 0;
    cr_expect(file_make_dir(path, NULL) == ERR_OK);
    cr_expect(syncs == 1);
}
