/* One record on its way through the node, from an API thread to a final leaf.
 *
 * Two owners: the API thread that may be waiting, and the pipeline (queue, proposer, order, writer, cosigner, in turn). Each holds one
 * reference. `record` is read-only after submission_new. `outcome` and `time_ms` are written once by the writer thread, before `state` is
 * stored (release); the waiting thread reads them after it has loaded `state` (acquire). */
#ifndef QIZHENG_NODE_SUBMISSION_H
#define QIZHENG_NODE_SUBMISSION_H

#include "api/api.h"

#include <semaphore.h>
#include <stdatomic.h>

struct submission {
    atomic_uint references;
    atomic_int state; /* enum submission_state */
    sem_t done;       /* a latch: above 0 once state has left RECEIVED */
    struct record *record;
    uint64_t time_ms;
    struct submission *next; /* the pipeline's lists */
    struct outcome outcome;  /* last: most of it is never touched (machine.h) */
};

/* Takes record over, also without memory (NULL). Two references are held. */
struct submission *submission_new(struct record *record);
void submission_release(struct submission *submission);
/* Called once, by the pipeline, with outcome and time_ms filled. */
void submission_finish(struct submission *submission, enum submission_state state);
/* Sleeps up to timeout_ms. May be called again, and by several threads that hold references. */
enum submission_state submission_wait(struct submission *submission, uint64_t timeout_ms);

#endif
