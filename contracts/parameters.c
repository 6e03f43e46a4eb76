/* See parameters.h. One table; a new parameter is a line there and a member of the struct, and needs a new protocol version. */
#include "contracts/parameters.h"

#include "contracts/state_keys.h"

#include <string.h>

static const struct parameter {
    const char *name;
    int64_t standard, min, max;
    size_t offset;
} table[] = {
    /* 7 days; at least a minute, or nothing would arrive in time; at most ten years */
    {"admission_window_s", 604800, 60, 315360000, offsetof(struct parameters, admission_window_s)},
};
#define TABLE_COUNT (sizeof table / sizeof table[0])

static const struct parameter *parameter_find(const char *name) {
    for (size_t i = 0; i < TABLE_COUNT; i++)
        if (strcmp(table[i].name, name) == 0) return &table[i];
    return NULL;
}

static bool value_read(const struct json *object, const struct parameter *parameter, int64_t *ret) {
    return json_int(json_member(object, parameter->name), ret) && *ret >= parameter->min &&
           *ret <= parameter->max;
}

struct json *machine_parameters_default(void) {
    struct json *object = json_new_object();
    enum err err = object ? ERR_OK : ERR_NO_MEMORY;
    for (size_t i = 0; !err && i < TABLE_COUNT; i++)
        err = json_put_int(object, table[i].name, table[i].standard);
    if (!err) return object;
    json_done(object);
    return NULL;
}

static enum err known_all(const struct json *object) {
    for (void *it = json_first(object); it; it = json_next(object, it)) {
        const struct parameter *parameter = parameter_find(json_name_at(it));
        int64_t value;
        if (!parameter || !value_read(object, parameter, &value)) return ERR_PROTOCOL;
    }
    return ERR_OK;
}

static enum err row_put(struct overlay *overlay, const struct json *full) {
    struct state_key key = state_key_governance("parameters");
    struct buf row;
    buf_init(&row, STATE_ROW_MAX);
    enum err err = json_format(full, &row);
    if (!err) err = overlay_put(overlay, state_key_bytes(&key), buf_bytes(&row));
    buf_done(&row);
    return err;
}

enum err parameters_put(struct overlay *overlay, const struct json *object) {
    enum err err = known_all(object);
    if (err) return err;
    struct json *full = machine_parameters_default();
    if (!full) return ERR_NO_MEMORY;
    for (size_t i = 0; !err && i < TABLE_COUNT; i++) {
        int64_t value;
        if (value_read(object, &table[i], &value)) err = json_put_int(full, table[i].name, value);
    }
    if (!err) err = row_put(overlay, full);
    json_done(full);
    return err;
}

enum err parameters_get(struct view view, struct parameters *ret) {
    struct buf row;
    struct json *object = NULL;
    struct parameters parameters;
    buf_init(&row, STATE_ROW_MAX);
    enum err err = state_get(view, state_key_governance("parameters"), &row);
    if (!err) err = json_parse(buf_bytes(&row), &object, NULL);
    for (size_t i = 0; !err && i < TABLE_COUNT; i++) {
        int64_t value = 0;
        if (!value_read(object, &table[i], &value)) err = ERR_CORRUPT;
        memcpy((uint8_t *)&parameters + table[i].offset, &value, sizeof value);
    }
    json_done(object);
    buf_done(&row);
    if (err == ERR_NOT_FOUND || err == ERR_MALFORMED_JSON) return ERR_CORRUPT;
    if (!err) *ret = parameters;
    return err;
}
