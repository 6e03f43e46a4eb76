/* See timeline.h. */
#include "contracts/timeline.h"

#include "contracts/period.h"
#include "ledger/base/text.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* A record that counts, and what it does. */
struct step {
    const struct timeline_entry *entry;
    struct contract_effect effect;
};

/* The chain on one day. */
struct state {
    const struct timeline *timeline;
    int32_t day;
    struct step *
        steps; /* by day, then by the order of the entries: a correction keeps the place of what it corrects */
    size_t count;
    enum chain_status status;
    int32_t since, last; /* since when it has been what it is; last day of the term */
    struct json *terms;
};

void timeline_done(struct timeline *timeline) {
    for (size_t i = 0; i < timeline->count; i++) json_done(timeline->entries[i].claims);
    free(timeline->entries);
    memset(timeline, 0, sizeof *timeline);
}

static struct timeline_entry *entry_find(const struct timeline *timeline,
                                         const uint8_t id[RECORD_ID_LEN]) {
    for (size_t i = 0; i < timeline->count; i++)
        if (memcmp(timeline->entries[i].id, id, RECORD_ID_LEN) == 0) return &timeline->entries[i];
    return NULL;
}

void timeline_link(struct timeline *timeline) {
    for (size_t i = 0; i < timeline->count; i++) {
        struct timeline_entry *entry = &timeline->entries[i];
        struct timeline_entry *old =
            entry->has_replaces ? entry_find(timeline, entry->replaces) : NULL;
        entry->order = old && old < entry ? old->order : entry->index;
        if (!old) continue;
        old->is_replaced = true;
        memcpy(old->replaced_by, entry->id, RECORD_ID_LEN);
    }
}

/* -- entries as JSON -- */

static enum err put_id(struct json *object, const char *name, const uint8_t id[RECORD_ID_LEN]) {
    char text[2 * RECORD_ID_LEN + 1];
    hex_encode(bytes_of(id, RECORD_ID_LEN), text);
    return json_put_text(object, name, text);
}

static enum err entry_put(const struct timeline *timeline, const struct timeline_entry *entry,
                          struct json *object) {
    const struct contract_act *act = contract_act_find(timeline->type, entry->act);
    enum err err = put_id(object, "id", entry->id);
    if (!err) err = json_put_int(object, "index", (int64_t)entry->index);
    if (!err) err = json_put_int(object, "time", (int64_t)entry->time_ms);
    if (!err) err = json_put_text(object, "act", entry->act);
    if (!err && act) err = json_put_text(object, "act_zh", act->zh);
    if (!err && entry->has_replaces) err = put_id(object, "replaces", entry->replaces);
    if (!err && entry->is_replaced) err = put_id(object, "replaced_by", entry->replaced_by);
    return err;
}

/* Takes object over; NULL is ERR_NO_MEMORY. */
static enum err push_whole(struct json *array, struct json *object, enum err err) {
    if (!object) return ERR_NO_MEMORY;
    if (!err) return json_push(array, object);
    json_done(object);
    return err;
}

enum err timeline_json(const struct timeline *timeline, struct json **ret) {
    struct json *array = json_new_array();
    enum err err = array ? ERR_OK : ERR_NO_MEMORY;
    for (size_t i = 0; !err && i < timeline->count; i++) {
        struct json *object = json_new_object();
        err = object ? entry_put(timeline, &timeline->entries[i], object) : ERR_NO_MEMORY;
        err = push_whole(array, object, err);
    }
    if (err)
        json_done(array);
    else
        *ret = array;
    return err;
}

/* -- the steps -- */

static int step_compare(const void *a, const void *b) {
    const struct step *left = a, *right = b;
    if (left->effect.day != right->effect.day) return left->effect.day < right->effect.day ? -1 : 1;
    uint64_t first = left->entry->order, second = right->entry->order;
    return first < second ? -1 : first > second;
}

static enum err steps_make(struct state *state) {
    const struct timeline *timeline = state->timeline;
    state->steps = calloc(timeline->count, sizeof *state->steps);
    if (!state->steps) return ERR_NO_MEMORY;
    for (size_t i = 0; i < timeline->count; i++) {
        const struct timeline_entry *entry = &timeline->entries[i];
        struct contract_effect effect =
            timeline->type->dating->effect(entry->claims_act, entry->claims);
        if (entry->is_replaced || effect.kind == EFFECT_NONE) continue;
        state->steps[state->count++] = (struct step){entry, effect};
    }
    qsort(state->steps, state->count, sizeof *state->steps, step_compare);
    return ERR_OK;
}

/* -- the fold -- */

static enum err terms_merge(struct state *state, const struct step *step) {
    const struct contract_dating *dating = state->timeline->type->dating;
    const char *const *name = step->effect.restates ? dating->restated : NULL;
    for (; name && *name; name++) json_remove(state->terms, *name);
    for (name = dating->terms; *name; name++) {
        const struct json *claim = json_member(step->entry->claims, *name);
        enum err err = claim ? json_put(state->terms, *name, json_clone(claim)) : ERR_OK;
        if (err) return err;
    }
    if (step->effect.states_term) state->last = step->effect.last;
    return ERR_OK;
}

static void become(struct state *state, enum chain_status status, int32_t day) {
    if (state->status == CHAIN_ENDED || state->status == status) return;
    state->status = status;
    state->since = day;
}

/* A change may take effect before the term begins: it changes the terms and not whether they hold. */
static enum err step_take(struct state *state, const struct step *step) {
    int32_t day = step->effect.day;
    switch (step->effect.kind) {
    case EFFECT_NONE: break;
    case EFFECT_BEGIN: /* its terms stand already */
        if (state->status == CHAIN_PENDING) become(state, CHAIN_IN_FORCE, day);
        break;
    case EFFECT_CHANGE: return terms_merge(state, step);
    case EFFECT_SUSPEND: become(state, CHAIN_SUSPENDED, day); break;
    case EFFECT_RESUME: become(state, CHAIN_IN_FORCE, day); break;
    case EFFECT_END: become(state, CHAIN_ENDED, day); break;
    }
    return ERR_OK;
}

/* The terms as they were agreed, before anything holds. */
static enum err begin_terms(struct state *state, bool *ret_begins) {
    *ret_begins = false;
    for (size_t i = 0; i < state->count; i++) {
        if (state->steps[i].effect.kind != EFFECT_BEGIN) continue;
        *ret_begins = true;
        return terms_merge(state, &state->steps[i]);
    }
    return ERR_OK;
}

static enum err fold(struct state *state) {
    bool begins;
    state->status = CHAIN_PENDING;
    state->last = INT32_MAX;
    state->terms = json_new_object();
    enum err err = state->terms ? begin_terms(state, &begins) : ERR_NO_MEMORY;
    if (!err && !begins) err = ERR_NOT_FOUND;
    for (size_t i = 0; !err && i < state->count; i++) {
        if (state->steps[i].effect.day > state->day) break;
        err = step_take(state, &state->steps[i]);
    }
    if (!err && state->status != CHAIN_PENDING && state->day > state->last)
        become(state, CHAIN_ENDED, state->last + 1);
    return err;
}

/* -- the answer -- */

static enum err put_day(struct json *object, const char *name, int32_t day) {
    char text[PERIOD_TEXT_LEN + 1];
    period_format(day, text);
    return json_put_text(object, name, text);
}

static const struct step *step_of(const struct state *state, const struct timeline_entry *entry) {
    for (size_t i = 0; i < state->count; i++)
        if (state->steps[i].entry == entry) return &state->steps[i];
    return NULL;
}

static enum err record_put(const struct state *state, const struct timeline_entry *entry,
                           struct json *object) {
    const struct step *step = step_of(state, entry);
    const struct json *changed = json_member(entry->claims, "changed_fields");
    enum err err = entry_put(state->timeline, entry, object);
    if (!err) err = json_put_text(object, "of", entry->claims_act);
    if (!err && step) err = put_day(object, "effective", step->effect.day);
    if (!err) err = json_put_bool(object, "applies", step && step->effect.day <= state->day);
    return err || !changed ? err : json_put(object, "changed_fields", json_clone(changed));
}

static enum err put_records(const struct state *state, struct json *object) {
    struct json *array = json_new_array();
    enum err err = array ? ERR_OK : ERR_NO_MEMORY;
    for (size_t i = 0; !err && i < state->timeline->count; i++) {
        struct json *record = json_new_object();
        err = record ? record_put(state, &state->timeline->entries[i], record) : ERR_NO_MEMORY;
        err = push_whole(array, record, err);
    }
    if (!err) return json_put(object, "records", array);
    json_done(array);
    return err;
}

static enum err answer_put(struct state *state, struct json *object) {
    const struct timeline *timeline = state->timeline;
    enum err err = put_id(object, "id", timeline->chain.opening);
    if (!err) err = json_put_text(object, "type", timeline->chain.type);
    if (!err) err = json_put_text(object, "owner", timeline->chain.owner);
    if (!err) err = put_day(object, "on", state->day);
    if (!err) err = json_put_bool(object, "in_force", state->status == CHAIN_IN_FORCE);
    if (!err) err = json_put_text(object, "status", chain_status_name(state->status));
    if (!err) err = json_put_text(object, "status_zh", chain_status_zh(state->status));
    if (!err && state->status != CHAIN_PENDING) err = put_day(object, "since", state->since);
    if (!err && state->last != INT32_MAX) err = put_day(object, "term_until", state->last);
    if (!err) err = json_put(object, "terms", state->terms);
    state->terms = NULL;
    return err ? err : put_records(state, object);
}

enum err timeline_on(const struct timeline *timeline, int32_t day, struct json **ret) {
    struct state state = {.timeline = timeline, .day = day};
    assert(!timeline->is_cut);
    if (!timeline->type || !timeline->type->dating) return ERR_NOT_FOUND;
    enum err err = steps_make(&state);
    if (!err) err = fold(&state);
    struct json *object = err ? NULL : json_new_object();
    if (!err) err = object ? answer_put(&state, object) : ERR_NO_MEMORY;
    if (err)
        json_done(object);
    else
        *ret = object;
    json_done(state.terms);
    free(state.steps);
    return err;
}
