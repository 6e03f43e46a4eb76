/* POST /v1/tags as a handler: what it answers, everything that it refuses, and that what is refused never gets to the evaluation. */
#include "tests/lib/host.h"

static struct host *host;
static uint64_t number;

static void setup(void) {
    host = host_open();
    struct buf payer =
        host_admit(host, "registrar", KEY_ED25519, "payer", ROLE_PAYER, KEY_ES256K, 1);
    struct buf court =
        host_admit(host, "registrar", KEY_ED25519, "court", ROLE_COURT, KEY_ES256K, 2);
    cr_assert(host_apply(host, buf_bytes(&payer)).kind == OUTCOME_ACCEPTED);
    cr_assert(host_apply(host, buf_bytes(&court)).kind == OUTCOME_ACCEPTED);
    buf_done(&payer);
    buf_done(&court);
}

static void teardown(void) {
    host_close(host);
}

TestSuite(api_tags, .init = setup, .fini = teardown, .timeout = 60);

#define BASE "4vKuCmq8TnGohKlhxQBRX1jjC2qlgt2NtqZZReCNLXY"

static struct ask question(const char *body) {
    struct ask ask = {
        .method = "POST", .path = "/v1/tags", .type = "application/json", .body = bytes_text(body)};
    return ask;
}

static struct http_reply post(const char *who, const char *body) {
    return ask_as(host, who, KEY_ES256K, ++number, question(body));
}

static void expect_refused(const char *who, const char *body, enum err err) {
    reply_is_problem(post(who, body), err);
    cr_assert_eq(host->tags_calls, 0, "%s was evaluated", body);
}

/* At that pointer, with that word in the detail. */
static void expect_at(const char *body, const char *pointer, const char *word) {
    struct http_reply reply = post("payer", body);
    struct json *json = reply_json(&reply);
    cr_assert_eq(reply.status, 422, "%s: %d", body, reply.status);
    const char *at = json_text(json_member(json, "pointer"));
    cr_assert_str_eq(at ? at : "", pointer);
    cr_assert(strstr(json_text(json_member(json, "detail")), word), "%s: %s", body,
              json_text(json_member(json, "detail")));
    cr_assert_eq(host->tags_calls, 0, "%s was evaluated", body);
    json_done(json);
    http_reply_done(&reply);
}

static const struct json *text_at(const struct json *json, const char *list, size_t at) {
    return json_at(json_member(json, list), at);
}

Test(api_tags, elements_are_answered_in_order_each_with_a_proof_of_its_own) {
    struct tag_person people[2] = {{"labour", "resident-id", bytes_text("11010519491231002X")},
                                   {"labour", "passport", bytes_text("E12345678")}};
    voprf_scalar blinds[2];
    voprf_element blinded[2];
    char body[512], texts[2][64];
    for (size_t i = 0; i < 2; i++) {
        uint8_t random[VOPRF_RANDOM_LEN];
        memset(random, (int)i + 1, sizeof random);
        cr_assert(tag_blind(&people[i], random, blinds[i], blinded[i], NULL) == ERR_OK);
        base64url_write(bytes_of(blinded[i], 32), texts[i]);
    }
    (void)snprintf(body, sizeof body,
                   "{\"domain\":\"labour\",\"version\":1,\"blinded\":[\"%s\",\"%s\"]}", texts[0],
                   texts[1]);
    struct http_reply reply = post("acme", body);
    struct json *json = reply_json(&reply);
    cr_assert_eq(reply.status, 200);
    cr_assert_str_eq(json_text(json_member(json, "domain")), "labour");
    cr_assert_str_eq(json_text(json_member(json, "pk")), BASE);
    cr_assert_eq(json_number(json, "version"), 1);
    cr_assert_eq(json_number(json, "size"), 3);
    cr_assert_eq(json_count(json), 6);
    for (size_t i = 0; i < 2; i++) {
        struct tag_evaluation evaluation;
        uint8_t tag[TAG_LEN];
        cr_assert(base64url_decode_fixed(json_text_bytes(json_member(json, "pk")), evaluation.pk,
                                         32) == ERR_OK);
        cr_assert(base64url_decode_fixed(json_text_bytes(text_at(json, "evaluated", i)),
                                         evaluation.element, 32) == ERR_OK);
        cr_assert(base64url_decode_fixed(json_text_bytes(text_at(json, "proofs", i)),
                                         evaluation.proof, 64) == ERR_OK);
        cr_assert(tag_finalise(&people[i], blinds[i], &evaluation, tag, NULL) == ERR_OK);
        cr_assert(tag_finalise(&people[1 - i], blinds[1 - i], &evaluation, tag, NULL) == ERR_PROOF);
    }
    cr_assert_eq(host->tags_calls, 1);
    cr_assert_eq(host->tags_asked.count, 2);
    cr_assert_eq(host->tags_asked.version, 1);
    cr_assert_eq(host->tags_asked.request_id, 7);
    cr_assert_str_eq(host->tags_reader, "acme");
    cr_assert_str_eq(host->tags_purpose, "unit-test");
    cr_assert(!host->tags_asked.is_lookup);
    json_done(json);
    http_reply_done(&reply);
}

#define GOOD "{\"domain\":\"labour\",\"version\":1,\"blinded\":[\"" BASE "\"]}"

Test(api_tags, whoever_reads_others_records_has_the_small_budget) {
    struct http_reply reply = post("court", GOOD);
    cr_assert_eq(reply.status, 200);
    cr_assert(host->tags_asked.is_lookup);
    http_reply_done(&reply);
}

Test(api_tags, a_role_has_tags_of_its_own_domains_alone) {
    static const char benefit[] =
        "{\"domain\":\"benefit\",\"version\":1,\"blinded\":[\"" BASE "\"]}";
    expect_refused("acme", benefit, ERR_ROLE);
    struct key_secret *key = vector_key(KEY_ED25519, "registrar");
    key_secret_done(key);
    reply_is_problem(ask_as(host, "registrar", KEY_ED25519, ++number, question(GOOD)), ERR_ROLE);
    reply_is_problem(ask_as(host, "operator", KEY_ES256K, ++number, question(GOOD)), ERR_ROLE);
    cr_assert_eq(host->tags_calls, 0);
}

Test(api_tags, without_a_token_for_this_body_nothing_is_looked_at) {
    reply_is_problem(ask(host, question(GOOD)), ERR_TOKEN_MISSING);
    reply_is_problem(ask(host, question("{")), ERR_TOKEN_MISSING);
    struct key_secret *key = vector_key(KEY_ES256K, "payer");
    struct token_make make = {.iss = "payer",
                              .node = HOST_ORIGIN "/node/1",
                              .method = "POST",
                              .path = "/v1/tags",
                              .purpose = "unit-test",
                              .body = bytes_text("{}"),
                              .now_s = (int64_t)(host->now_ms / 1000),
                              .life_s = 60};
    struct buf token;
    buf_init(&token, LIMIT_TOKEN);
    cr_assert(buf_add_text(&token, "Bearer ") == ERR_OK);
    cr_assert(token_sign(key, &make, &token) == ERR_OK);
    struct ask other = question(GOOD);
    other.authorization = buf_text(&token);
    reply_is_problem(ask(host, other), ERR_TOKEN_INVALID);
    cr_assert_eq(host->tags_calls, 0);
    buf_done(&token);
    key_secret_done(key);
}

Test(api_tags, another_media_type_is_refused) {
    struct ask text = question(GOOD);
    text.type = "text/plain";
    reply_is_problem(ask_as(host, "payer", KEY_ES256K, ++number, text), ERR_MEDIA_TYPE);
    text.type = NULL;
    reply_is_problem(ask_as(host, "payer", KEY_ES256K, ++number, text), ERR_MEDIA_TYPE);
    cr_assert_eq(host->tags_calls, 0);
}

Test(api_tags, a_body_of_another_form_is_refused_where_it_differs) {
    expect_refused("payer", "{", ERR_MALFORMED_JSON);
    expect_refused("payer", "[]", ERR_SCHEMA);
    expect_refused("payer", "{}", ERR_SCHEMA);
    expect_refused("payer", "{\"domain\":\"labour\",\"version\":1}", ERR_SCHEMA);
    expect_at("{\"domain\":\"labour\",\"version\":1,\"blinded\":[\"" BASE "\"],\"x\":1}", "",
              "no others");
    expect_at("{\"domain\":\"health\",\"version\":1,\"blinded\":[\"" BASE "\"]}", "/domain",
              "no tag domain");
    expect_at("{\"domain\":7,\"version\":1,\"blinded\":[\"" BASE "\"]}", "/domain",
              "no tag domain");
    expect_at("{\"domain\":\"labour\",\"version\":2,\"blinded\":[\"" BASE "\"]}", "/version",
              "version 1 now");
    expect_at("{\"domain\":\"labour\",\"version\":\"1\",\"blinded\":[\"" BASE "\"]}", "/version",
              "version 1 now");
    expect_at("{\"domain\":\"labour\",\"version\":1,\"blinded\":\"" BASE "\"}", "/blinded",
              "1 to 256");
    expect_at("{\"domain\":\"labour\",\"version\":1,\"blinded\":[]}", "/blinded", "1 to 256");
    expect_at("{\"domain\":\"labour\",\"version\":1,\"blinded\":{\"0\":\"" BASE "\"}}", "/blinded",
              "1 to 256");
}

Test(api_tags, an_element_that_is_none_is_refused_at_its_place) {
    static const char *const bad[] = {
        "\"\"",
        "7",
        "null",
        "\"4vKuCmq8TnGohKlhxQBRX1jjC2qlgt2NtqZZReCNLX\"",       /* 31 bytes and a half */
        "\"4vKuCmq8TnGohKlhxQBRX1jjC2qlgt2NtqZZReCNLXYA\"",     /* 33 */
        "\"4vKuCmq8TnGohKlhxQBRX1jjC2qlgt2NtqZZReCNLXY=\"",     /* padded */
        "\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"",      /* the identity */
        "\"7f____________________________________________38\"", /* RFC 9496 A.3, too long */
        "\"7f___________________________________________38\"",  /* p: not canonical */
        "\"AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"",      /* negative */
        "\"_____________________________________________38\"",
        "\"JpSU10vXT1E9ixpqRHM8Uw6TcG2o-ybm7g8nYWJjXHs\"", /* not on the curve, or negative */
    };
    char body[512];
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        (void)snprintf(body, sizeof body,
                       "{\"domain\":\"labour\",\"version\":1,\"blinded\":[\"" BASE "\",%s]}",
                       bad[i]);
        expect_at(body, "/blinded/1", "ristretto255");
    }
}

static struct buf many(size_t count) {
    struct buf body;
    buf_init(&body, LIMIT_HTTP_BODY);
    cr_assert(buf_add_text(&body, "{\"domain\":\"labour\",\"version\":1,\"blinded\":[") == ERR_OK);
    for (size_t i = 0; i < count; i++)
        cr_assert(buf_format(&body, "%s\"" BASE "\"", i ? "," : "") == ERR_OK);
    cr_assert(buf_add_text(&body, "]}") == ERR_OK);
    return body;
}

Test(api_tags, as_many_as_the_limit_and_not_one_more) {
    struct buf body = many(LIMIT_TAGS_ASKED + 1);
    expect_at(buf_text(&body), "/blinded", "1 to 256");
    buf_done(&body);
    body = many(LIMIT_TAGS_ASKED);
    struct http_reply reply = post("payer", buf_text(&body));
    cr_assert_eq(reply.status, 200);
    cr_assert_eq(host->tags_asked.count, LIMIT_TAGS_ASKED);
    http_reply_done(&reply);
    buf_done(&body);
}

Test(api_tags, a_spent_budget_says_when_to_come_back) {
    host->tags_err = ERR_RATE;
    struct http_reply reply = post("payer", GOOD);
    cr_assert_eq(reply.status, 429);
    cr_assert_str_eq(reply_header(&reply, "Retry-After"), "77");
    size_t fields = 0;
    for (size_t i = 0; i < reply.header_count; i++)
        fields += strcmp(reply.headers[i].name, "Retry-After") == 0;
    cr_assert_eq(fields, 1);
    reply_is_problem(reply, ERR_RATE);
    static const enum err errors[] = {ERR_TOO_LARGE, ERR_NOT_FOUND, ERR_DISK_FULL};
    for (size_t i = 0; i < 3; i++) {
        host->tags_err = errors[i];
        reply_is_problem(post("payer", GOOD), errors[i]);
    }
}

Test(api_tags, the_genesis_is_served_byte_for_byte) {
    struct http_reply reply = ask(host, (struct ask){.path = "/v1/genesis"});
    cr_assert_eq(reply.status, 200);
    cr_assert(bytes_equal(buf_bytes(&reply.body), host->genesis->bytes));
    http_reply_done(&reply);
}

Test(api_tags, types_list_the_domains) {
    struct http_reply reply = ask(host, (struct ask){.path = "/v1/types"});
    struct json *json = reply_json(&reply);
    const struct json *domains = json_member(json, "domains");
    cr_assert_eq(json_count(domains), 2);
    cr_assert_str_eq(json_text(json_member(json_at(domains, 0), "domain")), "labour");
    cr_assert_eq(json_number(json_at(domains, 1), "version"), 1);
    json_done(json);
    http_reply_done(&reply);
}
