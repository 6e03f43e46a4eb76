/* See admission.h. The order of the checks is machine.h's; each has one function, and the first that refuses gives the answer.
 *
 * Everything is read through the overlay's view, so record n is judged by the registry and rules after records [0, n) (invariant 8). */
#include "contracts/admission.h"

#include "contracts/chain.h"
#include "contracts/finding.h"
#include "contracts/holder.h"
#include "contracts/issuer.h"
#include "contracts/lists.h"
#include "contracts/personal.h"
#include "contracts/statistics.h"
#include "ledger/base/text.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#define AHEAD_MS (5 * 60 * 1000) /* iat may be this much after ledger time: clocks differ */

/* What the checks find out on their way. */
struct candidate {
    const struct admission *admission;
    const struct record *record;
    struct view view;
    bool is_holder; /* the issuer is no participant, but named by its key */
    uint16_t roles; /* of the issuer; a holder has none */
    const struct contract_type *type;
    const struct contract_act *act;
    struct chain_step step;
    struct contract_input input;
    struct outcome *outcome;
};

bool admission_refuses(enum err err) {
    return err != ERR_OK && err_class(err) == ERR_CLASS_REFUSE;
}

/* -- the record itself -- */

static enum err audience_check(struct candidate *c) {
    if (memcmp(c->record->aud, c->admission->machine->genesis->ledger_id, 32) == 0) return ERR_OK;
    char id[65];
    hex_encode(bytes_of(c->admission->machine->genesis->ledger_id, 32), id);
    return problem_at(&c->outcome->problem, ERR_AUDIENCE, "/aud",
                      "aud names another ledger; this one is %s.", id);
}

/* FORMATS.md section 1: "admitted only while ledger time − iat lies in [−5 min, W]". */
static enum err window_check(struct candidate *c) {
    struct parameters parameters;
    enum err err = parameters_get(c->view, &parameters);
    if (err) return err;
    int64_t age_ms = (int64_t)c->admission->time_ms - c->record->iat * 1000;
    if (age_ms < -AHEAD_MS) {
        return problem_at(
            &c->outcome->problem, ERR_WINDOW, "/iat",
            "iat lies %lld s after ledger time; 300 s are allowed. Check the clock of "
            "the signer.",
            (long long)(-age_ms / 1000));
    }
    if (age_ms > parameters.admission_window_s * 1000) {
        return problem_at(&c->outcome->problem, ERR_WINDOW, "/iat",
                          "iat lies %lld s before ledger time; %lld s are allowed. Sign the record "
                          "anew.",
                          (long long)(age_ms / 1000), (long long)parameters.admission_window_s);
    }
    return ERR_OK;
}

static struct issuer_claim claim_of(const struct candidate *c) {
    struct issuer_claim claim = {.machine = c->admission->machine,
                                 .view = c->view,
                                 .time_ms = c->admission->time_ms,
                                 .iss = c->record->iss,
                                 .jws = &c->record->jws,
                                 .skip_signature = c->admission->skip_signature};
    return claim;
}

static enum err issuer_run(struct candidate *c) {
    struct issuer_claim claim = claim_of(c);
    if (c->is_holder)
        return holder_check(c->view, c->record, claim.skip_signature, &c->outcome->problem);
    return issuer_claim_check(&claim, &c->roles, &c->outcome->problem);
}

/* -- what it says -- */

static enum err type_find(struct candidate *c) {
    c->type = contract_type_find(c->record->type, c->record->type_version);
    if (!c->type) {
        return problem_at(&c->outcome->problem, ERR_SCHEMA, "/vct",
                          "This ledger has no such record type and version. GET /v1/types lists "
                          "them.");
    }
    c->act = contract_act_find(c->type, c->record->act);
    if (c->act) return ERR_OK;
    return problem_at(&c->outcome->problem, ERR_SCHEMA, "/act",
                      "%s has no such act. GET /v1/types lists them.", c->type->type);
}

/* Neither does a holder what participants do, nor the other way round. */
static enum err role_check(struct candidate *c) {
    bool is_holders = contract_act_is_holders(c->act);
    if (is_holders ? c->is_holder : c->roles & c->act->roles) return ERR_OK;
    if (is_holders) {
        return problem_at(&c->outcome->problem, ERR_ROLE, "/iss",
                          "%s of %s is the holder's own word: it is signed with the key that the "
                          "record before it names in cnf, and iss is that key's RFC 9278 URI.",
                          c->act->act, c->type->type);
    }
    char roles[96];
    size_t len = 0;
    roles[0] = 0;
    for (unsigned bit = 1; bit <= ROLE_OPERATOR; bit <<= 1) {
        if (!(c->act->roles & bit)) continue;
        int more = snprintf(roles + len, sizeof roles - len, "%s%s", len ? " or " : "",
                            role_name((enum role)bit));
        assert(more > 0 && (size_t)more < sizeof roles - len);
        len += (size_t)more;
    }
    return problem_at(&c->outcome->problem, ERR_ROLE, "/iss",
                      "%s of %s needs the role %s, which the issuer does not have.", c->act->act,
                      c->type->type, roles);
}

static enum err claims_run(struct candidate *c) {
    enum err err =
        chain_step_find(c->view, c->type, c->act, c->record, &c->step, &c->outcome->problem);
    if (err) return err;
    struct contract_input input = {.view = c->view,
                                   .record = c->record,
                                   .claims = c->record->payload,
                                   .act = c->step.claims_act,
                                   .time_ms = c->admission->time_ms};
    c->input = input;
    err = c->type->check(&c->input, &c->outcome->problem);
    return err ? err : holder_named_check(c->view, c->type, c->record, &c->outcome->problem);
}

/* -- rules -- */

static bool hit_refuses(const struct rule_hit *hit) {
    return hit->result == RULE_FAIL && hit->action == RULE_REJECT;
}

static bool hit_is_told(const struct rule_hit *hit) {
    return hit->result != RULE_PASS;
}

static void hits_keep(struct rule_hits *hits, bool (*keep)(const struct rule_hit *hit)) {
    size_t kept = 0;
    for (size_t i = 0; i < hits->count; i++) {
        if (!keep(&hits->items[i])) continue;
        if (kept != i) hits->items[kept] = hits->items[i];
        kept++;
    }
    hits->count = kept;
}

static enum err refuse_by_rule(const struct rule_hit *hit, struct problem *problem) {
    (void)problem_at(problem, ERR_RULE, hit->pointer, "%s: %s", hit->rule->title, hit->detail);
    (void)snprintf(problem->rule, sizeof problem->rule, "%s", hit->rule->id);
    (void)snprintf(problem->law, sizeof problem->law, "%s", hit->rule->law);
    return ERR_RULE;
}

static enum err rules_run(struct candidate *c) {
    struct rule_hits *hits = &c->outcome->hits;
    enum err err = c->type->judge(&c->input, hits);
    if (err) return err;
    for (size_t i = 0; i < hits->count; i++) {
        if (!hit_refuses(&hits->items[i])) continue;
        hits_keep(hits, hit_refuses);
        return refuse_by_rule(&hits->items[0], &c->outcome->problem);
    }
    hits_keep(hits, hit_is_told);
    return ERR_OK;
}

/* A FAIL that did not refuse, and every RISK, stays in the ledger as a finding. */
static enum err findings_open(struct candidate *c) {
    struct rule_hits *hits = &c->outcome->hits;
    enum err err = ERR_OK;
    for (size_t i = 0; !err && i < hits->count; i++) {
        if (hits->items[i].result == RULE_UNKNOWN) continue;
        err = finding_open(c->admission->overlay, &hits->items[i], c->record->id,
                           c->admission->index, c->admission->time_ms);
    }
    return err;
}

/* -- all of it -- */

static enum err checks_run(struct candidate *c) {
    enum err err = audience_check(c);
    if (!err) err = window_check(c);
    if (!err) err = issuer_run(c);
    if (!err) err = type_find(c);
    if (!err) err = role_check(c);
    if (!err) err = claims_run(c);
    if (!err) err = personal_check(c->record->payload, &c->outcome->problem);
    if (!err) err = chain_step_check(&c->step, c->record, &c->outcome->problem);
    return err ? err : rules_run(c);
}

/* Whose record it is for readers: a holder's word belongs to the contract that it is about. */
static const char *owner_of(const struct candidate *c) {
    return c->step.has_chain ? c->step.chain.owner : c->record->iss;
}

static enum err writes_stage(struct candidate *c) {
    struct overlay *overlay = c->admission->overlay;
    enum err err = c->type->apply ? c->type->apply(&c->input, overlay, c->admission->index,
                                                   &c->outcome->problem)
                                  : ERR_OK;
    if (err || c->admission->is_check) return err;
    err = findings_open(c);
    if (!err) err = holder_keep(overlay, c->type, c->record);
    if (!err) err = lists_put(overlay, c->record, owner_of(c), c->admission->index);
    if (!err) err = statistics_count(overlay, c->record, owner_of(c), c->admission->time_ms);
    return err ? err : chain_step_write(&c->step, c->record, c->admission->index, overlay);
}

static void outcome_begin(struct outcome *outcome, const struct record *record) {
    outcome_init(outcome);
    outcome->kind = OUTCOME_REFUSED;
    memcpy(outcome->id, record->id, RECORD_ID_LEN);
}

static enum err refused(struct candidate *c, enum err err) {
    overlay_refuse(c->admission->overlay);
    if (!admission_refuses(err)) return err;
    assert(c->outcome->problem.err == err);
    if (err != ERR_RULE) c->outcome->hits.count = 0;
    return ERR_OK;
}

/* FORMATS.md section 1: the same signing input again, "with whatever valid signature", is answered with the leaf that is there. Its key may have been
 * revoked since; the record stays. */
static enum err known(struct candidate *c) {
    struct issuer_claim claim = claim_of(c);
    struct problem *why = &c->outcome->problem;
    enum err err = c->is_holder ? holder_recognise(c->view, c->record, claim.skip_signature, why)
                                : issuer_claim_recognise(&claim, why);
    if (err) return refused(c, err);
    c->outcome->kind = OUTCOME_KNOWN;
    return ERR_OK;
}

enum err admission_run(const struct admission *admission, const struct record *record,
                       struct outcome *ret) {
    struct candidate c = {.admission = admission, .record = record, .outcome = ret};
    c.is_holder = record_issuer_kid(record) != NULL;
    assert(admission->time_ms <= LIMIT_JSON_INT);
    outcome_begin(ret, record);
    c.view = overlay_view(admission->overlay);
    enum err err = c.view.find(c.view.ctx, record->id, &ret->index);
    if (!err) return known(&c);
    if (err != ERR_NOT_FOUND) return err;
    err = checks_run(&c);
    if (!err) err = writes_stage(&c);
    if (err) return refused(&c, err);
    if (admission->is_check)
        overlay_refuse(admission->overlay);
    else
        err = overlay_accept(admission->overlay, record->id, admission->index);
    if (err) return err;
    ret->kind = OUTCOME_ACCEPTED;
    ret->index = admission->index;
    return ERR_OK;
}
