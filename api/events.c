/* GET /v1/events: what happens in the ledger, as server-sent events (WHATWG HTML section 9.2), to who may see it.
 *
 *   event record      a record is final: its summary, as in lists     id "<index>.1"
 *   event finding     what a rule flagged about it                    id "<index>.2" and so on
 *   event checkpoint  everything below this size was looked through   id "<size>.0"
 *
 * An id says where to go on: Last-Event-ID (which browsers send by themselves) or `from` begins there, so nothing is lost and nothing comes twice. Only leaves under a final
 * checkpoint are told. Without either the stream begins at the newest final checkpoint.
 *
 * A stream ends by itself after LIMIT_EVENTS_S seconds, `Prefer: wait` or `limit` events: a token is good for one request, so who reads comes back with a new one. It ends as
 * well when the participant is suspended, its roles change or the key that signed the token is good no more. Where nothing happens, a comment goes out now and then: that is how a client that is gone is noticed.
 *
 * Threads: one server thread has a stream while it lasts, and sleeps in host.wait_final where there is nothing to tell; places are counted (slots.h). */
#include "api/cursor.h"
#include "api/query.h"
#include "api/shown.h"
#include "api/slots.h"
#include "contracts/finding.h"
#include "ledger/base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MEDIA_EVENTS "text/event-stream"
#define QUIET_MS 10000                      /* between two comments */
#define WAIT_MS 1000                        /* of one sleep */
#define PIECE_FULL (HTTP_PIECE - 32 * 1024) /* a record's events always fit behind it */

static struct slots places = SLOTS_INIT;

struct stream {
    const struct api *api;
    struct reader reader;
    char source[SLOT_SOURCE];
    struct place at;
    uint64_t told_size; /* of the last checkpoint event */
    uint64_t until_ms, spoke_ms;
    uint64_t left; /* events */
    bool has_begun, has_ended;
    bool is_idle; /* everything final was told */
};

/* -- one event -- */

static enum err event_put(struct stream *stream, const char *name, struct place id,
                          const struct json *data, struct buf *out) {
    if (stream->left == 0) return ERR_OK;
    enum err err = buf_format(out, "event: %s\nid: %llu.%lu\ndata: ", name,
                              (unsigned long long)id.index, (unsigned long)id.part);
    if (!err) err = json_format(data, out); /* compact: one line */
    if (!err) err = buf_add_text(out, "\n\n");
    if (err) return err;
    stream->at = id;
    stream->left--;
    return ERR_OK;
}

static enum err findings_put(struct stream *stream, struct store_view *view,
                             const struct record *record, struct buf *out) {
    struct json *findings = NULL;
    uint64_t index = stream->at.index;
    enum err err = finding_list_json(api_state_view(view), record->id, &findings);
    if (err) return err;
    for (size_t i = 0; !err && i < json_count(findings); i++) {
        struct place id = {index, (uint32_t)i + 2};
        if (id.part > stream->at.part)
            err = event_put(stream, "finding", id, json_at(findings, i), out);
    }
    json_done(findings);
    return err;
}

/* The events of one leaf that were not told yet. */
static enum err leaf_put(struct stream *stream, struct store_view *view, struct buf *out) {
    struct record *record = NULL;
    struct json *summary = NULL;
    struct problem why;
    uint64_t time_ms = 0;
    enum err err = stored_record(view, stream->at.index, &record, &time_ms);
    if (!err) err = shown_check(&stream->reader, view, record, &why);
    if (!err && stream->at.part == 0) {
        err = shown_summary(view, record, stream->at.index, time_ms, &summary);
        if (!err)
            err = event_put(stream, "record", (struct place){stream->at.index, 1}, summary, out);
    }
    if (!err) err = findings_put(stream, view, record, out);
    if (!err && stream->left) stream->at = (struct place){stream->at.index + 1, 0};
    json_done(summary);
    record_done(record);
    return err == ERR_SCOPE || err == ERR_NOT_FOUND ? ERR_CORRUPT : err;
}

static enum err checkpoint_members(const struct api_checkpoint *checkpoint, struct json *data) {
    char root[2 * HASH_LEN + 1];
    hex_encode(bytes_of(checkpoint->root, HASH_LEN), root);
    enum err err = json_put_int(data, "size", (int64_t)checkpoint->size);
    if (!err) err = json_put_text(data, "root", root);
    return err ? err : json_put_int(data, "time", (int64_t)checkpoint->time_s);
}

static enum err checkpoint_put(struct stream *stream, const struct api_checkpoint *checkpoint,
                               struct buf *out) {
    struct json *data = json_new_object();
    enum err err = data ? checkpoint_members(checkpoint, data) : ERR_NO_MEMORY;
    if (!err) err = event_put(stream, "checkpoint", (struct place){checkpoint->size, 0}, data, out);
    if (!err) stream->told_size = checkpoint->size;
    json_done(data);
    return err;
}

/* -- a piece of the stream -- */

/* Revoked, or past its time by the node's clock: what a token signed with it would meet. */
static enum err key_still(struct stream *stream, struct view state, bool *ret) {
    const struct api_host *host = &stream->api->host;
    struct registry_key key;
    enum err err = registry_key_get(state, stream->reader.kid, &key);
    if (err) return err == ERR_NOT_FOUND ? ERR_CORRUPT : err;
    int64_t now_s = (int64_t)(host->clock_ms(host->ctx) / 1000);
    *ret = !key.revoked && now_s >= key.from && now_s < key.to;
    return ERR_OK;
}

/* Roles and key as they are now; false where the participant may not read any more. */
static enum err reader_still(struct stream *stream, struct store_view *view, bool *ret) {
    struct registry_participant participant;
    memset(&participant, 0, sizeof participant);
    enum err err =
        registry_participant_get(api_state_view(view), stream->reader.id, false, &participant);
    if (err) return err == ERR_NOT_FOUND ? ERR_CORRUPT : err;
    *ret = participant.status == REGISTRY_ACTIVE && participant.roles == stream->reader.roles;
    registry_participant_done(&participant);
    return *ret ? key_still(stream, api_state_view(view), ret) : ERR_OK;
}

static enum err leaves_put(struct stream *stream, struct call_final *final, struct query *query,
                           struct buf *out) {
    unsigned looks = LIMIT_PAGE_LOOKS;
    uint64_t size = final->checkpoint.size;
    enum err err = ERR_OK;
    while (!err && stream->left && stream->at.index < size && out->len < PIECE_FULL && looks) {
        uint64_t index = stream->at.index;
        bool found = false;
        err = query_next(query, &index, size, &looks, &found);
        if (index != stream->at.index) stream->at = (struct place){index, 0};
        if (!err && found) err = leaf_put(stream, final->view, out);
    }
    stream->is_idle = stream->at.index >= size;
    if (err || stream->at.index != size || stream->told_size == size) return err;
    return checkpoint_put(stream, &final->checkpoint, out);
}

static enum err final_put(struct stream *stream, struct call_final *final, struct buf *out) {
    struct query *query = NULL;
    struct problem why;
    bool may_read = false;
    enum err err = reader_still(stream, final->view, &may_read);
    stream->has_ended = stream->has_ended || !may_read;
    if (err || !may_read) return err;
    err = query_open(final->view, &query);
    if (!err) err = query_scope(query, &stream->reader, &why);
    if (!err) err = leaves_put(stream, final, query, out);
    enum err closed = query_close(query);
    return err ? err : closed;
}

/* What is new, or after a sleep perhaps nothing. A stream that begins says so, for proxies that wait for a first byte. */
static enum err piece_put(struct stream *stream, struct buf *out) {
    const struct api_host *host = &stream->api->host;
    struct api_call call = {.api = stream->api};
    struct call_final final;
    if (!stream->has_begun) {
        stream->has_begun = true;
        return buf_add_text(out, ": qizheng\nretry: 2000\n\n");
    }
    if (stream->is_idle && !host->wait_final(host->ctx, stream->at.index, WAIT_MS)) return ERR_OK;
    enum err err = call_final(&call, &final);
    if (err == ERR_NOT_FINAL) stream->is_idle = true;
    if (err) return err == ERR_NOT_FINAL ? ERR_OK : err;
    err = final_put(stream, &final, out);
    call_final_done(&call, &final);
    return err;
}

static enum err stream_next(void *ctx, struct buf *out, bool *ret_end) {
    struct stream *stream = ctx;
    const struct api_host *host = &stream->api->host;
    enum err err = piece_put(stream, out);
    uint64_t now_ms = host->clock_ms(host->ctx);
    if (out->len == 0 && now_ms - stream->spoke_ms >= QUIET_MS) err = buf_add_text(out, ":\n\n");
    if (out->len) stream->spoke_ms = now_ms;
    *ret_end = stream->has_ended || stream->left == 0 || now_ms >= stream->until_ms;
    return err;
}

static void stream_done(void *ctx) {
    struct stream *stream = ctx;
    slot_give(&places, stream->source);
    free(stream);
}

/* -- the request -- */

static enum err refuse_place(struct api_call *call) {
    return problem_set(
        &call->why, ERR_REQUEST,
        "from and Last-Event-ID say where to go on: the id of the last event that came, or "
        "an index.");
}

/* "<index>" or "<index>.<part>". "<size>.0" is the id of that checkpoint, which was told. */
static enum err place_parse(struct api_call *call, struct bytes text, struct place *ret,
                            uint64_t *ret_told) {
    size_t dot = bytes_find(text, '.', 0);
    uint64_t part = 0;
    if (decimal_parse(bytes_slice(text, 0, dot), &ret->index) || ret->index > LIMIT_JSON_INT)
        return refuse_place(call);
    if (dot < text.len &&
        (decimal_parse(bytes_slice(text, dot + 1, text.len), &part) || part > RULE_HITS + 1))
        return refuse_place(call);
    ret->part = (uint32_t)part;
    *ret_told = dot < text.len && part == 0 ? ret->index : 0;
    return ERR_OK;
}

/* Where both are given, what the client remembers is newer than the address that it was given. */
static enum err place_read(struct api_call *call, struct place *ret, uint64_t *ret_told) {
    const char *last = call->request->header(call->request, "Last-Event-ID");
    struct bytes text;
    struct call_final final;
    if (last && *last) return place_parse(call, bytes_text(last), ret, ret_told);
    if (call_query(call, "from", &text)) return place_parse(call, text, ret, ret_told);
    enum err err = call_final(call, &final);
    if (err) return err;
    *ret = (struct place){final.checkpoint.size, 0};
    call_final_done(call, &final);
    call->has_size = false; /* the stream says it, again and again */
    return ERR_OK;
}

static enum err left_read(struct api_call *call, uint64_t *ret) {
    struct bytes text;
    *ret = UINT64_MAX;
    if (!call_query(call, "limit", &text)) return ERR_OK;
    if (!decimal_parse(text, ret) && *ret > 0) return ERR_OK;
    return problem_set(&call->why, ERR_REQUEST, "limit is a number of events, from 1.");
}

/* RFC 7240 section 4.3, wait: how long the stream may last. */
static uint64_t until_ms(struct api_call *call, uint64_t now_ms) {
    struct field_prefer prefer = field_prefer(call->request->header(call->request, "Prefer"));
    uint64_t life_s = LIMIT_EVENTS_S;
    if (prefer.has_wait && prefer.wait_s < life_s) life_s = prefer.wait_s;
    return now_ms + life_s * 1000;
}

static enum err scope_check(struct api_call *call, const struct reader *reader) {
    struct store_view *view;
    struct query *query = NULL;
    enum err err = store_view_open(call->api->store, &view);
    if (err) return err;
    err = query_open(view, &query);
    if (!err) err = query_scope(query, reader, &call->why);
    enum err closed = query_close(query);
    store_view_close(view);
    return err ? err : closed;
}

static enum err stream_start(struct api_call *call, struct stream *stream) {
    const struct api_host *host = &call->api->host;
    stream->api = call->api;
    stream->spoke_ms = host->clock_ms(host->ctx);
    stream->until_ms = until_ms(call, stream->spoke_ms);
    (void)snprintf(stream->source, sizeof stream->source, "%s", call_source(call));
    if (!slot_take(&places, stream->source, LIMIT_EVENTS_SOURCE, call->api->streams_max))
        return problem_set(
            &call->why, ERR_RATE,
            "This node has %u event streams at a time, and %d of one address: close one, "
            "or ask again later.",
            call->api->streams_max, LIMIT_EVENTS_SOURCE);
    call->reply->status = 200;
    call->reply->content_type = MEDIA_EVENTS;
    call->reply->stream = (struct http_stream){stream_next, stream_done, stream};
    http_reply_header(call->reply, "X-Accel-Buffering", "no");
    return ERR_OK;
}

enum err events_get(struct api_call *call) {
    struct stream *stream = calloc(1, sizeof *stream);
    if (!stream) return ERR_NO_MEMORY;
    enum err err = call_reader(call, &stream->reader);
    if (!err) err = left_read(call, &stream->left);
    if (!err) err = scope_check(call, &stream->reader);
    if (!err) err = place_read(call, &stream->at, &stream->told_size);
    if (!err) err = stream_start(call, stream);
    if (err) free(stream);
    return err;
}
