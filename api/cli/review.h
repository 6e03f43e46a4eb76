/* The rules, run here before anything leaves this machine (智能审核): the same code as on the nodes. */
#ifndef QIZHENG_API_CLI_REVIEW_H
#define QIZHENG_API_CLI_REVIEW_H

#include "api/cli/command.h"
#include "contracts/rules.h"

/* claims: of a full record, with what it hides merged in. A refusal of form (ERR_SCHEMA and the like) is returned with its reason. */
enum err review(const struct json *claims, const char *type, unsigned version, const char *act,
                struct rule_hits *ret, struct problem *ret_why) MUST_CHECK;
/* A table of what the rules said; with `all` false only FAIL and RISK. Writes to standard error where to_stderr. */
void review_print(const struct rule_hits *hits, bool all, bool to_stderr, bool is_zh);
size_t review_count(const struct rule_hits *hits, enum rule_result result);

#endif
