/* See tag_option.h. */
#include "api/cli/tag_option.h"

#include "ledger/base/text.h"

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

enum err tags_from_options(const struct cli *cli, struct json **ret, struct problem *ret_why) {
    size_t count = option_count(cli, "tag");
    *ret = NULL;
    if (count == 0) return ERR_OK;
    struct json *tags = json_new_object();
    enum err err = tags ? ERR_OK : ERR_NO_MEMORY;
    for (size_t i = 0; !err && i < count; i++)
        err = tag_put(tags, option_at(cli, "tag", i), ret_why);
    if (err)
        json_done(tags);
    else
        *ret = tags;
    return err;
}
