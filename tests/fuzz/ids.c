/* Numbers and dates: check digits, resident numbers hidden in text, calendar arithmetic against its own definition.
 * fuzz: max_len=256 dict=record */
#include "tests/fuzz/lib/fuzz.h"

#include "contracts/ids.h"
#include "contracts/period.h"
#include "ledger/base/text.h"
#include "ledger/record/record.h"

static void numbers_run(struct bytes in) {
    bool resident = ids_resident_valid(in), hidden = record_holds_resident_id(in);
    if (resident && in.len == 18 && memcmp(in.data + 6, "1800", 4) >= 0 &&
        memcmp(in.data + 6, "2100", 4) <= 0)
        FUZZ_CHECK(hidden);
    if (ids_uscc_valid(in)) FUZZ_CHECK(in.len == 18);
    /* a number does not go away by what stands around it, unless that makes it longer */
    struct buf more;
    buf_init(&more, 1024);
    FUZZ_CHECK(buf_add_text(&more, "a: ") == ERR_OK && buf_add(&more, in) == ERR_OK);
    FUZZ_CHECK(buf_add_text(&more, " b") == ERR_OK);
    if (hidden && utf8_valid(in)) FUZZ_CHECK(record_holds_resident_id(buf_bytes(&more)));
    buf_done(&more);
}

static void months_run(int32_t from, int32_t until, int months) {
    char text[PERIOD_TEXT_LEN + 1];
    int32_t day = 0;
    period_format(from, text);
    FUZZ_CHECK(period_parse(bytes_text(text), &day) && day == from);
    if (from > until) return;
    int full = period_months(from, until);
    FUZZ_CHECK(full >= 0 && period_add_months(from, full) <= until);
    FUZZ_CHECK(period_add_months(from, full + 1) > until);
    (void)period_term_months(from, until);
    FUZZ_CHECK(period_add_months(from, months) >= from);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct bytes in = bytes_of(data, size), rest = in;
    struct bytes first = fuzz_cut(&rest, ' '), second = fuzz_cut(&rest, ' ');
    int32_t from = 0, until = 0, month = 0;
    char text[PERIOD_TEXT_LEN + 1];
    numbers_run(in);
    (void)period_month_parse(in, &month);
    if (period_parse(first, &from)) {
        period_format(from, text);
        FUZZ_CHECK(bytes_is(first, text));
        if (period_parse(second, &until)) months_run(from, until, (int)(rest.len % 200));
    }
    return 0;
}
