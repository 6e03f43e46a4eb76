/* The writer: the one thread that applies ordered batches and commits their effects. It owns the machine's tip, the overlay and every store write but the
 * published checkpoint.
 *
 * Happy path of a round: take what the inbox holds -> machine_apply each batch over one overlay -> one store_commit -> answer the refused,
 * hand the heads to the cosigner together with the submissions that wait for finality.
 * Failure modes: disk full: keep the round's effects, try again until there is room, refuse new records meanwhile (503 disk_full). Anything else that keeps a commit from
 * being known: stop the process; the restart recovers by the normal path. */
#ifndef QIZHENG_NODE_WRITER_H
#define QIZHENG_NODE_WRITER_H

#include "node/cosigner.h"
#include "node/order.h"

struct writer;

struct writer_options {
    struct store *store;           /* borrowed */
    const struct machine *machine; /* borrowed */
    struct cosigner *cosigner;     /* borrowed */
    struct machine_tip tip;        /* where the store stands */
    /* Called once, from the writer's thread, when it can not go on. */
    void (*fatal)(void *ctx, enum err err, const struct problem *why);
    void *fatal_ctx;
};

enum err writer_start(const struct writer_options *options, struct writer **ret) MUST_CHECK;
struct order_sink writer_sink(struct writer *writer);
/* ERR_OK, or why new records cannot be taken now (ERR_DISK_FULL, ERR_IO ...). Any thread. */
enum err writer_health(struct writer *writer);
/* From now on a full disk is waited for no longer: the writer gives up as it does where it can not go on. Deliveries are still taken. To be called before
 * waiting for whoever delivers. Accepts NULL. */
void writer_drain(struct writer *writer);
/* No more deliveries; returns when the inbox is applied and committed (or given up, where the disk stays full). writer_health still answers. Accepts NULL. */
void writer_join(struct writer *writer);
/* After writer_join, when no other thread knows the object any more. Accepts NULL. */
void writer_close(struct writer *writer);

/* Brings an empty store to size 1 (genesis), or reads the tip of one that is not empty. Before the writer starts. */
enum err writer_prepare(struct store *store, const struct machine *machine, struct machine_tip *ret,
                        struct problem *ret_why) MUST_CHECK;

#endif
