/* See presentation.h. */
#include "api/cli/presentation.h"

#include "api/cli/command.h"
#include "ledger/record/keybinding.h"
#include "ledger/record/sdjwt.h"

#include <string.h>

bool presentation_lists(const char *names, const char *name) {
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

bool presentation_is_bound(struct bytes presentation) {
    struct bytes jws, disclosures, kb;
    bool tilde;
    return sdjwt_cut(presentation, &jws, &disclosures, &kb, &tilde) == ERR_OK && tilde && kb.len;
}

static enum err cut(struct bytes presentation, struct bytes *ret_jws, struct sdjwt_list *ret_list,
                    struct problem *ret_why) {
    struct bytes disclosures, kb;
    bool tilde;
    enum err err = sdjwt_cut(presentation, ret_jws, &disclosures, &kb, &tilde);
    if (!err && bytes_find(kb, '.', 0) == kb.len && kb.len) err = ERR_JWS; /* it was cut off */
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
        if (!presentation_lists(names, list.items[i].name)) continue;
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

/* -- the holder -- */

enum err presentation_record(const struct json *receipt, struct record **ret,
                             struct problem *ret_why) {
    struct bytes text = json_text_bytes(json_member(receipt, "record"));
    if (!text.len) return problem_set(ret_why, ERR_RECEIPT, "The receipt carries no record.");
    return record_parse(bytes_slice(text, 0, bytes_find(text, '~', 0)), ret, ret_why);
}

enum err presentation_holder_check(const struct record *record, const struct key_public *key,
                                   struct problem *ret_why) {
    struct key_public holder;
    enum err err = record_holder(record, &holder);
    if (err == ERR_NOT_FOUND) {
        return problem_set(ret_why, err,
                           "The record names no holder's key (cnf). Its issuer can name one with "
                           "--holder in a new record.");
    }
    if (err) return problem_set(ret_why, err, "%s.", err_title(err));
    bool same = strcmp(holder.kid, key->kid) == 0;
    key_public_done(&holder);
    if (same) return ERR_OK;
    return problem_set(ret_why, ERR_KEY, "The record names another key as its holder's (cnf).");
}

static enum err bind(struct bytes presentation, const struct key_secret *key, const char *aud,
                     const char *nonce, struct buf *out, struct problem *ret_why) {
    if (!keybinding_text_valid(aud) || !keybinding_text_valid(nonce)) {
        return problem_set(ret_why, ERR_REQUEST, "An audience and a nonce take 1 to %d bytes.",
                           LIMIT_AUDIENCE);
    }
    enum err err = buf_add(out, presentation);
    if (!err) err = keybinding_sign(key, presentation, aud, nonce, now_s(), out);
    return err ? problem_set(ret_why, err, "The key binding cannot be made.") : ERR_OK;
}

enum err presentation_bind_in(struct json *receipt, const struct key_secret *key, const char *aud,
                              const char *nonce, struct problem *ret_why) {
    struct record *record = NULL;
    struct buf text;
    buf_init(&text, LIMIT_RECORD_PRESENTED);
    enum err err = presentation_record(receipt, &record, ret_why);
    if (!err) err = presentation_holder_check(record, key_secret_public(key), ret_why);
    if (!err) {
        err =
            bind(json_text_bytes(json_member(receipt, "record")), key, aud, nonce, &text, ret_why);
    }
    if (!err) err = json_put(receipt, "record", json_new_text_bytes(buf_bytes(&text)));
    record_done(record);
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
