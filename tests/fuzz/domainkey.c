/* The file of a tag domain's secret key: what was read and written is the input (whose newline may be missing), and its public key is the secret's.
 * fuzz: max_len=80 */
#include "tests/fuzz/lib/fuzz.h"

#include "ledger/crypto/domainkey.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    voprf_scalar secret;
    voprf_element known, again;
    char text[DOMAINKEY_TEXT + 1];
    enum err err = domainkey_parse(bytes_of(data, size), secret, known);
    FUZZ_CHECK(err == ERR_OK || err == ERR_KEY);
    if (err) return 0;
    domainkey_format(secret, text);
    FUZZ_CHECK(size + 1 >= DOMAINKEY_TEXT && memcmp(text, data, size) == 0);
    FUZZ_CHECK(voprf_public(secret, again) == ERR_OK && memcmp(known, again, sizeof known) == 0);
    return 0;
}
