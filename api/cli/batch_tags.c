/* See batch_tags.h. A ready-made tag is a cell of 43 characters of base64url, as somebody who may evaluate them handed it out. Id numbers stay in this process: a node
 * sees blinded elements only (tagging.h). */
#include "api/cli/batch_tags.h"

#include "ledger/base/text.h"
#include "ledger/crypto/secret.h"

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

static enum err person_bad(const struct map_tag *tag, const struct csv *csv, size_t row,
                           const struct problem *why, struct problem *ret_why) {
    return problem_set(ret_why, ERR_SCHEMA, "Line %u, column %zu (%.60s): %s", csv_line(csv, row),
                       csv_column(csv, tag->column) + 1, tag->column, why->detail);
}

static struct tag_person person_of(const struct map_tag *tag, const struct csv *csv, size_t row) {
    return (struct tag_person){tag->domain, tag->id_type,
                               csv_cell(csv, row, csv_column(csv, tag->column))};
}

static enum err column_check(const struct map_tag *tag, const struct csv *csv,
                             struct problem *ret_why) {
    struct buf input;
    struct problem why = {ERR_OK, "", "", "", ""};
    enum err err = ERR_OK;
    buf_init(&input, 1024);
    for (size_t row = 0; !err && row < csv->rows; row++) {
        struct tag_person person = person_of(tag, csv, row);
        if (input.data) secret_wipe(input.data, input.cap);
        buf_clear(&input);
        err = tag_input(&person, &input, &why);
        if (err == ERR_SCHEMA) err = person_bad(tag, csv, row, &why, ret_why);
    }
    if (input.data) secret_wipe(input.data, input.cap);
    buf_done(&input);
    return err;
}

enum err batch_tags_read(const struct batch_map *map, const struct csv *csv, struct row_tags *ret,
                         struct problem *ret_why) {
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
        enum err err =
            tag->is_ready ? column_ready(tag, csv, ret, ret_why) : column_check(tag, csv, ret_why);
        if (err) return err;
    }
    return ERR_OK;
}

bool batch_tags_ask(const struct batch_map *map) {
    for (size_t i = 0; i < map->tag_count; i++)
        if (!map->tags[i].is_ready) return true;
    return false;
}

/* The tag into the claim, its evidence into the hidden one, which is made where it is missing. */
static enum err made_put(const struct map_tag *tag, struct tag_want *want, struct row_tags *ret) {
    const struct json *have = json_member(ret->hide, TAG_CLAIM);
    struct json *evidence = have ? json_clone(have) : json_new_object();
    enum err err = evidence ? json_put(evidence, tag->role, want->evidence) : ERR_NO_MEMORY;
    want->evidence = NULL;
    if (!err && !ret->hide) ret->hide = json_new_object();
    if (!err) err = ret->hide ? json_put(ret->hide, TAG_CLAIM, evidence) : ERR_NO_MEMORY;
    if (err) return err;
    return json_put(ret->tags, tag->role, tag_want_json(want));
}

static enum err column_make(const struct map_tag *tag, const struct csv *csv, size_t from,
                            size_t to, struct tagging *tagging, struct row_tags *ret,
                            struct problem *ret_why) {
    struct problem why = {ERR_OK, "", "", "", ""};
    size_t count = to - from, at = 0;
    struct tag_want *wants = calloc(count, sizeof *wants);
    if (!wants) return ERR_NO_MEMORY;
    for (size_t i = 0; i < count; i++) wants[i].person = person_of(tag, csv, from + i);
    enum err err = tagging_make(tagging, wants, count, true, &at, &why);
    if (err == ERR_SCHEMA && at < count)
        err = person_bad(tag, csv, from + at, &why, ret_why);
    else if (err)
        *ret_why = why;
    for (size_t i = 0; !err && i < count; i++) err = made_put(tag, &wants[i], &ret[from + i]);
    for (size_t i = 0; i < count; i++) tag_want_done(&wants[i]);
    free(wants);
    return err;
}

enum err batch_tags_make(const struct batch_map *map, const struct csv *csv, size_t from, size_t to,
                         struct tagging *tagging, struct row_tags *ret, struct problem *ret_why) {
    enum err err = ERR_OK;
    for (size_t i = 0; !err && i < map->tag_count; i++)
        if (!map->tags[i].is_ready)
            err = column_make(&map->tags[i], csv, from, to, tagging, ret, ret_why);
    return err;
}

void row_tags_done(struct row_tags *tags, size_t count) {
    for (size_t i = 0; tags && i < count; i++) {
        json_done(tags[i].tags);
        json_done(tags[i].hide);
    }
    free(tags);
}
