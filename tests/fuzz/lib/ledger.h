/* A ledger in memory that has taken some records, for the targets of contracts: acme an employer with a labour contract, zeta a payer with a benefit, a payment and a pay
 * run. It never changes: an input works in an overlay of its own.
 *
 * An input is lines. Each is a letter that chooses issuer, type, act and claims to start from (`fuzz_kinds`), and an object of claims put over them; null takes one out.
 * A text "@n" stands for the id of record n of the ledger and this input, "@holder" for the worker's key as an issuer and "@key" for what a record
 * says of it, "@root" for the root of the pay run. A line that begins with `!` ends a batch, and its number is how many seconds later the next is. */
#ifndef QIZHENG_FUZZ_LEDGER_H
#define QIZHENG_FUZZ_LEDGER_H

#include "tests/fuzz/lib/fuzz.h"
#include "tests/lib/benefits.h"

#define FUZZ_RECORDS 32 /* of the ledger and of one input together */

struct fuzz_kind {
    const char *iss, *type, *act, *base;
};

#define FUZZ_WORKER "{\"worker\":{\"d\":\"labour\",\"v\":1,\"t\":\"" SCENE_DIGEST "\"}}"
#define FUZZ_PERSON "{\"person\":{\"d\":\"benefit\",\"v\":1,\"t\":\"" SCENE_DIGEST "\"}}"

static const struct fuzz_kind fuzz_kinds[] = {
    {"acme", "labour-contract", "conclude", SCENE_CONTRACT},
    {"acme", "labour-contract", "amend",
     "{\"ref\":\"@2\",\"changed_fields\":[\"post\"],\"effective_date\":\"2027-03-01\"}"},
    {"acme", "labour-contract", "rescind",
     "{\"ref\":\"@2\",\"reason_code\":\"36\",\"date\":\"2027-03-01\"}"},
    {"acme", "labour-contract", "end",
     "{\"ref\":\"@2\",\"reason_code\":\"44-1\",\"date\":\"2029-11-30\"}"},
    {"acme", "labour-contract", "correct", SCENE_CONTRACT},
    {"zeta", "benefit", "determine", BENEFIT_DETERMINE},
    {"zeta", "benefit", "suspend", BENEFIT_SUSPEND},
    {"zeta", "benefit", "resume", BENEFIT_RESUME},
    {"zeta", "benefit", "terminate", BENEFIT_TERMINATE},
    {"zeta", "benefit", "disburse", BENEFIT_DISBURSE},
    {"zeta", "benefit", "batch", BENEFIT_BATCH},
    {"zeta", "benefit", "correct", BENEFIT_DETERMINE},
    {"registrar", "participant", "admit", "{}"},
    {"registrar", "participant", "suspend", "{\"id\":\"acme\",\"reason\":\"other\"}"},
    {"registrar", "participant", "resume", "{\"id\":\"acme\",\"reason\":\"other\"}"},
    {"registrar", "participant", "rotate", "{}"},
    {"registrar", "participant", "revoke", "{\"id\":\"acme\",\"reason\":\"lost\"}"},
    {"acme", "labour-contract", "conclude", "{}"},
    {"stranger", "unheard-of", "do", "{}"},
    {"@holder", "labour-contract", "acknowledge", "{\"ref\":\"@2\"}"},
};
#define FUZZ_KINDS (sizeof fuzz_kinds / sizeof *fuzz_kinds)

struct fuzz_ledger {
    struct scene scene;
    uint8_t ids[FUZZ_RECORDS][RECORD_ID_LEN];
    size_t id_count, own; /* own: of the ledger itself */
};

static inline const struct key_secret *fuzz_signer(const struct scene *scene, const char *iss) {
    if (strcmp(iss, "acme") == 0) return scene->acme;
    if (strcmp(iss, "zeta") == 0) return scene->zeta;
    return strcmp(iss, "registrar") == 0 ? scene->registrar : scene->stranger;
}

/* The stranger is the worker's key: its name as an issuer, and the claim that names it. */
static inline struct json *fuzz_holder(const struct fuzz_ledger *ledger) {
    char iss[LIMIT_ID + 1];
    (void)snprintf(iss, sizeof iss, RECORD_KEY_URI "%s",
                   key_secret_public(ledger->scene.stranger)->kid);
    return json_new_text(iss);
}

static inline struct json *fuzz_holder_key(const struct fuzz_ledger *ledger) {
    struct json *cnf = json_new_object();
    FUZZ_CHECK(json_put(cnf, "jwk", key_public_jwk(key_secret_public(ledger->scene.stranger))) ==
               ERR_OK);
    return cnf;
}

/* The root of the pay run that the ledger has begun: over its one payment, record 4. */
static inline struct json *fuzz_root(const struct fuzz_ledger *ledger) {
    uint8_t root[HASH_LEN];
    char text[44];
    merkle_leaf(bytes_of(ledger->ids[4], RECORD_ID_LEN), root);
    base64url_write(bytes_of(root, sizeof root), text);
    return json_new_text(text);
}

/* A new value: "@n" is an id, "@holder" and "@key" the worker's, "@root" the pay run's, everything else itself. */
static inline struct json *fuzz_value(const struct fuzz_ledger *ledger, const struct json *value) {
    const char *text = json_text(value);
    char hex[65];
    if (!text || text[0] != '@') return json_clone(value);
    if (strcmp(text, "@holder") == 0) return fuzz_holder(ledger);
    if (strcmp(text, "@key") == 0) return fuzz_holder_key(ledger);
    if (strcmp(text, "@root") == 0) return fuzz_root(ledger);
    size_t n = (size_t)strtoul(text + 1, NULL, 10);
    if (n >= ledger->id_count) return json_clone(value);
    hex_encode(bytes_of(ledger->ids[n], RECORD_ID_LEN), hex);
    return json_new_text(hex);
}

static inline void fuzz_over(const struct fuzz_ledger *ledger, struct json *claims,
                             const struct json *over) {
    for (void *it = json_first(over); it; it = json_next(over, it)) {
        json_remove(claims, json_name_at(it));
        if (json_kind(json_value_at(it)) == JSON_KIND_NULL) continue;
        FUZZ_CHECK(json_put(claims, json_name_at(it), fuzz_value(ledger, json_value_at(it))) ==
                   ERR_OK);
    }
}

/* The claims of a line, without those that every record has; NULL where it is none. */
static inline struct json *fuzz_claims(const struct fuzz_ledger *ledger, struct bytes line,
                                       const struct fuzz_kind **ret_kind) {
    struct json *over = NULL, *claims = NULL;
    if (line.len < 3) return NULL;
    *ret_kind = &fuzz_kinds[(size_t)(line.data[0] - 'a') % FUZZ_KINDS];
    if (json_parse(bytes_slice(line, 1, line.len), &over, NULL)) return NULL;
    struct json *base = json_text_of((*ret_kind)->base);
    claims = json_new_object();
    fuzz_over(ledger, claims, base);
    if (json_kind(over) == JSON_KIND_OBJECT) fuzz_over(ledger, claims, over);
    json_done(base);
    json_done(over);
    return claims;
}

/* The signed record of a line; false where it is none. Its id is the next number. */
static inline bool fuzz_record(struct fuzz_ledger *ledger, struct bytes line, struct buf *ret) {
    const struct fuzz_kind *kind = NULL;
    struct buf text;
    struct json *claims = fuzz_claims(ledger, line, &kind);
    if (!claims || ledger->id_count == FUZZ_RECORDS) {
        json_done(claims);
        return false;
    }
    if (kind->iss[0] == '@' && !json_member(claims, "iss"))
        FUZZ_CHECK(json_put(claims, "iss", fuzz_holder(ledger)) == ERR_OK);
    scene_common(&ledger->scene, claims, kind->iss, kind->type, kind->act);
    const char *iss = json_text(json_member(claims, "iss"));
    buf_init(&text, 4 * LIMIT_RECORD);
    buf_init(ret, LIMIT_RECORD);
    bool good = json_format(claims, &text) == ERR_OK &&
                jws_sign(fuzz_signer(&ledger->scene, iss ? iss : ""), JWS_TYP_RECORD,
                         buf_bytes(&text), ret) == ERR_OK;
    buf_done(&text);
    json_done(claims);
    if (good) record_id_of(ret, ledger->ids[ledger->id_count++]);
    return good;
}

static inline void fuzz_ledger_take(struct fuzz_ledger *ledger, const char *line) {
    struct buf compact;
    FUZZ_CHECK(fuzz_record(ledger, bytes_text(line), &compact));
    enum err err = scene_submit(&ledger->scene, compact);
    if (err) (void)fprintf(stderr, "%s: %s\n", line, ledger->scene.last.problem.detail);
    FUZZ_CHECK(err == ERR_OK);
}

static inline void fuzz_ledger_admit(struct fuzz_ledger *ledger, const char *id, const char *role,
                                     const struct key_secret *key) {
    struct scene *scene = &ledger->scene;
    scene_admit(scene, id, role, key);
    memcpy(ledger->ids[ledger->id_count++], scene->last.id, RECORD_ID_LEN);
}

/* Records: 0 acme, 1 zeta, 2 a contract, 3 a benefit, 4 a payment of it. */
static inline void fuzz_ledger_begin(struct fuzz_ledger *ledger) {
    if (ledger->own) return;
    scene_begin_with(&ledger->scene, 1, NULL);
    fuzz_ledger_admit(ledger, "acme", "employer", ledger->scene.acme);
    fuzz_ledger_admit(ledger, "zeta", "payer", ledger->scene.zeta);
    fuzz_ledger_take(ledger, "a{\"cnf\":\"@key\",\"tags\":" FUZZ_WORKER "}");
    fuzz_ledger_take(ledger, "f{\"tags\":" FUZZ_PERSON "}");
    fuzz_ledger_take(ledger, "j{\"tags\":" FUZZ_PERSON ",\"ref\":\"@3\"}");
    ledger->own = ledger->id_count;
}

#endif
