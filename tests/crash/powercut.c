/* A disk that remembers only what was synced: a preload shim that writes down every change below one folder, so that cut.py can make the disk as a power cut at any moment
 * would have left it (tests/crash/cut.py).
 *
 *   LD_PRELOAD=powercut.so POWERCUT_ROOT=/folder POWERCUT_LOG=/elsewhere/ops program...
 *
 * Each record of the log: u64 monotonic ns, u8 operation, u32 length of the first text, u32 length of the second, u64 offset, then both texts; little-endian, one write each, in
 * the order in which the calls returned. A sync is written after it returned: what came before it in the log is durable for that file. Changes by mmap are not seen; neither
 * LevelDB nor this project writes that way.
 *
 * Threads: one lock around each change and its record, so that the log's order is the disk's. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum operation {
    OP_OPEN = 1,
    OP_WRITE,
    OP_TRUNCATE,
    OP_SYNC,
    OP_RENAME,
    OP_UNLINK,
    OP_MKDIR,
    OP_RMDIR,
    OP_LINK
};

#define FDS 65536
static char *paths[FDS]; /* of descriptors below the root; NULL: another file */
static unsigned char appends[FDS];
static const char *root;
static size_t root_len;
static int log_fd = -1;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static void fail(const char *what) {
    (void)dprintf(2, "powercut: %s: %s\n", what, strerror(errno));
    _exit(99);
}

__attribute__((constructor)) static void begin(void) {
    const char *path = getenv("POWERCUT_LOG");
    root = getenv("POWERCUT_ROOT");
    if (!root || !path) return;
    root_len = strlen(root);
    log_fd =
        (int)syscall(SYS_openat, AT_FDCWD, path, O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC, 0600);
    if (log_fd < 0) fail(path);
}

static int is_ours(const char *path) {
    return log_fd >= 0 && strncmp(path, root, root_len) == 0 && path[root_len] == '/';
}

/* The whole name of path, which is relative to the folder that `at` is. */
static const char *whole(int at, const char *path, char *room, size_t len) {
    char folder[4096];
    if (path[0] == '/') return path;
    const char *base = at >= 0 && at < FDS ? paths[at] : NULL;
    if (at == AT_FDCWD) base = getcwd(folder, sizeof folder);
    if (!base) return path;
    if (strcmp(path, ".") == 0)
        (void)snprintf(room, len, "%s", base);
    else
        (void)snprintf(room, len, "%s/%s", base, path);
    return room;
}

static void note(enum operation op, const char *a, size_t a_len, const void *b, size_t b_len,
                 uint64_t offset) {
    struct timespec now;
    unsigned char head[25];
    uint32_t lens[2] = {(uint32_t)a_len, (uint32_t)b_len};
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    uint64_t ns = (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
    memcpy(head, &ns, 8);
    head[8] = (unsigned char)op;
    memcpy(head + 9, lens, 8);
    memcpy(head + 17, &offset, 8);
    struct iovec parts[3] = {
        {head, sizeof head}, {(void *)(uintptr_t)a, a_len}, {(void *)(uintptr_t)b, b_len}};
    if (syscall(SYS_writev, log_fd, parts, 3) != (long)(sizeof head + a_len + b_len))
        fail("the log");
}

static void note_path(enum operation op, const char *path) {
    note(op, path + root_len + 1, strlen(path) - root_len - 1, NULL, 0, 0);
}

/* -- opening and closing -- */

static void opened(int fd, const char *path, int flags, int was_there) {
    struct stat stat;
    if (fd >= FDS || fstat(fd, &stat) != 0) return;
    free(paths[fd]);
    paths[fd] = strdup(path);
    appends[fd] = (flags & O_APPEND) != 0;
    if (S_ISREG(stat.st_mode) && (flags & O_CREAT) && !was_there) note_path(OP_OPEN, path);
    if (S_ISREG(stat.st_mode) && (flags & O_TRUNC) && was_there) {
        note(OP_TRUNCATE, path + root_len + 1, strlen(path) - root_len - 1, NULL, 0, 0);
    }
}

static int open_any(int at, const char *path, int flags, mode_t mode) {
    char room[8192];
    const char *full = whole(at, path, room, sizeof room);
    if (!is_ours(full)) return (int)syscall(SYS_openat, at, path, flags, mode);
    (void)pthread_mutex_lock(&lock);
    int was_there = access(full, F_OK) == 0;
    int fd = (int)syscall(SYS_openat, at, path, flags, mode), error = errno;
    if (fd >= 0) opened(fd, full, flags, was_there);
    (void)pthread_mutex_unlock(&lock);
    errno = error;
    return fd;
}

#define MODE(flags)                                                                                \
    mode_t mode = 0;                                                                               \
    if ((flags) & (O_CREAT | O_TMPFILE)) {                                                         \
        va_list args;                                                                              \
        va_start(args, flags);                                                                     \
        mode = va_arg(args, mode_t);                                                               \
        va_end(args);                                                                              \
    }

int open(const char *path, int flags, ...) {
    MODE(flags)
    return open_any(AT_FDCWD, path, flags, mode);
}
int open64(const char *path, int flags, ...) {
    MODE(flags)
    return open_any(AT_FDCWD, path, flags, mode);
}
int openat(int at, const char *path, int flags, ...) {
    MODE(flags)
    return open_any(at, path, flags, mode);
}
int openat64(int at, const char *path, int flags, ...) {
    MODE(flags)
    return open_any(at, path, flags, mode);
}

/* What -D_FORTIFY_SOURCE makes of the two. */
int __open_2(const char *path, int flags);
int __openat_2(int at, const char *path, int flags);
int __open_2(const char *path, int flags) {
    return open_any(AT_FDCWD, path, flags, 0);
}
int __openat_2(int at, const char *path, int flags) {
    return open_any(at, path, flags, 0);
}

int close(int fd) {
    if (fd >= 0 && fd < FDS && paths[fd]) {
        (void)pthread_mutex_lock(&lock);
        free(paths[fd]);
        paths[fd] = NULL;
        (void)pthread_mutex_unlock(&lock);
    }
    return (int)syscall(SYS_close, fd);
}

static const char *path_of(int fd) {
    return fd >= 0 && fd < FDS && log_fd >= 0 ? paths[fd] : NULL;
}

/* -- changing -- */

static ssize_t wrote(int fd, const void *data, ssize_t len, off_t offset) {
    const char *path = path_of(fd);
    if (len > 0)
        note(OP_WRITE, path + root_len + 1, strlen(path) - root_len - 1, data, (size_t)len,
             (uint64_t)offset);
    return len;
}

ssize_t write(int fd, const void *data, size_t len) {
    if (!path_of(fd)) return syscall(SYS_write, fd, data, len);
    (void)pthread_mutex_lock(&lock);
    off_t at = appends[fd] ? lseek(fd, 0, SEEK_END) : lseek(fd, 0, SEEK_CUR);
    ssize_t done = syscall(SYS_write, fd, data, len);
    done = wrote(fd, data, done, at);
    (void)pthread_mutex_unlock(&lock);
    return done;
}

ssize_t pwrite(int fd, const void *data, size_t len, off_t offset) {
    if (!path_of(fd)) return syscall(SYS_pwrite64, fd, data, len, offset);
    (void)pthread_mutex_lock(&lock);
    ssize_t done = wrote(fd, data, syscall(SYS_pwrite64, fd, data, len, offset), offset);
    (void)pthread_mutex_unlock(&lock);
    return done;
}
ssize_t pwrite64(int fd, const void *data, size_t len, off_t offset) {
    return pwrite(fd, data, len, offset);
}

ssize_t writev(int fd, const struct iovec *parts, int count) {
    if (!path_of(fd)) return syscall(SYS_writev, fd, parts, count);
    ssize_t sum = 0;
    for (int i = 0; i < count; i++) {
        ssize_t done = write(fd, parts[i].iov_base, parts[i].iov_len);
        if (done < 0) return sum ? sum : done;
        sum += done;
        if ((size_t)done < parts[i].iov_len) break;
    }
    return sum;
}

/* What the shim does not follow must not happen unseen. */
ssize_t pwritev(int fd, const struct iovec *parts, int count, off_t offset) {
    if (path_of(fd)) fail("pwritev is not followed");
    return syscall(SYS_pwritev, fd, parts, count, offset, 0);
}

int ftruncate(int fd, off_t len) {
    const char *path = path_of(fd);
    if (!path) return (int)syscall(SYS_ftruncate, fd, len);
    (void)pthread_mutex_lock(&lock);
    int status = (int)syscall(SYS_ftruncate, fd, len);
    if (status == 0)
        note(OP_TRUNCATE, path + root_len + 1, strlen(path) - root_len - 1, NULL, 0, (uint64_t)len);
    (void)pthread_mutex_unlock(&lock);
    return status;
}
int ftruncate64(int fd, off_t len) {
    return ftruncate(fd, len);
}

static int synced(int fd, long number) {
    const char *path = path_of(fd);
    int status = (int)syscall(number, fd);
    if (path && status == 0) {
        (void)pthread_mutex_lock(&lock);
        note(OP_SYNC, path + root_len + 1,
             strlen(path) > root_len ? strlen(path) - root_len - 1 : 0, NULL, 0, 0);
        (void)pthread_mutex_unlock(&lock);
    }
    return status;
}
int fsync(int fd) {
    return synced(fd, SYS_fsync);
}
int fdatasync(int fd) {
    return synced(fd, SYS_fdatasync);
}

/* -- names -- */

static int named(enum operation op, int at, const char *path, long number, long a, long b, long c) {
    char room[8192];
    const char *full = whole(at, path, room, sizeof room);
    int ours = is_ours(full);
    if (ours) (void)pthread_mutex_lock(&lock);
    int status = (int)syscall(number, a, b, c), error = errno;
    if (ours && status == 0) note_path(op, full);
    if (ours) (void)pthread_mutex_unlock(&lock);
    errno = error;
    return status;
}
int unlink(const char *path) {
    return named(OP_UNLINK, AT_FDCWD, path, SYS_unlink, (long)path, 0, 0);
}
int unlinkat(int at, const char *path, int flags) {
    return named(flags & AT_REMOVEDIR ? OP_RMDIR : OP_UNLINK, at, path, SYS_unlinkat, at,
                 (long)path, flags);
}
int mkdir(const char *path, mode_t mode) {
    return named(OP_MKDIR, AT_FDCWD, path, SYS_mkdir, (long)path, (long)mode, 0);
}
int rmdir(const char *path) {
    return named(OP_RMDIR, AT_FDCWD, path, SYS_rmdir, (long)path, 0, 0);
}

static int two_names(enum operation op, const char *from, const char *to, long number) {
    char rooms[2][8192];
    const char *a = whole(AT_FDCWD, from, rooms[0], sizeof rooms[0]),
               *b = whole(AT_FDCWD, to, rooms[1], sizeof rooms[1]);
    int ours = is_ours(a) || is_ours(b);
    if (ours && !(is_ours(a) && is_ours(b))) fail("a name crosses the root's border");
    if (ours) (void)pthread_mutex_lock(&lock);
    int status = (int)syscall(number, from, to), error = errno;
    if (ours && status == 0) {
        note(op, a + root_len + 1, strlen(a) - root_len - 1, b + root_len + 1,
             strlen(b) - root_len - 1, 0);
    }
    if (ours) (void)pthread_mutex_unlock(&lock);
    errno = error;
    return status;
}
int rename(const char *from, const char *to) {
    return two_names(OP_RENAME, from, to, SYS_rename);
}
int link(const char *from, const char *to) {
    return two_names(OP_LINK, from, to, SYS_link);
}
