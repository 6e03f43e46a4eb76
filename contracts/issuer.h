/* Whether a signed text was signed by whom it names, under a key that the registry holds good at a time: records at ledger time, access tokens at a node's.
 *
 * Order of checks: key bound to that issuer -> issuer active -> key within its validity and not revoked -> algorithm -> signature. Decisions come from registry
 * rows through the view; only the parsed form of a key, which its kid is a hash of, may come from the machine's cache. */
#ifndef QIZHENG_CONTRACTS_ISSUER_H
#define QIZHENG_CONTRACTS_ISSUER_H

#include "contracts/machine.h"

struct issuer_claim {
    const struct machine *machine;
    struct view view;
    uint64_t time_ms; /* when the key must be good */
    const char *iss;
    const struct jws *jws;
    bool skip_signature; /* the host verified these very bytes under the key with this kid */
};

/* ERR_ISSUER_UNKNOWN ERR_ISSUER_SUSPENDED ERR_KEY_REVOKED ERR_ALG_MISMATCH ERR_SIGNATURE_INVALID with a reason; ERR_CORRUPT and the view's errors. */
enum err issuer_claim_check(const struct issuer_claim *claim, uint16_t *ret_roles,
                            struct problem *ret_why) MUST_CHECK;
/* The key is or was this issuer's and the signature is good, whatever became of either since. ERR_ISSUER_UNKNOWN ERR_SIGNATURE_INVALID (also where the algorithm is another). */
enum err issuer_claim_recognise(const struct issuer_claim *claim,
                                struct problem *ret_why) MUST_CHECK;

#endif
