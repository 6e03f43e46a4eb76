/* Memory for secrets: aligned, writable to its last byte, fenced; wiping and comparing. */
#include "ledger/crypto/secret.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdalign.h>
#include <string.h>

Test(crypto_secret, secret_take_gives_aligned_memory_of_any_length) {
    for (size_t len = 0; len < 200; len += 3) {
        uint8_t *data = secret_take(len);
        cr_assert(data);
        cr_expect_eq((uintptr_t)data % alignof(max_align_t), 0);
        memset(data, 0x5a, len);
        for (size_t i = 0; i < len; i++) cr_assert_eq(data[i], 0x5a);
        secret_free(data);
    }
    secret_free(NULL);
}

Test(crypto_secret, secret_take_refuses_what_cannot_be) {
    cr_expect_null(secret_take(SIZE_MAX));
    cr_expect_null(secret_take(SIZE_MAX / 2));
}

/* The guard page behind it. Under a sanitizer the report ends the process otherwise, so only where there is none. */
#if !defined(__SANITIZE_ADDRESS__)
Test(crypto_secret, secret_memory_ends_at_a_page_that_nobody_may_read, .signal = SIGSEGV) {
    volatile uint8_t *data = secret_take(64);
    cr_assert(data);
    (void)data[64];
}
#endif

Test(crypto_secret, secret_wipe_leaves_zeros) {
    uint8_t data[40], zeros[40] = {0};
    memset(data, 0xaa, sizeof data);
    secret_wipe(data + 1, sizeof data - 2);
    cr_expect_eq(data[0], 0xaa);
    cr_expect_eq(data[39], 0xaa);
    cr_expect_arr_eq(data + 1, zeros, 38);
    secret_wipe(NULL, 0);
}

Test(crypto_secret, secret_equal_tells_every_flipped_bit_and_every_length) {
    uint8_t a[32], b[32];
    memset(a, 0x33, sizeof a);
    memcpy(b, a, sizeof b);
    cr_expect(secret_equal(bytes_of(a, 32), bytes_of(b, 32)));
    for (unsigned bit = 0; bit < 256; bit++) {
        b[bit / 8] ^= (uint8_t)(1 << bit % 8);
        cr_expect(!secret_equal(bytes_of(a, 32), bytes_of(b, 32)));
        b[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    for (size_t len = 0; len < 32; len++)
        cr_expect(!secret_equal(bytes_of(a, 32), bytes_of(b, len)));
    cr_expect(secret_equal(bytes_of(NULL, 0), bytes_of(b, 0)));
}
