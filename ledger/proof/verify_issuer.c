/* Steps `issuer` and `record`: how the key that signed the record came to be bound to its issuer, back to the genesis.
 *
 * The chain is an array. Links 0..k-2 are {"record", "time", "proof"}, the last is {"genesis", "time", "proof"}:
 *
 *   needed := (iss, kid) of the receipt's record
 *   each link's record   is a `participant` record, act `admit` or `rotate`, for the same ledger (aud), whose claims give the
 *                        participant `iss` the key `kid`; the log holds it at a smaller index than what it vouches for, under a checkpoint of
 *                        its own that meets the policy; then needed := its own (iss, kid), and whoever that is must have the role registrar
 *   a holder's own record (iss is its key's RFC 9278 URI) has one link more, at the front: the record that it names in `ref`, for the same ledger and of the same
 *                        type, by a participant, whose `cnf` is the key; then needed := that one's (iss, kid), with whatever role. Whose the key is, is that
 *                        participant's claim, and the verdict says so
 *   the genesis          its SHA-256 is `aud`, it is leaf 0 with time `created`, its origin is the checkpoint's, and it gives the needed
 *                        participant the needed key
 *
 * Each record's signature is verified with the key so found. The role comes from the link that binds the key: the genesis, or the
 * participant record, which states the roles in full. That a key was valid (not revoked, not yet expired) at that index is no
 * part of the chain: the ledger checked it when it accepted the record, and the quorum's signatures attest that.
 *
 * Failure modes: the first link that does not hold fails `issuer`, with its number; `record` is then not applicable, since no key is
 * proven. Invariant: `record` passes only where the whole chain held and the signature verified. */
#include "ledger/proof/verdict.h"

#include "ledger/record/genesis.h"
#include "ledger/record/participant.h"

#include <stdlib.h>
#include <string.h>

/* X(NAME, English, Chinese): what can be wrong with a link */
#define CHAIN_FAULTS(X)                                                                            \
    X(NONE, "it holds", "成立")                                                                    \
    X(FORM, "its record or genesis cannot be read strictly", "记录或创世文件格式不合要求")         \
    X(TYPE, "it is no `participant` record with act `admit` or `rotate`",                          \
      "不是 admit 或 rotate 的 participant 记录")                                                  \
    X(LEDGER, "it belongs to another ledger than the record (aud)", "与记录不属于同一账本（aud）") \
    X(INCLUSION, "its proof does not show it in the log", "其证明未能表明它在日志中")              \
    X(ORIGIN, "its checkpoint is of another origin", "其检查点属于其他来源")                       \
    X(ORDER, "it does not stand before what it vouches for", "它不在其所证明的记录之前")           \
    X(POLICY, "its checkpoint does not meet the policy", "其检查点不满足策略")                     \
    X(BINDING, "it does not bind the key that signed to the participant that is named",            \
      "未将签名密钥登记在所称参与方名下")                                                          \
    X(HOLDER,                                                                                      \
      "it is not the record that the holder's own names in ref, of the same type and by a "        \
      "participant",                                                                               \
      "不是持有人记录 ref 所指的、同一类型且由参与方签发的记录")                                   \
    X(CNF, "it does not name the key that signed as its holder's (cnf)",                           \
      "其 cnf 所载的持有人密钥不是签名密钥")                                                       \
    X(ROLE, "the participant that signed the link before it is no registrar",                      \
      "签署上一环的参与方不是登记机构")                                                            \
    X(SIGNATURE, "the signature of the link before it does not verify under the key bound here",   \
      "上一环的签名用此处登记的密钥验证不通过")

#define FAULT_ENUM(name, en, zh) FAULT_##name,
enum chain_fault { CHAIN_FAULTS(FAULT_ENUM) FAULT_COUNT };
#undef FAULT_ENUM

static const struct {
    const char *en;
    const char *zh;
} faults[FAULT_COUNT] = {
#define FAULT_ROW(name, en, zh) {en, zh},
    CHAIN_FAULTS(FAULT_ROW)
#undef FAULT_ROW
};

struct chain {
    struct verification *v;
    size_t at;                    /* link looked at */
    const struct record *vouched; /* the record whose signing key this link must bind */
    struct memory_link *held;     /* the same where it came from a link */
    uint64_t vouched_index;
    enum chain_fault fault;
    struct problem why;
    bool is_holders; /* the receipt's own record is signed by a holder, not a participant */
    char named_by[LIMIT_ID + 1];   /* then: who named its key */
    bool record_signed;            /* the receipt's own record verified under the key of link 0 */
    const struct genesis *genesis; /* of the last link, where that holds */
};

/* Sets the fault; memory is the one thing that is not a fault of the chain. */
static enum err chain_refuse(struct chain *chain, enum chain_fault fault, enum err err) {
    if (err == ERR_NO_MEMORY) return err;
    chain->fault = fault;
    return ERR_RECEIPT;
}

/* -- what each link must hold -- */

static bool chain_origin_same(const struct chain *chain, const struct anchor *anchor) {
    return bytes_equal(anchor->checkpoint.origin, chain->v->anchor.checkpoint.origin);
}

static enum err chain_policy(struct chain *chain, struct bytes checkpoint) {
    const struct policy_result *result;
    enum err err = memory_policy_check(chain->v->memory, checkpoint, &result, &chain->why);
    return err ? chain_refuse(chain, FAULT_POLICY, err) : ERR_OK;
}

/* The link's leaf is in the log, before what it vouches for, under a checkpoint that meets the policy. */
static enum err chain_anchor(struct chain *chain, const uint8_t leaf[LEAF_LEN],
                             struct bytes proof) {
    struct anchor anchor;
    enum err err = anchor_read(proof, &anchor, &chain->why);
    if (!err) err = anchor_verify(&anchor, leaf, &chain->why);
    if (err) return chain_refuse(chain, FAULT_INCLUSION, err);
    if (!chain_origin_same(chain, &anchor)) return chain_refuse(chain, FAULT_ORIGIN, ERR_PROOF);
    if (anchor.proof.index >= chain->vouched_index)
        return chain_refuse(chain, FAULT_ORDER, ERR_PROOF);
    err = chain_policy(chain, anchor.proof.checkpoint);
    if (!err) chain->vouched_index = anchor.proof.index;
    return err;
}

/* The vouched record verifies under the key that this link binds. */
static enum err chain_signature(struct chain *chain, const struct key_public *key) {
    enum err err =
        chain->held ? memory_link_verify(chain->held, key) : jws_verify(&chain->vouched->jws, key);
    if (err == ERR_NO_MEMORY) return err;
    if (chain->at == 0) {
        chain->record_signed = !err;
        return ERR_OK;
    }
    return err ? chain_refuse(chain, FAULT_SIGNATURE, err) : ERR_OK;
}

/* Only a registrar's word binds a participant's key; what else a participant signs needs no role here. */
static bool chain_needs_registrar(const struct chain *chain) {
    return chain->at > (chain->is_holders ? 1u : 0u);
}

/* who: the participant that this link describes. */
static enum err chain_bind(struct chain *chain, const struct participant *who) {
    const struct record *vouched = chain->vouched;
    const struct participant_key *bound =
        strcmp(who->id, vouched->iss) == 0 ? participant_key_find(who, vouched->jws.kid) : NULL;
    if (!bound) return chain_refuse(chain, FAULT_BINDING, ERR_ISSUER_UNKNOWN);
    if (chain_needs_registrar(chain) && !(who->roles & ROLE_REGISTRAR))
        return chain_refuse(chain, FAULT_ROLE, ERR_ROLE);
    return chain_signature(chain, &bound->key);
}

/* -- the record that a holder's own refers to -- */

static bool holder_link_fits(const struct record *own, const struct record *named) {
    return own->has_ref && memcmp(own->ref, named->id, RECORD_ID_LEN) == 0 &&
           strcmp(own->type, named->type) == 0 && own->type_version == named->type_version &&
           !record_issuer_kid(named);
}

static enum err holder_bind(struct chain *chain, const struct record *named) {
    const struct record *own = chain->vouched;
    struct key_public key;
    if (!holder_link_fits(own, named)) return chain_refuse(chain, FAULT_HOLDER, ERR_RECEIPT);
    enum err err = record_holder(named, &key);
    if (err) return chain_refuse(chain, FAULT_CNF, err);
    bool same = strcmp(key.kid, own->jws.kid) == 0 && strcmp(key.kid, record_issuer_kid(own)) == 0;
    err = same ? chain_signature(chain, &key) : chain_refuse(chain, FAULT_CNF, ERR_ISSUER_UNKNOWN);
    key_public_done(&key);
    return err;
}

/* -- a participant record -- */

/* The link in front of a holder's chain is no participant record. */
static bool chain_at_holder(const struct chain *chain) {
    return chain->is_holders && chain->at == 0;
}

static enum err link_form(struct chain *chain, const struct record *record, struct bytes text) {
    if (!bytes_equal(record->canonical, text)) return chain_refuse(chain, FAULT_FORM, ERR_JWS);
    if (!chain_at_holder(chain) &&
        (strcmp(record->type, "participant") != 0 || record->type_version != 1 ||
         (strcmp(record->act, "admit") != 0 && strcmp(record->act, "rotate") != 0)))
        return chain_refuse(chain, FAULT_TYPE, ERR_SCHEMA);
    if (memcmp(record->aud, chain->v->record->aud, sizeof record->aud) != 0)
        return chain_refuse(chain, FAULT_LEDGER, ERR_AUDIENCE);
    return ERR_OK;
}

static enum err link_bind(struct chain *chain, const struct record *record) {
    struct participant *who = calloc(1, sizeof *who);
    if (!who) return ERR_NO_MEMORY;
    enum err err = participant_parse(record->payload, false, who, &chain->why);
    if (err)
        err = chain_refuse(chain, FAULT_FORM, err);
    else
        err = chain_bind(chain, who);
    participant_done(who);
    free(who);
    return err;
}

static enum err link_judge(struct chain *chain, const struct record *record,
                           const struct receipt_link *link) {
    uint8_t leaf[LEAF_LEN];
    enum err err = link_form(chain, record, link->record);
    leaf_encode(link->time_ms, record->hash, leaf);
    if (!err) err = chain_anchor(chain, leaf, link->proof);
    if (!err) err = chain_at_holder(chain) ? holder_bind(chain, record) : link_bind(chain, record);
    if (!err && chain_at_holder(chain))
        memcpy(chain->named_by, record->iss, sizeof chain->named_by);
    return err;
}

static enum err link_check(struct chain *chain, const struct receipt_link *link) {
    struct memory_link *held;
    enum err err = memory_link(chain->v->memory, link->record, &held, &chain->why);
    if (err) return chain_refuse(chain, FAULT_FORM, err);
    err = link_judge(chain, held->record, link);
    chain->held = held;
    chain->vouched = held->record;
    return err;
}

/* -- the genesis -- */

static enum err genesis_bind(struct chain *chain, const struct genesis *genesis) {
    for (size_t i = 0; i < genesis->participant_count; i++) {
        if (strcmp(genesis->participants[i].id, chain->vouched->iss) == 0)
            return chain_bind(chain, &genesis->participants[i]);
    }
    return chain_refuse(chain, FAULT_BINDING, ERR_ISSUER_UNKNOWN);
}

static enum err genesis_judge(struct chain *chain, const struct genesis *genesis,
                              const struct receipt_link *link) {
    uint8_t leaf[LEAF_LEN];
    if (memcmp(genesis->ledger_id, chain->v->record->aud, sizeof genesis->ledger_id) != 0)
        return chain_refuse(chain, FAULT_LEDGER, ERR_AUDIENCE);
    if (!bytes_is(chain->v->anchor.checkpoint.origin, genesis->origin))
        return chain_refuse(chain, FAULT_ORIGIN, ERR_PROOF);
    if (link->time_ms != (uint64_t)genesis->created_ms)
        return chain_refuse(chain, FAULT_FORM, ERR_RECEIPT);
    genesis_leaf(genesis, leaf);
    enum err err = chain_anchor(chain, leaf, link->proof);
    if (!err && chain->vouched_index != 0) return chain_refuse(chain, FAULT_ORDER, ERR_PROOF);
    return err ? err : genesis_bind(chain, genesis);
}

static enum err genesis_check(struct chain *chain, const struct receipt_link *link) {
    const struct genesis *genesis;
    enum err err = memory_genesis(chain->v->memory, link->genesis, &genesis, &chain->why);
    if (err) return chain_refuse(chain, FAULT_FORM, err);
    err = genesis_judge(chain, genesis, link);
    if (!err) chain->genesis = genesis; /* receipt_parse has seen to it that it comes once */
    return err;
}

/* -- verdict -- */

static void chain_fail(const struct chain *chain) {
    struct verdict_item *item = step_set(chain->v->verdict, STEP_ISSUER, VERDICT_FAIL);
    verdict_say(item->reason, "Link %zu of %zu of the issuer chain: %s. %s", chain->at + 1,
                chain->v->receipt->link_count, faults[chain->fault].en, chain->why.detail);
    verdict_say(item->reason_zh, "签发方密钥链共 %zu 环，第 %zu 环不成立：%s。",
                chain->v->receipt->link_count, chain->at + 1, faults[chain->fault].zh);
}

/* Where the quorum comes in: nobody off line knows which keys were revoked when. */
static void chain_pass_issuer(const struct chain *chain) {
    const struct record *record = chain->v->record;
    size_t count = chain->v->receipt->link_count;
    struct verdict_item *item = step_set(chain->v->verdict, STEP_ISSUER, VERDICT_PASS);
    verdict_say(
        item->reason,
        "%zu links bind the key %s to %s, from its registration back to the genesis. That it was "
        "valid "
        "when the record was accepted is attested by the quorum.",
        count, record->jws.kid, record->iss);
    verdict_say(
        item->reason_zh,
        "%zu 环记录将密钥 %s 登记在 %s 名下，并追溯至创世文件；受理时密钥有效由法定数节点证明。",
        count, record->jws.kid, record->iss);
}

static void chain_pass_holder(const struct chain *chain) {
    const struct record *record = chain->v->record;
    size_t count = chain->v->receipt->link_count;
    struct verdict *verdict = chain->v->verdict;
    struct verdict_item *item = step_set(verdict, STEP_ISSUER, VERDICT_PASS);
    memcpy(verdict->named_by, chain->named_by, sizeof verdict->named_by);
    verdict_say(item->reason,
                "%zu links: the record referred to names the key %s as its holder's (cnf), and %s, "
                "who signed that, is traced to the genesis. That the key is the holder's own, such "
                "as the worker's, is the claim of %s.",
                count, record->jws.kid, chain->named_by, chain->named_by);
    verdict_say(item->reason_zh,
                "%zu 环：所引用的记录将密钥 %s 载为持有人密钥（cnf），签发该记录的 %s "
                "追溯至创世文件。密钥属于持有人本人（如劳动者）一节，是 %s 的陈述。",
                count, record->jws.kid, chain->named_by, chain->named_by);
}

static void chain_pass(const struct chain *chain) {
    const struct record *record = chain->v->record;
    if (chain->is_holders)
        chain_pass_holder(chain);
    else
        chain_pass_issuer(chain);
    if (!chain->v->record_canonical) return;
    struct verdict_item *item = step_set(chain->v->verdict, STEP_RECORD,
                                         chain->record_signed ? VERDICT_PASS : VERDICT_FAIL);
    verdict_say(item->reason, "The form is strict, and the %s signature %s under key %s.",
                key_alg_name(record->jws.alg),
                chain->record_signed ? "verifies" : "does NOT verify", record->jws.kid);
    verdict_say(item->reason_zh, "格式合规；%s 签名用密钥 %s 验证%s。",
                key_alg_name(record->jws.alg), record->jws.kid,
                chain->record_signed ? "通过" : "不通过");
}

static enum err chain_walk(struct chain *chain) {
    const struct receipt *receipt = chain->v->receipt;
    enum err err = ERR_OK;
    for (chain->at = 0; !err && chain->at < receipt->link_count; chain->at++) {
        const struct receipt_link *link = &receipt->links[chain->at];
        err = link->genesis.len ? genesis_check(chain, link) : link_check(chain, link);
        if (err) break; /* `at` stays on the link at fault */
    }
    if (!err) {
        chain->v->genesis = chain->genesis;
        chain_pass(chain);
        return ERR_OK;
    }
    if (err == ERR_NO_MEMORY) return err;
    chain_fail(chain);
    return ERR_OK;
}

static void issuer_skip(struct verification *v, const char *en, const char *zh) {
    step_say(v->verdict, STEP_ISSUER, VERDICT_NOT_APPLICABLE, en, zh);
}

enum err issuer_check(struct verification *v) {
    if (v->receipt->has_leaf) {
        issuer_skip(v, "The receipt carries the leaf alone, so no issuer is named.",
                    "回执只含叶子，未载明签发方。");
    } else if (v->receipt->link_count == 0) {
        issuer_skip(v, "The receipt carries no issuer chain: nothing shows whose key signed.",
                    "回执不含签发方密钥链：无从得知签名密钥属于谁。");
    } else if (!v->policy) {
        issuer_skip(v, "Not checked: without a readable policy no link can be trusted.",
                    "未检查：没有可读取的策略，无法信任任何一环。");
    } else if (v->record && v->checkpoint_meets &&
               v->verdict->items[STEP_INCLUSION].result == VERDICT_PASS) {
        struct chain chain = {.v = v, .vouched = v->record};
        chain.is_holders = record_issuer_kid(v->record) != NULL;
        chain.vouched_index = v->anchor.proof.index;
        return chain_walk(&chain);
    }
    return ERR_OK;
}
