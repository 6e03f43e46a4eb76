/* VOPRF: any elements, scalars and proofs; and the two ways to one output, blinded and direct, for any input. The input: an element 32, a proof 64, a blind's
 * randomness 64, the rest is a private input.
 * fuzz: max_len=1024 */
#include "tests/fuzz/lib/fuzz.h"
#include "tests/lib/vector.h"

#include "ledger/crypto/voprf.h"

static voprf_scalar secret;
static voprf_element known;

static void element_run(const voprf_element element, const uint8_t proof[VOPRF_PROOF_LEN],
                        const uint8_t random[VOPRF_RANDOM_LEN]) {
    voprf_element evaluated;
    uint8_t made[VOPRF_PROOF_LEN];
    bool valid = voprf_element_valid(element);
    enum err err = voprf_blind_evaluate(secret, element, 1, random, evaluated, made);
    FUZZ_CHECK(err == (valid ? ERR_OK : ERR_REQUEST));
    if (!err) {
        FUZZ_CHECK(voprf_element_valid(evaluated));
        FUZZ_CHECK(voprf_verify(known, element, evaluated, 1, made) == ERR_OK);
        made[0] ^= 1;
        FUZZ_CHECK(voprf_verify(known, element, evaluated, 1, made) == ERR_PROOF);
    }
    FUZZ_CHECK(voprf_verify(known, element, element, 1, proof) == ERR_PROOF);
    err = voprf_verify(element, known, known, 1, proof);
    FUZZ_CHECK(err == (valid ? ERR_PROOF : ERR_KEY));
}

static void both_ways(const uint8_t random[VOPRF_RANDOM_LEN], struct bytes input) {
    voprf_scalar blind;
    voprf_element blinded, evaluated;
    uint8_t proof[VOPRF_PROOF_LEN], one[VOPRF_OUTPUT_LEN], other[VOPRF_OUTPUT_LEN];
    FUZZ_CHECK(voprf_scalar_make(random, blind) == ERR_OK && voprf_scalar_valid(blind));
    FUZZ_CHECK(voprf_blind(input, blind, blinded) == ERR_OK);
    FUZZ_CHECK(voprf_blind_evaluate(secret, blinded, 1, random, evaluated, proof) == ERR_OK);
    FUZZ_CHECK(voprf_verify(known, blinded, evaluated, 1, proof) == ERR_OK);
    FUZZ_CHECK(voprf_finalise(input, blind, evaluated, one) == ERR_OK);
    FUZZ_CHECK(voprf_evaluate(secret, input, other) == ERR_OK);
    FUZZ_CHECK(memcmp(one, other, sizeof one) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct cursor cursor = cursor_of(bytes_of(data, size));
    uint8_t seed[32], proof[VOPRF_PROOF_LEN], random[VOPRF_RANDOM_LEN];
    voprf_element element;
    if (!voprf_scalar_valid(secret)) {
        vector_seed("fuzz voprf", seed);
        FUZZ_CHECK(voprf_key_derive(seed, bytes_text("fuzz"), secret, known) == ERR_OK);
    }
    cursor_copy(&cursor, element, sizeof element);
    cursor_copy(&cursor, proof, sizeof proof);
    cursor_copy(&cursor, random, sizeof random);
    voprf_scalar scalar;
    if (cursor.failed || voprf_scalar_make(random, scalar)) return 0; /* randomness is not input */
    element_run(element, proof, random);
    both_ways(random, cursor.rest);
    return 0;
}
