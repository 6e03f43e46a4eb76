/* Budgets of tags: what a day allows and not one more, whatever clock, restart, damage and a failing disk do to it. */
#include "node/tagbudget.h"

#include "ledger/base/limits.h"
#include "ledger/store/fault.h"
#include "tests/lib/folder.h"

#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <sys/stat.h>

#define NOW 1795420602000000ULL
#define SECOND 1000000ULL
#define DAY (86400 * SECOND)

static char folder[FOLDER_LEN], path[FOLDER_LEN];
static struct tagbudget *budget;
static size_t damaged;

static void again(void) {
    struct problem why = {0};
    tagbudget_close(budget);
    budget = NULL;
    enum err err = tagbudget_open(path, &budget, &damaged, &why);
    cr_assert(err == ERR_OK, "%s", why.detail);
}

static void setup(void) {
    folder_make(folder);
    folder_path(folder, "tag-budget", path);
    again();
}

static void teardown(void) {
    tagbudget_close(budget);
    folder_remove(folder);
}

TestSuite(tagbudget, .init = setup, .fini = teardown, .timeout = 120);

static enum err take(const char *who, uint64_t now, uint64_t count, uint64_t per_day,
                     uint64_t *ret_retry_s) {
    struct tagbudget_ask ask = {who, now, count, per_day};
    uint64_t retry_s = 0;
    return tagbudget_take(budget, &ask, ret_retry_s ? ret_retry_s : &retry_s);
}

static void expect(enum err expected, uint64_t now, uint64_t count) {
    enum err err = take("payer", now, count, 1000, NULL);
    cr_expect(err == expected, "%llu at %llu: %s", (unsigned long long)count,
              (unsigned long long)now, err_code(err));
}

Test(tagbudget, a_day_allows_its_budget_at_once_and_not_one_more) {
    uint64_t retry_s = 0;
    cr_assert_eq(damaged, 0);
    expect(ERR_OK, NOW, 400);
    expect(ERR_OK, NOW, 600);
    cr_assert(take("payer", NOW, 1, 1000, &retry_s) == ERR_RATE);
    cr_assert_eq(retry_s, 87, "a thousandth of a day is 86.4 s, not %llu",
                 (unsigned long long)retry_s);
    cr_assert(take("payer", NOW + 86 * SECOND, 1, 1000, NULL) == ERR_RATE);
    cr_assert(take("payer", NOW + retry_s * SECOND, 1, 1000, NULL) == ERR_OK);
    cr_assert(take("certifier", NOW, 1000, 1000, NULL) == ERR_OK, "another's budget is its own");
}

Test(tagbudget, what_is_refused_takes_nothing) {
    expect(ERR_OK, NOW, 999);
    for (size_t i = 0; i < 10; i++) expect(ERR_RATE, NOW, 2);
    expect(ERR_OK, NOW, 1);
}

Test(tagbudget, more_than_a_whole_day_never_goes) {
    expect(ERR_TOO_LARGE, NOW, 1001);
    expect(ERR_OK, NOW, 1000);
}

Test(tagbudget, it_comes_back_evenly_over_a_day) {
    expect(ERR_OK, NOW, 1000);
    expect(ERR_OK, NOW + DAY / 2, 500);
    expect(ERR_RATE, NOW + DAY / 2, 1);
    expect(ERR_OK, NOW + DAY / 2 + DAY, 1000);
}

Test(tagbudget, a_restart_gives_nothing_back) {
    expect(ERR_OK, NOW, 1000);
    again();
    cr_assert_eq(damaged, 0);
    expect(ERR_RATE, NOW, 1);
    expect(ERR_OK, NOW + DAY / 4, 250);
    again();
    expect(ERR_RATE, NOW + DAY / 4, 1);
}

Test(tagbudget, a_clock_that_goes_back_gives_nothing_and_takes_a_day_at_most) {
    expect(ERR_OK, NOW, 500);
    expect(ERR_RATE, NOW - DAY, 1);
    expect(ERR_RATE, NOW - 1000 * DAY, 1);
    expect(ERR_OK, NOW, 500);
    again();
    expect(ERR_RATE, NOW - 1000 * DAY, 1);
    /* A clock far ahead, set right: nobody waits for years. */
    cr_assert(take("certifier", NOW + 36500 * DAY, 1000, 1000, NULL) == ERR_OK);
    uint64_t retry_s = 0;
    cr_assert(take("certifier", NOW, 1000, 1000, &retry_s) == ERR_RATE);
    cr_assert_leq(retry_s, 86400);
}

Test(tagbudget, another_budget_in_the_configuration_counts_from_what_is_owed) {
    cr_assert(take("payer", NOW, 500, 1000, NULL) == ERR_OK);
    again();
    cr_assert(take("payer", NOW, 51, 100, NULL) == ERR_RATE);
    cr_assert(take("payer", NOW, 50, 100, NULL) == ERR_OK);
    cr_assert(take("big", NOW, LIMIT_TAGS_PER_DAY, LIMIT_TAGS_PER_DAY, NULL) == ERR_OK);
    cr_assert(take("big", NOW, 1, LIMIT_TAGS_PER_DAY, NULL) == ERR_RATE);
}

static void byte_flip(size_t at) {
    uint8_t byte;
    int fd = open(path, O_RDWR);
    cr_assert(fd >= 0 && pread(fd, &byte, 1, (off_t)at) == 1);
    byte ^= 1;
    cr_assert(pwrite(fd, &byte, 1, (off_t)at) == 1 && close(fd) == 0);
}

Test(tagbudget, every_flipped_bit_of_a_slot_is_noticed_and_only_that_slot_is_lost) {
    cr_assert(take("other", NOW, 1000, 1000, NULL) == ERR_OK);
    expect(ERR_OK, NOW, 1000);
    for (size_t at = 64; at < 128; at++) {
        byte_flip(at);
        again();
        cr_assert_eq(damaged, 1, "byte %zu", at);
        cr_assert(take("other", NOW, 1, 1000, NULL) == ERR_RATE);
        byte_flip(at);
        again();
        cr_assert_eq(damaged, 0);
    }
    byte_flip(70);
    again();
    expect(ERR_OK, NOW, 1000);
}

Test(tagbudget, a_file_that_was_cut_off_is_noticed) {
    cr_assert(take("other", NOW, 1000, 1000, NULL) == ERR_OK);
    expect(ERR_OK, NOW, 1000);
    cr_assert(truncate(path, 100) == 0);
    again();
    cr_assert_eq(damaged, 1);
    cr_assert(take("other", NOW, 1, 1000, NULL) == ERR_RATE);
    expect(ERR_OK, NOW, 1000);
    again();
    expect(ERR_RATE, NOW, 1);
}

Test(tagbudget, a_folder_or_a_link_is_no_budget_file) {
    struct tagbudget *other = NULL;
    struct problem why = {0};
    char link[FOLDER_LEN];
    folder_path(folder, "link", link);
    cr_assert(symlink(path, link) == 0);
    cr_assert(tagbudget_open(link, &other, &damaged, &why) != ERR_OK && !other);
    cr_assert(tagbudget_open(folder, &other, &damaged, &why) != ERR_OK && !other);
    cr_assert(strstr(why.detail, folder));
}

static enum err fault_err;
static bool fault_early;

static enum err fail(const char *step, bool before) {
    return strcmp(step, "tagbudget_put") == 0 && before == fault_early ? fault_err : ERR_OK;
}

Test(tagbudget, what_cannot_be_written_down_is_refused_and_counts_as_taken) {
    store_fault = fail;
    for (int early = 0; early < 2; early++) {
        fault_early = early;
        fault_err = ERR_DISK_FULL;
        expect(ERR_DISK_FULL, NOW, 250);
    }
    fault_err = ERR_OK;
    expect(ERR_OK, NOW, 500);
    expect(ERR_RATE, NOW, 1);
    again();
    expect(ERR_RATE, NOW, 1);
}

Test(tagbudget, slots_are_bounded_and_those_that_are_paid_back_are_used_again) {
    char name[32];
    store_fault = NULL;
    uint64_t retry_s = 1;
    for (size_t i = 0; i < LIMIT_TAG_BORROWERS; i++) {
        (void)snprintf(name, sizeof name, "participant-%zu", i);
        cr_assert(take(name, NOW + (i + 1 == LIMIT_TAG_BORROWERS ? 0 : DAY), 1, 1000, NULL) ==
                  ERR_OK);
    }
    cr_assert(take("late", NOW, 1, 1000, &retry_s) == ERR_RATE && retry_s == 0);
    cr_assert(take("late", NOW + 87 * SECOND, 1, 1000, NULL) == ERR_OK,
              "the last slot is paid back");
    cr_assert(take("later", NOW + 87 * SECOND, 1, 1000, NULL) == ERR_RATE);
    again();
    cr_assert_eq(damaged, 0);
    cr_assert(take("participant-78", NOW + DAY, 1000, 1000, NULL) == ERR_RATE);
    struct stat stat_of;
    cr_assert(stat(path, &stat_of) == 0);
    cr_assert_eq(stat_of.st_size, 64 * LIMIT_TAG_BORROWERS);
}

static void *take_many(void *arg) {
    size_t *taken = arg;
    for (size_t i = 0; i < 200; i++) *taken += take("payer", NOW, 1, 500, NULL) == ERR_OK;
    return NULL;
}

Test(tagbudget, threads_together_take_no_more_than_the_budget) {
    enum { THREADS = 4 };
    pthread_t threads[THREADS];
    size_t taken[THREADS] = {0}, sum = 0;
    for (size_t i = 0; i < THREADS; i++)
        cr_assert(pthread_create(&threads[i], NULL, take_many, &taken[i]) == 0);
    for (size_t i = 0; i < THREADS; i++) {
        cr_assert(pthread_join(threads[i], NULL) == 0);
        sum += taken[i];
    }
    cr_assert_eq(sum, 500);
}
