/* qizheng conflict: two signed checkpoints: do they prove that somebody lied? (ledger/proof/conflict.h) */
#include "ledger/proof/conflict.h"
#include "api/cli/command.h"
#include "api/cli/disk.h"
#include "api/cli/mirror.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct option_spec options[] = {
    {"policy", "FILE", "count the signatures of the keys in this policy", true, false},
    {NULL, NULL, NULL, false, false},
};

struct inputs {
    struct buf a, b, hashes, policy_text;
    struct policy *policy;
};

/* Here and not only in conflict_check_policy: people want to know which of the files it is. */
static enum err note_read(const char *path, struct buf *ret, struct problem *ret_why) {
    struct mirror_checkpoint checkpoint;
    struct problem why = {ERR_OK, "", "", "", ""};
    enum err err = disk_read(path, LIMIT_NOTE, ret, ret_why);
    if (err) return err;
    err = mirror_checkpoint_parse(buf_bytes(ret), &checkpoint, &why);
    if (err) return problem_set(ret_why, err, "%s is no signed checkpoint: %s", path, why.detail);
    mirror_checkpoint_done(&checkpoint);
    return ERR_OK;
}

static enum err inputs_read(const struct cli *cli, struct inputs *in, struct problem *ret_why) {
    const char *hashes = operand(cli, 2);
    enum err err = note_read(operand(cli, 0), &in->a, ret_why);
    if (!err) err = note_read(operand(cli, 1), &in->b, ret_why);
    if (!err && hashes) err = disk_read(hashes, LIMIT_NOTE, &in->hashes, ret_why);
    if (!err) err = disk_read(option_text(cli, "policy"), LIMIT_POLICY, &in->policy_text, ret_why);
    return err ? err : policy_parse(buf_bytes(&in->policy_text), &in->policy, ret_why);
}

static void inputs_done(struct inputs *in) {
    buf_done(&in->a);
    buf_done(&in->b);
    buf_done(&in->hashes);
    buf_done(&in->policy_text);
    policy_done(in->policy);
}

static enum err conflict_json(const struct conflict *conflict, struct json *json) {
    struct json *liars = json_new_array();
    enum err err = json_put(json, "liars", liars);
    for (size_t i = 0; !err && i < conflict->liar_count; i++)
        err = json_push(liars, json_new_text(conflict->liars[i]));
    if (!err) err = json_put_bool(json, "proven", conflict->proven);
    if (!err) err = json_put_text(json, "reason", conflict->reason);
    return err ? err : json_put_text(json, "reason_zh", conflict->reason_zh);
}

static int report(const struct cli *cli, const struct conflict *conflict) {
    int status = conflict->proven ? EXIT_DONE : EXIT_REFUSED;
    if (cli->is_json) {
        struct json *json = json_new_object();
        enum err err = json ? conflict_json(conflict, json) : ERR_NO_MEMORY;
        if (!err) return say_json(json) ? EXIT_TROUBLE : status;
        json_done(json);
        return say_trouble(cli, err, NULL);
    }
    (void)printf("%s\n", conflict->proven ? "PROVEN 已证明: somebody signed two histories."
                                          : "Not proven 未证明.");
    say_clean(stdout, cli->is_zh ? conflict->reason_zh : conflict->reason);
    (void)putchar('\n');
    for (size_t i = 0; i < conflict->liar_count; i++) {
        (void)printf("  ");
        say_clean(stdout, conflict->liars[i]);
        (void)putchar('\n');
    }
    return status;
}

static int run(struct cli *cli) {
    struct inputs in;
    struct problem why = {ERR_OK, "", "", "", ""};
    memset(&in, 0, sizeof in);
    struct conflict *conflict = calloc(1, sizeof *conflict);
    enum err err = conflict ? inputs_read(cli, &in, &why) : ERR_NO_MEMORY;
    if (!err)
        err = conflict_check_policy(buf_bytes(&in.a), buf_bytes(&in.b), buf_bytes(&in.hashes),
                                    in.policy, conflict, &why);
    int status = err ? say_trouble(cli, err, &why) : report(cli, conflict);
    inputs_done(&in);
    free(conflict);
    return status;
}

const struct command command_conflict = {
    .name = "conflict",
    .operands = "A B [HASHES]",
    .min = 2,
    .max = 3,
    .summary = "Two signed checkpoints: do they prove that somebody lied?",
    .details =
        "A and B are signed checkpoints of one log. Of equal size, they are enough; of different "
        "sizes HASHES,\nbase64 one a line, show that the larger tree does not begin with the "
        "smaller one.\nExit status 0: proven; 1: they prove nothing.",
    .options = options,
    .run = run,
};
