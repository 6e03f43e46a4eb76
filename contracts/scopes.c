/* See scopes.h. The table is the whole of it; every role has exactly one row, in the order of its bit. */
#include "contracts/scopes.h"

#include <string.h>

static const struct scope table[] = {
    {ROLE_EMPLOYER, SCOPE_OWN, NULL, false, "Its own records", "本单位签发的记录"},
    {ROLE_PAYER, SCOPE_OWN, NULL, false, "Its own records", "本单位签发的记录"},
    {ROLE_CERTIFIER, SCOPE_OWN, NULL, false, "Its own records", "本单位签发的记录"},
    {ROLE_REGISTRAR, SCOPE_ALL, "participant", false, "Participants", "参与方登记记录"},
    {ROLE_COURT, SCOPE_ALL, NULL, false, "All records", "全部记录"},
    {ROLE_AUDITOR, SCOPE_ALL, NULL, false, "All records", "全部记录"},
    {ROLE_OPERATOR, SCOPE_NONE, NULL, true, "Status and synchronisation of nodes",
     "节点状态与同步"},
};
#define TABLE_COUNT (sizeof table / sizeof table[0])

const struct scope *scope_at(size_t index) {
    return index < TABLE_COUNT ? &table[index] : NULL;
}

const struct scope *scope_of(enum role role) {
    for (size_t i = 0; i < TABLE_COUNT; i++)
        if (table[i].role == role) return &table[i];
    return NULL;
}

const char *scope_reach_name(enum scope_reach reach) {
    switch (reach) {
    case SCOPE_NONE: return "none";
    case SCOPE_OWN: return "own";
    case SCOPE_ALL: return "all";
    }
    return "none";
}

enum scope_reach scope_reach_of(uint16_t roles, const char *type) {
    enum scope_reach reach = SCOPE_NONE;
    for (size_t i = 0; i < TABLE_COUNT; i++) {
        const struct scope *scope = &table[i];
        if (!(roles & scope->role) || scope->reach <= reach) continue;
        if (!scope->type || strcmp(scope->type, type) == 0) reach = scope->reach;
    }
    return reach;
}

bool scope_allows(uint16_t roles, const char *reader, const char *issuer, const char *type) {
    switch (scope_reach_of(roles, type)) {
    case SCOPE_NONE: return false;
    case SCOPE_OWN: return strcmp(reader, issuer) == 0;
    case SCOPE_ALL: return true;
    }
    return false;
}

bool scope_syncs(uint16_t roles) {
    for (size_t i = 0; i < TABLE_COUNT; i++)
        if (roles & table[i].role && table[i].syncs) return true;
    return false;
}

/* -- as JSON -- */

static enum err row_put(struct json *object, const struct scope *scope) {
    enum err err = json_put_text(object, "role", role_name(scope->role));
    if (!err) err = json_put_text(object, "records", scope_reach_name(scope->reach));
    if (!err && scope->type) err = json_put_text(object, "type", scope->type);
    if (!err) err = json_put_bool(object, "sync", scope->syncs);
    if (!err) err = json_put_text(object, "title", scope->title);
    return err ? err : json_put_text(object, "title_zh", scope->title_zh);
}

struct json *scopes_json(void) {
    struct json *array = json_new_array();
    enum err err = array ? ERR_OK : ERR_NO_MEMORY;
    for (size_t i = 0; !err && i < TABLE_COUNT; i++) {
        struct json *object = json_new_object();
        err = object ? row_put(object, &table[i]) : ERR_NO_MEMORY;
        if (!err)
            err = json_push(array, object);
        else
            json_done(object);
    }
    if (!err) return array;
    json_done(array);
    return NULL;
}
