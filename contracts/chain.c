/* See chain.h and contract.h. */
#include "contracts/chain.h"

#include "contracts/state_keys.h"
#include "ledger/base/text.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#define ID_TEXT (2 * RECORD_ID_LEN + 1)
#define STATUSES_TEXT 96 /* all of them, with separators */

const char *chain_status_name(enum chain_status status) {
    switch (status) {
    case CHAIN_NONE: return "none";
    case CHAIN_PENDING: return "pending";
    case CHAIN_IN_FORCE: return "in_force";
    case CHAIN_SUSPENDED: return "suspended";
    case CHAIN_SUPERSEDED: return "superseded";
    case CHAIN_ENDED: return "ended";
    case CHAIN_RECORDED: return "recorded";
    }
    return "none";
}

const char *chain_status_zh(enum chain_status status) {
    switch (status) {
    case CHAIN_NONE: return "无";
    case CHAIN_PENDING: return "待生效";
    case CHAIN_IN_FORCE: return "有效";
    case CHAIN_SUSPENDED: return "已中止";
    case CHAIN_SUPERSEDED: return "已被更正";
    case CHAIN_ENDED: return "已终结";
    case CHAIN_RECORDED: return "已登记";
    }
    return "无";
}

/* -- rows -- */

static enum err replaced_encode(bool is_replaced, const uint8_t by[RECORD_ID_LEN],
                                struct buf *out) {
    enum err err = buf_add_byte(out, is_replaced);
    return err || !is_replaced ? err : buf_add(out, bytes_of(by, RECORD_ID_LEN));
}

/* Ends the row. */
static bool replaced_decode(struct cursor *cursor, bool *ret_is_replaced,
                            uint8_t ret_by[RECORD_ID_LEN]) {
    uint8_t replaced = cursor_u8(cursor);
    *ret_is_replaced = replaced == 1;
    if (*ret_is_replaced) cursor_copy(cursor, ret_by, RECORD_ID_LEN);
    return cursor_ended(cursor) && replaced <= 1;
}

static enum err chain_encode(const struct chain *chain, struct buf *out) {
    enum err err = buf_add(out, bytes_of(chain->head, RECORD_ID_LEN));
    if (!err) err = buf_add_u32(out, chain->count);
    if (!err) err = buf_add_byte(out, (uint8_t)chain->status);
    if (!err) err = state_add_text(out, chain->type);
    if (!err) err = state_add_text(out, chain->owner);
    if (!err) err = state_add_text(out, chain->act);
    if (!err) err = buf_add_u64(out, chain->index);
    return err ? err : replaced_encode(chain->is_replaced, chain->replaced_by, out);
}

static enum err chain_decode(struct bytes row, struct chain *chain) {
    struct cursor cursor = cursor_of(row);
    cursor_copy(&cursor, chain->head, RECORD_ID_LEN);
    chain->count = cursor_u32(&cursor);
    uint8_t status = cursor_u8(&cursor);
    state_take_text(&cursor, chain->type, sizeof chain->type);
    state_take_text(&cursor, chain->owner, sizeof chain->owner);
    state_take_text(&cursor, chain->act, sizeof chain->act);
    chain->index = cursor_u64(&cursor);
    bool is_whole = replaced_decode(&cursor, &chain->is_replaced, chain->replaced_by);
    if (!is_whole || chain->count == 0 || status > CHAIN_RECORDED) return ERR_CORRUPT;
    chain->status = (enum chain_status)status;
    return ERR_OK;
}

static enum err link_encode(const struct chain_link *link, struct buf *out) {
    enum err err = buf_add(out, bytes_of(link->opening, RECORD_ID_LEN));
    if (!err) err = state_add_text(out, link->act);
    if (!err) err = state_add_text(out, link->claims_act);
    if (!err) err = buf_add_u64(out, link->index);
    return err ? err : replaced_encode(link->is_replaced, link->replaced_by, out);
}

static enum err link_decode(struct bytes row, struct chain_link *link) {
    struct cursor cursor = cursor_of(row);
    cursor_copy(&cursor, link->opening, RECORD_ID_LEN);
    state_take_text(&cursor, link->act, sizeof link->act);
    state_take_text(&cursor, link->claims_act, sizeof link->claims_act);
    link->index = cursor_u64(&cursor);
    return replaced_decode(&cursor, &link->is_replaced, link->replaced_by) ? ERR_OK : ERR_CORRUPT;
}

enum err chain_get(struct view view, const uint8_t opening[RECORD_ID_LEN], struct chain *ret) {
    struct buf row;
    struct chain chain;
    memset(&chain, 0, sizeof chain);
    memcpy(chain.opening, opening, RECORD_ID_LEN);
    buf_init(&row, STATE_ROW_MAX);
    enum err err = state_get(view, state_key_chain(opening), &row);
    if (!err) err = chain_decode(buf_bytes(&row), &chain);
    buf_done(&row);
    if (!err) *ret = chain;
    return err;
}

static void text_copy(char *out, size_t room, const char *text) {
    size_t len = strlen(text);
    assert(len < room);
    memcpy(out, text, len + 1);
}

/* The link of the record that opened the chain: its claims are its own, since a correction opens none. */
static struct chain_link link_of_opening(const struct chain *chain) {
    struct chain_link link = {.index = chain->index, .is_replaced = chain->is_replaced};
    memcpy(link.opening, chain->opening, RECORD_ID_LEN);
    memcpy(link.replaced_by, chain->replaced_by, RECORD_ID_LEN);
    text_copy(link.act, sizeof link.act, chain->act);
    text_copy(link.claims_act, sizeof link.claims_act, chain->act);
    return link;
}

static enum err opening_link_get(struct view view, const uint8_t id[RECORD_ID_LEN],
                                 struct chain_link *ret) {
    struct chain chain;
    enum err err = chain_get(view, id, &chain);
    if (!err) *ret = link_of_opening(&chain);
    return err;
}

enum err chain_link_get(struct view view, const uint8_t id[RECORD_ID_LEN], struct chain_link *ret) {
    struct buf row;
    struct chain_link link;
    memset(&link, 0, sizeof link);
    buf_init(&row, STATE_ROW_MAX);
    enum err err = state_get(view, state_key_link(id), &row);
    if (!err) err = link_decode(buf_bytes(&row), &link);
    buf_done(&row);
    if (err == ERR_NOT_FOUND) return opening_link_get(view, id, ret);
    if (!err) *ret = link;
    return err;
}

static enum err chain_put(struct overlay *overlay, const struct chain *chain) {
    struct state_key key = state_key_chain(chain->opening);
    struct buf row;
    buf_init(&row, STATE_ROW_MAX);
    enum err err = chain_encode(chain, &row);
    if (!err) err = overlay_put(overlay, state_key_bytes(&key), buf_bytes(&row));
    buf_done(&row);
    return err;
}

static enum err link_put(struct overlay *overlay, const uint8_t id[RECORD_ID_LEN],
                         const struct chain_link *link) {
    struct state_key key = state_key_link(id);
    struct buf row;
    buf_init(&row, STATE_ROW_MAX);
    enum err err = link_encode(link, &row);
    if (!err) err = overlay_put(overlay, state_key_bytes(&key), buf_bytes(&row));
    buf_done(&row);
    return err;
}

/* -- finding -- */

static enum err form_check(const struct contract_act *act, const struct record *record,
                           struct problem *ret_why) {
    if (act->opens && record->has_ref) {
        return problem_at(ret_why, ERR_SCHEMA, "/ref",
                          "%s opens a new chain, so it follows no record: leave ref out.",
                          act->act);
    }
    if (!act->opens && !act->beside && !record->has_ref) {
        return problem_at(ret_why, ERR_SCHEMA, "/ref",
                          "%s follows another record: name the newest one of its chain in ref.",
                          act->act);
    }
    if (act->corrects != record->has_replaces) {
        return problem_at(ret_why, ERR_SCHEMA, "/replaces",
                          act->corrects
                              ? "%s names the record that it replaces: replaces is missing."
                              : "%s replaces no record: leave replaces out.",
                          act->act);
    }
    return ERR_OK;
}

static enum err chain_of(struct view view, const uint8_t id[RECORD_ID_LEN], struct chain *ret) {
    struct chain_link link;
    enum err err = chain_link_get(view, id, &link);
    if (err) return err;
    err = chain_get(view, link.opening, ret);
    return err == ERR_NOT_FOUND ? ERR_CORRUPT : err;
}

static enum err replaced_find(struct view view, const struct record *record,
                              struct chain_step *step, struct problem *ret_why) {
    enum err err = chain_link_get(view, record->replaces, &step->replaced);
    bool foreign = !err && memcmp(step->replaced.opening, step->chain.opening, RECORD_ID_LEN) != 0;
    if (err == ERR_NOT_FOUND || foreign) {
        return problem_at(ret_why, ERR_STATE, "/replaces",
                          "replaces names no record of the chain that ref belongs to.");
    }
    if (err) return err;
    const struct contract_act *act = contract_act_find(step->type, step->replaced.act);
    const struct contract_act *claims = contract_act_find(step->type, step->replaced.claims_act);
    if (!act || !claims || claims->corrects) return ERR_CORRUPT;
    if (contract_act_is_holders(act)) {
        return problem_at(ret_why, ERR_STATE, "/replaces",
                          "replaces names the holder's own word, which nobody else can correct.");
    }
    step->claims_act = step->replaced.claims_act;
    return ERR_OK;
}

static enum err refuse_not_opening(const struct chain *chain, struct problem *ret_why) {
    char opening[ID_TEXT];
    hex_encode(bytes_of(chain->opening, RECORD_ID_LEN), opening);
    return problem_at(ret_why, ERR_STATE, "/ref",
                      "ref must name the record that opened the chain, and that is %s.", opening);
}

static enum err ref_find(struct view view, const struct record *record, struct chain_step *step,
                         struct problem *ret_why) {
    enum err err = chain_of(view, record->ref, &step->chain);
    if (err == ERR_NOT_FOUND) {
        return problem_at(ret_why, ERR_STALE_REF, "/ref",
                          "ref names no record of this ledger. Send the record that it follows "
                          "first.");
    }
    if (err) return err;
    if (strcmp(step->chain.type, step->type->type) != 0) {
        return problem_at(ret_why, ERR_STATE, "/ref", "ref names a record of type %s, not %s.",
                          step->chain.type, step->type->type);
    }
    step->is_beside = step->act->beside;
    step->has_chain = !step->is_beside;
    if (step->is_beside && memcmp(step->chain.opening, record->ref, RECORD_ID_LEN) != 0)
        return refuse_not_opening(&step->chain, ret_why);
    return ERR_OK;
}

enum err chain_step_find(struct view view, const struct contract_type *type,
                         const struct contract_act *act, const struct record *record,
                         struct chain_step *ret, struct problem *ret_why) {
    memset(ret, 0, sizeof *ret);
    ret->type = type;
    ret->act = act;
    ret->claims_act = act->act;
    enum err err = form_check(act, record, ret_why);
    if (err || !record->has_ref) return err;
    err = ref_find(view, record, ret, ret_why);
    if (err || !act->corrects) return err;
    return replaced_find(view, record, ret, ret_why);
}

/* -- checking -- */

static void statuses_write(unsigned bits, char out[STATUSES_TEXT]) {
    size_t len = 0;
    out[0] = 0;
    for (unsigned i = 0; i <= CHAIN_RECORDED; i++) {
        if (!(bits & 1u << i)) continue;
        int more = snprintf(out + len, STATUSES_TEXT - len, "%s%s", len ? ", " : "",
                            chain_status_name((enum chain_status)i));
        assert(more > 0 && (size_t)more < STATUSES_TEXT - len);
        len += (size_t)more;
    }
}

/* Which acts the status allows, and which status the act needs. */
static enum err refuse_status(const struct chain_step *step, struct problem *ret_why) {
    char acts[160], statuses[STATUSES_TEXT];
    size_t len = 0;
    acts[0] = 0;
    for (size_t i = 0; i < step->type->act_count; i++) {
        const struct contract_act *act = &step->type->acts[i];
        if (act->opens || !(act->from & 1u << step->chain.status)) continue;
        int more = snprintf(acts + len, sizeof acts - len, "%s%s", len ? ", " : "", act->act);
        assert(more > 0 && (size_t)more < sizeof acts - len);
        len += (size_t)more;
    }
    statuses_write(step->act->from, statuses);
    return problem_at(ret_why, ERR_STATE, "/act",
                      "The chain is %s, where %s may follow; %s needs one that is %s.",
                      chain_status_name(step->chain.status), len ? acts : "nothing", step->act->act,
                      statuses[0] ? statuses : "different");
}

static enum err refuse_stale(const struct chain_step *step, struct problem *ret_why) {
    char head[ID_TEXT];
    hex_encode(bytes_of(step->chain.head, RECORD_ID_LEN), head);
    return problem_at(ret_why, ERR_STALE_REF, "/ref",
                      "ref is not the newest record of its chain: that is %s. Look at what it says "
                      "and build on it.",
                      head);
}

enum err chain_step_check(const struct chain_step *step, const struct record *record,
                          struct problem *ret_why) {
    const struct chain *chain = &step->chain;
    if (!step->has_chain && !step->is_beside) return ERR_OK;
    bool is_holders = contract_act_is_holders(step->act); /* holder_find saw to its key */
    if (!is_holders && strcmp(chain->owner, record->iss) != 0) {
        return problem_at(ret_why, ERR_SCOPE, "/ref",
                          "Another participant opened this chain; only that one may continue it.");
    }
    if (step->has_chain && memcmp(chain->head, record->ref, RECORD_ID_LEN) != 0)
        return refuse_stale(step, ret_why);
    if (!(step->act->from & 1u << chain->status)) return refuse_status(step, ret_why);
    if (step->act->corrects && step->replaced.is_replaced) {
        char by[ID_TEXT];
        hex_encode(bytes_of(step->replaced.replaced_by, RECORD_ID_LEN), by);
        return problem_at(ret_why, ERR_STATE, "/replaces",
                          "That record was replaced already, by %s: correct that one.", by);
    }
    return ERR_OK;
}

/* -- writing -- */

static struct chain chain_after(const struct chain_step *step, const struct record *record,
                                uint64_t index) {
    struct chain chain = step->chain;
    if (!step->has_chain) {
        memset(&chain, 0, sizeof chain);
        memcpy(chain.opening, record->id, RECORD_ID_LEN);
        text_copy(chain.type, sizeof chain.type, record->type);
        text_copy(chain.owner, sizeof chain.owner, record->iss);
        text_copy(chain.act, sizeof chain.act, step->act->act);
        chain.index = index;
    }
    memcpy(chain.head, record->id, RECORD_ID_LEN);
    chain.count++;
    if (step->act->to != CHAIN_NONE) chain.status = step->act->to;
    return chain;
}

/* What the record replaces: the chain's opening, whose row is the chain's, or a later record. */
static enum err replaced_write(const struct chain_step *step, const struct record *record,
                               struct chain *chain, struct overlay *overlay) {
    if (memcmp(record->replaces, chain->opening, RECORD_ID_LEN) == 0) {
        chain->is_replaced = true;
        memcpy(chain->replaced_by, record->id, RECORD_ID_LEN);
        return ERR_OK;
    }
    struct chain_link replaced = step->replaced;
    replaced.is_replaced = true;
    memcpy(replaced.replaced_by, record->id, RECORD_ID_LEN);
    return link_put(overlay, record->replaces, &replaced);
}

enum err chain_step_write(const struct chain_step *step, const struct record *record,
                          uint64_t index, struct overlay *overlay) {
    struct chain chain = chain_after(step, record, index);
    enum err err = ERR_OK;
    if (step->act->corrects) err = replaced_write(step, record, &chain, overlay);
    if (!err) err = chain_put(overlay, &chain);
    if (err || !step->has_chain) return err;
    struct chain_link link = {.index = index};
    memcpy(link.opening, chain.opening, RECORD_ID_LEN);
    text_copy(link.act, sizeof link.act, step->act->act);
    text_copy(link.claims_act, sizeof link.claims_act, step->claims_act);
    return link_put(overlay, record->id, &link);
}
