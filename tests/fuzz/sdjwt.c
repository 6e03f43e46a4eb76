/* Selective disclosure: a presentation is cut without loss; what verifies merges, and the merged claims are the clear ones and the disclosed ones and no others.
 * The input is a payload on the first line and a disclosure on each further one; a disclosure that begins with a bracket is encoded first, and a payload without _sd
 * gets the digests of all of them.
 * fuzz: max_len=4096 dict=record */
#include "tests/fuzz/lib/fuzz.h"

#include "ledger/base/text.h"
#include "ledger/crypto/sha256.h"
#include "ledger/record/sdjwt.h"

static void cut_run(struct bytes in) {
    struct bytes jws, disclosures, kb;
    bool tilde = false;
    if (sdjwt_cut(in, &jws, &disclosures, &kb, &tilde)) return;
    FUZZ_CHECK(jws.len + (tilde ? 1 : 0) + disclosures.len + kb.len == in.len);
    FUZZ_CHECK(disclosures.len == 0 || disclosures.data[disclosures.len - 1] == '~');
}

static void disclosures_of(struct bytes lines, struct buf *ret) {
    buf_init(ret, 8 * LIMIT_RECORD_PRESENTED);
    while (lines.len > 0) {
        struct bytes line = fuzz_cut(&lines, '\n');
        FUZZ_CHECK((bytes_starts(line, "[") ? base64url_encode(line, ret) : buf_add(ret, line)) ==
                   ERR_OK);
        FUZZ_CHECK(buf_add_byte(ret, '~') == ERR_OK);
    }
}

static void seal(struct json *payload, const struct sdjwt_list *list) {
    static uint8_t digests[LIMIT_DISCLOSURES][32];
    if (json_kind(payload) != JSON_KIND_OBJECT || json_member(payload, "_sd")) return;
    for (size_t i = 0; i < list->count; i++) memcpy(digests[i], list->items[i].digest, 32);
    json_remove(payload, "_sd_alg");
    enum err err = sdjwt_seal(payload, (const uint8_t(*)[32])digests, list->count);
    FUZZ_CHECK(err == ERR_OK || err == ERR_DISCLOSURE);
}

static void verified(const struct json *payload, const struct sdjwt_list *list) {
    struct json *merged = NULL;
    FUZZ_CHECK(sdjwt_merge(payload, list, &merged) == ERR_OK);
    size_t hidden = json_member(payload, "_sd") ? 1 : 0;
    if (json_member(payload, "_sd_alg")) hidden++;
    FUZZ_CHECK(json_count(merged) == json_count(payload) - hidden + list->count);
    FUZZ_CHECK(!json_member(merged, "_sd") && !json_member(merged, "_sd_alg"));
    FUZZ_CHECK(sdjwt_value_plain(merged));
    for (size_t i = 0; i < list->count; i++)
        FUZZ_CHECK(json_same(json_member(merged, list->items[i].name), list->items[i].value));
    json_done(merged);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct bytes in = bytes_of(data, size);
    struct sdjwt_list list = {0};
    struct json *payload = NULL;
    struct problem why = {0};
    struct buf disclosures;
    cut_run(in);
    struct bytes first = fuzz_cut(&in, '\n');
    disclosures_of(in, &disclosures);
    enum err err = sdjwt_list_parse(buf_bytes(&disclosures), &list, &why);
    if (err) fuzz_refused(err);
    if (!err && json_parse(first, &payload, NULL) == ERR_OK) {
        seal(payload, &list);
        err = sdjwt_verify(payload, &list, &why);
        if (err)
            FUZZ_CHECK(err == ERR_DISCLOSURE);
        else
            verified(payload, &list);
    }
    json_done(payload);
    sdjwt_list_done(&list);
    buf_done(&disclosures);
    return 0;
}
