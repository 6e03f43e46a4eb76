/* The machine: every reason to refuse a record and to skip a batch, and that whatever happens a node that replays the leaves has the same state. */
#include "contracts/personal.h"
#include "tests/lib/scene.h"

static struct scene *begin(void) {
    struct scene *scene = calloc(1, sizeof *scene);
    cr_assert(scene);
    scene_begin(scene, 1);
    return scene;
}

static void end(struct scene *scene) {
    scene_done(scene);
    free(scene);
}

static struct buf contract(struct scene *scene, const char *over) {
    return scene_record(scene, json_over(SCENE_CONTRACT, over), "acme", "labour-contract",
                        "conclude", scene->acme);
}

static enum err submit(struct scene *scene, const char *over) {
    return scene_submit(scene, contract(scene, over));
}

static struct memory_row *row_of(struct scene *scene, struct state_key key) {
    bool there;
    size_t at = memory_place(&scene->state, state_key_bytes(&key), &there);
    cr_assert(there);
    return &scene->state.rows[at];
}

/* -- genesis -- */

static enum err begin_refused(const char *over) {
    struct scene *scene = calloc(1, sizeof *scene);
    struct store_entry entry;
    const struct store_write *writes;
    size_t count = 1;
    scene_keys(scene, 1);
    scene_found(scene, over);
    scene_overlay(scene);
    enum err err = machine_begin(&scene->machine, scene->overlay, &scene->tip, &entry);
    cr_assert(overlay_writes(scene->overlay, &writes, &count) == ERR_OK);
    cr_assert((count == 0) == (err != ERR_OK) && (scene->tip.size == 1) == !err);
    end(scene);
    return err;
}

Test(contracts_machine, machine_begin_writes_the_genesis_into_state) {
    struct scene *scene = calloc(1, sizeof *scene);
    scene_begin_with(scene, 4, NULL);
    cr_assert(scene->tip.size == 1 && scene->tip.time_ms == SCENE_CREATED_MS);
    cr_assert(scene->tip.order.node_count == 4 && scene->tip.order.position.revision == 0);
    struct memory_row *row = row_of(scene, state_key_governance("protocol"));
    cr_assert(row->value.len == 4 && get_u32(row->value.data) == 1);
    row = row_of(scene, state_key_governance("parameters"));
    cr_assert(row->value.len == 24 && get_u64(row->value.data) == 604800 &&
              get_u64(row->value.data + 8) == 1 && get_u64(row->value.data + 16) == 1);
    (void)row_of(scene, state_key_rule("LC-23"));
    (void)row_of(scene, state_key_participant("registrar"));
    cr_assert(scene->state.count == 2 + 9 + 2 * 2,
              "governance, rules, two participants with a key");
    end(scene);
}

Test(contracts_machine, machine_begin_refuses_a_ledger_that_needs_another_program) {
    cr_assert(begin_refused("{}") == ERR_OK);
    cr_assert(begin_refused("{\"protocol\":2}") == ERR_PROTOCOL);
    cr_assert(begin_refused("{\"parameters\":{\"window_s\":604800}}") == ERR_PROTOCOL);
    cr_assert(begin_refused("{\"parameters\":{}}") == ERR_OK);
    cr_assert(begin_refused("{\"rules\":[]}") == ERR_OK);
    cr_assert(begin_refused("{\"rules\":[{\"id\":\"BN-99\",\"version\":1,\"action\":\"reject\","
                            "\"parameters\":{}}]}") == ERR_PROTOCOL);
}

/* -- one reason after the other -- */

struct reason {
    const char *over, *pointer;
    enum err err;
};

Test(contracts_machine, machine_refuses_by_audience_window_type_and_act) {
    static const struct reason table[] = {
        {"{\"aud\":\"00000000000000000000000000000000000000000000000000000000000000ff\"}", "/aud",
         ERR_AUDIENCE},
        {"{\"iat\":1}", "/iat", ERR_WINDOW},
        {"{\"iat\":9007199254740991}", "/iat", ERR_WINDOW},
        {"{\"vct\":\"urn:qizheng:marriage-contract:1\"}", "/vct", ERR_SCHEMA},
        {"{\"vct\":\"urn:qizheng:labour-contract:2\"}", "/vct", ERR_SCHEMA},
        {"{\"act\":\"conclud\"}", "/act", ERR_SCHEMA},
        {"{\"act\":\"admit\"}", "/act", ERR_SCHEMA},
        {"{\"vct\":\"urn:qizheng:participant:1\",\"act\":\"admit\"}", "/iss", ERR_ROLE},
        {"{\"iss\":\"zeta\"}", "/iss", ERR_ISSUER_UNKNOWN},
        {"{\"iss\":\"nobody\"}", "/iss", ERR_ISSUER_UNKNOWN},
        {"{\"iss\":\"urn:ietf:params:oauth:jwk-thumbprint:sha-256:"
         "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k\"}",
         "/iss", ERR_ISSUER_UNKNOWN},
    };
    struct scene *scene = begin();
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        enum err err = submit(scene, table[i].over);
        cr_assert(err == table[i].err, "%s: %s", table[i].over, scene->last.problem.detail);
        cr_assert_str_eq(scene->last.problem.pointer, table[i].pointer);
        cr_assert(scene->last.problem.detail[0] && scene->last.hits.count == 0);
    }
    cr_assert(submit(scene, "{}") == ERR_OK);
    end(scene);
}

Test(contracts_machine, machine_window_has_exact_edges) {
    struct scene *scene = begin();
    int64_t now_s = (int64_t)(scene->now_ms / 1000);
    scene->now_ms = (uint64_t)now_s * 1000 + 1000; /* a whole second: iat has no milliseconds */
    now_s++;
    static const struct {
        int64_t age_s;
        enum err err;
    } table[] = {
        {-301, ERR_WINDOW}, {-300, ERR_OK}, {0, ERR_OK}, {604800, ERR_OK}, {604801, ERR_WINDOW}};
    for (size_t i = 0; i < 5; i++) {
        char over[64];
        (void)snprintf(over, sizeof over, "{\"iat\":%lld}", (long long)(now_s - table[i].age_s));
        cr_assert(submit(scene, over) == table[i].err, "%lld", (long long)table[i].age_s);
    }
    end(scene);
}

Test(contracts_machine, machine_window_is_the_ledgers_parameter) {
    struct scene *scene = calloc(1, sizeof *scene);
    char over[64];
    scene_begin_with(scene, 1, "{\"parameters\":{\"admission_window_s\":60}}");
    scene_admit(scene, "acme", "employer", scene->acme);
    (void)snprintf(over, sizeof over, "{\"iat\":%lld}", (long long)(scene->now_ms / 1000 - 62));
    cr_assert(submit(scene, over) == ERR_WINDOW);
    end(scene);
}

Test(contracts_machine, machine_refuses_keys_it_does_not_know_or_that_do_not_sign) {
    struct scene *scene = begin();
    struct json *claims = json_text_of(SCENE_CONTRACT);
    cr_assert(scene_submit(scene, scene_record(scene, claims, "acme", "labour-contract", "conclude",
                                               scene->stranger)) == ERR_ISSUER_UNKNOWN);
    claims = json_text_of(SCENE_CONTRACT);
    cr_assert(scene_submit(scene, scene_record(scene, claims, "acme", "labour-contract", "conclude",
                                               scene->zeta)) == ERR_ISSUER_UNKNOWN);
    struct buf compact = contract(scene, "{}");
    uint8_t *last = compact.data + compact.len - 30;
    *last = *last == 'A' ? 'B' : 'A';
    cr_assert(scene_submit(scene, compact) == ERR_SIGNATURE_INVALID);
    end(scene);
}

Test(contracts_machine, machine_refuses_an_algorithm_that_is_not_the_keys) {
    struct scene *scene = begin();
    char header[200];
    struct json *claims = json_text_of(SCENE_CONTRACT);
    scene_common(scene, claims, "acme", "labour-contract", "conclude");
    struct buf payload = json_bytes_of(claims);
    (void)snprintf(header, sizeof header,
                   "{\"alg\":\"Ed25519\",\"kid\":\"%s\",\"typ\":\"" JWS_TYP_RECORD "\"}",
                   key_secret_public(scene->acme)->kid);
    cr_assert(scene_submit(scene, compact_of(header, buf_bytes(&payload))) == ERR_ALG_MISMATCH);
    cr_assert(strstr(scene->last.problem.detail, "ES256K"));
    buf_done(&payload);
    json_done(claims);
    end(scene);
}

Test(contracts_machine, machine_refuses_suspended_issuers_and_revoked_keys) {
    struct scene *scene = begin();
    struct memory_row *row = row_of(scene, state_key_participant("acme"));
    row->value.data[0] = REGISTRY_SUSPENDED;
    cr_assert(submit(scene, "{}") == ERR_ISSUER_SUSPENDED);
    row->value.data[0] = REGISTRY_ACTIVE;
    row = row_of(scene, state_key_kid(key_secret_public(scene->acme)->kid));
    row->value.data[row->value.len - 9] = 1;
    cr_assert(submit(scene, "{}") == ERR_KEY_REVOKED);
    row->value.data[row->value.len - 9] = 0;
    cr_assert(submit(scene, "{}") == ERR_OK);
    end(scene);
}

Test(contracts_machine, machine_takes_a_key_from_its_first_second_until_before_its_last) {
    struct scene *scene = begin();
    int64_t from = SCENE_CREATED_S + 100, to = SCENE_CREATED_S + 200;
    struct json *claims = scene_participant("timed", "employer", SCENE_GOOD_USCC, scene->stranger);
    struct json *entry = (struct json *)(uintptr_t)json_at(json_member(claims, "keys"), 0);
    cr_assert(json_put_int(entry, "from", from) == ERR_OK);
    cr_assert(json_put_int(entry, "to", to) == ERR_OK);
    cr_assert(scene_submit(scene, scene_record(scene, claims, "registrar", "participant", "admit",
                                               scene->registrar)) == ERR_OK);
    static const struct {
        int64_t before_s;
        uint64_t ms;
        enum err err;
    } table[] = {{99, 999, ERR_KEY_REVOKED},
                 {100, 0, ERR_OK},
                 {199, 999, ERR_OK},
                 {200, 0, ERR_KEY_REVOKED}};
    for (size_t i = 0; i < 4; i++) {
        scene->now_ms = (uint64_t)(SCENE_CREATED_S + table[i].before_s) * 1000 + table[i].ms;
        claims = json_text_of(SCENE_CONTRACT);
        enum err err = scene_submit(scene, scene_record(scene, claims, "timed", "labour-contract",
                                                        "conclude", scene->stranger));
        cr_assert(err == table[i].err, "%zu: %s", i, scene->last.problem.detail);
    }
    end(scene);
}

Test(contracts_machine, machine_lets_only_the_role_of_an_act_do_it) {
    struct scene *scene = begin();
    struct json *claims = scene_participant("beta", "employer", SCENE_GOOD_USCC, scene->stranger);
    cr_assert(scene_submit(scene, scene_record(scene, claims, "acme", "participant", "admit",
                                               scene->acme)) == ERR_ROLE);
    cr_assert(strstr(scene->last.problem.detail, "registrar"));
    claims = json_text_of(SCENE_CONTRACT);
    cr_assert(scene_submit(scene, scene_record(scene, claims, "registrar", "labour-contract",
                                               "conclude", scene->registrar)) == ERR_ROLE);
    cr_assert(strstr(scene->last.problem.detail, "employer"));
    end(scene);
}

Test(contracts_machine, machine_refuses_bytes_that_are_no_record_without_stopping) {
    static const char *const texts[] = {"x", "a.b.c", "~", "eyJ9.e30.AA"};
    struct scene *scene = begin();
    for (size_t i = 0; i < 4; i++) {
        struct buf text = memory_copy(bytes_text(texts[i]));
        enum err err = scene_submit(scene, text);
        cr_assert(err == ERR_JWS || err == ERR_BASE64 || err == ERR_MALFORMED_JSON, "%s", texts[i]);
    }
    cr_assert(submit(scene, "{}") == ERR_OK);
    end(scene);
}

/* -- personal data -- */

#define ID "11010519491231002X"
#define FULL_WIDTH_ID "１１０１０５１９４９１２３１００２Ｘ"

Test(contracts_machine, machine_refuses_resident_numbers_wherever_text_is_free) {
    static const struct reason table[] = {
        {"{\"signatures\":[{\"role\":\"employer\"},{\"role\":\"worker\",\"cert_serial\":\"" ID
         "\"}]}",
         "/signatures/1/cert_serial", ERR_PERSONAL_FIELD},
        {"{\"signatures\":[{\"role\":\"employer\",\"cert_issuer\":\"CA " ID " CA\"},"
         "{\"role\":\"worker\"}]}",
         "/signatures/0/cert_issuer", ERR_PERSONAL_FIELD},
        {"{\"identity_checks\":[{\"role\":\"worker\",\"method\":\"" FULL_WIDTH_ID "\"}]}",
         "/identity_checks/0/method", ERR_PERSONAL_FIELD},
        {"{\"identity_checks\":[{\"role\":\"worker\",\"method\":\"x\",\"provider\":\"" ID "\"}]}",
         "/identity_checks/0/provider", ERR_PERSONAL_FIELD},
        {"{\"" ID "\":1}", "", ERR_SCHEMA},
    };
    struct scene *scene = begin();
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        enum err err = submit(scene, table[i].over);
        cr_assert(err == table[i].err, "%s: %s", table[i].over, scene->last.problem.detail);
        cr_assert_str_eq(scene->last.problem.pointer, table[i].pointer);
        cr_assert(!strstr(scene->last.problem.detail, "1949"), "the number is never repeated");
        cr_assert(!strstr(scene->last.problem.pointer, "1949"));
    }
    end(scene);
}

Test(contracts_machine, machine_refuses_a_participant_named_by_a_number) {
    static const char *const overs[] = {"{\"name\":\"张三 " ID "\"}",
                                        "{\"id\":\"a-11010519491231002x\"}"};
    struct scene *scene = begin();
    for (size_t i = 0; i < 2; i++) {
        struct json *claims = scene_participant("b", "employer", SCENE_GOOD_USCC, scene->stranger);
        struct json *over = json_text_of(overs[i]);
        void *it = json_first(over);
        cr_assert(json_put(claims, json_name_at(it), json_clone(json_value_at(it))) == ERR_OK);
        cr_assert(scene_submit(scene, scene_record(scene, claims, "registrar", "participant",
                                                   "admit", scene->registrar)) ==
                      ERR_PERSONAL_FIELD,
                  "%s", overs[i]);
        json_done(over);
    }
    end(scene);
}

static void personal(const char *payload, enum err expected, const char *pointer) {
    struct json *json = json_text_of(payload);
    struct problem why = {0};
    cr_assert(personal_check(json, &why) == expected, "%s", payload);
    cr_assert_str_eq(why.pointer, pointer);
    cr_assert(!strstr(why.detail, "1949"));
    json_done(json);
}

Test(contracts_machine, personal_check_looks_into_names_and_values_but_not_into_digests) {
    personal("{\"a\":\"" ID "\"}", ERR_PERSONAL_FIELD, "/a");
    personal("{\"a\":{\"b\":[1,[\"no " ID "\"]]}}", ERR_PERSONAL_FIELD, "/a/b/1/0");
    personal("{\"" ID "\":1}", ERR_PERSONAL_FIELD, "");
    personal("{\"a\":[{\"" ID "\":1}]}", ERR_PERSONAL_FIELD, "/a/0");
    personal("{\"a\":{\"B 7\":\"" ID "\"}}", ERR_PERSONAL_FIELD, "/a");
    personal("{\"keys\":[{\"jwk\":{\"kid\":\"" ID "\"}}]}", ERR_PERSONAL_FIELD, "/keys/0/jwk/kid");
    personal("{\"cnf\":{\"jwk\":{\"x\":\"" ID "\",\"y\":\"" ID "\"}},"
             "\"tags\":{\"worker\":{\"t\":\"" ID "\"}}}",
             ERR_OK, "");
    personal("{\"uscc\":\"" ID "\",\"batch_no\":\"" ID "\",\"jti\":\"" ID "\",\"aud\":\"" ID
             "\",\"ref\":\"" ID "\",\"replaces\":\"" ID "\",\"doc\":[\"" ID "\"],\"_sd\":[\"" ID
             "\"]}",
             ERR_OK, "");
    personal("{\"x\":\"" ID "\"}", ERR_PERSONAL_FIELD, "/x");
    personal("{\"a\":\"1999999199112020030\",\"b\":110105194912310,\"c\":null}", ERR_OK, "");
}

/* -- participants -- */

Test(contracts_machine, machine_admits_a_participant_who_may_sign_from_the_next_record_on) {
    struct scene *scene = begin();
    struct json *claims = scene_participant("beta", "employer", SCENE_GOOD_USCC, scene->stranger);
    struct buf admit =
        scene_record(scene, claims, "registrar", "participant", "admit", scene->registrar);
    claims = json_text_of(SCENE_CONTRACT);
    struct buf signs =
        scene_record(scene, claims, "beta", "labour-contract", "conclude", scene->stranger);
    struct bytes wrong_order[] = {buf_bytes(&signs), buf_bytes(&admit), buf_bytes(&signs)};
    struct buf batch = scene_batch(scene, 0, wrong_order, 3);
    struct effects effects = scene_apply(scene, buf_bytes(&batch));
    cr_assert(effects.outcomes[0].kind == OUTCOME_REFUSED);
    cr_assert(effects.outcomes[0].problem.err == ERR_ISSUER_UNKNOWN);
    cr_assert(effects.outcomes[1].kind == OUTCOME_ACCEPTED && effects.outcomes[1].index == 3);
    cr_assert(effects.outcomes[2].kind == OUTCOME_ACCEPTED && effects.outcomes[2].index == 4);
    cr_assert(effects.entry_count == 2 && scene->tip.size == 5);
    effects_done(&effects);
    buf_done(&batch);
    buf_done(&admit);
    buf_done(&signs);
    end(scene);
}

Test(contracts_machine, machine_refuses_participants_of_wrong_form_code_or_name) {
    static const struct reason table[] = {
        {"{\"id\":null}", "/id", ERR_SCHEMA},
        {"{\"id\":\"Beta\"}", "/id", ERR_SCHEMA},
        {"{\"roles\":[\"king\"]}", "/roles", ERR_SCHEMA},
        {"{\"keys\":[]}", "/keys", ERR_SCHEMA},
        {"{\"keys\":[{\"jwk\":{},\"from\":1}]}", "/keys/0", ERR_KEY},
        {"{\"motto\":\"x\"}", "/motto", ERR_SCHEMA},
        {"{\"uscc\":\"91350100M000100Y4\"}", "/uscc", ERR_SCHEMA},
        {"{\"uscc\":\"91350100M000100Y44\"}", "/uscc", ERR_RULE},
        {"{\"id\":\"acme\"}", "/id", ERR_STATE},
        {"{\"tags\":{\"x\":{\"d\":\"labour\",\"v\":1,\"t\":\"" SCENE_DIGEST "\"}}}", "/tags",
         ERR_SCHEMA},
        {"{\"ref\":\"00000000000000000000000000000000000000000000000000000000000000ff\"}", "/ref",
         ERR_SCHEMA},
    };
    struct scene *scene = begin();
    struct json *good = scene_participant("beta", "employer", SCENE_GOOD_USCC, scene->stranger);
    struct buf text = json_bytes_of(good);
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct json *claims = json_over(buf_text(&text), table[i].over);
        enum err err = scene_submit(scene, scene_record(scene, claims, "registrar", "participant",
                                                        "admit", scene->registrar));
        cr_assert(err == table[i].err, "%s: %s", table[i].over, scene->last.problem.detail);
        cr_assert_str_eq(scene->last.problem.pointer, table[i].pointer);
        if (err == ERR_RULE) cr_assert_str_eq(scene->last.problem.rule, "LC-23");
    }
    cr_assert(scene_submit(scene, scene_record(scene, good, "registrar", "participant", "admit",
                                               scene->registrar)) == ERR_OK);
    struct json *status = NULL;
    cr_assert(machine_status(memory_view(&scene->state), scene->last.id, &status) == ERR_OK);
    cr_assert_str_eq(json_text(json_member(status, "status")), "in_force");
    json_done(status);
    buf_done(&text);
    end(scene);
}

Test(contracts_machine, machine_tells_no_findings_of_a_record_that_its_state_refuses) {
    struct scene *scene = calloc(1, sizeof *scene);
    scene_begin_with(scene, 1,
                     "{\"rules\":[{\"id\":\"LC-23\",\"version\":1,\"action\":\"flag\","
                     "\"parameters\":{}}]}");
    const char *const ids[] = {"registrar", "beta"};
    for (size_t i = 0; i < 2; i++) {
        struct json *claims =
            scene_participant(ids[i], "employer", "91350100M000100Y44", scene->stranger);
        enum err err = scene_submit(scene, scene_record(scene, claims, "registrar", "participant",
                                                        "admit", scene->registrar));
        cr_assert(err == (i == 0 ? ERR_STATE : ERR_OK));
        cr_assert(scene->last.hits.count == i, "flagged where it is accepted");
    }
    end(scene);
}

/* -- duplicates -- */

Test(contracts_machine, machine_knows_a_record_again_in_a_batch_and_later) {
    struct scene *scene = begin();
    struct buf one = contract(scene, "{}");
    struct bytes twice[] = {buf_bytes(&one), buf_bytes(&one)};
    struct buf batch = scene_batch(scene, 0, twice, 2);
    struct effects effects = scene_apply(scene, buf_bytes(&batch));
    cr_assert(effects.entry_count == 1 && effects.outcomes[0].kind == OUTCOME_ACCEPTED);
    cr_assert(effects.outcomes[1].kind == OUTCOME_KNOWN);
    cr_assert(effects.outcomes[1].index == effects.outcomes[0].index);
    uint64_t index = effects.outcomes[0].index;
    effects_done(&effects);
    buf_done(&batch);
    scene->now_ms += 30ull * 24 * 3600 * 1000; /* long after its window */
    cr_assert(scene_submit(scene, memory_copy(buf_bytes(&one))) == ERR_OK);
    cr_assert(scene->last.kind == OUTCOME_KNOWN && scene->last.index == index);
    uint8_t *last = one.data + one.len - 30;
    *last = *last == 'A' ? 'B' : 'A';
    cr_assert(scene_submit(scene, one) == ERR_SIGNATURE_INVALID,
              "the same signing input with a false signature");
    end(scene);
}

/* -- envelopes -- */

/* Applies bytes that must be skipped, and that nothing but the position moved. */
static void skipped(struct scene *scene, struct bytes batch, const char *why) {
    struct machine_tip before = scene->tip;
    struct effects effects = scene_apply(scene, batch);
    cr_assert(effects.is_skipped && effects.entry_count == 0 && effects.outcome_count == 0);
    cr_assert(strstr(effects.skipped_why.detail, why), "%s", effects.skipped_why.detail);
    cr_assert(scene->tip.order.position.revision == scene->revision);
    before.order.position = scene->tip.order.position;
    cr_assert(memcmp(&before, &scene->tip, sizeof before) == 0);
    effects_done(&effects);
}

Test(contracts_machine, machine_skips_every_bad_envelope_and_moves_on) {
    struct scene *scene = begin();
    struct buf record = contract(scene, "{}");
    struct bytes list[] = {buf_bytes(&record)};
    struct buf good = scene_batch(scene, 0, list, 1);
    skipped(scene, bytes_of(NULL, 0), "not well formed");
    skipped(scene, bytes_of(good.data, good.len - 1), "not well formed");
    for (size_t i = 4; i < good.len; i += 7) {
        struct buf bent = memory_copy(buf_bytes(&good));
        bent.data[i] ^= 1;
        skipped(scene, buf_bytes(&bent), "");
        buf_done(&bent);
    }
    struct buf other = scene_batch_of(scene, 0, 90, scene->now_ms, 1, list, 1);
    skipped(scene, buf_bytes(&other), "epoch 1 and delivered in epoch 0");
    buf_done(&other);
    other = scene_batch_of(scene, 0, 90, UINT64_MAX, 0, list, 1);
    skipped(scene, buf_bytes(&other), "no time");
    buf_done(&other);
    other = scene_batch_of(scene, 0, 0, scene->now_ms, 0, list, 1);
    skipped(scene, buf_bytes(&other), "applied before");
    buf_done(&other);
    struct effects effects = scene_apply(scene, buf_bytes(&good));
    cr_assert(!effects.is_skipped && effects.entry_count == 1);
    effects_done(&effects);
    skipped(scene, buf_bytes(&good), "applied before");
    buf_done(&good);
    buf_done(&record);
    end(scene);
}

Test(contracts_machine, machine_skips_foreign_ledgers_unknown_nodes_and_borrowed_names) {
    struct scene *scene = calloc(1, sizeof *scene);
    scene_begin_with(scene, 3, NULL);
    struct batch batch = {.node = 0, .counter = 1, .clock_ms = scene->now_ms};
    struct buf out;
    buf_init(&out, LIMIT_BATCH);
    cr_assert(batch_encode(&batch, scene->nodes[0].auth, &out) == ERR_OK);
    skipped(scene, buf_bytes(&out), "another ledger");
    memcpy(batch.ledger_id, scene->genesis->ledger_id, 32);
    batch.node = 3;
    buf_clear(&out);
    cr_assert(batch_encode(&batch, scene->nodes[0].auth, &out) == ERR_OK);
    skipped(scene, buf_bytes(&out), "not in the set");
    batch.node = 1;
    buf_clear(&out);
    cr_assert(batch_encode(&batch, scene->nodes[0].auth, &out) == ERR_OK);
    skipped(scene, buf_bytes(&out), "not signed by node 1");
    buf_done(&out);
    end(scene);
}

Test(contracts_machine, machine_applies_a_position_once) {
    struct scene *scene = begin();
    struct effects effects;
    struct buf heartbeat = scene_batch(scene, 0, NULL, 0);
    struct position old = scene->tip.order.position;
    struct machine_tip before = scene->tip;
    cr_assert(machine_apply(&scene->machine, scene->overlay, &scene->tip, old,
                            buf_bytes(&heartbeat), NULL, &effects) == ERR_OK);
    cr_assert(effects.is_skipped && effects.time_ms == before.time_ms);
    cr_assert(memcmp(&before, &scene->tip, sizeof before) == 0);
    effects_done(&effects);
    buf_done(&heartbeat);
    end(scene);
}

Test(contracts_machine, machine_heartbeat_moves_order_and_clock_but_no_leaf_time) {
    struct scene *scene = begin();
    uint64_t leaf_time = scene->tip.time_ms;
    scene->now_ms += 60000;
    struct buf heartbeat = scene_batch(scene, 0, NULL, 0);
    struct effects effects = scene_apply(scene, buf_bytes(&heartbeat));
    cr_assert(!effects.is_skipped && effects.time_ms == scene->now_ms);
    cr_assert(scene->tip.time_ms == leaf_time &&
              scene->tip.order.nodes[0].clock_ms == scene->now_ms);
    effects_done(&effects);
    buf_done(&heartbeat);
    end(scene);
}

Test(contracts_machine, machine_time_is_not_dragged_away_by_one_node) {
    struct scene *scene = calloc(1, sizeof *scene);
    scene_begin_with(scene, 4, NULL);
    for (uint16_t node = 0; node < 4; node++) {
        struct buf heartbeat = scene_batch(scene, node, NULL, 0);
        struct effects effects = scene_apply(scene, buf_bytes(&heartbeat));
        effects_done(&effects);
        buf_done(&heartbeat);
    }
    uint64_t honest = scene->now_ms;
    scene->now_ms = honest + 365ull * 24 * 3600 * 1000;
    struct json *claims = scene_participant("acme", "employer", SCENE_GOOD_USCC, scene->acme);
    cr_assert(json_put_int(claims, "iat", (int64_t)(honest / 1000)) == ERR_OK);
    struct buf record =
        scene_record(scene, claims, "registrar", "participant", "admit", scene->registrar);
    struct bytes list[] = {buf_bytes(&record)};
    struct buf batch = scene_batch(scene, 3, list, 1);
    struct effects effects = scene_apply(scene, buf_bytes(&batch));
    cr_assert(effects.time_ms == honest + ORDER_CLOCK_SLACK_MS && effects.entry_count == 1);
    cr_assert(get_u64(effects.entries[0].leaf + 1) == honest + ORDER_CLOCK_SLACK_MS);
    effects_done(&effects);
    buf_done(&batch);
    buf_done(&record);
    end(scene);
}

/* -- what the host knows already -- */

Test(contracts_machine, machine_skips_a_signature_only_for_the_very_bytes_that_were_checked) {
    struct scene *scene = begin();
    struct buf good = contract(scene, "{}"), bent = contract(scene, "{}");
    uint8_t *last = bent.data + bent.len - 30;
    *last = *last == 'A' ? 'B' : 'A';
    struct record *parsed_good = NULL, *parsed_bent = NULL;
    cr_assert(record_parse(buf_bytes(&good), &parsed_good, NULL) == ERR_OK);
    cr_assert(record_parse(buf_bytes(&bent), &parsed_bent, NULL) == ERR_OK);
    struct bytes list[] = {parsed_bent->canonical};
    const struct machine_checked cases[] = {{NULL, false},
                                            {NULL, true},
                                            {parsed_bent, false},
                                            {parsed_good, true},
                                            {parsed_bent, true}};
    for (size_t i = 0; i < 5; i++) {
        struct effects effects;
        struct buf batch = scene_batch(scene, 0, list, 1);
        cr_assert(machine_apply(&scene->machine, scene->overlay, &scene->tip, scene_position(scene),
                                buf_bytes(&batch), &cases[i], &effects) == ERR_OK);
        bool accepted = effects.outcomes[0].kind == OUTCOME_ACCEPTED;
        cr_assert(accepted == (i == 4), "case %zu", i);
        if (!accepted) cr_assert(effects.outcomes[0].problem.err == ERR_SIGNATURE_INVALID);
        cr_assert(effects.record_count == (i == 2 || i == 4 ? 0 : 1), "parsed here or not");
        effects_done(&effects);
        buf_done(&batch);
    }
    record_done(parsed_good);
    record_done(parsed_bent);
    buf_done(&good);
    buf_done(&bent);
    end(scene);
}

struct counting_cache {
    struct key_public keys[4];
    size_t count, hits;
};

static const struct key_public *counting_get(void *ctx, const char *kid) {
    struct counting_cache *cache = ctx;
    for (size_t i = 0; i < cache->count; i++) {
        if (strcmp(cache->keys[i].kid, kid) != 0) continue;
        cache->hits++;
        return &cache->keys[i];
    }
    return NULL;
}

static void counting_put(void *ctx, const struct key_public *key) {
    struct counting_cache *cache = ctx;
    cr_assert(cache->count < 4 && !counting_get(ctx, key->kid));
    cr_assert(key_public_copy(key, &cache->keys[cache->count++]) == ERR_OK);
}

Test(contracts_machine, machine_keeps_parsed_keys_where_the_host_holds_them) {
    struct scene *scene = begin();
    struct counting_cache cache = {.count = 0};
    scene->machine.keys = (struct key_cache){&cache, counting_get, counting_put};
    for (int i = 0; i < 5; i++) cr_assert(submit(scene, "{}") == ERR_OK);
    cr_assert(cache.count == 1 && cache.hits == 4);
    struct buf bent = contract(scene, "{}");
    uint8_t *last = bent.data + bent.len - 30;
    *last = *last == 'A' ? 'B' : 'A';
    cr_assert(scene_submit(scene, bent) == ERR_SIGNATURE_INVALID);
    key_public_done(&cache.keys[0]);
    end(scene);
}

/* -- a snapshot check -- */

Test(contracts_machine, machine_check_says_what_apply_would_and_keeps_nothing) {
    struct scene *scene = begin();
    static const char *const overs[] = {"{}", "{\"iat\":1}", "{\"probation_months\":7}",
                                        "{\"elements\":[]}", "{\"iss\":\"zeta\"}"};
    struct outcome *outcome = calloc(1, sizeof *outcome);
    for (size_t i = 0; i < 5; i++) {
        struct buf compact = contract(scene, overs[i]);
        struct record *record = NULL;
        size_t rows = scene->state.count;
        cr_assert(record_parse(buf_bytes(&compact), &record, NULL) == ERR_OK);
        for (int again = 0; again < 2; again++)
            cr_assert(machine_check(&scene->machine, memory_view(&scene->state), scene->tip.size,
                                    scene->now_ms, record, true, outcome) == ERR_OK);
        cr_assert(scene->state.count == rows);
        (void)scene_submit(scene, compact);
        cr_assert(outcome->kind == scene->last.kind && outcome->index == scene->last.index);
        cr_assert(memcmp(&outcome->problem, &scene->last.problem, sizeof outcome->problem) == 0);
        cr_assert(outcome->hits.count == scene->last.hits.count);
        if (outcome->kind == OUTCOME_ACCEPTED) {
            cr_assert(machine_check(&scene->machine, memory_view(&scene->state), scene->tip.size,
                                    scene->now_ms, record, true, outcome) == ERR_OK);
            cr_assert(outcome->kind == OUTCOME_KNOWN && outcome->index == scene->last.index);
        }
        record_done(record);
    }
    free(outcome);
    end(scene);
}

/* -- stopping -- */

struct failing {
    struct memory *memory;
    size_t until; /* this many gets succeed */
};

static enum err failing_get(void *ctx, struct bytes key, struct buf *ret) {
    struct failing *failing = ctx;
    if (failing->until == 0) return ERR_IO;
    failing->until--;
    return memory_get(failing->memory, key, ret);
}

static enum err failing_find(void *ctx, const uint8_t id[32], uint64_t *ret_index) {
    return memory_find(((struct failing *)ctx)->memory, id, ret_index);
}

Test(contracts_machine, machine_stops_at_every_read_that_fails_and_leaves_the_tip) {
    struct scene *scene = begin();
    struct failing failing = {&scene->state, 0};
    struct view view = {&failing, failing_get, failing_find, memory_scan};
    struct buf record = contract(scene, "{\"elements\":[]}");
    struct json *claims = scene_participant("beta", "employer", SCENE_GOOD_USCC, scene->stranger);
    struct buf admit =
        scene_record(scene, claims, "registrar", "participant", "admit", scene->registrar);
    struct bytes list[] = {buf_bytes(&record), buf_bytes(&admit)};
    struct buf batch = scene_batch(scene, 0, list, 2);
    struct machine_tip before = scene->tip;
    size_t reads = 0;
    for (enum err err = ERR_IO; err; reads++) {
        struct overlay *overlay;
        struct effects effects;
        failing.until = reads;
        cr_assert(overlay_open(view, &overlay) == ERR_OK);
        struct position next = {0, scene->revision + 1};
        err = machine_apply(&scene->machine, overlay, &scene->tip, next, buf_bytes(&batch), NULL,
                            &effects);
        cr_assert(err == ERR_OK || err == ERR_IO);
        if (err) cr_assert(memcmp(&before, &scene->tip, sizeof before) == 0);
        if (!err) cr_assert(effects.entry_count == 2);
        effects_done(&effects);
        overlay_close(overlay);
        cr_assert(reads < 100);
    }
    cr_assert(reads > 12, "%zu", reads);
    buf_done(&batch);
    buf_done(&record);
    buf_done(&admit);
    end(scene);
}

Test(contracts_machine, machine_stops_where_the_ledger_outgrew_the_program) {
    struct scene *scene = begin();
    struct effects effects;
    struct outcome *outcome = calloc(1, sizeof *outcome);
    struct record *record = NULL;
    struct buf compact = contract(scene, "{}"), heartbeat = scene_batch(scene, 0, NULL, 0);
    uint8_t leaf[LEAF_LEN];
    cr_assert(record_parse(buf_bytes(&compact), &record, NULL) == ERR_OK);
    leaf_encode(scene->now_ms, record->hash, leaf);
    row_of(scene, state_key_governance("protocol"))->value.data[3] = 2;
    struct machine_tip before = scene->tip;
    cr_assert(machine_apply(&scene->machine, scene->overlay, &scene->tip, scene_position(scene),
                            buf_bytes(&heartbeat), NULL, &effects) == ERR_PROTOCOL);
    cr_assert(machine_check(&scene->machine, memory_view(&scene->state), scene->tip.size,
                            scene->now_ms, record, true, outcome) == ERR_PROTOCOL);
    cr_assert(machine_replay(&scene->machine, scene->overlay, &scene->tip, leaf,
                             buf_bytes(&compact), NULL) == ERR_PROTOCOL);
    cr_assert(memcmp(&before, &scene->tip, sizeof before) == 0);
    record_done(record);
    free(outcome);
    buf_done(&compact);
    buf_done(&heartbeat);
    end(scene);
}

/* -- rows -- */

Test(contracts_machine, chain_rows_have_these_bytes) {
    struct scene *scene = begin();
    uint8_t first[32], second[32], expected[200];
    struct buf compact = contract(scene, "{}");
    record_id_of(&compact, first);
    cr_assert(scene_submit(scene, compact) == ERR_OK);
    cr_assert(scene_labour(scene, "correct", json_text_of(SCENE_CONTRACT), first, first, second) ==
              ERR_OK);
    struct state_key key = state_key_chain(first);
    cr_assert(key.len == 34 && memcmp(key.data, "c ", 2) == 0 &&
              memcmp(key.data + 2, first, 32) == 0);
    struct memory_row *row = row_of(scene, key);
    memcpy(expected, second, 32);
    memcpy(expected + 32, "\0\0\0\2\2\017labour-contract\4acme\10conclude\0\0\0\0\0\0\0\3\1", 44);
    memcpy(expected + 76, second, 32);
    cr_assert(bytes_equal(buf_bytes(&row->value), bytes_of(expected, 108)));
    row = row_of(scene, state_key_link(second));
    memcpy(expected, first, 32);
    memcpy(expected + 32, "\7correct\10conclude\0\0\0\0\0\0\0\4\0", 26);
    cr_assert(bytes_equal(buf_bytes(&row->value), bytes_of(expected, 58)));
    cr_assert(scene_labour(scene, "correct", json_text_of(SCENE_CONTRACT), second, second, first) ==
              ERR_OK);
    row = row_of(scene, state_key_link(second));
    expected[57] = 1;
    memcpy(expected + 58, first, 32); /* the third one's id by now */
    cr_assert(bytes_equal(buf_bytes(&row->value), bytes_of(expected, 90)));
    end(scene);
}

Test(contracts_machine, finding_rows_have_these_bytes) {
    struct scene *scene = begin();
    uint8_t expected[64];
    cr_assert(submit(scene, "{\"elements\":[]}") == ERR_OK);
    const struct rule_hit *hit = &scene->last.hits.items[0];
    struct memory_row *row = row_of(scene, state_key_finding(hit->finding));
    memcpy(expected, "\5LC-10\0\0\0\1", 10);
    memcpy(expected + 10, scene->last.id, 32);
    expected[42] = RULE_FAIL;
    put_u64(expected + 43, scene->now_ms);
    expected[51] = 0;
    cr_assert(bytes_equal(buf_bytes(&row->value), bytes_of(expected, 52)));
    row = row_of(scene, state_key_finding_of(scene->last.id, hit->finding));
    cr_assert(row->key.len == 66 && row->value.len == 0);
    end(scene);
}

Test(contracts_machine, chain_readers_stop_at_every_shortened_row) {
    struct scene *scene = begin();
    struct json *json = NULL;
    uint8_t first[32], second[32];
    struct buf compact = contract(scene, "{}");
    record_id_of(&compact, first);
    cr_assert(scene_submit(scene, compact) == ERR_OK);
    cr_assert(scene_labour(scene, "correct", json_text_of(SCENE_CONTRACT), first, first, second) ==
              ERR_OK);
    struct memory_row *rows[] = {row_of(scene, state_key_chain(first)),
                                 row_of(scene, state_key_link(second))};
    for (size_t r = 0; r < 2; r++) {
        size_t len = rows[r]->value.len;
        for (rows[r]->value.len = 0; rows[r]->value.len < len; rows[r]->value.len++)
            cr_assert(machine_status(memory_view(&scene->state), r ? second : first, &json) ==
                      ERR_CORRUPT);
    }
    cr_assert(machine_status(memory_view(&scene->state), scene->genesis->ledger_id, &json) ==
              ERR_NOT_FOUND);
    end(scene);
}

/* What corrects that record; *ret_compact holds its bytes. */
static struct record *correction_of(struct scene *scene, const uint8_t *id,
                                    struct buf *ret_compact) {
    struct json *claims = json_text_of(SCENE_CONTRACT);
    struct record *record = NULL;
    struct problem why = {0};
    json_put_id(claims, "ref", id);
    json_put_id(claims, "replaces", id);
    *ret_compact = scene_record(scene, claims, "acme", "labour-contract", "correct", scene->acme);
    cr_assert(record_parse(buf_bytes(ret_compact), &record, &why) == ERR_OK, "%s", why.detail);
    return record;
}

/* Found by the fuzzer: a link row that can be read and names an act that its type does not have. */
Test(contracts_machine, machine_stops_at_links_with_impossible_acts) {
    static const char *const acts[] = {"correct", "Correct"}, *words[] = {"conclude", "Conclude"};
    struct scene *scene = begin();
    uint8_t first[32], second[32];
    struct outcome outcome;
    struct buf compact = contract(scene, "{}");
    record_id_of(&compact, first);
    cr_assert(scene_submit(scene, compact) == ERR_OK);
    cr_assert(scene_labour(scene, "correct", json_text_of(SCENE_CONTRACT), first, first, second) ==
              ERR_OK);
    struct buf *row = &row_of(scene, state_key_link(second))->value;
    struct record *record = correction_of(scene, second, &compact);
    struct view view = memory_view(&scene->state);
    for (size_t act = 0; act < 2; act++) {
        for (size_t claims_act = 0; claims_act < 2; claims_act++) {
            memcpy(row->data + 33, acts[act], 7);
            memcpy(row->data + 41, words[claims_act], 8);
            enum err err = machine_check(&scene->machine, view, scene->tip.size, scene->now_ms,
                                         record, true, &outcome);
            bool good = act == 0 && claims_act == 0;
            cr_assert(err == (good ? ERR_OK : ERR_CORRUPT), "%s", err_code(err));
            cr_assert(!good || outcome.kind == OUTCOME_ACCEPTED);
        }
    }
    struct json *json = NULL;
    row->data[33] = 0xff; /* no text at all */
    cr_assert(machine_status(view, second, &json) == ERR_CORRUPT);
    record_done(record);
    buf_done(&compact);
    end(scene);
}

/* The same of the record that opened the chain, which has no link row of its own. */
Test(contracts_machine, machine_stops_at_an_opening_with_an_impossible_act) {
    struct scene *scene = begin();
    uint8_t first[32];
    struct outcome outcome;
    struct buf compact = contract(scene, "{}");
    record_id_of(&compact, first);
    cr_assert(scene_submit(scene, compact) == ERR_OK);
    struct record *record = correction_of(scene, first, &compact);
    struct view view = memory_view(&scene->state);
    struct buf *row = &row_of(scene, state_key_chain(first))->value;
    for (int impossible = 0; impossible < 2; impossible++) {
        row->data[59] = impossible ? 'C' : 'c';
        enum err err = machine_check(&scene->machine, view, scene->tip.size, scene->now_ms, record,
                                     true, &outcome);
        cr_assert(err == (impossible ? ERR_CORRUPT : ERR_OK), "%s", err_code(err));
    }
    record_done(record);
    buf_done(&compact);
    end(scene);
}

/* -- types -- */

Test(contracts_machine, contract_types_json_lists_acts_and_elements) {
    struct json *types = NULL;
    cr_assert(contract_types_json(&types) == ERR_OK && json_count(types) == 3);
    const struct json *labour = json_at(types, 0);
    cr_assert_str_eq(json_text(json_member(labour, "vct")), "urn:qizheng:labour-contract:1");
    cr_assert(json_count(json_member(labour, "acts")) == 6);
    const struct json *conclude = json_at(json_member(labour, "acts"), 0);
    cr_assert_str_eq(json_text(json_member(conclude, "act")), "conclude");
    cr_assert_str_eq(json_text(json_at(json_member(conclude, "roles"), 0)), "employer");
    cr_assert_str_eq(json_text(json_member(conclude, "to")), "in_force");
    const struct json *elements = json_member(labour, "elements");
    size_t hidden = 0;
    for (size_t i = 0; i < json_count(elements); i++) {
        const struct json *element = json_at(elements, i);
        cr_assert(json_text(json_member(element, "zh")) && json_text(json_member(element, "form")));
        const char *name = json_text(json_member(element, "name"));
        cr_assert(!record_is_common_claim(name) || strcmp(name, "doc") == 0 ||
                  strcmp(name, "cnf") == 0);
        hidden += strchr(json_text(json_member(element, "class")), 'D') != NULL;
    }
    cr_assert(hidden == 17);
    cr_assert(contract_type_find("labour-contract", 1) &&
              !contract_type_find("labour-contract", 2));
    json_done(types);
}

/* -- replay and batches -- */

static uint32_t next(uint32_t *seed) {
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 8;
}

#define WORK 60

/* A workload: records good and bad, chains that go on, duplicates, each signed once. */
struct work {
    struct buf records[WORK];
    uint8_t ids[WORK][32];
    size_t count;
};

static void work_add(struct scene *scene, struct work *work, uint32_t *seed) {
    static const char *const acts[] = {"amend", "rescind", "end", "correct"};
    static const char *const claims[] = {
        "{\"changed_fields\":[\"post\"],\"effective_date\":\"2027-03-01\"}",
        "{\"reason_code\":\"36\",\"date\":\"2027-06-30\"}",
        "{\"reason_code\":\"44-1\",\"date\":\"2029-11-30\"}", SCENE_CONTRACT};
    static const char *const overs[] = {"{}", "{}", "{\"elements\":[\"term\"]}",
                                        "{\"probation_months\":9}", "{\"kind\":\"x\"}"};
    struct buf *out = &work->records[work->count];
    uint32_t what = next(seed) % 10;
    if (what < 4 || work->count < 4) {
        *out = contract(scene, overs[next(seed) % 5]);
    } else if (what == 4) {
        *out = memory_copy(buf_bytes(&work->records[next(seed) % work->count]));
    } else {
        uint32_t act = next(seed) % 4;
        struct json *json = json_text_of(claims[act]);
        json_put_id(json, "ref", work->ids[next(seed) % work->count]);
        if (act == 3) json_put_id(json, "replaces", work->ids[next(seed) % work->count]);
        *out = scene_record(scene, json, what == 5 ? "zeta" : "acme", "labour-contract", acts[act],
                            what == 5 ? scene->zeta : scene->acme);
    }
    record_id_of(out, work->ids[work->count++]);
}

/* Applies the work in batches of the given sizes; leaves and bodies are appended to the log. */
struct log {
    uint8_t leaves[WORK][LEAF_LEN];
    struct buf bodies[WORK];
    size_t count;
};

static void work_apply(struct scene *scene, const struct work *work, uint32_t seed, size_t max,
                       struct log *log) {
    struct bytes list[WORK];
    for (size_t from = 0; from < work->count;) {
        size_t count = 1 + next(&seed) % max;
        if (count > work->count - from) count = work->count - from;
        for (size_t i = 0; i < count; i++) list[i] = buf_bytes(&work->records[from + i]);
        struct buf batch = scene_batch(scene, 0, list, (uint32_t)count);
        struct effects effects = scene_apply(scene, buf_bytes(&batch));
        cr_assert(effects.outcome_count == count);
        for (size_t i = 0; i < effects.entry_count; i++, log->count++) {
            memcpy(log->leaves[log->count], effects.entries[i].leaf, LEAF_LEN);
            log->bodies[log->count] = memory_copy(effects.entries[i].body);
        }
        effects_done(&effects);
        buf_done(&batch);
        from += count;
    }
}

static void log_done(struct log *log) {
    for (size_t i = 0; i < log->count; i++) buf_done(&log->bodies[i]);
    free(log);
}

static void log_replay(struct scene *scene, const struct log *log) {
    struct problem why = {0};
    for (size_t i = 0; i < log->count; i++) {
        cr_assert(machine_replay(&scene->machine, scene->overlay, &scene->tip, log->leaves[i],
                                 buf_bytes(&log->bodies[i]), &why) == ERR_OK,
                  "%s", why.detail);
    }
    memory_commit(&scene->state, scene->overlay);
}

Test(contracts_machine, machine_state_follows_from_leaves_alone_however_batches_are_cut) {
    size_t accepted = 0;
    for (uint32_t seed = 1; seed <= 8; seed++) {
        struct scene *a = begin(), *b = begin(), *c = begin();
        struct work *work = calloc(1, sizeof *work);
        struct log *log_a = calloc(1, sizeof *log_a), *log_b = calloc(1, sizeof *log_b);
        uint32_t random = seed;
        while (work->count < WORK) work_add(a, work, &random);
        work_apply(a, work, seed, 7, log_a);
        work_apply(b, work, seed + 100, 40, log_b);
        cr_assert(log_a->count == log_b->count);
        cr_assert(memcmp(log_a->leaves, log_b->leaves, sizeof log_a->leaves) == 0);
        cr_assert(memory_same(&a->state, &b->state), "batch boundaries leave no trace");
        log_replay(c, log_a);
        cr_assert(memory_same(&a->state, &c->state), "replay gives the same state");
        cr_assert(c->tip.size == a->tip.size && c->tip.time_ms == a->tip.time_ms);
        accepted += log_a->count;
        cr_assert(log_a->count > 4 && log_a->count < WORK);
        for (size_t i = 0; i < work->count; i++) buf_done(&work->records[i]);
        free(work);
        log_done(log_a);
        log_done(log_b);
        end(a);
        end(b);
        end(c);
    }
    cr_assert(accepted > 100, "%zu", accepted);
}

static enum err replay(struct scene *scene, uint64_t time_ms, struct bytes body,
                       const char *detail) {
    struct record *record = NULL;
    struct problem why = {0};
    const struct store_write *writes;
    uint8_t leaf[LEAF_LEN] = {LEAF_VERSION};
    size_t count;
    struct machine_tip before = scene->tip;
    if (record_parse(body, &record, NULL) == ERR_OK) leaf_encode(time_ms, record->hash, leaf);
    record_done(record);
    enum err err = machine_replay(&scene->machine, scene->overlay, &scene->tip, leaf, body, &why);
    cr_assert(strstr(why.detail, detail), "%s", why.detail);
    cr_assert(overlay_writes(scene->overlay, &writes, &count) == ERR_OK);
    if (err) cr_assert(count == 0 && memcmp(&before, &scene->tip, sizeof before) == 0);
    return err;
}

Test(contracts_machine, machine_replay_takes_a_refusal_for_divergence) {
    struct scene *scene = begin();
    struct buf good = contract(scene, "{}"), bad = contract(scene, "{\"probation_months\":7}");
    struct buf other = contract(scene, "{}");
    struct problem why;
    uint8_t leaf[LEAF_LEN];
    struct record *record = NULL;
    uint64_t now = scene->now_ms;
    cr_assert(replay(scene, now - 1, buf_bytes(&good), "before the one") == ERR_DIVERGED);
    cr_assert(replay(scene, UINT64_MAX, buf_bytes(&good), "version or time") == ERR_DIVERGED);
    cr_assert(replay(scene, now, buf_bytes(&bad), "(rule)") == ERR_DIVERGED);
    cr_assert(replay(scene, now, bytes_text("x"), "before the one") == ERR_DIVERGED, "time 0");
    cr_assert(replay(scene, now + 604802000, buf_bytes(&good), "(window)") == ERR_DIVERGED);
    cr_assert(record_parse(buf_bytes(&good), &record, NULL) == ERR_OK);
    leaf_encode(now, record->hash, leaf);
    record_done(record);
    cr_assert(machine_replay(&scene->machine, scene->overlay, &scene->tip, leaf, buf_bytes(&other),
                             &why) == ERR_DIVERGED);
    cr_assert(strstr(why.detail, "hash"));
    cr_assert(machine_replay(&scene->machine, scene->overlay, &scene->tip, leaf, bytes_text("x"),
                             &why) == ERR_DIVERGED);
    cr_assert(strstr(why.detail, "no record"));
    cr_assert(replay(scene, now, buf_bytes(&good), "") == ERR_OK);
    leaf[0] = 2;
    cr_assert(machine_replay(&scene->machine, scene->overlay, &scene->tip, leaf, buf_bytes(&good),
                             &why) == ERR_DIVERGED);
    leaf[0] = LEAF_VERSION;
    cr_assert(machine_replay(&scene->machine, scene->overlay, &scene->tip, leaf, buf_bytes(&good),
                             &why) == ERR_DIVERGED);
    cr_assert(strstr(why.detail, "in the log already"));
    buf_done(&good);
    buf_done(&bad);
    buf_done(&other);
    end(scene);
}
