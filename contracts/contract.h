/* What one record type is: its acts, who may do them, from which state to which, its claims and its rules. contracts.c holds the table of types; a new type is
 * one file and one line there.
 *
 * Adding an act or claim changes what nodes accept, so it needs a new protocol version. */
#ifndef QIZHENG_CONTRACTS_CONTRACT_H
#define QIZHENG_CONTRACTS_CONTRACT_H

#include "contracts/registry.h"
#include "contracts/rules.h"
#include "ledger/record/record.h"

/* Status words of DOMAIN.md section 4; stored: never renumber. */
enum chain_status {
    CHAIN_NONE,
    CHAIN_PENDING,
    CHAIN_IN_FORCE,
    CHAIN_SUSPENDED,
    CHAIN_SUPERSEDED,
    CHAIN_ENDED,
    CHAIN_RECORDED
};

const char *chain_status_name(enum chain_status status);
const char *chain_status_zh(enum chain_status status);

/* A chain of records that follow each other: a contract, with its amendments and its end. State rows:
 *   c <opening id>  the chain, and its first record's act, index and what replaced it: most chains, such as payments, have one record and this one row
 *   r <record id>   of each later record: which chain it belongs to, its act, what replaced it */
struct chain {
    uint8_t opening[RECORD_ID_LEN];
    uint8_t head[RECORD_ID_LEN];
    uint32_t count; /* records in it */
    enum chain_status status;
    char type[RECORD_TYPE_LEN];
    char owner[LIMIT_ID + 1]; /* participant who opened it */
    char act[32];             /* of the record that opened it, as is the rest */
    uint64_t index;
    bool is_replaced;
    uint8_t replaced_by[RECORD_ID_LEN];
};

struct chain_link {
    uint8_t opening[RECORD_ID_LEN];
    char act[32];
    char claims_act
        [32]; /* whose claims it carries: `act`, but for a correction the act that it corrects */
    uint64_t index;
    bool is_replaced;
    uint8_t replaced_by[RECORD_ID_LEN];
};

enum err chain_get(struct view view, const uint8_t opening[RECORD_ID_LEN],
                   struct chain *ret) MUST_CHECK; /* ERR_NOT_FOUND */
enum err chain_link_get(struct view view, const uint8_t id[RECORD_ID_LEN],
                        struct chain_link *ret) MUST_CHECK; /* ERR_NOT_FOUND */

#define ROLES_HOLDER 0

/* One row of a type's state machine. */
struct contract_act {
    const char *act, *zh;
    uint16_t
        roles; /* any of these roles may; ROLES_HOLDER: no participant, but whoever has the key that the record before it names (holder.h) */
    bool opens; /* starts a chain: no ref */
    bool
        beside; /* starts a chain, too, but may name in ref the record that opened another of its type, which stands in a status of `from` and which it leaves as it is */
    bool
        corrects; /* takes the place of a record of its chain: has `replaces`, and the claims of that record's act */
    unsigned from;        /* bits 1 << enum chain_status that allow it */
    enum chain_status to; /* CHAIN_NONE: stays as it is */
};

struct contract_input {
    struct view view;
    const struct record *record; /* NULL before signing */
    const struct json
        *claims;      /* the payload; before signing, the payload with its disclosures merged in */
    const char *act;  /* of the claims: for `correct`, the act that is replaced */
    uint64_t time_ms; /* ledger time */
    bool reviewing;   /* before signing: disclosed fields are in the clear */
};

/* What a record does to the state of its chain on business dates (timeline.h). */
enum contract_effect_kind {
    EFFECT_NONE,  /* nothing */
    EFFECT_BEGIN, /* it is in force from that day on */
    EFFECT_CHANGE,
    EFFECT_SUSPEND,
    EFFECT_RESUME,
    EFFECT_END /* from that day on it is over */
};

struct contract_effect {
    enum contract_effect_kind kind;
    int32_t day;      /* the first day on which it holds (period.h) */
    bool states_term; /* BEGIN and CHANGE: */
    int32_t last;     /* the last day of the term; INT32_MAX: open */
    bool restates;    /* CHANGE: what it does not state of the term no longer holds */
};

/* What a type says of its chains on a date. claims: of an accepted record, so of good form. */
struct contract_dating {
    struct contract_effect (*effect)(const char *act, const struct json *claims);
    const char *const *terms; /* names of the claims that are terms, ended by NULL */
    const char *const
        *restated; /* those of them that a change restates together, ended by NULL; NULL: none */
};

struct contract_type {
    const char *type; /* "labour-contract" */
    unsigned version;
    const char *title, *title_zh;
    const struct contract_act *acts;
    size_t act_count;
    /* Form of the type's own claims: unknown, missing, wrong. ERR_SCHEMA with pointer. */
    enum err (*check)(const struct contract_input *in, struct problem *ret_why);
    /* Adds what the rules say. ERR_NO_MEMORY and the view's errors only. */
    enum err (*judge)(const struct contract_input *in, struct rule_hits *hits);
    /* State beyond the chain rows; NULL where there is none. index: of the leaf to be. */
    enum err (*apply)(const struct contract_input *in, struct overlay *overlay, uint64_t index,
                      struct problem *ret_why);
    const struct contract_dating *dating; /* NULL: its chains have no state on a date */
    /* For GET /v1/types: [{"name","zh","class","required"...}], [{"role","domain",...}], and lists of codes that claims take {"claim":[{"code","zh",...}]};
     * NULL without memory. The last may be left out. */
    struct json *(*elements)(void);
    struct json *(*tags)(void);
    struct json *(*codes)(void);
};

const struct contract_type *contract_type_find(const char *type, unsigned version);
const struct contract_act *contract_act_find(const struct contract_type *type, const char *act);
bool contract_act_is_holders(const struct contract_act *act);
/* The table for GET /v1/types. */
enum err contract_types_json(struct json **ret) MUST_CHECK;

#endif
