/* One node orders for itself (order.h). The position counts batches; it becomes durable with the commit that applies the batch, so a crash before
 * that commit loses batches that nobody was told of, and their positions are given again. Called by the proposer thread alone. */
#include "node/order.h"

#include <stdlib.h>

struct solo {
    struct position last;
    struct order_sink sink;
};

void delivery_done(struct delivery *delivery) {
    if (!delivery) return;
    while (delivery->submissions) {
        struct submission *next = delivery->submissions->next;
        submission_release(delivery->submissions);
        delivery->submissions = next;
    }
    buf_done(&delivery->batch);
    free(delivery);
}

static enum err solo_propose(void *ctx, struct delivery *delivery) {
    struct solo *solo = ctx;
    delivery->position = solo->last;
    delivery->position.revision++;
    struct position given = delivery->position;
    enum err err = solo->sink.deliver(solo->sink.ctx, delivery);
    if (!err) solo->last = given;
    return err;
}

static void solo_close(void *ctx) {
    free(ctx);
}

enum err order_solo_open(struct position last, struct order_sink sink, struct order *ret) {
    struct solo *solo = calloc(1, sizeof *solo);
    if (!solo) return ERR_NO_MEMORY;
    solo->last = last;
    solo->sink = sink;
    struct order order = {solo, "solo", solo_propose, solo_close};
    *ret = order;
    return ERR_OK;
}
