/* GET /v1/statistics: the counts that contracts/statistics.h keeps, small cells hidden, for the types that the reader may see: of all participants where a role reaches them,
 * else of its own. It answers from the newest commit, whose size it names. */
#include "api/call.h"

#include "contracts/period.h"
#include "contracts/scopes.h"
#include "contracts/statistics.h"

#include <stdio.h>
#include <string.h>

#define MONTHS_DEFAULT 12

struct question {
    struct api_call *call;
    struct reader reader;
    char from[PERIOD_MONTH_LEN + 1], to[PERIOD_MONTH_LEN + 1];
    char type[RECORD_TYPE_LEN]; /* the only one wanted, or "" */
    enum scope_reach reach;     /* of the table that is being read */
};

static bool shows(void *arg, const char *type) {
    const struct question *question = arg;
    if (question->type[0] && strcmp(question->type, type) != 0) return false;
    return scope_reach_of(question->reader.roles, type) == question->reach;
}

/* -- parameters -- */

static void month_write(int32_t month, char ret[PERIOD_MONTH_LEN + 1]) {
    char text[24];
    (void)snprintf(text, sizeof text, "%04u-%02u", (unsigned)month / 12, (unsigned)month % 12 + 1);
    memcpy(ret, text, PERIOD_MONTH_LEN);
    ret[PERIOD_MONTH_LEN] = 0;
}

static enum err month_param(struct api_call *call, const char *name, int32_t otherwise,
                            int32_t *ret) {
    struct bytes text;
    *ret = otherwise;
    if (!call_query(call, name, &text) || period_month_parse(text, ret)) return ERR_OK;
    return problem_set(&call->why, ERR_REQUEST, "%s is a month YYYY-MM.", name);
}

/* The last twelve months by the node's clock, where nothing else is asked for. */
static enum err months_read(struct question *question) {
    struct api_call *call = question->call;
    const struct api_host *host = &call->api->host;
    int32_t from = 0, to = 0, now = 0;
    char text[PERIOD_MONTH_LEN + 1];
    statistics_month(host->clock_ms(host->ctx), text);
    (void)period_month_parse(bytes_text(text), &now);
    enum err err = month_param(call, "to", now, &to);
    if (!err) err = month_param(call, "from", to - MONTHS_DEFAULT + 1, &from);
    if (err) return err;
    if (from > to || to - from >= LIMIT_STATISTICS_MONTHS)
        return problem_set(&call->why, ERR_REQUEST,
                           "from is not after to, and at most %d months are answered at once.",
                           LIMIT_STATISTICS_MONTHS);
    month_write(from, question->from);
    month_write(to, question->to);
    return ERR_OK;
}

static enum err type_read(struct question *question) {
    struct bytes text;
    struct problem *why = &question->call->why;
    if (!call_query(question->call, "type", &text)) return ERR_OK;
    if (text.len && text.len < sizeof question->type) memcpy(question->type, text.data, text.len);
    if (text.len >= sizeof question->type || !contract_type_find(question->type, 1))
        return problem_set(why, ERR_REQUEST,
                           "This ledger has no such record type. GET /v1/types lists them.");
    if (scope_reach_of(question->reader.roles, question->type) != SCOPE_NONE) return ERR_OK;
    return problem_set(why, ERR_SCOPE, "None of the reader's roles may read records of this type.");
}

static enum err scope_any(const struct question *question) {
    const struct scope *scope;
    for (size_t i = 0; (scope = scope_at(i)); i++)
        if (question->reader.roles & scope->role && scope->reach != SCOPE_NONE) return ERR_OK;
    return problem_set(
        &question->call->why, ERR_SCOPE,
        "None of the reader's roles may read records, so there is nothing to count. GET "
        "/v1/types lists what each role may read.");
}

/* -- the answer -- */

static enum err table_read(struct question *question, struct store_view *view,
                           enum scope_reach reach, struct json *cells) {
    struct statistics_query query = {reach == SCOPE_ALL ? "" : question->reader.id, question->from,
                                     question->to, shows, question};
    question->reach = reach;
    return statistics_json(api_state_view(view), &query, cells);
}

static enum err cells_read(struct question *question, struct json **ret) {
    struct store_view *view;
    struct json *cells = json_new_array();
    enum err err = cells ? call_snapshot(question->call, &view) : ERR_NO_MEMORY;
    if (!err) {
        err = table_read(question, view, SCOPE_ALL, cells);
        if (!err) err = table_read(question, view, SCOPE_OWN, cells);
        store_view_close(view);
    }
    if (err)
        json_done(cells);
    else
        *ret = cells;
    return err;
}

static enum err body_members(const struct question *question, struct json *cells,
                             struct json *body) {
    enum err err = json_put(body, "cells", cells);
    if (!err) err = json_put_text(body, "from", question->from);
    if (!err) err = json_put_text(body, "to", question->to);
    return err ? err : json_put_int(body, "suppressed_below", STATISTICS_SMALL);
}

enum err statistics_get(struct api_call *call) {
    struct question question = {.call = call};
    struct json *cells = NULL;
    enum err err = call_reader(call, &question.reader);
    if (!err) err = scope_any(&question);
    if (!err) err = months_read(&question);
    if (!err) err = type_read(&question);
    if (!err) err = cells_read(&question, &cells);
    if (err) return err;
    struct json *body = json_new_object();
    if (!body) {
        json_done(cells);
        return ERR_NO_MEMORY;
    }
    err = body_members(&question, cells, body);
    if (!err) return call_json(call, 200, MEDIA_JSON, body);
    json_done(body);
    return err;
}
