/* Wiping and locking memory that holds secrets (libsodium). */
#ifndef QIZHENG_CRYPTO_SECRET_H
#define QIZHENG_CRYPTO_SECRET_H

#include "ledger/base/bytes.h"

void secret_wipe(void *data, size_t len);
/* Memory that is locked, not dumped, and wiped by secret_free. NULL without memory. It is filled with noise at first. Keep no
 * pointer to ordinary memory in it: leak checkers do not look there. */
void *secret_take(size_t len);
void secret_free(void *data); /* accepts NULL */
/* Equal in constant time. */
bool secret_equal(struct bytes a, struct bytes b);

#endif
