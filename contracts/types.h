/* The record types that there are, each in its own file; contracts.c holds the list. */
#ifndef QIZHENG_CONTRACTS_TYPES_H
#define QIZHENG_CONTRACTS_TYPES_H

#include "contracts/contract.h"

extern const struct contract_type labour_contract_type;
extern const struct contract_type benefit_type;
extern const struct contract_type participant_type;

#endif
