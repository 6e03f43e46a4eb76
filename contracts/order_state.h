/* Order state: what decides whether an ordered batch is new, and the clocks that make ledger time. Apart from state (ARCHITECTURE.md section 3).
 *
 *   epoch u32, revision u64, node count u16, per node: highest counter u64, window u64 (bit i: counter - i was applied), last clock_ms u64 */
#ifndef QIZHENG_CONTRACTS_ORDER_STATE_H
#define QIZHENG_CONTRACTS_ORDER_STATE_H

#include "ledger/record/batch.h"

#define ORDER_CLOCK_SLACK_MS 15000

struct order_node {
    uint64_t counter; /* 0: none yet; counters start at 1 */
    uint64_t window;
    uint64_t clock_ms;
};

struct order_state {
    struct position position;
    uint16_t node_count;
    struct order_node nodes[LIMIT_NODES];
};

enum err order_state_encode(const struct order_state *state, struct buf *out) MUST_CHECK;
enum err order_state_decode(struct bytes in, struct order_state *ret) MUST_CHECK; /* ERR_CORRUPT */
/* True where that counter was not applied before and is not too old to know (older than the window counts as applied). */
bool order_state_is_new(const struct order_state *state, uint16_t node, uint64_t counter);
void order_state_note(struct order_state *state, uint16_t node, uint64_t counter,
                      uint64_t clock_ms);
/* max(previous, min(stamp, median of the nodes' last clocks + 15 s)); the median is element floor((n-1)/2) in ascending order, the stamp's own node already
 * noted, so that with one node it is that node's clock. */
uint64_t order_state_time(const struct order_state *state, uint64_t previous_ms, uint64_t stamp_ms);

#endif
