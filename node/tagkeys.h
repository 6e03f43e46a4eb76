/* The keys of this node's tag domains: read once at the start, kept in locked memory, wiped at the end. Any thread may evaluate; nothing in here changes after opening.
 *
 * Which domains there are, and what their public keys are, says the genesis under this node's name. Every one of them must have its file in keys_dir, and the file must hold that very
 * key: a node that would answer with another key would make tags under which a duplicate hides. */
#ifndef QIZHENG_NODE_TAGKEYS_H
#define QIZHENG_NODE_TAGKEYS_H

#include "ledger/crypto/voprf.h"
#include "ledger/record/genesis.h"

struct tagkeys;

/* ERR_NOT_FOUND ERR_KEY_MODE ERR_KEY ERR_IO ERR_NO_MEMORY, with what to do in *ret_why. */
enum err tagkeys_open(const char *keys_dir, const struct genesis_node *node, struct tagkeys **ret,
                      struct problem *ret_why) MUST_CHECK;
void tagkeys_close(struct tagkeys *keys); /* accepts NULL */

/* Each element alone, with a proof of its own: tag evidence carries one (ledger/record/tag.h). blinded: count elements, one behind the other; room for as many evaluated
 * ones and proofs. ERR_NOT_FOUND where the node has no key of that domain, ERR_REQUEST where one is no element: what was written then is of no use. */
enum err tagkeys_evaluate(const struct tagkeys *keys, const char *domain, const uint8_t *blinded,
                          size_t count, voprf_element ret_public, uint8_t *ret_evaluated,
                          uint8_t *ret_proofs) MUST_CHECK;
bool tagkeys_has(const struct tagkeys *keys, const char *domain);

#endif
