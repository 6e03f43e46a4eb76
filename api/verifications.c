/* POST /v1/verifications: the verdict on a receipt under this ledger's own policy, its live status, and whether a document is in the ledger.
 *
 * Body: {"receipt":{...}?, "document":{"alg","digest"}?, "key_binding":{"audience","nonce","max_age"?}?}, at least one of the first two; digest in base64url as in a
 * record, or in hex. key_binding demands that the holder bound the receipt's record for that audience and nonce, max_age seconds ago at most (300), by this node's
 * clock; a key binding that nobody demanded is judged for its signature and digest all the same, and reported. Answer:
 * {"verdict":{...}?, "document":{"alg","digest","present","since"?}?, "size"}. Files never come here: the caller hashes them.
 * The step `status` is filled only for a receipt that carries its record: whoever has that may know how it stands (API.md). The step passes with the word for
 * the record's state, since being superseded or ended takes nothing from the proof that it was made. */
#include "api/call.h"

#include "ledger/base/text.h"
#include "ledger/proof/verify.h"

#include <stdio.h>
#include <string.h>

#define MAX_AGE_S 300 /* of a key binding, where the asker names none */

struct question {
    const struct json *receipt; /* borrowed from the body; NULL where none */
    bool has_document;
    struct record_doc document;
    bool has_demand;
    struct keybinding_demand demand; /* borrows from the body */
};

static enum err members_check(struct api_call *call, const struct json *body) {
    if (json_kind(body) != JSON_KIND_OBJECT) {
        return problem_at(&call->why, ERR_SCHEMA, "",
                          "Send an object with receipt, document, or both.");
    }
    for (void *at = json_first(body); at; at = json_next(body, at)) {
        const char *name = json_name_at(at);
        if (strcmp(name, "receipt") == 0 || strcmp(name, "document") == 0 ||
            strcmp(name, "key_binding") == 0)
            continue;
        return problem_at(&call->why, ERR_SCHEMA, "",
                          "The body has a member that is none of receipt, document and "
                          "key_binding.");
    }
    if (json_member(body, "key_binding") && !json_member(body, "receipt")) {
        return problem_at(&call->why, ERR_SCHEMA, "/key_binding",
                          "key_binding demands something of a receipt: send that, too.");
    }
    if (json_count(body) > 0) return ERR_OK;
    return problem_at(&call->why, ERR_SCHEMA, "", "Send receipt, document, or both.");
}

static enum err digest_read(const char *text, uint8_t ret[DIGEST_LEN]) {
    struct bytes digest = bytes_text(text);
    if (digest.len == 2 * DIGEST_LEN) return hex_decode(digest, ret, DIGEST_LEN);
    return base64url_decode_fixed(digest, ret, DIGEST_LEN);
}

static enum err document_read(struct api_call *call, const struct json *value,
                              struct record_doc *ret) {
    const char *alg = json_text(json_member(value, "alg"));
    const char *digest = json_text(json_member(value, "digest"));
    if (json_kind(value) != JSON_KIND_OBJECT || json_count(value) != 2 || !alg || !digest) {
        return problem_at(&call->why, ERR_SCHEMA, "/document",
                          "document has exactly alg and digest.");
    }
    if (!digest_from_name(bytes_text(alg), &ret->alg)) {
        return problem_at(&call->why, ERR_SCHEMA, "/document/alg", "alg is sha-256 or sm3.");
    }
    if (!digest_read(digest, ret->digest)) return ERR_OK;
    return problem_at(&call->why, ERR_SCHEMA, "/document/digest",
                      "digest is 32 bytes in base64url without padding or in lower-case hex.");
}

static bool demand_text(const struct json *value, const char *name, const char **ret) {
    *ret = json_text(json_member(value, name));
    return *ret && keybinding_text_valid(*ret);
}

static enum err demand_read(struct api_call *call, const struct json *value,
                            struct keybinding_demand *ret) {
    const struct json *max_age = json_member(value, "max_age");
    ret->max_age_s = MAX_AGE_S;
    bool good = json_kind(value) == JSON_KIND_OBJECT && json_count(value) == (max_age ? 3u : 2u) &&
                demand_text(value, "audience", &ret->audience) &&
                demand_text(value, "nonce", &ret->nonce);
    if (good && max_age) good = json_int(max_age, &ret->max_age_s) && ret->max_age_s >= 0;
    ret->now_s = (int64_t)(call->api->host.clock_ms(call->api->host.ctx) / 1000);
    if (good) return ERR_OK;
    return problem_at(&call->why, ERR_SCHEMA, "/key_binding",
                      "key_binding has audience and nonce, each 1 to %d bytes, and at most a "
                      "max_age of seconds beside them (0: of any age).",
                      LIMIT_AUDIENCE);
}

static enum err question_read(struct api_call *call, const struct json *body,
                              struct question *ret) {
    enum err err = members_check(call, body);
    if (err) return err;
    const struct json *document = json_member(body, "document");
    memset(ret, 0, sizeof *ret);
    ret->receipt = json_member(body, "receipt");
    ret->has_document = document != NULL;
    ret->has_demand = json_member(body, "key_binding") != NULL;
    if (ret->has_demand) err = demand_read(call, json_member(body, "key_binding"), &ret->demand);
    if (err) return err;
    return document ? document_read(call, document, &ret->document) : ERR_OK;
}

static void status_words(struct verdict_item *item, const struct json *status) {
    const char *word = json_text(json_member(status, "status"));
    const char *zh = json_text(json_member(status, "status_zh"));
    size_t findings = json_count(json_member(status, "findings"));
    item->result = VERDICT_PASS;
    (void)snprintf(item->reason, sizeof item->reason, "The record is %s; open findings: %zu.",
                   word ? word : "recorded", findings);
    (void)snprintf(item->reason_zh, sizeof item->reason_zh,
                   "该记录当前状态：%s；未结疑点：%zu 项。", zh ? zh : "已记录", findings);
}

static void status_absent(struct verdict_item *item) {
    item->result = VERDICT_NOT_APPLICABLE;
    (void)snprintf(item->reason, sizeof item->reason, "This ledger does not hold the record.");
    (void)snprintf(item->reason_zh, sizeof item->reason_zh, "本账本中没有该记录。");
}

/* Fills the step; *ret_status is the status object for the answer, or NULL. */
static enum err status_fill(struct store_view *view, struct verdict *verdict,
                            struct json **ret_status) {
    if (!verdict->has_record || verdict->items[STEP_RECORD].result != VERDICT_PASS) return ERR_OK;
    struct json *status = NULL;
    enum err err = machine_status(api_state_view(view), verdict->record_id, &status);
    if (err == ERR_NOT_FOUND) {
        status_absent(&verdict->items[STEP_STATUS]);
        return ERR_OK;
    }
    if (err) return err;
    status_words(&verdict->items[STEP_STATUS], status);
    *ret_status = status;
    return ERR_OK;
}

static enum err verdict_answer(struct call_final *final, struct verdict *verdict,
                               struct json *answer) {
    struct json *status = NULL, *json = NULL;
    enum err err = status_fill(final->view, verdict, &status);
    if (!err && status) err = json_put(answer, "status", status);
    if (!err) err = verdict_json(verdict, &json);
    return err ? err : json_put(answer, "verdict", json);
}

static enum err receipt_judge(struct api_call *call, struct call_final *final,
                              const struct question *question, struct json *answer) {
    struct buf text;
    struct verdict *verdict = NULL;
    buf_init(&text, LIMIT_HTTP_VERIFICATION);
    enum err err = json_format(question->receipt, &text);
    if (!err) {
        struct verify_input input;
        memset(&input, 0, sizeof input);
        input.receipt = buf_bytes(&text);
        input.policy = call->api->policy;
        input.docs = question->has_document ? &question->document : NULL;
        input.doc_count = question->has_document ? 1 : 0;
        input.binding = question->has_demand ? &question->demand : NULL;
        err = verify(&input, &verdict);
    }
    if (!err) err = verdict_answer(final, verdict, answer);
    verdict_done(verdict);
    buf_done(&text);
    return err;
}

static enum err put_presence(struct call_final *final, const struct record_doc *document,
                             struct json *answer) {
    struct json *presence = NULL;
    enum err err = document_presence(final, document->alg, document->digest, &presence);
    return err ? err : json_put(answer, "document", presence);
}

static enum err answer(struct api_call *call, const struct question *question) {
    struct call_final final;
    enum err err = call_final(call, &final);
    if (err) return err;
    struct json *json = json_new_object();
    if (!json) err = ERR_NO_MEMORY;
    if (!err && question->receipt) err = receipt_judge(call, &final, question, json);
    if (!err && question->has_document) err = put_presence(&final, &question->document, json);
    call_final_done(call, &final);
    if (!err) return call_json(call, 200, MEDIA_JSON, json);
    json_done(json);
    return err;
}

enum err verifications_post(struct api_call *call) {
    const char *type = call->request->header(call->request, "Content-Type");
    if (!field_is_media(type, MEDIA_JSON)) {
        return problem_set(&call->why, ERR_MEDIA_TYPE, "Send application/json.");
    }
    struct json *body = NULL;
    struct question question;
    enum err err = json_parse(call->request->body, &body, &call->why);
    if (!err) err = question_read(call, body, &question);
    if (!err) err = answer(call, &question);
    json_done(body);
    return err;
}
