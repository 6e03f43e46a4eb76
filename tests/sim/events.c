/* See events.h. */
#include "tests/sim/events.h"

#include "ledger/proof/witness.h"
#include "node/clock.h"
#include "tests/sim/check.h"
#include "tests/sim/order.h"
#include "tests/sim/trace.h"

#include <assert.h>
#include <string.h>

static struct random *random_in(struct schedule *schedule) {
    return &schedule->cluster.random;
}

static struct sim_node *node_draw(struct schedule *schedule) {
    size_t i = random_below(random_in(schedule), schedule->cluster.running);
    return &schedule->cluster.nodes[i];
}

/* NULL where the drawn one is down. */
static struct sim_node *up_draw(struct schedule *schedule) {
    struct sim_node *node = node_draw(schedule);
    return node->is_up && !sim_node_is_dead(node) ? node : NULL;
}

/* -- submitters -- */

static const struct item *item_draw(struct schedule *schedule) {
    const struct pool *pool = schedule->cluster.pool;
    struct random *random = random_in(schedule);
    size_t bound = random_one_in(random, 3) ? 15 : pool->count; /* the registry's come first */
    return &pool->items[random_below(random, bound)];
}

/* Refusals are the model's business once they are ordered; here only that there is a reason to stop or none. */
static void submit(struct schedule *schedule, struct sim_node *node) {
    struct problem why = {0};
    enum err err = sim_node_submit(node, item_draw(schedule), &why);
    if (err == ERR_CORRUPT || err == ERR_DIVERGED || err == ERR_PROTOCOL || err == ERR_INTERNAL)
        sim_fail("node %u answers a submission with %s", node->index, err_code(err));
}

void event_submit_some(struct schedule *schedule) {
    struct sim_node *node = up_draw(schedule);
    if (!node) return;
    for (uint64_t i = random_from(random_in(schedule), 1, 6); i > 0; i--) submit(schedule, node);
}

/* -- crashes and starts -- */

static void kill_node(struct sim_node *node) {
    disk_crash_after(node->disk, 0);
    node->process.stopped_until_us = 0;
    trace("is killed", (int)node->index, 0, 0);
}

static void bury(struct schedule *schedule, struct sim_node *node) {
    node->process.stopped_until_us = 0;
    bool was_dead = sim_node_is_dead(node);
    sim_node_stop(node);
    if (!was_dead || !random_one_in(random_in(schedule), 2)) return;
    trace("power is cut", (int)node->index, 0, 0);
    disk_crash_after(node->disk, 0);
    disk_power_cut(node->disk);
}

static bool may_fail(const struct sim_node *node) {
    return sim_node_is_dead(node) || disk_has_failed(node->disk);
}

/* What an operator is told, and does. */
static void not_started(struct schedule *schedule, struct sim_node *node, enum err err,
                        const struct problem *why) {
    if (err == ERR_ROLLBACK && schedule->is_hidden[node->index]) {
        disk_hide_lastsigned(node->disk, false);
        schedule->is_hidden[node->index] = false;
        trace("gets its file back", (int)node->index, 0, 0);
    } else if (err == ERR_ROLLBACK && node->was_put_back) {
        disk_image_put_back(node->disk, node->newest);
        node->was_put_back = false;
        trace("gets new data back", (int)node->index, 0, 0);
    } else if (err != ERR_DISK_FULL && (err != ERR_IO || !may_fail(node))) {
        sim_fail("node %u does not start: %s: %s", node->index, err_code(err), why->detail);
    }
}

static void start(struct schedule *schedule, struct sim_node *node) {
    struct problem why = {0};
    if (!schedule->is_healed && random_one_in(random_in(schedule), 12))
        disk_crash_after(node->disk, 1 + (unsigned)random_below(random_in(schedule), 12));
    enum err err = sim_node_start(node, &why);
    if (err) {
        not_started(schedule, node, err, &why);
        return;
    }
    if (schedule->is_hidden[node->index])
        sim_fail("node %u starts without its last-signed file", node->index);
    node->was_put_back = false;
    disk_image_done(node->newest);
    node->newest = NULL;
}

static void check_why(const struct sim_node *node) {
    if (sim_node_is_dead(node)) return;
    bool is_fine = node->gave_up_for == ERR_IO || node->gave_up_for == ERR_DISK_FULL;
    if (!is_fine || !may_fail(node))
        sim_fail("node %u gives up: %s: %s", node->index, err_code(node->gave_up_for),
                 node->why.detail);
}

void event_revive(struct schedule *schedule, struct sim_node *node) {
    if (node->is_up && !sim_node_is_dead(node) && !node->has_given_up) return;
    if (node->is_up && node->has_given_up) check_why(node);
    if (node->is_up) bury(schedule, node);
    start(schedule, node);
}

static void event_kill(struct schedule *schedule) {
    struct sim_node *node = up_draw(schedule);
    struct random *random = random_in(schedule);
    if (!node) return;
    if (random_one_in(random, 3))
        kill_node(node);
    else
        disk_crash_after(node->disk, 1 + (unsigned)random_below(random, 24));
}

/* SIGTERM; then perhaps an operator copies the data, brings an old copy back, or loses a file. */
static void event_stop(struct schedule *schedule) {
    struct sim_node *node = node_draw(schedule);
    struct random *random = random_in(schedule);
    unsigned i = node->index;
    if (node->is_up) bury(schedule, node);
    if (random_one_in(random, 2)) {
        disk_image_done(schedule->old[i]);
        schedule->old[i] = disk_image_take(node->disk);
        trace("is copied", (int)i, 0, 0);
    } else if (schedule->old[i] && !node->newest) {
        node->newest = disk_image_take(node->disk);
        disk_image_put_back(node->disk, schedule->old[i]);
        node->was_put_back = true;
        trace("gets old data", (int)i, 0, 0);
    } else if (random_one_in(random, 3) && !schedule->is_hidden[i]) {
        disk_hide_lastsigned(node->disk, true);
        schedule->is_hidden[i] = true;
        trace("loses last-signed", (int)i, 0, 0);
    }
}

static void event_start(struct schedule *schedule) {
    for (unsigned i = 0; i < schedule->cluster.running; i++)
        event_revive(schedule, &schedule->cluster.nodes[i]);
}

/* -- the machine below -- */

static void event_full(struct schedule *schedule) {
    struct sim_node *node = node_draw(schedule);
    bool is_full = random_one_in(random_in(schedule), 2);
    disk_set_full(node->disk, is_full);
    trace(is_full ? "disk is full" : "disk has room", (int)node->index, 0, 0);
}

static void event_clock(struct schedule *schedule) {
    static const int64_t spans_ms[] = {0, 900, 20000, 400000, 3600000, 100000000, 200000000};
    struct sim_node *node = node_draw(schedule);
    struct random *random = random_in(schedule);
    int64_t skew_ms = spans_ms[random_below(random, 7)];
    if (random_one_in(random, 3)) skew_ms = -skew_ms;
    node->process.skew_ms = skew_ms;
    trace("clock jumps", (int)node->index, (uint64_t)skew_ms, 0);
}

/* SIGSTOP and SIGCONT. */
static void event_pause(struct schedule *schedule) {
    struct sim_node *node = up_draw(schedule);
    if (!node) return;
    uint64_t span_us = random_below(random_in(schedule), 3000000);
    node->process.stopped_until_us = threads_now_us() + span_us;
    trace("is stopped for us", (int)node->index, span_us, 0);
}

static void event_cut_off(struct schedule *schedule) {
    struct sim_node *node = node_draw(schedule);
    if (!schedule->cluster.log) return;
    uint64_t span_us = random_below(random_in(schedule), 4000000);
    order_cut_off(schedule->cluster.log, node->index, threads_now_us() + span_us);
    trace("is cut off for us", (int)node->index, span_us, 0);
}

/* -- the order's other users -- */

static void repeat(struct schedule *schedule) {
    size_t count = model_count(schedule->cluster.model);
    if (count) order_repeat(schedule->cluster.log, random_below(random_in(schedule), count));
}

/* What spoils an envelope; true where it is spoilt. */
static bool spoil(struct schedule *schedule, struct batch *batch) {
    switch (random_below(random_in(schedule), 12)) {
    case 0: batch->ledger_id[3] ^= 1; return true;
    case 1: batch->node = (uint16_t)schedule->cluster.node_count; return true;
    case 2: batch->node = 0; return true; /* whose key it is not signed with */
    case 3: batch->epoch = 1; return true;
    case 4: batch->clock_ms = UINT64_C(1) << 60; return true;
    default: return false;
    }
}

static void stranger_batch(struct schedule *schedule, struct batch *batch) {
    struct random *random = random_in(schedule);
    memcpy(batch->ledger_id, schedule->cluster.pool->genesis->ledger_id, 32);
    batch->node = (uint16_t)(schedule->cluster.node_count - 1);
    batch->counter = ++schedule->stranger_counter;
    batch->clock_ms = clock_unix_ms() + random_below(random, 60000);
    if (random_one_in(random, 6)) batch->clock_ms += 86400000;
}

/* A node of the genesis that nobody simulates proposes what it likes: heartbeats, any record of the pool, spoilt envelopes, no envelope at all. */
static void event_stranger(struct schedule *schedule) {
    struct cluster *cluster = &schedule->cluster;
    struct random *random = random_in(schedule);
    struct bytes records[4];
    struct batch batch = {.records = records};
    struct buf out;
    if (!cluster->log) return;
    if (cluster->running == cluster->node_count || random_one_in(random, 4)) {
        repeat(schedule);
        return;
    }
    buf_init(&out, LIMIT_BATCH);
    stranger_batch(schedule, &batch);
    for (uint64_t i = random_below(random, 5); i > 0; i--)
        records[batch.count++] = buf_bytes(&item_draw(schedule)->bytes);
    bool is_bad = spoil(schedule, &batch);
    enum err err = batch_encode(&batch, cluster->pool->nodes[cluster->node_count - 1].auth, &out);
    assert(!err);
    if (!is_bad && random_one_in(random, 12)) {
        out.data[random_below(random, out.len)] ^= 4;
        is_bad = true;
    }
    order_append(cluster->log, out, is_bad);
}

/* -- witnesses: POST /add-checkpoint for the own origin -- */

static enum err ask(struct sim_node *by, uint64_t old_size, const struct merkle_proof *proof,
                    struct bytes note, uint64_t *ret_known, struct buf *ret_lines) {
    struct buf body;
    struct problem why;
    int status = 0;
    buf_init(&body, LIMIT_WITNESS_BODY);
    enum err err = witness_request_format(old_size, proof, note, &body);
    assert(!err);
    threads_act_for(&by->process);
    err = cosigner_add(by->cosigner, buf_bytes(&body), &status, ret_known, ret_lines, &why);
    threads_act_for(NULL);
    buf_done(&body);
    return err;
}

static enum err proof_of(struct sim_node *node, uint64_t old_size, uint64_t new_size,
                         struct merkle_proof *ret) {
    struct store_view *view;
    threads_act_for(&node->process);
    enum err err = store_view_open(node->store, &view);
    if (!err) {
        err = store_view_consistency(view, old_size, new_size, ret);
        store_view_close(view);
    }
    threads_act_for(NULL);
    return err;
}

/* As a client of the protocol does: ask with a guess, be told the size, ask again with a proof from there. */
static void cosign(struct sim_node *of, struct sim_node *by, const struct api_checkpoint *head) {
    struct merkle_proof proof = {.count = 0};
    struct buf lines;
    uint64_t known = API_SIZE_UNKNOWN;
    buf_init(&lines, LIMIT_NOTE);
    enum err err = ask(by, 0, &proof, head->note, &known, &lines);
    if (err && known <= head->size && known > 0 && !proof_of(of, known, head->size, &proof))
        err = ask(by, known, &proof, head->note, &known, &lines);
    if (!err && !sim_node_is_dead(by)) check_cosigned(by, head->note, buf_bytes(&lines));
    if (err == ERR_PROOF && !sim_node_is_dead(of) && !sim_node_is_dead(by))
        sim_fail("node %u finds another root in a head of node %u", by->index, of->index);
    buf_done(&lines);
}

static void cosign_any(struct schedule *schedule) {
    struct sim_node *of = up_draw(schedule), *by = up_draw(schedule);
    struct api_checkpoint head;
    if (!of || !by || published_get(of->published, &head)) return;
    cosign(of, by, &head);
    published_release(&head);
}

/* Some while a batch is on its way, as peers will that push what they have at once. */
static void event_cosign(struct schedule *schedule) {
    struct random *random = random_in(schedule);
    if (random_one_in(random, 2)) event_submit_some(schedule);
    for (uint64_t i = random_from(random, 1, 6); i > 0; i--) {
        threads_sleep(random_below(random, 12));
        cosign_any(schedule);
    }
}

/* -- liars: heads of another branch, signed with a node's own log key -- */

struct branch {
    const struct model *model;
    uint64_t fork; /* from this leaf on another log */
};

static enum err branch_node(void *ctx, unsigned level, uint64_t index, uint8_t ret[HASH_LEN]) {
    const struct branch *branch = ctx;
    uint8_t left[HASH_LEN], right[HASH_LEN];
    if (level == 0 && index < branch->fork) {
        model_leaf_hash(branch->model, index, ret);
        return ERR_OK;
    }
    if (level == 0) {
        merkle_leaf(bytes_text("a lie"), ret);
        return ERR_OK;
    }
    enum err err = branch_node(ctx, level - 1, 2 * index, left);
    if (!err) err = branch_node(ctx, level - 1, 2 * index + 1, right);
    if (!err) merkle_node(left, right, ret);
    return err;
}

/* The head of that branch, signed by the node that nobody simulates, and the proof from `known`. */
static struct buf branch_head(const struct cluster *cluster, struct branch *branch, uint64_t known,
                              uint64_t size, struct merkle_proof *ret_proof) {
    struct merkle_source source = {branch, branch_node};
    size_t liar = cluster->node_count - 1;
    uint8_t root[HASH_LEN], text[512];
    struct buf note;
    buf_init(&note, LIMIT_NOTE);
    enum err err = merkle_root(&source, size, root);
    if (!err) err = merkle_consistency_prove(&source, known, size, ret_proof);
    if (!err) err = checkpoint_format(cluster->pool->genesis->origin, size, root, &note);
    assert(!err && note.len <= sizeof text);
    memcpy(text, note.data, note.len);
    struct bytes signed_text = bytes_of(text, note.len);
    err = buf_add_byte(&note, '\n');
    if (!err)
        err = checkpoint_sign(&cluster->pool->logs[liar], cluster->pool->nodes[liar].log,
                              signed_text, &note);
    assert(!err);
    return note;
}

static void event_lie(struct schedule *schedule) {
    struct cluster *cluster = &schedule->cluster;
    struct random *random = random_in(schedule);
    struct sim_node *by = up_draw(schedule);
    if (!by || cluster->running == cluster->node_count || !by->shown_size) return;
    uint64_t told = API_SIZE_UNKNOWN, known = by->shown_size;
    uint64_t size = known + random_below(random, 3);
    uint64_t first = random_one_in(random, 3) || size == known ? 1 : known;
    if (size <= first) return;
    struct branch branch = {cluster->model, random_from(random, first, size - 1)};
    if (branch.fork >= model_size(cluster->model)) branch.fork = model_size(cluster->model) - 1;
    struct merkle_proof proof;
    struct buf note = branch_head(cluster, &branch, known, size, &proof), lines;
    buf_init(&lines, LIMIT_NOTE);
    enum err err = ask(by, known, &proof, buf_bytes(&note), &told, &lines);
    trace("is lied to", (int)by->index, size, err);
    if (!err) sim_fail("node %u cosigns another branch", by->index);
    buf_done(&lines);
    buf_done(&note);
}

/* -- looks -- */

static void event_check(struct schedule *schedule) {
    struct sim_node *node = up_draw(schedule);
    check_acked(&schedule->cluster);
    if (!node || node->has_given_up || schedule->rates.read) return;
    if (random_one_in(random_in(schedule), 4)) check_store(node);
}

/* What readers see at this moment. */
static void look_at_all(struct schedule *schedule) {
    for (unsigned i = 0; i < schedule->cluster.running; i++) {
        struct sim_node *node = &schedule->cluster.nodes[i];
        bool is_stopped = node->process.stopped_until_us > threads_now_us();
        if (node->is_up && !sim_node_is_dead(node) && !is_stopped) check_visible(node);
    }
}

/* -- all of it -- */

static void any_time(struct schedule *schedule) {
    static const uint64_t spans_us[] = {200, 5000, 50000, 50000, 1500000, 35000000};
    struct random *random = random_in(schedule);
    uint64_t span_us = spans_us[random_below(random, random_one_in(random, 8) ? 6 : 4)];
    threads_sleep(random_below(random, span_us) + 1);
}

void event_any(struct schedule *schedule) {
    static void (*const events[])(struct schedule *) = {
        event_submit_some, event_submit_some, event_submit_some, event_submit_some,
        event_submit_some, event_submit_some, event_submit_some, event_submit_some,
        event_start,       event_start,       event_start,       event_kill,
        event_kill,        event_stop,        event_full,        event_clock,
        event_pause,       event_cut_off,     event_stranger,    event_stranger,
        event_cosign,      event_cosign,      event_check,       event_lie};
    events[random_below(random_in(schedule), sizeof events / sizeof events[0])](schedule);
    any_time(schedule);
    look_at_all(schedule);
}
