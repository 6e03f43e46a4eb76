/* The load generator: one thread, epoll, keep-alive connections, each with one request under way. See bench.h.
 *
 * Latency is from the first byte sent to the last byte of the answer. The generator reads of an answer only what frames it (RFC 9112: status, Content-Length), so that its
 * own cost stays small beside the node's; it runs on the same cores and its CPU is reported. */
#include "tests/bench/bench.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#define ANSWER_MAX (2 * 1024 * 1024)
#define READ_LEN (64 * 1024)

struct line {
    int fd;
    size_t index; /* of the request under way */
    struct load_request request;
    size_t sent;
    struct buf answer;
    size_t head_len, whole_len; /* 0: the head is not whole yet */
    int status;
    uint64_t began_ns;
};

struct run {
    const struct load *load;
    struct load_result *result;
    struct line *lines;
    int epoll;
    size_t next, open;
};

static int dial(const struct load *load) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)load->port)};
    int on = 1, fd = socket(AF_INET, SOCK_STREAM, 0);
    BENCH_CHECK(fd >= 0 && inet_pton(AF_INET, load->host, &address.sin_addr) == 1);
    BENCH_CHECK(connect(fd, (struct sockaddr *)&address, sizeof address) == 0);
    BENCH_CHECK(setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) == 0);
    return fd;
}

static void line_send(struct line *line) {
    struct load_request *r = &line->request;
    size_t len = r->head.len + r->body.len;
    while (line->sent < len) {
        size_t at = line->sent < r->head.len ? line->sent : r->head.len;
        struct iovec parts[2] = {{(void *)(uintptr_t)(r->head.data + at), r->head.len - at},
                                 {(void *)(uintptr_t)(r->body.data + (line->sent - at)),
                                  r->body.len - (line->sent - at)}};
        struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};
        ssize_t wrote = sendmsg(line->fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (wrote < 0 && errno == EAGAIN) return;
        BENCH_CHECK(wrote > 0);
        line->sent += (size_t)wrote;
    }
}

static void line_watch(struct run *run, struct line *line, int how) {
    bool sending = line->sent < line->request.head.len + line->request.body.len;
    struct epoll_event event = {.events = EPOLLIN | (sending ? EPOLLOUT : 0), .data.ptr = line};
    BENCH_CHECK(epoll_ctl(run->epoll, how, line->fd, &event) == 0);
}

static void line_ask(struct run *run, struct line *line) {
    line->sent = 0;
    line->head_len = line->whole_len = 0;
    buf_clear(&line->answer);
    run->load->request(run->load->ctx, line->index, &line->request);
    line_send(line);
}

/* False where there is nothing left to ask. */
static bool line_next(struct run *run, struct line *line) {
    if (run->next == run->load->count) return false;
    line->index = run->next++;
    line->began_ns = bench_now_ns();
    line_ask(run, line);
    return true;
}

static void head_read(struct line *line) {
    const char *text = (const char *)line->answer.data;
    const char *end = memmem(text, line->answer.len, "\r\n\r\n", 4);
    if (!end) return;
    line->head_len = (size_t)(end - text) + 4;
    BENCH_CHECK(line->head_len > 12 && strncmp(text, "HTTP/1.1 ", 9) == 0);
    line->status = (int)strtol(text + 9, NULL, 10);
    for (const char *at = text; at < end;
         at = (const char *)memmem(at, (size_t)(end - at) + 2, "\r\n", 2) + 2) {
        if (strncasecmp(at, "Content-Length:", 15) != 0) continue;
        line->whole_len = line->head_len + (size_t)strtoull(at + 15, NULL, 10);
    }
    BENCH_CHECK(line->whole_len);
}

/* False where the same request goes on. */
static bool answer_take(struct run *run, struct line *line) {
    const struct load *load = run->load;
    struct bytes body =
        bytes_of(line->answer.data + line->head_len, line->whole_len - line->head_len);
    uint64_t ns = bench_now_ns() - line->began_ns;
    enum load_next next = line->status == 200 || line->status == 201 ? LOAD_DONE : LOAD_BAD;
    if (load->answer) next = load->answer(load->ctx, line->index, line->status, body, ns);
    if (next == LOAD_BAD)
        (void)fprintf(stderr, "%d %.*s\n", line->status, (int)(body.len < 600 ? body.len : 600),
                      (const char *)body.data);
    BENCH_CHECK(next != LOAD_BAD);
    run->result->bytes_in += line->whole_len;
    if (next == LOAD_AGAIN) return false;
    histogram_add(&run->result->latency, ns);
    run->result->answers++;
    return true;
}

/* True where the whole answer is in. */
static bool line_read(struct line *line) {
    BENCH_CHECK(buf_reserve(&line->answer, READ_LEN) == ERR_OK);
    ssize_t got = recv(line->fd, line->answer.data + line->answer.len, READ_LEN, MSG_DONTWAIT);
    if (got < 0 && errno == EAGAIN) return false;
    BENCH_CHECK(got > 0);
    line->answer.len += (size_t)got;
    if (!line->head_len) head_read(line);
    return line->head_len && line->answer.len >= line->whole_len;
}

static void line_event(struct run *run, struct line *line, uint32_t events) {
    bool was_sending = line->sent < line->request.head.len + line->request.body.len;
    if (events & EPOLLOUT) line_send(line);
    if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) && line_read(line)) {
        if (!answer_take(run, line)) {
            line_ask(run, line);
        } else if (!line_next(run, line)) {
            BENCH_CHECK(epoll_ctl(run->epoll, EPOLL_CTL_DEL, line->fd, NULL) == 0);
            run->open--;
            return;
        }
    }
    bool is_sending = line->sent < line->request.head.len + line->request.body.len;
    if (was_sending || is_sending) line_watch(run, line, EPOLL_CTL_MOD);
}

static void lines_open(struct run *run) {
    run->epoll = epoll_create1(0);
    run->lines = calloc(run->load->connections, sizeof *run->lines);
    BENCH_CHECK(run->epoll >= 0 && run->lines);
    for (unsigned i = 0; i < run->load->connections; i++) {
        run->lines[i].fd = dial(run->load);
        buf_init(&run->lines[i].answer, ANSWER_MAX);
    }
}

static void lines_close(struct run *run) {
    for (unsigned i = 0; i < run->load->connections; i++) {
        (void)close(run->lines[i].fd);
        buf_done(&run->lines[i].answer);
    }
    free(run->lines);
    (void)close(run->epoll);
}

static void drive(struct run *run) {
    struct epoll_event events[256];
    for (unsigned i = 0; i < run->load->connections; i++) {
        if (!line_next(run, &run->lines[i])) break;
        run->open++;
        line_watch(run, &run->lines[i], EPOLL_CTL_ADD);
    }
    while (run->open) {
        int count = epoll_wait(run->epoll, events, 256, 60000);
        BENCH_CHECK(count > 0);
        for (int i = 0; i < count; i++) line_event(run, events[i].data.ptr, events[i].events);
    }
}

void load_run(const struct load *load, struct load_result *ret) {
    struct run run = {.load = load, .result = ret};
    memset(ret, 0, sizeof *ret);
    lines_open(&run);
    uint64_t node_cpu = bench_cpu_ns_of(load->node_pid), cpu = bench_cpu_ns(),
             began = bench_now_ns();
    drive(&run);
    ret->ns = bench_now_ns() - began;
    ret->client_cpu_ns = bench_cpu_ns() - cpu;
    ret->node_cpu_ns = bench_cpu_ns_of(load->node_pid) - node_cpu;
    ret->node_rss = bench_rss_of(load->node_pid);
    lines_close(&run);
    BENCH_CHECK(ret->answers == load->count);
}

void load_put(const struct load_result *result, double per, struct json *object) {
    double units = per * (double)result->answers, ns = (double)result->ns;
    bench_put_int(object, "units", (uint64_t)units);
    bench_put_int(object, "milliseconds", result->ns / 1000000);
    bench_put_int(object, "per_second", (uint64_t)(units * 1e9 / ns));
    bench_put_int(object, "client_cpu_ns_per_unit",
                  (uint64_t)((double)result->client_cpu_ns / units));
    bench_put_int(object, "node_cpu_ns_per_unit", (uint64_t)((double)result->node_cpu_ns / units));
    bench_put_int(object, "node_rss", result->node_rss);
    bench_put_int(object, "bytes_in_per_unit", (uint64_t)((double)result->bytes_in / units));
    histogram_put(&result->latency, object);
}
