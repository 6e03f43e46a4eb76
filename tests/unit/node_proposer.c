/* The proposer: signed batches with growing counters, in the order of arrival, and an honest answer where the order refuses. */
#include "node/proposer.h"

#include "tests/lib/node.h"

static struct queue *queue;
static struct key_secret *auth;
static struct proposer *proposer;

/* -- an order that keeps what it is given -- */

static struct {
    pthread_mutex_t lock;
    struct delivery *first, **last;
    size_t count;
    enum err answer;
} taken = {.lock = PTHREAD_MUTEX_INITIALIZER};

static enum err take(void *ctx, struct delivery *delivery) {
    cr_assert(ctx == &taken);
    pthread_mutex_lock(&taken.lock);
    enum err err = taken.answer;
    if (!err) {
        delivery->next = NULL;
        *taken.last = delivery;
        taken.last = &delivery->next;
        taken.count++;
    }
    pthread_mutex_unlock(&taken.lock);
    return err;
}

static struct order order = {&taken, "test", take, NULL};

static void setup(void) {
    taken.last = &taken.first;
    auth = vector_key(KEY_ED25519, "node proposer auth");
    cr_assert(queue_open(10000, &queue) == ERR_OK);
}

static void start(uint64_t last_counter) {
    struct proposer_options options = {
        .queue = queue, .order = &order, .auth = auth, .node = 3, .last_counter = last_counter};
    memset(options.ledger_id, 7, sizeof options.ledger_id);
    cr_assert(proposer_start(&options, &proposer) == ERR_OK);
}

static void end(void) {
    queue_stop(queue);
    proposer_join(proposer);
}

static void teardown(void) {
    while (taken.first) {
        struct delivery *next = taken.first->next;
        delivery_done(taken.first);
        taken.first = next;
    }
    queue_close(queue);
    key_secret_done(auth);
}

TestSuite(node_proposer, .init = setup, .fini = teardown, .timeout = 60);

static void push(uint64_t from, uint64_t to, size_t more) {
    for (uint64_t n = from; n < to; n++) {
        struct submission *submission = submission_new(small_record(n, more));
        submission->time_ms = n; /* its number, for the checks */
        cr_assert(queue_push(queue, submission) == ERR_OK);
        submission_release(submission);
    }
}

/* The batch is what the submissions are, signed, and its counter the next. Returns how many records it holds. */
static uint64_t expect_delivery(const struct delivery *delivery, uint64_t counter, uint64_t from,
                                uint64_t not_before_ms) {
    struct batch batch;
    cr_assert(batch_decode(buf_bytes(&delivery->batch), &batch) == ERR_OK);
    cr_expect(batch_verify(&batch, key_secret_public(auth)) == ERR_OK);
    cr_expect(batch.node == 3 && batch.ledger_id[0] == 7 && batch.ledger_id[31] == 7);
    cr_expect(batch.epoch == 0 && batch.counter == counter);
    cr_expect(batch.clock_ms >= not_before_ms && batch.clock_ms <= clock_unix_ms());
    uint64_t count = 0;
    for (struct submission *at = delivery->submissions; at; at = at->next, count++) {
        cr_assert(count < batch.count);
        cr_expect(at->time_ms == from + count);
        cr_expect(bytes_equal(batch.records[count], at->record->canonical));
        cr_expect(submission_wait(at, 0) == SUBMISSION_RECEIVED);
    }
    cr_expect(count == batch.count);
    batch_done(&batch);
    return count;
}

static void expect_all(uint64_t counter, uint64_t records, uint64_t not_before_ms) {
    uint64_t seen = 0;
    for (struct delivery *at = taken.first; at; at = at->next)
        seen += expect_delivery(at, ++counter, seen, not_before_ms);
    cr_expect(seen == records);
}

Test(node_proposer, everything_queued_is_batched_in_its_order) {
    uint64_t now = clock_unix_ms();
    start(41);
    for (uint64_t n = 0; n < 200; n += 20) {
        push(n, n + 20, 0);
        sleep_ms(1);
    }
    end();
    cr_expect(taken.count >= 1 && taken.count <= 200);
    expect_all(41, 200, now);
}

Test(node_proposer, what_waits_together_goes_together_up_to_the_limits) {
    push(0, LIMIT_BATCH_RECORDS / 8, 0);
    push(LIMIT_BATCH_RECORDS / 8, LIMIT_BATCH_RECORDS / 8 + 40, 10000);
    start(0);
    end();
    expect_all(0, LIMIT_BATCH_RECORDS / 8 + 40, 0);
    cr_expect(taken.count >= 3); /* more bytes than two envelopes hold */
    for (struct delivery *at = taken.first; at; at = at->next) {
        cr_expect(at->batch.len <= LIMIT_BATCH);
        cr_expect(!at->next || at->batch.len > LIMIT_BATCH - LIMIT_RECORD);
    }
}

Test(node_proposer, records_that_the_order_refuses_are_refused_with_its_reason) {
    static const enum err errors[] = {ERR_NO_ORDER, ERR_DRAINING};
    for (size_t i = 0; i < 2; i++) {
        struct submission *all[5];
        taken.answer = errors[i];
        for (uint64_t n = 0; n < 5; n++) {
            all[n] = small_submission(n);
            cr_assert(queue_push(queue, all[n]) == ERR_OK);
        }
        if (i == 0) start(0);
        for (size_t n = 0; n < 5; n++) {
            cr_expect(submission_wait(all[n], 10000) == SUBMISSION_REFUSED);
            cr_expect(all[n]->outcome.kind == OUTCOME_REFUSED);
            cr_expect(all[n]->outcome.problem.err == errors[i]);
            cr_expect(all[n]->outcome.problem.detail[0] != 0);
            submission_release(all[n]);
        }
    }
    pthread_mutex_lock(&taken.lock);
    taken.answer = ERR_OK;
    pthread_mutex_unlock(&taken.lock);
    push(0, 1, 0);
    end();
    cr_assert(taken.count == 1);
    struct batch batch;
    cr_assert(batch_decode(buf_bytes(&taken.first->batch), &batch) == ERR_OK);
    cr_expect(batch.counter > 2); /* counters of refused batches are not used again */
    batch_done(&batch);
}

Test(node_proposer, an_empty_queue_ends_it) {
    start(0);
    end();
    cr_expect(taken.count == 0);
    proposer_join(NULL);
}
