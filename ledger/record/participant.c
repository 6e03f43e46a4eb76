/* Participants: who may sign, in which roles, with which keys. See participant.h.
 *
 * The form is checked here and nowhere else, for the genesis as for `participant` records: a participant that was parsed has an
 * id, a name, an organisation code of the right shape, a role and a key. Whether the code's check digit is right, and whether
 * the signer may register it, are rules (contracts/). */
#include "ledger/record/participant.h"

#include <stdio.h>
#include <string.h>

#define USCC_LEN 18

static const struct {
    enum role role;
    const char *name;
} roles[] = {
    {ROLE_EMPLOYER, "employer"},   {ROLE_PAYER, "payer"}, {ROLE_CERTIFIER, "certifier"},
    {ROLE_REGISTRAR, "registrar"}, {ROLE_COURT, "court"}, {ROLE_AUDITOR, "auditor"},
    {ROLE_OPERATOR, "operator"},
};
#define ROLE_COUNT (sizeof roles / sizeof roles[0])

const char *role_name(enum role role) {
    for (size_t i = 0; i < ROLE_COUNT; i++) {
        if (roles[i].role == role) return roles[i].name;
    }
    return "";
}

bool role_from_name(const char *name, enum role *ret) {
    for (size_t i = 0; name && i < ROLE_COUNT; i++) {
        if (strcmp(roles[i].name, name) != 0) continue;
        *ret = roles[i].role;
        return true;
    }
    return false;
}

static bool id_char(uint8_t c, bool first) {
    if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')) return true;
    return !first && (c == '.' || c == '_' || c == '-');
}

bool participant_id_valid(struct bytes id) {
    if (id.len == 0 || id.len > LIMIT_ID) return false;
    for (size_t i = 0; i < id.len; i++) {
        if (!id_char(id.data[i], i == 0)) return false;
    }
    return true;
}

/* -- reading -- */

static bool member_known(const char *name) {
    static const char *const known[] = {"id", "name", "uscc", "roles", "keys"};
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (strcmp(known[i], name) == 0) return true;
    }
    return false;
}

static enum err members_check(const struct json *value, bool strict, struct problem *ret_why) {
    if (json_kind(value) != JSON_KIND_OBJECT)
        return problem_set(ret_why, ERR_SCHEMA, "A participant is a JSON object.");
    for (void *it = json_first(value); strict && it; it = json_next(value, it)) {
        if (member_known(json_name_at(it))) continue;
        return problem_set(ret_why, ERR_SCHEMA,
                           "A participant has id, name, uscc, roles and keys, and no others.");
    }
    return ERR_OK;
}

static enum err id_parse(const struct json *value, struct participant *participant,
                         struct problem *ret_why) {
    struct bytes id = json_text_bytes(value);
    if (!participant_id_valid(id)) {
        return problem_at(ret_why, ERR_SCHEMA, "/id",
                          "id must be 1 to %d characters a-z 0-9 . _ -, the first a letter or "
                          "digit.",
                          LIMIT_ID);
    }
    memcpy(participant->id, id.data, id.len);
    return ERR_OK;
}

static enum err name_parse(const struct json *value, struct participant *participant,
                           struct problem *ret_why) {
    struct bytes name = json_text_bytes(value);
    bool plain = name.len > 0 && name.len <= LIMIT_NAME;
    for (size_t i = 0; plain && i < name.len; i++)
        plain = name.data[i] >= 0x20 && name.data[i] != 0x7f;
    if (!plain) {
        return problem_at(ret_why, ERR_SCHEMA, "/name",
                          "name must be 1 to %d bytes of text without control characters.",
                          LIMIT_NAME);
    }
    memcpy(participant->name, name.data, name.len);
    return ERR_OK;
}

/* GB 32100-2015: 18 characters of digits and capitals without I, O, S, V and Z. */
static enum err uscc_parse(const struct json *value, struct participant *participant,
                           struct problem *ret_why) {
    static const char alphabet[] = "0123456789ABCDEFGHJKLMNPQRTUWXY";
    struct bytes uscc = json_text_bytes(value);
    bool good = uscc.len == USCC_LEN;
    for (size_t i = 0; good && i < uscc.len; i++)
        good = memchr(alphabet, uscc.data[i], sizeof alphabet - 1) != NULL;
    if (!good) {
        return problem_at(ret_why, ERR_SCHEMA, "/uscc",
                          "uscc must be a unified social credit code: 18 digits and capital "
                          "letters (GB 32100).");
    }
    memcpy(participant->uscc, uscc.data, uscc.len);
    return ERR_OK;
}

static enum err roles_parse(const struct json *value, struct participant *participant,
                            struct problem *ret_why) {
    bool good = json_kind(value) == JSON_KIND_ARRAY && json_count(value) > 0;
    for (size_t i = 0; good && i < json_count(value); i++) {
        enum role role = ROLE_EMPLOYER;
        good = role_from_name(json_text(json_at(value, i)), &role) && !(participant->roles & role);
        participant->roles = (uint16_t)(participant->roles | role);
    }
    if (good) return ERR_OK;
    return problem_at(ret_why, ERR_SCHEMA, "/roles",
                      "roles must list, once each, one or more of employer, payer, certifier, "
                      "registrar, court, auditor, operator.");
}

/* from and to: seconds, `to` optional. Three members at most, and those known. */
static enum err validity_parse(const struct json *value, struct participant_key *key,
                               const char *pointer, struct problem *ret_why) {
    const struct json *to = json_member(value, "to");
    key->to = INT64_MAX;
    bool good = json_kind(value) == JSON_KIND_OBJECT &&
                json_kind(json_member(value, "jwk")) == JSON_KIND_OBJECT &&
                json_count(value) == (to ? 3u : 2u) &&
                json_int(json_member(value, "from"), &key->from) && key->from >= 0 &&
                (!to || json_int(to, &key->to)) && key->to > key->from;
    if (good) return ERR_OK;
    return problem_at(ret_why, ERR_SCHEMA, pointer,
                      "A key has jwk, from and, where it ends, to (seconds since 1970, later than "
                      "from), and no other members.");
}

static enum err key_parse(const struct json *value, size_t index, struct participant *participant,
                          struct problem *ret_why) {
    struct participant_key *key = &participant->keys[participant->key_count];
    char pointer[32];
    (void)snprintf(pointer, sizeof pointer, "/keys/%zu", index);
    enum err err = validity_parse(value, key, pointer, ret_why);
    if (err) return err;
    struct problem why = {0};
    err = key_public_from_jwk(json_member(value, "jwk"), &key->key, &why);
    if (err) return problem_at(ret_why, err, pointer, "%s", why.detail);
    if (participant_key_find(participant, key->key.kid)) {
        key_public_done(&key->key);
        return problem_at(ret_why, ERR_SCHEMA, pointer, "The same key stands there twice.");
    }
    participant->key_count++;
    return ERR_OK;
}

static enum err keys_parse(const struct json *value, struct participant *participant,
                           struct problem *ret_why) {
    size_t count = json_count(value);
    if (json_kind(value) != JSON_KIND_ARRAY || count == 0 || count > LIMIT_KEYS) {
        return problem_at(ret_why, ERR_SCHEMA, "/keys", "keys must be an array of 1 to %d keys.",
                          LIMIT_KEYS);
    }
    for (size_t i = 0; i < count; i++) {
        enum err err = key_parse(json_at(value, i), i, participant, ret_why);
        if (err) return err;
    }
    return ERR_OK;
}

static enum err fields_parse(const struct json *value, bool strict, struct participant *participant,
                             struct problem *ret_why) {
    enum err err = members_check(value, strict, ret_why);
    if (!err) err = id_parse(json_member(value, "id"), participant, ret_why);
    if (!err) err = name_parse(json_member(value, "name"), participant, ret_why);
    if (!err) err = uscc_parse(json_member(value, "uscc"), participant, ret_why);
    if (!err) err = roles_parse(json_member(value, "roles"), participant, ret_why);
    if (!err) err = keys_parse(json_member(value, "keys"), participant, ret_why);
    return err;
}

/* *ret is filled in place (it is some KiB large) and left zeroed after a refusal. */
enum err participant_parse(const struct json *value, bool strict, struct participant *ret,
                           struct problem *ret_why) {
    memset(ret, 0, sizeof *ret);
    enum err err = fields_parse(value, strict, ret, ret_why);
    if (err) participant_done(ret);
    return err;
}

void participant_done(struct participant *participant) {
    for (size_t i = 0; i < participant->key_count; i++) key_public_done(&participant->keys[i].key);
    memset(participant, 0, sizeof *participant);
}

const struct participant_key *participant_key_find(const struct participant *participant,
                                                   const char *kid) {
    for (size_t i = 0; i < participant->key_count; i++) {
        if (strcmp(participant->keys[i].key.kid, kid) == 0) return &participant->keys[i];
    }
    return NULL;
}

/* -- writing -- */

static enum err roles_put(uint16_t bits, struct json *object) {
    struct json *names = json_new_array();
    enum err err = names ? ERR_OK : ERR_NO_MEMORY;
    for (size_t i = 0; !err && i < ROLE_COUNT; i++) {
        if (bits & roles[i].role) err = json_push(names, json_new_text(roles[i].name));
    }
    if (!err) return json_put(object, "roles", names);
    json_done(names);
    return err;
}

static enum err key_push(const struct participant_key *key, struct json *keys) {
    struct json *entry = json_new_object();
    if (!entry) return ERR_NO_MEMORY;
    enum err err = json_put(entry, "jwk", key_public_jwk(&key->key));
    if (!err) err = json_put_int(entry, "from", key->from);
    if (!err && key->to != INT64_MAX) err = json_put_int(entry, "to", key->to);
    if (!err) return json_push(keys, entry);
    json_done(entry);
    return err;
}

static enum err keys_put(const struct participant *participant, struct json *object) {
    struct json *keys = json_new_array();
    enum err err = keys ? ERR_OK : ERR_NO_MEMORY;
    for (size_t i = 0; !err && i < participant->key_count; i++)
        err = key_push(&participant->keys[i], keys);
    if (!err) return json_put(object, "keys", keys);
    json_done(keys);
    return err;
}

struct json *participant_json(const struct participant *participant) {
    struct json *object = json_new_object();
    if (!object) return NULL;
    enum err err = json_put_text(object, "id", participant->id);
    if (!err) err = json_put_text(object, "name", participant->name);
    if (!err) err = json_put_text(object, "uscc", participant->uscc);
    if (!err) err = roles_put(participant->roles, object);
    if (!err) err = keys_put(participant, object);
    if (!err) return object;
    json_done(object);
    return NULL;
}
