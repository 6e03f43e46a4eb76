/* Included before OpenSSL's headers, after ours: OpenSSL names a type ERR_STATE, which is one of our errors. */
#ifndef QIZHENG_CRYPTO_OPENSSL_NAMES_H
#define QIZHENG_CRYPTO_OPENSSL_NAMES_H

#include "ledger/base/err.h"

#define ERR_STATE OPENSSL_ERR_STATE

#endif
