/* Used tokens: each is new once until it expires, and a full set refuses rather than forgets. */
#include "node/usedtokens.h"

#include "ledger/base/limits.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define NOW 1000

static struct usedtokens *used;

static void setup(void) {
    cr_assert(usedtokens_open(&used) == ERR_OK);
}

static void teardown(void) {
    usedtokens_close(used);
}

TestSuite(node_usedtokens, .init = setup, .fini = teardown, .timeout = 120);

/* All begin alike, as those of somebody who looks for such would. */
static enum err add(uint32_t issuer, uint32_t number, int64_t now, int64_t exp, bool *ret_first) {
    uint8_t digest[32] = {7, 7, 7, 7};
    char name[16];
    put_u32(digest + 4, number);
    (void)snprintf(name, sizeof name, "p%u", issuer);
    return usedtokens_add(used, name, digest, now, exp, ret_first);
}

/* Of so many issuers that none has more than its part. */
static bool is_first(uint32_t number, int64_t now, int64_t exp) {
    bool first = false;
    cr_assert(add(number % 16, number, now, exp, &first) == ERR_OK);
    return first;
}

Test(node_usedtokens, a_token_is_new_once) {
    cr_expect(is_first(1, NOW, NOW + 60));
    cr_expect_not(is_first(1, NOW, NOW + 60));
    cr_expect_not(is_first(1, NOW + 59, NOW + 60));
    cr_expect(is_first(2, NOW + 59, NOW + 60));
}

/* The token was judged a moment before it comes here. */
Test(node_usedtokens, a_token_is_not_new_again_in_the_moment_when_it_expires) {
    bool first = true;
    cr_expect(is_first(1, NOW + 59, NOW + 60));
    cr_expect_not(is_first(1, NOW + 60, NOW + 60));
    cr_expect_not(is_first(1, NOW + 61, NOW + 60));
    cr_expect(is_first(2, NOW + 61, NOW + 60), "its first use, a moment late");
    cr_expect_not(is_first(2, NOW + 61, NOW + 60));
    cr_expect(add(1, 1, NOW + 62, NOW + 60, &first) == ERR_TOKEN_EXPIRED);
    cr_expect(first, "outputs are written on success alone");
}

Test(node_usedtokens, a_sweep_keeps_what_expired_just_now) {
    bool first = true;
    for (uint32_t i = 0; i < LIMIT_TOKENS_ISSUER; i++)
        cr_assert(add(1, i, NOW, NOW + 60, &first) == ERR_OK && first);
    cr_expect(add(1, LIMIT_TOKENS_ISSUER, NOW + 61, NOW + 90, &first) == ERR_RATE, "swept");
    for (uint32_t i = 0; i < LIMIT_TOKENS_ISSUER; i++)
        cr_assert(add(1, i, NOW + 61, NOW + 60, &first) == ERR_OK && !first);
    cr_expect(add(1, LIMIT_TOKENS_ISSUER, NOW + 62, NOW + 90, &first) == ERR_OK && first);
}

Test(node_usedtokens, the_longer_life_of_a_repeated_number_counts) {
    cr_expect(is_first(1, NOW, NOW + 60));
    cr_expect_not(is_first(1, NOW, NOW + 300));
    cr_expect_not(is_first(1, NOW + 299, NOW + 400));
}

Test(node_usedtokens, one_participant_fills_its_part_and_the_others_go_on) {
    bool first = false;
    for (uint32_t i = 0; i < LIMIT_TOKENS_ISSUER; i++)
        cr_assert(add(1, i, NOW, NOW + 60, &first) == ERR_OK && first);
    cr_expect(add(1, LIMIT_TOKENS_ISSUER, NOW, NOW + 60, &first) == ERR_RATE);
    cr_expect(add(1, LIMIT_TOKENS_ISSUER, NOW + 1, NOW + 60, &first) == ERR_RATE, "nor when swept");
    cr_expect(add(1, 0, NOW + 1, NOW + 60, &first) == ERR_OK && !first, "a used one is known");
    for (uint32_t i = 0; i < LIMIT_TOKENS_ISSUER; i++)
        cr_assert(add(2, LIMIT_TOKENS_USED + i, NOW + 1, NOW + 60, &first) == ERR_OK && first);
    cr_expect(add(1, LIMIT_TOKENS_ISSUER, NOW + 62, NOW + 90, &first) == ERR_OK && first,
              "its part is free again when they have expired");
}

static double cpu_s(void) {
    struct timespec now;
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Where digests chose their own places, those of this test would all stand in one run: seconds instead of milliseconds. */
Test(node_usedtokens, nobody_chooses_the_place_of_a_digest) {
    double before = cpu_s();
    for (uint32_t i = 0; i < LIMIT_TOKENS_USED; i++) cr_assert(is_first(i, NOW, NOW + 60));
    cr_expect_lt(cpu_s() - before, 1.5);
}

Test(node_usedtokens, a_full_set_refuses_new_ones_knows_the_old_ones_and_empties_with_time) {
    bool first = true;
    for (uint32_t i = 0; i < LIMIT_TOKENS_USED; i++)
        cr_assert(is_first(i, NOW, i % 2 ? NOW + 60 : NOW + 120));
    cr_expect(add(99, LIMIT_TOKENS_USED, NOW, NOW + 60, &first) == ERR_RATE);
    cr_expect(add(99, LIMIT_TOKENS_USED, NOW + 1, NOW + 61, &first) == ERR_RATE);
    for (uint32_t i = 0; i < LIMIT_TOKENS_USED; i++) cr_assert_not(is_first(i, NOW + 1, NOW + 60));
    cr_expect(is_first(LIMIT_TOKENS_USED, NOW + 62, NOW + 120), "half of them have expired");
    for (uint32_t i = 0; i < LIMIT_TOKENS_USED; i += 2)
        cr_assert_not(is_first(i, NOW + 62, NOW + 120), "the swept set has kept the others");
}

/* Of threads that use the same tokens at once, one alone is the first for each. */
static void *use_all(void *arg) {
    size_t *count = arg;
    for (uint32_t i = 0; i < 20000; i++) *count += is_first(i, NOW, NOW + 60);
    return NULL;
}

Test(node_usedtokens, one_thread_alone_is_the_first) {
    pthread_t threads[4];
    size_t counts[4] = {0}, sum = 0;
    for (size_t i = 0; i < 4; i++)
        cr_assert(pthread_create(&threads[i], NULL, use_all, &counts[i]) == 0);
    for (size_t i = 0; i < 4; i++) {
        (void)pthread_join(threads[i], NULL);
        sum += counts[i];
    }
    cr_expect_eq(sum, 20000);
}
