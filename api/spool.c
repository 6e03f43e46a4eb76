/* See spool.h. What was there at start, questions, and the end of an upload. */
#include "api/metrics.h"
#include "api/spool_impl.h"
#include "api/spool_outcome.h"
#include "ledger/base/text.h"
#include "ledger/store/file.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PIECE (256 * 1024) /* of a file that is read from end to end */

struct spool_results {
    int fd; /* -1: there is no outcome yet */
    uint64_t at, end;
};

void spool_path(const struct spool *spool, const struct spool_id *id, const char *ending,
                char ret[SPOOL_PATH]) {
    int wrote = snprintf(ret, SPOOL_PATH, "%s/%s.%s", spool->dir, id->text, ending);
    assert(wrote > 0 && wrote < SPOOL_PATH); /* spool_open saw to it */
}

static struct upload *find(struct spool *spool, struct bytes id) {
    for (size_t i = 0; i < spool->count; i++)
        if (bytes_is(id, spool->uploads[i]->id.text)) return spool->uploads[i];
    return NULL;
}

struct upload *spool_own(struct spool *spool, const struct spool_id *id) {
    struct upload *upload = find(spool, bytes_text(id->text));
    assert(upload); /* one that is worked off stays */
    return upload;
}

/* -- what is there at start -- */

enum err spool_failed(const char *path, struct problem *ret_why) {
    int number = errno;
    return problem_set(ret_why, file_err(number), "%s cannot be used: %s.", path, strerror(number));
}

void spool_count(struct spool_progress *progress, enum spool_kind kind) {
    progress->recorded += kind == SPOOL_RECORDED;
    progress->known += kind == SPOOL_KNOWN;
    progress->refused += kind == SPOOL_REFUSED;
    uint64_t settled = progress->recorded + progress->known + progress->refused;
    if (progress->checked < settled) progress->checked = settled;
    if (progress->ordered < settled - progress->refused)
        progress->ordered = settled - progress->refused;
}

/* Counts the whole outcomes of a file of `end` bytes, up to out_len. A node may have ten million of them to count when it starts, so they are not read one by one. ERR_CORRUPT: behind them
 * stands what is none. */
static enum err outcomes_count(int fd, uint64_t end, struct upload *upload) {
    uint8_t *piece = malloc(PIECE);
    uint64_t from = 0;
    size_t held = 0, len = 0;
    enum err err = piece ? ERR_OK : ERR_NO_MEMORY;
    while (!err) {
        struct spool_outcome outcome;
        uint64_t at = upload->out_len;
        if (from + held < end && from + held - at < SPOOL_OUTCOME_WHOLE) {
            from = at;
            held = end - at < PIECE ? (size_t)(end - at) : PIECE;
            err = file_read_at(fd, piece, held, from);
        }
        if (!err)
            err = spool_outcome_first(bytes_of(piece + (at - from), (size_t)(from + held - at)),
                                      &outcome, &len);
        if (err) break;
        spool_count(&upload->progress, outcome.kind);
        upload->out_len += len;
    }
    free(piece);
    return err;
}

/* Counts the whole outcomes and cuts off what is left of a cut one. */
static enum err outcomes_load(struct spool *spool, struct upload *upload, struct problem *ret_why) {
    char path[SPOOL_PATH];
    struct stat stat;
    spool_path(spool, &upload->id, "out", path);
    int fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0) return errno == ENOENT ? ERR_OK : spool_failed(path, ret_why);
    enum err err = fstat(fd, &stat) ? spool_failed(path, ret_why) : ERR_OK;
    if (!err) err = outcomes_count(fd, (uint64_t)stat.st_size, upload);
    if (err == ERR_CORRUPT)
        err = ftruncate(fd, (off_t)upload->out_len) ? spool_failed(path, ret_why) : ERR_OK;
    else if (err == ERR_NOT_FOUND)
        err = ERR_OK;
    if (!err) upload->finished_s = stat.st_mtim.tv_sec;
    (void)close(fd);
    return err;
}

static enum err lines_count(FILE *file, uint64_t *ret) {
    uint8_t piece[8192];
    size_t got;
    uint64_t lines = 0;
    bool is_open_line = false;
    while ((got = fread(piece, 1, sizeof piece, file)) > 0) {
        for (size_t i = 0; i < got; i++) lines += piece[i] == '\n';
        is_open_line = piece[got - 1] != '\n';
    }
    *ret = lines + is_open_line;
    return ferror(file) ? ERR_IO : ERR_OK;
}

static enum err lines_load(struct spool *spool, struct upload *upload, struct problem *ret_why) {
    char path[SPOOL_PATH];
    struct stat stat;
    spool_path(spool, &upload->id, "lines", path);
    FILE *file = fopen(path, "rbe");
    if (!file) return spool_failed(path, ret_why);
    enum err err = fstat(fileno(file), &stat) ? spool_failed(path, ret_why) : ERR_OK;
    if (!err) err = lines_count(file, &upload->progress.lines);
    (void)fclose(file);
    if (err) return problem_set(ret_why, err, "%s cannot be read.", path);
    upload->lines_len = (uint64_t)stat.st_size;
    upload->arrived = (uint64_t)stat.st_mtim.tv_sec * 1000000000 + (uint64_t)stat.st_mtim.tv_nsec;
    return ERR_OK;
}

static enum err upload_load(struct spool *spool, const struct spool_id *id, bool has_lines,
                            struct problem *ret_why) {
    struct upload *upload = spool->count < LIMIT_UPLOADS ? calloc(1, sizeof *upload) : NULL;
    if (!upload)
        return problem_set(ret_why, ERR_NO_MEMORY, "%s holds more than %d uploads.", spool->dir,
                           LIMIT_UPLOADS);
    upload->id = *id;
    upload->progress.is_done = !has_lines;
    enum err err = outcomes_load(spool, upload, ret_why);
    struct spool_progress *progress = &upload->progress;
    progress->lines = progress->recorded + progress->known + progress->refused;
    if (!err && has_lines) err = lines_load(spool, upload, ret_why);
    if (err) {
        free(upload);
        return err;
    }
    spool->uploads[spool->count++] = upload;
    return ERR_OK;
}

/* An upload is loaded once: by its lines where they are there. Whatever else lies in the folder is left alone. */
static enum err entry_load(struct spool *spool, const char *name, struct problem *ret_why) {
    struct spool_id id;
    uint8_t raw[SPOOL_ID_LEN / 2];
    char path[SPOOL_PATH];
    if (strlen(name) < SPOOL_ID_LEN + 2 || name[SPOOL_ID_LEN] != '.' ||
        hex_decode(bytes_of(name, SPOOL_ID_LEN), raw, sizeof raw))
        return ERR_OK;
    memcpy(id.text, name, SPOOL_ID_LEN);
    id.text[SPOOL_ID_LEN] = 0;
    const char *ending = name + SPOOL_ID_LEN + 1;
    spool_path(spool, &id, "part", path);
    if (strcmp(ending, "part") == 0) return unlink(path) ? spool_failed(path, ret_why) : ERR_OK;
    spool_path(spool, &id, "lines", path);
    bool has_lines = access(path, F_OK) == 0;
    bool is_one = strcmp(ending, "lines") == 0 || (strcmp(ending, "out") == 0 && !has_lines);
    return is_one ? upload_load(spool, &id, has_lines, ret_why) : ERR_OK;
}

static enum err folder_load(struct spool *spool, struct problem *ret_why) {
    DIR *dir = opendir(spool->dir);
    if (!dir) return spool_failed(spool->dir, ret_why);
    enum err err = ERR_OK;
    for (const struct dirent *entry; !err && (entry = readdir(dir));)
        err = entry_load(spool, entry->d_name, ret_why);
    (void)closedir(dir);
    return err;
}

enum err spool_open(const char *dir, struct spool **ret, struct problem *ret_why) {
    pthread_condattr_t clock;
    struct spool *spool = calloc(1, sizeof *spool);
    if (!spool) return ERR_NO_MEMORY;
    (void)pthread_mutex_init(&spool->lock, NULL);
    (void)pthread_mutex_init(&spool->sources.lock, NULL);
    (void)pthread_condattr_init(&clock);
    (void)pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&spool->changed, &clock);
    (void)pthread_condattr_destroy(&clock);
    enum err err = ERR_OK;
    if (strlen(dir) + SPOOL_ID_LEN + 16 > sizeof spool->dir)
        err = problem_set(ret_why, ERR_CONFIG, "The path of uploads is too long.");
    if (!err) (void)snprintf(spool->dir, sizeof spool->dir, "%s", dir);
    if (!err) err = file_make_dir(dir, ret_why);
    if (!err) err = folder_load(spool, ret_why);
    if (err) {
        spool_close(spool);
        return err;
    }
    spool_gauge(spool);
    *ret = spool;
    return ERR_OK;
}

void spool_close(struct spool *spool) {
    if (!spool) return;
    for (size_t i = 0; i < spool->count; i++) free(spool->uploads[i]);
    (void)pthread_cond_destroy(&spool->changed);
    (void)pthread_mutex_destroy(&spool->sources.lock);
    (void)pthread_mutex_destroy(&spool->lock);
    free(spool);
}

static bool is_over(const struct upload *upload, int64_t now_s) {
    const struct spool_progress *progress = &upload->progress;
    int64_t keep = progress->recorded ? (int64_t)LIMIT_UPLOAD_DAYS * 86400 : LIMIT_UPLOAD_IDLE_S;
    return progress->is_done && now_s - upload->finished_s > keep;
}

bool spool_remove(struct spool *spool, size_t at) {
    char path[SPOOL_PATH];
    struct upload *upload = spool->uploads[at];
    assert(upload->progress.is_done);
    spool_path(spool, &upload->id, "out", path);
    if (unlink(path) && errno != ENOENT) return false;
    free(upload);
    spool->uploads[at] = spool->uploads[--spool->count];
    return true;
}

void spool_expire(struct spool *spool, int64_t now_s) {
    pthread_mutex_lock(&spool->lock);
    for (size_t i = spool->count; i-- > 0;) /* the last one, which fills a gap, was looked at */
        if (is_over(spool->uploads[i], now_s)) (void)spool_remove(spool, i);
    spool_gauge(spool);
    pthread_mutex_unlock(&spool->lock);
}

/* -- asking -- */

struct spool_totals spool_sum(const struct spool *spool) {
    struct spool_totals sum = {.uploads = spool->count};
    for (size_t i = 0; i < spool->count; i++) {
        bool is_aside = spool->uploads[i]->is_aside;
        sum.aside += is_aside;
        sum.waiting += !spool->uploads[i]->progress.is_done && !is_aside;
        sum.bytes += spool->uploads[i]->lines_len + spool->uploads[i]->out_len;
    }
    return sum;
}

void spool_gauge(const struct spool *spool) {
    struct spool_totals sum = spool_sum(spool);
    metric_set(METRIC_UPLOADS_WAITING, sum.waiting);
    metric_set(METRIC_UPLOADS_ASIDE, sum.aside);
    metric_set(METRIC_UPLOADS_KEPT, sum.uploads - sum.waiting - sum.aside);
    metric_set(METRIC_UPLOADS_BYTES, sum.bytes);
}

struct spool_totals spool_totals(struct spool *spool) {
    pthread_mutex_lock(&spool->lock);
    struct spool_totals sum = spool_sum(spool);
    pthread_mutex_unlock(&spool->lock);
    return sum;
}

enum err spool_progress(struct spool *spool, struct bytes id, struct spool_progress *ret) {
    pthread_mutex_lock(&spool->lock);
    const struct upload *upload = find(spool, id);
    if (upload) *ret = upload->progress;
    pthread_mutex_unlock(&spool->lock);
    return upload ? ERR_OK : ERR_NOT_FOUND;
}

enum err spool_results_open(struct spool *spool, struct bytes id, struct spool_results **ret) {
    char path[SPOOL_PATH];
    struct spool_results *results = calloc(1, sizeof *results);
    if (!results) return ERR_NO_MEMORY;
    results->fd = -1;
    pthread_mutex_lock(&spool->lock);
    const struct upload *upload = find(spool, id);
    if (upload) {
        results->end = upload->out_len;
        spool_path(spool, &upload->id, "out", path);
    }
    if (upload && results->end) results->fd = open(path, O_RDONLY | O_CLOEXEC);
    pthread_mutex_unlock(&spool->lock);
    enum err err = !upload ? ERR_NOT_FOUND : results->end && results->fd < 0 ? ERR_IO : ERR_OK;
    if (err)
        spool_results_close(results);
    else
        *ret = results;
    return err;
}

void spool_results_close(struct spool_results *results) {
    if (!results) return;
    if (results->fd >= 0) (void)close(results->fd);
    free(results);
}

enum err spool_result(struct spool_results *results, struct spool_outcome *ret) {
    return spool_outcome_read(results->fd, results->at, results->end, ret, &results->at);
}
