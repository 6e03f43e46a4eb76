/* See review.h. */
#include "api/cli/review.h"

#include "contracts/machine.h"

#include <stdio.h>

enum err review(const struct json *claims, const char *type, unsigned version, const char *act,
                struct rule_hits *ret, struct problem *ret_why) {
    ret->count = 0;
    return machine_review(claims, type, version, act, (uint64_t)now_ms(), ret, ret_why);
}

size_t review_count(const struct rule_hits *hits, enum rule_result result) {
    size_t count = 0;
    for (size_t i = 0; i < hits->count; i++) count += hits->items[i].result == result;
    return count;
}

static void print_one(FILE *out, const struct rule_hit *hit, bool is_zh) {
    (void)fprintf(out, "%-7s %s  %-6s %-6s %s (%s)\n", rule_result_name(hit->result),
                  rule_result_zh(hit->result), hit->rule->id, rule_action_name(hit->action),
                  is_zh ? hit->rule->title_zh : hit->rule->title, hit->rule->law);
    const char *detail = is_zh ? hit->detail_zh : hit->detail;
    if (detail[0]) (void)fprintf(out, "        %s\n", detail);
}

void review_print(const struct rule_hits *hits, bool all, bool to_stderr, bool is_zh) {
    FILE *out = to_stderr ? stderr : stdout;
    for (size_t i = 0; i < hits->count; i++) {
        const struct rule_hit *hit = &hits->items[i];
        bool bad = hit->result == RULE_FAIL || hit->result == RULE_RISK;
        if (all || bad) print_one(out, hit, is_zh);
    }
}
