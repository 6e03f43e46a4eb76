/* Holders' own records: a worker acknowledges a contract with the key that it names, and nobody else does; nor with that key anything else. */
#include "contracts/holder.h"

#include "tests/lib/scene.h"

#define AMENDMENT "{\"changed_fields\":[\"post\"],\"effective_date\":\"2027-03-01\"}"
#define ENDING "{\"reason_code\":\"44-1\",\"date\":\"2029-11-30\"}"

static struct scene *scene;
static struct key_secret *worker;

static void begin(void) {
    scene = calloc(1, sizeof *scene);
    cr_assert(scene);
    scene_begin(scene, 1);
    worker = vector_key(KEY_ES256K, "a worker");
}

static void end(void) {
    key_secret_done(worker);
    scene_done(scene);
    free(scene);
}

TestSuite(contracts_holder, .init = begin, .fini = end);

/* A contract of acme's that names that key, or none. */
static void conclude(const struct key_secret *holder, uint8_t ret_id[32]) {
    struct json *claims = json_text_of(SCENE_CONTRACT);
    if (holder) claims = with_cnf(claims, holder);
    cr_assert(scene_labour(scene, "conclude", claims, NULL, NULL, ret_id) == ERR_OK, "%s",
              scene->last.problem.detail);
}

static void uri_of(const struct key_secret *key, char ret[LIMIT_ID + 1]) {
    (void)snprintf(ret, LIMIT_ID + 1, RECORD_KEY_URI "%s", key_secret_public(key)->kid);
}

/* An acknowledgement with those claims over {ref}, by that key under its own name. */
static struct buf word(const char *claims, const uint8_t *ref, const struct key_secret *key) {
    char iss[LIMIT_ID + 1];
    struct json *json = json_text_of(claims);
    uri_of(key, iss);
    if (ref) json_put_id(json, "ref", ref);
    return scene_record(scene, json, iss, "labour-contract", "acknowledge", key);
}

static enum err acknowledge(const uint8_t ref[32], const struct key_secret *key, uint8_t *ret_id) {
    struct buf compact = word("{}", ref, key);
    if (ret_id) record_id_of(&compact, ret_id);
    return scene_submit(scene, compact);
}

static void refused_at(enum err err, enum err wanted, const char *pointer) {
    cr_assert(err == wanted, "%s: %s", err_code(err), scene->last.problem.detail);
    cr_assert_str_eq(scene->last.problem.pointer, pointer, "%s", scene->last.problem.pointer);
    cr_assert(scene->last.problem.detail[0]);
}

static struct chain chain_at(const uint8_t opening[32]) {
    struct chain chain;
    cr_assert(chain_get(memory_view(&scene->state), opening, &chain) == ERR_OK);
    return chain;
}

/* -- what goes -- */

Test(contracts_holder, the_named_key_acknowledges_whatever_its_algorithm) {
    for (unsigned alg = 0; alg < KEY_ALG_COUNT; alg++) {
        uint8_t contract[32], word_id[32];
        struct key_secret *key = vector_key((enum key_alg)alg, "some worker");
        conclude(key, contract);
        cr_assert(acknowledge(contract, key, word_id) == ERR_OK, "%s", scene->last.problem.detail);
        struct chain chain = chain_at(contract);
        cr_assert(chain.status == CHAIN_IN_FORCE && chain.count == 2);
        cr_assert_arr_eq(chain.head, word_id, 32);
        cr_assert_str_eq(chain.owner, "acme");
        key_secret_done(key);
    }
}

Test(contracts_holder, the_employer_goes_on_from_the_acknowledgement) {
    uint8_t contract[32], first[32], amendment[32], second[32];
    conclude(worker, contract);
    cr_assert(acknowledge(contract, worker, first) == ERR_OK);
    cr_assert(scene_labour(scene, "amend", json_text_of(AMENDMENT), contract, NULL, NULL) ==
              ERR_STALE_REF);
    struct json *claims = with_cnf(json_text_of(AMENDMENT), worker);
    cr_assert(scene_labour(scene, "amend", claims, first, NULL, amendment) == ERR_OK, "%s",
              scene->last.problem.detail);
    cr_assert(acknowledge(amendment, worker, second) == ERR_OK);
    cr_assert(scene_labour(scene, "end", json_text_of(ENDING), second, NULL, NULL) == ERR_OK);
    cr_assert(chain_at(contract).status == CHAIN_ENDED && chain_at(contract).count == 5);
}

Test(contracts_holder, each_record_names_its_own_holder) {
    uint8_t contract[32], amendment[32], correction[32];
    struct key_secret *fresh = vector_key(KEY_ED25519, "the worker's new key");
    conclude(worker, contract);
    cr_assert(scene_labour(scene, "amend", json_text_of(AMENDMENT), contract, NULL, amendment) ==
              ERR_OK);
    refused_at(acknowledge(amendment, worker, NULL), ERR_ISSUER_UNKNOWN, "/ref");
    struct json *claims = with_cnf(json_text_of(AMENDMENT), fresh);
    cr_assert(scene_labour(scene, "correct", claims, amendment, amendment, correction) == ERR_OK,
              "%s", scene->last.problem.detail);
    refused_at(acknowledge(correction, worker, NULL), ERR_ISSUER_UNKNOWN, "/iss");
    cr_assert(acknowledge(correction, fresh, NULL) == ERR_OK);
    key_secret_done(fresh);
}

Test(contracts_holder, the_acknowledged_documents_may_be_repeated_and_no_others) {
    uint8_t contract[32];
    struct holder holder;
    conclude(worker, contract);
    cr_assert(holder_get(memory_view(&scene->state), contract, &holder) == ERR_OK);
    cr_assert(holder.doc_count == 1 && holder.alg == KEY_ES256K);
    cr_assert_str_eq(holder.kid, key_secret_public(worker)->kid);
    refused_at(
        scene_submit(scene, word("{\"doc\":[{\"alg\":\"sm3\",\"digest\":\"" SCENE_DIGEST "\"}]}",
                                 contract, worker)),
        ERR_SCHEMA, "/doc");
    cr_assert(scene_submit(scene,
                           word("{\"doc\":[{\"alg\":\"sha-256\",\"digest\":\"" SCENE_DIGEST "\"}]}",
                                contract, worker)) == ERR_OK);
}

Test(contracts_holder, a_suspended_employer_or_revoked_key_silences_no_worker) {
    uint8_t first[32], second[32];
    char revoke[256];
    struct key_secret *other = vector_key(KEY_ED25519, "another worker");
    conclude(worker, first);
    conclude(other, second);
    (void)snprintf(revoke, sizeof revoke, "{\"id\":\"acme\",\"kid\":\"%s\",\"reason\":\"lost\"}",
                   key_secret_public(scene->acme)->kid);
    cr_assert(scene_submit(scene, scene_record(scene, json_text_of(revoke), "registrar",
                                               "participant", "revoke", scene->registrar)) ==
              ERR_OK);
    cr_assert(acknowledge(first, worker, NULL) == ERR_OK);
    cr_assert(scene_submit(
                  scene,
                  scene_record(scene,
                               json_text_of("{\"id\":\"acme\",\"reason\":\"under-investigation\"}"),
                               "registrar", "participant", "suspend", scene->registrar)) == ERR_OK,
              "%s", scene->last.problem.detail);
    cr_assert(acknowledge(second, other, NULL) == ERR_OK);
    key_secret_done(other);
}

Test(contracts_holder, the_same_record_again_is_known_for_ever) {
    uint8_t contract[32], word_id[32];
    conclude(worker, contract);
    struct buf compact = word("{}", contract, worker), again, high;
    record_id_of(&compact, word_id);
    buf_init(&again, LIMIT_RECORD);
    cr_assert(buf_add(&again, buf_bytes(&compact)) == ERR_OK);
    cr_assert(scene_submit(scene, compact) == ERR_OK && scene->last.kind == OUTCOME_ACCEPTED);
    uint64_t index = scene->last.index;
    struct json *claims = with_cnf(json_text_of(AMENDMENT), scene->stranger);
    cr_assert(scene_labour(scene, "amend", claims, word_id, NULL, NULL) == ERR_OK);
    high = compact_other_s(&again, KEY_ES256K);
    cr_assert(scene_submit(scene, again) == ERR_OK && scene->last.kind == OUTCOME_KNOWN);
    cr_assert(scene->last.index == index);
    cr_assert(scene_submit(scene, high) == ERR_OK && scene->last.kind == OUTCOME_KNOWN);
    cr_assert(scene->last.index == index, "the high S is the same record");
}

/* -- what does not -- */

Test(contracts_holder, a_record_is_acknowledged_once) {
    uint8_t contract[32], word_id[32];
    conclude(worker, contract);
    cr_assert(acknowledge(contract, worker, word_id) == ERR_OK);
    refused_at(acknowledge(contract, worker, NULL), ERR_STALE_REF, "/ref");
    refused_at(acknowledge(word_id, worker, NULL), ERR_ISSUER_UNKNOWN, "/ref");
}

Test(contracts_holder, only_a_contract_that_runs_is_acknowledged) {
    uint8_t contract[32], ended[32];
    conclude(worker, contract);
    struct json *claims = with_cnf(json_text_of(ENDING), worker);
    cr_assert(scene_labour(scene, "end", claims, contract, NULL, ended) == ERR_OK);
    refused_at(acknowledge(ended, worker, NULL), ERR_STATE, "/act");
}

Test(contracts_holder, another_key_is_not_the_holders) {
    uint8_t contract[32], none[32], nowhere[32] = {7};
    conclude(worker, contract);
    refused_at(acknowledge(contract, scene->stranger, NULL), ERR_ISSUER_UNKNOWN, "/iss");
    conclude(NULL, none);
    refused_at(acknowledge(none, worker, NULL), ERR_ISSUER_UNKNOWN, "/ref");
    refused_at(acknowledge(nowhere, worker, NULL), ERR_STALE_REF, "/ref");
    refused_at(scene_submit(scene, word("{}", NULL, worker)), ERR_SCHEMA, "/ref");
    /* iss names the holder's key, the header another, and the other way round */
    char iss[LIMIT_ID + 1];
    uri_of(worker, iss);
    struct json *json = json_text_of("{}");
    json_put_id(json, "ref", contract);
    refused_at(scene_submit(scene, scene_record(scene, json, iss, "labour-contract", "acknowledge",
                                                scene->stranger)),
               ERR_ISSUER_UNKNOWN, "/iss");
    uri_of(scene->stranger, iss);
    json = json_text_of("{}");
    json_put_id(json, "ref", contract);
    refused_at(scene_submit(
                   scene, scene_record(scene, json, iss, "labour-contract", "acknowledge", worker)),
               ERR_ISSUER_UNKNOWN, "/iss");
    cr_assert(chain_at(contract).count == 1);
}

Test(contracts_holder, the_signature_must_verify) {
    uint8_t contract[32];
    conclude(worker, contract);
    struct buf compact = word("{}", contract, worker);
    uint8_t *last = &compact.data[compact.len - 10];
    *last = *last == 'A' ? 'B' : 'A';
    refused_at(scene_submit(scene, compact), ERR_SIGNATURE_INVALID, "");
}

Test(contracts_holder, a_word_for_another_ledger_is_refused) {
    uint8_t contract[32];
    char claims[128];
    conclude(worker, contract);
    (void)snprintf(claims, sizeof claims, "{\"aud\":\"%064d\"}", 7);
    refused_at(scene_submit(scene, word(claims, contract, worker)), ERR_AUDIENCE, "/aud");
}

Test(contracts_holder, a_participants_key_is_nobodys_own) {
    uint8_t contract[32];
    /* the employer names its own key, or another participant's, as the worker's */
    struct json *claims = with_cnf(json_text_of(SCENE_CONTRACT), scene->acme);
    refused_at(scene_labour(scene, "conclude", claims, NULL, NULL, NULL), ERR_STATE, "/cnf/jwk");
    claims = with_cnf(json_text_of(SCENE_CONTRACT), scene->zeta);
    refused_at(scene_labour(scene, "conclude", claims, NULL, NULL, NULL), ERR_STATE, "/cnf/jwk");
    /* a key that is registered after it was named */
    conclude(worker, contract);
    scene_admit(scene, "late", "employer", worker);
    refused_at(acknowledge(contract, worker, NULL), ERR_STATE, "/iss");
}

Test(contracts_holder, no_participant_acknowledges_and_no_holder_does_more) {
    uint8_t contract[32];
    char iss[LIMIT_ID + 1];
    static const char *const acts[] = {"conclude", "amend", "rescind", "end", "correct"};
    conclude(worker, contract);
    refused_at(scene_labour(scene, "acknowledge", json_text_of("{}"), contract, NULL, NULL),
               ERR_ROLE, "/iss");
    uri_of(worker, iss);
    for (size_t i = 0; i < sizeof acts / sizeof *acts; i++) {
        struct json *claims = json_text_of(ENDING);
        json_put_id(claims, "ref", contract);
        refused_at(scene_submit(
                       scene, scene_record(scene, claims, iss, "labour-contract", acts[i], worker)),
                   ERR_ROLE, "/iss");
    }
    struct json *claims = json_text_of("{}");
    json_put_id(claims, "ref", contract);
    refused_at(
        scene_submit(scene, scene_record(scene, claims, iss, "participant", "suspend", worker)),
        ERR_ROLE, "/iss");
}

Test(contracts_holder, an_acknowledgement_says_nothing_else) {
    uint8_t contract[32];
    char cnf[LIMIT_ID + 300];
    conclude(worker, contract);
    struct json *json = with_cnf(json_new_object(), worker);
    struct buf text = json_bytes_of(json);
    (void)snprintf(cnf, sizeof cnf, "%.*s", (int)text.len, (const char *)text.data);
    refused_at(scene_submit(scene, word(cnf, contract, worker)), ERR_SCHEMA, "/cnf");
    refused_at(scene_submit(scene, word("{\"kind\":\"open\"}", contract, worker)), ERR_SCHEMA,
               "/kind");
    refused_at(
        scene_submit(scene,
                     word("{\"replaces\":"
                          "\"0000000000000000000000000000000000000000000000000000000000000000\"}",
                          contract, worker)),
        ERR_SCHEMA, "/replaces");
    json_done(json);
    buf_done(&text);
}

Test(contracts_holder, nobody_corrects_a_workers_word) {
    uint8_t contract[32], word_id[32];
    conclude(worker, contract);
    cr_assert(acknowledge(contract, worker, word_id) == ERR_OK);
    refused_at(scene_labour(scene, "correct", json_text_of("{}"), word_id, word_id, NULL),
               ERR_STATE, "/replaces");
    struct json *claims = with_cnf(json_text_of(SCENE_CONTRACT), worker);
    cr_assert(scene_labour(scene, "correct", claims, word_id, contract, NULL) == ERR_OK,
              "what it is about can be corrected: %s", scene->last.problem.detail);
}

Test(contracts_holder, no_participants_id_is_a_keys_name) {
    char iss[LIMIT_ID + 1];
    uri_of(worker, iss);
    struct json *claims = scene_participant(iss, "employer", SCENE_GOOD_USCC, worker);
    refused_at(scene_submit(scene, scene_record(scene, claims, "registrar", "participant", "admit",
                                                scene->registrar)),
               ERR_SCHEMA, "/id");
}

Test(contracts_holder, overlaps_are_judged_as_before) {
    uint8_t contract[32], word_id[32];
    const char *tag = "{\"tags\":{\"worker\":{\"d\":\"labour\",\"v\":1,\"t\":"
                      "\"EGJTFwjr0wU-rUYhBx_bO7RLavmLxJzAcRG4M46OXig\"}}}";
    struct json *claims = with_cnf(json_over(SCENE_CONTRACT, tag), worker);
    cr_assert(scene_labour(scene, "conclude", claims, NULL, NULL, contract) == ERR_OK, "%s",
              scene->last.problem.detail);
    cr_assert(acknowledge(contract, worker, word_id) == ERR_OK);
    cr_assert(scene->last.hits.count == 0);
    refused_at(scene_submit(scene, word(tag, word_id, worker)), ERR_ISSUER_UNKNOWN, "/ref");
    cr_assert(scene_labour(scene, "conclude", json_over(SCENE_CONTRACT, tag), NULL, NULL, NULL) ==
                  ERR_OK ||
              scene->last.problem.err == ERR_RULE);
    bool told = false;
    for (size_t i = 0; i < scene->last.hits.count; i++)
        told |= strcmp(scene->last.hits.items[i].rule->id, "LC-11") == 0 &&
                scene->last.hits.items[i].result == RULE_FAIL;
    cr_assert(told, "the acknowledged contract still meets another of its worker");
}

Test(contracts_holder, types_say_who_may) {
    struct json *types = NULL;
    cr_assert(contract_types_json(&types) == ERR_OK);
    const struct json *acts = json_member(json_at(types, 0), "acts");
    bool found = false;
    for (size_t i = 0; i < json_count(acts); i++) {
        const struct json *act = json_at(acts, i), *roles = json_member(act, "roles");
        bool holders = strcmp(json_text(json_member(act, "act")), "acknowledge") == 0;
        found |= holders;
        cr_assert(json_count(roles) == 1);
        cr_assert_str_eq(json_text(json_at(roles, 0)), holders ? "holder" : "employer");
    }
    cr_assert(found);
    json_done(types);
}

/* What a node's log holds is admitted again from the log alone: by fsck, and by a node that catches up. */
Test(contracts_holder, replay_agrees) {
    uint8_t contract[32];
    static struct scene other;
    uint8_t leaf[LEAF_LEN];
    struct problem why;
    conclude(worker, contract);
    struct buf compact = word("{}", contract, worker);
    struct record *record = NULL;
    cr_assert(record_parse(buf_bytes(&compact), &record, &why) == ERR_OK);
    struct machine_tip tip = scene->tip;
    leaf_encode(scene->now_ms, record->hash, leaf);
    struct overlay *overlay = NULL;
    cr_assert(overlay_open(memory_view(&scene->state), &overlay) == ERR_OK);
    cr_assert(machine_replay(&scene->machine, overlay, &tip, leaf, buf_bytes(&compact), &why) ==
                  ERR_OK,
              "%s", why.detail);
    cr_assert(tip.size == scene->tip.size + 1);
    overlay_close(overlay);
    /* and where the log lacks what names the key, it is no log of ours */
    scene_begin(&other, 1);
    cr_assert(machine_replay(&other.machine, other.overlay, &other.tip, leaf, buf_bytes(&compact),
                             &why) == ERR_DIVERGED);
    scene_done(&other);
    record_done(record);
    buf_done(&compact);
}
