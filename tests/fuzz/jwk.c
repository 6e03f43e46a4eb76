/* Public JWKs: what was read and written is read as the same key; with a private member never. Signatures of any bytes do not verify, and low S is a fixed point.
 * fuzz: max_len=1024 dict=record */
#include "tests/fuzz/lib/fuzz.h"

#include "ledger/crypto/key.h"

static void key_run(const struct key_public *key) {
    struct key_public again;
    struct problem why = {0};
    uint8_t sig[KEY_SIG_LEN];
    struct json *json = key_public_jwk(key);
    FUZZ_CHECK(json && key_public_from_jwk(json, &again, &why) == ERR_OK);
    FUZZ_CHECK(again.alg == key->alg && strcmp(again.kid, key->kid) == 0);
    FUZZ_CHECK(memcmp(again.point, key->point, sizeof key->point) == 0);
    memcpy(sig, key->point, sizeof sig);
    FUZZ_CHECK(key_verify(key, bytes_text(key->kid), sig) == ERR_SIGNATURE_INVALID);
    (void)key_sig_normalise(key->alg, sig);
    FUZZ_CHECK(!key_sig_normalise(key->alg, sig));
    json_done(json);
    key_public_done(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct json *json = NULL;
    struct key_public key;
    struct problem why = {0};
    if (json_parse(bytes_of(data, size), &json, NULL)) return 0;
    enum err err = key_public_from_jwk(json, &key, &why);
    FUZZ_CHECK(err == ERR_OK || (err == ERR_KEY && why.detail[0]));
    if (!err) {
        FUZZ_CHECK(!json_member(json, "d"));
        key_run(&key);
        key_public_done(&key);
    }
    json_done(json);
    return 0;
}
