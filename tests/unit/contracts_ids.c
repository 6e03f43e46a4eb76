/* Check digits: known numbers, and every slip of one character or of two neighbours. */
#include "contracts/ids.h"

#include <criterion/criterion.h>
#include <string.h>

static const char alphabet[] = "0123456789ABCDEFGHJKLMNPQRTUWXY";

Test(contracts_ids, ids_uscc_takes_known_codes) {
    static const char *const good[] = {"91350100M000100Y43", "91512081MA62K0260E",
                                       "91999999FAKE00013K"};
    for (size_t i = 0; i < 3; i++) cr_assert(ids_uscc_valid(bytes_text(good[i])), "%s", good[i]);
}

Test(contracts_ids, ids_uscc_refuses_every_single_change) {
    const char *good = "91350100M000100Y43";
    for (size_t i = 0; i < 18; i++) {
        for (const char *c = alphabet; *c; c++) {
            char code[19];
            memcpy(code, good, sizeof code);
            if (code[i] == *c) continue;
            code[i] = *c;
            cr_assert(!ids_uscc_valid(bytes_text(code)), "%s", code);
        }
    }
}

Test(contracts_ids, ids_uscc_refuses_swapped_neighbours_and_wrong_forms) {
    const char *good = "91512081MA62K0260E";
    for (size_t i = 0; i + 1 < 18; i++) {
        char code[19];
        memcpy(code, good, sizeof code);
        if (code[i] == code[i + 1]) continue;
        code[i] = good[i + 1];
        code[i + 1] = good[i];
        cr_assert(!ids_uscc_valid(bytes_text(code)), "%s", code);
    }
    static const char *const bad[] = {"",
                                      "91512081MA62K0260",
                                      "91512081MA62K0260E ",
                                      "91512081ma62k0260e",
                                      "9151208IMA62K0260E",
                                      "91512081MA62K0260\xc3"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        cr_assert(!ids_uscc_valid(bytes_text(bad[i])), "%s", bad[i]);
    cr_assert(!ids_uscc_valid(bytes_of("91512081MA62K0260", 18)), "a NUL is no character");
}

Test(contracts_ids, ids_resident_takes_known_numbers_and_refuses_every_single_change) {
    static const char *const good[] = {"11010519491231002X", "999999199112020030"};
    for (size_t n = 0; n < 2; n++) {
        cr_assert(ids_resident_valid(bytes_text(good[n])), "%s", good[n]);
        for (size_t i = 0; i < 18; i++) {
            for (const char *c = "0123456789X"; *c; c++) {
                char number[19];
                memcpy(number, good[n], sizeof number);
                if (number[i] == *c) continue;
                number[i] = *c;
                cr_assert(!ids_resident_valid(bytes_text(number)), "%s", number);
            }
        }
    }
}

Test(contracts_ids, ids_resident_refuses_other_forms) {
    static const char *const bad[] = {"",
                                      "11010519491231002",
                                      "11010519491231002x",
                                      " 1010519491231002X",
                                      "11010519491231002X ",
                                      "110105491231002",
                                      "11010519490231002X"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        cr_assert(!ids_resident_valid(bytes_text(bad[i])), "%s", bad[i]);
}
