/* A compact JWS out of fuzz input: as it is, or where it begins with a brace put together from two lines of JSON, header and payload, with a signature by nobody, so that
 * the fuzzer need not find its way through base64. */
#ifndef QIZHENG_FUZZ_COMPACT_H
#define QIZHENG_FUZZ_COMPACT_H

#include "tests/fuzz/lib/fuzz.h"

#include "ledger/base/text.h"
#include "ledger/crypto/key.h"

#define FUZZ_COMPACT_MAX (4 * LIMIT_RECORD_PRESENTED)

/* The caller frees *ret with buf_done. */
static inline void fuzz_compact(struct bytes in, struct buf *ret) {
    uint8_t sig[KEY_SIG_LEN];
    buf_init(ret, FUZZ_COMPACT_MAX);
    if (!bytes_starts(in, "{")) {
        FUZZ_CHECK(buf_add(ret, in) == ERR_OK);
        return;
    }
    struct bytes header = fuzz_cut(&in, '\n');
    memset(sig, 1, sizeof sig);
    FUZZ_CHECK(base64url_encode(header, ret) == ERR_OK);
    FUZZ_CHECK(buf_add_byte(ret, '.') == ERR_OK);
    FUZZ_CHECK(base64url_encode(in, ret) == ERR_OK);
    FUZZ_CHECK(buf_add_byte(ret, '.') == ERR_OK);
    FUZZ_CHECK(base64url_encode(bytes_of(sig, sizeof sig), ret) == ERR_OK);
}

#endif
