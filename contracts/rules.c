/* See rules.h. The table; what a rule computes stands beside the type that it judges (labour_rules.c, benefit_rules.c, participant.c). */
#include "contracts/rules.h"

#include "contracts/state_keys.h"
#include "ledger/base/text.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define MONTHS_MAX 1200 /* no number in a rule's parameters is larger */

static const struct rule table[] = {
    {"LC-03", 1, "Probation by length of term", "试用期期限",
     "《劳动合同法》第十九条第一款至第三款、第七十条", RULE_REJECT, "{\"months\":[0,1,2,6]}"},
    {"LC-05", 1, "Probation inside the term", "试用期包含在合同期限内",
     "《劳动合同法》第十九条第四款", RULE_REJECT, "{}"},
    {"LC-09", 1, "Signed by both parties", "双方签署", "《劳动合同法》第十六条、第八十一条",
     RULE_REJECT, "{}"},
    {"LC-10", 1, "The nine mandatory terms", "必备条款", "《劳动合同法》第十七条第一款", RULE_FLAG,
     "{}"},
    {"LC-11", 1, "Overlapping contracts of one worker", "合同期限重叠",
     "《劳动合同法》第三十九条第四项、第九十一条", RULE_REJECT, "{}"},
    {"LC-23", 1, "Check digits of organisation and person numbers",
     "统一社会信用代码与身份证号码校验", "GB 32100-2015、GB 11643-1999", RULE_REJECT, "{}"},
    {"BN-01", 1, "One payment for a person, benefit and month", "重复领取", "社保经办实务",
     RULE_REJECT, "{}"},
    {"BN-10", 1, "A one-time benefit once for a person and cause", "一次性待遇重复领取",
     "社保经办实务", RULE_REJECT, "{}"},
    {"BN-19", 1, "A pay run agrees with its payments", "发放批次核对", "社保经办实务", RULE_REJECT,
     "{}"},
};
#define TABLE_COUNT (sizeof table / sizeof table[0])

static const char *const action_names[] = {"reject", "flag", "off"};

const struct rule *rule_at(size_t index) {
    return index < TABLE_COUNT ? &table[index] : NULL;
}

const struct rule *rule_find(const char *id) {
    for (size_t i = 0; i < TABLE_COUNT; i++)
        if (strcmp(table[i].id, id) == 0) return &table[i];
    return NULL;
}

const char *rule_result_name(enum rule_result result) {
    static const char *const names[] = {"PASS", "FAIL", "RISK", "UNKNOWN"};
    return names[result];
}

const char *rule_result_zh(enum rule_result result) {
    static const char *const names[] = {"符合", "不符合", "风险待核", "信息不足"};
    return names[result];
}

const char *rule_action_name(enum rule_action action) {
    return action_names[action];
}

bool rule_action_from_name(const char *name, enum rule_action *ret) {
    for (size_t i = 0; i < 3; i++) {
        if (strcmp(action_names[i], name) != 0) continue;
        *ret = (enum rule_action)i;
        return true;
    }
    return false;
}

/* -- settings in state -- */

static enum err parameters_default(const struct rule *rule, struct json **ret) {
    return json_parse(bytes_text(rule->parameters), ret, NULL);
}

static bool number_good(const struct json *value) {
    int64_t number;
    return json_int(value, &number) && number >= 0 && number <= MONTHS_MAX;
}

/* The members of the default, with numbers and lists of numbers of the same length. */
static bool parameters_alike(const struct json *given, const struct json *standard) {
    if (json_kind(given) != JSON_KIND_OBJECT || json_count(given) != json_count(standard))
        return false;
    for (void *it = json_first(standard); it; it = json_next(standard, it)) {
        const struct json *mine = json_value_at(it), *theirs = json_member(given, json_name_at(it));
        if (json_kind(mine) != json_kind(theirs)) return false;
        if (json_kind(mine) == JSON_KIND_INT && !number_good(theirs)) return false;
        if (json_count(mine) != json_count(theirs)) return false;
        for (size_t i = 0; i < json_count(theirs); i++)
            if (!number_good(json_at(theirs, i))) return false;
    }
    return true;
}

static enum err row_write(struct overlay *overlay, const struct rule *rule, enum rule_action action,
                          const struct json *parameters) {
    struct state_key key = state_key_rule(rule->id);
    struct buf row;
    buf_init(&row, STATE_ROW_MAX);
    enum err err = buf_add_u32(&row, (uint32_t)rule->version);
    if (!err) err = buf_add_byte(&row, (uint8_t)action);
    if (!err) err = json_format(parameters, &row);
    if (!err) err = overlay_put(overlay, state_key_bytes(&key), buf_bytes(&row));
    buf_done(&row);
    return err;
}

static enum err rule_put(struct overlay *overlay, const struct json *value) {
    const char *id = json_text(json_member(value, "id"));
    const char *action_name = json_text(json_member(value, "action"));
    const struct json *parameters = json_member(value, "parameters");
    const struct rule *rule = id ? rule_find(id) : NULL;
    enum rule_action action;
    int64_t version;
    struct json *standard;
    if (!rule || !json_int(json_member(value, "version"), &version) || version != rule->version)
        return ERR_PROTOCOL;
    if (!action_name || !rule_action_from_name(action_name, &action)) return ERR_PROTOCOL;
    enum err err = parameters_default(rule, &standard);
    if (err) return err;
    err = parameters_alike(parameters, standard) ? row_write(overlay, rule, action, parameters)
                                                 : ERR_PROTOCOL;
    json_done(standard);
    return err;
}

enum err rules_put(struct overlay *overlay, const struct json *rules) {
    enum err err = ERR_OK;
    for (size_t i = 0; !err && i < json_count(rules); i++)
        err = rule_put(overlay, json_at(rules, i));
    return err;
}

/* A damaged row must not reach a rule, which takes the shape for granted. Most rules have no parameters, and then nothing is parsed for it. */
static enum err shape_check(const struct rule_setting *setting) {
    struct json *standard = NULL;
    if (strcmp(setting->rule->parameters, "{}") == 0)
        return json_kind(setting->parameters) == JSON_KIND_OBJECT &&
                       json_count(setting->parameters) == 0
                   ? ERR_OK
                   : ERR_CORRUPT;
    enum err err = parameters_default(setting->rule, &standard);
    if (!err && !parameters_alike(setting->parameters, standard)) err = ERR_CORRUPT;
    json_done(standard);
    return err;
}

static enum err row_read(struct bytes row, struct rule_setting *setting) {
    struct cursor cursor = cursor_of(row);
    uint32_t version = cursor_u32(&cursor);
    uint8_t action = cursor_u8(&cursor);
    if (cursor.failed || action > RULE_OFF) return ERR_CORRUPT;
    if (version != (uint32_t)setting->rule->version) return ERR_PROTOCOL;
    setting->action = (enum rule_action)action;
    enum err err = json_parse(cursor.rest, &setting->parameters, NULL);
    if (err) return err == ERR_MALFORMED_JSON ? ERR_CORRUPT : err;
    err = shape_check(setting);
    if (err) rule_setting_done(setting);
    return err;
}

enum err rule_setting_get(struct view view, bool defaults, const char *id,
                          struct rule_setting *ret) {
    struct rule_setting setting = {rule_find(id), RULE_OFF, NULL};
    struct buf row;
    assert(setting.rule);
    buf_init(&row, STATE_ROW_MAX);
    enum err err;
    if (defaults) {
        setting.action = setting.rule->action;
        err = parameters_default(setting.rule, &setting.parameters);
    } else {
        err = state_get(view, state_key_rule(id), &row);
        if (!err) err = row_read(buf_bytes(&row), &setting);
        if (err == ERR_NOT_FOUND) err = ERR_OK;
    }
    buf_done(&row);
    if (!err) *ret = setting;
    return err;
}

void rule_setting_done(struct rule_setting *setting) {
    json_done(setting->parameters);
    setting->parameters = NULL;
}

/* -- hits -- */

struct rule_hit *rule_hits_add(struct rule_hits *hits, const struct rule_setting *setting,
                               enum rule_result result, const char *pointer) {
    assert(hits->count < RULE_HITS);
    struct rule_hit *hit = &hits->items[hits->count++];
    memset(hit, 0, sizeof *hit);
    hit->rule = setting->rule;
    hit->result = result;
    hit->action = setting->action;
    hit->pointer = pointer;
    return hit;
}

static void say(char *out, size_t room, const char *format, va_list args)
    __attribute__((format(printf, 3, 0)));

static void say(char *out, size_t room, const char *format, va_list args) {
    (void)vsnprintf(out, room, format, args);
    while (!utf8_valid(bytes_text(out))) out[strlen(out) - 1] = 0;
}

void rule_hit_say(struct rule_hit *hit, const char *format, ...) {
    va_list args;
    va_start(args, format);
    say(hit->detail, sizeof hit->detail, format, args);
    va_end(args);
}

void rule_hit_say_zh(struct rule_hit *hit, const char *format, ...) {
    va_list args;
    va_start(args, format);
    say(hit->detail_zh, sizeof hit->detail_zh, format, args);
    va_end(args);
}

/* -- as JSON -- */

/* Appends object to array, or frees it where err says that it is not whole. */
static enum err push_whole(struct json *array, struct json *object, enum err err) {
    if (!err) return json_push(array, object);
    json_done(object);
    return err;
}

static enum err put_default(struct json *object, const struct rule *rule) {
    struct json *parameters = NULL;
    enum err err = json_put_text(object, "id", rule->id);
    if (!err) err = json_put_int(object, "version", rule->version);
    if (!err) err = json_put_text(object, "action", rule_action_name(rule->action));
    if (!err) err = parameters_default(rule, &parameters);
    return err ? err : json_put(object, "parameters", parameters);
}

struct json *rules_genesis_json(void) {
    struct json *array = json_new_array();
    enum err err = array ? ERR_OK : ERR_NO_MEMORY;
    for (size_t i = 0; !err && i < TABLE_COUNT; i++) {
        struct json *object = json_new_object();
        err = push_whole(array, object, object ? put_default(object, &table[i]) : ERR_NO_MEMORY);
    }
    if (!err) return array;
    json_done(array);
    return NULL;
}

static enum err put_words(struct json *object, const struct rule *rule) {
    enum err err = json_put_text(object, "title", rule->title);
    if (!err) err = json_put_text(object, "title_zh", rule->title_zh);
    return err ? err : json_put_text(object, "law", rule->law);
}

/* The default, and over it what is in force. */
static enum err put_in_force(struct json *object, struct view view, const struct rule *rule) {
    struct rule_setting setting = {0};
    enum err err = put_default(object, rule);
    if (!err) err = put_words(object, rule);
    if (!err) err = json_put_text(object, "default_action", rule_action_name(rule->action));
    if (!err) err = rule_setting_get(view, false, rule->id, &setting);
    if (!err) err = json_put_text(object, "action", rule_action_name(setting.action));
    if (!err && setting.parameters)
        err = json_put(object, "parameters", json_clone(setting.parameters));
    rule_setting_done(&setting);
    return err;
}

enum err rules_json(struct view view, struct json **ret) {
    struct json *array = json_new_array();
    enum err err = array ? ERR_OK : ERR_NO_MEMORY;
    for (size_t i = 0; !err && i < TABLE_COUNT; i++) {
        struct json *object = json_new_object();
        err = push_whole(array, object,
                         object ? put_in_force(object, view, &table[i]) : ERR_NO_MEMORY);
    }
    if (err)
        json_done(array);
    else
        *ret = array;
    return err;
}

static enum err put_hit(struct json *object, const struct rule_hit *hit) {
    char finding[2 * sizeof hit->finding + 1];
    enum err err = json_put_text(object, "rule", hit->rule->id);
    if (!err) err = json_put_text(object, "result", rule_result_name(hit->result));
    if (!err) err = json_put_text(object, "result_zh", rule_result_zh(hit->result));
    if (!err) err = json_put_text(object, "action", rule_action_name(hit->action));
    if (!err) err = json_put_text(object, "law", hit->rule->law);
    if (!err) err = json_put_text(object, "detail", hit->detail);
    if (!err) err = json_put_text(object, "detail_zh", hit->detail_zh);
    if (err || !hit->has_finding) return err;
    hex_encode(bytes_of(hit->finding, sizeof hit->finding), finding);
    return json_put_text(object, "finding", finding);
}

enum err rule_hits_json(const struct rule_hits *hits, struct json **ret) {
    struct json *array = json_new_array();
    enum err err = array ? ERR_OK : ERR_NO_MEMORY;
    for (size_t i = 0; !err && i < hits->count; i++) {
        struct json *object = json_new_object();
        err = push_whole(array, object, object ? put_hit(object, &hits->items[i]) : ERR_NO_MEMORY);
    }
    if (err)
        json_done(array);
    else
        *ret = array;
    return err;
}
