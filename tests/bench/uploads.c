/* POST /v1/batches: uploads of signed records, from the first byte sent to the last receipt there to be fetched. See bench.h. */
#include "api/client.h"
#include "tests/bench/bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define UPLOAD_RECORDS 10000
#define CHUNK_UPLOADS 8 /* as many as may wait of one address: LIMIT_UPLOADS_SOURCE */
#define REPLY_MAX (1024 * 1024)

static struct buf lines_of(const struct records *records, size_t from, size_t to) {
    struct buf lines;
    buf_init(&lines, 64u * 1024 * 1024);
    for (size_t i = from; i < to; i++) {
        BENCH_CHECK(buf_add(&lines, buf_bytes(&records->jws[i])) == ERR_OK);
        BENCH_CHECK(buf_add_byte(&lines, '\n') == ERR_OK);
    }
    return lines;
}

static void upload(struct client *client, struct bytes lines, char ret_location[256]) {
    static const char *const headers[] = {"Content-Type: application/vnd.qizheng.jose-lines", NULL};
    struct client_reply reply;
    struct problem why;
    memset(&reply, 0, sizeof reply);
    BENCH_CHECK(client_call(client, "POST", "/v1/batches", headers, lines, REPLY_MAX, &reply,
                            &why) == ERR_OK);
    BENCH_CHECK(reply.status == 202 && reply.location[0]);
    (void)snprintf(ret_location, 256, "%s", reply.location);
    client_reply_done(&reply);
}

/* Sleeps until every line has its receipt. */
static void upload_await(struct client *client, const char *location, int64_t count) {
    int64_t final = 0;
    while (final < count) {
        struct client_reply reply;
        struct problem why;
        struct json *json = NULL;
        memset(&reply, 0, sizeof reply);
        BENCH_CHECK(client_call(client, "GET", location, NULL, bytes_of(NULL, 0), REPLY_MAX, &reply,
                                &why) == ERR_OK);
        BENCH_CHECK(json_parse(buf_bytes(&reply.body), &json, NULL) == ERR_OK);
        BENCH_CHECK(json_int(json_member(json, "final"), &final));
        json_done(json);
        client_reply_done(&reply);
        if (final < count) (void)usleep(20000);
    }
}

/* One chunk: what was prepared, and what became of it. */
struct chunk {
    struct buf lines[CHUNK_UPLOADS];
    int64_t records[CHUNK_UPLOADS];
    char locations[CHUNK_UPLOADS][256];
    size_t uploads;
};

static void chunk_prepare(int argc, char **argv, const struct records_want *want, size_t per,
                          struct chunk *ret) {
    struct records records;
    records_make(want, &records);
    ret->uploads = 0;
    for (size_t from = 0; from < records.count; from += per) {
        size_t to = from + per < records.count ? from + per : records.count;
        ret->records[ret->uploads] = (int64_t)(to - from);
        ret->lines[ret->uploads++] = lines_of(&records, from, to);
    }
    records_ids_write(argc, argv, &records);
    records_done(&records);
}

/* Sent one behind the other, then each polled until it is final. */
static void chunk_run(struct client *client, struct chunk *chunk) {
    for (size_t i = 0; i < chunk->uploads; i++)
        upload(client, buf_bytes(&chunk->lines[i]), chunk->locations[i]);
    for (size_t i = 0; i < chunk->uploads; i++)
        upload_await(client, chunk->locations[i], chunk->records[i]);
    for (size_t i = 0; i < chunk->uploads; i++) buf_done(&chunk->lines[i]);
}

struct spent {
    uint64_t ns, node_cpu_ns, client_cpu_ns;
};

/* The clocks run only while a chunk is under way: signing is none of the node's business. */
static struct spent chunks_run(int argc, char **argv, struct client *client,
                               struct records_want *want, size_t total) {
    int pid = (int)bench_number(argc, argv, "pid", 0);
    struct spent spent = {0, 0, 0};
    struct chunk *chunk = calloc(1, sizeof *chunk);
    size_t per = (size_t)bench_number(argc, argv, "per", UPLOAD_RECORDS);
    size_t most = CHUNK_UPLOADS * per;
    BENCH_CHECK(chunk && per > 0);
    for (size_t done = 0; done < total; done += want->count) {
        want->count = total - done < most ? total - done : most;
        chunk_prepare(argc, argv, want, per, chunk);
        uint64_t node = bench_cpu_ns_of(pid), own = bench_cpu_ns(), began = bench_now_ns();
        chunk_run(client, chunk);
        spent.ns += bench_now_ns() - began;
        spent.node_cpu_ns += bench_cpu_ns_of(pid) - node;
        spent.client_cpu_ns += bench_cpu_ns() - own;
    }
    free(chunk);
    return spent;
}

static struct json *spent_json(struct spent spent, size_t total, int pid) {
    struct json *object = json_new_object();
    BENCH_CHECK(object);
    bench_put_text(object, "name", "upload");
    bench_put_int(object, "units", total);
    bench_put_int(object, "milliseconds", spent.ns / 1000000);
    bench_put_int(object, "per_second", (uint64_t)((double)total * 1e9 / (double)spent.ns));
    bench_put_int(object, "node_cpu_ns_per_unit", spent.node_cpu_ns / total);
    bench_put_int(object, "client_cpu_ns_per_unit", spent.client_cpu_ns / total);
    bench_put_int(object, "node_rss", bench_rss_of(pid));
    return object;
}

/* --records N: in uploads of 10,000 (--per), eight of them at a time, so that the bench's own memory does not grow with N. */
int bench_upload(int argc, char **argv) {
    struct records_want want = {.ledger = bench_text(argc, argv, "ledger", NULL),
                                .issuer = bench_text(argc, argv, "issuer", NULL),
                                .key = bench_key(bench_text(argc, argv, "key", NULL)),
                                .period = bench_text(argc, argv, "period", NULL),
                                .batch_no = bench_text(argc, argv, "batch", NULL),
                                .threads = 2};
    size_t total = (size_t)bench_number(argc, argv, "records", UPLOAD_RECORDS);
    struct client *client;
    struct problem why;
    char url[64];
    BENCH_CHECK(total > 0);
    (void)snprintf(url, sizeof url, "http://127.0.0.1:%u",
                   (unsigned)bench_number(argc, argv, "port", 8080));
    BENCH_CHECK(client_open(url, NULL, 60000, &client, &why) == ERR_OK);
    struct spent spent = chunks_run(argc, argv, client, &want, total);
    struct json *object = spent_json(spent, total, (int)bench_number(argc, argv, "pid", 0));
    client_close(client);
    key_secret_done((struct key_secret *)(uintptr_t)want.key);
    return bench_print(object);
}
