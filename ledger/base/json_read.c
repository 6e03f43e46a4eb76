/* JSON read quickly. See json_read.h.
 *
 * jansson takes each byte through four functions, and what we read is mostly long texts (base64, proofs). This reader finds a text's end eight bytes at a time, and makes the same values
 * with jansson's constructors.
 *
 * It knows less than jansson on purpose: no \u escapes, no fractions and exponents, no integers of more than 15 digits, and it refuses nothing. Whatever it does not know, it leaves to
 * jansson's reader, which takes or refuses it with its own reason: so the one thing that must hold is that what is read here is read the same there (tests/unit/base_json.c and
 * tests/fuzz/json.c compare the two).
 *
 * Invariants: 1 nothing is read past `end`. 2 depth and number of values stay within LIMIT_JSON_DEPTH and LIMIT_JSON_VALUES, counted as json.c counts them, before memory is asked for.
 * 3 every value that is made is owned by its parent or freed. */
#include "ledger/base/json_read.h"

#include "ledger/base/limits.h"

#include <jansson.h>
#include <string.h>

struct reader {
    const uint8_t *at, *end;
    size_t depth, values;
    struct buf unescaped; /* the text that was read last, where it held escapes */
    enum err err;         /* why NULL was given */
};

/* Eight bytes of which one is below 0x20, a quotation mark or a reverse solidus. In `(x - n) & ~x & 0x80` a byte's borrow can only mark bytes behind one that is marked rightly. */
static bool word_stops(uint64_t word) {
    const uint64_t ones = UINT64_C(0x0101010101010101), high = UINT64_C(0x8080808080808080);
    uint64_t quote = word ^ (ones * '"'), solidus = word ^ (ones * '\\');
    uint64_t low = (word - ones * 0x20) & ~word;
    return ((low | ((quote - ones) & ~quote) | ((solidus - ones) & ~solidus)) & high) != 0;
}

size_t json_plain_end(struct bytes text, size_t from) {
    size_t i = from;
    for (uint64_t word; text.len - i >= sizeof word; i += sizeof word) {
        memcpy(&word, text.data + i, sizeof word);
        if (word_stops(word)) break;
    }
    for (; i < text.len; i++) {
        uint8_t c = text.data[i];
        if (c < 0x20 || c == '"' || c == '\\') break;
    }
    return i;
}

/* -- what stands between values -- */

/* Nothing more is read. Always false. */
static bool leave(struct reader *reader, enum err err) {
    if (!reader->err) reader->err = err;
    return false;
}

static json_t *left(struct reader *reader, enum err err) {
    (void)leave(reader, err);
    return NULL;
}

static json_t *made(struct reader *reader, json_t *value) {
    return value ? value : left(reader, ERR_NO_MEMORY);
}

/* RFC 8259 section 2: "Insignificant whitespace is allowed before or after any of the six structural characters." The next byte behind it; 0 at the end. */
static uint8_t next(struct reader *reader) {
    for (; reader->at < reader->end; reader->at++) {
        uint8_t c = *reader->at;
        if (c != ' ' && c != '\n' && c != '\t' && c != '\r') return c;
    }
    return 0;
}

static bool next_is(struct reader *reader, uint8_t c) {
    if (next(reader) != c) return false;
    reader->at++;
    return true;
}

static bool value_counted(struct reader *reader) {
    return ++reader->values <= LIMIT_JSON_VALUES;
}

/* -- texts -- */

/* 0 for what is left to jansson. */
static uint8_t escape_of(uint8_t c) {
    static const char short_form[] = "b\bt\tn\nf\fr\r\"\"\\\\//";
    for (const char *at = short_form; *at; at += 2)
        if ((uint8_t)at[0] == c) return (uint8_t)at[1];
    return 0;
}

/* One escape, if one stands there: what may not stand in a text at all is no reverse solidus. */
static enum err escape_read(struct reader *reader) {
    if (*reader->at != '\\' || reader->end - reader->at < 2) return ERR_MALFORMED_JSON;
    uint8_t c = escape_of(reader->at[1]);
    reader->at += 2;
    return c ? buf_add_byte(&reader->unescaped, c) : ERR_MALFORMED_JSON;
}

/* Up to the first byte that does not stand for itself; false where the input ends before one. */
static bool run_read(struct reader *reader, struct bytes *ret) {
    struct bytes rest = bytes_of(reader->at, (size_t)(reader->end - reader->at));
    size_t len = json_plain_end(rest, 0);
    reader->at += len;
    *ret = bytes_of(rest.data, len);
    return len < rest.len;
}

/* A text that begins with `run` and then has an escape. */
static enum err escaped_read(struct reader *reader, struct bytes run) {
    buf_clear(&reader->unescaped);
    enum err err = buf_add(&reader->unescaped, run);
    while (!err && *reader->at != '"') {
        err = escape_read(reader);
        if (!err && !run_read(reader, &run)) err = ERR_MALFORMED_JSON;
        if (!err) err = buf_add(&reader->unescaped, run);
    }
    return err;
}

/* Goes on behind the opening mark. *ret is borrowed from the input, or from `unescaped` until the next text is read. */
static enum err text_read(struct reader *reader, struct bytes *ret) {
    if (!run_read(reader, ret)) return ERR_MALFORMED_JSON;
    if (*reader->at != '"') {
        enum err err = escaped_read(reader, *ret);
        if (err) return err;
        *ret = buf_bytes(&reader->unescaped);
    }
    reader->at++;
    return ERR_OK;
}

static json_t *text_value(struct reader *reader) {
    struct bytes text;
    enum err err = text_read(reader, &text);
    if (err) return left(reader, err);
    return made(reader, json_stringn_nocheck(text.len ? (const char *)text.data : "", text.len));
}

/* -- numbers and words -- */

#define DIGITS_MAX 15 /* stays below LIMIT_JSON_INT */
_Static_assert(999999999999999 <= LIMIT_JSON_INT, "no number that is read here is out of range");

static bool is_digit(const struct reader *reader) {
    return reader->at < reader->end && *reader->at >= '0' && *reader->at <= '9';
}

/* RFC 8259 section 6: "Leading zeros are not allowed." What may not stand behind a number is seen by whoever reads on. */
static json_t *number_value(struct reader *reader) {
    bool negative = *reader->at == '-';
    reader->at += negative;
    const uint8_t *first = reader->at;
    json_int_t value = 0;
    for (; is_digit(reader); reader->at++) {
        if (reader->at - first == DIGITS_MAX) return left(reader, ERR_MALFORMED_JSON);
        value = 10 * value + (*reader->at - '0');
    }
    size_t digits = (size_t)(reader->at - first);
    if (digits == 0 || (*first == '0' && (digits > 1 || negative)))
        return left(reader, ERR_MALFORMED_JSON);
    return made(reader, json_integer(negative ? -value : value));
}

static json_t *word_value(struct reader *reader, const char *word, json_t *value) {
    size_t len = strlen(word);
    if ((size_t)(reader->end - reader->at) < len || memcmp(reader->at, word, len) != 0)
        return left(reader, ERR_MALFORMED_JSON);
    reader->at += len;
    return value;
}

/* -- arrays and objects: each goes on behind its opening bracket -- */

static json_t *value_read(struct reader *reader);

static bool array_fill(struct reader *reader, json_t *array) {
    if (next_is(reader, ']')) return true;
    do {
        json_t *value = value_read(reader);
        if (!value) return false;
        if (json_array_append_new(array, value)) return leave(reader, ERR_NO_MEMORY);
        if (next_is(reader, ']')) return true;
    } while (next_is(reader, ',') && value_counted(reader));
    return leave(reader, ERR_MALFORMED_JSON);
}

/* Borrowed from the input, so that it outlives the reading of the value: a name with escapes is left to jansson. */
static bool name_read(struct reader *reader, struct bytes *ret) {
    if (!next_is(reader, '"') || !run_read(reader, ret) || *reader->at != '"') return false;
    reader->at++;
    return next_is(reader, ':');
}

static bool member_read(struct reader *reader, json_t *object) {
    struct bytes name;
    if (!name_read(reader, &name)) return leave(reader, ERR_MALFORMED_JSON);
    json_t *value = value_read(reader);
    if (!value) return false;
    if (json_object_getn(object, (const char *)name.data, name.len)) {
        json_decref(value);
        return leave(reader, ERR_MALFORMED_JSON);
    }
    if (json_object_setn_new_nocheck(object, (const char *)name.data, name.len, value))
        return leave(reader, ERR_NO_MEMORY);
    return true;
}

static bool object_fill(struct reader *reader, json_t *object) {
    if (next_is(reader, '}')) return true;
    do {
        if (!member_read(reader, object)) return false;
        if (next_is(reader, '}')) return true;
    } while (next_is(reader, ',') && value_counted(reader));
    return leave(reader, ERR_MALFORMED_JSON);
}

static json_t *nest_read(struct reader *reader, json_t *(*make)(void),
                         bool (*fill)(struct reader *reader, json_t *value)) {
    if (reader->depth == LIMIT_JSON_DEPTH || !value_counted(reader))
        return left(reader, ERR_MALFORMED_JSON);
    json_t *value = made(reader, make());
    if (!value) return NULL;
    reader->depth++;
    bool filled = fill(reader, value);
    reader->depth--;
    if (filled) return value;
    json_decref(value);
    return NULL;
}

static json_t *value_read(struct reader *reader) {
    uint8_t c = next(reader);
    if (c == '-' || (c >= '0' && c <= '9')) return number_value(reader);
    if (c == 't') return word_value(reader, "true", json_true());
    if (c == 'f') return word_value(reader, "false", json_false());
    if (c == 'n') return word_value(reader, "null", json_null());
    if (c == '"' || c == '[' || c == '{') reader->at++;
    if (c == '"') return text_value(reader);
    if (c == '[') return nest_read(reader, json_array, array_fill);
    if (c == '{') return nest_read(reader, json_object, object_fill);
    return left(reader, ERR_MALFORMED_JSON);
}

enum err json_read(struct bytes text, struct json_t **ret) {
    if (!text.len) return ERR_MALFORMED_JSON; /* data may be NULL, to which nothing may be added */
    struct reader reader = {.at = text.data, .end = text.data + text.len, .values = 1};
    buf_init(&reader.unescaped, text.len);
    json_t *value = value_read(&reader);
    bool whole = value && !next(&reader) && reader.at == reader.end;
    buf_done(&reader.unescaped);
    if (whole) {
        *ret = value;
        return ERR_OK;
    }
    json_decref(value);
    return reader.err ? reader.err : ERR_MALFORMED_JSON;
}
