/* Random bytes from the operating system (getrandom). Everything left of here takes randomness from its caller. */
#ifndef QIZHENG_STORE_ENTROPY_H
#define QIZHENG_STORE_ENTROPY_H

#include "ledger/base/bytes.h"

/* Fills data; aborts where the kernel has no entropy source at all (then no key could be made either). */
void entropy(void *data, size_t len);

#endif
