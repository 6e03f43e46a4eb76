/* GET /healthz, /readyz, /metrics, /v1/status: is the process alive, may it be sent work, how is it doing, and which limits apply. */
#include "api/call.h"

#include "api/metrics.h"

/* X(limit that an outsider can meet) */
#define LIMIT_TABLE(X)                                                                             \
    X("record_bytes", LIMIT_RECORD)                                                                \
    X("record_presented_bytes", LIMIT_RECORD_PRESENTED)                                            \
    X("json_depth", LIMIT_JSON_DEPTH)                                                              \
    X("disclosures", LIMIT_DISCLOSURES)                                                            \
    X("disclosure_bytes", LIMIT_DISCLOSURE)                                                        \
    X("documents_per_record", LIMIT_DOCS)                                                          \
    X("tags_per_record", LIMIT_TAGS)                                                               \
    X("tags_per_request", LIMIT_TAGS_ASKED)                                                        \
    X("keys_per_participant", LIMIT_KEYS)                                                          \
    X("id_bytes", LIMIT_ID)                                                                        \
    X("name_bytes", LIMIT_NAME)                                                                    \
    X("jti_bytes_min", LIMIT_JTI_MIN)                                                              \
    X("salt_bytes_min", LIMIT_SALT_MIN)                                                            \
    X("batch_bytes", LIMIT_BATCH)                                                                  \
    X("nodes", LIMIT_NODES)                                                                        \
    X("note_bytes", LIMIT_NOTE)                                                                    \
    X("witness_body_bytes", LIMIT_WITNESS_BODY)                                                    \
    X("note_lines", LIMIT_NOTE_LINES)                                                              \
    X("policy_bytes", LIMIT_POLICY)                                                                \
    X("receipt_bytes", LIMIT_RECEIPT)                                                              \
    X("issuer_chain_links", LIMIT_CHAIN)                                                           \
    X("http_body_bytes", LIMIT_HTTP_BODY)                                                          \
    X("http_verification_bytes", LIMIT_HTTP_VERIFICATION)                                          \
    X("http_path_bytes", LIMIT_HTTP_PATH)                                                          \
    X("upload_bytes", LIMIT_UPLOAD)                                                                \
    X("upload_records", LIMIT_UPLOAD_RECORDS)                                                      \
    X("uploads", LIMIT_UPLOADS)                                                                    \
    X("uploads_waiting", LIMIT_UPLOADS_WAITING)                                                    \
    X("uploads_bytes", LIMIT_UPLOADS_BYTES)                                                        \
    X("upload_days", LIMIT_UPLOAD_DAYS)                                                            \
    X("stream_bytes_per_second_min", LIMIT_STREAM_RATE)                                            \
    X("page", LIMIT_PAGE)                                                                          \
    X("statistics_months", LIMIT_STATISTICS_MONTHS)                                                \
    X("events_seconds", LIMIT_EVENTS_S)                                                            \
    X("events_per_address", LIMIT_EVENTS_SOURCE)

enum err healthz_get(struct api_call *call) {
    struct json *body = json_new_object();
    if (body && json_put_text(body, "status", "ok")) {
        json_done(body);
        return ERR_NO_MEMORY;
    }
    return call_json(call, 200, MEDIA_JSON, body);
}

static enum err ready_members(enum err code, const struct problem *why, struct json *body) {
    enum err err = json_put_bool(body, "ready", code == ERR_OK);
    if (!err && code) err = json_put_text(body, "code", err_code(code));
    if (!err && code) err = json_put_text(body, "title", err_title(code));
    if (!err && code) err = json_put_text(body, "title_zh", err_title_zh(code));
    if (!err && code && why->detail[0]) err = json_put_text(body, "detail", why->detail);
    return err;
}

enum err readyz_get(struct api_call *call) {
    const struct api_host *host = &call->api->host;
    struct problem why = {ERR_OK, "", "", "", ""};
    enum err code = host->ready(host->ctx, &why);
    struct json *body = json_new_object();
    if (body && ready_members(code, &why, body)) {
        json_done(body);
        return ERR_NO_MEMORY;
    }
    enum err err = call_json(call, code ? 503 : 200, MEDIA_JSON, body);
    if (!err && code) http_reply_header(call->reply, "Retry-After", "5");
    return err;
}

enum err metrics_get(struct api_call *call) {
    enum err err = call_text(call, MEDIA_METRICS, bytes_of(NULL, 0));
    return err ? err : metrics_format(api_route_name, api_route_count(), &call->reply->body);
}

static enum err put_limits(const struct api *api, struct json *status) {
    struct json *limits = json_new_object();
    if (!limits) return ERR_NO_MEMORY;
    enum err err = json_put_int(limits, "wait_default_ms", api->wait_default_ms);
    if (!err) err = json_put_int(limits, "wait_max_ms", api->wait_max_ms);
    if (!err) err = json_put_int(limits, "events_streams", api->streams_max);
#define LIMIT_PUT(name, value)                                                                     \
    if (!err) err = json_put_int(limits, name, value);
    LIMIT_TABLE(LIMIT_PUT)
#undef LIMIT_PUT
    if (err) {
        json_done(limits);
        return err;
    }
    return json_put(status, "limits", limits);
}

enum err status_get(struct api_call *call) {
    const struct api_host *host = &call->api->host;
    struct json *status = NULL;
    enum err err = host->status(host->ctx, &status);
    if (err) return err;
    call->size = store_current(call->api->store).size;
    call->has_size = true;
    err = json_put_text(status, "version", QIZHENG_VERSION);
    if (!err) err = put_limits(call->api, status);
    if (err) {
        json_done(status);
        return err;
    }
    return call_json(call, 200, MEDIA_JSON, status);
}
