/* One request on its way through the API: what a handler gets and what it may use. Only api/ includes this.
 *
 * A handler reads call->request, fills call->reply and returns ERR_OK, or returns an error with its reason in call->why and leaves the reply alone: api.c
 * makes the problem. Handlers run in threads with small stacks: what is larger than a few KB is allocated. */
#ifndef QIZHENG_API_CALL_H
#define QIZHENG_API_CALL_H

#include "api/api.h"
#include "ledger/record/tag.h"

#define MEDIA_JSON "application/json"
#define MEDIA_TEXT "text/plain; charset=utf-8"
#define MEDIA_RECORDS "application/vnd.qizheng.jose-lines" /* one compact JWS a line */
#define MEDIA_LINES "application/x-ndjson"                 /* one JSON text a line */
#define MEDIA_METRICS "text/plain; version=0.0.4; charset=utf-8"
#define CALL_PARTS 2

struct api_call {
    const struct api *api;
    const struct http_request *request;
    struct http_reply *reply;
    struct bytes parts[CALL_PARTS]; /* what stands for the {} of the route, in order */
    struct problem why;
    unsigned retry_after_s; /* with an error of class RETRY: seconds; 0: what its status says */
    const char *allow;      /* with ERR_METHOD: the methods that the path has */
    char allow_text[64];
    bool has_size;
    uint64_t size; /* of the tree that the answer came from, where has_size */
};

/* -- one handler per route -- */
enum err records_post(struct api_call *call) MUST_CHECK;
enum err batches_post(struct api_call *call) MUST_CHECK;
enum err batch_get(struct api_call *call) MUST_CHECK;
enum err batch_results_get(struct api_call *call) MUST_CHECK;
enum err records_list(struct api_call *call) MUST_CHECK;
enum err record_get(struct api_call *call) MUST_CHECK;
enum err contract_get(struct api_call *call) MUST_CHECK;
enum err findings_list(struct api_call *call) MUST_CHECK;
enum err statistics_get(struct api_call *call) MUST_CHECK;
enum err events_get(struct api_call *call) MUST_CHECK;
enum err receipts_get(struct api_call *call) MUST_CHECK;
enum err documents_get(struct api_call *call) MUST_CHECK;
enum err verifications_post(struct api_call *call) MUST_CHECK;
enum err checkpoint_get(struct api_call *call) MUST_CHECK;
enum err tile_get(struct api_call *call) MUST_CHECK;
enum err add_checkpoint_post(struct api_call *call) MUST_CHECK;
enum err participants_get(struct api_call *call) MUST_CHECK;
enum err participant_get(struct api_call *call) MUST_CHECK;
enum err rules_get(struct api_call *call) MUST_CHECK;
enum err types_get(struct api_call *call) MUST_CHECK;
enum err policy_get(struct api_call *call) MUST_CHECK;
enum err healthz_get(struct api_call *call) MUST_CHECK;
enum err readyz_get(struct api_call *call) MUST_CHECK;
enum err metrics_get(struct api_call *call) MUST_CHECK;
enum err status_get(struct api_call *call) MUST_CHECK;
enum err openapi_get(struct api_call *call) MUST_CHECK;
enum err tags_post(struct api_call *call) MUST_CHECK;
enum err genesis_get(struct api_call *call) MUST_CHECK;

/* -- what handlers share (call.c) -- */
/* A snapshot, whose size becomes the answer's. Close it with store_view_close. */
enum err call_snapshot(struct api_call *call, struct store_view **ret) MUST_CHECK;
/* The newest final checkpoint and a snapshot that holds at least its leaves; the answer's size is the checkpoint's. ERR_NOT_FINAL. Both go back through
 * call_final_done. */
struct call_final {
    struct api_checkpoint checkpoint;
    struct store_view *view;
};
enum err call_final(struct api_call *call, struct call_final *ret) MUST_CHECK;
void call_final_done(struct api_call *call, struct call_final *final);
/* The reply: json (taken over; NULL is ERR_NO_MEMORY) with a member `size` put in where the answer has one. */
enum err call_json(struct api_call *call, int status, const char *content_type,
                   struct json *json) MUST_CHECK;
/* The reply: {"name": list, "size"...}. list is taken over. */
enum err call_list(struct api_call *call, const char *name, struct json *list) MUST_CHECK;
/* The reply: that text. */
enum err call_text(struct api_call *call, const char *content_type, struct bytes text) MUST_CHECK;
/* The client address, never empty: what caps count by. */
const char *call_source(const struct api_call *call);
/* Raw value of a query parameter (nothing is percent-decoded); false where it is absent. */
bool call_query(const struct api_call *call, const char *name, struct bytes *ret);
/* The lower-case hex of a record id in the path. ERR_NOT_FOUND with a reason. */
enum err call_record_id(struct api_call *call, struct bytes text,
                        uint8_t ret[RECORD_ID_LEN]) MUST_CHECK;

/* -- header fields (field.c) -- */
/* True where the Content-Type value names that type, whatever its parameters (RFC 9110 section 8.3.1). value may be NULL. */
bool field_is_media(const char *value, const char *type);
/* True where an Accept value asks for text/plain rather than JSON (RFC 9110 section 12.5.1). accept may be NULL. */
bool field_wants_text(const char *accept);
/* RFC 7240. Preferences that we do not know, or whose value we cannot read, are ignored, as it says. value may be NULL. */
struct field_prefer {
    bool is_async; /* respond-async */
    bool has_wait;
    uint64_t wait_s; /* as asked for */
};
struct field_prefer field_prefer(const char *value);

/* -- who asks (reader.c) -- */
/* A participant that showed an access token for this very request (ledger/record/token.h). */
struct reader {
    char id[LIMIT_ID + 1];
    uint16_t roles;            /* bits of enum role, as the registry has them now */
    char kid[KEY_KID_LEN + 1]; /* of the key that signed the token */
    char purpose[TAG_WORD];    /* as the token says, for the log */
};
/* Takes the request's bearer token (RFC 6750) and writes who reads, in which roles and what for to the log: so ask once a request, before anything else. ERR_TOKEN_*,
 * ERR_ISSUER_SUSPENDED, ERR_RATE with a reason. */
enum err call_reader(struct api_call *call, struct reader *ret) MUST_CHECK;
/* The same where the request may come from anybody: *ret_has is false where it has no Authorization at all. Whoever shows a token is never answered as if it had shown none. */
enum err call_reader_maybe(struct api_call *call, struct reader *ret, bool *ret_has) MUST_CHECK;

/* -- receipts (receipts.c) -- */
/* A leaf that a receipt is asked for: found in the log, or by whoever has just seen its record become one. */
struct receipt_of {
    uint64_t index, time_ms;
    uint8_t leaf[LEAF_LEN];
    const struct record
        *record; /* with the very bytes that are stored; NULL: it is read. Borrowed */
};
enum err receipt_of_index(struct store_view *view, uint64_t index,
                          struct receipt_of *ret) MUST_CHECK;
struct receipt_of receipt_of_record(const struct record *record, uint64_t index, uint64_t time_ms);
/* Appends its receipt under final's checkpoint. with_record: the stored record and its issuer chain, else the leaf alone. Nothing is appended on failure;
 * ERR_TOO_LARGE with a reason in call->why. */
enum err receipt_add(struct api_call *call, struct call_final *final, const struct receipt_of *of,
                     bool with_record, struct buf *out) MUST_CHECK;
/* Appends the text of that object with a member `receipt` behind the others: the receipt with its record. */
enum err receipt_join(struct api_call *call, struct call_final *final, const struct receipt_of *of,
                      struct json *object, struct buf *out) MUST_CHECK;

/* -- documents (documents.c) -- */
/* {"alg","digest","present","since"?}: whether a leaf below the final size names that document, and the first one's time. */
enum err document_presence(struct call_final *final, enum digest_alg alg,
                           const uint8_t digest[DIGEST_LEN], struct json **ret) MUST_CHECK;

#endif
