/* See proposer.h. Everything in struct proposer belongs to its thread. */
#include "node/proposer.h"

#include "api/log.h"
#include "node/clock.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct proposer {
    struct proposer_options options;
    uint64_t counter;
    pthread_t thread;
    struct bytes records[LIMIT_BATCH_RECORDS];
};

static enum err delivery_fill(struct proposer *proposer, struct delivery *delivery) {
    struct batch batch;
    memset(&batch, 0, sizeof batch);
    memcpy(batch.ledger_id, proposer->options.ledger_id, sizeof batch.ledger_id);
    batch.node = proposer->options.node;
    batch.counter = ++proposer->counter;
    batch.clock_ms = clock_unix_ms();
    batch.records = proposer->records;
    for (struct submission *at = delivery->submissions; at; at = at->next) {
        proposer->records[batch.count++] = at->record->canonical;
    }
    buf_init(&delivery->batch, LIMIT_BATCH);
    return batch_encode(&batch, proposer->options.auth, &delivery->batch);
}

/* Tells the waiting submitters that the order did not take their records, and lets go of them. */
static void refuse(struct submission *list, enum err err) {
    while (list) {
        struct submission *next = list->next;
        list->outcome.kind = OUTCOME_REFUSED;
        (void)problem_set(&list->outcome.problem, err,
                          "The record was not ordered. Send it again: that is always safe.");
        submission_finish(list, SUBMISSION_REFUSED);
        submission_release(list);
        list = next;
    }
}

static void propose(struct proposer *proposer, struct submission *list) {
    struct delivery *delivery = calloc(1, sizeof *delivery);
    if (!delivery) {
        refuse(list, ERR_NO_MEMORY);
        return;
    }
    delivery->submissions = list;
    enum err err = delivery_fill(proposer, delivery);
    if (!err) err = proposer->options.order->propose(proposer->options.order->ctx, delivery);
    if (!err) return;
    log_event(LOG_ERROR, "propose_failed", "error", err_code(err), NULL);
    delivery->submissions = NULL;
    delivery_done(delivery);
    refuse(list, err);
}

static void *proposer_main(void *arg) {
    struct proposer *proposer = arg;
    struct submission *list;
    while ((list = queue_pop(proposer->options.queue, LIMIT_BATCH_RECORDS,
                             LIMIT_BATCH - BATCH_OVERHEAD))) {
        propose(proposer, list);
    }
    return NULL;
}

enum err proposer_start(const struct proposer_options *options, struct proposer **ret) {
    struct proposer *proposer = calloc(1, sizeof *proposer);
    if (!proposer) return ERR_NO_MEMORY;
    proposer->options = *options;
    proposer->counter = options->last_counter;
    if (pthread_create(&proposer->thread, NULL, proposer_main, proposer)) {
        free(proposer);
        return ERR_NO_MEMORY;
    }
    *ret = proposer;
    return ERR_OK;
}

void proposer_join(struct proposer *proposer) {
    if (!proposer) return;
    (void)pthread_join(proposer->thread, NULL);
    free(proposer);
}
