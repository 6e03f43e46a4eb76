/* See claims.h. */
#include "contracts/claims.h"

#include "contracts/period.h"
#include "contracts/personal.h"
#include "ledger/base/text.h"

#include <string.h>

/* -- forms -- */

bool claim_is_date(const struct json *value) {
    int32_t day;
    return period_parse(json_text_bytes(value), &day);
}

bool claim_is_bool(const struct json *value) {
    return json_kind(value) == JSON_KIND_BOOL;
}

bool claim_is_seconds(const struct json *value) {
    int64_t seconds;
    return json_int(value, &seconds) && seconds >= 0;
}

bool claim_is_digest(const struct json *value) {
    uint8_t digest[32];
    return base64url_decode_fixed(json_text_bytes(value), digest, sizeof digest) == ERR_OK;
}

bool claim_is_text(const struct json *value) {
    struct bytes text = json_text_bytes(value);
    if (text.len == 0 || text.len > CLAIM_TEXT_MAX) return false;
    for (size_t i = 0; i < text.len; i++)
        if (text.data[i] < 0x20 || text.data[i] == 0x7f) return false;
    return true;
}

bool claim_is_month(const struct json *value) {
    int32_t month;
    return period_month_parse(json_text_bytes(value), &month);
}

static bool code_char(uint8_t c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '.' ||
           c == '_' || c == '-';
}

bool claim_is_code(const struct json *value) {
    struct bytes text = json_text_bytes(value);
    if (text.len == 0 || text.len > CLAIM_CODE_MAX) return false;
    for (size_t i = 0; i < text.len; i++)
        if (!code_char(text.data[i])) return false;
    return true;
}

static bool word_listed(const char *word, const char *const *words) {
    for (; *words; words++)
        if (strcmp(*words, word) == 0) return true;
    return false;
}

bool claim_is_word(const struct json *value, const char *const *words) {
    const char *text = json_text(value);
    return text && word_listed(text, words);
}

bool claim_is_words(const struct json *value, const char *const *words, bool may_be_empty) {
    size_t count = json_count(value);
    if (json_kind(value) != JSON_KIND_ARRAY || count > CLAIM_ITEMS_MAX) return false;
    if (count == 0) return may_be_empty;
    for (size_t i = 0; i < count; i++) {
        if (!claim_is_word(json_at(value, i), words)) return false;
        for (size_t j = 0; j < i; j++)
            if (json_same(json_at(value, i), json_at(value, j))) return false;
    }
    return true;
}

/* -- checking -- */

/* The row of a name for an act; *ret_other: one for another act, where there is none for this. */
static const struct claim *row_find(struct claim_table table, const char *name, unsigned act,
                                    bool *ret_other) {
    *ret_other = false;
    for (size_t i = 0; i < table.count; i++) {
        if (strcmp(table.rows[i].name, name) != 0) continue;
        if (table.rows[i].acts & act) return &table.rows[i];
        *ret_other = true;
    }
    return NULL;
}

static enum err refuse_unknown(const char *name, bool other, const struct contract_input *in,
                               struct problem *ret_why) {
    char pointer[PERSONAL_POINTER];
    personal_pointer(name, pointer);
    if (other) {
        return problem_at(ret_why, ERR_SCHEMA, pointer,
                          "%s is no claim of the act %s: leave it out.", name, in->act);
    }
    return problem_at(ret_why, ERR_SCHEMA, pointer,
                      "%s is no claim of this type. GET /v1/types lists them.",
                      pointer[0] ? name : "A member of the payload");
}

static enum err row_check(const struct claim *row, const struct json *value,
                          const struct contract_input *in, struct problem *ret_why) {
    char pointer[PERSONAL_POINTER];
    personal_pointer(row->name, pointer);
    if (row->class[0] != 'C' && !in->reviewing) {
        return problem_at(ret_why, ERR_PERSONAL_FIELD, pointer,
                          "%s must not stand in the clear: hide it as a disclosure.", row->name);
    }
    if (!row->valid || row->valid(value)) return ERR_OK;
    return problem_at(ret_why, ERR_SCHEMA, pointer, "%s must be %s.", row->name, row->form);
}

static enum err member_check(struct claim_table table, unsigned act, const char *name,
                             const struct json *value, const struct contract_input *in,
                             struct problem *ret_why) {
    bool other;
    if (record_is_common_claim(name)) return ERR_OK;
    const struct claim *row = row_find(table, name, act, &other);
    if (row) return row_check(row, value, in, ret_why);
    /* In a review hidden claims are among the clear ones, and what an issuer hides is its own choice. */
    if (in->reviewing && !other) return ERR_OK;
    return refuse_unknown(name, other, in, ret_why);
}

enum err claims_check(struct claim_table table, unsigned act, const struct contract_input *in,
                      struct problem *ret_why) {
    enum err err = ERR_OK;
    for (void *it = json_first(in->claims); !err && it; it = json_next(in->claims, it))
        err = member_check(table, act, json_name_at(it), json_value_at(it), in, ret_why);
    for (size_t i = 0; !err && i < table.count; i++) {
        const struct claim *row = &table.rows[i];
        char pointer[PERSONAL_POINTER];
        if (!(row->required & act) || json_member(in->claims, row->name)) continue;
        if (in->reviewing && row->is_late) continue;
        personal_pointer(row->name, pointer);
        err = problem_at(ret_why, ERR_SCHEMA, pointer, "%s is missing; %s needs it: %s.", row->name,
                         in->act, row->form);
    }
    return err;
}

unsigned claims_act_bit(const struct contract_type *type, const char *act) {
    for (unsigned i = 0; i < type->act_count; i++)
        if (strcmp(type->acts[i].act, act) == 0) return 1u << i;
    return 0;
}

/* -- as JSON -- */

enum err claims_put_acts(struct json *object, const char *name, unsigned bits,
                         const struct contract_type *type) {
    struct json *array = json_new_array();
    enum err err = array ? ERR_OK : ERR_NO_MEMORY;
    for (size_t i = 0; !err && i < type->act_count; i++)
        if (bits & 1u << i) err = json_push(array, json_new_text(type->acts[i].act));
    if (!err) return json_put(object, name, array);
    json_done(array);
    return err;
}

static enum err put_row(struct json *object, const struct claim *row,
                        const struct contract_type *type) {
    enum err err = json_put_text(object, "name", row->name);
    if (!err) err = json_put_text(object, "zh", row->zh);
    if (!err) err = json_put_text(object, "class", row->class);
    if (!err) err = json_put_text(object, "form", row->form);
    if (!err) err = claims_put_acts(object, "acts", row->acts, type);
    return err ? err : claims_put_acts(object, "required", row->required, type);
}

struct json *claims_json(struct claim_table table, const struct contract_type *type) {
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
