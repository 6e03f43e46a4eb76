/* See tag_option.h. */
#include "api/cli/tag_option.h"

#include "api/cli/disk.h"
#include "api/cli/tagging.h"
#include "ledger/base/text.h"
#include "ledger/crypto/secret.h"

#include <stdlib.h>
#include <string.h>

static enum err refuse(const char *text, struct problem *ret_why) {
    return problem_set(ret_why, ERR_REQUEST,
                       "--tag %.60s: a tag is ROLE=DOMAIN:VERSION:TAG, such as "
                       "person=benefit:1:<43 characters of base64url>, and each role once.",
                       text);
}

/* The part up to `end`, cut off *rest with it. */
static bool part_cut(struct bytes *rest, uint8_t end, struct bytes *ret) {
    size_t at = bytes_find(*rest, end, 0);
    if (at == 0 || at == rest->len) return false;
    *ret = bytes_slice(*rest, 0, at);
    *rest = bytes_slice(*rest, at + 1, rest->len);
    return true;
}

static bool version_read(struct bytes text, int64_t *ret) {
    int64_t version = 0;
    if (text.len == 0 || text.len > 9 || text.data[0] == '0') return false;
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] < '0' || text.data[i] > '9') return false;
        version = version * 10 + (text.data[i] - '0');
    }
    *ret = version;
    return true;
}

static enum err tag_put(struct json *tags, const char *text, struct problem *ret_why) {
    struct bytes rest = bytes_text(text), role, domain, number;
    uint8_t raw[32];
    int64_t version;
    struct buf name;
    if (!part_cut(&rest, '=', &role) || !part_cut(&rest, ':', &domain) ||
        !part_cut(&rest, ':', &number) || !version_read(number, &version) ||
        base64url_decode_fixed(rest, raw, sizeof raw))
        return refuse(text, ret_why);
    struct json *tag = json_new_object();
    enum err err = tag ? json_put(tag, "d", json_new_text_bytes(domain)) : ERR_NO_MEMORY;
    if (!err) err = json_put_int(tag, "v", version);
    if (!err) err = json_put(tag, "t", json_new_text_bytes(rest));
    buf_init(&name, 256);
    if (!err) err = buf_add(&name, role);
    if (!err && json_member(tags, buf_text(&name))) err = refuse(text, ret_why);
    if (!err)
        err = json_put(tags, buf_text(&name), tag);
    else
        json_done(tag);
    buf_done(&name);
    return err;
}

/* -- --tag-of -- */

struct subject {
    char role[LIMIT_ID + 1], domain[TAG_WORD], id_type[TAG_WORD];
    struct buf text; /* the file: wiped at the end */
};

static bool word_copy(struct bytes word, char *ret, size_t room) {
    if (word.len == 0 || word.len >= room) return false;
    memcpy(ret, word.data, word.len);
    ret[word.len] = 0;
    return true;
}

static enum err subject_read(const char *text, struct subject *ret, struct problem *ret_why) {
    struct bytes rest = bytes_text(text), role, domain, id_type;
    if (!part_cut(&rest, '=', &role) || !part_cut(&rest, ':', &domain) ||
        !part_cut(&rest, ':', &id_type) || !rest.len ||
        !word_copy(role, ret->role, sizeof ret->role) ||
        !word_copy(domain, ret->domain, sizeof ret->domain) ||
        !word_copy(id_type, ret->id_type, sizeof ret->id_type))
        return problem_set(ret_why, ERR_REQUEST,
                           "--tag-of %.60s: write ROLE=DOMAIN:ID-TYPE:FILE, such as "
                           "person=benefit:resident-id:wang.id.",
                           text);
    /* a piece of a NUL-terminated text, up to its end */
    return disk_read((const char *)rest.data, LIMIT_TAG_ID + 16, &ret->text, ret_why);
}

/* The number, without the line's end. */
static struct bytes subject_number(const struct subject *subject) {
    struct bytes number = buf_bytes(&subject->text);
    while (number.len &&
           (number.data[number.len - 1] == '\n' || number.data[number.len - 1] == '\r'))
        number.len--;
    return number;
}

struct subjects {
    struct subject *items;
    struct tag_want *wants;
    size_t count;
};

static void subjects_done(struct subjects *subjects) {
    for (size_t i = 0; i < subjects->count; i++) {
        struct buf *text = &subjects->items[i].text;
        if (text->data) secret_wipe(text->data, text->cap);
        buf_done(text);
        tag_want_done(&subjects->wants[i]);
    }
    free(subjects->items);
    free(subjects->wants);
}

static enum err subjects_read(const struct cli *cli, struct subjects *ret,
                              struct problem *ret_why) {
    size_t count = option_count(cli, "tag-of");
    enum err err = ERR_OK;
    ret->items = calloc(count, sizeof *ret->items);
    ret->wants = calloc(count, sizeof *ret->wants);
    if (!ret->items || !ret->wants) return problem_set(ret_why, ERR_NO_MEMORY, "Out of memory.");
    while (!err && ret->count < count) {
        struct subject *subject = &ret->items[ret->count];
        err = subject_read(option_at(cli, "tag-of", ret->count), subject, ret_why);
        ret->wants[ret->count++].person =
            (struct tag_person){subject->domain, subject->id_type, subject_number(subject)};
    }
    return err;
}

static enum err subjects_tag(const struct cli *cli, const char *ledger, struct subjects *subjects,
                             struct problem *ret_why) {
    struct access *access = NULL;
    struct tagging *tagging = NULL;
    size_t at = 0;
    enum err err = access_open(cli, &access, ret_why);
    if (!err) err = tagging_open(access, ledger, &tagging, ret_why);
    if (!err) err = tagging_make(tagging, subjects->wants, subjects->count, true, &at, ret_why);
    tagging_close(tagging);
    access_close(access);
    return err;
}

static enum err subjects_put(struct subjects *subjects, struct json *tags, struct json *evidence,
                             struct problem *ret_why) {
    enum err err = ERR_OK;
    for (size_t i = 0; !err && i < subjects->count; i++) {
        const char *role = subjects->items[i].role;
        if (json_member(tags, role))
            return problem_set(ret_why, ERR_REQUEST, "The role %.60s has two tags. Choose one.",
                               role);
        err = json_put(tags, role, tag_want_json(&subjects->wants[i]));
        if (!err) err = json_put(evidence, role, subjects->wants[i].evidence);
        subjects->wants[i].evidence = NULL;
    }
    return err ? problem_set(ret_why, err, "Out of memory.") : ERR_OK;
}

static enum err put_made(const struct cli *cli, const char *ledger, struct json *tags,
                         struct json *hide, struct problem *ret_why) {
    struct subjects subjects = {NULL, NULL, 0};
    struct json *evidence = NULL;
    enum err err = ERR_OK;
    if (json_member(hide, TAG_CLAIM))
        err = problem_set(ret_why, ERR_REQUEST,
                          "--tag-of makes the hidden claim " TAG_CLAIM ": do not give it, too.");
    if (!err) err = subjects_read(cli, &subjects, ret_why);
    if (!err) err = subjects_tag(cli, ledger, &subjects, ret_why);
    if (!err) {
        evidence = json_new_object();
        err = evidence ? subjects_put(&subjects, tags, evidence, ret_why) : ERR_NO_MEMORY;
    }
    subjects_done(&subjects);
    if (!err) return json_put(hide, TAG_CLAIM, evidence);
    json_done(evidence);
    return err;
}

enum err tags_from_options(const struct cli *cli, const char *ledger, struct json *hide,
                           struct json **ret, struct problem *ret_why) {
    size_t count = option_count(cli, "tag");
    *ret = NULL;
    if (count + option_count(cli, "tag-of") == 0) return ERR_OK;
    struct json *tags = json_new_object();
    enum err err = tags ? ERR_OK : ERR_NO_MEMORY;
    for (size_t i = 0; !err && i < count; i++)
        err = tag_put(tags, option_at(cli, "tag", i), ret_why);
    if (!err && option_has(cli, "tag-of")) err = put_made(cli, ledger, tags, hide, ret_why);
    if (err)
        json_done(tags);
    else
        *ret = tags;
    return err;
}
