/* The rows of issuers' and types' lists: one row for a list and 256 leaves, whose value says which of those leaves are in the list.
 *
 *   key: the list's prefix, number of the block u64 (index / 256)     value: for each of its leaves index % 256, one byte each, ascending; 1 to 256 of them
 *
 * Why not a row for a leaf: a payment is in two such lists, and two of the eight keys that it would write then, of 1.1 billion records, would be of these.
 *
 * The store adds records to the newest block only, so its rows are kept here until the next one begins. Happy path: listing_add for each record of a commit -> listing_put -> the
 * commit's write. After a commit that failed: listing_forget, and what is needed is read again. Threads: the writer alone. */
#ifndef QIZHENG_STORE_LISTING_H
#define QIZHENG_STORE_LISTING_H

#include "ledger/store/keys.h"
#include "ledger/store/kv.h"

#define LISTING_BLOCK 256 /* leaves of a row */

struct listing;

struct listing *listing_new(void);          /* NULL without memory */
void listing_done(struct listing *listing); /* accepts NULL */
void listing_forget(struct listing *listing);
/* The record is in its issuer's list and in its type's. Where a block begins, the rows of the one before it are put. index: above all that were added since listing_forget.
 * ERR_CORRUPT where what the database holds is no such row; ERR_IO ERR_NO_MEMORY. */
enum err listing_add(struct listing *listing, struct kv *kv, const struct record *record,
                     uint64_t index, struct kv_batch *batch) MUST_CHECK;
/* Every row that changed since it was put last. */
void listing_put(struct listing *listing, struct kv_batch *batch);

/* The row that holds what a list says of that leaf. */
struct store_key listing_row(struct store_key prefix, uint64_t index);
/* Whether a value is well-formed. */
bool listing_valid(struct bytes value);
/* The first leaf at or after offset `from` (0 to 255) that a well-formed value names, as an offset. ERR_NOT_FOUND. */
enum err listing_seek(struct bytes value, unsigned from, unsigned *ret) MUST_CHECK;

#endif
