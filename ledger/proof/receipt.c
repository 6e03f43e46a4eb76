/* Receipts read strictly and built. See receipt.h.
 *
 * Only the form is judged here: which members there are and that their texts decode. Whether anything in them is true is
 * verify.c's question. A receipt of a later form has another mediaType, so nothing unknown is skipped in this one: what a reader
 * skips, it cannot have checked. Tools may add members that begin with "x-".
 *
 * Invariants after receipt_parse: exactly one of `presentation` and `has_leaf`; every link but the last has a record, the last
 * one has the genesis; no text is empty; all of it lives as long as the receipt. */
#include "ledger/proof/receipt.h"

#include "ledger/base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const members[] = {"mediaType", "record", "leaf",       "time",
                                      "proof",     "issuer", "membership", "timestamps"};
static const char *const link_members[] = {"record", "genesis", "time", "proof"};

static bool name_known(const char *name, const char *const *names, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (strcmp(names[i], name) == 0) return true;
    }
    return false;
}

static enum err members_check(const struct json *json, struct problem *ret_why) {
    if (json_kind(json) != JSON_KIND_OBJECT)
        return problem_set(ret_why, ERR_RECEIPT, "A receipt is a JSON object.");
    for (void *it = json_first(json); it; it = json_next(json, it)) {
        const char *name = json_name_at(it);
        if (strncmp(name, "x-", 2) == 0) continue;
        if (name_known(name, members, sizeof members / sizeof members[0])) continue;
        return problem_set(ret_why, ERR_RECEIPT,
                           "The receipt has a member that this version does not know; a tool's own "
                           "must begin with x-.");
    }
    if (bytes_is(json_text_bytes(json_member(json, "mediaType")), RECEIPT_MEDIA_TYPE))
        return ERR_OK;
    return problem_at(ret_why, ERR_RECEIPT, "/mediaType", "mediaType must be " RECEIPT_MEDIA_TYPE);
}

/* -- members, common to the receipt and its links -- */

static enum err time_read(const struct json *value, const char *pointer, uint64_t *ret,
                          struct problem *ret_why) {
    int64_t time_ms;
    if (!json_int(value, &time_ms) || time_ms < 0) {
        return problem_at(ret_why, ERR_RECEIPT, pointer,
                          "time must be the ledger time: milliseconds since 1970.");
    }
    *ret = (uint64_t)time_ms;
    return ERR_OK;
}

static enum err text_read(const struct json *value, size_t max, const char *pointer,
                          struct bytes *ret, struct problem *ret_why) {
    struct bytes text = json_text_bytes(value);
    if (text.len == 0 || text.len > max) {
        return problem_at(ret_why, ERR_RECEIPT, pointer, "This must be a text of 1 to %zu bytes.",
                          max);
    }
    *ret = text;
    return ERR_OK;
}

/* -- links -- */

static enum err genesis_read(const struct json *value, const char *pointer, struct arena *memory,
                             struct bytes *ret, struct problem *ret_why) {
    struct bytes text = json_text_bytes(value);
    size_t len = text.len / 4 * 3 + (text.len % 4 ? text.len % 4 - 1 : 0);
    if (len == 0 || len > LIMIT_GENESIS) {
        return problem_at(ret_why, ERR_RECEIPT, pointer, "The genesis takes 1 to %d bytes.",
                          LIMIT_GENESIS);
    }
    uint8_t *data = arena_take(memory, len);
    if (!data) return problem_set(ret_why, ERR_NO_MEMORY, "Out of memory.");
    if (base64url_decode_fixed(text, data, len))
        return problem_at(ret_why, ERR_RECEIPT, pointer, "The genesis is not strict base64url.");
    *ret = bytes_of(data, len);
    return ERR_OK;
}

static bool link_shaped(const struct json *value, bool last) {
    if (json_kind(value) != JSON_KIND_OBJECT || json_count(value) != 3) return false;
    for (void *it = json_first(value); it; it = json_next(value, it)) {
        if (!name_known(json_name_at(it), link_members, 4)) return false;
    }
    return json_member(value, last ? "genesis" : "record") && json_member(value, "time") &&
           json_member(value, "proof");
}

static enum err link_read(const struct json *value, bool last, struct receipt *receipt,
                          struct problem *ret_why) {
    struct receipt_link *link = &receipt->links[receipt->link_count];
    char pointer[32];
    (void)snprintf(pointer, sizeof pointer, "/issuer/%zu", receipt->link_count);
    if (!link_shaped(value, last)) {
        return problem_at(ret_why, ERR_RECEIPT, pointer,
                          "A link of the issuer chain has record, time and proof; the last one "
                          "genesis, time and proof.");
    }
    enum err err = last ? genesis_read(json_member(value, "genesis"), pointer, &receipt->memory,
                                       &link->genesis, ret_why)
                        : text_read(json_member(value, "record"), LIMIT_RECORD, pointer,
                                    &link->record, ret_why);
    if (!err) err = time_read(json_member(value, "time"), pointer, &link->time_ms, ret_why);
    if (!err)
        err = text_read(json_member(value, "proof"), LIMIT_RECEIPT, pointer, &link->proof, ret_why);
    if (!err) receipt->link_count++;
    return err;
}

static enum err links_read(struct receipt *receipt, struct problem *ret_why) {
    const struct json *links = json_member(receipt->json, "issuer");
    size_t count = json_count(links);
    if (!links) return ERR_OK;
    if (json_kind(links) != JSON_KIND_ARRAY || count == 0 || count > LIMIT_CHAIN) {
        return problem_at(ret_why, ERR_RECEIPT, "/issuer",
                          "issuer must be an array of 1 to %d links.", LIMIT_CHAIN);
    }
    enum err err = ERR_OK;
    for (size_t i = 0; !err && i < count; i++)
        err = link_read(json_at(links, i), i + 1 == count, receipt, ret_why);
    return err;
}

/* -- the rest -- */

static enum err subject_read(struct receipt *receipt, struct problem *ret_why) {
    const struct json *record = json_member(receipt->json, "record");
    const struct json *leaf = json_member(receipt->json, "leaf");
    if (!record == !leaf) {
        return problem_set(ret_why, ERR_RECEIPT,
                           "A receipt carries either the record or, where the asker may not read "
                           "it, the leaf.");
    }
    if (record) {
        return text_read(record, LIMIT_RECORD_PRESENTED, "/record", &receipt->presentation,
                         ret_why);
    }
    if (base64_decode_fixed(json_text_bytes(leaf), receipt->leaf, LEAF_LEN))
        return problem_at(ret_why, ERR_RECEIPT, "/leaf", "leaf must be base64 of 41 bytes.");
    receipt->has_leaf = true;
    return ERR_OK;
}

static bool timestamp_shaped(const struct json *value) {
    return json_kind(value) == JSON_KIND_OBJECT && json_count(value) == 2 &&
           bytes_is(json_text_bytes(json_member(value, "type")), "rfc3161") &&
           json_text_bytes(json_member(value, "token")).len > 0;
}

static enum err extras_read(struct receipt *receipt, struct problem *ret_why) {
    receipt->membership = json_member(receipt->json, "membership");
    receipt->timestamps = json_member(receipt->json, "timestamps");
    if (receipt->membership && json_kind(receipt->membership) != JSON_KIND_ARRAY)
        return problem_at(ret_why, ERR_RECEIPT, "/membership", "membership must be an array.");
    size_t count = json_count(receipt->timestamps);
    bool good = !receipt->timestamps || (json_kind(receipt->timestamps) == JSON_KIND_ARRAY &&
                                         count > 0 && count <= LIMIT_TIMESTAMPS);
    for (size_t i = 0; good && i < count; i++)
        good = timestamp_shaped(json_at(receipt->timestamps, i));
    if (good) return ERR_OK;
    return problem_at(ret_why, ERR_RECEIPT, "/timestamps",
                      "timestamps must list 1 to %d {type, token}, type rfc3161.",
                      LIMIT_TIMESTAMPS);
}

static enum err receipt_read(struct bytes text, struct receipt *receipt, struct problem *ret_why) {
    enum err err = json_parse(text, &receipt->json, ret_why);
    const struct json *json = receipt->json;
    if (!err) err = members_check(json, ret_why);
    if (!err) err = subject_read(receipt, ret_why);
    if (!err) err = time_read(json_member(json, "time"), "/time", &receipt->time_ms, ret_why);
    if (!err) {
        err = text_read(json_member(json, "proof"), LIMIT_RECEIPT, "/proof", &receipt->proof,
                        ret_why);
    }
    if (!err) err = links_read(receipt, ret_why);
    return err ? err : extras_read(receipt, ret_why);
}

enum err receipt_parse(struct bytes text, struct receipt **ret, struct problem *ret_why) {
    if (text.len > LIMIT_RECEIPT) {
        return problem_set(ret_why, ERR_TOO_LARGE, "A receipt may take %d bytes, not %zu.",
                           LIMIT_RECEIPT, text.len);
    }
    struct receipt *receipt = calloc(1, sizeof *receipt);
    if (!receipt) return problem_set(ret_why, ERR_NO_MEMORY, "Out of memory.");
    arena_init(&receipt->memory, LIMIT_GENESIS + 64);
    enum err err = receipt_read(text, receipt, ret_why);
    if (err) {
        receipt_done(receipt);
        return err;
    }
    *ret = receipt;
    return ERR_OK;
}

void receipt_done(struct receipt *receipt) {
    if (!receipt) return;
    json_done(receipt->json);
    arena_done(&receipt->memory);
    free(receipt);
}

/* -- writing: texts of some KiB that are sent as they are, so no values are made of them -- */

static enum err member_add(struct buf *out, const char *name, struct bytes text) {
    enum err err = buf_format(out, "\"%s\":", name);
    return err ? err : json_add_text(out, text);
}

/* In base64, which needs no escape. */
static enum err leaf_add(struct buf *out, const uint8_t leaf[LEAF_LEN]) {
    enum err err = buf_add_text(out, "\"leaf\":\"");
    if (!err) err = base64_encode(bytes_of(leaf, LEAF_LEN), out);
    return err ? err : buf_add_text(out, "\",");
}

static enum err link_add(struct buf *out, const struct receipt_link *link) {
    enum err err = buf_add_byte(out, '{');
    if (!err && link->genesis.len) {
        err = buf_add_text(out, "\"genesis\":\"");
        if (!err) err = base64url_encode(link->genesis, out);
        if (!err) err = buf_add_text(out, "\",");
    }
    if (!err) err = member_add(out, "proof", link->proof);
    if (!err && !link->genesis.len) err = buf_add_byte(out, ',');
    if (!err && !link->genesis.len) err = member_add(out, "record", link->record);
    return err ? err : buf_format(out, ",\"time\":%llu}", (unsigned long long)link->time_ms);
}

enum err receipt_issuer_format(const struct receipt_link *links, size_t count, struct buf *out) {
    enum err err = buf_add_byte(out, '[');
    for (size_t i = 0; !err && i < count; i++) {
        if (i) err = buf_add_byte(out, ',');
        if (!err) err = link_add(out, &links[i]);
    }
    return err ? err : buf_add_byte(out, ']');
}

/* "<jws>~": a presentation without disclosures. A JWS needs no escape. */
static enum err record_add(struct buf *out, struct bytes record) {
    enum err err = buf_add_text(out, ",\"record\":\"");
    if (!err) err = buf_add(out, record);
    return err ? err : buf_add_text(out, "~\"");
}

enum err receipt_format(const struct receipt_parts *parts, struct buf *out) {
    enum err err = buf_add_byte(out, '{');
    if (!err && parts->issuer.len) {
        err = buf_add_text(out, "\"issuer\":");
        if (!err) err = buf_add(out, parts->issuer);
        if (!err) err = buf_add_byte(out, ',');
    }
    if (!err && !parts->record.len) err = leaf_add(out, parts->leaf);
    if (!err) err = buf_add_text(out, "\"mediaType\":\"" RECEIPT_MEDIA_TYPE "\",");
    if (!err) err = member_add(out, "proof", parts->proof);
    if (!err && parts->record.len) err = record_add(out, parts->record);
    return err ? err : buf_format(out, ",\"time\":%llu}", (unsigned long long)parts->time_ms);
}
