/* The HTTP API as one function over a ledger of one node in this process (tests/lib/host.h). The input is a request: a line `METHOD path?query`, header lines up to an
 * empty one, and the body. `Sign: <iss>` puts that issuer's signature under a body of claims, and a bearer token that begins with a brace is its claims, signed by
 * its iss and for this request in all that they leave out: so the fuzzer gets behind the signatures. The order holds every record, so nothing is written and every request meets the same ledger. An upload that is
 * taken is worked off, asked for and forgotten before the next request.
 * fuzz: max_len=4096 dict=http */
#include "tests/fuzz/lib/fuzz.h"
#include "tests/lib/benefits.h"
#include "tests/lib/readers.h"

#include "api/log.h"
#include "ledger/proof/witness.h"

#define HEADERS_MAX 16
#define STREAM_PIECES 64

struct question {
    char *method, *names[HEADERS_MAX], *values[HEADERS_MAX];
    size_t header_count;
    struct bytes path, query;
    struct buf path_text, body;
    size_t body_read;
};

/* -- the ledger -- */

static struct readers *readers;
static struct host *host;

static enum err cosign(void *ctx, struct bytes body, int *ret_status, uint64_t *ret_known_size,
                       struct buf *ret_lines, struct problem *ret_why) {
    static struct witness_request request;
    struct witness_state state = {0}, next;
    const struct host *of = ctx;
    (void)ret_known_size;
    enum err err = witness_request_parse(body, &request, ret_why);
    if (err) return err;
    enum witness_answer answer = witness_decide(&request, &of->log, 1, &state, &next);
    *ret_status = witness_status(answer);
    witness_request_done(&request);
    return answer == WITNESS_COSIGN ? buf_add_text(ret_lines, "a line\n") : ERR_OK;
}

static void ledger_remove(void) {
    (void)nftw(host->dir, host_remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* Records: 1 to 5 participants, 6 a contract with a finding, 7 its amendment, 8 a benefit, 9 a payment of it, 10 a contract of another employer. */
static void ledger_fill(struct readers *r) {
    (void)readers_contract(r, "acme", "conclude", "{\"probation_months\":7}", NULL, 1);
    (void)readers_contract(r, "acme", "amend",
                           "{\"changed_fields\":[\"post\"],\"effective_date\":\"2027-03-01\"}",
                           r->ids[6], 1);
    (void)readers_benefit(r, "determine", BENEFIT_DETERMINE, NULL, 2);
    (void)readers_benefit(r, "disburse", BENEFIT_DISBURSE, r->ids[8], 2);
    (void)readers_contract(r, "zeta", "conclude", "{}", NULL, 3);
}

static void ledger_open(void) {
    log_set_level(LOG_ERROR);
    readers = readers_open("LC-03");
    ledger_fill(readers);
    host = readers->host;
    host->is_held = true;
    host->api.host.cosign_add = cosign;
    (void)atexit(ledger_remove);
}

/* -- the request -- */

static const char *header(const struct http_request *request, const char *name) {
    const struct question *question = request->peer;
    for (size_t i = 0; i < question->header_count; i++)
        if (strcasecmp(question->names[i], name) == 0) return question->values[i];
    return NULL;
}

/* A few bytes at a time, as a network may. */
static enum err body_read(const struct http_request *request, uint8_t *out, size_t len,
                          size_t *ret_len, struct problem *ret_why) {
    struct question *question = request->peer;
    size_t left = question->body.len - question->body_read;
    if (left == 0 && len > 0)
        return problem_set(ret_why, ERR_REQUEST, "The body ended before its Content-Length.");
    *ret_len = len < left ? len : left;
    if (*ret_len > 100) *ret_len = 100;
    memcpy(out, question->body.data + question->body_read, *ret_len);
    question->body_read += *ret_len;
    return ERR_OK;
}

/* A claim that is not there yet; a text that is not UTF-8 gives none. */
static void put_text(struct json *claims, const char *name, struct bytes text) {
    struct json *value = json_member(claims, name) ? NULL : json_new_text_bytes(text);
    if (value) FUZZ_CHECK(json_put(claims, name, value) == ERR_OK);
}

static void put_ledger(struct json *claims) {
    char aud[65];
    hex_encode(bytes_of(host->genesis->ledger_id, 32), aud);
    put_text(claims, "aud", bytes_text(aud));
}

/* What a token for this very request says. */
static void put_request(struct json *claims, const struct question *question, struct bytes body) {
    uint8_t digest[32];
    char text[44];
    sha256(body, digest);
    base64url_write(bytes_of(digest, sizeof digest), text);
    if (body.len > 0) put_text(claims, "body", bytes_text(text));
    put_text(claims, "aud", bytes_text(HOST_ORIGIN "/node/1"));
    put_text(claims, "htm", bytes_text(question->method));
    put_text(claims, "htu", question->path);
    put_text(claims, "jti", bytes_text("AAAAAAAAAAAAAAAAAAAAAA"));
    put_text(claims, "purpose", bytes_text("court-case"));
    int64_t now_s = (int64_t)(HOST_NOW_MS / 1000);
    if (!json_member(claims, "iat")) FUZZ_CHECK(json_put_int(claims, "iat", now_s) == ERR_OK);
    if (!json_member(claims, "exp")) FUZZ_CHECK(json_put_int(claims, "exp", now_s + 60) == ERR_OK);
}

/* The compact JWS of those claims by whom they name. Frees them. */
static bool sign(struct json *claims, const char *typ, struct buf *out) {
    struct buf text;
    buf_init(&text, LIMIT_RECEIPT);
    FUZZ_CHECK(json_format(claims, &text) == ERR_OK);
    const char *iss = json_text(json_member(claims, "iss"));
    struct key_secret *key = vector_key(reader_alg(iss ? iss : ""), iss ? iss : "");
    enum err err = jws_sign(key, typ, buf_bytes(&text), out);
    key_secret_done(key);
    buf_done(&text);
    json_done(claims);
    return err == ERR_OK;
}

/* NULL where it is no object. */
static struct json *object_of(struct bytes text) {
    struct json *json = NULL;
    if (json_parse(text, &json, NULL)) return NULL;
    if (json_kind(json) == JSON_KIND_OBJECT) return json;
    json_done(json);
    return NULL;
}

static void sign_body(struct question *question) {
    struct buf jws;
    struct json *claims = object_of(buf_bytes(&question->body));
    buf_init(&jws, 2 * LIMIT_RECORD);
    if (claims) put_ledger(claims);
    if (claims && sign(claims, JWS_TYP_RECORD, &jws)) {
        buf_done(&question->body);
        question->body = jws;
    } else {
        buf_done(&jws);
    }
}

static void header_take(struct question *question, struct bytes line, struct bytes body) {
    struct bytes name = fuzz_cut(&line, ':');
    struct buf token;
    if (question->header_count == HEADERS_MAX) return;
    while (line.len > 0 && line.data[0] == ' ') line = bytes_slice(line, 1, line.len);
    size_t i = question->header_count++;
    question->names[i] = fuzz_text(name);
    buf_init(&token, 16 * 1024);
    FUZZ_CHECK(buf_add_text(&token, "Bearer ") == ERR_OK);
    struct json *claims = bytes_starts(line, "Bearer {")
                              ? object_of(bytes_slice(line, strlen("Bearer "), line.len))
                              : NULL;
    if (claims) put_request(claims, question, body);
    if (claims && sign(claims, TOKEN_TYP, &token)) line = buf_bytes(&token);
    question->values[i] = fuzz_text(line);
    buf_done(&token);
}

/* "@n" in a path is the id of record n. */
static void path_read(struct bytes in, struct buf *out) {
    char hex[65];
    buf_init(out, 64 * (in.len + 1));
    for (size_t i = 0; i < in.len; i++) {
        bool is_id =
            in.data[i] == '@' && i + 1 < in.len && in.data[i + 1] > '0' && in.data[i + 1] <= '9';
        if (is_id) hex_encode(bytes_of(readers->ids[in.data[++i] - '0'], 32), hex);
        FUZZ_CHECK((is_id ? buf_add_text(out, hex) : buf_add_byte(out, in.data[i])) == ERR_OK);
    }
}

static void question_read(struct bytes in, struct question *question) {
    struct bytes line = fuzz_cut(&in, '\n');
    bool is_claims = false;
    const uint8_t *empty = in.len ? memmem(in.data, in.len, "\n\n", 2) : NULL;
    struct bytes body =
        empty ? bytes_of(empty + 2, (size_t)(in.data + in.len - empty - 2)) : bytes_of(NULL, 0);
    memset(question, 0, sizeof *question);
    question->method = fuzz_text(fuzz_cut(&line, ' '));
    path_read(fuzz_cut(&line, '?'), &question->path_text);
    question->path = buf_bytes(&question->path_text);
    question->query = line;
    while (in.len > 0 && in.data[0] != '\n') {
        line = fuzz_cut(&in, '\n');
        if (bytes_starts(line, "Sign:"))
            is_claims = true;
        else
            header_take(question, line, body);
    }
    (void)fuzz_cut(&in, '\n');
    buf_init(&question->body, LIMIT_RECEIPT);
    FUZZ_CHECK(buf_add(&question->body, in) == ERR_OK);
    if (is_claims) sign_body(question);
    /* the server reads no more than the route takes */
    size_t most = api_body_limit(question->method, question->path);
    if (question->body.len > most) question->body.len = most;
}

static void question_done(struct question *question) {
    for (size_t i = 0; i < question->header_count; i++) {
        free(question->names[i]);
        free(question->values[i]);
    }
    free(question->method);
    buf_done(&question->path_text);
    buf_done(&question->body);
}

/* -- the reply -- */

static void reply_run(const struct http_reply *reply) {
    struct json *json = NULL;
    FUZZ_CHECK(reply->status >= 200 && reply->status <= 599 && reply->route <= api_route_count());
    for (size_t i = 0; i < reply->header_count; i++)
        FUZZ_CHECK(!strpbrk(reply->headers[i].value, "\r\n"));
    bool problem =
        reply->content_type && strcmp(reply->content_type, "application/problem+json") == 0;
    /* what a caller sends is never this node's fault */
    FUZZ_CHECK(reply->status < 500);
    if (reply->status >= 400 && reply->status != 409) FUZZ_CHECK(problem);
    if (!reply->content_type || !strstr(reply->content_type, "json")) return;
    if (strstr(reply->content_type, "ndjson")) return;                 /* a text a line */
    if (bytes_starts(buf_bytes(&reply->body), "{\"openapi\"")) return; /* deeper than ours may be */
    FUZZ_CHECK(json_parse(buf_bytes(&reply->body), &json, NULL) == ERR_OK);
    if (problem)
        FUZZ_CHECK(json_text(json_member(json, "code")) && json_text(json_member(json, "detail")));
    json_done(json);
}

/* A streamed body into the plain one. The clock goes on, so that a stream of events ends. */
static void stream_run(struct http_reply *reply) {
    struct buf piece;
    bool has_ended = false;
    buf_init(&piece, LIMIT_HTTP_REPLY);
    for (int i = 0; i < STREAM_PIECES && !has_ended; i++) {
        buf_clear(&piece);
        FUZZ_CHECK(reply->stream.next(reply->stream.ctx, &piece, &has_ended) == ERR_OK);
        FUZZ_CHECK(buf_add(&reply->body, buf_bytes(&piece)) == ERR_OK);
        host->now_ms += 20000;
    }
    buf_done(&piece);
    host->now_ms = HOST_NOW_MS;
}

static void handle(struct question *question, struct http_reply *reply) {
    bool streams = api_body_streams(question->method, question->path);
    struct http_request request = {.method = question->method,
                                   .path = question->path,
                                   .query = question->query,
                                   .header = header,
                                   .body = buf_bytes(&question->body),
                                   .body_len = question->body.len,
                                   .read = body_read,
                                   .source = "127.0.0.1",
                                   .id = 7,
                                   .peer = question};
    if (streams) request.body = bytes_of(NULL, 0);
    host->tokens = 0;
    http_reply_init(reply, LIMIT_HTTP_REPLY);
    api_handle(&host->api, &request, reply);
    if (reply->stream.next) stream_run(reply);
    reply_run(reply);
    FUZZ_CHECK(host->checkpoints_out == 0);
}

/* -- uploads -- */

/* What the worker does (node/uploader.c), where every line is refused. */
static void lines_settle(const struct spool_id *id) {
    struct spool_lines *lines = NULL;
    struct spool_outcome outcome = {.kind = SPOOL_REFUSED};
    struct record *record = NULL;
    struct buf line;
    bool is_long = false;
    buf_init(&line, 4 * LIMIT_RECORD_PRESENTED);
    FUZZ_CHECK(spool_lines_open(host->api.spool, id, &lines) == ERR_OK);
    while (spool_line(lines, &line, &is_long) == ERR_OK) {
        enum err err = record_parse(buf_bytes(&line), &record, &outcome.problem);
        if (!err) (void)problem_set(&outcome.problem, ERR_RULE, "A record.");
        if (!err) record_done(record);
        FUZZ_CHECK(spool_settle(host->api.spool, id, &outcome, 1) == ERR_OK);
    }
    spool_lines_close(lines);
    FUZZ_CHECK(spool_finish(host->api.spool, id, (int64_t)(HOST_NOW_MS / 1000)) == ERR_OK);
    buf_done(&line);
}

static void upload_ask(const char *location, const char *what, int status) {
    struct http_reply reply;
    struct question question = {.method = (char *)(uintptr_t) "GET"};
    char path[512];
    (void)snprintf(path, sizeof path, "%s%s", location, what);
    question.path = bytes_text(path);
    handle(&question, &reply);
    FUZZ_CHECK(reply.status == status);
    http_reply_done(&reply);
}

static void upload_run(const struct http_reply *reply) {
    struct spool_id id;
    const char *location = reply_header(reply, "Location");
    FUZZ_CHECK(spool_next(host->api.spool, 0, &id));
    FUZZ_CHECK(strcmp(location + strlen("/v1/batches/"), id.text) == 0);
    upload_ask(location, "", 200);
    lines_settle(&id);
    upload_ask(location, "", 200);
    upload_ask(location, "/results", 200);
    spool_expire(host->api.spool, (int64_t)(HOST_NOW_MS / 1000) + 366 * 86400);
    upload_ask(location, "", 404);
}

/* -- pages -- */

/* The next page is there for who asks for it as it was said. */
static void page_run(struct question *question, const struct http_reply *first) {
    struct json *json = NULL;
    struct http_reply reply;
    struct buf query;
    if (json_parse(buf_bytes(&first->body), &json, NULL)) return;
    const char *next = json_text(json_member(json, "next"));
    buf_init(&query, 64 * 1024);
    if (next && (question->query.len == 0 ||
                 !memmem(question->query.data, question->query.len, "after=", strlen("after=")))) {
        FUZZ_CHECK(buf_add(&query, question->query) == ERR_OK);
        FUZZ_CHECK(buf_format(&query, "%safter=%s", query.len ? "&" : "", next) == ERR_OK);
        question->query = buf_bytes(&query);
        handle(question, &reply);
        FUZZ_CHECK(reply.status == 200);
        http_reply_done(&reply);
    }
    buf_done(&query);
    json_done(json);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct question question;
    struct http_reply reply;
    if (!host) ledger_open();
    question_read(bytes_of(data, size), &question);
    handle(&question, &reply);
    if (reply.status == 202 && bytes_is(question.path, "/v1/batches")) upload_run(&reply);
    if (reply.status == 200 && strcmp(question.method, "GET") == 0) page_run(&question, &reply);
    http_reply_done(&reply);
    question_done(&question);
    return 0;
}
