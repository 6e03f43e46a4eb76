/* What the tests of records share: reading the files of tests/vectors, texts edited in place, and signed texts made to measure.
 * Everything here ends the test where it fails. */
#ifndef QIZHENG_TESTS_LIB_VECTOR_H
#define QIZHENG_TESTS_LIB_VECTOR_H

#include "ledger/base/json.h"
#include "ledger/base/limits.h"
#include "ledger/base/text.h"
#include "ledger/crypto/key.h"
#include "ledger/crypto/sha256.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A file of tests/vectors. The caller frees it with buf_done. */
static inline struct buf vector_read(const char *name) {
    char path[512];
    struct buf text;
    buf_init(&text, 1024 * 1024);
    (void)snprintf(path, sizeof path, TEST_DATA "/vectors/%s", name);
    FILE *file = fopen(path, "rb");
    cr_assert(file, "%s is missing", path);
    cr_assert(buf_reserve(&text, 512 * 1024) == ERR_OK);
    text.len = fread(text.data, 1, 512 * 1024, file);
    (void)fclose(file);
    return text;
}

/* A file of one line of hexadecimal digits, as bytes. */
static inline struct buf vector_read_hex(const char *name) {
    struct buf text = vector_read(name), raw;
    struct bytes rest = buf_bytes(&text), line = {0};
    cr_assert(bytes_line(&rest, &line), "%s ends without a newline", name);
    buf_init(&raw, text.len);
    cr_assert(buf_reserve(&raw, line.len / 2) == ERR_OK);
    cr_assert(hex_decode(line, raw.data, line.len / 2) == ERR_OK, "%s is not hexadecimal", name);
    raw.len = line.len / 2;
    buf_done(&text);
    return raw;
}

static inline struct json *vector_read_json(const char *name) {
    struct buf text = vector_read(name);
    struct json *value = NULL;
    cr_assert(json_parse(buf_bytes(&text), &value, NULL) == ERR_OK, "%s is not JSON", name);
    buf_done(&text);
    return value;
}

/* SHA-256 of "qizheng test vector <name>": every secret of the vectors (tests/vectors/primitives.py, seed). */
static inline void vector_seed(const char *name, uint8_t ret[32]) {
    struct bytes parts[] = {bytes_text("qizheng test vector "), bytes_text(name)};
    sha256_parts(parts, 2, ret);
}

static inline struct key_secret *vector_key(enum key_alg alg, const char *name) {
    uint8_t secret[32];
    struct key_secret *key = NULL;
    vector_seed(name, secret);
    cr_assert(key_secret_from_bytes(alg, secret, &key) == ERR_OK);
    return key;
}

/* An exact copy on the heap, so that a read past its end is seen by the sanitizer. The caller frees its data. */
static inline struct bytes exact_copy(struct bytes in) {
    uint8_t *data = malloc(in.len ? in.len : 1);
    cr_assert(data);
    if (in.len) memcpy(data, in.data, in.len);
    return bytes_of(data, in.len);
}

static inline void exact_free(struct bytes copy) {
    free((void *)(uintptr_t)copy.data);
}

/* text with its only occurrence of `from` replaced by `to`. */
static inline struct buf text_edit(struct bytes text, const char *from, const char *to) {
    struct buf out;
    const uint8_t *at = memmem(text.data, text.len, from, strlen(from));
    cr_assert(at, "\"%s\" is not in the text", from);
    size_t before = (size_t)(at - text.data), after = before + strlen(from);
    cr_assert(!memmem(text.data + after, text.len - after, from, strlen(from)),
              "\"%s\" is there twice", from);
    buf_init(&out, 1024 * 1024);
    cr_assert(buf_add(&out, bytes_slice(text, 0, before)) == ERR_OK);
    cr_assert(buf_add_text(&out, to) == ERR_OK);
    cr_assert(buf_add(&out, bytes_slice(text, after, text.len)) == ERR_OK);
    return out;
}

/* base64url(header) "." base64url(payload) "." base64url(64 bytes of 0x01): well formed, signed by nobody. */
static inline struct buf compact_of(const char *header, struct bytes payload) {
    struct buf out;
    uint8_t sig[KEY_SIG_LEN];
    memset(sig, 1, sizeof sig);
    buf_init(&out, 1024 * 1024);
    cr_assert(base64url_encode(bytes_text(header), &out) == ERR_OK);
    cr_assert(buf_add_byte(&out, '.') == ERR_OK);
    cr_assert(base64url_encode(payload, &out) == ERR_OK);
    cr_assert(buf_add_byte(&out, '.') == ERR_OK);
    cr_assert(base64url_encode(bytes_of(sig, sizeof sig), &out) == ERR_OK);
    return out;
}

/* A compact JWS of ES256K or ES256 with the other valid S, n - s. */
static inline struct buf compact_other_s(const struct buf *compact, enum key_alg alg) {
    uint8_t n[32], sig[KEY_SIG_LEN];
    struct buf out;
    size_t cut = compact->len - 86;
    int borrow = 0;
    const char *order = alg == KEY_ES256
                            ? "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551"
                            : "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141";
    cr_assert(alg == KEY_ES256 || alg == KEY_ES256K);
    cr_assert(hex_decode(bytes_text(order), n, sizeof n) == ERR_OK);
    cr_assert(!base64url_decode_fixed(bytes_of(compact->data + cut, 86), sig, sizeof sig));
    for (int i = 31; i >= 0; i--) {
        int digit = n[i] - sig[32 + i] - borrow;
        borrow = digit < 0;
        sig[32 + i] = (uint8_t)(digit + (borrow ? 256 : 0));
    }
    buf_init(&out, LIMIT_RECORD);
    cr_assert(buf_add(&out, bytes_of(compact->data, cut)) == ERR_OK);
    cr_assert(base64url_encode(bytes_of(sig, sizeof sig), &out) == ERR_OK);
    return out;
}

#define KID_TEXT "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k" /* RFC 8037 appendix A.3 */

#endif
