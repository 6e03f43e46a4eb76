/* The table of scopes: every role has one row, and what it opens is exactly what ARCHITECTURE.md section 7 says, for every set of roles. */
#include "contracts/scopes.h"

#include <criterion/criterion.h>
#include <string.h>

#define ROLES (ROLE_OPERATOR << 1)

Test(scopes, every_role_has_one_row_and_no_row_is_for_anything_else) {
    size_t rows = 0;
    for (; scope_at(rows); rows++) {
        const char *name = role_name(scope_at(rows)->role);
        cr_assert_str_not_empty(name);
        cr_assert_eq(scope_of(scope_at(rows)->role), scope_at(rows), "%s stands twice", name);
    }
    for (unsigned bit = 1; bit < ROLES; bit <<= 1) {
        cr_assert_not_null(scope_of((enum role)bit));
        rows--;
    }
    cr_assert_eq(rows, 0);
    cr_assert_null(scope_of((enum role)0));
    cr_assert_null(scope_of((enum role)(ROLE_COURT | ROLE_AUDITOR)));
    cr_assert_null(scope_of((enum role)ROLES));
}

/* Said anew, without the table. */
static bool allowed(unsigned roles, bool own, const char *type) {
    if (roles & (ROLE_COURT | ROLE_AUDITOR)) return true;
    if (roles & ROLE_REGISTRAR && strcmp(type, "participant") == 0) return true;
    return own && roles & (ROLE_EMPLOYER | ROLE_PAYER | ROLE_CERTIFIER);
}

Test(scopes, every_set_of_roles_reads_what_one_of_its_roles_reads) {
    static const char *const types[] = {"labour-contract", "benefit", "participant", ""};
    for (unsigned roles = 0; roles < ROLES; roles++) {
        for (size_t i = 0; i < 4; i++) {
            bool own = scope_allows((uint16_t)roles, "acme", "acme", types[i]);
            bool foreign = scope_allows((uint16_t)roles, "acme", "acm", types[i]);
            cr_assert_eq(own, allowed(roles, true, types[i]), "%u %s", roles, types[i]);
            cr_assert_eq(foreign, allowed(roles, false, types[i]), "%u %s", roles, types[i]);
            enum scope_reach reach = scope_reach_of((uint16_t)roles, types[i]);
            cr_assert_eq(reach, foreign ? SCOPE_ALL : own ? SCOPE_OWN : SCOPE_NONE);
        }
        cr_assert_eq(scope_syncs((uint16_t)roles), (roles & ROLE_OPERATOR) != 0);
    }
}

Test(scopes, the_json_names_every_role_with_its_reach) {
    struct json *scopes = scopes_json();
    cr_assert_eq(json_count(scopes), 7);
    for (size_t i = 0; scope_at(i); i++) {
        const struct json *row = json_at(scopes, i);
        const char *type = json_text(json_member(row, "type"));
        bool sync = false;
        cr_assert_str_eq(json_text(json_member(row, "role")), role_name(scope_at(i)->role));
        cr_assert_str_eq(json_text(json_member(row, "records")),
                         scope_reach_name(scope_at(i)->reach));
        cr_assert(json_bool(json_member(row, "sync"), &sync));
        cr_assert_eq(sync, scope_at(i)->syncs);
        cr_assert_eq(type != NULL, scope_at(i)->role == ROLE_REGISTRAR);
        cr_assert(json_member(row, "title") && json_member(row, "title_zh"));
    }
    json_done(scopes);
}
