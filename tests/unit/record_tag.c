/* Tags: one person, one tag, however the number is written; evidence that holds for its tag and nothing else; reasons that tell no number. */
#include "ledger/record/tag.h"
#include "tests/lib/vector.h"

#define NUMBER "11010519491231002X" /* GB 11643-1999's own example */

static void hex_of(const struct json *object, const char *name, uint8_t *ret, size_t len) {
    cr_assert(hex_decode(json_text_bytes(json_member(object, name)), ret, len) == ERR_OK, "%s",
              name);
}

struct fixture {
    struct json *json;
    voprf_scalar secret;
    struct tag_person person;
    voprf_scalar blind;
    struct tag_evaluation evaluation;
    uint8_t tag[TAG_LEN];
    struct json *evidence;
};

/* The index-th tag of the vectors. */
static void fixture_read(size_t index, struct fixture *ret) {
    memset(ret, 0, sizeof *ret);
    ret->json = vector_read_json("voprf.json");
    const struct json *tag = json_at(json_member(ret->json, "tags"), index);
    const struct json *keys = json_member(ret->json, "keys");
    ret->person = (struct tag_person){json_text(json_member(tag, "domain")),
                                      json_text(json_member(tag, "id_type")),
                                      json_text_bytes(json_member(tag, "id_number"))};
    cr_assert(ret->person.domain);
    const struct json *key = json_at(keys, strcmp(ret->person.domain, "labour") == 0 ? 0 : 1);
    hex_of(key, "secret", ret->secret, sizeof ret->secret);
    hex_of(key, "public", ret->evaluation.pk, VOPRF_ELEMENT_LEN);
    hex_of(tag, "blind", ret->blind, sizeof ret->blind);
    hex_of(tag, "evaluated", ret->evaluation.element, VOPRF_ELEMENT_LEN);
    hex_of(tag, "proof", ret->evaluation.proof, VOPRF_PROOF_LEN);
    hex_of(tag, "tag", ret->tag, sizeof ret->tag);
    ret->evidence = tag_evidence_json(&ret->person, ret->blind, &ret->evaluation);
    cr_assert(ret->evidence);
}

static void fixture_done(struct fixture *f) {
    json_done(f->evidence);
    json_done(f->json);
}

/* -- vectors -- */

Test(record_tag, tag_agrees_with_a_second_implementation) {
    struct fixture f;
    fixture_read(0, &f);
    size_t count = json_count(json_member(f.json, "tags"));
    cr_assert(count == 6);
    fixture_done(&f);
    for (size_t i = 0; i < count; i++) {
        uint8_t random[VOPRF_RANDOM_LEN] = {0}, tag[TAG_LEN], expected[VOPRF_ELEMENT_LEN];
        voprf_scalar blind;
        voprf_element blinded;
        char hex[512];
        struct problem why = {0};
        struct buf input;
        fixture_read(i, &f);
        const struct json *vector = json_at(json_member(f.json, "tags"), i);
        buf_init(&input, 256);
        cr_assert(tag_input(&f.person, &input, &why) == ERR_OK, "%zu: %s", i, why.detail);
        hex_encode(buf_bytes(&input), hex);
        cr_expect_str_eq(hex, json_text(json_member(vector, "input")));
        buf_done(&input);
        memcpy(random, f.blind, sizeof f.blind);
        cr_assert(tag_blind(&f.person, random, blind, blinded, &why) == ERR_OK);
        hex_of(vector, "blinded", expected, sizeof expected);
        cr_expect_arr_eq(blind, f.blind, sizeof blind);
        cr_expect_arr_eq(blinded, expected, sizeof blinded);
        cr_assert(tag_finalise(&f.person, blind, &f.evaluation, tag, &why) == ERR_OK);
        cr_expect_arr_eq(tag, f.tag, sizeof tag);
        fixture_done(&f);
    }
}

Test(record_tag, tag_is_one_for_a_person_and_another_in_another_domain) {
    struct fixture old, wide, benefit;
    fixture_read(1, &old);
    fixture_read(2, &wide);
    fixture_read(3, &benefit);
    cr_expect_arr_eq(old.tag, wide.tag, TAG_LEN);
    cr_expect(memcmp(old.tag, benefit.tag, TAG_LEN) != 0);
    fixture_done(&old);
    fixture_done(&wide);
    fixture_done(&benefit);
}

/* -- the number -- */

static const char *normalised(const char *type, struct bytes number, char ret[96]) {
    struct buf out;
    struct problem why = {0};
    buf_init(&out, 96);
    enum err err = tag_id_normalise(type, number, &out, &why);
    cr_expect(err == ERR_OK || (err == ERR_SCHEMA && why.detail[0]));
    (void)snprintf(ret, 96, "%.*s", err ? 0 : (int)out.len, out.data ? (char *)out.data : "");
    buf_done(&out);
    return ret;
}

Test(record_tag, tag_number_has_one_form_however_it_is_written) {
    static const char *const written[] = {
        NUMBER,
        "11010519491231002x",
        " 110105 19491231 002X ",
        "110105491231002",
        "１１０１０５１９４９１２３１００２Ｘ",
        "１１０１０５１９４９１２３１００２ｘ",
        "110105\u300019491231\u00a0002\u2009X",
        "１１０１０５４９１２３１００２",
    };
    char text[96];
    for (size_t i = 0; i < sizeof written / sizeof *written; i++)
        cr_expect_str_eq(normalised(TAG_RESIDENT, bytes_text(written[i]), text), NUMBER, "%zu", i);
    cr_expect_str_eq(normalised("passport", bytes_text("e１２３ 45678"), text), "E12345678");
    cr_expect_str_eq(normalised("passport", bytes_text("110105491231002"), text),
                     "110105491231002"); /* no resident number: as it is */
    cr_expect_str_eq(normalised("officer-card", bytes_text("军字第 01 号"), text), "军字第01号");
}

Test(record_tag, tag_number_that_is_not_sure_is_refused) {
    static const char *const resident[] = {
        "",
        " \u3000",
        "110105194912310021", /* check character */
        "11010519490231002X", /* 31 February */
        "110105490231002",
        "11010549123100X",
        "1101054912310021",
        "11010519491231002XX",
        "X1010519491231002X",
        "110105194912310 02-X",
        "E12345678",
    };
    char text[96];
    for (size_t i = 0; i < sizeof resident / sizeof *resident; i++)
        cr_expect_str_eq(normalised(TAG_RESIDENT, bytes_text(resident[i]), text), "", "%zu", i);
    static const char *const any[] = {"",
                                      "  ",
                                      "E123\t45678",
                                      "E1234\n",
                                      "E1234\x7f",
                                      "E\u200b1234",
                                      "E\u202e1234",
                                      "\ufeffE1234",
                                      "E\2551234",
                                      "E\3771234",
                                      "E\xc0\xb1"
                                      "234"};
    for (size_t i = 0; i < sizeof any / sizeof *any; i++)
        cr_expect_str_eq(normalised("passport", bytes_text(any[i]), text), "", "%zu", i);
    cr_expect_str_eq(normalised("passport",
                                bytes_of("E1\0"
                                         "2",
                                         4),
                                text),
                     "");
    char longest[LIMIT_TAG_ID + 2];
    memset(longest, 'a', sizeof longest);
    cr_expect_eq(strlen(normalised("passport", bytes_of(longest, LIMIT_TAG_ID), text)),
                 LIMIT_TAG_ID);
    cr_expect_str_eq(normalised("passport", bytes_of(longest, LIMIT_TAG_ID + 1), text), "");
}

/* Every 15-digit number of a small world comes out with a right check character and its digits kept. */
Test(record_tag, tag_number_of_the_first_generation_is_widened) {
    for (unsigned day = 1; day <= 28; day++) {
        for (unsigned sequence = 0; sequence < 40; sequence++) {
            char old[16], head[18], text[96];
            (void)snprintf(old, sizeof old, "3301061210%02u%03u", day, sequence * 25);
            (void)snprintf(head, sizeof head, "330106191210%02u%03u", day, sequence * 25);
            normalised(TAG_RESIDENT, bytes_text(old), text);
            cr_expect_eq(strlen(text), 18, "%s", old);
            cr_expect_eq(memcmp(text, head, 17), 0, "%s", old);
        }
    }
}

Test(record_tag, tag_input_keeps_its_parts_apart) {
    static const struct {
        const char *domain, *type, *number;
    } persons[] = {{"labour", "passport", "E1"}, {"labour", "passportE", "1"},
                   {"labourp", "assport", "E1"}, {"benefit", "passport", "E1"},
                   {"labour", "passport", "E"},  {"labour", "permit", "E1"}};
    struct buf inputs[6];
    for (size_t i = 0; i < 6; i++) {
        struct tag_person person = {persons[i].domain, persons[i].type,
                                    bytes_text(persons[i].number)};
        buf_init(&inputs[i], 256);
        enum err err = tag_input(&person, &inputs[i], NULL);
        cr_expect_eq(err, i == 1 ? ERR_SCHEMA : ERR_OK); /* no capitals in an id type */
    }
    for (size_t i = 0; i < 6; i++)
        for (size_t j = 0; j < i; j++)
            cr_expect(!bytes_equal(buf_bytes(&inputs[i]), buf_bytes(&inputs[j])), "%zu %zu", i, j);
    for (size_t i = 0; i < 6; i++) buf_done(&inputs[i]);
}

Test(record_tag, tag_words_have_the_form_of_a_records) {
    cr_expect(tag_word_valid(bytes_text("labour")));
    cr_expect(tag_word_valid(bytes_text("resident-id")));
    cr_expect(tag_word_valid(bytes_text("abcdefghijklmnopqrstuvwxyz12345")));
    cr_expect(!tag_word_valid(bytes_text("abcdefghijklmnopqrstuvwxyz123456")));
    cr_expect(!tag_word_valid(bytes_text("")));
    cr_expect(!tag_word_valid(bytes_text("-a")));
    cr_expect(!tag_word_valid(bytes_text("1a")));
    cr_expect(!tag_word_valid(bytes_text("Labour")));
    cr_expect(!tag_word_valid(bytes_text("a/b")));
}

/* -- evidence -- */

static enum err check(const struct fixture *f, const struct json *evidence, struct problem *why) {
    uint8_t tag[TAG_LEN];
    enum err err = tag_evidence_check(evidence, f->person.domain, f->evaluation.pk, tag, why);
    if (!err) cr_expect_arr_eq(tag, f->tag, sizeof tag);
    return err;
}

Test(record_tag, tag_evidence_leads_to_its_tag) {
    for (size_t i = 0; i < 6; i++) {
        struct fixture f;
        struct buf text;
        struct json *again = NULL;
        fixture_read(i, &f);
        cr_expect_eq(check(&f, f.evidence, NULL), ERR_OK);
        buf_init(&text, 4096); /* and so does its text read back */
        cr_assert(json_format(f.evidence, &text) == ERR_OK);
        cr_assert(json_parse(buf_bytes(&text), &again, NULL) == ERR_OK);
        cr_expect_eq(check(&f, again, NULL), ERR_OK);
        uint8_t tag[TAG_LEN];
        cr_expect_eq(tag_evidence_check(again, f.person.domain, NULL, tag, NULL), ERR_OK);
        json_done(again);
        buf_done(&text);
        fixture_done(&f);
    }
}

/* A copy of the evidence with a binary member's bit flipped. */
static struct json *flipped(const struct json *evidence, const char *name, size_t len, size_t bit) {
    struct json *copy = json_clone(evidence);
    uint8_t raw[VOPRF_PROOF_LEN];
    char text[96];
    const struct json *at =
        strcmp(name, "blind") == 0 ? copy : json_at(json_member(copy, "evaluations"), 0);
    cr_assert(base64url_decode_fixed(json_text_bytes(json_member(at, name)), raw, len) == ERR_OK);
    raw[bit / 8] ^= (uint8_t)(1u << bit % 8);
    base64url_write(bytes_of(raw, len), text);
    cr_assert(json_put_text((struct json *)(uintptr_t)at, name, text) == ERR_OK);
    return copy;
}

Test(record_tag, tag_evidence_fails_for_every_flipped_bit) {
    static const struct {
        const char *name;
        size_t len;
    } members[] = {{"blind", 32}, {"element", 32}, {"proof", 64}, {"pk", 32}};
    struct fixture f;
    fixture_read(0, &f);
    for (size_t m = 0; m < 4; m++) {
        for (size_t bit = 0; bit < members[m].len * 8; bit++) {
            struct json *bad = flipped(f.evidence, members[m].name, members[m].len, bit);
            enum err err = check(&f, bad, NULL);
            cr_expect(err == ERR_PROOF || err == ERR_KEY, "%s %zu", members[m].name, bit);
            json_done(bad);
        }
    }
    fixture_done(&f);
}

Test(record_tag, tag_evidence_is_for_one_person_one_domain_and_one_key) {
    struct fixture f, other;
    uint8_t tag[TAG_LEN];
    fixture_read(0, &f);
    fixture_read(3, &other);
    cr_expect_eq(tag_evidence_check(f.evidence, "benefit", f.evaluation.pk, tag, NULL), ERR_PROOF);
    cr_expect_eq(tag_evidence_check(f.evidence, "labour", other.evaluation.pk, tag, NULL),
                 ERR_PROOF);
    cr_assert(json_put_text(f.evidence, "id_number", "110105194912310046") == ERR_OK);
    cr_expect_neq(check(&f, f.evidence, NULL), ERR_OK);
    cr_assert(json_put_text(f.evidence, "id_number", NUMBER) == ERR_OK);
    cr_assert(json_put_text(f.evidence, "id_type", "passport") == ERR_OK);
    cr_expect_eq(check(&f, f.evidence, NULL), ERR_PROOF);
    fixture_done(&f);
    fixture_done(&other);
}

/* An issuer who has the node evaluate one number and writes another has no proof for it: the proof holds for the element, and the element for the number. */
Test(record_tag, tag_evidence_of_another_number_does_not_hold) {
    struct fixture f;
    struct tag_person other = {"labour", "passport", bytes_text("E87654321")};
    uint8_t random[VOPRF_RANDOM_LEN] = {9}, tag[TAG_LEN];
    voprf_scalar blind;
    voprf_element blinded;
    struct tag_evaluation evaluation;
    fixture_read(0, &f);
    cr_assert(tag_blind(&other, random, blind, blinded, NULL) == ERR_OK);
    evaluation = f.evaluation;
    cr_assert(voprf_blind_evaluate(f.secret, blinded, 1, random, evaluation.element,
                                   evaluation.proof) == ERR_OK);
    cr_assert(tag_finalise(&other, blind, &evaluation, tag, NULL) == ERR_OK);
    struct json *honest = tag_evidence_json(&other, blind, &evaluation);
    struct json *liar = tag_evidence_json(&f.person, blind, &evaluation);
    cr_expect_eq(tag_evidence_check(honest, "labour", NULL, tag, NULL), ERR_OK);
    cr_expect_eq(tag_evidence_check(liar, "labour", NULL, tag, NULL), ERR_PROOF);
    json_done(honest);
    json_done(liar);
    fixture_done(&f);
}

Test(record_tag, tag_evidence_of_another_form_is_refused_without_a_word_of_it) {
    static const char *const forms[] = {
        "{}",
        "[]",
        "\"" NUMBER "\"",
        "{\"id_type\":\"resident-id\",\"id_number\":\"" NUMBER "\",\"blind\":\"\"}",
        "{\"id_type\":\"resident-id\",\"id_number\":\"" NUMBER
        "\",\"blind\":\"AAAA\",\"evaluations\":[]}",
        "{\"id_type\":\"resident-id\",\"id_number\":\"" NUMBER
        "\",\"blind\":\"AAAA\",\"evaluations\":{}}",
        "{\"id_type\":7,\"id_number\":\"" NUMBER "\",\"blind\":\"\",\"evaluations\":[]}",
    };
    struct fixture f;
    struct problem why;
    fixture_read(0, &f);
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        struct json *json = NULL;
        cr_assert(json_parse(bytes_text(forms[i]), &json, NULL) == ERR_OK);
        cr_expect_eq(check(&f, json, &why), ERR_SCHEMA, "%zu", i);
        cr_expect(!strstr(why.detail, "110105"));
        json_done(json);
    }
    struct json *list = (struct json *)(uintptr_t)json_member(f.evidence, "evaluations");
    cr_assert(json_push(list, json_clone(json_at(list, 0))) == ERR_OK);
    cr_expect_eq(check(&f, f.evidence, &why), ERR_SCHEMA); /* two keys for a domain of one */
    fixture_done(&f);
    fixture_read(0, &f);
    cr_assert(json_put_text(f.evidence, "more", "x") == ERR_OK);
    cr_expect_eq(check(&f, f.evidence, &why), ERR_SCHEMA);
    fixture_done(&f);
}
