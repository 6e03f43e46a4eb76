/* See batch_map.h. */
#include "api/cli/batch_map.h"

#include "ledger/base/limits.h"
#include "ledger/base/text.h"

#include <stdlib.h>
#include <string.h>
#include <yaml.h>

struct reader {
    yaml_document_t document;
    struct batch_map *map;
    struct problem *why;
};

static enum err refuse(const struct reader *r, const yaml_node_t *node, const char *what) {
    return problem_set(r->why, ERR_SCHEMA, "Line %zu: %s", node->start_mark.line + 1, what);
}

/* -- nodes -- */

static yaml_node_t *node_at(struct reader *r, int index) {
    return yaml_document_get_node(&r->document, index);
}

/* A scalar's text in the arena; NULL where the node is none, or holds a NUL. */
static const char *text_of(struct reader *r, const yaml_node_t *node) {
    if (node->type != YAML_SCALAR_NODE) return NULL;
    if (memchr(node->data.scalar.value, 0, node->data.scalar.length)) return NULL;
    return arena_text(&r->map->arena, bytes_of(node->data.scalar.value, node->data.scalar.length));
}

static bool key_is(const yaml_node_t *key, const char *name) {
    return key->type == YAML_SCALAR_NODE &&
           bytes_is(bytes_of(key->data.scalar.value, key->data.scalar.length), name);
}

/* Calls each(r, key, value, arg) for the pairs of a mapping whose keys are different scalars. */
static enum err mapping_read(struct reader *r, yaml_node_t *node,
                             enum err (*each)(struct reader *r, yaml_node_t *key,
                                              yaml_node_t *value, void *arg),
                             void *arg) {
    if (node->type != YAML_MAPPING_NODE) return refuse(r, node, "a mapping must stand here.");
    const yaml_node_pair_t *first = node->data.mapping.pairs.start;
    for (const yaml_node_pair_t *pair = first; pair < node->data.mapping.pairs.top; pair++) {
        yaml_node_t *key = node_at(r, pair->key);
        const char *name = text_of(r, key);
        if (!name || !*name) return refuse(r, key, "a name must stand here.");
        for (const yaml_node_pair_t *other = first; other < pair; other++)
            if (key_is(node_at(r, other->key), name))
                return refuse(r, key, "this name stands twice.");
        enum err err = each(r, key, node_at(r, pair->value), arg);
        if (err) return err;
    }
    return ERR_OK;
}

static enum err text_take(struct reader *r, const yaml_node_t *node, const char **ret) {
    *ret = text_of(r, node);
    if (*ret && **ret) return ERR_OK;
    return refuse(r, node, "a text must stand here.");
}

static enum err bool_take(struct reader *r, const yaml_node_t *node, bool *ret) {
    const char *text = text_of(r, node);
    if (!text || (strcmp(text, "true") != 0 && strcmp(text, "false") != 0))
        return refuse(r, node, "true or false must stand here.");
    *ret = strcmp(text, "true") == 0;
    return ERR_OK;
}

/* -- where a value comes from -- */

static enum err kind_take(struct reader *r, const yaml_node_t *node, enum batch_kind *ret) {
    const char *text = text_of(r, node);
    if (text && batch_kind_find(bytes_text(text), ret)) return ERR_OK;
    return refuse(r, node, "kind is text, int, fen, yuan, date, period or bool.");
}

static enum err source_pair(struct reader *r, yaml_node_t *key, yaml_node_t *value, void *arg) {
    struct map_source *source = arg;
    if (key_is(key, "column")) return text_take(r, value, &source->column);
    if (key_is(key, "const")) return text_take(r, value, &source->constant);
    if (key_is(key, "kind")) return kind_take(r, value, &source->kind);
    if (key_is(key, "optional")) return bool_take(r, value, &source->is_optional);
    return refuse(r, key, "only column or const, kind and optional may stand here.");
}

static enum err claim_pair(struct reader *r, yaml_node_t *key, yaml_node_t *value, void *arg) {
    struct batch_map *map = r->map;
    struct map_claim *claim = &map->claims[map->claim_count];
    struct json *probe = NULL;
    (void)arg;
    if (map->claim_count == MAP_CLAIMS_MAX) return refuse(r, key, "there are too many claims.");
    claim->name = text_of(r, key);
    claim->source.line = key->start_mark.line + 1;
    if (!claim->name) return ERR_NO_MEMORY;
    enum err err = mapping_read(r, value, source_pair, &claim->source);
    if (err) return err;
    if (!claim->source.column == !claim->source.constant)
        return refuse(r, key, "a claim has a column or a const, and not both.");
    if (claim->source.constant) {
        err = batch_value(claim->source.kind, bytes_text(claim->source.constant), &probe);
        json_done(probe);
        if (err) return refuse(r, value, "the const is not of its kind.");
    }
    map->claim_count++;
    return ERR_OK;
}

static enum err ref_pair(struct reader *r, yaml_node_t *key, yaml_node_t *value, void *arg) {
    struct map_source *source = arg;
    if (key_is(key, "column")) return text_take(r, value, &source->column);
    if (key_is(key, "optional")) return bool_take(r, value, &source->is_optional);
    return refuse(r, key, "only column and optional may stand here.");
}

static enum err alg_take(struct reader *r, const yaml_node_t *node, enum digest_alg *ret) {
    const char *text = text_of(r, node);
    if (text && strcmp(text, digest_name(DIGEST_SHA256)) == 0)
        *ret = DIGEST_SHA256;
    else if (text && strcmp(text, digest_name(DIGEST_SM3)) == 0)
        *ret = DIGEST_SM3;
    else
        return refuse(r, node, "alg is sha-256 or sm3.");
    return ERR_OK;
}

static enum err doc_pair(struct reader *r, yaml_node_t *key, yaml_node_t *value, void *arg) {
    if (key_is(key, "alg")) return alg_take(r, value, &r->map->doc_alg);
    return ref_pair(r, key, value, arg);
}

/* -- tags -- */

static enum err version_take(struct reader *r, const yaml_node_t *node, uint32_t *ret) {
    const char *text = text_of(r, node);
    uint64_t version = 0;
    if (!text || decimal_parse(bytes_text(text), &version) || version == 0 || version > 999999999)
        return refuse(r, node, "version is a number from 1.");
    *ret = (uint32_t)version;
    return ERR_OK;
}

static enum err tag_member(struct reader *r, yaml_node_t *key, yaml_node_t *value, void *arg) {
    struct map_tag *tag = arg;
    if (key_is(key, "domain")) return text_take(r, value, &tag->domain);
    if (key_is(key, "column")) return text_take(r, value, &tag->column);
    if (key_is(key, "id_type")) return text_take(r, value, &tag->id_type);
    if (key_is(key, "version")) return version_take(r, value, &tag->version);
    if (key_is(key, "ready")) return bool_take(r, value, &tag->is_ready);
    return refuse(r, key, "only domain, column, id_type, version and ready may stand here.");
}

static enum err tag_pair(struct reader *r, yaml_node_t *key, yaml_node_t *value, void *arg) {
    struct batch_map *map = r->map;
    struct map_tag *tag = &map->tags[map->tag_count];
    (void)arg;
    if (map->tag_count == LIMIT_TAGS) return refuse(r, key, "there are too many roles.");
    tag->role = text_of(r, key);
    tag->line = key->start_mark.line + 1;
    tag->version = 1;
    if (!tag->role) return ERR_NO_MEMORY;
    enum err err = mapping_read(r, value, tag_member, tag);
    if (err) return err;
    if (!tag->domain || !tag->column || tag->is_ready == (tag->id_type != NULL))
        return refuse(r, key,
                      "a tag has a domain and a column, and id_type or ready: true, not both.");
    map->tag_count++;
    return ERR_OK;
}

/* -- the map -- */

static enum err hide_read(struct reader *r, yaml_node_t *node) {
    if (node->type != YAML_SEQUENCE_NODE) return refuse(r, node, "a list must stand here.");
    const yaml_node_item_t *item = node->data.sequence.items.start;
    for (; item < node->data.sequence.items.top; item++) {
        yaml_node_t *name = node_at(r, *item);
        size_t i = 0;
        while (i < r->map->claim_count && !key_is(name, r->map->claims[i].name)) i++;
        if (i == r->map->claim_count || r->map->claims[i].is_hidden)
            return refuse(r, name, "what is hidden must be one of claims, and stand here once.");
        r->map->claims[i].is_hidden = true;
    }
    return ERR_OK;
}

static enum err encoding_take(struct reader *r, const yaml_node_t *node) {
    const char *text = text_of(r, node);
    if (text && strcmp(text, "utf-8") == 0) return ERR_OK;
    if (!text || strcmp(text, "gb18030") != 0)
        return refuse(r, node, "encoding is utf-8 or gb18030.");
    r->map->encoding = CSV_GB18030;
    return ERR_OK;
}

static enum err column_read(struct reader *r, const yaml_node_t *key, yaml_node_t *value,
                            enum err (*each)(struct reader *r, yaml_node_t *key, yaml_node_t *value,
                                             void *arg),
                            struct map_source *source) {
    source->line = key->start_mark.line + 1;
    enum err err = mapping_read(r, value, each, source);
    if (err || source->column) return err;
    return refuse(r, key, "a column must stand here.");
}

static enum err top_pair(struct reader *r, yaml_node_t *key, yaml_node_t *value, void *arg) {
    struct batch_map *map = r->map;
    yaml_node_t **hide = arg;
    if (key_is(key, "encoding")) return encoding_take(r, value);
    if (key_is(key, "type")) return text_take(r, value, &map->type);
    if (key_is(key, "act")) return text_take(r, value, &map->act);
    if (key_is(key, "claims")) return mapping_read(r, value, claim_pair, NULL);
    if (key_is(key, "tags")) return mapping_read(r, value, tag_pair, NULL);
    if (key_is(key, "ref")) return column_read(r, key, value, ref_pair, &map->ref);
    if (key_is(key, "doc")) return column_read(r, key, value, doc_pair, &map->doc);
    if (!key_is(key, "hide"))
        return refuse(r, key,
                      "only encoding, type, act, claims, hide, tags, ref and doc may stand here.");
    *hide = value; /* names claims, which may stand behind it */
    return ERR_OK;
}

static enum err map_read(struct reader *r) {
    yaml_node_t *root = yaml_document_get_root_node(&r->document), *hide = NULL;
    if (!root) return problem_set(r->why, ERR_SCHEMA, "The map is empty.");
    enum err err = mapping_read(r, root, top_pair, &hide);
    if (!err && hide) err = hide_read(r, hide);
    if (err) return err;
    if (!r->map->type || !r->map->act || r->map->claim_count == 0)
        return problem_set(r->why, ERR_SCHEMA, "The map needs type, act and claims.");
    return ERR_OK;
}

/* -- the text -- */

/* Refuses what YAML can and a map need not: anchors and aliases, which could make one node many, and explicit tags. */
static enum err events_check(struct bytes text, struct problem *ret_why) {
    yaml_parser_t parser;
    yaml_event_t event;
    enum err err = ERR_OK;
    unsigned documents = 0;
    if (!yaml_parser_initialize(&parser)) return ERR_NO_MEMORY;
    yaml_parser_set_input_string(&parser, text.data, text.len);
    for (bool goes_on = true; goes_on && !err;) {
        if (!yaml_parser_parse(&parser, &event)) {
            err = problem_set(ret_why, ERR_SCHEMA, "Line %zu: %s.", parser.problem_mark.line + 1,
                              parser.problem ? parser.problem : "this is no YAML");
            break;
        }
        bool is_bad = event.type == YAML_ALIAS_EVENT ||
                      (event.type == YAML_SCALAR_EVENT &&
                       (event.data.scalar.anchor || event.data.scalar.tag)) ||
                      (event.type == YAML_SEQUENCE_START_EVENT &&
                       (event.data.sequence_start.anchor || event.data.sequence_start.tag)) ||
                      (event.type == YAML_MAPPING_START_EVENT &&
                       (event.data.mapping_start.anchor || event.data.mapping_start.tag)) ||
                      (event.type == YAML_DOCUMENT_START_EVENT && documents++ > 0);
        if (is_bad)
            err = problem_set(ret_why, ERR_SCHEMA,
                              "Line %zu: a map has no anchors, aliases, tags or second document.",
                              event.start_mark.line + 1);
        goes_on = event.type != YAML_STREAM_END_EVENT;
        yaml_event_delete(&event);
    }
    yaml_parser_delete(&parser);
    return err;
}

static enum err document_read(struct bytes text, struct reader *r) {
    yaml_parser_t parser;
    if (!yaml_parser_initialize(&parser)) return ERR_NO_MEMORY;
    yaml_parser_set_input_string(&parser, text.data, text.len);
    enum err err = yaml_parser_load(&parser, &r->document) ? ERR_OK : ERR_SCHEMA;
    if (!err) {
        err = map_read(r);
        yaml_document_delete(&r->document);
    }
    yaml_parser_delete(&parser);
    return err;
}

enum err batch_map_parse(struct bytes text, struct batch_map **ret, struct problem *ret_why) {
    if (text.len > MAP_BYTES_MAX)
        return problem_set(ret_why, ERR_TOO_LARGE, "The map is larger than %d bytes.",
                           MAP_BYTES_MAX);
    struct batch_map *map = calloc(1, sizeof *map);
    if (!map) return ERR_NO_MEMORY;
    arena_init(&map->arena, 16 * (size_t)MAP_BYTES_MAX);
    struct reader reader = {.map = map, .why = ret_why};
    enum err err = events_check(text, ret_why);
    if (!err) err = document_read(text, &reader);
    if (err) {
        batch_map_done(map);
        return err;
    }
    *ret = map;
    return ERR_OK;
}

void batch_map_done(struct batch_map *map) {
    if (!map) return;
    arena_done(&map->arena);
    free(map);
}
