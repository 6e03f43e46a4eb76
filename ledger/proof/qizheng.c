/* The offline verifier library's doors. See qizheng.h.
 *
 * A thin layer: it turns plain C arguments into the types of the core and back, so that nothing of the core is promised to others.
 * Built into libqizheng.so.0 and libqizheng.a (configs/cmake/lib.cmake), where everything else is hidden. */
#include "ledger/proof/qizheng.h"

#include "ledger/crypto/secret.h"
#include "ledger/crypto/sha256.h"
#include "ledger/crypto/sm3.h"
#include "ledger/proof/verify.h"
#include "ledger/record/tag.h"

#include <stdlib.h>
#include <string.h>

#define VERDICT_MAX (4 * LIMIT_RECEIPT) /* claims and disclosures once more, indented and escaped */

struct qizheng_hash {
    struct sha256_stream *sha256; /* one of the two */
    struct sm3_stream *sm3;
};

const char *qizheng_version(void) {
    return QIZHENG_VERSION;
}

static qizheng_hash *hash_begin(enum qizheng_alg alg) {
    qizheng_hash *hash = calloc(1, sizeof *hash);
    if (!hash) return NULL;
    enum err err =
        alg == QIZHENG_SHA256 ? sha256_stream_init(&hash->sha256) : sm3_stream_init(&hash->sm3);
    if (!err) return hash;
    free(hash);
    return NULL;
}

qizheng_hash *qizheng_sha256_begin(void) {
    return hash_begin(QIZHENG_SHA256);
}

qizheng_hash *qizheng_sm3_begin(void) {
    return hash_begin(QIZHENG_SM3);
}

void qizheng_hash_add(qizheng_hash *hash, const void *data, size_t len) {
    if (hash->sha256)
        sha256_stream_add(hash->sha256, bytes_of(data, len));
    else
        sm3_stream_add(hash->sm3, bytes_of(data, len));
}

void qizheng_hash_end(qizheng_hash *hash, struct qizheng_digest *ret) {
    if (!hash) return;
    if (ret) {
        ret->alg = hash->sha256 ? QIZHENG_SHA256 : QIZHENG_SM3;
        if (hash->sha256)
            sha256_stream_end(hash->sha256, ret->value);
        else
            sm3_stream_end(hash->sm3, ret->value);
    }
    sha256_stream_done(hash->sha256);
    sm3_stream_done(hash->sm3);
    free(hash);
}

/* A NUL-terminated text of its own; NULL without memory. Takes json over, which may be NULL. */
static char *json_text_new(struct json *json) {
    struct buf text;
    char *copy = NULL;
    buf_init(&text, VERDICT_MAX);
    if (json && json_format_pretty(json, &text) == ERR_OK) copy = malloc(text.len + 1);
    if (copy) {
        memcpy(copy, text.data, text.len);
        copy[text.len] = 0;
    }
    if (text.data) secret_wipe(text.data, text.cap);
    buf_done(&text);
    json_done(json);
    return copy;
}

/* -- tags -- */

static enum qizheng_tag_result tag_result(enum err err) {
    if (!err) return QIZHENG_TAG_OK;
    if (err == ERR_SCHEMA || err == ERR_REQUEST) return QIZHENG_TAG_PERSON;
    if (err == ERR_KEY) return QIZHENG_TAG_KEY;
    return err == ERR_PROOF ? QIZHENG_TAG_PROOF : QIZHENG_TAG_ERROR;
}

enum qizheng_tag_result qizheng_tag_blind(const char *domain, const char *id_type,
                                          const char *id_number, size_t id_number_len,
                                          const unsigned char random[QIZHENG_TAG_RANDOM_LEN],
                                          unsigned char ret_blind[QIZHENG_TAG_SCALAR_LEN],
                                          unsigned char ret_blinded[QIZHENG_TAG_ELEMENT_LEN]) {
    struct tag_person person = {domain, id_type, bytes_of(id_number, id_number_len)};
    return tag_result(tag_blind(&person, random, ret_blind, ret_blinded, NULL));
}

enum qizheng_tag_result
qizheng_tag_finalise(const char *domain, const char *id_type, const char *id_number,
                     size_t id_number_len, const unsigned char blind[QIZHENG_TAG_SCALAR_LEN],
                     const unsigned char public_key[QIZHENG_TAG_ELEMENT_LEN],
                     const unsigned char evaluated[QIZHENG_TAG_ELEMENT_LEN],
                     const unsigned char proof[QIZHENG_TAG_PROOF_LEN],
                     unsigned char ret_tag[QIZHENG_TAG_LEN], char **ret_evidence) {
    struct tag_person person = {domain, id_type, bytes_of(id_number, id_number_len)};
    struct tag_evaluation evaluation;
    uint8_t tag[TAG_LEN];
    if (ret_evidence) *ret_evidence = NULL;
    memcpy(evaluation.pk, public_key, sizeof evaluation.pk);
    memcpy(evaluation.element, evaluated, sizeof evaluation.element);
    memcpy(evaluation.proof, proof, sizeof evaluation.proof);
    enum err err = tag_finalise(&person, blind, &evaluation, tag, NULL);
    if (err) return tag_result(err);
    if (ret_evidence) {
        *ret_evidence = json_text_new(tag_evidence_json(&person, blind, &evaluation));
        if (!*ret_evidence) return QIZHENG_TAG_ERROR;
    }
    memcpy(ret_tag, tag, sizeof tag);
    return QIZHENG_TAG_OK;
}

/* -- verifying -- */

static bool docs_take(const struct qizheng_digest *digests, size_t count,
                      struct record_doc ret[DIGEST_ALG_COUNT]) {
    if (count > DIGEST_ALG_COUNT) return false;
    for (size_t i = 0; i < count; i++) {
        if (digests[i].alg != QIZHENG_SHA256 && digests[i].alg != QIZHENG_SM3) return false;
        ret[i].alg = digests[i].alg == QIZHENG_SHA256 ? DIGEST_SHA256 : DIGEST_SM3;
        memcpy(ret[i].digest, digests[i].value, DIGEST_LEN);
    }
    return true;
}

static char *verdict_text(const struct verdict *verdict) {
    struct json *json;
    return verdict_json(verdict, &json) ? NULL : json_text_new(json);
}

static enum qizheng_outcome outcome_of(enum verdict_outcome outcome) {
    switch (outcome) {
    case VERDICT_VALID: return QIZHENG_VALID;
    case VERDICT_INVALID: return QIZHENG_INVALID;
    case VERDICT_UNCHECKED: return QIZHENG_UNCHECKED;
    }
    return QIZHENG_ERROR;
}

static enum qizheng_outcome answer(const struct verify_input *input, char **ret_json) {
    struct verdict *verdict;
    if (verify(input, &verdict)) return QIZHENG_ERROR;
    enum qizheng_outcome outcome = outcome_of(verdict->outcome);
    if (ret_json) {
        *ret_json = verdict_text(verdict);
        if (!*ret_json) outcome = QIZHENG_ERROR;
    }
    verdict_done(verdict);
    return outcome;
}

/* False where nothing could ever meet it. */
static bool binding_take(const struct qizheng_binding *binding, struct keybinding_demand *ret) {
    if (!binding->audience || !keybinding_text_valid(binding->audience) || !binding->nonce ||
        !keybinding_text_valid(binding->nonce) || binding->now < 0 || binding->max_age < 0)
        return false;
    ret->audience = binding->audience;
    ret->nonce = binding->nonce;
    ret->now_s = binding->now;
    ret->max_age_s = binding->max_age;
    return true;
}

/* The two are one: nothing stands around the core's. */
static struct verify_memory *memory_of(qizheng_memory *memory) {
    return (struct verify_memory *)memory;
}

qizheng_memory *qizheng_memory_new(void) {
    struct verify_memory *memory;
    return verify_memory_new(&memory) ? NULL : (qizheng_memory *)memory;
}

void qizheng_memory_free(qizheng_memory *memory) {
    verify_memory_done(memory_of(memory));
}

enum qizheng_outcome qizheng_verify_next(qizheng_memory *memory, const void *receipt,
                                         size_t receipt_len, const void *policy, size_t policy_len,
                                         const struct qizheng_digest *digests, size_t digest_count,
                                         const void *tsa_pem, size_t tsa_pem_len,
                                         const struct qizheng_binding *binding, char **ret_json) {
    struct record_doc docs[DIGEST_ALG_COUNT];
    struct keybinding_demand demand;
    if (ret_json) *ret_json = NULL;
    if (!docs_take(digests, digest_count, docs)) return QIZHENG_ERROR;
    if (binding && !binding_take(binding, &demand)) return QIZHENG_ERROR;
    struct verify_input input = {
        .receipt = bytes_of(receipt, receipt_len),
        .policy = bytes_of(policy, policy_len),
        .docs = docs,
        .doc_count = digest_count,
        .tsa_pem = bytes_of(tsa_pem, tsa_pem_len),
        .binding = binding ? &demand : NULL,
        .memory = memory_of(memory),
    };
    return answer(&input, ret_json);
}

enum qizheng_outcome qizheng_verify_bound(const void *receipt, size_t receipt_len,
                                          const void *policy, size_t policy_len,
                                          const struct qizheng_digest *digests, size_t digest_count,
                                          const void *tsa_pem, size_t tsa_pem_len,
                                          const struct qizheng_binding *binding, char **ret_json) {
    return qizheng_verify_next(NULL, receipt, receipt_len, policy, policy_len, digests,
                               digest_count, tsa_pem, tsa_pem_len, binding, ret_json);
}

enum qizheng_outcome qizheng_verify(const void *receipt, size_t receipt_len, const void *policy,
                                    size_t policy_len, const struct qizheng_digest *digests,
                                    size_t digest_count, const void *tsa_pem, size_t tsa_pem_len,
                                    char **ret_json) {
    return qizheng_verify_bound(receipt, receipt_len, policy, policy_len, digests, digest_count,
                                tsa_pem, tsa_pem_len, NULL, ret_json);
}

void qizheng_free(char *json) {
    if (json) secret_wipe(json, strlen(json));
    free(json);
}
