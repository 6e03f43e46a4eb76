/* What handlers share: snapshots, replies, and pieces of the path and the query. See call.h. */
#include "api/call.h"

#include "ledger/base/text.h"

#include <string.h>

enum err call_snapshot(struct api_call *call, struct store_view **ret) {
    enum err err = store_view_open(call->api->store, ret);
    if (err) return err;
    call->size = store_view_head(*ret).size;
    call->has_size = true;
    return ERR_OK;
}

/* The checkpoint first: its leaves were committed before it was signed, so a snapshot taken after it holds them. */
enum err call_final(struct api_call *call, struct call_final *ret) {
    const struct api_host *host = &call->api->host;
    struct call_final final;
    memset(&final, 0, sizeof final);
    enum err err = host->checkpoint(host->ctx, &final.checkpoint);
    if (err == ERR_NOT_FINAL) {
        return problem_set(&call->why, err,
                           "This ledger has no final checkpoint yet; ask again in a moment.");
    }
    if (err) return err;
    err = store_view_open(call->api->store, &final.view);
    if (!err && store_view_head(final.view).size < final.checkpoint.size) err = ERR_CORRUPT;
    if (err) {
        call_final_done(call, &final);
        return err;
    }
    call->size = final.checkpoint.size;
    call->has_size = true;
    *ret = final;
    return ERR_OK;
}

void call_final_done(struct api_call *call, struct call_final *final) {
    const struct api_host *host = &call->api->host;
    if (final->view) store_view_close(final->view);
    host->checkpoint_release(host->ctx, &final->checkpoint);
    memset(final, 0, sizeof *final);
}

enum err call_json(struct api_call *call, int status, const char *content_type, struct json *json) {
    if (!json) return ERR_NO_MEMORY;
    if (call->has_size && json_put_int(json, "size", (int64_t)call->size)) {
        json_done(json);
        return ERR_NO_MEMORY;
    }
    return http_reply_json(call->reply, status, content_type, json);
}

enum err call_list(struct api_call *call, const char *name, struct json *list) {
    struct json *body = json_new_object();
    if (!body) {
        json_done(list);
        return ERR_NO_MEMORY;
    }
    if (json_put(body, name, list)) {
        json_done(body);
        return ERR_NO_MEMORY;
    }
    return call_json(call, 200, MEDIA_JSON, body);
}

enum err call_text(struct api_call *call, const char *content_type, struct bytes text) {
    buf_clear(&call->reply->body);
    enum err err = buf_add(&call->reply->body, text);
    if (err) return err;
    call->reply->status = 200;
    call->reply->content_type = content_type;
    return ERR_OK;
}

const char *call_source(const struct api_call *call) {
    const char *source = call->request->source;
    return source && *source ? source : "?";
}

bool call_query(const struct api_call *call, const char *name, struct bytes *ret) {
    struct bytes query = call->request->query;
    for (size_t from = 0; from < query.len;) {
        size_t end = bytes_find(query, '&', from);
        struct bytes pair = bytes_slice(query, from, end);
        size_t sign = bytes_find(pair, '=', 0);
        if (bytes_is(bytes_slice(pair, 0, sign), name)) {
            *ret = sign < pair.len ? bytes_slice(pair, sign + 1, pair.len) : bytes_of(NULL, 0);
            return true;
        }
        from = end + 1;
    }
    return false;
}

enum err call_record_id(struct api_call *call, struct bytes text, uint8_t ret[RECORD_ID_LEN]) {
    if (!hex_decode(text, ret, RECORD_ID_LEN)) return ERR_OK;
    return problem_set(&call->why, ERR_NOT_FOUND,
                       "A record id is 64 lower-case hexadecimal digits.");
}
