/* A type's own claims as a table: name, class, form, which acts carry it and which must. One check and one list for GET /v1/types from the same rows.
 *
 * Classes of DOMAIN.md: C stands in the clear, D is selectively disclosed, so a node never sees it: in the clear it is refused with the advice to hide it. */
#ifndef QIZHENG_CONTRACTS_CLAIMS_H
#define QIZHENG_CONTRACTS_CLAIMS_H

#include "contracts/contract.h"

struct claim {
    const char *name, *zh;
    const char *class; /* "C", "D", or "T+D": a tag for the nodes, the value disclosed */
    const char *form;  /* what it must be, as the end of "<name> must be " */
    unsigned acts;     /* bits 1 << place in the type's table of acts: which may carry it */
    unsigned required; /* which must */
    bool is_late;      /* made while signing: not missed in a review before it */
    bool (*valid)(const struct json *value); /* NULL: any value, or one that record_parse checked */
};

struct claim_table {
    const struct claim *rows;
    size_t count;
};

/* Unknown, not for this act, hidden class in the clear, wrong form, missing: ERR_SCHEMA or ERR_PERSONAL_FIELD with pointer. act: one bit. */
enum err claims_check(struct claim_table table, unsigned act, const struct contract_input *in,
                      struct problem *ret_why) MUST_CHECK;
/* [{"name","zh","class","form","acts":[...],"required":[...]}]; NULL without memory. */
struct json *claims_json(struct claim_table table, const struct contract_type *type);
/* The acts of a set of bits as an array of names: a member of object. */
enum err claims_put_acts(struct json *object, const char *name, unsigned bits,
                         const struct contract_type *type) MUST_CHECK;
/* The bit of an act in the type's table; 0 where it is none of it. */
unsigned claims_act_bit(const struct contract_type *type, const char *act);

/* Forms that types share. */
bool claim_is_date(const struct json *value);
bool claim_is_bool(const struct json *value);
bool claim_is_seconds(const struct json *value); /* since 1970 UTC */
bool claim_is_digest(const struct json *value);  /* base64url of 32 bytes */
bool claim_is_text(const struct json *value);    /* 1 to 128 bytes, no control characters */
/* 1 to CLAIM_CODE_MAX letters, digits and . _ - of ASCII */
bool claim_is_code(const struct json *value);
bool claim_is_month(const struct json *value);                          /* YYYY-MM */
bool claim_is_word(const struct json *value, const char *const *words); /* list ends with NULL */
/* 1 to CLAIM_ITEMS_MAX words of that list, no word twice. may_be_empty: or none. */
bool claim_is_words(const struct json *value, const char *const *words, bool may_be_empty);

#define CLAIM_TEXT_MAX 128 /* a certificate's number, issuer or serial */
#define CLAIM_CODE_MAX 32  /* a batch's or a case's number: part of a state key */
#define CLAIM_ITEMS_MAX 32 /* elements of a list in a claim */

#endif
