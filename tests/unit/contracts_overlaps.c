/* LC-11, overlapping contracts of one worker: every pair of terms, forms and employers, what follows a contract, corrections, and bounds. */
#include "contracts/labour.h"
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

/* A tag that stands for worker number `worker`; 0: none. */
static void put_tag(struct json *claims, unsigned worker) {
    uint8_t raw[32] = {(uint8_t)(worker >> 8), (uint8_t)worker};
    char text[44], tags[160];
    if (worker == 0) return;
    base64url_write(bytes_of(raw, 32), text);
    (void)snprintf(tags, sizeof tags, "{\"worker\":{\"d\":\"labour\",\"v\":1,\"t\":\"%s\"}}", text);
    cr_assert(json_put(claims, "tags", json_text_of(tags)) == ERR_OK);
}

struct contract {
    const char *iss, *act, *base, *over;
    unsigned worker;
    const uint8_t *ref, *replaces;
};

static enum err submit(struct scene *scene, struct contract contract, uint8_t *ret_id) {
    struct json *claims = json_over(contract.base, contract.over);
    bool acme = strcmp(contract.iss, "acme") == 0;
    put_tag(claims, contract.worker);
    if (contract.ref) json_put_id(claims, "ref", contract.ref);
    if (contract.replaces) json_put_id(claims, "replaces", contract.replaces);
    struct buf compact = scene_record(scene, claims, contract.iss, "labour-contract", contract.act,
                                      acme ? scene->acme : scene->zeta);
    if (ret_id) record_id_of(&compact, ret_id);
    return scene_submit(scene, compact);
}

static enum err conclude(struct scene *scene, const char *iss, unsigned worker, const char *first,
                         const char *last, const char *form, uint8_t *ret_id) {
    char over[256];
    (void)snprintf(over, sizeof over,
                   "{\"kind\":\"%s\",\"start\":\"%s\",\"end\":%s%s%s,\"form\":\"%s\","
                   "\"probation_months\":0}",
                   last ? "fixed" : "open", first, last ? "\"" : "", last ? last : "null",
                   last ? "\"" : "", form);
    struct contract contract = {iss, "conclude", SCENE_CONTRACT, over, worker, NULL, NULL};
    return submit(scene, contract, ret_id);
}

/* What LC-11 said of the last record: PASS is not told. */
static enum rule_result said(const struct scene *scene) {
    for (size_t i = 0; i < scene->last.hits.count; i++)
        if (strcmp(scene->last.hits.items[i].rule->id, "LC-11") == 0)
            return scene->last.hits.items[i].result;
    return RULE_PASS;
}

Test(contracts_overlaps, every_pair_of_terms_employers_and_forms_is_told_apart) {
    static const struct {
        const char *first, *last;
        bool meets; /* 2027-03-01 to 2027-06-30 */
    } terms[] = {{"2027-01-01", "2027-02-28", false}, {"2027-01-01", "2027-03-01", true},
                 {"2027-06-30", "2027-07-31", true},  {"2027-07-01", "2027-12-31", false},
                 {"2027-04-01", "2027-04-30", true},  {"2027-01-01", "2027-12-31", true},
                 {"2027-01-01", NULL, true},          {"2027-07-01", NULL, false}};
    static const char *const forms[] = {"full", "dispatch", "part"};
    unsigned worker = 0;
    struct scene *scene = begin();
    for (size_t t = 0; t < sizeof terms / sizeof terms[0]; t++) {
        for (size_t f = 0; f < 9; f++) {
            const char *one = forms[f / 3], *other = forms[f % 3];
            bool full = strcmp(one, "part") != 0 && strcmp(other, "part") != 0;
            worker++;
            cr_assert(conclude(scene, "acme", worker, "2027-03-01", "2027-06-30", one, NULL) ==
                      ERR_OK);
            cr_assert(said(scene) == RULE_PASS);
            enum rule_result expected = full && terms[t].meets ? RULE_RISK : RULE_PASS;
            cr_assert(conclude(scene, "zeta", worker, terms[t].first, terms[t].last, other, NULL) ==
                      ERR_OK);
            cr_assert(said(scene) == expected, "%zu %s %s", t, one, other);
            worker++;
            cr_assert(conclude(scene, "acme", worker, "2027-03-01", "2027-06-30", one, NULL) ==
                      ERR_OK);
            enum err err =
                conclude(scene, "acme", worker, terms[t].first, terms[t].last, other, NULL);
            cr_assert(err == (full && terms[t].meets ? ERR_RULE : ERR_OK), "%zu %s %s", t, one,
                      other);
            if (err) cr_assert_str_eq(scene->last.problem.rule, "LC-11");
        }
    }
    end(scene);
}

Test(contracts_overlaps, a_risk_opens_a_finding_that_does_not_name_the_other_employer) {
    struct scene *scene = begin();
    cr_assert(conclude(scene, "acme", 1, "2027-01-01", NULL, "full", NULL) == ERR_OK);
    cr_assert(conclude(scene, "zeta", 1, "2027-01-01", NULL, "full", NULL) == ERR_OK);
    cr_assert(scene->last.hits.count == 1 && scene->last.hits.items[0].has_finding);
    cr_assert(!strstr(scene->last.hits.items[0].detail, "acme"));
    cr_assert(strstr(scene->last.hits.items[0].detail, "1 full-time"));
    end(scene);
}

Test(contracts_overlaps, without_a_tag_nothing_can_be_compared) {
    struct scene *scene = begin();
    for (int i = 0; i < 2; i++) {
        cr_assert(conclude(scene, "acme", 0, "2027-01-01", NULL, "full", NULL) == ERR_OK);
        cr_assert(said(scene) == RULE_UNKNOWN);
    }
    for (unsigned worker = 1; worker < 4; worker++) {
        cr_assert(conclude(scene, "acme", worker, "2027-01-01", NULL, "full", NULL) == ERR_OK);
        cr_assert(said(scene) == RULE_PASS, "another worker");
    }
    end(scene);
}

#define AMEND                                                                                      \
    "{\"changed_fields\":[\"end\"],\"effective_date\":\"2027-02-01\",\"kind\":\"fixed\","          \
    "\"form\":\"full\",\"start\":\"2027-01-01\",\"end\":\"2027-12-31\",\"probation_months\":0}"
#define END "{\"reason_code\":\"44-1\",\"date\":\"2027-06-30\"}"

Test(contracts_overlaps, amendments_ends_and_their_corrections_move_the_term) {
    struct scene *scene = begin();
    uint8_t open[32], amended[32], ended[32], corrected[32];
    const char *next[] = {"2027-08-01", "2028-06-01"};
    cr_assert(conclude(scene, "acme", 1, "2027-01-01", "2027-07-31", "full", open) == ERR_OK);
    cr_assert(conclude(scene, "acme", 1, next[0], next[1], "full", NULL) == ERR_OK);
    struct contract amend = {"acme", "amend", AMEND, "{}", 0, open, NULL};
    cr_assert(submit(scene, amend, NULL) == ERR_RULE, "the amended term meets the next contract");
    amend.over = "{\"end\":\"2027-07-30\"}";
    cr_assert(submit(scene, amend, amended) == ERR_OK && said(scene) == RULE_PASS,
              "its own chain is no other contract, and the worker is known from it");
    cr_assert(conclude(scene, "acme", 1, "2027-07-30", "2027-07-31", "full", NULL) == ERR_RULE);
    cr_assert(conclude(scene, "acme", 1, "2027-07-31", "2027-07-31", "full", NULL) == ERR_OK);
    struct contract finish = {"acme", "end", END, "{}", 1, amended, NULL};
    cr_assert(submit(scene, finish, ended) == ERR_OK);
    cr_assert(conclude(scene, "acme", 1, "2027-06-30", "2027-07-01", "full", NULL) == ERR_RULE);
    cr_assert(conclude(scene, "acme", 1, "2027-07-01", "2027-07-01", "full", NULL) == ERR_OK,
              "the day after the end is free");
    struct contract correct = {"acme", "correct", END,  "{\"date\":\"2027-06-15\"}",
                               1,      ended,     ended};
    cr_assert(submit(scene, correct, corrected) == ERR_OK);
    cr_assert(conclude(scene, "acme", 1, "2027-06-16", "2027-06-30", "full", NULL) == ERR_OK);
    cr_assert(conclude(scene, "acme", 1, "2027-06-15", "2027-06-15", "full", NULL) == ERR_RULE);
    end(scene);
}

Test(contracts_overlaps, a_correction_changes_the_term_only_where_it_replaces_what_states_it) {
    struct scene *scene = begin();
    uint8_t open[32], amended[32], corrected[32];
    cr_assert(conclude(scene, "acme", 1, "2027-01-01", "2027-03-31", "full", open) == ERR_OK);
    struct contract amend = {"acme", "amend", AMEND, "{}", 0, open, NULL};
    cr_assert(submit(scene, amend, amended) == ERR_OK);
    struct contract correct = {"acme",
                               "correct",
                               SCENE_CONTRACT,
                               "{\"start\":\"2027-01-01\",\"end\":\"2027-02-28\","
                               "\"probation_months\":0}",
                               1,
                               amended,
                               open};
    cr_assert(submit(scene, correct, corrected) == ERR_OK);
    cr_assert(conclude(scene, "acme", 1, "2027-12-31", NULL, "full", NULL) == ERR_RULE,
              "the amendment still states the term");
    struct contract shorter = {"acme", "correct", AMEND,  "{\"end\":\"2027-11-30\"}",
                               0,      corrected, amended};
    cr_assert(submit(scene, shorter, NULL) == ERR_OK);
    cr_assert(conclude(scene, "acme", 1, "2027-12-01", NULL, "full", NULL) == ERR_OK);
    cr_assert(said(scene) == RULE_PASS);
    end(scene);
}

Test(contracts_overlaps, a_correction_of_the_conclusion_says_who_the_worker_is) {
    struct scene *scene = begin();
    uint8_t open[32], moved[32];
    struct contract amend = {"acme", "amend", AMEND, "{}", 2, open, NULL};
    cr_assert(conclude(scene, "acme", 1, "2027-01-01", NULL, "full", open) == ERR_OK);
    cr_assert(submit(scene, amend, NULL) == ERR_STATE, "no other act does");
    cr_assert_str_eq(scene->last.problem.pointer, "/tags");
    struct contract correct = {"acme", "correct", SCENE_CONTRACT, "{}", 2, open, open};
    cr_assert(submit(scene, correct, moved) == ERR_OK);
    cr_assert(conclude(scene, "acme", 1, "2027-01-01", NULL, "full", NULL) == ERR_OK);
    cr_assert(conclude(scene, "acme", 2, "2027-01-01", NULL, "full", NULL) == ERR_RULE);
    struct contract anonymous = {"acme", "correct", SCENE_CONTRACT, "{}", 0, moved, moved};
    cr_assert(submit(scene, anonymous, NULL) == ERR_OK && said(scene) == RULE_UNKNOWN);
    cr_assert(conclude(scene, "acme", 2, "2027-01-01", NULL, "full", NULL) == ERR_OK);
    end(scene);
}

Test(contracts_overlaps, a_tag_that_comes_late_is_joined_unless_the_contract_is_over) {
    struct scene *scene = begin();
    uint8_t open[32], over[32], ended[32];
    struct contract amend = {"acme", "amend", AMEND, "{}", 1, open, NULL};
    cr_assert(conclude(scene, "acme", 0, "2027-01-01", NULL, "full", open) == ERR_OK);
    cr_assert(submit(scene, amend, NULL) == ERR_OK && said(scene) == RULE_PASS);
    cr_assert(conclude(scene, "acme", 1, "2027-05-01", NULL, "full", NULL) == ERR_RULE);
    cr_assert(conclude(scene, "acme", 0, "2027-01-01", NULL, "full", over) == ERR_OK);
    struct contract finish = {"acme", "end", END, "{}", 1, over, NULL};
    cr_assert(submit(scene, finish, ended) == ERR_OK);
    struct contract correct = {"acme", "correct", SCENE_CONTRACT, "{}", 2, ended, over};
    cr_assert(submit(scene, correct, NULL) == ERR_OK && said(scene) == RULE_UNKNOWN);
    cr_assert(conclude(scene, "acme", 2, "2027-01-01", NULL, "full", NULL) == ERR_OK);
    end(scene);
}

Test(contracts_overlaps, a_full_row_keeps_the_contracts_that_end_last) {
    struct scene *scene = begin();
    char first[24], last[24];
    struct state_key key;
    bool there;
    uint8_t tag[32] = {0, 1};
    for (int i = 0; i < LABOUR_TERMS + 10; i++) {
        (void)snprintf(first, sizeof first, "%04d-01-01", 2027 + i);
        (void)snprintf(last, sizeof last, "%04d-12-31", 2027 + i);
        cr_assert(conclude(scene, "acme", 1, first, last, "full", NULL) == ERR_OK);
    }
    key = state_key_worker(tag);
    size_t at = memory_place(&scene->state, state_key_bytes(&key), &there);
    cr_assert(there && scene->state.rows[at].value.data[0] == LABOUR_TERMS);
    cr_assert(conclude(scene, "acme", 1, "2036-12-31", "2036-12-31", "full", NULL) == ERR_OK,
              "forgotten");
    cr_assert(conclude(scene, "acme", 1, "2038-01-01", "2038-01-01", "full", NULL) == ERR_RULE);
    end(scene);
}

Test(contracts_overlaps, rows_of_terms_have_these_bytes_and_stop_when_shortened) {
    struct scene *scene = begin();
    uint8_t tag[32] = {0, 7}, id[32], expected[200] = {1};
    bool there;
    cr_assert(conclude(scene, "acme", 7, "1970-01-02", "2027-07-31", "part", id) == ERR_OK);
    struct state_key key = state_key_worker(tag), of = state_key_worker_of(id);
    cr_assert(key.len == 34 && memcmp(key.data, "w ", 2) == 0 && memcmp(of.data, "W ", 2) == 0);
    memcpy(expected + 1, id, 32);
    memcpy(expected + 33, id, 32);
    memcpy(expected + 65, "\4acme\0\0\0\1\0\0\x52\x26\x7f\xff\xff\xff\1", 18);
    struct buf *row =
        &scene->state.rows[memory_place(&scene->state, state_key_bytes(&key), &there)].value;
    cr_assert(there && bytes_equal(buf_bytes(row), bytes_of(expected, 83)));
    size_t at = memory_place(&scene->state, state_key_bytes(&of), &there);
    cr_assert(there && bytes_equal(buf_bytes(&scene->state.rows[at].value), bytes_of(tag, 32)));
    struct buf compact = scene_record(scene, json_over(SCENE_CONTRACT, "{}"), "acme",
                                      "labour-contract", "conclude", scene->acme);
    buf_done(&compact);
    struct json *claims = json_text_of(SCENE_CONTRACT);
    put_tag(claims, 7);
    compact = scene_record(scene, claims, "zeta", "labour-contract", "conclude", scene->zeta);
    struct record *record = NULL;
    struct outcome *outcome = calloc(1, sizeof *outcome);
    cr_assert(record_parse(buf_bytes(&compact), &record, NULL) == ERR_OK);
    for (size_t len = row->len, i = 0; i <= len; i++) {
        row->len = i;
        cr_assert(machine_check(&scene->machine, memory_view(&scene->state), scene->tip.size,
                                scene->now_ms, record, true,
                                outcome) == (i == len ? ERR_OK : ERR_CORRUPT));
    }
    record_done(record);
    free(outcome);
    buf_done(&compact);
    end(scene);
}
