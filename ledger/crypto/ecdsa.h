/* ECDSA over secp256k1 with SHA-256 (RFC 8812, ES256K) through libsecp256k1; the only file that knows it. */
#ifndef QIZHENG_CRYPTO_ECDSA_H
#define QIZHENG_CRYPTO_ECDSA_H

#include "ledger/crypto/key.h"

enum err ecdsa_parse(const uint8_t point[64], uint8_t ret_parsed[64]) MUST_CHECK;  /* ERR_KEY */
enum err ecdsa_public(const uint8_t secret[32], uint8_t ret_point[64]) MUST_CHECK; /* ERR_KEY */
/* RFC 6979 nonce, low S. */
enum err ecdsa_sign(const uint8_t secret[32], struct bytes message,
                    uint8_t ret_sig[KEY_SIG_LEN]) MUST_CHECK;
/* Accepts high S too. */
enum err ecdsa_verify(const uint8_t parsed[64], struct bytes message,
                      const uint8_t sig[KEY_SIG_LEN]) MUST_CHECK;
bool ecdsa_normalise(uint8_t sig[KEY_SIG_LEN]);
void ecdsa_blind(const uint8_t seed[32]);

#endif
