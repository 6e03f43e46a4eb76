/* Stands before Criterion's own header for the fuzz targets, so that they can use tests/lib: an assertion that fails is a finding there, not a failed test. */
#ifndef QIZHENG_FUZZ_CRITERION_H
#define QIZHENG_FUZZ_CRITERION_H

#include <stdio.h>
#include <stdlib.h>

/* With or without a message, which is not shown; the condition is. */
#define cr_assert(...) cr_assert_of(__VA_ARGS__, 0)
#define cr_assert_of(condition, ...)                                                               \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            (void)fprintf(stderr, "%s:%d: not true: %s\n", __FILE__, __LINE__, #condition);        \
            abort();                                                                               \
        }                                                                                          \
    } while (0)
#define cr_expect(...) cr_assert_of(__VA_ARGS__, 0)
#define cr_assert_eq(a, ...) cr_assert_eq_of(a, __VA_ARGS__, 0)
#define cr_assert_eq_of(a, b, ...) cr_assert((a) == (b))
#define cr_assert_neq(a, ...) cr_assert_neq_of(a, __VA_ARGS__, 0)
#define cr_assert_neq_of(a, b, ...) cr_assert((a) != (b))
#define cr_assert_str_eq(a, ...) cr_assert_str_eq_of(a, __VA_ARGS__, 0)
#define cr_assert_str_eq_of(a, b, ...) cr_assert(strcmp(a, b) == 0)

#endif
