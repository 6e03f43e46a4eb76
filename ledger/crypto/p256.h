/* ECDSA over P-256 with SHA-256 (RFC 7518 section 3.4, ES256) through OpenSSL. Handles are evp.h's. */
#ifndef QIZHENG_CRYPTO_P256_H
#define QIZHENG_CRYPTO_P256_H

#include "ledger/crypto/key.h"

enum err p256_parse(const uint8_t point[64], void **ret_handle) MUST_CHECK;       /* ERR_KEY */
enum err p256_public(const uint8_t secret[32], uint8_t ret_point[64]) MUST_CHECK; /* ERR_KEY */
/* Low S. The nonce comes from OpenSSL's generator. */
enum err p256_sign(const uint8_t secret[32], const uint8_t point[64], struct bytes message,
                   uint8_t ret_sig[KEY_SIG_LEN]) MUST_CHECK;
/* Accepts high S too. */
enum err p256_verify(void *handle, struct bytes message, const uint8_t sig[KEY_SIG_LEN]) MUST_CHECK;
bool p256_normalise(uint8_t sig[KEY_SIG_LEN]);

#endif
