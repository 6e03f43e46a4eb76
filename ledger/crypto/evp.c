/* See evp.h. */
#include "ledger/crypto/evp.h"

#include "ledger/crypto/openssl_names.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <string.h>

#define DER_MAX 80 /* SEQUENCE of two INTEGERs of at most 33 bytes: 72 */

/* SM2 keys have a type of their own in OpenSSL; the other curves are plain EC keys. */
static const char *type_of(const char *group) {
    return strcmp(group, "SM2") == 0 ? "SM2" : "EC";
}

static OSSL_PARAM *params_of(const char *group, const uint8_t uncompressed[65],
                             const BIGNUM *secret) {
    OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
    OSSL_PARAM *params = NULL;
    if (build && OSSL_PARAM_BLD_push_utf8_string(build, OSSL_PKEY_PARAM_GROUP_NAME, group, 0) &&
        OSSL_PARAM_BLD_push_octet_string(build, OSSL_PKEY_PARAM_PUB_KEY, uncompressed, 65) &&
        (!secret || OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_PRIV_KEY, secret))) {
        params = OSSL_PARAM_BLD_to_param(build);
    }
    OSSL_PARAM_BLD_free(build);
    return params;
}

enum err evp_ec_key(const char *group, const uint8_t point[64], const uint8_t *secret,
                    void **ret_handle) {
    uint8_t uncompressed[65] = {0x04};
    memcpy(uncompressed + 1, point, 64);
    EVP_PKEY *key = NULL;
    BIGNUM *number = secret ? BN_secure_new() : NULL;
    if (secret && (!number || !BN_bin2bn(secret, 32, number))) {
        BN_clear_free(number);
        return ERR_NO_MEMORY;
    }
    OSSL_PARAM *params = params_of(group, uncompressed, number);
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, type_of(group), NULL);
    int selection = secret ? EVP_PKEY_KEYPAIR : EVP_PKEY_PUBLIC_KEY;
    enum err err = params && ctx ? ERR_OK : ERR_NO_MEMORY;
    if (!err &&
        (EVP_PKEY_fromdata_init(ctx) != 1 || EVP_PKEY_fromdata(ctx, &key, selection, params) != 1))
        err = ERR_KEY;
    EVP_PKEY_CTX_free(ctx);
    OSSL_PARAM_free(params);
    BN_clear_free(number);
    if (err) {
        ERR_clear_error();
        return err;
    }
    *ret_handle = key;
    return ERR_OK;
}

/* FIPS 186-4 section B.4: d in [1, n-1]. GB/T 32918.1-2016 section 6.1: in [1, n-2], since signing divides by 1 + d. */
static bool in_range(const BIGNUM *secret, const BIGNUM *order, bool sm2) {
    BIGNUM *top = BN_dup(order); /* the first that is too large */
    bool in =
        top && (!sm2 || BN_sub_word(top, 1)) && !BN_is_zero(secret) && BN_cmp(secret, top) < 0;
    BN_free(top);
    return in;
}

enum err evp_ec_public(const char *group, const uint8_t secret[32], uint8_t ret_point[64]) {
    int nid = strcmp(group, "SM2") == 0     ? NID_sm2
              : strcmp(group, "P-256") == 0 ? NID_X9_62_prime256v1
                                            : NID_secp256k1;
    EC_GROUP *curve = EC_GROUP_new_by_curve_name(nid);
    EC_POINT *point = curve ? EC_POINT_new(curve) : NULL;
    BIGNUM *number = BN_secure_new();
    uint8_t uncompressed[65];
    enum err err = point && number && BN_bin2bn(secret, 32, number) ? ERR_OK : ERR_NO_MEMORY;
    if (!err && !in_range(number, EC_GROUP_get0_order(curve), nid == NID_sm2)) err = ERR_KEY;
    if (!err && (!EC_POINT_mul(curve, point, number, NULL, NULL, NULL) ||
                 EC_POINT_point2oct(curve, point, POINT_CONVERSION_UNCOMPRESSED, uncompressed, 65,
                                    NULL) != 65)) {
        err = ERR_NO_MEMORY;
    }
    if (!err) memcpy(ret_point, uncompressed + 1, 64);
    EC_POINT_free(point);
    EC_GROUP_free(curve);
    BN_clear_free(number);
    return err;
}

void *evp_share(void *handle) {
    return handle && EVP_PKEY_up_ref(handle) ? handle : NULL;
}

void evp_free(void *handle) {
    EVP_PKEY_free(handle);
}

static enum err der_to_raw(const uint8_t *der, size_t len, uint8_t raw[KEY_SIG_LEN]) {
    const unsigned char *at = der;
    ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &at, (long)len);
    if (!sig) return ERR_INTERNAL;
    uint8_t both[KEY_SIG_LEN];
    bool ok = BN_bn2binpad(ECDSA_SIG_get0_r(sig), both, 32) == 32 &&
              BN_bn2binpad(ECDSA_SIG_get0_s(sig), both + 32, 32) == 32;
    ECDSA_SIG_free(sig);
    if (!ok) return ERR_INTERNAL;
    memcpy(raw, both, sizeof both);
    return ERR_OK;
}

static enum err raw_to_der(const uint8_t raw[KEY_SIG_LEN], uint8_t der[DER_MAX], size_t *ret_len) {
    ECDSA_SIG *sig = ECDSA_SIG_new();
    BIGNUM *r = BN_bin2bn(raw, 32, NULL), *s = BN_bin2bn(raw + 32, 32, NULL);
    if (!sig || !r || !s || !ECDSA_SIG_set0(sig, r, s)) {
        BN_free(r);
        BN_free(s);
        ECDSA_SIG_free(sig);
        return ERR_NO_MEMORY;
    }
    unsigned char *at = der;
    int len = i2d_ECDSA_SIG(sig, &at);
    ECDSA_SIG_free(sig);
    if (len <= 0) return ERR_INTERNAL;
    *ret_len = (size_t)len;
    return ERR_OK;
}

/* A digest context ready for the key; the user id of SM2 is set before the digest starts, since Z is hashed first. */
static EVP_MD_CTX *ready(void *handle, const char *digest, struct bytes user_id, bool signing) {
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    EVP_PKEY_CTX *key_ctx = EVP_PKEY_CTX_new_from_pkey(NULL, handle, NULL);
    if (!ctx || !key_ctx ||
        (user_id.len && EVP_PKEY_CTX_set1_id(key_ctx, user_id.data, (int)user_id.len) != 1)) {
        EVP_PKEY_CTX_free(key_ctx);
        EVP_MD_CTX_free(ctx);
        return NULL;
    }
    EVP_MD_CTX_set_pkey_ctx(ctx, key_ctx); /* not taken over: `done` frees it */
    int ok = signing ? EVP_DigestSignInit_ex(ctx, NULL, digest, NULL, NULL, handle, NULL)
                     : EVP_DigestVerifyInit_ex(ctx, NULL, digest, NULL, NULL, handle, NULL);
    if (ok == 1) return ctx;
    ERR_clear_error();
    EVP_MD_CTX_free(ctx);
    EVP_PKEY_CTX_free(key_ctx);
    return NULL;
}

static void done(EVP_MD_CTX *ctx) {
    EVP_PKEY_CTX *key_ctx = EVP_MD_CTX_get_pkey_ctx(ctx);
    EVP_MD_CTX_free(ctx);
    EVP_PKEY_CTX_free(key_ctx);
    ERR_clear_error(); /* a refused signature may leave its reason */
}

enum err evp_sign(void *handle, const char *digest, struct bytes user_id, struct bytes message,
                  uint8_t ret_sig[KEY_SIG_LEN]) {
    uint8_t der[DER_MAX];
    size_t len = sizeof der;
    EVP_MD_CTX *ctx = ready(handle, digest, user_id, true);
    if (!ctx) return ERR_NO_MEMORY;
    enum err err =
        EVP_DigestSign(ctx, der, &len, message.data, message.len) == 1 ? ERR_OK : ERR_KEY;
    done(ctx);
    return err ? err : der_to_raw(der, len, ret_sig);
}

enum err evp_verify(void *handle, const char *digest, struct bytes user_id, struct bytes message,
                    const uint8_t sig[KEY_SIG_LEN]) {
    uint8_t der[DER_MAX];
    size_t len;
    enum err err = raw_to_der(sig, der, &len);
    if (err) return err;
    EVP_MD_CTX *ctx = ready(handle, digest, user_id, false);
    if (!ctx) return ERR_NO_MEMORY;
    err = EVP_DigestVerify(ctx, der, len, message.data, message.len) == 1 ? ERR_OK
                                                                          : ERR_SIGNATURE_INVALID;
    done(ctx);
    return err;
}
