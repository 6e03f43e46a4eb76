/* See schedule.h. */
#include "tests/sim/schedule.h"

#include "ledger/proof/quorum.h"
#include "tests/sim/check.h"
#include "tests/sim/events.h"
#include "tests/sim/order.h"
#include "tests/sim/trace.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define HEAL_ROUNDS 400
#define HEAL_SLEEP_US 250000
#define RECEIPTS 2 /* verified at the end */

/* -- what a schedule is like -- */

static struct disk_rates rates_draw(struct random *random) {
    static const unsigned often[] = {20, 50, 150, 400};
    struct disk_rates rates = {.names_are_lazy = random_one_in(random, 2)};
    if (random_one_in(random, 2)) return rates;
    if (random_one_in(random, 2)) rates.fail = often[random_below(random, 4)];
    if (random_one_in(random, 3)) rates.full = often[random_below(random, 4)];
    if (random_one_in(random, 4)) rates.read = 20 * often[random_below(random, 4)];
    if (random_one_in(random, 2)) rates.slow = often[random_below(random, 4)];
    if (random_one_in(random, 2)) rates.part = often[random_below(random, 4)];
    return rates;
}

static size_t nodes_draw(struct random *random) {
    static const size_t counts[] = {1, 1, 1, 1, 2, 3, 3, 4};
    return counts[random_below(random, 8)];
}

static struct schedule *schedule_new(uint64_t seed) {
    struct schedule *schedule = calloc(1, sizeof *schedule);
    assert(schedule);
    struct cluster *cluster = &schedule->cluster;
    struct random *random = &cluster->random;
    *random = random_of(seed);
    cluster->node_count = nodes_draw(random);
    cluster->running = cluster->node_count - (cluster->node_count > 1 && random_one_in(random, 3));
    cluster->pool = pool_of(cluster->node_count);
    cluster->model = model_new(cluster->pool);
    if (cluster->node_count > 1 || random_one_in(random, 4)) cluster->log = order_log_new(cluster);
    schedule->rates = rates_draw(random);
    for (unsigned i = 0; i < cluster->running; i++) {
        sim_node_init(&cluster->nodes[i], cluster, i, random_next(random));
        disk_set_rates(cluster->nodes[i].disk, schedule->rates);
    }
    return schedule;
}

static void schedule_done(struct schedule *schedule) {
    struct cluster *cluster = &schedule->cluster;
    for (unsigned i = 0; i < cluster->running; i++) {
        sim_node_done(&cluster->nodes[i]);
        disk_image_done(schedule->old[i]);
    }
    for (size_t i = 0; i < POOL_NODES; i++)
        for (size_t k = 0; k < LINES_KEPT; k++) buf_done(&cluster->shown[i][k].note);
    buf_done(&cluster->final_note);
    order_log_done(cluster->log);
    model_done(cluster->model);
    free(schedule);
}

/* -- the end: no fault any more -- */

static void heal(struct schedule *schedule) {
    struct disk_rates none = {.names_are_lazy = schedule->rates.names_are_lazy};
    schedule->is_healed = true;
    for (unsigned i = 0; i < schedule->cluster.running; i++) {
        struct sim_node *node = &schedule->cluster.nodes[i];
        node->process.stopped_until_us = 0;
        disk_set_rates(node->disk, none);
        disk_set_full(node->disk, false);
        if (node->is_up && !disk_is_dead(node->disk)) disk_crash_after(node->disk, UINT32_MAX);
        if (schedule->cluster.log) order_cut_off(schedule->cluster.log, i, 0);
    }
}

static bool has_arrived(struct sim_node *node) {
    struct model *model = node->cluster->model;
    struct api_checkpoint checkpoint;
    size_t count = model_count(model);
    if (!node->is_up || node->has_given_up || queue_count(node->queue)) return false;
    struct store_head head = store_current(node->store);
    if (count && position_compare(head.position, model_at(model, count - 1)->position) != 0)
        return false;
    if (published_get(node->published, &checkpoint)) return false;
    bool is_published = checkpoint.size == head.size;
    published_release(&checkpoint);
    return is_published;
}

static bool all_have_arrived(struct schedule *schedule) {
    for (unsigned i = 0; i < schedule->cluster.running; i++)
        if (!has_arrived(&schedule->cluster.nodes[i])) return false;
    return true;
}

/* Twice in a row: what was on its way between two threads at the first look has arrived at the second. */
static void converge(struct schedule *schedule) {
    unsigned seen = 0;
    for (unsigned round = 0; round < HEAL_ROUNDS && seen < 2; round++) {
        for (unsigned i = 0; i < schedule->cluster.running; i++)
            event_revive(schedule, &schedule->cluster.nodes[i]);
        threads_sleep(HEAL_SLEEP_US);
        seen = all_have_arrived(schedule) ? seen + 1 : 0;
    }
    if (seen < 2) sim_fail("the nodes do not come to an end after everything has healed");
}

static void judge(struct schedule *schedule) {
    struct cluster *cluster = &schedule->cluster;
    struct random *random = &cluster->random;
    unsigned looked = (unsigned)random_below(random, cluster->running);
    check_acked(cluster);
    for (unsigned i = 0; i < cluster->running; i++) check_kept(&cluster->nodes[i], NULL);
    check_store(&cluster->nodes[looked]);
    for (unsigned i = 0; i < cluster->running; i++)
        if (i != looked) check_alike(&cluster->nodes[looked], &cluster->nodes[i]);
    bool can_be_final = cluster->running >= quorum_of((unsigned)cluster->node_count).q;
    if (cluster->final_size != (can_be_final ? model_size(cluster->model) : 0))
        sim_fail("size %llu is final, and not %llu", (unsigned long long)cluster->final_size,
                 (unsigned long long)model_size(cluster->model));
    for (unsigned i = 0; i < RECEIPTS && cluster->final_size > 1; i++)
        check_receipt(&cluster->nodes[looked], random_from(random, 1, cluster->final_size - 1));
}

static void stop_all(struct schedule *schedule) {
    for (unsigned i = 0; i < schedule->cluster.running; i++)
        sim_node_stop(&schedule->cluster.nodes[i]);
}

static unsigned preempt_draw(struct random *random) {
    static const unsigned often[] = {0, 2, 8, 32};
    return often[random_below(random, 4)];
}

void schedule_run(uint64_t seed) {
    struct random early = random_of(~seed);
    trace_begin(seed);
    threads_begin(random_next(&early), preempt_draw(&early));
    struct schedule *schedule = schedule_new(random_next(&early));
    struct random *random = &schedule->cluster.random;
    unsigned steps = (unsigned)random_from(random, 4, random_one_in(random, 16) ? 120 : 30);
    for (unsigned i = 0; i < schedule->cluster.running; i++)
        event_revive(schedule, &schedule->cluster.nodes[i]);
    for (unsigned step = 1; step <= steps; step++) {
        trace_step(step);
        event_any(schedule);
    }
    heal(schedule);
    converge(schedule);
    event_submit_some(schedule);
    converge(schedule);
    judge(schedule);
    stop_all(schedule);
    threads_end();
    trace("ends", -1, model_size(schedule->cluster.model), schedule->cluster.final_size);
    schedule_done(schedule);
}
