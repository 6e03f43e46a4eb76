/* qizheng.h: verify qizheng (契证) receipts off line.
 *
 * One call tells whether a receipt proves what it says, from bytes alone: no server, socket, clock or thread, and no file but those that
 * the libraries underneath open at their first use (OpenSSL its openssl.cnf, jansson /dev/urandom). What you need:
 *
 *   - the receipt, a JSON file that the holder of the record has;
 *   - a policy, a short text that says whose signatures you trust (C2SP tlog-policy). It comes from you or from somebody whom you
 *     trust, never with the receipt;
 *   - where a document is in question, its digests, made with the functions below.
 *
 * Build: cc your.c $(pkg-config --cflags --libs qizheng)        (static: pkg-config --static)
 *
 * Every function may be called from several threads at once, on different objects. Nothing is written to standard output or error. The
 * symbols qizheng_* of this header are all that the library exports; they keep their meaning as long as the soname stays libqizheng.so.0. */
#ifndef QIZHENG_H
#define QIZHENG_H

#include <stddef.h>

#if defined(__GNUC__)
#define QIZHENG_API __attribute__((visibility("default")))
#else
#define QIZHENG_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* The library's version, such as "0.1.0". Static memory. */
QIZHENG_API const char *qizheng_version(void);

/* -- digests of a document -- */

enum qizheng_alg {
    QIZHENG_SHA256 = 0, /* FIPS 180-4 */
    QIZHENG_SM3 = 1     /* GB/T 32905-2016 */
};

struct qizheng_digest {
    enum qizheng_alg alg;
    unsigned char value[32];
};

typedef struct qizheng_hash qizheng_hash;

/* Starts a digest. NULL without memory. */
QIZHENG_API qizheng_hash *qizheng_sha256_begin(void);
QIZHENG_API qizheng_hash *qizheng_sm3_begin(void);
/* Adds the next piece, of any length. data may be NULL where len is 0. */
QIZHENG_API void qizheng_hash_add(qizheng_hash *hash, const void *data, size_t len);
/* Writes the digest of all pieces and frees the hash. With ret NULL it only frees; hash may then be NULL too. */
QIZHENG_API void qizheng_hash_end(qizheng_hash *hash, struct qizheng_digest *ret);

/* -- pseudonymous tags --
 *
 * A tag is 32 bytes that stand for a person in one domain (docs/FORMATS.md). You blind an id number, a node evaluates what came of it (POST /v1/tags: `blinded` goes there, `evaluated`, and of `proofs`
 * one for each element, come back), and you finalise. The node learns nothing of the person. The public key of the domain is in the ledger's genesis (GET /v1/genesis, whose SHA-256 is the ledger
 * id): take it from there, not from the answer.
 *
 * The blind is as secret as the number: wipe it when you are done. Binary values are written in base64url in JSON. */

#define QIZHENG_TAG_RANDOM_LEN 64 /* of cryptographic randomness, for one blind; never used twice */
#define QIZHENG_TAG_SCALAR_LEN 32 /* a blind */
#define QIZHENG_TAG_ELEMENT_LEN 32 /* blinded, evaluated, public key */
#define QIZHENG_TAG_PROOF_LEN 64
#define QIZHENG_TAG_LEN 32

enum qizheng_tag_result {
    QIZHENG_TAG_OK = 0,
    QIZHENG_TAG_PERSON = 1, /* domain, id type or id number are not of the form that tags have */
    QIZHENG_TAG_KEY =
        2, /* the blind or the public key is not usable; blinding: draw other random bytes */
    QIZHENG_TAG_PROOF =
        3, /* the node's answer is not proven to be this person's under that key: use no tag of it */
    QIZHENG_TAG_ERROR = 4 /* out of memory */
};

/* domain, id_type: NUL-terminated, such as "labour", "resident-id". id_number: UTF-8 of id_number_len bytes, as written; it is normalised here. */
QIZHENG_API enum qizheng_tag_result
qizheng_tag_blind(const char *domain, const char *id_type, const char *id_number,
                  size_t id_number_len, const unsigned char random[QIZHENG_TAG_RANDOM_LEN],
                  unsigned char ret_blind[QIZHENG_TAG_SCALAR_LEN],
                  unsigned char ret_blinded[QIZHENG_TAG_ELEMENT_LEN]);

/* The same person, and the blind of the call above. Checks the proof under public_key. ret_evidence: NULL, or where a new NUL-terminated JSON text is put, the value of the tag's role in the
 * hidden claim `tag_evidence`: it holds the id number and the blind. Free it with qizheng_free. */
QIZHENG_API enum qizheng_tag_result
qizheng_tag_finalise(const char *domain, const char *id_type, const char *id_number,
                     size_t id_number_len, const unsigned char blind[QIZHENG_TAG_SCALAR_LEN],
                     const unsigned char public_key[QIZHENG_TAG_ELEMENT_LEN],
                     const unsigned char evaluated[QIZHENG_TAG_ELEMENT_LEN],
                     const unsigned char proof[QIZHENG_TAG_PROOF_LEN],
                     unsigned char ret_tag[QIZHENG_TAG_LEN], char **ret_evidence);

/* -- verifying -- */

enum qizheng_outcome {
    QIZHENG_VALID =
        0, /* nothing failed, and what must pass passed (with the document, where one was given) */
    QIZHENG_INVALID = 1, /* a step failed */
    QIZHENG_UNCHECKED =
        2, /* what was given allows no answer: no readable policy, no record to compare the document with */
    QIZHENG_ERROR =
        3 /* out of memory, a digest of an unknown algorithm, or a demand that is none; no verdict */
};

/* Verifies a receipt.
 *
 *   receipt, policy   texts, not NUL-terminated, taken as they are in their files
 *   digests           of the document in question, one per algorithm, at best both; NULL and 0: none is in question
 *   tsa_pem           certificates of timestamp authorities that you trust, PEM; NULL and 0: timestamp tokens are not checked
 *   ret_json          NULL, or where a new NUL-terminated UTF-8 text is put: the verdict as JSON, each step with its result and its
 *                     reason in English and Chinese, and two conclusions apart: whether what was anchored is unchanged since, and what is
 *                     known of its origin before. Free it with qizheng_free. NULL with QIZHENG_ERROR.
 *
 * Hostile input gives failing steps, never a crash. */
QIZHENG_API enum qizheng_outcome qizheng_verify(const void *receipt, size_t receipt_len,
                                                const void *policy, size_t policy_len,
                                                const struct qizheng_digest *digests,
                                                size_t digest_count, const void *tsa_pem,
                                                size_t tsa_pem_len, char **ret_json);

/* What you demand of the holder who shows you a receipt: that the holder's key, which the record names in `cnf`, signed this very selection of fields for you
 * and for this occasion (key binding, RFC 9901 section 7.3). */
struct qizheng_binding {
    const char *
        audience; /* your name or address, as you told it to the holder; NUL-terminated UTF-8, 1 to 512 bytes */
    const char
        *nonce;    /* what you drew at random for this occasion and never draw again; the same */
    long long now; /* your clock, seconds since 1970 UTC; 0: times are not judged */
    long long max_age; /* seconds that the signature may be old; 0: of any age */
};

/* The same, and the holder must have bound the presentation as you demand: if not, the step `disclosures` fails. With binding NULL it is qizheng_verify, where a
 * key binding that is there must verify, too, but nobody has asked for whom and when it was made. The verdict shows what it says under "key_binding". */
QIZHENG_API enum qizheng_outcome
qizheng_verify_bound(const void *receipt, size_t receipt_len, const void *policy, size_t policy_len,
                     const struct qizheng_digest *digests, size_t digest_count, const void *tsa_pem,
                     size_t tsa_pem_len, const struct qizheng_binding *binding, char **ret_json);

/* -- many receipts --
 *
 * Receipts of one ledger have much in common: the genesis, the records of the issuer chains with their signatures, signed checkpoints. A memory keeps what was read and verified of these, each by its
 * exact bytes, so that it is not done anew for each receipt. Verdicts are those that there would be without it, whatever it was used for before. It holds public keys and what participant records say, takes
 * some MiB at most, and is used by one thread at a time: a thread that verifies has its own. */

typedef struct qizheng_memory qizheng_memory;

/* An empty memory. NULL without memory of the other kind. */
QIZHENG_API qizheng_memory *qizheng_memory_new(void);
/* Accepts NULL. */
QIZHENG_API void qizheng_memory_free(qizheng_memory *memory);

/* qizheng_verify_bound with a memory, which may be NULL. */
QIZHENG_API enum qizheng_outcome
qizheng_verify_next(qizheng_memory *memory, const void *receipt, size_t receipt_len,
                    const void *policy, size_t policy_len, const struct qizheng_digest *digests,
                    size_t digest_count, const void *tsa_pem, size_t tsa_pem_len,
                    const struct qizheng_binding *binding, char **ret_json);

/* Frees a text that a function above gave; one of evidence is wiped with it. Accepts NULL. */
QIZHENG_API void qizheng_free(char *json);

#ifdef __cplusplus
}
#endif

#endif
