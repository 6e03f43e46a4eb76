/* SHA-256 (FIPS 180-4) through OpenSSL EVP, the algorithm fetched once and one context reused per thread. */
#ifndef QIZHENG_CRYPTO_SHA256_H
#define QIZHENG_CRYPTO_SHA256_H

#include "ledger/base/bytes.h"

#define SHA256_LEN 32

/* One call. Asserts that OpenSSL can hash at all. */
void sha256(struct bytes in, uint8_t ret[SHA256_LEN]);
/* Over two or three parts without joining them; a part may be empty. */
void sha256_parts(const struct bytes *parts, size_t count, uint8_t ret[SHA256_LEN]);

/* Incremental, for files. */
struct sha256_stream; /* owned by the caller, freed by sha256_stream_done */
enum err sha256_stream_init(struct sha256_stream **ret) MUST_CHECK;
void sha256_stream_add(struct sha256_stream *stream, struct bytes in);
void sha256_stream_end(struct sha256_stream *stream, uint8_t ret[SHA256_LEN]);
void sha256_stream_done(struct sha256_stream *stream); /* accepts NULL */

#endif
