/* qizheng receipt refresh: the same leaf under a newer checkpoint.
 *
 * Happy path: the receipt's leaf and index -> /checkpoint -> inclusion proof made from tiles -> verified here against that checkpoint -> written. Record,
 * disclosures and issuer chain stay as they are: the older checkpoints in the chain go on being valid. Only the public log is read, so any mirror will do.
 *
 * A newer checkpoint shows an earlier time no longer: its cosignatures are of now, and timestamp tokens are over the older one. So the receipt that was there
 * first stays, and one with tokens is never replaced. */
#include "api/cli/disk.h"
#include "api/cli/mirror.h"
#include "api/cli/remote.h"
#include "ledger/proof/policy.h"
#include "ledger/proof/receipt.h"
#include "ledger/proof/tlog_proof.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct option_spec options[] = {
    {"out", "FILE",
     "write the new receipt there (default: in FILE's place, which stays as FILE.old)", false,
     false},
    {"policy", "FILE", "the new checkpoint must meet this policy", false, false},
    {NULL, NULL, NULL, false, false},
};

struct refresh {
    struct mirror mirror;
    struct receipt *receipt;
    struct tlog_proof old; /* borrows from the receipt */
    struct mirror_checkpoint old_checkpoint, checkpoint;
    uint8_t leaf[LEAF_LEN];
    struct tlog_proof fresh;
};

static void refresh_done(struct refresh *r) {
    mirror_checkpoint_done(&r->old_checkpoint);
    mirror_checkpoint_done(&r->checkpoint);
    receipt_done(r->receipt);
    client_close(r->mirror.client);
    free(r);
}

/* The leaf stands in the receipt, or follows from its record and time. */
static enum err leaf_find(struct refresh *r, struct problem *ret_why) {
    struct record *record = NULL;
    if (r->receipt->has_leaf) {
        memcpy(r->leaf, r->receipt->leaf, LEAF_LEN);
        return ERR_OK;
    }
    struct bytes shown = r->receipt->presentation;
    enum err err = record_parse(bytes_slice(shown, 0, bytes_find(shown, '~', 0)), &record, ret_why);
    if (!err) leaf_encode(r->receipt->time_ms, record->hash, r->leaf);
    record_done(record);
    return err;
}

static enum err receipt_load(const struct cli *cli, struct refresh *r, struct problem *ret_why) {
    struct buf text;
    enum err err = disk_read(operand(cli, 0), LIMIT_RECEIPT, &text, ret_why);
    if (err) return err;
    err = receipt_parse(buf_bytes(&text), &r->receipt, ret_why);
    buf_done(&text);
    if (!err) err = tlog_proof_parse(r->receipt->proof, &r->old, ret_why);
    if (!err) err = mirror_checkpoint_parse(r->old.checkpoint, &r->old_checkpoint, ret_why);
    if (!err) err = leaf_find(r, ret_why);
    if (!err && r->receipt->timestamps && !option_has(cli, "out")) {
        err = problem_set(ret_why, ERR_STATE,
                          "The receipt's timestamps are over its present checkpoint and would be "
                          "lost. Write the new receipt elsewhere with --out, and keep both.");
    }
    return err;
}

static enum err policy_meet(const struct cli *cli, const struct refresh *r,
                            struct problem *ret_why) {
    struct buf text;
    struct policy *policy = NULL;
    struct policy_result *result;
    const char *path = option_text(cli, "policy");
    if (!path) return ERR_OK;
    enum err err = disk_read(path, LIMIT_POLICY, &text, ret_why);
    if (err) return err;
    err = policy_parse(buf_bytes(&text), &policy, ret_why);
    buf_done(&text);
    result = calloc(1, sizeof *result);
    if (!err && !result) err = ERR_NO_MEMORY;
    if (!err) {
        err = policy_check(policy, buf_bytes(&r->checkpoint.text), result, ret_why);
        policy_result_done(result);
    }
    free(result);
    policy_done(policy);
    return err;
}

static enum err checkpoint_fetch(struct refresh *r, struct problem *ret_why) {
    enum err err = mirror_checkpoint_get(&r->mirror, &r->checkpoint, ret_why);
    if (err) return err;
    const struct checkpoint *old = &r->old_checkpoint.checkpoint, *new = &r->checkpoint.checkpoint;
    if (!bytes_equal(old->origin, new->origin)) {
        return problem_set(ret_why, ERR_CHECKPOINT,
                           "That is another log: the receipt is from %.*s, the node serves %.*s.",
                           (int)old->origin.len, (const char *)old->origin.data,
                           (int)new->origin.len, (const char *)new->origin.data);
    }
    if (new->size < old->size) {
        return problem_set(ret_why, ERR_CHECKPOINT,
                           "The node is behind: its checkpoint covers %llu leaves, the receipt's "
                           "%llu. Ask another node.",
                           (unsigned long long)new->size, (unsigned long long)old->size);
    }
    return ERR_OK;
}

static enum err proof_make(struct refresh *r, struct problem *ret_why) {
    struct tile_source tiles;
    uint8_t hash[HASH_LEN];
    const struct checkpoint *checkpoint = &r->checkpoint.checkpoint;
    if (r->old.index >= checkpoint->size)
        return problem_set(ret_why, ERR_RECEIPT, "The receipt's index lies outside the log.");
    tile_source_init(&tiles, mirror_tiles(&r->mirror), checkpoint->size);
    struct merkle_source source = tile_source_merkle(&tiles);
    enum err err = merkle_inclusion_prove(&source, r->old.index, checkpoint->size, &r->fresh.proof);
    tile_source_done(&tiles);
    if (err) {
        *ret_why = r->mirror.why;
        return err;
    }
    merkle_leaf(bytes_of(r->leaf, LEAF_LEN), hash);
    err = merkle_inclusion_verify(hash, r->old.index, checkpoint->size, &r->fresh.proof,
                                  checkpoint->root);
    if (!err) return ERR_OK;
    return problem_set(
        ret_why, err,
        "The node's tiles do not lead from the receipt's leaf to its checkpoint. "
        "Keep the receipt and `qizheng verify` it; if it is valid, the node is not.");
}

/* FILE.old, unless an earlier refresh left one: the oldest shows the earliest time. */
static enum err old_keep(const char *path, const struct refresh *r, struct problem *ret_why) {
    char old[DISK_PATH];
    enum err err = disk_path(old, ret_why, "%s.old", path);
    if (err) return err;
    if (disk_exists(old)) return ERR_OK;
    return disk_write_json(old, json_clone(r->receipt->json), 0600, DISK_NEW, ret_why);
}

static enum err receipt_write(const struct cli *cli, const struct refresh *r,
                              struct problem *ret_why) {
    struct buf proof;
    const char *out = option_text(cli, "out");
    enum err kept = out ? ERR_OK : old_keep(operand(cli, 0), r, ret_why);
    if (kept) return kept;
    buf_init(&proof, LIMIT_RECEIPT);
    struct json *receipt = json_clone(r->receipt->json);
    enum err err = receipt ? ERR_OK : ERR_NO_MEMORY;
    if (!err)
        err = tlog_proof_format(r->old.index, &r->fresh.proof, buf_bytes(&r->checkpoint.text),
                                &proof);
    if (!err) err = json_put(receipt, "proof", json_new_text_bytes(buf_bytes(&proof)));
    buf_done(&proof);
    if (err) {
        json_done(receipt);
        return problem_set(ret_why, err, "The receipt cannot be written.");
    }
    json_remove(receipt, "timestamps");
    return disk_write_json(out ? out : operand(cli, 0), receipt, 0600,
                           out ? DISK_NEW : DISK_REPLACE, ret_why);
}

static int report(const struct cli *cli, const struct refresh *r) {
    uint64_t from = r->old_checkpoint.checkpoint.size, to = r->checkpoint.checkpoint.size;
    if (!cli->is_json) {
        (void)printf("The receipt's checkpoint now covers %llu leaves; it was %llu.\n",
                     (unsigned long long)to, (unsigned long long)from);
        return EXIT_DONE;
    }
    struct json *json = json_new_object();
    enum err err = json ? json_put_int(json, "size_before", (int64_t)from) : ERR_NO_MEMORY;
    if (!err) err = json_put_int(json, "size", (int64_t)to);
    if (!err) return say_json(json) ? EXIT_TROUBLE : EXIT_DONE;
    json_done(json);
    return say_trouble(cli, err, NULL);
}

static int run(struct cli *cli) {
    struct problem why = {ERR_OK, "", "", "", ""};
    struct refresh *r = calloc(1, sizeof *r);
    if (!r) return say_trouble(cli, ERR_NO_MEMORY, NULL);
    int status;
    enum err err = receipt_load(cli, r, &why);
    if (!err) err = remote_open(cli, &r->mirror.client, &why);
    if (!err) err = checkpoint_fetch(r, &why);
    if (!err) err = policy_meet(cli, r, &why);
    if (!err) err = proof_make(r, &why);
    if (err == ERR_PROOF || err == ERR_POLICY)
        status = say_refusal(cli, err, &why);
    else if (err)
        status = say_trouble(cli, err, &why);
    else
        status = (err = receipt_write(cli, r, &why)) ? say_trouble(cli, err, &why) : report(cli, r);
    refresh_done(r);
    return status;
}

const struct command command_receipt_refresh = {
    .name = "receipt refresh",
    .operands = "FILE",
    .min = 1,
    .max = 1,
    .summary = "Bring a receipt to the log's newest checkpoint",
    .details = "Record, disclosures and issuer chain stay as they are. Reads only the public log, "
               "so --url may name any mirror.\nThe new checkpoint's cosignatures are of now, and "
               "timestamp tokens do not carry over: keep the old receipt,\nwhich shows the "
               "earlier time.",
    .options = options,
    .is_online = true,
    .run = run,
};
