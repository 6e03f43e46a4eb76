/* PEM: what the openssl tool writes is read, what we write is what we say, and refusals tell a person what to do.
 *
 * That the openssl tool reads what we write was tried for all four algorithms with `openssl pkey -in FILE -noout -check` (with
 * `-passin`), and `openssl asn1parse` shows PBES2, PBKDF2 with hmacWithSHA256 and 600,000 rounds, aes-256-cbc. */
#include "tests/lib/vector.h"

static struct bytes member(const struct json *entry, const char *name) {
    return json_text_bytes(json_member(entry, name));
}

static void expect_secret_refused(struct bytes pem, struct bytes passphrase, const char *because) {
    struct key_secret *key = NULL;
    struct problem why = {0};
    cr_expect_eq(key_secret_from_pem(pem, passphrase, &key, &why), ERR_KEY, "%s", because);
    cr_expect(!key && why.err == ERR_KEY && strstr(why.detail, because), "not \"%s\": %s", because,
              why.detail);
    cr_expect_eq(key_secret_from_pem(pem, passphrase, &key, NULL), ERR_KEY);
}

static void expect_public_refused(struct bytes pem, const char *because) {
    struct key_public key;
    struct problem why = {0};
    cr_expect_eq(key_public_from_pem(pem, &key, &why), ERR_KEY, "%s", because);
    cr_expect(why.err == ERR_KEY && strstr(why.detail, because), "not \"%s\": %s", because,
              why.detail);
}

/* -- openssl.json: tests/vectors/make_openssl.py -- */

static void good_entry_check(const struct json *entry, enum key_alg alg) {
    struct key_secret *key = NULL;
    struct key_public public;
    struct problem why = {0};
    const char *what = json_text(json_member(entry, "what"));
    uint8_t message[64], sig[KEY_SIG_LEN];
    size_t len = member(entry, "message").len / 2;
    cr_assert(len <= sizeof message &&
              hex_decode(member(entry, "message"), message, len) == ERR_OK);
    cr_assert(hex_decode(member(entry, "sig"), sig, KEY_SIG_LEN) == ERR_OK);
    cr_assert(key_secret_from_pem(member(entry, "secret"), member(entry, "passphrase"), &key,
                                  &why) == ERR_OK,
              "%s: %s", what, why.detail);
    cr_assert(key_public_from_pem(member(entry, "public"), &public, &why) == ERR_OK, "%s: %s", what,
              why.detail);
    cr_expect(public.alg == alg && key_secret_public(key)->alg == alg);
    cr_expect_str_eq(public.kid, json_text(json_member(entry, "kid")));
    cr_expect_str_eq(key_secret_public(key)->kid, public.kid);
    cr_expect_eq(key_verify(&public, bytes_of(message, len), sig), ERR_OK, "%s", what);
    cr_assert(key_sign(key, bytes_of(message, len), sig) == ERR_OK);
    cr_expect_eq(key_verify(&public, bytes_of(message, len), sig), ERR_OK, "%s", what);
    key_public_done(&public);
    key_secret_done(key);
}

Test(crypto_pem, pem_of_the_openssl_tool_is_read_and_its_signatures_verify) {
    struct json *entries = vector_read_json("openssl.json");
    unsigned seen[KEY_ALG_COUNT] = {0};
    for (size_t i = 0; i < json_count(entries); i++) {
        enum key_alg alg;
        if (!key_alg_from_name(member(json_at(entries, i), "alg"), &alg)) continue;
        good_entry_check(json_at(entries, i), alg);
        seen[alg]++;
    }
    for (int alg = 0; alg < KEY_ALG_COUNT; alg++) cr_expect(seen[alg] >= 2);
    json_done(entries);
}

Test(crypto_pem, pem_of_a_key_that_is_not_used_here_is_refused_by_its_name) {
    static const char *const names[] = {"RSA", "secp384r1", "X25519"};
    struct json *entries = vector_read_json("openssl.json");
    size_t refused = 0;
    for (size_t i = 0; i < json_count(entries); i++) {
        const struct json *entry = json_at(entries, i);
        if (json_member(entry, "alg")) continue;
        cr_assert(refused < 3);
        expect_secret_refused(member(entry, "secret"), bytes_text(""), names[refused]);
        expect_public_refused(member(entry, "public"), names[refused]);
        refused++;
    }
    cr_expect_eq(refused, 3);
    json_done(entries);
}

Test(crypto_pem, encrypted_pem_asks_for_its_passphrase) {
    struct json *entries = vector_read_json("openssl.json");
    unsigned encrypted = 0;
    for (size_t i = 0; i < json_count(entries); i++) {
        const struct json *entry = json_at(entries, i);
        if (!json_member(entry, "passphrase")) continue;
        expect_secret_refused(member(entry, "secret"), bytes_text(""),
                              "encrypted: give its passphrase");
        expect_secret_refused(member(entry, "secret"), bytes_text("opem"),
                              "passphrase does not open");
        encrypted++;
    }
    cr_expect_eq(encrypted, 2);
    json_done(entries);
}

/* -- our own -- */

static struct buf written(enum key_alg alg, struct bytes passphrase) {
    struct buf pem;
    struct key_secret *key = vector_key(alg, "crypto pem");
    buf_init(&pem, LIMIT_PEM);
    cr_assert(key_secret_pem(key, passphrase, &pem) == ERR_OK);
    key_secret_done(key);
    return pem;
}

static void expect_round_trip(enum key_alg alg, struct bytes passphrase) {
    struct buf pem = written(alg, passphrase);
    struct key_secret *key = vector_key(alg, "crypto pem"), *again = NULL;
    struct problem why = {0};
    uint8_t sig[KEY_SIG_LEN];
    struct bytes copy = exact_copy(buf_bytes(&pem));
    cr_expect(bytes_starts(copy, passphrase.len ? "-----BEGIN ENCRYPTED PRIVATE KEY-----\n"
                                                : "-----BEGIN PRIVATE KEY-----\n"));
    cr_assert(key_secret_from_pem(copy, passphrase, &again, &why) == ERR_OK, "%s", why.detail);
    cr_expect_str_eq(key_secret_public(again)->kid, key_secret_public(key)->kid);
    cr_assert(key_sign(again, bytes_text("m"), sig) == ERR_OK);
    cr_expect_eq(key_verify(key_secret_public(key), bytes_text("m"), sig), ERR_OK);
    exact_free(copy);
    key_secret_done(again);
    key_secret_done(key);
    buf_done(&pem);
}

Test(crypto_pem, pem_round_trip_without_passphrase) {
    for (int alg = 0; alg < KEY_ALG_COUNT; alg++)
        expect_round_trip((enum key_alg)alg, bytes_text(""));
}

Test(crypto_pem, pem_round_trip_with_passphrase) {
    for (int alg = 0; alg < KEY_ALG_COUNT; alg++)
        expect_round_trip((enum key_alg)alg, bytes_text("口令 with spaces"));
}

/* A passphrase is bytes: it may hold a NUL, and what stands behind the NUL counts. */
Test(crypto_pem, passphrase_is_taken_whole) {
    struct buf pem = written(KEY_ED25519, bytes_of("a\0b", 3));
    struct key_secret *key = NULL;
    expect_secret_refused(buf_bytes(&pem), bytes_of("a", 1), "passphrase does not open");
    cr_expect_eq(key_secret_from_pem(buf_bytes(&pem), bytes_of("a\0b", 3), &key, NULL), ERR_OK);
    key_secret_done(key);
    buf_done(&pem);
}

Test(crypto_pem, the_longest_passphrase_is_read_back_and_a_longer_one_is_never_written) {
    static uint8_t passphrase[LIMIT_PASSPHRASE + 1];
    struct buf pem;
    struct key_secret *key = vector_key(KEY_ES256K, "crypto pem");
    memset(passphrase, 'p', sizeof passphrase);
    expect_round_trip(KEY_ES256K, bytes_of(passphrase, LIMIT_PASSPHRASE));
    buf_init(&pem, LIMIT_PEM);
    cr_expect_eq(key_secret_pem(key, bytes_of(passphrase, sizeof passphrase), &pem), ERR_TOO_LARGE);
    cr_expect_eq(pem.len, 0);
    buf_done(&pem);
    key_secret_done(key);
}

Test(crypto_pem, two_texts_of_one_key_share_nothing_that_is_encrypted) {
    struct buf one = written(KEY_ED25519, bytes_text("same")),
               two = written(KEY_ED25519, bytes_text("same"));
    cr_expect(!bytes_equal(buf_bytes(&one), buf_bytes(&two)), "salt and IV are drawn anew");
    buf_done(&one);
    buf_done(&two);
}

Test(crypto_pem, pem_that_does_not_fit_leaves_the_buffer_alone) {
    struct key_secret *key = vector_key(KEY_ES256, "crypto pem");
    struct buf small;
    buf_init(&small, 64);
    cr_assert(buf_add_text(&small, "kept") == ERR_OK);
    cr_expect_eq(key_secret_pem(key, bytes_text(""), &small), ERR_TOO_LARGE);
    cr_expect(bytes_is(buf_bytes(&small), "kept"));
    buf_done(&small);
    key_secret_done(key);
}

/* -- hostile and mistaken input -- */

Test(crypto_pem, garbage_is_not_pem) {
    static const char *const garbage[] = {
        "not a key",
        "-----BEGIN PRIVATE KEY-----\n",
        "-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----\n",
        "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
        "-----BEGIN PRIVATE KEY-----\n!!!!\n-----END PRIVATE KEY-----\n",
        "-----BEGIN EC PRIVATE KEY-----\nMAA=\n-----END EC PRIVATE KEY-----\n",
        "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n",
    };
    for (size_t i = 0; i < sizeof garbage / sizeof *garbage; i++) {
        expect_secret_refused(bytes_text(garbage[i]), bytes_text(""), "not a private key in PEM");
    }
    expect_public_refused(bytes_text("not a key"), "not a public key in PEM");
    expect_public_refused(
        bytes_text("-----BEGIN PUBLIC KEY-----\nMAA=\n-----END PUBLIC KEY-----\n"),
        "not a public key in PEM");
    expect_secret_refused(bytes_of(NULL, 0), bytes_text(""), "empty");
    expect_public_refused(bytes_of(NULL, 0), "empty");
}

Test(crypto_pem, pem_beyond_the_limit_is_refused_unread) {
    struct buf pem = written(KEY_ED25519, bytes_text("")), large;
    buf_init(&large, 2 * LIMIT_PEM);
    cr_assert(buf_add(&large, buf_bytes(&pem)) == ERR_OK);
    while (large.len <= LIMIT_PEM) cr_assert(buf_add_byte(&large, '\n') == ERR_OK);
    expect_secret_refused(buf_bytes(&large), bytes_text(""), "at most");
    expect_public_refused(buf_bytes(&large), "at most");
    buf_done(&large);
    buf_done(&pem);
}

Test(crypto_pem, a_private_key_in_place_of_a_public_one_is_called_so) {
    struct buf plain = written(KEY_SM2, bytes_text("")), sealed = written(KEY_SM2, bytes_text("p"));
    expect_public_refused(buf_bytes(&plain), "This is a private key");
    expect_public_refused(buf_bytes(&sealed), "This is a private key");
    buf_done(&plain);
    buf_done(&sealed);
}

/* Whatever is cut off, nothing is read but the whole. */
Test(crypto_pem, every_cut_pem_is_refused) {
    for (int alg = 0; alg < KEY_ALG_COUNT; alg++) {
        struct buf pem = written((enum key_alg)alg, bytes_text(""));
        for (size_t len = 0; len + 1 < pem.len; len++) {
            struct bytes cut = exact_copy(bytes_of(pem.data, len));
            struct key_secret *key = NULL;
            cr_expect_eq(key_secret_from_pem(cut, bytes_text(""), &key, NULL), ERR_KEY, "%zu", len);
            key_secret_done(key);
            exact_free(cut);
        }
        buf_done(&pem);
    }
}

/* A flipped bit gives a refusal or another whole key, never a crash, a leak or half a key. */
Test(crypto_pem, every_flipped_bit_of_a_pem_gives_a_refusal_or_a_key) {
    struct buf pem = written(KEY_ES256K, bytes_text(""));
    for (size_t bit = 0; bit < 8 * pem.len; bit += 3) {
        struct key_secret *key = NULL;
        uint8_t sig[KEY_SIG_LEN];
        pem.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
        enum err err = key_secret_from_pem(buf_bytes(&pem), bytes_text(""), &key, NULL);
        cr_expect_eq(err == ERR_OK, key != NULL);
        if (key) {
            cr_assert(key_sign(key, bytes_text("m"), sig) == ERR_OK);
            cr_expect_eq(key_verify(key_secret_public(key), bytes_text("m"), sig), ERR_OK);
        }
        key_secret_done(key);
        pem.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    buf_done(&pem);
}
