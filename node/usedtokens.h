/* Which access tokens were used: a bounded set of digests, each kept until its token expires. Any thread.
 *
 * It lives in memory: a token from before the start is refused by its time alone (ledger/record/token.h). A full set refuses new tokens rather than forget one that
 * could be used again. */
#ifndef QIZHENG_NODE_USEDTOKENS_H
#define QIZHENG_NODE_USEDTOKENS_H

#include "ledger/base/bytes.h"

struct usedtokens;

enum err usedtokens_open(struct usedtokens **ret) MUST_CHECK;
void usedtokens_close(struct usedtokens *used); /* accepts NULL */
/* *ret_first: the digest was not there; it is kept while now_s < exp_s. ERR_RATE where LIMIT_TOKENS_USED are held. */
enum err usedtokens_add(struct usedtokens *used, const uint8_t digest[32], int64_t now_s,
                        int64_t exp_s, bool *ret_first) MUST_CHECK;

#endif
