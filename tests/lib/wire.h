/* A client of bytes: what is sent to a server is what the test says, and nothing helpful is between them. Everything here ends the test where it fails. */
#ifndef QIZHENG_TESTS_LIB_WIRE_H
#define QIZHENG_TESTS_LIB_WIRE_H

#include "api/server.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define REPLY_MAX (1 << 20)

static inline int dial(const struct server *server) {
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)server_port(server)),
                                  .sin_addr = {htonl(INADDR_LOOPBACK)}};
    struct timeval limit = {10, 0};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    cr_assert(fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address) == 0);
    cr_assert(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit) == 0);
    return fd;
}

static inline void send_bytes(int fd, const char *data, size_t len) {
    cr_assert_eq(send(fd, data, len, MSG_NOSIGNAL), (ssize_t)len);
}

static inline void send_text(int fd, const char *text) {
    send_bytes(fd, text, strlen(text));
}

struct answer {
    int status;
    char *text; /* head and body; the caller frees */
    const char *body;
    size_t body_len;
    bool was_closed; /* by the server, behind the answer */
};

/* Reads one answer: its head, then as many bytes as it says, none where bodiless. */
static inline struct answer receive(int fd, bool bodiless) {
    struct answer answer = {0};
    size_t len = 0, want = SIZE_MAX;
    answer.text = calloc(1, REPLY_MAX);
    cr_assert(answer.text);
    while (len < want && len < REPLY_MAX - 1) {
        size_t room = want == SIZE_MAX ? 1 : want - len; /* never into the next answer */
        ssize_t got = recv(fd, answer.text + len, room, 0);
        if (got <= 0) {
            answer.was_closed = true;
            break;
        }
        len += (size_t)got;
        char *end = strstr(answer.text, "\r\n\r\n");
        if (!end || want != SIZE_MAX) continue;
        const char *length = strstr(answer.text, "\r\nContent-Length: ");
        answer.body_len = length ? strtoul(length + 18, NULL, 10) : 0;
        want = (size_t)(end + 4 - answer.text) + (bodiless ? 0 : answer.body_len);
    }
    if (strncmp(answer.text, "HTTP/1.1 ", 9) == 0)
        answer.status = (int)strtol(answer.text + 9, NULL, 10);
    char *end = strstr(answer.text, "\r\n\r\n");
    answer.body = end ? end + 4 : "";
    return answer;
}

static inline bool is_closed(int fd) {
    char byte;
    return recv(fd, &byte, 1, 0) == 0;
}

static inline bool is_open(int fd) {
    struct pollfd poll_ = {fd, POLLIN, 0};
    return poll(&poll_, 1, 100) == 0;
}

#endif
