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

/* -- building -- */

static enum err text_put(struct json *object, const char *name, struct bytes text) {
    return json_put(object, name, json_new_text_bytes(text));
}

static enum err leaf_put(struct json *object, const uint8_t leaf[LEAF_LEN]) {
    struct buf text;
    buf_init(&text, base64_encoded_len(LEAF_LEN));
    enum err err = base64_encode(bytes_of(leaf, LEAF_LEN), &text);
    if (!err) err = text_put(object, "leaf", buf_bytes(&text));
    buf_done(&text);
    return err;
}

static enum err genesis_put(struct json *object, struct bytes genesis) {
    struct buf text;
    buf_init(&text, base64url_encoded_len(genesis.len));
    enum err err = base64url_encode(genesis, &text);
    if (!err) err = text_put(object, "genesis", buf_bytes(&text));
    buf_done(&text);
    return err;
}

static enum err link_push(struct json *array, const struct receipt_link *link) {
    struct json *object = json_new_object();
    if (!object) return ERR_NO_MEMORY;
    enum err err = link->genesis.len ? genesis_put(object, link->genesis)
                                     : text_put(object, "record", link->record);
    if (!err) err = json_put_int(object, "time", (int64_t)link->time_ms);
    if (!err) err = text_put(object, "proof", link->proof);
    if (!err) return json_push(array, object);
    json_done(object);
    return err;
}

static enum err links_put(struct json *object, const struct receipt_link *links, size_t count) {
    struct json *array = json_new_array();
    enum err err = array ? ERR_OK : ERR_NO_MEMORY;
    for (size_t i = 0; !err && i < count; i++) err = link_push(array, &links[i]);
    if (!err) return json_put(object, "issuer", array);
    json_done(array);
    return err;
}

enum err receipt_build(struct bytes presentation, const uint8_t leaf[LEAF_LEN], uint64_t time_ms,
                       struct bytes proof, const struct receipt_link *links, size_t link_count,
                       struct json **ret) {
    struct json *object = json_new_object();
    if (!object) return ERR_NO_MEMORY;
    enum err err = json_put_text(object, "mediaType", RECEIPT_MEDIA_TYPE);
    if (!err) {
        err = presentation.len ? text_put(object, "record", presentation) : leaf_put(object, leaf);
    }
    if (!err) err = json_put_int(object, "time", (int64_t)time_ms);
    if (!err) err = text_put(object, "proof", proof);
    if (!err && link_count) err = links_put(object, links, link_count);
    if (err) {
        json_done(object);
        return err;
    }
    *ret = object;
    return ERR_OK;
}
