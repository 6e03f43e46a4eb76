/* One simulated ledger: its nodes, what was ordered, and every promise that was made to anybody outside. What is promised stays promised whatever happens afterwards:
 * crashes take nothing out of here. */
#ifndef QIZHENG_TESTS_SIM_CLUSTER_H
#define QIZHENG_TESTS_SIM_CLUSTER_H

#include "tests/sim/model.h"
#include "tests/sim/node.h"

#define LINES_KEPT 4 /* heads of one node, newest first to go */

struct order_log;

/* A head that one node signed and showed. */
struct shown {
    uint64_t size; /* 0: none */
    struct buf note;
};

struct cluster {
    const struct pool *pool;
    size_t node_count,
        running; /* of the genesis; of them simulated, the others never speak but as strangers */
    struct random random;
    struct model *model;
    struct order_log *log; /* NULL: the solo order */
    struct sim_node nodes[POOL_NODES];
    /* -- promises -- */
    bool has_root[MODEL_LEAVES]; /* signed by anybody, by size */
    uint8_t roots[MODEL_LEAVES][32];
    bool is_acked
        [MODEL_LEAVES]; /* a submitter was told that its record is this leaf, and final as far as that node knows */
    uint8_t acked[MODEL_LEAVES][32]; /* its body's hash */
    struct shown shown[POOL_NODES][LINES_KEPT];
    unsigned shown_next[POOL_NODES];
    uint64_t final_size; /* a quorum signed it */
    struct buf final_note;
};

#endif
