/* POST /v1/batches and what it leads to: an upload of records, how far it is, and what became of each line.
 *
 * Happy path: the body comes from the network and goes to the spool piece by piece -> synced -> 202 with Location. A worker (node/uploader.h) feeds the lines to
 * the ledger; GET tells how far it is; GET results is made line by line while it is sent, so that nobody holds 10,000 receipts.
 * Whoever reads results holds a thread: so many at a time, and of one address, and the next one is told to come again.
 * A body that is cut, too long or too slow leaves nothing. The id in the path is the only key to progress and results: whoever made the upload has it. */
#include "api/call.h"

#include "api/metrics.h"
#include "api/slots.h"
#include "api/spool.h"
#include "ledger/base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PIECE (64 * 1024)

/* -- POST -- */

static enum err receive(struct api_call *call, struct spool_draft *draft) {
    const struct http_request *request = call->request;
    uint8_t *piece = malloc(PIECE);
    enum err err = piece ? ERR_OK : ERR_NO_MEMORY;
    for (uint64_t left = request->body_len; !err && left > 0;) {
        size_t got = 0;
        err = request->read(request, piece, left < PIECE ? (size_t)left : PIECE, &got, &call->why);
        if (!err) err = spool_add(draft, bytes_of(piece, got), &call->why);
        left -= got;
    }
    free(piece);
    return err;
}

static enum err body_check(struct api_call *call) {
    const char *type = call->request->header(call->request, "Content-Type");
    if (!field_is_media(type, MEDIA_RECORDS))
        return problem_set(&call->why, ERR_MEDIA_TYPE,
                           "Send one compact JWS a line, as " MEDIA_RECORDS ".");
    if (call->request->body_len > 0) return ERR_OK;
    return problem_set(&call->why, ERR_REQUEST,
                       "The upload is empty, or its Content-Length is missing.");
}

/* -- GET progress -- */

static enum err put_state(struct json *body, const struct spool_progress *progress) {
    const char *state = "waiting", *zh = "等待处理";
    if (progress->is_done)
        state = "done", zh = "已完成";
    else if (progress->checked)
        state = "working", zh = "处理中";
    enum err err = json_put_text(body, "state", state);
    return err ? err : json_put_text(body, "state_zh", zh);
}

static enum err put_progress(struct json *body, const char *id,
                             const struct spool_progress *progress) {
    char path[128];
    (void)snprintf(path, sizeof path, "/v1/batches/%s/results", id);
    enum err err = json_put_text(body, "id", id);
    if (!err) err = put_state(body, progress);
    if (!err) err = json_put_int(body, "received", (int64_t)progress->lines);
    if (!err) err = json_put_int(body, "checked", (int64_t)progress->checked);
    if (!err) err = json_put_int(body, "ordered", (int64_t)progress->ordered);
    if (!err) err = json_put_int(body, "final", (int64_t)(progress->recorded + progress->known));
    if (!err) err = json_put_int(body, "refused", (int64_t)progress->refused);
    return err ? err : json_put_text(body, "results_url", path);
}

static enum err reply_progress(struct api_call *call, int status, const char *id) {
    struct spool_progress progress;
    enum err err = spool_progress(call->api->spool, bytes_text(id), &progress);
    if (err)
        return problem_set(&call->why, err,
                           "No upload has this id, or its results are no longer kept.");
    struct json *body = json_new_object();
    err = body ? put_progress(body, id, &progress) : ERR_NO_MEMORY;
    if (err) {
        json_done(body);
        return err;
    }
    call->size = store_current(call->api->store).size;
    call->has_size = true;
    return call_json(call, status, MEDIA_JSON, body);
}

enum err batches_post(struct api_call *call) {
    struct spool_draft *draft = NULL;
    struct spool_id id;
    enum err err = body_check(call);
    if (!err)
        err = spool_begin(call->api->spool, call_source(call), call->request->body_len, &draft,
                          &call->why);
    if (err) return err;
    err = receive(call, draft);
    if (err) {
        spool_drop(draft);
        return err;
    }
    err = spool_keep(draft, &id, &call->why);
    if (!err) err = reply_progress(call, 202, id.text);
    if (err) return err;
    metric_add(METRIC_UPLOADS, 1);
    http_reply_header(call->reply, "Location", "/v1/batches/%s", id.text);
    http_reply_header(call->reply, "Retry-After", "1");
    return ERR_OK;
}

/* The id in the path, where it is of the form that ids have. */
static enum err id_take(struct api_call *call, struct spool_id *ret) {
    uint8_t raw[SPOOL_ID_LEN / 2];
    struct bytes text = call->parts[0];
    if (hex_decode(text, raw, sizeof raw))
        return problem_set(&call->why, ERR_NOT_FOUND,
                           "An upload's id is %d lower-case hexadecimal digits.", SPOOL_ID_LEN);
    memcpy(ret->text, text.data, SPOOL_ID_LEN);
    ret->text[SPOOL_ID_LEN] = 0;
    return ERR_OK;
}

enum err batch_get(struct api_call *call) {
    struct spool_id id;
    enum err err = id_take(call, &id);
    return err ? err : reply_progress(call, 200, id.text);
}

/* -- GET results -- */

static struct slots places = SLOTS_INIT;

struct stream {
    struct api_call call; /* what makes receipts wants one */
    uint64_t request_id;
    struct spool_results *results;
    uint64_t line, lines;
    char source[SLOT_SOURCE]; /* whose place it holds; empty: none */
};

/* What one piece is made from: a checkpoint and a snapshot that are held no longer than that. */
struct piece {
    struct stream *stream;
    struct call_final final;
    bool has_final;
    struct buf *out;
};

static enum err put_status(struct json *json, enum spool_kind kind) {
    static const char *const words[][2] = {{"received", "已接收，尚未处理"},
                                           [SPOOL_RECORDED] = {"recorded", "已存证"},
                                           [SPOOL_KNOWN] = {"known", "此前已存证"},
                                           [SPOOL_REFUSED] = {"refused", "已拒绝"}};
    enum err err = json_put_text(json, "status", words[kind][0]);
    return err ? err : json_put_text(json, "status_zh", words[kind][1]);
}

static enum err put_problem(struct piece *piece, const struct problem *problem, struct json *json) {
    struct json *object = NULL;
    enum err err =
        http_problem_json(problem, err_status(problem->err), piece->stream->request_id, &object);
    return err ? err : json_put(json, "problem", object);
}

static enum err put_outcome(struct piece *piece, const struct spool_outcome *outcome,
                            struct json *json) {
    char id[2 * RECORD_ID_LEN + 1];
    hex_encode(bytes_of(outcome->id, sizeof outcome->id), id);
    enum err err = put_status(json, outcome->kind);
    if (!err && outcome->has_id) err = json_put_text(json, "id", id);
    if (err) return err;
    return outcome->kind == SPOOL_REFUSED ? put_problem(piece, &outcome->problem, json)
                                          : json_put_int(json, "index", (int64_t)outcome->index);
}

static bool has_receipt(const struct piece *piece, const struct spool_outcome *outcome) {
    return outcome->kind != SPOOL_REFUSED && piece->has_final &&
           outcome->index < piece->final.checkpoint.size;
}

/* Lines behind the last outcome are `received`. */
static enum err put_line(struct piece *piece) {
    struct spool_outcome outcome;
    struct stream *stream = piece->stream;
    enum err err = spool_result(stream->results, &outcome);
    if (err && err != ERR_NOT_FOUND) return err;
    bool is_settled = !err;
    struct json *json = json_new_object();
    err = json ? json_put_int(json, "line", (int64_t)++stream->line) : ERR_NO_MEMORY;
    if (!err && is_settled) err = put_outcome(piece, &outcome, json);
    if (!err && !is_settled) err = put_status(json, (enum spool_kind)0);
    if (!err && is_settled && has_receipt(piece, &outcome)) {
        struct receipt_of of;
        err = receipt_of_index(piece->final.view, outcome.index, &of);
        if (!err) err = receipt_join(&stream->call, &piece->final, &of, json, piece->out);
    } else if (!err) {
        err = json_format(json, piece->out);
    }
    if (!err) err = buf_add_byte(piece->out, '\n');
    json_done(json);
    return err;
}

static enum err stream_next(void *ctx, struct buf *out, bool *ret_end) {
    struct stream *stream = ctx;
    struct piece piece = {.stream = stream, .out = out};
    enum err err = call_final(&stream->call, &piece.final);
    piece.has_final = !err;
    if (err == ERR_NOT_FINAL) err = ERR_OK;
    while (!err && stream->line < stream->lines && out->len < HTTP_PIECE) err = put_line(&piece);
    if (piece.has_final) call_final_done(&stream->call, &piece.final);
    *ret_end = stream->line == stream->lines;
    return err;
}

static void stream_done(void *ctx) {
    struct stream *stream = ctx;
    spool_results_close(stream->results);
    if (stream->source[0]) slot_give(&places, stream->source);
    free(stream);
}

static enum err place_take(struct api_call *call, struct stream *stream) {
    (void)snprintf(stream->source, sizeof stream->source, "%s", call_source(call));
    if (slot_take(&places, stream->source, LIMIT_RESULTS_SOURCE, call->api->streams_max))
        return ERR_OK;
    stream->source[0] = 0;
    return problem_set(&call->why, ERR_RATE,
                       "This node sends results to %u at a time, and to %d of one address: read "
                       "one to its end, or ask again later.",
                       call->api->streams_max, LIMIT_RESULTS_SOURCE);
}

static enum err results_open(struct api_call *call, struct bytes id, struct stream *stream) {
    struct spool_progress progress;
    struct spool *spool = call->api->spool;
    enum err err = spool_results_open(spool, id, &stream->results);
    if (!err) err = spool_progress(spool, id, &progress);
    if (!err) stream->lines = progress.lines;
    if (err != ERR_NOT_FOUND) return err;
    return problem_set(&call->why, err,
                       "No upload has this id, or its results are no longer kept.");
}

enum err batch_results_get(struct api_call *call) {
    struct spool_id id;
    enum err err = id_take(call, &id);
    if (err) return err;
    struct stream *stream = calloc(1, sizeof *stream);
    if (!stream) return ERR_NO_MEMORY;
    err = results_open(call, bytes_text(id.text), stream);
    if (!err) err = place_take(call, stream);
    if (err) {
        stream_done(stream);
        return err;
    }
    stream->call.api = call->api;
    stream->call.reply = call->reply;
    stream->request_id = call->request->id;
    call->reply->status = 200;
    call->reply->content_type = MEDIA_LINES;
    call->reply->stream = (struct http_stream){stream_next, stream_done, stream};
    return ERR_OK;
}
