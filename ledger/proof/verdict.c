/* Verdicts: names, reasons, and the JSON that people and programs read. See verify.h.
 *
 * Two conclusions stand apart and are never merged: whether what was anchored is unchanged (tamper-evidence, which bytes alone
 * can show) and what is known of its origin (which they can show only in part). */
#include "ledger/proof/verdict.h"

#include "ledger/base/text.h"
#include "ledger/record/tag.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REASON_LEN 384

static const struct {
    const char *name;
    const char *zh;
} steps[STEP_COUNT] = {
#define STEP_ROW(name, text, zh) {text, zh},
    VERDICT_STEPS(STEP_ROW)
#undef STEP_ROW
};

const char *verdict_step_name(enum verdict_step step) {
    return steps[step].name;
}

const char *verdict_result_name(enum verdict_result result) {
    switch (result) {
    case VERDICT_NOT_APPLICABLE: return "not_applicable";
    case VERDICT_PASS: return "pass";
    case VERDICT_FAIL: return "fail";
    }
    return "";
}

const char *verdict_outcome_name(enum verdict_outcome outcome) {
    switch (outcome) {
    case VERDICT_VALID: return "valid";
    case VERDICT_INVALID: return "invalid";
    case VERDICT_UNCHECKED: return "unchecked";
    }
    return "";
}

void verdict_done(struct verdict *verdict) {
    if (!verdict) return;
    json_done(verdict->disclosed);
    json_done(verdict->claims);
    free(verdict);
}

/* -- reasons -- */

struct verdict_item *step_set(struct verdict *verdict, enum verdict_step step,
                              enum verdict_result result) {
    struct verdict_item *item = &verdict->items[step];
    item->result = result;
    item->reason[0] = item->reason_zh[0] = 0;
    return item;
}

/* A cut at the buffer's end can split a character: its first bytes go too. */
static void cut_mend(char *text, size_t len) {
    size_t from = len;
    while (from > 0 && ((unsigned char)text[from - 1] & 0xc0) == 0x80) from--;
    if (from > 0) from--;
    if (!utf8_valid(bytes_of(text + from, len - from))) text[from] = 0;
}

void verdict_say(char out[REASON_LEN], const char *format, ...) {
    va_list args;
    va_start(args, format);
    int len = vsnprintf(out, REASON_LEN, format, args);
    va_end(args);
    if (len >= REASON_LEN) cut_mend(out, REASON_LEN - 1);
    if (utf8_valid(bytes_text(out))) return;
    for (char *at = out; *at; at++) {
        if ((unsigned char)*at >= 0x80) *at = '?';
    }
}

void step_say(struct verdict *verdict, enum verdict_step step, enum verdict_result result,
              const char *en, const char *zh) {
    struct verdict_item *item = step_set(verdict, step, result);
    verdict_say(item->reason, "%s", en);
    verdict_say(item->reason_zh, "%s", zh);
}

void step_fail(struct verdict *verdict, enum verdict_step step, const char *zh,
               const struct problem *why) {
    struct verdict_item *item = step_set(verdict, step, VERDICT_FAIL);
    verdict_say(item->reason, "%s", why->detail[0] ? why->detail : err_title(why->err));
    verdict_say(item->reason_zh, "%s（%s）", zh, err_title_zh(why->err));
}

/* Days since 1970-01-01 to a date of the proleptic Gregorian calendar. Years are counted from March, so that the leap day ends
 * one; 146,097 days make 400 years, 719,468 lie between 0000-03-01 and 1970-01-01. */
static void date_of(uint64_t days, unsigned *ret_year, unsigned *ret_month, unsigned *ret_day) {
    uint64_t z = days + 719468, era = z / 146097, doe = z % 146097;
    uint64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    uint64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100), mp = (5 * doy + 2) / 153;
    *ret_day = (unsigned)(doy - (153 * mp + 2) / 5 + 1);
    *ret_month = (unsigned)(mp < 10 ? mp + 3 : mp - 9);
    *ret_year = (unsigned)(yoe + era * 400 + (*ret_month <= 2));
}

void time_text(uint64_t seconds, char ret[TIME_TEXT_LEN]) {
    unsigned year, month, day, rest = (unsigned)(seconds % 86400);
    if (seconds > 253402300799u) { /* 9999-12-31T23:59:59Z */
        (void)snprintf(ret, TIME_TEXT_LEN, "?");
        return;
    }
    date_of(seconds / 86400, &year, &month, &day);
    (void)snprintf(ret, TIME_TEXT_LEN, "%04u-%02u-%02uT%02u:%02u:%02uZ", year, month, day,
                   rest / 3600, rest / 60 % 60, rest % 60);
}

/* -- conclusions -- */

/* What holds as unchanged: the record, and the document where one was asked for. */
static void integrity_say(const struct verdict *verdict, char en[REASON_LEN], char zh[REASON_LEN]) {
    char leaf_time[TIME_TEXT_LEN], bound[TIME_TEXT_LEN];
    bool with_document = verdict->items[STEP_DOCUMENT].result == VERDICT_PASS;
    time_text(verdict->leaf_time_ms / 1000, leaf_time);
    time_text(verdict->existed_by_s, bound);
    switch (verdict->outcome) {
    case VERDICT_VALID:
        verdict_say(en,
                    "%s unchanged since anchoring: the smallest change would have been detected "
                    "(tamper-evident). Ledger time %s%s%s.",
                    with_document ? "The document and its record are"
                                  : "What the leaf stands for is",
                    leaf_time, verdict->existed_by_s ? "; it existed not later than " : "",
                    verdict->existed_by_s ? bound : "");
        verdict_say(zh, "%s上链后未经篡改（任何改动均可检出）。账本时间 %s%s%s。",
                    with_document ? "文件及其记录" : "叶子所代表的内容", leaf_time,
                    verdict->existed_by_s ? "；最迟存在于 " : "",
                    verdict->existed_by_s ? bound : "");
        return;
    case VERDICT_INVALID:
        verdict_say(en, "Not shown to be unchanged: at least one step failed; see its reason.");
        verdict_say(zh, "未能证明上链后未经篡改：至少一个步骤未通过，详见其理由。");
        return;
    case VERDICT_UNCHECKED:
        verdict_say(
            en, "Not answered: what was given does not allow the check; see the steps' reasons.");
        verdict_say(zh, "未作结论：所给材料不足以完成核验，详见各步骤理由。");
        return;
    }
}

/* A holder is no participant: nobody but the one who named its key knows whose it is. */
static void holder_say(const struct verdict *verdict, char en[REASON_LEN], char zh[REASON_LEN]) {
    const char *kid = verdict->issuer + strlen(RECORD_KEY_URI);
    verdict_say(en,
                "Signed with the key %s. That it is the holder's own, such as the worker's, is the "
                "claim of participant %s, whose record names it. Whether the content was true when "
                "it was signed, no ledger can show.",
                kid, verdict->named_by);
    verdict_say(zh,
                "由密钥 %s 签名。该密钥属于持有人本人（如劳动者）一节，是参与方 %s 在其记录中的"
                "陈述。签名之前内容是否真实，账本不能证明。",
                kid, verdict->named_by);
}

static void origin_say(const struct verdict *verdict, char en[REASON_LEN], char zh[REASON_LEN]) {
    bool shown = verdict->items[STEP_RECORD].result == VERDICT_PASS &&
                 verdict->items[STEP_ISSUER].result == VERDICT_PASS;
    if (shown && verdict->named_by[0]) {
        holder_say(verdict, en, zh);
        return;
    }
    if (shown) {
        verdict_say(
            en,
            "Signed with a key that a registrar of this ledger bound to participant %s. That the "
            "key "
            "was valid then is attested by the quorum's acceptance. Whether the content was true "
            "when it was signed, no ledger can show.",
            verdict->issuer);
        verdict_say(zh,
                    "由本账本登记机构登记在参与方 %s "
                    "名下的密钥签名；该密钥当时有效，由法定数节点的接受予以证明。"
                    "签名之前内容是否真实，账本不能证明。",
                    verdict->issuer);
        return;
    }
    if (verdict->has_record && verdict->items[STEP_ISSUER].result != VERDICT_FAIL &&
        verdict->items[STEP_RECORD].result != VERDICT_FAIL) {
        verdict_say(
            en,
            "The record names %s as its issuer, but nothing here proves who signed: ask for a "
            "receipt "
            "with its issuer chain.",
            verdict->issuer);
        verdict_say(zh,
                    "记录自称由 %s 签发，但本回执未证明由谁签名：请索取附有签发方密钥链的回执。",
                    verdict->issuer);
        return;
    }
    verdict_say(en,
                "Nothing is shown about who made this or whether it was true before anchoring.");
    verdict_say(zh, "未能证明由谁作出，也未证明上链前内容是否真实。");
}

static enum verdict_result integrity_result(enum verdict_outcome outcome) {
    switch (outcome) {
    case VERDICT_VALID: return VERDICT_PASS;
    case VERDICT_INVALID: return VERDICT_FAIL;
    case VERDICT_UNCHECKED: return VERDICT_NOT_APPLICABLE;
    }
    return VERDICT_FAIL;
}

/* -- JSON: each *_put takes nothing over but what it makes -- */

static enum err object_put(struct json *parent, const char *name, struct json **ret) {
    *ret = json_new_object();
    return json_put(parent, name, *ret);
}

static enum err texts_put(struct json *object, const char *en, const char *zh) {
    enum err err = json_put_text(object, "text", en);
    return err ? err : json_put_text(object, "text_zh", zh);
}

static enum err conclusions_put(const struct verdict *verdict, struct json *root) {
    char en[REASON_LEN], zh[REASON_LEN];
    struct json *both = NULL, *part = NULL;
    enum err err = object_put(root, "conclusions", &both);
    if (!err) err = object_put(both, "integrity", &part);
    integrity_say(verdict, en, zh);
    if (!err) err = texts_put(part, en, zh);
    if (!err) {
        err =
            json_put_text(part, "result", verdict_result_name(integrity_result(verdict->outcome)));
    }
    if (!err) err = object_put(both, "origin", &part);
    origin_say(verdict, en, zh);
    return err ? err : texts_put(part, en, zh);
}

static enum err step_push(const struct verdict *verdict, enum verdict_step step,
                          struct json *array) {
    const struct verdict_item *item = &verdict->items[step];
    struct json *object = json_new_object();
    enum err err = json_push(array, object);
    if (!err) err = json_put_text(object, "step", steps[step].name);
    if (!err) err = json_put_text(object, "zh", steps[step].zh);
    if (!err) err = json_put_text(object, "result", verdict_result_name(item->result));
    if (!err) err = json_put_text(object, "reason", item->reason);
    return err ? err : json_put_text(object, "reason_zh", item->reason_zh);
}

static enum err steps_put(const struct verdict *verdict, struct json *root) {
    struct json *array = json_new_array();
    enum err err = json_put(root, "steps", array);
    for (unsigned i = 0; !err && i < STEP_COUNT; i++)
        err = step_push(verdict, (enum verdict_step)i, array);
    return err;
}

/* {role: {"id_type"}}: what opens a tag, the id number and the blind, is the holder's to show and stays in the receipt. */
static struct json *evidence_json(const struct json *evidence) {
    struct json *shown = json_new_object();
    enum err err = shown ? ERR_OK : ERR_NO_MEMORY;
    for (void *it = json_first(evidence); !err && it; it = json_next(evidence, it)) {
        struct bytes type = json_text_bytes(json_member(json_value_at(it), "id_type"));
        struct json *one = json_new_object();
        if (one && tag_word_valid(type)) err = json_put(one, "id_type", json_new_text_bytes(type));
        if (!err)
            err = json_put(shown, json_name_at(it), one);
        else
            json_done(one);
    }
    if (!err) return shown;
    json_done(shown);
    return NULL;
}

static struct json *disclosed_json(const struct json *disclosed) {
    struct json *shown = json_clone(disclosed);
    const struct json *evidence = json_member(disclosed, TAG_CLAIM);
    if (!shown || !evidence || !json_put(shown, TAG_CLAIM, evidence_json(evidence))) return shown;
    json_done(shown);
    return NULL;
}

static enum err record_put(const struct verdict *verdict, struct json *root) {
    char id[2 * RECORD_ID_LEN + 1];
    struct json *object;
    if (!verdict->has_record) return ERR_OK;
    hex_encode(bytes_of(verdict->record_id, RECORD_ID_LEN), id);
    enum err err = object_put(root, "record", &object);
    if (!err) err = json_put_text(object, "id", id);
    if (!err) err = json_put_text(object, "issuer", verdict->issuer);
    if (!err) err = json_put_text(object, "type", verdict->type);
    if (!err) err = json_put_text(object, "act", verdict->act);
    if (!err && verdict->named_by[0]) err = json_put_text(object, "named_by", verdict->named_by);
    if (!err && verdict->claims) err = json_put(object, "claims", json_clone(verdict->claims));
    if (!err && verdict->disclosed)
        err = json_put(object, "disclosed", disclosed_json(verdict->disclosed));
    return err;
}

/* Sizes and times come from outside: what JSON cannot carry exactly is left out (no tree and no clock gets there). */
static enum err number_put(struct json *object, const char *name, uint64_t value) {
    return value <= LIMIT_JSON_INT ? json_put_int(object, name, (int64_t)value) : ERR_OK;
}

static enum err binding_put(const struct verdict *verdict, struct json *root) {
    struct json *object;
    if (!verdict->is_bound) return ERR_OK;
    enum err err = object_put(root, "key_binding", &object);
    if (!err) err = json_put_text(object, "kid", verdict->binding.kid);
    if (!err) err = json_put_text(object, "aud", verdict->binding.aud);
    if (!err) err = json_put_text(object, "nonce", verdict->binding.nonce);
    if (!err) err = json_put_int(object, "iat", verdict->binding.iat);
    return err ? err : json_put_bool(object, "demanded", verdict->is_demanded);
}

static enum err log_put(const struct verdict *verdict, struct json *root) {
    struct json *object;
    if (verdict->size == 0) return ERR_OK;
    enum err err = object_put(root, "log", &object);
    if (!err) err = number_put(object, "index", verdict->index);
    return err ? err : number_put(object, "size", verdict->size);
}

static enum err time_put(const struct verdict *verdict, struct json *root) {
    struct json *object;
    enum err err = object_put(root, "time", &object);
    if (!err && verdict->leaf_time_ms) err = number_put(object, "leaf_ms", verdict->leaf_time_ms);
    if (!err && verdict->existed_by_s)
        err = number_put(object, "existed_by_s", verdict->existed_by_s);
    if (!err && verdict->timestamp_s) err = number_put(object, "timestamp_s", verdict->timestamp_s);
    return err;
}

static enum err quorum_put(const struct verdict *verdict, struct json *root) {
    struct json *object, *names = NULL;
    if (verdict->quorum.n == 0) return ERR_OK;
    enum err err = object_put(root, "quorum", &object);
    if (!err) err = json_put_int(object, "n", verdict->quorum.n);
    if (!err) err = json_put_int(object, "f", verdict->quorum.f);
    if (!err) err = json_put_int(object, "q", verdict->quorum.q);
    if (!err) err = json_put_int(object, "liars_survived", verdict->quorum.liars_survived);
    if (!err) err = json_put(object, "cosigners", names = json_new_array());
    for (size_t i = 0; !err && i < verdict->cosigner_count; i++)
        err = json_push(names, json_new_text(verdict->cosigners[i]));
    return err;
}

enum err verdict_json(const struct verdict *verdict, struct json **ret) {
    struct json *root = json_new_object();
    if (!root) return ERR_NO_MEMORY;
    enum err err = json_put_text(root, "outcome", verdict_outcome_name(verdict->outcome));
    if (!err) err = steps_put(verdict, root);
    if (!err) err = record_put(verdict, root);
    if (!err) err = binding_put(verdict, root);
    if (!err) err = log_put(verdict, root);
    if (!err) err = time_put(verdict, root);
    if (!err) err = quorum_put(verdict, root);
    if (!err) err = conclusions_put(verdict, root);
    if (err) {
        json_done(root);
        return err;
    }
    *ret = root;
    return ERR_OK;
}
