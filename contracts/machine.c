/* See machine.h.
 *
 * Invariants kept here: 1 a position that does not grow is skipped. 2 the index of a leaf is the size before it. 7 whatever the batch holds, every node gets the same
 * outcomes, or stops. 8 and 9 are admission.c's: this file gives it nothing but the genesis, the overlay and the leaf's time. */
#include "contracts/machine.h"

#include "contracts/admission.h"
#include "contracts/state_keys.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* -- protocol -- */

static enum err protocol_put(struct overlay *overlay, uint32_t protocol) {
    struct state_key key = state_key_governance("protocol");
    uint8_t value[4];
    put_u32(value, protocol);
    return overlay_put(overlay, state_key_bytes(&key), bytes_of(value, sizeof value));
}

/* ARCHITECTURE.md section 3: "Acceptance depends on `protocol`, an integer in state raised by governance; a node that does not know it stops." */
static enum err protocol_check(struct view view) {
    struct buf row;
    buf_init(&row, STATE_ROW_MAX);
    enum err err = state_get(view, state_key_governance("protocol"), &row);
    if (err == ERR_NOT_FOUND || (!err && row.len != 4)) err = ERR_CORRUPT;
    if (!err && get_u32(row.data) != MACHINE_PROTOCOL) err = ERR_PROTOCOL;
    buf_done(&row);
    return err;
}

/* -- genesis -- */

static enum err genesis_stage(const struct genesis *genesis, struct overlay *overlay) {
    if (genesis->protocol != MACHINE_PROTOCOL) return ERR_PROTOCOL;
    enum err err = protocol_put(overlay, MACHINE_PROTOCOL);
    if (!err) err = parameters_put(overlay, genesis->parameters);
    if (!err) err = rules_put(overlay, genesis->rules);
    for (size_t i = 0; !err && i < genesis->participant_count; i++)
        err = registry_admit(overlay, &genesis->participants[i], 0, NULL);
    return err;
}

enum err machine_begin(const struct machine *machine, struct overlay *overlay,
                       struct machine_tip *tip, struct store_entry *ret_entry) {
    const struct genesis *genesis = machine->genesis;
    enum err err = genesis_stage(genesis, overlay);
    if (!err) err = overlay_accept(overlay, NULL, 0);
    if (err) {
        overlay_refuse(overlay);
        return err;
    }
    memset(tip, 0, sizeof *tip);
    tip->size = 1;
    tip->time_ms = (uint64_t)genesis->created_ms;
    tip->order.node_count = (uint16_t)genesis->node_count;
    memset(ret_entry, 0, sizeof *ret_entry);
    genesis_leaf(genesis, ret_entry->leaf);
    ret_entry->body = genesis->bytes;
    return ERR_OK;
}

/* -- the envelope -- */

static enum err envelope_places(const struct machine *machine, const struct machine_tip *tip,
                                struct position position, const struct batch *batch,
                                struct problem *ret_why) {
    if (memcmp(batch->ledger_id, machine->genesis->ledger_id, 32) != 0)
        return problem_set(ret_why, ERR_BATCH, "The batch is for another ledger.");
    if (batch->epoch != position.epoch) {
        return problem_set(ret_why, ERR_BATCH,
                           "The batch was made for epoch %lu and delivered in epoch %lu.",
                           (unsigned long)batch->epoch, (unsigned long)position.epoch);
    }
    if (batch->node >= tip->order.node_count || batch->node >= machine->genesis->node_count)
        return problem_set(ret_why, ERR_BATCH, "The batch names a node that is not in the set.");
    if (batch->clock_ms > LIMIT_JSON_INT)
        return problem_set(ret_why, ERR_BATCH, "The batch's clock is no time.");
    return ERR_OK;
}

/* Everything that decides whether the batch counts; a refusal skips it on every node alike. */
static enum err envelope_check(const struct machine *machine, const struct machine_tip *tip,
                               struct position position, const struct batch *batch,
                               struct problem *ret_why) {
    enum err err = envelope_places(machine, tip, position, batch, ret_why);
    if (err) return err;
    err = batch_verify(batch, &machine->genesis->nodes[batch->node].auth);
    if (admission_refuses(err)) {
        return problem_set(ret_why, err, "The batch is not signed by node %u.",
                           (unsigned)batch->node);
    }
    if (err) return err;
    if (!order_state_is_new(&tip->order, batch->node, batch->counter))
        return problem_set(ret_why, ERR_BATCH, "The batch was applied before, or is too old.");
    return ERR_OK;
}

/* -- outcomes -- */

void outcome_init(struct outcome *outcome) {
    memset(outcome, 0, offsetof(struct outcome, hits.items));
}

void outcome_copy(struct outcome *to, const struct outcome *from) {
    assert(from->hits.count <= RULE_HITS);
    memcpy(to, from, offsetof(struct outcome, hits.items));
    memcpy(to->hits.items, from->hits.items, from->hits.count * sizeof from->hits.items[0]);
}

/* -- records of a batch -- */

/* One batch on its way; `tip` is a copy until all of it is done. */
struct run {
    const struct machine *machine;
    struct overlay *overlay;
    struct machine_tip tip;
    uint64_t time_ms;
    struct effects *effects;
};

static enum err effects_room(struct effects *effects, size_t count) {
    if (count == 0) return ERR_OK;
    effects->entries = calloc(count, sizeof *effects->entries);
    effects->outcomes = malloc(count * sizeof *effects->outcomes);
    effects->records = calloc(count, sizeof(struct record *));
    return effects->entries && effects->outcomes && effects->records ? ERR_OK : ERR_NO_MEMORY;
}

static void entry_add(struct run *run, const struct record *record) {
    struct store_entry *entry = &run->effects->entries[run->effects->entry_count++];
    leaf_encode(run->time_ms, record->hash, entry->leaf);
    entry->body = record->canonical;
    entry->record = record;
    run->tip.size++;
    run->tip.time_ms = run->time_ms;
}

/* The host's parsed record where it is of these very bytes, else one of our own; NULL where there is none, and the outcome says why. */
static enum err record_take(struct run *run, struct bytes bytes,
                            const struct machine_checked *checked, struct outcome *outcome,
                            const struct record **ret) {
    struct record *parsed = NULL;
    *ret = NULL;
    if (checked && checked->record && bytes_equal(checked->record->canonical, bytes)) {
        *ret = checked->record;
        return ERR_OK;
    }
    enum err err = record_parse(bytes, &parsed, &outcome->problem);
    if (err) {
        outcome->kind = OUTCOME_REFUSED;
        return admission_refuses(err) ? ERR_OK : err;
    }
    run->effects->records[run->effects->record_count++] = parsed;
    *ret = parsed;
    return ERR_OK;
}

static enum err record_apply(struct run *run, struct bytes bytes,
                             const struct machine_checked *checked) {
    struct outcome *outcome = &run->effects->outcomes[run->effects->outcome_count++];
    const struct record *record;
    outcome_init(outcome);
    enum err err = record_take(run, bytes, checked, outcome, &record);
    if (err || !record) return err;
    struct admission admission = {.machine = run->machine,
                                  .overlay = run->overlay,
                                  .index = run->tip.size,
                                  .time_ms = run->time_ms};
    admission.skip_signature = checked && checked->signature_ok && record == checked->record;
    err = admission_run(&admission, record, outcome);
    if (!err && outcome->kind == OUTCOME_ACCEPTED) entry_add(run, record);
    return err;
}

static enum err batch_apply(struct run *run, const struct batch *batch,
                            const struct machine_checked *checked) {
    enum err err = protocol_check(overlay_view(run->overlay));
    if (!err) err = effects_room(run->effects, batch->count);
    if (err) return err;
    order_state_note(&run->tip.order, batch->node, batch->counter, batch->clock_ms);
    run->time_ms = order_state_time(&run->tip.order, run->tip.time_ms, batch->clock_ms);
    run->effects->time_ms = run->time_ms;
    for (uint32_t i = 0; !err && i < batch->count; i++)
        err = record_apply(run, batch->records[i], checked ? &checked[i] : NULL);
    return err;
}

/* Decoded or skipped. */
static enum err delivered(struct run *run, struct position position, struct bytes bytes,
                          const struct machine_checked *checked) {
    struct effects *effects = run->effects;
    struct batch batch;
    memset(&batch, 0, sizeof batch);
    enum err err = batch_decode(bytes, &batch);
    if (admission_refuses(err)) {
        (void)problem_set(&effects->skipped_why, err, "The envelope is not well formed.");
    } else if (!err) {
        err = envelope_check(run->machine, &run->tip, position, &batch, &effects->skipped_why);
    }
    effects->is_skipped = admission_refuses(err);
    if (effects->is_skipped)
        err = ERR_OK;
    else if (!err)
        err = batch_apply(run, &batch, checked);
    batch_done(&batch);
    return err;
}

enum err machine_apply(const struct machine *machine, struct overlay *overlay,
                       struct machine_tip *tip, struct position position, struct bytes batch,
                       const struct machine_checked *checked, struct effects *ret) {
    struct run run = {.machine = machine, .overlay = overlay, .tip = *tip, .effects = ret};
    assert(tip->size > 0);
    memset(ret, 0, sizeof *ret);
    ret->time_ms = tip->time_ms;
    if (position_compare(position, tip->order.position) <= 0) {
        ret->is_skipped = true;
        (void)problem_set(&ret->skipped_why, ERR_BATCH, "This position was applied before.");
        return ERR_OK;
    }
    enum err err = delivered(&run, position, batch, checked);
    if (err) {
        effects_done(ret);
        return err;
    }
    run.tip.order.position = position;
    *tip = run.tip;
    return ERR_OK;
}

void effects_done(struct effects *effects) {
    for (size_t i = 0; i < effects->record_count; i++) record_done(effects->records[i]);
    free(effects->records);
    free(effects->entries);
    free(effects->outcomes);
    memset(effects, 0, sizeof *effects);
}

/* -- one record -- */

/* What a leaf and its body must be before the record is judged anew. */
static enum err leaf_open(const struct machine_tip *tip, const uint8_t leaf[LEAF_LEN],
                          struct bytes body, uint64_t *ret_time_ms, struct record **ret_record,
                          struct problem *ret_why) {
    uint8_t hash[32];
    struct record *record;
    struct problem why;
    if (leaf_decode(leaf, ret_time_ms, hash) || *ret_time_ms > LIMIT_JSON_INT)
        return problem_set(ret_why, ERR_DIVERGED, "The leaf is of an unknown version or time.");
    if (*ret_time_ms < tip->time_ms)
        return problem_set(ret_why, ERR_DIVERGED, "The leaf's time lies before the one before it.");
    enum err err = record_parse(body, &record, &why);
    if (admission_refuses(err))
        return problem_set(ret_why, ERR_DIVERGED, "The body is no record: %s", why.detail);
    if (err) return err;
    if (memcmp(record->hash, hash, sizeof hash) != 0) {
        record_done(record);
        return problem_set(ret_why, ERR_DIVERGED, "The body does not hash to the leaf.");
    }
    *ret_record = record;
    return ERR_OK;
}

static enum err outcome_replayed(const struct outcome *outcome, struct problem *ret_why) {
    switch (outcome->kind) {
    case OUTCOME_ACCEPTED: return ERR_OK;
    case OUTCOME_KNOWN:
        return problem_set(ret_why, ERR_DIVERGED, "The record is in the log already, at %llu.",
                           (unsigned long long)outcome->index);
    case OUTCOME_REFUSED: break;
    }
    return problem_set(ret_why, ERR_DIVERGED, "The log has a record that is refused here (%s): %s",
                       err_code(outcome->problem.err), outcome->problem.detail);
}

enum err machine_replay(const struct machine *machine, struct overlay *overlay,
                        struct machine_tip *tip, const uint8_t leaf[LEAF_LEN], struct bytes body,
                        struct problem *ret_why) {
    uint64_t time_ms = 0;
    struct record *record = NULL;
    assert(tip->size > 0); /* leaf 0 is machine_begin's */
    enum err err = protocol_check(overlay_view(overlay));
    if (!err) err = leaf_open(tip, leaf, body, &time_ms, &record, ret_why);
    if (err) return err;
    struct admission admission = {
        .machine = machine, .overlay = overlay, .index = tip->size, .time_ms = time_ms};
    struct outcome *outcome = malloc(sizeof *outcome);
    err = outcome ? admission_run(&admission, record, outcome) : ERR_NO_MEMORY;
    if (!err) err = outcome_replayed(outcome, ret_why);
    free(outcome);
    record_done(record);
    if (err) return err;
    tip->size++;
    tip->time_ms = time_ms;
    return ERR_OK;
}

enum err machine_check(const struct machine *machine, struct view view, uint64_t size,
                       uint64_t time_ms, const struct record *record, bool check_signature,
                       struct outcome *ret_outcome) {
    struct overlay *overlay;
    enum err err = protocol_check(view);
    if (!err) err = overlay_open(view, &overlay);
    if (err) return err;
    struct admission admission = {.machine = machine,
                                  .overlay = overlay,
                                  .index = size,
                                  .time_ms = time_ms,
                                  .skip_signature = !check_signature,
                                  .is_check = true};
    err = admission_run(&admission, record, ret_outcome);
    overlay_close(overlay);
    return err;
}
