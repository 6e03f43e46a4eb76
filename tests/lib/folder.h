/* A folder of its own for a test, and files in it. Everything here ends the test where it fails. */
#ifndef QIZHENG_TESTS_LIB_FOLDER_H
#define QIZHENG_TESTS_LIB_FOLDER_H

#include "ledger/base/bytes.h"

#include <criterion/criterion.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define FOLDER_LEN 512

static inline void folder_make(char ret[FOLDER_LEN]) {
    const char *base = getenv("TMPDIR");
    (void)snprintf(ret, FOLDER_LEN, "%s/qizheng-node-XXXXXX", base ? base : "/tmp");
    cr_assert(mkdtemp(ret), "no folder for the test");
}

static inline int folder_remove_one(const char *path, const struct stat *stat, int kind,
                                    struct FTW *at) {
    (void)stat;
    (void)kind;
    (void)at;
    return remove(path);
}

static inline void folder_remove(const char *path) {
    cr_assert(nftw(path, folder_remove_one, 16, FTW_DEPTH | FTW_PHYS) == 0);
}

static inline void folder_path(const char *folder, const char *name, char ret[FOLDER_LEN]) {
    int len = snprintf(ret, FOLDER_LEN, "%s/%s", folder, name);
    cr_assert(len > 0 && len < FOLDER_LEN);
}

static inline void folder_write(const char *folder, const char *name, struct bytes content) {
    char path[FOLDER_LEN];
    folder_path(folder, name, path);
    FILE *file = fopen(path, "wb");
    cr_assert(file, "%s cannot be written", path);
    cr_assert(fwrite(content.data, 1, content.len, file) == content.len);
    cr_assert(fclose(file) == 0);
}

#endif
