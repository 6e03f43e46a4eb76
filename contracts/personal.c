/* See personal.h. */
#include "contracts/personal.h"

#include "ledger/base/limits.h"
#include "ledger/record/record.h"

#include <stdio.h>
#include <string.h>

#define NAME_MAX_LEN 40

static bool listed(const char *const *names, const char *name) {
    for (; *names; names++)
        if (strcmp(*names, name) == 0) return true;
    return false;
}

/* Claims whose form record_parse or the type has checked down to the last character. */
static bool claim_exempt(const char *name) {
    static const char *const names[] = {"uscc", "doc",      "_sd",      "jti", "aud",
                                        "ref",  "replaces", "batch_no", NULL};
    return listed(names, name);
}

/* Inside cnf, keys and tags: coordinates and a tag, 32 bytes in base64url. */
static bool member_exempt(const char *name) {
    static const char *const names[] = {"x", "y", "t", NULL};
    return listed(names, name);
}

bool personal_name_plain(const char *name) {
    size_t len = strlen(name);
    if (len == 0 || len > NAME_MAX_LEN) return false;
    for (size_t i = 0; i < len; i++)
        if ((name[i] < 'a' || name[i] > 'z') && name[i] != '_') return false;
    return true;
}

void personal_pointer(const char *name, char ret[PERSONAL_POINTER]) {
    ret[0] = 0;
    if (personal_name_plain(name)) (void)snprintf(ret, PERSONAL_POINTER, "/%s", name);
}

struct walk {
    char
        pointer[PERSONAL_POINTER]; /* of the value looked at; shortened where a name is not plain */
    size_t len;
};

static void walk_push(struct walk *walk, const char *part) {
    size_t len = strlen(part);
    if (walk->len + 1 + len >= sizeof walk->pointer) return;
    walk->pointer[walk->len] = '/';
    memcpy(walk->pointer + walk->len + 1, part, len + 1);
    walk->len += 1 + len;
}

static void walk_pop(struct walk *walk, size_t len) {
    walk->pointer[len] = 0;
    walk->len = len;
}

/* True where value holds a number; the pointer stays where it was found. Depth is bounded by LIMIT_JSON_DEPTH. */
static bool value_holds(struct walk *walk, const struct json *value, bool top) {
    size_t len = walk->len;
    if (json_kind(value) == JSON_KIND_TEXT) return record_holds_resident_id(json_text_bytes(value));
    for (size_t i = 0; json_kind(value) == JSON_KIND_ARRAY && i < json_count(value); i++) {
        char index[24];
        (void)snprintf(index, sizeof index, "%zu", i);
        walk_push(walk, index);
        if (value_holds(walk, json_at(value, i), false)) return true;
        walk_pop(walk, len);
    }
    if (json_kind(value) != JSON_KIND_OBJECT) return false;
    for (void *it = json_first(value); it; it = json_next(value, it)) {
        const char *name = json_name_at(it);
        if (record_holds_resident_id(bytes_text(name))) return true;
        if (top ? claim_exempt(name) : member_exempt(name)) continue;
        if (personal_name_plain(name)) walk_push(walk, name);
        if (value_holds(walk, json_value_at(it), false)) return true;
        walk_pop(walk, len);
    }
    return false;
}

enum err personal_check(const struct json *payload, struct problem *ret_why) {
    struct walk walk = {.len = 0};
    if (!value_holds(&walk, payload, true)) return ERR_OK;
    return problem_at(
        ret_why, ERR_PERSONAL_FIELD, walk.pointer,
        "A claim in the clear holds a resident id number. Hide it as a disclosure, or "
        "leave it out; the nodes join records by tags.");
}
