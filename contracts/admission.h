/* Whether the ledger takes one record, and what that writes. The same function for a batch, a replay and a snapshot check: machine.c. */
#ifndef QIZHENG_CONTRACTS_ADMISSION_H
#define QIZHENG_CONTRACTS_ADMISSION_H

#include "contracts/machine.h"

struct admission {
    const struct machine *machine;
    struct overlay *overlay;
    uint64_t index;      /* of the leaf to be */
    uint64_t time_ms;    /* ledger time, at most LIMIT_JSON_INT */
    bool skip_signature; /* the host verified these very bytes under the key with this kid */
    bool is_check;       /* only the answer is wanted: what would be written is thrown away */
};

/* Accepted: the record's writes are in the overlay. Known or refused: the overlay is as it was. Anything but ERR_OK means that this node cannot tell:
 * no memory, a view that cannot be read, ERR_CORRUPT, ERR_PROTOCOL. */
enum err admission_run(const struct admission *admission, const struct record *record,
                       struct outcome *ret) MUST_CHECK;
/* True where err is an answer about the record, the same on every node, rather than this node's trouble. */
bool admission_refuses(enum err err);

#endif
