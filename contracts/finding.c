/* See finding.h. */
#include "contracts/finding.h"

#include "contracts/state_keys.h"
#include "ledger/base/text.h"
#include "ledger/crypto/sha256.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#define ID_LINE (2 * RECORD_ID_LEN + 1)

void finding_id(const struct rule *rule, const uint8_t *ids, size_t count, uint8_t ret[32]) {
    char head[64], lines[RULE_HITS * ID_LINE + 1];
    assert(count > 0 && count <= RULE_HITS);
    int len = snprintf(head, sizeof head, "qizheng-finding\n%s@%d\n", rule->id, rule->version);
    assert(len > 0 && (size_t)len < sizeof head);
    for (size_t i = 0; i < count; i++) {
        const uint8_t *id = ids + i * RECORD_ID_LEN;
        assert(i == 0 || memcmp(id - RECORD_ID_LEN, id, RECORD_ID_LEN) < 0);
        hex_encode(bytes_of(id, RECORD_ID_LEN), lines + i * ID_LINE);
        lines[(i + 1) * ID_LINE - 1] = '\n';
    }
    struct bytes parts[] = {bytes_text(head), bytes_of(lines, count * ID_LINE)};
    sha256_parts(parts, 2, ret);
}

static enum err row_encode(const struct rule_hit *hit, const uint8_t record[RECORD_ID_LEN],
                           uint64_t time_ms, struct buf *out) {
    enum err err = state_add_text(out, hit->rule->id);
    if (!err) err = buf_add_u32(out, (uint32_t)hit->rule->version);
    if (!err) err = buf_add(out, bytes_of(record, RECORD_ID_LEN));
    if (!err) err = buf_add_byte(out, (uint8_t)hit->result);
    if (!err) err = buf_add_u64(out, time_ms);
    return err ? err : buf_add_byte(out, FINDING_OPEN);
}

enum err finding_open(struct overlay *overlay, struct rule_hit *hit,
                      const uint8_t record[RECORD_ID_LEN], uint64_t index, uint64_t time_ms) {
    struct buf row;
    buf_init(&row, STATE_ROW_MAX);
    finding_id(hit->rule, record, 1, hit->finding);
    struct state_key key = state_key_finding(hit->finding);
    struct state_key of = state_key_finding_of(record, hit->finding);
    struct state_key ruled = state_key_ruled(hit->rule->id, index);
    enum err err = row_encode(hit, record, time_ms, &row);
    if (!err) err = overlay_put(overlay, state_key_bytes(&key), buf_bytes(&row));
    if (!err) err = overlay_put(overlay, state_key_bytes(&of), bytes_of(NULL, 0));
    if (!err) err = overlay_put(overlay, state_key_bytes(&ruled), bytes_of(hit->finding, 32));
    buf_done(&row);
    hit->has_finding = !err;
    return err;
}

/* -- reading -- */

struct ids {
    uint8_t items[RULE_HITS][32];
    size_t count;
    enum err err;
};

static bool ids_add(void *arg, struct bytes key, struct bytes value) {
    struct ids *ids = arg;
    (void)value;
    bool good = key.len == 2 + RECORD_ID_LEN + 32 && ids->count < RULE_HITS;
    if (good)
        memcpy(ids->items[ids->count++], key.data + 2 + RECORD_ID_LEN, 32);
    else
        ids->err = ERR_CORRUPT;
    return good;
}

static enum err row_json(struct bytes row, const uint8_t id[32], struct json *object) {
    struct cursor cursor = cursor_of(row);
    struct problem widths;
    char rule[sizeof widths.rule], hex[65];
    state_take_text(&cursor, rule, sizeof rule);
    uint32_t version = cursor_u32(&cursor);
    struct bytes record = cursor_take(&cursor, RECORD_ID_LEN);
    uint8_t result = cursor_u8(&cursor);
    uint64_t opened = cursor_u64(&cursor);
    uint8_t state = cursor_u8(&cursor);
    if (!cursor_ended(&cursor) || result > RULE_UNKNOWN || state != FINDING_OPEN)
        return ERR_CORRUPT;
    hex_encode(bytes_of(id, 32), hex);
    enum err err = json_put_text(object, "id", hex);
    if (!err) err = json_put_text(object, "rule", rule);
    if (!err) err = json_put_int(object, "version", version);
    if (!err) err = json_put_text(object, "result", rule_result_name((enum rule_result)result));
    if (!err) err = json_put_text(object, "result_zh", rule_result_zh((enum rule_result)result));
    if (!err) err = json_put_text(object, "state", "open");
    if (!err) err = json_put_text(object, "state_zh", "待核实");
    if (err) return err;
    hex_encode(record, hex);
    err = json_put_text(object, "record", hex);
    return err ? err : json_put_int(object, "opened", (int64_t)opened);
}

enum err finding_json(struct view view, const uint8_t finding[32], struct json **ret) {
    struct json *object = json_new_object();
    struct buf row;
    buf_init(&row, STATE_ROW_MAX);
    enum err err = object ? state_get(view, state_key_finding(finding), &row) : ERR_NO_MEMORY;
    if (!err) err = row_json(buf_bytes(&row), finding, object);
    buf_done(&row);
    if (err)
        json_done(object);
    else
        *ret = object;
    return err;
}

static enum err finding_push(struct view view, const uint8_t id[32], struct json *array) {
    struct json *object = NULL;
    enum err err = finding_json(view, id, &object);
    if (err == ERR_NOT_FOUND) err = ERR_CORRUPT;
    return err ? err : json_push(array, object);
}

enum err finding_list_json(struct view view, const uint8_t record[RECORD_ID_LEN],
                           struct json **ret) {
    struct ids ids = {.count = 0};
    struct state_key prefix = state_key_findings_of(record);
    enum err err = view.scan(view.ctx, state_key_bytes(&prefix), ids_add, &ids);
    if (!err) err = ids.err;
    if (err) return err;
    struct json *array = json_new_array();
    if (!array) return ERR_NO_MEMORY;
    for (size_t i = 0; !err && i < ids.count; i++) err = finding_push(view, ids.items[i], array);
    if (err)
        json_done(array);
    else
        *ret = array;
    return err;
}
