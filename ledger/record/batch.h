/* Batch envelope and head statement: what nodes hand to each other (FORMATS.md section 3).
 *
 *   "QZB1" ledger id 32, epoch u32, node index u16, counter u64, clock_ms u64, count u32, count x (length u32, JWS), signature 64
 *   "QZH1" ledger id 32, size u64, root 32, epoch u32, revision u64, order state (to the end but 64), signature 64
 *
 * Big-endian. The signature is the node's auth key (Ed25519) over the context line and all bytes before it.
 *
 * Happy path: batch_decode -> ledger id, epoch and node index compared with the registry -> batch_verify. A refusal (ERR_BATCH,
 * ERR_SIGNATURE_INVALID, ERR_ALG_MISMATCH) is the same on every node and the batch is skipped. ERR_NO_MEMORY is not a refusal:
 * a node that skipped a batch for it would diverge, so its caller stops. */
#ifndef QIZHENG_RECORD_BATCH_H
#define QIZHENG_RECORD_BATCH_H

#include "ledger/base/bytes.h"
#include "ledger/base/limits.h"
#include "ledger/crypto/key.h"

#define BATCH_CONTEXT "qizheng batch v1\n"
#define HEAD_CONTEXT "qizheng head v1\n"
#define BATCH_HEAD_LEN (4 + 32 + 4 + 2 + 8 + 8 + 4)
#define BATCH_OVERHEAD (BATCH_HEAD_LEN + KEY_SIG_LEN)

/* Where a batch stands in the order; compared as (epoch, revision). */
struct position {
    uint32_t epoch;
    uint64_t revision;
};

int position_compare(struct position a, struct position b);

struct batch {
    uint8_t ledger_id[32];
    uint32_t epoch;
    uint16_t node;
    uint64_t counter;
    uint64_t clock_ms;
    uint32_t count; /* 0: a heartbeat */
    struct bytes *
        records; /* count canonical compact JWS, borrowed from the envelope; the array is owned: batch_done */
    struct bytes signed_bytes;
    uint8_t sig[KEY_SIG_LEN];
};

/* Appends the signed envelope, or nothing. batch->signed_bytes and sig are not read; auth is an Ed25519 key.
 * ERR_TOO_LARGE over LIMIT_BATCH, LIMIT_BATCH_RECORDS or a record's LIMIT_RECORD. */
enum err batch_encode(const struct batch *batch, const struct key_secret *auth,
                      struct buf *out) MUST_CHECK;
/* Strict: exact length, each record 1..LIMIT_RECORD bytes. ERR_BATCH, ERR_NO_MEMORY. Does not verify the signature; what the
 * records hold is not looked at. */
enum err batch_decode(struct bytes in, struct batch *ret) MUST_CHECK;
/* ERR_SIGNATURE_INVALID; ERR_ALG_MISMATCH where auth is no Ed25519 key; ERR_NO_MEMORY. */
enum err batch_verify(const struct batch *batch, const struct key_public *auth) MUST_CHECK;
void batch_done(struct batch *batch); /* accepts zeroed */

struct head {
    uint8_t ledger_id[32];
    uint64_t size;
    uint8_t root[32];
    struct position position;
    struct bytes order_state; /* borrowed */
};

/* Appends the signed statement, or nothing. ERR_TOO_LARGE over LIMIT_HEAD. */
enum err head_encode(const struct head *head, const struct key_secret *auth,
                     struct buf *out) MUST_CHECK;
/* Verifies too. *ret borrows from in. ERR_BATCH, ERR_SIGNATURE_INVALID, ERR_ALG_MISMATCH, ERR_NO_MEMORY. */
enum err head_decode(struct bytes in, const struct key_public *auth, struct head *ret) MUST_CHECK;

#endif
