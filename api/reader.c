/* Who asks: the access token of a request, judged. See call.h and ledger/record/token.h.
 *
 * Order of checks: one Authorization header with the scheme Bearer -> form -> made for this request, node and time -> signed by a participant under a key that the
 * registry holds good now -> not used before. Only a token that passed everything else is remembered, so nobody fills that memory without a registered key. */
#include "api/call.h"

#include "api/log.h"
#include "contracts/issuer.h"
#include "ledger/record/token.h"

#include <assert.h>
#include <string.h>
#include <strings.h>

#define SCHEME "Bearer "
#define ROLES_LEN 96

/* RFC 6750 section 2.1: "Authorization: Bearer" and the token; the scheme's case does not matter (RFC 9110 section 11.1). */
static enum err bearer_find(struct api_call *call, struct bytes *ret) {
    const char *value = call->request->header(call->request, "Authorization");
    if (value && strncasecmp(value, SCHEME, strlen(SCHEME)) == 0) {
        *ret = bytes_text(value + strlen(SCHEME));
        return ERR_OK;
    }
    return problem_set(&call->why, ERR_TOKEN_MISSING,
                       "This call needs an access token of a participant: Authorization: Bearer "
                       "<token>. docs/API.md says how to make one.");
}

static enum err made_for_this(struct api_call *call, const struct token *token) {
    const struct api *api = call->api;
    struct token_request request = {.node = bytes_text(api->node_name),
                                    .method = bytes_text(call->request->method),
                                    .path = call->request->path,
                                    .body = call->request->body,
                                    .now_ms = api->host.clock_ms(api->host.ctx),
                                    .started_ms = api->started_ms};
    return token_check(token, &request, &call->why);
}

/* Which of a key's many ways to be no good it was is the registry's public knowledge; for a token they are one answer. */
static enum err signer_check(struct api_call *call, const struct token *token, uint16_t *ret) {
    const struct api *api = call->api;
    struct store_view *view;
    enum err err = store_view_open(api->store, &view);
    if (err) return err;
    struct issuer_claim claim = {.machine = api->machine,
                                 .view = api_state_view(view),
                                 .time_ms = api->host.clock_ms(api->host.ctx),
                                 .iss = token->iss,
                                 .jws = &token->jws};
    err = issuer_claim_check(&claim, ret, &call->why);
    store_view_close(view);
    if (!err || err == ERR_ISSUER_SUSPENDED || err_class(err) != ERR_CLASS_REFUSE) return err;
    return problem_set(
        &call->why, ERR_TOKEN_INVALID,
        "The token is not signed by a key that is registered for its issuer and good "
        "now (%s).",
        err_code(err));
}

static enum err first_use(struct api_call *call, const struct token *token) {
    const struct api_host *host = &call->api->host;
    uint8_t digest[32];
    bool is_first = false;
    token_digest(token, digest);
    enum err err = host->token_once(host->ctx, token->iss, digest, token->exp, &is_first);
    if (err == ERR_RATE) {
        return problem_set(&call->why, err,
                           "This node remembers as many used tokens as it can, or as many of this "
                           "participant; they are forgotten as they expire: ask again later.");
    }
    if (err || is_first) return err;
    return problem_set(&call->why, ERR_TOKEN_REPLAYED,
                       "A token is good for one request; make a new one.");
}

/* FORMATS.md section 6 and ARCHITECTURE.md section 7: "Each such read is logged with role and purpose". Ids of participants are public. */
static void read_log(const struct api_call *call, const struct reader *reader) {
    char id[LOG_NUMBER_LEN], names[ROLES_LEN];
    size_t len = 0;
    names[0] = 0;
    for (unsigned bit = 1; bit <= ROLE_OPERATOR; bit <<= 1) {
        const char *name = reader->roles & bit ? role_name((enum role)bit) : "";
        if (!*name || len + strlen(name) + 2 > sizeof names) continue;
        if (len) names[len++] = ',';
        memcpy(names + len, name, strlen(name) + 1);
        len += strlen(name);
    }
    log_event(LOG_INFO, "authorised", "id", log_number(call->request->id, id), "route",
              api_route_name(call->reply->route), "reader", reader->id, "roles", names, "purpose",
              reader->purpose, NULL);
}

static enum err judge(struct api_call *call, struct bytes text, struct arena *arena,
                      struct reader *ret) {
    struct token token;
    uint16_t roles = 0;
    enum err err = token_parse(text, arena, &token, &call->why);
    if (!err) err = made_for_this(call, &token);
    if (!err) err = signer_check(call, &token, &roles);
    if (!err) err = first_use(call, &token);
    if (err) return err;
    assert(token.purpose.len < sizeof ret->purpose); /* token_parse has seen to that */
    memset(ret, 0, sizeof *ret);
    memcpy(ret->id, token.iss, sizeof ret->id);
    memcpy(ret->purpose, token.purpose.data, token.purpose.len);
    memcpy(ret->kid, token.jws.kid, sizeof ret->kid);
    ret->roles = roles;
    read_log(call, ret);
    return ERR_OK;
}

enum err call_reader(struct api_call *call, struct reader *ret) {
    struct bytes text;
    struct arena arena;
    enum err err = bearer_find(call, &text);
    if (err) return err;
    arena_init(&arena, 4 * LIMIT_TOKEN);
    err = judge(call, text, &arena, ret);
    arena_done(&arena);
    return err;
}

enum err call_reader_maybe(struct api_call *call, struct reader *ret, bool *ret_has) {
    if (!call->request->header(call->request, "Authorization")) {
        *ret_has = false;
        return ERR_OK;
    }
    enum err err = call_reader(call, ret);
    if (!err) *ret_has = true;
    return err;
}
