/* Records: from bytes to a typed view, or a refusal with its reason. See record.h.
 *
 * Happy path: cut the tilde off -> copy -> split and decode the JWS -> low S -> id and hash -> read the common claims, one function
 * each. What a reason says is ours and never the record's: a refused text may hold what must not be repeated. */
#include "ledger/record/record.h"

#include "ledger/base/text.h"
#include "ledger/crypto/sha256.h"
#include "ledger/record/participant.h"
#include "ledger/record/sdjwt.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* The text, its decoded header and payload, and alignment. */
#define RECORD_ARENA (3 * LIMIT_RECORD)

#define VCT_PREFIX "urn:qizheng:"

bool record_is_common_claim(const char *name) {
    static const char *const common[] = {"iss",      "aud", "iat",  "jti", "vct",     "act", "ref",
                                         "replaces", "doc", "tags", "_sd", "_sd_alg", "cnf"};
    for (size_t i = 0; i < sizeof common / sizeof common[0]; i++) {
        if (strcmp(common[i], name) == 0) return true;
    }
    return false;
}

/* -- leaves -- */

void leaf_encode(uint64_t time_ms, const uint8_t hash[32], uint8_t ret[LEAF_LEN]) {
    ret[0] = LEAF_VERSION;
    put_u64(ret + 1, time_ms);
    memcpy(ret + 9, hash, 32);
}

enum err leaf_decode(const uint8_t leaf[LEAF_LEN], uint64_t *ret_time_ms, uint8_t ret_hash[32]) {
    if (leaf[0] != LEAF_VERSION) return ERR_RECEIPT;
    *ret_time_ms = get_u64(leaf + 1);
    memcpy(ret_hash, leaf + 9, 32);
    return ERR_OK;
}

/* -- claims, each in its own function -- */

static struct bytes claim_text(const struct record *record, const char *name) {
    return json_text_bytes(json_member(record->payload, name));
}

/* The first character a letter, then letters, digits and hyphens, all lower case; fits in `room` with its NUL. */
static bool word_valid(struct bytes word, size_t room) {
    if (word.len == 0 || word.len >= room) return false;
    for (size_t i = 0; i < word.len; i++) {
        uint8_t c = word.data[i];
        bool letter = c >= 'a' && c <= 'z';
        if (!letter && (i == 0 || !((c >= '0' && c <= '9') || c == '-'))) return false;
    }
    return true;
}

/* A thumbprint URI is recognised by its colons, which no participant id has. */
static bool issuer_valid(struct bytes iss) {
    uint8_t thumbprint[32];
    if (!bytes_starts(iss, RECORD_KEY_URI)) return participant_id_valid(iss);
    struct bytes tail = bytes_slice(iss, strlen(RECORD_KEY_URI), iss.len);
    return base64url_decode_fixed(tail, thumbprint, sizeof thumbprint) == ERR_OK;
}

static enum err claim_iss(struct record *record, struct problem *ret_why) {
    struct bytes iss = claim_text(record, "iss");
    if (!issuer_valid(iss)) {
        return problem_at(ret_why, ERR_SCHEMA, "/iss",
                          "iss must be a participant id, or a key's thumbprint "
                          "as " RECORD_KEY_URI "...");
    }
    assert(iss.len < sizeof record->iss);
    memcpy(record->iss, iss.data, iss.len);
    return ERR_OK;
}

static enum err claim_aud(struct record *record, struct problem *ret_why) {
    if (hex_decode(claim_text(record, "aud"), record->aud, sizeof record->aud) == ERR_OK)
        return ERR_OK;
    return problem_at(ret_why, ERR_SCHEMA, "/aud",
                      "aud must be the ledger id: 64 lower-case hexadecimal digits.");
}

static enum err claim_iat(struct record *record, struct problem *ret_why) {
    if (json_int(json_member(record->payload, "iat"), &record->iat) && record->iat >= 0)
        return ERR_OK;
    return problem_at(ret_why, ERR_SCHEMA, "/iat",
                      "iat must be an integer: seconds since 1970, not negative.");
}

static enum err claim_jti(const struct record *record, struct problem *ret_why) {
    struct buf raw;
    buf_init(&raw, LIMIT_RECORD);
    enum err err = base64url_decode(claim_text(record, "jti"), &raw);
    bool good = !err && raw.len >= LIMIT_JTI_MIN;
    buf_done(&raw);
    if (good || err == ERR_NO_MEMORY) return err;
    return problem_at(ret_why, ERR_SCHEMA, "/jti",
                      "jti must be base64url of %d random bytes or more: it salts the record's "
                      "hash.",
                      LIMIT_JTI_MIN);
}

static bool vct_read(struct bytes vct, struct record *record) {
    if (!bytes_starts(vct, VCT_PREFIX)) return false;
    struct bytes rest = bytes_slice(vct, strlen(VCT_PREFIX), vct.len);
    size_t colon = bytes_find(rest, ':', 0);
    uint64_t version;
    if (colon == rest.len || !word_valid(bytes_slice(rest, 0, colon), sizeof record->type))
        return false;
    if (decimal_parse(bytes_slice(rest, colon + 1, rest.len), &version)) return false;
    if (version == 0 || version > UINT16_MAX) return false;
    memcpy(record->type, rest.data, colon);
    record->type_version = (unsigned)version;
    return true;
}

static enum err claim_vct(struct record *record, struct problem *ret_why) {
    if (vct_read(claim_text(record, "vct"), record)) return ERR_OK;
    return problem_at(ret_why, ERR_SCHEMA, "/vct",
                      "vct must be " VCT_PREFIX "<type>:<version>, such "
                      "as " VCT_PREFIX "labour-contract:1.");
}

static enum err claim_act(struct record *record, struct problem *ret_why) {
    struct bytes act = claim_text(record, "act");
    bool good = act.len > 0 && act.len < sizeof record->act;
    for (size_t i = 0; good && i < act.len; i++)
        good = (act.data[i] >= 'a' && act.data[i] <= 'z') || act.data[i] == '-';
    if (!good) {
        return problem_at(ret_why, ERR_SCHEMA, "/act",
                          "act must be 1 to %zu lower-case letters or hyphens.",
                          sizeof record->act - 1);
    }
    memcpy(record->act, act.data, act.len);
    return ERR_OK;
}

/* An optional record id; name without its slash. */
static enum err claim_id(const struct record *record, const char *pointer, bool *ret_has,
                         uint8_t ret_id[RECORD_ID_LEN], struct problem *ret_why) {
    const struct json *value = json_member(record->payload, pointer + 1);
    *ret_has = value != NULL;
    if (!value || hex_decode(json_text_bytes(value), ret_id, RECORD_ID_LEN) == ERR_OK)
        return ERR_OK;
    return problem_at(ret_why, ERR_SCHEMA, pointer,
                      "A record id is written as 64 lower-case hexadecimal digits.");
}

static bool doc_read(const struct json *value, struct record_doc *ret) {
    const struct json *alg = json_member(value, "alg"), *digest = json_member(value, "digest");
    return json_kind(value) == JSON_KIND_OBJECT && json_count(value) == 2 && alg && digest &&
           digest_from_name(json_text_bytes(alg), &ret->alg) &&
           base64url_decode_fixed(json_text_bytes(digest), ret->digest, DIGEST_LEN) == ERR_OK;
}

static bool doc_known(const struct record *record, const struct record_doc *doc) {
    for (size_t i = 0; i < record->doc_count; i++) {
        if (record->docs[i].alg == doc->alg &&
            memcmp(record->docs[i].digest, doc->digest, DIGEST_LEN) == 0)
            return true;
    }
    return false;
}

static enum err claim_doc(struct record *record, struct problem *ret_why) {
    const struct json *list = json_member(record->payload, "doc");
    size_t count = json_count(list);
    bool good = !list || (json_kind(list) == JSON_KIND_ARRAY && count > 0 && count <= LIMIT_DOCS);
    for (size_t i = 0; good && i < count; i++) {
        struct record_doc *doc = &record->docs[record->doc_count];
        good = doc_read(json_at(list, i), doc) && !doc_known(record, doc);
        record->doc_count += good;
    }
    if (good) return ERR_OK;
    return problem_at(ret_why, ERR_SCHEMA, "/doc",
                      "doc must list 1 to %d different {alg, digest}, alg sha-256 or sm3, digest "
                      "32 bytes in base64url.",
                      LIMIT_DOCS);
}

static bool tag_read(const char *role, const struct json *value, struct record_tag *ret) {
    struct bytes role_text = bytes_text(role), domain = json_text_bytes(json_member(value, "d"));
    int64_t version;
    if (json_kind(value) != JSON_KIND_OBJECT || json_count(value) != 3) return false;
    if (!word_valid(role_text, sizeof ret->role) || !word_valid(domain, sizeof ret->domain))
        return false;
    if (!json_int(json_member(value, "v"), &version) || version < 1 || version > UINT32_MAX)
        return false;
    if (base64url_decode_fixed(json_text_bytes(json_member(value, "t")), ret->tag, sizeof ret->tag))
        return false;
    memcpy(ret->role, role_text.data, role_text.len);
    memcpy(ret->domain, domain.data, domain.len);
    ret->version = (uint32_t)version;
    return true;
}

static enum err claim_tags(struct record *record, struct problem *ret_why) {
    const struct json *tags = json_member(record->payload, "tags");
    size_t count = json_count(tags);
    bool good = !tags || (json_kind(tags) == JSON_KIND_OBJECT && count > 0 && count <= LIMIT_TAGS);
    for (void *it = good ? json_first(tags) : NULL; good && it; it = json_next(tags, it)) {
        good = tag_read(json_name_at(it), json_value_at(it), &record->tags[record->tag_count]);
        record->tag_count += good;
    }
    if (good) return ERR_OK;
    return problem_at(ret_why, ERR_SCHEMA, "/tags",
                      "tags must map 1 to %d roles to {d, v, t}: domain, key version from 1, and "
                      "32 bytes in base64url.",
                      LIMIT_TAGS);
}

/* Sorted and unique, so that their order says nothing about the claims behind them. */
static bool digests_sorted(const struct json *sd) {
    uint8_t digest[32];
    struct bytes before = bytes_of(NULL, 0);
    for (size_t i = 0; i < json_count(sd); i++) {
        struct bytes text = json_text_bytes(json_at(sd, i));
        if (base64url_decode_fixed(text, digest, sizeof digest)) return false;
        if (i && bytes_compare(before, text) >= 0) return false;
        before = text;
    }
    return true;
}

static enum err claim_sd(struct record *record, struct problem *ret_why) {
    const struct json *sd = json_member(record->payload, "_sd");
    const struct json *alg = json_member(record->payload, "_sd_alg");
    size_t count = json_count(sd);
    if (sd && (json_kind(sd) != JSON_KIND_ARRAY || count == 0 || count > LIMIT_DISCLOSURES ||
               !digests_sorted(sd))) {
        return problem_at(ret_why, ERR_SCHEMA, "/_sd",
                          "_sd must list 1 to %d different SHA-256 digests in base64url, sorted.",
                          LIMIT_DISCLOSURES);
    }
    if (sd ? !bytes_is(json_text_bytes(alg), SDJWT_ALG) : alg != NULL) {
        return problem_at(ret_why, ERR_SCHEMA, "/_sd_alg",
                          "_sd_alg must be " SDJWT_ALG " where there is an _sd, and absent "
                          "otherwise.");
    }
    if (!sdjwt_payload_flat(record->payload)) {
        return problem_set(ret_why, ERR_SCHEMA,
                           "_sd and _sd_alg stand at the top level only, and no member may be "
                           "named \"...\".");
    }
    record->sd_count = count;
    return ERR_OK;
}

/* RFC 7800 section 3.2: {"jwk": <public key>}. */
static enum err claim_cnf(const struct record *record, struct problem *ret_why) {
    const struct json *cnf = json_member(record->payload, "cnf");
    struct key_public key;
    struct problem why = {0};
    if (!cnf) return ERR_OK;
    if (json_kind(cnf) != JSON_KIND_OBJECT || json_count(cnf) != 1 || !json_member(cnf, "jwk"))
        return problem_at(ret_why, ERR_SCHEMA, "/cnf", "cnf must be an object with only a jwk.");
    enum err err = key_public_from_jwk(json_member(cnf, "jwk"), &key, &why);
    if (err == ERR_NO_MEMORY) return err;
    if (err) {
        return problem_at(ret_why, ERR_SCHEMA, "/cnf/jwk",
                          "cnf holds no usable public key of the holder. %s", why.detail);
    }
    key_public_done(&key);
    return ERR_OK;
}

static enum err claims_read(struct record *record, struct problem *ret_why) {
    if (json_kind(record->payload) != JSON_KIND_OBJECT)
        return problem_set(ret_why, ERR_SCHEMA, "The payload must be a JSON object.");
    enum err err = claim_iss(record, ret_why);
    if (!err) err = claim_aud(record, ret_why);
    if (!err) err = claim_iat(record, ret_why);
    if (!err) err = claim_jti(record, ret_why);
    if (!err) err = claim_vct(record, ret_why);
    if (!err) err = claim_act(record, ret_why);
    if (!err) err = claim_id(record, "/ref", &record->has_ref, record->ref, ret_why);
    if (!err) err = claim_id(record, "/replaces", &record->has_replaces, record->replaces, ret_why);
    if (!err) err = claim_doc(record, ret_why);
    if (!err) err = claim_tags(record, ret_why);
    if (!err) err = claim_sd(record, ret_why);
    return err ? err : claim_cnf(record, ret_why);
}

const char *record_issuer_kid(const struct record *record) {
    if (!bytes_starts(bytes_text(record->iss), RECORD_KEY_URI)) return NULL;
    return record->iss + strlen(RECORD_KEY_URI);
}

enum err record_holder(const struct record *record, struct key_public *ret) {
    const struct json *cnf = json_member(record->payload, "cnf");
    if (!cnf) return ERR_NOT_FOUND;
    return key_public_from_jwk(json_member(cnf, "jwk"), ret, NULL);
}

/* -- parse -- */

/* `<jws>~` is a record without disclosures; anything behind the tilde is one, or was meant as one. */
static enum err tilde_cut(struct bytes *compact, struct problem *ret_why) {
    size_t tilde = bytes_find(*compact, '~', 0);
    if (tilde + 1 < compact->len) {
        return problem_set(ret_why, ERR_DISCLOSURE_SUBMITTED,
                           "Send the signed record alone. Disclosures stay with the issuer and the "
                           "holder and are not kept here.");
    }
    *compact = bytes_slice(*compact, 0, tilde);
    return ERR_OK;
}

/* copy: the record's own copy of the compact text, made canonical in place. */
static enum err jws_read(struct record *record, struct bytes compact, struct problem *ret_why) {
    if (compact.len > LIMIT_RECORD) {
        return problem_set(ret_why, ERR_TOO_LARGE, "A record may take %d bytes, not %zu.",
                           LIMIT_RECORD, compact.len);
    }
    char *copy = arena_text(&record->arena, compact);
    if (!copy) return ERR_NO_MEMORY;
    record->canonical = bytes_of(copy, compact.len);
    enum err err = jws_split(record->canonical, &record->arena, &record->jws, ret_why);
    if (err) return err;
    if (strcmp(record->jws.typ, JWS_TYP_RECORD) != 0)
        return problem_set(ret_why, ERR_JWS, "The header's typ must be " JWS_TYP_RECORD ".");
    base64url_write(bytes_of(record->jws.sig, KEY_SIG_LEN),
                    copy + record->jws.signing_input.len + 1);
    sha256(record->jws.signing_input, record->id);
    sha256(record->canonical, record->hash);
    return ERR_OK;
}

enum err record_parse(struct bytes compact, struct record **ret, struct problem *ret_why) {
    enum err err = tilde_cut(&compact, ret_why);
    if (err) return err;
    struct record *record = calloc(1, sizeof *record);
    if (!record) return problem_set(ret_why, ERR_NO_MEMORY, "Out of memory.");
    arena_init(&record->arena, RECORD_ARENA);
    err = jws_read(record, compact, ret_why);
    if (!err) err = json_parse(record->jws.payload, &record->payload, ret_why);
    if (!err) err = claims_read(record, ret_why);
    if (err == ERR_NO_MEMORY) (void)problem_set(ret_why, err, "Out of memory.");
    if (err) {
        record_done(record);
        return err;
    }
    *ret = record;
    return ERR_OK;
}

void record_done(struct record *record) {
    if (!record) return;
    json_done(record->payload);
    arena_done(&record->arena);
    free(record);
}
