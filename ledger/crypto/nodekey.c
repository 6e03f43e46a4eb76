/* See nodekey.h. */
#include "ledger/crypto/nodekey.h"

#include <sodium.h>
#include <string.h>

#define CONTEXT "qizheng_"
_Static_assert(sizeof CONTEXT - 1 == crypto_kdf_CONTEXTBYTES, "libsodium's context is 8 bytes");

enum {
    SUBKEY_LOG = 1,
    SUBKEY_COSIGNER = 2,
    SUBKEY_AUTH = 3
}; /* FORMATS.md section 3; never renumber */

static enum err derive(const uint8_t seed[NODEKEY_SEED_LEN], uint64_t id, struct key_secret **ret) {
    uint8_t subkey[32];
    if (sodium_init() < 0 || crypto_kdf_derive_from_key(subkey, sizeof subkey, id, CONTEXT, seed))
        return ERR_INTERNAL;
    enum err err = key_secret_from_bytes(KEY_ED25519, subkey, ret);
    sodium_memzero(subkey, sizeof subkey);
    return err;
}

enum err nodekey_derive(const uint8_t seed[NODEKEY_SEED_LEN], struct nodekey *ret) {
    struct nodekey keys;
    memset(&keys, 0, sizeof keys);
    enum err err = derive(seed, SUBKEY_LOG, &keys.log);
    if (!err) err = derive(seed, SUBKEY_COSIGNER, &keys.cosigner);
    if (!err) err = derive(seed, SUBKEY_AUTH, &keys.auth);
    if (err)
        nodekey_done(&keys);
    else
        *ret = keys;
    return err;
}

void nodekey_done(struct nodekey *keys) {
    key_secret_done(keys->log);
    key_secret_done(keys->cosigner);
    key_secret_done(keys->auth);
    memset(keys, 0, sizeof *keys);
}
