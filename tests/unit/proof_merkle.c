/* The Merkle tree: vectors of two other implementations, every small world against the recursive model, every flipped bit. */
#include "tests/lib/tree.h"

#include <dirent.h>
#include <sys/stat.h>

#define SMALL 40 /* worlds in which every bit is flipped */

/* -- vectors -- */

Test(proof_merkle, roots_and_proofs_are_those_of_the_vectors) {
    struct json *vectors = vector_read_json("tlog.json");
    const struct json *list = json_member(vectors, "roots");
    cr_assert(json_count(list) > 10);
    for (size_t i = 0; i < json_count(list); i++) {
        uint8_t want[HASH_LEN], root[HASH_LEN];
        struct world_source world = {json_u64(json_at(list, i), "size")};
        struct merkle_source source = {&world, world_node};
        hex32(json_bytes(json_at(list, i), "root"), want);
        cr_assert(merkle_root(&source, world.size, root) == ERR_OK);
        cr_assert_arr_eq(root, want, HASH_LEN);
    }
    list = json_member(vectors, "inclusion");
    cr_assert(json_count(list) > 50);
    for (size_t i = 0; i < json_count(list); i++) {
        struct merkle_proof want, proof;
        struct world_source world = {json_u64(json_at(list, i), "size")};
        struct merkle_source source = {&world, world_node};
        uint64_t index = json_u64(json_at(list, i), "index");
        proof_of_json(json_member(json_at(list, i), "proof"), &want);
        cr_assert(merkle_inclusion_prove(&source, index, world.size, &proof) == ERR_OK);
        cr_assert(proof_same(&proof, &want));
    }
    list = json_member(vectors, "consistency");
    cr_assert(json_count(list) > 100);
    for (size_t i = 0; i < json_count(list); i++) {
        struct merkle_proof want, proof;
        struct world_source world = {json_u64(json_at(list, i), "new")};
        struct merkle_source source = {&world, world_node};
        uint64_t old_size = json_u64(json_at(list, i), "old");
        proof_of_json(json_member(json_at(list, i), "proof"), &want);
        cr_assert(merkle_consistency_prove(&source, old_size, world.size, &proof) == ERR_OK);
        cr_assert(proof_same(&proof, &want));
    }
    json_done(vectors);
}

Test(proof_merkle, leaf_hashes_roots_and_proofs_are_those_of_the_known_answers) {
    struct buf kat;
    if (!kat_read(&kat)) return;
    char hex[2 * HASH_LEN + 1];
    struct bytes leaves = kat_value(&kat, "leaf hashes:");
    for (size_t i = 0; i < 3; i++) {
        hex_encode(bytes_of(model_root(i, i + 1), HASH_LEN), hex);
        cr_assert(memmem(leaves.data, leaves.len, hex, strlen(hex)));
    }
    const char *labels[] = {"root(1)=", "root(2)=", "root(3):"};
    for (size_t n = 1; n <= 3; n++) {
        struct world_source world = {n};
        struct merkle_source source = {&world, world_node};
        uint8_t root[HASH_LEN];
        cr_assert(merkle_root(&source, n, root) == ERR_OK);
        hex_encode(bytes_of(root, HASH_LEN), hex);
        cr_assert(bytes_is(kat_value(&kat, labels[n - 1]), hex));
    }
    struct world_source world = {3};
    struct merkle_source source = {&world, world_node};
    const char *consistency[] = {"consistency 1->3:", "consistency 2->3:"};
    for (size_t m = 1; m <= 2; m++) {
        struct merkle_proof proof;
        struct buf text;
        buf_init(&text, 1024);
        cr_assert(merkle_consistency_prove(&source, m, 3, &proof) == ERR_OK);
        for (size_t i = 0; i < proof.count; i++) {
            cr_assert(buf_add_text(&text, i ? ", " : "[") == ERR_OK);
            cr_assert(base64_encode(bytes_of(proof.hashes[i], HASH_LEN), &text) == ERR_OK);
        }
        cr_assert(buf_add_text(&text, "]") == ERR_OK);
        cr_assert(bytes_equal(buf_bytes(&text), kat_value(&kat, consistency[m - 1])));
        buf_done(&text);
    }
    buf_done(&kat);
}

/* Base64 of anything into a hash; false where it is not HASH_LEN bytes long, which our types cannot say. */
static bool vector_hash(const struct json *text, uint8_t ret[HASH_LEN]) {
    return json_text(text) && base64_decode_fixed(json_text_bytes(text), ret, HASH_LEN) == ERR_OK;
}

static bool vector_proof(const struct json *array, struct merkle_proof *ret) {
    ret->count = 0;
    if (json_count(array) > LIMIT_PROOF_HASHES) return false;
    for (size_t i = 0; i < json_count(array); i++, ret->count++) {
        if (!vector_hash(json_at(array, i), ret->hashes[i])) return false;
    }
    return true;
}

/* What merkle.h lets through or refuses, all in all. A number that no tree size can be is a refusal too. */
static bool vector_inclusion_ok(const struct json *vector) {
    uint8_t leaf[HASH_LEN], root[HASH_LEN];
    struct merkle_proof proof;
    int64_t index, size;
    return vector_hash(json_member(vector, "leafHash"), leaf) &&
           vector_hash(json_member(vector, "root"), root) &&
           vector_proof(json_member(vector, "proof"), &proof) &&
           json_int(json_member(vector, "leafIdx"), &index) &&
           json_int(json_member(vector, "treeSize"), &size) &&
           merkle_inclusion_verify(leaf, (uint64_t)index, (uint64_t)size, &proof, root) == ERR_OK;
}

static bool vector_consistency_ok(const struct json *vector) {
    uint8_t old_root[HASH_LEN], new_root[HASH_LEN];
    struct merkle_proof proof;
    int64_t old_size, new_size;
    return vector_hash(json_member(vector, "root1"), old_root) &&
           vector_hash(json_member(vector, "root2"), new_root) &&
           vector_proof(json_member(vector, "proof"), &proof) &&
           json_int(json_member(vector, "size1"), &old_size) &&
           json_int(json_member(vector, "size2"), &new_size) &&
           merkle_consistency_verify((uint64_t)old_size, old_root, (uint64_t)new_size, new_root,
                                     &proof) == ERR_OK;
}

/* Runs check over every .json below path. The vectors' roots "don't care ..." are 12 bytes, so our types refuse the one of them that is
 * called good (equal sizes, no proof, equal roots): `good_but_short` counts it. */
struct vector_run {
    bool (*check)(const struct json *);
    size_t seen, good, good_but_short;
};

static void vector_file(const char *path, struct vector_run *run) {
    struct buf text = file_read(path);
    struct json *vector = NULL;
    bool want_err;
    struct problem why;
    enum err err = json_parse(buf_bytes(&text), &vector, &why);
    run->seen++;
    buf_done(&text);
    if (err) { /* tree sizes beyond 2^53, in vectors that must be refused: strict JSON refuses them first */
        cr_assert(memmem(path, strlen(path), "happy", 5) == NULL, "%s: %s", path, why.detail);
        return;
    }
    cr_assert(json_bool(json_member(vector, "wantErr"), &want_err), "%s", path);
    bool ok = run->check(vector);
    uint8_t root[HASH_LEN];
    bool short_root =
        json_member(vector, "root1") && !vector_hash(json_member(vector, "root1"), root);
    if (!want_err && short_root) {
        run->good_but_short++;
        cr_assert(!ok, "%s", path);
    } else {
        cr_assert(ok == !want_err, "%s: %s", path, json_text(json_member(vector, "desc")));
        if (ok) run->good++;
    }
    json_done(vector);
}

static void vector_folder(const char *path, struct vector_run *run) {
    DIR *folder = opendir(path);
    cr_assert(folder, "%s cannot be read", path);
    for (struct dirent *entry = readdir(folder); entry; entry = readdir(folder)) {
        char below[1024];
        struct stat stat_buf;
        if (entry->d_name[0] == '.') continue;
        (void)snprintf(below, sizeof below, "%s/%s", path, entry->d_name);
        cr_assert(stat(below, &stat_buf) == 0);
        if (S_ISDIR(stat_buf.st_mode)) vector_folder(below, run);
        if (S_ISREG(stat_buf.st_mode)) vector_file(below, run);
    }
    (void)closedir(folder);
}

Test(proof_merkle, inclusion_vectors_of_another_implementation_agree) {
    char path[512];
    struct vector_run run = {.check = vector_inclusion_ok};
    if (!shared_path("merkle/inclusion/0/happy-path.json", path, sizeof path)) return;
    cr_assert(shared_path("merkle/inclusion", path, sizeof path));
    vector_folder(path, &run);
    cr_assert(run.seen > 90 && run.good > 5, "%zu files, %zu good", run.seen, run.good);
}

Test(proof_merkle, consistency_vectors_of_another_implementation_agree) {
    char path[512];
    struct vector_run run = {.check = vector_consistency_ok};
    if (!shared_path("merkle/consistency/0/happy-path.json", path, sizeof path)) return;
    cr_assert(shared_path("merkle/consistency", path, sizeof path));
    vector_folder(path, &run);
    cr_assert(run.seen > 90 && run.good >= 5, "%zu files, %zu good", run.seen, run.good);
    cr_assert(run.good_but_short == 1);
}

/* -- every small world -- */

Test(proof_merkle, inclusion_proofs_of_every_small_world_are_the_models_and_verify) {
    for (size_t size = 1; size <= WORLD; size++) {
        struct world_source world = {size};
        struct merkle_source source = {&world, world_node};
        for (size_t index = 0; index < size; index++) {
            struct merkle_proof proof, want = {.count = 0};
            bool left[64];
            model_path(index, 0, size, &want, left);
            cr_assert(merkle_inclusion_prove(&source, index, size, &proof) == ERR_OK);
            cr_assert(proof_same(&proof, &want), "%zu of %zu", index, size);
            cr_assert(merkle_inclusion_verify(model_root(index, index + 1), index, size, &proof,
                                              model_root(0, size)) == ERR_OK);
        }
    }
}

Test(proof_merkle, consistency_proofs_of_every_small_world_are_the_models_and_verify) {
    for (size_t size = 1; size <= WORLD; size++) {
        struct world_source world = {size};
        struct merkle_source source = {&world, world_node};
        for (size_t old_size = 0; old_size <= size; old_size++) {
            struct merkle_proof proof, want = {.count = 0};
            if (old_size) model_subproof(old_size, 0, size, true, &want);
            cr_assert(merkle_consistency_prove(&source, old_size, size, &proof) == ERR_OK);
            cr_assert(proof_same(&proof, &want), "%zu to %zu", old_size, size);
            cr_assert(merkle_consistency_verify(old_size, model_root(0, old_size), size,
                                                model_root(0, size), &proof) == ERR_OK);
        }
    }
}

Test(proof_merkle, frontier_root_is_the_models_at_every_size_and_load_agrees) {
    struct merkle_frontier grown = {.size = 0};
    for (size_t size = 0; size <= WORLD; size++) {
        uint8_t root[HASH_LEN];
        struct world_source world = {size};
        struct merkle_source source = {&world, world_node};
        struct merkle_frontier loaded;
        merkle_frontier_root(&grown, root);
        cr_assert_arr_eq(root, model_root(0, size), HASH_LEN);
        cr_assert(merkle_root(&source, size, root) == ERR_OK);
        cr_assert_arr_eq(root, model_root(0, size), HASH_LEN);
        cr_assert(merkle_frontier_load(&source, size, &loaded) == ERR_OK);
        cr_assert(loaded.size == size && grown.size == size);
        for (unsigned level = 0; level < 64; level++) {
            if (!(size >> level & 1)) continue;
            cr_assert_arr_eq(loaded.nodes[level], grown.nodes[level], HASH_LEN);
        }
        merkle_frontier_append(&grown, model_root(size % WORLD, size % WORLD + 1));
    }
}

/* -- everything else fails -- */

static void flip(uint8_t *hash, unsigned bit) {
    hash[bit / 8] ^= (uint8_t)(1u << (bit % 8));
}

/* Bits to flip: all in small worlds, one in others, a different one each time. */
static unsigned bits_from(size_t size, size_t salt) {
    return size <= SMALL ? 0 : (unsigned)((size * 31 + salt * 97) % 256);
}

static unsigned bits_to(size_t size, size_t salt) {
    return size <= SMALL ? 256 : bits_from(size, salt) + 1;
}

static void inclusion_flips_fail(size_t index, size_t size) {
    struct merkle_proof proof = {.count = 0};
    bool left[64];
    uint8_t leaf[HASH_LEN], root[HASH_LEN];
    model_path(index, 0, size, &proof, left);
    memcpy(leaf, model_root(index, index + 1), HASH_LEN);
    memcpy(root, model_root(0, size), HASH_LEN);
    for (size_t i = 0; i < proof.count + 2; i++) {
        uint8_t *at = i < proof.count ? proof.hashes[i] : i == proof.count ? leaf : root;
        for (unsigned bit = bits_from(size, index + i); bit < bits_to(size, index + i); bit++) {
            flip(at, bit);
            cr_assert(merkle_inclusion_verify(leaf, index, size, &proof, root) == ERR_PROOF,
                      "%zu of %zu, hash %zu, bit %u", index, size, i, bit);
            flip(at, bit);
        }
    }
    cr_assert(merkle_inclusion_verify(leaf, index, size, &proof, root) == ERR_OK);
}

Test(proof_merkle, inclusion_fails_for_every_flipped_bit) {
    for (size_t size = 1; size <= SMALL; size++) {
        for (size_t index = 0; index < size; index++) inclusion_flips_fail(index, size);
    }
    for (size_t size = SMALL + 1; size <= WORLD; size += 7) {
        for (size_t index = 0; index < size; index++) inclusion_flips_fail(index, size);
    }
}

static void consistency_flips_fail(size_t old_size, size_t size) {
    struct merkle_proof proof = {.count = 0};
    uint8_t old_root[HASH_LEN], root[HASH_LEN];
    model_subproof(old_size, 0, size, true, &proof);
    memcpy(old_root, model_root(0, old_size), HASH_LEN);
    memcpy(root, model_root(0, size), HASH_LEN);
    for (size_t i = 0; i < proof.count + 2; i++) {
        uint8_t *at = i < proof.count ? proof.hashes[i] : i == proof.count ? old_root : root;
        size_t salt = old_size + i;
        for (unsigned bit = bits_from(size, salt); bit < bits_to(size, salt); bit++) {
            flip(at, bit);
            cr_assert(merkle_consistency_verify(old_size, old_root, size, root, &proof) ==
                          ERR_PROOF,
                      "%zu to %zu, hash %zu, bit %u", old_size, size, i, bit);
            flip(at, bit);
        }
    }
    cr_assert(merkle_consistency_verify(old_size, old_root, size, root, &proof) == ERR_OK);
}

Test(proof_merkle, consistency_fails_for_every_flipped_bit) {
    for (size_t size = 1; size <= SMALL; size++) {
        for (size_t old = 1; old <= size; old++) consistency_flips_fail(old, size);
    }
    for (size_t size = SMALL + 1; size <= WORLD; size += 7) {
        for (size_t old = 1; old <= size; old++) consistency_flips_fail(old, size);
    }
}

/* A root does not commit to its size, so a proof also verifies at another (index, size) whose path has the same turns; this is
 * why a checkpoint signs the size. Within one size no two indices share their turns. */
Test(proof_merkle, inclusion_verifies_exactly_at_positions_of_the_same_turns) {
    for (size_t size = 1; size <= SMALL; size++) {
        for (size_t index = 0; index < size; index++) {
            struct merkle_proof proof = {.count = 0};
            bool left[64] = {0};
            model_path(index, 0, size, &proof, left);
            for (size_t other_size = 0; other_size <= SMALL; other_size++) {
                for (size_t other = 0; other <= other_size; other++) {
                    struct merkle_proof shape = {.count = 0};
                    bool turns[64] = {0};
                    if (other < other_size) model_path(other, 0, other_size, &shape, turns);
                    bool same = other < other_size && shape.count == proof.count &&
                                memcmp(turns, left, proof.count * sizeof *left) == 0;
                    cr_assert(!(same && size == other_size && index != other));
                    cr_assert(
                        (merkle_inclusion_verify(model_root(index, index + 1), other, other_size,
                                                 &proof, model_root(0, size)) == ERR_OK) == same);
                }
            }
        }
    }
}

Test(proof_merkle, consistency_fails_between_other_sizes) {
    for (size_t size = 2; size <= SMALL; size++) {
        for (size_t old = 1; old < size; old++) {
            struct merkle_proof proof = {.count = 0};
            model_subproof(old, 0, size, true, &proof);
            for (size_t other = 0; other <= SMALL; other++) {
                if (other != old) {
                    cr_assert(merkle_consistency_verify(other, model_root(0, old), size,
                                                        model_root(0, size), &proof));
                    cr_assert(merkle_consistency_verify(other, model_root(0, other), size,
                                                        model_root(0, size), &proof));
                }
                if (other != size) {
                    cr_assert(merkle_consistency_verify(old, model_root(0, old), other,
                                                        model_root(0, other), &proof));
                }
            }
            cr_assert(merkle_consistency_verify(old, model_root(0, size), size, model_root(0, old),
                                                &proof));
        }
    }
}

/* The proof without its hash at `skip`, or where skip is past the end with `extra` put in at `at`. */
static struct merkle_proof proof_without(const struct merkle_proof *proof, size_t skip) {
    struct merkle_proof out = {.count = 0};
    for (size_t i = 0; i < proof->count; i++) {
        if (i != skip) model_push(&out, proof->hashes[i]);
    }
    return out;
}

static struct merkle_proof proof_with(const struct merkle_proof *proof, size_t at,
                                      const uint8_t *extra) {
    struct merkle_proof out = {.count = 0};
    for (size_t i = 0; i <= proof->count; i++) {
        if (i == at) model_push(&out, extra);
        if (i < proof->count) model_push(&out, proof->hashes[i]);
    }
    return out;
}

Test(proof_merkle, truncated_and_extended_proofs_fail) {
    for (size_t size = 1; size <= SMALL; size++) {
        const uint8_t *root = model_root(0, size);
        for (size_t at = 0; at < size; at++) {
            struct merkle_proof path = {.count = 0}, sub = {.count = 0};
            bool left[64];
            const uint8_t *leaf = model_root(at, at + 1), *old_root = model_root(0, at + 1);
            model_path(at, 0, size, &path, left);
            model_subproof(at + 1, 0, size, true, &sub);
            for (size_t i = 0; i < path.count; i++) {
                struct merkle_proof cut = proof_without(&path, i);
                cr_assert(merkle_inclusion_verify(leaf, at, size, &cut, root) == ERR_PROOF);
            }
            for (size_t i = 0; i < sub.count; i++) {
                struct merkle_proof cut = proof_without(&sub, i);
                cr_assert(merkle_consistency_verify(at + 1, old_root, size, root, &cut));
            }
            for (size_t i = 0; i <= path.count; i++) {
                struct merkle_proof more = proof_with(&path, i, i % 2 ? leaf : root);
                cr_assert(merkle_inclusion_verify(leaf, at, size, &more, root) == ERR_PROOF);
            }
            for (size_t i = 0; i <= sub.count; i++) {
                struct merkle_proof more = proof_with(&sub, i, i % 2 ? old_root : root);
                cr_assert(merkle_consistency_verify(at + 1, old_root, size, root, &more));
            }
        }
    }
}

Test(proof_merkle, hostile_counts_sizes_and_indices_are_refused) {
    struct merkle_proof proof = {.count = 0};
    const uint8_t *root = model_root(0, 1), *empty = model_root(0, 0);
    cr_assert(merkle_inclusion_verify(root, 0, 0, &proof, root) == ERR_PROOF);
    cr_assert(merkle_inclusion_verify(root, 1, 1, &proof, root) == ERR_PROOF);
    cr_assert(merkle_inclusion_verify(root, UINT64_MAX, UINT64_MAX, &proof, root) == ERR_PROOF);
    cr_assert(merkle_consistency_verify(2, root, 1, root, &proof) == ERR_PROOF);
    cr_assert(merkle_consistency_verify(UINT64_MAX, root, 1, root, &proof) == ERR_PROOF);
    cr_assert(merkle_consistency_verify(0, root, 1, root, &proof) == ERR_PROOF);
    cr_assert(merkle_consistency_verify(0, empty, 1, root, &proof) == ERR_OK);
    cr_assert(merkle_consistency_verify(0, empty, 0, empty, &proof) == ERR_OK);
    cr_assert(merkle_consistency_verify(0, root, 0, root, &proof) == ERR_PROOF);
    cr_assert(merkle_consistency_verify(0, empty, 0, root, &proof) == ERR_PROOF);
    for (size_t i = 0; i < LIMIT_PROOF_HASHES; i++) model_push(&proof, root);
    cr_assert(merkle_consistency_verify(0, empty, 1, root, &proof) == ERR_PROOF);
    const uint64_t sizes[] = {1, 2, UINT64_C(1) << 62, UINT64_C(1) << 63, UINT64_MAX};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        cr_assert(merkle_inclusion_verify(root, 0, sizes[i], &proof, root) == ERR_PROOF);
        cr_assert(merkle_inclusion_verify(root, sizes[i] - 1, sizes[i], &proof, root));
        cr_assert(merkle_consistency_verify(1, root, sizes[i], root, &proof) == ERR_PROOF);
        cr_assert(merkle_consistency_verify(sizes[i] - 1, root, sizes[i], root, &proof));
    }
    proof.count = LIMIT_PROOF_HASHES + 1; /* no reader makes this; the verifier must not read it */
    cr_assert(merkle_inclusion_verify(root, 0, UINT64_MAX, &proof, root) == ERR_PROOF);
    cr_assert(merkle_consistency_verify(1, root, UINT64_MAX, root, &proof) == ERR_PROOF);
    proof.count = SIZE_MAX;
    cr_assert(merkle_inclusion_verify(root, 0, 2, &proof, root) == ERR_PROOF);
    cr_assert(merkle_consistency_verify(1, root, 2, root, &proof) == ERR_PROOF);
}

/* -- huge trees: all leaves alike, so that a node is known from its level -- */

static enum err alike_node(void *ctx, unsigned level, uint64_t index, uint8_t ret[HASH_LEN]) {
    const uint64_t *size = ctx;
    cr_assert(level < 64 && index < *size >> level);
    memcpy(ret, model_root(0, 1), HASH_LEN);
    for (unsigned i = 0; i < level; i++) merkle_node(ret, ret, ret);
    return ERR_OK;
}

Test(proof_merkle, trees_up_to_2_to_the_63_are_proved_and_verified) {
    const uint64_t top = UINT64_C(1) << 63;
    const uint64_t sizes[] = {(UINT64_C(1) << 32) - 1,
                              (UINT64_C(1) << 32) + 1,
                              (UINT64_C(1) << 48) - 1,
                              top / 2 - 1,
                              top / 2 + 1,
                              top - 1,
                              top};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        uint64_t size = sizes[i];
        const uint64_t places[] = {0, 1, size / 3, size / 2 - 1, size / 2, size - 2, size - 1};
        struct merkle_source source = {&size, alike_node};
        uint8_t root[HASH_LEN], old_root[HASH_LEN];
        cr_assert(merkle_root(&source, size, root) == ERR_OK);
        for (size_t k = 0; k < sizeof places / sizeof *places; k++) {
            struct merkle_proof proof;
            uint64_t old_size = places[k] + 1;
            cr_assert(merkle_inclusion_prove(&source, places[k], size, &proof) == ERR_OK);
            cr_assert(merkle_inclusion_verify(model_root(0, 1), places[k], size, &proof, root) ==
                      ERR_OK);
            flip(proof.hashes[proof.count - 1], 255);
            cr_assert(merkle_inclusion_verify(model_root(0, 1), places[k], size, &proof, root));
            if (size > top / 2) continue;
            cr_assert(merkle_root(&source, old_size, old_root) == ERR_OK);
            cr_assert(merkle_consistency_prove(&source, old_size, size, &proof) == ERR_OK);
            cr_assert(merkle_consistency_verify(old_size, old_root, size, root, &proof) == ERR_OK);
            flip(old_root, 0);
            cr_assert(merkle_consistency_verify(old_size, old_root, size, root, &proof));
        }
    }
}

Test(proof_merkle, the_frontier_carries_through_every_level) {
    const uint64_t size = (UINT64_C(1) << 63) - 1;
    uint64_t all = size;
    struct merkle_source source = {&all, alike_node};
    struct merkle_frontier frontier;
    uint8_t root[HASH_LEN], want[HASH_LEN];
    cr_assert(merkle_frontier_load(&source, size, &frontier) == ERR_OK);
    merkle_frontier_append(&frontier, model_root(0, 1));
    all = size + 1;
    cr_assert(frontier.size == all && merkle_root(&source, all, want) == ERR_OK);
    merkle_frontier_root(&frontier, root);
    cr_assert_arr_eq(root, want, HASH_LEN);
}

/* -- a source that fails -- */

struct failing {
    struct world_source world;
    size_t calls_left;
};

static enum err failing_node(void *ctx, unsigned level, uint64_t index, uint8_t ret[HASH_LEN]) {
    struct failing *failing = ctx;
    if (failing->calls_left == 0) return ERR_IO;
    failing->calls_left--;
    return world_node(&failing->world, level, index, ret);
}

Test(proof_merkle, a_failing_source_is_passed_on_and_nothing_is_written) {
    size_t failures = 0;
    for (size_t calls = 0; calls < 12; calls++) {
        struct failing failing = {{299}, calls};
        struct merkle_source source = {&failing, failing_node};
        struct merkle_proof proof = {.count = 77};
        struct merkle_frontier frontier = {.size = 77};
        uint8_t root[HASH_LEN] = {7}, untouched[HASH_LEN] = {7};
        if (merkle_inclusion_prove(&source, 290, 299, &proof)) {
            failures++;
            cr_assert(proof.count == 77);
        }
        proof.count = 77;
        failing.calls_left = calls;
        if (merkle_consistency_prove(&source, 293, 299, &proof)) cr_assert(proof.count == 77);
        failing.calls_left = calls;
        if (merkle_root(&source, 299, root)) cr_assert_arr_eq(root, untouched, HASH_LEN);
        failing.calls_left = calls;
        if (merkle_frontier_load(&source, 299, &frontier)) cr_assert(frontier.size == 77);
    }
    cr_assert(failures > 3 && failures < 12);
}
