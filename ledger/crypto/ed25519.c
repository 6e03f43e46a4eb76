/* See ed25519.h.
 *
 * That a point lies in the prime-order subgroup takes as long as a signature, and the same few keys, those of a ledger's nodes, are read again with every policy, genesis
 * and receipt. So each thread remembers which points it found to be keys: nothing but the point's own 32 bytes decides, so what is remembered is what would be found again.
 * Whoever sends many other keys makes it forget, which costs time and nothing else. */
#include "ledger/crypto/ed25519.h"

#include "ledger/base/limits.h"

#include <sodium.h>
#include <string.h>

#define KNOWN_MAX (3 * LIMIT_NODES) /* a node has three: log, cosigner, auth */

static _Thread_local struct {
    uint8_t points[KNOWN_MAX][32];
    size_t count;
    size_t next; /* where the next one goes: over the oldest, once all are taken */
} known;

static bool known_find(const uint8_t point[32]) {
    for (size_t i = 0; i < known.count; i++)
        if (memcmp(known.points[i], point, 32) == 0) return true;
    return false;
}

static void known_add(const uint8_t point[32]) {
    memcpy(known.points[known.next], point, 32);
    known.next = (known.next + 1) % KNOWN_MAX;
    if (known.count < KNOWN_MAX) known.count++;
}

enum err ed25519_check(const uint8_t point[32]) {
    if (sodium_init() < 0) return ERR_INTERNAL;
    if (known_find(point)) return ERR_OK;
    if (!crypto_core_ed25519_is_valid_point(point)) return ERR_KEY;
    known_add(point);
    return ERR_OK;
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
