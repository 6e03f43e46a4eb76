/* Replies and header fields: problem details (RFC 9457), headers that cannot be split, and Content-Type, Accept and Prefer as far as the API reads them. */
#include "api/call.h"

#include "ledger/base/text.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static struct json *body_json(const struct http_reply *reply) {
    struct json *body = NULL;
    cr_assert(json_parse(buf_bytes(&reply->body), &body, NULL) == ERR_OK);
    return body;
}

static const char *header_of(const struct http_reply *reply, const char *name) {
    for (size_t i = 0; i < reply->header_count; i++) {
        if (strcmp(reply->headers[i].name, name) == 0) return reply->headers[i].value;
    }
    return NULL;
}

static void text_is(const struct json *body, const char *name, const char *want) {
    const char *text = json_text(json_member(body, name));
    cr_assert(text, "%s is missing", name);
    cr_assert_str_eq(text, want);
}

/* -- problems -- */

Test(api_http, every_error_makes_a_problem_with_its_code_and_status) {
    for (unsigned i = ERR_OK + 1; i < ERR_COUNT; i++) {
        struct problem problem;
        struct http_reply reply;
        char type[96];
        int64_t status = 0;
        (void)problem_at(&problem, (enum err)i, "/a/b", "What happened %d.", 7);
        http_reply_init(&reply, 4096);
        http_reply_problem(&reply, &problem, 42);
        cr_assert_eq(reply.status, err_status((enum err)i));
        cr_assert_str_eq(reply.content_type, "application/problem+json");
        struct json *body = body_json(&reply);
        (void)snprintf(type, sizeof type, "urn:qizheng:problem:%s", err_code((enum err)i));
        text_is(body, "type", type);
        text_is(body, "code", err_code((enum err)i));
        text_is(body, "title", err_title((enum err)i));
        text_is(body, "title_zh", err_title_zh((enum err)i));
        text_is(body, "detail", "What happened 7.");
        text_is(body, "pointer", "/a/b");
        text_is(body, "instance", "urn:qizheng:request:42");
        cr_assert(json_int(json_member(body, "status"), &status) && status == reply.status);
        cr_assert(!json_member(body, "rule") && !json_member(body, "law"));
        json_done(body);
        http_reply_done(&reply);
    }
}

Test(api_http, a_problem_says_when_asking_again_may_help) {
    static const struct {
        enum err err;
        const char *after;
    } cases[] = {{ERR_QUEUE_FULL, "1"}, {ERR_RATE, "1"},       {ERR_NOT_FINAL, "1"},
                 {ERR_DRAINING, "5"},   {ERR_NO_QUORUM, "5"},  {ERR_NO_MEMORY, "5"},
                 {ERR_TIMEOUT, NULL},   {ERR_NOT_FOUND, NULL}, {ERR_RULE, NULL},
                 {ERR_DIVERGED, NULL},  {ERR_IO, NULL}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct problem problem;
        struct http_reply reply;
        (void)problem_set(&problem, cases[i].err, "No.");
        http_reply_init(&reply, 4096);
        http_reply_problem(&reply, &problem, 1);
        const char *after = header_of(&reply, "Retry-After");
        cr_assert(!after == !cases[i].after, "%s", err_code(cases[i].err));
        if (after) cr_assert_str_eq(after, cases[i].after);
        http_reply_done(&reply);
    }
}

Test(api_http, a_problem_carries_rule_and_law) {
    struct problem problem;
    struct http_reply reply;
    (void)problem_set(&problem, ERR_RULE, "Probation is 1 month too long.");
    (void)snprintf(problem.rule, sizeof problem.rule, "LC-03");
    (void)snprintf(problem.law, sizeof problem.law, "《劳动合同法》第十九条");
    http_reply_init(&reply, 4096);
    http_reply_problem_as(&reply, &problem, 422, 1);
    struct json *body = body_json(&reply);
    int64_t status = 0;
    text_is(body, "rule", "LC-03");
    text_is(body, "law", "《劳动合同法》第十九条");
    cr_assert(json_int(json_member(body, "status"), &status) && status == 422);
    cr_assert_eq(reply.status, 422);
    json_done(body);
    http_reply_done(&reply);
}

/* problem.law is cut at its size, maybe in the middle of a character. */
Test(api_http, a_problem_survives_text_that_was_cut_or_is_no_text) {
    struct problem problem;
    struct http_reply reply;
    for (size_t len = 1; len <= 12; len++) {
        (void)problem_set(&problem, ERR_RULE, "Why.");
        memcpy(problem.law, "劳动合同", len);
        problem.law[len] = 0;
        http_reply_init(&reply, 4096);
        http_reply_problem(&reply, &problem, 1);
        struct json *body = body_json(&reply);
        const char *law = json_text(json_member(body, "law"));
        cr_assert(len < 3 ? !law : law && strlen(law) == len / 3 * 3);
        json_done(body);
        http_reply_done(&reply);
    }
    (void)problem_set(&problem, ERR_RULE, "bad \xff\xff\xff\xff\xff bytes");
    http_reply_init(&reply, 4096);
    http_reply_problem(&reply, &problem, 1);
    struct json *body = body_json(&reply);
    cr_assert(!json_member(body, "detail"));
    text_is(body, "code", "rule");
    json_done(body);
    http_reply_done(&reply);
}

Test(api_http, a_problem_without_room_keeps_its_status) {
    struct problem problem;
    struct http_reply reply;
    (void)problem_set(&problem, ERR_SCHEMA, "A long story.");
    http_reply_init(&reply, 40);
    http_reply_problem(&reply, &problem, 1);
    cr_assert_eq(reply.status, 422);
    cr_assert(bytes_is(buf_bytes(&reply.body), "{\"type\":\"about:blank\"}"));
    http_reply_done(&reply);
    http_reply_init(&reply, 0);
    http_reply_problem(&reply, &problem, 1);
    cr_assert(reply.status == 422 && reply.body.len == 0);
    http_reply_done(&reply);
}

/* -- replies -- */

Test(api_http, a_header_value_ends_at_a_line_break) {
    struct http_reply reply;
    http_reply_init(&reply, 0);
    http_reply_header(&reply, "A", "%s", "x\r\nSet-Cookie: y");
    http_reply_header(&reply, "B", "%s\n%s", "x", "y");
    http_reply_header(&reply, "C", "%0300d", 0);
    cr_assert_str_eq(header_of(&reply, "A"), "x");
    cr_assert_str_eq(header_of(&reply, "B"), "x");
    cr_assert_eq(strlen(header_of(&reply, "C")), 255);
    http_reply_done(&reply);
}

Test(api_http, a_json_reply_takes_the_value_over_whatever_happens) {
    struct http_reply reply;
    struct json *json = json_new_object();
    cr_assert(json_put_text(json, "a", "0123456789") == ERR_OK);
    http_reply_init(&reply, 8);
    cr_assert(http_reply_json(&reply, 200, MEDIA_JSON, json) == ERR_TOO_LARGE);
    cr_assert_eq(reply.status, 0);
    cr_assert(http_reply_json(&reply, 200, MEDIA_JSON, NULL) == ERR_NO_MEMORY);
    cr_assert(http_reply_json(&reply, 201, MEDIA_JSON, json_new_object()) == ERR_OK);
    cr_assert(bytes_is(buf_bytes(&reply.body), "{}") && reply.status == 201);
    http_reply_done(&reply);
}

/* -- Content-Type -- */

Test(api_http, field_is_media_compares_the_type_alone) {
    static const char *const good[] = {"application/jose", "Application/JOSE", " application/jose ",
                                       "application/jose; charset=utf-8", "application/jose;x=y"};
    static const char *const bad[] = {"",
                                      "application/josephine",
                                      "application/jos",
                                      "text/plain",
                                      "application/jose, text/plain",
                                      ";application/jose",
                                      "application /jose"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        cr_assert(field_is_media(good[i], "application/jose"), "%s", good[i]);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        cr_assert(!field_is_media(bad[i], "application/jose"), "%s", bad[i]);
    }
    cr_assert(!field_is_media(NULL, "application/jose"));
}

/* -- Accept -- */

Test(api_http, field_wants_text_only_where_text_is_asked_for_over_json) {
    static const char *const text[] = {"text/plain",
                                       "TEXT/PLAIN",
                                       "text/*",
                                       "text/plain, */*",
                                       "text/plain, */*;q=0.1",
                                       "text/plain;q=0.9, application/json;q=0.8",
                                       "application/json;q=0, text/plain;q=0.001",
                                       "text/plain;charset=utf-8;q=1"};
    static const char *const json[] = {"",
                                       "*/*",
                                       "application/json",
                                       "application/json, text/plain, */*",
                                       "text/html,application/xhtml+xml,*/*;q=0.8",
                                       "text/plain;q=0",
                                       "text/plain;q=0.0",
                                       "text/plain;q=0.5, */*",
                                       "text/plain;q=0.5, application/*",
                                       "application/vnd.qizheng.receipt+json, text/plain",
                                       ",,;;,",
                                       "text/plainer"};
    for (size_t i = 0; i < sizeof text / sizeof *text; i++) {
        cr_assert(field_wants_text(text[i]), "%s", text[i]);
    }
    for (size_t i = 0; i < sizeof json / sizeof *json; i++) {
        cr_assert(!field_wants_text(json[i]), "%s", json[i]);
    }
    cr_assert(!field_wants_text(NULL));
}

/* -- Prefer -- */

static void prefer_is(const char *value, bool is_async, bool has_wait, uint64_t wait_s) {
    struct field_prefer prefer = field_prefer(value);
    cr_assert_eq(prefer.is_async, is_async, "%s", value);
    cr_assert_eq(prefer.has_wait, has_wait, "%s", value);
    if (has_wait) cr_assert_eq(prefer.wait_s, wait_s, "%s", value);
}

Test(api_http, field_prefer_reads_wait_and_respond_async) {
    prefer_is(NULL, false, false, 0);
    prefer_is("", false, false, 0);
    prefer_is("respond-async", true, false, 0);
    prefer_is("Respond-Async", true, false, 0);
    prefer_is("wait=10", false, true, 10);
    prefer_is("wait=\"10\"", false, true, 10);
    prefer_is("respond-async, wait=10", true, true, 10);
    prefer_is("wait=0 ; foo=bar, respond-async;x", true, true, 0);
    prefer_is("return=minimal, handling=strict", false, false, 0);
    prefer_is("wait=18446744073709551615", false, true, UINT64_MAX);
    prefer_is("wait=3, wait=9", false, true, 3);
}

Test(api_http, field_prefer_ignores_what_it_cannot_read) {
    static const char *const bad[] = {
        "wait",     "wait=",     "wait=-1", "wait=1s", "wait=\"1", "wait= ",
        "wait=1.5", "waiting=5", "=5",      ";;,,;",   "wait=\"",  "wait=99999999999999999999999"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) prefer_is(bad[i], false, false, 0);
}
