/* The operating system's file calls over the simulated disk. The linker brings every call of the store here (--wrap); nothing else in the program opens files, so a path or
 * descriptor that is not ours is a failure: no schedule touches a real disk. */
#include "tests/sim/disk_impl.h"
#include "tests/sim/trace.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/types.h>
#include <unistd.h>

#define FD_FIRST (1 << 20) /* no descriptor of the system is that large */
#define FDS_MAX 256

struct descriptor {
    struct disk *disk; /* NULL: free */
    struct inode *inode;
    char path[DISK_PATH];
};

static struct descriptor descriptors[FDS_MAX];

int __wrap_open(const char *path, int flags, ...);
int __wrap___open_2(const char *path, int flags);
int __wrap_openat(int dir, const char *path, int flags, ...);
int __wrap___openat_2(int dir, const char *path, int flags);
int __wrap_close(int fd);
int __wrap_fstat(int fd, struct stat *ret);
int __wrap_fstatvfs(int fd, struct statvfs *ret);
int __wrap_fsync(int fd);
int __wrap_fdatasync(int fd);
int __wrap_ftruncate(int fd, off_t len);
ssize_t __wrap_pread(int fd, void *out, size_t len, off_t offset);
ssize_t __wrap_pwrite(int fd, const void *data, size_t len, off_t offset);
int __wrap_unlink(const char *path);
int __wrap_unlinkat(int dir, const char *path, int flags);
int __wrap_link(const char *from, const char *to);
int __wrap_flock(int fd, int how);
int __wrap_mkostemp(char *path, int flags);
int __wrap_mkdir(const char *path, mode_t mode);
int __wrap_faccessat(int dir, const char *path, int how, int flags);
DIR *__wrap_opendir(const char *path);
DIR *__wrap_fdopendir(int fd);
struct dirent *__wrap_readdir(DIR *dir);
int __wrap_closedir(DIR *dir);

static int failed(int number) {
    errno = number;
    return -1;
}

/* -- descriptors -- */

static struct descriptor *descriptor_of(int fd) {
    int at = fd - FD_FIRST;
    if (at < 0 || at >= FDS_MAX || !descriptors[at].disk)
        sim_fail("descriptor %d is none of the simulated disks'", fd);
    return &descriptors[at];
}

static int descriptor_new(struct disk *disk, struct inode *inode, const char *path) {
    int at = 0;
    while (at < FDS_MAX && descriptors[at].disk) at++;
    assert(at < FDS_MAX);
    struct descriptor *descriptor = &descriptors[at];
    descriptor->disk = disk;
    descriptor->inode = NULL;
    name_set(&descriptor->inode, inode);
    (void)snprintf(descriptor->path, sizeof descriptor->path, "%s", path);
    disk->open++;
    return FD_FIRST + at;
}

int __wrap_close(int fd) {
    struct descriptor *descriptor = descriptor_of(fd);
    if (descriptor->inode->locked_by == descriptor) descriptor->inode->locked_by = NULL;
    name_set(&descriptor->inode, NULL);
    descriptor->disk->open--;
    descriptor->disk = NULL;
    return 0;
}

/* -- opening -- */

static int create(struct disk *disk, struct name *name, int flags) {
    int number;
    enum fate fate = disk_step(disk, &number);
    if (fate != FATE_FAILS_UNDONE) {
        if (!name->now) name_set(&name->now, inode_new(false));
        if (flags & O_TRUNC) inode_resize(name->now, 0);
    }
    return fate == FATE_DONE ? 0 : number;
}

static int open_path(struct disk *disk, const char *path, int flags) {
    int number = disk_read_step(disk);
    if (number) return failed(number);
    struct name *name = flags & O_CREAT ? name_make(disk, path) : name_find(disk, path);
    if (flags & O_CREAT) number = create(disk, name, flags);
    if (number) return failed(number);
    if (!name || !name->now) return failed(ENOENT);
    if (flags & O_DIRECTORY && !name->now->is_dir) return failed(ENOTDIR);
    return descriptor_new(disk, name->now, path);
}

static int open_at(int dir, const char *path, int flags) {
    char full[2 * DISK_PATH];
    const struct descriptor *at = descriptor_of(dir);
    if (strcmp(path, ".") == 0) return open_path(at->disk, at->path, flags);
    (void)snprintf(full, sizeof full, "%s/%s", at->path, path);
    return open_path(at->disk, full, flags);
}

/* The mode is not looked at: whose files these are is no question here. */
int __wrap_open(const char *path, int flags, ...) {
    const char *inner;
    struct disk *disk = disk_of(path, &inner);
    char plain[DISK_PATH];
    size_t len = strlen(inner);
    while (len > 1 && inner[len - 1] == '/') len--; /* "data/" is data */
    assert(len < sizeof plain);
    memcpy(plain, inner, len);
    plain[len] = 0;
    return open_path(disk, plain, flags);
}

int __wrap___open_2(const char *path, int flags) {
    return __wrap_open(path, flags);
}

int __wrap_openat(int dir, const char *path, int flags, ...) {
    return open_at(dir, path, flags);
}

int __wrap___openat_2(int dir, const char *path, int flags) {
    return open_at(dir, path, flags);
}

/* As the caller wants it: a name that is not there yet, in the place of the six X. */
int __wrap_mkostemp(char *path, int flags) {
    const char *inner;
    struct disk *disk = disk_of(path, &inner);
    char *tail = path + strlen(path) - 6;
    for (unsigned i = 0; i < 1000000; i++) {
        for (unsigned at = 0, rest = i; at < 6; at++, rest /= 10)
            tail[at] = (char)('0' + rest % 10);
        const struct name *name = name_find(disk, inner);
        if (!name || !name->now) return open_path(disk, inner, flags | O_CREAT | O_EXCL);
    }
    return failed(EEXIST);
}

/* -- names -- */

static int name_change(struct disk *disk, const char *path, struct inode *inode) {
    int number;
    enum fate fate = disk_step(disk, &number);
    if (fate != FATE_FAILS_UNDONE) name_set(&name_make(disk, path)->now, inode);
    return fate == FATE_DONE ? 0 : failed(number);
}

static int remove_path(struct disk *disk, const char *path) {
    const struct name *name = name_find(disk, path);
    if (!name || !name->now) return failed(ENOENT);
    return name_change(disk, path, NULL);
}

int __wrap_unlink(const char *path) {
    const char *inner;
    struct disk *disk = disk_of(path, &inner);
    return remove_path(disk, inner);
}

int __wrap_unlinkat(int dir, const char *path, int flags) {
    char full[2 * DISK_PATH];
    const struct descriptor *at = descriptor_of(dir);
    assert(flags == 0);
    (void)snprintf(full, sizeof full, "%s/%s", at->path, path);
    return remove_path(at->disk, full);
}

int __wrap_link(const char *from, const char *to) {
    const char *inner;
    struct disk *disk = disk_of(from, &inner);
    const struct name *name = name_find(disk, inner);
    if (!name || !name->now) return failed(ENOENT);
    (void)disk_of(to, &inner);
    const struct name *other = name_find(disk, inner);
    if (other && other->now) return failed(EEXIST);
    return name_change(disk, inner, name->now);
}

int __wrap_mkdir(const char *path, mode_t mode) {
    const char *inner;
    struct disk *disk = disk_of(path, &inner);
    (void)mode;
    const struct name *name = name_find(disk, inner);
    if (name && name->now) return failed(EEXIST);
    struct inode *inode = inode_new(true);
    inode->references = 1;
    int rc = name_change(disk, inner, inode);
    inode_drop(inode);
    return rc;
}

int __wrap_faccessat(int dir, const char *path, int how, int flags) {
    char full[2 * DISK_PATH];
    const struct descriptor *at = descriptor_of(dir);
    (void)how;
    (void)flags;
    (void)snprintf(full, sizeof full, "%s/%s", at->path, path);
    int number = disk_read_step(at->disk);
    if (number) return failed(number);
    const struct name *name = name_find(at->disk, full);
    return name && name->now ? 0 : failed(ENOENT);
}

/* -- what is in a file -- */

int __wrap_fstat(int fd, struct stat *ret) {
    const struct descriptor *descriptor = descriptor_of(fd);
    int number = disk_read_step(descriptor->disk);
    if (number) return failed(number);
    memset(ret, 0, sizeof *ret);
    ret->st_mode = descriptor->inode->is_dir ? S_IFDIR | 0700 : S_IFREG | 0600;
    ret->st_size = (off_t)descriptor->inode->now_len;
    return 0;
}

int __wrap_fstatvfs(int fd, struct statvfs *ret) {
    const struct disk *disk = descriptor_of(fd)->disk;
    memset(ret, 0, sizeof *ret);
    ret->f_frsize = 4096;
    ret->f_bavail = disk->is_full ? 1 : 1u << 24;
    return 0;
}

ssize_t __wrap_pread(int fd, void *out, size_t len, off_t offset) {
    const struct descriptor *descriptor = descriptor_of(fd);
    const struct inode *inode = descriptor->inode;
    int number = disk_read_step(descriptor->disk);
    if (number) return failed(number);
    if (offset < 0 || (size_t)offset >= inode->now_len) return 0;
    if (len > inode->now_len - (size_t)offset) len = inode->now_len - (size_t)offset;
    if (len > 1 && random_one_in(&descriptor->disk->random, descriptor->disk->rates.part))
        len = 1 + (size_t)random_below(&descriptor->disk->random, len - 1);
    memcpy(out, inode->now + offset, len);
    return (ssize_t)len;
}

ssize_t __wrap_pwrite(int fd, const void *data, size_t len, off_t offset) {
    const struct descriptor *descriptor = descriptor_of(fd);
    struct disk *disk = descriptor->disk;
    struct random *random = &disk->random;
    int number;
    if (random_one_in(random, disk->rates.part) && !disk->is_dead) {
        if (random_one_in(random, 4)) return failed(EINTR);
        len = 1 + (size_t)random_below(random, len);
    }
    enum fate fate = disk_step(disk, &number);
    /* A write that fails may have done a part. */
    size_t done = fate == FATE_FAILS_UNDONE ? 0 : len;
    if (fate == FATE_FAILS_DONE && random_one_in(random, 2))
        done = (size_t)random_below(random, len);
    if (done) inode_write(descriptor->inode, data, done, (size_t)offset);
    return fate == FATE_DONE ? (ssize_t)len : failed(number);
}

int __wrap_ftruncate(int fd, off_t len) {
    const struct descriptor *descriptor = descriptor_of(fd);
    int number;
    enum fate fate = disk_step(descriptor->disk, &number);
    if (fate != FATE_FAILS_UNDONE) inode_resize(descriptor->inode, (size_t)len);
    return fate == FATE_DONE ? 0 : failed(number);
}

/* -- syncs -- */

static bool is_lied_about(const char *path) {
    if (strncmp(path, "data/bodies/", 12) == 0) return disk_lies.bodies;
    return disk_lies.lastsigned && strcmp(path, "keys/last-signed") == 0;
}

static void sync_now(const struct descriptor *descriptor) {
    struct disk *disk = descriptor->disk;
    if (descriptor->inode->is_dir) {
        names_sync(disk, descriptor->path);
        return;
    }
    inode_sync(descriptor->inode);
    struct name *name = name_find(disk, descriptor->path);
    if (!disk->rates.names_are_lazy && name && name->now == descriptor->inode)
        name_set(&name->durable, name->now);
}

static int sync_fd(int fd) {
    struct descriptor *descriptor = descriptor_of(fd);
    struct disk *disk = descriptor->disk;
    int number;
    enum fate fate = disk_step(disk, &number);
    if (is_lied_about(descriptor->path)) return fate == FATE_DONE ? 0 : failed(number);
    if (fate != FATE_FAILS_UNDONE) sync_now(descriptor);
    /* A sync that failed may have forgotten what it should write: the next one has nothing to do. */
    if (fate == FATE_FAILS_UNDONE && !disk->is_dead && random_one_in(&disk->random, 2))
        descriptor->inode->pending_count = 0;
    return fate == FATE_DONE ? 0 : failed(number);
}

int __wrap_fsync(int fd) {
    return sync_fd(fd);
}

int __wrap_fdatasync(int fd) {
    return sync_fd(fd);
}

int __wrap_flock(int fd, int how) {
    struct descriptor *descriptor = descriptor_of(fd);
    assert(how == (LOCK_EX | LOCK_NB));
    if (descriptor->inode->locked_by && descriptor->inode->locked_by != descriptor)
        return failed(EWOULDBLOCK);
    descriptor->inode->locked_by = descriptor;
    return 0;
}

/* -- directories -- */

struct listing {
    int fd;
    size_t at;
    struct dirent entry;
};

DIR *__wrap_fdopendir(int fd) {
    if (!descriptor_of(fd)->inode->is_dir) {
        errno = ENOTDIR;
        return NULL;
    }
    struct listing *listing = calloc(1, sizeof *listing);
    assert(listing);
    listing->fd = fd;
    return (DIR *)listing;
}

DIR *__wrap_opendir(const char *path) {
    int fd = __wrap_open(path, O_RDONLY | O_DIRECTORY);
    return fd < 0 ? NULL : __wrap_fdopendir(fd);
}

struct dirent *__wrap_readdir(DIR *dir) {
    struct listing *listing = (struct listing *)dir;
    const struct descriptor *descriptor = descriptor_of(listing->fd);
    while (listing->at < descriptor->disk->name_count) {
        const struct name *name = &descriptor->disk->names[listing->at++];
        if (!name->now || !path_is_in(name->path, descriptor->path)) continue;
        (void)snprintf(listing->entry.d_name, sizeof listing->entry.d_name, "%s",
                       name->path + strlen(descriptor->path) + 1);
        return &listing->entry;
    }
    return NULL;
}

int __wrap_closedir(DIR *dir) {
    struct listing *listing = (struct listing *)dir;
    (void)__wrap_close(listing->fd);
    free(listing);
    return 0;
}
