/* Off-line verification of receipts: CPU of the whole verdict, and of the signatures in it alone; the same with a memory from receipt to receipt. See bench.h. */
#include "tests/bench/bench.h"

#include "ledger/proof/verify.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINE_MAX_LEN (1024 * 1024)

static struct buf file_read(const char *path) {
    struct buf text;
    FILE *file = fopen(path, "rb");
    BENCH_CHECK(file);
    buf_init(&text, 256 * 1024 * 1024);
    size_t got;
    do {
        BENCH_CHECK(buf_reserve(&text, 65536) == ERR_OK);
        got = fread(text.data + text.len, 1, 65536, file);
        text.len += got;
    } while (got);
    (void)fclose(file);
    return text;
}

/* CPU of one verification with a key of that algorithm that is parsed already, nanoseconds. */
static uint64_t signature_ns(enum key_alg alg) {
    uint8_t secret[32], sig[KEY_SIG_LEN];
    struct key_secret *key;
    memset(secret, 7, sizeof secret);
    BENCH_CHECK(key_secret_from_bytes(alg, secret, &key) == ERR_OK);
    BENCH_CHECK(key_sign(key, bytes_text("message"), sig) == ERR_OK);
    uint64_t began = bench_cpu_ns();
    for (int i = 0; i < 2000; i++)
        BENCH_CHECK(key_verify(key_secret_public(key), bytes_text("message"), sig) == ERR_OK);
    uint64_t took = bench_cpu_ns() - began;
    key_secret_done(key);
    return took / 2000;
}

/* CPU of one receipt, nanoseconds. */
static uint64_t receipts_ns(const struct buf *receipts, const struct buf *policy, uint64_t rounds,
                            struct verify_memory *memory, uint64_t *ret_count) {
    uint64_t began = bench_cpu_ns(), count = 0;
    for (uint64_t round = 0; round < rounds; round++) {
        struct bytes rest = buf_bytes(receipts), line;
        while (bytes_line(&rest, &line)) {
            struct verify_input input = {
                .receipt = line, .policy = buf_bytes(policy), .memory = memory};
            struct verdict *verdict = NULL;
            BENCH_CHECK(verify(&input, &verdict) == ERR_OK);
            BENCH_CHECK(verdict->outcome == VERDICT_VALID);
            verdict_done(verdict);
            count++;
        }
    }
    BENCH_CHECK(count);
    *ret_count = count;
    return (bench_cpu_ns() - began) / count;
}

/* --receipts FILE (one a line) --policy FILE --rounds N. Signatures of a receipt: its record's (ES256K), its issuer chain's (ES256K), the log line and the cosignature
 * (Ed25519): --es256k and --ed25519 say how many, so that the rest can be told apart. first_cpu_ns is the very first receipt of the process, with all that is made once. */
int bench_verify(int argc, char **argv) {
    struct buf receipts = file_read(bench_text(argc, argv, "receipts", NULL));
    struct buf policy = file_read(bench_text(argc, argv, "policy", NULL));
    uint64_t rounds = bench_number(argc, argv, "rounds", 5), count = 0, first = 0;
    struct buf one = receipts;
    one.len = bytes_find(buf_bytes(&receipts), '\n', 0) + 1;
    BENCH_CHECK(one.len <= receipts.len);
    uint64_t first_ns = receipts_ns(&one, &policy, 1, NULL, &first);
    uint64_t signatures = bench_number(argc, argv, "es256k", 2) * signature_ns(KEY_ES256K) +
                          bench_number(argc, argv, "ed25519", 2) * signature_ns(KEY_ED25519);
    struct verify_memory *memory = NULL;
    BENCH_CHECK(verify_memory_new(&memory) == ERR_OK);
    uint64_t ns = receipts_ns(&receipts, &policy, rounds, NULL, &count);
    uint64_t with_memory = receipts_ns(&receipts, &policy, rounds, memory, &count);
    verify_memory_done(memory);
    struct json *object = json_new_object();
    BENCH_CHECK(object);
    bench_put_text(object, "name", "verify");
    bench_put_int(object, "receipts", count);
    bench_put_int(object, "receipt_bytes", receipts.len * rounds / count);
    bench_put_int(object, "cpu_ns", ns);
    bench_put_int(object, "first_cpu_ns", first_ns);
    bench_put_int(object, "with_memory_cpu_ns", with_memory);
    bench_put_int(object, "signatures_ns", signatures);
    bench_put_int(object, "beyond_signatures_ns", ns > signatures ? ns - signatures : 0);
    buf_done(&receipts);
    buf_done(&policy);
    return bench_print(object);
}
