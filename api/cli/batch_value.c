/* See batch_value.h. */
#include "api/cli/batch_value.h"

#include "contracts/period.h"
#include "ledger/base/limits.h"
#include "ledger/base/text.h"

struct kind {
    const char *name, *form;
};

#define KIND_ROW(name, text, form) {text, form},
static const struct kind kinds[BATCH_KIND_COUNT] = {BATCH_KINDS(KIND_ROW)};
#undef KIND_ROW

bool batch_kind_find(struct bytes name, enum batch_kind *ret) {
    for (int i = 0; i < BATCH_KIND_COUNT; i++) {
        if (!bytes_is(name, kinds[i].name)) continue;
        *ret = (enum batch_kind)i;
        return true;
    }
    return false;
}

const char *batch_kind_form(enum batch_kind kind) {
    return kinds[kind].form;
}

static bool is_digits(struct bytes text) {
    for (size_t i = 0; i < text.len; i++)
        if (text.data[i] < '0' || text.data[i] > '9') return false;
    return text.len > 0;
}

static bool is_clean(struct bytes text) {
    for (size_t i = 0; i < text.len; i++)
        if (text.data[i] < 0x20 || text.data[i] == 0x7f) return false;
    return text.len > 0;
}

static bool whole_read(struct bytes text, int64_t *ret) {
    uint64_t value;
    if (decimal_parse(text, &value) || value > LIMIT_JSON_INT) return false;
    *ret = (int64_t)value;
    return true;
}

static bool int_read(struct bytes text, int64_t *ret) {
    bool is_negative = text.len > 0 && text.data[0] == '-';
    if (!whole_read(bytes_slice(text, is_negative, text.len), ret)) return false;
    if (is_negative && *ret == 0) return false;
    if (is_negative) *ret = -*ret;
    return true;
}

/* 3215.5 yuan are 321550 fen: exactly, or refused. */
static bool yuan_read(struct bytes text, int64_t *ret) {
    size_t point = bytes_find(text, '.', 0);
    struct bytes whole = bytes_slice(text, 0, point);
    struct bytes part = bytes_slice(text, point < text.len ? point + 1 : point, text.len);
    int64_t yuan, fen = 0;
    if (point < text.len && (!is_digits(part) || part.len > 2)) return false;
    for (size_t i = 0; i < 2; i++) fen = 10 * fen + (i < part.len ? part.data[i] - '0' : 0);
    if (!whole_read(whole, &yuan) || yuan > (LIMIT_JSON_INT - fen) / 100) return false;
    *ret = 100 * yuan + fen;
    return true;
}

/* With dashes between year, month and day, where it is digits alone. */
static struct bytes dashes_put(struct bytes text, char room[PERIOD_TEXT_LEN + 1]) {
    size_t at = 0;
    if (!is_digits(text) || text.len > 8) return text;
    for (size_t i = 0; i < text.len; i++) {
        if (i == 4 || i == 6) room[at++] = '-';
        room[at++] = (char)text.data[i];
    }
    return bytes_of(room, at);
}

static struct json *date_read(struct bytes text) {
    char room[PERIOD_TEXT_LEN + 1];
    int32_t day;
    text = dashes_put(text, room);
    return period_parse(text, &day) ? json_new_text_bytes(text) : NULL;
}

static struct json *month_read(struct bytes text) {
    char room[PERIOD_TEXT_LEN + 1];
    int32_t month;
    text = dashes_put(text, room);
    return period_month_parse(text, &month) ? json_new_text_bytes(text) : NULL;
}

static struct json *value_of(enum batch_kind kind, struct bytes text) {
    int64_t number = 0;
    switch (kind) {
    case BATCH_TEXT: return is_clean(text) ? json_new_text_bytes(text) : NULL;
    case BATCH_INT: return int_read(text, &number) ? json_new_int(number) : NULL;
    case BATCH_FEN: return whole_read(text, &number) ? json_new_int(number) : NULL;
    case BATCH_YUAN: return yuan_read(text, &number) ? json_new_int(number) : NULL;
    case BATCH_DATE: return date_read(text);
    case BATCH_PERIOD: return month_read(text);
    case BATCH_BOOL:
        if (!bytes_is(text, "true") && !bytes_is(text, "false")) return NULL;
        return json_new_bool(bytes_is(text, "true"));
    case BATCH_KIND_COUNT: break;
    }
    return NULL;
}

enum err batch_value(enum batch_kind kind, struct bytes text, struct json **ret) {
    struct json *value = value_of(kind, text);
    if (!value) return ERR_SCHEMA;
    *ret = value;
    return ERR_OK;
}
