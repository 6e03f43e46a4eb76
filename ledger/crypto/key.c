/* See key.h. One row per algorithm; everything else asks the table. PEM stands in pem.c. */
#include "ledger/crypto/key.h"

#include "ledger/base/limits.h"
#include "ledger/base/text.h"
#include "ledger/crypto/ecdsa.h"
#include "ledger/crypto/ed25519.h"
#include "ledger/crypto/evp.h"
#include "ledger/crypto/p256.h"
#include "ledger/crypto/pem.h"
#include "ledger/crypto/secret.h"
#include "ledger/crypto/sha256.h"
#include "ledger/crypto/sm2.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Only the number lies in locked memory; the public part, which owns OpenSSL's handle, does not need to. */
struct key_secret {
    struct key_public public;
    uint8_t *secret; /* 32 bytes from secret_take: scalar, or Ed25519 seed */
};

/* -- the table -- */

struct alg_row {
    const char *name, *alias; /* JOSE names: the one we emit, one more that we accept */
    const char *kty, *crv;
    size_t point_len;
    enum err (*parse)(struct key_public *key); /* point -> parsed or handle */
    enum err (*public)(const uint8_t secret[32], uint8_t ret_point[64]);
    enum err (*sign)(const struct key_secret *key, struct bytes message,
                     uint8_t ret_sig[KEY_SIG_LEN]);
    enum err (*verify)(const struct key_public *key, struct bytes message,
                       const uint8_t sig[KEY_SIG_LEN]);
    bool (*normalise)(uint8_t sig[KEY_SIG_LEN]);
};

static enum err parse_es256k(struct key_public *key) {
    return ecdsa_parse(key->point, key->parsed);
}

static enum err parse_ed25519(struct key_public *key) {
    return ed25519_check(key->point);
}

static enum err parse_es256(struct key_public *key) {
    return p256_parse(key->point, &key->handle);
}

static enum err parse_sm2(struct key_public *key) {
    return sm2_parse(key->point, &key->handle);
}

static enum err sign_es256k(const struct key_secret *key, struct bytes message,
                            uint8_t ret_sig[KEY_SIG_LEN]) {
    return ecdsa_sign(key->secret, message, ret_sig);
}

static enum err sign_ed25519(const struct key_secret *key, struct bytes message,
                             uint8_t ret_sig[KEY_SIG_LEN]) {
    return ed25519_sign(key->secret, key->public.point, message, ret_sig);
}

static enum err sign_es256(const struct key_secret *key, struct bytes message,
                           uint8_t ret_sig[KEY_SIG_LEN]) {
    return p256_sign(key->secret, key->public.point, message, ret_sig);
}

static enum err sign_sm2(const struct key_secret *key, struct bytes message,
                         uint8_t ret_sig[KEY_SIG_LEN]) {
    return sm2_sign(key->secret, key->public.point, message, ret_sig);
}

static enum err verify_es256k(const struct key_public *key, struct bytes message,
                              const uint8_t sig[KEY_SIG_LEN]) {
    return ecdsa_verify(key->parsed, message, sig);
}

static enum err verify_ed25519(const struct key_public *key, struct bytes message,
                               const uint8_t sig[KEY_SIG_LEN]) {
    return ed25519_verify(key->point, message, sig);
}

static enum err verify_es256(const struct key_public *key, struct bytes message,
                             const uint8_t sig[KEY_SIG_LEN]) {
    return p256_verify(key->handle, message, sig);
}

static enum err verify_sm2(const struct key_public *key, struct bytes message,
                           const uint8_t sig[KEY_SIG_LEN]) {
    return sm2_verify(key->handle, message, sig);
}

static const struct alg_row rows[KEY_ALG_COUNT] = {
    [KEY_ES256K] = {"ES256K", NULL, "EC", "secp256k1", 64, parse_es256k, ecdsa_public, sign_es256k,
                    verify_es256k, ecdsa_normalise},
    [KEY_ED25519] = {"Ed25519", "EdDSA", "OKP", "Ed25519", 32, parse_ed25519, ed25519_public,
                     sign_ed25519, verify_ed25519, NULL},
    [KEY_ES256] = {"ES256", NULL, "EC", "P-256", 64, parse_es256, p256_public, sign_es256,
                   verify_es256, p256_normalise},
    [KEY_SM2] = {"SGD_SM3_SM2", NULL, "EC", "SM2-P-256", 64, parse_sm2, sm2_public, sign_sm2,
                 verify_sm2, NULL},
};

const char *key_alg_name(enum key_alg alg) {
    return rows[alg].name;
}

bool key_alg_from_name(struct bytes name, enum key_alg *ret) {
    for (unsigned i = 0; i < KEY_ALG_COUNT; i++) {
        if (!bytes_is(name, rows[i].name) && !(rows[i].alias && bytes_is(name, rows[i].alias)))
            continue;
        *ret = (enum key_alg)i;
        return true;
    }
    return false;
}

/* -- public keys -- */

/* RFC 7638 section 3.2: the required members in lexicographic order, no white space. base64url needs no JSON escapes. */
static void thumbprint(struct key_public *key) {
    char x[44], y[44] = "", text[200];
    uint8_t hash[SHA256_LEN];
    const struct alg_row *row = &rows[key->alg];
    bool has_y = row->point_len == 64;
    base64url_write(bytes_of(key->point, 32), x);
    if (has_y) base64url_write(bytes_of(key->point + 32, 32), y);
    int len = snprintf(text, sizeof text, "{\"crv\":\"%s\",\"kty\":\"%s\",\"x\":\"%s\"%s%s%s}",
                       row->crv, row->kty, x, has_y ? ",\"y\":\"" : "", y, has_y ? "\"" : "");
    sha256(bytes_of(text, (size_t)len), hash);
    base64url_write(bytes_of(hash, sizeof hash), key->kid);
}

enum err key_public_from_point(enum key_alg alg, struct bytes point, struct key_public *ret) {
    struct key_public key;
    memset(&key, 0, sizeof key);
    key.alg = alg;
    if (point.len != rows[alg].point_len) return ERR_KEY;
    memcpy(key.point, point.data, point.len);
    enum err err = rows[alg].parse(&key);
    if (err) return err;
    thumbprint(&key);
    *ret = key;
    return ERR_OK;
}

static bool member_known(const char *name) {
    static const char *const known[] = {"kty", "crv", "x", "y", "alg", "use", "kid", "key_ops"};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (strcmp(name, known[i]) == 0) return true;
    }
    return false;
}

static enum err jwk_members(const struct json *jwk, struct problem *ret_why) {
    if (json_kind(jwk) != JSON_KIND_OBJECT)
        return problem_set(ret_why, ERR_KEY, "A JWK is a JSON object.");
    if (json_member(jwk, "d") || json_member(jwk, "k")) {
        return problem_set(ret_why, ERR_KEY,
                           "This JWK holds a secret key. Send only its public part, and treat the "
                           "secret as exposed.");
    }
    for (void *at = json_first(jwk); at; at = json_next(jwk, at)) {
        if (!member_known(json_name_at(at)))
            return problem_set(ret_why, ERR_KEY,
                               "The JWK has a member other than kty, crv, x, y, alg, use, kid and "
                               "key_ops.");
    }
    return ERR_OK;
}

static bool jwk_alg(const struct json *jwk, enum key_alg *ret) {
    struct bytes kty = json_text_bytes(json_member(jwk, "kty")),
                 crv = json_text_bytes(json_member(jwk, "crv"));
    for (unsigned i = 0; i < KEY_ALG_COUNT; i++) {
        if (!bytes_is(kty, rows[i].kty) || !bytes_is(crv, rows[i].crv)) continue;
        *ret = (enum key_alg)i;
        return true;
    }
    return false;
}

enum err key_public_from_jwk(const struct json *jwk, struct key_public *ret,
                             struct problem *ret_why) {
    enum key_alg alg, named;
    uint8_t point[64];
    enum err err = jwk_members(jwk, ret_why);
    if (err) return err;
    if (!jwk_alg(jwk, &alg)) {
        return problem_set(
            ret_why, ERR_KEY,
            "kty and crv must be EC with secp256k1, P-256 or SM2-P-256, or OKP with Ed25519.");
    }
    const struct json *name = json_member(jwk, "alg");
    if (name && (!key_alg_from_name(json_text_bytes(name), &named) || named != alg)) {
        return problem_set(ret_why, ERR_KEY, "The JWK's alg does not belong to its curve.");
    }
    bool has_y = rows[alg].point_len == 64;
    if (base64url_decode_fixed(json_text_bytes(json_member(jwk, "x")), point, 32) ||
        has_y != !!json_member(jwk, "y") ||
        (has_y && base64url_decode_fixed(json_text_bytes(json_member(jwk, "y")), point + 32, 32))) {
        return problem_set(ret_why, ERR_KEY, "x%s must be base64url of exactly 32 bytes each.",
                           has_y ? " and y" : "");
    }
    err = key_public_from_point(alg, bytes_of(point, rows[alg].point_len), ret);
    if (err == ERR_KEY)
        return problem_set(ret_why, err, "The coordinates are not a point of the curve %s.",
                           rows[alg].crv);
    return err ? problem_set(ret_why, err, "%s.", err_title(err)) : ERR_OK;
}

struct json *key_public_jwk(const struct key_public *key) {
    char text[44];
    const struct alg_row *row = &rows[key->alg];
    struct json *jwk = json_new_object();
    base64url_write(bytes_of(key->point, 32), text);
    enum err err = jwk ? json_put_text(jwk, "kty", row->kty) : ERR_NO_MEMORY;
    if (!err) err = json_put_text(jwk, "crv", row->crv);
    if (!err) err = json_put_text(jwk, "x", text);
    if (!err && row->point_len == 64) {
        base64url_write(bytes_of(key->point + 32, 32), text);
        err = json_put_text(jwk, "y", text);
    }
    if (!err) return jwk;
    json_done(jwk);
    return NULL;
}

enum err key_public_copy(const struct key_public *key, struct key_public *ret) {
    struct key_public copy = *key;
    if (key->handle && !(copy.handle = evp_share(key->handle))) return ERR_NO_MEMORY;
    *ret = copy;
    return ERR_OK;
}

void key_public_done(struct key_public *key) {
    evp_free(key->handle);
    memset(key, 0, sizeof *key);
}

enum err key_verify(const struct key_public *key, struct bytes message,
                    const uint8_t sig[KEY_SIG_LEN]) {
    return rows[key->alg].verify(key, message, sig);
}

bool key_sig_normalise(enum key_alg alg, uint8_t sig[KEY_SIG_LEN]) {
    return rows[alg].normalise && rows[alg].normalise(sig);
}

/* -- secret keys -- */

enum err key_secret_from_bytes(enum key_alg alg, const uint8_t secret[32],
                               struct key_secret **ret) {
    uint8_t point[64];
    struct key_secret *key = calloc(1, sizeof *key);
    if (!key) return ERR_NO_MEMORY;
    key->secret = secret_take(32);
    enum err err = key->secret ? rows[alg].public(secret, point) : ERR_NO_MEMORY;
    if (!err) err = key_public_from_point(alg, bytes_of(point, rows[alg].point_len), &key->public);
    if (err) {
        key_secret_done(key);
        return err;
    }
    memcpy(key->secret, secret, 32);
    *ret = key;
    return ERR_OK;
}

const struct key_public *key_secret_public(const struct key_secret *key) {
    return &key->public;
}

const uint8_t *key_secret_bytes(const struct key_secret *key) {
    return key->secret;
}

enum err key_sign(const struct key_secret *key, struct bytes message,
                  uint8_t ret_sig[KEY_SIG_LEN]) {
    return rows[key->public.alg].sign(key, message, ret_sig);
}

void key_secret_done(struct key_secret *key) {
    if (!key) return;
    secret_free(key->secret);
    key_public_done(&key->public);
    free(key);
}

void key_blind(const uint8_t seed[32]) {
    ecdsa_blind(seed);
}
