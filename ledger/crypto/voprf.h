/* VOPRF: a keyed function of an input that whoever holds the key never sees (RFC 9497, mode 0x01, ristretto255-SHA512).
 *
 * Happy path: the client blinds its input; the server, who learns nothing from the blinded element, multiplies it by its key and proves (DLEQ) that it was
 * the key of the public key that everybody knows; the client verifies that, takes its blind off and hashes. The same input gives the same output under any
 * blind, which is what makes pseudonymous tags of it (ledger/record/tag.h).
 *
 * Randomness is the caller's. Elements are ristretto255 encodings (RFC 9496), scalars little-endian and below the group's order; whatever is not canonical,
 * and the identity element and the zero scalar, is refused. Several elements stand one behind the other, 32 bytes each; count: how many, 1 to VOPRF_BATCH_MAX. */
#ifndef QIZHENG_CRYPTO_VOPRF_H
#define QIZHENG_CRYPTO_VOPRF_H

#include "ledger/base/bytes.h"

#define VOPRF_SCALAR_LEN 32
#define VOPRF_ELEMENT_LEN 32
#define VOPRF_PROOF_LEN 64 /* two scalars: c, s */
#define VOPRF_OUTPUT_LEN 64
#define VOPRF_SEED_LEN 32
#define VOPRF_RANDOM_LEN 64   /* random bytes that one scalar is made of */
#define VOPRF_INPUT_MAX 65535 /* RFC 9497 section 3.3: PrivateInput is at most 2^16 - 1 bytes */
#define VOPRF_BATCH_MAX 1000  /* elements under one proof; the standard's own bound is 2^16 - 1 */

typedef uint8_t voprf_scalar[VOPRF_SCALAR_LEN];
typedef uint8_t voprf_element[VOPRF_ELEMENT_LEN];

bool voprf_element_valid(const voprf_element element); /* DeserializeElement of section 4.1 */
bool voprf_scalar_valid(const voprf_scalar scalar);    /* DeserializeScalar, and not zero */

/* A uniform scalar: a key or a blind. ERR_KEY where it is zero: draw again. */
enum err voprf_scalar_make(const uint8_t random[VOPRF_RANDOM_LEN], voprf_scalar ret) MUST_CHECK;
/* DeriveKeyPair of section 3.2.1. ERR_TOO_LARGE over VOPRF_INPUT_MAX, ERR_KEY where no try gives a key. */
enum err voprf_key_derive(const uint8_t seed[VOPRF_SEED_LEN], struct bytes info,
                          voprf_scalar ret_secret, voprf_element ret_public) MUST_CHECK;
enum err voprf_public(const voprf_scalar secret, voprf_element ret) MUST_CHECK; /* ERR_KEY */

/* -- the client's side -- */
/* Blind of section 3.3.2. ERR_TOO_LARGE, ERR_KEY where blind is no scalar, ERR_REQUEST where no element comes of the input. */
enum err voprf_blind(struct bytes input, const voprf_scalar blind,
                     voprf_element ret_blinded) MUST_CHECK;
/* VerifyProof of section 2.2.2: that every evaluated[i] is blinded[i] times the key of `public`. ERR_KEY where public is no element, ERR_PROOF. */
enum err voprf_verify(const voprf_element public, const uint8_t *blinded, const uint8_t *evaluated,
                      size_t count, const uint8_t proof[VOPRF_PROOF_LEN]) MUST_CHECK;
/* The end of Finalize of section 3.3.2, for an element that voprf_verify has passed. ERR_TOO_LARGE, ERR_KEY (blind), ERR_PROOF (evaluated). */
enum err voprf_finalise(struct bytes input, const voprf_scalar blind, const voprf_element evaluated,
                        uint8_t ret[VOPRF_OUTPUT_LEN]) MUST_CHECK;

/* -- the server's side -- */
/* BlindEvaluate of section 3.3.2, for a batch with one proof. random: for the proof, never used twice. ERR_KEY where secret is no scalar, ERR_REQUEST where
 * a blinded element is none; ret_evaluated then holds nothing of use. */
enum err voprf_blind_evaluate(const voprf_scalar secret, const uint8_t *blinded, size_t count,
                              const uint8_t random[VOPRF_RANDOM_LEN], uint8_t *ret_evaluated,
                              uint8_t ret_proof[VOPRF_PROOF_LEN]) MUST_CHECK;
/* Evaluate of section 3.3.2: the output at once, by whoever holds key and input. ERR_TOO_LARGE ERR_KEY ERR_REQUEST. */
enum err voprf_evaluate(const voprf_scalar secret, struct bytes input,
                        uint8_t ret[VOPRF_OUTPUT_LEN]) MUST_CHECK;

#endif
