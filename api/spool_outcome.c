/* See spool_outcome.h. An error is stored by its code, so that a newer program may number its errors anew. */
#include "api/spool_outcome.h"

#include "ledger/store/file.h"

#include <string.h>

#define PREFIX 4

static enum err add_text(struct buf *out, const char *text) {
    size_t len = strlen(text);
    enum err err = buf_add_u16(out, (uint16_t)len);
    return err ? err : buf_add(out, bytes_of(text, len));
}

static void take_text(struct cursor *cursor, char *out, size_t room) {
    size_t len = cursor_u16(cursor);
    struct bytes text = cursor_take(cursor, len);
    if (cursor->failed || len >= room || (len && memchr(text.data, 0, len))) {
        cursor->failed = true;
        return;
    }
    if (len) memcpy(out, text.data, len);
    out[len] = 0;
}

static enum err add_problem(struct buf *out, const struct problem *problem) {
    enum err err = add_text(out, err_code(problem->err));
    if (!err) err = add_text(out, problem->detail);
    if (!err) err = add_text(out, problem->pointer);
    if (!err) err = add_text(out, problem->rule);
    return err ? err : add_text(out, problem->law);
}

static void take_problem(struct cursor *cursor, struct problem *problem) {
    char code[64] = "";
    take_text(cursor, code, sizeof code);
    take_text(cursor, problem->detail, sizeof problem->detail);
    take_text(cursor, problem->pointer, sizeof problem->pointer);
    take_text(cursor, problem->rule, sizeof problem->rule);
    take_text(cursor, problem->law, sizeof problem->law);
    if (!cursor->failed && !err_from_code(code, &problem->err)) problem->err = ERR_INTERNAL;
    if (problem->err == ERR_OK) cursor->failed = true; /* no refusal says so */
}

enum err spool_outcome_encode(const struct spool_outcome *outcome, struct buf *out) {
    size_t from = out->len;
    enum err err = buf_add_u32(out, 0);
    if (!err) err = buf_add_byte(out, (uint8_t)outcome->kind);
    if (!err) err = buf_add_byte(out, outcome->has_id);
    if (!err && outcome->has_id) err = buf_add(out, bytes_of(outcome->id, sizeof outcome->id));
    if (!err && outcome->kind == SPOOL_REFUSED) err = add_problem(out, &outcome->problem);
    if (!err && outcome->kind != SPOOL_REFUSED) err = buf_add_u64(out, outcome->index);
    if (!err) put_u32(out->data + from, (uint32_t)(out->len - from - PREFIX));
    return err;
}

enum err spool_outcome_decode(struct bytes in, struct spool_outcome *ret) {
    struct spool_outcome outcome;
    struct cursor cursor = cursor_of(in);
    memset(&outcome, 0, sizeof outcome);
    uint8_t kind = cursor_u8(&cursor), has_id = cursor_u8(&cursor);
    outcome.kind = (enum spool_kind)kind;
    outcome.has_id = has_id == 1;
    if (outcome.has_id) cursor_copy(&cursor, outcome.id, sizeof outcome.id);
    if (kind == SPOOL_REFUSED)
        take_problem(&cursor, &outcome.problem);
    else
        outcome.index = cursor_u64(&cursor);
    if (kind < SPOOL_RECORDED || kind > SPOOL_REFUSED || has_id > 1 || !cursor_ended(&cursor))
        return ERR_CORRUPT;
    *ret = outcome;
    return ERR_OK;
}

enum err spool_outcome_first(struct bytes in, struct spool_outcome *ret, size_t *ret_len) {
    if (in.len == 0) return ERR_NOT_FOUND;
    if (in.len < PREFIX) return ERR_CORRUPT;
    uint32_t len = get_u32(in.data);
    if (len > SPOOL_OUTCOME_MAX || len > in.len - PREFIX) return ERR_CORRUPT;
    enum err err = spool_outcome_decode(bytes_of(in.data + PREFIX, len), ret);
    if (!err) *ret_len = PREFIX + len;
    return err;
}

enum err spool_outcome_read(int fd, uint64_t offset, uint64_t end, struct spool_outcome *ret,
                            uint64_t *ret_next) {
    uint8_t bytes[SPOOL_OUTCOME_WHOLE];
    size_t held = end - offset < sizeof bytes ? (size_t)(end - offset) : sizeof bytes, len = 0;
    enum err err = held ? file_read_at(fd, bytes, held, offset) : ERR_NOT_FOUND;
    if (!err) err = spool_outcome_first(bytes_of(bytes, held), ret, &len);
    if (!err) *ret_next = offset + len;
    return err;
}
