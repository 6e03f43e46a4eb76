/* Bodies that are never in memory as a whole, over raw sockets: uploads on their way in, results on their way out. */
#include "tests/lib/host.h"
#include "tests/lib/wire.h"

#define TIMEOUT_MS 800
#define HEAD                                                                                       \
    "POST /v1/batches HTTP/1.1\r\nHost: h\r\nContent-Type: application/vnd.qizheng.jose-lines\r\n"

static struct host *host;
static struct server *server;

static void begin(void) {
    struct server_options options = {"127.0.0.1:0", 4, TIMEOUT_MS, NULL};
    struct problem why = {0};
    host = host_open();
    cr_assert(server_start(&options, &host->api, &server, &why) == ERR_OK, "%s", why.detail);
}

static void end(void) {
    server_stop(server);
    host_close(host);
}

static void send_head(int fd, size_t len) {
    char head[256];
    (void)snprintf(head, sizeof head, HEAD "Content-Length: %zu\r\n\r\n", len);
    send_text(fd, head);
}

/* The status, and whether the connection was closed behind it. */
static int status_of(int fd, bool *ret_closed) {
    struct answer answer = receive(fd, false);
    int status = answer.status;
    if (ret_closed) *ret_closed = strstr(answer.text, "\r\nConnection: close\r\n") != NULL;
    free(answer.text);
    return status;
}

static uint64_t uploads(void) {
    return spool_totals(host->api.spool).uploads;
}

/* Drafts are given up behind the answer, or the lack of one. */
static bool nothing_is_left(void) {
    char path[600];
    (void)snprintf(path, sizeof path, "%s/uploads", host->dir);
    return uploads() == 0 && rmdir(path) == 0 && mkdir(path, 0700) == 0;
}

Test(api_streams, uploads_of_every_size_arrive_and_the_connection_serves_again) {
    begin();
    static char body[300000];
    static const size_t lens[] = {1, 127, 128, 129, 65535, 65536, 65537, 300000};
    memset(body, 'x', sizeof body);
    int fd = dial(server);
    for (size_t i = 0; i < sizeof lens / sizeof lens[0]; i++) {
        bool closed = true;
        struct spool_lines *lines = NULL;
        struct spool_id id;
        send_head(fd, lens[i]);
        for (size_t sent = 0; sent < lens[i]; sent += 50000)
            send_bytes(fd, body + sent, lens[i] - sent < 50000 ? lens[i] - sent : 50000);
        cr_assert(status_of(fd, &closed) == 202 && !closed, "%zu", lens[i]);
        cr_assert(uploads() == i + 1 && spool_next(host->api.spool, 0, &id));
        cr_assert(spool_lines_open(host->api.spool, &id, &lines) == ERR_OK);
        spool_lines_close(lines);
    }
    struct spool_totals totals = spool_totals(host->api.spool);
    cr_assert_eq(totals.bytes, 1 + 127 + 128 + 129 + 65535 + 65536 + 65537 + 300000);
    (void)close(fd);
    end();
}

Test(api_streams, a_client_that_waits_for_100_gets_it) {
    begin();
    int fd = dial(server);
    char text[64] = "";
    send_text(fd, HEAD "Expect: 100-continue\r\nContent-Length: 3\r\n\r\n");
    cr_assert(recv(fd, text, 25, MSG_WAITALL) == 25);
    cr_assert_str_eq(text, "HTTP/1.1 100 Continue\r\n\r\n");
    send_text(fd, "a\nb");
    cr_assert_eq(status_of(fd, NULL), 202);
    (void)close(fd);
    end();
}

Test(api_streams, an_upload_that_is_cut_is_400_and_leaves_nothing) {
    begin();
    static const size_t sent[] = {0, 1, 128, 70000};
    static char body[70000];
    for (size_t i = 0; i < 4; i++) {
        int fd = dial(server);
        bool closed = false;
        send_head(fd, 70001);
        if (sent[i]) send_bytes(fd, body, sent[i]);
        cr_assert(shutdown(fd, SHUT_WR) == 0);
        cr_assert(status_of(fd, &closed) == 400 && closed, "%zu", sent[i]);
        cr_assert(nothing_is_left());
        (void)close(fd);
    }
    end();
}

Test(api_streams, an_upload_that_stalls_is_408_and_leaves_nothing) {
    begin();
    int fd = dial(server);
    bool closed = false;
    send_head(fd, 5000);
    send_text(fd, "some of it\n");
    cr_assert(status_of(fd, &closed) == 408 && closed);
    cr_assert(nothing_is_left());
    (void)close(fd);
    end();
}

/* A byte now and then keeps no thread: the rate must be kept, too. */
Test(api_streams, an_upload_that_trickles_is_408) {
    begin();
    int fd = dial(server);
    unsigned sent = 0;
    send_head(fd, 5000);
    while (is_open(fd) && sent < 100) { /* which waits 100 ms */
        send_text(fd, "x");
        sent++;
    }
    cr_assert(sent < 40, "%u bytes were taken", sent);
    cr_assert_eq(status_of(fd, NULL), 408);
    cr_assert(nothing_is_left());
    (void)close(fd);
    end();
}

Test(api_streams, a_refused_upload_is_answered_before_it_was_sent) {
    begin();
    int fd = dial(server);
    bool closed = false;
    send_text(fd, "POST /v1/batches HTTP/1.1\r\nHost: h\r\nContent-Type: text/plain\r\n"
                  "Content-Length: 1000000\r\n\r\nsome of it");
    cr_assert(status_of(fd, &closed) == 415 && closed);
    (void)close(fd);
    fd = dial(server);
    send_head(fd, LIMIT_UPLOAD + 1);
    cr_assert(status_of(fd, &closed) == 413 && closed);
    (void)close(fd);
    cr_assert(nothing_is_left());
    end();
}

/* -- out -- */

#define LINES 3000

/* An upload of refused lines, and its path. */
static void settled_upload(char *ret, size_t room) {
    static char many[LINES + 1];
    struct spool_draft *draft = NULL;
    struct spool_id id;
    struct spool_outcome refused = {.kind = SPOOL_REFUSED};
    struct spool *spool = host->api.spool;
    memset(many, '\n', LINES);
    (void)problem_set(&refused.problem, ERR_JWS, "Not a JWS.");
    cr_assert(spool_begin(spool, "192.0.2.1", LINES, &draft, NULL) == ERR_OK);
    cr_assert(spool_add(draft, bytes_text(many), NULL) == ERR_OK);
    cr_assert(spool_keep(draft, &id, NULL) == ERR_OK);
    for (int i = 0; i < LINES; i++) cr_assert(spool_settle(spool, &id, &refused, 1) == ERR_OK);
    (void)snprintf(ret, room, "/v1/batches/%s/results", id.text);
}

static void ask_results(int fd, const char *method, const char *path, const char *version) {
    char head[256];
    (void)snprintf(head, sizeof head, "%s %s HTTP/%s\r\nHost: h\r\n\r\n", method, path, version);
    send_text(fd, head);
}

static size_t count(struct bytes text, uint8_t byte) {
    size_t sum = 0;
    for (size_t i = 0; i < text.len; i++) sum += text.data[i] == byte;
    return sum;
}

static char *read_text(int fd, const char *until) {
    size_t len = 0;
    char *text = calloc(1, 64);
    cr_assert(text);
    while (len < 63 && !strstr(text, until)) cr_assert(recv(fd, text + len++, 1, 0) == 1);
    return text;
}

/* The body of chunks behind a head that was read. *ret_chunks: how many. */
static struct buf read_chunks(int fd, size_t *ret_chunks) {
    struct buf body;
    static char piece[1 << 20];
    buf_init(&body, 16 << 20);
    for (*ret_chunks = 0;; ++*ret_chunks) {
        char *line = read_text(fd, "\r\n");
        size_t len = strtoul(line, NULL, 16);
        free(line);
        cr_assert(len < sizeof piece && recv(fd, piece, len + 2, MSG_WAITALL) == (ssize_t)len + 2);
        cr_assert(memcmp(piece + len, "\r\n", 2) == 0);
        if (len == 0) return body;
        cr_assert(buf_add(&body, bytes_of(piece, len)) == ERR_OK);
    }
}

static char *read_head(int fd) {
    size_t len = 0;
    char *text = calloc(1, 4096);
    cr_assert(text);
    while (len < 4095 && !strstr(text, "\r\n\r\n")) cr_assert(recv(fd, text + len++, 1, 0) == 1);
    return text;
}

Test(api_streams, results_are_sent_in_chunks_and_the_connection_serves_again) {
    begin();
    char path[128];
    int fd = dial(server);
    settled_upload(path, sizeof path);
    for (int i = 0; i < 2; i++) {
        size_t chunks = 0;
        ask_results(fd, "GET", path, "1.1");
        char *head = read_head(fd);
        cr_assert(strncmp(head, "HTTP/1.1 200 ", 13) == 0 && !strstr(head, "Content-Length"));
        cr_assert(strstr(head, "\r\nTransfer-Encoding: chunked\r\n") &&
                  strstr(head, "\r\nConnection: keep-alive\r\n"));
        struct buf body = read_chunks(fd, &chunks);
        cr_assert(count(buf_bytes(&body), '\n') == LINES && chunks > 5, "%zu chunks", chunks);
        buf_done(&body);
        free(head);
    }
    (void)close(fd);
    end();
}

/* HTTP/1.0 knows no chunks: the end of the connection is the end of the body. */
Test(api_streams, results_for_http_1_0_end_with_the_connection) {
    begin();
    char path[128];
    struct buf body;
    uint8_t piece[4096];
    int fd = dial(server);
    settled_upload(path, sizeof path);
    ask_results(fd, "GET", path, "1.0");
    char *head = read_head(fd);
    cr_assert(!strstr(head, "chunked") && strstr(head, "\r\nConnection: close\r\n"));
    buf_init(&body, 16 << 20);
    for (ssize_t got; (got = recv(fd, piece, sizeof piece, 0)) > 0;)
        cr_assert(buf_add(&body, bytes_of(piece, (size_t)got)) == ERR_OK);
    cr_assert_eq(count(buf_bytes(&body), '\n'), LINES);
    buf_done(&body);
    free(head);
    (void)close(fd);
    end();
}

Test(api_streams, head_gets_no_body) {
    begin();
    char path[128];
    int fd = dial(server);
    settled_upload(path, sizeof path);
    ask_results(fd, "HEAD", path, "1.1");
    free(read_head(fd));
    cr_assert(is_open(fd));
    send_text(fd, "GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n");
    cr_assert_eq(status_of(fd, NULL), 200);
    (void)close(fd);
    end();
}

/* A body that ends in the middle must not look whole: no last chunk. */
Test(api_streams, results_that_break_end_without_the_last_chunk) {
    begin();
    char path[128], file[700];
    static char rest[1 << 20];
    int fd = dial(server);
    settled_upload(path, sizeof path);
    (void)snprintf(file, sizeof file, "%s/uploads/%.32s.out", host->dir, path + 12);
    cr_assert(truncate(file, 40000) == 0);
    ask_results(fd, "GET", path, "1.1");
    char *head = read_head(fd);
    ssize_t got = recv(fd, rest, sizeof rest, MSG_WAITALL);
    cr_assert(got > 100 && memcmp(rest + got - 5, "0\r\n\r\n", 5) != 0);
    free(head);
    (void)close(fd);
    end();
}

Test(api_streams, a_reader_that_goes_away_takes_nothing_with_it) {
    begin();
    char path[128];
    settled_upload(path, sizeof path);
    for (int i = 0; i < 8; i++) { /* more than there are threads */
        int fd = dial(server);
        ask_results(fd, "GET", path, "1.1");
        free(read_head(fd));
        (void)close(fd);
    }
    int fd = dial(server);
    send_text(fd, "GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n");
    cr_assert_eq(status_of(fd, NULL), 200);
    (void)close(fd);
    end();
}
