/* The walk through a receipt, step by step. See verify.h; the steps are in verify_record.c, verify_disclosures.c, verify_log.c,
 * verify_issuer.c, verify_tags.c and verify_timestamp.c, the words in verdict.c, what need not be done again in verify_memory.c.
 *
 * Happy path: policy and receipt are read; the record is read strictly; its hash and time make the leaf; the proof puts the leaf
 * into the tree of a checkpoint; the policy's quorum signed that checkpoint; the issuer chain shows whose key signed the record.
 * Every step compares with what the steps before it computed, never with what the receipt says of itself.
 *
 * Failure modes: each wrong input fails the step that reads it, with a reason; what then cannot be looked at is "not applicable",
 * never "passed". ERR_NO_MEMORY is the only error.
 * Invariants: 1 a step passes only in the function that checked it. 2 an outcome is VALID only with leaf, inclusion, checkpoint and
 * quorum passed. 3 bytes that failed to parse are not used further. */
#include "ledger/proof/verify.h"

#include "ledger/proof/verdict.h"

#include <stdlib.h>
#include <string.h>

/* What stands where a step's function never gets to it. */
static void steps_preset(struct verdict *verdict) {
    for (unsigned i = 0; i < STEP_COUNT; i++) {
        step_say(verdict, (enum verdict_step)i, VERDICT_NOT_APPLICABLE,
                 "Not looked at, because a step that this one rests on did not pass.",
                 "未检查：所依据的步骤未通过。");
    }
    step_say(verdict, STEP_STATUS, VERDICT_NOT_APPLICABLE,
             "Whether the record is in force today cannot be told off line: ask a node "
             "(POST /v1/verifications).",
             "离线无法得知记录当前是否有效：请向节点查询（POST /v1/verifications）。");
}

/* -- membership -- */

static void membership_check(struct verification *v) {
    if (v->receipt->membership) {
        step_say(
            v->verdict, STEP_MEMBERSHIP, VERDICT_NOT_APPLICABLE,
            "Not checked: changes of the node set are no part of protocol 1. The nodes are those "
            "that the policy names.",
            "未检查：协议 1 不含节点变更。节点以策略所列为准。");
    } else {
        step_say(
            v->verdict, STEP_MEMBERSHIP, VERDICT_NOT_APPLICABLE,
            "The receipt carries no change of the node set; the nodes are those that the policy "
            "names.",
            "回执不含节点变更；节点以策略所列为准。");
    }
}

/* -- all of it -- */

static enum verdict_outcome outcome_of(const struct verdict *verdict, bool with_document) {
    static const enum verdict_step needed[] = {STEP_LEAF, STEP_INCLUSION, STEP_CHECKPOINT,
                                               STEP_QUORUM};
    for (unsigned i = 0; i < STEP_COUNT; i++) {
        if (verdict->items[i].result == VERDICT_FAIL) return VERDICT_INVALID;
    }
    for (unsigned i = 0; i < sizeof needed / sizeof needed[0]; i++) {
        if (verdict->items[needed[i]].result != VERDICT_PASS) return VERDICT_UNCHECKED;
    }
    if (with_document && verdict->items[STEP_DOCUMENT].result != VERDICT_PASS)
        return VERDICT_UNCHECKED;
    return VERDICT_VALID;
}

static enum err steps_walk(struct verification *v) {
    enum err err = presentation_check(v);
    if (err) return err;
    document_check(v);
    err = proof_check(v);
    if (!err) err = policy_step(v);
    if (!err) err = issuer_check(v);
    if (!err) err = evidence_step(v);
    if (err) return err;
    membership_check(v);
    return timestamp_check(v);
}

/* Where the leaf is not shown to be in the log, its time is the receipt's own word, and the clocks of cosigners and timestamp
 * authorities speak of the checkpoint alone. */
static void times_drop(struct verdict *verdict) {
    verdict->leaf_time_ms = verdict->existed_by_s = verdict->timestamp_s = 0;
}

static enum err receipt_step(struct verification *v) {
    struct problem why = {0};
    enum err err = receipt_parse(v->input->receipt, &v->receipt, &why);
    if (err == ERR_NO_MEMORY) return err;
    if (err) {
        step_fail(v->verdict, STEP_LEAF, "回执无法读取，得不到叶子", &why);
        return ERR_OK;
    }
    return steps_walk(v);
}

enum err verify(const struct verify_input *input, struct verdict **ret) {
    struct verdict *verdict = calloc(1, sizeof *verdict);
    struct verification *v = calloc(1, sizeof *v);
    struct verify_memory own = {0};
    enum err err = verdict && v ? ERR_OK : ERR_NO_MEMORY;
    if (!err) {
        v->input = input;
        v->verdict = verdict;
        v->memory = input->memory ? input->memory : &own;
        steps_preset(verdict);
        err = receipt_step(v);
        if (verdict->items[STEP_INCLUSION].result != VERDICT_PASS) times_drop(verdict);
        verdict->outcome = outcome_of(verdict, input->doc_count > 0);
        receipt_done(v->receipt);
        record_done(v->record);
    }
    free(v);
    memory_clear(&own);
    if (err) {
        verdict_done(verdict);
        return err;
    }
    *ret = verdict;
    return ERR_OK;
}
