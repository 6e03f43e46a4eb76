/* Batch envelopes: what is read and written with the same key and signature field is the same bytes.
 * fuzz: max_len=4096 */
#include "tests/fuzz/lib/fuzz.h"

#include "ledger/record/batch.h"
#include "tests/lib/vector.h"

/* Encoding what was decoded gives the same bytes but for the signature. */
static void taken(const struct batch *batch, struct bytes in, const struct key_secret *auth) {
    struct buf out;
    struct batch again;
    memset(&again, 0, sizeof again);
    buf_init(&out, LIMIT_BATCH);
    FUZZ_CHECK(batch_encode(batch, auth, &out) == ERR_OK && out.len == in.len);
    FUZZ_CHECK(memcmp(out.data, in.data, in.len - KEY_SIG_LEN) == 0);
    FUZZ_CHECK(batch_decode(buf_bytes(&out), &again) == ERR_OK && again.count == batch->count);
    FUZZ_CHECK(batch_verify(&again, key_secret_public(auth)) == ERR_OK);
    for (uint32_t i = 0; i < batch->count; i++)
        FUZZ_CHECK(bytes_equal(batch->records[i], again.records[i]));
    batch_done(&again);
    buf_done(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static struct key_secret *auth;
    struct batch batch;
    if (!auth) auth = vector_key(KEY_ED25519, "fuzz batch");
    memset(&batch, 0, sizeof batch);
    enum err err = batch_decode(bytes_of(data, size), &batch);
    FUZZ_CHECK(err == ERR_OK || err == ERR_BATCH);
    if (!err) {
        err = batch_verify(&batch, key_secret_public(auth));
        FUZZ_CHECK(err == ERR_OK || err == ERR_SIGNATURE_INVALID);
        taken(&batch, bytes_of(data, size), auth);
    }
    batch_done(&batch);
    return 0;
}
