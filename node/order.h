/* The order: takes signed batches from the proposer and delivers all batches, in one order that every node sees alike, each with its position.
 *
 *   solo   one node; the position is a count, and the writer's synchronous commit is what makes a batch durable
 *
 * propose may block: it is the back-pressure that lets a batch grow while the last one is on its way. */
#ifndef QIZHENG_NODE_ORDER_H
#define QIZHENG_NODE_ORDER_H

#include "ledger/record/batch.h"
#include "node/submission.h"

/* A batch with its place. `submissions` is the list of this node's own records in it, in order; NULL for another node's batch. */
struct delivery {
    struct position position;
    struct buf batch;
    struct submission *submissions;
    struct delivery *next;
};

void delivery_done(
    struct delivery *delivery); /* accepts NULL; releases the submissions that it still holds */

/* Where deliveries go: the writer's inbox. Takes the delivery over where it succeeds; blocks while the inbox is full; ERR_DRAINING once it is closed. */
struct order_sink {
    void *ctx;
    enum err (*deliver)(void *ctx, struct delivery *delivery);
};

struct order {
    void *ctx;
    const char *kind;
    /* Takes the delivery over (position not yet set) where it succeeds. ERR_NO_ORDER, ERR_DRAINING: nothing was ordered, and the delivery stays the caller's. */
    enum err (*propose)(void *ctx, struct delivery *delivery);
    void (*close)(void *ctx);
};

/* last: the newest position that the store holds. */
enum err order_solo_open(struct position last, struct order_sink sink,
                         struct order *ret) MUST_CHECK;

#endif
