/* Inclusion proofs as text: what was read and written is read as the same, and is the input where that has no `extra`.
 * fuzz: max_len=4096 dict=note */
#include "tests/fuzz/lib/fuzz.h"

#include "ledger/proof/tlog_proof.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static struct tlog_proof proof, again;
    struct problem why = {0};
    struct buf text;
    struct bytes in = bytes_of(data, size);
    enum err err = tlog_proof_parse(in, &proof, &why);
    FUZZ_CHECK(err == ERR_OK || (err == ERR_RECEIPT && why.detail[0]));
    if (err) return 0;
    buf_init(&text, 64 * 1024);
    FUZZ_CHECK(tlog_proof_format(proof.index, &proof.proof, proof.checkpoint, &text) == ERR_OK);
    FUZZ_CHECK(tlog_proof_parse(buf_bytes(&text), &again, &why) == ERR_OK);
    FUZZ_CHECK(again.index == proof.index && again.proof.count == proof.proof.count);
    FUZZ_CHECK(memcmp(again.proof.hashes, proof.proof.hashes, proof.proof.count * HASH_LEN) == 0);
    FUZZ_CHECK(bytes_equal(again.checkpoint, proof.checkpoint));
    if (!memmem(data, size, "extra", 5)) FUZZ_CHECK(bytes_equal(buf_bytes(&text), in));
    buf_done(&text);
    return 0;
}
