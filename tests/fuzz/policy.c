/* Policies, and a note judged by one: the input is a policy, a NUL and a signed note. A note meets a policy exactly where a log signed it and the quorum holds, and
 * no more witnesses than there are can be counted.
 * fuzz: max_len=4096 dict=policy */
#include "tests/fuzz/lib/fuzz.h"

#include "ledger/proof/policy.h"

static void result_run(enum err err, const struct policy_result *result) {
    FUZZ_CHECK((err == ERR_OK) == (result->log_signed && result->quorum_met));
    FUZZ_CHECK(result->q <= result->n && result->signer_count <= result->n);
    if (result->quorum_met) FUZZ_CHECK(result->signer_count >= result->q);
    if (result->plain && result->log_signed)
        FUZZ_CHECK(result->quorum_met == (result->signer_count >= result->q));
    for (size_t i = 0; i < result->signer_count; i++)
        FUZZ_CHECK(result->signers[i].name && result->signers[i].vkey);
}

static void check(const struct policy *policy, struct bytes note) {
    struct policy_result result;
    struct problem why = {0};
    memset(&result, 0, sizeof result);
    enum err err = policy_check(policy, note, &result, &why);
    if (err) {
        fuzz_refused(err);
        FUZZ_CHECK(why.err == err && why.detail[0]);
    }
    result_run(err, &result);
    policy_result_done(&result);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct bytes in = bytes_of(data, size), text = fuzz_cut(&in, 0);
    struct policy *policy = NULL;
    struct problem why = {0};
    enum err err = policy_parse(text, &policy, &why);
    if (err) {
        fuzz_refused(err);
        FUZZ_CHECK(why.err == err && why.detail[0]);
        return 0;
    }
    FUZZ_CHECK(policy_log_count(policy) <= LIMIT_POLICY_NAMES);
    FUZZ_CHECK(policy_witness_count(policy) <= LIMIT_POLICY_NAMES);
    for (size_t i = 0; i < policy_log_count(policy); i++)
        FUZZ_CHECK(policy_log(policy, i)->name[0]);
    for (size_t i = 0; i < policy_witness_count(policy); i++)
        FUZZ_CHECK(policy_witness(policy, i)->name[0]);
    check(policy, in);
    policy_done(policy);
    return 0;
}
