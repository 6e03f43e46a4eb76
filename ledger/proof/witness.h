/* The witness's decision (C2SP tlog-witness v1) as a pure function: request and state in, answer out. Who calls it reads the state, persists the
 * new one atomically and only then releases the cosignature. */
#ifndef QIZHENG_PROOF_WITNESS_H
#define QIZHENG_PROOF_WITNESS_H

#include "ledger/proof/checkpoint.h"

struct witness_request {
    uint64_t old_size;
    struct merkle_proof proof;
    struct note note;
    struct checkpoint checkpoint; /* borrows from the body */
};

/* body: "old <N>\n", up to 63 base64 hashes one a line, an empty line, the signed checkpoint; at most LIMIT_WITNESS_BODY bytes. ERR_REQUEST ERR_NOTE ERR_CHECKPOINT ERR_TOO_LARGE. */
enum err witness_request_parse(struct bytes body, struct witness_request *ret,
                               struct problem *ret_why) MUST_CHECK;
void witness_request_done(struct witness_request *request);
enum err witness_request_format(uint64_t old_size, const struct merkle_proof *proof,
                                struct bytes checkpoint, struct buf *out) MUST_CHECK;

/* The newest (size, root) this witness has cosigned for an origin; size 0 and the empty root before the first. */
struct witness_state {
    uint64_t size;
    uint8_t root[HASH_LEN];
};

enum witness_answer {
    WITNESS_COSIGN,        /* 200: persist the new state, then cosign */
    WITNESS_MALFORMED,     /* 400: old size above the checkpoint's */
    WITNESS_UNTRUSTED,     /* 403: no signature by a trusted key of that origin, or a false one */
    WITNESS_SIZE_CONFLICT, /* 409, text/x.tlog.size with the known size */
    WITNESS_ROOT_CONFLICT, /* 409: same size, another root: evidence that the log lied */
    WITNESS_BAD_PROOF,     /* 422 */
};

/* keys: the trusted log keys of the request's origin. *ret_state is written only with WITNESS_COSIGN. */
enum witness_answer witness_decide(const struct witness_request *request, const struct vkey *keys,
                                   size_t key_count, const struct witness_state *state,
                                   struct witness_state *ret_state);
int witness_status(enum witness_answer answer); /* HTTP status */

#endif
