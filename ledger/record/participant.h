/* Typed view of a participant: in the genesis and in the claims of a `participant` record (DOMAIN.md section 4).
 *
 * A struct participant is some 4 KiB large: keep few on a stack. */
#ifndef QIZHENG_RECORD_PARTICIPANT_H
#define QIZHENG_RECORD_PARTICIPANT_H

#include "ledger/base/json.h"
#include "ledger/base/limits.h"
#include "ledger/crypto/key.h"

/* Bits; values are stored: never renumber. */
enum role {
    ROLE_EMPLOYER = 1 << 0,
    ROLE_PAYER = 1 << 1,
    ROLE_CERTIFIER = 1 << 2,
    ROLE_REGISTRAR = 1 << 3,
    ROLE_COURT = 1 << 4,
    ROLE_AUDITOR = 1 << 5,
    ROLE_OPERATOR = 1 << 6,
};

const char *role_name(enum role role); /* "employer"; "" where role is not one single role */
bool role_from_name(const char *name, enum role *ret); /* name may be NULL: false */
/* 1 to LIMIT_ID characters [a-z0-9][a-z0-9._-]*. */
bool participant_id_valid(struct bytes id);

struct participant_key {
    struct key_public key;
    int64_t from; /* seconds since 1970 UTC, not negative; valid from */
    int64_t to;   /* valid before; INT64_MAX where the text has none */
};

struct participant {
    char id[LIMIT_ID + 1];     /* [a-z0-9][a-z0-9._-]* */
    char name[LIMIT_NAME + 1]; /* an organisation's, UTF-8 */
    char uscc[19];             /* 18 characters; the check digit is rule LC-23's business */
    uint16_t roles;            /* bits of enum role, at least one */
    struct participant_key keys[LIMIT_KEYS];
    size_t key_count;
};

/* value: an object with the members id, name, uscc, roles, keys [{jwk, from, to?}]; `strict` refuses other members (genesis), else they are ignored (claims).
 * ERR_SCHEMA, ERR_KEY (or ERR_NO_MEMORY) with pointer and reason. *ret holds keys: participant_done. Unlike elsewhere *ret is
 * written on failure too: zeroed. */
enum err participant_parse(const struct json *value, bool strict, struct participant *ret,
                           struct problem *ret_why) MUST_CHECK;
void participant_done(struct participant *participant); /* accepts zeroed */
/* A new object with exactly those members; NULL without memory. */
struct json *participant_json(const struct participant *participant);
/* The key with that kid; NULL where there is none. */
const struct participant_key *participant_key_find(const struct participant *participant,
                                                   const char *kid);

#endif
