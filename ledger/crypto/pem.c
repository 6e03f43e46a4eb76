/* Keys as PEM (RFC 7468) of PKCS#8 (RFC 5958) and SubjectPublicKeyInfo, through OpenSSL, for all four algorithms. See key.h. */
#include "ledger/crypto/pem.h"
#include "ledger/base/limits.h"
#include "ledger/crypto/evp.h"
#include "ledger/crypto/secret.h"

#include "ledger/crypto/openssl_names.h"

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/x509.h>
#include <string.h>

/* What OWASP asks of PBKDF2 with HMAC-SHA-256: each guess, and each start of a node, costs some 0.2 s of one core. */
#define PBKDF2_ITERATIONS 600000
#define PBKDF2_SALT_LEN 16

_Static_assert(LIMIT_PASSPHRASE <= PEM_BUFSIZE, "OpenSSL's buffer holds any passphrase");

static const char *const groups[KEY_ALG_COUNT] = {
    [KEY_ES256K] = "secp256k1", [KEY_ED25519] = NULL, [KEY_ES256] = "P-256", [KEY_SM2] = "SM2"};

static enum err handle_of(const struct key_secret *key, EVP_PKEY **ret) {
    const struct key_public *public = key_secret_public(key);
    if (public->alg == KEY_ED25519) {
        *ret = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, key_secret_bytes(key), 32);
        return *ret ? ERR_OK : ERR_NO_MEMORY;
    }
    void *handle;
    enum err err = evp_ec_key(groups[public->alg], public->point, key_secret_bytes(key), &handle);
    if (!err) *ret = handle;
    return err;
}

/* PBES2 with PBKDF2 (RFC 8018): -1 leaves the scheme to the cipher, which takes PBES2 with HMAC-SHA-256. */
static X509_SIG *pkcs8_encrypt(PKCS8_PRIV_KEY_INFO *info, struct bytes passphrase) {
    return PKCS8_encrypt(-1, EVP_aes_256_cbc(), (const char *)passphrase.data, (int)passphrase.len,
                         NULL, PBKDF2_SALT_LEN, PBKDF2_ITERATIONS, info);
}

static enum err pkcs8_write(BIO *bio, EVP_PKEY *handle, struct bytes passphrase) {
    PKCS8_PRIV_KEY_INFO *info = EVP_PKEY2PKCS8(handle);
    X509_SIG *sealed = info && passphrase.len ? pkcs8_encrypt(info, passphrase) : NULL;
    int ok = 0;
    if (info && !passphrase.len) ok = PEM_write_bio_PKCS8_PRIV_KEY_INFO(bio, info);
    if (sealed) ok = PEM_write_bio_PKCS8(bio, sealed);
    X509_SIG_free(sealed);
    PKCS8_PRIV_KEY_INFO_free(info);
    if (ok != 1) ERR_clear_error();
    return ok == 1 ? ERR_OK : ERR_NO_MEMORY;
}

enum err key_secret_pem(const struct key_secret *key, struct bytes passphrase, struct buf *out) {
    EVP_PKEY *handle = NULL;
    char *text;
    /* A longer one could be written but never read again. */
    if (passphrase.len > LIMIT_PASSPHRASE) return ERR_TOO_LARGE;
    enum err err = handle_of(key, &handle);
    BIO *bio = err ? NULL : BIO_new(BIO_s_secmem());
    if (!err && !bio) err = ERR_NO_MEMORY;
    if (!err) err = pkcs8_write(bio, handle, passphrase);
    if (!err) {
        long len = BIO_get_mem_data(bio, &text);
        err = buf_add(out, bytes_of(text, (size_t)len));
    }
    BIO_free(bio);
    EVP_PKEY_free(handle);
    return err;
}

/* -- reading -- */

struct asked {
    struct bytes passphrase;
    bool was_asked;
};

static int give_passphrase(char *out, int size, int writing, void *ctx) {
    (void)writing;
    struct asked *asked = ctx;
    asked->was_asked = true;
    if (!asked->passphrase.len || asked->passphrase.len > (size_t)size) return -1;
    memcpy(out, asked->passphrase.data, asked->passphrase.len);
    return (int)asked->passphrase.len;
}

static bool group_alg(const EVP_PKEY *handle, enum key_alg *ret) {
    static const char *const names[KEY_ALG_COUNT] = {
        [KEY_ES256K] = "secp256k1", [KEY_ES256] = "prime256v1", [KEY_SM2] = "SM2"};
    char name[64];
    size_t len;
    if (EVP_PKEY_is_a(handle, "ED25519")) {
        *ret = KEY_ED25519;
        return true;
    }
    if (EVP_PKEY_get_group_name(handle, name, sizeof name, &len) != 1) return false;
    for (unsigned i = 0; i < KEY_ALG_COUNT; i++) {
        if (!names[i] || strcmp(name, names[i]) != 0) continue;
        *ret = (enum key_alg)i;
        return true;
    }
    return false;
}

static enum err secret_of(EVP_PKEY *handle, enum key_alg alg, uint8_t secret[32]) {
    if (alg == KEY_ED25519) {
        size_t len = 32;
        return EVP_PKEY_get_raw_private_key(handle, secret, &len) == 1 && len == 32 ? ERR_OK
                                                                                    : ERR_KEY;
    }
    BIGNUM *number = NULL;
    bool ok = EVP_PKEY_get_bn_param(handle, OSSL_PKEY_PARAM_PRIV_KEY, &number) == 1 &&
              BN_bn2binpad(number, secret, 32) == 32;
    BN_clear_free(number);
    return ok ? ERR_OK : ERR_KEY;
}

static enum err wrong_curve(const EVP_PKEY *handle, struct problem *ret_why) {
    char group[64];
    size_t len;
    const char *type = EVP_PKEY_get0_type_name(handle);
    bool has_group = EVP_PKEY_get_group_name(handle, group, sizeof group, &len) == 1;
    ERR_clear_error();
    return problem_set(
        ret_why, ERR_KEY,
        "This is a key of type %s%s%s, which is not used here: secp256k1, P-256, SM2 and Ed25519 "
        "are.",
        type ? type : "unknown", has_group ? " on the curve " : "", has_group ? group : "");
}

static enum err not_a_secret(const struct asked *asked, struct problem *ret_why) {
    ERR_clear_error();
    if (!asked->was_asked)
        return problem_set(
            ret_why, ERR_KEY,
            "This is not a private key in PEM (-----BEGIN PRIVATE KEY-----), or it is damaged.");
    if (!asked->passphrase.len)
        return problem_set(ret_why, ERR_KEY, "The PEM is encrypted: give its passphrase.");
    return problem_set(ret_why, ERR_KEY,
                       "The passphrase does not open this PEM, or the PEM is damaged.");
}

static enum err not_a_public(struct bytes pem, struct problem *ret_why) {
    static const char mark[] = "PRIVATE KEY-----";
    ERR_clear_error();
    if (memmem(pem.data, pem.len, mark, sizeof mark - 1))
        return problem_set(
            ret_why, ERR_KEY,
            "This is a private key: keep it to yourself, and give the public one (openssl pkey -in "
            "FILE -pubout).");
    return problem_set(
        ret_why, ERR_KEY,
        "This is not a public key in PEM (-----BEGIN PUBLIC KEY-----), or it is damaged.");
}

static enum err pem_check(struct bytes pem, struct problem *ret_why) {
    if (pem.len > LIMIT_PEM)
        return problem_set(ret_why, ERR_KEY, "A key file has at most %d bytes.", LIMIT_PEM);
    if (pem.len == 0) return problem_set(ret_why, ERR_KEY, "The key file is empty.");
    return ERR_OK;
}

enum err key_secret_from_pem(struct bytes pem, struct bytes passphrase, struct key_secret **ret,
                             struct problem *ret_why) {
    enum key_alg alg;
    uint8_t secret[32];
    struct asked asked = {passphrase, false};
    enum err err = pem_check(pem, ret_why);
    if (err) return err;
    BIO *bio = BIO_new_mem_buf(pem.data, (int)pem.len);
    EVP_PKEY *handle = bio ? PEM_read_bio_PrivateKey(bio, NULL, give_passphrase, &asked) : NULL;
    BIO_free(bio);
    if (!handle) return not_a_secret(&asked, ret_why);
    if (!group_alg(handle, &alg)) err = wrong_curve(handle, ret_why);
    if (!err && (err = secret_of(handle, alg, secret)))
        (void)problem_set(ret_why, err, "The PEM holds no usable private key.");
    EVP_PKEY_free(handle);
    if (!err && (err = key_secret_from_bytes(alg, secret, ret)))
        (void)problem_set(ret_why, err, "The private key is out of range.");
    secret_wipe(secret, sizeof secret);
    return err;
}

static enum err point_of(EVP_PKEY *handle, enum key_alg alg, uint8_t point[64], size_t *ret_len) {
    size_t len = 32;
    if (alg == KEY_ED25519) {
        *ret_len = 32;
        return EVP_PKEY_get_raw_public_key(handle, point, &len) == 1 && len == 32 ? ERR_OK
                                                                                  : ERR_KEY;
    }
    BIGNUM *x = NULL, *y = NULL;
    bool ok = EVP_PKEY_get_bn_param(handle, OSSL_PKEY_PARAM_EC_PUB_X, &x) == 1 &&
              EVP_PKEY_get_bn_param(handle, OSSL_PKEY_PARAM_EC_PUB_Y, &y) == 1 &&
              BN_bn2binpad(x, point, 32) == 32 && BN_bn2binpad(y, point + 32, 32) == 32;
    BN_free(x);
    BN_free(y);
    *ret_len = 64;
    return ok ? ERR_OK : ERR_KEY;
}

enum err key_public_from_pem(struct bytes pem, struct key_public *ret, struct problem *ret_why) {
    enum key_alg alg;
    uint8_t point[64];
    size_t len = 0;
    struct asked asked = {bytes_of(NULL, 0), false};
    enum err err = pem_check(pem, ret_why);
    if (err) return err;
    BIO *bio = BIO_new_mem_buf(pem.data, (int)pem.len);
    EVP_PKEY *handle = bio ? PEM_read_bio_PUBKEY(bio, NULL, give_passphrase, &asked) : NULL;
    BIO_free(bio);
    if (!handle) return not_a_public(pem, ret_why);
    if (!group_alg(handle, &alg)) err = wrong_curve(handle, ret_why);
    if (!err && (err = point_of(handle, alg, point, &len)))
        (void)problem_set(ret_why, err, "The PEM holds no usable public key.");
    EVP_PKEY_free(handle);
    if (!err && (err = key_public_from_point(alg, bytes_of(point, len), ret)))
        (void)problem_set(ret_why, err, "The public key is not a point of its curve.");
    return err;
}
