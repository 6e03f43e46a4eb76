/* Bytes on a connection of the real server: in pieces, then the end of what the client sends. Beside it a reader of its own, written from RFC 9112 alone, cuts the same bytes into
 * requests and gives up at the first one whose framing could be read in two ways. What must hold:
 *   - the server answers or closes, within its deadline
 *   - the k-th answer is to the k-th request as the other reader cuts them: none is good (2xx) from where that one gave up on, and there is one at most
 *   - a body that is echoed is the one that the other reader sees: no byte of it was, or became, a request
 *   - answers are whole and well-formed, and behind one that closes there is none
 * The input: a byte of how long the pieces are (0: all at once), then the bytes.
 * fuzz: max_len=2048 dict=http_wire */
#include "tests/fuzz/lib/fuzz.h"
#include "tests/lib/host.h"
#include "tests/lib/wire.h"

#include "api/log.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <strings.h>
#include <time.h>

#define TIMEOUT_MS 800
#define LATE_MS 4000 /* its own deadline, civetweb's read time, and a machine that is busy */
#define SLOW_MS 50   /* to send it all; the server waits 200 ms for the next piece of a head */
#define PIECES_MAX 8
#define ECHO_PATH "/add-checkpoint"

static struct host *host;
static struct server *server;

static enum err echo(void *ctx, struct bytes body, int *ret_status, uint64_t *ret_known_size,
                     struct buf *ret_lines, struct problem *ret_why) {
    (void)ctx, (void)ret_known_size, (void)ret_why;
    *ret_status = 200;
    return buf_add(ret_lines, body);
}

static void server_end(void) {
    server_stop(server);
    host_close(host);
}

static void begin(void) {
    struct problem why = {0};
    struct server_options options = {"127.0.0.1:0", 2, TIMEOUT_MS, NULL};
    log_set_level(LOG_ERROR);
    host = host_open();
    host->is_held = true;
    host->api.streams_max = 0; /* a stream of events never ends under a clock that stands still */
    host->api.host.cosign_add = echo;
    FUZZ_CHECK(server_start(&options, &host->api, &server, &why) == ERR_OK);
    (void)atexit(server_end);
}

/* -- the other reader -- */

enum cut {
    CUT_WHOLE,
    CUT_UNCLEAR,
    CUT_SHORT,
    CUT_NO_BODY
}; /* the last: all but the end of the body is there */

struct request {
    struct bytes method, target, body;
};

static bool is_token(struct bytes in) {
    for (size_t i = 0; i < in.len; i++)
        if (in.data[i] <= ' ' || in.data[i] > '~' || strchr("\"(),/:;<=>?@[\\]{}", in.data[i]))
            return false;
    return in.len > 0;
}

/* RFC 9112 section 2.2: lines end in CRLF; a bare CR or LF in one is no end of it to everybody, nor is a NUL. */
static enum cut line_cut(struct bytes *rest, struct bytes *ret) {
    const uint8_t *end = rest->len ? memmem(rest->data, rest->len, "\r\n", 2) : NULL;
    if (!end) return CUT_SHORT;
    *ret = bytes_of(rest->data, (size_t)(end - rest->data));
    *rest = bytes_slice(*rest, ret->len + 2, rest->len);
    bool is_clear = true;
    for (size_t i = 0; i < ret->len; i++)
        is_clear = is_clear && ret->data[i] && ret->data[i] != '\r' && ret->data[i] != '\n';
    return is_clear ? CUT_WHOLE : CUT_UNCLEAR;
}

/* Section 3: method SP target SP version. */
static enum cut start_line(struct bytes line, struct request *ret, bool *ret_needs_host) {
    struct bytes rest = line;
    ret->method = fuzz_cut(&rest, ' ');
    ret->target = fuzz_cut(&rest, ' ');
    *ret_needs_host = bytes_is(rest, "HTTP/1.1");
    bool is_known = *ret_needs_host || bytes_is(rest, "HTTP/1.0");
    for (size_t i = 0; i < ret->target.len; i++)
        is_known = is_known && ret->target.data[i] > ' ' && ret->target.data[i] <= '~';
    return is_token(ret->method) && ret->target.len && is_known ? CUT_WHOLE : CUT_UNCLEAR;
}

static struct bytes trimmed(struct bytes in) {
    while (in.len && strchr(" \t", in.data[0])) in = bytes_slice(in, 1, in.len);
    while (in.len && strchr(" \t", in.data[in.len - 1])) in.len--;
    return in;
}

static bool named(struct bytes name, const char *is) {
    return name.len == strlen(is) && strncasecmp((const char *)name.data, is, name.len) == 0;
}

struct framing {
    unsigned hosts, lengths, codings;
    uint64_t len;
};

/* Sections 5 and 6.3. */
static enum cut field_line(struct bytes line, struct framing *framing) {
    struct bytes value = line, name = fuzz_cut(&value, ':');
    if (name.len == line.len || !is_token(name)) return CUT_UNCLEAR;
    framing->hosts += named(name, "Host");
    framing->codings += named(name, "Transfer-Encoding");
    if (!named(name, "Content-Length")) return CUT_WHOLE;
    value = trimmed(value);
    bool is_number = value.len > 0 && value.len <= 18;
    framing->len = 0;
    for (size_t i = 0; is_number && i < value.len; i++) {
        is_number = value.data[i] >= '0' && value.data[i] <= '9';
        framing->len = framing->len * 10 + (value.data[i] - '0');
    }
    return ++framing->lengths == 1 && is_number ? CUT_WHOLE : CUT_UNCLEAR;
}

/* White space before a request line is no part of any request, and nobody takes it for one. */
static enum cut request_cut(struct bytes *rest, struct request *ret) {
    struct framing framing = {0};
    struct bytes line = {0};
    bool needs_host = false;
    while (rest->len && strchr(" \t\r\n\v\f", rest->data[0]) && rest->data[0])
        *rest = bytes_slice(*rest, 1, rest->len);
    enum cut cut = line_cut(rest, &line), start = start_line(line, ret, &needs_host);
    if (cut == CUT_WHOLE) cut = start;
    while (cut == CUT_WHOLE) {
        cut = line_cut(rest, &line);
        if (cut == CUT_WHOLE && line.len == 0) break;
        if (cut == CUT_WHOLE) cut = field_line(line, &framing);
    }
    if (cut != CUT_WHOLE) return cut;
    if (framing.codings || framing.hosts > 1 || (needs_host && !framing.hosts)) return CUT_UNCLEAR;
    if (framing.len > rest->len) return CUT_NO_BODY;
    ret->body = bytes_slice(*rest, 0, (size_t)framing.len);
    *rest = bytes_slice(*rest, (size_t)framing.len, rest->len);
    return CUT_WHOLE;
}

/* -- what came back -- */

struct reply {
    int status;
    bool closes;
    uint64_t len; /* that it says */
    struct bytes body;
};

static uint64_t now_ms(void) {
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* False where the server closed over bytes that it had not read, or was kept waiting for them: then the last of its answers may be lost, or never given. */
static bool talk(struct bytes in, size_t piece, struct buf *ret) {
    int fd = dial(server), one = 1;
    uint8_t chunk[4096];
    uint64_t start_ms = now_ms();
    FUZZ_CHECK(setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one) == 0);
    for (size_t pieces = 1; in.len > 0; pieces++) {
        size_t len = piece == 0 || pieces == PIECES_MAX || piece > in.len ? in.len : piece;
        if (send(fd, in.data, len, MSG_NOSIGNAL) < 0) break; /* closed already */
        in = bytes_slice(in, len, in.len);
        if (in.len > 0) (void)usleep(300);
    }
    (void)shutdown(fd, SHUT_WR);
    bool is_whole = now_ms() - start_ms < SLOW_MS; /* a client that is slow may be left */
    for (ssize_t got; (got = recv(fd, chunk, sizeof chunk, 0)) != 0;) {
        if (got < 0 && errno == EINTR) continue;    /* the fuzzer's own alarm */
        FUZZ_CHECK(got > 0 || errno == ECONNRESET); /* and not EAGAIN: dial's ten seconds */
        if (got < 0) is_whole = false;
        if (got < 0) break;
        FUZZ_CHECK(buf_add(ret, bytes_of(chunk, (size_t)got)) == ERR_OK);
    }
    FUZZ_CHECK(now_ms() - start_ms < LATE_MS);
    (void)close(fd);
    return is_whole;
}

static uint64_t header_number(struct bytes head, const char *name) {
    const uint8_t *at = memmem(head.data, head.len, name, strlen(name));
    return at ? strtoull((const char *)at + strlen(name), NULL, 10) : 0;
}

/* False where there is none, or only a beginning that a reset cut. */
static bool reply_cut(struct bytes *rest, bool is_head, bool is_whole, struct reply *ret) {
    const uint8_t *end = rest->len ? memmem(rest->data, rest->len, "\r\n\r\n", 4) : NULL;
    if (!end) {
        FUZZ_CHECK(rest->len == 0 || !is_whole);
        return false;
    }
    struct bytes head = bytes_of(rest->data, (size_t)(end + 2 - rest->data));
    FUZZ_CHECK(bytes_starts(head, "HTTP/1.1 ") && head.len > 14);
    ret->status = (int)strtol((const char *)head.data + 9, NULL, 10);
    FUZZ_CHECK(ret->status >= 100 && ret->status <= 599);
    FUZZ_CHECK(!memmem(head.data, head.len, "\r\nTransfer-Encoding:", 20)); /* no streams here */
    ret->closes = memmem(head.data, head.len, "\r\nConnection: close\r\n", 21) != NULL;
    ret->len = header_number(head, "\r\nContent-Length: ");
    uint64_t len = is_head ? 0 : ret->len;
    *rest = bytes_slice(*rest, head.len + 2, rest->len);
    FUZZ_CHECK(len <= rest->len || !is_whole);
    if (len > rest->len) return false;
    ret->body = bytes_slice(*rest, 0, (size_t)len);
    *rest = bytes_slice(*rest, (size_t)len, rest->len);
    return true;
}

/* The next answer that is not "go on". */
static bool reply_next(struct bytes *rest, bool is_head, bool is_whole, struct reply *ret) {
    do {
        if (!reply_cut(rest, is_head, is_whole, ret)) return false;
    } while (ret->status == 100);
    return true;
}

static void reply_check(const struct request *request, const struct reply *reply) {
    FUZZ_CHECK(reply->status != 500);
    if (reply->status == 200 && bytes_is(request->method, "POST") &&
        bytes_is(request->target, ECHO_PATH))
        FUZZ_CHECK(bytes_equal(reply->body, request->body));
}

/* Then it is answered without waiting for one, and the connection ends. */
static bool takes_no_body(const struct request *request) {
    char *method = fuzz_text(request->method);
    struct bytes path = bytes_slice(request->target, 0, bytes_find(request->target, '?', 0));
    bool takes_none = api_body_limit(method, path) == 0;
    free(method);
    return takes_none;
}

static void replies_check(struct bytes sent, struct bytes got, bool is_whole) {
    struct request request = {0};
    struct reply reply = {0};
    enum cut cut;
    bool is_head = false;
    for (; (cut = request_cut(&sent, &request)) == CUT_WHOLE; memset(&request, 0, sizeof request)) {
        is_head = bytes_is(request.method, "HEAD");
        if (!reply_next(&got, is_head, is_whole, &reply)) {
            FUZZ_CHECK(!is_whole);
            return;
        }
        reply_check(&request, &reply);
        if (reply.closes) break;
    }
    if (cut != CUT_WHOLE) {
        is_head = bytes_is(request.method, "HEAD");
        if (!reply_next(&got, true, is_whole, &reply)) return;
        FUZZ_CHECK(reply.closes);
        if (reply.status < 400) FUZZ_CHECK(cut == CUT_NO_BODY && takes_no_body(&request));
    }
    /* Behind an answer that closes there is nothing but its own body: civetweb's refusals have one for HEAD too, and it ends with the connection. */
    bool is_rest = got.len == reply.len && (is_head || cut != CUT_WHOLE);
    FUZZ_CHECK(is_rest || !is_whole || (got.len == 0 && (is_head || cut == CUT_WHOLE)));
}

/* -- uploads leave nothing behind -- */

static void uploads_forget(void) {
    struct spool *spool = host->api.spool;
    struct spool_id id;
    struct spool_progress progress;
    struct spool_outcome outcome = {.kind = SPOOL_REFUSED, .problem = {.err = ERR_RULE}};
    while (spool_next(spool, 0, &id)) {
        FUZZ_CHECK(spool_progress(spool, bytes_text(id.text), &progress) == ERR_OK);
        for (uint64_t i = 0; i < progress.lines; i++)
            FUZZ_CHECK(spool_settle(spool, &id, &outcome, 1) == ERR_OK);
        FUZZ_CHECK(spool_finish(spool, &id, 0) == ERR_OK);
    }
    spool_expire(spool, (int64_t)366 * 86400);
}

/* civetweb puts NULs over all white space behind the version, so no one can tell from outside which it was (api/server.c, lines_are_whole): what such bytes are is not judged. */
static bool is_hidden(struct bytes in) {
    for (size_t i = 0; i + 10 <= in.len; i++) {
        const char *at = (const char *)in.data + i;
        bool is_version = memcmp(at, "HTTP/1.0", 8) == 0 || memcmp(at, "HTTP/1.1", 8) == 0;
        if (is_version && at[8] && strchr("\r\n", at[8]) && at[9] && strchr(" \t\r\n\v\f", at[9]) &&
            memcmp(at + 8, "\r\n", 2) != 0)
            return true;
    }
    return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct buf got;
    if (size == 0) return 0;
    if (!host) begin();
    buf_init(&got, 4 * 1024 * 1024);
    struct bytes in = bytes_of(data + 1, size - 1);
    bool is_whole = talk(in, data[0], &got);
    if (!is_hidden(in)) replies_check(in, buf_bytes(&got), is_whole);
    uploads_forget();
    host->tokens = 0;
    buf_done(&got);
    return 0;
}
