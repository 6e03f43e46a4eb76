/* One simulated node: the product's store, machine, queue, proposer, writer, cosigner and record intake, opened and closed in the order of node/node.c, over a simulated disk.
 * What node.c has beside that (configuration, HTTP, uploads, tags) is not here.
 *
 * A node is down, or up, or has given up (its writer or cosigner called `fatal`) and waits to be stopped. */
#ifndef QIZHENG_TESTS_SIM_NODE_H
#define QIZHENG_TESTS_SIM_NODE_H

#include "api/api.h"
#include "ledger/store/keyfile.h"
#include "node/cosigner.h"
#include "node/order.h"
#include "node/proposer.h"
#include "node/published.h"
#include "node/queue.h"
#include "node/writer.h"
#include "tests/sim/disk.h"
#include "tests/sim/pool.h"

struct cluster;

struct sim_node {
    struct process process; /* first: threads find their node by it */
    struct cluster *cluster;
    unsigned index;
    struct disk *disk;
    char data[32], keys[32], lastsigned_path[48];
    bool is_up, has_given_up;
    enum err gave_up_for;
    struct problem why;
    /* -- the product's; while it is up -- */
    struct store *store;
    struct lastsigned *lastsigned;
    struct published *published;
    struct queue *queue;
    struct cosigner *cosigner;
    struct writer *writer;
    struct order order;
    struct order_sink sink; /* the writer's, under the solo order */
    struct proposer *proposer;
    struct machine machine;
    struct api api;
    /* -- what it owes -- */
    struct position committed; /* told to anybody */
    uint64_t committed_size, shown_size;
    struct witness_state late; /* of a deliberate fault (breaks.h): put, and not persisted yet */
    bool was_put_back;         /* it runs on older data than it once had */
    struct disk_image
        *newest; /* what it had then, for the operator who sees that it does not start */
};

void sim_node_init(struct sim_node *node, struct cluster *cluster, unsigned index, uint64_t seed);
void sim_node_done(struct sim_node *node);
/* Errors are the product's; *ret_why says more. */
enum err sim_node_start(struct sim_node *node, struct problem *ret_why);
/* As SIGTERM does, or as what is left of a dead process: disk_is_dead decides. Does nothing where it is down. */
void sim_node_stop(struct sim_node *node);
/* Nothing that it says reaches anybody. */
bool sim_node_is_dead(const struct sim_node *node);
/* Of the running thread; NULL: the driver. */
struct sim_node *sim_node_running(void);
/* One record as POST /v1/records takes it. */
enum err sim_node_submit(struct sim_node *node, const struct item *item, struct problem *ret_why);

#endif
