/* A record before and after its signature, on the side of whoever issues it.
 *
 * draft_make puts together the payload and the disclosures (salts and jti from the system's randomness); draft_sign makes it a parcel: the signed record
 * with its disclosures, which is all there is to keep. A parcel is written to disk before it is submitted: whoever is interrupted sends the same bytes
 * again instead of signing a second record. */
#ifndef QIZHENG_API_CLI_DRAFT_H
#define QIZHENG_API_CLI_DRAFT_H

#include "api/cli/claims.h"
#include "ledger/crypto/digest.h"

struct draft_head {
    const char *issuer;
    const char *ledger;      /* hex */
    const char *ref;         /* hex record id, or NULL */
    const char *replaces;    /* the same */
    const struct json *tags; /* object, or NULL */
    const struct json *cnf;  /* {"jwk"}, or NULL */
};

struct draft {
    struct json *payload;     /* to be signed; owned */
    struct json *claims;      /* the payload with what is hidden merged in; owned */
    struct json *disclosures; /* [{"name","value","disclosure"}]; owned */
    char type[RECORD_TYPE_LEN];
    char act[32];
};

/* One more {alg, digest} in *list, which is made where it is NULL. */
enum err draft_doc(enum digest_alg alg, const uint8_t digest[DIGEST_LEN],
                   struct json **list) MUST_CHECK;
/* doc: array of {alg, digest}, or NULL. ERR_SCHEMA where a claim has a name that every record's own claims have, or stands in both. */
enum err draft_make(const struct draft_head *head, const struct claims *claims,
                    const struct json *doc, struct draft *ret, struct problem *ret_why) MUST_CHECK;
void draft_done(struct draft *draft); /* accepts zeroed */

struct parcel {
    char id[2 * RECORD_ID_LEN + 1];
    struct buf record;        /* canonical compact JWS */
    struct json *disclosures; /* [{"name","value","disclosure"}]; owned */
    struct json *claims;      /* merged; owned */
};

enum err draft_sign(const struct draft *draft, const struct key_secret *key, struct parcel *ret,
                    struct problem *ret_why) MUST_CHECK;
void parcel_done(struct parcel *parcel); /* accepts zeroed */
/* To and from a file of mode 0600; the disclosures in it are personal data. A new file, synced. parcel_load checks that record and disclosures belong together. */
enum err parcel_save(const struct parcel *parcel, const char *path,
                     struct problem *ret_why) MUST_CHECK;
enum err parcel_load(const char *path, struct parcel *ret, struct problem *ret_why) MUST_CHECK;
/* Whether the draft says what the parcel says, but for iat, jti and the evidence of tags, which are new in every draft (the tags are not). */
bool parcel_says(const struct parcel *parcel, const struct draft *draft);
/* As parcel_save writes it, and back from there. */
enum err parcel_json(const struct parcel *parcel, struct json **ret) MUST_CHECK;
enum err parcel_parse(const struct json *json, struct parcel *ret,
                      struct problem *ret_why) MUST_CHECK;
/* The receipt that a node answered with (any JSON), with our disclosures behind its record. ERR_RECEIPT where it is not of the parcel's record. */
enum err parcel_receipt(const struct parcel *parcel, const struct json *answered, struct json **ret,
                        struct problem *ret_why) MUST_CHECK;
/* Whether the file is the receipt of that record. */
bool parcel_receipt_is(const char *path, const char id[2 * RECORD_ID_LEN + 1]);
/* Appends "<jws>~d1~d2~". jws: the parcel's own where empty (a ledger may hold the same record under another valid signature). */
enum err parcel_present(const struct parcel *parcel, struct bytes jws, struct buf *out) MUST_CHECK;

#endif
