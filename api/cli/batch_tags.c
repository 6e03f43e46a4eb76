/* See batch_tags.h. A ready-made tag is a cell of 43 characters of base64url, as somebody who may evaluate them handed it out. */
#include "api/cli/batch_tags.h"

#include "ledger/base/text.h"

#include <stdlib.h>

static enum err tag_make(const struct map_tag *tag, struct bytes cell, struct json *tags) {
    uint8_t raw[32];
    if (base64url_decode_fixed(cell, raw, sizeof raw)) return ERR_SCHEMA;
    struct json *one = json_new_object();
    enum err err = one ? json_put_text(one, "d", tag->domain) : ERR_NO_MEMORY;
    if (!err) err = json_put_int(one, "v", tag->version);
    if (!err) err = json_put(one, "t", json_new_text_bytes(cell));
    if (!err) return json_put(tags, tag->role, one);
    json_done(one);
    return err;
}

static enum err column_ready(const struct map_tag *tag, const struct csv *csv, struct row_tags *ret,
                             struct problem *ret_why) {
    size_t column = csv_column(csv, tag->column);
    for (size_t row = 0; row < csv->rows; row++) {
        enum err err = tag_make(tag, csv_cell(csv, row, column), ret[row].tags);
        if (err == ERR_SCHEMA)
            return problem_set(ret_why, err,
                               "Line %u, column %zu (%.60s): a tag is 43 characters of base64url.",
                               csv_line(csv, row), column + 1, tag->column);
        if (err) return err;
    }
    return ERR_OK;
}

enum err batch_tags_resolve(const struct batch_map *map, const struct csv *csv,
                            struct client *client, struct row_tags *ret, struct problem *ret_why) {
    (void)client;
    for (size_t row = 0; map->tag_count && row < csv->rows; row++) {
        ret[row].tags = json_new_object();
        if (!ret[row].tags) return ERR_NO_MEMORY;
    }
    for (size_t i = 0; i < map->tag_count; i++) {
        const struct map_tag *tag = &map->tags[i];
        if (csv_column(csv, tag->column) == csv->columns)
            return problem_set(ret_why, ERR_SCHEMA,
                               "The map, line %zu: the table has no column %.60s.", tag->line,
                               tag->column);
        if (!tag->is_ready)
            return problem_set(ret_why, ERR_SCHEMA,
                               "The map, line %zu: this program takes ready-made tags only (ready: "
                               "true).",
                               tag->line);
        enum err err = column_ready(tag, csv, ret, ret_why);
        if (err) return err;
    }
    return ERR_OK;
}

void row_tags_done(struct row_tags *tags, size_t count) {
    for (size_t i = 0; tags && i < count; i++) {
        json_done(tags[i].tags);
        json_done(tags[i].hide);
    }
    free(tags);
}
