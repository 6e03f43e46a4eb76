/* Type benefit 社保待遇: items, acts, claims and their form (DOMAIN.md section 2). See benefit.h.
 *
 * A payment may name its determination in ref; where it does, it must be of the same person and item. It need not, since most pensions were determined before there was
 * a ledger. recover and repay are not in this version: they need amounts, which no node sees. */
#include "contracts/benefit.h"

#include "contracts/period.h"
#include "contracts/tags.h"
#include "contracts/types.h"
#include "ledger/record/participant.h"

#include <assert.h>
#include <string.h>

enum { DETERMINE, SUSPEND, RESUME, TERMINATE, DISBURSE, BATCH, CORRECT }; /* places in acts */

#define IN(status) (1u << (status))
#define LIVE (IN(CHAIN_IN_FORCE) | IN(CHAIN_SUSPENDED))
#define DETERMINED (LIVE | IN(CHAIN_ENDED))

static const struct contract_act acts[] = {
    [DETERMINE] = {"determine", "核定", ROLE_PAYER, true, false, false, 0, CHAIN_IN_FORCE},
    [SUSPEND] = {"suspend", "暂停发放", ROLE_PAYER, false, false, false, IN(CHAIN_IN_FORCE),
                 CHAIN_SUSPENDED},
    [RESUME] = {"resume", "续发", ROLE_PAYER, false, false, false, IN(CHAIN_SUSPENDED),
                CHAIN_IN_FORCE},
    [TERMINATE] = {"terminate", "终止", ROLE_PAYER, false, false, false, LIVE, CHAIN_ENDED},
    [DISBURSE] = {"disburse", "发放", ROLE_PAYER, false, true, false, DETERMINED, CHAIN_RECORDED},
    [BATCH] = {"batch", "发放批次", ROLE_PAYER, true, false, false, 0, CHAIN_RECORDED},
    [CORRECT] = {"correct", "更正", ROLE_PAYER, false, false, true, DETERMINED | IN(CHAIN_RECORDED),
                 CHAIN_NONE},
};

/* -- items -- */

#define PENSION "pension", "养老保险"
#define UNEMPLOYMENT "unemployment", "失业保险"
#define INJURY "injury", "工伤保险"
#define MEDICAL "medical", "医疗保险"
#define MATERNITY "maternity", "生育保险"

static const struct benefit_item items[] = {
    {"pension-monthly", "基本养老金", PENSION, false, false},
    {"account-refund", "个人账户返还", PENSION, true, false},
    {"funeral", "丧葬补助金", PENSION, true, false},
    {"survivor", "抚恤金", PENSION, true, false},
    {"disability-pension", "病残津贴", PENSION, false, false},
    {"unemployment-monthly", "失业保险金", UNEMPLOYMENT, false, true},
    {"medical-premium", "代缴基本医疗保险费", UNEMPLOYMENT, false, true},
    {"rural-lump-sum", "农民合同制工人一次性生活补助", UNEMPLOYMENT, true, true},
    {"funeral-survivor", "失业人员丧葬补助金和抚恤金", UNEMPLOYMENT, true, true},
    {"skill-subsidy", "技能提升补贴", UNEMPLOYMENT, true, true},
    {"injury-medical", "工伤医疗费用", INJURY, true, false},
    {"injury-disability-once", "一次性伤残补助金", INJURY, true, false},
    {"injury-disability-monthly", "伤残津贴", INJURY, false, false},
    {"injury-care", "生活护理费", INJURY, false, false},
    {"injury-death-once", "一次性工亡补助金", INJURY, true, false},
    {"injury-dependants", "供养亲属抚恤金", INJURY, false, false},
    {"medical-settlement", "医疗费用结算", MEDICAL, true, false},
    {"maternity-medical", "生育医疗费用", MATERNITY, true, false},
    {"maternity-allowance", "生育津贴", MATERNITY, true, false},
};
#define ITEM_COUNT (sizeof items / sizeof items[0])

const struct benefit_item *benefit_item_find(struct bytes code) {
    for (size_t i = 0; i < ITEM_COUNT; i++)
        if (bytes_is(code, items[i].code)) return &items[i];
    return NULL;
}

const struct benefit_item *benefit_item_at(size_t index) {
    return index < ITEM_COUNT ? &items[index] : NULL;
}

/* -- forms -- */

static bool item_valid(const struct json *value) {
    return benefit_item_find(json_text_bytes(value)) != NULL;
}

static bool kind_valid(const struct json *value) {
    static const char *const words[] = {"once", "monthly", NULL};
    return claim_is_word(value, words);
}

static bool result_valid(const struct json *value) {
    static const char *const words[] = {"paid", "failed", "returned", NULL};
    return claim_is_word(value, words);
}

static bool ceiling_valid(const struct json *value) {
    int64_t months;
    return json_int(value, &months) && months >= 1 && months <= 1200;
}

static bool count_valid(const struct json *value) {
    int64_t count;
    return json_int(value, &count) && count >= 1;
}

static bool fen_valid(const struct json *value) {
    int64_t fen;
    return json_int(value, &fen) && fen >= 0;
}

static bool suspend_reason_valid(const struct json *value) {
    static const char *const words[] = {"certification-overdue", "under-review", "imprisoned",
                                        "account-invalid",       "other",        NULL};
    return claim_is_word(value, words);
}

static bool resume_reason_valid(const struct json *value) {
    static const char *const words[] = {"certified",       "cleared", "released",
                                        "account-renewed", "other",   NULL};
    return claim_is_word(value, words);
}

/* Of unemployment benefits: Social Insurance Law Art 51. */
static bool terminate_reason_valid(const struct json *value) {
    static const char *const words[] = {
        "death",        "re-employed", "military-service", "emigrated", "pensioned",
        "refused-work", "exhausted",   "ineligible",       "other",     NULL};
    return claim_is_word(value, words);
}

/* -- the claims -- */

#define D (1u << DETERMINE)
#define P (1u << DISBURSE)
#define B (1u << BATCH)
#define STEPS (1u << SUSPEND | 1u << RESUME | 1u << TERMINATE)
#define PERSON (D | P | STEPS)
#define MONTH "a month YYYY-MM"
#define CODE "1 to 32 letters, digits and . _ -"

static const struct claim rows[] = {
    {"item", "待遇项目", "C", "one of the codes of items (codes.item)", D | P | B, D | P | B, false,
     item_valid},
    {"kind", "发放方式", "C", "once or monthly, as the item is", D, D, false, kind_valid},
    {"start_period", "起始月份", "C", MONTH "; a monthly item needs it", D, 0, false,
     claim_is_month},
    {"ceiling_months", "最长月数", "C", "an integer from 1 to 1200, for a monthly item", D, 0,
     false, ceiling_valid},
    {"basis", "核定依据", "C", "text of at most 128 bytes: law and article", D, D, false,
     claim_is_text},
    {"decided_at", "核定日期", "C", "a date YYYY-MM-DD that exists", D, D, false, claim_is_date},
    {"cause_event", "待遇事由", "C",
     CODE ": number of the case, bill or certificate; an item paid once needs it", D | P, 0, false,
     claim_is_code},
    {"period", "所属月份", "C", MONTH, P | B, P | B, false, claim_is_month},
    {"batch_no", "发放批次号", "C", CODE, P | B, P | B, false, claim_is_code},
    {"result", "发放结果", "C", "paid, failed or returned", P, P, false, result_valid},
    {"no_application", "免申即享", "C", "true or false", P, 0, false, claim_is_bool},
    {"count", "发放笔数", "C", "an integer from 1", B, B, false, count_valid},
    {"sum", "发放总额", "C", "an integer in fen, not negative", B, B, false, fen_valid},
    {"items_root", "明细根哈希", "C",
     "base64url of 32 bytes: RFC 6962 root over the record ids of the batch, in the order of their "
     "leaves",
     B, B, false, claim_is_digest},
    {"from_period", "起始月份", "C", MONTH, STEPS, STEPS, false, claim_is_month},
    {"reason", "暂停原因", "C",
     "certification-overdue, under-review, imprisoned, account-invalid or other", 1u << SUSPEND,
     1u << SUSPEND, false, suspend_reason_valid},
    {"reason", "续发原因", "C", "certified, cleared, released, account-renewed or other",
     1u << RESUME, 1u << RESUME, false, resume_reason_valid},
    {"reason", "终止原因", "C",
     "death, re-employed, military-service, emigrated, pensioned, refused-work, exhausted, "
     "ineligible or other",
     1u << TERMINATE, 1u << TERMINATE, false, terminate_reason_valid},
    {"person", "待遇领取人", "T+D", "{id_type, id_number}", PERSON, 0, false, NULL},
    {"person_name", "姓名", "D", "text", PERSON, 0, false, NULL},
    {"amount", "金额", "D", "an integer in fen", D | P, 0, false, NULL},
    {"channel", "发放渠道", "D", "bank, social-security-card or e-CNY", P, 0, false, NULL},
    {"account", "收款账户", "D", "text", D | P, 0, false, NULL},
};

static const struct claim_table table = {rows, sizeof rows / sizeof rows[0]};

static const struct tag_rule tag_rows[] = {
    {BENEFIT_PERSON, TAG_BENEFIT, PERSON, PERSON},
    {BENEFIT_WORKER, TAG_LABOUR, D | P, 0}, /* exactly where the item asks for it */
};
static const struct tag_table tags = {tag_rows, sizeof tag_rows / sizeof tag_rows[0]};

/* -- what claims say together -- */

static enum err item_check(const struct benefit_item *item, const struct contract_input *in,
                           struct problem *ret_why) {
    const struct json *kind = json_member(in->claims, "kind");
    bool monthly = !item->is_once, paid_out = !json_member(in->claims, "items_root");
    if (kind && !bytes_is(json_text_bytes(kind), monthly ? "monthly" : "once")) {
        return problem_at(ret_why, ERR_SCHEMA, "/kind", "%s is paid %s.", item->code,
                          monthly ? "monthly" : "once");
    }
    if (kind && monthly && !json_member(in->claims, "start_period"))
        return problem_at(ret_why, ERR_SCHEMA, "/start_period",
                          "start_period is missing: %s is paid monthly.", item->code);
    if (!monthly && json_member(in->claims, "ceiling_months"))
        return problem_at(ret_why, ERR_SCHEMA, "/ceiling_months",
                          "%s is paid once: leave ceiling_months out.", item->code);
    if (!monthly && paid_out && !json_member(in->claims, "cause_event"))
        return problem_at(ret_why, ERR_SCHEMA, "/cause_event",
                          "cause_event is missing: %s is paid once for a cause.", item->code);
    return ERR_OK;
}

static enum err worker_check(const struct benefit_item *item, const struct contract_input *in,
                             struct problem *ret_why) {
    bool there = tag_of(in->record, BENEFIT_WORKER) != NULL;
    if (!in->record || there == item->is_labour || json_member(in->claims, "items_root"))
        return ERR_OK;
    return problem_at(ret_why, ERR_SCHEMA, "/tags",
                      item->is_labour ? "%s also needs the person's tag of the domain labour, in "
                                        "the role worker."
                                      : "%s carries no tag of the domain labour: leave it out.",
                      item->code);
}

static enum err benefit_check(const struct contract_input *in, struct problem *ret_why) {
    unsigned act = claims_act_bit(&benefit_type, in->act);
    assert(act & (PERSON | B));
    enum err err = claims_check(table, act, in, ret_why);
    if (!err) err = tags_check(tags, act, in, ret_why);
    if (err || !(act & (D | P | B))) return err;
    const struct benefit_item *item =
        benefit_item_find(json_text_bytes(json_member(in->claims, "item")));
    assert(item); /* claims_check saw to it */
    err = item_check(item, in, ret_why);
    return err ? err : worker_check(item, in, ret_why);
}

/* -- as JSON -- */

static struct json *benefit_claims(void) {
    return claims_json(table, &benefit_type);
}

static struct json *benefit_tags(void) {
    return tags_json(tags, &benefit_type);
}

static enum err item_put(struct json *object, const struct benefit_item *item) {
    enum err err = json_put_text(object, "code", item->code);
    if (!err) err = json_put_text(object, "zh", item->zh);
    if (!err) err = json_put_text(object, "kind", item->is_once ? "once" : "monthly");
    if (!err) err = json_put_text(object, "fund", item->fund);
    if (!err) err = json_put_text(object, "fund_zh", item->fund_zh);
    return err ? err : json_put_bool(object, "labour_tag", item->is_labour);
}

static struct json *items_json(void) {
    struct json *array = json_new_array();
    enum err err = array ? ERR_OK : ERR_NO_MEMORY;
    for (size_t i = 0; !err && i < ITEM_COUNT; i++) {
        struct json *object = json_new_object();
        err = object ? item_put(object, &items[i]) : ERR_NO_MEMORY;
        if (!err)
            err = json_push(array, object);
        else
            json_done(object);
    }
    if (!err) return array;
    json_done(array);
    return NULL;
}

static struct json *benefit_codes(void) {
    struct json *object = json_new_object();
    enum err err = object ? json_put(object, "item", items_json()) : ERR_NO_MEMORY;
    if (!err) return object;
    json_done(object);
    return NULL;
}

/* -- on a date: of determinations; a payment has none -- */

static int32_t first_day(const struct json *claims, const char *name, int32_t otherwise) {
    struct bytes month = json_text_bytes(json_member(claims, name));
    char text[PERIOD_TEXT_LEN + 1];
    int32_t number, day;
    if (!period_month_parse(month, &number)) return otherwise;
    memcpy(text, month.data, PERIOD_MONTH_LEN);
    memcpy(text + PERIOD_MONTH_LEN, "-01", 4);
    return period_parse(bytes_text(text), &day) ? day : otherwise;
}

static struct contract_effect determined(const struct json *claims) {
    struct contract_effect effect = {EFFECT_BEGIN, 0, true, INT32_MAX, false};
    int64_t months;
    (void)period_parse(json_text_bytes(json_member(claims, "decided_at")), &effect.day);
    effect.day = first_day(claims, "start_period", effect.day);
    if (json_int(json_member(claims, "ceiling_months"), &months))
        effect.last = period_add_months(effect.day, (int)months) - 1;
    return effect;
}

static struct contract_effect benefit_effect(const char *act, const struct json *claims) {
    struct contract_effect effect = {EFFECT_NONE, 0, false, INT32_MAX, false};
    switch (claims_act_bit(&benefit_type, act)) {
    case 1u << DETERMINE: return determined(claims);
    case 1u << SUSPEND: effect.kind = EFFECT_SUSPEND; break;
    case 1u << RESUME: effect.kind = EFFECT_RESUME; break;
    case 1u << TERMINATE: effect.kind = EFFECT_END; break;
    default: return effect;
    }
    effect.day = first_day(claims, "from_period", 0);
    return effect;
}

static const char *const term_names[] = {"item",  "kind",       "start_period", "ceiling_months",
                                         "basis", "decided_at", "cause_event",  NULL};
static const struct contract_dating dating = {benefit_effect, term_names, NULL};

const struct contract_type benefit_type = {
    .type = "benefit",
    .version = 1,
    .title = "Social-security benefit",
    .title_zh = "社保待遇",
    .acts = acts,
    .act_count = sizeof acts / sizeof acts[0],
    .check = benefit_check,
    .judge = benefit_judge,
    .apply = benefit_apply,
    .dating = &dating,
    .elements = benefit_claims,
    .tags = benefit_tags,
    .codes = benefit_codes,
};
