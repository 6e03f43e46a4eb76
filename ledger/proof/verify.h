/*~ THE function; start reading here. Whether a receipt proves what it says, step by step, from bytes alone.
 *
 * Input: a receipt, a verifier policy, and the digests of the document in question, if there is one. Output: a verdict: each step passes, fails, or does not
 * apply, with a reason in English and Chinese, and two conclusions that are never merged into one green "true" (FORMATS.md section 5):
 *   (a) unchanged since anchoring (《人民法院在线诉讼规则》 Art 16)   (b) what is known of the origin before anchoring (Art 18)
 * No clock, no network, no file (of ours: see qizheng.h). Hostile input gives failing steps, never a crash. */
#ifndef QIZHENG_PROOF_VERIFY_H
#define QIZHENG_PROOF_VERIFY_H

#include "ledger/base/json.h"
#include "ledger/proof/quorum.h"
#include "ledger/proof/receipt.h"
#include "ledger/record/keybinding.h"

/* X(NAME, "name", "中文") in the order in which they are checked and shown */
#define VERDICT_STEPS(X)                                                                           \
    X(DOCUMENT, "document", "文件")                                                                \
    X(RECORD, "record", "记录与签名")                                                              \
    X(DISCLOSURES, "disclosures", "披露字段")                                                      \
    X(LEAF, "leaf", "叶子")                                                                        \
    X(INCLUSION, "inclusion", "包含证明")                                                          \
    X(CHECKPOINT, "checkpoint", "检查点")                                                          \
    X(QUORUM, "quorum", "联署法定数")                                                              \
    X(ISSUER, "issuer", "签发方密钥来源")                                                          \
    X(MEMBERSHIP, "membership", "节点变更")                                                        \
    X(TIMESTAMP, "timestamp", "可信时间戳")                                                        \
    X(STATUS, "status", "当前状态")

#define VERDICT_ENUM(name, text, zh) STEP_##name,
enum verdict_step { VERDICT_STEPS(VERDICT_ENUM) STEP_COUNT };
#undef VERDICT_ENUM

enum verdict_result { VERDICT_NOT_APPLICABLE, VERDICT_PASS, VERDICT_FAIL };

/* VALID: nothing failed and leaf, inclusion, checkpoint, quorum (and document, where one was given) passed. INVALID: a step failed.
 * UNCHECKED: the inputs do not allow an answer (no readable policy; a document was given but the receipt carries no record, or a record
 * that names its document by another algorithm). Exit status 0, 1, 2. */
enum verdict_outcome { VERDICT_VALID, VERDICT_INVALID, VERDICT_UNCHECKED };

struct verdict_item {
    enum verdict_result result;
    char reason[384];    /* English, UTF-8: what was compared, and what to do */
    char reason_zh[384]; /* the same in Chinese */
};

struct verdict {
    enum verdict_outcome outcome;
    struct verdict_item items[STEP_COUNT];
    bool has_record;
    uint8_t record_id[RECORD_ID_LEN];
    char issuer[LIMIT_ID + 1];
    char type[RECORD_TYPE_LEN];
    char act[32];
    char named_by[LIMIT_ID +
                  1]; /* where the issuer is a holder, named by its key: the participant whose
                         record says whose key that is, once `issuer` passed; else empty */
    bool is_bound;    /* a key binding by the record's holder came with it and verified */
    bool is_demanded; /* and was what the caller demanded */
    struct keybinding binding;
    uint64_t index, size; /* of the leaf, of the checkpoint's tree */
    /* times: all 0 unless the leaf is shown to be in the checkpoint's tree */
    uint64_t leaf_time_ms; /* the ledger's own statement */
    uint64_t
        existed_by_s; /* (f+1)-th smallest cosignature time: at least one honest clock; 0 where none */
    uint64_t timestamp_s; /* earliest time in a timestamp token that verified; 0 where none */
    struct quorum
        quorum; /* n and q as the policy has them; liars_survived 0 where its rule is no plain k of n */
    char cosigners[LIMIT_NODES][LIMIT_VKEY_NAME + 1];
    size_t cosigner_count; /* key names; at most LIMIT_NODES are kept */
    struct json
        *disclosed;      /* object of the disclosed fields that verified; NULL where none; owned */
    struct json *claims; /* the record's clear claims; NULL where no record; owned */
};

/* What many receipts have in common and need not be read and verified anew for each: policy, genesis, the records of issuer chains with their signatures, and signed checkpoints, each by its exact
 * bytes. The verdicts are those that there would be without. It belongs to the caller and to one verification at a time, so a thread that verifies has its own. It holds what receipts say of
 * participants, at most some MiB. */
struct verify_memory;

struct verify_input {
    struct bytes receipt; /* JSON */
    struct bytes policy;  /* tlog-policy text */
    const struct record_doc
        *docs; /* digests of the document in question, one per algorithm; none: not asked */
    size_t doc_count;
    struct bytes
        tsa_pem; /* trust anchors for RFC 3161 tokens over the signed checkpoint, PEM; empty: tokens are not checked */
    const struct keybinding_demand *
        binding; /* the holder must have bound the presentation to this; NULL: not demanded, but one that is there must verify */
    struct verify_memory *memory; /* from verification to verification; NULL: none */
};

/* ERR_NO_MEMORY only; whatever else is wrong stands in the verdict. *ret is allocated: verdict_done. */
enum err verify(const struct verify_input *input, struct verdict **ret) MUST_CHECK;
void verdict_done(struct verdict *verdict); /* accepts NULL */
/* An empty one. ERR_NO_MEMORY. */
enum err verify_memory_new(struct verify_memory **ret) MUST_CHECK;
void verify_memory_done(struct verify_memory *memory); /* accepts NULL */
/* {"outcome",
 *  "steps":[{"step","zh","result","reason","reason_zh"}],
 *  "record":{"id","issuer","type","act","claims","disclosed"}      where the receipt carries a readable record
 *      (of tag_evidence {role:{"id_type"}} alone: verdicts are passed on and kept)
 *      and in "record" "named_by"                                  where the issuer is a holder, and whose key that is was shown
 *  "key_binding":{"kid","aud","nonce","iat","demanded"}            where the holder bound the presentation, and that verified
 *  "log":{"index","size"}                                          where the proof could be read
 *  "time":{"leaf_ms","existed_by_s","timestamp_s"}                 each where known
 *  "quorum":{"n","f","q","liars_survived","cosigners":[name]}      where the policy could be applied
 *  "conclusions":{"integrity":{"text","text_zh","result"},"origin":{"text","text_zh"}}} */
enum err verdict_json(const struct verdict *verdict, struct json **ret) MUST_CHECK;
const char *verdict_step_name(enum verdict_step step);
const char *verdict_result_name(enum verdict_result result);    /* "pass" */
const char *verdict_outcome_name(enum verdict_outcome outcome); /* "valid" "invalid" "unchecked" */

#endif
