/* See overdue.h. A list of waits under a lock, and a thread that walks it. */
#include "api/overdue.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>

struct overdue {
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t stopped;
    struct overdue_wait *first; /* under the lock, as what follows */
    bool is_stopping;
    unsigned server_port;
};

static uint64_t now_us(void) {
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static bool is_at(const struct sockaddr_in *at, in_addr_t address, unsigned port) {
    return at->sin_family == AF_INET && ntohs(at->sin_port) == port &&
           (address == INADDR_ANY || at->sin_addr.s_addr == address);
}

static bool is_socket_of(int fd, in_addr_t peer, unsigned port, unsigned server_port) {
    struct sockaddr_in there = {0}, here = {0};
    socklen_t there_len = sizeof there, here_len = sizeof here;
    if (getpeername(fd, (struct sockaddr *)&there, &there_len)) return false;
    if (!is_at(&there, peer, port)) return false;
    return getsockname(fd, (struct sockaddr *)&here, &here_len) == 0 &&
           is_at(&here, INADDR_ANY, server_port);
}

/* Finds none where the directory of descriptors cannot be read: then the wait lasts as long as civetweb lets it. */
static void cut(const struct overdue *overdue, const struct overdue_wait *wait) {
    struct in_addr peer;
    DIR *dir = inet_pton(AF_INET, wait->address, &peer) == 1 ? opendir("/proc/self/fd") : NULL;
    const struct dirent *entry;
    while (dir && (entry = readdir(dir))) {
        int fd = (int)strtol(entry->d_name, NULL, 10);
        if (!is_socket_of(fd, peer.s_addr, wait->port, overdue->server_port)) continue;
        (void)shutdown(fd, SHUT_RD);
        break;
    }
    if (dir) (void)closedir(dir);
}

static void look(const struct overdue *overdue) {
    uint64_t now = now_us();
    for (struct overdue_wait *wait = overdue->first; wait; wait = wait->next) {
        if (wait->is_cut || wait->until_us > now) continue;
        cut(overdue, wait);
        wait->is_cut = true;
    }
}

static void *run(void *arg) {
    struct overdue *overdue = arg;
    pthread_mutex_lock(&overdue->lock);
    while (!overdue->is_stopping) {
        uint64_t next = now_us() + OVERDUE_STEP_MS * 1000;
        struct timespec until = {(time_t)(next / 1000000), (long)(next % 1000000) * 1000};
        look(overdue);
        (void)pthread_cond_timedwait(&overdue->stopped, &overdue->lock, &until);
    }
    pthread_mutex_unlock(&overdue->lock);
    return NULL;
}

enum err overdue_start(struct overdue **ret) {
    pthread_condattr_t attr;
    struct overdue *overdue = calloc(1, sizeof *overdue);
    if (!overdue) return ERR_NO_MEMORY;
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_mutex_init(&overdue->lock, NULL);
    pthread_cond_init(&overdue->stopped, &attr);
    pthread_condattr_destroy(&attr);
    if (pthread_create(&overdue->thread, NULL, run, overdue)) {
        pthread_cond_destroy(&overdue->stopped);
        pthread_mutex_destroy(&overdue->lock);
        free(overdue);
        return ERR_NO_MEMORY;
    }
    *ret = overdue;
    return ERR_OK;
}

void overdue_stop(struct overdue *overdue) {
    if (!overdue) return;
    pthread_mutex_lock(&overdue->lock);
    overdue->is_stopping = true;
    pthread_cond_signal(&overdue->stopped);
    pthread_mutex_unlock(&overdue->lock);
    pthread_join(overdue->thread, NULL);
    pthread_cond_destroy(&overdue->stopped);
    pthread_mutex_destroy(&overdue->lock);
    free(overdue);
}

void overdue_port(struct overdue *overdue, unsigned server_port) {
    pthread_mutex_lock(&overdue->lock);
    overdue->server_port = server_port;
    pthread_mutex_unlock(&overdue->lock);
}

void overdue_enter(struct overdue *overdue, struct overdue_wait *wait) {
    wait->is_cut = false;
    wait->before = NULL;
    pthread_mutex_lock(&overdue->lock);
    wait->next = overdue->first;
    if (wait->next) wait->next->before = wait;
    overdue->first = wait;
    pthread_mutex_unlock(&overdue->lock);
}

void overdue_leave(struct overdue *overdue, struct overdue_wait *wait) {
    pthread_mutex_lock(&overdue->lock);
    if (wait->next) wait->next->before = wait->before;
    if (wait->before)
        wait->before->next = wait->next;
    else
        overdue->first = wait->next;
    pthread_mutex_unlock(&overdue->lock);
}
