/* Where tests make a durable step fail. In production the pointer stays NULL.
 *
 * Each durable step asks twice. An error from the question `before` makes the step fail undone; an error from the question after it makes
 * the step fail although it was persisted (a disk that lost its answer, a crash behind the write).
 *
 *   segment_append  one body written   segment_sync  bodies on disk   segment_cut  a tail cut off
 *   kv_write        one LevelDB batch  lastsigned_put  one slot on disk
 *   tagbudget_put   one slot on disk
 *
 * Set it before threads start. */
#ifndef QIZHENG_STORE_FAULT_H
#define QIZHENG_STORE_FAULT_H

#include "ledger/base/err.h"

extern enum err (*store_fault)(const char *step, bool before);

/* ERR_OK where no test has set the pointer. */
enum err fault_before(const char *step) MUST_CHECK;
enum err fault_after(const char *step) MUST_CHECK;

#endif
