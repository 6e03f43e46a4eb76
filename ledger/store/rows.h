/* State rows that hardly ever change and are read for nearly every record: parameters, rules, participants and their keys. Kept in memory beside a snapshot.
 *
 * One `struct rows` belongs to every snapshot between two commits that write a row of those kinds, so what it holds is true for each of them, and a row that it does not
 * hold is read from the database as ever. Entries are only added, each once and never changed, so readers need no lock; the whole is let go of with the last snapshot.
 *
 * Threads: any. References are counted. */
#ifndef QIZHENG_STORE_ROWS_H
#define QIZHENG_STORE_ROWS_H

#include "ledger/base/bytes.h"

struct rows;

struct rows *rows_new(void);               /* one reference; NULL without memory */
struct rows *rows_hold(struct rows *rows); /* one more; accepts NULL */
void rows_release(struct rows *rows);      /* accepts NULL */

/* ERR_OK: the value replaces what *ret_value holds. ERR_NOT_FOUND with *ret_known: there is no such row. ERR_NOT_FOUND without: nothing is known of it here. ERR_NO_MEMORY ERR_TOO_LARGE of the buffer. */
enum err rows_get(const struct rows *rows, struct bytes key, struct buf *ret_value,
                  bool *ret_known) MUST_CHECK;
/* value NULL: there is no such row. Copies; does nothing where there is no room for it. */
void rows_put(struct rows *rows, struct bytes key, const struct bytes *value);

#endif
