/* The crew: each place is worked on once, whatever the number of threads, and all of it is done when crew_run returns. */
#include "node/crew.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

TestSuite(node_crew, .timeout = 60);

#define PLACES 500

static struct {
    unsigned char done[PLACES]; /* each place is one thread's */
    pthread_t by[PLACES];
    atomic_int inside, most;
    unsigned pause_us;
} job;

static void work(void *ctx, size_t index) {
    cr_assert(ctx == &job && index < PLACES);
    int inside = atomic_fetch_add(&job.inside, 1) + 1, most = atomic_load(&job.most);
    while (inside > most && !atomic_compare_exchange_weak(&job.most, &most, inside)) {
    }
    job.done[index]++;
    job.by[index] = pthread_self();
    if (job.pause_us) usleep(job.pause_us);
    atomic_fetch_sub(&job.inside, 1);
}

static void expect_done(size_t count) {
    for (size_t i = 0; i < PLACES; i++) cr_assert_eq(job.done[i], i < count, "%zu", i);
    memset(job.done, 0, sizeof job.done);
}

Test(node_crew, every_place_is_done_once_by_any_number_of_threads) {
    for (unsigned threads = 0; threads <= CREW_MAX; threads++) {
        struct crew *crew = NULL;
        cr_assert(crew_start(threads, &crew) == ERR_OK);
        for (size_t round = 0; round < 300; round++) {
            size_t count = round * 7 % (PLACES + 1);
            crew_run(crew, count, work, &job);
            expect_done(count);
        }
        crew_stop(crew);
    }
}

Test(node_crew, the_work_is_shared_by_all_of_them) {
    struct crew *crew = NULL;
    cr_assert(crew_start(3, &crew) == ERR_OK);
    job.pause_us = 5000;
    crew_run(crew, 40, work, &job);
    expect_done(40);
    cr_expect(atomic_load(&job.most) == 4, "%d at a time", atomic_load(&job.most));
    crew_stop(crew);
}

Test(node_crew, alone_the_caller_does_all_of_it) {
    struct crew *crew = NULL;
    cr_assert(crew_start(0, &crew) == ERR_OK);
    crew_run(crew, 20, work, &job);
    for (size_t i = 0; i < 20; i++) cr_expect(pthread_equal(job.by[i], pthread_self()));
    expect_done(20);
    crew_stop(crew);
}

Test(node_crew, it_is_no_larger_than_the_cores_beside_the_callers) {
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    cr_assert(cores >= 1);
    unsigned size = crew_size_here();
    cr_expect(size <= CREW_MAX && size + 1 <= (unsigned)cores);
}

Test(node_crew, a_crew_that_never_worked_stops) {
    struct crew *crew = NULL;
    cr_assert(crew_start(CREW_MAX, &crew) == ERR_OK);
    crew_stop(crew);
    crew_stop(NULL);
}
