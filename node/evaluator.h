/* Tags on request: the budget first, then the evaluation, and a line in the log for each (FORMATS.md section 7: "Evaluation is authenticated, budgeted per participant, logged").
 *
 * The caller has checked who asks, whether that role may have tags of that domain, and that every element is one. Elements and proofs are never logged. Runs on the API's threads; nothing here waits
 * but for the budget's sync. */
#ifndef QIZHENG_NODE_EVALUATOR_H
#define QIZHENG_NODE_EVALUATOR_H

#include "api/api.h"

struct evaluator;

struct evaluator_options {
    const char *keys_dir, *data_dir;
    const struct genesis_node *node; /* this node in the genesis */
    unsigned tags_per_day, lookups_per_day;
};

/* The errors of tagkeys_open and tagbudget_open. */
enum err evaluator_open(const struct evaluator_options *options, struct evaluator **ret,
                        struct problem *ret_why) MUST_CHECK;
void evaluator_close(struct evaluator *evaluator); /* accepts NULL */
/* api_host's tags_evaluate. now_ms: the clock. */
enum err evaluator_ask(struct evaluator *evaluator, const struct api_tags *ask, uint64_t now_ms,
                       struct api_tags_made *ret, struct problem *ret_why) MUST_CHECK;

#endif
