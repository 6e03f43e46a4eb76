/* A node's keys: known answers, computed a second time by tests/vectors/make_crypto.py (BLAKE2b of Python's hashlib with the subkey id
 * as salt and "qizheng_" as personalisation, which is how libsodium documents crypto_kdf; Ed25519 after RFC 8032). */
#include "ledger/crypto/nodekey.h"
#include "tests/lib/vector.h"

static void seed_example(uint8_t ret[NODEKEY_SEED_LEN]) {
    for (uint8_t i = 0; i < NODEKEY_SEED_LEN; i++) ret[i] = i;
}

static void expect_key(const struct key_secret *key, const struct json *expected) {
    uint8_t secret[32];
    char point[65];
    struct key_secret *again = NULL;
    cr_assert(key_secret_public(key)->alg == KEY_ED25519);
    hex_encode(bytes_of(key_secret_public(key)->point, 32), point);
    cr_expect_str_eq(point, json_text(json_member(expected, "public")));
    cr_expect_str_eq(key_secret_public(key)->kid, json_text(json_member(expected, "kid")));
    cr_assert(hex_decode(json_text_bytes(json_member(expected, "secret")), secret, 32) == ERR_OK);
    cr_assert(key_secret_from_bytes(KEY_ED25519, secret, &again) == ERR_OK);
    cr_expect_str_eq(key_secret_public(again)->kid, key_secret_public(key)->kid);
    key_secret_done(again);
}

Test(crypto_nodekey, nodekey_derives_the_vectors_keys) {
    struct json *vectors = vector_read_json("crypto.json");
    const struct json *node = json_member(vectors, "node");
    uint8_t seed[NODEKEY_SEED_LEN];
    struct nodekey keys;
    char hex[65];
    seed_example(seed);
    hex_encode(bytes_of(seed, sizeof seed), hex);
    cr_assert_str_eq(hex, json_text(json_member(node, "seed")));
    cr_assert(nodekey_derive(seed, &keys) == ERR_OK);
    expect_key(keys.log, json_member(node, "log"));
    expect_key(keys.cosigner, json_member(node, "cosigner"));
    expect_key(keys.auth, json_member(node, "auth"));
    nodekey_done(&keys);
    json_done(vectors);
}

Test(crypto_nodekey, nodekey_never_gives_one_key_for_two_uses) {
    uint8_t seed[NODEKEY_SEED_LEN];
    struct nodekey keys;
    seed_example(seed);
    cr_assert(nodekey_derive(seed, &keys) == ERR_OK);
    cr_expect_str_neq(key_secret_public(keys.log)->kid, key_secret_public(keys.cosigner)->kid);
    cr_expect_str_neq(key_secret_public(keys.log)->kid, key_secret_public(keys.auth)->kid);
    cr_expect_str_neq(key_secret_public(keys.cosigner)->kid, key_secret_public(keys.auth)->kid);
    nodekey_done(&keys);
}

Test(crypto_nodekey, nodekey_changes_with_every_bit_of_the_seed) {
    uint8_t seed[NODEKEY_SEED_LEN];
    struct nodekey keys, others;
    seed_example(seed);
    cr_assert(nodekey_derive(seed, &keys) == ERR_OK);
    for (unsigned bit = 0; bit < 8 * NODEKEY_SEED_LEN; bit++) {
        seed[bit / 8] ^= (uint8_t)(1 << bit % 8);
        cr_assert(nodekey_derive(seed, &others) == ERR_OK);
        cr_expect_str_neq(key_secret_public(keys.log)->kid, key_secret_public(others.log)->kid);
        cr_expect_str_neq(key_secret_public(keys.cosigner)->kid,
                          key_secret_public(others.cosigner)->kid);
        cr_expect_str_neq(key_secret_public(keys.auth)->kid, key_secret_public(others.auth)->kid);
        nodekey_done(&others);
        seed[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    nodekey_done(&keys);
}

Test(crypto_nodekey, nodekey_done_accepts_what_holds_nothing) {
    struct nodekey none = {0};
    uint8_t seed[NODEKEY_SEED_LEN] = {0};
    nodekey_done(&none);
    cr_assert(nodekey_derive(seed, &none) == ERR_OK);
    nodekey_done(&none);
    cr_expect(!none.log && !none.cosigner && !none.auth);
    nodekey_done(&none);
}
