/* The naive model: what a ledger must be after each ordered batch, computed from the pool's notes and the order alone. A list of leaves and ten lines of rules; it shares
 * no code with the machine but the hash. What it says of a position holds for every node that has applied it.
 *
 * Under the solo order a crash loses batches that were never committed and gives their positions again: model_forget. */
#ifndef QIZHENG_TESTS_SIM_MODEL_H
#define QIZHENG_TESTS_SIM_MODEL_H

#include "tests/sim/pool.h"

#define MODEL_LEAVES 256 /* more than the pool has records */

/* One ordered batch, and the ledger after it. */
struct entry {
    struct position position;
    struct buf bytes;
    bool is_bad;   /* no envelope that may count, whoever made it said so */
    int origin;    /* index of the node that proposed it; -1: nobody who waits for an answer */
    uint16_t node; /* as the envelope says, where it is not bad */
    uint64_t counter, clock_ms;
    /* -- what must be -- */
    bool is_skipped;
    uint64_t size, time_ms;
    uint8_t root[32];
    const struct item **items; /* the batch's records; NULL in it: not of the pool */
    enum outcome_kind *kinds;
    bool *is_told; /* the submitter's answer was seen */
    uint32_t count;
};

struct model;

struct model *model_new(const struct pool *pool);
void model_done(struct model *model);
/* The next batch of the order; *entry's first part is filled and taken over. */
const struct entry *model_apply(struct model *model, struct entry *entry);
/* Forgets every batch behind that position. */
void model_forget(struct model *model, struct position last);
size_t model_count(const struct model *model);
struct entry *model_at(struct model *model, size_t number);
/* NULL where no batch has that position. */
struct entry *model_find(struct model *model, struct position position);
uint64_t model_size(const struct model *model);
/* Root of the first `size` leaves, 1 to model_size; and a leaf of them. */
void model_root(const struct model *model, uint64_t size, uint8_t ret[32]);
void model_leaf(const struct model *model, uint64_t index, uint64_t *ret_time_ms,
                uint8_t ret_hash[32]);
/* Hash of that leaf as the tree has it. */
void model_leaf_hash(const struct model *model, uint64_t index, uint8_t ret[32]);
/* Highest counter of that node in the order. */
uint64_t model_counter(const struct model *model, uint16_t node);

#endif
