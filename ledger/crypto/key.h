/* Keys: one table from algorithm to sign and verify, and their texts (JWK, thumbprint, PEM).
 *
 *   ES256K       secp256k1        libsecp256k1   RFC 8812, signature R||S 64 bytes
 *   Ed25519      Ed25519          libsodium      RFC 8037 and RFC 9864; `EdDSA` is accepted as another name
 *   ES256        P-256            OpenSSL        RFC 7518 section 3.4
 *   SGD_SM3_SM2  SM2              OpenSSL        GM/T 0125, JWK crv SM2-P-256, Z with user id 1234567812345678
 *
 * Every signature is 64 bytes. ES256K and ES256 have two valid S for one message; key_sig_normalise picks the low one, and
 * key_verify accepts both. Ed25519 verification is strict (libsodium: no small-order points, canonical S).
 * ES256K and Ed25519 sign deterministically; ES256 and SM2 take their nonce from OpenSSL's generator.
 *
 * A key_public may be read by several threads at once. */
#ifndef QIZHENG_CRYPTO_KEY_H
#define QIZHENG_CRYPTO_KEY_H

#include "ledger/base/bytes.h"
#include "ledger/base/json.h"

enum key_alg { KEY_ES256K, KEY_ED25519, KEY_ES256, KEY_SM2, KEY_ALG_COUNT };

#define KEY_SIG_LEN 64
#define KEY_KID_LEN 43 /* characters of a base64url SHA-256 */

struct key_public {
    enum key_alg alg;
    uint8_t point[64];  /* X||Y big-endian, or 32 bytes for Ed25519 and zeros */
    uint8_t parsed[64]; /* libsecp256k1's form */
    void *handle;       /* OpenSSL's form for ES256 and SM2, else NULL; freed by key_public_done */
    char kid[KEY_KID_LEN + 1]; /* RFC 7638 SHA-256 thumbprint, base64url */
};

struct key_secret; /* in locked memory, wiped by key_secret_done */

const char *key_alg_name(enum key_alg alg); /* the JOSE name we emit */
/* Any accepted JOSE name (`EdDSA` too). */
bool key_alg_from_name(struct bytes name, enum key_alg *ret);

/* -- public keys -- */
/* point: 64 bytes X||Y, or 32 for Ed25519. ERR_KEY where it is not a point of the curve. */
enum err key_public_from_point(enum key_alg alg, struct bytes point,
                               struct key_public *ret) MUST_CHECK;
/* A JWK (RFC 7517): exactly kty, crv, x and y as the algorithm needs; `alg`, `use`, `kid`, `key_ops` are allowed and ignored but
 * for `alg`, which must agree; a private member (`d`) is ERR_KEY: whoever sends one must not be told that all is well. */
enum err key_public_from_jwk(const struct json *jwk, struct key_public *ret,
                             struct problem *ret_why) MUST_CHECK;
/* A new object with the RFC 7638 members only; NULL without memory. */
struct json *key_public_jwk(const struct key_public *key);
enum err key_public_copy(const struct key_public *key, struct key_public *ret) MUST_CHECK;
void key_public_done(struct key_public *key); /* accepts a zeroed key */
/* ERR_SIGNATURE_INVALID, ERR_NO_MEMORY. */
enum err key_verify(const struct key_public *key, struct bytes message,
                    const uint8_t sig[KEY_SIG_LEN]) MUST_CHECK;
/* Makes S low for ES256K and ES256; leaves the others. True where it changed. ERR-free: a garbage S stays garbage. */
bool key_sig_normalise(enum key_alg alg, uint8_t sig[KEY_SIG_LEN]);

/* -- secret keys -- */
/* secret: 32 bytes (a scalar, or an Ed25519 seed). ERR_KEY where it is zero or not below the group order: draw again. */
enum err key_secret_from_bytes(enum key_alg alg, const uint8_t secret[32],
                               struct key_secret **ret) MUST_CHECK;
const struct key_public *key_secret_public(const struct key_secret *key);
enum err key_sign(const struct key_secret *key, struct bytes message,
                  uint8_t ret_sig[KEY_SIG_LEN]) MUST_CHECK;
/* PKCS#8 PEM. passphrase empty: not encrypted; else PBES2 with AES-256-CBC and PBKDF2 HMAC-SHA-256.
 * key_secret_from_pem: ERR_KEY with a reason in *ret_why: not PEM, wrong or missing passphrase, a curve that we do not use. */
enum err key_secret_pem(const struct key_secret *key, struct bytes passphrase,
                        struct buf *out) MUST_CHECK;
enum err key_secret_from_pem(struct bytes pem, struct bytes passphrase, struct key_secret **ret,
                             struct problem *ret_why) MUST_CHECK;
/* Also reads a public key in PEM (SubjectPublicKeyInfo). */
enum err key_public_from_pem(struct bytes pem, struct key_public *ret,
                             struct problem *ret_why) MUST_CHECK;
void key_secret_done(struct key_secret *key); /* accepts NULL */

/* Once, before threads: 32 random bytes that blind libsecp256k1's signing (side channels). Optional. */
void key_blind(const uint8_t seed[32]);

#endif
