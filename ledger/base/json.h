/* Strict JSON (RFC 8259) over jansson, which only json*.c know.
 *
 * Strict: UTF-8, one value and nothing behind it, no duplicate member names, integers only and within +-(2^53-1), depth at
 * most LIMIT_JSON_DEPTH, no NUL in strings. What is written is compact with sorted member names: for our ASCII names that is RFC 8785 (JCS).
 *
 * Ownership: json_parse and json_new_* give a value that json_done frees. json_put and json_push take the child over, also
 * on failure. What json_member, json_at and json_text give is borrowed from the value asked. */
#ifndef QIZHENG_BASE_JSON_H
#define QIZHENG_BASE_JSON_H

#include "ledger/base/bytes.h"

struct json; /* one JSON value */

enum json_kind {
    JSON_KIND_NONE,
    JSON_KIND_OBJECT,
    JSON_KIND_ARRAY,
    JSON_KIND_TEXT,
    JSON_KIND_INT,
    JSON_KIND_BOOL,
    JSON_KIND_NULL
};

/* ERR_MALFORMED_JSON with the reason in *ret_why (may be NULL), ERR_NO_MEMORY. */
enum err json_parse(struct bytes text, struct json **ret, struct problem *ret_why) MUST_CHECK;
void json_done(struct json *value); /* accepts NULL */

enum json_kind json_kind(const struct json *value); /* NONE for NULL */
/* Member of an object; NULL where value is no object or has no such member. */
const struct json *json_member(const struct json *value, const char *name);
const char *json_text(const struct json *value);        /* NULL where it is no string */
struct bytes json_text_bytes(const struct json *value); /* {NULL,0} where it is no string */
bool json_int(const struct json *value, int64_t *ret);  /* false where it is no integer */
bool json_bool(const struct json *value, bool *ret);
size_t json_count(const struct json *value); /* elements or members; 0 for others */
const struct json *json_at(const struct json *value, size_t index); /* of an array; NULL beyond */
/* Members in sorted-by-insertion order: for (it = json_first(o); it; it = json_next(o, it)). */
void *json_first(const struct json *object);
void *json_next(const struct json *object, void *at);
const char *json_name_at(void *at);
const struct json *json_value_at(void *at);

struct json *json_new_object(void);
struct json *json_new_array(void);
struct json *json_new_text(const char *text);
struct json *json_new_text_bytes(struct bytes text); /* NULL where not UTF-8 */
struct json *json_new_int(int64_t value);
struct json *json_new_bool(bool value);
struct json *json_clone(const struct json *value); /* deep */
/* child may be NULL (a failed allocation): then ERR_NO_MEMORY, so that calls can be nested. */
enum err json_put(struct json *object, const char *name, struct json *child) MUST_CHECK;
enum err json_put_text(struct json *object, const char *name, const char *text) MUST_CHECK;
enum err json_put_int(struct json *object, const char *name, int64_t value) MUST_CHECK;
enum err json_put_bool(struct json *object, const char *name, bool value) MUST_CHECK;
enum err json_push(struct json *array, struct json *child) MUST_CHECK;
void json_remove(struct json *object, const char *name);
/* Appends compact, sorted text. */
enum err json_format(const struct json *value, struct buf *out) MUST_CHECK;
/* Appends text as a JSON string, quotes and all: for what is written without a value being made of it. ERR_MALFORMED_JSON where it is not UTF-8. */
enum err json_add_text(struct buf *out, struct bytes text) MUST_CHECK;
/* Appends indented text for people. */
enum err json_format_pretty(const struct json *value, struct buf *out) MUST_CHECK;
/* Equal as JSON values. */
bool json_same(const struct json *a, const struct json *b);
/* Seeds jansson's hash tables against collision floods; once, before any thread starts. Without it jansson seeds itself. */
void json_seed(uint32_t seed);

#endif
