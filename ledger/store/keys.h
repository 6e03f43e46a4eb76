/* Every key prefix and value layout in LevelDB. Nothing else builds or reads a raw key.
 *
 * Numbers are big-endian, so keys sort by number. Prefixes are one byte and are never reused for something else.
 *
 *   key                                   value
 *   M "format"                            u32: layout version, STORE_FORMAT
 *   M "ledger"                            ledger id, 32
 *   M "head"                              size u64, root 32, time_ms u64, epoch u32, revision u64, segment u32, segment end u64
 *   M "order"                             order state (contracts/order_state.h)
 *   M "checkpoint"                        the newest final checkpoint that this node published, a signed note
 *   L index u64                           leaf 41, segment u32, offset u64, length u32
 *   T level u8, index u64                 width x 32: hashes of that tile, then the nodes above them (tree.h); full tiles never change again
 *   I record id 32                        index u64
 *   D algorithm u8, digest 32, index u64  empty: that document is named by the record at that index
 *   A length u8, issuer, block u64        which of the 256 leaves from block * 256 on are that participant's (listing.h)
 *   Y length u8, type, block u64          which of them are of that type
 *   S key                                 contract state; keys and values belong to contracts/
 *   E number u64                          evidence kept for people: conflicting checkpoints and the like
 */
#ifndef QIZHENG_STORE_KEYS_H
#define QIZHENG_STORE_KEYS_H

#include "ledger/base/bytes.h"
#include "ledger/crypto/digest.h"
#include "ledger/proof/merkle.h"
#include "ledger/record/batch.h"
#include "ledger/record/record.h"

#define STORE_FORMAT 3
#define KEY_MAX 300 /* the longest key: contract state under a participant id */

/* First byte of every key. Stored: never reuse a letter. */
enum key_kind {
    KEY_KIND_META = 'M',
    KEY_KIND_LEAF = 'L',
    KEY_KIND_TILE = 'T',
    KEY_KIND_RECORD = 'I',
    KEY_KIND_DOCUMENT = 'D',
    KEY_KIND_ISSUER = 'A',
    KEY_KIND_TYPE = 'Y',
    KEY_KIND_STATE = 'S',
    KEY_KIND_EVIDENCE = 'E'
};

struct store_key {
    uint8_t data[KEY_MAX];
    size_t len;
};

struct store_key key_meta(const char *name);
struct store_key key_leaf(uint64_t index);
struct store_key key_tile(unsigned level, uint64_t index);
struct store_key key_record(const uint8_t id[RECORD_ID_LEN]);
struct store_key key_document(enum digest_alg alg, const uint8_t digest[DIGEST_LEN],
                              uint64_t index);
struct store_key key_state(struct bytes key); /* asserts key.len < KEY_MAX */
struct store_key key_evidence(uint64_t number);
struct bytes key_bytes(const struct store_key *key);

/* What all keys of a kind, or of a document, begin with. */
struct store_key key_kind_prefix(enum key_kind kind);
struct store_key key_document_prefix(enum digest_alg alg, const uint8_t digest[DIGEST_LEN]);
bool key_kind_known(uint8_t first);
/* Lists, so that readers walk what they may read and not the log: of an issuer's records and of a type's (listing.h), and those that contracts/ keep, which have a row for each
 * record. key_list_row: the row of that number in the list with that prefix. */
struct store_key key_issuer_prefix(const char *issuer);
struct store_key key_type_prefix(const char *type);
struct store_key key_list_row(struct store_key prefix, uint64_t index);
/* Number at the end of a leaf, document, list or evidence key of the right length; ERR_CORRUPT otherwise. */
enum err key_number(struct bytes key, uint64_t *ret) MUST_CHECK;
/* The key without its S, as contracts/ know it. */
struct bytes key_state_inner(struct bytes key);

/* M "format", and I: one number. */
#define STORE_FORMAT_LEN 4
#define STORE_INDEX_LEN 8
void store_format_encode(uint32_t format, uint8_t ret[STORE_FORMAT_LEN]);
enum err store_format_decode(struct bytes in, uint32_t *ret) MUST_CHECK; /* ERR_CORRUPT */
void store_index_encode(uint64_t index, uint8_t ret[STORE_INDEX_LEN]);
enum err store_index_decode(struct bytes in, uint64_t *ret) MUST_CHECK; /* ERR_CORRUPT */

/* M "head" */
struct store_head {
    uint64_t size;
    uint8_t root[HASH_LEN];
    uint64_t time_ms; /* ledger time of the newest leaf */
    struct position position;
    uint32_t segment;     /* where the next body goes */
    uint64_t segment_end; /* bytes of that segment that are committed */
};
#define STORE_HEAD_LEN (8 + 32 + 8 + 4 + 8 + 4 + 8)

void store_head_encode(const struct store_head *head, uint8_t ret[STORE_HEAD_LEN]);
enum err store_head_decode(struct bytes in, struct store_head *ret) MUST_CHECK; /* ERR_CORRUPT */

/* L */
struct store_leaf {
    uint8_t leaf[LEAF_LEN];
    uint32_t segment;
    uint64_t offset;
    uint32_t len;
};
#define STORE_LEAF_LEN (LEAF_LEN + 4 + 8 + 4)

void store_leaf_encode(const struct store_leaf *leaf, uint8_t ret[STORE_LEAF_LEN]);
enum err store_leaf_decode(struct bytes in, struct store_leaf *ret) MUST_CHECK; /* ERR_CORRUPT */

#endif
