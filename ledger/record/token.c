/* See token.h. What a reason says is ours and never the token's: whoever holds a token's text may use it. */
#include "ledger/record/token.h"

#include "ledger/base/text.h"
#include "ledger/crypto/sha256.h"
#include "ledger/record/participant.h"
#include "ledger/record/record.h"
#include "ledger/record/tag.h"

#include <string.h>

/* -- form -- */

static enum err invalid(struct problem *ret_why, const char *claim, const char *form) {
    return problem_set(ret_why, ERR_TOKEN_INVALID, "The token's %s must be %s.", claim, form);
}

/* A text claim, copied: the payload's JSON does not outlive the parse. */
static enum err text_take(const struct json *payload, const char *name, struct arena *arena,
                          struct bytes *ret, struct problem *ret_why) {
    struct bytes text = json_text_bytes(json_member(payload, name));
    if (text.len == 0) return invalid(ret_why, name, "a text that is not empty");
    *ret = arena_copy(arena, text);
    return ret->data ? ERR_OK : ERR_NO_MEMORY;
}

static enum err iss_take(const struct json *payload, struct token *ret, struct problem *ret_why) {
    struct bytes iss = json_text_bytes(json_member(payload, "iss"));
    if (!participant_id_valid(iss)) return invalid(ret_why, "iss", "a participant id");
    memcpy(ret->iss, iss.data, iss.len);
    return ERR_OK;
}

static enum err times_take(const struct json *payload, struct token *ret, struct problem *ret_why) {
    if (!json_int(json_member(payload, "iat"), &ret->iat) || ret->iat < 0) {
        return invalid(ret_why, "iat", "seconds since 1970");
    }
    if (!json_int(json_member(payload, "exp"), &ret->exp) || ret->exp <= ret->iat ||
        ret->exp - ret->iat > TOKEN_LIFE_MAX_S) {
        return invalid(ret_why, "exp", "1 to 300 seconds after iat");
    }
    const struct json *nbf = json_member(payload, "nbf");
    ret->nbf = ret->iat;
    if (nbf && !json_int(nbf, &ret->nbf)) return invalid(ret_why, "nbf", "seconds since 1970");
    return ERR_OK;
}

static enum err jti_check(struct bytes jti, struct problem *ret_why) {
    struct buf raw;
    buf_init(&raw, 64);
    enum err err = base64url_decode(jti, &raw);
    bool good = !err && raw.len >= LIMIT_JTI_MIN;
    buf_done(&raw);
    if (err == ERR_NO_MEMORY) return err;
    return good ? ERR_OK : invalid(ret_why, "jti", "base64url of 16 to 64 random bytes");
}

static bool purpose_valid(struct bytes purpose) {
    return tag_word_valid(purpose) && !record_holds_resident_id(purpose);
}

static enum err body_take(const struct json *payload, struct token *ret, struct problem *ret_why) {
    const struct json *body = json_member(payload, "body");
    ret->has_body = body != NULL;
    if (!body || !base64url_decode_fixed(json_text_bytes(body), ret->body, sizeof ret->body)) {
        return ERR_OK;
    }
    return invalid(ret_why, "body", "the SHA-256 of the request's body in base64url");
}

static enum err claims_take(const struct json *payload, struct arena *arena, struct token *ret,
                            struct problem *ret_why) {
    enum err err = iss_take(payload, ret, ret_why);
    if (!err) err = times_take(payload, ret, ret_why);
    if (!err) err = text_take(payload, "aud", arena, &ret->aud, ret_why);
    if (!err) err = text_take(payload, "jti", arena, &ret->jti, ret_why);
    if (!err) err = jti_check(ret->jti, ret_why);
    if (!err) err = text_take(payload, "htm", arena, &ret->htm, ret_why);
    if (!err) err = text_take(payload, "htu", arena, &ret->htu, ret_why);
    if (!err) err = text_take(payload, "purpose", arena, &ret->purpose, ret_why);
    if (!err && !purpose_valid(ret->purpose)) {
        return invalid(ret_why, "purpose",
                       "one word that says why: a lower-case letter, then letters, digits and "
                       "hyphens, at most 31");
    }
    return err ? err : body_take(payload, ret, ret_why);
}

static enum err payload_take(struct bytes text, struct arena *arena, struct token *ret,
                             struct problem *ret_why) {
    struct json *payload = NULL;
    struct problem why;
    enum err err = json_parse(text, &payload, &why);
    if (err == ERR_NO_MEMORY) return err;
    if (err) return problem_set(ret_why, ERR_TOKEN_INVALID, "The token's claims: %s", why.detail);
    err = claims_take(payload, arena, ret, ret_why);
    json_done(payload);
    return err;
}

enum err token_parse(struct bytes compact, struct arena *arena, struct token *ret,
                     struct problem *ret_why) {
    struct token token;
    struct problem why;
    memset(&token, 0, sizeof token);
    if (compact.len > LIMIT_TOKEN) {
        return problem_set(ret_why, ERR_TOKEN_INVALID, "A token may take %d bytes.", LIMIT_TOKEN);
    }
    enum err err = jws_split(compact, arena, &token.jws, &why);
    if (err == ERR_NO_MEMORY) return err;
    if (err) return problem_set(ret_why, ERR_TOKEN_INVALID, "The token: %s", why.detail);
    if (strcmp(token.jws.typ, TOKEN_TYP) != 0) {
        return problem_set(ret_why, ERR_TOKEN_INVALID, "The token's typ must be " TOKEN_TYP ".");
    }
    err = payload_take(token.jws.payload, arena, &token, ret_why);
    if (!err) *ret = token;
    return err;
}

/* -- what it was made for -- */

/* The path of a URI: what stands between the authority and '?' or '#'. A path alone is one, too. */
static struct bytes uri_path(struct bytes uri) {
    size_t from = 0;
    if (bytes_starts(uri, "https://")) from = strlen("https://");
    if (bytes_starts(uri, "http://")) from = strlen("http://");
    if (from) from = bytes_find(uri, '/', from);
    struct bytes path = bytes_slice(uri, from, uri.len);
    path = bytes_slice(path, 0, bytes_find(path, '?', 0));
    return bytes_slice(path, 0, bytes_find(path, '#', 0));
}

static enum err target_check(const struct token *token, const struct token_request *request,
                             struct problem *ret_why) {
    uint8_t digest[32];
    if (!bytes_equal(token->aud, request->node)) return invalid(ret_why, "aud", "this node's name");
    if (!bytes_equal(token->htm, request->method)) return invalid(ret_why, "htm", "this method");
    if (!bytes_equal(uri_path(token->htu), request->path)) {
        return invalid(ret_why, "htu", "the path of this request");
    }
    if (request->body.len == 0 && !token->has_body) return ERR_OK;
    sha256(request->body, digest);
    if (token->has_body && memcmp(digest, token->body, sizeof digest) == 0) return ERR_OK;
    return invalid(ret_why, "body", "the SHA-256 of this request's body in base64url");
}

/* A token that was used before the node stopped had an iat of at most that moment and TOKEN_AHEAD_S; which ones those were is forgotten. */
static enum err time_check(const struct token *token, const struct token_request *request,
                           struct problem *ret_why) {
    int64_t now = (int64_t)(request->now_ms / 1000),
            started = (int64_t)(request->started_ms / 1000);
    if (token->iat > now + TOKEN_AHEAD_S || token->nbf > now + TOKEN_AHEAD_S) {
        return problem_set(ret_why, ERR_TOKEN_INVALID,
                           "The token is from the future; check the clock of its signer.");
    }
    if (token->exp <= now) {
        return problem_set(ret_why, ERR_TOKEN_EXPIRED, "The token has expired; make a new one.");
    }
    if (token->iat > started + TOKEN_AHEAD_S) return ERR_OK;
    return problem_set(
        ret_why, ERR_TOKEN_EXPIRED,
        "The token is older than this node's start, or by at most %d seconds younger; "
        "make a new one, %d seconds after the start.",
        TOKEN_AHEAD_S, TOKEN_AHEAD_S + 1);
}

enum err token_check(const struct token *token, const struct token_request *request,
                     struct problem *ret_why) {
    enum err err = target_check(token, request, ret_why);
    return err ? err : time_check(token, request, ret_why);
}

void token_digest(const struct token *token, uint8_t ret[32]) {
    const struct bytes parts[] = {bytes_text(token->iss), bytes_of("\n", 1), token->jti};
    sha256_parts(parts, sizeof parts / sizeof parts[0], ret);
}

/* -- making one -- */

static enum err put_base64url(struct json *object, const char *name, struct bytes value) {
    char text[64];
    base64url_write(value, text);
    return json_put_text(object, name, text);
}

static enum err claims_put(const struct token_make *make, struct json *claims) {
    uint8_t digest[32];
    enum err err = json_put_text(claims, "iss", make->iss);
    if (!err) err = json_put_text(claims, "aud", make->node);
    if (!err) err = json_put_int(claims, "iat", make->now_s);
    if (!err) err = json_put_int(claims, "exp", make->now_s + make->life_s);
    if (!err) err = put_base64url(claims, "jti", bytes_of(make->jti, sizeof make->jti));
    if (!err) err = json_put_text(claims, "htm", make->method);
    if (!err) err = json_put_text(claims, "htu", make->path);
    if (!err) err = json_put_text(claims, "purpose", make->purpose);
    if (err || make->body.len == 0) return err;
    sha256(make->body, digest);
    return put_base64url(claims, "body", bytes_of(digest, sizeof digest));
}

enum err token_sign(const struct key_secret *key, const struct token_make *make, struct buf *out) {
    if (!participant_id_valid(bytes_text(make->iss)) || !purpose_valid(bytes_text(make->purpose)) ||
        make->life_s < 1 || make->life_s > TOKEN_LIFE_MAX_S) {
        return ERR_REQUEST;
    }
    struct json *claims = json_new_object();
    struct buf text;
    buf_init(&text, LIMIT_TOKEN);
    enum err err = claims ? claims_put(make, claims) : ERR_NO_MEMORY;
    if (!err) err = json_format(claims, &text);
    if (!err) err = jws_sign(key, TOKEN_TYP, buf_bytes(&text), out);
    buf_done(&text);
    json_done(claims);
    return err;
}
