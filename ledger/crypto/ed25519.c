/* See ed25519.h. */
#include "ledger/crypto/ed25519.h"

#include <sodium.h>
#include <string.h>

enum err ed25519_check(const uint8_t point[32]) {
    if (sodium_init() < 0) return ERR_INTERNAL;
    return crypto_core_ed25519_is_valid_point(point) ? ERR_OK : ERR_KEY;
}

enum err ed25519_public(const uint8_t seed[32], uint8_t ret_point[64]) {
    uint8_t secret[crypto_sign_SECRETKEYBYTES];
    if (sodium_init() < 0) return ERR_INTERNAL;
    memset(ret_point, 0, 64);
    enum err err = crypto_sign_seed_keypair(ret_point, secret, seed) ? ERR_INTERNAL : ERR_OK;
    sodium_memzero(secret, sizeof secret);
    return err;
}

enum err ed25519_sign(const uint8_t seed[32], const uint8_t point[32], struct bytes message,
                      uint8_t ret_sig[KEY_SIG_LEN]) {
    uint8_t secret[crypto_sign_SECRETKEYBYTES]; /* libsodium's form: seed || public key */
    if (sodium_init() < 0) return ERR_INTERNAL;
    memcpy(secret, seed, 32);
    memcpy(secret + 32, point, 32);
    enum err err = crypto_sign_detached(ret_sig, NULL, message.data, message.len, secret)
                       ? ERR_INTERNAL
                       : ERR_OK;
    sodium_memzero(secret, sizeof secret);
    return err;
}

enum err ed25519_verify(const uint8_t point[32], struct bytes message,
                        const uint8_t sig[KEY_SIG_LEN]) {
    if (sodium_init() < 0) return ERR_INTERNAL;
    return crypto_sign_verify_detached(sig, message.data, message.len, point)
               ? ERR_SIGNATURE_INVALID
               : ERR_OK;
}
