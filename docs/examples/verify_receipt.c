/* Verifies a receipt off line: cc verify_receipt.c $(pkg-config --cflags --libs qizheng) -o verify_receipt
 *
 *   ./verify_receipt RECEIPT POLICY [DOCUMENT [AUDIENCE NONCE]]      prints the verdict as JSON; exit 0 valid, 1 not valid, 2 could not be checked
 *
 * With AUDIENCE and NONCE the holder must have bound the receipt to them, within the last five minutes. DOCUMENT may be "-" for none. */
#include <qizheng.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static char *slurp(const char *path, size_t *ret_len) {
    FILE *file = fopen(path, "rb");
    char *data = malloc(1 << 20); /* receipts take at most 512 KiB */
    if (!file || !data) exit(2);
    *ret_len = fread(data, 1, 1 << 20, file);
    fclose(file);
    return data;
}

static void hash_file(const char *path, qizheng_hash *hash, struct qizheng_digest *ret) {
    char piece[65536];
    FILE *file = fopen(path, "rb");
    if (!file || !hash) exit(2);
    for (size_t len; (len = fread(piece, 1, sizeof piece, file)) > 0;)
        qizheng_hash_add(hash, piece, len);
    if (ferror(file)) exit(2);
    qizheng_hash_end(hash, ret);
    fclose(file);
}

int main(int argc, char **argv) {
    struct qizheng_digest digests[2];
    size_t receipt_len, policy_len, count = argc > 3 && strcmp(argv[3], "-") ? 2 : 0;
    char *verdict = NULL;
    if (argc < 3) return 2;
    char *receipt = slurp(argv[1], &receipt_len), *policy = slurp(argv[2], &policy_len);
    if (count) {
        hash_file(argv[3], qizheng_sha256_begin(), &digests[0]);
        hash_file(argv[3], qizheng_sm3_begin(), &digests[1]);
    }
    struct qizheng_binding demand = {NULL, NULL, (long long)time(NULL), 300};
    if (argc > 5) {
        demand.audience = argv[4];
        demand.nonce = argv[5];
    }
    int outcome = qizheng_verify_bound(receipt, receipt_len, policy, policy_len, digests, count,
                                       NULL, 0, argc > 5 ? &demand : NULL, &verdict);
    puts(verdict ? verdict : "no verdict: out of memory, or no audience and nonce");
    qizheng_free(verdict);
    free(receipt);
    free(policy);
    return outcome;
}
