/* See text.h. */
#include "ledger/base/text.h"

#include <string.h>

static const char hex_digits[] = "0123456789abcdef";
static const char base64_alphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char base64url_alphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

void hex_encode(struct bytes in, char *out) {
    for (size_t i = 0; i < in.len; i++) {
        out[2 * i] = hex_digits[in.data[i] >> 4];
        out[2 * i + 1] = hex_digits[in.data[i] & 15];
    }
    out[2 * in.len] = 0;
}

static int hex_digit(uint8_t c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return -1;
}

enum err hex_decode(struct bytes text, uint8_t *out, size_t out_len) {
    if (text.len % 2 || text.len / 2 != out_len) return ERR_REQUEST;
    for (size_t i = 0; i < text.len; i++) {
        if (hex_digit(text.data[i]) < 0) return ERR_REQUEST;
    }
    for (size_t i = 0; i < out_len; i++) {
        out[i] = (uint8_t)((hex_digit(text.data[2 * i]) << 4) | hex_digit(text.data[2 * i + 1]));
    }
    return ERR_OK;
}

size_t base64_encoded_len(size_t len) {
    return (len + 2) / 3 * 4;
}

size_t base64url_encoded_len(size_t len) {
    return len / 3 * 4 + (len % 3 ? len % 3 + 1 : 0);
}

/* Writes the characters that carry data, without padding. */
static void encode(struct bytes in, const char *alphabet, char *out) {
    size_t i = 0;
    for (; in.len - i >= 3; i += 3) {
        uint32_t bits = (uint32_t)((in.data[i] << 16) | (in.data[i + 1] << 8) | in.data[i + 2]);
        *out++ = alphabet[bits >> 18];
        *out++ = alphabet[(bits >> 12) & 63];
        *out++ = alphabet[(bits >> 6) & 63];
        *out++ = alphabet[bits & 63];
    }
    if (i == in.len) return;
    uint32_t last = (uint32_t)(in.data[i] << 8);
    bool two = i + 2 == in.len;
    if (two) last |= in.data[i + 1];
    *out++ = alphabet[last >> 10];
    *out++ = alphabet[(last >> 4) & 63];
    if (two) *out++ = alphabet[(last << 2) & 63];
}

/* What a character stands for, with DIGIT set; 0 for those that stand for nothing. */
#define DIGIT 0x40
#define D(c, value) [(c)] = DIGIT | (value)
#define DIGITS_OF_BOTH                                                                             \
    D('A', 0), D('B', 1), D('C', 2), D('D', 3), D('E', 4), D('F', 5), D('G', 6), D('H', 7),        \
        D('I', 8), D('J', 9), D('K', 10), D('L', 11), D('M', 12), D('N', 13), D('O', 14),          \
        D('P', 15), D('Q', 16), D('R', 17), D('S', 18), D('T', 19), D('U', 20), D('V', 21),        \
        D('W', 22), D('X', 23), D('Y', 24), D('Z', 25), D('a', 26), D('b', 27), D('c', 28),        \
        D('d', 29), D('e', 30), D('f', 31), D('g', 32), D('h', 33), D('i', 34), D('j', 35),        \
        D('k', 36), D('l', 37), D('m', 38), D('n', 39), D('o', 40), D('p', 41), D('q', 42),        \
        D('r', 43), D('s', 44), D('t', 45), D('u', 46), D('v', 47), D('w', 48), D('x', 49),        \
        D('y', 50), D('z', 51), D('0', 52), D('1', 53), D('2', 54), D('3', 55), D('4', 56),        \
        D('5', 57), D('6', 58), D('7', 59), D('8', 60), D('9', 61)
static const uint8_t base64_digits[256] = {DIGITS_OF_BOTH, D('+', 62), D('/', 63)};
static const uint8_t base64url_digits[256] = {DIGITS_OF_BOTH, D('-', 62), D('_', 63)};

static size_t decoded_len(size_t chars) {
    return chars / 4 * 3 + (chars % 4 ? chars % 4 - 1 : 0);
}

/* The last two or three characters of a text, or none. */
static enum err decode_tail(struct bytes tail, const uint8_t digits[256], uint8_t *out) {
    uint32_t bits = 0;
    for (size_t i = 0; i < tail.len; i++) {
        uint8_t digit = digits[tail.data[i]];
        if (!digit) return ERR_BASE64;
        bits = (bits << 6) | (digit & 63u);
    }
    unsigned unused = tail.len == 2 ? 4 : 2;
    /* RFC 4648 section 3.5: "implementations MAY [...] reject the encoding if the pad bits have not been set to zero" */
    if (bits & ((1u << unused) - 1)) return ERR_BASE64;
    bits >>= unused;
    if (tail.len == 3) *out++ = (uint8_t)(bits >> 8);
    if (tail.len) *out = (uint8_t)bits;
    return ERR_OK;
}

/* `text` without padding. out has decoded_len(text.len) bytes. */
static enum err decode(struct bytes text, const uint8_t digits[256], uint8_t *out) {
    if (text.len % 4 == 1) return ERR_BASE64;
    size_t whole = text.len - text.len % 4;
    for (size_t i = 0; i < whole; i += 4) {
        uint8_t a = digits[text.data[i]], b = digits[text.data[i + 1]],
                c = digits[text.data[i + 2]], d = digits[text.data[i + 3]];
        if (!(a & b & c & d & DIGIT)) return ERR_BASE64;
        uint32_t bits = ((a & 63u) << 18) | ((b & 63u) << 12) | ((c & 63u) << 6) | (d & 63u);
        *out++ = (uint8_t)(bits >> 16);
        *out++ = (uint8_t)(bits >> 8);
        *out++ = (uint8_t)bits;
    }
    return decode_tail(bytes_slice(text, whole, text.len), digits, out);
}

/* Cuts the padding off. ERR_BASE64 where it is missing or too much. */
static enum err strip_padding(struct bytes *text) {
    if (text->len % 4) return ERR_BASE64;
    for (int i = 0; i < 2 && text->len && text->data[text->len - 1] == '='; i++) text->len--;
    return ERR_OK;
}

enum err base64_encode(struct bytes in, struct buf *out) {
    if (in.len == 0) return ERR_OK;
    size_t len = base64_encoded_len(in.len), used = base64url_encoded_len(in.len);
    enum err err = buf_reserve(out, len);
    if (err) return err;
    encode(in, base64_alphabet, (char *)out->data + out->len);
    if (len > used) memset(out->data + out->len + used, '=', len - used);
    out->len += len;
    return ERR_OK;
}

enum err base64url_encode(struct bytes in, struct buf *out) {
    if (in.len == 0) return ERR_OK;
    size_t len = base64url_encoded_len(in.len);
    enum err err = buf_reserve(out, len);
    if (err) return err;
    encode(in, base64url_alphabet, (char *)out->data + out->len);
    out->len += len;
    return ERR_OK;
}

void base64url_write(struct bytes in, char *out) {
    encode(in, base64url_alphabet, out);
    out[base64url_encoded_len(in.len)] = 0;
}

static enum err decode_to_buf(struct bytes text, const uint8_t digits[256], struct buf *out) {
    size_t len = decoded_len(text.len);
    enum err err = buf_reserve(out, len);
    if (err) return err;
    if (len == 0) return text.len ? ERR_BASE64 : ERR_OK;
    err = decode(text, digits, out->data + out->len);
    if (!err) out->len += len;
    return err;
}

enum err base64_decode(struct bytes text, struct buf *out) {
    enum err err = strip_padding(&text);
    return err ? err : decode_to_buf(text, base64_digits, out);
}

enum err base64url_decode(struct bytes text, struct buf *out) {
    return decode_to_buf(text, base64url_digits, out);
}

enum err base64_decode_fixed(struct bytes text, uint8_t *out, size_t out_len) {
    enum err err = strip_padding(&text);
    if (err) return err;
    return decoded_len(text.len) == out_len ? decode(text, base64_digits, out) : ERR_BASE64;
}

enum err base64url_decode_fixed(struct bytes text, uint8_t *out, size_t out_len) {
    return decoded_len(text.len) == out_len ? decode(text, base64url_digits, out) : ERR_BASE64;
}

/* Length of the sequence that starts at data, 0 where it is not well-formed (Unicode table 3-7). */
static size_t utf8_sequence(const uint8_t *data, size_t len) {
    uint8_t first = data[0];
    if (first < 0x80) return 1;
    size_t need = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
    if (first < 0xc2 || first > 0xf4 || len < need) return 0;
    for (size_t i = 1; i < need; i++) {
        if ((data[i] & 0xc0) != 0x80) return 0;
    }
    if (first == 0xe0 && data[1] < 0xa0) return 0;
    if (first == 0xed && data[1] > 0x9f) return 0;
    if (first == 0xf0 && data[1] < 0x90) return 0;
    if (first == 0xf4 && data[1] > 0x8f) return 0;
    return need;
}

/* How many bytes at the front, in words, are ASCII: most text is little else. */
static size_t ascii_words(const uint8_t *data, size_t len) {
    size_t i = 0;
    for (uint64_t word; len - i >= sizeof word; i += sizeof word) {
        memcpy(&word, data + i, sizeof word);
        if (word & UINT64_C(0x8080808080808080)) break;
    }
    return i;
}

bool utf8_valid(struct bytes text) {
    for (size_t i = 0; i < text.len;) {
        if (text.data[i] < 0x80) i += ascii_words(text.data + i, text.len - i);
        if (i == text.len) return true;
        size_t step = utf8_sequence(text.data + i, text.len - i);
        if (!step) return false;
        i += step;
    }
    return true;
}

enum err decimal_parse(struct bytes text, uint64_t *ret) {
    if (text.len == 0 || text.len > 20 || (text.len > 1 && text.data[0] == '0')) return ERR_REQUEST;
    uint64_t value = 0;
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] < '0' || text.data[i] > '9') return ERR_REQUEST;
        uint64_t digit = (uint64_t)(text.data[i] - '0');
        if (value > (UINT64_MAX - digit) / 10) return ERR_REQUEST;
        value = value * 10 + digit;
    }
    *ret = value;
    return ERR_OK;
}
