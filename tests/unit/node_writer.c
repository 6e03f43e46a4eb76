/* The writer over a real store and machine: every record gets its answer and no other, whatever fails on the way. */
#include "node/writer.h"

#include "tests/lib/pipeline.h"

static struct pipeline p;
static struct cosigner *cosigner;
static struct writer *writer;
static struct order_sink sink;

#define CLOCK_MS (WORLD_CREATED_MS + 60000)

static void start(void) {
    cosigner = cosigner_begin(&p);
    writer = writer_begin(&p, cosigner);
    sink = writer_sink(writer);
    cr_assert(published_wait(p.published, 0, 10000)); /* the cosigner sleeps from here on */
}

static void stop(void) {
    writer_join(writer);
    cosigner_join(cosigner);
    writer_close(writer);
    cosigner_close(cosigner);
    writer = NULL;
    cosigner = NULL;
}

static void restart(void) {
    stop();
    atomic_store(&p.fatal_calls, 0);
    pipeline_reopen(&p);
    start();
}

static void setup(void) {
    pipeline_begin(&p);
    start();
}

static void teardown(void) {
    stop();
    pipeline_end(&p);
}

TestSuite(node_writer, .init = setup, .fini = teardown, .timeout = 120);

/* -- deliveries -- */

static struct submission *submission_of(struct bytes body) {
    struct record *record = NULL;
    struct problem why = {0};
    cr_assert(record_parse(body, &record, &why) == ERR_OK, "%s", why.detail);
    struct submission *submission = submission_new(record);
    cr_assert(submission);
    return submission;
}

/* Record number i of the world: 1 and 3 admit on the registrar's word, 2 on that of the one whom 1 admits. */
static struct submission *world_submission(size_t i) {
    return submission_of(buf_bytes(&p.world.bodies[i]));
}

/* Refused: its issuer is nobody. */
static struct submission *nobody(uint64_t n) {
    return submission_new(small_record(n, 0));
}

/* A batch of what the list holds, taken over. */
static struct delivery *delivery_of(struct submission *list, uint64_t clock_ms) {
    static struct bytes records[LIMIT_BATCH_RECORDS];
    struct batch batch = {
        .node = 0, .counter = ++p.counter, .clock_ms = clock_ms, .records = records};
    struct delivery *delivery = calloc(1, sizeof *delivery);
    cr_assert(delivery);
    memcpy(batch.ledger_id, p.genesis->ledger_id, 32);
    for (struct submission *at = list; at; at = at->next)
        records[batch.count++] = at->record->canonical;
    buf_init(&delivery->batch, LIMIT_BATCH);
    cr_assert(batch_encode(&batch, p.world.nodes[0].auth, &delivery->batch) == ERR_OK);
    delivery->submissions = list;
    return delivery;
}

static uint64_t revision; /* of the last delivery */

static enum err deliver(struct delivery *delivery) {
    delivery->position.revision = revision + 1;
    enum err err = sink.deliver(sink.ctx, delivery);
    if (err)
        delivery_done(delivery);
    else
        revision++;
    return err;
}

/* One batch with these; all[i] keeps the submitter's reference. */
static void deliver_all(struct submission **all, size_t count) {
    for (size_t i = 0; i < count; i++) all[i]->next = i + 1 < count ? all[i + 1] : NULL;
    cr_assert(deliver(delivery_of(count ? all[0] : NULL, CLOCK_MS)) == ERR_OK);
}

static struct submission *deliver_one(struct submission *submission) {
    deliver_all(&submission, 1);
    return submission;
}

static void expect_final(struct submission *submission, enum outcome_kind kind, uint64_t index,
                         uint64_t time_ms) {
    cr_assert(submission_wait(submission, 10000) == SUBMISSION_FINAL);
    cr_expect(submission->outcome.kind == kind);
    cr_expect(submission->outcome.index == index);
    cr_expect(memcmp(submission->outcome.id, submission->record->id, RECORD_ID_LEN) == 0);
    cr_expect(submission->time_ms == time_ms, "%llu", (unsigned long long)submission->time_ms);
    cr_expect(published_size(&p) > index);
    submission_release(submission);
}

static void expect_refused(struct submission *submission, enum err expected) {
    cr_assert(submission_wait(submission, 10000) == SUBMISSION_REFUSED);
    cr_expect(submission->outcome.kind == OUTCOME_REFUSED);
    cr_expect(submission->outcome.problem.err == expected, "%s: %s",
              err_code(submission->outcome.problem.err), submission->outcome.problem.detail);
    cr_expect(submission->outcome.problem.detail[0] != 0);
    submission_release(submission);
}

static void expect_unanswered(struct submission *submission) {
    cr_expect(submission_wait(submission, 0) == SUBMISSION_RECEIVED);
    cr_expect(atomic_load(&submission->references) == 1); /* and let go of */
    submission_release(submission);
}

static bool is_stored(const struct submission *submission) {
    struct store_view *view;
    uint64_t index = 0;
    cr_assert(store_view_open(p.store, &view) == ERR_OK);
    enum err err = store_view_find(view, submission->record->id, &index);
    cr_assert(!err || err == ERR_NOT_FOUND);
    store_view_close(view);
    return !err;
}

static uint64_t size(void) {
    return store_current(p.store).size;
}

/* -- before the start -- */

Test(node_writer, prepare_commits_the_genesis_once) {
    stop();
    for (int again = 0; again < 3; again++) {
        struct buf body;
        uint8_t leaf[LEAF_LEN], expected[LEAF_LEN];
        struct store_view *view;
        cr_expect(size() == 1 && p.tip.size == 1);
        cr_expect(p.tip.time_ms == WORLD_CREATED_MS);
        cr_expect(p.tip.order.node_count == 1 && p.tip.order.nodes[0].counter == 0);
        buf_init(&body, LIMIT_GENESIS);
        cr_assert(store_view_open(p.store, &view) == ERR_OK);
        cr_expect(store_view_leaf(view, 0, leaf) == ERR_OK);
        cr_expect(store_view_body(view, 0, &body) == ERR_OK);
        genesis_leaf(p.genesis, expected);
        cr_expect(memcmp(leaf, expected, LEAF_LEN) == 0);
        cr_expect(bytes_equal(buf_bytes(&body), buf_bytes(&p.world.genesis)));
        store_view_close(view);
        buf_done(&body);
        pipeline_reopen(&p);
    }
    start();
}

Test(node_writer, prepare_reads_where_the_store_stands) {
    expect_final(deliver_one(world_submission(1)), OUTCOME_ACCEPTED, 1, CLOCK_MS);
    deliver_all(NULL, 0);
    stop();
    pipeline_reopen(&p);
    cr_expect(p.tip.size == 2 && p.tip.time_ms == CLOCK_MS);
    cr_expect(p.tip.order.position.revision == 2);
    cr_expect(p.tip.order.nodes[0].counter == p.counter);
    cr_expect(p.tip.order.nodes[0].clock_ms == CLOCK_MS);
    start();
    expect_final(deliver_one(world_submission(2)), OUTCOME_ACCEPTED, 2, CLOCK_MS);
}

Test(node_writer, a_genesis_of_another_protocol_is_explained) {
    stop();
    pipeline_close(&p);
    folder_remove(p.data);
    struct genesis newer = *p.genesis;
    struct machine machine = {&newer, p.machine.keys};
    struct machine_tip tip;
    struct problem why = {0};
    newer.protocol = MACHINE_PROTOCOL + 1;
    cr_assert(store_open(p.data, p.genesis->ledger_id, true, &p.store, &why) == ERR_OK);
    cr_expect(writer_prepare(p.store, &machine, &tip, &why) == ERR_PROTOCOL);
    cr_expect(why.err == ERR_PROTOCOL && why.detail[0]);
    cr_expect(size() == 0);
    store_close(p.store);
    p.store = NULL;
    pipeline_open(&p);
    start();
}

/* -- answers -- */

Test(node_writer, each_record_of_a_batch_gets_its_own_answer) {
    struct submission *all[] = {world_submission(1), nobody(7), world_submission(1),
                                world_submission(2), nobody(8)};
    deliver_all(all, 5);
    expect_final(all[0], OUTCOME_ACCEPTED, 1, CLOCK_MS);
    expect_refused(all[1], ERR_AUDIENCE);
    expect_final(all[2], OUTCOME_KNOWN, 1, CLOCK_MS);
    expect_final(all[3], OUTCOME_ACCEPTED, 2, CLOCK_MS);
    expect_refused(all[4], ERR_AUDIENCE);
    cr_expect(size() == 3);
    expect_published(&p, 3);
}

Test(node_writer, a_known_record_has_the_time_of_its_leaf) {
    expect_final(deliver_one(world_submission(1)), OUTCOME_ACCEPTED, 1, CLOCK_MS);
    struct submission *again = world_submission(1);
    cr_assert(deliver(delivery_of(again, CLOCK_MS + 5000)) == ERR_OK);
    expect_final(again, OUTCOME_KNOWN, 1, CLOCK_MS);
    restart();
    expect_final(deliver_one(world_submission(1)), OUTCOME_KNOWN, 1, CLOCK_MS);
    cr_expect(size() == 2);
}

Test(node_writer, a_refused_record_leaves_no_leaf_and_is_answered_at_once) {
    for (uint64_t n = 0; n < 3; n++) {
        struct submission *submission = deliver_one(nobody(n));
        cr_assert(submission_wait(submission, 10000) == SUBMISSION_REFUSED);
        cr_expect(!is_stored(submission));
        expect_refused(submission, ERR_AUDIENCE);
    }
    /* the second needs the first, which is not there */
    expect_refused(deliver_one(world_submission(2)), ERR_ISSUER_UNKNOWN);
    cr_expect(size() == 1);
    writer_join(writer);
    cr_expect(store_current(p.store).position.revision == 4);
}

Test(node_writer, a_batch_that_does_not_count_refuses_all_its_records) {
    for (int kind = 0; kind < 3; kind++) {
        struct submission *a = world_submission(1), *b = nobody(1);
        a->next = b;
        struct delivery *delivery = delivery_of(a, CLOCK_MS);
        enum err expected = ERR_BATCH;
        if (kind == 0) { /* of another signer */
            delivery->batch.data[delivery->batch.len - 1] ^= 1;
            expected = ERR_SIGNATURE_INVALID;
        }
        if (kind == 1) delivery->batch.data[4] ^= 1; /* another ledger's */
        if (kind == 2) delivery->batch.len -= 70;    /* torn */
        cr_assert(deliver(delivery) == ERR_OK);
        expect_refused(a, expected);
        expect_refused(b, expected);
    }
    cr_expect(size() == 1);
    expect_final(deliver_one(world_submission(1)), OUTCOME_ACCEPTED, 1, CLOCK_MS);
    cr_expect(store_current(p.store).position.revision == 4);
}

Test(node_writer, a_counter_given_twice_counts_once) {
    expect_final(deliver_one(world_submission(1)), OUTCOME_ACCEPTED, 1, CLOCK_MS);
    p.counter--;
    expect_refused(deliver_one(world_submission(2)), ERR_BATCH);
    cr_expect(size() == 2);
}

Test(node_writer, a_position_delivered_twice_changes_nothing) {
    expect_final(deliver_one(world_submission(1)), OUTCOME_ACCEPTED, 1, CLOCK_MS);
    revision--;
    expect_refused(deliver_one(world_submission(2)), ERR_BATCH);
    cr_expect(size() == 2);
    cr_expect(store_current(p.store).position.revision == 1);
    expect_final(deliver_one(world_submission(2)), OUTCOME_ACCEPTED, 2, CLOCK_MS);
}

Test(node_writer, batches_of_other_nodes_have_nobody_to_answer) {
    struct submission *submission = world_submission(1);
    struct delivery *delivery = delivery_of(submission, CLOCK_MS);
    delivery->submissions = NULL;
    cr_assert(deliver(delivery) == ERR_OK);
    expect_published(&p, 2);
    cr_expect(is_stored(submission));
    submission_drop(submission);
}

Test(node_writer, leaf_times_never_fall) {
    static const uint64_t clocks[] = {CLOCK_MS + 9000, CLOCK_MS, 0, CLOCK_MS + 9001};
    static const uint64_t times[] = {CLOCK_MS + 9000, CLOCK_MS + 9000, CLOCK_MS + 9000,
                                     CLOCK_MS + 9001};
    static const size_t records[] = {1, 2, 3, 5};
    for (size_t i = 0; i < 3; i++) {
        struct submission *submission = world_submission(records[i]);
        cr_assert(deliver(delivery_of(submission, clocks[i])) == ERR_OK);
        expect_final(submission, OUTCOME_ACCEPTED, i + 1, times[i]);
    }
    cr_expect(store_current(p.store).time_ms == times[2]);
}

/* -- back-pressure and the end -- */

struct deliverer {
    struct submission *all[3];
    enum err errs[3];
    atomic_uint done;
};

static void *deliver_three(void *arg) {
    struct deliverer *deliverer = arg;
    for (size_t i = 0; i < 3; i++) {
        deliverer->all[i] = nobody(i);
        deliverer->errs[i] = deliver(delivery_of(deliverer->all[i], CLOCK_MS));
        atomic_fetch_add(&deliverer->done, 1);
    }
    return NULL;
}

Test(node_writer, a_full_inbox_blocks_until_there_is_room) {
    struct deliverer deliverer = {0};
    struct submission *first = world_submission(1);
    fault_set("segment_write", true, ERR_DISK_FULL);
    deliver_one(first);
    while (writer_health(writer) != ERR_DISK_FULL) sleep_ms(1);
    pthread_t thread = thread_start(deliver_three, &deliverer);
    sleep_ms(100);
    cr_expect(atomic_load(&deliverer.done) == 1); /* one waits in the inbox, one before it */
    fault_clear();
    thread_join(thread);
    expect_final(first, OUTCOME_ACCEPTED, 1, CLOCK_MS);
    for (size_t i = 0; i < 3; i++) {
        cr_expect(deliverer.errs[i] == ERR_OK);
        expect_refused(deliverer.all[i], ERR_AUDIENCE);
    }
}

Test(node_writer, join_applies_what_was_delivered) {
    struct submission *all[4];
    static const size_t records[] = {1, 2, 3, 5};
    for (size_t i = 0; i < 3; i++) all[i] = deliver_one(world_submission(records[i]));
    writer_join(writer);
    cr_expect(size() == 4);
    cr_expect(store_current(p.store).position.revision == 3);
    all[3] = nobody(1);
    cr_expect(deliver(delivery_of(all[3], CLOCK_MS)) == ERR_DRAINING);
    expect_unanswered(all[3]);
    cr_expect(writer_health(writer) == ERR_OK);
    cosigner_join(cosigner);
    cr_expect(published_size(&p) == 4);
    for (size_t i = 0; i < 3; i++) expect_final(all[i], OUTCOME_ACCEPTED, i + 1, CLOCK_MS);
    writer_close(writer);
    cosigner_close(cosigner);
    pipeline_reopen(&p);
    start();
}

Test(node_writer, draining_still_takes_deliveries) {
    writer_drain(writer);
    expect_final(deliver_one(world_submission(1)), OUTCOME_ACCEPTED, 1, CLOCK_MS);
    writer_drain(NULL);
    writer_join(NULL);
    writer_close(NULL);
}

/* -- the disk -- */

static void disk_full_then_room(const char *step) {
    cr_expect(writer_health(writer) == ERR_OK);
    if (step)
        fault_set(step, true, ERR_DISK_FULL);
    else
        atomic_store(&disk_is_full, true);
    struct submission *submission = deliver_one(world_submission(1)), *refused = nobody(1);
    for (int i = 0; i < 1000 && writer_health(writer) != ERR_DISK_FULL; i++) sleep_ms(5);
    cr_expect(writer_health(writer) == ERR_DISK_FULL);
    deliver_one(refused);                                                /* waits in the inbox */
    cr_expect(submission_wait(submission, 1200) == SUBMISSION_RECEIVED); /* over one more try */
    cr_expect(size() == 1 && published_size(&p) == 1);
    if (step) fault_clear();
    atomic_store(&disk_is_full, false);
    expect_final(submission, OUTCOME_ACCEPTED, 1, CLOCK_MS);
    expect_refused(refused, ERR_AUDIENCE);
    cr_expect(writer_health(writer) == ERR_OK);
    cr_expect(atomic_load(&p.fatal_calls) == 0);
    restart();
    cr_expect(size() == 2);
    expect_final(deliver_one(world_submission(1)), OUTCOME_KNOWN, 1, CLOCK_MS);
}

Test(node_writer, a_full_disk_is_said_waited_for_and_forgotten) {
    disk_full_then_room("segment_write");
}

Test(node_writer, bodies_that_cannot_be_synced_for_room_are_tried_again) {
    disk_full_then_room("segment_sync");
}

Test(node_writer, a_disk_near_its_reserve_is_waited_for) {
    disk_full_then_room(NULL);
}

Test(node_writer, a_full_disk_does_not_keep_a_draining_node_from_ending) {
    struct deliverer deliverer = {0};
    fault_set("segment_write", true, ERR_DISK_FULL);
    struct submission *first = deliver_one(world_submission(1));
    while (writer_health(writer) != ERR_DISK_FULL) sleep_ms(1);
    pthread_t thread = thread_start(deliver_three, &deliverer);
    sleep_ms(50);
    uint64_t start_ms = now_ms();
    writer_drain(writer);
    thread_join(thread); /* the one that waited for the inbox is let go */
    cr_expect(fatal_wait(&p) == ERR_DISK_FULL);
    writer_join(writer);
    cr_expect(now_ms() - start_ms < 3000);
    cr_expect(deliverer.errs[0] == ERR_OK && deliverer.errs[1] == ERR_DRAINING);
    cr_expect(deliverer.errs[2] == ERR_DRAINING);
    cosigner_join(cosigner);
    writer_close(writer);
    cosigner_close(cosigner);
    fault_clear();
    expect_unanswered(first);
    for (size_t i = 0; i < 3; i++) expect_unanswered(deliverer.all[i]);
    cr_expect(size() == 1 && published_size(&p) == 1);
    pipeline_reopen(&p);
    cr_expect(p.tip.size == 1);
    start();
}

/* -- outcomes that are not known -- */

static void expect_stopped(const char *step, bool before, bool is_persisted) {
    struct submission *submission = world_submission(1), *refused = nobody(1), *later, *after;
    submission->next = refused;
    fault_set(step, before, ERR_IO);
    cr_assert(deliver(delivery_of(submission, CLOCK_MS)) == ERR_OK);
    cr_expect(fatal_wait(&p) == ERR_IO);
    fault_clear();
    cr_expect(writer_health(writer) == ERR_IO);
    later = nobody(2);
    cr_expect(deliver(delivery_of(later, CLOCK_MS)) == ERR_DRAINING);
    writer_join(writer);
    cosigner_join(cosigner);
    expect_unanswered(refused);
    expect_unanswered(later);
    cr_expect(submission_wait(submission, 0) == SUBMISSION_RECEIVED);
    cr_expect(published_size(&p) == 1);
    cr_expect(size() == 1); /* as readers see it */
    restart();
    cr_expect(size() == (is_persisted ? 2 : 1));
    cr_expect(is_stored(submission) == is_persisted);
    p.counter++;
    revision = store_current(p.store).position.revision;
    after = deliver_one(world_submission(1)); /* sending again is always safe */
    expect_final(after, is_persisted ? OUTCOME_KNOWN : OUTCOME_ACCEPTED, 1, CLOCK_MS);
    submission_release(submission);
}

Test(node_writer, a_commit_that_failed_is_fatal_and_answers_nobody) {
    expect_stopped("kv_write", true, false);
}

Test(node_writer, a_commit_whose_outcome_is_lost_is_fatal_and_answers_nobody) {
    expect_stopped("kv_write", false, true);
}

Test(node_writer, bodies_that_cannot_be_written_are_fatal) {
    expect_stopped("segment_sync", false, false);
}

Test(node_writer, a_batch_of_a_node_outside_the_set_is_skipped) {
    stop();
    struct genesis smaller = *p.genesis;
    struct machine before = p.machine, machine = {&smaller, p.machine.keys};
    smaller.node_count = 0;
    p.machine = machine;
    start();
    expect_refused(deliver_one(world_submission(1)), ERR_BATCH);
    stop();
    p.machine = before;
    start();
    cr_expect(size() == 1);
    cr_expect(atomic_load(&p.fatal_calls) == 0);
}

/* -- many -- */

Test(node_writer, many_batches_in_a_row_are_all_answered) {
    for (uint64_t i = 0; i < 100; i++) {
        struct submission *all[] = {nobody(2 * i),
                                    i == 50 ? world_submission(1) : nobody(2 * i + 1)};
        deliver_all(all, 2);
        expect_refused(all[0], ERR_AUDIENCE);
        if (i == 50)
            expect_final(all[1], OUTCOME_ACCEPTED, 1, CLOCK_MS);
        else
            expect_refused(all[1], ERR_AUDIENCE);
    }
    writer_join(writer);
    cr_expect(store_current(p.store).position.revision == 100);
    cr_expect(atomic_load(&p.fatal_calls) == 0);
}
