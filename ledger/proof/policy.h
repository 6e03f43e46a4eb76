/* Verifier policy (C2SP tlog-policy): which log keys are trusted and which cosignatures are enough.
 *
 *   log <vkey> [url]    witness <name> <vkey> [url]    group <name> all|any|<k> <member>...    quorum <name>|none
 *
 * Names are defined before use, each used at most once as a member. Lines that begin with # are comments. A checkpoint meets the policy when at least one listed
 * log key signed it and the quorum holds; a listed key whose line fails rejects it. */
#ifndef QIZHENG_PROOF_POLICY_H
#define QIZHENG_PROOF_POLICY_H

#include "ledger/proof/checkpoint.h"

struct policy; /* owned, policy_done */

/* ERR_POLICY with line number and reason; ERR_TOO_LARGE. */
enum err policy_parse(struct bytes text, struct policy **ret, struct problem *ret_why) MUST_CHECK;
void policy_done(struct policy *policy);

struct policy_signer {
    const char *name; /* witness name in the policy; borrowed from it */
    const struct vkey *vkey;
    uint64_t time_s;
};

/* What policy_check found out, also where it failed. */
struct policy_result {
    struct checkpoint checkpoint; /* borrows from the note's raw bytes */
    bool log_signed;
    bool quorum_met;
    unsigned n,
        q; /* of the group that the quorum names, where that is a plain k-of-n; n = number of witnesses under it otherwise */
    struct policy_signer
        *signers; /* owned; cosigners under the quorum whose line verified, in policy order */
    size_t signer_count;
};

/* raw: a signed note. ERR_NOTE ERR_CHECKPOINT ERR_SIGNATURE_INVALID ERR_POLICY (not met); *ret is filled as far as it went and
 * always needs policy_result_done. */
enum err policy_check(const struct policy *policy, struct bytes raw, struct policy_result *ret,
                      struct problem *ret_why) MUST_CHECK;
void policy_result_done(struct policy_result *result);
size_t policy_log_count(const struct policy *policy);
const struct vkey *policy_log(const struct policy *policy, size_t index);

/* Writes ours: one `log` per node, `witness` per node, `group nodes <q> ...`, `quorum nodes`, with `# sizes from to|-`. own: index of the node whose log line comes first. */
enum err policy_format(const struct vkey *logs, const struct vkey *cosigners, size_t count,
                       size_t own, struct buf *out) MUST_CHECK;

#endif
