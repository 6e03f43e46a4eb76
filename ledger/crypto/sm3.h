/* SM3 (GB/T 32905-2016) through OpenSSL EVP. */
#ifndef QIZHENG_CRYPTO_SM3_H
#define QIZHENG_CRYPTO_SM3_H

#include "ledger/base/bytes.h"

#define SM3_LEN 32

void sm3(struct bytes in, uint8_t ret[SM3_LEN]);

struct sm3_stream;
enum err sm3_stream_init(struct sm3_stream **ret) MUST_CHECK;
void sm3_stream_add(struct sm3_stream *stream, struct bytes in);
void sm3_stream_end(struct sm3_stream *stream, uint8_t ret[SM3_LEN]);
void sm3_stream_done(struct sm3_stream *stream); /* accepts NULL */

#endif
