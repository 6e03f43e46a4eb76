/* See statistics.h. Cells are read a month at a time, in key order, and judged when the month is whole. */
#include "contracts/statistics.h"

#include "contracts/benefit.h"
#include "contracts/state_keys.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SHANGHAI_MS (8 * 3600 * 1000)
#define DAY_MS 86400000
#define ACT_LEN 32

struct cell {
    char month[PERIOD_MONTH_LEN + 1];
    char type[RECORD_TYPE_LEN];
    char act[ACT_LEN];
    char item[BENEFIT_ITEM_LEN];
    char result[16];
    uint64_t records, payments, fen;
    bool is_hidden;
};

/* -- time -- */

int32_t statistics_day(uint64_t time_ms) {
    return (int32_t)((time_ms + SHANGHAI_MS) / DAY_MS);
}

void statistics_month(uint64_t time_ms, char ret[PERIOD_MONTH_LEN + 1]) {
    char day[PERIOD_TEXT_LEN + 1];
    period_format(statistics_day(time_ms), day);
    memcpy(ret, day, PERIOD_MONTH_LEN);
    ret[PERIOD_MONTH_LEN] = 0;
}

/* -- counting -- */

/* The claim where it fits, else empty. Types check the form of their claims; a name that another type uses otherwise must not break the row. */
static void word_take(const struct json *payload, const char *name, char *out, size_t room) {
    struct bytes text = json_text_bytes(json_member(payload, name));
    out[0] = 0;
    if (text.len >= room) return;
    for (size_t i = 0; i < text.len; i++)
        if (text.data[i] <= ' ' || text.data[i] >= 0x7f) return;
    if (text.len) memcpy(out, text.data, text.len);
    out[text.len] = 0;
}

static uint64_t number_of(const struct json *payload, const char *name) {
    int64_t value;
    return json_int(json_member(payload, name), &value) && value > 0 ? (uint64_t)value : 0;
}

static struct cell cell_of(const struct record *record, uint64_t time_ms) {
    struct cell cell;
    int32_t month;
    memset(&cell, 0, sizeof cell);
    memcpy(cell.type, record->type, strlen(record->type) + 1);
    assert(strlen(record->act) < sizeof cell.act);
    memcpy(cell.act, record->act, strlen(record->act) + 1);
    word_take(record->payload, "item", cell.item, sizeof cell.item);
    word_take(record->payload, "result", cell.result, sizeof cell.result);
    word_take(record->payload, "period", cell.month, sizeof cell.month);
    if (!period_month_parse(bytes_text(cell.month), &month)) statistics_month(time_ms, cell.month);
    if (json_member(record->payload, "items_root")) {
        cell.payments = number_of(record->payload, "count");
        cell.fen = number_of(record->payload, "sum");
    }
    return cell;
}

static uint64_t sum_of(uint64_t a, uint64_t b) {
    return a > LIMIT_JSON_INT - b ? LIMIT_JSON_INT : a + b;
}

static enum err row_decode(struct bytes row, struct cell *cell) {
    struct cursor cursor = cursor_of(row);
    cell->records = cursor_u64(&cursor);
    cell->payments = cursor_u64(&cursor);
    cell->fen = cursor_u64(&cursor);
    return cursor_ended(&cursor) ? ERR_OK : ERR_CORRUPT;
}

static enum err cell_add(struct overlay *overlay, const char *whose, const struct cell *more) {
    struct state_key key =
        state_key_statistic(whose, more->month, more->type, more->act, more->item, more->result);
    struct cell cell = {.records = 0};
    struct buf row;
    uint8_t value[24];
    buf_init(&row, STATE_ROW_MAX);
    enum err err = state_get(overlay_view(overlay), key, &row);
    if (!err) err = row_decode(buf_bytes(&row), &cell);
    if (err == ERR_NOT_FOUND) err = ERR_OK;
    buf_done(&row);
    if (err) return err;
    put_u64(value, cell.records + 1);
    put_u64(value + 8, sum_of(cell.payments, more->payments));
    put_u64(value + 16, sum_of(cell.fen, more->fen));
    return overlay_put(overlay, state_key_bytes(&key), bytes_of(value, sizeof value));
}

enum err statistics_count(struct overlay *overlay, const struct record *record, const char *owner,
                          uint64_t time_ms) {
    struct cell cell = cell_of(record, time_ms);
    enum err err = cell_add(overlay, "", &cell);
    return err ? err : cell_add(overlay, owner, &cell);
}

/* -- small cells -- */

/* How many people a cell is about, at most. */
static uint64_t weight(const struct cell *cell) {
    return cell->payments ? cell->payments : cell->records;
}

static struct cell *smallest_shown(struct cell *cells, size_t count) {
    struct cell *found = NULL;
    for (size_t i = 0; i < count; i++)
        if (!cells[i].is_hidden && (!found || weight(&cells[i]) < weight(found))) found = &cells[i];
    return found;
}

/* The cells of one month. */
static void hide_small(struct cell *cells, size_t count) {
    uint64_t hidden = 0, records = 0;
    for (size_t i = 0; i < count; i++) {
        cells[i].is_hidden = weight(&cells[i]) < STATISTICS_SMALL;
        hidden += cells[i].is_hidden;
        records += cells[i].is_hidden ? cells[i].records : 0;
    }
    while (hidden && (hidden < 2 || records < STATISTICS_SMALL)) {
        struct cell *next = smallest_shown(cells, count);
        if (!next) return;
        next->is_hidden = true;
        hidden++;
        records += next->records;
    }
}

/* -- reading -- */

struct reading {
    const struct statistics_query *query;
    struct json *array;
    struct cell *cells; /* of the month that is being read */
    size_t count;
    enum err err;
};

static enum err words_put(struct json *object, const struct cell *cell) {
    const struct contract_type *type = contract_type_find(cell->type, 1);
    const struct contract_act *act = type ? contract_act_find(type, cell->act) : NULL;
    const struct benefit_item *item = benefit_item_find(bytes_text(cell->item));
    enum err err = json_put_text(object, "month", cell->month);
    if (!err) err = json_put_text(object, "type", cell->type);
    if (!err && type) err = json_put_text(object, "type_zh", type->title_zh);
    if (!err) err = json_put_text(object, "act", cell->act);
    if (!err && act) err = json_put_text(object, "act_zh", act->zh);
    if (!err && cell->item[0]) err = json_put_text(object, "item", cell->item);
    if (!err && item) err = json_put_text(object, "item_zh", item->zh);
    return err || !cell->result[0] ? err : json_put_text(object, "result", cell->result);
}

static enum err cell_members(struct json *object, const struct cell *cell) {
    enum err err = words_put(object, cell);
    if (!err) err = json_put_bool(object, "suppressed", cell->is_hidden);
    if (err || cell->is_hidden) return err;
    err = json_put_int(object, "records", (int64_t)cell->records);
    if (err || !cell->payments) return err;
    err = json_put_int(object, "payments", (int64_t)cell->payments);
    return err ? err : json_put_int(object, "sum", (int64_t)cell->fen);
}

/* What is hidden depends on the whole month; what is shown, on the types that may be seen. */
static enum err month_end(struct reading *reading) {
    const struct statistics_query *query = reading->query;
    hide_small(reading->cells, reading->count);
    for (size_t i = 0; i < reading->count; i++) {
        const struct cell *cell = &reading->cells[i];
        if (!query->shows(query->arg, cell->type)) continue;
        struct json *object = json_new_object();
        enum err err = object ? cell_members(object, cell) : ERR_NO_MEMORY;
        if (err) {
            json_done(object);
            return err;
        }
        err = json_push(reading->array, object);
        if (err) return err;
    }
    reading->count = 0;
    return ERR_OK;
}

static enum err key_decode(struct bytes key, struct cell *cell) {
    char whose[LIMIT_ID + 1];
    struct cursor cursor = cursor_of(key);
    (void)cursor_take(&cursor, 2);
    state_take_text(&cursor, whose, sizeof whose);
    state_take_text(&cursor, cell->month, sizeof cell->month);
    state_take_text(&cursor, cell->type, sizeof cell->type);
    state_take_text(&cursor, cell->act, sizeof cell->act);
    state_take_text(&cursor, cell->item, sizeof cell->item);
    state_take_text(&cursor, cell->result, sizeof cell->result);
    return cursor_ended(&cursor) ? ERR_OK : ERR_CORRUPT;
}

static bool on_row(void *arg, struct bytes key, struct bytes value) {
    struct reading *reading = arg;
    struct cell cell = {.is_hidden = false};
    reading->err = key_decode(key, &cell);
    if (!reading->err) reading->err = row_decode(value, &cell);
    if (reading->err || strcmp(cell.month, reading->query->to) > 0) return false;
    if (strcmp(cell.month, reading->query->from) < 0) return true;
    if (reading->count && strcmp(reading->cells[0].month, cell.month) != 0)
        reading->err = month_end(reading);
    if (!reading->err && reading->count == STATISTICS_CELLS) reading->err = ERR_TOO_LARGE;
    if (reading->err) return false;
    reading->cells[reading->count++] = cell;
    return true;
}

enum err statistics_json(struct view view, const struct statistics_query *query,
                         struct json *array) {
    struct reading reading = {.query = query, .array = array};
    struct state_key prefix = state_key_statistics(query->whose);
    reading.cells = calloc(STATISTICS_CELLS, sizeof *reading.cells);
    if (!reading.cells) return ERR_NO_MEMORY;
    enum err err = view.scan(view.ctx, state_key_bytes(&prefix), on_row, &reading);
    if (!err) err = reading.err;
    if (!err) err = month_end(&reading);
    free(reading.cells);
    return err;
}
