/* Proof that somebody lied, or not. See conflict.h.
 *
 * Happy path: read both, order them by size, compare origin, size and root; where the sizes differ, lead the hashes to both roots;
 * then name every key with a verified line under each of the two texts.
 * Invariant: `proven` is set only together with at least one name. */
#include "ledger/proof/conflict.h"

#include "ledger/base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HASHES_MAX (LIMIT_PROOF_HASHES + 1) /* and the first subtree's */

struct side {
    struct note note;
    struct checkpoint checkpoint;
};

struct hashes {
    uint8_t items[HASHES_MAX][HASH_LEN];
    size_t count;
};

static void reason_set(struct conflict *conflict, const char *en, const char *zh) {
    (void)snprintf(conflict->reason, sizeof conflict->reason, "%s", en);
    (void)snprintf(conflict->reason_zh, sizeof conflict->reason_zh, "%s", zh);
}

static enum err side_read(struct bytes raw, struct side *side, struct problem *ret_why) {
    enum err err = note_parse(raw, &side->note, ret_why);
    if (err) return err;
    if (checkpoint_parse(side->note.text, &side->checkpoint) == ERR_OK) return ERR_OK;
    return problem_set(ret_why, ERR_CHECKPOINT,
                       "The signed text is no checkpoint: origin, size and root, a line each.");
}

static enum err hashes_read(struct bytes text, struct hashes *ret, struct problem *ret_why) {
    struct bytes line;
    ret->count = 0;
    while (bytes_line(&text, &line)) {
        if (ret->count == HASHES_MAX) {
            return problem_set(ret_why, ERR_PROOF, "More than %d hashes; no tree is that high.",
                               HASHES_MAX);
        }
        if (base64_decode_fixed(line, ret->items[ret->count], HASH_LEN)) {
            return problem_set(ret_why, ERR_PROOF,
                               "Line %zu of the hashes is not base64 of 32 bytes.", ret->count + 1);
        }
        ret->count++;
    }
    if (text.len == 0) return ERR_OK;
    return problem_set(ret_why, ERR_PROOF, "The last line of the hashes has no newline.");
}

/* RFC 9162 section 2.1.4.2 with the first hash always given: leads the hashes to the root over the first `old_size` leaves and to the
 * root over all `new_size`. False where they are too few or too many. 0 < old_size < new_size. */
static bool roots_build(const struct hashes *hashes, uint64_t old_size, uint64_t new_size,
                        uint8_t ret_old[HASH_LEN], uint8_t ret_new[HASH_LEN]) {
    uint64_t fn = old_size - 1, sn = new_size - 1;
    if (hashes->count == 0) return false;
    for (; fn & 1; fn >>= 1) sn >>= 1;
    memcpy(ret_old, hashes->items[0], HASH_LEN);
    memcpy(ret_new, hashes->items[0], HASH_LEN);
    for (size_t i = 1; i < hashes->count; i++) {
        const uint8_t *c = hashes->items[i];
        if (sn == 0) return false;
        if ((fn & 1) || fn == sn) {
            merkle_node(c, ret_old, ret_old);
            merkle_node(c, ret_new, ret_new);
            for (; fn && !(fn & 1); fn >>= 1) sn >>= 1;
        } else {
            merkle_node(ret_new, c, ret_new);
        }
        fn >>= 1;
        sn >>= 1;
    }
    return sn == 0;
}

/* -- who signed both -- */

/* By any of its lines, for a node may cosign one text at several times. */
static enum err side_signed(const struct side *side, const struct vkey *vkey, bool *ret) {
    uint64_t time_s;
    for (size_t i = 0; i < side->note.count; i++) {
        const struct note_line *line = &side->note.lines[i];
        if (line->id != vkey->id || !bytes_is(line->name, vkey->name)) continue;
        enum err err = checkpoint_line_verify(line, vkey, side->note.text, &time_s);
        if (err == ERR_NO_MEMORY) return err;
        if (err) continue;
        *ret = true;
        return ERR_OK;
    }
    *ret = false;
    return ERR_OK;
}

static bool vkey_seen(const struct vkey *const *keys, size_t count, const struct vkey *vkey) {
    for (size_t i = 0; i < count; i++) {
        if (vkey_same(keys[i], vkey)) return true;
    }
    return false;
}

static enum err liars_find(const struct side sides[2], const struct vkey *const *keys, size_t count,
                           struct conflict *conflict) {
    for (size_t i = 0; i < count && conflict->liar_count < LIMIT_NODES; i++) {
        bool both[2] = {false, false};
        if (vkey_seen(keys, i, keys[i])) continue;
        enum err err = side_signed(&sides[0], keys[i], &both[0]);
        if (!err) err = side_signed(&sides[1], keys[i], &both[1]);
        if (err) return err;
        if (!both[0] || !both[1]) continue;
        (void)snprintf(conflict->liars[conflict->liar_count++], CONFLICT_NAME_LEN + 1, "%s+%08x",
                       keys[i]->name, keys[i]->id);
    }
    conflict->proven = conflict->liar_count > 0;
    if (conflict->proven) return ERR_OK;
    reason_set(
        conflict,
        "The checkpoints contradict each other, but none of the given keys signed both: somebody "
        "lied, and this does not show who. Check the keys.",
        "两个检查点互相矛盾，但所给密钥中没有一个同时签署两者：有人说谎，但不能证明是谁。请核对密钥"
        "。");
    return ERR_OK;
}

/* -- whether they contradict each other -- */

static bool sizes_conflict(const struct checkpoint *small, const struct checkpoint *large,
                           const struct hashes *hashes, struct conflict *conflict) {
    uint8_t old_root[HASH_LEN], new_root[HASH_LEN];
    if (small->size == 0) {
        reason_set(conflict, "One of the trees is empty, and every tree begins with the empty one.",
                   "其中一棵树为空；任何树都以空树为起点，不构成矛盾。");
    } else if (hashes->count == 0) {
        reason_set(
            conflict,
            "The sizes differ, and without hashes from the larger tree nothing shows that it "
            "does not begin with the smaller one.",
            "大小不同；没有来自较大树的哈希，无法证明其开头与较小的树不同。");
    } else if (!roots_build(hashes, small->size, large->size, old_root, new_root) ||
               memcmp(new_root, large->root, HASH_LEN) != 0) {
        reason_set(
            conflict,
            "The hashes do not build the larger checkpoint's root, so they say nothing about its "
            "tree.",
            "这些哈希不能得出较大检查点的根，因此不能说明该树的内容。");
    } else if (memcmp(old_root, small->root, HASH_LEN) == 0) {
        reason_set(conflict, "Consistent: the larger tree begins with the smaller one.",
                   "一致：较大的树以较小的树为开头。");
    } else {
        reason_set(
            conflict,
            "The hashes build the larger checkpoint's root, and over the smaller size another root "
            "than was signed: history was rewritten, and these keys signed both.",
            "这些哈希得出较大检查点的根，而在较小的大小上得出的根与已签署的不同：历史被改写，下列密"
            "钥两者都签署了。");
        return true;
    }
    return false;
}

static bool sides_conflict(const struct side sides[2], const struct hashes *hashes,
                           struct conflict *conflict) {
    const struct checkpoint *a = &sides[0].checkpoint, *b = &sides[1].checkpoint;
    if (!bytes_equal(a->origin, b->origin)) {
        reason_set(conflict, "The checkpoints are of different logs (origins).",
                   "两个检查点属于不同的日志（来源不同）。");
        return false;
    }
    if (a->size != b->size)
        return sizes_conflict(a->size < b->size ? a : b, a->size < b->size ? b : a, hashes,
                              conflict);
    if (memcmp(a->root, b->root, HASH_LEN) == 0) {
        reason_set(conflict, "The checkpoints agree: same size, same root.",
                   "两个检查点一致：大小相同，根相同。");
        return false;
    }
    reason_set(conflict, "Two different roots for one size of one log, and these keys signed both.",
               "同一日志在同一大小上有两个不同的根，下列密钥两者都签署了。");
    return true;
}

enum err conflict_check(struct bytes a, struct bytes b, struct bytes hashes,
                        const struct vkey *const *keys, size_t key_count, struct conflict *ret,
                        struct problem *ret_why) {
    struct side sides[2] = {0};
    struct hashes path;
    struct conflict *conflict = calloc(1, sizeof *conflict);
    if (!conflict) return problem_set(ret_why, ERR_NO_MEMORY, "Out of memory.");
    enum err err = side_read(a, &sides[0], ret_why);
    if (!err) err = side_read(b, &sides[1], ret_why);
    if (!err) err = hashes_read(hashes, &path, ret_why);
    if (!err && sides_conflict(sides, &path, conflict))
        err = liars_find(sides, keys, key_count, conflict);
    if (!err) *ret = *conflict;
    note_done(&sides[0].note);
    note_done(&sides[1].note);
    free(conflict);
    return err;
}

enum err conflict_check_policy(struct bytes a, struct bytes b, struct bytes hashes,
                               const struct policy *policy, struct conflict *ret,
                               struct problem *ret_why) {
    size_t logs = policy_log_count(policy), witnesses = policy_witness_count(policy);
    const struct vkey **keys = calloc(logs + witnesses + 1, sizeof(const struct vkey *));
    if (!keys) return problem_set(ret_why, ERR_NO_MEMORY, "Out of memory.");
    for (size_t i = 0; i < logs; i++) keys[i] = policy_log(policy, i);
    for (size_t i = 0; i < witnesses; i++) keys[logs + i] = policy_witness(policy, i);
    enum err err = conflict_check(a, b, hashes, keys, logs + witnesses, ret, ret_why);
    free(keys);
    return err;
}
