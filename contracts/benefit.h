/* Social-security benefits: what benefit.c (form), benefit_rules.c (law) and benefit_state.c (who was paid what) share.
 *
 *   determine 核定 -> suspend 暂停 -> resume 续发 ... -> terminate 终止      one chain for a person and benefit
 *   disburse 发放                                                          a chain of its own beside it, so that many may be paid at once
 *   batch 发放批次                                                         closes a pay run: its payments, in the order of their leaves
 *   correct 更正                                                           of any of them */
#ifndef QIZHENG_CONTRACTS_BENEFIT_H
#define QIZHENG_CONTRACTS_BENEFIT_H

#include "contracts/claims.h"
#include "contracts/contract.h"
#include "ledger/proof/merkle.h"

#define BENEFIT_PERSON "person" /* role of the tag of the domain `benefit` */
#define BENEFIT_WORKER "worker" /* of the one of `labour`, which unemployment benefits carry, too */

#define BENEFIT_ITEM_LEN 32 /* longest code of an item, with its NUL */

struct benefit_item {
    const char *code, *zh;
    const char *fund, *fund_zh;
    bool is_once;   /* paid once for a cause, else once a month */
    bool is_labour; /* joined with labour contracts: carries that tag, too */
};

const struct benefit_item *benefit_item_find(struct bytes code); /* NULL where there is none */
const struct benefit_item *benefit_item_at(size_t index);        /* NULL past the end */

/* Stored: never renumber. Only `paid` holds a month or a cause. */
enum benefit_result { BENEFIT_NO_RESULT, BENEFIT_PAID, BENEFIT_FAILED, BENEFIT_RETURNED };

/* What a chain of this type is about. Members that its act does not state are empty. */
struct benefit {
    uint8_t person[32]; /* tag; zeros for a pay run */
    char item[BENEFIT_ITEM_LEN];
    char period[8]; /* paid for; a determination: from when on */
    char cause[CLAIM_CODE_MAX + 1];
    char batch_no[CLAIM_CODE_MAX + 1];
    enum benefit_result result;
    bool is_stepped; /* suspended, resumed or terminated at some time */
    char stop[8];    /* no payment from this month on; empty: none stopped */
    uint8_t stop_by
        [RECORD_ID_LEN]; /* the record that says so: a correction of another one does not change it */
};

/* A pay run as it stands: payments of one payer under one number. */
struct payrun {
    char item[BENEFIT_ITEM_LEN];
    char period[8];
    bool is_closed;
    struct merkle_frontier frontier; /* over the record ids, in the order of their leaves */
};

/* ERR_NOT_FOUND. */
enum err benefit_get(struct view view, const uint8_t opening[RECORD_ID_LEN],
                     struct benefit *ret) MUST_CHECK;
enum err payrun_get(struct view view, const char *payer, const char *batch_no,
                    struct payrun *ret) MUST_CHECK;
/* What the record's own claims and tag say. */
struct benefit benefit_of(const struct contract_input *in);
/* The chain that the record goes on with; false where it opens one. ERR_CORRUPT. */
enum err benefit_opening(const struct contract_input *in, uint8_t ret[RECORD_ID_LEN],
                         bool *ret_follows) MUST_CHECK;
/* Opening of the payment that holds the month of this one, or its cause. ERR_NOT_FOUND. */
enum err benefit_holder(struct view view, const struct benefit *benefit,
                        uint8_t ret[RECORD_ID_LEN]) MUST_CHECK;

/* Judge and state of the type (contract.h). */
enum err benefit_judge(const struct contract_input *in, struct rule_hits *hits) MUST_CHECK;
enum err benefit_apply(const struct contract_input *in, struct overlay *overlay, uint64_t index,
                       struct problem *ret_why) MUST_CHECK;

#endif
