/* Evidence of a lie: two signed checkpoints and hashes, each behind a NUL. An honest log's checkpoints, in whatever order and with whatever hashes, prove nothing.
 * fuzz: max_len=6000 dict=note */
#include "tests/fuzz/lib/fuzz.h"
#include "tests/lib/world.h"

#include "ledger/proof/conflict.h"

static struct world world;
static struct policy *policy;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct bytes in = bytes_of(data, size);
    struct bytes a = fuzz_cut(&in, 0), b = fuzz_cut(&in, 0);
    static struct conflict conflict, turned;
    struct problem why = {0};
    if (!policy) {
        world_begin(&world, 4);
        struct buf text = world_policy(&world);
        FUZZ_CHECK(policy_parse(buf_bytes(&text), &policy, &why) == ERR_OK);
        buf_done(&text);
    }
    enum err err = conflict_check_policy(a, b, in, policy, &conflict, &why);
    enum err other = conflict_check_policy(b, a, in, policy, &turned, &why);
    FUZZ_CHECK((err == ERR_OK) == (other == ERR_OK));
    if (err) {
        fuzz_refused(err);
        FUZZ_CHECK(why.detail[0]);
        return 0;
    }
    FUZZ_CHECK(conflict.reason[0] && conflict.reason_zh[0]);
    FUZZ_CHECK(!conflict.proven && !turned.proven);
    return 0;
}
