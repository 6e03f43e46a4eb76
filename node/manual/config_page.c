/* qizheng-node.yaml(5) from the comments of configs/node.yaml, which is its own manual. See manual.h.
 *
 * What the file looks like, and what this reads: a comment, then the option that it is about, indented by two spaces within its section. A comment may hold the
 * option itself, where it is off in the file (`# trusted_proxies: ...`): lower case, a colon, and then nothing or a value. */
#include "node/manual/manual.h"

#include <ctype.h>
#include <string.h>

struct reader {
    struct buf *out;
    struct bytes comment; /* collected lines, from the first to the last; empty where none */
    char section[64];     /* "http." or "" */
    bool is_head;         /* before the first option: the description of the file */
};

static struct bytes trim(struct bytes line) {
    while (line.len && line.data[0] == ' ') line = bytes_slice(line, 1, line.len);
    return line;
}

/* The comment's text where the line is one. */
static bool comment_of(struct bytes line, struct bytes *ret) {
    line = trim(line);
    if (line.len == 0 || line.data[0] != '#') return false;
    *ret = bytes_slice(line, line.len > 1 && line.data[1] == ' ' ? 2 : 1, line.len);
    return true;
}

/* `name:` or `name: value`, the name in lower case. */
static bool option_of(struct bytes line, struct bytes *ret_name, struct bytes *ret_value) {
    size_t len = 0;
    while (len < line.len && (islower(line.data[len]) || line.data[len] == '_')) len++;
    if (len == 0 || len == line.len || line.data[len] != ':') return false;
    if (len + 1 < line.len && line.data[len + 1] != ' ') return false;
    *ret_name = bytes_slice(line, 0, len);
    *ret_value = trim(bytes_slice(line, len + 1, line.len));
    return true;
}

/* The collected comment up to `until`, a line a line. */
static enum err comment_put(struct reader *reader, struct bytes comment) {
    enum err err = ERR_OK;
    struct bytes line, text;
    while (!err && bytes_line(&comment, &line)) {
        if (!comment_of(line, &text)) continue;
        err = roff_text(text, reader->out);
        if (!err) err = buf_add_byte(reader->out, '\n');
    }
    return err;
}

static enum err option_put(struct reader *reader, struct bytes name, struct bytes value,
                           bool is_off) {
    enum err err = buf_format(reader->out, ".TP\n.B %s", reader->section);
    if (!err) err = roff_text(name, reader->out);
    if (!err) err = buf_add_byte(reader->out, '\n');
    if (!err) err = comment_put(reader, reader->comment);
    reader->comment = bytes_of(NULL, 0);
    if (err || value.len == 0) return err;
    err = buf_add_text(reader->out, is_off ? ".br\nExample: " : ".br\nAs shipped: ");
    if (!err) err = roff_text(value, reader->out);
    return err ? err : buf_add_byte(reader->out, '\n');
}

static void section_set(struct reader *reader, struct bytes name) {
    size_t len = name.len < sizeof reader->section - 2 ? name.len : sizeof reader->section - 2;
    memcpy(reader->section, name.data, len);
    memcpy(reader->section + len, ".", 2);
}

/* Joins the line, with its newline, to the comment before it; both point into the same file. */
static void comment_add(struct reader *reader, struct bytes line) {
    const uint8_t *from = reader->comment.len ? reader->comment.data : line.data;
    reader->comment = bytes_of(from, (size_t)(line.data + line.len + 1 - from));
}

/* What stands indented below an option that is off. */
static enum err example_put(struct reader *reader, struct bytes text) {
    enum err err = buf_add_text(reader->out, ".EX\n");
    if (!err) err = roff_text(text, reader->out);
    return err ? err : buf_add_text(reader->out, "\n.EE\n");
}

static enum err head_end(struct reader *reader) {
    enum err err = comment_put(reader, reader->comment);
    reader->comment = bytes_of(NULL, 0);
    reader->is_head = false;
    return err ? err : buf_add_text(reader->out, ".SH OPTIONS\n");
}

static enum err line_read(struct reader *reader, struct bytes line) {
    struct bytes text, name, value;
    bool is_nested = line.len && line.data[0] == ' ';
    if (trim(line).len == 0) return reader->is_head ? head_end(reader) : ERR_OK;
    if (comment_of(line, &text)) {
        if (!reader->is_head && option_of(text, &name, &value)) {
            if (!is_nested) reader->section[0] = 0;
            return option_put(reader, name, value, true);
        }
        if (!reader->is_head && reader->comment.len == 0 && text.len && text.data[0] == ' ')
            return example_put(reader, text);
        comment_add(reader, line);
        return ERR_OK;
    }
    if (!option_of(trim(line), &name, &value)) return ERR_OK;
    if (!is_nested) reader->section[0] = 0;
    bool opens = !is_nested && value.len == 0;
    if (opens && reader->comment.len == 0) {
        section_set(reader, name);
        return ERR_OK;
    }
    enum err err = option_put(reader, name, value, false);
    if (opens) section_set(reader, name);
    return err;
}

enum err manual_config(const struct manual *manual, struct bytes yaml, struct buf *out) {
    struct reader reader = {out, bytes_of(NULL, 0), "", true};
    struct bytes line;
    enum err err = roff_title(manual, "qizheng-node.yaml", 5, out);
    if (!err)
        err = buf_add_text(out, ".SH NAME\nqizheng\\-node.yaml \\- configuration of one node\n"
                                ".SH DESCRIPTION\n");
    while (!err && bytes_line(&yaml, &line)) err = line_read(&reader, line);
    if (err) return err;
    return buf_add_text(out, ".SH SEE ALSO\n.BR qizhengd (8),\n.BR qizheng\\-init (1)\n");
}
