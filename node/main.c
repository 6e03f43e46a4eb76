/* qizhengd: reads its configuration, starts the node, waits for a signal, stops it. Signals are waited for in the main thread only. */
#include "api/log.h"
#include "ledger/base/json.h"
#include "ledger/crypto/key.h"
#include "ledger/crypto/secret.h"
#include "ledger/store/entropy.h"
#include "node/node.h"
#include "node/usage.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* A fatal error may come while the node is stopping already: then only the flag tells. */
static atomic_bool has_failed;

static void on_fatal(void *ctx) {
    (void)ctx;
    atomic_store(&has_failed, true);
    (void)kill(getpid(), SIGUSR2); /* wakes the main thread */
}

/* Randomness that the layers below take from their caller. */
static void seed_all(void) {
    uint8_t seed[32];
    uint32_t hash_seed;
    entropy(seed, sizeof seed);
    entropy(&hash_seed, sizeof hash_seed);
    key_blind(seed);
    json_seed(hash_seed);
    secret_wipe(seed, sizeof seed);
}

static int fail(const struct problem *why) {
    log_event(LOG_ERROR, "start_failed", "error", err_code(why->err), "detail", why->detail, NULL);
    return 1;
}

static int run(const struct config *config) {
    sigset_t signals;
    (void)sigemptyset(&signals);
    (void)sigaddset(&signals, SIGTERM);
    (void)sigaddset(&signals, SIGINT);
    (void)sigaddset(&signals, SIGUSR2);
    (void)pthread_sigmask(SIG_BLOCK, &signals, NULL); /* inherited by every thread */
    (void)signal(SIGPIPE, SIG_IGN);

    struct problem why;
    struct node *node;
    (void)problem_set(&why, ERR_NO_MEMORY, "The node could not be started.");
    enum err err = node_start(config, on_fatal, NULL, &node, &why);
    if (err) {
        why.err = err;
        return fail(&why);
    }
    char port[LOG_NUMBER_LEN];
    log_event(LOG_INFO, "started", "node", config->node.name, "listen", config->listen, "port",
              log_number(node_port(node), port), NULL);
    int number = 0;
    (void)sigwait(&signals, &number);
    log_event(LOG_INFO, "stopping", "reason", number == SIGUSR2 ? "fatal" : "signal", NULL);
    node_stop(node);
    log_event(LOG_INFO, "stopped", NULL);
    return atomic_load(&has_failed) ? 1 : 0;
}

static void usage(FILE *out) {
    (void)fputs("qizhengd --config FILE [--check-config]: " DAEMON_SUMMARY "\n\n", out);
#define OPTION_PRINT(name, value, help) (void)fprintf(out, "  %-14s %-5s %s\n", name, value, help);
    DAEMON_OPTIONS(OPTION_PRINT)
#undef OPTION_PRINT
    (void)fputs("\n`qizheng init` makes a new ledger with its configuration.\n", out);
}

int main(int argc, char **argv) {
    const char *path = NULL;
    bool only_check = false;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--config") == 0 && i + 1 < argc)
            path = argv[++i];
        else if (strcmp(argv[i], "--check-config") == 0)
            only_check = true;
        else if (strcmp(argv[i], "--version") == 0)
            return printf("qizhengd %s\n", QIZHENG_VERSION) < 0;
        else if (strcmp(argv[i], "--help") == 0)
            return usage(stdout), 0;
        else
            return usage(stderr), 2;
    }
    if (!path) return usage(stderr), 2;
    seed_all();
    struct problem why;
    struct config *config;
    enum log_level level;
    if (config_load(path, &config, &why)) return fail(&why);
    if (log_level_from_name(config->log.level, &level)) log_set_level(level);
    int status = only_check ? 0 : run(config);
    config_done(config);
    return status;
}
