/* One schedule: a ledger of one to four nodes, a number of random events, then everything heals and must come to one result. All of it follows from the seed. */
#ifndef QIZHENG_TESTS_SIM_SCHEDULE_H
#define QIZHENG_TESTS_SIM_SCHEDULE_H

#include <stdint.h>

/* Returns where everything held; sim_fail ends the program where not. */
void schedule_run(uint64_t seed);

#endif
