/* Who the participants are and which keys speak for them, in state. Rows:
 *
 *   p <id>    participant row: status, roles, index of the admitting leaf, public JSON
 *   k <kid>   key row: participant id, valid from, valid to, revoked, index of the leaf that bound it (0: genesis)
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
/* A page of public participants after an id ("" from the start): {"participants":[...], "next":id|null}. */
enum err registry_list(struct view view, const char *after, size_t max,
                       struct json **ret) MUST_CHECK;

#endif
