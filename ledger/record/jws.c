/* Compact JWS, read strictly and written canonically. See jws.h.
 *
 * Strict means that one value has one text: exactly two dots, base64url without padding or unused bits, a header of exactly
 * the members that its form has. What is looser in RFC 7515 (unprotected headers, `crit`, `b64`, detached payloads) has no use here and is
 * refused, because every liberty is a place where two readers may disagree. */
#include "ledger/record/jws.h"

#include "ledger/base/limits.h"
#include "ledger/base/text.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

enum header_form { HEADER_KEYED, HEADER_BARE }; /* alg, kid, typ; or alg, typ */
#define SIG_TEXT_LEN 86                         /* base64url of KEY_SIG_LEN bytes */

/* -- reading -- */

struct parts {
    struct bytes header, payload, sig;
    struct bytes signing_input;
};

static enum err parts_cut(struct bytes compact, struct parts *ret, struct problem *ret_why) {
    size_t first = bytes_find(compact, '.', 0);
    size_t second = bytes_find(compact, '.', first + 1);
    if (first >= compact.len || second >= compact.len ||
        bytes_find(compact, '.', second + 1) < compact.len) {
        return problem_set(ret_why, ERR_JWS,
                           "A compact JWS has three parts with two dots between them.");
    }
    ret->header = bytes_slice(compact, 0, first);
    ret->payload = bytes_slice(compact, first + 1, second);
    ret->sig = bytes_slice(compact, second + 1, compact.len);
    ret->signing_input = bytes_slice(compact, 0, second);
    return ERR_OK;
}

/* RFC 7515 section 2: base64url "with all trailing '=' characters omitted". */
static enum err part_decode(struct bytes text, const char *part, struct arena *arena,
                            struct bytes *ret, struct problem *ret_why) {
    size_t len = text.len * 3 / 4;
    uint8_t *data = arena_take(arena, len);
    if (!data) return problem_set(ret_why, ERR_NO_MEMORY, "Out of memory.");
    if (base64url_decode_fixed(text, data, len)) {
        return problem_set(ret_why, ERR_BASE64,
                           "The %s is not strict base64url: no padding, no unused bits, no other "
                           "character.",
                           part);
    }
    *ret = bytes_of(data, len);
    return ERR_OK;
}

static enum err header_kid(const struct json *header, struct jws *jws, struct problem *ret_why) {
    uint8_t thumbprint[32];
    struct bytes kid = json_text_bytes(json_member(header, "kid"));
    if (base64url_decode_fixed(kid, thumbprint, sizeof thumbprint)) {
        return problem_set(ret_why, ERR_JWS,
                           "The header's kid is not an RFC 7638 SHA-256 thumbprint in base64url.");
    }
    assert(kid.len == KEY_KID_LEN); /* only 43 characters give 32 bytes */
    memcpy(jws->kid, kid.data, kid.len);
    return ERR_OK;
}

static enum err header_typ(const struct json *header, struct jws *jws, struct problem *ret_why) {
    struct bytes typ = json_text_bytes(json_member(header, "typ"));
    if (typ.len == 0 || typ.len >= sizeof jws->typ) {
        return problem_set(ret_why, ERR_JWS, "The header's typ is not a text of 1 to %zu bytes.",
                           sizeof jws->typ - 1);
    }
    memcpy(jws->typ, typ.data, typ.len);
    return ERR_OK;
}

/* So many members, and those present: so no other (`crit`, `jku`, `jwk`, `x5u`, `b64`, `zip`, ...). */
static bool header_shaped(const struct json *header, enum header_form form) {
    bool keyed = form == HEADER_KEYED;
    return json_kind(header) == JSON_KIND_OBJECT && json_count(header) == (keyed ? 3 : 2) &&
           json_member(header, "alg") && json_member(header, "typ") &&
           (!keyed || json_member(header, "kid"));
}

static enum err header_read(const struct json *header, enum header_form form, struct jws *jws,
                            struct problem *ret_why) {
    if (!header_shaped(header, form)) {
        return problem_set(ret_why, ERR_JWS, "The header must hold %s, no others.",
                           form == HEADER_KEYED ? "alg, kid and typ" : "alg and typ");
    }
    if (!key_alg_from_name(json_text_bytes(json_member(header, "alg")), &jws->alg)) {
        return problem_set(ret_why, ERR_JWS,
                           "The header's alg is none of ES256K, Ed25519, EdDSA, ES256 and "
                           "SGD_SM3_SM2.");
    }
    enum err err = form == HEADER_KEYED ? header_kid(header, jws, ret_why) : ERR_OK;
    return err ? err : header_typ(header, jws, ret_why);
}

static enum err header_decode(struct bytes text, enum header_form form, struct arena *arena,
                              struct jws *jws, struct problem *ret_why) {
    struct bytes raw;
    struct json *header;
    enum err err = part_decode(text, "header", arena, &raw, ret_why);
    if (!err) err = json_parse(raw, &header, ret_why);
    if (err) return err;
    err = header_read(header, form, jws, ret_why);
    json_done(header);
    return err;
}

static enum err sig_decode(struct bytes text, struct jws *jws, struct problem *ret_why) {
    if (base64url_decode_fixed(text, jws->sig, sizeof jws->sig)) {
        return problem_set(ret_why, ERR_BASE64,
                           "The signature is not 64 bytes in strict base64url.");
    }
    jws->was_high_s = key_sig_normalise(jws->alg, jws->sig);
    return ERR_OK;
}

static enum err split(struct bytes compact, enum header_form form, struct arena *arena,
                      struct jws *ret, struct problem *ret_why) {
    struct parts parts;
    struct jws jws = {0};
    if (compact.len > LIMIT_RECORD) {
        return problem_set(ret_why, ERR_TOO_LARGE, "A compact JWS may take %d bytes, not %zu.",
                           LIMIT_RECORD, compact.len);
    }
    enum err err = parts_cut(compact, &parts, ret_why);
    if (!err) err = header_decode(parts.header, form, arena, &jws, ret_why);
    if (!err) err = part_decode(parts.payload, "payload", arena, &jws.payload, ret_why);
    if (!err) err = sig_decode(parts.sig, &jws, ret_why);
    if (err) return err;
    jws.signing_input = parts.signing_input;
    *ret = jws;
    return ERR_OK;
}

enum err jws_split(struct bytes compact, struct arena *arena, struct jws *ret,
                   struct problem *ret_why) {
    return split(compact, HEADER_KEYED, arena, ret, ret_why);
}

enum err jws_split_bare(struct bytes compact, struct arena *arena, struct jws *ret,
                        struct problem *ret_why) {
    return split(compact, HEADER_BARE, arena, ret, ret_why);
}

enum err jws_kid(struct bytes compact, char ret[KEY_KID_LEN + 1], struct problem *ret_why) {
    struct jws jws = {0};
    struct arena arena;
    struct bytes header = bytes_slice(compact, 0, bytes_find(compact, '.', 0));
    if (header.len > LIMIT_RECORD) {
        return problem_set(ret_why, ERR_TOO_LARGE, "A compact JWS may take %d bytes.",
                           LIMIT_RECORD);
    }
    arena_init(&arena, LIMIT_RECORD);
    enum err err = header_decode(header, HEADER_KEYED, &arena, &jws, ret_why);
    arena_done(&arena);
    if (!err) memcpy(ret, jws.kid, sizeof jws.kid);
    return err;
}

enum err jws_verify(const struct jws *jws, const struct key_public *key) {
    if (jws->alg != key->alg || strcmp(jws->kid, key->kid) != 0) return ERR_ALG_MISMATCH;
    return key_verify(key, jws->signing_input, jws->sig);
}

enum err jws_verify_bare(const struct jws *jws, const struct key_public *key) {
    if (jws->alg != key->alg || jws->kid[0]) return ERR_ALG_MISMATCH;
    return key_verify(key, jws->signing_input, jws->sig);
}

/* -- writing -- */

static enum err sig_put(struct bytes signing_input, const uint8_t sig[KEY_SIG_LEN],
                        struct buf *out) {
    enum err err = buf_reserve(out, signing_input.len + 1 + SIG_TEXT_LEN);
    if (!err) err = buf_add(out, signing_input);
    if (!err) err = buf_add_byte(out, '.');
    if (!err) err = base64url_encode(bytes_of(sig, KEY_SIG_LEN), out);
    return err;
}

enum err jws_format(const struct jws *jws, struct buf *out) {
    return sig_put(jws->signing_input, jws->sig, out);
}

static enum err signing_input_put(const struct key_secret *key, enum header_form form,
                                  const char *typ, struct bytes payload, struct buf *out) {
    const struct key_public *pub = key_secret_public(key);
    bool keyed = form == HEADER_KEYED;
    char header[192];
    int len = snprintf(header, sizeof header, "{\"alg\":\"%s\"%s%s%s,\"typ\":\"%s\"}",
                       key_alg_name(pub->alg), keyed ? ",\"kid\":\"" : "", keyed ? pub->kid : "",
                       keyed ? "\"" : "", typ);
    assert(len > 0 && (size_t)len < sizeof header);
    enum err err = base64url_encode(bytes_of(header, (size_t)len), out);
    if (!err) err = buf_add_byte(out, '.');
    return err ? err : base64url_encode(payload, out);
}

static enum err sign(const struct key_secret *key, enum header_form form, const char *typ,
                     struct bytes payload, struct buf *out) {
    uint8_t sig[KEY_SIG_LEN];
    struct buf input;
    buf_init(&input, LIMIT_RECORD);
    enum err err = signing_input_put(key, form, typ, payload, &input);
    if (!err && input.len + 1 + SIG_TEXT_LEN > LIMIT_RECORD) err = ERR_TOO_LARGE;
    if (!err) err = key_sign(key, buf_bytes(&input), sig);
    if (!err) {
        (void)key_sig_normalise(key_secret_public(key)->alg, sig);
        err = sig_put(buf_bytes(&input), sig, out);
    }
    buf_done(&input);
    return err;
}

enum err jws_sign(const struct key_secret *key, const char *typ, struct bytes payload,
                  struct buf *out) {
    return sign(key, HEADER_KEYED, typ, payload, out);
}

enum err jws_sign_bare(const struct key_secret *key, const char *typ, struct bytes payload,
                       struct buf *out) {
    return sign(key, HEADER_BARE, typ, payload, out);
}
