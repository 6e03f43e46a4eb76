/* Verdicts: a good receipt passes every step it can; every change to any byte of it does not; each step fails for its own reasons.
 *
 * QIZHENG_WRITE_VECTORS=1 rewrites tests/vectors/receipts, which the tests otherwise compare with what the code makes today. */
#include "ledger/proof/verify.h"

#include "tests/lib/world.h"

static struct world world;
static struct buf policy;
static struct verify_memory *memory; /* of all that a test asks */

static void begin(void) {
    world_begin(&world, 3);
    policy = world_policy(&world);
    cr_assert(verify_memory_new(&memory) == ERR_OK);
}

static void end(void) {
    buf_done(&policy);
    verify_memory_done(memory);
    world_end(&world);
}

TestSuite(proof_verify, .init = begin, .fini = end);

/* -- asking -- */

static struct record_doc document(enum digest_alg alg, const char *text) {
    struct record_doc doc = {.alg = alg};
    digest(alg, bytes_text(text), doc.digest);
    return doc;
}

static const char *tsa_pem = ""; /* what ask() gives as trust anchors */

static const struct keybinding_demand *binding = NULL; /* what ask() demands */

static struct verdict *ask(struct bytes receipt, struct bytes policy_text,
                           const struct record_doc *docs, size_t doc_count) {
    struct verdict *verdict = NULL;
    struct bytes copy = exact_copy(receipt);
    struct verify_input input = {copy,    policy_text, docs, doc_count, bytes_text(tsa_pem),
                                 binding, NULL};
    cr_assert(verify(&input, &verdict) == ERR_OK);
    verdict_same_with_memory(&input, memory, verdict);
    exact_free(copy); /* the verdict stands on its own */
    for (unsigned i = 0; i < STEP_COUNT; i++) {
        cr_assert(verdict->items[i].reason[0] && verdict->items[i].reason_zh[0], "%s says nothing",
                  verdict_step_name((enum verdict_step)i));
        cr_assert(utf8_valid(bytes_text(verdict->items[i].reason)));
        cr_assert(utf8_valid(bytes_text(verdict->items[i].reason_zh)));
    }
    return verdict;
}

static struct verdict *ask_parts(const struct parts *parts) {
    struct buf text = parts_text(parts);
    struct verdict *verdict = ask(buf_bytes(&text), buf_bytes(&policy), NULL, 0);
    buf_done(&text);
    return verdict;
}

/* One letter a step in their order: P passes, F fails, - not applicable. */
static const char *letters(const struct verdict *verdict) {
    static char text[STEP_COUNT + 1];
    for (unsigned i = 0; i < STEP_COUNT; i++) text[i] = "-PF"[verdict->items[i].result];
    return text;
}

/* document record disclosures leaf inclusion checkpoint quorum issuer membership timestamp status */
static void expect(struct verdict *verdict, enum verdict_outcome outcome, const char *steps) {
    cr_assert_str_eq(letters(verdict), steps, "%s, not %s", letters(verdict), steps);
    cr_assert(verdict->outcome == outcome, "%s", verdict_outcome_name(verdict->outcome));
    verdict_done(verdict);
}

static void expect_reason(struct verdict *verdict, enum verdict_step step, const char *reason,
                          const char *steps) {
    cr_assert(strstr(verdict->items[step].reason, reason), "%s: %s", verdict_step_name(step),
              verdict->items[step].reason);
    expect(verdict, VERDICT_INVALID, steps);
}

/* -- the good one -- */

Test(proof_verify, a_good_receipt_with_its_document_passes_every_step_there_is) {
    struct parts parts = parts_good(&world);
    struct buf text = parts_text(&parts);
    struct record_doc docs[] = {document(DIGEST_SHA256, WORLD_DOCUMENT),
                                document(DIGEST_SM3, "whatever: the record does not name it")};
    struct verdict *verdict = ask(buf_bytes(&text), buf_bytes(&policy), docs, 2);
    cr_assert(verdict->has_record);
    cr_assert_str_eq(verdict->issuer, "acme");
    cr_assert_str_eq(verdict->type, "labour-contract");
    cr_assert_str_eq(verdict->act, "conclude");
    cr_assert(verdict->index == 4 && verdict->size == world.size);
    cr_assert(verdict->leaf_time_ms == WORLD_CREATED_MS + 4000);
    cr_assert(verdict->quorum.n == 3 && verdict->quorum.q == 2 && verdict->quorum.f == 0);
    cr_assert(verdict->quorum.liars_survived == 0);
    cr_assert(verdict->existed_by_s == WORLD_COSIGNED_S, "f = 0: the earliest clock is honest");
    cr_assert(verdict->cosigner_count == 2);
    cr_assert_str_eq(verdict->cosigners[1], WORLD_ORIGIN "/node/2");
    int64_t wage = 0;
    cr_assert(json_int(json_member(verdict->disclosed, "wage_amount"), &wage) && wage == 850000);
    cr_assert(json_count(verdict->disclosed) == 2);
    cr_assert(json_member(verdict->claims, "start") && !json_member(verdict->claims, "_sd"));
    expect(verdict, VERDICT_VALID, "PPPPPPPP---");
    buf_done(&text);
    parts_done(&parts);
}

Test(proof_verify, record_id_is_the_digest_of_the_signing_input) {
    struct parts parts = parts_good(&world);
    uint8_t id[32];
    struct bytes jws = buf_bytes(&world.bodies[4]);
    size_t dot = bytes_find(jws, '.', bytes_find(jws, '.', 0) + 1);
    sha256(bytes_slice(jws, 0, dot), id);
    struct verdict *verdict = ask_parts(&parts);
    cr_assert_arr_eq(verdict->record_id, id, sizeof id);
    expect(verdict, VERDICT_VALID, "-PPPPPPP---");
    parts_done(&parts);
}

Test(proof_verify, other_issuers_are_traced_to_the_genesis_as_well) {
    static const size_t by_registrar[] = {0}, rotated[] = {6, 0}, admitted[] = {1, 0};
    struct parts parts =
        parts_of(&world, 1, world.size, by_registrar); /* signed by the registrar */
    expect(ask_parts(&parts), VERDICT_VALID, "-P-PPPPP---");
    parts_done(&parts);
    parts = parts_of(&world, 7, world.size, rotated); /* signed with a key that `rotate` brought */
    expect(ask_parts(&parts), VERDICT_VALID, "-P-PPPPP---");
    parts_done(&parts);
    parts = parts_of(&world, 2, world.size, admitted); /* a participant record signed by district */
    expect(ask_parts(&parts), VERDICT_VALID, "-P-PPPPP---");
    parts_done(&parts);
}

Test(proof_verify, links_may_lead_to_older_or_newer_checkpoints) {
    struct parts parts = parts_good(&world);
    buf_done(&parts.proof);
    parts.proof = world_proof(&world, 4, 5);
    buf_done(&parts.links[0].proof);
    parts.links[0].proof = world_proof(&world, 2, 3);
    buf_done(&parts.links[2].proof);
    parts.links[2].proof = world_proof(&world, 0, 1);
    expect(ask_parts(&parts), VERDICT_VALID, "-PPPPPPP---");
    parts_done(&parts);
}

/* -- disclosures -- */

static void present(struct parts *parts, struct bytes disclosures) {
    buf_clear(&parts->presentation);
    cr_assert(buf_add(&parts->presentation, buf_bytes(&world.bodies[4])) == ERR_OK);
    cr_assert(buf_add_byte(&parts->presentation, '~') == ERR_OK);
    cr_assert(buf_add(&parts->presentation, disclosures) == ERR_OK);
}

Test(proof_verify, a_holder_may_drop_disclosures) {
    struct parts parts = parts_good(&world);
    struct bytes all = buf_bytes(&world.disclosures);
    present(&parts, bytes_slice(all, 0, world.cut));
    struct verdict *verdict = ask_parts(&parts);
    cr_assert(json_count(verdict->disclosed) == 1);
    expect(verdict, VERDICT_VALID, "-PPPPPPP---");
    present(&parts, bytes_slice(all, world.cut, all.len));
    verdict = ask_parts(&parts);
    cr_assert(json_member(verdict->disclosed, "contract_no"));
    expect(verdict, VERDICT_VALID, "-PPPPPPP---");
    present(&parts, bytes_of(NULL, 0));
    verdict = ask_parts(&parts);
    cr_assert_null(verdict->disclosed);
    expect(verdict, VERDICT_VALID, "-P-PPPPP---");
    parts_done(&parts);
}

Test(proof_verify, a_disclosure_cannot_be_altered_added_repeated_or_cut_off) {
    struct parts parts = parts_good(&world);
    struct bytes all = buf_bytes(&world.disclosures);
    struct buf other;
    uint8_t digest_of_other[32], salt[32];
    vector_seed("wage_amount", salt);
    buf_init(&other, 4096);
    struct json *more = json_new_int(950000);
    cr_assert(sdjwt_disclose(salt, "wage_amount", more, &other, digest_of_other) == ERR_OK);
    cr_assert(buf_add_byte(&other, '~') == ERR_OK);
    present(&parts, buf_bytes(&other));
    expect_reason(ask_parts(&parts), STEP_DISCLOSURES, "not in _sd", "-PFPPPPP---");
    present(&parts, all);
    cr_assert(buf_add(&parts.presentation, bytes_slice(all, 0, world.cut)) == ERR_OK);
    expect_reason(ask_parts(&parts), STEP_DISCLOSURES, "Disclosure 3", "-PFPPPPP---");
    present(&parts, bytes_slice(all, 0, all.len - 1));
    expect_reason(ask_parts(&parts), STEP_DISCLOSURES, "cut off", "-PFPPPPP---");
    json_done(more);
    buf_done(&other);
    parts_done(&parts);
}

/* -- document -- */

Test(proof_verify, the_document_is_compared_by_every_digest_that_the_record_names) {
    struct parts parts = parts_good(&world);
    struct buf text = parts_text(&parts);
    struct record_doc other = document(DIGEST_SHA256, "another document");
    struct record_doc sm3_only = document(DIGEST_SM3, WORLD_DOCUMENT);
    struct record_doc both[] = {document(DIGEST_SHA256, WORLD_DOCUMENT), other};
    struct verdict *verdict = ask(buf_bytes(&text), buf_bytes(&policy), &other, 1);
    expect_reason(verdict, STEP_DOCUMENT, "altered", "FPPPPPPP---");
    verdict = ask(buf_bytes(&text), buf_bytes(&policy), both, 2);
    expect_reason(verdict, STEP_DOCUMENT, "altered", "FPPPPPPP---");
    verdict = ask(buf_bytes(&text), buf_bytes(&policy), &sm3_only, 1);
    expect(verdict, VERDICT_UNCHECKED, "-PPPPPPP---");
    buf_done(&text);
    parts_done(&parts);
}

Test(proof_verify, a_record_that_names_no_document_is_about_no_document) {
    static const size_t links[] = {0};
    struct parts parts = parts_of(&world, 1, world.size, links);
    struct buf text = parts_text(&parts);
    struct record_doc doc = document(DIGEST_SHA256, WORLD_DOCUMENT);
    struct verdict *verdict = ask(buf_bytes(&text), buf_bytes(&policy), &doc, 1);
    expect_reason(verdict, STEP_DOCUMENT, "names no document", "FP-PPPPP---");
    buf_done(&text);
    parts_done(&parts);
}

/* -- less than everything -- */

Test(proof_verify, without_an_issuer_chain_nothing_proves_who_signed) {
    struct parts parts = parts_of(&world, 4, world.size, NULL);
    expect(ask_parts(&parts), VERDICT_VALID, "--PPPPP----");
    parts_done(&parts);
}

Test(proof_verify, a_leaf_alone_is_proven_and_cannot_be_compared_with_a_document) {
    struct parts parts = parts_of(&world, 4, world.size, NULL);
    uint8_t hash[32];
    sha256(buf_bytes(&world.bodies[4]), hash);
    leaf_encode(parts.time_ms, hash, parts.leaf);
    buf_clear(&parts.presentation);
    struct buf text = parts_text(&parts);
    struct record_doc doc = document(DIGEST_SHA256, WORLD_DOCUMENT);
    struct verdict *verdict = ask(buf_bytes(&text), buf_bytes(&policy), NULL, 0);
    cr_assert(!verdict->has_record && !verdict->claims);
    expect(verdict, VERDICT_VALID, "---PPPP----");
    verdict = ask(buf_bytes(&text), buf_bytes(&policy), &doc, 1);
    expect(verdict, VERDICT_UNCHECKED, "---PPPP----");
    buf_done(&text);
    for (size_t i = 0; i < LEAF_LEN; i++) { /* version, time, hash */
        parts.leaf[i] ^= 1;
        expect(ask_parts(&parts), VERDICT_INVALID, i < 9 ? "---F-PP----" : "---PFPP----");
        parts.leaf[i] ^= 1;
    }
    parts_done(&parts);
}

Test(proof_verify, without_a_readable_policy_there_is_no_answer) {
    static const char *const bad[] = {"", "quorum", "garbage\n", "quorum none"};
    struct parts parts = parts_good(&world);
    struct buf text = parts_text(&parts);
    for (size_t i = 0; i < 4; i++) {
        struct verdict *verdict = ask(buf_bytes(&text), bytes_text(bad[i]), NULL, 0);
        cr_assert(verdict->existed_by_s == 0 && verdict->quorum.n == 0);
        expect(verdict, VERDICT_UNCHECKED, "--PPP------");
    }
    buf_done(&text);
    parts_done(&parts);
}

Test(proof_verify, what_is_no_receipt_is_invalid) {
    static const char *const bad[] = {"", "{}", "null", "hello", "{\"mediaType\":\"x\"}"};
    for (size_t i = 0; i < 5; i++) {
        struct verdict *verdict = ask(bytes_text(bad[i]), buf_bytes(&policy), NULL, 0);
        expect(verdict, VERDICT_INVALID, "---F-------");
    }
}

Test(proof_verify, membership_and_status_are_said_not_to_be_checked) {
    struct parts parts = parts_good(&world);
    struct json *json = parts_json(&parts);
    cr_assert(json_put(json, "membership", json_new_array()) == ERR_OK);
    struct buf text = world_text(json);
    struct verdict *verdict = ask(buf_bytes(&text), buf_bytes(&policy), NULL, 0);
    cr_assert(strstr(verdict->items[STEP_MEMBERSHIP].reason, "Not checked"));
    cr_assert(strstr(verdict->items[STEP_STATUS].reason, "ask a node"));
    expect(verdict, VERDICT_VALID, "-PPPPPPP---");
    buf_done(&text);
    json_done(json);
    parts_done(&parts);
}

/* -- every byte -- */

static bool flip_survives(struct parts *parts, uint8_t *at, uint8_t bit) {
    *at ^= bit;
    struct json *json = parts_json(parts); /* NULL: no JSON can carry it */
    bool survives = false;
    if (json) {
        struct buf text = world_text(json);
        struct verdict *verdict = ask(buf_bytes(&text), buf_bytes(&policy), NULL, 0);
        survives = verdict->outcome != VERDICT_INVALID;
        verdict_done(verdict);
        buf_done(&text);
        json_done(json);
    }
    *at ^= bit;
    return survives;
}

static void flip_all(struct parts *parts, struct buf *part, const char *name) {
    cr_assert(part->len > 100, "%s", name);
    for (size_t i = 0; i < part->len; i++)
        cr_assert(!flip_survives(parts, &part->data[i], (uint8_t)(1 << i % 7)),
                  "%s byte %zu of %zu", name, i, part->len);
}

Test(proof_verify, every_flipped_byte_of_the_record_and_its_proof_is_found) {
    struct parts parts = parts_good(&world);
    flip_all(&parts, &parts.presentation, "presentation");
    flip_all(&parts, &parts.proof, "proof");
    expect(ask_parts(&parts), VERDICT_VALID, "-PPPPPPP---");
    parts_done(&parts);
}

Test(proof_verify, every_flipped_byte_of_the_issuer_chain_is_found) {
    struct parts parts = parts_good(&world);
    flip_all(&parts, &parts.links[0].record, "link 1");
    flip_all(&parts, &parts.links[1].proof, "proof of link 2");
    flip_all(&parts, &parts.links[2].proof, "proof of the genesis");
    expect(ask_parts(&parts), VERDICT_VALID, "-PPPPPPP---");
    parts_done(&parts);
}

Test(proof_verify, every_flipped_byte_of_the_genesis_is_found) {
    struct parts parts = parts_good(&world);
    flip_all(&parts, &parts.links[2].genesis, "genesis");
    parts_done(&parts);
}

Test(proof_verify, every_wrong_time_is_found) {
    for (int which = -1; which < 3; which++) {
        for (int add = -1; add <= 1; add += 2) {
            struct parts parts = parts_good(&world);
            uint64_t *time_ms = which < 0 ? &parts.time_ms : &parts.links[which].time_ms;
            *time_ms += (uint64_t)(int64_t)add;
            expect(ask_parts(&parts), VERDICT_INVALID, which < 0 ? "--PPFPP----" : "--PPPPPF---");
            parts_done(&parts);
        }
    }
}

Test(proof_verify, a_time_that_is_not_shown_is_not_told) {
    struct parts parts = parts_good(&world);
    parts.time_ms++;
    struct verdict *verdict = ask_parts(&parts);
    cr_assert(verdict->items[STEP_LEAF].result == VERDICT_PASS);
    cr_assert(verdict->items[STEP_QUORUM].result == VERDICT_PASS);
    cr_assert(verdict->leaf_time_ms == 0, "the leaf is not in the log at that time");
    cr_assert(verdict->existed_by_s == 0 && verdict->timestamp_s == 0);
    verdict_done(verdict);
    parts_done(&parts);
}

/* -- proofs and checkpoints -- */

static void proof_replace(struct buf *proof, struct buf with) {
    buf_done(proof);
    *proof = with;
}

Test(proof_verify, swapped_proofs_prove_nothing) {
    struct parts parts = parts_good(&world);
    proof_replace(&parts.proof, world_proof(&world, 7, world.size));
    expect_reason(ask_parts(&parts), STEP_INCLUSION, "does not give the root", "--PPFPP----");
    proof_replace(&parts.proof, world_proof(&world, 4, world.size));
    struct buf kept = parts.links[0].proof;
    parts.links[0].proof = parts.links[1].proof;
    parts.links[1].proof = kept;
    expect_reason(ask_parts(&parts), STEP_ISSUER, "Link 1 of 3", "--PPPPPF---");
    parts_done(&parts);
}

Test(proof_verify, too_few_cosignatures_fail_the_quorum) {
    for (unsigned set = 0; set < 8; set++) {
        struct parts parts = parts_good(&world);
        struct buf note = world_checkpoint(&world, world.size, 1, set);
        proof_replace(&parts.proof, world_proof_under(&world, 4, world.size, buf_bytes(&note)));
        struct verdict *verdict = ask_parts(&parts);
        bool enough = __builtin_popcount(set) >= 2;
        cr_assert((verdict->existed_by_s != 0) == enough);
        expect(verdict, enough ? VERDICT_VALID : VERDICT_INVALID,
               enough ? "-PPPPPPP---" : "--PPPPF----");
        buf_done(&note);
        parts_done(&parts);
    }
}

Test(proof_verify, a_link_under_too_few_cosignatures_breaks_the_chain) {
    struct parts parts = parts_good(&world);
    struct buf note = world_checkpoint(&world, world.size - 1, 1, 1);
    proof_replace(&parts.links[1].proof,
                  world_proof_under(&world, 1, world.size - 1, buf_bytes(&note)));
    expect_reason(ask_parts(&parts), STEP_ISSUER, "does not meet the policy", "--PPPPPF---");
    buf_done(&note);
    parts_done(&parts);
}

Test(proof_verify, a_checkpoint_that_no_listed_log_signed_fails) {
    struct parts parts = parts_good(&world);
    struct buf note = world_checkpoint(&world, world.size, 0, 7);
    proof_replace(&parts.proof, world_proof_under(&world, 4, world.size, buf_bytes(&note)));
    struct verdict *verdict = ask_parts(&parts);
    cr_assert(verdict->existed_by_s == 0);
    expect_reason(verdict, STEP_CHECKPOINT, "None of the log keys", "--PPPFP----");
    buf_done(&note);
    parts_done(&parts);
}

/* Another cluster's policy: nothing that it lists signed this. */
Test(proof_verify, a_policy_with_other_witnesses_is_not_met) {
    struct parts parts = parts_good(&world);
    struct buf text = parts_text(&parts), other, theirs;
    buf_init(&theirs, LIMIT_POLICY);
    cr_assert(policy_format(world.logs, world.cosigners + 2, 1, 0, &theirs) == ERR_OK);
    struct verdict *verdict = ask(buf_bytes(&text), buf_bytes(&theirs), NULL, 0);
    expect(verdict, VERDICT_INVALID, "--PPPPF----");
    buf_init(&other, LIMIT_POLICY);
    cr_assert(buf_add_text(&other, "log ") == ERR_OK);
    cr_assert(vkey_format(&world.logs[2], &other) == ERR_OK);
    cr_assert(buf_add_text(&other, "\nquorum none\n") == ERR_OK);
    verdict = ask(buf_bytes(&text), buf_bytes(&other), NULL, 0);
    expect(verdict, VERDICT_INVALID, "--PPPFP----");
    buf_done(&theirs);
    buf_done(&other);
    buf_done(&text);
    parts_done(&parts);
}

Test(proof_verify, a_policy_that_asks_for_more_or_other_kinds_is_obeyed) {
    struct parts parts = parts_good(&world);
    struct buf text = parts_text(&parts);
    struct buf all = text_edit(buf_bytes(&policy), "group nodes 2 ", "group nodes all ");
    struct buf one = text_edit(buf_bytes(&policy), "group nodes 2 ", "group nodes any ");
    struct buf none = text_edit(buf_bytes(&policy), "quorum nodes", "quorum none");
    struct buf nested =
        text_edit(buf_bytes(&policy), "quorum nodes", "group outer all nodes\nquorum outer");
    struct verdict *verdict = ask(buf_bytes(&text), buf_bytes(&all), NULL, 0);
    cr_assert(verdict->quorum.q == 3 && verdict->quorum.liars_survived == 2);
    expect(verdict, VERDICT_INVALID, "--PPPPF----");
    verdict = ask(buf_bytes(&text), buf_bytes(&one), NULL, 0);
    cr_assert(verdict->quorum.q == 1 && verdict->quorum.liars_survived == 0);
    cr_assert(strstr(verdict->items[STEP_QUORUM].reason, "without any node lying"));
    expect(verdict, VERDICT_VALID, "-PPPPPPP---");
    verdict = ask(buf_bytes(&text), buf_bytes(&none), NULL, 0);
    cr_assert(strstr(verdict->items[STEP_QUORUM].reason, "one operator's word"));
    cr_assert(verdict->existed_by_s == 0);
    expect(verdict, VERDICT_VALID, "-PPPPPPP---");
    verdict = ask(buf_bytes(&text), buf_bytes(&nested), NULL, 0);
    cr_assert(strstr(verdict->items[STEP_QUORUM].reason, "groups of the policy"));
    expect(verdict, VERDICT_VALID, "-PPPPPPP---");
    buf_done(&all);
    buf_done(&one);
    buf_done(&none);
    buf_done(&nested);
    buf_done(&text);
    parts_done(&parts);
}

/* -- how many nodes -- */

static struct verdict *ask_of(struct world *other, size_t nodes) {
    world_begin(other, nodes);
    struct buf rule = world_policy(other);
    struct parts parts = parts_good(other);
    struct buf text = parts_text(&parts);
    struct verdict *verdict = ask(buf_bytes(&text), buf_bytes(&rule), NULL, 0);
    buf_done(&text);
    buf_done(&rule);
    parts_done(&parts);
    world_end(other);
    return verdict;
}

Test(proof_verify, one_node_is_one_operators_word) {
    static struct world other;
    struct verdict *verdict = ask_of(&other, 1);
    cr_assert(strstr(verdict->items[STEP_QUORUM].reason, "one operator's word"));
    cr_assert(strstr(verdict->items[STEP_QUORUM].reason_zh, "单一运行机构"));
    expect(verdict, VERDICT_VALID, "-PPPPPPP---");
}

/* n = 7: f = 2, q = 5; two clocks may lie, so the third smallest counts. */
Test(proof_verify, time_is_bounded_by_the_first_clock_that_must_be_honest) {
    static struct world other;
    struct verdict *verdict = ask_of(&other, 7);
    cr_assert(verdict->quorum.n == 7 && verdict->quorum.f == 2 && verdict->quorum.q == 5);
    cr_assert(verdict->quorum.liars_survived == 2);
    cr_assert(verdict->existed_by_s == WORLD_COSIGNED_S + 20);
    expect(verdict, VERDICT_VALID, "-PPPPPPP---");
}

/* -- the issuer chain -- */

static struct verdict *ask_chain(size_t index, const size_t *links) {
    struct parts parts = parts_of(&world, index, world.size, links);
    struct verdict *verdict = ask_parts(&parts);
    parts_done(&parts);
    return verdict;
}

Test(proof_verify, links_in_the_wrong_order_or_for_another_issuer_do_not_hold) {
    static const size_t swapped[] = {1, 2, 0}, skipped[] = {2, 0}, none[] = {0}, foreign[] = {3, 0};
    expect_reason(ask_chain(4, swapped), STEP_ISSUER,
                  "Link 1 of 3 of the issuer chain: it does not bind", "--PPPPPF---");
    expect_reason(ask_chain(4, skipped), STEP_ISSUER,
                  "Link 2 of 2 of the issuer chain: it does not bind", "--PPPPPF---");
    expect_reason(ask_chain(4, none), STEP_ISSUER,
                  "Link 1 of 1 of the issuer chain: it does not bind", "--PPPPPF---");
    expect_reason(ask_chain(4, foreign), STEP_ISSUER, "does not bind", "--PPPPPF---");
}

Test(proof_verify, a_key_that_came_with_a_rotation_is_not_bound_by_the_admission) {
    static const size_t old[] = {2, 1, 0}, new[] = {6, 0};
    expect_reason(ask_chain(7, old), STEP_ISSUER, "does not bind", "---PPPPF---");
    expect_reason(ask_chain(4, new), STEP_ISSUER, "does not stand before", "--PPPPPF---");
}

Test(proof_verify, who_is_no_registrar_admits_nobody) {
    static const size_t links[] = {5, 3, 0};
    expect_reason(ask_chain(8, links), STEP_ISSUER,
                  "Link 2 of 3 of the issuer chain: the participant "
                  "that signed the link before it is no registrar",
                  "---PPPPF---");
}

Test(proof_verify, a_link_that_is_no_admission_or_rotation_does_not_hold) {
    static const size_t contract[] = {4, 0};
    expect_reason(ask_chain(7, contract), STEP_ISSUER, "no `participant` record", "---PPPPF---");
    size_t suspend = world_admit(&world, "suspend", "acme", ROLE_EMPLOYER, world.acme2, "registrar",
                                 world.registrar);
    size_t after = world_contract(&world, "acme", world.acme2, false);
    size_t links[] = {suspend, 0};
    expect_reason(ask_chain(after, links), STEP_ISSUER, "no `participant` record", "---PPPPF---");
}

/* Whoever writes himself in as acme: rightly signed by his own key, in the log, but signed by nobody who may. */
Test(proof_verify, a_link_signed_with_another_key_than_its_issuers_does_not_hold) {
    struct json *claims = world_participant("acme", ROLE_EMPLOYER, world.shady);
    world_claims(&world, claims, "registrar", "participant", "rotate");
    size_t forged = world_sign(&world, claims, world.shady);
    size_t after = world_contract(&world, "acme", world.shady, false);
    size_t links[] = {forged, 0};
    expect_reason(ask_chain(after, links), STEP_ISSUER,
                  "Link 2 of 2 of the issuer chain: it does not bind", "---PPPPF---");
}

/* The header names the right key, the signature is by another one. */
static struct buf forge(struct bytes jws, const struct key_secret *key) {
    struct buf out;
    uint8_t sig[KEY_SIG_LEN];
    size_t dot = bytes_find(jws, '.', bytes_find(jws, '.', 0) + 1);
    cr_assert(key_sign(key, bytes_slice(jws, 0, dot), sig) == ERR_OK);
    (void)key_sig_normalise(KEY_ES256K, sig);
    buf_init(&out, LIMIT_RECORD);
    cr_assert(buf_add(&out, bytes_slice(jws, 0, dot + 1)) == ERR_OK);
    cr_assert(base64url_encode(bytes_of(sig, sizeof sig), &out) == ERR_OK);
    return out;
}

static size_t append_forged(size_t index, const struct key_secret *key) {
    uint8_t hash[32];
    world.bodies[world.size] = forge(buf_bytes(&world.bodies[index]), key);
    sha256(buf_bytes(&world.bodies[world.size]), hash);
    world_append_hash(&world, hash);
    return world.size - 1;
}

Test(proof_verify, a_false_signature_in_the_log_is_found_in_record_and_chain) {
    static const size_t good[] = {2, 1, 0};
    size_t record = append_forged(4, world.clerk);
    struct verdict *verdict = ask_chain(record, good);
    expect_reason(verdict, STEP_RECORD, "does NOT verify", "-F-PPPPP---");
    size_t link = append_forged(2, world.clerk); /* "admits" acme, in district's name */
    size_t after = world_contract(&world, "acme", world.acme, false);
    size_t links[] = {link, 1, 0};
    expect_reason(ask_chain(after, links), STEP_ISSUER, "signature of the link before it",
                  "---PPPPF---");
}

Test(proof_verify, a_record_in_high_s_form_is_not_what_the_ledger_hashed) {
    struct parts parts = parts_good(&world);
    struct jws jws;
    struct arena arena;
    arena_init(&arena, 64 * 1024);
    cr_assert(jws_split(buf_bytes(&world.bodies[4]), &arena, &jws, NULL) == ERR_OK);
    static const uint8_t order[32] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                                      0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfe,
                                      0xba, 0xae, 0xdc, 0xe6, 0xaf, 0x48, 0xa0, 0x3b,
                                      0xbf, 0xd2, 0x5e, 0x8c, 0xd0, 0x36, 0x41, 0x41};
    int borrow = 0;
    for (size_t i = 32; i-- > 0;) { /* s := n - s */
        int digit = order[i] - jws.sig[32 + i] - borrow;
        borrow = digit < 0;
        jws.sig[32 + i] = (uint8_t)(digit + 256 * borrow);
    }
    buf_clear(&parts.presentation);
    cr_assert(jws_format(&jws, &parts.presentation) == ERR_OK);
    cr_assert(buf_add_byte(&parts.presentation, '~') == ERR_OK);
    expect_reason(ask_parts(&parts), STEP_RECORD, "canonical form", "-F-PPPPP---");
    arena_done(&arena);
    parts_done(&parts);
}

Test(proof_verify, without_its_tilde_a_record_is_no_presentation) {
    struct parts parts = parts_good(&world);
    buf_clear(&parts.presentation);
    cr_assert(buf_add(&parts.presentation, buf_bytes(&world.bodies[4])) == ERR_OK);
    expect_reason(ask_parts(&parts), STEP_RECORD, "<JWS>~", "-F---PP----");
    parts_done(&parts);
}

Test(proof_verify, a_record_for_another_ledger_is_not_bound_by_this_one) {
    uint8_t kept[32];
    static const size_t links[] = {2, 1, 0};
    memcpy(kept, world.ledger_id, 32);
    world.ledger_id[0] ^= 1;
    size_t stray = world_contract(&world, "acme", world.acme, false);
    memcpy(world.ledger_id, kept, 32);
    expect_reason(ask_chain(stray, links), STEP_ISSUER, "another ledger", "---PPPPF---");
}

/* A genesis of the attacker's own, with his own registrar, put at leaf 0 of nothing. */
Test(proof_verify, a_foreign_genesis_binds_nobody) {
    static struct world other;
    world_begin(&other, 1); /* another node set: another genesis and ledger id */
    struct parts parts = parts_good(&world);
    buf_done(&parts.links[2].genesis);
    parts.links[2].genesis = world_copy(buf_bytes(&other.genesis));
    expect_reason(ask_parts(&parts), STEP_ISSUER,
                  "Link 3 of 3 of the issuer chain: it belongs to another ledger", "--PPPPPF---");
    parts_done(&parts);
    struct buf theirs = world_policy(&other);
    parts = parts_good(&other);
    struct buf text = parts_text(&parts);
    expect(ask(buf_bytes(&text), buf_bytes(&theirs), NULL, 0), VERDICT_VALID, "-PPPPPPP---");
    expect(ask(buf_bytes(&text), buf_bytes(&policy), NULL, 0), VERDICT_INVALID, "--PPPPF----");
    buf_done(&text);
    buf_done(&theirs);
    parts_done(&parts);
    world_end(&other);
}

/* The same nodes sign checkpoints of another origin: another log, to which this genesis says nothing. */
Test(proof_verify, checkpoints_of_another_origin_are_not_this_genesis) {
    struct world *moved = &world;
    struct parts parts = parts_good(moved);
    struct buf rule = text_edit(buf_bytes(&policy), "quorum nodes", "quorum none"), body, note;
    uint8_t root[HASH_LEN];
    struct vkey log;
    struct merkle_source source = {moved, world_perfect};
    cr_assert(merkle_root(&source, moved->size, root) == ERR_OK);
    cr_assert(vkey_make("other.invalid", NOTE_TYPE_ED25519, key_secret_public(moved->nodes[0].log),
                        &log) == ERR_OK);
    buf_init(&body, LIMIT_NOTE);
    buf_init(&note, LIMIT_NOTE);
    cr_assert(checkpoint_format("other.invalid", moved->size, root, &body) == ERR_OK);
    cr_assert(buf_add(&note, buf_bytes(&body)) == ERR_OK);
    cr_assert(buf_add_byte(&note, '\n') == ERR_OK);
    cr_assert(checkpoint_sign(&log, moved->nodes[0].log, buf_bytes(&body), &note) == ERR_OK);
    proof_replace(&parts.proof, world_proof_under(moved, 4, moved->size, buf_bytes(&note)));
    buf_clear(&rule);
    cr_assert(buf_add_text(&rule, "log ") == ERR_OK);
    cr_assert(vkey_format(&log, &rule) == ERR_OK);
    cr_assert(buf_add_text(&rule, "\nquorum none\n") == ERR_OK);
    struct buf text = parts_text(&parts);
    expect_reason(ask(buf_bytes(&text), buf_bytes(&rule), NULL, 0), STEP_ISSUER,
                  "Link 1 of 3 of the issuer chain: its checkpoint is of another origin",
                  "--PPPPPF---");
    buf_done(&text);
    for (size_t i = 0; i < 3;
         i++) { /* and with every link moved there too, the genesis still says where it belongs */
        static const uint64_t index[] = {2, 1, 0};
        proof_replace(&parts.links[i].proof,
                      world_proof_under(moved, index[i], moved->size, buf_bytes(&note)));
    }
    text = parts_text(&parts);
    expect_reason(ask(buf_bytes(&text), buf_bytes(&rule), NULL, 0), STEP_ISSUER,
                  "Link 3 of 3 of the issuer chain: its checkpoint is of another origin",
                  "--PPPPPF---");
    buf_done(&text);
    buf_done(&rule);
    buf_done(&body);
    buf_done(&note);
    parts_done(&parts);
}

/* -- JSON -- */

static struct bytes json_bytes_member(const struct json *object, const char *name) {
    return json_text_bytes(json_member(object, name));
}

static const struct json *step_of(const struct json *root, enum verdict_step step) {
    return json_at(json_member(root, "steps"), step);
}

Test(proof_verify, the_verdict_as_json_names_steps_and_two_conclusions) {
    struct parts parts = parts_good(&world);
    struct verdict *verdict = ask_parts(&parts);
    struct json *root = NULL;
    cr_assert(verdict_json(verdict, &root) == ERR_OK);
    cr_assert(bytes_is(json_bytes_member(root, "outcome"), "valid"));
    cr_assert(json_count(json_member(root, "steps")) == STEP_COUNT);
    cr_assert(bytes_is(json_bytes_member(step_of(root, STEP_QUORUM), "step"), "quorum"));
    cr_assert(bytes_is(json_bytes_member(step_of(root, STEP_QUORUM), "zh"), "联署法定数"));
    cr_assert(bytes_is(json_bytes_member(step_of(root, STEP_STATUS), "result"), "not_applicable"));
    cr_assert(bytes_is(json_bytes_member(json_member(root, "record"), "issuer"), "acme"));
    cr_assert(json_count(json_member(json_member(root, "quorum"), "cosigners")) == 2);
    const struct json *both = json_member(root, "conclusions");
    const struct json *integrity = json_member(both, "integrity");
    cr_assert(bytes_is(json_bytes_member(integrity, "result"), "pass"));
    cr_assert(strstr(json_text(json_member(integrity, "text")), "2026-11-23T07:55:46Z"));
    cr_assert(strstr(json_text(json_member(integrity, "text_zh")), "未经篡改"));
    cr_assert(strstr(json_text(json_member(json_member(both, "origin"), "text")), "acme"));
    cr_assert_null(json_member(json_member(both, "origin"), "result"),
                   "origin is never one green word");
    json_done(root);
    verdict_done(verdict);
    parts_done(&parts);
}

/* -- timestamps: tokens of `openssl ts` over the good receipt's checkpoint -- */

/* The good receipt with the tokens of these names (of tests/vectors/receipts/timestamps.json), checked by those anchors. */
static struct verdict *ask_stamped(const struct json *made, const char *first, const char *second,
                                   const char *anchors) {
    const char *names[] = {first, second};
    struct parts parts = parts_good(&world);
    struct json *json = parts_json(&parts), *list = json_new_array();
    for (size_t i = 0; i < 2 && names[i]; i++) {
        struct json *token = json_new_object();
        const char *text = json_text(json_member(made, names[i]));
        cr_assert(json_put_text(token, "type", "rfc3161") == ERR_OK);
        cr_assert(json_put_text(token, "token", text ? text : names[i]) == ERR_OK);
        cr_assert(json_push(list, token) == ERR_OK);
    }
    cr_assert(json_put(json, "timestamps", list) == ERR_OK);
    struct buf text = world_text(json);
    const char *pem = json_text(json_member(made, anchors));
    tsa_pem = pem ? pem : anchors;
    struct verdict *verdict = ask(buf_bytes(&text), buf_bytes(&policy), NULL, 0);
    tsa_pem = "";
    buf_done(&text);
    json_done(json);
    parts_done(&parts);
    return verdict;
}

#define STAMPED "-PPPPPPP-P-"
#define NOT_STAMPED "-PPPPPPP-F-"

Test(proof_verify, tokens_over_the_checkpoint_pass_under_any_certificate_on_their_way) {
    static const char *const anchors[] = {"anchor", "intermediate", "authority"};
    struct json *made = vector_read_json("receipts/timestamps.json");
    for (size_t i = 0; i < 3; i++) {
        struct verdict *verdict = ask_stamped(made, "sha256", "sm3", anchors[i]);
        cr_assert(strstr(verdict->items[STEP_TIMESTAMP].reason, "2 of 2 tokens"));
        cr_assert(verdict->timestamp_s > WORLD_COSIGNED_S);
        expect(verdict, VERDICT_VALID, STAMPED);
    }
    expect(ask_stamped(made, "sm3", NULL, "anchor"), VERDICT_VALID, STAMPED);
    expect(ask_stamped(made, "bare", NULL, "authority"), VERDICT_VALID, STAMPED);
    json_done(made);
}

Test(proof_verify, tokens_that_prove_nothing_here_fail) {
    struct json *made = vector_read_json("receipts/timestamps.json");
    expect_reason(ask_stamped(made, "sha256", NULL, "other_anchor"), STEP_TIMESTAMP,
                  "signature does not verify", NOT_STAMPED);
    expect_reason(ask_stamped(made, "bare", NULL, "anchor"), STEP_TIMESTAMP,
                  "signature does not verify", NOT_STAMPED);
    expect_reason(ask_stamped(made, "not_for_time", NULL, "anchor"), STEP_TIMESTAMP,
                  "signature does not verify", NOT_STAMPED);
    expect_reason(ask_stamped(made, "sha1", NULL, "anchor"), STEP_TIMESTAMP, "SHA-256 or SM3",
                  NOT_STAMPED);
    expect_reason(ask_stamped(made, "other_data", NULL, "anchor"), STEP_TIMESTAMP, "not over",
                  NOT_STAMPED);
    expect_reason(ask_stamped(made, "MAA=", NULL, "anchor"), STEP_TIMESTAMP, "no timestamp token",
                  NOT_STAMPED);
    expect_reason(ask_stamped(made, "not base64", NULL, "anchor"), STEP_TIMESTAMP, "base64",
                  NOT_STAMPED);
    json_done(made);
}

Test(proof_verify, one_token_of_a_trusted_authority_is_enough) {
    struct json *made = vector_read_json("receipts/timestamps.json");
    struct verdict *verdict = ask_stamped(made, "other_data", "sha256", "anchor");
    cr_assert(strstr(verdict->items[STEP_TIMESTAMP].reason, "1 of 2 tokens"));
    expect(verdict, VERDICT_VALID, STAMPED);
    json_done(made);
}

Test(proof_verify, without_readable_anchors_tokens_are_not_checked) {
    struct json *made = vector_read_json("receipts/timestamps.json");
    struct verdict *verdict = ask_stamped(made, "sha256", NULL, "");
    cr_assert(strstr(verdict->items[STEP_TIMESTAMP].reason, "no trust anchor"));
    expect(verdict, VERDICT_VALID, "-PPPPPPP---");
    verdict = ask_stamped(made, "sha256", NULL, "-----BEGIN CERTIFICATE-----\nAAAA\n");
    cr_assert(strstr(verdict->items[STEP_TIMESTAMP].reason, "not certificates"));
    expect(verdict, VERDICT_VALID, "-PPPPPPP---");
    json_done(made);
}

/* CMS leaves some bytes unsigned, so a flip may go unseen; but no flip gives another time, or a pass over what was not stamped. */
Test(proof_verify, no_flipped_bit_of_a_token_moves_its_time) {
    struct json *made = vector_read_json("receipts/timestamps.json");
    struct verdict *verdict = ask_stamped(made, "sha256", NULL, "anchor");
    uint64_t time_s = verdict->timestamp_s;
    size_t found = 0, unseen = 0;
    struct buf der, text;
    verdict_done(verdict);
    buf_init(&der, 8192);
    buf_init(&text, 8192);
    cr_assert(base64_decode(json_bytes_member(made, "sha256"), &der) == ERR_OK);
    for (size_t i = 0; i < der.len; i++) {
        der.data[i] ^= (uint8_t)(1 << i % 8);
        buf_clear(&text);
        cr_assert(base64_encode(buf_bytes(&der), &text) == ERR_OK);
        verdict = ask_stamped(made, buf_text(&text), NULL, "anchor");
        bool passed = verdict->items[STEP_TIMESTAMP].result == VERDICT_PASS;
        cr_assert(!passed || verdict->timestamp_s == time_s, "byte %zu", i);
        *(passed ? &unseen : &found) += 1;
        verdict_done(verdict);
        der.data[i] ^= (uint8_t)(1 << i % 8);
    }
    cr_assert(found > 1000 && unseen < 40, "%zu found, %zu unseen", found, unseen);
    buf_done(&der);
    buf_done(&text);
    json_done(made);
}

/* -- the vectors -- */

static void vector_compare(const char *name, struct bytes want) {
    char path[96], full[512];
    (void)snprintf(path, sizeof path, "receipts/%s", name);
    if (getenv("QIZHENG_WRITE_VECTORS")) {
        (void)snprintf(full, sizeof full, TEST_DATA "/vectors/%s", path);
        FILE *file = fopen(full, "wb");
        cr_assert(file && fwrite(want.data, 1, want.len, file) == want.len && fclose(file) == 0);
        return;
    }
    struct buf have = vector_read(path);
    cr_assert(bytes_equal(buf_bytes(&have), want), "%s is not what the code makes today", path);
    buf_done(&have);
}

/* {"outcome", "steps": {name: result}} without the reasons, which may be worded better any day. */
static struct buf verdict_brief(const struct verdict *verdict) {
    struct buf text;
    struct json *root = json_new_object(), *steps = json_new_object();
    for (unsigned i = 0; i < STEP_COUNT; i++) {
        cr_assert(json_put_text(steps, verdict_step_name((enum verdict_step)i),
                                verdict_result_name(verdict->items[i].result)) == ERR_OK);
    }
    cr_assert(json_put_text(root, "outcome", verdict_outcome_name(verdict->outcome)) == ERR_OK);
    cr_assert(json_put(root, "steps", steps) == ERR_OK);
    buf_init(&text, 64 * 1024);
    cr_assert(json_format_pretty(root, &text) == ERR_OK);
    cr_assert(buf_add_byte(&text, '\n') == ERR_OK);
    json_done(root);
    return text;
}

/* receipt, verdict on it together with the document. The parts are done with. */
static void vector_receipt(const char *name, struct parts *parts, const char *document_text) {
    char file[64];
    struct buf text = parts_text(parts);
    struct record_doc doc = document(DIGEST_SHA256, document_text);
    struct verdict *verdict = ask(buf_bytes(&text), buf_bytes(&policy), &doc, 1);
    struct buf brief = verdict_brief(verdict);
    (void)snprintf(file, sizeof file, "%s.json", name);
    vector_compare(file, buf_bytes(&text));
    (void)snprintf(file, sizeof file, "%s.verdict.json", name);
    vector_compare(file, buf_bytes(&brief));
    buf_done(&text);
    buf_done(&brief);
    verdict_done(verdict);
    parts_done(parts);
}

Test(proof_verify, the_receipts_among_the_vectors_are_what_the_code_makes) {
    static const size_t no_role[] = {5, 3, 0};
    vector_compare("policy.txt", buf_bytes(&policy));
    vector_compare("document.txt", bytes_text(WORLD_DOCUMENT));
    vector_compare("genesis.json", buf_bytes(&world.genesis));
    struct parts parts = parts_good(&world);
    vector_receipt("good", &parts, WORLD_DOCUMENT);
    parts = parts_good(&world);
    vector_receipt("other_document", &parts, "another document");
    parts = parts_good(&world);
    parts.time_ms += 1;
    vector_receipt("bad_time", &parts, WORLD_DOCUMENT);
    parts = parts_good(&world);
    parts.presentation.data[world.bodies[4].len + 9] ^= 1;
    vector_receipt("bad_disclosure", &parts, WORLD_DOCUMENT);
    parts = parts_good(&world);
    struct buf note = world_checkpoint(&world, world.size, 1, 1);
    proof_replace(&parts.proof, world_proof_under(&world, 4, world.size, buf_bytes(&note)));
    buf_done(&note);
    vector_receipt("bad_quorum", &parts, WORLD_DOCUMENT);
    parts = parts_of(&world, 8, world.size, no_role);
    vector_receipt("bad_issuer", &parts, WORLD_DOCUMENT);
    parts = parts_of(&world, 4, world.size, NULL);
    vector_receipt("no_issuer", &parts, WORLD_DOCUMENT);
}
