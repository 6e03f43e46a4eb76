/* Who asks: tokens of registered participants open a call once; whatever else comes is refused with its own code, and never remembered. */
#include "api/call.h"
#include "tests/lib/host.h"

#include <criterion/redirect.h>

static struct host *host;

static void setup(void) {
    host = host_open();
}

static void teardown(void) {
    host_close(host);
}

TestSuite(api_reader, .init = setup, .fini = teardown, .timeout = 60);

static const char *one_header(const struct http_request *request, const char *name) {
    return strcmp(name, "Authorization") == 0 ? request->peer : NULL;
}

/* call_reader for GET /v1/x with that Authorization. */
static enum err read_with(const char *authorization, struct reader *ret, struct problem *ret_why) {
    struct http_reply reply;
    struct http_request request = {.method = "GET",
                                   .path = bytes_text("/v1/x"),
                                   .header = one_header,
                                   .id = 7,
                                   .peer = (void *)(uintptr_t)authorization};
    struct api_call call = {.api = &host->api, .request = &request, .reply = &reply};
    http_reply_init(&reply, LIMIT_HTTP_REPLY);
    enum err err = call_reader(&call, ret);
    if (ret_why) *ret_why = call.why;
    http_reply_done(&reply);
    return err;
}

/* "Bearer <token>" of iss, signed by the key of that name. The caller frees it. */
static struct buf bearer(const char *iss, enum key_alg alg, const char *key_name, uint8_t number) {
    struct key_secret *key = vector_key(alg, key_name);
    struct token_make make = {.iss = iss,
                              .node = HOST_ORIGIN "/node/1",
                              .method = "GET",
                              .path = "/v1/x",
                              .purpose = "court-case",
                              .now_s = (int64_t)(host->now_ms / 1000),
                              .life_s = 60,
                              .jti = {number}};
    struct buf text;
    buf_init(&text, LIMIT_TOKEN);
    cr_assert(buf_add_text(&text, "Bearer ") == ERR_OK);
    cr_assert(token_sign(key, &make, &text) == ERR_OK);
    key_secret_done(key);
    return text;
}

static enum err read_as(const char *iss, enum key_alg alg, const char *key_name, uint8_t number,
                        struct reader *ret) {
    struct buf text = bearer(iss, alg, key_name, number);
    struct problem why = {0};
    enum err err = read_with(buf_text(&text), ret, &why);
    cr_assert(!err || (why.err == err && why.detail[0]));
    buf_done(&text);
    return err;
}

Test(api_reader, a_participant_reads_with_the_roles_that_the_registry_has) {
    struct reader reader = {0};
    cr_assert(read_as("acme", KEY_ES256K, "acme", 1, &reader) == ERR_OK);
    cr_expect_str_eq(reader.id, "acme");
    cr_expect_eq(reader.roles, ROLE_EMPLOYER);
    cr_assert(read_as("registrar", KEY_ED25519, "registrar", 1, &reader) == ERR_OK);
    cr_expect_eq(reader.roles, ROLE_REGISTRAR);
}

Test(api_reader, a_token_is_good_once) {
    struct reader reader;
    cr_expect(read_as("acme", KEY_ES256K, "acme", 1, &reader) == ERR_OK);
    cr_expect(read_as("acme", KEY_ES256K, "acme", 1, &reader) == ERR_TOKEN_REPLAYED);
    cr_expect(read_as("acme", KEY_ES256K, "acme", 2, &reader) == ERR_OK);
}

Test(api_reader, nobody_reads_under_another_name_or_with_a_strange_key) {
    struct reader reader;
    cr_expect(read_as("registrar", KEY_ES256K, "acme", 1, &reader) == ERR_TOKEN_INVALID);
    cr_expect(read_as("nobody", KEY_ES256K, "acme", 1, &reader) == ERR_TOKEN_INVALID);
    cr_expect(read_as("acme", KEY_ES256K, "stranger", 1, &reader) == ERR_TOKEN_INVALID);
    cr_expect_eq(host->tokens, 0, "what was refused is not remembered");
}

Test(api_reader, a_changed_token_is_refused) {
    struct reader reader;
    struct buf text = bearer("acme", KEY_ES256K, "acme", 1);
    text.data[text.len - 20] = text.data[text.len - 20] == 'A' ? 'B' : 'A';
    cr_expect(read_with(buf_text(&text), &reader, NULL) == ERR_TOKEN_INVALID);
    buf_done(&text);
}

Test(api_reader, without_a_bearer_token_it_is_missing) {
    struct reader reader;
    cr_expect(read_with(NULL, &reader, NULL) == ERR_TOKEN_MISSING);
    cr_expect(read_with("", &reader, NULL) == ERR_TOKEN_MISSING);
    cr_expect(read_with("Basic YTpi", &reader, NULL) == ERR_TOKEN_MISSING);
    cr_expect(read_with("Bearer", &reader, NULL) == ERR_TOKEN_MISSING);
    cr_expect(read_with("Bearer ", &reader, NULL) == ERR_TOKEN_INVALID);
    cr_expect(read_with("Bearer a.b.c", &reader, NULL) == ERR_TOKEN_INVALID);
}

Test(api_reader, the_schemes_case_does_not_matter) {
    struct reader reader;
    struct buf text = bearer("acme", KEY_ES256K, "acme", 1);
    memcpy(text.data, "bEARER", 6);
    cr_expect(read_with(buf_text(&text), &reader, NULL) == ERR_OK);
    buf_done(&text);
}

Test(api_reader, a_key_is_judged_by_the_nodes_clock) {
    struct reader reader;
    host->now_ms = (uint64_t)(HOST_KEY_FROM - 1) * 1000;
    cr_expect(read_as("acme", KEY_ES256K, "acme", 1, &reader) == ERR_TOKEN_INVALID);
    host->now_ms = HOST_NOW_MS;
    cr_expect(read_as("acme", KEY_ES256K, "acme", 1, &reader) == ERR_OK);
}

static void act(const char *verb, uint64_t number) {
    struct json *claims = host_claims(host, "registrar", "participant", verb, number);
    host_put(claims, "id", json_new_text("acme"));
    host_put(claims, "reason", json_new_text("at-own-request"));
    struct buf jws = host_sign(claims, KEY_ED25519, "registrar");
    struct outcome outcome = host_apply(host, buf_bytes(&jws));
    cr_assert_eq(outcome.kind, OUTCOME_ACCEPTED, "%s", outcome.problem.detail);
    buf_done(&jws);
}

Test(api_reader, a_suspended_participant_reads_nothing_until_it_is_resumed) {
    struct reader reader;
    act("suspend", 1);
    cr_expect(read_as("acme", KEY_ES256K, "acme", 1, &reader) == ERR_ISSUER_SUSPENDED);
    act("resume", 2);
    cr_expect(read_as("acme", KEY_ES256K, "acme", 2, &reader) == ERR_OK);
}

Test(api_reader, a_node_that_can_remember_no_more_says_so) {
    struct reader reader;
    host->token_err = ERR_RATE;
    cr_expect(read_as("acme", KEY_ES256K, "acme", 1, &reader) == ERR_RATE);
}

Test(api_reader, every_use_is_logged_with_role_and_purpose_and_without_the_token,
     .init = cr_redirect_stderr) {
    setup();
    struct reader reader;
    struct buf text = bearer("acme", KEY_ES256K, "acme", 1);
    cr_assert(read_with(buf_text(&text), &reader, NULL) == ERR_OK);
    (void)fflush(stderr);
    FILE *log = cr_get_redirected_stderr();
    char line[1024] = "";
    cr_assert(fgets(line, sizeof line, log));
    cr_expect(strstr(line, " authorised ") && strstr(line, "reader=acme") &&
                  strstr(line, "roles=employer") && strstr(line, "purpose=court-case"),
              "%s", line);
    cr_expect(!strstr(line, (const char *)text.data + 60));
    buf_done(&text);
}
