/* See kv_mend.h. */
#include "ledger/store/kv_mend.h"

#include "ledger/store/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BLOCK 32768u
#define HEADER 7u
#define LOG_MAX (256u * 1024 * 1024) /* four times the write buffer, at which a new log begins */

enum { FULL = 1, FIRST = 2, MIDDLE = 3, LAST = 4 };

struct fragment {
    unsigned type;
    size_t end; /* where the next one begins */
};

/* -- CRC-32C, as LevelDB masks it -- */

static void table_fill(uint32_t table[256]) {
    for (uint32_t byte = 0; byte < 256; byte++) {
        uint32_t crc = byte;
        for (int bit = 0; bit < 8; bit++) crc = crc & 1 ? crc >> 1 ^ 0x82f63b78u : crc >> 1;
        table[byte] = crc;
    }
}

static uint32_t crc_masked(const uint32_t table[256], const uint8_t *data, size_t len) {
    uint32_t crc = 0xffffffffu;
    for (size_t i = 0; i < len; i++) crc = crc >> 8 ^ table[(crc ^ data[i]) & 0xff];
    crc ^= 0xffffffffu;
    return (crc >> 15 | crc << 17) + 0xa282ead8u;
}

/* -- fragments -- */

static uint32_t u32_le(const uint8_t *at) {
    return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

/* The whole fragment that begins there; false where there is none. */
static bool fragment_at(const uint32_t table[256], struct bytes log, size_t at,
                        struct fragment *ret) {
    size_t left = BLOCK - at % BLOCK;
    if (left > log.len - at) left = log.len - at;
    if (left < HEADER) return false;
    const uint8_t *head = log.data + at;
    size_t len = (size_t)head[4] | (size_t)head[5] << 8;
    if (head[6] < FULL || head[6] > LAST || len > left - HEADER) return false;
    if (crc_masked(table, head + 6, len + 1) != u32_le(head)) return false;
    *ret = (struct fragment){head[6], at + HEADER + len};
    return true;
}

/* Where the first damaged record begins, and *ret_damage: its first bad fragment. Both are the log's length where there is none. */
static size_t damaged(const uint32_t table[256], struct bytes log, size_t *ret_damage) {
    struct fragment fragment;
    bool is_open = false;
    size_t at = 0, record = 0;
    while (at < log.len) {
        if (BLOCK - at % BLOCK < HEADER) {
            at += BLOCK - at % BLOCK; /* the rest of a block that has no room for a header */
            continue;
        }
        if (!fragment_at(table, log, at, &fragment)) break;
        if (!is_open) record = at;
        is_open = fragment.type == FIRST || fragment.type == MIDDLE;
        at = fragment.end;
    }
    *ret_damage = at < log.len ? at : log.len;
    return is_open ? record : *ret_damage;
}

/* Whether a record begins anywhere behind the damage. In a block with damage that is any place; and a length of nothing says nothing. */
static bool begins_behind(const uint32_t table[256], struct bytes log, size_t damage) {
    struct fragment fragment;
    for (size_t at = damage + 1; at < log.len; at++) {
        if (!fragment_at(table, log, at, &fragment) || fragment.end == at + HEADER) continue;
        if (fragment.type == FULL || fragment.type == FIRST) return true;
    }
    return false;
}

enum err kv_log_keep(struct bytes log, size_t *ret_len) {
    uint32_t table[256];
    size_t damage;
    table_fill(table);
    size_t record = damaged(table, log, &damage);
    if (damage == log.len || log.len - record > KV_TAIL_MAX) return ERR_CORRUPT;
    if (begins_behind(table, log, damage)) return ERR_CORRUPT;
    *ret_len = record;
    return ERR_OK;
}

/* -- files -- */

/* The number of a name like 000012.log; 0 for any other. */
static uint64_t log_number(const char *name) {
    char *end;
    if (*name < '0' || *name > '9') return 0;
    uint64_t number = strtoull(name, &end, 10);
    return strcmp(end, ".log") == 0 ? number : 0;
}

static enum err newest_log(int dir_fd, char *ret, size_t ret_len) {
    int again = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = again < 0 ? NULL : fdopendir(again);
    uint64_t newest = 0;
    if (!dir) {
        enum err err = file_err(errno);
        if (again >= 0) (void)close(again);
        return err;
    }
    for (const struct dirent *at; (at = readdir(dir));) {
        uint64_t number = log_number(at->d_name);
        if (number <= newest || strlen(at->d_name) >= ret_len) continue;
        newest = number;
        (void)snprintf(ret, ret_len, "%s", at->d_name);
    }
    (void)closedir(dir);
    return newest ? ERR_OK : ERR_CORRUPT;
}

static enum err cut(int fd, uint64_t *ret_cut) {
    struct stat stat;
    size_t keep = 0;
    if (fstat(fd, &stat)) return file_err(errno);
    if (stat.st_size > (off_t)LOG_MAX) return ERR_CORRUPT;
    size_t len = (size_t)stat.st_size;
    uint8_t *data = malloc(len ? len : 1);
    if (!data) return ERR_NO_MEMORY;
    enum err err = file_read_at(fd, data, len, 0);
    if (!err) err = kv_log_keep(bytes_of(data, len), &keep);
    free(data);
    if (!err && (ftruncate(fd, (off_t)keep) || fsync(fd))) err = file_err(errno);
    if (!err) *ret_cut = len - keep;
    return err;
}

/* LevelDB's own lock, so that nobody opens the database meanwhile. It goes with its descriptor. */
static enum err lock(int dir_fd, int *ret_fd) {
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    int fd = openat(dir_fd, "LOCK", O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0) return file_err(errno);
    *ret_fd = fd;
    return fcntl(fd, F_SETLK, &whole) ? ERR_LOCKED : ERR_OK;
}

static enum err mend_in(int dir_fd, uint64_t *ret_cut) {
    char name[32];
    int lock_fd = -1, fd = -1;
    enum err err = lock(dir_fd, &lock_fd);
    if (!err) err = newest_log(dir_fd, name, sizeof name);
    if (!err) {
        fd = openat(dir_fd, name, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
        err = fd < 0 ? file_err(errno) : cut(fd, ret_cut);
    }
    if (fd >= 0) (void)close(fd);
    if (lock_fd >= 0) (void)close(lock_fd);
    return err;
}

enum err kv_mend(const char *path, uint64_t *ret_cut) {
    int dir_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (dir_fd < 0) return file_err(errno);
    enum err err = mend_in(dir_fd, ret_cut);
    (void)close(dir_fd);
    return err;
}
