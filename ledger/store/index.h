/* Index rows of a record: the one function from a record to the rows that are its alone, used by store_commit and by fsck, so that every row can be recomputed. The rows that
 * it shares with other records are those of listing.h. */
#ifndef QIZHENG_STORE_INDEX_H
#define QIZHENG_STORE_INDEX_H

#include "ledger/store/keys.h"

/* Calls put(arg, key, value) for each row. record NULL: genesis, which has none. */
void index_rows(const struct record *record, uint64_t index,
                void (*put)(void *arg, struct bytes key, struct bytes value), void *arg);

#endif
