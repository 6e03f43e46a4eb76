/* GET /v1/documents/{alg}/{digest}: is a document of that hash in the ledger, and since when. Public, so it says no more than that (ARCHITECTURE.md section
 * 7), and only of leaves under a final checkpoint. */
#include "api/call.h"

#include "ledger/base/text.h"

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

enum err documents_get(struct api_call *call) {
    enum digest_alg alg;
    uint8_t digest[DIGEST_LEN];
    struct call_final final;
    enum err err = parts_read(call, &alg, digest);
    if (!err) err = call_final(call, &final);
    if (err) return err;
    struct json *answer = NULL;
    err = document_presence(&final, alg, digest, &answer);
    call_final_done(call, &final);
    return err ? err : call_json(call, 200, MEDIA_JSON, answer);
}
