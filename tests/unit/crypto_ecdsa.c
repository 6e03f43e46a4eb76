/* ECDSA on secp256k1 and P-256: Wycheproof, the standards' examples, and what makes a scalar or a point unusable. */
#include "tests/lib/vector.h"

/* -- Wycheproof -- */

/* One INTEGER of a strict DER signature (X.690 section 10), as 32 bytes. */
static bool der_integer(struct cursor *cursor, uint8_t ret[32]) {
    if (cursor_u8(cursor) != 0x02) return false;
    size_t len = cursor_u8(cursor);
    if (cursor->failed || len == 0 || len > 33) return false;
    struct bytes body = cursor_take(cursor, len);
    if (cursor->failed || (body.data[0] & 0x80)) return false;
    if (body.len > 1 && body.data[0] == 0) {
        if (!(body.data[1] & 0x80)) return false;
        body = bytes_slice(body, 1, body.len);
    }
    if (body.len > 32) return false;
    memset(ret, 0, 32);
    memcpy(ret + 32 - body.len, body.data, body.len);
    return true;
}

/* SEQUENCE of two INTEGERs and nothing else: the signature as R||S. */
static bool der_signature(struct bytes der, uint8_t ret[KEY_SIG_LEN]) {
    struct cursor cursor = cursor_of(der);
    if (cursor_u8(&cursor) != 0x30) return false;
    if (cursor_u8(&cursor) != cursor.rest.len || cursor.failed) return false;
    return der_integer(&cursor, ret) && der_integer(&cursor, ret + 32) && cursor_ended(&cursor);
}

/* The caller frees it with buf_done. */
static struct buf hex_member(const struct json *object, const char *name) {
    struct bytes text = json_text_bytes(json_member(object, name));
    struct buf raw;
    buf_init(&raw, 1 << 16);
    cr_assert(text.data && buf_reserve(&raw, text.len / 2 + 1) == ERR_OK);
    cr_assert(hex_decode(text, raw.data, text.len / 2) == ERR_OK);
    raw.len = text.len / 2;
    return raw;
}

struct tally {
    unsigned accepted, high, refused, not_der;
};

/* The set is for Bitcoin, which refuses a high S. We accept it and normalise it (FORMATS.md section 1), so of the cases called
 * invalid exactly those must verify that have a high S and no other fault: 1, "Signature malleability", and 388, "edge case for
 * signature malleability". Signatures that are no strict DER never reach us: ours are R||S. */
static void case_check(const struct key_public *key, const struct json *test, struct tally *tally) {
    int64_t id;
    uint8_t sig[KEY_SIG_LEN];
    cr_assert(json_int(json_member(test, "tcId"), &id));
    struct buf message = hex_member(test, "msg"), der = hex_member(test, "sig");
    bool valid = bytes_is(json_text_bytes(json_member(test, "result")), "valid");
    bool high = id == 1 || id == 388;
    if (der_signature(buf_bytes(&der), sig)) {
        enum err err = key_verify(key, buf_bytes(&message), sig);
        cr_expect_eq(err, valid || high ? ERR_OK : ERR_SIGNATURE_INVALID, "case %d", (int)id);
        if (valid || high) cr_expect_eq(key_sig_normalise(key->alg, sig), high, "case %d", (int)id);
        enum err again = key_verify(key, buf_bytes(&message), sig);
        cr_expect_eq(again, err, "case %d, normalised", (int)id);
        tally->accepted += valid;
        tally->high += high;
        tally->refused += !valid && !high;
    } else {
        cr_expect(!valid, "case %d is valid and not strict DER", (int)id);
        tally->not_der++;
    }
    buf_done(&message);
    buf_done(&der);
}

static void group_check(const struct json *group, struct tally *tally) {
    struct key_public key;
    const struct json *tests = json_member(group, "tests");
    struct buf point = hex_member(json_member(group, "publicKey"), "uncompressed");
    cr_assert(point.len == 65 && point.data[0] == 4);
    cr_assert(key_public_from_point(KEY_ES256K, bytes_of(point.data + 1, 64), &key) == ERR_OK);
    for (size_t i = 0; i < json_count(tests); i++) case_check(&key, json_at(tests, i), tally);
    key_public_done(&key);
    buf_done(&point);
}

/* False, said plainly, where the set is not there. */
static bool wycheproof_read(struct buf *ret) {
    const char *root = getenv("QIZHENG_VECTORS");
    char path[512];
    (void)snprintf(path, sizeof path, "%s/wycheproof_ecdsa_secp256k1_sha256_bitcoin.json",
                   root ? root : TEST_DATA "/../../shared/vectors");
    FILE *file = fopen(path, "rb");
    if (!file) {
        (void)printf("skipped: %s is not there (QIZHENG_VECTORS)\n", path);
        return false;
    }
    buf_init(ret, 1 << 20);
    cr_assert(buf_reserve(ret, 1 << 20) == ERR_OK);
    ret->len = fread(ret->data, 1, 1 << 20, file);
    (void)fclose(file);
    return true;
}

Test(crypto_ecdsa, es256k_agrees_with_wycheproof) {
    struct buf text;
    struct json *set = NULL;
    struct problem why;
    struct tally tally = {0};
    if (!wycheproof_read(&text)) return;
    cr_assert(json_parse(buf_bytes(&text), &set, &why) == ERR_OK, "%s", why.detail);
    const struct json *groups = json_member(set, "testGroups");
    for (size_t i = 0; i < json_count(groups); i++) group_check(json_at(groups, i), &tally);
    int64_t count;
    cr_assert(json_int(json_member(set, "numberOfTests"), &count));
    cr_expect_eq(tally.accepted + tally.high + tally.refused + tally.not_der, (unsigned)count);
    cr_expect_eq(tally.accepted, 162);
    cr_expect_eq(tally.high, 2);
    cr_expect_eq(tally.refused, 67); /* the rest is no strict DER of two numbers below 2^256 */
    json_done(set);
    buf_done(&text);
}

/* -- examples -- */

static void from_hex(const char *hex, uint8_t *ret, size_t len) {
    cr_assert(hex_decode(bytes_text(hex), ret, len) == ERR_OK);
}

static struct key_secret *secret_of_hex(enum key_alg alg, const char *hex) {
    uint8_t secret[32];
    struct key_secret *key = NULL;
    from_hex(hex, secret, 32);
    cr_assert(key_secret_from_bytes(alg, secret, &key) == ERR_OK);
    return key;
}

/* RFC 8812 has no example. This one is shared by the libraries of Bitcoin (RFC 6979 nonce, SHA-256, low S). */
Test(crypto_ecdsa, es256k_signs_as_rfc_6979_says_blinded_or_not) {
    static const uint8_t blind[32] = {1, 2, 3};
    uint8_t sig[KEY_SIG_LEN], expected[KEY_SIG_LEN];
    from_hex("934b1ea10a4b3c1757e2b0c017d0b6143ce3c9a7e6a4a49860d7a6ab210ee3d8"
             "2442ce9d2b916064108014783e923ec36b49743e2ffa1c4496f01a512aafd9e5",
             expected, KEY_SIG_LEN);
    struct key_secret *key = secret_of_hex(
        KEY_ES256K, "0000000000000000000000000000000000000000000000000000000000000001");
    for (int i = 0; i < 2; i++) {
        cr_assert(key_sign(key, bytes_text("Satoshi Nakamoto"), sig) == ERR_OK);
        cr_expect_arr_eq(sig, expected, KEY_SIG_LEN);
        key_blind(blind);
    }
    key_secret_done(key);
}

/* RFC 6979 appendix A.2.5: the key, and its signature of "sample" with SHA-256, whose S is high. */
Test(crypto_ecdsa, es256_accepts_the_example_of_rfc_6979_and_makes_its_s_low) {
    uint8_t sig[KEY_SIG_LEN], point[64], low_s[32];
    struct key_secret *key = secret_of_hex(
        KEY_ES256, "c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721");
    const struct key_public *public = key_secret_public(key);
    from_hex("60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6"
             "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299",
             point, 64);
    cr_expect_arr_eq(public->point, point, 64);
    from_hex("efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716"
             "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8",
             sig, KEY_SIG_LEN);
    cr_expect_eq(key_verify(public, bytes_text("sample"), sig), ERR_OK);
    cr_expect(key_sig_normalise(KEY_ES256, sig));
    from_hex("0834e36ad29a83bf2bc9385e491d6099c8fdf9d1ed67aa7ea5f51f93782857a9", low_s, 32);
    cr_expect_arr_eq(sig + 32, low_s, 32);
    cr_expect_eq(key_verify(public, bytes_text("sample"), sig), ERR_OK);
    cr_expect(!key_sig_normalise(KEY_ES256, sig));
    key_secret_done(key);
}

Test(crypto_ecdsa, es256_signs_low_s_always_and_never_the_same_twice) {
    struct key_secret *key = vector_key(KEY_ES256, "crypto nonce");
    uint8_t sig[KEY_SIG_LEN], last[KEY_SIG_LEN] = {0};
    for (int i = 0; i < 64; i++) {
        cr_assert(key_sign(key, bytes_text("m"), sig) == ERR_OK);
        cr_expect(!key_sig_normalise(KEY_ES256, sig));
        cr_expect_eq(key_verify(key_secret_public(key), bytes_text("m"), sig), ERR_OK);
        cr_expect(memcmp(sig, last, sizeof sig) != 0);
        memcpy(last, sig, sizeof sig);
    }
    key_secret_done(key);
}

/* -- edges of the groups -- */

static const struct group {
    enum key_alg alg;
    const char *order, *half, *prime;
} groups[] = {
    {KEY_ES256K, "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141",
     "7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0",
     "fffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc2f"},
    {KEY_ES256, "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551",
     "7fffffff800000007fffffffffffffffde737d56d38bcf4279dce5617e3192a8",
     "ffffffff00000001000000000000000000000000ffffffffffffffffffffffff"},
    {KEY_SM2, "fffffffeffffffffffffffffffffffff7203df6b21c6052b53bbf40939d54123", NULL,
     "fffffffeffffffffffffffffffffffffffffffff00000000ffffffffffffffff"},
};

#define EACH_GROUP(g) for (const struct group *g = groups; g < groups + 3; g++)

static enum err secret_try(enum key_alg alg, const uint8_t secret[32]) {
    struct key_secret *key = NULL;
    enum err err = key_secret_from_bytes(alg, secret, &key);
    cr_expect_eq(!key, err != ERR_OK);
    key_secret_done(key);
    return err;
}

/* SM2's largest is n-2 (GB/T 32918.1-2016 section 6.1), the others' n-1. */
Test(crypto_ecdsa, secrets_are_refused_outside_the_group) {
    EACH_GROUP(g) {
        uint8_t secret[32] = {0};
        cr_expect_eq(secret_try(g->alg, secret), ERR_KEY, "zero");
        secret[31] = 1;
        cr_expect_eq(secret_try(g->alg, secret), ERR_OK, "one");
        memset(secret, 0xff, 32);
        cr_expect_eq(secret_try(g->alg, secret), ERR_KEY, "2^256 - 1");
        from_hex(g->order, secret, 32);
        cr_expect_eq(secret_try(g->alg, secret), ERR_KEY, "n");
        secret[31]--;
        cr_expect_eq(secret_try(g->alg, secret), g->alg == KEY_SM2 ? ERR_KEY : ERR_OK, "n-1");
        secret[31]--;
        cr_expect_eq(secret_try(g->alg, secret), ERR_OK, "n-2");
    }
}

Test(crypto_ecdsa, normalise_changes_exactly_what_lies_above_half_the_order) {
    EACH_GROUP(g) {
        uint8_t sig[KEY_SIG_LEN], before[KEY_SIG_LEN];
        if (!g->half) continue;
        memset(sig, 1, sizeof sig);
        from_hex(g->half, sig + 32, 32);
        memcpy(before, sig, sizeof sig);
        cr_expect(!key_sig_normalise(g->alg, sig), "half");
        cr_expect_arr_eq(sig, before, KEY_SIG_LEN);
        sig[63]++; /* half + 1 = n - half: both orders are odd */
        cr_expect(key_sig_normalise(g->alg, sig), "half + 1");
        cr_expect_arr_eq(sig, before, KEY_SIG_LEN);
        memset(before + 32, 0, 32);
        from_hex(g->order, sig + 32, 32);
        cr_expect(!key_sig_normalise(g->alg, sig), "n stays garbage");
        sig[63]--;
        cr_expect(key_sig_normalise(g->alg, sig), "n - 1");
        before[63] = 1;
        cr_expect_arr_eq(sig, before, KEY_SIG_LEN);
        memset(sig + 32, 0, 32);
        cr_expect(!key_sig_normalise(g->alg, sig), "zero");
        memset(sig + 32, 0xff, 32);
        cr_expect(!key_sig_normalise(g->alg, sig), "2^256 - 1");
    }
}

Test(crypto_ecdsa, signatures_with_r_or_s_zero_or_at_the_order_fail) {
    EACH_GROUP(g) {
        struct key_secret *key = vector_key(g->alg, "crypto edges");
        uint8_t good[KEY_SIG_LEN], sig[KEY_SIG_LEN];
        cr_assert(key_sign(key, bytes_text("m"), good) == ERR_OK);
        for (size_t half = 0; half < 64; half += 32) {
            memcpy(sig, good, sizeof sig);
            memset(sig + half, 0, 32);
            cr_expect_eq(key_verify(key_secret_public(key), bytes_text("m"), sig),
                         ERR_SIGNATURE_INVALID);
            from_hex(g->order, sig + half, 32);
            cr_expect_eq(key_verify(key_secret_public(key), bytes_text("m"), sig),
                         ERR_SIGNATURE_INVALID);
            memset(sig + half, 0xff, 32);
            cr_expect_eq(key_verify(key_secret_public(key), bytes_text("m"), sig),
                         ERR_SIGNATURE_INVALID);
        }
        key_secret_done(key);
    }
}

Test(crypto_ecdsa, points_off_the_curve_are_refused) {
    EACH_GROUP(g) {
        struct key_secret *key = vector_key(g->alg, "crypto edges");
        struct key_public public;
        uint8_t point[64];
        for (unsigned bit = 0; bit < 512; bit++) {
            memcpy(point, key_secret_public(key)->point, 64);
            point[bit / 8] ^= (uint8_t)(1 << bit % 8);
            enum err err = key_public_from_point(g->alg, bytes_of(point, 64), &public);
            cr_expect_eq(err, ERR_KEY, "%s bit %u", key_alg_name(g->alg), bit);
        }
        memset(point, 0, 64); /* how infinity would be written, were it a point */
        cr_expect_eq(key_public_from_point(g->alg, bytes_of(point, 64), &public), ERR_KEY);
        from_hex(g->prime, point, 32);
        cr_expect_eq(key_public_from_point(g->alg, bytes_of(point, 64), &public), ERR_KEY, "x = p");
        memset(point, 0xff, 64);
        cr_expect_eq(key_public_from_point(g->alg, bytes_of(point, 64), &public), ERR_KEY);
        memcpy(point, key_secret_public(key)->point, 64);
        for (size_t len = 0; len < 64; len++)
            cr_expect_eq(key_public_from_point(g->alg, bytes_of(point, len), &public), ERR_KEY);
        key_secret_done(key);
    }
}
