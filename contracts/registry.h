/* Who the participants are and which keys speak for them, in state. Rows:
 *
 *   p <id>    participant row: status, roles, index of the admitting leaf, public JSON
 *   k <kid>   key row: participant id, valid from, valid to, revoked, index of the leaf that bound it (0: genesis)
 *
 * A key row is never removed, so that a receipt can show for ever how a key came to be bound. Windows and revocation are of ledger time: a record is judged by
 * what the rows say when it is admitted, and never again.
 *
 * Decisions are made from these rows through a view, never from a cache. */
#ifndef QIZHENG_CONTRACTS_REGISTRY_H
#define QIZHENG_CONTRACTS_REGISTRY_H

#include "contracts/overlay.h"
#include "ledger/record/participant.h"

enum registry_status { REGISTRY_ACTIVE, REGISTRY_SUSPENDED }; /* stored: never renumber */

struct registry_key {
    char participant[LIMIT_ID + 1];
    enum key_alg alg;
    uint8_t point[64];
    int64_t from, to; /* seconds; valid in [from, to) of ledger time */
    bool revoked;
    uint64_t bound_index; /* leaf that bound it */
};

struct registry_participant {
    enum registry_status status;
    uint16_t roles;
    uint64_t admitted_index;
    struct json *
        json; /* public part: id, name, uscc, roles, status, keys [{jwk, kid, from, to, revoked, bound_index}]; owned */
};

/* ERR_NOT_FOUND. */
enum err registry_key_get(struct view view, const char *kid, struct registry_key *ret) MUST_CHECK;
/* The status and roles only (fast; json stays NULL), or everything. registry_participant_done. */
enum err registry_participant_get(struct view view, const char *id, bool with_json,
                                  struct registry_participant *ret) MUST_CHECK;
void registry_participant_done(struct registry_participant *participant);
/* Writes rows for a new participant. ERR_STATE where the id or one of its keys is there already. */
enum err registry_admit(struct overlay *overlay, const struct participant *participant,
                        uint64_t index, struct problem *ret_why) MUST_CHECK;
/* -- what changes: each ERR_STATE (ERR_SCHEMA for what a rotation may not change) with a reason -- */

/* Who acts, and when. A registrar can never take away its own last means to act, so the ledger never stands without one: the key that signed an act is still good after
 * it, or another of the same registrar follows it without a gap. Another registrar can take them away, and is then the one who is left. */
struct registry_act {
    uint64_t index;     /* of the leaf to be */
    int64_t now_s;      /* ledger time */
    const char *signer; /* registrar's id */
    const char *signer_kid;
};

/* Suspends an active participant, resumes a suspended one. */
enum err registry_set_status(struct overlay *overlay, const char *id, enum registry_status status,
                             const struct registry_act *act, struct problem *ret_why) MUST_CHECK;
/* Adds the keys that are new, and gives registered ones that are listed their earlier end. id, uscc and roles must be as registered; the name may be new. The public
 * JSON lists LIMIT_KEYS keys: where there are more, those that have ended or are revoked leave it, and only it. */
enum err registry_rotate(struct overlay *overlay, const struct participant *participant,
                         const struct registry_act *act, struct problem *ret_why) MUST_CHECK;
/* From this leaf on the key is no good; what it signed before stands. */
enum err registry_revoke(struct overlay *overlay, const char *id, const char *kid,
                         const struct registry_act *act, struct problem *ret_why) MUST_CHECK;
/* A page of public participants after an id ("" from the start): {"participants":[...], "next":id|null}. */
enum err registry_list(struct view view, const char *after, size_t max,
                       struct json **ret) MUST_CHECK;

#endif
