/* The process's clocks. Only the node reads them; everything left of it is given times. */
#ifndef QIZHENG_NODE_CLOCK_H
#define QIZHENG_NODE_CLOCK_H

#include <stdint.h>
#include <time.h>

uint64_t clock_unix_ms(void);      /* milliseconds since 1970 UTC */
uint64_t clock_monotonic_us(void); /* microseconds, never set back */
/* now (monotonic) + timeout_ms, for timed waits on CLOCK_MONOTONIC */
struct timespec clock_after(uint64_t timeout_ms);

#endif
