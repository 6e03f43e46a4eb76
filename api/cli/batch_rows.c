/* See batch_rows.h. */
#include "api/cli/batch_rows.h"

#include "api/cli/disk.h"
#include "api/cli/review.h"
#include "ledger/base/text.h"
#include "ledger/crypto/sha256.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* -- loading -- */

static enum err about(const char *path, enum err err, const struct problem *why,
                      struct problem *ret_why) {
    return problem_set(ret_why, err, "%s: %s", path, why->detail[0] ? why->detail : err_title(err));
}

static enum err column_check(const struct batch_rows *rows, const char *column, size_t line,
                             struct problem *ret_why) {
    if (!column || csv_column(&rows->csv, column) < rows->csv.columns) return ERR_OK;
    return problem_set(ret_why, ERR_SCHEMA, "The map, line %zu: the table has no column %.60s.",
                       line, column);
}

static enum err columns_check(const struct batch_rows *rows, struct problem *ret_why) {
    const struct batch_map *map = rows->map;
    enum err err = column_check(rows, map->ref.column, map->ref.line, ret_why);
    if (!err) err = column_check(rows, map->doc.column, map->doc.line, ret_why);
    for (size_t i = 0; !err && i < map->claim_count; i++)
        err = column_check(rows, map->claims[i].source.column, map->claims[i].source.line, ret_why);
    return err;
}

static enum err map_load(const char *path, struct batch_rows *rows, struct problem *ret_why) {
    struct buf text;
    struct problem why = {ERR_OK, "", "", "", ""};
    enum err err = disk_read(path, MAP_BYTES_MAX, &text, ret_why);
    if (err) return err;
    sha256(buf_bytes(&text), rows->map_digest);
    err = batch_map_parse(buf_bytes(&text), &rows->map, &why);
    buf_done(&text);
    return err ? about(path, err, &why, ret_why) : ERR_OK;
}

static enum err csv_load(const char *path, struct batch_rows *rows, struct problem *ret_why) {
    struct buf raw, text;
    struct problem why = {ERR_OK, "", "", "", ""};
    enum err err = disk_read(path, CSV_BYTES_MAX, &raw, ret_why);
    if (err) return err;
    sha256(buf_bytes(&raw), rows->csv_digest);
    err = csv_decode(buf_bytes(&raw), rows->map->encoding, &text, &why);
    buf_done(&raw);
    if (!err) err = csv_parse(text, &rows->csv, &why);
    return err ? about(path, err, &why, ret_why) : ERR_OK;
}

enum err batch_rows_load(const char *csv_path, const char *map_path, struct batch_rows *ret,
                         struct problem *ret_why) {
    struct batch_rows rows;
    memset(&rows, 0, sizeof rows);
    rows.csv_path = csv_path;
    enum err err = map_load(map_path, &rows, ret_why);
    if (!err) err = csv_load(csv_path, &rows, ret_why);
    if (!err) err = columns_check(&rows, ret_why);
    if (!err) rows.tags = calloc(rows.csv.rows, sizeof *rows.tags);
    if (!err && !rows.tags) err = ERR_NO_MEMORY;
    if (err)
        batch_rows_done(&rows);
    else
        *ret = rows;
    return err;
}

void batch_rows_done(struct batch_rows *rows) {
    row_tags_done(rows->tags, rows->csv.rows);
    csv_done(&rows->csv);
    batch_map_done(rows->map);
    memset(rows, 0, sizeof *rows);
}

/* -- one row -- */

/* A row on its way to a draft. */
struct filler {
    const struct batch_rows *rows;
    size_t row;
    struct claims claims;
    struct json *doc;
    char ref[2 * RECORD_ID_LEN + 1];
    struct problem *why;
};

static enum err refuse(const struct filler *f, const char *column, const char *form) {
    const struct csv *csv = &f->rows->csv;
    return problem_set(f->why, ERR_SCHEMA, "%s: line %u, column %zu (%.60s): must be %s.",
                       f->rows->csv_path, csv_line(csv, f->row), csv_column(csv, column) + 1,
                       column, form);
}

/* The cell of a source's column; empty where there is none. */
static struct bytes cell_of(const struct filler *f, const struct map_source *source) {
    const struct csv *csv = &f->rows->csv;
    return source->column ? csv_cell(csv, f->row, csv_column(csv, source->column))
                          : bytes_of("", 0);
}

static enum err claim_fill(struct filler *f, const struct map_claim *claim) {
    const struct map_source *source = &claim->source;
    struct json *value = NULL;
    struct bytes text = source->constant ? bytes_text(source->constant) : cell_of(f, source);
    if (text.len == 0 && source->is_optional) return ERR_OK;
    enum err err = batch_value(source->kind, text, &value);
    if (err == ERR_SCHEMA) return refuse(f, source->column, batch_kind_form(source->kind));
    return err ? err
               : json_put(claim->is_hidden ? f->claims.hide : f->claims.set, claim->name, value);
}

static enum err ref_fill(struct filler *f) {
    const struct map_source *source = &f->rows->map->ref;
    struct bytes text = cell_of(f, source);
    uint8_t id[RECORD_ID_LEN];
    if (!source->column || (text.len == 0 && source->is_optional)) return ERR_OK;
    if (hex_decode(text, id, sizeof id))
        return refuse(f, source->column, "a record id, 64 lower-case hexadecimal digits");
    hex_encode(bytes_of(id, sizeof id), f->ref);
    return ERR_OK;
}

/* In hex, as tools print it, or in base64url, as records hold it. */
static enum err doc_fill(struct filler *f) {
    const struct map_source *source = &f->rows->map->doc;
    struct bytes text = cell_of(f, source);
    uint8_t digest[DIGEST_LEN];
    if (!source->column || (text.len == 0 && source->is_optional)) return ERR_OK;
    if (hex_decode(text, digest, sizeof digest) &&
        base64url_decode_fixed(text, digest, sizeof digest))
        return refuse(f, source->column, "a digest of 32 bytes, in hexadecimal or base64url");
    return draft_doc(f->rows->map->doc_alg, digest, &f->doc);
}

/* What comes along with the tags is hidden, too. */
static enum err evidence_fill(struct filler *f) {
    const struct json *hide = f->rows->tags[f->row].hide;
    enum err err = ERR_OK;
    for (void *it = json_first(hide); !err && it; it = json_next(hide, it))
        err = json_put(f->claims.hide, json_name_at(it), json_clone(json_value_at(it)));
    return err;
}

static enum err fill(struct filler *f) {
    const struct batch_map *map = f->rows->map;
    enum err err = ERR_OK;
    if (strlen(map->type) >= sizeof f->claims.type || strlen(map->act) >= sizeof f->claims.act)
        return problem_set(f->why, ERR_SCHEMA, "The map: type or act is too long.");
    (void)snprintf(f->claims.type, sizeof f->claims.type, "%s", map->type);
    (void)snprintf(f->claims.act, sizeof f->claims.act, "%s", map->act);
    f->claims.set = json_new_object();
    f->claims.hide = json_new_object();
    if (!f->claims.set || !f->claims.hide) return ERR_NO_MEMORY;
    for (size_t i = 0; !err && i < map->claim_count; i++) err = claim_fill(f, &map->claims[i]);
    if (!err) err = evidence_fill(f);
    if (!err) err = ref_fill(f);
    return err ? err : doc_fill(f);
}

/* For its form alone: what the rules say of each, the node says, too. */
static enum err draft_review(const struct filler *f, const struct draft *draft) {
    struct problem why = {ERR_OK, "", "", "", ""};
    struct rule_hits *hits = calloc(1, sizeof *hits);
    if (!hits) return ERR_NO_MEMORY;
    enum err err = ERR_OK;
    if (!review_is_correction(draft->type, CLAIMS_VERSION, draft->act))
        err = review(draft->payload, draft->claims, draft->type, CLAIMS_VERSION, draft->act, hits,
                     &why);
    free(hits);
    if (!err) return ERR_OK;
    return problem_at(f->why, err, why.pointer, "%s: line %u: %s", f->rows->csv_path,
                      csv_line(&f->rows->csv, f->row), why.detail);
}

enum err batch_rows_draft(const struct batch_rows *rows, size_t row, const char *issuer,
                          const char *ledger, struct draft *ret, struct problem *ret_why) {
    struct filler filler = {.rows = rows, .row = row, .why = ret_why};
    enum err err = fill(&filler);
    struct draft_head head = {.issuer = issuer,
                              .ledger = ledger,
                              .ref = filler.ref[0] ? filler.ref : NULL,
                              .tags = rows->tags[row].tags};
    struct draft draft;
    if (!err) err = draft_make(&head, &filler.claims, filler.doc, &draft, ret_why);
    if (!err) {
        err = draft_review(&filler, &draft);
        if (err)
            draft_done(&draft);
        else
            *ret = draft;
    }
    json_done(filler.doc);
    claims_done(&filler.claims);
    return err;
}
