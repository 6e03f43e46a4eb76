/*~ The process: opens what it needs in one order, starts the threads, and takes them down in the opposite order.
 *
 *   configuration -> genesis -> node keys -> store (lock) -> last-signed (lock) -> tag keys -> leaf 0 or tip -> cosigner -> writer -> order -> proposer -> uploader -> HTTP
 *
 * Nothing answers before the head that the store holds is signed and published. Stop: HTTP refuses new requests (503 draining) and waits for those in flight, uploads rest where they are, the queue closes, and each stage
 * ends when what stands before it is empty, so whoever was told 202 finds the record when the node is back. */
#ifndef QIZHENG_NODE_NODE_H
#define QIZHENG_NODE_NODE_H

#include "node/config.h"

struct node;

/* fatal(ctx): called from any thread when the node can not go on; must only make the main thread stop it. */
enum err node_start(const struct config *config, void (*fatal)(void *ctx), void *fatal_ctx,
                    struct node **ret, struct problem *ret_why) MUST_CHECK;
unsigned node_port(const struct node *node);
void node_stop(struct node *node); /* drains; accepts NULL */

#endif
