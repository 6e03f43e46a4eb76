/* Threads that are none: every pthread_create of the product becomes a coroutine here, and the seed decides who runs next, so that one schedule is one interleaving and
 * comes again. The product's own calls (pthread_*, clock_*) reach this file by the linker (--wrap, or a definition that stands before the library's): no line of it knows.
 *
 * Happy path: threads_begin -> the driver (whoever called it) creates threads by starting nodes -> it sleeps, they run -> every thread has ended -> threads_end.
 * A thread may lose the processor where it takes a lock, waits, or touches the disk. Time passes only where nobody can run (and 1 us with each change, so that
 * nobody waits for ever behind a busy one). Nobody runnable and nobody waiting for a time is a deadlock: a failure.
 *
 * A struct process is what threads belong to: threads of the product are made with the process of their maker. Its clock may be wrong, and it may be stopped for a time. */
#ifndef QIZHENG_TESTS_SIM_THREADS_H
#define QIZHENG_TESTS_SIM_THREADS_H

#include "tests/sim/random.h"

#define THREADS_EVER UINT64_MAX

struct process {
    int index;
    int64_t skew_ms;           /* of its wall clock */
    uint64_t stopped_until_us; /* 0: it runs */
};

void threads_begin(uint64_t seed, unsigned preempt_one_in);
void threads_end(void);        /* fails where a thread has not ended */
uint64_t threads_now_us(void); /* since threads_begin */

/* Of the running thread; NULL: the driver. */
struct process *threads_process(void);
/* The driver acts for that process until it gives NULL. */
void threads_act_for(struct process *process);
/* The driver starts a thread for a process; it is joined as pthread_join does. */
unsigned threads_start(struct process *process, void *(*run)(void *arg), void *arg);
void threads_join(unsigned thread);

void threads_yield(void);        /* perhaps */
void threads_hold(bool is_held); /* no yields: the driver looks at what must not change meanwhile */
void threads_sleep(uint64_t span_us);
/* Until threads_wake with the same address, or until then: false. */
bool threads_wait(const void *address, uint64_t until_us);
void threads_wake(const void *address); /* all of them */

#endif
