/* See check.h: what is seen from outside. */
#include "api/call.h"
#include "contracts/overlay.h"
#include "ledger/proof/verify.h"
#include "ledger/store/fsck.h"
#include "ledger/store/store_impl.h"
#include "tests/sim/check.h"
#include "tests/sim/trace.h"

#include <assert.h>
#include <string.h>

#define N(value) ((unsigned long long)(value))

/* -- state grown anew from the bodies: everything stays in the overlay -- */

struct replay {
    struct sim_node *node;
    struct overlay *overlay;
    struct machine_tip tip;
    const struct store_write *writes;
    size_t count, at;
};

static enum err none_get(void *ctx, struct bytes key, struct buf *ret) {
    (void)ctx;
    (void)key;
    (void)ret;
    return ERR_NOT_FOUND;
}

static enum err none_find(void *ctx, const uint8_t id[RECORD_ID_LEN], uint64_t *ret_index) {
    (void)ctx;
    (void)id;
    (void)ret_index;
    return ERR_NOT_FOUND;
}

static enum err none_scan(void *ctx, struct bytes prefix,
                          bool (*each)(void *arg, struct bytes key, struct bytes value),
                          void *arg) {
    (void)ctx;
    (void)prefix;
    (void)each;
    (void)arg;
    return ERR_OK;
}

static enum err on_leaf(void *ctx, uint64_t index, const uint8_t leaf[LEAF_LEN], struct bytes body,
                        struct problem *ret_why) {
    struct replay *replay = ctx;
    const struct machine *machine = &replay->node->machine;
    struct store_entry entry;
    if (index == 0) return machine_begin(machine, replay->overlay, &replay->tip, &entry);
    return machine_replay(machine, replay->overlay, &replay->tip, leaf, body, ret_why);
}

static void on_finding(void *ctx, const char *what) {
    struct replay *replay = ctx;
    sim_fail("node %u: fsck: %s", replay->node->index, what);
}

static bool on_row(void *arg, struct bytes key, struct bytes value) {
    struct replay *replay = arg;
    while (replay->at < replay->count && replay->writes[replay->at].erase) replay->at++;
    const struct store_write *write = &replay->writes[replay->at++];
    if (replay->at > replay->count || !bytes_equal(write->key, key) ||
        !bytes_equal(write->value, value))
        sim_fail("node %u: a row of its state is not what the bodies give: %.*s",
                 replay->node->index, (int)key.len, (const char *)key.data);
    return true;
}

static void compare_state(struct replay *replay) {
    struct bytes all = bytes_of(NULL, 0);
    struct store_view *view;
    enum err err = overlay_writes(replay->overlay, &replay->writes, &replay->count);
    if (!err) err = store_view_open(replay->node->store, &view);
    if (err) sim_fail("node %u: its state cannot be read: %s", replay->node->index, err_code(err));
    err = store_view_scan(view, all, all, on_row, replay);
    store_view_close(view);
    while (replay->at < replay->count && replay->writes[replay->at].erase) replay->at++;
    if (err || replay->at != replay->count)
        sim_fail("node %u: rows of its state are missing", replay->node->index);
}

void check_store(struct sim_node *node) {
    struct replay replay = {.node = node};
    struct view none = {NULL, none_get, none_find, none_scan};
    struct fsck_hooks hooks = {.ctx = &replay, .replay = on_leaf, .report = on_finding};
    struct fsck_result result;
    threads_act_for(&node->process);
    threads_hold(true); /* fsck and the comparison look at the same commit */
    enum err err = overlay_open(none, &replay.overlay);
    if (!err) err = fsck(node->store, &hooks, &result);
    if (err) sim_fail("node %u: fsck could not look: %s", node->index, err_code(err));
    compare_state(&replay);
    overlay_close(replay.overlay);
    threads_hold(false);
    threads_act_for(NULL);
    trace("is checked", (int)node->index, result.leaves, result.index_rows);
}

/* -- nodes side by side: every row but those that say how far the order was read -- */

static bool is_same_everywhere(struct bytes key) {
    return key.data[0] != KEY_KIND_META && key.data[0] != KEY_KIND_EVIDENCE;
}

static bool next_row(struct kv_iter *iter, struct bytes *ret_key) {
    for (; kv_iter_valid(iter); kv_iter_next(iter)) {
        *ret_key = kv_iter_key(iter);
        if (is_same_everywhere(*ret_key)) return true;
    }
    return false;
}

void check_alike(const struct sim_node *one, const struct sim_node *other) {
    struct bytes all = bytes_of(NULL, 0), a, b;
    struct kv_iter *mine, *theirs;
    enum err err = kv_iter_open(one->store->kv, NULL, all, all, &mine);
    if (!err) err = kv_iter_open(other->store->kv, NULL, all, all, &theirs);
    assert(!err);
    for (;;) {
        bool more = next_row(mine, &a);
        if (more != next_row(theirs, &b)) sim_fail("one node has more rows than another");
        if (!more) break;
        if (!bytes_equal(a, b) || !bytes_equal(kv_iter_value(mine), kv_iter_value(theirs)))
            sim_fail("nodes %u and %u differ in a row of kind %c", one->index, other->index,
                     a.data[0]);
        kv_iter_next(mine);
        kv_iter_next(theirs);
    }
    if (kv_iter_close(mine) || kv_iter_close(theirs)) sim_fail("rows cannot be read");
}

/* -- receipts -- */

static void verify_receipt(const struct sim_node *node, uint64_t index, struct bytes receipt) {
    struct verify_input input = {.receipt = receipt,
                                 .policy = buf_bytes(&node->cluster->pool->policy_text)};
    struct verdict *verdict = NULL;
    if (verify(&input, &verdict)) sim_fail("no memory");
    for (unsigned step = 0; step < STEP_COUNT; step++)
        if (verdict->items[step].result == VERDICT_FAIL)
            sim_fail("the receipt of leaf %llu: %s: %s", N(index), verdict_step_name(step),
                     verdict->items[step].reason);
    if (verdict->outcome != VERDICT_VALID || verdict->index != index)
        sim_fail("the receipt of leaf %llu is %s", N(index),
                 verdict_outcome_name(verdict->outcome));
    verdict_done(verdict);
}

void check_receipt(struct sim_node *node, uint64_t index) {
    const struct cluster *cluster = node->cluster;
    struct api_call call = {.api = &node->api};
    struct call_final final = {
        .checkpoint = {.size = cluster->final_size, .note = buf_bytes(&cluster->final_note)}};
    struct receipt_of of;
    struct buf receipt;
    buf_init(&receipt, LIMIT_RECEIPT);
    assert(index < cluster->final_size);
    threads_act_for(&node->process);
    enum err err = store_view_open(node->store, &final.view);
    if (!err) err = receipt_of_index(final.view, index, &of);
    if (!err) err = receipt_add(&call, &final, &of, true, &receipt);
    if (err)
        sim_fail("node %u: leaf %llu has no receipt: %s", node->index, N(index), err_code(err));
    store_view_close(final.view);
    threads_act_for(NULL);
    verify_receipt(node, index, buf_bytes(&receipt));
    buf_done(&receipt);
}
