/* See model.h. Slow and simple on purpose: state is recomputed from the entries where something was forgotten. */
#include "tests/sim/model.h"

#include "ledger/crypto/sha256.h"
#include "tests/sim/trace.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define ENTRIES_MAX 512
#define LEAVES_MAX MODEL_LEAVES
#define AHEAD_MS 300000
#define WINDOW_MS INT64_C(604800000)
#define SLACK_MS 15000

struct leaf {
    const struct item *item; /* NULL: the genesis */
    uint64_t time_ms;
    uint8_t body_hash[32], hash[32], root[32]; /* root: of the tree that ends with it */
};

struct model {
    const struct pool *pool;
    struct entry entries[ENTRIES_MAX];
    size_t count;
    struct leaf leaves[LEAVES_MAX];
    uint64_t size;
    /* -- state -- */
    bool has_acme, has_zeta, is_zeta_suspended, has_new_key;
    bool is_ended[POOL_MAX]; /* by the opening contract */
    size_t newest[POOL_MAX]; /* of the chain that this opening contract began; 0: none yet */
    uint64_t clocks[POOL_NODES], counters[POOL_NODES];
};

/* -- the tree: RFC 9162 section 2.1.1, by its peaks -- */

static void node_hash(const uint8_t left[32], const uint8_t right[32], uint8_t ret[32]) {
    uint8_t text[65] = {1};
    memcpy(text + 1, left, 32);
    memcpy(text + 33, right, 32);
    sha256(bytes_of(text, sizeof text), ret);
}

/* Hash of the leaves [from, from + len): the largest power of two smaller than len, then the rest. */
static void tree_hash(const struct model *model, uint64_t from, uint64_t len, uint8_t ret[32]) {
    uint64_t split = 1;
    uint8_t left[32], right[32];
    if (len == 1) {
        memcpy(ret, model->leaves[from].hash, 32);
        return;
    }
    while (2 * split < len) split *= 2;
    /* What begins at the first leaf was computed when its last leaf came. */
    if (from == 0)
        memcpy(left, model->leaves[split - 1].root, 32);
    else
        tree_hash(model, from, split, left);
    tree_hash(model, from + split, len - split, right);
    node_hash(left, right, ret);
}

static void leaf_push(struct model *model, const struct item *item, uint64_t time_ms,
                      const uint8_t body_hash[32]) {
    assert(model->size < LEAVES_MAX);
    struct leaf *leaf = &model->leaves[model->size];
    uint8_t text[42] = {0, 1}; /* the leaf's prefix, then version 1, time and hash */
    leaf->item = item;
    leaf->time_ms = time_ms;
    memcpy(leaf->body_hash, body_hash, 32);
    put_u64(text + 2, time_ms);
    memcpy(text + 10, body_hash, 32);
    sha256(bytes_of(text, sizeof text), leaf->hash);
    model->size++;
    tree_hash(model, 0, model->size, leaf->root);
}

/* -- rules -- */

static bool is_known(const struct model *model, const struct item *item) {
    for (uint64_t i = 1; i < model->size; i++)
        if (memcmp(model->leaves[i].item->id, item->id, sizeof item->id) == 0) return true;
    return false;
}

static bool may_sign(const struct model *model, enum signer signer) {
    switch (signer) {
    case BY_REGISTRAR: return true;
    case BY_ACME: return model->has_acme;
    case BY_ACME_NEW_KEY: return model->has_acme && model->has_new_key;
    case BY_ZETA: return model->has_zeta && !model->is_zeta_suspended;
    case BY_NOBODY: break;
    }
    return false;
}

static size_t number_of(const struct model *model, const struct item *item) {
    return (size_t)(item - model->pool->items);
}

/* The contract that the chain of that item began with. */
static size_t opening_of(const struct model *model, const struct item *item) {
    while (item->deed != CONCLUDE) item = &model->pool->items[item->before];
    return number_of(model, item);
}

static bool is_newest(const struct model *model, const struct item *item) {
    size_t opening = opening_of(model, item);
    return model->newest[opening] == item->before && !model->is_ended[opening];
}

static bool may_do(const struct model *model, const struct item *item) {
    switch (item->deed) {
    case ADMIT_ACME: return !model->has_acme;
    case ADMIT_ZETA: return !model->has_zeta;
    case SUSPEND_ZETA: return model->has_zeta && !model->is_zeta_suspended;
    case RESUME_ZETA: return model->has_zeta && model->is_zeta_suspended;
    case ROTATE_ACME: return model->has_acme;
    case CONCLUDE: return true;
    case AMEND:
    case END: return is_newest(model, item);
    case NOTHING: break;
    }
    return false;
}

static void do_it(struct model *model, const struct item *item) {
    switch (item->deed) {
    case ADMIT_ACME: model->has_acme = true; break;
    case ADMIT_ZETA: model->has_zeta = true; break;
    case SUSPEND_ZETA: model->is_zeta_suspended = true; break;
    case RESUME_ZETA: model->is_zeta_suspended = false; break;
    case ROTATE_ACME: model->has_new_key = true; break;
    case CONCLUDE:
    case AMEND: model->newest[opening_of(model, item)] = number_of(model, item); break;
    case END: model->is_ended[opening_of(model, item)] = true; break;
    case NOTHING: break;
    }
}

static enum outcome_kind judge(const struct model *model, const struct item *item,
                               uint64_t time_ms) {
    if (!item || !item->is_record || item->has_bad_signature) return OUTCOME_REFUSED;
    if (is_known(model, item)) return OUTCOME_KNOWN;
    int64_t age_ms = (int64_t)time_ms - item->iat * 1000;
    if (age_ms < -AHEAD_MS || age_ms > WINDOW_MS) return OUTCOME_REFUSED;
    return may_sign(model, item->signer) && may_do(model, item) ? OUTCOME_ACCEPTED
                                                                : OUTCOME_REFUSED;
}

/* -- batches -- */

static int clock_compare(const void *a, const void *b) {
    uint64_t one = *(const uint64_t *)a, other = *(const uint64_t *)b;
    return one < other ? -1 : one > other;
}

/* "max(previous, min(its stamp, median of the nodes' last clocks + 15 s))" */
static uint64_t ledger_time(const struct model *model, uint64_t stamp_ms) {
    uint64_t clocks[POOL_NODES], previous_ms = model->leaves[model->size - 1].time_ms;
    size_t n = model->pool->node_count;
    memcpy(clocks, model->clocks, sizeof clocks);
    qsort(clocks, n, sizeof clocks[0], clock_compare);
    uint64_t most_ms = clocks[(n - 1) / 2] + SLACK_MS;
    uint64_t time_ms = stamp_ms < most_ms ? stamp_ms : most_ms;
    return time_ms > previous_ms ? time_ms : previous_ms;
}

/* Counted twice, or long ago: simply whether any earlier batch had the same counter. */
static bool was_applied(const struct model *model, const struct entry *entry) {
    for (size_t i = 0; i < model->count; i++) {
        const struct entry *at = &model->entries[i];
        if (!at->is_skipped && at->node == entry->node && at->counter == entry->counter)
            return true;
    }
    return false;
}

static void entry_read(struct model *model, struct entry *entry) {
    struct batch batch = {0};
    if (batch_decode(buf_bytes(&entry->bytes), &batch)) sim_fail("a batch of ours does not decode");
    entry->node = batch.node;
    entry->counter = batch.counter;
    entry->clock_ms = batch.clock_ms;
    entry->count = batch.count;
    entry->items = calloc(batch.count + 1, sizeof(struct item *));
    entry->kinds = calloc(batch.count + 1, sizeof *entry->kinds);
    entry->is_told = calloc(batch.count + 1, sizeof *entry->is_told);
    assert(entry->items && entry->kinds && entry->is_told);
    for (uint32_t i = 0; i < batch.count; i++)
        entry->items[i] = pool_find(model->pool, batch.records[i]);
    batch_done(&batch);
}

static void entry_judge(struct model *model, struct entry *entry) {
    entry->is_skipped = entry->is_bad || was_applied(model, entry);
    if (!entry->is_skipped && entry->counter > model->counters[entry->node]) {
        model->counters[entry->node] = entry->counter;
        model->clocks[entry->node] = entry->clock_ms;
    }
    uint64_t time_ms = entry->is_skipped ? 0 : ledger_time(model, entry->clock_ms);
    for (uint32_t i = 0; !entry->is_skipped && i < entry->count; i++) {
        const struct item *item = entry->items[i];
        entry->kinds[i] = judge(model, item, time_ms);
        if (entry->kinds[i] != OUTCOME_ACCEPTED) continue;
        do_it(model, item);
        leaf_push(model, item, time_ms, item->hash);
    }
    const struct leaf *last = &model->leaves[model->size - 1];
    entry->size = model->size;
    entry->time_ms = last->time_ms;
    memcpy(entry->root, last->root, 32);
}

const struct entry *model_apply(struct model *model, struct entry *given) {
    assert(model->count < ENTRIES_MAX);
    if (!given->is_bad) entry_read(model, given);
    entry_judge(model, given);
    model->entries[model->count] = *given;
    return &model->entries[model->count++];
}

/* -- beginning and forgetting -- */

static void state_begin(struct model *model) {
    const struct genesis *genesis = model->pool->genesis;
    memset(&model->size, 0, sizeof *model - offsetof(struct model, size));
    model->count = 0; /* the entries stay, for whoever judges them again */
    leaf_push(model, NULL, (uint64_t)genesis->created_ms, genesis->ledger_id);
}

struct model *model_new(const struct pool *pool) {
    struct model *model = calloc(1, sizeof *model);
    assert(model);
    model->pool = pool;
    state_begin(model);
    return model;
}

static void entry_done(struct entry *entry) {
    buf_done(&entry->bytes);
    free(entry->items);
    free(entry->kinds);
    free(entry->is_told);
    memset(entry, 0, sizeof *entry);
}

void model_done(struct model *model) {
    if (!model) return;
    for (size_t i = 0; i < model->count; i++) entry_done(&model->entries[i]);
    free(model);
}

void model_forget(struct model *model, struct position last) {
    size_t count = model->count;
    while (count && position_compare(model->entries[count - 1].position, last) > 0)
        entry_done(&model->entries[--count]);
    if (count == model->count) return;
    state_begin(model);
    for (; model->count < count; model->count++) entry_judge(model, &model->entries[model->count]);
}

/* -- looking -- */

size_t model_count(const struct model *model) {
    return model->count;
}

struct entry *model_at(struct model *model, size_t number) {
    assert(number < model->count);
    return &model->entries[number];
}

struct entry *model_find(struct model *model, struct position position) {
    for (size_t i = model->count; i-- > 0;)
        if (position_compare(model->entries[i].position, position) == 0) return &model->entries[i];
    return NULL;
}

uint64_t model_size(const struct model *model) {
    return model->size;
}

void model_root(const struct model *model, uint64_t size, uint8_t ret[32]) {
    assert(size > 0 && size <= model->size);
    memcpy(ret, model->leaves[size - 1].root, 32);
}

void model_leaf(const struct model *model, uint64_t index, uint64_t *ret_time_ms,
                uint8_t ret_hash[32]) {
    assert(index < model->size);
    *ret_time_ms = model->leaves[index].time_ms;
    memcpy(ret_hash, model->leaves[index].body_hash, 32);
}

void model_leaf_hash(const struct model *model, uint64_t index, uint8_t ret[32]) {
    assert(index < model->size);
    memcpy(ret, model->leaves[index].hash, 32);
}

uint64_t model_counter(const struct model *model, uint16_t node) {
    return model->counters[node];
}
