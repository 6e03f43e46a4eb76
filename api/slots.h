/* Places for streams, of which each holds a thread: so many of one client address, so many in all. Any thread. Only api/ includes this. */
#ifndef QIZHENG_API_SLOTS_H
#define QIZHENG_API_SLOTS_H

#include "ledger/base/limits.h"

#include <stdbool.h>

/* source: not empty. False where all are taken. max: of all, at most LIMIT_EVENTS. */
bool slot_take(const char *source, unsigned max);
void slot_give(const char *source);

#endif
