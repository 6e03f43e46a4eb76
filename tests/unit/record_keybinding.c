/* Key binding: RFC 9901's own example, vectors of another implementation, round trips with every algorithm, and everything that section 7.3 rejects. */
#include "ledger/record/keybinding.h"

#include "ledger/record/sdjwt.h"
#include "tests/lib/vector.h"

#define AUD "https://court.example/cases/1"
#define NONCE "4f2a9c"
#define IAT 1795500000

/* -- presentations -- */

static struct record *record_of(struct bytes presentation) {
    struct record *record = NULL;
    struct problem why = {0};
    struct bytes jws = bytes_slice(presentation, 0, bytes_find(presentation, '~', 0));
    cr_assert(record_parse(jws, &record, &why) == ERR_OK, "%s", why.detail);
    return record;
}

static enum err read_kb(struct bytes kb, struct bytes presentation, const struct record *record,
                        struct keybinding *ret, struct problem *ret_why) {
    struct bytes copy = exact_copy(kb);
    memset(ret_why, 0, sizeof *ret_why);
    enum err err = keybinding_read(copy, presentation, record, ret, ret_why);
    exact_free(copy);
    cr_assert(!err || err == ret_why->err, "a refusal explains itself");
    cr_assert(!err || ret_why->detail[0]);
    return err;
}

/* A record of the vectors' ledger with that holder, and two disclosures shown. */
struct shown {
    struct key_secret *holder;
    struct buf text;
    struct record *record;
};

static struct shown show(enum key_alg alg, bool with_cnf) {
    struct json *vectors = vector_read_json("keybinding.json"), *payload = NULL, *cnf;
    struct bytes presentation = json_text_bytes(json_member(json_at(vectors, 1), "presentation"));
    struct record *old = record_of(presentation);
    struct key_secret *operator= vector_key(KEY_ES256K, "operator");
    struct shown shown = {.holder = vector_key(alg, "a holder")};
    struct buf text;
    cr_assert(payload = json_clone(old->payload));
    json_remove(payload, "cnf");
    cr_assert(cnf = json_new_object());
    cr_assert(json_put(cnf, "jwk", key_public_jwk(key_secret_public(shown.holder))) == ERR_OK);
    if (with_cnf)
        cr_assert(json_put(payload, "cnf", cnf) == ERR_OK);
    else
        json_done(cnf);
    buf_init(&text, LIMIT_RECORD);
    buf_init(&shown.text, LIMIT_RECORD_PRESENTED);
    cr_assert(json_format(payload, &text) == ERR_OK);
    cr_assert(jws_sign(operator, JWS_TYP_RECORD, buf_bytes(&text), &shown.text) == ERR_OK);
    cr_assert(buf_add(&shown.text, bytes_slice(presentation, bytes_find(presentation, '~', 0),
                                               presentation.len)) == ERR_OK);
    shown.record = record_of(buf_bytes(&shown.text));
    buf_done(&text);
    json_done(payload);
    record_done(old);
    key_secret_done(operator);
    json_done(vectors);
    return shown;
}

static void shown_done(struct shown *shown) {
    key_secret_done(shown->holder);
    buf_done(&shown->text);
    record_done(shown->record);
}

/* A KB-JWT of that payload and typ, whatever they are. */
static struct buf kb_of(const struct key_secret *key, const char *typ, const char *payload) {
    struct buf out;
    buf_init(&out, LIMIT_RECORD);
    cr_assert(jws_sign_bare(key, typ, bytes_text(payload), &out) == ERR_OK);
    return out;
}

static void hash_text(const struct shown *shown, char ret[64]) {
    uint8_t hash[32];
    sha256(buf_bytes(&shown->text), hash);
    base64url_write(bytes_of(hash, sizeof hash), ret);
}

/* -- what others made -- */

Test(record_keybinding, rfc_9901_section_5_2_verifies) {
    struct buf text = vector_read("rfc9901.txt");
    struct bytes jws, disclosures, kb, whole = bytes_slice(buf_bytes(&text), 0, text.len - 1);
    struct problem why;
    struct keybinding binding;
    struct record record; /* not one of ours: only its payload is looked at */
    struct buf payload;
    bool tilde;
    cr_assert(sdjwt_cut(whole, &jws, &disclosures, &kb, &tilde) == ERR_OK && tilde);
    size_t dot = bytes_find(jws, '.', 0), second = bytes_find(jws, '.', dot + 1);
    memset(&record, 0, sizeof record);
    buf_init(&payload, LIMIT_RECORD);
    cr_assert(base64url_decode(bytes_slice(jws, dot + 1, second), &payload) == ERR_OK);
    cr_assert(json_parse(buf_bytes(&payload), &record.payload, NULL) == ERR_OK);
    struct bytes shown = bytes_slice(whole, 0, whole.len - kb.len);
    cr_assert(read_kb(kb, shown, &record, &binding, &why) == ERR_OK, "%s", why.detail);
    cr_assert_str_eq(binding.aud, "https://verifier.example.org");
    cr_assert_str_eq(binding.nonce, "1234567890");
    cr_assert(binding.iat == 1748537244 && !binding.has_exp && !binding.has_nbf);
    cr_assert(read_kb(kb, bytes_slice(shown, 0, shown.len - 1), &record, &binding, &why) ==
              ERR_DISCLOSURE);
    json_done(record.payload);
    buf_done(&payload);
    buf_done(&text);
}

Test(record_keybinding, vectors_are_read_and_made_byte_for_byte) {
    struct json *vectors = vector_read_json("keybinding.json");
    for (size_t i = 0; i < json_count(vectors); i++) {
        const struct json *one = json_at(vectors, i);
        struct bytes shown = json_text_bytes(json_member(one, "presentation"));
        struct bytes kb = json_text_bytes(json_member(one, "kb"));
        struct record *record = record_of(shown);
        struct keybinding binding;
        struct problem why;
        uint8_t secret[32];
        enum key_alg alg;
        struct key_secret *key = NULL;
        struct buf made;
        cr_assert(read_kb(kb, shown, record, &binding, &why) == ERR_OK, "%s", why.detail);
        cr_assert_str_eq(binding.aud, AUD);
        cr_assert_str_eq(binding.nonce, NONCE);
        cr_assert(binding.iat == IAT);
        cr_assert(key_alg_from_name(json_text_bytes(json_member(one, "alg")), &alg));
        cr_assert(hex_decode(json_text_bytes(json_member(one, "secret")), secret, 32) == ERR_OK);
        cr_assert(key_secret_from_bytes(alg, secret, &key) == ERR_OK);
        cr_assert_str_eq(binding.kid, key_secret_public(key)->kid);
        buf_init(&made, LIMIT_RECORD);
        cr_assert(keybinding_sign(key, shown, AUD, NONCE, IAT, &made) == ERR_OK);
        cr_assert(bytes_equal(buf_bytes(&made), kb), "%zu", i);
        const struct json *high = json_member(one, "kb_high");
        if (high)
            cr_assert(read_kb(json_text_bytes(high), shown, record, &binding, &why) == ERR_OK);
        buf_done(&made);
        key_secret_done(key);
        record_done(record);
    }
    json_done(vectors);
}

/* -- ours -- */

Test(record_keybinding, every_algorithm_makes_what_it_reads) {
    for (unsigned alg = 0; alg < KEY_ALG_COUNT; alg++) {
        struct shown shown = show((enum key_alg)alg, true);
        struct keybinding binding;
        struct problem why;
        struct buf kb;
        buf_init(&kb, LIMIT_RECORD);
        cr_assert(keybinding_sign(shown.holder, buf_bytes(&shown.text), "法院", "随机数", IAT,
                                  &kb) == ERR_OK);
        cr_assert(read_kb(buf_bytes(&kb), buf_bytes(&shown.text), shown.record, &binding, &why) ==
                  ERR_OK);
        cr_assert_str_eq(binding.aud, "法院");
        cr_assert_str_eq(binding.nonce, "随机数");
        buf_done(&kb);
        shown_done(&shown);
    }
}

Test(record_keybinding, every_flipped_bit_is_refused) {
    struct json *vectors = vector_read_json("keybinding.json");
    const struct json *one = json_at(vectors, 1); /* Ed25519: no second form of a signature */
    struct bytes shown = json_text_bytes(json_member(one, "presentation"));
    struct bytes kb = json_text_bytes(json_member(one, "kb"));
    struct record *record = record_of(shown);
    struct keybinding binding;
    struct problem why;
    for (size_t bit = 0; bit < kb.len * 8; bit++) {
        struct bytes copy = exact_copy(kb);
        ((uint8_t *)(uintptr_t)copy.data)[bit / 8] ^= (uint8_t)(1u << bit % 8);
        cr_assert(keybinding_read(copy, shown, record, &binding, &why) != ERR_OK, "bit %zu", bit);
        exact_free(copy);
    }
    for (size_t bit = 0; bit < shown.len * 8; bit++) {
        struct bytes copy = exact_copy(shown);
        ((uint8_t *)(uintptr_t)copy.data)[bit / 8] ^= (uint8_t)(1u << bit % 8);
        cr_assert(keybinding_read(kb, copy, record, &binding, &why) == ERR_DISCLOSURE, "%zu", bit);
        exact_free(copy);
    }
    record_done(record);
    json_done(vectors);
}

Test(record_keybinding, the_key_must_be_the_records_own) {
    struct shown shown = show(KEY_ES256K, true), nobody = show(KEY_ES256K, false);
    struct key_secret *other = vector_key(KEY_ES256K, "another holder");
    struct key_secret *curve = vector_key(KEY_ED25519, "a holder");
    struct keybinding binding;
    struct problem why;
    struct buf kb;
    buf_init(&kb, LIMIT_RECORD);
    cr_assert(keybinding_sign(other, buf_bytes(&shown.text), AUD, NONCE, IAT, &kb) == ERR_OK);
    cr_assert(read_kb(buf_bytes(&kb), buf_bytes(&shown.text), shown.record, &binding, &why) ==
              ERR_SIGNATURE_INVALID);
    buf_clear(&kb);
    cr_assert(keybinding_sign(curve, buf_bytes(&shown.text), AUD, NONCE, IAT, &kb) == ERR_OK);
    cr_assert(read_kb(buf_bytes(&kb), buf_bytes(&shown.text), shown.record, &binding, &why) ==
              ERR_ALG_MISMATCH);
    buf_clear(&kb);
    cr_assert(keybinding_sign(nobody.holder, buf_bytes(&nobody.text), AUD, NONCE, IAT, &kb) ==
              ERR_OK);
    cr_assert(read_kb(buf_bytes(&kb), buf_bytes(&nobody.text), nobody.record, &binding, &why) ==
              ERR_NOT_FOUND);
    buf_done(&kb);
    key_secret_done(other);
    key_secret_done(curve);
    shown_done(&shown);
    shown_done(&nobody);
}

Test(record_keybinding, form_is_strict) {
    struct shown shown = show(KEY_ED25519, true);
    char hash[64];
    hash_text(&shown, hash);
    static const struct {
        const char *payload; /* %s: sd_hash */
        enum err err;
        const char *pointer;
    } cases[] = {
        {"{\"iat\":1,\"aud\":\"a\",\"nonce\":\"n\",\"sd_hash\":\"%s\"}", ERR_OK, ""},
        {"{\"iat\":1,\"aud\":\"a\",\"nonce\":\"n\",\"sd_hash\":\"%s\",\"nbf\":1,\"exp\":2}", ERR_OK,
         ""},
        {"{\"iat\":1,\"aud\":\"a\",\"nonce\":\"n\",\"sd_hash\":\"%s\",\"more\":[1]}", ERR_OK, ""},
        {"{\"aud\":\"a\",\"nonce\":\"n\",\"sd_hash\":\"%s\"}", ERR_SCHEMA, "/iat"},
        {"{\"iat\":\"1\",\"aud\":\"a\",\"nonce\":\"n\",\"sd_hash\":\"%s\"}", ERR_SCHEMA, "/iat"},
        {"{\"iat\":-1,\"aud\":\"a\",\"nonce\":\"n\",\"sd_hash\":\"%s\"}", ERR_SCHEMA, "/iat"},
        {"{\"iat\":1,\"nonce\":\"n\",\"sd_hash\":\"%s\"}", ERR_SCHEMA, "/aud"},
        {"{\"iat\":1,\"aud\":[\"a\"],\"nonce\":\"n\",\"sd_hash\":\"%s\"}", ERR_SCHEMA, "/aud"},
        {"{\"iat\":1,\"aud\":\"\",\"nonce\":\"n\",\"sd_hash\":\"%s\"}", ERR_SCHEMA, "/aud"},
        {"{\"iat\":1,\"aud\":\"a\",\"sd_hash\":\"%s\"}", ERR_SCHEMA, "/nonce"},
        {"{\"iat\":1,\"aud\":\"a\",\"nonce\":7,\"sd_hash\":\"%s\"}", ERR_SCHEMA, "/nonce"},
        {"{\"iat\":1,\"aud\":\"a\",\"nonce\":\"n\",\"nbf\":\"x\",\"sd_hash\":\"%s\"}", ERR_SCHEMA,
         "/nbf"},
        {"{\"iat\":1,\"aud\":\"a\",\"nonce\":\"n\",\"exp\":null,\"sd_hash\":\"%s\"}", ERR_SCHEMA,
         "/exp"},
        {"{\"iat\":1,\"aud\":\"a\",\"nonce\":\"n\",\"_sd_hash\":\"%s\"}", ERR_DISCLOSURE,
         "/sd_hash"},
        {"{\"iat\":1,\"aud\":\"a\",\"nonce\":\"n\",\"sd_hash\":[\"%s\"]}", ERR_DISCLOSURE,
         "/sd_hash"},
        {"{\"iat\":1,\"aud\":\"a\",\"nonce\":\"n\",\"sd_hash\":\"%s=\"}", ERR_DISCLOSURE,
         "/sd_hash"},
        {"{\"iat\":1,\"aud\":\"a\",\"aud\":\"b\",\"nonce\":\"n\",\"sd_hash\":\"%s\"}",
         ERR_MALFORMED_JSON, ""},
        {"{\"iat\":1.5,\"aud\":\"a\",\"nonce\":\"n\",\"sd_hash\":\"%s\"}", ERR_MALFORMED_JSON, ""},
        {"[\"%s\"]", ERR_SCHEMA, ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char payload[512];
        struct keybinding binding;
        struct problem why;
        const char *cut = strstr(cases[i].payload, "%s");
        (void)snprintf(payload, sizeof payload, "%.*s%s%s", (int)(cut - cases[i].payload),
                       cases[i].payload, hash, cut + 2);
        struct buf kb = kb_of(shown.holder, KEYBINDING_TYP, payload);
        enum err err =
            read_kb(buf_bytes(&kb), buf_bytes(&shown.text), shown.record, &binding, &why);
        cr_assert(err == cases[i].err, "%s: %s %s", payload, err_code(err), why.detail);
        if (err) cr_assert_str_eq(why.pointer, cases[i].pointer);
        buf_done(&kb);
    }
    shown_done(&shown);
}

Test(record_keybinding, no_other_token_passes_for_a_key_binding) {
    struct shown shown = show(KEY_ED25519, true);
    struct keybinding binding;
    struct problem why;
    char hash[64], payload[512];
    static const char *const typs[] = {"JWT", "kb+JWT", "application/kb+jwt", JWS_TYP_RECORD};
    hash_text(&shown, hash);
    (void)snprintf(payload, sizeof payload,
                   "{\"iat\":1,\"aud\":\"a\",\"nonce\":\"n\",\"sd_hash\":\"%s\"}", hash);
    for (size_t i = 0; i < sizeof typs / sizeof *typs; i++) {
        struct buf kb = kb_of(shown.holder, typs[i], payload);
        cr_assert(read_kb(buf_bytes(&kb), buf_bytes(&shown.text), shown.record, &binding, &why) ==
                  ERR_JWS);
        buf_done(&kb);
    }
    struct buf keyed; /* with a kid, as a record has it */
    buf_init(&keyed, LIMIT_RECORD);
    cr_assert(jws_sign(shown.holder, KEYBINDING_TYP, bytes_text(payload), &keyed) == ERR_OK);
    cr_assert(read_kb(buf_bytes(&keyed), buf_bytes(&shown.text), shown.record, &binding, &why) ==
              ERR_JWS);
    buf_done(&keyed);
    static const char *const headers[] = {
        "{\"alg\":\"none\",\"typ\":\"kb+jwt\"}",
        "{\"alg\":\"HS256\",\"typ\":\"kb+jwt\"}",
        "{\"alg\":\"Ed25519\"}",
        "{\"typ\":\"kb+jwt\"}",
        "{\"alg\":\"Ed25519\",\"crit\":[\"b64\"],\"typ\":\"kb+jwt\"}",
        "[]"};
    for (size_t i = 0; i < sizeof headers / sizeof *headers; i++) {
        struct buf kb;
        buf_init(&kb, LIMIT_RECORD);
        cr_assert(base64url_encode(bytes_text(headers[i]), &kb) == ERR_OK);
        cr_assert(buf_add_byte(&kb, '.') == ERR_OK);
        cr_assert(base64url_encode(bytes_text(payload), &kb) == ERR_OK);
        cr_assert(buf_add_byte(&kb, '.') == ERR_OK);
        for (int j = 0; j < 86; j++) cr_assert(buf_add_byte(&kb, 'A') == ERR_OK);
        cr_assert(read_kb(buf_bytes(&kb), buf_bytes(&shown.text), shown.record, &binding, &why) ==
                  ERR_JWS);
        buf_done(&kb);
    }
    static const char *const texts[] = {"", ".", "..", "a.b", "....", "~"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        cr_assert(read_kb(bytes_text(texts[i]), buf_bytes(&shown.text), shown.record, &binding,
                          &why) != ERR_OK);
    shown_done(&shown);
}

Test(record_keybinding, a_record_is_no_bare_jws_and_the_other_way_round) {
    struct shown shown = show(KEY_ED25519, true);
    struct arena arena;
    struct jws jws;
    struct problem why;
    struct bytes text = buf_bytes(&shown.text);
    struct bytes record = bytes_slice(text, 0, bytes_find(text, '~', 0));
    struct buf kb = kb_of(shown.holder, KEYBINDING_TYP, "{}");
    arena_init(&arena, 4 * LIMIT_RECORD);
    cr_assert(jws_split_bare(record, &arena, &jws, &why) == ERR_JWS);
    cr_assert(jws_split(buf_bytes(&kb), &arena, &jws, &why) == ERR_JWS);
    cr_assert(jws_split_bare(buf_bytes(&kb), &arena, &jws, &why) == ERR_OK);
    cr_assert(!jws.kid[0] && jws_verify(&jws, key_secret_public(shown.holder)) == ERR_ALG_MISMATCH);
    cr_assert(jws_verify_bare(&jws, key_secret_public(shown.holder)) == ERR_OK);
    cr_assert(jws_split(record, &arena, &jws, &why) == ERR_OK);
    struct key_secret *operator= vector_key(KEY_ES256K, "operator");
    cr_assert(jws_verify_bare(&jws, key_secret_public(operator)) == ERR_ALG_MISMATCH);
    key_secret_done(operator);
    arena_done(&arena);
    buf_done(&kb);
    shown_done(&shown);
}

Test(record_keybinding, audience_and_nonce_have_limits) {
    struct shown shown = show(KEY_ED25519, true);
    char longest[LIMIT_AUDIENCE + 2];
    struct buf kb;
    memset(longest, 'a', sizeof longest - 1);
    longest[LIMIT_AUDIENCE + 1] = 0;
    buf_init(&kb, LIMIT_RECORD);
    cr_assert(!keybinding_text_valid("") && !keybinding_text_valid(longest));
    cr_assert(!keybinding_text_valid("\xff"));
    cr_assert(keybinding_sign(shown.holder, buf_bytes(&shown.text), longest, "n", 1, &kb) ==
              ERR_REQUEST);
    cr_assert(keybinding_sign(shown.holder, buf_bytes(&shown.text), "a", "", 1, &kb) ==
              ERR_REQUEST);
    cr_assert(kb.len == 0);
    longest[LIMIT_AUDIENCE] = 0;
    cr_assert(keybinding_sign(shown.holder, buf_bytes(&shown.text), longest, longest, 1, &kb) ==
              ERR_OK);
    buf_done(&kb);
    shown_done(&shown);
}

/* -- what a verifier asks -- */

Test(record_keybinding, a_demand_is_met_by_its_audience_nonce_and_time_alone) {
    static const struct {
        const char *audience, *nonce;
        int64_t now, max_age;
        enum err err;
    } cases[] = {
        {AUD, NONCE, IAT, 300, ERR_OK},
        {AUD, NONCE, IAT + 300, 300, ERR_OK},
        {AUD, NONCE, IAT + 301, 300, ERR_WINDOW},
        {AUD, NONCE, IAT + 301, 0, ERR_OK},
        {AUD, NONCE, IAT - KEYBINDING_AHEAD_S, 300, ERR_OK},
        {AUD, NONCE, IAT - KEYBINDING_AHEAD_S - 1, 300, ERR_WINDOW},
        {AUD, NONCE, IAT - KEYBINDING_AHEAD_S - 1, 0, ERR_WINDOW},
        {AUD, NONCE, 0, 300, ERR_OK},
        {"https://court.example/cases/2", NONCE, IAT, 300, ERR_AUDIENCE},
        {AUD "/", NONCE, IAT, 300, ERR_AUDIENCE},
        {AUD, "4F2A9C", IAT, 300, ERR_AUDIENCE},
        {AUD, "", IAT, 300, ERR_AUDIENCE},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct keybinding binding = {.aud = AUD, .nonce = NONCE, .iat = IAT};
        struct keybinding_demand demand = {cases[i].audience, cases[i].nonce, cases[i].now,
                                           cases[i].max_age};
        struct problem why = {0};
        cr_assert(keybinding_meets(&binding, &demand, &why) == cases[i].err, "%zu", i);
        cr_assert(!cases[i].err || why.detail[0]);
    }
}

Test(record_keybinding, nbf_and_exp_count_where_they_are) {
    struct keybinding binding = {
        .aud = AUD, .nonce = NONCE, .iat = IAT, .has_exp = true, .exp = IAT + 10};
    struct keybinding_demand demand = {AUD, NONCE, IAT + 9, 300};
    struct problem why;
    cr_assert(keybinding_meets(&binding, &demand, &why) == ERR_OK);
    demand.now_s++;
    cr_assert(keybinding_meets(&binding, &demand, &why) == ERR_WINDOW);
    binding.has_exp = false;
    binding.has_nbf = true;
    binding.nbf = demand.now_s + KEYBINDING_AHEAD_S;
    cr_assert(keybinding_meets(&binding, &demand, &why) == ERR_OK);
    binding.nbf++;
    cr_assert(keybinding_meets(&binding, &demand, &why) == ERR_WINDOW);
}
