/* See evaluator.h. */
#include "node/evaluator.h"

#include "api/log.h"
#include "api/metrics.h"
#include "ledger/record/tag.h"
#include "node/tagbudget.h"
#include "node/tagkeys.h"

#include <stdio.h>
#include <stdlib.h>

#define BUDGET_FILE "tag-budget"

struct evaluator {
    unsigned tags_per_day, lookups_per_day;
    struct tagkeys *keys;
    struct tagbudget *budget;
};

static enum err budget_open(struct evaluator *evaluator, const char *data_dir,
                            struct problem *ret_why) {
    char path[4096], number[LOG_NUMBER_LEN];
    size_t damaged = 0;
    int wrote = snprintf(path, sizeof path, "%s/" BUDGET_FILE, data_dir);
    if (wrote < 0 || (size_t)wrote >= sizeof path)
        return problem_set(ret_why, ERR_CONFIG, "The path of data_dir is too long.");
    enum err err = tagbudget_open(path, &evaluator->budget, &damaged, ret_why);
    if (!err && damaged)
        log_event(LOG_WARN, "tag_budget_damaged", "slots", log_number(damaged, number), NULL);
    return err;
}

enum err evaluator_open(const struct evaluator_options *options, struct evaluator **ret,
                        struct problem *ret_why) {
    struct evaluator *evaluator = calloc(1, sizeof *evaluator);
    if (!evaluator) return problem_set(ret_why, ERR_NO_MEMORY, "No memory to evaluate tags.");
    evaluator->tags_per_day = options->tags_per_day;
    evaluator->lookups_per_day = options->lookups_per_day;
    enum err err = tagkeys_open(options->keys_dir, options->node, &evaluator->keys, ret_why);
    if (!err) err = budget_open(evaluator, options->data_dir, ret_why);
    if (err)
        evaluator_close(evaluator);
    else
        *ret = evaluator;
    return err;
}

void evaluator_close(struct evaluator *evaluator) {
    if (!evaluator) return;
    tagbudget_close(evaluator->budget);
    tagkeys_close(evaluator->keys);
    free(evaluator);
}

static void say(enum log_level level, const char *event, const struct api_tags *ask) {
    char id[LOG_NUMBER_LEN], count[LOG_NUMBER_LEN];
    log_event(level, event, "id", log_number(ask->request_id, id), "reader", ask->reader, "domain",
              ask->domain, "count", log_number(ask->count, count), "purpose", ask->purpose, NULL);
}

/* A finding is state, and state comes of records alone; what a node refuses is its own. So an overrun is a warning in the log, a metric, and an alert on it. */
static enum err overrun(const struct api_tags *ask, uint64_t retry_s, unsigned per_day,
                        struct api_tags_made *ret, struct problem *ret_why) {
    say(LOG_WARN, "tag_budget_overrun", ask);
    metric_add(METRIC_TAGS_REFUSED, ask->count);
    ret->retry_after_s = retry_s ? (unsigned)retry_s : 60;
    return problem_set(ret_why, ERR_RATE,
                       "%s may have %u tags a day of this node, and these would be more: none was "
                       "made. Ask for them again after Retry-After.",
                       ask->reader, per_day);
}

enum err evaluator_ask(struct evaluator *evaluator, const struct api_tags *ask, uint64_t now_ms,
                       struct api_tags_made *ret, struct problem *ret_why) {
    unsigned per_day = ask->is_lookup ? evaluator->lookups_per_day : evaluator->tags_per_day;
    struct tagbudget_ask take = {ask->reader, now_ms * 1000, ask->count, per_day};
    uint64_t retry_s = 0;
    if (ask->version != TAG_VERSION || !tagkeys_has(evaluator->keys, ask->domain))
        return problem_set(
            ret_why, ERR_NOT_FOUND,
            "This node holds no key of that version of the domain %s; ask another one.",
            ask->domain);
    enum err err = tagbudget_take(evaluator->budget, &take, &retry_s);
    if (err == ERR_RATE) return overrun(ask, retry_s, per_day, ret, ret_why);
    if (err == ERR_TOO_LARGE)
        return problem_set(ret_why, err,
                           "%s may have %u tags a day of this node: ask for fewer at a time.",
                           ask->reader, per_day);
    if (!err)
        err = tagkeys_evaluate(evaluator->keys, ask->domain, ask->blinded, ask->count, ret->public,
                               ret->evaluated, ret->proofs);
    if (err) return problem_set(ret_why, err, "No tag was made.");
    say(LOG_INFO, "tags_evaluated", ask);
    metric_add(METRIC_TAGS_EVALUATED, ask->count);
    return ERR_OK;
}
