/* See review.h. */
#include "api/cli/review.h"

#include "contracts/machine.h"

#include <stdio.h>

bool review_is_correction(const char *type, unsigned version, const char *act) {
    const struct contract_type *found = contract_type_find(type, version);
    const struct contract_act *row = found ? contract_act_find(found, act) : NULL;
    return row && row->corrects;
}

static const struct json *element_find(const struct json *elements, const char *name) {
    for (size_t i = 0; i < json_count(elements); i++) {
        const struct json *element = json_at(elements, i);
        if (bytes_is(json_text_bytes(json_member(element, "name")), name)) return element;
    }
    return NULL;
}

bool review_takes_integer(const char *type, unsigned version, const char *name) {
    const struct contract_type *found = contract_type_find(type, version);
    struct json *elements = found ? found->elements() : NULL;
    const struct json *element = element_find(elements, name);
    struct bytes form = json_text_bytes(json_member(element, "form"));
    bool takes = !element || bytes_starts(form, "an integer");
    json_done(elements);
    return takes;
}

/* First letter of the class that the type gives a claim: C clear, D or T hidden; 0 where it knows none of that name. */
static char class_of(const struct json *elements, const char *name) {
    const char *class = json_text(json_member(element_find(elements, name), "class"));
    return class ? *class : 0;
}

static enum err place_check(const struct json *elements, const char *name, bool is_clear,
                            struct problem *ret_why) {
    char class = class_of(elements, name);
    if (record_is_common_claim(name) || is_clear == (class == 'C')) return ERR_OK;
    if (!is_clear) {
        return problem_set(ret_why, ERR_SCHEMA,
                           "Nodes must be able to read %.60s: set it, do not hide it.", name);
    }
    if (class)
        return problem_set(ret_why, ERR_PERSONAL_FIELD,
                           "%.60s must not stand in the clear: hide it.", name);
    return problem_set(ret_why, ERR_SCHEMA,
                       "%.60s is no claim of this type that this program knows: leave it out, or "
                       "hide it.",
                       name);
}

/* What an issuer hides is its own choice, unless nodes must read it. */
static enum err places_check(const struct json *clear, const struct json *claims,
                             const struct contract_type *type, struct problem *ret_why) {
    struct json *elements = type->elements();
    if (!elements) return ERR_NO_MEMORY;
    enum err err = ERR_OK;
    for (void *it = json_first(claims); !err && it; it = json_next(claims, it)) {
        const char *name = json_name_at(it);
        err = place_check(elements, name, json_member(clear, name) != NULL, ret_why);
    }
    json_done(elements);
    return err;
}

enum err review(const struct json *clear, const struct json *claims, const char *type,
                unsigned version, const char *act, struct rule_hits *ret, struct problem *ret_why) {
    const struct contract_type *found = contract_type_find(type, version);
    ret->count = 0;
    enum err err = found ? places_check(clear, claims, found, ret_why) : ERR_OK;
    if (err) return err;
    return machine_review(claims, type, version, act, (uint64_t)now_ms(), ret, ret_why);
}

size_t review_count(const struct rule_hits *hits, enum rule_result result) {
    size_t count = 0;
    for (size_t i = 0; i < hits->count; i++) count += hits->items[i].result == result;
    return count;
}

static void print_one(FILE *out, const struct rule_hit *hit, bool is_zh) {
    (void)fprintf(out, "%-7s %s  %-6s %-6s %s (%s)\n", rule_result_name(hit->result),
                  rule_result_zh(hit->result), hit->rule->id, rule_action_name(hit->action),
                  is_zh ? hit->rule->title_zh : hit->rule->title, hit->rule->law);
    const char *detail = is_zh ? hit->detail_zh : hit->detail;
    if (detail[0]) (void)fprintf(out, "        %s\n", detail);
}

void review_print(const struct rule_hits *hits, bool all, bool to_stderr, bool is_zh) {
    FILE *out = to_stderr ? stderr : stdout;
    for (size_t i = 0; i < hits->count; i++) {
        const struct rule_hit *hit = &hits->items[i];
        bool bad = hit->result == RULE_FAIL || hit->result == RULE_RISK;
        if (all || bad) print_one(out, hit, is_zh);
    }
}
