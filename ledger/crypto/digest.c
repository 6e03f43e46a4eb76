/* See digest.h. */
#include "ledger/crypto/digest.h"

#include "ledger/crypto/sha256.h"
#include "ledger/crypto/sm3.h"

static const char *const names[DIGEST_ALG_COUNT] = {"sha-256", "sm3"};

const char *digest_name(enum digest_alg alg) {
    return names[alg];
}

bool digest_from_name(struct bytes name, enum digest_alg *ret) {
    for (unsigned i = 0; i < DIGEST_ALG_COUNT; i++) {
        if (!bytes_is(name, names[i])) continue;
        *ret = (enum digest_alg)i;
        return true;
    }
    return false;
}

void digest(enum digest_alg alg, struct bytes in, uint8_t ret[DIGEST_LEN]) {
    if (alg == DIGEST_SM3)
        sm3(in, ret);
    else
        sha256(in, ret);
}
