/* See spool.h. Lines out, outcomes in: what the worker does with an upload. */
#include "api/spool_impl.h"
#include "api/spool_outcome.h"
#include "ledger/store/fault.h"
#include "ledger/store/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define PIECE_LEN (64 * 1024) /* read at a time: some seventy lines */

struct spool_lines {
    int fd; /* -1: every line has its outcome, and the lines have gone */
    size_t at, len;
    uint8_t piece[PIECE_LEN]; /* bytes from at to len are not handed out yet */
};

static const struct upload *oldest(const struct spool *spool) {
    const struct upload *found = NULL;
    for (size_t i = 0; i < spool->count; i++) {
        const struct upload *upload = spool->uploads[i];
        if (upload->progress.is_done || upload->is_aside) continue;
        if (found && found->arrived <= upload->arrived) continue;
        found = upload;
    }
    return found;
}

bool spool_next(struct spool *spool, unsigned timeout_ms, struct spool_id *ret) {
    struct timespec until;
    const struct upload *upload;
    int rc = 0;
    (void)clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += timeout_ms / 1000;
    until.tv_nsec += (long)(timeout_ms % 1000) * 1000000;
    until.tv_sec += until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    pthread_mutex_lock(&spool->lock);
    while (!(upload = oldest(spool)) && !spool->is_woken && !rc)
        rc = pthread_cond_timedwait(&spool->changed, &spool->lock, &until);
    spool->is_woken = false;
    if (upload) *ret = upload->id;
    pthread_mutex_unlock(&spool->lock);
    return upload != NULL;
}

void spool_wake(struct spool *spool) {
    pthread_mutex_lock(&spool->lock);
    spool->is_woken = true;
    pthread_cond_broadcast(&spool->changed);
    pthread_mutex_unlock(&spool->lock);
}

/* What is at hand, after some more of the file where that is nothing; 0 bytes at its end. */
static enum err lines_fill(struct spool_lines *lines) {
    if (lines->at < lines->len) return ERR_OK;
    ssize_t got = 0;
    do {
        got = read(lines->fd, lines->piece, sizeof lines->piece);
    } while (got < 0 && errno == EINTR);
    lines->at = 0;
    lines->len = got > 0 ? (size_t)got : 0;
    return got < 0 ? file_err(errno) : ERR_OK;
}

/* The bytes at hand up to the end of a line, which is taken too, or all of them. */
static struct bytes lines_take(struct spool_lines *lines, bool *ret_is_end) {
    const uint8_t *from = lines->piece + lines->at;
    const uint8_t *end = memchr(from, '\n', lines->len - lines->at);
    size_t len = end ? (size_t)(end - from) : lines->len - lines->at;
    lines->at += len + (end != NULL);
    *ret_is_end = end != NULL;
    return bytes_of(from, len);
}

static enum err lines_skip(struct spool_lines *lines, uint64_t count) {
    enum err err = ERR_OK;
    while (count > 0 && !(err = lines_fill(lines)) && lines->len > 0) {
        bool is_end;
        (void)lines_take(lines, &is_end);
        count -= is_end;
    }
    return err;
}

enum err spool_lines_open(struct spool *spool, const struct spool_id *id,
                          struct spool_lines **ret) {
    char path[SPOOL_PATH];
    struct spool_lines *lines = calloc(1, sizeof *lines);
    if (!lines) return ERR_NO_MEMORY;
    pthread_mutex_lock(&spool->lock);
    const struct spool_progress *progress = &spool_own(spool, id)->progress;
    uint64_t settled = progress->recorded + progress->known + progress->refused;
    bool is_over = settled == progress->lines;
    pthread_mutex_unlock(&spool->lock);
    spool_path(spool, id, "lines", path);
    lines->fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    enum err err = lines->fd >= 0 || (is_over && errno == ENOENT) ? ERR_OK : ERR_IO;
    if (lines->fd >= 0) err = lines_skip(lines, settled);
    if (err)
        spool_lines_close(lines);
    else
        *ret = lines;
    return err;
}

void spool_lines_close(struct spool_lines *lines) {
    if (!lines) return;
    if (lines->fd >= 0) (void)close(lines->fd);
    free(lines);
}

enum err spool_line(struct spool_lines *lines, struct buf *ret, bool *ret_is_long) {
    bool is_end = false, is_any = false;
    buf_clear(ret);
    *ret_is_long = false;
    while (lines->fd >= 0 && !is_end) {
        enum err err = lines_fill(lines);
        if (err) return err;
        if (lines->len == 0) break;
        struct bytes piece = lines_take(lines, &is_end);
        size_t room = LIMIT_RECORD_PRESENTED - ret->len;
        *ret_is_long = *ret_is_long || piece.len > room;
        err = buf_add(ret, bytes_of(piece.data, piece.len < room ? piece.len : room));
        if (err) return err;
        is_any = true;
    }
    if (!is_any) return ERR_NOT_FOUND;
    if (ret->len && ret->data[ret->len - 1] == '\r') ret->len--;
    return ERR_OK;
}

void spool_doing(struct spool *spool, const struct spool_id *id, uint64_t checked,
                 uint64_t ordered) {
    pthread_mutex_lock(&spool->lock);
    struct upload *upload = spool_own(spool, id);
    upload->progress.checked = checked;
    upload->progress.ordered = ordered;
    pthread_mutex_unlock(&spool->lock);
}

/* What a failed write has left is cut off where that can be done: other outcomes may follow in its place. */
static enum err outcomes_append(struct spool *spool, const struct spool_id *id, struct bytes bytes,
                                uint64_t offset) {
    char path[SPOOL_PATH];
    spool_path(spool, id, "out", path);
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) return file_err(errno);
    enum err err = fault_before(FAULT_SPOOL_SETTLE);
    if (!err) err = file_write_at(fd, bytes, offset);
    if (!err) err = fault_after(FAULT_SPOOL_SETTLE);
    if (err && ftruncate(fd, (off_t)offset)) err = ERR_IO;
    if (close(fd) && !err) err = file_err(errno);
    return err;
}

enum err spool_settle(struct spool *spool, const struct spool_id *id,
                      const struct spool_outcome *outcomes, size_t count) {
    struct buf bytes;
    enum err err = ERR_OK;
    pthread_mutex_lock(&spool->lock);
    uint64_t offset = spool_own(spool, id)->out_len;
    pthread_mutex_unlock(&spool->lock);
    buf_init(&bytes, count * SPOOL_OUTCOME_WHOLE);
    for (size_t i = 0; !err && i < count; i++) err = spool_outcome_encode(&outcomes[i], &bytes);
    if (!err) err = spool_room(spool, bytes.len, NULL);
    if (!err) err = outcomes_append(spool, id, buf_bytes(&bytes), offset);
    if (!err) {
        pthread_mutex_lock(&spool->lock);
        struct upload *upload = spool_own(spool, id);
        upload->out_len += bytes.len;
        for (size_t i = 0; i < count; i++) spool_count(&upload->progress, outcomes[i].kind);
        pthread_mutex_unlock(&spool->lock);
    }
    buf_done(&bytes);
    return err;
}

void spool_set_aside(struct spool *spool, const struct spool_id *id) {
    pthread_mutex_lock(&spool->lock);
    struct upload *upload = spool_own(spool, id);
    upload->is_aside = true;
    spool_source_done(spool, upload);
    spool_gauge(spool);
    pthread_mutex_unlock(&spool->lock);
}

static enum err outcomes_sync(const struct spool *spool, const struct spool_id *id) {
    char path[SPOOL_PATH];
    spool_path(spool, id, "out", path);
    int fd = open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0) return file_err(errno);
    enum err err = fault_before(FAULT_SPOOL_FINISH);
    if (!err && fsync(fd)) err = file_err(errno);
    (void)close(fd);
    if (!err) err = file_sync_dir(spool->dir);
    spool_path(spool, id, "lines", path);
    if (!err && unlink(path) && errno != ENOENT) err = file_err(errno);
    return err ? err : fault_after(FAULT_SPOOL_FINISH);
}

enum err spool_finish(struct spool *spool, const struct spool_id *id, int64_t now_s) {
    enum err err = outcomes_sync(spool, id);
    if (err) return err;
    pthread_mutex_lock(&spool->lock);
    struct upload *upload = spool_own(spool, id);
    upload->progress.is_done = true;
    upload->lines_len = 0;
    upload->finished_s = now_s;
    spool_source_done(spool, upload);
    spool_gauge(spool);
    pthread_mutex_unlock(&spool->lock);
    return ERR_OK;
}
