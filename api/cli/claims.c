/* See claims.h. */
#include "api/cli/claims.h"

#include "api/cli/disk.h"
#include "api/cli/review.h"
#include "ledger/base/text.h"

#include <stdio.h>
#include <string.h>

void claims_done(struct claims *claims) {
    json_done(claims->set);
    json_done(claims->hide);
    memset(claims, 0, sizeof *claims);
}

static enum err claims_new(struct claims *ret) {
    memset(ret, 0, sizeof *ret);
    ret->set = json_new_object();
    ret->hide = json_new_object();
    if (ret->set && ret->hide) return ERR_OK;
    claims_done(ret);
    return ERR_NO_MEMORY;
}

/* -- the file -- */

static bool member_known(const char *name) {
    return strcmp(name, "type") == 0 || strcmp(name, "act") == 0 || strcmp(name, "set") == 0 ||
           strcmp(name, "hide") == 0;
}

static bool copy_text(const struct json *value, char *ret, size_t room) {
    struct bytes text = json_text_bytes(value);
    if (!value) return true;
    if (!text.data || text.len >= room || strlen(json_text(value)) != text.len) return false;
    memcpy(ret, text.data, text.len);
    ret[text.len] = 0;
    return true;
}

/* Replaces *object by a copy of value where there is one. */
static enum err copy_object(const struct json *value, struct json **object) {
    if (!value) return ERR_OK;
    struct json *copy = json_clone(value);
    if (!copy) return ERR_NO_MEMORY;
    json_done(*object);
    *object = copy;
    return ERR_OK;
}

static bool form_good(const struct json *json) {
    if (json_kind(json) != JSON_KIND_OBJECT) return false;
    for (void *it = json_first(json); it; it = json_next(json, it)) {
        if (!member_known(json_name_at(it))) return false;
    }
    const struct json *set = json_member(json, "set"), *hide = json_member(json, "hide");
    return (!set || json_kind(set) == JSON_KIND_OBJECT) &&
           (!hide || json_kind(hide) == JSON_KIND_OBJECT);
}

enum err claims_parse(const struct json *json, const char *path, struct claims *ret,
                      struct problem *ret_why) {
    struct claims claims;
    enum err err = claims_new(&claims);
    if (err) return problem_set(ret_why, err, "Out of memory.");
    if (!form_good(json) ||
        !copy_text(json_member(json, "type"), claims.type, sizeof claims.type) ||
        !copy_text(json_member(json, "act"), claims.act, sizeof claims.act)) {
        err = problem_set(ret_why, ERR_SCHEMA,
                          "%s is no claims file: it holds {\"type\", \"act\", \"set\": {...}, "
                          "\"hide\": {...}} and nothing else.",
                          path);
    }
    if (!err) err = copy_object(json_member(json, "set"), &claims.set);
    if (!err) err = copy_object(json_member(json, "hide"), &claims.hide);
    if (err)
        claims_done(&claims);
    else
        *ret = claims;
    return err;
}

enum err claims_load(const char *path, struct claims *ret, struct problem *ret_why) {
    struct json *json = NULL;
    enum err err = disk_read_json(path, CLAIMS_FILE_MAX, &json, ret_why);
    if (!err) err = claims_parse(json, path, ret, ret_why);
    json_done(json);
    return err;
}

/* -- the command line -- */

static bool looks_like_integer(struct bytes text) {
    size_t from = text.len && text.data[0] == '-' ? 1 : 0;
    if (text.len == from || text.len - from > 16) return false;
    for (size_t i = from; i < text.len; i++) {
        if (text.data[i] < '0' || text.data[i] > '9') return false;
    }
    return text.data[from] != '0' || text.len == 1; /* 007 is text: a number has no such form */
}

static enum err value_parse(struct bytes text, bool is_json, struct json **ret,
                            struct problem *ret_why) {
    if (is_json) return json_parse(text, ret, ret_why);
    *ret = json_new_text_bytes(text);
    return *ret ? ERR_OK : problem_set(ret_why, ERR_REQUEST, "The value is not UTF-8.");
}

/* Whether value of `name=value` is written as JSON. */
static bool value_is_json(const char *type, const char *name, struct bytes value) {
    if (bytes_starts(value, "{") || bytes_starts(value, "[")) return true;
    return looks_like_integer(value) && review_takes_integer(type, CLAIMS_VERSION, name);
}

enum err claims_put(struct json *object, const char *type, const char *text,
                    struct problem *ret_why) {
    char name[128];
    struct problem why = {ERR_OK, "", "", "", ""};
    struct bytes all = bytes_text(text);
    size_t equals = bytes_find(all, '=', 0);
    bool is_json = equals > 0 && equals < all.len && all.data[equals - 1] == ':';
    size_t name_len = is_json ? equals - 1 : equals;
    if (equals == all.len || name_len == 0 || name_len >= sizeof name) {
        return problem_set(ret_why, ERR_REQUEST,
                           "A claim is written name=value, or name:=json; \"%.60s\" is not.", text);
    }
    memcpy(name, text, name_len);
    name[name_len] = 0;
    if (!utf8_valid(bytes_text(name)))
        return problem_set(ret_why, ERR_REQUEST, "The name of a claim is not UTF-8.");
    struct json *value = NULL;
    struct bytes given = bytes_slice(all, equals + 1, all.len);
    enum err err = value_parse(given, is_json || value_is_json(type, name, given), &value, &why);
    if (err) return problem_set(ret_why, err, "The value of %s: %s", name, why.detail);
    return json_put(object, name, value);
}

static enum err put_each(const struct cli *cli, const char *option, const char *type,
                         struct json *object, struct problem *ret_why) {
    enum err err = ERR_OK;
    for (size_t i = 0; !err && i < option_count(cli, option); i++)
        err = claims_put(object, type, option_at(cli, option, i), ret_why);
    return err;
}

static enum err put_word(const struct cli *cli, const char *option, char *ret, size_t room,
                         struct problem *ret_why) {
    const char *text = option_text(cli, option);
    if (text && strlen(text) >= room)
        return problem_set(ret_why, ERR_REQUEST, "--%s is longer than %zu characters.", option,
                           room - 1);
    if (text) (void)snprintf(ret, room, "%s", text);
    if (*ret) return ERR_OK;
    return problem_set(ret_why, ERR_REQUEST,
                       "--%s is missing, on the command line and in --claims.", option);
}

enum err claims_from_options(const struct cli *cli, struct claims *ret, struct problem *ret_why) {
    struct claims claims;
    const char *path = option_text(cli, "claims");
    enum err err = path ? claims_load(path, &claims, ret_why) : claims_new(&claims);
    if (err) return err;
    err = put_word(cli, "type", claims.type, sizeof claims.type, ret_why);
    if (!err) err = put_word(cli, "act", claims.act, sizeof claims.act, ret_why);
    if (!err) err = put_each(cli, "set", claims.type, claims.set, ret_why);
    if (!err) err = put_each(cli, "hide", claims.type, claims.hide, ret_why);
    if (err)
        claims_done(&claims);
    else
        *ret = claims;
    return err;
}
