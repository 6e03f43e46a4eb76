/* A log of LevelDB of any content: what is kept is a part of it that is whole, or nothing is cut.
 * fuzz: max_len=40000 */
#include "tests/fuzz/lib/fuzz.h"

#include "ledger/store/kv_mend.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    size_t keep = size + 1, again = 0;
    enum err err = kv_log_keep(bytes_of(data, size), &keep);
    FUZZ_CHECK(err == ERR_OK || err == ERR_CORRUPT);
    if (err) {
        FUZZ_CHECK(keep == size + 1);
        return 0;
    }
    FUZZ_CHECK(keep < size);
    FUZZ_CHECK(kv_log_keep(bytes_of(data, keep), &again) == ERR_CORRUPT);
    return 0;
}
