/* What the tests of the node share: small records, submissions, threads, and waiting for something to become true. */
#ifndef QIZHENG_TESTS_LIB_NODE_H
#define QIZHENG_TESTS_LIB_NODE_H

#include "node/clock.h"
#include "node/submission.h"
#include "tests/lib/vector.h"

#include <pthread.h>

/* A record of form only, number n, whose compact JWS is `more` bytes longer than the shortest; for what never looks inside. */
static inline struct record *small_record(uint64_t n, size_t more) {
    struct buf payload, compact;
    char jti[32];
    uint8_t raw[32] = {0};
    put_u64(raw, n);
    base64url_write(bytes_of(raw, 16), jti);
    buf_init(&payload, LIMIT_RECORD);
    cr_assert(buf_format(&payload,
                         "{\"act\":\"sign\",\"aud\":\"%064d\",\"doc\":[{\"alg\":\"sha-256\","
                         "\"digest\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"}],"
                         "\"iat\":1795420542,\"iss\":\"employer-1\",\"jti\":\"%s\",\"pad\":\"",
                         0, jti) == ERR_OK);
    for (size_t i = 0; i < more; i++) cr_assert(buf_add_byte(&payload, 'x') == ERR_OK);
    cr_assert(buf_add_text(&payload, "\",\"vct\":\"urn:qizheng:labour-contract:1\"}") == ERR_OK);
    compact = compact_of("{\"alg\":\"ES256K\",\"kid\":\"" KID_TEXT
                         "\",\"typ\":\"qizheng-record+sd-jwt\"}",
                         buf_bytes(&payload));
    struct record *record = NULL;
    struct problem why = {0};
    cr_assert(record_parse(buf_bytes(&compact), &record, &why) == ERR_OK, "%s", why.detail);
    buf_done(&compact);
    buf_done(&payload);
    return record;
}

static inline struct submission *small_submission(uint64_t n) {
    struct submission *submission = submission_new(small_record(n, 0));
    cr_assert(submission);
    return submission;
}

/* Both references. */
static inline void submission_drop(struct submission *submission) {
    submission_release(submission);
    submission_release(submission);
}

static inline pthread_t thread_start(void *(*run)(void *), void *arg) {
    pthread_t thread;
    cr_assert(pthread_create(&thread, NULL, run, arg) == 0);
    return thread;
}

static inline void thread_join(pthread_t thread) {
    cr_assert(pthread_join(thread, NULL) == 0);
}

static inline void sleep_ms(unsigned ms) {
    struct timespec span = {ms / 1000, (long)(ms % 1000) * 1000000};
    (void)nanosleep(&span, NULL);
}

static inline uint64_t now_ms(void) {
    return clock_monotonic_us() / 1000;
}

#endif
