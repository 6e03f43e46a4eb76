/* Finds resident id numbers (GB 11643-1999) in text, so that none is written into a ledger in the clear. See record.h.
 *
 * A number is 17 digits and a check character, with no further digit on either side: longer numbers (accounts, batch numbers) hold
 * none. Half-width and full-width characters count alike, even mixed. Six digits of region are not checked: regions change. */
#include "ledger/record/record.h"

#include <string.h>

#define BODY 17 /* digits before the check character */

/* -1 at the end of text, else a digit's value, 10 for an X, 11 for anything else. *ret_step: bytes that it takes. */
static int unit_at(struct bytes text, size_t at, size_t *ret_step) {
    size_t left = text.len - at;
    *ret_step = 1;
    if (left == 0) return -1;
    const uint8_t *c = text.data + at;
    if (*c >= '0' && *c <= '9') return *c - '0';
    if (*c == 'X' || *c == 'x') return 10;
    if (left < 3 || *c != 0xef) return 11;
    *ret_step = 3;
    if (c[1] == 0xbc && c[2] >= 0x90 && c[2] <= 0x99) return c[2] - 0x90; /* U+FF10 to U+FF19 */
    if ((c[1] == 0xbc && c[2] == 0xb8) || (c[1] == 0xbd && c[2] == 0x98)) /* U+FF38, U+FF58 */
        return 10;
    *ret_step = 1;
    return 11;
}

static bool date_real(const int *digits) {
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int year = digits[0] * 1000 + digits[1] * 100 + digits[2] * 10 + digits[3];
    int month = digits[4] * 10 + digits[5], day = digits[6] * 10 + digits[7];
    if (year < 1800 || year > 2100 || month < 1 || month > 12) return false;
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return day >= 1 && day <= days[month - 1] + (month == 2 && leap);
}

/* GB 11643: the weight of position i (from 18 down) is 2^(i-1) mod 11; the sum with the check character is 1 mod 11. */
static bool check_right(const int digits[BODY + 1]) {
    int sum = 0;
    for (int i = 0; i <= BODY; i++) sum = (sum * 2 + digits[i]) % 11;
    return sum == 1;
}

/* Reads the run of digits at *at and moves behind it. digits holds the first 18, the last of which may be an X. */
static bool run_holds_number(struct bytes text, size_t *at) {
    int digits[BODY + 1] = {0};
    size_t count = 0, step;
    int unit;
    while ((unit = unit_at(text, *at, &step)) >= 0 && unit <= 9) {
        if (count <= BODY) digits[count] = unit;
        count++;
        *at += step;
    }
    if (count == BODY && unit == 10) digits[count++] = unit;
    return count == BODY + 1 && date_real(digits + 6) && check_right(digits);
}

bool record_holds_resident_id(struct bytes text) {
    for (size_t at = 0; at < text.len;) {
        size_t step;
        int unit = unit_at(text, at, &step);
        if (unit > 9)
            at += step;
        else if (run_holds_number(text, &at))
            return true;
    }
    return false;
}
