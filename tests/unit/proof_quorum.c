/* The quorum's arithmetic, against its definition by sets. */
#include "ledger/proof/quorum.h"

#include <criterion/criterion.h>

Test(proof_quorum, quorum_has_the_values_that_the_design_names) {
    const struct quorum want[] = {{1, 0, 1, 0}, {2, 0, 2, 1}, {3, 0, 2, 0}, {4, 1, 3, 1},
                                  {5, 1, 4, 2}, {6, 1, 4, 1}, {7, 2, 5, 2}, {10, 3, 7, 3}};
    for (size_t i = 0; i < sizeof want / sizeof *want; i++) {
        struct quorum quorum = quorum_of(want[i].n);
        cr_assert(quorum.n == want[i].n && quorum.f == want[i].f);
        cr_assert(quorum.q == want[i].q && quorum.liars_survived == want[i].liars_survived,
                  "n = %u", want[i].n);
    }
}

/* q is the smallest number such that two sets of q nodes share more than f, and such that the n - f honest ones can still meet it. */
Test(proof_quorum, quorum_is_the_smallest_safe_one_and_can_be_met_without_f_nodes) {
    for (unsigned n = 1; n <= 1000; n++) {
        struct quorum quorum = quorum_of(n);
        cr_assert(3 * quorum.f < n && 3 * (quorum.f + 1) >= n);
        cr_assert(2 * quorum.q > n + quorum.f, "n = %u: two quorums share too few", n);
        cr_assert(2 * (quorum.q - 1) <= n + quorum.f, "n = %u: a smaller one would do", n);
        cr_assert(quorum.q <= n - quorum.f, "n = %u: f silent nodes stop it", n);
        cr_assert(quorum.liars_survived >= quorum.f && quorum.liars_survived < quorum.q);
    }
}

/* Every pair of quorums of up to 10 nodes: the smallest overlap is one more than what is survived. */
Test(proof_quorum, liars_survived_is_one_less_than_the_smallest_overlap_of_two_quorums) {
    for (unsigned n = 1; n <= 10; n++) {
        struct quorum quorum = quorum_of(n);
        int smallest = (int)n;
        for (unsigned a = 0; a < 1u << n; a++) {
            if (__builtin_popcount(a) != (int)quorum.q) continue;
            for (unsigned b = 0; b < 1u << n; b++) {
                int overlap = __builtin_popcount(a & b);
                if (__builtin_popcount(b) == (int)quorum.q && overlap < smallest)
                    smallest = overlap;
            }
        }
        cr_assert(smallest == (int)quorum.liars_survived + 1, "n = %u", n);
    }
}
