/* The rules on benefits: BN-01, BN-10, BN-19 (DOMAIN.md section 5). Claims have the right form here (benefit_check). */
#include "contracts/benefit.h"

#include "ledger/base/text.h"

#include <assert.h>
#include <string.h>

static void no_ledger(const struct rule_setting *setting, const char *pointer,
                      struct rule_hits *hits) {
    struct rule_hit *hit = rule_hits_add(hits, setting, RULE_UNKNOWN, pointer);
    rule_hit_say(hit, "Other payments are known to the ledger only.");
    rule_hit_say_zh(hit, "其他发放记录须由账本比对");
}

/* -- BN-01, BN-10 -- */

static void twice_say(struct rule_hit *hit, const struct benefit *benefit,
                      const struct benefit_item *item, const uint8_t holder[RECORD_ID_LEN]) {
    char id[2 * RECORD_ID_LEN + 1];
    const char *slot = item->is_once ? benefit->cause : benefit->period;
    hex_encode(bytes_of(holder, RECORD_ID_LEN), id);
    rule_hit_say(hit, "%s for %s was paid to this person already, by record %s.", benefit->item,
                 slot, id);
    rule_hit_say_zh(hit, "该人员%s（%s）已发放，记录 %s", item->zh, slot, id);
}

/* Only what was paid counts: a payment that failed takes no month, and one that came back gave it up. */
static enum err paid_twice(const struct contract_input *in, const struct rule_setting *setting,
                           struct rule_hits *hits) {
    struct benefit benefit = benefit_of(in);
    const struct benefit_item *item = benefit_item_find(bytes_text(benefit.item));
    const char *pointer = item->is_once ? "/cause_event" : "/period";
    uint8_t opening[RECORD_ID_LEN], holder[RECORD_ID_LEN];
    bool follows;
    if (!in->record) {
        no_ledger(setting, pointer, hits);
        return ERR_OK;
    }
    enum err err = benefit_opening(in, opening, &follows);
    if (!err) err = benefit_holder(in->view, &benefit, holder);
    if (err && err != ERR_NOT_FOUND) return err;
    bool good = err == ERR_NOT_FOUND || memcmp(holder, opening, RECORD_ID_LEN) == 0;
    struct rule_hit *hit = rule_hits_add(hits, setting, good ? RULE_PASS : RULE_FAIL, pointer);
    if (!good) {
        twice_say(hit, &benefit, item, holder);
        return ERR_OK;
    }
    rule_hit_say(hit, "No other payment of this benefit to this person for %s.",
                 item->is_once ? "this cause" : "this month");
    rule_hit_say_zh(hit, "未发现同一人员同一%s的其他发放", item->is_once ? "事由" : "月份");
    return ERR_OK;
}

/* -- BN-19 -- */

static bool root_is(const struct contract_input *in, const struct payrun *payrun) {
    uint8_t root[HASH_LEN], claimed[HASH_LEN];
    struct bytes text = json_text_bytes(json_member(in->claims, "items_root"));
    merkle_frontier_root(&payrun->frontier, root);
    return base64url_decode_fixed(text, claimed, sizeof claimed) == ERR_OK &&
           memcmp(root, claimed, sizeof root) == 0;
}

static void batch_fails(const struct rule_setting *setting, const struct payrun *payrun,
                        int64_t count, struct rule_hits *hits) {
    uint64_t size = payrun->frontier.size;
    bool counted = (uint64_t)count == size;
    struct rule_hit *hit =
        rule_hits_add(hits, setting, RULE_FAIL, counted ? "/items_root" : "/count");
    if (counted) {
        rule_hit_say(hit,
                     "items_root, item or period is not that of the %llu payments recorded "
                     "under this number.",
                     (unsigned long long)size);
        rule_hit_say_zh(hit, "明细根哈希、项目或月份与本批次已登记的%llu笔不一致",
                        (unsigned long long)size);
    } else {
        rule_hit_say(hit, "count is %lld; %llu payments are recorded under this number.",
                     (long long)count, (unsigned long long)size);
        rule_hit_say_zh(hit, "申报%lld笔，本批次已登记%llu笔", (long long)count,
                        (unsigned long long)size);
    }
}

/* Count and root are compared here; the sum by whoever knows the amounts: the payer before signing, an auditor with the disclosures. */
static enum err bn_19(const struct contract_input *in, const struct rule_setting *setting,
                      struct rule_hits *hits) {
    struct payrun payrun;
    struct benefit benefit = benefit_of(in);
    int64_t count = 0;
    if (!in->record) {
        no_ledger(setting, "/items_root", hits);
        return ERR_OK;
    }
    enum err err = payrun_get(in->view, in->record->iss, benefit.batch_no, &payrun);
    if (err == ERR_NOT_FOUND) memset(&payrun, 0, sizeof payrun);
    if (err && err != ERR_NOT_FOUND) return err;
    bool known = json_int(json_member(in->claims, "count"), &count);
    assert(known && count > 0); /* benefit_check saw to it */
    if ((uint64_t)count != payrun.frontier.size || !root_is(in, &payrun) ||
        strcmp(payrun.item, benefit.item) != 0 || strcmp(payrun.period, benefit.period) != 0) {
        batch_fails(setting, &payrun, count, hits);
        return ERR_OK;
    }
    struct rule_hit *hit = rule_hits_add(hits, setting, RULE_UNKNOWN, "/sum");
    rule_hit_say(hit, "Count and root agree with the payments recorded. The sum is not known to a "
                      "node: amounts are hidden.");
    rule_hit_say_zh(hit, "笔数与根哈希一致；金额未向节点披露，总额待核");
    return ERR_OK;
}

/* -- all of them -- */

typedef enum err judge_fn(const struct contract_input *in, const struct rule_setting *setting,
                          struct rule_hits *hits);

static enum err run(const struct contract_input *in, const char *id, judge_fn *judge,
                    struct rule_hits *hits) {
    struct rule_setting setting = {.action = RULE_OFF};
    enum err err = rule_setting_get(in->view, in->reviewing, id, &setting);
    if (!err && setting.action != RULE_OFF) err = judge(in, &setting, hits);
    rule_setting_done(&setting);
    return err;
}

enum err benefit_judge(const struct contract_input *in, struct rule_hits *hits) {
    const struct benefit_item *item =
        benefit_item_find(json_text_bytes(json_member(in->claims, "item")));
    bool pays = bytes_is(json_text_bytes(json_member(in->claims, "result")), "paid");
    if (strcmp(in->act, "batch") == 0) return run(in, "BN-19", bn_19, hits);
    if (strcmp(in->act, "disburse") != 0 || !pays) return ERR_OK;
    return run(in, item->is_once ? "BN-10" : "BN-01", paid_twice, hits);
}
