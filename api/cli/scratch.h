/* Contract state grown again from the log, beside the stored one, to be compared with it row by row.
 *
 * It lives in a database of its own in a new directory that goes with it, so that a ledger of millions of records needs no more memory than a small one. */
#ifndef QIZHENG_API_CLI_SCRATCH_H
#define QIZHENG_API_CLI_SCRATCH_H

#include "contracts/machine.h"
#include "ledger/store/store.h"

struct scratch;

/* parent: the new directory is made in it. genesis and view are borrowed until the end. ERR_IO ERR_DISK_FULL ERR_NO_MEMORY. */
enum err scratch_open(const char *parent, const struct genesis *genesis, struct store_view *view,
                      struct scratch **ret, struct problem *ret_why) MUST_CHECK;
/* Closes it and removes its directory. Accepts NULL. */
void scratch_close(struct scratch *scratch);
/* The next leaf, as fsck_hooks.replay gives it. ERR_DIVERGED where the rules would not have taken it. */
enum err scratch_replay(struct scratch *scratch, uint64_t index, const uint8_t leaf[LEAF_LEN],
                        struct bytes body, struct problem *ret_why) MUST_CHECK;
/* Compares every row; report is called for the first of those that differ. *ret_count: how many differ. *ret_rows: how many there are. */
enum err scratch_compare(struct scratch *scratch, void (*report)(void *ctx, const char *what),
                         void *ctx, uint64_t *ret_rows, uint64_t *ret_count,
                         struct problem *ret_why) MUST_CHECK;

#endif
