/* Who may read what: one table from role to scope, for the authorised reads of the API and for GET /v1/types (ARCHITECTURE.md section 7).
 *
 * What is public needs no scope. A participant with several roles may read what any of them may; a role is the registry's word, never a token's. */
#ifndef QIZHENG_CONTRACTS_SCOPES_H
#define QIZHENG_CONTRACTS_SCOPES_H

#include "ledger/base/json.h"
#include "ledger/record/participant.h"

/* Whose records: bodies, timelines, findings, events and what statistics count. Each includes the one before it. */
enum scope_reach {
    SCOPE_NONE,
    SCOPE_OWN, /* that the reader issued itself */
    SCOPE_ALL
};

struct scope {
    enum role role;
    enum scope_reach reach;
    const char *type; /* of which record type alone; NULL: of every type */
    bool syncs;       /* bodies and head statements for nodes (GET /v1/sync/...), node status */
    const char *title, *title_zh;
};

const struct scope *scope_of(enum role role); /* NULL where role is not one single role */
const struct scope *scope_at(size_t index);   /* the table in its order; NULL past the end */
const char *scope_reach_name(enum scope_reach reach); /* "none", "own", "all" */

/* True where one of these roles (bits of enum role) lets `reader` read a record of that type which `issuer` signed. */
bool scope_allows(uint16_t roles, const char *reader, const char *issuer, const char *type);
/* The widest reach over records of that type that one of these roles has: what a list is filtered by. */
enum scope_reach scope_reach_of(uint16_t roles, const char *type);
/* True where one of these roles may fetch what nodes exchange. */
bool scope_syncs(uint16_t roles);

/* [{"role","records":"none|own|all","type"?,"sync","title","title_zh"}]; NULL without memory. */
struct json *scopes_json(void);

#endif
