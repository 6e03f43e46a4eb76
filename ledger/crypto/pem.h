/* What pem.c needs of key.c beyond key.h: the 32 secret bytes, to hand them to OpenSSL. Nothing else may include this. */
#ifndef QIZHENG_CRYPTO_PEM_H
#define QIZHENG_CRYPTO_PEM_H

#include "ledger/crypto/key.h"

const uint8_t *key_secret_bytes(const struct key_secret *key); /* 32; borrowed */

#endif
