/* See http.h. Problem details follow RFC 9457; the members are FORMATS.md section 6's. */
#include "api/http.h"

#include "ledger/base/text.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define PROBLEM_MEDIA_TYPE "application/problem+json"
/* RFC 9457 section 4.2.1: about:blank "indicates that the problem has no additional semantics beyond that of the HTTP status code". */
#define PROBLEM_FIXED "{\"type\":\"about:blank\"}"

void http_reply_init(struct http_reply *reply, size_t max_body) {
    memset(reply, 0, sizeof *reply);
    buf_init(&reply->body, max_body);
}

void http_reply_done(struct http_reply *reply) {
    http_reply_end(reply);
    buf_done(&reply->body);
}

void http_reply_end(struct http_reply *reply) {
    if (reply->stream.done) reply->stream.done(reply->stream.ctx);
    memset(&reply->stream, 0, sizeof reply->stream);
}

void http_reply_header(struct http_reply *reply, const char *name, const char *format, ...) {
    assert(reply->header_count < HTTP_HEADERS);
    reply->headers[reply->header_count].name = name;
    char *value = reply->headers[reply->header_count].value;
    size_t room = sizeof reply->headers[0].value;
    va_list args;
    va_start(args, format);
    (void)vsnprintf(value, room, format, args);
    va_end(args);
    value[strcspn(value, "\r\n")] = 0;
    reply->header_count++;
}

enum err http_reply_json(struct http_reply *reply, int status, const char *content_type,
                         struct json *json) {
    if (!json) return ERR_NO_MEMORY;
    buf_clear(&reply->body);
    enum err err = json_format(json, &reply->body);
    json_done(json);
    if (err) return err;
    reply->status = status;
    reply->content_type = content_type;
    return ERR_OK;
}

/* A problem's strings are cut to fit, maybe inside a character: what is left of it goes, and a text that is no UTF-8 at all is left out. */
static enum err put_where_set(struct json *object, const char *name, const char *text) {
    struct bytes whole = bytes_text(text);
    for (size_t cut = 0; cut < 4 && cut < whole.len; cut++) {
        struct bytes part = bytes_slice(whole, 0, whole.len - cut);
        if (utf8_valid(part)) return json_put(object, name, json_new_text_bytes(part));
    }
    return ERR_OK;
}

static enum err problem_members(const struct problem *problem, int status, uint64_t request_id,
                                struct json *object) {
    char type[64], instance[64];
    (void)snprintf(type, sizeof type, "urn:qizheng:problem:%s", err_code(problem->err));
    (void)snprintf(instance, sizeof instance, "urn:qizheng:request:%llu",
                   (unsigned long long)request_id);
    enum err err = json_put_text(object, "type", type);
    if (!err) err = json_put_text(object, "title", err_title(problem->err));
    if (!err) err = json_put_text(object, "title_zh", err_title_zh(problem->err));
    if (!err) err = json_put_int(object, "status", status);
    if (!err) err = json_put_text(object, "code", err_code(problem->err));
    if (!err) err = json_put_text(object, "instance", instance);
    if (!err) err = put_where_set(object, "detail", problem->detail);
    if (!err) err = put_where_set(object, "pointer", problem->pointer);
    if (!err) err = put_where_set(object, "rule", problem->rule);
    if (!err) err = put_where_set(object, "law", problem->law);
    return err;
}

enum err http_problem_json(const struct problem *problem, int status, uint64_t request_id,
                           struct json **ret) {
    struct json *object = json_new_object();
    if (!object) return ERR_NO_MEMORY;
    enum err err = problem_members(problem, status, request_id, object);
    if (err) {
        json_done(object);
        return err;
    }
    *ret = object;
    return ERR_OK;
}

/* RFC 9110 section 10.2.3: seconds after which asking again may help; where the handler knows better, its own stand there. */
static void retry_after(struct http_reply *reply, enum err code, int status) {
    if (err_class(code) != ERR_CLASS_RETRY) return;
    for (size_t i = 0; i < reply->header_count; i++)
        if (strcmp(reply->headers[i].name, "Retry-After") == 0) return;
    if (status == 503) http_reply_header(reply, "Retry-After", "5");
    if (status == 404 || status == 429) {
        http_reply_header(reply, "Retry-After", "1");
    }
}

void http_reply_problem_as(struct http_reply *reply, const struct problem *problem, int status,
                           uint64_t request_id) {
    assert(problem->err != ERR_OK);
    struct json *object = NULL;
    enum err err = http_problem_json(problem, status, request_id, &object);
    if (!err) err = http_reply_json(reply, 0, PROBLEM_MEDIA_TYPE, object);
    reply->status = status;
    reply->content_type = PROBLEM_MEDIA_TYPE;
    retry_after(reply, problem->err, status);
    if (!err) return;
    buf_clear(&reply->body);
    if (buf_add_text(&reply->body, PROBLEM_FIXED)) buf_clear(&reply->body);
}

void http_reply_problem(struct http_reply *reply, const struct problem *problem,
                        uint64_t request_id) {
    http_reply_problem_as(reply, problem, err_status(problem->err), request_id);
}
