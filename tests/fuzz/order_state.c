/* Order state: what was decoded and encoded is the input, and notes of any batches leave a state that can be stored and read again, with a time that never goes back.
 * fuzz: max_len=2048 */
#include "tests/fuzz/lib/fuzz.h"

#include "contracts/order_state.h"

static void stored(const struct order_state *state, struct bytes in) {
    struct buf out;
    buf_init(&out, LIMIT_HEAD);
    FUZZ_CHECK(order_state_encode(state, &out) == ERR_OK);
    FUZZ_CHECK(in.len == 0 || bytes_equal(buf_bytes(&out), in));
    static struct order_state again;
    FUZZ_CHECK(order_state_decode(buf_bytes(&out), &again) == ERR_OK);
    FUZZ_CHECK(memcmp(&again.position, &state->position, sizeof again.position.epoch) == 0);
    buf_done(&out);
}

/* Batches as the machine notes them: 18 bytes each. */
static void notes_run(struct order_state *state, struct cursor *cursor) {
    uint64_t time_ms = 0;
    while (cursor->rest.len >= 18 && state->node_count > 0) {
        uint16_t node = cursor_u16(cursor) % state->node_count;
        uint64_t counter = cursor_u64(cursor), clock_ms = cursor_u64(cursor);
        if (!order_state_is_new(state, node, counter)) continue;
        order_state_note(state, node, counter, clock_ms);
        FUZZ_CHECK(!order_state_is_new(state, node, counter));
        uint64_t next = order_state_time(state, time_ms, clock_ms);
        FUZZ_CHECK(next >= time_ms);
        time_ms = next;
        stored(state, bytes_of(NULL, 0));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static struct order_state state;
    struct bytes in = bytes_of(data, size);
    enum err err = order_state_decode(in, &state);
    FUZZ_CHECK(err == ERR_OK || err == ERR_CORRUPT);
    if (!err) stored(&state, in);
    struct cursor cursor = cursor_of(in);
    memset(&state, 0, sizeof state);
    state.node_count = cursor_u8(&cursor) % LIMIT_NODES + 1;
    notes_run(&state, &cursor);
    return 0;
}
