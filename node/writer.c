/* See writer.h. The tip, the overlay and the round belong to the writer's thread; the inbox and health are guarded by `lock`. */
#include "node/writer.h"

#include "api/log.h"
#include "api/metrics.h"
#include "node/clock.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define INBOX_MAX 1   /* one batch waits while one is applied: the next one grows meanwhile */
#define RETRY_MS 1000 /* between two tries on a full disk */
#define CLOCK_BEHIND_MS 2000 /* further behind the ledger than this is worth a warning */

struct writer {
    struct writer_options options;
    struct machine_tip tip;
    pthread_t thread;
    uint64_t warned_ms;

    pthread_mutex_t lock; /* guards what follows */
    pthread_cond_t changed;
    struct delivery *first, **last;
    size_t waiting;
    bool is_draining; /* a full disk is waited for no longer */
    bool is_closed;
    enum err health;
};

/* What one round works on: some deliveries, their effects, one commit. */
struct round {
    struct store_view *view;
    struct overlay *overlay;
    struct machine_tip tip;
    struct delivery *delivery;
    struct effects effects;
};

static enum err sink_deliver(void *ctx, struct delivery *delivery) {
    struct writer *writer = ctx;
    pthread_mutex_lock(&writer->lock);
    while (writer->waiting >= INBOX_MAX && !writer->is_closed) {
        pthread_cond_wait(&writer->changed, &writer->lock);
    }
    enum err err = writer->is_closed ? ERR_DRAINING : ERR_OK;
    if (!err) {
        delivery->next = NULL;
        *writer->last = delivery;
        writer->last = &delivery->next;
        writer->waiting++;
        pthread_cond_broadcast(&writer->changed);
    }
    pthread_mutex_unlock(&writer->lock);
    return err;
}

struct order_sink writer_sink(struct writer *writer) {
    struct order_sink sink = {writer, sink_deliver};
    return sink;
}

static struct delivery *inbox_take(struct writer *writer) {
    pthread_mutex_lock(&writer->lock);
    while (!writer->first && !writer->is_closed) pthread_cond_wait(&writer->changed, &writer->lock);
    struct delivery *delivery = writer->first;
    if (delivery) {
        writer->first = delivery->next;
        if (!writer->first) writer->last = &writer->first;
        writer->waiting--;
        pthread_cond_broadcast(&writer->changed);
    }
    pthread_mutex_unlock(&writer->lock);
    return delivery;
}

static void set_health(struct writer *writer, enum err health) {
    pthread_mutex_lock(&writer->lock);
    writer->health = health;
    pthread_mutex_unlock(&writer->lock);
}

enum err writer_health(struct writer *writer) {
    pthread_mutex_lock(&writer->lock);
    enum err health = writer->health;
    pthread_mutex_unlock(&writer->lock);
    return health;
}

/* Sleeps before the next try. False where the node is stopping: then the round is given up. */
static bool wait_for_room(struct writer *writer) {
    struct timespec until = clock_after(RETRY_MS);
    pthread_mutex_lock(&writer->lock);
    int rc = 0;
    while (!writer->is_draining && !writer->is_closed && !rc) {
        rc = pthread_cond_timedwait(&writer->changed, &writer->lock, &until);
    }
    bool go_on = !writer->is_draining && !writer->is_closed;
    pthread_mutex_unlock(&writer->lock);
    return go_on;
}

static void round_done(struct round *round) {
    effects_done(&round->effects);
    overlay_close(round->overlay);
    store_view_close(round->view);
    delivery_done(round->delivery);
}

/* Computes the effects of the delivery; nothing outside *round changes. */
static enum err round_apply(struct writer *writer, struct round *round) {
    struct machine_checked *checked = NULL;
    size_t count = 0;
    for (const struct submission *at = round->delivery->submissions; at; at = at->next) count++;
    if (count) checked = calloc(count, sizeof *checked);
    if (count && !checked) return ERR_NO_MEMORY;
    count = 0;
    for (const struct submission *at = round->delivery->submissions; at; at = at->next) {
        checked[count].record = at->record;
        checked[count++].signature_ok = true; /* the API verified it before it submitted */
    }
    enum err err = store_view_open(writer->options.store, &round->view);
    if (!err) err = overlay_open(api_state_view(round->view), &round->overlay);
    round->tip = writer->tip;
    if (!err) {
        err = machine_apply(writer->options.machine, round->overlay, &round->tip,
                            round->delivery->position, buf_bytes(&round->delivery->batch), checked,
                            &round->effects);
    }
    free(checked);
    return err;
}

/* One store_commit, tried again while the disk is full. */
static enum err round_commit(struct writer *writer, struct round *round,
                             struct store_head *ret_head, struct problem *ret_why) {
    struct buf order;
    buf_init(&order, LIMIT_GENESIS);
    struct store_commit commit = {.position = round->delivery->position,
                                  .time_ms = round->tip.time_ms,
                                  .entries = round->effects.entries,
                                  .entry_count = round->effects.entry_count};
    enum err err = overlay_writes(round->overlay, &commit.writes, &commit.write_count);
    if (!err) err = order_state_encode(&round->tip.order, &order);
    commit.order_state = buf_bytes(&order);
    uint64_t started_us = clock_monotonic_us();
    while (!err) {
        err = store_commit(writer->options.store, &commit, ret_head, ret_why);
        if (err != ERR_DISK_FULL) break;
        if (writer_health(writer) != ERR_DISK_FULL) {
            log_event(LOG_ERROR, "disk_full", "action",
                      "new records are refused until there is room", NULL);
        }
        set_health(writer, ERR_DISK_FULL);
        if (wait_for_room(writer)) err = ERR_OK;
    }
    buf_done(&order);
    if (err) return err;
    set_health(writer, ERR_OK);
    metric_add(METRIC_COMMITS, 1);
    metric_add(METRIC_COMMIT_MICROSECONDS, clock_monotonic_us() - started_us);
    metric_set(METRIC_TREE_SIZE, ret_head->size);
    return ERR_OK;
}

static uint64_t leaf_time(struct writer *writer, uint64_t index) {
    struct store_view *view;
    if (store_view_open(writer->options.store, &view)) return 0;
    uint8_t leaf[LEAF_LEN], hash[32];
    uint64_t time_ms = 0;
    enum err err = store_view_leaf(view, index, leaf);
    if (!err) err = leaf_decode(leaf, &time_ms, hash);
    store_view_close(view);
    return err ? 0 : time_ms;
}

/* Answers the refused at once and gives the list of those that wait for a final checkpoint. */
static struct submission *round_answer(struct writer *writer, struct round *round) {
    struct submission *waiting = NULL, **last = &waiting;
    struct submission *at = round->delivery->submissions;
    round->delivery->submissions = NULL;
    for (size_t i = 0; at; i++) {
        struct submission *next = at->next;
        at->next = NULL;
        assert(round->effects.is_skipped || i < round->effects.outcome_count);
        if (round->effects.is_skipped) {
            at->outcome.kind = OUTCOME_REFUSED;
            at->outcome.problem = round->effects.skipped_why;
        } else {
            outcome_copy(&at->outcome, &round->effects.outcomes[i]);
        }
        if (at->outcome.kind == OUTCOME_REFUSED) {
            metric_refused(at->outcome.problem.err);
            submission_finish(at, SUBMISSION_REFUSED);
            submission_release(at);
        } else {
            bool is_new = at->outcome.kind == OUTCOME_ACCEPTED;
            metric_add(is_new ? METRIC_RECORDS_ACCEPTED : METRIC_RECORDS_KNOWN, 1);
            at->time_ms = is_new ? round->effects.time_ms : leaf_time(writer, at->outcome.index);
            *last = at;
            last = &at->next;
        }
        at = next;
    }
    return waiting;
}

static void warn_of_clock(struct writer *writer) {
    uint64_t now = clock_unix_ms();
    if (now + CLOCK_BEHIND_MS >= writer->tip.time_ms || now - writer->warned_ms < 60000) return;
    writer->warned_ms = now;
    char behind[LOG_NUMBER_LEN];
    log_event(LOG_WARN, "clock_behind_ledger", "ms", log_number(writer->tip.time_ms - now, behind),
              "effect",
              "leaf times stand still until the clock catches up; check time synchronisation",
              NULL);
}

static enum err round_run(struct writer *writer, struct delivery *delivery,
                          struct problem *ret_why) {
    struct round round;
    memset(&round, 0, sizeof round);
    round.delivery = delivery;
    struct store_head head;
    enum err err = round_apply(writer, &round);
    if (!err) err = round_commit(writer, &round, &head, ret_why);
    if (!err) {
        metric_add(round.effects.is_skipped ? METRIC_BATCHES_SKIPPED : METRIC_BATCHES_APPLIED, 1);
        writer->tip = round.tip;
        assert(head.size == writer->tip.size);
        struct cosign_job job = {.size = head.size, .submissions = round_answer(writer, &round)};
        memcpy(job.root, head.root, HASH_LEN);
        cosigner_push(writer->options.cosigner, job);
        warn_of_clock(writer);
    }
    round_done(&round);
    return err;
}

static void *writer_main(void *arg) {
    struct writer *writer = arg;
    struct delivery *delivery;
    while ((delivery = inbox_take(writer))) {
        struct problem why;
        (void)problem_set(&why, ERR_INTERNAL, "An ordered batch could not be applied.");
        enum err err = round_run(writer, delivery, &why);
        if (!err) continue;
        pthread_mutex_lock(&writer->lock);
        writer->health = err;
        writer->is_closed = true;
        pthread_cond_broadcast(&writer->changed);
        pthread_mutex_unlock(&writer->lock);
        writer->options.fatal(writer->options.fatal_ctx, err, &why);
        break;
    }
    return NULL;
}

enum err writer_start(const struct writer_options *options, struct writer **ret) {
    struct writer *writer = calloc(1, sizeof *writer);
    if (!writer) return ERR_NO_MEMORY;
    writer->options = *options;
    writer->tip = options->tip;
    writer->last = &writer->first;
    pthread_condattr_t attributes;
    (void)pthread_condattr_init(&attributes);
    (void)pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    (void)pthread_mutex_init(&writer->lock, NULL);
    (void)pthread_cond_init(&writer->changed, &attributes);
    (void)pthread_condattr_destroy(&attributes);
    warn_of_clock(writer);
    if (pthread_create(&writer->thread, NULL, writer_main, writer)) {
        free(writer);
        return ERR_NO_MEMORY;
    }
    *ret = writer;
    return ERR_OK;
}

void writer_drain(struct writer *writer) {
    if (!writer) return;
    pthread_mutex_lock(&writer->lock);
    writer->is_draining = true;
    pthread_cond_broadcast(&writer->changed);
    pthread_mutex_unlock(&writer->lock);
}

void writer_join(struct writer *writer) {
    if (!writer) return;
    pthread_mutex_lock(&writer->lock);
    writer->is_closed = true;
    pthread_cond_broadcast(&writer->changed);
    pthread_mutex_unlock(&writer->lock);
    (void)pthread_join(writer->thread, NULL);
}

void writer_close(struct writer *writer) {
    if (!writer) return;
    while (writer->first) {
        struct delivery *next = writer->first->next;
        delivery_done(writer->first);
        writer->first = next;
    }
    (void)pthread_cond_destroy(&writer->changed);
    (void)pthread_mutex_destroy(&writer->lock);
    free(writer);
}

/* Leaf 0 through the one commit point. */
static enum err commit_genesis(struct store *store, const struct machine *machine,
                               struct machine_tip *tip, struct problem *ret_why) {
    struct store_view *view = NULL;
    struct overlay *overlay = NULL;
    struct store_entry entry;
    struct store_commit commit = {.entries = &entry, .entry_count = 1};
    struct store_head head;
    struct buf order;
    buf_init(&order, LIMIT_GENESIS);
    enum err err = store_view_open(store, &view);
    if (!err) err = overlay_open(api_state_view(view), &overlay);
    if (!err) err = machine_begin(machine, overlay, tip, &entry);
    if (!err) err = overlay_writes(overlay, &commit.writes, &commit.write_count);
    if (!err) err = order_state_encode(&tip->order, &order);
    if (!err) {
        commit.position = tip->order.position;
        commit.time_ms = tip->time_ms;
        commit.order_state = buf_bytes(&order);
        err = store_commit(store, &commit, &head, ret_why);
    }
    assert(err || head.size == 1);
    buf_done(&order);
    overlay_close(overlay);
    store_view_close(view);
    return err;
}

static enum err read_tip(struct store *store, struct machine_tip *ret, struct problem *ret_why) {
    struct store_view *view;
    struct buf order;
    enum err err = store_view_open(store, &view);
    if (err) return err;
    buf_init(&order, LIMIT_GENESIS);
    struct store_head head = store_view_head(view);
    err = store_view_order(view, &order);
    if (!err) err = order_state_decode(buf_bytes(&order), &ret->order);
    if (!err && position_compare(ret->order.position, head.position) != 0) err = ERR_CORRUPT;
    ret->size = head.size;
    ret->time_ms = head.time_ms;
    buf_done(&order);
    store_view_close(view);
    return err ? problem_set(ret_why, err,
                             "The order state in the store cannot be read. Run `qizheng fsck`.")
               : ERR_OK;
}

enum err writer_prepare(struct store *store, const struct machine *machine, struct machine_tip *ret,
                        struct problem *ret_why) {
    memset(ret, 0, sizeof *ret);
    if (store_current(store).size) return read_tip(store, ret, ret_why);
    (void)problem_set(ret_why, ERR_PROTOCOL,
                      "The genesis asks for rules or a protocol that this program does not know.");
    return commit_genesis(store, machine, ret, ret_why);
}
