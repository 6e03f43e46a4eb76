/* See spool.h. An upload on its way in: nothing of it is known before spool_keep, and nothing is left of one that ends before. A draft is one thread's. */
#include "api/spool_impl.h"
#include "ledger/base/text.h"
#include "ledger/store/entropy.h"
#include "ledger/store/fault.h"
#include "ledger/store/file.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

struct spool_draft {
    struct spool *spool;
    struct spool_id id;
    int fd;
    char source[SLOT_SOURCE]; /* empty once the upload holds its place */
    uint64_t said, len, lines;
    bool is_open_line; /* bytes stand behind the last newline */
};

/* Removes the oldest finished upload of which nothing was recorded; false where there is none. Under the lock. */
static bool worthless_drop(struct spool *spool) {
    size_t found = spool->count;
    for (size_t i = 0; i < spool->count; i++) {
        const struct upload *upload = spool->uploads[i];
        if (!upload->progress.is_done || upload->progress.recorded) continue;
        if (found == spool->count || upload->finished_s < spool->uploads[found]->finished_s)
            found = i;
    }
    return found < spool->count && spool_remove(spool, found);
}

static bool has_place(const struct spool *spool, uint64_t len) {
    struct spool_totals sum = spool_sum(spool);
    return sum.uploads + spool->drafts < LIMIT_UPLOADS &&
           sum.bytes + spool->draft_bytes + len <= LIMIT_UPLOADS_BYTES;
}

static enum err refuse_busy(struct problem *ret_why) {
    return problem_set(ret_why, ERR_RATE,
                       "%d uploads are waiting to be worked off. Nothing was kept; send this one "
                       "again in a minute.",
                       LIMIT_UPLOADS_WAITING);
}

static enum err refuse_full(struct problem *ret_why) {
    return problem_set(ret_why, ERR_RATE,
                       "All room for uploads and their results is taken (%d uploads). Nothing was "
                       "kept; send single records, or this one again later.",
                       LIMIT_UPLOADS);
}

/* Results that no key stands behind give way. Under the lock. */
static enum err room_make(struct spool *spool, uint64_t len, struct problem *ret_why) {
    while (!has_place(spool, len))
        if (!worthless_drop(spool)) return refuse_full(ret_why);
    return ERR_OK;
}

/* Under the lock, like slot_give where it is about a spool: so no more slots are taken than uploads wait. */
static enum err source_take(struct spool *spool, const char *source, struct problem *ret_why) {
    if (spool_sum(spool).waiting + spool->drafts >= LIMIT_UPLOADS_WAITING)
        return refuse_busy(ret_why);
    if (slot_take(&spool->sources, source, LIMIT_UPLOADS_SOURCE, LIMIT_UPLOADS_WAITING))
        return ERR_OK;
    return problem_set(ret_why, ERR_RATE,
                       "%d uploads of this address are waiting to be worked off. Nothing was kept; "
                       "send this one again in a minute.",
                       LIMIT_UPLOADS_SOURCE);
}

/* Takes a place of the source and of the spool, and its bytes: given back by draft_end, but for the source's place where the upload has it. */
static enum err place_take(struct spool *spool, const char *source, uint64_t len,
                           struct problem *ret_why) {
    pthread_mutex_lock(&spool->lock);
    enum err err = source_take(spool, source, ret_why);
    if (!err) {
        err = room_make(spool, len, ret_why);
        if (err) slot_give(&spool->sources, source);
    }
    if (!err) {
        spool->drafts++;
        spool->draft_bytes += len;
    }
    pthread_mutex_unlock(&spool->lock);
    return err;
}

void spool_source_done(struct spool *spool, struct upload *upload) {
    if (upload->source[0]) slot_give(&spool->sources, upload->source);
    upload->source[0] = 0;
}

enum err spool_room(const struct spool *spool, uint64_t len, struct problem *ret_why) {
    struct statvfs stat;
    if (statvfs(spool->dir, &stat)) return spool_failed(spool->dir, ret_why);
    if ((uint64_t)stat.f_bavail * stat.f_frsize >= LIMIT_DISK_RESERVE + len) return ERR_OK;
    return problem_set(ret_why, ERR_DISK_FULL,
                       "There is no room for the upload. Nothing was kept; send it again later, or "
                       "to another node.");
}

static enum err draft_open(struct spool_draft *draft, struct problem *ret_why) {
    uint8_t raw[SPOOL_ID_LEN / 2];
    char path[SPOOL_PATH];
    entropy(raw, sizeof raw);
    hex_encode(bytes_of(raw, sizeof raw), draft->id.text);
    spool_path(draft->spool, &draft->id, "part", path);
    draft->fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    return draft->fd < 0 ? spool_failed(path, ret_why) : ERR_OK;
}

static void draft_end(struct spool_draft *draft) {
    if (draft->fd >= 0) (void)close(draft->fd);
    struct spool *spool = draft->spool;
    pthread_mutex_lock(&spool->lock);
    spool->drafts--;
    spool->draft_bytes -= draft->said;
    if (draft->source[0]) slot_give(&spool->sources, draft->source);
    pthread_mutex_unlock(&spool->lock);
    free(draft);
}

enum err spool_begin(struct spool *spool, const char *source, uint64_t len,
                     struct spool_draft **ret, struct problem *ret_why) {
    enum err err = spool_room(spool, len, ret_why);
    struct spool_draft *draft = err ? NULL : calloc(1, sizeof *draft);
    if (!err && !draft) err = ERR_NO_MEMORY;
    if (!err) {
        (void)snprintf(draft->source, sizeof draft->source, "%s", source);
        err = place_take(spool, draft->source, len, ret_why);
    }
    if (err) {
        free(draft);
        return err;
    }
    draft->spool = spool;
    draft->said = len;
    draft->fd = -1;
    err = draft_open(draft, ret_why);
    if (err)
        draft_end(draft);
    else
        *ret = draft;
    return err;
}

void spool_drop(struct spool_draft *draft) {
    char path[SPOOL_PATH];
    if (!draft) return;
    spool_path(draft->spool, &draft->id, "part", path);
    if (draft->fd >= 0) (void)unlink(path);
    draft_end(draft);
}

static enum err write_failed(enum err err, struct problem *ret_why) {
    return problem_set(ret_why, err, "The upload could not be written. Nothing of it was kept.");
}

enum err spool_add(struct spool_draft *draft, struct bytes piece, struct problem *ret_why) {
    if (piece.len == 0) return ERR_OK;
    for (size_t i = 0; i < piece.len; i++) draft->lines += piece.data[i] == '\n';
    draft->is_open_line = piece.data[piece.len - 1] != '\n';
    if (draft->lines + draft->is_open_line > LIMIT_UPLOAD_RECORDS ||
        draft->len + piece.len > draft->said) {
        return problem_set(ret_why, ERR_TOO_LARGE,
                           "An upload may have %d lines. Nothing of it was kept; send it in parts.",
                           LIMIT_UPLOAD_RECORDS);
    }
    enum err err = fault_before(FAULT_SPOOL_WRITE);
    if (!err) err = file_write_at(draft->fd, piece, draft->len);
    if (!err) err = fault_after(FAULT_SPOOL_WRITE);
    if (err) return write_failed(err, ret_why);
    draft->len += piece.len;
    return ERR_OK;
}

/* The bytes first, then the name that makes them an upload. */
static enum err draft_sync(const struct spool_draft *draft) {
    char part[SPOOL_PATH], lines[SPOOL_PATH];
    spool_path(draft->spool, &draft->id, "part", part);
    spool_path(draft->spool, &draft->id, "lines", lines);
    enum err err = fault_before(FAULT_SPOOL_SYNC);
    if (!err && fsync(draft->fd)) err = file_err(errno);
    if (!err) err = fault_after(FAULT_SPOOL_SYNC);
    if (!err) err = fault_before(FAULT_SPOOL_NAME);
    if (!err && rename(part, lines)) err = file_err(errno);
    if (!err) err = file_sync_dir(draft->spool->dir);
    if (!err) err = fault_after(FAULT_SPOOL_NAME);
    if (err) (void)unlink(lines); /* nobody is told of it */
    return err;
}

static struct upload *upload_of(const struct spool_draft *draft) {
    struct timespec now;
    struct upload *upload = calloc(1, sizeof *upload);
    if (!upload || clock_gettime(CLOCK_REALTIME, &now)) return upload;
    upload->id = draft->id;
    upload->lines_len = draft->len;
    upload->progress.lines = draft->lines + draft->is_open_line;
    upload->arrived = (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
    return upload;
}

enum err spool_keep(struct spool_draft *draft, struct spool_id *ret, struct problem *ret_why) {
    struct spool *spool = draft->spool;
    struct upload *upload = upload_of(draft);
    enum err err = upload ? draft_sync(draft) : ERR_NO_MEMORY;
    if (err) {
        free(upload);
        spool_drop(draft);
        return write_failed(err, ret_why);
    }
    *ret = draft->id;
    pthread_mutex_lock(&spool->lock);
    assert(spool->count < LIMIT_UPLOADS); /* place_take saw to it */
    memcpy(upload->source, draft->source, sizeof upload->source);
    draft->source[0] = 0;
    spool->uploads[spool->count++] = upload;
    spool_gauge(spool);
    pthread_cond_broadcast(&spool->changed);
    pthread_mutex_unlock(&spool->lock);
    draft_end(draft);
    return ERR_OK;
}
