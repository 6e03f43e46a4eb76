/* Records: the canonical form of whatever is taken is taken, too, and is the same record; the id is that of the signing input and no signature moves it.
 * fuzz: max_len=4096 dict=record */
#include "tests/fuzz/lib/compact.h"

#include "contracts/personal.h"
#include "ledger/crypto/sha256.h"
#include "ledger/record/record.h"

static void taken(const struct record *record) {
    struct record *again = NULL;
    struct problem why = {0};
    uint8_t digest[32], leaf[LEAF_LEN], hash[32];
    uint64_t time_ms = 0;
    FUZZ_CHECK(record_parse(record->canonical, &again, &why) == ERR_OK);
    FUZZ_CHECK(bytes_equal(record->canonical, again->canonical));
    FUZZ_CHECK(!again->jws.was_high_s && json_same(record->payload, again->payload));
    FUZZ_CHECK(memcmp(record->id, again->id, RECORD_ID_LEN) == 0);
    sha256(record->canonical, digest);
    FUZZ_CHECK(memcmp(record->hash, digest, 32) == 0);
    sha256(record->jws.signing_input, digest);
    FUZZ_CHECK(memcmp(record->id, digest, 32) == 0);
    leaf_encode((uint64_t)record->iat, record->hash, leaf);
    FUZZ_CHECK(leaf_decode(leaf, &time_ms, hash) == ERR_OK && time_ms == (uint64_t)record->iat);
    FUZZ_CHECK(record->doc_count <= LIMIT_DOCS && record->tag_count <= LIMIT_TAGS);
    enum err err = personal_check(record->payload, &why);
    FUZZ_CHECK(err == ERR_OK || err == ERR_PERSONAL_FIELD);
    record_done(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct record *record = NULL;
    struct problem why = {0};
    struct buf compact;
    fuzz_compact(bytes_of(data, size), &compact);
    enum err err = record_parse(buf_bytes(&compact), &record, &why);
    if (err) {
        fuzz_refused(err);
        FUZZ_CHECK(why.err == err && why.detail[0]);
    } else {
        taken(record);
        record_done(record);
    }
    buf_done(&compact);
    return 0;
}
