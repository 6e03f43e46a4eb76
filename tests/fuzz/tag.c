/* Tags: evidence in any JSON; a number that counts counts as itself; and evidence that was made for a number leads to the tag that was made with it. The input is
 * evidence where it begins with a brace, else an id type, a newline and a number.
 * fuzz: max_len=1024 dict=record */
#include "tests/fuzz/lib/fuzz.h"
#include "tests/lib/vector.h"

#include "ledger/record/tag.h"

static voprf_scalar secret;
static voprf_element known;

static void evidence_run(struct bytes in) {
    struct json *json = NULL;
    uint8_t tag[TAG_LEN];
    struct problem why = {0};
    if (json_parse(in, &json, NULL)) return;
    for (int i = 0; i < 2; i++) {
        enum err err = tag_evidence_check(json, "labour", i ? known : NULL, tag, &why);
        FUZZ_CHECK(err == ERR_OK || err == ERR_SCHEMA || err == ERR_PROOF || err == ERR_KEY);
        FUZZ_CHECK(err == ERR_OK || why.detail[0]);
    }
    json_done(json);
}

/* The whole way from a person to a tag and back from its evidence. */
static void person_run(const struct tag_person *person) {
    struct tag_evaluation evaluation;
    voprf_scalar blind;
    voprf_element blinded;
    uint8_t random[VOPRF_RANDOM_LEN] = {7}, tag[TAG_LEN], again[TAG_LEN];
    struct problem why = {0};
    FUZZ_CHECK(tag_blind(person, random, blind, blinded, &why) == ERR_OK);
    memcpy(evaluation.pk, known, sizeof known);
    FUZZ_CHECK(voprf_blind_evaluate(secret, blinded, 1, random, evaluation.element,
                                    evaluation.proof) == ERR_OK);
    FUZZ_CHECK(tag_finalise(person, blind, &evaluation, tag, &why) == ERR_OK);
    struct json *evidence = tag_evidence_json(person, blind, &evaluation);
    FUZZ_CHECK(evidence);
    FUZZ_CHECK(tag_evidence_check(evidence, person->domain, known, again, &why) == ERR_OK);
    FUZZ_CHECK(memcmp(tag, again, TAG_LEN) == 0);
    json_done(evidence);
}

static void number_run(struct bytes in) {
    struct bytes word = fuzz_cut(&in, '\n');
    char *id_type = fuzz_text(word);
    struct tag_person person = {"labour", id_type, in};
    struct problem why = {0};
    struct buf text, second;
    buf_init(&text, 1024);
    buf_init(&second, 1024);
    enum err err = tag_id_normalise(id_type, in, &text, &why);
    FUZZ_CHECK(err == ERR_OK || (err == ERR_SCHEMA && why.detail[0]));
    if (!err) {
        FUZZ_CHECK(text.len > 0);
        FUZZ_CHECK(tag_id_normalise(id_type, buf_bytes(&text), &second, &why) == ERR_OK);
        FUZZ_CHECK(bytes_equal(buf_bytes(&text), buf_bytes(&second)));
    }
    buf_clear(&second);
    enum err of_input = tag_input(&person, &second, &why);
    FUZZ_CHECK(of_input == ERR_OK || of_input == ERR_SCHEMA);
    FUZZ_CHECK(err == ERR_OK || of_input == ERR_SCHEMA);
    if (!of_input) person_run(&person);
    buf_done(&text);
    buf_done(&second);
    free(id_type);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct bytes in = bytes_of(data, size);
    uint8_t seed[32];
    if (!voprf_scalar_valid(secret)) {
        vector_seed("fuzz tag", seed);
        FUZZ_CHECK(voprf_key_derive(seed, bytes_text("fuzz"), secret, known) == ERR_OK);
    }
    if (bytes_starts(in, "{"))
        evidence_run(in);
    else
        number_run(in);
    return 0;
}
