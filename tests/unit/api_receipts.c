/* Receipts as they leave the API, judged by the offline verifier; documents; and POST /v1/verifications. */
#include "tests/lib/readers.h"

#include "ledger/proof/receipt.h"
#include "ledger/proof/tlog_proof.h"

#define DIGEST_1 "0101010101010101010101010101010101010101010101010101010101010101"

/* Posts a record and gives the receipt's text. */
static struct buf receipt_of_post(struct host *host, const struct buf *jws) {
    struct http_reply reply = ask(host, ask_post(jws));
    struct json *body = reply_json(&reply);
    struct buf text;
    cr_assert(reply.status == 201 || reply.status == 200, "%s",
              json_text(json_member(body, "detail")));
    buf_init(&text, LIMIT_RECEIPT);
    cr_assert(json_format(json_member(body, "receipt"), &text) == ERR_OK);
    json_done(body);
    http_reply_done(&reply);
    return text;
}

static struct verdict *judge(struct host *host, const struct buf *receipt) {
    struct verify_input input = {.receipt = buf_bytes(receipt), .policy = buf_bytes(&host->policy)};
    struct verdict *verdict = NULL;
    cr_assert(verify(&input, &verdict) == ERR_OK);
    return verdict;
}

static struct buf admit(struct host *host, const char *registrar, enum key_alg alg, const char *id,
                        uint16_t roles, enum key_alg new_alg, uint64_t number) {
    return host_admit(host, registrar, alg, id, roles, new_alg, number);
}

static void id_of(const struct buf *jws, char ret[65]) {
    uint8_t id[32];
    const uint8_t *dot = memrchr(jws->data, '.', jws->len);
    sha256(bytes_of(jws->data, (size_t)(dot - jws->data)), id);
    hex_encode(bytes_of(id, 32), ret);
}

/* -- receipts that carry the record -- */

Test(api_receipts, a_receipt_verifies_with_the_ledgers_own_policy) {
    struct host *host = host_open();
    struct buf jws =
        admit(host, "registrar", KEY_ED25519, "newcomer", ROLE_EMPLOYER, KEY_ES256K, 1);
    struct buf receipt = receipt_of_post(host, &jws);
    struct verdict *verdict = judge(host, &receipt);
    for (int i = 0; i < STEP_COUNT; i++) {
        cr_assert_neq(verdict->items[i].result, VERDICT_FAIL, "%s: %s",
                      verdict_step_name((enum verdict_step)i), verdict->items[i].reason);
    }
    cr_assert_eq(verdict->outcome, VERDICT_VALID);
    cr_assert_eq(verdict->items[STEP_ISSUER].result, VERDICT_PASS, "%s",
                 verdict->items[STEP_ISSUER].reason);
    cr_assert(verdict->index == 1 && verdict->size == 2);
    cr_assert_str_eq(verdict->issuer, "registrar");
    verdict_done(verdict);
    buf_done(&receipt);
    buf_done(&jws);
    host_close(host);
}

/* genesis binds the registrar, who admits another, who admits a third, ...: each receipt carries the whole way. */
Test(api_receipts, the_issuer_chain_leads_to_genesis_however_long) {
    static const char *const ids[] = {"registrar", "r1", "r2", "r3", "r4", "r5"};
    static const enum key_alg algs[] = {KEY_ED25519, KEY_ES256K,  KEY_ES256,
                                        KEY_SM2,     KEY_ED25519, KEY_ES256K};
    struct host *host = host_open();
    for (size_t i = 1; i < 6; i++) {
        struct buf jws = admit(host, ids[i - 1], algs[i - 1], ids[i], ROLE_REGISTRAR, algs[i], i);
        struct buf text = receipt_of_post(host, &jws);
        struct receipt *receipt = NULL;
        struct problem why = {0};
        cr_assert(receipt_parse(buf_bytes(&text), &receipt, &why) == ERR_OK, "%s", why.detail);
        cr_assert_eq(receipt->link_count, i, "%zu", receipt->link_count);
        for (size_t l = 0; l + 1 < i; l++) cr_assert(receipt->links[l].record.len > 0);
        cr_assert(bytes_equal(receipt->links[i - 1].genesis, host->genesis->bytes));
        cr_assert_eq(receipt->links[i - 1].time_ms, HOST_CREATED_MS);
        struct verdict *verdict = judge(host, &text);
        cr_assert_eq(verdict->outcome, VERDICT_VALID);
        cr_assert_eq(verdict->items[STEP_ISSUER].result, VERDICT_PASS, "%zu: %s", i,
                     verdict->items[STEP_ISSUER].reason);
        verdict_done(verdict);
        receipt_done(receipt);
        buf_done(&text);
        buf_done(&jws);
    }
    host_close(host);
}

/* -- GET /v1/records/{id}/receipt -- */

static struct http_reply get_receipt(struct host *host, const char *id, const char *accept) {
    char path[128];
    (void)snprintf(path, sizeof path, "/v1/records/%s/receipt", id);
    struct ask question = {.path = path, .accept = accept};
    return ask(host, question);
}

Test(api_receipts, the_public_receipt_has_the_leaf_and_not_the_record) {
    struct host *host = host_open();
    struct buf jws =
        admit(host, "registrar", KEY_ED25519, "newcomer", ROLE_EMPLOYER, KEY_ES256K, 1);
    char id[65];
    id_of(&jws, id);
    cr_assert_eq(ask_status(host, ask_post(&jws)), 201);
    struct http_reply reply = get_receipt(host, id, "application/json");
    cr_assert_eq(reply.status, 200);
    cr_assert_str_eq(reply.content_type, RECEIPT_MEDIA_TYPE);
    cr_assert_str_eq(reply_header(&reply, "Vary"), "Accept, Authorization");
    cr_assert_str_eq(reply_header(&reply, "X-Qizheng-Size"), "2");
    struct json *json = reply_json(&reply);
    cr_assert(json_member(json, "leaf") && !json_member(json, "record"));
    cr_assert(!json_member(json, "issuer"));
    json_done(json);
    struct verdict *verdict = judge(host, &reply.body);
    cr_assert_eq(verdict->outcome, VERDICT_VALID);
    cr_assert_eq(verdict->items[STEP_RECORD].result, VERDICT_NOT_APPLICABLE);
    verdict_done(verdict);
    http_reply_done(&reply);
    buf_done(&jws);
    host_close(host);
}

Test(api_receipts, text_plain_gives_the_bare_tlog_proof) {
    struct host *host = host_open();
    struct buf jws =
        admit(host, "registrar", KEY_ED25519, "newcomer", ROLE_EMPLOYER, KEY_ES256K, 1);
    char id[65];
    id_of(&jws, id);
    cr_assert_eq(ask_status(host, ask_post(&jws)), 201);
    struct http_reply reply = get_receipt(host, id, "text/plain");
    struct tlog_proof *proof = calloc(1, sizeof *proof);
    struct problem why = {0};
    cr_assert_str_eq(reply.content_type, "text/plain; charset=utf-8");
    cr_assert(proof && tlog_proof_parse(buf_bytes(&reply.body), proof, &why) == ERR_OK, "%s",
              why.detail);
    cr_assert(proof->index == 1 && bytes_equal(proof->checkpoint, buf_bytes(&host->note)));
    struct json *json = NULL;
    struct http_reply other = get_receipt(host, id, NULL);
    json = reply_json(&other);
    cr_assert(bytes_equal(json_text_bytes(json_member(json, "proof")), buf_bytes(&reply.body)));
    json_done(json);
    free(proof);
    http_reply_done(&other);
    http_reply_done(&reply);
    buf_done(&jws);
    host_close(host);
}

Test(api_receipts, a_receipt_that_is_not_there_is_404_and_says_which_kind) {
    static const char *const none[] = {
        "00", "zz", "0000000000000000000000000000000000000000000000000000000000000000",
        "000000000000000000000000000000000000000000000000000000000000000A", "%30"};
    struct host *host = host_open();
    for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
        reply_is_problem(get_receipt(host, none[i], NULL), ERR_NOT_FOUND);
    }
    struct buf jws =
        admit(host, "registrar", KEY_ED25519, "newcomer", ROLE_EMPLOYER, KEY_ES256K, 1);
    char id[65];
    id_of(&jws, id);
    host->is_unpublished = true;
    cr_assert_eq(ask_status(host, ask_post(&jws)), 202);
    struct http_reply reply = get_receipt(host, id, NULL);
    cr_assert_str_eq(reply_header(&reply, "Retry-After"), "1");
    reply_is_problem(reply, ERR_NOT_FINAL);
    reply_is_problem(get_receipt(host, id, "text/plain"), ERR_NOT_FINAL);
    host_publish(host);
    reply = get_receipt(host, id, NULL);
    cr_assert_eq(reply.status, 200);
    http_reply_done(&reply);
    host->is_unsigned = true;
    reply_is_problem(get_receipt(host, id, NULL), ERR_NOT_FINAL);
    buf_done(&jws);
    host_close(host);
}

/* -- the same, asked by a participant -- */

static const char *receipt_path(const uint8_t id[32], char ret[160]) {
    char before[128];
    (void)snprintf(ret, 160, "%s/receipt", readers_path("/v1/records/", id, before));
    return ret;
}

/* Each reader gets the whole receipt of what it may see, and of nothing else; the record in it is the stored one. */
Test(api_receipts, a_reader_gets_the_receipt_with_the_record_where_it_may_see_it) {
    struct readers *r = readers_open(NULL);
    (void)readers_contract(r, "acme", "conclude", "{}", NULL, 1);
    (void)readers_contract(r, "zeta", "conclude", "{}", NULL, 2);
    for (size_t n = 0; n < READERS_NAMES; n++) {
        for (uint64_t i = 1; i < r->size; i++) {
            char path[160], hex[65];
            const char *name = readers_names[n];
            struct http_reply reply = readers_ask(r, name, receipt_path(r->ids[i], path), NULL);
            if (!readers_may(r, name, i)) {
                reply_is_problem(reply, ERR_SCOPE);
                continue;
            }
            cr_assert_eq(reply.status, 200, "%s, record %d: %d", name, (int)i, reply.status);
            cr_expect_str_eq(reply.content_type, RECEIPT_MEDIA_TYPE);
            cr_expect_str_eq(reply_header(&reply, "Vary"), "Accept, Authorization");
            struct verdict *verdict = judge(r->host, &reply.body);
            cr_assert_eq(verdict->outcome, VERDICT_VALID);
            cr_expect_eq(verdict->items[STEP_RECORD].result, VERDICT_PASS);
            cr_expect_eq(verdict->items[STEP_ISSUER].result, VERDICT_PASS);
            cr_expect_str_eq(verdict->issuer, r->issuers[i]);
            hex_encode(bytes_of(verdict->record_id, 32), hex);
            cr_expect(strstr(path, hex));
            verdict_done(verdict);
            http_reply_done(&reply);
        }
    }
    readers_close(r);
}

Test(api_receipts, whoever_shows_a_token_is_answered_by_it) {
    struct readers *r = readers_open(NULL);
    char path[160];
    uint8_t nobody[32] = {1};
    uint64_t own = readers_contract(r, "acme", "conclude", "{}", NULL, 1);
    struct ask question = {.path = receipt_path(r->ids[own], path)};
    struct buf token = host_token(r->host, "acme", KEY_ES256K, 99, question);
    question.authorization = buf_text(&token);
    cr_expect_eq(ask_status(r->host, question), 200);
    reply_is_problem(ask(r->host, question), ERR_TOKEN_REPLAYED);
    question.authorization = "Bearer x.y.z";
    reply_is_problem(ask(r->host, question), ERR_TOKEN_INVALID);
    question.authorization = "Basic YTpi";
    reply_is_problem(ask(r->host, question), ERR_TOKEN_MISSING);
    question = (struct ask){.path = "/v1/documents/sha-256/" DIGEST_1};
    question.authorization = "Bearer x.y.z";
    reply_is_problem(ask(r->host, question), ERR_TOKEN_INVALID);
    question = (struct ask){.path = receipt_path(r->ids[own], path), .accept = "text/plain"};
    struct http_reply reply = ask_as(r->host, "acme", KEY_ES256K, 100, question);
    cr_expect_str_eq(reply.content_type, "text/plain; charset=utf-8");
    http_reply_done(&reply);
    reply_is_problem(readers_ask(r, "court", receipt_path(nobody, path), NULL), ERR_NOT_FOUND);
    buf_done(&token);
    readers_close(r);
}

/* -- documents -- */

static struct json *document(struct host *host, const char *path) {
    struct ask question = {.path = path};
    struct http_reply reply = ask(host, question);
    cr_assert_eq(reply.status, 200);
    struct json *json = reply_json(&reply);
    http_reply_done(&reply);
    return json;
}

static bool is_present(const struct json *answer) {
    bool present = false;
    cr_assert(json_bool(json_member(answer, "present"), &present));
    return present;
}

Test(api_receipts, a_document_is_present_since_its_first_final_leaf) {
    struct host *host = host_open();
    struct json *answer = document(host, "/v1/documents/sha-256/" DIGEST_1);
    cr_assert(!is_present(answer) && !json_member(answer, "since"));
    cr_assert_eq(json_number(answer, "size"), 1);
    json_done(answer);
    struct buf jws =
        admit(host, "registrar", KEY_ED25519, "newcomer", ROLE_EMPLOYER, KEY_ES256K, 1);
    host->is_unpublished = true;
    cr_assert_eq(ask_status(host, ask_post(&jws)), 202);
    answer = document(host, "/v1/documents/sha-256/" DIGEST_1);
    cr_assert(!is_present(answer), "it is not final yet");
    json_done(answer);
    host_publish(host);
    uint64_t first_ms = host->tip.time_ms;
    answer = document(host, "/v1/documents/sha-256/" DIGEST_1);
    cr_assert(is_present(answer) && json_number(answer, "since") == (int64_t)first_ms);
    cr_assert_str_eq(json_text(json_member(answer, "digest")), DIGEST_1);
    cr_assert_str_eq(json_text(json_member(answer, "alg")), "sha-256");
    cr_assert_eq(json_count(answer), 5, "it says more than it should");
    json_done(answer);
    answer = document(host, "/v1/documents/sm3/" DIGEST_1);
    cr_assert(!is_present(answer), "another algorithm is another document");
    json_done(answer);
    buf_done(&jws);
    host_close(host);
}

/* Of the one document that the record names. */
static void document_path(const struct readers *r, uint64_t index, char ret[128]) {
    char hex[65];
    struct buf body;
    struct record *record = NULL;
    struct store_view *view;
    buf_init(&body, LIMIT_RECORD_PRESENTED);
    cr_assert(store_view_open(r->host->store, &view) == ERR_OK);
    cr_assert(store_view_body(view, index, &body) == ERR_OK);
    cr_assert(record_parse(buf_bytes(&body), &record, NULL) == ERR_OK && record->doc_count == 1);
    hex_encode(bytes_of(record->docs[0].digest, 32), hex);
    (void)snprintf(ret, 128, "/v1/documents/%s/%s", digest_name(record->docs[0].alg), hex);
    record_done(record);
    store_view_close(view);
    buf_done(&body);
}

/* SCENE_CONTRACT's document is one for all: each reader is told of its own records on it, all of them in the order of the log. */
Test(api_receipts, a_reader_is_told_of_the_records_on_a_document_that_it_may_see) {
    struct readers *r = readers_open(NULL);
    uint64_t first = readers_contract(r, "acme", "conclude", "{}", NULL, 1);
    (void)readers_contract(r, "zeta", "conclude", "{}", NULL, 2);
    (void)readers_contract(r, "acme", "conclude", "{}", NULL, 3);
    char path[128];
    document_path(r, first, path);
    for (size_t n = 0; n < READERS_NAMES; n++) {
        const char *name = readers_names[n];
        struct json *answer = readers_get(r, name, path, NULL);
        const struct json *records = json_member(answer, "records");
        size_t at = 0;
        cr_expect(is_present(answer));
        for (uint64_t i = first; i < r->size; i++) {
            if (!readers_may(r, name, i)) continue;
            const struct json *record = json_at(records, at++);
            cr_assert_eq(json_number(record, "index"), (int64_t)i, "%s", name);
            cr_expect_str_eq(json_text(json_member(record, "issuer")), r->issuers[i]);
            cr_expect_str_eq(json_text(json_member(record, "act")), "conclude");
            cr_expect_str_eq(json_text(json_member(record, "status")), "in_force");
            cr_expect_eq(strlen(json_text(json_member(record, "id"))), 64);
        }
        cr_expect(json_kind(records) == JSON_KIND_ARRAY && json_count(records) == at);
        cr_expect(!json_member(answer, "records_truncated"));
        json_done(answer);
    }
    struct ask question = {.path = path};
    struct http_reply reply = ask(r->host, question);
    struct json *answer = reply_json(&reply);
    cr_expect_str_eq(reply_header(&reply, "Vary"), "Authorization");
    cr_expect_eq(json_count(answer), 5, "nobody in particular is told no more than before");
    json_done(answer);
    http_reply_done(&reply);
    answer = readers_get(r, "court", "/v1/documents/sm3/" DIGEST_1, NULL);
    cr_expect(!is_present(answer) && json_count(json_member(answer, "records")) == 0);
    json_done(answer);
    readers_close(r);
}

Test(api_receipts, a_document_with_many_records_says_that_there_are_more) {
    struct readers *r = readers_open(NULL);
    char path[128];
    bool is_cut = false;
    uint64_t first = r->size;
    for (uint64_t i = 0; i <= LIMIT_PAGE; i++)
        (void)readers_contract(r, "acme", "conclude", "{}", NULL, (uint8_t)(i + 1));
    document_path(r, first, path);
    struct json *answer = readers_get(r, "acme", path, NULL);
    cr_expect_eq(json_count(json_member(answer, "records")), LIMIT_PAGE);
    cr_expect(json_bool(json_member(answer, "records_truncated"), &is_cut) && is_cut);
    json_done(answer);
    answer = readers_get(r, "zeta", path, NULL);
    cr_expect_eq(json_count(json_member(answer, "records")), 0);
    cr_expect(!json_member(answer, "records_truncated"), "nor how many there are of others");
    json_done(answer);
    readers_close(r);
}

Test(api_receipts, a_document_is_named_in_one_way) {
    static const char *const none[] = {
        "/v1/documents/sha256/" DIGEST_1,
        "/v1/documents/SHA-256/" DIGEST_1,
        "/v1/documents/md5/" DIGEST_1,
        "/v1/documents/sha-256/" DIGEST_1 "00",
        "/v1/documents/sha-256/01",
        "/v1/documents/sha-256/%30" DIGEST_1,
        "/v1/documents/sha-256/010101010101010101010101010101010101010101010101010101010101010A"};
    struct host *host = host_open();
    for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
        struct ask question = {.path = none[i]};
        reply_is_problem(ask(host, question), ERR_NOT_FOUND);
    }
    struct ask question = {.path = "/v1/documents/sha-256/" DIGEST_1};
    host->is_unsigned = true;
    reply_is_problem(ask(host, question), ERR_NOT_FINAL);
    host_close(host);
}

/* -- verifications -- */

static struct http_reply verifications(struct host *host, struct bytes body) {
    struct ask question = {
        .method = "POST", .path = "/v1/verifications", .type = "application/json", .body = body};
    return ask(host, question);
}

static struct json *verified(struct host *host, const struct buf *receipt, const char *document_) {
    struct buf body;
    buf_init(&body, LIMIT_HTTP_VERIFICATION);
    cr_assert(buf_add_text(&body, "{\"receipt\":") == ERR_OK);
    cr_assert(buf_add(&body, buf_bytes(receipt)) == ERR_OK);
    if (document_) cr_assert(buf_format(&body, ",\"document\":%s", document_) == ERR_OK);
    cr_assert(buf_add_text(&body, "}") == ERR_OK);
    struct http_reply reply = verifications(host, buf_bytes(&body));
    struct json *json = reply_json(&reply);
    cr_assert_eq(reply.status, 200, "%s", json_text(json_member(json, "detail")));
    http_reply_done(&reply);
    buf_done(&body);
    return json;
}

static const struct json *step_of(const struct json *answer, const char *name) {
    const struct json *steps = json_member(json_member(answer, "verdict"), "steps");
    for (size_t i = 0; i < json_count(steps); i++) {
        const char *step = json_text(json_member(json_at(steps, i), "step"));
        if (strcmp(step, name) == 0) return json_at(steps, i);
    }
    cr_assert(false, "no step %s", name);
    return NULL;
}

static const char *outcome_of(const struct json *answer) {
    return json_text(json_member(json_member(answer, "verdict"), "outcome"));
}

Test(api_receipts, a_verification_gives_the_verdict_and_the_live_status) {
    struct host *host = host_open();
    struct buf jws =
        admit(host, "registrar", KEY_ED25519, "newcomer", ROLE_EMPLOYER, KEY_ES256K, 1);
    struct buf receipt = receipt_of_post(host, &jws);
    struct json *answer = verified(host, &receipt, NULL);
    cr_assert_str_eq(outcome_of(answer), "valid");
    cr_assert_eq(json_number(answer, "size"), 2);
    const struct json *status = step_of(answer, "status");
    cr_assert_str_eq(json_text(json_member(status, "result")), "pass");
    cr_assert(strstr(json_text(json_member(status, "reason")), "open findings: 0"));
    cr_assert(json_text(json_member(json_member(answer, "status"), "status")));
    cr_assert(!json_member(answer, "document"));
    json_done(answer);
    buf_done(&receipt);
    buf_done(&jws);
    host_close(host);
}

Test(api_receipts, the_live_status_counts_the_open_findings) {
    struct host *host = host_open_flagging("LC-23");
    struct json *claims = host_claims(host, "registrar", "participant", "admit", 1);
    struct json *participant = host_participant("newcomer", ROLE_EMPLOYER, KEY_ES256K);
    for (void *at = json_first(participant); at; at = json_next(participant, at)) {
        host_put(claims, json_name_at(at), json_clone(json_value_at(at)));
    }
    host_put(claims, "uscc", json_new_text("91350100M000100Y44"));
    json_done(participant);
    struct buf jws = host_sign(claims, KEY_ED25519, "registrar");
    struct buf receipt = receipt_of_post(host, &jws);
    struct json *answer = verified(host, &receipt, NULL);
    const struct json *status = step_of(answer, "status");
    cr_assert_str_eq(json_text(json_member(status, "result")), "pass");
    cr_assert(strstr(json_text(json_member(status, "reason")), "open findings: 1"), "%s",
              json_text(json_member(status, "reason")));
    json_done(answer);
    buf_done(&receipt);
    buf_done(&jws);
    host_close(host);
}

Test(api_receipts, a_public_receipt_gets_no_status) {
    struct host *host = host_open();
    struct buf jws =
        admit(host, "registrar", KEY_ED25519, "newcomer", ROLE_EMPLOYER, KEY_ES256K, 1);
    char id[65];
    id_of(&jws, id);
    cr_assert_eq(ask_status(host, ask_post(&jws)), 201);
    struct http_reply reply = get_receipt(host, id, NULL);
    struct json *answer = verified(host, &reply.body, NULL);
    cr_assert_str_eq(outcome_of(answer), "valid");
    cr_assert(!json_member(answer, "status"));
    cr_assert_str_neq(json_text(json_member(step_of(answer, "status"), "result")), "pass");
    json_done(answer);
    http_reply_done(&reply);
    buf_done(&jws);
    host_close(host);
}

Test(api_receipts, a_forged_receipt_is_invalid_and_gets_no_status) {
    struct host *host = host_open();
    struct buf jws =
        admit(host, "registrar", KEY_ED25519, "newcomer", ROLE_EMPLOYER, KEY_ES256K, 1);
    struct buf receipt = receipt_of_post(host, &jws);
    struct json *json = NULL;
    cr_assert(json_parse(buf_bytes(&receipt), &json, NULL) == ERR_OK);
    struct bytes record = json_text_bytes(json_member(json, "record"));
    char *forged = strndup((const char *)record.data, record.len);
    cr_assert(forged);
    char *at = forged + record.len - 20;
    *at = *at == 'A' ? 'B' : 'A';
    host_put(json, "record", json_new_text(forged));
    buf_clear(&receipt);
    cr_assert(json_format(json, &receipt) == ERR_OK);
    struct json *answer = verified(host, &receipt, NULL);
    cr_assert_str_eq(outcome_of(answer), "invalid");
    cr_assert(!json_member(answer, "status"));
    json_done(answer);
    json_done(json);
    free(forged);
    buf_done(&receipt);
    buf_done(&jws);
    host_close(host);
}

#define DOCUMENT_1 "{\"alg\":\"sha-256\",\"digest\":\"" DIGEST_1 "\"}"
#define DOCUMENT_2                                                                                 \
    "{\"alg\":\"sha-256\",\"digest\":\"AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI\"}"

Test(api_receipts, a_verification_judges_the_document_too) {
    struct host *host = host_open();
    struct buf jws =
        admit(host, "registrar", KEY_ED25519, "newcomer", ROLE_EMPLOYER, KEY_ES256K, 1);
    struct buf receipt = receipt_of_post(host, &jws);
    struct json *answer = verified(host, &receipt, DOCUMENT_1);
    cr_assert_str_eq(outcome_of(answer), "valid");
    cr_assert_str_eq(json_text(json_member(step_of(answer, "document"), "result")), "pass");
    cr_assert(is_present(json_member(answer, "document")));
    json_done(answer);
    answer = verified(host, &receipt, DOCUMENT_2);
    cr_assert_str_eq(outcome_of(answer), "invalid");
    cr_assert_str_eq(json_text(json_member(step_of(answer, "document"), "result")), "fail");
    cr_assert(!is_present(json_member(answer, "document")));
    json_done(answer);
    struct http_reply reply = verifications(host, bytes_text("{\"document\":" DOCUMENT_1 "}"));
    answer = reply_json(&reply);
    cr_assert(reply.status == 200 && is_present(json_member(answer, "document")));
    cr_assert(!json_member(answer, "verdict") && json_number(answer, "size") == 2);
    json_done(answer);
    http_reply_done(&reply);
    buf_done(&receipt);
    buf_done(&jws);
    host_close(host);
}

#define DEMAND "{\"audience\":\"https://court.example\",\"nonce\":\"n\",\"max_age\":60}"

Test(api_receipts, a_verification_can_demand_a_key_binding) {
    struct host *host = host_open();
    struct buf jws =
        admit(host, "registrar", KEY_ED25519, "newcomer", ROLE_EMPLOYER, KEY_ES256K, 1);
    struct buf receipt = receipt_of_post(host, &jws), body;
    buf_init(&body, LIMIT_HTTP_VERIFICATION);
    cr_assert(buf_add_text(&body, "{\"key_binding\":" DEMAND ",\"receipt\":") == ERR_OK);
    cr_assert(buf_add(&body, buf_bytes(&receipt)) == ERR_OK);
    cr_assert(buf_add_text(&body, "}") == ERR_OK);
    struct http_reply reply = verifications(host, buf_bytes(&body));
    struct json *answer = reply_json(&reply);
    cr_assert_eq(reply.status, 200);
    cr_assert_str_eq(outcome_of(answer), "invalid");
    const struct json *step = step_of(answer, "disclosures");
    cr_assert(strstr(json_text(json_member(step, "reason")), "carries none"));
    http_reply_done(&reply);
    json_done(answer);
    buf_done(&body);
    buf_done(&receipt);
    buf_done(&jws);
    host_close(host);
}

Test(api_receipts, a_verification_reads_its_body_strictly) {
    static const struct {
        const char *body;
        enum err err;
    } cases[] = {
        {"", ERR_MALFORMED_JSON},
        {"{", ERR_MALFORMED_JSON},
        {"{\"document\":" DOCUMENT_1 ",\"document\":" DOCUMENT_1 "}", ERR_MALFORMED_JSON},
        {"[]", ERR_SCHEMA},
        {"null", ERR_SCHEMA},
        {"{}", ERR_SCHEMA},
        {"{\"file\":\"x\"}", ERR_SCHEMA},
        {"{\"document\":" DOCUMENT_1 ",\"x\":1}", ERR_SCHEMA},
        {"{\"document\":" DOCUMENT_1 ",\"key_binding\":" DEMAND "}", ERR_SCHEMA},
        {"{\"receipt\":{},\"key_binding\":null}", ERR_SCHEMA},
        {"{\"receipt\":{},\"key_binding\":{}}", ERR_SCHEMA},
        {"{\"receipt\":{},\"key_binding\":{\"audience\":\"a\"}}", ERR_SCHEMA},
        {"{\"receipt\":{},\"key_binding\":{\"audience\":\"a\",\"nonce\":\"\"}}", ERR_SCHEMA},
        {"{\"receipt\":{},\"key_binding\":{\"audience\":[\"a\"],\"nonce\":\"n\"}}", ERR_SCHEMA},
        {"{\"receipt\":{},\"key_binding\":{\"audience\":\"a\",\"nonce\":\"n\",\"x\":1}}",
         ERR_SCHEMA},
        {"{\"receipt\":{},\"key_binding\":{\"audience\":\"a\",\"nonce\":\"n\",\"max_age\":-1}}",
         ERR_SCHEMA},
        {"{\"receipt\":{},\"key_binding\":{\"audience\":\"a\",\"nonce\":\"n\",\"max_age\":\"1\"}}",
         ERR_SCHEMA},
        {"{\"document\":\"x\"}", ERR_SCHEMA},
        {"{\"document\":null}", ERR_SCHEMA},
        {"{\"document\":{}}", ERR_SCHEMA},
        {"{\"document\":{\"alg\":\"sha-256\"}}", ERR_SCHEMA},
        {"{\"document\":{\"alg\":\"md5\",\"digest\":\"" DIGEST_1 "\"}}", ERR_SCHEMA},
        {"{\"document\":{\"alg\":\"sha-256\",\"digest\":\"0101\"}}", ERR_SCHEMA},
        {"{\"document\":{\"alg\":\"sha-256\",\"digest\":1}}", ERR_SCHEMA},
        {"{\"document\":{\"alg\":\"sha-256\",\"digest\":\"" DIGEST_1 "\",\"x\":1}}", ERR_SCHEMA},
    };
    struct host *host = host_open();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct http_reply reply = verifications(host, bytes_text(cases[i].body));
        cr_assert_eq(reply.status, err_status(cases[i].err), "%s: %d", cases[i].body, reply.status);
        reply_is_problem(reply, cases[i].err);
    }
    struct ask question = {.method = "POST", .path = "/v1/verifications", .type = "text/plain"};
    reply_is_problem(ask(host, question), ERR_MEDIA_TYPE);
    host->is_unsigned = true;
    reply_is_problem(verifications(host, bytes_text("{\"document\":" DOCUMENT_1 "}")),
                     ERR_NOT_FINAL);
    host_close(host);
}

/* Whatever stands where a receipt should be is a verdict, never a fault. */
Test(api_receipts, a_receipt_that_is_none_is_a_verdict_all_the_same) {
    static const char *const receipts[] = {
        "{}", "null", "[]", "1", "\"x\"", "{\"proof\":\"\"}", "{\"mediaType\":\"x\"}"};
    struct host *host = host_open();
    for (size_t i = 0; i < sizeof receipts / sizeof *receipts; i++) {
        struct buf text;
        buf_init(&text, 1024);
        cr_assert(buf_add_text(&text, receipts[i]) == ERR_OK);
        struct json *answer = verified(host, &text, NULL);
        cr_assert_str_neq(outcome_of(answer), "valid");
        json_done(answer);
        buf_done(&text);
    }
    host_close(host);
}
