/* How issuers' keys came to be bound, as the text that receipts carry, kept for the newest checkpoint: all records of an issuer share it, and making it anew for each costs more than
 * everything else in a receipt. Any thread. What is kept is a copy of what is in the ledger, so losing it costs time alone. */
#ifndef QIZHENG_API_CHAINS_H
#define QIZHENG_API_CHAINS_H

#include "ledger/base/bytes.h"

#define CHAINS_KEPT 64 /* issuers; a text has about 4 KiB */

struct chains;

enum err chains_open(struct chains **ret) MUST_CHECK;
void chains_close(struct chains *chains); /* accepts NULL */
/* Appends the text whose first link is the leaf at `bound`, under the checkpoint whose note that is. ERR_NOT_FOUND. chains may be NULL: nothing is kept. */
enum err chains_get(struct chains *chains, struct bytes note, uint64_t bound,
                    struct buf *out) MUST_CHECK;
/* Keeps a copy. time: the newest cosignature's time and the tree's size: an older checkpoint never takes a newer one's place. */
void chains_put(struct chains *chains, struct bytes note, uint64_t size, uint64_t time_s,
                uint64_t bound, struct bytes text);

#endif
