/* What is asked of a node under load: single POSTs, uploads, look-ups. See bench.h. */
#include "tests/bench/bench.h"

#include "ledger/base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct sender {
    struct records records;
    struct buf *heads; /* one per request */
    size_t per;        /* records of one request */
    struct buf *bodies;
    FILE *receipts; /* receipts of the first answers, one a line; NULL: not kept */
    size_t keep;
    uint64_t statuses[600];
};

static struct load load_of(int argc, char **argv) {
    struct load load = {.host = bench_text(argc, argv, "host", "127.0.0.1"),
                        .port = (unsigned)bench_number(argc, argv, "port", 8080),
                        .connections = (unsigned)bench_number(argc, argv, "connections", 1),
                        .node_pid = (int)bench_number(argc, argv, "pid", 0)};
    return load;
}

static void records_of(int argc, char **argv, struct records *ret) {
    struct records_want want = {.ledger = bench_text(argc, argv, "ledger", NULL),
                                .issuer = bench_text(argc, argv, "issuer", NULL),
                                .key = bench_key(bench_text(argc, argv, "key", NULL)),
                                .period = bench_text(argc, argv, "period", NULL),
                                .batch_no = bench_text(argc, argv, "batch", NULL),
                                .count = (size_t)bench_number(argc, argv, "records", 1000),
                                .threads = (unsigned)bench_number(argc, argv, "threads", 2)};
    records_make(&want, ret);
    key_secret_done((struct key_secret *)(uintptr_t)want.key);
}

/* -- POST /v1/records -- */

static void single_request(void *ctx, size_t index, struct load_request *ret) {
    struct sender *sender = ctx;
    ret->head = buf_bytes(&sender->heads[index]);
    ret->body = buf_bytes(&sender->records.jws[index]);
}

/* The receipt member of an answer, as it stands: the member names of ours are sorted and nothing else begins so. */
static void receipt_keep(struct sender *sender, struct bytes body) {
    struct json *answer = NULL;
    struct buf text;
    BENCH_CHECK(json_parse(body, &answer, NULL) == ERR_OK);
    buf_init(&text, 1024 * 1024);
    BENCH_CHECK(json_format(json_member(answer, "receipt"), &text) == ERR_OK);
    (void)fprintf(sender->receipts, "%.*s\n", (int)text.len, (const char *)text.data);
    buf_done(&text);
    json_done(answer);
}

static enum load_next single_answer(void *ctx, size_t index, int status, struct bytes body,
                                    uint64_t ns) {
    struct sender *sender = ctx;
    (void)ns;
    if (status < 0 || status >= 600) return LOAD_BAD;
    sender->statuses[status]++;
    if (sender->receipts && index < sender->keep && status == 201) receipt_keep(sender, body);
    /* 200: recorded before; a receipt all the same */
    return status == 201 || status == 200 ? LOAD_DONE : LOAD_BAD;
}

static struct buf head_make(const char *path, const char *type, size_t len) {
    struct buf head;
    buf_init(&head, 1024);
    BENCH_CHECK(buf_format(&head,
                           "POST %s HTTP/1.1\r\nHost: localhost\r\nContent-Type: %s\r\n"
                           "Content-Length: %zu\r\n\r\n",
                           path, type, len) == ERR_OK);
    return head;
}

static void sender_done(struct sender *sender, size_t requests) {
    for (size_t i = 0; i < requests; i++) buf_done(&sender->heads[i]);
    for (size_t i = 0; sender->bodies && i < requests; i++) buf_done(&sender->bodies[i]);
    free(sender->bodies);
    free(sender->heads);
    records_done(&sender->records);
}

static struct json *result_new(const char *name, const struct load *load,
                               const struct load_result *result, double per) {
    struct json *object = json_new_object();
    BENCH_CHECK(object);
    bench_put_text(object, "name", name);
    bench_put_int(object, "connections", load->connections);
    load_put(result, per, object);
    return object;
}

static void sender_make(int argc, char **argv, struct sender *sender) {
    records_of(argc, argv, &sender->records);
    sender->heads = calloc(sender->records.count, sizeof *sender->heads);
    BENCH_CHECK(sender->heads);
    for (size_t i = 0; i < sender->records.count; i++)
        sender->heads[i] = head_make("/v1/records", "application/jose", sender->records.jws[i].len);
}

int bench_single(int argc, char **argv) {
    struct sender *sender = calloc(1, sizeof *sender);
    struct load load = load_of(argc, argv);
    struct load_result *result = calloc(1, sizeof *result);
    const char *keep = bench_text(argc, argv, "receipts-out", "");
    BENCH_CHECK(sender && result);
    sender_make(argc, argv, sender);
    sender->keep = (size_t)bench_number(argc, argv, "receipts", 1000);
    if (*keep) BENCH_CHECK((sender->receipts = fopen(keep, "w")) != NULL);
    load.count = sender->records.count;
    load.request = single_request;
    load.answer = single_answer;
    load.ctx = sender;
    load_run(&load, result);
    if (sender->receipts) BENCH_CHECK(fclose(sender->receipts) == 0);
    records_ids_write(argc, argv, &sender->records);
    struct json *object = result_new("single", &load, result, 1);
    bench_put_int(object, "created", sender->statuses[201]);
    bench_put_int(object, "record_bytes", sender->records.jws[0].len);
    sender_done(sender, load.count);
    free(sender);
    free(result);
    return bench_print(object);
}

/* -- from a record's submission to its proof in the hands of somebody else -- */

struct prover {
    struct sender sender;
    struct buf *asks;        /* the public route's request for each record's proof */
    bool *is_final;          /* its receipt is in: now the proof is asked for */
    struct histogram final_; /* submission to receipt, of the same records */
    uint64_t asked;
};

static void proof_request(void *ctx, size_t index, struct load_request *ret) {
    struct prover *prover = ctx;
    ret->head = buf_bytes(&prover->asks[index]);
    ret->body = bytes_of(NULL, 0);
    if (!prover->is_final[index]) single_request(&prover->sender, index, ret);
}

/* A 404 says that no published checkpoint covers the record yet: it is asked for again. */
static enum load_next proof_answer(void *ctx, size_t index, int status, struct bytes body,
                                   uint64_t ns) {
    static const char begin[] = "c2sp.org/tlog-proof@v1\n";
    struct prover *prover = ctx;
    if (!prover->is_final[index]) {
        histogram_add(&prover->final_, ns);
        prover->is_final[index] = true;
        return status == 201 ? LOAD_AGAIN : LOAD_BAD;
    }
    prover->asked++;
    if (status == 404) return LOAD_AGAIN;
    bool is_proof =
        status == 200 && body.len > sizeof begin && memcmp(body.data, begin, sizeof begin - 1) == 0;
    return is_proof ? LOAD_DONE : LOAD_BAD;
}

static void asks_make(struct prover *prover) {
    const struct records *records = &prover->sender.records;
    prover->asks = calloc(records->count, sizeof *prover->asks);
    prover->is_final = calloc(records->count, sizeof *prover->is_final);
    BENCH_CHECK(prover->asks && prover->is_final);
    for (size_t i = 0; i < records->count; i++) {
        char hex[65];
        hex_encode(bytes_of(records->ids[i], 32), hex);
        buf_init(&prover->asks[i], 256);
        BENCH_CHECK(buf_format(&prover->asks[i],
                               "GET /v1/records/%s/receipt HTTP/1.1\r\nHost: localhost\r\n"
                               "Accept: text/plain\r\n\r\n",
                               hex) == ERR_OK);
    }
}

/* A caller submits, and as soon as it has its receipt, the public route is asked for the bare proof as anybody may ask. The answer's latencies are submit-to-proof;
 * final_* are submit-to-final of the same records. */
int bench_proof(int argc, char **argv) {
    struct prover *prover = calloc(1, sizeof *prover);
    struct load load = load_of(argc, argv);
    struct load_result *result = calloc(1, sizeof *result);
    BENCH_CHECK(prover && result);
    sender_make(argc, argv, &prover->sender);
    asks_make(prover);
    load.count = prover->sender.records.count;
    load.request = proof_request;
    load.answer = proof_answer;
    load.ctx = prover;
    load_run(&load, result);
    struct json *object = result_new("proof", &load, result, 1), *final_ = json_new_object();
    BENCH_CHECK(final_);
    histogram_put(&prover->final_, final_);
    BENCH_CHECK(json_put(object, "submit_to_final", final_) == ERR_OK);
    bench_put_int(object, "asked_per_proof_percent", 100 * prover->asked / load.count);
    for (size_t i = 0; i < load.count; i++) buf_done(&prover->asks[i]);
    free(prover->asks);
    free(prover->is_final);
    sender_done(&prover->sender, load.count);
    free(prover);
    free(result);
    return bench_print(object);
}

/* -- GET /v1/records/{id}/receipt -- */

struct lookups {
    uint8_t (*ids)[32];
    size_t count;
    struct buf *heads;
};

static void lookup_request(void *ctx, size_t index, struct load_request *ret) {
    struct lookups *lookups = ctx;
    ret->head = buf_bytes(&lookups->heads[index]);
    ret->body = bytes_of(NULL, 0);
}

static void ids_read(const char *path, struct lookups *ret) {
    FILE *file = fopen(path, "rb");
    BENCH_CHECK(file && fseek(file, 0, SEEK_END) == 0);
    ret->count = (size_t)ftell(file) / 32;
    rewind(file);
    ret->ids = calloc(ret->count, 32);
    BENCH_CHECK(ret->ids && fread(ret->ids, 32, ret->count, file) == ret->count);
    (void)fclose(file);
}

/* Requests in an order that no cache likes: a fixed pseudo-random walk over the ids. */
int bench_lookup(int argc, char **argv) {
    struct lookups lookups = {.count = 0};
    struct load load = load_of(argc, argv);
    struct load_result *result = calloc(1, sizeof *result);
    uint64_t state = 88172645463325252u;
    load.count = (size_t)bench_number(argc, argv, "requests", 100000);
    ids_read(bench_text(argc, argv, "ids", NULL), &lookups);
    lookups.heads = calloc(load.count, sizeof *lookups.heads);
    BENCH_CHECK(lookups.heads && result && lookups.count);
    for (size_t i = 0; i < load.count; i++) {
        char hex[65];
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17; /* xorshift64 */
        hex_encode(bytes_of(lookups.ids[state % lookups.count], 32), hex);
        buf_init(&lookups.heads[i], 256);
        BENCH_CHECK(buf_format(&lookups.heads[i],
                               "GET /v1/records/%s/receipt HTTP/1.1\r\nHost: localhost\r\n\r\n",
                               hex) == ERR_OK);
    }
    load.request = lookup_request;
    load.ctx = &lookups;
    load_run(&load, result);
    struct json *object = result_new("lookup", &load, result, 1);
    bench_put_int(object, "ids", lookups.count);
    for (size_t i = 0; i < load.count; i++) buf_done(&lookups.heads[i]);
    free(lookups.heads);
    free(lookups.ids);
    free(result);
    return bench_print(object);
}

/* -- GET /healthz: what HTTP costs by itself -- */

static void health_request(void *ctx, size_t index, struct load_request *ret) {
    static const char head[] = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n";
    (void)ctx;
    (void)index;
    ret->head = bytes_of(head, sizeof head - 1);
    ret->body = bytes_of(NULL, 0);
}

int bench_health(int argc, char **argv) {
    struct load load = load_of(argc, argv);
    struct load_result *result = calloc(1, sizeof *result);
    BENCH_CHECK(result);
    load.count = (size_t)bench_number(argc, argv, "requests", 50000);
    load.request = health_request;
    load_run(&load, result);
    struct json *object = result_new("health", &load, result, 1);
    free(result);
    return bench_print(object);
}

/* -- a peer: etcd's JSON gateway, a put of a value of so many bytes under a key of its own -- */

struct puts {
    struct buf *heads, *bodies;
};

static void put_request(void *ctx, size_t index, struct load_request *ret) {
    struct puts *puts = ctx;
    ret->head = buf_bytes(&puts->heads[index]);
    ret->body = buf_bytes(&puts->bodies[index]);
}

static void put_make(size_t index, size_t len, struct buf *ret_head, struct buf *ret_body) {
    uint8_t key[8], value[4096];
    put_u64(key, index);
    BENCH_CHECK(len <= sizeof value);
    memset(value, (int)(index % 251), len);
    buf_init(ret_body, 16384);
    buf_init(ret_head, 512);
    BENCH_CHECK(buf_add_text(ret_body, "{\"key\":\"") == ERR_OK);
    BENCH_CHECK(base64_encode(bytes_of(key, sizeof key), ret_body) == ERR_OK);
    BENCH_CHECK(buf_add_text(ret_body, "\",\"value\":\"") == ERR_OK);
    BENCH_CHECK(base64_encode(bytes_of(value, len), ret_body) == ERR_OK);
    BENCH_CHECK(buf_add_text(ret_body, "\"}") == ERR_OK);
    BENCH_CHECK(buf_format(ret_head,
                           "POST /v3/kv/put HTTP/1.1\r\nHost: localhost\r\nContent-Type: "
                           "application/json\r\nContent-Length: %zu\r\n\r\n",
                           ret_body->len) == ERR_OK);
}

int bench_etcd(int argc, char **argv) {
    struct puts puts;
    struct load load = load_of(argc, argv);
    struct load_result *result = calloc(1, sizeof *result);
    load.count = (size_t)bench_number(argc, argv, "requests", 20000);
    puts.heads = calloc(load.count, sizeof *puts.heads);
    puts.bodies = calloc(load.count, sizeof *puts.bodies);
    BENCH_CHECK(result && puts.heads && puts.bodies);
    for (size_t i = 0; i < load.count; i++)
        put_make(i, (size_t)bench_number(argc, argv, "bytes", 832), &puts.heads[i],
                 &puts.bodies[i]);
    load.request = put_request;
    load.ctx = &puts;
    load_run(&load, result);
    struct json *object = result_new("etcd", &load, result, 1);
    for (size_t i = 0; i < load.count; i++) {
        buf_done(&puts.heads[i]);
        buf_done(&puts.bodies[i]);
    }
    free(puts.heads);
    free(puts.bodies);
    free(result);
    return bench_print(object);
}
