/* GET /v1/documents/{alg}/{digest}: is a document of that hash in the ledger, and since when. Public, so it says no more than that (ARCHITECTURE.md section
 * 7), and only of leaves under a final checkpoint. A participant who shows a token is told besides which of the records on it he may see. */
#include "api/shown.h"

#include "ledger/base/text.h"

#include <stdlib.h>

#define LOOKS 1000 /* records on one document that are looked through for a reader */

static enum err first_index(struct call_final *final, enum digest_alg alg,
                            const uint8_t digest[DIGEST_LEN], bool *ret_present, uint64_t *ret) {
    size_t count = 0;
    enum err err = store_view_documents(final->view, alg, digest, ret, 1, &count);
    if (err == ERR_NOT_FOUND) err = ERR_OK;
    if (err) return err;
    *ret_present = count == 1 && *ret < final->checkpoint.size;
    return ERR_OK;
}

static enum err put_since(struct call_final *final, uint64_t index, struct json *object) {
    uint8_t leaf[LEAF_LEN], hash[32];
    uint64_t time_ms = 0;
    enum err err = store_view_leaf(final->view, index, leaf);
    if (!err) err = leaf_decode(leaf, &time_ms, hash);
    return err ? err : json_put_int(object, "since", (int64_t)time_ms);
}

static enum err presence_members(struct call_final *final, enum digest_alg alg,
                                 const uint8_t digest[DIGEST_LEN], struct json *object) {
    char hex[2 * DIGEST_LEN + 1];
    bool present = false;
    uint64_t index = 0;
    hex_encode(bytes_of(digest, DIGEST_LEN), hex);
    enum err err = first_index(final, alg, digest, &present, &index);
    if (!err) err = json_put_text(object, "alg", digest_name(alg));
    if (!err) err = json_put_text(object, "digest", hex);
    if (!err) err = json_put_bool(object, "present", present);
    if (!err && present) err = put_since(final, index, object);
    return err;
}

enum err document_presence(struct call_final *final, enum digest_alg alg,
                           const uint8_t digest[DIGEST_LEN], struct json **ret) {
    struct json *object = json_new_object();
    if (!object) return ERR_NO_MEMORY;
    enum err err = presence_members(final, alg, digest, object);
    if (err) {
        json_done(object);
        return err;
    }
    *ret = object;
    return ERR_OK;
}

static enum err parts_read(struct api_call *call, enum digest_alg *ret_alg,
                           uint8_t ret_digest[DIGEST_LEN]) {
    if (!digest_from_name(call->parts[0], ret_alg)) {
        return problem_set(&call->why, ERR_NOT_FOUND, "A document is named by sha-256 or sm3.");
    }
    if (!hex_decode(call->parts[1], ret_digest, DIGEST_LEN)) return ERR_OK;
    return problem_set(&call->why, ERR_NOT_FOUND,
                       "A document's digest is 64 lower-case hexadecimal digits.");
}

/* -- what a reader is told besides -- */

static enum err summary_push(struct store_view *view, const struct reader *reader, uint64_t index,
                             struct json *records) {
    struct record *record = NULL;
    struct json *summary = NULL;
    struct problem why;
    uint64_t time_ms = 0;
    enum err err = stored_record(view, index, &record, &time_ms);
    if (!err) err = shown_check(reader, view, record, &why);
    if (!err) err = shown_summary(view, record, index, time_ms, &summary);
    record_done(record);
    if (err == ERR_NOT_FOUND) return ERR_CORRUPT;
    if (err) return err == ERR_SCOPE ? ERR_OK : err;
    return json_push(records, summary);
}

/* *ret_more: not all of those that name the document were looked at. */
static enum err records_list_of(struct call_final *final, const struct reader *reader,
                                const uint64_t *indices, size_t count, struct json *records,
                                bool *ret_more) {
    enum err err = ERR_OK;
    size_t i = 0;
    for (; !err && i < count && i < LOOKS && json_count(records) < LIMIT_PAGE; i++) {
        if (indices[i] >= final->checkpoint.size) break; /* they ascend */
        err = summary_push(final->view, reader, indices[i], records);
    }
    *ret_more = i < count && indices[i] < final->checkpoint.size;
    return err;
}

static enum err put_records(struct call_final *final, const struct reader *reader,
                            enum digest_alg alg, const uint8_t digest[DIGEST_LEN],
                            struct json *answer) {
    uint64_t *indices = calloc(LOOKS + 1, sizeof *indices);
    struct json *records = json_new_array();
    size_t count = 0;
    bool more = false;
    enum err err = indices && records ? ERR_OK : ERR_NO_MEMORY;
    if (!err) err = store_view_documents(final->view, alg, digest, indices, LOOKS + 1, &count);
    if (err == ERR_NOT_FOUND) err = ERR_OK;
    if (!err) err = records_list_of(final, reader, indices, count, records, &more);
    free(indices);
    if (!err && more) err = json_put_bool(answer, "records_truncated", true);
    if (!err) return json_put(answer, "records", records);
    json_done(records);
    return err;
}

static enum err documents_reply(struct api_call *call, struct call_final *final,
                                const struct reader *reader, enum digest_alg alg,
                                const uint8_t digest[DIGEST_LEN]) {
    struct json *answer = NULL;
    enum err err = document_presence(final, alg, digest, &answer);
    if (!err && reader) err = put_records(final, reader, alg, digest, answer);
    if (!err) return call_json(call, 200, MEDIA_JSON, answer);
    json_done(answer);
    return err;
}

enum err documents_get(struct api_call *call) {
    enum digest_alg alg;
    uint8_t digest[DIGEST_LEN];
    struct call_final final;
    struct reader reader;
    bool has_reader = false;
    enum err err = call_reader_maybe(call, &reader, &has_reader);
    if (!err) err = parts_read(call, &alg, digest);
    if (!err) err = call_final(call, &final);
    if (err) return err;
    err = documents_reply(call, &final, has_reader ? &reader : NULL, alg, digest);
    call_final_done(call, &final);
    if (!err) http_reply_header(call->reply, "Vary", "Authorization");
    return err;
}
