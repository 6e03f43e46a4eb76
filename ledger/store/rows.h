/* Rows kept in memory beside snapshots for which all of them are true (store_impl.h): state that hardly ever changes and is read for nearly every record, and the tiles
 * that the proofs of one commit share.
 *
 * What is not held is read from the database as ever. Entries are only added, each once and never changed, so readers need no lock, and what they find stays as long as
 * the whole, which is let go of with the last snapshot.
 *
 * Threads: any. References are counted. */
#ifndef QIZHENG_STORE_ROWS_H
#define QIZHENG_STORE_ROWS_H

#include "ledger/base/bytes.h"

struct rows;

/* One reference. Places: a power of two. At most max_bytes are held. NULL without memory. */
struct rows *rows_new(size_t places, size_t max_bytes);
struct rows *rows_hold(struct rows *rows); /* one more; accepts NULL */
void rows_release(struct rows *rows);      /* accepts NULL */

/* True where something is known of that row: its value, borrowed from rows, or *ret_absent. */
bool rows_find(const struct rows *rows, struct bytes key, struct bytes *ret_value,
               bool *ret_absent);
/* value NULL: there is no such row. Copies; does nothing where there is no room for it. */
void rows_put(struct rows *rows, struct bytes key, const struct bytes *value);
/* Calls each(arg, key, value) for every row held, value as for rows_put, until it returns false. What others put meanwhile may be left out. */
void rows_each(const struct rows *rows,
               bool (*each)(void *arg, struct bytes key, const struct bytes *value), void *arg);

#endif
