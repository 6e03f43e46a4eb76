/* Type participant 参与方: who may sign from now on, admitted by a registrar (DOMAIN.md section 4). Rule LC-23 tests the organisation code.
 *
 * The name is an organisation's: it is public, and a name of a person has no place in it. */
#include "ledger/record/participant.h"
#include "contracts/claims.h"
#include "contracts/ids.h"
#include "contracts/types.h"

#define ADMIT 1u

static const struct contract_act acts[] = {
    {"admit", "准入", ROLE_REGISTRAR, true, false, 0, CHAIN_IN_FORCE},
};

/* participant_parse checks the forms. */
static const struct claim rows[] = {
    {"id", "标识", "C", "1 to 88 characters a-z 0-9 . _ -, the first a letter or digit", ADMIT,
     ADMIT, false, NULL},
    {"name", "单位名称", "C", "an organisation's name, at most 200 bytes", ADMIT, ADMIT, false,
     NULL},
    {"uscc", "统一社会信用代码", "C", "18 digits and capitals (GB 32100)", ADMIT, ADMIT, false,
     NULL},
    {"roles", "角色", "C",
     "a list of employer, payer, certifier, registrar, court, auditor, operator", ADMIT, ADMIT,
     false, NULL},
    {"keys", "公钥", "C", "a list of {jwk, from, to?}, times in seconds", ADMIT, ADMIT, false,
     NULL},
};

static const struct claim_table table = {rows, sizeof rows / sizeof rows[0]};

static enum err check(const struct contract_input *in, struct problem *ret_why) {
    struct participant participant;
    enum err err = claims_check(table, ADMIT, in, ret_why);
    if (!err) err = claims_check_tags(in->record, NULL, NULL, ret_why);
    if (err) return err;
    err = participant_parse(in->claims, false, &participant, ret_why);
    participant_done(&participant);
    return err;
}

/* GB 32100-2015: the eighteenth character is a check character over the others. */
static enum err judge(const struct contract_input *in, struct rule_hits *hits) {
    struct rule_setting setting = {.action = RULE_OFF};
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

static enum err apply(const struct contract_input *in, struct overlay *overlay, uint64_t index,
                      struct problem *ret_why) {
    struct participant participant;
    enum err err = participant_parse(in->claims, false, &participant, ret_why);
    if (!err) err = registry_admit(overlay, &participant, index, ret_why);
    participant_done(&participant);
    return err;
}

static struct json *elements(void) {
    return claims_json(table, &participant_type);
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
};
