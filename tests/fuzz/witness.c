/* The witness: what was read and written is the input; a cosignature is given only for a checkpoint that a trusted key signed and that goes on where the witness
 * stands, and whatever it then stands at is that checkpoint.
 * fuzz: max_len=4096 dict=note */
#include "tests/fuzz/lib/fuzz.h"
#include "tests/lib/note.h"

#include "ledger/proof/witness.h"

static struct signer trusted;

static void decide(const struct witness_request *request, const struct witness_state *state) {
    struct witness_state next = {0};
    enum witness_answer answer = witness_decide(request, &trusted.vkey, 1, state, &next);
    FUZZ_CHECK(witness_status(answer) >= 200);
    if (answer != WITNESS_COSIGN) {
        FUZZ_CHECK(next.size == 0);
        return;
    }
    FUZZ_CHECK(next.size == request->checkpoint.size && next.size >= state->size);
    FUZZ_CHECK(memcmp(next.root, request->checkpoint.root, HASH_LEN) == 0);
    FUZZ_CHECK(request->old_size == state->size);
    /* the trusted key signs sizes of the world alone */
    FUZZ_CHECK(next.size <= WORLD && memcmp(next.root, model_root(0, next.size), HASH_LEN) == 0);
}

static void taken(const struct witness_request *request, struct bytes in) {
    struct buf text;
    buf_init(&text, LIMIT_WITNESS_BODY);
    const uint8_t *note = request->note.text.data;
    struct bytes checkpoint = bytes_of(note, (size_t)(in.data + in.len - note));
    FUZZ_CHECK(witness_request_format(request->old_size, &request->proof, checkpoint, &text) ==
               ERR_OK);
    FUZZ_CHECK(bytes_equal(buf_bytes(&text), in));
    buf_done(&text);
    struct witness_state state = {0};
    decide(request, &state);
    state.size = request->old_size < WORLD ? request->old_size : WORLD;
    memcpy(state.root, model_root(0, state.size), HASH_LEN);
    decide(request, &state);
    state.root[0] ^= 1;
    if (state.size > 0) decide(request, &state);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct witness_request request;
    struct problem why = {0};
    if (!trusted.key)
        trusted = signer_make("qizheng.invalid/foreign", NOTE_TYPE_ED25519, "fuzz witness");
    enum err err = witness_request_parse(bytes_of(data, size), &request, &why);
    if (err) {
        fuzz_refused(err);
        FUZZ_CHECK(why.err == err && why.detail[0]);
        return 0;
    }
    taken(&request, bytes_of(data, size));
    witness_request_done(&request);
    return 0;
}
