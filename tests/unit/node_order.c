/* The solo order: positions count up from the last one, in the order of proposing, and a refused delivery stays the caller's. */
#include "node/order.h"

#include "tests/lib/node.h"

TestSuite(node_order, .timeout = 60);

static struct {
    struct delivery *first, **last;
    size_t count;
    enum err answer;
} inbox;

static enum err deliver(void *ctx, struct delivery *delivery) {
    cr_assert(ctx == &inbox);
    if (inbox.answer) return inbox.answer;
    delivery->next = NULL;
    *inbox.last = delivery;
    inbox.last = &delivery->next;
    inbox.count++;
    return ERR_OK;
}

static struct order open_order(struct position last) {
    struct order order;
    struct order_sink sink = {&inbox, deliver};
    inbox.last = &inbox.first;
    cr_assert(order_solo_open(last, sink, &order) == ERR_OK);
    cr_expect_str_eq(order.kind, "solo");
    return order;
}

static struct delivery *delivery_of(uint64_t submissions) {
    struct delivery *delivery = calloc(1, sizeof *delivery);
    cr_assert(delivery);
    struct submission **last = &delivery->submissions;
    for (uint64_t n = 0; n < submissions; n++) {
        *last = small_submission(n);
        submission_release(*last); /* nobody waits */
        last = &(*last)->next;
    }
    buf_init(&delivery->batch, 16);
    cr_assert(buf_add_text(&delivery->batch, "batch") == ERR_OK);
    return delivery;
}

static void take_all(void) {
    while (inbox.first) {
        struct delivery *next = inbox.first->next;
        delivery_done(inbox.first);
        inbox.first = next;
    }
}

Test(node_order, positions_count_up_from_the_last) {
    static const struct position starts[] = {{0, 0}, {0, 41}, {3, 7}};
    for (size_t i = 0; i < 3; i++) {
        struct order order = open_order(starts[i]);
        struct delivery *sent[5];
        for (size_t k = 0; k < 5; k++) {
            sent[k] = delivery_of(k);
            cr_assert(order.propose(order.ctx, sent[k]) == ERR_OK);
        }
        struct delivery *at = inbox.first;
        for (size_t k = 0; k < 5; k++, at = at->next) {
            cr_expect(at == sent[k]);
            cr_expect(at->position.epoch == starts[i].epoch);
            cr_expect(at->position.revision == starts[i].revision + k + 1);
        }
        cr_expect(at == NULL);
        take_all();
        order.close(order.ctx);
    }
}

Test(node_order, a_refused_delivery_is_the_callers_and_takes_no_position) {
    static const enum err errors[] = {ERR_DRAINING, ERR_NO_MEMORY};
    struct position start = {0, 9};
    struct order order = open_order(start);
    for (size_t i = 0; i < 2; i++) {
        struct delivery *delivery = delivery_of(2);
        inbox.answer = errors[i];
        cr_expect(order.propose(order.ctx, delivery) == errors[i]);
        cr_expect(inbox.count == 0);
        delivery_done(delivery);
    }
    inbox.answer = ERR_OK;
    cr_expect(order.propose(order.ctx, delivery_of(1)) == ERR_OK);
    cr_expect(inbox.first->position.revision == 10);
    take_all();
    order.close(order.ctx);
}

Test(node_order, a_delivery_releases_what_it_holds) {
    struct delivery *delivery = delivery_of(0);
    struct submission *submissions[3];
    for (size_t i = 3; i-- > 0;) {
        submissions[i] = small_submission(i);
        submissions[i]->next = delivery->submissions;
        delivery->submissions = submissions[i];
    }
    delivery_done(delivery);
    for (size_t i = 0; i < 3; i++) {
        cr_expect(atomic_load(&submissions[i]->references) == 1);
        cr_expect(submission_wait(submissions[i], 0) == SUBMISSION_RECEIVED); /* nobody was told */
        submission_release(submissions[i]);
    }
    delivery_done(NULL);
}
