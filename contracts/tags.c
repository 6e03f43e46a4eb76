/* See tags.h. */
#include "contracts/tags.h"

#include "contracts/claims.h"

#include <string.h>

const uint8_t *tag_of(const struct record *record, const char *role) {
    for (size_t i = 0; record && i < record->tag_count; i++)
        if (strcmp(record->tags[i].role, role) == 0) return record->tags[i].tag;
    return NULL;
}

static const struct tag_rule *row_find(struct tag_table table, unsigned act,
                                       const struct record_tag *tag) {
    for (size_t i = 0; i < table.count; i++) {
        const struct tag_rule *row = &table.rows[i];
        if (row->acts & act && strcmp(row->role, tag->role) == 0 &&
            strcmp(tag_domain_name(row->domain), tag->domain) == 0)
            return row;
    }
    return NULL;
}

static enum err tag_check(struct tag_table table, unsigned act, const struct contract_input *in,
                          const struct record_tag *tag, struct problem *ret_why) {
    struct parameters parameters;
    const struct tag_rule *row = row_find(table, act, tag);
    if (!row) {
        return problem_at(ret_why, ERR_SCHEMA, "/tags",
                          "The act %s of this type carries no tag in that role and domain. GET "
                          "/v1/types lists them.",
                          in->act);
    }
    enum err err = parameters_get(in->view, &parameters);
    if (err || parameters.tag_versions[row->domain] == tag->version) return err;
    return problem_at(
        ret_why, ERR_SCHEMA, "/tags",
        "The tag in the role %s is of key version %lu; tags of the domain %s are made "
        "with version %lld now.",
        row->role, (unsigned long)tag->version, tag_domain_name(row->domain),
        (long long)parameters.tag_versions[row->domain]);
}

enum err tags_check(struct tag_table table, unsigned act, const struct contract_input *in,
                    struct problem *ret_why) {
    const struct record *record = in->record;
    enum err err = ERR_OK;
    for (size_t i = 0; !err && record && i < record->tag_count; i++)
        err = tag_check(table, act, in, &record->tags[i], ret_why);
    for (size_t i = 0; !err && record && i < table.count; i++) {
        const struct tag_rule *row = &table.rows[i];
        if (!(row->required & act) || tag_of(record, row->role)) continue;
        err = problem_at(ret_why, ERR_SCHEMA, "/tags",
                         "%s needs a tag in the role %s of the domain %s.", in->act, row->role,
                         tag_domain_name(row->domain));
    }
    return err;
}

/* -- as JSON -- */

static enum err put_row(struct json *object, const struct tag_rule *row,
                        const struct contract_type *type) {
    enum err err = json_put_text(object, "role", row->role);
    if (!err) err = json_put_text(object, "domain", tag_domain_name(row->domain));
    if (!err) err = claims_put_acts(object, "acts", row->acts, type);
    return err ? err : claims_put_acts(object, "required", row->required, type);
}

struct json *tags_json(struct tag_table table, const struct contract_type *type) {
    struct json *array = json_new_array();
    enum err err = array ? ERR_OK : ERR_NO_MEMORY;
    for (size_t i = 0; !err && i < table.count; i++) {
        struct json *object = json_new_object();
        err = object ? put_row(object, &table.rows[i], type) : ERR_NO_MEMORY;
        if (!err)
            err = json_push(array, object);
        else
            json_done(object);
    }
    if (!err) return array;
    json_done(array);
    return NULL;
}
