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
    uint32_t bits = 0;
    unsigned held = 0;
    for (size_t i = 0; i < in.len; i++) {
        bits = (bits << 8) | in.data[i];
        held += 8;
        while (held >= 6) {
            held -= 6;
            *out++ = alphabet[(bits >> held) & 63];
        }
    }
    if (held) *out++ = alphabet[(bits << (6 - held)) & 63];
}

static int8_t decode_digit(uint8_t c, const char *alphabet) {
    if (c >= 'A' && c <= 'Z') return (int8_t)(c - 'A');
    if (c >= 'a' && c <= 'z') return (int8_t)(c - 'a' + 26);
    if (c >= '0' && c <= '9') return (int8_t)(c - '0' + 52);
    if (c == (uint8_t)alphabet[62]) return 62;
    if (c == (uint8_t)alphabet[63]) return 63;
    return -1;
}

static size_t decoded_len(size_t chars) {
    return chars / 4 * 3 + (chars % 4 ? chars % 4 - 1 : 0);
}

/* `text` without padding. out has decoded_len(text.len) bytes. */
static enum err decode(struct bytes text, const char *alphabet, uint8_t *out) {
    if (text.len % 4 == 1) return ERR_BASE64;
    uint32_t bits = 0;
    unsigned held = 0;
    for (size_t i = 0; i < text.len; i++) {
        int8_t digit = decode_digit(text.data[i], alphabet);
        if (digit < 0) return ERR_BASE64;
        bits = (bits << 6) | (uint8_t)digit;
        held += 6;
        if (held >= 8) {
            held -= 8;
            *out++ = (uint8_t)(bits >> held);
        }
    }
    /* RFC 4648 section 3.5: "implementations MAY [...] reject the encoding if the pad bits have not been set to zero" */
    return bits & ((1u << held) - 1) ? ERR_BASE64 : ERR_OK;
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

static enum err decode_to_buf(struct bytes text, const char *alphabet, struct buf *out) {
    size_t len = decoded_len(text.len);
    enum err err = buf_reserve(out, len);
    if (err) return err;
    if (len == 0) return text.len ? ERR_BASE64 : ERR_OK;
    err = decode(text, alphabet, out->data + out->len);
    if (!err) out->len += len;
    return err;
}

enum err base64_decode(struct bytes text, struct buf *out) {
    enum err err = strip_padding(&text);
    return err ? err : decode_to_buf(text, base64_alphabet, out);
}

enum err base64url_decode(struct bytes text, struct buf *out) {
    return decode_to_buf(text, base64url_alphabet, out);
}

enum err base64_decode_fixed(struct bytes text, uint8_t *out, size_t out_len) {
    enum err err = strip_padding(&text);
    if (err) return err;
    return decoded_len(text.len) == out_len ? decode(text, base64_alphabet, out) : ERR_BASE64;
}

enum err base64url_decode_fixed(struct bytes text, uint8_t *out, size_t out_len) {
    return decoded_len(text.len) == out_len ? decode(text, base64url_alphabet, out) : ERR_BASE64;
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

bool utf8_valid(struct bytes text) {
    for (size_t i = 0; i < text.len;) {
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
