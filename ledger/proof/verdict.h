/* The inside of a verification, shared by verify*.c and verdict.c; no other file includes this.
 *
 * A step's function puts its result and its reasons into the verdict and returns ERR_OK; ERR_NO_MEMORY is the only other answer. */
#ifndef QIZHENG_PROOF_VERDICT_H
#define QIZHENG_PROOF_VERDICT_H

#include "ledger/proof/checkpoint.h"
#include "ledger/proof/policy.h"
#include "ledger/proof/tlog_proof.h"
#include "ledger/proof/verify.h"
#include "ledger/record/genesis.h"

/* -- reasons (verdict.c) -- */

/* Sets the step's result; the reasons are then filled with verdict_say(). */
struct verdict_item *step_set(struct verdict *verdict, enum verdict_step step,
                              enum verdict_result result);
/* Formats; what does not fit is cut between two characters, and bytes that are not UTF-8 become question marks. */
void verdict_say(char out[384], const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Result and both reasons at once, where they need no numbers. */
void step_say(struct verdict *verdict, enum verdict_step step, enum verdict_result result,
              const char *en, const char *zh);
/* Fails the step: the refusal's own words, and the Chinese ones with the error's title behind. */
void step_fail(struct verdict *verdict, enum verdict_step step, const char *zh,
               const struct problem *why);

#define TIME_TEXT_LEN 48
/* RFC 3339 in UTC, such as 2026-11-23T06:35:42Z; "?" past the year 9999. */
void time_text(uint64_t seconds, char ret[TIME_TEXT_LEN]);

/* -- a leaf in the log (verify_log.c) -- */

struct anchor {
    struct tlog_proof proof;      /* borrows from the receipt */
    struct checkpoint checkpoint; /* the same */
};

/* Reads a tlog-proof and the checkpoint in it. ERR_RECEIPT and the errors of note.h and checkpoint.h, with a reason. */
enum err anchor_read(struct bytes text, struct anchor *ret, struct problem *ret_why) MUST_CHECK;
/* That this leaf stands at the proof's index in the checkpoint's tree. ERR_PROOF with a reason. Who signed the checkpoint is
 * another question (policy_check). */
enum err anchor_verify(const struct anchor *anchor, const uint8_t leaf[LEAF_LEN],
                       struct problem *ret_why) MUST_CHECK;

/* -- what is remembered (verify_memory.c) -- */

#define MEMORY_LINKS 8 /* chains have two or three links, and one ledger few registrars */
#define MEMORY_NOTES 4 /* a receipt's own checkpoint, and those of its chain where they differ */

struct memory_link {
    struct record *record; /* owned; NULL: none here */
    bool is_signed;        /* verified under this key: */
    enum key_alg alg;
    uint8_t point[64];
    uint64_t used; /* when it was asked for last */
};

struct memory_note {
    uint8_t *raw; /* owned */
    size_t len;
    bool meets; /* the policy; if not, it is found by nobody */
    struct policy_result result;
    uint64_t used;
};

struct verify_memory {
    uint8_t *policy_text; /* owned, as the two below; NULL: none yet */
    size_t policy_len;
    struct policy *policy;
    struct genesis *genesis;
    struct memory_link links[MEMORY_LINKS];
    struct memory_note notes[MEMORY_NOTES];
    uint64_t uses;
};

/* What these give is the memory's, valid to the end of the verification (see verify_memory.c for how many at a time). Errors as of the function that would be called without a memory. */
enum err memory_policy(struct verify_memory *memory, struct bytes text, const struct policy **ret,
                       struct problem *ret_why) MUST_CHECK;
enum err memory_genesis(struct verify_memory *memory, struct bytes text, const struct genesis **ret,
                        struct problem *ret_why) MUST_CHECK;
/* By the policy that memory_policy gave. *ret is set whatever the answer, but for ERR_NO_MEMORY. */
enum err memory_policy_check(struct verify_memory *memory, struct bytes raw,
                             const struct policy_result **ret, struct problem *ret_why) MUST_CHECK;
enum err memory_link(struct verify_memory *memory, struct bytes text, struct memory_link **ret,
                     struct problem *ret_why) MUST_CHECK;
enum err memory_link_verify(struct memory_link *link, const struct key_public *key) MUST_CHECK;
void memory_clear(struct verify_memory *memory);

/* -- one verification -- */

struct verification {
    const struct verify_input *input;
    struct verdict *verdict;
    struct verify_memory *memory;
    const struct policy *policy; /* NULL: none that can be read; the memory's */
    struct receipt *receipt;     /* NULL: not readable */
    struct record *record;       /* NULL: none, or not readable */
    bool record_canonical;       /* its text in the receipt is the canonical one */
    bool has_anchor;
    struct anchor anchor;  /* the proof of the record or leaf itself */
    bool checkpoint_meets; /* the anchor's checkpoint meets the policy */
    const struct genesis
        *genesis; /* the end of an issuer chain that holds; NULL: none; the memory's */
};

/* Step `record` (its form); sets v->record, and goes on to `disclosures`. Then `document` (verify_record.c). */
enum err presentation_check(struct verification *v) MUST_CHECK;
/* Step `disclosures`, for a record that was read; or for a receipt that carries the leaf alone (verify_disclosures.c). */
enum err disclosures_check(struct verification *v, struct bytes disclosures,
                           struct bytes key_binding) MUST_CHECK;
void disclosures_none(struct verification *v);
void document_check(struct verification *v);
/* Steps `leaf` and `inclusion`; sets v->anchor. Then `checkpoint` and `quorum`; sets v->policy (verify_log.c). */
enum err proof_check(struct verification *v) MUST_CHECK;
enum err policy_step(struct verification *v) MUST_CHECK;
/* Steps `issuer` and the second half of `record`: the signature under the key that the chain binds; sets v->genesis where the chain holds (verify_issuer.c). */
enum err issuer_check(struct verification *v) MUST_CHECK;
/* The rest of the step `disclosures`: evidence of tags, under the genesis that issuer_check has set (verify_tags.c). */
enum err evidence_step(struct verification *v) MUST_CHECK;
/* Step `timestamp` (verify_timestamp.c). */
enum err timestamp_check(struct verification *v) MUST_CHECK;

#endif
