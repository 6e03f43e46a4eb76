/* Lists of records by tag, in state: a row "t " tag, index for each tag that a record carries, and for the tag of the contract that it goes on with. So "every record about
 * this person up to that tree size" is one walk, and what it does not show is not in the ledger. Lists by issuer and by type need no state: ledger/store/listing.h.
 *
 * A row "o " owner, index stands for each record in somebody's chain that another issued: a holder's word about a contract, which its employer may read like its own. */
#ifndef QIZHENG_CONTRACTS_LISTS_H
#define QIZHENG_CONTRACTS_LISTS_H

#include "contracts/overlay.h"

/* owner: of the record's chain. */
enum err lists_put(struct overlay *overlay, const struct record *record, const char *owner,
                   uint64_t index) MUST_CHECK;
enum err lists_put_tag(struct overlay *overlay, const uint8_t tag[32], uint64_t index) MUST_CHECK;

#endif
