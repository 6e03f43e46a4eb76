/* GET /v1/records and GET /v1/findings: pages, in the order of the log, of what the reader may see.
 *
 * Happy path: token -> filters -> the newest final checkpoint and a snapshot -> a query of lists (query.h) from the cursor's place on -> each record read, judged by scope once
 * more, shown -> `next` where there may be more. A page without `next` was looked through up to the tree size that it names: what it and the pages before it do not show
 * was not in the ledger at that size. That is how "no end of this contract until T" is answered: `size` and the ledger time `time` of its newest leaf stand in each answer.
 * A page may hold less than its limit, even nothing, and still have a `next`: looking is bounded, too. */
#include "api/cursor.h"
#include "api/query.h"
#include "api/shown.h"
#include "contracts/finding.h"
#include "contracts/period.h"
#include "contracts/state_keys.h"
#include "ledger/base/text.h"

#include <string.h>

#define DAY_MS 86400000
#define SHANGHAI_MS (8 * 3600 * 1000)

struct page {
    struct api_call *call;
    struct reader reader;
    struct call_final final;
    struct query *query;
    struct place at;
    uint64_t until;
    size_t limit, count;
    struct json *items;
    const char *rule; /* of findings: the only one wanted, or NULL */
    enum err (*show)(struct page *page, const struct record *record, uint64_t time_ms);
};

/* -- filters -- */

/* A day of Asia/Shanghai, or milliseconds since 1970; `is_end`: of a day, its last millisecond. */
static enum err time_param(struct api_call *call, const char *name, bool is_end, bool *ret_there,
                           uint64_t *ret_ms) {
    struct bytes text;
    int32_t day;
    *ret_there = call_query(call, name, &text);
    if (!*ret_there || (!decimal_parse(text, ret_ms) && *ret_ms <= LIMIT_JSON_INT)) return ERR_OK;
    if (period_parse(text, &day) && day > 0) {
        *ret_ms = (uint64_t)day * DAY_MS - SHANGHAI_MS + (is_end ? DAY_MS - 1 : 0);
        return ERR_OK;
    }
    return problem_set(&call->why, ERR_REQUEST,
                       "%s is a day YYYY-MM-DD of Asia/Shanghai, or milliseconds since 1970.",
                       name);
}

/* The first index below `size` whose leaf is at or after that ledger time; size where there is none. Leaf times never fall. */
static enum err index_at(struct store_view *view, uint64_t size, uint64_t time_ms, uint64_t *ret) {
    uint64_t low = 0, high = size;
    while (low < high) {
        uint64_t middle = low + (high - low) / 2, at_ms = 0;
        enum err err = shown_time(view, middle + 1, &at_ms);
        if (err) return err;
        if (at_ms < time_ms)
            low = middle + 1;
        else
            high = middle;
    }
    *ret = low;
    return ERR_OK;
}

static enum err times_apply(struct page *page) {
    struct store_view *view = page->final.view;
    uint64_t from_ms = 0, to_ms = 0, first = 0, size = page->final.checkpoint.size;
    bool has_from, has_to;
    page->until = size;
    enum err err = time_param(page->call, "from", false, &has_from, &from_ms);
    if (!err) err = time_param(page->call, "to", true, &has_to, &to_ms);
    if (!err && has_from) err = index_at(view, size, from_ms, &first);
    if (!err && has_to) err = index_at(view, size, to_ms + 1, &page->until);
    if (!err && page->at.index < first) page->at = (struct place){first, 0};
    return err;
}

static enum err issuer_apply(struct page *page) {
    struct bytes text;
    char issuer[LIMIT_ID + 1];
    if (!call_query(page->call, "issuer", &text)) return ERR_OK;
    if (!participant_id_valid(text))
        return problem_set(&page->call->why, ERR_REQUEST, "issuer is a participant's id.");
    memcpy(issuer, text.data, text.len);
    issuer[text.len] = 0;
    return query_issuer(page->query, &page->reader, issuer, &page->call->why);
}

static enum err type_apply(struct page *page) {
    struct bytes text;
    char type[RECORD_TYPE_LEN] = "";
    if (!call_query(page->call, "type", &text)) return ERR_OK;
    if (text.len && text.len < sizeof type) memcpy(type, text.data, text.len);
    if (text.len >= sizeof type || !text.len || memchr(type, 0, text.len) ||
        !contract_type_find(type, 1))
        return problem_set(&page->call->why, ERR_REQUEST,
                           "This ledger has no such record type. GET /v1/types lists them.");
    return query_type(page->query, &page->reader, type, &page->call->why);
}

static enum err tag_apply(struct page *page) {
    struct bytes text;
    uint8_t tag[32];
    if (!call_query(page->call, "tag", &text)) return ERR_OK;
    if (base64url_decode_fixed(text, tag, sizeof tag))
        return problem_set(&page->call->why, ERR_REQUEST,
                           "tag is a tag's value t: base64url of 32 bytes.");
    struct state_key prefix = state_key_tagged_prefix(tag);
    query_term(page->query);
    return query_list(page->query, key_state(state_key_bytes(&prefix)));
}

static enum err rule_list(struct page *page, const char *rule) {
    struct state_key prefix = state_key_ruled_prefix(rule);
    return query_list(page->query, key_state(state_key_bytes(&prefix)));
}

/* One rule's findings, or any rule's. */
static enum err rules_apply(struct page *page) {
    struct bytes text;
    enum err err = ERR_OK;
    bool one = call_query(page->call, "rule", &text);
    query_term(page->query);
    for (size_t i = 0; !err && rule_at(i); i++) {
        if (one && !bytes_is(text, rule_at(i)->id)) continue;
        if (one) page->rule = rule_at(i)->id;
        err = rule_list(page, rule_at(i)->id);
    }
    if (err || !one || page->rule) return err;
    return problem_set(&page->call->why, ERR_REQUEST,
                       "This ledger has no such rule. GET /v1/rules lists them.");
}

static enum err state_apply(struct page *page) {
    struct bytes text;
    if (!call_query(page->call, "state", &text) || bytes_is(text, "open")) return ERR_OK;
    return problem_set(&page->call->why, ERR_REQUEST, "state is open.");
}

/* -- what is shown -- */

static enum err show_record(struct page *page, const struct record *record, uint64_t time_ms) {
    struct json *item = NULL;
    enum err err = shown_summary(page->final.view, record, page->at.index, time_ms, &item);
    if (!err) err = json_push(page->items, item);
    if (err) return err;
    page->count++;
    page->at = (struct place){page->at.index + 1, 0};
    return ERR_OK;
}

/* What the finding is about, so that a list can be read without asking for each record. */
static enum err put_cause(struct json *item, const struct record *record, uint64_t index) {
    const struct rule *rule = rule_find(json_text(json_member(item, "rule")));
    enum err err = json_put_int(item, "index", (int64_t)index);
    if (!err) err = json_put_text(item, "issuer", record->iss);
    if (!err) err = json_put_text(item, "type", record->type);
    if (!err) err = json_put_text(item, "act", record->act);
    if (err || !rule) return err;
    err = json_put_text(item, "title", rule->title);
    if (!err) err = json_put_text(item, "title_zh", rule->title_zh);
    return err ? err : json_put_text(item, "law", rule->law);
}

static enum err show_finding(struct page *page, const struct json *finding,
                             const struct record *record) {
    if (page->rule && strcmp(json_text(json_member(finding, "rule")), page->rule) != 0)
        return ERR_OK;
    struct json *item = json_clone(finding);
    enum err err = item ? put_cause(item, record, page->at.index) : ERR_NO_MEMORY;
    if (err) {
        json_done(item);
        return err;
    }
    page->count++;
    return json_push(page->items, item);
}

/* A record's findings, by id, from the cursor's part on; a page may end between two of them. */
static enum err show_findings(struct page *page, const struct record *record, uint64_t time_ms) {
    struct json *findings = NULL;
    (void)time_ms;
    enum err err = finding_list_json(api_state_view(page->final.view), record->id, &findings);
    if (err) return err;
    size_t count = json_count(findings);
    for (; !err && page->at.part < count && page->count < page->limit; page->at.part++)
        err = show_finding(page, json_at(findings, page->at.part), record);
    if (page->at.part >= count) page->at = (struct place){page->at.index + 1, 0};
    json_done(findings);
    return err;
}

/* -- a page -- */

/* The lists lead to it, its own words must agree: a row of the index that names another's record shows nothing. */
static enum err page_show(struct page *page) {
    struct record *record = NULL;
    struct problem why;
    uint64_t time_ms = 0;
    enum err err = stored_record(page->final.view, page->at.index, &record, &time_ms);
    if (err) return err == ERR_NOT_FOUND ? ERR_CORRUPT : err;
    err = shown_check(&page->reader, page->final.view, record, &why);
    if (err == ERR_SCOPE) err = ERR_CORRUPT;
    if (!err) err = page->show(page, record, time_ms);
    record_done(record);
    return err;
}

static enum err page_fill(struct page *page) {
    unsigned looks = LIMIT_PAGE_LOOKS;
    enum err err = ERR_OK;
    while (!err && page->count < page->limit && page->at.index < page->until && looks) {
        uint64_t index = page->at.index;
        bool found = false;
        err = query_next(page->query, &index, page->until, &looks, &found);
        if (index != page->at.index) page->at = (struct place){index, 0};
        if (!err && found) err = page_show(page);
    }
    return err;
}

static enum err page_body(struct page *page, const char *name, struct json *body) {
    uint64_t time_ms = 0;
    enum err err = json_put(body, name, page->items);
    page->items = NULL;
    if (!err) err = shown_time(page->final.view, page->final.checkpoint.size, &time_ms);
    if (!err) err = json_put_int(body, "time", (int64_t)time_ms);
    if (err || page->at.index >= page->until) return err;
    return cursor_put(page->call, &page->reader, page->at, body);
}

static enum err page_reply(struct page *page, const char *name) {
    struct json *body = json_new_object();
    enum err err = body ? page_body(page, name, body) : ERR_NO_MEMORY;
    if (!err) return call_json(page->call, 200, MEDIA_JSON, body);
    json_done(body);
    return err;
}

static enum err page_open(struct page *page, struct api_call *call) {
    memset(page, 0, sizeof *page);
    page->call = call;
    enum err err = call_reader(call, &page->reader);
    if (!err) err = page_limit(call, &page->limit);
    if (!err) err = cursor_read(call, &page->reader, &page->at);
    if (!err) err = call_final(call, &page->final);
    if (!err) err = query_open(page->final.view, &page->query);
    if (!err) err = query_scope(page->query, &page->reader, &call->why);
    if (!err) err = issuer_apply(page);
    if (!err) err = type_apply(page);
    if (!err) err = times_apply(page);
    page->items = json_new_array();
    return err || page->items ? err : ERR_NO_MEMORY;
}

static enum err page_close(struct page *page, enum err err) {
    enum err closed = query_close(page->query);
    if (page->final.view) call_final_done(page->call, &page->final);
    json_done(page->items);
    return err ? err : closed;
}

enum err records_list(struct api_call *call) {
    struct page page;
    enum err err = page_open(&page, call);
    page.show = show_record;
    if (!err) err = tag_apply(&page);
    if (!err) err = page_fill(&page);
    if (!err) err = page_reply(&page, "records");
    return page_close(&page, err);
}

enum err findings_list(struct api_call *call) {
    struct page page;
    enum err err = page_open(&page, call);
    page.show = show_findings;
    if (!err) err = state_apply(&page);
    if (!err) err = rules_apply(&page);
    if (!err) err = page_fill(&page);
    if (!err) err = page_reply(&page, "findings");
    return page_close(&page, err);
}
