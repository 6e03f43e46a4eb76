/* See sha256.h. EVP_sha256() and SHA256() fetch the algorithm on each call (three times the cost of a short hash), so it is fetched
 * once, and each thread keeps one context, freed when the thread ends. Nothing is freed at exit: other threads may still hash then. */
#include "ledger/crypto/sha256.h"

#include "ledger/crypto/openssl_names.h"

#include <assert.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <stdlib.h>

struct sha256_stream {
    EVP_MD_CTX *ctx;
};

static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t thread_context;
static EVP_MD *algorithm;

static void context_free(void *ctx) {
    EVP_MD_CTX_free(ctx);
}

static void start(void) {
    algorithm = EVP_MD_fetch(NULL, "SHA256", NULL);
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

void sha256(struct bytes in, uint8_t ret[SHA256_LEN]) {
    sha256_parts(&in, 1, ret);
}

void sha256_parts(const struct bytes *parts, size_t count, uint8_t ret[SHA256_LEN]) {
    EVP_MD_CTX *ctx = context();
    int ok = EVP_DigestInit_ex2(ctx, algorithm, NULL);
    for (size_t i = 0; ok == 1 && i < count; i++) {
        if (parts[i].len) ok = EVP_DigestUpdate(ctx, parts[i].data, parts[i].len);
    }
    if (ok == 1) ok = EVP_DigestFinal_ex(ctx, ret, NULL);
    assert(ok == 1);
}

enum err sha256_stream_init(struct sha256_stream **ret) {
    struct sha256_stream *stream = calloc(1, sizeof *stream);
    (void)context();
    if (stream) stream->ctx = EVP_MD_CTX_new();
    if (!stream || !stream->ctx || !EVP_DigestInit_ex2(stream->ctx, algorithm, NULL)) {
        sha256_stream_done(stream);
        return ERR_NO_MEMORY;
    }
    *ret = stream;
    return ERR_OK;
}

void sha256_stream_add(struct sha256_stream *stream, struct bytes in) {
    if (!in.len) return;
    int ok = EVP_DigestUpdate(stream->ctx, in.data, in.len);
    assert(ok == 1);
}

void sha256_stream_end(struct sha256_stream *stream, uint8_t ret[SHA256_LEN]) {
    int ok = EVP_DigestFinal_ex(stream->ctx, ret, NULL);
    assert(ok == 1);
}

void sha256_stream_done(struct sha256_stream *stream) {
    if (stream) EVP_MD_CTX_free(stream->ctx);
    free(stream);
}
