/* Type participant 参与方: who may sign, from when on and until when, as registrars say (DOMAIN.md section 4). Rule LC-23 tests the organisation code.
 *
 *   admit 准入   suspend 暂停 -> resume 恢复   rotate 更换密钥   revoke 吊销密钥
 *
 * Each act is a chain of its own: what may follow what stands in the participant's row (registry.h), since participants of the genesis have no record to follow.
 * A rotation carries the whole participant, as an admission does: a receipt shows by it alone who held the new key (ledger/proof/verify_issuer.c), so id, uscc and roles
 * must be the ones registered. The name is an organisation's: it is public, and a name of a person has no place in it. */
#include "ledger/record/participant.h"
#include "contracts/claims.h"
#include "contracts/ids.h"
#include "contracts/tags.h"
#include "contracts/types.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { ADMIT, SUSPEND, RESUME, ROTATE, REVOKE }; /* places in the table of acts */

static const struct contract_act acts[] = {
    [ADMIT] = {"admit", "准入", ROLE_REGISTRAR, true, false, false, 0, CHAIN_IN_FORCE},
    [SUSPEND] = {"suspend", "暂停", ROLE_REGISTRAR, true, false, false, 0, CHAIN_RECORDED},
    [RESUME] = {"resume", "恢复", ROLE_REGISTRAR, true, false, false, 0, CHAIN_RECORDED},
    [ROTATE] = {"rotate", "更换密钥", ROLE_REGISTRAR, true, false, false, 0, CHAIN_RECORDED},
    [REVOKE] = {"revoke", "吊销密钥", ROLE_REGISTRAR, true, false, false, 0, CHAIN_RECORDED},
};

/* -- claims -- */

static bool id_valid(const struct json *value) {
    return participant_id_valid(json_text_bytes(value));
}

static bool suspend_reason_valid(const struct json *value) {
    static const char *const words[] = {"under-investigation",
                                        "abnormal-behaviour",
                                        "licence-expired",
                                        "at-own-request",
                                        "other",
                                        NULL};
    return claim_is_word(value, words);
}

static bool resume_reason_valid(const struct json *value) {
    static const char *const words[] = {"cleared", "rectified", "at-own-request", "other", NULL};
    return claim_is_word(value, words);
}

static bool revoke_reason_valid(const struct json *value) {
    static const char *const words[] = {"compromised", "lost",  "superseded",
                                        "left-office", "other", NULL};
    return claim_is_word(value, words);
}

#define WHOLE (1u << ADMIT | 1u << ROTATE)
#define ALL (WHOLE | 1u << SUSPEND | 1u << RESUME | 1u << REVOKE)

/* participant_parse checks the forms of an admission and a rotation. */
static const struct claim rows[] = {
    {"id", "标识", "C", "1 to 88 characters a-z 0-9 . _ -, the first a letter or digit", ALL, ALL,
     false, id_valid},
    {"name", "单位名称", "C", "an organisation's name, at most 200 bytes", WHOLE, WHOLE, false,
     NULL},
    {"uscc", "统一社会信用代码", "C", "18 digits and capitals (GB 32100)", WHOLE, WHOLE, false,
     NULL},
    {"roles", "角色", "C",
     "a list of employer, payer, certifier, registrar, court, auditor, operator", WHOLE, WHOLE,
     false, NULL},
    {"keys", "公钥", "C",
     "a list of {jwk, from, to?}, times in seconds; rotate: new keys, and registered ones that are "
     "to end",
     WHOLE, WHOLE, false, NULL},
    {"kid", "密钥标识", "C", "an RFC 7638 thumbprint of a registered key: base64url of 32 bytes",
     1u << REVOKE, 1u << REVOKE, false, claim_is_digest},
    {"reason", "暂停原因", "C",
     "under-investigation, abnormal-behaviour, licence-expired, at-own-request or other",
     1u << SUSPEND, 1u << SUSPEND, false, suspend_reason_valid},
    {"reason", "恢复原因", "C", "cleared, rectified, at-own-request or other", 1u << RESUME,
     1u << RESUME, false, resume_reason_valid},
    {"reason", "吊销原因", "C", "compromised, lost, superseded, left-office or other", 1u << REVOKE,
     1u << REVOKE, false, revoke_reason_valid},
};

static const struct claim_table table = {rows, sizeof rows / sizeof rows[0]};
static const struct tag_table tags = {NULL, 0};

static bool is_whole(unsigned act) {
    return (act & WHOLE) != 0;
}

/* Some KiB: not for a stack. */
static enum err whole_parse(const struct contract_input *in, struct participant **ret,
                            struct problem *ret_why) {
    struct participant *participant = calloc(1, sizeof *participant);
    enum err err =
        participant ? participant_parse(in->claims, false, participant, ret_why) : ERR_NO_MEMORY;
    if (err)
        free(participant);
    else
        *ret = participant;
    return err;
}

static void whole_done(struct participant *participant) {
    if (participant) participant_done(participant);
    free(participant);
}

static enum err check(const struct contract_input *in, struct problem *ret_why) {
    struct participant *participant = NULL;
    unsigned act = claims_act_bit(&participant_type, in->act);
    enum err err = claims_check(table, act, in, ret_why);
    if (!err) err = tags_check(tags, act, in, ret_why);
    if (err || !is_whole(act)) return err;
    err = whole_parse(in, &participant, ret_why);
    whole_done(participant);
    return err;
}

/* GB 32100-2015: the eighteenth character is a check character over the others. */
static enum err judge(const struct contract_input *in, struct rule_hits *hits) {
    struct rule_setting setting = {.action = RULE_OFF};
    if (!is_whole(claims_act_bit(&participant_type, in->act))) return ERR_OK;
    enum err err = rule_setting_get(in->view, in->reviewing, "LC-23", &setting);
    if (!err && setting.action != RULE_OFF) {
        bool good = ids_uscc_valid(json_text_bytes(json_member(in->claims, "uscc")));
        struct rule_hit *hit = rule_hits_add(hits, &setting, good ? RULE_PASS : RULE_FAIL, "/uscc");
        rule_hit_say(hit, good ? "The organisation code has a right check character."
                               : "The 18th character of the organisation code is not the check "
                                 "character of the first 17. Compare it with the certificate.");
        rule_hit_say_zh(hit, good ? "统一社会信用代码校验正确"
                                  : "统一社会信用代码第18位校验码有误，请与证照核对");
    }
    rule_setting_done(&setting);
    return err;
}

static enum err whole_apply(const struct contract_input *in, bool admits, struct overlay *overlay,
                            const struct registry_act *act, struct problem *ret_why) {
    struct participant *participant = NULL;
    enum err err = whole_parse(in, &participant, ret_why);
    if (!err)
        err = admits ? registry_admit(overlay, participant, act->index, ret_why)
                     : registry_rotate(overlay, participant, act, ret_why);
    whole_done(participant);
    return err;
}

static enum err apply(const struct contract_input *in, struct overlay *overlay, uint64_t index,
                      struct problem *ret_why) {
    const char *id = json_text(json_member(in->claims, "id"));
    const char *kid = json_text(json_member(in->claims, "kid"));
    struct registry_act act = {.index = index,
                               .now_s = (int64_t)(in->time_ms / 1000),
                               .signer = in->record->iss,
                               .signer_kid = in->record->jws.kid};
    unsigned bit = claims_act_bit(&participant_type, in->act);
    if (is_whole(bit)) return whole_apply(in, bit == 1u << ADMIT, overlay, &act, ret_why);
    if (bit == 1u << REVOKE) return registry_revoke(overlay, id, kid, &act, ret_why);
    assert(bit == 1u << SUSPEND || bit == 1u << RESUME);
    return registry_set_status(
        overlay, id, bit == 1u << SUSPEND ? REGISTRY_SUSPENDED : REGISTRY_ACTIVE, &act, ret_why);
}

static struct json *elements(void) {
    return claims_json(table, &participant_type);
}

static struct json *tag_elements(void) {
    return tags_json(tags, &participant_type);
}

const struct contract_type participant_type = {
    .type = "participant",
    .version = 1,
    .title = "Participant",
    .title_zh = "参与方",
    .acts = acts,
    .act_count = sizeof acts / sizeof acts[0],
    .check = check,
    .judge = judge,
    .apply = apply,
    .elements = elements,
    .tags = tag_elements,
};
