/* See order_state.h. Nothing here is state: leaves and bodies never depend on it beyond the ledger time that they carry.
 *
 * Several batches of one node may be under way, so counters may arrive out of order; a window of 64 tells a late one from a repeated one. A node's clock is the
 * one in the batch with its highest counter: a late batch must not set it back. A node that has not spoken counts with clock 0, so until a majority of
 * nodes has, ledger time stands still rather than follow the first one that talks. */
#include "contracts/order_state.h"

#include <assert.h>
#include <string.h>

#define WINDOW 64

enum err order_state_encode(const struct order_state *state, struct buf *out) {
    assert(state->node_count <= LIMIT_NODES);
    enum err err = buf_add_u32(out, state->position.epoch);
    if (!err) err = buf_add_u64(out, state->position.revision);
    if (!err) err = buf_add_u16(out, state->node_count);
    for (size_t i = 0; !err && i < state->node_count; i++) {
        err = buf_add_u64(out, state->nodes[i].counter);
        if (!err) err = buf_add_u64(out, state->nodes[i].window);
        if (!err) err = buf_add_u64(out, state->nodes[i].clock_ms);
    }
    return err;
}

/* The highest counter is in the window; there is no counter 0. */
static bool node_possible(const struct order_node *node) {
    if (node->counter == 0) return node->window == 0 && node->clock_ms == 0;
    if (!(node->window & 1)) return false;
    return node->counter >= WINDOW || node->window >> node->counter == 0;
}

enum err order_state_decode(struct bytes in, struct order_state *ret) {
    struct cursor cursor = cursor_of(in);
    struct order_state state;
    memset(&state, 0, sizeof state);
    state.position.epoch = cursor_u32(&cursor);
    state.position.revision = cursor_u64(&cursor);
    state.node_count = cursor_u16(&cursor);
    if (cursor.failed || state.node_count > LIMIT_NODES) return ERR_CORRUPT;
    for (size_t i = 0; i < state.node_count; i++) {
        state.nodes[i].counter = cursor_u64(&cursor);
        state.nodes[i].window = cursor_u64(&cursor);
        state.nodes[i].clock_ms = cursor_u64(&cursor);
        if (!node_possible(&state.nodes[i])) return ERR_CORRUPT;
    }
    if (!cursor_ended(&cursor)) return ERR_CORRUPT;
    *ret = state;
    return ERR_OK;
}

bool order_state_is_new(const struct order_state *state, uint16_t node, uint64_t counter) {
    assert(node < state->node_count);
    const struct order_node *at = &state->nodes[node];
    if (counter == 0) return false;
    if (counter > at->counter) return true;
    uint64_t age = at->counter - counter;
    return age < WINDOW && !(at->window >> age & 1);
}

void order_state_note(struct order_state *state, uint16_t node, uint64_t counter,
                      uint64_t clock_ms) {
    assert(order_state_is_new(state, node, counter));
    struct order_node *at = &state->nodes[node];
    if (counter < at->counter) {
        at->window |= UINT64_C(1) << (at->counter - counter);
        return;
    }
    uint64_t step = counter - at->counter;
    at->window = (step < WINDOW ? at->window << step : 0) | 1;
    at->counter = counter;
    at->clock_ms = clock_ms;
}

/* "Element floor((n-1)/2) in ascending order": at most 64 clocks, so an insertion sort. */
static uint64_t clock_median(const struct order_state *state) {
    uint64_t clocks[LIMIT_NODES];
    for (size_t i = 0; i < state->node_count; i++) {
        size_t at = i;
        for (; at > 0 && clocks[at - 1] > state->nodes[i].clock_ms; at--)
            clocks[at] = clocks[at - 1];
        clocks[at] = state->nodes[i].clock_ms;
    }
    return clocks[(state->node_count - 1u) / 2];
}

uint64_t order_state_time(const struct order_state *state, uint64_t previous_ms,
                          uint64_t stamp_ms) {
    assert(state->node_count > 0);
    uint64_t median = clock_median(state);
    uint64_t most =
        median > UINT64_MAX - ORDER_CLOCK_SLACK_MS ? UINT64_MAX : median + ORDER_CLOCK_SLACK_MS;
    uint64_t time_ms = stamp_ms < most ? stamp_ms : most;
    return time_ms > previous_ms ? time_ms : previous_ms;
}
