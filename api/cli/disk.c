/* See disk.h. */
#include "api/cli/disk.h"

#include "ledger/crypto/sha256.h"
#include "ledger/crypto/sm3.h"
#include "ledger/store/fault.h"
#include "ledger/store/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PIECE (64 * 1024)

enum err disk_path(char ret[DISK_PATH], struct problem *ret_why, const char *format, ...) {
    va_list args;
    va_start(args, format);
    int wrote = vsnprintf(ret, DISK_PATH, format, args);
    va_end(args);
    if (wrote > 0 && wrote < DISK_PATH) return ERR_OK;
    return problem_set(ret_why, ERR_REQUEST, "A path is longer than %d bytes.", DISK_PATH - 1);
}

bool disk_exists(const char *path) {
    struct stat stat;
    return lstat(path, &stat) == 0;
}

/* -- reading -- */

static enum err open_failed(const char *path, struct problem *ret_why) {
    enum err err = errno == ENOENT || errno == ENOTDIR ? ERR_NOT_FOUND : ERR_IO;
    return problem_set(ret_why, err, "%s cannot be opened: %s.", path, strerror(errno));
}

/* Hands the file out piece by piece. */
static enum err read_pieces(const char *path, enum err (*take)(void *arg, struct bytes piece),
                            void *arg, struct problem *ret_why) {
    FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "rbe");
    if (!file) return open_failed(path, ret_why);
    uint8_t *piece = malloc(PIECE);
    enum err err = piece ? ERR_OK : ERR_NO_MEMORY;
    size_t got;
    while (!err && (got = fread(piece, 1, PIECE, file)) > 0) err = take(arg, bytes_of(piece, got));
    if (!err && ferror(file))
        err = problem_set(ret_why, ERR_IO, "%s cannot be read: %s.", path, strerror(errno));
    free(piece);
    if (file != stdin) (void)fclose(file);
    return err;
}

static enum err take_into(void *arg, struct bytes piece) {
    return buf_add(arg, piece);
}

enum err disk_read(const char *path, size_t max, struct buf *ret, struct problem *ret_why) {
    struct buf text;
    buf_init(&text, max);
    enum err err = read_pieces(path, take_into, &text, ret_why);
    if (err == ERR_TOO_LARGE)
        (void)problem_set(ret_why, err, "%s is larger than %zu bytes.", path, max);
    if (err) {
        buf_done(&text);
        return err;
    }
    *ret = text;
    return ERR_OK;
}

enum err disk_read_json(const char *path, size_t max, struct json **ret, struct problem *ret_why) {
    struct buf text;
    struct problem why = {ERR_OK, "", "", "", ""};
    enum err err = disk_read(path, max, &text, ret_why);
    if (err) return err;
    err = json_parse(buf_bytes(&text), ret, &why);
    if (err) (void)problem_set(ret_why, err, "%s: %s", path, why.detail);
    buf_done(&text);
    return err;
}

struct digests {
    struct sha256_stream *sha256;
    struct sm3_stream *sm3; /* NULL where not asked */
};

static enum err take_digests(void *arg, struct bytes piece) {
    struct digests *digests = arg;
    sha256_stream_add(digests->sha256, piece);
    if (digests->sm3) sm3_stream_add(digests->sm3, piece);
    return ERR_OK;
}

enum err disk_digest(const char *path, bool with_sm3, uint8_t ret_sha256[DIGEST_LEN],
                     uint8_t ret_sm3[DIGEST_LEN], struct problem *ret_why) {
    struct digests digests = {NULL, NULL};
    enum err err = sha256_stream_init(&digests.sha256);
    if (!err && with_sm3) err = sm3_stream_init(&digests.sm3);
    if (!err) err = read_pieces(path, take_digests, &digests, ret_why);
    if (!err) sha256_stream_end(digests.sha256, ret_sha256);
    if (!err && with_sm3) sm3_stream_end(digests.sm3, ret_sm3);
    sha256_stream_done(digests.sha256);
    sm3_stream_done(digests.sm3);
    return err;
}

/* -- writing -- */

static enum err write_failed(const char *path, struct problem *ret_why) {
    int number = errno;
    return problem_set(ret_why, file_err(number), "%s cannot be written: %s.", path,
                       strerror(number));
}

static enum err write_draft(const char *draft, struct bytes content, unsigned mode,
                            enum disk_how how, struct problem *ret_why) {
    int fd = open(draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, (mode_t)mode);
    if (fd < 0) return write_failed(draft, ret_why);
    enum err err = file_write_at(fd, content, 0);
    if (err) (void)problem_set(ret_why, err, "%s cannot be written.", draft);
    if (!err && how != DISK_LATER && fsync(fd)) err = write_failed(draft, ret_why);
    if (close(fd) && !err) err = write_failed(draft, ret_why);
    return err;
}

/* link(2) refuses an existing name, rename(2) replaces it; both are atomic. */
static enum err put_in_place(const char *draft, const char *path, enum disk_how how,
                             struct problem *ret_why) {
    int bad = how == DISK_NEW ? link(draft, path) : rename(draft, path);
    if (bad && errno == EEXIST) {
        return problem_set(ret_why, ERR_STATE,
                           "%s exists and is not overwritten. Move it away or choose another name.",
                           path);
    }
    if (bad) return write_failed(path, ret_why);
    if (how == DISK_LATER) return ERR_OK;
    enum err err = file_sync_parent_dir(path);
    return err ? problem_set(ret_why, err, "The folder of %s cannot be synced.", path) : ERR_OK;
}

enum err disk_write(const char *path, struct bytes content, unsigned mode, enum disk_how how,
                    struct problem *ret_why) {
    char draft[DISK_PATH];
    enum err err = disk_path(draft, ret_why, "%s.%ld.new", path, (long)getpid());
    if (err) return err;
    err = fault_before(FAULT_DISK_WRITE);
    if (err) (void)problem_set(ret_why, err, "%s cannot be written: injected.", path);
    if (!err) err = write_draft(draft, content, mode, how, ret_why);
    if (!err) err = put_in_place(draft, path, how, ret_why);
    (void)unlink(draft); /* gone already where it was renamed */
    if (err) return err;
    err = fault_after(FAULT_DISK_WRITE);
    return err ? problem_set(ret_why, err, "%s was written, perhaps: injected.", path) : ERR_OK;
}

enum err disk_sync_all(const char *folder, struct problem *ret_why) {
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool good = fd >= 0 && syncfs(fd) == 0;
    if (fd >= 0) (void)close(fd);
    return good ? ERR_OK : problem_set(ret_why, ERR_IO, "%s cannot be synced.", folder);
}

enum err disk_write_json(const char *path, struct json *json, unsigned mode, enum disk_how how,
                         struct problem *ret_why) {
    struct buf text;
    if (!json) return problem_set(ret_why, ERR_NO_MEMORY, "Out of memory.");
    buf_init(&text, SIZE_MAX / 2);
    enum err err = json_format_pretty(json, &text);
    if (!err) err = buf_add_byte(&text, '\n');
    json_done(json);
    if (!err) err = disk_write(path, buf_bytes(&text), mode, how, ret_why);
    buf_done(&text);
    return err;
}
