/* POST /v1/records: what is taken, what is refused and how, how long it waits, and that sending again gives the same leaf. */
#include "tests/lib/host.h"

#include "api/client.h"
#include "api/metrics.h"
#include "api/server.h"

static struct buf admit(struct host *host, const char *id, uint64_t number) {
    return host_admit(host, "registrar", KEY_ED25519, id, ROLE_EMPLOYER, KEY_ES256K, number);
}

static void id_of(const struct buf *jws, char ret[65]) {
    uint8_t id[32];
    const uint8_t *dot = memrchr(jws->data, '.', jws->len);
    sha256(bytes_of(jws->data, (size_t)(dot - jws->data)), id);
    hex_encode(bytes_of(id, 32), ret);
}

static void text_is(const struct json *object, const char *name, const char *want) {
    const char *text = json_text(json_member(object, name));
    cr_assert(text, "%s is missing", name);
    cr_assert_str_eq(text, want);
}

/* -- 201 -- */

Test(api_records, a_record_becomes_a_leaf_and_comes_back_with_its_receipt) {
    struct host *host = host_open();
    struct buf jws = admit(host, "newcomer", 1);
    char id[65], location[128];
    struct http_reply reply = ask(host, ask_post(&jws));
    struct json *body = reply_json(&reply);
    id_of(&jws, id);
    (void)snprintf(location, sizeof location, "/v1/records/%s/receipt", id);
    cr_assert_eq(reply.status, 201, "%s", json_text(json_member(body, "detail")));
    cr_assert_str_eq(reply_header(&reply, "Location"), location);
    cr_assert_str_eq(reply_header(&reply, "X-Qizheng-Size"), "2");
    text_is(body, "id", id);
    cr_assert(json_number(body, "index") == 1 && json_number(body, "size") == 2);
    cr_assert_eq(json_number(body, "time"), (int64_t)host->tip.time_ms);
    cr_assert(json_kind(json_member(body, "findings")) == JSON_KIND_ARRAY);
    const struct json *receipt = json_member(body, "receipt");
    struct bytes record = json_text_bytes(json_member(receipt, "record"));
    cr_assert(record.len == jws.len + 1 && !memcmp(record.data, jws.data, jws.len));
    cr_assert_eq(host->waited_ms, 10000);
    cr_assert(host->submitted == 1 && host->released == 1);
    json_done(body);
    http_reply_done(&reply);
    buf_done(&jws);
    host_close(host);
}

Test(api_records, an_sd_jwt_without_disclosures_is_the_same_record) {
    struct host *host = host_open();
    struct buf jws = admit(host, "newcomer", 1);
    cr_assert(buf_add_byte(&jws, '~') == ERR_OK);
    struct ask question = ask_post(&jws);
    question.type = "application/sd-jwt";
    cr_assert_eq(ask_status(host, question), 201);
    jws.len--;
    cr_assert_eq(ask_status(host, ask_post(&jws)), 200);
    buf_done(&jws);
    host_close(host);
}

/* -- again -- */

Test(api_records, the_same_record_again_is_200_with_the_same_leaf) {
    struct host *host = host_open();
    struct buf jws = admit(host, "newcomer", 1);
    struct http_reply first = ask(host, ask_post(&jws)), again = ask(host, ask_post(&jws));
    struct json *a = reply_json(&first), *b = reply_json(&again);
    cr_assert(first.status == 201 && again.status == 200);
    cr_assert_eq(json_number(b, "index"), 1);
    cr_assert(json_same(json_member(a, "receipt"), json_member(b, "receipt")));
    cr_assert(!json_member(b, "findings"), "nothing was judged the second time");
    cr_assert(host->submitted == 1 && metric_get(METRIC_RECORDS_KNOWN) == 1);
    cr_assert_eq(store_current(host->store).size, 2);
    json_done(a);
    json_done(b);
    http_reply_done(&first);
    http_reply_done(&again);
    buf_done(&jws);
    host_close(host);
}

/* Who knows the signing input alone gets nothing: the record's signature is the submission's authentication. */
Test(api_records, a_known_record_with_a_false_signature_is_refused) {
    struct host *host = host_open();
    struct buf jws = admit(host, "newcomer", 1), other;
    cr_assert_eq(ask_status(host, ask_post(&jws)), 201);
    buf_init(&other, LIMIT_RECORD);
    cr_assert(buf_add(&other, buf_bytes(&jws)) == ERR_OK);
    other.data[other.len - 20] = other.data[other.len - 20] == 'A' ? 'B' : 'A';
    cr_assert_eq(ask_status(host, ask_post(&other)), 400);
    cr_assert_eq(ask_status(host, ask_post(&jws)), 200);
    buf_done(&jws);
    buf_done(&other);
    host_close(host);
}

Test(api_records, a_known_record_that_is_not_final_waits_like_any_other) {
    struct host *host = host_open();
    struct buf jws = admit(host, "newcomer", 1);
    host->is_unpublished = true;
    cr_assert_eq(ask_status(host, ask_post(&jws)), 202);
    struct ask question = ask_post(&jws);
    question.prefer = "wait=3";
    struct http_reply reply = ask(host, question);
    cr_assert(reply.status == 202 && host->waited_ms == 3000);
    http_reply_done(&reply);
    host_publish(host);
    cr_assert_eq(ask_status(host, question), 200);
    buf_done(&jws);
    host_close(host);
}

/* -- 202 -- */

Test(api_records, a_wait_that_runs_out_is_202_received) {
    struct host *host = host_open();
    struct buf jws = admit(host, "newcomer", 1);
    char id[65];
    host->is_held = true;
    struct http_reply reply = ask(host, ask_post(&jws));
    struct json *body = reply_json(&reply);
    id_of(&jws, id);
    cr_assert(reply.status == 202 && host->waited_ms == 10000 && host->released == 1);
    text_is(body, "status", "received");
    text_is(body, "id", id);
    cr_assert_str_eq(reply_header(&reply, "Retry-After"), "1");
    cr_assert(strstr(reply_header(&reply, "Location"), id));
    cr_assert_eq(json_number(body, "size"), 1);
    json_done(body);
    http_reply_done(&reply);
    buf_done(&jws);
    host_close(host);
}

Test(api_records, prefer_chooses_the_wait_within_bounds) {
    static const struct {
        const char *prefer, *applied;
        uint64_t waited_ms;
    } cases[] = {
        {"respond-async", "respond-async", 0},
        {"wait=0", "wait=0", 0},
        {"wait=5", "wait=5", 5000},
        {"wait=600", "wait=60", 60000},
        {"wait=18446744073709551615", "wait=60", 60000},
        {"respond-async, wait=2", "respond-async, wait=2", 2000},
        {"wait=x", "", 10000},
        {"return=minimal", "", 10000},
    };
    struct host *host = host_open();
    host->is_held = true;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct buf jws = admit(host, "newcomer", i + 1);
        struct ask question = ask_post(&jws);
        question.prefer = cases[i].prefer;
        host->waited_ms = 0;
        struct http_reply reply = ask(host, question);
        cr_assert_eq(reply.status, 202, "%s", cases[i].prefer);
        cr_assert_eq(host->waited_ms, cases[i].waited_ms, "%s", cases[i].prefer);
        cr_assert_str_eq(reply_header(&reply, "Preference-Applied"), cases[i].applied);
        http_reply_done(&reply);
        buf_done(&jws);
    }
    host_close(host);
}

/* -- media types and form -- */

Test(api_records, other_media_types_are_415) {
    static const char *const types[] = {NULL,
                                        "",
                                        "application/json",
                                        "text/plain",
                                        "application/jwt",
                                        "application/josef",
                                        "application/dc+sd-jwt",
                                        "*/*"};
    struct host *host = host_open();
    struct buf jws = admit(host, "newcomer", 1);
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        struct ask question = ask_post(&jws);
        question.type = types[i];
        reply_is_problem(ask(host, question), ERR_MEDIA_TYPE);
    }
    struct ask question = ask_post(&jws);
    question.type = "Application/JOSE; charset=us-ascii";
    cr_assert_eq(ask_status(host, question), 201);
    buf_done(&jws);
    host_close(host);
}

Test(api_records, a_disclosure_is_refused_under_either_type) {
    struct host *host = host_open();
    struct buf jws = admit(host, "newcomer", 1);
    cr_assert(buf_add_text(&jws, "~WyJzYWx0IiwibmFtZSIsInZhbHVlIl0~") == ERR_OK);
    struct ask question = ask_post(&jws);
    question.type = "application/sd-jwt";
    reply_is_problem(ask(host, question), ERR_DISCLOSURE_SUBMITTED);
    question.type = "application/jose";
    reply_is_problem(ask(host, question), ERR_DISCLOSURE_SUBMITTED);
    cr_assert_eq(host->submitted, 0);
    buf_done(&jws);
    host_close(host);
}

Test(api_records, an_sd_jwt_ends_in_a_tilde) {
    struct host *host = host_open();
    struct buf jws = admit(host, "newcomer", 1);
    struct ask question = ask_post(&jws);
    question.type = "application/sd-jwt";
    reply_is_problem(ask(host, question), ERR_JWS);
    buf_done(&jws);
    host_close(host);
}

Test(api_records, what_is_no_record_is_refused_by_form) {
    static const struct {
        const char *body;
        enum err err;
    } cases[] = {{"", ERR_JWS},        {"x", ERR_JWS},  {"a.b", ERR_JWS},
                 {"a.b.c.d", ERR_JWS}, {"..", ERR_JWS}, {"{\"payload\":\"\"}", ERR_JWS}};
    struct host *host = host_open();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct ask question = {.method = "POST",
                               .path = "/v1/records",
                               .type = "application/jose",
                               .body = bytes_text(cases[i].body)};
        struct http_reply reply = ask(host, question);
        cr_assert_eq(reply.status, 400, "%s: %d", cases[i].body, reply.status);
        http_reply_done(&reply);
    }
    static char large[LIMIT_RECORD + 2];
    memset(large, 'a', sizeof large - 1);
    struct ask question = {.method = "POST",
                           .path = "/v1/records",
                           .type = "application/jose",
                           .body = bytes_text(large)};
    reply_is_problem(ask(host, question), ERR_TOO_LARGE);
    cr_assert_eq(host->submitted, 0);
    host_close(host);
}

/* -- refused by the machine, before anything is queued -- */

static void refused(struct host *host, struct json *claims, enum key_alg alg, const char *signer,
                    enum err err) {
    struct buf jws = host_sign(claims, alg, signer);
    reply_is_problem(ask(host, ask_post(&jws)), err);
    cr_assert_eq(host->submitted, 0);
    buf_done(&jws);
}

static struct json *claims_of(struct host *host, const char *issuer) {
    struct json *claims = host_claims(host, issuer, "participant", "admit", 1);
    struct json *participant = host_participant("newcomer", ROLE_EMPLOYER, KEY_ES256K);
    for (void *at = json_first(participant); at; at = json_next(participant, at)) {
        host_put(claims, json_name_at(at), json_clone(json_value_at(at)));
    }
    json_done(participant);
    return claims;
}

Test(api_records, the_machines_refusals_reach_the_submitter_at_once) {
    struct host *host = host_open();
    refused(host, claims_of(host, "nobody"), KEY_ED25519, "nobody", ERR_ISSUER_UNKNOWN);
    refused(host, claims_of(host, "acme"), KEY_ES256K, "acme", ERR_ROLE);
    struct json *claims = claims_of(host, "registrar");
    host_put(claims, "aud",
             json_new_text("0000000000000000000000000000000000000000000000000000000000000000"));
    refused(host, claims, KEY_ED25519, "registrar", ERR_AUDIENCE);
    claims = claims_of(host, "registrar");
    host_put(claims, "iat", json_new_int(HOST_NOW_MS / 1000 + 301));
    refused(host, claims, KEY_ED25519, "registrar", ERR_WINDOW);
    claims = claims_of(host, "registrar");
    host_put(claims, "note", json_new_text("11010519491231002X"));
    struct buf jws = host_sign(claims, KEY_ED25519, "registrar");
    struct http_reply reply = ask(host, ask_post(&jws));
    cr_assert_eq(reply.status, 422);
    http_reply_done(&reply);
    buf_done(&jws);
    host_close(host);
}

Test(api_records, a_bad_signature_is_refused_and_never_queued) {
    struct host *host = host_open();
    struct buf jws = admit(host, "newcomer", 1);
    jws.data[jws.len - 20] = jws.data[jws.len - 20] == 'A' ? 'B' : 'A';
    reply_is_problem(ask(host, ask_post(&jws)), ERR_SIGNATURE_INVALID);
    cr_assert(host->submitted == 0 && store_current(host->store).size == 1);
    buf_done(&jws);
    host_close(host);
}

/* -- refused by the host -- */

Test(api_records, the_hosts_refusals_say_when_to_come_back) {
    static const struct {
        enum err err;
        int status;
        const char *after;
    } cases[] = {{ERR_QUEUE_FULL, 429, "1"}, {ERR_DRAINING, 503, "5"}, {ERR_DISK_FULL, 503, "5"},
                 {ERR_NO_ORDER, 503, "5"},   {ERR_DIVERGED, 503, ""},  {ERR_NO_MEMORY, 503, "5"}};
    struct host *host = host_open();
    struct buf jws = admit(host, "newcomer", 1);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        host->submit_err = cases[i].err;
        struct http_reply reply = ask(host, ask_post(&jws));
        cr_assert_eq(reply.status, cases[i].status);
        cr_assert_str_eq(reply_header(&reply, "Retry-After"), cases[i].after);
        reply_is_problem(reply, cases[i].err);
    }
    cr_assert_eq(host->released, 0);
    host->submit_err = ERR_OK;
    cr_assert_eq(ask_status(host, ask_post(&jws)), 201);
    buf_done(&jws);
    host_close(host);
}

/* Both fit the snapshot; the order takes another one first. */
Test(api_records, a_refusal_in_the_order_reaches_the_submitter) {
    struct host *host = host_open();
    struct buf first = admit(host, "newcomer", 1), second = admit(host, "newcomer", 2);
    host->ahead = &first;
    reply_is_problem(ask(host, ask_post(&second)), ERR_STATE);
    cr_assert(host->submitted == 1 && host->released == 1);
    cr_assert_eq(store_current(host->store).size, 2);
    buf_done(&first);
    buf_done(&second);
    host_close(host);
}

Test(api_records, a_record_that_the_order_knew_already_is_200) {
    struct host *host = host_open();
    struct buf jws = admit(host, "newcomer", 1);
    host->ahead = &jws;
    struct http_reply reply = ask(host, ask_post(&jws));
    struct json *body = reply_json(&reply);
    cr_assert(reply.status == 200 && json_number(body, "index") == 1);
    cr_assert(store_current(host->store).size == 2 && host->released == 1);
    json_done(body);
    http_reply_done(&reply);
    buf_done(&jws);
    host_close(host);
}

/* -- rules -- */

static struct http_reply admit_with_wrong_uscc(struct host *host) {
    struct json *claims = claims_of(host, "registrar");
    host_put(claims, "uscc", json_new_text("91350100M000100Y44"));
    struct buf jws = host_sign(claims, KEY_ED25519, "registrar");
    struct http_reply reply = ask(host, ask_post(&jws));
    buf_done(&jws);
    return reply;
}

Test(api_records, a_rule_that_rejects_names_itself_and_the_law) {
    struct host *host = host_open();
    struct http_reply reply = admit_with_wrong_uscc(host);
    struct json *body = reply_json(&reply);
    cr_assert_eq(reply.status, 409);
    text_is(body, "code", "rule");
    text_is(body, "rule", "LC-23");
    text_is(body, "law", rule_find("LC-23")->law);
    cr_assert_eq(host->submitted, 0);
    json_done(body);
    http_reply_done(&reply);
    host_close(host);
}

Test(api_records, a_rule_that_flags_lets_the_record_in_with_its_finding) {
    struct host *host = host_open_flagging("LC-23");
    struct http_reply reply = admit_with_wrong_uscc(host);
    struct json *body = reply_json(&reply);
    const struct json *finding = json_at(json_member(body, "findings"), 0);
    cr_assert_eq(reply.status, 201);
    text_is(finding, "rule", "LC-23");
    text_is(finding, "result", "FAIL");
    text_is(finding, "result_zh", "不符合");
    cr_assert(json_text(json_member(finding, "finding")));
    json_done(body);
    http_reply_done(&reply);
    host_close(host);
}

/* -- all the way: sockets, civetweb's small stacks, the order, the store, the verifier -- */

Test(api_records, a_record_goes_through_the_real_server_and_back) {
    struct host *host = host_open();
    struct server_options options = {"127.0.0.1:0", 4, 5000, NULL};
    struct server *server = NULL;
    struct client *client = NULL;
    static const char *const headers[] = {"Content-Type: application/jose", NULL};
    char url[64];
    cr_assert(server_start(&options, &host->api, &server, NULL) == ERR_OK);
    (void)snprintf(url, sizeof url, "http://127.0.0.1:%u", server_port(server));
    cr_assert(client_open(url, NULL, 5000, &client, NULL) == ERR_OK);
    for (uint64_t i = 1; i <= 20; i++) {
        char id[32];
        (void)snprintf(id, sizeof id, "newcomer-%llu", (unsigned long long)i);
        struct buf jws = admit(host, id, i), text;
        struct client_reply reply;
        struct json *body = NULL;
        cr_assert(client_call(client, "POST", "/v1/records", headers, buf_bytes(&jws),
                              LIMIT_HTTP_REPLY, &reply, NULL) == ERR_OK);
        cr_assert(reply.status == 201 && reply.location[0]);
        cr_assert(json_parse(buf_bytes(&reply.body), &body, NULL) == ERR_OK);
        cr_assert_eq(json_number(body, "index"), (int64_t)i);
        client_reply_done(&reply);
        buf_init(&text, LIMIT_RECEIPT + 100);
        cr_assert(buf_add_text(&text, "{\"receipt\":") == ERR_OK);
        cr_assert(json_format(json_member(body, "receipt"), &text) == ERR_OK);
        cr_assert(buf_add_text(&text, "}") == ERR_OK);
        json_done(body);
        static const char *const json_type[] = {"Content-Type: application/json", NULL};
        cr_assert(client_call(client, "POST", "/v1/verifications", json_type, buf_bytes(&text),
                              LIMIT_HTTP_REPLY, &reply, NULL) == ERR_OK);
        cr_assert(reply.status == 200 && buf_text(&reply.body));
        cr_assert(strstr((const char *)reply.body.data, "\"outcome\":\"valid\""));
        client_reply_done(&reply);
        buf_done(&text);
        buf_done(&jws);
    }
    client_close(client);
    server_stop(server);
    host_close(host);
}
