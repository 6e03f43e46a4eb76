/* What the machine may read: a key-value view of state, and which record ids are in the ledger. A host gives one over a store snapshot
 * (node/state_view.h), a test over an array; overlay.h puts uncommitted writes in front of any of them. */
#ifndef QIZHENG_CONTRACTS_VIEW_H
#define QIZHENG_CONTRACTS_VIEW_H

#include "ledger/base/bytes.h"
#include "ledger/record/record.h"

struct view {
    void *ctx;
    /* Replaces what *ret holds. ERR_NOT_FOUND, or the host's errors. */
    enum err (*get)(void *ctx, struct bytes key, struct buf *ret);
    /* Index of a record. ERR_NOT_FOUND. */
    enum err (*find)(void *ctx, const uint8_t id[RECORD_ID_LEN], uint64_t *ret_index);
    /* each(arg, key, value) in key order over keys with that prefix until it returns false. */
    enum err (*scan)(void *ctx, struct bytes prefix,
                     bool (*each)(void *arg, struct bytes key, struct bytes value), void *arg);
};

#endif
