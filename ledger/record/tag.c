/* See tag.h. Two spellings of one number must give one tag and nothing else may, so a number that is not sure is refused rather than guessed at. */
#include "ledger/record/tag.h"

#include "ledger/base/text.h"
#include "ledger/crypto/secret.h"
#include "ledger/record/record.h"

#include <string.h>

#define RESIDENT_OLD 15
#define RESIDENT_NEW 18
#define RESIDENT_BODY 17

bool tag_word_valid(struct bytes word) {
    if (word.len == 0 || word.len >= TAG_WORD) return false;
    for (size_t i = 0; i < word.len; i++) {
        uint8_t c = word.data[i];
        bool letter = c >= 'a' && c <= 'z';
        if (!letter && (i == 0 || !((c >= '0' && c <= '9') || c == '-'))) return false;
    }
    return true;
}

/* -- normalising -- */

/* The code point at text[*at], which is valid UTF-8, moving *at behind it. */
static uint32_t point_take(struct bytes text, size_t *at) {
    uint8_t first = text.data[(*at)++];
    unsigned more = first < 0x80 ? 0 : first < 0xe0 ? 1 : first < 0xf0 ? 2 : 3;
    uint32_t point = more ? first & (0x3fu >> more) : first;
    while (more--) point = point << 6 | (text.data[(*at)++] & 0x3fu);
    return point;
}

/* Unicode's space separators (category Zs). */
static bool point_is_space(uint32_t point) {
    return point == 0x20 || point == 0xa0 || point == 0x1680 ||
           (point >= 0x2000 && point <= 0x200a) || point == 0x202f || point == 0x205f ||
           point == 0x3000;
}

/* What nobody sees on a screen and would make two tags of one number: control characters, soft hyphen, joiners, marks of direction, line ends. */
static bool point_is_hidden(uint32_t point) {
    return point < 0x20 || (point >= 0x7f && point < 0xa0) || point == 0xad ||
           (point >= 0x200b && point <= 0x200f) || (point >= 0x2028 && point <= 0x202e) ||
           (point >= 0x2060 && point <= 0x206f) || point == 0xfeff;
}

/* U+FF01 to U+FF5E are U+0021 to U+007E in full width; 0 for a hidden character. */
static uint32_t point_fold(uint32_t point) {
    if (point >= 0xff01 && point <= 0xff5e) point -= 0xff01 - 0x21;
    if (point >= 'a' && point <= 'z') point -= 'a' - 'A';
    return point_is_hidden(point) ? 0 : point;
}

/* Folded text never gets longer, so it is written over a buffer of the same size. False at a hidden character. */
static bool text_fold(struct bytes text, uint8_t ret[LIMIT_TAG_ID], size_t *ret_len) {
    size_t len = 0;
    for (size_t at = 0; at < text.len;) {
        size_t from = at;
        uint32_t point = point_take(text, &at), folded = point_fold(point);
        if (point_is_space(point)) continue;
        if (folded == 0) return false;
        if (folded < 0x80) {
            ret[len++] = (uint8_t)folded;
        } else {
            memcpy(ret + len, text.data + from, at - from);
            len += at - from;
        }
    }
    *ret_len = len;
    return true;
}

/* GB 11643-1999: weights 2^(18-i) mod 11 over the first 17 digits, the sum indexes the check characters. */
static uint8_t resident_check(const uint8_t digits[RESIDENT_BODY]) {
    unsigned sum = 0;
    for (size_t i = 0; i < RESIDENT_BODY; i++) sum = (sum + (unsigned)(digits[i] - '0')) * 2 % 11;
    return (uint8_t) "10X98765432"[sum];
}

/* A number of the first generation has a year of two digits, all of the twentieth century, and no check character. */
static void resident_widen(uint8_t number[RESIDENT_NEW]) {
    memmove(number + 8, number + 6, RESIDENT_OLD - 6);
    memcpy(number + 6, "19", 2);
    number[RESIDENT_BODY] = resident_check(number);
}

static bool resident_normalise(uint8_t number[LIMIT_TAG_ID], size_t *len) {
    if (*len == RESIDENT_OLD) {
        for (size_t i = 0; i < RESIDENT_OLD; i++)
            if (number[i] < '0' || number[i] > '9') return false;
        resident_widen(number);
        *len = RESIDENT_NEW;
    }
    return *len == RESIDENT_NEW && record_holds_resident_id(bytes_of(number, RESIDENT_NEW));
}

enum err tag_id_normalise(const char *id_type, struct bytes id_number, struct buf *out,
                          struct problem *ret_why) {
    uint8_t number[LIMIT_TAG_ID];
    size_t len = 0;
    _Static_assert(LIMIT_TAG_ID >= RESIDENT_NEW, "room for a widened number");
    if (id_number.len > LIMIT_TAG_ID || !utf8_valid(id_number) ||
        !text_fold(id_number, number, &len) || len == 0) {
        secret_wipe(number, sizeof number);
        return problem_set(ret_why, ERR_SCHEMA,
                           "An id number is UTF-8 text of 1 to %d bytes without control "
                           "characters.",
                           LIMIT_TAG_ID);
    }
    bool good = strcmp(id_type, TAG_RESIDENT) != 0 || resident_normalise(number, &len);
    enum err err = good ? buf_add(out, bytes_of(number, len))
                        : problem_set(ret_why, ERR_SCHEMA,
                                      "The resident id number is not valid: its length, its date "
                                      "or its check character is wrong.");
    secret_wipe(number, sizeof number);
    return err;
}

static enum err add_sized(struct buf *out, struct bytes part) {
    enum err err = buf_add_u16(out, (uint16_t)part.len);
    return err ? err : buf_add(out, part);
}

enum err tag_input(const struct tag_person *person, struct buf *out, struct problem *ret_why) {
    struct bytes domain = bytes_text(person->domain), type = bytes_text(person->id_type);
    uint8_t room[LIMIT_TAG_ID];
    struct buf number = {room, 0, sizeof room, sizeof room};
    if (!tag_word_valid(domain) || !tag_word_valid(type))
        return problem_set(ret_why, ERR_SCHEMA,
                           "A domain and an id type are lower-case letters, digits and hyphens, "
                           "1 to %d.",
                           TAG_WORD - 1);
    enum err err = tag_id_normalise(person->id_type, person->id_number, &number, ret_why);
    if (!err) err = add_sized(out, domain);
    if (!err) err = add_sized(out, type);
    if (!err) err = add_sized(out, buf_bytes(&number));
    secret_wipe(room, sizeof room);
    return err;
}

/* -- blinding and unblinding -- */

#define INPUT_MAX (2 * (2 + TAG_WORD) + 2 + LIMIT_TAG_ID)

enum err tag_blind(const struct tag_person *person, const uint8_t random[VOPRF_RANDOM_LEN],
                   voprf_scalar ret_blind, voprf_element ret_blinded, struct problem *ret_why) {
    uint8_t room[INPUT_MAX];
    struct buf input = {room, 0, sizeof room, sizeof room};
    voprf_scalar blind;
    enum err err = tag_input(person, &input, ret_why);
    if (!err) {
        err = voprf_scalar_make(random, blind);
        if (!err) err = voprf_blind(buf_bytes(&input), blind, ret_blinded);
        if (!err) memcpy(ret_blind, blind, sizeof blind);
        if (err) (void)problem_set(ret_why, err, "No blinded element came of it: draw again.");
        secret_wipe(blind, sizeof blind);
    }
    secret_wipe(room, sizeof room);
    return err;
}

static enum err finalise(struct bytes input, const voprf_scalar blind,
                         const struct tag_evaluation *evaluation, uint8_t ret_tag[TAG_LEN]) {
    voprf_element blinded;
    uint8_t output[VOPRF_OUTPUT_LEN];
    enum err err = voprf_blind(input, blind, blinded);
    if (!err)
        err = voprf_verify(evaluation->pk, blinded, evaluation->element, 1, evaluation->proof);
    if (!err) err = voprf_finalise(input, blind, evaluation->element, output);
    if (!err) memcpy(ret_tag, output, TAG_LEN);
    return err;
}

enum err tag_finalise(const struct tag_person *person, const voprf_scalar blind,
                      const struct tag_evaluation *evaluation, uint8_t ret_tag[TAG_LEN],
                      struct problem *ret_why) {
    uint8_t room[INPUT_MAX];
    struct buf input = {room, 0, sizeof room, sizeof room};
    enum err err = tag_input(person, &input, ret_why);
    if (!err) {
        err = finalise(buf_bytes(&input), blind, evaluation, ret_tag);
        if (err == ERR_KEY)
            (void)problem_set(ret_why, err, "The blind or the public key is not usable.");
        else if (err)
            (void)problem_set(ret_why, err,
                              "The proof does not show that this element is the person's under "
                              "the domain's key.");
    }
    secret_wipe(room, sizeof room);
    return err;
}

/* -- evidence -- */

static enum err put_binary(struct json *object, const char *name, const uint8_t *value,
                           size_t len) {
    char text[(VOPRF_PROOF_LEN * 4 + 2) / 3 + 1];
    base64url_write(bytes_of(value, len), text);
    enum err err = json_put_text(object, name, text);
    secret_wipe(text, sizeof text);
    return err;
}

static struct json *evaluation_json(const struct tag_evaluation *evaluation) {
    struct json *json = json_new_object();
    enum err err = json ? ERR_OK : ERR_NO_MEMORY;
    if (!err) err = put_binary(json, "pk", evaluation->pk, sizeof evaluation->pk);
    if (!err) err = put_binary(json, "element", evaluation->element, sizeof evaluation->element);
    if (!err) err = put_binary(json, "proof", evaluation->proof, sizeof evaluation->proof);
    if (!err) return json;
    json_done(json);
    return NULL;
}

struct json *tag_evidence_json(const struct tag_person *person, const voprf_scalar blind,
                               const struct tag_evaluation *evaluation) {
    struct json *json = json_new_object(), *list = json_new_array();
    enum err err = json && list ? ERR_OK : ERR_NO_MEMORY;
    if (!err) err = json_put_text(json, "id_type", person->id_type);
    if (!err) err = json_put(json, "id_number", json_new_text_bytes(person->id_number));
    if (!err) err = put_binary(json, "blind", blind, VOPRF_SCALAR_LEN);
    if (!err) err = json_push(list, evaluation_json(evaluation));
    if (!err) {
        err = json_put(json, "evaluations", list);
        list = NULL;
    }
    if (!err) return json;
    json_done(json);
    json_done(list);
    return NULL;
}

static bool take_binary(const struct json *object, const char *name, uint8_t *ret, size_t len) {
    return base64url_decode_fixed(json_text_bytes(json_member(object, name)), ret, len) == ERR_OK;
}

static bool evaluation_read(const struct json *list, struct tag_evaluation *ret) {
    const struct json *json = json_at(list, 0);
    return json_kind(list) == JSON_KIND_ARRAY && json_count(list) == 1 &&
           json_kind(json) == JSON_KIND_OBJECT && json_count(json) == 3 &&
           take_binary(json, "pk", ret->pk, sizeof ret->pk) &&
           take_binary(json, "element", ret->element, sizeof ret->element) &&
           take_binary(json, "proof", ret->proof, sizeof ret->proof);
}

static bool evidence_read(const struct json *json, struct tag_person *ret_person,
                          voprf_scalar ret_blind, struct tag_evaluation *ret_evaluation) {
    ret_person->id_type = json_text(json_member(json, "id_type"));
    ret_person->id_number = json_text_bytes(json_member(json, "id_number"));
    return json_kind(json) == JSON_KIND_OBJECT && json_count(json) == 4 && ret_person->id_type &&
           ret_person->id_number.data && take_binary(json, "blind", ret_blind, VOPRF_SCALAR_LEN) &&
           evaluation_read(json_member(json, "evaluations"), ret_evaluation);
}

enum err tag_evidence_check(const struct json *evidence, const char *domain, const uint8_t *pk,
                            uint8_t ret_tag[TAG_LEN], struct problem *ret_why) {
    struct tag_person person = {.domain = domain};
    struct tag_evaluation evaluation;
    voprf_scalar blind;
    if (!evidence_read(evidence, &person, blind, &evaluation))
        return problem_set(ret_why, ERR_SCHEMA,
                           "Tag evidence has id_type, id_number, blind and evaluations (one of pk, "
                           "element and proof), and no others.");
    enum err err = ERR_OK;
    if (pk && memcmp(pk, evaluation.pk, sizeof evaluation.pk) != 0)
        err = problem_set(ret_why, ERR_PROOF,
                          "The evidence was made with another key than the ledger's key of this "
                          "domain.");
    if (!err) err = tag_finalise(&person, blind, &evaluation, ret_tag, ret_why);
    secret_wipe(blind, sizeof blind);
    return err;
}
