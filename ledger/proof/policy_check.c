/* Whether a signed checkpoint meets a policy, and our own policies written. See policy.h and policy_rule.h.
 *
 * "a checkpoint is considered valid if it is signed by any one of the listed logs, and it is cosigned by witnesses according to
 * the defined quorum rule." (C2SP tlog-policy)
 *
 * Failure modes: a line that claims to be by a listed key and is not rejects the note (C2SP signed-note); lines by unknown keys
 * are ignored; too few cosignatures are ERR_POLICY, with the numbers. */
#include "ledger/proof/policy_rule.h"
#include "ledger/proof/quorum.h"

#include <stdlib.h>
#include <string.h>

/* What is known of one entry while a note is judged. */
struct mark {
    bool cosigned;   /* a witness whose lines verified */
    uint64_t time_s; /* of the earliest */
    size_t met;      /* members of a group that witnessed */
    size_t least;    /* the fewest cosignatures with which it witnesses */
    bool under;      /* it counts towards the quorum */
};

static bool entry_witnessed(const struct policy_entry *entry, const struct mark *mark) {
    return entry->vkey ? mark->cosigned : mark->met >= entry->k;
}

/* -- signatures -- */

/* "If the key name and ID match a known key, verifiers MUST verify the signature. If a signature from a known key fails to verify,
 * clients SHOULD reject the whole note." (C2SP signed-note) That is every line of that key, not only its first. A witness may cosign
 * one text at several times: the earliest counts. */
static enum err key_check(const struct note *note, const struct vkey *vkey, bool *ret_signed,
                          uint64_t *ret_time_s, struct problem *ret_why) {
    bool any = false;
    uint64_t time_s, first_s = 0;
    for (size_t i = 0; i < note->count; i++) {
        if (!note_line_by(&note->lines[i], vkey)) continue;
        enum err err = checkpoint_line_verify(&note->lines[i], vkey, note->text, &time_s);
        if (err == ERR_NO_MEMORY) return err;
        if (err) {
            return problem_set(
                ret_why, ERR_SIGNATURE_INVALID,
                "A signature line of %s does not verify, so the checkpoint is rejected.",
                vkey->name);
        }
        if (!any || time_s < first_s) first_s = time_s;
        any = true;
    }
    *ret_signed = any;
    *ret_time_s = first_s;
    return ERR_OK;
}

/* "The log's vkey includes a "key name". This name MUST correspond to the log's origin line". */
static enum err logs_check(const struct policy *policy, const struct note *note,
                           struct policy_result *result, struct problem *ret_why) {
    for (size_t i = 0; i < policy->log_count; i++) {
        bool signed_by;
        uint64_t time_s;
        enum err err = key_check(note, policy->logs[i], &signed_by, &time_s, ret_why);
        if (err) return err;
        if (signed_by && bytes_is(result->checkpoint.origin, policy->logs[i]->name))
            result->log_signed = true;
    }
    return ERR_OK;
}

static enum err witnesses_check(const struct policy *policy, const struct note *note,
                                struct mark *marks, struct problem *ret_why) {
    for (size_t i = 0; i < policy->entry_count; i++) {
        const struct vkey *vkey = policy->entries[i].vkey;
        if (!vkey) continue;
        enum err err = key_check(note, vkey, &marks[i].cosigned, &marks[i].time_s, ret_why);
        if (err) return err;
    }
    return ERR_OK;
}

/* -- the quorum -- */

/* Members stand before their group, so one pass forward counts them and one pass back spreads the quorum downwards. */
static void marks_count(const struct policy *policy, struct mark *marks) {
    for (size_t i = 0; i < policy->entry_count; i++) {
        size_t parent = policy->entries[i].parent;
        if (parent != POLICY_NOWHERE && entry_witnessed(&policy->entries[i], &marks[i]))
            marks[parent].met++;
    }
    for (size_t i = policy->entry_count; i-- > 0;) {
        size_t parent = policy->entries[i].parent;
        marks[i].under = i == policy->quorum || (parent != POLICY_NOWHERE && marks[parent].under);
    }
}

static int size_compare(const void *a, const void *b) {
    size_t x = *(const size_t *)a, y = *(const size_t *)b;
    return x < y ? -1 : x > y;
}

/* A group is cheapest with its k cheapest members. room: entry_count numbers. */
static size_t least_of(const struct policy *policy, const struct mark *marks, size_t group,
                       size_t *room) {
    size_t count = 0, sum = 0;
    for (size_t i = 0; i < group; i++) {
        if (policy->entries[i].parent == group) room[count++] = marks[i].least;
    }
    qsort(room, count, sizeof *room, size_compare);
    for (size_t i = 0; i < policy->entries[group].k; i++) sum += room[i];
    return sum;
}

static enum err result_numbers(const struct policy *policy, struct mark *marks,
                               struct policy_result *result) {
    result->plain = true;
    if (policy->quorum == POLICY_NOWHERE) return ERR_OK;
    size_t *room = calloc(policy->entry_count, sizeof *room);
    if (!room) return ERR_NO_MEMORY;
    for (size_t i = 0; i < policy->entry_count; i++) {
        const struct policy_entry *entry = &policy->entries[i];
        marks[i].least = entry->vkey ? 1 : least_of(policy, marks, i, room);
        if (!marks[i].under) continue;
        result->n += entry->vkey != NULL;
        if (!entry->vkey && i != policy->quorum) result->plain = false;
    }
    result->q = (unsigned)marks[policy->quorum].least;
    free(room);
    return ERR_OK;
}

static enum err result_signers(const struct policy *policy, const struct mark *marks,
                               struct policy_result *result) {
    size_t quorum = policy->quorum;
    result->quorum_met =
        quorum == POLICY_NOWHERE || entry_witnessed(&policy->entries[quorum], &marks[quorum]);
    if (result->n == 0) return ERR_OK;
    result->signers = calloc(result->n, sizeof *result->signers);
    if (!result->signers) return ERR_NO_MEMORY;
    for (size_t i = 0; i < policy->entry_count; i++) {
        const struct policy_entry *entry = &policy->entries[i];
        if (!entry->vkey || !marks[i].under || !marks[i].cosigned) continue;
        result->signers[result->signer_count++] =
            (struct policy_signer){entry->name, entry->vkey, marks[i].time_s};
    }
    return ERR_OK;
}

static enum err result_judge(const struct policy *policy, const struct policy_result *result,
                             struct problem *ret_why) {
    if (!result->log_signed && policy->log_count == 0) {
        return problem_set(ret_why, ERR_POLICY,
                           "The policy lists no log: add a `log` line with the log's vkey.");
    }
    if (!result->log_signed) {
        return problem_set(ret_why, ERR_POLICY,
                           "None of the policy's %zu log keys signed this checkpoint under its "
                           "origin's name.",
                           policy->log_count);
    }
    if (result->quorum_met) return ERR_OK;
    return problem_set(ret_why, ERR_POLICY,
                       "The quorum is not met: %zu of its %u witnesses cosigned, and it takes at "
                       "least %u%s.",
                       result->signer_count, result->n, result->q,
                       result->plain ? "" : " in the groups that the policy names");
}

static enum err note_judge(const struct policy *policy, const struct note *note, struct mark *marks,
                           struct policy_result *ret, struct problem *ret_why) {
    if (checkpoint_parse(note->text, &ret->checkpoint)) {
        return problem_set(ret_why, ERR_CHECKPOINT,
                           "The signed text is no checkpoint: origin, size and root, a line each.");
    }
    enum err err = logs_check(policy, note, ret, ret_why);
    if (!err) err = witnesses_check(policy, note, marks, ret_why);
    if (err) return err;
    marks_count(policy, marks);
    err = result_numbers(policy, marks, ret);
    if (!err) err = result_signers(policy, marks, ret);
    return err ? err : result_judge(policy, ret, ret_why);
}

enum err policy_check(const struct policy *policy, struct bytes raw, struct policy_result *ret,
                      struct problem *ret_why) {
    struct note note = {0};
    memset(ret, 0, sizeof *ret);
    struct mark *marks = calloc(policy->entry_count + 1, sizeof *marks);
    if (!marks) return problem_set(ret_why, ERR_NO_MEMORY, "Out of memory.");
    enum err err = note_parse(raw, &note, ret_why);
    if (!err) err = note_judge(policy, &note, marks, ret, ret_why);
    if (err == ERR_NO_MEMORY) (void)problem_set(ret_why, err, "Out of memory.");
    note_done(&note);
    free(marks);
    return err;
}

void policy_result_done(struct policy_result *result) {
    free(result->signers);
    memset(result, 0, sizeof *result);
}

/* -- writing -- */

static enum err log_put(const struct vkey *vkey, struct buf *out) {
    enum err err = buf_add_text(out, "log ");
    if (!err) err = vkey_format(vkey, out);
    return err ? err : buf_add_byte(out, '\n');
}

static enum err witness_put(const struct vkey *vkey, size_t index, struct buf *out) {
    enum err err = buf_format(out, "witness node-%zu ", index + 1);
    if (!err) err = vkey_format(vkey, out);
    return err ? err : buf_add_byte(out, '\n');
}

/* Third-party tools often know one log key per origin, so a node's own comes first. */
enum err policy_format(const struct vkey *logs, const struct vkey *cosigners, size_t count,
                       size_t own, struct buf *out) {
    if (count == 0 || count > LIMIT_NODES || own >= count) return ERR_POLICY;
    enum err err = buf_add_text(out, "# sizes 0 -\n");
    if (!err) err = log_put(&logs[own], out);
    for (size_t i = 0; !err && i < count; i++) {
        if (i != own) err = log_put(&logs[i], out);
    }
    for (size_t i = 0; !err && i < count; i++) err = witness_put(&cosigners[i], i, out);
    if (!err) err = buf_format(out, "group nodes %u", quorum_of((unsigned)count).q);
    for (size_t i = 0; !err && i < count; i++) err = buf_format(out, " node-%zu", i + 1);
    return err ? err : buf_add_text(out, "\nquorum nodes\n");
}
