/* Genesis: leaf 0, the document a ledger starts from (FORMATS.md section 1). Its bytes are kept as they are; their SHA-256 is the
 * ledger id and the hash in leaf 0, whose time is `created`.
 *
 * There is no writer of its own: whoever starts a ledger builds a JSON value (participant_json, key_public_jwk), writes it with
 * json_format, which is its canonical form, and reads it back with genesis_parse before using it. */
#ifndef QIZHENG_RECORD_GENESIS_H
#define QIZHENG_RECORD_GENESIS_H

#include "ledger/base/arena.h"
#include "ledger/base/json.h"
#include "ledger/base/limits.h"
#include "ledger/record/participant.h"

#define GENESIS_FORMAT "urn:qizheng:genesis:1"

struct genesis_node {
    const char *name;        /* all strings borrowed from `json` */
    const char *operator_id; /* participant id with role operator */
    const char *log_vkey;
    const char *cosigner_vkey;
    struct key_public auth; /* Ed25519; signs batches and head statements */
    const struct json
        *voprf; /* object: domain -> base64url of 32 bytes, a ristretto255 element; may be empty */
};

struct genesis {
    uint8_t ledger_id[32];
    struct bytes bytes; /* a copy; owned */
    struct json *json;  /* owned */
    int64_t created_ms;
    const char *origin;
    int64_t protocol;
    struct genesis_node nodes[LIMIT_NODES];
    size_t node_count;
    struct participant *participants; /* owned array */
    size_t participant_count;
    const struct json *parameters; /* object */
    const struct json *rules;      /* array of {id, version, action, parameters} */
};

/* Strict: members, JCS form (re-serialising must give the same bytes), one participant id and one key for one use, every vkey of
 * the right name and type, every operator of a node a participant with that role, at least one registrar, rules of known form and
 * unique ids. text is not kept. ERR_SCHEMA ERR_MALFORMED_JSON ERR_KEY ERR_TOO_LARGE ERR_NO_MEMORY. */
enum err genesis_parse(struct bytes text, struct genesis **ret, struct problem *ret_why) MUST_CHECK;
void genesis_done(struct genesis *genesis); /* accepts NULL */
/* The public key of a tag domain: 32 bytes, as the first node that lists the domain has it (while one node holds a domain's whole key there is one). ERR_NOT_FOUND. */
enum err genesis_tag_key(const struct genesis *genesis, const char *domain,
                         uint8_t ret[32]) MUST_CHECK;
void genesis_leaf(const struct genesis *genesis, uint8_t ret_leaf[41]);

#endif
