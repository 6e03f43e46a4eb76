/* Electronic labour contracts: what labour.c (form) and labour_rules.c (law) share. */
#ifndef QIZHENG_CONTRACTS_LABOUR_H
#define QIZHENG_CONTRACTS_LABOUR_H

#include "contracts/contract.h"

#define LABOUR_ELEMENTS 9

/* The nine terms of Labour Contract Law Art 17, as the claim `elements` names them. */
struct labour_element {
    const char *name, *zh;
};
extern const struct labour_element labour_elements[LABOUR_ELEMENTS];

/* The judge of the type (contract.h). */
enum err labour_judge(const struct contract_input *in, struct rule_hits *hits) MUST_CHECK;

#endif
