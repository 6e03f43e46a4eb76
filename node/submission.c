/* See submission.h. */
#include "node/submission.h"

#include "node/clock.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct submission *submission_new(struct record *record) {
    struct submission *submission = malloc(sizeof *submission);
    if (!submission) {
        record_done(record);
        return NULL;
    }
    memset(submission, 0, offsetof(struct submission, outcome));
    outcome_init(&submission->outcome);
    atomic_init(&submission->references, 2);
    atomic_init(&submission->state, SUBMISSION_RECEIVED);
    (void)sem_init(&submission->done, 0, 0);
    submission->record = record;
    return submission;
}

void submission_release(struct submission *submission) {
    if (atomic_fetch_sub(&submission->references, 1) != 1) return;
    record_done(submission->record);
    (void)sem_destroy(&submission->done);
    free(submission);
}

void submission_finish(struct submission *submission, enum submission_state state) {
    assert(state != SUBMISSION_RECEIVED);
    atomic_store_explicit(&submission->state, (int)state, memory_order_release);
    (void)sem_post(&submission->done);
}

enum submission_state submission_wait(struct submission *submission, uint64_t timeout_ms) {
    struct timespec until = clock_after(timeout_ms);
    int rc;
    while ((rc = sem_clockwait(&submission->done, CLOCK_MONOTONIC, &until)) && errno == EINTR) {
    }
    if (!rc) (void)sem_post(&submission->done); /* for whoever waits next */
    return (enum submission_state)atomic_load_explicit(&submission->state, memory_order_acquire);
}
