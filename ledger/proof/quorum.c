/* How many cosignatures are enough. See quorum.h and ARCHITECTURE.md section 5.
 *
 * Two sets of q out of n nodes share at least 2q - n of them. Both can only sign conflicting statements if all that they
 * share lie, so 2q - n - 1 lying nodes are survived. */
#include "ledger/proof/quorum.h"

#include <assert.h>

struct quorum quorum_of(unsigned n) {
    assert(n >= 1);
    unsigned f = (n - 1) / 3;
    unsigned q = (n + f) / 2 + 1;
    assert(q <= n && 2 * q > n);
    return (struct quorum){.n = n, .f = f, .q = q, .liars_survived = 2 * q - n - 1};
}
