/* See intake.h. */
#include "api/intake.h"

#include "api/metrics.h"

#include <stdlib.h>
#include <string.h>

/* Against a snapshot and the ledger time that the next batch would have about now. */
static enum err check(const struct api *api, const struct record *record, struct intake *ret,
                      struct outcome *outcome) {
    struct store_view *view;
    enum err err = store_view_open(api->store, &view);
    if (err) return err;
    struct store_head head = store_view_head(view);
    uint64_t now_ms = api->host.clock_ms(api->host.ctx);
    ret->size = head.size;
    ret->has_size = true;
    err = machine_check(api->machine, api_state_view(view), head.size,
                        now_ms > head.time_ms ? now_ms : head.time_ms, record, true, outcome);
    store_view_close(view);
    return err;
}

/* Keeps the record where it goes on to the order. */
static enum err judge(struct record *record, const struct outcome *outcome, struct intake *ret,
                      struct problem *ret_why) {
    switch (outcome->kind) {
    case OUTCOME_REFUSED: *ret_why = outcome->problem; break;
    case OUTCOME_KNOWN:
        metric_add(METRIC_RECORDS_KNOWN, 1);
        ret->is_known = true;
        ret->index = outcome->index;
        break;
    case OUTCOME_ACCEPTED: ret->record = record; return ERR_OK;
    }
    record_done(record);
    return outcome->kind == OUTCOME_REFUSED ? outcome->problem.err : ERR_OK;
}

enum err intake_check(const struct api *api, struct bytes compact, struct intake *ret,
                      struct problem *ret_why) {
    struct record *record = NULL;
    memset(ret, 0, sizeof *ret);
    enum err err = record_parse(compact, &record, ret_why);
    if (err) return err;
    memcpy(ret->id, record->id, RECORD_ID_LEN);
    ret->has_id = true;
    struct outcome *outcome = malloc(sizeof *outcome);
    err = outcome ? check(api, record, ret, outcome) : ERR_NO_MEMORY;
    if (err)
        record_done(record);
    else
        err = judge(record, outcome, ret, ret_why);
    free(outcome);
    return err;
}

enum err intake_submit(const struct api *api, struct intake *taken, struct problem *ret_why) {
    struct record *record = taken->record;
    taken->record = NULL;
    return record ? api->host.submit(api->host.ctx, record, &taken->submission, ret_why) : ERR_OK;
}

enum err intake(const struct api *api, struct bytes compact, struct intake *ret,
                struct problem *ret_why) {
    enum err err = intake_check(api, compact, ret, ret_why);
    if (!err) return intake_submit(api, ret, ret_why);
    if (err_class(err) == ERR_CLASS_REFUSE) metric_refused(err);
    return err;
}
