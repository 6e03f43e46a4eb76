/* Routing, and what every answer has in common. See api.h and call.h.
 *
 * Paths are compared byte by byte as they were sent: nothing is decoded, cleaned or normalised, so a path with `%`, `//` or `/./` in it is another path, and
 * there is none of that name (404). {} in a pattern stands for one segment that is not empty; * for the rest of the path, which its handler reads itself. */
#include "api/log.h"
#include "api/route.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

unsigned api_route_count(void) {
    return (unsigned)route_count + 1;
}

const char *api_route_name(unsigned route) {
    assert(route <= route_count);
    return route < route_count ? routes[route].name : "other";
}

static bool pattern_matches(const char *pattern, struct bytes path,
                            struct bytes parts[CALL_PARTS]) {
    size_t at = 0, part = 0;
    for (const char *p = pattern; *p; p++) {
        if (*p == '*') return true;
        if (*p != '{') {
            if (at == path.len || path.data[at++] != (uint8_t)*p) return false;
            continue;
        }
        size_t end = bytes_find(path, '/', at);
        if (end == at) return false;
        assert(part < CALL_PARTS);
        parts[part++] = bytes_slice(path, at, end);
        at = end;
        p++;
    }
    return at == path.len;
}

static bool method_matches(const struct route *route, const char *method) {
    if (strcmp(method, "HEAD") == 0) method = "GET";
    return strcmp(route->method, method) == 0;
}

/* The route of that method on that path; where the path lacks the method, the first of the path's routes; route_count where there is none. */
static size_t route_find(const char *method, struct bytes path, struct bytes parts[CALL_PARTS]) {
    size_t first = route_count;
    for (size_t i = 0; i < route_count; i++) {
        struct bytes own[CALL_PARTS];
        memset(own, 0, sizeof own);
        if (!pattern_matches(routes[i].pattern, path, own)) continue;
        bool is_it = method_matches(&routes[i], method);
        if (is_it || first == route_count) {
            first = i;
            memcpy(parts, own, sizeof own);
        }
        if (is_it) break;
    }
    return first;
}

/* NULL where no route takes that method on that path. */
static const struct route *route_of(const char *method, struct bytes path) {
    struct bytes parts[CALL_PARTS];
    size_t i = route_find(method, path, parts);
    return i < route_count && method_matches(&routes[i], method) ? &routes[i] : NULL;
}

size_t api_body_limit(const char *method, struct bytes path) {
    const struct route *route = route_of(method, path);
    return route ? route->body_limit : 0;
}

bool api_body_streams(const char *method, struct bytes path) {
    const struct route *route = route_of(method, path);
    return route && route->is_streamed;
}

static bool is_param(const struct route *route, struct bytes name) {
    for (size_t i = 0; i < ROUTE_PARAMS && route->params[i]; i++) {
        if (bytes_is(name, route->params[i])) return true;
    }
    return false;
}

static bool is_repeated(struct bytes query, size_t from, struct bytes name) {
    while (from < query.len) {
        size_t end = bytes_find(query, '&', from);
        struct bytes pair = bytes_slice(query, from, end);
        if (bytes_equal(bytes_slice(pair, 0, bytes_find(pair, '=', 0)), name)) return true;
        from = end + 1;
    }
    return false;
}

static enum err query_check(struct api_call *call, const struct route *route) {
    struct bytes query = call->request->query;
    for (size_t from = 0; from < query.len;) {
        size_t end = bytes_find(query, '&', from);
        struct bytes pair = bytes_slice(query, from, end);
        struct bytes name = bytes_slice(pair, 0, bytes_find(pair, '=', 0));
        from = end + 1;
        if (!is_param(route, name)) {
            return problem_set(&call->why, ERR_REQUEST,
                               "The query has a parameter that this path does not take.");
        }
        if (is_repeated(query, from, name)) {
            return problem_set(&call->why, ERR_REQUEST, "A query parameter stands twice.");
        }
    }
    return ERR_OK;
}

/* RFC 9110 section 10.2.1: every method that the path has. */
static const char *allow_of(struct api_call *call) {
    size_t len = 0;
    bool is_open = false;
    call->allow_text[0] = 0;
    for (size_t i = 0; i < route_count; i++) {
        struct bytes parts[CALL_PARTS];
        if (!pattern_matches(routes[i].pattern, call->request->path, parts)) continue;
        bool gets = strcmp(routes[i].method, "GET") == 0;
        is_open = is_open || routes[i].is_open;
        len += (size_t)snprintf(call->allow_text + len, sizeof call->allow_text - len, "%s%s%s",
                                len ? ", " : "", routes[i].method, gets ? ", HEAD" : "");
        assert(len < sizeof call->allow_text);
    }
    (void)snprintf(call->allow_text + len, sizeof call->allow_text - len, "%s",
                   is_open ? ", OPTIONS" : "");
    return call->allow_text;
}

/* WHATWG Fetch, CORS preflight: which methods and header fields another origin's page may use. */
static enum err reply_preflight(struct api_call *call) {
    call->reply->status = 204;
    http_reply_header(call->reply, "Allow", "%s", allow_of(call));
    http_reply_header(call->reply, "Access-Control-Allow-Methods", "GET, HEAD");
    http_reply_header(call->reply, "Access-Control-Allow-Headers", "Accept");
    http_reply_header(call->reply, "Access-Control-Max-Age", "86400");
    return ERR_OK;
}

static enum err dispatch(struct api_call *call, const struct route *route) {
    const char *method = call->request->method;
    if (!route) {
        return problem_set(&call->why, ERR_NOT_FOUND,
                           "There is nothing at this path; docs/API.md lists the paths.");
    }
    if (route->is_open && strcmp(method, "OPTIONS") == 0) return reply_preflight(call);
    if (!method_matches(route, method)) {
        call->allow = allow_of(call);
        return problem_set(&call->why, ERR_METHOD, "This path takes %s.", call->allow);
    }
    enum err err = query_check(call, route);
    return err ? err : route->handle(call);
}

/* What went wrong inside is for the operator: file names and the store's own words go to the log, not to the world. */
static void problem_hide(struct api_call *call, enum err err) {
    char id[LOG_NUMBER_LEN];
    log_event(LOG_ERROR, "request_failed", "id", log_number(call->request->id, id), "code",
              err_code(err), "detail", call->why.err == err ? call->why.detail : "", NULL);
    (void)problem_set(&call->why, err,
                      "The node met a fault; its operator finds it in the log under request %s.",
                      id);
}

/* RFC 9110 section 11.6.1: "A server generating a 401 (Unauthorized) response MUST send a WWW-Authenticate header field". RFC 6750 section 3.1: no error code where the
 * request "lacks any authentication information". */
static void challenge(struct http_reply *reply, enum err err) {
    http_reply_header(reply, "WWW-Authenticate", "Bearer%s",
                      err == ERR_TOKEN_MISSING ? "" : " error=\"invalid_token\"");
}

static void reply_error(struct api_call *call, enum err err) {
    if (call->why.err != err) (void)problem_set(&call->why, err, "%s.", err_title(err));
    if (err_status(err) == 500) problem_hide(call, err);
    http_reply_end(call->reply);
    buf_clear(&call->reply->body);
    call->reply->header_count = 0;
    if (call->retry_after_s)
        http_reply_header(call->reply, "Retry-After", "%u", call->retry_after_s);
    http_reply_problem(call->reply, &call->why, call->request->id);
    if (call->allow) http_reply_header(call->reply, "Allow", "%s", call->allow);
    if (call->reply->status == 401) challenge(call->reply, err);
}

static bool has_header(const struct http_reply *reply, const char *name) {
    for (size_t i = 0; i < reply->header_count; i++) {
        if (strcmp(reply->headers[i].name, name) == 0) return true;
    }
    return false;
}

static void headers_common(struct api_call *call, const struct route *route) {
    struct http_reply *reply = call->reply;
    http_reply_header(reply, "X-Request-Id", "%llu", (unsigned long long)call->request->id);
    http_reply_header(reply, "X-Content-Type-Options", "nosniff");
    if (!has_header(reply, "Cache-Control")) http_reply_header(reply, "Cache-Control", "no-store");
    if (call->has_size) {
        http_reply_header(reply, "X-Qizheng-Size", "%llu", (unsigned long long)call->size);
    }
    if (!route || !route->is_open) return;
    http_reply_header(reply, "Access-Control-Allow-Origin", "*");
    http_reply_header(reply, "Access-Control-Expose-Headers",
                      "Retry-After, X-Qizheng-Size, X-Request-Id");
}

void api_handle(const struct api *api, const struct http_request *request,
                struct http_reply *reply) {
    struct api_call call;
    memset(&call, 0, sizeof call);
    call.api = api;
    call.request = request;
    call.reply = reply;
    size_t i = request->path.len <= LIMIT_HTTP_PATH
                   ? route_find(request->method, request->path, call.parts)
                   : route_count;
    const struct route *route = i < route_count ? &routes[i] : NULL;
    reply->route = (unsigned)i;
    enum err err = dispatch(&call, route);
    if (err) reply_error(&call, err);
    headers_common(&call, route);
    assert(reply->status >= 100 && reply->status <= 599);
}
