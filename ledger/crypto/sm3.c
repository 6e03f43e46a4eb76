/* See sm3.h. As in sha256.c, the algorithm is fetched once and each thread keeps one context. */
#include "ledger/crypto/sm3.h"

#include "ledger/crypto/openssl_names.h"

#include <assert.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <stdlib.h>

struct sm3_stream {
    EVP_MD_CTX *ctx;
};

static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t thread_context;
static EVP_MD *algorithm;

static void context_free(void *ctx) {
    EVP_MD_CTX_free(ctx);
}

static void start(void) {
    algorithm = EVP_MD_fetch(NULL, "SM3", NULL);
    assert(algorithm);
    int rc = pthread_key_create(&thread_context, context_free);
    assert(rc == 0);
}

static EVP_MD_CTX *context(void) {
    (void)pthread_once(&once, start);
    EVP_MD_CTX *ctx = pthread_getspecific(thread_context);
    if (ctx) return ctx;
    ctx = EVP_MD_CTX_new();
    assert(ctx);
    int rc = pthread_setspecific(thread_context, ctx);
    assert(rc == 0);
    return ctx;
}

void sm3(struct bytes in, uint8_t ret[SM3_LEN]) {
    EVP_MD_CTX *ctx = context();
    int ok = EVP_DigestInit_ex2(ctx, algorithm, NULL);
    if (ok == 1 && in.len) ok = EVP_DigestUpdate(ctx, in.data, in.len);
    if (ok == 1) ok = EVP_DigestFinal_ex(ctx, ret, NULL);
    assert(ok == 1);
}

enum err sm3_stream_init(struct sm3_stream **ret) {
    struct sm3_stream *stream = calloc(1, sizeof *stream);
    (void)context();
    if (stream) stream->ctx = EVP_MD_CTX_new();
    if (!stream || !stream->ctx || !EVP_DigestInit_ex2(stream->ctx, algorithm, NULL)) {
        sm3_stream_done(stream);
        return ERR_NO_MEMORY;
    }
    *ret = stream;
    return ERR_OK;
}

void sm3_stream_add(struct sm3_stream *stream, struct bytes in) {
    if (!in.len) return;
    int ok = EVP_DigestUpdate(stream->ctx, in.data, in.len);
    assert(ok == 1);
}

void sm3_stream_end(struct sm3_stream *stream, uint8_t ret[SM3_LEN]) {
    int ok = EVP_DigestFinal_ex(stream->ctx, ret, NULL);
    assert(ok == 1);
}

void sm3_stream_done(struct sm3_stream *stream) {
    if (stream) EVP_MD_CTX_free(stream->ctx);
    free(stream);
}
