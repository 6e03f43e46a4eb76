/* Timestamp tokens, DER as it comes or an edit of a good one (edits.h, behind a byte 0 or 1); and anchors in PEM where the input begins with a dash. A token that
 * verifies says the time of the good ones: nobody makes another.
 * fuzz: max_len=2048 dict=pem */
#include "tests/fuzz/lib/edits.h"
#include "tests/lib/vector.h"

#include "ledger/crypto/timestamp.h"

static struct {
    struct timestamp_anchors *anchors;
    struct buf tokens[2], data;
    uint64_t times[2];
} fixture;

/* The signed checkpoint that the tokens are of: behind the empty line of the good receipt's proof. */
static struct bytes checkpoint_of(struct bytes proof) {
    const uint8_t *at = memmem(proof.data, proof.len, "\n\n", 2);
    FUZZ_CHECK(at);
    return bytes_slice(proof, (size_t)(at + 2 - proof.data), proof.len);
}

static void fixture_begin(void) {
    static const char *const names[] = {"sha256", "sm3"};
    if (fixture.anchors) return;
    struct json *made = vector_read_json("receipts/timestamps.json");
    struct json *receipt = vector_read_json("receipts/good.json");
    struct problem why = {0};
    struct bytes anchor = json_text_bytes(json_member(made, "anchor"));
    FUZZ_CHECK(timestamp_anchors_parse(anchor, &fixture.anchors) == ERR_OK);
    struct bytes proof = json_text_bytes(json_member(json_member(receipt, "log"), "proof"));
    if (!proof.len) proof = json_text_bytes(json_member(receipt, "proof"));
    buf_init(&fixture.data, LIMIT_NOTE);
    FUZZ_CHECK(buf_add(&fixture.data, checkpoint_of(proof)) == ERR_OK);
    for (int i = 0; i < 2; i++) {
        struct bytes text = json_text_bytes(json_member(made, names[i]));
        buf_init(&fixture.tokens[i], 64 * 1024);
        FUZZ_CHECK(base64_decode(text, &fixture.tokens[i]) == ERR_OK);
        FUZZ_CHECK(timestamp_verify(buf_bytes(&fixture.tokens[i]), buf_bytes(&fixture.data),
                                    fixture.anchors, &fixture.times[i], &why) == ERR_OK);
    }
    json_done(made);
    json_done(receipt);
}

static void token_run(struct bytes token) {
    uint64_t time_s = 0;
    struct problem why = {0};
    enum err err =
        timestamp_verify(token, buf_bytes(&fixture.data), fixture.anchors, &time_s, &why);
    FUZZ_CHECK(err == ERR_OK || (err == ERR_PROOF && why.detail[0]));
    FUZZ_CHECK(err || time_s == fixture.times[0] || time_s == fixture.times[1]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct timestamp_anchors *anchors = NULL;
    fixture_begin();
    if (size > 0 && data[0] < 2) {
        struct buf token;
        buf_init(&token, 64 * 1024);
        FUZZ_CHECK(buf_add(&token, buf_bytes(&fixture.tokens[data[0]])) == ERR_OK);
        edits_run(&token, bytes_of(data + 1, size - 1));
        token_run(buf_bytes(&token));
        buf_done(&token);
    } else if (size > 0 && data[0] == '-') {
        enum err err = timestamp_anchors_parse(bytes_of(data, size), &anchors);
        FUZZ_CHECK(err == ERR_OK || err == ERR_KEY);
        if (!err) timestamp_anchors_done(anchors);
    } else {
        token_run(bytes_of(data, size));
    }
    return 0;
}
