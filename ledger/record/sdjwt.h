/* SD-JWT (RFC 9901): disclosures made, digested, presented and verified. Flat only: object properties at the top level, no
 * recursive and no array disclosures; _sd_alg sha-256.
 *
 * A presentation is `<issuer JWS>~<disclosure>~...~`. sdjwt_verify obeys the whole reject list of RFC 9901 section 7.1;
 * signature and typ of the JWS are the caller's (record.h). */
#ifndef QIZHENG_RECORD_SDJWT_H
#define QIZHENG_RECORD_SDJWT_H

#include "ledger/base/arena.h"
#include "ledger/base/json.h"
#include "ledger/base/limits.h"

#define SDJWT_ALG "sha-256"

/* One disclosure: base64url(JSON array [salt, name, value]). */
struct sdjwt_disclosure {
    struct bytes encoded;     /* as in the presentation */
    struct json *array;       /* owned by the list: [salt, name, value] */
    const char *name;         /* borrowed from array */
    const struct json *value; /* borrowed from array */
    uint8_t digest[32];       /* SHA-256 over the ASCII of `encoded` */
};

struct sdjwt_list {
    struct sdjwt_disclosure *items; /* owned; at most LIMIT_DISCLOSURES */
    size_t count;
};

/* Names that the standard keeps for itself: `_sd`, `...` and `_sd_alg`. */
bool sdjwt_name_reserved(const char *name);
/* No reserved name anywhere in value. */
bool sdjwt_value_plain(const struct json *value);
/* No reserved name in payload but a top-level `_sd` and `_sd_alg`. */
bool sdjwt_payload_flat(const struct json *payload);

/* Cut `<jws>~d1~d2~` into the JWS and the text behind its first tilde. Without any tilde: disclosures empty and ret_tilde false.
 * A presentation that does not end in a tilde carries a key-binding JWT, given in *ret_kb (empty otherwise).
 * ERR_TOO_LARGE over LIMIT_RECORD_PRESENTED, ERR_JWS where nothing stands before the tilde. */
enum err sdjwt_cut(struct bytes presentation, struct bytes *ret_jws, struct bytes *ret_disclosures,
                   struct bytes *ret_kb, bool *ret_tilde) MUST_CHECK;
/* Parse "d1~d2~" (may be empty) strictly: base64url, strict JSON (in any formatting), an array of three, salt base64url of
 * >= 128 bits, name a string that is not reserved, value any JSON without reserved names. ERR_DISCLOSURE, ERR_NO_MEMORY.
 * *ret is written and must be freed by sdjwt_list_done, also after an error. The text stays borrowed. No reason repeats what a
 * disclosure says. */
enum err sdjwt_list_parse(struct bytes disclosures, struct sdjwt_list *ret,
                          struct problem *ret_why) MUST_CHECK;
void sdjwt_list_done(struct sdjwt_list *list);
/* payload: the record's claims. Checks each disclosure's digest against `_sd` exactly once, unique digests and names, no name equal
 * to a clear claim or to one that every record may have (record_is_common_claim), `_sd_alg` absent or sha-256, no `_sd` or `...`
 * elsewhere. Digests in `_sd` that no disclosure matches are fine: undisclosed or decoys. ERR_DISCLOSURE. */
enum err sdjwt_verify(const struct json *payload, const struct sdjwt_list *list,
                      struct problem *ret_why) MUST_CHECK;
/* The processed payload of RFC 9901 section 7.1: clear claims and disclosed ones, without _sd and _sd_alg. New object; call after sdjwt_verify. */
enum err sdjwt_merge(const struct json *payload, const struct sdjwt_list *list,
                     struct json **ret) MUST_CHECK;

/* Make one disclosure: appends its base64url text to *out and gives its digest. salt: LIMIT_SALT_MIN bytes from the caller's
 * randomness. value is not taken over. ERR_DISCLOSURE where name is reserved or a common claim, or value holds a reserved name;
 * ERR_TOO_LARGE over LIMIT_DISCLOSURE. */
enum err sdjwt_disclose(const uint8_t salt[LIMIT_SALT_MIN], const char *name,
                        const struct json *value, struct buf *out,
                        uint8_t ret_digest[32]) MUST_CHECK;
/* Puts `_sd` (base64url, sorted ascending by their text) and `_sd_alg` into payload. Where count is 0 nothing is put.
 * ERR_DISCLOSURE where a digest comes twice, ERR_TOO_LARGE over LIMIT_DISCLOSURES. */
enum err sdjwt_seal(struct json *payload, const uint8_t (*digests)[32], size_t count) MUST_CHECK;

#endif
