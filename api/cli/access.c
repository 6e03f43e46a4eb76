/* See access.h. */
#include "api/cli/access.h"

#include "api/cli/signer.h"
#include "ledger/record/token.h"
#include "ledger/store/entropy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LIFE_S 60
#define PATH_LEN 2048
#define PURPOSE_DEFAULT "own-records"

struct access {
    struct client *client;
    struct key_secret *key;
    const char *as, *purpose;       /* of the command line */
    char node[LIMIT_VKEY_NAME + 1]; /* its name, as it says itself */
};

static enum err node_find(struct access *access, struct problem *ret_why) {
    struct json *status = NULL;
    enum err err = remote_get_json(access->client, "/v1/status", &status, ret_why);
    if (err) return err;
    struct bytes name = json_text_bytes(json_member(status, "node"));
    if (name.len && name.len < sizeof access->node) {
        memcpy(access->node, name.data, name.len);
    } else {
        err = problem_set(ret_why, ERR_INTERNAL,
                          "The answer of /v1/status names no node. Is --url a qizheng node?");
    }
    json_done(status);
    return err;
}

enum err access_wanted(const struct cli *cli, bool *ret, struct problem *ret_why) {
    bool has_as = option_has(cli, "as"), has_key = option_has(cli, "key");
    bool has_more = option_has(cli, "passphrase-file") || option_has(cli, "purpose");
    if (has_as != has_key || (has_more && !has_as))
        return problem_set(ret_why, ERR_REQUEST,
                           "Who asks as a participant gives both --as and --key.");
    *ret = has_as;
    return ERR_OK;
}

enum err access_open(const struct cli *cli, struct access **ret, struct problem *ret_why) {
    struct access *access = calloc(1, sizeof *access);
    if (!access) return ERR_NO_MEMORY;
    access->as = option_text(cli, "as");
    access->purpose = option_text(cli, "purpose");
    if (!access->purpose) access->purpose = PURPOSE_DEFAULT;
    enum err err = signer_open(option_text(cli, "key"), option_text(cli, "passphrase-file"),
                               &access->key, ret_why);
    if (!err) err = remote_open(cli, &access->client, ret_why);
    if (!err) err = node_find(access, ret_why);
    if (err)
        access_close(access);
    else
        *ret = access;
    return err;
}

void access_close(struct access *access) {
    if (!access) return;
    client_close(access->client);
    key_secret_done(access->key);
    free(access);
}

struct client *access_client(struct access *access) {
    return access->client;
}

enum err access_header(struct access *access, const char *method, const char *path,
                       struct bytes body, struct buf *out, struct problem *ret_why) {
    struct token_make make = {.iss = access->as,
                              .node = access->node,
                              .method = method,
                              .path = path,
                              .purpose = access->purpose,
                              .body = body,
                              .now_s = now_s(),
                              .life_s = LIFE_S};
    entropy(make.jti, sizeof make.jti);
    enum err err = buf_add_text(out, "Bearer ");
    if (!err) err = token_sign(access->key, &make, out);
    if (err != ERR_REQUEST) return err;
    return problem_set(ret_why, err,
                       "--as must be a participant id, and --purpose one word of at most 31 "
                       "lower-case letters, digits and hyphens that begins with a letter.");
}

/* "Authorization: Bearer ..." for the path without its query. The caller frees it, also on failure. */
static enum err header_line(struct access *access, const char *method, const char *path,
                            struct bytes body, struct buf *out, struct problem *ret_why) {
    char bare[PATH_LEN];
    size_t len = strcspn(path, "?");
    buf_init(out, LIMIT_TOKEN + 64);
    if (len >= sizeof bare) return problem_set(ret_why, ERR_REQUEST, "The path is too long.");
    memcpy(bare, path, len);
    bare[len] = 0;
    enum err err = buf_add_text(out, "Authorization: ");
    if (!err) err = access_header(access, method, bare, body, out, ret_why);
    return err || buf_text(out) ? err : ERR_NO_MEMORY;
}

static enum err call_once(struct access *access, const char *method, const char *path,
                          const char *content_type, struct bytes body, size_t max,
                          struct client_reply *ret, struct problem *ret_why) {
    char type[128];
    struct buf header;
    enum err err = header_line(access, method, path, body, &header, ret_why);
    const char *line = err ? NULL : buf_text(&header);
    if (content_type) (void)snprintf(type, sizeof type, "Content-Type: %s", content_type);
    const char *const headers[] = {line, content_type ? type : NULL, NULL};
    if (!err) err = client_call(access->client, method, path, headers, body, max, ret, ret_why);
    buf_done(&header);
    return err;
}

static bool is_expired(const struct client_reply *reply) {
    struct problem why;
    if (reply->status != 401) return false;
    client_problem(reply, &why);
    return why.err == ERR_TOKEN_EXPIRED;
}

enum err access_call(struct access *access, const char *method, const char *path,
                     const char *content_type, struct bytes body, size_t max,
                     struct client_reply *ret, struct problem *ret_why) {
    struct client_reply reply;
    memset(&reply, 0, sizeof reply);
    enum err err = call_once(access, method, path, content_type, body, max, &reply, ret_why);
    if (!err && is_expired(&reply)) {
        client_reply_done(&reply);
        memset(&reply, 0, sizeof reply);
        (void)sleep(TOKEN_AHEAD_S + 1);
        err = call_once(access, method, path, content_type, body, max, &reply, ret_why);
    }
    if (err)
        client_reply_done(&reply);
    else
        *ret = reply;
    return err;
}

enum err access_get_json(struct access *access, const char *path, struct json **ret,
                         struct problem *ret_why) {
    struct client_reply reply;
    memset(&reply, 0, sizeof reply);
    enum err err = access_call(access, "GET", path, NULL, bytes_of(NULL, 0), REMOTE_REPLY_MAX,
                               &reply, ret_why);
    if (!err) err = remote_reply_check(&reply, ret_why);
    if (!err) err = json_parse(buf_bytes(&reply.body), ret, ret_why);
    client_reply_done(&reply);
    return err;
}

static enum err stream_once(struct access *access, const char *path, const char *header,
                            bool (*each)(void *ctx, struct bytes bytes), void *ctx,
                            struct problem *ret_why) {
    struct client_reply reply;
    struct buf line;
    memset(&reply, 0, sizeof reply);
    enum err err = header_line(access, "GET", path, bytes_of(NULL, 0), &line, ret_why);
    const char *const headers[] = {err ? NULL : buf_text(&line), header, NULL};
    if (!err) err = client_watch(access->client, path, headers, each, ctx, &reply, ret_why);
    if (!err) err = remote_reply_check(&reply, ret_why);
    client_reply_done(&reply);
    buf_done(&line);
    return err;
}

enum err access_stream(struct access *access, const char *path, const char *header,
                       bool (*each)(void *ctx, struct bytes bytes), void *ctx,
                       struct problem *ret_why) {
    enum err err = stream_once(access, path, header, each, ctx, ret_why);
    if (err != ERR_TOKEN_EXPIRED) return err;
    (void)sleep(TOKEN_AHEAD_S + 1); /* a node that has just started takes no token for a moment */
    return stream_once(access, path, header, each, ctx, ret_why);
}
