/* What P-256, SM2 and PEM share: OpenSSL keys from raw numbers, and DER signatures to and from R||S. Handles are EVP_PKEY. */
#ifndef QIZHENG_CRYPTO_EVP_H
#define QIZHENG_CRYPTO_EVP_H

#include "ledger/crypto/key.h"

/* group: OpenSSL's name ("P-256", "SM2", "secp256k1"). secret NULL: a public key. ERR_KEY where the point is not on the curve. */
enum err evp_ec_key(const char *group, const uint8_t point[64], const uint8_t *secret,
                    void **ret_handle) MUST_CHECK;
/* The point of secret * G. ERR_KEY where secret is zero, not below the order, or for SM2 one below it. */
enum err evp_ec_public(const char *group, const uint8_t secret[32],
                       uint8_t ret_point[64]) MUST_CHECK;
void *evp_share(void *handle);
void evp_free(void *handle); /* accepts NULL */
/* sign: with digest ("SHA256", "SM3") and, for SM2, the user id (empty otherwise). */
enum err evp_sign(void *handle, const char *digest, struct bytes user_id, struct bytes message,
                  uint8_t ret_sig[KEY_SIG_LEN]) MUST_CHECK;
enum err evp_verify(void *handle, const char *digest, struct bytes user_id, struct bytes message,
                    const uint8_t sig[KEY_SIG_LEN]) MUST_CHECK;

#endif
