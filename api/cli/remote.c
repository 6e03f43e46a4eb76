/* See remote.h. */
#include "api/cli/remote.h"

#include "ledger/base/text.h"

#include <string.h>

#define TIMEOUT_MS 90000 /* longer than the longest wait that a node grants */

enum err remote_open(const struct cli *cli, struct client **ret, struct problem *ret_why) {
    char url[512];
    struct bytes text = bytes_text(cli->url);
    while (text.len && text.data[text.len - 1] == '/') text.len--;
    if (text.len == 0 || text.len >= sizeof url)
        return problem_set(ret_why, ERR_REQUEST, "--url is empty or too long.");
    memcpy(url, text.data, text.len);
    url[text.len] = 0;
    return client_open(url, cli->ca, TIMEOUT_MS, ret, ret_why);
}

enum err remote_reply_check(const struct client_reply *reply, struct problem *ret_why) {
    if (reply->status == 200) return ERR_OK;
    struct problem why = {ERR_OK, "", "", "", ""};
    client_problem(reply, &why);
    if (ret_why) *ret_why = why;
    return why.err ? why.err : ERR_INTERNAL;
}

enum err remote_get(struct client *client, const char *path, size_t max, struct buf *ret,
                    struct problem *ret_why) {
    struct client_reply reply;
    memset(&reply, 0, sizeof reply);
    enum err err = client_call(client, "GET", path, NULL, bytes_of(NULL, 0), max, &reply, ret_why);
    if (err) return err;
    err = remote_reply_check(&reply, ret_why);
    if (!err) {
        *ret = reply.body;
        memset(&reply.body, 0, sizeof reply.body);
    }
    client_reply_done(&reply);
    return err;
}

enum err remote_get_json(struct client *client, const char *path, struct json **ret,
                         struct problem *ret_why) {
    struct buf text;
    enum err err = remote_get(client, path, REMOTE_REPLY_MAX, &text, ret_why);
    if (err) return err;
    err = json_parse(buf_bytes(&text), ret, ret_why);
    buf_done(&text);
    return err;
}

enum err remote_ledger(struct client *client, char ret_hex[65], struct problem *ret_why) {
    struct json *status = NULL;
    uint8_t id[32];
    enum err err = remote_get_json(client, "/v1/status", &status, ret_why);
    if (err) return err;
    struct bytes ledger = json_text_bytes(json_member(status, "ledger"));
    if (hex_decode(ledger, id, sizeof id)) {
        err = problem_set(ret_why, ERR_INTERNAL,
                          "The answer of /v1/status names no ledger. Is --url a qizheng node?");
    } else {
        memcpy(ret_hex, ledger.data, ledger.len);
        ret_hex[64] = 0;
    }
    json_done(status);
    return err;
}
