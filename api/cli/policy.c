/* qizheng policy: the verifier policy of a node's ledger, to be kept by whoever verifies receipts.
 *
 * What a node says of itself is no proof: compare it with what the operators publish elsewhere before you trust it. */
#include "ledger/proof/policy.h"
#include "api/cli/disk.h"
#include "api/cli/remote.h"
#include "ledger/base/limits.h"
#include "ledger/base/text.h"

#include <stdio.h>
#include <string.h>

static const struct option_spec options[] = {
    {"size", "N", "the policy must hold for a tree of N leaves", false, false},
    {"out", "FILE", "write it to FILE, which must not exist", false, false},
    {NULL, NULL, NULL, false, false},
};

/* "# sizes <from> <to|->": whether that line covers size. */
static bool line_covers(struct bytes line, uint64_t size) {
    static const char begin[] = "# sizes ";
    uint64_t from, to = UINT64_MAX;
    if (!bytes_starts(line, begin)) return false;
    struct bytes rest = bytes_slice(line, strlen(begin), line.len);
    size_t space = bytes_find(rest, ' ', 0);
    if (space == rest.len || decimal_parse(bytes_slice(rest, 0, space), &from)) return false;
    struct bytes end = bytes_slice(rest, space + 1, rest.len);
    if (!bytes_is(end, "-") && decimal_parse(end, &to)) return false;
    return from <= size && size <= to;
}

static enum err size_check(struct bytes text, uint64_t size, struct problem *ret_why) {
    struct bytes rest = text, line;
    while (bytes_line(&rest, &line)) {
        if (line_covers(line, size)) return ERR_OK;
    }
    return problem_set(ret_why, ERR_POLICY,
                       "The node's policy is not for a tree of %llu leaves. Ask for the policy of "
                       "that time elsewhere.",
                       (unsigned long long)size);
}

static enum err policy_fetch(const struct cli *cli, struct buf *ret, struct problem *ret_why) {
    struct client *client = NULL;
    struct policy *policy = NULL;
    uint64_t size = 0;
    enum err err = option_number(cli, "size", 0, LIMIT_JSON_INT, 0, &size, ret_why);
    if (!err) err = remote_open(cli, &client, ret_why);
    if (!err) err = remote_get(client, "/v1/policy", LIMIT_POLICY, ret, ret_why);
    client_close(client);
    if (!err) err = policy_parse(buf_bytes(ret), &policy, ret_why);
    policy_done(policy);
    if (!err && option_has(cli, "size")) err = size_check(buf_bytes(ret), size, ret_why);
    return err;
}

static enum err policy_show(const struct cli *cli, struct bytes text, struct problem *ret_why) {
    const char *out = option_text(cli, "out");
    if (out) return disk_write(out, text, 0644, DISK_NEW, ret_why);
    if (!cli->is_json) return fwrite(text.data, 1, text.len, stdout) == text.len ? ERR_OK : ERR_IO;
    struct json *json = json_new_object();
    enum err err = json ? json_put(json, "policy", json_new_text_bytes(text)) : ERR_NO_MEMORY;
    if (!err) return say_json(json);
    json_done(json);
    return err;
}

static int run(struct cli *cli) {
    struct buf text;
    struct problem why = {ERR_OK, "", "", "", ""};
    buf_init(&text, 1);
    enum err err = policy_fetch(cli, &text, &why);
    if (!err) err = policy_show(cli, buf_bytes(&text), &why);
    buf_done(&text);
    return err ? say_trouble(cli, err, &why) : EXIT_DONE;
}

const struct command command_policy = {
    .name = "policy",
    .operands = "",
    .summary = "Show the verifier policy of the node's ledger",
    .details = "Compare it with what the operators publish elsewhere before you trust receipts "
               "by it: a node speaks for itself.",
    .options = options,
    .is_online = true,
    .run = run,
};
