/* See period.h. Days to dates and back by counting eras of 400 years (146,097 days), years taken to begin in March so that a leap day comes last. */
#include "contracts/period.h"

#include <assert.h>
#include <stdio.h>

#define ERA_DAYS 146097
#define EPOCH_DAYS 719468 /* from 0000-03-01 to 1970-01-01 */
#define YEAR_MIN 1800
#define YEAR_MAX 2999

struct date {
    int year, month, day;
};

static int month_days(int year, int month) {
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return days[month - 1] + (month == 2 && leap);
}

/* Years are positive here, so division needs no care. */
static int32_t day_of(struct date date) {
    int year = date.month <= 2 ? date.year - 1 : date.year;
    int era = year / 400, year_of_era = year % 400;
    int month = (date.month + 9) % 12; /* from March */
    int day_of_year = (153 * month + 2) / 5 + date.day - 1;
    int day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * ERA_DAYS + day_of_era - EPOCH_DAYS;
}

static struct date date_of(int32_t day) {
    int since = day + EPOCH_DAYS;
    assert(since >= 0);
    int era = since / ERA_DAYS, day_of_era = since % ERA_DAYS;
    int year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int month = (5 * day_of_year + 2) / 153;
    struct date date;
    date.day = day_of_year - (153 * month + 2) / 5 + 1;
    date.month = month < 10 ? month + 3 : month - 9;
    date.year = era * 400 + year_of_era + (date.month <= 2);
    return date;
}

static bool digits_read(const uint8_t *at, size_t count, int *ret) {
    int value = 0;
    for (size_t i = 0; i < count; i++) {
        if (at[i] < '0' || at[i] > '9') return false;
        value = value * 10 + (at[i] - '0');
    }
    *ret = value;
    return true;
}

bool period_parse(struct bytes text, int32_t *ret_day) {
    struct date date;
    if (text.len != PERIOD_TEXT_LEN || text.data[4] != '-' || text.data[7] != '-') return false;
    if (!digits_read(text.data, 4, &date.year) || !digits_read(text.data + 5, 2, &date.month) ||
        !digits_read(text.data + 8, 2, &date.day))
        return false;
    if (date.year < YEAR_MIN || date.year > YEAR_MAX || date.month < 1 || date.month > 12)
        return false;
    if (date.day < 1 || date.day > month_days(date.year, date.month)) return false;
    *ret_day = day_of(date);
    return true;
}

void period_format(int32_t day, char ret[PERIOD_TEXT_LEN + 1]) {
    struct date date = date_of(day);
    assert(date.year >= 1000 && date.year <= 9999);
    int len = snprintf(ret, PERIOD_TEXT_LEN + 1, "%04u-%02u-%02u", (unsigned)date.year % 10000u,
                       (unsigned)date.month % 100u, (unsigned)date.day % 100u);
    assert(len == PERIOD_TEXT_LEN);
}

int32_t period_add_months(int32_t day, int months) {
    struct date date = date_of(day);
    int since = date.year * 12 + date.month - 1 + months;
    assert(since >= 12);
    date.year = since / 12;
    date.month = since % 12 + 1;
    int last = month_days(date.year, date.month);
    if (date.day > last) date.day = last;
    return day_of(date);
}

int period_months(int32_t from, int32_t until) {
    assert(from <= until);
    struct date a = date_of(from), b = date_of(until);
    int months = (b.year - a.year) * 12 + b.month - a.month;
    return period_add_months(from, months) <= until ? months : months - 1;
}

int period_term_months(int32_t first, int32_t last) {
    return period_months(first, last + 1);
}

bool period_month_parse(struct bytes text, int32_t *ret_month) {
    int year, month;
    if (text.len != PERIOD_MONTH_LEN || text.data[4] != '-') return false;
    if (!digits_read(text.data, 4, &year) || !digits_read(text.data + 5, 2, &month)) return false;
    if (year < YEAR_MIN || year > YEAR_MAX || month < 1 || month > 12) return false;
    *ret_month = year * 12 + month - 1;
    return true;
}
