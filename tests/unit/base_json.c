/* Strict JSON: what is refused, what is kept exactly, what is written. */
#include "ledger/base/json.h"

#include "ledger/base/json_read.h"
#include "ledger/base/limits.h"
#include "ledger/base/text.h"

#include <criterion/criterion.h>
#include <jansson.h>
#include <stdio.h>
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
    struct json *json = NULL;
    cr_expect_eq(json_parse(bytes_of(NULL, 0), &json, NULL), ERR_MALFORMED_JSON);
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

/* The same, but for what the quick reader leaves to jansson. */
static const char *const plain =
    "{\"a text that is long enough to make a buffer "
    "grow\":[1,true,null,{\"\xe4\xb8\x80\":\"\\n\xe4\xb8\x80 and a "
    "text of its own\"}],\"b\":\"\",\"c\":{\"a name longer than what stands behind it\":0}}";

static void starve(const char *text) {
    struct json *whole = NULL, *json = NULL;
    allowed = -1;
    cr_assert_eq(json_parse(bytes_text(text), &whole, NULL), ERR_OK);
    enum err err = ERR_NO_MEMORY;
    long failures = 0;
    for (; err == ERR_NO_MEMORY; failures++) {
        struct problem why = {0};
        allowed = failures;
        err = json_parse(bytes_text(text), &json, &why);
        cr_assert(err == why.err, "%ld: %s", failures, why.detail);
    }
    allowed = -1;
    cr_assert_eq(err, ERR_OK, "%ld allocations", failures);
    cr_assert_gt(failures, 10);
    cr_assert(json_same(json, whole));
    json_done(json);
    json_done(whole);
}

Test(json, without_memory_the_answer_is_that_and_never_another_reading) {
    struct json *json = NULL;
    json_set_alloc_funcs(scarce, free);
    starve(rich);
    starve(plain);
    cr_assert_eq(json_parse(bytes_text("[1,]"), &json, NULL), ERR_MALFORMED_JSON,
                 "what is wrong with memory is still wrong");
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

/* -- the quick reader beside jansson's -- */

static bool quick_reads(struct bytes text) {
    json_t *quick = NULL;
    if (!utf8_valid(text) || json_read(text, &quick)) return false;
    json_error_t error;
    json_t *slow = json_loadb((const char *)text.data, text.len,
                              JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);
    cr_assert(slow, "%.*s: %s", (int)text.len, (const char *)text.data, error.text);
    char *a = json_dumps(quick, JSON_ENCODE_ANY), *b = json_dumps(slow, JSON_ENCODE_ANY);
    cr_assert_str_eq(a, b, "%.*s", (int)text.len, (const char *)text.data); /* the order, too */
    cr_assert(json_equal(quick, slow));
    free(a);
    free(b);
    json_decref(quick);
    json_decref(slow);
    return true;
}

static const char *const documents[] = {
    "{\"a\":1,\"b\":[true,false,null],\"c\":{\"d\":-12,\"e\":\"f\"},\"\":\"\"}",
    " [ 0 , -1 , 999999999999999 ,\t\"x\\n\\\"y\\\\z\\/\\b\\f\\r\\t\" , [ ] , { } ]\r\n",
    "{\"twelve bytes\":\"契证 is what it is called, \\n and this is longer\",\"b\":\"c\"}",
    "\"a text alone\"",
    "[[[[[[[[1]]]]]]]]",
    "{\"aa\":1,\"ab\":2,\"ba\":3}",
};

Test(json, the_quick_reader_takes_what_we_write) {
    for (size_t i = 0; i < sizeof documents / sizeof *documents; i++)
        cr_expect(quick_reads(bytes_text(documents[i])), "%s", documents[i]);
}

/* Each byte of each document made each other byte, left out, and written twice. */
Test(json, what_the_quick_reader_takes_is_what_jansson_reads) {
    unsigned taken = 0, tried = 0;
    for (size_t i = 0; i < sizeof documents / sizeof *documents; i++) {
        char text[256];
        size_t len = strlen(documents[i]);
        for (size_t at = 0; at < len; at++) {
            for (unsigned c = 0; c < 256; c++, tried++) {
                memcpy(text, documents[i], len);
                text[at] = (char)c;
                taken += quick_reads(bytes_of(text, len));
                memcpy(text + at + 1, documents[i] + at, len - at); /* put in before it */
                taken += quick_reads(bytes_of(text, len + 1));
            }
            memcpy(text, documents[i], at);
            memcpy(text + at, documents[i] + at + 1, len - at - 1);
            taken += quick_reads(bytes_of(text, len - 1));
            taken += quick_reads(bytes_of(documents[i], at));
        }
    }
    cr_expect_gt(taken, tried / 4, "%u of %u", taken, 2 * tried);
}

/* Every text of up to six of the bytes that mean something. */
Test(json, the_quick_reader_reads_every_short_text_as_jansson_does) {
    static const char set[] = "[]{},:\"\\0-1 n";
    size_t radix = sizeof set - 1, count = radix;
    for (size_t len = 1; len <= 6; len++, count *= radix) {
        for (size_t number = 0; number < count; number++) {
            char text[6];
            size_t rest = number;
            for (size_t i = 0; i < len; i++, rest /= radix) text[i] = set[rest % radix];
            (void)quick_reads(bytes_of(text, len));
        }
    }
}

static size_t plain_end_naive(const uint8_t *data, size_t len, size_t from) {
    while (from < len && data[from] >= 0x20 && data[from] != '"' && data[from] != '\\') from++;
    return from;
}

/* Two bytes of any value at any place of a run, which may begin and end anywhere in a word. */
Test(json, a_plain_run_ends_where_it_must) {
    uint8_t data[40];
    memset(data, 'x', sizeof data);
    for (size_t at = 0; at < 26; at++) {
        for (unsigned a = 0; a < 256; a++) {
            for (unsigned b = 0; b < 256;
                 b += a == 0x20 || a == 0x21 || a == '\\' || a > 0xfd ? 1 : 5) {
                data[at] = (uint8_t)a;
                data[at + 1] = (uint8_t)b;
                for (size_t from = 0; from < 9; from++)
                    cr_assert_eq(json_plain_end(bytes_of(data, 27), from),
                                 plain_end_naive(data, 27, from), "%zu %02x %02x %zu", at, a, b,
                                 from);
            }
        }
        data[at] = data[at + 1] = 'x';
    }
    for (size_t len = 0; len <= sizeof data; len++)
        cr_assert_eq(json_plain_end(bytes_of(data, len), 0), len);
}

/* What jansson writes is the measure. */
static void written_as_by_jansson(const struct json *json) {
    char *expected =
        json_dumps((const json_t *)json, JSON_COMPACT | JSON_SORT_KEYS | JSON_ENCODE_ANY);
    struct buf out;
    buf_init(&out, 1 << 20);
    cr_assert_eq(json_format(json, &out), ERR_OK);
    cr_assert_str_eq(buf_text(&out), expected);
    free(expected);
    buf_done(&out);
}

/* Rows of state and canonical documents stand on disks as jansson wrote them once. */
Test(json, compact_text_is_what_jansson_writes) {
    for (size_t i = 0; i < sizeof documents / sizeof *documents; i++) {
        struct json *json = NULL;
        cr_assert_eq(json_parse(bytes_text(documents[i]), &json, NULL), ERR_OK);
        written_as_by_jansson(json);
        json_done(json);
    }
    static const int64_t numbers[] = {
        0, 1, -1, 9, 10, -10, 9007199254740991, -9007199254740991, INT64_MAX, INT64_MIN};
    struct json *array = json_new_array();
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        cr_assert_eq(json_push(array, json_new_int(numbers[i])), ERR_OK);
    written_as_by_jansson(array);
    json_done(array);
    struct buf out;
    buf_init(&out, 10);
    cr_expect_eq(json_format(NULL, &out), ERR_NO_MEMORY);
    buf_done(&out);
}

/* Names of which one begins with another, in every order that a step through them gives, few and many. */
Test(json, names_are_sorted_as_jansson_sorts_them) {
    for (size_t count = 0; count < 40; count++) {
        for (size_t step = 1; step < 41; step++) {
            struct json *object = json_new_object();
            for (size_t i = 0; i < count; i++) {
                size_t n = i * step % 41;
                char name[16];
                (void)snprintf(name, sizeof name, "%s%s%s%s", n % 2 ? "b" : "a",
                               (const char *const[]){"", "a", "b"}[n / 2 % 3],
                               n > 11 ? "\xc3\xa9" : "", n > 24 ? "a" : "");
                cr_assert_eq(json_put_int(object, name, (int64_t)n), ERR_OK);
            }
            written_as_by_jansson(object);
            json_done(object);
        }
    }
}

Test(json, a_text_is_added_as_jansson_writes_it) {
    char text[32];
    for (size_t len = 1; len < 20; len++) {
        for (size_t at = 0; at < len; at++) {
            for (int c = 1; c < 0x80; c++) {
                struct buf out;
                struct json *json = NULL;
                memset(text, 'y', len);
                text[at] = (char)c;
                if (len > at + 8) text[at + 7] = (char)c;
                buf_init(&out, 1000);
                cr_assert_eq(json_add_text(&out, bytes_of(text, len)), ERR_OK);
                cr_assert_eq(json_parse(buf_bytes(&out), &json, NULL), ERR_OK);
                cr_assert(bytes_equal(json_text_bytes(json), bytes_of(text, len)));
                char *expected = json_dumps((json_t *)json, JSON_ENCODE_ANY);
                cr_assert_str_eq(buf_text(&out), expected);
                free(expected);
                json_done(json);
                buf_done(&out);
            }
        }
    }
}
