/* See segment.h.
 *
 * Happy path: segment_open cuts the tail -> segment_append ... gathers bodies -> segment_sync writes and syncs them -> the caller's commit makes (segment, end) official.
 *
 * Failure: after a write that failed the caller goes back to its last commit (segment_cut), which forgets what was gathered and cuts what was written. A file that is left
 * behind for a new one is synced first, so segment_sync needs to look at the newest file only.
 *
 * Threads: the writer owns every field but `slots`, which `lock` guards. A reader marks a slot as used, reads without the lock, and gives it
 * back; a slot in use is never closed. Slots are found by segment number modulo SLOTS, so at most SLOTS descriptors stay open however long
 * the ledger is; a reader that finds its slot taken opens the file for itself alone. */
#include "ledger/store/segment.h"

#include "ledger/store/fault.h"
#include "ledger/store/file.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAGIC "QZSEG1\n\0"
#define MAGIC_LEN 8
#define SLOTS 256
#define SEGMENT_MAX 99999999u /* eight digits */
#define NAME_LEN 16
#define TAIL_MAX                                                                                   \
    (1024 * 1024) /* gathered before it is written: a whole batch of ordinary records */

struct slot {
    int fd; /* -1: free */
    uint32_t segment;
    unsigned users;
};

struct segments {
    int dir;
    uint8_t header[SEGMENT_HEADER_LEN];
    uint32_t segment; /* the newest */
    uint64_t end;     /* where the next body goes in it */
    int fd;           /* of the newest, for writing */
    struct buf tail;  /* the last bytes before `end`, not written yet */
    bool dir_dirty;   /* a new file's name may not be durable yet */
    pthread_mutex_t lock;
    struct slot slots[SLOTS];
};

static void name_of(uint32_t segment, char ret[NAME_LEN]) {
    assert(segment <= SEGMENT_MAX);
    (void)snprintf(ret, NAME_LEN, "%08u.seg", segment);
}

/* True where name is one of ours. */
static bool name_parse(const char *name, uint32_t *ret) {
    if (strlen(name) != 12 || strcmp(name + 8, ".seg") != 0) return false;
    uint32_t segment = 0;
    for (size_t i = 0; i < 8; i++) {
        if (name[i] < '0' || name[i] > '9') return false;
        segment = segment * 10 + (uint32_t)(name[i] - '0');
    }
    *ret = segment;
    return true;
}

static enum err refuse(struct problem *ret_why, enum err err, uint32_t segment, const char *what) {
    return problem_set(ret_why, err, "Segment file %08u.seg %s (%s).", segment, what,
                       err == ERR_CORRUPT ? "restore it from a backup or join again"
                                          : strerror(errno));
}

/* -- opening -- */

enum err segment_any(const char *path, bool *ret) {
    DIR *dir = opendir(path);
    if (!dir && errno != ENOENT) return file_err(errno);
    bool any = false;
    uint32_t segment;
    for (struct dirent *at; dir && !any && (at = readdir(dir));)
        any = name_parse(at->d_name, &segment);
    if (dir) closedir(dir);
    *ret = any;
    return ERR_OK;
}

static enum err dir_sync(const struct segments *segments) {
    enum err err = fault_before(FAULT_DIR_SYNC);
    if (!err && fsync(segments->dir)) err = file_err(errno);
    return err ? err : fault_after(FAULT_DIR_SYNC);
}

/* Makes `segment` the newest: an empty file with its header. */
static enum err create_file(struct segments *segments, uint32_t segment, struct problem *ret_why) {
    char name[NAME_LEN];
    name_of(segment, name);
    enum err err = fault_before(FAULT_SEGMENT_CREATE);
    if (err) return refuse(ret_why, err, segment, "cannot be made");
    int fd = openat(segments->dir, name, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0) return refuse(ret_why, file_err(errno), segment, "cannot be made");
    err = file_write_at(fd, bytes_of(segments->header, SEGMENT_HEADER_LEN), 0);
    if (!err) err = fault_after(FAULT_SEGMENT_CREATE);
    if (err) {
        close(fd);
        (void)unlinkat(segments->dir, name, 0);
        return refuse(ret_why, err, segment, "cannot be written");
    }
    if (segments->fd >= 0) close(segments->fd);
    segments->fd = fd;
    segments->segment = segment;
    segments->end = SEGMENT_HEADER_LEN;
    segments->dir_dirty = true;
    return ERR_OK;
}

/* A file that is there, with our header. flags: O_RDONLY or O_RDWR. */
static enum err open_file(const struct segments *segments, uint32_t segment, int flags,
                          int *ret_fd) {
    char name[NAME_LEN];
    uint8_t header[SEGMENT_HEADER_LEN];
    if (segment > SEGMENT_MAX) return ERR_CORRUPT;
    name_of(segment, name);
    int fd = openat(segments->dir, name, flags | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0) return errno == ENOENT ? ERR_CORRUPT : file_err(errno);
    enum err err = file_read_at(fd, header, sizeof header, 0);
    if (!err && memcmp(header, segments->header, sizeof header) != 0) err = ERR_CORRUPT;
    if (err) {
        close(fd);
        return err;
    }
    *ret_fd = fd;
    return ERR_OK;
}

/* Removes the files behind segment `last`; with `all` every one. */
static enum err remove_later(struct segments *segments, uint32_t last, bool all,
                             struct problem *ret_why) {
    int again = openat(segments->dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = again < 0 ? NULL : fdopendir(again);
    if (!dir) {
        if (again >= 0) close(again);
        return problem_set(ret_why, ERR_IO, "The directory of segments cannot be read.");
    }
    enum err err = ERR_OK;
    for (struct dirent *at; !err && (at = readdir(dir));) {
        uint32_t segment;
        if (!name_parse(at->d_name, &segment) || (!all && segment <= last)) continue;
        if (unlinkat(segments->dir, at->d_name, 0))
            err = refuse(ret_why, file_err(errno), segment, "cannot be removed");
    }
    closedir(dir);
    return err;
}

/* Makes (segment, end) the end: the newest file opened for writing and shortened to it. */
static enum err settle(struct segments *segments, uint32_t segment, uint64_t end,
                       struct problem *ret_why) {
    int fd = -1;
    struct stat stat;
    enum err err = open_file(segments, segment, O_RDWR, &fd);
    if (err) return refuse(ret_why, err, segment, "is missing or damaged");
    if (fstat(fd, &stat))
        err = file_err(errno);
    else if (stat.st_size < (off_t)end)
        err = ERR_CORRUPT;
    else if (stat.st_size > (off_t)end && ftruncate(fd, (off_t)end))
        err = file_err(errno);
    if (err) {
        close(fd);
        return refuse(ret_why, err, segment,
                      "is shorter than what was committed, or cannot be cut");
    }
    if (segments->fd >= 0) close(segments->fd);
    segments->fd = fd;
    segments->segment = segment;
    segments->end = end;
    return ERR_OK;
}

/* Every committed file has to be there, not only the newest. */
static enum err check_earlier(const struct segments *segments, uint32_t before,
                              struct problem *ret_why) {
    for (uint32_t i = 0; i < before; i++) {
        char name[NAME_LEN];
        name_of(i, name);
        if (faccessat(segments->dir, name, R_OK, 0))
            return refuse(ret_why, errno == ENOENT ? ERR_CORRUPT : ERR_IO, i, "cannot be read");
    }
    return ERR_OK;
}

static enum err open_at(struct segments *segments, uint32_t segment, uint64_t end,
                        struct problem *ret_why) {
    enum err err = fault_before(FAULT_SEGMENT_SETTLE);
    if (err) return refuse(ret_why, err, segment, "cannot be opened");
    err = remove_later(segments, segment, end == 0, ret_why);
    if (!err && end == 0) err = create_file(segments, segment, ret_why);
    if (!err && end != 0) err = check_earlier(segments, segment, ret_why);
    if (!err && end != 0) err = settle(segments, segment, end, ret_why);
    if (err) return err;
    err = fdatasync(segments->fd) ? file_err(errno) : dir_sync(segments);
    if (!err) err = fault_after(FAULT_SEGMENT_SETTLE);
    if (err) return refuse(ret_why, err, segment, "cannot be synced");
    segments->dir_dirty = false;
    return ERR_OK;
}

enum err segment_open(const char *dir, const uint8_t ledger_id[32], uint32_t segment, uint64_t end,
                      struct segments **ret, struct problem *ret_why) {
    if (segment > SEGMENT_MAX || (end != 0 && end < SEGMENT_HEADER_LEN) ||
        (end == 0 && segment != 0) || end > INT64_MAX)
        return problem_set(ret_why, ERR_CORRUPT, "The stored end of the segments is impossible.");
    enum err err = file_make_dir(dir, ret_why);
    if (err) return err;
    struct segments *segments = calloc(1, sizeof *segments);
    if (!segments) return problem_set(ret_why, ERR_NO_MEMORY, "No memory to open the segments.");
    memcpy(segments->header, MAGIC, MAGIC_LEN);
    memcpy(segments->header + MAGIC_LEN, ledger_id, 32);
    segments->fd = -1;
    buf_init(&segments->tail, TAIL_MAX);
    for (size_t i = 0; i < SLOTS; i++) segments->slots[i].fd = -1;
    pthread_mutex_init(&segments->lock, NULL);
    segments->dir = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (segments->dir < 0)
        err = problem_set(ret_why, file_err(errno), "The directory %s cannot be opened.", dir);
    if (!err) err = open_at(segments, segment, end, ret_why);
    if (err) {
        segment_close(segments);
        return err;
    }
    *ret = segments;
    return ERR_OK;
}

void segment_close(struct segments *segments) {
    if (!segments) return;
    for (size_t i = 0; i < SLOTS; i++) {
        assert(segments->slots[i].users == 0);
        if (segments->slots[i].fd >= 0) close(segments->slots[i].fd);
    }
    pthread_mutex_destroy(&segments->lock);
    if (segments->fd >= 0) close(segments->fd);
    if (segments->dir >= 0) close(segments->dir);
    buf_done(&segments->tail);
    free(segments);
}

/* -- writing -- */

/* What was gathered goes into the newest file, in one write. */
static enum err write_tail(struct segments *segments) {
    if (segments->tail.len == 0) return ERR_OK;
    enum err err = fault_before(FAULT_SEGMENT_WRITE);
    if (!err) {
        err = file_write_at(segments->fd, buf_bytes(&segments->tail),
                            segments->end - segments->tail.len);
    }
    if (!err) err = fault_after(FAULT_SEGMENT_WRITE);
    if (!err) buf_clear(&segments->tail);
    return err;
}

/* Behind what was gathered, which is written first where both are too much to hold. */
static enum err gather(struct segments *segments, struct bytes body) {
    enum err err = ERR_OK;
    if (segments->tail.len + SEGMENT_PREFIX_LEN + body.len > TAIL_MAX) err = write_tail(segments);
    if (!err) err = buf_reserve(&segments->tail, SEGMENT_PREFIX_LEN + body.len);
    if (!err) err = buf_add_u32(&segments->tail, (uint32_t)body.len);
    if (!err) err = buf_add(&segments->tail, body);
    return err;
}

enum err segment_append(struct segments *segments, struct bytes body, uint32_t *ret_segment,
                        uint64_t *ret_offset, struct problem *ret_why) {
    assert(body.len > 0 && body.len <= SEGMENT_BODY_MAX);
    uint64_t need = SEGMENT_PREFIX_LEN + body.len;
    enum err err = ERR_OK;
    if (segments->end > SEGMENT_HEADER_LEN && segments->end + need > LIMIT_SEGMENT) {
        if (segments->segment == SEGMENT_MAX)
            return problem_set(ret_why, ERR_DISK_FULL, "There are no segment numbers left.");
        err = segment_sync(segments, ret_why);
        if (!err) err = create_file(segments, segments->segment + 1, ret_why);
        if (err) return err;
    }
    err = gather(segments, body);
    if (err) return refuse(ret_why, err, segments->segment, "cannot be written");
    *ret_segment = segments->segment;
    *ret_offset = segments->end;
    segments->end += need;
    return ERR_OK;
}

enum err segment_sync(struct segments *segments, struct problem *ret_why) {
    enum err err = write_tail(segments);
    if (err) return refuse(ret_why, err, segments->segment, "cannot be written");
    err = fault_before(FAULT_SEGMENT_SYNC);
    if (!err && fdatasync(segments->fd)) err = file_err(errno);
    if (!err && segments->dir_dirty) err = dir_sync(segments);
    if (!err) segments->dir_dirty = false;
    if (!err) err = fault_after(FAULT_SEGMENT_SYNC);
    return err ? refuse(ret_why, err, segments->segment, "cannot be synced") : ERR_OK;
}

void segment_end(const struct segments *segments, uint32_t *ret_segment, uint64_t *ret_end) {
    *ret_segment = segments->segment;
    *ret_end = segments->end;
}

/* A descriptor of a removed file must not serve a later one of the same name. */
static void forget_later(struct segments *segments, uint32_t last) {
    pthread_mutex_lock(&segments->lock);
    for (size_t i = 0; i < SLOTS; i++) {
        struct slot *slot = &segments->slots[i];
        if (slot->fd < 0 || slot->segment <= last || slot->users) continue;
        close(slot->fd);
        slot->fd = -1;
    }
    pthread_mutex_unlock(&segments->lock);
}

enum err segment_cut(struct segments *segments, uint32_t segment, uint64_t end,
                     struct problem *ret_why) {
    assert(segment < segments->segment || (segment == segments->segment && end <= segments->end));
    buf_clear(&segments->tail);
    enum err err = fault_before(FAULT_SEGMENT_CUT);
    if (err) return refuse(ret_why, err, segment, "cannot be cut");
    if (segment < segments->segment) {
        err = remove_later(segments, segment, false, ret_why);
        forget_later(segments, segment);
    }
    if (!err) err = settle(segments, segment, end, ret_why);
    if (err) return err;
    err = fault_after(FAULT_SEGMENT_CUT);
    return err ? refuse(ret_why, err, segment, "cannot be cut") : ERR_OK;
}

/* -- reading -- */

/* A descriptor of that file: in its slot where *ret_slot is set, else the caller's own to close. */
static enum err acquire(struct segments *segments, uint32_t segment, int *ret_fd,
                        struct slot **ret_slot) {
    struct slot *slot = &segments->slots[segment % SLOTS];
    pthread_mutex_lock(&segments->lock);
    bool held = slot->fd >= 0 && slot->segment == segment;
    if (held) slot->users++;
    int fd = slot->fd;
    pthread_mutex_unlock(&segments->lock);
    if (!held) {
        enum err err = open_file(segments, segment, O_RDONLY, &fd);
        if (err) return err;
        pthread_mutex_lock(&segments->lock);
        held = slot->users == 0;
        if (held) {
            if (slot->fd >= 0) close(slot->fd);
            *slot = (struct slot){fd, segment, 1};
        }
        pthread_mutex_unlock(&segments->lock);
    }
    *ret_fd = fd;
    *ret_slot = held ? slot : NULL;
    return ERR_OK;
}

static void release(struct segments *segments, int fd, struct slot *slot) {
    if (!slot) {
        close(fd);
        return;
    }
    pthread_mutex_lock(&segments->lock);
    slot->users--;
    pthread_mutex_unlock(&segments->lock);
}

static enum err read_body(int fd, uint64_t offset, uint32_t len, struct buf *ret) {
    uint8_t prefix[SEGMENT_PREFIX_LEN];
    enum err err = file_read_at(fd, prefix, sizeof prefix, offset);
    if (err) return err;
    if (get_u32(prefix) != len) return ERR_CORRUPT;
    buf_clear(ret);
    err = buf_reserve(ret, len);
    if (!err) err = file_read_at(fd, ret->data, len, offset + sizeof prefix);
    if (!err) ret->len = len;
    return err;
}

enum err segment_read(struct segments *segments, uint32_t segment, uint64_t offset, uint32_t len,
                      struct buf *ret) {
    if (len == 0 || len > SEGMENT_BODY_MAX || offset < SEGMENT_HEADER_LEN || offset > LIMIT_SEGMENT)
        return ERR_CORRUPT;
    int fd = -1;
    struct slot *slot = NULL;
    enum err err = acquire(segments, segment, &fd, &slot);
    if (err) return err;
    err = read_body(fd, offset, len, ret);
    release(segments, fd, slot);
    return err;
}
