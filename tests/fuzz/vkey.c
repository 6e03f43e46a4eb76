/* Verifier keys: what was read and written is the input, and making one from its parts gives the same.
 * fuzz: max_len=512 dict=note */
#include "tests/fuzz/lib/fuzz.h"

#include "ledger/proof/note.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct vkey vkey, made;
    struct problem why = {0};
    struct buf text;
    enum err err = vkey_parse(bytes_of(data, size), &vkey, &why);
    FUZZ_CHECK(err == ERR_OK || (err == ERR_NOTE && why.detail[0]));
    if (err) return 0;
    buf_init(&text, 1024);
    FUZZ_CHECK(vkey_format(&vkey, &text) == ERR_OK);
    FUZZ_CHECK(bytes_equal(buf_bytes(&text), bytes_of(data, size)));
    FUZZ_CHECK(vkey_make(vkey.name, vkey.type, &vkey.key, &made) == ERR_OK);
    FUZZ_CHECK(vkey_same(&vkey, &made));
    buf_done(&text);
    return 0;
}
