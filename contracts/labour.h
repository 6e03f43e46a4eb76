/* Electronic labour contracts: what labour.c (form), labour_rules.c (law) and labour_terms.c (the terms of one worker) share. */
#ifndef QIZHENG_CONTRACTS_LABOUR_H
#define QIZHENG_CONTRACTS_LABOUR_H

#include "contracts/contract.h"

#define LABOUR_ELEMENTS 9

/* The nine terms of Labour Contract Law Art 17, as the claim `elements` names them. */
struct labour_element {
    const char *name, *zh;
};
extern const struct labour_element labour_elements[LABOUR_ELEMENTS];

#define LABOUR_WORKER "worker" /* role of the tag that stands for the worker */

/* The judge of the type (contract.h). */
enum err labour_judge(const struct contract_input *in, struct rule_hits *hits) MUST_CHECK;

/* -- the terms of one worker, joined by tag -- */

#define LABOUR_TERMS 64 /* contracts kept of one worker: the ones that end last */

/* Days as period.h counts them, both part of the term. */
struct labour_term {
    uint8_t opening[RECORD_ID_LEN]; /* of the contract's chain */
    uint8_t source
        [RECORD_ID_LEN]; /* the record that states the term: a correction of another one does not change it */
    char owner[LIMIT_ID + 1]; /* the employer */
    int32_t first, last;      /* last: INT32_MAX where the term is open */
    int32_t ended;            /* day of rescission or end; INT32_MAX where there is none yet */
    bool is_part;             /* part-time: meets no other */
};

/* How the term that a record states meets others of its worker. */
enum labour_join {
    LABOUR_NO_TAG,   /* neither the record nor its chain carries one */
    LABOUR_NO_STATE, /* before signing */
    LABOUR_JOINED
};
struct labour_overlap {
    enum labour_join join;
    unsigned own,
        foreign; /* full-time contracts that meet it, of the same employer and of others */
    uint8_t nearest[RECORD_ID_LEN]; /* opening of one of the own, where there is one */
};

/* For a record that states its term (kind is there). */
enum err labour_overlap_find(const struct contract_input *in,
                             struct labour_overlap *ret) MUST_CHECK;
/* The type's own state (contract.h): keeps the worker's row. */
enum err labour_apply(const struct contract_input *in, struct overlay *overlay, uint64_t index,
                      struct problem *ret_why) MUST_CHECK;

#endif
