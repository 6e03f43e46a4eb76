/* Dates and months, against a calendar that is counted day by day. */
#include "contracts/period.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static int days_in(int year, int month) {
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    if (month == 2 && (year % 400 == 0 || (year % 4 == 0 && year % 100 != 0))) return 29;
    return days[month - 1];
}

static int32_t day_at(const char *text) {
    int32_t day = 0;
    cr_assert(period_parse(bytes_text(text), &day), "%s", text);
    return day;
}

static void same_date(int32_t day, const char *text) {
    char written[PERIOD_TEXT_LEN + 1];
    period_format(day, written);
    cr_assert_str_eq(written, text);
}

Test(contracts_period, period_counts_every_day_from_1800_to_2999) {
    int32_t expected = -62091; /* 1800-01-01 is 62,091 days before 1970-01-01 */
    for (int year = 1800; year <= 2999; year++) {
        for (int month = 1; month <= 12; month++) {
            for (int day = 1; day <= days_in(year, month); day++, expected++) {
                char text[48], written[PERIOD_TEXT_LEN + 1];
                int32_t parsed = 0;
                (void)snprintf(text, sizeof text, "%04d-%02d-%02d", year, month, day);
                bool good = period_parse(bytes_text(text), &parsed) && parsed == expected;
                period_format(expected, written);
                if (!good || strcmp(written, text) != 0) cr_assert(false, "%s", text);
            }
        }
    }
    cr_assert(day_at("1970-01-01") == 0 && day_at("2000-03-01") == 11017);
    cr_assert(day_at("2999-12-31") == expected - 1);
}

Test(contracts_period, period_refuses_what_is_no_date) {
    static const char *const texts[] = {
        "",           "2026",        "2026-1-01",  "2026-01-1",   "2026-13-01",  "2026-00-10",
        "2026-02-29", "2100-02-29",  "2026-04-31", "2026-01-00",  "2026-01-32",  "1799-12-31",
        "3000-01-01", "2026/01/01",  "20260101",   "2026-01-01 ", " 2026-01-01", "2026-01-01T",
        "+026-01-01", "2026-0１-01", "2026-01--1", "2026-01-0x",  "-026-01-01",  "2026-W01-1"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        int32_t day = 77;
        cr_assert(!period_parse(bytes_text(texts[i]), &day) && day == 77, "%s", texts[i]);
    }
    cr_assert(day_at("2000-02-29") + 1 == day_at("2000-03-01"), "a leap year by 400");
}

Test(contracts_period, period_add_months_keeps_the_day_or_takes_the_last) {
    static const struct {
        const char *from;
        int months;
        const char *to;
    } table[] = {
        {"2026-01-31", 1, "2026-02-28"},  {"2024-01-31", 1, "2024-02-29"},
        {"2026-01-31", 2, "2026-03-31"},  {"2026-01-31", 3, "2026-04-30"},
        {"2026-12-15", 1, "2027-01-15"},  {"2024-02-29", 12, "2025-02-28"},
        {"2024-02-29", 48, "2028-02-29"}, {"2026-02-28", 1, "2026-03-28"},
        {"2026-03-31", -1, "2026-02-28"}, {"2026-01-15", -1, "2025-12-15"},
        {"2026-01-01", 0, "2026-01-01"},  {"2026-05-31", -15, "2025-02-28"},
        {"2099-11-30", 3, "2100-02-28"},  {"2025-08-30", 6, "2026-02-28"},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        same_date(period_add_months(day_at(table[i].from), table[i].months), table[i].to);
}

Test(contracts_period, period_months_is_the_largest_that_fits) {
    int32_t first = day_at("2023-12-20"), last = day_at("2024-03-10");
    for (int32_t from = first; from <= last; from++) {
        for (int32_t until = from; until <= from + 800; until++) {
            int months = period_months(from, until);
            bool fits = period_add_months(from, months) <= until &&
                        period_add_months(from, months + 1) > until;
            if (!fits) cr_assert(false, "%d %d: %d", from, until, months);
        }
    }
}

Test(contracts_period, period_term_counts_its_last_day) {
    cr_assert(period_term_months(day_at("2026-01-01"), day_at("2026-12-31")) == 12);
    cr_assert(period_term_months(day_at("2026-01-01"), day_at("2026-12-30")) == 11);
    cr_assert(period_term_months(day_at("2026-01-01"), day_at("2027-01-01")) == 12);
    cr_assert(period_term_months(day_at("2025-11-30"), day_at("2026-02-27")) == 3);
    cr_assert(period_term_months(day_at("2026-01-01"), day_at("2026-01-01")) == 0);
    cr_assert(period_term_months(day_at("2026-12-01"), day_at("2029-11-30")) == 36);
    cr_assert(period_term_months(day_at("2024-02-29"), day_at("2025-02-27")) == 12);
}
