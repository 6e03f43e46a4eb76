/* See ids.h. The resident number's own check is the record layer's (it refuses such numbers in the clear); here the whole text must be one. */
#include "contracts/ids.h"

#include "ledger/record/record.h"

#include <string.h>

#define NUMBER_LEN 18

/* GB 32100-2015: characters stand for 0 to 30, I O S V Z are not used; weights are 3^(i-1) mod 31; C18 = 31 - sum mod 31, which is 0 where that gives 31. */
bool ids_uscc_valid(struct bytes code) {
    static const char alphabet[] = "0123456789ABCDEFGHJKLMNPQRTUWXY";
    unsigned sum = 0, weight = 1;
    if (code.len != NUMBER_LEN) return false;
    for (size_t i = 0; i < NUMBER_LEN; i++) {
        const char *at = memchr(alphabet, code.data[i], sizeof alphabet - 1);
        if (!at) return false;
        unsigned value = (unsigned)(at - alphabet);
        if (i == NUMBER_LEN - 1) return value == (31 - sum % 31) % 31;
        sum += value * weight;
        weight = weight * 3 % 31;
    }
    return false;
}

bool ids_resident_valid(struct bytes number) {
    return number.len == NUMBER_LEN && number.data[NUMBER_LEN - 1] != 'x' &&
           record_holds_resident_id(number);
}
