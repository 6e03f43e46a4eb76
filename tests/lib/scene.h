/* A ledger in memory for the tests of contracts: state as a sorted array, a genesis with nodes and participants, records signed to measure, ordered batches
 * put through the machine. Everything follows from fixed names, so a failure comes again. What goes wrong here ends the test. */
#ifndef QIZHENG_TESTS_LIB_SCENE_H
#define QIZHENG_TESTS_LIB_SCENE_H

#include "contracts/machine.h"
#include "contracts/state_keys.h"
#include "ledger/crypto/nodekey.h"
#include "ledger/proof/note.h"
#include "ledger/record/sdjwt.h"
#include "tests/lib/vector.h"

#define SCENE_ORIGIN "qizheng.invalid/05ce0e05"
#define SCENE_CREATED_MS UINT64_C(1795420542123)
#define SCENE_CREATED_S ((int64_t)(SCENE_CREATED_MS / 1000))
#define SCENE_NODES 4
#define SCENE_GOOD_USCC "91350100M000100Y43"

/* -- state -- */

struct memory_row {
    struct buf key, value;
};

struct memory {
    struct memory_row *rows; /* sorted by key */
    size_t count, cap;
    struct memory_row *ids; /* record id -> index; in the order they came */
    size_t id_count, id_cap;
};

static inline size_t memory_place(const struct memory *memory, struct bytes key, bool *ret_there) {
    size_t low = 0, high = memory->count;
    *ret_there = false;
    while (low < high) {
        size_t middle = (low + high) / 2;
        int order = bytes_compare(buf_bytes(&memory->rows[middle].key), key);
        if (order == 0) *ret_there = true;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static inline struct buf memory_copy(struct bytes in) {
    struct buf out;
    buf_init(&out, 1024 * 1024);
    cr_assert(buf_add(&out, in) == ERR_OK);
    return out;
}

static inline void memory_put(struct memory *memory, struct bytes key, struct bytes value) {
    bool there;
    size_t at = memory_place(memory, key, &there);
    if (!there) {
        if (memory->count == memory->cap) {
            memory->cap = memory->cap ? 2 * memory->cap : 64;
            memory->rows = realloc(memory->rows, memory->cap * sizeof *memory->rows);
            cr_assert(memory->rows);
        }
        memmove(memory->rows + at + 1, memory->rows + at,
                (memory->count - at) * sizeof *memory->rows);
        memory->count++;
        memory->rows[at].key = memory_copy(key);
    } else {
        buf_done(&memory->rows[at].value);
    }
    memory->rows[at].value = memory_copy(value);
}

static inline void memory_erase(struct memory *memory, struct bytes key) {
    bool there;
    size_t at = memory_place(memory, key, &there);
    if (!there) return;
    buf_done(&memory->rows[at].key);
    buf_done(&memory->rows[at].value);
    memory->count--;
    memmove(memory->rows + at, memory->rows + at + 1, (memory->count - at) * sizeof *memory->rows);
}

static inline void memory_note_id(struct memory *memory, const uint8_t id[32], uint64_t index) {
    uint8_t raw[8];
    put_u64(raw, index);
    if (memory->id_count == memory->id_cap) {
        memory->id_cap = memory->id_cap ? 2 * memory->id_cap : 64;
        memory->ids = realloc(memory->ids, memory->id_cap * sizeof *memory->ids);
        cr_assert(memory->ids);
    }
    memory->ids[memory->id_count].key = memory_copy(bytes_of(id, 32));
    memory->ids[memory->id_count++].value = memory_copy(bytes_of(raw, 8));
}

static inline void memory_done(struct memory *memory) {
    for (size_t i = 0; i < memory->count; i++) {
        buf_done(&memory->rows[i].key);
        buf_done(&memory->rows[i].value);
    }
    for (size_t i = 0; i < memory->id_count; i++) {
        buf_done(&memory->ids[i].key);
        buf_done(&memory->ids[i].value);
    }
    free(memory->rows);
    free(memory->ids);
    memset(memory, 0, sizeof *memory);
}

static inline enum err memory_get(void *ctx, struct bytes key, struct buf *ret) {
    struct memory *memory = ctx;
    bool there;
    size_t at = memory_place(memory, key, &there);
    if (!there) return ERR_NOT_FOUND;
    buf_clear(ret);
    return buf_add(ret, buf_bytes(&memory->rows[at].value));
}

static inline enum err memory_find(void *ctx, const uint8_t id[32], uint64_t *ret_index) {
    struct memory *memory = ctx;
    for (size_t i = 0; i < memory->id_count; i++) {
        if (memcmp(memory->ids[i].key.data, id, 32) != 0) continue;
        *ret_index = get_u64(memory->ids[i].value.data);
        return ERR_OK;
    }
    return ERR_NOT_FOUND;
}

static inline enum err memory_scan(void *ctx, struct bytes prefix,
                                   bool (*each)(void *arg, struct bytes key, struct bytes value),
                                   void *arg) {
    struct memory *memory = ctx;
    bool there;
    for (size_t at = memory_place(memory, prefix, &there); at < memory->count; at++) {
        struct bytes key = buf_bytes(&memory->rows[at].key);
        if (key.len < prefix.len || memcmp(key.data, prefix.data, prefix.len) != 0) break;
        if (!each(arg, key, buf_bytes(&memory->rows[at].value))) break;
    }
    return ERR_OK;
}

static inline struct view memory_view(struct memory *memory) {
    struct view view = {memory, memory_get, memory_find, memory_scan};
    return view;
}

/* What overlay_writes gives, put into the memory: a commit. */
static inline void memory_commit(struct memory *memory, struct overlay *overlay) {
    const struct store_write *writes = NULL;
    size_t count = 0;
    cr_assert(overlay_writes(overlay, &writes, &count) == ERR_OK);
    for (size_t i = 0; i < count; i++) {
        cr_assert(i == 0 || bytes_compare(writes[i - 1].key, writes[i].key) < 0, "sorted, unique");
        if (writes[i].erase)
            memory_erase(memory, writes[i].key);
        else
            memory_put(memory, writes[i].key, writes[i].value);
    }
    overlay_clear(overlay);
}

static inline bool memory_same(const struct memory *a, const struct memory *b) {
    if (a->count != b->count) return false;
    for (size_t i = 0; i < a->count; i++) {
        if (!bytes_equal(buf_bytes(&a->rows[i].key), buf_bytes(&b->rows[i].key))) return false;
        if (!bytes_equal(buf_bytes(&a->rows[i].value), buf_bytes(&b->rows[i].value))) return false;
    }
    return true;
}

/* -- genesis -- */

struct scene {
    size_t node_count;
    struct nodekey nodes[SCENE_NODES];
    struct key_secret *registrar, *acme, *zeta, *stranger;
    struct genesis *genesis;
    struct machine machine;
    struct machine_tip tip;
    struct memory state;
    struct overlay *overlay;
    uint64_t counters[SCENE_NODES], revision;
    uint64_t now_ms;     /* stamped on batches, and iat of records */
    uint64_t serial;     /* salts jti */
    struct outcome last; /* of scene_submit */
};

static inline struct json *json_text_of(const char *text) {
    struct json *value = NULL;
    struct problem why = {0};
    cr_assert(json_parse(bytes_text(text), &value, &why) == ERR_OK, "%s: %s", text, why.detail);
    return value;
}

static inline struct buf json_bytes_of(const struct json *json) {
    struct buf text;
    buf_init(&text, LIMIT_GENESIS);
    cr_assert(json && json_format(json, &text) == ERR_OK);
    return text;
}

static inline void scene_vkey(struct json *object, const char *member, const char *name,
                              uint8_t type, const struct key_secret *key) {
    struct vkey vkey;
    struct buf text;
    buf_init(&text, 1024);
    cr_assert(vkey_make(name, type, key_secret_public(key), &vkey) == ERR_OK);
    cr_assert(vkey_format(&vkey, &text) == ERR_OK);
    cr_assert(json_put_text(object, member, buf_text(&text)) == ERR_OK);
    buf_done(&text);
}

static inline struct json *scene_node(struct scene *scene, size_t i) {
    char name[64];
    uint8_t seed[32];
    (void)snprintf(name, sizeof name, "scene node %zu", i);
    vector_seed(name, seed);
    cr_assert(nodekey_derive(seed, &scene->nodes[i]) == ERR_OK);
    (void)snprintf(name, sizeof name, SCENE_ORIGIN "/node/%zu", i + 1);
    struct json *node = json_new_object();
    cr_assert(json_put_text(node, "name", name) == ERR_OK);
    cr_assert(json_put_text(node, "operator", "operator") == ERR_OK);
    scene_vkey(node, "log_vkey", SCENE_ORIGIN, NOTE_TYPE_ED25519, scene->nodes[i].log);
    scene_vkey(node, "cosigner_vkey", name, NOTE_TYPE_COSIGNATURE, scene->nodes[i].cosigner);
    cr_assert(json_put(node, "auth", key_public_jwk(key_secret_public(scene->nodes[i].auth))) ==
              ERR_OK);
    cr_assert(json_put(node, "voprf", json_new_object()) == ERR_OK);
    return node;
}

/* Claims of a participant with one key, valid from the genesis on. */
static inline struct json *scene_participant(const char *id, const char *role, const char *uscc,
                                             const struct key_secret *key) {
    char text[512];
    (void)snprintf(text, sizeof text,
                   "{\"id\":\"%s\",\"name\":\"示例单位\",\"uscc\":\"%s\",\"roles\":[\"%s\"],"
                   "\"keys\":[{\"from\":%lld}]}",
                   id, uscc, role, (long long)SCENE_CREATED_S);
    struct json *json = json_text_of(text);
    struct json *entry = (struct json *)(uintptr_t)json_at(json_member(json, "keys"), 0);
    cr_assert(json_put(entry, "jwk", key_public_jwk(key_secret_public(key))) == ERR_OK);
    return json;
}

static inline struct json *scene_genesis_json(struct scene *scene) {
    struct json *json = json_new_object(), *nodes = json_new_array(), *people = json_new_array();
    struct key_secret *op = vector_key(KEY_ES256K, "scene operator");
    for (size_t i = 0; i < scene->node_count; i++)
        cr_assert(json_push(nodes, scene_node(scene, i)) == ERR_OK);
    cr_assert(json_push(people, scene_participant("operator", "operator", SCENE_GOOD_USCC, op)) ==
              ERR_OK);
    cr_assert(json_push(people, scene_participant("registrar", "registrar", SCENE_GOOD_USCC,
                                                  scene->registrar)) == ERR_OK);
    key_secret_done(op);
    cr_assert(json_put_text(json, "format", GENESIS_FORMAT) == ERR_OK);
    cr_assert(json_put_int(json, "created", (int64_t)SCENE_CREATED_MS) == ERR_OK);
    cr_assert(json_put_text(json, "origin", SCENE_ORIGIN) == ERR_OK);
    cr_assert(json_put_int(json, "protocol", 1) == ERR_OK);
    cr_assert(json_put(json, "nodes", nodes) == ERR_OK);
    cr_assert(json_put(json, "participants", people) == ERR_OK);
    cr_assert(json_put_text(json, "quorum", "bft") == ERR_OK);
    cr_assert(json_put(json, "parameters", machine_parameters_default()) == ERR_OK);
    cr_assert(json_put(json, "rules", rules_genesis_json()) == ERR_OK);
    return json;
}

/* The genesis with these members put over it (JSON text, or NULL), parsed. */
static inline void scene_found(struct scene *scene, const char *over) {
    struct json *json = scene_genesis_json(scene);
    struct json *changes = json_text_of(over ? over : "{}");
    struct problem why = {0};
    for (void *it = json_first(changes); it; it = json_next(changes, it))
        cr_assert(json_put(json, json_name_at(it), json_clone(json_value_at(it))) == ERR_OK);
    struct buf text = json_bytes_of(json);
    cr_assert(genesis_parse(buf_bytes(&text), &scene->genesis, &why) == ERR_OK, "%s", why.detail);
    scene->machine.genesis = scene->genesis;
    buf_done(&text);
    json_done(changes);
    json_done(json);
}

static inline void scene_keys(struct scene *scene, size_t node_count) {
    memset(scene, 0, sizeof *scene);
    scene->node_count = node_count;
    scene->now_ms = SCENE_CREATED_MS + 1000;
    scene->registrar = vector_key(KEY_ED25519, "scene registrar");
    scene->acme = vector_key(KEY_ES256K, "scene acme");
    scene->zeta = vector_key(KEY_ED25519, "scene zeta");
    scene->stranger = vector_key(KEY_ES256K, "scene stranger");
}

static inline void scene_overlay(struct scene *scene) {
    cr_assert(overlay_open(memory_view(&scene->state), &scene->overlay) == ERR_OK);
}

static inline void scene_begin_with(struct scene *scene, size_t node_count, const char *over) {
    struct store_entry entry;
    uint8_t leaf[LEAF_LEN];
    scene_keys(scene, node_count);
    scene_found(scene, over);
    scene_overlay(scene);
    cr_assert(machine_begin(&scene->machine, scene->overlay, &scene->tip, &entry) == ERR_OK);
    genesis_leaf(scene->genesis, leaf);
    cr_assert(memcmp(leaf, entry.leaf, LEAF_LEN) == 0 && !entry.record);
    cr_assert(bytes_equal(entry.body, scene->genesis->bytes));
    memory_commit(&scene->state, scene->overlay);
}

static inline void scene_done(struct scene *scene) {
    overlay_close(scene->overlay);
    memory_done(&scene->state);
    genesis_done(scene->genesis);
    for (size_t i = 0; i < scene->node_count; i++) nodekey_done(&scene->nodes[i]);
    key_secret_done(scene->registrar);
    key_secret_done(scene->acme);
    key_secret_done(scene->zeta);
    key_secret_done(scene->stranger);
}

/* -- records -- */

/* Adds the claims that every record has; those that are there stay. */
static inline void scene_common(struct scene *scene, struct json *claims, const char *iss,
                                const char *type, const char *act) {
    char aud[65], vct[96], jti[40];
    uint8_t salt[32];
    hex_encode(bytes_of(scene->genesis->ledger_id, 32), aud);
    (void)snprintf(vct, sizeof vct, "urn:qizheng:%s:1", type);
    (void)snprintf(jti, sizeof jti, "scene jti %llu", (unsigned long long)scene->serial++);
    vector_seed(jti, salt);
    base64url_write(bytes_of(salt, 16), jti);
    const char *const names[] = {"iss", "aud", "vct", "act", "jti"};
    const char *const values[] = {iss, aud, vct, act, jti};
    for (size_t i = 0; i < 5; i++) {
        if (json_member(claims, names[i])) continue;
        cr_assert(json_put_text(claims, names[i], values[i]) == ERR_OK);
    }
    if (json_member(claims, "iat")) return;
    cr_assert(json_put_int(claims, "iat", (int64_t)(scene->now_ms / 1000)) == ERR_OK);
}

/* Signs the claims (freed here). */
static inline struct buf scene_sign(struct json *claims, const struct key_secret *key) {
    struct buf text = json_bytes_of(claims), out;
    buf_init(&out, LIMIT_RECORD);
    cr_assert(jws_sign(key, JWS_TYP_RECORD, buf_bytes(&text), &out) == ERR_OK);
    buf_done(&text);
    json_done(claims);
    return out;
}

static inline struct buf scene_record(struct scene *scene, struct json *claims, const char *iss,
                                      const char *type, const char *act,
                                      const struct key_secret *key) {
    scene_common(scene, claims, iss, type, act);
    return scene_sign(claims, key);
}

static inline void record_id_of(const struct buf *compact, uint8_t ret[32]) {
    size_t dot = compact->len;
    while (compact->data[dot - 1] != '.') dot--;
    sha256(bytes_of(compact->data, dot - 1), ret);
}

#define SCENE_DIGEST "EGJTFwjr0wU-rUYhBx_bO7RLavmLxJzAcRG4M46OXig"
#define SCENE_ALL_ELEMENTS                                                                         \
    "[\"employer\",\"worker\",\"term\",\"work\",\"hours\",\"pay\",\"insurance\",\"protection\","   \
    "\"other\"]"
#define SCENE_CONTRACT                                                                             \
    "{\"kind\":\"fixed\",\"form\":\"full\",\"start\":\"2026-12-01\",\"end\":\"2029-11-30\","       \
    "\"work_start\":\"2026-12-01\",\"signed_on\":\"2026-11-20\",\"probation_months\":6,"           \
    "\"elements\":" SCENE_ALL_ELEMENTS ","                                                         \
    "\"doc\":[{\"alg\":\"sha-256\",\"digest\":\"" SCENE_DIGEST "\"}],"                             \
    "\"signatures\":[{\"role\":\"employer\"},{\"role\":\"worker\"}]}"

/* base with the members of `over` put over it; a member that is null there is taken out. */
static inline struct json *json_over(const char *base, const char *over) {
    struct json *json = json_text_of(base), *changes = json_text_of(over);
    for (void *it = json_first(changes); it; it = json_next(changes, it)) {
        json_remove(json, json_name_at(it));
        if (json_kind(json_value_at(it)) == JSON_KIND_NULL) continue;
        cr_assert(json_put(json, json_name_at(it), json_clone(json_value_at(it))) == ERR_OK);
    }
    json_done(changes);
    return json;
}

static inline void json_put_id(struct json *claims, const char *name, const uint8_t id[32]) {
    char hex[65];
    hex_encode(bytes_of(id, 32), hex);
    cr_assert(json_put_text(claims, name, hex) == ERR_OK);
}

/* claims, naming the holder of that key. */
static inline struct json *with_cnf(struct json *claims, const struct key_secret *key) {
    struct json *cnf = json_new_object();
    cr_assert(json_put(cnf, "jwk", key_public_jwk(key_secret_public(key))) == ERR_OK);
    cr_assert(json_put(claims, "cnf", cnf) == ERR_OK);
    return claims;
}

/* -- batches -- */

static inline struct buf scene_batch_of(struct scene *scene, uint16_t node, uint64_t counter,
                                        uint64_t clock_ms, uint32_t epoch, struct bytes *records,
                                        uint32_t count) {
    struct batch batch = {.epoch = epoch,
                          .node = node,
                          .counter = counter,
                          .clock_ms = clock_ms,
                          .count = count,
                          .records = records};
    struct buf out;
    memcpy(batch.ledger_id, scene->genesis->ledger_id, 32);
    buf_init(&out, LIMIT_BATCH);
    cr_assert(batch_encode(&batch, scene->nodes[node].auth, &out) == ERR_OK);
    return out;
}

static inline struct buf scene_batch(struct scene *scene, uint16_t node, struct bytes *records,
                                     uint32_t count) {
    return scene_batch_of(scene, node, ++scene->counters[node], scene->now_ms, 0, records, count);
}

static inline struct position scene_position(struct scene *scene) {
    struct position position = {0, ++scene->revision};
    return position;
}

/* One batch at the next position; its writes are committed and its ids noted. effects_done is the caller's. */
static inline struct effects scene_apply(struct scene *scene, struct bytes batch) {
    struct effects effects;
    uint64_t size = scene->tip.size;
    cr_assert(machine_apply(&scene->machine, scene->overlay, &scene->tip, scene_position(scene),
                            batch, NULL, &effects) == ERR_OK);
    for (size_t i = 0; i < effects.entry_count; i++)
        memory_note_id(&scene->state, effects.entries[i].record->id, size + i);
    cr_assert(scene->tip.size == size + effects.entry_count);
    memory_commit(&scene->state, scene->overlay);
    return effects;
}

/* One record through a batch of node 0 (compact is freed). The outcome stays in scene->last; a refusal must leave no leaf and no state. */
static inline enum err scene_submit(struct scene *scene, struct buf compact) {
    struct bytes record = buf_bytes(&compact);
    struct buf batch = scene_batch(scene, 0, &record, 1);
    struct effects effects;
    const struct store_write *writes = NULL;
    size_t count = 0;
    cr_assert(machine_apply(&scene->machine, scene->overlay, &scene->tip, scene_position(scene),
                            buf_bytes(&batch), NULL, &effects) == ERR_OK);
    cr_assert(!effects.is_skipped && effects.outcome_count == 1, "%s", effects.skipped_why.detail);
    scene->last = effects.outcomes[0];
    bool accepted = scene->last.kind == OUTCOME_ACCEPTED;
    cr_assert(overlay_writes(scene->overlay, &writes, &count) == ERR_OK);
    cr_assert((count > 0) == accepted && effects.entry_count == accepted, "no leaf and no trace");
    if (accepted) memory_note_id(&scene->state, scene->last.id, scene->last.index);
    memory_commit(&scene->state, scene->overlay);
    effects_done(&effects);
    buf_done(&batch);
    buf_done(&compact);
    return scene->last.kind == OUTCOME_REFUSED ? scene->last.problem.err : ERR_OK;
}

static inline void scene_admit(struct scene *scene, const char *id, const char *role,
                               const struct key_secret *key) {
    struct json *claims = scene_participant(id, role, SCENE_GOOD_USCC, key);
    enum err err = scene_submit(
        scene, scene_record(scene, claims, "registrar", "participant", "admit", scene->registrar));
    cr_assert(err == ERR_OK, "%s", scene->last.problem.detail);
}

/* A ledger of that many nodes where acme and zeta are employers. */
static inline void scene_begin(struct scene *scene, size_t node_count) {
    scene_begin_with(scene, node_count, NULL);
    if (node_count > 1)
        return; /* time stands until a majority has spoken: such tests admit on their own */
    scene_admit(scene, "acme", "employer", scene->acme);
    scene_admit(scene, "zeta", "employer", scene->zeta);
}

/* acme does something with a labour contract. ref, replaces: may be NULL. *ret_id may be NULL. */
static inline enum err scene_labour(struct scene *scene, const char *act, struct json *claims,
                                    const uint8_t *ref, const uint8_t *replaces, uint8_t *ret_id) {
    if (ref) json_put_id(claims, "ref", ref);
    if (replaces) json_put_id(claims, "replaces", replaces);
    struct buf compact = scene_record(scene, claims, "acme", "labour-contract", act, scene->acme);
    if (ret_id) record_id_of(&compact, ret_id);
    return scene_submit(scene, compact);
}

#endif
