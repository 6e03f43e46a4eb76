/* The table of routes. See route.h: a row says everything about its route, to the router and to the world.
 *
 * Names of schemas, and of parameters as `<first word of the path>.<name>`, are those of schemas.json. */
#include "api/route.h"

#include "ledger/proof/receipt.h"

/* What any call that needs a final checkpoint answers before there is one. */
static const enum err not_final[] = {ERR_NOT_FINAL, ERR_OK};
static const enum err not_found[] = {ERR_NOT_FOUND, ERR_OK};
static const enum err not_found_or_final[] = {ERR_NOT_FOUND, ERR_NOT_FINAL, ERR_OK};
static const enum err of_receipts[] = {ERR_NOT_FOUND, ERR_NOT_FINAL, ERR_TOO_LARGE, ERR_OK};
static const enum err of_batches[] = {ERR_MEDIA_TYPE, ERR_RATE, ERR_DISK_FULL, ERR_OK};
static const enum err of_verifications[] = {ERR_MALFORMED_JSON, ERR_SCHEMA, ERR_MEDIA_TYPE,
                                            ERR_NOT_FINAL, ERR_OK};
static const enum err of_tags[] = {ERR_MEDIA_TYPE, ERR_MALFORMED_JSON, ERR_SCHEMA, ERR_ROLE,
                                   ERR_NOT_FOUND,  ERR_DISK_FULL,      ERR_OK};
static const enum err of_witness[] = {ERR_NOTE,      ERR_CHECKPOINT, ERR_BASE64,    ERR_SCOPE,
                                      ERR_STATE,     ERR_PROOF,      ERR_NOT_FOUND, ERR_NO_QUORUM,
                                      ERR_DISK_FULL, ERR_OK};
static const enum err of_records[] = {ERR_MEDIA_TYPE,
                                      ERR_JWS,
                                      ERR_BASE64,
                                      ERR_MALFORMED_JSON,
                                      ERR_SIGNATURE_INVALID,
                                      ERR_KEY,
                                      ERR_DISCLOSURE,
                                      ERR_ISSUER_UNKNOWN,
                                      ERR_ISSUER_SUSPENDED,
                                      ERR_KEY_REVOKED,
                                      ERR_ALG_MISMATCH,
                                      ERR_ROLE,
                                      ERR_SCOPE,
                                      ERR_STATE,
                                      ERR_STALE_REF,
                                      ERR_RULE,
                                      ERR_DUPLICATE_TAG,
                                      ERR_SCHEMA,
                                      ERR_PERSONAL_FIELD,
                                      ERR_DISCLOSURE_SUBMITTED,
                                      ERR_WINDOW,
                                      ERR_AUDIENCE,
                                      ERR_QUEUE_FULL,
                                      ERR_NOT_FINAL,
                                      ERR_NO_ORDER,
                                      ERR_DISK_FULL,
                                      ERR_DIVERGED,
                                      ERR_OK};

const struct route routes[] = {
    {.name = "POST /v1/records",
     .method = "POST",
     .pattern = "/v1/records",
     .handle = records_post,
     .body_limit = LIMIT_RECORD_PRESENTED,
     .summary = "Puts one record into the ledger and waits until it is final",
     .fields = {"Prefer"},
     .takes = {{"application/jose", "CompactJws"}, {"application/sd-jwt", "SdJwtWithout"}},
     .gives = {{200, "Recorded before; the receipt is of that leaf", MEDIA_JSON, "Recorded"},
               {201, "Recorded and final", MEDIA_JSON, "Recorded"},
               {202, "Received, not stored: poll Location, send again in doubt", MEDIA_JSON,
                "Received"}},
     .refuses = of_records},
    {.name = "POST /v1/batches",
     .method = "POST",
     .pattern = "/v1/batches",
     .handle = batches_post,
     .body_limit = LIMIT_UPLOAD,
     .is_streamed = true,
     .summary = "Takes an upload of records, one compact JWS a line, to be put into the ledger one "
                "after the other",
     .takes = {{MEDIA_RECORDS, "CompactJwsLines"}},
     .gives = {{202, "On disk, nothing recorded yet: poll Location, a secret", MEDIA_JSON,
                "Upload"}},
     .refuses = of_batches},
    {.name = "GET /v1/batches/{id}",
     .method = "GET",
     .pattern = "/v1/batches/{}",
     .handle = batch_get,
     .summary = "How far an upload is",
     .gives = {{200, "The progress", MEDIA_JSON, "Upload"}},
     .refuses = not_found},
    {.name = "GET /v1/batches/{id}/results",
     .method = "GET",
     .pattern = "/v1/batches/{}/results",
     .handle = batch_results_get,
     .summary = "What became of each line of an upload, in its order: one JSON text a line, with "
                "the receipt where the record is final",
     .gives = {{200, "A line for each line", MEDIA_LINES, "UploadResult"}},
     .refuses = not_found},
    {.name = "GET /v1/records/{id}/receipt",
     .method = "GET",
     .pattern = "/v1/records/{}/receipt",
     .handle = receipts_get,
     .is_open = true,
     .summary = "The public receipt of a record, or with Accept: text/plain its bare C2SP "
                "tlog-proof",
     .gives = {{200, "The receipt", RECEIPT_MEDIA_TYPE, "Receipt"},
               {200, "The proof", MEDIA_TEXT, "Text"}},
     .refuses = of_receipts},
    {.name = "GET /v1/documents/{alg}/{digest}",
     .method = "GET",
     .pattern = "/v1/documents/{}/{}",
     .handle = documents_get,
     .is_open = true,
     .summary = "Whether a document of that digest is in the ledger, and since when",
     .gives = {{200, "Present or absent", MEDIA_JSON, "DocumentPresence"}},
     .refuses = not_found_or_final},
    {.name = "POST /v1/verifications",
     .method = "POST",
     .pattern = "/v1/verifications",
     .handle = verifications_post,
     .body_limit = LIMIT_HTTP_VERIFICATION,
     .summary = "Judges a receipt under this ledger's policy, looks a document up, or both",
     .takes = {{MEDIA_JSON, "VerificationQuestion"}},
     .gives = {{200, "The verdict; valid or not is said inside", MEDIA_JSON, "Verification"}},
     .refuses = of_verifications},
    {.name = "POST /v1/tags",
     .method = "POST",
     .pattern = "/v1/tags",
     .handle = tags_post,
     .body_limit = LIMIT_HTTP_BODY,
     .needs_token = true,
     .summary = "Evaluates blinded elements of a tag domain (RFC 9497 VOPRF, ristretto255-SHA512)",
     .takes = {{MEDIA_JSON, "TagQuestion"}},
     .gives = {{200, "Each element evaluated, with a proof of its own", MEDIA_JSON, "TagAnswer"}},
     .refuses = of_tags},
    {.name = "GET /v1/genesis",
     .method = "GET",
     .pattern = "/v1/genesis",
     .handle = genesis_get,
     .is_open = true,
     .summary = "Leaf 0's document, byte for byte; its SHA-256 is the ledger id",
     .gives = {{200, "The genesis", MEDIA_JSON, "Genesis"}}},
    {.name = "GET /checkpoint",
     .method = "GET",
     .pattern = "/checkpoint",
     .handle = checkpoint_get,
     .is_open = true,
     .summary = "The newest final checkpoint (C2SP tlog-checkpoint) with its cosignatures",
     .gives = {{200, "A signed note", MEDIA_TEXT, "Text"}},
     .refuses = not_final},
    {.name = "GET /tile/{tile}",
     .method = "GET",
     .pattern = "/tile/*",
     .handle = tile_get,
     .is_open = true,
     .summary = "A tile of hashes or a bundle of leaves (C2SP tlog-tiles)",
     .gives = {{200, "The tile; it never changes", "application/octet-stream", NULL}},
     .refuses = not_found},
    {.name = "POST /add-checkpoint",
     .method = "POST",
     .pattern = "/add-checkpoint",
     .handle = add_checkpoint_post,
     .body_limit = LIMIT_WITNESS_BODY,
     .summary = "Asks this node to witness another log's checkpoint (C2SP tlog-witness)",
     .takes = {{MEDIA_TEXT, "Text"}},
     .gives = {{200, "The cosignature lines", MEDIA_TEXT, "Text"},
               {409, "Another size was cosigned last: this one", "text/x.tlog.size", "Text"}},
     .refuses = of_witness},
    {.name = "GET /v1/participants",
     .method = "GET",
     .pattern = "/v1/participants",
     .handle = participants_get,
     .is_open = true,
     .params = {"after", "limit"},
     .summary = "The public registry of participants and their keys, a page at a time",
     .gives = {{200, "One page", MEDIA_JSON, "Participants"}}},
    {.name = "GET /v1/participants/{id}",
     .method = "GET",
     .pattern = "/v1/participants/{}",
     .handle = participant_get,
     .is_open = true,
     .summary = "One participant",
     .gives = {{200, "The participant", MEDIA_JSON, "ParticipantAnswer"}},
     .refuses = not_found},
    {.name = "GET /v1/rules",
     .method = "GET",
     .pattern = "/v1/rules",
     .handle = rules_get,
     .is_open = true,
     .summary = "The rules of this ledger: law, parameters, and what each does",
     .gives = {{200, "All rules", MEDIA_JSON, "Rules"}}},
    {.name = "GET /v1/types",
     .method = "GET",
     .pattern = "/v1/types",
     .handle = types_get,
     .is_open = true,
     .summary = "The record types: acts, who may do them and when, claims and their forms",
     .gives = {{200, "All types", MEDIA_JSON, "Types"}}},
    {.name = "GET /v1/policy",
     .method = "GET",
     .pattern = "/v1/policy",
     .handle = policy_get,
     .is_open = true,
     .summary = "The verifier policy (C2SP tlog-policy) as this node states it",
     .gives = {{200, "The policy", MEDIA_TEXT, "Text"}}},
    {.name = "GET /healthz",
     .method = "GET",
     .pattern = "/healthz",
     .handle = healthz_get,
     .summary = "That the process lives",
     .gives = {{200, "It lives", MEDIA_JSON, "Health"}}},
    {.name = "GET /readyz",
     .method = "GET",
     .pattern = "/readyz",
     .handle = readyz_get,
     .summary = "Whether the node takes records and its newest final checkpoint is fresh",
     .gives = {{200, "Ready", MEDIA_JSON, "Readiness"},
               {503, "Not ready, and why", MEDIA_JSON, "Readiness"}}},
    {.name = "GET /metrics",
     .method = "GET",
     .pattern = "/metrics",
     .handle = metrics_get,
     .summary = "Counters and gauges for Prometheus",
     .gives = {{200, "The text exposition format 0.0.4", MEDIA_METRICS, "Text"}}},
    {.name = "GET /v1/status",
     .method = "GET",
     .pattern = "/v1/status",
     .handle = status_get,
     .is_open = true,
     .summary = "How the node is doing, and every limit that a caller can meet",
     .gives = {{200, "The status", MEDIA_JSON, "Status"}}},
    {.name = "GET /openapi.json",
     .method = "GET",
     .pattern = "/openapi.json",
     .handle = openapi_get,
     .is_open = true,
     .summary = "This description",
     .gives = {{200, "OpenAPI 3.1", MEDIA_JSON, "OpenApi"}}},
};
const size_t route_count = sizeof routes / sizeof *routes;

/* -- the problems of a route -- */

static bool refuses(const struct route *route, enum err err) {
    for (const enum err *at = route->refuses; at && *at; at++) {
        if (*at == err) return true;
    }
    return false;
}

static bool is_of_tokens(enum err err) {
    return err == ERR_TOKEN_MISSING || err == ERR_TOKEN_INVALID || err == ERR_TOKEN_EXPIRED ||
           err == ERR_TOKEN_REPLAYED || err == ERR_ISSUER_SUSPENDED || err == ERR_RATE;
}

static bool is_common(const struct route *route, enum err err) {
    static const enum err all[] = {ERR_REQUEST, ERR_DRAINING, ERR_NO_MEMORY,
                                   ERR_IO,      ERR_CORRUPT,  ERR_INTERNAL};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        if (all[i] == err) return true;
    }
    if (route->body_limit && (err == ERR_TIMEOUT || err == ERR_TOO_LARGE)) return true;
    return route->needs_token && is_of_tokens(err);
}

enum err route_problem(const struct route *route, int status, size_t index) {
    for (int i = ERR_OK + 1; i < ERR_COUNT; i++) {
        enum err err = (enum err)i;
        if (err_status(err) != status || !(refuses(route, err) || is_common(route, err))) continue;
        if (index-- == 0) return err;
    }
    return ERR_OK;
}
