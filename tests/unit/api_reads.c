/* Authorised reads of one record and of a contract on a day: what they tell, and to whom. The scopes of every route, as a table of who may see what. */
#include "tests/lib/readers.h"

#include "contracts/scopes.h"
#include "contracts/timeline.h"

static const char *text_of(const struct json *object, const char *name) {
    const char *text = json_text(json_member(object, name));
    return text ? text : "";
}

static bool flag_of(const struct json *object, const char *name) {
    bool flag = false;
    cr_assert(json_bool(json_member(object, name), &flag), "%s", name);
    return flag;
}

#define DETERMINE                                                                                  \
    "{\"item\":\"pension-monthly\",\"kind\":\"monthly\",\"start_period\":\"2026-12\","             \
    "\"basis\":\"社会保险法第十六条\",\"decided_at\":\"2026-11-20\",\"ceiling_months\":12}"
#define DISBURSE                                                                                   \
    "{\"item\":\"pension-monthly\",\"period\":\"2026-12\",\"batch_no\":\"P-1\",\"result\":"        \
    "\"paid\"}"

/* One of everything. */
static struct readers *everything(void) {
    struct readers *r = readers_open(NULL);
    (void)readers_contract(r, "acme", "conclude", "{}", NULL, 1);
    (void)readers_contract(r, "zeta", "conclude", "{}", NULL, 2);
    (void)readers_benefit(r, "determine", DETERMINE, NULL, 3);
    (void)readers_benefit(r, "disburse", DISBURSE, NULL, 3);
    return r;
}

/* -- scope, on every route -- */

Test(api_reads, each_record_is_told_to_those_who_may_see_it_and_to_nobody_else) {
    struct readers *r = everything();
    char path[128];
    for (size_t n = 0; n < READERS_NAMES; n++) {
        for (uint64_t i = 1; i < r->size; i++) {
            const char *name = readers_names[n];
            struct http_reply reply =
                readers_ask(r, name, readers_path("/v1/records/", r->ids[i], path), NULL);
            int expected = readers_may(r, name, i) ? 200 : 403;
            cr_expect_eq(reply.status, expected, "%s, record %d: %d", name, (int)i, reply.status);
            if (reply.status == 403)
                reply_is_problem(reply, ERR_SCOPE);
            else
                http_reply_done(&reply);
        }
    }
    readers_close(r);
}

Test(api_reads, each_contract_is_told_to_those_who_may_see_it_and_to_nobody_else) {
    struct readers *r = everything();
    char path[128];
    for (size_t n = 0; n < READERS_NAMES; n++) {
        for (uint64_t i = 1; i < r->size; i++) {
            const char *name = readers_names[n];
            struct http_reply reply =
                readers_ask(r, name, readers_path("/v1/contracts/", r->ids[i], path), NULL);
            bool dated = i < r->size - 1 && strcmp(r->types[i], "participant") != 0;
            int expected = !readers_may(r, name, i) ? 403 : dated ? 200 : 404;
            cr_expect_eq(reply.status, expected, "%s, record %d: %d", name, (int)i, reply.status);
            http_reply_done(&reply);
        }
    }
    readers_close(r);
}

Test(api_reads, lists_hold_exactly_what_their_reader_may_see) {
    struct readers *r = everything();
    for (size_t n = 0; n < READERS_NAMES; n++) {
        const char *name = readers_names[n];
        if (strcmp(name, "operator") == 0) {
            reply_is_problem(readers_ask(r, name, "/v1/records", NULL), ERR_SCOPE);
            reply_is_problem(readers_ask(r, name, "/v1/findings", NULL), ERR_SCOPE);
            reply_is_problem(readers_ask(r, name, "/v1/statistics", NULL), ERR_SCOPE);
            reply_is_problem(readers_ask(r, name, "/v1/events", NULL), ERR_SCOPE);
            continue;
        }
        struct json *page = readers_get(r, name, "/v1/records", NULL);
        const struct json *records = json_member(page, "records");
        size_t at = 0;
        for (uint64_t i = 1; i < r->size; i++) {
            if (!readers_may(r, name, i)) continue;
            cr_assert_eq(json_number(json_at(records, at++), "index"), (int64_t)i, "%s", name);
        }
        cr_expect_eq(json_count(records), at, "%s sees more", name);
        cr_expect_eq(json_number(page, "size"), (int64_t)r->size);
        cr_expect(!json_member(page, "next"));
        json_done(page);
    }
    readers_close(r);
}

/* Filters narrow a scope down; none widens it. */
Test(api_reads, filters_never_widen_a_scope) {
    struct readers *r = everything();
    char tag[44], query[96];
    readers_tag(2, tag);
    (void)snprintf(query, sizeof query, "tag=%s", tag);
    const char *const queries[] = {"type=labour-contract", "type=benefit", "type=participant",
                                   "from=2020-01-01",      query,          "limit=1"};
    for (size_t n = 0; n < READERS_NAMES; n++) {
        for (size_t q = 0; q < sizeof queries / sizeof queries[0]; q++) {
            struct http_reply reply = readers_ask(r, readers_names[n], "/v1/records", queries[q]);
            cr_assert(reply.status == 200 || reply.status == 403, "%d", reply.status);
            struct json *page = reply_json(&reply);
            const struct json *records = json_member(page, "records");
            for (size_t i = 0; i < json_count(records); i++) {
                uint64_t index = (uint64_t)json_number(json_at(records, i), "index");
                cr_assert(readers_may(r, readers_names[n], index), "%s sees %d by %s",
                          readers_names[n], (int)index, queries[q]);
            }
            json_done(page);
            http_reply_done(&reply);
        }
    }
    readers_close(r);
}

Test(api_reads, an_employer_may_not_ask_for_anothers) {
    struct readers *r = everything();
    reply_is_problem(readers_ask(r, "acme", "/v1/records", "issuer=zeta"), ERR_SCOPE);
    reply_is_problem(readers_ask(r, "registrar", "/v1/records", "type=benefit"), ERR_SCOPE);
    struct json *page = readers_get(r, "court", "/v1/records", "issuer=zeta");
    cr_expect_eq(json_count(json_member(page, "records")), 1);
    json_done(page);
    page = readers_get(r, "registrar", "/v1/records", "issuer=zeta");
    cr_expect_eq(json_count(json_member(page, "records")), 0, "only participants' records");
    json_done(page);
    readers_close(r);
}

Test(api_reads, every_route_needs_a_token) {
    struct readers *r = everything();
    char path[128];
    const char *const paths[] = {"/v1/records", "/v1/findings", "/v1/statistics", "/v1/events",
                                 readers_path("/v1/records/", r->ids[1], path)};
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        struct ask question = {.path = paths[i]};
        reply_is_problem(ask(r->host, question), ERR_TOKEN_MISSING);
    }
    readers_close(r);
}

/* -- one record -- */

Test(api_reads, a_record_comes_with_its_claims_chain_status_and_findings) {
    struct readers *r = readers_open("LC-11");
    uint64_t first = readers_contract(r, "acme", "conclude", "{}", NULL, 1);
    uint64_t second = readers_contract(
        r, "acme", "conclude", "{\"start\":\"2027-01-01\",\"probation_months\":0}", NULL, 1);
    uint64_t amend = readers_contract(
        r, "acme", "amend", "{\"changed_fields\":[\"post\"],\"effective_date\":\"2027-02-01\"}",
        r->ids[first], 0);
    char path[128];
    struct json *json =
        readers_get(r, "acme", readers_path("/v1/records/", r->ids[first], path), NULL);
    cr_expect_str_eq(text_of(json, "status"), "in_force");
    cr_expect_str_eq(text_of(json, "act_zh"), "订立");
    cr_expect_str_eq(text_of(json_member(json, "claims"), "kind"), "fixed");
    cr_expect_eq(json_count(json_member(json, "chain")), 2);
    cr_expect_eq(json_number(json_at(json_member(json, "chain"), 0), "index"), (int64_t)first);
    cr_expect_eq(json_number(json_at(json_member(json, "chain"), 1), "index"), (int64_t)amend);
    cr_expect_eq(json_count(json_member(json, "findings")), 0);
    struct record *record = NULL;
    cr_assert(record_parse(json_text_bytes(json_member(json, "record")), &record, NULL) == ERR_OK);
    cr_expect(memcmp(record->id, r->ids[first], 32) == 0);
    record_done(record);
    json_done(json);
    json = readers_get(r, "acme", readers_path("/v1/records/", r->ids[second], path), NULL);
    const struct json *finding = json_at(json_member(json, "findings"), 0);
    cr_assert(finding);
    cr_expect_str_eq(text_of(finding, "rule"), "LC-11");
    cr_expect_str_eq(text_of(finding, "record"), text_of(json, "id"));
    json_done(json);
    readers_close(r);
}

/* A chain can outgrow what is shown of it; its records stay readable. */
Test(api_reads, a_record_of_a_chain_beyond_the_limit_comes_with_the_newest_part_of_it) {
    struct readers *r = readers_open(NULL);
    uint64_t first = readers_contract(r, "acme", "conclude", "{}", NULL, 1), last = first;
    for (int i = 1; i <= TIMELINE_MAX; i++) {
        char path[128];
        bool is_cut = false;
        last = readers_contract(r, "acme", "amend",
                                "{\"changed_fields\":[\"post\"],\"effective_date\":\"2027-02-01\"}",
                                r->ids[last], 0);
        if (i < TIMELINE_MAX - 1) continue;
        struct json *json =
            readers_get(r, "acme", readers_path("/v1/records/", r->ids[first], path), NULL);
        const struct json *chain = json_member(json, "chain");
        (void)json_bool(json_member(json, "chain_truncated"), &is_cut);
        cr_expect_eq(is_cut, i == TIMELINE_MAX);
        cr_expect_eq(json_count(chain), TIMELINE_MAX);
        cr_expect_eq(json_number(json_at(chain, 0), "index"), (int64_t)first + is_cut);
        cr_expect_eq(json_number(json_at(chain, TIMELINE_MAX - 1), "index"), (int64_t)last);
        cr_expect(json_member(json, "record") && json_member(json, "claims"));
        cr_expect(json_member(json, "findings") && json_member(json, "head"));
        cr_expect_str_eq(text_of(json, "status"), "in_force");
        json_done(json);
        struct http_reply reply =
            readers_ask(r, "acme", readers_path("/v1/contracts/", r->ids[first], path), NULL);
        cr_expect_eq(reply.status, is_cut ? 413 : 200);
        if (is_cut)
            reply_is_problem(reply, ERR_TOO_LARGE);
        else
            http_reply_done(&reply);
    }
    readers_close(r);
}

Test(api_reads, what_is_not_there_and_what_is_not_final_are_told_apart) {
    struct readers *r = readers_open(NULL);
    char path[128];
    uint8_t nobody[32] = {1};
    reply_is_problem(readers_ask(r, "court", readers_path("/v1/records/", nobody, path), NULL),
                     ERR_NOT_FOUND);
    reply_is_problem(readers_ask(r, "court", "/v1/records/xyz", NULL), ERR_NOT_FOUND);
    r->host->is_unpublished = true;
    struct json *claims = host_claims(r->host, "acme", "labour-contract", "conclude", 999);
    struct json *own = json_text_of(SCENE_CONTRACT);
    for (void *at = json_first(own); at; at = json_next(own, at))
        host_put(claims, json_name_at(at), json_clone(json_value_at(at)));
    json_done(own);
    struct buf jws = host_sign(claims, KEY_ES256K, "acme");
    uint8_t id[32];
    record_id_of(&jws, id);
    cr_assert_eq(ask_status(r->host, ask_post(&jws)), 202);
    buf_done(&jws);
    reply_is_problem(readers_ask(r, "acme", readers_path("/v1/records/", id, path), NULL),
                     ERR_NOT_FINAL);
    reply_is_problem(readers_ask(r, "acme", readers_path("/v1/contracts/", id, path), NULL),
                     ERR_NOT_FINAL);
    struct json *page = readers_get(r, "acme", "/v1/records", NULL);
    cr_expect_eq(json_count(json_member(page, "records")), 0, "not final: in no list");
    json_done(page);
    r->host->is_unsigned = true;
    reply_is_problem(readers_ask(r, "acme", "/v1/records", NULL), ERR_NOT_FINAL);
    readers_close(r);
}

/* -- a contract on a day -- */

struct on {
    const char *day;
    const char *status;
    const char *end; /* of the terms; NULL: not looked at */
};

static void expect_on(struct readers *r, const char *name, const uint8_t id[32],
                      const struct on *days, size_t count) {
    char path[128], query[32];
    readers_path("/v1/contracts/", id, path);
    for (size_t i = 0; i < count; i++) {
        (void)snprintf(query, sizeof query, "on=%s", days[i].day);
        struct json *json = readers_get(r, name, path, query);
        cr_expect_str_eq(text_of(json, "status"), days[i].status, "%s: %s", days[i].day,
                         text_of(json, "status"));
        cr_expect_eq(flag_of(json, "in_force"), strcmp(days[i].status, "in_force") == 0);
        if (days[i].end)
            cr_expect_str_eq(text_of(json_member(json, "terms"), "end"), days[i].end, "%s",
                             days[i].day);
        cr_expect_str_eq(text_of(json, "on"), days[i].day);
        json_done(json);
    }
}

Test(api_reads, a_contract_is_what_its_records_make_it_on_each_boundary_day) {
    struct readers *r = readers_open(NULL);
    uint64_t conclude = readers_contract(r, "acme", "conclude", "{}", NULL, 1);
    uint64_t amend = readers_contract(
        r, "acme", "amend",
        "{\"changed_fields\":[\"end\"],\"effective_date\":\"2027-06-01\",\"kind\":\"fixed\","
        "\"form\":\"full\",\"start\":\"2026-12-01\",\"end\":\"2031-11-30\",\"probation_months\":6}",
        r->ids[conclude], 0);
    struct on before[] = {
        {"2026-11-30", "pending", "2029-11-30"},  {"2026-12-01", "in_force", "2029-11-30"},
        {"2027-05-31", "in_force", "2029-11-30"}, {"2027-06-01", "in_force", "2031-11-30"},
        {"2031-11-30", "in_force", "2031-11-30"}, {"2031-12-01", "ended", "2031-11-30"}};
    expect_on(r, "acme", r->ids[conclude], before, 6);
    expect_on(r, "court", r->ids[amend], before, 6);
    uint64_t rescind = readers_contract(
        r, "acme", "rescind", "{\"reason_code\":\"36\",\"date\":\"2028-03-15\"}", r->ids[amend], 0);
    struct on after[] = {{"2028-03-15", "in_force", NULL},
                         {"2028-03-16", "ended", NULL},
                         {"2031-12-01", "ended", NULL}};
    expect_on(r, "acme", r->ids[conclude], after, 3);
    /* The amendment took effect a month later, and the rescission a day earlier: both are corrected. */
    uint64_t fixed = readers_put(
        r, (struct act){.issuer = "acme",
                        .type = "labour-contract",
                        .act = "correct",
                        .base = "{\"changed_fields\":[\"end\"],\"effective_date\":\"2027-07-01\","
                                "\"kind\":\"fixed\",\"form\":\"full\",\"start\":\"2026-12-01\","
                                "\"end\":\"2031-11-30\",\"probation_months\":6}",
                        .ref = r->ids[rescind],
                        .replaces = r->ids[amend]});
    (void)readers_put(r, (struct act){.issuer = "acme",
                                      .type = "labour-contract",
                                      .act = "correct",
                                      .base = "{\"reason_code\":\"36\",\"date\":\"2028-03-14\"}",
                                      .ref = r->ids[fixed],
                                      .replaces = r->ids[rescind]});
    struct on corrected[] = {{"2027-06-01", "in_force", "2029-11-30"},
                             {"2027-06-30", "in_force", "2029-11-30"},
                             {"2027-07-01", "in_force", "2031-11-30"},
                             {"2028-03-14", "in_force", "2031-11-30"},
                             {"2028-03-15", "ended", "2031-11-30"}};
    expect_on(r, "acme", r->ids[conclude], corrected, 5);
    readers_close(r);
}

Test(api_reads, each_record_of_a_contract_says_whether_it_applies) {
    struct readers *r = readers_open(NULL);
    uint64_t conclude = readers_contract(r, "acme", "conclude", "{}", NULL, 1);
    uint64_t amend =
        readers_contract(r, "acme", "amend",
                         "{\"changed_fields\":[\"wage_amount\"],\"effective_date\":\"2027-06-01\"}",
                         r->ids[conclude], 0);
    (void)readers_put(
        r, (struct act){
               .issuer = "acme",
               .type = "labour-contract",
               .act = "correct",
               .base = "{\"changed_fields\":[\"wage_amount\"],\"effective_date\":\"2027-01-01\"}",
               .ref = r->ids[amend],
               .replaces = r->ids[amend]});
    char path[128];
    struct json *json = readers_get(r, "acme", readers_path("/v1/contracts/", r->ids[amend], path),
                                    "on=2027-01-01");
    const struct json *records = json_member(json, "records");
    cr_assert_eq(json_count(records), 3);
    cr_expect(flag_of(json_at(records, 0), "applies"));
    cr_expect(!flag_of(json_at(records, 1), "applies"), "it was replaced");
    cr_expect(flag_of(json_at(records, 2), "applies"));
    cr_expect_str_eq(text_of(json_at(records, 1), "replaced_by"),
                     text_of(json_at(records, 2), "id"));
    cr_expect_str_eq(text_of(json_at(records, 2), "effective"), "2027-01-01");
    cr_expect_str_eq(text_of(json_at(records, 2), "of"), "amend");
    cr_expect_str_eq(json_text(json_at(json_member(json_at(records, 2), "changed_fields"), 0)),
                     "wage_amount");
    cr_expect_str_eq(text_of(json, "id"), text_of(json_at(records, 0), "id"));
    json_done(json);
    json = readers_get(r, "acme", path, "on=2026-12-31");
    cr_expect(!flag_of(json_at(json_member(json, "records"), 2), "applies"), "not yet");
    json_done(json);
    reply_is_problem(readers_ask(r, "acme", path, "on=2027-02-30"), ERR_REQUEST);
    reply_is_problem(readers_ask(r, "acme", path, "on="), ERR_REQUEST);
    json = readers_get(r, "acme", path, NULL);
    cr_expect_str_eq(text_of(json, "on"), "2026-11-23", "today in Shanghai");
    json_done(json);
    readers_close(r);
}

Test(api_reads, a_determination_is_suspended_resumed_and_terminated_by_the_month) {
    struct readers *r = readers_open(NULL);
    uint64_t determine = readers_benefit(r, "determine", DETERMINE, NULL, 3);
    uint64_t suspend =
        readers_benefit(r, "suspend", "{\"from_period\":\"2027-02\",\"reason\":\"under-review\"}",
                        r->ids[determine], 3);
    struct on first[] = {{"2026-11-30", "pending", NULL},   {"2026-12-01", "in_force", NULL},
                         {"2027-01-31", "in_force", NULL},  {"2027-02-01", "suspended", NULL},
                         {"2027-11-30", "suspended", NULL}, {"2027-12-01", "ended", NULL}};
    expect_on(r, "fund", r->ids[suspend], first, 6);
    uint64_t resume = readers_benefit(
        r, "resume", "{\"from_period\":\"2027-04\",\"reason\":\"cleared\"}", r->ids[suspend], 3);
    (void)readers_benefit(r, "terminate", "{\"from_period\":\"2027-06\",\"reason\":\"death\"}",
                          r->ids[resume], 3);
    struct on last[] = {{"2027-03-31", "suspended", NULL},
                        {"2027-04-01", "in_force", NULL},
                        {"2027-05-31", "in_force", NULL},
                        {"2027-06-01", "ended", NULL}};
    expect_on(r, "court", r->ids[determine], last, 4);
    readers_close(r);
}
