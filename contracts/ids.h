/* Check digits of the two numbers this ledger meets: the unified social credit code of an organisation (GB 32100-2015) and the resident id number
 * (GB 11643-1999). They catch slips of the pen; a right check digit does not make a number anybody's. */
#ifndef QIZHENG_CONTRACTS_IDS_H
#define QIZHENG_CONTRACTS_IDS_H

#include "ledger/base/bytes.h"

/* 18 characters of the standard's alphabet, the last one right. */
bool ids_uscc_valid(struct bytes code);
/* 18 characters, the last a digit or capital X, a date that exists and a right check character. */
bool ids_resident_valid(struct bytes number);

#endif
