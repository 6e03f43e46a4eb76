/* What must hold, whatever the schedule did: ARCHITECTURE.md section 9 and the order of promises of section 3. Each check ends the run where it does not (sim_fail).
 *
 * Seen from inside, at the moment it happens (seams.c calls these where the product calls its own functions):
 *   a commit      it is durable; position, size, root and time are the model's (invariants 1, 2, 3, 7, 8); each record's outcome is
 *   a signature   its root is the model's for that size (6), and no other root was ever signed for it, by this node or another (10)
 *   kept rows     are the database's beside every snapshot: whenever one is made, before and after every commit, when a view is closed, at a start and at the end
 *   a head shown  its commit and its last-signed size are durable; it is not behind an earlier one
 *   an answer     the record is the leaf that it says, below the published head, and its receipt is made from the bytes of that leaf; it stays there for ever
 * From outside, at random moments and at the end:
 *   a start       nothing that was told is missing
 *   a reader      sees a commit that the model has, and that is durable (5)
 *   the store     fsck is clean; contract state is what a replay of the bodies from the genesis gives (4, 9; refused records leave no trace)
 *   all nodes     the same rows where they hold the same size
 *   a receipt     verifies against the policy of all nodes, by the public function
 *   a quorum      q nodes' lines meet the policy; one fewer does not */
#ifndef QIZHENG_TESTS_SIM_CHECK_H
#define QIZHENG_TESTS_SIM_CHECK_H

#include "tests/sim/cluster.h"

/* Without what only the simulator can know, namely what would survive a power cut and what is kept in memory: such a fault is then found by what it does, or not at all. */
void check_from_outside(void);

void check_start(struct sim_node *node);
void check_commit(struct sim_node *node, const struct cosign_job *job);
void check_signed(struct sim_node *node, struct bytes text);
void check_shown(struct sim_node *node, uint64_t size, const uint8_t root[32], struct bytes note);
void check_visible(struct sim_node *node);
struct store_snapshot;
/* What is kept in memory beside that snapshot (NULL: the newest) is what the database holds there. No schedule changes by being looked at. */
void check_kept(struct sim_node *node, const struct store_snapshot *snapshot);
void check_refused(struct sim_node *node, const struct submission *submission);
void check_final(struct sim_node *node, const struct submission *submission);
void check_known(struct sim_node *node, const struct item *item, uint64_t index);
/* The cosignature lines that `by` gave for a head of another node. */
void check_cosigned(struct sim_node *by, struct bytes note, struct bytes lines);

void check_store(struct sim_node *node);
void check_alike(const struct sim_node *one, const struct sim_node *other);
/* Of a leaf below final_size. */
void check_receipt(struct sim_node *node, uint64_t index);
void check_acked(struct cluster *cluster);

#endif
