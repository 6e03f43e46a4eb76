/* See file.h. */
#include "ledger/store/file.h"

#include "ledger/store/fault.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum err file_err(int number) {
    if (number == ENOSPC || number == EDQUOT) return ERR_DISK_FULL;
    return number == ENOMEM ? ERR_NO_MEMORY : ERR_IO;
}

enum err file_write_at(int fd, struct bytes in, uint64_t offset) {
    while (in.len) {
        ssize_t done = pwrite(fd, in.data, in.len, (off_t)offset);
        if (done < 0 && errno == EINTR) continue;
        if (done < 0) return file_err(errno);
        if (done == 0) return ERR_IO;
        in = bytes_slice(in, (size_t)done, in.len);
        offset += (uint64_t)done;
    }
    return ERR_OK;
}

enum err file_read_at(int fd, void *out, size_t len, uint64_t offset) {
    uint8_t *at = out;
    while (len) {
        ssize_t done = pread(fd, at, len, (off_t)offset);
        if (done < 0 && errno == EINTR) continue;
        if (done < 0) return file_err(errno);
        if (done == 0) return ERR_CORRUPT;
        at += done;
        len -= (size_t)done;
        offset += (uint64_t)done;
    }
    return ERR_OK;
}

enum err file_sync_dir(const char *path) {
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return file_err(errno);
    enum err err = fault_before(FAULT_DIR_SYNC);
    if (!err && fsync(fd)) err = file_err(errno);
    close(fd);
    return err ? err : fault_after(FAULT_DIR_SYNC);
}

enum err file_sync_parent_dir(const char *path) {
    struct buf parent;
    buf_init(&parent, 4096);
    size_t len = strlen(path);
    while (len > 1 && path[len - 1] == '/') len--; /* "a/b/" names b in a */
    while (len > 0 && path[len - 1] != '/') len--;
    enum err err = len ? buf_add(&parent, bytes_of(path, len)) : buf_add_text(&parent, ".");
    const char *text = err ? NULL : buf_text(&parent);
    if (!err) err = text ? file_sync_dir(text) : ERR_NO_MEMORY;
    buf_done(&parent);
    return err;
}

enum err file_make_dir(const char *path, struct problem *ret_why) {
    enum err err = fault_before(FAULT_DIR_MAKE);
    int number = err || mkdir(path, 0700) == 0 ? 0 : errno;
    bool is_there = number == EEXIST;
    if (number && !is_there) err = file_err(number);
    if (!err) err = fault_after(FAULT_DIR_MAKE);
    if (err)
        return problem_set(ret_why, err, "The directory %s cannot be made: %s.", path,
                           number ? strerror(number) : "injected");
    /* Also of one that is there: whoever made it may have died before this. */
    err = file_sync_parent_dir(path);
    if (!err || (is_there && errno == EACCES))
        return ERR_OK; /* nobody made it through a folder that is closed to us */
    return problem_set(ret_why, err, "The directory that holds %s cannot be synced: %s.", path,
                       strerror(errno));
}
