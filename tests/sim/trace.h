/* What happened in a schedule: a digest that two runs of one seed must share, the last events for whoever looks at a failure, and the end of a run that found one. */
#ifndef QIZHENG_TESTS_SIM_TRACE_H
#define QIZHENG_TESTS_SIM_TRACE_H

#include <stdbool.h>
#include <stdint.h>

struct trace_options {
    bool is_printed; /* every event as it happens */
    const char *
        wanted; /* the name of the deliberate fault that is to be found; NULL: failures are failures */
    const char *program; /* for the command that replays a failure */
};

void trace_options_set(struct trace_options options);
void trace_begin(uint64_t seed);
void trace_step(unsigned step); /* events of the driver are counted */
/* event: a literal. node: its index, or -1. */
void trace(const char *event, int node, uint64_t a, uint64_t b);
uint64_t trace_digest(void);
void trace_counts(void); /* prints how often each event came, over all schedules */
/* Says what went wrong, where, the last events and the command that replays it; ends the program: status 1, or 0 where a deliberate fault was to be found. */
_Noreturn void sim_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* An assertion of the product that fails is a failure like any other. */
void trace_catch_aborts(void);

#endif
