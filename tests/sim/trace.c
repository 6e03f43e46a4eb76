/* See trace.h. One thread of the operating system, so there is nothing to lock. */
#include "tests/sim/trace.h"

#include "tests/sim/threads.h"

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define KEPT 64 /* events shown with a failure */

struct event {
    const char *name;
    int node;
    uint64_t time_us, a, b;
};

#define NAMES 64 /* of events */

static struct trace_options options;
static struct {
    const char *name;
    uint64_t count;
} counts[NAMES];
static struct {
    uint64_t seed, digest, count;
    unsigned step;
    struct event events[KEPT];
} run;

void trace_options_set(struct trace_options given) {
    options = given;
}

void trace_begin(uint64_t seed) {
    run.seed = seed;
    run.digest = 14695981039346656037u; /* FNV-1a */
    run.count = 0;
    run.step = 0;
}

void trace_step(unsigned step) {
    run.step = step;
}

static void mix(uint64_t value) {
    run.digest = (run.digest ^ value) * 1099511628211u;
    run.digest ^= run.digest >> 29;
}

static void print(FILE *out, const struct event *event) {
    (void)fprintf(out, "%12.3f ms  ", (double)event->time_us / 1000);
    if (event->node >= 0)
        (void)fprintf(out, "node %d  ", event->node);
    else
        (void)fprintf(out, "        ");
    (void)fprintf(out, "%-22s %llu %llu\n", event->name, (unsigned long long)event->a,
                  (unsigned long long)event->b);
}

static void count(const char *name) {
    for (size_t i = 0; i < NAMES; i++) {
        if (!counts[i].name) counts[i].name = name;
        if (counts[i].name != name && strcmp(counts[i].name, name) != 0) continue;
        counts[i].count++;
        return;
    }
}

void trace_counts(void) {
    for (size_t i = 0; i < NAMES && counts[i].name; i++)
        printf("  %-22s %llu\n", counts[i].name, (unsigned long long)counts[i].count);
}

void trace(const char *name, int node, uint64_t a, uint64_t b) {
    struct event *event = &run.events[run.count++ % KEPT];
    *event = (struct event){name, node, threads_now_us(), a, b};
    for (const char *at = name; *at; at++) mix((uint8_t)*at);
    mix((uint64_t)(node + 1));
    mix(event->time_us);
    mix(a);
    mix(b);
    count(name);
    if (options.is_printed) print(stdout, event);
}

uint64_t trace_digest(void) {
    return run.digest;
}

static void tell(const char *what) {
    if (options.wanted) {
        printf("found %s with seed %llu at step %u: %s\n", options.wanted,
               (unsigned long long)run.seed, run.step, what);
        return;
    }
    (void)fflush(stdout);
    (void)fprintf(stderr, "FAIL seed %llu, step %u, %.3f ms: %s\n", (unsigned long long)run.seed,
                  run.step, (double)threads_now_us() / 1000, what);
    uint64_t from = run.count > KEPT ? run.count - KEPT : 0;
    for (uint64_t i = from; i < run.count; i++) print(stderr, &run.events[i % KEPT]);
    (void)fprintf(stderr, "replay: %s --seed %llu --trace\n", options.program,
                  (unsigned long long)run.seed);
}

static _Noreturn void end(const char *what) {
    tell(what);
    (void)fflush(stdout);
    (void)fflush(stderr);
    _exit(options.wanted ? 0 : 1);
}

void sim_fail(const char *format, ...) {
    char what[1024];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(what, sizeof what, format, args);
    va_end(args);
    end(what);
}

/* Not safe for a signal in general; here it comes from abort() in our own thread. */
static void on_abort(int number) {
    (void)number;
    end("an assertion of the product failed");
}

void trace_catch_aborts(void) {
    (void)signal(SIGABRT, on_abort);
}
