/* The last-signed file with any content: opened at a state that one of its slots holds, or refused. The first byte says which slots get a right checksum first (bits 0
 * and 1), so that the fuzzer need not find a digest. What is put then is there when the file is opened again, and older states are refused.
 * fuzz: max_len=1025 */
#include "tests/fuzz/lib/fuzz.h"

#include "ledger/crypto/sha256.h"
#include "ledger/store/keyfile.h"

#include <fcntl.h>
#include <unistd.h>

#define SLOT 512
#define SUM_AT (SLOT - 32)

static const uint8_t ledger_id[32] = {7};
static char path[512];

static void path_remove(void) {
    (void)unlink(path);
}

/* A file of this process in memory. */
static void file_write(struct bytes content) {
    if (!path[0]) {
        const char *base = getenv("TMPDIR");
        (void)snprintf(path, sizeof path, "%s/qizheng-fuzz-%ld", base ? base : "/tmp",
                       (long)getpid());
        (void)atexit(path_remove);
    }
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    FUZZ_CHECK(fd >= 0 && write(fd, content.data, content.len) == (ssize_t)content.len);
    FUZZ_CHECK(close(fd) == 0);
}

static void reopened(const struct witness_state *expected) {
    struct lastsigned *file = NULL;
    struct problem why = {0};
    FUZZ_CHECK(lastsigned_open(path, ledger_id, false, &file, &why) == ERR_OK);
    struct witness_state state = lastsigned_get(file);
    FUZZ_CHECK(state.size == expected->size);
    FUZZ_CHECK(memcmp(state.root, expected->root, HASH_LEN) == 0);
    lastsigned_close(file);
}

static void taken(struct lastsigned *file) {
    struct witness_state before = lastsigned_get(file), next = before;
    struct problem why = {0};
    next.root[0] ^= 1;
    FUZZ_CHECK(lastsigned_put(file, &next, &why) == ERR_ROLLBACK);
    next.size++;
    bool grows = next.size > before.size;
    enum err err = lastsigned_put(file, &next, &why);
    FUZZ_CHECK(grows ? err == ERR_OK || err == ERR_CORRUPT : err == ERR_ROLLBACK);
    grows = err == ERR_OK;
    if (grows) FUZZ_CHECK(lastsigned_put(file, &before, &why) == ERR_ROLLBACK);
    lastsigned_close(file);
    reopened(grows ? &next : &before);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    uint8_t raw[2 * SLOT];
    struct lastsigned *file = NULL;
    struct problem why = {0};
    if (size == 0 || size - 1 > sizeof raw) return 0;
    memcpy(raw, data + 1, size - 1);
    for (size_t slot = 0; slot < 2; slot++) {
        uint8_t *at = raw + slot * SLOT;
        if (size - 1 < (slot + 1) * SLOT || !(data[0] >> slot & 1)) continue;
        sha256(bytes_of(at, SUM_AT), at + SUM_AT);
    }
    file_write(bytes_of(raw, size - 1));
    enum err err = lastsigned_open(path, ledger_id, false, &file, &why);
    FUZZ_CHECK(err == ERR_OK || (err == ERR_CORRUPT && why.detail[0]));
    if (!err) taken(file);
    return 0;
}
