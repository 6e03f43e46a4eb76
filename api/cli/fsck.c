/* qizheng fsck: whether a ledger's directory holds what its leaves and bodies say, every index row and every row of contract state computed again.
 *
 * Read-only. The node must not run: the store belongs to one process at a time. */
#include "ledger/store/fsck.h"
#include "api/cli/command.h"
#include "api/cli/disk.h"
#include "api/cli/scratch.h"
#include "contracts/order_state.h"
#include "ledger/base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define N(value) ((unsigned long long)(value))

static const struct option_spec options[] = {
    {"dir", "D", "what `qizheng init` made: the ledger is in D/data", false, false},
    {"data", "DIR", "or the ledger's own folder", false, false},
    {"scratch", "DIR", "where to put rows computed again (default: TMPDIR or /tmp)", false, false},
    {NULL, NULL, NULL, false, false},
};

struct check {
    const struct cli *cli;
    char data[DISK_PATH];
    struct genesis *genesis;
    struct store *store;
    struct store_view *view;
    struct scratch *scratch;
    struct fsck_result result;
    struct json *findings; /* with --json */
    uint64_t replayed;     /* leaves */
    uint64_t state_rows, state_differ;
    struct problem why;
};

/* -- hooks -- */

static void on_report(void *ctx, const char *what) {
    struct check *check = ctx;
    if (check->cli->is_json)
        (void)!json_push(check->findings, json_new_text(what));
    else
        (void)printf("%s\n", what);
}

static enum err on_replay(void *ctx, uint64_t index, const uint8_t leaf[LEAF_LEN],
                          struct bytes body, struct problem *ret_why) {
    struct check *check = ctx;
    enum err err = scratch_replay(check->scratch, index, leaf, body, ret_why);
    if (!err) check->replayed++;
    return err;
}

static void on_progress(void *ctx, uint64_t done, uint64_t size) {
    (void)ctx;
    say_progress("fsck", done, size);
}

/* -- opening -- */

static enum err data_choose(struct check *check) {
    const char *dir = option_text(check->cli, "dir"), *data = option_text(check->cli, "data");
    if (!dir == !data)
        return problem_set(&check->why, ERR_REQUEST, "Give one of --dir and --data.");
    return disk_path(check->data, &check->why, "%s%s", dir ? dir : data, dir ? "/data" : "");
}

static enum err genesis_load(struct check *check) {
    char path[DISK_PATH];
    struct buf text;
    enum err err = disk_path(path, &check->why, "%s/genesis.json", check->data);
    if (!err) err = disk_read(path, LIMIT_GENESIS, &text, &check->why);
    if (err) return err;
    err = genesis_parse(buf_bytes(&text), &check->genesis, &check->why);
    buf_done(&text);
    return err;
}

static enum err check_open(struct check *check) {
    const char *scratch = option_text(check->cli, "scratch");
    if (!scratch) scratch = getenv("TMPDIR");
    enum err err = data_choose(check);
    if (!err) err = genesis_load(check);
    if (!err)
        err = store_open(check->data, check->genesis->ledger_id, false, &check->store, &check->why);
    if (err == ERR_LOCKED)
        (void)problem_set(&check->why, err,
                          "%s is in use. Stop the node first, or check a copy of the folder.",
                          check->data);
    if (!err) err = store_view_open(check->store, &check->view);
    if (!err)
        err = scratch_open(scratch && *scratch ? scratch : "/tmp", check->genesis, check->view,
                           &check->scratch, &check->why);
    check->findings = json_new_array();
    return err || check->findings ? err : ERR_NO_MEMORY;
}

static void check_close(struct check *check) {
    scratch_close(check->scratch);
    store_view_close(check->view);
    store_close(check->store);
    genesis_done(check->genesis);
    json_done(check->findings);
    free(check);
}

/* What decides whether an ordered batch is new was written with the head, and names the same position. */
static enum err check_order(struct check *check) {
    struct order_state order;
    struct buf text;
    buf_init(&text, LIMIT_GENESIS);
    struct store_head head = store_view_head(check->view);
    enum err err = store_view_order(check->view, &text);
    bool is_known = err == ERR_OK || err == ERR_NOT_FOUND || err == ERR_CORRUPT;
    bool is_good = !err && !order_state_decode(buf_bytes(&text), &order) &&
                   position_compare(order.position, head.position) == 0 &&
                   order.node_count == check->genesis->node_count;
    buf_done(&text);
    if (!is_known) return err;
    if (is_good || (head.size == 0 && err)) return ERR_OK;
    on_report(check, "order state: not readable, or not that of the head");
    check->result.errors++;
    return ERR_OK;
}

static enum err check_all(struct check *check) {
    struct fsck_hooks hooks = {check, on_replay, on_report, on_progress};
    enum err err = fsck(check->store, &hooks, &check->result);
    if (!err) err = check_order(check);
    if (err) return err;
    if (check->replayed < check->result.leaves) {
        /* Every row that follows from a later record would differ: that says nothing more. */
        on_report(check, "contract state: not compared, since not every record could be replayed");
        return ERR_OK;
    }
    return scratch_compare(check->scratch, on_report, check, &check->state_rows,
                           &check->state_differ, &check->why);
}

/* -- reporting -- */

static int report_json(struct check *check, uint64_t errors, int status) {
    char root[2 * HASH_LEN + 1];
    hex_encode(bytes_of(check->result.root, HASH_LEN), root);
    struct json *json = json_new_object();
    enum err err = json ? json_put(json, "findings", check->findings) : ERR_NO_MEMORY;
    if (json) check->findings = NULL;
    if (!err) err = json_put_int(json, "errors", (int64_t)errors);
    if (!err) err = json_put_int(json, "leaves", (int64_t)check->result.leaves);
    if (!err) err = json_put_int(json, "index_rows", (int64_t)check->result.index_rows);
    if (!err) err = json_put_int(json, "tiles", (int64_t)check->result.tiles);
    if (!err) err = json_put_int(json, "state_rows", (int64_t)check->state_rows);
    if (!err) err = json_put_text(json, "root", root);
    if (!err) return say_json(json) ? EXIT_TROUBLE : status;
    json_done(json);
    return say_trouble(check->cli, err, NULL);
}

static int report(struct check *check) {
    uint64_t errors = check->result.errors + check->state_differ;
    int status = errors ? EXIT_REFUSED : EXIT_DONE;
    if (check->cli->is_json) return report_json(check, errors, status);
    (void)printf(
        "%llu leaves, %llu index rows, %llu tiles, %llu rows of state: ", N(check->result.leaves),
        N(check->result.index_rows), N(check->result.tiles), N(check->state_rows));
    if (errors)
        (void)printf("%llu errors. Keep a copy, and restore from a peer or a backup.\n", N(errors));
    else
        (void)printf("clean.\n");
    return status;
}

static int run(struct cli *cli) {
    struct check *check = calloc(1, sizeof *check);
    if (!check) return say_trouble(cli, ERR_NO_MEMORY, NULL);
    check->cli = cli;
    enum err err = check_open(check);
    if (!err) err = check_all(check);
    int status = err ? say_trouble(cli, err, &check->why) : report(check);
    check_close(check);
    return status;
}

const struct command command_fsck = {
    .name = "fsck",
    .operands = "",
    .summary = "Compute a ledger's directory again from its leaves and bodies, and compare",
    .details = "Stop the node first. Nothing is repaired. Exit status 1 where something is wrong.",
    .options = options,
    .run = run,
};
