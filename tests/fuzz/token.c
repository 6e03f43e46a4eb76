/* Access tokens: what is read has the form that its header promises, and is good for one request alone.
 * fuzz: max_len=2048 dict=record */
#include "tests/fuzz/lib/compact.h"

#include "ledger/record/token.h"

#define NOW_S 1795420600

static enum err check(const struct token *token, const char *method, const char *path) {
    struct problem why = {0};
    struct token_request request = {.node = bytes_text("qizheng.invalid/00c0ffee/node/1"),
                                    .method = bytes_text(method),
                                    .path = bytes_text(path),
                                    .now_ms = UINT64_C(1000) * NOW_S,
                                    .started_ms = UINT64_C(1000) * (NOW_S - 3600)};
    enum err err = token_check(token, &request, &why);
    FUZZ_CHECK(err == ERR_OK || err == ERR_TOKEN_INVALID || err == ERR_TOKEN_EXPIRED);
    FUZZ_CHECK(err == ERR_OK || why.detail[0]);
    return err;
}

static void taken(const struct token *token) {
    uint8_t digest[32];
    FUZZ_CHECK(token->exp > token->iat && token->exp - token->iat <= TOKEN_LIFE_MAX_S);
    FUZZ_CHECK(token->iss[0] && strcmp(token->jws.typ, TOKEN_TYP) == 0);
    token_digest(token, digest);
    enum err one = check(token, "GET", "/v1/records/00");
    enum err other = check(token, "GET", "/v1/records/01");
    enum err post = check(token, "POST", "/v1/records/00");
    FUZZ_CHECK((one == ERR_OK) + (other == ERR_OK) + (post == ERR_OK) <= 1);
    if (one == ERR_OK) FUZZ_CHECK(token->exp > NOW_S && token->iat <= NOW_S + TOKEN_AHEAD_S);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct arena arena;
    struct token token;
    struct problem why = {0};
    struct buf compact;
    fuzz_compact(bytes_of(data, size), &compact);
    arena_init(&arena, 2 * compact.len + 64);
    enum err err = token_parse(buf_bytes(&compact), &arena, &token, &why);
    FUZZ_CHECK(err == ERR_OK || (err == ERR_TOKEN_INVALID && why.detail[0]));
    if (!err) taken(&token);
    arena_done(&arena);
    buf_done(&compact);
    return 0;
}
