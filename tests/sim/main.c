/* The simulator: a whole ledger of one to four nodes in one thread, with time, order and disks that the seed decides.
 *
 *   qizheng-sim                        1,000 schedules from seed 1
 *   qizheng-sim --from N --count M     M schedules from seed N on
 *   qizheng-sim --seed N --trace       one, with every event
 *   qizheng-sim --twice                each schedule two times: the same events, or it fails
 *   qizheng-sim --break NAME           with a deliberate fault, which must be found (--breaks lists them)
 *   qizheng-sim --outside              without looking at what is durable: faults are found by what they do
 *
 * What is the product's own code: the machine, the store with its segments and last-signed file, the queue, proposer, writer, cosigner, the solo order, the intake of
 * records and the receipts, all as they are in the node, linked and not copied. What stands in their place, by the linker alone (configs/cmake/sim.cmake):
 *
 *   threads.c     pthread_*, clocks      coroutines; the seed decides who runs and when time passes
 *   disk*.c       file calls, LevelDB    one disk for each node in memory, with what is synced and what is not
 *   memo.c        signatures             computed once, then remembered
 *   seams.c       the node's own steps   seen as they happen, and checked (check.c, check_store.c, model.c)
 *   order.c       node/order.h           the order of several nodes: delays, repetitions, cut-off nodes, strangers
 *
 * What is simulated of more than one node: they apply the same batches, sign their own heads, and cosign each other's through /add-checkpoint; the simulator joins their
 * lines to a quorum (check.c), which will be the peers' work. When there are peers, and an order by etcd, they start in node.c, take their lines through a network of the
 * simulator's, and what check.c does of it goes.
 *
 * A failure names its seed and the command that replays it. Look at the last events, then at `--trace`. A schedule depends on the program, so another version has other
 * schedules for the same seeds: a defect found here gets a unit test of its own. */
#include "tests/sim/breaks.h"
#include "tests/sim/check.h"
#include "tests/sim/schedule.h"
#include "tests/sim/trace.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define COUNT 1000
#define BROKEN_COUNT 20000 /* a deliberate fault is to be found within so many */
#define TELL_EVERY 10000

struct options {
    uint64_t from, count;
    bool is_twice;
};

static int usage(void) {
    (void)fputs("qizheng-sim [--from N] [--count M] [--seed N] [--trace] [--twice] [--break NAME] "
                "[--breaks] [--outside]\n",
                stderr);
    return 2;
}

static double now_s(void) {
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void run_one(uint64_t seed, bool is_twice) {
    schedule_run(seed);
    uint64_t digest = trace_digest();
    if (!is_twice) return;
    schedule_run(seed);
    if (trace_digest() != digest) sim_fail("the same seed gave other events");
}

static void run(const struct options *options) {
    double began_s = now_s();
    for (uint64_t i = 0; i < options->count; i++) {
        run_one(options->from + i, options->is_twice);
        if ((i + 1) % TELL_EVERY == 0) {
            printf("%llu schedules, %.0f a second\n", (unsigned long long)(i + 1),
                   (double)(i + 1) / (now_s() - began_s));
            (void)fflush(stdout);
        }
    }
    double took_s = now_s() - began_s;
    printf(
        "%llu schedules from seed %llu in %.1f s, %.0f a second; the last one's digest %016llx\n",
        (unsigned long long)options->count, (unsigned long long)options->from, took_s,
        (double)options->count / took_s, (unsigned long long)trace_digest());
    trace_counts();
}

static uint64_t number(const char *text) {
    char *end;
    uint64_t value = strtoull(text, &end, 10);
    if (*text && !*end) return value;
    exit(usage());
}

int main(int argc, char **argv) {
    struct options options = {.from = 1, .count = 0};
    struct trace_options tracing = {.program = argv[0]};
    for (int i = 1; i < argc; i++) {
        const char *next = i + 1 < argc ? argv[i + 1] : NULL;
        if (strcmp(argv[i], "--trace") == 0)
            tracing.is_printed = true;
        else if (strcmp(argv[i], "--twice") == 0)
            options.is_twice = true;
        else if (strcmp(argv[i], "--outside") == 0)
            check_from_outside();
        else if (strcmp(argv[i], "--breaks") == 0)
            return breaks_list(), 0;
        else if (!next)
            return usage();
        else if (strcmp(argv[i], "--from") == 0)
            options.from = number(next), i++;
        else if (strcmp(argv[i], "--count") == 0)
            options.count = number(next), i++;
        else if (strcmp(argv[i], "--seed") == 0)
            options.from = number(next), options.count = 1, i++;
        else if (strcmp(argv[i], "--break") == 0 && breaks_set(next))
            tracing.wanted = next, i++;
        else
            return usage();
    }
    if (!options.count) options.count = tracing.wanted ? BROKEN_COUNT : COUNT;
    (void)mallopt(M_MMAP_THRESHOLD, 1 << 26); /* a store's trees are kept, not mapped anew */
    (void)mallopt(M_TRIM_THRESHOLD, 1 << 28);
    trace_options_set(tracing);
    trace_catch_aborts();
    run(&options);
    if (!tracing.wanted) return 0;
    printf("%s was not found in %llu schedules\n", tracing.wanted,
           (unsigned long long)options.count);
    return 1;
}
