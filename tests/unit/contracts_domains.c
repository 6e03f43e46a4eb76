/* Who may have tags of which domain: exactly the roles that FORMATS.md section 7 and DOMAIN.md section 4 leave, for every set of roles. */
#include "contracts/domains.h"

#include <criterion/criterion.h>
#include <string.h>

#define ROLES (ROLE_OPERATOR << 1)

/* Said anew, without the tables. */
static bool allowed(unsigned roles, enum tag_domain domain) {
    unsigned both = ROLE_PAYER | ROLE_CERTIFIER | ROLE_COURT | ROLE_AUDITOR;
    return (roles & both) || (domain == TAG_LABOUR && (roles & ROLE_EMPLOYER));
}

Test(domains, every_set_of_roles_has_what_one_of_its_roles_has) {
    for (unsigned roles = 0; roles < ROLES; roles++) {
        for (size_t i = 0; i < TAG_DOMAINS; i++)
            cr_assert_eq(domain_allows((uint16_t)roles, (enum tag_domain)i),
                         allowed(roles, (enum tag_domain)i), "%u %zu", roles, i);
        cr_assert_eq(domain_is_lookup((uint16_t)roles), (roles & (ROLE_COURT | ROLE_AUDITOR)) != 0,
                     "%u", roles);
    }
}

Test(domains, the_json_names_every_domain_with_its_version_and_roles) {
    struct parameters parameters = {.tag_versions = {[TAG_LABOUR] = 3, [TAG_BENEFIT] = 8}};
    struct json *domains = domains_json(&parameters);
    cr_assert_eq(json_count(domains), TAG_DOMAINS);
    for (size_t i = 0; i < TAG_DOMAINS; i++) {
        const struct json *row = json_at(domains, i), *roles = json_member(row, "roles");
        int64_t version = 0;
        unsigned bits = 0;
        cr_assert_str_eq(json_text(json_member(row, "domain")),
                         tag_domain_name((enum tag_domain)i));
        cr_assert(json_int(json_member(row, "version"), &version));
        cr_assert_eq(version, parameters.tag_versions[i]);
        for (unsigned bit = 1; bit < ROLES; bit <<= 1)
            for (size_t k = 0; k < json_count(roles); k++)
                if (strcmp(json_text(json_at(roles, k)), role_name((enum role)bit)) == 0)
                    bits |= bit;
        for (unsigned bit = 1; bit < ROLES; bit <<= 1)
            cr_assert_eq((bits & bit) != 0, allowed(bit, (enum tag_domain)i));
        cr_assert(json_text(json_member(row, "title")) && json_text(json_member(row, "title_zh")));
    }
    json_done(domains);
}
