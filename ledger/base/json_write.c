/* JSON written. See json.h.
 *
 * Compact text is what every answer, row of state and canonical document is made of, so it is written here, by runs that need no escape; indented text is for people and jansson's.
 *
 * Invariants: 1 compact text is byte for byte what jansson writes with JSON_COMPACT and JSON_SORT_KEYS (tests/unit/base_json.c compares them), since rows that older programs wrote stand on disks.
 * 2 nothing is left out: what does not fit is ERR_TOO_LARGE, whatever was appended before. 3 texts in values are UTF-8, as whoever made them saw to. */
#include "ledger/base/json.h"
#include "ledger/base/json_read.h"
#include "ledger/base/text.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#define FEW 16 /* members that are sorted without memory being asked for: most objects have fewer */

/* -- texts -- */

/* RFC 8259 section 7: "quotation mark, reverse solidus, and the control characters (U+0000 through U+001F)" must be escaped. */
static enum err escaped_add(struct buf *out, uint8_t c) {
    static const char short_form[] = "\bb\tt\nn\ff\rr\"\"\\\\";
    for (const char *at = short_form; *at; at += 2)
        if ((uint8_t)at[0] == c) return buf_add(out, bytes_of((const char[]){'\\', at[1]}, 2));
    return buf_format(out, "\\u%04X", (unsigned)c);
}

static enum err text_add(struct buf *out, struct bytes text) {
    enum err err = buf_reserve(out, text.len + 2);
    if (!err) err = buf_add_byte(out, '"');
    for (size_t from = 0; !err && from < text.len;) {
        size_t end = json_plain_end(text, from);
        err = buf_add(out, bytes_slice(text, from, end));
        if (!err && end < text.len) err = escaped_add(out, text.data[end++]);
        from = end;
    }
    return err ? err : buf_add_byte(out, '"');
}

enum err json_add_text(struct buf *out, struct bytes text) {
    return utf8_valid(text) ? text_add(out, text) : ERR_MALFORMED_JSON;
}

/* -- compact -- */

static enum err value_add(struct buf *out, const json_t *value);

static enum err array_add(struct buf *out, const json_t *array) {
    size_t count = json_array_size(array);
    enum err err = buf_add_byte(out, '[');
    for (size_t i = 0; !err && i < count; i++) {
        if (i) err = buf_add_byte(out, ',');
        if (!err) err = value_add(out, json_array_get(array, i));
    }
    return err ? err : buf_add_byte(out, ']');
}

struct member {
    struct bytes name;
    const json_t *value;
};

static int member_compare(const void *a, const void *b) {
    return bytes_compare(((const struct member *)a)->name, ((const struct member *)b)->name);
}

/* In order of their names; what was read from our own text is in order already. */
static void members_take(json_t *object, struct member *ret) {
    bool sorted = true;
    size_t count = 0;
    for (void *it = json_object_iter(object); it; it = json_object_iter_next(object, it)) {
        struct bytes name = bytes_of(json_object_iter_key(it), json_object_iter_key_len(it));
        if (count && bytes_compare(ret[count - 1].name, name) > 0) sorted = false;
        ret[count++] = (struct member){name, json_object_iter_value(it)};
    }
    if (!sorted) qsort(ret, count, sizeof *ret, member_compare);
}

static enum err members_add(struct buf *out, const struct member *members, size_t count) {
    enum err err = buf_add_byte(out, '{');
    for (size_t i = 0; !err && i < count; i++) {
        if (i) err = buf_add_byte(out, ',');
        if (!err) err = text_add(out, members[i].name);
        if (!err) err = buf_add_byte(out, ':');
        if (!err) err = value_add(out, members[i].value);
    }
    return err ? err : buf_add_byte(out, '}');
}

static enum err object_add(struct buf *out, const json_t *object) {
    struct member few[FEW], *members = few;
    size_t count = json_object_size(object);
    if (count > FEW) members = calloc(count, sizeof *members);
    if (!members) return ERR_NO_MEMORY;
    members_take((json_t *)(uintptr_t)object, members);
    enum err err = members_add(out, members, count);
    if (members != few) free(members);
    return err;
}

static enum err int_add(struct buf *out, json_int_t value) {
    enum err err = value < 0 ? buf_add_byte(out, '-') : ERR_OK;
    return err ? err : buf_add_decimal(out, value < 0 ? 0 - (uint64_t)value : (uint64_t)value);
}

static enum err value_add(struct buf *out, const json_t *value) {
    switch (json_typeof(value)) {
    case JSON_OBJECT: return object_add(out, value);
    case JSON_ARRAY: return array_add(out, value);
    case JSON_STRING:
        return text_add(out, bytes_of(json_string_value(value), json_string_length(value)));
    case JSON_INTEGER: return int_add(out, json_integer_value(value));
    case JSON_TRUE: return buf_add_text(out, "true");
    case JSON_FALSE: return buf_add_text(out, "false");
    case JSON_NULL: return buf_add_text(out, "null");
    case JSON_REAL: return ERR_INTERNAL; /* nobody can make one: json.h */
    }
    return ERR_INTERNAL;
}

/* No value is one that could not be made. */
enum err json_format(const struct json *value, struct buf *out) {
    return value ? value_add(out, (const json_t *)value) : ERR_NO_MEMORY;
}

/* -- indented -- */

struct sink {
    struct buf *out;
    enum err err;
};

/* After a failure nothing more is taken: jansson goes on behind a member's name that could not be written. */
static int sink_add(const char *text, size_t len, void *ctx) {
    struct sink *sink = ctx;
    if (!sink->err) sink->err = buf_add(sink->out, bytes_of(text, len));
    return sink->err ? -1 : 0;
}

enum err json_format_pretty(const struct json *value, struct buf *out) {
    struct sink sink = {out, ERR_OK};
    int rc = json_dump_callback((const json_t *)value, sink_add, &sink,
                                JSON_INDENT(2) | JSON_SORT_KEYS | JSON_ENCODE_ANY);
    if (sink.err) return sink.err;
    return rc ? ERR_NO_MEMORY : ERR_OK;
}
