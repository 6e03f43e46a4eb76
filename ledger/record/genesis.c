/* Genesis, read strictly. See genesis.h.
 *
 * Everybody who holds these bytes must read the same ledger out of them, for ever, so nothing is optional and nothing unknown
 * is skipped. A key stands for one use: log, cosigner, auth and participants' keys are all different from each other, over the
 * whole document. A vkey (C2SP signed-note) is only taken apart here as far as that needs; ledger/proof/note.h uses it. */
#include "ledger/record/genesis.h"

#include "ledger/base/text.h"
#include "ledger/crypto/sha256.h"
#include "ledger/record/record.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NOTE_TYPE_LOG 0x01
#define NOTE_TYPE_COSIGNER 0x04
/* No participant's text is shorter, so a count that the genesis cannot hold is refused before memory (some KiB each) is asked for. */
#define PARTICIPANT_MIN 160

/* What a parse has met so far: JSON objects used as sets of names. */
struct seen {
    struct json *keys;  /* kids */
    struct json *names; /* participant ids, node names, rule ids, each with a letter before it */
};

static enum err seen_add(struct json *set, const char *name, const char *pointer,
                         struct problem *ret_why) {
    if (json_member(set, name)) {
        return problem_at(ret_why, ERR_SCHEMA, pointer,
                          "This name or key stands elsewhere in the genesis already; each has one "
                          "use.");
    }
    return json_put_bool(set, name, true);
}

static enum err seen_name(struct seen *seen, char space, const char *name, const char *pointer,
                          struct problem *ret_why) {
    char spaced[LIMIT_VKEY_NAME + 2];
    (void)snprintf(spaced, sizeof spaced, "%c%s", space, name);
    return seen_add(seen->names, spaced, pointer, ret_why);
}

/* -- form -- */

static bool members_are(const struct json *value, const char *const *names, size_t count) {
    if (json_kind(value) != JSON_KIND_OBJECT || json_count(value) != count) return false;
    for (size_t i = 0; i < count; i++) {
        if (!json_member(value, names[i])) return false;
    }
    return true;
}

/* json_format gives JCS (RFC 8785) for ASCII member names and texts without control characters, so no others are taken. */
static bool text_is_plain(struct bytes text, bool ascii) {
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] < 0x20 || text.data[i] == 0x7f) return false;
        if (ascii && text.data[i] > 0x7f) return false;
    }
    return true;
}

static bool value_is_plain(const struct json *value) {
    if (json_kind(value) == JSON_KIND_TEXT) return text_is_plain(json_text_bytes(value), false);
    for (size_t i = 0; json_kind(value) == JSON_KIND_ARRAY && i < json_count(value); i++) {
        if (!value_is_plain(json_at(value, i))) return false;
    }
    if (json_kind(value) != JSON_KIND_OBJECT) return true;
    for (void *it = json_first(value); it; it = json_next(value, it)) {
        if (!text_is_plain(bytes_text(json_name_at(it)), true)) return false;
        if (!value_is_plain(json_value_at(it))) return false;
    }
    return true;
}

static enum err jcs_check(const struct json *value, struct bytes text, struct problem *ret_why) {
    if (!value_is_plain(value)) {
        return problem_set(ret_why, ERR_SCHEMA,
                           "The genesis holds a control character or a member name that is not "
                           "ASCII.");
    }
    struct buf again;
    buf_init(&again, 6 * (size_t)LIMIT_GENESIS); /* no text grows more than sixfold */
    enum err err = json_format(value, &again);
    if (!err && !bytes_equal(buf_bytes(&again), text)) {
        err = problem_set(ret_why, ERR_SCHEMA,
                          "The genesis is not in canonical form (RFC 8785): sorted member names, "
                          "no spaces.");
    }
    buf_done(&again);
    return err;
}

/* C2SP signed-note: a key name is non-empty, without spaces and plus signs. */
static bool key_name_valid(struct bytes name) {
    if (name.len == 0 || name.len > LIMIT_VKEY_NAME) return false;
    for (size_t i = 0; i < name.len; i++) {
        if (name.data[i] <= 0x20 || name.data[i] >= 0x7f || name.data[i] == '+') return false;
    }
    return true;
}

/* -- nodes -- */

/* "<name>+<hash>+<keytype and key>": gives the key where name and type are the expected ones and the hash is right. */
static bool vkey_open(const char *vkey, const char *name, uint8_t type, uint8_t ret_key[32]) {
    uint8_t typed[33], id[4], hash[SHA256_LEN];
    struct bytes text = bytes_text(vkey);
    size_t name_len = strlen(name);
    if (text.len < name_len + 10 || !bytes_starts(text, name)) return false;
    if (text.data[name_len] != '+' || text.data[name_len + 9] != '+') return false;
    if (hex_decode(bytes_slice(text, name_len + 1, name_len + 9), id, sizeof id)) return false;
    struct bytes rest = bytes_slice(text, name_len + 10, text.len);
    if (base64_decode_fixed(rest, typed, sizeof typed) || typed[0] != type) return false;
    struct bytes parts[] = {bytes_text(name), bytes_text("\n"), bytes_of(typed, sizeof typed)};
    sha256_parts(parts, 3, hash);
    if (memcmp(hash, id, sizeof id) != 0) return false;
    memcpy(ret_key, typed + 1, 32);
    return true;
}

static enum err vkey_check(const char *vkey, const char *name, uint8_t type, struct seen *seen,
                           const char *pointer, struct problem *ret_why) {
    uint8_t raw[32];
    struct key_public key;
    if (!vkey || !vkey_open(vkey, name, type, raw)) {
        return problem_at(ret_why, ERR_SCHEMA, pointer,
                          "Not a vkey of the expected name and type (C2SP signed-note): name, hash "
                          "and key must agree.");
    }
    enum err err = key_public_from_point(KEY_ED25519, bytes_of(raw, sizeof raw), &key);
    if (err) return problem_at(ret_why, err, pointer, "The vkey holds no usable Ed25519 key.");
    err = seen_add(seen->keys, key.kid, pointer, ret_why);
    key_public_done(&key);
    return err;
}

static enum err auth_parse(const struct json *jwk, struct seen *seen, const char *pointer,
                           struct genesis_node *node, struct problem *ret_why) {
    struct problem why = {0};
    struct key_public key;
    enum err err = key_public_from_jwk(jwk, &key, &why);
    if (err) return problem_at(ret_why, err, pointer, "%s", why.detail);
    if (key.alg != KEY_ED25519)
        err = problem_at(ret_why, ERR_KEY, pointer, "A node's auth key is an Ed25519 key.");
    if (!err) err = seen_add(seen->keys, key.kid, pointer, ret_why);
    if (!err) err = key_public_copy(&key, &node->auth);
    key_public_done(&key);
    return err;
}

/* Domain names to ristretto255 elements; that they are valid elements is the evaluator's check. */
static bool voprf_valid(const struct json *voprf) {
    if (json_kind(voprf) != JSON_KIND_OBJECT) return false;
    for (void *it = json_first(voprf); it; it = json_next(voprf, it)) {
        uint8_t element[32];
        if (!participant_id_valid(bytes_text(json_name_at(it)))) return false;
        if (base64url_decode_fixed(json_text_bytes(json_value_at(it)), element, sizeof element))
            return false;
    }
    return true;
}

static enum err node_texts(const struct json *value, const char *pointer, struct genesis_node *node,
                           struct problem *ret_why) {
    static const char *const names[] = {"auth", "cosigner_vkey", "log_vkey",
                                        "name", "operator",      "voprf"};
    if (!members_are(value, names, sizeof names / sizeof names[0])) {
        return problem_at(ret_why, ERR_SCHEMA, pointer,
                          "A node has name, operator, log_vkey, cosigner_vkey, auth and voprf, and "
                          "no others.");
    }
    node->name = json_text(json_member(value, "name"));
    node->operator_id = json_text(json_member(value, "operator"));
    node->log_vkey = json_text(json_member(value, "log_vkey"));
    node->cosigner_vkey = json_text(json_member(value, "cosigner_vkey"));
    node->voprf = json_member(value, "voprf");
    if (!node->name || !key_name_valid(bytes_text(node->name)) || !node->operator_id ||
        !voprf_valid(node->voprf)) {
        return problem_at(ret_why, ERR_SCHEMA, pointer,
                          "The node's name must be a key name without spaces and plus signs, "
                          "operator a participant id, and voprf map domains to public keys.");
    }
    return ERR_OK;
}

static enum err node_parse(const struct json *value, size_t index, struct genesis *genesis,
                           struct seen *seen, struct problem *ret_why) {
    struct genesis_node *node = &genesis->nodes[index];
    char pointer[32];
    (void)snprintf(pointer, sizeof pointer, "/nodes/%zu", index);
    enum err err = node_texts(value, pointer, node, ret_why);
    if (!err) err = seen_name(seen, 'n', node->name, pointer, ret_why);
    if (!err)
        err = vkey_check(node->log_vkey, genesis->origin, NOTE_TYPE_LOG, seen, pointer, ret_why);
    if (!err)
        err =
            vkey_check(node->cosigner_vkey, node->name, NOTE_TYPE_COSIGNER, seen, pointer, ret_why);
    if (!err) err = auth_parse(json_member(value, "auth"), seen, pointer, node, ret_why);
    if (!err) genesis->node_count = index + 1;
    return err;
}

static enum err nodes_parse(struct genesis *genesis, struct seen *seen, struct problem *ret_why) {
    const struct json *nodes = json_member(genesis->json, "nodes");
    size_t count = json_count(nodes);
    if (json_kind(nodes) != JSON_KIND_ARRAY || count == 0 || count > LIMIT_NODES) {
        return problem_at(ret_why, ERR_SCHEMA, "/nodes", "nodes must be an array of 1 to %d nodes.",
                          LIMIT_NODES);
    }
    enum err err = seen_name(seen, 'n', genesis->origin, "/origin", ret_why);
    for (size_t i = 0; !err && i < count; i++)
        err = node_parse(json_at(nodes, i), i, genesis, seen, ret_why);
    return err;
}

/* -- participants -- */

static enum err participant_add(const struct json *value, size_t index, struct genesis *genesis,
                                struct seen *seen, struct problem *ret_why) {
    struct participant *participant = &genesis->participants[index];
    char pointer[40];
    struct problem why = {0};
    (void)snprintf(pointer, sizeof pointer, "/participants/%zu", index);
    enum err err = participant_parse(value, true, participant, &why);
    if (err) {
        char at[sizeof pointer + sizeof why.pointer];
        (void)snprintf(at, sizeof at, "%s%s", pointer, why.pointer);
        return problem_at(ret_why, err, at, "%s", why.detail);
    }
    genesis->participant_count = index + 1;
    err = seen_name(seen, 'p', participant->id, pointer, ret_why);
    for (size_t i = 0; !err && i < participant->key_count; i++)
        err = seen_add(seen->keys, participant->keys[i].key.kid, pointer, ret_why);
    return err;
}

static enum err participants_parse(struct genesis *genesis, struct seen *seen,
                                   struct problem *ret_why) {
    const struct json *list = json_member(genesis->json, "participants");
    size_t count = json_count(list);
    if (json_kind(list) != JSON_KIND_ARRAY || count == 0 ||
        count > genesis->bytes.len / PARTICIPANT_MIN) {
        return problem_at(ret_why, ERR_SCHEMA, "/participants",
                          "participants must be an array of participants that is not empty.");
    }
    genesis->participants = calloc(count, sizeof *genesis->participants);
    enum err err = genesis->participants ? ERR_OK : ERR_NO_MEMORY;
    for (size_t i = 0; !err && i < count; i++)
        err = participant_add(json_at(list, i), i, genesis, seen, ret_why);
    return err;
}

static const struct participant *participant_named(const struct genesis *genesis, const char *id) {
    for (size_t i = 0; i < genesis->participant_count; i++) {
        if (strcmp(genesis->participants[i].id, id) == 0) return &genesis->participants[i];
    }
    return NULL;
}

static enum err roles_check(const struct genesis *genesis, struct problem *ret_why) {
    uint16_t roles = 0;
    for (size_t i = 0; i < genesis->participant_count; i++)
        roles = (uint16_t)(roles | genesis->participants[i].roles);
    if (!(roles & ROLE_REGISTRAR)) {
        return problem_at(ret_why, ERR_SCHEMA, "/participants",
                          "Without a registrar nobody could ever be admitted: name one.");
    }
    for (size_t i = 0; i < genesis->node_count; i++) {
        const struct participant *op = participant_named(genesis, genesis->nodes[i].operator_id);
        if (op && (op->roles & ROLE_OPERATOR)) continue;
        return problem_at(ret_why, ERR_SCHEMA, "/nodes",
                          "The operator of node %zu is no participant with the role operator.", i);
    }
    return ERR_OK;
}

/* -- rules and the rest -- */

static bool action_known(const char *action) {
    return action && (strcmp(action, "reject") == 0 || strcmp(action, "flag") == 0 ||
                      strcmp(action, "off") == 0);
}

static enum err rule_check(const struct json *rule, size_t index, struct seen *seen,
                           struct problem *ret_why) {
    static const char *const names[] = {"action", "id", "parameters", "version"};
    struct problem widths; /* a rule id must fit where refusals carry it */
    struct bytes id = json_text_bytes(json_member(rule, "id"));
    int64_t version = 0;
    char pointer[32];
    (void)snprintf(pointer, sizeof pointer, "/rules/%zu", index);
    bool good = members_are(rule, names, 4) && id.len > 0 && id.len < sizeof widths.rule &&
                json_int(json_member(rule, "version"), &version) && version >= 1 &&
                action_known(json_text(json_member(rule, "action"))) &&
                json_kind(json_member(rule, "parameters")) == JSON_KIND_OBJECT;
    if (good) return seen_name(seen, 'r', json_text(json_member(rule, "id")), pointer, ret_why);
    return problem_at(ret_why, ERR_SCHEMA, pointer,
                      "A rule has id, version, action (reject, flag or off) and parameters (an "
                      "object), and no others.");
}

static enum err rules_check(struct genesis *genesis, struct seen *seen, struct problem *ret_why) {
    genesis->parameters = json_member(genesis->json, "parameters");
    genesis->rules = json_member(genesis->json, "rules");
    if (json_kind(genesis->parameters) != JSON_KIND_OBJECT ||
        json_kind(genesis->rules) != JSON_KIND_ARRAY) {
        return problem_set(ret_why, ERR_SCHEMA, "parameters must be an object and rules an array.");
    }
    enum err err = ERR_OK;
    for (size_t i = 0; !err && i < json_count(genesis->rules); i++)
        err = rule_check(json_at(genesis->rules, i), i, seen, ret_why);
    return err;
}

static bool text_is(const struct json *value, const char *text) {
    return bytes_is(json_text_bytes(value), text);
}

static enum err head_parse(struct genesis *genesis, struct problem *ret_why) {
    static const char *const names[] = {"created",  "format",     "nodes",
                                        "origin",   "parameters", "participants",
                                        "protocol", "quorum",     "rules"};
    const struct json *json = genesis->json;
    if (!members_are(json, names, sizeof names / sizeof names[0])) {
        return problem_set(ret_why, ERR_SCHEMA,
                           "A genesis has format, created, origin, protocol, nodes, participants, "
                           "quorum, parameters and rules, and no others.");
    }
    if (!text_is(json_member(json, "format"), GENESIS_FORMAT))
        return problem_at(ret_why, ERR_SCHEMA, "/format", "format must be " GENESIS_FORMAT ".");
    if (!text_is(json_member(json, "quorum"), "bft"))
        return problem_at(ret_why, ERR_SCHEMA, "/quorum", "quorum must be bft.");
    if (!json_int(json_member(json, "created"), &genesis->created_ms) || genesis->created_ms < 0) {
        return problem_at(ret_why, ERR_SCHEMA, "/created",
                          "created must be milliseconds since 1970.");
    }
    if (!json_int(json_member(json, "protocol"), &genesis->protocol) || genesis->protocol < 1)
        return problem_at(ret_why, ERR_SCHEMA, "/protocol", "protocol must be 1 or more.");
    genesis->origin = json_text(json_member(json, "origin"));
    if (!genesis->origin || !key_name_valid(bytes_text(genesis->origin))) {
        return problem_at(ret_why, ERR_SCHEMA, "/origin",
                          "origin must be a key name of at most %d ASCII characters without spaces "
                          "and plus signs.",
                          LIMIT_VKEY_NAME);
    }
    return ERR_OK;
}

static enum err parts_parse(struct genesis *genesis, struct problem *ret_why) {
    struct seen seen = {json_new_object(), json_new_object()};
    enum err err = seen.keys && seen.names ? ERR_OK : ERR_NO_MEMORY;
    if (!err) err = head_parse(genesis, ret_why);
    if (!err) err = nodes_parse(genesis, &seen, ret_why);
    if (!err) err = participants_parse(genesis, &seen, ret_why);
    if (!err) err = roles_check(genesis, ret_why);
    if (!err) err = rules_check(genesis, &seen, ret_why);
    json_done(seen.keys);
    json_done(seen.names);
    return err;
}

static enum err text_take(struct bytes text, struct genesis *genesis, struct problem *ret_why) {
    enum err err = json_parse(text, &genesis->json, ret_why);
    if (!err) err = jcs_check(genesis->json, text, ret_why);
    if (err) return err;
    uint8_t *copy = malloc(text.len);
    if (!copy) return ERR_NO_MEMORY;
    memcpy(copy, text.data, text.len);
    genesis->bytes = bytes_of(copy, text.len);
    sha256(text, genesis->ledger_id);
    return ERR_OK;
}

enum err genesis_parse(struct bytes text, struct genesis **ret, struct problem *ret_why) {
    if (text.len > LIMIT_GENESIS) {
        return problem_set(ret_why, ERR_TOO_LARGE, "A genesis may take %d bytes, not %zu.",
                           LIMIT_GENESIS, text.len);
    }
    struct genesis *genesis = calloc(1, sizeof *genesis);
    if (!genesis) return problem_set(ret_why, ERR_NO_MEMORY, "Out of memory.");
    enum err err = text_take(text, genesis, ret_why);
    if (!err) err = parts_parse(genesis, ret_why);
    if (err == ERR_NO_MEMORY) (void)problem_set(ret_why, err, "Out of memory.");
    if (err) {
        genesis_done(genesis);
        return err;
    }
    *ret = genesis;
    return ERR_OK;
}

void genesis_done(struct genesis *genesis) {
    if (!genesis) return;
    for (size_t i = 0; i < genesis->node_count; i++) key_public_done(&genesis->nodes[i].auth);
    for (size_t i = 0; i < genesis->participant_count; i++)
        participant_done(&genesis->participants[i]);
    free(genesis->participants);
    json_done(genesis->json);
    free((void *)(uintptr_t)genesis->bytes.data);
    free(genesis);
}

enum err genesis_tag_key(const struct genesis *genesis, const char *domain, uint8_t ret[32]) {
    for (size_t i = 0; i < genesis->node_count; i++) {
        const struct json *listed = json_member(genesis->nodes[i].voprf, domain);
        if (listed) return base64url_decode_fixed(json_text_bytes(listed), ret, 32);
    }
    return ERR_NOT_FOUND;
}

void genesis_leaf(const struct genesis *genesis, uint8_t ret_leaf[41]) {
    leaf_encode((uint64_t)genesis->created_ms, genesis->ledger_id, ret_leaf);
}
