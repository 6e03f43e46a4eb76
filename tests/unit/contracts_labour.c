/* Labour contracts: the state machine in full, every form, every rule at its boundary days. */
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

#define AMENDMENT "{\"changed_fields\":[\"post\"],\"effective_date\":\"2027-03-01\"}"
#define RESCISSION "{\"reason_code\":\"36\",\"date\":\"2027-06-30\"}"
#define ENDING "{\"reason_code\":\"44-1\",\"date\":\"2029-11-30\"}"

static enum err conclude(struct scene *scene, const char *over, uint8_t *ret_id) {
    return scene_labour(scene, "conclude", json_over(SCENE_CONTRACT, over), NULL, NULL, ret_id);
}

static enum err follow(struct scene *scene, const char *act, const char *claims,
                       const uint8_t ref[32], uint8_t *ret_id) {
    return scene_labour(scene, act, json_text_of(claims), ref, NULL, ret_id);
}

static void status_is(struct scene *scene, const uint8_t id[32], const char *word,
                      const uint8_t head[32]) {
    struct json *json = NULL;
    char hex[65];
    cr_assert(machine_status(memory_view(&scene->state), id, &json) == ERR_OK);
    cr_assert_str_eq(json_text(json_member(json, "status")), word);
    hex_encode(bytes_of(head, 32), hex);
    cr_assert_str_eq(json_text(json_member(json, "head")), hex);
    json_done(json);
}

/* -- state machine -- */

/* A chain in that status. Statuses that no act of this version leads to are written into the row. */
static void chain_in(struct scene *scene, enum chain_status status, uint8_t ret_id[32]) {
    cr_assert(conclude(scene, "{}", ret_id) == ERR_OK);
    struct state_key key = state_key_chain(ret_id);
    bool there;
    size_t at = memory_place(&scene->state, state_key_bytes(&key), &there);
    cr_assert(there && scene->state.rows[at].value.data[36] == CHAIN_IN_FORCE);
    scene->state.rows[at].value.data[36] = (uint8_t)status;
}

Test(contracts_labour, labour_state_machine_allows_these_acts_and_no_others) {
    static const struct {
        const char *act, *claims;
        unsigned from;
        enum chain_status to;
    } table[] = {
        {"amend", AMENDMENT, 1u << CHAIN_IN_FORCE, CHAIN_NONE},
        {"rescind", RESCISSION, 1u << CHAIN_IN_FORCE | 1u << CHAIN_SUSPENDED, CHAIN_ENDED},
        {"end", ENDING, 1u << CHAIN_IN_FORCE | 1u << CHAIN_SUSPENDED, CHAIN_ENDED},
        {"correct", SCENE_CONTRACT,
         1u << CHAIN_IN_FORCE | 1u << CHAIN_SUSPENDED | 1u << CHAIN_ENDED, CHAIN_NONE},
    };
    struct scene *scene = begin();
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        for (unsigned status = CHAIN_NONE; status <= CHAIN_RECORDED; status++) {
            uint8_t opening[32], next[32];
            struct chain chain;
            chain_in(scene, (enum chain_status)status, opening);
            bool corrects = strcmp(table[i].act, "correct") == 0;
            enum err err = scene_labour(scene, table[i].act, json_text_of(table[i].claims), opening,
                                        corrects ? opening : NULL, next);
            bool allowed = table[i].from & 1u << status;
            cr_assert(err == (allowed ? ERR_OK : ERR_STATE), "%s from %u: %s", table[i].act, status,
                      scene->last.problem.detail);
            cr_assert(chain_get(memory_view(&scene->state), opening, &chain) == ERR_OK);
            enum chain_status to =
                allowed && table[i].to != CHAIN_NONE ? table[i].to : (enum chain_status)status;
            cr_assert(chain.status == to && chain.count == (allowed ? 2u : 1u));
            cr_assert(memcmp(chain.head, allowed ? next : opening, 32) == 0);
            if (allowed) continue;
            cr_assert(strstr(scene->last.problem.detail, chain_status_name(chain.status)));
        }
    }
    end(scene);
}

Test(contracts_labour, labour_opening_act_takes_no_ref_and_others_need_one) {
    struct scene *scene = begin();
    uint8_t id[32], unknown[32] = {1};
    cr_assert(conclude(scene, "{}", id) == ERR_OK);
    cr_assert(scene_labour(scene, "conclude", json_text_of(SCENE_CONTRACT), id, NULL, NULL) ==
              ERR_SCHEMA);
    cr_assert_str_eq(scene->last.problem.pointer, "/ref");
    cr_assert(scene_labour(scene, "end", json_text_of(ENDING), NULL, NULL, NULL) == ERR_SCHEMA);
    cr_assert_str_eq(scene->last.problem.pointer, "/ref");
    cr_assert(follow(scene, "end", ENDING, unknown, NULL) == ERR_STALE_REF);
    cr_assert(scene_labour(scene, "end", json_text_of(ENDING), id, id, NULL) == ERR_SCHEMA);
    cr_assert_str_eq(scene->last.problem.pointer, "/replaces");
    cr_assert(scene_labour(scene, "correct", json_text_of(SCENE_CONTRACT), id, NULL, NULL) ==
              ERR_SCHEMA);
    cr_assert_str_eq(scene->last.problem.pointer, "/replaces");
    end(scene);
}

Test(contracts_labour, labour_stale_ref_names_the_head) {
    struct scene *scene = begin();
    uint8_t first[32], second[32];
    char hex[65];
    cr_assert(conclude(scene, "{}", first) == ERR_OK);
    cr_assert(follow(scene, "amend", AMENDMENT, first, second) == ERR_OK);
    cr_assert(follow(scene, "amend", AMENDMENT, first, NULL) == ERR_STALE_REF);
    hex_encode(bytes_of(second, 32), hex);
    cr_assert(strstr(scene->last.problem.detail, hex));
    cr_assert(follow(scene, "end", ENDING, second, NULL) == ERR_OK);
    end(scene);
}

Test(contracts_labour, labour_chain_belongs_to_who_opened_it) {
    struct scene *scene = begin();
    uint8_t id[32];
    cr_assert(conclude(scene, "{}", id) == ERR_OK);
    struct json *claims = json_text_of(ENDING);
    json_put_id(claims, "ref", id);
    cr_assert(scene_submit(scene, scene_record(scene, claims, "zeta", "labour-contract", "end",
                                               scene->zeta)) == ERR_SCOPE);
    claims = json_text_of(ENDING);
    json_put_id(claims, "ref", (const uint8_t[32]){0});
    cr_assert(scene_submit(scene, scene_record(scene, claims, "zeta", "labour-contract", "end",
                                               scene->zeta)) == ERR_STALE_REF);
    end(scene);
}

Test(contracts_labour, labour_ref_into_another_type_is_refused) {
    struct scene *scene = begin();
    uint8_t admitted[32];
    struct json *claims = scene_participant("beta", "employer", SCENE_GOOD_USCC, scene->stranger);
    struct buf compact =
        scene_record(scene, claims, "registrar", "participant", "admit", scene->registrar);
    record_id_of(&compact, admitted);
    cr_assert(scene_submit(scene, compact) == ERR_OK);
    cr_assert(follow(scene, "end", ENDING, admitted, NULL) == ERR_STATE);
    cr_assert(scene_labour(scene, "correct", json_text_of(SCENE_CONTRACT), admitted, admitted,
                           NULL) == ERR_STATE);
    end(scene);
}

/* -- corrections -- */

Test(contracts_labour, labour_correct_supersedes_once_and_takes_the_claims_of_what_it_corrects) {
    struct scene *scene = begin();
    uint8_t first[32], second[32], third[32], fourth[32], fifth[32];
    struct chain_link link;
    cr_assert(conclude(scene, "{}", first) == ERR_OK);
    cr_assert(follow(scene, "amend", AMENDMENT, first, second) == ERR_OK);
    cr_assert(scene_labour(scene, "correct", json_text_of(AMENDMENT), second, first, NULL) ==
                  ERR_SCHEMA,
              "the claims of an amendment do not correct a conclusion");
    cr_assert(scene_labour(scene, "correct", json_text_of(SCENE_CONTRACT), second, first, third) ==
              ERR_OK);
    status_is(scene, first, "superseded", third);
    status_is(scene, second, "in_force", third);
    status_is(scene, third, "in_force", third);
    cr_assert(chain_link_get(memory_view(&scene->state), first, &link) == ERR_OK);
    cr_assert(link.is_replaced && memcmp(link.replaced_by, third, 32) == 0);
    cr_assert(scene_labour(scene, "correct", json_text_of(SCENE_CONTRACT), third, first, NULL) ==
                  ERR_STATE,
              "replaced already");
    cr_assert(scene_labour(scene, "correct", json_text_of(SCENE_CONTRACT), third, third, fourth) ==
                  ERR_OK,
              "a correction of a correction");
    cr_assert(chain_link_get(memory_view(&scene->state), fourth, &link) == ERR_OK);
    cr_assert_str_eq(link.act, "correct");
    cr_assert_str_eq(link.claims_act, "conclude");
    cr_assert(follow(scene, "rescind", RESCISSION, fourth, fifth) == ERR_OK);
    cr_assert(scene_labour(scene, "correct", json_text_of(RESCISSION), fifth, fifth, NULL) ==
                  ERR_OK,
              "an end can be corrected");
    status_is(scene, fifth, "superseded", scene->last.id);
    status_is(scene, second, "ended", scene->last.id);
    end(scene);
}

Test(contracts_labour, labour_correct_stays_in_its_chain) {
    struct scene *scene = begin();
    uint8_t one[32], other[32], nothing[32] = {9};
    cr_assert(conclude(scene, "{}", one) == ERR_OK && conclude(scene, "{}", other) == ERR_OK);
    cr_assert(scene_labour(scene, "correct", json_text_of(SCENE_CONTRACT), one, other, NULL) ==
              ERR_STATE);
    cr_assert_str_eq(scene->last.problem.pointer, "/replaces");
    cr_assert(scene_labour(scene, "correct", json_text_of(SCENE_CONTRACT), one, nothing, NULL) ==
              ERR_STATE);
    end(scene);
}

Test(contracts_labour, labour_correct_is_judged_like_what_it_corrects) {
    struct scene *scene = begin();
    uint8_t id[32];
    cr_assert(conclude(scene, "{}", id) == ERR_OK);
    struct json *claims = json_over(SCENE_CONTRACT, "{\"probation_months\":7}");
    cr_assert(scene_labour(scene, "correct", claims, id, id, NULL) == ERR_RULE);
    end(scene);
}

/* -- form -- */

struct form {
    const char *over, *pointer;
    enum err err;
};

static void forms_check(struct scene *scene, const struct form *table, size_t count) {
    for (size_t i = 0; i < count; i++) {
        enum err err = conclude(scene, table[i].over, NULL);
        cr_assert(err == table[i].err, "%s: %s %s", table[i].over, err_code(err),
                  scene->last.problem.detail);
        if (err) cr_assert_str_eq(scene->last.problem.pointer, table[i].pointer);
    }
}

Test(contracts_labour, labour_conclude_refuses_every_missing_claim) {
    static const struct form table[] = {
        {"{\"kind\":null}", "/kind", ERR_SCHEMA},
        {"{\"form\":null}", "/form", ERR_SCHEMA},
        {"{\"start\":null}", "/start", ERR_SCHEMA},
        {"{\"end\":null}", "/end", ERR_SCHEMA},
        {"{\"work_start\":null}", "/work_start", ERR_SCHEMA},
        {"{\"signed_on\":null}", "/signed_on", ERR_SCHEMA},
        {"{\"elements\":null}", "/elements", ERR_SCHEMA},
        {"{\"doc\":null}", "/doc", ERR_SCHEMA},
        {"{\"signatures\":null}", "/signatures", ERR_SCHEMA},
        {"{\"probation_months\":null}", "", ERR_OK},
    };
    struct scene *scene = begin();
    forms_check(scene, table, sizeof table / sizeof table[0]);
    end(scene);
}

Test(contracts_labour, labour_conclude_refuses_wrong_forms) {
    static const struct form table[] = {
        {"{\"kind\":\"other\"}", "/kind", ERR_SCHEMA},
        {"{\"kind\":1}", "/kind", ERR_SCHEMA},
        {"{\"form\":\"half\"}", "/form", ERR_SCHEMA},
        {"{\"start\":\"2026-02-29\"}", "/start", ERR_SCHEMA},
        {"{\"start\":20261201}", "/start", ERR_SCHEMA},
        {"{\"end\":\"2026-11-30\"}", "/end", ERR_SCHEMA},
        {"{\"kind\":\"open\"}", "/end", ERR_SCHEMA},
        {"{\"probation_months\":-1}", "/probation_months", ERR_SCHEMA},
        {"{\"probation_months\":121}", "/probation_months", ERR_SCHEMA},
        {"{\"probation_months\":\"2\"}", "/probation_months", ERR_SCHEMA},
        {"{\"elements\":[\"term\",\"term\"]}", "/elements", ERR_SCHEMA},
        {"{\"elements\":[\"wages\"]}", "/elements", ERR_SCHEMA},
        {"{\"elements\":\"term\"}", "/elements", ERR_SCHEMA},
        {"{\"signatures\":[]}", "/signatures", ERR_SCHEMA},
        {"{\"signatures\":[{\"role\":\"judge\"}]}", "/signatures", ERR_SCHEMA},
        {"{\"signatures\":[{\"alg\":\"ES256\"}]}", "/signatures", ERR_SCHEMA},
        {"{\"signatures\":[{\"role\":\"worker\",\"name\":\"x\"}]}", "/signatures", ERR_SCHEMA},
        {"{\"signatures\":[{\"role\":\"worker\",\"signed_at\":\"x\"}]}", "/signatures", ERR_SCHEMA},
        {"{\"signatures\":[{\"role\":\"worker\",\"digest\":\"AA\"}]}", "/signatures", ERR_SCHEMA},
        {"{\"identity_checks\":[{\"role\":\"worker\"}]}", "/identity_checks", ERR_SCHEMA},
        {"{\"identity_checks\":[{\"role\":\"worker\",\"method\":\"\"}]}", "/identity_checks",
         ERR_SCHEMA},
        {"{\"intent_check\":\"yes\"}", "/intent_check", ERR_SCHEMA},
        {"{\"notified\":1}", "/notified", ERR_SCHEMA},
        {"{\"retain_until\":\"2031\"}", "/retain_until", ERR_SCHEMA},
        {"{\"salary\":1}", "/salary", ERR_SCHEMA},
        {"{\"Salary \":1}", "", ERR_SCHEMA},
        {"{\"reason_code\":\"36\"}", "/reason_code", ERR_SCHEMA},
        {"{\"effective_date\":\"2027-01-01\"}", "/effective_date", ERR_SCHEMA},
        {"{\"tags\":{\"worker\":{\"d\":\"benefit\",\"v\":1,\"t\":\"" SCENE_DIGEST "\"}}}", "/tags",
         ERR_SCHEMA},
        {"{\"tags\":{\"boss\":{\"d\":\"labour\",\"v\":1,\"t\":\"" SCENE_DIGEST "\"}}}", "/tags",
         ERR_SCHEMA},
    };
    struct scene *scene = begin();
    forms_check(scene, table, sizeof table / sizeof table[0]);
    end(scene);
}

Test(contracts_labour, labour_conclude_takes_every_optional_claim) {
    static const struct form table[] = {
        {"{\"identity_checks\":[{\"role\":\"worker\",\"method\":\"face\",\"at\":1795420000,"
         "\"provider\":\"某机构\",\"evidence_digest\":\"" SCENE_DIGEST "\"}]}",
         "", ERR_OK},
        {"{\"intent_check\":true,\"notified\":false,\"retain_until\":\"2031-11-30\"}", "", ERR_OK},
        {"{\"signatures\":[{\"role\":\"employer\",\"alg\":\"SGD_SM3_SM2\",\"cert_issuer\":\"CA\","
         "\"cert_serial\":\"0123\",\"signed_at\":1795420000,\"digest\":\"" SCENE_DIGEST "\"},"
         "{\"role\":\"worker\",\"digest\":\"" SCENE_DIGEST "\"}]}",
         "", ERR_OK},
        {"{\"tags\":{\"worker\":{\"d\":\"labour\",\"v\":1,\"t\":\"" SCENE_DIGEST "\"}}}", "",
         ERR_OK},
        {"{\"kind\":\"open\",\"end\":null}", "", ERR_OK},
        {"{\"kind\":\"task\",\"end\":null,\"probation_months\":0}", "", ERR_OK},
        {"{\"kind\":\"task\",\"probation_months\":0}", "", ERR_OK},
    };
    struct scene *scene = begin();
    forms_check(scene, table, sizeof table / sizeof table[0]);
    end(scene);
}

Test(contracts_labour, labour_hidden_claims_in_the_clear_are_refused_with_advice) {
    static const char *const names[] = {"worker",           "worker_name",   "worker_address",
                                        "contract_no",      "employer_name", "employer_address",
                                        "legal_rep",        "post",          "place",
                                        "hours_system",     "wage_amount",   "wage_cycle",
                                        "social_insurance", "protection",    "other_terms",
                                        "dispatch_unit"};
    struct scene *scene = begin();
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char over[96], pointer[64];
        (void)snprintf(over, sizeof over, "{\"%s\":\"张三丰\"}", names[i]);
        (void)snprintf(pointer, sizeof pointer, "/%s", names[i]);
        cr_assert(conclude(scene, over, NULL) == ERR_PERSONAL_FIELD, "%s", names[i]);
        cr_assert_str_eq(scene->last.problem.pointer, pointer);
        cr_assert(strstr(scene->last.problem.detail, "hide it"));
        cr_assert(!strstr(scene->last.problem.detail, "张三丰"), "the value is never repeated");
    }
    end(scene);
}

Test(contracts_labour, labour_following_acts_have_their_own_claims) {
    static const struct {
        const char *act, *claims, *pointer;
        enum err err;
    } table[] = {
        {"amend", "{\"effective_date\":\"2027-01-01\"}", "/changed_fields", ERR_SCHEMA},
        {"amend", "{\"changed_fields\":[],\"effective_date\":\"2027-01-01\"}", "/changed_fields",
         ERR_SCHEMA},
        {"amend", "{\"changed_fields\":[\"post\",\"post\"],\"effective_date\":\"2027-01-01\"}",
         "/changed_fields", ERR_SCHEMA},
        {"amend", "{\"changed_fields\":[\"张三\"],\"effective_date\":\"2027-01-01\"}",
         "/changed_fields", ERR_SCHEMA},
        {"amend", "{\"changed_fields\":[\"reason_code\"],\"effective_date\":\"2027-01-01\"}",
         "/changed_fields", ERR_SCHEMA},
        {"amend", "{\"changed_fields\":[\"post\"]}", "/effective_date", ERR_SCHEMA},
        {"amend",
         "{\"changed_fields\":[\"end\"],\"effective_date\":\"2027-01-01\",\"end\":\"2030-01-01\"}",
         "/kind", ERR_SCHEMA},
        {"amend",
         "{\"changed_fields\":[\"end\"],\"effective_date\":\"2027-01-01\","
         "\"probation_months\":12}",
         "/kind", ERR_SCHEMA},
        {"amend",
         "{\"changed_fields\":[\"end\"],\"effective_date\":\"2027-01-01\",\"kind\":\"fixed\","
         "\"form\":\"full\",\"start\":\"2026-12-01\",\"probation_months\":0}",
         "/end", ERR_SCHEMA},
        {"rescind", "{\"date\":\"2027-06-30\"}", "/reason_code", ERR_SCHEMA},
        {"rescind", "{\"reason_code\":\"36\"}", "/date", ERR_SCHEMA},
        {"rescind", "{\"reason_code\":\"44-1\",\"date\":\"2027-06-30\"}", "/reason_code",
         ERR_SCHEMA},
        {"rescind", "{\"reason_code\":36,\"date\":\"2027-06-30\"}", "/reason_code", ERR_SCHEMA},
        {"rescind", "{\"reason_code\":\"36\",\"date\":\"2027-06-30\",\"initiator\":\"court\"}",
         "/initiator", ERR_SCHEMA},
        {"rescind", "{\"reason_code\":\"36\",\"date\":\"2027-06-30\",\"certificate_no\":\"\"}",
         "/certificate_no", ERR_SCHEMA},
        {"end", "{\"reason_code\":\"36\",\"date\":\"2027-06-30\"}", "/reason_code", ERR_SCHEMA},
        {"end", "{\"reason_code\":\"44-7\",\"date\":\"2027-06-30\"}", "/reason_code", ERR_SCHEMA},
        {"end", "{\"reason_code\":\"22\",\"date\":\"2027-06-31\"}", "/date", ERR_SCHEMA},
    };
    struct scene *scene = begin();
    uint8_t id[32];
    cr_assert(conclude(scene, "{}", id) == ERR_OK);
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        enum err err = follow(scene, table[i].act, table[i].claims, id, NULL);
        cr_assert(err == table[i].err, "%s: %s", table[i].claims, scene->last.problem.detail);
        cr_assert_str_eq(scene->last.problem.pointer, table[i].pointer);
    }
    end(scene);
}

Test(contracts_labour, labour_every_reason_code_belongs_to_one_act) {
    static const char *const codes[] = {"36",   "37",   "38",   "39",   "40",   "41", "44-1",
                                        "44-2", "44-3", "44-4", "44-5", "44-6", "22"};
    struct scene *scene = begin();
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        char claims[200];
        uint8_t id[32];
        (void)snprintf(
            claims, sizeof claims,
            "{\"reason_code\":\"%s\",\"date\":\"2027-06-30\",\"notice_date\":"
            "\"2027-05-30\",\"initiator\":\"both\",\"certificate_no\":\"解〔2027〕1号\"}",
            codes[i]);
        cr_assert(conclude(scene, "{}", id) == ERR_OK);
        const char *wrong = i < 6 ? "end" : "rescind", *right = i < 6 ? "rescind" : "end";
        cr_assert(follow(scene, wrong, claims, id, NULL) == ERR_SCHEMA);
        cr_assert(follow(scene, right, claims, id, NULL) == ERR_OK);
    }
    end(scene);
}

/* -- rules, by review: no ledger is needed -- */

static struct rule_hits *review(const char *over) {
    struct rule_hits *hits = calloc(1, sizeof *hits);
    struct json *claims = json_over(SCENE_CONTRACT, over);
    struct problem why = {0};
    cr_assert(hits && machine_review(claims, "labour-contract", 1, "conclude", SCENE_CREATED_MS,
                                     hits, &why) == ERR_OK,
              "%s: %s", over, why.detail);
    json_done(claims);
    return hits;
}

static const struct rule_hit *hit_of(const struct rule_hits *hits, const char *rule) {
    for (size_t i = 0; i < hits->count; i++)
        if (strcmp(hits->items[i].rule->id, rule) == 0) return &hits->items[i];
    cr_assert(false, "%s said nothing", rule);
    return NULL;
}

static void rule_says(const char *over, const char *rule, enum rule_result result,
                      const char *detail) {
    struct rule_hits *hits = review(over);
    const struct rule_hit *hit = hit_of(hits, rule);
    cr_assert(hit->result == result, "%s: %s", over, hit->detail);
    cr_assert(strstr(hit->detail, detail), "%s: %s", over, hit->detail);
    cr_assert(hit->detail_zh[0]);
    free(hits);
}

/* The longest probation that LC-03 takes. */
static int longest_probation(const char *kind, const char *form, const char *start,
                             const char *end) {
    for (int months = 0;; months++) {
        char over[256];
        (void)snprintf(over, sizeof over,
                       "{\"kind\":\"%s\",\"form\":\"%s\",\"start\":\"%s\",\"end\":%s%s%s,"
                       "\"probation_months\":%d}",
                       kind, form, start, end ? "\"" : "", end ? end : "null", end ? "\"" : "",
                       months);
        struct rule_hits *hits = review(over);
        enum rule_result result = hit_of(hits, "LC-03")->result;
        free(hits);
        if (result == RULE_FAIL) return months - 1;
        cr_assert(months < 20);
    }
}

Test(contracts_labour, lc_03_at_every_boundary_day) {
    static const struct {
        const char *start, *end;
        int months;
    } table[] = {
        {"2026-01-01", "2026-01-31", 0}, {"2026-01-01", "2026-03-30", 0},
        {"2026-01-01", "2026-03-31", 1}, {"2026-01-01", "2026-04-01", 1},
        {"2026-01-01", "2026-12-30", 1}, {"2026-01-01", "2026-12-31", 2},
        {"2026-01-01", "2027-01-01", 2}, {"2026-01-01", "2028-12-30", 2},
        {"2026-01-01", "2028-12-31", 6}, {"2026-01-01", "2035-12-31", 6},
        {"2025-11-30", "2026-02-26", 0}, {"2025-11-30", "2026-02-27", 1},
        {"2024-02-29", "2025-02-26", 1}, {"2024-02-29", "2025-02-27", 2},
        {"2024-02-29", "2027-02-26", 2}, {"2024-02-29", "2027-02-27", 6},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        int months = longest_probation("fixed", "full", table[i].start, table[i].end);
        cr_assert(months == table[i].months, "%s..%s: %d", table[i].start, table[i].end, months);
        cr_assert(longest_probation("fixed", "dispatch", table[i].start, table[i].end) ==
                  table[i].months);
        cr_assert(longest_probation("fixed", "part", table[i].start, table[i].end) == 0);
    }
    cr_assert(longest_probation("open", "full", "2026-01-01", NULL) == 6);
    cr_assert(longest_probation("task", "full", "2026-01-01", NULL) == 0);
    cr_assert(longest_probation("task", "full", "2026-01-01", "2030-01-01") == 0);
    cr_assert(longest_probation("open", "part", "2026-01-01", NULL) == 0);
}

Test(contracts_labour, lc_03_states_the_excess) {
    rule_says("{\"end\":\"2027-11-30\",\"probation_months\":5}", "LC-03", RULE_FAIL,
              "Probation of 5 months exceeds by 3 the 2 months that a term of 12 full months");
    rule_says("{\"probation_months\":null}", "LC-03", RULE_UNKNOWN, "not stated");
    rule_says("{\"kind\":\"task\",\"end\":null,\"probation_months\":1}", "LC-03", RULE_FAIL,
              "a term by task");
}

Test(contracts_labour, lc_05_needs_something_left_of_the_term) {
    rule_says("{\"end\":\"2027-01-31\",\"probation_months\":2}", "LC-05", RULE_FAIL, "2027-01-31");
    rule_says("{\"end\":\"2027-02-01\",\"probation_months\":2}", "LC-05", RULE_PASS, "inside");
    rule_says("{\"end\":\"2026-12-15\",\"probation_months\":1}", "LC-05", RULE_FAIL, "2026-12-31");
    rule_says("{\"end\":\"2026-12-01\",\"probation_months\":0}", "LC-05", RULE_PASS, "inside");
    rule_says("{\"kind\":\"open\",\"end\":null}", "LC-05", RULE_PASS, "inside");
    rule_says("{\"probation_months\":null}", "LC-05", RULE_UNKNOWN, "not stated");
    rule_says("{\"start\":\"2999-12-01\",\"end\":\"2999-12-31\",\"probation_months\":120}", "LC-05",
              RULE_FAIL, "3009-11-30");
}

#define OTHER_DIGEST "AQuodEssToIX33B11j1OoFheIIjxDgiPqzSo4bsQPu8"

Test(contracts_labour, lc_09_needs_both_parties_over_one_digest) {
    rule_says("{}", "LC-09", RULE_PASS, "employer and worker");
    rule_says("{\"signatures\":null}", "LC-09", RULE_UNKNOWN, "not stated");
    rule_says("{\"signatures\":[{\"role\":\"employer\"}]}", "LC-09", RULE_FAIL, "the worker is");
    rule_says("{\"signatures\":[{\"role\":\"worker\"}]}", "LC-09", RULE_FAIL, "the employer is");
    rule_says("{\"signatures\":[{\"role\":\"worker\",\"digest\":\"" SCENE_DIGEST "\"},"
              "{\"role\":\"employer\",\"digest\":\"" SCENE_DIGEST "\"}]}",
              "LC-09", RULE_PASS, "Signed");
    rule_says("{\"signatures\":[{\"role\":\"worker\",\"digest\":\"" SCENE_DIGEST "\"},"
              "{\"role\":\"employer\"},{\"role\":\"employer\",\"digest\":\"" OTHER_DIGEST "\"}]}",
              "LC-09", RULE_FAIL, "different digests");
}

Test(contracts_labour, lc_10_lists_what_is_missing) {
    static const char *const names[] = {"employer", "worker",    "term",       "work", "hours",
                                        "pay",      "insurance", "protection", "other"};
    rule_says("{}", "LC-10", RULE_PASS, "All 9");
    rule_says("{\"elements\":[]}", "LC-10", RULE_FAIL,
              "9 of 9 mandatory terms are missing: employer, worker, term, work, hours, pay, "
              "insurance, protection, other.");
    for (size_t left_out = 0; left_out < 9; left_out++) {
        char over[200] = "{\"elements\":[", detail[80];
        for (size_t i = 0; i < 9; i++) {
            size_t len = strlen(over);
            if (i == left_out) continue;
            (void)snprintf(over + len, sizeof over - len, "%s\"%s\"",
                           over[len - 1] == '[' ? "" : ",", names[i]);
        }
        (void)snprintf(over + strlen(over), sizeof over - strlen(over), "]}");
        (void)snprintf(detail, sizeof detail, "1 of 9 mandatory terms are missing: %s.",
                       names[left_out]);
        rule_says(over, "LC-10", RULE_FAIL, detail);
    }
    struct rule_hits *hits = review("{\"elements\":[]}");
    const char *zh = hit_of(hits, "LC-10")->detail_zh;
    cr_assert(strstr(zh, "缺少9项") && strstr(zh, "用人单位信息") && strstr(zh, "法定其他事项"));
    free(hits);
}

Test(contracts_labour, lc_23_tests_the_workers_number_before_signing) {
    rule_says("{\"worker\":{\"id_type\":\"resident-id\",\"id_number\":\"11010519491231002X\"}}",
              "LC-23", RULE_PASS, "right check character");
    rule_says("{\"worker\":{\"id_type\":\"resident-id\",\"id_number\":\"110105194912310020\"}}",
              "LC-23", RULE_FAIL, "not 18 characters");
    rule_says("{\"worker\":{\"id_type\":\"passport\",\"id_number\":\"E12345678\"}}", "LC-23",
              RULE_UNKNOWN, "no check digit");
    rule_says("{}", "LC-23", RULE_UNKNOWN, "no check digit");
    struct rule_hits *hits =
        review("{\"worker\":{\"id_type\":\"resident-id\",\"id_number\":\"110105194912310020\"}}");
    cr_assert(!strstr(hit_of(hits, "LC-23")->detail, "1101"), "the number is never repeated");
    free(hits);
}

Test(contracts_labour, review_allows_hidden_claims_and_refuses_wrong_forms) {
    struct rule_hits *hits = calloc(1, sizeof *hits);
    struct problem why;
    struct json *claims = json_over(SCENE_CONTRACT, "{\"doc\":null,\"wage_amount\":1,\"own\":1}");
    cr_assert(machine_review(claims, "labour-contract", 1, "conclude", 0, hits, &why) == ERR_OK);
    cr_assert(hits->count == 6);
    cr_assert(machine_review(claims, "labour-contract", 2, "conclude", 0, hits, &why) ==
              ERR_SCHEMA);
    cr_assert(machine_review(claims, "labour-contract", 1, "sign", 0, hits, &why) == ERR_SCHEMA);
    cr_assert(machine_review(claims, "labour-contract", 1, "correct", 0, hits, &why) == ERR_SCHEMA);
    cr_assert(machine_review(claims, "labour-contract", 1, "end", 0, hits, &why) == ERR_SCHEMA);
    json_remove(claims, "start");
    cr_assert(machine_review(claims, "labour-contract", 1, "conclude", 0, hits, &why) ==
              ERR_SCHEMA);
    cr_assert_str_eq(why.pointer, "/start");
    json_done(claims);
    claims = json_text_of("[]");
    cr_assert(machine_review(claims, "labour-contract", 1, "conclude", 0, hits, &why) ==
              ERR_SCHEMA);
    json_done(claims);
    free(hits);
}

/* -- rules at admission -- */

Test(contracts_labour, a_rule_that_rejects_names_itself_its_law_and_the_claim) {
    struct scene *scene = begin();
    cr_assert(conclude(scene, "{\"probation_months\":7}", NULL) == ERR_RULE);
    cr_assert_str_eq(scene->last.problem.rule, "LC-03");
    cr_assert(strstr(scene->last.problem.law, "第十九条"));
    cr_assert_str_eq(scene->last.problem.pointer, "/probation_months");
    cr_assert(strstr(scene->last.problem.detail, "7 months exceeds by 1 the 6"));
    cr_assert(scene->last.hits.count == 1 && !scene->last.hits.items[0].has_finding);
    cr_assert(conclude(scene, "{\"signatures\":[{\"role\":\"employer\"}]}", NULL) == ERR_RULE);
    cr_assert_str_eq(scene->last.problem.rule, "LC-09");
    cr_assert(conclude(scene, "{\"end\":\"2026-12-31\",\"probation_months\":1}", NULL) == ERR_RULE);
    cr_assert(scene->last.hits.count == 2, "LC-03 and LC-05");
    end(scene);
}

Test(contracts_labour, an_amendment_is_judged_by_the_term_that_it_states) {
    struct scene *scene = begin();
    uint8_t id[32];
    static const char form[] =
        "{\"changed_fields\":[\"end\",\"probation_months\"],\"effective_date\":\"2027-01-01\","
        "\"kind\":\"fixed\",\"form\":\"full\",\"start\":\"2026-12-01\",\"end\":\"2027-11-30\","
        "\"probation_months\":%d}";
    char claims[400];
    cr_assert(conclude(scene, "{\"probation_months\":0}", id) == ERR_OK);
    (void)snprintf(claims, sizeof claims, form, 3);
    cr_assert(follow(scene, "amend", claims, id, NULL) == ERR_RULE);
    (void)snprintf(claims, sizeof claims, form, 2);
    cr_assert(follow(scene, "amend", claims, id, NULL) == ERR_OK);
    end(scene);
}

Test(contracts_labour, a_rule_that_flags_opens_a_finding_which_the_status_shows) {
    struct scene *scene = begin();
    struct json *status = NULL;
    uint8_t id[32], expected[32];
    char hex[65], text[160];
    cr_assert(conclude(scene, "{\"elements\":[\"term\"],\"probation_months\":null}", id) == ERR_OK);
    const struct rule_hits *hits = &scene->last.hits;
    cr_assert(hits->count == 4, "LC-03, LC-05 and LC-11 unknown, LC-10 failed");
    const struct rule_hit *hit = hit_of(hits, "LC-10");
    cr_assert(hit->has_finding && hit->action == RULE_FLAG);
    cr_assert(!hit_of(hits, "LC-03")->has_finding, "what is not known is told, never acted on");
    hex_encode(bytes_of(id, 32), hex);
    (void)snprintf(text, sizeof text, "qizheng-finding\nLC-10@1\n%s\n", hex);
    sha256(bytes_text(text), expected);
    cr_assert(memcmp(hit->finding, expected, 32) == 0);
    cr_assert(machine_status(memory_view(&scene->state), id, &status) == ERR_OK);
    const struct json *found = json_at(json_member(status, "findings"), 0);
    hex_encode(bytes_of(expected, 32), hex);
    int64_t opened = 0;
    cr_assert(json_count(json_member(status, "findings")) == 1);
    cr_assert_str_eq(json_text(json_member(found, "id")), hex);
    cr_assert_str_eq(json_text(json_member(found, "rule")), "LC-10");
    cr_assert_str_eq(json_text(json_member(found, "result")), "FAIL");
    cr_assert_str_eq(json_text(json_member(found, "state")), "open");
    cr_assert(json_int(json_member(found, "opened"), &opened) && opened == (int64_t)scene->now_ms);
    json_done(status);
    end(scene);
}

Test(contracts_labour, rules_act_as_the_ledger_has_them) {
    struct scene *scene = calloc(1, sizeof *scene);
    scene_begin_with(scene, 1,
                     "{\"rules\":[{\"id\":\"LC-03\",\"version\":1,\"action\":\"flag\","
                     "\"parameters\":{\"months\":[0,1,2,3]}},"
                     "{\"id\":\"LC-05\",\"version\":1,\"action\":\"off\",\"parameters\":{}}]}");
    scene_admit(scene, "acme", "employer", scene->acme);
    cr_assert(conclude(scene, "{\"signatures\":[{\"role\":\"worker\"}],\"elements\":[]}", NULL) ==
                  ERR_OK,
              "absent rules are off");
    cr_assert(scene->last.hits.count == 1);
    cr_assert(scene->last.hits.items[0].has_finding, "flagged by the ledger's own parameter");
    cr_assert(strstr(scene->last.hits.items[0].detail, "exceeds by 3 the 3"));
    cr_assert(conclude(scene, "{\"probation_months\":3}", NULL) == ERR_OK);
    cr_assert(scene->last.hits.count == 0);
    end(scene);
}

/* -- the committed sample contracts -- */

static struct json *sample_read(const char *name) {
    char path[512], text[16384];
    (void)snprintf(path, sizeof path, TEST_DATA "/data/contracts/%s.claims.json", name);
    FILE *file = fopen(path, "rb");
    cr_assert(file, "%s", path);
    size_t len = fread(text, 1, sizeof text - 1, file);
    (void)fclose(file);
    struct json *json = NULL;
    cr_assert(json_parse(bytes_of(text, len), &json, NULL) == ERR_OK);
    return json;
}

Test(contracts_labour, sample_contracts_pass_every_rule_and_are_admitted) {
    static const char *const names[] = {"open-ended", "fixed-1-year", "fixed-3-years",
                                        "task",       "part-time",    "dispatch-2-years"};
    struct scene *scene = begin();
    struct rule_hits *hits = calloc(1, sizeof *hits);
    for (size_t i = 0; i < 6; i++) {
        struct json *sample = sample_read(names[i]);
        struct json *clear = json_clone(json_member(sample, "set")), *full = json_clone(clear);
        const struct json *hide = json_member(sample, "hide");
        struct problem why = {0};
        for (void *it = json_first(hide); it; it = json_next(hide, it))
            cr_assert(json_put(full, json_name_at(it), json_clone(json_value_at(it))) == ERR_OK);
        cr_assert(machine_review(full, "labour-contract", 1, "conclude", 0, hits, &why) == ERR_OK,
                  "%s: %s", names[i], why.detail);
        cr_assert(hits->count == 6);
        for (size_t j = 0; j < hits->count; j++)
            cr_assert(hits->items[j].result ==
                          (hits->items[j].rule == rule_find("LC-11") ? RULE_UNKNOWN : RULE_PASS),
                      "%s: %s", names[i], hits->items[j].detail);
        cr_assert(json_put(clear, "doc",
                           json_text_of("[{\"alg\":\"sha-256\",\"digest\":"
                                        "\"" SCENE_DIGEST "\"}]")) == ERR_OK);
        cr_assert(scene_labour(scene, "conclude", clear, NULL, NULL, NULL) == ERR_OK, "%s: %s",
                  names[i], scene->last.problem.detail);
        json_done(full);
        json_done(sample);
    }
    free(hits);
    end(scene);
}
