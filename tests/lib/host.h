/* A ledger of one node in one process, for the tests of the API: a store in a directory of its own, a machine, and a host that orders and applies each record while
 * submit runs and then signs the checkpoint with fixed keys. Knobs make it slow, full, silent or broken. Everything here ends the test where it fails. */
#ifndef QIZHENG_TESTS_LIB_HOST_H
#define QIZHENG_TESTS_LIB_HOST_H

#include "api/api.h"
#include "api/spool.h"
#include "ledger/crypto/nodekey.h"
#include "ledger/crypto/voprf.h"
#include "ledger/proof/policy.h"
#include "ledger/proof/verify.h"
#include "ledger/record/tag.h"
#include "ledger/record/token.h"
#include "tests/lib/vector.h"

#include <ftw.h>
#include <sys/stat.h>
#include <unistd.h>

#define HOST_ORIGIN "qizheng.invalid/00c0ffee"
#define HOST_CREATED_MS 1795420542123
#define HOST_NOW_MS (HOST_CREATED_MS + 60000)
#define HOST_KEY_FROM 1795420542
#define HOST_TOKENS 256

struct host {
    char dir[512];
    struct nodekey keys;
    struct vkey log, cosigner;
    struct genesis *genesis;
    struct machine machine;
    struct machine_tip tip;
    struct store *store;
    struct buf policy, note;
    uint64_t final_size;
    uint8_t final_root[HASH_LEN];
    uint64_t counter;
    struct api api;
    /* -- knobs -- */
    uint64_t now_ms;
    const struct buf *ahead; /* a JWS that the order takes just before the next one submitted */
    bool is_held;            /* records are queued and never ordered: wait runs out */
    bool is_unpublished;     /* records are applied, the checkpoint stays where it is */
    bool is_unsigned;        /* there is no final checkpoint at all */
    unsigned order_fails;    /* so many times the order does not take what is submitted */
    enum err submit_err, ready_err, status_err, cosign_err;
    int cosign_status;
    uint64_t cosign_known;
    const char *cosign_lines;
    enum err token_err;
    enum err tags_err;
    /* -- what was seen -- */
    uint8_t used[HOST_TOKENS][32];
    size_t tokens;
    uint64_t waited_ms;
    unsigned submitted, released, checkpoints_out, tags_calls;
    struct api_tags tags_asked; /* its texts are the two below and a constant */
    char tags_reader[LIMIT_ID + 1], tags_purpose[TAG_WORD];
};

struct submission {
    struct record *record;
    struct submission_result result;
    struct outcome outcome;
};

/* -- genesis -- */

static inline void host_put(struct json *object, const char *name, struct json *child) {
    cr_assert(json_put(object, name, child) == ERR_OK);
}

static inline struct json *host_text(const struct buf *text) {
    return json_new_text_bytes(buf_bytes(text));
}

#define HOST_USCC "91350100M000100Y43"

/* Claims of a participant whose key is vector_key(alg, id). */
static inline struct json *host_participant(const char *id, uint16_t roles, enum key_alg alg) {
    struct participant *participant = calloc(1, sizeof *participant);
    struct key_secret *key = vector_key(alg, id);
    cr_assert(participant);
    participant->roles = roles;
    participant->key_count = 1;
    (void)snprintf(participant->id, sizeof participant->id, "%s", id);
    (void)snprintf(participant->name, sizeof participant->name, "示例机构 %s", id);
    (void)snprintf(participant->uscc, sizeof participant->uscc, HOST_USCC);
    participant->keys[0].from = HOST_KEY_FROM;
    participant->keys[0].to = INT64_MAX;
    cr_assert(key_public_copy(key_secret_public(key), &participant->keys[0].key) == ERR_OK);
    struct json *json = participant_json(participant);
    cr_assert(json);
    participant_done(participant);
    free(participant);
    key_secret_done(key);
    return json;
}

static inline struct json *host_node(struct host *host) {
    struct json *node = json_new_object(), *voprf = json_new_object();
    struct buf log, cosigner;
    buf_init(&log, 1024);
    buf_init(&cosigner, 1024);
    cr_assert(vkey_format(&host->log, &log) == ERR_OK);
    cr_assert(vkey_format(&host->cosigner, &cosigner) == ERR_OK);
    host_put(node, "name", json_new_text(HOST_ORIGIN "/node/1"));
    host_put(node, "operator", json_new_text("operator"));
    host_put(node, "log_vkey", host_text(&log));
    host_put(node, "cosigner_vkey", host_text(&cosigner));
    host_put(node, "auth", key_public_jwk(key_secret_public(host->keys.auth)));
    host_put(voprf, "labour", json_new_text("4vKuCmq8TnGohKlhxQBRX1jjC2qlgt2NtqZZReCNLXY"));
    host_put(node, "voprf", voprf);
    buf_done(&log);
    buf_done(&cosigner);
    return node;
}

/* The default rules; the one with that id (NULL: none) flags where it would reject. */
static inline struct json *host_rules(const char *flagged) {
    struct json *defaults = rules_genesis_json(), *rules = json_new_array();
    for (size_t i = 0; i < json_count(defaults); i++) {
        struct json *rule = json_clone(json_at(defaults, i));
        if (flagged && strcmp(json_text(json_member(rule, "id")), flagged) == 0) {
            host_put(rule, "action", json_new_text("flag"));
        }
        cr_assert(json_push(rules, rule) == ERR_OK);
    }
    json_done(defaults);
    return rules;
}

static inline void host_genesis(struct host *host, const char *flagged) {
    struct json *json = json_new_object(), *people = json_new_array(), *nodes = json_new_array();
    struct json *parameters = json_new_object();
    struct buf text;
    struct problem why = {0};
    cr_assert(json_push(nodes, host_node(host)) == ERR_OK);
    cr_assert(json_push(people, host_participant("operator", ROLE_OPERATOR, KEY_ES256K)) == ERR_OK);
    cr_assert(json_push(people, host_participant("registrar", ROLE_REGISTRAR, KEY_ED25519)) ==
              ERR_OK);
    cr_assert(json_push(people, host_participant("acme", ROLE_EMPLOYER, KEY_ES256K)) == ERR_OK);
    host_put(json, "format", json_new_text(GENESIS_FORMAT));
    host_put(json, "created", json_new_int(HOST_CREATED_MS));
    host_put(json, "origin", json_new_text(HOST_ORIGIN));
    host_put(json, "protocol", json_new_int(1));
    host_put(json, "quorum", json_new_text("bft"));
    host_put(json, "nodes", nodes);
    host_put(json, "participants", people);
    host_put(json, "parameters", parameters);
    host_put(json, "rules", host_rules(flagged));
    buf_init(&text, LIMIT_GENESIS);
    cr_assert(json_format(json, &text) == ERR_OK);
    cr_assert(genesis_parse(buf_bytes(&text), &host->genesis, &why) == ERR_OK, "%s %s", why.pointer,
              why.detail);
    buf_done(&text);
    json_done(json);
}

/* -- the order, the writer and the cosigner in one -- */

static inline void host_publish(struct host *host) {
    struct store_head head = store_current(host->store);
    struct buf text;
    buf_init(&text, LIMIT_NOTE);
    buf_done(&host->note);
    buf_init(&host->note, LIMIT_NOTE);
    cr_assert(checkpoint_format(HOST_ORIGIN, head.size, head.root, &text) == ERR_OK);
    cr_assert(buf_add(&host->note, buf_bytes(&text)) == ERR_OK);
    cr_assert(buf_add_byte(&host->note, '\n') == ERR_OK);
    cr_assert(checkpoint_sign(&host->log, host->keys.log, buf_bytes(&text), &host->note) == ERR_OK);
    cr_assert(checkpoint_cosign(&host->cosigner, host->keys.cosigner, buf_bytes(&text),
                                HOST_NOW_MS / 1000, &host->note) == ERR_OK);
    host->final_size = head.size;
    memcpy(host->final_root, head.root, HASH_LEN);
    buf_done(&text);
}

static inline void host_commit(struct host *host, struct overlay *overlay,
                               const struct store_entry *entries, size_t count,
                               const struct machine_tip *tip) {
    struct store_commit commit = {.entries = entries, .entry_count = count};
    struct store_head head;
    struct problem why = {0};
    struct buf order;
    buf_init(&order, LIMIT_GENESIS);
    cr_assert(overlay_writes(overlay, &commit.writes, &commit.write_count) == ERR_OK);
    cr_assert(order_state_encode(&tip->order, &order) == ERR_OK);
    commit.position = tip->order.position;
    commit.time_ms = tip->time_ms;
    commit.order_state = buf_bytes(&order);
    cr_assert(store_commit(host->store, &commit, &head, &why) == ERR_OK, "%s", why.detail);
    cr_assert_eq(head.size, tip->size);
    buf_done(&order);
    host->tip = *tip;
}

static inline void host_begin(struct host *host) {
    struct store_view *view;
    struct overlay *overlay;
    struct machine_tip *tip = calloc(1, sizeof *tip);
    struct store_entry entry;
    cr_assert(tip && store_view_open(host->store, &view) == ERR_OK);
    cr_assert(overlay_open(api_state_view(view), &overlay) == ERR_OK);
    cr_assert(machine_begin(&host->machine, overlay, tip, &entry) == ERR_OK);
    host_commit(host, overlay, &entry, 1, tip);
    overlay_close(overlay);
    store_view_close(view);
    free(tip);
}

/* One record as a batch of its own. */
static inline struct outcome host_apply(struct host *host, struct bytes canonical) {
    struct batch batch = {
        .counter = ++host->counter, .clock_ms = host->now_ms, .count = 1, .records = &canonical};
    struct position position = {host->tip.order.position.epoch,
                                host->tip.order.position.revision + 1};
    struct store_view *view;
    struct overlay *overlay;
    struct effects effects = {0};
    struct machine_tip *tip = calloc(1, sizeof *tip);
    struct buf bytes;
    buf_init(&bytes, LIMIT_BATCH);
    memcpy(batch.ledger_id, host->genesis->ledger_id, 32);
    cr_assert(batch_encode(&batch, host->keys.auth, &bytes) == ERR_OK);
    cr_assert(tip && store_view_open(host->store, &view) == ERR_OK);
    cr_assert(overlay_open(api_state_view(view), &overlay) == ERR_OK);
    *tip = host->tip;
    cr_assert(machine_apply(&host->machine, overlay, tip, position, buf_bytes(&bytes), NULL,
                            &effects) == ERR_OK);
    cr_assert(!effects.is_skipped, "%s", effects.skipped_why.detail);
    cr_assert_eq(effects.outcome_count, 1);
    host_commit(host, overlay, effects.entries, effects.entry_count, tip);
    struct outcome outcome = effects.outcomes[0];
    effects_done(&effects);
    overlay_close(overlay);
    store_view_close(view);
    buf_done(&bytes);
    free(tip);
    if (!host->is_unpublished) host_publish(host);
    return outcome;
}

/* -- the host's functions -- */

static inline enum err host_submit(void *ctx, struct record *record, struct submission **ret,
                                   struct problem *ret_why) {
    struct host *host = ctx;
    struct submission *submission = NULL;
    host->submitted++;
    if (!host->submit_err) submission = calloc(1, sizeof *submission);
    if (submission && host->ahead) (void)host_apply(host, buf_bytes(host->ahead));
    host->ahead = NULL;
    if (submission && host->order_fails > 0) {
        host->order_fails--;
        submission->outcome.kind = OUTCOME_REFUSED;
        (void)problem_set(&submission->outcome.problem, ERR_NO_ORDER, "The knob says no.");
        submission->result.outcome = &submission->outcome;
        submission->result.state = SUBMISSION_REFUSED;
    } else if (submission && !host->is_held) {
        submission->outcome = host_apply(host, record->canonical);
        submission->result.outcome = &submission->outcome;
        submission->result.time_ms = host->tip.time_ms;
        submission->result.state = submission->outcome.kind == OUTCOME_REFUSED ? SUBMISSION_REFUSED
                                   : host->is_unpublished                      ? SUBMISSION_RECEIVED
                                                                               : SUBMISSION_FINAL;
    }
    if (submission) {
        submission->record = record;
        submission->result.record = record;
    } else {
        record_done(record);
    }
    if (host->submit_err) return problem_set(ret_why, host->submit_err, "The knob says no.");
    *ret = submission;
    return ERR_OK;
}

static inline void host_wait(void *ctx, struct submission *submission, uint64_t timeout_ms,
                             struct submission_result *ret) {
    struct host *host = ctx;
    host->waited_ms = timeout_ms;
    *ret = submission->result;
}

static inline void host_release(void *ctx, struct submission *submission) {
    struct host *host = ctx;
    host->released++;
    record_done(submission->record);
    free(submission);
}

static inline bool host_wait_final(void *ctx, uint64_t index, uint64_t timeout_ms) {
    struct host *host = ctx;
    host->waited_ms = timeout_ms;
    return !host->is_unsigned && index < host->final_size;
}

static inline enum err host_checkpoint(void *ctx, struct api_checkpoint *ret) {
    struct host *host = ctx;
    if (host->is_unsigned) return ERR_NOT_FINAL;
    host->checkpoints_out++;
    ret->size = host->final_size;
    memcpy(ret->root, host->final_root, HASH_LEN);
    ret->time_s = HOST_NOW_MS / 1000;
    ret->note = buf_bytes(&host->note);
    ret->handle = host;
    return ERR_OK;
}

static inline void host_checkpoint_release(void *ctx, struct api_checkpoint *checkpoint) {
    struct host *host = ctx;
    cr_assert(checkpoint->handle == host && host->checkpoints_out > 0);
    host->checkpoints_out--;
}

static inline enum err host_cosign_add(void *ctx, struct bytes body, int *ret_status,
                                       uint64_t *ret_known_size, struct buf *ret_lines,
                                       struct problem *ret_why) {
    struct host *host = ctx;
    cr_assert(body.len > 0);
    *ret_status = host->cosign_status;
    if (host->cosign_known != API_SIZE_UNKNOWN) *ret_known_size = host->cosign_known;
    if (host->cosign_err) return problem_set(ret_why, host->cosign_err, "The knob says no.");
    return host->cosign_lines ? buf_add_text(ret_lines, host->cosign_lines) : ERR_OK;
}

static inline enum err host_status(void *ctx, struct json **ret) {
    struct host *host = ctx;
    if (host->status_err) return host->status_err;
    struct json *status = json_new_object();
    cr_assert(json_put_text(status, "origin", HOST_ORIGIN) == ERR_OK);
    *ret = status;
    return ERR_OK;
}

static inline enum err host_ready(void *ctx, struct problem *ret_why) {
    struct host *host = ctx;
    if (!host->ready_err) return ERR_OK;
    return problem_set(ret_why, host->ready_err, "The knob says no.");
}

static inline enum err host_token_once(void *ctx, const char *issuer, const uint8_t digest[32],
                                       int64_t exp_s, bool *ret_first) {
    struct host *host = ctx;
    cr_assert(*issuer);
    if (host->token_err) return host->token_err;
    cr_assert(exp_s > (int64_t)(host->now_ms / 1000) && host->tokens < HOST_TOKENS);
    *ret_first = true;
    for (size_t i = 0; i < host->tokens; i++)
        if (memcmp(host->used[i], digest, 32) == 0) *ret_first = false;
    memcpy(host->used[host->tokens++], digest, 32);
    return ERR_OK;
}

/* The genesis lists the key of `labour`: the base point, so the secret is 1. */
static inline enum err host_tags_evaluate(void *ctx, const struct api_tags *ask,
                                          struct api_tags_made *ret, struct problem *ret_why) {
    static const voprf_scalar one = {1};
    struct host *host = ctx;
    uint8_t random[VOPRF_RANDOM_LEN];
    host->tags_asked = *ask;
    host->tags_asked.domain = strcmp(ask->domain, "labour") == 0 ? "labour" : "";
    host->tags_calls++;
    (void)snprintf(host->tags_reader, sizeof host->tags_reader, "%s", ask->reader);
    (void)snprintf(host->tags_purpose, sizeof host->tags_purpose, "%s", ask->purpose);
    if (host->tags_err == ERR_RATE) ret->retry_after_s = 77;
    if (host->tags_err) return problem_set(ret_why, host->tags_err, "The knob says no.");
    cr_assert(voprf_public(one, ret->public) == ERR_OK);
    for (size_t i = 0; i < ask->count; i++) {
        memset(random, 1, sizeof random);
        put_u64(random, i);
        cr_assert(voprf_blind_evaluate(one, ask->blinded + 32 * i, 1, random,
                                       ret->evaluated + 32 * i, ret->proofs + 64 * i) == ERR_OK);
    }
    return ERR_OK;
}

static inline uint64_t host_clock_ms(void *ctx) {
    return ((struct host *)ctx)->now_ms;
}

/* -- from nothing to a ledger with its genesis published, and back -- */

/* Also to open it again, as a start after a crash does. */
static inline void host_spool_open(struct host *host) {
    char path[600];
    struct problem why = {0};
    spool_close(host->api.spool);
    (void)snprintf(path, sizeof path, "%s/uploads", host->dir);
    cr_assert(spool_open(path, &host->api.spool, &why) == ERR_OK, "%s", why.detail);
}

static inline struct host *host_open_flagging(const char *flagged) {
    struct host *host = calloc(1, sizeof *host);
    struct problem why = {0};
    const char *base = getenv("TMPDIR");
    uint8_t seed[32];
    cr_assert(host);
    vector_seed("node 1", seed);
    (void)snprintf(host->dir, sizeof host->dir, "%s/qizheng-api-XXXXXX", base ? base : "/tmp");
    cr_assert(mkdtemp(host->dir), "no directory for the test");
    cr_assert(nodekey_derive(seed, &host->keys) == ERR_OK);
    cr_assert(vkey_make(HOST_ORIGIN, NOTE_TYPE_ED25519, key_secret_public(host->keys.log),
                        &host->log) == ERR_OK);
    cr_assert(vkey_make(HOST_ORIGIN "/node/1", NOTE_TYPE_COSIGNATURE,
                        key_secret_public(host->keys.cosigner), &host->cosigner) == ERR_OK);
    host_genesis(host, flagged);
    host->machine.genesis = host->genesis;
    host->now_ms = HOST_NOW_MS;
    host->cosign_known = API_SIZE_UNKNOWN;
    host->cosign_status = 200;
    cr_assert(store_open(host->dir, host->genesis->ledger_id, true, &host->store, &why) == ERR_OK,
              "%s", why.detail);
    host_begin(host);
    host_publish(host);
    buf_init(&host->policy, LIMIT_POLICY);
    cr_assert(policy_format(&host->log, &host->cosigner, 1, 0, &host->policy) == ERR_OK);
    struct api_host functions = {host,
                                 host_submit,
                                 host_wait,
                                 host_release,
                                 host_wait_final,
                                 host_checkpoint,
                                 host_checkpoint_release,
                                 host_cosign_add,
                                 host_status,
                                 host_ready,
                                 host_clock_ms,
                                 host_token_once,
                                 host_tags_evaluate};
    host->api.host = functions;
    host->api.store = host->store;
    host_spool_open(host);
    host->api.machine = &host->machine;
    host->api.policy = buf_bytes(&host->policy);
    host->api.wait_default_ms = 10000;
    host->api.wait_max_ms = 60000;
    host->api.node_name = HOST_ORIGIN "/node/1";
    memset(host->api.cursor_key, 7, sizeof host->api.cursor_key);
    host->api.streams_max = 8;
    host->api.started_ms = HOST_NOW_MS - 3600000;
    return host;
}

static inline struct host *host_open(void) {
    return host_open_flagging(NULL);
}

static inline int host_remove_one(const char *path, const struct stat *stat, int kind,
                                  struct FTW *at) {
    (void)stat;
    (void)kind;
    (void)at;
    return remove(path);
}

static inline void host_close(struct host *host) {
    cr_assert_eq(host->checkpoints_out, 0, "a checkpoint was not given back");
    spool_close(host->api.spool);
    store_close(host->store);
    cr_assert(nftw(host->dir, host_remove_one, 16, FTW_DEPTH | FTW_PHYS) == 0);
    buf_done(&host->policy);
    buf_done(&host->note);
    genesis_done(host->genesis);
    nodekey_done(&host->keys);
    free(host);
}

/* -- records -- */

/* Claims common to all records, then whatever the caller puts in. number makes jti unique. */
static inline struct json *host_claims(const struct host *host, const char *issuer,
                                       const char *type, const char *act, uint64_t number) {
    struct json *claims = json_new_object();
    uint8_t raw[16] = {0};
    char aud[65], jti[32], vct[96];
    put_u64(raw, number);
    base64url_write(bytes_of(raw, sizeof raw), jti);
    hex_encode(bytes_of(host->genesis->ledger_id, 32), aud);
    (void)snprintf(vct, sizeof vct, "urn:qizheng:%s:1", type);
    host_put(claims, "iss", json_new_text(issuer));
    host_put(claims, "aud", json_new_text(aud));
    host_put(claims, "iat", json_new_int((int64_t)(HOST_NOW_MS / 1000)));
    host_put(claims, "jti", json_new_text(jti));
    host_put(claims, "vct", json_new_text(vct));
    host_put(claims, "act", json_new_text(act));
    return claims;
}

/* The compact JWS of those claims (taken over) by vector_key(alg, issuer). The caller frees it. */
static inline struct buf host_sign(struct json *claims, enum key_alg alg, const char *issuer) {
    struct key_secret *key = vector_key(alg, issuer);
    struct buf payload, jws;
    buf_init(&payload, 2 * LIMIT_RECORD);
    buf_init(&jws, 2 * LIMIT_RECORD);
    cr_assert(json_format(claims, &payload) == ERR_OK);
    cr_assert(jws_sign(key, JWS_TYP_RECORD, buf_bytes(&payload), &jws) == ERR_OK);
    buf_done(&payload);
    json_done(claims);
    key_secret_done(key);
    return jws;
}

/* The registrar (or another) admits a participant whose key is vector_key(alg, id); the record names a document of 32 bytes `number`. */
static inline struct buf host_admit(const struct host *host, const char *registrar,
                                    enum key_alg registrar_alg, const char *id, uint16_t roles,
                                    enum key_alg alg, uint64_t number) {
    struct json *claims = host_claims(host, registrar, "participant", "admit", number);
    struct json *participant = host_participant(id, roles, alg);
    struct json *docs = json_new_array(), *doc = json_new_object();
    uint8_t digest[32];
    char text[48];
    memset(digest, (int)number, sizeof digest);
    base64url_write(bytes_of(digest, 32), text);
    for (void *at = json_first(participant); at; at = json_next(participant, at)) {
        host_put(claims, json_name_at(at), json_clone(json_value_at(at)));
    }
    host_put(doc, "alg", json_new_text("sha-256"));
    host_put(doc, "digest", json_new_text(text));
    cr_assert(json_push(docs, doc) == ERR_OK);
    host_put(claims, "doc", docs);
    json_done(participant);
    return host_sign(claims, registrar_alg, registrar);
}

/* -- requests -- */

struct ask {
    const char *method, *path, *query, *type, *accept, *prefer, *authorization, *last_event;
    const char *source; /* NULL: 127.0.0.1 */
    struct bytes body;
    size_t body_read;  /* of a streamed body: what was read of it */
    size_t body_whole; /* 0: all of it arrives; else it is said to be so long, and is cut */
};

/* A few bytes at a time, as a network may. */
static inline enum err ask_read(const struct http_request *request, uint8_t *out, size_t len,
                                size_t *ret_len, struct problem *ret_why) {
    struct ask *ask = request->peer;
    size_t left = ask->body.len - ask->body_read;
    if (left == 0 && len > 0)
        return problem_set(ret_why, ERR_REQUEST, "The body ended before its Content-Length.");
    if (len > left) len = left;
    memcpy(out, ask->body.data + ask->body_read, len);
    ask->body_read += len;
    *ret_len = len;
    return ERR_OK;
}

static inline const char *ask_header(const struct http_request *request, const char *name) {
    const struct ask *ask = request->peer;
    if (strcmp(name, "Content-Type") == 0) return ask->type;
    if (strcmp(name, "Accept") == 0) return ask->accept;
    if (strcmp(name, "Prefer") == 0) return ask->prefer;
    if (strcmp(name, "Authorization") == 0) return ask->authorization;
    if (strcmp(name, "Last-Event-ID") == 0) return ask->last_event;
    return NULL;
}

/* The caller frees the reply with http_reply_done. */
static inline struct http_reply ask(struct host *host, struct ask question) {
    struct http_reply reply;
    struct http_request request = {.method = question.method ? question.method : "GET",
                                   .path = bytes_text(question.path),
                                   .query = bytes_text(question.query ? question.query : ""),
                                   .header = ask_header,
                                   .body = question.body,
                                   .body_len = question.body_whole ? question.body_whole
                                                                   : question.body.len,
                                   .read = ask_read,
                                   .source = question.source ? question.source : "127.0.0.1",
                                   .id = 7,
                                   .peer = &question};
    http_reply_init(&reply, LIMIT_HTTP_REPLY);
    api_handle(&host->api, &request, &reply);
    return reply;
}

/* "Bearer " and an access token of vector_key(alg, issuer) for exactly that request; a number makes its jti. The caller frees it. */
static inline struct buf host_token(struct host *host, const char *issuer, enum key_alg alg,
                                    uint64_t number, struct ask question) {
    struct key_secret *key = vector_key(alg, issuer);
    struct token_make make = {.iss = issuer,
                              .node = HOST_ORIGIN "/node/1",
                              .method = question.method ? question.method : "GET",
                              .path = question.path,
                              .purpose = "unit-test",
                              .body = question.body,
                              .now_s = (int64_t)(host->now_ms / 1000),
                              .life_s = 60};
    struct buf token;
    put_u64(make.jti, number);
    buf_init(&token, LIMIT_TOKEN);
    cr_assert(buf_add_text(&token, "Bearer ") == ERR_OK);
    cr_assert(token_sign(key, &make, &token) == ERR_OK);
    key_secret_done(key);
    return token;
}

/* The same as ask with such a token. */
static inline struct http_reply ask_as(struct host *host, const char *issuer, enum key_alg alg,
                                       uint64_t number, struct ask question) {
    struct buf token = host_token(host, issuer, alg, number, question);
    question.authorization = buf_text(&token);
    struct http_reply reply = ask(host, question);
    buf_done(&token);
    return reply;
}

static inline int ask_status(struct host *host, struct ask question) {
    struct http_reply reply = ask(host, question);
    http_reply_done(&reply);
    return reply.status;
}

static inline const char *reply_header(const struct http_reply *reply, const char *name) {
    for (size_t i = 0; i < reply->header_count; i++) {
        if (strcmp(reply->headers[i].name, name) == 0) return reply->headers[i].value;
    }
    return "";
}

/* What a streamed reply sends, put behind each other in the plain body. */
static inline enum err reply_drain(struct http_reply *reply) {
    struct buf piece;
    enum err err = ERR_OK;
    bool has_ended = reply->stream.next == NULL;
    buf_init(&piece, LIMIT_HTTP_REPLY);
    while (!err && !has_ended) {
        buf_clear(&piece);
        err = reply->stream.next(reply->stream.ctx, &piece, &has_ended);
        if (!err) cr_assert(buf_add(&reply->body, buf_bytes(&piece)) == ERR_OK);
    }
    buf_done(&piece);
    return err;
}

/* The caller frees it with json_done. */
static inline struct json *reply_json(const struct http_reply *reply) {
    struct json *json = NULL;
    cr_assert(json_parse(buf_bytes(&reply->body), &json, NULL) == ERR_OK, "%d: no JSON",
              reply->status);
    return json;
}

/* Asserts a problem with that code, and frees the reply. */
static inline void reply_is_problem(struct http_reply reply, enum err err) {
    cr_assert_str_eq(reply.content_type, "application/problem+json");
    struct json *json = reply_json(&reply);
    const char *code = json_text(json_member(json, "code"));
    cr_assert_str_eq(code, err_code(err), "%s: %s", code, json_text(json_member(json, "detail")));
    cr_assert_eq(reply.status, err_status(err));
    json_done(json);
    http_reply_done(&reply);
}

static inline int64_t json_number(const struct json *object, const char *name) {
    int64_t value = -1;
    cr_assert(json_int(json_member(object, name), &value), "%s is missing", name);
    return value;
}

static inline struct ask ask_post(const struct buf *jws) {
    struct ask question = {.method = "POST",
                           .path = "/v1/records",
                           .type = "application/jose",
                           .body = buf_bytes(jws)};
    return question;
}

#endif
