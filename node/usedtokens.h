/* Which access tokens were used: a bounded set of digests, each kept until its token has expired. Any thread.
 *
 * It lives in memory: a token from before the start is refused by its time alone (ledger/record/token.h). A full set refuses new tokens rather than forget one that
 * could be used again; one participant fills an eighth of it at most, so that it refuses itself alone. */
#ifndef QIZHENG_NODE_USEDTOKENS_H
#define QIZHENG_NODE_USEDTOKENS_H

#include "ledger/base/bytes.h"

struct usedtokens;

enum err usedtokens_open(struct usedtokens **ret) MUST_CHECK;
void usedtokens_close(struct usedtokens *used); /* accepts NULL */
/* *ret_first: the digest was not there. It stays at least until a second after exp_s, since the caller judged the token at an earlier moment than now_s. ERR_RATE where
 * LIMIT_TOKENS_USED are held, or LIMIT_TOKENS_ISSUER of that issuer; ERR_TOKEN_EXPIRED where exp_s is so long ago that the digest may have been here and gone. */
enum err usedtokens_add(struct usedtokens *used, const char *issuer, const uint8_t digest[32],
                        int64_t now_s, int64_t exp_s, bool *ret_first) MUST_CHECK;

#endif
