/* What a holder shows and keeps. The input is a parcel's JSON where it begins with a brace and holds no newline; else names on the first line and then a presentation, raw
 * or as a payload and disclosures line by line, of which one is put together by nobody's hand. What is read and picked from is read again, with just the picked
 * disclosures; what a parcel says it says again.
 * fuzz: max_len=2048 dict=record */
#include "tests/fuzz/lib/compact.h"

#include "api/cli/draft.h"
#include "api/cli/presentation.h"
#include "ledger/record/sdjwt.h"
#include "tests/lib/vector.h"

#define HEADER                                                                                     \
    "{\"alg\":\"ES256K\",\"kid\":\"kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k\","                 \
    "\"typ\":\"qizheng-record+sd-jwt\"}\n"

/* The disclosures of the lines behind each other, and their digests in the payload. */
static void seal(struct json *payload, struct bytes lines, struct buf *disclosures) {
    static uint8_t digests[LIMIT_DISCLOSURES][32];
    size_t count = 0;
    while (lines.len > 0 && count < LIMIT_DISCLOSURES) {
        struct bytes line = fuzz_cut(&lines, '\n');
        size_t from = disclosures->len;
        FUZZ_CHECK(base64url_encode(line, disclosures) == ERR_OK);
        sha256(bytes_slice(buf_bytes(disclosures), from, disclosures->len), digests[count++]);
        FUZZ_CHECK(buf_add_byte(disclosures, '~') == ERR_OK);
    }
    if (json_kind(payload) != JSON_KIND_OBJECT || json_member(payload, "_sd")) return;
    json_remove(payload, "_sd_alg");
    enum err err = sdjwt_seal(payload, (const uint8_t(*)[32])digests, count);
    FUZZ_CHECK(err == ERR_OK || err == ERR_DISCLOSURE);
}

static void compose(struct bytes in, struct buf *ret) {
    struct json *payload = NULL;
    struct buf disclosures, text, jws;
    struct bytes rest = in, first = fuzz_cut(&rest, '\n');
    buf_init(ret, FUZZ_COMPACT_MAX);
    if (json_parse(first, &payload, NULL)) {
        FUZZ_CHECK(buf_add(ret, in) == ERR_OK);
        return;
    }
    buf_init(&disclosures, FUZZ_COMPACT_MAX);
    buf_init(&text, FUZZ_COMPACT_MAX);
    seal(payload, rest, &disclosures);
    FUZZ_CHECK(buf_add_text(&text, HEADER) == ERR_OK && json_format(payload, &text) == ERR_OK);
    fuzz_compact(buf_bytes(&text), &jws);
    FUZZ_CHECK(buf_add(ret, buf_bytes(&jws)) == ERR_OK && buf_add_byte(ret, '~') == ERR_OK);
    FUZZ_CHECK(buf_add(ret, buf_bytes(&disclosures)) == ERR_OK);
    buf_done(&disclosures);
    buf_done(&text);
    buf_done(&jws);
    json_done(payload);
}

static void pick(struct bytes presentation, const char *names) {
    struct buf picked;
    struct presented shown = {0};
    struct problem why = {0};
    buf_init(&picked, FUZZ_COMPACT_MAX);
    enum err err = presentation_pick(presentation, names, &picked, &why);
    if (err) {
        fuzz_refused(err);
        FUZZ_CHECK(why.detail[0]);
    } else {
        FUZZ_CHECK(picked.len <= presentation.len);
        FUZZ_CHECK(presentation_read(buf_bytes(&picked), &shown, &why) == ERR_OK);
        presented_done(&shown);
    }
    buf_done(&picked);
}

static void presentation_run(struct bytes in) {
    struct presented shown = {0};
    struct problem why = {0};
    struct buf text;
    char *names = fuzz_text(fuzz_cut(&in, '\n'));
    compose(in, &text);
    enum err err = presentation_read(buf_bytes(&text), &shown, &why);
    if (err) {
        fuzz_refused(err);
        FUZZ_CHECK(why.detail[0]);
    } else {
        FUZZ_CHECK(shown.record && json_count(shown.claims) > 0);
        pick(buf_bytes(&text), names);
        pick(buf_bytes(&text), "");
        presented_done(&shown);
    }
    buf_done(&text);
    free(names);
}

static void parcel_run(struct bytes in) {
    struct json *json = NULL, *second = NULL;
    struct parcel parcel = {0}, again = {0};
    struct problem why = {0};
    if (json_parse(in, &json, NULL)) return;
    enum err err = parcel_parse(json, &parcel, &why);
    if (err) {
        fuzz_refused(err);
        FUZZ_CHECK(why.detail[0]);
    } else {
        FUZZ_CHECK(parcel_json(&parcel, &second) == ERR_OK);
        FUZZ_CHECK(parcel_parse(second, &again, &why) == ERR_OK);
        FUZZ_CHECK(strcmp(parcel.id, again.id) == 0);
        FUZZ_CHECK(bytes_equal(buf_bytes(&parcel.record), buf_bytes(&again.record)));
        json_done(second);
        parcel_done(&again);
        parcel_done(&parcel);
    }
    json_done(json);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct bytes in = bytes_of(data, size);
    if (bytes_starts(in, "{") && bytes_find(in, '\n', 0) == in.len)
        parcel_run(in);
    else
        presentation_run(in);
    return 0;
}
