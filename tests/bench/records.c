/* Payments to be recorded, made in threads before a load begins. See bench.h.
 *
 * A payment is about as large as the platform's: 600 to 700 bytes with the digests of its hidden amount and channel. Tags and digests are random: nothing of a payment is
 * guessable from another, as with real ones. */
#include "tests/bench/bench.h"

#include "ledger/base/limits.h"
#include "ledger/base/text.h"
#include "ledger/crypto/sha256.h"
#include "ledger/record/jws.h"
#include "ledger/store/entropy.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct part {
    const struct records_want *want;
    struct records *records;
    size_t from, to;
};

static int by_text(const void *a, const void *b) {
    return strcmp(a, b);
}

static void one(const struct records_want *want, struct buf *out, uint8_t id[32]) {
    uint8_t raw[4][32];
    char text[4][48], payload[1024];
    entropy(raw, sizeof raw);
    base64url_write(bytes_of(raw[0], 16), text[0]);
    for (size_t i = 1; i < 4; i++) base64url_write(bytes_of(raw[i], 32), text[i]);
    qsort(text[1], 2, sizeof text[0], by_text);
    int len = snprintf(
        payload, sizeof payload,
        "{\"_sd\":[\"%s\",\"%s\"],\"_sd_alg\":\"sha-256\",\"act\":\"disburse\",\"aud\":\"%s\","
        "\"batch_no\":\"%s\",\"iat\":%lld,\"iss\":\"%s\",\"item\":\"pension-monthly\","
        "\"jti\":\"%s\",\"period\":\"%s\",\"result\":\"paid\",\"tags\":{\"person\":{"
        "\"d\":\"benefit\",\"t\":\"%s\",\"v\":1}},\"vct\":\"urn:qizheng:benefit:1\"}",
        text[1], text[2], want->ledger, want->batch_no, (long long)time(NULL), want->issuer,
        text[0], want->period, text[3]);
    BENCH_CHECK(len > 0 && (size_t)len < sizeof payload);
    buf_init(out, LIMIT_RECORD);
    BENCH_CHECK(jws_sign(want->key, JWS_TYP_RECORD, bytes_of(payload, (size_t)len), out) == ERR_OK);
    const uint8_t *dot = memrchr(out->data, '.', out->len);
    BENCH_CHECK(dot);
    sha256(bytes_of(out->data, (size_t)(dot - out->data)), id);
}

static void *run(void *arg) {
    const struct part *part = arg;
    for (size_t i = part->from; i < part->to; i++)
        one(part->want, &part->records->jws[i], part->records->ids[i]);
    return NULL;
}

void records_make(const struct records_want *want, struct records *ret) {
    pthread_t threads[16];
    struct part parts[16];
    BENCH_CHECK(want->threads > 0 && want->threads <= 16 && want->count > 0);
    ret->count = want->count;
    ret->jws = calloc(want->count, sizeof *ret->jws);
    ret->ids = calloc(want->count, sizeof *ret->ids);
    BENCH_CHECK(ret->jws && ret->ids);
    for (unsigned i = 0; i < want->threads; i++) {
        struct part part = {want, ret, want->count * i / want->threads,
                            want->count * (i + 1) / want->threads};
        parts[i] = part;
        BENCH_CHECK(pthread_create(&threads[i], NULL, run, &parts[i]) == 0);
    }
    for (unsigned i = 0; i < want->threads; i++) BENCH_CHECK(pthread_join(threads[i], NULL) == 0);
}

void records_ids_write(int argc, char **argv, const struct records *records) {
    const char *path = bench_text(argc, argv, "ids-out", "");
    size_t every = (size_t)bench_number(argc, argv, "ids-every", 1);
    if (!*path) return;
    FILE *file = fopen(path, "ab");
    BENCH_CHECK(file && every > 0);
    for (size_t i = 0; i < records->count; i += every)
        BENCH_CHECK(fwrite(records->ids[i], 32, 1, file) == 1);
    BENCH_CHECK(fclose(file) == 0);
}

void records_done(struct records *records) {
    for (size_t i = 0; i < records->count; i++) buf_done(&records->jws[i]);
    free(records->jws);
    free(records->ids);
}
