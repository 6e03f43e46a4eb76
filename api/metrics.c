/* See metrics.h. Counters are relaxed atomics: a scrape may see one request counted and its neighbour not yet, which is what a counter means. A histogram's
 * count is the sum of its buckets, so one scrape never contradicts itself. */
#include "api/metrics.h"

#include <assert.h>
#include <stdatomic.h>

#define ROUTES_MAX 48
#define STATUS_FIRST 100
#define STATUS_COUNT 500

/* Upper bounds in microseconds; one more bucket above them. A submission waits for finality, so the range goes up to the longest wait. */
static const uint64_t bounds_us[] = {1000,   2500,   5000,    10000,   25000,   50000,    100000,
                                     250000, 500000, 1000000, 2500000, 5000000, 10000000, 60000000};
#define BOUNDS (sizeof bounds_us / sizeof *bounds_us)

enum metric_type { COUNTER, GAUGE };

struct metric_row {
    const char *name;
    enum metric_type type;
    const char *help;
};

#define METRIC_ROW(name, text, type, help) {text, type, help},
static const struct metric_row rows[METRIC_COUNT] = {METRIC_TABLE(METRIC_ROW)};
#undef METRIC_ROW

static _Atomic uint64_t values[METRIC_COUNT];
static _Atomic uint64_t refused[ERR_COUNT];
static _Atomic uint64_t requests[ROUTES_MAX][STATUS_COUNT];
static _Atomic uint64_t buckets[ROUTES_MAX][BOUNDS + 1];
static _Atomic uint64_t sums_us[ROUTES_MAX];

static uint64_t load(const _Atomic uint64_t *value) {
    return atomic_load_explicit(value, memory_order_relaxed);
}

static void add(_Atomic uint64_t *value, uint64_t count) {
    (void)atomic_fetch_add_explicit(value, count, memory_order_relaxed);
}

void metric_add(enum metric metric, uint64_t count) {
    add(&values[metric], count);
}

void metric_set(enum metric metric, uint64_t value) {
    atomic_store_explicit(&values[metric], value, memory_order_relaxed);
}

uint64_t metric_get(enum metric metric) {
    return load(&values[metric]);
}

void metric_refused(enum err err) {
    add(&refused[(unsigned)err < ERR_COUNT ? err : ERR_INTERNAL], 1);
}

void metric_request(unsigned route, int status, uint64_t microseconds) {
    assert(route < ROUTES_MAX);
    assert(status >= STATUS_FIRST && status < STATUS_FIRST + STATUS_COUNT);
    size_t bucket = 0;
    while (bucket < BOUNDS && microseconds > bounds_us[bucket]) bucket++;
    add(&requests[route][status - STATUS_FIRST], 1);
    add(&buckets[route][bucket], 1);
    add(&sums_us[route], microseconds);
}

static enum err format_head(const char *name, const char *type, const char *help, struct buf *out) {
    return buf_format(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static enum err format_plain(struct buf *out) {
    for (unsigned i = 0; i < METRIC_COUNT; i++) {
        const char *type = rows[i].type == COUNTER ? "counter" : "gauge";
        enum err err = format_head(rows[i].name, type, rows[i].help, out);
        if (!err) {
            err = buf_format(out, "%s %llu\n", rows[i].name, (unsigned long long)load(&values[i]));
        }
        if (err) return err;
    }
    return ERR_OK;
}

static enum err format_refused(struct buf *out) {
    enum err err = format_head("qizheng_records_refused_total", "counter",
                               "Records refused, by the code of the problem", out);
    for (unsigned i = 0; i < ERR_COUNT && !err; i++) {
        uint64_t count = load(&refused[i]);
        if (!count) continue;
        err = buf_format(out, "qizheng_records_refused_total{code=\"%s\"} %llu\n",
                         err_code((enum err)i), (unsigned long long)count);
    }
    return err;
}

static enum err format_requests(const char *(*route_name)(unsigned route), unsigned routes,
                                struct buf *out) {
    enum err err = format_head("qizheng_http_requests_total", "counter",
                               "Requests answered, by route and status", out);
    for (unsigned route = 0; route < routes; route++) {
        for (int i = 0; i < STATUS_COUNT && !err; i++) {
            uint64_t count = load(&requests[route][i]);
            if (!count) continue;
            err = buf_format(out, "qizheng_http_requests_total{route=\"%s\",status=\"%d\"} %llu\n",
                             route_name(route), STATUS_FIRST + i, (unsigned long long)count);
        }
    }
    return err;
}

/* Seconds with six decimals, as a number of the exposition format. */
static enum err format_seconds(uint64_t microseconds, struct buf *out) {
    return buf_format(out, "%llu.%06llu", (unsigned long long)(microseconds / 1000000),
                      (unsigned long long)(microseconds % 1000000));
}

static enum err format_histogram(const char *route, unsigned index, struct buf *out) {
    uint64_t total = 0;
    enum err err = ERR_OK;
    for (size_t i = 0; i <= BOUNDS && !err; i++) {
        total += load(&buckets[index][i]);
        err = buf_format(out, "qizheng_http_request_seconds_bucket{route=\"%s\",le=\"", route);
        if (!err) err = i < BOUNDS ? format_seconds(bounds_us[i], out) : buf_add_text(out, "+Inf");
        if (!err) err = buf_format(out, "\"} %llu\n", (unsigned long long)total);
    }
    if (!err) err = buf_format(out, "qizheng_http_request_seconds_sum{route=\"%s\"} ", route);
    if (!err) err = format_seconds(load(&sums_us[index]), out);
    if (!err) {
        err = buf_format(out, "\nqizheng_http_request_seconds_count{route=\"%s\"} %llu\n", route,
                         (unsigned long long)total);
    }
    return err;
}

static bool has_requests(unsigned route) {
    for (size_t i = 0; i <= BOUNDS; i++) {
        if (load(&buckets[route][i])) return true;
    }
    return false;
}

enum err metrics_format(const char *(*route_name)(unsigned route), unsigned routes,
                        struct buf *out) {
    assert(routes <= ROUTES_MAX);
    enum err err = format_plain(out);
    if (!err) err = format_refused(out);
    if (!err) err = format_requests(route_name, routes, out);
    if (!err) {
        err = format_head("qizheng_http_request_seconds", "histogram",
                          "Time from a request's first byte to its reply, by route", out);
    }
    for (unsigned route = 0; route < routes && !err; route++) {
        if (has_requests(route)) err = format_histogram(route_name(route), route, out);
    }
    return err;
}
