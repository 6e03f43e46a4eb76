/* Checkpoint texts: what was read without extensions and written is the input.
 * fuzz: max_len=512 dict=note */
#include "tests/fuzz/lib/fuzz.h"

#include "ledger/proof/checkpoint.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct checkpoint checkpoint;
    struct buf text;
    enum err err = checkpoint_parse(bytes_of(data, size), &checkpoint);
    FUZZ_CHECK(err == ERR_OK || err == ERR_CHECKPOINT);
    if (err) return 0;
    char *origin = fuzz_text(checkpoint.origin);
    buf_init(&text, LIMIT_NOTE);
    FUZZ_CHECK(checkpoint.origin.len > 0);
    /* a note's text is UTF-8 without control characters already: others are written by nobody */
    if (checkpoint_format(origin, checkpoint.size, checkpoint.root, &text) == ERR_OK &&
        strlen(origin) == checkpoint.origin.len) {
        FUZZ_CHECK(text.len <= size && memcmp(text.data, data, text.len) == 0);
        FUZZ_CHECK(checkpoint.has_extensions == (text.len < size));
    }
    free(origin);
    buf_done(&text);
    return 0;
}
