/* Key binding (RFC 9901 sections 4.3 and 7.3): the holder of a record shows that a presentation is its own, made for one verifier and one occasion.
 *
 * A presentation with key binding is `<issuer JWS>~<disclosure>~...~<KB-JWT>`. The KB-JWT has the header {alg, typ = kb+jwt} and the claims `iat`, `aud`,
 * `nonce` and `sd_hash`, and is signed with the key that the record names in `cnf`. Its digest covers the presented text, so nobody can drop or add a
 * disclosure behind the holder's back; audience and nonce, which the verifier chose, keep it from being shown again to another, or twice.
 *
 * Happy path: keybinding_sign makes it; sdjwt_cut takes it off; keybinding_read checks what the presentation alone can tell (form, signature, digest), and
 * keybinding_meets what only the verifier knows (its name, its nonce, its clock). A presentation is bound where both say so. Pure: no clock. */
#ifndef QIZHENG_RECORD_KEYBINDING_H
#define QIZHENG_RECORD_KEYBINDING_H

#include "ledger/record/record.h"

#define KEYBINDING_TYP "kb+jwt"
#define KEYBINDING_AHEAD_S 300 /* iat may be this much after the verifier's clock: clocks differ */

struct keybinding {
    char aud[LIMIT_AUDIENCE + 1];
    char nonce[LIMIT_AUDIENCE + 1];
    int64_t iat;           /* seconds since 1970 UTC */
    bool has_nbf, has_exp; /* RFC 7519 section 4.1, where a holder's program puts them */
    int64_t nbf, exp;
    char kid[KEY_KID_LEN + 1]; /* thumbprint of the key that signed: the record's cnf */
};

/* What a verifier asks for. audience and nonce: what the KB-JWT must say, letter for letter. */
struct keybinding_demand {
    const char *audience, *nonce;
    int64_t now_s;     /* the verifier's clock, seconds since 1970 UTC; 0: times are not judged */
    int64_t max_age_s; /* how old iat may be; 0: of any age */
};

/* True where text can be an audience or a nonce: 1 to LIMIT_AUDIENCE bytes of UTF-8. */
bool keybinding_text_valid(const char *text);

/* Appends a KB-JWT for that presentation ("<jws>~d1~...~", with its last tilde). The caller sees to it that key is the record's cnf. ERR_REQUEST where aud or
 * nonce is not valid; ERR_NO_MEMORY and the key's errors. */
enum err keybinding_sign(const struct key_secret *key, struct bytes presentation, const char *aud,
                         const char *nonce, int64_t iat, struct buf *out) MUST_CHECK;

/* Whether kb is a KB-JWT by record's holder over that presentation. ERR_JWS, ERR_BASE64, ERR_MALFORMED_JSON, ERR_SCHEMA by form; ERR_NOT_FOUND where the record
 * has no cnf; ERR_ALG_MISMATCH, ERR_SIGNATURE_INVALID; ERR_DISCLOSURE where sd_hash is of another presentation; ERR_NO_MEMORY. */
enum err keybinding_read(struct bytes kb, struct bytes presentation, const struct record *record,
                         struct keybinding *ret, struct problem *ret_why) MUST_CHECK;

/* Whether it is what the verifier asked for. ERR_AUDIENCE for another audience or nonce, ERR_WINDOW for a time outside the window. */
enum err keybinding_meets(const struct keybinding *binding, const struct keybinding_demand *demand,
                          struct problem *ret_why) MUST_CHECK;

#endif
