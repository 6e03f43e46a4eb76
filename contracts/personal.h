/* Personal data in clear claims: what would be published to every node for ever is refused before it is written. */
#ifndef QIZHENG_CONTRACTS_PERSONAL_H
#define QIZHENG_CONTRACTS_PERSONAL_H

#include "ledger/base/json.h"

#define PERSONAL_POINTER 96 /* as in struct problem */

/* ERR_PERSONAL_FIELD where any text of the payload, a member's name included, holds a valid resident id number. Left out are claims that hold no free text:
 * digests, ids, tags, organisation codes, coordinates of keys (FORMATS.md section 1). The pointer leads there; the number is never repeated. */
enum err personal_check(const struct json *payload, struct problem *ret_why) MUST_CHECK;

/* True where a name looks like one of ours (a-z and _, at most 40), so that repeating it in a refusal tells nobody anything. */
bool personal_name_plain(const char *name);
/* Writes "/name", or "" where the name is not plain. */
void personal_pointer(const char *name, char ret[PERSONAL_POINTER]);

#endif
