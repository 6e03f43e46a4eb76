/* A receipt that is made from memory, right after the commit, is byte for byte the one that GET /v1/records/{id}/receipt makes from the store: for every kind of record by which the two
 * could differ. Under a newer checkpoint a receipt has other proofs, of the record and of every link to the genesis, and nothing else may be another: that is held at the end of each test. */
#include "tests/lib/benefits.h"
#include "tests/lib/readers.h"

#include "api/chains.h"
#include "api/log.h"
#include "ledger/proof/receipt.h"
#include "ledger/proof/tlog_proof.h"
#include "ledger/store/store_impl.h"

#define TOLD_MAX 64

/* What a submitter was told. */
struct told {
    uint8_t id[32];
    struct buf receipt;
    size_t findings;
};

static struct readers *r;
static struct told told[TOLD_MAX];
static size_t told_count;

/* As in the node: rows and chains are kept in memory. */
static void begin_with(const char *flagged) {
    log_set_level(LOG_ERROR);
    r = readers_open(flagged);
    store_keep_rows(r->host->store, state_kept);
    cr_assert(chains_open(&r->host->api.chains) == ERR_OK);
}

/* -- what there is to compare -- */

/* Of a 201, a 200 or a line of an upload: the last member. */
static struct buf receipt_in(struct bytes text) {
    static const char before[] = ",\"receipt\":";
    const uint8_t *at = memmem(text.data, text.len, before, strlen(before));
    struct buf receipt;
    cr_assert(at && text.data[text.len - 1] == '}', "%.*s", (int)text.len, text.data);
    size_t from = (size_t)(at - text.data) + strlen(before);
    buf_init(&receipt, LIMIT_RECEIPT);
    cr_assert(buf_add(&receipt, bytes_slice(text, from, text.len - 1)) == ERR_OK);
    return receipt;
}

static void path_of(const uint8_t id[32], char ret[160]) {
    char before[128];
    (void)snprintf(ret, 160, "%s/receipt", readers_path("/v1/records/", id, before));
}

/* Made from the store for somebody who may see the record. */
static struct http_reply stored(const uint8_t id[32], bool with_chains) {
    struct chains *chains = r->host->api.chains;
    char path[160];
    path_of(id, path);
    if (!with_chains) r->host->api.chains = NULL;
    struct http_reply reply = readers_ask(r, "court", path, NULL);
    r->host->api.chains = chains;
    cr_assert_eq(reply.status, 200, "%d %.*s", reply.status, (int)reply.body.len, reply.body.data);
    return reply;
}

static struct receipt *parsed(struct bytes text) {
    struct receipt *receipt = NULL;
    struct problem why = {0};
    cr_assert(receipt_parse(text, &receipt, &why) == ERR_OK, "%s", why.detail);
    return receipt;
}

/* Two receipts that were wrong in the same way would also be the same. */
static void is_valid(struct bytes receipt, bool with_record) {
    struct verify_input input = {.receipt = receipt, .policy = buf_bytes(&r->host->policy)};
    struct verdict *verdict = NULL;
    cr_assert(verify(&input, &verdict) == ERR_OK);
    cr_assert_eq(verdict->outcome, VERDICT_VALID);
    if (with_record)
        cr_assert(verdict->items[STEP_RECORD].result == VERDICT_PASS &&
                      verdict->items[STEP_ISSUER].result == VERDICT_PASS,
                  "%s", verdict->items[STEP_ISSUER].reason);
    verdict_done(verdict);
}

/* The form for everybody has the leaf in the record's place: of the same bytes, with the same proof. */
static void is_same_for_everybody(const struct told *one) {
    char path[160];
    uint8_t hash[32], leaf[LEAF_LEN];
    struct receipt *mine = parsed(buf_bytes(&one->receipt));
    path_of(one->id, path);
    struct http_reply reply = ask(r->host, (struct ask){.path = path});
    cr_assert_eq(reply.status, 200);
    struct receipt *public = parsed(buf_bytes(&reply.body));
    is_valid(buf_bytes(&reply.body), false);
    sha256(bytes_slice(mine->presentation, 0, mine->presentation.len - 1), hash);
    leaf_encode(mine->time_ms, hash, leaf);
    cr_assert(public->has_leaf && public->time_ms == mine->time_ms);
    cr_assert_arr_eq(public->leaf, leaf, LEAF_LEN);
    cr_assert(bytes_equal(public->proof, mine->proof));
    receipt_done(public);
    receipt_done(mine);
    http_reply_done(&reply);
}

static void is_as_stored(const struct told *one) {
    is_valid(buf_bytes(&one->receipt), true);
    for (int with_chains = 0; with_chains < 2; with_chains++) {
        struct http_reply reply = stored(one->id, with_chains);
        cr_assert_str_eq(reply.content_type, RECEIPT_MEDIA_TYPE);
        cr_assert(bytes_equal(buf_bytes(&reply.body), buf_bytes(&one->receipt)), "%.*s\n%.*s",
                  (int)one->receipt.len, one->receipt.data, (int)reply.body.len, reply.body.data);
        http_reply_done(&reply);
    }
    is_same_for_everybody(one);
}

/* -- under a newer checkpoint -- */

/* The same leaf, in a tree that has grown or not. */
static bool proofs_are_of_one_leaf(struct bytes before, struct bytes after) {
    struct tlog_proof *a = calloc(1, sizeof *a), *b = calloc(1, sizeof *b);
    struct problem why = {0};
    cr_assert(a && tlog_proof_parse(before, a, &why) == ERR_OK, "%s", why.detail);
    cr_assert(b && tlog_proof_parse(after, b, &why) == ERR_OK, "%s", why.detail);
    bool are_same = bytes_equal(a->checkpoint, b->checkpoint);
    cr_assert_eq(a->index, b->index);
    cr_assert(bytes_equal(b->checkpoint, buf_bytes(&r->host->note)));
    cr_assert(are_same == bytes_equal(before, after));
    free(a);
    free(b);
    return are_same;
}

static void is_same_but_for_proofs(struct bytes before, struct bytes after) {
    struct receipt *a = parsed(before), *b = parsed(after);
    cr_assert(bytes_equal(a->presentation, b->presentation) && a->time_ms == b->time_ms);
    cr_assert(!a->has_leaf && !b->has_leaf && a->link_count == b->link_count);
    bool are_same = proofs_are_of_one_leaf(a->proof, b->proof);
    for (size_t i = 0; i < a->link_count; i++) {
        cr_assert(bytes_equal(a->links[i].record, b->links[i].record));
        cr_assert(bytes_equal(a->links[i].genesis, b->links[i].genesis));
        cr_assert_eq(a->links[i].time_ms, b->links[i].time_ms);
        cr_assert(proofs_are_of_one_leaf(a->links[i].proof, b->links[i].proof) == are_same);
    }
    cr_assert(are_same == bytes_equal(before, after));
    receipt_done(a);
    receipt_done(b);
}

/* Called by every test, since Criterion counts no assertion that fails in a teardown. */
static void end(void) {
    for (size_t i = 0; i < 2 * told_count; i++) {
        struct told *one = &told[i / 2];
        struct http_reply reply = stored(one->id, i % 2);
        is_valid(buf_bytes(&reply.body), true);
        is_same_but_for_proofs(buf_bytes(&one->receipt), buf_bytes(&reply.body));
        http_reply_done(&reply);
        if (i % 2) buf_done(&one->receipt);
    }
    chains_close(r->host->api.chains);
    readers_close(r);
}

TestSuite(api_receipts_stored, .timeout = 120);

/* -- sending -- */

/* The receipt shows the stored bytes, and they are `kept` without the tilde. */
static struct told *told_add(const struct buf *kept, struct bytes reply) {
    cr_assert(told_count < TOLD_MAX);
    struct told *one = &told[told_count++];
    one->receipt = receipt_in(reply);
    struct receipt *receipt = parsed(buf_bytes(&one->receipt));
    struct bytes shown = receipt->presentation, bare = buf_bytes(kept);
    if (bare.data[bare.len - 1] == '~') bare.len--;
    cr_assert(shown.len == bare.len + 1 && shown.data[bare.len] == '~');
    cr_assert(bytes_equal(bytes_slice(shown, 0, bare.len), bare));
    receipt_done(receipt);
    record_id_of(kept, one->id);
    is_as_stored(one);
    return one;
}

/* `sent` is answered with that status, `kept` being what then stands in the ledger. */
static struct told *take(const struct buf *sent, const struct buf *kept, int status) {
    struct ask question = ask_post(sent);
    if (sent->data[sent->len - 1] == '~') question.type = "application/sd-jwt";
    struct http_reply reply = ask(r->host, question);
    cr_assert_eq(reply.status, status, "%d %.*s", reply.status, (int)reply.body.len,
                 reply.body.data);
    struct told *one = told_add(kept, buf_bytes(&reply.body));
    struct json *json = reply_json(&reply);
    one->findings = json_count(json_member(json, "findings"));
    json_done(json);
    http_reply_done(&reply);
    return one;
}

/* A new record, as it is. */
static const uint8_t *put(struct buf jws) {
    struct told *one = take(&jws, &jws, 201);
    buf_done(&jws);
    return one->id;
}

static void admit_by(const char *registrar, enum key_alg alg, const char *id, uint16_t roles,
                     enum key_alg new_alg) {
    (void)put(host_admit(r->host, registrar, alg, id, roles, new_alg, ++r->number));
}

/* An employer that signs with that algorithm, and its name. */
static const char *employer_of(enum key_alg alg) {
    static const char *const names[KEY_ALG_COUNT] = {"e-es256k", "e-ed25519", "e-es256", "e-sm2"};
    admit_by("registrar", KEY_ED25519, names[alg], ROLE_EMPLOYER, alg);
    return names[alg];
}

static struct json *contract_claims(const char *issuer) {
    struct json *claims = host_claims(r->host, issuer, "labour-contract", "conclude", ++r->number);
    struct json *own = json_text_of(SCENE_CONTRACT);
    for (void *at = json_first(own); at; at = json_next(own, at))
        host_put(claims, json_name_at(at), json_clone(json_value_at(at)));
    json_done(own);
    return claims;
}

static struct buf contract_by(const char *issuer, enum key_alg alg) {
    return host_sign(contract_claims(issuer), alg, issuer);
}

/* -- who signs, and how -- */

/* Registrars one after the other, so that the way to the genesis has links of every algorithm. */
Test(api_receipts_stored, it_is_the_same_whichever_algorithm_signs) {
    begin_with(NULL);
    static const char *const registrars[] = {"r-es256k", "r-ed25519", "r-es256", "r-sm2"};
    const char *last = "registrar";
    enum key_alg last_alg = KEY_ED25519;
    for (enum key_alg alg = 0; alg < KEY_ALG_COUNT; alg++) {
        char id[16];
        admit_by(last, last_alg, registrars[alg], ROLE_REGISTRAR, alg);
        last = registrars[alg];
        last_alg = alg;
        (void)snprintf(id, sizeof id, "of-%s", last);
        admit_by(last, last_alg, id, ROLE_EMPLOYER, alg);
        (void)put(contract_by(id, alg));
    }
    cr_assert_eq(told_count, 3 * KEY_ALG_COUNT);
    end();
}

/* RFC 8037's name in the header, which stays in the signed bytes. */
Test(api_receipts_stored, it_is_the_same_under_the_older_name_of_ed25519) {
    begin_with(NULL);
    const char *issuer = employer_of(KEY_ED25519);
    struct key_secret *key = vector_key(KEY_ED25519, issuer);
    struct json *claims = contract_claims(issuer);
    struct buf payload = json_bytes_of(claims), jws;
    uint8_t sig[KEY_SIG_LEN];
    char header[192];
    (void)snprintf(header, sizeof header, "{\"alg\":\"EdDSA\",\"kid\":\"%s\",\"typ\":\"%s\"}",
                   key_secret_public(key)->kid, JWS_TYP_RECORD);
    jws = compact_of(header, buf_bytes(&payload));
    jws.len -= 87;
    cr_assert(key_sign(key, buf_bytes(&jws), sig) == ERR_OK);
    cr_assert(buf_add_byte(&jws, '.') == ERR_OK);
    cr_assert(base64url_encode(bytes_of(sig, sizeof sig), &jws) == ERR_OK);
    (void)put(jws);
    buf_done(&payload);
    json_done(claims);
    key_secret_done(key);
    end();
}

/* Whatever form is sent, first or later, the low S is stored, hashed and given back. */
Test(api_receipts_stored, it_has_the_low_s_whichever_was_sent) {
    begin_with(NULL);
    static const enum key_alg algs[] = {KEY_ES256K, KEY_ES256};
    for (size_t i = 0; i < 2; i++) {
        const char *issuer = employer_of(algs[i]);
        struct buf low = contract_by(issuer, algs[i]), high = compact_other_s(&low, algs[i]);
        struct record *record = NULL;
        cr_assert(record_parse(buf_bytes(&high), &record, NULL) == ERR_OK);
        cr_assert(record->jws.was_high_s && bytes_equal(record->canonical, buf_bytes(&low)));
        record_done(record);
        (void)take(&high, &low, 201);
        (void)take(&high, &low, 200);
        (void)take(&low, &low, 200);
        buf_done(&high);
        buf_done(&low);
    }
    end();
}

/* -- known already -- */

/* The same signing input under another signature: who is told so is told of the stored one, also where the order alone knew it. */
Test(api_receipts_stored, one_that_is_known_comes_with_the_signature_that_is_stored) {
    begin_with(NULL);
    static const enum key_alg algs[] = {KEY_ES256, KEY_SM2};
    for (size_t i = 0; i < 2; i++) {
        const char *issuer = employer_of(algs[i]);
        for (int in_the_order = 0; in_the_order < 2; in_the_order++) {
            struct json *claims = contract_claims(issuer);
            struct buf first = host_sign(json_clone(claims), algs[i], issuer);
            struct buf second = host_sign(claims, algs[i], issuer);
            cr_assert(!bytes_equal(buf_bytes(&first), buf_bytes(&second)));
            unsigned submitted = r->host->submitted;
            if (in_the_order)
                r->host->ahead = &first;
            else
                (void)take(&first, &first, 201);
            (void)take(&second, &first, 200);
            cr_assert_eq(r->host->submitted, submitted + 1);
            buf_done(&first);
            buf_done(&second);
        }
    }
    end();
}

/* -- holders -- */

static struct buf word_of(const struct key_secret *worker, const uint8_t ref[32]) {
    char iss[LIMIT_ID + 1];
    (void)snprintf(iss, sizeof iss, RECORD_KEY_URI "%s", key_secret_public(worker)->kid);
    struct json *claims = host_claims(r->host, iss, "labour-contract", "acknowledge", ++r->number);
    json_put_id(claims, "ref", ref);
    return scene_sign(claims, worker);
}

/* A contract that names the worker's key, and the worker's word, in either S. Later the key becomes a participant's, and has signed the word as nobody's all the same. */
Test(api_receipts_stored, it_is_the_same_where_a_holder_is_named_and_where_it_signs) {
    begin_with(NULL);
    static const char *const names[KEY_ALG_COUNT] = {"w-es256k", "w-ed25519", "w-es256", "w-sm2"};
    for (enum key_alg alg = 0; alg < KEY_ALG_COUNT; alg++) {
        struct key_secret *worker = vector_key(alg, names[alg]);
        bool has_two = alg == KEY_ES256K || alg == KEY_ES256;
        const uint8_t *id =
            put(host_sign(with_cnf(contract_claims("acme"), worker), KEY_ES256K, "acme"));
        struct buf word = word_of(worker, id);
        struct buf sent = has_two ? compact_other_s(&word, alg) : memory_copy(buf_bytes(&word));
        (void)take(&sent, &word, 201);
        buf_done(&sent);
        buf_done(&word);
        key_secret_done(worker);
    }
    for (enum key_alg alg = 0; alg < KEY_ALG_COUNT; alg++)
        admit_by("registrar", KEY_ED25519, names[alg], ROLE_EMPLOYER, alg);
    cr_assert_eq(told_count, 3 * KEY_ALG_COUNT);
    end();
}

/* -- with disclosures -- */

/* The digests are in the record, the disclosures stay with who has them: it is sent with its tilde. */
Test(api_receipts_stored, it_is_the_same_where_fields_are_hidden) {
    begin_with(NULL);
    for (int with_tilde = 0; with_tilde < 2; with_tilde++) {
        uint8_t digests[2][32], salt[LIMIT_SALT_MIN] = {1};
        struct json *claims = contract_claims("acme"), *wage = json_new_int(850000);
        struct json *post = json_new_text("木工");
        struct buf disclosures;
        buf_init(&disclosures, LIMIT_RECORD);
        cr_assert(!sdjwt_disclose(salt, "wage_amount", wage, &disclosures, digests[0]));
        cr_assert(!sdjwt_disclose(salt, "post", post, &disclosures, digests[1]));
        cr_assert(!sdjwt_seal(claims, (const uint8_t(*)[32])digests, 2));
        struct buf jws = host_sign(claims, KEY_ES256K, "acme");
        if (with_tilde) cr_assert(buf_add_byte(&jws, '~') == ERR_OK);
        (void)put(jws);
        buf_done(&disclosures);
        json_done(wage);
        json_done(post);
    }
    end();
}

/* -- acts on earlier records -- */

static uint8_t worker_tag = 9;

static const uint8_t *labour(const char *act, const char *base, const struct key_secret *worker,
                             const uint8_t *ref, const uint8_t *replaces) {
    struct act made = {.issuer = "acme",
                       .type = "labour-contract",
                       .act = act,
                       .base = base,
                       .ref = ref,
                       .replaces = replaces,
                       .role = "worker",
                       .domain = "labour",
                       .tag = worker_tag};
    struct json *claims = json_new_object();
    if (worker) claims = with_cnf(claims, worker);
    struct buf text = json_bytes_of(claims);
    made.over = buf_text(&text);
    struct buf jws = readers_sign(r, made, KEY_ES256K);
    buf_done(&text);
    json_done(claims);
    return put(jws);
}

Test(api_receipts_stored, it_is_the_same_all_along_a_contracts_chain) {
    begin_with(NULL);
    static const char amendment[] =
        "{\"changed_fields\":[\"post\"],\"effective_date\":\"2027-03-01\"}";
    struct key_secret *worker = vector_key(KEY_ES256, "a worker");
    const uint8_t *opening = labour("conclude", SCENE_CONTRACT, worker, NULL, NULL);
    const uint8_t *word = put(word_of(worker, opening));
    const uint8_t *amended = labour("amend", amendment, worker, word, NULL);
    const uint8_t *again = put(word_of(worker, amended));
    const uint8_t *ended =
        labour("end", "{\"reason_code\":\"44-1\",\"date\":\"2029-11-30\"}", NULL, again, NULL);
    (void)labour("correct", SCENE_CONTRACT, NULL, ended, opening);
    worker_tag++;
    opening = labour("conclude", SCENE_CONTRACT, NULL, NULL, NULL);
    (void)labour("rescind", "{\"reason_code\":\"36\",\"date\":\"2027-11-30\"}", NULL, opening,
                 NULL);
    key_secret_done(worker);
    end();
}

static const uint8_t *benefit(const char *act, const char *claims, const uint8_t *ref,
                              const uint8_t *replaces) {
    struct act made = {.issuer = "fund",
                       .type = "benefit",
                       .act = act,
                       .base = claims,
                       .ref = ref,
                       .replaces = replaces,
                       .role = "person",
                       .domain = "benefit",
                       .tag = strcmp(act, "batch") ? 9 : 0};
    return put(readers_sign(r, made, KEY_ES256K));
}

Test(api_receipts_stored, it_is_the_same_all_along_a_benefits_chain) {
    begin_with(NULL);
    const uint8_t *opening = benefit("determine", BENEFIT_DETERMINE, NULL, NULL);
    (void)benefit("disburse", BENEFIT_DISBURSE, opening, NULL);
    const uint8_t *suspended = benefit("suspend", BENEFIT_SUSPEND, opening, NULL);
    const uint8_t *resumed = benefit("resume", BENEFIT_RESUME, suspended, NULL);
    (void)benefit("terminate", BENEFIT_TERMINATE, resumed, NULL);
    end();
}

static void registry(const char *act, const char *id, const char *more) {
    char text[256];
    (void)snprintf(text, sizeof text, "{\"id\":\"%s\"%s}", id, more);
    struct act made = {.issuer = "registrar", .type = "participant", .act = act, .base = text};
    (void)put(readers_sign(r, made, KEY_ED25519));
}

/* Its key is bound, another follows, the first is revoked: each receipt leads to the leaf that bound the key it was signed with, at any time after. */
Test(api_receipts_stored, it_is_the_same_whatever_became_of_its_issuer) {
    begin_with(NULL);
    const char *id = employer_of(KEY_ES256K);
    struct key_secret *first = vector_key(KEY_ES256K, id), *second = vector_key(KEY_SM2, "second");
    struct json *whole = scene_participant(id, "employer", SCENE_GOOD_USCC, second);
    struct buf text = json_bytes_of(whole);
    struct act rotate = {.issuer = "registrar", .type = "participant", .act = "rotate"};
    char kid[96];
    rotate.base = buf_text(&text);
    (void)put(contract_by(id, KEY_ES256K));
    (void)put(readers_sign(r, rotate, KEY_ED25519));
    (void)put(scene_sign(contract_claims(id), second));
    (void)put(contract_by(id, KEY_ES256K));
    (void)snprintf(kid, sizeof kid, ",\"kid\":\"%s\",\"reason\":\"lost\"",
                   key_secret_public(first)->kid);
    registry("revoke", id, kid);
    registry("suspend", id, ",\"reason\":\"other\"");
    registry("resume", id, ",\"reason\":\"other\"");
    (void)put(scene_sign(contract_claims(id), second));
    buf_done(&text);
    json_done(whole);
    key_secret_done(first);
    key_secret_done(second);
    end();
}

/* Chains are kept in CHAINS_KEPT places by the leaf that bound the key: two in one place take turns, and neither gets the other's. */
Test(api_receipts_stored, it_is_the_same_where_two_chains_share_a_place) {
    begin_with(NULL);
    const char *first = employer_of(KEY_ES256K), *second;
    uint64_t bound = r->host->tip.size - 1;
    while (r->host->tip.size < bound + CHAINS_KEPT) {
        struct buf jws = contract_by("acme", KEY_ES256K);
        cr_assert(host_apply(r->host, buf_bytes(&jws)).kind == OUTCOME_ACCEPTED);
        buf_done(&jws);
    }
    second = employer_of(KEY_SM2);
    cr_assert_eq(r->host->tip.size - 1, bound + CHAINS_KEPT);
    for (int i = 0; i < 2; i++) {
        (void)put(contract_by(first, KEY_ES256K));
        (void)put(contract_by(second, KEY_SM2));
    }
    end();
}

/* -- findings -- */

Test(api_receipts_stored, it_is_the_same_where_rules_have_found_something) {
    begin_with("LC-23");
    static const char over[] =
        "{\"elements\":[\"employer\",\"worker\",\"term\"],\"signatures\":[{\"role\":\"employer\"},"
        "{\"role\":\"worker\"}]}";
    struct json *whole = host_participant("odd", ROLE_EMPLOYER, KEY_ES256K);
    host_put(whole, "uscc", json_new_text("91350100M000100Y44"));
    struct buf text = json_bytes_of(whole);
    struct act admit = {.issuer = "registrar", .type = "participant", .act = "admit"};
    admit.base = buf_text(&text);
    (void)put(readers_sign(r, admit, KEY_ED25519));
    cr_assert(told[0].findings > 0);
    struct act lacking = {.issuer = "acme", .type = "labour-contract", .act = "conclude"};
    lacking.base = SCENE_CONTRACT;
    lacking.over = over;
    struct buf jws = readers_sign(r, lacking, KEY_ES256K);
    cr_assert(take(&jws, &jws, 201)->findings > 0);
    cr_assert(take(&jws, &jws, 200)->findings == 0, "nothing is judged again");
    buf_done(&jws);
    buf_done(&text);
    json_done(whole);
    end();
}

/* -- uploads -- */

/* The worker's part, by hand. */
static void upload_work(const struct spool_id *id, struct bytes line) {
    struct record *record = NULL;
    struct spool_outcome outcome = {.has_id = true};
    cr_assert(record_parse(line, &record, NULL) == ERR_OK);
    struct outcome made = host_apply(r->host, record->canonical);
    cr_assert(made.kind != OUTCOME_REFUSED, "%s", made.problem.detail);
    outcome.kind = made.kind == OUTCOME_KNOWN ? SPOOL_KNOWN : SPOOL_RECORDED;
    outcome.index = made.index;
    memcpy(outcome.id, record->id, sizeof outcome.id);
    cr_assert(spool_settle(r->host->api.spool, id, &outcome, 1) == ERR_OK);
    record_done(record);
}

static struct spool_id upload_take(struct bytes lines) {
    struct spool_id id;
    struct ask question = {.method = "POST",
                           .path = "/v1/batches",
                           .type = "application/vnd.qizheng.jose-lines",
                           .body = lines};
    struct http_reply reply = ask(r->host, question);
    struct json *body = reply_json(&reply);
    const char *text = json_text(json_member(body, "id"));
    cr_assert(reply.status == 202 && text && strlen(text) == SPOOL_ID_LEN);
    memcpy(id.text, text, sizeof id.text);
    json_done(body);
    http_reply_done(&reply);
    struct bytes line;
    while (bytes_line(&lines, &line)) upload_work(&id, line);
    return id;
}

/* High S, a tilde, one twice: and what is in the ledger of each. */
Test(api_receipts_stored, those_of_an_upload_are_the_same) {
    begin_with(NULL);
    struct buf kept[4], sent[4], lines;
    struct bytes line;
    char path[128];
    buf_init(&lines, 8 * LIMIT_RECORD);
    for (size_t i = 0; i < 4; i++) {
        if (i < 3) kept[i] = contract_by("acme", KEY_ES256K);
        if (i == 3) kept[i] = memory_copy(buf_bytes(&kept[0]));
        sent[i] = i == 1 ? compact_other_s(&kept[i], KEY_ES256K) : memory_copy(buf_bytes(&kept[i]));
        if (i == 2) cr_assert(buf_add_byte(&sent[i], '~') == ERR_OK);
        cr_assert(buf_format(&lines, "%s\n", buf_text(&sent[i])) == ERR_OK);
    }
    struct spool_id id = upload_take(buf_bytes(&lines));
    (void)snprintf(path, sizeof path, "/v1/batches/%s/results", id.text);
    struct http_reply reply = ask(r->host, (struct ask){.path = path});
    cr_assert(reply.status == 200 && reply_drain(&reply) == ERR_OK);
    struct bytes rest = buf_bytes(&reply.body);
    for (size_t i = 0; i < 4; i++) {
        cr_assert(bytes_line(&rest, &line));
        (void)told_add(&kept[i], line);
        (void)take(&sent[i], &kept[i], 200);
        buf_done(&kept[i]);
        buf_done(&sent[i]);
    }
    http_reply_done(&reply);
    buf_done(&lines);
    end();
}
