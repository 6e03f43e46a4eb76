/* A whole small ledger in memory, for the tests of receipts: nodes, a genesis, participants, records, leaves, checkpoints, receipts.
 *
 * Everything follows from fixed names and times and is signed with ES256K and Ed25519, which sign deterministically: the same calls
 * give the same bytes on every machine. What world_begin makes:
 *
 *   leaf 0  genesis: operator, registrar     3  registrar admits clerk (employer)      6  acme rotates to a second key
 *        1  registrar admits district        4  acme's contract, two fields hidden     7  a contract signed with acme's second key
 *        2  district admits acme (employer)  5  clerk, no registrar, "admits" shady    8  shady's contract */
#ifndef QIZHENG_TESTS_LIB_WORLD_H
#define QIZHENG_TESTS_LIB_WORLD_H

#include "ledger/crypto/nodekey.h"
#include "ledger/proof/policy.h"
#include "ledger/proof/quorum.h"
#include "ledger/proof/receipt.h"
#include "ledger/proof/tlog_proof.h"
#include "ledger/proof/verify.h"
#include "ledger/record/genesis.h"
#include "ledger/record/sdjwt.h"
#include "tests/lib/vector.h"

#define WORLD_ORIGIN "qizheng.invalid/0badcafe"
#define WORLD_CREATED_MS 1795420542123
#define WORLD_LEAVES 24
#define WORLD_NODES 7
#define WORLD_DOCUMENT "劳动合同：张三，2026-12-01 起。\n"
#define WORLD_COSIGNED_S 1795420600u /* node i cosigns 10 s after node i-1 */

struct world {
    size_t node_count;
    struct nodekey nodes[WORLD_NODES];
    struct vkey logs[WORLD_NODES], cosigners[WORLD_NODES];
    struct key_secret *registrar, *district, *acme, *acme2, *clerk, *shady, *operator;
    struct buf genesis;
    uint8_t ledger_id[32];
    struct buf bodies[WORLD_LEAVES]; /* compact JWS; 0 is empty */
    uint64_t times[WORLD_LEAVES];
    uint8_t hashes[WORLD_LEAVES][HASH_LEN]; /* leaf hashes */
    size_t size;
    struct buf disclosures; /* "d1~d2~" of the contract at 4 */
    size_t cut;             /* where the second one begins */
};

static inline struct buf world_text(const struct json *json) {
    struct buf text;
    buf_init(&text, LIMIT_RECEIPT);
    cr_assert(json_format(json, &text) == ERR_OK);
    return text;
}

/* -- nodes and genesis -- */

static inline void world_node(struct world *world, size_t i) {
    char name[64];
    uint8_t seed[32];
    (void)snprintf(name, sizeof name, "world node %zu", i + 1);
    vector_seed(name, seed);
    cr_assert(nodekey_derive(seed, &world->nodes[i]) == ERR_OK);
    (void)snprintf(name, sizeof name, WORLD_ORIGIN "/node/%zu", i + 1);
    cr_assert(vkey_make(WORLD_ORIGIN, NOTE_TYPE_ED25519, key_secret_public(world->nodes[i].log),
                        &world->logs[i]) == ERR_OK);
    cr_assert(vkey_make(name, NOTE_TYPE_COSIGNATURE, key_secret_public(world->nodes[i].cosigner),
                        &world->cosigners[i]) == ERR_OK);
}

static inline void world_put_vkey(struct json *object, const char *name, const struct vkey *vkey) {
    struct buf text;
    buf_init(&text, 1024);
    cr_assert(vkey_format(vkey, &text) == ERR_OK);
    cr_assert(json_put_text(object, name, buf_text(&text)) == ERR_OK);
    buf_done(&text);
}

/* Public key of the tag domain `labour` in the genesis, base64url; NULL: the ledger makes no tags. Set it before world_begin. */
static const char *world_tag_key __attribute__((unused));

static inline struct json *world_node_json(const struct world *world, size_t i) {
    struct json *node = json_new_object();
    cr_assert(json_put_text(node, "name", world->cosigners[i].name) == ERR_OK);
    cr_assert(json_put_text(node, "operator", "operator") == ERR_OK);
    world_put_vkey(node, "log_vkey", &world->logs[i]);
    world_put_vkey(node, "cosigner_vkey", &world->cosigners[i]);
    cr_assert(json_put(node, "auth", key_public_jwk(key_secret_public(world->nodes[i].auth))) ==
              ERR_OK);
    struct json *voprf = json_new_object();
    if (i == 0 && world_tag_key) cr_assert(json_put_text(voprf, "labour", world_tag_key) == ERR_OK);
    cr_assert(json_put(node, "voprf", voprf) == ERR_OK);
    return node;
}

static inline struct json *world_participant(const char *id, uint16_t roles,
                                             const struct key_secret *key) {
    static struct participant who; /* some KiB */
    memset(&who, 0, sizeof who);
    (void)snprintf(who.id, sizeof who.id, "%s", id);
    (void)snprintf(who.name, sizeof who.name, "示例单位 %s", id);
    (void)snprintf(who.uscc, sizeof who.uscc, "91350100M000100Y43");
    who.roles = roles;
    who.keys[0].key = *key_secret_public(key);
    who.keys[0].from = WORLD_CREATED_MS / 1000;
    who.keys[0].to = INT64_MAX;
    who.key_count = 1;
    struct json *json = participant_json(&who);
    cr_assert(json);
    return json;
}

static inline void world_genesis(struct world *world) {
    struct json *json = json_new_object(), *nodes = json_new_array(), *people = json_new_array();
    for (size_t i = 0; i < world->node_count; i++)
        cr_assert(json_push(nodes, world_node_json(world, i)) == ERR_OK);
    cr_assert(json_push(people, world_participant("operator", ROLE_OPERATOR, world->operator)) ==
              ERR_OK);
    cr_assert(json_push(people, world_participant("registrar", ROLE_REGISTRAR, world->registrar)) ==
              ERR_OK);
    cr_assert(json_put_text(json, "format", GENESIS_FORMAT) == ERR_OK);
    cr_assert(json_put_int(json, "created", WORLD_CREATED_MS) == ERR_OK);
    cr_assert(json_put_text(json, "origin", WORLD_ORIGIN) == ERR_OK);
    cr_assert(json_put_int(json, "protocol", 1) == ERR_OK);
    cr_assert(json_put(json, "nodes", nodes) == ERR_OK);
    cr_assert(json_put(json, "participants", people) == ERR_OK);
    cr_assert(json_put_text(json, "quorum", "bft") == ERR_OK);
    cr_assert(json_put(json, "parameters", json_new_object()) == ERR_OK);
    cr_assert(json_put(json, "rules", json_new_array()) == ERR_OK);
    world->genesis = world_text(json);
    json_done(json);
    sha256(buf_bytes(&world->genesis), world->ledger_id);
}

/* -- records -- */

/* Adds the claims that every record has. */
static inline void world_claims(const struct world *world, struct json *claims, const char *iss,
                                const char *type, const char *act) {
    char aud[65], vct[96], jti[32];
    uint8_t salt[32];
    hex_encode(bytes_of(world->ledger_id, 32), aud);
    (void)snprintf(vct, sizeof vct, "urn:qizheng:%s:1", type);
    (void)snprintf(jti, sizeof jti, "world jti %zu", world->size);
    vector_seed(jti, salt);
    base64url_write(bytes_of(salt, 16), jti);
    cr_assert(json_put_text(claims, "iss", iss) == ERR_OK);
    cr_assert(json_put_text(claims, "aud", aud) == ERR_OK);
    cr_assert(json_put_int(claims, "iat", WORLD_CREATED_MS / 1000 + (int64_t)world->size) ==
              ERR_OK);
    cr_assert(json_put_text(claims, "jti", jti) == ERR_OK);
    cr_assert(json_put_text(claims, "vct", vct) == ERR_OK);
    cr_assert(json_put_text(claims, "act", act) == ERR_OK);
}

/* The next leaf: hash of body at one second more. */
static inline void world_append_hash(struct world *world, const uint8_t hash[32]) {
    uint8_t leaf[LEAF_LEN];
    cr_assert(world->size < WORLD_LEAVES);
    uint64_t time_ms = WORLD_CREATED_MS + 1000 * world->size;
    leaf_encode(time_ms, hash, leaf);
    world->times[world->size] = time_ms;
    merkle_leaf(bytes_of(leaf, LEAF_LEN), world->hashes[world->size++]);
}

/* Signs the claims (freed here) and appends the record, unless append is false: then it gets the body only. Returns the index. */
static inline size_t world_sign(struct world *world, struct json *claims,
                                const struct key_secret *key) {
    uint8_t hash[32];
    struct buf text = world_text(claims);
    struct buf *body = &world->bodies[world->size];
    buf_init(body, LIMIT_RECORD);
    cr_assert(jws_sign(key, JWS_TYP_RECORD, buf_bytes(&text), body) == ERR_OK);
    sha256(buf_bytes(body), hash);
    world_append_hash(world, hash);
    buf_done(&text);
    json_done(claims);
    return world->size - 1;
}

static inline size_t world_admit(struct world *world, const char *act, const char *id,
                                 uint16_t roles, const struct key_secret *key, const char *iss,
                                 const struct key_secret *signer) {
    struct json *claims = world_participant(id, roles, key);
    world_claims(world, claims, iss, "participant", act);
    return world_sign(world, claims, signer);
}

static inline void world_doc(struct json *claims, enum digest_alg alg) {
    uint8_t raw[DIGEST_LEN];
    char text[44];
    struct json *doc = json_new_object();
    digest(alg, bytes_text(WORLD_DOCUMENT), raw);
    base64url_write(bytes_of(raw, sizeof raw), text);
    cr_assert(json_put_text(doc, "alg", digest_name(alg)) == ERR_OK);
    cr_assert(json_put_text(doc, "digest", text) == ERR_OK);
    struct json *list = json_new_array();
    cr_assert(json_push(list, doc) == ERR_OK);
    cr_assert(json_put(claims, "doc", list) == ERR_OK);
}

static inline void world_hide(struct world *world, const char *name, struct json *value,
                              uint8_t ret_digest[32]) {
    uint8_t salt[32];
    vector_seed(name, salt);
    cr_assert(sdjwt_disclose(salt, name, value, &world->disclosures, ret_digest) == ERR_OK);
    cr_assert(buf_add_byte(&world->disclosures, '~') == ERR_OK);
    json_done(value);
}

static inline size_t world_contract(struct world *world, const char *iss,
                                    const struct key_secret *key, bool hidden) {
    uint8_t digests[2][32];
    struct json *claims = json_new_object();
    world_claims(world, claims, iss, "labour-contract", "conclude");
    cr_assert(json_put_text(claims, "start", "2026-12-01") == ERR_OK);
    world_doc(claims, DIGEST_SHA256);
    if (hidden) {
        buf_init(&world->disclosures, LIMIT_RECORD_PRESENTED);
        world_hide(world, "wage_amount", json_new_int(850000), digests[0]);
        world->cut = world->disclosures.len;
        world_hide(world, "contract_no", json_new_text("HT-2026-0001"), digests[1]);
        cr_assert(sdjwt_seal(claims, (const uint8_t(*)[32])digests, 2) == ERR_OK);
    }
    return world_sign(world, claims, key);
}

static inline void world_begin(struct world *world, size_t node_count) {
    memset(world, 0, sizeof *world);
    world->node_count = node_count;
    for (size_t i = 0; i < node_count; i++) world_node(world, i);
    world->operator= vector_key(KEY_ES256K, "world operator");
    world->registrar = vector_key(KEY_ED25519, "world registrar");
    world->district = vector_key(KEY_ES256K, "world district");
    world->acme = vector_key(KEY_ES256K, "world acme");
    world->acme2 = vector_key(KEY_ED25519, "world acme 2");
    world->clerk = vector_key(KEY_ES256K, "world clerk");
    world->shady = vector_key(KEY_ES256K, "world shady");
    world_genesis(world);
    world_append_hash(world, world->ledger_id);
    (void)world_admit(world, "admit", "district", ROLE_REGISTRAR, world->district, "registrar",
                      world->registrar);
    (void)world_admit(world, "admit", "acme", ROLE_EMPLOYER, world->acme, "district",
                      world->district);
    (void)world_admit(world, "admit", "clerk", ROLE_EMPLOYER, world->clerk, "registrar",
                      world->registrar);
    (void)world_contract(world, "acme", world->acme, true);
    (void)world_admit(world, "admit", "shady", ROLE_EMPLOYER, world->shady, "clerk", world->clerk);
    (void)world_admit(world, "rotate", "acme", ROLE_EMPLOYER, world->acme2, "registrar",
                      world->registrar);
    (void)world_contract(world, "acme", world->acme2, false);
    (void)world_contract(world, "shady", world->shady, false);
}

static inline void world_end(struct world *world) {
    for (size_t i = 0; i < world->node_count; i++) nodekey_done(&world->nodes[i]);
    key_secret_done(world->registrar);
    key_secret_done(world->district);
    key_secret_done(world->acme);
    key_secret_done(world->acme2);
    key_secret_done(world->clerk);
    key_secret_done(world->shady);
    key_secret_done(world->operator);
    buf_done(&world->genesis);
    for (size_t i = 0; i < WORLD_LEAVES; i++) buf_done(&world->bodies[i]);
    buf_done(&world->disclosures);
}

/* -- the log -- */

/* A merkle_source over the leaf hashes. */
static inline enum err world_perfect(void *ctx, unsigned level, uint64_t index,
                                     uint8_t ret[HASH_LEN]) {
    const struct world *world = ctx;
    uint8_t left[HASH_LEN], right[HASH_LEN];
    cr_assert((index + 1) << level <= world->size);
    if (level == 0) {
        memcpy(ret, world->hashes[index], HASH_LEN);
        return ERR_OK;
    }
    cr_assert(world_perfect(ctx, level - 1, 2 * index, left) == ERR_OK);
    cr_assert(world_perfect(ctx, level - 1, 2 * index + 1, right) == ERR_OK);
    merkle_node(left, right, ret);
    return ERR_OK;
}

/* The text that nodes sign. */
static inline struct buf world_body(struct world *world, uint64_t size) {
    uint8_t root[HASH_LEN];
    struct buf body;
    struct merkle_source source = {world, world_perfect};
    buf_init(&body, LIMIT_NOTE);
    cr_assert(merkle_root(&source, size, root) == ERR_OK);
    cr_assert(checkpoint_format(WORLD_ORIGIN, size, root, &body) == ERR_OK);
    return body;
}

/* That text, an empty line, and the lines: bit i of `logs` and `cosigners` stands for node i. */
static inline struct buf world_note(const struct world *world, struct bytes body, unsigned logs,
                                    unsigned cosigners) {
    struct buf note;
    buf_init(&note, LIMIT_NOTE);
    cr_assert(buf_add(&note, body) == ERR_OK);
    cr_assert(buf_add_byte(&note, '\n') == ERR_OK);
    for (size_t i = 0; i < world->node_count; i++) {
        if (logs >> i & 1)
            cr_assert(checkpoint_sign(&world->logs[i], world->nodes[i].log, body, &note) == ERR_OK);
    }
    for (size_t i = 0; i < world->node_count; i++) {
        if (cosigners >> i & 1)
            cr_assert(checkpoint_cosign(&world->cosigners[i], world->nodes[i].cosigner, body,
                                        WORLD_COSIGNED_S + 10 * i, &note) == ERR_OK);
    }
    return note;
}

static inline struct buf world_checkpoint(struct world *world, uint64_t size, unsigned logs,
                                          unsigned cosigners) {
    struct buf body = world_body(world, size);
    struct buf note = world_note(world, buf_bytes(&body), logs, cosigners);
    buf_done(&body);
    return note;
}

/* As many cosigners as the quorum asks for and not one more, and the first node's log line: every byte of it counts. */
static inline unsigned world_just_enough(const struct world *world) {
    return (1u << quorum_of((unsigned)world->node_count).q) - 1;
}

static inline struct buf world_proof_under(struct world *world, uint64_t index, uint64_t size,
                                           struct bytes note) {
    struct merkle_proof proof;
    struct merkle_source source = {world, world_perfect};
    struct buf text;
    buf_init(&text, LIMIT_RECEIPT);
    cr_assert(merkle_inclusion_prove(&source, index, size, &proof) == ERR_OK);
    cr_assert(tlog_proof_format(index, &proof, note, &text) == ERR_OK);
    return text;
}

static inline struct buf world_proof(struct world *world, uint64_t index, uint64_t size) {
    struct buf note = world_checkpoint(world, size, 1, world_just_enough(world));
    struct buf text = world_proof_under(world, index, size, buf_bytes(&note));
    buf_done(&note);
    return text;
}

static inline struct buf world_policy(const struct world *world) {
    struct buf text;
    buf_init(&text, LIMIT_POLICY);
    cr_assert(policy_format(world->logs, world->cosigners, world->node_count, 0, &text) == ERR_OK);
    return text;
}

/* -- verdicts -- */

/* Whatever the memory has seen before, the verdict with it is the one without, to the letter. */
static inline void verdict_same_with_memory(const struct verify_input *input,
                                            struct verify_memory *memory,
                                            const struct verdict *verdict) {
    struct verify_input with = *input;
    struct verdict *second = NULL;
    struct json *a = NULL, *b = NULL;
    with.memory = memory;
    cr_assert(verify(&with, &second) == ERR_OK);
    cr_assert(verdict_json(verdict, &a) == ERR_OK && verdict_json(second, &b) == ERR_OK);
    cr_assert(json_same(a, b));
    json_done(a);
    json_done(b);
    verdict_done(second);
}

/* -- receipts, in parts that a test may change before they are put together -- */

#define PARTS_LINKS 8

struct parts {
    struct buf presentation; /* empty: the leaf stands instead */
    uint8_t leaf[LEAF_LEN];
    uint64_t time_ms;
    struct buf proof;
    struct {
        struct buf record, genesis, proof;
        uint64_t time_ms;
    } links[PARTS_LINKS];
    size_t link_count;
};

static inline struct buf world_copy(struct bytes in) {
    struct buf out;
    buf_init(&out, LIMIT_RECEIPT);
    cr_assert(buf_add(&out, in) == ERR_OK);
    return out;
}

/* index 0: the genesis */
static inline void parts_link(struct world *world, struct parts *parts, size_t index,
                              uint64_t size) {
    size_t i = parts->link_count++;
    cr_assert(i < PARTS_LINKS);
    parts->links[i].time_ms = world->times[index];
    parts->links[i].proof = world_proof(world, index, size);
    if (index == 0)
        parts->links[i].genesis = world_copy(buf_bytes(&world->genesis));
    else
        parts->links[i].record = world_copy(buf_bytes(&world->bodies[index]));
}

/* The receipt of leaf `index` in the tree of `size`, with these links (indices, ended by 0, the genesis). */
static inline struct parts parts_of(struct world *world, size_t index, uint64_t size,
                                    const size_t *links) {
    struct parts parts = {0};
    parts.presentation = world_copy(buf_bytes(&world->bodies[index]));
    cr_assert(buf_add_byte(&parts.presentation, '~') == ERR_OK);
    if (index == 4)
        cr_assert(buf_add(&parts.presentation, buf_bytes(&world->disclosures)) == ERR_OK);
    parts.time_ms = world->times[index];
    parts.proof = world_proof(world, index, size);
    for (const size_t *link = links; link; link++) {
        parts_link(world, &parts, *link, size);
        if (*link == 0) break;
    }
    return parts;
}

/* The contract at 4, vouched for by district and registrar. */
static inline struct parts parts_good(struct world *world) {
    static const size_t links[] = {2, 1, 0};
    return parts_of(world, 4, world->size, links);
}

static inline void parts_done(struct parts *parts) {
    buf_done(&parts->presentation);
    buf_done(&parts->proof);
    for (size_t i = 0; i < PARTS_LINKS; i++) {
        buf_done(&parts->links[i].record);
        buf_done(&parts->links[i].genesis);
        buf_done(&parts->links[i].proof);
    }
    memset(parts, 0, sizeof *parts);
}

/* NULL where some text is not UTF-8, which no JSON can carry. */
static inline struct json *parts_json(const struct parts *parts) {
    struct receipt_link links[PARTS_LINKS] = {0};
    struct json *json = NULL;
    for (size_t i = 0; i < parts->link_count; i++) {
        links[i].record = buf_bytes(&parts->links[i].record);
        links[i].genesis = buf_bytes(&parts->links[i].genesis);
        links[i].time_ms = parts->links[i].time_ms;
        links[i].proof = buf_bytes(&parts->links[i].proof);
    }
    struct receipt_parts receipt = {
        .leaf = parts->leaf, .time_ms = parts->time_ms, .proof = buf_bytes(&parts->proof)};
    struct buf issuer, text;
    buf_init(&issuer, LIMIT_RECEIPT);
    buf_init(&text, 2 * LIMIT_RECEIPT);
    enum err err = ERR_OK;
    if (parts->link_count) err = receipt_issuer_format(links, parts->link_count, &issuer);
    receipt.issuer = buf_bytes(&issuer);
    if (!err) err = receipt_format(&receipt, &text);
    if (!err) err = json_parse(buf_bytes(&text), &json, NULL);
    if (!err && parts->presentation.len) {
        json_remove(json, "leaf");
        err = json_put(json, "record", json_new_text_bytes(buf_bytes(&parts->presentation)));
    }
    buf_done(&issuer);
    buf_done(&text);
    if (!err) return json;
    json_done(json);
    return NULL;
}

static inline struct buf parts_text(const struct parts *parts) {
    struct json *json = parts_json(parts);
    cr_assert(json);
    struct buf text = world_text(json);
    json_done(json);
    return text;
}

#endif
