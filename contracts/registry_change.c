/* What registrars change after admission: status, keys. See registry.h.
 *
 * Invariant: after every act the registrar that signed it is active and holds a key that is good at that ledger time, or from the moment on at which its own ends. */
#include "contracts/registry_rows.h"

#include <string.h>

static enum err row_find(struct view view, const char *id, struct registry_participant *ret,
                         struct problem *ret_why) {
    enum err err = registry_row_get(view, id, true, ret);
    if (err != ERR_NOT_FOUND) return err;
    return problem_at(ret_why, ERR_STATE, "/id", "No participant has this id.");
}

static bool is_self(const char *id, const struct registry_act *act) {
    return strcmp(id, act->signer) == 0;
}

/* -- status -- */

static enum err status_check(const char *id, enum registry_status before,
                             enum registry_status after, const struct registry_act *act,
                             struct problem *ret_why) {
    if (before == after) {
        return problem_at(ret_why, ERR_STATE, "/id", "The participant is %s already.",
                          after == REGISTRY_SUSPENDED ? "suspended" : "active");
    }
    if (after == REGISTRY_ACTIVE || !is_self(id, act)) return ERR_OK;
    return problem_at(ret_why, ERR_STATE, "/id",
                      "A registrar cannot suspend itself: the ledger might be left without one. "
                      "Another registrar can.");
}

enum err registry_set_status(struct overlay *overlay, const char *id, enum registry_status status,
                             const struct registry_act *act, struct problem *ret_why) {
    struct registry_participant row = {.json = NULL};
    enum err err = row_find(overlay_view(overlay), id, &row, ret_why);
    if (!err) err = status_check(id, row.status, status, act, ret_why);
    row.status = status;
    if (!err) err = registry_participant_put(overlay, id, &row);
    registry_participant_done(&row);
    return err;
}

/* -- revoke -- */

static enum err key_find(struct view view, const char *id, const char *kid,
                         struct registry_key *ret, struct problem *ret_why) {
    enum err err = registry_key_get(view, kid, ret);
    if (err && err != ERR_NOT_FOUND) return err;
    if (!err && strcmp(ret->participant, id) == 0) return ERR_OK;
    return problem_at(ret_why, ERR_STATE, "/kid", "The participant has no key with this kid.");
}

enum err registry_revoke(struct overlay *overlay, const char *id, const char *kid,
                         const struct registry_act *act, struct problem *ret_why) {
    struct registry_key key;
    enum err err = key_find(overlay_view(overlay), id, kid, &key, ret_why);
    if (err) return err;
    if (key.revoked) return problem_at(ret_why, ERR_STATE, "/kid", "The key is revoked already.");
    if (strcmp(kid, act->signer_kid) == 0) {
        return problem_at(ret_why, ERR_STATE, "/kid",
                          "A registrar cannot revoke the key that it signs with: the ledger might "
                          "be left without one. Rotate to a new key first and sign with that, or "
                          "let another registrar do it.");
    }
    key.revoked = true;
    return registry_key_put(overlay, kid, &key);
}

/* -- rotate -- */

static enum err refuse_change(const char *pointer, const char *what, struct problem *ret_why) {
    return problem_at(ret_why, ERR_SCHEMA, pointer,
                      "%s differs from what is registered. A rotation changes keys alone (and may "
                      "give the name anew).",
                      what);
}

static enum err same_participant(const struct registry_participant *row,
                                 const struct participant *given, struct problem *ret_why) {
    if (row->roles != given->roles) return refuse_change("/roles", "roles", ret_why);
    if (bytes_is(json_text_bytes(json_member(row->json, "uscc")), given->uscc)) return ERR_OK;
    return refuse_change("/uscc", "uscc", ret_why);
}

/* A registered key that the rotation lists may end earlier, and nothing else. */
static enum err key_end(struct overlay *overlay, const struct participant_key *given,
                        struct registry_key row, struct problem *ret_why) {
    if (row.revoked)
        return problem_at(ret_why, ERR_STATE, "/keys",
                          "One of these keys is revoked: leave it out, and make a new one.");
    if (given->from != row.from || given->to > row.to)
        return problem_at(ret_why, ERR_STATE, "/keys",
                          "A registered key keeps its beginning, and can only be given an earlier "
                          "end.");
    row.to = given->to;
    return registry_key_put(overlay, given->key.kid, &row);
}

static enum err key_take(struct overlay *overlay, const char *id,
                         const struct participant_key *given, uint64_t index,
                         struct problem *ret_why) {
    struct registry_key row;
    enum err err = registry_key_get(overlay_view(overlay), given->key.kid, &row);
    if (err == ERR_NOT_FOUND) return registry_key_bind(overlay, id, given, index);
    if (err) return err;
    if (strcmp(row.participant, id) != 0)
        return problem_at(ret_why, ERR_STATE, "/keys",
                          "One of these keys is registered for another participant; a key speaks "
                          "for one, so make a new one.");
    return key_end(overlay, given, row, ret_why);
}

/* The public list of keys: those that were there, then the new ones. */
struct keys {
    const struct json *before;
    const struct participant *given;
    struct json *after;
    size_t count;
};

static enum err entry_push(struct keys *keys, const struct json *jwk, const char *kid,
                           int64_t from) {
    struct json *entry = json_new_object();
    if (!entry) return ERR_NO_MEMORY;
    enum err err = json_put(entry, "jwk", json_clone(jwk));
    if (!err) err = json_put_text(entry, "kid", kid);
    if (!err) err = json_put_int(entry, "from", from);
    if (err) {
        json_done(entry);
        return err;
    }
    keys->count++;
    return json_push(keys->after, entry);
}

/* drop: how many that are of no more use may be left out, counted down. */
static enum err entry_keep(struct keys *keys, struct view view, const struct json *entry,
                           int64_t now_s, size_t *drop) {
    const char *kid = json_text(json_member(entry, "kid"));
    struct registry_key key;
    int64_t from;
    if (!kid || !json_int(json_member(entry, "from"), &from)) return ERR_CORRUPT;
    enum err err = registry_key_get(view, kid, &key);
    if (err) return err == ERR_NOT_FOUND ? ERR_CORRUPT : err;
    if (*drop > 0 && (key.revoked || key.to <= now_s)) {
        (*drop)--;
        return ERR_OK;
    }
    return entry_push(keys, json_member(entry, "jwk"), kid, from);
}

static bool was_listed(const struct keys *keys, const char *kid) {
    for (size_t i = 0; i < json_count(keys->before); i++)
        if (bytes_is(json_text_bytes(json_member(json_at(keys->before, i), "kid")), kid))
            return true;
    return false;
}

static size_t new_count(const struct keys *keys) {
    size_t count = 0;
    for (size_t i = 0; i < keys->given->key_count; i++)
        count += !was_listed(keys, keys->given->keys[i].key.kid);
    return count;
}

static enum err entry_new(struct keys *keys, const struct participant_key *given) {
    struct json *jwk = key_public_jwk(&given->key);
    if (!jwk) return ERR_NO_MEMORY;
    enum err err = entry_push(keys, jwk, given->key.kid, given->from);
    json_done(jwk);
    return err;
}

static enum err keys_list(struct keys *keys, struct view view, int64_t now_s,
                          struct problem *ret_why) {
    size_t total = json_count(keys->before) + new_count(keys);
    size_t drop = total > LIMIT_KEYS ? total - LIMIT_KEYS : 0;
    enum err err = ERR_OK;
    for (size_t i = 0; !err && i < json_count(keys->before); i++)
        err = entry_keep(keys, view, json_at(keys->before, i), now_s, &drop);
    for (size_t i = 0; !err && i < keys->given->key_count; i++)
        if (!was_listed(keys, keys->given->keys[i].key.kid))
            err = entry_new(keys, &keys->given->keys[i]);
    if (err || keys->count <= LIMIT_KEYS) return err;
    return problem_at(ret_why, ERR_STATE, "/keys",
                      "A participant holds at most %d keys that have not ended. End or revoke some "
                      "first.",
                      LIMIT_KEYS);
}

/* A registrar that ends the key it signs with has another that is good from then on, without a gap, and for longer. */
static enum err followed_check(struct view view, const struct keys *keys,
                               const struct registry_act *act, struct problem *ret_why) {
    struct registry_key own, other;
    enum err err = registry_key_get(view, act->signer_kid, &own);
    if (err) return err == ERR_NOT_FOUND ? ERR_CORRUPT : err;
    if (own.to == INT64_MAX) return ERR_OK;
    int64_t until = own.to > act->now_s ? own.to : act->now_s;
    for (size_t i = 0; i < json_count(keys->after); i++) {
        const char *kid = json_text(json_member(json_at(keys->after, i), "kid"));
        err = registry_key_get(view, kid, &other);
        if (err) return err == ERR_NOT_FOUND ? ERR_CORRUPT : err;
        if (!other.revoked && other.from <= until && other.to > until) return ERR_OK;
    }
    return problem_at(ret_why, ERR_STATE, "/keys",
                      "A registrar that ends the key it signs with needs another that is valid "
                      "from then on and for longer: the ledger might be left without one.");
}

/* Whether this rotation ends the key that it is signed with. */
static bool ends_signer(const struct participant *given, const struct registry_act *act) {
    return participant_key_find(given, act->signer_kid) != NULL;
}

static enum err row_update(struct overlay *overlay, struct registry_participant *row,
                           const struct participant *given, const struct registry_act *act,
                           struct problem *ret_why) {
    struct view view = overlay_view(overlay);
    struct keys keys = {
        .before = json_member(row->json, "keys"), .given = given, .after = json_new_array()};
    enum err err = keys.after ? keys_list(&keys, view, act->now_s, ret_why) : ERR_NO_MEMORY;
    if (!err && ends_signer(given, act)) err = followed_check(view, &keys, act, ret_why);
    if (err) {
        json_done(keys.after);
        return err;
    }
    err = json_put(row->json, "keys", keys.after);
    if (!err) err = json_put_text(row->json, "name", given->name);
    return err ? err : registry_participant_put(overlay, given->id, row);
}

enum err registry_rotate(struct overlay *overlay, const struct participant *participant,
                         const struct registry_act *act, struct problem *ret_why) {
    struct registry_participant row = {.json = NULL};
    enum err err = row_find(overlay_view(overlay), participant->id, &row, ret_why);
    if (!err) err = same_participant(&row, participant, ret_why);
    for (size_t i = 0; !err && i < participant->key_count; i++)
        err = key_take(overlay, participant->id, &participant->keys[i], act->index, ret_why);
    if (!err) err = row_update(overlay, &row, participant, act, ret_why);
    registry_participant_done(&row);
    return err;
}
