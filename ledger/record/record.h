/* A record: the typed view of a signed claim set, its id and its leaf (FORMATS.md sections 1 and 2).
 *
 * record_parse is the only way in, for the API, the machine, the store's checks and the verifier. It checks form, not truth:
 * neither the signature (jws_verify) nor whether the ledger would take it (contracts/machine.h).
 *
 * Lifetime: a record owns everything that it points to, including its canonical bytes; record_done frees it. */
#ifndef QIZHENG_RECORD_RECORD_H
#define QIZHENG_RECORD_RECORD_H

#include "ledger/base/limits.h"
#include "ledger/crypto/digest.h"
#include "ledger/record/jws.h"

#define RECORD_ID_LEN 32
#define LEAF_LEN 41
#define LEAF_VERSION 0x01
#define RECORD_TYPE_LEN 64

struct record_doc {
    enum digest_alg alg;
    uint8_t digest[DIGEST_LEN];
};

struct record_tag {
    char role[32];
    char domain[32];
    uint32_t version;
    uint8_t tag[32];
};

struct record {
    struct bytes canonical;    /* compact JWS, low S; owned */
    uint8_t id[RECORD_ID_LEN]; /* SHA-256 of the signing input */
    uint8_t hash[32];          /* SHA-256 of `canonical`: what the leaf carries */
    struct jws jws;            /* borrows from `canonical` and `arena` */
    struct json *payload;      /* all claims; owned */
    char
        iss[LIMIT_ID + 1]; /* participant id, or urn:ietf:params:oauth:jwk-thumbprint:sha-256:... */
    uint8_t aud[32];       /* ledger id */
    int64_t iat;           /* seconds since 1970 UTC */
    char type[RECORD_TYPE_LEN]; /* "labour-contract" out of urn:qizheng:labour-contract:1 */
    unsigned type_version;      /* 1 */
    char act[32];
    bool has_ref, has_replaces;
    uint8_t ref[RECORD_ID_LEN];
    uint8_t replaces[RECORD_ID_LEN];
    struct record_doc docs[LIMIT_DOCS];
    size_t doc_count;
    struct record_tag tags[LIMIT_TAGS];
    size_t tag_count;
    size_t sd_count; /* digests in _sd */
    struct arena arena;
};

/* compact: a bare compact JWS, or `<jws>~`. A disclosure behind it is ERR_DISCLOSURE_SUBMITTED.
 * Refuses whatever FORMATS.md section 1 refuses by form: typ, header members, claims common to all types, _sd shape.
 * Errors: ERR_TOO_LARGE ERR_JWS ERR_BASE64 ERR_MALFORMED_JSON ERR_SCHEMA ERR_DISCLOSURE_SUBMITTED ERR_NO_MEMORY. On success *ret is a new record. */
enum err record_parse(struct bytes compact, struct record **ret,
                      struct problem *ret_why) MUST_CHECK;
void record_done(struct record *record); /* accepts NULL */

/* Leaf of anything with that SHA-256 at that ledger time (milliseconds since 1970 UTC). */
void leaf_encode(uint64_t time_ms, const uint8_t hash[32], uint8_t ret[LEAF_LEN]);
/* ERR_RECEIPT where the version is unknown. */
enum err leaf_decode(const uint8_t leaf[LEAF_LEN], uint64_t *ret_time_ms,
                     uint8_t ret_hash[32]) MUST_CHECK;

/* True where text (UTF-8) holds a valid resident id number (GB 11643-1999: 18 characters, real date from 1800 to 2100, right check
 * digit), also inside longer text or in full-width characters, but not inside a longer number. Give it decoded text: in JSON text
 * digits can hide behind escapes. Lives here because record form (`personal_field`) and rules both need it. */
bool record_holds_resident_id(struct bytes text);

/* Where the issuer is named by its own key (RFC 9278), the key's thumbprint in iss: a holder, and no participant. NULL for a participant's id. */
const char *record_issuer_kid(const struct record *record);
/* The key in `cnf` (RFC 7800). ERR_NOT_FOUND where the record names no holder. key_public_done. */
enum err record_holder(const struct record *record, struct key_public *ret) MUST_CHECK;
#define RECORD_KEY_URI                                                                             \
    "urn:ietf:params:oauth:jwk-thumbprint:sha-256:" /* RFC 9278 section 3; the thumbprint follows */

/* The claims that FORMATS.md section 1 gives every record, for those who check a type's own claims. */
bool record_is_common_claim(const char *name);

#endif
