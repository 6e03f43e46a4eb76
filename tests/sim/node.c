/* See node.h. */
#include "tests/sim/node.h"

#include "api/intake.h"
#include "contracts/state_keys.h"
#include "node/clock.h"
#include "node/keycache.h"
#include "tests/sim/check.h"
#include "tests/sim/cluster.h"
#include "tests/sim/order.h"
#include "tests/sim/trace.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#define QUEUE_RECORDS 24 /* small, so that it fills */

/* One for all: what stands in it is never wrong (keycache.h), and parsing keys anew costs more than a schedule. */
static struct key_cache shared_keys(void) {
    static struct keycache *cache;
    if (!cache && keycache_open(&cache)) sim_fail("no memory");
    return keycache_of(cache);
}

struct sim_node *sim_node_running(void) {
    return (struct sim_node *)threads_process();
}

bool sim_node_is_dead(const struct sim_node *node) {
    return disk_is_dead(node->disk);
}

/* The last-signed file, as `qizheng init` leaves it. */
static void found(struct sim_node *node) {
    struct problem why;
    struct lastsigned *file = NULL;
    if (lastsigned_open(node->lastsigned_path, node->cluster->pool->genesis->ledger_id, true, &file,
                        &why))
        sim_fail("the last-signed file is not made: %s", why.detail);
    lastsigned_close(file);
}

void sim_node_init(struct sim_node *node, struct cluster *cluster, unsigned index, uint64_t seed) {
    memset(node, 0, sizeof *node);
    node->process.index = (int)index;
    node->cluster = cluster;
    node->index = index;
    node->disk = disk_new(&node->process, seed);
    (void)snprintf(node->data, sizeof node->data, "/sim/%u/data", index);
    (void)snprintf(node->keys, sizeof node->keys, "/sim/%u/keys", index);
    (void)snprintf(node->lastsigned_path, sizeof node->lastsigned_path, "/sim/%u/keys/last-signed",
                   index);
    node->machine.genesis = cluster->pool->genesis;
    node->machine.keys = shared_keys();
    found(node);
}

void sim_node_done(struct sim_node *node) {
    assert(!node->is_up);
    disk_image_done(node->newest);
    disk_done(node->disk);
}

static void on_fatal(void *ctx, enum err err, const struct problem *why) {
    struct sim_node *node = ctx;
    node->has_given_up = true;
    node->gave_up_for = err;
    node->why = *why;
    trace("gives up", (int)node->index, err, 0);
}

/* -- what the API asks of its host: see node/node.c -- */

static enum err host_submit(void *ctx, struct record *record, struct submission **ret,
                            struct problem *ret_why) {
    struct sim_node *node = ctx;
    enum err err = writer_health(node->writer);
    if (!err) err = store_room(node->store, NULL);
    if (err) {
        record_done(record);
        return problem_set(ret_why, err, "Nothing was recorded.");
    }
    struct submission *submission = submission_new(record);
    if (!submission) return problem_set(ret_why, ERR_NO_MEMORY, "No memory.");
    err = queue_push(node->queue, submission);
    if (!err) {
        *ret = submission;
        return ERR_OK;
    }
    submission_release(submission);
    submission_release(submission);
    return problem_set(ret_why, err, "Nothing was recorded.");
}

static uint64_t host_clock_ms(void *ctx) {
    (void)ctx;
    return clock_unix_ms();
}

enum err sim_node_submit(struct sim_node *node, const struct item *item, struct problem *ret_why) {
    struct intake taken;
    threads_act_for(&node->process);
    enum err err = intake(&node->api, buf_bytes(&item->bytes), &taken, ret_why);
    threads_act_for(NULL);
    if (!err && taken.is_known) check_known(node, item, taken.index);
    if (!err && taken.submission) submission_release(taken.submission);
    return err;
}

/* -- start: in the order of node_start -- */

static enum err storage_open(struct sim_node *node, struct problem *ret_why) {
    const uint8_t *ledger_id = node->cluster->pool->genesis->ledger_id;
    enum err err = store_open(node->data, ledger_id, true, &node->store, ret_why);
    if (!err) store_keep_rows(node->store, state_kept);
    if (!err)
        err = lastsigned_open(node->lastsigned_path, ledger_id, false, &node->lastsigned, ret_why);
    if (!err) err = published_open(&node->published);
    if (!err) err = queue_open(QUEUE_RECORDS, &node->queue);
    return err;
}

static enum err cosigner_begin(struct sim_node *node, struct problem *ret_why) {
    const struct pool *pool = node->cluster->pool;
    struct cosigner_options options = {.store = node->store,
                                       .genesis = pool->genesis,
                                       .keys = &pool->nodes[node->index],
                                       .log_vkey = &pool->logs[node->index],
                                       .cosigner_vkey = &pool->cosigners[node->index],
                                       .policy = pool->own[node->index],
                                       .published = node->published,
                                       .keys_dir = node->keys,
                                       .lastsigned = node->lastsigned,
                                       .fatal = on_fatal,
                                       .fatal_ctx = node};
    return cosigner_start(&options, &node->cosigner, ret_why);
}

static enum err order_begin(struct sim_node *node, struct position last) {
    struct order_sink sink = writer_sink(node->writer);
    struct order_log *log = node->cluster->log;
    if (!log) return order_solo_open(last, order_tell(node, sink), &node->order);
    node->order = order_open(log, node, last, sink);
    return ERR_OK;
}

static enum err proposer_begin(struct sim_node *node, const struct machine_tip *tip) {
    const struct pool *pool = node->cluster->pool;
    uint64_t stored = tip->order.nodes[node->index].counter;
    uint64_t ordered = model_counter(node->cluster->model, (uint16_t)node->index);
    struct proposer_options options = {.queue = node->queue,
                                       .order = &node->order,
                                       .auth = pool->nodes[node->index].auth,
                                       .node = (uint16_t)node->index,
                                       .last_counter = stored > ordered ? stored : ordered};
    memcpy(options.ledger_id, pool->genesis->ledger_id, sizeof options.ledger_id);
    return proposer_start(&options, &node->proposer);
}

static enum err pipeline_start(struct sim_node *node, struct problem *ret_why) {
    struct machine_tip tip;
    enum err err = writer_prepare(node->store, &node->machine, &tip, ret_why);
    if (!err) err = cosigner_begin(node, ret_why);
    if (err) return err;
    check_start(node); /* only now it is clear that it goes on from there */
    struct writer_options writer = {.store = node->store,
                                    .machine = &node->machine,
                                    .cosigner = node->cosigner,
                                    .tip = tip,
                                    .fatal = on_fatal,
                                    .fatal_ctx = node};
    err = writer_start(&writer, &node->writer);
    if (!err) err = order_begin(node, tip.order.position);
    return err ? err : proposer_begin(node, &tip);
}

enum err sim_node_start(struct sim_node *node, struct problem *ret_why) {
    assert(!node->is_up);
    disk_restart(node->disk);
    node->has_given_up = false;
    node->is_up = true;
    memset(&node->late, 0, sizeof node->late);
    threads_act_for(&node->process);
    enum err err = storage_open(node, ret_why);
    if (!err) err = pipeline_start(node, ret_why);
    threads_act_for(NULL);
    trace(err ? "does not start" : "starts", (int)node->index, err,
          node->store ? store_current(node->store).size : 0);
    if (err) {
        sim_node_stop(node);
        return err;
    }
    node->api.host.ctx = node;
    node->api.host.submit = host_submit;
    node->api.host.clock_ms = host_clock_ms;
    node->api.store = node->store;
    node->api.machine = &node->machine;
    return ERR_OK;
}

/* -- stop: in the order of node_stop -- */

void sim_node_stop(struct sim_node *node) {
    if (!node->is_up) return;
    threads_act_for(&node->process);
    if (node->queue) queue_stop(node->queue);
    writer_drain(node->writer);
    proposer_join(node->proposer);
    writer_join(node->writer);
    cosigner_join(node->cosigner);
    if (node->order.close) node->order.close(node->order.ctx);
    writer_close(node->writer);
    cosigner_close(node->cosigner);
    queue_close(node->queue);
    published_close(node->published);
    lastsigned_close(node->lastsigned);
    store_close(node->store);
    threads_act_for(NULL);
    node->proposer = NULL;
    node->writer = NULL;
    node->cosigner = NULL;
    node->queue = NULL;
    node->published = NULL;
    node->lastsigned = NULL;
    node->store = NULL;
    memset(&node->order, 0, sizeof node->order);
    memset(&node->api, 0, sizeof node->api);
    node->is_up = false;
    trace("is down", (int)node->index, disk_is_dead(node->disk), 0);
}
