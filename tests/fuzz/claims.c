/* What a record is to say: a claims file where the input begins with a brace, else `name=value` arguments, one a line.
 * fuzz: max_len=2048 dict=record */
#include "tests/fuzz/lib/fuzz.h"

#include "api/cli/claims.h"

static void file_run(struct bytes in) {
    struct json *json = NULL;
    struct claims claims = {0};
    struct problem why = {0};
    if (json_parse(in, &json, NULL)) return;
    enum err err = claims_parse(json, "claims.json", &claims, &why);
    FUZZ_CHECK(err == ERR_OK || (err == ERR_SCHEMA && why.detail[0]));
    if (!err) {
        FUZZ_CHECK(json_kind(claims.set) == JSON_KIND_OBJECT);
        FUZZ_CHECK(json_kind(claims.hide) == JSON_KIND_OBJECT);
        claims_done(&claims);
    }
    json_done(json);
}

static void lines_run(struct bytes in) {
    static const char *const types[] = {"labour-contract", "benefit", "participant", "", "unheard"};
    struct json *object = json_new_object();
    struct problem why = {0};
    FUZZ_CHECK(object);
    for (unsigned i = 0; in.len > 0; i++) {
        char *text = fuzz_text(fuzz_cut(&in, '\n'));
        size_t before = json_count(object);
        enum err err = claims_put(object, types[i % 5], text, &why);
        FUZZ_CHECK(err == ERR_OK || err == ERR_REQUEST || err == ERR_MALFORMED_JSON);
        FUZZ_CHECK(json_count(object) <= before + 1 && (!err || json_count(object) == before));
        FUZZ_CHECK(!err || why.detail[0]);
        free(text);
    }
    json_done(object);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct bytes in = bytes_of(data, size);
    if (bytes_starts(in, "{"))
        file_run(in);
    else
        lines_run(in);
    return 0;
}
