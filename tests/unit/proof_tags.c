/* Evidence of tags in a receipt: it leads to the record's tag under the key of the genesis, or the step `disclosures` fails; and no id number gets into a verdict. */
#include "ledger/proof/qizheng.h"
#include "ledger/proof/verify.h"
#include "ledger/record/tag.h"

#include "tests/lib/world.h"

#define NUMBER "11010519491231002X"
#define OTHER "110105194912310038"

static struct world world;
static struct verify_memory *memory; /* of all that a test asks */
static struct buf policy;
static voprf_scalar secret, foreign;
static char key_text[64];

static void scalar_of(uint8_t fill, voprf_scalar ret) {
    uint8_t random[VOPRF_RANDOM_LEN];
    memset(random, fill, sizeof random);
    cr_assert(voprf_scalar_make(random, ret) == ERR_OK);
}

static void begin(void) {
    voprf_element public;
    scalar_of(3, secret);
    scalar_of(4, foreign);
    cr_assert(voprf_public(secret, public) == ERR_OK);
    base64url_write(bytes_of(public, sizeof public), key_text);
    world_tag_key = key_text;
    world_begin(&world, 1);
    policy = world_policy(&world);
}

static void end(void) {
    buf_done(&policy);
    world_end(&world);
    verify_memory_done(memory);
}

TestSuite(proof_tags, .init = begin, .fini = end, .timeout = 60);

/* -- making -- */

static struct tag_person person_of(const char *domain, const char *number) {
    return (struct tag_person){domain, TAG_RESIDENT, bytes_text(number)};
}

/* As a node with that key would evaluate it. */
static struct json *evidence_of(struct tag_person person, const voprf_scalar key,
                                uint8_t ret_tag[TAG_LEN]) {
    uint8_t random[VOPRF_RANDOM_LEN];
    struct tag_evaluation evaluation;
    voprf_scalar blind;
    voprf_element blinded;
    memset(random, 9, sizeof random);
    cr_assert(tag_blind(&person, random, blind, blinded, NULL) == ERR_OK);
    cr_assert(voprf_public(key, evaluation.pk) == ERR_OK);
    memset(random, 8, sizeof random);
    cr_assert(voprf_blind_evaluate(key, blinded, 1, random, evaluation.element, evaluation.proof) ==
              ERR_OK);
    cr_assert(tag_finalise(&person, blind, &evaluation, ret_tag, NULL) == ERR_OK);
    struct json *json = tag_evidence_json(&person, blind, &evaluation);
    cr_assert(json);
    return json;
}

static struct json *tag_json(const char *domain, int64_t version, const uint8_t tag[TAG_LEN]) {
    char text[64];
    struct json *json = json_new_object();
    base64url_write(bytes_of(tag, TAG_LEN), text);
    cr_assert(json_put_text(json, "d", domain) == ERR_OK);
    cr_assert(json_put_int(json, "v", version) == ERR_OK);
    cr_assert(json_put_text(json, "t", text) == ERR_OK);
    return json;
}

static void put_cnf(struct json *claims, const struct key_secret *key) {
    struct json *cnf = json_new_object();
    cr_assert(json_put(cnf, "jwk", key_public_jwk(key_secret_public(key))) == ERR_OK);
    cr_assert(json_put(claims, "cnf", cnf) == ERR_OK);
}

static void bind(struct parts *parts, const struct key_secret *key) {
    struct buf kb;
    buf_init(&kb, LIMIT_RECORD);
    cr_assert(keybinding_sign(key, buf_bytes(&parts->presentation), "court", "nonce", 1, &kb) ==
              ERR_OK);
    cr_assert(buf_add(&parts->presentation, buf_bytes(&kb)) == ERR_OK);
    buf_done(&kb);
}

/* The receipt of a contract with that tag in the role worker and that hidden claim, both taken over. with_chain: back to the genesis. holder: bound by
 * that key; NULL: by none. */
static struct buf receipt_bound(struct json *tag, struct json *evidence, bool with_chain,
                                const struct key_secret *holder) {
    static const size_t links[] = {2, 1, 0};
    uint8_t digests[1][32];
    struct json *claims = json_new_object(), *tags = json_new_object();
    world_claims(&world, claims, "acme", "labour-contract", "conclude");
    cr_assert(json_put(tags, "worker", tag) == ERR_OK);
    cr_assert(json_put(claims, "tags", tags) == ERR_OK);
    world_doc(claims, DIGEST_SHA256);
    if (holder) put_cnf(claims, holder);
    buf_clear(&world.disclosures);
    world_hide(&world, TAG_CLAIM, evidence, digests[0]);
    cr_assert(sdjwt_seal(claims, (const uint8_t(*)[32])digests, 1) == ERR_OK);
    size_t index = world_sign(&world, claims, world.acme);
    struct parts parts = parts_of(&world, index, world.size, with_chain ? links : NULL);
    cr_assert(buf_add(&parts.presentation, buf_bytes(&world.disclosures)) == ERR_OK);
    if (holder) bind(&parts, holder);
    struct buf text = parts_text(&parts);
    parts_done(&parts);
    return text;
}

static struct buf receipt_of_tag(struct json *tag, struct json *evidence, bool with_chain) {
    return receipt_bound(tag, evidence, with_chain, NULL);
}

static struct json *wrap(const char *role, struct json *evidence) {
    struct json *claim = json_new_object();
    cr_assert(json_put(claim, role, evidence) == ERR_OK);
    return claim;
}

/* -- asking -- */

/* The verdict, whose texts hold no id number. Frees the receipt. */
static struct verdict *ask(struct buf receipt) {
    struct verify_input input = {.receipt = buf_bytes(&receipt), .policy = buf_bytes(&policy)};
    struct verdict *verdict = NULL;
    struct json *json = NULL;
    cr_assert(verify(&input, &verdict) == ERR_OK);
    verdict_same_with_memory(&input, memory, verdict);
    cr_assert(verdict_json(verdict, &json) == ERR_OK);
    struct buf text = world_text(json);
    cr_assert(!strstr(buf_text(&text), NUMBER) && !strstr(buf_text(&text), OTHER));
    cr_assert(!strstr(buf_text(&text), "\"blind\""));
    buf_done(&text);
    json_done(json);
    buf_done(&receipt);
    return verdict;
}

static void expect(struct buf receipt, enum verdict_result result, const char *words) {
    struct verdict *verdict = ask(receipt);
    const struct verdict_item *item = &verdict->items[STEP_DISCLOSURES];
    cr_assert_eq(item->result, result, "%s", item->reason);
    cr_assert(strstr(item->reason, words), "%s", item->reason);
    cr_assert(item->reason_zh[0] && utf8_valid(bytes_text(item->reason_zh)));
    cr_assert_eq(verdict->outcome, result == VERDICT_PASS ? VERDICT_VALID : VERDICT_INVALID);
    verdict_done(verdict);
}

Test(proof_tags, good_evidence_passes_under_the_key_of_the_genesis) {
    uint8_t tag[TAG_LEN];
    struct json *evidence = evidence_of(person_of("labour", NUMBER), secret, tag);
    struct json *worker = tag_json("labour", 1, tag);
    struct verdict *verdict = ask(receipt_of_tag(worker, wrap("worker", evidence), true));
    const struct verdict_item *item = &verdict->items[STEP_DISCLOSURES];
    cr_assert_eq(item->result, VERDICT_PASS, "%s", item->reason);
    cr_assert(strstr(item->reason, "under the ledger's keys"));
    cr_assert_eq(verdict->outcome, VERDICT_VALID);
    struct json *json = NULL;
    cr_assert(verdict_json(verdict, &json) == ERR_OK);
    const struct json *shown = json_member(
        json_member(json_member(json_member(json, "record"), "disclosed"), TAG_CLAIM), "worker");
    cr_assert_eq(json_count(shown), 1);
    cr_assert_str_eq(json_text(json_member(shown, "id_type")), TAG_RESIDENT);
    json_done(json);
    verdict_done(verdict);
}

Test(proof_tags, without_a_chain_whose_key_it_is_stays_open) {
    uint8_t tag[TAG_LEN];
    struct json *evidence = evidence_of(person_of("labour", NUMBER), foreign, tag);
    expect(receipt_of_tag(tag_json("labour", 1, tag), wrap("worker", evidence), false),
           VERDICT_PASS, "is not shown");
}

Test(proof_tags, another_key_fails_though_its_proof_is_good) {
    uint8_t tag[TAG_LEN];
    struct json *evidence = evidence_of(person_of("labour", NUMBER), foreign, tag);
    expect(receipt_of_tag(tag_json("labour", 1, tag), wrap("worker", evidence), true), VERDICT_FAIL,
           "another key than the ledger's");
}

Test(proof_tags, another_person_fails) {
    uint8_t tag[TAG_LEN], other[TAG_LEN];
    struct json *evidence = evidence_of(person_of("labour", OTHER), secret, other);
    json_done(evidence_of(person_of("labour", NUMBER), secret, tag));
    evidence = wrap("worker", evidence);
    expect(receipt_of_tag(tag_json("labour", 1, tag), evidence, true), VERDICT_FAIL,
           "of another person");
}

/* With what it is over, the key binding goes, too: nothing in the verdict looks as if the holder had shown something good. */
Test(proof_tags, evidence_that_fails_takes_the_key_binding_with_it) {
    uint8_t tag[TAG_LEN], another[TAG_LEN];
    struct key_secret *holder = vector_key(KEY_ES256K, "world worker");
    for (int good = 0; good < 2; good++) {
        struct json *evidence = evidence_of(person_of("labour", NUMBER), secret, tag), *json = NULL;
        json_done(evidence_of(person_of("labour", OTHER), secret, another));
        struct json *worker = tag_json("labour", 1, good ? tag : another);
        struct verdict *verdict =
            ask(receipt_bound(worker, wrap("worker", evidence), true, holder));
        cr_assert(verdict_json(verdict, &json) == ERR_OK);
        cr_assert_eq(verdict->outcome, good ? VERDICT_VALID : VERDICT_INVALID);
        cr_expect_eq(json_member(json, "key_binding") != NULL, good);
        cr_expect_eq(verdict->disclosed != NULL, good);
        json_done(json);
        verdict_done(verdict);
    }
    key_secret_done(holder);
}

Test(proof_tags, a_number_that_was_exchanged_fails) {
    uint8_t tag[TAG_LEN];
    struct json *evidence = evidence_of(person_of("labour", NUMBER), secret, tag);
    cr_assert(json_put_text(evidence, "id_number", OTHER) == ERR_OK);
    expect(receipt_of_tag(tag_json("labour", 1, tag), wrap("worker", evidence), true), VERDICT_FAIL,
           "The proof does not show");
}

Test(proof_tags, another_domain_or_version_than_the_genesis_has_fails) {
    uint8_t tag[TAG_LEN];
    struct json *evidence = evidence_of(person_of("benefit", NUMBER), secret, tag);
    expect(receipt_of_tag(tag_json("benefit", 1, tag), wrap("worker", evidence), true),
           VERDICT_FAIL, "no key of that version of the domain benefit");
    evidence = evidence_of(person_of("benefit", NUMBER), secret, tag);
    expect(receipt_of_tag(tag_json("labour", 1, tag), wrap("worker", evidence), true), VERDICT_FAIL,
           "The proof does not show");
    evidence = evidence_of(person_of("labour", NUMBER), secret, tag);
    expect(receipt_of_tag(tag_json("labour", 2, tag), wrap("worker", evidence), true), VERDICT_FAIL,
           "no key of that version");
}

Test(proof_tags, a_role_without_a_tag_fails) {
    uint8_t tag[TAG_LEN];
    struct json *evidence = evidence_of(person_of("labour", NUMBER), secret, tag);
    expect(receipt_of_tag(tag_json("labour", 1, tag), wrap("person", evidence), true), VERDICT_FAIL,
           "no tag");
}

Test(proof_tags, evidence_of_another_form_fails) {
    uint8_t tag[TAG_LEN];
    json_done(evidence_of(person_of("labour", NUMBER), secret, tag));
    struct json *bad[] = {json_new_text(NUMBER), json_new_object(), json_new_array(),
                          wrap("worker", json_new_object()), wrap("worker", json_new_text(NUMBER))};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        expect(receipt_of_tag(tag_json("labour", 1, tag), bad[i], true), VERDICT_FAIL,
               i < 3 ? "tag_evidence is an object" : "Tag evidence has");
}

Test(proof_tags, every_changed_member_of_the_evidence_fails) {
    static const char *const members[] = {"blind", "id_number", "id_type"};
    static const char *const inner[] = {"pk", "element", "proof"};
    uint8_t tag[TAG_LEN];
    for (size_t i = 0; i < 6; i++) {
        struct json *evidence = evidence_of(person_of("labour", NUMBER), secret, tag);
        struct json *holder = evidence, *list = NULL;
        const char *name = i < 3 ? members[i] : inner[i - 3];
        if (i >= 3) {
            list = json_clone(json_member(evidence, "evaluations"));
            holder = json_clone(json_at(list, 0));
            json_done(list);
        }
        struct buf text = world_copy(json_text_bytes(json_member(holder, name)));
        text.data[3] = text.data[3] == 'B' ? 'C' : 'B';
        cr_assert(json_put(holder, name, json_new_text_bytes(buf_bytes(&text))) == ERR_OK);
        if (i >= 3) {
            list = json_new_array();
            cr_assert(json_push(list, holder) == ERR_OK);
            cr_assert(json_put(evidence, "evaluations", list) == ERR_OK);
        }
        expect(receipt_of_tag(tag_json("labour", 1, tag), wrap("worker", evidence), true),
               VERDICT_FAIL, "");
        buf_done(&text);
    }
}

/* -- the library's own doors -- */

Test(proof_tags, the_library_blinds_and_finalises_for_others) {
    unsigned char random[QIZHENG_TAG_RANDOM_LEN], blind[QIZHENG_TAG_SCALAR_LEN];
    unsigned char blinded[QIZHENG_TAG_ELEMENT_LEN], element[QIZHENG_TAG_ELEMENT_LEN];
    unsigned char proof[QIZHENG_TAG_PROOF_LEN], tag[QIZHENG_TAG_LEN];
    uint8_t expected[TAG_LEN];
    voprf_element public;
    char *text = NULL;
    struct json *evidence = NULL;
    memset(random, 6, sizeof random);
    cr_assert(voprf_public(secret, public) == ERR_OK);
    cr_assert_eq(qizheng_tag_blind("labour", "resident-id", NUMBER, 18, random, blind, blinded),
                 QIZHENG_TAG_OK);
    cr_assert(voprf_blind_evaluate(secret, blinded, 1, random, element, proof) == ERR_OK);
    cr_assert_eq(qizheng_tag_finalise("labour", "resident-id", NUMBER, 18, blind, public, element,
                                      proof, tag, &text),
                 QIZHENG_TAG_OK);
    json_done(evidence_of(person_of("labour", NUMBER), secret, expected));
    cr_assert_eq(memcmp(tag, expected, sizeof tag), 0);
    cr_assert(json_parse(bytes_text(text), &evidence, NULL) == ERR_OK);
    qizheng_free(text);
    memset(tag, 0, sizeof tag);
    cr_assert(tag_evidence_check(evidence, "labour", public, tag, NULL) == ERR_OK);
    cr_assert_eq(memcmp(tag, expected, sizeof tag), 0);
    json_done(evidence);
}

Test(proof_tags, the_library_refuses_by_kind) {
    unsigned char random[QIZHENG_TAG_RANDOM_LEN], zero[64] = {0};
    unsigned char blind[QIZHENG_TAG_SCALAR_LEN], blinded[32], element[32], proof[64], tag[32];
    voprf_element public, other;
    char *text = NULL;
    memset(random, 6, sizeof random);
    cr_assert(voprf_public(secret, public) == ERR_OK && voprf_public(foreign, other) == ERR_OK);
    cr_assert_eq(qizheng_tag_blind("Labour", "resident-id", NUMBER, 18, random, blind, blinded),
                 QIZHENG_TAG_PERSON);
    cr_assert_eq(qizheng_tag_blind("labour", "resident-id", NUMBER, 17, random, blind, blinded),
                 QIZHENG_TAG_PERSON);
    cr_assert_eq(qizheng_tag_blind("labour", "resident-id", NUMBER, 18, zero, blind, blinded),
                 QIZHENG_TAG_KEY);
    cr_assert_eq(qizheng_tag_blind("labour", "resident-id", NUMBER, 18, random, blind, blinded),
                 QIZHENG_TAG_OK);
    cr_assert(voprf_blind_evaluate(secret, blinded, 1, random, element, proof) == ERR_OK);
    cr_assert_eq(qizheng_tag_finalise("labour", "resident-id", NUMBER, 18, blind, other, element,
                                      proof, tag, &text),
                 QIZHENG_TAG_PROOF);
    cr_assert_null(text);
    cr_assert_eq(qizheng_tag_finalise("labour", "resident-id", NUMBER, 18, blind, zero, element,
                                      proof, tag, NULL),
                 QIZHENG_TAG_KEY);
    cr_assert_eq(qizheng_tag_finalise("labour", "resident-id", NUMBER, 18, zero, public, element,
                                      proof, tag, NULL),
                 QIZHENG_TAG_KEY);
    cr_assert_eq(qizheng_tag_finalise("labour", "resident-id", "", 0, blind, public, element, proof,
                                      tag, NULL),
                 QIZHENG_TAG_PERSON);
}
