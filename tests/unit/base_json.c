/* Strict JSON: what is refused, what is kept exactly, what is written. */
#include "ledger/base/json.h"

#include "ledger/base/limits.h"

#include <criterion/criterion.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static enum err parse(const char *text) {
    struct json *json = NULL;
    struct problem why;
    enum err err = json_parse(bytes_text(text), &json, &why);
    if (!err)
        json_done(json);
    else
        cr_expect(why.detail[0]);
    return err;
}

Test(json, json_refuses_whatever_is_not_strict) {
    static const char *const bad[] = {"",
                                      " ",
                                      "{",
                                      "{}{}",
                                      "{} x",
                                      "{\"a\":1,\"a\":2}",
                                      "{\"a\":{\"b\":1,\"b\":1}}",
                                      "[1,]",
                                      "{\"a\":1,}",
                                      "{a:1}",
                                      "'a'",
                                      "1.0",
                                      "[0.5]",
                                      "1e3",
                                      "[1E0]",
                                      "{\"a\":[{\"b\":1.5}]}",
                                      "9007199254740992",
                                      "[-9007199254740992]",
                                      "99999999999999999999",
                                      "01",
                                      "+1",
                                      "NaN",
                                      "Infinity",
                                      "\"\\u0000\"",
                                      "\"\\ud800\"",
                                      "\"a\nb\"",
                                      "\xff",
                                      "\"\xc3\"",
                                      "\"\xed\xa0\x80\"",
                                      "// c\n1",
                                      "\xef\xbb\xbf{}",
                                      "nul",
                                      "\"open"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        cr_expect_eq(parse(bad[i]), ERR_MALFORMED_JSON, "%s", bad[i]);
}

Test(json, json_takes_what_rfc_8259_allows) {
    static const char *const good[] = {"{}",
                                       " [ ] ",
                                       "\"契证\"",
                                       "0",
                                       "-0",
                                       "9007199254740991",
                                       "-9007199254740991",
                                       "true",
                                       "null",
                                       "{\"a\":\"\\u5951\\ud83d\\udcdc\"}",
                                       "{\"]\":\"[[[[[[[[[[[[\\\"[[[[\"}"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        cr_expect_eq(parse(good[i]), ERR_OK, "%s", good[i]);
}

Test(json, json_stops_at_the_depth_limit) {
    char text[2 * LIMIT_JSON_DEPTH + 8];
    memset(text, '[', LIMIT_JSON_DEPTH);
    memset(text + LIMIT_JSON_DEPTH, ']', LIMIT_JSON_DEPTH);
    text[2 * LIMIT_JSON_DEPTH] = 0;
    cr_expect_eq(parse(text), ERR_OK);
    memset(text, '[', LIMIT_JSON_DEPTH + 1);
    memset(text + LIMIT_JSON_DEPTH + 1, ']', LIMIT_JSON_DEPTH + 1);
    text[2 * LIMIT_JSON_DEPTH + 2] = 0;
    cr_expect_eq(parse(text), ERR_MALFORMED_JSON);
}

Test(json, json_survives_a_megabyte_of_brackets) {
    static char text[1 << 20];
    memset(text, '[', sizeof text - 1);
    cr_expect_eq(parse(text), ERR_MALFORMED_JSON);
}

Test(json, json_counts_values_before_it_takes_memory_for_them) {
    static char text[3 * (LIMIT_JSON_VALUES + 8)];
    for (int extra = 0; extra < 2; extra++) {
        size_t at = 0;
        text[at++] = '[';
        for (int i = 0; i < LIMIT_JSON_VALUES - 2 + extra; i++) {
            text[at++] = '1';
            text[at++] = ',';
        }
        text[at++] = '1';
        text[at++] = ']';
        text[at] = 0;
        cr_expect_eq(parse(text), extra ? ERR_MALFORMED_JSON : ERR_OK);
    }
}

Test(json, json_format_sorts_names_and_keeps_values) {
    struct json *json;
    struct problem why;
    struct buf out;
    buf_init(&out, 1000);
    cr_assert_eq(
        json_parse(
            bytes_text(
                "{ \"b\" : [1, true, null, \"\\u00e9\\n\\\"/\"], \"a\" : {\"z\":-5,\"y\":{}} }"),
            &json, &why),
        ERR_OK);
    cr_assert_eq(json_format(json, &out), ERR_OK);
    cr_expect_str_eq(buf_text(&out),
                     "{\"a\":{\"y\":{},\"z\":-5},\"b\":[1,true,null,\"\xc3\xa9\\n\\\"/\"]}");
    buf_done(&out);
    json_done(json);
}

Test(json, json_readers_give_nothing_for_another_kind) {
    struct json *json;
    struct problem why;
    int64_t number;
    bool flag;
    cr_assert_eq(json_parse(bytes_text("{\"t\":\"x\",\"n\":5,\"l\":[1,2]}"), &json, &why), ERR_OK);
    cr_expect_null(json_text(json_member(json, "n")));
    cr_expect_null(json_text(json_member(json, "absent")));
    cr_expect(!json_int(json_member(json, "t"), &number));
    cr_expect(!json_int(NULL, &number));
    cr_expect(!json_bool(json_member(json, "n"), &flag));
    cr_expect_null(json_at(json_member(json, "t"), 0));
    cr_expect_null(json_at(json_member(json, "l"), 2));
    cr_expect_null(json_member(json_member(json, "l"), "x"));
    cr_expect_eq(json_count(json_member(json, "l")), 2);
    cr_expect_eq(json_count(json_member(json, "n")), 0);
    cr_expect_eq(json_kind(NULL), JSON_KIND_NONE);
    json_done(json);
}

Test(json, json_put_takes_over_and_tells_of_a_missing_child) {
    struct json *object = json_new_object();
    cr_expect_eq(json_put(object, "a", NULL), ERR_NO_MEMORY);
    cr_expect_eq(json_put(object, "a", json_new_int(1)), ERR_OK);
    cr_expect_eq(json_put_text(object, "b", "\xff"), ERR_NO_MEMORY, "not UTF-8");
    struct json *copy = json_clone(object);
    cr_expect(json_same(object, copy));
    json_remove(copy, "a");
    cr_expect(!json_same(object, copy));
    json_done(copy);
    json_done(object);
    json_done(NULL);
}

/* -- where something runs out -- */

static const char *const rich =
    "{\"a text that is long enough to make a buffer "
    "grow\":[1,true,null,{\"\xe4\xb8\x80\":\"\\u4e00 and a "
    "text of its own\"}],\"b\":\"\",\"c\":{\"a name longer than what stands behind it\":0}}";

static long allowed; /* allocations until one fails; negative: none does */

static void *scarce(size_t len) {
    return allowed-- == 0 ? NULL : malloc(len);
}

Test(json, without_memory_the_answer_is_that_and_never_another_reading) {
    struct json *whole = NULL, *json = NULL;
    allowed = -1;
    json_set_alloc_funcs(scarce, free);
    cr_assert_eq(json_parse(bytes_text(rich), &whole, NULL), ERR_OK);
    enum err err = ERR_NO_MEMORY;
    long failures = 0;
    for (; err == ERR_NO_MEMORY; failures++) {
        struct problem why = {0};
        allowed = failures;
        err = json_parse(bytes_text(rich), &json, &why);
        cr_assert(err == why.err, "%ld: %s", failures, why.detail);
    }
    allowed = -1;
    cr_assert_eq(err, ERR_OK, "%ld allocations", failures);
    cr_assert_gt(failures, 10);
    cr_assert(json_same(json, whole));
    cr_assert_eq(json_parse(bytes_text("[1,]"), &json, NULL), ERR_MALFORMED_JSON,
                 "what is wrong with memory is still wrong");
    json_done(json);
    json_done(whole);
}

Test(json, what_does_not_fit_is_never_written_with_a_gap) {
    struct json *json = NULL;
    struct buf whole;
    buf_init(&whole, 1024);
    cr_assert_eq(json_parse(bytes_text(rich), &json, NULL), ERR_OK);
    cr_assert_eq(json_format(json, &whole), ERR_OK);
    for (size_t max = 0; max <= whole.len; max++) {
        struct buf out;
        buf_init(&out, max);
        enum err err = json_format(json, &out);
        cr_assert_eq(err, max < whole.len ? ERR_TOO_LARGE : ERR_OK, "%zu", max);
        cr_assert(err || bytes_equal(buf_bytes(&out), buf_bytes(&whole)));
        buf_done(&out);
    }
    buf_done(&whole);
    json_done(json);
}
