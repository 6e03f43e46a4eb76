/* See json.h. Almost all texts are read by json_read.c; what it leaves, jansson's own reader takes or refuses. Writing is in json_write.c. */
#include "ledger/base/json.h"

#include "ledger/base/json_read.h"
#include "ledger/base/limits.h"
#include "ledger/base/text.h"

#include <jansson.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

static json_t *peer(const struct json *value) {
    return (json_t *)(uintptr_t)value;
}

static struct json *own(json_t *value) {
    return (struct json *)value;
}

/* Without memory jansson's reader says "invalid token", or even leaves characters of a text out and says nothing. Nodes that judge the same
 * bytes must not judge them differently for that, so whether an allocation failed while reading is noted here. */
static _Thread_local bool starved;
/* jansson's allocator before ours, which is put in front of it once. */
static json_malloc_t malloc_below;
static json_free_t free_below;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void *malloc_noted(size_t len) {
    void *memory = malloc_below(len);
    if (!memory) starved = true;
    return memory;
}

static void start(void) {
    json_get_alloc_funcs(&malloc_below, &free_below);
    json_set_alloc_funcs(malloc_noted, free_below);
}

static json_t *load(struct bytes text, json_error_t *ret_error) {
    starved = false;
    json_t *value = json_loadb(text.len ? (const char *)text.data : "", text.len,
                               JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, ret_error);
    if (!starved) return value;
    json_decref(value);
    return NULL;
}

/* jansson's depth limit is fixed when it is compiled and it takes 80 bytes and more for a value of 3, so brackets and values are counted before
 * it sees the text. */
static bool shape_ok(struct bytes text, bool *ret_too_many) {
    size_t depth = 0, values = 1;
    bool quoted = false;
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.data[i];
        if (quoted) {
            if (c == '\\')
                i++;
            else if (c == '"')
                quoted = false;
        } else if (c == '"') {
            quoted = true;
        } else if (c == '{' || c == '[') {
            values++;
            if (++depth > LIMIT_JSON_DEPTH) return false;
        } else if (c == ',') {
            values++;
        } else if ((c == '}' || c == ']') && depth) {
            depth--;
        }
    }
    *ret_too_many = values > LIMIT_JSON_VALUES;
    return !*ret_too_many;
}

/* RFC 8259 section 6: integers in [-(2**53)+1, (2**53)-1] "are interoperable in the sense that implementations will
 * agree exactly on their numeric values". */
static bool numbers_ok(json_t *value) {
    const char *name;
    json_t *child;
    size_t index;
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        json_object_foreach(value, name, child) {
            if (!numbers_ok(child)) return false;
        }
        return true;
    case JSON_ARRAY:
        json_array_foreach(value, index, child) {
            if (!numbers_ok(child)) return false;
        }
        return true;
    case JSON_INTEGER:
        return json_integer_value(value) >= -LIMIT_JSON_INT &&
               json_integer_value(value) <= LIMIT_JSON_INT;
    case JSON_REAL: return false;
    case JSON_STRING:
    case JSON_TRUE:
    case JSON_FALSE:
    case JSON_NULL: return true;
    }
    return false;
}

static enum err jansson_parse(struct bytes text, struct json **ret, struct problem *ret_why) {
    bool too_many = false;
    if (!shape_ok(text, &too_many)) {
        return problem_set(ret_why, ERR_MALFORMED_JSON,
                           too_many ? "The JSON has more than %d values."
                                    : "The JSON is nested deeper than %d levels.",
                           too_many ? LIMIT_JSON_VALUES : LIMIT_JSON_DEPTH);
    }
    json_error_t error;
    json_t *value = load(text, &error);
    if (!value && starved) return problem_set(ret_why, ERR_NO_MEMORY, "Out of memory.");
    if (!value) {
        return problem_set(ret_why, ERR_MALFORMED_JSON,
                           "Not valid JSON at line %d, column %d: no more is read there.",
                           error.line, error.column);
    }
    if (!numbers_ok(value)) {
        json_decref(value);
        return problem_set(
            ret_why, ERR_MALFORMED_JSON,
            "Numbers must be integers between -9007199254740991 and 9007199254740991.");
    }
    *ret = own(value);
    return ERR_OK;
}

enum err json_parse(struct bytes text, struct json **ret, struct problem *ret_why) {
    if (!utf8_valid(text))
        return problem_set(ret_why, ERR_MALFORMED_JSON, "The text is not UTF-8.");
    (void)pthread_once(&once, start);
    json_t *value;
    enum err err = json_read(text, &value);
    if (err == ERR_NO_MEMORY) return problem_set(ret_why, err, "Out of memory.");
    if (err) return jansson_parse(text, ret, ret_why);
    *ret = own(value);
    return ERR_OK;
}

void json_done(struct json *value) {
    json_decref(peer(value));
}

enum json_kind json_kind(const struct json *value) {
    if (!value) return JSON_KIND_NONE;
    switch (json_typeof(peer(value))) {
    case JSON_OBJECT: return JSON_KIND_OBJECT;
    case JSON_ARRAY: return JSON_KIND_ARRAY;
    case JSON_STRING: return JSON_KIND_TEXT;
    case JSON_INTEGER: return JSON_KIND_INT;
    case JSON_TRUE:
    case JSON_FALSE: return JSON_KIND_BOOL;
    case JSON_NULL: return JSON_KIND_NULL;
    case JSON_REAL: return JSON_KIND_NONE;
    }
    return JSON_KIND_NONE;
}

const struct json *json_member(const struct json *value, const char *name) {
    return own(json_object_get(peer(value), name));
}

const char *json_text(const struct json *value) {
    return json_string_value(peer(value));
}

struct bytes json_text_bytes(const struct json *value) {
    return bytes_of(json_string_value(peer(value)), json_string_length(peer(value)));
}

bool json_int(const struct json *value, int64_t *ret) {
    if (!json_is_integer(peer(value))) return false;
    *ret = json_integer_value(peer(value));
    return true;
}

bool json_bool(const struct json *value, bool *ret) {
    if (!json_is_boolean(peer(value))) return false;
    *ret = json_is_true(peer(value));
    return true;
}

size_t json_count(const struct json *value) {
    return json_is_array(peer(value)) ? json_array_size(peer(value))
                                      : json_object_size(peer(value));
}

const struct json *json_at(const struct json *value, size_t index) {
    return own(json_array_get(peer(value), index));
}

void *json_first(const struct json *object) {
    return json_object_iter(peer(object));
}

void *json_next(const struct json *object, void *at) {
    return json_object_iter_next(peer(object), at);
}

const char *json_name_at(void *at) {
    return json_object_iter_key(at);
}

const struct json *json_value_at(void *at) {
    return own(json_object_iter_value(at));
}

struct json *json_new_object(void) {
    return own(json_object());
}

struct json *json_new_array(void) {
    return own(json_array());
}

struct json *json_new_text(const char *text) {
    return own(json_string(text));
}

struct json *json_new_text_bytes(struct bytes text) {
    return own(json_stringn(text.len ? (const char *)text.data : "", text.len));
}

struct json *json_new_int(int64_t value) {
    return own(json_integer(value));
}

struct json *json_new_bool(bool value) {
    return own(json_boolean(value));
}

struct json *json_clone(const struct json *value) {
    return own(json_deep_copy(peer(value)));
}

enum err json_put(struct json *object, const char *name, struct json *child) {
    return json_object_set_new(peer(object), name, peer(child)) ? ERR_NO_MEMORY : ERR_OK;
}

enum err json_put_text(struct json *object, const char *name, const char *text) {
    return json_put(object, name, json_new_text(text));
}

enum err json_put_int(struct json *object, const char *name, int64_t value) {
    return json_put(object, name, json_new_int(value));
}

enum err json_put_bool(struct json *object, const char *name, bool value) {
    return json_put(object, name, json_new_bool(value));
}

enum err json_push(struct json *array, struct json *child) {
    return json_array_append_new(peer(array), peer(child)) ? ERR_NO_MEMORY : ERR_OK;
}

void json_remove(struct json *object, const char *name) {
    (void)json_object_del(peer(object), name);
}

bool json_same(const struct json *a, const struct json *b) {
    return json_equal(peer(a), peer(b)) == 1;
}

void json_seed(uint32_t seed) {
    json_object_seed(seed ? seed : 1);
}
