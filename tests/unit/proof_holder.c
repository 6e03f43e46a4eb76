/* Verdicts on what holders show and sign: presentations bound to a verifier, and a worker's acknowledgement traced through the record that names the key.
 *
 * On top of the world's leaves: 9 a contract of acme's with two fields hidden that names the worker's key, 10 the worker's acknowledgement of it, and whatever a
 * test adds. Only what the ledger would refuse stands at further leaves: a verifier must not lean on nodes that all lie. */
#include "ledger/proof/qizheng.h"
#include "ledger/proof/verify.h"

#include "tests/lib/world.h"

#define AUD "https://court.example/cases/1"
#define NONCE "4f2a9c"
#define NOW 1795500000
#define CONTRACT 9
#define WORD 10

static struct world world;
static struct verify_memory *memory; /* of all that a test asks */
static struct buf policy;
static struct key_secret *worker;
static struct buf disclosures; /* of the contract at 9 */
static const struct keybinding_demand demand = {AUD, NONCE, NOW, 300};

static void put_cnf(struct json *claims, const struct key_secret *key) {
    struct json *cnf = json_new_object();
    cr_assert(json_put(cnf, "jwk", key_public_jwk(key_secret_public(key))) == ERR_OK);
    cr_assert(json_put(claims, "cnf", cnf) == ERR_OK);
}

static void uri_of(const struct key_secret *key, char ret[LIMIT_ID + 1]) {
    (void)snprintf(ret, LIMIT_ID + 1, RECORD_KEY_URI "%s", key_secret_public(key)->kid);
}

static void put_ref(struct json *claims, size_t index) {
    struct problem why;
    struct record *record = NULL;
    char hex[65];
    cr_assert(record_parse(buf_bytes(&world.bodies[index]), &record, &why) == ERR_OK);
    hex_encode(bytes_of(record->id, 32), hex);
    cr_assert(json_put_text(claims, "ref", hex) == ERR_OK);
    record_done(record);
}

static struct json *contract_claims(const struct key_secret *holder) {
    uint8_t digests[2][32], salt[32];
    struct json *claims = json_new_object(), *wage = json_new_int(850000);
    struct json *number = json_new_text("HT-2026-0002");
    world_claims(&world, claims, "acme", "labour-contract", "conclude");
    world_doc(claims, DIGEST_SHA256);
    vector_seed("holder salt", salt);
    buf_done(&disclosures);
    buf_init(&disclosures, LIMIT_RECORD_PRESENTED);
    cr_assert(sdjwt_disclose(salt, "wage_amount", wage, &disclosures, digests[0]) == ERR_OK);
    cr_assert(buf_add_byte(&disclosures, '~') == ERR_OK);
    cr_assert(sdjwt_disclose(salt + 16, "contract_no", number, &disclosures, digests[1]) == ERR_OK);
    cr_assert(buf_add_byte(&disclosures, '~') == ERR_OK);
    cr_assert(sdjwt_seal(claims, (const uint8_t(*)[32])digests, 2) == ERR_OK);
    if (holder) put_cnf(claims, holder);
    json_done(wage);
    json_done(number);
    return claims;
}

/* An acknowledgement of the record at `ref` by that key; type and signer as told. */
static size_t word_of(size_t ref, const char *type, const struct key_secret *named,
                      const struct key_secret *signer) {
    char iss[LIMIT_ID + 1];
    struct json *claims = json_new_object();
    uri_of(named, iss);
    world_claims(&world, claims, iss, type, "acknowledge");
    world_doc(claims, DIGEST_SHA256);
    if (ref) put_ref(claims, ref);
    return world_sign(&world, claims, signer);
}

static void begin(void) {
    world_begin(&world, 3);
    cr_assert(verify_memory_new(&memory) == ERR_OK);
    policy = world_policy(&world);
    worker = vector_key(KEY_ES256K, "world worker");
    cr_assert(world_sign(&world, contract_claims(worker), world.acme) == CONTRACT);
    cr_assert(word_of(CONTRACT, "labour-contract", worker, worker) == WORD);
}

static void end(void) {
    buf_done(&policy);
    buf_done(&disclosures);
    key_secret_done(worker);
    world_end(&world);
    verify_memory_done(memory);
}

TestSuite(proof_holder, .init = begin, .fini = end);

/* -- asking -- */

static struct verdict *ask(const struct parts *parts, const struct keybinding_demand *wanted) {
    struct verdict *verdict = NULL;
    struct buf text = parts_text(parts);
    struct bytes copy = exact_copy(buf_bytes(&text));
    struct verify_input input = {.receipt = copy, .policy = buf_bytes(&policy), .binding = wanted};
    cr_assert(verify(&input, &verdict) == ERR_OK);
    verdict_same_with_memory(&input, memory, verdict);
    exact_free(copy);
    buf_done(&text);
    for (unsigned i = 0; i < STEP_COUNT; i++)
        cr_assert(verdict->items[i].reason[0] && verdict->items[i].reason_zh[0]);
    return verdict;
}

/* step's result and a word of its reason; then the outcome. */
static void expect(struct verdict *verdict, enum verdict_outcome outcome, enum verdict_step step,
                   enum verdict_result result, const char *reason) {
    const struct verdict_item *item = &verdict->items[step];
    cr_assert(item->result == result, "%s: %s", verdict_result_name(item->result), item->reason);
    cr_assert(strstr(item->reason, reason), "%s", item->reason);
    cr_assert(verdict->outcome == outcome, "%s", verdict_outcome_name(verdict->outcome));
    verdict_done(verdict);
}

static struct parts contract_parts(void) {
    static const size_t links[] = {2, 1, 0};
    struct parts parts = parts_of(&world, CONTRACT, world.size, links);
    cr_assert(buf_add(&parts.presentation, buf_bytes(&disclosures)) == ERR_OK);
    return parts;
}

static void bind(struct parts *parts, const struct key_secret *key, const char *aud,
                 const char *nonce, int64_t iat) {
    struct buf kb;
    buf_init(&kb, LIMIT_RECORD);
    cr_assert(keybinding_sign(key, buf_bytes(&parts->presentation), aud, nonce, iat, &kb) ==
              ERR_OK);
    cr_assert(buf_add(&parts->presentation, buf_bytes(&kb)) == ERR_OK);
    buf_done(&kb);
}

/* -- key binding -- */

Test(proof_holder, a_bound_presentation_meets_its_demand) {
    struct parts parts = contract_parts();
    bind(&parts, worker, AUD, NONCE, NOW - 5);
    struct verdict *verdict = ask(&parts, &demand);
    struct json *json = NULL;
    cr_assert(verdict->is_bound && verdict->is_demanded);
    cr_assert(json_count(verdict->disclosed) == 2);
    cr_assert(verdict_json(verdict, &json) == ERR_OK);
    const struct json *told = json_member(json, "key_binding");
    cr_assert_str_eq(json_text(json_member(told, "aud")), AUD);
    cr_assert_str_eq(json_text(json_member(told, "nonce")), NONCE);
    cr_assert_str_eq(json_text(json_member(told, "kid")), key_secret_public(worker)->kid);
    json_done(json);
    expect(verdict, VERDICT_VALID, STEP_DISCLOSURES, VERDICT_PASS, "audience and the nonce");
    parts_done(&parts);
}

Test(proof_holder, nobody_asked_is_said_and_judged_all_the_same) {
    struct parts parts = contract_parts();
    bind(&parts, worker, "somebody", "else", 1);
    struct verdict *verdict = ask(&parts, NULL);
    cr_assert(verdict->is_bound && !verdict->is_demanded);
    expect(verdict, VERDICT_VALID, STEP_DISCLOSURES, VERDICT_PASS, "was not asked");
    parts_done(&parts);
    parts = contract_parts();
    bind(&parts, world.acme, AUD, NONCE, NOW);
    verdict = ask(&parts, NULL);
    cr_assert(!verdict->is_bound && !verdict->disclosed);
    expect(verdict, VERDICT_INVALID, STEP_DISCLOSURES, VERDICT_FAIL, "cnf");
    parts_done(&parts);
}

Test(proof_holder, a_binding_without_disclosures_shows_the_record_alone) {
    static const size_t links[] = {2, 1, 0};
    struct parts parts = parts_of(&world, CONTRACT, world.size, links);
    bind(&parts, worker, AUD, NONCE, NOW);
    struct verdict *verdict = ask(&parts, &demand);
    cr_assert(!verdict->disclosed);
    expect(verdict, VERDICT_VALID, STEP_DISCLOSURES, VERDICT_PASS, "0 disclosed fields");
    parts_done(&parts);
}

Test(proof_holder, what_is_demanded_must_be_there) {
    static const size_t links[] = {2, 1, 0};
    struct parts parts = contract_parts();
    expect(ask(&parts, &demand), VERDICT_INVALID, STEP_DISCLOSURES, VERDICT_FAIL, "carries none");
    parts_done(&parts);
    parts = parts_of(&world, CONTRACT, world.size, links);
    expect(ask(&parts, &demand), VERDICT_INVALID, STEP_DISCLOSURES, VERDICT_FAIL, "carries none");
    /* the leaf alone */
    buf_clear(&parts.presentation);
    leaf_encode(world.times[CONTRACT], (const uint8_t[32]){0}, parts.leaf);
    struct problem why;
    struct record *record = NULL;
    cr_assert(record_parse(buf_bytes(&world.bodies[CONTRACT]), &record, &why) == ERR_OK);
    leaf_encode(world.times[CONTRACT], record->hash, parts.leaf);
    expect(ask(&parts, NULL), VERDICT_VALID, STEP_DISCLOSURES, VERDICT_NOT_APPLICABLE, "leaf");
    expect(ask(&parts, &demand), VERDICT_INVALID, STEP_DISCLOSURES, VERDICT_FAIL, "carries none");
    record_done(record);
    parts_done(&parts);
}

Test(proof_holder, another_audience_nonce_or_time_is_refused) {
    static const struct {
        const char *aud, *nonce;
        int64_t iat;
        const char *reason;
    } cases[] = {
        {"https://court.example/cases/2", NONCE, NOW, "another verifier"},
        {AUD, "4f2a9d", NOW, "another nonce"},
        {AUD, NONCE, NOW - 301, "too old"},
        {AUD, NONCE, NOW + 301, "future"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct parts parts = contract_parts();
        bind(&parts, worker, cases[i].aud, cases[i].nonce, cases[i].iat);
        struct verdict *verdict = ask(&parts, &demand);
        cr_assert(!verdict->is_bound && !verdict->disclosed);
        expect(verdict, VERDICT_INVALID, STEP_DISCLOSURES, VERDICT_FAIL, cases[i].reason);
        parts_done(&parts);
    }
}

Test(proof_holder, a_subset_edited_behind_the_holders_back_is_refused) {
    struct parts parts = contract_parts();
    struct bytes all = buf_bytes(&disclosures);
    struct buf whole;
    bind(&parts, worker, AUD, NONCE, NOW);
    struct bytes shown = buf_bytes(&parts.presentation);
    size_t jws = bytes_find(shown, '~', 0) + 1, first = bytes_find(all, '~', 0) + 1;
    buf_init(&whole, LIMIT_RECORD_PRESENTED);
    /* the first one dropped; the two swapped; nothing but the binding left */
    const struct bytes dropped[] = {bytes_slice(all, first, all.len)};
    const struct bytes swapped[] = {bytes_slice(all, first, all.len), bytes_slice(all, 0, first)};
    const struct {
        const struct bytes *pieces;
        size_t count;
    } edits[] = {{dropped, 1}, {swapped, 2}, {NULL, 0}};
    for (size_t i = 0; i < 3; i++) {
        buf_clear(&whole);
        cr_assert(buf_add(&whole, bytes_slice(shown, 0, jws)) == ERR_OK);
        for (size_t j = 0; j < edits[i].count; j++)
            cr_assert(buf_add(&whole, edits[i].pieces[j]) == ERR_OK);
        cr_assert(buf_add(&whole, bytes_slice(shown, jws + all.len, shown.len)) == ERR_OK);
        struct parts edited = contract_parts();
        buf_clear(&edited.presentation);
        cr_assert(buf_add(&edited.presentation, buf_bytes(&whole)) == ERR_OK);
        expect(ask(&edited, &demand), VERDICT_INVALID, STEP_DISCLOSURES, VERDICT_FAIL,
               "another presentation");
        expect(ask(&edited, NULL), VERDICT_INVALID, STEP_DISCLOSURES, VERDICT_FAIL,
               "another presentation");
        parts_done(&edited);
    }
    buf_done(&whole);
    parts_done(&parts);
}

Test(proof_holder, a_binding_moved_to_another_record_is_refused) {
    static const size_t links[] = {2, 1, 0};
    size_t second = world_sign(&world, contract_claims(worker), world.acme);
    struct parts one = contract_parts(), two = parts_of(&world, second, world.size, links);
    bind(&one, worker, AUD, NONCE, NOW);
    struct bytes shown = buf_bytes(&one.presentation);
    size_t kb = shown.len;
    while (shown.data[kb - 1] != '~') kb--;
    cr_assert(buf_add(&two.presentation, bytes_slice(shown, kb, shown.len)) == ERR_OK);
    expect(ask(&two, &demand), VERDICT_INVALID, STEP_DISCLOSURES, VERDICT_FAIL,
           "another presentation");
    parts_done(&one);
    parts_done(&two);
}

Test(proof_holder, a_record_without_a_holder_cannot_be_bound) {
    struct parts parts = parts_good(&world);
    bind(&parts, worker, AUD, NONCE, NOW);
    expect(ask(&parts, &demand), VERDICT_INVALID, STEP_DISCLOSURES, VERDICT_FAIL,
           "no holder's key");
    parts_done(&parts);
}

/* -- acknowledgements -- */

static struct parts word_parts(size_t index, const size_t *links) {
    return parts_of(&world, index, world.size, links);
}

Test(proof_holder, an_acknowledgement_is_traced_through_the_record_that_names_the_key) {
    static const size_t links[] = {CONTRACT, 2, 1, 0};
    struct parts parts = word_parts(WORD, links);
    struct verdict *verdict = ask(&parts, NULL);
    struct json *json = NULL;
    char iss[LIMIT_ID + 1];
    uri_of(worker, iss);
    cr_assert_str_eq(verdict->issuer, iss);
    cr_assert_str_eq(verdict->named_by, "acme");
    cr_assert(verdict->items[STEP_RECORD].result == VERDICT_PASS);
    cr_assert(strstr(verdict->items[STEP_ISSUER].reason_zh, "acme 的陈述"));
    cr_assert(verdict_json(verdict, &json) == ERR_OK);
    cr_assert_str_eq(json_text(json_member(json_member(json, "record"), "named_by")), "acme");
    const struct json *origin = json_member(json_member(json, "conclusions"), "origin");
    cr_assert(strstr(json_text(json_member(origin, "text")), "claim of participant acme"));
    cr_assert(!strstr(json_text(json_member(origin, "text")), "registrar"));
    json_done(json);
    expect(verdict, VERDICT_VALID, STEP_ISSUER, VERDICT_PASS, "is the claim of acme");
    parts_done(&parts);
}

Test(proof_holder, without_the_record_that_names_the_key_nothing_is_shown) {
    static const size_t registered[] = {2, 1, 0}, genesis[] = {0},
                        twice[] = {CONTRACT, CONTRACT, 0};
    struct parts parts = word_parts(WORD, registered);
    expect(ask(&parts, NULL), VERDICT_INVALID, STEP_ISSUER, VERDICT_FAIL, "names in ref");
    parts_done(&parts);
    parts = word_parts(WORD, genesis);
    expect(ask(&parts, NULL), VERDICT_INVALID, STEP_ISSUER, VERDICT_FAIL, "does not bind");
    parts_done(&parts);
    parts = word_parts(WORD, twice);
    expect(ask(&parts, NULL), VERDICT_INVALID, STEP_ISSUER, VERDICT_FAIL, "Link 2 of 3");
    parts_done(&parts);
    parts = word_parts(WORD, NULL);
    struct verdict *verdict = ask(&parts, NULL);
    cr_assert(!verdict->named_by[0]);
    expect(verdict, VERDICT_VALID, STEP_ISSUER, VERDICT_NOT_APPLICABLE, "no issuer chain");
    parts_done(&parts);
}

Test(proof_holder, the_naming_record_vouches_for_nothing_else) {
    /* A contract whose cnf is some key does not bind that key for a participant's record. */
    static const size_t links[] = {CONTRACT, 2, 1, 0};
    size_t index = world_contract(&world, "acme", worker, false);
    struct parts parts = word_parts(index, links);
    expect(ask(&parts, NULL), VERDICT_INVALID, STEP_ISSUER, VERDICT_FAIL, "no `participant`");
    parts_done(&parts);
}

/* What nodes that all lie might put into a log. */
Test(proof_holder, what_no_ledger_admits_no_verifier_believes) {
    static const size_t links[] = {CONTRACT, 2, 1, 0};
    struct key_secret *other = vector_key(KEY_ES256K, "another worker");
    size_t plain = world_sign(&world, contract_claims(NULL), world.acme);
    const struct {
        size_t index;
        size_t named; /* the record at the front of the chain */
        const char *reason;
    } cases[] = {
        {word_of(CONTRACT, "labour-contract", other, other), CONTRACT, "(cnf)"},
        {word_of(CONTRACT, "labour-contract", worker, other), CONTRACT, "(cnf)"},
        {word_of(CONTRACT, "labour-contract", other, worker), CONTRACT, "(cnf)"},
        {word_of(CONTRACT, "benefit", worker, worker), CONTRACT, "names in ref"},
        {word_of(plain, "labour-contract", worker, worker), plain, "(cnf)"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t chain[] = {cases[i].named, links[1], links[2], links[3]};
        struct parts parts = word_parts(cases[i].index, chain);
        struct verdict *verdict = ask(&parts, NULL);
        cr_assert(verdict->items[STEP_RECORD].result != VERDICT_PASS && !verdict->named_by[0]);
        expect(verdict, VERDICT_INVALID, STEP_ISSUER, VERDICT_FAIL, cases[i].reason);
        parts_done(&parts);
    }
    key_secret_done(other);
}

Test(proof_holder, the_naming_record_must_be_signed_by_whoever_it_says) {
    /* "acme's" contract, signed with the clerk's key, which names the worker. */
    static const size_t links[] = {2, 1, 0};
    size_t forged = world_sign(&world, contract_claims(worker), world.clerk);
    size_t word = word_of(forged, "labour-contract", worker, worker);
    size_t chain[] = {forged, links[0], links[1], links[2]};
    struct parts parts = word_parts(word, chain);
    expect(ask(&parts, NULL), VERDICT_INVALID, STEP_ISSUER, VERDICT_FAIL, "Link 2 of 4");
    parts_done(&parts);
}

Test(proof_holder, the_naming_record_must_stand_before) {
    /* The word at 11 names a record at 12: the id is known before it is in the log. */
    struct json *claims = contract_claims(worker);
    struct buf text = world_text(claims), jws;
    uint8_t id[32];
    char hex[65], iss[LIMIT_ID + 1];
    buf_init(&jws, LIMIT_RECORD);
    cr_assert(jws_sign(world.acme, JWS_TYP_RECORD, buf_bytes(&text), &jws) == ERR_OK);
    size_t dot = jws.len;
    while (jws.data[dot - 1] != '.') dot--;
    sha256(bytes_of(jws.data, dot - 1), id);
    hex_encode(bytes_of(id, 32), hex);
    struct json *word = json_new_object();
    uri_of(worker, iss);
    world_claims(&world, word, iss, "labour-contract", "acknowledge");
    cr_assert(json_put_text(word, "ref", hex) == ERR_OK);
    size_t early = world_sign(&world, word, worker);
    size_t late = world_sign(&world, claims, world.acme);
    size_t chain[] = {late, 2, 1, 0};
    struct parts parts = word_parts(early, chain);
    expect(ask(&parts, NULL), VERDICT_INVALID, STEP_ISSUER, VERDICT_FAIL, "does not stand before");
    parts_done(&parts);
    buf_done(&text);
    buf_done(&jws);
}

/* -- the library's door -- */

Test(proof_holder, the_library_demands_and_tells) {
    struct parts parts = contract_parts();
    bind(&parts, worker, AUD, NONCE, NOW);
    struct buf text = parts_text(&parts);
    struct qizheng_binding wanted = {AUD, NONCE, NOW, 300};
    char *json = NULL;
    cr_assert(qizheng_verify_bound(text.data, text.len, policy.data, policy.len, NULL, 0, NULL, 0,
                                   &wanted, &json) == QIZHENG_VALID);
    cr_assert(json && strstr(json, "\"key_binding\"") && strstr(json, AUD));
    qizheng_free(json);
    wanted.nonce = "other";
    cr_assert(qizheng_verify_bound(text.data, text.len, policy.data, policy.len, NULL, 0, NULL, 0,
                                   &wanted, NULL) == QIZHENG_INVALID);
    cr_assert(qizheng_verify_bound(text.data, text.len, policy.data, policy.len, NULL, 0, NULL, 0,
                                   NULL, NULL) == QIZHENG_VALID);
    static const struct qizheng_binding bad[] = {
        {NULL, NONCE, NOW, 300}, {AUD, NULL, NOW, 300}, {"", NONCE, NOW, 300},
        {AUD, NONCE, -1, 300},   {AUD, NONCE, NOW, -1},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        cr_assert(qizheng_verify_bound(text.data, text.len, policy.data, policy.len, NULL, 0, NULL,
                                       0, &bad[i], NULL) == QIZHENG_ERROR);
    buf_done(&text);
    parts_done(&parts);
}
