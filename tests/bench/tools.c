/* Clocks, histograms, options and output of the bench. See bench.h. */
#include "tests/bench/bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

void bench_die(const char *file, int line, const char *what) {
    (void)fprintf(stderr, "bench: %s:%d: not so: %s\n", file, line, what);
    exit(2);
}

static uint64_t clock_ns(clockid_t clock) {
    struct timespec now;
    BENCH_CHECK(clock_gettime(clock, &now) == 0);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

uint64_t bench_now_ns(void) {
    return clock_ns(CLOCK_MONOTONIC);
}

uint64_t bench_cpu_ns(void) {
    return clock_ns(CLOCK_PROCESS_CPUTIME_ID);
}

uint64_t bench_cpu_ns_of(int pid) {
    clockid_t clock;
    if (pid == 0) return 0;
    BENCH_CHECK(clock_getcpuclockid(pid, &clock) == 0);
    return clock_ns(clock);
}

uint64_t bench_rss_of(int pid) {
    char path[64];
    unsigned long long size = 0, resident = 0;
    if (pid == 0) return 0;
    (void)snprintf(path, sizeof path, "/proc/%d/statm", pid);
    FILE *file = fopen(path, "r");
    BENCH_CHECK(file && fscanf(file, "%llu %llu", &size, &resident) == 2);
    (void)fclose(file);
    return resident * (uint64_t)sysconf(_SC_PAGESIZE);
}

/* -- histogram -- */

/* 64 slots for each power of two; the first 64 are exact. */
static size_t slot_of(uint64_t ns) {
    if (ns < 64) return (size_t)ns;
    unsigned shift = 57 - (unsigned)__builtin_clzll(ns);
    size_t slot = (size_t)shift * 64 + (size_t)(ns >> shift);
    return slot < HISTOGRAM_SLOTS ? slot : HISTOGRAM_SLOTS - 1;
}

static uint64_t slot_top(size_t slot) {
    if (slot < 128) return slot;
    unsigned shift = (unsigned)(slot / 64 - 1);
    return ((uint64_t)(slot % 64 + 64) << shift) + ((uint64_t)1 << shift) - 1;
}

void histogram_add(struct histogram *histogram, uint64_t ns) {
    histogram->slots[slot_of(ns)]++;
    histogram->count++;
    histogram->sum += ns;
    if (ns > histogram->max) histogram->max = ns;
}

uint64_t histogram_at(const struct histogram *histogram, double quantile) {
    uint64_t wanted = (uint64_t)(quantile * (double)histogram->count), seen = 0;
    for (size_t i = 0; i < HISTOGRAM_SLOTS; i++) {
        seen += histogram->slots[i];
        if (seen > wanted) return slot_top(i) < histogram->max ? slot_top(i) : histogram->max;
    }
    return histogram->max;
}

void histogram_put(const struct histogram *histogram, struct json *object) {
    static const struct {
        const char *name;
        double quantile;
    } rows[] = {{"p50_us", 0.5}, {"p90_us", 0.9}, {"p99_us", 0.99}, {"p999_us", 0.999}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        bench_put_int(object, rows[i].name, histogram_at(histogram, rows[i].quantile) / 1000);
    bench_put_int(object, "max_us", histogram->max / 1000);
    bench_put_int(object, "mean_us",
                  histogram->count ? histogram->sum / histogram->count / 1000 : 0);
}

/* -- options and output -- */

const char *bench_text(int argc, char **argv, const char *name, const char *fallback) {
    for (int i = 0; i + 1 < argc; i += 2)
        if (strncmp(argv[i], "--", 2) == 0 && strcmp(argv[i] + 2, name) == 0) return argv[i + 1];
    if (fallback) return fallback;
    (void)fprintf(stderr, "bench: --%s is missing\n", name);
    exit(2);
}

uint64_t bench_number(int argc, char **argv, const char *name, uint64_t fallback) {
    char *end;
    const char *text = bench_text(argc, argv, name, "");
    if (!*text) return fallback;
    uint64_t value = strtoull(text, &end, 10);
    BENCH_CHECK(*end == 0);
    return value;
}

struct key_secret *bench_key(const char *path) {
    uint8_t text[16384];
    struct key_secret *key = NULL;
    FILE *file = fopen(path, "rb");
    BENCH_CHECK(file);
    size_t len = fread(text, 1, sizeof text, file);
    (void)fclose(file);
    BENCH_CHECK(key_secret_from_pem(bytes_of(text, len), bytes_of(NULL, 0), &key, NULL) == ERR_OK);
    return key;
}

void bench_put_int(struct json *object, const char *name, uint64_t value) {
    BENCH_CHECK(json_put_int(object, name, (int64_t)value) == ERR_OK);
}

void bench_put_text(struct json *object, const char *name, const char *value) {
    BENCH_CHECK(json_put_text(object, name, value) == ERR_OK);
}

int bench_print(struct json *object) {
    struct buf text;
    buf_init(&text, 1024 * 1024);
    BENCH_CHECK(json_format(object, &text) == ERR_OK);
    (void)printf("%.*s\n", (int)text.len, (const char *)text.data);
    buf_done(&text);
    json_done(object);
    return 0;
}
