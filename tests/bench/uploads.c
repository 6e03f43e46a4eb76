/* POST /v1/batches: uploads of signed records, from the first byte sent to the last receipt there to be fetched. See bench.h. */
#include "api/client.h"
#include "tests/bench/bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define UPLOAD_RECORDS 10000
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

/* --records N: in uploads of 10,000, sent one behind the other, each polled until it is final. */
int bench_upload(int argc, char **argv) {
    struct records_want want = {.ledger = bench_text(argc, argv, "ledger", NULL),
                                .issuer = bench_text(argc, argv, "issuer", NULL),
                                .key = bench_key(bench_text(argc, argv, "key", NULL)),
                                .period = bench_text(argc, argv, "period", NULL),
                                .batch_no = bench_text(argc, argv, "batch", NULL),
                                .count =
                                    (size_t)bench_number(argc, argv, "records", UPLOAD_RECORDS),
                                .threads = 2};
    int pid = (int)bench_number(argc, argv, "pid", 0);
    struct records records;
    struct client *client;
    struct problem why;
    char url[64], locations[64][256];
    struct buf lines[64];
    size_t count = (want.count + UPLOAD_RECORDS - 1) / UPLOAD_RECORDS;
    BENCH_CHECK(count <= 64);
    records_make(&want, &records);
    for (size_t i = 0; i < count; i++) {
        size_t to = (i + 1) * UPLOAD_RECORDS;
        lines[i] = lines_of(&records, i * UPLOAD_RECORDS, to < want.count ? to : want.count);
    }
    (void)snprintf(url, sizeof url, "http://127.0.0.1:%u",
                   (unsigned)bench_number(argc, argv, "port", 8080));
    BENCH_CHECK(client_open(url, NULL, 60000, &client, &why) == ERR_OK);
    uint64_t cpu = bench_cpu_ns_of(pid), began = bench_now_ns();
    for (size_t i = 0; i < count; i++) upload(client, buf_bytes(&lines[i]), locations[i]);
    for (size_t i = 0; i < count; i++) {
        size_t to = (i + 1) * UPLOAD_RECORDS;
        upload_await(client, locations[i],
                     (int64_t)((to < want.count ? to : want.count) - i * UPLOAD_RECORDS));
    }
    uint64_t ns = bench_now_ns() - began;
    struct json *object = json_new_object();
    BENCH_CHECK(object);
    bench_put_text(object, "name", "upload");
    bench_put_int(object, "units", want.count);
    bench_put_int(object, "milliseconds", ns / 1000000);
    bench_put_int(object, "per_second", (uint64_t)((double)want.count * 1e9 / (double)ns));
    bench_put_int(object, "node_cpu_ns_per_unit", (bench_cpu_ns_of(pid) - cpu) / want.count);
    bench_put_int(object, "node_rss", bench_rss_of(pid));
    for (size_t i = 0; i < count; i++) buf_done(&lines[i]);
    client_close(client);
    records_done(&records);
    key_secret_done((struct key_secret *)(uintptr_t)want.key);
    return bench_print(object);
}
