/* The proposer: one thread that takes what the queue holds, stamps the clock, signs the envelope and hands it to the order.
 *
 * No fixed wait: a batch is whatever arrived while the last one was being ordered. Counters start above those that the order state has seen. */
#ifndef QIZHENG_NODE_PROPOSER_H
#define QIZHENG_NODE_PROPOSER_H

#include "node/order.h"
#include "node/queue.h"

struct proposer;

struct proposer_options {
    struct queue *queue;           /* borrowed */
    struct order *order;           /* borrowed */
    const struct key_secret *auth; /* borrowed */
    uint8_t ledger_id[32];
    uint16_t node;         /* index in the genesis */
    uint64_t last_counter; /* of this node, in the order state */
};

enum err proposer_start(const struct proposer_options *options, struct proposer **ret) MUST_CHECK;
/* After queue_stop: returns when the queue is empty and everything was handed over. */
void proposer_join(struct proposer *proposer);

#endif
