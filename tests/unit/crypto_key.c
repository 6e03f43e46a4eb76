/* Keys of all four algorithms: sign, verify, normalise, JWK, thumbprint, PEM. */
#include "ledger/base/text.h"
#include "ledger/crypto/digest.h"
#include "ledger/crypto/nodekey.h"

#include <criterion/criterion.h>
#include <string.h>

static struct key_secret *secret_of(enum key_alg alg, uint8_t fill) {
    uint8_t bytes[32];
    struct key_secret *key = NULL;
    memset(bytes, fill, sizeof bytes);
    cr_assert_eq(key_secret_from_bytes(alg, bytes, &key), ERR_OK);
    return key;
}

#define EACH_ALG(alg) for (enum key_alg alg = KEY_ES256K; alg < KEY_ALG_COUNT; alg++)

Test(key, key_signs_and_verifies_and_every_flipped_bit_of_the_signature_fails) {
    struct bytes message = bytes_text("a message");
    EACH_ALG(alg) {
        struct key_secret *key = secret_of(alg, 7);
        uint8_t sig[KEY_SIG_LEN];
        cr_assert_eq(key_sign(key, message, sig), ERR_OK);
        cr_expect_eq(key_verify(key_secret_public(key), message, sig), ERR_OK, "%s",
                     key_alg_name(alg));
        cr_expect_neq(key_verify(key_secret_public(key), bytes_text("b message"), sig), ERR_OK);
        for (unsigned bit = 0; bit < 8 * KEY_SIG_LEN; bit++) {
            sig[bit / 8] ^= (uint8_t)(1 << bit % 8);
            cr_expect_neq(key_verify(key_secret_public(key), message, sig), ERR_OK, "%s bit %u",
                          key_alg_name(alg), bit);
            sig[bit / 8] ^= (uint8_t)(1 << bit % 8);
        }
        key_secret_done(key);
    }
}

Test(key, key_of_one_algorithm_never_verifies_another) {
    struct bytes message = bytes_text("x");
    EACH_ALG(from) {
        EACH_ALG(to) {
            struct key_secret *a = secret_of(from, 9), *b = secret_of(to, 9);
            uint8_t sig[KEY_SIG_LEN];
            cr_assert_eq(key_sign(a, message, sig), ERR_OK);
            cr_expect_eq(key_verify(key_secret_public(b), message, sig) == ERR_OK, from == to);
            key_secret_done(a);
            key_secret_done(b);
        }
    }
}

/* n - s, big-endian */
static void negate(const char *order_hex, uint8_t s[32]) {
    uint8_t order[32];
    unsigned borrow = 0;
    cr_assert_eq(hex_decode(bytes_text(order_hex), order, 32), ERR_OK);
    for (int i = 31; i >= 0; i--) {
        unsigned d = 256u + order[i] - s[i] - borrow;
        s[i] = (uint8_t)d;
        borrow = d < 256;
    }
}

Test(key, key_accepts_high_s_and_normalises_it_to_the_low_one) {
    static const char *const orders[KEY_ALG_COUNT] = {
        [KEY_ES256K] = "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141",
        [KEY_ES256] = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551"};
    struct bytes message = bytes_text("malleable");
    EACH_ALG(alg) {
        if (!orders[alg]) continue;
        struct key_secret *key = secret_of(alg, 3);
        uint8_t low[KEY_SIG_LEN], high[KEY_SIG_LEN];
        cr_assert_eq(key_sign(key, message, low), ERR_OK);
        cr_expect(!key_sig_normalise(alg, low), "signing gives low S");
        memcpy(high, low, sizeof high);
        negate(orders[alg], high + 32);
        cr_expect_eq(key_verify(key_secret_public(key), message, high), ERR_OK);
        cr_expect(key_sig_normalise(alg, high));
        cr_expect_arr_eq(high, low, KEY_SIG_LEN);
        key_secret_done(key);
    }
}

Test(key, key_reads_back_its_own_jwk_and_pem) {
    EACH_ALG(alg) {
        struct key_secret *key = secret_of(alg, 21), *again = NULL;
        struct json *jwk = key_public_jwk(key_secret_public(key));
        struct key_public public;
        struct problem why;
        cr_assert_eq(key_public_from_jwk(jwk, &public, &why), ERR_OK, "%s", why.detail);
        cr_expect_str_eq(public.kid, key_secret_public(key)->kid);
        key_public_done(&public);
        json_done(jwk);
        for (int encrypted = 0; encrypted < 2; encrypted++) {
            struct buf pem;
            buf_init(&pem, 8192);
            struct bytes pass = bytes_text(encrypted ? "correct horse" : "");
            cr_assert_eq(key_secret_pem(key, pass, &pem), ERR_OK);
            cr_expect(bytes_starts(buf_bytes(&pem), encrypted
                                                        ? "-----BEGIN ENCRYPTED PRIVATE KEY-----"
                                                        : "-----BEGIN PRIVATE KEY-----"));
            cr_assert_eq(key_secret_from_pem(buf_bytes(&pem), pass, &again, &why), ERR_OK, "%s %s",
                         key_alg_name(alg), why.detail);
            cr_expect_str_eq(key_secret_public(again)->kid, key_secret_public(key)->kid);
            key_secret_done(again);
            if (encrypted) {
                cr_expect_eq(
                    key_secret_from_pem(buf_bytes(&pem), bytes_text("wrong"), &again, &why),
                    ERR_KEY);
                cr_expect_eq(key_secret_from_pem(buf_bytes(&pem), bytes_text(""), &again, &why),
                             ERR_KEY);
                cr_expect(strstr(why.detail, "passphrase"));
            }
            buf_done(&pem);
        }
        key_secret_done(key);
    }
}

static enum err jwk_of(const char *text, struct problem *why) {
    struct json *jwk;
    struct key_public key;
    cr_assert_eq(json_parse(bytes_text(text), &jwk, why), ERR_OK);
    enum err err = key_public_from_jwk(jwk, &key, why);
    if (!err) key_public_done(&key);
    json_done(jwk);
    return err;
}

Test(key, key_refuses_bad_jwks) {
    static const char *const bad[] = {
        "[]",
        "{}",
        "{\"kty\":\"OKP\",\"crv\":\"Ed25519\"}",
        "{\"kty\":\"OKP\",\"crv\":\"Ed448\",\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}",
        "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"11qYAYKxCrfVS_"
        "7TyWQHOg7hcvPapiMlrwIaaPcHUR\"}",
        "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"11qYAYKxCrfVS_"
        "7TyWQHOg7hcvPapiMlrwIaaPcHURo\",\"alg\":\"ES256\"}",
        "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"11qYAYKxCrfVS_"
        "7TyWQHOg7hcvPapiMlrwIaaPcHURo\",\"d\":\"x\"}",
        "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"11qYAYKxCrfVS_"
        "7TyWQHOg7hcvPapiMlrwIaaPcHURo\",\"y\":\"x\"}",
        "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"11qYAYKxCrfVS_"
        "7TyWQHOg7hcvPapiMlrwIaaPcHURo\",\"z\":1}",
        "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":"
        "\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"}",
        "{\"kty\":\"EC\",\"crv\":\"secp256k1\",\"x\":"
        "\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE\",\"y\":"
        "\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE\"}",
        "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE\","
        "\"y\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE\"}",
        "{\"kty\":\"EC\",\"crv\":\"SM2-P-256\",\"x\":"
        "\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE\",\"y\":"
        "\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE\"}"};
    struct problem why;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        cr_expect_eq(jwk_of(bad[i], &why), ERR_KEY, "%s", bad[i]);
        cr_expect(why.detail[0]);
    }
}

/* RFC 8037 appendix A.1 to A.4: the key, its thumbprint, its signature over "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc". */
Test(key, key_agrees_with_rfc_8037) {
    uint8_t seed[32], sig[KEY_SIG_LEN], expected[KEY_SIG_LEN];
    struct key_secret *key;
    cr_assert_eq(
        base64url_decode_fixed(bytes_text("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"), seed, 32),
        ERR_OK);
    cr_assert_eq(key_secret_from_bytes(KEY_ED25519, seed, &key), ERR_OK);
    cr_expect_str_eq(key_secret_public(key)->kid, "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
    cr_assert_eq(
        key_sign(key, bytes_text("eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc"), sig),
        ERR_OK);
    cr_assert_eq(base64url_decode_fixed(
                     bytes_text("hgyY0il_MGCjP0JzlnLWG1PPOt7-"
                                "09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"),
                     expected, 64),
                 ERR_OK);
    cr_expect_arr_eq(sig, expected, 64);
    key_secret_done(key);
}

/* RFC 7515 appendix A.3: an ES256 signature made elsewhere. */
Test(key, key_verifies_the_es256_example_of_rfc_7515) {
    struct json *jwk;
    struct key_public key;
    struct problem why;
    uint8_t sig[KEY_SIG_LEN];
    cr_assert_eq(json_parse(bytes_text("{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":"
                                       "\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\",\"y\":\"x_"
                                       "FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\"}"),
                            &jwk, &why),
                 ERR_OK);
    cr_assert_eq(key_public_from_jwk(jwk, &key, &why), ERR_OK);
    cr_assert_eq(
        base64url_decode_fixed(bytes_text("DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-"
                                          "F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"),
                               sig, 64),
        ERR_OK);
    cr_expect_eq(key_verify(&key,
                            bytes_text("eyJhbGciOiJFUzI1NiJ9."
                                       "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9"
                                       "leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"),
                            sig),
                 ERR_OK);
    key_public_done(&key);
    json_done(jwk);
}

Test(digest, digest_agrees_with_fips_180_and_gb_t_32905) {
    uint8_t hash[32];
    char hex[65];
    digest(DIGEST_SHA256, bytes_text("abc"), hash);
    hex_encode(bytes_of(hash, 32), hex);
    cr_expect_str_eq(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    digest(DIGEST_SM3, bytes_text("abc"), hash);
    hex_encode(bytes_of(hash, 32), hex);
    cr_expect_str_eq(hex, "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0");
}
