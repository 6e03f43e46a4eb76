/* See ecdsa.h. The context is made once; after that only ecdsa_blind (before threads) writes to it. It lives as
 * long as the process: at exit other threads may still use it. */
#include "ledger/crypto/ecdsa.h"

#include "ledger/crypto/sha256.h"

#include <assert.h>
#include <pthread.h>
#include <secp256k1.h>
#include <string.h>

static pthread_once_t once = PTHREAD_ONCE_INIT;
static secp256k1_context *shared;

_Static_assert(sizeof(secp256k1_pubkey) == 64, "key_public.parsed holds libsecp256k1's form");

static void start(void) {
    shared = secp256k1_context_create(SECP256K1_CONTEXT_NONE);
    assert(shared);
}

static secp256k1_context *context(void) {
    (void)pthread_once(&once, start);
    return shared;
}

void ecdsa_blind(const uint8_t seed[32]) {
    int ok = secp256k1_context_randomize(context(), seed);
    assert(ok == 1);
}

enum err ecdsa_parse(const uint8_t point[64], uint8_t ret_parsed[64]) {
    uint8_t uncompressed[65] = {0x04};
    secp256k1_pubkey key;
    memcpy(uncompressed + 1, point, 64);
    if (!secp256k1_ec_pubkey_parse(context(), &key, uncompressed, sizeof uncompressed))
        return ERR_KEY;
    memcpy(ret_parsed, &key, sizeof key);
    return ERR_OK;
}

enum err ecdsa_public(const uint8_t secret[32], uint8_t ret_point[64]) {
    secp256k1_pubkey key;
    uint8_t uncompressed[65];
    size_t len = sizeof uncompressed;
    if (!secp256k1_ec_pubkey_create(context(), &key, secret)) return ERR_KEY;
    (void)secp256k1_ec_pubkey_serialize(context(), uncompressed, &len, &key,
                                        SECP256K1_EC_UNCOMPRESSED);
    memcpy(ret_point, uncompressed + 1, 64);
    return ERR_OK;
}

enum err ecdsa_sign(const uint8_t secret[32], struct bytes message, uint8_t ret_sig[KEY_SIG_LEN]) {
    uint8_t hash[SHA256_LEN];
    secp256k1_ecdsa_signature signature;
    sha256(message, hash);
    if (!secp256k1_ecdsa_sign(context(), &signature, hash, secret, NULL, NULL)) return ERR_KEY;
    (void)secp256k1_ecdsa_signature_serialize_compact(context(), ret_sig, &signature);
    return ERR_OK;
}

enum err ecdsa_verify(const uint8_t parsed[64], struct bytes message,
                      const uint8_t sig[KEY_SIG_LEN]) {
    uint8_t hash[SHA256_LEN];
    secp256k1_ecdsa_signature signature;
    secp256k1_pubkey key;
    memcpy(&key, parsed, sizeof key);
    sha256(message, hash);
    if (!secp256k1_ecdsa_signature_parse_compact(context(), &signature, sig))
        return ERR_SIGNATURE_INVALID;
    /* libsecp256k1 verifies low S only: of the two forms of one signature that is the one to ask about. */
    (void)secp256k1_ecdsa_signature_normalize(context(), &signature, &signature);
    return secp256k1_ecdsa_verify(context(), &signature, hash, &key) ? ERR_OK
                                                                     : ERR_SIGNATURE_INVALID;
}

bool ecdsa_normalise(uint8_t sig[KEY_SIG_LEN]) {
    secp256k1_ecdsa_signature signature;
    if (!secp256k1_ecdsa_signature_parse_compact(context(), &signature, sig)) return false;
    if (!secp256k1_ecdsa_signature_normalize(context(), &signature, &signature)) return false;
    (void)secp256k1_ecdsa_signature_serialize_compact(context(), sig, &signature);
    return true;
}
