/* The client against our own server and against servers that misbehave: replies that are too long, redirects, silence, lies about themselves. */
#include "api/client.h"
#include "api/server.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/* -- a server that says one thing, whatever it is asked -- */

struct parrot {
    int listener;
    unsigned port;
    const char *reply;  /* NULL: accepts and stays silent */
    unsigned repeat;    /* the last 10 bytes of the reply are sent so often */
    char request[4096]; /* of the last caller */
    pthread_t thread;
};

static void parrot_serve(struct parrot *parrot, int fd) {
    ssize_t got = recv(fd, parrot->request, sizeof parrot->request - 1, 0);
    parrot->request[got > 0 ? got : 0] = 0;
    if (parrot->reply) {
        size_t len = strlen(parrot->reply);
        (void)send(fd, parrot->reply, len, MSG_NOSIGNAL);
        for (unsigned i = 0; i < parrot->repeat; i++) {
            if (send(fd, parrot->reply + len - 10, 10, MSG_NOSIGNAL) != 10) break;
        }
    } else {
        struct timespec silence = {1, 0};
        (void)nanosleep(&silence, NULL);
    }
    (void)close(fd);
}

static void *parrot_run(void *arg) {
    struct parrot *parrot = arg;
    int fd;
    while ((fd = accept(parrot->listener, NULL, NULL)) >= 0) parrot_serve(parrot, fd);
    return NULL;
}

static void parrot_start(struct parrot *parrot, const char *reply) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t len = sizeof address;
    memset(parrot, 0, sizeof *parrot);
    parrot->reply = reply;
    parrot->listener = socket(AF_INET, SOCK_STREAM, 0);
    cr_assert(parrot->listener >= 0);
    cr_assert(bind(parrot->listener, (struct sockaddr *)&address, sizeof address) == 0);
    cr_assert(listen(parrot->listener, 8) == 0);
    cr_assert(getsockname(parrot->listener, (struct sockaddr *)&address, &len) == 0);
    parrot->port = ntohs(address.sin_port);
    cr_assert(pthread_create(&parrot->thread, NULL, parrot_run, parrot) == 0);
}

static void parrot_stop(struct parrot *parrot) {
    cr_assert(shutdown(parrot->listener, SHUT_RDWR) == 0);
    cr_assert(pthread_join(parrot->thread, NULL) == 0);
    (void)close(parrot->listener);
}

static struct client *open_port(unsigned port, unsigned timeout_ms) {
    char url[64];
    struct client *client = NULL;
    struct problem why = {0};
    (void)snprintf(url, sizeof url, "http://127.0.0.1:%u", port);
    cr_assert(client_open(url, NULL, timeout_ms, &client, &why) == ERR_OK, "%s", why.detail);
    return client;
}

static enum err get(struct client *client, const char *path, size_t max, struct client_reply *ret,
                    struct problem *ret_why) {
    return client_call(client, "GET", path, NULL, bytes_of(NULL, 0), max, ret, ret_why);
}

/* -- our own server -- */

static enum err echo(void *ctx, struct bytes body, int *ret_status, uint64_t *ret_known_size,
                     struct buf *ret_lines, struct problem *ret_why) {
    (void)ctx;
    (void)ret_known_size;
    (void)ret_why;
    *ret_status = 200;
    return buf_add(ret_lines, body);
}

static struct api api = {.host = {.cosign_add = echo}};

static struct server *start(void) {
    struct server_options options = {"127.0.0.1:0", 4, 2000, NULL};
    struct server *server = NULL;
    api.policy = bytes_text("log example\n");
    cr_assert(server_start(&options, &api, &server, NULL) == ERR_OK);
    return server;
}

Test(api_client, get_and_post_reach_the_server) {
    struct server *server = start();
    struct client *client = open_port(server_port(server), 5000);
    struct client_reply reply;
    for (int i = 0; i < 3; i++) {
        cr_assert(get(client, "/v1/policy", 1000, &reply, NULL) == ERR_OK);
        cr_assert(reply.status == 200 && bytes_is(buf_bytes(&reply.body), "log example\n"));
        cr_assert_str_eq(reply.content_type, "text/plain; charset=utf-8");
        client_reply_done(&reply);
        static const char *const headers[] = {"Content-Type: text/plain", NULL};
        cr_assert(client_call(client, "POST", "/add-checkpoint", headers, bytes_of("a\1b", 3), 1000,
                              &reply, NULL) == ERR_OK);
        cr_assert(reply.status == 200 && bytes_equal(buf_bytes(&reply.body), bytes_of("a\1b", 3)));
        client_reply_done(&reply);
        cr_assert(client_call(client, "POST", "/add-checkpoint", NULL, bytes_of(NULL, 0), 1000,
                              &reply, NULL) == ERR_OK);
        cr_assert(reply.status == 200 && reply.body.len == 0);
        client_reply_done(&reply);
    }
    client_close(client);
    server_stop(server);
}

Test(api_client, a_path_is_sent_as_it_stands) {
    struct server *server = start();
    struct client *client = open_port(server_port(server), 5000);
    static const char *const paths[] = {"/x/../healthz", "/./healthz", "//healthz", "/%68ealthz"};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        struct client_reply reply;
        struct problem problem;
        cr_assert(get(client, paths[i], 10000, &reply, NULL) == ERR_OK);
        cr_assert_eq(reply.status, 404, "%s", paths[i]);
        client_problem(&reply, &problem);
        cr_assert(problem.err == ERR_NOT_FOUND && problem.detail[0]);
        client_reply_done(&reply);
    }
    client_close(client);
    server_stop(server);
}

/* -- servers that misbehave -- */

Test(api_client, a_reply_is_read_up_to_its_bound) {
    struct parrot parrot;
    parrot_start(&parrot, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n0123456789");
    struct client *client = open_port(parrot.port, 5000);
    struct client_reply reply;
    struct problem why = {0};
    cr_assert(get(client, "/", 10, &reply, &why) == ERR_OK && reply.body.len == 10);
    client_reply_done(&reply);
    cr_assert(get(client, "/", 9, &reply, &why) == ERR_TOO_LARGE);
    cr_assert(strstr(why.detail, "9 bytes"));
    parrot.repeat = 1000000;
    cr_assert(get(client, "/", 100000, &reply, &why) == ERR_TOO_LARGE);
    client_close(client);
    parrot_stop(&parrot);
}

/* -- bodies that are not held -- */

struct taken {
    size_t len, max;
};

static enum err take(void *arg, struct bytes piece) {
    struct taken *taken = arg;
    taken->len += piece.len;
    return taken->len > taken->max ? ERR_DISK_FULL : ERR_OK;
}

static enum err stream(const char *reply, unsigned repeat, size_t max, struct taken *ret,
                       int *ret_status, size_t *ret_body) {
    struct parrot parrot;
    struct client_reply got = {0};
    struct problem why = {0};
    *ret = (struct taken){0, max};
    parrot_start(&parrot, reply);
    parrot.repeat = repeat;
    struct client *client = open_port(parrot.port, 2000);
    enum err err = client_stream(client, "/", take, ret, &got, &why);
    *ret_status = err ? 0 : got.status;
    *ret_body = err ? 0 : got.body.len;
    client_reply_done(&got);
    client_close(client);
    parrot_stop(&parrot);
    return err;
}

Test(api_client, a_large_body_comes_piece_by_piece_and_other_answers_do_not) {
    struct taken taken;
    int status;
    size_t body;
    cr_assert(stream("HTTP/1.1 200 OK\r\nContent-Length: 500000\r\n\r\n0123456789", 49999, SIZE_MAX,
                     &taken, &status, &body) == ERR_OK);
    cr_assert(status == 200 && taken.len == 500000 && body == 0);
    cr_assert(stream("HTTP/1.1 404 Not Found\r\nContent-Length: 5\r\n\r\nhello", 0, SIZE_MAX,
                     &taken, &status, &body) == ERR_OK);
    cr_assert(status == 404 && taken.len == 0 && body == 5);
}

Test(api_client, a_large_body_that_breaks_off_or_is_not_wanted_is_an_error) {
    struct taken taken;
    int status;
    size_t body;
    cr_assert(stream("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", 0,
                     SIZE_MAX, &taken, &status, &body) == ERR_NO_ORDER);
    cr_assert_eq(taken.len, 5);
    cr_assert(stream("HTTP/1.1 200 OK\r\nContent-Length: 500000\r\n\r\n0123456789", 49999, 1000,
                     &taken, &status, &body) == ERR_DISK_FULL);
    cr_assert(taken.len < 400000);
}

Test(api_client, a_redirect_is_shown_and_not_followed) {
    struct parrot elsewhere, parrot;
    char text[256];
    parrot_start(&elsewhere, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    (void)snprintf(text, sizeof text,
                   "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:%u/x\r\n"
                   "Retry-After:  7 \r\nContent-Length: 0\r\n\r\n",
                   elsewhere.port);
    parrot_start(&parrot, text);
    struct client *client = open_port(parrot.port, 5000);
    struct client_reply reply;
    cr_assert(get(client, "/", 100, &reply, NULL) == ERR_OK);
    cr_assert(reply.status == 302 && strstr(reply.location, "/x"));
    cr_assert_eq(reply.retry_after_s, 7);
    cr_assert_eq(elsewhere.request[0], 0, "it went elsewhere");
    client_reply_done(&reply);
    client_close(client);
    parrot_stop(&parrot);
    parrot_stop(&elsewhere);
}

Test(api_client, the_client_says_who_it_is_and_what_it_is_told_to) {
    struct parrot parrot;
    static const char *const headers[] = {"Prefer: wait=3", "X-A: b", NULL};
    parrot_start(&parrot, "HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n");
    struct client *client = open_port(parrot.port, 5000);
    struct client_reply reply;
    cr_assert(client_call(client, "POST", "/v1/records?x=1", headers, bytes_text("body"), 100,
                          &reply, NULL) == ERR_OK);
    cr_assert(reply.status == 202 && reply.retry_after_s == 0 && !reply.location[0]);
    cr_assert(strstr(parrot.request, "POST /v1/records?x=1 HTTP/1.1\r\n"));
    cr_assert(strstr(parrot.request, "\r\nUser-Agent: qizheng/" QIZHENG_VERSION "\r\n"));
    cr_assert(strstr(parrot.request, "\r\nPrefer: wait=3\r\n"));
    cr_assert(strstr(parrot.request, "\r\nContent-Length: 4\r\n"));
    cr_assert(!strstr(parrot.request, "Expect"));
    client_reply_done(&reply);
    client_close(client);
    parrot_stop(&parrot);
}

Test(api_client, silence_and_nobody_are_told_apart_from_an_answer) {
    struct parrot parrot;
    struct client_reply reply;
    struct problem why = {0};
    struct timespec before, after;
    parrot_start(&parrot, NULL);
    struct client *client = open_port(parrot.port, 300);
    (void)clock_gettime(CLOCK_MONOTONIC, &before);
    cr_assert(get(client, "/", 100, &reply, &why) == ERR_NO_ORDER);
    (void)clock_gettime(CLOCK_MONOTONIC, &after);
    cr_assert(after.tv_sec - before.tv_sec < 2 && strstr(why.detail, "does not answer"));
    client_close(client);
    unsigned port = parrot.port;
    parrot_stop(&parrot);
    client = open_port(port, 300);
    cr_assert(get(client, "/", 100, &reply, &why) == ERR_NO_ORDER && why.detail[0]);
    client_close(client);
}

Test(api_client, garbage_and_half_replies_are_no_answer) {
    static const char *const replies[] = {
        "", "SSH-2.0-x\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz"};
    for (size_t i = 0; i < sizeof replies / sizeof *replies; i++) {
        struct parrot parrot;
        struct client_reply reply;
        struct problem why = {0};
        parrot_start(&parrot, replies[i]);
        struct client *client = open_port(parrot.port, 2000);
        cr_assert(get(client, "/", 1000, &reply, &why) == ERR_NO_ORDER, "%s", replies[i]);
        client_close(client);
        parrot_stop(&parrot);
    }
}

Test(api_client, only_http_urls_are_opened) {
    static const char *const bad[] = {
        "", "file:///etc/passwd", "127.0.0.1:80", "ftp://h", "gopher://h", "HTTP//h", "httpx://h"};
    struct client *client = NULL;
    struct problem why = {0};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        cr_assert(client_open(bad[i], NULL, 1000, &client, &why) == ERR_REQUEST, "%s", bad[i]);
        cr_assert(why.detail[0] && !client);
    }
    client_close(NULL);
}

/* -- problems out of replies -- */

static struct problem problem_of(int status, const char *body) {
    struct client_reply reply = {.status = status};
    struct problem problem;
    buf_init(&reply.body, 10000);
    cr_assert(buf_add_text(&reply.body, body) == ERR_OK);
    client_problem(&reply, &problem);
    client_reply_done(&reply);
    return problem;
}

Test(api_client, a_problem_survives_the_way_from_server_to_client) {
    struct problem sent, got;
    struct http_reply reply;
    (void)problem_at(&sent, ERR_STALE_REF, "/ref", "Another record follows that one.");
    (void)snprintf(sent.rule, sizeof sent.rule, "LC-03");
    (void)snprintf(sent.law, sizeof sent.law, "《劳动合同法》第十九条");
    http_reply_init(&reply, 10000);
    http_reply_problem(&reply, &sent, 1);
    cr_assert(buf_text(&reply.body));
    got = problem_of(reply.status, (const char *)reply.body.data);
    cr_assert_eq(got.err, ERR_STALE_REF);
    cr_assert_str_eq(got.detail, sent.detail);
    cr_assert_str_eq(got.pointer, "/ref");
    cr_assert_str_eq(got.rule, "LC-03");
    cr_assert_str_eq(got.law, sent.law);
    http_reply_done(&reply);
}

Test(api_client, a_reply_without_a_problem_still_gives_one) {
    static const char *const bodies[] = {
        "", "<html>", "{}", "[]", "{\"code\":1}", "{\"code\":\"nonsense\"}", "{\"code\":\"ok\"}"};
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
        cr_assert_eq(problem_of(404, bodies[i]).err, ERR_NOT_FOUND);
        cr_assert_eq(problem_of(502, bodies[i]).err, ERR_NO_ORDER);
        cr_assert_eq(problem_of(400, bodies[i]).err, ERR_REQUEST);
        cr_assert(strstr(problem_of(418, bodies[i]).detail, "418"));
    }
}
