/* See timestamp.h.
 *
 * Happy path: the token is read, its imprint compared with our own digest of the data, its time taken, and then OpenSSL verifies
 * signature and certificates as they stood at that time.
 * Failure modes: OpenSSL's error queue is emptied on every way out, so nothing of a hostile token is left to confuse a later call. */
#include "ledger/crypto/timestamp.h"

#include "ledger/crypto/digest.h"
#include "ledger/crypto/openssl_names.h"

#include <openssl/asn1.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/objects.h>
#include <openssl/pem.h>
#include <openssl/pkcs7.h>
#include <openssl/ts.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>

#define ANCHORS_MAX 64

struct timestamp_anchors {
    X509 *certificates[ANCHORS_MAX];
    size_t count;
};

/* OpenSSL would ask the terminal for a passphrase. */
static int passphrase_none(char *out, int size, int writing, void *ctx) {
    (void)out, (void)size, (void)writing, (void)ctx;
    return -1;
}

static enum err anchors_read(BIO *bio, struct timestamp_anchors *anchors) {
    X509 *certificate;
    while ((certificate = PEM_read_bio_X509(bio, NULL, passphrase_none, NULL)) != NULL) {
        if (anchors->count == ANCHORS_MAX) {
            X509_free(certificate);
            return ERR_KEY;
        }
        anchors->certificates[anchors->count++] = certificate;
    }
    bool ended = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
    return ended && anchors->count ? ERR_OK : ERR_KEY;
}

enum err timestamp_anchors_parse(struct bytes pem, struct timestamp_anchors **ret) {
    if (pem.len == 0 || pem.len > INT32_MAX) return ERR_KEY;
    struct timestamp_anchors *anchors = calloc(1, sizeof *anchors);
    BIO *bio = BIO_new_mem_buf(pem.data, (int)pem.len);
    enum err err = anchors && bio ? anchors_read(bio, anchors) : ERR_NO_MEMORY;
    BIO_free(bio);
    ERR_clear_error();
    if (err) {
        timestamp_anchors_done(anchors);
        return err;
    }
    *ret = anchors;
    return ERR_OK;
}

void timestamp_anchors_done(struct timestamp_anchors *anchors) {
    if (!anchors) return;
    for (size_t i = 0; i < anchors->count; i++) X509_free(anchors->certificates[i]);
    free(anchors);
}

/* -- what the token says -- */

/* RFC 3161 section 2.4.2: the imprint "MUST have the same value as the similar field in TimeStampReq". */
static bool imprint_matches(TS_TST_INFO *info, struct bytes data, uint8_t ret[DIGEST_LEN]) {
    const ASN1_OBJECT *object = NULL;
    TS_MSG_IMPRINT *imprint = TS_TST_INFO_get_msg_imprint(info);
    X509_ALGOR_get0(&object, NULL, NULL, TS_MSG_IMPRINT_get_algo(imprint));
    int nid = OBJ_obj2nid(object);
    if (nid != NID_sha256 && nid != NID_sm3) return false;
    digest(nid == NID_sha256 ? DIGEST_SHA256 : DIGEST_SM3, data, ret);
    ASN1_OCTET_STRING *message = TS_MSG_IMPRINT_get_msg(imprint);
    return ASN1_STRING_length(message) == DIGEST_LEN &&
           memcmp(ASN1_STRING_get0_data(message), ret, DIGEST_LEN) == 0;
}

static bool gen_time(TS_TST_INFO *info, int64_t *ret_s) {
    int days, seconds;
    const ASN1_GENERALIZEDTIME *time = TS_TST_INFO_get_time(info);
    ASN1_TIME *epoch = ASN1_TIME_set(NULL, 0);
    bool good = time && epoch && ASN1_TIME_diff(&days, &seconds, epoch, time) == 1;
    ASN1_TIME_free(epoch);
    if (good) *ret_s = (int64_t)days * 86400 + seconds;
    return good && *ret_s >= 0;
}

/* Seconds to add so that the data existed by then for certain: the accuracy, and one for parts of a second. */
static uint64_t time_margin(TS_TST_INFO *info) {
    const ASN1_GENERALIZEDTIME *time = TS_TST_INFO_get_time(info);
    TS_ACCURACY *accuracy = TS_TST_INFO_get_accuracy(info);
    bool parts = memchr(ASN1_STRING_get0_data(time), '.', (size_t)ASN1_STRING_length(time)) != NULL;
    uint64_t seconds = 0;
    if (accuracy) {
        const ASN1_INTEGER *whole = TS_ACCURACY_get_seconds(accuracy);
        if (whole && ASN1_INTEGER_get_uint64(&seconds, whole) != 1) seconds = 0;
        parts = parts || TS_ACCURACY_get_millis(accuracy) || TS_ACCURACY_get_micros(accuracy);
    }
    if (seconds > INT32_MAX) seconds = INT32_MAX; /* an authority that far off says nothing */
    return seconds + parts;
}

/* -- signature and certificates -- */

static X509_STORE *store_of(const struct timestamp_anchors *anchors, int64_t time_s) {
    X509_STORE *store = X509_STORE_new();
    if (!store) return NULL;
    for (size_t i = 0; i < anchors->count; i++) {
        if (X509_STORE_add_cert(store, anchors->certificates[i]) != 1) {
            X509_STORE_free(store);
            return NULL;
        }
    }
    X509_VERIFY_PARAM *param = X509_STORE_get0_param(store);
    X509_VERIFY_PARAM_set_time(param, (time_t)time_s);
    (void)X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_PARTIAL_CHAIN);
    return store;
}

/* The anchors also stand in where a token carries no certificates. */
static STACK_OF(X509) * certificates_of(const struct timestamp_anchors *anchors) {
    STACK_OF(X509) *stack = sk_X509_new_null();
    for (size_t i = 0; stack && i < anchors->count; i++) {
        if (X509_up_ref(anchors->certificates[i]) != 1) break;
        if (sk_X509_push(stack, anchors->certificates[i]) > 0) continue;
        X509_free(anchors->certificates[i]);
        break; /* fewer stand-ins: a token that needed one is refused */
    }
    return stack;
}

static enum err signature_check(PKCS7 *token, const struct timestamp_anchors *anchors,
                                int64_t time_s, struct problem *ret_why) {
    TS_VERIFY_CTX *ctx = TS_VERIFY_CTX_new();
    X509_STORE *store = store_of(anchors, time_s);
    if (!ctx || !store) {
        TS_VERIFY_CTX_free(ctx);
        X509_STORE_free(store);
        return problem_set(ret_why, ERR_NO_MEMORY, "Out of memory.");
    }
    (void)TS_VERIFY_CTX_set_flags(ctx, TS_VFY_VERSION | TS_VFY_SIGNATURE);
    (void)TS_VERIFY_CTX_set_store(ctx, store); /* and the context frees it */
    (void)TS_VERIFY_CTX_set_certs(ctx, certificates_of(anchors));
    bool good = TS_RESP_verify_token(ctx, token) == 1;
    TS_VERIFY_CTX_free(ctx);
    if (good) return ERR_OK;
    return problem_set(
        ret_why, ERR_PROOF,
        "The token's signature does not verify under a timestamp authority that leads "
        "to the given certificates.");
}

static enum err token_check(PKCS7 *token, struct bytes data,
                            const struct timestamp_anchors *anchors, uint64_t *ret_time_s,
                            struct problem *ret_why) {
    uint8_t own[DIGEST_LEN];
    int64_t time_s = 0;
    TS_TST_INFO *info = PKCS7_to_TS_TST_INFO(token);
    if (!info) return problem_set(ret_why, ERR_PROOF, "This is no timestamp token of RFC 3161.");
    enum err err = ERR_OK;
    if (!imprint_matches(info, data, own)) {
        err = problem_set(ret_why, ERR_PROOF,
                          "The token is not over the SHA-256 or SM3 of this checkpoint.");
    } else if (!gen_time(info, &time_s)) {
        err = problem_set(ret_why, ERR_PROOF, "The token's time cannot be read.");
    }
    if (!err) err = signature_check(token, anchors, time_s, ret_why);
    if (!err) *ret_time_s = (uint64_t)time_s + time_margin(info);
    TS_TST_INFO_free(info);
    return err;
}

enum err timestamp_verify(struct bytes token, struct bytes data,
                          const struct timestamp_anchors *anchors, uint64_t *ret_time_s,
                          struct problem *ret_why) {
    const unsigned char *at = token.data;
    PKCS7 *pkcs7 =
        token.len && token.len <= INT32_MAX ? d2i_PKCS7(NULL, &at, (long)token.len) : NULL;
    enum err err;
    if (!pkcs7 || at != token.data + token.len || !PKCS7_type_is_signed(pkcs7) ||
        PKCS7_get_detached(pkcs7) != 0)
        err = problem_set(ret_why, ERR_PROOF, "This is no timestamp token of RFC 3161.");
    else
        err = token_check(pkcs7, data, anchors, ret_time_s, ret_why);
    PKCS7_free(pkcs7);
    ERR_clear_error();
    return err;
}
