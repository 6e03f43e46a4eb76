/* machine_status: what a record is worth now. See machine.h. */
#include "contracts/contract.h"
#include "contracts/finding.h"
#include "contracts/machine.h"
#include "ledger/base/text.h"

static enum err put_id(struct json *object, const char *name, const uint8_t id[RECORD_ID_LEN]) {
    char text[2 * RECORD_ID_LEN + 1];
    hex_encode(bytes_of(id, RECORD_ID_LEN), text);
    return json_put_text(object, name, text);
}

/* A record that was corrected is superseded, whatever became of its chain; any other is what its chain is. */
static enum err put_status(struct json *object, const struct chain *chain,
                           const struct chain_link *link) {
    enum chain_status status = link->is_replaced ? CHAIN_SUPERSEDED : chain->status;
    enum err err = json_put_text(object, "status", chain_status_name(status));
    if (!err) err = json_put_text(object, "status_zh", chain_status_zh(status));
    if (!err) err = json_put_text(object, "act", link->act);
    if (!err) err = put_id(object, "head", chain->head);
    if (err || !link->is_replaced) return err;
    return put_id(object, "replaced_by", link->replaced_by);
}

static enum err put_findings(struct json *object, struct view view,
                             const uint8_t id[RECORD_ID_LEN]) {
    struct json *findings = NULL;
    enum err err = finding_list_json(view, id, &findings);
    return err ? err : json_put(object, "findings", findings);
}

enum err machine_status(struct view view, const uint8_t id[RECORD_ID_LEN], struct json **ret) {
    struct chain_link link;
    struct chain chain;
    enum err err = chain_link_get(view, id, &link);
    if (err) return err;
    err = chain_get(view, link.opening, &chain);
    if (err) return err == ERR_NOT_FOUND ? ERR_CORRUPT : err;
    struct json *object = json_new_object();
    err = object ? put_status(object, &chain, &link) : ERR_NO_MEMORY;
    if (!err) err = put_findings(object, view, id);
    if (err)
        json_done(object);
    else
        *ret = object;
    return err;
}
