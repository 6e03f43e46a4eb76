/* See issuer.h. */
#include "contracts/issuer.h"

#include "contracts/admission.h"

#include <string.h>

static enum err key_find(const struct issuer_claim *claim, struct registry_key *ret,
                         struct problem *ret_why) {
    enum err err = registry_key_get(claim->view, claim->jws->kid, ret);
    if (err && err != ERR_NOT_FOUND) return err;
    if (!err && strcmp(ret->participant, claim->iss) == 0) return ERR_OK;
    return problem_at(ret_why, ERR_ISSUER_UNKNOWN, "/iss",
                      "The key with this kid is not registered for the issuer. A registrar admits "
                      "participants and their keys.");
}

static enum err active_check(const struct issuer_claim *claim, uint16_t *ret_roles,
                             struct problem *ret_why) {
    struct registry_participant participant;
    enum err err = registry_participant_get(claim->view, claim->iss, false, &participant);
    if (err == ERR_NOT_FOUND) return ERR_CORRUPT; /* its key row is there */
    if (err) return err;
    *ret_roles = participant.roles;
    bool active = participant.status == REGISTRY_ACTIVE;
    registry_participant_done(&participant);
    if (active) return ERR_OK;
    return problem_at(ret_why, ERR_ISSUER_SUSPENDED, "/iss",
                      "The issuer is suspended; a registrar can resume it.");
}

static enum err validity_check(const struct issuer_claim *claim, const struct registry_key *key,
                               struct problem *ret_why) {
    int64_t now = (int64_t)(claim->time_ms / 1000);
    if (key->revoked) {
        return problem_set(ret_why, ERR_KEY_REVOKED, "The key is revoked. Sign with another one.");
    }
    if (key->from <= now && now < key->to) return ERR_OK;
    return problem_set(ret_why, ERR_KEY_REVOKED,
                       "The key is not valid at ledger time %lld: it is from %lld until before "
                       "%lld (seconds since 1970).",
                       (long long)now, (long long)key->from, (long long)key->to);
}

static enum err alg_check(const struct issuer_claim *claim, const struct registry_key *key,
                          struct problem *ret_why) {
    if (claim->jws->alg == key->alg) return ERR_OK;
    return problem_set(ret_why, ERR_ALG_MISMATCH,
                       "The record is signed with %s, but the registered key is for %s.",
                       key_alg_name(claim->jws->alg), key_alg_name(key->alg));
}

static enum err key_build(const struct registry_key *row, const char *kid, struct key_public *ret) {
    size_t len = row->alg == KEY_ED25519 ? 32 : 64;
    enum err err = key_public_from_point(row->alg, bytes_of(row->point, len), ret);
    if (err == ERR_KEY) return ERR_CORRUPT; /* it was a key when it was registered */
    if (err || strcmp(ret->kid, kid) == 0) return err;
    key_public_done(ret);
    return ERR_CORRUPT;
}

static enum err verify(const struct issuer_claim *claim, const struct registry_key *row) {
    const struct key_cache *cache = &claim->machine->keys;
    const struct jws *jws = claim->jws;
    const struct key_public *key = cache->get ? cache->get(cache->ctx, jws->kid) : NULL;
    struct key_public built = {.handle = NULL};
    if (!key) {
        enum err err = key_build(row, jws->kid, &built);
        if (err) return err;
        if (cache->put) cache->put(cache->ctx, &built);
        key = &built;
    }
    enum err err = jws_verify(jws, key);
    key_public_done(&built);
    return err;
}

static enum err signature_check(const struct issuer_claim *claim, const struct registry_key *row,
                                struct problem *ret_why) {
    if (claim->skip_signature) return ERR_OK;
    enum err err = verify(claim, row);
    if (!admission_refuses(err)) return err;
    return problem_set(ret_why, err,
                       "The signature does not verify under the registered key: the record was "
                       "changed after signing, or signed with another key.");
}

enum err issuer_claim_check(const struct issuer_claim *claim, uint16_t *ret_roles,
                            struct problem *ret_why) {
    struct registry_key key;
    enum err err = key_find(claim, &key, ret_why);
    if (!err) err = active_check(claim, ret_roles, ret_why);
    if (!err) err = validity_check(claim, &key, ret_why);
    if (!err) err = alg_check(claim, &key, ret_why);
    return err ? err : signature_check(claim, &key, ret_why);
}

enum err issuer_claim_recognise(const struct issuer_claim *claim, struct problem *ret_why) {
    struct registry_key key;
    enum err err = key_find(claim, &key, ret_why);
    return err ? err : signature_check(claim, &key, ret_why);
}
