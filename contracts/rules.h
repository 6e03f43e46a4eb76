/* Rules are data: id, version, law article, parameters, default action; what they compute is code beside the type they judge (DOMAIN.md section 5).
 *
 * A result is never a legal conclusion, and the words on screen say so. Action and parameters in force live in the ledger's state (from the genesis, later from
 * governance), so all nodes agree: reject refuses a FAIL, flag opens a finding on FAIL, both open one on RISK; off does nothing. UNKNOWN is told, never acted on. */
#ifndef QIZHENG_CONTRACTS_RULES_H
#define QIZHENG_CONTRACTS_RULES_H

#include "contracts/overlay.h"
#include "ledger/base/json.h"

/* Both are stored: never renumber. */
enum rule_result { RULE_PASS, RULE_FAIL, RULE_RISK, RULE_UNKNOWN };
enum rule_action { RULE_REJECT, RULE_FLAG, RULE_OFF };

struct rule {
    const char *id; /* "LC-03" */
    int version;
    const char *title; /* English */
    const char *title_zh;
    const char *law;         /* article, Chinese */
    enum rule_action action; /* default */
    const char *parameters;  /* default, JSON text */
};

#define RULE_HITS 16

/* What one rule said of one record. */
struct rule_hit {
    const struct rule *rule;
    enum rule_result result;
    enum rule_action action;
    const char *pointer; /* RFC 6901 pointer of the claim it is about */
    char detail[256];    /* English: what was compared and by how much it misses */
    char detail_zh[256];
    bool has_finding;
    uint8_t finding[32]; /* id of the finding that it opened */
};

struct rule_hits {
    size_t count;
    struct rule_hit items[RULE_HITS]; /* those from count on are not even zeroed */
};

const struct rule *rule_find(const char *id);
const struct rule *rule_at(size_t index);              /* NULL past the end */
const char *rule_result_name(enum rule_result result); /* "FAIL" */
const char *rule_result_zh(enum rule_result result);   /* 不符合 */
const char *rule_action_name(enum rule_action action); /* "reject" */
bool rule_action_from_name(const char *name, enum rule_action *ret);
/* The default table as the genesis carries it: [{"id","version","action","parameters"}]. NULL without memory. */
struct json *rules_genesis_json(void);
/* The table with the actions and parameters in force in that view, for GET /v1/rules. */
enum err rules_json(struct view view, struct json **ret) MUST_CHECK;

/* A rule as it stands in one ledger. */
struct rule_setting {
    const struct rule *rule;
    enum rule_action action;
    struct json *parameters; /* owned; NULL where the ledger does not have the rule */
};

/* From state; a rule that the ledger does not have is off. defaults: the program's own table instead, for a review without a ledger. rule_setting_done. */
enum err rule_setting_get(struct view view, bool defaults, const char *id,
                          struct rule_setting *ret) MUST_CHECK;
void rule_setting_done(struct rule_setting *setting);
/* Writes the rows of an array as rules_genesis_json gives it. ERR_PROTOCOL where this program does not know a rule, its version or the shape of its parameters:
 * nodes that do not run the same rules must not run one ledger. */
enum err rules_put(struct overlay *overlay, const struct json *rules) MUST_CHECK;

/* The next hit, without words yet; asserts that there is room. pointer: a literal. */
struct rule_hit *rule_hits_add(struct rule_hits *hits, const struct rule_setting *setting,
                               enum rule_result result, const char *pointer);
/* Its words; what does not fit is cut off behind a whole character. */
void rule_hit_say(struct rule_hit *hit, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void rule_hit_say_zh(struct rule_hit *hit, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Hits as JSON: [{"rule","result","result_zh","action","law","detail","detail_zh","finding"?}]. */
enum err rule_hits_json(const struct rule_hits *hits, struct json **ret) MUST_CHECK;

#endif
