/* Requests and replies as plain data, so that handlers are plain functions: server.c makes them from civetweb, tests and fuzzers from bytes. */
#ifndef QIZHENG_API_HTTP_H
#define QIZHENG_API_HTTP_H

#include "ledger/base/arena.h"
#include "ledger/base/json.h"

#define HTTP_HEADERS 12

struct http_request {
    const char *method;
    struct bytes path;  /* raw, as sent, up to '?' */
    struct bytes query; /* raw, behind '?'; empty where none */
    const char *(*header)(const struct http_request *request,
                          const char *name); /* NULL where absent */
    struct bytes body;                       /* read by the server up to the route's limit */
    uint64_t body_len;                       /* as announced; of a streamed body, too */
    /* On a route that takes its body piece by piece (api_body_streams), where `body` is empty: the next bytes of it into out. Fewer than len only at its
     * end. ERR_REQUEST where the client ends before that, ERR_TIMEOUT where it is slower than LIMIT_STREAM_RATE, each with a reason. */
    enum err (*read)(const struct http_request *request, uint8_t *out, size_t len, size_t *ret_len,
                     struct problem *ret_why);
    const char *source; /* client address, for logs and caps */
    uint64_t id;        /* of this request, in the log and in X-Request-Id */
    void *peer;         /* server.c's or the test's own */
};

/* A body that is made while it is sent, so that nobody holds the whole of it: each call of `next` appends about HTTP_PIECE bytes at most,
 * LIMIT_HTTP_REPLY in any case, and may sleep for about a second. Where it
 * appends nothing and does not say that it is at its end, it is called again, unless the node is shutting down. An error ends the connection in the middle, which is how HTTP
 * says that a body is not whole. */
#define HTTP_PIECE (64 * 1024)
struct http_stream {
    enum err (*next)(void *ctx, struct buf *out,
                     bool *ret_end); /* NULL: the reply has a plain body */
    void (*done)(void *ctx);         /* called once, also where nothing was sent */
    void *ctx;
};

struct http_reply {
    int status;
    const char *content_type; /* static string */
    struct buf body;
    struct http_stream stream; /* in place of body */
    struct {
        const char *name;
        char value[256];
    } headers[HTTP_HEADERS];
    size_t header_count;
    unsigned route; /* which one answered: index for api_route_name, for metrics and the log */
};

void http_reply_init(struct http_reply *reply, size_t max_body);
void http_reply_done(struct http_reply *reply);
/* Ends a stream, where there is one: the reply has its plain body again. */
void http_reply_end(struct http_reply *reply);
/* Asserts room; value is formatted and must not hold CR or LF (it is cut there). */
void http_reply_header(struct http_reply *reply, const char *name, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* JSON reply; takes json over (NULL gives ERR_NO_MEMORY). */
enum err http_reply_json(struct http_reply *reply, int status, const char *content_type,
                         struct json *json) MUST_CHECK;
/* The members of a problem as below, as an object. */
enum err http_problem_json(const struct problem *problem, int status, uint64_t request_id,
                           struct json **ret) MUST_CHECK;
/* problem+json (RFC 9457) with type, title, title_zh, status, detail, code and, where set, pointer, rule, law. Retry-After where asking again may help. Never fails: without memory the body is a fixed text or empty. */
void http_reply_problem(struct http_reply *reply, const struct problem *problem,
                        uint64_t request_id);
/* The same under another status than the error's own, where a standard names one (C2SP tlog-witness). */
void http_reply_problem_as(struct http_reply *reply, const struct problem *problem, int status,
                           uint64_t request_id);

#endif
