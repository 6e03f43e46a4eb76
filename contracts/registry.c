/* See registry.h. What can change about a key (its end, revoked) stands in its own row and is put into the public JSON when that is read, so there are never two
 * answers. registry_change.c writes what changes after admission. */
#include "contracts/registry_rows.h"

#include "contracts/state_keys.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* Stored in key rows: these numbers may never change. */
_Static_assert(KEY_ES256K == 0 && KEY_ED25519 == 1 && KEY_ES256 == 2 && KEY_SM2 == 3,
               "algorithms are stored by number");

/* -- key rows -- */

static enum err key_row_encode(const struct registry_key *key, struct buf *out) {
    enum err err = state_add_text(out, key->participant);
    if (!err) err = buf_add_byte(out, (uint8_t)key->alg);
    if (!err) err = buf_add(out, bytes_of(key->point, sizeof key->point));
    if (!err) err = buf_add_u64(out, (uint64_t)key->from);
    if (!err) err = buf_add_u64(out, (uint64_t)key->to);
    if (!err) err = buf_add_byte(out, key->revoked);
    return err ? err : buf_add_u64(out, key->bound_index);
}

static enum err key_row_decode(struct bytes row, struct registry_key *ret) {
    struct cursor cursor = cursor_of(row);
    struct registry_key key;
    memset(&key, 0, sizeof key);
    state_take_text(&cursor, key.participant, sizeof key.participant);
    uint8_t alg = cursor_u8(&cursor);
    cursor_copy(&cursor, key.point, sizeof key.point);
    uint64_t from = cursor_u64(&cursor), to = cursor_u64(&cursor);
    uint8_t revoked = cursor_u8(&cursor);
    key.bound_index = cursor_u64(&cursor);
    if (!cursor_ended(&cursor) || alg >= KEY_ALG_COUNT || revoked > 1 || from > INT64_MAX ||
        to > INT64_MAX)
        return ERR_CORRUPT;
    key.alg = (enum key_alg)alg;
    key.from = (int64_t)from;
    key.to = (int64_t)to;
    key.revoked = revoked;
    *ret = key;
    return ERR_OK;
}

enum err registry_key_get(struct view view, const char *kid, struct registry_key *ret) {
    struct buf row;
    buf_init(&row, STATE_ROW_MAX);
    enum err err = state_get(view, state_key_kid(kid), &row);
    if (!err) err = key_row_decode(buf_bytes(&row), ret);
    buf_done(&row);
    return err;
}

/* -- participant rows -- */

static const char *status_name(enum registry_status status) {
    switch (status) {
    case REGISTRY_ACTIVE: return "active";
    case REGISTRY_SUSPENDED: return "suspended";
    }
    return "";
}

/* The fixed part; what follows it stays in the cursor. */
static enum err fixed_decode(struct cursor *cursor, struct registry_participant *ret) {
    uint8_t status = cursor_u8(cursor);
    ret->roles = cursor_u16(cursor);
    ret->admitted_index = cursor_u64(cursor);
    if (cursor->failed || status > REGISTRY_SUSPENDED) return ERR_CORRUPT;
    ret->status = (enum registry_status)status;
    return ERR_OK;
}

static enum err row_decode(struct bytes row, bool with_json, struct registry_participant *ret) {
    struct cursor cursor = cursor_of(row);
    struct registry_participant participant;
    memset(&participant, 0, sizeof participant);
    enum err err = fixed_decode(&cursor, &participant);
    if (!err && with_json) err = json_parse(cursor.rest, &participant.json, NULL);
    if (err == ERR_MALFORMED_JSON) err = ERR_CORRUPT;
    if (!err && with_json && json_kind(participant.json) != JSON_KIND_OBJECT) err = ERR_CORRUPT;
    if (err)
        json_done(participant.json);
    else
        *ret = participant;
    return err;
}

/* json_at gives a borrowed, constant value; this one is ours to complete. */
static struct json *own_at(const struct json *array, size_t index) {
    return (struct json *)(uintptr_t)json_at(array, index);
}

/* Status and what key rows say, into the JSON of the row. */
static enum err json_complete(struct view view, struct registry_participant *participant) {
    const struct json *keys = json_member(participant->json, "keys");
    enum err err = json_put_text(participant->json, "status", status_name(participant->status));
    for (size_t i = 0; !err && i < json_count(keys); i++) {
        struct json *entry = own_at(keys, i);
        const char *kid = json_text(json_member(entry, "kid"));
        struct registry_key key;
        err = kid ? registry_key_get(view, kid, &key) : ERR_CORRUPT;
        if (err == ERR_NOT_FOUND) err = ERR_CORRUPT;
        if (!err) err = json_put_bool(entry, "revoked", key.revoked);
        if (!err && key.to != INT64_MAX) err = json_put_int(entry, "to", key.to);
        if (!err) err = json_put_int(entry, "bound_index", (int64_t)key.bound_index);
    }
    return err;
}

enum err registry_row_get(struct view view, const char *id, bool with_json,
                          struct registry_participant *ret) {
    struct buf row;
    buf_init(&row, STATE_ROW_MAX);
    enum err err = state_get(view, state_key_participant(id), &row);
    if (!err) err = row_decode(buf_bytes(&row), with_json, ret);
    buf_done(&row);
    return err;
}

enum err registry_participant_get(struct view view, const char *id, bool with_json,
                                  struct registry_participant *ret) {
    struct registry_participant participant = {.json = NULL};
    enum err err = registry_row_get(view, id, with_json, &participant);
    if (!err && with_json) err = json_complete(view, &participant);
    if (err)
        registry_participant_done(&participant);
    else
        *ret = participant;
    return err;
}

void registry_participant_done(struct registry_participant *participant) {
    json_done(participant->json);
    memset(participant, 0, sizeof *participant);
}

/* -- admitting -- */

static enum err free_check(struct view view, struct state_key key, const char *pointer,
                           const char *detail, struct problem *ret_why) {
    struct buf row;
    buf_init(&row, STATE_ROW_MAX);
    enum err err = state_get(view, key, &row);
    buf_done(&row);
    if (err == ERR_NOT_FOUND) return ERR_OK;
    return err ? err : problem_at(ret_why, ERR_STATE, pointer, "%s", detail);
}

static enum err all_free(struct view view, const struct participant *participant,
                         struct problem *ret_why) {
    enum err err =
        free_check(view, state_key_participant(participant->id), "/id",
                   "A participant with this id is registered already; choose another.", ret_why);
    for (size_t i = 0; !err && i < participant->key_count; i++) {
        err = free_check(view, state_key_kid(participant->keys[i].key.kid), "/keys",
                         "One of these keys is registered already; a key speaks for one "
                         "participant, so make a new one.",
                         ret_why);
    }
    return err;
}

enum err registry_key_put(struct overlay *overlay, const char *kid,
                          const struct registry_key *key) {
    struct state_key at = state_key_kid(kid);
    struct buf row;
    buf_init(&row, STATE_ROW_MAX);
    enum err err = key_row_encode(key, &row);
    if (!err) err = overlay_put(overlay, state_key_bytes(&at), buf_bytes(&row));
    buf_done(&row);
    return err;
}

enum err registry_key_bind(struct overlay *overlay, const char *id,
                           const struct participant_key *bound, uint64_t index) {
    struct registry_key key = {
        .alg = bound->key.alg, .from = bound->from, .to = bound->to, .bound_index = index};
    memcpy(key.participant, id, strlen(id) + 1);
    memcpy(key.point, bound->key.point, sizeof key.point);
    return registry_key_put(overlay, bound->key.kid, &key);
}

static enum err row_json(const struct participant *participant, struct json **ret) {
    struct json *json = participant_json(participant);
    const struct json *keys = json_member(json, "keys");
    enum err err = json ? ERR_OK : ERR_NO_MEMORY;
    for (size_t i = 0; !err && i < participant->key_count; i++)
        err = json_put_text(own_at(keys, i), "kid", participant->keys[i].key.kid);
    if (err)
        json_done(json);
    else
        *ret = json;
    return err;
}

enum err registry_participant_put(struct overlay *overlay, const char *id,
                                  const struct registry_participant *participant) {
    struct state_key at = state_key_participant(id);
    struct buf row;
    buf_init(&row, STATE_ROW_MAX);
    enum err err = buf_add_byte(&row, (uint8_t)participant->status);
    if (!err) err = buf_add_u16(&row, participant->roles);
    if (!err) err = buf_add_u64(&row, participant->admitted_index);
    if (!err) err = json_format(participant->json, &row);
    if (!err) err = overlay_put(overlay, state_key_bytes(&at), buf_bytes(&row));
    buf_done(&row);
    return err;
}

static enum err participant_write(struct overlay *overlay, const struct participant *participant,
                                  uint64_t index) {
    struct registry_participant row = {
        .status = REGISTRY_ACTIVE, .roles = participant->roles, .admitted_index = index};
    enum err err = row_json(participant, &row.json);
    if (!err) err = registry_participant_put(overlay, participant->id, &row);
    registry_participant_done(&row);
    return err;
}

enum err registry_admit(struct overlay *overlay, const struct participant *participant,
                        uint64_t index, struct problem *ret_why) {
    enum err err = all_free(overlay_view(overlay), participant, ret_why);
    if (!err) err = participant_write(overlay, participant, index);
    for (size_t i = 0; !err && i < participant->key_count; i++)
        err = registry_key_bind(overlay, participant->id, &participant->keys[i], index);
    return err;
}

/* -- listing -- */

/* Ids are collected first: a view is not asked anything else in the middle of a scan. */
struct page {
    char (*ids)[LIMIT_ID + 1];
    size_t count, max;
    const char *after;
    bool is_more;
    enum err err;
};

static bool page_add(void *arg, struct bytes key, struct bytes value) {
    struct page *page = arg;
    struct state_key prefix = state_key_participants();
    struct bytes id = bytes_slice(key, prefix.len, key.len);
    (void)value;
    if (id.len > LIMIT_ID) page->err = ERR_CORRUPT;
    if (page->err) return false;
    if (bytes_compare(id, bytes_text(page->after)) <= 0) return true;
    page->is_more = page->count == page->max;
    if (page->is_more) return false;
    if (id.len) memcpy(page->ids[page->count], id.data, id.len);
    page->ids[page->count++][id.len] = 0;
    return true;
}

static enum err page_json(struct view view, const struct page *page, struct json *array) {
    enum err err = ERR_OK;
    for (size_t i = 0; !err && i < page->count; i++) {
        struct registry_participant participant = {.json = NULL};
        err = registry_participant_get(view, page->ids[i], true, &participant);
        if (err) break;
        err = json_push(array, participant.json);
        participant.json = NULL;
        registry_participant_done(&participant);
    }
    return err;
}

static enum err page_build(struct view view, const struct page *page, struct json **ret) {
    struct json *object = json_new_object(), *array = json_new_array();
    enum err err = object && array ? page_json(view, page, array) : ERR_NO_MEMORY;
    if (!err)
        err = json_put(object, "participants", array);
    else
        json_done(array);
    if (!err) {
        bool next = page->is_more && page->count;
        struct json *nothing = NULL;
        if (next)
            err = json_put_text(object, "next", page->ids[page->count - 1]);
        else
            err = json_parse(bytes_text("null"), &nothing, NULL);
        if (!err && !next) err = json_put(object, "next", nothing);
    }
    if (err)
        json_done(object);
    else
        *ret = object;
    return err;
}

enum err registry_list(struct view view, const char *after, size_t max, struct json **ret) {
    assert(max > 0);
    struct page page = {.max = max, .after = after};
    struct state_key prefix = state_key_participants();
    page.ids = calloc(max, sizeof *page.ids);
    if (!page.ids) return ERR_NO_MEMORY;
    enum err err = view.scan(view.ctx, state_key_bytes(&prefix), page_add, &page);
    if (!err) err = page.err;
    if (!err) err = page_build(view, &page, ret);
    free(page.ids);
    return err;
}
