/* Findings: what a rule flagged, opened by the ledger itself and the same on every node. State, not a leaf (DOMAIN.md section 3). */
#ifndef QIZHENG_CONTRACTS_FINDING_H
#define QIZHENG_CONTRACTS_FINDING_H

#include "contracts/rules.h"

enum finding_state { FINDING_OPEN }; /* stored: never renumber */

/* SHA-256 of the lines "qizheng-finding", "<rule>@<version>" and the hexadecimal ids of the records that caused it, each line ended by a newline.
 * ids: ascending, count of them, RECORD_ID_LEN bytes each. */
void finding_id(const struct rule *rule, const uint8_t *ids, size_t count, uint8_t ret[32]);
/* Writes the rows of the finding that this hit is, and marks it with the id. */
enum err finding_open(struct overlay *overlay, struct rule_hit *hit,
                      const uint8_t record[RECORD_ID_LEN], uint64_t index,
                      uint64_t time_ms) MUST_CHECK;
/* One finding: {"id","rule","version","result","result_zh","state","state_zh","opened","record"}. ERR_NOT_FOUND. */
enum err finding_json(struct view view, const uint8_t finding[32], struct json **ret) MUST_CHECK;
/* Findings that a record caused: an array of them, by id. */
enum err finding_list_json(struct view view, const uint8_t record[RECORD_ID_LEN],
                           struct json **ret) MUST_CHECK;

#endif
