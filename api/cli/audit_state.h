/* What `qizheng audit` remembers between two runs: {"time": of the newest leaf, "checkpoint": the last one that was found good}. Whoever can write the file can make the audit
 * forget, but never take a log for good that is not: everything read here is checked against the log again. */
#ifndef QIZHENG_API_CLI_AUDIT_STATE_H
#define QIZHENG_API_CLI_AUDIT_STATE_H

#include "api/cli/mirror.h"
#include "ledger/base/json.h"

#define AUDIT_STATE_MAX (4 * LIMIT_NOTE) /* bytes of the file */

struct audit_state {
    struct mirror_checkpoint head;
    uint64_t time_ms;
};

/* ERR_SCHEMA ERR_NOTE ERR_CHECKPOINT, with the reason. */
enum err audit_state_parse(const struct json *json, struct audit_state *ret,
                           struct problem *ret_why) MUST_CHECK;
enum err audit_state_json(const struct audit_state *state, struct json **ret) MUST_CHECK;
void audit_state_done(struct audit_state *state); /* accepts zeroed */

#endif
