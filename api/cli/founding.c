/* See founding.h. */
#include "api/cli/founding.h"

#include "api/cli/signer.h"
#include "contracts/ids.h"
#include "contracts/machine.h"
#include "contracts/parameters.h"
#include "ledger/base/text.h"
#include "ledger/crypto/secret.h"
#include "ledger/store/entropy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NODE_SUFFIX "/node/1"

/* Region 999999 is assigned to nobody and the organisation part reads FAKE0000; both check digits are right. */
#define USCC_SYNTHETIC "91999999FAKE00005Q"

/* -- names -- */

/* What stands unquoted in notes, in YAML and in a policy: a host name and a path. */
static bool origin_valid(const char *origin) {
    static const char allowed[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789./_-";
    size_t len = strlen(origin);
    return len > 0 && len + strlen(NODE_SUFFIX) <= LIMIT_VKEY_NAME &&
           strspn(origin, allowed) == len && origin[0] != '-' && origin[0] != '/' &&
           origin[len - 1] != '/';
}

static enum err names_make(const struct founding_options *options, struct founding *f,
                           struct problem *ret_why) {
    uint8_t random[4];
    char hex[9];
    if (options->origin && !origin_valid(options->origin)) {
        return problem_set(ret_why, ERR_REQUEST,
                           "--origin is a host name and a path, such as log.example.org/2026: "
                           "letters, digits, dots, slashes, hyphens, at most %zu.",
                           LIMIT_VKEY_NAME - strlen(NODE_SUFFIX));
    }
    if (options->uscc && !ids_uscc_valid(bytes_text(options->uscc)))
        return problem_set(ret_why, ERR_REQUEST,
                           "--uscc is no unified social credit code: its check digit is wrong.");
    entropy(random, sizeof random);
    hex_encode(bytes_of(random, sizeof random), hex);
    if (options->origin)
        (void)snprintf(f->origin, sizeof f->origin, "%s", options->origin);
    else
        (void)snprintf(f->origin, sizeof f->origin, "qizheng.invalid/%s", hex);
    (void)snprintf(f->node_name, sizeof f->node_name, "%.*s" NODE_SUFFIX,
                   (int)(sizeof f->node_name - sizeof NODE_SUFFIX), f->origin);
    return ERR_OK;
}

/* -- keys -- */

/* A scalar of its own for each domain. */
static enum err tag_keys_make(struct founding *f, struct problem *ret_why) {
    uint8_t random[VOPRF_RANDOM_LEN];
    enum err err = ERR_OK;
    for (size_t i = 0; !err && i < TAG_DOMAINS; i++) {
        f->tag_secrets[i] = secret_take(VOPRF_SCALAR_LEN);
        if (!f->tag_secrets[i]) err = ERR_NO_MEMORY;
        if (!err) entropy(random, sizeof random);
        if (!err) err = voprf_scalar_make(random, f->tag_secrets[i]);
        if (!err) err = voprf_public(f->tag_secrets[i], f->tag_publics[i]);
    }
    secret_wipe(random, sizeof random);
    return err ? problem_set(ret_why, err, "The keys of the tag domains cannot be made.") : ERR_OK;
}

static enum err keys_make(struct founding *f, struct problem *ret_why) {
    f->seed = secret_take(NODEKEY_SEED_LEN);
    if (!f->seed) return problem_set(ret_why, ERR_NO_MEMORY, "Out of locked memory.");
    entropy(f->seed, NODEKEY_SEED_LEN);
    enum err err = nodekey_derive(f->seed, &f->keys);
    if (!err)
        err = vkey_make(f->origin, NOTE_TYPE_ED25519, key_secret_public(f->keys.log), &f->log);
    if (!err)
        err = vkey_make(f->node_name, NOTE_TYPE_COSIGNATURE, key_secret_public(f->keys.cosigner),
                        &f->cosigner);
    if (err) return problem_set(ret_why, err, "The node's keys cannot be made.");
    err = tag_keys_make(f, ret_why);
    if (err) return err;
    err = signer_new(KEY_ES256K, &f->operator_key, ret_why);
    return err ? err : signer_new(KEY_ES256K, &f->registrar_key, ret_why);
}

enum err founding_make(const struct founding_options *options, struct founding *ret,
                       struct problem *ret_why) {
    struct founding founding;
    memset(&founding, 0, sizeof founding);
    buf_init(&founding.text, LIMIT_GENESIS);
    enum err err = names_make(options, &founding, ret_why);
    if (!err) err = keys_make(&founding, ret_why);
    if (err)
        founding_done(&founding);
    else
        *ret = founding;
    return err;
}

void founding_done(struct founding *founding) {
    secret_free(founding->seed);
    for (size_t i = 0; i < TAG_DOMAINS; i++) secret_free(founding->tag_secrets[i]);
    nodekey_done(&founding->keys);
    key_secret_done(founding->operator_key);
    key_secret_done(founding->registrar_key);
    buf_done(&founding->text);
    genesis_done(founding->genesis);
    memset(founding, 0, sizeof *founding);
}

/* -- the genesis: each *_json gives a new value, or NULL without memory -- */

static enum err vkey_put(struct json *node, const char *name, const struct vkey *vkey) {
    struct buf text;
    buf_init(&text, 1024);
    enum err err = vkey_format(vkey, &text);
    if (!err) err = json_put(node, name, json_new_text_bytes(buf_bytes(&text)));
    buf_done(&text);
    return err;
}

static struct json *voprf_json(const struct founding *f) {
    char text[64];
    struct json *voprf = json_new_object();
    enum err err = voprf ? ERR_OK : ERR_NO_MEMORY;
    for (size_t i = 0; !err && i < TAG_DOMAINS; i++) {
        base64url_write(bytes_of(f->tag_publics[i], VOPRF_ELEMENT_LEN), text);
        err = json_put_text(voprf, tag_domain_name((enum tag_domain)i), text);
    }
    if (!err) return voprf;
    json_done(voprf);
    return NULL;
}

static struct json *nodes_json(const struct founding *f) {
    struct json *nodes = json_new_array(), *node = json_new_object();
    enum err err = nodes && node ? ERR_OK : ERR_NO_MEMORY;
    if (!err) err = json_put_text(node, "name", f->node_name);
    if (!err) err = json_put_text(node, "operator", "operator");
    if (!err) err = vkey_put(node, "log_vkey", &f->log);
    if (!err) err = vkey_put(node, "cosigner_vkey", &f->cosigner);
    if (!err) err = json_put(node, "auth", key_public_jwk(key_secret_public(f->keys.auth)));
    if (!err) err = json_put(node, "voprf", voprf_json(f));
    if (!err) {
        err = json_push(nodes, node);
        node = NULL;
    }
    if (!err) return nodes;
    json_done(node);
    json_done(nodes);
    return NULL;
}

static enum err participant_fill(struct participant *participant, const char *id, enum role role,
                                 const struct founding_options *options,
                                 const struct key_secret *key, int64_t from) {
    (void)snprintf(participant->id, sizeof participant->id, "%s", id);
    (void)snprintf(participant->name, sizeof participant->name, "%s",
                   options->name ? options->name : "Operator of this ledger");
    (void)snprintf(participant->uscc, sizeof participant->uscc, "%s",
                   options->uscc ? options->uscc : USCC_SYNTHETIC);
    participant->roles = (uint16_t)role;
    participant->keys[0].from = from;
    participant->keys[0].to = INT64_MAX;
    enum err err = key_public_copy(key_secret_public(key), &participant->keys[0].key);
    if (!err) participant->key_count = 1;
    return err;
}

static struct json *participant_new(const char *id, enum role role,
                                    const struct founding_options *options,
                                    const struct key_secret *key, int64_t from) {
    struct participant *participant = calloc(1, sizeof *participant);
    if (!participant) return NULL;
    enum err err = participant_fill(participant, id, role, options, key, from);
    struct json *json = err ? NULL : participant_json(participant);
    participant_done(participant);
    free(participant);
    return json;
}

static struct json *participants_json(const struct founding *f,
                                      const struct founding_options *options, int64_t from) {
    struct json *list = json_new_array();
    if (!list) return NULL;
    enum err err =
        json_push(list, participant_new("operator", ROLE_OPERATOR, options, f->operator_key, from));
    if (!err)
        err = json_push(
            list, participant_new("registrar", ROLE_REGISTRAR, options, f->registrar_key, from));
    if (!err) return list;
    json_done(list);
    return NULL;
}

static enum err genesis_fill(const struct founding *f, const struct founding_options *options,
                             const struct json *rules, struct json *json) {
    int64_t created = now_ms();
    enum err err = json_put_text(json, "format", GENESIS_FORMAT);
    if (!err) err = json_put_int(json, "created", created);
    if (!err) err = json_put_text(json, "origin", f->origin);
    if (!err) err = json_put_int(json, "protocol", MACHINE_PROTOCOL);
    if (!err) err = json_put_text(json, "quorum", "bft");
    if (!err) err = json_put(json, "nodes", nodes_json(f));
    if (!err) err = json_put(json, "participants", participants_json(f, options, created / 1000));
    if (!err) err = json_put(json, "parameters", machine_parameters_default());
    if (!err) err = json_put(json, "rules", json_clone(rules));
    return err;
}

enum err founding_genesis(struct founding *founding, const struct founding_options *options,
                          const struct json *rules, struct problem *ret_why) {
    struct json *json = json_new_object();
    enum err err = json ? genesis_fill(founding, options, rules, json) : ERR_NO_MEMORY;
    if (!err) err = json_format(json, &founding->text);
    json_done(json);
    if (err) return problem_set(ret_why, err, "The genesis cannot be written.");
    return genesis_parse(buf_bytes(&founding->text), &founding->genesis, ret_why);
}
