/* Stands before api/log.c: the node's log lines are events of the schedule. */
#include "api/log.h"

#include "tests/sim/node.h"
#include "tests/sim/trace.h"

#include <stdio.h>

void log_event(enum log_level level, const char *event, ...) {
    const struct sim_node *node = sim_node_running();
    trace(event, node ? (int)node->index : -1, level, 0);
}

const char *log_number(uint64_t value, char buffer[LOG_NUMBER_LEN]) {
    (void)snprintf(buffer, LOG_NUMBER_LEN, "%llu", (unsigned long long)value);
    return buffer;
}
