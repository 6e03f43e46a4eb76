/* See parameters.h. One table; a new parameter is a line there and a member of the struct, and needs a new protocol version. */
#include "contracts/parameters.h"

#include "contracts/state_keys.h"

#include <string.h>

static const char *const domain_names[TAG_DOMAINS] = {
    [TAG_LABOUR] = "labour", [TAG_BENEFIT] = "benefit"};

static const struct parameter {
    const char *group; /* the object that it is a member of; NULL: the parameters themselves */
    const char *name;
    int64_t standard, min, max;
    size_t offset;
} table[] = {
    /* 7 days; at least a minute, or nothing would arrive in time; at most ten years */
    {NULL, "admission_window_s", 604800, 60, 315360000,
     offsetof(struct parameters, admission_window_s)},
    /* a new version means that the key was lost: nobody needs more than a million */
    {"tag_versions", "labour", 1, 1, 1000000,
     offsetof(struct parameters, tag_versions[TAG_LABOUR])},
    {"tag_versions", "benefit", 1, 1, 1000000,
     offsetof(struct parameters, tag_versions[TAG_BENEFIT])},
};
#define TABLE_COUNT (sizeof table / sizeof table[0])

const char *tag_domain_name(enum tag_domain domain) {
    return domain_names[domain];
}

bool tag_domain_from_name(const char *name, enum tag_domain *ret) {
    for (size_t i = 0; i < TAG_DOMAINS; i++) {
        if (strcmp(domain_names[i], name) != 0) continue;
        *ret = (enum tag_domain)i;
        return true;
    }
    return false;
}

/* -- JSON -- */

static bool same_group(const char *a, const char *b) {
    return a && b ? strcmp(a, b) == 0 : a == b;
}

static const struct parameter *parameter_find(const char *group, const char *name) {
    for (size_t i = 0; i < TABLE_COUNT; i++)
        if (same_group(table[i].group, group) && strcmp(table[i].name, name) == 0) return &table[i];
    return NULL;
}

static bool is_group(const char *name) {
    for (size_t i = 0; i < TABLE_COUNT; i++)
        if (table[i].group && strcmp(table[i].group, name) == 0) return true;
    return false;
}

static bool value_read(const struct json *object, const struct parameter *parameter, int64_t *ret) {
    const struct json *holder = parameter->group ? json_member(object, parameter->group) : object;
    return json_int(json_member(holder, parameter->name), ret) && *ret >= parameter->min &&
           *ret <= parameter->max;
}

static struct json *group_json(const char *group) {
    struct json *object = json_new_object();
    enum err err = object ? ERR_OK : ERR_NO_MEMORY;
    for (size_t i = 0; !err && i < TABLE_COUNT; i++) {
        if (same_group(table[i].group, group))
            err = json_put_int(object, table[i].name, table[i].standard);
    }
    if (!err) return object;
    json_done(object);
    return NULL;
}

struct json *machine_parameters_default(void) {
    struct json *object = group_json(NULL);
    enum err err = object ? ERR_OK : ERR_NO_MEMORY;
    for (size_t i = 0; !err && i < TABLE_COUNT; i++) {
        const char *group = table[i].group;
        if (group && !json_member(object, group)) err = json_put(object, group, group_json(group));
    }
    if (!err) return object;
    json_done(object);
    return NULL;
}

static enum err known_all(const struct json *all, const char *group, const struct json *object) {
    enum err err = json_kind(object) == JSON_KIND_OBJECT ? ERR_OK : ERR_PROTOCOL;
    for (void *it = json_first(object); !err && it; it = json_next(object, it)) {
        const char *name = json_name_at(it);
        const struct parameter *parameter = parameter_find(group, name);
        int64_t value;
        if (!group && is_group(name))
            err = known_all(all, name, json_value_at(it));
        else if (!parameter || !value_read(all, parameter, &value))
            err = ERR_PROTOCOL;
    }
    return err;
}

/* The row: the values as u64, in the table's order. It is read several times for each record, so it is no JSON. */
static enum err row_put(struct overlay *overlay, const struct json *object) {
    struct state_key key = state_key_governance("parameters");
    uint8_t row[8 * TABLE_COUNT];
    for (size_t i = 0; i < TABLE_COUNT; i++) {
        int64_t value;
        if (!value_read(object, &table[i], &value)) value = table[i].standard;
        put_u64(row + 8 * i, (uint64_t)value);
    }
    return overlay_put(overlay, state_key_bytes(&key), bytes_of(row, sizeof row));
}

enum err parameters_put(struct overlay *overlay, const struct json *object) {
    enum err err = known_all(object, NULL, object);
    return err ? err : row_put(overlay, object);
}

static enum err row_decode(struct bytes row, struct parameters *ret) {
    struct cursor cursor = cursor_of(row);
    struct parameters parameters;
    bool good = true;
    for (size_t i = 0; i < TABLE_COUNT; i++) {
        int64_t value = (int64_t)cursor_u64(&cursor);
        good = good && value >= table[i].min && value <= table[i].max;
        memcpy((uint8_t *)&parameters + table[i].offset, &value, sizeof value);
    }
    if (!good || !cursor_ended(&cursor)) return ERR_CORRUPT;
    *ret = parameters;
    return ERR_OK;
}

enum err parameters_get(struct view view, struct parameters *ret) {
    struct buf row;
    buf_init(&row, STATE_ROW_MAX);
    enum err err = state_get(view, state_key_governance("parameters"), &row);
    if (!err) err = row_decode(buf_bytes(&row), ret);
    buf_done(&row);
    return err == ERR_NOT_FOUND ? ERR_CORRUPT : err;
}
