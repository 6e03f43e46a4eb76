/* Genesis: what is read is its own canonical form, and the machine can begin with it or says why not.
 * fuzz: max_len=8192 dict=record */
#include "tests/fuzz/lib/fuzz.h"

#include "contracts/machine.h"
#include "ledger/crypto/sha256.h"

static enum err nothing_get(void *ctx, struct bytes key, struct buf *ret) {
    (void)ctx, (void)key, (void)ret;
    return ERR_NOT_FOUND;
}

static enum err nothing_find(void *ctx, const uint8_t id[RECORD_ID_LEN], uint64_t *ret_index) {
    (void)ctx, (void)id, (void)ret_index;
    return ERR_NOT_FOUND;
}

static enum err nothing_scan(void *ctx, struct bytes prefix,
                             bool (*each)(void *arg, struct bytes key, struct bytes value),
                             void *arg) {
    (void)ctx, (void)prefix, (void)each, (void)arg;
    return ERR_OK;
}

static void begin(const struct genesis *genesis) {
    struct view view = {NULL, nothing_get, nothing_find, nothing_scan};
    struct machine machine = {.genesis = genesis};
    static struct machine_tip tip;
    struct store_entry entry;
    struct overlay *overlay = NULL;
    FUZZ_CHECK(overlay_open(view, &overlay) == ERR_OK);
    enum err err = machine_begin(&machine, overlay, &tip, &entry);
    FUZZ_CHECK(err == ERR_OK || err == ERR_PROTOCOL);
    overlay_close(overlay);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct genesis *genesis = NULL;
    struct problem why = {0};
    struct buf text;
    uint8_t digest[32];
    enum err err = genesis_parse(bytes_of(data, size), &genesis, &why);
    if (err) {
        fuzz_refused(err);
        FUZZ_CHECK(why.err == err && why.detail[0]);
        return 0;
    }
    buf_init(&text, LIMIT_GENESIS);
    FUZZ_CHECK(json_format(genesis->json, &text) == ERR_OK);
    FUZZ_CHECK(bytes_equal(buf_bytes(&text), bytes_of(data, size)));
    sha256(bytes_of(data, size), digest);
    FUZZ_CHECK(memcmp(genesis->ledger_id, digest, 32) == 0);
    FUZZ_CHECK(genesis->node_count > 0 && genesis->created_ms >= 0);
    begin(genesis);
    buf_done(&text);
    genesis_done(genesis);
    return 0;
}
