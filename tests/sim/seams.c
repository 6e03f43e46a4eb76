/* Where the product's own calls pass through the simulator (--wrap): what it does is seen at the moment it does it (check.h), and deliberate faults are put in (breaks.h).
 * Signatures are remembered: they are pure functions of their input, and a schedule that made each anew would cost ten times as much. */
#include "contracts/admission.h"
#include "ledger/crypto/ecdsa.h"
#include "ledger/crypto/ed25519.h"
#include "ledger/store/store_impl.h"
#include "tests/sim/breaks.h"
#include "tests/sim/check.h"
#include "tests/sim/trace.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* -- faults -- */

static enum broken is_broken;

bool breaks_set(const char *name) {
#define BREAK_SET(value, text, what)                                                               \
    if (strcmp(name, text) == 0) is_broken = BREAK_##value;
    BREAKS(BREAK_SET)
#undef BREAK_SET
    struct disk_lies lies = {.database = is_broken == BREAK_COMMIT_UNSYNCED,
                             .bodies = is_broken == BREAK_BODIES_UNSYNCED,
                             .lastsigned = is_broken == BREAK_LASTSIGNED_UNSYNCED};
    disk_set_lies(lies);
    return is_broken != BREAK_NONE;
}

bool breaks_is(enum broken broken) {
    return is_broken == broken;
}

void breaks_list(void) {
#define BREAK_LIST(value, text, what) printf("%-20s %s\n", text, what);
    BREAKS(BREAK_LIST)
#undef BREAK_LIST
}

/* The node that counts: NULL for the driver and for what is left of a dead one. */
static struct sim_node *speaker(void) {
    struct sim_node *node = sim_node_running();
    return node && !sim_node_is_dead(node) ? node : NULL;
}

/* -- the node's -- */

void __real_cosigner_push(struct cosigner *cosigner, struct cosign_job job);
void __wrap_cosigner_push(struct cosigner *cosigner, struct cosign_job job);
void __real_submission_finish(struct submission *submission, enum submission_state state);
void __wrap_submission_finish(struct submission *submission, enum submission_state state);
enum err __real_published_put(struct published *published, uint64_t size, const uint8_t root[32],
                              uint64_t time_s, struct bytes note);
enum err __wrap_published_put(struct published *published, uint64_t size, const uint8_t root[32],
                              uint64_t time_s, struct bytes note);

void __wrap_cosigner_push(struct cosigner *cosigner, struct cosign_job job) {
    struct sim_node *node = speaker();
    if (node) check_commit(node, &job);
    if (breaks_is(BREAK_RECEIPT_EARLY)) {
        while (job.submissions) {
            struct submission *next = job.submissions->next;
            __wrap_submission_finish(job.submissions, SUBMISSION_FINAL);
            submission_release(job.submissions);
            job.submissions = next;
        }
    }
    __real_cosigner_push(cosigner, job);
}

void __wrap_submission_finish(struct submission *submission, enum submission_state state) {
    struct sim_node *node = speaker();
    if (node && state == SUBMISSION_REFUSED) check_refused(node, submission);
    if (node && state == SUBMISSION_FINAL) check_final(node, submission);
    __real_submission_finish(submission, state);
}

enum err __wrap_published_put(struct published *published, uint64_t size, const uint8_t root[32],
                              uint64_t time_s, struct bytes note) {
    struct sim_node *node = speaker();
    if (node) check_shown(node, size, root, note);
    return __real_published_put(published, size, root, time_s, note);
}

/* -- signing -- */

enum err __real_checkpoint_sign(const struct vkey *vkey, const struct key_secret *key,
                                struct bytes text, struct buf *out);
enum err __wrap_checkpoint_sign(const struct vkey *vkey, const struct key_secret *key,
                                struct bytes text, struct buf *out);
enum err __real_checkpoint_cosign(const struct vkey *vkey, const struct key_secret *key,
                                  struct bytes text, uint64_t time_s, struct buf *out);
enum err __wrap_checkpoint_cosign(const struct vkey *vkey, const struct key_secret *key,
                                  struct bytes text, uint64_t time_s, struct buf *out);
enum err __real_lastsigned_put(struct lastsigned *file, const struct witness_state *state,
                               struct problem *ret_why);
enum err __wrap_lastsigned_put(struct lastsigned *file, const struct witness_state *state,
                               struct problem *ret_why);
struct witness_state __real_lastsigned_get(const struct lastsigned *file);
struct witness_state __wrap_lastsigned_get(const struct lastsigned *file);

enum err __wrap_checkpoint_sign(const struct vkey *vkey, const struct key_secret *key,
                                struct bytes text, struct buf *out) {
    struct sim_node *node = speaker();
    if (node) check_signed(node, text);
    return __real_checkpoint_sign(vkey, key, text, out);
}

enum err __wrap_checkpoint_cosign(const struct vkey *vkey, const struct key_secret *key,
                                  struct bytes text, uint64_t time_s, struct buf *out) {
    struct sim_node *node = speaker();
    if (node) check_signed(node, text);
    return __real_checkpoint_cosign(vkey, key, text, time_s, out);
}

enum err __wrap_lastsigned_put(struct lastsigned *file, const struct witness_state *state,
                               struct problem *ret_why) {
    struct sim_node *node = sim_node_running();
    if (breaks_is(BREAK_ROLLBACK_UNSEEN)) {
        enum err err = __real_lastsigned_put(file, state, ret_why);
        return err == ERR_ROLLBACK ? ERR_OK : err;
    }
    if (!node || !breaks_is(BREAK_LASTSIGNED_LATE))
        return __real_lastsigned_put(file, state, ret_why);
    struct witness_state before = node->late;
    node->late = *state;
    if (before.size <= __real_lastsigned_get(file).size) return ERR_OK;
    return __real_lastsigned_put(file, &before, ret_why);
}

struct witness_state __wrap_lastsigned_get(const struct lastsigned *file) {
    struct witness_state state = __real_lastsigned_get(file);
    if (!breaks_is(BREAK_ROLLBACK_UNSEEN)) return state;
    state.size = 0;
    merkle_empty(state.root);
    return state;
}

/* -- the ledger's -- */

enum err __real_store_view_find(struct store_view *view, const uint8_t id[RECORD_ID_LEN],
                                uint64_t *ret_index);
enum err __wrap_store_view_find(struct store_view *view, const uint8_t id[RECORD_ID_LEN],
                                uint64_t *ret_index);
void __real_store_head_encode(const struct store_head *head, uint8_t ret[STORE_HEAD_LEN]);
void __wrap_store_head_encode(const struct store_head *head, uint8_t ret[STORE_HEAD_LEN]);
void __real_overlay_refuse(struct overlay *overlay);
void __wrap_overlay_refuse(struct overlay *overlay);
enum err __real_admission_run(const struct admission *admission, const struct record *record,
                              struct outcome *ret);
enum err __wrap_admission_run(const struct admission *admission, const struct record *record,
                              struct outcome *ret);
bool __real_snapshot_rows_begin(struct store *store, const struct store_commit *commit);
bool __wrap_snapshot_rows_begin(struct store *store, const struct store_commit *commit);
enum err __real_snapshot_renew(struct store *store);
enum err __wrap_snapshot_renew(struct store *store);
void __real_store_view_close(struct store_view *view);
void __wrap_store_view_close(struct store_view *view);
uint64_t __real_order_state_time(const struct order_state *state, uint64_t previous_ms,
                                 uint64_t stamp_ms);
uint64_t __wrap_order_state_time(const struct order_state *state, uint64_t previous_ms,
                                 uint64_t stamp_ms);

enum err __wrap_store_view_find(struct store_view *view, const uint8_t id[RECORD_ID_LEN],
                                uint64_t *ret_index) {
    if (breaks_is(BREAK_DUPLICATE_TWICE)) return ERR_NOT_FOUND;
    return __real_store_view_find(view, id, ret_index);
}

void __wrap_store_head_encode(const struct store_head *head, uint8_t ret[STORE_HEAD_LEN]) {
    struct store_head changed = *head;
    if (breaks_is(BREAK_POSITION_LOST) && changed.position.revision > 1)
        changed.position.revision--;
    __real_store_head_encode(&changed, ret);
}

void __wrap_overlay_refuse(struct overlay *overlay) {
    if (!breaks_is(BREAK_REFUSED_TRACE)) __real_overlay_refuse(overlay);
}

enum err __wrap_admission_run(const struct admission *admission, const struct record *record,
                              struct outcome *ret) {
    const struct sim_node *node = sim_node_running();
    if (!breaks_is(BREAK_NODE_DIFFERS) || !node || node->index != 1 || record->hash[0] % 8)
        return __real_admission_run(admission, record, ret);
    memset(ret, 0, sizeof *ret);
    ret->kind = OUTCOME_REFUSED;
    (void)problem_set(&ret->problem, ERR_SCHEMA, "A deliberate fault.");
    return ERR_OK;
}

uint64_t __wrap_order_state_time(const struct order_state *state, uint64_t previous_ms,
                                 uint64_t stamp_ms) {
    if (!breaks_is(BREAK_TIME_UNBOUNDED))
        return __real_order_state_time(state, previous_ms, stamp_ms);
    return stamp_ms > previous_ms ? stamp_ms : previous_ms;
}

/* What was put beside the newest snapshot since the last commit may go with this one. */
bool __wrap_snapshot_rows_begin(struct store *store, const struct store_commit *commit) {
    struct sim_node *node = speaker();
    if (node) check_kept(node, store->newest);
    if (breaks_is(BREAK_STALE_ROWS)) return false;
    return breaks_is(BREAK_ROWS_LATE) || __real_snapshot_rows_begin(store, commit);
}

enum err __wrap_snapshot_renew(struct store *store) {
    enum err err = __real_snapshot_renew(store);
    struct sim_node *node = speaker();
    if (node && !err) check_kept(node, store->newest);
    return err;
}

void __wrap_store_view_close(struct store_view *view) {
    struct sim_node *node = speaker();
    if (node && view) check_kept(node, view->shared);
    __real_store_view_close(view);
}
