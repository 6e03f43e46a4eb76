/* The fault table of the whole node: a fixed day of a small ledger (init, participants, contracts, payments, an upload, refused and repeated records, a restart) is run once for each
 * durable step (ledger/store/fault.h), each time it is taken, failing undone or failing although it was persisted, with a disk that breaks and one that is full, and with a caller that goes
 * on or a process that begins anew. The node is the real one, threads and HTTP and all. After each row the log is verified from outside (tests/lib/town.h): fsck is clean, the tree
 * recomputed from the bodies is that of every head and every receipt ever handed out, and every record that was sent has one leaf. Meanwhile, before and after each commit and at the end of
 * each of the node's lives, whatever its store keeps in memory is what its database holds.
 *
 * Normally every STRIDE-th row runs, and one time of each step in both versions; QIZHENG_FAULTS=all runs all of them (tests/slow/faults.sh). */
#include "tests/lib/town.h"

#define TRIES 12 /* of an act; a full disk is waited for, a second at a time */
#define PATIENT                                                                                    \
    3 /* so often a caller that goes on tries, before the operator starts the node anew */
#define TIMES_MAX 64
#define STRIDE 149 /* a prime, so that the rows of a run are not all of one kind */

TestSuite(node_faults, .timeout = 3000);

/* -- the plan of a row -- */

struct row {
    enum fault_step step;
    unsigned at; /* the how manieth time it is asked */
    bool before, restarts;
    enum err err;
};

static struct row plan;
static bool is_armed,
    is_looking; /* looking: the day is over, and what is asked now is the verifier's doing */
static atomic_uint asked, failed, seen[FAULT_STEP_COUNT], helped;

static enum fault_step step_of(const char *name) {
    for (enum fault_step step = 0; step < FAULT_STEP_COUNT; step++)
        if (strcmp(fault_step_name(step), name) == 0) return step;
    cr_assert(false, "%s stands in no list", name);
    return FAULT_STEP_COUNT;
}

/* A commit is cut off only where it failed before: so its sync is made to fail, too. */
static bool helps(enum fault_step step, bool before) {
    return plan.step == FAULT_SEGMENT_CUT && step == FAULT_SEGMENT_SYNC && before &&
           atomic_fetch_add(&helped, 1) == plan.at + 1;
}

static enum err ask_plan(const char *name, bool before) {
    enum fault_step step = step_of(name);
    if (before && !is_looking) atomic_fetch_add(&seen[step], 1);
    if (!is_armed) return ERR_OK;
    if (helps(step, before)) return ERR_DISK_FULL;
    unsigned at = plan.step == FAULT_SEGMENT_CUT ? 0 : plan.at;
    if (step != plan.step || before != plan.before || atomic_fetch_add(&asked, 1) != at)
        return ERR_OK;
    atomic_fetch_add(&failed, 1);
    return plan.err;
}

static void plan_set(const struct row *row) {
    is_armed = row != NULL;
    if (row) plan = *row;
    atomic_store(&asked, 0);
    atomic_store(&failed, 0);
    atomic_store(&helped, 0);
    store_fault = ask_plan;
}

/* -- what the store keeps in memory: any of the node's threads may look, so it is judged at the end of the day -- */

static atomic_size_t kept_rows; /* that were looked at, of all days */
static atomic_uint kept_wrong;
static struct problem kept_why; /* of the first wrong one */

static void kept_look(struct store *store) {
    struct store_view *view;
    struct problem why = {0};
    size_t rows = 0;
    enum err err = store_view_open(store, &view);
    if (!err) {
        err = snapshot_check(view->shared, &rows, &why);
        store_view_close(view);
    }
    atomic_fetch_add(&kept_rows, rows);
    if (err && atomic_fetch_add(&kept_wrong, 1) == 0) kept_why = why;
}

enum err __real_store_commit(struct store *store, const struct store_commit *commit,
                             struct store_head *ret_head, struct problem *ret_why);
enum err __wrap_store_commit(struct store *store, const struct store_commit *commit,
                             struct store_head *ret_head, struct problem *ret_why);
void __real_store_close(struct store *store);
void __wrap_store_close(struct store *store);

enum err __wrap_store_commit(struct store *store, const struct store_commit *commit,
                             struct store_head *ret_head, struct problem *ret_why) {
    kept_look(store);
    enum err err = __real_store_commit(store, commit, ret_head, ret_why);
    kept_look(store);
    return err;
}

void __wrap_store_close(struct store *store) {
    if (store) kept_look(store);
    __real_store_close(store);
}

/* -- a day -- */

static const struct act {
    const char *name;
    bool (*run)(struct town *town);
} acts[] = {
    {"found", act_found},
    {"participants", act_participants},
    {"contracts", act_contracts},
    {"payments", act_payments},
    {"upload", act_upload},
    {"tags", act_tags},
    {"files", act_files},
    {"again", act_again},
    {"all", act_all},
};
#define ACTS (sizeof acts / sizeof *acts)

static void act_run(struct town *town, const struct act *act, bool restarts) {
    for (unsigned tries = 1; tries <= TRIES; tries++) {
        bool is_up = !town->is_founded || town_start(town);
        if (is_up && act->run(town)) return;
        bool is_over = atomic_load(&town->is_fatal) || restarts || tries >= PATIENT;
        if (town->node && is_over) town_stop(town);
    }
    cr_assert(false, "%s: not done after %d tries", act->name, TRIES);
}

static void day_run(bool restarts) {
    struct town *town = town_begin();
    for (size_t i = 0; i < ACTS; i++) act_run(town, &acts[i], restarts);
    town_stop(town);
    is_armed = false;
    is_looking = true;
    cr_assert(atomic_load(&kept_wrong) == 0, "%s", kept_why.detail);
    town_check(town);
    is_looking = false;
    town_end(town);
}

/* -- the rows -- */

static unsigned times[FAULT_STEP_COUNT]; /* that each step is taken in a day without faults */

static void count_times(void) {
    log_set_level(LOG_ERROR);
    plan_set(NULL);
    for (size_t i = 0; i < FAULT_STEP_COUNT; i++) atomic_store(&seen[i], 0);
    day_run(false);
    for (size_t i = 0; i < FAULT_STEP_COUNT; i++) times[i] = atomic_load(&seen[i]);
    cr_assert(times[FAULT_SEGMENT_CUT] == 0);
    cr_assert(atomic_load(&kept_rows) > 100, "%zu", atomic_load(&kept_rows));
    times[FAULT_SEGMENT_CUT] = times[FAULT_SEGMENT_SYNC] - 1; /* see helps */
}

/* One line before it and one behind it, each written at once: two parts run side by side. */
static void row_run(const struct row *row) {
    char name[160];
    time_t began = time(NULL);
    (void)snprintf(name, sizeof name, "%s, time %u, %s, %s, then %s", fault_step_name(row->step),
                   row->at + 1, row->before ? "fails" : "fails but was persisted",
                   row->err == ERR_IO ? "broken" : "full",
                   row->restarts ? "a restart" : "the caller goes on");
    printf("begun: %s\n", name);
    (void)fflush(stdout);
    plan_set(row);
    day_run(row->restarts);
    printf("%s (%d s): %s\n", atomic_load(&failed) ? "the whole log holds" : "not reached",
           (int)(time(NULL) - began), name);
    (void)fflush(stdout);
}

static struct row row_of(enum fault_step step, unsigned n) {
    struct row row = {step, n / 8, n & 1, n & 2, n & 4 ? ERR_DISK_FULL : ERR_IO};
    return row;
}

/* Part `part` of `parts`, so that a machine with several cores runs them side by side. */
static void rows_run(unsigned part, unsigned parts) {
    const char *which = getenv("QIZHENG_FAULTS");
    bool all = which && strcmp(which, "all") == 0;
    unsigned number = 0, reached[FAULT_STEP_COUNT][2] = {{0}};
    count_times();
    for (enum fault_step step = 0; step < FAULT_STEP_COUNT; step++) {
        for (unsigned n = 0; n < 8 * times[step]; n++) {
            struct row row = row_of(step, n);
            bool is_one =
                n / 2 == (times[step] - 1) / 2 * 4; /* both versions in the middle of the day */
            bool is_ours = (is_one ? (unsigned)step : number / STRIDE) % parts == part;
            if (!all && !is_one && number++ % STRIDE) continue;
            if (all) is_ours = number++ % parts == part;
            if (!is_ours) continue;
            row_run(&row);
            reached[step][row.before] += atomic_load(&failed);
        }
    }
    for (enum fault_step step = 0; !all && step < FAULT_STEP_COUNT; step++)
        if (step % parts == part)
            cr_expect(reached[step][0] && reached[step][1], "%s was never reached",
                      fault_step_name(step));
}

/* The order's state in the database, changed in its revision, which is its second number. */
static void order_spoil(struct town *town) {
    char data[PATH_LEN];
    struct store *store = NULL;
    struct problem why = {0};
    struct buf order;
    struct store_key key = key_meta("order");
    struct kv_batch *batch = kv_batch_new();
    town_path(town, "ledger/data", data);
    buf_init(&order, LIMIT_GENESIS);
    cr_assert(store_open(data, town->ledger_id, false, &store, &why) == ERR_OK, "%s", why.detail);
    cr_assert(kv_get(store->kv, NULL, key_bytes(&key), &order) == ERR_OK && order.len > 12);
    order.data[11] ^= 1;
    kv_batch_put(batch, key_bytes(&key), buf_bytes(&order));
    cr_assert(kv_write(store->kv, batch, true, &why) == ERR_OK);
    kv_batch_done(batch);
    buf_done(&order);
    store_close(store);
}

Test(node_faults, an_order_that_is_not_the_heads_is_found_by_fsck_and_at_the_start) {
    struct town *town = town_begin();
    char path[PATH_LEN], *argv[] = {(char *)(uintptr_t) "--dir", town->ledger};
    struct problem why = {0};
    log_set_level(LOG_ERROR);
    cr_assert(act_found(town) && town_start(town));
    town_stop(town);
    cr_assert(town_command(&command_fsck, 2, argv) == EXIT_DONE);
    order_spoil(town);
    cr_expect(town_command(&command_fsck, 2, argv) == EXIT_REFUSED);
    town_path(town, "ledger/node.yaml", path);
    cr_assert(config_load(path, &town->config, &why) == ERR_OK);
    cr_expect(node_start(town->config, town_on_fatal, town, &town->node, &why) == ERR_CORRUPT);
    cr_expect(strstr(why.detail, "fsck"), "%s", why.detail);
    town_end(town);
}

Test(node_faults, a_step_that_fails_costs_nothing_that_was_promised_1) {
    rows_run(0, 2);
}

Test(node_faults, a_step_that_fails_costs_nothing_that_was_promised_2) {
    rows_run(1, 2);
}
