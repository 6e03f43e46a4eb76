/* Two signed checkpoints: do they prove that somebody lied? (ARCHITECTURE.md section 5)
 *
 * Whoever signs a checkpoint says that the log of that origin, at that size, has that root and never takes back what it held. So one
 * key under two checkpoints of one origin has lied where
 *   - the sizes are equal and the roots differ; or
 *   - the sizes differ and hashes are given that build the larger checkpoint's root but, over the smaller size, another root than
 *     the smaller checkpoint's: then the larger tree does not begin with the smaller one.
 *
 * The hashes, base64, one a line: the consistency proof of RFC 9162 section 2.1.4 from the smaller size to the larger one, made from the
 * larger tree. Where the smaller size is a power of two, that proof leaves out the first subtree's hash, because the verifier is
 * assumed to have it in the smaller root; here it stands as the first line, for it is just what differs.
 *
 * A mere failing consistency proof shows nothing: anybody can write wrong hashes. Hashes that build a signed root cannot be made up.
 * Evidence is read kindly: a line that does not verify counts for nothing and spoils nothing, so nobody can void evidence against himself by
 * adding a line. */
#ifndef QIZHENG_PROOF_CONFLICT_H
#define QIZHENG_PROOF_CONFLICT_H

#include "ledger/proof/policy.h"

#define CONFLICT_NAME_LEN (LIMIT_VKEY_NAME + 1 + 8) /* key name, plus sign, key id in hex */

struct conflict {
    bool proven;
    char liars[LIMIT_NODES][CONFLICT_NAME_LEN + 1]; /* whose lie is proven; the first LIMIT_NODES */
    size_t liar_count;
    char reason[384];
    char reason_zh[384];
};

/* a, b: signed checkpoints, in any order. hashes: text as above, empty where there are none. keys: those whose signatures count, log keys
 * and cosigners alike. ERR_NOTE ERR_CHECKPOINT ERR_TOO_LARGE where a or b cannot be read, ERR_PROOF where hashes cannot (with the reason);
 * ERR_NO_MEMORY. Anything else is an answer. */
enum err conflict_check(struct bytes a, struct bytes b, struct bytes hashes,
                        const struct vkey *const *keys, size_t key_count, struct conflict *ret,
                        struct problem *ret_why) MUST_CHECK;
/* The same with every log and witness key that a policy names. */
enum err conflict_check_policy(struct bytes a, struct bytes b, struct bytes hashes,
                               const struct policy *policy, struct conflict *ret,
                               struct problem *ret_why) MUST_CHECK;

#endif
