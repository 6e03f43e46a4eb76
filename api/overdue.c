/* See overdue.h. A list of waits under a lock, and a thread that walks it. */
#include "api/overdue.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
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

static bool is_late(const struct overdue_wait *wait, uint64_t now) {
    return !wait->is_cut && wait->until_us <= now;
}

static bool any_late(const struct overdue *overdue, uint64_t now) {
    for (const struct overdue_wait *wait = overdue->first; wait; wait = wait->next)
        if (is_late(wait, now)) return true;
    return false;
}

/* The peer of a connection to our port; false for what is none. */
static bool peer_of(int fd, unsigned server_port, char ret_address[INET_ADDRSTRLEN],
                    unsigned *ret_port) {
    struct sockaddr_in there = {0}, here = {0};
    socklen_t there_len = sizeof there, here_len = sizeof here;
    if (getpeername(fd, (struct sockaddr *)&there, &there_len) || there.sin_family != AF_INET)
        return false;
    if (getsockname(fd, (struct sockaddr *)&here, &here_len) || here.sin_family != AF_INET ||
        ntohs(here.sin_port) != server_port)
        return false;
    *ret_port = ntohs(there.sin_port);
    return inet_ntop(AF_INET, &there.sin_addr, ret_address, INET_ADDRSTRLEN) != NULL;
}

static void cut(struct overdue *overdue, int fd, uint64_t now) {
    char address[INET_ADDRSTRLEN];
    unsigned port;
    if (!peer_of(fd, overdue->server_port, address, &port)) return;
    for (struct overdue_wait *wait = overdue->first; wait; wait = wait->next) {
        if (wait->until_us > now || wait->port != port || strcmp(wait->address, address) != 0)
            continue;
        (void)shutdown(fd, wait->writes ? SHUT_RDWR : SHUT_RD);
        wait->is_cut = true;
    }
}

/* Where the descriptors cannot be listed, such as when there are none left, the next look tries again. */
static void look(struct overdue *overdue) {
    uint64_t now = now_us();
    DIR *dir = any_late(overdue, now) ? opendir("/proc/self/fd") : NULL;
    const struct dirent *entry;
    while (dir && (entry = readdir(dir))) cut(overdue, (int)strtol(entry->d_name, NULL, 10), now);
    if (dir) (void)closedir(dir);
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
