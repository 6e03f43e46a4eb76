/* The rules on labour contracts: LC-03, LC-05, LC-09, LC-10, LC-11, LC-23 (DOMAIN.md section 5). They compare what a record says with an article of law and say by how much
 * it misses; they never say what follows from it.
 *
 * Claims have the right form here (labour_check). Judged are the contract when it is concluded and an amendment that states the term anew, and corrections of both. */
#include "contracts/labour.h"

#include "contracts/ids.h"
#include "contracts/period.h"
#include "ledger/base/text.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

/* What the rules on probation read. */
struct term {
    bool is_fixed, is_task, is_part, has_probation;
    int months;          /* of a fixed term */
    int32_t first, last; /* last: of a fixed term */
    int probation;
};

static bool claim_is(const struct contract_input *in, const char *name, const char *text) {
    return bytes_is(json_text_bytes(json_member(in->claims, name)), text);
}

static struct term term_of(const struct contract_input *in) {
    struct term term = {.is_fixed = claim_is(in, "kind", "fixed"),
                        .is_task = claim_is(in, "kind", "task"),
                        .is_part = claim_is(in, "form", "part")};
    int64_t probation;
    bool parsed = period_parse(json_text_bytes(json_member(in->claims, "start")), &term.first);
    if (term.is_fixed) {
        parsed =
            parsed && period_parse(json_text_bytes(json_member(in->claims, "end")), &term.last);
        term.months = parsed ? period_term_months(term.first, term.last) : 0;
    }
    assert(parsed); /* labour_check saw to it */
    term.has_probation = json_int(json_member(in->claims, "probation_months"), &probation);
    if (term.has_probation) term.probation = (int)probation;
    return term;
}

static struct rule_hit *unknown(struct rule_hits *hits, const struct rule_setting *setting,
                                const char *pointer, const char *claim) {
    struct rule_hit *hit = rule_hits_add(hits, setting, RULE_UNKNOWN, pointer);
    rule_hit_say(hit, "%s is not stated, so this cannot be judged.", claim);
    rule_hit_say_zh(hit, "未载明 %s，无法判断", claim);
    return hit;
}

/* -- LC-03 -- */

/* Labour Contract Law Art 19: "劳动合同期限三个月以上不满一年的，试用期不得超过一个月；劳动合同期限一年以上不满三年的，试用期不得超过二个月；
 * 三年以上固定期限和无固定期限的劳动合同，试用期不得超过六个月。" "以完成一定工作任务为期限的劳动合同或者劳动合同期限不满三个月的，不得约定试用期。"
 * Art 70: "非全日制用工双方当事人不得约定试用期。" The parameter `months` holds the four limits. */
static size_t limit_place(const struct term *term) {
    if (term->is_part || term->is_task) return 0;
    if (!term->is_fixed || term->months >= 36) return 3;
    if (term->months >= 12) return 2;
    return term->months >= 3 ? 1 : 0;
}

static void term_words(const struct term *term, char en[48], char zh[64]) {
    const char *open_en = term->is_part   ? "part-time work"
                          : term->is_task ? "a term by task"
                                          : "an open term";
    const char *open_zh = term->is_part   ? "非全日制用工"
                          : term->is_task ? "以完成一定工作任务为期限"
                                          : "无固定期限";
    if (!term->is_part && term->is_fixed) {
        (void)snprintf(en, 48, "a term of %d full months", term->months);
        (void)snprintf(zh, 64, "合同期限满%d个月", term->months);
        return;
    }
    (void)snprintf(en, 48, "%s", open_en);
    (void)snprintf(zh, 64, "%s", open_zh);
}

static void lc_03(const struct contract_input *in, const struct rule_setting *setting,
                  struct rule_hits *hits) {
    struct term term = term_of(in);
    int64_t limit = 0;
    char en[48], zh[64];
    if (!term.has_probation) {
        (void)unknown(hits, setting, "/probation_months", "probation_months");
        return;
    }
    bool known =
        json_int(json_at(json_member(setting->parameters, "months"), limit_place(&term)), &limit);
    assert(known); /* rules_put saw to it */
    term_words(&term, en, zh);
    bool good = term.probation <= limit;
    struct rule_hit *hit =
        rule_hits_add(hits, setting, good ? RULE_PASS : RULE_FAIL, "/probation_months");
    if (good) {
        rule_hit_say(hit, "Probation of %d months; %s allows %d.", term.probation, en, (int)limit);
        rule_hit_say_zh(hit, "试用期%d个月；%s，上限%d个月", term.probation, zh, (int)limit);
    } else {
        rule_hit_say(hit, "Probation of %d months exceeds by %d the %d months that %s allows.",
                     term.probation, term.probation - (int)limit, (int)limit, en);
        rule_hit_say_zh(hit, "试用期%d个月；%s，上限%d个月，超出%d个月", term.probation, zh,
                        (int)limit, term.probation - (int)limit);
    }
}

/* -- LC-05 -- */

/* Art 19: "试用期包含在劳动合同期限内。劳动合同仅约定试用期的，试用期不成立，该期限为劳动合同期限。" So a probation that lasts as long as the term, or longer, is
 * none. */
static void lc_05(const struct contract_input *in, const struct rule_setting *setting,
                  struct rule_hits *hits) {
    struct term term = term_of(in);
    if (!term.has_probation) {
        (void)unknown(hits, setting, "/probation_months", "probation_months");
        return;
    }
    bool good = term.probation == 0 || !term.is_fixed ||
                period_add_months(term.first, term.probation) <= term.last;
    struct rule_hit *hit =
        rule_hits_add(hits, setting, good ? RULE_PASS : RULE_FAIL, "/probation_months");
    if (good) {
        rule_hit_say(hit, "Probation of %d months lies inside the term.", term.probation);
        rule_hit_say_zh(hit, "试用期%d个月，包含在合同期限内", term.probation);
        return;
    }
    char over[PERIOD_TEXT_LEN + 1], last[PERIOD_TEXT_LEN + 1];
    period_format(period_add_months(term.first, term.probation) - 1, over);
    period_format(term.last, last);
    rule_hit_say(hit,
                 "Probation of %d months lasts until %s, the term until %s: nothing is left of "
                 "the term.",
                 term.probation, over, last);
    rule_hit_say_zh(hit, "试用期%d个月至%s止，合同期限至%s止：试用期须短于合同期限", term.probation,
                    over, last);
}

/* -- LC-09 -- */

static bool role_signed(const struct json *signatures, const char *role) {
    for (size_t i = 0; i < json_count(signatures); i++)
        if (bytes_is(json_text_bytes(json_member(json_at(signatures, i), "role")), role))
            return true;
    return false;
}

/* Where signatures state what they are over, it must be one thing. */
static bool digests_differ(const struct json *signatures) {
    struct bytes first = bytes_of(NULL, 0);
    for (size_t i = 0; i < json_count(signatures); i++) {
        struct bytes digest = json_text_bytes(json_member(json_at(signatures, i), "digest"));
        if (digest.len && first.len && !bytes_equal(digest, first)) return true;
        if (digest.len) first = digest;
    }
    return false;
}

/* Art 16: "劳动合同由用人单位与劳动者协商一致，并经用人单位与劳动者在劳动合同文本上签字或者盖章生效。" */
static void lc_09(const struct contract_input *in, const struct rule_setting *setting,
                  struct rule_hits *hits) {
    const struct json *signatures = json_member(in->claims, "signatures");
    if (!signatures) {
        (void)unknown(hits, setting, "/signatures", "signatures");
        return;
    }
    bool employer = role_signed(signatures, "employer"), worker = role_signed(signatures, "worker");
    bool differ = digests_differ(signatures);
    bool good = employer && worker && !differ;
    struct rule_hit *hit =
        rule_hits_add(hits, setting, good ? RULE_PASS : RULE_FAIL, "/signatures");
    if (good) {
        rule_hit_say(hit, "Signed by employer and worker.");
        rule_hit_say_zh(hit, "双方均已签署");
    } else if (employer && worker) {
        rule_hit_say(hit,
                     "The signatures state different digests: they are not over one document.");
        rule_hit_say_zh(hit, "各签名所载文件摘要不一致");
    } else {
        const char *en = employer ? "worker" : worker ? "employer" : "employer and of the worker";
        const char *zh = employer ? "劳动者" : worker ? "用人单位" : "用人单位和劳动者";
        rule_hit_say(hit, "The signature of the %s is missing (%d of 2 parties signed).", en,
                     employer + worker);
        rule_hit_say_zh(hit, "缺少%s签署（双方中%d方已签署）", zh, employer + worker);
    }
}

/* -- LC-10 -- */

static bool element_listed(const struct json *elements, const char *name) {
    for (size_t i = 0; i < json_count(elements); i++)
        if (bytes_is(json_text_bytes(json_at(elements, i)), name)) return true;
    return false;
}

static void text_join(char *out, size_t room, const char *separator, const char *more) {
    size_t len = strlen(out);
    int added = snprintf(out + len, room - len, "%s%s", len ? separator : "", more);
    assert(added > 0 && (size_t)added < room - len);
}

/* Art 17: "劳动合同应当具备以下条款", and nine of them follow. */
static void lc_10(const struct contract_input *in, const struct rule_setting *setting,
                  struct rule_hits *hits) {
    const struct json *elements = json_member(in->claims, "elements");
    char en[128] = "", zh[256] = "";
    int missing = 0;
    if (!elements) {
        (void)unknown(hits, setting, "/elements", "elements");
        return;
    }
    for (size_t i = 0; i < LABOUR_ELEMENTS; i++) {
        if (element_listed(elements, labour_elements[i].name)) continue;
        text_join(en, sizeof en, ", ", labour_elements[i].name);
        text_join(zh, sizeof zh, "；", labour_elements[i].zh);
        missing++;
    }
    struct rule_hit *hit =
        rule_hits_add(hits, setting, missing ? RULE_FAIL : RULE_PASS, "/elements");
    if (missing) {
        rule_hit_say(hit, "%d of 9 mandatory terms are missing: %s.", missing, en);
        rule_hit_say_zh(hit, "缺少%d项：%s", missing, zh);
    } else {
        rule_hit_say(hit, "All 9 mandatory terms are listed.");
        rule_hit_say_zh(hit, "九项必备条款齐全");
    }
}

/* -- LC-11 -- */

static void lc_11_unknown(const struct rule_setting *setting, bool no_tag, struct rule_hits *hits) {
    struct rule_hit *hit = rule_hits_add(hits, setting, RULE_UNKNOWN, "/tags");
    if (no_tag) {
        rule_hit_say(hit, "No tag stands for the worker, so other contracts cannot be compared.");
        rule_hit_say_zh(hit, "未附劳动者标签，无法与其他合同比对");
    } else {
        rule_hit_say(hit, "Other contracts of the worker are known to the ledger only.");
        rule_hit_say_zh(hit, "劳动者的其他合同须由账本比对");
    }
}

/* Labour Contract Law Art 39 (4): "劳动者同时与其他用人单位建立劳动关系，对完成本单位的工作任务造成严重影响，或者经用人单位提出，拒不改正的"; Art 91 makes an employer
 * liable who takes on a worker whose other contract has not ended. So a second employer is a risk to look into; twice with one employer is a contract that should have
 * been amended, renewed or ended. Another employer is never named: that is none of this one's business. */
static enum err lc_11(const struct contract_input *in, const struct rule_setting *setting,
                      struct rule_hits *hits) {
    struct labour_overlap overlap;
    enum err err = labour_overlap_find(in, &overlap);
    if (err) return err;
    if (overlap.join != LABOUR_JOINED) {
        lc_11_unknown(setting, overlap.join == LABOUR_NO_TAG, hits);
        return ERR_OK;
    }
    enum rule_result result = overlap.own ? RULE_FAIL : overlap.foreign ? RULE_RISK : RULE_PASS;
    struct rule_hit *hit = rule_hits_add(hits, setting, result, "/start");
    if (overlap.own) {
        char id[2 * RECORD_ID_LEN + 1];
        hex_encode(bytes_of(overlap.nearest, RECORD_ID_LEN), id);
        rule_hit_say(hit,
                     "%u full-time contract(s) of the same employer and worker meet this term, one "
                     "of them %s: amend it, or end it first.",
                     overlap.own, id);
        rule_hit_say_zh(hit,
                        "同一用人单位与该劳动者已有%u份全日制合同与本合同期限重叠，请先变更或终止",
                        overlap.own);
    } else if (overlap.foreign) {
        rule_hit_say(hit,
                     "%u full-time contract(s) of the worker with other employers meet this "
                     "term.",
                     overlap.foreign);
        rule_hit_say_zh(hit, "该劳动者与其他用人单位的%u份全日制合同与本合同期限重叠",
                        overlap.foreign);
    } else {
        rule_hit_say(hit, "No other full-time contract of the worker meets this term.");
        rule_hit_say_zh(hit, "未发现该劳动者期限重叠的其他全日制合同");
    }
    return ERR_OK;
}

/* -- LC-23, before signing only: afterwards the number is hidden -- */

static void lc_23(const struct contract_input *in, const struct rule_setting *setting,
                  struct rule_hits *hits) {
    const struct json *worker = json_member(in->claims, "worker");
    const struct json *type = json_member(worker, "id_type");
    const struct json *number = json_member(worker, "id_number");
    if (!worker || !bytes_is(json_text_bytes(type), "resident-id")) {
        struct rule_hit *hit = rule_hits_add(hits, setting, RULE_UNKNOWN, "/worker");
        rule_hit_say(hit, "No resident id number is stated, so there is no check digit to test.");
        rule_hit_say_zh(hit, "未载明居民身份证号码，无法校验");
        return;
    }
    bool good = ids_resident_valid(json_text_bytes(number));
    struct rule_hit *hit = rule_hits_add(hits, setting, good ? RULE_PASS : RULE_FAIL, "/worker");
    rule_hit_say(hit, good ? "The worker's id number has a right check character."
                           : "The worker's id number is not 18 characters with a date that exists "
                             "and a right check character.");
    rule_hit_say_zh(hit,
                    good ? "劳动者身份证号码校验正确" : "劳动者身份证号码位数、日期或校验码有误");
}

/* -- all of them -- */

typedef void judge_fn(const struct contract_input *in, const struct rule_setting *setting,
                      struct rule_hits *hits);

static enum err run(const struct contract_input *in, const char *id, judge_fn *judge,
                    struct rule_hits *hits) {
    struct rule_setting setting = {.action = RULE_OFF};
    enum err err = rule_setting_get(in->view, in->reviewing, id, &setting);
    if (!err && setting.action != RULE_OFF) judge(in, &setting, hits);
    rule_setting_done(&setting);
    return err;
}

static enum err run_lc_11(const struct contract_input *in, struct rule_hits *hits) {
    struct rule_setting setting = {.action = RULE_OFF};
    enum err err = rule_setting_get(in->view, in->reviewing, "LC-11", &setting);
    if (!err && setting.action != RULE_OFF) err = lc_11(in, &setting, hits);
    rule_setting_done(&setting);
    return err;
}

enum err labour_judge(const struct contract_input *in, struct rule_hits *hits) {
    bool concludes = strcmp(in->act, "conclude") == 0;
    bool has_term = json_member(in->claims, "kind") != NULL;
    enum err err = ERR_OK;
    if (has_term) err = run(in, "LC-03", lc_03, hits);
    if (!err && has_term) err = run(in, "LC-05", lc_05, hits);
    if (!err && concludes) err = run(in, "LC-09", lc_09, hits);
    if (!err && concludes) err = run(in, "LC-10", lc_10, hits);
    if (!err && has_term) err = run_lc_11(in, hits);
    if (!err && concludes && in->reviewing) err = run(in, "LC-23", lc_23, hits);
    return err;
}
