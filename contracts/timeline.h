/* What a contract, or a determination of a benefit, was on a business date, made from the records of its chain.
 *
 * A correction takes the place of what it corrects, whenever it was recorded; a change holds from the day on which it takes effect, not from the day on which it was
 * recorded; of two that take effect on one day the later record counts. So the answer is what is known now about that day; each record tells when the ledger came to know it.
 *
 * Pure: the caller reads the chain. Business dates are Asia/Shanghai's, as written. */
#ifndef QIZHENG_CONTRACTS_TIMELINE_H
#define QIZHENG_CONTRACTS_TIMELINE_H

#include "contracts/contract.h"

#define TIMELINE_MAX                                                                               \
    1024 /* records of one chain that are shown: a contract amended every month for 80 years */

struct timeline_entry {
    uint8_t id[RECORD_ID_LEN];
    uint64_t index, time_ms; /* of its leaf */
    char act[32], claims_act[32];
    char issuer[LIMIT_ID + 1];
    struct json *claims; /* owned */
    uint64_t order; /* index of what it stands for: its own, or of what it corrects in the end */
    bool has_replaces, is_replaced;
    uint8_t replaces[RECORD_ID_LEN], replaced_by[RECORD_ID_LEN];
};

/* A chain, its opening record first, in the order of the log. */
struct timeline {
    const struct contract_type *type;
    struct chain chain;
    struct timeline_entry *entries; /* owned */
    size_t count;
    bool is_cut; /* older entries were left out */
};

void timeline_done(struct timeline *timeline); /* accepts zeroed */
/* Marks what was replaced by a later entry, and finds what each stands for. Once all entries are there. */
void timeline_link(struct timeline *timeline);
/* Entries as JSON: [{"id","index","time","act","act_zh","replaces"?,"replaced_by"?}]. */
enum err timeline_json(const struct timeline *timeline, struct json **ret) MUST_CHECK;
/* {"id","type","owner","on","in_force","status","status_zh","since"?,"term_until"?,"terms","records":[... "of","effective"?,"applies","changed_fields"?]}. ERR_NOT_FOUND where chains that
 * begin like this one have no state on a date (a payment, a participant). The timeline must not be cut. */
enum err timeline_on(const struct timeline *timeline, int32_t day, struct json **ret) MUST_CHECK;

#endif
