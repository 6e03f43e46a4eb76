/* See bytes.h. */
#include "ledger/base/bytes.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct bytes bytes_of(const void *data, size_t len) {
    struct bytes b = {data, len};
    return b;
}

struct bytes bytes_text(const char *text) {
    return bytes_of(text, strlen(text));
}

bool bytes_equal(struct bytes a, struct bytes b) {
    return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

bool bytes_is(struct bytes a, const char *text) {
    return bytes_equal(a, bytes_text(text));
}

bool bytes_starts(struct bytes a, const char *prefix) {
    size_t len = strlen(prefix);
    return a.len >= len && memcmp(a.data, prefix, len) == 0;
}

int bytes_compare(struct bytes a, struct bytes b) {
    size_t shorter = a.len < b.len ? a.len : b.len;
    int order = shorter ? memcmp(a.data, b.data, shorter) : 0;
    if (order) return order;
    return (a.len > b.len) - (a.len < b.len);
}

size_t bytes_find(struct bytes a, uint8_t byte, size_t from) {
    if (from >= a.len) return a.len;
    const uint8_t *at = memchr(a.data + from, byte, a.len - from);
    return at ? (size_t)(at - a.data) : a.len;
}

struct bytes bytes_slice(struct bytes a, size_t from, size_t to) {
    assert(from <= to && to <= a.len);
    return bytes_of(from == to ? NULL : a.data + from, to - from);
}

bool bytes_line(struct bytes *rest, struct bytes *ret_line) {
    size_t end = bytes_find(*rest, '\n', 0);
    if (end == rest->len) return false;
    *ret_line = bytes_slice(*rest, 0, end);
    *rest = bytes_slice(*rest, end + 1, rest->len);
    return true;
}

void buf_init(struct buf *buf, size_t max) {
    memset(buf, 0, sizeof *buf);
    buf->max = max;
}

void buf_done(struct buf *buf) {
    free(buf->data);
    memset(buf, 0, sizeof *buf);
}

void buf_clear(struct buf *buf) {
    buf->len = 0;
}

struct bytes buf_bytes(const struct buf *buf) {
    return bytes_of(buf->data, buf->len);
}

/* Make cap at least `need`, doubling so that n appends cost O(n). */
static enum err grow(struct buf *buf, size_t need) {
    if (need <= buf->cap) return ERR_OK;
    size_t cap = buf->cap < 64 ? 64 : buf->cap;
    while (cap < need) cap *= 2;
    uint8_t *data = realloc(buf->data, cap);
    if (!data) return ERR_NO_MEMORY;
    buf->data = data;
    buf->cap = cap;
    return ERR_OK;
}

enum err buf_reserve(struct buf *buf, size_t more) {
    assert(buf->len <= buf->max);
    if (more > buf->max - buf->len) return ERR_TOO_LARGE;
    return grow(buf, buf->len + more);
}

enum err buf_add(struct buf *buf, struct bytes more) {
    enum err err = buf_reserve(buf, more.len);
    if (err) return err;
    if (more.len) memcpy(buf->data + buf->len, more.data, more.len);
    buf->len += more.len;
    return ERR_OK;
}

enum err buf_add_text(struct buf *buf, const char *text) {
    return buf_add(buf, bytes_text(text));
}

enum err buf_add_byte(struct buf *buf, uint8_t byte) {
    return buf_add(buf, bytes_of(&byte, 1));
}

enum err buf_add_u16(struct buf *buf, uint16_t value) {
    uint8_t raw[2];
    put_u16(raw, value);
    return buf_add(buf, bytes_of(raw, sizeof raw));
}

enum err buf_add_u32(struct buf *buf, uint32_t value) {
    uint8_t raw[4];
    put_u32(raw, value);
    return buf_add(buf, bytes_of(raw, sizeof raw));
}

enum err buf_add_u64(struct buf *buf, uint64_t value) {
    uint8_t raw[8];
    put_u64(raw, value);
    return buf_add(buf, bytes_of(raw, sizeof raw));
}

enum err buf_add_decimal(struct buf *buf, uint64_t value) {
    char digits[20]; /* 2^64 has as many */
    size_t at = sizeof digits;
    do {
        digits[--at] = (char)('0' + value % 10);
        value /= 10;
    } while (value);
    return buf_add(buf, bytes_of(digits + at, sizeof digits - at));
}

enum err buf_format(struct buf *buf, const char *format, ...) {
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int len = vsnprintf(NULL, 0, format, args);
    va_end(args);
    enum err err = len < 0 ? ERR_INTERNAL : buf_reserve(buf, (size_t)len);
    if (!err) err = grow(buf, buf->len + (size_t)len + 1); /* vsnprintf wants room for its NUL */
    if (!err) {
        (void)vsnprintf((char *)buf->data + buf->len, (size_t)len + 1, format, again);
        buf->len += (size_t)len;
    }
    va_end(again);
    return err;
}

const char *buf_text(struct buf *buf) {
    if (grow(buf, buf->len + 1)) return NULL;
    buf->data[buf->len] = 0;
    return (const char *)buf->data;
}

void put_u16(uint8_t out[2], uint16_t value) {
    out[0] = (uint8_t)(value >> 8);
    out[1] = (uint8_t)value;
}

void put_u32(uint8_t out[4], uint32_t value) {
    put_u16(out, (uint16_t)(value >> 16));
    put_u16(out + 2, (uint16_t)value);
}

void put_u64(uint8_t out[8], uint64_t value) {
    put_u32(out, (uint32_t)(value >> 32));
    put_u32(out + 4, (uint32_t)value);
}

uint16_t get_u16(const uint8_t in[2]) {
    return (uint16_t)((in[0] << 8) | in[1]);
}

uint32_t get_u32(const uint8_t in[4]) {
    return ((uint32_t)get_u16(in) << 16) | get_u16(in + 2);
}

uint64_t get_u64(const uint8_t in[8]) {
    return ((uint64_t)get_u32(in) << 32) | get_u32(in + 4);
}

struct cursor cursor_of(struct bytes in) {
    struct cursor cursor = {in, false};
    return cursor;
}

struct bytes cursor_take(struct cursor *cursor, size_t len) {
    if (cursor->failed || cursor->rest.len < len) {
        cursor->failed = true;
        return bytes_of(NULL, 0);
    }
    struct bytes taken = bytes_slice(cursor->rest, 0, len);
    cursor->rest = bytes_slice(cursor->rest, len, cursor->rest.len);
    return taken;
}

void cursor_copy(struct cursor *cursor, uint8_t *out, size_t len) {
    struct bytes taken = cursor_take(cursor, len);
    if (taken.len == len && len)
        memcpy(out, taken.data, len);
    else
        memset(out, 0, len);
}

uint8_t cursor_u8(struct cursor *cursor) {
    uint8_t raw[1];
    cursor_copy(cursor, raw, sizeof raw);
    return raw[0];
}

uint16_t cursor_u16(struct cursor *cursor) {
    uint8_t raw[2];
    cursor_copy(cursor, raw, sizeof raw);
    return get_u16(raw);
}

uint32_t cursor_u32(struct cursor *cursor) {
    uint8_t raw[4];
    cursor_copy(cursor, raw, sizeof raw);
    return get_u32(raw);
}

uint64_t cursor_u64(struct cursor *cursor) {
    uint8_t raw[8];
    cursor_copy(cursor, raw, sizeof raw);
    return get_u64(raw);
}

bool cursor_ended(const struct cursor *cursor) {
    return !cursor->failed && cursor->rest.len == 0;
}
