/* The bench: measures a node from outside, and the costs below it from inside, in one run on one machine (docs/PERFORMANCE.md).
 *
 * One subcommand measures one thing and prints one JSON object; run.py starts the node, calls them, and puts figures beside their ceiling. Every load signs its records before
 * its clock starts. Everything here ends the program where it fails: a figure is measured or there is none. */
#ifndef QIZHENG_TESTS_BENCH_BENCH_H
#define QIZHENG_TESTS_BENCH_BENCH_H

#include "ledger/base/bytes.h"
#include "ledger/base/json.h"
#include "ledger/crypto/key.h"

#include <stdint.h>

/* Ends the program with a line that says what and where. */
#define BENCH_CHECK(condition)                                                                     \
    do {                                                                                           \
        if (!(condition)) bench_die(__FILE__, __LINE__, #condition);                               \
    } while (0)
void bench_die(const char *file, int line, const char *what) __attribute__((noreturn));

uint64_t bench_now_ns(void);       /* monotonic */
uint64_t bench_cpu_ns(void);       /* of this process, all threads */
uint64_t bench_cpu_ns_of(int pid); /* user and system time of a process; 0 where pid is 0 */
uint64_t bench_rss_of(int pid);    /* bytes; 0 where pid is 0 */

/* -- histogram of latencies: log-linear, 1/64 relative error, nanoseconds up to minutes -- */
#define HISTOGRAM_SLOTS 4096
struct histogram {
    uint64_t slots[HISTOGRAM_SLOTS];
    uint64_t count, max, sum;
};
void histogram_add(struct histogram *histogram, uint64_t ns);
uint64_t histogram_at(const struct histogram *histogram,
                      double quantile); /* upper bound of its slot, ns */
void histogram_put(const struct histogram *histogram,
                   struct json *object); /* p50_us p90_us p99_us p999_us max_us mean_us */

/* -- records: payments of benefits, every one of another person and signed by the payer -- */
struct records {
    struct buf *jws; /* compact, canonical */
    uint8_t (*ids)[32];
    size_t count;
};
struct records_want {
    const char *ledger; /* hex */
    const char *issuer;
    const struct key_secret *key;
    const char *period; /* "2026-11" */
    const char *batch_no;
    size_t count;
    unsigned threads;
};
void records_make(const struct records_want *want, struct records *ret);
void records_done(struct records *records);
/* Appends every so manieth id to the file that --ids-out names, if any (--ids-every, 1 by default): what look-ups read. */
void records_ids_write(int argc, char **argv, const struct records *records);

/* -- load over keep-alive connections -- */
enum load_next {
    LOAD_BAD,  /* an answer that must not be; ends the program */
    LOAD_DONE, /* the request is answered */
    LOAD_AGAIN, /* it goes on: `request` is asked once more for the same index, and the clock runs on */
};
struct load_request {
    struct bytes head; /* request line and headers, up to and with the empty line */
    struct bytes body;
};
struct load {
    const char *host;
    unsigned port;
    unsigned connections;
    int node_pid; /* 0: not measured */
    size_t count; /* requests in all */
    /* The index-th request; its bytes live until its answer is in. */
    void (*request)(void *ctx, size_t index, struct load_request *ret);
    /* Its answer, so many nanoseconds after its first byte was sent. NULL: 200 and 201 only. */
    enum load_next (*answer)(void *ctx, size_t index, int status, struct bytes body, uint64_t ns);
    void *ctx;
};
struct load_result {
    uint64_t ns;
    struct histogram latency;
    uint64_t answers, bytes_in;
    uint64_t client_cpu_ns, node_cpu_ns, node_rss;
};
void load_run(const struct load *load, struct load_result *ret);
/* rate, latencies, CPU per request, RSS; per: what one request holds (records). */
void load_put(const struct load_result *result, double per, struct json *object);

/* -- the subcommands: argv behind the name; print one JSON object -- */
int bench_ceiling(int argc, char **argv);
int bench_single(int argc, char **argv);
int bench_proof(int argc, char **argv);
int bench_upload(int argc, char **argv);
int bench_lookup(int argc, char **argv);
int bench_health(int argc, char **argv);
int bench_etcd(int argc, char **argv);
int bench_verify(int argc, char **argv);

/* -- options "--name value", all needed unless a fallback is given -- */
const char *bench_text(int argc, char **argv, const char *name, const char *fallback);
uint64_t bench_number(int argc, char **argv, const char *name, uint64_t fallback);
struct key_secret *bench_key(const char *path);
/* Prints and frees. Gives 0. */
int bench_print(struct json *object);
void bench_put_int(struct json *object, const char *name, uint64_t value);
void bench_put_text(struct json *object, const char *name, const char *value);

#endif
