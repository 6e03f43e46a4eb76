/* A ledger with one participant of each role, contracts and benefits in it, and who may read them asked as anybody: for the tests of authorised reads. Everything ends the
 * test where it fails. */
#ifndef QIZHENG_TESTS_LIB_READERS_H
#define QIZHENG_TESTS_LIB_READERS_H

#include "tests/lib/host.h"
#include "tests/lib/scene.h"

#define READERS_MAX 1280

struct readers {
    struct host *host;
    uint64_t number; /* makes jti of records and tokens */
    /* What was put in, by index: ids[0] is the genesis's and not used. */
    uint8_t ids[READERS_MAX][32];
    char issuers[READERS_MAX][16], types[READERS_MAX][24];
    uint64_t size;
};

static const char *const readers_names[] = {"acme",  "zeta",    "fund",      "cert",
                                            "court", "auditor", "registrar", "operator"};
#define READERS_NAMES (sizeof readers_names / sizeof readers_names[0])

static inline enum key_alg reader_alg(const char *name) {
    return strcmp(name, "registrar") == 0 ? KEY_ED25519 : KEY_ES256K;
}

static inline void readers_take(struct readers *r, const struct buf *jws, const char *issuer,
                                const char *type) {
    struct http_reply reply = ask(r->host, ask_post(jws));
    cr_assert_eq(reply.status, 201, "%d %.*s", reply.status, (int)reply.body.len, reply.body.data);
    http_reply_done(&reply);
    cr_assert(r->size < READERS_MAX);
    record_id_of(jws, r->ids[r->size]);
    (void)snprintf(r->issuers[r->size], sizeof r->issuers[0], "%s", issuer);
    (void)snprintf(r->types[r->size], sizeof r->types[0], "%s", type);
    r->size++;
}

static inline void readers_admit(struct readers *r, const char *id, uint16_t roles) {
    struct buf jws =
        host_admit(r->host, "registrar", KEY_ED25519, id, roles, KEY_ES256K, ++r->number);
    readers_take(r, &jws, "registrar", "participant");
    buf_done(&jws);
}

/* Claims of a record: `base` under `over`, with ref, replaces (may be NULL) and a tag of that role and domain whose bytes are `tag` (0: none). */
struct act {
    const char *issuer, *type, *act, *base, *over;
    const uint8_t *ref, *replaces;
    const char *role, *domain;
    uint8_t tag;
};

static inline void readers_tag(uint8_t tag, char ret[44]) {
    uint8_t raw[32];
    memset(raw, tag, sizeof raw);
    base64url_write(bytes_of(raw, 32), ret);
}

/* The record, signed by its issuer's key of that algorithm. */
static inline struct buf readers_sign(struct readers *r, struct act act, enum key_alg alg) {
    struct json *claims = host_claims(r->host, act.issuer, act.type, act.act, ++r->number);
    struct json *own = json_over(act.base, act.over ? act.over : "{}");
    char text[44], tags[160];
    host_put(claims, "iat", json_new_int((int64_t)(r->host->now_ms / 1000)));
    for (void *at = json_first(own); at; at = json_next(own, at))
        host_put(claims, json_name_at(at), json_clone(json_value_at(at)));
    json_done(own);
    if (act.ref) json_put_id(claims, "ref", act.ref);
    if (act.replaces) json_put_id(claims, "replaces", act.replaces);
    if (act.tag) {
        readers_tag(act.tag, text);
        (void)snprintf(tags, sizeof tags, "{\"%s\":{\"d\":\"%s\",\"v\":1,\"t\":\"%s\"}}", act.role,
                       act.domain, text);
        host_put(claims, "tags", json_text_of(tags));
    }
    return host_sign(claims, alg, act.issuer);
}

/* Puts the record in and gives its index. */
static inline uint64_t readers_put(struct readers *r, struct act act) {
    struct buf jws = readers_sign(r, act, reader_alg(act.issuer));
    readers_take(r, &jws, act.issuer, act.type);
    buf_done(&jws);
    return r->size - 1;
}

static inline uint64_t readers_contract(struct readers *r, const char *issuer, const char *act,
                                        const char *claims, const uint8_t *ref, uint8_t tag) {
    return readers_put(r, (struct act){.issuer = issuer,
                                       .type = "labour-contract",
                                       .act = act,
                                       .base = strcmp(act, "conclude") ? "{}" : SCENE_CONTRACT,
                                       .over = claims,
                                       .ref = ref,
                                       .role = "worker",
                                       .domain = "labour",
                                       .tag = tag});
}

static inline uint64_t readers_benefit(struct readers *r, const char *act, const char *claims,
                                       const uint8_t *ref, uint8_t tag) {
    return readers_put(r, (struct act){.issuer = "fund",
                                       .type = "benefit",
                                       .act = act,
                                       .base = claims,
                                       .ref = ref,
                                       .role = "person",
                                       .domain = "benefit",
                                       .tag = tag});
}

/* acme and zeta are employers, fund a payer, cert a certifier; court and auditor see all. */
static inline struct readers *readers_open(const char *flagged) {
    struct readers *r = calloc(1, sizeof *r);
    cr_assert(r);
    r->host = host_open_flagging(flagged);
    r->size = 1;
    readers_admit(r, "zeta", ROLE_EMPLOYER);
    readers_admit(r, "fund", ROLE_PAYER);
    readers_admit(r, "cert", ROLE_CERTIFIER);
    readers_admit(r, "court", ROLE_COURT);
    readers_admit(r, "auditor", ROLE_AUDITOR);
    return r;
}

static inline void readers_close(struct readers *r) {
    host_close(r->host);
    free(r);
}

/* What the design says, in its own words (ARCHITECTURE.md section 7), not the table of the code. */
static inline bool readers_may(const struct readers *r, const char *name, uint64_t index) {
    if (strcmp(name, "court") == 0 || strcmp(name, "auditor") == 0) return true;
    if (strcmp(name, "operator") == 0) return false;
    if (strcmp(name, "registrar") == 0) return strcmp(r->types[index], "participant") == 0;
    return strcmp(name, r->issuers[index]) == 0;
}

static inline struct http_reply readers_ask(struct readers *r, const char *name, const char *path,
                                            const char *query) {
    struct ask question = {.path = path, .query = query};
    r->host->tokens = 0; /* the memory of used tokens is small here */
    return ask_as(r->host, name, reader_alg(name), ++r->number, question);
}

/* The JSON of a 200 answer; the caller frees it. */
static inline struct json *readers_get(struct readers *r, const char *name, const char *path,
                                       const char *query) {
    struct http_reply reply = readers_ask(r, name, path, query);
    cr_assert_eq(reply.status, 200, "%s %s?%s: %d %.*s", name, path, query ? query : "",
                 reply.status, (int)reply.body.len, reply.body.data);
    struct json *json = reply_json(&reply);
    http_reply_done(&reply);
    return json;
}

static inline const char *readers_path(const char *before, const uint8_t id[32], char ret[128]) {
    char hex[65];
    hex_encode(bytes_of(id, 32), hex);
    (void)snprintf(ret, 128, "%s%s", before, hex);
    return ret;
}

#endif
