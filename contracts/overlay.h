/* Uncommitted writes in front of a view: later records of a batch, and later batches of one commit, see what earlier ones did.
 *
 * A record's writes are staged; overlay_accept makes them part of the overlay, overlay_refuse drops them without a trace. Owned by one thread. */
#ifndef QIZHENG_CONTRACTS_OVERLAY_H
#define QIZHENG_CONTRACTS_OVERLAY_H

#include "contracts/view.h"
#include "ledger/store/store.h"

struct overlay;

enum err overlay_open(struct view base, struct overlay **ret) MUST_CHECK;
void overlay_close(struct overlay *overlay);       /* accepts NULL */
struct view overlay_view(struct overlay *overlay); /* staged, then accepted, then base */
enum err overlay_put(struct overlay *overlay, struct bytes key,
                     struct bytes value) MUST_CHECK; /* staged; copies */
enum err overlay_erase(struct overlay *overlay, struct bytes key) MUST_CHECK;
/* id NULL: the genesis, which is no record and is not found by an id. ERR_NO_MEMORY leaves part of it: throw the overlay away. */
enum err overlay_accept(struct overlay *overlay, const uint8_t *id, uint64_t index) MUST_CHECK;
void overlay_refuse(struct overlay *overlay);
/* All accepted writes, sorted by key, borrowed until overlay_clear or the next write. */
enum err overlay_writes(struct overlay *overlay, const struct store_write **ret,
                        size_t *ret_count) MUST_CHECK;
void overlay_clear(struct overlay *overlay); /* after the commit: the base has it now */

#endif
