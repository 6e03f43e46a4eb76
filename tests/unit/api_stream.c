/* Streamed answers through the server, over raw sockets: chunks that end, connections that close where they must, a drain that ends what waits. The stream is the route of events. */
#include "tests/lib/readers.h"

#include "api/server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <time.h>

#define TEXT_MAX 65536

/* -- a node that streams; nobody but the server's threads touches the host while it runs -- */

static struct readers *r;
static struct server *server;
static atomic_uint waits;

static bool wait_a_little(void *ctx, uint64_t index, uint64_t timeout_ms) {
    struct host *host = ctx;
    static const struct timespec step = {0, 20 * 1000000};
    (void)timeout_ms;
    atomic_fetch_add(&waits, 1);
    (void)nanosleep(&step, NULL);
    return index < host->final_size;
}

static void setup(void) {
    struct server_options options = {"127.0.0.1:0", 4, 2000, NULL};
    struct problem why = {0};
    r = readers_open(NULL);
    r->host->api.host.wait_final = wait_a_little;
    cr_assert(server_start(&options, &r->host->api, &server, &why) == ERR_OK, "%s", why.detail);
}

static void teardown(void) {
    server_stop(server);
    readers_close(r);
}

TestSuite(api_stream, .init = setup, .fini = teardown);

static int dial(void) {
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)server_port(server)),
                                  .sin_addr = {htonl(INADDR_LOOPBACK)}};
    struct timeval limit = {10, 0};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    cr_assert(fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address) == 0);
    cr_assert(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit) == 0);
    return fd;
}

static void ask_stream(int fd, const char *method, const char *query, const char *version) {
    char text[4096];
    struct buf token = host_token(r->host, "court", KEY_ES256K, ++r->number,
                                  (struct ask){.method = method, .path = "/v1/events"});
    int len = snprintf(text, sizeof text,
                       "%s /v1/events?%s HTTP/%s\r\nHost: a\r\nAuthorization: %s\r\n\r\n", method,
                       query, version, buf_text(&token));
    cr_assert(send(fd, text, (size_t)len, MSG_NOSIGNAL) == len);
    buf_done(&token);
}

/* Reads until `end` stands at the end of what came, or the connection closed; true for the first. */
static bool read_until(int fd, const char *end, char text[TEXT_MAX]) {
    size_t len = 0;
    text[0] = 0;
    while (len < TEXT_MAX - 1) {
        size_t wanted = strlen(end);
        if (wanted && len >= wanted && strcmp(text + len - wanted, end) == 0) return true;
        ssize_t got = recv(fd, text + len, 1, 0);
        if (got <= 0) return false;
        text[++len - 1 + 1] = 0;
    }
    return false;
}

/* The body of chunks (RFC 9112 section 7.1), joined in place. */
static char *chunks_join(char *text) {
    char *body = strstr(text, "\r\n\r\n"), *out, *at;
    cr_assert(body);
    body += 4;
    out = at = body;
    for (;;) {
        char *line;
        size_t len = strtoul(at, &line, 16);
        cr_assert(line > at && strncmp(line, "\r\n", 2) == 0, "no chunk length: %.20s", at);
        at = line + 2;
        if (len == 0) break;
        memmove(out, at, len);
        out += len;
        at += len;
        cr_assert(strncmp(at, "\r\n", 2) == 0, "a chunk without its end");
        at += 2;
    }
    cr_assert_str_eq(at, "\r\n");
    *out = 0;
    return body;
}

Test(api_stream, chunks_end_and_the_connection_serves_again) {
    char *text = calloc(1, TEXT_MAX);
    int fd = dial();
    for (int again = 0; again < 2; again++) {
        ask_stream(fd, "GET", "from=0&limit=3", "1.1");
        cr_assert(read_until(fd, "\r\n0\r\n\r\n", text));
        cr_assert(strncmp(text, "HTTP/1.1 200 ", 13) == 0, "%.40s", text);
        cr_expect(strstr(text, "\r\nTransfer-Encoding: chunked\r\n"));
        cr_expect(strstr(text, "\r\nContent-Type: text/event-stream\r\n"));
        cr_expect(!strstr(text, "Content-Length"));
        const char *body = chunks_join(text);
        cr_expect(strstr(body, "event: record\nid: 1.1\n") && strstr(body, "id: 3.1\n"));
        cr_expect(!strstr(body, "id: 4.1"), "three");
    }
    close(fd);
    free(text);
}

/* RFC 9112 section 6.1: chunks are for HTTP/1.1; for 1.0 the end of the connection is the end of the body. */
Test(api_stream, http_1_0_gets_no_chunks_and_the_end_of_the_connection) {
    char *text = calloc(1, TEXT_MAX);
    int fd = dial();
    ask_stream(fd, "GET", "from=0&limit=2", "1.0");
    cr_assert(!read_until(fd, "", text));
    cr_expect(!strstr(text, "Transfer-Encoding") && strstr(text, "\r\nConnection: close\r\n"));
    const char *body = strstr(text, "\r\n\r\n") + 4;
    cr_expect(strncmp(body, ": qizheng\n", 10) == 0);
    cr_expect(strstr(body, "id: 2.1\n"));
    close(fd);
    free(text);
}

Test(api_stream, head_has_no_body_and_holds_no_place) {
    char *text = calloc(1, TEXT_MAX);
    int fd = dial();
    for (unsigned i = 0; i < 2 * LIMIT_EVENTS_SOURCE; i++) {
        ask_stream(fd, "HEAD", "from=0", "1.1");
        cr_assert(read_until(fd, "\r\n\r\n", text));
        cr_assert(strncmp(text, "HTTP/1.1 200 ", 13) == 0, "%.40s", text);
    }
    close(fd);
    free(text);
}

Test(api_stream, a_drain_ends_what_waits) {
    char *text = calloc(1, TEXT_MAX);
    int fd = dial();
    ask_stream(fd, "GET", "from=0", "1.1");
    cr_assert(read_until(fd, "\n\n\r\n", text)); /* something came */
    while (atomic_load(&waits) < 3) (void)usleep(1000);
    struct timespec before, after;
    (void)clock_gettime(CLOCK_MONOTONIC, &before);
    server_drain(server, 5000);
    (void)clock_gettime(CLOCK_MONOTONIC, &after);
    cr_expect(after.tv_sec - before.tv_sec < 3, "it waited for the stream");
    cr_assert(read_until(fd, "0\r\n\r\n", text), "a whole body, ended");
    close(fd);
    free(text);
}

/* What goes wrong in the middle of a body is told by a connection that ends without the last chunk. */
static enum err checkpoint_breaks(void *ctx, struct api_checkpoint *ret) {
    (void)ctx;
    (void)ret;
    return ERR_IO;
}

Test(api_stream, a_fault_in_the_middle_ends_the_connection_without_the_last_chunk) {
    char *text = calloc(1, TEXT_MAX);
    r->host->api.host.checkpoint = checkpoint_breaks;
    int fd = dial();
    ask_stream(fd, "GET", "from=0", "1.1");
    cr_assert(!read_until(fd, "\r\n0\r\n\r\n", text), "closed");
    cr_expect(strstr(text, ": qizheng"));
    close(fd);
    free(text);
}
