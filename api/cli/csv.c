/* See csv.h. Fields are unquoted in place: they only become shorter. */
#include "api/cli/csv.h"

#include "ledger/base/text.h"

#include <errno.h>
#include <iconv.h>
#include <stdlib.h>
#include <string.h>

/* -- encodings -- */

/* Where a byte stands, for people: its line, and the character in it. text: UTF-8 up to that byte. */
static enum err not_encoded(struct bytes text, const char *name, struct problem *ret_why) {
    size_t line = 1, character = 1;
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] == '\n') {
            line++;
            character = 1;
        } else if ((text.data[i] & 0xc0) != 0x80) {
            character++;
        }
    }
    return problem_set(ret_why, ERR_SCHEMA,
                       "Line %zu, character %zu: this is not %s. Is `encoding` of the map the "
                       "file's?",
                       line, character, name);
}

/* How much from the front is whole characters of UTF-8. */
static size_t utf8_prefix(struct bytes text) {
    size_t good = 0;
    while (good < text.len) {
        uint8_t lead = text.data[good];
        size_t len = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
        if (len > text.len - good || !utf8_valid(bytes_slice(text, good, good + len))) break;
        good += len;
    }
    return good;
}

static enum err from_utf8(struct bytes raw, struct buf *out, struct problem *ret_why) {
    enum err err = buf_add(out, raw);
    if (err || utf8_valid(raw)) return err;
    return not_encoded(bytes_slice(raw, 0, utf8_prefix(raw)), "UTF-8", ret_why);
}

static enum err convert(iconv_t conversion, struct bytes raw, struct buf *out,
                        struct problem *ret_why) {
    char piece[4096];
    char *in = (char *)(uintptr_t)raw.data; /* iconv only reads it */
    size_t left = raw.len;
    while (left > 0) {
        char *to = piece;
        size_t room = sizeof piece;
        bool is_bad = iconv(conversion, &in, &left, &to, &room) == (size_t)-1 && errno != E2BIG;
        enum err err = buf_add(out, bytes_of(piece, sizeof piece - room));
        if (err) return err;
        if (is_bad) return not_encoded(buf_bytes(out), "GB18030", ret_why);
    }
    return ERR_OK;
}

static enum err from_gb18030(struct bytes raw, struct buf *out, struct problem *ret_why) {
    iconv_t conversion = iconv_open("UTF-8", "GB18030");
    if (conversion == (iconv_t)-1)
        return problem_set(ret_why, ERR_INTERNAL,
                           "This system does not know GB18030 (glibc's gconv modules).");
    enum err err = convert(conversion, raw, out, ret_why);
    (void)iconv_close(conversion);
    return err;
}

enum err csv_decode(struct bytes raw, enum csv_encoding encoding, struct buf *ret,
                    struct problem *ret_why) {
    struct buf text;
    if (raw.len > CSV_BYTES_MAX)
        return problem_set(ret_why, ERR_TOO_LARGE, "The table is larger than %d bytes.",
                           CSV_BYTES_MAX);
    buf_init(&text, 2 * (size_t)CSV_BYTES_MAX);
    if (encoding == CSV_UTF8 && bytes_starts(raw, "\xef\xbb\xbf"))
        raw = bytes_slice(raw, 3, raw.len);
    enum err err =
        encoding == CSV_UTF8 ? from_utf8(raw, &text, ret_why) : from_gb18030(raw, &text, ret_why);
    if (err)
        buf_done(&text);
    else
        *ret = text;
    return err;
}

/* -- fields -- */

struct parser {
    uint8_t *text;
    size_t at, len;
    uint32_t line, column; /* of the field that is read */
    struct problem *why;
};

static enum err refuse(const struct parser *p, const char *what) {
    return problem_set(p->why, ERR_SCHEMA, "Line %u, column %u: %s", p->line, p->column, what);
}

static bool at_end_of_row(const struct parser *p) {
    return p->at == p->len || p->text[p->at] == '\n' ||
           (p->text[p->at] == '\r' && p->at + 1 < p->len && p->text[p->at + 1] == '\n');
}

/* RFC 4180 section 2.7: "a double-quote appearing inside a field must be escaped by preceding it with another double quote". */
static enum err field_quoted(struct parser *p, struct bytes *ret) {
    size_t from = ++p->at, to = from;
    uint32_t newlines = 0;
    for (;; p->at++) {
        if (p->at == p->len) return refuse(p, "a quoted field does not end.");
        uint8_t c = p->text[p->at];
        if (c == 0) return refuse(p, "a field holds a NUL.");
        newlines += c == '\n';
        bool is_quote = c == '"';
        if (is_quote && (p->at + 1 == p->len || p->text[p->at + 1] != '"')) break;
        p->at += is_quote;
        p->text[to++] = c;
    }
    p->at++;
    if (!at_end_of_row(p) && p->text[p->at] != ',')
        return refuse(p, "something stands behind the closing quote of a field.");
    p->line += newlines;
    *ret = bytes_of(p->text + from, to - from);
    return ERR_OK;
}

static enum err field_plain(struct parser *p, struct bytes *ret) {
    size_t from = p->at;
    for (; !at_end_of_row(p) && p->text[p->at] != ','; p->at++) {
        uint8_t c = p->text[p->at];
        if (c == '"') return refuse(p, "a quote stands in a field that does not begin with one.");
        if (c == '\r') return refuse(p, "a carriage return stands alone.");
        if (c == 0) return refuse(p, "a field holds a NUL.");
    }
    *ret = bytes_of(p->text + from, p->at - from);
    return ERR_OK;
}

/* -- rows -- */

/* Cells grow by doubling: their number is not known before. */
struct grown {
    struct bytes *cells;
    uint32_t *lines;
    size_t count, room, rows, row_room;
};

static enum err cell_add(struct grown *grown, struct bytes cell) {
    if (grown->count == grown->room) {
        size_t room = grown->room ? 2 * grown->room : 1024;
        struct bytes *cells = realloc(grown->cells, room * sizeof *cells);
        if (!cells) return ERR_NO_MEMORY;
        grown->cells = cells;
        grown->room = room;
    }
    grown->cells[grown->count++] = cell;
    return ERR_OK;
}

static enum err line_add(struct grown *grown, uint32_t line) {
    if (grown->rows == grown->row_room) {
        size_t room = grown->row_room ? 2 * grown->row_room : 256;
        uint32_t *lines = realloc(grown->lines, room * sizeof *lines);
        if (!lines) return ERR_NO_MEMORY;
        grown->lines = lines;
        grown->row_room = room;
    }
    grown->lines[grown->rows++] = line;
    return ERR_OK;
}

/* One row, with its end. *ret_fields: how many it has. */
static enum err row_read(struct parser *p, struct grown *grown, size_t *ret_fields) {
    enum err err = line_add(grown, p->line);
    size_t fields = 0;
    bool goes_on = true;
    while (!err && goes_on) {
        struct bytes cell;
        p->column = (uint32_t)++fields;
        if (fields > CSV_COLUMNS_MAX) return refuse(p, "there are more than 256 columns.");
        bool is_quoted = p->at < p->len && p->text[p->at] == '"';
        err = is_quoted ? field_quoted(p, &cell) : field_plain(p, &cell);
        if (!err) err = cell_add(grown, cell);
        goes_on = !err && !at_end_of_row(p);
        p->at += goes_on;
    }
    if (err) return err;
    if (p->at < p->len) p->at += p->text[p->at] == '\r' ? 2 : 1;
    p->line++;
    *ret_fields = fields;
    return ERR_OK;
}

static enum err rows_read(struct parser *p, struct grown *grown, size_t *ret_columns) {
    size_t fields = 0;
    enum err err = row_read(p, grown, ret_columns);
    while (!err && p->at < p->len) {
        err = row_read(p, grown, &fields);
        if (err || fields == *ret_columns) continue;
        return problem_set(
            p->why, ERR_SCHEMA, "Line %u, column %zu: the row has %zu fields and the header %zu.",
            grown->lines[grown->rows - 1], fields < *ret_columns ? fields + 1 : *ret_columns + 1,
            fields, *ret_columns);
    }
    return err;
}

static enum err names_check(const struct grown *grown, size_t columns, struct problem *ret_why) {
    for (size_t i = 0; i < columns; i++) {
        if (grown->cells[i].len == 0)
            return problem_set(ret_why, ERR_SCHEMA, "Line 1, column %zu: the column has no name.",
                               i + 1);
        for (size_t j = 0; j < i; j++) {
            if (!bytes_equal(grown->cells[i], grown->cells[j])) continue;
            return problem_set(ret_why, ERR_SCHEMA,
                               "Line 1, column %zu: column %zu has the same name.", i + 1, j + 1);
        }
    }
    return ERR_OK;
}

enum err csv_parse(struct buf text, struct csv *ret, struct problem *ret_why) {
    struct parser parser = {text.data, 0, text.len, 1, 1, ret_why};
    struct grown grown = {0};
    struct csv csv = {.text = text};
    enum err err = ERR_OK;
    if (text.len == 0) err = problem_set(ret_why, ERR_SCHEMA, "The table is empty.");
    if (!err) err = rows_read(&parser, &grown, &csv.columns);
    csv.cells = csv.names = grown.cells;
    csv.lines = grown.lines;
    if (!err) err = names_check(&grown, csv.columns, ret_why);
    if (!err && grown.rows < 2)
        err = problem_set(ret_why, ERR_SCHEMA, "The table has a header and no rows.");
    if (err) {
        csv_done(&csv);
        return err;
    }
    csv.rows = grown.rows - 1;
    *ret = csv;
    return ERR_OK;
}

void csv_done(struct csv *csv) {
    free(csv->cells);
    free(csv->lines);
    buf_done(&csv->text);
    memset(csv, 0, sizeof *csv);
}

size_t csv_column(const struct csv *csv, const char *name) {
    size_t i = 0;
    while (i < csv->columns && !bytes_is(csv->names[i], name)) i++;
    return i;
}

struct bytes csv_cell(const struct csv *csv, size_t row, size_t column) {
    return csv->cells[(row + 1) * csv->columns + column];
}

uint32_t csv_line(const struct csv *csv, size_t row) {
    return csv->lines[row + 1];
}

enum err csv_put(struct buf *out, const char *text) {
    if (!strpbrk(text, ",\"\r\n")) return buf_add_text(out, text);
    enum err err = buf_add_byte(out, '"');
    for (; !err && *text; text++) {
        if (*text == '"') err = buf_add_byte(out, '"');
        if (!err) err = buf_add_byte(out, (uint8_t)*text);
    }
    return err ? err : buf_add_byte(out, '"');
}
