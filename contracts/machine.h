/*~ The machine: from an ordered batch to effects. Pure: no I/O, clock, randomness, float, configuration or logging.
 *
 * Order of checks for one record (the first that fails gives the answer): known already -> audience -> window -> issuer and key in the registry at ledger time (a
 * holder's key: in the record that ref names, holder.h) -> algorithm -> signature (skipped only where the host vouches that it verified these very bytes under this very key) -> role -> type's claims -> personal_field ->
 * chain and state -> rules -> type's own state. A refused record leaves no leaf and no trace. An accepted one is the next leaf.
 *
 * Invariants 1, 2, 7, 8, 9 of ARCHITECTURE.md section 9 are this file's to keep. Owned by the caller's thread; a const struct machine may be shared. */
#ifndef QIZHENG_CONTRACTS_MACHINE_H
#define QIZHENG_CONTRACTS_MACHINE_H

#include "contracts/contract.h"
#include "contracts/order_state.h"
#include "contracts/parameters.h"
#include "ledger/record/genesis.h"

#define MACHINE_PROTOCOL 1

/* Parsed public keys by kid, since parsing costs more than a look-up. A kid is a hash of its key, so an entry can never be wrong; NULL functions: none kept. */
struct key_cache {
    void *ctx;
    const struct key_public *(*get)(
        void *ctx, const char *kid); /* NULL where it is not held; lives as long as the cache */
    void (*put)(void *ctx, const struct key_public *key); /* copies, or not */
};

struct machine {
    const struct genesis *genesis;
    struct key_cache keys;
};

/* Where the ledger stands between two batches. time_ms is the newest leaf's, which a batch without a leaf does not move: so leaves and order state are all that the
 * next ledger time depends on, and a node that caught up from leaves agrees with one that saw every heartbeat. */
struct machine_tip {
    uint64_t size;
    uint64_t time_ms;
    struct order_state order;
};

/* What the host knows of one record of a batch already. */
struct machine_checked {
    const struct record *record; /* parsed from these very bytes; NULL: the machine parses */
    bool signature_ok;           /* verified by this node under the key with record->jws.kid */
};

enum outcome_kind { OUTCOME_ACCEPTED, OUTCOME_KNOWN, OUTCOME_REFUSED };

struct outcome {
    enum outcome_kind kind;
    uint8_t id[RECORD_ID_LEN];
    uint64_t index;         /* accepted: of its leaf; known: of the leaf that is there */
    struct problem problem; /* refused */
    struct rule_hits
        hits; /* accepted: FAIL under flag, RISK and UNKNOWN; refused by rule: what refused it */
};

/* Most records have no hits, and all that could be take 10 KiB: memory for an outcome need not be zeroed, and copies leave out what is not used. */
void outcome_init(struct outcome *outcome);
void outcome_copy(struct outcome *to, const struct outcome *from);

/* Effects of one batch. Entries borrow from the batch bytes, from `checked` records, or from records held here. */
struct effects {
    struct store_entry *entries;
    size_t entry_count;
    struct outcome *outcomes; /* one per record of the batch, in its order */
    size_t outcome_count;
    bool is_skipped; /* bad, foreign or repeated envelope: only the position moved */
    struct problem skipped_why;
    uint64_t time_ms;        /* ledger time of the batch; of the tip where it is skipped */
    struct record **records; /* parsed here; owned */
    size_t record_count;
};

void effects_done(struct effects *effects); /* accepts zeroed */

/* Leaf 0: rows of the genesis into the overlay, tip from nothing to size 1. *ret_entry borrows from the genesis. */
/* ERR_PROTOCOL where this program does not know its protocol, a parameter, or a rule with its version and parameters. */
enum err machine_begin(const struct machine *machine, struct overlay *overlay,
                       struct machine_tip *tip, struct store_entry *ret_entry) MUST_CHECK;

/* One ordered batch. A position at or before the tip's is skipped and moves nothing. Writes go to the overlay, *tip moves, *ret tells the outcomes. checked: count of the batch, or NULL. Whatever the batch holds, the result is ERR_OK; an error
 * (no memory, a view that cannot be read, ERR_PROTOCOL) leaves the tip as it was and means: stop. */
enum err machine_apply(const struct machine *machine, struct overlay *overlay,
                       struct machine_tip *tip, struct position position, struct bytes batch,
                       const struct machine_checked *checked, struct effects *ret) MUST_CHECK;

/* One leaf that is in the log already: the same admission at its leaf time. A refusal means that this node diverged: ERR_DIVERGED with the reason. For fsck and catching up. */
enum err machine_replay(const struct machine *machine, struct overlay *overlay,
                        struct machine_tip *tip, const uint8_t leaf[LEAF_LEN], struct bytes body,
                        struct problem *ret_why) MUST_CHECK;

/* The same checks against a snapshot, for a quick and friendly refusal; nothing is kept. *ret_outcome says accepted, known or refused.
 * check_signature true: verifies it too. */
enum err machine_check(const struct machine *machine, struct view view, uint64_t size,
                       uint64_t time_ms, const struct record *record, bool check_signature,
                       struct outcome *ret_outcome) MUST_CHECK;

/* Rules on a full record before signing (element review): claims with disclosures merged in. No state is needed: rules that need some say UNKNOWN. */
enum err machine_review(const struct json *claims, const char *type, unsigned version,
                        const char *act, uint64_t time_ms, struct rule_hits *ret_hits,
                        struct problem *ret_why) MUST_CHECK;

/* Live status of a record: one word of chain_status, and what replaced it, as JSON {"status","status_zh","act","replaced_by"?,"head","findings":[...]}. ERR_NOT_FOUND. */
enum err machine_status(struct view view, const uint8_t id[RECORD_ID_LEN],
                        struct json **ret) MUST_CHECK;

#endif
