/* The digests a document may be named by: `sha-256` and `sm3` (FORMATS.md section 1, claim `doc`). */
#ifndef QIZHENG_CRYPTO_DIGEST_H
#define QIZHENG_CRYPTO_DIGEST_H

#include "ledger/base/bytes.h"

#define DIGEST_LEN 32 /* both */

enum digest_alg {
    DIGEST_SHA256,
    DIGEST_SM3,
    DIGEST_ALG_COUNT
}; /* values are stored: never renumber */

const char *digest_name(enum digest_alg alg); /* "sha-256" */
bool digest_from_name(struct bytes name, enum digest_alg *ret);
void digest(enum digest_alg alg, struct bytes in, uint8_t ret[DIGEST_LEN]);

#endif
