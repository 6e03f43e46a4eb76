/* POST /v1/batches, progress and results as the API answers them; the worker's part is played by hand. */
#include "tests/lib/host.h"

#include "ledger/store/fault.h"

#define MEDIA "application/vnd.qizheng.jose-lines"

static struct ask upload(const char *text) {
    return (struct ask){
        .method = "POST", .path = "/v1/batches", .type = MEDIA, .body = bytes_text(text)};
}

/* Takes an upload and gives its id. */
static struct spool_id taken(struct host *host, const char *text) {
    struct spool_id id;
    struct http_reply reply = ask(host, upload(text));
    struct json *body = reply_json(&reply);
    cr_assert_eq(reply.status, 202, "%s", json_text(json_member(body, "detail")));
    const char *got = json_text(json_member(body, "id"));
    cr_assert(got && strlen(got) == SPOOL_ID_LEN);
    memcpy(id.text, got, sizeof id.text);
    json_done(body);
    http_reply_done(&reply);
    return id;
}

static struct http_reply get(struct host *host, const struct spool_id *id, const char *more) {
    char path[128];
    (void)snprintf(path, sizeof path, "/v1/batches/%s%s", id->text, more);
    return ask(host, (struct ask){.path = path});
}

static void progress_is(struct host *host, const struct spool_id *id, const char *state,
                        int64_t checked, int64_t final, int64_t refused) {
    struct http_reply reply = get(host, id, "");
    struct json *body = reply_json(&reply);
    cr_assert_eq(reply.status, 200);
    cr_assert_str_eq(json_text(json_member(body, "state")), state);
    cr_assert(json_text(json_member(body, "state_zh")));
    cr_assert_eq(json_number(body, "checked"), checked);
    cr_assert_eq(json_number(body, "final"), final);
    cr_assert_eq(json_number(body, "refused"), refused);
    json_done(body);
    http_reply_done(&reply);
}

Test(api_uploads, an_upload_is_on_disk_before_its_202) {
    struct host *host = host_open();
    struct http_reply reply = ask(host, upload("a\nb\nc"));
    struct json *body = reply_json(&reply);
    struct spool_id next;
    char location[64];
    cr_assert(reply.status == 202 && spool_next(host->api.spool, 0, &next));
    (void)snprintf(location, sizeof location, "/v1/batches/%s", next.text);
    cr_assert_str_eq(reply_header(&reply, "Location"), location);
    cr_assert_str_eq(json_text(json_member(body, "state")), "waiting");
    cr_assert_eq(json_number(body, "received"), 3);
    cr_assert(host->submitted == 0 && store_current(host->store).size == 1);
    json_done(body);
    http_reply_done(&reply);
    host_spool_open(host);
    cr_assert(spool_next(host->api.spool, 0, &next) && strstr(location, next.text));
    host_close(host);
}

Test(api_uploads, what_is_no_upload_is_refused_and_leaves_nothing) {
    struct host *host = host_open();
    struct ask other = upload("a\n"), cut = upload("a\nb\n");
    static char many[LIMIT_UPLOAD_RECORDS + 2];
    memset(many, '\n', LIMIT_UPLOAD_RECORDS + 1);
    other.type = "application/jose";
    cut.body_whole = 5;
    reply_is_problem(ask(host, other), ERR_MEDIA_TYPE);
    reply_is_problem(ask(host, upload("")), ERR_REQUEST);
    reply_is_problem(ask(host, cut), ERR_REQUEST);
    reply_is_problem(ask(host, upload(many)), ERR_TOO_LARGE);
    cr_assert_eq(spool_totals(host->api.spool).uploads, 0);
    host_close(host);
}

static enum err disk_full(const char *step, bool before) {
    return before && strcmp(step, "spool_sync") == 0 ? ERR_DISK_FULL : ERR_OK;
}

Test(api_uploads, a_full_disk_and_too_many_uploads_are_told_with_when_to_come_again) {
    struct host *host = host_open();
    store_fault = disk_full;
    struct http_reply reply = ask(host, upload("a\n"));
    cr_assert_str_eq(reply_header(&reply, "Retry-After"), "5");
    reply_is_problem(reply, ERR_DISK_FULL);
    store_fault = NULL;
    for (int i = 0; i < LIMIT_UPLOADS_SOURCE; i++) (void)taken(host, "a\n");
    struct ask more = upload("a\n");
    reply_is_problem(ask(host, more), ERR_RATE);
    for (int i = LIMIT_UPLOADS_SOURCE; i < LIMIT_UPLOADS_WAITING; i++) {
        char source[32];
        (void)snprintf(source, sizeof source, "192.0.2.%d", i);
        more.source = source;
        cr_assert_eq(ask_status(host, more), 202, "%d", i);
    }
    more.source = "192.0.2.200";
    reply = ask(host, more);
    cr_assert_str_eq(reply_header(&reply, "Retry-After"), "1");
    reply_is_problem(reply, ERR_RATE);
    host_close(host);
}

Test(api_uploads, an_id_that_is_none_is_not_found) {
    struct host *host = host_open();
    static const char *const ids[] = {"00000000000000000000000000000000", "x",
                                      "0000000000000000000000000000000G"};
    for (size_t i = 0; i < 3; i++) {
        struct spool_id id;
        (void)snprintf(id.text, sizeof id.text, "%s", ids[i]);
        reply_is_problem(get(host, &id, ""), ERR_NOT_FOUND);
        reply_is_problem(get(host, &id, "/results"), ERR_NOT_FOUND);
    }
    host_close(host);
}

/* A leaf that is final, one that is not, a refusal, and a line that nobody has looked at. */
Test(api_uploads, results_have_a_line_for_each_line_and_receipts_where_final) {
    struct host *host = host_open();
    struct buf first =
                   host_admit(host, "registrar", KEY_ED25519, "one", ROLE_EMPLOYER, KEY_ES256K, 1),
               second =
                   host_admit(host, "registrar", KEY_ED25519, "two", ROLE_EMPLOYER, KEY_ES256K, 2);
    cr_assert_eq(ask_status(host, ask_post(&first)), 201);
    host->is_unpublished = true;
    cr_assert_eq(ask_status(host, ask_post(&second)), 202);
    struct spool_id id = taken(host, "a\nb\nc\nd\n");
    struct spool_outcome outcomes[3] = {{.kind = SPOOL_RECORDED, .has_id = true, .index = 1},
                                        {.kind = SPOOL_KNOWN, .has_id = true, .index = 2},
                                        {.kind = SPOOL_REFUSED}};
    (void)problem_set(&outcomes[2].problem, ERR_RULE, "No.");
    progress_is(host, &id, "waiting", 0, 0, 0);
    for (size_t i = 0; i < 3; i++)
        cr_assert(spool_settle(host->api.spool, &id, &outcomes[i], 1) == ERR_OK);
    progress_is(host, &id, "working", 3, 2, 1);

    struct http_reply reply = get(host, &id, "/results");
    cr_assert(reply.status == 200 && reply.body.len == 0);
    cr_assert_str_eq(reply.content_type, "application/x-ndjson");
    cr_assert(reply_drain(&reply) == ERR_OK);
    static const char *const status[] = {"recorded", "known", "refused", "received"};
    struct bytes rest = buf_bytes(&reply.body), line;
    for (int64_t i = 0; i < 4; i++) {
        struct json *one = NULL;
        cr_assert(bytes_line(&rest, &line) && json_parse(line, &one, NULL) == ERR_OK);
        cr_assert_eq(json_number(one, "line"), i + 1);
        cr_assert_str_eq(json_text(json_member(one, "status")), status[i]);
        cr_assert((json_member(one, "receipt") != NULL) == (i == 0));
        cr_assert((json_member(one, "problem") != NULL) == (i == 2));
        cr_assert((json_member(one, "id") != NULL) == (i < 2));
        json_done(one);
    }
    cr_assert_eq(rest.len, 0);
    http_reply_done(&reply);
    host_publish(host);
    buf_done(&first);
    buf_done(&second);
    host_close(host);
}

/* More than one piece, each of bounded size. */
Test(api_uploads, results_come_in_pieces) {
    struct host *host = host_open();
    static char many[6001];
    struct buf piece;
    size_t pieces = 0, lines = 0;
    memset(many, '\n', 3000);
    struct spool_id id = taken(host, many);
    struct spool_outcome refused = {.kind = SPOOL_REFUSED};
    (void)problem_set(&refused.problem, ERR_JWS, "Not a JWS.");
    for (int i = 0; i < 3000; i++)
        cr_assert(spool_settle(host->api.spool, &id, &refused, 1) == ERR_OK);
    struct http_reply reply = get(host, &id, "/results");
    buf_init(&piece, 128 * 1024);
    for (bool has_ended = false; !has_ended; pieces++) {
        buf_clear(&piece);
        cr_assert(reply.stream.next(reply.stream.ctx, &piece, &has_ended) == ERR_OK);
        for (size_t i = 0; i < piece.len; i++) lines += piece.data[i] == '\n';
    }
    cr_assert(lines == 3000 && pieces > 5, "%zu lines in %zu pieces", lines, pieces);
    buf_done(&piece);
    http_reply_done(&reply);
    host_close(host);
}

Test(api_uploads, results_go_to_so_many_of_one_address_and_so_many_in_all) {
    struct host *host = host_open();
    struct spool_id id = taken(host, "a\n");
    struct http_reply replies[LIMIT_RESULTS_SOURCE];
    char path[128];
    (void)snprintf(path, sizeof path, "/v1/batches/%s/results", id.text);
    for (int i = 0; i < LIMIT_RESULTS_SOURCE; i++) {
        replies[i] = get(host, &id, "/results");
        cr_assert_eq(replies[i].status, 200);
    }
    struct http_reply reply = get(host, &id, "/results");
    cr_assert_str_eq(reply_header(&reply, "Retry-After"), "1");
    reply_is_problem(reply, ERR_RATE);
    cr_assert_eq(ask_status(host, (struct ask){.path = path, .source = "192.0.2.2"}), 200);
    http_reply_done(&replies[2]);
    replies[2] = get(host, &id, "/results");
    cr_assert_eq(replies[2].status, 200);
    host->api.streams_max = LIMIT_RESULTS_SOURCE;
    reply_is_problem(ask(host, (struct ask){.path = path, .source = "192.0.2.2"}), ERR_RATE);
    for (int i = 0; i < LIMIT_RESULTS_SOURCE; i++) http_reply_done(&replies[i]);
    cr_assert_eq(ask_status(host, (struct ask){.path = path}), 200);
    host_close(host);
}

Test(api_uploads, results_that_nobody_reads_are_given_back) {
    struct host *host = host_open();
    struct spool_id id = taken(host, "a\n");
    struct http_reply reply = get(host, &id, "/results");
    cr_assert(reply.stream.next != NULL);
    http_reply_done(&reply); /* the sanitizer tells where it is not */
    host_close(host);
}

Test(api_uploads, results_without_any_checkpoint_have_no_receipt) {
    struct host *host = host_open();
    struct spool_id id = taken(host, "a\n");
    struct spool_outcome known = {.kind = SPOOL_KNOWN, .index = 0};
    cr_assert(spool_settle(host->api.spool, &id, &known, 1) == ERR_OK);
    host->is_unsigned = true;
    struct http_reply reply = get(host, &id, "/results");
    cr_assert(reply_drain(&reply) == ERR_OK);
    struct json *one = reply_json(&reply);
    cr_assert(!json_member(one, "receipt") && json_number(one, "index") == 0);
    json_done(one);
    http_reply_done(&reply);
    host_close(host);
}
