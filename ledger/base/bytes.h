/* Bytes, borrowed and owned.
 *
 * `struct bytes` borrows: it points into memory that somebody else keeps alive and is passed by value.
 * `struct buf` owns: it grows up to the maximum given at init and is freed by buf_done. Appending past the maximum is
 * ERR_TOO_LARGE, so a hostile input can never make a buffer grow without bound.
 * Integers on disk, in batches and in leaves are big-endian. */
#ifndef QIZHENG_BASE_BYTES_H
#define QIZHENG_BASE_BYTES_H

#include "ledger/base/err.h"

#include <stdint.h>

struct bytes {
    const uint8_t *data;
    size_t len;
};

struct bytes bytes_of(const void *data, size_t len);
struct bytes bytes_text(const char *text);        /* without the NUL */
bool bytes_equal(struct bytes a, struct bytes b); /* not constant time: for public data */
bool bytes_is(struct bytes a, const char *text);
bool bytes_starts(struct bytes a, const char *prefix);
int bytes_compare(struct bytes a, struct bytes b); /* as memcmp, shorter first */
/* Index of the first `byte` at or after `from`; len where there is none. */
size_t bytes_find(struct bytes a, uint8_t byte, size_t from);
struct bytes bytes_slice(struct bytes a, size_t from, size_t to); /* asserts from <= to <= len */
/* Cut the first line off *rest, without its newline. False where *rest holds no newline. */
bool bytes_line(struct bytes *rest, struct bytes *ret_line);

struct buf {
    uint8_t *data;
    size_t len;
    size_t cap;
    size_t max;
};

/* An empty buffer that may hold up to max bytes. Nothing is allocated yet. A zeroed buf may be passed to buf_done. */
void buf_init(struct buf *buf, size_t max);
void buf_done(struct buf *buf);
void buf_clear(struct buf *buf); /* len = 0, memory kept */
struct bytes buf_bytes(const struct buf *buf);
/* Room for `more` further bytes. ERR_TOO_LARGE past max, ERR_NO_MEMORY. */
enum err buf_reserve(struct buf *buf, size_t more) MUST_CHECK;
enum err buf_add(struct buf *buf, struct bytes more) MUST_CHECK;
enum err buf_add_text(struct buf *buf, const char *text) MUST_CHECK;
enum err buf_add_byte(struct buf *buf, uint8_t byte) MUST_CHECK;
enum err buf_add_u16(struct buf *buf, uint16_t value) MUST_CHECK;
enum err buf_add_u32(struct buf *buf, uint32_t value) MUST_CHECK;
enum err buf_add_u64(struct buf *buf, uint64_t value) MUST_CHECK;
enum err buf_add_decimal(struct buf *buf, uint64_t value) MUST_CHECK;
enum err buf_format(struct buf *buf, const char *format, ...) MUST_CHECK
    __attribute__((format(printf, 2, 3)));
/* The bytes as a C string: a NUL is put behind them that is not counted in len. NULL where there is no memory. */
const char *buf_text(struct buf *buf);

void put_u16(uint8_t out[2], uint16_t value);
void put_u32(uint8_t out[4], uint32_t value);
void put_u64(uint8_t out[8], uint64_t value);
uint16_t get_u16(const uint8_t in[2]);
uint32_t get_u32(const uint8_t in[4]);
uint64_t get_u64(const uint8_t in[8]);

/* Reads fields off the front. After the first read past the end `failed` stays set and every read gives zeros, so a
 * decoder reads everything and checks once. */
struct cursor {
    struct bytes rest;
    bool failed;
};

struct cursor cursor_of(struct bytes in);
uint8_t cursor_u8(struct cursor *cursor);
uint16_t cursor_u16(struct cursor *cursor);
uint32_t cursor_u32(struct cursor *cursor);
uint64_t cursor_u64(struct cursor *cursor);
struct bytes cursor_take(struct cursor *cursor, size_t len);
void cursor_copy(struct cursor *cursor, uint8_t *out, size_t len);
bool cursor_ended(const struct cursor *cursor); /* everything read and nothing failed */

#endif
