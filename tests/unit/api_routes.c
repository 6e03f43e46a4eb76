/* Routing and the plain reads: which paths there are and which are none, methods, HEAD, CORS, queries, the C2SP log, the registry, health. */
#include "tests/lib/host.h"

#include "api/metrics.h"

/* -- what every path has in common -- */

struct known {
    const char *path;
    bool is_post, is_open, is_both;
    int status; /* of the plain request */
};

#define ID64 "00000000000000000000000000000000000000000000000000000000000000aa"

static const struct known known[] = {
    {"/v1/records", true, false, true, 415},
    {"/v1/records/" ID64 "/receipt", false, true, false, 404},
    {"/v1/documents/sha-256/" ID64, false, true, false, 200},
    {"/v1/documents/sm3/" ID64, false, true, false, 200},
    {"/v1/verifications", true, false, false, 415},
    {"/checkpoint", false, true, false, 200},
    {"/tile/0/000.p/1", false, true, false, 200},
    {"/tile/entries/000.p/1", false, true, false, 200},
    {"/v1/participants", false, true, false, 200},
    {"/v1/participants/acme", false, true, false, 200},
    {"/v1/rules", false, true, false, 200},
    {"/v1/types", false, true, false, 200},
    {"/v1/policy", false, true, false, 200},
    {"/healthz", false, false, false, 200},
    {"/readyz", false, false, false, 200},
    {"/metrics", false, false, false, 200},
    {"/v1/status", false, true, false, 200},
    {"/v1/records/" ID64, false, false, false, 401},
    {"/v1/contracts/" ID64, false, false, false, 401},
    {"/v1/findings", false, false, false, 401},
    {"/v1/statistics", false, false, false, 401},
    {"/v1/events", false, false, false, 401},
};
#define KNOWN (sizeof known / sizeof *known)

static struct ask plain(const struct known *at) {
    struct ask question = {.method = at->is_post ? "POST" : "GET", .path = at->path};
    return question;
}

Test(api_routes, every_path_answers_its_method) {
    struct host *host = host_open();
    for (size_t i = 0; i < KNOWN; i++) {
        struct http_reply reply = ask(host, plain(&known[i]));
        cr_assert_eq(reply.status, known[i].status, "%s: %d", known[i].path, reply.status);
        cr_assert_str_eq(reply_header(&reply, "X-Request-Id"), "7");
        cr_assert_str_eq(reply_header(&reply, "X-Content-Type-Options"), "nosniff");
        cr_assert(reply_header(&reply, "Cache-Control")[0], "%s", known[i].path);
        cr_assert(reply.content_type && reply.body.len > 0);
        http_reply_done(&reply);
    }
    host_close(host);
}

Test(api_routes, every_other_method_is_405_with_allow) {
    static const char *const methods[] = {"GET",   "HEAD",  "POST",    "PUT", "DELETE",
                                          "PATCH", "TRACE", "OPTIONS", "get", ""};
    struct host *host = host_open();
    for (size_t i = 0; i < KNOWN; i++) {
        const struct known *at = &known[i];
        const char *allow = at->is_both   ? "POST, GET, HEAD"
                            : at->is_post ? "POST"
                            : at->is_open ? "GET, HEAD, OPTIONS"
                                          : "GET, HEAD";
        for (size_t m = 0; m < sizeof methods / sizeof *methods; m++) {
            struct ask question = {.method = methods[m], .path = at->path};
            struct http_reply reply = ask(host, question);
            bool is_read = strcmp(methods[m], "GET") == 0 || strcmp(methods[m], "HEAD") == 0;
            bool is_taken = at->is_post
                                ? strcmp(methods[m], "POST") == 0
                                : is_read || (at->is_open && !strcmp(methods[m], "OPTIONS"));
            is_taken = is_taken || (at->is_both && is_read);
            cr_assert_eq(reply.status == 405, !is_taken, "%s %s", methods[m], at->path);
            if (!is_taken) cr_assert_str_eq(reply_header(&reply, "Allow"), allow);
            http_reply_done(&reply);
        }
    }
    host_close(host);
}

Test(api_routes, head_is_answered_as_get) {
    struct host *host = host_open();
    for (size_t i = 0; i < KNOWN; i++) {
        if (known[i].is_post || strcmp(known[i].path, "/metrics") == 0) continue;
        struct ask question = plain(&known[i]);
        struct http_reply get = ask(host, question);
        question.method = "HEAD";
        struct http_reply head = ask(host, question);
        cr_assert(head.status == get.status && head.route == get.route);
        cr_assert(bytes_equal(buf_bytes(&head.body), buf_bytes(&get.body)), "%s", known[i].path);
        http_reply_done(&get);
        http_reply_done(&head);
    }
    host_close(host);
}

Test(api_routes, public_reads_are_open_to_other_origins_and_nothing_else_is) {
    struct host *host = host_open();
    for (size_t i = 0; i < KNOWN; i++) {
        struct http_reply reply = ask(host, plain(&known[i]));
        cr_assert_str_eq(reply_header(&reply, "Access-Control-Allow-Origin"),
                         known[i].is_open ? "*" : "", "%s", known[i].path);
        http_reply_done(&reply);
        struct ask question = {.method = "OPTIONS", .path = known[i].path};
        reply = ask(host, question);
        cr_assert_eq(reply.status, known[i].is_open ? 204 : 405, "%s", known[i].path);
        if (known[i].is_open) {
            cr_assert_str_eq(reply_header(&reply, "Access-Control-Allow-Origin"), "*");
            cr_assert_str_eq(reply_header(&reply, "Access-Control-Allow-Methods"), "GET, HEAD");
            cr_assert_eq(reply.body.len, 0);
        }
        http_reply_done(&reply);
    }
    host_close(host);
}

Test(api_routes, any_other_byte_makes_another_path) {
    struct host *host = host_open();
    char path[256];
    for (size_t i = 0; i < KNOWN; i++) {
        size_t len = strlen(known[i].path);
        /* A tile's path has other valid neighbours, and so has a participant's id: both are 404 here too, since they are not there. */
        for (size_t at = 0; at <= len; at++) {
            for (size_t c = 0; c < 4; c++) {
                (void)snprintf(path, sizeof path, "%.*s%c%s", (int)at, known[i].path, "/%.\x80"[c],
                               known[i].path + at);
                struct ask question = plain(&known[i]);
                question.path = path;
                int status = ask_status(host, question);
                /* Who asks is judged before what is asked for. */
                bool judged = status == 401 && known[i].status == 401;
                cr_assert(status == 404 || status == 405 || judged, "%s: %d", path, status);
            }
        }
        (void)snprintf(path, sizeof path, "%.*s", (int)len - 1, known[i].path);
        struct ask question = plain(&known[i]);
        question.path = path;
        int status = ask_status(host, question);
        bool judged = status == 401 && known[i].status == 401;
        cr_assert(status == 404 || status == 405 || judged, "%s: %d", path, status);
    }
    host_close(host);
}

Test(api_routes, odd_paths_are_404) {
    static const char *const paths[] = {"",
                                        "/",
                                        "//",
                                        "/v1",
                                        "/v1/",
                                        "/tile",
                                        "/tile/",
                                        "/v1/rules/",
                                        "v1/rules",
                                        "/V1/rules",
                                        "/v1/records/",
                                        "/v1/records//receipt",
                                        "/v1/documents//" ID64,
                                        "/v1/documents/sha-256/",
                                        "/v1/documents/sha-256/" ID64 "/",
                                        "/v1/participants/",
                                        "/../etc/passwd",
                                        "/v1/./rules",
                                        "/%76%31/rules",
                                        "*",
                                        "/index.html",
                                        "/v1/openapi"};
    struct host *host = host_open();
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        struct ask question = {.path = paths[i]};
        struct http_reply reply = ask(host, question);
        cr_assert_eq(reply.status, 404, "%s", paths[i]);
        reply_is_problem(reply, ERR_NOT_FOUND);
    }
    static char longest[20000];
    memset(longest, '/', sizeof longest - 1);
    struct ask question = {.path = longest};
    cr_assert_eq(ask_status(host, question), 404);
    memcpy(longest, "/v1/participants/", 17);
    memset(longest + 17, 'a', sizeof longest - 18);
    cr_assert_eq(ask_status(host, question), 404);
    host_close(host);
}

Test(api_routes, queries_are_refused_where_none_is_taken) {
    struct host *host = host_open();
    for (size_t i = 0; i < KNOWN; i++) {
        static const char *const queries[] = {
            "x",       "x=1",      "=", "&", "after=&after=", "limit=1&x=1", "limit=1&limit=1",
            "Limit=1", "%6cimit=1"};
        for (size_t q = 0; q < sizeof queries / sizeof *queries; q++) {
            struct ask question = plain(&known[i]);
            question.query = queries[q];
            reply_is_problem(ask(host, question), ERR_REQUEST);
        }
    }
    host_close(host);
}

Test(api_routes, api_body_limit_is_zero_but_for_the_three_posts) {
    cr_assert_eq(api_body_limit("POST", bytes_text("/v1/records")), LIMIT_RECORD_PRESENTED);
    cr_assert_eq(api_body_limit("POST", bytes_text("/v1/verifications")), LIMIT_HTTP_VERIFICATION);
    cr_assert_eq(api_body_limit("POST", bytes_text("/add-checkpoint")), LIMIT_WITNESS_BODY);
    cr_assert_eq(api_body_limit("PUT", bytes_text("/v1/records")), 0);
    cr_assert_eq(api_body_limit("POST", bytes_text("/v1/records/")), 0);
    cr_assert_eq(api_body_limit("POST", bytes_text("/checkpoint")), 0);
    cr_assert_eq(api_body_limit("GET", bytes_text("/v1/records")), 0);
    cr_assert_eq(api_body_limit("", bytes_text("")), 0);
}

Test(api_routes, every_route_has_a_name_of_its_own) {
    unsigned count = api_route_count();
    for (unsigned i = 0; i < count; i++) {
        for (unsigned j = 0; j < i; j++) cr_assert_str_neq(api_route_name(i), api_route_name(j));
    }
    cr_assert_str_eq(api_route_name(count - 1), "other");
    struct host *host = host_open();
    struct ask question = {.path = "/nothing"};
    struct http_reply reply = ask(host, question);
    cr_assert_eq(reply.route, count - 1);
    http_reply_done(&reply);
    host_close(host);
}

/* -- the log -- */

Test(api_routes, checkpoint_is_the_published_note) {
    struct host *host = host_open();
    struct ask question = {.path = "/checkpoint"};
    struct http_reply reply = ask(host, question);
    cr_assert_str_eq(reply.content_type, "text/plain; charset=utf-8");
    cr_assert_str_eq(reply_header(&reply, "Cache-Control"), "no-store");
    cr_assert_str_eq(reply_header(&reply, "X-Qizheng-Size"), "1");
    cr_assert(bytes_equal(buf_bytes(&reply.body), buf_bytes(&host->note)));
    http_reply_done(&reply);
    host->is_unsigned = true;
    reply = ask(host, question);
    cr_assert_str_eq(reply_header(&reply, "Retry-After"), "1");
    reply_is_problem(reply, ERR_NOT_FINAL);
    host_close(host);
}

static struct http_reply tile(struct host *host, const char *path) {
    struct ask question = {.path = path};
    return ask(host, question);
}

Test(api_routes, tiles_hold_the_tree_of_the_checkpoint_and_nothing_beyond) {
    struct host *host = host_open();
    uint8_t root[HASH_LEN];
    struct http_reply hashes = tile(host, "/tile/0/000.p/1"), leaves;
    cr_assert_str_eq(hashes.content_type, "application/octet-stream");
    cr_assert_str_eq(reply_header(&hashes, "Cache-Control"), "public, max-age=31536000, immutable");
    cr_assert(hashes.body.len == HASH_LEN && !memcmp(hashes.body.data, host->final_root, HASH_LEN));
    leaves = tile(host, "/tile/entries/000.p/1");
    cr_assert(leaves.body.len == 2 + LEAF_LEN && get_u16(leaves.body.data) == LEAF_LEN);
    merkle_leaf(bytes_of(leaves.body.data + 2, LEAF_LEN), root);
    cr_assert(memcmp(root, host->final_root, HASH_LEN) == 0);
    http_reply_done(&hashes);
    http_reply_done(&leaves);
    static const char *const none[] = {
        "/tile/0/000",           "/tile/0/000.p/2",     "/tile/0/001.p/1",
        "/tile/1/000.p/1",       "/tile/5/000",         "/tile/63/000.p/1",
        "/tile/64/000",          "/tile/entries/000",   "/tile/entries/000.p/2",
        "/tile/entries/001.p/1", "/tile/0/000.p/0",     "/tile/0/0",
        "/tile/0/000.p/256",     "/tile/0/x001/000",    "/tile/00/000.p/1",
        "/tile/0/000.p/01",      "/tile/-1/000",        "/tile/0/000/",
        "/tile/0/000.p",         "/tile/0/000.p/1/",    "/tile/entries",
        "/tile/data/000.p/1",    "/tile/0/x000/000.p/1"};
    for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
        struct http_reply reply = tile(host, none[i]);
        cr_assert_str_eq(reply_header(&reply, "Cache-Control"), "no-store", "%s", none[i]);
        cr_assert_str_eq(reply_header(&reply, "Access-Control-Allow-Origin"), "*");
        reply_is_problem(reply, ERR_NOT_FOUND);
    }
    host_close(host);
}

/* What is committed and not yet under a checkpoint is nobody's business. */
Test(api_routes, an_unpublished_leaf_is_in_no_tile) {
    struct host *host = host_open();
    host->is_unpublished = true;
    struct buf jws =
        host_admit(host, "registrar", KEY_ED25519, "newcomer", ROLE_EMPLOYER, KEY_ES256K, 1);
    struct outcome outcome = host_apply(host, buf_bytes(&jws));
    cr_assert_eq(outcome.kind, OUTCOME_ACCEPTED, "%s", outcome.problem.detail);
    cr_assert(store_current(host->store).size == 2 && host->final_size == 1);
    reply_is_problem(tile(host, "/tile/0/000.p/2"), ERR_NOT_FOUND);
    reply_is_problem(tile(host, "/tile/entries/000.p/2"), ERR_NOT_FOUND);
    host_publish(host);
    struct http_reply reply = tile(host, "/tile/0/000.p/2");
    cr_assert(reply.status == 200 && reply.body.len == 2 * HASH_LEN);
    http_reply_done(&reply);
    reply = tile(host, "/tile/0/000.p/1"); /* a narrower one stays there */
    cr_assert(reply.status == 200 && reply.body.len == HASH_LEN);
    http_reply_done(&reply);
    host->is_unsigned = true;
    reply_is_problem(tile(host, "/tile/0/000.p/1"), ERR_NOT_FOUND);
    buf_done(&jws);
    host_close(host);
}

static struct http_reply add_checkpoint(struct host *host) {
    struct ask question = {
        .method = "POST", .path = "/add-checkpoint", .body = {(const uint8_t *)"old 0\n", 6}};
    return ask(host, question);
}

Test(api_routes, add_checkpoint_answers_as_the_witness_standard_says) {
    struct host *host = host_open();
    host->cosign_lines = "— w c2ln\n";
    struct http_reply reply = add_checkpoint(host);
    cr_assert(reply.status == 200 && bytes_is(buf_bytes(&reply.body), "— w c2ln\n"));
    cr_assert_str_eq(reply.content_type, "text/plain; charset=utf-8");
    http_reply_done(&reply);
    host->cosign_status = 409;
    host->cosign_known = 20852163;
    host->cosign_err = ERR_STATE;
    reply = add_checkpoint(host);
    cr_assert(reply.status == 409 && bytes_is(buf_bytes(&reply.body), "20852163\n"));
    cr_assert_str_eq(reply.content_type, "text/x.tlog.size");
    http_reply_done(&reply);
    host->cosign_known = API_SIZE_UNKNOWN; /* a root conflict has no size to offer */
    reply = add_checkpoint(host);
    cr_assert_eq(reply.status, 409);
    cr_assert_str_eq(reply.content_type, "application/problem+json");
    http_reply_done(&reply);
    host_close(host);
}

Test(api_routes, add_checkpoint_keeps_the_status_that_its_host_gives) {
    static const struct {
        int status;
        enum err err;
    } cases[] = {{400, ERR_REQUEST},   {403, ERR_SIGNATURE_INVALID},
                 {404, ERR_NOT_FOUND}, {422, ERR_PROOF},
                 {503, ERR_NO_ORDER},  {500, ERR_IO},
                 {200, ERR_NO_MEMORY}, {0, ERR_CORRUPT}};
    struct host *host = host_open();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        host->cosign_status = cases[i].status;
        host->cosign_err = cases[i].err;
        struct http_reply reply = add_checkpoint(host);
        struct json *json = reply_json(&reply);
        cr_assert_eq(reply.status,
                     cases[i].status >= 400 ? cases[i].status : err_status(cases[i].err));
        cr_assert_eq(json_number(json, "status"), reply.status);
        cr_assert_str_eq(json_text(json_member(json, "code")), err_code(cases[i].err));
        json_done(json);
        http_reply_done(&reply);
    }
    host_close(host);
}

/* -- the registry, rules, types, policy -- */

Test(api_routes, participants_are_paged_by_next_until_none_is_left) {
    struct host *host = host_open();
    char query[200] = "limit=1", seen[8][LIMIT_ID + 1] = {{0}};
    size_t count = 0;
    while (count < 8) {
        struct ask question = {.path = "/v1/participants", .query = query};
        struct http_reply reply = ask(host, question);
        cr_assert_eq(reply.status, 200);
        struct json *page = reply_json(&reply);
        const struct json *list = json_member(page, "participants");
        cr_assert(json_count(list) <= 1 && json_number(page, "size") == 1);
        if (json_count(list)) {
            (void)snprintf(seen[count++], sizeof seen[0], "%s",
                           json_text(json_member(json_at(list, 0), "id")));
        }
        const char *next = json_text(json_member(page, "next"));
        if (next) (void)snprintf(query, sizeof query, "limit=1&after=%s", next);
        bool is_last = !next;
        json_done(page);
        http_reply_done(&reply);
        if (is_last) break;
    }
    cr_assert_eq(count, 3);
    cr_assert_str_eq(seen[0], "acme");
    cr_assert_str_eq(seen[1], "operator");
    cr_assert_str_eq(seen[2], "registrar");
    host_close(host);
}

Test(api_routes, a_page_takes_a_limit_and_a_cursor_and_nothing_else) {
    static const char *const bad[] = {"limit=0",
                                      "limit=101",
                                      "limit=-1",
                                      "limit=1x",
                                      "limit=",
                                      "limit=01",
                                      "after=",
                                      "after=A",
                                      "after=a/b",
                                      "after=%61",
                                      "limit=18446744073709551617",
                                      "after=a b"};
    struct host *host = host_open();
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct ask question = {.path = "/v1/participants", .query = bad[i]};
        reply_is_problem(ask(host, question), ERR_REQUEST);
    }
    struct ask question = {.path = "/v1/participants", .query = "after=zzz&limit=100"};
    struct http_reply reply = ask(host, question);
    struct json *page = reply_json(&reply);
    cr_assert(reply.status == 200 && json_count(json_member(page, "participants")) == 0);
    json_done(page);
    http_reply_done(&reply);
    host_close(host);
}

Test(api_routes, a_participant_is_shown_with_its_keys_or_is_404) {
    static const char *const none[] = {"/v1/participants/nobody", "/v1/participants/ACME",
                                       "/v1/participants/acm%65", "/v1/participants/-acme"};
    struct host *host = host_open();
    struct ask question = {.path = "/v1/participants/acme"};
    struct http_reply reply = ask(host, question);
    struct json *json = reply_json(&reply);
    cr_assert_str_eq(json_text(json_member(json, "id")), "acme");
    cr_assert_eq(json_count(json_member(json, "keys")), 1);
    cr_assert_eq(json_number(json, "size"), 1);
    json_done(json);
    http_reply_done(&reply);
    for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
        question.path = none[i];
        reply_is_problem(ask(host, question), ERR_NOT_FOUND);
    }
    host_close(host);
}

Test(api_routes, rules_types_and_policy_are_served) {
    struct host *host = host_open();
    struct ask question = {.path = "/v1/rules"};
    struct http_reply reply = ask(host, question);
    struct json *json = reply_json(&reply);
    cr_assert(json_count(json_member(json, "rules")) > 0 && json_number(json, "size") == 1);
    json_done(json);
    http_reply_done(&reply);
    question.path = "/v1/types";
    reply = ask(host, question);
    json = reply_json(&reply);
    cr_assert(json_count(json_member(json, "types")) > 0);
    json_done(json);
    http_reply_done(&reply);
    question.path = "/v1/policy";
    reply = ask(host, question);
    cr_assert_str_eq(reply.content_type, "text/plain; charset=utf-8");
    cr_assert(bytes_equal(buf_bytes(&reply.body), buf_bytes(&host->policy)));
    http_reply_done(&reply);
    host_close(host);
}

/* -- health -- */

Test(api_routes, readyz_is_503_with_the_reason_where_the_node_is_not) {
    static const enum err reasons[] = {ERR_NO_QUORUM, ERR_DIVERGED, ERR_DRAINING, ERR_DISK_FULL,
                                       ERR_IO};
    struct host *host = host_open();
    struct ask question = {.path = "/readyz"};
    struct http_reply reply = ask(host, question);
    cr_assert(reply.status == 200 && bytes_is(buf_bytes(&reply.body), "{\"ready\":true}"));
    http_reply_done(&reply);
    for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++) {
        bool is_ready = true;
        host->ready_err = reasons[i];
        reply = ask(host, question);
        struct json *json = reply_json(&reply);
        cr_assert_eq(reply.status, 503);
        cr_assert(json_bool(json_member(json, "ready"), &is_ready) && !is_ready);
        cr_assert_str_eq(json_text(json_member(json, "code")), err_code(reasons[i]));
        cr_assert_str_eq(json_text(json_member(json, "detail")), "The knob says no.");
        json_done(json);
        http_reply_done(&reply);
    }
    host_close(host);
}

Test(api_routes, status_has_the_hosts_members_the_limits_and_the_version) {
    struct host *host = host_open();
    struct ask question = {.path = "/v1/status"};
    struct http_reply reply = ask(host, question);
    struct json *json = reply_json(&reply);
    const struct json *limits = json_member(json, "limits");
    cr_assert_str_eq(json_text(json_member(json, "origin")), HOST_ORIGIN);
    cr_assert_str_eq(json_text(json_member(json, "version")), QIZHENG_VERSION);
    cr_assert_eq(json_number(json, "size"), 1);
    cr_assert_eq(json_number(limits, "record_bytes"), LIMIT_RECORD);
    cr_assert_eq(json_number(limits, "http_verification_bytes"), LIMIT_HTTP_VERIFICATION);
    cr_assert_eq(json_number(limits, "wait_max_ms"), 60000);
    json_done(json);
    http_reply_done(&reply);
    host->status_err = ERR_NO_MEMORY;
    reply_is_problem(ask(host, question), ERR_NO_MEMORY);
    host_close(host);
}

/* What went wrong inside is for the log: the world gets a code and a number to ask about. */
Test(api_routes, a_fault_inside_is_not_told_to_the_world) {
    struct host *host = host_open();
    host->status_err = ERR_IO;
    struct ask question = {.path = "/v1/status"};
    struct http_reply reply = ask(host, question);
    struct json *json = reply_json(&reply);
    const char *detail = json_text(json_member(json, "detail"));
    cr_assert(reply.status == 500 && strstr(detail, "request 7"));
    json_done(json);
    http_reply_done(&reply);
    host_close(host);
}

Test(api_routes, metrics_are_in_the_exposition_format) {
    struct host *host = host_open();
    struct ask question = {.path = "/metrics"};
    metric_request(0, 201, 100);
    struct http_reply reply = ask(host, question);
    cr_assert_str_eq(reply.content_type, "text/plain; version=0.0.4; charset=utf-8");
    cr_assert(buf_text(&reply.body));
    cr_assert(
        strstr((const char *)reply.body.data, "{route=\"POST /v1/records\",status=\"201\"} 1\n"));
    http_reply_done(&reply);
    host_close(host);
}

/* The answer to an unknown path sends people to docs/API.md. */
Test(api_routes, every_route_stands_in_the_manual) {
    struct buf manual = vector_read("../../docs/API.md");
    cr_assert(buf_add_byte(&manual, 0) == ERR_OK);
    for (unsigned i = 0; i + 1 < api_route_count(); i++) {
        char call[128];
        (void)snprintf(call, sizeof call, "`%s", api_route_name(i));
        cr_expect(strstr((const char *)manual.data, call), "%s", api_route_name(i));
    }
    buf_done(&manual);
}
