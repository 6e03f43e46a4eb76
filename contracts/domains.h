/* Who may make tags in which domain: one table from domain to roles, for POST /v1/tags and for GET /v1/types.
 *
 * A node cannot see for whom a tag is made, so it judges by the domain alone: a role is in a row where its records carry tags of that domain (DOMAIN.md section 4), or
 * where it must find a person's records in it. An employer is not in `benefit`: it could test whether a worker of its own draws one.
 *
 * Whoever makes tags in bulk could enumerate id numbers, and must not read the records of others at the same time (FORMATS.md section 7): so a participant with a role that
 * reads all records has the small budget of lookups, whatever else it may do. */
#ifndef QIZHENG_CONTRACTS_DOMAINS_H
#define QIZHENG_CONTRACTS_DOMAINS_H

#include "contracts/parameters.h"
#include "ledger/record/participant.h"

/* roles: bits of enum role, as the registry has them. */
bool domain_allows(uint16_t roles, enum tag_domain domain);
/* True where one of these roles reads records of others: single persons are looked up, never many. */
bool domain_is_lookup(uint16_t roles);

/* [{"domain","version","roles":[...],"title","title_zh"}], version: of the key that is used now; NULL without memory. */
struct json *domains_json(const struct parameters *parameters);

#endif
