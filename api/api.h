/*~ What the API needs from its host, and the one entry point from a request to a reply.
 *
 * Handlers read the store through snapshots and never write it. What changes the ledger goes through the host: submit queues a record, the order and the
 * writer do the rest (node/), wait sleeps until it is final. So everything in api/ can be tested with a small host in one process. */
#ifndef QIZHENG_API_API_H
#define QIZHENG_API_API_H

#include "api/http.h"
#include "contracts/machine.h"
#include "ledger/store/store.h"

struct spool;
struct submission; /* the host's; reference counted by it */

enum submission_state { SUBMISSION_RECEIVED, SUBMISSION_REFUSED, SUBMISSION_FINAL };

struct submission_result {
    enum submission_state state;
    const struct outcome *outcome; /* REFUSED and FINAL; borrowed until release */
    uint64_t time_ms;              /* FINAL: of the leaf */
    const struct record *
        record; /* what was submitted: FINAL and accepted, the leaf's body; borrowed until release */
};

struct api_checkpoint {
    uint64_t size;
    uint8_t root[HASH_LEN];
    uint64_t time_s;   /* newest cosignature time in it */
    struct bytes note; /* borrowed until checkpoint_release */
    void *handle;
};

#define API_SIZE_UNKNOWN UINT64_MAX

/* One request for tags, by somebody who may have them in that domain. */
struct api_tags {
    uint64_t request_id;
    const char *reader, *purpose; /* for the log; the reader for the budget, too */
    bool is_lookup;               /* the small budget (contracts/domains.h) */
    const char *domain;
    int64_t version;        /* of the domain's key that is in force */
    const uint8_t *blinded; /* `count` valid elements of 32 bytes, one behind the other */
    size_t count;           /* 1 to LIMIT_TAGS_ASKED */
};

struct api_tags_made {
    uint8_t public[32];     /* the domain's public key */
    uint8_t *evaluated;     /* the caller's room for `count` elements of 32 bytes */
    uint8_t *proofs;        /* and for as many proofs of 64, one for each element alone */
    unsigned retry_after_s; /* with ERR_RATE */
};

struct api_host {
    void *ctx;
    /* Queue a parsed record whose signature was verified. Takes the record over, also on failure. ERR_QUEUE_FULL ERR_DRAINING ERR_DISK_FULL ERR_DIVERGED ERR_NO_ORDER. */
    enum err (*submit)(void *ctx, struct record *record, struct submission **ret,
                       struct problem *ret_why);
    /* Sleeps up to timeout_ms for REFUSED or FINAL. */
    void (*wait)(void *ctx, struct submission *submission, uint64_t timeout_ms,
                 struct submission_result *ret);
    void (*release)(void *ctx, struct submission *submission);
    /* Sleeps up to timeout_ms until the newest final checkpoint is larger than index; true where it is. */
    bool (*wait_final)(void *ctx, uint64_t index, uint64_t timeout_ms);
    /* Newest final checkpoint; ERR_NOT_FINAL where there is none yet. */
    enum err (*checkpoint)(void *ctx, struct api_checkpoint *ret);
    void (*checkpoint_release)(void *ctx, struct api_checkpoint *checkpoint);
    /* tlog-witness: whole answer. *ret_status is the HTTP status; 200 with the lines; 409 with *ret_known_size for a size conflict, left as it is (API_SIZE_UNKNOWN) for a
     * root conflict; else the reason in *ret_why. Persists before answering. */
    enum err (*cosign_add)(void *ctx, struct bytes body, int *ret_status, uint64_t *ret_known_size,
                           struct buf *ret_lines, struct problem *ret_why);
    /* Members for /v1/status: node name, origin, ledger id, size, final size, root, order kind, position, peers, limits... as an object. */
    enum err (*status)(void *ctx, struct json **ret);
    /* ERR_OK where ready; else why not (ERR_NO_QUORUM, ERR_DIVERGED, ERR_DRAINING, ERR_DISK_FULL). */
    enum err (*ready)(void *ctx, struct problem *ret_why);
    uint64_t (*clock_ms)(void *ctx);
    /* *ret_first: no token with this digest came before; it is remembered until exp_s. ERR_RATE where too many are, in all or of this issuer; ERR_TOKEN_EXPIRED where it
     * is past by now. */
    enum err (*token_once)(void *ctx, const char *issuer, const uint8_t digest[32], int64_t exp_s,
                           bool *ret_first);
    /* All of them or none. Charges the reader's budget first: ERR_RATE, or ERR_TOO_LARGE where it never will be enough; ERR_NOT_FOUND where this node has no such key; ERR_DISK_FULL ERR_IO: what was
     * charged could not be written down. */
    enum err (*tags_evaluate)(void *ctx, const struct api_tags *ask, struct api_tags_made *ret,
                              struct problem *ret_why);
};

struct chains;

struct api {
    struct api_host host;
    struct store *store;
    struct spool *spool; /* uploads (api/spool.h) */
    const struct machine *machine;
    struct bytes policy;      /* this ledger's verifier policy text */
    unsigned wait_default_ms; /* 10000 */
    unsigned wait_max_ms;     /* 60000 */
    struct chains *chains;    /* of issuers, for receipts; NULL: made anew each time */
    const char *node_name;    /* what access tokens name as their audience */
    uint8_t cursor_key[32];   /* seals the cursors of lists; of this process alone */
    unsigned streams_max;     /* event streams at a time, and as many streams of results */
    uint64_t started_ms; /* when this process began to answer: tokens from before are refused */
};

/* The state view over a store snapshot that machine_check wants; view.ctx borrows the store_view. */
struct view api_state_view(struct store_view *view);

/* From a request to a reply, always with a status: routing, media types, limits, problem+json, CORS on the public log. A HEAD gets the reply of its GET; the
 * server sends no body then. reply: fresh from http_reply_init with LIMIT_HTTP_REPLY. Any thread. */
void api_handle(const struct api *api, const struct http_request *request,
                struct http_reply *reply);
/* Body limit of the route that this method and path would reach, for the server to read no more than that; 0: no body is taken. */
size_t api_body_limit(const char *method, struct bytes path);
/* Whether that route reads its body itself, through request->read. */
bool api_body_streams(const char *method, struct bytes path);
/* For metrics and the log: the last route is "other", for whatever no route took. */
unsigned api_route_count(void);
const char *api_route_name(unsigned route); /* "POST /v1/records" */

#endif
