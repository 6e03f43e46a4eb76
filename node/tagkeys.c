/* See tagkeys.h. */
#include "node/tagkeys.h"

#include "ledger/base/text.h"
#include "ledger/crypto/domainkey.h"
#include "ledger/crypto/secret.h"
#include "ledger/record/tag.h"
#include "ledger/store/entropy.h"
#include "ledger/store/keyfile.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct tagkey {
    char domain[TAG_WORD];
    uint8_t *secret; /* VOPRF_SCALAR_LEN bytes in locked memory */
    voprf_element public;
};

struct tagkeys {
    size_t count;
    struct tagkey keys[]; /* one for each domain of the genesis */
};

static enum err text_read(const char *path, const char *domain, struct buf *ret,
                          struct problem *ret_why) {
    struct problem why;
    enum err err = keyfile_read(path, DOMAINKEY_TEXT, ret, &why);
    if (err != ERR_NOT_FOUND) {
        if (err && ret_why) *ret_why = why;
        return err;
    }
    return problem_set(ret_why, err,
                       "%s is missing: the genesis gives this node the key of the tag domain %s. "
                       "Put it back from where it is kept; no other key makes the same tags.",
                       path, domain);
}

static enum err key_read(const char *path, const uint8_t *expected, struct tagkey *key,
                         struct problem *ret_why) {
    struct buf text;
    enum err err = text_read(path, key->domain, &text, ret_why);
    if (err) return err;
    err = domainkey_parse(buf_bytes(&text), key->secret, key->public);
    secret_wipe(text.data, text.cap);
    buf_done(&text);
    if (err)
        return problem_set(ret_why, err, "%s must hold 64 lower-case hex digits that are a key.",
                           path);
    if (memcmp(key->public, expected, VOPRF_ELEMENT_LEN) == 0) return ERR_OK;
    return problem_set(ret_why, ERR_KEY,
                       "%s is not the key that the genesis lists for the tag domain %s. It belongs "
                       "to another domain, node or ledger: put the right one back.",
                       path, key->domain);
}

static enum err key_open(const char *keys_dir, const char *domain, const struct json *listed,
                         struct tagkey *key, struct problem *ret_why) {
    char path[4096];
    voprf_element public;
    if (!tag_word_valid(bytes_text(domain)) ||
        base64url_decode_fixed(json_text_bytes(listed), public, sizeof public) ||
        !voprf_element_valid(public))
        return problem_set(ret_why, ERR_KEY,
                           "The genesis lists a tag domain whose name or public key no key can "
                           "have.");
    int wrote = snprintf(path, sizeof path, "%s/" DOMAINKEY_FILE, keys_dir, domain, TAG_VERSION);
    if (wrote < 0 || (size_t)wrote >= sizeof path)
        return problem_set(ret_why, ERR_CONFIG, "The path of the tag keys is too long.");
    (void)snprintf(key->domain, sizeof key->domain, "%s", domain);
    key->secret = secret_take(VOPRF_SCALAR_LEN);
    if (!key->secret) return problem_set(ret_why, ERR_NO_MEMORY, "Out of locked memory.");
    return key_read(path, public, key, ret_why);
}

enum err tagkeys_open(const char *keys_dir, const struct genesis_node *node, struct tagkeys **ret,
                      struct problem *ret_why) {
    struct tagkeys *keys = calloc(1, sizeof *keys + json_count(node->voprf) * sizeof keys->keys[0]);
    if (!keys) return problem_set(ret_why, ERR_NO_MEMORY, "No memory for the tag keys.");
    enum err err = ERR_OK;
    for (void *it = json_first(node->voprf); !err && it; it = json_next(node->voprf, it))
        err = key_open(keys_dir, json_name_at(it), json_value_at(it), &keys->keys[keys->count++],
                       ret_why);
    if (err)
        tagkeys_close(keys);
    else
        *ret = keys;
    return err;
}

void tagkeys_close(struct tagkeys *keys) {
    if (!keys) return;
    for (size_t i = 0; i < keys->count; i++) secret_free(keys->keys[i].secret);
    free(keys);
}

static const struct tagkey *key_find(const struct tagkeys *keys, const char *domain) {
    for (size_t i = 0; i < keys->count; i++)
        if (strcmp(keys->keys[i].domain, domain) == 0) return &keys->keys[i];
    return NULL;
}

bool tagkeys_has(const struct tagkeys *keys, const char *domain) {
    return key_find(keys, domain) != NULL;
}

enum err tagkeys_evaluate(const struct tagkeys *keys, const char *domain, const uint8_t *blinded,
                          size_t count, voprf_element ret_public, uint8_t *ret_evaluated,
                          uint8_t *ret_proofs) {
    uint8_t random[VOPRF_RANDOM_LEN];
    const struct tagkey *key = key_find(keys, domain);
    enum err err = key ? ERR_OK : ERR_NOT_FOUND;
    for (size_t i = 0; !err && i < count; i++) {
        entropy(random, sizeof random);
        err = voprf_blind_evaluate(key->secret, blinded + i * VOPRF_ELEMENT_LEN, 1, random,
                                   ret_evaluated + i * VOPRF_ELEMENT_LEN,
                                   ret_proofs + i * VOPRF_PROOF_LEN);
    }
    secret_wipe(random, sizeof random);
    if (!err) memcpy(ret_public, key->public, VOPRF_ELEMENT_LEN);
    return err;
}
