/* See pool.h. The genesis, its keys and the texts of records are those of tests/lib/scene.h. */
#include "tests/sim/pool.h"

#include "tests/lib/scene.h"

#define AMENDMENT "{\"changed_fields\":[\"post\"],\"effective_date\":\"2027-03-01\"}"
#define ENDING "{\"reason_code\":\"44-1\",\"date\":\"2029-11-30\"}"
#define CONTRACTS 12 /* of each of the two employers */
#define DAY_S 86400

/* What is needed while a pool is made. */
struct maker {
    struct pool *pool;
    struct scene scene;
    struct key_secret *acme_new;
};

static const struct key_secret *secret_of(const struct maker *maker, enum signer signer) {
    switch (signer) {
    case BY_REGISTRAR: return maker->scene.registrar;
    case BY_ACME: return maker->scene.acme;
    case BY_ACME_NEW_KEY: return maker->acme_new;
    case BY_ZETA: return maker->scene.zeta;
    case BY_NOBODY: break;
    }
    return maker->scene.stranger;
}

static const char *name_of(enum signer signer) {
    switch (signer) {
    case BY_REGISTRAR: return "registrar";
    case BY_ACME:
    case BY_ACME_NEW_KEY: return "acme";
    case BY_ZETA: return "zeta";
    case BY_NOBODY: break;
    }
    return "nobody";
}

/* -- items -- */

static struct item *item_add(struct maker *maker, struct buf bytes) {
    struct pool *pool = maker->pool;
    cr_assert(pool->count < POOL_MAX);
    struct item *item = &pool->items[pool->count++];
    memset(item, 0, sizeof *item);
    item->bytes = bytes;
    sha256(buf_bytes(&bytes), item->hash);
    item->deed = NOTHING;
    return item;
}

static struct item *record_add(struct maker *maker, struct json *claims, const char *type,
                               const char *act, enum signer signer, enum deed deed) {
    struct scene *scene = &maker->scene;
    struct buf bytes =
        scene_record(scene, claims, name_of(signer), type, act, secret_of(maker, signer));
    struct item *item = item_add(maker, bytes);
    record_id_of(&bytes, item->id);
    item->is_record = true;
    item->signer = signer;
    item->deed = deed;
    item->iat = (int64_t)(scene->now_ms / 1000);
    return item;
}

static void participant_add(struct maker *maker, const char *act, const char *id,
                            const struct key_secret *key, enum deed deed) {
    struct json *claims = scene_participant(id, "employer", SCENE_GOOD_USCC, key);
    (void)record_add(maker, claims, "participant", act, BY_REGISTRAR, deed);
}

static void status_add(struct maker *maker, const char *act, const char *text, enum deed deed) {
    (void)record_add(maker, json_text_of(text), "participant", act, BY_REGISTRAR, deed);
}

static size_t contract_add(struct maker *maker, enum signer signer) {
    (void)record_add(maker, json_text_of(SCENE_CONTRACT), "labour-contract", "conclude", signer,
                     CONCLUDE);
    return maker->pool->count - 1;
}

static size_t follow_add(struct maker *maker, size_t before, const char *act, const char *text,
                         enum deed deed) {
    struct json *claims = json_text_of(text);
    json_put_id(claims, "ref", maker->pool->items[before].id);
    struct item *item =
        record_add(maker, claims, "labour-contract", act, maker->pool->items[before].signer, deed);
    item->before = before;
    return maker->pool->count - 1;
}

/* -- the sorts -- */

static void registry_items(struct maker *maker) {
    struct scene *scene = &maker->scene;
    for (unsigned i = 0; i < 3; i++)
        participant_add(maker, "admit", "acme", scene->acme, ADMIT_ACME);
    for (unsigned i = 0; i < 3; i++)
        participant_add(maker, "admit", "zeta", scene->zeta, ADMIT_ZETA);
    for (unsigned i = 0; i < 3; i++) {
        status_add(maker, "suspend", "{\"id\":\"zeta\",\"reason\":\"other\"}", SUSPEND_ZETA);
        status_add(maker, "resume", "{\"id\":\"zeta\",\"reason\":\"other\"}", RESUME_ZETA);
        participant_add(maker, "rotate", "acme", maker->acme_new, ROTATE_ACME);
    }
}

static void contract_items(struct maker *maker) {
    for (unsigned i = 0; i < CONTRACTS; i++) {
        size_t first = contract_add(maker, BY_ACME);
        (void)contract_add(maker, BY_ZETA);
        if (i % 2) continue;
        size_t second = follow_add(maker, first, "amend", AMENDMENT, AMEND);
        (void)follow_add(maker, i % 4 ? first : second, "end", ENDING, END);
    }
    for (unsigned i = 0; i < 3; i++) (void)contract_add(maker, BY_ACME_NEW_KEY);
}

/* Those that are too early or too late for the window, as the ledger's time is now. */
static void window_items(struct maker *maker) {
    uint64_t now_ms = maker->scene.now_ms;
    maker->scene.now_ms = now_ms + 12 * 60 * 1000;
    for (unsigned i = 0; i < 3; i++) (void)contract_add(maker, BY_ACME);
    maker->scene.now_ms = now_ms - 6 * DAY_S * UINT64_C(1000);
    for (unsigned i = 0; i < 3; i++) (void)contract_add(maker, BY_ACME);
    maker->scene.now_ms = now_ms;
}

static struct buf text_buf(const char *text) {
    struct buf buf;
    buf_init(&buf, LIMIT_RECORD);
    cr_assert(buf_add_text(&buf, text) == ERR_OK);
    return buf;
}

/* A copy whose signature is another record's. */
static void bad_signature_add(struct maker *maker, size_t of) {
    const struct item *good = &maker->pool->items[of];
    struct buf copy = text_buf("");
    cr_assert(buf_add(&copy, buf_bytes(&good->bytes)) == ERR_OK);
    uint8_t *tail = copy.data + copy.len - 40;
    *tail = *tail == 'A' ? 'B' : 'A';
    struct item *item = item_add(maker, copy);
    item->is_record = true;
    item->has_bad_signature = true;
    memcpy(item->id, maker->pool->items[of].id, sizeof item->id);
    item->signer = maker->pool->items[of].signer;
    item->iat = maker->pool->items[of].iat;
}

/* Its first key would be taken; its second is the registrar's, so all of it is refused and nothing of the first may stay. */
static void half_good_add(struct maker *maker) {
    struct json *claims =
        scene_participant("acme", "employer", SCENE_GOOD_USCC, maker->scene.stranger);
    struct json *keys = (struct json *)(uintptr_t)json_member(claims, "keys");
    struct json *entry = json_text_of("{}");
    cr_assert(json_put(entry, "from", json_clone(json_member(json_at(keys, 0), "from"))) == ERR_OK);
    cr_assert(json_put(entry, "jwk", key_public_jwk(key_secret_public(maker->scene.registrar))) ==
              ERR_OK);
    cr_assert(json_push(keys, entry) == ERR_OK);
    (void)record_add(maker, claims, "participant", "rotate", BY_REGISTRAR, NOTHING);
}

static void bad_items(struct maker *maker, size_t contract) {
    const char *foreign =
        "{\"aud\":\"00000000000000000000000000000000000000000000000000000000000000"
        "00\",\"start\":\"2026-12-01\"}";
    (void)item_add(maker, text_buf("x"));
    (void)item_add(maker, text_buf("eyJhbGciOiJub25lIn0.e30."));
    (void)record_add(maker, json_over(SCENE_CONTRACT, foreign), "labour-contract", "conclude",
                     BY_ACME, NOTHING);
    (void)record_add(maker, json_text_of(SCENE_CONTRACT), "labour-contract", "conclude", BY_NOBODY,
                     NOTHING);
    (void)record_add(maker, json_over(SCENE_CONTRACT, "{\"kind\":\"verbal\"}"), "labour-contract",
                     "conclude", BY_ACME, NOTHING);
    (void)record_add(maker, json_over(SCENE_CONTRACT, "{\"probation_months\":12}"),
                     "labour-contract", "conclude", BY_ACME, NOTHING);
    (void)record_add(maker,
                     scene_participant("shady", "employer", SCENE_GOOD_USCC, maker->scene.stranger),
                     "participant", "admit", BY_ACME, NOTHING);
    half_good_add(maker);
    half_good_add(maker);
    bad_signature_add(maker, 0); /* of the first admission */
    bad_signature_add(maker, contract);
}

/* -- the ledger -- */

static void node_make(struct pool *pool, size_t i) {
    struct problem why = {0};
    const struct genesis_node *node = &pool->genesis->nodes[i];
    struct buf text;
    buf_init(&text, LIMIT_POLICY);
    cr_assert(vkey_parse(bytes_text(node->log_vkey), &pool->logs[i], &why) == ERR_OK);
    cr_assert(vkey_parse(bytes_text(node->cosigner_vkey), &pool->cosigners[i], &why) == ERR_OK);
    cr_assert(policy_format(&pool->logs[i], &pool->cosigners[i], 1, 0, &text) == ERR_OK);
    cr_assert(policy_parse(buf_bytes(&text), &pool->own[i], &why) == ERR_OK);
    buf_done(&text);
}

static struct pool *pool_make(size_t node_count) {
    struct maker maker = {.pool = calloc(1, sizeof(struct pool))};
    struct pool *pool = maker.pool;
    struct problem why = {0};
    cr_assert(pool);
    scene_keys(&maker.scene, node_count);
    maker.acme_new = vector_key(KEY_ED25519, "simulated acme's new key");
    scene_found(&maker.scene, NULL);
    pool->node_count = node_count;
    pool->genesis = maker.scene.genesis;
    memcpy(pool->nodes, maker.scene.nodes, sizeof pool->nodes);
    for (size_t i = 0; i < node_count; i++) node_make(pool, i);
    buf_init(&pool->policy_text, LIMIT_POLICY);
    cr_assert(policy_format(pool->logs, pool->cosigners, node_count, 0, &pool->policy_text) ==
              ERR_OK);
    cr_assert(policy_parse(buf_bytes(&pool->policy_text), &pool->policy, &why) == ERR_OK);
    registry_items(&maker);
    size_t contract = pool->count;
    contract_items(&maker);
    window_items(&maker);
    bad_items(&maker, contract);
    key_secret_done(maker.acme_new);
    key_secret_done(maker.scene.registrar);
    key_secret_done(maker.scene.acme);
    key_secret_done(maker.scene.zeta);
    key_secret_done(maker.scene.stranger);
    return pool; /* genesis and nodes went over to it */
}

const struct pool *pool_of(size_t node_count) {
    static struct pool *pools[POOL_NODES + 1];
    cr_assert(node_count > 0 && node_count <= POOL_NODES);
    if (!pools[node_count]) pools[node_count] = pool_make(node_count);
    return pools[node_count];
}

const struct item *pool_find(const struct pool *pool, struct bytes bytes) {
    for (size_t i = 0; i < pool->count; i++) {
        const struct buf *at = &pool->items[i].bytes;
        if (at->len != bytes.len) continue;
        size_t tail = at->len < 16 ? at->len : 16; /* signatures differ at their ends */
        if (memcmp(at->data + at->len - tail, bytes.data + at->len - tail, tail) == 0 &&
            bytes_equal(buf_bytes(at), bytes))
            return &pool->items[i];
    }
    return NULL;
}
