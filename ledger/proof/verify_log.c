/* Steps `leaf`, `inclusion`, `checkpoint` and `quorum`: that the log holds the leaf and who vouches for the log.
 *
 * Invariant: the tree's size and root are those of the text that policy_check verified the signatures of. */
#include "ledger/proof/verdict.h"

#include <stdlib.h>
#include <string.h>

/* -- anchor -- */

enum err anchor_read(struct bytes text, struct anchor *ret, struct problem *ret_why) {
    struct note note = {0};
    enum err err = tlog_proof_parse(text, &ret->proof, ret_why);
    if (!err) err = note_parse(ret->proof.checkpoint, &note, ret_why);
    if (!err) {
        err = checkpoint_parse(note.text, &ret->checkpoint);
        if (err) {
            (void)problem_set(ret_why, err,
                              "The proof's signed text is no checkpoint: origin, size and root.");
        }
    }
    note_done(&note);
    return err;
}

enum err anchor_verify(const struct anchor *anchor, const uint8_t leaf[LEAF_LEN],
                       struct problem *ret_why) {
    uint8_t hash[HASH_LEN];
    merkle_leaf(bytes_of(leaf, LEAF_LEN), hash);
    enum err err = merkle_inclusion_verify(hash, anchor->proof.index, anchor->checkpoint.size,
                                           &anchor->proof.proof, anchor->checkpoint.root);
    if (!err) return ERR_OK;
    return problem_set(
        ret_why, err,
        "The leaf's hash, led up the %zu hashes of the proof from index %llu, does not "
        "give the root of the checkpoint of size %llu.",
        anchor->proof.proof.count, (unsigned long long)anchor->proof.index,
        (unsigned long long)anchor->checkpoint.size);
}

/* -- leaf, inclusion -- */

/* False: there is no leaf to go on with. */
static bool leaf_check(struct verification *v, uint8_t ret_leaf[LEAF_LEN]) {
    uint64_t time_ms;
    uint8_t hash[HASH_LEN];
    const struct receipt *receipt = v->receipt;
    if (receipt->has_leaf) {
        memcpy(ret_leaf, receipt->leaf, LEAF_LEN);
        if (leaf_decode(ret_leaf, &time_ms, hash) || time_ms != receipt->time_ms) {
            step_say(v->verdict, STEP_LEAF, VERDICT_FAIL,
                     "The leaf is of an unknown version, or its time is not the receipt's.",
                     "叶子版本未知，或其时间与回执不一致。");
            return false;
        }
        step_say(v->verdict, STEP_LEAF, VERDICT_PASS,
                 "The receipt carries the leaf itself, and its time is the receipt's.",
                 "回执直接携带叶子，其时间与回执一致。");
    } else if (v->record) {
        leaf_encode(receipt->time_ms, v->record->hash, ret_leaf);
        step_say(v->verdict, STEP_LEAF, VERDICT_PASS,
                 "Computed from the SHA-256 of the signed record and the receipt's ledger time.",
                 "由已签名记录的 SHA-256 与回执中的账本时间计算得出。");
    } else {
        return false;
    }
    v->verdict->leaf_time_ms = receipt->time_ms;
    return true;
}

static void inclusion_check(struct verification *v, const uint8_t leaf[LEAF_LEN]) {
    struct problem why = {0};
    if (anchor_verify(&v->anchor, leaf, &why)) {
        step_fail(v->verdict, STEP_INCLUSION, "叶子不在检查点所示的树中", &why);
        return;
    }
    struct verdict_item *item = step_set(v->verdict, STEP_INCLUSION, VERDICT_PASS);
    verdict_say(item->reason, "The leaf stands at index %llu of the tree of %llu leaves.",
                (unsigned long long)v->verdict->index, (unsigned long long)v->verdict->size);
    verdict_say(item->reason_zh, "叶子位于共 %llu 片叶子的树中第 %llu 号（从 0 起）。",
                (unsigned long long)v->verdict->size, (unsigned long long)v->verdict->index);
}

enum err proof_check(struct verification *v) {
    struct problem why = {0};
    uint8_t leaf[LEAF_LEN];
    bool has_leaf = leaf_check(v, leaf);
    enum err err = anchor_read(v->receipt->proof, &v->anchor, &why);
    if (err == ERR_NO_MEMORY) return err;
    if (err) {
        step_fail(v->verdict, STEP_INCLUSION, "证明文本无法读取", &why);
        return ERR_OK;
    }
    v->has_anchor = true;
    v->verdict->index = v->anchor.proof.index;
    v->verdict->size = v->anchor.checkpoint.size;
    if (has_leaf) inclusion_check(v, leaf);
    return ERR_OK;
}

/* -- checkpoint, quorum -- */

static int time_compare(const void *a, const void *b) {
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

/* Among any f+1 nodes one is honest if at most f lie, and what it cosigned existed then: so at the latest at the greatest of the
 * f+1 smallest times. */
static enum err time_bound(const struct policy_result *result, unsigned f, uint64_t *ret) {
    if (result->signer_count <= f) return ERR_OK;
    uint64_t *times = calloc(result->signer_count, sizeof *times);
    if (!times) return ERR_NO_MEMORY;
    for (size_t i = 0; i < result->signer_count; i++) times[i] = result->signers[i].time_s;
    qsort(times, result->signer_count, sizeof *times, time_compare);
    *ret = times[f];
    free(times);
    return ERR_OK;
}

static void quorum_numbers(const struct policy_result *result, struct verdict *verdict) {
    if (result->n == 0) return;
    verdict->quorum = quorum_of(result->n);
    verdict->quorum.q = result->q;
    verdict->quorum.liars_survived =
        result->plain && 2 * result->q > result->n ? 2 * result->q - result->n - 1 : 0;
    for (size_t i = 0; i < result->signer_count && i < LIMIT_NODES; i++) {
        memcpy(verdict->cosigners[i], result->signers[i].vkey->name, sizeof verdict->cosigners[i]);
        verdict->cosigner_count++;
    }
}

static void quorum_say(const struct policy_result *result, struct verdict *verdict) {
    struct verdict_item *item = step_set(verdict, STEP_QUORUM, VERDICT_PASS);
    unsigned n = result->n, q = result->q;
    if (n == 0) {
        verdict_say(item->reason,
                    "The policy asks for no cosignature: the log's own signature is all there is, "
                    "one operator's word.");
        verdict_say(item->reason_zh, "策略不要求联署：仅凭日志自身签名，即单一运行机构的陈述。");
    } else if (n == 1) {
        verdict_say(item->reason, "1 of 1 cosigned: this is one operator's word.");
        verdict_say(item->reason_zh, "1 个节点中 1 个联署：这是单一运行机构的陈述。");
    } else if (!result->plain) {
        verdict_say(item->reason,
                    "%zu of %u witnesses cosigned, which meets the groups of the policy.",
                    result->signer_count, n);
        verdict_say(item->reason_zh, "%u 个见证方中 %zu 个联署，满足策略规定的分组。", n,
                    result->signer_count);
    } else if (2 * q <= n) {
        verdict_say(item->reason,
                    "%zu of %u cosigned and the policy asks for %u: so few that two contradicting "
                    "checkpoints "
                    "could both meet it without any node lying.",
                    result->signer_count, n, q);
        verdict_say(item->reason_zh,
                    "%u 个节点中 %zu 个联署，策略要求 %u "
                    "个：数量过少，无须节点说谎也可能出现两个矛盾且均达标的检查点。",
                    n, result->signer_count, q);
    } else {
        verdict_say(item->reason,
                    "%zu of %u nodes cosigned and %u are needed: whoever controls the order, two "
                    "contradicting "
                    "checkpoints would take more than %u lying nodes.",
                    result->signer_count, n, q, 2 * q - n - 1);
        verdict_say(
            item->reason_zh,
            "%u 个节点中 %zu 个联署，需要 %u 个：无论谁控制排序，出现两个矛盾的检查点须有超过 %u "
            "个节点说谎。",
            n, result->signer_count, q, 2 * q - n - 1);
    }
}

static enum err quorum_check(struct verification *v, const struct policy_result *result,
                             const struct problem *why) {
    struct verdict *verdict = v->verdict;
    quorum_numbers(result, verdict);
    if (!result->quorum_met) {
        struct verdict_item *item = step_set(verdict, STEP_QUORUM, VERDICT_FAIL);
        verdict_say(item->reason, "%s",
                    result->log_signed ? why->detail
                                       : "Too few of the policy's witnesses "
                                         "cosigned this checkpoint.");
        verdict_say(item->reason_zh,
                    "%u 个见证方中仅 %zu 个联署，至少需要 %u 个且须满足策略的分组。", result->n,
                    result->signer_count, result->q);
        return ERR_OK;
    }
    quorum_say(result, verdict);
    if (!result->log_signed || result->n == 0) return ERR_OK;
    return time_bound(result, verdict->quorum.f, &verdict->existed_by_s);
}

static void checkpoint_say(struct verdict *verdict, const struct policy_result *result) {
    if (!result->log_signed) {
        step_say(
            verdict, STEP_CHECKPOINT, VERDICT_FAIL,
            "None of the log keys that the policy lists signed this checkpoint under its origin's "
            "name: it is another log's, or the policy is for another one.",
            "策略所列日志密钥均未以该来源名称签署此检查点：检查点或策略属于其他日志。");
        return;
    }
    char origin[LIMIT_VKEY_NAME + 1] = {0};
    struct bytes name = result->checkpoint.origin;
    memcpy(origin, name.data, name.len < LIMIT_VKEY_NAME ? name.len : LIMIT_VKEY_NAME);
    struct verdict_item *item = step_set(verdict, STEP_CHECKPOINT, VERDICT_PASS);
    verdict_say(item->reason, "Signed with a listed key of the log %s.", origin);
    verdict_say(item->reason_zh, "由策略所列日志 %s 的密钥签署。", origin);
}

static enum err checkpoint_check(struct verification *v) {
    const struct policy_result *result;
    struct problem why = {0};
    enum err err = memory_policy_check(v->memory, v->anchor.proof.checkpoint, &result, &why);
    if (!err || err == ERR_POLICY) {
        v->checkpoint_meets = !err;
        checkpoint_say(v->verdict, result);
        err = quorum_check(v, result, &why);
    } else if (err != ERR_NO_MEMORY) {
        step_fail(v->verdict, STEP_CHECKPOINT, "检查点或其签名不成立", &why);
        err = ERR_OK;
    }
    return err;
}

enum err policy_step(struct verification *v) {
    struct problem why = {0};
    enum err err = memory_policy(v->memory, v->input->policy, &v->policy, &why);
    if (err == ERR_NO_MEMORY) return err;
    if (err) {
        for (unsigned step = STEP_CHECKPOINT; step <= STEP_QUORUM; step++) {
            struct verdict_item *item =
                step_set(v->verdict, (enum verdict_step)step, VERDICT_NOT_APPLICABLE);
            verdict_say(item->reason, "No readable policy, so nothing says whom to trust. %s",
                        why.detail);
            verdict_say(item->reason_zh,
                        "验证策略无法读取，无从判断应信任谁：请提供有效的策略文件。");
        }
        return ERR_OK;
    }
    return v->has_anchor ? checkpoint_check(v) : ERR_OK;
}
