/* A good text with edits, so that the fuzzer need not find the text first: each edit is five bytes, what to do, where (u16) and two more of what with. */
#ifndef QIZHENG_FUZZ_EDITS_H
#define QIZHENG_FUZZ_EDITS_H

#include "tests/fuzz/lib/fuzz.h"

/* Takes `cut` bytes out at `at` and puts `in` there. */
static inline void edit_splice(struct buf *text, size_t at, size_t cut, struct bytes in) {
    if (cut > text->len - at) cut = text->len - at;
    if (buf_reserve(text, in.len)) return;
    memmove(text->data + at + in.len, text->data + at + cut, text->len - at - cut);
    if (in.len) memcpy(text->data + at, in.data, in.len);
    text->len = text->len - cut + in.len;
}

/* Copies a stretch of the text over another place of it. */
static inline void edit_copy(struct buf *text, size_t at, size_t from, size_t len) {
    uint8_t piece[256];
    from %= text->len;
    if (len > text->len - from) len = text->len - from;
    memcpy(piece, text->data + from, len);
    edit_splice(text, at, len, bytes_of(piece, len));
}

static inline void edits_run(struct buf *text, struct bytes edits) {
    for (struct cursor cursor = cursor_of(edits); cursor.rest.len >= 5 && text->len > 0;) {
        uint8_t what = cursor_u8(&cursor);
        size_t at = cursor_u16(&cursor) % text->len;
        uint8_t a = cursor_u8(&cursor), b = cursor_u8(&cursor);
        switch (what % 5) {
        case 0: edit_splice(text, at, 1, bytes_of(&a, 1)); break;
        case 1: edit_splice(text, at, 0, bytes_of(&a, 1)); break;
        case 2: edit_splice(text, at, a, bytes_of(NULL, 0)); break;
        case 3:
            edit_splice(text, at, a,
                        cursor_take(&cursor, b < cursor.rest.len ? b : cursor.rest.len));
            break;
        case 4: edit_copy(text, at, at + 256u * a + b, what); break;
        }
    }
}

#endif
