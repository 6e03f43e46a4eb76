/* POST /v1/tags: the keyed half of pseudonymous tags (FORMATS.md section 7), for a participant whose role may have them.
 *
 *   {"domain","version","blinded":[element...]} -> {"domain","version","pk","evaluated":[element...],"proofs":[proof...]}
 *
 * Elements are ristretto255 encodings, 32 bytes in base64url; a proof stands for one element alone, so that each can be shown without the others (tag_evidence).
 * Order of checks: token -> body -> domain, version and role -> every element -> the budget -> the evaluation. Until all of that holds nothing is evaluated, and a request is taken whole or not at
 * all. What was asked cannot be seen here: the elements are blinded. */
#include "api/call.h"

#include "contracts/domains.h"
#include "ledger/base/text.h"
#include "ledger/crypto/voprf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ENCODED_MAX 128

struct tags {
    enum tag_domain domain;
    int64_t version;
    size_t count;
    uint8_t blinded[LIMIT_TAGS_ASKED * VOPRF_ELEMENT_LEN];
    uint8_t evaluated[LIMIT_TAGS_ASKED * VOPRF_ELEMENT_LEN];
    uint8_t proofs[LIMIT_TAGS_ASKED * VOPRF_PROOF_LEN];
};

/* -- the question -- */

static enum err domain_read(struct api_call *call, const struct json *body,
                            const struct reader *reader, struct tags *tags) {
    const char *name = json_text(json_member(body, "domain"));
    if (!name || !tag_domain_from_name(name, &tags->domain))
        return problem_at(&call->why, ERR_SCHEMA, "/domain",
                          "There is no tag domain of that name. GET /v1/types lists them.");
    if (domain_allows(reader->roles, tags->domain)) return ERR_OK;
    return problem_at(&call->why, ERR_ROLE, "/domain",
                      "No role of this participant has tags of that domain. GET /v1/types says "
                      "which have.");
}

static enum err version_read(struct api_call *call, const struct json *body, struct tags *tags) {
    struct parameters parameters;
    struct store_view *view;
    enum err err = call_snapshot(call, &view);
    if (err) return err;
    err = parameters_get(api_state_view(view), &parameters);
    store_view_close(view);
    if (err) return err;
    int64_t current = parameters.tag_versions[tags->domain];
    if (json_int(json_member(body, "version"), &tags->version) && tags->version == current)
        return ERR_OK;
    return problem_at(&call->why, ERR_SCHEMA, "/version",
                      "Tags of that domain are made with key version %lld now.",
                      (long long)current);
}

static enum err element_read(struct api_call *call, const struct json *value, size_t at,
                             uint8_t *ret) {
    char pointer[48];
    if (base64url_decode_fixed(json_text_bytes(value), ret, VOPRF_ELEMENT_LEN) == ERR_OK &&
        voprf_element_valid(ret))
        return ERR_OK;
    (void)snprintf(pointer, sizeof pointer, "/blinded/%zu", at);
    return problem_at(&call->why, ERR_SCHEMA, pointer,
                      "A blinded element is a ristretto255 encoding other than the identity's, 32 "
                      "bytes in base64url. Nothing was evaluated.");
}

static enum err blinded_read(struct api_call *call, const struct json *body, struct tags *tags) {
    const struct json *list = json_member(body, "blinded");
    tags->count = json_count(list);
    if (json_kind(list) != JSON_KIND_ARRAY || tags->count == 0 || tags->count > LIMIT_TAGS_ASKED)
        return problem_at(&call->why, ERR_SCHEMA, "/blinded",
                          "blinded is an array of 1 to %d elements.", LIMIT_TAGS_ASKED);
    enum err err = ERR_OK;
    for (size_t i = 0; !err && i < tags->count; i++)
        err = element_read(call, json_at(list, i), i, tags->blinded + i * VOPRF_ELEMENT_LEN);
    return err;
}

static enum err question_read(struct api_call *call, const struct reader *reader,
                              struct tags *tags) {
    struct json *body = NULL;
    enum err err = json_parse(call->request->body, &body, &call->why);
    if (!err && (json_kind(body) != JSON_KIND_OBJECT || json_count(body) != 3))
        err = problem_at(&call->why, ERR_SCHEMA, "",
                         "The body has domain, version and blinded, and no others.");
    if (!err) err = domain_read(call, body, reader, tags);
    if (!err) err = version_read(call, body, tags);
    if (!err) err = blinded_read(call, body, tags);
    json_done(body);
    return err;
}

/* -- the answer -- */

static enum err put_list(struct json *answer, const char *name, const uint8_t *data, size_t len,
                         size_t count) {
    char text[ENCODED_MAX];
    struct json *list = json_new_array();
    enum err err = list ? ERR_OK : ERR_NO_MEMORY;
    for (size_t i = 0; !err && i < count; i++) {
        base64url_write(bytes_of(data + i * len, len), text);
        err = json_push(list, json_new_text(text));
    }
    if (!err) return json_put(answer, name, list);
    json_done(list);
    return err;
}

static enum err answer_put(const struct tags *tags, const voprf_element public,
                           struct json *answer) {
    char text[ENCODED_MAX];
    base64url_write(bytes_of(public, VOPRF_ELEMENT_LEN), text);
    enum err err = json_put_text(answer, "domain", tag_domain_name(tags->domain));
    if (!err) err = json_put_int(answer, "version", tags->version);
    if (!err) err = json_put_text(answer, "pk", text);
    if (!err) err = put_list(answer, "evaluated", tags->evaluated, VOPRF_ELEMENT_LEN, tags->count);
    return err ? err : put_list(answer, "proofs", tags->proofs, VOPRF_PROOF_LEN, tags->count);
}

static enum err answer_give(struct api_call *call, const struct tags *tags,
                            const voprf_element public) {
    struct json *answer = json_new_object();
    enum err err = answer ? answer_put(tags, public, answer) : ERR_NO_MEMORY;
    if (!err) return call_json(call, 200, MEDIA_JSON, answer);
    json_done(answer);
    return err;
}

static enum err evaluate(struct api_call *call, const struct reader *reader, struct tags *tags) {
    const struct api_host *host = &call->api->host;
    struct api_tags ask = {.request_id = call->request->id,
                           .reader = reader->id,
                           .purpose = reader->purpose,
                           .is_lookup = domain_is_lookup(reader->roles),
                           .domain = tag_domain_name(tags->domain),
                           .version = tags->version,
                           .blinded = tags->blinded,
                           .count = tags->count};
    struct api_tags_made made = {.evaluated = tags->evaluated, .proofs = tags->proofs};
    enum err err = host->tags_evaluate(host->ctx, &ask, &made, &call->why);
    call->retry_after_s = made.retry_after_s;
    return err ? err : answer_give(call, tags, made.public);
}

enum err tags_post(struct api_call *call) {
    struct reader reader;
    enum err err = call_reader(call, &reader);
    if (err) return err;
    const char *type = call->request->header(call->request, "Content-Type");
    if (!field_is_media(type, MEDIA_JSON))
        return problem_set(&call->why, ERR_MEDIA_TYPE, "Send application/json.");
    struct tags *tags = calloc(1, sizeof *tags);
    if (!tags) return ERR_NO_MEMORY;
    err = question_read(call, &reader, tags);
    if (!err) err = evaluate(call, &reader, tags);
    free(tags);
    return err;
}
