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
#define LOOK_MAX (512u * 1024 * 1024) /* bytes looked at behind damage: a second or two */
#define LOG_MAX (256u * 1024 * 1024)  /* four times the write buffer, at which a new log begins */

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

struct scan {
    uint32_t table[256];
    struct bytes log;
    size_t looked; /* bytes that a header named and that were looked at */
};

/* The whole fragment that begins there; false where there is none. */
static bool fragment_at(struct scan *scan, size_t at, struct fragment *ret) {
    size_t left = BLOCK - at % BLOCK;
    if (left > scan->log.len - at) left = scan->log.len - at;
    if (left < HEADER) return false;
    const uint8_t *head = scan->log.data + at;
    size_t len = (size_t)head[4] | (size_t)head[5] << 8;
    if (head[6] < FULL || head[6] > LAST || len > left - HEADER) return false;
    scan->looked += len;
    if (crc_masked(scan->table, head + 6, len + 1) != u32_le(head)) return false;
    *ret = (struct fragment){head[6], at + HEADER + len};
    return true;
}

/* Where the first damaged record begins, and *ret_damage: its first bad fragment. Both are the log's length where there is none. */
static size_t damaged(struct scan *scan, size_t *ret_damage) {
    struct fragment fragment;
    bool is_open = false;
    size_t at = 0, record = 0;
    while (at < scan->log.len) {
        if (BLOCK - at % BLOCK < HEADER) {
            at += BLOCK - at % BLOCK; /* the rest of a block that has no room for a header */
            continue;
        }
        if (!fragment_at(scan, at, &fragment)) break;
        if (!is_open) record = at;
        is_open = fragment.type == FIRST || fragment.type == MIDDLE;
        at = fragment.end;
    }
    *ret_damage = at < scan->log.len ? at : scan->log.len;
    return is_open ? record : *ret_damage;
}

/* A record begins with it. An empty first fragment stands where a block has room for a header alone; elsewhere a length of nothing says nothing. */
static bool is_beginning(const struct fragment *fragment, size_t at) {
    if (fragment->type != FULL && fragment->type != FIRST) return false;
    return fragment->end > at + HEADER || BLOCK - at % BLOCK == HEADER;
}

/* Whether a record begins at or behind `at` in its block: fragment by fragment where they follow each other from the block's beginning, at any place where they do not. */
static bool begins_in_block(struct scan *scan, size_t at) {
    size_t end = at - at % BLOCK + BLOCK;
    bool follows = at % BLOCK == 0;
    while (at < end && at < scan->log.len && scan->looked < LOOK_MAX) {
        struct fragment fragment;
        bool is_whole = fragment_at(scan, at, &fragment);
        if (is_whole && is_beginning(&fragment, at)) return true;
        follows = follows && is_whole;
        at = follows ? fragment.end : at + 1;
    }
    return false;
}

/* Whether a record begins anywhere behind the damage, or that would take too long to find out. */
static bool begins_behind(struct scan *scan, size_t damage) {
    scan->looked = 0;
    for (size_t at = damage + 1; at < scan->log.len; at += BLOCK - at % BLOCK)
        if (begins_in_block(scan, at)) return true;
    return scan->looked >= LOOK_MAX;
}

enum err kv_log_keep(struct bytes log, size_t *ret_len) {
    struct scan scan = {.log = log};
    size_t damage;
    table_fill(scan.table);
    size_t record = damaged(&scan, &damage);
    if (damage == log.len || log.len - record > KV_TAIL_MAX) return ERR_CORRUPT;
    if (begins_behind(&scan, damage)) return ERR_CORRUPT;
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
        size_t len = strlen(at->d_name);
        if (number <= newest || len >= ret_len) continue;
        newest = number;
        memcpy(ret, at->d_name, len + 1);
    }
    (void)closedir(dir);
    return newest ? ERR_OK : ERR_CORRUPT;
}

/* What is cut, beside the database; and its name on disk. */
static enum err keep_tail(const char *path, const char *name, struct bytes tail) {
    char to[4096];
    if (snprintf(to, sizeof to, "%s.tail-%s", path, name) >= (int)sizeof to) return ERR_IO;
    int fd = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) return file_err(errno);
    enum err err = file_write_at(fd, tail, 0);
    if (!err && fsync(fd)) err = file_err(errno);
    if (close(fd) && !err) err = file_err(errno);
    return err ? err : file_sync_parent_dir(to);
}

static enum err log_read(int fd, uint8_t **ret, size_t *ret_len) {
    struct stat stat;
    if (fstat(fd, &stat)) return file_err(errno);
    if (stat.st_size > (off_t)LOG_MAX) return ERR_CORRUPT;
    *ret_len = (size_t)stat.st_size;
    *ret = malloc(*ret_len ? *ret_len : 1);
    return *ret ? file_read_at(fd, *ret, *ret_len, 0) : ERR_NO_MEMORY;
}

/* The rest of the log goes only once it stands elsewhere. */
static enum err cut(int fd, const char *path, const char *name, uint64_t *ret_cut) {
    uint8_t *data = NULL;
    size_t len = 0, keep = 0;
    enum err err = log_read(fd, &data, &len);
    if (!err) err = kv_log_keep(bytes_of(data, len), &keep);
    if (!err) err = keep_tail(path, name, bytes_of(data + keep, len - keep));
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

static enum err mend_in(const char *path, int dir_fd, uint64_t *ret_cut) {
    char name[32];
    int lock_fd = -1, fd = -1;
    enum err err = lock(dir_fd, &lock_fd);
    if (!err) err = newest_log(dir_fd, name, sizeof name);
    if (!err) {
        fd = openat(dir_fd, name, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
        err = fd < 0 ? file_err(errno) : cut(fd, path, name, ret_cut);
    }
    if (fd >= 0) (void)close(fd);
    if (lock_fd >= 0) (void)close(lock_fd);
    return err;
}

enum err kv_mend(const char *path, uint64_t *ret_cut) {
    int dir_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (dir_fd < 0) return file_err(errno);
    enum err err = mend_in(path, dir_fd, ret_cut);
    (void)close(dir_fd);
    return err;
}
