/* Holders: whose key a record names in `cnf` (RFC 7800), such as the worker's in a labour contract. A holder is no participant. It may do one thing in a ledger: an
 * act by holders (contract.h), such as `acknowledge` 劳动者确认, signed with that key and with the key's RFC 9278 URI as its `iss`.
 *
 *   h <record id>   the key that this record names, and the documents that it names, for the records of types that have such an act
 *
 * Which key: the one that the very record named in `ref` carries in `cnf`, and no other of its chain. So an amendment or a correction that the holder is to confirm names
 * the key again, the same or another (a lost one has to be replaced); without one it cannot be confirmed, and what was confirmed before stays so. Whoever has the
 * receipt of the confirmation has that one record in its issuer chain and needs no other.
 *
 * A row is never removed, as with participants' keys. That the key is the holder's own is the claim of the participant who signed that record: nobody registered it. A key
 * that is registered for a participant is refused, so that none passes for a holder under its own name. Whether that participant, or its key, was suspended or revoked
 * since does not matter: its record stands, and so may its holder's word on it. */
#ifndef QIZHENG_CONTRACTS_HOLDER_H
#define QIZHENG_CONTRACTS_HOLDER_H

#include "contracts/contract.h"

struct holder {
    char kid[KEY_KID_LEN + 1];
    enum key_alg alg;
    uint8_t point[64];
    struct record_doc docs[LIMIT_DOCS]; /* of the record that names the key */
    size_t doc_count;
};

/* What the record with this id names. ERR_NOT_FOUND where it names no holder, or is not there. */
enum err holder_get(struct view view, const uint8_t id[RECORD_ID_LEN],
                    struct holder *ret) MUST_CHECK;
/* A record whose issuer is a holder (record_issuer_kid): its ref leads to the record that names this very key, which is no participant's, and the signature verifies (unless
 * the host vouches for that: skip_signature). ERR_ISSUER_UNKNOWN ERR_STALE_REF ERR_SCHEMA ERR_STATE ERR_ALG_MISMATCH ERR_SIGNATURE_INVALID with a reason. */
enum err holder_check(struct view view, const struct record *record, bool skip_signature,
                      struct problem *ret_why) MUST_CHECK;
/* The same for a record that is in the ledger, whoever has registered its key since. */
enum err holder_recognise(struct view view, const struct record *record, bool skip_signature,
                          struct problem *ret_why) MUST_CHECK;
/* A record of such a type by a participant: the key that it names must be free. */
enum err holder_named_check(struct view view, const struct contract_type *type,
                            const struct record *record, struct problem *ret_why) MUST_CHECK;
/* Keeps the row of an accepted record, where it names a key. */
enum err holder_keep(struct overlay *overlay, const struct contract_type *type,
                     const struct record *record) MUST_CHECK;

#endif
