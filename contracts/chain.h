/* One record's step along a chain: found, checked, written. Used by admission.c alone; what others may read is in contract.h.
 *
 * Rules of every type (FORMATS.md section 1): an opening act has no ref; any other names the head of its chain, which its own issuer opened, and which is in a
 * status that allows the act; `correct` also names a record of that chain that nothing has replaced yet. An act by holders (holder.h) goes on with a chain that a
 * participant opened, and becomes its head like any other: what follows names it, so whoever goes on has seen it, and the same record is confirmed once. Nobody corrects it. An act beside a chain (a payment beside its
 * determination) opens one of its own and may name in ref the record that opened the other: that one does not move, so many may name it at once. */
#ifndef QIZHENG_CONTRACTS_CHAIN_H
#define QIZHENG_CONTRACTS_CHAIN_H

#include "contracts/contract.h"

struct chain_step {
    const struct contract_type *type;
    const struct contract_act *act;
    const char *claims_act;     /* whose claims the record carries */
    bool has_chain;             /* ref names a record of `chain`, which goes on */
    bool is_beside;             /* ref names the record that opened `chain`, which stays as it is */
    struct chain chain;         /* as it is before this record */
    struct chain_link replaced; /* for a correction */
};

/* Form of ref and replaces, and what they name: a record of the same type. Nothing is judged that depends on status. ERR_SCHEMA, ERR_STALE_REF or ERR_STATE with a reason. */
enum err chain_step_find(struct view view, const struct contract_type *type,
                         const struct contract_act *act, const struct record *record,
                         struct chain_step *ret, struct problem *ret_why) MUST_CHECK;
/* Whether the chain takes the record. ERR_STATE ERR_SCOPE ERR_STALE_REF. */
enum err chain_step_check(const struct chain_step *step, const struct record *record,
                          struct problem *ret_why) MUST_CHECK;
/* Rows of the chain with the record as its head, at that leaf index. */
enum err chain_step_write(const struct chain_step *step, const struct record *record,
                          uint64_t index, struct overlay *overlay) MUST_CHECK;

#endif
