/* The ceiling: what the parts of a record's way cost by themselves on this machine right now, in CPU nanoseconds per record (docs/PERFORMANCE.md has the table).
 *
 * A node cannot be faster than the sum of them over its cores. Each part is the operation alone, warm, in a loop: signature, JSON, base64url, hashes, an absent key in
 * LevelDB, three random index keys and a body synced a batch at a time, a thread parked and woken. What HTTP costs is measured against the node itself (`/healthz`, by
 * run.py) and handed in. */
#include "tests/bench/bench.h"

#include "ledger/base/limits.h"
#include "ledger/base/text.h"
#include "ledger/crypto/sha256.h"
#include "ledger/proof/merkle.h"
#include "ledger/store/kv.h"
#include "ledger/store/segment.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define ROUNDS 20000
#define BATCH 256 /* records of one commit */

struct parts {
    struct buf jws;
    struct bytes header, payload, sig; /* texts in base64url */
    struct key_secret *key;
    char dir[512];
};

static void parts_make(int argc, char **argv, struct parts *ret) {
    uint8_t secret[32];
    char path[600];
    memset(secret, 7, sizeof secret);
    BENCH_CHECK(key_secret_from_bytes(KEY_ES256K, secret, &ret->key) == ERR_OK);
    (void)snprintf(ret->dir, sizeof ret->dir, "%s/ceiling", bench_text(argc, argv, "dir", "/tmp"));
    BENCH_CHECK(mkdir(ret->dir, 0700) == 0);
    (void)snprintf(path, sizeof path, "%s/key.pem", ret->dir);
    struct records_want want = {
        .ledger = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff",
        .issuer = "payer",
        .key = ret->key,
        .period = "2026-11",
        .batch_no = "B-2026-11-0001",
        .count = 1,
        .threads = 1};
    struct records records;
    records_make(&want, &records);
    buf_init(&ret->jws, LIMIT_RECORD);
    BENCH_CHECK(buf_add(&ret->jws, buf_bytes(&records.jws[0])) == ERR_OK);
    records_done(&records);
    struct bytes text = buf_bytes(&ret->jws);
    size_t first = bytes_find(text, '.', 0), second = bytes_find(text, '.', first + 1);
    ret->header = bytes_slice(text, 0, first);
    ret->payload = bytes_slice(text, first + 1, second);
    ret->sig = bytes_slice(text, second + 1, text.len);
}

/* -- one part each: CPU nanoseconds of one record -- */

static uint64_t verify_ns(struct parts *parts) {
    uint8_t sig[KEY_SIG_LEN];
    struct bytes input = bytes_of(parts->jws.data, parts->jws.len - parts->sig.len - 1);
    BENCH_CHECK(base64url_decode_fixed(parts->sig, sig, sizeof sig) == ERR_OK);
    uint64_t began = bench_cpu_ns();
    for (int i = 0; i < ROUNDS / 4; i++)
        BENCH_CHECK(key_verify(key_secret_public(parts->key), input, sig) == ERR_OK);
    return (bench_cpu_ns() - began) / (ROUNDS / 4);
}

static uint64_t base64_ns(struct parts *parts) {
    uint8_t out[LIMIT_RECORD];
    const struct bytes texts[] = {parts->header, parts->payload, parts->sig};
    uint64_t began = bench_cpu_ns();
    for (int i = 0; i < ROUNDS; i++)
        for (size_t j = 0; j < 3; j++)
            BENCH_CHECK(base64url_decode_fixed(texts[j], out, texts[j].len * 3 / 4) == ERR_OK);
    return (bench_cpu_ns() - began) / ROUNDS;
}

static uint64_t json_ns(struct parts *parts) {
    struct buf texts[2];
    for (size_t i = 0; i < 2; i++) buf_init(&texts[i], LIMIT_RECORD);
    BENCH_CHECK(base64url_decode(parts->header, &texts[0]) == ERR_OK);
    BENCH_CHECK(base64url_decode(parts->payload, &texts[1]) == ERR_OK);
    uint64_t began = bench_cpu_ns();
    for (int i = 0; i < ROUNDS; i++) {
        for (size_t j = 0; j < 2; j++) {
            struct json *json = NULL;
            BENCH_CHECK(json_parse(buf_bytes(&texts[j]), &json, NULL) == ERR_OK);
            json_done(json);
        }
    }
    uint64_t took = bench_cpu_ns() - began;
    for (size_t i = 0; i < 2; i++) buf_done(&texts[i]);
    return took / ROUNDS;
}

/* The record's id and the leaf's hash: two over the whole text. */
static uint64_t sha256_ns(struct parts *parts) {
    uint8_t hash[32];
    uint64_t began = bench_cpu_ns();
    for (int i = 0; i < ROUNDS; i++)
        for (size_t j = 0; j < 2; j++) sha256(buf_bytes(&parts->jws), hash);
    return (bench_cpu_ns() - began) / ROUNDS;
}

static uint64_t merkle_ns(void) {
    uint8_t leaf[41] = {1}, hash[HASH_LEN];
    uint64_t began = bench_cpu_ns();
    for (int i = 0; i < ROUNDS; i++) {
        merkle_leaf(bytes_of(leaf, sizeof leaf), hash);
        merkle_node(hash, hash, hash);
    }
    return (bench_cpu_ns() - began) / ROUNDS;
}

/* Random enough for keys, and next to free. */
static void key_draw(uint8_t key[40]) {
    static uint64_t state = 88172645463325252u;
    for (size_t i = 0; i < 40; i += 8) {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17; /* xorshift64 */
        put_u64(key + i, state);
    }
}

static void commit(struct kv *kv, struct segments *segments, struct bytes body) {
    struct kv_batch *batch = kv_batch_new();
    uint8_t key[40], value[8] = {0};
    uint32_t segment;
    uint64_t offset;
    BENCH_CHECK(batch);
    for (int i = 0; i < BATCH; i++) {
        BENCH_CHECK(segment_append(segments, body, &segment, &offset, NULL) == ERR_OK);
        for (int j = 0; j < 3; j++) {
            key_draw(key);
            kv_batch_put(batch, bytes_of(key, sizeof key), bytes_of(value, sizeof value));
        }
    }
    BENCH_CHECK(segment_sync(segments, NULL) == ERR_OK);
    BENCH_CHECK(kv_write(kv, batch, true, NULL) == ERR_OK);
    kv_batch_done(batch);
}

struct storage {
    uint64_t absent_ns, write_ns, sync_ns;
};

/* Compaction runs in LevelDB's own thread and counts: CPU is of the whole process. */
static struct storage storage_measure(struct parts *parts, uint64_t records) {
    char path[600];
    uint8_t ledger[32] = {0}, key[40];
    struct kv *kv;
    struct segments *segments;
    struct storage result;
    struct buf value;
    (void)snprintf(path, sizeof path, "%s/kv", parts->dir);
    BENCH_CHECK(kv_open(path, true, &kv, NULL) == ERR_OK);
    (void)snprintf(path, sizeof path, "%s/bodies", parts->dir);
    BENCH_CHECK(segment_open(path, ledger, 0, 0, &segments, NULL) == ERR_OK);
    uint64_t began = bench_cpu_ns(), commits = records / BATCH, wall = bench_now_ns();
    for (uint64_t i = 0; i < commits; i++) commit(kv, segments, buf_bytes(&parts->jws));
    result.write_ns = (bench_cpu_ns() - began) / (commits * BATCH);
    result.sync_ns = (bench_now_ns() - wall) / commits;
    buf_init(&value, 64);
    began = bench_cpu_ns();
    for (int i = 0; i < ROUNDS; i++) {
        key_draw(key);
        BENCH_CHECK(kv_get(kv, NULL, bytes_of(key, sizeof key), &value) == ERR_NOT_FOUND);
    }
    result.absent_ns = (bench_cpu_ns() - began) / ROUNDS;
    buf_done(&value);
    segment_close(segments);
    kv_close(kv);
    return result;
}

/* One fdatasync of a file that grew by a record, wall clock, median of many. */
static int by_number(const void *a, const void *b) {
    const uint64_t *x = a, *y = b;
    return *x < *y ? -1 : *x > *y;
}

static uint64_t fdatasync_ns(struct parts *parts) {
    char path[600];
    uint64_t times[501];
    (void)snprintf(path, sizeof path, "%s/sync", parts->dir);
    int fd = open(path, O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC, 0600);
    BENCH_CHECK(fd >= 0);
    for (size_t i = 0; i < 501; i++) {
        BENCH_CHECK(write(fd, parts->jws.data, parts->jws.len) == (ssize_t)parts->jws.len);
        uint64_t began = bench_now_ns();
        BENCH_CHECK(fdatasync(fd) == 0);
        times[i] = bench_now_ns() - began;
    }
    (void)close(fd);
    qsort(times, 501, sizeof times[0], by_number);
    return times[250];
}

/* -- a thread that hands over its record, sleeps, and is woken with the result: as many as there are connections -- */

#define PARKED 256
#define WAKES 400

struct park {
    pthread_mutex_t lock;
    pthread_cond_t handed, done;
    unsigned waiting, round;
};

static void *park_run(void *arg) {
    struct park *park = arg;
    for (unsigned i = 0; i < WAKES; i++) {
        (void)pthread_mutex_lock(&park->lock);
        unsigned round = park->round;
        if (++park->waiting == PARKED) (void)pthread_cond_signal(&park->handed);
        while (park->round == round) (void)pthread_cond_wait(&park->done, &park->lock);
        (void)pthread_mutex_unlock(&park->lock);
    }
    return NULL;
}

static uint64_t park_ns(void) {
    struct park park = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER,
                        PTHREAD_COND_INITIALIZER, 0, 0};
    pthread_t threads[PARKED];
    uint64_t began = bench_cpu_ns();
    for (unsigned i = 0; i < PARKED; i++)
        BENCH_CHECK(pthread_create(&threads[i], NULL, park_run, &park) == 0);
    for (unsigned i = 0; i < WAKES; i++) {
        (void)pthread_mutex_lock(&park.lock);
        while (park.waiting < PARKED) (void)pthread_cond_wait(&park.handed, &park.lock);
        park.waiting = 0;
        park.round++;
        (void)pthread_cond_broadcast(&park.done);
        (void)pthread_mutex_unlock(&park.lock);
    }
    for (unsigned i = 0; i < PARKED; i++) BENCH_CHECK(pthread_join(threads[i], NULL) == 0);
    return (bench_cpu_ns() - began) / (PARKED * WAKES);
}

/* --dir DIR (scratch, on the disk that the node uses) --records N (how large the key-value store grows) --http-ns N (of /healthz, from run.py) */
int bench_ceiling(int argc, char **argv) {
    struct parts parts;
    memset(&parts, 0, sizeof parts);
    parts_make(argc, argv, &parts);
    struct storage storage = storage_measure(&parts, bench_number(argc, argv, "records", 500000));
    const struct {
        const char *name;
        uint64_t ns;
        bool of_uploads; /* counts in full for records that come many at a time */
    } rows[] = {{"http", bench_number(argc, argv, "http-ns", 0), false},
                {"park", park_ns(), false},
                {"base64url", base64_ns(&parts), true},
                {"json", json_ns(&parts), true},
                {"sha256", sha256_ns(&parts), true},
                {"verify", verify_ns(&parts), true},
                {"absent", storage.absent_ns, true},
                {"merkle", merkle_ns(), true},
                {"write", storage.write_ns, true}};
    struct json *object = json_new_object(), *table = json_new_object();
    uint64_t single = 0, upload = 0, cores = (uint64_t)sysconf(_SC_NPROCESSORS_ONLN);
    BENCH_CHECK(object && table);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        bench_put_int(table, rows[i].name, rows[i].ns);
        single += rows[i].ns;
        upload += rows[i].of_uploads ? rows[i].ns : rows[i].ns / 100;
    }
    BENCH_CHECK(json_put(object, "cpu_ns", table) == ERR_OK);
    bench_put_text(object, "name", "ceiling");
    bench_put_int(object, "cores", cores);
    bench_put_int(object, "record_bytes", parts.jws.len);
    bench_put_int(object, "fdatasync_us", fdatasync_ns(&parts) / 1000);
    bench_put_int(object, "commit_us", storage.sync_ns / 1000);
    bench_put_int(object, "single_per_second", cores * 1000000000 / single);
    bench_put_int(object, "upload_per_second", cores * 1000000000 / upload);
    buf_done(&parts.jws);
    key_secret_done(parts.key);
    return bench_print(object);
}
