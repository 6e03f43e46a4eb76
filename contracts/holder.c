/* See holder.h. */
#include "contracts/holder.h"

#include "contracts/admission.h"
#include "contracts/state_keys.h"

#include <string.h>

/* -- rows -- */

static enum err docs_encode(const struct record *record, struct buf *out) {
    enum err err = buf_add_byte(out, (uint8_t)record->doc_count);
    for (size_t i = 0; !err && i < record->doc_count; i++) {
        err = buf_add_byte(out, (uint8_t)record->docs[i].alg);
        if (!err) err = buf_add(out, bytes_of(record->docs[i].digest, DIGEST_LEN));
    }
    return err;
}

static enum err row_encode(const struct key_public *key, const struct record *record,
                           struct buf *out) {
    enum err err = state_add_text(out, key->kid);
    if (!err) err = buf_add_byte(out, (uint8_t)key->alg);
    if (!err) err = buf_add(out, bytes_of(key->point, sizeof key->point));
    return err ? err : docs_encode(record, out);
}

static bool docs_decode(struct cursor *cursor, struct holder *holder) {
    holder->doc_count = cursor_u8(cursor);
    if (holder->doc_count > LIMIT_DOCS) return false;
    for (size_t i = 0; i < holder->doc_count; i++) {
        uint8_t alg = cursor_u8(cursor);
        if (alg >= DIGEST_ALG_COUNT) return false;
        holder->docs[i].alg = (enum digest_alg)alg;
        cursor_copy(cursor, holder->docs[i].digest, DIGEST_LEN);
    }
    return true;
}

static enum err row_decode(struct bytes row, struct holder *holder) {
    struct cursor cursor = cursor_of(row);
    state_take_text(&cursor, holder->kid, sizeof holder->kid);
    uint8_t alg = cursor_u8(&cursor);
    cursor_copy(&cursor, holder->point, sizeof holder->point);
    if (alg >= KEY_ALG_COUNT || !docs_decode(&cursor, holder) || !cursor_ended(&cursor))
        return ERR_CORRUPT;
    holder->alg = (enum key_alg)alg;
    return ERR_OK;
}

enum err holder_get(struct view view, const uint8_t id[RECORD_ID_LEN], struct holder *ret) {
    struct buf row;
    struct holder holder;
    memset(&holder, 0, sizeof holder);
    buf_init(&row, STATE_ROW_MAX);
    enum err err = state_get(view, state_key_holder(id), &row);
    if (!err) err = row_decode(buf_bytes(&row), &holder);
    buf_done(&row);
    if (!err) *ret = holder;
    return err;
}

static bool type_has_holders(const struct contract_type *type) {
    for (size_t i = 0; i < type->act_count; i++)
        if (contract_act_is_holders(&type->acts[i])) return true;
    return false;
}

enum err holder_keep(struct overlay *overlay, const struct contract_type *type,
                     const struct record *record) {
    struct key_public key;
    struct buf row;
    if (!type_has_holders(type)) return ERR_OK;
    enum err err = record_holder(record, &key);
    if (err) return err == ERR_NOT_FOUND ? ERR_OK : err;
    struct state_key at = state_key_holder(record->id);
    buf_init(&row, STATE_ROW_MAX);
    err = row_encode(&key, record, &row);
    if (!err) err = overlay_put(overlay, state_key_bytes(&at), buf_bytes(&row));
    buf_done(&row);
    key_public_done(&key);
    return err;
}

/* -- who signs -- */

static enum err free_check(struct view view, const char *kid, const char *pointer,
                           struct problem *ret_why) {
    struct registry_key key;
    enum err err = registry_key_get(view, kid, &key);
    if (err == ERR_NOT_FOUND) return ERR_OK;
    if (err) return err;
    return problem_at(ret_why, ERR_STATE, pointer,
                      "This key is registered for a participant. A holder, such as a worker, has a "
                      "key of its own.");
}

enum err holder_named_check(struct view view, const struct contract_type *type,
                            const struct record *record, struct problem *ret_why) {
    struct key_public key;
    if (!type_has_holders(type)) return ERR_OK;
    enum err err = record_holder(record, &key);
    if (err) return err == ERR_NOT_FOUND ? ERR_OK : err;
    err = free_check(view, key.kid, "/cnf/jwk", ret_why);
    key_public_done(&key);
    return err;
}

/* ref names nothing, or a record without cnf. */
static enum err refuse_ref(struct view view, const struct record *record, struct problem *ret_why) {
    uint64_t index;
    enum err err = view.find(view.ctx, record->ref, &index);
    if (err == ERR_NOT_FOUND) {
        return problem_at(ret_why, ERR_STALE_REF, "/ref",
                          "ref names no record of this ledger. Send the record that it follows "
                          "first.");
    }
    if (err) return err;
    return problem_at(ret_why, ERR_ISSUER_UNKNOWN, "/ref",
                      "The record that ref names says of no key that it is its holder's (cnf), so "
                      "nobody can sign as its holder.");
}

static enum err key_find(struct view view, const struct record *record, struct holder *ret,
                         struct problem *ret_why) {
    if (strcmp(record_issuer_kid(record), record->jws.kid) != 0) {
        return problem_at(ret_why, ERR_ISSUER_UNKNOWN, "/iss",
                          "iss names another key than the header's kid.");
    }
    if (!record->has_ref) {
        return problem_at(ret_why, ERR_SCHEMA, "/ref",
                          "A holder's record names in ref the record that says whose key this is: "
                          "ref is missing.");
    }
    enum err err = holder_get(view, record->ref, ret);
    if (err == ERR_NOT_FOUND) return refuse_ref(view, record, ret_why);
    if (err || strcmp(ret->kid, record->jws.kid) == 0) return err;
    return problem_at(ret_why, ERR_ISSUER_UNKNOWN, "/iss",
                      "The record that ref names gives its holder another key (cnf).");
}

static enum err signature_check(const struct holder *holder, const struct record *record,
                                struct problem *ret_why) {
    struct key_public key;
    size_t len = holder->alg == KEY_ED25519 ? 32 : 64;
    if (record->jws.alg != holder->alg) {
        return problem_set(ret_why, ERR_ALG_MISMATCH,
                           "The record is signed with %s, but the holder's key is for %s.",
                           key_alg_name(record->jws.alg), key_alg_name(holder->alg));
    }
    enum err err = key_public_from_point(holder->alg, bytes_of(holder->point, len), &key);
    if (err) return err == ERR_KEY ? ERR_CORRUPT : err; /* it was a key when it was named */
    err = jws_verify(&record->jws, &key);
    key_public_done(&key);
    if (!admission_refuses(err)) return err;
    return problem_set(ret_why, err,
                       "The signature does not verify under the holder's key: the record was "
                       "changed after signing, or signed with another key.");
}

enum err holder_recognise(struct view view, const struct record *record, bool skip_signature,
                          struct problem *ret_why) {
    struct holder holder;
    enum err err = key_find(view, record, &holder, ret_why);
    return err || skip_signature ? err : signature_check(&holder, record, ret_why);
}

enum err holder_check(struct view view, const struct record *record, bool skip_signature,
                      struct problem *ret_why) {
    enum err err = holder_recognise(view, record, skip_signature, ret_why);
    return err ? err : free_check(view, record->jws.kid, "/iss", ret_why);
}
