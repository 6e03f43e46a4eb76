/* The receipt: everything needed to verify a record off line (FORMATS.md section 5). */
#ifndef QIZHENG_PROOF_RECEIPT_H
#define QIZHENG_PROOF_RECEIPT_H

#include "ledger/base/json.h"
#include "ledger/base/limits.h"
#include "ledger/record/record.h"

#define RECEIPT_MEDIA_TYPE "application/vnd.qizheng.receipt+json;version=1"

/* One link of the issuer chain: how a key came to be bound. The last one carries the genesis instead of a record. */
struct receipt_link {
    struct bytes record; /* canonical JWS; empty in the last link */
    struct bytes
        genesis; /* the genesis bytes, decoded; empty in all others; owned by the receipt */
    uint64_t time_ms;
    struct bytes proof; /* tlog-proof text */
};

struct receipt {
    struct json *json; /* owned; everything below borrows from it or from `memory` */
    struct arena memory;
    struct bytes presentation; /* "<jws>~[<disclosure>~...]"; empty where `leaf` stands instead */
    bool has_leaf;
    uint8_t leaf[LEAF_LEN];
    uint64_t time_ms;
    struct bytes proof;
    struct receipt_link links[LIMIT_CHAIN];
    size_t link_count;
    const struct json *membership; /* NULL where absent */
    const struct json *timestamps; /* NULL where absent */
};

/* Strict: only the members of FORMATS.md section 5; a tool's own members must start with "x-" and are ignored. ERR_RECEIPT and the
 * JSON errors, with pointer and reason. *ret is large: it is allocated, free it with receipt_done. */
enum err receipt_parse(struct bytes text, struct receipt **ret, struct problem *ret_why) MUST_CHECK;
void receipt_done(struct receipt *receipt); /* accepts NULL */

/* Appends the array that the member `issuer` is; links in order, the last one with the genesis. */
enum err receipt_issuer_format(const struct receipt_link *links, size_t count,
                               struct buf *out) MUST_CHECK;
/* What a receipt is written from. */
struct receipt_parts {
    struct bytes record; /* compact JWS, without a tilde; empty: the leaf stands instead */
    const uint8_t *leaf; /* LEAF_LEN */
    uint64_t time_ms;
    struct bytes proof;
    struct bytes issuer; /* of receipt_issuer_format; empty: none */
};
/* Appends the receipt, compact, its members sorted. */
enum err receipt_format(const struct receipt_parts *parts, struct buf *out) MUST_CHECK;

#endif
