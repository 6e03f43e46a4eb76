/* See uploader.h. Everything in struct uploader belongs to its thread, but for `stop`, and for the lines of a block while the crew checks them, each by one thread. An upload's id opens its
 * results, so it is never logged. */
#include "node/uploader.h"

#include "api/intake.h"
#include "api/log.h"
#include "api/metrics.h"
#include "api/spool.h"
#include "node/clock.h"
#include "node/crew.h"

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdlib.h>
#include <string.h>

#define WINDOW                                                                                     \
    1024 /* lines on their way: about three batches, so that one grows while others are ordered and signed */
#define BLOCK 64  /* lines that are checked together: enough that nobody waits long for the last */
#define SETTLE 64 /* outcomes that are written together, at most */
#define WAIT_MS 200  /* for the oldest, before the stop is looked for */
#define PAUSE_MS 500 /* before what failed is tried again */
#define ROOM_MS 5    /* before the queue is looked at again */
#define TRIES_MAX 5 /* of an upload that stops with what no waiting mends, before it is set aside */
#define IDLE_MS 60000 /* between two looks for results whose time is over */

/* A line on its way: refused already, known, or in the pipeline. */
struct pending {
    struct spool_outcome outcome;
    struct submission *submission; /* NULL where the outcome is known */
};

/* A line that was read and is not in the window yet. */
struct line {
    struct buf text;
    bool is_long;
    bool is_checked; /* what follows is set */
    struct intake taken;
    struct problem why;
    enum err err;
};

struct uploader {
    struct uploader_options options;
    struct crew *crew;
    pthread_t thread;
    sem_t stop; /* a latch: above 0 once it was asked for */

    struct spool_id id;
    struct spool_lines *lines;
    struct pending window[WINDOW]; /* a ring */
    size_t first, count;
    struct spool_outcome settled[SETTLE];
    struct line block[BLOCK];
    size_t at, filled; /* of the block */
    bool is_at_end;    /* nothing is left to be read */
    uint64_t checked, ordered;
    unsigned failures; /* of this upload, since one of its lines was settled */
    enum err blocked;  /* what the last line was told to wait for; said once */
};

static bool is_stopped(struct uploader *u) {
    int value = 0;
    (void)sem_getvalue(&u->stop, &value);
    return value > 0;
}

static void pause_ms(struct uploader *u, unsigned ms) {
    struct timespec until = clock_after(ms);
    int rc;
    while ((rc = sem_clockwait(&u->stop, CLOCK_MONOTONIC, &until)) && errno == EINTR) {
    }
    if (!rc) (void)sem_post(&u->stop);
}

static void say_blocked(struct uploader *u, enum err err) {
    if (u->blocked == err) return;
    u->blocked = err;
    if (err) log_event(LOG_WARN, "upload_waits", "error", err_code(err), NULL);
}

/* -- the window -- */

static void window_drop(struct uploader *u) {
    const struct api_host *host = &u->options.api->host;
    for (; u->count > 0; u->count--) {
        struct pending *pending = &u->window[u->first];
        if (pending->submission) host->release(host->ctx, pending->submission);
        pending->submission = NULL;
        u->first = (u->first + 1) % WINDOW;
    }
}

static void block_drop(struct uploader *u) {
    for (; u->at < u->filled; u->at++) {
        struct line *line = &u->block[u->at];
        if (line->is_checked) record_done(line->taken.record);
    }
    u->at = u->filled = 0;
}

static void upload_close(struct uploader *u) {
    window_drop(u);
    block_drop(u);
    spool_lines_close(u->lines);
    u->lines = NULL;
}

/* Behind the lines that have an outcome. */
static enum err upload_open(struct uploader *u) {
    struct spool_progress progress;
    struct spool *spool = u->options.api->spool;
    enum err err = spool_progress(spool, bytes_text(u->id.text), &progress);
    if (!err) err = spool_lines_open(spool, &u->id, &u->lines);
    if (err) return err;
    u->is_at_end = false;
    u->checked = progress.recorded + progress.known + progress.refused;
    u->ordered = progress.recorded + progress.known;
    return ERR_OK;
}

static void window_push(struct uploader *u, const struct intake *taken,
                        const struct problem *refused) {
    struct pending *pending = &u->window[(u->first + u->count++) % WINDOW];
    memset(pending, 0, sizeof *pending);
    pending->submission = taken->submission;
    pending->outcome.kind = refused ? SPOOL_REFUSED : SPOOL_KNOWN;
    pending->outcome.has_id = taken->has_id;
    memcpy(pending->outcome.id, taken->id, sizeof taken->id);
    pending->outcome.index = taken->index;
    if (refused) pending->outcome.problem = *refused;
    u->at++;
    u->checked++;
    u->ordered += !refused;
    spool_doing(u->options.api->spool, &u->id, u->checked, u->ordered);
}

/* -- feeding -- */

static enum err line_check(const struct uploader *u, struct line *line) {
    memset(&line->taken, 0, sizeof line->taken);
    if (!line->is_long)
        return intake_check(u->options.api, buf_bytes(&line->text), &line->taken, &line->why);
    return problem_set(&line->why, ERR_TOO_LARGE, "A record may take %d bytes.", LIMIT_RECORD);
}

static void line_work(void *ctx, size_t index) {
    struct uploader *u = ctx;
    struct line *line = &u->block[index];
    memset(&line->why, 0, sizeof line->why);
    line->err = line_check(u, line);
    line->is_checked = true;
}

/* The next lines, checked. ERR_NOT_FOUND: there are none. */
static enum err block_read(struct uploader *u) {
    enum err err = ERR_OK;
    u->at = u->filled = 0;
    while (!err && u->filled < BLOCK) {
        struct line *line = &u->block[u->filled];
        err = spool_line(u->lines, &line->text, &line->is_long);
        line->is_checked = false;
        u->filled += !err;
    }
    u->is_at_end = err == ERR_NOT_FOUND;
    if (u->filled == 0) return err;
    crew_run(u->crew, u->filled, line_work, u);
    return ERR_OK;
}

/* A refusal is final, so one for the state of things is given by the state at the line's turn and not by that of the block's first. */
static bool is_out_of_date(const struct uploader *u, const struct line *line) {
    return u->at > 0 &&
           (line->err == ERR_STATE || line->err == ERR_STALE_REF || line->err == ERR_RULE);
}

/* One more line into the window. An error: there is none, or it must wait; then it is checked anew when its turn comes again. */
static enum err feed(struct uploader *u) {
    if (u->at == u->filled) {
        enum err err = block_read(u);
        if (err) return err;
    }
    struct line *line = &u->block[u->at];
    if (!line->is_checked || is_out_of_date(u, line)) line_work(u, u->at);
    enum err err = line->err;
    line->is_checked = false;
    if (!err) err = intake_submit(u->options.api, &line->taken, &line->why);
    if (err && err_class(err) != ERR_CLASS_REFUSE) return err;
    if (err) metric_refused(err);
    if (err && line->why.err != err) (void)problem_set(&line->why, err, "%s.", err_title(err));
    window_push(u, &line->taken, err ? &line->why : NULL);
    return ERR_OK;
}

/* -- settling -- */

/* What became of one in the window, or ERR_NOT_FINAL where that is not known within wait_ms; any other error of the class RETRY: the order did not take it. */
static enum err pending_ask(const struct uploader *u, const struct pending *pending,
                            unsigned wait_ms, struct spool_outcome *ret) {
    const struct api_host *host = &u->options.api->host;
    struct submission_result result;
    memset(&result, 0, sizeof result);
    *ret = pending->outcome;
    if (!pending->submission) {
        bool is_final =
            ret->kind == SPOOL_REFUSED || host->wait_final(host->ctx, ret->index, wait_ms);
        return is_final ? ERR_OK : ERR_NOT_FINAL;
    }
    host->wait(host->ctx, pending->submission, wait_ms, &result);
    if (result.state == SUBMISSION_RECEIVED) return ERR_NOT_FINAL;
    ret->kind = result.outcome->kind == OUTCOME_ACCEPTED ? SPOOL_RECORDED : SPOOL_KNOWN;
    ret->index = result.outcome->index;
    if (result.state == SUBMISSION_FINAL) return ERR_OK;
    ret->kind = SPOOL_REFUSED;
    ret->problem = result.outcome->problem;
    return err_class(ret->problem.err) == ERR_CLASS_REFUSE ? ERR_OK : ret->problem.err;
}

/* The outcome of the oldest, which is waited for, and of those behind it that have one by now. The error: why there are no more. */
static enum err outcomes_ask(struct uploader *u, size_t *ret_count) {
    enum err err = ERR_OK;
    size_t count = 0;
    while (!err && count < SETTLE && count < u->count) {
        const struct pending *pending = &u->window[(u->first + count) % WINDOW];
        err = pending_ask(u, pending, count ? 0 : WAIT_MS, &u->settled[count]);
        count += !err;
    }
    *ret_count = count;
    return err;
}

static void oldest_release(struct uploader *u) {
    const struct api_host *host = &u->options.api->host;
    struct pending *oldest = &u->window[u->first];
    if (oldest->submission) host->release(host->ctx, oldest->submission);
    oldest->submission = NULL;
    u->first = (u->first + 1) % WINDOW;
    u->count--;
}

/* ERR_NOT_FINAL: not yet. What the order did not take is fed again, with all behind it, so that the lines keep their order. */
static enum err settle(struct uploader *u) {
    size_t count;
    enum err err = outcomes_ask(u, &count);
    if (err == ERR_NOT_FINAL && count == 0) {
        pause_ms(u, ROOM_MS); /* a node that has failed waits for nothing */
        return err;
    }
    if (err && count == 0) {
        upload_close(u);
        enum err opened = upload_open(u);
        return opened ? opened : err;
    }
    err = spool_settle(u->options.api->spool, &u->id, u->settled, count);
    if (err) return err;
    metric_add(METRIC_UPLOAD_LINES, count);
    u->failures = 0;
    for (; count > 0; count--) oldest_release(u);
    return ERR_OK;
}

/* -- one upload -- */

/* What is about this upload or its files alone. A node that diverged, say, stops all of them, and is waited for. */
static bool is_its_own(enum err err) {
    return err == ERR_IO || err == ERR_CORRUPT || err == ERR_INTERNAL;
}

/* A rest after what failed; false where it failed too often: then the upload is set aside, so that those behind it go on. */
static bool rest(struct uploader *u, enum err err) {
    struct spool *spool = u->options.api->spool;
    say_blocked(u, err);
    u->failures += is_its_own(err);
    if (u->failures < TRIES_MAX) {
        spool_expire(spool, (int64_t)(clock_unix_ms() / 1000)); /* may be the room it waits for */
        pause_ms(u, PAUSE_MS);
        return true;
    }
    log_event(LOG_ERROR, "upload_set_aside", "error", err_code(err), NULL);
    spool_set_aside(spool, &u->id);
    u->failures = 0;
    u->blocked = ERR_OK;
    return false;
}

static void finish(struct uploader *u, uint64_t began_us) {
    struct spool_progress progress;
    struct spool *spool = u->options.api->spool;
    char recorded[LOG_NUMBER_LEN], known[LOG_NUMBER_LEN], refused[LOG_NUMBER_LEN],
        ms[LOG_NUMBER_LEN];
    enum err err = spool_progress(spool, bytes_text(u->id.text), &progress);
    if (!err) err = spool_finish(spool, &u->id, (int64_t)(clock_unix_ms() / 1000));
    if (err) {
        (void)rest(u, err);
        return;
    }
    say_blocked(u, ERR_OK);
    log_event(LOG_INFO, "upload_done", "recorded", log_number(progress.recorded, recorded), "known",
              log_number(progress.known, known), "refused", log_number(progress.refused, refused),
              "ms", log_number((clock_monotonic_us() - began_us) / 1000, ms), NULL);
}

static bool has_lines(const struct uploader *u) {
    return u->at < u->filled || !u->is_at_end;
}

/* One step: a line in, or one out, or a rest. */
static enum err step(struct uploader *u) {
    bool wants_line = has_lines(u) && u->count < WINDOW;
    bool has_room = wants_line && u->options.has_room(u->options.ctx);
    enum err err = has_room ? feed(u) : ERR_NOT_FINAL;
    if (!err) return ERR_OK;
    if (has_room && err != ERR_NOT_FOUND && u->count == 0) return err;
    if (u->count > 0) return settle(u);
    if (has_lines(u)) pause_ms(u, ROOM_MS);
    return ERR_OK;
}

static bool is_all_done(const struct uploader *u) {
    return !has_lines(u) && u->count == 0;
}

static void work(struct uploader *u) {
    uint64_t began_us = clock_monotonic_us();
    enum err err = upload_open(u);
    bool goes_on = !err;
    while (goes_on && !is_stopped(u) && !is_all_done(u)) {
        err = step(u);
        if (err == ERR_NOT_FINAL) err = ERR_OK;
        if (err && !u->lines) break;
        if (err) goes_on = rest(u, err);
        err = ERR_OK;
    }
    if (err)
        (void)rest(u, err); /* it could not be opened */
    else if (goes_on && is_all_done(u))
        finish(u, began_us);
    upload_close(u);
}

static void *uploader_main(void *arg) {
    struct uploader *u = arg;
    struct spool *spool = u->options.api->spool;
    while (!is_stopped(u)) {
        spool_expire(spool, (int64_t)(clock_unix_ms() / 1000));
        struct spool_id next;
        if (!spool_next(spool, IDLE_MS, &next)) continue;
        if (strcmp(next.text, u->id.text) != 0) u->failures = 0;
        u->id = next;
        work(u);
    }
    return NULL;
}

static void uploader_free(struct uploader *uploader) {
    (void)sem_destroy(&uploader->stop);
    for (size_t i = 0; i < BLOCK; i++) buf_done(&uploader->block[i].text);
    crew_stop(uploader->crew);
    free(uploader);
}

enum err uploader_start(const struct uploader_options *options, struct uploader **ret) {
    struct uploader *uploader = calloc(1, sizeof *uploader);
    if (!uploader) return ERR_NO_MEMORY;
    uploader->options = *options;
    (void)sem_init(&uploader->stop, 0, 0);
    enum err err = ERR_OK;
    for (size_t i = 0; i < BLOCK;
         i++) { /* at once: memory must not run out in the middle of a line */
        buf_init(&uploader->block[i].text, LIMIT_RECORD_PRESENTED);
        if (!err) err = buf_reserve(&uploader->block[i].text, LIMIT_RECORD_PRESENTED);
    }
    if (!err) err = crew_start(crew_size_here(), &uploader->crew);
    if (!err && pthread_create(&uploader->thread, NULL, uploader_main, uploader))
        err = ERR_NO_MEMORY;
    if (err) {
        uploader_free(uploader);
        return err;
    }
    *ret = uploader;
    return ERR_OK;
}

void uploader_stop(struct uploader *uploader) {
    if (!uploader) return;
    (void)sem_post(&uploader->stop);
    spool_wake(uploader->options.api->spool);
    (void)pthread_join(uploader->thread, NULL);
    uploader_free(uploader);
}
