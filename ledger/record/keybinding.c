/* See keybinding.h.
 *
 * Invariant: *ret of keybinding_read is written only after the signature under the record's own cnf verified and sd_hash matched. No reason repeats what the
 * KB-JWT says: a refused text may hold what must not be repeated. Claims beyond ours are ignored (RFC 7519 section 4), header members are not. */
#include "ledger/record/keybinding.h"

#include "ledger/base/text.h"
#include "ledger/crypto/sha256.h"

#include <string.h>

#define HASH_TEXT_LEN 43 /* base64url of 32 bytes */

/* RFC 9901 section 4.3.1: "The sd_hash value MUST be computed over the US-ASCII bytes of the encoded SD-JWT, i.e., the Issuer-signed JWT, a tilde character, and
 * zero or more Disclosures selected for presentation to the Verifier, each followed by a tilde character"; with the algorithm of _sd_alg, and that is sha-256
 * here, also where there is no _sd_alg. */
static void sd_hash(struct bytes presentation, char ret[HASH_TEXT_LEN + 1]) {
    uint8_t hash[SHA256_LEN];
    sha256(presentation, hash);
    base64url_write(bytes_of(hash, sizeof hash), ret);
}

bool keybinding_text_valid(const char *text) {
    size_t len = strlen(text);
    return len > 0 && len <= LIMIT_AUDIENCE && utf8_valid(bytes_of(text, len));
}

/* -- making -- */

static enum err claims_put(struct bytes presentation, const char *aud, const char *nonce,
                           int64_t iat, struct json *claims) {
    char hash[HASH_TEXT_LEN + 1];
    sd_hash(presentation, hash);
    enum err err = json_put_int(claims, "iat", iat);
    if (!err) err = json_put_text(claims, "aud", aud);
    if (!err) err = json_put_text(claims, "nonce", nonce);
    return err ? err : json_put_text(claims, "sd_hash", hash);
}

enum err keybinding_sign(const struct key_secret *key, struct bytes presentation, const char *aud,
                         const char *nonce, int64_t iat, struct buf *out) {
    struct buf payload;
    if (!keybinding_text_valid(aud) || !keybinding_text_valid(nonce)) return ERR_REQUEST;
    struct json *claims = json_new_object();
    buf_init(&payload, LIMIT_RECORD);
    enum err err = claims ? claims_put(presentation, aud, nonce, iat, claims) : ERR_NO_MEMORY;
    if (!err) err = json_format(claims, &payload);
    if (!err) err = jws_sign_bare(key, KEYBINDING_TYP, buf_bytes(&payload), out);
    buf_done(&payload);
    json_done(claims);
    return err;
}

/* -- reading -- */

static enum err text_read(const struct json *claims, const char *pointer,
                          char ret[LIMIT_AUDIENCE + 1], struct problem *ret_why) {
    const char *text = json_text(json_member(claims, pointer + 1));
    if (!text || !keybinding_text_valid(text)) {
        return problem_at(ret_why, ERR_SCHEMA, pointer,
                          "%s of the key binding must be one text of 1 to %d bytes.", pointer + 1,
                          LIMIT_AUDIENCE);
    }
    memcpy(ret, text, strlen(text) + 1);
    return ERR_OK;
}

/* A NumericDate; only whole seconds, as everywhere here. *ret_has NULL: it must be there. */
static enum err time_read(const struct json *claims, const char *pointer, bool *ret_has,
                          int64_t *ret, struct problem *ret_why) {
    const struct json *value = json_member(claims, pointer + 1);
    if (ret_has) *ret_has = value != NULL;
    if ((!value && ret_has) || (json_int(value, ret) && *ret >= 0)) return ERR_OK;
    return problem_at(ret_why, ERR_SCHEMA, pointer,
                      "%s of the key binding must be an integer: seconds since 1970.", pointer + 1);
}

static enum err claims_read(const struct json *claims, struct keybinding *binding,
                            struct problem *ret_why) {
    if (json_kind(claims) != JSON_KIND_OBJECT)
        return problem_set(ret_why, ERR_SCHEMA, "The key binding's payload is no JSON object.");
    enum err err = time_read(claims, "/iat", NULL, &binding->iat, ret_why);
    if (!err) err = text_read(claims, "/aud", binding->aud, ret_why);
    if (!err) err = text_read(claims, "/nonce", binding->nonce, ret_why);
    if (!err) err = time_read(claims, "/nbf", &binding->has_nbf, &binding->nbf, ret_why);
    return err ? err : time_read(claims, "/exp", &binding->has_exp, &binding->exp, ret_why);
}

/* RFC 9901 section 7.3: "Calculate the digest over the Issuer-signed JWT and Disclosures as defined in Section 4.3.1 and verify that it matches the value of the
 * sd_hash claim in the KB-JWT." */
static enum err hash_check(const struct json *claims, struct bytes presentation,
                           struct problem *ret_why) {
    char hash[HASH_TEXT_LEN + 1];
    sd_hash(presentation, hash);
    if (bytes_is(json_text_bytes(json_member(claims, "sd_hash")), hash)) return ERR_OK;
    return problem_at(ret_why, ERR_DISCLOSURE, "/sd_hash",
                      "The key binding was made for another presentation: a disclosure was added, "
                      "dropped or moved since, or sd_hash is missing.");
}

/* RFC 9901 section 7.3: "Determine the public key for the Holder from the SD-JWT". */
static enum err signature_check(const struct jws *jws, const struct record *record,
                                struct keybinding *binding, struct problem *ret_why) {
    struct key_public key;
    enum err err = record_holder(record, &key);
    if (err == ERR_NOT_FOUND) {
        return problem_set(ret_why, err,
                           "The record names no holder's key (cnf), so nothing can be bound to "
                           "one.");
    }
    if (err) return problem_set(ret_why, err, "%s.", err_title(err));
    err = jws_verify_bare(jws, &key);
    memcpy(binding->kid, key.kid, sizeof binding->kid);
    key_public_done(&key);
    if (!err || err == ERR_NO_MEMORY) return err;
    return problem_set(ret_why, err,
                       "The key binding is not signed with the key that the record names in cnf.");
}

static enum err payload_check(const struct jws *jws, struct bytes presentation,
                              const struct record *record, struct keybinding *binding,
                              struct problem *ret_why) {
    struct json *claims = NULL;
    enum err err = signature_check(jws, record, binding, ret_why);
    if (!err) err = json_parse(jws->payload, &claims, ret_why);
    if (!err) err = claims_read(claims, binding, ret_why);
    if (!err) err = hash_check(claims, presentation, ret_why);
    json_done(claims);
    return err;
}

enum err keybinding_read(struct bytes kb, struct bytes presentation, const struct record *record,
                         struct keybinding *ret, struct problem *ret_why) {
    struct arena arena;
    struct jws jws;
    struct keybinding binding;
    memset(&binding, 0, sizeof binding);
    arena_init(&arena, 2 * LIMIT_RECORD);
    enum err err = jws_split_bare(kb, &arena, &jws, ret_why);
    if (!err && strcmp(jws.typ, KEYBINDING_TYP) != 0) {
        err = problem_set(ret_why, ERR_JWS, "The key binding's header must have the typ %s.",
                          KEYBINDING_TYP);
    }
    if (!err) err = payload_check(&jws, presentation, record, &binding, ret_why);
    arena_done(&arena);
    if (!err) *ret = binding;
    return err;
}

/* -- what was asked for -- */

static enum err window_refuse(struct problem *ret_why, const char *reason) {
    return problem_set(ret_why, ERR_WINDOW, "%s Ask the holder for a new one.", reason);
}

/* RFC 9901 section 7.3: "Check that the creation time of the KB-JWT, as determined by the iat claim, is within an acceptable window." */
static enum err window_check(const struct keybinding *binding,
                             const struct keybinding_demand *demand, struct problem *ret_why) {
    int64_t now = demand->now_s;
    if (now == 0) return ERR_OK;
    if (binding->iat > now + KEYBINDING_AHEAD_S)
        return window_refuse(ret_why, "The key binding was made in the future.");
    if (demand->max_age_s && binding->iat < now - demand->max_age_s)
        return window_refuse(ret_why, "The key binding is too old.");
    if (binding->has_nbf && binding->nbf > now + KEYBINDING_AHEAD_S)
        return window_refuse(ret_why, "The key binding is not valid yet (nbf).");
    if (binding->has_exp && binding->exp <= now)
        return window_refuse(ret_why, "The key binding has expired (exp).");
    return ERR_OK;
}

/* RFC 9901 section 7.3: "Determine that the KB-JWT is bound to the current transaction and was created for this Verifier (replay detection) by validating nonce
 * and aud claims." */
enum err keybinding_meets(const struct keybinding *binding, const struct keybinding_demand *demand,
                          struct problem *ret_why) {
    if (strcmp(binding->aud, demand->audience) != 0) {
        return problem_at(ret_why, ERR_AUDIENCE, "/aud",
                          "The key binding was made for another verifier (aud).");
    }
    if (strcmp(binding->nonce, demand->nonce) != 0) {
        return problem_at(ret_why, ERR_AUDIENCE, "/nonce",
                          "The key binding answers another nonce than the one asked for: it was "
                          "made for another occasion, or is shown again.");
    }
    return window_check(binding, demand, ret_why);
}
