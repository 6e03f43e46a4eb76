/* Who was paid what, in state: what each chain is about, which payment holds a month or a cause, and each pay run's tree (benefit.h, state_keys.h).
 *
 * A payment that is `paid` takes its month (or cause); a correction to anything else gives it back, and so does a later record of the same payer that it was
 * `returned`. A pay run grows with each payment in the order of leaves until a `batch` record closes it.
 *
 * Invariant: the holder of a month or cause is the opening of a chain of this type that says `paid`. */
#include "contracts/benefit.h"

#include "contracts/state_keys.h"
#include "contracts/tags.h"

#include <assert.h>
#include <string.h>

/* -- claims -- */

static void text_take(const struct contract_input *in, const char *name, char *out, size_t room) {
    struct bytes text = json_text_bytes(json_member(in->claims, name));
    assert(text.len < room); /* benefit_check saw to it */
    if (text.len) memcpy(out, text.data, text.len);
    out[text.len] = 0;
}

static enum benefit_result result_of(const struct contract_input *in) {
    struct bytes text = json_text_bytes(json_member(in->claims, "result"));
    if (bytes_is(text, "paid")) return BENEFIT_PAID;
    if (bytes_is(text, "failed")) return BENEFIT_FAILED;
    return text.len ? BENEFIT_RETURNED : BENEFIT_NO_RESULT;
}

struct benefit benefit_of(const struct contract_input *in) {
    struct benefit benefit;
    const uint8_t *person = tag_of(in->record, BENEFIT_PERSON);
    bool determines = strcmp(in->act, "determine") == 0;
    memset(&benefit, 0, sizeof benefit);
    if (person) memcpy(benefit.person, person, sizeof benefit.person);
    text_take(in, "item", benefit.item, sizeof benefit.item);
    text_take(in, determines ? "start_period" : "period", benefit.period, sizeof benefit.period);
    text_take(in, "cause_event", benefit.cause, sizeof benefit.cause);
    text_take(in, "batch_no", benefit.batch_no, sizeof benefit.batch_no);
    benefit.result = result_of(in);
    return benefit;
}

/* -- chains -- */

static enum err benefit_encode(const struct benefit *benefit, struct buf *out) {
    enum err err = buf_add(out, bytes_of(benefit->person, sizeof benefit->person));
    if (!err) err = state_add_text(out, benefit->item);
    if (!err) err = state_add_text(out, benefit->period);
    if (!err) err = state_add_text(out, benefit->cause);
    if (!err) err = state_add_text(out, benefit->batch_no);
    if (!err) err = buf_add_byte(out, (uint8_t)benefit->result);
    if (!err) err = buf_add_byte(out, benefit->is_stepped);
    if (err || !benefit->is_stepped) return err;
    err = state_add_text(out, benefit->stop);
    return err ? err : buf_add(out, bytes_of(benefit->stop_by, RECORD_ID_LEN));
}

static enum err benefit_decode(struct bytes row, struct benefit *benefit) {
    struct cursor cursor = cursor_of(row);
    cursor_copy(&cursor, benefit->person, sizeof benefit->person);
    state_take_text(&cursor, benefit->item, sizeof benefit->item);
    state_take_text(&cursor, benefit->period, sizeof benefit->period);
    state_take_text(&cursor, benefit->cause, sizeof benefit->cause);
    state_take_text(&cursor, benefit->batch_no, sizeof benefit->batch_no);
    uint8_t result = cursor_u8(&cursor), stepped = cursor_u8(&cursor);
    benefit->is_stepped = stepped == 1;
    if (benefit->is_stepped) state_take_text(&cursor, benefit->stop, sizeof benefit->stop);
    if (benefit->is_stepped) cursor_copy(&cursor, benefit->stop_by, RECORD_ID_LEN);
    if (!cursor_ended(&cursor) || result > BENEFIT_RETURNED || stepped > 1) return ERR_CORRUPT;
    if (!benefit_item_find(bytes_text(benefit->item))) return ERR_CORRUPT;
    benefit->result = (enum benefit_result)result;
    return ERR_OK;
}

enum err benefit_get(struct view view, const uint8_t opening[RECORD_ID_LEN], struct benefit *ret) {
    struct buf row;
    struct benefit benefit;
    memset(&benefit, 0, sizeof benefit);
    buf_init(&row, STATE_ROW_MAX);
    enum err err = state_get(view, state_key_benefit(opening), &row);
    if (!err) err = benefit_decode(buf_bytes(&row), &benefit);
    buf_done(&row);
    if (!err) *ret = benefit;
    return err;
}

static enum err benefit_put(struct overlay *overlay, const uint8_t opening[RECORD_ID_LEN],
                            const struct benefit *benefit) {
    struct state_key key = state_key_benefit(opening);
    struct buf row;
    buf_init(&row, STATE_ROW_MAX);
    enum err err = benefit_encode(benefit, &row);
    if (!err) err = overlay_put(overlay, state_key_bytes(&key), buf_bytes(&row));
    buf_done(&row);
    return err;
}

enum err benefit_opening(const struct contract_input *in, uint8_t ret[RECORD_ID_LEN],
                         bool *ret_follows) {
    struct chain_link link;
    *ret_follows =
        in->record->has_ref && (strcmp(in->act, "disburse") != 0 || in->record->has_replaces);
    if (!*ret_follows) {
        memcpy(ret, in->record->id, RECORD_ID_LEN);
        return ERR_OK;
    }
    enum err err = chain_link_get(in->view, in->record->ref, &link);
    if (err) return err == ERR_NOT_FOUND ? ERR_CORRUPT : err; /* the chain was found by it */
    memcpy(ret, link.opening, RECORD_ID_LEN);
    return ERR_OK;
}

/* -- months and causes -- */

static struct state_key payment_key(const struct benefit *benefit) {
    const struct benefit_item *item = benefit_item_find(bytes_text(benefit->item));
    assert(item);
    return state_key_payment(benefit->person, benefit->item,
                             item->is_once ? benefit->cause : benefit->period);
}

enum err benefit_holder(struct view view, const struct benefit *benefit,
                        uint8_t ret[RECORD_ID_LEN]) {
    struct buf row;
    buf_init(&row, STATE_ROW_MAX);
    enum err err = state_get(view, payment_key(benefit), &row);
    if (!err && row.len != RECORD_ID_LEN) err = ERR_CORRUPT;
    if (!err) memcpy(ret, row.data, RECORD_ID_LEN);
    buf_done(&row);
    return err;
}

static enum err holder_put(struct overlay *overlay, const struct benefit *benefit,
                           const uint8_t opening[RECORD_ID_LEN]) {
    struct state_key key = payment_key(benefit);
    return overlay_put(overlay, state_key_bytes(&key), bytes_of(opening, RECORD_ID_LEN));
}

static enum err holder_erase(struct overlay *overlay, const struct benefit *benefit) {
    struct state_key key = payment_key(benefit);
    return overlay_erase(overlay, state_key_bytes(&key));
}

/* True where that payer opened that chain. */
static enum err opened_by(struct view view, const uint8_t opening[RECORD_ID_LEN], const char *payer,
                          bool *ret) {
    struct chain chain;
    enum err err = chain_get(view, opening, &chain);
    if (err) return err == ERR_NOT_FOUND ? ERR_CORRUPT : err;
    *ret = strcmp(chain.owner, payer) == 0;
    return ERR_OK;
}

/* After the record of chain `opening` says what became of the payment. Where a rule was not to reject, the newest payment holds. */
static enum err holder_update(const struct contract_input *in, struct overlay *overlay,
                              const struct benefit *benefit, const uint8_t opening[RECORD_ID_LEN]) {
    uint8_t holder[RECORD_ID_LEN];
    if (benefit->result == BENEFIT_PAID) return holder_put(overlay, benefit, opening);
    enum err err = benefit_holder(in->view, benefit, holder);
    if (err) return err == ERR_NOT_FOUND ? ERR_OK : err;
    bool own = memcmp(holder, opening, RECORD_ID_LEN) == 0, same_payer = false;
    if (!own && benefit->result == BENEFIT_RETURNED && !in->record->has_replaces)
        err = opened_by(in->view, holder, in->record->iss, &same_payer);
    return err || (!own && !same_payer) ? err : holder_erase(overlay, benefit);
}

/* -- pay runs -- */

static enum err payrun_encode(const struct payrun *payrun, struct buf *out) {
    uint64_t size = payrun->frontier.size;
    enum err err = state_add_text(out, payrun->item);
    if (!err) err = state_add_text(out, payrun->period);
    if (!err) err = buf_add_byte(out, payrun->is_closed);
    if (!err) err = buf_add_u64(out, size);
    for (unsigned level = 0; !err && level < 64; level++)
        if (size >> level & 1)
            err = buf_add(out, bytes_of(payrun->frontier.nodes[level], HASH_LEN));
    return err;
}

static enum err payrun_decode(struct bytes row, struct payrun *payrun) {
    struct cursor cursor = cursor_of(row);
    state_take_text(&cursor, payrun->item, sizeof payrun->item);
    state_take_text(&cursor, payrun->period, sizeof payrun->period);
    uint8_t closed = cursor_u8(&cursor);
    uint64_t size = payrun->frontier.size = cursor_u64(&cursor);
    payrun->is_closed = closed == 1;
    if (size >> 62) return ERR_CORRUPT; /* the tree takes no more (merkle.h) */
    for (unsigned level = 0; level < 64; level++)
        if (size >> level & 1) cursor_copy(&cursor, payrun->frontier.nodes[level], HASH_LEN);
    return cursor_ended(&cursor) && closed <= 1 ? ERR_OK : ERR_CORRUPT;
}

enum err payrun_get(struct view view, const char *payer, const char *batch_no, struct payrun *ret) {
    struct buf row;
    struct payrun payrun;
    memset(&payrun, 0, sizeof payrun);
    buf_init(&row, STATE_ROW_MAX);
    enum err err = state_get(view, state_key_payrun(payer, batch_no), &row);
    if (!err) err = payrun_decode(buf_bytes(&row), &payrun);
    buf_done(&row);
    if (!err) *ret = payrun;
    return err;
}

static enum err payrun_put(struct overlay *overlay, const char *payer, const char *batch_no,
                           const struct payrun *payrun) {
    struct state_key key = state_key_payrun(payer, batch_no);
    struct buf row;
    buf_init(&row, STATE_ROW_MAX);
    enum err err = payrun_encode(payrun, &row);
    if (!err) err = overlay_put(overlay, state_key_bytes(&key), buf_bytes(&row));
    buf_done(&row);
    return err;
}

/* The pay run takes one more payment; the first one says of what item and month it is. */
static enum err payrun_grow(const struct contract_input *in, struct overlay *overlay,
                            const struct benefit *benefit, struct problem *ret_why) {
    struct payrun payrun;
    uint8_t leaf[HASH_LEN];
    const char *payer = in->record->iss;
    enum err err = payrun_get(in->view, payer, benefit->batch_no, &payrun);
    if (err == ERR_NOT_FOUND) {
        memset(&payrun, 0, sizeof payrun);
        memcpy(payrun.item, benefit->item, sizeof payrun.item);
        memcpy(payrun.period, benefit->period, sizeof payrun.period);
        err = ERR_OK;
    }
    if (err) return err;
    if (payrun.is_closed)
        return problem_at(ret_why, ERR_STATE, "/batch_no",
                          "This pay run was closed by its batch record with %llu payments; further "
                          "ones need another number.",
                          (unsigned long long)payrun.frontier.size);
    if (strcmp(payrun.item, benefit->item) != 0 || strcmp(payrun.period, benefit->period) != 0)
        return problem_at(ret_why, ERR_STATE, "/batch_no",
                          "This pay run is of %s for %s; other items and months need another "
                          "number.",
                          payrun.item, payrun.period);
    merkle_leaf(bytes_of(in->record->id, RECORD_ID_LEN), leaf);
    merkle_frontier_append(&payrun.frontier, leaf);
    return payrun_put(overlay, payer, benefit->batch_no, &payrun);
}

static enum err payrun_close(const struct contract_input *in, struct overlay *overlay,
                             const struct benefit *benefit, struct problem *ret_why) {
    struct payrun payrun;
    const char *payer = in->record->iss;
    enum err err = payrun_get(in->view, payer, benefit->batch_no, &payrun);
    if (err == ERR_NOT_FOUND)
        return problem_at(ret_why, ERR_STATE, "/batch_no",
                          "No payment of yours has this number: there is nothing to close.");
    if (err || in->record->has_replaces) return err;
    if (payrun.is_closed)
        return problem_at(ret_why, ERR_STATE, "/batch_no",
                          "This pay run is closed already; correct its batch record.");
    payrun.is_closed = true;
    return payrun_put(overlay, payer, benefit->batch_no, &payrun);
}

/* -- acts -- */

/* A payment that names its determination agrees with it, and is not for a month that payment stopped for. What failed or came back is told in any case. */
static enum err determination_check(const struct contract_input *in, const struct benefit *benefit,
                                    struct problem *ret_why) {
    struct benefit determined;
    enum err err = benefit_get(in->view, in->record->ref, &determined);
    if (err) return err == ERR_NOT_FOUND ? ERR_CORRUPT : err;
    if (memcmp(determined.person, benefit->person, sizeof benefit->person) != 0 ||
        strcmp(determined.item, benefit->item) != 0)
        return problem_at(ret_why, ERR_STATE, "/ref",
                          "ref names a determination of another person or item.");
    if (benefit->result != BENEFIT_PAID || !determined.stop[0]) return ERR_OK;
    if (strcmp(benefit->period, determined.stop) < 0) return ERR_OK; /* YYYY-MM sorts as text */
    return problem_at(ret_why, ERR_STATE, "/period",
                      "Payment of this benefit stopped from %s on; resume it first.",
                      determined.stop);
}

static enum err disburse_apply(const struct contract_input *in, struct overlay *overlay,
                               const uint8_t opening[RECORD_ID_LEN], struct problem *ret_why) {
    struct benefit benefit = benefit_of(in);
    enum err err = in->record->has_ref ? determination_check(in, &benefit, ret_why) : ERR_OK;
    if (!err) err = payrun_grow(in, overlay, &benefit, ret_why);
    if (!err) err = holder_update(in, overlay, &benefit, opening);
    return err ? err : benefit_put(overlay, opening, &benefit);
}

static enum err batch_apply(const struct contract_input *in, struct overlay *overlay,
                            const uint8_t opening[RECORD_ID_LEN], struct problem *ret_why) {
    struct benefit benefit = benefit_of(in);
    enum err err = payrun_close(in, overlay, &benefit, ret_why);
    return err ? err : benefit_put(overlay, opening, &benefit);
}

/* A payment's person, month, cause and pay run are what it is: only what became of it can be corrected. */
static enum err same_payment(const struct benefit *before, const struct benefit *after,
                             struct problem *ret_why) {
    if (memcmp(before->person, after->person, sizeof before->person) == 0 &&
        strcmp(before->item, after->item) == 0 && strcmp(before->period, after->period) == 0 &&
        strcmp(before->cause, after->cause) == 0 && strcmp(before->batch_no, after->batch_no) == 0)
        return ERR_OK;
    return problem_at(ret_why, ERR_STATE, "/replaces",
                      "A correction of a payment or pay run keeps person, item, period, cause and "
                      "number. Correct the payment to failed, and record the right one anew.");
}

static bool is_act(const struct contract_input *in, const char *act) {
    return strcmp(in->act, act) == 0;
}

static enum err correct_apply(const struct contract_input *in, struct overlay *overlay,
                              const uint8_t opening[RECORD_ID_LEN], struct benefit before,
                              struct problem *ret_why) {
    struct benefit after = benefit_of(in);
    enum err err = ERR_OK;
    if (is_act(in, "determine")) {
        after.is_stepped = before.is_stepped;
        memcpy(after.stop, before.stop, sizeof after.stop);
        memcpy(after.stop_by, before.stop_by, sizeof after.stop_by);
        return benefit_put(overlay, opening, &after);
    }
    err = same_payment(&before, &after, ret_why);
    if (!err && is_act(in, "batch")) err = payrun_close(in, overlay, &after, ret_why);
    if (!err && is_act(in, "disburse")) err = holder_update(in, overlay, &after, opening);
    return err ? err : benefit_put(overlay, opening, &after);
}

/* suspend, resume, terminate, and corrections of them: the newest says whether payment stops, and a correction of an older one changes nothing. */
static enum err step_apply(const struct contract_input *in, struct overlay *overlay,
                           const uint8_t opening[RECORD_ID_LEN], struct benefit benefit,
                           struct problem *ret_why) {
    const struct record *record = in->record;
    if (memcmp(benefit.person, tag_of(record, BENEFIT_PERSON), sizeof benefit.person) != 0)
        return problem_at(ret_why, ERR_STATE, "/tags",
                          "The tag stands for another person than the determination's.");
    if (record->has_replaces && memcmp(record->replaces, benefit.stop_by, RECORD_ID_LEN) != 0)
        return ERR_OK;
    benefit.is_stepped = true;
    memcpy(benefit.stop_by, record->id, RECORD_ID_LEN);
    if (is_act(in, "resume"))
        benefit.stop[0] = 0;
    else
        text_take(in, "from_period", benefit.stop, sizeof benefit.stop);
    return benefit_put(overlay, opening, &benefit);
}

enum err benefit_apply(const struct contract_input *in, struct overlay *overlay, uint64_t index,
                       struct problem *ret_why) {
    uint8_t opening[RECORD_ID_LEN];
    struct benefit before;
    bool follows;
    (void)index;
    enum err err = benefit_opening(in, opening, &follows);
    if (err) return err;
    if (!follows && is_act(in, "disburse")) return disburse_apply(in, overlay, opening, ret_why);
    if (!follows && is_act(in, "batch")) return batch_apply(in, overlay, opening, ret_why);
    if (!follows) {
        before = benefit_of(in);
        return benefit_put(overlay, opening, &before);
    }
    err = benefit_get(in->view, opening, &before);
    if (err) return err == ERR_NOT_FOUND ? ERR_CORRUPT : err;
    bool steps = is_act(in, "suspend") || is_act(in, "resume") || is_act(in, "terminate");
    return steps ? step_apply(in, overlay, opening, before, ret_why)
                 : correct_apply(in, overlay, opening, before, ret_why);
}
