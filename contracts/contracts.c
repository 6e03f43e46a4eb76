/* The table of record types, and how it is shown. See contract.h: a new type is one file and one line here. */
#include "contracts/types.h"
#include "ledger/record/participant.h"

#include <string.h>

static const struct contract_type *const types[] = {&labour_contract_type, &benefit_type,
                                                    &participant_type};
#define TYPE_COUNT (sizeof types / sizeof types[0])

const struct contract_type *contract_type_find(const char *type, unsigned version) {
    for (size_t i = 0; i < TYPE_COUNT; i++)
        if (types[i]->version == version && strcmp(types[i]->type, type) == 0) return types[i];
    return NULL;
}

const struct contract_act *contract_act_find(const struct contract_type *type, const char *act) {
    for (size_t i = 0; i < type->act_count; i++)
        if (strcmp(type->acts[i].act, act) == 0) return &type->acts[i];
    return NULL;
}

bool contract_act_is_holders(const struct contract_act *act) {
    return act->roles == ROLES_HOLDER;
}

/* -- as JSON -- */

/* Puts the array where it is whole, frees it where err says that it is not. */
static enum err put_whole(struct json *object, const char *name, struct json *array, enum err err) {
    if (!err) return json_put(object, name, array);
    json_done(array);
    return err;
}

static enum err put_roles(struct json *object, uint16_t roles) {
    struct json *array = json_new_array();
    enum err err = array ? ERR_OK : ERR_NO_MEMORY;
    if (!err && roles == ROLES_HOLDER) err = json_push(array, json_new_text("holder"));
    for (unsigned bit = 1; !err && bit <= ROLE_OPERATOR; bit <<= 1)
        if (roles & bit) err = json_push(array, json_new_text(role_name((enum role)bit)));
    return put_whole(object, "roles", array, err);
}

static enum err put_from(struct json *object, unsigned from) {
    struct json *array = json_new_array();
    enum err err = array ? ERR_OK : ERR_NO_MEMORY;
    for (unsigned i = 0; !err && i <= CHAIN_RECORDED; i++)
        if (from & 1u << i)
            err = json_push(array, json_new_text(chain_status_name((enum chain_status)i)));
    return put_whole(object, "from", array, err);
}

static enum err put_act(struct json *object, const struct contract_act *act) {
    enum err err = json_put_text(object, "act", act->act);
    if (!err) err = json_put_text(object, "zh", act->zh);
    if (!err) err = json_put_bool(object, "opens", act->opens || act->beside);
    if (!err && act->beside) err = json_put_bool(object, "beside", true);
    if (!err) err = put_roles(object, act->roles);
    if (!err) err = put_from(object, act->from);
    if (err || act->to == CHAIN_NONE) return err;
    return json_put_text(object, "to", chain_status_name(act->to));
}

static enum err put_acts(struct json *object, const struct contract_type *type) {
    struct json *array = json_new_array();
    enum err err = array ? ERR_OK : ERR_NO_MEMORY;
    for (size_t i = 0; !err && i < type->act_count; i++) {
        struct json *act = json_new_object();
        err = act ? put_act(act, &type->acts[i]) : ERR_NO_MEMORY;
        if (!err)
            err = json_push(array, act);
        else
            json_done(act);
    }
    return put_whole(object, "acts", array, err);
}

static enum err put_type(struct json *object, const struct contract_type *type) {
    struct buf text;
    buf_init(&text, RECORD_TYPE_LEN + 32);
    enum err err = buf_format(&text, "urn:qizheng:%s:%u", type->type, type->version);
    if (!err) err = json_put(object, "vct", json_new_text_bytes(buf_bytes(&text)));
    buf_done(&text);
    if (!err) err = json_put_text(object, "type", type->type);
    if (!err) err = json_put_int(object, "version", type->version);
    if (!err) err = json_put_text(object, "title", type->title);
    if (!err) err = json_put_text(object, "title_zh", type->title_zh);
    if (!err) err = put_acts(object, type);
    if (!err) err = json_put(object, "elements", type->elements());
    if (!err) err = json_put(object, "tags", type->tags());
    return err || !type->codes ? err : json_put(object, "codes", type->codes());
}

enum err contract_types_json(struct json **ret) {
    struct json *array = json_new_array();
    enum err err = array ? ERR_OK : ERR_NO_MEMORY;
    for (size_t i = 0; !err && i < TYPE_COUNT; i++) {
        struct json *object = json_new_object();
        err = object ? put_type(object, types[i]) : ERR_NO_MEMORY;
        if (!err)
            err = json_push(array, object);
        else
            json_done(object);
    }
    if (err)
        json_done(array);
    else
        *ret = array;
    return err;
}
