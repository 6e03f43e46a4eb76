/* Outcomes of an upload's lines, as the spool keeps them: what was decoded and encoded is the input.
 * fuzz: max_len=1100 */
#include "tests/fuzz/lib/fuzz.h"

#include "api/spool_outcome.h"

static void texts_end(const struct problem *problem) {
    FUZZ_CHECK(problem->err != ERR_OK && problem->err < ERR_COUNT);
    FUZZ_CHECK(memchr(problem->detail, 0, sizeof problem->detail));
    FUZZ_CHECK(memchr(problem->pointer, 0, sizeof problem->pointer));
    FUZZ_CHECK(memchr(problem->rule, 0, sizeof problem->rule));
    FUZZ_CHECK(memchr(problem->law, 0, sizeof problem->law));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct bytes in = bytes_of(data, size);
    struct spool_outcome outcome;
    struct buf text;
    enum err err = spool_outcome_decode(in, &outcome);
    FUZZ_CHECK(err == ERR_OK || err == ERR_CORRUPT);
    if (err) return 0;
    FUZZ_CHECK(outcome.kind >= SPOOL_RECORDED && outcome.kind <= SPOOL_REFUSED);
    if (outcome.kind == SPOOL_REFUSED) texts_end(&outcome.problem);
    /* the code of an error that this program does not know becomes `internal` */
    if (outcome.kind == SPOOL_REFUSED && outcome.problem.err == ERR_INTERNAL) return 0;
    buf_init(&text, 4 + SPOOL_OUTCOME_MAX);
    FUZZ_CHECK(spool_outcome_encode(&outcome, &text) == ERR_OK);
    FUZZ_CHECK(bytes_equal(bytes_slice(buf_bytes(&text), 4, text.len), in));
    buf_done(&text);
    return 0;
}
