/* SM2 signatures with SM3 (GB/T 32918.2-2016, JOSE name SGD_SM3_SM2 of GM/T 0125) through OpenSSL.
 *
 * The user id in Z is 1234567812345678 on both sides, set explicitly: OpenSSL before 4 defaults to an empty one. */
#ifndef QIZHENG_CRYPTO_SM2_H
#define QIZHENG_CRYPTO_SM2_H

#include "ledger/crypto/key.h"

enum err sm2_parse(const uint8_t point[64], void **ret_handle) MUST_CHECK;       /* ERR_KEY */
enum err sm2_public(const uint8_t secret[32], uint8_t ret_point[64]) MUST_CHECK; /* ERR_KEY */
/* The nonce comes from OpenSSL's generator. */
enum err sm2_sign(const uint8_t secret[32], const uint8_t point[64], struct bytes message,
                  uint8_t ret_sig[KEY_SIG_LEN]) MUST_CHECK;
enum err sm2_verify(void *handle, struct bytes message, const uint8_t sig[KEY_SIG_LEN]) MUST_CHECK;

#endif
