/* The virtual order of a ledger of several nodes, behind node/order.h as the order by etcd will be: one durable list of batches with growing positions, which every node
 * gets in this order, each in its own time. A proposal takes time, may be refused (ERR_NO_ORDER) and, where its node dies on the way, may have been ordered or not; what
 * was delivered may come again; a batch may stand in the list twice. A node may be cut off for a time. The list itself is the model's (model.h). */
#ifndef QIZHENG_TESTS_SIM_ORDER_H
#define QIZHENG_TESTS_SIM_ORDER_H

#include "node/order.h"
#include "tests/sim/cluster.h"

struct order_log;

struct order_log *order_log_new(struct cluster *cluster);
void order_log_done(struct order_log *log);
/* A batch of somebody else; bytes are taken over. */
void order_append(struct order_log *log, struct buf bytes, bool is_bad);
/* The batch of that number stands in the list once more. */
void order_repeat(struct order_log *log, size_t number);
/* Until then neither proposals nor deliveries of that node get through. */
void order_cut_off(struct order_log *log, unsigned node, uint64_t until_us);

/* last: what the node's store holds. Starts the thread that delivers. */
struct order order_open(struct order_log *log, struct sim_node *node, struct position last,
                        struct order_sink sink);

/* The solo order is the product's own; this sink stands between it and the writer and tells the model. */
struct order_sink order_tell(struct sim_node *node, struct order_sink sink);

#endif
