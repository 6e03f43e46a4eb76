/* A node's keys, all derived from one 32-byte seed (FORMATS.md section 3).
 *
 * libsodium crypto_kdf, context "qizheng_", subkey ids 1 log, 2 cosigner, 3 auth; each subkey is an Ed25519 seed. A public
 * key never serves two uses. The struct holds secrets: keep it in one place and wipe it with nodekey_done. */
#ifndef QIZHENG_CRYPTO_NODEKEY_H
#define QIZHENG_CRYPTO_NODEKEY_H

#include "ledger/base/bytes.h"
#include "ledger/crypto/key.h"

#define NODEKEY_SEED_LEN 32

struct nodekey {
    struct key_secret *log;      /* Ed25519, signs checkpoints as the log (note type 0x01) */
    struct key_secret *cosigner; /* Ed25519, cosigns checkpoints (note type 0x04) */
    struct key_secret *auth;     /* Ed25519, signs batches and head statements */
};

enum err nodekey_derive(const uint8_t seed[NODEKEY_SEED_LEN], struct nodekey *ret) MUST_CHECK;
void nodekey_done(struct nodekey *keys); /* accepts a zeroed struct */

#endif
