/* The Merkle tree of RFC 9162 section 2.1. See merkle.h.
 *
 * Happy path: a prover walks from a node to the root and writes down each sibling; a verifier walks the same way with the
 * siblings it was given and compares where it arrives. Both walks are one loop over the bits of (index, size - 1).
 * Failure modes: a source that cannot answer (its error is passed on); a proof that does not verify (ERR_PROOF).
 * Invariants:
 *   1. Verifiers assert nothing of what comes from outside and read at most LIMIT_PROOF_HASHES hashes.
 *   2. Provers ask their source for perfect subtrees that lie wholly inside the tree, never for anything else.
 *   3. No size up to 2^63 overflows: levels stay below 64 and start + length below 2^64. A consistency proof has one hash more
 *      than a path, so above 2^62 the most that tlog-witness lets through, 63, would not do. */
#include "ledger/proof/merkle.h"

#include "ledger/crypto/sha256.h"

#include <assert.h>
#include <string.h>

#define SIZE_MAX_LEAVES (UINT64_C(1) << 63)

/* RFC 9162 section 2.1.1: "The hash of an empty list is the hash of an empty string: MTH({}) = HASH()." */
void merkle_empty(uint8_t ret[HASH_LEN]) {
    sha256(bytes_of(NULL, 0), ret);
}

/* "The hash of a list with one entry (also known as a leaf hash) is: MTH({d[0]}) = HASH(0x00 || d[0])." */
void merkle_leaf(struct bytes leaf, uint8_t ret[HASH_LEN]) {
    static const uint8_t prefix = 0x00;
    struct bytes parts[] = {bytes_of(&prefix, 1), leaf};
    sha256_parts(parts, 2, ret);
}

/* "MTH(D_n) = HASH(0x01 || MTH(D[0:k]) || MTH(D[k:n]))" */
void merkle_node(const uint8_t left[HASH_LEN], const uint8_t right[HASH_LEN],
                 uint8_t ret[HASH_LEN]) {
    uint8_t joined[1 + 2 * HASH_LEN] = {0x01};
    memcpy(joined + 1, left, HASH_LEN);
    memcpy(joined + 1 + HASH_LEN, right, HASH_LEN);
    sha256(bytes_of(joined, sizeof joined), ret);
}

static bool hash_equal(const uint8_t a[HASH_LEN], const uint8_t b[HASH_LEN]) {
    return memcmp(a, b, HASH_LEN) == 0;
}

/* -- verifying: where a walk stands; fn and sn are the standard's names -- */

struct walk {
    uint64_t fn, sn;
};

/* Steps up past one proof hash. *ret_left: that hash stands left of the node walked. False: the walk was at the root already. */
static bool walk_step(struct walk *walk, bool *ret_left) {
    /* "If sn is 0, then stop the iteration and fail the proof verification." */
    if (walk->sn == 0) return false;
    /* "If LSB(fn) is set, or if fn is equal to sn" */
    *ret_left = (walk->fn & 1) || walk->fn == walk->sn;
    if (*ret_left) {
        /* "If LSB(fn) is not set, then right-shift both fn and sn equally until either LSB(fn) is set or fn is 0." */
        while (walk->fn && !(walk->fn & 1)) {
            walk->fn >>= 1;
            walk->sn >>= 1;
        }
    }
    /* "Finally, right-shift both fn and sn one time." */
    walk->fn >>= 1;
    walk->sn >>= 1;
    return true;
}

enum err merkle_inclusion_verify(const uint8_t leaf_hash[HASH_LEN], uint64_t index, uint64_t size,
                                 const struct merkle_proof *proof, const uint8_t root[HASH_LEN]) {
    /* "If leaf_index is greater than or equal to tree_size, then fail the proof verification." */
    if (index >= size || proof->count > LIMIT_PROOF_HASHES) return ERR_PROOF;
    struct walk walk = {index, size - 1};
    uint8_t r[HASH_LEN];
    memcpy(r, leaf_hash, HASH_LEN);
    for (size_t i = 0; i < proof->count; i++) {
        const uint8_t *p = proof->hashes[i];
        bool left;
        if (!walk_step(&walk, &left)) return ERR_PROOF;
        merkle_node(left ? p : r, left ? r : p, r);
    }
    /* "Compare sn to 0. Compare r against the root_hash." */
    return walk.sn == 0 && hash_equal(r, root) ? ERR_OK : ERR_PROOF;
}

/* 0 < old_size < new_size. */
static enum err consistency_walk(uint64_t old_size, const uint8_t old_root[HASH_LEN],
                                 uint64_t new_size, const uint8_t new_root[HASH_LEN],
                                 const struct merkle_proof *proof) {
    /* "If consistency_path is an empty array, stop and fail the proof verification." */
    if (proof->count == 0 || proof->count > LIMIT_PROOF_HASHES) return ERR_PROOF;
    /* "If first is an exact power of 2, then prepend first_hash to the consistency_path array." */
    bool whole = (old_size & (old_size - 1)) == 0;
    struct walk walk = {old_size - 1, new_size - 1};
    /* "If LSB(fn) is set, then right-shift both fn and sn equally until LSB(fn) is not set." */
    while (walk.fn & 1) {
        walk.fn >>= 1;
        walk.sn >>= 1;
    }
    uint8_t fr[HASH_LEN], sr[HASH_LEN];
    memcpy(fr, whole ? old_root : proof->hashes[0], HASH_LEN);
    memcpy(sr, fr, HASH_LEN);
    for (size_t i = whole ? 0 : 1; i < proof->count; i++) {
        const uint8_t *c = proof->hashes[i];
        bool left;
        if (!walk_step(&walk, &left)) return ERR_PROOF;
        if (left) merkle_node(c, fr, fr);
        merkle_node(left ? c : sr, left ? sr : c, sr);
    }
    /* "verify that the fr calculated is equal to the first_hash supplied, that the sr calculated is equal to the
     * second_hash supplied, and that sn is 0" */
    return walk.sn == 0 && hash_equal(fr, old_root) && hash_equal(sr, new_root) ? ERR_OK
                                                                                : ERR_PROOF;
}

enum err merkle_consistency_verify(uint64_t old_size, const uint8_t old_root[HASH_LEN],
                                   uint64_t new_size, const uint8_t new_root[HASH_LEN],
                                   const struct merkle_proof *proof) {
    uint8_t empty[HASH_LEN];
    merkle_empty(empty);
    if (old_size > new_size) return ERR_PROOF;
    if (old_size == 0 && !hash_equal(old_root, empty)) return ERR_PROOF;
    if (old_size == new_size) {
        return proof->count == 0 && hash_equal(old_root, new_root) ? ERR_OK : ERR_PROOF;
    }
    /* RFC 9162 defines proofs from 0 < first only; nothing precedes an empty tree, so nothing needs proof. */
    if (old_size == 0) return proof->count == 0 ? ERR_OK : ERR_PROOF;
    return consistency_walk(old_size, old_root, new_size, new_root, proof);
}

/* -- proving -- */

static enum err source_node(const struct merkle_source *source, unsigned level, uint64_t index,
                            uint8_t ret[HASH_LEN]) {
    return source->node(source->ctx, level, index, ret);
}

/* Root over the last `count` leaves of a tree of `size`, where these are what stands right of a perfect tree (or all): the
 * set bits of count, from the smallest subtree at the right end up. */
static enum err edge_root(const struct merkle_source *source, uint64_t size, uint64_t count,
                          uint8_t ret[HASH_LEN]) {
    assert(count > 0 && count <= size);
    bool any = false;
    uint8_t root[HASH_LEN], node[HASH_LEN];
    for (unsigned level = 0; level < 64; level++) {
        if (!(count >> level & 1)) continue;
        enum err err = source_node(source, level, (size >> level) - 1, any ? node : root);
        if (err) return err;
        if (any) merkle_node(node, root, root);
        any = true;
    }
    memcpy(ret, root, HASH_LEN);
    return ERR_OK;
}

enum err merkle_root(const struct merkle_source *source, uint64_t size, uint8_t ret[HASH_LEN]) {
    assert(size <= SIZE_MAX_LEAVES);
    if (size == 0) {
        merkle_empty(ret);
        return ERR_OK;
    }
    return edge_root(source, size, size, ret);
}

/* Appends the siblings on the way from the node (level, index) to the root. A node without a sibling is its own parent. */
static enum err path_prove(const struct merkle_source *source, unsigned level, uint64_t index,
                           uint64_t size, struct merkle_proof *proof) {
    for (; level < 63 && (UINT64_C(1) << level) < size; level++, index >>= 1) {
        uint64_t sibling = index ^ 1, start = sibling << level;
        if (start >= size) continue;
        assert(proof->count < LIMIT_PROOF_HASHES);
        uint8_t *ret = proof->hashes[proof->count++];
        uint64_t count = size - start;
        bool perfect = count >= UINT64_C(1) << level;
        enum err err = perfect ? source_node(source, level, sibling, ret)
                               : edge_root(source, size, count, ret);
        if (err) return err;
    }
    return ERR_OK;
}

enum err merkle_inclusion_prove(const struct merkle_source *source, uint64_t index, uint64_t size,
                                struct merkle_proof *ret) {
    assert(index < size && size <= SIZE_MAX_LEAVES);
    struct merkle_proof proof;
    proof.count = 0;
    enum err err = path_prove(source, 0, index, size, &proof);
    if (!err) *ret = proof;
    return err;
}

/* RFC 9162 section 2.1.4.1, seen from below: the last perfect subtree of the old tree, left out where it is the whole of it
 * (the verifier has that root), and its path to the new root. */
enum err merkle_consistency_prove(const struct merkle_source *source, uint64_t old_size,
                                  uint64_t new_size, struct merkle_proof *ret) {
    assert(old_size <= new_size && new_size <= SIZE_MAX_LEAVES / 2);
    if (old_size == 0 || old_size == new_size) {
        ret->count = 0;
        return ERR_OK;
    }
    struct merkle_proof proof;
    proof.count = 0;
    unsigned level = 0;
    while (!(old_size >> level & 1)) level++;
    uint64_t index = (old_size >> level) - 1;
    if (index > 0) {
        enum err err = source_node(source, level, index, proof.hashes[proof.count++]);
        if (err) return err;
    }
    enum err err = path_prove(source, level, index, new_size, &proof);
    if (!err) *ret = proof;
    return err;
}

/* -- the right edge -- */

void merkle_frontier_append(struct merkle_frontier *frontier, const uint8_t leaf_hash[HASH_LEN]) {
    assert(frontier->size < SIZE_MAX_LEAVES);
    uint8_t carry[HASH_LEN];
    memcpy(carry, leaf_hash, HASH_LEN);
    unsigned level = 0;
    for (; frontier->size >> level & 1; level++) merkle_node(frontier->nodes[level], carry, carry);
    memcpy(frontier->nodes[level], carry, HASH_LEN);
    frontier->size++;
}

static enum err frontier_node(void *ctx, unsigned level, uint64_t index, uint8_t ret[HASH_LEN]) {
    const struct merkle_frontier *frontier = ctx;
    assert(index == (frontier->size >> level) - 1);
    memcpy(ret, frontier->nodes[level], HASH_LEN);
    return ERR_OK;
}

void merkle_frontier_root(const struct merkle_frontier *frontier, uint8_t ret[HASH_LEN]) {
    struct merkle_source source = {(void *)(uintptr_t)frontier, frontier_node};
    enum err err = merkle_root(&source, frontier->size, ret);
    assert(!err);
}

enum err merkle_frontier_load(const struct merkle_source *source, uint64_t size,
                              struct merkle_frontier *ret) {
    assert(size <= SIZE_MAX_LEAVES);
    struct merkle_frontier frontier = {.size = size};
    for (unsigned level = 0; level < 64; level++) {
        if (!(size >> level & 1)) continue;
        enum err err = source_node(source, level, (size >> level) - 1, frontier.nodes[level]);
        if (err) return err;
    }
    *ret = frontier;
    return ERR_OK;
}
