/* Ed25519 (RFC 8032) through libsodium. Verification is strict: canonical S, no small-order key or R. */
#ifndef QIZHENG_CRYPTO_ED25519_H
#define QIZHENG_CRYPTO_ED25519_H

#include "ledger/crypto/key.h"

enum err ed25519_check(const uint8_t point[32]) MUST_CHECK; /* ERR_KEY where it is no key */
enum err ed25519_public(const uint8_t seed[32],
                        uint8_t ret_point[64]) MUST_CHECK; /* 32 bytes, then zeros */
enum err ed25519_sign(const uint8_t seed[32], const uint8_t point[32], struct bytes message,
                      uint8_t ret_sig[KEY_SIG_LEN]) MUST_CHECK;
enum err ed25519_verify(const uint8_t point[32], struct bytes message,
                        const uint8_t sig[KEY_SIG_LEN]) MUST_CHECK;

#endif
