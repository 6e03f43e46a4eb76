/* The cosigner: one thread that signs the heads this node has committed, and publishes a checkpoint once a quorum has signed it.
 *
 * Order of promises: applied on disk -> last-signed size persisted -> own signatures released -> quorum -> checkpoint published -> receipts.
 * With one node the quorum is this node (n = 1, q = 1) and the path is the same: the assembled note must meet the genesis' policy before it is published.
 * An idle node cosigns its head again every 30 s, so that a fresh time stands in the checkpoint.
 *
 * A full disk is waited for; whatever else fails is fatal, and who waits for an answer gets none.
 *
 * The last-signed file is guarded by a lock here, since /add-checkpoint for the own origin signs with the same key. */
#ifndef QIZHENG_NODE_COSIGNER_H
#define QIZHENG_NODE_COSIGNER_H

#include "ledger/crypto/nodekey.h"
#include "ledger/proof/policy.h"
#include "ledger/store/keyfile.h"
#include "node/published.h"
#include "node/submission.h"

#define COSIGN_IDLE_MS 30000

struct cosigner;

struct cosigner_options {
    struct store *store; /* borrowed, as all below */
    const struct genesis *genesis;
    const struct nodekey *keys;
    const struct vkey *log_vkey, *cosigner_vkey; /* of this node */
    const struct policy *policy;
    struct published *published;
    const char *keys_dir;
    struct lastsigned *lastsigned;
    const struct vkey *foreign; /* log keys of the origins that we witness */
    size_t foreign_count;
    void (*fatal)(void *ctx, enum err err, const struct problem *why);
    void *fatal_ctx;
};

/* A committed head and the submissions whose records it (or an earlier one) holds. */
struct cosign_job {
    uint64_t size;
    uint8_t root[HASH_LEN];
    struct submission *submissions; /* list; taken over */
};

/* Checks last-signed against the store (ERR_ROLLBACK, ERR_DIVERGED), opens the foreign states, starts the thread, which signs the current head at once. */
enum err cosigner_start(const struct cosigner_options *options, struct cosigner **ret,
                        struct problem *ret_why) MUST_CHECK;
/* Any thread but in order of size. */
void cosigner_push(struct cosigner *cosigner, struct cosign_job job);
/* The whole answer to POST /add-checkpoint: own origin or a foreign one. See api.h, cosign_add. Any thread. */
enum err cosigner_add(struct cosigner *cosigner, struct bytes body, int *ret_status,
                      uint64_t *ret_known_size, struct buf *ret_lines,
                      struct problem *ret_why) MUST_CHECK;
/* Ends the thread once it has signed and published what was pushed, or given it up where the disk stays full. cosigner_add still answers. Accepts NULL. */
void cosigner_join(struct cosigner *cosigner);
/* After cosigner_join, when no other thread knows the object any more. Accepts NULL. */
void cosigner_close(struct cosigner *cosigner);

#endif
