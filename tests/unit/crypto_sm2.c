/* SM2: the standard's example, and that the user id is 1234567812345678 on both sides. */
#include "tests/lib/vector.h"

/* GB/T 32918.5-2017 appendix A: dA, PA, M = "message digest", user id 1234567812345678, (r, s). */
#define SECRET "3945208f7b2144b13f36e38ac6d39f95889393692860b51a42fb81ef4df7c5b8"
#define POINT                                                                                      \
    "09f9df311e5421a150dd7d161e4bc5c672179fad1833fc076bb08ff356f35020"                             \
    "ccea490ce26775a52dc6ea718cc1aa600aed05fbf35e084a6632f6072da9ad13"
#define SIG                                                                                        \
    "f5a03b0648d2c4630eeac513e1bb81a15944da3827d5b74143ac7eaceee720b3"                             \
    "b1b6aa29df212fd8763182bc0d421ca1bb9038fd1f7f42d4840b69c485bbc1aa"
/* The same key, message and nonce with an empty user id (tests/vectors/make_crypto.py, sm2_sign with user=b""). */
#define SIG_EMPTY_ID                                                                               \
    "27f1ba35327863638afce55ea5560734b20dc6f4aa21b74217bcae759f2eb983"                             \
    "9815b803017b841ee27bc729b026a72fabdf588d3e7041e03e6a1dd43485497b"

static struct key_secret *example_key(void) {
    uint8_t secret[32];
    struct key_secret *key = NULL;
    cr_assert(hex_decode(bytes_text(SECRET), secret, 32) == ERR_OK);
    cr_assert(key_secret_from_bytes(KEY_SM2, secret, &key) == ERR_OK);
    return key;
}

Test(crypto_sm2, sm2_agrees_with_the_standards_example) {
    uint8_t point[64], sig[KEY_SIG_LEN];
    struct key_secret *key = example_key();
    cr_assert(hex_decode(bytes_text(POINT), point, 64) == ERR_OK);
    cr_assert(hex_decode(bytes_text(SIG), sig, KEY_SIG_LEN) == ERR_OK);
    cr_expect_arr_eq(key_secret_public(key)->point, point, 64);
    cr_expect_eq(key_verify(key_secret_public(key), bytes_text("message digest"), sig), ERR_OK);
    cr_expect_eq(key_verify(key_secret_public(key), bytes_text("message digesu"), sig),
                 ERR_SIGNATURE_INVALID);
    key_secret_done(key);
}

Test(crypto_sm2, sm2_refuses_a_signature_under_another_user_id) {
    uint8_t sig[KEY_SIG_LEN];
    struct key_secret *key = example_key();
    cr_assert(hex_decode(bytes_text(SIG_EMPTY_ID), sig, KEY_SIG_LEN) == ERR_OK);
    cr_expect_eq(key_verify(key_secret_public(key), bytes_text("message digest"), sig),
                 ERR_SIGNATURE_INVALID);
    key_secret_done(key);
}

/* The other direction, our signatures under the openssl tool, was tried with
 *   openssl pkeyutl -verify -pubin -inkey PUB -rawin -digest sm3 -pkeyopt distid:1234567812345678 -in MESSAGE -sigfile DER
 * What the tool signs is verified in crypto_pem.c (tests/vectors/openssl.json). */
Test(crypto_sm2, sm2_signs_what_it_verifies_and_leaves_s_alone) {
    struct key_secret *key = example_key();
    uint8_t sig[KEY_SIG_LEN], before[KEY_SIG_LEN];
    for (size_t len = 0; len < 130; len++) {
        uint8_t message[130] = {0};
        cr_assert(key_sign(key, bytes_of(message, len), sig) == ERR_OK);
        memcpy(before, sig, sizeof sig);
        cr_expect(!key_sig_normalise(KEY_SM2, sig), "SM2 has one S");
        cr_expect_arr_eq(sig, before, KEY_SIG_LEN);
        cr_expect_eq(key_verify(key_secret_public(key), bytes_of(message, len), sig), ERR_OK);
        cr_expect_eq(
            key_verify(key_secret_public(key), bytes_of(message, len + 1 > 130 ? 0 : len + 1), sig),
            ERR_SIGNATURE_INVALID);
    }
    key_secret_done(key);
}
