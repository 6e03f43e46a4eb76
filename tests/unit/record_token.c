/* Access tokens: what is made passes, and everything that one was not made for is refused, claim by claim. */
#include "ledger/record/token.h"
#include "tests/lib/vector.h"

#include "ledger/record/record.h"

#define NOW 1795420542
#define NODE "qizheng.invalid/00c0ffee/node/1"

static struct token_make make_of(const char *body) {
    struct token_make make = {.iss = "acme",
                              .node = NODE,
                              .method = "POST",
                              .path = "/v1/tags",
                              .purpose = "own-records",
                              .body = bytes_text(body),
                              .now_s = NOW,
                              .life_s = 60};
    memset(make.jti, 7, sizeof make.jti);
    return make;
}

static struct token_request request_of(const char *body) {
    struct token_request request = {.node = bytes_text(NODE),
                                    .method = bytes_text("POST"),
                                    .path = bytes_text("/v1/tags"),
                                    .body = bytes_text(body),
                                    .now_ms = NOW * 1000ULL,
                                    .started_ms = (NOW - 1000) * 1000ULL};
    return request;
}

static struct buf sign(const struct token_make *make, enum key_alg alg) {
    struct key_secret *key = vector_key(alg, "acme");
    struct buf text;
    buf_init(&text, LIMIT_RECORD);
    cr_assert(token_sign(key, make, &text) == ERR_OK);
    key_secret_done(key);
    return text;
}

/* Parses and checks, and says what failed first. */
static enum err judge(struct bytes text, const struct token_request *request,
                      struct problem *ret_why) {
    struct bytes copy = exact_copy(text);
    struct arena arena;
    struct token token;
    memset(ret_why, 0, sizeof *ret_why);
    arena_init(&arena, 4 * LIMIT_TOKEN);
    enum err err = token_parse(copy, &arena, &token, ret_why);
    if (!err) err = token_check(&token, request, ret_why);
    arena_done(&arena);
    exact_free(copy);
    cr_assert(err == ERR_OK || (ret_why->err == err && ret_why->detail[0]));
    return err;
}

/* A token with this payload, signed as it is. */
static enum err judge_payload(const char *payload, const char *typ) {
    struct key_secret *key = vector_key(KEY_ES256K, "acme");
    struct token_request request = request_of("");
    struct problem why;
    struct buf text;
    buf_init(&text, LIMIT_RECORD);
    cr_assert(jws_sign(key, typ, bytes_text(payload), &text) == ERR_OK);
    enum err err = judge(buf_bytes(&text), &request, &why);
    buf_done(&text);
    key_secret_done(key);
    return err;
}

#define CLAIMS                                                                                     \
    "\"iss\":\"acme\",\"aud\":\"" NODE                                                             \
    "\",\"iat\":1795420542,\"exp\":1795420602,\"jti\":\"AAAAAAAAAAAAAAAAAAAAAA\","                 \
    "\"htm\":\"POST\",\"htu\":\"/v1/tags\",\"purpose\":\"audit\""

Test(record_token, a_token_is_good_for_its_own_request_under_every_algorithm) {
    for (int alg = 0; alg < KEY_ALG_COUNT; alg++) {
        struct token_make make = make_of("{}");
        struct token_request request = request_of("{}");
        struct problem why;
        struct buf text = sign(&make, (enum key_alg)alg);
        cr_expect(judge(buf_bytes(&text), &request, &why) == ERR_OK, "%s", why.detail);
        buf_done(&text);
    }
}

Test(record_token, another_node_method_path_or_body_is_refused) {
    struct token_make make = make_of("{}");
    struct buf text = sign(&make, KEY_ES256K);
    struct token_request others[] = {request_of("{}"), request_of("{}"), request_of("{}"),
                                     request_of("{ }"), request_of("")};
    others[0].node = bytes_text(NODE "2");
    others[1].method = bytes_text("GET");
    others[2].path = bytes_text("/v1/tag");
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        struct problem why;
        cr_expect(judge(buf_bytes(&text), &others[i], &why) == ERR_TOKEN_INVALID, "%zu", i);
    }
    buf_done(&text);
}

Test(record_token, a_body_needs_its_digest_and_a_digest_its_body) {
    struct token_make make = make_of("");
    struct token_request with = request_of("{}"), without = request_of("");
    struct problem why;
    struct buf text = sign(&make, KEY_ES256K);
    cr_expect(judge(buf_bytes(&text), &without, &why) == ERR_OK);
    cr_expect(judge(buf_bytes(&text), &with, &why) == ERR_TOKEN_INVALID);
    buf_done(&text);
}

Test(record_token, it_lives_from_iat_to_exp_and_not_before_the_nodes_start) {
    static const struct {
        int64_t now, started;
        enum err err;
    } rows[] = {
        {NOW - TOKEN_AHEAD_S - 1, 0, ERR_TOKEN_INVALID},
        {NOW - TOKEN_AHEAD_S, 0, ERR_OK},
        {NOW + 59, 0, ERR_OK},
        {NOW + 60, 0, ERR_TOKEN_EXPIRED},
        {NOW, NOW - TOKEN_AHEAD_S - 1, ERR_OK},
        {NOW, NOW - TOKEN_AHEAD_S, ERR_TOKEN_EXPIRED},
        {NOW + 9, NOW, ERR_TOKEN_EXPIRED},
    };
    struct token_make make = make_of("");
    struct buf text = sign(&make, KEY_ES256K);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct token_request request = request_of("");
        struct problem why;
        request.now_ms = (uint64_t)rows[i].now * 1000 + 999;
        request.started_ms = (uint64_t)rows[i].started * 1000 + 999;
        cr_expect(judge(buf_bytes(&text), &request, &why) == rows[i].err, "row %zu: %s", i,
                  why.detail);
    }
    buf_done(&text);
}

Test(record_token, the_path_of_htu_counts_and_nothing_else_of_it) {
    static const struct {
        const char *htu;
        enum err err;
    } rows[] = {
        {"/v1/tags", ERR_OK},
        {"/v1/tags?a=1", ERR_OK},
        {"/v1/tags#x", ERR_OK},
        {"https://log.example.org/v1/tags", ERR_OK},
        {"http://127.0.0.1:8080/v1/tags?x", ERR_OK},
        {"https://log.example.org", ERR_TOKEN_INVALID},
        {"https:///v1/tags/", ERR_TOKEN_INVALID},
        {"v1/tags", ERR_TOKEN_INVALID},
        {"/V1/tags", ERR_TOKEN_INVALID},
        {"?", ERR_TOKEN_INVALID},
        {"/", ERR_TOKEN_INVALID},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct token_make make = make_of("");
        struct token_request request = request_of("");
        struct problem why;
        make.path = rows[i].htu;
        struct buf text = sign(&make, KEY_ED25519);
        cr_expect(judge(buf_bytes(&text), &request, &why) == rows[i].err, "%s", rows[i].htu);
        buf_done(&text);
    }
}

Test(record_token, every_claim_is_needed_in_its_form) {
    static const struct {
        const char *payload;
        enum err err;
    } rows[] = {
        {"{" CLAIMS "}", ERR_OK},
        {"{" CLAIMS ",\"scope\":\"all\"}",
         ERR_OK}, /* RFC 7519: claims that are not understood are ignored */
        {"{" CLAIMS ",\"nbf\":1795420542}", ERR_OK},
        {"{" CLAIMS ",\"nbf\":1795420999}", ERR_TOKEN_INVALID},
        {"{" CLAIMS ",\"nbf\":\"0\"}", ERR_TOKEN_INVALID},
        {"{" CLAIMS ",\"body\":\"AAAA\"}", ERR_TOKEN_INVALID},
        {"{" CLAIMS ",\"iss\":\"acme\"}", ERR_TOKEN_INVALID},
        {"[]", ERR_TOKEN_INVALID},
        {"{}", ERR_TOKEN_INVALID},
        {"{", ERR_TOKEN_INVALID},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        cr_expect(judge_payload(rows[i].payload, TOKEN_TYP) == rows[i].err, "%s", rows[i].payload);
    cr_expect(judge_payload("{" CLAIMS "}", JWS_TYP_RECORD) == ERR_TOKEN_INVALID);
    cr_expect(judge_payload("{" CLAIMS "}", "JWT") == ERR_TOKEN_INVALID);
}

/* One claim of the good payload replaced, or taken away. */
Test(record_token, no_claim_may_be_missing_or_have_another_form) {
    static const char *const rows[][2] = {
        {"\"iss\":\"acme\",", ""},
        {"\"iss\":\"acme\"", "\"iss\":\"Acme\""},
        {"\"iss\":\"acme\"", "\"iss\":7"},
        {"\"aud\":\"" NODE "\",", ""},
        {"\"aud\":\"" NODE "\"", "\"aud\":[\"" NODE "\"]"},
        {"\"iat\":1795420542,", ""},
        {"\"iat\":1795420542", "\"iat\":-1"},
        {"\"exp\":1795420602,", ""},
        {"\"exp\":1795420602", "\"exp\":1795420542"},
        {"\"exp\":1795420602", "\"exp\":1795420843"},
        {"\"jti\":\"AAAAAAAAAAAAAAAAAAAAAA\",", ""},
        {"\"jti\":\"AAAAAAAAAAAAAAAAAAAAAA\"", "\"jti\":\"AAAAAAAAAAAAAAAAAAAA\""},
        {"\"jti\":\"AAAAAAAAAAAAAAAAAAAAAA\"", "\"jti\":\"AAAAAAAAAAAAAAAAAAAAAB\""},
        {"\"htm\":\"POST\",", ""},
        {"\"htm\":\"POST\"", "\"htm\":\"post\""},
        {"\"htu\":\"/v1/tags\",", ""},
        {",\"purpose\":\"audit\"", ""},
        {"\"purpose\":\"audit\"", "\"purpose\":\"\""},
        {"\"purpose\":\"audit\"", "\"purpose\":\"an audit\""},
        {"\"purpose\":\"audit\"", "\"purpose\":\"a-11010519491231002x\""},
        {"\"purpose\":\"audit\"", "\"purpose\":\"a1234567890123456789012345678901\""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct buf changed = text_edit(bytes_text("{" CLAIMS "}"), rows[i][0], rows[i][1]);
        const char *payload = buf_text(&changed);
        cr_expect(judge_payload(payload, TOKEN_TYP) == ERR_TOKEN_INVALID, "%s", payload);
        buf_done(&changed);
    }
}

Test(record_token, a_long_text_is_refused_before_it_is_read) {
    struct token_request request = request_of("");
    struct problem why;
    char *text = malloc(LIMIT_TOKEN + 1);
    cr_assert(text);
    memset(text, 'a', LIMIT_TOKEN + 1);
    cr_expect(judge(bytes_of(text, LIMIT_TOKEN + 1), &request, &why) == ERR_TOKEN_INVALID);
    cr_expect(judge(bytes_of(text, LIMIT_TOKEN), &request, &why) == ERR_TOKEN_INVALID);
    cr_expect(judge(bytes_of(text, 0), &request, &why) == ERR_TOKEN_INVALID);
    free(text);
}

Test(record_token, what_cannot_be_a_token_is_not_signed) {
    struct token_make good = make_of(""), rows[] = {good, good, good, good, good};
    struct key_secret *key = vector_key(KEY_ES256K, "acme");
    struct buf text;
    rows[0].iss = "no id";
    rows[1].purpose = "an audit";
    rows[2].purpose = "";
    rows[3].life_s = 0;
    rows[4].life_s = TOKEN_LIFE_MAX_S + 1;
    buf_init(&text, LIMIT_RECORD);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        cr_expect(token_sign(key, &rows[i], &text) == ERR_REQUEST && text.len == 0, "%zu", i);
    buf_done(&text);
    key_secret_done(key);
}

Test(record_token, no_token_is_a_record_and_no_record_a_token) {
    struct token_make make = make_of("");
    struct buf text = sign(&make, KEY_ES256K);
    struct record *record = NULL;
    struct problem why;
    cr_expect(record_parse(buf_bytes(&text), &record, &why) == ERR_JWS);
    buf_done(&text);
}

static void digest_of(const char *iss, uint8_t jti, uint8_t ret[32]) {
    struct token_make make = make_of("");
    struct arena arena;
    struct token token;
    make.iss = iss;
    make.jti[0] = jti;
    struct buf text = sign(&make, KEY_ED25519);
    arena_init(&arena, 4 * LIMIT_TOKEN);
    cr_assert(token_parse(buf_bytes(&text), &arena, &token, NULL) == ERR_OK);
    token_digest(&token, ret);
    arena_done(&arena);
    buf_done(&text);
}

Test(record_token, its_digest_is_of_issuer_and_jti) {
    uint8_t a[32], b[32], c[32], d[32];
    digest_of("acme", 1, a);
    digest_of("acme", 1, b);
    digest_of("acme", 2, c);
    digest_of("acme2", 1, d);
    cr_expect(memcmp(a, b, 32) == 0);
    cr_expect(memcmp(a, c, 32) != 0 && memcmp(a, d, 32) != 0 && memcmp(c, d, 32) != 0);
}
