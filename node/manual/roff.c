/* Text as man(7) wants it. See manual.h. */
#include "node/manual/manual.h"

#include <ctype.h>

enum err roff_text(struct bytes text, struct buf *out) {
    enum err err = ERR_OK;
    bool at_start = true;
    for (size_t i = 0; !err && i < text.len; i++) {
        uint8_t c = text.data[i];
        if (at_start && (c == '.' || c == '\'')) err = buf_add_text(out, "\\&");
        if (err) break;
        switch (c) {
        case '\\': err = buf_add_text(out, "\\e"); break;
        case '-': err = buf_add_text(out, "\\-"); break;
        case '`': err = buf_add_text(out, "\\(ga"); break;
        case '^': err = buf_add_text(out, "\\(ha"); break;
        case '~': err = buf_add_text(out, "\\(ti"); break;
        case '"': err = buf_add_text(out, "\\(dq"); break; /* safe in a macro's argument, too */
        default: err = buf_add_byte(out, c); break;
        }
        at_start = c == '\n';
    }
    return err;
}

enum err roff_title(const struct manual *manual, const char *name, unsigned section,
                    struct buf *out) {
    enum err err = buf_add_text(out, ".\\\" Made from the tables of the program.\n.TH ");
    for (const char *c = name; !err && *c; c++) {
        if (*c == '-') err = buf_add_byte(out, '\\');
        if (!err) err = buf_add_byte(out, (uint8_t)toupper((unsigned char)*c));
    }
    if (err) return err;
    return buf_format(out, " %u %s \"qizheng %s\" \"qizheng manual\"\n", section, manual->date,
                      QIZHENG_VERSION);
}

/* Between lines of a paragraph nothing is needed; literal ones are fenced. */
static enum err line_put(struct bytes line, bool *literal, bool *gap, struct buf *out) {
    bool is_literal = line.len > 1 && line.data[0] == ' ' && line.data[1] == ' ';
    enum err err = ERR_OK;
    if (line.len == 0) {
        *gap = true;
        return ERR_OK;
    }
    if (*literal && !is_literal) err = buf_add_text(out, ".EE\n");
    if (!err && *gap && !is_literal) err = buf_add_text(out, ".PP\n");
    if (!err && is_literal && !*literal) err = buf_add_text(out, ".PP\n.EX\n");
    *literal = is_literal;
    *gap = false;
    if (!err) err = roff_text(line, out);
    return err ? err : buf_add_byte(out, '\n');
}

enum err roff_paragraphs(struct bytes text, struct buf *out) {
    enum err err = ERR_OK;
    bool literal = false, gap = false;
    for (size_t at = 0; !err && at < text.len;) {
        size_t end = bytes_find(text, '\n', at);
        err = line_put(bytes_slice(text, at, end), &literal, &gap, out);
        at = end + 1;
    }
    return !err && literal ? buf_add_text(out, ".EE\n") : err;
}
