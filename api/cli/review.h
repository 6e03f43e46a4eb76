/* The rules, run here before anything leaves this machine (智能审核): the same code as on the nodes. */
#ifndef QIZHENG_API_CLI_REVIEW_H
#define QIZHENG_API_CLI_REVIEW_H

#include "api/cli/command.h"
#include "contracts/rules.h"

/* clear: the claims that nodes will read; claims: the same with what is hidden merged in. Refuses what a node would refuse for its form: an unknown claim in the
 * clear, one that must be hidden or must not be, a wrong or missing one (ERR_SCHEMA ERR_PERSONAL_FIELD, with a reason); then runs the rules. */
enum err review(const struct json *clear, const struct json *claims, const char *type,
                unsigned version, const char *act, struct rule_hits *ret,
                struct problem *ret_why) MUST_CHECK;
/* Whether that act is a correction: it carries the claims of the act that it corrects, which only the ledger knows. */
bool review_is_correction(const char *type, unsigned version, const char *act);
/* Whether `name` may be an integer in a record of that type: where the type says so, or knows no such claim. */
bool review_takes_integer(const char *type, unsigned version, const char *name);
/* A table of what the rules said; with `all` false only FAIL and RISK. Writes to standard error where to_stderr. */
void review_print(const struct rule_hits *hits, bool all, bool to_stderr, bool is_zh);
size_t review_count(const struct rule_hits *hits, enum rule_result result);

#endif
