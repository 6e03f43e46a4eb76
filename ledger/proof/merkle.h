/* Merkle tree of RFC 6962 section 2.1 and RFC 9162 section 2.1, SHA-256.
 *
 *   leaf H(0x00 || leaf bytes)   node H(0x01 || left || right)   empty tree H("")
 *
 * Proofs are verified from bytes alone; they are made from a merkle_source, which answers for perfect subtrees only (those never
 * change), so a tile store, a database or an array can stand behind it. Verifiers take sizes and indices from outside and assert nothing of them. */
#ifndef QIZHENG_PROOF_MERKLE_H
#define QIZHENG_PROOF_MERKLE_H

#include "ledger/base/bytes.h"
#include "ledger/base/limits.h"

#define HASH_LEN 32

struct merkle_proof {
    uint8_t hashes[LIMIT_PROOF_HASHES][HASH_LEN]; /* leaf side first, as RFC 9162 sends them */
    size_t count;
};

void merkle_empty(uint8_t ret[HASH_LEN]);
void merkle_leaf(struct bytes leaf, uint8_t ret[HASH_LEN]);
void merkle_node(const uint8_t left[HASH_LEN], const uint8_t right[HASH_LEN],
                 uint8_t ret[HASH_LEN]);

/* RFC 9162 section 2.1.3.2. ERR_PROOF. */
enum err merkle_inclusion_verify(const uint8_t leaf_hash[HASH_LEN], uint64_t index, uint64_t size,
                                 const struct merkle_proof *proof,
                                 const uint8_t root[HASH_LEN]) MUST_CHECK;
/* RFC 9162 section 2.1.4.2. old_size 0 needs the empty root, is consistent with everything then and takes an empty proof; equal
 * sizes need equal roots and an empty proof. ERR_PROOF. */
enum err merkle_consistency_verify(uint64_t old_size, const uint8_t old_root[HASH_LEN],
                                   uint64_t new_size, const uint8_t new_root[HASH_LEN],
                                   const struct merkle_proof *proof) MUST_CHECK;

/* Hash of the perfect subtree of 2^level leaves that starts at leaf index * 2^level. */
struct merkle_source {
    void *ctx;
    enum err (*node)(void *ctx, unsigned level, uint64_t index, uint8_t ret[HASH_LEN]);
};

/* Errors are the source's own. Asserts index < size <= 2^63 and old_size <= new_size <= 2^62. */
enum err merkle_root(const struct merkle_source *source, uint64_t size,
                     uint8_t ret[HASH_LEN]) MUST_CHECK;
enum err merkle_inclusion_prove(const struct merkle_source *source, uint64_t index, uint64_t size,
                                struct merkle_proof *ret) MUST_CHECK;
enum err merkle_consistency_prove(const struct merkle_source *source, uint64_t old_size,
                                  uint64_t new_size, struct merkle_proof *ret) MUST_CHECK;

/* The right edge of a growing tree: the perfect subtrees that make up `size`, one per set bit, nodes[level]. */
struct merkle_frontier {
    uint64_t size;
    uint8_t nodes[64][HASH_LEN];
};

void merkle_frontier_append(struct merkle_frontier *frontier, const uint8_t leaf_hash[HASH_LEN]);
void merkle_frontier_root(const struct merkle_frontier *frontier, uint8_t ret[HASH_LEN]);
/* From the nodes of a stored tree. */
enum err merkle_frontier_load(const struct merkle_source *source, uint64_t size,
                              struct merkle_frontier *ret) MUST_CHECK;

#endif
