/* VOPRF: the RFC's vectors, our own from a second implementation, and that nothing but the right bytes is taken. */
#include "ledger/crypto/voprf.h"
#include "tests/lib/vector.h"

#define ITEMS 8

struct batch {
    size_t count;
    struct buf inputs[ITEMS];
    voprf_scalar blinds[ITEMS];
    uint8_t blinded[ITEMS * VOPRF_ELEMENT_LEN], evaluated[ITEMS * VOPRF_ELEMENT_LEN];
    uint8_t outputs[ITEMS][VOPRF_OUTPUT_LEN];
    uint8_t random[VOPRF_RANDOM_LEN]; /* r, and zeros: already reduced */
    uint8_t proof[VOPRF_PROOF_LEN];
};

static void hex_fixed(struct bytes hex, uint8_t *ret, size_t len) {
    cr_assert(hex_decode(hex, ret, len) == ERR_OK, "%.*s", (int)hex.len, (const char *)hex.data);
}

static void hex_of(const struct json *object, const char *name, uint8_t *ret, size_t len) {
    hex_fixed(json_text_bytes(json_member(object, name)), ret, len);
}

static struct buf hex_bytes(struct bytes hex) {
    struct buf raw;
    buf_init(&raw, VOPRF_INPUT_MAX);
    cr_assert(buf_reserve(&raw, hex.len / 2 + 1) == ERR_OK);
    hex_fixed(hex, raw.data, hex.len / 2);
    raw.len = hex.len / 2;
    return raw;
}

/* The i-th of "a,b", or of ["a","b"]. */
static struct bytes part_of(const struct json *value, size_t i) {
    if (json_kind(value) == JSON_KIND_ARRAY) return json_text_bytes(json_at(value, i));
    struct bytes rest = json_text_bytes(value);
    for (; i; i--) {
        size_t comma = bytes_find(rest, ',', 0);
        cr_assert(comma < rest.len);
        rest = bytes_slice(rest, comma + 1, rest.len);
    }
    return bytes_slice(rest, 0, bytes_find(rest, ',', 0));
}

struct names {
    const char *input, *blind, *blinded, *evaluated, *output;
};

static void batch_read(const struct json *json, struct names names, size_t count,
                       struct batch *ret) {
    memset(ret, 0, sizeof *ret);
    cr_assert(count > 0 && count <= ITEMS);
    ret->count = count;
    for (size_t i = 0; i < count; i++) {
        size_t at = i * VOPRF_ELEMENT_LEN;
        ret->inputs[i] = hex_bytes(part_of(json_member(json, names.input), i));
        hex_fixed(part_of(json_member(json, names.blind), i), ret->blinds[i], VOPRF_SCALAR_LEN);
        hex_fixed(part_of(json_member(json, names.blinded), i), ret->blinded + at,
                  VOPRF_ELEMENT_LEN);
        hex_fixed(part_of(json_member(json, names.evaluated), i), ret->evaluated + at,
                  VOPRF_ELEMENT_LEN);
        hex_fixed(part_of(json_member(json, names.output), i), ret->outputs[i], VOPRF_OUTPUT_LEN);
    }
}

static void batch_done(struct batch *batch) {
    for (size_t i = 0; i < batch->count; i++) buf_done(&batch->inputs[i]);
}

/* Every function gives what the vector says. */
static void batch_check(const struct batch *batch, const voprf_scalar secret,
                        const voprf_element public) {
    uint8_t evaluated[ITEMS * VOPRF_ELEMENT_LEN], proof[VOPRF_PROOF_LEN];
    size_t len = batch->count * VOPRF_ELEMENT_LEN;
    cr_assert(voprf_blind_evaluate(secret, batch->blinded, batch->count, batch->random, evaluated,
                                   proof) == ERR_OK);
    cr_expect_arr_eq(evaluated, batch->evaluated, len);
    cr_expect_arr_eq(proof, batch->proof, sizeof proof);
    cr_expect_eq(voprf_verify(public, batch->blinded, batch->evaluated, batch->count, batch->proof),
                 ERR_OK);
    for (size_t i = 0; i < batch->count; i++) {
        voprf_element blinded;
        uint8_t output[VOPRF_OUTPUT_LEN];
        struct bytes input = buf_bytes(&batch->inputs[i]);
        cr_assert(voprf_blind(input, batch->blinds[i], blinded) == ERR_OK);
        cr_expect_arr_eq(blinded, batch->blinded + i * VOPRF_ELEMENT_LEN, sizeof blinded);
        cr_assert(voprf_finalise(input, batch->blinds[i], batch->evaluated + i * VOPRF_ELEMENT_LEN,
                                 output) == ERR_OK);
        cr_expect_arr_eq(output, batch->outputs[i], sizeof output);
        cr_assert(voprf_evaluate(secret, input, output) == ERR_OK);
        cr_expect_arr_eq(output, batch->outputs[i], sizeof output);
    }
}

/* -- the RFC's vectors -- */

static struct json *rfc_read(void) {
    const char *root = getenv("QIZHENG_VECTORS");
    char path[512];
    struct buf text;
    struct json *json = NULL;
    (void)snprintf(path, sizeof path, "%s/voprf-ristretto255.json",
                   root ? root : TEST_DATA "/../../shared/vectors");
    FILE *file = fopen(path, "rb");
    if (!file) {
        (void)printf("skipped: %s is not there (QIZHENG_VECTORS)\n", path);
        return NULL;
    }
    buf_init(&text, 1 << 20);
    cr_assert(buf_reserve(&text, 1 << 19) == ERR_OK);
    text.len = fread(text.data, 1, 1 << 19, file);
    (void)fclose(file);
    cr_assert(json_parse(buf_bytes(&text), &json, NULL) == ERR_OK);
    buf_done(&text);
    return json;
}

static void rfc_suite(const struct json *suite, size_t *done) {
    static const struct names names = {"Input", "Blind", "BlindedElement", "EvaluationElement",
                                       "Output"};
    const struct json *vectors = json_member(suite, "vectors");
    voprf_scalar secret, expected;
    voprf_element public, expected_public;
    uint8_t key_seed[VOPRF_SEED_LEN];
    struct buf info = hex_bytes(json_text_bytes(json_member(suite, "keyInfo")));
    hex_of(suite, "seed", key_seed, sizeof key_seed);
    hex_of(suite, "skSm", expected, sizeof expected);
    hex_of(suite, "pkSm", expected_public, sizeof expected_public);
    cr_assert(voprf_key_derive(key_seed, buf_bytes(&info), secret, public) == ERR_OK);
    cr_assert_arr_eq(secret, expected, sizeof secret);
    cr_assert_arr_eq(public, expected_public, sizeof public);
    for (size_t i = 0; i < json_count(vectors); i++, (*done)++) {
        const struct json *vector = json_at(vectors, i), *proof = json_member(vector, "Proof");
        struct batch batch;
        int64_t count;
        cr_assert(json_int(json_member(vector, "Batch"), &count));
        batch_read(vector, names, (size_t)count, &batch);
        hex_of(proof, "r", batch.random, VOPRF_SCALAR_LEN);
        hex_of(proof, "proof", batch.proof, sizeof batch.proof);
        batch_check(&batch, secret, public);
        batch_done(&batch);
    }
    buf_done(&info);
}

Test(crypto_voprf, voprf_gives_the_vectors_of_rfc_9497) {
    struct json *suites = rfc_read();
    size_t done = 0;
    for (size_t i = 0; i < json_count(suites); i++) {
        int64_t mode = -1;
        cr_assert(json_int(json_member(json_at(suites, i), "mode"), &mode));
        if (mode == 1) rfc_suite(json_at(suites, i), &done);
    }
    cr_expect(!suites || done == 3, "%zu", done);
    json_done(suites);
}

/* -- our own -- */

/* RFC 9497 appendix A.1.2, test vector 1; so that something of the RFC's is here always. */
static const char rfc_secret[] = "e6f73f344b79b379f1a0dd37e07ff62e38d9f71345ce62ae3a9bc60b04ccd909";
static const char rfc_output[] = "b58cfbe118e0cb94d79b5fd6a6dafb98764dff49c14e1770b566e42402da1a7d"
                                 "a4d8527693914139caee5bd03903af43a491351d23b430948dd50cde10d32b3c";

Test(crypto_voprf, voprf_evaluates_the_first_input_of_the_rfc) {
    voprf_scalar secret;
    uint8_t output[VOPRF_OUTPUT_LEN], expected[VOPRF_OUTPUT_LEN];
    hex_fixed(bytes_text(rfc_secret), secret, sizeof secret);
    hex_fixed(bytes_text(rfc_output), expected, sizeof expected);
    cr_assert(voprf_evaluate(secret, bytes_of("\0", 1), output) == ERR_OK);
    cr_expect_arr_eq(output, expected, sizeof output);
}

struct own {
    struct json *json;
    voprf_scalar secret;
    voprf_element public;
    struct batch batch;
};

static void own_read(struct own *ret) {
    static const struct names names = {"inputs", "blinds", "blinded", "evaluated", "outputs"};
    ret->json = vector_read_json("voprf.json");
    const struct json *key = json_at(json_member(ret->json, "keys"), 0);
    const struct json *batch = json_member(ret->json, "batch");
    hex_of(key, "secret", ret->secret, sizeof ret->secret);
    hex_of(key, "public", ret->public, sizeof ret->public);
    batch_read(batch, names, json_count(json_member(batch, "inputs")), &ret->batch);
    hex_of(batch, "r", ret->batch.random, VOPRF_SCALAR_LEN);
    hex_of(batch, "proof", ret->batch.proof, VOPRF_PROOF_LEN);
}

static void own_done(struct own *own) {
    batch_done(&own->batch);
    json_done(own->json);
}

Test(crypto_voprf, voprf_agrees_with_a_second_implementation) {
    struct own own;
    own_read(&own);
    cr_assert(own.batch.count == 5);
    batch_check(&own.batch, own.secret, own.public);
    const struct json *keys = json_member(own.json, "keys");
    for (size_t i = 0; i < json_count(keys); i++) {
        const struct json *key = json_at(keys, i);
        voprf_scalar secret, expected;
        voprf_element public, expected_public;
        uint8_t key_seed[VOPRF_SEED_LEN];
        struct buf info = hex_bytes(json_text_bytes(json_member(key, "info")));
        hex_of(key, "seed", key_seed, sizeof key_seed);
        hex_of(key, "secret", expected, sizeof expected);
        hex_of(key, "public", expected_public, sizeof expected_public);
        cr_assert(voprf_key_derive(key_seed, buf_bytes(&info), secret, public) == ERR_OK);
        cr_expect_arr_eq(secret, expected, sizeof secret);
        cr_expect_arr_eq(public, expected_public, sizeof public);
        cr_assert(voprf_public(secret, public) == ERR_OK);
        cr_expect_arr_eq(public, expected_public, sizeof public);
        buf_done(&info);
    }
    own_done(&own);
}

static enum err own_verify(const struct own *own) {
    return voprf_verify(own->public, own->batch.blinded, own->batch.evaluated, own->batch.count,
                        own->batch.proof);
}

/* Flips every bit of a part in turn; each must be refused. */
static void flip_all(struct own *own, uint8_t *part, size_t len, const char *what) {
    for (size_t bit = 0; bit < len * 8; bit++) {
        part[bit / 8] ^= (uint8_t)(1u << bit % 8);
        enum err err = own_verify(own);
        cr_expect(err == ERR_PROOF || err == ERR_KEY, "%s, bit %zu", what, bit);
        part[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
}

Test(crypto_voprf, voprf_proof_fails_for_every_flipped_bit) {
    struct own own;
    own_read(&own);
    own.batch.count = 2;
    cr_assert(voprf_blind_evaluate(own.secret, own.batch.blinded, 2, own.batch.random,
                                   own.batch.evaluated, own.batch.proof) == ERR_OK);
    cr_assert(own_verify(&own) == ERR_OK);
    flip_all(&own, own.batch.proof, VOPRF_PROOF_LEN, "proof");
    flip_all(&own, own.batch.blinded, 2 * VOPRF_ELEMENT_LEN, "blinded");
    flip_all(&own, own.batch.evaluated, 2 * VOPRF_ELEMENT_LEN, "evaluated");
    flip_all(&own, own.public, VOPRF_ELEMENT_LEN, "public");
    own.batch.count = 5;
    own_done(&own);
}

static void swap(uint8_t *elements, size_t a, size_t b) {
    voprf_element held;
    memcpy(held, elements + a * VOPRF_ELEMENT_LEN, sizeof held);
    memcpy(elements + a * VOPRF_ELEMENT_LEN, elements + b * VOPRF_ELEMENT_LEN, sizeof held);
    memcpy(elements + b * VOPRF_ELEMENT_LEN, held, sizeof held);
}

Test(crypto_voprf, voprf_proof_holds_for_its_order_and_count_alone) {
    struct own own;
    own_read(&own);
    swap(own.batch.evaluated, 1, 3);
    cr_expect_eq(own_verify(&own), ERR_PROOF);
    swap(own.batch.blinded, 1, 3); /* both moved alike: other weights, another proof */
    cr_expect_eq(own_verify(&own), ERR_PROOF);
    swap(own.batch.evaluated, 1, 3);
    swap(own.batch.blinded, 1, 3);
    cr_expect_eq(own_verify(&own), ERR_OK);
    for (size_t count = 1; count < 5; count++)
        cr_expect_eq(voprf_verify(own.public, own.batch.blinded, own.batch.evaluated, count,
                                  own.batch.proof),
                     ERR_PROOF);
    own_done(&own);
}

/* One element evaluated under another key, the rest honestly: the batch fails whichever it is. */
Test(crypto_voprf, voprf_proof_fails_where_one_element_met_another_key) {
    struct own own;
    voprf_scalar other;
    uint8_t proof[VOPRF_PROOF_LEN];
    own_read(&own);
    hex_of(json_at(json_member(own.json, "keys"), 1), "secret", other, sizeof other);
    for (size_t i = 0; i < own.batch.count; i++) {
        uint8_t *element = own.batch.evaluated + i * VOPRF_ELEMENT_LEN;
        voprf_element honest;
        memcpy(honest, element, sizeof honest);
        cr_assert(voprf_blind_evaluate(other, own.batch.blinded + i * VOPRF_ELEMENT_LEN, 1,
                                       own.batch.random, element, proof) == ERR_OK);
        cr_expect_eq(own_verify(&own), ERR_PROOF);
        memcpy(element, honest, sizeof honest);
    }
    own_done(&own);
}

/* -- what is no element and no scalar -- */

/* RFC 9496 appendix A.2, "Invalid Encodings": at least one of each kind. */
static const char *const not_elements[] = {
    /* "Non-canonical field encodings" */
    "00ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "f3ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    /* "Negative field elements" */
    "0100000000000000000000000000000000000000000000000000000000000000",
    "01ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "ed57ffd8c914fb201471d1c3d245ce3c746fcbe63a3679d51b6a516ebebe0e20",
    /* "Non-square x^2" */
    "26948d35ca62e643e26a83177332e6b6afeb9d08e4268b650f1f5bbd8d81d371",
    "4eac077a713c57b4f4397629a4145982c661f48044dd3f96427d40b147d9742f",
    /* "Negative x * y value" */
    "3eb858e78f5a7254d8c9731174a94f76755fd3941c0ac93735c07ba14579630e",
    /* "s = -1, which causes y = 0" */
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    /* the highest bit, which libsodium 1.0.18 does not look at: the identity and the generator once more */
    "0000000000000000000000000000000000000000000000000000000000000080",
    "e2f2ae0a6abc4e71a884a961c500515f58e30b6aa582dd8db6a65945e08d2df6",
    /* the identity, which is a valid encoding of what we never take */
    "0000000000000000000000000000000000000000000000000000000000000000",
};

static const char *const not_scalars[] = {
    "0000000000000000000000000000000000000000000000000000000000000000",
    "edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010", /* the order */
    "eed3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010", /* one more: 1 */
    "0000000000000000000000000000000000000000000000000000000000000020",
    "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
};

Test(crypto_voprf, voprf_takes_no_identity_and_nothing_that_is_not_canonical) {
    struct own own;
    own_read(&own);
    cr_expect(voprf_element_valid(own.public));
    for (size_t i = 0; i < sizeof not_elements / sizeof *not_elements; i++) {
        voprf_element bad;
        uint8_t out[VOPRF_OUTPUT_LEN], two[2 * VOPRF_ELEMENT_LEN], proof[VOPRF_PROOF_LEN];
        hex_fixed(bytes_text(not_elements[i]), bad, sizeof bad);
        memcpy(two, own.batch.blinded, VOPRF_ELEMENT_LEN);
        memcpy(two + VOPRF_ELEMENT_LEN, bad, sizeof bad);
        cr_expect(!voprf_element_valid(bad), "%s", not_elements[i]);
        cr_expect_eq(voprf_blind_evaluate(own.secret, two, 2, own.batch.random, two, proof),
                     ERR_REQUEST);
        cr_expect_eq(voprf_finalise(bytes_text("x"), own.batch.blinds[0], bad, out), ERR_PROOF);
        cr_expect_eq(voprf_verify(bad, own.batch.blinded, own.batch.evaluated, 5, own.batch.proof),
                     ERR_KEY);
        cr_expect_eq(voprf_verify(own.public, two, own.batch.evaluated, 2, own.batch.proof),
                     ERR_PROOF);
        cr_expect_eq(voprf_verify(own.public, own.batch.blinded, two, 2, own.batch.proof),
                     ERR_PROOF);
    }
    own_done(&own);
}

Test(crypto_voprf, voprf_takes_no_zero_scalar_and_none_past_the_order) {
    struct own own;
    own_read(&own);
    cr_expect(voprf_scalar_valid(own.secret));
    for (size_t i = 0; i < sizeof not_scalars / sizeof *not_scalars; i++) {
        voprf_scalar bad;
        voprf_element element;
        uint8_t out[VOPRF_OUTPUT_LEN], proof[VOPRF_PROOF_LEN];
        hex_fixed(bytes_text(not_scalars[i]), bad, sizeof bad);
        cr_expect(!voprf_scalar_valid(bad), "%s", not_scalars[i]);
        cr_expect_eq(voprf_public(bad, element), ERR_KEY);
        cr_expect_eq(voprf_blind(bytes_text("x"), bad, element), ERR_KEY);
        cr_expect_eq(voprf_finalise(bytes_text("x"), bad, own.public, out), ERR_KEY);
        cr_expect_eq(voprf_evaluate(bad, bytes_text("x"), out), ERR_KEY);
        cr_expect_eq(
            voprf_blind_evaluate(bad, own.batch.blinded, 1, own.batch.random, element, proof),
            ERR_KEY);
        memcpy(proof, own.batch.proof, sizeof proof);
        memcpy(proof + (i & 1 ? 0 : VOPRF_SCALAR_LEN), bad, sizeof bad);
        cr_expect_eq(voprf_verify(own.public, own.batch.blinded, own.batch.evaluated, 5, proof),
                     ERR_PROOF);
    }
    own_done(&own);
}

/* A proof whose s is raised by the group's order says the same to whoever does not look: one proof, one text. */
Test(crypto_voprf, voprf_refuses_a_proof_with_the_order_added) {
    struct own own;
    uint8_t order[VOPRF_SCALAR_LEN];
    own_read(&own);
    hex_fixed(bytes_text(not_scalars[1]), order, sizeof order);
    for (size_t part = 0; part < VOPRF_PROOF_LEN; part += VOPRF_SCALAR_LEN) {
        uint8_t held[VOPRF_PROOF_LEN];
        unsigned carry = 0;
        memcpy(held, own.batch.proof, sizeof held);
        for (size_t i = 0; i < VOPRF_SCALAR_LEN; i++) {
            carry += own.batch.proof[part + i] + order[i];
            own.batch.proof[part + i] = (uint8_t)carry;
            carry >>= 8;
        }
        cr_expect_eq(own_verify(&own), ERR_PROOF);
        memcpy(own.batch.proof, held, sizeof held);
    }
    own_done(&own);
}

Test(crypto_voprf, voprf_scalars_come_of_random_bytes_reduced) {
    uint8_t random[VOPRF_RANDOM_LEN] = {0};
    voprf_scalar scalar;
    cr_expect_eq(voprf_scalar_make(random, scalar), ERR_KEY);
    hex_fixed(bytes_text(not_scalars[1]), random, VOPRF_SCALAR_LEN); /* the order is zero, too */
    cr_expect_eq(voprf_scalar_make(random, scalar), ERR_KEY);
    hex_fixed(bytes_text(not_scalars[2]), random, VOPRF_SCALAR_LEN);
    cr_assert(voprf_scalar_make(random, scalar) == ERR_OK);
    cr_expect_eq(scalar[0], 1);
    cr_expect(voprf_scalar_valid(scalar));
}

Test(crypto_voprf, voprf_same_input_gives_one_output_under_any_blind) {
    struct own own;
    uint8_t first[VOPRF_OUTPUT_LEN];
    own_read(&own);
    cr_assert(voprf_evaluate(own.secret, bytes_text("one input"), first) == ERR_OK);
    for (unsigned i = 1; i < 30; i++) {
        uint8_t random[VOPRF_RANDOM_LEN] = {(uint8_t)i}, output[VOPRF_OUTPUT_LEN];
        voprf_scalar blind;
        voprf_element blinded, evaluated;
        uint8_t proof[VOPRF_PROOF_LEN];
        random[40] = (uint8_t)(i * 37);
        cr_assert(voprf_scalar_make(random, blind) == ERR_OK);
        cr_assert(voprf_blind(bytes_text("one input"), blind, blinded) == ERR_OK);
        cr_assert(voprf_blind_evaluate(own.secret, blinded, 1, random, evaluated, proof) == ERR_OK);
        cr_assert(voprf_verify(own.public, blinded, evaluated, 1, proof) == ERR_OK);
        cr_assert(voprf_finalise(bytes_text("one input"), blind, evaluated, output) == ERR_OK);
        cr_expect_arr_eq(output, first, sizeof output);
    }
    own_done(&own);
}

Test(crypto_voprf, voprf_takes_a_whole_batch_and_no_longer_input) {
    struct own own;
    size_t len = (size_t)VOPRF_BATCH_MAX * VOPRF_ELEMENT_LEN;
    uint8_t *blinded = malloc(len), *evaluated = malloc(len), proof[VOPRF_PROOF_LEN];
    uint8_t *input = calloc(1, VOPRF_INPUT_MAX + 1), output[VOPRF_OUTPUT_LEN];
    cr_assert(blinded && evaluated && input);
    own_read(&own);
    for (size_t i = 0; i < VOPRF_BATCH_MAX; i++)
        cr_assert(voprf_blind(bytes_of(&i, sizeof i), own.batch.blinds[i % 5],
                              blinded + i * VOPRF_ELEMENT_LEN) == ERR_OK);
    cr_assert(voprf_blind_evaluate(own.secret, blinded, VOPRF_BATCH_MAX, own.batch.random,
                                   evaluated, proof) == ERR_OK);
    cr_expect_eq(voprf_verify(own.public, blinded, evaluated, VOPRF_BATCH_MAX, proof), ERR_OK);
    swap(evaluated, 998, 999);
    cr_expect_eq(voprf_verify(own.public, blinded, evaluated, VOPRF_BATCH_MAX, proof), ERR_PROOF);
    voprf_element element;
    struct bytes longest = bytes_of(input, VOPRF_INPUT_MAX);
    struct bytes longer = bytes_of(input, VOPRF_INPUT_MAX + 1);
    cr_expect_eq(voprf_evaluate(own.secret, longest, output), ERR_OK);
    cr_expect_eq(voprf_evaluate(own.secret, longer, output), ERR_TOO_LARGE);
    cr_expect_eq(voprf_blind(longer, own.batch.blinds[0], element), ERR_TOO_LARGE);
    cr_expect_eq(voprf_finalise(longer, own.batch.blinds[0], own.public, output), ERR_TOO_LARGE);
    cr_expect_eq(voprf_key_derive(output, longer, own.secret, element), ERR_TOO_LARGE);
    own_done(&own);
    free(blinded);
    free(evaluated);
    free(input);
}
