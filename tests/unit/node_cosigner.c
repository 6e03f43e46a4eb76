/* The cosigner over a real store: nothing is published before it is persisted, nothing is signed that an older signature contradicts, and nobody is told
 * more than the disk holds. */
#include "node/cosigner.h"

#include "tests/lib/pipeline.h"

static struct pipeline p;

static void setup(void) {
    pipeline_begin(&p);
}

static void teardown(void) {
    pipeline_end(&p);
}

TestSuite(node_cosigner, .init = setup, .fini = teardown, .timeout = 120);

/* Leaves of no meaning, straight into the store. `salt` makes another branch. */
static struct store_head commit(size_t count, const char *salt) {
    struct store_entry entries[8] = {0};
    char bodies[8][64];
    struct store_head head = store_current(p.store);
    struct position position = {head.position.epoch, head.position.revision + 1};
    uint64_t time_ms = head.time_ms + 1;
    cr_assert(count <= 8);
    for (size_t i = 0; i < count; i++) {
        uint8_t hash[32];
        (void)snprintf(bodies[i], sizeof bodies[i], "body %llu %s",
                       (unsigned long long)(head.size + i), salt);
        entries[i].body = bytes_text(bodies[i]);
        sha256(entries[i].body, hash);
        leaf_encode(time_ms, hash, entries[i].leaf);
    }
    struct buf order;
    buf_init(&order, LIMIT_HEAD);
    p.tip.order.position = position;
    cr_assert(order_state_encode(&p.tip.order, &order) == ERR_OK);
    struct store_commit commit = {.position = position,
                                  .time_ms = time_ms,
                                  .entries = entries,
                                  .entry_count = count,
                                  .order_state = buf_bytes(&order)};
    struct problem why = {0};
    cr_assert(store_commit(p.store, &commit, &head, &why) == ERR_OK, "%s", why.detail);
    buf_done(&order);
    return head;
}

static void push(struct cosigner *cosigner, struct store_head head, struct submission *list) {
    struct cosign_job job = {.size = head.size, .submissions = list};
    memcpy(job.root, head.root, HASH_LEN);
    cosigner_push(cosigner, job);
}

/* -- signing and publishing -- */

Test(node_cosigner, the_head_that_is_there_is_published_at_the_start) {
    uint64_t before_s = clock_unix_ms() / 1000;
    struct cosigner *cosigner = cosigner_begin(&p);
    expect_published(&p, 1);
    struct api_checkpoint checkpoint;
    cr_assert(published_get(p.published, &checkpoint) == ERR_OK);
    cr_expect(checkpoint.time_s >= before_s && checkpoint.time_s <= clock_unix_ms() / 1000);
    struct store_view *view;
    struct buf stored;
    buf_init(&stored, LIMIT_NOTE);
    cr_assert(store_view_open(p.store, &view) == ERR_OK);
    cr_expect(store_view_checkpoint(view, &stored) == ERR_OK);
    cr_expect(bytes_equal(buf_bytes(&stored), checkpoint.note));
    store_view_close(view);
    buf_done(&stored);
    published_release(&checkpoint);
    cosigner_end(cosigner);
    cr_expect(atomic_load(&p.fatal_calls) == 0);
}

Test(node_cosigner, every_head_is_persisted_before_it_is_published) {
    struct cosigner *cosigner = cosigner_begin(&p);
    for (int i = 0; i < 20; i++) {
        struct store_head head = commit(1 + (size_t)i % 3, "a");
        push(cosigner, head, NULL);
        expect_published(&p, head.size);
        cr_expect(lastsigned_on_disk(&p) == head.size);
    }
    cosigner_end(cosigner);
    cr_expect(atomic_load(&p.fatal_calls) == 0);
}

static struct submission *submissions(uint64_t count, struct submission **ret_all) {
    struct submission *list = NULL;
    while (count-- > 0) {
        struct submission *submission = small_submission(count);
        submission->next = list;
        list = ret_all[count] = submission;
    }
    return list;
}

static void expect_all(struct submission **all, size_t count, enum submission_state state) {
    for (size_t i = 0; i < count; i++) {
        cr_expect(submission_wait(all[i], state == SUBMISSION_RECEIVED ? 0 : 10000) == state);
        submission_release(all[i]);
    }
}

Test(node_cosigner, who_waits_is_told_when_the_head_is_final) {
    struct submission *all[5];
    struct cosigner *cosigner = cosigner_begin(&p);
    push(cosigner, commit(2, "a"), submissions(5, all));
    expect_all(all, 5, SUBMISSION_FINAL);
    expect_published(&p, 3);
    cosigner_end(cosigner);
}

Test(node_cosigner, heads_that_pile_up_are_answered_together_and_before_the_end) {
    struct submission *all[30];
    struct cosigner *cosigner = cosigner_begin(&p);
    for (size_t i = 0; i < 10; i++) push(cosigner, commit(1, "a"), submissions(3, all + 3 * i));
    cosigner_join(cosigner); /* signs what was pushed first */
    cr_expect(published_size(&p) == 11);
    expect_published(&p, 11);
    expect_all(all, 30, SUBMISSION_FINAL);
    cosigner_close(cosigner);
}

Test(node_cosigner, a_restart_signs_the_same_head_again) {
    struct cosigner *cosigner = cosigner_begin(&p);
    push(cosigner, commit(4, "a"), NULL);
    cosigner_end(cosigner);
    for (int i = 0; i < 3; i++) {
        pipeline_reopen(&p);
        cosigner = cosigner_begin(&p);
        expect_published(&p, 5);
        cosigner_end(cosigner);
    }
    cr_expect(atomic_load(&p.fatal_calls) == 0);
}

Test(node_cosigner, closing_nothing_is_harmless) {
    cosigner_join(NULL);
    cosigner_close(NULL);
}

/* -- what it refuses to start on -- */

static void expect_no_start(enum err expected) {
    struct cosigner_options options = cosigner_options_of(&p);
    struct cosigner *cosigner = NULL;
    struct problem why = {0};
    cr_expect(cosigner_start(&options, &cosigner, &why) == expected);
    cr_expect(why.err == expected && why.detail[0]);
    cr_expect(cosigner == NULL && published_size(&p) == 0);
}

static void sign_until(size_t leaves, const char *salt) {
    struct cosigner *cosigner = cosigner_begin(&p);
    push(cosigner, commit(leaves, salt), NULL);
    cosigner_end(cosigner);
}

/* The data are gone and made anew; the key directory stays. */
static void data_lost(void) {
    pipeline_close(&p);
    folder_remove(p.data);
    pipeline_open(&p);
}

Test(node_cosigner, data_older_than_a_signature_are_refused) {
    sign_until(4, "a");
    data_lost();
    expect_no_start(ERR_ROLLBACK);
    (void)commit(3, "a");
    expect_no_start(ERR_ROLLBACK);
    cr_expect(lastsigned_get(p.lastsigned).size == 5);
}

Test(node_cosigner, another_root_than_the_signed_one_is_refused) {
    sign_until(4, "a");
    data_lost();
    (void)commit(4, "b");
    expect_no_start(ERR_DIVERGED);
    (void)commit(4, "b"); /* larger does not help */
    expect_no_start(ERR_DIVERGED);
}

Test(node_cosigner, data_ahead_of_the_signature_are_signed) {
    sign_until(4, "a");
    (void)commit(3, "anything");
    pipeline_reopen(&p);
    struct cosigner *cosigner = cosigner_begin(&p);
    expect_published(&p, 8);
    cosigner_end(cosigner);
}

/* -- what fails on the way -- */

static void expect_fatal_unpublished(const char *step, bool before, enum err injected,
                                     enum err expected) {
    struct submission *all[3];
    struct cosigner *cosigner = cosigner_begin(&p);
    expect_published(&p, 1);
    struct store_head head = commit(1, "a");
    fault_set(step, before, injected);
    push(cosigner, head, submissions(3, all));
    cr_expect(fatal_wait(&p) == expected, "%s", err_code(p.fatal_err));
    fault_clear();
    struct submission *late[1];
    push(cosigner, head, submissions(1, late)); /* nobody is there to sign it */
    cosigner_join(cosigner);
    cr_expect(published_size(&p) == 1);
    expect_all(all, 3, SUBMISSION_RECEIVED);
    cosigner_close(cosigner);
    expect_all(late, 1, SUBMISSION_RECEIVED);
    cr_expect(atomic_load(&p.fatal_calls) == 1);
}

/* After a restart the head that was not published is, whatever the file held. */
static void expect_recovers(void) {
    atomic_store(&p.fatal_calls, 0);
    pipeline_reopen(&p);
    struct cosigner *cosigner = cosigner_begin(&p);
    expect_published(&p, 2);
    cosigner_end(cosigner);
    cr_expect(atomic_load(&p.fatal_calls) == 0);
}

Test(node_cosigner, nothing_is_published_that_could_not_be_remembered) {
    expect_fatal_unpublished("lastsigned_put", true, ERR_IO, ERR_IO);
    expect_recovers();
}

Test(node_cosigner, nothing_is_published_where_remembering_is_unknown) {
    expect_fatal_unpublished("lastsigned_put", false, ERR_IO, ERR_IO);
    expect_recovers();
}

/* The file's state is unknown then: a second try must not make up for it. */
Test(node_cosigner, a_full_disk_under_the_key_directory_is_fatal) {
    expect_fatal_unpublished("lastsigned_put", true, ERR_DISK_FULL, ERR_IO);
    expect_recovers();
}

Test(node_cosigner, nothing_is_published_that_could_not_be_stored) {
    expect_fatal_unpublished("kv_write", true, ERR_IO, ERR_IO);
    expect_recovers();
}

Test(node_cosigner, a_note_that_does_not_meet_the_policy_is_never_shown) {
    struct cosigner_options options = cosigner_options_of(&p);
    struct cosigner *cosigner = NULL;
    struct problem why = {0};
    struct vkey other;
    struct buf text;
    struct key_secret *key = vector_key(KEY_ED25519, "node cosigner other");
    buf_init(&text, LIMIT_POLICY);
    cr_assert(vkey_make(p.world.cosigners[0].name, NOTE_TYPE_COSIGNATURE, key_secret_public(key),
                        &other) == ERR_OK);
    cr_assert(policy_format(p.world.logs, &other, 1, 0, &text) == ERR_OK);
    struct policy *policy = NULL;
    cr_assert(policy_parse(buf_bytes(&text), &policy, &why) == ERR_OK);
    options.policy = policy;
    cr_assert(cosigner_start(&options, &cosigner, &why) == ERR_OK);
    cr_expect(fatal_wait(&p) == ERR_POLICY);
    cosigner_end(cosigner);
    cr_expect(published_size(&p) == 0);
    policy_done(policy);
    buf_done(&text);
    key_secret_done(key);
}

Test(node_cosigner, a_full_disk_is_waited_for) {
    struct submission *all[2];
    struct cosigner *cosigner = cosigner_begin(&p);
    expect_published(&p, 1);
    struct store_head head = commit(1, "a");
    atomic_store(&disk_is_full, true);
    push(cosigner, head, submissions(2, all));
    for (int i = 0; i < 2; i++) cr_expect(submission_wait(all[i], 100) == SUBMISSION_RECEIVED);
    cr_expect(published_size(&p) == 1);
    cr_expect(atomic_load(&p.fatal_calls) == 0);
    atomic_store(&disk_is_full, false);
    expect_all(all, 2, SUBMISSION_FINAL);
    expect_published(&p, 2);
    cosigner_end(cosigner);
    cr_expect(atomic_load(&p.fatal_calls) == 0);
}

Test(node_cosigner, a_full_disk_does_not_keep_it_from_ending) {
    struct submission *all[2];
    struct cosigner *cosigner = cosigner_begin(&p);
    expect_published(&p, 1);
    struct store_head head = commit(1, "a");
    atomic_store(&disk_is_full, true);
    push(cosigner, head, submissions(2, all));
    sleep_ms(50);
    uint64_t start = now_ms();
    cosigner_end(cosigner);
    cr_expect(now_ms() - start < 5000);
    expect_all(all, 2, SUBMISSION_RECEIVED);
    cr_expect(published_size(&p) == 1);
    atomic_store(&disk_is_full, false);
    expect_recovers();
}

static atomic_bool stop;

/* Whenever a size is seen published, the disk remembers it already. */
static void *watch(void *arg) {
    (void)arg;
    while (!atomic_load(&stop)) {
        uint64_t size = published_size(&p);
        cr_assert(lastsigned_on_disk(&p) >= size);
    }
    return NULL;
}

Test(node_cosigner, a_watcher_never_sees_more_published_than_remembered) {
    struct cosigner *cosigner = cosigner_begin(&p);
    expect_published(&p, 1); /* so that the file is never empty */
    pthread_t thread = thread_start(watch, NULL);
    struct store_head head = {0};
    for (int i = 0; i < 60; i++) {
        head = commit(1, "a");
        push(cosigner, head, NULL);
    }
    expect_published(&p, head.size);
    atomic_store(&stop, true);
    thread_join(thread);
    cosigner_end(cosigner);
}
