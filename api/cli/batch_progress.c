/* See batch_progress.h. */
#include "api/cli/batch_progress.h"

#include "api/cli/disk.h"
#include "ledger/base/text.h"
#include "ledger/store/fault.h"
#include "ledger/store/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define FORMAT "qizheng-batch-1"
#define LINE_MAX (4 * LIMIT_RECORD_PRESENTED)

struct progress {
    int fd;
    const struct batch_rows *rows;
    char path[DISK_PATH];
    uint64_t *offsets; /* of the rows' lines; offsets[count] is the end */
    size_t count;
    struct buf line;
};

static enum err broken(const struct progress *p, const char *what, struct problem *ret_why) {
    return problem_set(ret_why, ERR_CORRUPT,
                       "%s: %s. It says what was signed and perhaps sent: ask for help before you "
                       "move it away.",
                       p->path, what);
}

/* -- the line about the run -- */

static enum err put_digest(struct json *json, const char *name, const uint8_t digest[DIGEST_LEN]) {
    char hex[2 * DIGEST_LEN + 1];
    hex_encode(bytes_of(digest, DIGEST_LEN), hex);
    return json_put_text(json, name, hex);
}

static enum err head_make(const struct batch_rows *rows, const char *issuer, const char *ledger,
                          struct json **ret) {
    struct json *json = json_new_object();
    enum err err = json ? json_put_text(json, "format", FORMAT) : ERR_NO_MEMORY;
    if (!err) err = put_digest(json, "table", rows->csv_digest);
    if (!err) err = put_digest(json, "map", rows->map_digest);
    if (!err) err = json_put_text(json, "issuer", issuer);
    if (!err) err = json_put_text(json, "ledger", ledger);
    if (!err) err = json_put_int(json, "rows", (int64_t)rows->csv.rows);
    if (err)
        json_done(json);
    else
        *ret = json;
    return err;
}

static enum err head_compare(const struct progress *p, const struct json *was,
                             const struct json *is, struct problem *ret_why) {
    static const char *const names[] = {"format", "table", "map", "issuer", "ledger", "rows"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const struct json *old = json_member(was, names[i]);
        if (old && json_same(old, json_member(is, names[i]))) continue;
        return problem_set(
            ret_why, ERR_STATE,
            "%s is the progress of another run: its %s differs. Finish that one with "
            "the files as they were, or choose another --out.",
            p->path, names[i]);
    }
    return ERR_OK;
}

/* -- writing -- */

static enum err line_write(struct progress *p, const struct json *json, struct problem *ret_why) {
    uint64_t end = p->offsets[p->count];
    buf_clear(&p->line);
    enum err err = json_format(json, &p->line);
    if (!err) err = buf_add_byte(&p->line, '\n');
    if (!err) err = fault_before(FAULT_PROGRESS_WRITE);
    if (!err) err = file_write_at(p->fd, buf_bytes(&p->line), end);
    if (!err) err = fault_after(FAULT_PROGRESS_WRITE);
    return err ? problem_set(ret_why, err, "%s cannot be written.", p->path) : ERR_OK;
}

enum err progress_sync(struct progress *p, struct problem *ret_why) {
    enum err err = fault_before(FAULT_PROGRESS_SYNC);
    if (!err && fsync(p->fd)) err = file_err(errno);
    if (!err) err = fault_after(FAULT_PROGRESS_SYNC);
    return err ? problem_set(ret_why, err, "%s cannot be synced.", p->path) : ERR_OK;
}

enum err progress_add(struct progress *p, const struct parcel *parcel, struct problem *ret_why) {
    struct json *json = NULL;
    enum err err = parcel_json(parcel, &json);
    if (!err) err = json_put_int(json, "line", csv_line(&p->rows->csv, p->count));
    if (!err) err = line_write(p, json, ret_why);
    json_done(json);
    if (err) return err;
    p->offsets[p->count + 1] = p->offsets[p->count] + p->line.len;
    p->count++;
    return ERR_OK;
}

/* -- reading -- */

/* The bytes from one offset to another, without the newline. */
static enum err line_read(const struct progress *p, uint64_t from, uint64_t to, struct json **ret,
                          struct problem *ret_why) {
    struct buf text;
    buf_init(&text, LINE_MAX);
    enum err err = buf_reserve(&text, (size_t)(to - from));
    if (!err) err = file_read_at(p->fd, text.data, (size_t)(to - from), from);
    if (!err) err = json_parse(bytes_of(text.data, (size_t)(to - from) - 1), ret, NULL);
    buf_done(&text);
    return err ? broken(p, "a line of it cannot be read", ret_why) : ERR_OK;
}

enum err progress_parcel(const struct progress *p, size_t row, struct parcel *ret,
                         struct problem *ret_why) {
    struct json *json = NULL;
    int64_t line = 0;
    enum err err = line_read(p, p->offsets[row], p->offsets[row + 1], &json, ret_why);
    if (err) return err;
    if (!json_int(json_member(json, "line"), &line) || line != csv_line(&p->rows->csv, row))
        err = broken(p, "its rows are not those of the table", ret_why);
    if (!err && parcel_parse(json, ret, NULL))
        err = broken(p, "a signed record in it cannot be read", ret_why);
    json_done(json);
    return err;
}

/* Where the lines begin. *ret_lines: how many are whole. */
static enum err lines_find(struct progress *p, uint64_t *ret_head_end, size_t *ret_lines) {
    FILE *file = fdopen(dup(p->fd), "rb");
    size_t lines = 0, room = p->rows->csv.rows + 1;
    uint64_t at = 0;
    if (!file) return ERR_IO;
    for (int c; (c = getc_unlocked(file)) != EOF && lines <= room;) {
        at++;
        if (c != '\n') continue;
        if (lines == 0) *ret_head_end = at;
        if (lines < room) p->offsets[lines] = at;
        lines++;
    }
    bool failed = ferror(file);
    (void)fclose(file);
    *ret_lines = lines;
    return failed ? ERR_IO : ERR_OK;
}

/* What an old run wrote, and perhaps did not live to sync, is synced before anything is sent. */
static enum err file_settle(struct progress *p, struct problem *ret_why) {
    enum err err = progress_sync(p, ret_why);
    if (!err && file_sync_parent_dir(p->path))
        err = problem_set(ret_why, ERR_IO, "The folder of %s cannot be synced.", p->path);
    return err;
}

/* An old run's file: its head, and as many rows as are whole. */
static enum err file_resume(struct progress *p, const struct json *head, struct problem *ret_why) {
    uint64_t head_end = 0;
    size_t lines = 0;
    struct json *was = NULL;
    enum err err = lines_find(p, &head_end, &lines);
    if (err) return problem_set(ret_why, err, "%s cannot be read.", p->path);
    if (lines == 0) return broken(p, "its first line has no end", ret_why);
    if (lines > p->rows->csv.rows + 1) return broken(p, "it has too many lines", ret_why);
    err = line_read(p, 0, head_end, &was, ret_why);
    if (!err) err = head_compare(p, was, head, ret_why);
    json_done(was);
    if (err) return err;
    p->count = lines - 1;
    if (ftruncate(p->fd, (off_t)p->offsets[p->count]))
        return problem_set(ret_why, ERR_IO, "%s cannot be cut.", p->path);
    return file_settle(p, ret_why);
}

/* A new one, or one whose very first line was cut: nothing was signed. */
static enum err file_begin(struct progress *p, const struct json *head, struct problem *ret_why) {
    enum err err = ftruncate(p->fd, 0) ? file_err(errno) : ERR_OK;
    if (!err) err = line_write(p, head, ret_why);
    if (err) return err;
    p->offsets[0] = p->line.len;
    return file_settle(p, ret_why);
}

static enum err file_open(struct progress *p, struct problem *ret_why) {
    p->fd = open(p->path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (p->fd < 0)
        return problem_set(ret_why, file_err(errno), "%s cannot be opened: %s.", p->path,
                           strerror(errno));
    if (flock(p->fd, LOCK_EX | LOCK_NB) == 0) return ERR_OK;
    return problem_set(ret_why, ERR_LOCKED, "%s is used by another run.", p->path);
}

/* Whether no more stands there than what is left of a first line that was cut: only then was nothing signed, and the file may begin anew. */
static enum err is_unbegun(struct progress *p, const struct json *head, bool *ret,
                           struct problem *ret_why) {
    struct stat stat;
    struct buf text;
    buf_clear(&p->line);
    enum err err = json_format(head, &p->line);
    if (!err && fstat(p->fd, &stat)) err = file_err(errno);
    size_t len = !err && (uint64_t)stat.st_size <= p->line.len ? (size_t)stat.st_size : 0;
    buf_init(&text, LINE_MAX);
    if (!err) err = buf_reserve(&text, len);
    if (!err) err = file_read_at(p->fd, text.data, len, 0);
    if (!err)
        *ret = stat.st_size == 0 || (len && bytes_find(bytes_of(text.data, len), '\n', 0) == len);
    buf_done(&text);
    return err ? problem_set(ret_why, err, "%s cannot be read.", p->path) : ERR_OK;
}

static enum err file_start(struct progress *p, const struct json *head, struct problem *ret_why) {
    bool unbegun = false;
    enum err err = is_unbegun(p, head, &unbegun, ret_why);
    if (err) return err;
    return unbegun ? file_begin(p, head, ret_why) : file_resume(p, head, ret_why);
}

enum err progress_open(const char *path, const struct batch_rows *rows, const char *issuer,
                       const char *ledger, struct progress **ret, struct problem *ret_why) {
    struct json *head = NULL;
    struct progress *p = calloc(1, sizeof *p);
    if (!p) return ERR_NO_MEMORY;
    p->fd = -1;
    p->rows = rows;
    buf_init(&p->line, LINE_MAX);
    p->offsets = calloc(rows->csv.rows + 1, sizeof *p->offsets);
    enum err err = p->offsets ? disk_path(p->path, ret_why, "%s", path) : ERR_NO_MEMORY;
    if (!err) err = head_make(rows, issuer, ledger, &head);
    if (!err) err = file_open(p, ret_why);
    if (!err) err = file_start(p, head, ret_why);
    json_done(head);
    if (err)
        progress_close(p);
    else
        *ret = p;
    return err;
}

void progress_close(struct progress *p) {
    if (!p) return;
    if (p->fd >= 0) (void)close(p->fd);
    free(p->offsets);
    buf_done(&p->line);
    free(p);
}

size_t progress_count(const struct progress *p) {
    return p->count;
}
