/* What one verification leaves to the next: see verify_memory in verify.h.
 *
 * Receipts of one ledger repeat each other: the same policy, the same genesis, the same participant records in their issuer chains, and the same checkpoint three times in one receipt. What is
 * remembered is only ever the answer of a function of bytes alone (parsing a text, verifying a signature under a key, judging a note by a policy), under exactly those bytes: so a verdict with a memory
 * is the verdict without. What depends on a receipt's other parts (index, order, time, ledger, who vouches for whom) is never kept and is checked each time.
 *
 * Every verification has a memory: where the caller keeps none, one that ends with it. Refusals are not remembered.
 *
 * Invariants: 1 notes are judged by `policy`: when that goes, they go. 2 of links and notes the one that was used least recently makes room, so that the last MEMORY_* - 1 that were handed out stay valid
 * during a verification, which holds two links at most (one and what it vouches for) and one note. 3 a genesis or a policy is handed out once in a verification. */
#include "ledger/proof/verdict.h"

#include <stdlib.h>
#include <string.h>

_Static_assert(MEMORY_LINKS >= 3, "a link, the one that it vouches for, and one that makes room");

enum err verify_memory_new(struct verify_memory **ret) {
    struct verify_memory *memory = calloc(1, sizeof *memory);
    if (!memory) return ERR_NO_MEMORY;
    *ret = memory;
    return ERR_OK;
}

static void note_clear(struct memory_note *note) {
    policy_result_done(&note->result);
    free(note->raw);
    memset(note, 0, sizeof *note);
}

static void link_clear(struct memory_link *link) {
    record_done(link->record);
    memset(link, 0, sizeof *link);
}

void memory_clear(struct verify_memory *memory) {
    for (size_t i = 0; i < MEMORY_NOTES; i++) note_clear(&memory->notes[i]);
    for (size_t i = 0; i < MEMORY_LINKS; i++) link_clear(&memory->links[i]);
    policy_done(memory->policy);
    free(memory->policy_text);
    genesis_done(memory->genesis);
    memset(memory, 0, sizeof *memory);
}

void verify_memory_done(struct verify_memory *memory) {
    if (!memory) return;
    memory_clear(memory);
    free(memory);
}

/* A copy; NULL without memory. Never of nothing, for that is NULL, too. */
static uint8_t *copy_of(struct bytes text) {
    uint8_t *copy = malloc(text.len + 1);
    if (copy && text.len) memcpy(copy, text.data, text.len);
    return copy;
}

/* -- policy and genesis: the last one -- */

enum err memory_policy(struct verify_memory *memory, struct bytes text, const struct policy **ret,
                       struct problem *ret_why) {
    if (memory->policy && bytes_equal(bytes_of(memory->policy_text, memory->policy_len), text)) {
        *ret = memory->policy;
        return ERR_OK;
    }
    struct policy *policy;
    enum err err = policy_parse(text, &policy, ret_why);
    if (err) return err;
    uint8_t *copy = copy_of(text);
    if (!copy) {
        policy_done(policy);
        return problem_set(ret_why, ERR_NO_MEMORY, "Out of memory.");
    }
    for (size_t i = 0; i < MEMORY_NOTES; i++) note_clear(&memory->notes[i]);
    policy_done(memory->policy);
    free(memory->policy_text);
    memory->policy = policy;
    memory->policy_text = copy;
    memory->policy_len = text.len;
    *ret = policy;
    return ERR_OK;
}

enum err memory_genesis(struct verify_memory *memory, struct bytes text, const struct genesis **ret,
                        struct problem *ret_why) {
    if (!memory->genesis || !bytes_equal(memory->genesis->bytes, text)) {
        struct genesis *genesis;
        enum err err = genesis_parse(text, &genesis, ret_why);
        if (err) return err;
        genesis_done(memory->genesis);
        memory->genesis = genesis;
    }
    *ret = memory->genesis;
    return ERR_OK;
}

/* -- notes -- */

static struct memory_note *note_oldest(struct verify_memory *memory) {
    struct memory_note *oldest = &memory->notes[0];
    for (size_t i = 1; i < MEMORY_NOTES; i++)
        if (memory->notes[i].used < oldest->used) oldest = &memory->notes[i];
    return oldest;
}

/* Judged in the place where it will be remembered, as the result borrows from its text. One that does not meet the policy keeps its result there for whoever asked, and is found by nobody. */
static enum err note_judge(struct verify_memory *memory, struct bytes raw,
                           const struct policy_result **ret, struct problem *ret_why) {
    struct memory_note *note = note_oldest(memory);
    note_clear(note);
    note->raw = copy_of(raw);
    if (!note->raw) return problem_set(ret_why, ERR_NO_MEMORY, "Out of memory.");
    note->len = raw.len;
    enum err err =
        policy_check(memory->policy, bytes_of(note->raw, raw.len), &note->result, ret_why);
    note->meets = !err;
    note->used = ++memory->uses;
    *ret = &note->result;
    return err;
}

enum err memory_policy_check(struct verify_memory *memory, struct bytes raw,
                             const struct policy_result **ret, struct problem *ret_why) {
    for (size_t i = 0; i < MEMORY_NOTES; i++) {
        struct memory_note *note = &memory->notes[i];
        if (!note->meets || !bytes_equal(bytes_of(note->raw, note->len), raw)) continue;
        note->used = ++memory->uses;
        *ret = &note->result;
        return ERR_OK;
    }
    return note_judge(memory, raw, ret, ret_why);
}

/* -- links -- */

static struct memory_link *link_oldest(struct verify_memory *memory) {
    struct memory_link *oldest = &memory->links[0];
    for (size_t i = 1; i < MEMORY_LINKS; i++)
        if (memory->links[i].used < oldest->used) oldest = &memory->links[i];
    return oldest;
}

/* A record that was not canonical as it came is not the one that its canonical text gives: it says so. */
static bool link_is(const struct memory_link *link, struct bytes text) {
    return link->record && !link->record->jws.was_high_s &&
           bytes_equal(link->record->canonical, text);
}

enum err memory_link(struct verify_memory *memory, struct bytes text, struct memory_link **ret,
                     struct problem *ret_why) {
    struct memory_link *link = NULL;
    for (size_t i = 0; !link && i < MEMORY_LINKS; i++)
        if (link_is(&memory->links[i], text)) link = &memory->links[i];
    if (!link) {
        struct record *record;
        enum err err = record_parse(text, &record, ret_why);
        if (err) return err;
        link = link_oldest(memory);
        link_clear(link);
        link->record = record;
    }
    link->used = ++memory->uses;
    *ret = link;
    return ERR_OK;
}

/* Algorithm and point are all of a key: its kid follows from them. */
enum err memory_link_verify(struct memory_link *link, const struct key_public *key) {
    if (link->is_signed && link->alg == key->alg &&
        memcmp(link->point, key->point, sizeof link->point) == 0)
        return ERR_OK;
    enum err err = jws_verify(&link->record->jws, key);
    if (err) return err;
    link->is_signed = true;
    link->alg = key->alg;
    memcpy(link->point, key->point, sizeof link->point);
    return ERR_OK;
}
