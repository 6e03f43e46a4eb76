/* Compact JWS (RFC 7515), strict, as a record uses it (FORMATS.md section 1).
 *
 * jws_split reads any compact JWS whose header has exactly `alg`, `kid` and `typ`; a caller that wants a record also
 * demands JWS_TYP_RECORD (each verifier demands its own typ: a token must never pass for a record).
 * Happy path: jws_split -> key found by kid -> jws_verify. The payload's JSON is not looked at here.
 *
 * A key-binding JWT (RFC 9901 section 4.3) names no key, since its key stands in the record: jws_split_bare reads those, whose header has exactly
 * `alg` and `typ`. Neither reader takes what is the other's.
 *
 * Canonical form: for ES256K and ES256 anyone can turn a valid signature (r, s) into (r, n-s) without the key, so the low one is
 * taken before anything is hashed, stored or returned. With strict base64url a signing input and a signature have one text. */
#ifndef QIZHENG_RECORD_JWS_H
#define QIZHENG_RECORD_JWS_H

#include "ledger/base/arena.h"
#include "ledger/base/json.h"
#include "ledger/crypto/key.h"

#define JWS_TYP_RECORD "qizheng-record+sd-jwt"

struct jws {
    enum key_alg alg;
    char kid[KEY_KID_LEN + 1]; /* empty from jws_split_bare */
    char typ[64];
    struct bytes signing_input; /* borrowed from the input: header "." payload */
    struct bytes payload;       /* decoded JSON text; in the arena */
    uint8_t sig[KEY_SIG_LEN];   /* normalised to low S */
    bool was_high_s;            /* the input's form was not canonical */
};

/* compact stays borrowed by *ret; the arena needs room for three quarters of it and is not emptied on failure.
 * ERR_JWS, ERR_BASE64, ERR_MALFORMED_JSON, ERR_TOO_LARGE (over LIMIT_RECORD), ERR_NO_MEMORY, with a reason. */
enum err jws_split(struct bytes compact, struct arena *arena, struct jws *ret,
                   struct problem *ret_why) MUST_CHECK;
/* The same for a header of exactly `alg` and `typ`. */
enum err jws_split_bare(struct bytes compact, struct arena *arena, struct jws *ret,
                        struct problem *ret_why) MUST_CHECK;
/* The kid in the header of a compact JWS, and nothing else of it: for those that are stored and were read whole before. Errors as of jws_split. */
enum err jws_kid(struct bytes compact, char ret[KEY_KID_LEN + 1],
                 struct problem *ret_why) MUST_CHECK;
/* ERR_ALG_MISMATCH where the key's algorithm or kid differs, ERR_SIGNATURE_INVALID. */
enum err jws_verify(const struct jws *jws, const struct key_public *key) MUST_CHECK;
/* For one from jws_split_bare, under the key that the caller found elsewhere. ERR_ALG_MISMATCH, ERR_SIGNATURE_INVALID. */
enum err jws_verify_bare(const struct jws *jws, const struct key_public *key) MUST_CHECK;
/* Appends the canonical compact form: signing input "." base64url(normalised signature). */
enum err jws_format(const struct jws *jws, struct buf *out) MUST_CHECK;
/* Appends the compact JWS of payload (JSON text, used as it is) under header {alg, kid, typ}, in canonical form. typ: at most 63
 * characters that need no JSON escape. ERR_TOO_LARGE over LIMIT_RECORD; nothing is appended on failure. */
enum err jws_sign(const struct key_secret *key, const char *typ, struct bytes payload,
                  struct buf *out) MUST_CHECK;
/* The same under header {alg, typ}. */
enum err jws_sign_bare(const struct key_secret *key, const char *typ, struct bytes payload,
                       struct buf *out) MUST_CHECK;

#endif
