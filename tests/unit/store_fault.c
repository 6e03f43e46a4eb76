/* The fault table: each durable step fails undone, or fails but was persisted. Afterwards, and after reopening, the store is clean, holds every
 * acknowledged entry exactly once, and the same commit again completes or is a no-op. */
#include "ledger/store/fault.h"

#include "tests/lib/store.h"

#include <pthread.h>

#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/wait.h>

static struct world world;

static void setup(void) {
    world_init(&world);
}

static void teardown(void) {
    store_fault = NULL;
    world_done(&world);
}

TestSuite(store_fault, .init = setup, .fini = teardown, .timeout = 300);

/* -- which step fails -- */

static struct {
    const char *step;
    bool before;
    unsigned at; /* the how manieth time it is asked */
    enum err err;
    unsigned asked, failed;
} plan;

static enum err fail(const char *step, bool before) {
    if (strcmp(step, plan.step) != 0 || before != plan.before || plan.asked++ != plan.at)
        return ERR_OK;
    plan.failed++;
    return plan.err;
}

static void fail_on(const char *step, bool before, unsigned at, enum err err) {
    plan.step = step;
    plan.before = before;
    plan.at = at;
    plan.err = err;
    plan.asked = plan.failed = 0;
    store_fault = fail;
}

/* -- one cell of the table -- */

struct cell {
    const char *step;
    bool before;
    unsigned at;
    enum err err, expected;
    bool persisted; /* the failed commit is there after reopening */
    bool retry;     /* it may be tried again without reopening */
};

#define COUNT 5 /* entries of the commit that fails */

static enum err try_once(struct store_head *ret_head, struct problem *ret_why) {
    return world_try(&world, COUNT, false, ret_head, NULL, ret_why);
}

/* The commit that failed counts from here on. */
static void remember(void) {
    struct store_head head;
    cr_assert(world_try(&world, COUNT, false, &head, &world.model, NULL) == ERR_OK); /* a no-op */
    world.next += COUNT;
    cr_expect(head.size == world.model.size);
}

static void check_reads_go_on(uint64_t size) {
    struct buf body;
    buf_init(&body, SEGMENT_BODY_MAX);
    struct store_view *view = world_view(&world);
    for (uint64_t i = 0; i < size; i++) cr_expect(store_view_body(view, i, &body) == ERR_OK);
    store_view_close(view);
    buf_done(&body);
}

static void check_refuses(void) {
    struct store_head head;
    struct problem why = {0};
    cr_expect(try_once(&head, &why) == ERR_IO && why.detail[0]);
    cr_expect(store_put_checkpoint(world.store, bytes_text("x"), NULL) == ERR_IO);
    cr_expect(store_keep_evidence(world.store, bytes_text("x"), NULL) == ERR_IO);
}

static void run(const struct cell *cell) {
    struct store_head head = {0}, before = world_commit(&world, 8, false);
    struct problem why = {0};
    world.revision++;
    fail_on(cell->step, cell->before, cell->at, cell->err);
    enum err err = try_once(&head, &why);
    store_fault = NULL;
    cr_expect(plan.failed == 1, "%s %u was not reached", cell->step, cell->at);
    cr_expect(err == cell->expected, "%s: %s", cell->step, err_code(err));
    cr_expect(why.err == err && why.detail[0]);
    cr_expect(store_current(world.store).size == before.size); /* nothing was acknowledged */
    check_reads_go_on(before.size);
    if (!cell->retry) {
        check_refuses();
        world_reopen(&world);
        cr_expect(store_current(world.store).size == before.size + (cell->persisted ? COUNT : 0));
    }
    if (!cell->persisted) world_check(&world);
    cr_expect(try_once(&head, &why) == ERR_OK, "%s", why.detail); /* completes, or is a no-op */
    remember();
    world_check(&world);
    world_commit(&world, 3, false);
    world_reopen(&world);
    world_check(&world);
}

static void run_both(const char *step, unsigned times, bool persisted_after) {
    for (unsigned at = 0; at < times; at++) {
        struct cell undone = {step, true, at, ERR_IO, ERR_IO, false, false};
        struct cell done = {step, false, at, ERR_IO, ERR_IO, persisted_after, false};
        run(&undone);
        run(&done);
    }
}

static void run_full_disk(const char *step, unsigned times) {
    for (unsigned at = 0; at < times; at++) {
        struct cell undone = {step, true, at, ERR_DISK_FULL, ERR_DISK_FULL, false, true};
        struct cell done = {step, false, at, ERR_DISK_FULL, ERR_DISK_FULL, false, true};
        run(&undone);
        run(&done);
    }
}

/* -- the table -- */

Test(store_fault, segment_write_fails) {
    run_both("segment_write", 1, false);
}

Test(store_fault, segment_write_finds_the_disk_full_and_can_be_repeated) {
    run_full_disk("segment_write", 1);
}

Test(store_fault, segment_sync_fails) {
    run_both("segment_sync", 1, false);
}

Test(store_fault, segment_sync_finds_the_disk_full_and_can_be_repeated) {
    run_full_disk("segment_sync", 1);
}

Test(store_fault, the_database_write_fails) {
    run_both("kv_write", 1, true);
}

Test(store_fault, the_database_write_finds_the_disk_full_and_its_outcome_is_unknown) {
    struct cell undone = {"kv_write", true, 0, ERR_DISK_FULL, ERR_IO, false, false};
    struct cell done = {"kv_write", false, 0, ERR_DISK_FULL, ERR_IO, true, false};
    run(&undone);
    run(&done);
}

/* A checkpoint's write that fails while a commit waits for it: the commit must not be written behind what it left. */
static struct {
    pthread_t thread;
    atomic_int asked, committing;
    enum err answer;
    struct problem why;
} overtaken;

static void *commit_beside(void *arg) {
    struct store_head head;
    atomic_store(&overtaken.committing, 1);
    overtaken.answer = try_once(&head, &overtaken.why);
    return arg;
}

static enum err fail_first(const char *step, bool before) {
    if (strcmp(step, "kv_write") != 0 || !before) return ERR_OK;
    if (atomic_fetch_add(&overtaken.asked, 1) > 0) return ERR_OK;
    cr_assert(pthread_create(&overtaken.thread, NULL, commit_beside, NULL) == 0);
    while (!atomic_load(&overtaken.committing)) usleep(1000);
    usleep(200000); /* time enough to get to the write, were it let */
    return ERR_IO;
}

Test(store_fault, a_commit_that_waits_for_a_write_that_fails_is_not_written) {
    struct store_head before = world_commit(&world, 8, false);
    world.revision++;
    store_fault = fail_first;
    cr_expect(store_put_checkpoint(world.store, bytes_text("a note"), NULL) == ERR_IO);
    cr_assert(pthread_join(overtaken.thread, NULL) == 0);
    store_fault = NULL;
    cr_expect(overtaken.answer == ERR_IO && overtaken.why.detail[0]);
    cr_expect(atomic_load(&overtaken.asked) == 1, "%d", atomic_load(&overtaken.asked));
    cr_expect(store_current(world.store).size == before.size);
    check_refuses();
}

/* A commit that fails, and then cannot be undone either. */
static enum err fail_twice(const char *step, bool before) {
    if (strcmp(step, "segment_sync") == 0 && before) return ERR_DISK_FULL;
    if (strcmp(step, "segment_cut") == 0 && before == plan.before) return ERR_IO;
    return ERR_OK;
}

static void check_cut_fails(bool before) {
    struct store_head head;
    struct problem why = {0};
    world_commit(&world, 8, false);
    world.revision++;
    plan.before = before;
    store_fault = fail_twice;
    cr_expect(try_once(&head, &why) == ERR_IO && why.err == ERR_IO);
    store_fault = NULL;
    check_refuses();
    world_reopen(&world);
    world_check(&world);
    cr_expect(try_once(&head, &why) == ERR_OK);
    remember();
    world_check(&world);
}

Test(store_fault, the_undoing_fails_too) {
    check_cut_fails(true);
    check_cut_fails(false);
}

/* -- the first write of a new store, and the first commit -- */

static void check_founding(bool before) {
    char dir[PATH_LEN];
    struct store *store = NULL;
    struct problem why = {0};
    temp_make(dir);
    fail_on("kv_write", before, 0, ERR_IO);
    cr_expect(store_open(dir, world.ledger_id, true, &store, &why) == ERR_IO);
    store_fault = NULL;
    cr_expect(plan.failed == 1 && why.detail[0]);
    cr_expect(store_open(dir, world.ledger_id, true, &store, &why) == ERR_OK, "%s", why.detail);
    cr_expect(store_current(store).size == 0);
    store_close(store);
    temp_remove(dir);
}

Test(store_fault, founding_a_store_fails) {
    check_founding(true);
    check_founding(false);
}

Test(store_fault, the_first_commit_fails_at_every_step) {
    const char *steps[] = {"segment_write", "segment_sync", "kv_write"};
    for (size_t i = 0; i < 6; i++) {
        struct store_head head;
        struct problem why = {0};
        world_done(&world);
        world_init(&world);
        world.revision = 1;
        fail_on(steps[i / 2], i % 2 == 0, 0, ERR_IO);
        cr_expect(try_once(&head, &why) == ERR_IO);
        store_fault = NULL;
        cr_expect(plan.failed == 1);
        world_reopen(&world);
        cr_expect(store_current(world.store).size == (i == 5 ? COUNT : 0));
        cr_expect(try_once(&head, &why) == ERR_OK);
        remember();
        world_check(&world);
    }
}

/* -- what is kept beside the ledger -- */

static void check_checkpoint_fails(bool before) {
    struct buf got;
    buf_init(&got, 100);
    cr_assert(store_put_checkpoint(world.store, bytes_text("old"), NULL) == ERR_OK);
    fail_on("kv_write", before, 0, ERR_IO);
    cr_expect(store_put_checkpoint(world.store, bytes_text("new"), NULL) == ERR_IO);
    store_fault = NULL;
    check_refuses();
    world_reopen(&world);
    struct store_view *view = world_view(&world);
    cr_expect(store_view_checkpoint(view, &got) == ERR_OK);
    cr_expect(bytes_is(buf_bytes(&got), before ? "old" : "new"));
    store_view_close(view);
    buf_done(&got);
}

Test(store_fault, writing_a_checkpoint_fails) {
    world.revision = 1;
    check_checkpoint_fails(true);
    check_checkpoint_fails(false);
}

/* -- a crash: everything that was not synced may be there in part -- */

Test(store_fault, a_tail_of_any_length_behind_the_commit_is_cut_off) {
    char path[PATH_LEN];
    world_commit(&world, 8, false);
    path_in(world.dir, "bodies/00000000.seg", path);
    off_t len = file_len(path);
    for (size_t tail = 1; tail < 3000; tail += 997) {
        store_close(world.store);
        world.store = NULL;
        int fd = open(path, O_WRONLY | O_APPEND);
        for (size_t i = 0; i < tail; i++) cr_assert(write(fd, i % 2 ? "x" : "", 1) == 1);
        close(fd);
        world_reopen(&world);
        cr_expect(file_len(path) == len);
        world_check(&world);
    }
}

/* Many commits, each failing somewhere by a seeded draw, then repeated until it is acknowledged. */
Test(store_fault, a_long_run_of_random_faults_loses_and_doubles_nothing) {
    const char *steps[] = {"segment_write", "segment_sync", "segment_cut", "kv_write"};
    enum err errs[] = {ERR_IO, ERR_DISK_FULL};
    unsigned seed = 20260701;
    for (int i = 0; i < 120; i++) {
        struct store_head head;
        world.revision++;
        fail_on(steps[rand_r(&seed) % 4], rand_r(&seed) % 2, (unsigned)rand_r(&seed) % 3,
                errs[rand_r(&seed) % 2]);
        enum err err = try_once(&head, NULL);
        store_fault = NULL;
        if (err == ERR_IO) world_reopen(&world);
        if (err) cr_assert(try_once(&head, NULL) == ERR_OK);
        remember();
    }
    world_check(&world);
    world_reopen(&world);
    world_check(&world);
}

/* -- a process that is killed -- */

/* Commits for ever and tells each acknowledged size. */
static void commit_until_killed(int out) {
    for (;;) {
        struct store_head head = world_commit(&world, (size_t)(world.revision * 5) % 30, false);
        if (write(out, &head.size, sizeof head.size) != sizeof head.size) _exit(1);
    }
}

/* Lets a child commit until it has acknowledged `commits` times, kills it and gives the last size that it told. */
static uint64_t killed_after(unsigned commits) {
    int pipes[2];
    uint64_t size = 0, told = 0;
    cr_assert(pipe(pipes) == 0);
    store_close(world.store); /* LevelDB's threads do not survive a fork */
    world.store = NULL;
    pid_t child = fork();
    cr_assert(child >= 0);
    if (child == 0) {
        close(pipes[0]);
        world_reopen(&world);
        commit_until_killed(pipes[1]);
    }
    close(pipes[1]);
    for (unsigned i = 0; i < commits; i++)
        cr_assert(read(pipes[0], &told, sizeof told) == sizeof told);
    cr_assert(kill(child, SIGKILL) == 0 && waitpid(child, NULL, 0) == child);
    while (read(pipes[0], &size, sizeof size) == sizeof size) told = size;
    close(pipes[0]);
    return told;
}

/* Takes over what the child had committed when it died: the same entries in the same commits, and so the same leaves. */
static void catch_up(uint64_t size) {
    struct store_head head;
    while (world.model.size < size) {
        world.revision++;
        size_t count = (size_t)((world.revision - 1) * 5) % 30;
        cr_assert(world_try(&world, count, false, &head, &world.model, NULL) == ERR_OK);
        cr_assert(head.size == size); /* a no-op */
        world.next += count;
    }
    world.revision = head.position.revision;
}

Test(store_fault, a_killed_process_loses_nothing_that_it_acknowledged) {
    world_commit(&world, 1, false);
    for (unsigned round = 1; round <= 12; round++) {
        uint64_t told = killed_after(round);
        world_reopen(&world);
        uint64_t size = store_current(world.store).size;
        cr_assert(size >= told, "acknowledged %d, kept %d", (int)told, (int)size);
        catch_up(size);
        world_check(&world);
    }
}

/* -- a disk that really fills -- */

/* A file system of that size over the empty directory, seen by this process only. */
static bool mount_small(const char *dir, const char *options) {
    return unshare(CLONE_NEWNS) == 0 && mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
           mount("tmpfs", dir, "tmpfs", 0, options) == 0;
}

Test(store_fault, a_disk_that_fills_stops_commits_and_room_lets_them_go_on) {
    char dir[PATH_LEN], ballast[PATH_LEN], options[32];
    struct store_head head;
    struct problem why = {0};
    temp_make(dir);
    (void)snprintf(options, sizeof options, "size=%um", LIMIT_DISK_RESERVE / (1024 * 1024) + 8);
    if (!mount_small(dir, options)) {
        printf("skipped: mounting needs root\n");
        temp_remove(dir);
        return;
    }
    struct world small = world;
    path_in(dir, "ledger", small.dir);
    path_in(dir, "ballast", ballast);
    small.store = NULL;
    world_reopen(&small);
    world_commit(&small, 8, false);
    int fd = open(ballast, O_WRONLY | O_CREAT, 0600);
    cr_assert(fd >= 0 && posix_fallocate(fd, 0, 16 * 1024 * 1024) == 0);
    close(fd);
    small.revision++;
    cr_expect(world_try(&small, 5, false, &head, NULL, &why) == ERR_DISK_FULL);
    cr_expect(why.err == ERR_DISK_FULL && why.detail[0]);
    cr_expect(store_put_checkpoint(small.store, bytes_text("x"), NULL) == ERR_DISK_FULL);
    world_check(&small);
    cr_assert(unlink(ballast) == 0);
    small.revision--;
    world_commit(&small, 5, false);
    world_check(&small);
    store_close(small.store);
    free(small.model.leaves);
    cr_assert(umount(dir) == 0 && rmdir(dir) == 0);
}
