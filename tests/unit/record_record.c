/* Records: the vectors of tests/vectors (make_record.py), and one test for every reason to refuse one (FORMATS, section 1). */
#include "ledger/record/record.h"
#include "tests/lib/vector.h"

#define HEADER "{\"alg\":\"ES256K\",\"kid\":\"" KID_TEXT "\",\"typ\":\"" JWS_TYP_RECORD "\"}"
#define B32 "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" /* base64url of 32 zero bytes */
#define HEX32 "0000000000000000000000000000000000000000000000000000000000000000"
#define JWK                                                                                        \
    "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}"

static struct record *parsed(struct bytes compact) {
    struct record *record = NULL;
    struct problem why = {0};
    struct bytes copy = exact_copy(compact);
    cr_assert(record_parse(copy, &record, &why) == ERR_OK, "%s", why.detail);
    exact_free(copy); /* the record owns everything */
    return record;
}

static enum err refused(struct bytes compact, struct problem *ret_why) {
    struct record *record = NULL;
    struct bytes copy = exact_copy(compact);
    enum err err = record_parse(copy, &record, ret_why);
    exact_free(copy);
    record_done(record);
    return err;
}

static bool hex_is(const struct json *text, const uint8_t *data, size_t len) {
    char hex[2 * LEAF_LEN + 1];
    hex_encode(bytes_of(data, len), hex);
    return bytes_is(json_text_bytes(text), hex);
}

/* -- vectors -- */

Test(record_record, record_has_the_id_hash_and_leaf_of_the_vectors) {
    struct json *records = vector_read_json("records.json");
    for (size_t i = 0; i < json_count(records); i++) {
        const struct json *entry = json_at(records, i);
        struct bytes jws = json_text_bytes(json_member(entry, "jws"));
        struct record *record = parsed(jws);
        struct key_public key;
        uint8_t leaf[LEAF_LEN];
        int64_t time_ms = 0;
        cr_assert(bytes_equal(record->canonical, jws));
        cr_assert(hex_is(json_member(entry, "id"), record->id, sizeof record->id));
        cr_assert(hex_is(json_member(entry, "hash"), record->hash, sizeof record->hash));
        cr_assert(json_int(json_member(entry, "leaf_time"), &time_ms));
        leaf_encode((uint64_t)time_ms, record->hash, leaf);
        cr_assert(hex_is(json_member(entry, "leaf"), leaf, sizeof leaf));
        cr_assert(key_public_from_jwk(json_member(entry, "jwk"), &key, NULL) == ERR_OK);
        cr_assert(jws_verify(&record->jws, &key) == ERR_OK);
        key_public_done(&key);
        record_done(record);
    }
    record_done(NULL);
    json_done(records);
}

/* printf %s "${jws%.*}" | sha256sum */
Test(record_record, record_id_is_the_sha256_of_what_stands_before_the_last_dot) {
    struct json *records = vector_read_json("records.json");
    struct bytes jws = json_text_bytes(json_member(json_at(records, 0), "jws"));
    struct record *record = parsed(jws);
    size_t dot = jws.len;
    uint8_t id[32], hash[32];
    while (jws.data[dot - 1] != '.') dot--;
    sha256(bytes_slice(jws, 0, dot - 1), id);
    sha256(jws, hash);
    cr_assert(memcmp(record->id, id, 32) == 0 && memcmp(record->hash, hash, 32) == 0);
    record_done(record);
    json_done(records);
}

Test(record_record, record_of_high_s_is_the_same_record) {
    struct json *records = vector_read_json("records.json");
    const struct json *entry = json_at(records, 0);
    struct record *record = parsed(json_text_bytes(json_member(entry, "high")));
    struct key_public key;
    cr_assert(record->jws.was_high_s);
    cr_assert(bytes_equal(record->canonical, json_text_bytes(json_member(entry, "jws"))));
    cr_assert(hex_is(json_member(entry, "id"), record->id, sizeof record->id));
    cr_assert(hex_is(json_member(entry, "hash"), record->hash, sizeof record->hash));
    cr_assert(key_public_from_jwk(json_member(entry, "jwk"), &key, NULL) == ERR_OK);
    cr_assert(jws_verify(&record->jws, &key) == ERR_OK);
    key_public_done(&key);
    record_done(record);
    json_done(records);
}

Test(record_record, record_parse_gives_every_claim) {
    struct json *records = vector_read_json("records.json");
    struct record *first = parsed(json_text_bytes(json_member(json_at(records, 0), "jws")));
    struct record *second = parsed(json_text_bytes(json_member(json_at(records, 1), "jws")));
    struct buf ledger = vector_read_hex("genesis.id");
    uint8_t digest[32];
    cr_assert_str_eq(first->iss, "operator");
    cr_assert(memcmp(first->aud, ledger.data, 32) == 0);
    cr_assert(first->iat == 1795420543);
    cr_assert_str_eq(first->type, "labour-contract");
    cr_assert(first->type_version == 1);
    cr_assert_str_eq(first->act, "conclude");
    cr_assert(!first->has_ref && !first->has_replaces);
    cr_assert(first->doc_count == 2 && first->docs[0].alg == DIGEST_SHA256);
    cr_assert(first->docs[1].alg == DIGEST_SM3);
    sha256(bytes_text("a contract"), digest);
    cr_assert(memcmp(first->docs[0].digest, digest, 32) == 0);
    cr_assert(first->tag_count == 1 && first->tags[0].version == 1);
    cr_assert_str_eq(first->tags[0].role, "worker");
    cr_assert_str_eq(first->tags[0].domain, "labour");
    sha256(bytes_text("tag"), digest);
    cr_assert(memcmp(first->tags[0].tag, digest, 32) == 0);
    cr_assert(first->sd_count == 2 && second->sd_count == 0);
    cr_assert_str_eq(json_text(json_member(first->payload, "kind")), "fixed");
    cr_assert_str_eq(second->act, "end");
    cr_assert(second->has_ref && second->ref[0] == 0xab && second->ref[31] == 0xab);
    buf_done(&ledger);
    record_done(first);
    record_done(second);
    json_done(records);
}

Test(record_record, leaf_encode_and_decode_are_inverse_and_the_version_counts) {
    uint8_t leaf[LEAF_LEN], hash[32], back[32];
    uint64_t time_ms = 0;
    sha256(bytes_text("body"), hash);
    leaf_encode(0x0102030405060708, hash, leaf);
    cr_assert(leaf[0] == 1 && leaf[1] == 1 && leaf[8] == 8);
    cr_assert(leaf_decode(leaf, &time_ms, back) == ERR_OK);
    cr_assert(time_ms == 0x0102030405060708 && memcmp(hash, back, 32) == 0);
    for (int version = 0; version < 256; version++) {
        leaf[0] = (uint8_t)version;
        cr_assert((leaf_decode(leaf, &time_ms, back) == ERR_OK) == (version == 1));
    }
}

/* -- the text around the claims -- */

Test(record_record, a_tilde_alone_is_accepted_and_stripped) {
    struct json *records = vector_read_json("records.json");
    struct bytes jws = json_text_bytes(json_member(json_at(records, 0), "jws"));
    struct buf text;
    buf_init(&text, LIMIT_RECORD);
    cr_assert(buf_add(&text, jws) == ERR_OK && buf_add_byte(&text, '~') == ERR_OK);
    struct record *record = parsed(buf_bytes(&text));
    cr_assert(bytes_equal(record->canonical, jws));
    record_done(record);
    buf_done(&text);
    json_done(records);
}

Test(record_record, a_disclosure_is_refused_and_never_repeated) {
    struct json *records = vector_read_json("records.json");
    const struct json *entry = json_at(records, 0);
    static const char *const tails[] = {"~WyJzYWx0IiwibmFtZSIsInNlY3JldCJd~", "~~",
                                        "~eyJhbGciOiJFUzI1NiJ9.e30.c2ln", "~secret", "~ "};
    for (size_t i = 0; i < sizeof tails / sizeof tails[0]; i++) {
        struct problem why = {0};
        struct buf text;
        buf_init(&text, LIMIT_RECORD);
        cr_assert(buf_add(&text, json_text_bytes(json_member(entry, "jws"))) == ERR_OK);
        cr_assert(buf_add_text(&text, tails[i]) == ERR_OK);
        cr_assert(refused(buf_bytes(&text), &why) == ERR_DISCLOSURE_SUBMITTED, "%s", tails[i]);
        cr_assert(!strstr(why.detail, "secret") && !strstr(why.detail, "WyJz"));
        buf_done(&text);
    }
    json_done(records);
}

Test(record_record, record_parse_refuses_another_typ) {
    static const char *const types[] = {"JWT", "qizheng-auth+jwt", "qizheng-record+SD-JWT",
                                        "application/qizheng-record+sd-jwt", "sd+jwt"};
    struct json *records = vector_read_json("records.json");
    struct bytes payload = json_text_bytes(json_member(json_at(records, 0), "payload"));
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        struct buf header = text_edit(bytes_text(HEADER), JWS_TYP_RECORD, types[i]);
        struct buf text = compact_of(buf_text(&header), payload);
        cr_assert(refused(buf_bytes(&text), NULL) == ERR_JWS, "%s", types[i]);
        buf_done(&header);
        buf_done(&text);
    }
    json_done(records);
}

Test(record_record, record_parse_refuses_what_is_too_large) {
    static uint8_t big[LIMIT_RECORD + 2];
    memset(big, 'A', sizeof big);
    cr_assert(refused(bytes_of(big, LIMIT_RECORD + 1), NULL) == ERR_TOO_LARGE);
    cr_assert(refused(bytes_of(big, LIMIT_RECORD), NULL) == ERR_JWS);
    cr_assert(refused(bytes_of(big, 0), NULL) == ERR_JWS);
    big[LIMIT_RECORD + 1] = '~'; /* a tilde is not counted */
    cr_assert(refused(bytes_of(big, LIMIT_RECORD + 2), NULL) == ERR_TOO_LARGE);
    big[LIMIT_RECORD] = '~';
    cr_assert(refused(bytes_of(big, LIMIT_RECORD + 1), NULL) == ERR_JWS);
    cr_assert(refused(bytes_text("~"), NULL) == ERR_JWS);
}

Test(record_record, record_parse_survives_every_truncation_and_every_flipped_byte) {
    struct json *records = vector_read_json("records.json");
    struct bytes jws = json_text_bytes(json_member(json_at(records, 0), "jws"));
    struct record *good = parsed(jws);
    for (size_t len = 0; len < jws.len; len++)
        cr_assert(refused(bytes_slice(jws, 0, len), NULL) != ERR_OK, "%zu bytes", len);
    struct bytes copy = exact_copy(jws);
    for (size_t i = 0; i < copy.len; i++) {
        struct record *record = NULL;
        uint8_t *at = (uint8_t *)(uintptr_t)copy.data + i;
        *at ^= (uint8_t)(1u << i % 8);
        if (record_parse(copy, &record, NULL) == ERR_OK) {
            cr_assert(memcmp(record->hash, good->hash, 32) != 0, "byte %zu", i);
            bool in_sig = i > good->jws.signing_input.len;
            cr_assert((memcmp(record->id, good->id, 32) == 0) == in_sig, "byte %zu", i);
        }
        record_done(record);
        *at ^= (uint8_t)(1u << i % 8);
    }
    exact_free(copy);
    record_done(good);
    json_done(records);
}

/* -- claims -- */

/* Every claim there is, in a payload that is accepted. */
#define FULL                                                                                       \
    "{\"iss\":\"employer-1\",\"aud\":\"" HEX32 "\",\"iat\":0,\"jti\":\"AAAAAAAAAAAAAAAAAAAAAA\","  \
    "\"vct\":\"urn:qizheng:benefit:2\",\"act\":\"correct\",\"ref\":\"" HEX32                       \
    "\",\"replaces\":\"" HEX32 "\",\"doc\":[{\"alg\":\"sha-256\",\"digest\":\"" B32 "\"}],"        \
    "\"tags\":{\"worker\":{\"d\":\"labour\",\"v\":1,\"t\":\"" B32 "\"}},\"_sd\":[\"" B32           \
    "\"],\"_sd_alg\":\"sha-256\",\"cnf\":{\"jwk\":" JWK "},\"own\":{\"a\":[1,{\"b\":null}]}}"

struct edit {
    const char *from, *to;
    const char *pointer;
};

static void edit_refused(const char *from, const char *to, enum err expected, const char *pointer) {
    struct problem why = {0};
    struct buf payload = text_edit(bytes_text(FULL), from, to);
    struct buf text = compact_of(HEADER, buf_bytes(&payload));
    enum err err = refused(buf_bytes(&text), &why);
    cr_assert(err == expected, "%s: %s", to, err_code(err));
    cr_assert_str_eq(why.pointer, pointer, "%s: %s", to, why.pointer);
    cr_assert(why.err == err && why.detail[0]);
    buf_done(&payload);
    buf_done(&text);
}

static void edit_accepted(const char *from, const char *to) {
    struct buf payload = text_edit(bytes_text(FULL), from, to);
    struct buf text = compact_of(HEADER, buf_bytes(&payload));
    record_done(parsed(buf_bytes(&text)));
    buf_done(&payload);
    buf_done(&text);
}

static void edits_refused(const struct edit *edits, size_t count) {
    for (size_t i = 0; i < count; i++)
        edit_refused(edits[i].from, edits[i].to, ERR_SCHEMA, edits[i].pointer);
}

#define EDITS_REFUSED(edits) edits_refused(edits, sizeof edits / sizeof edits[0])

Test(record_record, a_record_with_every_claim_is_accepted) {
    struct buf text = compact_of(HEADER, bytes_text(FULL));
    struct record *record = parsed(buf_bytes(&text));
    cr_assert(record->has_ref && record->has_replaces && record->iat == 0);
    cr_assert_str_eq(record->type, "benefit");
    cr_assert(record->type_version == 2 && record->doc_count == 1 && record->tag_count == 1);
    cr_assert(record->sd_count == 1 && json_member(record->payload, "own"));
    record_done(record);
    buf_done(&text);
}

Test(record_record, a_record_with_the_mandatory_claims_alone_is_accepted) {
    struct buf text = compact_of(HEADER, bytes_text("{\"iss\":\"a\",\"aud\":\"" HEX32
                                                    "\",\"iat\":1,\"jti\":\"AAAAAAAAAAAAAAAAAAAAAA"
                                                    "\",\"vct\":\"urn:qizheng:a:1\","
                                                    "\"act\":\"a\"}"));
    struct record *record = parsed(buf_bytes(&text));
    cr_assert(!record->has_ref && !record->has_replaces && record->sd_count == 0);
    cr_assert(record->doc_count == 0 && record->tag_count == 0);
    record_done(record);
    buf_done(&text);
}

Test(record_record, record_parse_refuses_a_wrong_issuer) {
    static const struct edit edits[] = {
        {"\"iss\":\"employer-1\",", "", "/iss"},
        {"\"employer-1\"", "null", "/iss"},
        {"employer-1", "", "/iss"},
        {"employer-1", "Employer", "/iss"},
        {"employer-1", "-a", "/iss"},
        {"employer-1", "a b", "/iss"},
        {"employer-1", "https://a", "/iss"},
        {"employer-1", "urn:ietf:params:oauth:jwk-thumbprint:sha-256:", "/iss"},
        {"employer-1", "urn:ietf:params:oauth:jwk-thumbprint:sha-512:" B32, "/iss"},
        {"employer-1", "urn:ietf:params:oauth:jwk-thumbprint:sha-256:" B32 "A", "/iss"},
        {"employer-1", "urn:ietf:params:oauth:jwk-thumbprint:sha-256:" B32 "=", "/iss"},
        {"employer-1", "a" HEX32 HEX32, "/iss"},
    };
    EDITS_REFUSED(edits);
    edit_accepted("employer-1", "0.a_b-c");
    edit_accepted("employer-1", "urn:ietf:params:oauth:jwk-thumbprint:sha-256:" KID_TEXT);
}

Test(record_record, record_parse_refuses_a_wrong_audience_or_time) {
    static const struct edit edits[] = {
        {"\"aud\":\"" HEX32 "\",", "", "/aud"},
        {"\"aud\":\"0", "\"aud\":\"", "/aud"},
        {"\"aud\":\"0", "\"aud\":\"A", "/aud"},
        {"\"aud\":\"0", "\"aud\":\"00", "/aud"},
        {"\"aud\":\"" HEX32 "\"", "\"aud\":[\"" HEX32 "\"]", "/aud"},
        {"\"iat\":0,", "", "/iat"},
        {"\"iat\":0", "\"iat\":-1", "/iat"},
        {"\"iat\":0", "\"iat\":\"0\"", "/iat"},
        {"\"iat\":0", "\"iat\":true", "/iat"},
    };
    EDITS_REFUSED(edits);
    edit_accepted("\"iat\":0", "\"iat\":9007199254740991");
}

Test(record_record, record_parse_refuses_json_that_is_not_strict) {
    edit_refused("\"iat\":0", "\"iat\":0.5", ERR_MALFORMED_JSON, "");
    edit_refused("\"iat\":0", "\"iat\":1e3", ERR_MALFORMED_JSON, "");
    edit_refused("\"iat\":0", "\"iat\":9007199254740992", ERR_MALFORMED_JSON, "");
    edit_refused("\"iat\":0", "\"iat\":0,\"iat\":0", ERR_MALFORMED_JSON, "");
    edit_refused("[1,{\"b\":null}]", "{\"b\":1,\"b\":1}", ERR_MALFORMED_JSON, "");
    edit_refused("[1,{\"b\":null}]", "\"\xff\"", ERR_MALFORMED_JSON, "");
    edit_refused("[1,{\"b\":null}]", "\"\\u0000\"", ERR_MALFORMED_JSON, "");
    edit_refused("[1,{\"b\":null}]", "[[[[[[[1]]]]]]]", ERR_MALFORMED_JSON, "");
    edit_refused("[1,{\"b\":null}]", "[1,]", ERR_MALFORMED_JSON, "");
    edit_refused("null}]}}", "null}]}} 1", ERR_MALFORMED_JSON, "");
    edit_accepted("[1,{\"b\":null}]", "[[[[[[1]]]]]]");
    static const char *const others[] = {"[]", "null", "1", "\"a\""};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        struct buf text = compact_of(HEADER, bytes_text(others[i]));
        cr_assert(refused(buf_bytes(&text), NULL) == ERR_SCHEMA, "%s", others[i]);
        buf_done(&text);
    }
    struct buf empty = compact_of(HEADER, bytes_text(""));
    cr_assert(refused(buf_bytes(&empty), NULL) == ERR_MALFORMED_JSON);
    buf_done(&empty);
}

Test(record_record, record_parse_refuses_a_jti_that_could_be_guessed) {
    static const struct edit edits[] = {
        {"\"jti\":\"AAAAAAAAAAAAAAAAAAAAAA\",", "", "/jti"},
        {"AAAAAAAAAAAAAAAAAAAAAA\",\"vct", "AAAAAAAAAAAAAAAAAAAA\",\"vct", "/jti"}, /* 15 bytes */
        {"AAAAAAAAAAAAAAAAAAAAAA\",\"vct", "AAAAAAAAAAAAAAAAAAAAAB\",\"vct", "/jti"},
        {"AAAAAAAAAAAAAAAAAAAAAA\",\"vct", "AAAAAAAAAAAAAAAAAAAAAA==\",\"vct", "/jti"},
        {"AAAAAAAAAAAAAAAAAAAAAA\",\"vct", "AAAAAAAAAAAAAAAA AAAAA\",\"vct", "/jti"},
        {"\"AAAAAAAAAAAAAAAAAAAAAA\",\"vct", "7,\"vct", "/jti"},
    };
    EDITS_REFUSED(edits);
    edit_accepted("AAAAAAAAAAAAAAAAAAAAAA\",\"vct", B32 "\",\"vct");
}

Test(record_record, record_parse_refuses_a_wrong_type_or_act) {
    static const struct edit edits[] = {
        {"\"vct\":\"urn:qizheng:benefit:2\",", "", "/vct"},
        {"urn:qizheng:benefit:2", "urn:other:benefit:2", "/vct"},
        {"urn:qizheng:benefit:2", "urn:qizheng:benefit", "/vct"},
        {"urn:qizheng:benefit:2", "urn:qizheng:benefit:", "/vct"},
        {"urn:qizheng:benefit:2", "urn:qizheng:benefit:0", "/vct"},
        {"urn:qizheng:benefit:2", "urn:qizheng:benefit:02", "/vct"},
        {"urn:qizheng:benefit:2", "urn:qizheng:benefit:2:3", "/vct"},
        {"urn:qizheng:benefit:2", "urn:qizheng:benefit:65536", "/vct"},
        {"urn:qizheng:benefit:2", "urn:qizheng::2", "/vct"},
        {"urn:qizheng:benefit:2", "urn:qizheng:Benefit:2", "/vct"},
        {"urn:qizheng:benefit:2", "urn:qizheng:-benefit:2", "/vct"},
        {"urn:qizheng:benefit:2", "urn:qizheng:a" HEX32 ":2", "/vct"},
        {"\"act\":\"correct\",", "", "/act"},
        {"\"correct\"", "\"\"", "/act"},
        {"\"correct\"", "\"Correct\"", "/act"},
        {"\"correct\"", "\"correct2\"", "/act"},
        {"\"correct\"", "\"abcdefghijklmnopqrstuvwxyzabcdef\"", "/act"},
        {"\"correct\"", "[]", "/act"},
    };
    EDITS_REFUSED(edits);
    edit_accepted("\"correct\"", "\"abcdefghijklmnopqrstuvwxyzabc-e\"");
}

Test(record_record, record_parse_refuses_a_wrong_reference) {
    static const struct edit edits[] = {
        {"\"ref\":\"0", "\"ref\":\"", "/ref"},
        {"\"ref\":\"0", "\"ref\":\"F", "/ref"},
        {"\"ref\":\"" HEX32 "\"", "\"ref\":null", "/ref"},
        {"\"replaces\":\"0", "\"replaces\":\"", "/replaces"},
        {"\"replaces\":\"0", "\"replaces\":\"g", "/replaces"},
        {"\"replaces\":\"" HEX32 "\"", "\"replaces\":7", "/replaces"},
    };
    EDITS_REFUSED(edits);
}

#define DOC "{\"alg\":\"sha-256\",\"digest\":\"" B32 "\"}"

Test(record_record, record_parse_refuses_wrong_document_digests) {
    static const struct edit edits[] = {
        {"[" DOC "]", "[]", "/doc"},
        {"[" DOC "]", DOC, "/doc"},
        {"[" DOC "]", "[1]", "/doc"},
        {"[" DOC "]", "null", "/doc"},
        {"[" DOC "]", "[" DOC "," DOC "]", "/doc"},
        {"[" DOC "]",
         "[{\"alg\":\"sha-256\",\"digest\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB\"}]",
         "/doc"},
        {"[" DOC "]", "[{\"alg\":\"sha-256\",\"digest\":\"AAAA\"}]", "/doc"},
        {"[" DOC "]", "[{\"alg\":\"sha-512\",\"digest\":\"" B32 "\"}]", "/doc"},
        {"[" DOC "]", "[{\"alg\":\"SHA-256\",\"digest\":\"" B32 "\"}]", "/doc"},
        {"[" DOC "]", "[{\"digest\":\"" B32 "\"}]", "/doc"},
        {"[" DOC "]", "[{\"alg\":\"sha-256\",\"name\":\"" B32 "\"}]", "/doc"},
        {"[" DOC "]", "[{\"alg\":\"sm3\",\"digest\":\"" B32 "\",\"name\":\"a\"}]", "/doc"},
    };
    EDITS_REFUSED(edits);
    edit_accepted("[" DOC "]", "[" DOC ",{\"alg\":\"sm3\",\"digest\":\"" B32 "\"}]");
}

/* count documents with different digests. */
static enum err with_docs(int count) {
    struct buf list;
    buf_init(&list, LIMIT_RECORD);
    for (int i = 0; i < count; i++) {
        char digest[64];
        uint8_t raw[32] = {(uint8_t)i};
        base64url_write(bytes_of(raw, sizeof raw), digest);
        cr_assert(buf_format(&list, "%s{\"alg\":\"sm3\",\"digest\":\"%s\"}", i ? "," : "",
                             digest) == ERR_OK);
    }
    struct buf payload = text_edit(bytes_text(FULL), DOC, buf_text(&list));
    struct buf text = compact_of(HEADER, buf_bytes(&payload));
    enum err err = refused(buf_bytes(&text), NULL);
    buf_done(&list);
    buf_done(&payload);
    buf_done(&text);
    return err;
}

/* count tags under different roles. */
static enum err with_tags(int count) {
    struct buf list;
    buf_init(&list, LIMIT_RECORD);
    for (int i = 0; i < count; i++) {
        cr_assert(buf_format(&list, "%s\"r%d\":{\"d\":\"labour\",\"v\":1,\"t\":\"" B32 "\"}",
                             i ? "," : "", i) == ERR_OK);
    }
    struct buf payload =
        text_edit(bytes_text(FULL), "\"worker\":{\"d\":\"labour\",\"v\":1,\"t\":\"" B32 "\"}",
                  buf_text(&list));
    struct buf text = compact_of(HEADER, buf_bytes(&payload));
    enum err err = refused(buf_bytes(&text), NULL);
    buf_done(&list);
    buf_done(&payload);
    buf_done(&text);
    return err;
}

/* count digests in _sd, sorted. */
static enum err with_sd(int count) {
    struct buf list;
    buf_init(&list, LIMIT_RECORD);
    for (int i = 0; i < count; i++) {
        static const char order[] =
            "-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz";
        cr_assert(buf_format(&list, "%s\"%c%c%s\"", i ? "," : "", order[i / 64], order[i % 64],
                             &B32[2]) == ERR_OK);
    }
    struct buf payload = text_edit(bytes_text(FULL), "\"_sd\":[\"" B32 "\"]", "\"_sd\":[*]");
    struct buf edited = text_edit(buf_bytes(&payload), "*", buf_text(&list));
    struct buf text = compact_of(HEADER, buf_bytes(&edited));
    enum err err = refused(buf_bytes(&text), NULL);
    buf_done(&list);
    buf_done(&payload);
    buf_done(&edited);
    buf_done(&text);
    return err;
}

Test(record_record, record_parse_takes_each_list_up_to_its_limit) {
    cr_assert(with_docs(1) == ERR_OK && with_docs(LIMIT_DOCS) == ERR_OK);
    cr_assert(with_docs(LIMIT_DOCS + 1) == ERR_SCHEMA);
    cr_assert(with_tags(1) == ERR_OK && with_tags(LIMIT_TAGS) == ERR_OK);
    cr_assert(with_tags(LIMIT_TAGS + 1) == ERR_SCHEMA);
    cr_assert(with_sd(1) == ERR_OK && with_sd(LIMIT_DISCLOSURES) == ERR_OK);
    cr_assert(with_sd(LIMIT_DISCLOSURES + 1) == ERR_SCHEMA);
}

#define TAG "{\"d\":\"labour\",\"v\":1,\"t\":\"" B32 "\"}"

Test(record_record, record_parse_refuses_wrong_tags) {
    static const struct edit edits[] = {
        {"{\"worker\":" TAG "}", "{}", "/tags"},
        {"{\"worker\":" TAG "}", "[" TAG "]", "/tags"},
        {"{\"worker\":" TAG "}", "null", "/tags"},
        {"{\"worker\":" TAG "}", "{\"worker\":\"" B32 "\"}", "/tags"},
        {"\"worker\":", "\"Worker\":", "/tags"},
        {"\"worker\":", "\"\":", "/tags"},
        {"\"worker\":", "\"abcdefghijklmnopqrstuvwxyzabcdef\":", "/tags"},
        {"\"d\":\"labour\"", "\"d\":\"\"", "/tags"},
        {"\"d\":\"labour\"", "\"d\":1", "/tags"},
        {"\"d\":\"labour\"", "\"d\":\"a/b\"", "/tags"},
        {"\"v\":1", "\"v\":0", "/tags"},
        {"\"v\":1", "\"v\":4294967296", "/tags"},
        {"\"v\":1", "\"v\":\"1\"", "/tags"},
        {"\"v\":1", "\"w\":1", "/tags"},
        {"\"v\":1", "\"v\":1,\"w\":1", "/tags"},
        {"\"t\":\"A", "\"t\":\"", "/tags"},
        {"\"t\":\"A", "\"t\":\"+", "/tags"},
    };
    EDITS_REFUSED(edits);
    edit_accepted("\"v\":1", "\"v\":4294967295");
}

#define SD "\"_sd\":[\"" B32 "\"]"

Test(record_record, record_parse_refuses_wrong_digests_of_disclosures) {
    static const struct edit edits[] = {
        {SD, "\"_sd\":[]", "/_sd"},
        {SD, "\"_sd\":\"" B32 "\"", "/_sd"},
        {SD, "\"_sd\":null", "/_sd"},
        {SD, "\"_sd\":[1]", "/_sd"},
        {SD, "\"_sd\":[\"" B32 "\",\"" B32 "\"]", "/_sd"},
        {SD,
         "\"_sd\":[\"B"
         "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\",\"" B32 "\"]",
         "/_sd"},
        {SD, "\"_sd\":[\"AAAA\"]", "/_sd"},
        {SD, "\"_sd\":[\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB\"]", "/_sd"},
        {SD ",", "", "/_sd_alg"},
        {",\"_sd_alg\":\"sha-256\"", "", "/_sd_alg"},
        {"\"_sd_alg\":\"sha-256\"", "\"_sd_alg\":\"sha-512\"", "/_sd_alg"},
        {"\"_sd_alg\":\"sha-256\"", "\"_sd_alg\":null", "/_sd_alg"},
    };
    EDITS_REFUSED(edits);
    edit_accepted(SD ",\"_sd_alg\":\"sha-256\",", "");
}

Test(record_record, record_parse_refuses_digests_below_the_top_level) {
    static const struct edit edits[] = {
        {"[1,{\"b\":null}]", "{\"_sd\":[\"" B32 "\"]}", ""},
        {"[1,{\"b\":null}]", "[{\"_sd\":[]}]", ""},
        {"[1,{\"b\":null}]", "[{\"...\":\"" B32 "\"}]", ""},
        {"[1,{\"b\":null}]", "[[[{\"...\":1}]]]", ""},
        {"[1,{\"b\":null}]", "{\"_sd_alg\":\"sha-256\"}", ""},
        {"\"own\":", "\"...\":", ""},
    };
    EDITS_REFUSED(edits);
    edit_accepted("[1,{\"b\":null}]", "[\"_sd\",\"...\"]");
}

Test(record_record, record_parse_refuses_a_wrong_holder_key) {
    static const struct edit edits[] = {
        {"{\"jwk\":" JWK "}", "{}", "/cnf"},
        {"{\"jwk\":" JWK "}", "null", "/cnf"},
        {"{\"jwk\":" JWK "}", "{\"kid\":\"a\"}", "/cnf"},
        {"{\"jwk\":" JWK "}", "{\"jwk\":" JWK ",\"kid\":\"a\"}", "/cnf"},
        {"{\"jwk\":" JWK "}", "{\"jwk\":1}", "/cnf/jwk"},
        {"{\"kty\"", "{\"d\":\"" B32 "\",\"kty\"", "/cnf/jwk"},
        {"\"Ed25519\"", "\"Ed448\"", "/cnf/jwk"},
    };
    EDITS_REFUSED(edits);
}

/* What a refusal says must be fit for a log: nothing of the record's own words. */
Test(record_record, a_refusal_repeats_nothing_of_the_record) {
    struct problem why = {0};
    struct buf payload = text_edit(bytes_text(FULL), "employer-1", "张三 11010519491231002X");
    struct buf text = compact_of(HEADER, buf_bytes(&payload));
    cr_assert(refused(buf_bytes(&text), &why) == ERR_SCHEMA);
    cr_assert(!strstr(why.detail, "张三") && !strstr(why.detail, "1949"));
    buf_done(&payload);
    buf_done(&text);
}

Test(record_record, common_claims_are_those_of_the_table) {
    static const char *const common[] = {"iss", "aud", "iat",  "jti", "vct",     "act",     "ref",
                                         "doc", "cnf", "tags", "_sd", "_sd_alg", "replaces"};
    for (size_t i = 0; i < sizeof common / sizeof common[0]; i++)
        cr_assert(record_is_common_claim(common[i]));
    cr_assert(!record_is_common_claim("kind") && !record_is_common_claim(""));
    cr_assert(!record_is_common_claim("Iss") && !record_is_common_claim("exp"));
}
