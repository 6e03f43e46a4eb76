/* The HTTP server over civetweb 1.15. See server.h.
 *
 * Happy path, on one of civetweb's threads: begin_request -> framing checked -> body read up to the route's limit -> api_handle -> reply written -> one log line.
 * civetweb never goes further than begin_request: it has no document root, no other handler, and its own error pages are replaced.
 *
 * What civetweb leaves to us, and what each costs if forgotten (docs/OPERATING.md):
 *   - it reads Content-Length leniently, takes the first of several, and prefers neither it nor Transfer-Encoding reliably: request smuggling
 *   - it drops, unseen, every header line behind one that begins with a space, a colon or a byte above 126, and every one from the 65th on: the same
 *   - it keeps reading a body as long as one byte arrives in each timeout: an own deadline that ends the read (overdue.h)
 *   - it keeps writing as long as one byte is taken in each timeout: the same
 *   - the same for large bodies either way: a streamed one must keep LIMIT_STREAM_RATE, and is never in memory as a whole
 *   - it takes an empty line before a request for a whole header, reads the request behind it all the same, and then its head once more as its body: smuggling again
 *   - a connection that asks without end keeps its thread: where all are taken, one that had its time is closed behind its answer
 *   - before the next request of a connection it reads what is left of a body, however long: where that may be much, the connection is closed
 *
 * Threads: on_request runs on any worker thread; everything in struct server is constant after start but the atomics and what overdue.h keeps. */
#include "api/server.h"

#include "api/log.h"
#include "api/metrics.h"
#include "api/overdue.h"
#include "ledger/base/text.h"

#include <arpa/inet.h>
#include <assert.h>
#include <civetweb.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#define HEAD_MAX 8192
#define JOIN_MAX 16384 /* bodies up to here leave in one write with their head */
#define READ_LEN 16384 /* of a streamed body at a time */
#define KEEP_ALIVE_MS 5000
#define TEXT_NUMBER 16
#define SOURCE_LEN 48 /* civetweb's remote_addr */
#define LINGER_LEN (1024 * 1024)
#define LINGER_READ_LEN 4096
#define LINGER_MS 1000

struct server {
    struct mg_context *mg;
    const struct api *api;
    char *trusted; /* owned; NULL: none */
    unsigned port;
    uint64_t timeout_ms;   /* a request's, from its head to its last body byte */
    uint64_t read_wait_ms; /* civetweb's, for one read */
    _Atomic uint64_t next_id;
    _Atomic unsigned in_flight;
    _Atomic unsigned connections; /* that have a thread */
    unsigned threads;
    struct overdue *overdue;
    atomic_bool is_draining;
};

/* One request and its reply. On the heap: civetweb's threads have small stacks. */
struct exchange {
    struct server *server;
    struct mg_connection *conn;
    const struct mg_request_info *info;
    struct http_request request;
    struct http_reply reply;
    struct buf body;
    uint64_t body_got; /* how much of request.body_len was read */
    uint64_t start_us;
    bool must_close;
    char source[SOURCE_LEN];
};

static uint64_t now_us(void) {
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

/* -- framing: RFC 9112 -- */

/* civetweb parses in place and puts NULs where a line ended, so what it saw can be compared with what was sent: every header line begins two bytes behind the
 * end of the one before, and behind the last one stands the empty line, whose LF civetweb has overwritten too (and its CR, where there is no header line). This
 * also refuses lines that end in a bare LF. RFC 9112 section 2.2: "Although the line terminator for the start-line and fields is the sequence CRLF, a recipient
 * MAY recognize a single LF as a line terminator". We do not, but for two cases that cannot be told from outside: behind `GET / HTTP/1.0` and two bare LFs there
 * is no byte of this request left to look at; nothing is framed by such a request, and its connection closes. And the two bytes behind the version may be any white space
 * (CR CR, LF CR), since civetweb has put NULs over both: no proxy that is one may pass these on (RFC 9112 section 2.2, bare CR). */
static bool lines_are_whole(const struct mg_request_info *info) {
    const char *end = info->http_version + strlen(info->http_version);
    for (int i = 0; i < info->num_headers; i++) {
        if (info->http_headers[i].name != end + 2) return false;
        end = info->http_headers[i].value + strlen(info->http_headers[i].value);
    }
    return end[1] == 0 && end[2] == (info->num_headers ? '\r' : 0) && end[3] == 0;
}

/* RFC 9112 section 3: "recipients MAY instead parse on whitespace-delimited word boundaries [...] However, lenient parsing can result in request smuggling security
 * vulnerabilities if there are multiple recipients of the message". civetweb does; we want `method SP request-target SP HTTP-version`, whose parts it leaves where they stood. */
static bool start_line_is_whole(const struct mg_request_info *info) {
    const char *target = info->request_uri;
    const char *end = info->query_string ? info->query_string : target;
    return target && target == info->request_method + strlen(info->request_method) + 1 &&
           info->http_version == end + strlen(end) + 1 + strlen("HTTP/");
}

/* RFC 9112 section 5.1: "A server MUST reject, with a response status code of 400 (Bad Request), any received request message that contains whitespace between a
 * header field name and colon." */
static bool has_space_before_colon(const struct mg_header *header) {
    const char *behind = header->name + strlen(header->name) + 1;
    return behind < header->value && *behind == 0;
}

/* RFC 9110 section 5.1: "field-name = token". A name with other bytes in it is one that somebody before us may take for Transfer-Encoding. */
static bool is_token(const char *name) {
    for (; *name; name++)
        if (*name <= ' ' || *name > '~' || strchr("\"(),/:;<=>?@[\\]{}", *name)) return false;
    return true;
}

/* The last value of that name, without the white space behind it, and how often the name stands. */
static struct bytes header_once(const struct mg_request_info *info, const char *name,
                                unsigned *ret_count) {
    struct bytes value = bytes_of("", 0);
    *ret_count = 0;
    for (int i = 0; i < info->num_headers; i++) {
        if (strcasecmp(info->http_headers[i].name, name) != 0) continue;
        value = bytes_text(info->http_headers[i].value);
        ++*ret_count;
    }
    while (value.len && strchr(" \t", value.data[value.len - 1])) value.len--;
    return value;
}

/* RFC 9112 section 2.2: "In the interest of robustness, a server that is expecting to receive and parse a request-line SHOULD ignore at least one empty line (CRLF)
 * received prior to the request-line." One is all: civetweb takes two, or what else is blank, for the end of a header, and then counts what it has read from there. Each of
 * its threads has one buffer for good, at whose first byte a request begins; before a thread has served any, nothing is known, and body_step is what stands in the way. */
static bool head_is_first(const struct mg_request_info *info) {
    static _Thread_local uintptr_t first;
    uintptr_t at = (uintptr_t)info->request_method;
    if (first == 0 || at < first) first = at;
    return at == first || (at == first + 2 && memcmp(info->request_method - 2, "\r\n", 2) == 0);
}

static enum err lines_check(const struct mg_request_info *info, struct problem *ret_why) {
    if (!head_is_first(info))
        return problem_set(ret_why, ERR_REQUEST, "A request begins with its first line.");
    if (!start_line_is_whole(info))
        return problem_set(ret_why, ERR_REQUEST,
                           "The request line is not a method, a target and a version with one "
                           "space between them.");
    if (info->num_headers >= MG_MAX_HEADERS || !lines_are_whole(info)) {
        return problem_set(ret_why, ERR_REQUEST,
                           "The header has a malformed line, or more than %d lines.",
                           MG_MAX_HEADERS - 1);
    }
    for (int i = 0; i < info->num_headers; i++) {
        if (has_space_before_colon(&info->http_headers[i]))
            return problem_set(ret_why, ERR_REQUEST,
                               "A header line has white space before its colon.");
        if (!is_token(info->http_headers[i].name))
            return problem_set(ret_why, ERR_REQUEST,
                               "A header line has a name that is none: letters, digits and "
                               "!#$%%&'*+-.^_`|~ may stand in it.");
    }
    return ERR_OK;
}

/* RFC 9112 section 3.2: 400 "to any HTTP/1.1 request message that lacks a Host header field and to any request message that contains more than one Host header
 * field line or a Host header field with an invalid field value." */
static enum err host_check(const struct mg_request_info *info, struct problem *ret_why) {
    unsigned count = 0;
    struct bytes host = header_once(info, "Host", &count);
    bool is_needed = strcmp(info->http_version, "1.1") == 0;
    if (count > 1 || (is_needed && count == 0)) {
        return problem_set(ret_why, ERR_REQUEST, "The request needs exactly one Host line.");
    }
    for (size_t i = 0; i < host.len; i++) {
        if (!strchr(" \t,/\\@?#\"<>", host.data[i])) continue;
        return problem_set(ret_why, ERR_REQUEST, "The Host line names no host.");
    }
    return ERR_OK;
}

/* RFC 9112 section 6.3: a message with an invalid Content-Length, or with several that differ, is unframed; 6.1: Transfer-Encoding beside Content-Length "ought to
 * be handled as an error". We take no Transfer-Encoding at all, and one Content-Length. */
static enum err length_check(const struct mg_request_info *info, uint64_t *ret_len,
                             struct problem *ret_why) {
    unsigned codings = 0, lengths = 0;
    (void)header_once(info, "Transfer-Encoding", &codings);
    struct bytes length = header_once(info, "Content-Length", &lengths);
    *ret_len = 0;
    if (codings) {
        return problem_set(ret_why, ERR_REQUEST,
                           "No Transfer-Encoding is taken here; send a Content-Length.");
    }
    if (lengths == 0 || (lengths == 1 && !decimal_parse(length, ret_len))) {
        return ERR_OK;
    }
    return problem_set(ret_why, ERR_REQUEST,
                       "The request needs one Content-Length of digits alone.");
}

static enum err framing_check(struct exchange *x, struct problem *ret_why) {
    enum err err = lines_check(x->info, ret_why);
    if (!err) err = host_check(x->info, ret_why);
    if (!err) err = length_check(x->info, &x->request.body_len, ret_why);
    return err;
}

/* -- the body -- */

/* What a transfer of so many bytes may take. */
static uint64_t allowed_us(const struct exchange *x, uint64_t len) {
    return x->server->timeout_ms * 1000 + len * 1000000 / LIMIT_STREAM_RATE;
}

static enum err deadline_check(uint64_t waited_us, uint64_t allowed, struct problem *ret_why) {
    if (waited_us < allowed) return ERR_OK;
    return problem_set(ret_why, ERR_TIMEOUT, "The body did not arrive within %llu ms.",
                       (unsigned long long)(allowed / 1000));
}

/* One read of at most max bytes that ends at the deadline; *ret_len 0: nothing came for a while. A read of nothing that came back at once is the client's end, or
 * overdue.c's. No body that any route takes has a NUL in it, while a head has one in place of each line end once civetweb has parsed it: where such a head comes back as a
 * body (see head_is_first), what follows would be taken for a request. */
static enum err body_step(struct exchange *x, uint8_t *out, size_t max, uint64_t allowed,
                          size_t *ret_len, struct problem *ret_why) {
    uint64_t before = now_us(), left = x->request.body_len - x->body_got;
    struct overdue_wait wait = {.address = x->info->remote_addr,
                                .port = (unsigned)x->info->remote_port,
                                .until_us = x->start_us + allowed};
    enum err err = deadline_check(before - x->start_us, allowed, ret_why);
    if (err) return err;
    overdue_enter(x->server->overdue, &wait);
    int got = mg_read(x->conn, out, left < max ? (size_t)left : max);
    overdue_leave(x->server->overdue, &wait);
    *ret_len = got > 0 ? (size_t)got : 0;
    x->body_got += *ret_len;
    if (got > 0 && memchr(out, 0, *ret_len))
        return problem_set(ret_why, ERR_REQUEST, "The body has a NUL byte in it.");
    uint64_t now = now_us();
    if (got > 0 || now - before >= x->server->read_wait_ms * 500) return ERR_OK;
    err = deadline_check(now - x->start_us, allowed, ret_why);
    if (err) return err;
    return problem_set(ret_why, ERR_REQUEST, "The body ended before its Content-Length.");
}

static void say_continue(struct exchange *x) {
    static const char go_on[] = "HTTP/1.1 100 Continue\r\n\r\n";
    const char *expect = mg_get_header(x->conn, "Expect");
    if (expect && strcasecmp(expect, "100-continue") == 0 &&
        strcmp(x->info->http_version, "1.1") == 0)
        (void)mg_write(x->conn, go_on, sizeof go_on - 1);
}

static enum err body_receive(struct exchange *x, struct problem *ret_why) {
    size_t len = (size_t)x->request.body_len, got = 0;
    buf_init(&x->body, len);
    enum err err = buf_reserve(&x->body, len);
    say_continue(x);
    while (!err && x->body.len < len) {
        err = body_step(x, x->body.data + x->body.len, len - x->body.len, allowed_us(x, 0), &got,
                        ret_why);
        if (!err) x->body.len += got;
    }
    x->request.body = buf_bytes(&x->body);
    return err;
}

/* http_request.read. What it may take grows with what has arrived. */
static enum err stream_read(const struct http_request *request, uint8_t *out, size_t len,
                            size_t *ret_len, struct problem *ret_why) {
    struct exchange *x = request->peer;
    size_t got = 0, done = 0;
    if (x->body_got == 0) say_continue(x);
    while (done < len && x->body_got < request->body_len) {
        size_t max = len - done < READ_LEN ? len - done : READ_LEN;
        enum err err = body_step(x, out + done, max, allowed_us(x, x->body_got), &got, ret_why);
        if (err) return err;
        done += got;
    }
    *ret_len = done;
    return ERR_OK;
}

/* A body that no route takes is left unread: the API answers without it, and the connection ends. */
static enum err body_read(struct exchange *x, struct problem *ret_why) {
    size_t limit = api_body_limit(x->request.method, x->request.path);
    if (x->request.body_len == 0 || limit == 0) return ERR_OK;
    if (x->request.body_len > limit) {
        return problem_set(ret_why, ERR_TOO_LARGE, "The body may have %zu bytes here.", limit);
    }
    bool streams = api_body_streams(x->request.method, x->request.path);
    return streams ? ERR_OK : body_receive(x, ret_why);
}

/* -- the reply -- */

static enum err head_headers(const struct http_reply *reply, struct buf *out) {
    enum err err = ERR_OK;
    for (size_t i = 0; i < reply->header_count && !err; i++) {
        err = buf_format(out, "%s: %s\r\n", reply->headers[i].name, reply->headers[i].value);
    }
    return err;
}

/* RFC 9112 section 6.1: "A server MUST NOT send a response containing Transfer-Encoding unless the corresponding request indicates HTTP/1.1 (or later minor
 * revisions)". There the end of the connection is the end of the body. */
static bool is_chunked(const struct exchange *x) {
    return x->reply.stream.next && strcmp(x->info->http_version, "1.1") == 0;
}

static enum err head_format(struct exchange *x, struct buf *out) {
    const struct http_reply *reply = &x->reply;
    char date[64];
    struct tm utc;
    time_t now = time(NULL);
    (void)gmtime_r(&now, &utc);
    if (strftime(date, sizeof date, "%a, %d %b %Y %H:%M:%S GMT", &utc) == 0) date[0] = 0;
    enum err err = buf_format(out, "HTTP/1.1 %d %s\r\nDate: %s\r\nConnection: %s\r\n",
                              reply->status, mg_get_response_code_text(x->conn, reply->status),
                              date, x->must_close ? "close" : "keep-alive");
    if (!err && reply->status != 204)
        err = buf_format(out, "Content-Type: %s\r\n", reply->content_type);
    if (!err && is_chunked(x)) err = buf_add_text(out, "Transfer-Encoding: chunked\r\n");
    if (!err && reply->status != 204 && !reply->stream.next)
        err = buf_format(out, "Content-Length: %zu\r\n", reply->body.len);
    if (!err) err = head_headers(reply, out);
    return err ? err : buf_add_text(out, "\r\n");
}

/* False where not all of it was taken in the time that so much may take. */
static bool write_all(struct exchange *x, struct bytes out) {
    if (out.len == 0) return true;
    struct overdue_wait wait = {.address = x->info->remote_addr,
                                .port = (unsigned)x->info->remote_port,
                                .until_us = now_us() + allowed_us(x, out.len),
                                .writes = true};
    overdue_enter(x->server->overdue, &wait);
    int sent = mg_write(x->conn, out.data, out.len);
    overdue_leave(x->server->overdue, &wait);
    return sent == (int)out.len && !wait.is_cut;
}

/* RFC 9112 section 7.1: a chunk is its length in hex, CRLF, the bytes, CRLF; one of no bytes is the end of the body. The piece goes out in one write with what is around it. */
static bool piece_write(struct exchange *x, struct bytes piece, bool is_last, struct buf *frame) {
    if (!is_chunked(x)) return write_all(x, piece);
    buf_clear(frame);
    enum err err = ERR_OK;
    if (piece.len) err = buf_format(frame, "%zx\r\n", piece.len);
    if (!err) err = buf_add(frame, piece);
    if (!err && piece.len) err = buf_add_text(frame, "\r\n");
    if (!err && is_last) err = buf_add_text(frame, "0\r\n\r\n");
    return !err && write_all(x, buf_bytes(frame));
}

/* False where the client did not get the whole of it, or takes longer over it than over any request and a rate of LIMIT_STREAM_RATE: what the stream itself waits for
 * does not count. A stream that waits while the node shuts down is at its end. */
static bool stream_write(struct exchange *x) {
    struct buf piece, frame;
    uint64_t sent = 0, writing_us = 0;
    bool is_sent = true, is_last = false;
    buf_init(&piece, LIMIT_HTTP_REPLY);
    buf_init(&frame, LIMIT_HTTP_REPLY + 64);
    while (is_sent && !is_last) {
        buf_clear(&piece);
        is_sent = !x->reply.stream.next(x->reply.stream.ctx, &piece, &is_last);
        is_last = is_last || (piece.len == 0 && atomic_load(&x->server->is_draining));
        uint64_t before = now_us();
        if (is_sent && (piece.len || is_last))
            is_sent = piece_write(x, buf_bytes(&piece), is_last, &frame);
        writing_us += now_us() - before;
        sent += piece.len;
        if (writing_us > allowed_us(x, sent)) is_sent = false;
    }
    buf_done(&piece);
    buf_done(&frame);
    return is_sent;
}

static void reply_write(struct exchange *x) {
    struct buf head;
    bool streams = x->reply.stream.next != NULL;
    bool has_body = strcmp(x->request.method, "HEAD") != 0 && (streams || x->reply.body.len > 0);
    bool is_joined = has_body && !streams && x->reply.body.len <= JOIN_MAX;
    if (x->body_got < x->request.body_len || (streams && !is_chunked(x))) x->must_close = true;
    buf_init(&head, HEAD_MAX + JOIN_MAX);
    enum err err = head_format(x, &head);
    if (!err && is_joined) err = buf_add(&head, buf_bytes(&x->reply.body));
    bool is_sent = !err && write_all(x, buf_bytes(&head));
    if (is_sent && has_body && streams) is_sent = stream_write(x);
    if (is_sent && has_body && !streams && !is_joined)
        is_sent = write_all(x, buf_bytes(&x->reply.body));
    if (!is_sent) x->must_close = true;
    buf_done(&head);
}

/* A body that was refused is still on its way: closing over it would reset the connection, and the client would see that instead of the answer. RFC 9112
 * section 9.6: "To avoid the TCP reset problem, servers typically close a connection in stages." So some of it is read and dropped, within bounds. */
static void body_linger(struct exchange *x) {
    uint8_t chunk[LINGER_READ_LEN];
    uint64_t until = now_us() + LINGER_MS * 1000, left = x->request.body_len - x->body_got;
    struct overdue_wait wait = {
        .address = x->info->remote_addr, .port = (unsigned)x->info->remote_port, .until_us = until};
    int got = 1;
    if (left > LINGER_LEN) left = LINGER_LEN;
    overdue_enter(x->server->overdue, &wait);
    while (left > 0 && got > 0 && now_us() < until) {
        got = mg_read(x->conn, chunk, left < sizeof chunk ? (size_t)left : sizeof chunk);
        if (got > 0) left -= (uint64_t)got;
    }
    overdue_leave(x->server->overdue, &wait);
}

/* RFC 9112 section 9.3: what the client asked for, as civetweb reads it too. */
static bool client_closes(const struct exchange *x) {
    const char *connection = mg_get_header(x->conn, "Connection");
    if (connection) return strcasestr(connection, "keep-alive") == NULL;
    return strcmp(x->info->http_version, "1.1") != 0;
}

static void reply_log(const struct exchange *x, uint64_t took_us) {
    char id[LOG_NUMBER_LEN], status[TEXT_NUMBER], ms[LOG_NUMBER_LEN];
    (void)snprintf(status, sizeof status, "%d", x->reply.status);
    log_event(x->reply.status >= 500 ? LOG_WARN : LOG_DEBUG, "http_request", "id",
              log_number(x->request.id, id), "route", api_route_name(x->reply.route), "status",
              status, "ms", log_number(took_us / 1000, ms), "source", x->source, NULL);
}

/* -- who asks -- */

static bool is_listed(const char *list, const char *address) {
    size_t len = strlen(address);
    for (const char *at = list; at && *at;) {
        at += strspn(at, ", ");
        size_t item = strcspn(at, ", ");
        if (item == len && item > 0 && memcmp(at, address, len) == 0) return true;
        at += item;
    }
    return false;
}

/* The last address of X-Forwarded-For is the one that the trusted proxy itself put there; those before it are anybody's claim. */
static void source_find(struct exchange *x) {
    const char *forwarded = mg_get_header(x->conn, "X-Forwarded-For");
    uint8_t parsed[sizeof(struct in6_addr)];
    char last[INET6_ADDRSTRLEN];
    (void)snprintf(x->source, sizeof x->source, "%s", x->info->remote_addr);
    if (!forwarded || !is_listed(x->server->trusted, x->info->remote_addr)) return;
    const char *comma = strrchr(forwarded, ',');
    const char *from = comma ? comma + 1 : forwarded;
    from += strspn(from, " \t");
    (void)snprintf(last, sizeof last, "%s", from);
    last[strcspn(last, " \t")] = 0;
    if (inet_pton(AF_INET, last, parsed) == 1 || inet_pton(AF_INET6, last, parsed) == 1) {
        (void)snprintf(x->source, sizeof x->source, "%s", last);
    }
}

/* -- whose turn it is -- */

/* What civetweb keeps with a connection: when its thread took it, in milliseconds, and never NULL. */
static int on_connection(const struct mg_connection *conn, void **conn_data) {
    struct server *server = mg_get_user_data(mg_get_context(conn));
    *conn_data = (void *)(uintptr_t)(now_us() / 1000 + 1);
    (void)atomic_fetch_add(&server->connections, 1);
    return 0;
}

/* Called again for one that mg_close_connection has closed; then there is nothing kept with it. */
static void on_connection_end(const struct mg_connection *conn) {
    struct server *server = mg_get_user_data(mg_get_context(conn));
    if (mg_get_user_connection_data(conn)) (void)atomic_fetch_sub(&server->connections, 1);
}

/* Whether all threads are taken, and this one by a connection that has had it for longer than any request may take. */
static bool had_its_turn(const struct exchange *x) {
    uint64_t since_ms = (uint64_t)(uintptr_t)mg_get_user_connection_data(x->conn);
    return atomic_load(&x->server->connections) >= x->server->threads &&
           x->start_us / 1000 > since_ms + x->server->timeout_ms;
}

/* -- one request -- */

static const char *header_get(const struct http_request *request, const char *name) {
    const struct exchange *x = request->peer;
    return mg_get_header(x->conn, name);
}

static void exchange_init(struct exchange *x, struct server *server, struct mg_connection *conn) {
    x->server = server;
    x->conn = conn;
    x->info = mg_get_request_info(conn);
    x->start_us = now_us();
    http_reply_init(&x->reply, LIMIT_HTTP_REPLY);
    x->reply.route = api_route_count() - 1;
    x->request.method = x->info->request_method ? x->info->request_method : "";
    const char *path = x->info->local_uri_raw ? x->info->local_uri_raw : "";
    x->request.path = bytes_text(path);
    x->request.query = bytes_text(x->info->query_string ? x->info->query_string : "");
    x->request.header = header_get;
    x->request.read = stream_read;
    x->request.source = x->source;
    x->request.id = atomic_fetch_add(&server->next_id, 1);
    x->request.peer = x;
    source_find(x);
}

static enum err exchange_admit(struct exchange *x, struct problem *ret_why) {
    if (atomic_load(&x->server->is_draining)) {
        return problem_set(ret_why, ERR_DRAINING, "This node is shutting down; ask another.");
    }
    enum err err = framing_check(x, ret_why);
    return err ? err : body_read(x, ret_why);
}

static void exchange_serve(struct exchange *x) {
    struct problem why;
    memset(&why, 0, sizeof why);
    enum err err = exchange_admit(x, &why);
    if (!err) {
        x->must_close = x->must_close || client_closes(x) || had_its_turn(x);
        api_handle(x->server->api, &x->request, &x->reply);
        return;
    }
    if (why.err != err) (void)problem_set(&why, err, "%s.", err_title(err));
    x->must_close = true;
    http_reply_problem(&x->reply, &why, x->request.id);
}

static void exchange_end(struct exchange *x) {
    uint64_t took_us = now_us() - x->start_us;
    metric_request(x->reply.route, x->reply.status, took_us);
    reply_log(x, took_us);
    /* Closes at once; civetweb sees that and reads no more of the request. */
    if (x->must_close && x->request.body_len > x->body_got) body_linger(x);
    if (x->must_close) mg_close_connection(x->conn);
    http_reply_done(&x->reply);
    buf_done(&x->body);
}

/* Counted before the drain flag is read, so that server_drain never misses a request that was let in. */
static int on_request(struct mg_connection *conn) {
    struct server *server = mg_get_request_info(conn)->user_data;
    metric_set(METRIC_HTTP_IN_FLIGHT, atomic_fetch_add(&server->in_flight, 1) + 1);
    int status = 503;
    struct exchange *x = calloc(1, sizeof *x);
    if (x) {
        exchange_init(x, server, conn);
        exchange_serve(x);
        reply_write(x);
        status = x->reply.status;
        exchange_end(x);
    } else {
        mg_close_connection(conn);
    }
    free(x);
    metric_set(METRIC_HTTP_IN_FLIGHT, atomic_fetch_sub(&server->in_flight, 1) - 1);
    return status;
}

/* What civetweb refuses by itself, mostly request lines that cannot be read. Its words may quote the request: ours do not. */
static int on_error(struct mg_connection *conn, int status, const char *message) {
    static const char head[] = "HTTP/1.1 %d %s\r\nConnection: close\r\n"
                               "Content-Type: application/problem+json\r\n"
                               "Cache-Control: no-store\r\nContent-Length: %zu\r\n\r\n%s";
    static const char form[] =
        "{\"code\":\"request\",\"detail\":\"The request line or its headers cannot be read, are "
        "too long, or ask for what is not served here.\",\"status\":%d,\"title\":\"%s\","
        "\"title_zh\":\"%s\",\"type\":\"urn:qizheng:problem:request\"}";
    char body[384];
    (void)message;
    (void)snprintf(body, sizeof body, form, status, err_title(ERR_REQUEST),
                   err_title_zh(ERR_REQUEST));
    (void)mg_printf(conn, head, status, mg_get_response_code_text(conn, status), strlen(body),
                    body);
    metric_request(api_route_count() - 1, status, 0);
    return 0;
}

/* civetweb's own messages are about connections; they may quote what a client sent, so only the fact is kept. */
static int on_message(const struct mg_connection *conn, const char *message) {
    (void)conn;
    (void)message;
    log_event(LOG_DEBUG, "http_server_message", NULL);
    return 1;
}

/* -- start, drain, stop -- */

static enum err context_start(struct server *server, const struct server_options *options,
                              struct problem *ret_why) {
    char threads[TEXT_NUMBER], timeout[LOG_NUMBER_LEN], keep_alive[TEXT_NUMBER];
    (void)snprintf(threads, sizeof threads, "%u", options->threads);
    (void)snprintf(keep_alive, sizeof keep_alive, "%d", KEEP_ALIVE_MS);
    const char *settings[] = {"listening_ports",
                              options->listen,
                              "num_threads",
                              threads,
                              "connection_queue",
                              threads,
                              "listen_backlog",
                              "1024",
                              "request_timeout_ms",
                              log_number(server->read_wait_ms, timeout),
                              "keep_alive_timeout_ms",
                              keep_alive,
                              "enable_keep_alive",
                              "yes",
                              "tcp_nodelay",
                              "1",
                              "max_request_size",
                              "16384",
                              "decode_url",
                              "no",
                              "decode_query_string",
                              "no",
                              "enable_directory_listing",
                              "no",
                              "enable_auth_domain_check",
                              "no",
                              "access_control_allow_origin",
                              "",
                              NULL};
    struct mg_callbacks callbacks;
    struct mg_server_port port;
    memset(&callbacks, 0, sizeof callbacks);
    callbacks.begin_request = on_request;
    callbacks.init_connection = on_connection;
    callbacks.connection_close = on_connection_end;
    callbacks.http_error = on_error;
    callbacks.log_message = on_message;
    server->mg = mg_start(&callbacks, server, settings);
    if (server->mg && mg_get_server_ports(server->mg, 1, &port) == 1) {
        server->port = (unsigned)port.port;
        overdue_port(server->overdue, server->port);
        return ERR_OK;
    }
    return problem_set(ret_why, ERR_IO,
                       "Cannot listen on %s: the address is in use or not this machine's.",
                       options->listen);
}

/* An IPv4 address and a port: this build of the library has no IPv6, and its TLS must never be opened (an `s` behind the port). */
static enum err options_check(const struct server_options *options, struct problem *ret_why) {
    const char *listen = options->listen;
    if (strspn(listen, "0123456789.:") != strlen(listen) || !strchr(listen, ':')) {
        return problem_set(ret_why, ERR_CONFIG,
                           "listen is an IPv4 address and a port, such as 127.0.0.1:8080.");
    }
    if (options->threads > 0 && options->request_timeout_ms > 0) return ERR_OK;
    return problem_set(ret_why, ERR_CONFIG, "threads and request_timeout_ms are at least 1.");
}

static enum err server_make(const struct server_options *options, const struct api *api,
                            struct server **ret) {
    struct timespec now;
    struct server *server = calloc(1, sizeof *server);
    if (!server) return ERR_NO_MEMORY;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    server->api = api;
    server->threads = options->threads;
    server->timeout_ms = options->request_timeout_ms;
    server->read_wait_ms = server->timeout_ms / 4 > 100 ? server->timeout_ms / 4 : 100;
    /* Ids grow over restarts too, so that one in an old log is not mistaken for a new one. */
    atomic_init(&server->next_id, (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000);
    if (options->trusted_proxies) {
        server->trusted = strdup(options->trusted_proxies);
        if (!server->trusted) {
            free(server);
            return ERR_NO_MEMORY;
        }
    }
    *ret = server;
    return ERR_OK;
}

enum err server_start(const struct server_options *options, const struct api *api,
                      struct server **ret, struct problem *ret_why) {
    struct server *server = NULL;
    enum err err = options_check(options, ret_why);
    if (!err) err = server_make(options, api, &server);
    if (err) return err;
    (void)mg_init_library(0);
    err = overdue_start(&server->overdue);
    if (!err) err = context_start(server, options, ret_why);
    if (err) {
        server_stop(server);
        return err;
    }
    *ret = server;
    return ERR_OK;
}

unsigned server_port(const struct server *server) {
    return server->port;
}

void server_drain(struct server *server, unsigned timeout_ms) {
    static const struct timespec step = {0, 10 * 1000000};
    uint64_t until = now_us() + (uint64_t)timeout_ms * 1000;
    atomic_store(&server->is_draining, true);
    while (atomic_load(&server->in_flight) > 0 && now_us() < until) (void)nanosleep(&step, NULL);
}

void server_stop(struct server *server) {
    if (!server) return;
    if (server->mg) mg_stop(server->mg);
    (void)mg_exit_library();
    overdue_stop(server->overdue);
    free(server->trusted);
    free(server);
}
