/* Policies read to the letter of C2SP tlog-policy. See policy.h; the judging is in policy_check.c.
 *
 * Happy path: the octets are checked, then each line is taken apart into items and handled by its first word.
 * Failure modes: any line that the standard does not describe refuses the whole policy, with its number: a verifier must never
 * trust less or more than what was written because a line was skipped.
 * Invariants: see policy_rule.h. */
#include "ledger/proof/policy.h"

#include "ledger/base/text.h"
#include "ledger/proof/policy_rule.h"

#include <stdlib.h>
#include <string.h>

#define POLICY_ARENA (2 * LIMIT_POLICY_NAMES * sizeof(struct vkey) + 2 * LIMIT_POLICY)

struct line {
    struct bytes rest;
    size_t number; /* from 1, for people */
    struct problem *why;
};

#define LINE_REFUSE(line, reason) line_refuse((line), (line)->number, (reason))

static enum err line_refuse(struct line *line, size_t number, const char *reason) {
    return problem_set(line->why, ERR_POLICY, "Line %zu of the policy: %s", number, reason);
}

/* "the items on each line are separated by "whitespace", which in this specification means sequences of ASCII space and tab
 * characters *only*." False at the end of the line. */
static bool item_next(struct line *line, struct bytes *ret) {
    struct bytes rest = line->rest;
    size_t from = 0;
    while (from < rest.len && (rest.data[from] == ' ' || rest.data[from] == '\t')) from++;
    size_t to = from;
    while (to < rest.len && rest.data[to] != ' ' && rest.data[to] != '\t') to++;
    *ret = bytes_slice(rest, from, to);
    line->rest = bytes_slice(rest, to, rest.len);
    return to > from;
}

static bool line_ended(struct line *line) {
    struct bytes item;
    return !item_next(line, &item);
}

/* "the allowed octet values are 0x09 (tab), 0x0A (newline), 0x20-0x7E, and 0x80-0xFF." */
static bool octets_allowed(struct bytes text) {
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.data[i];
        if (c != '\t' && c != '\n' && (c < 0x20 || c == 0x7f)) return false;
    }
    return true;
}

/* -- keys -- */

/* "Two vkeys are considered *duplicate* if they wrap the same underlying public key, even if they differ by key name and key id." */
static bool key_same(const struct vkey *a, const struct vkey *b) {
    return memcmp(a->key.point, b->key.point, sizeof a->key.point) == 0;
}

static enum err key_take(struct policy *policy, struct line *line, uint8_t type,
                         const struct vkey **ret) {
    struct bytes item, url;
    struct problem why = {0};
    struct vkey *vkey = arena_take(&policy->arena, sizeof *vkey);
    if (!vkey) return ERR_NO_MEMORY;
    if (!item_next(line, &item)) return LINE_REFUSE(line, "A vkey is missing.");
    enum err err = vkey_parse(item, vkey, &why);
    if (err == ERR_NO_MEMORY) return err;
    if (err) return LINE_REFUSE(line, "The vkey is not valid (C2SP signed-note).");
    if (vkey->type != type) {
        return LINE_REFUSE(line, "A log's vkey must be of type 0x01 (Ed25519) and a witness's of "
                                 "type 0x04 (cosignature/v1).");
    }
    (void)item_next(
        line,
        &url); /* "no URLs are required if the policy is used only for offline verification" */
    if (!line_ended(line)) return LINE_REFUSE(line, "More items than a key and a URL.");
    *ret = vkey;
    return ERR_OK;
}

static enum err log_add(struct policy *policy, struct line *line) {
    const struct vkey *vkey;
    if (policy->log_count == LIMIT_POLICY_NAMES) return LINE_REFUSE(line, "Too many logs.");
    enum err err = key_take(policy, line, NOTE_TYPE_ED25519, &vkey);
    if (err) return err;
    for (size_t i = 0; i < policy->log_count; i++) {
        if (key_same(policy->logs[i], vkey))
            return LINE_REFUSE(line, "This log key is listed already.");
    }
    policy->logs[policy->log_count++] = vkey;
    return ERR_OK;
}

/* -- witnesses and groups -- */

static size_t entry_find(const struct policy *policy, struct bytes name) {
    for (size_t i = 0; i < policy->entry_count; i++) {
        if (bytes_is(name, policy->entries[i].name)) return i;
    }
    return POLICY_NOWHERE;
}

/* Takes the name off the line for a new entry, which counts only once the caller raises entry_count. */
static enum err entry_name(struct policy *policy, struct line *line, struct policy_entry **ret) {
    struct bytes name;
    if (policy->entry_count == LIMIT_POLICY_NAMES)
        return LINE_REFUSE(line, "Too many witnesses and groups.");
    if (!item_next(line, &name)) return LINE_REFUSE(line, "A name is missing.");
    if (bytes_is(name, "none"))
        return LINE_REFUSE(line, "The name `none` is predefined and cannot be given.");
    if (entry_find(policy, name) != POLICY_NOWHERE)
        return LINE_REFUSE(line, "This name is defined already.");
    struct policy_entry *entry = &policy->entries[policy->entry_count];
    entry->parent = POLICY_NOWHERE;
    entry->name = arena_text(&policy->arena, name);
    if (!entry->name) return ERR_NO_MEMORY;
    *ret = entry;
    return ERR_OK;
}

static enum err witness_add(struct policy *policy, struct line *line) {
    struct policy_entry *entry;
    enum err err = entry_name(policy, line, &entry);
    if (!err) err = key_take(policy, line, NOTE_TYPE_COSIGNATURE, &entry->vkey);
    if (err) return err;
    for (size_t i = 0; i < policy->entry_count; i++) {
        const struct vkey *other = policy->entries[i].vkey;
        if (other && key_same(other, entry->vkey))
            return LINE_REFUSE(line, "This witness key is listed already.");
    }
    policy->entry_count++;
    return ERR_OK;
}

/* "each group member being either a witness or another group" and "Each defined name can be listed as a group member at most once." */
static enum err member_add(struct policy *policy, struct line *line, struct bytes name) {
    size_t at = entry_find(policy, name);
    if (at == POLICY_NOWHERE) {
        return LINE_REFUSE(line, "A member is no witness or group of a line before this one.");
    }
    if (policy->entries[at].parent != POLICY_NOWHERE)
        return LINE_REFUSE(line, "A member is listed in a group already.");
    policy->entries[at].parent = policy->entry_count;
    return ERR_OK;
}

/* "The `any` variant is a shorthand for k = 1, and the `all` variant is a shorthand for k = n. If k is given numerically, it must be
 * written in decimal, and it is required that 1 <= k <= n." */
static enum err threshold_set(struct policy_entry *group, struct line *line, struct bytes k) {
    uint64_t value = 0;
    if (bytes_is(k, "any"))
        value = 1;
    else if (bytes_is(k, "all"))
        value = group->n;
    else if (decimal_parse(k, &value))
        return LINE_REFUSE(line, "After the group's name comes all, any or a decimal number.");
    if (value < 1 || value > group->n)
        return LINE_REFUSE(line, "The threshold must lie between 1 and the number of members.");
    group->k = (size_t)value;
    return ERR_OK;
}

static enum err group_add(struct policy *policy, struct line *line) {
    struct policy_entry *group;
    struct bytes k, name;
    enum err err = entry_name(policy, line, &group);
    if (err) return err;
    if (!item_next(line, &k)) return LINE_REFUSE(line, "The group's threshold is missing.");
    while (!err && item_next(line, &name)) {
        err = member_add(policy, line, name);
        group->n++;
    }
    if (!err && group->n == 0) return LINE_REFUSE(line, "A group has one member at least.");
    if (!err) err = threshold_set(group, line, k);
    if (!err) policy->entry_count++;
    return err;
}

static enum err quorum_set(struct policy *policy, struct line *line) {
    struct bytes name;
    if (policy->has_quorum) return LINE_REFUSE(line, "A second quorum line; there must be one.");
    if (!item_next(line, &name)) return LINE_REFUSE(line, "The quorum's name is missing.");
    policy->quorum = entry_find(policy, name);
    if (policy->quorum == POLICY_NOWHERE && !bytes_is(name, "none"))
        return LINE_REFUSE(line, "The quorum is no witness or group of a line before this one.");
    if (!line_ended(line)) return LINE_REFUSE(line, "A quorum line holds one name.");
    policy->has_quorum = true;
    return ERR_OK;
}

/* -- lines -- */

static enum err line_read(struct policy *policy, struct line *line) {
    struct bytes word;
    if (!item_next(line, &word) || word.data[0] == '#') return ERR_OK;
    if (bytes_is(word, "log")) return log_add(policy, line);
    if (bytes_is(word, "witness")) return witness_add(policy, line);
    if (bytes_is(word, "group")) return group_add(policy, line);
    if (bytes_is(word, "quorum")) return quorum_set(policy, line);
    return LINE_REFUSE(line, "It begins with none of log, witness, group, quorum and #.");
}

static enum err lines_read(struct bytes text, struct policy *policy, struct problem *ret_why) {
    struct line line = {.why = ret_why};
    enum err err = ERR_OK;
    while (!err && bytes_line(&text, &line.rest)) {
        line.number++;
        err = line_read(policy, &line);
    }
    if (err) return err;
    if (text.len) /* "each line is terminated by ASCII newline" */
        return line_refuse(&line, line.number + 1, "It has no newline at its end; is it cut off?");
    if (!policy->has_quorum)
        return problem_set(ret_why, ERR_POLICY, "The policy has no quorum line.");
    return ERR_OK;
}

enum err policy_parse(struct bytes text, struct policy **ret, struct problem *ret_why) {
    if (text.len > LIMIT_POLICY) {
        return problem_set(ret_why, ERR_TOO_LARGE, "A policy may take %d bytes, not %zu.",
                           LIMIT_POLICY, text.len);
    }
    if (!octets_allowed(text)) {
        return problem_set(ret_why, ERR_POLICY,
                           "The policy holds a control character other than tab and newline.");
    }
    struct policy *policy = calloc(1, sizeof *policy);
    if (!policy) return problem_set(ret_why, ERR_NO_MEMORY, "Out of memory.");
    arena_init(&policy->arena, POLICY_ARENA);
    enum err err = lines_read(text, policy, ret_why);
    if (err == ERR_NO_MEMORY) (void)problem_set(ret_why, err, "Out of memory.");
    if (err) {
        policy_done(policy);
        return err;
    }
    *ret = policy;
    return ERR_OK;
}

void policy_done(struct policy *policy) {
    if (!policy) return;
    arena_done(&policy->arena);
    free(policy);
}

/* -- what it lists -- */

size_t policy_log_count(const struct policy *policy) {
    return policy->log_count;
}

const struct vkey *policy_log(const struct policy *policy, size_t index) {
    return index < policy->log_count ? policy->logs[index] : NULL;
}

size_t policy_witness_count(const struct policy *policy) {
    size_t count = 0;
    for (size_t i = 0; i < policy->entry_count; i++) count += policy->entries[i].vkey != NULL;
    return count;
}

const struct vkey *policy_witness(const struct policy *policy, size_t index) {
    for (size_t i = 0; i < policy->entry_count; i++) {
        if (policy->entries[i].vkey && index-- == 0) return policy->entries[i].vkey;
    }
    return NULL;
}
