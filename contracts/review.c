/* machine_review: the rules on a full record before it is signed (element review 要素审核), without any ledger. See machine.h. */
#include "contracts/contract.h"
#include "contracts/machine.h"

#include <string.h>

static enum err nothing_get(void *ctx, struct bytes key, struct buf *ret) {
    (void)ctx, (void)key, (void)ret;
    return ERR_NOT_FOUND;
}

static enum err nothing_find(void *ctx, const uint8_t id[RECORD_ID_LEN], uint64_t *ret_index) {
    (void)ctx, (void)id, (void)ret_index;
    return ERR_NOT_FOUND;
}

static enum err nothing_scan(void *ctx, struct bytes prefix,
                             bool (*each)(void *arg, struct bytes key, struct bytes value),
                             void *arg) {
    (void)ctx, (void)prefix, (void)each, (void)arg;
    return ERR_OK;
}

static enum err act_find(const char *type, unsigned version, const char *act,
                         const struct contract_type **ret, struct problem *ret_why) {
    const struct contract_type *found = contract_type_find(type, version);
    if (!found)
        return problem_at(ret_why, ERR_SCHEMA, "/vct", "There is no such record type and version.");
    const struct contract_act *row = contract_act_find(found, act);
    if (!row) return problem_at(ret_why, ERR_SCHEMA, "/act", "%s has no such act.", found->type);
    if (row->corrects) {
        return problem_at(ret_why, ERR_SCHEMA, "/act",
                          "A correction carries the claims of the act that it corrects: review it "
                          "as that act.");
    }
    *ret = found;
    return ERR_OK;
}

enum err machine_review(const struct json *claims, const char *type, unsigned version,
                        const char *act, uint64_t time_ms, struct rule_hits *ret_hits,
                        struct problem *ret_why) {
    const struct contract_type *found = NULL;
    struct contract_input input = {.view = {NULL, nothing_get, nothing_find, nothing_scan},
                                   .claims = claims,
                                   .act = act,
                                   .time_ms = time_ms,
                                   .reviewing = true};
    ret_hits->count = 0;
    if (json_kind(claims) != JSON_KIND_OBJECT)
        return problem_set(ret_why, ERR_SCHEMA, "The claims must be a JSON object.");
    enum err err = act_find(type, version, act, &found, ret_why);
    if (!err) err = found->check(&input, ret_why);
    return err ? err : found->judge(&input, ret_hits);
}
