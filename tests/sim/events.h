/* What may happen in a schedule: the world outside the nodes. */
#ifndef QIZHENG_TESTS_SIM_EVENTS_H
#define QIZHENG_TESTS_SIM_EVENTS_H

#include "tests/sim/cluster.h"

struct schedule {
    struct cluster cluster;
    struct disk_rates rates;
    struct disk_image *old[POOL_NODES]; /* copies that an operator kept */
    bool is_hidden[POOL_NODES];         /* its last-signed file was taken away */
    uint64_t stranger_counter;
    bool is_healed; /* nothing goes wrong any more */
};

/* One random event, and the random time until the next. */
void event_any(struct schedule *schedule);
/* What an operator does with a node that is down, dead or has given up: looks why, and starts it again. It may not start yet. */
void event_revive(struct schedule *schedule, struct sim_node *node);
void event_submit_some(struct schedule *schedule);

#endif
