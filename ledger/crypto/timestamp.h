/* Timestamp tokens (RFC 3161) checked off line, through OpenSSL's TS functions.
 *
 * A token is a timestamp authority's signed statement that some digest existed at its time. Here it counts when
 *   - its imprint is the SHA-256 or SM3 of the data (no other algorithm is accepted);
 *   - its signature verifies, by a certificate for time stamping alone (RFC 3161 section 2.3) that the token names by its hash;
 *   - that certificate leads to one of the given anchors, judged at the token's own time: there is no clock here, and a token does not
 *     lose its force when the certificate runs out. Revocation is not asked for, which takes a network.
 * Authorities that sign with SM2 are beyond OpenSSL 3.0's TS functions and are refused. */
#ifndef QIZHENG_CRYPTO_TIMESTAMP_H
#define QIZHENG_CRYPTO_TIMESTAMP_H

#include "ledger/base/bytes.h"

struct timestamp_anchors;

/* One or more certificates in PEM: roots, or any certificate on the way, the authority's own too. ERR_KEY where there is none, or one
 * cannot be read; ERR_NO_MEMORY. */
enum err timestamp_anchors_parse(struct bytes pem, struct timestamp_anchors **ret) MUST_CHECK;
void timestamp_anchors_done(struct timestamp_anchors *anchors); /* accepts NULL */

/* token: DER of a TimeStampToken (CMS SignedData), nothing behind it. *ret_time_s: seconds since 1970 by which the data existed,
 * the token's time and its stated accuracy added, rounded up. ERR_PROOF with a reason, ERR_NO_MEMORY. */
enum err timestamp_verify(struct bytes token, struct bytes data,
                          const struct timestamp_anchors *anchors, uint64_t *ret_time_s,
                          struct problem *ret_why) MUST_CHECK;

#endif
