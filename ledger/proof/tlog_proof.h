/* C2SP tlog-proof v1: an inclusion proof and the checkpoint it leads to, as text.
 *
 *   c2sp.org/tlog-proof@v1\n [extra <base64>\n] index <N>\n (<base64 hash>\n)* \n <signed checkpoint> */
#ifndef QIZHENG_PROOF_TLOG_PROOF_H
#define QIZHENG_PROOF_TLOG_PROOF_H

#include "ledger/proof/merkle.h"

struct tlog_proof {
    uint64_t index;
    struct merkle_proof proof;
    struct bytes checkpoint; /* the signed note verbatim; borrowed */
};

/* Strict. `extra` is read and ignored. ERR_RECEIPT. */
enum err tlog_proof_parse(struct bytes text, struct tlog_proof *ret,
                          struct problem *ret_why) MUST_CHECK;
enum err tlog_proof_format(uint64_t index, const struct merkle_proof *proof,
                           struct bytes checkpoint, struct buf *out) MUST_CHECK;

/* The lines that tlog-proof and tlog-witness share: at most LIMIT_PROOF_HASHES base64 hashes, one a line, and an empty line, which is
 * cut off *text too. refusal: the error to give; *ret is scratch then. */
enum err tlog_proof_hashes_parse(struct bytes *text, enum err refusal, struct merkle_proof *ret,
                                 struct problem *ret_why) MUST_CHECK;
enum err tlog_proof_hashes_format(const struct merkle_proof *proof, struct buf *out) MUST_CHECK;

#endif
