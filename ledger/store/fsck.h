/* fsck: recompute everything from leaves and bodies, and say what differs.
 *
 * Checks: each body hashes to its leaf; leaf times never fall; tiles and root follow from the leaves; every index row follows from its record and no other
 * row exists; the head row; the stored checkpoint's size and root (its signatures are the verifier's business); segments hold what the rows say. Contract state is recomputed by the caller through
 * `replay`, since rules live right of here. Read-only. */
#ifndef QIZHENG_STORE_FSCK_H
#define QIZHENG_STORE_FSCK_H

#include "ledger/store/store.h"

struct fsck_hooks {
    void *ctx;
    /* Called for each leaf in order with its body; may be NULL. An error other than ERR_OK is reported as a finding and stops the replay only. */
    enum err (*replay)(void *ctx, uint64_t index, const uint8_t leaf[LEAF_LEN], struct bytes body,
                       struct problem *ret_why);
    void (*report)(void *ctx,
                   const char *what); /* one line for people for each thing that is wrong */
    void (*progress)(void *ctx, uint64_t done, uint64_t size); /* may be NULL */
};

struct fsck_result {
    uint64_t leaves, index_rows, tiles;
    uint64_t errors; /* 0: clean */
    uint8_t root[HASH_LEN];
};

/* ERR_IO ERR_NO_MEMORY where it could not look; what is wrong with the data is counted, not returned. */
enum err fsck(struct store *store, const struct fsck_hooks *hooks,
              struct fsck_result *ret) MUST_CHECK;

#endif
