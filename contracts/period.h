/* Calendar arithmetic of the Civil Code: days, and months that end on the corresponding day.
 *
 * A day is counted from 1970-01-01 in the proleptic Gregorian calendar; there is no clock and no time zone here (business dates are Asia/Shanghai's, as written).
 * Civil Code Art 201: the day on which a period begins is not counted. Art 202: "the corresponding day of the last month is the last day of the period; in the
 * absence of such a corresponding day, the last day of that month". Art 1259: 以上 and 以下 include the number itself, 不满 and 超过 do not.
 *
 * Invariant: period_parse and period_format are inverse over 1800-01-01 to 2999-12-31, and nothing else parses. */
#ifndef QIZHENG_CONTRACTS_PERIOD_H
#define QIZHENG_CONTRACTS_PERIOD_H

#include "ledger/base/bytes.h"

#define PERIOD_TEXT_LEN 10 /* YYYY-MM-DD */

/* Exactly YYYY-MM-DD (ISO 8601), a day that exists, year 1800 to 2999. */
bool period_parse(struct bytes text, int32_t *ret_day);
/* Writes 10 characters and a NUL. day must lie in a year of four digits. */
void period_format(int32_t day, char ret[PERIOD_TEXT_LEN + 1]);
/* The corresponding day so many months later (earlier where negative), or the last day of that month. */
int32_t period_add_months(int32_t day, int months);
/* Full months from one day to another that is not earlier: the largest n with period_add_months(from, n) <= until. */
int period_months(int32_t from, int32_t until);
/* Full months of a term whose last day is part of it, as contracts are written: 2026-01-01 to 2026-12-31 is 12. */
int period_term_months(int32_t first, int32_t last);

#define PERIOD_MONTH_LEN 7 /* YYYY-MM */

/* Exactly YYYY-MM, year 1800 to 2999: months since year 0, so that later months are larger. */
bool period_month_parse(struct bytes text, int32_t *ret_month);

#endif
