/* Which pseudonymous tags a type carries: role, domain, which acts may and which must (DOMAIN.md section 4). A tag that no rule joins is refused, so that nothing
 * about a person is written that nobody asked for; one made with a key that the ledger no longer uses is refused, so that duplicates cannot hide behind it. */
#ifndef QIZHENG_CONTRACTS_TAGS_H
#define QIZHENG_CONTRACTS_TAGS_H

#include "contracts/contract.h"
#include "contracts/parameters.h"

struct tag_rule {
    const char *role;
    enum tag_domain domain;
    unsigned acts;     /* bits 1 << place in the type's table of acts: which may carry it */
    unsigned required; /* which must */
};

struct tag_table {
    const struct tag_rule *rows;
    size_t count;
};

/* act: one bit. Before signing (no record yet) nothing is asked. ERR_SCHEMA at /tags; the view's errors. */
enum err tags_check(struct tag_table table, unsigned act, const struct contract_input *in,
                    struct problem *ret_why) MUST_CHECK;
/* The tag in that role; NULL where there is none, or no record. */
const uint8_t *tag_of(const struct record *record, const char *role);
/* [{"role","domain","acts":[...],"required":[...]}]; NULL without memory. */
struct json *tags_json(struct tag_table table, const struct contract_type *type);

#endif
