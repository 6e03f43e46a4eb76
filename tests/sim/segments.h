/* Included before ledger/store/segment.c when the simulator builds its own copy of it: segments of a few records, so that every schedule begins new files. */
#ifndef QIZHENG_TESTS_SIM_SEGMENTS_H
#define QIZHENG_TESTS_SIM_SEGMENTS_H

#include "ledger/base/limits.h"

#undef LIMIT_SEGMENT
#define LIMIT_SEGMENT (24u * 1024)

#endif
