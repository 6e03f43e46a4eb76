/* See check.h: what is seen from inside. */
#include "tests/sim/check.h"

#include "api/call.h"
#include "ledger/crypto/sha256.h"
#include "ledger/proof/quorum.h"
#include "ledger/store/store_impl.h"
#include "tests/sim/trace.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#define N(value) ((unsigned long long)(value))
#define SLOT 512

static bool is_outside;

void check_from_outside(void) {
    is_outside = true;
}

/* -- what is kept in memory -- */

void check_kept(struct sim_node *node, const struct store_snapshot *snapshot) {
    struct problem why = {0};
    size_t rows;
    if (is_outside) return;
    disk_look(node->disk, true);
    enum err err = snapshot_check(snapshot ? snapshot : node->store->newest, &rows, &why);
    disk_look(node->disk, false);
    if (err) sim_fail("node %u: %s: %s", node->index, err_code(err), why.detail);
}

/* -- commits -- */

static uint64_t durable_size(const struct sim_node *node, struct store_head *ret) {
    struct store_key key = key_meta("head");
    struct bytes row, file;
    char path[DISK_PATH];
    if (!disk_durable_row(node->disk, key_bytes(&key), &row)) return 0;
    if (store_head_decode(row, ret)) sim_fail("node %u: its head row is damaged", node->index);
    (void)snprintf(path, sizeof path, "data/bodies/%08u.seg", ret->segment);
    if (!disk_durable_file(node->disk, path, &file) || file.len < ret->segment_end)
        sim_fail("node %u: its commit is durable, but the bodies are not", node->index);
    return ret->size;
}

static struct entry *entry_of(struct sim_node *node, const struct store_head *head) {
    struct entry *entry = model_find(node->cluster->model, head->position);
    if (!entry)
        sim_fail("node %u: position %llu was never ordered", node->index,
                 N(head->position.revision));
    if (entry->size != head->size || memcmp(entry->root, head->root, HASH_LEN) != 0)
        sim_fail("node %u: at position %llu size %llu and its root are not the model's (size %llu)",
                 node->index, N(head->position.revision), N(head->size), N(entry->size));
    if (head->time_ms != entry->time_ms)
        sim_fail("node %u: at position %llu ledger time is %llu, the model says %llu", node->index,
                 N(head->position.revision), N(head->time_ms), N(entry->time_ms));
    return entry;
}

static const char *kind_name(enum outcome_kind kind) {
    return kind == OUTCOME_ACCEPTED ? "accepted" : kind == OUTCOME_KNOWN ? "known" : "refused";
}

/* The submitter's answer about one record of that batch. */
static void tell(struct sim_node *node, struct entry *entry, const struct submission *submission) {
    const struct item *item = pool_find(node->cluster->pool, submission->record->canonical);
    enum outcome_kind kind = submission->outcome.kind;
    const char *expected = "nothing";
    for (uint32_t i = 0; i < entry->count; i++) {
        if (entry->items[i] != item || entry->is_told[i]) continue;
        expected = kind_name(entry->kinds[i]);
        if (entry->kinds[i] != kind) continue;
        entry->is_told[i] = true;
        return;
    }
    sim_fail("node %u: record %d is %s (%s), the model says %s", node->index,
             item ? (int)(item - node->cluster->pool->items) : -1, kind_name(kind),
             kind == OUTCOME_REFUSED ? submission->outcome.problem.detail : "", expected);
}

static void check_leaf(const struct sim_node *node, const struct record *record, uint64_t index) {
    uint64_t time_ms;
    uint8_t hash[32];
    if (index >= model_size(node->cluster->model))
        sim_fail("node %u: there is no leaf %llu", node->index, N(index));
    model_leaf(node->cluster->model, index, &time_ms, hash);
    if (memcmp(hash, record->hash, 32) != 0)
        sim_fail("node %u: leaf %llu is another record", node->index, N(index));
}

void check_commit(struct sim_node *node, const struct cosign_job *job) {
    struct store_head head = store_current(node->store), durable;
    struct entry *entry = entry_of(node, &head);
    trace("commits", (int)node->index, head.position.revision, head.size);
    if (job->size != head.size || memcmp(job->root, head.root, HASH_LEN) != 0)
        sim_fail("node %u: the cosigner is given another head than was committed", node->index);
    if (!is_outside && (durable_size(node, &durable) < head.size ||
                        position_compare(durable.position, head.position) < 0))
        sim_fail("node %u: size %llu was told and is not durable", node->index, N(head.size));
    for (const struct submission *at = job->submissions; at; at = at->next) {
        tell(node, entry, at);
        check_leaf(node, at->record, at->outcome.index);
    }
    if (position_compare(head.position, node->committed) < 0)
        sim_fail("node %u: its position falls", node->index);
    node->committed = head.position;
    node->committed_size = head.size;
    check_kept(node, NULL);
}

/* A genesis that stands alone has no position. */
static void check_head(struct sim_node *node, const struct store_head *head) {
    uint8_t root[32];
    if (head->position.revision > 0) {
        (void)entry_of(node, head);
        return;
    }
    model_root(node->cluster->model, 1, root);
    if (head->size != 1 || memcmp(head->root, root, HASH_LEN) != 0)
        sim_fail("node %u: its genesis is another", node->index);
}

void check_visible(struct sim_node *node) {
    struct store_view *view;
    struct store_head durable;
    threads_act_for(&node->process);
    enum err err = store_view_open(node->store, &view);
    threads_act_for(NULL);
    if (err == ERR_IO) return; /* a read failed */
    if (err) sim_fail("node %u: it cannot be read: %s", node->index, err_code(err));
    struct store_head head = store_view_head(view);
    store_view_close(view);
    check_head(node, &head);
    if (!is_outside && durable_size(node, &durable) < head.size)
        sim_fail("node %u: readers see size %llu, which is not durable", node->index, N(head.size));
}

void check_refused(struct sim_node *node, const struct submission *submission) {
    enum err err = submission->outcome.problem.err;
    /* The proposer's words: it was not ordered as far as this node knows. */
    if (err == ERR_NO_ORDER || err == ERR_DRAINING || err == ERR_NO_MEMORY) return;
    struct store_head head = store_current(node->store);
    struct entry *entry = entry_of(node, &head);
    if (entry->is_skipped)
        sim_fail("node %u: its own batch was skipped: %s", node->index,
                 submission->outcome.problem.detail);
    tell(node, entry, submission);
}

void check_start(struct sim_node *node) {
    struct store_head head = store_current(node->store);
    struct model *model = node->cluster->model;
    if (!node->was_put_back && position_compare(head.position, node->committed) < 0)
        sim_fail("node %u: it had told of position %llu and comes back at %llu", node->index,
                 N(node->committed.revision), N(head.position.revision));
    check_head(node, &head);
    check_kept(node, NULL);
    if (!node->cluster->log) model_forget(model, head.position);
    node->committed = head.position;
    node->committed_size = head.size;
}

/* -- signatures -- */

void check_signed(struct sim_node *node, struct bytes text) {
    struct cluster *cluster = node->cluster;
    struct checkpoint checkpoint;
    uint8_t root[32];
    if (checkpoint_parse(text, &checkpoint)) sim_fail("node %u signs no head", node->index);
    uint64_t size = checkpoint.size;
    if (size == 0 || size > model_size(cluster->model))
        sim_fail("node %u signs size %llu, which nobody ordered", node->index, N(size));
    if (cluster->has_root[size] && memcmp(cluster->roots[size], checkpoint.root, 32) != 0)
        sim_fail("node %u signs a second root of size %llu", node->index, N(size));
    model_root(cluster->model, size, root);
    if (memcmp(root, checkpoint.root, 32) != 0)
        sim_fail("node %u signs a root of size %llu that is not the model's", node->index, N(size));
    cluster->has_root[size] = true;
    memcpy(cluster->roots[size], checkpoint.root, 32);
}

/* What the last-signed file would say after the worst power cut. Read without the product's code. */
static uint64_t durable_lastsigned(const struct sim_node *node, uint8_t ret_root[32]) {
    struct bytes file;
    uint8_t sum[32];
    uint64_t sequence = 0, size = 0;
    if (!disk_durable_file(node->disk, "keys/last-signed", &file) || file.len != 2 * SLOT)
        sim_fail("node %u: its last-signed file is gone", node->index);
    for (const uint8_t *slot = file.data; slot < file.data + file.len; slot += SLOT) {
        sha256(bytes_of(slot, SLOT - 32), sum);
        if (memcmp(sum, slot + SLOT - 32, 32) != 0 || get_u64(slot + 8) < sequence) continue;
        sequence = get_u64(slot + 8);
        size = get_u64(slot + 48);
        memcpy(ret_root, slot + 56, 32);
    }
    return size;
}

static void check_promises(struct sim_node *node, uint64_t size, const uint8_t root[32]) {
    struct store_head head;
    uint8_t signed_root[32];
    if (is_outside) return;
    if (durable_size(node, &head) < size)
        sim_fail("node %u shows size %llu before it is on its disk", node->index, N(size));
    uint64_t last = durable_lastsigned(node, signed_root);
    if (last < size || (last == size && memcmp(signed_root, root, 32) != 0))
        sim_fail("node %u shows size %llu, and its last-signed file says %llu", node->index,
                 N(size), N(last));
}

/* -- the quorum: what peers will do for each other -- */

/* The lines of a note, behind its text and the empty line. */
static struct bytes lines_of(struct bytes note) {
    size_t at = 0;
    do at = bytes_find(note, '\n', at) + 1;
    while (at < note.len && note.data[at] != '\n');
    return at < note.len ? bytes_slice(note, at + 1, note.len) : bytes_of(NULL, 0);
}

static const struct shown *shown_of(const struct cluster *cluster, size_t node, uint64_t size) {
    for (size_t i = 0; i < LINES_KEPT; i++)
        if (cluster->shown[node][i].size == size) return &cluster->shown[node][i];
    return NULL;
}

/* One note with the lines of the first `wanted` nodes that showed that size; false where there are fewer. */
static bool note_join(const struct cluster *cluster, uint64_t size, unsigned wanted,
                      struct buf *out) {
    unsigned count = 0;
    enum err err = ERR_OK;
    for (size_t i = 0; !err && i < cluster->node_count && count < wanted; i++) {
        const struct shown *shown = shown_of(cluster, i, size);
        if (!shown) continue;
        struct bytes note = buf_bytes(&shown->note);
        err = buf_add(out, count++ ? lines_of(note) : note);
    }
    assert(!err);
    return count == wanted;
}

static enum err meets_policy(const struct cluster *cluster, struct bytes note) {
    struct policy_result result = {0};
    struct problem why;
    enum err err = policy_check(cluster->pool->policy, note, &result, &why);
    policy_result_done(&result);
    return err;
}

static void check_quorum(struct cluster *cluster, uint64_t size) {
    unsigned q = quorum_of((unsigned)cluster->node_count).q;
    struct buf note;
    buf_init(&note, LIMIT_NOTE);
    if (q > 1 && note_join(cluster, size, q - 1, &note) &&
        meets_policy(cluster, buf_bytes(&note)) != ERR_POLICY)
        sim_fail("%u of %zu nodes make size %llu final", q - 1, cluster->node_count, N(size));
    buf_clear(&note);
    if (size > cluster->final_size && note_join(cluster, size, q, &note)) {
        enum err err = meets_policy(cluster, buf_bytes(&note));
        if (err) sim_fail("%u nodes signed size %llu: %s", q, N(size), err_code(err));
        trace("is final", -1, size, q);
        cluster->final_size = size;
        buf_done(&cluster->final_note);
        cluster->final_note = note;
        return;
    }
    buf_done(&note);
}

static void shown_keep(struct cluster *cluster, unsigned node, uint64_t size, struct bytes note) {
    if (shown_of(cluster, node, size)) return;
    struct shown *shown = &cluster->shown[node][cluster->shown_next[node]++ % LINES_KEPT];
    buf_done(&shown->note);
    buf_init(&shown->note, LIMIT_NOTE);
    enum err err = buf_add(&shown->note, note);
    assert(!err);
    shown->size = size;
}

void check_shown(struct sim_node *node, uint64_t size, const uint8_t root[32], struct bytes note) {
    trace("shows", (int)node->index, size, 0);
    check_promises(node, size, root);
    if (size < node->shown_size)
        sim_fail("node %u shows size %llu behind %llu", node->index, N(size), N(node->shown_size));
    node->shown_size = size;
    shown_keep(node->cluster, node->index, size, note);
    check_quorum(node->cluster, size);
}

void check_cosigned(struct sim_node *by, struct bytes note, struct bytes lines) {
    struct checkpoint checkpoint;
    struct buf mine;
    struct bytes text = bytes_slice(note, 0, note.len - lines_of(note).len - 1);
    if (checkpoint_parse(text, &checkpoint)) sim_fail("a note of ours has no head");
    trace("cosigns", (int)by->index, checkpoint.size, 0);
    check_promises(by, checkpoint.size, checkpoint.root);
    struct bytes log_line, rest = lines_of(note);
    if (!bytes_line(&rest, &log_line)) sim_fail("a note of ours has no line");
    buf_init(&mine, LIMIT_NOTE);
    enum err err = buf_add(&mine, bytes_slice(note, 0, (size_t)(rest.data - note.data)));
    if (!err) err = buf_add(&mine, lines);
    assert(!err);
    shown_keep(by->cluster, by->index, checkpoint.size, buf_bytes(&mine));
    buf_done(&mine);
    check_quorum(by->cluster, checkpoint.size);
}

/* -- answers -- */

/* What the answer's receipt is made from, without a look at the store. */
static void check_told(struct sim_node *node, const struct submission *submission) {
    uint64_t index = submission->outcome.index, time_ms;
    uint8_t hash[32], leaf[LEAF_LEN];
    if (submission->outcome.kind != OUTCOME_ACCEPTED) return; /* then it is read */
    struct receipt_of of = receipt_of_record(submission->record, index, submission->time_ms);
    model_leaf(node->cluster->model, index, &time_ms, hash);
    leaf_encode(time_ms, hash, leaf);
    sha256(of.record->canonical, hash);
    if (of.time_ms != time_ms || memcmp(of.leaf, leaf, LEAF_LEN) != 0 ||
        memcmp(leaf + LEAF_LEN - sizeof hash, hash, sizeof hash) != 0)
        sim_fail("node %u: the receipt of leaf %llu is not of that leaf", node->index, N(index));
}

void check_final(struct sim_node *node, const struct submission *submission) {
    struct cluster *cluster = node->cluster;
    struct api_checkpoint checkpoint;
    uint64_t index = submission->outcome.index;
    trace("answers", (int)node->index, index, submission->outcome.kind);
    if (published_get(node->published, &checkpoint))
        sim_fail("node %u answers before any head is published", node->index);
    if (checkpoint.size <= index)
        sim_fail("node %u says that leaf %llu is final, and publishes size %llu", node->index,
                 N(index), N(checkpoint.size));
    published_release(&checkpoint);
    check_leaf(node, submission->record, index);
    check_told(node, submission);
    cluster->is_acked[index] = true;
    memcpy(cluster->acked[index], submission->record->hash, 32);
}

void check_known(struct sim_node *node, const struct item *item, uint64_t index) {
    uint64_t time_ms;
    uint8_t hash[32];
    if (index == 0 || index >= model_size(node->cluster->model))
        sim_fail("node %u knows a record as leaf %llu", node->index, N(index));
    model_leaf(node->cluster->model, index, &time_ms, hash);
    if (memcmp(hash, item->hash, 32) != 0)
        sim_fail("node %u knows a record as leaf %llu, which is another", node->index, N(index));
}

void check_acked(struct cluster *cluster) {
    uint64_t time_ms;
    uint8_t hash[32];
    for (uint64_t i = 0; i < MODEL_LEAVES; i++) {
        if (!cluster->is_acked[i]) continue;
        if (i >= model_size(cluster->model)) sim_fail("leaf %llu was told and is lost", N(i));
        model_leaf(cluster->model, i, &time_ms, hash);
        if (memcmp(hash, cluster->acked[i], 32) != 0)
            sim_fail("leaf %llu was told and is another record now", N(i));
    }
}
