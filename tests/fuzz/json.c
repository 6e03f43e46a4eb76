/* Strict JSON: what was read and written is read as the same value and written as the same bytes, and what the quick reader takes is what jansson reads.
 * fuzz: max_len=4096 dict=json */
#include "tests/fuzz/lib/fuzz.h"

#include "ledger/base/json.h"
#include "ledger/base/json_read.h"
#include "ledger/base/text.h"

#include <jansson.h>

/* jansson takes numbers that we refuse: the quick reader must not. */
static void quick_run(struct bytes in, enum err err) {
    json_t *quick = NULL;
    json_error_t error;
    if (!utf8_valid(in) || json_read(in, &quick)) return;
    FUZZ_CHECK(err == ERR_OK);
    json_t *slow =
        json_loadb((const char *)in.data, in.len, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);
    FUZZ_CHECK(slow);
    char *a = json_dumps(quick, JSON_ENCODE_ANY), *b = json_dumps(slow, JSON_ENCODE_ANY);
    FUZZ_CHECK(a && b && strcmp(a, b) == 0);
    free(a);
    free(b);
    json_decref(quick);
    json_decref(slow);
}

/* Writes the value, reads that, and finds the same. */
static void round_trip(const struct json *value,
                       enum err (*format)(const struct json *value, struct buf *out),
                       struct buf *ret) {
    struct json *again = NULL;
    struct problem why = {0};
    buf_init(ret, 1024 * 1024);
    FUZZ_CHECK(format(value, ret) == ERR_OK);
    FUZZ_CHECK(json_parse(buf_bytes(ret), &again, &why) == ERR_OK);
    FUZZ_CHECK(json_same(value, again));
    json_done(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct json *value = NULL, *again = NULL;
    struct problem why = {0};
    struct buf compact, second, pretty;
    enum err err = json_parse(bytes_of(data, size), &value, &why);
    quick_run(bytes_of(data, size), err);
    if (err) {
        fuzz_refused(err);
        FUZZ_CHECK(why.err == err && why.detail[0]);
        return 0;
    }
    round_trip(value, json_format, &compact);
    round_trip(value, json_format_pretty, &pretty);
    FUZZ_CHECK(json_parse(buf_bytes(&pretty), &again, NULL) == ERR_OK);
    round_trip(again, json_format, &second);
    FUZZ_CHECK(bytes_equal(buf_bytes(&compact), buf_bytes(&second)));
    struct json *clone = json_clone(value);
    FUZZ_CHECK(clone && json_same(clone, value));
    json_done(clone);
    json_done(again);
    json_done(value);
    buf_done(&compact);
    buf_done(&second);
    buf_done(&pretty);
    return 0;
}
