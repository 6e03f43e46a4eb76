/* Benefits: the state machine in full, every form, every item, BN-01, BN-10 and BN-19 from every side, rows, and bounds. */
#include "tests/lib/benefits.h"

static enum err pay(struct scene *scene, const char *iss, unsigned person, const char *over,
                    uint8_t *ret_id) {
    struct benefit_act act = {iss, "disburse", BENEFIT_DISBURSE, over, person, 0, NULL, NULL};
    return benefit_submit(scene, act, ret_id);
}

static enum err determine(struct scene *scene, unsigned person, const char *over, uint8_t *ret_id) {
    struct benefit_act act = {"acme", "determine", BENEFIT_DETERMINE, over, person, 0, NULL, NULL};
    return benefit_submit(scene, act, ret_id);
}

static enum err follow(struct scene *scene, const char *name, const char *base, const uint8_t *ref,
                       const uint8_t *replaces, uint8_t *ret_id) {
    struct benefit_act act = {"acme", name, base, "{}", 1, 0, ref, replaces};
    return benefit_submit(scene, act, ret_id);
}

static struct buf *value_of(struct scene *scene, struct state_key key) {
    bool there;
    size_t at = memory_place(&scene->state, state_key_bytes(&key), &there);
    cr_assert(there);
    return &scene->state.rows[at].value;
}

static void status_is(struct scene *scene, const uint8_t id[32], const char *word) {
    struct json *json = NULL;
    cr_assert(machine_status(memory_view(&scene->state), id, &json) == ERR_OK);
    cr_assert_str_eq(json_text(json_member(json, "status")), word);
    json_done(json);
}

/* -- state machine -- */

Test(contracts_benefit, benefit_state_machine_allows_these_acts_and_no_others) {
    static const unsigned force = 1u << CHAIN_IN_FORCE, paused = 1u << CHAIN_SUSPENDED,
                          over = 1u << CHAIN_ENDED, noted = 1u << CHAIN_RECORDED;
    const struct {
        const char *act, *claims;
        unsigned from;
        enum chain_status to;
    } table[] = {
        {"suspend", BENEFIT_SUSPEND, force, CHAIN_SUSPENDED},
        {"resume", BENEFIT_RESUME, paused, CHAIN_IN_FORCE},
        {"terminate", BENEFIT_TERMINATE, force | paused, CHAIN_ENDED},
        {"disburse", BENEFIT_DISBURSE, force | paused | over, CHAIN_NONE},
        {"correct", BENEFIT_DETERMINE, force | paused | over | noted, CHAIN_NONE},
    };
    struct scene *scene = benefit_scene(NULL);
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        for (unsigned status = CHAIN_NONE; status <= CHAIN_RECORDED; status++) {
            uint8_t opening[32], next[32];
            struct chain chain;
            unsigned person = (unsigned)(i * 16 + status + 1);
            cr_assert(determine(scene, person, "{}", opening) == ERR_OK);
            value_of(scene, state_key_chain(opening))->data[36] = (uint8_t)status;
            bool pays = strcmp(table[i].act, "disburse") == 0;
            bool corrects = strcmp(table[i].act, "correct") == 0;
            struct benefit_act act = {"acme", table[i].act, table[i].claims,          "{}", person,
                                      0,      opening,      corrects ? opening : NULL};
            enum err err = benefit_submit(scene, act, next);
            bool allowed = table[i].from & 1u << status;
            cr_assert(err == (allowed ? ERR_OK : ERR_STATE), "%s from %u: %s", table[i].act, status,
                      scene->last.problem.detail);
            cr_assert(chain_get(memory_view(&scene->state), opening, &chain) == ERR_OK);
            bool moved = allowed && !pays;
            enum chain_status to =
                moved && table[i].to != CHAIN_NONE ? table[i].to : (enum chain_status)status;
            cr_assert(chain.status == to && chain.count == (moved ? 2u : 1u));
            cr_assert(memcmp(chain.head, moved ? next : opening, 32) == 0);
            if (allowed && pays) status_is(scene, next, "recorded");
        }
    }
    benefit_scene_done(scene);
}

Test(contracts_benefit, many_payments_may_name_one_determination_and_none_moves_it) {
    static const char *const months[] = {"2026-12", "2027-01", "2027-02"};
    struct scene *scene = benefit_scene(NULL);
    uint8_t opening[32], amended[32], paid[32];
    struct chain chain;
    cr_assert(determine(scene, 1, "{}", opening) == ERR_OK);
    for (size_t i = 0; i < 3; i++) {
        char over[96];
        (void)snprintf(over, sizeof over, "{\"period\":\"%s\",\"batch_no\":\"%zu\"}", months[i], i);
        struct benefit_act act = {"acme", "disburse", BENEFIT_DISBURSE, over, 1, 0, opening, NULL};
        cr_assert(benefit_submit(scene, act, paid) == ERR_OK, "%s", scene->last.problem.detail);
        cr_assert(chain_get(memory_view(&scene->state), paid, &chain) == ERR_OK);
        cr_assert(chain.status == CHAIN_RECORDED && chain.count == 1);
    }
    cr_assert(chain_get(memory_view(&scene->state), opening, &chain) == ERR_OK);
    cr_assert(chain.count == 1 && memcmp(chain.head, opening, 32) == 0);
    cr_assert(follow(scene, "correct", BENEFIT_DETERMINE, opening, opening, amended) == ERR_OK);
    struct benefit_act act = {
        "acme", "disburse", BENEFIT_DISBURSE, "{\"period\":\"2027-03\",\"batch_no\":\"9\"}",
        1,      0,          amended,          NULL};
    cr_assert(benefit_submit(scene, act, NULL) == ERR_STATE, "not the opening");
    cr_assert_str_eq(scene->last.problem.pointer, "/ref");
    act.ref = opening;
    cr_assert(benefit_submit(scene, act, NULL) == ERR_OK);
    act.ref = paid;
    cr_assert(benefit_submit(scene, act, NULL) == ERR_STATE, "a payment is no determination");
    uint8_t unknown[32] = {9};
    act.ref = unknown;
    cr_assert(benefit_submit(scene, act, NULL) == ERR_STALE_REF);
    act.ref = opening;
    act.iss = "zeta";
    cr_assert(benefit_submit(scene, act, NULL) == ERR_SCOPE);
    act.iss = "acme";
    act.person = 2;
    cr_assert(benefit_submit(scene, act, NULL) == ERR_STATE, "another person's determination");
    act.replaces = opening;
    cr_assert(benefit_submit(scene, act, NULL) == ERR_SCHEMA);
    benefit_scene_done(scene);
}

Test(contracts_benefit, no_month_is_paid_from_which_payment_stopped) {
    struct scene *scene = benefit_scene(NULL);
    uint8_t opening[32], suspended[32], resumed[32], ended[32], corrected[32];
    struct benefit_act act = {"acme", "disburse", BENEFIT_DISBURSE, NULL, 1, 0, opening, NULL};
    cr_assert(determine(scene, 1, "{}", opening) == ERR_OK);
    cr_assert(follow(scene, "suspend", BENEFIT_SUSPEND, opening, NULL, suspended) == ERR_OK);
    status_is(scene, opening, "suspended");
    act.over = "{\"period\":\"2027-01\",\"batch_no\":\"a\"}";
    cr_assert(benefit_submit(scene, act, NULL) == ERR_OK);
    act.over = "{\"period\":\"2027-02\",\"batch_no\":\"b\"}";
    cr_assert(benefit_submit(scene, act, NULL) == ERR_STATE);
    cr_assert_str_eq(scene->last.problem.pointer, "/period");
    act.over = "{\"period\":\"2027-02\",\"batch_no\":\"b\",\"result\":\"failed\"}";
    cr_assert(benefit_submit(scene, act, NULL) == ERR_OK, "what failed may be told");
    cr_assert(follow(scene, "resume", BENEFIT_RESUME, suspended, NULL, resumed) == ERR_OK);
    act.over = "{\"period\":\"2027-02\",\"batch_no\":\"b\"}";
    cr_assert(benefit_submit(scene, act, NULL) == ERR_OK, "paid afterwards");
    cr_assert(follow(scene, "correct", BENEFIT_SUSPEND, resumed, suspended, corrected) == ERR_OK);
    act.over = "{\"period\":\"2027-03\",\"batch_no\":\"c\"}";
    cr_assert(benefit_submit(scene, act, NULL) == ERR_OK, "an older step changes nothing");
    cr_assert(follow(scene, "terminate", BENEFIT_TERMINATE, corrected, NULL, ended) == ERR_OK);
    status_is(scene, opening, "ended");
    act.over = "{\"period\":\"2027-06\",\"batch_no\":\"d\"}";
    cr_assert(benefit_submit(scene, act, NULL) == ERR_STATE);
    struct benefit_act correct = {
        "acme", "correct", BENEFIT_TERMINATE, "{\"from_period\":\"2027-07\"}", 1, 0, ended, ended};
    cr_assert(benefit_submit(scene, correct, NULL) == ERR_OK);
    cr_assert(benefit_submit(scene, act, NULL) == ERR_OK);
    benefit_scene_done(scene);
}

Test(contracts_benefit, a_step_is_of_the_determinations_person) {
    struct scene *scene = benefit_scene(NULL);
    uint8_t opening[32];
    struct benefit_act act = {"acme", "suspend", BENEFIT_SUSPEND, "{}", 2, 0, opening, NULL};
    cr_assert(determine(scene, 1, "{}", opening) == ERR_OK);
    cr_assert(benefit_submit(scene, act, NULL) == ERR_STATE);
    cr_assert_str_eq(scene->last.problem.pointer, "/tags");
    benefit_scene_done(scene);
}

/* -- form -- */

struct form {
    const char *act, *base, *over, *pointer;
    enum err err;
};

Test(contracts_benefit, benefit_refuses_missing_unknown_and_wrong_claims) {
#define DET "determine", BENEFIT_DETERMINE
#define PAY "disburse", BENEFIT_DISBURSE
#define RUN "batch", BENEFIT_BATCH
    static const struct form table[] = {
        {DET, "{\"item\":null}", "/item", ERR_SCHEMA},
        {DET, "{\"item\":\"pension\"}", "/item", ERR_SCHEMA},
        {DET, "{\"item\":7}", "/item", ERR_SCHEMA},
        {DET, "{\"kind\":null}", "/kind", ERR_SCHEMA},
        {DET, "{\"kind\":\"once\"}", "/kind", ERR_SCHEMA},
        {DET, "{\"kind\":\"weekly\"}", "/kind", ERR_SCHEMA},
        {DET, "{\"start_period\":null}", "/start_period", ERR_SCHEMA},
        {DET, "{\"start_period\":\"2026-13\"}", "/start_period", ERR_SCHEMA},
        {DET, "{\"start_period\":\"2026-12-01\"}", "/start_period", ERR_SCHEMA},
        {DET, "{\"basis\":null}", "/basis", ERR_SCHEMA},
        {DET, "{\"basis\":\"\"}", "/basis", ERR_SCHEMA},
        {DET, "{\"decided_at\":null}", "/decided_at", ERR_SCHEMA},
        {DET, "{\"decided_at\":\"2026-02-30\"}", "/decided_at", ERR_SCHEMA},
        {DET, "{\"ceiling_months\":0}", "/ceiling_months", ERR_SCHEMA},
        {DET, "{\"ceiling_months\":1201}", "/ceiling_months", ERR_SCHEMA},
        {DET, "{\"ceiling_months\":24}", "", ERR_OK},
        {DET, "{\"cause_event\":\"ok-1\"}", "", ERR_OK},
        {DET, "{\"cause_event\":\"a b\"}", "/cause_event", ERR_SCHEMA},
        {DET, "{\"cause_event\":\"事由\"}", "/cause_event", ERR_SCHEMA},
        {DET, "{\"period\":\"2026-12\"}", "/period", ERR_SCHEMA},
        {DET, "{\"amount\":1}", "/amount", ERR_PERSONAL_FIELD},
        {DET, "{\"person_name\":\"张三\"}", "/person_name", ERR_PERSONAL_FIELD},
        {DET, "{\"person\":{\"id_type\":\"x\",\"id_number\":\"y\"}}", "/person",
         ERR_PERSONAL_FIELD},
        {DET, "{\"item\":\"funeral\",\"kind\":\"once\"}", "/cause_event", ERR_SCHEMA},
        {DET,
         "{\"item\":\"funeral\",\"kind\":\"once\",\"cause_event\":\"1\",\"start_period\":null}", "",
         ERR_OK},
        {DET, "{\"item\":\"funeral\",\"kind\":\"once\",\"cause_event\":\"1\",\"ceiling_months\":1}",
         "/ceiling_months", ERR_SCHEMA},
        {PAY, "{\"item\":null}", "/item", ERR_SCHEMA},
        {PAY, "{\"period\":null}", "/period", ERR_SCHEMA},
        {PAY, "{\"period\":\"2026-1\"}", "/period", ERR_SCHEMA},
        {PAY, "{\"period\":\"2026-00\"}", "/period", ERR_SCHEMA},
        {PAY, "{\"period\":202612}", "/period", ERR_SCHEMA},
        {PAY, "{\"batch_no\":null}", "/batch_no", ERR_SCHEMA},
        {PAY, "{\"batch_no\":\"\"}", "/batch_no", ERR_SCHEMA},
        {PAY, "{\"batch_no\":\"123456789012345678901234567890123\"}", "/batch_no", ERR_SCHEMA},
        {PAY, "{\"batch_no\":\"12345678901234567890123456789012\"}", "", ERR_OK},
        {PAY, "{\"result\":null}", "/result", ERR_SCHEMA},
        {PAY, "{\"result\":\"sent\"}", "/result", ERR_SCHEMA},
        {PAY, "{\"no_application\":1}", "/no_application", ERR_SCHEMA},
        {PAY, "{\"amount\":1}", "/amount", ERR_PERSONAL_FIELD},
        {PAY, "{\"channel\":\"bank\"}", "/channel", ERR_PERSONAL_FIELD},
        {PAY, "{\"account\":\"6222\"}", "/account", ERR_PERSONAL_FIELD},
        {PAY, "{\"kind\":\"monthly\"}", "/kind", ERR_SCHEMA},
        {PAY, "{\"item\":\"funeral\"}", "/cause_event", ERR_SCHEMA},
        {PAY, "{\"cause_event\":\"11010519491231002X\"}", "/cause_event", ERR_PERSONAL_FIELD},
        {PAY, "{\"surprise\":1}", "/surprise", ERR_SCHEMA},
        {RUN, "{\"count\":null}", "/count", ERR_SCHEMA},
        {RUN, "{\"count\":0}", "/count", ERR_SCHEMA},
        {RUN, "{\"sum\":null}", "/sum", ERR_SCHEMA},
        {RUN, "{\"sum\":-1}", "/sum", ERR_SCHEMA},
        {RUN, "{\"sum\":\"1\"}", "/sum", ERR_SCHEMA},
        {RUN, "{\"items_root\":null}", "/items_root", ERR_SCHEMA},
        {RUN, "{\"items_root\":\"AA\"}", "/items_root", ERR_SCHEMA},
        {RUN, "{\"item\":null}", "/item", ERR_SCHEMA},
        {RUN, "{\"period\":null}", "/period", ERR_SCHEMA},
        {RUN, "{\"batch_no\":null}", "/batch_no", ERR_SCHEMA},
        {RUN, "{\"result\":\"paid\"}", "/result", ERR_SCHEMA},
    };
    struct scene *scene = benefit_scene(NULL);
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        bool run = strcmp(table[i].act, "batch") == 0;
        struct benefit_act act = {
            "acme", table[i].act, table[i].base, table[i].over, run ? 0 : (unsigned)i + 1,
            0,      NULL,         NULL};
        enum err err = benefit_submit(scene, act, NULL);
        cr_assert(err == table[i].err, "%s %s: %s %s", table[i].act, table[i].over, err_code(err),
                  scene->last.problem.detail);
        if (err) cr_assert_str_eq(scene->last.problem.pointer, table[i].pointer);
    }
    benefit_scene_done(scene);
}

Test(contracts_benefit, steps_have_their_own_claims) {
    static const struct form table[] = {
        {"suspend", BENEFIT_SUSPEND, "{\"from_period\":null}", "/from_period", ERR_SCHEMA},
        {"suspend", BENEFIT_SUSPEND, "{\"reason\":null}", "/reason", ERR_SCHEMA},
        {"suspend", BENEFIT_SUSPEND, "{\"reason\":\"death\"}", "/reason", ERR_SCHEMA},
        {"suspend", BENEFIT_SUSPEND, "{\"item\":\"funeral\"}", "/item", ERR_SCHEMA},
        {"terminate", BENEFIT_TERMINATE, "{\"reason\":\"cleared\"}", "/reason", ERR_SCHEMA},
        {"terminate", BENEFIT_TERMINATE, "{\"from_period\":\"2027\"}", "/from_period", ERR_SCHEMA},
    };
    struct scene *scene = benefit_scene(NULL);
    uint8_t opening[32];
    cr_assert(determine(scene, 1, "{}", opening) == ERR_OK);
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct benefit_act act = {"acme", table[i].act, table[i].base, table[i].over, 1,
                                  0,      opening,      NULL};
        cr_assert(benefit_submit(scene, act, NULL) == table[i].err, "%s", table[i].over);
        cr_assert_str_eq(scene->last.problem.pointer, table[i].pointer);
    }
    benefit_scene_done(scene);
}

Test(contracts_benefit, tags_are_asked_for_by_act_and_item_and_must_be_current) {
    struct scene *scene = benefit_scene("{\"parameters\":{\"tag_versions\":{\"benefit\":2}}}");
    struct benefit_act act = {"acme", "disburse", BENEFIT_DISBURSE, "{}", 1, 0, NULL, NULL};
    cr_assert(benefit_submit(scene, act, NULL) == ERR_SCHEMA && scene->last.problem.detail[0]);
    cr_assert(strstr(scene->last.problem.detail, "version 1") &&
              strstr(scene->last.problem.detail, "with version 2"));
    benefit_scene_done(scene);
    scene = benefit_scene(NULL);
    for (size_t i = 0; benefit_item_at(i); i++) {
        const struct benefit_item *item = benefit_item_at(i);
        for (unsigned tags = 0; tags < 4; tags++) {
            char over[128];
            (void)snprintf(over, sizeof over,
                           "{\"item\":\"%s\",\"cause_event\":\"c\",\"batch_no\":\"%s\"}",
                           item->code, item->code);
            act.over = over;
            act.person = tags & 1 ? (unsigned)i + 1 : 0;
            act.worker = tags & 2 ? (unsigned)i + 1 : 0;
            bool good = tags == (item->is_labour ? 3u : 1u);
            cr_assert(benefit_submit(scene, act, NULL) == (good ? ERR_OK : ERR_SCHEMA), "%s %u: %s",
                      item->code, tags, scene->last.problem.detail);
            if (!good) cr_assert_str_eq(scene->last.problem.pointer, "/tags");
        }
    }
    struct benefit_act run = {"acme", "batch", BENEFIT_BATCH, "{}", 1, 0, NULL, NULL};
    cr_assert(benefit_submit(scene, run, NULL) == ERR_SCHEMA, "a pay run is of no person");
    cr_assert_str_eq(scene->last.problem.pointer, "/tags");
    benefit_scene_done(scene);
}

Test(contracts_benefit, tags_of_a_foreign_domain_or_role_are_refused) {
    static const char *const tags[] = {
        "{\"person\":{\"d\":\"labour\",\"v\":1,\"t\":\"" SCENE_DIGEST "\"}}",
        "{\"payee\":{\"d\":\"benefit\",\"v\":1,\"t\":\"" SCENE_DIGEST "\"}}",
        "{\"person\":{\"d\":\"health\",\"v\":1,\"t\":\"" SCENE_DIGEST "\"}}"};
    struct scene *scene = benefit_scene(NULL);
    for (size_t i = 0; i < 3; i++) {
        char over[200];
        (void)snprintf(over, sizeof over, "{\"tags\":%s}", tags[i]);
        cr_assert(pay(scene, "acme", 0, over, NULL) == ERR_SCHEMA, "%s", tags[i]);
        cr_assert_str_eq(scene->last.problem.pointer, "/tags");
    }
    benefit_scene_done(scene);
}

Test(contracts_benefit, items_are_told_apart_and_fit_their_keys) {
    size_t count = 0;
    for (const struct benefit_item *item; (item = benefit_item_at(count)); count++) {
        cr_assert(benefit_item_find(bytes_text(item->code)) == item, "%s twice", item->code);
        cr_assert(strlen(item->code) < BENEFIT_ITEM_LEN && !strchr(item->code, ' '));
        cr_assert(item->zh[0] && item->fund[0] && item->fund_zh[0]);
        cr_assert(!item->is_labour || strcmp(item->fund, "unemployment") == 0);
        uint8_t tag[32] = {0};
        (void)state_key_payment(tag, item->code, "12345678901234567890123456789012");
    }
    cr_assert(count == 19 && !benefit_item_find(bytes_text("pension")));
    char id[LIMIT_ID + 1];
    memset(id, 'a', LIMIT_ID);
    id[LIMIT_ID] = 0;
    cr_assert(state_key_payrun(id, "12345678901234567890123456789012").len == 123);
}

Test(contracts_benefit, only_a_payer_may) {
    struct scene *scene = calloc(1, sizeof *scene);
    scene_begin(scene, 1);
    cr_assert(pay(scene, "acme", 1, "{}", NULL) == ERR_ROLE);
    cr_assert(strstr(scene->last.problem.detail, "payer"));
    benefit_scene_done(scene);
}

/* -- BN-01 -- */

static void twice(struct scene *scene, const char *iss, unsigned person, const char *over,
                  const char *rule, const uint8_t first[32]) {
    char hex[65];
    cr_assert(pay(scene, iss, person, over, NULL) == ERR_RULE, "%s", over);
    cr_assert_str_eq(scene->last.problem.rule, rule);
    hex_encode(bytes_of(first, 32), hex);
    cr_assert(strstr(scene->last.problem.detail, hex), "%s", scene->last.problem.detail);
}

Test(contracts_benefit, bn_01_refuses_the_second_payment_of_a_month_whoever_makes_it) {
    struct scene *scene = benefit_scene(NULL);
    uint8_t first[32];
    cr_assert(pay(scene, "acme", 1, "{}", first) == ERR_OK && scene->last.hits.count == 0);
    twice(scene, "acme", 1, "{}", "BN-01", first);
    twice(scene, "acme", 1, "{\"batch_no\":\"other\"}", "BN-01", first);
    twice(scene, "zeta", 1, "{}", "BN-01", first);
    cr_assert(pay(scene, "acme", 2, "{}", NULL) == ERR_OK, "another person");
    cr_assert(pay(scene, "acme", 1, "{\"period\":\"2027-01\",\"batch_no\":\"b\"}", NULL) == ERR_OK);
    cr_assert(pay(scene, "acme", 1, "{\"item\":\"disability-pension\",\"batch_no\":\"c\"}", NULL) ==
              ERR_OK);
    cr_assert(pay(scene, "zeta", 1, "{\"result\":\"failed\"}", NULL) == ERR_OK);
    cr_assert(pay(scene, "zeta", 1, "{\"result\":\"returned\"}", NULL) == ERR_OK);
    twice(scene, "zeta", 1, "{}", "BN-01", first);
    benefit_scene_done(scene);
}

Test(contracts_benefit, bn_01_finds_the_second_payment_inside_one_batch) {
    struct scene *scene = benefit_scene(NULL);
    struct benefit_act act = {"acme", "disburse", BENEFIT_DISBURSE, "{}", 1, 0, NULL, NULL};
    struct buf one = benefit_record(scene, act), two = benefit_record(scene, act);
    struct bytes list[] = {buf_bytes(&one), buf_bytes(&two)};
    struct buf batch = scene_batch(scene, 0, list, 2);
    struct effects effects = scene_apply(scene, buf_bytes(&batch));
    cr_assert(effects.outcomes[0].kind == OUTCOME_ACCEPTED);
    cr_assert(effects.outcomes[1].kind == OUTCOME_REFUSED);
    cr_assert_str_eq(effects.outcomes[1].problem.rule, "BN-01");
    effects_done(&effects);
    buf_done(&batch);
    buf_done(&one);
    buf_done(&two);
    benefit_scene_done(scene);
}

Test(contracts_benefit, bn_01_counts_what_is_paid_and_a_return_frees_the_month) {
    struct scene *scene = benefit_scene(NULL);
    uint8_t second[32];
    cr_assert(pay(scene, "acme", 1, "{\"result\":\"failed\"}", NULL) == ERR_OK);
    cr_assert(pay(scene, "acme", 1, "{}", NULL) == ERR_OK, "what failed was not paid");
    cr_assert(pay(scene, "acme", 1, "{\"result\":\"failed\"}", NULL) == ERR_OK);
    cr_assert(pay(scene, "acme", 1, "{}", NULL) == ERR_RULE, "a failure later frees nothing");
    cr_assert(pay(scene, "acme", 1, "{\"result\":\"returned\"}", NULL) == ERR_OK);
    cr_assert(pay(scene, "acme", 1, "{}", second) == ERR_OK);
    twice(scene, "acme", 1, "{}", "BN-01", second);
    benefit_scene_done(scene);
}

static enum err correct(struct scene *scene, const uint8_t head[32], const uint8_t replaces[32],
                        const char *over, uint8_t *ret_id) {
    struct benefit_act act = {"acme", "correct", BENEFIT_DISBURSE, over, 1, 0, head, replaces};
    return benefit_submit(scene, act, ret_id);
}

Test(contracts_benefit, a_correction_gives_the_month_back_or_takes_it) {
    struct scene *scene = benefit_scene(NULL);
    uint8_t first[32], second[32], undone[32];
    cr_assert(pay(scene, "acme", 1, "{}", first) == ERR_OK);
    cr_assert(correct(scene, first, first, "{\"result\":\"failed\"}", undone) == ERR_OK);
    status_is(scene, first, "superseded");
    cr_assert(pay(scene, "acme", 1, "{}", second) == ERR_OK);
    cr_assert(correct(scene, undone, undone, "{}", NULL) == ERR_RULE, "taken by now");
    cr_assert_str_eq(scene->last.problem.rule, "BN-01");
    cr_assert(correct(scene, second, second, "{}", NULL) == ERR_OK, "paid stays paid");
    uint8_t head[32];
    memcpy(head, scene->last.id, 32);
    cr_assert(correct(scene, head, head, "{\"result\":\"returned\"}", NULL) == ERR_OK);
    cr_assert(correct(scene, undone, undone, "{}", NULL) == ERR_OK);
    twice(scene, "acme", 1, "{}", "BN-01", first);
    benefit_scene_done(scene);
}

Test(contracts_benefit, a_correction_keeps_what_the_payment_is_of) {
    static const char *const overs[] = {"{\"period\":\"2027-01\"}", "{\"batch_no\":\"x\"}",
                                        "{\"item\":\"disability-pension\"}",
                                        "{\"cause_event\":\"x\"}"};
    struct scene *scene = benefit_scene(NULL);
    uint8_t first[32];
    cr_assert(pay(scene, "acme", 1, "{}", first) == ERR_OK);
    for (size_t i = 0; i < 4; i++) {
        cr_assert(correct(scene, first, first, overs[i], NULL) == ERR_STATE, "%s", overs[i]);
        cr_assert_str_eq(scene->last.problem.pointer, "/replaces");
    }
    struct benefit_act act = {"acme", "correct", BENEFIT_DISBURSE, "{}", 2, 0, first, first};
    cr_assert(benefit_submit(scene, act, NULL) == ERR_STATE);
    cr_assert(correct(scene, first, first, "{\"no_application\":true}", NULL) == ERR_OK);
    benefit_scene_done(scene);
}

/* -- BN-10 -- */

Test(contracts_benefit, bn_10_pays_every_one_time_item_once_for_a_cause) {
    struct scene *scene = benefit_scene(NULL);
    unsigned person = 0;
    for (size_t i = 0; benefit_item_at(i); i++) {
        const struct benefit_item *item = benefit_item_at(i);
        const char *form = "{\"item\":\"%s\",\"period\":\"%s\",\"cause_event\":\"%s\","
                           "\"batch_no\":\"%s%s\"}";
        const char *const cases[3][2] = {{"2026-12", "a"}, {"2027-01", "a"}, {"2026-12", "b"}};
        person++;
        for (size_t j = 0; j < 3; j++) {
            char over[256];
            (void)snprintf(over, sizeof over, form, item->code, cases[j][0], cases[j][1],
                           item->code, cases[j][0]);
            struct benefit_act act = {"acme", "disburse", BENEFIT_DISBURSE,
                                      over,   person,     item->is_labour ? person : 0,
                                      NULL,   NULL};
            enum err err = benefit_submit(scene, act, NULL);
            bool again = item->is_once ? j == 1 : j == 2;
            cr_assert(err == (again ? ERR_RULE : ERR_OK), "%s %zu: %s", item->code, j,
                      scene->last.problem.detail);
            if (again)
                cr_assert_str_eq(scene->last.problem.rule, item->is_once ? "BN-10" : "BN-01");
        }
    }
    benefit_scene_done(scene);
}

Test(contracts_benefit, rules_that_flag_let_the_payment_pass_with_a_finding) {
    struct scene *scene = benefit_scene("{\"rules\":[{\"id\":\"BN-01\",\"version\":1,\"action\":"
                                        "\"flag\",\"parameters\":{}}]}");
    cr_assert(pay(scene, "acme", 1, "{}", NULL) == ERR_OK);
    cr_assert(pay(scene, "acme", 1, "{}", NULL) == ERR_OK);
    cr_assert(scene->last.hits.count == 1 && scene->last.hits.items[0].has_finding);
    benefit_scene_done(scene);
}

/* -- BN-19 -- */

/* The root by the definition of RFC 6962 section 2.1. */
static void naive_root(uint8_t (*leaves)[32], size_t count, uint8_t ret[32]) {
    uint8_t left[32], right[32];
    size_t half = 1;
    if (count == 1) {
        merkle_leaf(bytes_of(leaves[0], 32), ret);
        return;
    }
    while (2 * half < count) half *= 2;
    naive_root(leaves, half, left);
    naive_root(leaves + half, count - half, right);
    merkle_node(left, right, ret);
}

static enum err close_run(struct scene *scene, const char *iss, const char *batch_no, size_t count,
                          const uint8_t root[32], const char *more) {
    char over[320], text[44];
    base64url_write(bytes_of(root, 32), text);
    (void)snprintf(over, sizeof over, "{\"batch_no\":\"%s\",\"count\":%zu,\"items_root\":\"%s\"%s}",
                   batch_no, count, text, more);
    struct benefit_act act = {iss, "batch", BENEFIT_BATCH, over, 0, 0, NULL, NULL};
    return benefit_submit(scene, act, NULL);
}

Test(contracts_benefit, bn_19_takes_a_run_of_every_size_with_its_count_and_root_only) {
    static uint8_t ids[33][32];
    struct scene *scene = benefit_scene(NULL);
    unsigned person = 0;
    for (size_t size = 1; size <= 33; size++) {
        uint8_t root[32], wrong[32];
        char number[16], over[64];
        (void)snprintf(number, sizeof number, "run-%zu", size);
        (void)snprintf(over, sizeof over, "{\"batch_no\":\"%s\"}", number);
        for (size_t i = 0; i < size; i++) {
            cr_assert(pay(scene, "acme", ++person, over, ids[i]) == ERR_OK);
            if (i % 3 == 0) cr_assert(pay(scene, "acme", person, over, NULL) == ERR_RULE);
        }
        naive_root(ids, size, root);
        memcpy(wrong, root, 32);
        wrong[31] ^= 1;
        cr_assert(close_run(scene, "acme", number, size, wrong, "") == ERR_RULE);
        cr_assert_str_eq(scene->last.problem.rule, "BN-19");
        cr_assert_str_eq(scene->last.problem.pointer, "/items_root");
        cr_assert(close_run(scene, "acme", number, size + 1, root, "") == ERR_RULE);
        cr_assert_str_eq(scene->last.problem.pointer, "/count");
        cr_assert(close_run(scene, "zeta", number, size, root, "") == ERR_RULE, "not its run");
        cr_assert(close_run(scene, "acme", number, size, root, ",\"period\":\"2027-01\"") ==
                  ERR_RULE);
        cr_assert(close_run(scene, "acme", number, size, root, ",\"item\":\"injury-care\"") ==
                  ERR_RULE);
        cr_assert(close_run(scene, "acme", number, size, root, "") == ERR_OK, "%zu: %s", size,
                  scene->last.problem.detail);
        cr_assert(scene->last.hits.count == 1);
        cr_assert(scene->last.hits.items[0].result == RULE_UNKNOWN, "nobody sees the sum");
        cr_assert(!scene->last.hits.items[0].has_finding);
    }
    benefit_scene_done(scene);
}

Test(contracts_benefit, a_closed_run_takes_no_more_and_is_closed_once) {
    struct scene *scene = benefit_scene(NULL);
    uint8_t ids[2][32], root[32], closing[32], opened[32];
    cr_assert(pay(scene, "acme", 1, "{}", ids[0]) == ERR_OK);
    cr_assert(pay(scene, "acme", 2, "{\"result\":\"failed\"}", ids[1]) == ERR_OK);
    naive_root(ids, 2, root);
    cr_assert(close_run(scene, "acme", "P-2026-12", 2, root, "") == ERR_OK);
    memcpy(closing, scene->last.id, 32);
    cr_assert(pay(scene, "acme", 3, "{}", NULL) == ERR_STATE);
    cr_assert_str_eq(scene->last.problem.pointer, "/batch_no");
    cr_assert(close_run(scene, "acme", "P-2026-12", 2, root, "") == ERR_STATE);
    cr_assert(pay(scene, "zeta", 3, "{}", NULL) == ERR_OK, "another payer's number is another run");
    cr_assert(correct(scene, ids[0], ids[0], "{\"result\":\"returned\"}", opened) == ERR_OK,
              "what became of a payment can still be told");
    char over[200], text[44];
    base64url_write(bytes_of(root, 32), text);
    (void)snprintf(over, sizeof over, "{\"count\":2,\"sum\":5,\"items_root\":\"%s\"}", text);
    struct benefit_act act = {"acme", "correct", BENEFIT_BATCH, over, 0, 0, closing, closing};
    cr_assert(benefit_submit(scene, act, NULL) == ERR_OK, "%s", scene->last.problem.detail);
    benefit_scene_done(scene);
}

Test(contracts_benefit, a_run_is_of_one_item_and_month) {
    struct scene *scene = benefit_scene(NULL);
    cr_assert(pay(scene, "acme", 1, "{}", NULL) == ERR_OK);
    cr_assert(pay(scene, "acme", 1, "{\"period\":\"2027-01\"}", NULL) == ERR_STATE);
    cr_assert(strstr(scene->last.problem.detail, "pension-monthly for 2026-12"));
    cr_assert(pay(scene, "acme", 1, "{\"item\":\"injury-care\"}", NULL) == ERR_STATE);
    benefit_scene_done(scene);
}

Test(contracts_benefit, a_run_without_payments_cannot_be_closed_whatever_the_rule_does) {
    uint8_t root[32] = {1};
    struct scene *scene = benefit_scene(NULL);
    cr_assert(close_run(scene, "acme", "none", 1, root, "") == ERR_RULE);
    benefit_scene_done(scene);
    scene = benefit_scene("{\"rules\":[]}");
    cr_assert(close_run(scene, "acme", "none", 1, root, "") == ERR_STATE);
    benefit_scene_done(scene);
}

/* -- review -- */

Test(contracts_benefit, review_needs_no_ledger_and_says_what_it_cannot_know) {
    static const char *const bases[] = {BENEFIT_DETERMINE, BENEFIT_DISBURSE, BENEFIT_BATCH};
    static const char *const acts[] = {"determine", "disburse", "batch"};
    struct rule_hits *hits = calloc(1, sizeof *hits);
    for (size_t i = 0; i < 3; i++) {
        struct problem why = {0};
        struct json *claims = json_over(bases[i], i < 2 ? "{\"amount\":300000}" : "{}");
        cr_assert(machine_review(claims, "benefit", 1, acts[i], 0, hits, &why) == ERR_OK, "%s",
                  why.detail);
        cr_assert(hits->count == (i > 0));
        if (i > 0) cr_assert(hits->items[0].result == RULE_UNKNOWN && hits->items[0].detail_zh[0]);
        json_done(claims);
    }
    free(hits);
}

/* -- rows -- */

Test(contracts_benefit, benefit_rows_have_these_bytes) {
    struct scene *scene = benefit_scene(NULL);
    uint8_t opening[32], suspended[32], paid[32], tag[32], leaf[32], expected[200];
    struct state_key key;
    cr_assert(determine(scene, 1, "{}", opening) == ERR_OK);
    cr_assert(follow(scene, "suspend", BENEFIT_SUSPEND, opening, NULL, suspended) == ERR_OK);
    cr_assert(pay(scene, "acme", 1, "{\"cause_event\":\"x-1\"}", paid) == ERR_OK);
    benefit_tag(1, tag);
    memcpy(expected, tag, 32);
    memcpy(expected + 32, "\017pension-monthly\0072026-12\0\0\0\1\0072027-02", 36);
    memcpy(expected + 68, suspended, 32);
    struct buf *row = value_of(scene, state_key_benefit(opening));
    cr_assert(bytes_equal(buf_bytes(row), bytes_of(expected, 100)));
    memcpy(expected + 56, "\3x-1\11P-2026-12\1\0", 16);
    row = value_of(scene, state_key_benefit(paid));
    cr_assert(bytes_equal(buf_bytes(row), bytes_of(expected, 72)));
    key = state_key_payment(tag, "pension-monthly", "2026-12");
    cr_assert(key.len == 57 && memcmp(key.data, "b ", 2) == 0);
    cr_assert(memcmp(key.data + 34, "pension-monthly 2026-12", 23) == 0);
    cr_assert(bytes_equal(buf_bytes(value_of(scene, key)), bytes_of(paid, 32)));
    key = state_key_payrun("acme", "P-2026-12");
    cr_assert(bytes_equal(state_key_bytes(&key), bytes_text("B acme P-2026-12")));
    memcpy(expected, "\017pension-monthly\0072026-12\0\0\0\0\0\0\0\0\1", 33);
    merkle_leaf(bytes_of(paid, 32), leaf);
    memcpy(expected + 33, leaf, 32);
    cr_assert(bytes_equal(buf_bytes(value_of(scene, key)), bytes_of(expected, 65)));
    benefit_scene_done(scene);
}

Test(contracts_benefit, benefit_readers_stop_at_every_shortened_row) {
    struct scene *scene = benefit_scene(NULL);
    uint8_t opening[32], paid[32], holder[32];
    struct benefit benefit;
    struct payrun payrun;
    struct view view = memory_view(&scene->state);
    cr_assert(determine(scene, 1, "{}", opening) == ERR_OK);
    cr_assert(follow(scene, "suspend", BENEFIT_SUSPEND, opening, NULL, NULL) == ERR_OK);
    for (unsigned i = 1; i <= 3; i++) cr_assert(pay(scene, "acme", i, "{}", paid) == ERR_OK);
    cr_assert(benefit_get(view, paid, &benefit) == ERR_OK);
    struct state_key run = state_key_payrun("acme", "P-2026-12");
    struct buf *rows[] = {
        value_of(scene, state_key_benefit(opening)),
        value_of(scene, state_key_payment(benefit.person, benefit.item, benefit.period)),
        value_of(scene, run)};
    for (size_t r = 0; r < 3; r++) {
        for (size_t len = rows[r]->len, i = 0; i <= len; i++) {
            struct benefit read;
            rows[r]->len = i;
            enum err err = r == 0   ? benefit_get(view, opening, &read)
                           : r == 1 ? benefit_holder(view, &benefit, holder)
                                    : payrun_get(view, "acme", "P-2026-12", &payrun);
            cr_assert(err == (i == len ? ERR_OK : ERR_CORRUPT), "row %zu, %zu bytes", r, i);
        }
    }
    cr_assert(payrun.frontier.size == 3 && memcmp(holder, paid, 32) == 0);
    benefit_scene_done(scene);
}

/* Rows that can be read and hold what nobody wrote: found by the fuzzer. */
Test(contracts_benefit, benefit_readers_stop_at_unknown_items_and_impossible_sizes) {
    struct scene *scene = benefit_scene(NULL);
    uint8_t opening[32], paid[32];
    struct benefit benefit;
    struct payrun payrun;
    struct view view = memory_view(&scene->state);
    cr_assert(determine(scene, 1, "{}", opening) == ERR_OK);
    cr_assert(pay(scene, "acme", 1, "{}", paid) == ERR_OK);
    struct buf *row = value_of(scene, state_key_benefit(paid));
    row->data[33] ^= 1; /* first letter of the item */
    cr_assert(benefit_get(view, paid, &benefit) == ERR_CORRUPT);
    row = value_of(scene, state_key_payrun("acme", "P-2026-12"));
    cr_assert(payrun_get(view, "acme", "P-2026-12", &payrun) == ERR_OK);
    put_u64(row->data + row->len - 40, UINT64_C(1) << 63); /* a tree that could not grow */
    cr_assert(payrun_get(view, "acme", "P-2026-12", &payrun) == ERR_CORRUPT);
    benefit_scene_done(scene);
}

/* -- replay -- */

static uint32_t next(uint32_t *seed) {
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 8;
}

#define WORK 80

static struct buf work_item(struct scene *scene, uint32_t *seed, uint8_t (*ids)[32], size_t made) {
    static const char *const results[] = {"paid", "paid", "paid", "failed", "returned"};
    static const char *const acts[] = {"suspend", "resume", "terminate", "correct", "correct"};
    static const char *const bases[] = {BENEFIT_SUSPEND, BENEFIT_RESUME, BENEFIT_TERMINATE,
                                        BENEFIT_DETERMINE, BENEFIT_DISBURSE};
    unsigned person = 1 + next(seed) % 4;
    const char *iss = next(seed) % 4 ? "acme" : "zeta";
    const uint8_t *ref = made ? ids[next(seed) % made] : NULL;
    char over[128];
    uint32_t what = next(seed) % 10;
    if (what == 0 || !ref) {
        struct benefit_act act = {iss, "determine", BENEFIT_DETERMINE, "{}", person, 0, NULL, NULL};
        return benefit_record(scene, act);
    }
    if (what < 6) {
        uint32_t month = 1 + next(seed) % 3;
        (void)snprintf(over, sizeof over,
                       "{\"period\":\"2027-%02u\",\"batch_no\":\"b%u\",\"result\":\"%s\"}", month,
                       month, results[next(seed) % 5]);
        struct benefit_act act = {
            iss, "disburse", BENEFIT_DISBURSE, over, person, 0, next(seed) % 2 ? ref : NULL, NULL};
        return benefit_record(scene, act);
    }
    if (what == 6) {
        struct benefit_act act = {iss, "batch", BENEFIT_BATCH, "{\"batch_no\":\"b1\"}",
                                  0,   0,       NULL,          NULL};
        return benefit_record(scene, act);
    }
    uint32_t which = next(seed) % 5;
    struct benefit_act act = {
        iss,    acts[which], bases[which], "{}",
        person, 0,           ref,          which > 2 ? ids[next(seed) % made] : NULL};
    return benefit_record(scene, act);
}

struct log {
    uint8_t leaves[WORK][LEAF_LEN];
    size_t from[WORK]; /* place of the body in the work */
    size_t count;
};

static void work_apply(struct scene *scene, struct buf *work, uint32_t seed, size_t max,
                       struct log *log) {
    struct bytes list[WORK];
    for (size_t from = 0; from < WORK;) {
        size_t count = 1 + next(&seed) % max;
        if (count > WORK - from) count = WORK - from;
        for (size_t i = 0; i < count; i++) list[i] = buf_bytes(&work[from + i]);
        struct buf batch = scene_batch(scene, 0, list, (uint32_t)count);
        struct effects effects = scene_apply(scene, buf_bytes(&batch));
        size_t entry = 0;
        for (size_t i = 0; i < count; i++) {
            if (effects.outcomes[i].kind != OUTCOME_ACCEPTED) continue;
            memcpy(log->leaves[log->count], effects.entries[entry++].leaf, LEAF_LEN);
            log->from[log->count++] = from + i;
        }
        effects_done(&effects);
        buf_done(&batch);
        from += count;
    }
}

Test(contracts_benefit, state_follows_from_leaves_alone_however_batches_are_cut) {
    size_t accepted = 0;
    for (uint32_t seed = 1; seed <= 8; seed++) {
        static uint8_t ids[WORK][32];
        struct buf work[WORK];
        struct scene *a = benefit_scene(NULL), *b = benefit_scene(NULL), *c = benefit_scene(NULL);
        struct log *log_a = calloc(1, sizeof *log_a), *log_b = calloc(1, sizeof *log_b);
        uint32_t random = seed;
        for (size_t i = 0; i < WORK; i++) {
            work[i] = work_item(a, &random, ids, i);
            record_id_of(&work[i], ids[i]);
        }
        work_apply(a, work, seed, 5, log_a);
        work_apply(b, work, seed + 50, 40, log_b);
        cr_assert(log_a->count == log_b->count && log_a->count > 5 && log_a->count < WORK);
        cr_assert(memory_same(&a->state, &b->state), "batch boundaries leave no trace");
        for (size_t i = 0; i < log_a->count; i++) {
            struct problem why = {0};
            cr_assert(machine_replay(&c->machine, c->overlay, &c->tip, log_a->leaves[i],
                                     buf_bytes(&work[log_a->from[i]]), &why) == ERR_OK,
                      "%s", why.detail);
        }
        memory_commit(&c->state, c->overlay);
        cr_assert(memory_same(&a->state, &c->state), "replay gives the same state");
        accepted += log_a->count;
        for (size_t i = 0; i < WORK; i++) buf_done(&work[i]);
        free(log_a);
        free(log_b);
        benefit_scene_done(a);
        benefit_scene_done(b);
        benefit_scene_done(c);
    }
    cr_assert(accepted > 150, "%zu", accepted);
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

/* The record is taken once every read succeeds, and until then the machine stops with the tip where it was. */
static size_t stops(struct scene *scene, struct buf compact) {
    struct failing failing = {&scene->state, 0};
    struct view view = {&failing, failing_get, failing_find, memory_scan};
    struct bytes list[] = {buf_bytes(&compact)};
    struct buf batch = scene_batch(scene, 0, list, 1);
    size_t reads = 0;
    for (enum err err = ERR_IO; err; reads++) {
        struct machine_tip tip = scene->tip;
        struct overlay *overlay;
        struct effects effects;
        struct position position = {0, scene->revision + 1};
        failing.until = reads;
        cr_assert(overlay_open(view, &overlay) == ERR_OK && reads < 100);
        err = machine_apply(&scene->machine, overlay, &tip, position, buf_bytes(&batch), NULL,
                            &effects);
        cr_assert(err == ERR_OK || err == ERR_IO);
        if (err) cr_assert(memcmp(&tip, &scene->tip, sizeof tip) == 0);
        if (!err) cr_assert(effects.entry_count == 1, "%s", effects.outcomes[0].problem.detail);
        effects_done(&effects);
        overlay_close(overlay);
    }
    buf_done(&batch);
    buf_done(&compact);
    return reads;
}

Test(contracts_benefit, machine_stops_at_every_read_of_these_types_that_fails) {
    struct scene *scene = benefit_scene(NULL);
    uint8_t opening[32], paid[32], root[32];
    char over[160], text[44];
    cr_assert(determine(scene, 1, "{}", opening) == ERR_OK);
    cr_assert(pay(scene, "acme", 1, "{}", paid) == ERR_OK);
    merkle_leaf(bytes_of(paid, 32), root);
    base64url_write(bytes_of(root, 32), text);
    (void)snprintf(over, sizeof over, "{\"items_root\":\"%s\"}", text);
    const struct benefit_act acts[] = {
        {"acme", "disburse", BENEFIT_DISBURSE, "{\"period\":\"2027-01\",\"batch_no\":\"n\"}", 1, 0,
         opening, NULL},
        {"acme", "disburse", BENEFIT_DISBURSE, "{\"result\":\"returned\"}", 1, 0, NULL, NULL},
        {"acme", "suspend", BENEFIT_SUSPEND, "{}", 1, 0, opening, NULL},
        {"acme", "batch", BENEFIT_BATCH, over, 0, 0, NULL, NULL},
        {"acme", "correct", BENEFIT_DISBURSE, "{\"result\":\"failed\"}", 1, 0, paid, paid},
    };
    for (size_t i = 0; i < sizeof acts / sizeof acts[0]; i++)
        cr_assert(stops(scene, benefit_record(scene, acts[i])) > 5);
    const char *const names[] = {"suspend", "revoke", "rotate"};
    for (size_t i = 0; i < 3; i++) {
        struct json *claims = scene_participant("acme", "payer", SCENE_GOOD_USCC, scene->stranger);
        if (i < 2) {
            json_done(claims);
            claims = json_text_of("{\"id\":\"acme\",\"reason\":\"other\"}");
        }
        if (i == 1)
            cr_assert(json_put_text(claims, "kid", key_secret_public(scene->acme)->kid) == ERR_OK);
        cr_assert(stops(scene, scene_record(scene, claims, "registrar", "participant", names[i],
                                            scene->registrar)) > 5);
    }
    benefit_scene_done(scene);
}
