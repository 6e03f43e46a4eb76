/* Text encodings, all strict: one input has one reading and one value has one text.
 *
 * hex is lower case on both sides. base64 is RFC 4648 section 4 with padding; base64url is section 5 without padding
 * (RFC 7515 section 2). Unused bits must be zero (RFC 4648 section 3.5), and no other character is skipped. */
#ifndef QIZHENG_BASE_TEXT_H
#define QIZHENG_BASE_TEXT_H

#include "ledger/base/bytes.h"

/* Writes 2*len characters and a NUL. */
void hex_encode(struct bytes in, char *out);
/* Exactly out_len bytes from 2*out_len lower-case digits. ERR_REQUEST otherwise. */
enum err hex_decode(struct bytes text, uint8_t *out, size_t out_len) MUST_CHECK;

size_t base64_encoded_len(size_t len);                                    /* with padding */
size_t base64url_encoded_len(size_t len);                                 /* without padding */
enum err base64_encode(struct bytes in, struct buf *out) MUST_CHECK;      /* appends */
enum err base64url_encode(struct bytes in, struct buf *out) MUST_CHECK;   /* appends */
enum err base64_decode(struct bytes text, struct buf *out) MUST_CHECK;    /* appends; ERR_BASE64 */
enum err base64url_decode(struct bytes text, struct buf *out) MUST_CHECK; /* appends; ERR_BASE64 */
/* Exactly out_len bytes, nothing allocated. ERR_BASE64. */
enum err base64_decode_fixed(struct bytes text, uint8_t *out, size_t out_len) MUST_CHECK;
enum err base64url_decode_fixed(struct bytes text, uint8_t *out, size_t out_len) MUST_CHECK;
/* Writes base64url_encoded_len(in.len) characters and a NUL. */
void base64url_write(struct bytes in, char *out);

/* RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF. */
bool utf8_valid(struct bytes text);

/* Decimal without sign, leading zero or space; at most 20 digits; ERR_REQUEST otherwise and on overflow. */
enum err decimal_parse(struct bytes text, uint64_t *ret) MUST_CHECK;

#endif
