/* Submissions: an answer wakes who waits, once and for all; the last reference frees. */
#include "node/submission.h"

#include "tests/lib/node.h"

TestSuite(node_submission, .timeout = 60);

Test(node_submission, waiting_ends_at_its_time) {
    struct submission *submission = small_submission(1);
    uint64_t start = now_ms();
    cr_expect(submission_wait(submission, 0) == SUBMISSION_RECEIVED);
    cr_expect(now_ms() - start < 50);
    cr_expect(submission_wait(submission, 60) == SUBMISSION_RECEIVED);
    cr_expect(now_ms() - start >= 60);
    cr_expect(now_ms() - start < 1000);
    submission_drop(submission);
}

Test(node_submission, an_answer_given_before_is_there_at_once_and_again) {
    struct submission *submission = small_submission(1);
    submission_finish(submission, SUBMISSION_FINAL);
    uint64_t start = now_ms();
    for (int i = 0; i < 5; i++)
        cr_expect(submission_wait(submission, i % 2 ? 0 : 5000) == SUBMISSION_FINAL);
    cr_expect(now_ms() - start < 1000);
    submission_drop(submission);
}

static void *wait_long(void *arg) {
    struct submission *submission = arg;
    cr_expect(submission_wait(submission, 20000) == SUBMISSION_REFUSED);
    cr_expect(submission->outcome.index == 7); /* written before the state */
    submission_release(submission);
    return NULL;
}

Test(node_submission, several_who_wait_are_all_woken) {
    struct submission *submission = small_submission(1);
    pthread_t threads[4];
    for (int i = 0; i < 4; i++) {
        atomic_fetch_add(&submission->references, 1);
        threads[i] = thread_start(wait_long, submission);
    }
    sleep_ms(30);
    submission->outcome.index = 7;
    uint64_t start = now_ms();
    submission_finish(submission, SUBMISSION_REFUSED);
    for (int i = 0; i < 4; i++) thread_join(threads[i]);
    cr_expect(now_ms() - start < 2000);
    submission_drop(submission);
}

#define RACES 2000

static void *finish_each(void *arg) {
    struct submission **list = arg;
    for (unsigned i = 0; i < RACES; i++) {
        list[i]->outcome.index = i;
        submission_finish(list[i], SUBMISSION_FINAL);
        submission_release(list[i]);
    }
    return NULL;
}

/* Each is finished while the other thread is on its way to sleep; both let go of it, in whatever order. */
Test(node_submission, no_wake_up_is_lost) {
    static struct submission *list[RACES];
    for (unsigned i = 0; i < RACES; i++) list[i] = small_submission(i);
    pthread_t thread = thread_start(finish_each, list);
    for (unsigned i = 0; i < RACES; i++) {
        cr_assert(submission_wait(list[i], 20000) == SUBMISSION_FINAL);
        cr_assert(list[i]->outcome.index == i);
        submission_release(list[i]);
    }
    thread_join(thread);
}
