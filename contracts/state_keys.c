/* See state_keys.h. */
#include "contracts/state_keys.h"

#include "ledger/base/text.h"

#include <assert.h>
#include <string.h>

const struct store_kept state_kept[] = {{"p ", false}, {"k ", false}, {"g ", true}, {NULL, false}};

static struct state_key key_of(const char *prefix, struct bytes a, struct bytes b) {
    struct state_key key = {.len = 0};
    struct bytes parts[] = {bytes_text(prefix), a, b};
    for (size_t i = 0; i < 3; i++) {
        assert(parts[i].len <= sizeof key.data - key.len);
        if (parts[i].len) memcpy(key.data + key.len, parts[i].data, parts[i].len);
        key.len += parts[i].len;
    }
    return key;
}

static const struct bytes nothing = {NULL, 0};

struct state_key state_key_participant(const char *id) {
    return key_of("p ", bytes_text(id), nothing);
}

struct state_key state_key_kid(const char *kid) {
    return key_of("k ", bytes_text(kid), nothing);
}

struct state_key state_key_chain(const uint8_t opening[RECORD_ID_LEN]) {
    return key_of("c ", bytes_of(opening, RECORD_ID_LEN), nothing);
}

struct state_key state_key_link(const uint8_t id[RECORD_ID_LEN]) {
    return key_of("r ", bytes_of(id, RECORD_ID_LEN), nothing);
}

struct state_key state_key_holder(const uint8_t id[RECORD_ID_LEN]) {
    return key_of("h ", bytes_of(id, RECORD_ID_LEN), nothing);
}

struct state_key state_key_finding(const uint8_t finding[32]) {
    return key_of("f ", bytes_of(finding, 32), nothing);
}

struct state_key state_key_finding_of(const uint8_t id[RECORD_ID_LEN], const uint8_t finding[32]) {
    return key_of("F ", bytes_of(id, RECORD_ID_LEN), bytes_of(finding, 32));
}

struct state_key state_key_governance(const char *name) {
    return key_of("g ", bytes_text(name), nothing);
}

struct state_key state_key_rule(const char *rule) {
    return key_of("g rule ", bytes_text(rule), nothing);
}

struct state_key state_key_worker(const uint8_t tag[32]) {
    return key_of("w ", bytes_of(tag, 32), nothing);
}

struct state_key state_key_worker_of(const uint8_t opening[RECORD_ID_LEN]) {
    return key_of("W ", bytes_of(opening, RECORD_ID_LEN), nothing);
}

struct state_key state_key_benefit(const uint8_t opening[RECORD_ID_LEN]) {
    return key_of("d ", bytes_of(opening, RECORD_ID_LEN), nothing);
}

static void key_add(struct state_key *key, const char *text) {
    size_t len = strlen(text);
    assert(len <= sizeof key->data - key->len);
    memcpy(key->data + key->len, text, len);
    key->len += len;
}

/* Neither an item nor a participant's id holds a blank, so no two keys are the same. */
struct state_key state_key_payment(const uint8_t tag[32], const char *item, const char *slot) {
    struct state_key key = key_of("b ", bytes_of(tag, 32), bytes_text(item));
    key_add(&key, " ");
    key_add(&key, slot);
    return key;
}

struct state_key state_key_payrun(const char *payer, const char *batch_no) {
    struct state_key key = key_of("B ", bytes_text(payer), nothing);
    key_add(&key, " ");
    key_add(&key, batch_no);
    return key;
}

static void key_add_u64(struct state_key *key, uint64_t number) {
    assert(sizeof key->data - key->len >= 8);
    put_u64(key->data + key->len, number);
    key->len += 8;
}

static void key_add_text8(struct state_key *key, const char *text) {
    size_t len = strlen(text);
    assert(len <= UINT8_MAX && len < sizeof key->data - key->len);
    key->data[key->len++] = (uint8_t)len;
    memcpy(key->data + key->len, text, len);
    key->len += len;
}

struct state_key state_key_tagged_prefix(const uint8_t tag[32]) {
    return key_of("t ", bytes_of(tag, 32), nothing);
}

struct state_key state_key_tagged(const uint8_t tag[32], uint64_t index) {
    struct state_key key = state_key_tagged_prefix(tag);
    key_add_u64(&key, index);
    return key;
}

struct state_key state_key_owned_prefix(const char *owner) {
    struct state_key key = key_of("o ", nothing, nothing);
    key_add_text8(&key, owner);
    return key;
}

struct state_key state_key_owned(const char *owner, uint64_t index) {
    struct state_key key = state_key_owned_prefix(owner);
    key_add_u64(&key, index);
    return key;
}

struct state_key state_key_ruled_prefix(const char *rule) {
    struct state_key key = key_of("n ", nothing, nothing);
    key_add_text8(&key, rule);
    return key;
}

struct state_key state_key_ruled(const char *rule, uint64_t index) {
    struct state_key key = state_key_ruled_prefix(rule);
    key_add_u64(&key, index);
    return key;
}

struct state_key state_key_statistics(const char *whose) {
    struct state_key key = key_of("s ", nothing, nothing);
    key_add_text8(&key, whose);
    return key;
}

struct state_key state_key_statistic(const char *whose, const char *month, const char *type,
                                     const char *act, const char *item, const char *result) {
    struct state_key key = state_key_statistics(whose);
    key_add_text8(&key, month);
    key_add_text8(&key, type);
    key_add_text8(&key, act);
    key_add_text8(&key, item);
    key_add_text8(&key, result);
    return key;
}

struct state_key state_key_participants(void) {
    return key_of("p ", nothing, nothing);
}

struct state_key state_key_findings_of(const uint8_t id[RECORD_ID_LEN]) {
    return key_of("F ", bytes_of(id, RECORD_ID_LEN), nothing);
}

struct bytes state_key_bytes(const struct state_key *key) {
    return bytes_of(key->data, key->len);
}

enum err state_get(struct view view, struct state_key key, struct buf *ret) {
    enum err err = view.get(view.ctx, state_key_bytes(&key), ret);
    return err == ERR_TOO_LARGE ? ERR_CORRUPT : err;
}

enum err state_add_text(struct buf *out, const char *text) {
    size_t len = strlen(text);
    assert(len <= UINT8_MAX);
    enum err err = buf_add_byte(out, (uint8_t)len);
    return err ? err : buf_add_text(out, text);
}

void state_take_text(struct cursor *cursor, char *out, size_t room) {
    struct bytes text = cursor_take(cursor, cursor_u8(cursor));
    out[0] = 0;
    if (text.len >= room || !utf8_valid(text)) cursor->failed = true;
    if (text.len && memchr(text.data, 0, text.len)) cursor->failed = true;
    if (cursor->failed) return;
    if (text.len) memcpy(out, text.data, text.len);
    out[text.len] = 0;
}
