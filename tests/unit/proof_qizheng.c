/* The offline verifier's doors: digests in pieces, outcomes, the verdict's text, arguments that are not to be had. */
#include "ledger/proof/qizheng.h"

#include "tests/lib/world.h"

static struct world world;
static struct buf policy, receipt;

static void begin(void) {
    world_begin(&world, 3);
    policy = world_policy(&world);
    struct parts parts = parts_good(&world);
    receipt = parts_text(&parts);
    parts_done(&parts);
}

static void end(void) {
    buf_done(&policy);
    buf_done(&receipt);
    world_end(&world);
}

TestSuite(proof_qizheng, .init = begin, .fini = end);

static struct qizheng_digest hash_in_pieces(qizheng_hash *hash, const char *text, size_t piece) {
    struct qizheng_digest ret;
    size_t len = strlen(text);
    cr_assert(hash);
    for (size_t at = 0; at < len; at += piece)
        qizheng_hash_add(hash, text + at, len - at < piece ? len - at : piece);
    qizheng_hash_add(hash, NULL, 0);
    qizheng_hash_end(hash, &ret);
    return ret;
}

static enum qizheng_outcome ask(const struct qizheng_digest *digests, size_t count, char **ret) {
    return qizheng_verify(receipt.data, receipt.len, policy.data, policy.len, digests, count, NULL,
                          0, ret);
}

Test(proof_qizheng, digests_do_not_depend_on_the_pieces) {
    for (size_t piece = 1; piece < 50; piece += 6) {
        uint8_t want[DIGEST_LEN];
        struct qizheng_digest a = hash_in_pieces(qizheng_sha256_begin(), WORLD_DOCUMENT, piece);
        struct qizheng_digest b = hash_in_pieces(qizheng_sm3_begin(), WORLD_DOCUMENT, piece);
        digest(DIGEST_SHA256, bytes_text(WORLD_DOCUMENT), want);
        cr_assert(a.alg == QIZHENG_SHA256);
        cr_assert_arr_eq(a.value, want, sizeof want);
        digest(DIGEST_SM3, bytes_text(WORLD_DOCUMENT), want);
        cr_assert(b.alg == QIZHENG_SM3);
        cr_assert_arr_eq(b.value, want, sizeof want);
    }
    qizheng_hash_end(qizheng_sm3_begin(), NULL);
    qizheng_hash_end(NULL, NULL);
}

Test(proof_qizheng, outcomes_and_verdicts_come_out) {
    struct qizheng_digest digests[2] = {hash_in_pieces(qizheng_sha256_begin(), WORLD_DOCUMENT, 7),
                                        hash_in_pieces(qizheng_sm3_begin(), WORLD_DOCUMENT, 7)};
    char *json = NULL;
    struct json *root = NULL;
    cr_assert(ask(digests, 2, &json) == QIZHENG_VALID);
    cr_assert(json_parse(bytes_text(json), &root, NULL) == ERR_OK);
    cr_assert(bytes_is(json_text_bytes(json_member(root, "outcome")), "valid"));
    json_done(root);
    qizheng_free(json);
    cr_assert(ask(NULL, 0, NULL) == QIZHENG_VALID);
    cr_assert(ask(digests + 1, 1, NULL) == QIZHENG_UNCHECKED, "the record does not name it by SM3");
    digests[0].value[31] ^= 1;
    cr_assert(ask(digests, 2, NULL) == QIZHENG_INVALID);
    receipt.data[receipt.len / 2] ^= 1;
    cr_assert(ask(NULL, 0, NULL) == QIZHENG_INVALID);
    qizheng_free(NULL);
}

Test(proof_qizheng, empty_arguments_are_answered_and_wrong_ones_refused) {
    struct qizheng_digest odd = {.alg = (enum qizheng_alg)7}, three[3] = {{.alg = QIZHENG_SHA256}};
    char *json = NULL;
    cr_assert(qizheng_verify(NULL, 0, NULL, 0, NULL, 0, NULL, 0, &json) == QIZHENG_INVALID);
    cr_assert(json);
    qizheng_free(json);
    cr_assert(ask(&odd, 1, &json) == QIZHENG_ERROR);
    cr_assert_null(json);
    cr_assert(ask(three, 3, &json) == QIZHENG_ERROR);
    cr_assert_null(json);
    cr_assert_str_eq(qizheng_version(), QIZHENG_VERSION);
}

static void expect_next(qizheng_memory *memory, enum qizheng_outcome outcome) {
    char *with = NULL, *without = NULL;
    cr_assert(qizheng_verify_next(memory, receipt.data, receipt.len, policy.data, policy.len, NULL,
                                  0, NULL, 0, NULL, &with) == outcome);
    cr_assert(ask(NULL, 0, &without) == outcome);
    cr_assert_str_eq(with, without);
    qizheng_free(with);
    qizheng_free(without);
}

Test(proof_qizheng, with_a_memory_the_answers_are_the_same) {
    qizheng_memory *memory = qizheng_memory_new();
    cr_assert(memory);
    for (int round = 0; round < 3; round++) {
        expect_next(memory, QIZHENG_VALID);
        receipt.data[receipt.len / 2] ^= 1;
        expect_next(memory, QIZHENG_INVALID);
        receipt.data[receipt.len / 2] ^= 1;
        policy.data[policy.len - 3] ^= 1;
        expect_next(memory, QIZHENG_UNCHECKED);
        policy.data[policy.len - 3] ^= 1;
        expect_next(NULL, QIZHENG_VALID);
    }
    struct qizheng_digest odd = {.alg = (enum qizheng_alg)7};
    cr_assert(qizheng_verify_next(memory, receipt.data, receipt.len, policy.data, policy.len, &odd,
                                  1, NULL, 0, NULL, NULL) == QIZHENG_ERROR);
    qizheng_memory_free(memory);
    qizheng_memory_free(NULL);
}
