/* How many of n nodes make a statement final, and what that claims (ARCHITECTURE.md section 5).
 *
 *   f = floor((n-1)/3)   q = floor((n+f)/2) + 1        n=1: 1, n=3: 2, n=4: 3, n=7: 5
 *   two conflicting final checkpoints need more than 2q-n-1 lying nodes */
#ifndef QIZHENG_PROOF_QUORUM_H
#define QIZHENG_PROOF_QUORUM_H

struct quorum {
    unsigned n; /* nodes, at least 1 */
    unsigned f;
    unsigned q;
    unsigned liars_survived; /* 2q - n - 1 */
};

struct quorum quorum_of(unsigned n);

#endif
