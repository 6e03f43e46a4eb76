/* Genesis against tests/vectors (make_genesis.py), and every reason to refuse one. */
#include "ledger/crypto/nodekey.h"
#include "ledger/record/genesis.h"
#include "ledger/record/record.h"
#include "tests/lib/vector.h"

#define ORIGIN "qizheng.invalid/00c0ffee"

static struct genesis *vector_genesis(void) {
    struct buf text = vector_read("genesis.json");
    struct genesis *genesis = NULL;
    struct problem why = {0};
    cr_assert(genesis_parse(buf_bytes(&text), &genesis, &why) == ERR_OK, "%s", why.detail);
    buf_done(&text);
    return genesis;
}

static enum err parsed(struct bytes text, struct problem *ret_why) {
    struct genesis *genesis = NULL;
    struct bytes copy = exact_copy(text);
    enum err err = genesis_parse(copy, &genesis, ret_why);
    exact_free(copy);
    if (!err) genesis_done(genesis);
    return err;
}

Test(record_genesis, genesis_has_the_id_and_the_leaf_of_the_vector) {
    struct genesis *genesis = vector_genesis();
    struct buf id = vector_read_hex("genesis.id"), leaf = vector_read_hex("genesis.leaf");
    struct buf text = vector_read("genesis.json");
    uint8_t made[LEAF_LEN];
    genesis_leaf(genesis, made);
    cr_assert(bytes_equal(bytes_of(genesis->ledger_id, 32), buf_bytes(&id)));
    cr_assert(bytes_equal(bytes_of(made, sizeof made), buf_bytes(&leaf)));
    cr_assert(bytes_equal(genesis->bytes, buf_bytes(&text)));
    buf_done(&id);
    buf_done(&leaf);
    buf_done(&text);
    genesis_done(genesis);
}

Test(record_genesis, genesis_parse_gives_every_member) {
    struct genesis *genesis = vector_genesis();
    struct nodekey keys = {0};
    uint8_t seed[32];
    vector_seed("node 1", seed);
    cr_assert(nodekey_derive(seed, &keys) == ERR_OK);
    cr_assert(genesis->created_ms == 1795420542123 && genesis->protocol == 1);
    cr_assert_str_eq(genesis->origin, ORIGIN);
    cr_assert(genesis->node_count == 1 && genesis->participant_count == 2);
    cr_assert_str_eq(genesis->nodes[0].name, ORIGIN "/node/1");
    cr_assert_str_eq(genesis->nodes[0].operator_id, "operator");
    cr_assert_str_eq(genesis->nodes[0].auth.kid, key_secret_public(keys.auth)->kid);
    uint8_t key[32], listed[32];
    const struct json *labour = json_member(genesis->nodes[0].voprf, "labour");
    cr_assert(base64url_decode_fixed(json_text_bytes(labour), listed, sizeof listed) == ERR_OK);
    cr_assert(genesis_tag_key(genesis, "labour", key) == ERR_OK);
    cr_assert_eq(memcmp(key, listed, sizeof key), 0);
    cr_assert(genesis_tag_key(genesis, "benefit", key) == ERR_NOT_FOUND);
    cr_assert_str_eq(genesis->participants[1].id, "registrar");
    cr_assert(genesis->participants[1].roles == (ROLE_REGISTRAR | ROLE_AUDITOR));
    cr_assert(genesis->participants[0].keys[0].key.alg == KEY_ES256K);
    cr_assert(json_count(genesis->rules) == 2 && json_count(genesis->parameters) == 1);
    nodekey_done(&keys);
    genesis_done(genesis);
    genesis_done(NULL);
}

/* -- a writer, as `init` would be -- */

static void put(struct json *object, const char *name, struct json *child) {
    cr_assert(json_put(object, name, child) == ERR_OK);
}

static struct json *built_participant(const char *id, const char *name, const char *uscc,
                                      uint16_t roles, enum key_alg alg, int64_t to) {
    struct participant participant = {.roles = roles, .key_count = 1};
    struct key_secret *key = vector_key(alg, id);
    (void)snprintf(participant.id, sizeof participant.id, "%s", id);
    (void)snprintf(participant.name, sizeof participant.name, "%s", name);
    (void)snprintf(participant.uscc, sizeof participant.uscc, "%s", uscc);
    participant.keys[0].from = 1795420542;
    participant.keys[0].to = to;
    cr_assert(key_public_copy(key_secret_public(key), &participant.keys[0].key) == ERR_OK);
    struct json *made = participant_json(&participant);
    participant_done(&participant);
    key_secret_done(key);
    return made;
}

static struct json *built_from(const struct genesis *old) {
    struct json *made = json_new_object(), *nodes = json_new_array(), *people = json_new_array();
    cr_assert(json_push(nodes, json_clone(json_at(json_member(old->json, "nodes"), 0))) == ERR_OK);
    cr_assert(json_push(people, built_participant("operator", "示例运行机构", "91350100M000100Y43",
                                                  ROLE_OPERATOR, KEY_ES256K, INT64_MAX)) == ERR_OK);
    cr_assert(json_push(people, built_participant("registrar", "示例登记机构", "91512081MA62K0260E",
                                                  ROLE_REGISTRAR | ROLE_AUDITOR, KEY_ED25519,
                                                  1826956542)) == ERR_OK);
    put(made, "rules", json_clone(old->rules));
    put(made, "quorum", json_new_text("bft"));
    put(made, "parameters", json_clone(old->parameters));
    put(made, "nodes", nodes);
    put(made, "participants", people);
    put(made, "protocol", json_new_int(1));
    put(made, "origin", json_new_text(ORIGIN));
    put(made, "created", json_new_int(old->created_ms));
    put(made, "format", json_new_text(GENESIS_FORMAT));
    return made;
}

Test(record_genesis, json_format_writes_the_very_bytes_of_the_vector) {
    struct genesis *old = vector_genesis();
    struct json *made = built_from(old);
    struct buf text;
    buf_init(&text, LIMIT_GENESIS);
    cr_assert(json_format(made, &text) == ERR_OK);
    cr_assert(bytes_equal(buf_bytes(&text), old->bytes));
    buf_done(&text);
    json_done(made);
    genesis_done(old);
}

/* -- refusals -- */

struct edit {
    const char *from, *to;
    enum err err;
    const char *pointer;
};

static void edits_refused(const struct edit *edits, size_t count) {
    struct buf text = vector_read("genesis.json");
    for (size_t i = 0; i < count; i++) {
        struct problem why = {0};
        struct buf edited = text_edit(buf_bytes(&text), edits[i].from, edits[i].to);
        enum err err = parsed(buf_bytes(&edited), &why);
        cr_assert(err == edits[i].err, "%s: %s (%s)", edits[i].to, err_code(err), why.detail);
        cr_assert_str_eq(why.pointer, edits[i].pointer, "%s: %s", edits[i].to, why.pointer);
        cr_assert(why.err == err && why.detail[0]);
        buf_done(&edited);
    }
    buf_done(&text);
}

#define EDITS_REFUSED(edits) edits_refused(edits, sizeof edits / sizeof edits[0])

Test(record_genesis, genesis_parse_refuses_wrong_members_of_the_document) {
    static const struct edit edits[] = {
        {"{\"created\":1795420542123,", "{", ERR_SCHEMA, ""},
        {"{\"created\":1795420542123,", "{\"a\":1,\"created\":1795420542123,", ERR_SCHEMA, ""},
        {"1795420542123", "-1", ERR_SCHEMA, "/created"},
        {"1795420542123", "\"1795420542123\"", ERR_SCHEMA, "/created"},
        {"1795420542123", "1795420542123.5", ERR_MALFORMED_JSON, ""},
        {"genesis:1\"", "genesis:2\"", ERR_SCHEMA, "/format"},
        {"\"quorum\":\"bft\"", "\"quorum\":\"cft\"", ERR_SCHEMA, "/quorum"},
        {"\"protocol\":1", "\"protocol\":0", ERR_SCHEMA, "/protocol"},
        {"\"origin\":\"" ORIGIN "\"", "\"origin\":\"a b\"", ERR_SCHEMA, "/origin"},
        {"\"origin\":\"" ORIGIN "\"", "\"origin\":\"a+b\"", ERR_SCHEMA, "/origin"},
        {"\"origin\":\"" ORIGIN "\"", "\"origin\":\"\"", ERR_SCHEMA, "/origin"},
        {"\"origin\":\"" ORIGIN "\"", "\"origin\":1", ERR_SCHEMA, "/origin"},
        {"\"parameters\":{\"window_s\":604800}", "\"parameters\":[]", ERR_SCHEMA, ""},
        {"\"protocol\":1", "\"protocol\":1,\"protocol\":1", ERR_MALFORMED_JSON, ""},
    };
    EDITS_REFUSED(edits);
}

Test(record_genesis, genesis_parse_refuses_every_form_but_the_canonical_one) {
    static const struct edit edits[] = {
        {"\"protocol\":1", "\"protocol\": 1", ERR_SCHEMA, ""},
        {"{\"created\"", "\n{\"created\"", ERR_SCHEMA, ""},
        {"\"protocol\":1,\"quorum\":\"bft\"", "\"quorum\":\"bft\",\"protocol\":1", ERR_SCHEMA, ""},
        {"\"quorum\":\"bft\"", "\"quorum\":\"\\u0062ft\"", ERR_SCHEMA, ""},
        {"示例运行机构", "\\u793a例运行机构", ERR_SCHEMA, ""},
        {"示例运行机构", "a\\u001fb", ERR_SCHEMA, ""},
        {"示例运行机构", "a\\u001Fb", ERR_SCHEMA, ""},
        {"示例运行机构", "a\\tb", ERR_SCHEMA, ""},
        {"\"window_s\":", "\"窗口\":", ERR_SCHEMA, ""},
    };
    EDITS_REFUSED(edits);
}

Test(record_genesis, genesis_parse_refuses_nodes_of_the_wrong_form) {
    static const struct edit edits[] = {
        {"{\"auth\":", "{\"also\":1,\"auth\":", ERR_SCHEMA, "/nodes/0"},
        {"\"operator\":\"operator\"", "\"operator\":1", ERR_SCHEMA, "/nodes/0"},
        {"\"operator\":\"operator\"", "\"operator\":\"nobody\"", ERR_SCHEMA, "/nodes"},
        {"\"operator\":\"operator\"", "\"operator\":\"registrar\"", ERR_SCHEMA, "/nodes"},
        {"\"name\":\"" ORIGIN "/node/1\"", "\"name\":\"" ORIGIN "/node/2\"", ERR_SCHEMA,
         "/nodes/0"},
        {"\"name\":\"" ORIGIN "/node/1\"", "\"name\":\"" ORIGIN "\"", ERR_SCHEMA, "/nodes/0"},
        {"\"log_vkey\":\"q", "\"log_vkey\":\"Q", ERR_SCHEMA, "/nodes/0"},
        {"+520d60a1+", "+520d60a2+", ERR_SCHEMA, "/nodes/0"},
        {"+520d60a1+", "+520D60A1+", ERR_SCHEMA, "/nodes/0"},
        {"+520d60a1+AT", "+520d60a1+BT", ERR_SCHEMA, "/nodes/0"},
        {"\"labour\":\"4v", "\"labour\":\"4v=", ERR_SCHEMA, "/nodes/0"},
        {"\"labour\":\"4v", "\"LABOUR\":\"4v", ERR_SCHEMA, "/nodes/0"},
        {"{\"auth\":{\"crv\":\"Ed25519\"", "{\"auth\":{\"crv\":\"Ed448\"", ERR_KEY, "/nodes/0"},
    };
    EDITS_REFUSED(edits);
}

Test(record_genesis, genesis_parse_refuses_participants_of_the_wrong_form) {
    static const struct edit edits[] = {
        {"\"roles\":[\"registrar\",\"auditor\"]", "\"roles\":[\"auditor\"]", ERR_SCHEMA,
         "/participants"},
        {"\"id\":\"registrar\"", "\"id\":\"operator\"", ERR_SCHEMA, "/participants/1"},
        {"\"id\":\"registrar\"", "\"id\":\"Registrar\"", ERR_SCHEMA, "/participants/1/id"},
        {"\"id\":\"registrar\"", "\"email\":\"x\",\"id\":\"registrar\"", ERR_SCHEMA,
         "/participants/1"},
        {"91512081MA62K0260E", "91512081MA62K0260", ERR_SCHEMA, "/participants/1/uscc"},
        {",\"to\":1826956542", ",\"to\":1795420542", ERR_SCHEMA, "/participants/1/keys/0"},
    };
    EDITS_REFUSED(edits);
}

Test(record_genesis, genesis_parse_refuses_rules_of_the_wrong_form) {
    static const struct edit edits[] = {
        {"\"action\":\"reject\"", "\"action\":\"ignore\"", ERR_SCHEMA, "/rules/0"},
        {"\"id\":\"BN-01\"", "\"id\":\"LC-03\"", ERR_SCHEMA, "/rules/1"},
        {"\"id\":\"BN-01\"", "\"id\":\"\"", ERR_SCHEMA, "/rules/0"},
        {"\"id\":\"BN-01\"", "\"id\":\"BN-0123456789012\"", ERR_SCHEMA, "/rules/0"},
        {"\"parameters\":{},\"version\":1", "\"parameters\":{},\"version\":0", ERR_SCHEMA,
         "/rules/0"},
        {"\"parameters\":{},\"version\":1", "\"parameters\":1,\"version\":1", ERR_SCHEMA,
         "/rules/0"},
        {"\"id\":\"BN-01\"", "\"id\":\"BN-01\",\"law\":\"\"", ERR_SCHEMA, "/rules/0"},
    };
    EDITS_REFUSED(edits);
}

/* A key has one use: the same public key as log and cosigner, as auth and participant's, or of two nodes. */
static void key_reuse_refused(struct json *genesis, const char *pointer) {
    struct buf text;
    struct problem why = {0};
    buf_init(&text, LIMIT_GENESIS);
    cr_assert(json_format(genesis, &text) == ERR_OK);
    cr_assert(parsed(buf_bytes(&text), &why) == ERR_SCHEMA);
    cr_assert_str_eq(why.pointer, pointer);
    buf_done(&text);
    json_done(genesis);
}

/* The value inside `root` to change it: what json_member gives is const only for those who read. */
static struct json *inside(struct json *root, const char *list, size_t index) {
    return (struct json *)(uintptr_t)json_at(json_member(root, list), index);
}

Test(record_genesis, genesis_parse_refuses_a_key_with_two_uses) {
    struct genesis *old = vector_genesis();
    struct json *made = json_clone(old->json);
    struct json *registrar = inside(made, "participants", 1), *node = inside(made, "nodes", 0);
    const struct json *key = json_at(json_member(registrar, "keys"), 0);
    put(node, "auth", json_clone(json_member(key, "jwk")));
    key_reuse_refused(made, "/participants/1");

    made = json_clone(old->json);
    put(inside(made, "participants", 1), "keys",
        json_clone(json_member(inside(made, "participants", 0), "keys")));
    key_reuse_refused(made, "/participants/1");

    made = json_clone(old->json);
    cr_assert(json_push((struct json *)(uintptr_t)json_member(made, "nodes"),
                        json_clone(inside(made, "nodes", 0))) == ERR_OK);
    key_reuse_refused(made, "/nodes/1");
    genesis_done(old);
}

static void vkey_write(const char *name, uint8_t type, const uint8_t key[32], char *out,
                       size_t room) {
    uint8_t typed[33] = {type}, hash[32];
    char hex[9];
    struct buf text;
    memcpy(typed + 1, key, 32);
    struct bytes parts[] = {bytes_text(name), bytes_text("\n"), bytes_of(typed, sizeof typed)};
    sha256_parts(parts, 3, hash);
    hex_encode(bytes_of(hash, 4), hex);
    buf_init(&text, 64);
    cr_assert(base64_encode(bytes_of(typed, sizeof typed), &text) == ERR_OK);
    (void)snprintf(out, room, "%s+%s+%s", name, hex, buf_text(&text));
    buf_done(&text);
}

Test(record_genesis, genesis_parse_refuses_one_key_for_log_and_cosigner) {
    struct genesis *old = vector_genesis();
    struct json *made = json_clone(old->json);
    struct nodekey keys = {0};
    uint8_t seed[32];
    char vkey[256];
    vector_seed("node 1", seed);
    cr_assert(nodekey_derive(seed, &keys) == ERR_OK);
    vkey_write(ORIGIN "/node/1", 4, key_secret_public(keys.cosigner)->point, vkey, sizeof vkey);
    cr_assert_str_eq(vkey, old->nodes[0].cosigner_vkey, "the writer above is right");
    vkey_write(ORIGIN "/node/1", 4, key_secret_public(keys.log)->point, vkey, sizeof vkey);
    put(inside(made, "nodes", 0), "cosigner_vkey", json_new_text(vkey));
    key_reuse_refused(made, "/nodes/0");

    made = json_clone(old->json);
    vkey_write(ORIGIN "/node/1", 1, key_secret_public(keys.cosigner)->point, vkey, sizeof vkey);
    put(inside(made, "nodes", 0), "cosigner_vkey", json_new_text(vkey));
    key_reuse_refused(made, "/nodes/0"); /* the type byte of a log */
    nodekey_done(&keys);
    genesis_done(old);
}

Test(record_genesis, genesis_parse_refuses_empty_lists_and_too_many_nodes) {
    struct genesis *old = vector_genesis();
    struct json *made = json_clone(old->json);
    put(made, "nodes", json_new_array());
    key_reuse_refused(made, "/nodes");
    made = json_clone(old->json);
    put(made, "participants", json_new_array());
    key_reuse_refused(made, "/participants");
    made = json_clone(old->json);
    struct json *many = json_new_array();
    for (int i = 0; i < 30000; i++) cr_assert(json_push(many, json_new_int(0)) == ERR_OK);
    put(made, "participants", many);
    key_reuse_refused(made, "/participants"); /* before room for so many is asked for */
    made = json_clone(old->json);
    struct json *nodes = json_new_array();
    for (int i = 0; i <= LIMIT_NODES; i++) cr_assert(json_push(nodes, json_new_object()) == ERR_OK);
    put(made, "nodes", nodes);
    key_reuse_refused(made, "/nodes");
    genesis_done(old);
}

Test(record_genesis, genesis_parse_survives_every_truncation_and_every_flipped_byte) {
    struct buf text = vector_read("genesis.json"), id = vector_read_hex("genesis.id");
    for (size_t len = 0; len < text.len; len++)
        cr_assert(parsed(bytes_slice(buf_bytes(&text), 0, len), NULL) != ERR_OK, "%zu", len);
    for (size_t i = 0; i < text.len; i++) {
        struct genesis *genesis = NULL;
        uint8_t flip = (uint8_t)(1u << i % 8);
        text.data[i] ^= flip;
        if (genesis_parse(buf_bytes(&text), &genesis, NULL) == ERR_OK) {
            cr_assert(memcmp(genesis->ledger_id, id.data, 32) != 0);
            genesis_done(genesis);
        }
        text.data[i] ^= flip;
    }
    buf_done(&text);
    buf_done(&id);
}

Test(record_genesis, genesis_parse_refuses_what_is_too_large_or_no_object) {
    static uint8_t spaces[LIMIT_GENESIS + 1];
    memset(spaces, ' ', sizeof spaces);
    cr_assert(parsed(bytes_of(spaces, sizeof spaces), NULL) == ERR_TOO_LARGE);
    cr_assert(parsed(bytes_of(spaces, sizeof spaces - 1), NULL) == ERR_MALFORMED_JSON);
    cr_assert(parsed(bytes_text("[]"), NULL) == ERR_SCHEMA);
    cr_assert(parsed(bytes_text("7"), NULL) == ERR_SCHEMA);
    cr_assert(parsed(bytes_text(""), NULL) == ERR_MALFORMED_JSON);
}
