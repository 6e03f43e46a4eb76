/* See voprf.h. Everything between the group, which is libsodium's, and the functions of RFC 9497; names as there (k, B, C, D, M, Z).
 *
 * Secrets (keys, blinds, the proof's nonce) meet only libsodium's constant-time functions and are wiped where they were copied. Multiplications refuse a
 * result that is the identity; that happens to nobody who draws scalars at random. */
#include "ledger/crypto/voprf.h"

#include <assert.h>
#include <sodium.h>
#include <string.h>

_Static_assert(crypto_core_ristretto255_BYTES == VOPRF_ELEMENT_LEN, "RFC 9497 section 4.1: Ne");
_Static_assert(crypto_core_ristretto255_SCALARBYTES == VOPRF_SCALAR_LEN, "Ns");
_Static_assert(crypto_core_ristretto255_HASHBYTES == VOPRF_RANDOM_LEN, "a uniform string");
_Static_assert(crypto_core_ristretto255_NONREDUCEDSCALARBYTES == VOPRF_RANDOM_LEN, "the same");
_Static_assert(crypto_hash_sha512_BYTES == VOPRF_OUTPUT_LEN, "Nh");

/* contextString: "OPRFV1-" || I2OSP(mode, 1) || "-" || identifier */
#define CONTEXT "OPRFV1-\x01-ristretto255-SHA512"
#define SHA512_BLOCK 128

#define TEXT(literal) bytes_of(literal, sizeof(literal) - 1)

/* -- hashing -- */

typedef crypto_hash_sha512_state hash;

static void hash_start(hash *h) {
    (void)crypto_hash_sha512_init(h);
}

static void hash_add(hash *h, struct bytes in) {
    if (in.len) (void)crypto_hash_sha512_update(h, in.data, in.len);
}

static void hash_number(hash *h, size_t number, size_t len) {
    uint8_t text[2] = {(uint8_t)(number >> 8), (uint8_t)number};
    hash_add(h, bytes_of(text + 2 - len, len));
}

/* I2OSP(len(in), 2) || in */
static void hash_sized(hash *h, struct bytes in) {
    hash_number(h, in.len, 2);
    hash_add(h, in);
}

static void hash_end(hash *h, uint8_t ret[crypto_hash_sha512_BYTES]) {
    (void)crypto_hash_sha512_final(h, ret);
    sodium_memzero(h, sizeof *h);
}

/* RFC 9380 section 5.3.1, expand_message_xmd with SHA-512 for len_in_bytes = 64, which is one block: ell = 1. The message is added between start and end. */
static void expand_start(hash *h) {
    static const uint8_t z_pad[SHA512_BLOCK];
    hash_start(h);
    hash_add(h, bytes_of(z_pad, sizeof z_pad));
}

static void expand_end(hash *h, struct bytes dst, uint8_t ret[VOPRF_RANDOM_LEN]) {
    uint8_t b_0[crypto_hash_sha512_BYTES];
    assert(dst.len <= 255);
    hash_number(h, VOPRF_RANDOM_LEN, 2); /* l_i_b_str */
    hash_number(h, 0, 1);
    hash_add(h, dst);
    hash_number(h, dst.len, 1); /* "DST_prime = DST || I2OSP(len(DST), 1)" */
    hash_end(h, b_0);
    hash_start(h); /* "b_1 = H(b_0 || I2OSP(1, 1) || DST_prime)" */
    hash_add(h, bytes_of(b_0, sizeof b_0));
    hash_number(h, 1, 1);
    hash_add(h, dst);
    hash_number(h, dst.len, 1);
    hash_end(h, ret);
    sodium_memzero(b_0, sizeof b_0);
}

/* RFC 9380 appendix B, hash_to_ristretto255, with the DST of RFC 9497 section 4.1. False where it is the identity. */
static bool hash_to_group(struct bytes input, voprf_element ret) {
    uint8_t uniform[VOPRF_RANDOM_LEN];
    hash h;
    expand_start(&h);
    hash_add(&h, input);
    expand_end(&h, TEXT("HashToGroup-" CONTEXT), uniform);
    (void)crypto_core_ristretto255_from_hash(ret, uniform);
    sodium_memzero(uniform, sizeof uniform);
    return !sodium_is_zero(ret, VOPRF_ELEMENT_LEN);
}

/* RFC 9497 section 4.1: "reduce the integer modulo Group.Order()", the 64 bytes being that integer in little-endian order. */
static void hash_to_scalar(hash *h, struct bytes dst, voprf_scalar ret) {
    uint8_t uniform[VOPRF_RANDOM_LEN];
    expand_end(h, dst, uniform);
    crypto_core_ristretto255_scalar_reduce(ret, uniform);
    sodium_memzero(uniform, sizeof uniform);
}

/* -- scalars and elements -- */

/* RFC 9496 section 4.3.1: "If the value is negative or greater than or equal to the field's prime, decoding fails". libsodium before 1.0.19 does not look at the
 * highest bit, so that every element, and the identity too, would have two encodings. */
bool voprf_element_valid(const voprf_element element) {
    return sodium_init() >= 0 && !sodium_is_zero(element, VOPRF_ELEMENT_LEN) &&
           !(element[VOPRF_ELEMENT_LEN - 1] & 0x80) &&
           crypto_core_ristretto255_is_valid_point(element) == 1;
}

bool voprf_scalar_valid(const voprf_scalar scalar) {
    uint8_t wide[VOPRF_RANDOM_LEN] = {0};
    voprf_scalar reduced;
    memcpy(wide, scalar, VOPRF_SCALAR_LEN);
    crypto_core_ristretto255_scalar_reduce(reduced, wide);
    bool valid = sodium_init() >= 0 && sodium_memcmp(reduced, scalar, VOPRF_SCALAR_LEN) == 0 &&
                 !sodium_is_zero(scalar, VOPRF_SCALAR_LEN);
    sodium_memzero(wide, sizeof wide);
    sodium_memzero(reduced, sizeof reduced);
    return valid;
}

enum err voprf_scalar_make(const uint8_t random[VOPRF_RANDOM_LEN], voprf_scalar ret) {
    voprf_scalar scalar;
    crypto_core_ristretto255_scalar_reduce(scalar, random);
    enum err err = voprf_scalar_valid(scalar) ? ERR_OK : ERR_KEY;
    if (!err) memcpy(ret, scalar, sizeof scalar);
    sodium_memzero(scalar, sizeof scalar);
    return err;
}

enum err voprf_public(const voprf_scalar secret, voprf_element ret) {
    voprf_element public;
    if (!voprf_scalar_valid(secret) || crypto_scalarmult_ristretto255_base(public, secret))
        return ERR_KEY;
    memcpy(ret, public, sizeof public);
    return ERR_OK;
}

enum err voprf_key_derive(const uint8_t seed[VOPRF_SEED_LEN], struct bytes info,
                          voprf_scalar ret_secret, voprf_element ret_public) {
    voprf_scalar secret;
    enum err err = ERR_KEY;
    if (info.len > VOPRF_INPUT_MAX) return ERR_TOO_LARGE;
    if (sodium_init() < 0) return ERR_INTERNAL;
    for (unsigned counter = 0; err == ERR_KEY && counter <= 255; counter++) {
        hash h;
        expand_start(&h);
        hash_add(&h, bytes_of(seed, VOPRF_SEED_LEN));
        hash_sized(&h, info);
        hash_number(&h, counter, 1);
        hash_to_scalar(&h, TEXT("DeriveKeyPair" CONTEXT), secret);
        err = voprf_public(secret, ret_public);
    }
    if (!err) memcpy(ret_secret, secret, sizeof secret);
    sodium_memzero(secret, sizeof secret);
    return err;
}

/* -- discrete logarithm equality: RFC 9497 section 2.2 -- */

/* d_i of ComputeComposites. */
static void composite_weight(const uint8_t seed[crypto_hash_sha512_BYTES], size_t i,
                             const voprf_element c, const voprf_element d, voprf_scalar ret) {
    hash h;
    expand_start(&h);
    hash_sized(&h, bytes_of(seed, crypto_hash_sha512_BYTES));
    hash_number(&h, i, 2);
    hash_sized(&h, bytes_of(c, VOPRF_ELEMENT_LEN));
    hash_sized(&h, bytes_of(d, VOPRF_ELEMENT_LEN));
    hash_add(&h, TEXT("Composite"));
    hash_to_scalar(&h, TEXT("HashToScalar-" CONTEXT), ret);
}

/* sum += weight * element; false where an encoding is no element, or the product the identity. */
static bool element_add(voprf_element sum, const voprf_scalar weight, const voprf_element element) {
    voprf_element product;
    return crypto_scalarmult_ristretto255(product, weight, element) == 0 &&
           crypto_core_ristretto255_add(sum, sum, product) == 0;
}

/* M and Z. With z NULL only M: ComputeCompositesFast has Z = k * M. */
static bool composites(const voprf_element public, const uint8_t *c, const uint8_t *d, size_t count,
                       voprf_element m, uint8_t *z) {
    uint8_t seed[crypto_hash_sha512_BYTES];
    hash h;
    hash_start(&h);
    hash_sized(&h, bytes_of(public, VOPRF_ELEMENT_LEN));
    hash_sized(&h, TEXT("Seed-" CONTEXT));
    hash_end(&h, seed);
    memset(m, 0, VOPRF_ELEMENT_LEN); /* the identity's encoding */
    if (z) memset(z, 0, VOPRF_ELEMENT_LEN);
    for (size_t i = 0; i < count; i++) {
        voprf_scalar weight;
        const uint8_t *c_i = c + i * VOPRF_ELEMENT_LEN, *d_i = d + i * VOPRF_ELEMENT_LEN;
        composite_weight(seed, i, c_i, d_i, weight);
        if (!element_add(m, weight, c_i)) return false;
        if (z && !element_add(z, weight, d_i)) return false;
    }
    return true;
}

static void challenge(const voprf_element public, const voprf_element m, const voprf_element z,
                      const voprf_element t2, const voprf_element t3, voprf_scalar ret) {
    const uint8_t *const parts[] = {public, m, z, t2, t3};
    hash h;
    expand_start(&h);
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        hash_sized(&h, bytes_of(parts[i], VOPRF_ELEMENT_LEN));
    hash_add(&h, TEXT("Challenge"));
    hash_to_scalar(&h, TEXT("HashToScalar-" CONTEXT), ret);
}

/* GenerateProof: "t2 = r * A, t3 = r * M", "s = (r - c * k) mod G.Order()". */
static bool proof_make(const voprf_scalar k, const voprf_element public, const uint8_t *c,
                       const uint8_t *d, size_t count, const voprf_scalar r,
                       uint8_t ret[VOPRF_PROOF_LEN]) {
    voprf_element m, z, t2, t3;
    voprf_scalar product;
    if (!composites(public, c, d, count, m, NULL) || crypto_scalarmult_ristretto255(z, k, m) ||
        crypto_scalarmult_ristretto255_base(t2, r) || crypto_scalarmult_ristretto255(t3, r, m))
        return false;
    challenge(public, m, z, t2, t3, ret);
    crypto_core_ristretto255_scalar_mul(product, ret, k);
    crypto_core_ristretto255_scalar_sub(ret + VOPRF_SCALAR_LEN, r, product);
    sodium_memzero(product, sizeof product);
    return true;
}

/* VerifyProof: "t2 = ((s * A) + (c * B)), t3 = ((s * M) + (c * Z))". */
static bool proof_holds(const voprf_element public, const voprf_element m, const voprf_element z,
                        const uint8_t proof[VOPRF_PROOF_LEN]) {
    const uint8_t *c = proof, *s = proof + VOPRF_SCALAR_LEN;
    voprf_element t2, t3;
    voprf_scalar expected;
    if (crypto_scalarmult_ristretto255_base(t2, s) || !element_add(t2, c, public) ||
        crypto_scalarmult_ristretto255(t3, s, m) || !element_add(t3, c, z))
        return false;
    challenge(public, m, z, t2, t3, expected);
    return sodium_memcmp(expected, c, sizeof expected) == 0;
}

static bool elements_valid(const uint8_t *elements, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (!voprf_element_valid(elements + i * VOPRF_ELEMENT_LEN)) return false;
    return true;
}

enum err voprf_verify(const voprf_element public, const uint8_t *blinded, const uint8_t *evaluated,
                      size_t count, const uint8_t proof[VOPRF_PROOF_LEN]) {
    voprf_element m, z;
    assert(count > 0 && count <= VOPRF_BATCH_MAX);
    if (!voprf_element_valid(public)) return ERR_KEY;
    bool holds = elements_valid(blinded, count) && elements_valid(evaluated, count) &&
                 voprf_scalar_valid(proof) && voprf_scalar_valid(proof + VOPRF_SCALAR_LEN) &&
                 composites(public, blinded, evaluated, count, m, z) &&
                 proof_holds(public, m, z, proof);
    return holds ? ERR_OK : ERR_PROOF;
}

/* -- the protocol: RFC 9497 section 3.3 -- */

enum err voprf_blind(struct bytes input, const voprf_scalar blind, voprf_element ret_blinded) {
    voprf_element element, blinded;
    if (input.len > VOPRF_INPUT_MAX) return ERR_TOO_LARGE;
    if (!voprf_scalar_valid(blind)) return ERR_KEY;
    bool made =
        hash_to_group(input, element) && !crypto_scalarmult_ristretto255(blinded, blind, element);
    if (made) memcpy(ret_blinded, blinded, sizeof blinded);
    sodium_memzero(element, sizeof element);
    return made ? ERR_OK : ERR_REQUEST; /* InvalidInputError */
}

enum err voprf_blind_evaluate(const voprf_scalar secret, const uint8_t *blinded, size_t count,
                              const uint8_t random[VOPRF_RANDOM_LEN], uint8_t *ret_evaluated,
                              uint8_t ret_proof[VOPRF_PROOF_LEN]) {
    voprf_element public;
    voprf_scalar r;
    uint8_t proof[VOPRF_PROOF_LEN];
    assert(count > 0 && count <= VOPRF_BATCH_MAX);
    if (!elements_valid(blinded, count)) return ERR_REQUEST;
    enum err err = voprf_public(secret, public);
    if (!err) err = voprf_scalar_make(random, r);
    if (err) return err;
    for (size_t at = 0; !err && at < count * VOPRF_ELEMENT_LEN; at += VOPRF_ELEMENT_LEN)
        if (crypto_scalarmult_ristretto255(ret_evaluated + at, secret, blinded + at))
            err = ERR_REQUEST;
    if (!err && !proof_make(secret, public, blinded, ret_evaluated, count, r, proof))
        err = ERR_INTERNAL;
    sodium_memzero(r, sizeof r);
    if (!err) memcpy(ret_proof, proof, sizeof proof);
    return err;
}

/* "hashInput = I2OSP(len(input), 2) || input || I2OSP(len(unblindedElement), 2) || unblindedElement || "Finalize"" */
static void output_make(struct bytes input, const voprf_element element,
                        uint8_t ret[VOPRF_OUTPUT_LEN]) {
    hash h;
    hash_start(&h);
    hash_sized(&h, input);
    hash_sized(&h, bytes_of(element, VOPRF_ELEMENT_LEN));
    hash_add(&h, TEXT("Finalize"));
    hash_end(&h, ret);
}

enum err voprf_finalise(struct bytes input, const voprf_scalar blind, const voprf_element evaluated,
                        uint8_t ret[VOPRF_OUTPUT_LEN]) {
    voprf_scalar inverse;
    voprf_element element;
    if (input.len > VOPRF_INPUT_MAX) return ERR_TOO_LARGE;
    if (!voprf_scalar_valid(blind) || crypto_core_ristretto255_scalar_invert(inverse, blind))
        return ERR_KEY;
    bool made = voprf_element_valid(evaluated) &&
                crypto_scalarmult_ristretto255(element, inverse, evaluated) == 0;
    if (made) output_make(input, element, ret);
    sodium_memzero(inverse, sizeof inverse);
    sodium_memzero(element, sizeof element);
    return made ? ERR_OK : ERR_PROOF;
}

enum err voprf_evaluate(const voprf_scalar secret, struct bytes input,
                        uint8_t ret[VOPRF_OUTPUT_LEN]) {
    voprf_element element, evaluated;
    if (input.len > VOPRF_INPUT_MAX) return ERR_TOO_LARGE;
    if (!voprf_scalar_valid(secret)) return ERR_KEY;
    bool made = hash_to_group(input, element) &&
                !crypto_scalarmult_ristretto255(evaluated, secret, element);
    if (made) output_make(input, evaluated, ret);
    sodium_memzero(element, sizeof element);
    sodium_memzero(evaluated, sizeof evaluated);
    return made ? ERR_OK : ERR_REQUEST;
}
