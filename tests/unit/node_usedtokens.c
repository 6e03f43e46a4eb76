/* Used tokens: each is new once until it expires, and a full set refuses rather than forgets. */
#include "node/usedtokens.h"

#include "ledger/base/limits.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define NOW 1000

static struct usedtokens *used;

static void setup(void) {
    cr_assert(usedtokens_open(&used) == ERR_OK);
}

static void teardown(void) {
    usedtokens_close(used);
}

TestSuite(node_usedtokens, .init = setup, .fini = teardown, .timeout = 120);

/* spread: like SHA-256's first bytes; else all in one place of the table. */
static void digest_of(uint32_t number, bool spread, uint8_t ret[32]) {
    memset(ret, 0, 32);
    put_u32(ret, spread ? number * 2654435761u : 131071);
    put_u32(ret + 4, number);
}

static bool is_first(uint32_t number, int64_t now, int64_t exp) {
    uint8_t digest[32];
    bool first = false;
    digest_of(number, true, digest);
    cr_assert(usedtokens_add(used, digest, now, exp, &first) == ERR_OK);
    return first;
}

Test(node_usedtokens, a_token_is_new_once_until_it_expires) {
    cr_expect(is_first(1, NOW, NOW + 60));
    cr_expect_not(is_first(1, NOW, NOW + 60));
    cr_expect_not(is_first(1, NOW + 59, NOW + 60));
    cr_expect(is_first(2, NOW + 59, NOW + 60));
    cr_expect(is_first(1, NOW + 60, NOW + 120), "its number comes again after its end");
    cr_expect_not(is_first(1, NOW + 119, NOW + 120));
}

Test(node_usedtokens, the_longer_life_of_a_repeated_number_counts) {
    cr_expect(is_first(1, NOW, NOW + 60));
    cr_expect_not(is_first(1, NOW, NOW + 300));
    cr_expect_not(is_first(1, NOW + 299, NOW + 400));
}

Test(node_usedtokens, digests_that_fall_in_one_place_are_told_apart) {
    uint8_t digest[32];
    bool first = false;
    for (int round = 0; round < 2; round++) {
        for (uint32_t i = 0; i < 500; i++) {
            digest_of(i, false, digest);
            cr_assert(usedtokens_add(used, digest, NOW, NOW + 60, &first) == ERR_OK);
            cr_expect_eq(first, round == 0);
        }
    }
}

Test(node_usedtokens, a_full_set_refuses_new_ones_knows_the_old_ones_and_empties_with_time) {
    uint8_t digest[32];
    bool first = true;
    for (uint32_t i = 0; i < LIMIT_TOKENS_USED; i++)
        cr_assert(is_first(i, NOW, i % 2 ? NOW + 60 : NOW + 120));
    digest_of(LIMIT_TOKENS_USED, true, digest);
    cr_expect(usedtokens_add(used, digest, NOW, NOW + 60, &first) == ERR_RATE);
    cr_expect(usedtokens_add(used, digest, NOW + 1, NOW + 61, &first) == ERR_RATE);
    for (uint32_t i = 0; i < LIMIT_TOKENS_USED; i++) cr_assert_not(is_first(i, NOW + 1, NOW + 60));
    cr_expect(is_first(LIMIT_TOKENS_USED, NOW + 60, NOW + 120), "half of them have expired");
    for (uint32_t i = 0; i < LIMIT_TOKENS_USED; i += 2)
        cr_assert_not(is_first(i, NOW + 60, NOW + 120), "the swept set has kept the others");
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
