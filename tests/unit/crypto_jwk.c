/* Public keys as text: JWK and thumbprint against a second computation, what a JWK may hold, names of algorithms, copies. */
#include "tests/lib/vector.h"

#define X "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo" /* RFC 8037 appendix A.2 */
#define OKP "\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"" X "\""

static enum err jwk_try(const char *text, struct problem *ret_why) {
    struct json *jwk = NULL;
    struct key_public key;
    cr_assert(json_parse(bytes_text(text), &jwk, NULL) == ERR_OK, "%s", text);
    memset(ret_why, 0, sizeof *ret_why);
    enum err err = key_public_from_jwk(jwk, &key, ret_why);
    if (!err) key_public_done(&key);
    json_done(jwk);
    return err;
}

static void expect_refused(const char *text, const char *because) {
    struct problem why;
    cr_expect_eq(jwk_try(text, &why), ERR_KEY, "%s", text);
    cr_expect_eq(why.err, ERR_KEY);
    cr_expect(strstr(why.detail, because), "%s: %s", text, why.detail);
}

/* -- crypto.json: tests/vectors/make_crypto.py -- */

static void entry_check(const struct json *entry) {
    enum key_alg alg;
    uint8_t secret[32], message[64], sig[KEY_SIG_LEN], made[KEY_SIG_LEN];
    char point[129];
    struct key_secret *key = NULL;
    struct bytes text = json_text_bytes(json_member(entry, "message"));
    size_t len = text.len / 2;
    cr_assert(key_alg_from_name(json_text_bytes(json_member(entry, "alg")), &alg));
    cr_assert(hex_decode(json_text_bytes(json_member(entry, "secret")), secret, 32) == ERR_OK);
    cr_assert(len <= sizeof message && hex_decode(text, message, len) == ERR_OK);
    cr_assert(hex_decode(json_text_bytes(json_member(entry, "sig")), sig, KEY_SIG_LEN) == ERR_OK);
    cr_assert(key_secret_from_bytes(alg, secret, &key) == ERR_OK);
    const struct key_public *public = key_secret_public(key);
    hex_encode(bytes_of(public->point, alg == KEY_ED25519 ? 32 : 64), point);
    cr_expect_str_eq(point, json_text(json_member(entry, "point")));
    cr_expect_str_eq(public->kid, json_text(json_member(entry, "kid")));
    struct json *jwk = key_public_jwk(public);
    cr_expect(json_same(jwk, json_member(entry, "jwk")));
    cr_expect_eq(key_verify(public, bytes_of(message, len), sig), ERR_OK);
    cr_expect(!key_sig_normalise(alg, sig), "the vectors are canonical");
    cr_assert(key_sign(key, bytes_of(message, len), made) == ERR_OK);
    if (alg == KEY_ES256K || alg == KEY_ED25519) cr_expect_arr_eq(made, sig, KEY_SIG_LEN);
    json_done(jwk);
    key_secret_done(key);
}

Test(crypto_jwk, keys_agree_with_a_second_computation) {
    struct json *vectors = vector_read_json("crypto.json");
    const struct json *keys = json_member(vectors, "keys");
    cr_assert_eq(json_count(keys), KEY_ALG_COUNT);
    for (size_t i = 0; i < json_count(keys); i++) entry_check(json_at(keys, i));
    json_done(vectors);
}

/* RFC 7638 section 3: the digest of the required members, in lexicographic order and without white space. */
Test(crypto_jwk, kid_is_the_digest_of_the_jwk_as_it_is_written) {
    for (int alg = 0; alg < KEY_ALG_COUNT; alg++) {
        struct key_secret *key = vector_key((enum key_alg)alg, "crypto thumbprint");
        struct json *jwk = key_public_jwk(key_secret_public(key));
        struct buf text;
        uint8_t hash[SHA256_LEN];
        char kid[KEY_KID_LEN + 1];
        buf_init(&text, LIMIT_JWK);
        cr_assert(json_format(jwk, &text) == ERR_OK);
        sha256(buf_bytes(&text), hash);
        base64url_write(bytes_of(hash, sizeof hash), kid);
        cr_expect_str_eq(kid, key_secret_public(key)->kid);
        cr_expect_eq(json_count(jwk), alg == KEY_ED25519 ? 3 : 4);
        buf_done(&text);
        json_done(jwk);
        key_secret_done(key);
    }
}

/* RFC 8037 appendix A.2 and A.3. */
Test(crypto_jwk, kid_of_rfc_8037_is_as_printed) {
    struct json *jwk = NULL;
    struct key_public key;
    cr_assert(json_parse(bytes_text("{" OKP "}"), &jwk, NULL) == ERR_OK);
    cr_assert(key_public_from_jwk(jwk, &key, NULL) == ERR_OK);
    cr_expect_str_eq(key.kid, KID_TEXT);
    struct json *again = key_public_jwk(&key);
    cr_expect(json_same(jwk, again));
    json_done(again);
    json_done(jwk);
    key_public_done(&key);
}

/* -- what a JWK may hold -- */

Test(crypto_jwk, jwk_may_hold_what_does_not_matter) {
    static const char *const good[] = {
        "{" OKP "}",
        "{" OKP ",\"alg\":\"EdDSA\"}",
        "{" OKP ",\"alg\":\"Ed25519\",\"use\":\"sig\",\"kid\":\"any\",\"key_ops\":[\"verify\"]}",
        "{\"x\":\"" X "\",\"crv\":\"Ed25519\",\"kty\":\"OKP\"}",
    };
    struct problem why;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        cr_expect_eq(jwk_try(good[i], &why), ERR_OK, "%s: %s", good[i], why.detail);
}

Test(crypto_jwk, jwk_with_a_secret_is_refused_whatever_else_it_holds) {
    expect_refused("{" OKP ",\"d\":\"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A\"}", "secret");
    expect_refused("{" OKP ",\"d\":null}", "secret");
    expect_refused("{\"kty\":\"RSA\",\"d\":\"AQAB\"}", "secret");
    expect_refused("{\"kty\":\"oct\",\"k\":\"AQAB\"}", "secret");
}

Test(crypto_jwk, what_a_jwk_holds_is_not_repeated_in_the_reason) {
    struct problem why;
    cr_expect_eq(jwk_try("{" OKP ",\"一二三四五六七八九十一二\":1}", &why), ERR_KEY);
    for (const char *at = why.detail; *at; at++) cr_expect((unsigned char)*at < 0x80);
    cr_expect_eq(jwk_try("{" OKP ",\"13800138000\":1}", &why), ERR_KEY);
    cr_expect_null(strstr(why.detail, "13800138000"));
}

Test(crypto_jwk, jwk_of_another_kind_is_refused) {
    expect_refused("[]", "object");
    expect_refused("null", "object");
    expect_refused("{}", "kty and crv");
    expect_refused("{\"kty\":\"EC\",\"crv\":\"Ed25519\",\"x\":\"" X "\"}", "kty and crv");
    expect_refused("{\"kty\":\"OKP\",\"crv\":\"P-256\",\"x\":\"" X "\"}", "kty and crv");
    expect_refused("{\"kty\":\"OKP\",\"crv\":\"X25519\",\"x\":\"" X "\"}", "kty and crv");
    expect_refused("{\"kty\":\"okp\",\"crv\":\"Ed25519\",\"x\":\"" X "\"}", "kty and crv");
    expect_refused("{\"kty\":1,\"crv\":\"Ed25519\",\"x\":\"" X "\"}", "kty and crv");
    expect_refused("{" OKP ",\"alg\":\"ES256K\"}", "alg");
    expect_refused("{" OKP ",\"alg\":\"none\"}", "alg");
    expect_refused("{" OKP ",\"alg\":null}", "alg");
    expect_refused("{" OKP ",\"x5c\":[]}", "member other than");
}

Test(crypto_jwk, jwk_coordinates_are_exactly_32_strict_bytes) {
    static const char *const x[] = {"",
                                    "AQ",
                                    X "A",
                                    X "=",
                                    "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURp",
                                    "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo"};
    char text[256];
    for (size_t i = 0; i < sizeof x / sizeof *x; i++) {
        (void)snprintf(text, sizeof text, "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"%s\"}",
                       x[i]);
        expect_refused(text, "32 bytes");
    }
    expect_refused("{\"kty\":\"OKP\",\"crv\":\"Ed25519\"}", "32 bytes");
    expect_refused("{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":7}", "32 bytes");
    expect_refused("{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" X "\"}", "32 bytes");
    expect_refused("{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" X "\",\"y\":\"" X "\"}",
                   "point of the curve P-256");
    expect_refused("{\"kty\":\"EC\",\"crv\":\"secp256k1\",\"x\":\"" X "\",\"y\":\"" X "\"}",
                   "point of the curve secp256k1");
    expect_refused("{\"kty\":\"EC\",\"crv\":\"SM2-P-256\",\"x\":\"" X "\",\"y\":\"" X "\"}",
                   "point of the curve SM2-P-256");
}

/* -- names, copies -- */

Test(crypto_jwk, alg_names_are_read_back_and_no_other_is) {
    enum key_alg alg;
    for (int i = 0; i < KEY_ALG_COUNT; i++) {
        cr_expect(key_alg_from_name(bytes_text(key_alg_name((enum key_alg)i)), &alg));
        cr_expect(alg == (enum key_alg)i);
    }
    cr_expect(key_alg_from_name(bytes_text("EdDSA"), &alg) && alg == KEY_ED25519);
    static const char *const others[] = {"",      "none",  "HS256", "es256k", "ES256 ",
                                         "ES384", "Ed448", "SM2",   "RS256"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        cr_expect(!key_alg_from_name(bytes_text(others[i]), &alg), "%s", others[i]);
    cr_expect(!key_alg_from_name(bytes_of(NULL, 0), &alg));
}

Test(crypto_jwk, copy_outlives_what_it_was_copied_from) {
    for (int alg = 0; alg < KEY_ALG_COUNT; alg++) {
        struct key_secret *key = vector_key((enum key_alg)alg, "crypto copy");
        struct key_public copy, second;
        uint8_t sig[KEY_SIG_LEN];
        cr_assert(key_sign(key, bytes_text("m"), sig) == ERR_OK);
        cr_assert(key_public_copy(key_secret_public(key), &copy) == ERR_OK);
        key_secret_done(key);
        cr_assert(key_public_copy(&copy, &second) == ERR_OK);
        key_public_done(&copy);
        cr_expect_eq(key_verify(&second, bytes_text("m"), sig), ERR_OK);
        key_public_done(&second);
        key_public_done(&second); /* zeroed by the first */
    }
}

/* -- what is signed -- */

Test(crypto_jwk, every_flipped_bit_of_the_message_fails) {
    uint8_t message[40];
    for (int alg = 0; alg < KEY_ALG_COUNT; alg++) {
        struct key_secret *key = vector_key((enum key_alg)alg, "crypto flips");
        uint8_t sig[KEY_SIG_LEN];
        memset(message, 0x41, sizeof message);
        cr_assert(key_sign(key, bytes_of(message, sizeof message), sig) == ERR_OK);
        for (unsigned bit = 0; bit < 8 * sizeof message; bit++) {
            message[bit / 8] ^= (uint8_t)(1 << bit % 8);
            cr_expect_eq(key_verify(key_secret_public(key), bytes_of(message, sizeof message), sig),
                         ERR_SIGNATURE_INVALID, "%s bit %u", key_alg_name((enum key_alg)alg), bit);
            message[bit / 8] ^= (uint8_t)(1 << bit % 8);
        }
        cr_expect_eq(key_verify(key_secret_public(key), bytes_of(message, sizeof message - 1), sig),
                     ERR_SIGNATURE_INVALID);
        key_secret_done(key);
    }
}

/* A flipped public key is no point, or it is another key. */
Test(crypto_jwk, every_flipped_bit_of_the_key_fails) {
    for (int alg = 0; alg < KEY_ALG_COUNT; alg++) {
        struct key_secret *key = vector_key((enum key_alg)alg, "crypto flips");
        uint8_t sig[KEY_SIG_LEN], point[64];
        size_t len = alg == KEY_ED25519 ? 32 : 64;
        cr_assert(key_sign(key, bytes_text("m"), sig) == ERR_OK);
        memcpy(point, key_secret_public(key)->point, 64);
        for (unsigned bit = 0; bit < 8 * len; bit++) {
            struct key_public other;
            point[bit / 8] ^= (uint8_t)(1 << bit % 8);
            if (key_public_from_point((enum key_alg)alg, bytes_of(point, len), &other) == ERR_OK) {
                cr_expect_eq(key_verify(&other, bytes_text("m"), sig), ERR_SIGNATURE_INVALID);
                cr_expect_str_neq(other.kid, key_secret_public(key)->kid);
                key_public_done(&other);
            }
            point[bit / 8] ^= (uint8_t)(1 << bit % 8);
        }
        key_secret_done(key);
    }
}

Test(crypto_jwk, a_message_of_no_bytes_is_signed_too) {
    for (int alg = 0; alg < KEY_ALG_COUNT; alg++) {
        struct key_secret *key = vector_key((enum key_alg)alg, "crypto empty");
        uint8_t sig[KEY_SIG_LEN];
        cr_assert(key_sign(key, bytes_of(NULL, 0), sig) == ERR_OK);
        cr_expect_eq(key_verify(key_secret_public(key), bytes_of(NULL, 0), sig), ERR_OK);
        cr_expect_eq(key_verify(key_secret_public(key), bytes_text("x"), sig),
                     ERR_SIGNATURE_INVALID);
        key_secret_done(key);
    }
}
