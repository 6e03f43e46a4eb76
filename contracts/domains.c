/* See domains.h. The table is the whole of it; every domain has one row, in the order of enum tag_domain. */
#include "contracts/domains.h"

#include "contracts/scopes.h"

static const struct row {
    uint16_t roles;
    const char *title, *title_zh;
} table[TAG_DOMAINS] = {
    [TAG_LABOUR] = {ROLE_EMPLOYER | ROLE_PAYER | ROLE_CERTIFIER | ROLE_COURT | ROLE_AUDITOR,
                    "Labour contracts, and benefits that a contract excludes",
                    "劳动合同，以及与在职状态相冲突的待遇"},
    [TAG_BENEFIT] = {ROLE_PAYER | ROLE_CERTIFIER | ROLE_COURT | ROLE_AUDITOR,
                     "Social-security benefits", "社保待遇"},
};

bool domain_allows(uint16_t roles, enum tag_domain domain) {
    return (roles & table[domain].roles) != 0;
}

bool domain_is_lookup(uint16_t roles) {
    for (size_t i = 0; scope_at(i); i++) {
        const struct scope *scope = scope_at(i);
        if (roles & scope->role && scope->reach == SCOPE_ALL && !scope->type) return true;
    }
    return false;
}

/* -- as JSON -- */

static enum err put_roles(struct json *object, uint16_t roles) {
    struct json *array = json_new_array();
    enum err err = array ? ERR_OK : ERR_NO_MEMORY;
    for (unsigned bit = 1; !err && bit <= ROLE_OPERATOR; bit <<= 1)
        if (roles & bit) err = json_push(array, json_new_text(role_name((enum role)bit)));
    if (!err) return json_put(object, "roles", array);
    json_done(array);
    return err;
}

static enum err put_row(struct json *object, enum tag_domain domain, int64_t version) {
    enum err err = json_put_text(object, "domain", tag_domain_name(domain));
    if (!err) err = json_put_int(object, "version", version);
    if (!err) err = put_roles(object, table[domain].roles);
    if (!err) err = json_put_text(object, "title", table[domain].title);
    return err ? err : json_put_text(object, "title_zh", table[domain].title_zh);
}

struct json *domains_json(const struct parameters *parameters) {
    struct json *array = json_new_array();
    enum err err = array ? ERR_OK : ERR_NO_MEMORY;
    for (size_t i = 0; !err && i < TAG_DOMAINS; i++) {
        struct json *object = json_new_object();
        err = object ? put_row(object, (enum tag_domain)i, parameters->tag_versions[i])
                     : ERR_NO_MEMORY;
        if (!err)
            err = json_push(array, object);
        else
            json_done(object);
    }
    if (!err) return array;
    json_done(array);
    return NULL;
}
