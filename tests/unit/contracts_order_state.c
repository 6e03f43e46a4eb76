/* Order state: its bytes, its window against a naive set, ledger time with honest and lying clocks. */
#include "contracts/order_state.h"
#include "tests/lib/vector.h"

#include <criterion/criterion.h>
#include <string.h>

static struct order_state state_of(uint16_t nodes) {
    struct order_state state;
    memset(&state, 0, sizeof state);
    state.node_count = nodes;
    return state;
}

static struct buf encoded(const struct order_state *state) {
    struct buf out;
    buf_init(&out, LIMIT_HEAD);
    cr_assert(order_state_encode(state, &out) == ERR_OK);
    return out;
}

Test(contracts_order_state, order_state_has_these_bytes) {
    struct order_state state = state_of(2);
    char hex[256];
    state.position.epoch = 7;
    state.position.revision = 0x0102030405060708;
    order_state_note(&state, 1, 3, 0xabcdef);
    order_state_note(&state, 1, 1, 1);
    struct buf out = encoded(&state);
    hex_encode(buf_bytes(&out), hex);
    cr_assert_str_eq(hex, "00000007"
                          "0102030405060708"
                          "0002"
                          "000000000000000000000000000000000000000000000000"
                          "000000000000000300000000000000050000000000abcdef");
    buf_done(&out);
}

Test(contracts_order_state, order_state_round_trips_and_refuses_every_other_length) {
    for (uint16_t nodes = 0; nodes <= LIMIT_NODES; nodes++) {
        struct order_state state = state_of(nodes), again;
        for (uint16_t i = 0; i < nodes; i++) order_state_note(&state, i, 1u + i * i, 5u * i);
        struct buf out = encoded(&state);
        cr_assert(order_state_decode(buf_bytes(&out), &again) == ERR_OK);
        cr_assert(memcmp(&state, &again, sizeof state) == 0);
        for (size_t len = 0; len < out.len; len++) {
            struct bytes cut = exact_copy(bytes_of(out.data, len));
            cr_assert(order_state_decode(cut, &again) == ERR_CORRUPT);
            exact_free(cut);
        }
        cr_assert(buf_add_byte(&out, 0) == ERR_OK);
        cr_assert(order_state_decode(buf_bytes(&out), &again) == ERR_CORRUPT);
        buf_done(&out);
    }
}

Test(contracts_order_state, order_state_decode_refuses_what_no_node_writes) {
    static const struct order_node bad[] = {{0, 1, 0}, {0, 0, 1}, {5, 0, 0},
                                            {5, 2, 0}, {1, 3, 0}, {63, UINT64_C(1) << 63 | 1, 0}};
    struct order_state again;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct order_state state = state_of(1);
        state.nodes[0] = bad[i];
        struct buf out = encoded(&state);
        cr_assert(order_state_decode(buf_bytes(&out), &again) == ERR_CORRUPT, "%zu", i);
        buf_done(&out);
    }
    struct buf many = encoded(&(struct order_state){.node_count = 1});
    put_u16(many.data + 12, LIMIT_NODES + 1);
    cr_assert(order_state_decode(buf_bytes(&many), &again) == ERR_CORRUPT);
    buf_done(&many);
}

Test(contracts_order_state, order_state_window_edges) {
    struct order_state state = state_of(1);
    cr_assert(!order_state_is_new(&state, 0, 0), "there is no counter 0");
    cr_assert(order_state_is_new(&state, 0, 1) && order_state_is_new(&state, 0, UINT64_MAX));
    order_state_note(&state, 0, 100, 0);
    cr_assert(!order_state_is_new(&state, 0, 100));
    cr_assert(order_state_is_new(&state, 0, 37), "63 back");
    cr_assert(!order_state_is_new(&state, 0, 36), "64 back counts as applied");
    cr_assert(!order_state_is_new(&state, 0, 0));
    order_state_note(&state, 0, 37, 0);
    cr_assert(!order_state_is_new(&state, 0, 37) && order_state_is_new(&state, 0, 38));
    order_state_note(&state, 0, 163, 0);
    cr_assert(!order_state_is_new(&state, 0, 100) && order_state_is_new(&state, 0, 101));
    order_state_note(&state, 0, 164 + 63, 0);
    cr_assert(state.nodes[0].window == 1, "64 steps empty the window");
    order_state_note(&state, 0, UINT64_MAX, 0);
    cr_assert(!order_state_is_new(&state, 0, UINT64_MAX));
}

static uint32_t next(uint32_t *seed) {
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 8;
}

Test(contracts_order_state, order_state_window_agrees_with_a_set) {
    for (uint32_t seed = 1; seed <= 20; seed++) {
        bool applied[2000] = {false};
        struct order_state state = state_of(1);
        uint32_t random = seed;
        uint64_t highest = 0, clock = 0;
        for (int step = 0; step < 1000; step++) {
            uint64_t counter = highest + 40 - next(&random) % 110;
            if (counter > highest + 40) counter = 1;
            if (counter >= 2000) break;
            bool expected = counter >= 1 && !applied[counter] && counter + 64 > highest;
            cr_assert(order_state_is_new(&state, 0, counter) == expected, "%u: %llu of %llu", seed,
                      (unsigned long long)counter, (unsigned long long)highest);
            if (!expected) continue;
            order_state_note(&state, 0, counter, 10 * counter);
            applied[counter] = true;
            if (counter > highest) clock = 10 * counter;
            if (counter > highest) highest = counter;
            cr_assert(state.nodes[0].clock_ms == clock, "a late batch does not set a clock back");
        }
        cr_assert(highest > 100);
    }
}

/* Ledger time after node `node` stamps `stamp` on top of these clocks (0: has not spoken). */
static uint64_t time_with(const uint64_t *clocks, uint16_t count, uint64_t previous, uint16_t node,
                          uint64_t stamp) {
    struct order_state state = state_of(count);
    for (uint16_t i = 0; i < count; i++)
        if (clocks[i]) order_state_note(&state, i, 1, clocks[i]);
    order_state_note(&state, node, 2, stamp);
    return order_state_time(&state, previous, stamp);
}

Test(contracts_order_state, ledger_time_of_one_node_is_its_clock_and_never_falls) {
    const uint64_t none[] = {0};
    cr_assert(time_with(none, 1, 1000, 0, 5000) == 5000);
    cr_assert(time_with(none, 1, 9000, 0, 5000) == 9000);
    cr_assert(time_with(none, 1, 9000, 0, UINT64_MAX) == UINT64_MAX, "no overflow");
}

Test(contracts_order_state, ledger_time_of_three_nodes_survives_one_liar) {
    const uint64_t clocks[] = {100000, 100500, 101000};
    cr_assert(time_with(clocks, 3, 99000, 0, 102000) == 102000, "honest: its own stamp");
    cr_assert(time_with(clocks, 3, 99000, 2, 900000) == 100500 + 15000, "a liar ahead is held");
    cr_assert(time_with(clocks, 3, 99000, 2, 5) == 99000, "a liar behind moves nothing");
    cr_assert(time_with(clocks, 3, 101000, 0, 100100) == 101000);
}

Test(contracts_order_state, ledger_time_of_four_nodes_takes_the_second_lowest_clock) {
    const uint64_t clocks[] = {100000, 100500, 101000, 101500};
    cr_assert(time_with(clocks, 4, 99000, 3, 900000) == 100500 + 15000);
    cr_assert(time_with(clocks, 4, 99000, 0, 900000) == 101000 + 15000,
              "the liar's own clock is noted: the median is of 100500 101000 101500 900000");
    cr_assert(time_with(clocks, 4, 99000, 1, 5) == 99000);
    const uint64_t two_ahead[] = {100000, 100500, 800000, 900000};
    cr_assert(time_with(two_ahead, 4, 99000, 3, 950000) == 100500 + 15000, "two liars ahead");
}

Test(contracts_order_state, ledger_time_stands_until_a_majority_has_spoken) {
    const uint64_t silent[] = {0, 0, 0, 0}, one[] = {100000, 0, 0, 0},
                   two[] = {100000, 100000, 0, 0};
    cr_assert(time_with(silent, 4, 77000, 0, 900000) == 77000);
    cr_assert(time_with(one, 4, 77000, 1, 100000) == 77000);
    cr_assert(time_with(two, 4, 77000, 2, 100000) == 100000);
}
