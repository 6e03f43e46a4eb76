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

/* To the letter of the standard, UTF-8 not required. Limits: LIMIT_POLICY bytes, LIMIT_POLICY_NAMES logs, as many witnesses and groups together.
 * ERR_POLICY with line number and reason (which never repeats the text); ERR_TOO_LARGE ERR_NO_MEMORY. text is not kept. */
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
    bool plain; /* the quorum is a witness, `none`, or a group of witnesses alone: k of n */
    unsigned n; /* witnesses under the quorum */
    unsigned q; /* the least number of them that can meet it; k where plain; 0 with `none` */
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
/* Every witness that the policy names, under the quorum or not. */
size_t policy_witness_count(const struct policy *policy);
const struct vkey *policy_witness(const struct policy *policy, size_t index);

/* Appends ours: one `log` per node, `witness node-<i>` per node, `group nodes <q> ...`, `quorum nodes`, and `# sizes 0 -` as a comment: protocol 1
 * has one node set, in force from the first size on. own: index of the node whose log line comes first; count: 1 to LIMIT_NODES. ERR_POLICY
 * where count or own is out of range. */
enum err policy_format(const struct vkey *logs, const struct vkey *cosigners, size_t count,
                       size_t own, struct buf *out) MUST_CHECK;

#endif
