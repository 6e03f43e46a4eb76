/* Type labour-contract 电子劳动合同: acts, claims and their form (DOMAIN.md section 1). The law is in labour_rules.c.
 *
 *   conclude 订立 -> amend 变更 ... -> rescind 解除 or end 终止; correct 更正 at any time, also after the end
 *   acknowledge 劳动者确认 after any of these, while the contract runs: the worker's own, with the key that the record before it names (holder.h)
 *
 * rescind carries the reasons for which a party dissolves a contract before its term is over, Labour Contract Law Arts 36 to 41; end those for which it ends by
 * law, Art 44 (1) to (6), and Art 22 of its Implementing Regulations: a contract for a task ends when the task is done.
 *
 * An amendment that touches kind, form, term or probation states all of them anew, so that it can be judged from itself: otherwise a contract concluded without
 * probation could be amended into an unlawful one that no rule ever sees whole. */
#include "contracts/labour.h"

#include "contracts/claims.h"
#include "contracts/holder.h"
#include "contracts/period.h"
#include "contracts/tags.h"
#include "contracts/types.h"
#include "ledger/record/participant.h"

#include <assert.h>
#include <string.h>

enum { CONCLUDE, AMEND, RESCIND, END, ACKNOWLEDGE, CORRECT }; /* places in the table of acts */

#define IN(status) (1u << (status))
#define LIVE (IN(CHAIN_IN_FORCE) | IN(CHAIN_SUSPENDED))

static const struct contract_act acts[] = {
    [CONCLUDE] = {"conclude", "订立", ROLE_EMPLOYER, true, false, false, 0, CHAIN_IN_FORCE},
    [AMEND] = {"amend", "变更", ROLE_EMPLOYER, false, false, false, IN(CHAIN_IN_FORCE), CHAIN_NONE},
    [RESCIND] = {"rescind", "解除", ROLE_EMPLOYER, false, false, false, LIVE, CHAIN_ENDED},
    [END] = {"end", "终止", ROLE_EMPLOYER, false, false, false, LIVE, CHAIN_ENDED},
    [ACKNOWLEDGE] = {"acknowledge", "劳动者确认", ROLES_HOLDER, false, false, false, LIVE,
                     CHAIN_NONE},
    [CORRECT] = {"correct", "更正", ROLE_EMPLOYER, false, false, true, LIVE | IN(CHAIN_ENDED),
                 CHAIN_NONE},
};

const struct labour_element labour_elements[LABOUR_ELEMENTS] = {
    {"employer", "用人单位信息"},
    {"worker", "劳动者信息"},
    {"term", "合同期限"},
    {"work", "工作内容和地点"},
    {"hours", "工作时间和休息休假"},
    {"pay", "劳动报酬"},
    {"insurance", "社会保险"},
    {"protection", "劳动保护、条件和职业危害防护"},
    {"other", "法定其他事项"},
};

/* -- forms -- */

static bool kind_valid(const struct json *value) {
    static const char *const words[] = {"fixed", "open", "task", NULL};
    return claim_is_word(value, words);
}

static bool form_valid(const struct json *value) {
    static const char *const words[] = {"full", "part", "dispatch", NULL};
    return claim_is_word(value, words);
}

static bool role_valid(const struct json *value) {
    static const char *const words[] = {"employer", "worker", NULL};
    return claim_is_word(value, words);
}

static bool initiator_valid(const struct json *value) {
    static const char *const words[] = {"employer", "worker", "both", NULL};
    return claim_is_word(value, words);
}

static bool rescind_reason_valid(const struct json *value) {
    static const char *const words[] = {"36", "37", "38", "39", "40", "41", NULL};
    return claim_is_word(value, words);
}

static bool end_reason_valid(const struct json *value) {
    static const char *const words[] = {"44-1", "44-2", "44-3", "44-4", "44-5", "44-6", "22", NULL};
    return claim_is_word(value, words);
}

static bool probation_valid(const struct json *value) {
    int64_t months;
    return json_int(value, &months) && months >= 0 && months <= 120;
}

static bool elements_valid(const struct json *value) {
    const char *words[LABOUR_ELEMENTS + 1] = {NULL};
    for (size_t i = 0; i < LABOUR_ELEMENTS; i++) words[i] = labour_elements[i].name;
    return claim_is_words(value, words, true);
}

/* Members of one object of a list: name, form, whether it must be there. */
struct item_member {
    const char *name;
    bool (*valid)(const struct json *value);
    bool required;
};

static bool item_valid(const struct json *value, const struct item_member *members, size_t count) {
    size_t found = 0;
    for (size_t i = 0; i < count; i++) {
        const struct json *member = json_member(value, members[i].name);
        if (!member && members[i].required) return false;
        if (member && !members[i].valid(member)) return false;
        found += member != NULL;
    }
    return json_kind(value) == JSON_KIND_OBJECT && json_count(value) == found;
}

static bool list_valid(const struct json *value, const struct item_member *members, size_t count) {
    if (json_kind(value) != JSON_KIND_ARRAY) return false;
    if (json_count(value) == 0 || json_count(value) > CLAIM_ITEMS_MAX) return false;
    for (size_t i = 0; i < json_count(value); i++)
        if (!item_valid(json_at(value, i), members, count)) return false;
    return true;
}

static bool signatures_valid(const struct json *value) {
    static const struct item_member members[] = {
        {"role", role_valid, true},
        {"alg", claim_is_text, false},
        {"cert_issuer", claim_is_text, false},
        {"cert_serial", claim_is_text, false},
        {"signed_at", claim_is_seconds, false},
        {"digest", claim_is_digest, false},
    };
    return list_valid(value, members, sizeof members / sizeof members[0]);
}

static bool checks_valid(const struct json *value) {
    static const struct item_member members[] = {
        {"role", role_valid, true},
        {"method", claim_is_text, true},
        {"at", claim_is_seconds, false},
        {"provider", claim_is_text, false},
        {"evidence_digest", claim_is_digest, false},
    };
    return list_valid(value, members, sizeof members / sizeof members[0]);
}

static bool changed_valid(const struct json *value);

/* -- the claims -- */

#define C_A (1u << CONCLUDE | 1u << AMEND)
#define R_E (1u << RESCIND | 1u << END)
#define ALL (C_A | R_E)
#define ANY (ALL | 1u << ACKNOWLEDGE)
#define DATE "a date YYYY-MM-DD that exists"
#define SIGNATURES                                                                                 \
    "a list of {role employer|worker, alg?, cert_issuer?, cert_serial?, signed_at? (seconds), "    \
    "digest? (base64url of 32 bytes)}"
#define CHECKS                                                                                     \
    "a list of {role employer|worker, method, at? (seconds), provider?, evidence_digest? "         \
    "(base64url of 32 bytes)}"

static const struct claim rows[] = {
    {"kind", "合同类型", "C", "fixed, open or task", C_A, 1u << CONCLUDE, false, kind_valid},
    {"form", "用工形式", "C", "full, part or dispatch", C_A, 1u << CONCLUDE, false, form_valid},
    {"start", "合同期限起始日", "C", DATE, C_A, 1u << CONCLUDE, false, claim_is_date},
    {"end", "合同期限届满日", "C", DATE ", the last day of the term", C_A, 0, false, claim_is_date},
    {"work_start", "用工起始日", "C", DATE, C_A, 1u << CONCLUDE, false, claim_is_date},
    {"signed_on", "签订日期", "C", DATE, C_A, 1u << CONCLUDE, false, claim_is_date},
    {"probation_months", "试用期月数", "C", "an integer from 0 to 120", C_A, 0, false,
     probation_valid},
    {"elements", "必备条款", "C",
     "a list, without repeats, of employer, worker, term, work, hours, pay, insurance, protection, "
     "other",
     C_A, 1u << CONCLUDE, false, elements_valid},
    {"doc", "合同文件摘要", "C", "the digests of the contract's document", ANY, 1u << CONCLUDE,
     true, NULL},
    {"cnf", "劳动者公钥", "C", "{jwk}: a public key that the worker alone holds", ALL, 0, false,
     NULL},
    {"signatures", "电子签名", "C", SIGNATURES, ALL, 1u << CONCLUDE, true, signatures_valid},
    {"identity_checks", "身份核验", "C", CHECKS, ALL, 0, false, checks_valid},
    {"intent_check", "意愿确认", "C", "true or false", ALL, 0, false, claim_is_bool},
    {"notified", "已告知劳动者", "C", "true or false", ALL, 0, false, claim_is_bool},
    {"retain_until", "保存期限", "C", DATE, ALL, 0, false, claim_is_date},
    {"changed_fields", "变更事项", "C",
     "a list, not empty and without repeats, of names of claims of a contract", 1u << AMEND,
     1u << AMEND, false, changed_valid},
    {"effective_date", "变更生效日", "C", DATE, 1u << AMEND, 1u << AMEND, false, claim_is_date},
    {"reason_code", "解除依据", "C",
     "the text 36, 37, 38, 39, 40 or 41 (articles of the Labour Contract Law)", 1u << RESCIND,
     1u << RESCIND, false, rescind_reason_valid},
    {"reason_code", "终止依据", "C",
     "the text 44-1 to 44-6 (Labour Contract Law) or 22 (Implementing Regulations: task done)",
     1u << END, 1u << END, false, end_reason_valid},
    {"date", "解除或终止日期", "C", DATE, R_E, R_E, false, claim_is_date},
    {"notice_date", "通知日期", "C", DATE, R_E, 0, false, claim_is_date},
    {"initiator", "提出方", "C", "employer, worker or both", R_E, 0, false, initiator_valid},
    {"certificate_no", "解除终止证明编号", "C", "text of at most 128 bytes", R_E, 0, false,
     claim_is_text},
    {"worker", "劳动者", "T+D", "{id_type, id_number}", ALL, 0, false, NULL},
    {"worker_name", "劳动者姓名", "D", "text", ALL, 0, false, NULL},
    {"worker_address", "劳动者住址", "D", "text", ALL, 0, false, NULL},
    {"contract_no", "合同编号", "D", "text", ALL, 0, false, NULL},
    {"employer_name", "用人单位名称", "D", "text", ALL, 0, false, NULL},
    {"employer_address", "用人单位住所", "D", "text", ALL, 0, false, NULL},
    {"legal_rep", "法定代表人", "D", "text", ALL, 0, false, NULL},
    {"post", "工作岗位", "D", "text", ALL, 0, false, NULL},
    {"place", "工作地点", "D", "text", ALL, 0, false, NULL},
    {"hours_system", "工时制度", "D", "standard, comprehensive, part-time", ALL, 0, false, NULL},
    {"wage_amount", "劳动报酬", "D", "an integer in fen for one wage_cycle", ALL, 0, false, NULL},
    {"wage_cycle", "报酬支付周期", "D", "monthly, biweekly, weekly", ALL, 0, false, NULL},
    {"social_insurance", "社会保险", "D", "text", ALL, 0, false, NULL},
    {"protection", "劳动保护", "D", "text", ALL, 0, false, NULL},
    {"other_terms", "其他约定", "D", "text", ALL, 0, false, NULL},
    {"dispatch_unit", "用工单位", "D", "text", ALL, 0, false, NULL},
    {"severance_amount", "经济补偿金额", "D", "an integer in fen", ALL, 0, false, NULL},
};

static const struct claim_table table = {rows, sizeof rows / sizeof rows[0]};

/* A name of a claim that a contract has, hidden or not; free text could hold anything. */
static bool changed_valid(const struct json *value) {
    const char *words[sizeof rows / sizeof rows[0] + 1] = {NULL};
    size_t count = 0;
    for (size_t i = 0; i < table.count; i++)
        if (rows[i].acts & 1u << CONCLUDE) words[count++] = rows[i].name;
    return claim_is_words(value, words, false);
}

/* -- what claims say together -- */

static bool has(const struct contract_input *in, const char *name) {
    return json_member(in->claims, name) != NULL;
}

/* All of what rules on the term need, or none of it. `end` depends on kind. */
static enum err amended_whole(const struct contract_input *in, struct problem *ret_why) {
    static const char *const names[] = {"kind", "form", "start", "probation_months"};
    size_t stated = 0, count = sizeof names / sizeof names[0];
    for (size_t i = 0; i < count; i++) stated += has(in, names[i]);
    if (stated == count || (stated == 0 && !has(in, "end"))) return ERR_OK;
    return problem_at(ret_why, ERR_SCHEMA, "/kind",
                      "An amendment that states kind, form, start, end or probation_months states "
                      "them all as they stand afterwards (no end for an open term), so that it can "
                      "be judged.");
}

static enum err term_check(const struct contract_input *in, struct problem *ret_why) {
    const struct json *kind = json_member(in->claims, "kind");
    const struct json *end = json_member(in->claims, "end");
    int32_t first, last;
    if (!kind) return ERR_OK;
    if (bytes_is(json_text_bytes(kind), "fixed") && !end)
        return problem_at(ret_why, ERR_SCHEMA, "/end", "end is missing: a fixed term has one.");
    if (bytes_is(json_text_bytes(kind), "open") && end)
        return problem_at(ret_why, ERR_SCHEMA, "/end", "An open term has no end: leave it out.");
    if (!end || !period_parse(json_text_bytes(end), &last) ||
        !period_parse(json_text_bytes(json_member(in->claims, "start")), &first))
        return ERR_OK;
    if (first <= last) return ERR_OK;
    return problem_at(ret_why, ERR_SCHEMA, "/end", "end lies before start.");
}

static bool doc_listed(const struct record_doc *doc, const struct holder *holder) {
    for (size_t i = 0; i < holder->doc_count; i++) {
        if (holder->docs[i].alg == doc->alg &&
            memcmp(holder->docs[i].digest, doc->digest, DIGEST_LEN) == 0)
            return true;
    }
    return false;
}

/* A worker confirms what the record before says, and nothing else: no other document, and no key in place of the one that signs. */
static enum err acknowledged_check(const struct contract_input *in, struct problem *ret_why) {
    struct holder holder;
    if (has(in, "cnf"))
        return problem_at(ret_why, ERR_SCHEMA, "/cnf",
                          "acknowledge names no holder's key: leave cnf out.");
    if (!in->record) return ERR_OK;
    enum err err = holder_get(in->view, in->record->ref, &holder);
    for (size_t i = 0; !err && i < in->record->doc_count; i++) {
        if (doc_listed(&in->record->docs[i], &holder)) continue;
        err = problem_at(ret_why, ERR_SCHEMA, "/doc",
                         "doc names a document that the acknowledged record does not name.");
    }
    return err == ERR_NOT_FOUND ? ERR_CORRUPT : err; /* the key was found there */
}

static const struct tag_rule tag_rows[] = {{LABOUR_WORKER, TAG_LABOUR, ALL, 0}};
static const struct tag_table tags = {tag_rows, sizeof tag_rows / sizeof tag_rows[0]};

static enum err labour_check(const struct contract_input *in, struct problem *ret_why) {
    unsigned act = claims_act_bit(&labour_contract_type, in->act);
    assert(act & ANY);
    enum err err = claims_check(table, act, in, ret_why);
    if (!err) err = tags_check(tags, act, in, ret_why);
    if (!err && act == 1u << AMEND) err = amended_whole(in, ret_why);
    if (!err && act == 1u << ACKNOWLEDGE) err = acknowledged_check(in, ret_why);
    return err ? err : term_check(in, ret_why);
}

static struct json *labour_claims(void) {
    return claims_json(table, &labour_contract_type);
}

static struct json *labour_tags(void) {
    return tags_json(tags, &labour_contract_type);
}

/* -- on a date -- */

static int32_t day_of(const struct json *claims, const char *name, int32_t otherwise) {
    int32_t day;
    return period_parse(json_text_bytes(json_member(claims, name)), &day) ? day : otherwise;
}

/* The day of rescission or end is the last one of the contract, as in the terms that rule LC-11 compares. */
static struct contract_effect labour_effect(const char *act, const struct json *claims) {
    struct contract_effect effect = {EFFECT_NONE, 0, false, INT32_MAX, false};
    bool states = json_member(claims, "kind") != NULL;
    switch (claims_act_bit(&labour_contract_type, act)) {
    case 1u << CONCLUDE:
        effect.kind = EFFECT_BEGIN;
        effect.day = day_of(claims, "start", 0);
        break;
    case 1u << AMEND:
        effect.kind = EFFECT_CHANGE;
        effect.day = day_of(claims, "effective_date", 0);
        break;
    case 1u << RESCIND:
    case 1u << END:
        effect.kind = EFFECT_END;
        effect.day = day_of(claims, "date", 0) + 1;
        return effect;
    default: return effect;
    }
    effect.states_term = effect.restates = states;
    effect.last = day_of(claims, "end", INT32_MAX);
    return effect;
}

static const char *const term_names[] = {
    "kind",     "form",      "start",        "end", "work_start", "probation_months",
    "elements", "signed_on", "retain_until", NULL};
static const char *const restated_names[] = {"kind", "form", "start", "end", "probation_months",
                                             NULL};
static const struct contract_dating dating = {labour_effect, term_names, restated_names};

const struct contract_type labour_contract_type = {
    .type = "labour-contract",
    .version = 1,
    .title = "Electronic labour contract",
    .title_zh = "电子劳动合同",
    .acts = acts,
    .act_count = sizeof acts / sizeof acts[0],
    .check = labour_check,
    .judge = labour_judge,
    .apply = labour_apply,
    .dating = &dating,
    .elements = labour_claims,
    .tags = labour_tags,
};
