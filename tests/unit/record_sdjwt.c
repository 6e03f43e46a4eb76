/* SD-JWT: the examples of RFC 9901, round trips, and its section 7.1's list of what must be rejected. */
#include "ledger/record/sdjwt.h"
#include "tests/lib/vector.h"

/* RFC 9901 section 4.2.1: ["_26bc4LT-ac6q2KI6cBW5es", "family_name", "Möbius"], with the digest of section 4.2.3. */
#define MOEBIUS "WyJfMjZiYzRMVC1hYzZxMktJNmNCVzVlcyIsICJmYW1pbHlfbmFtZSIsICJNw7ZiaXVzIl0"
#define MOEBIUS_DIGEST "X9yH0Ajrdm1Oij4tWso9UzzKJvPoDxwmuEcO3XAdRC0"
/* RFC 9901 section 5.1 */
#define JOHN "WyIyR0xDNDJzS1F2ZUNmR2ZyeU5STjl3IiwgImdpdmVuX25hbWUiLCAiSm9obiJd"
#define JOHN_DIGEST "jsu9yVulwQQlhFlM_3JlzMaSFzglhQG0DpfayQwLUK4"
#define DOE "WyJlbHVWNU9nM2dTTklJOEVZbnN4QV9BIiwgImZhbWlseV9uYW1lIiwgIkRvZSJd"
#define DOE_DIGEST "TGf4oLbgwd5JQaHyKVQZU9UdGE0w5rtDsrZzfUaomLo"
#define EMAIL "WyI2SWo3dE0tYTVpVlBHYm9TNXRtdlZBIiwgImVtYWlsIiwgImpvaG5kb2VAZXhhbXBsZS5jb20iXQ"
#define EMAIL_DIGEST "JzYjH4svliH0R3PyEMfeZu6Jt69u5qehZo7F7EPYlSE"

#define SALT "AAAAAAAAAAAAAAAAAAAAAA"

static struct json *json_of(const char *text) {
    struct json *value = NULL;
    cr_assert(json_parse(bytes_text(text), &value, NULL) == ERR_OK, "%s", text);
    return value;
}

static struct sdjwt_list listed(const char *text) {
    struct sdjwt_list list;
    struct problem why = {0};
    cr_assert(sdjwt_list_parse(bytes_text(text), &list, &why) == ERR_OK, "%s", why.detail);
    return list;
}

static enum err list_refused(struct bytes text, struct problem *ret_why) {
    struct sdjwt_list list;
    struct bytes copy = exact_copy(text);
    enum err err = sdjwt_list_parse(copy, &list, ret_why);
    sdjwt_list_done(&list);
    exact_free(copy);
    return err;
}

/* base64url(text) and a tilde. */
static struct buf encoded(const char *text) {
    struct buf out;
    buf_init(&out, 8 * LIMIT_DISCLOSURE);
    cr_assert(base64url_encode(bytes_text(text), &out) == ERR_OK);
    cr_assert(buf_add_byte(&out, '~') == ERR_OK);
    return out;
}

/* -- the RFC's examples -- */

Test(record_sdjwt, disclosures_of_rfc_9901_have_their_digests) {
    static const struct {
        const char *text, *digest, *name, *value;
    } examples[] = {
        {MOEBIUS "~", MOEBIUS_DIGEST, "family_name", "Möbius"},
        {JOHN "~", JOHN_DIGEST, "given_name", "John"},
        {DOE "~", DOE_DIGEST, "family_name", "Doe"},
        {EMAIL "~", EMAIL_DIGEST, "email", "johndoe@example.com"},
    };
    for (size_t i = 0; i < sizeof examples / sizeof examples[0]; i++) {
        char digest[64];
        struct sdjwt_list list = listed(examples[i].text);
        cr_assert(list.count == 1);
        base64url_write(bytes_of(list.items[0].digest, 32), digest);
        cr_assert_str_eq(digest, examples[i].digest);
        cr_assert_str_eq(list.items[0].name, examples[i].name);
        cr_assert_str_eq(json_text(list.items[0].value), examples[i].value);
        sdjwt_list_done(&list);
        sdjwt_list_done(&list);
    }
}

#define PAYLOAD                                                                                    \
    "{\"sub\":\"user_42\",\"_sd\":[\"" DOE_DIGEST "\",\"" EMAIL_DIGEST "\",\"" JOHN_DIGEST         \
    "\"],\"_sd_alg\":\"sha-256\"}"

static enum err verified(const char *payload, const char *disclosures, struct problem *ret_why) {
    struct json *json = json_of(payload);
    struct sdjwt_list list = listed(disclosures);
    enum err err = sdjwt_verify(json, &list, ret_why);
    sdjwt_list_done(&list);
    json_done(json);
    return err;
}

static void merges_to(const char *payload, const char *disclosures, const char *expected) {
    struct json *json = json_of(payload), *before = json_clone(json), *wanted = json_of(expected);
    struct json *merged = NULL;
    struct sdjwt_list list = listed(disclosures);
    cr_assert(sdjwt_verify(json, &list, NULL) == ERR_OK);
    cr_assert(sdjwt_merge(json, &list, &merged) == ERR_OK);
    sdjwt_list_done(&list); /* merged stands on its own */
    cr_assert(json_same(merged, wanted), "%s", expected);
    cr_assert(json_same(json, before), "the payload is left alone");
    json_done(json);
    json_done(before);
    json_done(wanted);
    json_done(merged);
}

Test(record_sdjwt, any_subset_of_disclosures_verifies_and_merges) {
    merges_to(PAYLOAD, "", "{\"sub\":\"user_42\"}");
    merges_to(PAYLOAD, JOHN "~", "{\"sub\":\"user_42\",\"given_name\":\"John\"}");
    merges_to(PAYLOAD, EMAIL "~" DOE "~",
              "{\"sub\":\"user_42\",\"email\":\"johndoe@example.com\",\"family_name\":\"Doe\"}");
    merges_to(PAYLOAD, DOE "~" JOHN "~" EMAIL "~",
              "{\"sub\":\"user_42\",\"email\":\"johndoe@example.com\",\"family_name\":\"Doe\","
              "\"given_name\":\"John\"}");
    merges_to("{\"a\":1}", "", "{\"a\":1}");
    merges_to("{\"_sd\":[\"" JOHN_DIGEST "\"]}", JOHN "~", "{\"given_name\":\"John\"}");
    merges_to("{\"_sd\":[\"" JOHN_DIGEST "\"]}", "", "{}");
}

/* -- cutting -- */

static void cuts_to(const char *text, const char *jws, const char *disclosures, const char *kb,
                    bool tilde) {
    struct bytes got_jws, got_disclosures, got_kb;
    bool got_tilde;
    struct bytes copy = exact_copy(bytes_text(text));
    cr_assert(sdjwt_cut(copy, &got_jws, &got_disclosures, &got_kb, &got_tilde) == ERR_OK);
    cr_assert(bytes_is(got_jws, jws) && bytes_is(got_disclosures, disclosures), "%s", text);
    cr_assert(bytes_is(got_kb, kb) && got_tilde == tilde, "%s", text);
    exact_free(copy);
}

Test(record_sdjwt, sdjwt_cut_finds_the_parts) {
    static uint8_t big[LIMIT_RECORD_PRESENTED + 1];
    struct bytes jws, disclosures, kb;
    bool tilde;
    cuts_to("a.b.c", "a.b.c", "", "", false);
    cuts_to("a.b.c~", "a.b.c", "", "", true);
    cuts_to("a.b.c~d~", "a.b.c", "d~", "", true);
    cuts_to("a.b.c~d~e~", "a.b.c", "d~e~", "", true);
    cuts_to("a.b.c~k", "a.b.c", "", "k", true);
    cuts_to("a.b.c~d~e~k", "a.b.c", "d~e~", "k", true);
    cuts_to("a.b.c~~", "a.b.c", "~", "", true);
    cr_assert(sdjwt_cut(bytes_text(""), &jws, &disclosures, &kb, &tilde) == ERR_JWS);
    cr_assert(sdjwt_cut(bytes_text("~d~"), &jws, &disclosures, &kb, &tilde) == ERR_JWS);
    cr_assert(sdjwt_cut(bytes_of(big, sizeof big), &jws, &disclosures, &kb, &tilde) ==
              ERR_TOO_LARGE);
}

/* -- section 7.1: disclosures of the wrong form -- */

Test(record_sdjwt, sdjwt_list_parse_refuses_each_wrong_disclosure) {
    static const char *const texts[] = {
        "[]",
        "[\"" SALT "\",\"a\"]", /* an array element's disclosure */
        "[\"" SALT "\",\"a\",1,2]",
        "{\"salt\":\"" SALT "\",\"name\":\"a\",\"value\":1}",
        "\"" SALT "\"",
        "null",
        "[\"" SALT "\",1,1]",
        "[\"" SALT "\",null,1]",
        "[\"" SALT "\",\"_sd\",1]",
        "[\"" SALT "\",\"...\",1]",
        "[\"" SALT "\",\"_sd_alg\",\"sha-256\"]",
        "[\"" SALT "\",\"a\",{\"_sd\":[\"" DOE_DIGEST "\"]}]", /* recursive */
        "[\"" SALT "\",\"a\",[{\"...\":\"" DOE_DIGEST "\"}]]",
        "[\"" SALT "\",\"a\",[[{\"b\":{\"_sd\":[]}}]]]",
        "[1,\"a\",1]",
        "[\"\",\"a\",1]",
        "[\"AAAAAAAAAAAAAAAAAAAA\",\"a\",1]", /* 15 bytes */
        "[\"" SALT "==\",\"a\",1]",
        "[\"AAAAAAAAAAAAAAAAAAAAAB\",\"a\",1]", /* an unused bit */
        "[\"" SALT "\",\"a\",1.5]",
        "[\"" SALT "\",\"a\",9007199254740992]",
        "[\"" SALT "\",\"a\",{\"b\":1,\"b\":1}]",
        "[\"" SALT "\",\"a\",[[[[[[[[1]]]]]]]]]",
        "[\"" SALT "\",\"a\",\"\\u0000\"]",
        "[\"" SALT "\",\"a\",\"\xc0\xaf\"]",
        "[\"" SALT "\",\"a\",1] x",
        "[\"" SALT "\",\"a\"",
        "",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct problem why = {0};
        struct buf text = encoded(texts[i]);
        cr_assert(list_refused(buf_bytes(&text), &why) == ERR_DISCLOSURE, "%s", texts[i]);
        cr_assert(why.err == ERR_DISCLOSURE && why.detail[0]);
        buf_done(&text);
    }
}

Test(record_sdjwt, sdjwt_list_parse_takes_any_json_value_in_any_formatting) {
    static const char *const texts[] = {
        "[\"" SALT "\",\"a\",null]",
        "[\"" SALT "\",\"a\",true]",
        "[\"" SALT "\",\"a\",-9007199254740991]",
        "[\"" SALT "\",\"a\",[1,[2,{\"b\":\"c\"}]]]",
        "[\"" SALT "\",\"\",\"\"]",
        " [ \"" SALT "\" ,\n\"a\"\t,\r\n\"M\\u00f6bius\" ] ",
        "[\"_26bc4LT-ac6q2KI6cBW5es\",\"_sd \",\"....\"]",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct problem why = {0};
        struct buf text = encoded(texts[i]);
        cr_assert(list_refused(buf_bytes(&text), &why) == ERR_OK, "%s: %s", texts[i], why.detail);
        buf_done(&text);
    }
}

Test(record_sdjwt, sdjwt_list_parse_refuses_loose_lists) {
    cr_assert(list_refused(bytes_text(""), NULL) == ERR_OK);
    cr_assert(list_refused(bytes_text(JOHN), NULL) == ERR_DISCLOSURE, "no tilde behind it");
    cr_assert(list_refused(bytes_text(JOHN "~" DOE), NULL) == ERR_DISCLOSURE);
    cr_assert(list_refused(bytes_text("~"), NULL) == ERR_DISCLOSURE);
    cr_assert(list_refused(bytes_text(JOHN "~~"), NULL) == ERR_DISCLOSURE);
    cr_assert(list_refused(bytes_text("~" JOHN "~"), NULL) == ERR_DISCLOSURE);
    cr_assert(list_refused(bytes_text(JOHN "=~"), NULL) == ERR_DISCLOSURE);
    cr_assert(list_refused(bytes_text(" " JOHN "~"), NULL) == ERR_DISCLOSURE);
    cr_assert(list_refused(bytes_text(JOHN "\n~"), NULL) == ERR_DISCLOSURE);
}

Test(record_sdjwt, sdjwt_list_parse_obeys_its_limits) {
    struct buf text;
    buf_init(&text, 1024 * 1024);
    for (int i = 0; i < LIMIT_DISCLOSURES; i++) cr_assert(buf_add_text(&text, JOHN "~") == ERR_OK);
    cr_assert(list_refused(buf_bytes(&text), NULL) == ERR_OK);
    cr_assert(buf_add_text(&text, JOHN "~") == ERR_OK);
    cr_assert(list_refused(buf_bytes(&text), NULL) == ERR_DISCLOSURE);
    buf_clear(&text);
    cr_assert(buf_add_text(&text, "[\"" SALT "\",\"a\",\"") == ERR_OK);
    while (text.len < LIMIT_DISCLOSURE / 4 * 3 - 2) cr_assert(buf_add_byte(&text, 'x') == ERR_OK);
    cr_assert(buf_add_text(&text, "\"]") == ERR_OK);
    struct buf exact = encoded(buf_text(&text));
    cr_assert(exact.len == LIMIT_DISCLOSURE + 1);
    cr_assert(list_refused(buf_bytes(&exact), NULL) == ERR_OK);
    cr_assert(buf_add_byte(&text, ' ') == ERR_OK);
    struct buf over = encoded(buf_text(&text));
    cr_assert(list_refused(buf_bytes(&over), NULL) == ERR_DISCLOSURE);
    buf_done(&text);
    buf_done(&exact);
    buf_done(&over);
}

Test(record_sdjwt, a_refusal_repeats_nothing_of_a_disclosure) {
    struct problem why = {0};
    struct buf text = encoded("[\"" SALT "\",\"secret\",{\"_sd\":\"secret\"}]");
    cr_assert(list_refused(buf_bytes(&text), &why) == ERR_DISCLOSURE);
    cr_assert(!strstr(why.detail, "secret") && !strstr(why.detail, SALT));
    buf_done(&text);
}

Test(record_sdjwt, every_truncation_and_every_flipped_byte_fails) {
    struct bytes good = bytes_text(DOE "~" JOHN "~");
    struct json *payload = json_of(PAYLOAD);
    for (size_t len = 1; len < good.len; len++) {
        enum err err = list_refused(bytes_slice(good, 0, len), NULL);
        cr_assert((err == ERR_OK) == (len == strlen(DOE "~")), "%zu bytes", len);
    }
    struct bytes copy = exact_copy(good);
    for (size_t i = 0; i < copy.len; i++) {
        for (unsigned bit = 0; bit < 8; bit++) {
            struct sdjwt_list list;
            uint8_t *at = (uint8_t *)(uintptr_t)copy.data + i;
            *at ^= (uint8_t)(1u << bit);
            enum err err = sdjwt_list_parse(copy, &list, NULL);
            if (!err) err = sdjwt_verify(payload, &list, NULL);
            cr_assert(err == ERR_DISCLOSURE, "byte %zu", i);
            sdjwt_list_done(&list);
            *at ^= (uint8_t)(1u << bit);
        }
    }
    exact_free(copy);
    json_done(payload);
}

/* -- section 7.1: disclosures that do not fit the payload -- */

Test(record_sdjwt, sdjwt_verify_refuses_a_disclosure_that_the_record_does_not_hold) {
    cr_assert(verified(PAYLOAD, MOEBIUS "~", NULL) == ERR_DISCLOSURE);
    cr_assert(verified(PAYLOAD, JOHN "~" MOEBIUS "~", NULL) == ERR_DISCLOSURE);
    cr_assert(verified("{\"a\":1}", JOHN "~", NULL) == ERR_DISCLOSURE);
    cr_assert(verified("{\"_sd\":[]}", JOHN "~", NULL) == ERR_DISCLOSURE);
}

Test(record_sdjwt, sdjwt_verify_refuses_a_disclosure_presented_twice) {
    cr_assert(verified(PAYLOAD, JOHN "~" DOE "~" JOHN "~", NULL) == ERR_DISCLOSURE);
}

Test(record_sdjwt, sdjwt_verify_refuses_two_disclosures_of_one_name) {
    cr_assert(verified("{\"_sd\":[\"" DOE_DIGEST "\",\"" MOEBIUS_DIGEST "\"]}", DOE "~" MOEBIUS "~",
                       NULL) == ERR_DISCLOSURE);
    cr_assert(verified("{\"_sd\":[\"" DOE_DIGEST "\",\"" MOEBIUS_DIGEST "\"]}", DOE "~", NULL) ==
              ERR_OK);
}

Test(record_sdjwt, sdjwt_verify_refuses_the_name_of_a_clear_claim) {
    cr_assert(verified("{\"given_name\":\"Jane\",\"_sd\":[\"" JOHN_DIGEST "\"]}", JOHN "~", NULL) ==
              ERR_DISCLOSURE);
    cr_assert(verified("{\"given_name\":null,\"_sd\":[\"" JOHN_DIGEST "\"]}", JOHN "~", NULL) ==
              ERR_DISCLOSURE);
}

/* A payload whose _sd holds the one disclosure's digest. */
static enum err verified_alone(const char *array) {
    char digest[64];
    struct buf text = encoded(array), payload;
    struct sdjwt_list list = listed(buf_text(&text));
    base64url_write(bytes_of(list.items[0].digest, 32), digest);
    buf_init(&payload, 1024);
    cr_assert(buf_format(&payload, "{\"_sd\":[\"%s\"]}", digest) == ERR_OK);
    struct json *json = json_of(buf_text(&payload));
    enum err err = sdjwt_verify(json, &list, NULL);
    sdjwt_list_done(&list);
    json_done(json);
    buf_done(&text);
    buf_done(&payload);
    return err;
}

/* RFC 9901 section 9.7: what decides on a record's validity must not be hidden. Here: every claim that nodes read. */
Test(record_sdjwt, sdjwt_verify_refuses_hidden_common_claims) {
    static const char *const names[] = {"iss", "aud", "iat", "jti",  "vct",     "act",
                                        "ref", "doc", "cnf", "tags", "replaces"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char array[96];
        (void)snprintf(array, sizeof array, "[\"" SALT "\",\"%s\",1]", names[i]);
        cr_assert(verified_alone(array) == ERR_DISCLOSURE, "%s", names[i]);
    }
    cr_assert(verified_alone("[\"" SALT "\",\"name\",1]") == ERR_OK);
}

Test(record_sdjwt, sdjwt_verify_refuses_payloads_that_are_not_flat_and_well_formed) {
    static const char *const payloads[] = {
        "{\"_sd\":[\"" JOHN_DIGEST "\"],\"_sd_alg\":\"sha-512\"}",
        "{\"_sd\":[\"" JOHN_DIGEST "\"],\"_sd_alg\":\"SHA-256\"}",
        "{\"_sd\":[\"" JOHN_DIGEST "\"],\"_sd_alg\":256}",
        "{\"_sd\":[\"" JOHN_DIGEST "\",\"" JOHN_DIGEST "\"]}",
        "{\"_sd\":[\"" JOHN_DIGEST "\",\"" DOE_DIGEST "\",\"" JOHN_DIGEST "\"]}",
        "{\"_sd\":[\"" JOHN_DIGEST "\",1]}",
        "{\"_sd\":[\"" JOHN_DIGEST "\",\"x\"]}",
        "{\"_sd\":\"" JOHN_DIGEST "\"}",
        "{\"_sd\":{\"a\":\"" JOHN_DIGEST "\"}}",
        "{\"_sd\":null}",
        "{\"_sd\":[\"" JOHN_DIGEST "\"],\"a\":{\"_sd\":[\"" DOE_DIGEST "\"]}}",
        "{\"_sd\":[\"" JOHN_DIGEST "\"],\"a\":[{\"...\":\"" DOE_DIGEST "\"}]}",
        "{\"_sd\":[\"" JOHN_DIGEST "\"],\"a\":[[{\"b\":[{\"...\":1}]}]]}",
        "{\"_sd\":[\"" JOHN_DIGEST "\"],\"a\":{\"_sd_alg\":\"sha-256\"}}",
        "{\"_sd\":[\"" JOHN_DIGEST "\"],\"...\":1}",
        "[\"" JOHN_DIGEST "\"]",
        "null",
    };
    for (size_t i = 0; i < sizeof payloads / sizeof payloads[0]; i++) {
        struct problem why = {0};
        cr_assert(verified(payloads[i], "", &why) == ERR_DISCLOSURE, "%s", payloads[i]);
        cr_assert(why.detail[0] && why.err == ERR_DISCLOSURE);
    }
    cr_assert(verified("{\"_sd\":[\"" JOHN_DIGEST "\"]}", "", NULL) == ERR_OK);
}

/* -- making -- */

/* C before C23 wants a cast to add const to an array behind a pointer. */
static enum err seal(struct json *payload, uint8_t (*digests)[32], size_t count) {
    return sdjwt_seal(payload, (const uint8_t(*)[32])digests, count);
}

struct made {
    struct buf text;
    uint8_t digests[4][32];
    size_t count;
};

static void make(struct made *made, uint8_t salt_byte, const char *name, const char *value) {
    uint8_t salt[LIMIT_SALT_MIN];
    struct json *json = json_of(value);
    memset(salt, salt_byte, sizeof salt);
    cr_assert(sdjwt_disclose(salt, name, json, &made->text, made->digests[made->count++]) ==
              ERR_OK);
    cr_assert(buf_add_byte(&made->text, '~') == ERR_OK);
    json_done(json);
}

Test(record_sdjwt, what_is_disclosed_and_sealed_verifies_and_merges) {
    struct made made = {0};
    struct json *payload = json_of("{\"kind\":\"fixed\"}"), *merged = NULL;
    struct json *expected = json_of("{\"kind\":\"fixed\",\"wage\":850000,\"place\":\"厦门\","
                                    "\"terms\":[{\"a\":null}],\"b\":false}");
    buf_init(&made.text, LIMIT_RECORD_PRESENTED);
    make(&made, 1, "wage", "850000");
    make(&made, 2, "place", "\"厦门\"");
    make(&made, 3, "terms", "[{\"a\":null}]");
    make(&made, 4, "b", "false");
    cr_assert(seal(payload, made.digests, made.count) == ERR_OK);
    const struct json *sd = json_member(payload, "_sd");
    cr_assert(json_count(sd) == 4);
    for (size_t i = 1; i < 4; i++)
        cr_assert(strcmp(json_text(json_at(sd, i - 1)), json_text(json_at(sd, i))) < 0);
    cr_assert_str_eq(json_text(json_member(payload, "_sd_alg")), "sha-256");
    struct sdjwt_list list = listed(buf_text(&made.text));
    cr_assert(list.count == 4);
    for (size_t i = 0; i < 4; i++)
        cr_assert(memcmp(list.items[i].digest, made.digests[i], 32) == 0);
    cr_assert(sdjwt_verify(payload, &list, NULL) == ERR_OK);
    cr_assert(sdjwt_merge(payload, &list, &merged) == ERR_OK && json_same(merged, expected));
    sdjwt_list_done(&list);
    json_done(payload);
    json_done(merged);
    json_done(expected);
    buf_done(&made.text);
}

/* The disclosures of tests/vectors/records.json were made by make_record.py. */
Test(record_sdjwt, sdjwt_disclose_gives_the_vectors) {
    struct json *records = vector_read_json("records.json");
    const struct json *texts = json_member(json_at(records, 0), "disclosures");
    static const struct {
        const char *salt, *name, *value;
    } fields[] = {{"salt 1", "contract_no", "\"HT-2026-0001\""},
                  {"salt 2", "wage_amount", "850000"}};
    for (size_t i = 0; i < 2; i++) {
        uint8_t salt[32], digest[32];
        struct buf out;
        struct json *value = json_of(fields[i].value);
        buf_init(&out, LIMIT_DISCLOSURE);
        sha256(bytes_text(fields[i].salt), salt);
        cr_assert(sdjwt_disclose(salt, fields[i].name, value, &out, digest) == ERR_OK);
        cr_assert(bytes_equal(buf_bytes(&out), json_text_bytes(json_at(texts, i))));
        buf_done(&out);
        json_done(value);
    }
    json_done(records);
}

Test(record_sdjwt, another_salt_gives_another_digest) {
    struct made made = {0};
    buf_init(&made.text, LIMIT_RECORD_PRESENTED);
    make(&made, 1, "a", "1");
    make(&made, 2, "a", "1");
    make(&made, 1, "a", "1");
    cr_assert(memcmp(made.digests[0], made.digests[1], 32) != 0);
    cr_assert(memcmp(made.digests[0], made.digests[2], 32) == 0);
    struct json *payload = json_new_object();
    cr_assert(seal(payload, made.digests, 3) == ERR_DISCLOSURE, "one digest twice");
    cr_assert(seal(payload, made.digests, 0) == ERR_OK);
    cr_assert(json_count(payload) == 0, "nothing was put");
    json_done(payload);
    buf_done(&made.text);
}

Test(record_sdjwt, sdjwt_disclose_refuses_what_could_not_be_verified) {
    static const uint8_t salt[LIMIT_SALT_MIN];
    uint8_t digest[32];
    struct buf out;
    struct json *plain = json_of("1"), *nested = json_of("{\"a\":[{\"_sd\":[]}]}");
    buf_init(&out, LIMIT_DISCLOSURE);
    cr_assert(sdjwt_disclose(salt, "_sd", plain, &out, digest) == ERR_DISCLOSURE);
    cr_assert(sdjwt_disclose(salt, "...", plain, &out, digest) == ERR_DISCLOSURE);
    cr_assert(sdjwt_disclose(salt, "_sd_alg", plain, &out, digest) == ERR_DISCLOSURE);
    cr_assert(sdjwt_disclose(salt, "iss", plain, &out, digest) == ERR_DISCLOSURE);
    cr_assert(sdjwt_disclose(salt, "a", nested, &out, digest) == ERR_DISCLOSURE);
    cr_assert(out.len == 0);
    json_done(plain);
    json_done(nested);
    buf_done(&out);
}

Test(record_sdjwt, sdjwt_seal_obeys_its_limit) {
    static uint8_t digests[LIMIT_DISCLOSURES + 1][32];
    struct json *payload = json_new_object();
    for (size_t i = 0; i <= LIMIT_DISCLOSURES; i++) sha256(bytes_of(&i, sizeof i), digests[i]);
    cr_assert(seal(payload, digests, LIMIT_DISCLOSURES + 1) == ERR_TOO_LARGE);
    cr_assert(json_count(payload) == 0);
    cr_assert(seal(payload, digests, LIMIT_DISCLOSURES) == ERR_OK);
    cr_assert(json_count(json_member(payload, "_sd")) == LIMIT_DISCLOSURES);
    json_done(payload);
}
