/* GET /v1/records/{id} and GET /v1/contracts/{id}: one record with everything about it, and what a contract was on a day. For readers who may see it.
 *
 * A chain may grow without end. One record is answered all the same, with the newest part of its chain; what a contract was needs all of it, so beyond TIMELINE_MAX that is refused. */
#include "api/shown.h"

#include "contracts/period.h"
#include "contracts/statistics.h"

#include <string.h>

/* -- finding it -- */

/* Final, and within the reader's scope. */
static enum err record_find(struct api_call *call, const struct reader *reader,
                            struct call_final *final, struct record **ret, uint64_t *ret_index,
                            uint64_t *ret_time_ms) {
    uint8_t id[RECORD_ID_LEN];
    enum err err = call_record_id(call, call->parts[0], id);
    if (err) return err;
    err = store_view_find(final->view, id, ret_index);
    if (err == ERR_NOT_FOUND)
        return problem_set(&call->why, err, "No record with that id is in this ledger.");
    if (err) return err;
    if (*ret_index >= final->checkpoint.size)
        return problem_set(&call->why, ERR_NOT_FINAL,
                           "The record is in the ledger and not final yet; ask again in a moment.");
    err = stored_record(final->view, *ret_index, ret, ret_time_ms);
    if (err) return err == ERR_NOT_FOUND ? ERR_CORRUPT : err;
    return shown_check(reader, final->view, *ret, &call->why);
}

static enum err chain_of(struct call_final *final, const struct record *record,
                         struct timeline *ret) {
    enum err err = shown_chain(final->view, record->id, final->checkpoint.size, ret);
    return err == ERR_NOT_FOUND ? ERR_CORRUPT : err;
}

/* -- one record -- */

static enum err put_chain(struct call_final *final, const struct record *record,
                          struct json *body) {
    struct timeline timeline;
    struct json *chain = NULL;
    enum err err = chain_of(final, record, &timeline);
    if (err) return err;
    if (timeline.is_cut) err = json_put_bool(body, "chain_truncated", true);
    if (!err) err = timeline_json(&timeline, &chain);
    timeline_done(&timeline);
    return err ? err : json_put(body, "chain", chain);
}

static enum err put_findings(struct call_final *final, const struct record *record,
                             struct json *body) {
    struct json *status = NULL;
    enum err err = machine_status(api_state_view(final->view), record->id, &status);
    if (err) return err == ERR_NOT_FOUND ? ERR_CORRUPT : err;
    err = json_put(body, "findings", json_clone(json_member(status, "findings")));
    if (!err) err = json_put(body, "head", json_clone(json_member(status, "head")));
    json_done(status);
    return err;
}

static enum err record_body(struct call_final *final, const struct record *record,
                            struct json *body) {
    enum err err = json_put(body, "record", json_new_text_bytes(record->canonical));
    if (!err) err = json_put(body, "claims", json_clone(record->payload));
    if (!err) err = put_findings(final, record, body);
    return err ? err : put_chain(final, record, body);
}

static enum err record_reply(struct api_call *call, const struct reader *reader,
                             struct call_final *final) {
    struct record *record = NULL;
    struct json *body = NULL;
    uint64_t index = 0, time_ms = 0;
    enum err err = record_find(call, reader, final, &record, &index, &time_ms);
    if (!err) err = shown_summary(final->view, record, index, time_ms, &body);
    if (!err) err = record_body(final, record, body);
    record_done(record);
    if (!err) return call_json(call, 200, MEDIA_JSON, body);
    json_done(body);
    return err;
}

enum err record_get(struct api_call *call) {
    struct reader reader;
    struct call_final final;
    enum err err = call_reader(call, &reader);
    if (!err) err = call_final(call, &final);
    if (err) return err;
    err = record_reply(call, &reader, &final);
    call_final_done(call, &final);
    return err;
}

/* -- a contract on a day -- */

/* Today's, by the node's clock, where the query names none. */
static enum err day_param(struct api_call *call, int32_t *ret) {
    struct bytes text;
    const struct api_host *host = &call->api->host;
    *ret = statistics_day(host->clock_ms(host->ctx));
    if (!call_query(call, "on", &text) || period_parse(text, ret)) return ERR_OK;
    return problem_set(&call->why, ERR_REQUEST, "on is a day YYYY-MM-DD of Asia/Shanghai.");
}

static enum err contract_body(struct api_call *call, struct call_final *final,
                              const struct record *record, int32_t day, struct json **ret) {
    struct timeline timeline;
    enum err err = chain_of(final, record, &timeline);
    if (err) return err;
    bool is_cut = timeline.is_cut;
    if (!is_cut) err = timeline_on(&timeline, day, ret);
    timeline_done(&timeline);
    if (is_cut)
        return problem_set(
            &call->why, ERR_TOO_LARGE,
            "Its chain has more than %d records, too many to work out what it was on "
            "a day: read them by GET /v1/records.",
            TIMELINE_MAX);
    if (err != ERR_NOT_FOUND) return err;
    return problem_set(&call->why, err,
                       "That record is part of no contract and no determination of a benefit: only "
                       "those have a state on a day.");
}

static enum err contract_reply(struct api_call *call, const struct reader *reader,
                               struct call_final *final, int32_t day) {
    struct record *record = NULL;
    struct json *body = NULL;
    uint64_t index = 0, time_ms = 0;
    enum err err = record_find(call, reader, final, &record, &index, &time_ms);
    if (!err) err = contract_body(call, final, record, day, &body);
    record_done(record);
    if (!err) err = shown_time(final->view, final->checkpoint.size, &time_ms);
    if (!err) err = json_put_int(body, "time", (int64_t)time_ms);
    if (!err) return call_json(call, 200, MEDIA_JSON, body);
    json_done(body);
    return err;
}

enum err contract_get(struct api_call *call) {
    struct reader reader;
    struct call_final final;
    int32_t day = 0;
    enum err err = call_reader(call, &reader);
    if (!err) err = day_param(call, &day);
    if (!err) err = call_final(call, &final);
    if (err) return err;
    err = contract_reply(call, &reader, &final, day);
    call_final_done(call, &final);
    return err;
}
