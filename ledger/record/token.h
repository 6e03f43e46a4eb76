/* Access tokens: a short-lived JWT (RFC 7519) that a participant signs with its own key, for one request to one node (FORMATS.md section 6).
 *
 *   header  exactly alg, kid, typ = qizheng-auth+jwt: a record never passes for a token, nor a token for a record
 *   iss     participant id             aud  name of the node          jti  base64url of 16 random bytes or more, used once
 *   iat     seconds                    exp  seconds, at most 300 after iat
 *   htm     method                     htu  the request's path, or its whole URI: RFC 9449 section 4.3 "ignoring any query and fragment parts", and scheme and host too,
 *                                           which a node behind a proxy does not know; aud says which node is meant
 *   purpose why: one word of lower-case letters, digits and hyphens, which the node logs ("court-case")
 *   body    base64url SHA-256 of the request's body, where it has one
 *
 * Other claims are ignored, as RFC 7519 section 4 says, but for nbf, which is obeyed. token_parse checks form, token_check everything that needs no registry; the signature is the caller's (contracts/issuer.h), and so is that a
 * jti comes once (token_digest). No reason repeats what a token says. */
#ifndef QIZHENG_RECORD_TOKEN_H
#define QIZHENG_RECORD_TOKEN_H

#include "ledger/base/limits.h"
#include "ledger/record/jws.h"

#define TOKEN_TYP "qizheng-auth+jwt"
#define TOKEN_LIFE_MAX_S 300
#define TOKEN_AHEAD_S                                                                              \
    2 /* the signer's clock may be this much before the node's; as between nodes */

struct token {
    struct jws jws; /* borrows from the text and the arena */
    char iss[LIMIT_ID + 1];
    int64_t iat, exp, nbf;                    /* nbf: iat where there is none */
    struct bytes aud, jti, htm, htu, purpose; /* in the arena */
    bool has_body;
    uint8_t body[32];
};

/* What a token must have been made for. */
struct token_request {
    struct bytes node;           /* name */
    struct bytes method;         /* as sent: HEAD is not GET */
    struct bytes path;           /* as sent, without the query */
    struct bytes body;           /* empty where there is none */
    uint64_t now_ms, started_ms; /* the node's clock, and when it started */
};

/* arena: room for twice the text. ERR_TOKEN_INVALID, ERR_NO_MEMORY. */
enum err token_parse(struct bytes compact, struct arena *arena, struct token *ret,
                     struct problem *ret_why) MUST_CHECK;
/* ERR_TOKEN_INVALID: for another node, method, path or body, or from the future. ERR_TOKEN_EXPIRED: past exp, or made before the node could have known whether it was
 * used: up to TOKEN_AHEAD_S after its start. */
enum err token_check(const struct token *token, const struct token_request *request,
                     struct problem *ret_why) MUST_CHECK;
/* Stands for this token's jti of this issuer: SHA-256. */
void token_digest(const struct token *token, uint8_t ret[32]);

/* Appends a token. jti: from the system's randomness. life_s: 1 to TOKEN_LIFE_MAX_S. body: empty where the request has none. ERR_REQUEST where a text is not of the form
 * above. */
struct token_make {
    const char *iss, *node, *method, *path, *purpose;
    struct bytes body;
    int64_t now_s, life_s;
    uint8_t jti[LIMIT_JTI_MIN];
};
enum err token_sign(const struct key_secret *key, const struct token_make *make,
                    struct buf *out) MUST_CHECK;

#endif
