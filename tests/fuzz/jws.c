/* Compact JWS: what is taken apart is put together again in canonical form, which is then taken apart as the same.
 * fuzz: max_len=4096 dict=record */
#include "tests/fuzz/lib/compact.h"

#include "ledger/record/jws.h"

/* The same text as a JWS whose header names no key (key binding). */
static void bare_run(struct bytes compact) {
    struct arena arena;
    struct jws jws;
    struct problem why = {0};
    arena_init(&arena, 2 * LIMIT_RECORD);
    enum err err = jws_split_bare(compact, &arena, &jws, &why);
    if (err) fuzz_refused(err);
    arena_done(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct arena arena, arena2;
    struct jws jws, again;
    struct problem why = {0};
    struct buf compact, canonical;
    fuzz_compact(bytes_of(data, size), &compact);
    arena_init(&arena, LIMIT_RECORD);
    arena_init(&arena2, LIMIT_RECORD);
    buf_init(&canonical, LIMIT_RECORD);
    bare_run(buf_bytes(&compact));
    enum err err = jws_split(buf_bytes(&compact), &arena, &jws, &why);
    if (err) {
        fuzz_refused(err);
        FUZZ_CHECK(why.err == err && why.detail[0]);
    } else {
        FUZZ_CHECK(jws_format(&jws, &canonical) == ERR_OK);
        FUZZ_CHECK(canonical.len == compact.len);
        FUZZ_CHECK(jws.was_high_s != bytes_equal(buf_bytes(&canonical), buf_bytes(&compact)));
        FUZZ_CHECK(jws_split(buf_bytes(&canonical), &arena2, &again, &why) == ERR_OK);
        FUZZ_CHECK(!again.was_high_s && again.alg == jws.alg && strcmp(again.kid, jws.kid) == 0);
        FUZZ_CHECK(strcmp(again.typ, jws.typ) == 0 && bytes_equal(again.payload, jws.payload));
        FUZZ_CHECK(memcmp(again.sig, jws.sig, KEY_SIG_LEN) == 0);
    }
    buf_done(&canonical);
    buf_done(&compact);
    arena_done(&arena);
    arena_done(&arena2);
    return 0;
}
