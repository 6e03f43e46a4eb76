/* Bytes, encodings and the arena: known answers, round trips, and every way to be not strict. */
#include "ledger/base/arena.h"
#include "ledger/base/text.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static enum err decode_url(const char *text, struct buf *out) {
    buf_clear(out);
    return base64url_decode(bytes_text(text), out);
}

/* RFC 4648 section 10. */
Test(text, base64_agrees_with_rfc_4648) {
    static const char *const pairs[][2] = {{"", ""},
                                           {"f", "Zg=="},
                                           {"fo", "Zm8="},
                                           {"foo", "Zm9v"},
                                           {"foob", "Zm9vYg=="},
                                           {"fooba", "Zm9vYmE="},
                                           {"foobar", "Zm9vYmFy"}};
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        struct buf out;
        buf_init(&out, 100);
        cr_assert_eq(base64_encode(bytes_text(pairs[i][0]), &out), ERR_OK);
        cr_expect_str_eq(buf_text(&out), pairs[i][1]);
        buf_clear(&out);
        cr_assert_eq(base64_decode(bytes_text(pairs[i][1]), &out), ERR_OK);
        cr_expect_str_eq(buf_text(&out), pairs[i][0]);
        buf_done(&out);
    }
}

Test(text, base64url_reads_back_every_length_and_byte) {
    uint8_t in[256], fixed[256];
    for (size_t i = 0; i < sizeof in; i++) in[i] = (uint8_t)(i * 37);
    for (size_t len = 0; len <= sizeof in; len++) {
        struct buf text, back;
        char written[400];
        buf_init(&text, 1000);
        buf_init(&back, 1000);
        cr_assert_eq(base64url_encode(bytes_of(in, len), &text), ERR_OK);
        cr_expect_eq(text.len, base64url_encoded_len(len));
        base64url_write(bytes_of(in, len), written);
        cr_expect_str_eq(written, buf_text(&text));
        cr_assert_eq(base64url_decode(buf_bytes(&text), &back), ERR_OK);
        cr_expect(bytes_equal(buf_bytes(&back), bytes_of(in, len)));
        cr_expect_eq(base64url_decode_fixed(buf_bytes(&text), fixed, len), ERR_OK);
        if (len) cr_expect_eq(base64url_decode_fixed(buf_bytes(&text), fixed, len - 1), ERR_BASE64);
        buf_done(&text);
        buf_done(&back);
    }
}

Test(text, base64_of_nothing_is_nothing) {
    struct buf out;
    buf_init(&out, 0);
    cr_assert(base64_encode(bytes_of(NULL, 0), &out) == ERR_OK);
    cr_assert(base64url_encode(bytes_of(NULL, 0), &out) == ERR_OK);
    cr_assert(out.len == 0);
    buf_done(&out);
}

Test(text, base64url_refuses_whatever_is_not_strict) {
    static const char *const bad[] = {"A",    "AA=",  "AA==", "A A",  "AB",    "AAB",
                                      "AA+A", "AA/A", "AA\n", "====", "AAAA=", "\xc3\xa9"};
    struct buf out;
    buf_init(&out, 100);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        cr_expect_eq(decode_url(bad[i], &out), ERR_BASE64, "%s", bad[i]);
    cr_expect_eq(decode_url("AA", &out), ERR_OK);
    buf_done(&out);
}

Test(text, base64_refuses_missing_and_extra_padding) {
    static const char *const bad[] = {
        "Zg", "Zg=", "Zg===", "Z===", "Zh==", "Zm9=", "Z=g=", "=", "Zm-v", "Zg==\n"};
    struct buf out;
    uint8_t fixed[3];
    buf_init(&out, 100);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        cr_expect_eq(base64_decode(bytes_text(bad[i]), &out), ERR_BASE64, "%s", bad[i]);
        cr_expect_eq(base64_decode_fixed(bytes_text(bad[i]), fixed, 1), ERR_BASE64, "%s", bad[i]);
    }
    buf_done(&out);
}

Test(text, base64url_has_one_text_for_one_value) {
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    unsigned good = 0;
    for (size_t a = 0; a < 64; a++) {
        for (size_t b = 0; b < 64; b++) {
            char text[3] = {alphabet[a], alphabet[b], 0};
            uint8_t out[1];
            good += base64url_decode_fixed(bytes_text(text), out, 1) == ERR_OK;
        }
    }
    cr_expect_eq(good, 256);
}

/* Six bits at a time, as RFC 4648 says it. */
static bool decode_naive(const char *text, size_t len, const char *alphabet, uint8_t *out) {
    uint64_t bits = 0;
    size_t held = 0;
    for (size_t i = 0; i < len; i++) {
        const char *at = text[i] ? strchr(alphabet, text[i]) : NULL;
        if (!at) return false;
        bits = (bits << 6) | (uint64_t)(at - alphabet);
        for (held += 6; held >= 8; held -= 8) *out++ = (uint8_t)(bits >> (held - 8));
    }
    return held < 6 && !(bits & ((1u << held) - 1));
}

/* Every byte at every place of texts of 2 to 9 characters, in both alphabets. */
Test(text, base64_reads_each_byte_at_each_place_as_the_standard_says) {
    static const char alnum[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    char alphabets[2][65];
    for (int url = 0; url < 2; url++)
        (void)snprintf(alphabets[url], 65, "%s%s", alnum, url ? "-_" : "+/");
    for (size_t len = 2; len <= 9; len++) {
        size_t bytes = len / 4 * 3 + (len % 4 ? len % 4 - 1 : 0);
        for (size_t at = 0; at < len * 256; at++) {
            char text[16] = "QkFAgwgAQgwA===";
            uint8_t out[8], expected[8];
            text[at / 256] = (char)(at % 256);
            bool good = decode_naive(text, len, alphabets[1], expected);
            cr_assert_eq(base64url_decode_fixed(bytes_of(text, len), out, bytes) == ERR_OK, good,
                         "%zu %zu", len, at);
            cr_assert(!good || memcmp(out, expected, bytes) == 0, "%zu %zu", len, at);
            if (len % 4 == 1 || at % 256 == '=') continue; /* padding: said elsewhere */
            good = decode_naive(text, len, alphabets[0], expected);
            memset(text + len, '=', (4 - len % 4) % 4);
            cr_assert_eq(base64_decode_fixed(bytes_of(text, (len + 3) / 4 * 4), out, bytes) ==
                             ERR_OK,
                         good, "%zu %zu", len, at);
            cr_assert(!good || memcmp(out, expected, bytes) == 0, "%zu %zu", len, at);
        }
    }
}

/* A character of each length, whole or cut, at every place of a run of ASCII. */
Test(text, utf8_is_judged_alike_wherever_it_stands) {
    static const char *const characters[] = {"\xc3\xa9", "\xe5\xa5\x91", "\xf0\x9f\x93\x9c",
                                             "\x80",     "\xff",         "\xed\xa0\x80"};
    for (size_t i = 0; i < sizeof characters / sizeof *characters; i++) {
        size_t len = strlen(characters[i]);
        for (size_t before = 0; before < 20; before++) {
            for (size_t cut = 1; cut <= len; cut++) {
                for (size_t behind = 0; behind < 12; behind++) {
                    char text[64];
                    memset(text, 'a', sizeof text);
                    memcpy(text + before, characters[i], cut);
                    cr_assert_eq(utf8_valid(bytes_of(text, before + cut + behind)),
                                 i < 3 && cut == len, "%zu %zu %zu %zu", i, before, cut, behind);
                }
            }
        }
    }
}

Test(text, hex_is_lower_case_and_exact) {
    uint8_t out[4];
    char text[9];
    cr_expect_eq(hex_decode(bytes_text("00ff10ab"), out, 4), ERR_OK);
    hex_encode(bytes_of(out, 4), text);
    cr_expect_str_eq(text, "00ff10ab");
    static const char *const bad[] = {"00FF10AB", "00ff10a", "00ff10abc",
                                      "00ff10ag", "",        "00ff10ab00"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        cr_expect_eq(hex_decode(bytes_text(bad[i]), out, 4), ERR_REQUEST, "%s", bad[i]);
}

Test(text, utf8_refuses_overlong_surrogates_and_too_high) {
    static const char *const bad[] = {
        "\x80",         "\xc0\xaf",         "\xc1\xbf",         "\xe0\x80\xaf",     "\xed\xa0\x80",
        "\xed\xbf\xbf", "\xf0\x80\x80\x80", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff",
        "a\xc3",        "\xe5\x90",         "\xe5\x90z"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        cr_expect(!utf8_valid(bytes_text(bad[i])), "%zu", i);
    cr_expect(utf8_valid(
        bytes_text("契证 qìzhèng \xf0\x9f\x93\x9c \xed\x9f\xbf \xee\x80\x80 \xf4\x8f\xbf\xbf")));
    cr_expect(utf8_valid(bytes_text("")));
}

Test(text, decimal_has_one_text_for_one_number) {
    uint64_t value = 1;
    cr_expect(decimal_parse(bytes_text("0"), &value) == ERR_OK && value == 0);
    cr_expect(decimal_parse(bytes_text("18446744073709551615"), &value) == ERR_OK &&
              value == UINT64_MAX);
    static const char *const bad[] = {
        "",    "00", "01", "-1", "+1", " 1", "1 ", "18446744073709551616", "99999999999999999999",
        "1e3", "0x1"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        cr_expect_eq(decimal_parse(bytes_text(bad[i]), &value), ERR_REQUEST, "%s", bad[i]);
}

Test(bytes, buf_never_grows_past_its_maximum) {
    struct buf buf;
    buf_init(&buf, 10);
    cr_expect_eq(buf_add_text(&buf, "12345678"), ERR_OK);
    cr_expect_eq(buf_add_text(&buf, "abc"), ERR_TOO_LARGE);
    cr_expect_eq(buf_add_u32(&buf, 7), ERR_TOO_LARGE);
    cr_expect_eq(buf_format(&buf, "%d", 123), ERR_TOO_LARGE);
    cr_expect_eq(buf_add_u16(&buf, 0x4142), ERR_OK);
    cr_expect_str_eq(buf_text(&buf), "12345678AB");
    cr_expect_eq(buf_add_byte(&buf, 1), ERR_TOO_LARGE);
    cr_expect_eq(buf_reserve(&buf, SIZE_MAX), ERR_TOO_LARGE);
    buf_done(&buf);
    buf_done(&buf);
}

Test(bytes, cursor_fails_for_good_after_the_first_read_past_the_end) {
    static const uint8_t in[] = {0, 1, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 3, 9};
    struct cursor cursor = cursor_of(bytes_of(in, sizeof in));
    cr_expect_eq(cursor_u16(&cursor), 1);
    cr_expect_eq(cursor_u32(&cursor), 2);
    cr_expect_eq(cursor_u64(&cursor), 3);
    cr_expect(!cursor_ended(&cursor));
    cr_expect_eq(cursor_u16(&cursor), 0);
    cr_expect(cursor.failed);
    cr_expect_eq(cursor_u8(&cursor), 0);
    cr_expect(!cursor_ended(&cursor));
}

Test(bytes, bytes_line_needs_its_newline) {
    struct bytes rest = bytes_text("a\n\nlast"), line;
    cr_expect(bytes_line(&rest, &line) && bytes_is(line, "a"));
    cr_expect(bytes_line(&rest, &line) && bytes_is(line, ""));
    cr_expect(!bytes_line(&rest, &line) && bytes_is(rest, "last"));
}

Test(arena, arena_gives_zeroed_aligned_memory_up_to_its_maximum) {
    struct arena arena;
    arena_init(&arena, 100000);
    size_t given = 0;
    for (size_t len = 1;; len += 7) {
        uint8_t *at = arena_take(&arena, len);
        if (!at) break;
        cr_expect_eq((uintptr_t)at % _Alignof(max_align_t), 0);
        for (size_t i = 0; i < len; i++) cr_assert_eq(at[i], 0);
        memset(at, 0xff, len);
        given += len;
    }
    cr_expect(given > 80000 && given <= 100000);
    cr_expect_null(arena_take(&arena, SIZE_MAX));
    arena_done(&arena);
    arena_done(&arena);
}
