/* See shown.h. Everything is read from one snapshot; what it must hold and does not is ERR_CORRUPT. */
#include "api/shown.h"

#include "contracts/scopes.h"
#include "ledger/base/text.h"

#include <stdlib.h>
#include <string.h>

/* -- one record -- */

static enum err leaf_time(struct store_view *view, uint64_t index, uint64_t *ret) {
    uint8_t leaf[LEAF_LEN], hash[32];
    enum err err = store_view_leaf(view, index, leaf);
    return err ? err : leaf_decode(leaf, ret, hash);
}

enum err stored_record(struct store_view *view, uint64_t index, struct record **ret,
                       uint64_t *ret_time_ms) {
    struct buf body;
    if (index == 0) return ERR_NOT_FOUND;
    buf_init(&body, LIMIT_RECORD_PRESENTED);
    enum err err = store_view_body(view, index, &body);
    if (!err) err = leaf_time(view, index, ret_time_ms);
    if (!err) {
        err = record_parse(buf_bytes(&body), ret, NULL);
        if (err && err != ERR_NO_MEMORY) err = ERR_CORRUPT;
    }
    buf_done(&body);
    return err;
}

enum err shown_check(const struct reader *reader, struct store_view *view,
                     const struct record *record, struct problem *ret_why) {
    struct view state = api_state_view(view);
    struct chain_link link;
    struct chain chain;
    if (scope_allows(reader->roles, reader->id, record->iss, record->type)) return ERR_OK;
    enum err err = chain_link_get(state, record->id, &link);
    if (!err) err = chain_get(state, link.opening, &chain);
    if (err) return err == ERR_NOT_FOUND ? ERR_CORRUPT : err;
    if (scope_allows(reader->roles, reader->id, chain.owner, record->type)) return ERR_OK;
    return problem_set(ret_why, ERR_SCOPE,
                       "None of the reader's roles may read this record. GET /v1/types lists what "
                       "each role may read.");
}

enum err shown_time(struct store_view *view, uint64_t size, uint64_t *ret_ms) {
    enum err err = leaf_time(view, size - 1, ret_ms);
    return err == ERR_NOT_FOUND ? ERR_CORRUPT : err;
}

/* -- its summary -- */

static enum err put_id(struct json *object, const char *name, const uint8_t id[RECORD_ID_LEN]) {
    char text[2 * RECORD_ID_LEN + 1];
    hex_encode(bytes_of(id, RECORD_ID_LEN), text);
    return json_put_text(object, name, text);
}

static enum err put_words(struct json *object, const struct record *record) {
    const struct contract_type *type = contract_type_find(record->type, record->type_version);
    const struct contract_act *act = type ? contract_act_find(type, record->act) : NULL;
    enum err err = json_put_text(object, "issuer", record->iss);
    if (!err) err = json_put_text(object, "type", record->type);
    if (!err && type) err = json_put_text(object, "type_zh", type->title_zh);
    if (!err) err = json_put_text(object, "act", record->act);
    return err || !act ? err : json_put_text(object, "act_zh", act->zh);
}

static enum err put_status(struct json *object, struct view view, const uint8_t id[RECORD_ID_LEN]) {
    struct chain_link link;
    struct chain chain;
    enum err err = chain_link_get(view, id, &link);
    if (!err) err = chain_get(view, link.opening, &chain);
    if (err) return err == ERR_NOT_FOUND ? ERR_CORRUPT : err;
    enum chain_status status = link.is_replaced ? CHAIN_SUPERSEDED : chain.status;
    err = put_id(object, "opening", link.opening);
    if (!err) err = json_put_text(object, "status", chain_status_name(status));
    if (!err) err = json_put_text(object, "status_zh", chain_status_zh(status));
    return err || !link.is_replaced ? err : put_id(object, "replaced_by", link.replaced_by);
}

static enum err put_summary(struct store_view *view, const struct record *record, uint64_t index,
                            uint64_t time_ms, struct json *object) {
    enum err err = put_id(object, "id", record->id);
    if (!err) err = json_put_int(object, "index", (int64_t)index);
    if (!err) err = json_put_int(object, "time", (int64_t)time_ms);
    if (!err) err = put_words(object, record);
    if (!err) err = put_status(object, api_state_view(view), record->id);
    if (!err && record->has_ref) err = put_id(object, "ref", record->ref);
    return err || !record->has_replaces ? err : put_id(object, "replaces", record->replaces);
}

enum err shown_summary(struct store_view *view, const struct record *record, uint64_t index,
                       uint64_t time_ms, struct json **ret) {
    struct json *object = json_new_object();
    if (!object) return ERR_NO_MEMORY;
    enum err err = put_summary(view, record, index, time_ms, object);
    if (err)
        json_done(object);
    else
        *ret = object;
    return err;
}

/* -- its chain: from the head back, each record names in ref the one before it -- */

static enum err entry_take(struct view state, struct record *record, uint64_t index,
                           uint64_t time_ms, struct timeline_entry *entry) {
    struct chain_link link;
    enum err err = chain_link_get(state, record->id, &link);
    if (err) return err == ERR_NOT_FOUND ? ERR_CORRUPT : err;
    memcpy(entry->id, record->id, RECORD_ID_LEN);
    memcpy(entry->act, link.act, sizeof entry->act);
    memcpy(entry->claims_act, link.claims_act, sizeof entry->claims_act);
    memcpy(entry->issuer, record->iss, sizeof entry->issuer);
    memcpy(entry->replaces, record->replaces, RECORD_ID_LEN);
    entry->has_replaces = record->has_replaces;
    entry->index = index;
    entry->time_ms = time_ms;
    entry->claims = record->payload;
    record->payload = NULL;
    return ERR_OK;
}

/* One record of the chain into the timeline, newest first; *ret_before: the one before it. */
static enum err chain_step_back(struct store_view *view, uint64_t size, struct timeline *timeline,
                                uint8_t id[RECORD_ID_LEN]) {
    struct record *record = NULL;
    uint64_t index = 0, time_ms = 0;
    enum err err = store_view_find(view, id, &index);
    if (!err) err = stored_record(view, index, &record, &time_ms);
    if (err) return err == ERR_NOT_FOUND ? ERR_CORRUPT : err;
    bool is_first = memcmp(id, timeline->chain.opening, RECORD_ID_LEN) == 0;
    if (!is_first && !record->has_ref) err = ERR_CORRUPT;
    if (!err && !is_first) memcpy(id, record->ref, RECORD_ID_LEN);
    if (!err && index < size) {
        err = entry_take(api_state_view(view), record, index, time_ms,
                         &timeline->entries[timeline->count]);
        if (!err) timeline->count++;
    }
    record_done(record);
    return err;
}

static void turn_round(struct timeline *timeline) {
    for (size_t i = 0; i < timeline->count / 2; i++) {
        struct timeline_entry entry = timeline->entries[i];
        timeline->entries[i] = timeline->entries[timeline->count - 1 - i];
        timeline->entries[timeline->count - 1 - i] = entry;
    }
}

static enum err chain_read(struct store_view *view, const uint8_t id[RECORD_ID_LEN], uint64_t size,
                           struct timeline *timeline) {
    struct view state = api_state_view(view);
    struct chain_link link;
    uint8_t at[RECORD_ID_LEN];
    enum err err = chain_link_get(state, id, &link);
    if (err) return err;
    err = chain_get(state, link.opening, &timeline->chain);
    if (err) return err == ERR_NOT_FOUND ? ERR_CORRUPT : err;
    timeline->type = contract_type_find(timeline->chain.type, 1);
    if (!timeline->type) return ERR_CORRUPT;
    uint32_t left = timeline->chain.count;
    size_t room = left < TIMELINE_MAX ? left : TIMELINE_MAX;
    timeline->entries = calloc(room, sizeof *timeline->entries);
    if (!timeline->entries) return ERR_NO_MEMORY;
    memcpy(at, timeline->chain.head, RECORD_ID_LEN);
    for (; !err && left > 0 && timeline->count < room; left--)
        err = chain_step_back(view, size, timeline, at);
    timeline->is_cut = left > 0;
    turn_round(timeline);
    timeline_link(timeline);
    return err;
}

enum err shown_chain(struct store_view *view, const uint8_t id[RECORD_ID_LEN], uint64_t size,
                     struct timeline *ret) {
    struct timeline timeline;
    memset(&timeline, 0, sizeof timeline);
    enum err err = chain_read(view, id, size, &timeline);
    if (err)
        timeline_done(&timeline);
    else
        *ret = timeline;
    return err;
}
