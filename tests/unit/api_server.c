/* The server over raw sockets on 127.0.0.1: requests that are framed in two ways at once, paths that others would clean, bodies that are slow, long or short,
 * connections that are used again, and a drain that waits. Bytes are sent as they stand; nothing helpful is between them and the server. */
#include "api/server.h"

#include "api/metrics.h"
#include "tests/lib/wire.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define TIMEOUT_MS 800 /* the servers' request timeout */

/* -- a host that answers /add-checkpoint with its own body, as late as told -- */

static atomic_uint delay_ms;

static enum err echo(void *ctx, struct bytes body, int *ret_status, uint64_t *ret_known_size,
                     struct buf *ret_lines, struct problem *ret_why) {
    struct timespec delay = {atomic_load(&delay_ms) / 1000,
                             (long)(atomic_load(&delay_ms) % 1000) * 1000000};
    (void)ctx;
    (void)ret_known_size;
    (void)ret_why;
    (void)nanosleep(&delay, NULL);
    *ret_status = 200;
    return buf_add(ret_lines, body);
}

static enum err ready(void *ctx, struct problem *ret_why) {
    (void)ctx;
    return problem_set(ret_why, ERR_NO_QUORUM, "Too few.");
}

static struct api api = {.host = {.cosign_add = echo, .ready = ready}, .wait_max_ms = 1000};

static struct server *start_with(unsigned threads, const char *proxies) {
    struct server_options options = {"127.0.0.1:0", threads, TIMEOUT_MS, proxies};
    struct server *server = NULL;
    struct problem why = {0};
    api.policy = bytes_text("log example\n");
    cr_assert(server_start(&options, &api, &server, &why) == ERR_OK, "%s", why.detail);
    cr_assert(server_port(server) > 0);
    return server;
}

static struct server *start(void) {
    return start_with(4, NULL);
}

/* One request on a connection of its own. */
static struct answer ask_bytes(const struct server *server, const char *data, size_t len) {
    int fd = dial(server);
    send_bytes(fd, data, len);
    struct answer answer = receive(fd, strncmp(data, "HEAD", 4) == 0);
    if (strstr(answer.text, "\r\nConnection: close\r\n")) answer.was_closed = is_closed(fd);
    (void)close(fd);
    return answer;
}

static struct answer ask(const struct server *server, const char *request) {
    return ask_bytes(server, request, strlen(request));
}

static int status_of(const struct server *server, const char *request) {
    struct answer answer = ask(server, request);
    free(answer.text);
    return answer.status;
}

static bool has(const struct answer *answer, const char *line) {
    char whole[256];
    (void)snprintf(whole, sizeof whole, "\r\n%s\r\n", line);
    const char *at = strstr(answer->text, whole), *end = strstr(answer->text, "\r\n\r\n");
    return at && end && at <= end;
}

static uint64_t now_ms(void) {
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

#define POST "POST /add-checkpoint HTTP/1.1\r\nHost: h\r\n"

/* -- happy paths -- */

Test(api_server, a_get_is_answered_and_the_connection_serves_again) {
    struct server *server = start();
    int fd = dial(server);
    for (int i = 0; i < 5; i++) {
        send_text(fd, "GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n");
        struct answer answer = receive(fd, false);
        cr_assert_eq(answer.status, 200);
        cr_assert_str_eq(answer.body, "{\"status\":\"ok\"}");
        cr_assert(has(&answer, "Content-Type: application/json"));
        cr_assert(has(&answer, "Content-Length: 15"));
        cr_assert(has(&answer, "Connection: keep-alive") &&
                  has(&answer, "Cache-Control: no-store"));
        cr_assert(has(&answer, "X-Content-Type-Options: nosniff"));
        cr_assert(strstr(answer.text, "\r\nX-Request-Id: ") && strstr(answer.text, "\r\nDate: "));
        free(answer.text);
    }
    cr_assert(is_open(fd));
    (void)close(fd);
    server_stop(server);
}

Test(api_server, a_body_arrives_whole_in_one_piece_and_in_many) {
    struct server *server = start();
    static char body[16384], request[17000];
    for (size_t i = 0; i < sizeof body; i++) body[i] = (char)('a' + i % 26);
    static const size_t lens[] = {1, 2, 15, 16, 17, 255, 4096, 16383, 16384};
    for (size_t i = 0; i < sizeof lens / sizeof *lens; i++) {
        int head = snprintf(request, sizeof request, POST "Content-Length: %zu\r\n\r\n", lens[i]);
        memcpy(request + head, body, lens[i]);
        size_t len = (size_t)head + lens[i];
        int fd = dial(server);
        for (int twice = 0; twice < 2; twice++) {
            send_bytes(fd, request, (size_t)head + 1);
            if (lens[i] > 1) (void)usleep(2000);
            if (lens[i] > 1) send_bytes(fd, request + head + 1, lens[i] - 1);
            struct answer answer = receive(fd, false);
            cr_assert(answer.status == 200 && answer.body_len == lens[i], "%zu", lens[i]);
            cr_assert(memcmp(answer.body, body, lens[i]) == 0);
            free(answer.text);
        }
        cr_assert(is_open(fd));
        (void)close(fd);
        struct answer whole = ask_bytes(server, request, len);
        cr_assert(whole.status == 200 && whole.body_len == lens[i]);
        free(whole.text);
    }
    server_stop(server);
}

Test(api_server, requests_sent_together_are_answered_in_turn) {
    struct server *server = start();
    int fd = dial(server);
    send_text(fd, POST "Content-Length: 3\r\n\r\none" POST "Content-Length: 3\r\n\r\ntwo"
                       "GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n");
    static const char *const want[] = {"one", "two", "{\"status\":\"ok\"}"};
    for (size_t i = 0; i < 3; i++) {
        struct answer answer = receive(fd, false);
        cr_assert_eq(answer.status, 200);
        cr_assert_str_eq(answer.body, want[i]);
        free(answer.text);
    }
    (void)close(fd);
    server_stop(server);
}

Test(api_server, head_has_the_length_of_its_get_and_no_body) {
    struct server *server = start();
    int fd = dial(server);
    send_text(fd, "HEAD /v1/policy HTTP/1.1\r\nHost: h\r\n\r\n"
                  "GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n");
    struct answer head = receive(fd, true), get = receive(fd, false);
    cr_assert(head.status == 200 && has(&head, "Content-Length: 12"));
    cr_assert_str_eq(get.body, "{\"status\":\"ok\"}");
    free(head.text);
    free(get.text);
    (void)close(fd);
    server_stop(server);
}

Test(api_server, options_has_no_body_and_no_length) {
    struct server *server = start();
    struct answer answer = ask(server, "OPTIONS /v1/policy HTTP/1.1\r\nHost: h\r\n\r\n");
    cr_assert_eq(answer.status, 204);
    cr_assert(!strstr(answer.text, "Content-Length") &&
              has(&answer, "Access-Control-Allow-Origin: *"));
    free(answer.text);
    server_stop(server);
}

Test(api_server, expect_100_continue_is_answered_before_the_body) {
    struct server *server = start();
    int fd = dial(server);
    send_text(fd, POST "Content-Length: 4\r\nExpect: 100-continue\r\n\r\n");
    struct answer go_on = receive(fd, true);
    cr_assert_eq(go_on.status, 100);
    send_text(fd, "body");
    struct answer answer = receive(fd, false);
    cr_assert_str_eq(answer.body, "body");
    free(go_on.text);
    free(answer.text);
    (void)close(fd);
    /* A body that would be refused is refused at once, without a 100. */
    cr_assert_eq(status_of(server, POST "Content-Length: 16385\r\nExpect: 100-continue\r\n\r\n"),
                 413);
    server_stop(server);
}

/* -- connections -- */

Test(api_server, the_client_says_when_a_connection_ends) {
    struct server *server = start();
    static const struct {
        const char *request;
        bool closes;
    } cases[] = {
        {"GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n", false},
        {"GET /healthz HTTP/1.1\r\nHost: h\r\nConnection: keep-alive\r\n\r\n", false},
        {"GET /healthz HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n", true},
        {"GET /healthz HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
         true},
        {"GET /healthz HTTP/1.0\r\n\r\n", true},
        {"GET /healthz HTTP/1.0\r\nHost: h\r\nConnection: keep-alive\r\n\r\n", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int fd = dial(server);
        send_text(fd, cases[i].request);
        struct answer answer = receive(fd, false);
        cr_assert_eq(answer.status, 200, "%s", cases[i].request);
        cr_assert_eq(has(&answer, "Connection: close"), cases[i].closes, "%s", cases[i].request);
        cr_assert(cases[i].closes ? is_closed(fd) : is_open(fd), "%s", cases[i].request);
        free(answer.text);
        (void)close(fd);
    }
    server_stop(server);
}

/* -- framing: each of these could be read as two requests by somebody -- */

Test(api_server, a_request_framed_in_two_ways_is_refused_and_the_connection_closed) {
    struct server *server = start();
    static const char *const cases[] = {
        POST "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        POST "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\nabc",
        POST "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        POST "Transfer-Encoding: identity\r\nContent-Length: 3\r\n\r\nabc",
        POST "transfer-encoding: chunked\r\n\r\n0\r\n\r\n",
        POST "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
        POST "Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc",
        POST "Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
        POST "Content-Length: 3\r\ncontent-length: 0\r\n\r\nabc",
        POST "Content-Length: 3x\r\n\r\nabc",
        POST "Content-Length: 3, 3\r\n\r\nabc",
        POST "Content-Length: -3\r\n\r\nabc",
        POST "Content-Length: +3\r\n\r\nabc",
        POST "Content-Length: 0x3\r\n\r\nabc",
        POST "Content-Length: 3.0\r\n\r\nabc",
        POST "Content-Length: \"3\"\r\n\r\nabc",
        POST "Content-Length:\r\n\r\nabc",
        POST "Content-Length: 18446744073709551616\r\n\r\nabc",
        POST "Content-Length: 99999999999999999999999999\r\n\r\nabc",
        POST "Content-Length : 3\r\n\r\nabc",
        POST "Content-Length\t: 3\r\n\r\nabc",
        POST "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
        POST "Content-Length: 3\r\n Transfer-Encoding: chunked\r\n\r\nabc",
        POST "X: y\r\n Z: folded\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        POST "X: y\r\n\tfolded\r\nContent-Length: 3\r\n\r\nabc",
        POST ": nameless\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        POST "\x80: v\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        POST "nocolon\r\nContent-Length: 3\r\n\r\nabc",
        POST "Transfer-Encoding\v: chunked\r\nContent-Length: 3\r\n\r\nabc",
        POST "Transfer-Encoding\x01: chunked\r\nContent-Length: 3\r\n\r\nabc",
        POST "(Content-Length: 4\r\nContent-Length: 3\r\n\r\nabc",
        POST "Content)Type: text/plain\r\nContent-Length: 3\r\n\r\nabc",
        POST "X: a\rContent-Length: 3\r\n\r\nabc",
        POST "Content-Length: 3\nTransfer-Encoding: chunked\r\n\r\nabc",
        "POST  /add-checkpoint HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc",
        "POST /add-checkpoint  HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc",
        "POST /add-checkpoint?a=b  HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc",
        "POST\t/add-checkpoint HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc",
        "POST /add-checkpoint\tHTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc",
        "POST /add-checkpoint HTTP/1.0\r\n X: y\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct answer answer = ask(server, cases[i]);
        cr_assert(answer.status == 400 || answer.status == 411, "%d: %s", answer.status, cases[i]);
        cr_assert(answer.was_closed, "%s", cases[i]);
        cr_assert(has(&answer, "Content-Type: application/problem+json"), "%s", cases[i]);
        cr_assert(strstr(answer.body, "\"code\":\"request\""), "%s", cases[i]);
        free(answer.text);
    }
    server_stop(server);
}

/* RFC 9112 section 2.2 lets one empty line pass. More, or other white space with an empty line in it, civetweb takes for a whole header: the request behind it would be
 * served with its own head as its body, and the true body as a request. */
Test(api_server, blank_lines_before_a_request_never_turn_its_body_into_another) {
    static const char *const blanks[] = {"\r\n\r\n", "\n\n", " \r\n\r\n", "\r\n\r\n\r\n\r\n",
                                         "\r\n\r\n            "};
    char hidden[128], request[512];
    for (size_t i = 0; i < 2 * sizeof blanks / sizeof *blanks; i++) {
        struct server *server = start_with(1, NULL); /* whose thread has served nothing yet */
        const char *blank = blanks[i / 2];
        int head =
            snprintf(request, sizeof request, "%s" POST "Content-Length: 100\r\n\r\n", blank);
        (void)snprintf(hidden, sizeof hidden,
                       "GET /healthz HTTP/1.1\r\nHost: h\r\nX: %060d\r\n\r\n", 0);
        /* What civetweb would read as the body begins behind the first empty line, and the hidden request must begin where it ends. */
        int skip =
            100 - (head - (int)(strstr(blank, "\n\r\n") ? strstr(blank, "\n\r\n") - blank + 3 : 2));
        if (i % 2) cr_assert_eq(status_of(server, "GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n"), 200);
        (void)snprintf(request + head, sizeof request - (size_t)head, "%0*d%s", skip > 0 ? skip : 1,
                       0, hidden);
        int fd = dial(server);
        send_text(fd, request);
        struct answer answer = receive(fd, false), next = receive(fd, false);
        cr_assert_eq(answer.status, 400, "%zu: %d", i, answer.status);
        cr_assert(next.status == 0 && next.was_closed, "%zu: %s", i, next.text);
        free(answer.text);
        free(next.text);
        (void)close(fd);
        server_stop(server);
    }
}

Test(api_server, one_empty_line_before_a_request_is_ignored) {
    struct server *server = start_with(1, NULL);
    for (int i = 0; i < 2; i++) {
        struct answer answer = ask(server, "\r\n" POST "Content-Length: 3\r\n\r\nabc");
        cr_assert_eq(answer.status, 200);
        cr_assert_str_eq(answer.body, "abc");
        free(answer.text);
        cr_assert_eq(status_of(server, "GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n"), 200);
    }
    server_stop(server);
}

Test(api_server, a_body_with_a_nul_in_it_is_refused_and_the_connection_closed) {
    struct server *server = start();
    static const char request[] = POST "Content-Length: 3\r\n\r\na\0c";
    struct answer answer = ask_bytes(server, request, sizeof request - 1);
    cr_assert(answer.status == 400 && answer.was_closed);
    cr_assert(strstr(answer.body, "NUL"));
    free(answer.text);
    server_stop(server);
}

/* civetweb keeps 64 header lines and forgets the rest. */
Test(api_server, too_many_header_lines_are_refused) {
    struct server *server = start();
    char request[4096];
    for (int count = 60; count < 70; count++) {
        size_t len =
            (size_t)snprintf(request, sizeof request, "GET /healthz HTTP/1.1\r\nHost: h\r\n");
        for (int i = 0; i < count; i++) {
            len += (size_t)snprintf(request + len, sizeof request - len, "A%d: b\r\n", i);
        }
        (void)snprintf(request + len, sizeof request - len, "\r\n");
        cr_assert_eq(status_of(server, request), count + 1 < 64 ? 200 : 400, "%d", count);
    }
    server_stop(server);
}

Test(api_server, the_host_line_stands_once) {
    struct server *server = start();
    cr_assert_eq(status_of(server, "GET /healthz HTTP/1.1\r\n\r\n"), 400);
    cr_assert_eq(status_of(server, "GET /healthz HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n"), 400);
    cr_assert_eq(status_of(server, "GET /healthz HTTP/1.1\r\nHost: a\r\nhost: b\r\n\r\n"), 400);
    cr_assert_eq(status_of(server, "GET /healthz HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n"), 400);
    cr_assert_eq(status_of(server, "GET /healthz HTTP/1.1\r\nHost: a b\r\n\r\n"), 400);
    cr_assert_eq(status_of(server, "GET /healthz HTTP/1.1\r\nHost: a/b\r\n\r\n"), 400);
    cr_assert_eq(status_of(server, "GET /healthz HTTP/1.1\r\nHost: u@a\r\n\r\n"), 400);
    cr_assert_eq(status_of(server, "GET /healthz HTTP/1.1\r\nHost: a, b\r\n\r\n"), 400);
    cr_assert_eq(status_of(server, "GET /healthz HTTP/1.1\r\nHost: [::1]:8080\r\n\r\n"), 200);
    cr_assert_eq(status_of(server, "GET /healthz HTTP/1.1\r\nHost:   h  \r\n\r\n"), 200);
    cr_assert_eq(status_of(server, "GET /healthz HTTP/1.1\r\nHost:h\r\n\r\n"), 200);
    server_stop(server);
}

Test(api_server, a_line_ends_in_cr_lf_and_nothing_else) {
    struct server *server = start();
    cr_assert_eq(status_of(server, "GET /healthz HTTP/1.1\r\nHost: h\r\nA: b  \r\nC:\r\n\r\n"),
                 200);
    cr_assert_eq(status_of(server, "GET /healthz HTTP/1.1\nHost: h\n\n"), 400);
    cr_assert_eq(status_of(server, "GET /healthz HTTP/1.1\nHost: h\r\n\r\n"), 400);
    cr_assert_eq(status_of(server, "GET /healthz HTTP/1.1\r\nHost: h\n\r\n"), 400);
    cr_assert_eq(status_of(server, "GET /healthz HTTP/1.1\r\nHost: h\nA: b\r\n\r\n"), 400);
    cr_assert_eq(status_of(server, "GET /healthz HTTP/1.1\r\nA: b\nHost: h\r\n\r\n"), 400);
    cr_assert_eq(status_of(server, "GET /healthz HTTP/1.0\n : x\r\n\r\n"), 400);
    cr_assert_eq(status_of(server, "GET /healthz HTTP/1.1\r\n Host: h\r\n\r\n"), 400);
    cr_assert_eq(status_of(server, "GET /healthz HTTP/1.0\r\n : x\r\n\r\n"), 400);
    cr_assert_eq(status_of(server, "GET /healthz HTTP/1.0\r\n: x\r\nHost: h\r\n\r\n"), 400);
    server_stop(server);
}

Test(api_server, request_lines_that_cannot_be_read_are_refused_without_an_echo) {
    struct server *server = start();
    static const char *const cases[] = {
        "GET /healthz HTTP/2.0\r\nHost: h\r\n\r\n",
        "GET /healthz HTTP/1.2\r\nHost: h\r\n\r\n",
        "GET /healthz\r\n\r\n",
        "GET healthz HTTP/1.1\r\nHost: h\r\n\r\n",
        "SECRET /healthz HTTP/1.1\r\nHost: h\r\n\r\n",
        "get /healthz HTTP/1.1\r\nHost: h\r\n\r\n",
        "GET /\xe4\xbd\xa0 HTTP/1.1\r\nHost: h\r\n\r\n",
        "\x16\x03\x01\x02\x01\x01\r\n\r\n",
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct answer answer = ask(server, cases[i]);
        cr_assert(answer.status == 400 || answer.status == 505, "%d: %s", answer.status, cases[i]);
        cr_assert(strstr(answer.body, "urn:qizheng:problem:request") && answer.was_closed);
        cr_assert(strstr(answer.body, "\"detail\":\"The request line") && strchr(answer.body, '}'));
        cr_assert(!strstr(answer.text, "SECRET") && !strstr(answer.text, "healthz"));
        cr_assert(!strstr(answer.text, "ivet"));
        free(answer.text);
    }
    static const char nul[] = "GET /healthz\0x HTTP/1.1\r\nHost: h\r\n\r\n";
    struct answer answer = ask_bytes(server, nul, sizeof nul - 1);
    cr_assert_eq(answer.status, 400);
    free(answer.text);
    server_stop(server);
}

/* RFC 9112 section 3.2.2 wants the absolute form taken; the library takes it where it names the port that it listens on, else it hangs up. */
Test(api_server, an_absolute_target_never_reaches_another_path) {
    struct server *server = start();
    char request[256];
    (void)snprintf(request, sizeof request,
                   "GET http://127.0.0.1:%u/healthz HTTP/1.1\r\nHost: h\r\n\r\n",
                   server_port(server));
    int status = status_of(server, request);
    cr_assert(status == 200 || status == 0, "%d", status);
    status = status_of(server, "GET http://elsewhere/healthz HTTP/1.1\r\nHost: h\r\n\r\n");
    cr_assert(status == 0 || status == 400, "%d", status);
    status = status_of(server, "OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n");
    cr_assert(status == 0 || status == 400 || status == 404, "%d", status);
    server_stop(server);
}

Test(api_server, a_path_is_what_was_sent) {
    struct server *server = start();
    static const char *const others[] = {
        "//healthz",   "/./healthz",  "/x/../healthz", "/healthz/",     "/healthz/.",
        "/%68ealthz",  "/healthz%00", "/healthz%2f",   "/%2e/healthz",  "/healthz;x",
        "/healthz#x",  "/healthz%20", "/HEALTHZ",      "/healthz\\",    "/healthzx",
        "/v1//status", "/tile//0",    "/tile/../x",    "/v1/policy%3f", "/..",
    };
    char request[256];
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        (void)snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: h\r\n\r\n", others[i]);
        cr_assert_eq(status_of(server, request), 404, "%s", others[i]);
    }
    cr_assert_eq(status_of(server, "GET /healthz?x=1 HTTP/1.1\r\nHost: h\r\n\r\n"), 400);
    cr_assert_eq(status_of(server, "GET /healthz? HTTP/1.1\r\nHost: h\r\n\r\n"), 200);
    server_stop(server);
}

/* -- bodies -- */

Test(api_server, a_body_above_the_limit_is_refused_unread) {
    struct server *server = start();
    static const char *const cases[] = {POST "Content-Length: 16385\r\n\r\n",
                                        POST "Content-Length: 16385\r\n\r\nsome of it",
                                        POST "Content-Length: 9223372036854775807\r\n\r\n"};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint64_t before = now_ms();
        struct answer answer = ask(server, cases[i]);
        cr_assert_eq(answer.status, 413);
        cr_assert(has(&answer, "Connection: close") && answer.was_closed);
        /* It lingers for what may be on its way, but not for a whole body. */
        cr_assert(now_ms() - before < 2 * TIMEOUT_MS, "it waited for the body");
        free(answer.text);
    }
    server_stop(server);
}

Test(api_server, a_body_that_no_route_takes_is_left_unread_and_the_connection_closed) {
    struct server *server = start();
    static const struct {
        const char *request;
        int status;
    } cases[] = {
        {"GET /healthz HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\n", 200},
        {"GET /nothing HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\n", 404},
        {"POST /nothing HTTP/1.1\r\nHost: h\r\nContent-Length: 5000000\r\n\r\n", 404},
        {"POST /healthz HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\n", 405},
        {"DELETE /healthz HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\n", 405},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint64_t before = now_ms();
        struct answer answer = ask(server, cases[i].request);
        cr_assert_eq(answer.status, cases[i].status, "%s", cases[i].request);
        cr_assert(answer.was_closed && now_ms() - before < 2 * TIMEOUT_MS);
        free(answer.text);
    }
    server_stop(server);
}

Test(api_server, a_post_without_a_length_has_an_empty_body) {
    struct server *server = start();
    int fd = dial(server);
    send_text(fd, POST "\r\nGET /healthz HTTP/1.1\r\nHost: h\r\n\r\n");
    struct answer post = receive(fd, false), get = receive(fd, false);
    cr_assert(post.status == 200 && post.body_len == 0);
    cr_assert_str_eq(get.body, "{\"status\":\"ok\"}");
    free(post.text);
    free(get.text);
    (void)close(fd);
    server_stop(server);
}

Test(api_server, a_stalled_body_times_out) {
    struct server *server = start();
    uint64_t before = now_ms();
    struct answer answer = ask(server, POST "Content-Length: 10\r\n\r\nabc");
    uint64_t took = now_ms() - before;
    cr_assert_eq(answer.status, 408);
    cr_assert(answer.was_closed);
    cr_assert(took >= TIMEOUT_MS && took < 2 * TIMEOUT_MS + 500, "%llu ms",
              (unsigned long long)took);
    free(answer.text);
    server_stop(server);
}

/* One byte now and then keeps each single read alive: the deadline is the request's. */
Test(api_server, a_dripping_body_times_out) {
    struct server *server = start();
    int fd = dial(server);
    uint64_t before = now_ms();
    send_text(fd, POST "Content-Length: 2000\r\n\r\n");
    while (now_ms() - before < 8 * TIMEOUT_MS && is_open(fd)) { /* which takes 100 ms */
        if (send(fd, "x", 1, MSG_NOSIGNAL) != 1) break;
    }
    struct answer answer = receive(fd, false);
    uint64_t took = now_ms() - before;
    cr_assert_eq(answer.status, 408);
    cr_assert(took < 2 * TIMEOUT_MS, "%llu ms", (unsigned long long)took);
    free(answer.text);
    (void)close(fd);
    server_stop(server);
}

/* What is left of a body that was refused is read for a second, however it comes. */
Test(api_server, a_refused_body_that_drips_holds_nobody_up) {
    struct server *server = start();
    int fd = dial(server);
    uint64_t before = now_ms();
    send_text(fd, POST "Content-Length: 100000\r\n\r\n");
    struct answer answer = receive(fd, false);
    cr_assert_eq(answer.status, 413);
    while (now_ms() - before < 8 * TIMEOUT_MS && is_open(fd)) {
        if (send(fd, "x", 1, MSG_NOSIGNAL) != 1) break;
    }
    cr_assert(now_ms() - before < 1000 + 2 * TIMEOUT_MS, "%llu ms",
              (unsigned long long)(now_ms() - before));
    free(answer.text);
    (void)close(fd);
    server_stop(server);
}

/* Two connections of one peer that differ in our address alone: both are late, and both end. */
Test(api_server, of_two_connections_from_one_port_both_end_when_they_are_late) {
    struct server *server = NULL;
    struct server_options options = {"0.0.0.0:0", 4, TIMEOUT_MS, NULL};
    cr_assert(server_start(&options, &api, &server, NULL) == ERR_OK);
    int fds[2], yes = 1;
    unsigned port = 0;
    for (int i = 0; i < 2; i++) {
        struct sockaddr_in from = {.sin_family = AF_INET,
                                   .sin_port = htons((uint16_t)port),
                                   .sin_addr = {htonl(INADDR_LOOPBACK)}};
        struct sockaddr_in to = {.sin_family = AF_INET,
                                 .sin_port = htons((uint16_t)server_port(server)),
                                 .sin_addr = {htonl(INADDR_LOOPBACK + (in_addr_t)i)}};
        socklen_t len = sizeof from;
        fds[i] = socket(AF_INET, SOCK_STREAM, 0);
        cr_assert(setsockopt(fds[i], SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) == 0);
        cr_assert(bind(fds[i], (struct sockaddr *)&from, sizeof from) == 0);
        cr_assert(connect(fds[i], (struct sockaddr *)&to, sizeof to) == 0);
        cr_assert(getsockname(fds[i], (struct sockaddr *)&from, &len) == 0);
        port = ntohs(from.sin_port);
        send_text(fds[i], POST "Content-Length: 2000\r\n\r\n");
    }
    uint64_t before = now_ms();
    while (now_ms() - before < 8 * TIMEOUT_MS && (is_open(fds[0]) || is_open(fds[1]))) {
        for (int i = 0; i < 2; i++) (void)send(fds[i], "x", 1, MSG_NOSIGNAL);
    }
    cr_assert(now_ms() - before < 3 * TIMEOUT_MS, "%llu ms",
              (unsigned long long)(now_ms() - before));
    for (int i = 0; i < 2; i++) (void)close(fds[i]);
    server_stop(server);
}

/* -- whose turn it is -- */

Test(api_server, who_asks_without_end_makes_room_for_who_waits) {
    struct server *server = start_with(1, NULL);
    int greedy = dial(server), waiting = dial(server);
    struct answer answer = {0};
    uint64_t before = now_ms();
    send_text(waiting, "GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n");
    for (;;) {
        send_text(greedy, "GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n");
        answer = receive(greedy, false);
        cr_assert_eq(answer.status, 200);
        if (has(&answer, "Connection: close")) break;
        cr_assert(now_ms() - before < 2 * TIMEOUT_MS, "it never has to go");
        free(answer.text);
        (void)usleep(10000);
    }
    cr_assert(now_ms() - before >= TIMEOUT_MS, "it had no turn");
    free(answer.text);
    answer = receive(waiting, false);
    cr_assert_eq(answer.status, 200);
    free(answer.text);
    (void)close(greedy);
    (void)close(waiting);
    server_stop(server);
}

Test(api_server, while_there_is_room_nobody_has_to_go) {
    struct server *server = start_with(2, NULL);
    int fd = dial(server);
    uint64_t before = now_ms();
    while (now_ms() - before < 2 * TIMEOUT_MS) {
        send_text(fd, "GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n");
        struct answer answer = receive(fd, false);
        cr_assert(answer.status == 200 && has(&answer, "Connection: keep-alive"));
        free(answer.text);
        (void)usleep(10000);
    }
    /* Connections that have ended are no longer counted, whoever ended them. */
    for (int i = 0; i < 6; i++) {
        struct answer answer = ask(server, i % 2 ? "GET /healthz HTTP/1.0\r\n\r\n" : "BAD\r\n\r\n");
        free(answer.text);
    }
    send_text(fd, "GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n");
    struct answer answer = receive(fd, false);
    cr_assert(answer.status == 200 && has(&answer, "Connection: keep-alive"));
    free(answer.text);
    (void)close(fd);
    server_stop(server);
}

Test(api_server, a_body_that_ends_early_is_no_request) {
    struct server *server = start();
    int fd = dial(server);
    uint64_t before = now_ms();
    send_text(fd, POST "Content-Length: 10\r\n\r\nabc");
    cr_assert(shutdown(fd, SHUT_WR) == 0);
    struct answer answer = receive(fd, false);
    cr_assert_eq(answer.status, 400);
    cr_assert(now_ms() - before < TIMEOUT_MS);
    free(answer.text);
    (void)close(fd);
    server_stop(server);
}

Test(api_server, a_client_that_leaves_harms_nobody) {
    struct server *server = start_with(2, NULL);
    for (int i = 0; i < 20; i++) {
        int fd = dial(server);
        send_text(fd, i % 2 ? POST "Content-Length: 10\r\n\r\nabc" : "GET /hea");
        struct linger now = {1, 0};
        cr_assert(setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now) == 0);
        (void)close(fd);
    }
    cr_assert_eq(status_of(server, "GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n"), 200);
    server_stop(server);
}

/* -- drain -- */

struct late {
    struct server *server;
    int status;
};

static void *ask_late(void *arg) {
    struct late *late = arg;
    late->status = status_of(late->server, POST "Content-Length: 3\r\n\r\nabc");
    return NULL;
}

Test(api_server, drain_lets_running_requests_end_and_refuses_new_ones) {
    struct server *server = start();
    struct late late = {server, 0};
    pthread_t thread;
    atomic_store(&delay_ms, 400);
    cr_assert(pthread_create(&thread, NULL, ask_late, &late) == 0);
    while (metric_get(METRIC_HTTP_IN_FLIGHT) == 0) (void)usleep(1000);
    (void)usleep(100000); /* it is counted before it is let in */
    server_drain(server, 5000);
    cr_assert_eq(metric_get(METRIC_HTTP_IN_FLIGHT), 0);
    cr_assert(pthread_join(thread, NULL) == 0);
    cr_assert_eq(late.status, 200);
    struct answer answer = ask(server, "GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n");
    cr_assert_eq(answer.status, 503);
    cr_assert(answer.was_closed && has(&answer, "Retry-After: 5"));
    cr_assert(strstr(answer.body, "\"code\":\"draining\""));
    free(answer.text);
    server_stop(server);
}

Test(api_server, drain_gives_up_at_its_timeout) {
    struct server *server = start();
    struct late late = {server, 0};
    pthread_t thread;
    atomic_store(&delay_ms, 700);
    cr_assert(pthread_create(&thread, NULL, ask_late, &late) == 0);
    while (metric_get(METRIC_HTTP_IN_FLIGHT) == 0) (void)usleep(1000);
    (void)usleep(100000); /* it is counted before it is let in */
    uint64_t before = now_ms();
    server_drain(server, 100);
    cr_assert(now_ms() - before < 400);
    cr_assert(pthread_join(thread, NULL) == 0);
    cr_assert_eq(late.status, 200);
    server_stop(server);
}

/* -- start -- */

Test(api_server, an_address_that_cannot_be_served_is_refused) {
    static const char *const bad[] = {"",
                                      "8080",
                                      "localhost:8080",
                                      "127.0.0.1:8080s",
                                      "127.0.0.1:8080r",
                                      "[::1]:8080",
                                      "127.0.0.1:80,127.0.0.1:81",
                                      "+8080"};
    struct server *server = NULL;
    struct problem why = {0};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct server_options options = {bad[i], 1, 1000, NULL};
        cr_assert(server_start(&options, &api, &server, &why) == ERR_CONFIG, "%s", bad[i]);
        cr_assert(why.detail[0]);
    }
    struct server_options none = {"127.0.0.1:0", 0, 1000, NULL}, soon = {"127.0.0.1:0", 1, 0, NULL};
    cr_assert(server_start(&none, &api, &server, &why) == ERR_CONFIG);
    cr_assert(server_start(&soon, &api, &server, &why) == ERR_CONFIG);
    struct server *first = start();
    char taken[32];
    (void)snprintf(taken, sizeof taken, "127.0.0.1:%u", server_port(first));
    struct server_options again = {taken, 1, 1000, NULL};
    cr_assert(server_start(&again, &api, &server, &why) == ERR_IO);
    cr_assert(strstr(why.detail, taken) && !server);
    server_stop(first);
    server_stop(NULL);
}

/* -- who asks, and what is counted -- */

/* The source that the log line of a 503 names. */
static void source_is(const char *proxies, const char *forwarded, const char *want) {
    char request[512], line[1024] = {0}, expected[128];
    FILE *file = tmpfile();
    struct server *server = start_with(1, proxies);
    cr_assert(file);
    int kept = dup(STDERR_FILENO);
    cr_assert(kept >= 0 && dup2(fileno(file), STDERR_FILENO) >= 0);
    (void)snprintf(request, sizeof request, "GET /readyz HTTP/1.1\r\nHost: h\r\n%s%s%s\r\n",
                   forwarded ? "X-Forwarded-For: " : "", forwarded ? forwarded : "",
                   forwarded ? "\r\n" : "");
    int status = status_of(server, request);
    server_stop(server);
    cr_assert(dup2(kept, STDERR_FILENO) >= 0 && close(kept) == 0);
    cr_assert(pread(fileno(file), line, sizeof line - 1, 0) > 0 && status == 503);
    (void)fclose(file);
    (void)snprintf(expected, sizeof expected, " source=%s\n", want);
    cr_assert(strstr(line, expected), "%s is not in %s", expected, line);
}

Test(api_server, x_forwarded_for_is_believed_from_a_trusted_proxy_alone) {
    source_is(NULL, NULL, "127.0.0.1");
    source_is(NULL, "192.0.2.7", "127.0.0.1");
    source_is("192.0.2.1", "192.0.2.7", "127.0.0.1");
    source_is("127.0.0.11, 27.0.0.1", "192.0.2.7", "127.0.0.1");
    source_is("192.0.2.1, 127.0.0.1", "192.0.2.7", "192.0.2.7");
    source_is("127.0.0.1", "192.0.2.66, 192.0.2.7 ", "192.0.2.7");
    source_is("127.0.0.1", "192.0.2.7, 2001:db8::1", "2001:db8::1");
    source_is("127.0.0.1", "192.0.2.7, unknown", "127.0.0.1");
    source_is("127.0.0.1", "a b=\"c\"", "127.0.0.1");
    source_is("127.0.0.1", "", "127.0.0.1");
}

Test(api_server, requests_are_counted_by_route_and_status) {
    struct server *server = start();
    struct buf out;
    (void)status_of(server, "GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n");
    (void)status_of(server, "GET /readyz HTTP/1.1\r\nHost: h\r\n\r\n");
    (void)status_of(server, "GET /nothing HTTP/1.1\r\nHost: h\r\n\r\n");
    (void)status_of(server, "BAD / HTTP/1.1\r\nHost: h\r\n\r\n");
    server_stop(server); /* after it everything is counted */
    buf_init(&out, 1 << 20);
    cr_assert(metrics_format(api_route_name, api_route_count(), &out) == ERR_OK && buf_text(&out));
    const char *text = (const char *)out.data;
    cr_assert(strstr(text, "requests_total{route=\"GET /healthz\",status=\"200\"} 1\n"));
    cr_assert(strstr(text, "requests_total{route=\"GET /readyz\",status=\"503\"} 1\n"));
    cr_assert(strstr(text, "requests_total{route=\"other\",status=\"404\"} 1\n"));
    cr_assert(strstr(text, "requests_total{route=\"other\",status=\"400\"} 1\n"));
    buf_done(&out);
}
