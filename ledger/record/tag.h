/* Pseudonymous tags: 32 bytes that stand for a person in one domain, made with the domain's key by somebody who never sees the person (FORMATS.md section 7).
 *
 * Happy path: tag_blind turns person and domain into a blinded element -> a node evaluates it -> tag_finalise checks the node's proof and gives the tag.
 * The same person has the same tag in a domain, whoever asks, and unlinkable ones in different domains.
 * A tag is de-identified, not anonymous: whoever may evaluate can test a guess.
 *
 * Evidence is what makes a tag checkable later, without a network: the id, the blind and the node's evaluation, an object
 *   {"id_type","id_number","blind","evaluations":[{"pk","element","proof"}]}      binary members in base64url
 * (one evaluation for each key that took part: one, while one node holds a domain's whole key). It travels as the hidden claim `tag_evidence`, an object from
 * the tag's role to its evidence. It holds an id number: no reason and no log ever repeats what stands in it. */
#ifndef QIZHENG_RECORD_TAG_H
#define QIZHENG_RECORD_TAG_H

#include "ledger/base/json.h"
#include "ledger/base/limits.h"
#include "ledger/crypto/voprf.h"

#define TAG_LEN 32
#define TAG_WORD 32 /* room for a domain or an id type with its NUL; as in struct record_tag */
#define TAG_CLAIM "tag_evidence"
#define TAG_RESIDENT "resident-id" /* the id type whose numbers are GB 11643's */
#define TAG_VERSION 1              /* of the keys that a genesis carries */

struct tag_person {
    const char *domain;
    const char *id_type;
    struct bytes id_number; /* UTF-8, as written */
};

struct tag_evaluation {
    voprf_element pk; /* the domain's public key */
    voprf_element element;
    uint8_t proof[VOPRF_PROOF_LEN]; /* for this element alone */
};

/* A lower-case letter, then letters, digits and hyphens, fewer than TAG_WORD: domains and id types. */
bool tag_word_valid(struct bytes word);
/* Appends the number as it counts: full-width characters half-width, no spaces, letters upper-case; a resident number of 15 digits in its 18-digit form. ERR_SCHEMA
 * where nothing is left, a hidden character (control, joiner) stands in it, it is not UTF-8 or over LIMIT_TAG_ID bytes, or a resident number is not valid. */
enum err tag_id_normalise(const char *id_type, struct bytes id_number, struct buf *out,
                          struct problem *ret_why) MUST_CHECK;
/* Appends the VOPRF's input: domain, id type and normalised number, each behind its length as u16. ERR_SCHEMA. */
enum err tag_input(const struct tag_person *person, struct buf *out,
                   struct problem *ret_why) MUST_CHECK;

/* random: from the system. ret_blind is as secret as the number itself. ERR_SCHEMA, ERR_KEY (draw again). */
enum err tag_blind(const struct tag_person *person, const uint8_t random[VOPRF_RANDOM_LEN],
                   voprf_scalar ret_blind, voprf_element ret_blinded,
                   struct problem *ret_why) MUST_CHECK;
/* Checks the proof and unblinds. ERR_SCHEMA, ERR_KEY where blind or pk are not usable, ERR_PROOF where the element is not that of this person, blind and key. */
enum err tag_finalise(const struct tag_person *person, const voprf_scalar blind,
                      const struct tag_evaluation *evaluation, uint8_t ret_tag[TAG_LEN],
                      struct problem *ret_why) MUST_CHECK;

/* A new object; NULL without memory, or where the number is not UTF-8. */
struct json *tag_evidence_json(const struct tag_person *person, const voprf_scalar blind,
                               const struct tag_evaluation *evaluation);
/* The tag that evidence leads to in a domain. pk: the ledger's key of that domain, which must be the evidence's own; NULL: any. ERR_SCHEMA where the object has
 * another form, ERR_KEY where its blind or key is not usable, ERR_PROOF. */
enum err tag_evidence_check(const struct json *evidence, const char *domain, const uint8_t *pk,
                            uint8_t ret_tag[TAG_LEN], struct problem *ret_why) MUST_CHECK;

#endif
