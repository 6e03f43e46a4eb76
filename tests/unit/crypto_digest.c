/* SHA-256 and SM3: the standards' own examples, in one piece, in parts and as streams. */
#include "ledger/base/text.h"
#include "ledger/crypto/digest.h"
#include "ledger/crypto/sha256.h"
#include "ledger/crypto/sm3.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <string.h>

#define TWO_BLOCKS "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"
#define SIXTEEN "abcdabcdabcdabcdabcdabcdabcdabcdabcdabcdabcdabcdabcdabcdabcdabcd"
#define MILLION_A "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"

static const struct known {
    enum digest_alg alg;
    const char *in, *hex;
} known[] = {
    /* FIPS 180-2 appendix B.1 and B.2, and the empty message */
    {DIGEST_SHA256, "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
    {DIGEST_SHA256, TWO_BLOCKS, "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
    {DIGEST_SHA256, "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
    /* GB/T 32905-2016 appendix A.1 and A.2, and the empty message (OpenSSL's and Python's agree) */
    {DIGEST_SM3, "abc", "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"},
    {DIGEST_SM3, SIXTEEN, "debe9ff92275b8a138604889c18e5a4d6fdb70e5387e5765293dcba39c0c5732"},
    {DIGEST_SM3, "", "1ab21d8355cfa17f8e61194831e81a8f22bec8c728fefb747ed035eb5082aa2b"},
};

#define EACH_KNOWN(k)                                                                              \
    for (const struct known *k = known; k < known + sizeof known / sizeof *known; k++)

static void expect_hex(const uint8_t hash[DIGEST_LEN], const char *hex) {
    char text[2 * DIGEST_LEN + 1];
    hex_encode(bytes_of(hash, DIGEST_LEN), text);
    cr_expect_str_eq(text, hex);
}

Test(crypto_digest, digest_gives_the_standards_examples) {
    EACH_KNOWN(k) {
        uint8_t hash[DIGEST_LEN];
        digest(k->alg, bytes_text(k->in), hash);
        expect_hex(hash, k->hex);
    }
}

Test(crypto_digest, digest_of_no_bytes_may_have_no_pointer) {
    uint8_t a[DIGEST_LEN], b[DIGEST_LEN];
    for (int alg = 0; alg < DIGEST_ALG_COUNT; alg++) {
        digest((enum digest_alg)alg, bytes_of(NULL, 0), a);
        digest((enum digest_alg)alg, bytes_text(""), b);
        cr_expect_arr_eq(a, b, DIGEST_LEN);
    }
}

Test(crypto_digest, digest_names_are_read_back_and_no_other_is) {
    enum digest_alg alg;
    for (int i = 0; i < DIGEST_ALG_COUNT; i++) {
        cr_expect(digest_from_name(bytes_text(digest_name((enum digest_alg)i)), &alg));
        cr_expect(alg == (enum digest_alg)i);
    }
    cr_expect_str_eq(digest_name(DIGEST_SHA256), "sha-256");
    cr_expect_str_eq(digest_name(DIGEST_SM3), "sm3");
    static const char *const others[] = {"", "sha256", "SHA-256", "sha-25", "sha-2566", "SM3"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        cr_expect(!digest_from_name(bytes_text(others[i]), &alg), "%s", others[i]);
    cr_expect(!digest_from_name(bytes_of("sm3\0", 4), &alg));
    cr_expect_eq(DIGEST_SHA256, 0, "stored values");
    cr_expect_eq(DIGEST_SM3, 1, "stored values");
}

Test(crypto_digest, sha256_parts_is_sha256_of_the_parts_joined_wherever_they_are_cut) {
    struct bytes whole = bytes_text(TWO_BLOCKS TWO_BLOCKS TWO_BLOCKS);
    uint8_t expected[SHA256_LEN], hash[SHA256_LEN];
    sha256(whole, expected);
    for (size_t i = 0; i <= whole.len; i++) {
        for (size_t j = i; j <= whole.len; j += 7) {
            struct bytes parts[] = {bytes_slice(whole, 0, i), bytes_slice(whole, i, j),
                                    bytes_slice(whole, j, whole.len)};
            sha256_parts(parts, 3, hash);
            cr_assert_arr_eq(hash, expected, SHA256_LEN);
        }
    }
    sha256_parts(NULL, 0, hash);
    expect_hex(hash, known[2].hex);
}

/* FIPS 180-2 appendix B.3: a million times "a". */
Test(crypto_digest, sha256_stream_gives_the_long_example) {
    struct sha256_stream *stream = NULL;
    uint8_t hash[SHA256_LEN], block[625];
    memset(block, 'a', sizeof block);
    cr_assert_eq(sha256_stream_init(&stream), ERR_OK);
    for (int i = 0; i < 1600; i++) sha256_stream_add(stream, bytes_of(block, sizeof block));
    sha256_stream_add(stream, bytes_of(NULL, 0));
    sha256_stream_end(stream, hash);
    sha256_stream_done(stream);
    sha256_stream_done(NULL);
    expect_hex(hash, MILLION_A);
}

Test(crypto_digest, sm3_stream_is_sm3_of_the_whole) {
    EACH_KNOWN(k) {
        struct sm3_stream *stream = NULL;
        uint8_t hash[SM3_LEN];
        if (k->alg != DIGEST_SM3) continue;
        cr_assert_eq(sm3_stream_init(&stream), ERR_OK);
        for (const char *at = k->in; *at; at++) sm3_stream_add(stream, bytes_of(at, 1));
        sm3_stream_end(stream, hash);
        sm3_stream_done(stream);
        expect_hex(hash, k->hex);
    }
    sm3_stream_done(NULL);
}

Test(crypto_digest, sha256_streams_and_single_calls_do_not_disturb_each_other) {
    struct sha256_stream *one = NULL, *two = NULL;
    uint8_t hash[SHA256_LEN];
    cr_assert_eq(sha256_stream_init(&one), ERR_OK);
    cr_assert_eq(sha256_stream_init(&two), ERR_OK);
    sha256_stream_add(one, bytes_text("ab"));
    sha256_stream_add(two, bytes_text(TWO_BLOCKS));
    sha256(bytes_text("something else"), hash);
    sha256_stream_add(one, bytes_text("c"));
    sha256_stream_end(one, hash);
    expect_hex(hash, known[0].hex);
    sha256_stream_end(two, hash);
    expect_hex(hash, known[1].hex);
    sha256_stream_done(one);
    sha256_stream_done(two);
}

/* NULL where all is right. */
static void *hash_much(void *arg) {
    (void)arg;
    uint8_t expected[DIGEST_LEN], hash[DIGEST_LEN];
    for (size_t i = 0; i < 600; i++) {
        const struct known *k = &known[i % 6];
        digest(k->alg, bytes_text(k->in), hash);
        if (hex_decode(bytes_text(k->hex), expected, DIGEST_LEN) ||
            memcmp(hash, expected, DIGEST_LEN) != 0)
            return (void *)(uintptr_t)k;
    }
    return NULL;
}

/* Under LeakSanitizer this also shows that a thread's context ends with it. */
Test(crypto_digest, digests_agree_in_many_threads) {
    for (int round = 0; round < 3; round++) {
        pthread_t threads[8];
        for (int i = 0; i < 8; i++)
            cr_assert_eq(pthread_create(&threads[i], NULL, hash_much, NULL), 0);
        for (int i = 0; i < 8; i++) {
            void *wrong = NULL;
            cr_assert_eq(pthread_join(threads[i], &wrong), 0);
            cr_expect_null(wrong);
        }
    }
}
