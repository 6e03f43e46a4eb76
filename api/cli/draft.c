/* See draft.h. */
#include "api/cli/draft.h"

#include "api/cli/disk.h"
#include "ledger/base/text.h"
#include "ledger/record/sdjwt.h"
#include "ledger/record/tag.h"
#include "ledger/store/entropy.h"
#include "ledger/store/file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* -- the payload -- */

static enum err put_jti(struct json *payload) {
    uint8_t random[LIMIT_JTI_MIN];
    char text[LIMIT_JTI_MIN * 2];
    entropy(random, sizeof random);
    base64url_write(bytes_of(random, sizeof random), text);
    return json_put_text(payload, "jti", text);
}

static enum err put_common(const struct draft_head *head, const struct claims *claims,
                           const struct json *doc, struct json *payload) {
    char vct[RECORD_TYPE_LEN + 32];
    (void)snprintf(vct, sizeof vct, "urn:qizheng:%s:%d", claims->type, CLAIMS_VERSION);
    enum err err = json_put_text(payload, "iss", head->issuer);
    if (!err) err = json_put_text(payload, "aud", head->ledger);
    if (!err) err = json_put_int(payload, "iat", now_s());
    if (!err) err = put_jti(payload);
    if (!err) err = json_put_text(payload, "vct", vct);
    if (!err) err = json_put_text(payload, "act", claims->act);
    if (!err && head->ref) err = json_put_text(payload, "ref", head->ref);
    if (!err && head->replaces) err = json_put_text(payload, "replaces", head->replaces);
    if (!err && doc) err = json_put(payload, "doc", json_clone(doc));
    if (!err && head->tags) err = json_put(payload, "tags", json_clone(head->tags));
    if (!err && head->cnf) err = json_put(payload, "cnf", json_clone(head->cnf));
    return err;
}

static enum err put_clear(const struct json *set, struct json *payload, struct problem *ret_why) {
    enum err err = ERR_OK;
    for (void *it = json_first(set); !err && it; it = json_next(set, it)) {
        const char *name = json_name_at(it);
        if (record_is_common_claim(name) || sdjwt_name_reserved(name)) {
            return problem_set(ret_why, ERR_SCHEMA,
                               "%s is no claim of a type's own: the program puts it itself, or it "
                               "has an option.",
                               name);
        }
        err = json_put(payload, name, json_clone(json_value_at(it)));
    }
    return err;
}

enum err draft_doc(enum digest_alg alg, const uint8_t digest[DIGEST_LEN], struct json **list) {
    char text[64];
    if (!*list) *list = json_new_array();
    struct json *doc = *list ? json_new_object() : NULL;
    if (!doc) return ERR_NO_MEMORY;
    base64url_write(bytes_of(digest, DIGEST_LEN), text);
    enum err err = json_put_text(doc, "alg", digest_name(alg));
    if (!err) err = json_put_text(doc, "digest", text);
    if (!err) return json_push(*list, doc);
    json_done(doc);
    return err;
}

/* -- what is hidden -- */

static enum err disclosure_entry(const char *name, const struct json *value, struct bytes encoded,
                                 struct json *list) {
    struct json *entry = json_new_object();
    if (!entry) return ERR_NO_MEMORY;
    enum err err = json_put_text(entry, "name", name);
    if (!err) err = json_put(entry, "value", json_clone(value));
    if (!err) err = json_put(entry, "disclosure", json_new_text_bytes(encoded));
    if (!err) return json_push(list, entry);
    json_done(entry);
    return err;
}

static enum err hide_one(struct draft *draft, const char *name, const struct json *value,
                         uint8_t ret_digest[32], struct problem *ret_why) {
    uint8_t salt[LIMIT_SALT_MIN];
    struct buf encoded;
    if (json_member(draft->claims, name))
        return problem_set(ret_why, ERR_SCHEMA, "%s is both set and hidden. Choose one.", name);
    entropy(salt, sizeof salt);
    buf_init(&encoded, LIMIT_DISCLOSURE);
    enum err err = sdjwt_disclose(salt, name, value, &encoded, ret_digest);
    if (err)
        (void)problem_set(ret_why, err,
                          "%s cannot be hidden: its name is reserved, or its value "
                          "too large.",
                          name);
    if (!err) err = disclosure_entry(name, value, buf_bytes(&encoded), draft->disclosures);
    if (!err) err = json_put(draft->claims, name, json_clone(value));
    buf_done(&encoded);
    return err;
}

static enum err hide_all(struct draft *draft, const struct json *hide, struct problem *ret_why) {
    size_t count = json_count(hide), done = 0;
    if (count > LIMIT_DISCLOSURES)
        return problem_set(ret_why, ERR_TOO_LARGE, "A record hides at most %d claims.",
                           LIMIT_DISCLOSURES);
    uint8_t(*digests)[32] = calloc(count + 1, sizeof *digests);
    enum err err = digests ? ERR_OK : ERR_NO_MEMORY;
    for (void *it = json_first(hide); !err && it; it = json_next(hide, it))
        err = hide_one(draft, json_name_at(it), json_value_at(it), digests[done++], ret_why);
    if (!err) err = sdjwt_seal(draft->payload, (const uint8_t(*)[32])digests, count);
    free(digests);
    return err;
}

static enum err draft_new(const struct claims *claims, struct draft *ret) {
    memset(ret, 0, sizeof *ret);
    memcpy(ret->type, claims->type, sizeof ret->type);
    memcpy(ret->act, claims->act, sizeof ret->act);
    ret->payload = json_new_object();
    ret->disclosures = json_new_array();
    return ret->payload && ret->disclosures ? ERR_OK : ERR_NO_MEMORY;
}

enum err draft_make(const struct draft_head *head, const struct claims *claims,
                    const struct json *doc, struct draft *ret, struct problem *ret_why) {
    struct draft draft;
    enum err err = draft_new(claims, &draft);
    if (!err) err = put_common(head, claims, doc, draft.payload);
    if (!err) err = put_clear(claims->set, draft.payload, ret_why);
    if (!err) draft.claims = json_clone(draft.payload);
    if (!err && !draft.claims) err = ERR_NO_MEMORY;
    if (!err) err = hide_all(&draft, claims->hide, ret_why);
    if (err == ERR_NO_MEMORY) (void)problem_set(ret_why, err, "Out of memory.");
    if (err)
        draft_done(&draft);
    else
        *ret = draft;
    return err;
}

void draft_done(struct draft *draft) {
    json_done(draft->payload);
    json_done(draft->claims);
    json_done(draft->disclosures);
    memset(draft, 0, sizeof *draft);
}

/* -- parcels -- */

void parcel_done(struct parcel *parcel) {
    buf_done(&parcel->record);
    json_done(parcel->disclosures);
    json_done(parcel->claims);
    memset(parcel, 0, sizeof *parcel);
}

static void parcel_new(struct parcel *parcel) {
    memset(parcel, 0, sizeof *parcel);
    buf_init(&parcel->record, LIMIT_RECORD);
}

/* Reads the signed record back: what we submit is what a strict reader takes. */
static enum err parcel_check(struct parcel *parcel, struct problem *ret_why) {
    struct record *record = NULL;
    enum err err = record_parse(buf_bytes(&parcel->record), &record, ret_why);
    if (err) return err;
    hex_encode(bytes_of(record->id, RECORD_ID_LEN), parcel->id);
    record_done(record);
    return ERR_OK;
}

enum err draft_sign(const struct draft *draft, const struct key_secret *key, struct parcel *ret,
                    struct problem *ret_why) {
    struct parcel parcel;
    struct buf payload;
    parcel_new(&parcel);
    buf_init(&payload, LIMIT_RECORD);
    enum err err = json_format(draft->payload, &payload);
    if (!err) err = jws_sign(key, JWS_TYP_RECORD, buf_bytes(&payload), &parcel.record);
    buf_done(&payload);
    if (err == ERR_TOO_LARGE)
        (void)problem_set(ret_why, err, "A record may take %d bytes.", LIMIT_RECORD);
    else if (err)
        (void)problem_set(ret_why, err, "The record cannot be signed with that key.");
    if (!err) err = parcel_check(&parcel, ret_why);
    if (!err) {
        parcel.disclosures = json_clone(draft->disclosures);
        parcel.claims = json_clone(draft->claims);
        if (!parcel.disclosures || !parcel.claims) err = ERR_NO_MEMORY;
    }
    if (err)
        parcel_done(&parcel);
    else
        *ret = parcel;
    return err;
}

enum err parcel_json(const struct parcel *parcel, struct json **ret) {
    struct json *json = json_new_object();
    if (!json) return ERR_NO_MEMORY;
    enum err err = json_put_text(json, "id", parcel->id);
    if (!err) err = json_put(json, "record", json_new_text_bytes(buf_bytes(&parcel->record)));
    if (!err) err = json_put(json, "disclosures", json_clone(parcel->disclosures));
    if (err)
        json_done(json);
    else
        *ret = json;
    return err;
}

enum err parcel_save(const struct parcel *parcel, const char *path, struct problem *ret_why) {
    struct json *json = NULL;
    enum err err = parcel_json(parcel, &json);
    if (err) return problem_set(ret_why, err, "Out of memory.");
    return disk_write_json(path, json, 0600, DISK_NEW, ret_why);
}

/* Claims out of the signed payload and the disclosures. */
static enum err parcel_merge(struct parcel *parcel, struct problem *ret_why) {
    struct record *record = NULL;
    struct sdjwt_list list = {NULL, 0};
    struct buf shown;
    struct bytes jws, disclosures, kb;
    bool tilde;
    buf_init(&shown, LIMIT_RECORD_PRESENTED);
    enum err err = parcel_present(parcel, bytes_of(NULL, 0), &shown);
    if (!err) err = sdjwt_cut(buf_bytes(&shown), &jws, &disclosures, &kb, &tilde);
    if (!err) err = record_parse(jws, &record, ret_why);
    if (!err) err = sdjwt_list_parse(disclosures, &list, ret_why);
    if (!err) err = sdjwt_verify(record->payload, &list, ret_why);
    if (!err) err = sdjwt_merge(record->payload, &list, &parcel->claims);
    sdjwt_list_done(&list);
    record_done(record);
    buf_done(&shown);
    return err;
}

static enum err parcel_read(const struct json *json, struct parcel *parcel,
                            struct problem *ret_why) {
    enum err err = buf_add(&parcel->record, json_text_bytes(json_member(json, "record")));
    if (err == ERR_TOO_LARGE) return problem_set(ret_why, err, "Its record is too long.");
    if (!err) err = parcel_check(parcel, ret_why);
    if (err) return err;
    parcel->disclosures = json_clone(json_member(json, "disclosures"));
    if (json_kind(parcel->disclosures) != JSON_KIND_ARRAY)
        return problem_set(ret_why, ERR_SCHEMA, "Its disclosures are no list.");
    return parcel_merge(parcel, ret_why);
}

enum err parcel_parse(const struct json *json, struct parcel *ret, struct problem *ret_why) {
    struct parcel parcel;
    parcel_new(&parcel);
    enum err err = parcel_read(json, &parcel, ret_why);
    if (err)
        parcel_done(&parcel);
    else
        *ret = parcel;
    return err;
}

enum err parcel_load(const char *path, struct parcel *ret, struct problem *ret_why) {
    struct json *json = NULL;
    struct problem why = {ERR_OK, "", "", "", ""};
    enum err err = disk_read_json(path, 4 * LIMIT_RECORD_PRESENTED, &json, ret_why);
    if (err) return err;
    /* whoever saved it may not have lived to make its name durable, and it is sent next */
    err = file_sync_parent_dir(path);
    if (err) {
        json_done(json);
        return problem_set(ret_why, err, "The folder of %s cannot be synced.", path);
    }
    err = parcel_parse(json, ret, &why);
    json_done(json);
    if (!err) return ERR_OK;
    return problem_set(ret_why, err,
                       "%s does not hold an unfinished submission: %s Move it away to start anew.",
                       path, why.detail);
}

/* -- receipts -- */

static bool record_is(struct bytes jws, const char *id) {
    struct record *record = NULL;
    char hex[2 * RECORD_ID_LEN + 1] = "";
    if (!record_parse(jws, &record, NULL)) hex_encode(bytes_of(record->id, RECORD_ID_LEN), hex);
    record_done(record);
    return hex[0] && strcmp(hex, id) == 0;
}

static struct bytes receipt_jws(const struct json *receipt) {
    struct bytes shown = json_text_bytes(json_member(receipt, "record"));
    return bytes_slice(shown, 0, bytes_find(shown, '~', 0));
}

enum err parcel_receipt(const struct parcel *parcel, const struct json *answered, struct json **ret,
                        struct problem *ret_why) {
    struct buf shown;
    struct json *receipt = json_clone(answered);
    struct bytes jws = receipt_jws(receipt);
    buf_init(&shown, LIMIT_RECORD_PRESENTED);
    enum err err = record_is(jws, parcel->id) ? ERR_OK : ERR_RECEIPT;
    if (!err) err = parcel_present(parcel, jws, &shown);
    if (!err) err = json_put(receipt, "record", json_new_text_bytes(buf_bytes(&shown)));
    buf_done(&shown);
    if (err) {
        json_done(receipt);
        return problem_set(ret_why, err,
                           "The node's answer holds no receipt of this record. Send it again, or "
                           "ask another node.");
    }
    *ret = receipt;
    return ERR_OK;
}

bool parcel_receipt_is(const char *path, const char id[2 * RECORD_ID_LEN + 1]) {
    struct json *json = NULL;
    bool same = !disk_read_json(path, LIMIT_RECEIPT, &json, NULL) && id[0] &&
                record_is(receipt_jws(json), id);
    json_done(json);
    return same;
}

bool parcel_says(const struct parcel *parcel, const struct draft *draft) {
    static const char *const fresh[] = {"iat", "jti", TAG_CLAIM};
    struct json *old = json_clone(parcel->claims), *new = json_clone(draft->claims);
    for (size_t i = 0; i < sizeof fresh / sizeof fresh[0]; i++) {
        json_remove(old, fresh[i]);
        json_remove(new, fresh[i]);
    }
    bool same = old && new &&json_same(old, new);
    json_done(old);
    json_done(new);
    return same;
}

enum err parcel_present(const struct parcel *parcel, struct bytes jws, struct buf *out) {
    enum err err = buf_add(out, jws.len ? jws : buf_bytes(&parcel->record));
    if (!err) err = buf_add_byte(out, '~');
    for (size_t i = 0; !err && i < json_count(parcel->disclosures); i++) {
        const struct json *entry = json_at(parcel->disclosures, i);
        err = buf_add(out, json_text_bytes(json_member(entry, "disclosure")));
        if (!err) err = buf_add_byte(out, '~');
    }
    return err;
}
