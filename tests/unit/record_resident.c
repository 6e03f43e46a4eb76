/* Resident id numbers in text. All numbers here are made up but for the example of GB 11643-1999 itself. */
#include "ledger/record/record.h"
#include "tests/lib/vector.h"

#define STANDARD "11010519491231002X" /* GB 11643-1999, appendix */

static bool holds(const char *text) {
    struct bytes copy = exact_copy(bytes_text(text));
    bool found = record_holds_resident_id(copy);
    exact_free(copy);
    return found;
}

/* The number of that date with its check digit, by the standard's table of weights. */
static void number_of(const char *date, char ret[19]) {
    static const int weights[] = {7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2};
    int sum = 0;
    (void)snprintf(ret, 19, "440524%s001?", date);
    for (int i = 0; i < 17; i++) sum += (ret[i] - '0') * weights[i];
    ret[17] = "10X98765432"[sum % 11];
}

Test(record_resident, the_examples_of_the_standard_are_found) {
    cr_assert(holds(STANDARD));
    cr_assert(holds("11010519491231002x"));
    cr_assert(holds("440524188001010014"));
}

Test(record_resident, a_number_is_found_inside_text_and_next_to_letters) {
    cr_assert(holds("身份证号码：" STANDARD "。"));
    cr_assert(holds("id=" STANDARD "&x=1"));
    cr_assert(holds("X" STANDARD));
    cr_assert(holds(STANDARD "X"));
    cr_assert(holds("a" STANDARD "b"));
    cr_assert(holds("1 " STANDARD " 2"));
    cr_assert(holds("123456789012345678 " STANDARD));
    cr_assert(holds("11010519491231002X5"), "a digit behind the X");
}

Test(record_resident, full_width_characters_count_alike) {
    cr_assert(holds("１１０１０５１９４９１２３１００２Ｘ"));
    cr_assert(holds("１１０１０５１９４９１２３１００２ｘ"));
    cr_assert(holds("1101０５1949１２３１００2Ｘ"));
    cr_assert(holds("（１１０１０５１９４９１２３１００２X）"));
    cr_assert(!holds("１１０１０５１９４９１２３１００２９"));
}

Test(record_resident, longer_and_shorter_numbers_hold_none) {
    cr_assert(!holds("1" STANDARD));
    cr_assert(!holds("440524188001010014"
                     "0"));
    cr_assert(!holds("0"
                     "440524188001010014"));
    cr_assert(!holds("４"
                     "440524188001010014"),
              "a full-width digit before");
    cr_assert(!holds("1101051949123100X"));
    cr_assert(!holds("110105 19491231002X"));
    cr_assert(!holds(""));
    cr_assert(!holds("X"));
    cr_assert(!holds("91350100M000100Y43"));
}

Test(record_resident, every_other_check_character_is_wrong) {
    char text[] = STANDARD;
    for (int c = 0; c < 256; c++) {
        text[17] = (char)c;
        bool right = c == 'X' || c == 'x';
        cr_assert(record_holds_resident_id(bytes_of(text, 18)) == right, "character %d", c);
    }
}

Test(record_resident, every_single_wrong_digit_is_noticed) {
    for (size_t i = 0; i < 17; i++) {
        for (char c = '0'; c <= '9'; c++) {
            char text[] = STANDARD;
            if (text[i] == c) continue;
            text[i] = c;
            cr_assert(!holds(text), "%s", text);
        }
    }
}

Test(record_resident, only_real_dates_from_1800_to_2100_count) {
    static const struct {
        const char *date;
        bool real;
    } dates[] = {
        {"18000101", true},  {"17991231", false}, {"21001231", true},  {"21010101", false},
        {"20240229", true},  {"20230229", false}, {"20000229", true},  {"19000229", false},
        {"21000229", false}, {"19990431", false}, {"19990430", true},  {"19990631", false},
        {"19990931", false}, {"19991131", false}, {"19991231", true},  {"19991301", false},
        {"19990001", false}, {"19990100", false}, {"19990132", false}, {"00000000", false},
    };
    for (size_t i = 0; i < sizeof dates / sizeof dates[0]; i++) {
        char text[19];
        number_of(dates[i].date, text);
        cr_assert(holds(text) == dates[i].real, "%s", text);
    }
}

Test(record_resident, every_check_character_occurs_and_is_right) {
    int seen = 0;
    for (int day = 1; day <= 28; day++) {
        char date[32], text[19];
        (void)snprintf(date, sizeof date, "199002%02d", day);
        number_of(date, text);
        cr_assert(holds(text), "%s", text);
        seen |= 1 << (text[17] == 'X' ? 10 : text[17] - '0');
    }
    cr_assert(seen == 0x7ff);
}

Test(record_resident, broken_utf8_and_every_cut_are_harmless) {
    const char *wide = "１１０１０５１９４９１２３１００２Ｘ";
    size_t len = strlen(wide);
    for (size_t cut = 0; cut <= len; cut++) {
        struct bytes copy = exact_copy(bytes_of(wide, cut));
        cr_assert(record_holds_resident_id(copy) == (cut == len));
        exact_free(copy);
    }
    cr_assert(!record_holds_resident_id(bytes_text("\xef\xbc\xef\xbc\xef")));
    cr_assert(!record_holds_resident_id(bytes_of(NULL, 0)));
    cr_assert(holds("\xef" STANDARD));
    cr_assert(holds("\xef\xbc" STANDARD));
}
