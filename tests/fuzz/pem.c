/* PEM, public and secret, with and without a passphrase: a secret key that was read and written is read as the same key.
 * fuzz: max_len=2048 dict=pem */
#include "tests/fuzz/lib/fuzz.h"

#include "ledger/crypto/key.h"

static void secret_run(struct bytes in, struct bytes passphrase) {
    struct key_secret *key = NULL, *again = NULL;
    struct problem why = {0};
    struct buf pem;
    enum err err = key_secret_from_pem(in, passphrase, &key, &why);
    FUZZ_CHECK(err == ERR_OK || (err == ERR_KEY && why.detail[0]));
    if (err) return;
    buf_init(&pem, LIMIT_PEM);
    FUZZ_CHECK(key_secret_pem(key, bytes_text(""), &pem) == ERR_OK);
    FUZZ_CHECK(key_secret_from_pem(buf_bytes(&pem), bytes_text(""), &again, &why) == ERR_OK);
    FUZZ_CHECK(strcmp(key_secret_public(key)->kid, key_secret_public(again)->kid) == 0);
    buf_done(&pem);
    key_secret_done(key);
    key_secret_done(again);
}

static void public_run(struct bytes in) {
    struct key_public key, again;
    struct problem why = {0};
    enum err err = key_public_from_pem(in, &key, &why);
    FUZZ_CHECK(err == ERR_OK || (err == ERR_KEY && why.detail[0]));
    if (err) return;
    size_t len = key.alg == KEY_ED25519 ? 32 : 64;
    FUZZ_CHECK(key_public_from_point(key.alg, bytes_of(key.point, len), &again) == ERR_OK);
    FUZZ_CHECK(strcmp(key.kid, again.kid) == 0);
    key_public_done(&key);
    key_public_done(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct bytes in = bytes_of(data, size);
    secret_run(in, bytes_text(""));
    /* with a passphrase it is another key only where it is encrypted, which takes a while */
    if (size > 0 && memmem(data, size, "ENCRYPTED", 9)) secret_run(in, bytes_text("sesame"));
    public_run(in);
    return 0;
}
