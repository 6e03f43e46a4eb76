/* See order.h. */
#include "tests/sim/order.h"

#include "tests/sim/trace.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define DELAY_US 3000
#define GIVE_UP_US 2000000 /* a proposal that does not get through */

struct order_log {
    struct cluster *cluster;
    uint64_t revision;
    uint64_t cut_off_until_us[POOL_NODES];
};

struct order_log *order_log_new(struct cluster *cluster) {
    struct order_log *log = calloc(1, sizeof *log);
    assert(log);
    log->cluster = cluster;
    return log;
}

void order_log_done(struct order_log *log) {
    free(log);
}

/* -- the list -- */

static struct position append(struct order_log *log, struct buf bytes, bool is_bad, int origin) {
    log->revision += random_from(&log->cluster->random, 1, 3); /* other keys have revisions, too */
    struct entry entry = {.bytes = bytes, .is_bad = is_bad, .origin = origin};
    entry.position.revision = log->revision;
    const struct entry *made = model_apply(log->cluster->model, &entry);
    trace("ordered", origin, log->revision, made->size);
    threads_wake(log);
    return entry.position;
}

void order_append(struct order_log *log, struct buf bytes, bool is_bad) {
    (void)append(log, bytes, is_bad, -1);
}

static struct buf copy(const struct buf *bytes) {
    struct buf out;
    buf_init(&out, LIMIT_BATCH);
    enum err err = buf_add(&out, buf_bytes(bytes));
    assert(!err);
    return out;
}

void order_repeat(struct order_log *log, size_t number) {
    const struct entry *entry = model_at(log->cluster->model, number);
    order_append(log, copy(&entry->bytes), entry->is_bad);
}

void order_cut_off(struct order_log *log, unsigned node, uint64_t until_us) {
    log->cut_off_until_us[node] = until_us;
}

/* -- a node's end of it -- */

struct port {
    struct order_log *log;
    struct sim_node *node;
    struct order_sink sink;
    struct delivery *own; /* ordered and not delivered: they have the submissions */
    size_t next;          /* number of the batch to deliver */
    bool is_closing;
    unsigned thread;
};

static bool is_cut_off(const struct port *port) {
    return port->log->cut_off_until_us[port->node->index] > threads_now_us();
}

/* Whether the proposal gets through before its proposer gives up. */
static bool gets_through(struct port *port) {
    struct random *random = &port->log->cluster->random;
    uint64_t until_us = threads_now_us() + GIVE_UP_US;
    threads_sleep(random_below(random, DELAY_US));
    while (is_cut_off(port) && threads_now_us() < until_us && !sim_node_is_dead(port->node))
        threads_sleep(100000);
    if (sim_node_is_dead(port->node)) return random_one_in(random, 2);
    return !is_cut_off(port) && !random_one_in(random, 50);
}

static enum err port_propose(void *ctx, struct delivery *delivery) {
    struct port *port = ctx;
    if (!gets_through(port)) return ERR_NO_ORDER;
    delivery->position = append(port->log, copy(&delivery->batch), false, (int)port->node->index);
    if (sim_node_is_dead(port->node)) return ERR_NO_ORDER; /* it will never know */
    delivery->next = port->own;
    port->own = delivery;
    threads_sleep(random_below(&port->log->cluster->random, DELAY_US));
    return ERR_OK;
}

static struct delivery *take_own(struct port *port, struct position position) {
    struct delivery **at = &port->own;
    while (*at && position_compare((*at)->position, position) != 0) at = &(*at)->next;
    struct delivery *delivery = *at;
    if (delivery) *at = delivery->next;
    return delivery;
}

static struct delivery *delivery_make(struct port *port, const struct entry *entry) {
    struct delivery *delivery = take_own(port, entry->position);
    if (delivery) return delivery;
    delivery = calloc(1, sizeof *delivery);
    assert(delivery);
    delivery->position = entry->position;
    delivery->batch = copy(&entry->bytes);
    return delivery;
}

static enum err deliver(struct port *port) {
    struct random *random = &port->log->cluster->random;
    if (random_one_in(random, 3)) threads_sleep(random_below(random, DELAY_US));
    struct delivery *delivery =
        delivery_make(port, model_at(port->log->cluster->model, port->next));
    enum err err = port->sink.deliver(port->sink.ctx, delivery);
    if (err) {
        delivery_done(delivery);
        return err;
    }
    port->next++;
    if (random_one_in(random, 40)) /* the watch began anew, a bit before */
        port->next -= random_below(random, port->next < 3 ? port->next + 1 : 4);
    return ERR_OK;
}

static void *port_main(void *arg) {
    struct port *port = arg;
    enum err err = ERR_OK;
    while (!err && !port->is_closing) {
        if (port->next >= model_count(port->log->cluster->model))
            (void)threads_wait(port->log, THREADS_EVER);
        else if (is_cut_off(port))
            threads_sleep(100000);
        else
            err = deliver(port);
    }
    return NULL;
}

static void port_close(void *ctx) {
    struct port *port = ctx;
    port->is_closing = true;
    threads_wake(port->log);
    threads_join(port->thread);
    while (port->own) {
        struct delivery *next = port->own->next;
        delivery_done(port->own);
        port->own = next;
    }
    free(port);
}

/* The first batch behind `last`, or one of the few before it: a second delivery changes nothing. */
static size_t first_of(struct order_log *log, struct position last) {
    struct model *model = log->cluster->model;
    size_t next = model_count(model);
    while (next > 0 && position_compare(model_at(model, next - 1)->position, last) > 0) next--;
    return next - random_below(&log->cluster->random, next < 3 ? next + 1 : 4);
}

struct order order_open(struct order_log *log, struct sim_node *node, struct position last,
                        struct order_sink sink) {
    struct port *port = calloc(1, sizeof *port);
    assert(port);
    port->log = log;
    port->node = node;
    port->sink = sink;
    port->next = first_of(log, last);
    port->thread = threads_start(&node->process, port_main, port);
    struct order order = {port, "simulated", port_propose, port_close};
    return order;
}

/* -- the solo order's sink -- */

static enum err tell_deliver(void *ctx, struct delivery *delivery) {
    struct sim_node *node = ctx;
    struct model *model = node->cluster->model;
    struct entry entry = {.position = delivery->position, .bytes = copy(&delivery->batch)};
    struct position before = delivery->position;
    before.revision--;
    const struct entry *made = model_apply(model, &entry);
    trace("ordered", (int)node->index, entry.position.revision, made->size);
    enum err err = node->sink.deliver(node->sink.ctx, delivery);
    if (err) model_forget(model, before);
    return err;
}

struct order_sink order_tell(struct sim_node *node, struct order_sink sink) {
    node->sink = sink;
    struct order_sink told = {node, tell_deliver};
    return told;
}
