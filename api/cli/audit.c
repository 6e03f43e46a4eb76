/* qizheng audit: whether a log keeps its word: the newest checkpoint meets the policy, continues the one remembered, and stands on entries and tiles that can all
 * be downloaded and recomputed. Only the public log is read, so anybody can do this against a node or a mirror.
 *
 * STATE holds the last checkpoint that was found good, and the time of its newest leaf. It moves only after everything was checked. What contradicts it is
 * kept beside it, for `qizheng conflict`: STATE.old, STATE.new, STATE.hashes. */
#include "api/cli/audit_state.h"
#include "api/cli/command.h"
#include "api/cli/disk.h"
#include "api/cli/rebuild.h"
#include "api/cli/remote.h"
#include "ledger/base/text.h"
#include "ledger/proof/policy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define N(value) ((unsigned long long)(value))

static const struct option_spec options[] = {
    {"policy", "FILE", "the verifier policy that you trust", true, false},
    {"state", "FILE", "remembers the last good checkpoint; made where it is missing", true, false},
    {"full", NULL, "recompute from leaf 0, not from the remembered size", false, false},
    {NULL, NULL, NULL, false, false},
};

struct audit {
    const struct cli *cli;
    struct mirror mirror;
    struct policy *policy;
    bool has_old;
    struct audit_state old, new; /* new: its time is known when all was recomputed */
    uint64_t from, tiles;
    bool is_contradicted; /* old and new cannot both be true */
    struct problem why;
};

/* -- what is remembered -- */

static enum err state_load(struct audit *a) {
    struct json *json = NULL;
    const char *path = option_text(a->cli, "state");
    enum err err = disk_read_json(path, AUDIT_STATE_MAX, &json, &a->why);
    if (err == ERR_NOT_FOUND) return ERR_OK;
    a->has_old = !err && !audit_state_parse(json, &a->old, &a->why);
    if (!err && !a->has_old) {
        err = problem_set(&a->why, ERR_CORRUPT,
                          "%s is no state of an audit. Move it away to start anew; what it "
                          "remembered is lost then.",
                          path);
    }
    json_done(json);
    return err;
}

static enum err state_save(struct audit *a) {
    struct json *json = NULL;
    enum err err = audit_state_json(&a->new, &json);
    return err ? err
               : disk_write_json(option_text(a->cli, "state"), json, 0644, DISK_REPLACE, &a->why);
}

/* -- checkpoints -- */

static enum err policy_load(struct audit *a) {
    struct buf text;
    enum err err = disk_read(option_text(a->cli, "policy"), LIMIT_POLICY, &text, &a->why);
    if (err) return err;
    err = policy_parse(buf_bytes(&text), &a->policy, &a->why);
    buf_done(&text);
    return err;
}

static enum err policy_meet(struct audit *a) {
    struct policy_result *result = calloc(1, sizeof *result);
    if (!result) return ERR_NO_MEMORY;
    enum err err = policy_check(a->policy, buf_bytes(&a->new.head.text), result, &a->why);
    policy_result_done(result);
    free(result);
    return err;
}

/* The consistency proof from the tiles. What cannot be is told apart from what could not be read. */
static enum err consistency_check(struct audit *a, struct merkle_proof *proof) {
    struct tile_source tiles;
    const struct checkpoint *old = &a->old.head.checkpoint, *new = &a->new.head.checkpoint;
    tile_source_init(&tiles, mirror_tiles(&a->mirror), new->size);
    struct merkle_source source = tile_source_merkle(&tiles);
    enum err err = merkle_consistency_prove(&source, old->size, new->size, proof);
    tile_source_done(&tiles);
    if (err) {
        a->why = a->mirror.why;
        return err;
    }
    err = merkle_consistency_verify(old->size, old->root, new->size, new->root, proof);
    if (!err) return ERR_OK;
    a->is_contradicted = true;
    return problem_set(&a->why, err,
                       "The log of %llu leaves does not continue the one of %llu leaves that was "
                       "remembered.",
                       N(new->size), N(old->size));
}

static enum err continues(struct audit *a) {
    const struct checkpoint *old = &a->old.head.checkpoint, *new = &a->new.head.checkpoint;
    if (!bytes_equal(old->origin, new->origin))
        return problem_set(&a->why, ERR_CHECKPOINT,
                           "That is another log than the state remembers.");
    if (new->size < old->size) {
        return problem_set(&a->why, ERR_CHECKPOINT,
                           "The log went back from %llu to %llu leaves. A mirror that lags does "
                           "this, too: ask again, and elsewhere.",
                           N(old->size), N(new->size));
    }
    struct merkle_proof *proof = calloc(1, sizeof *proof);
    if (!proof) return ERR_NO_MEMORY;
    enum err err = consistency_check(a, proof);
    free(proof);
    return err;
}

/* -- evidence -- */

/* Hashes as ledger/proof/conflict.h wants them: the consistency proof, with the first subtree's hash before it where the older size is a power of two. */
static enum err hashes_format(struct audit *a, struct buf *out) {
    struct tile_source tiles;
    uint8_t first[HASH_LEN];
    uint64_t old = a->old.head.checkpoint.size, new = a->new.head.checkpoint.size;
    struct merkle_proof *proof = calloc(1, sizeof *proof);
    if (!proof) return ERR_NO_MEMORY;
    tile_source_init(&tiles, mirror_tiles(&a->mirror), new);
    struct merkle_source source = tile_source_merkle(&tiles);
    enum err err = merkle_consistency_prove(&source, old, new, proof);
    if (!err && old && (old & (old - 1)) == 0) {
        err = source.node(source.ctx, (unsigned)__builtin_ctzll(old), 0, first);
        if (!err) err = base64_encode(bytes_of(first, HASH_LEN), out);
        if (!err) err = buf_add_byte(out, '\n');
    }
    for (size_t i = 0; !err && i < proof->count; i++) {
        err = base64_encode(bytes_of(proof->hashes[i], HASH_LEN), out);
        if (!err) err = buf_add_byte(out, '\n');
    }
    tile_source_done(&tiles);
    free(proof);
    return err;
}

static enum err evidence_file(struct audit *a, const char *suffix, struct bytes content) {
    char path[DISK_PATH];
    enum err err = disk_path(path, NULL, "%s.%s", option_text(a->cli, "state"), suffix);
    return err ? err : disk_write(path, content, 0644, DISK_REPLACE, NULL);
}

static void evidence_keep(struct audit *a) {
    struct buf hashes;
    const char *state = option_text(a->cli, "state");
    bool same_size = a->old.head.checkpoint.size == a->new.head.checkpoint.size;
    buf_init(&hashes, LIMIT_NOTE);
    enum err err = evidence_file(a, "old", buf_bytes(&a->old.head.text));
    if (!err) err = evidence_file(a, "new", buf_bytes(&a->new.head.text));
    if (!err && !same_size) err = hashes_format(a, &hashes);
    if (!err && !same_size) err = evidence_file(a, "hashes", buf_bytes(&hashes));
    buf_done(&hashes);
    if (err)
        say_note("The evidence could not be kept beside %s.", state);
    else
        say_note("Evidence kept: qizheng conflict %s.old %s.new %s%s --policy %s", state, state,
                 same_size ? "" : state, same_size ? "" : ".hashes", option_text(a->cli, "policy"));
}

/* -- the whole log -- */

static enum err recompute(struct audit *a) {
    struct rebuild *rebuild = NULL;
    const struct checkpoint *old = &a->old.head.checkpoint, *new = &a->new.head.checkpoint;
    bool incremental = a->has_old && !option_has(a->cli, "full");
    enum err err = rebuild_open(&a->mirror, new->size, &a->why, &rebuild);
    if (!err && incremental) err = rebuild_from(rebuild, old->size, old->root, a->old.time_ms);
    if (!err) err = rebuild_run(rebuild, new->root);
    if (!err) {
        a->new.time_ms = rebuild->time_ms;
        a->from = rebuild->from;
        a->tiles = rebuild->tiles;
    }
    rebuild_close(rebuild);
    return err;
}

static enum err audit(struct audit *a) {
    enum err err = policy_load(a);
    if (!err) err = state_load(a);
    if (!err) err = remote_open(a->cli, &a->mirror.client, &a->why);
    if (!err) err = mirror_checkpoint_get(&a->mirror, &a->new.head, &a->why);
    if (!err) err = policy_meet(a);
    if (!err && a->has_old) err = continues(a);
    if (!err) err = recompute(a);
    return err ? err : state_save(a);
}

static int report(const struct audit *a) {
    const struct checkpoint *new = &a->new.head.checkpoint;
    if (!a->cli->is_json) {
        (void)printf("%.*s: %llu leaves, %llu of them new; %llu tiles and the root recomputed. "
                     "All is as signed.\n",
                     (int)new->origin.len, (const char *)new->origin.data, N(new->size),
                     N(new->size - a->from), N(a->tiles));
        return EXIT_DONE;
    }
    char root[2 * HASH_LEN + 1];
    hex_encode(bytes_of(new->root, HASH_LEN), root);
    struct json *json = json_new_object();
    enum err err =
        json ? json_put(json, "origin", json_new_text_bytes(new->origin)) : ERR_NO_MEMORY;
    if (!err) err = json_put_int(json, "size", (int64_t) new->size);
    if (!err) err = json_put_int(json, "from", (int64_t)a->from);
    if (!err) err = json_put_int(json, "tiles", (int64_t)a->tiles);
    if (!err) err = json_put_text(json, "root", root);
    if (!err) return say_json(json) ? EXIT_TROUBLE : EXIT_DONE;
    json_done(json);
    return say_trouble(a->cli, err, NULL);
}

/* The log was read and is not as it must be. */
static bool is_finding(const struct audit *a, enum err err) {
    return a->new.head.text.len && (err == ERR_PROOF || err == ERR_CHECKPOINT ||
                                    err == ERR_POLICY || err == ERR_SIGNATURE_INVALID);
}

static int run(struct cli *cli) {
    struct audit *a = calloc(1, sizeof *a);
    if (!a) return say_trouble(cli, ERR_NO_MEMORY, NULL);
    a->cli = cli;
    enum err err = audit(a);
    int status;
    if (err && is_finding(a, err))
        status = say_refusal(cli, err, &a->why);
    else
        status = err ? say_trouble(cli, err, &a->why) : report(a);
    if (a->is_contradicted) evidence_keep(a);
    audit_state_done(&a->old);
    audit_state_done(&a->new);
    policy_done(a->policy);
    client_close(a->mirror.client);
    free(a);
    return status;
}

const struct command command_audit = {
    .name = "audit",
    .operands = "",
    .summary = "Download a log, recompute all of it, and check that it keeps its word",
    .details = "Reads only the public log, so --url may name a node or any mirror. Run it again "
               "and again with the same state:\neach run checks that the log continues what the "
               "last one saw, and recomputes what is new.",
    .options = options,
    .is_online = true,
    .run = run,
};
