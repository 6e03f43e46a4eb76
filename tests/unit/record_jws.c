/* Compact JWS: the vectors of tests/vectors, the examples of RFC 7515 as hostile input, and every liberty refused. */
#include "ledger/record/jws.h"
#include "tests/lib/vector.h"

#define HEADER "{\"alg\":\"ES256K\",\"kid\":\"" KID_TEXT "\",\"typ\":\"" JWS_TYP_RECORD "\"}"

static enum err split(struct bytes text, struct problem *ret_why) {
    struct arena arena;
    struct jws jws;
    struct bytes copy = exact_copy(text);
    arena_init(&arena, 3 * LIMIT_RECORD);
    enum err err = jws_split(copy, &arena, &jws, ret_why);
    arena_done(&arena);
    exact_free(copy);
    return err;
}

static struct key_secret *entry_key(const struct json *entry) {
    enum key_alg alg;
    uint8_t secret[32];
    struct key_secret *key = NULL;
    cr_assert(key_alg_from_name(json_text_bytes(json_member(entry, "alg")), &alg));
    cr_assert(hex_decode(json_text_bytes(json_member(entry, "secret")), secret, 32) == ERR_OK);
    cr_assert(key_secret_from_bytes(alg, secret, &key) == ERR_OK);
    return key;
}

Test(record_jws, jws_sign_gives_the_vectors) {
    struct json *records = vector_read_json("records.json");
    for (size_t i = 0; i < json_count(records); i++) {
        const struct json *entry = json_at(records, i);
        struct key_secret *key = entry_key(entry);
        struct buf made;
        buf_init(&made, LIMIT_RECORD);
        struct bytes payload = json_text_bytes(json_member(entry, "payload"));
        cr_assert(jws_sign(key, JWS_TYP_RECORD, payload, &made) == ERR_OK);
        cr_assert(bytes_equal(buf_bytes(&made), json_text_bytes(json_member(entry, "jws"))));
        buf_done(&made);
        key_secret_done(key);
    }
    json_done(records);
}

Test(record_jws, jws_split_reads_the_vectors_and_verifies_them) {
    struct json *records = vector_read_json("records.json");
    for (size_t i = 0; i < json_count(records); i++) {
        const struct json *entry = json_at(records, i);
        struct bytes text = json_text_bytes(json_member(entry, "jws"));
        struct key_public key;
        struct arena arena;
        struct jws jws;
        struct buf again;
        arena_init(&arena, LIMIT_RECORD);
        buf_init(&again, LIMIT_RECORD);
        cr_assert(key_public_from_jwk(json_member(entry, "jwk"), &key, NULL) == ERR_OK);
        cr_assert(jws_split(text, &arena, &jws, NULL) == ERR_OK);
        cr_assert(jws.alg == key.alg && !jws.was_high_s);
        cr_assert_str_eq(jws.kid, key.kid);
        cr_assert_str_eq(jws.typ, JWS_TYP_RECORD);
        cr_assert(bytes_equal(jws.payload, json_text_bytes(json_member(entry, "payload"))));
        cr_assert(jws_verify(&jws, &key) == ERR_OK);
        cr_assert(jws_format(&jws, &again) == ERR_OK && bytes_equal(buf_bytes(&again), text));
        buf_done(&again);
        arena_done(&arena);
        key_public_done(&key);
    }
    json_done(records);
}

Test(record_jws, high_s_is_accepted_and_written_low) {
    struct json *records = vector_read_json("records.json");
    const struct json *entry = json_at(records, 0);
    struct bytes high = json_text_bytes(json_member(entry, "high"));
    struct bytes low = json_text_bytes(json_member(entry, "jws"));
    struct key_public key;
    struct arena arena;
    struct jws jws;
    struct buf again;
    arena_init(&arena, LIMIT_RECORD);
    buf_init(&again, LIMIT_RECORD);
    cr_assert(!bytes_equal(high, low));
    cr_assert(key_public_from_jwk(json_member(entry, "jwk"), &key, NULL) == ERR_OK);
    cr_assert(jws_split(high, &arena, &jws, NULL) == ERR_OK);
    cr_assert(jws.was_high_s && jws_verify(&jws, &key) == ERR_OK);
    cr_assert(jws_format(&jws, &again) == ERR_OK && bytes_equal(buf_bytes(&again), low));
    buf_done(&again);
    arena_done(&arena);
    key_public_done(&key);
    json_done(records);
}

/* Splits, verifies under key, and says what failed first. */
static enum err opened(struct bytes text, const struct key_public *key) {
    struct arena arena;
    struct jws jws;
    arena_init(&arena, LIMIT_RECORD);
    enum err err = jws_split(text, &arena, &jws, NULL);
    if (!err) err = jws_verify(&jws, key);
    arena_done(&arena);
    return err;
}

Test(record_jws, every_algorithm_signs_verifies_and_is_written_canonically) {
    for (int alg = 0; alg < KEY_ALG_COUNT; alg++) {
        struct key_secret *key = vector_key((enum key_alg)alg, "jws");
        for (int round = 0; round < 16; round++) { /* half of OpenSSL's S are high */
            struct buf made;
            struct arena arena;
            struct jws jws;
            buf_init(&made, LIMIT_RECORD);
            arena_init(&arena, LIMIT_RECORD);
            cr_assert(jws_sign(key, "a-type", bytes_text("{}"), &made) == ERR_OK);
            cr_assert(opened(buf_bytes(&made), key_secret_public(key)) == ERR_OK);
            cr_assert(jws_split(buf_bytes(&made), &arena, &jws, NULL) == ERR_OK);
            cr_assert(!jws.was_high_s && (int)jws.alg == alg);
            cr_assert_str_eq(jws.typ, "a-type");
            arena_done(&arena);
            buf_done(&made);
        }
        key_secret_done(key);
    }
}

Test(record_jws, eddsa_is_another_name_of_ed25519) {
    struct key_secret *key = vector_key(KEY_ED25519, "jws");
    struct buf made;
    char header[160];
    uint8_t sig[KEY_SIG_LEN];
    buf_init(&made, LIMIT_RECORD);
    (void)snprintf(header, sizeof header, "{\"alg\":\"EdDSA\",\"kid\":\"%s\",\"typ\":\"t\"}",
                   key_secret_public(key)->kid);
    cr_assert(base64url_encode(bytes_text(header), &made) == ERR_OK);
    cr_assert(buf_add_text(&made, ".e30") == ERR_OK);
    cr_assert(key_sign(key, buf_bytes(&made), sig) == ERR_OK);
    cr_assert(buf_add_byte(&made, '.') == ERR_OK);
    cr_assert(base64url_encode(bytes_of(sig, sizeof sig), &made) == ERR_OK);
    cr_assert(opened(buf_bytes(&made), key_secret_public(key)) == ERR_OK);
    buf_done(&made);
    key_secret_done(key);
}

Test(record_jws, jws_verify_refuses_another_algorithm_or_key) {
    struct key_secret *k1 = vector_key(KEY_ES256K, "one"), *r1 = vector_key(KEY_ES256, "one");
    struct key_secret *other = vector_key(KEY_ES256K, "two");
    struct buf made;
    struct arena arena;
    struct jws jws;
    buf_init(&made, LIMIT_RECORD);
    arena_init(&arena, LIMIT_RECORD);
    cr_assert(jws_sign(k1, "t", bytes_text("{}"), &made) == ERR_OK);
    cr_assert(jws_split(buf_bytes(&made), &arena, &jws, NULL) == ERR_OK);
    cr_assert(jws_verify(&jws, key_secret_public(k1)) == ERR_OK);
    cr_assert(jws_verify(&jws, key_secret_public(r1)) == ERR_ALG_MISMATCH);
    cr_assert(jws_verify(&jws, key_secret_public(other)) == ERR_ALG_MISMATCH);
    memcpy(jws.kid, key_secret_public(other)->kid, sizeof jws.kid);
    cr_assert(jws_verify(&jws, key_secret_public(other)) == ERR_SIGNATURE_INVALID);
    jws.alg = KEY_ES256;
    cr_assert(jws_verify(&jws, key_secret_public(other)) == ERR_ALG_MISMATCH);
    arena_done(&arena);
    buf_done(&made);
    key_secret_done(k1);
    key_secret_done(r1);
    key_secret_done(other);
}

Test(record_jws, every_changed_character_fails) {
    struct json *records = vector_read_json("records.json");
    struct key_public key;
    const struct json *entry = json_at(records, 1);
    struct bytes text = json_text_bytes(json_member(entry, "jws"));
    struct bytes copy = exact_copy(text);
    uint8_t *data = (uint8_t *)(uintptr_t)copy.data;
    cr_assert(key_public_from_jwk(json_member(entry, "jwk"), &key, NULL) == ERR_OK);
    for (size_t i = 0; i < copy.len; i++) {
        for (unsigned flip = 1; flip < 256; flip <<= i % 3 + 1) {
            data[i] ^= (uint8_t)flip;
            cr_assert(opened(copy, &key) != ERR_OK, "character %zu", i);
            data[i] ^= (uint8_t)flip;
        }
    }
    cr_assert(opened(copy, &key) == ERR_OK);
    exact_free(copy);
    key_public_done(&key);
    json_done(records);
}

Test(record_jws, jws_split_refuses_every_truncation) {
    struct json *records = vector_read_json("records.json");
    struct bytes text = json_text_bytes(json_member(json_at(records, 0), "jws"));
    for (size_t len = 0; len < text.len; len++) {
        enum err err = split(bytes_slice(text, 0, len), NULL);
        cr_assert(err == ERR_JWS || err == ERR_BASE64, "%zu: %s", len, err_code(err));
    }
    json_done(records);
}

/* RFC 7515 appendices A.1 (HS256), A.3 (ES256, but without kid and typ) and A.5 (unsecured). */
Test(record_jws, jws_split_refuses_the_examples_of_rfc_7515) {
#define PAYLOAD                                                                                    \
    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVl" \
    "fQ"
    cr_assert(split(bytes_text("eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9." PAYLOAD
                               ".dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"),
                    NULL) == ERR_JWS);
    cr_assert(split(bytes_text("eyJhbGciOiJFUzI1NiJ9." PAYLOAD
                               ".DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApm"
                               "WQxfKTUJqPP3-Kg6NU1Q"),
                    NULL) == ERR_JWS);
    cr_assert(split(bytes_text("eyJhbGciOiJub25lIn0." PAYLOAD "."), NULL) == ERR_JWS);
}

Test(record_jws, jws_split_refuses_each_wrong_header) {
    static const struct {
        const char *from, *to;
        enum err err;
    } edits[] = {
        {"\"alg\":\"ES256K\",", "", ERR_JWS},
        {"\"kid\":\"" KID_TEXT "\",", "", ERR_JWS},
        {",\"typ\":\"" JWS_TYP_RECORD "\"", "", ERR_JWS},
        {"ES256K", "none", ERR_JWS},
        {"ES256K", "HS256", ERR_JWS},
        {"ES256K", "es256k", ERR_JWS},
        {"\"ES256K\"", "1", ERR_JWS},
        {KID_TEXT, "kPrK", ERR_JWS},
        {KID_TEXT, KID_TEXT "A", ERR_JWS},
        {KID_TEXT, "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4l", ERR_JWS}, /* an unused bit */
        {KID_TEXT, "kPrK+qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k", ERR_JWS},
        {"\"" KID_TEXT "\"", "[]", ERR_JWS},
        {JWS_TYP_RECORD, "", ERR_JWS},
        {JWS_TYP_RECORD, "0123456789012345678901234567890123456789012345678901234567890123",
         ERR_JWS},
        {"\"" JWS_TYP_RECORD "\"", "null", ERR_JWS},
        {"{\"alg\"", "{\"crit\":[\"b64\"],\"alg\"", ERR_JWS},
        {"{\"alg\"", "{\"b64\":false,\"alg\"", ERR_JWS},
        {"{\"alg\"", "{\"jku\":\"https://example.com/\",\"alg\"", ERR_JWS},
        {"{\"alg\"", "{\"x5u\":\"https://example.com/\",\"alg\"", ERR_JWS},
        {"{\"alg\"", "{\"x5c\":[],\"alg\"", ERR_JWS},
        {"{\"alg\"", "{\"jwk\":{},\"alg\"", ERR_JWS},
        {"{\"alg\"", "{\"zip\":\"DEF\",\"alg\"", ERR_JWS},
        {"{\"alg\"", "{\"cty\":\"json\",\"alg\"", ERR_JWS},
        {"{\"alg\"", "{\"alg\":\"ES256K\",\"alg\"", ERR_MALFORMED_JSON},
        {"\"alg\"", "\"ALG\"", ERR_JWS},
        {"\"typ\"", "\"tyq\"", ERR_JWS},
        {"}", "", ERR_MALFORMED_JSON},
        {"}", "} {}", ERR_MALFORMED_JSON},
    };
    for (size_t i = 0; i < sizeof edits / sizeof edits[0]; i++) {
        struct problem why = {0};
        struct buf header = text_edit(bytes_text(HEADER), edits[i].from, edits[i].to);
        struct buf text = compact_of(buf_text(&header), bytes_text("{}"));
        enum err err = split(buf_bytes(&text), &why);
        cr_assert(err == edits[i].err, "%s: %s", edits[i].to, err_code(err));
        cr_assert(why.err == err && why.detail[0]);
        buf_done(&header);
        buf_done(&text);
    }
    struct buf good = compact_of(HEADER, bytes_text("{}"));
    cr_assert(split(buf_bytes(&good), NULL) == ERR_OK);
    buf_done(&good);
}

Test(record_jws, jws_split_refuses_headers_that_are_no_objects) {
    static const char *const headers[] = {
        "[\"alg\",\"kid\",\"typ\"]", "null", "3", "\"alg\"", "{}", ""};
    for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++) {
        struct buf text = compact_of(headers[i], bytes_text("{}"));
        enum err err = split(buf_bytes(&text), NULL);
        cr_assert(err == ERR_JWS || err == ERR_MALFORMED_JSON, "%s", headers[i]);
        buf_done(&text);
    }
}

/* Any formatting of the header is the signer's affair: the signing input covers it. */
Test(record_jws, jws_split_takes_a_header_with_spaces_in_any_order) {
    struct buf text = compact_of("{ \"typ\" : \"" JWS_TYP_RECORD "\",\n\"kid\":\"" KID_TEXT
                                 "\", \"alg\":\"ES256K\" }",
                                 bytes_text("{}"));
    cr_assert(split(buf_bytes(&text), NULL) == ERR_OK);
    buf_done(&text);
}

Test(record_jws, jws_split_refuses_loose_structure) {
    struct buf good = compact_of(HEADER, bytes_text("{}"));
    size_t sig = good.len - 86;
    static const char *const tails[] = {".", "=", "==", " ", "\n", "A", ".e30", "~"};
    for (size_t i = 0; i < sizeof tails / sizeof tails[0]; i++) {
        struct buf text;
        buf_init(&text, LIMIT_RECORD);
        cr_assert(buf_add(&text, buf_bytes(&good)) == ERR_OK);
        cr_assert(buf_add_text(&text, tails[i]) == ERR_OK);
        enum err err = split(buf_bytes(&text), NULL);
        cr_assert(err == (tails[i][0] == '.' ? ERR_JWS : ERR_BASE64), "tail \"%s\"", tails[i]);
        buf_done(&text);
    }
    for (size_t i = 0; i < good.len; i++) { /* one character of another alphabet anywhere */
        static const char others[] = "+/= \n\r\t\"";
        for (size_t j = 0; j + 1 < sizeof others; j++) {
            uint8_t before = good.data[i];
            good.data[i] = (uint8_t)others[j];
            cr_assert(split(buf_bytes(&good), NULL) != ERR_OK);
            good.data[i] = before;
        }
    }
    good.data[good.len - 1] =
        'R'; /* the last character holds two bits: 'Q' is 16, 'R' has an unused one */
    cr_assert(split(buf_bytes(&good), NULL) == ERR_BASE64);
    good.data[good.len - 1] = 'Q';
    cr_assert(split(buf_bytes(&good), NULL) == ERR_OK);
    cr_assert(split(bytes_slice(buf_bytes(&good), 0, sig), NULL) == ERR_BASE64, "no signature");
    cr_assert(split(bytes_slice(buf_bytes(&good), 0, sig - 1), NULL) == ERR_JWS, "one dot");
    cr_assert(split(bytes_text(".."), NULL) == ERR_MALFORMED_JSON);
    cr_assert(split(bytes_text("."), NULL) == ERR_JWS);
    cr_assert(split(bytes_text(""), NULL) == ERR_JWS);
    buf_done(&good);
}

Test(record_jws, jws_obeys_its_limit) {
    static uint8_t payload[LIMIT_RECORD];
    memset(payload, ' ', sizeof payload);
    struct key_secret *key = vector_key(KEY_ED25519, "jws");
    struct buf made;
    buf_init(&made, 4 * LIMIT_RECORD);
    size_t len = 0;
    enum err err = ERR_OK;
    for (size_t try = LIMIT_RECORD / 4 * 3; try > 0; try--) { /* the largest that fits */
        buf_clear(&made);
        err = jws_sign(key, "t", bytes_of(payload, try), &made);
        if (err == ERR_OK) {
            len = try;
            break;
        }
        cr_assert(err == ERR_TOO_LARGE && made.len == 0);
    }
    cr_assert(len > 0 && made.len <= LIMIT_RECORD && made.len > LIMIT_RECORD - 4);
    cr_assert(split(buf_bytes(&made), NULL) == ERR_OK);
    cr_assert(buf_add(&made, bytes_of(payload, 4)) == ERR_OK);
    cr_assert(split(buf_bytes(&made), NULL) == ERR_TOO_LARGE);
    buf_done(&made);
    key_secret_done(key);
}

Test(record_jws, the_kid_alone_is_the_one_that_the_whole_has) {
    struct json *records = vector_read_json("records.json");
    for (size_t i = 0; i < json_count(records); i++) {
        struct bytes text = json_text_bytes(json_member(json_at(records, i), "jws"));
        struct arena arena;
        struct jws jws;
        char kid[KEY_KID_LEN + 1] = "";
        arena_init(&arena, LIMIT_RECORD);
        cr_assert(jws_split(text, &arena, &jws, NULL) == ERR_OK);
        cr_assert(jws_kid(text, kid, NULL) == ERR_OK);
        cr_assert_str_eq(kid, jws.kid);
        arena_done(&arena);
    }
    json_done(records);
    static const char *const bad[] = {"", ".", "e30.e30.", "!.a.b", "eyJ", "{}"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct bytes copy = exact_copy(bytes_text(bad[i]));
        char kid[KEY_KID_LEN + 1];
        cr_expect(jws_kid(copy, kid, NULL) != ERR_OK, "%s", bad[i]);
        exact_free(copy);
    }
}
