/* Merkle proofs from bytes: any sizes, indices and hashes; and proofs that were made for a real tree, which verify as they are and, once anything in them is another,
 * no longer. The input is two numbers u64, a byte that says what to change, and hashes.
 * fuzz: max_len=2100 */
#include "tests/fuzz/lib/fuzz.h"
#include "tests/lib/tree.h"

static struct merkle_proof proof, made;

static void hashes_take(struct cursor *cursor) {
    proof.count = 0;
    while (proof.count < LIMIT_PROOF_HASHES && cursor->rest.len >= HASH_LEN)
        cursor_copy(cursor, proof.hashes[proof.count++], HASH_LEN);
}

/* Anything at all: an answer. Nobody finds a proof for a root of the model but the right one. */
static void anything(uint64_t a, uint64_t b, const uint8_t hash[HASH_LEN]) {
    uint64_t index = a % WORLD, size = b % WORLD + 1;
    uint8_t leaf[HASH_LEN];
    enum err err = merkle_inclusion_verify(hash, a, b, &proof, model_root(0, WORLD));
    FUZZ_CHECK(err == ERR_OK || err == ERR_PROOF);
    err = merkle_consistency_verify(a, hash, b, model_root(0, WORLD), &proof);
    FUZZ_CHECK(err == ERR_OK || err == ERR_PROOF);
    err = merkle_inclusion_verify(hash, index, size, &proof, model_root(0, size));
    world_leaf(index, leaf);
    if (!err) FUZZ_CHECK(index < size && memcmp(leaf, hash, HASH_LEN) == 0);
}

/* Other hashes behind, before or in a proof, or one fewer. False where that changes nothing. */
static bool spoil(uint8_t how) {
    if (made.count == 0) return false;
    size_t at = how % made.count;
    if (how & 0x80) {
        made.hashes[at][how % HASH_LEN] ^= (uint8_t)(how | 1);
        return true;
    }
    if (how & 0x40 && made.count < LIMIT_PROOF_HASHES) {
        memcpy(made.hashes[made.count], made.hashes[at], HASH_LEN);
        made.count++;
        return true;
    }
    made.count--;
    return true;
}

static void inclusion(uint64_t index, uint64_t size, uint8_t how) {
    struct world_source world = {size};
    struct merkle_source source = {&world, world_node};
    uint8_t leaf[HASH_LEN];
    const uint8_t *root = model_root(0, size);
    world_leaf(index, leaf);
    FUZZ_CHECK(merkle_inclusion_prove(&source, index, size, &made) == ERR_OK);
    FUZZ_CHECK(merkle_inclusion_verify(leaf, index, size, &made, root) == ERR_OK);
    if (spoil(how)) FUZZ_CHECK(merkle_inclusion_verify(leaf, index, size, &made, root) != ERR_OK);
}

static void consistency(uint64_t old_size, uint64_t new_size, uint8_t how) {
    struct world_source world = {new_size};
    struct merkle_source source = {&world, world_node};
    const uint8_t *old_root = model_root(0, old_size), *root = model_root(0, new_size);
    FUZZ_CHECK(merkle_consistency_prove(&source, old_size, new_size, &made) == ERR_OK);
    FUZZ_CHECK(merkle_consistency_verify(old_size, old_root, new_size, root, &made) == ERR_OK);
    if (spoil(how))
        FUZZ_CHECK(merkle_consistency_verify(old_size, old_root, new_size, root, &made) != ERR_OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct cursor cursor = cursor_of(bytes_of(data, size));
    uint64_t a = cursor_u64(&cursor), b = cursor_u64(&cursor);
    uint8_t how = cursor_u8(&cursor), hash[HASH_LEN] = {0};
    if (cursor.rest.len >= HASH_LEN) cursor_copy(&cursor, hash, HASH_LEN);
    hashes_take(&cursor);
    anything(a, b, hash);
    uint64_t large = b % WORLD + 1;
    inclusion(a % large, large, how);
    consistency(a % (large + 1), large, how);
    return 0;
}
