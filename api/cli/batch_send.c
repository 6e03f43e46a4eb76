/* See batch_send.h. */
#include "api/cli/batch_send.h"

#include "api/cli/remote.h"
#include "ledger/base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define POLL_MIN_MS 50
#define POLL_MAX_MS 1000
#define RETRY_MS 1000
#define RESULT_MAX (2 * LIMIT_RECEIPT)

/* One upload on its way. */
struct shipment {
    struct sender *sender;
    const size_t *rows;
    size_t count;
    char path[256];   /* of its progress */
    int64_t until_ms; /* moves on with each step forward */
    int64_t settled;  /* lines that had an outcome when it was asked last */
    struct problem *why;
    /* results as they come */
    struct buf line;
    size_t at;       /* lines read */
    size_t furthest; /* the same, of any time that they were asked for */
    size_t recorded, known, refused;
};

static void sleep_ms(unsigned ms) {
    struct timespec span = {ms / 1000, (long)(ms % 1000) * 1000000};
    (void)nanosleep(&span, NULL);
}

static void moved(struct shipment *s) {
    s->until_ms = now_ms() + (int64_t)s->sender->timeout_s * 1000;
}

static void show(const struct shipment *s, int64_t settled) {
    const struct sender *sender = s->sender;
    size_t done = sender->recorded + sender->known + sender->refused + (size_t)settled;
    say_progress_since("recording", sender->before + done, sender->rows->csv.rows, sender->before,
                       sender->began_ms);
}

/* -- out -- */

enum err batch_body(const struct progress *progress, const size_t *rows, size_t count,
                    struct buf *out, size_t *ret_count, struct problem *ret_why) {
    enum err err = ERR_OK;
    bool is_full = false;
    size_t taken = 0;
    while (!err && !is_full && taken < count) {
        struct parcel parcel;
        err = progress_parcel(progress, rows[taken], &parcel, ret_why);
        if (err) return err;
        is_full = taken > 0 && out->len + parcel.record.len + 1 > out->max;
        if (!is_full) err = buf_add(out, buf_bytes(&parcel.record));
        if (!is_full && !err) err = buf_add_byte(out, '\n');
        taken += !is_full;
        parcel_done(&parcel);
    }
    if (!err) *ret_count = taken;
    return err;
}

static enum err reply_refused(struct shipment *s, const struct client_reply *reply) {
    client_problem(reply, s->why);
    return s->why->err;
}

static enum err post(struct shipment *s, struct bytes body) {
    static const char *const headers[] = {"Content-Type: application/vnd.qizheng.jose-lines", NULL};
    struct client_reply reply;
    memset(&reply, 0, sizeof reply);
    enum err err = client_call(s->sender->client, "POST", "/v1/batches", headers, body,
                               REMOTE_REPLY_MAX, &reply, s->why);
    if (err) return err;
    bool good = reply.status == 202 && strncmp(reply.location, "/v1/batches/", 12) == 0 &&
                strlen(reply.location) < sizeof s->path;
    if (good)
        (void)snprintf(s->path, sizeof s->path, "%s", reply.location);
    else
        err = reply_refused(s, &reply);
    unsigned pause_s = reply.retry_after_s;
    client_reply_done(&reply);
    if (!good && pause_s && err_class(err) == ERR_CLASS_RETRY) sleep_ms(1000 * pause_s);
    return err;
}

/* -- waiting -- */

static enum err ask(struct shipment *s, bool *ret_is_done) {
    struct json *json = NULL;
    int64_t final = 0, refused = 0;
    enum err err = remote_get_json(s->sender->client, s->path, &json, s->why);
    if (err) return err;
    (void)json_int(json_member(json, "final"), &final);
    (void)json_int(json_member(json, "refused"), &refused);
    *ret_is_done = bytes_is(json_text_bytes(json_member(json, "state")), "done");
    json_done(json);
    if (final + refused != s->settled) moved(s);
    s->settled = final + refused;
    size_t most = s->count - 1; /* the last one is shown when its receipt is here */
    show(s, (size_t)s->settled < s->count ? s->settled : (int64_t)most);
    return ERR_OK;
}

/* A node that is away for a while has the upload on its disk. */
static enum err await(struct shipment *s) {
    bool is_done = false;
    unsigned pause = POLL_MIN_MS;
    for (;;) {
        enum err err = ask(s, &is_done);
        if (!err && is_done) return ERR_OK;
        if (err && err_class(err) != ERR_CLASS_RETRY) return err;
        if (now_ms() >= s->until_ms)
            return err ? err
                       : problem_set(s->why, ERR_NOT_FINAL,
                                     "The node has not come further for %llu s.",
                                     (unsigned long long)s->sender->timeout_s);
        sleep_ms(err ? RETRY_MS : pause);
        pause = pause * 3 / 2 < POLL_MAX_MS ? pause * 3 / 2 : POLL_MAX_MS;
    }
}

/* -- back -- */

enum err batch_receipt_path(const struct sender *sender, size_t row, char ret[DISK_PATH],
                            struct problem *ret_why) {
    return disk_path(ret, ret_why, "%s/%u.receipt.json", sender->out,
                     csv_line(&sender->rows->csv, row));
}

static enum err receipt_keep(struct shipment *s, size_t row, const struct parcel *parcel,
                             const struct json *answered) {
    char path[DISK_PATH];
    struct json *receipt = NULL;
    enum err err = parcel_receipt(parcel, answered, &receipt, s->why);
    if (!err) err = batch_receipt_path(s->sender, row, path, s->why);
    if (err) {
        json_done(receipt);
        return err;
    }
    return disk_write_json(path, receipt, 0600, DISK_LATER, s->why);
}

static enum err refusal_put(struct shipment *s, size_t row, const char *id,
                            const struct json *problem) {
    static const char *const names[] = {"code", "title", "title_zh", "detail", "rule", "law"};
    struct buf *out = &s->sender->refusals;
    enum err err = buf_format(out, "%u,%s", csv_line(&s->sender->rows->csv, row), id);
    for (size_t i = 0; !err && i < sizeof names / sizeof names[0]; i++) {
        const char *text = json_text(json_member(problem, names[i]));
        err = buf_add_byte(out, ',');
        if (!err) err = csv_put(out, text ? text : "");
    }
    return err ? err : buf_add_text(out, "\r\n");
}

static enum err not_ours(struct shipment *s) {
    return problem_set(s->why, ERR_INTERNAL,
                       "The node's results are not those of this upload. Is --url a qizheng node?");
}

static enum err result_take(struct shipment *s, size_t row, const struct parcel *parcel,
                            const struct json *json) {
    struct bytes status = json_text_bytes(json_member(json, "status"));
    const struct json *receipt = json_member(json, "receipt");
    int64_t line = 0;
    if (!json_int(json_member(json, "line"), &line) || line != (int64_t)s->at + 1)
        return not_ours(s);
    if (bytes_is(status, "refused")) {
        s->refused++;
        return refusal_put(s, row, parcel->id, json_member(json, "problem"));
    }
    bool is_known = bytes_is(status, "known");
    if (!is_known && !bytes_is(status, "recorded")) return not_ours(s);
    if (!receipt) return problem_set(s->why, ERR_NOT_FINAL, "A record is not final yet.");
    s->known += is_known;
    s->recorded += !is_known;
    return receipt_keep(s, row, parcel, receipt);
}

static enum err line_take(struct shipment *s) {
    struct parcel parcel;
    struct json *json = NULL;
    if (s->at == s->count) return not_ours(s);
    enum err err = json_parse(buf_bytes(&s->line), &json, NULL);
    if (err) return not_ours(s);
    err = progress_parcel(s->sender->progress, s->rows[s->at], &parcel, s->why);
    if (!err) {
        err = result_take(s, s->rows[s->at], &parcel, json);
        parcel_done(&parcel);
    }
    json_done(json);
    s->at++;
    if (s->at > s->furthest) {
        s->furthest = s->at;
        moved(s);
    }
    buf_clear(&s->line);
    return err;
}

static enum err piece_take(void *arg, struct bytes piece) {
    struct shipment *s = arg;
    enum err err = ERR_OK;
    while (!err && piece.len > 0) {
        size_t end = bytes_find(piece, '\n', 0);
        bool is_whole = end < piece.len;
        err = buf_add(&s->line, bytes_slice(piece, 0, end));
        if (!err && is_whole) err = line_take(s);
        piece = bytes_slice(piece, is_whole ? end + 1 : end, piece.len);
    }
    return err;
}

/* A table of refusals is taken back to where it was: results may be asked for again. */
static enum err fetch(struct shipment *s) {
    struct client_reply reply;
    char path[sizeof s->path + 16];
    size_t mark = s->sender->refusals.len;
    s->at = s->recorded = s->known = s->refused = 0;
    buf_clear(&s->line);
    memset(&reply, 0, sizeof reply);
    (void)snprintf(path, sizeof path, "%s/results", s->path);
    enum err err = client_stream(s->sender->client, path, piece_take, s, &reply, s->why);
    if (!err && reply.status != 200) err = reply_refused(s, &reply);
    if (!err && s->at < s->count)
        err = problem_set(s->why, ERR_NO_ORDER, "The node's results ended too early.");
    client_reply_done(&reply);
    if (err) s->sender->refusals.len = mark;
    return err;
}

/* -- all of it -- */

static enum err upload(struct shipment *s, struct bytes body) {
    s->settled = 0;
    enum err err = post(s, body);
    if (!err) moved(s);
    return err;
}

static enum err ship(struct shipment *s, struct bytes body) {
    bool is_there = false;
    for (;;) {
        enum err err = is_there ? ERR_OK : upload(s, body);
        if (!err) is_there = true;
        if (!err) err = await(s);
        if (!err) err = fetch(s);
        if (!err) return ERR_OK;
        /* An upload that the node does not know any more is sent again. */
        if (err == ERR_NOT_FOUND) is_there = false;
        bool may_go_on = err_class(err) == ERR_CLASS_RETRY || err == ERR_NOT_FOUND;
        if (!may_go_on || now_ms() >= s->until_ms) return err;
        sleep_ms(RETRY_MS);
    }
}

/* The first of these rows, as many as one upload may hold. */
static enum err some_send(struct sender *sender, const size_t *rows, size_t count,
                          size_t *ret_count, struct problem *ret_why) {
    struct buf body;
    struct shipment s = {.sender = sender, .rows = rows, .why = ret_why};
    buf_init(&body, LIMIT_UPLOAD);
    buf_init(&s.line, RESULT_MAX);
    moved(&s);
    enum err err = batch_body(sender->progress, rows, count, &body, &s.count, ret_why);
    if (!err) err = ship(&s, buf_bytes(&body));
    if (!err) {
        sender->recorded += s.recorded;
        sender->known += s.known;
        sender->refused += s.refused;
        show(&s, 0);
        *ret_count = s.count;
    }
    buf_done(&body);
    buf_done(&s.line);
    return err;
}

enum err batch_send(struct sender *sender, const size_t *rows, size_t count,
                    struct problem *ret_why) {
    enum err err = ERR_OK;
    for (size_t sent = 0; !err && sent < count;) {
        size_t some = 0;
        err = some_send(sender, rows + sent, count - sent, &some, ret_why);
        sent += some;
    }
    return err;
}
