/* See threads.h. Coroutines as QEMU makes them: ucontext gives a thread its first stack frame, setjmp and longjmp change between threads without a system call. The stacks
 * are kept for the next schedule. This file is built without _FORTIFY_SOURCE, whose longjmp knows one stack only. */
#include "tests/sim/threads.h"

#include "node/clock.h"
#include "tests/sim/trace.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <ucontext.h>

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/common_interface_defs.h>
#endif

#define THREADS_MAX 64
#define STACK_LEN (1024u * 1024) /* touched pages alone take memory */
#define GUARD_LEN 4096u
#define SWITCHES_MAX 5000000u /* of one schedule: more means that nothing ends */
#define MONOTONIC_US UINT64_C(1000000000)
#define UNIX_MS UINT64_C(1795420543000) /* a second after the genesis of tests/lib/scene.h */

enum state { FREE, READY, WAITING, ENDED };

struct thread {
    enum state state;
    jmp_buf context;
    uint8_t *stack; /* NULL: the driver's is the program's own */
    struct process *process;
    void *(*run)(void *arg);
    void *arg;
    const void *address; /* WAITING */
    uint64_t until_us;
    bool timed_out;
    void *fake_stack; /* AddressSanitizer's */
};

static struct thread threads[THREADS_MAX] = {{.state = READY}};
static struct thread *current = &threads[0];
static unsigned threads_used = 1; /* those behind were never used in this program */
static struct random chance;
static unsigned preempt;
static bool is_held;
static uint64_t now_us, switches;

/* What stands in the memory of a pthread_mutex_t. */
struct mutex {
    struct thread *owner;
};
_Static_assert(sizeof(struct mutex) <= sizeof(pthread_mutex_t), "a mutex has room for ours");

/* -- from one thread to the next -- */

static void fiber_leave(struct thread *from, const struct thread *to) {
#if defined(__SANITIZE_ADDRESS__)
    static const void *driver_stack;
    static size_t driver_len;
    if (!driver_stack) {
        pthread_attr_t attributes;
        void *base;
        assert(pthread_getattr_np(pthread_self(), &attributes) == 0);
        assert(pthread_attr_getstack(&attributes, &base, &driver_len) == 0);
        driver_stack = base;
        (void)pthread_attr_destroy(&attributes);
    }
    __sanitizer_start_switch_fiber(&from->fake_stack, to->stack ? to->stack : driver_stack,
                                   to->stack ? STACK_LEN : driver_len);
#else
    (void)from;
    (void)to;
#endif
}

static void fiber_arrive(struct thread *thread) {
#if defined(__SANITIZE_ADDRESS__)
    __sanitizer_finish_switch_fiber(thread->fake_stack, NULL, NULL);
#else
    (void)thread;
#endif
}

static void go_to(struct thread *next) {
    struct thread *self = current;
    if (next == self) return;
    fiber_leave(self, next);
    if (_setjmp(self->context) == 0) {
        current = next;
        _longjmp(next->context, 1);
    }
    fiber_arrive(self);
}

static bool is_stopped(const struct thread *thread) {
    return thread->process && thread->process->stopped_until_us > now_us;
}

/* Those whose time has come are ready. Gives how many may run, and the next time at which anything changes. */
static unsigned look(struct thread *ret_ready[THREADS_MAX], uint64_t *ret_next_us) {
    unsigned count = 0;
    *ret_next_us = THREADS_EVER;
    for (struct thread *at = threads; at < threads + threads_used; at++) {
        if (at->state == WAITING && at->until_us <= now_us) {
            at->state = READY;
            at->timed_out = true;
        }
        uint64_t next_us = at->state == WAITING ? at->until_us : THREADS_EVER;
        if (at->state == READY) {
            if (!is_stopped(at))
                ret_ready[count++] = at;
            else
                next_us = at->process->stopped_until_us;
        }
        if (next_us < *ret_next_us) *ret_next_us = next_us;
    }
    return count;
}

static void schedule(void) {
    struct thread *ready[THREADS_MAX];
    uint64_t next_us;
    unsigned count;
    if (++switches > SWITCHES_MAX) sim_fail("the schedule does not end");
    now_us++;
    while ((count = look(ready, &next_us)) == 0) {
        if (next_us == THREADS_EVER) sim_fail("deadlock: every thread waits for another");
        now_us = next_us;
    }
    go_to(ready[count == 1 ? 0 : random_below(&chance, count)]);
}

bool threads_wait(const void *address, uint64_t until_us) {
    current->state = WAITING;
    current->address = address;
    current->until_us = until_us;
    current->timed_out = false;
    schedule();
    return !current->timed_out;
}

void threads_sleep(uint64_t span_us) {
    (void)threads_wait(&current->until_us, now_us + span_us);
}

static void wake(struct thread *thread) {
    thread->state = READY;
}

void threads_wake(const void *address) {
    for (struct thread *at = threads; at < threads + threads_used; at++)
        if (at->state == WAITING && at->address == address) wake(at);
}

static void wake_one(const void *address) {
    struct thread *waiting[THREADS_MAX];
    unsigned count = 0;
    for (struct thread *at = threads; at < threads + threads_used; at++)
        if (at->state == WAITING && at->address == address) waiting[count++] = at;
    if (count) wake(waiting[random_below(&chance, count)]);
}

void threads_hold(bool held) {
    is_held = held;
}

void threads_yield(void) {
    if (!is_held && random_one_in(&chance, preempt)) schedule();
}

/* -- their life -- */

static struct thread *maker; /* of the stack that is being entered */

/* A stack runs one thread after the other. Its first frame goes back to the maker at once, so that a new stack and one that was used before begin alike. */
static void trampoline(void) {
    fiber_arrive(current);
    go_to(maker);
    for (;;) {
        (void)current->run(current->arg);
        current->state = ENDED;
        threads_wake(current);
        schedule();
    }
}

static void stack_make(struct thread *thread) {
    uint8_t *memory = mmap(NULL, GUARD_LEN + STACK_LEN, PROT_READ | PROT_WRITE,
                           MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    assert(memory != MAP_FAILED);
    assert(mprotect(memory, GUARD_LEN, PROT_NONE) == 0);
    thread->stack = memory + GUARD_LEN;
}

/* The first frame of a stack: from here on go_to finds its way. */
static void stack_enter(struct thread *thread) {
    ucontext_t context;
    struct thread *self = current;
    maker = self;
    assert(getcontext(&context) == 0);
    context.uc_stack.ss_sp = thread->stack;
    context.uc_stack.ss_size = STACK_LEN;
    context.uc_link = NULL;
    makecontext(&context, trampoline, 0);
    fiber_leave(self, thread);
    if (_setjmp(self->context) == 0) {
        current = thread;
        (void)setcontext(&context);
    }
    fiber_arrive(self);
}

unsigned threads_start(struct process *process, void *(*run)(void *arg), void *arg) {
    unsigned i = 1;
    while (i < threads_used && threads[i].state != FREE) i++;
    assert(i < THREADS_MAX);
    struct thread *thread = &threads[i];
    thread->process = process;
    thread->run = run;
    thread->arg = arg;
    thread->state = READY;
    if (i < threads_used) return i;
    threads_used++;
    stack_make(thread);
    stack_enter(thread);
    return i;
}

void threads_join(unsigned number) {
    assert(number > 0 && number < threads_used);
    struct thread *thread = &threads[number];
    while (thread->state != ENDED) (void)threads_wait(thread, THREADS_EVER);
    thread->state = FREE;
}

void threads_begin(uint64_t seed, unsigned preempt_one_in) {
    assert(current == &threads[0]);
    chance = random_of(seed);
    preempt = preempt_one_in;
    now_us = 0;
    switches = 0;
}

void threads_end(void) {
    for (unsigned i = 1; i < threads_used; i++)
        if (threads[i].state != FREE) sim_fail("thread %u was not joined", i);
    preempt = 0;
}

uint64_t threads_now_us(void) {
    return now_us;
}

struct process *threads_process(void) {
    return current->process;
}

void threads_act_for(struct process *process) {
    assert(current == &threads[0]);
    current->process = process;
}

/* -- clocks: stand before node/clock.c -- */

uint64_t clock_unix_ms(void) {
    int64_t skew_ms = current->process ? current->process->skew_ms : 0;
    return (uint64_t)((int64_t)(UNIX_MS + now_us / 1000) + skew_ms);
}

uint64_t clock_monotonic_us(void) {
    return MONOTONIC_US + now_us;
}

struct timespec clock_after(uint64_t timeout_ms) {
    uint64_t at_us = clock_monotonic_us() + timeout_ms * 1000;
    struct timespec until = {(time_t)(at_us / 1000000), (long)(at_us % 1000000) * 1000};
    return until;
}

/* -- what the product calls -- */

int __wrap_pthread_create(pthread_t *ret, const pthread_attr_t *attributes, void *(*run)(void *),
                          void *arg);
int __wrap_pthread_join(pthread_t thread, void **ret);
int __wrap_pthread_mutex_init(pthread_mutex_t *mutex, const pthread_mutexattr_t *attributes);
int __wrap_pthread_mutex_destroy(pthread_mutex_t *mutex);
int __wrap_pthread_mutex_lock(pthread_mutex_t *mutex);
int __wrap_pthread_mutex_unlock(pthread_mutex_t *mutex);
int __wrap_pthread_cond_init(pthread_cond_t *cond, const pthread_condattr_t *attributes);
int __wrap_pthread_cond_destroy(pthread_cond_t *cond);
int __wrap_pthread_cond_wait(pthread_cond_t *cond, pthread_mutex_t *mutex);
int __wrap_pthread_cond_timedwait(pthread_cond_t *cond, pthread_mutex_t *mutex,
                                  const struct timespec *until);
int __wrap_pthread_cond_signal(pthread_cond_t *cond);
int __wrap_pthread_cond_broadcast(pthread_cond_t *cond);

int __wrap_pthread_create(pthread_t *ret, const pthread_attr_t *attributes, void *(*run)(void *),
                          void *arg) {
    (void)attributes;
    *ret = threads_start(current->process, run, arg);
    return 0;
}

int __wrap_pthread_join(pthread_t thread, void **ret) {
    (void)ret; /* nobody asks for it */
    threads_join((unsigned)thread);
    return 0;
}

int __wrap_pthread_mutex_init(pthread_mutex_t *mutex, const pthread_mutexattr_t *attributes) {
    (void)attributes;
    memset(mutex, 0, sizeof *mutex);
    return 0;
}

int __wrap_pthread_mutex_destroy(pthread_mutex_t *mutex) {
    if (((struct mutex *)mutex)->owner) sim_fail("a mutex is destroyed that somebody holds");
    return 0;
}

int __wrap_pthread_mutex_lock(pthread_mutex_t *mutex) {
    struct mutex *own = (struct mutex *)mutex;
    threads_yield();
    if (own->owner == current) sim_fail("a mutex is locked again by who holds it");
    while (own->owner) (void)threads_wait(own, THREADS_EVER);
    own->owner = current;
    return 0;
}

int __wrap_pthread_mutex_unlock(pthread_mutex_t *mutex) {
    struct mutex *own = (struct mutex *)mutex;
    if (own->owner != current) sim_fail("a mutex is unlocked by who does not hold it");
    own->owner = NULL;
    wake_one(own);
    return 0;
}

int __wrap_pthread_cond_init(pthread_cond_t *cond, const pthread_condattr_t *attributes) {
    (void)attributes;
    memset(cond, 0, sizeof *cond);
    return 0;
}

int __wrap_pthread_cond_destroy(pthread_cond_t *cond) {
    (void)cond;
    return 0;
}

/* One in 32 wakes for nothing, as POSIX allows. */
static int cond_wait(pthread_cond_t *cond, pthread_mutex_t *mutex, uint64_t until_us) {
    (void)__wrap_pthread_mutex_unlock(mutex);
    bool woken = true;
    if (random_one_in(&chance, 32))
        threads_sleep(0);
    else
        woken = threads_wait(cond, until_us);
    (void)__wrap_pthread_mutex_lock(mutex);
    return woken ? 0 : ETIMEDOUT;
}

int __wrap_pthread_cond_wait(pthread_cond_t *cond, pthread_mutex_t *mutex) {
    return cond_wait(cond, mutex, THREADS_EVER);
}

int __wrap_pthread_cond_timedwait(pthread_cond_t *cond, pthread_mutex_t *mutex,
                                  const struct timespec *until) {
    uint64_t at_us = (uint64_t)until->tv_sec * 1000000 + (uint64_t)until->tv_nsec / 1000;
    if (at_us <= clock_monotonic_us()) return ETIMEDOUT;
    return cond_wait(cond, mutex, at_us - MONOTONIC_US);
}

int __wrap_pthread_cond_signal(pthread_cond_t *cond) {
    wake_one(cond);
    return 0;
}

int __wrap_pthread_cond_broadcast(pthread_cond_t *cond) {
    threads_wake(cond);
    return 0;
}
