/* Lists: pages that are complete and hold nothing twice, cursors that cannot be made, filters against a naive model, findings, and that an absence can be shown. */
#include "tests/lib/readers.h"

#include "ledger/base/text.h"

static const char *text_of(const struct json *object, const char *name) {
    const char *text = json_text(json_member(object, name));
    return text ? text : "";
}

/* Walks all pages of a query and collects indices; grow: one more record goes in before each further page. */
static size_t walk(struct readers *r, const char *name, const char *path, const char *list,
                   const char *filters, unsigned limit, bool grow, uint64_t *ret, size_t max) {
    char query[512];
    size_t count = 0, pages = 0;
    (void)snprintf(query, sizeof query, "%s&limit=%u", filters, limit);
    for (;;) {
        struct json *page = readers_get(r, name, path, *query == '&' ? query + 1 : query);
        const struct json *items = json_member(page, list);
        cr_assert_leq(json_count(items), limit);
        for (size_t i = 0; i < json_count(items); i++) {
            cr_assert(count < max);
            ret[count++] = (uint64_t)json_number(json_at(items, i), "index");
        }
        const char *next = text_of(page, "next");
        (void)snprintf(query, sizeof query, "%s&limit=%u&after=%s", filters, limit, next);
        bool more = *next;
        json_done(page);
        cr_assert(++pages < 1000);
        if (!more) return count;
        if (grow && r->size < 60)
            (void)readers_contract(r, "acme", "conclude", "{}", NULL, (uint8_t)(100 + r->size));
    }
}

Test(api_lists, pages_of_every_length_hold_everything_once_in_order) {
    struct readers *r = readers_open(NULL);
    for (uint8_t i = 0; i < 12; i++)
        (void)readers_contract(r, i % 3 ? "acme" : "zeta", "conclude", "{}", NULL,
                               (uint8_t)(i + 1));
    uint64_t got[READERS_MAX];
    for (unsigned limit = 1; limit <= 20; limit++) {
        size_t count =
            walk(r, "court", "/v1/records", "records", "", limit, false, got, READERS_MAX);
        cr_assert_eq(count, r->size - 1, "limit %u: %zu", limit, count);
        for (size_t i = 0; i < count; i++) cr_assert_eq(got[i], i + 1);
        count = walk(r, "zeta", "/v1/records", "records", "", limit, false, got, READERS_MAX);
        cr_assert_eq(count, 4);
    }
    readers_close(r);
}

Test(api_lists, pages_are_complete_while_the_log_grows) {
    for (unsigned limit = 1; limit <= 7; limit += 2) {
        struct readers *r = readers_open(NULL);
        (void)readers_contract(r, "zeta", "conclude", "{}", NULL, 1);
        uint64_t got[READERS_MAX];
        size_t count =
            walk(r, "court", "/v1/records", "records", "", limit, true, got, READERS_MAX);
        cr_assert_eq(count, r->size - 1, "limit %u: %zu of %d", limit, count, (int)r->size - 1);
        for (size_t i = 0; i < count; i++) cr_assert_eq(got[i], i + 1);
        readers_close(r);
    }
}

/* Every filter, alone and together, against a walk over what was put in. */
Test(api_lists, filters_agree_with_a_naive_model) {
    struct readers *r = readers_open(NULL);
    uint64_t got[READERS_MAX];
    for (uint8_t i = 0; i < 20; i++) {
        r->host->now_ms += 1000;
        (void)readers_contract(r, i % 3 ? "acme" : "zeta", "conclude", "{}", NULL,
                               (uint8_t)(i + 1));
    }
    const char *const issuers[] = {NULL, "acme", "zeta", "fund", "registrar"};
    const char *const types[] = {NULL, "labour-contract", "benefit", "participant"};
    for (size_t a = 0; a < 5; a++) {
        for (size_t b = 0; b < 4; b++) {
            char filters[160];
            size_t want = 0, at = 0;
            (void)snprintf(filters, sizeof filters, "%s%s%s%s", issuers[a] ? "&issuer=" : "",
                           issuers[a] ? issuers[a] : "", types[b] ? "&type=" : "",
                           types[b] ? types[b] : "");
            size_t count =
                walk(r, "auditor", "/v1/records", "records", filters, 3, false, got, READERS_MAX);
            for (uint64_t i = 1; i < r->size; i++) {
                if (issuers[a] && strcmp(r->issuers[i], issuers[a]) != 0) continue;
                if (types[b] && strcmp(r->types[i], types[b]) != 0) continue;
                want++;
                cr_assert(at < count && got[at++] == i, "%s", filters);
            }
            cr_assert_eq(count, want, "%s", filters);
        }
    }
    readers_close(r);
}

Test(api_lists, a_page_tells_which_tree_it_is_of) {
    struct readers *r = readers_open(NULL);
    r->host->now_ms += 5000;
    (void)readers_contract(r, "acme", "conclude", "{}", NULL, 1);
    struct json *page = readers_get(r, "acme", "/v1/records", "limit=100");
    cr_expect_eq(json_number(page, "size"), (int64_t)r->size);
    cr_expect_eq(json_number(page, "time"), (int64_t)r->host->now_ms);
    json_done(page);
    readers_close(r);
}

/* An end that carries no tag stands in its worker's list all the same; another worker's does not. */
Test(api_lists, no_end_by_a_time_can_be_shown_by_the_workers_list) {
    struct readers *r = readers_open(NULL);
    char tag[44], query[64];
    uint64_t first = readers_contract(r, "acme", "conclude", "{}", NULL, 1);
    uint64_t second = readers_contract(r, "acme", "conclude", "{}", NULL, 2);
    uint64_t end = readers_contract(
        r, "acme", "rescind", "{\"reason_code\":\"36\",\"date\":\"2027-01-31\"}", r->ids[first], 0);
    readers_tag(1, tag);
    (void)snprintf(query, sizeof query, "tag=%s", tag);
    struct json *page = readers_get(r, "court", "/v1/records", query);
    const struct json *records = json_member(page, "records");
    cr_assert_eq(json_count(records), 2);
    cr_expect_eq(json_number(json_at(records, 0), "index"), (int64_t)first);
    cr_expect_eq(json_number(json_at(records, 1), "index"), (int64_t)end);
    cr_expect_str_eq(text_of(json_at(records, 1), "act"), "rescind");
    cr_expect_str_eq(text_of(json_at(records, 1), "opening"), text_of(json_at(records, 0), "id"));
    cr_expect_str_eq(text_of(json_at(records, 0), "status"), "ended");
    json_done(page);
    readers_tag(2, tag);
    (void)snprintf(query, sizeof query, "tag=%s", tag);
    page = readers_get(r, "acme", "/v1/records", query);
    cr_assert_eq(json_count(json_member(page, "records")), 1);
    cr_expect_eq(json_number(json_at(json_member(page, "records"), 0), "index"), (int64_t)second);
    json_done(page);
    page = readers_get(r, "zeta", "/v1/records", query);
    cr_expect_eq(json_count(json_member(page, "records")), 0, "not zeta's worker");
    json_done(page);
    readers_close(r);
}

/* A worker's own word about a contract: its employer reads it like its own records, another employer does not. */
Test(api_lists, what_a_holder_says_belongs_to_the_contracts_owner) {
    struct readers *r = readers_open(NULL);
    struct key_secret *worker = vector_key(KEY_ED25519, "worker");
    char uri[LIMIT_ID + 1], tag[44], path[128], query[64];
    struct json *cnf = json_new_object();
    host_put(cnf, "jwk", key_public_jwk(key_secret_public(worker)));
    struct buf text = json_bytes_of(cnf), over;
    buf_init(&over, 1024);
    cr_assert(buf_format(&over, "{\"cnf\":%.*s}", (int)text.len, text.data) == ERR_OK);
    uint64_t contract = readers_contract(r, "acme", "conclude", buf_text(&over), NULL, 1);
    (void)snprintf(uri, sizeof uri, RECORD_KEY_URI "%s", key_secret_public(worker)->kid);
    struct json *claims = host_claims(r->host, uri, "labour-contract", "acknowledge", ++r->number);
    json_put_id(claims, "ref", r->ids[contract]);
    struct buf payload = json_bytes_of(claims), jws;
    buf_init(&jws, LIMIT_RECORD);
    cr_assert(jws_sign(worker, JWS_TYP_RECORD, buf_bytes(&payload), &jws) == ERR_OK);
    readers_take(r, &jws, "worker", "labour-contract");
    uint64_t word = r->size - 1, got[READERS_MAX];
    cr_assert_eq(walk(r, "acme", "/v1/records", "records", "", 1, false, got, READERS_MAX), 2);
    cr_expect_eq(got[1], word);
    cr_expect_eq(walk(r, "zeta", "/v1/records", "records", "", 9, false, got, READERS_MAX), 0);
    readers_tag(1, tag);
    (void)snprintf(query, sizeof query, "&tag=%s", tag);
    cr_expect_eq(walk(r, "acme", "/v1/records", "records", query, 1, false, got, READERS_MAX), 2);
    readers_path("/v1/records/", r->ids[word], path);
    json_done(readers_get(r, "acme", path, NULL));
    reply_is_problem(readers_ask(r, "zeta", path, NULL), ERR_SCOPE);
    json_done(cnf);
    json_done(claims);
    buf_done(&text);
    buf_done(&over);
    buf_done(&payload);
    buf_done(&jws);
    key_secret_done(worker);
    readers_close(r);
}

Test(api_lists, times_are_of_the_ledger_and_both_ends_are_included) {
    struct readers *r = readers_open(NULL);
    uint64_t times[6], got[READERS_MAX];
    for (size_t i = 0; i < 6; i++) {
        r->host->now_ms += 3600000;
        times[i] = r->host->now_ms;
        (void)readers_contract(r, "acme", "conclude", "{}", NULL, (uint8_t)(i + 1));
    }
    for (size_t from = 0; from < 6; from++) {
        for (size_t to = from; to < 6; to++) {
            char filters[96];
            (void)snprintf(filters, sizeof filters, "&issuer=acme&from=%llu&to=%llu",
                           (unsigned long long)times[from], (unsigned long long)times[to]);
            size_t count =
                walk(r, "acme", "/v1/records", "records", filters, 2, false, got, READERS_MAX);
            cr_assert_eq(count, to - from + 1, "%s: %zu", filters, count);
            cr_assert_eq(got[0], r->size - 6 + from);
        }
    }
    struct json *page = readers_get(r, "acme", "/v1/records", "from=2026-11-24");
    cr_expect_eq(json_count(json_member(page, "records")), 0, "all on the 23rd in Shanghai");
    json_done(page);
    page = readers_get(r, "acme", "/v1/records", "from=2026-11-23&to=2026-11-23");
    cr_expect_eq(json_count(json_member(page, "records")), 6);
    json_done(page);
    readers_close(r);
}

/* -- cursors -- */

static void first_cursor(struct readers *r, const char *name, const char *path, const char *query,
                         char ret[128]) {
    struct json *page = readers_get(r, name, path, query);
    cr_assert(*text_of(page, "next"), "no second page");
    (void)snprintf(ret, 128, "%s", text_of(page, "next"));
    json_done(page);
}

static void expect_refused(struct readers *r, const char *name, const char *path,
                           const char *filters, const char *cursor) {
    char query[512];
    (void)snprintf(query, sizeof query, "%safter=%s", filters, cursor);
    reply_is_problem(readers_ask(r, name, path, query), ERR_REQUEST);
}

Test(api_lists, a_cursor_that_differs_in_one_bit_is_refused) {
    struct readers *r = readers_open(NULL);
    char cursor[128], text[128];
    first_cursor(r, "court", "/v1/records", "limit=2", cursor);
    uint8_t raw[44];
    cr_assert(base64url_decode_fixed(bytes_text(cursor), raw, sizeof raw) == ERR_OK);
    for (size_t bit = 0; bit < 8 * sizeof raw; bit++) {
        raw[bit / 8] ^= (uint8_t)(1u << bit % 8);
        base64url_write(bytes_of(raw, sizeof raw), text);
        expect_refused(r, "court", "/v1/records", "", text);
        raw[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    const char *const bad[] = {"", "A", "0", "null", "%00", "*"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        expect_refused(r, "court", "/v1/records", "", bad[i]);
    cursor[10] = 0;
    expect_refused(r, "court", "/v1/records", "", cursor);
    readers_close(r);
}

Test(api_lists, a_cursor_of_another_query_reader_route_or_process_is_refused) {
    struct readers *r = readers_open("LC-11");
    char cursor[128], query[256];
    (void)readers_contract(r, "acme", "conclude", "{}", NULL, 1);
    (void)readers_contract(r, "acme", "conclude", "{}", NULL, 1);
    (void)readers_contract(r, "acme", "conclude", "{}", NULL, 1);
    first_cursor(r, "court", "/v1/records", "type=labour-contract&limit=1", cursor);
    expect_refused(r, "auditor", "/v1/records", "type=labour-contract&", cursor);
    expect_refused(r, "court", "/v1/records", "", cursor);
    expect_refused(r, "court", "/v1/records", "type=participant&", cursor);
    expect_refused(r, "court", "/v1/records", "type=labour-contract&issuer=acme&", cursor);
    expect_refused(r, "court", "/v1/findings", "type=labour-contract&", cursor);
    (void)snprintf(query, sizeof query, "after=%s&type=labour-contract&limit=7", cursor);
    struct json *page = readers_get(r, "court", "/v1/records", query);
    cr_expect_eq(json_count(json_member(page, "records")), 2,
                 "another limit, another order: the same");
    json_done(page);
    r->host->api.cursor_key[0] ^= 1;
    expect_refused(r, "court", "/v1/records", "type=labour-contract&", cursor);
    readers_close(r);
}

Test(api_lists, parameters_of_wrong_form_are_refused) {
    struct readers *r = readers_open(NULL);
    const char *const bad[] = {"limit=0",
                               "limit=101",
                               "limit=x",
                               "limit=",
                               "type=",
                               "type=nothing",
                               "issuer=",
                               "issuer=%41",
                               "tag=",
                               "tag=AAAA",
                               "from=yesterday",
                               "to=",
                               "from=2026-02-30",
                               "from=99999999999999999999",
                               "to=-1"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct http_reply reply = readers_ask(r, "court", "/v1/records", bad[i]);
        cr_expect_eq(reply.status, 400, "%s: %d", bad[i], reply.status);
        http_reply_done(&reply);
    }
    const char *const worse[] = {"rule=", "rule=LC-99", "state=closed", "state="};
    for (size_t i = 0; i < sizeof worse / sizeof worse[0]; i++) {
        struct http_reply reply = readers_ask(r, "court", "/v1/findings", worse[i]);
        cr_expect_eq(reply.status, 400, "%s: %d", worse[i], reply.status);
        http_reply_done(&reply);
    }
    readers_close(r);
}

/* -- findings -- */

Test(api_lists, findings_come_oldest_first_by_rule_and_within_scope) {
    struct readers *r = readers_open("LC-11");
    uint64_t got[READERS_MAX];
    for (uint8_t i = 0; i < 9; i++)
        (void)readers_contract(r, i % 2 ? "acme" : "zeta", "conclude", "{}", NULL, 1);
    struct json *page = readers_get(r, "court", "/v1/findings", "rule=LC-11");
    const struct json *findings = json_member(page, "findings");
    cr_assert_eq(json_count(findings), 8, "the first met nobody");
    cr_expect_str_eq(text_of(json_at(findings, 0), "rule"), "LC-11");
    cr_expect_str_eq(text_of(json_at(findings, 0), "state"), "open");
    cr_expect(*text_of(json_at(findings, 0), "title_zh") && *text_of(json_at(findings, 0), "law"));
    for (size_t i = 0; i < 8; i++)
        cr_expect_eq(json_number(json_at(findings, i), "index"), (int64_t)(r->size - 8 + i));
    json_done(page);
    for (unsigned limit = 1; limit < 10; limit++) {
        cr_assert_eq(walk(r, "court", "/v1/findings", "findings", "&rule=LC-11&state=open", limit,
                          false, got, READERS_MAX),
                     8);
        cr_assert_eq(walk(r, "acme", "/v1/findings", "findings", "&rule=LC-11", limit, false, got,
                          READERS_MAX),
                     4);
        cr_assert_eq(
            walk(r, "fund", "/v1/findings", "findings", "", limit, false, got, READERS_MAX), 0);
        cr_assert_eq(walk(r, "court", "/v1/findings", "findings", "&issuer=zeta", limit, false, got,
                          READERS_MAX),
                     4);
    }
    readers_close(r);
}

/* A record that two rules flag has two findings, which a page may part. */
Test(api_lists, a_page_may_end_between_two_findings_of_one_record) {
    struct readers *r = readers_open("LC-03");
    uint64_t got[READERS_MAX];
    for (uint8_t i = 0; i < 4; i++) /* too long a probation, and one worker with two employers */
        (void)readers_contract(r, i % 2 ? "acme" : "zeta", "conclude",
                               "{\"end\":\"2027-11-30\",\"probation_months\":6}", NULL,
                               (uint8_t)(i / 2 + 1));
    size_t all = walk(r, "court", "/v1/findings", "findings", "", 100, false, got, READERS_MAX);
    cr_assert_gt(all, 3, "%zu", all);
    for (unsigned limit = 1; limit <= 6; limit++) {
        uint64_t again[READERS_MAX];
        cr_assert_eq(
            walk(r, "court", "/v1/findings", "findings", "", limit, false, again, READERS_MAX),
            all);
        cr_expect(memcmp(got, again, all * sizeof *got) == 0);
    }
    readers_close(r);
}
