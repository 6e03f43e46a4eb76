/* The queue: in order of arrival, never beyond its bound, batches never beyond theirs, nothing lost at the stop. */
#include "node/queue.h"

#include "ledger/record/batch.h"
#include "tests/lib/node.h"

TestSuite(node_queue, .timeout = 60);

#define MANY 100000 /* bytes that no test fills */

static struct queue *open_queue(size_t max) {
    struct queue *queue = NULL;
    cr_assert(queue_open(max, &queue) == ERR_OK);
    return queue;
}

/* The submitter lets go at once: the queue's reference keeps it. */
static void push(struct queue *queue, struct submission *submission) {
    cr_assert(queue_push(queue, submission) == ERR_OK);
    submission_release(submission);
}

static void push_numbers(struct queue *queue, uint64_t from, uint64_t to) {
    for (uint64_t n = from; n < to; n++) {
        struct submission *submission = small_submission(n);
        submission->time_ms = n;
        push(queue, submission);
    }
}

/* Numbers from, from + 1 ... in that order; released. */
static size_t expect_numbers(struct submission *list, uint64_t from) {
    size_t count = 0;
    while (list) {
        struct submission *next = list->next;
        cr_expect(list->time_ms == from + count);
        submission_release(list);
        list = next;
        count++;
    }
    return count;
}

Test(node_queue, what_comes_first_leaves_first) {
    struct queue *queue = open_queue(100);
    push_numbers(queue, 0, 10);
    cr_expect(queue_count(queue) == 10);
    cr_expect(expect_numbers(queue_pop(queue, 3, MANY), 0) == 3);
    cr_expect(queue_count(queue) == 7);
    push_numbers(queue, 10, 12);
    cr_expect(expect_numbers(queue_pop(queue, 100, MANY), 3) == 9);
    cr_expect(queue_count(queue) == 0);
    push_numbers(queue, 12, 13); /* the empty queue links anew */
    cr_expect(expect_numbers(queue_pop(queue, 1, MANY), 12) == 1);
    queue_close(queue);
}

Test(node_queue, a_full_queue_refuses_and_keeps_what_it_has) {
    struct queue *queue = open_queue(3);
    push_numbers(queue, 0, 3);
    struct submission *over = small_submission(3);
    cr_expect(queue_push(queue, over) == ERR_QUEUE_FULL);
    cr_expect(queue_count(queue) == 3);
    cr_expect(expect_numbers(queue_pop(queue, 1, MANY), 0) == 1);
    over->time_ms = 3;
    push(queue, over); /* there is room again */
    over = small_submission(4);
    cr_expect(queue_push(queue, over) == ERR_QUEUE_FULL);
    submission_drop(over);
    cr_expect(expect_numbers(queue_pop(queue, 100, MANY), 1) == 3);
    queue_close(queue);
}

static size_t size_of(uint64_t n) {
    struct record *record = small_record(n, 0);
    size_t len = record->canonical.len;
    record_done(record);
    return 4 + len;
}

Test(node_queue, a_batch_is_cut_exactly_at_its_bytes) {
    size_t each = size_of(0);
    for (size_t fit = 1; fit < 6; fit++) {
        for (int slack = -1; slack <= 1; slack++) {
            struct queue *queue = open_queue(100);
            push_numbers(queue, 0, 6);
            size_t bytes = fit * each + (size_t)slack;
            size_t expected = slack < 0 && fit > 1 ? fit - 1 : fit;
            cr_expect(expect_numbers(queue_pop(queue, 100, bytes), 0) == expected);
            cr_expect(queue_count(queue) == 6 - expected);
            queue_close(queue);
        }
    }
}

Test(node_queue, one_record_always_leaves) {
    struct queue *queue = open_queue(10);
    push_numbers(queue, 0, 2);
    cr_expect(expect_numbers(queue_pop(queue, 5, 0), 0) == 1);
    cr_expect(expect_numbers(queue_pop(queue, 1, 1), 1) == 1);
    queue_close(queue);
}

/* What the queue gives for a batch fits into one, and one more record would not have: records of every size around the last free byte. */
Test(node_queue, a_full_batch_can_be_encoded) {
    static struct bytes records[LIMIT_BATCH_RECORDS];
    struct key_secret *auth = vector_key(KEY_ED25519, "node queue auth");
    size_t room = LIMIT_BATCH - BATCH_OVERHEAD;
    for (size_t last = 0; last < 8; last++) {
        struct queue *queue = open_queue(1000);
        size_t bytes = 0, pushed = 0;
        for (; bytes <= room; pushed++) {
            struct submission *submission = submission_new(small_record(pushed, 9000 + last));
            bytes += 4 + submission->record->canonical.len;
            submission->time_ms = pushed;
            push(queue, submission);
        }
        struct submission *list = queue_pop(queue, LIMIT_BATCH_RECORDS, room);
        struct batch batch = {.records = records, .node = 0, .counter = 1};
        for (struct submission *at = list; at; at = at->next)
            records[batch.count++] = at->record->canonical;
        cr_expect(batch.count == pushed - 1);
        struct buf out;
        buf_init(&out, LIMIT_BATCH);
        cr_expect(batch_encode(&batch, auth, &out) == ERR_OK);
        buf_done(&out);
        (void)expect_numbers(list, 0);
        queue_close(queue);
    }
    key_secret_done(auth);
}

/* The byte limit itself: records that fill the envelope to the last byte, and one byte more. */
Test(node_queue, the_byte_limit_is_the_envelopes) {
    struct key_secret *auth = vector_key(KEY_ED25519, "node queue auth");
    static uint8_t text[LIMIT_RECORD];
    static struct bytes records[64];
    memset(text, 'a', sizeof text);
    size_t room = LIMIT_BATCH - BATCH_OVERHEAD;
    for (size_t over = 0; over < 2; over++) {
        size_t left = room + over;
        struct batch batch = {.records = records, .counter = 1};
        while (left > 4 + LIMIT_RECORD) {
            records[batch.count++] = bytes_of(text, LIMIT_RECORD - 64);
            left -= 4 + LIMIT_RECORD - 64;
        }
        records[batch.count++] = bytes_of(text, left - 4);
        struct buf out;
        buf_init(&out, LIMIT_BATCH);
        cr_expect(batch_encode(&batch, auth, &out) == (over ? ERR_TOO_LARGE : ERR_OK));
        cr_expect(over || out.len == LIMIT_BATCH);
        buf_done(&out);
    }
    key_secret_done(auth);
}

Test(node_queue, a_stopped_queue_refuses_gives_what_it_has_and_ends) {
    struct queue *queue = open_queue(10);
    push_numbers(queue, 0, 3);
    queue_stop(queue);
    struct submission *late = small_submission(3);
    cr_expect(queue_push(queue, late) == ERR_DRAINING);
    submission_drop(late);
    cr_expect(expect_numbers(queue_pop(queue, 2, MANY), 0) == 2);
    cr_expect(expect_numbers(queue_pop(queue, 2, MANY), 2) == 1);
    cr_expect(queue_pop(queue, 2, MANY) == NULL);
    cr_expect(queue_pop(queue, 2, MANY) == NULL);
    queue_stop(queue); /* twice is harmless */
    queue_close(queue);
}

Test(node_queue, closing_releases_what_is_left) {
    struct queue *queue = open_queue(10);
    struct submission *kept = small_submission(0);
    cr_assert(queue_push(queue, kept) == ERR_OK);
    push_numbers(queue, 1, 4);
    queue_close(queue);
    cr_expect(atomic_load(&kept->references) == 1);
    submission_release(kept);
    queue_close(NULL);
}

static void *pop_one(void *arg) {
    return queue_pop(arg, 10, MANY);
}

Test(node_queue, who_waits_is_woken_by_arrival_and_by_the_stop) {
    for (int stop = 0; stop < 2; stop++) {
        struct queue *queue = open_queue(10);
        void *list = NULL;
        pthread_t thread = thread_start(pop_one, queue);
        sleep_ms(30);
        if (stop)
            queue_stop(queue);
        else
            push_numbers(queue, 0, 1);
        cr_assert(pthread_join(thread, &list) == 0);
        cr_expect(expect_numbers(list, 0) == (stop ? 0 : 1));
        queue_close(queue);
    }
}

#define PUSHERS 4
#define EACH 1000

struct pusher {
    struct queue *queue;
    uint64_t number;
    size_t refused;
};

static void *push_all(void *arg) {
    struct pusher *pusher = arg;
    for (uint64_t i = 0; i < EACH;) {
        struct submission *submission = small_submission(i);
        submission->time_ms = pusher->number * EACH + i;
        enum err err = queue_push(pusher->queue, submission);
        submission_release(submission);
        if (!err) {
            i++;
            continue;
        }
        cr_assert(err == ERR_QUEUE_FULL);
        submission_release(submission);
        pusher->refused++;
        sleep_ms(1);
    }
    return NULL;
}

/* Nothing is lost or doubled, and each pusher's stay in their order. */
Test(node_queue, many_pushers_and_one_popper) {
    struct queue *queue = open_queue(16);
    struct pusher pushers[PUSHERS];
    pthread_t threads[PUSHERS];
    uint64_t next[PUSHERS] = {0};
    for (unsigned i = 0; i < PUSHERS; i++) {
        pushers[i] = (struct pusher){queue, i, 0};
        threads[i] = thread_start(push_all, &pushers[i]);
    }
    for (size_t got = 0; got < PUSHERS * EACH;) {
        struct submission *list = queue_pop(queue, 7, MANY);
        cr_assert(list);
        while (list) {
            struct submission *after = list->next;
            uint64_t from = list->time_ms / EACH;
            cr_assert(list->time_ms % EACH == next[from]);
            next[from]++;
            submission_release(list);
            list = after;
            got++;
        }
        cr_assert(queue_count(queue) <= 16);
    }
    for (unsigned i = 0; i < PUSHERS; i++) thread_join(threads[i]);
    cr_expect(queue_count(queue) == 0);
    queue_close(queue);
}
