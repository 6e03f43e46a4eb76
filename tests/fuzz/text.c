/* Text encodings: one value has one text, the two decoders of base64 agree, and UTF-8 is what jansson takes for it.
 * fuzz: max_len=512 */
#include "tests/fuzz/lib/fuzz.h"

#include "ledger/base/json.h"
#include "ledger/base/text.h"

#include <errno.h>

static void hex_run(struct bytes in) {
    uint8_t raw[512];
    char text[1025];
    if (!hex_decode(in, raw, in.len / 2)) {
        hex_encode(bytes_of(raw, in.len / 2), text);
        FUZZ_CHECK(bytes_is(in, text));
    }
    hex_encode(in, text);
    FUZZ_CHECK(hex_decode(bytes_text(text), raw, in.len) == ERR_OK);
    FUZZ_CHECK(bytes_equal(bytes_of(raw, in.len), in));
}

struct base64 {
    enum err (*encode)(struct bytes in, struct buf *out);
    enum err (*decode)(struct bytes text, struct buf *out);
    enum err (*decode_fixed)(struct bytes text, uint8_t *out, size_t out_len);
    size_t (*encoded_len)(size_t len);
};

static void base64_run(const struct base64 *base64, struct bytes in) {
    struct buf raw, text;
    uint8_t fixed[512];
    buf_init(&raw, 1024);
    buf_init(&text, 1024);
    if (!base64->decode(in, &raw)) {
        FUZZ_CHECK(base64->encode(buf_bytes(&raw), &text) == ERR_OK);
        FUZZ_CHECK(bytes_equal(buf_bytes(&text), in));
        FUZZ_CHECK(base64->decode_fixed(in, fixed, raw.len) == ERR_OK);
        FUZZ_CHECK(bytes_equal(bytes_of(fixed, raw.len), buf_bytes(&raw)));
        FUZZ_CHECK(base64->decode_fixed(in, fixed, raw.len + 1) != ERR_OK);
    } else {
        for (size_t len = 0; len <= in.len; len++)
            FUZZ_CHECK(base64->decode_fixed(in, fixed, len) != ERR_OK);
    }
    buf_clear(&text);
    buf_clear(&raw);
    FUZZ_CHECK(base64->encode(in, &text) == ERR_OK && text.len == base64->encoded_len(in.len));
    FUZZ_CHECK(base64->decode(buf_bytes(&text), &raw) == ERR_OK);
    FUZZ_CHECK(bytes_equal(buf_bytes(&raw), in));
    buf_done(&raw);
    buf_done(&text);
}

static void utf8_run(struct bytes in) {
    struct json *json = json_new_text_bytes(in);
    FUZZ_CHECK(utf8_valid(in) == (json != NULL));
    json_done(json);
}

static void decimal_run(struct bytes in) {
    uint64_t value = 0;
    struct buf text;
    buf_init(&text, 32);
    if (!decimal_parse(in, &value)) {
        FUZZ_CHECK(buf_add_decimal(&text, value) == ERR_OK);
        FUZZ_CHECK(bytes_equal(buf_bytes(&text), in));
    } else if (in.len > 0 && in.len < 24 && in.data[0] != '0') {
        char copy[24], *end = NULL;
        memcpy(copy, in.data, in.len);
        copy[in.len] = 0;
        errno = 0;
        (void)strtoull(copy, &end, 10);
        bool digits = strspn(copy, "0123456789") == in.len;
        FUZZ_CHECK(!digits || errno == ERANGE);
    }
    buf_done(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const struct base64 padded = {base64_encode, base64_decode, base64_decode_fixed,
                                         base64_encoded_len};
    static const struct base64 url = {base64url_encode, base64url_decode, base64url_decode_fixed,
                                      base64url_encoded_len};
    struct bytes in = bytes_of(data, size);
    if (size > 512) return 0;
    hex_run(in);
    base64_run(&padded, in);
    base64_run(&url, in);
    utf8_run(in);
    decimal_run(in);
    return 0;
}
