/* The terms of one worker's contracts, joined by the tag in the domain `labour`: what rule LC-11 compares, and the row that it reads (labour.h, state_keys.h).
 *
 * conclude adds a term, amend states it anew where it states it at all, rescind and end give it a last day; a correction takes the place of what it corrects and of
 * nothing else. The row of a worker is bounded: where it is full, the contract that ends first leaves it. Contracts without a tag are not here. */
#include "contracts/labour.h"

#include "contracts/lists.h"
#include "contracts/period.h"
#include "contracts/state_keys.h"
#include "contracts/tags.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define OPEN_END INT32_MAX

struct terms {
    struct labour_term items[LABOUR_TERMS + 1]; /* one more while a new one is put in */
    size_t count;
};

/* -- rows -- */

static enum err term_encode(const struct labour_term *term, struct buf *out) {
    enum err err = buf_add(out, bytes_of(term->opening, RECORD_ID_LEN));
    if (!err) err = buf_add(out, bytes_of(term->source, RECORD_ID_LEN));
    if (!err) err = state_add_text(out, term->owner);
    if (!err) err = buf_add_u32(out, (uint32_t)term->first);
    if (!err) err = buf_add_u32(out, (uint32_t)term->last);
    if (!err) err = buf_add_u32(out, (uint32_t)term->ended);
    return err ? err : buf_add_byte(out, term->is_part);
}

static bool term_decode(struct cursor *cursor, struct labour_term *term) {
    cursor_copy(cursor, term->opening, RECORD_ID_LEN);
    cursor_copy(cursor, term->source, RECORD_ID_LEN);
    state_take_text(cursor, term->owner, sizeof term->owner);
    term->first = (int32_t)cursor_u32(cursor);
    term->last = (int32_t)cursor_u32(cursor);
    term->ended = (int32_t)cursor_u32(cursor);
    uint8_t part = cursor_u8(cursor);
    term->is_part = part == 1;
    return !cursor->failed && part <= 1;
}

static enum err terms_decode(struct bytes row, struct terms *terms) {
    struct cursor cursor = cursor_of(row);
    size_t count = cursor_u8(&cursor);
    if (count > LABOUR_TERMS) return ERR_CORRUPT;
    for (terms->count = 0; terms->count < count; terms->count++)
        if (!term_decode(&cursor, &terms->items[terms->count])) return ERR_CORRUPT;
    return cursor_ended(&cursor) ? ERR_OK : ERR_CORRUPT;
}

/* A worker of whom nothing is known has no terms. */
static enum err terms_get(struct view view, const uint8_t tag[32], struct terms *terms) {
    struct buf row;
    terms->count = 0;
    buf_init(&row, STATE_ROW_MAX);
    enum err err = state_get(view, state_key_worker(tag), &row);
    if (!err) err = terms_decode(buf_bytes(&row), terms);
    if (err == ERR_NOT_FOUND) err = ERR_OK;
    buf_done(&row);
    return err;
}

static enum err terms_put(struct overlay *overlay, const uint8_t tag[32],
                          const struct terms *terms) {
    struct state_key key = state_key_worker(tag);
    struct buf row;
    assert(terms->count <= LABOUR_TERMS);
    if (terms->count == 0) return overlay_erase(overlay, state_key_bytes(&key));
    buf_init(&row, STATE_ROW_MAX);
    enum err err = buf_add_byte(&row, (uint8_t)terms->count);
    for (size_t i = 0; !err && i < terms->count; i++) err = term_encode(&terms->items[i], &row);
    if (!err) err = overlay_put(overlay, state_key_bytes(&key), buf_bytes(&row));
    buf_done(&row);
    return err;
}

/* *ret_there: whether the chain's worker is known. */
static enum err worker_get(struct view view, const uint8_t opening[RECORD_ID_LEN],
                           uint8_t ret_tag[32], bool *ret_there) {
    struct buf row;
    buf_init(&row, STATE_ROW_MAX);
    enum err err = state_get(view, state_key_worker_of(opening), &row);
    *ret_there = !err;
    if (!err && row.len != 32) err = ERR_CORRUPT;
    if (!err) memcpy(ret_tag, row.data, 32);
    buf_done(&row);
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

static enum err worker_put(struct overlay *overlay, const uint8_t opening[RECORD_ID_LEN],
                           const uint8_t tag[32]) {
    struct state_key key = state_key_worker_of(opening);
    return overlay_put(overlay, state_key_bytes(&key), bytes_of(tag, 32));
}

static struct labour_term *term_find(struct terms *terms, const uint8_t opening[RECORD_ID_LEN]) {
    for (size_t i = 0; i < terms->count; i++)
        if (memcmp(terms->items[i].opening, opening, RECORD_ID_LEN) == 0) return &terms->items[i];
    return NULL;
}

static void term_drop(struct terms *terms, const struct labour_term *term) {
    size_t at = (size_t)(term - terms->items);
    terms->count--;
    memmove(&terms->items[at], &terms->items[at + 1], (terms->count - at) * sizeof terms->items[0]);
}

static int32_t term_until(const struct labour_term *term) {
    return term->ended < term->last ? term->ended : term->last;
}

/* -- one record against the worker's row -- */

struct step {
    uint8_t opening[RECORD_ID_LEN]; /* of its chain */
    bool knows_worker;              /* the chain's tag is known, from before this record */
    bool is_over; /* the chain has ended; when, stands in the worker's row alone */
    uint8_t worker[32];
    const uint8_t *own_tag; /* NULL where the record carries none */
};

static enum err step_find(const struct contract_input *in, struct step *ret) {
    struct chain_link link;
    struct chain chain;
    memset(ret, 0, sizeof *ret);
    ret->own_tag = tag_of(in->record, LABOUR_WORKER);
    if (!in->record->has_ref) {
        memcpy(ret->opening, in->record->id, RECORD_ID_LEN);
        return ERR_OK;
    }
    enum err err = chain_link_get(in->view, in->record->ref, &link);
    if (err) return err == ERR_NOT_FOUND ? ERR_CORRUPT : err; /* the chain was found by it */
    memcpy(ret->opening, link.opening, RECORD_ID_LEN);
    err = chain_get(in->view, ret->opening, &chain);
    if (err) return err == ERR_NOT_FOUND ? ERR_CORRUPT : err;
    ret->is_over = chain.status == CHAIN_ENDED;
    return worker_get(in->view, ret->opening, ret->worker, &ret->knows_worker);
}

static int32_t day_of(const struct contract_input *in, const char *name, int32_t otherwise) {
    int32_t day;
    return period_parse(json_text_bytes(json_member(in->claims, name)), &day) ? day : otherwise;
}

/* What the record itself states; the rest of *term stays. */
static void term_state(const struct contract_input *in, struct labour_term *term) {
    memcpy(term->source, in->record->id, RECORD_ID_LEN);
    term->first = day_of(in, "start", 0);
    term->last = day_of(in, "end", OPEN_END);
    term->is_part = bytes_is(json_text_bytes(json_member(in->claims, "form")), "part");
}

static struct labour_term term_new(const struct contract_input *in, const struct step *step) {
    struct labour_term term;
    memset(&term, 0, sizeof term);
    memcpy(term.opening, step->opening, RECORD_ID_LEN);
    memcpy(term.owner, in->record->iss, strlen(in->record->iss) + 1);
    term.ended = OPEN_END;
    term_state(in, &term);
    return term;
}

static bool has_term(const struct contract_input *in) {
    return json_member(in->claims, "kind") != NULL;
}

static bool concludes(const struct contract_input *in) {
    return strcmp(in->act, "conclude") == 0;
}

/* -- LC-11 -- */

static bool terms_meet(const struct labour_term *a, const struct labour_term *b) {
    return !a->is_part && !b->is_part && a->first <= term_until(b) && b->first <= term_until(a);
}

static void overlap_count(struct terms *terms, const struct contract_input *in,
                          const struct step *step, struct labour_overlap *ret) {
    struct labour_term term = term_new(in, step);
    const struct labour_term *before = term_find(terms, step->opening);
    if (before) term.ended = before->ended;
    for (size_t i = 0; i < terms->count; i++) {
        const struct labour_term *other = &terms->items[i];
        if (other == before || !terms_meet(&term, other)) continue;
        if (strcmp(other->owner, term.owner) != 0) {
            ret->foreign++;
        } else if (ret->own++ == 0) {
            memcpy(ret->nearest, other->opening, RECORD_ID_LEN);
        }
    }
}

enum err labour_overlap_find(const struct contract_input *in, struct labour_overlap *ret) {
    struct step step;
    memset(ret, 0, sizeof *ret);
    ret->join = LABOUR_NO_STATE;
    if (!in->record) return ERR_OK;
    enum err err = step_find(in, &step);
    if (err) return err;
    /* A correction of the conclusion says anew who the worker is. */
    const uint8_t *tag = step.own_tag                          ? step.own_tag
                         : step.knows_worker && !concludes(in) ? step.worker
                                                               : NULL;
    if (step.is_over && !step.knows_worker) tag = NULL; /* nobody knows until when it ran */
    ret->join = tag ? LABOUR_JOINED : LABOUR_NO_TAG;
    if (!tag) return ERR_OK;
    struct terms *terms = calloc(1, sizeof *terms);
    err = terms ? terms_get(in->view, tag, terms) : ERR_NO_MEMORY;
    if (!err) overlap_count(terms, in, &step, ret);
    free(terms);
    return err;
}

/* -- state -- */

/* Puts the term into the row of its worker. Where that is full, the one that ends first goes. */
static enum err term_add(struct overlay *overlay, struct terms *terms, const uint8_t tag[32],
                         const struct labour_term *term) {
    enum err err = terms_get(overlay_view(overlay), tag, terms);
    if (err) return err;
    struct labour_term *there = term_find(terms, term->opening);
    if (there)
        *there = *term;
    else
        terms->items[terms->count++] = *term;
    if (terms->count > LABOUR_TERMS) {
        struct labour_term *first = &terms->items[0];
        for (size_t i = 1; i < terms->count; i++)
            if (term_until(&terms->items[i]) < term_until(first)) first = &terms->items[i];
        term_drop(terms, first);
    }
    err = terms_put(overlay, tag, terms);
    return err ? err : worker_put(overlay, term->opening, tag);
}

static enum err term_remove(struct overlay *overlay, struct terms *terms, const uint8_t tag[32],
                            const struct labour_term *term) {
    struct state_key key = state_key_worker_of(term->opening);
    enum err err = terms_get(overlay_view(overlay), tag, terms);
    struct labour_term *there = err ? NULL : term_find(terms, term->opening);
    if (there) term_drop(terms, there);
    if (!err && there) err = terms_put(overlay, tag, terms);
    return err ? err : overlay_erase(overlay, state_key_bytes(&key));
}

/* The term as it stands after the record. */
static void term_follow(const struct contract_input *in, struct labour_term *term) {
    bool corrects = in->record->has_replaces;
    if (strcmp(in->act, "rescind") == 0 || strcmp(in->act, "end") == 0)
        term->ended = day_of(in, "date", OPEN_END);
    else if (has_term(in) &&
             (!corrects || memcmp(in->record->replaces, term->source, RECORD_ID_LEN) == 0))
        term_state(in, term);
    else if (corrects && memcmp(in->record->replaces, term->source, RECORD_ID_LEN) == 0)
        memcpy(term->source, in->record->id,
               RECORD_ID_LEN); /* it states no term: the old one stays */
}

/* A record that goes on with a chain whose worker is known. */
static enum err term_update(const struct contract_input *in, struct overlay *overlay,
                            const struct step *step, struct terms *terms) {
    enum err err = terms_get(in->view, step->worker, terms);
    const struct labour_term *there = err ? NULL : term_find(terms, step->opening);
    if (err || !there) return err; /* it left a full row */
    struct labour_term term = *there;
    term_follow(in, &term);
    bool moves = concludes(in) && (!step->own_tag || memcmp(step->own_tag, step->worker, 32) != 0);
    if (!moves) return term_add(overlay, terms, step->worker, &term);
    err = term_remove(overlay, terms, step->worker, &term);
    return err || !step->own_tag ? err : term_add(overlay, terms, step->own_tag, &term);
}

/* Only the conclusion, or its correction, says who the worker is. */
static enum err worker_check(const struct contract_input *in, const struct step *step,
                             struct problem *ret_why) {
    if (concludes(in) || !step->own_tag || !step->knows_worker) return ERR_OK;
    if (memcmp(step->own_tag, step->worker, 32) == 0) return ERR_OK;
    return problem_at(ret_why, ERR_STATE, "/tags",
                      "The tag stands for another worker than the one the contract was concluded "
                      "with. Correct the conclusion, if that was wrong.");
}

enum err labour_apply(const struct contract_input *in, struct overlay *overlay, uint64_t index,
                      struct problem *ret_why) {
    struct step step;
    enum err err = step_find(in, &step);
    if (!err) err = worker_check(in, &step, ret_why);
    /* What goes on with a worker's contract is his, also where it does not say so again: a list of his records must not miss an end. */
    if (!err && step.knows_worker && !step.own_tag)
        err = lists_put_tag(overlay, step.worker, index);
    if (err || (!step.knows_worker && (!step.own_tag || !has_term(in) || step.is_over))) return err;
    struct terms *terms = calloc(1, sizeof *terms);
    if (!terms) return ERR_NO_MEMORY;
    if (step.knows_worker) {
        err = term_update(in, overlay, &step, terms);
    } else {
        struct labour_term term = term_new(in, &step);
        err = term_add(overlay, terms, step.own_tag, &term);
    }
    free(terms);
    return err;
}
