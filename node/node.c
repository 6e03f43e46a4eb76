/* See node.h. */
#include "node/node.h"

#include "api/chains.h"
#include "api/log.h"
#include "api/metrics.h"
#include "api/server.h"
#include "api/spool.h"
#include "contracts/state_keys.h"
#include "ledger/base/text.h"
#include "ledger/crypto/secret.h"
#include "ledger/proof/quorum.h"
#include "ledger/store/entropy.h"
#include "node/clock.h"
#include "node/descriptors.h"
#include "node/evaluator.h"
#include "node/keycache.h"
#include "node/proposer.h"
#include "node/uploader.h"
#include "node/usedtokens.h"
#include "node/writer.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define READY_AGE_S 90
#define DRAIN_MS 15000
#define WAIT_DEFAULT_MS 10000
#define WAIT_MAX_MS 60000
#define WAIT_PIECE_MS                                                                              \
    250 /* of a caller's wait, before it is asked whether the node goes on at all */

struct node {
    const struct config *config;
    struct genesis *genesis;
    size_t index; /* in the genesis */
    struct nodekey keys;
    struct vkey *logs, *cosigners; /* of all nodes, in the genesis' order */
    struct vkey *foreign;
    struct buf policy_text;
    struct policy *policy;
    struct store *store;
    struct lastsigned *lastsigned;
    struct keycache *keycache;
    struct machine machine;
    struct published *published;
    struct usedtokens *usedtokens;
    struct evaluator *evaluator;
    struct queue *queue;
    struct cosigner *cosigner;
    struct writer *writer;
    struct order order;
    struct proposer *proposer;
    struct spool *spool;
    struct uploader *uploader;
    struct api api;
    struct server *server;
    atomic_bool is_draining;
    atomic_bool has_failed; /* nothing becomes final any more: nobody waits for it */
    void (*fatal)(void *ctx);
    void *fatal_ctx;
};

/* -- what the API asks of its host -- */

/* Whether records are taken. The disk is asked each time, so that the first one that would not fit is refused and not held. */
static enum err health_of(struct node *node) {
    if (atomic_load(&node->is_draining)) return ERR_DRAINING;
    enum err health = writer_health(node->writer);
    return health ? health : store_room(node->store, NULL);
}

static enum err host_submit(void *ctx, struct record *record, struct submission **ret,
                            struct problem *ret_why) {
    struct node *node = ctx;
    enum err health = health_of(node);
    if (health) {
        record_done(record);
        return problem_set(
            ret_why, health,
            "Nothing was recorded. Send the record again later, or to another node.");
    }
    struct submission *submission = submission_new(record);
    if (!submission)
        return problem_set(ret_why, ERR_NO_MEMORY,
                           "Nothing was recorded. Send the record again later.");
    enum err err = queue_push(node->queue, submission);
    if (err) {
        submission_release(submission);
        submission_release(submission);
        if (err == ERR_QUEUE_FULL) metric_add(METRIC_QUEUE_REFUSED, 1);
        return problem_set(ret_why, err,
                           "Nothing was recorded. Send the record again in a second.");
    }
    *ret = submission;
    return ERR_OK;
}

/* The next piece of a wait of which *left_ms are left; 0 where it is over. */
static uint64_t wait_piece(struct node *node, uint64_t *left_ms) {
    if (atomic_load(&node->has_failed)) *left_ms = 0;
    uint64_t piece = *left_ms < WAIT_PIECE_MS ? *left_ms : WAIT_PIECE_MS;
    *left_ms -= piece;
    return piece;
}

static void host_wait(void *ctx, struct submission *submission, uint64_t timeout_ms,
                      struct submission_result *ret) {
    do {
        ret->state = submission_wait(submission, wait_piece(ctx, &timeout_ms));
    } while (ret->state == SUBMISSION_RECEIVED && timeout_ms > 0);
    ret->outcome = ret->state == SUBMISSION_RECEIVED ? NULL : &submission->outcome;
    ret->time_ms = ret->state == SUBMISSION_FINAL ? submission->time_ms : 0;
    ret->record = submission->record;
}

static void host_release(void *ctx, struct submission *submission) {
    (void)ctx;
    submission_release(submission);
}

static bool host_wait_final(void *ctx, uint64_t index, uint64_t timeout_ms) {
    struct node *node = ctx;
    bool is_final = false;
    do {
        is_final = published_wait(node->published, index, wait_piece(node, &timeout_ms));
    } while (!is_final && timeout_ms > 0);
    return is_final;
}

static enum err host_checkpoint(void *ctx, struct api_checkpoint *ret) {
    struct node *node = ctx;
    return published_get(node->published, ret);
}

static void host_checkpoint_release(void *ctx, struct api_checkpoint *checkpoint) {
    (void)ctx;
    published_release(checkpoint);
}

static enum err host_cosign_add(void *ctx, struct bytes body, int *ret_status,
                                uint64_t *ret_known_size, struct buf *ret_lines,
                                struct problem *ret_why) {
    struct node *node = ctx;
    return cosigner_add(node->cosigner, body, ret_status, ret_known_size, ret_lines, ret_why);
}

static enum err host_ready(void *ctx, struct problem *ret_why) {
    struct node *node = ctx;
    struct api_checkpoint checkpoint;
    if (atomic_load(&node->is_draining))
        return problem_set(ret_why, ERR_DRAINING, "The node is shutting down.");
    enum err health = health_of(node);
    if (health)
        return problem_set(ret_why, health, "The node takes no records: %s.", err_title(health));
    enum err err = published_get(node->published, &checkpoint);
    if (err) return problem_set(ret_why, ERR_NO_QUORUM, "No checkpoint is final yet.");
    uint64_t now_s = clock_unix_ms() / 1000, time_s = checkpoint.time_s;
    published_release(&checkpoint);
    if (now_s <= time_s + READY_AGE_S) return ERR_OK;
    return problem_set(ret_why, ERR_NO_QUORUM, "The newest final checkpoint is %llu s old.",
                       (unsigned long long)(now_s - time_s));
}

static enum err host_token_once(void *ctx, const char *issuer, const uint8_t digest[32],
                                int64_t exp_s, bool *ret_first) {
    struct node *node = ctx;
    int64_t now_s = (int64_t)(clock_unix_ms() / 1000);
    return usedtokens_add(node->usedtokens, issuer, digest, now_s, exp_s, ret_first);
}

static enum err host_tags_evaluate(void *ctx, const struct api_tags *ask, struct api_tags_made *ret,
                                   struct problem *ret_why) {
    struct node *node = ctx;
    return evaluator_ask(node->evaluator, ask, clock_unix_ms(), ret, ret_why);
}

static uint64_t host_clock_ms(void *ctx) {
    (void)ctx;
    return clock_unix_ms();
}

static enum err put_hex(struct json *object, const char *name, const uint8_t bytes[32]) {
    char hex[65];
    hex_encode(bytes_of(bytes, 32), hex);
    return json_put_text(object, name, hex);
}

static enum err status_fill(struct node *node, struct json *json) {
    struct store_head head = store_current(node->store);
    struct api_checkpoint checkpoint = {0};
    bool has_final = published_get(node->published, &checkpoint) == ERR_OK;
    struct quorum quorum = quorum_of((unsigned)node->genesis->node_count);
    enum err err = json_put_text(json, "node", node->config->node.name);
    if (!err) err = json_put_text(json, "origin", node->genesis->origin);
    if (!err) err = put_hex(json, "ledger", node->genesis->ledger_id);
    if (!err) err = json_put_int(json, "tree_size", (int64_t)head.size);
    if (!err) err = put_hex(json, "root", head.root);
    if (!err) err = json_put_int(json, "ledger_time", (int64_t)head.time_ms);
    if (!err) err = json_put_int(json, "final_size", (int64_t)(has_final ? checkpoint.size : 0));
    if (!err) err = json_put_int(json, "final_time", (int64_t)(has_final ? checkpoint.time_s : 0));
    if (!err) err = json_put_text(json, "order", node->order.kind);
    if (!err) err = json_put_int(json, "epoch", (int64_t)head.position.epoch);
    if (!err) err = json_put_int(json, "revision", (int64_t)head.position.revision);
    if (!err) err = json_put_int(json, "queue", (int64_t)queue_count(node->queue));
    if (!err) err = json_put_int(json, "queue_max", (int64_t)node->config->http.queue_records);
    if (!err) err = json_put_int(json, "tags_per_day", node->config->limits.tags_per_day);
    if (!err) err = json_put_int(json, "lookups_per_day", node->config->limits.lookups_per_day);
    if (!err) err = json_put_int(json, "nodes", quorum.n);
    if (!err) err = json_put_int(json, "quorum", quorum.q);
    if (!err) err = json_put_text(json, "health", err_code(writer_health(node->writer)));
    if (has_final) published_release(&checkpoint);
    return err;
}

static enum err host_status(void *ctx, struct json **ret) {
    struct json *json = json_new_object();
    enum err err = json ? status_fill(ctx, json) : ERR_NO_MEMORY;
    if (err)
        json_done(json);
    else
        *ret = json;
    return err;
}

/* -- start -- */

static enum err path_join(const char *folder, const char *name, char *out, size_t len,
                          struct problem *ret_why) {
    int wrote = snprintf(out, len, "%s/%s", folder, name);
    if (wrote > 0 && (size_t)wrote < len) return ERR_OK;
    return problem_set(ret_why, ERR_CONFIG, "The path of %s is too long.", name);
}

static enum err genesis_load(struct node *node, struct problem *ret_why) {
    char path[4096];
    struct buf text;
    enum err err = path_join(node->config->data_dir, "genesis.json", path, sizeof path, ret_why);
    if (err) return err;
    FILE *file = fopen(path, "rb");
    if (!file) {
        return problem_set(ret_why, ERR_CONFIG,
                           "%s cannot be opened: %s. `qizheng init` makes a new ledger.", path,
                           strerror(errno));
    }
    buf_init(&text, LIMIT_GENESIS);
    uint8_t chunk[4096];
    size_t got;
    while (!err && (got = fread(chunk, 1, sizeof chunk, file)) > 0)
        err = buf_add(&text, bytes_of(chunk, got));
    (void)fclose(file);
    if (err)
        (void)problem_set(ret_why, err, "%s is larger than %d bytes.", path, LIMIT_GENESIS);
    else
        err = genesis_parse(buf_bytes(&text), &node->genesis, ret_why);
    buf_done(&text);
    return err;
}

static enum err seed_read(const struct node *node, uint8_t seed[NODEKEY_SEED_LEN],
                          struct problem *ret_why) {
    char path[4096];
    struct buf text;
    enum err err = path_join(node->config->node.keys_dir, "node.seed", path, sizeof path, ret_why);
    if (err) return err;
    buf_init(&text, 256);
    err = keyfile_read(path, 256, &text, ret_why);
    if (!err) {
        struct bytes hex = buf_bytes(&text);
        if (hex.len && hex.data[hex.len - 1] == '\n') hex.len--;
        err = hex_decode(hex, seed, NODEKEY_SEED_LEN);
        if (err)
            err = problem_set(ret_why, ERR_KEY, "%s must hold 64 lower-case hex digits.", path);
        secret_wipe(text.data, text.len);
    }
    buf_done(&text);
    return err;
}

/* The seed must give the very keys that the genesis lists under this node's name. */
static enum err keys_check(struct node *node, struct problem *ret_why) {
    const struct genesis_node *listed = &node->genesis->nodes[node->index];
    struct vkey log, cosigner;
    enum err err = vkey_make(node->genesis->origin, NOTE_TYPE_ED25519,
                             key_secret_public(node->keys.log), &log);
    if (!err)
        err = vkey_make(listed->name, NOTE_TYPE_COSIGNATURE, key_secret_public(node->keys.cosigner),
                        &cosigner);
    if (err)
        return problem_set(ret_why, err, "The origin or the node name cannot stand in a note.");
    bool same = vkey_same(&log, &node->logs[node->index]) &&
                vkey_same(&cosigner, &node->cosigners[node->index]) &&
                strcmp(key_secret_public(node->keys.auth)->kid, listed->auth.kid) == 0;
    if (same) return ERR_OK;
    return problem_set(ret_why, ERR_KEY,
                       "node.seed does not give the keys that the genesis lists for %s. It belongs "
                       "to another node or ledger.",
                       listed->name);
}

static enum err vkeys_load(struct node *node, struct problem *ret_why) {
    size_t count = node->genesis->node_count;
    node->logs = calloc(count, sizeof *node->logs);
    node->cosigners = calloc(count, sizeof *node->cosigners);
    enum err err = node->logs && node->cosigners ? ERR_OK : ERR_NO_MEMORY;
    for (size_t i = 0; !err && i < count; i++) {
        err = vkey_parse(bytes_text(node->genesis->nodes[i].log_vkey), &node->logs[i], ret_why);
        if (!err)
            err = vkey_parse(bytes_text(node->genesis->nodes[i].cosigner_vkey), &node->cosigners[i],
                             ret_why);
    }
    return err;
}

static enum err identity_load(struct node *node, struct problem *ret_why) {
    const struct genesis *genesis = node->genesis;
    while (node->index < genesis->node_count &&
           strcmp(genesis->nodes[node->index].name, node->config->node.name) != 0)
        node->index++;
    if (node->index == genesis->node_count) {
        return problem_set(ret_why, ERR_CONFIG, "node.name is %s, which the genesis does not list.",
                           node->config->node.name);
    }
    if (genesis->node_count != 1) {
        return problem_set(ret_why, ERR_CONFIG,
                           "order.kind is solo, but the genesis lists %zu nodes.",
                           genesis->node_count);
    }
    uint8_t seed[NODEKEY_SEED_LEN];
    enum err err = vkeys_load(node, ret_why);
    if (!err) err = seed_read(node, seed, ret_why);
    if (err) return err;
    err = nodekey_derive(seed, &node->keys);
    secret_wipe(seed, sizeof seed);
    if (!err) err = keys_check(node, ret_why);
    if (!err)
        err = policy_format(node->logs, node->cosigners, genesis->node_count, node->index,
                            &node->policy_text);
    if (!err) err = policy_parse(buf_bytes(&node->policy_text), &node->policy, ret_why);
    return err;
}

static int by_name(const void *a, const void *b) {
    return strcmp(((const struct vkey *)a)->name, ((const struct vkey *)b)->name);
}

static enum err foreign_load(struct node *node, struct problem *ret_why) {
    unsigned count = node->config->foreign_logs_count;
    if (!count) return ERR_OK;
    node->foreign = calloc(count, sizeof *node->foreign);
    if (!node->foreign) return ERR_NO_MEMORY;
    for (unsigned i = 0; i < count; i++) {
        struct vkey *vkey = &node->foreign[i];
        struct problem why;
        enum err err = vkey_parse(bytes_text(node->config->foreign_logs[i].vkey), vkey, &why);
        if (err)
            return problem_set(ret_why, ERR_CONFIG, "foreign_logs, key %u: %s", i + 1, why.detail);
        if (vkey->type != NOTE_TYPE_ED25519 || strcmp(vkey->name, node->genesis->origin) == 0)
            return problem_set(ret_why, ERR_CONFIG,
                               "foreign_logs, key %u: not a log's key (type 01), or this ledger's "
                               "own origin.",
                               i + 1);
    }
    qsort(node->foreign, count, sizeof *node->foreign, by_name);
    return ERR_OK;
}

static void on_fatal(void *ctx, enum err err, const struct problem *why) {
    struct node *node = ctx;
    log_event(LOG_ERROR, "fatal", "error", err_code(err), "detail", why->detail, NULL);
    atomic_store(&node->has_failed, true);
    node->fatal(node->fatal_ctx);
}

static void say_mended(uint64_t bytes) {
    char number[LOG_NUMBER_LEN];
    if (!bytes) return;
    log_event(LOG_WARN, "database_tail_cut", "bytes", log_number(bytes, number), "effect",
              "the last write was damaged, as by a power cut that interrupted it, and is undone; "
              "its bytes are kept in db.tail-*.log",
              NULL);
}

static enum err storage_open(struct node *node, struct problem *ret_why) {
    char path[4096];
    enum err err =
        store_open(node->config->data_dir, node->genesis->ledger_id, true, &node->store, ret_why);
    if (!err) store_keep_rows(node->store, state_kept);
    if (!err) say_mended(store_mended(node->store));
    if (!err)
        err = path_join(node->config->node.keys_dir, "last-signed", path, sizeof path, ret_why);
    if (!err)
        err = lastsigned_open(path, node->genesis->ledger_id, false, &node->lastsigned, ret_why);
    if (!err) err = keycache_open(&node->keycache);
    if (!err) err = published_open(&node->published);
    if (!err) err = usedtokens_open(&node->usedtokens);
    if (!err) err = chains_open(&node->api.chains);
    if (!err) err = queue_open(node->config->http.queue_records, &node->queue);
    if (!err) err = path_join(node->config->data_dir, "uploads", path, sizeof path, ret_why);
    if (!err) err = spool_open(path, &node->spool, ret_why);
    node->machine.genesis = node->genesis;
    if (!err) node->machine.keys = keycache_of(node->keycache);
    return err;
}

static enum err tags_open(struct node *node, struct problem *ret_why) {
    struct evaluator_options options = {.keys_dir = node->config->node.keys_dir,
                                        .data_dir = node->config->data_dir,
                                        .node = &node->genesis->nodes[node->index],
                                        .tags_per_day = node->config->limits.tags_per_day,
                                        .lookups_per_day = node->config->limits.lookups_per_day};
    return evaluator_open(&options, &node->evaluator, ret_why);
}

static enum err pipeline_start(struct node *node, struct problem *ret_why) {
    struct machine_tip tip;
    enum err err = writer_prepare(node->store, &node->machine, &tip, ret_why);
    if (err) return err;
    struct cosigner_options cosigner = {.store = node->store,
                                        .genesis = node->genesis,
                                        .keys = &node->keys,
                                        .log_vkey = &node->logs[node->index],
                                        .cosigner_vkey = &node->cosigners[node->index],
                                        .policy = node->policy,
                                        .published = node->published,
                                        .keys_dir = node->config->node.keys_dir,
                                        .lastsigned = node->lastsigned,
                                        .foreign = node->foreign,
                                        .foreign_count = node->config->foreign_logs_count,
                                        .fatal = on_fatal,
                                        .fatal_ctx = node};
    err = cosigner_start(&cosigner, &node->cosigner, ret_why);
    if (err) return err;
    struct writer_options writer = {.store = node->store,
                                    .machine = &node->machine,
                                    .cosigner = node->cosigner,
                                    .tip = tip,
                                    .fatal = on_fatal,
                                    .fatal_ctx = node};
    err = writer_start(&writer, &node->writer);
    if (!err) err = order_solo_open(tip.order.position, writer_sink(node->writer), &node->order);
    if (err) return err;
    struct proposer_options proposer = {.queue = node->queue,
                                        .order = &node->order,
                                        .auth = node->keys.auth,
                                        .node = (uint16_t)node->index,
                                        .last_counter = tip.order.nodes[node->index].counter};
    memcpy(proposer.ledger_id, node->genesis->ledger_id, sizeof proposer.ledger_id);
    return proposer_start(&proposer, &node->proposer);
}

/* An eighth of the threads for streams that hold one each, but one at least. */
static unsigned streams_max(unsigned threads) {
    unsigned share = threads / 8;
    if (share > LIMIT_EVENTS) share = LIMIT_EVENTS;
    return share ? share : 1;
}

static void api_fill(struct node *node) {
    struct api_host host = {node,
                            host_submit,
                            host_wait,
                            host_release,
                            host_wait_final,
                            host_checkpoint,
                            host_checkpoint_release,
                            host_cosign_add,
                            host_status,
                            host_ready,
                            host_clock_ms,
                            host_token_once,
                            host_tags_evaluate};
    node->api.host = host;
    node->api.store = node->store;
    node->api.spool = node->spool;
    node->api.machine = &node->machine;
    node->api.policy = buf_bytes(&node->policy_text);
    node->api.wait_default_ms = WAIT_DEFAULT_MS;
    node->api.wait_max_ms = WAIT_MAX_MS;
    node->api.node_name = node->config->node.name;
    node->api.started_ms = clock_unix_ms();
    node->api.streams_max = streams_max(node->config->http.threads);
    entropy(node->api.cursor_key, sizeof node->api.cursor_key);
}

/* Half of the queue is for those who wait for a single record. */
static bool upload_has_room(void *ctx) {
    struct node *node = ctx;
    return queue_count(node->queue) < (node->config->http.queue_records + 1) / 2;
}

static enum err http_start(struct node *node, struct problem *ret_why) {
    struct uploader_options uploader = {&node->api, upload_has_room, node};
    api_fill(node);
    enum err err = uploader_start(&uploader, &node->uploader);
    if (err) return err;
    struct server_options options = {node->config->listen, node->config->http.threads,
                                     node->config->http.request_timeout_ms,
                                     node->config->trusted_proxies};
    return server_start(&options, &node->api, &node->server, ret_why);
}

enum err node_start(const struct config *config, void (*fatal)(void *ctx), void *fatal_ctx,
                    struct node **ret, struct problem *ret_why) {
    struct node *node = calloc(1, sizeof *node);
    if (!node) return ERR_NO_MEMORY;
    node->config = config;
    node->fatal = fatal;
    node->fatal_ctx = fatal_ctx;
    buf_init(&node->policy_text, LIMIT_POLICY);
    enum err err = descriptors_raise(config->http.threads, ret_why);
    if (!err) err = genesis_load(node, ret_why);
    if (!err) err = identity_load(node, ret_why);
    if (!err) err = foreign_load(node, ret_why);
    if (!err) err = storage_open(node, ret_why);
    if (!err) err = tags_open(node, ret_why);
    if (!err) err = pipeline_start(node, ret_why);
    if (!err && !host_wait_final(node, 0, DRAIN_MS)) {
        err = problem_set(ret_why, ERR_NO_QUORUM,
                          "The head could not be signed and published; see the log above.");
    }
    if (!err) err = http_start(node, ret_why);
    if (err) {
        node_stop(node);
        return err;
    }
    *ret = node;
    return ERR_OK;
}

unsigned node_port(const struct node *node) {
    return server_port(node->server);
}

/* Each stage ends when what stands before it has ended; freeing follows the same order. */
void node_stop(struct node *node) {
    if (!node) return;
    atomic_store(&node->is_draining, true);
    if (node->server) server_drain(node->server, DRAIN_MS);
    uploader_stop(node->uploader);
    if (node->queue) queue_stop(node->queue);
    writer_drain(node->writer);
    proposer_join(node->proposer);
    writer_join(node->writer);
    cosigner_join(node->cosigner);
    /* Requests that outlived the drain end here; until now they may have asked the writer or the cosigner. */
    server_stop(node->server);
    if (node->order.close) node->order.close(node->order.ctx);
    writer_close(node->writer);
    cosigner_close(node->cosigner);
    queue_close(node->queue);
    spool_close(node->spool);
    published_close(node->published);
    usedtokens_close(node->usedtokens);
    chains_close(node->api.chains);
    evaluator_close(node->evaluator);
    keycache_close(node->keycache);
    lastsigned_close(node->lastsigned);
    store_close(node->store);
    policy_done(node->policy);
    buf_done(&node->policy_text);
    free(node->foreign);
    free(node->logs);
    free(node->cosigners);
    nodekey_done(&node->keys);
    genesis_done(node->genesis);
    free(node);
}
