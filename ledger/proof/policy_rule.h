/* The inside of a policy, shared by its reader (policy.c) and its judge (policy_check.c); no other file includes this.
 *
 * C2SP tlog-policy: a name is defined before it is used and "can be listed as a group member at most once". So the witnesses and
 * groups form a forest in which every entry stands before the group that lists it: one pass in file order, each satisfied entry
 * adding one to its parent, evaluates any nesting without recursion. */
#ifndef QIZHENG_PROOF_POLICY_RULE_H
#define QIZHENG_PROOF_POLICY_RULE_H

#include "ledger/base/arena.h"
#include "ledger/proof/policy.h"

#define POLICY_NOWHERE SIZE_MAX

struct policy_entry {
    const char *name;        /* opaque octets, no NUL; in the arena */
    const struct vkey *vkey; /* a witness's, in the arena; NULL: a group */
    size_t parent; /* the group that lists it, always of a higher index; or POLICY_NOWHERE */
    size_t k, n;   /* a group: at least k of its n members */
};

struct policy {
    struct arena arena;
    const struct vkey *logs[LIMIT_POLICY_NAMES];
    size_t log_count;
    struct policy_entry entries[LIMIT_POLICY_NAMES]; /* in file order */
    size_t entry_count;
    bool has_quorum;
    size_t quorum; /* entry; POLICY_NOWHERE: `quorum none` */
};

#endif
