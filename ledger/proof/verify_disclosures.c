/* Step `disclosures`: what the holder shows of the record, and whether the holder bound that to this verifier (RFC 9901 sections 7.1 and 7.3).
 *
 * A key binding is judged whether anybody asked for it or not: signature and digest always, audience, nonce and time where the caller demands them. Where it is
 * demanded and not there, the step fails. Invariant: fields are given out as disclosed only where the whole step passed. No reason repeats what a disclosure or a
 * key binding says. */
#include "ledger/proof/verdict.h"

#include "ledger/record/sdjwt.h"

#include <string.h>

static void demand_unmet(struct verification *v) {
    step_say(v->verdict, STEP_DISCLOSURES, VERDICT_FAIL,
             "A key binding was demanded, but the receipt carries none: ask the holder for a "
             "presentation made for you (qizheng present --audience --nonce).",
             "要求持有人密钥绑定，但回执中没有：请持有人为本次核验出示（qizheng present "
             "--audience --nonce）。");
}

void disclosures_none(struct verification *v) {
    if (v->input->binding) {
        demand_unmet(v);
        return;
    }
    step_say(v->verdict, STEP_DISCLOSURES, VERDICT_NOT_APPLICABLE,
             "The receipt carries the leaf alone, not the record.", "回执只含叶子，不含记录。");
}

/* -- key binding -- */

/* Cut off in the middle of a disclosure, a presentation ends in something that is no JWT. */
static void tail_refuse(struct verification *v) {
    step_say(v->verdict, STEP_DISCLOSURES, VERDICT_FAIL,
             "Text stands behind the last ~ of the record that is no key binding: a disclosure "
             "that was cut off?",
             "记录最后一个 ~ 之后的内容不是密钥绑定：披露内容可能被截断。");
}

/* *ret_good: nothing stands against the presentation. */
static enum err binding_check(struct verification *v, struct bytes key_binding, bool *ret_good) {
    struct verdict *verdict = v->verdict;
    struct bytes whole = v->receipt->presentation;
    struct problem why = {0};
    *ret_good = false;
    if (bytes_find(key_binding, '.', 0) == key_binding.len) {
        tail_refuse(v);
        return ERR_OK;
    }
    enum err err = keybinding_read(key_binding, bytes_slice(whole, 0, whole.len - key_binding.len),
                                   v->record, &verdict->binding, &why);
    if (!err && v->input->binding)
        err = keybinding_meets(&verdict->binding, v->input->binding, &why);
    if (err == ERR_NO_MEMORY) return err;
    *ret_good = verdict->is_bound = !err;
    if (err) step_fail(verdict, STEP_DISCLOSURES, "持有人密钥绑定不成立", &why);
    return ERR_OK;
}

/* -- fields -- */

static enum err disclosed_take(struct verdict *verdict, const struct sdjwt_list *list) {
    if (list->count == 0) return ERR_OK;
    struct json *fields = json_new_object();
    enum err err = fields ? ERR_OK : ERR_NO_MEMORY;
    for (size_t i = 0; !err && i < list->count; i++)
        err = json_put(fields, list->items[i].name, json_clone(list->items[i].value));
    if (err)
        json_done(fields);
    else
        verdict->disclosed = fields;
    return err;
}

static void pass_say(struct verification *v, size_t count) {
    struct verdict *verdict = v->verdict;
    struct verdict_item *item = step_set(verdict, STEP_DISCLOSURES, VERDICT_PASS);
    const char *en = "", *zh = "";
    verdict->is_demanded = v->input->binding != NULL;
    if (verdict->is_bound && verdict->is_demanded) {
        en = " The holder's key (cnf) signed this selection for the audience and the nonce "
             "demanded.";
        zh = "持有人密钥（cnf）已针对所要求的核验方和随机数对本次出示签名。";
    } else if (verdict->is_bound) {
        en = " The holder's key (cnf) signed this selection; for whom and when was not asked, so "
             "it may be a copy of what was shown to another.";
        zh = "持有人密钥（cnf）已对本次出示签名；未要求核对核验方和随机数，可能是向他人出示内容的"
             "副本。";
    }
    verdict_say(item->reason,
                "%zu disclosed fields: the digest of each stands in the signed record.%s", count,
                en);
    verdict_say(item->reason_zh, "已披露 %zu 个字段：每个字段的摘要均列于已签名的记录中。%s", count,
                zh);
}

static enum err list_check(struct verification *v, struct bytes disclosures,
                           struct sdjwt_list *list, bool *ret_good) {
    struct problem why = {0};
    enum err err = sdjwt_list_parse(disclosures, list, &why);
    if (!err) err = sdjwt_verify(v->record->payload, list, &why);
    *ret_good = !err;
    if (!err || err == ERR_NO_MEMORY) return err;
    step_fail(v->verdict, STEP_DISCLOSURES, "披露内容与记录不符", &why);
    return ERR_OK;
}

static enum err presented_check(struct verification *v, struct bytes disclosures,
                                struct bytes key_binding, struct sdjwt_list *list) {
    bool good = true;
    enum err err = list_check(v, disclosures, list, &good);
    if (!err && good && key_binding.len) err = binding_check(v, key_binding, &good);
    if (err || !good) return err;
    err = disclosed_take(v->verdict, list);
    if (!err) pass_say(v, list->count);
    return err;
}

enum err disclosures_check(struct verification *v, struct bytes disclosures,
                           struct bytes key_binding) {
    struct sdjwt_list list = {0};
    if (!key_binding.len && v->input->binding) {
        demand_unmet(v);
        return ERR_OK;
    }
    if (!key_binding.len && !disclosures.len) {
        step_say(v->verdict, STEP_DISCLOSURES, VERDICT_NOT_APPLICABLE,
                 "The receipt discloses no fields.", "回执未披露任何字段。");
        return ERR_OK;
    }
    enum err err = presented_check(v, disclosures, key_binding, &list);
    sdjwt_list_done(&list);
    return err;
}
