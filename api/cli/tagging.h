/* From persons to tags, through a node that learns nothing about them: blind here, ask for them in requests of LIMIT_TAGS_ASKED, check every proof, finalise here.
 *
 * Which public key a proof must be under is never the answer's word. It is the genesis': the node hands out the genesis, and these must be the bytes whose SHA-256 is the ledger id, the same
 * id that the records name in `aud` (or that --ledger says). So a node that lies about the key can at worst get records signed that no other ledger admits, and whoever checks tag evidence later reads
 * the key from the very same bytes (ledger/proof/verify.h). */
#ifndef QIZHENG_API_CLI_TAGGING_H
#define QIZHENG_API_CLI_TAGGING_H

#include "api/cli/access.h"
#include "ledger/record/tag.h"

struct tagging;

struct tag_want {
    struct tag_person person; /* what it points to is the caller's */
    bool is_made;             /* the two below are there */
    uint8_t tag[TAG_LEN];
    struct json *evidence; /* owned; NULL where none was asked for */
};

/* access: borrowed until tagging_close. ledger: hex of the id that the genesis must have; NULL: the one that /v1/status names. ERR_AUDIENCE where the genesis has another. */
enum err tagging_open(struct access *access, const char *ledger, struct tagging **ret,
                      struct problem *ret_why) MUST_CHECK;
void tagging_close(struct tagging *tagging); /* accepts NULL */
/* Fills every want that is not made yet; several domains may be mixed. All persons are looked at before the node is asked: ERR_SCHEMA with *ret_at, the first that has no valid number.
 * ERR_RATE: the budget is spent; what was made stays made, and the same call goes on from there later. ERR_PROOF: the node's answer is not the ledger's key's. Other errors are the node's own. */
enum err tagging_make(struct tagging *tagging, struct tag_want *wants, size_t count,
                      bool with_evidence, size_t *ret_at, struct problem *ret_why) MUST_CHECK;
void tag_want_done(struct tag_want *want); /* its evidence */
/* {"d","v","t"} for the claim `tags`; NULL without memory. */
struct json *tag_want_json(const struct tag_want *want);

#endif
