/* A domain's key as it stands in its file: read back, and nothing else read. */
#include "ledger/crypto/domainkey.h"

#include <criterion/criterion.h>
#include <string.h>

static void make(uint8_t fill, voprf_scalar ret_secret, voprf_element ret_public) {
    uint8_t random[VOPRF_RANDOM_LEN];
    memset(random, fill, sizeof random);
    cr_assert(voprf_scalar_make(random, ret_secret) == ERR_OK);
    cr_assert(voprf_public(ret_secret, ret_public) == ERR_OK);
}

Test(domainkey, what_is_written_is_read_back_with_its_public_key) {
    voprf_scalar secret, read;
    voprf_element public, read_public;
    char text[DOMAINKEY_TEXT + 1];
    make(7, secret, public);
    domainkey_format(secret, text);
    cr_assert_eq(strlen(text), DOMAINKEY_TEXT);
    cr_assert_eq(text[DOMAINKEY_TEXT - 1], '\n');
    for (size_t cut = 0; cut < 2; cut++) { /* with the newline, and without */
        struct bytes part = bytes_of(text, DOMAINKEY_TEXT - cut);
        cr_assert(domainkey_parse(part, read, read_public) == ERR_OK);
        cr_assert_eq(memcmp(read, secret, sizeof read), 0);
        cr_assert_eq(memcmp(read_public, public, sizeof public), 0);
    }
}

Test(domainkey, what_is_no_key_is_refused_and_leaves_nothing) {
    static const char order[] = "edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010";
    static const char zero[] = "0000000000000000000000000000000000000000000000000000000000000000";
    static const char high[] = "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff";
    static const char large[] = "ABCDEF00000000000000000000000000000000000000000000000000000000ff";
    const char *const bad[] = {"", "\n", "00", order, zero, high, large, "0x", zero + 1};
    voprf_scalar secret;
    voprf_element public;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        memset(secret, 0xaa, sizeof secret);
        cr_assert(domainkey_parse(bytes_text(bad[i]), secret, public) == ERR_KEY, "%s", bad[i]);
        for (size_t k = 0; k < sizeof secret; k++) cr_assert_eq(secret[k], 0);
    }
}
