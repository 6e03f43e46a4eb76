/* See presentation.h. */
#include "api/cli/presentation.h"

#include "ledger/record/sdjwt.h"

#include <string.h>

/* Whether the comma separated list holds that name. */
static bool listed(const char *names, const char *name) {
    struct bytes rest = bytes_text(names);
    while (rest.len) {
        size_t comma = bytes_find(rest, ',', 0);
        if (bytes_is(bytes_slice(rest, 0, comma), name)) return true;
        rest = bytes_slice(rest, comma < rest.len ? comma + 1 : comma, rest.len);
    }
    return false;
}

static enum err names_check(const struct sdjwt_list *list, const char *names,
                            struct problem *ret_why) {
    struct bytes rest = bytes_text(names);
    while (rest.len) {
        size_t comma = bytes_find(rest, ',', 0);
        struct bytes name = bytes_slice(rest, 0, comma);
        bool found = false;
        for (size_t i = 0; i < list->count; i++) found |= bytes_is(name, list->items[i].name);
        if (!found) {
            return problem_set(ret_why, ERR_REQUEST, "There is no disclosure of %.*s here.",
                               (int)(name.len < 80 ? name.len : 80), (const char *)name.data);
        }
        rest = bytes_slice(rest, comma < rest.len ? comma + 1 : comma, rest.len);
    }
    return ERR_OK;
}

static enum err cut(struct bytes presentation, struct bytes *ret_jws, struct sdjwt_list *ret_list,
                    struct problem *ret_why) {
    struct bytes disclosures, kb;
    bool tilde;
    enum err err = sdjwt_cut(presentation, ret_jws, &disclosures, &kb, &tilde);
    if (!err && kb.len) err = ERR_JWS;
    if (err) return problem_set(ret_why, err, "The presentation is not <record>~<disclosures>~.");
    return sdjwt_list_parse(disclosures, ret_list, ret_why);
}

enum err presentation_pick(struct bytes presentation, const char *names, struct buf *out,
                           struct problem *ret_why) {
    struct sdjwt_list list = {NULL, 0};
    struct bytes jws = bytes_of(NULL, 0);
    enum err err = cut(presentation, &jws, &list, ret_why);
    if (!err) err = names_check(&list, names, ret_why);
    if (!err) err = buf_add(out, jws);
    if (!err) err = buf_add_byte(out, '~');
    for (size_t i = 0; !err && i < list.count; i++) {
        if (!listed(names, list.items[i].name)) continue;
        err = buf_add(out, list.items[i].encoded);
        if (!err) err = buf_add_byte(out, '~');
    }
    sdjwt_list_done(&list);
    return err;
}

enum err presentation_pick_in(struct json *receipt, const char *names, struct problem *ret_why) {
    struct buf text;
    struct bytes record = json_text_bytes(json_member(receipt, "record"));
    if (!record.len)
        return problem_set(ret_why, ERR_RECEIPT, "The receipt carries no record to show.");
    buf_init(&text, LIMIT_RECORD_PRESENTED);
    enum err err = presentation_pick(record, names, &text, ret_why);
    if (!err) err = json_put(receipt, "record", json_new_text_bytes(buf_bytes(&text)));
    buf_done(&text);
    return err;
}

enum err presentation_read(struct bytes presentation, struct presented *ret,
                           struct problem *ret_why) {
    struct presented presented = {NULL, NULL};
    struct sdjwt_list list = {NULL, 0};
    struct bytes jws = bytes_of(NULL, 0);
    enum err err = cut(presentation, &jws, &list, ret_why);
    if (!err) err = record_parse(jws, &presented.record, ret_why);
    if (!err) err = sdjwt_verify(presented.record->payload, &list, ret_why);
    if (!err) err = sdjwt_merge(presented.record->payload, &list, &presented.claims);
    sdjwt_list_done(&list);
    if (err)
        presented_done(&presented);
    else
        *ret = presented;
    return err;
}

void presented_done(struct presented *presented) {
    record_done(presented->record);
    json_done(presented->claims);
    memset(presented, 0, sizeof *presented);
}
