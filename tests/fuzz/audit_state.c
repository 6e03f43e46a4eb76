/* What `qizheng audit` remembers: any JSON. What is taken has a checkpoint and a time, and is written and read as the same.
 * fuzz: max_len=2048 dict=note */
#include "tests/fuzz/lib/fuzz.h"

#include "api/cli/audit_state.h"

static void same(const struct audit_state *a, const struct audit_state *b) {
    const struct checkpoint *one = &a->head.checkpoint, *two = &b->head.checkpoint;
    FUZZ_CHECK(a->time_ms == b->time_ms && one->size == two->size);
    FUZZ_CHECK(bytes_equal(one->origin, two->origin));
    FUZZ_CHECK(memcmp(one->root, two->root, HASH_LEN) == 0);
    FUZZ_CHECK(bytes_equal(buf_bytes(&a->head.text), buf_bytes(&b->head.text)));
}

static void taken(const struct audit_state *state) {
    struct json *json = NULL, *again = NULL;
    struct audit_state other = {0};
    struct problem why = {0};
    struct buf text;
    buf_init(&text, 8 * LIMIT_NOTE);
    FUZZ_CHECK(state->time_ms <= INT64_MAX && state->head.text.len > 0);
    FUZZ_CHECK(audit_state_json(state, &json) == ERR_OK);
    FUZZ_CHECK(json_format(json, &text) == ERR_OK);
    FUZZ_CHECK(json_parse(buf_bytes(&text), &again, NULL) == ERR_OK);
    FUZZ_CHECK(audit_state_parse(again, &other, &why) == ERR_OK);
    same(state, &other);
    audit_state_done(&other);
    json_done(again);
    json_done(json);
    buf_done(&text);
}

/* As the file has it, or a note alone as its checkpoint, so that the fuzzer need not escape newlines. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct bytes in = bytes_of(data, size);
    struct audit_state state = {0};
    struct problem why = {0};
    struct json *json = NULL;
    if (!bytes_starts(in, "{")) {
        struct json *note = json_new_text_bytes(in);
        if (!note) return 0; /* not UTF-8 */
        json = json_new_object();
        FUZZ_CHECK(json_put_int(json, "time", (int64_t)size) == ERR_OK);
        FUZZ_CHECK(json_put(json, "checkpoint", note) == ERR_OK);
    } else if (json_parse(in, &json, NULL)) {
        return 0;
    }
    enum err err = audit_state_parse(json, &state, &why);
    if (err) {
        fuzz_refused(err);
        FUZZ_CHECK(why.detail[0] && state.time_ms == 0 && !state.head.text.data);
    } else {
        taken(&state);
        audit_state_done(&state);
    }
    json_done(json);
    return 0;
}
