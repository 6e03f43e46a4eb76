/* Ed25519: RFC 8032's examples, and the strictness that makes all verifiers agree. */
#include "ledger/crypto/ed25519.h"

#include "ledger/base/limits.h"
#include "tests/lib/vector.h"

#include <sodium.h>

/* RFC 8032 section 7.1, TEST 1 to 3. */
static const struct example {
    const char *seed, *public, *message, *sig;
} examples[] = {
    {"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
     "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
     "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b"
     "46bd25bf5f0595bbe24655141438e7a100b"},
    {"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
     "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
     "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11"
     "d8c387b2eaeb4302aeeb00d291612bb0c00"},
    {"c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
     "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
     "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc"
     "6594a7c15e9716ed28dc027beceea1ec40a"},
};

static void from_hex(const char *hex, uint8_t *ret, size_t len) {
    cr_assert(hex_decode(bytes_text(hex), ret, len) == ERR_OK);
}

Test(crypto_ed25519, ed25519_gives_the_examples_of_rfc_8032) {
    for (size_t i = 0; i < sizeof examples / sizeof *examples; i++) {
        uint8_t seed[32], point[32], message[2], sig[KEY_SIG_LEN], expected[KEY_SIG_LEN];
        struct key_secret *key = NULL;
        size_t len = strlen(examples[i].message) / 2;
        from_hex(examples[i].seed, seed, 32);
        from_hex(examples[i].public, point, 32);
        from_hex(examples[i].message, message, len);
        from_hex(examples[i].sig, expected, KEY_SIG_LEN);
        cr_assert(key_secret_from_bytes(KEY_ED25519, seed, &key) == ERR_OK);
        cr_expect_arr_eq(key_secret_public(key)->point, point, 32);
        cr_assert(key_sign(key, bytes_of(message, len), sig) == ERR_OK);
        cr_expect_arr_eq(sig, expected, KEY_SIG_LEN);
        cr_expect_eq(key_verify(key_secret_public(key), bytes_of(message, len), sig), ERR_OK);
        key_secret_done(key);
    }
}

/* RFC 8032 section 5.1.7: S must be "in the range 0 <= s < L"; without that rule S + L verifies as well. */
Test(crypto_ed25519, ed25519_refuses_s_plus_the_order) {
    uint8_t order[32], sig[KEY_SIG_LEN];
    unsigned carry = 0;
    struct key_secret *key = vector_key(KEY_ED25519, "crypto strict");
    from_hex("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010", order, 32);
    cr_assert(key_sign(key, bytes_text("m"), sig) == ERR_OK);
    for (size_t i = 0; i < 32; i++) {
        unsigned sum = sig[32 + i] + order[i] + carry;
        sig[32 + i] = (uint8_t)sum;
        carry = sum >> 8;
    }
    cr_assert(carry == 0);
    cr_expect_eq(key_verify(key_secret_public(key), bytes_text("m"), sig), ERR_SIGNATURE_INVALID);
    key_secret_done(key);
}

Test(crypto_ed25519, ed25519_refuses_an_r_of_small_order) {
    struct json *vectors = vector_read_json("crypto.json");
    const struct json *entry = json_at(json_member(vectors, "keys"), 1);
    struct key_public key;
    uint8_t message[14], sig[KEY_SIG_LEN];
    cr_assert(hex_decode(json_text_bytes(json_member(entry, "message")), message, sizeof message) ==
              ERR_OK);
    cr_assert(key_public_from_jwk(json_member(entry, "jwk"), &key, NULL) == ERR_OK);
    cr_assert(key.alg == KEY_ED25519);
    cr_assert(hex_decode(json_text_bytes(json_member(entry, "sig")), sig, 64) == ERR_OK);
    cr_expect_eq(key_verify(&key, bytes_of(message, sizeof message), sig), ERR_OK);
    cr_assert(hex_decode(json_text_bytes(json_member(vectors, "ed25519_small_r")), sig, 64) ==
              ERR_OK);
    cr_expect_eq(key_verify(&key, bytes_of(message, sizeof message), sig), ERR_SIGNATURE_INVALID);
    key_public_done(&key);
    json_done(vectors);
}

Test(crypto_ed25519, ed25519_refuses_points_that_are_no_honest_key) {
    static const char *const bad[] = {
        /* the eight points of small order */
        "0100000000000000000000000000000000000000000000000000000000000000",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0000000000000000000000000000000000000000000000000000000000000080",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
        /* y = p and p + 1: zero and one, written otherwise */
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        /* the base point plus the point of order two: (-x, -y) */
        "9599999999999999999999999999999999999999999999999999999999999999",
        /* y = 2 is on no point */
        "0200000000000000000000000000000000000000000000000000000000000000",
        "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    };
    struct key_public key;
    uint8_t point[64] = {0};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        from_hex(bad[i], point, 32);
        cr_expect_eq(key_public_from_point(KEY_ED25519, bytes_of(point, 32), &key), ERR_KEY, "%s",
                     bad[i]);
    }
    from_hex("5866666666666666666666666666666666666666666666666666666666666666", point, 32);
    cr_expect_eq(key_public_from_point(KEY_ED25519, bytes_of(point, 32), &key), ERR_OK,
                 "the base point");
    key_public_done(&key);
    cr_expect_eq(key_public_from_point(KEY_ED25519, bytes_of(point, 31), &key), ERR_KEY);
    cr_expect_eq(key_public_from_point(KEY_ED25519, bytes_of(point, 33), &key), ERR_KEY);
    cr_expect_eq(key_public_from_point(KEY_ED25519, bytes_of(point, 64), &key), ERR_KEY);
}

/* More keys than are remembered, and what is no key between them: the answer is the same the first time, from memory, and after it was forgotten. */
Test(crypto_ed25519, ed25519_keys_that_are_remembered_are_judged_as_those_that_are_not) {
    enum { MANY = 3 * LIMIT_NODES + 10 };
    static uint8_t good[MANY][32], bad[MANY][32];
    for (size_t i = 0; i < MANY; i++) {
        uint8_t seed[32] = {(uint8_t)i, (uint8_t)(i >> 8), 1}, point[64];
        cr_assert(ed25519_public(seed, point) == ERR_OK);
        memcpy(good[i], point, 32);
        do {
            memcpy(bad[i], good[i], 32);
            bad[i][i % 32] ^=
                (uint8_t)(1 +
                          seed[2]++); /* half of all y have no x, and seven of eight points are of mixed order */
        } while (crypto_core_ed25519_is_valid_point(bad[i]));
    }
    for (int round = 0; round < 3; round++) {
        for (size_t i = 0; i < MANY; i++) {
            for (int again = 0; again < 2; again++) {
                cr_assert_eq(ed25519_check(bad[i]), ERR_KEY, "%zu", i);
                cr_assert_eq(ed25519_check(good[i]), ERR_OK, "%zu", i);
            }
        }
    }
    for (size_t i = MANY; i-- > MANY - 8;) {
        for (size_t bit = 0; bit < 256; bit++) {
            uint8_t point[32];
            memcpy(point, good[i], 32);
            point[bit / 8] ^= (uint8_t)(1u << bit % 8);
            cr_assert_eq(ed25519_check(point),
                         crypto_core_ed25519_is_valid_point(point) ? ERR_OK : ERR_KEY, "%zu %zu", i,
                         bit);
        }
    }
}
