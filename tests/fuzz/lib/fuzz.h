/* What the fuzz targets share. A target gets bytes from outside, calls what reads such bytes, and asserts what must hold whatever they are: an assertion that
 * fails, a sanitizer's report, a run over five seconds or over the memory limit is a finding. Deterministic: the same bytes do the same every time, so state that is
 * kept between inputs never changes.
 *
 * A comment `fuzz: max_len=N dict=NAME` in a target says how long inputs may be and which file of tests/fuzz/dict helps (tests/fuzz/run.sh reads it). */
#ifndef QIZHENG_TESTS_FUZZ_H
#define QIZHENG_TESTS_FUZZ_H

#include "ledger/base/bytes.h"
#include "ledger/base/limits.h"

#include <criterion/criterion.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FUZZ_CHECK(condition) cr_assert(condition)

/* Cuts what stands before the first byte `at` off *rest; all of it where there is none. */
static inline struct bytes fuzz_cut(struct bytes *rest, uint8_t at) {
    size_t end = bytes_find(*rest, at, 0);
    struct bytes part = bytes_slice(*rest, 0, end);
    *rest = bytes_slice(*rest, end < rest->len ? end + 1 : end, rest->len);
    return part;
}

/* A copy as a C string, cut at its first NUL. The caller frees it. */
static inline char *fuzz_text(struct bytes in) {
    size_t len = bytes_find(in, 0, 0);
    char *text = malloc(len + 1);
    FUZZ_CHECK(text);
    if (len) memcpy(text, in.data, len);
    text[len] = 0;
    return text;
}

/* Refusals explain themselves: the class is "refuse", or there was no memory. */
static inline void fuzz_refused(enum err err) {
    FUZZ_CHECK(err != ERR_OK && err != ERR_INTERNAL);
    FUZZ_CHECK(err_class(err) == ERR_CLASS_REFUSE);
}

#endif
