/* GET /openapi.json: the table of routes as an OpenAPI 3.1 document.
 *
 * Happy path: every path once, with its operations: parameters, request bodies, and for every status what is answered and which problems it may have; then
 * schemas.json as it is. The texts of the table are our own and hold no quote, backslash or control character, so they are written without escaping; a test
 * parses the whole and resolves every $ref.
 *
 * What the format cannot say, `info.description` says: HEAD and OPTIONS, 405, and what is no HTTP/1.1 at all. */
#include "api/route.h"
#include "api/schemas.h"

#include <assert.h>
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define LINE 1024

static const char about[] =
    "HEAD is answered wherever GET is, and OPTIONS where pages of other origins may read. Another "
    "method of a known path is 405 with Allow and the problem `method`; an unknown path is 404 "
    "`not_found`. A query parameter that a path does not list is refused. What is no "
    "well-formed HTTP/1.1 request is 400 `request` and the connection is closed. Paths are "
    "compared byte by byte as they were sent.";

/* The first failure stays, and nothing is written behind it. */
struct writer {
    struct buf *out;
    enum err err;
};

static void put(struct writer *w, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void put(struct writer *w, const char *format, ...) {
    char text[LINE];
    va_list args;
    va_start(args, format);
    int len = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    assert(len >= 0 && len < LINE);
    if (!w->err) w->err = buf_add(w->out, bytes_of(text, (size_t)len));
}

static void put_comma(struct writer *w, bool *first) {
    if (!*first) put(w, ",");
    *first = false;
}

static const char *path_of(const struct route *route) {
    return strchr(route->name, '/');
}

/* The first word of the path that says what it is about: "records" of /v1/records/{id}. */
static struct bytes topic_of(const struct route *route) {
    const char *path = path_of(route);
    path += strncmp(path, "/v1/", 4) == 0 ? 4 : 1;
    return bytes_of(path, strcspn(path, "/."));
}

/* "getRecordsIdReceipt" */
static void put_operation_id(struct writer *w, const struct route *route) {
    bool is_start = true;
    for (const char *c = route->method; *c; c++) put(w, "%c", tolower((unsigned char)*c));
    const char *path = path_of(route);
    if (strncmp(path, "/v1/", 4) == 0) path += 3;
    for (; *path; path++) {
        if (isalnum((unsigned char)*path))
            put(w, "%c", is_start ? toupper((unsigned char)*path) : *path);
        is_start = !isalnum((unsigned char)*path);
    }
}

/* -- parameters -- */

static void put_parameter(struct writer *w, const struct route *route, struct bytes name,
                          bool *first) {
    struct bytes topic = topic_of(route);
    put_comma(w, first);
    put(w, "{\"$ref\":\"#/components/parameters/%.*s.%.*s\"}", (int)topic.len, topic.data,
        (int)name.len, name.data);
}

static void put_parameters(struct writer *w, const struct route *route) {
    bool first = true;
    put(w, "\"parameters\":[");
    for (const char *at = strchr(route->name, '{'); at; at = strchr(at, '{')) {
        size_t len = strcspn(++at, "}");
        put_parameter(w, route, bytes_of(at, len), &first);
    }
    for (size_t i = 0; i < ROUTE_PARAMS && route->params[i]; i++)
        put_parameter(w, route, bytes_text(route->params[i]), &first);
    for (size_t i = 0; i < ROUTE_FIELDS && route->fields[i]; i++)
        put_parameter(w, route, bytes_text(route->fields[i]), &first);
    put(w, "]");
}

/* -- bodies -- */

static void put_media(struct writer *w, const char *media, const char *schema, bool *first) {
    put_comma(w, first);
    put(w, "\"%s\":{", media);
    if (schema) put(w, "\"schema\":{\"$ref\":\"#/components/schemas/%s\"}", schema);
    put(w, "}");
}

static void put_request(struct writer *w, const struct route *route) {
    bool first = true;
    if (!route->body_limit) return;
    put(w,
        ",\"requestBody\":{\"required\":true,\"x-max-bytes\":%zu,\"description\":\"At most %zu "
        "bytes.\",\"content\":{",
        route->body_limit, route->body_limit);
    for (size_t i = 0; i < ROUTE_BODIES && route->takes[i].media; i++)
        put_media(w, route->takes[i].media, route->takes[i].schema, &first);
    put(w, "}}");
}

/* -- answers -- */

static const struct route_answer *answer_at(const struct route *route, int status, size_t index) {
    for (size_t i = 0; i < ROUTE_ANSWERS && route->gives[i].status; i++) {
        if (route->gives[i].status == status && index-- == 0) return &route->gives[i];
    }
    return NULL;
}

static void put_meaning(struct writer *w, const struct route *route, int status) {
    const struct route_answer *answer;
    const char *between = "";
    enum err err;
    put(w, "\"description\":\"");
    for (size_t i = 0; (answer = answer_at(route, status, i)); i++, between = "; ")
        put(w, "%s%s", between, answer->meaning);
    for (size_t i = 0; (err = route_problem(route, status, i)); i++, between = "; ")
        put(w, "%s%s (%s)", between, err_title(err), err_code(err));
    put(w, "\"");
}

static void put_headers(struct writer *w, const struct route *route, int status) {
    static const char form[] = ",\"%s\":{\"$ref\":\"#/components/headers/%s\"}";
    bool may_retry = status == 202 || status == 503;
    enum err err;
    for (size_t i = 0; (err = route_problem(route, status, i)); i++)
        may_retry = may_retry || err_class(err) == ERR_CLASS_RETRY;
    put(w, ",\"headers\":{\"X-Request-Id\":{\"$ref\":\"#/components/headers/X-Request-Id\"}");
    if (status < 300) put(w, form, "X-Qizheng-Size", "X-Qizheng-Size");
    if (status == 201 || status == 202) put(w, form, "Location", "Location");
    if (may_retry) put(w, form, "Retry-After", "Retry-After");
    if (status == 401) put(w, form, "WWW-Authenticate", "WWW-Authenticate");
    put(w, "}");
}

static void put_problems(struct writer *w, const struct route *route, int status, bool *first) {
    bool first_code = true;
    enum err err = route_problem(route, status, 0);
    if (!err) return;
    put_comma(w, first);
    put(w, "\"application/problem+json\":{\"schema\":{\"allOf\":[{\"$ref\":\"#/components/schemas/"
           "Problem\"},{\"properties\":{\"code\":{\"enum\":[");
    for (size_t i = 0; (err = route_problem(route, status, i)); i++) {
        put_comma(w, &first_code);
        put(w, "\"%s\"", err_code(err));
    }
    put(w, "]}}}]}}");
}

static void put_response(struct writer *w, const struct route *route, int status, bool *first) {
    const struct route_answer *answer;
    bool first_media = true;
    if (!answer_at(route, status, 0) && !route_problem(route, status, 0)) return;
    put_comma(w, first);
    put(w, "\"%d\":{", status);
    put_meaning(w, route, status);
    put_headers(w, route, status);
    put(w, ",\"content\":{");
    for (size_t i = 0; (answer = answer_at(route, status, i)); i++)
        put_media(w, answer->media, answer->schema, &first_media);
    put_problems(w, route, status, &first_media);
    put(w, "}}");
}

static void put_operation(struct writer *w, const struct route *route) {
    struct bytes topic = topic_of(route);
    bool first = true;
    put(w, "\"");
    for (const char *c = route->method; *c; c++) put(w, "%c", tolower((unsigned char)*c));
    put(w, "\":{\"operationId\":\"");
    put_operation_id(w, route);
    put(w, "\",\"tags\":[\"%.*s\"],\"summary\":\"%s.\",", (int)topic.len, topic.data,
        route->summary);
    put_parameters(w, route);
    if (route->needs_token) put(w, ",\"security\":[{\"token\":[]}]");
    if (route->may_take_token) put(w, ",\"security\":[{},{\"token\":[]}]");
    put_request(w, route);
    put(w, ",\"responses\":{");
    for (int status = 200; status < 600; status++) put_response(w, route, status, &first);
    put(w, "}}");
}

/* -- the document -- */

/* Rows of one path need not stand together; the first one writes them all. */
static void put_path(struct writer *w, size_t at, bool *first) {
    bool first_operation = true;
    for (size_t i = 0; i < at; i++) {
        if (strcmp(path_of(&routes[i]), path_of(&routes[at])) == 0) return;
    }
    put_comma(w, first);
    put(w, "\"%s\":{", path_of(&routes[at]));
    for (size_t i = at; i < route_count; i++) {
        if (strcmp(path_of(&routes[i]), path_of(&routes[at])) != 0) continue;
        put_comma(w, &first_operation);
        put_operation(w, &routes[i]);
    }
    put(w, "}");
}

static void put_document(struct writer *w) {
    bool first = true;
    put(w,
        "{\"openapi\":\"3.1.0\",\"info\":{\"title\":\"qizheng\",\"version\":\"%s\","
        "\"description\":\"%s\",\"license\":{\"name\":\"Apache 2.0\",\"identifier\":"
        "\"Apache-2.0\"}},\"servers\":[{\"url\":\"/\"}],\"paths\":{",
        QIZHENG_VERSION, about);
    for (size_t i = 0; i < route_count; i++) put_path(w, i, &first);
    put(w, "},\"components\":");
    if (!w->err) w->err = buf_add(w->out, bytes_of(schemas_json, schemas_json_len));
    put(w, "}\n");
}

enum err openapi_get(struct api_call *call) {
    struct writer w = {&call->reply->body, call_text(call, MEDIA_JSON, bytes_of(NULL, 0))};
    put_document(&w);
    return w.err;
}
