/* A ledger of one node on disk, without its threads, for the tests of writer and cosigner: the genesis, keys and records of world.h, a folder with `data` and `keys`, and everything
 * that the node opens before its threads start. Everything here ends the test where it fails. */
#ifndef QIZHENG_TESTS_LIB_PIPELINE_H
#define QIZHENG_TESTS_LIB_PIPELINE_H

#include "contracts/state_keys.h"
#include "ledger/store/fault.h"
#include "node/cosigner.h"
#include "node/keycache.h"
#include "node/writer.h"
#include "tests/lib/folder.h"
#include "tests/lib/node.h"
#include "tests/lib/world.h"

#include <sys/stat.h>
#include <sys/statvfs.h>

struct pipeline {
    struct world world;
    char folder[FOLDER_LEN], data[FOLDER_LEN], keys[FOLDER_LEN], lastsigned_path[FOLDER_LEN];
    struct genesis *genesis;
    struct policy *policy;
    struct store *store;
    struct lastsigned *lastsigned;
    struct keycache *keycache;
    struct published *published;
    struct machine machine;
    struct machine_tip tip;
    uint64_t counter; /* of the last batch made */
    /* -- what the threads called -- */
    atomic_uint fatal_calls;
    enum err fatal_err;
    struct problem fatal_why;
};

/* -- a disk that is full when the test says so: stands before the library's -- */

static atomic_bool disk_is_full;

int fstatvfs(int fd, struct statvfs *ret) {
    (void)fd;
    memset(ret, 0, sizeof *ret);
    ret->f_frsize = 4096;
    ret->f_bavail = atomic_load(&disk_is_full) ? 1 : 1u << 24;
    return 0;
}

/* -- faults: one step, from when it is set on; store_fault itself must stand before threads start -- */

static struct {
    const char *_Atomic step; /* NULL: none */
    atomic_bool before;
    _Atomic(enum err) err;
    atomic_uint failed;
} fault;

static inline enum err fault_ask(const char *step, bool before) {
    const char *bad = atomic_load(&fault.step);
    if (!bad || strcmp(step, bad) != 0 || before != atomic_load(&fault.before)) return ERR_OK;
    atomic_fetch_add(&fault.failed, 1);
    return atomic_load(&fault.err);
}

static inline void fault_set(const char *step, bool before, enum err err) {
    atomic_store(&fault.before, before);
    atomic_store(&fault.err, err);
    atomic_store(&fault.failed, 0);
    atomic_store(&fault.step, step);
}

static inline void fault_clear(void) {
    atomic_store(&fault.step, NULL);
}

/* -- open and close -- */

static inline void pipeline_fatal(void *ctx, enum err err, const struct problem *why) {
    struct pipeline *pipeline = ctx;
    pipeline->fatal_err = err;
    pipeline->fatal_why = *why;
    atomic_fetch_add(&pipeline->fatal_calls, 1);
}

/* Store and last-signed; the rest stays. */
static inline void pipeline_open(struct pipeline *pipeline) {
    struct problem why = {0};
    cr_assert(store_open(pipeline->data, pipeline->genesis->ledger_id, true, &pipeline->store,
                         &why) == ERR_OK,
              "%s", why.detail);
    store_keep_rows(pipeline->store, state_kept);
    cr_assert(lastsigned_open(pipeline->lastsigned_path, pipeline->genesis->ledger_id, true,
                              &pipeline->lastsigned, &why) == ERR_OK,
              "%s", why.detail);
    cr_assert(published_open(&pipeline->published) == ERR_OK);
    cr_assert(writer_prepare(pipeline->store, &pipeline->machine, &pipeline->tip, &why) == ERR_OK,
              "%s", why.detail);
}

static inline void pipeline_close(struct pipeline *pipeline) {
    published_close(pipeline->published);
    lastsigned_close(pipeline->lastsigned);
    store_close(pipeline->store);
    pipeline->published = NULL;
    pipeline->lastsigned = NULL;
    pipeline->store = NULL;
}

static inline void pipeline_reopen(struct pipeline *pipeline) {
    pipeline_close(pipeline);
    pipeline_open(pipeline);
}

static inline void pipeline_begin(struct pipeline *pipeline) {
    struct problem why = {0};
    memset(pipeline, 0, sizeof *pipeline);
    store_fault = fault_ask;
    world_begin(&pipeline->world, 1);
    folder_make(pipeline->folder);
    folder_path(pipeline->folder, "data", pipeline->data);
    folder_path(pipeline->folder, "keys", pipeline->keys);
    cr_assert(mkdir(pipeline->keys, 0700) == 0);
    folder_path(pipeline->keys, "last-signed", pipeline->lastsigned_path);
    enum err err = genesis_parse(buf_bytes(&pipeline->world.genesis), &pipeline->genesis, &why);
    cr_assert(err == ERR_OK, "%s", why.detail);
    struct buf policy = world_policy(&pipeline->world);
    cr_assert(policy_parse(buf_bytes(&policy), &pipeline->policy, &why) == ERR_OK);
    buf_done(&policy);
    cr_assert(keycache_open(&pipeline->keycache) == ERR_OK);
    pipeline->machine.genesis = pipeline->genesis;
    pipeline->machine.keys = keycache_of(pipeline->keycache);
    pipeline_open(pipeline);
}

static inline void pipeline_end(struct pipeline *pipeline) {
    fault_clear();
    atomic_store(&disk_is_full, false);
    pipeline_close(pipeline);
    keycache_close(pipeline->keycache);
    policy_done(pipeline->policy);
    genesis_done(pipeline->genesis);
    world_end(&pipeline->world);
    folder_remove(pipeline->folder);
}

/* -- the threads -- */

static inline struct cosigner_options cosigner_options_of(struct pipeline *pipeline) {
    struct cosigner_options options = {.store = pipeline->store,
                                       .genesis = pipeline->genesis,
                                       .keys = &pipeline->world.nodes[0],
                                       .log_vkey = &pipeline->world.logs[0],
                                       .cosigner_vkey = &pipeline->world.cosigners[0],
                                       .policy = pipeline->policy,
                                       .published = pipeline->published,
                                       .keys_dir = pipeline->keys,
                                       .lastsigned = pipeline->lastsigned,
                                       .fatal = pipeline_fatal,
                                       .fatal_ctx = pipeline};
    return options;
}

static inline struct cosigner *cosigner_begin(struct pipeline *pipeline) {
    struct cosigner_options options = cosigner_options_of(pipeline);
    struct cosigner *cosigner = NULL;
    struct problem why = {0};
    cr_assert(cosigner_start(&options, &cosigner, &why) == ERR_OK, "%s", why.detail);
    return cosigner;
}

static inline void cosigner_end(struct cosigner *cosigner) {
    cosigner_join(cosigner);
    cosigner_close(cosigner);
}

static inline struct writer *writer_begin(struct pipeline *pipeline, struct cosigner *cosigner) {
    struct writer_options options = {.store = pipeline->store,
                                     .machine = &pipeline->machine,
                                     .cosigner = cosigner,
                                     .tip = pipeline->tip,
                                     .fatal = pipeline_fatal,
                                     .fatal_ctx = pipeline};
    struct writer *writer = NULL;
    cr_assert(writer_start(&options, &writer) == ERR_OK);
    return writer;
}

/* Waits for the threads to give up. */
static inline enum err fatal_wait(struct pipeline *pipeline) {
    for (int i = 0; i < 2000 && !atomic_load(&pipeline->fatal_calls); i++) sleep_ms(5);
    cr_assert(atomic_load(&pipeline->fatal_calls) == 1);
    cr_expect(pipeline->fatal_why.detail[0] != 0);
    return pipeline->fatal_err;
}

/* -- what is signed -- */

/* The newest good slot of the last-signed file as it lies on disk, read past its lock. */
static inline uint64_t lastsigned_on_disk(const struct pipeline *pipeline) {
    uint8_t raw[1024], sum[32];
    uint64_t sequence = 0, size = 0;
    FILE *file = fopen(pipeline->lastsigned_path, "rb");
    cr_assert(file && fread(raw, 1, sizeof raw, file) == sizeof raw);
    (void)fclose(file);
    for (size_t at = 0; at < sizeof raw; at += 512) {
        sha256(bytes_of(raw + at, 480), sum);
        if (memcmp(sum, raw + at + 480, 32) != 0 || get_u64(raw + at + 8) < sequence) continue;
        sequence = get_u64(raw + at + 8);
        size = get_u64(raw + at + 48);
    }
    cr_assert(sequence > 0);
    return size;
}

/* The published checkpoint is of that size, meets the policy, and stands behind what the disk remembers. */
static inline void expect_published(struct pipeline *pipeline, uint64_t size) {
    struct api_checkpoint checkpoint;
    struct policy_result result;
    struct problem why = {0};
    cr_assert(published_wait(pipeline->published, size - 1, 10000));
    cr_assert(published_get(pipeline->published, &checkpoint) == ERR_OK);
    cr_expect(lastsigned_on_disk(pipeline) >= checkpoint.size);
    cr_expect(checkpoint.size == size, "%llu", (unsigned long long)checkpoint.size);
    cr_assert(policy_check(pipeline->policy, checkpoint.note, &result, &why) == ERR_OK, "%s",
              why.detail);
    cr_expect(result.checkpoint.size == size);
    cr_expect(bytes_is(result.checkpoint.origin, WORLD_ORIGIN));
    cr_expect(memcmp(result.checkpoint.root, checkpoint.root, HASH_LEN) == 0);
    cr_expect(result.signer_count == 1 && result.signers[0].time_s == checkpoint.time_s);
    policy_result_done(&result);
    struct store_view *view;
    uint8_t root[HASH_LEN];
    cr_assert(store_view_open(pipeline->store, &view) == ERR_OK);
    cr_assert(store_view_root(view, size, root) == ERR_OK);
    cr_expect(memcmp(root, checkpoint.root, HASH_LEN) == 0);
    store_view_close(view);
    published_release(&checkpoint);
}

static inline uint64_t published_size(struct pipeline *pipeline) {
    struct api_checkpoint checkpoint;
    if (published_get(pipeline->published, &checkpoint)) return 0;
    uint64_t size = checkpoint.size;
    published_release(&checkpoint);
    return size;
}

#endif
