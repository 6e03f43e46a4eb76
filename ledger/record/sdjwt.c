/* SD-JWT, flat. See sdjwt.h.
 *
 * RFC 9901 section 7.1 lets an issuer nest digests in objects, arrays and other disclosures. A record does not: all digests stand
 * in one `_sd` at the top, so a verifier matches two lists and is done. What would nest is refused, in the payload and in a
 * disclosed value, rather than passed on unread. */
#include "ledger/record/sdjwt.h"

#include "ledger/base/text.h"
#include "ledger/crypto/sha256.h"
#include "ledger/record/record.h"

#include <stdlib.h>
#include <string.h>

#define DIGEST_TEXT_LEN 43 /* base64url of 32 bytes */

bool sdjwt_name_reserved(const char *name) {
    return strcmp(name, "_sd") == 0 || strcmp(name, "...") == 0 || strcmp(name, "_sd_alg") == 0;
}

bool sdjwt_value_plain(const struct json *value) {
    for (size_t i = 0; json_kind(value) == JSON_KIND_ARRAY && i < json_count(value); i++) {
        if (!sdjwt_value_plain(json_at(value, i))) return false;
    }
    if (json_kind(value) != JSON_KIND_OBJECT) return true;
    for (void *it = json_first(value); it; it = json_next(value, it)) {
        if (sdjwt_name_reserved(json_name_at(it)) || !sdjwt_value_plain(json_value_at(it)))
            return false;
    }
    return true;
}

bool sdjwt_payload_flat(const struct json *payload) {
    if (json_member(payload, "...")) return false;
    for (void *it = json_first(payload); it; it = json_next(payload, it)) {
        if (!sdjwt_value_plain(json_value_at(it))) return false;
    }
    return true;
}

/* -- taking a presentation apart -- */

enum err sdjwt_cut(struct bytes presentation, struct bytes *ret_jws, struct bytes *ret_disclosures,
                   struct bytes *ret_kb, bool *ret_tilde) {
    if (presentation.len > LIMIT_RECORD_PRESENTED) return ERR_TOO_LARGE;
    size_t first = bytes_find(presentation, '~', 0);
    if (first == 0) return ERR_JWS;
    *ret_jws = bytes_slice(presentation, 0, first);
    *ret_tilde = first < presentation.len;
    *ret_disclosures = *ret_kb = bytes_of(NULL, 0);
    if (!*ret_tilde) return ERR_OK;
    size_t end = presentation.len;
    while (presentation.data[end - 1] != '~') end--;
    *ret_disclosures = bytes_slice(presentation, first + 1, end);
    *ret_kb = bytes_slice(presentation, end, presentation.len);
    return ERR_OK;
}

static enum err item_refuse(struct problem *ret_why, size_t index, const char *reason) {
    return problem_set(ret_why, ERR_DISCLOSURE, "Disclosure %zu %s", index + 1, reason);
}

/* RFC 9901 section 9.3: the salt needs "a sufficiently high entropy", 128 bits or more. */
static enum err salt_check(struct bytes salt, size_t index, struct problem *ret_why) {
    struct buf raw;
    buf_init(&raw, LIMIT_DISCLOSURE);
    enum err err = base64url_decode(salt, &raw);
    bool good = !err && raw.len >= LIMIT_SALT_MIN;
    buf_done(&raw);
    if (good || err == ERR_NO_MEMORY) return err;
    return item_refuse(
        ret_why, index,
        "has a salt that is not base64url of 16 bytes or more: it could be guessed.");
}

/* RFC 9901 section 7.1: "If the contents of the respective Disclosure is not a JSON array of three elements (salt, claim name,
 * claim value), the SD-JWT MUST be rejected." "If the claim name is _sd or ..., the SD-JWT MUST be rejected." */
static enum err item_read(struct sdjwt_disclosure *item, size_t index, struct problem *ret_why) {
    if (json_kind(item->array) != JSON_KIND_ARRAY || json_count(item->array) != 3)
        return item_refuse(ret_why, index, "is not an array of salt, name and value.");
    enum err err = salt_check(json_text_bytes(json_at(item->array, 0)), index, ret_why);
    if (err) return err;
    item->name = json_text(json_at(item->array, 1));
    item->value = json_at(item->array, 2);
    if (!item->name || sdjwt_name_reserved(item->name))
        return item_refuse(ret_why, index, "has no name that a claim may have.");
    if (!sdjwt_value_plain(item->value))
        return item_refuse(ret_why, index, "holds digests of further disclosures.");
    return ERR_OK;
}

/* item->array is set where the text was JSON, also on failure. */
static enum err item_parse(struct bytes encoded, size_t index, struct sdjwt_disclosure *item,
                           struct problem *ret_why) {
    struct buf raw;
    if (encoded.len == 0 || encoded.len > LIMIT_DISCLOSURE)
        return item_refuse(ret_why, index, "is empty or too long.");
    item->encoded = encoded;
    sha256(encoded, item->digest);
    buf_init(&raw, encoded.len);
    enum err err = base64url_decode(encoded, &raw);
    if (err == ERR_BASE64) err = item_refuse(ret_why, index, "is not strict base64url.");
    if (!err) {
        err = json_parse(buf_bytes(&raw), &item->array, NULL);
        if (err == ERR_MALFORMED_JSON)
            err = item_refuse(ret_why, index, "is not strict JSON: UTF-8, unique names, integers.");
    }
    buf_done(&raw);
    return err ? err : item_read(item, index, ret_why);
}

static size_t tildes(struct bytes text) {
    size_t count = 0;
    for (size_t i = 0; i < text.len; i++) count += text.data[i] == '~';
    return count;
}

enum err sdjwt_list_parse(struct bytes disclosures, struct sdjwt_list *ret,
                          struct problem *ret_why) {
    memset(ret, 0, sizeof *ret);
    size_t count = tildes(disclosures);
    if (disclosures.len && disclosures.data[disclosures.len - 1] != '~')
        return problem_set(ret_why, ERR_DISCLOSURE, "A tilde must follow the last disclosure.");
    if (count > LIMIT_DISCLOSURES) {
        return problem_set(ret_why, ERR_DISCLOSURE, "There are more than %d disclosures.",
                           LIMIT_DISCLOSURES);
    }
    if (count == 0) return ERR_OK;
    ret->items = calloc(count, sizeof *ret->items);
    if (!ret->items) return problem_set(ret_why, ERR_NO_MEMORY, "Out of memory.");
    enum err err = ERR_OK;
    for (size_t from = 0; !err && from < disclosures.len;) {
        size_t end = bytes_find(disclosures, '~', from);
        size_t index = ret->count++;
        err = item_parse(bytes_slice(disclosures, from, end), index, &ret->items[index], ret_why);
        from = end + 1;
    }
    return err;
}

void sdjwt_list_done(struct sdjwt_list *list) {
    for (size_t i = 0; i < list->count; i++) json_done(list->items[i].array);
    free(list->items);
    memset(list, 0, sizeof *list);
}

/* -- verifying -- */

/* `_sd` as an array of digests' texts, or NULL: no array, too long, not all of them digests, or one twice. RFC 9901 section 7.1:
 * "If any digest value is encountered more than once in the Issuer-signed JWT payload (directly or recursively via other
 * Disclosures), the SD-JWT MUST be rejected." */
static bool digests_good(const struct json *sd) {
    uint8_t raw[32];
    if (json_kind(sd) != JSON_KIND_ARRAY || json_count(sd) > LIMIT_DISCLOSURES) return false;
    for (size_t i = 0; i < json_count(sd); i++) {
        struct bytes text = json_text_bytes(json_at(sd, i));
        if (base64url_decode_fixed(text, raw, sizeof raw)) return false;
        for (size_t j = 0; j < i; j++) {
            if (bytes_equal(text, json_text_bytes(json_at(sd, j)))) return false;
        }
    }
    return true;
}

static enum err payload_check(const struct json *payload, struct problem *ret_why) {
    const struct json *sd = json_member(payload, "_sd"), *alg = json_member(payload, "_sd_alg");
    if (json_kind(payload) != JSON_KIND_OBJECT || !sdjwt_payload_flat(payload)) {
        return problem_set(ret_why, ERR_DISCLOSURE,
                           "The record holds digests elsewhere than in a top-level _sd.");
    }
    if (alg && !bytes_is(json_text_bytes(alg), SDJWT_ALG))
        return problem_at(ret_why, ERR_DISCLOSURE, "/_sd_alg", "_sd_alg must be " SDJWT_ALG ".");
    if (sd && !digests_good(sd)) {
        return problem_at(ret_why, ERR_DISCLOSURE, "/_sd",
                          "_sd must list different SHA-256 digests in base64url.");
    }
    return ERR_OK;
}

static bool digest_listed(const struct json *sd, const uint8_t digest[32]) {
    char text[DIGEST_TEXT_LEN + 1];
    base64url_write(bytes_of(digest, 32), text);
    for (size_t i = 0; i < json_count(sd); i++) {
        if (strcmp(json_text(json_at(sd, i)), text) == 0) return true;
    }
    return false;
}

/* RFC 9901 section 7.1: "If any Disclosure was not referenced by digest value in the Issuer-signed JWT (directly or recursively
 * via other Disclosures), the SD-JWT MUST be rejected." and "If the claim name already exists at the level of the _sd key, the
 * SD-JWT MUST be rejected." A claim that every record has is clear or absent: hidden, no node would have seen it. */
static enum err item_check(const struct json *payload, const struct sdjwt_list *list, size_t index,
                           struct problem *ret_why) {
    const struct sdjwt_disclosure *item = &list->items[index];
    if (!digest_listed(json_member(payload, "_sd"), item->digest))
        return item_refuse(ret_why, index, "is not in the record: its digest is not in _sd.");
    if (json_member(payload, item->name) || record_is_common_claim(item->name))
        return item_refuse(ret_why, index, "has the name of a claim that stands in the clear.");
    for (size_t i = 0; i < index; i++) {
        if (strcmp(list->items[i].name, item->name) == 0) /* also the same one twice */
            return item_refuse(ret_why, index, "has the name of another one.");
    }
    return ERR_OK;
}

enum err sdjwt_verify(const struct json *payload, const struct sdjwt_list *list,
                      struct problem *ret_why) {
    enum err err = payload_check(payload, ret_why);
    for (size_t i = 0; !err && i < list->count; i++) err = item_check(payload, list, i, ret_why);
    return err;
}

enum err sdjwt_merge(const struct json *payload, const struct sdjwt_list *list, struct json **ret) {
    struct json *merged = json_clone(payload);
    enum err err = merged ? ERR_OK : ERR_NO_MEMORY;
    if (!err) {
        json_remove(merged, "_sd");
        json_remove(merged, "_sd_alg");
    }
    for (size_t i = 0; !err && i < list->count; i++)
        err = json_put(merged, list->items[i].name, json_clone(list->items[i].value));
    if (err)
        json_done(merged);
    else
        *ret = merged;
    return err;
}

/* -- making -- */

static enum err array_new(const uint8_t salt[LIMIT_SALT_MIN], const char *name,
                          const struct json *value, struct json **ret) {
    char salt_text[32];
    base64url_write(bytes_of(salt, LIMIT_SALT_MIN), salt_text);
    struct json *array = json_new_array();
    if (!array) return ERR_NO_MEMORY;
    enum err err = json_push(array, json_new_text(salt_text));
    if (!err) err = json_push(array, json_new_text(name));
    if (!err) err = json_push(array, json_clone(value));
    if (err)
        json_done(array);
    else
        *ret = array;
    return err;
}

enum err sdjwt_disclose(const uint8_t salt[LIMIT_SALT_MIN], const char *name,
                        const struct json *value, struct buf *out, uint8_t ret_digest[32]) {
    if (sdjwt_name_reserved(name) || record_is_common_claim(name) || !sdjwt_value_plain(value))
        return ERR_DISCLOSURE;
    struct json *array;
    enum err err = array_new(salt, name, value, &array);
    if (err) return err;
    struct buf text;
    size_t before = out->len;
    buf_init(&text, LIMIT_DISCLOSURE / 4 * 3);
    err = json_format(array, &text);
    if (!err) err = base64url_encode(buf_bytes(&text), out);
    if (!err) sha256(bytes_slice(buf_bytes(out), before, out->len), ret_digest);
    buf_done(&text);
    json_done(array);
    return err;
}

static int text_compare(const void *a, const void *b) {
    return strcmp(a, b);
}

static enum err texts_put(char (*texts)[DIGEST_TEXT_LEN + 1], size_t count, struct json *payload) {
    struct json *sd = json_new_array();
    enum err err = sd ? ERR_OK : ERR_NO_MEMORY;
    for (size_t i = 0; !err && i < count; i++) {
        if (i && strcmp(texts[i - 1], texts[i]) == 0)
            err = ERR_DISCLOSURE;
        else
            err = json_push(sd, json_new_text(texts[i]));
    }
    if (err) {
        json_done(sd);
        return err;
    }
    err = json_put(payload, "_sd", sd);
    return err ? err : json_put_text(payload, "_sd_alg", SDJWT_ALG);
}

enum err sdjwt_seal(struct json *payload, const uint8_t (*digests)[32], size_t count) {
    if (count == 0) return ERR_OK;
    if (count > LIMIT_DISCLOSURES) return ERR_TOO_LARGE;
    char(*texts)[DIGEST_TEXT_LEN + 1] = calloc(count, sizeof *texts);
    if (!texts) return ERR_NO_MEMORY;
    for (size_t i = 0; i < count; i++) base64url_write(bytes_of(digests[i], 32), texts[i]);
    qsort(texts, count, sizeof *texts, text_compare);
    enum err err = texts_put(texts, count, payload);
    free(texts);
    return err;
}
