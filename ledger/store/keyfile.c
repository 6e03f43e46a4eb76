/* See keyfile.h. Secrets here, the last-signed file in lastsigned.c.
 *
 * A secret is read once into one allocation of the right size, so that no forgotten copy of it stays behind in freed memory, and is wiped
 * where anything fails. What is checked is checked on the open descriptor: between a look at the path and its opening anything may happen. */
#include "ledger/store/keyfile.h"

#include "ledger/crypto/secret.h"
#include "ledger/store/fault.h"
#include "ledger/store/file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static enum err check_mode(int fd, const char *path, size_t max, size_t *ret_len,
                           struct problem *ret_why) {
    struct stat stat;
    if (fstat(fd, &stat))
        return problem_set(ret_why, ERR_IO, "%s cannot be looked at: %s.", path, strerror(errno));
    if (!S_ISREG(stat.st_mode))
        return problem_set(ret_why, ERR_KEY_MODE, "%s is not a regular file.", path);
    if (stat.st_uid != geteuid())
        return problem_set(ret_why, ERR_KEY_MODE,
                           "%s belongs to user %u, but this program runs as %u: change its owner.",
                           path, (unsigned)stat.st_uid, (unsigned)geteuid());
    if (stat.st_mode & 07777 & ~0600u)
        return problem_set(ret_why, ERR_KEY_MODE, "%s has mode %04o: run chmod 600 on it.", path,
                           (unsigned)(stat.st_mode & 07777));
    if (stat.st_size < 0 || (uint64_t)stat.st_size > max)
        return problem_set(ret_why, ERR_TOO_LARGE, "%s is larger than %zu bytes.", path, max);
    *ret_len = (size_t)stat.st_size;
    return ERR_OK;
}

static enum err read_secret(int fd, const char *path, size_t len, struct buf *buf,
                            struct problem *ret_why) {
    enum err err = buf_reserve(buf, len + 1); /* room for buf_text's NUL without a copy */
    if (!err) err = file_read_at(fd, buf->data, len, 0);
    if (err) return problem_set(ret_why, err, "%s cannot be read.", path);
    buf->len = len;
    return ERR_OK;
}

enum err keyfile_read(const char *path, size_t max, struct buf *ret, struct problem *ret_why) {
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
    if (fd < 0) {
        enum err why = errno == ENOENT ? ERR_NOT_FOUND : errno == ELOOP ? ERR_KEY_MODE : ERR_IO;
        return problem_set(ret_why, why, "%s cannot be opened as a regular file: %s.", path,
                           strerror(errno));
    }
    size_t len = 0;
    struct buf buf;
    buf_init(&buf, max + 1);
    enum err err = check_mode(fd, path, max, &len, ret_why);
    if (!err) err = read_secret(fd, path, len, &buf, ret_why);
    close(fd);
    if (err) {
        if (buf.data) secret_wipe(buf.data, buf.cap);
        buf_done(&buf);
        return err;
    }
    *ret = buf;
    return ERR_OK;
}

static enum err write_new(int fd, const char *path, struct bytes content) {
    enum err err = fault_before(FAULT_KEYFILE_CREATE);
    if (!err && fchmod(fd, 0600)) err = file_err(errno);
    if (!err) err = file_write_at(fd, content, 0);
    if (!err && fsync(fd)) err = file_err(errno);
    if (!err) err = file_sync_parent_dir(path);
    return err ? err : fault_after(FAULT_KEYFILE_CREATE);
}

enum err keyfile_create(const char *path, struct bytes content, struct problem *ret_why) {
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0 && errno == EEXIST)
        return problem_set(ret_why, ERR_STATE,
                           "%s exists and is not overwritten: move it away first.", path);
    if (fd < 0)
        return problem_set(ret_why, file_err(errno), "%s cannot be made: %s.", path,
                           strerror(errno));
    enum err err = write_new(fd, path, content);
    close(fd);
    if (!err) return ERR_OK;
    (void)unlink(path);
    return problem_set(ret_why, err, "%s cannot be written.", path);
}
