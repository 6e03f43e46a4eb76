/* The rest of the step `disclosures`: a disclosed `tag_evidence` leads to the tags that stand in the record (FORMATS.md section 7; ledger/record/tag.h).
 *
 * The key is the genesis', which the issuer chain ends in and which was proven to be leaf 0 of this log: never the evidence's own. Where the receipt carries no chain that held, the evidence is checked
 * in itself, and the reason says that whose key it is stays open.
 *
 * Failure modes: evidence of another form, person, domain or key, with a wrong proof, or for a role that has no tag fails the step. No reason repeats an id number, and none of a role's
 * name that the record does not have. */
#include "ledger/proof/verdict.h"

#include "ledger/record/tag.h"

#include <string.h>

static const struct record_tag *tag_find(const struct record *record, const char *role) {
    for (size_t i = 0; i < record->tag_count; i++)
        if (strcmp(record->tags[i].role, role) == 0) return &record->tags[i];
    return NULL;
}

/* One role's. A tag of a later key version has no key in the genesis. */
static enum err evidence_check(const struct verification *v, const struct record_tag *tag,
                               const struct json *evidence, struct problem *ret_why) {
    uint8_t made[TAG_LEN];
    voprf_element pk;
    if (!tag)
        return problem_set(ret_why, ERR_PROOF,
                           "tag_evidence is for a role in which the record has no tag.");
    if (v->genesis &&
        (tag->version != TAG_VERSION || genesis_tag_key(v->genesis, tag->domain, pk) != ERR_OK))
        return problem_set(ret_why, ERR_PROOF,
                           "The genesis lists no key of that version of the domain %s.",
                           tag->domain);
    enum err err = tag_evidence_check(evidence, tag->domain, v->genesis ? pk : NULL, made, ret_why);
    if (err || memcmp(made, tag->tag, sizeof made) == 0) return err;
    return problem_set(ret_why, ERR_PROOF,
                       "The evidence in the role %s leads to another tag than the record's: it is "
                       "of another person.",
                       tag->role);
}

static enum err all_check(const struct verification *v, const struct json *evidence,
                          struct problem *ret_why) {
    if (json_kind(evidence) != JSON_KIND_OBJECT || json_count(evidence) == 0)
        return problem_set(ret_why, ERR_SCHEMA,
                           "tag_evidence is an object from a tag's role to its evidence.");
    enum err err = ERR_OK;
    for (void *it = json_first(evidence); !err && it; it = json_next(evidence, it))
        err = evidence_check(v, tag_find(v->record, json_name_at(it)), json_value_at(it), ret_why);
    return err;
}

static void say_good(struct verification *v, size_t count) {
    struct verdict_item *item = &v->verdict->items[STEP_DISCLOSURES];
    struct verdict_item before = *item;
    verdict_say(item->reason, "%s The evidence of %zu tags leads to them%s", before.reason, count,
                v->genesis ? " under the ledger's keys."
                           : "; whether the keys are the ledger's is not shown, for no issuer "
                             "chain holds.");
    verdict_say(item->reason_zh, "%s%zu 个标签的证据成立，%s", before.reason_zh, count,
                v->genesis ? "所用为账本公钥。" : "但公钥未证明属于账本（缺签发方密钥链）。");
}

/* What did not pass is not given out, nor what was said about it: the key binding is over all that was disclosed. */
static void say_bad(struct verification *v, const struct problem *why) {
    json_done(v->verdict->disclosed);
    v->verdict->disclosed = NULL;
    v->verdict->is_bound = false;
    step_fail(v->verdict, STEP_DISCLOSURES, "标签证据与记录不符", why);
}

enum err evidence_step(struct verification *v) {
    struct problem why = {0};
    const struct json *evidence = json_member(v->verdict->disclosed, TAG_CLAIM);
    if (!evidence || !v->record) return ERR_OK;
    enum err err = all_check(v, evidence, &why);
    if (err == ERR_NO_MEMORY) return err;
    if (err)
        say_bad(v, &why);
    else
        say_good(v, json_count(evidence));
    return ERR_OK;
}
