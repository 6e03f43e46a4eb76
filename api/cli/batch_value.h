/* A cell of a table as the value of a claim. Sums are read digit by digit: there is no floating-point number anywhere. */
#ifndef QIZHENG_API_CLI_BATCH_VALUE_H
#define QIZHENG_API_CLI_BATCH_VALUE_H

#include "ledger/base/json.h"

/* X(NAME, "name in the map", what it must be, as the end of "must be") */
#define BATCH_KINDS(X)                                                                             \
    X(TEXT, "text", "text without control characters")                                             \
    X(INT, "int", "an integer, such as 12 or -3")                                                  \
    X(FEN, "fen", "a sum in fen, an integer that is not negative")                                 \
    X(YUAN, "yuan",                                                                                \
      "a sum in yuan with at most two decimals and nothing else, such as 3215 or 3215.50")         \
    X(DATE, "date", "a date that exists, YYYY-MM-DD or YYYYMMDD")                                  \
    X(PERIOD, "period", "a month that exists, YYYY-MM or YYYYMM")                                  \
    X(BOOL, "bool", "true or false")

#define BATCH_KIND(name, text, form) BATCH_##name,
enum batch_kind { BATCH_KINDS(BATCH_KIND) BATCH_KIND_COUNT };
#undef BATCH_KIND

/* False where there is no such kind. */
bool batch_kind_find(struct bytes name, enum batch_kind *ret);
const char *batch_kind_form(enum batch_kind kind);
/* text: UTF-8. ERR_SCHEMA where it is not of that kind, ERR_NO_MEMORY. */
enum err batch_value(enum batch_kind kind, struct bytes text, struct json **ret) MUST_CHECK;

#endif
