/* POST /v1/records: one record into the ledger, and its receipt back.
 *
 * Happy path: media type -> intake (record_parse, machine_check against a snapshot for a quick and friendly refusal, host.submit) -> host.wait -> 201
 * with the receipt. The wait running out, or `Prefer: respond-async`: 202, which means "received, not stored"; sending again is always safe.
 * Known already: whoever sends the same signing input holds the record, so the answer is 200 with the stored one, whose signature may be another. */
#include "api/call.h"

#include "api/intake.h"
#include "ledger/base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LOCATION_LEN 96

struct submission_call {
    struct api_call *call;
    struct field_prefer prefer;
    uint64_t wait_ms;
    char location[LOCATION_LEN];
    char id_hex[2 * RECORD_ID_LEN + 1];
    struct intake intake;
};

/* The compact JWS, or `<jws>~`; what stands behind the tilde is record_parse's to refuse. */
static enum err media_check(struct api_call *call) {
    const char *type = call->request->header(call->request, "Content-Type");
    struct bytes body = call->request->body;
    if (field_is_media(type, "application/jose")) return ERR_OK;
    if (!field_is_media(type, "application/sd-jwt")) {
        return problem_set(&call->why, ERR_MEDIA_TYPE,
                           "Send the compact JWS as application/jose, or `<jws>~` as "
                           "application/sd-jwt.");
    }
    if (bytes_find(body, '~', 0) < body.len) return ERR_OK;
    return problem_set(&call->why, ERR_JWS, "application/sd-jwt ends in a tilde: `<jws>~`.");
}

static void wait_choose(struct submission_call *s) {
    const struct api *api = s->call->api;
    s->prefer = field_prefer(s->call->request->header(s->call->request, "Prefer"));
    s->wait_ms = s->prefer.is_async ? 0 : api->wait_default_ms;
    if (!s->prefer.has_wait) return;
    uint64_t max_s = api->wait_max_ms / 1000;
    if (s->prefer.wait_s > max_s) s->prefer.wait_s = max_s;
    s->wait_ms = s->prefer.wait_s * 1000;
}

/* RFC 7240 section 3: "The Preference-Applied response header MAY be included within a response message as an indication as to which Prefer tokens were
 * honored by the server". */
static void reply_headers(struct submission_call *s) {
    struct http_reply *reply = s->call->reply;
    http_reply_header(reply, "Location", "%s", s->location);
    if (s->prefer.has_wait) {
        http_reply_header(reply, "Preference-Applied", "%swait=%llu",
                          s->prefer.is_async ? "respond-async, " : "",
                          (unsigned long long)s->prefer.wait_s);
    } else if (s->prefer.is_async) {
        http_reply_header(reply, "Preference-Applied", "respond-async");
    }
}

static enum err reply_received(struct submission_call *s) {
    struct json *body = json_new_object();
    if (!body) return ERR_NO_MEMORY;
    enum err err = json_put_text(body, "id", s->id_hex);
    if (!err) err = json_put_text(body, "status", "received");
    if (!err) err = json_put_text(body, "status_zh", "已接收，尚未存证");
    if (!err) err = json_put_text(body, "receipt_url", s->location);
    if (err) {
        json_done(body);
        return err;
    }
    err = call_json(s->call, 202, MEDIA_JSON, body);
    if (err) return err;
    reply_headers(s);
    http_reply_header(s->call->reply, "Retry-After", "1");
    return ERR_OK;
}

static enum err put_hits(struct json *body, const struct rule_hits *hits) {
    struct json *json = NULL;
    enum err err = rule_hits_json(hits, &json);
    return err ? err : json_put(body, "findings", json);
}

/* What stands around a receipt. hits NULL: the record was known and nothing was judged now. */
static enum err summary(struct submission_call *s, const struct receipt_of *of,
                        const struct rule_hits *hits, struct json *body) {
    enum err err = json_put_text(body, "id", s->id_hex);
    if (!err) err = json_put_int(body, "index", (int64_t)of->index);
    if (!err) err = json_put_int(body, "time", (int64_t)of->time_ms);
    if (!err) err = json_put_int(body, "size", (int64_t)s->call->size);
    if (!err && hits) err = put_hits(body, hits);
    return err;
}

static enum err reply_of(struct submission_call *s, struct call_final *final, int status,
                         const struct receipt_of *of, const struct rule_hits *hits) {
    struct api_call *call = s->call;
    struct json *body = json_new_object();
    enum err err = body ? summary(s, of, hits, body) : ERR_NO_MEMORY;
    if (!err) err = call_text(call, MEDIA_JSON, bytes_of(NULL, 0));
    if (!err) err = receipt_join(call, final, of, body, &call->reply->body);
    json_done(body);
    if (err) return err;
    call->reply->status = status;
    reply_headers(s);
    return ERR_OK;
}

/* The leaf that is there already. */
static enum err reply_stored(struct submission_call *s, uint64_t index) {
    struct call_final final;
    struct receipt_of of;
    enum err err = call_final(s->call, &final);
    if (err) return err;
    err = receipt_of_index(final.view, index, &of);
    if (!err) err = reply_of(s, &final, 200, &of, NULL);
    call_final_done(s->call, &final);
    return err;
}

/* The leaf that this record has just become. */
static enum err reply_new(struct submission_call *s, const struct submission_result *result) {
    struct call_final final;
    struct receipt_of of =
        receipt_of_record(result->record, result->outcome->index, result->time_ms);
    enum err err = call_final(s->call, &final);
    if (err) return err;
    err = reply_of(s, &final, 201, &of, &result->outcome->hits);
    call_final_done(s->call, &final);
    return err;
}

static enum err reply_known(struct submission_call *s, uint64_t index) {
    const struct api_host *host = &s->call->api->host;
    if (!host->wait_final(host->ctx, index, s->wait_ms)) return reply_received(s);
    return reply_stored(s, index);
}

static enum err reply_outcome(struct submission_call *s, const struct submission_result *result) {
    switch (result->state) {
    case SUBMISSION_RECEIVED: return reply_received(s);
    case SUBMISSION_REFUSED: s->call->why = result->outcome->problem; return s->call->why.err;
    case SUBMISSION_FINAL: break;
    }
    if (result->outcome->kind == OUTCOME_KNOWN) {
        return reply_stored(s, result->outcome->index);
    }
    return reply_new(s, result);
}

static enum err await(struct submission_call *s) {
    const struct api_host *host = &s->call->api->host;
    struct submission_result result;
    memset(&result, 0, sizeof result);
    result.state = SUBMISSION_RECEIVED;
    if (s->wait_ms) host->wait(host->ctx, s->intake.submission, s->wait_ms, &result);
    enum err err = reply_outcome(s, &result);
    host->release(host->ctx, s->intake.submission);
    return err;
}

static enum err take(struct submission_call *s) {
    struct api_call *call = s->call;
    enum err err = intake(call->api, call->request->body, &s->intake, &call->why);
    call->has_size = s->intake.has_size;
    call->size = s->intake.size;
    if (err) return err;
    hex_encode(bytes_of(s->intake.id, RECORD_ID_LEN), s->id_hex);
    (void)snprintf(s->location, sizeof s->location, "/v1/records/%s/receipt", s->id_hex);
    return s->intake.is_known ? reply_known(s, s->intake.index) : await(s);
}

enum err records_post(struct api_call *call) {
    enum err err = media_check(call);
    if (err) return err;
    struct submission_call *s = calloc(1, sizeof *s);
    if (!s) return ERR_NO_MEMORY;
    s->call = call;
    wait_choose(s);
    err = take(s);
    free(s);
    return err;
}
