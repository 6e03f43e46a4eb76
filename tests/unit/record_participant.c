/* Participants: round trips, roles, and every reason to refuse one. */
#include "ledger/record/participant.h"
#include "tests/lib/vector.h"

#define JWK                                                                                        \
    "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}"
#define KEY "{\"jwk\":" JWK ",\"from\":100}"
#define GOOD                                                                                       \
    "{\"id\":\"a-1._\",\"name\":\"机构\",\"uscc\":\"91350100M000100Y43\",\"roles\":[\"payer\","  \
    "\"court\"],\"keys\":[" KEY "]}"

static struct json *json_of(struct bytes text) {
    struct json *value = NULL;
    cr_assert(json_parse(text, &value, NULL) == ERR_OK, "%.*s", (int)text.len, text.data);
    return value;
}

static enum err parsed(const char *text, bool strict, struct problem *ret_why) {
    struct participant participant;
    struct json *value = json_of(bytes_text(text));
    enum err err = participant_parse(value, strict, &participant, ret_why);
    if (err) {
        cr_assert(participant.id[0] == 0 && participant.key_count == 0, "zeroed after a refusal");
    }
    participant_done(&participant);
    json_done(value);
    return err;
}

Test(record_participant, participant_parse_gives_every_member) {
    struct participant participant;
    struct json *value = json_of(bytes_text(GOOD));
    cr_assert(participant_parse(value, true, &participant, NULL) == ERR_OK);
    cr_assert_str_eq(participant.id, "a-1._");
    cr_assert_str_eq(participant.name, "机构");
    cr_assert_str_eq(participant.uscc, "91350100M000100Y43");
    cr_assert(participant.roles == (ROLE_PAYER | ROLE_COURT) && participant.key_count == 1);
    cr_assert(participant.keys[0].from == 100 && participant.keys[0].to == INT64_MAX);
    cr_assert(participant_key_find(&participant, KID_TEXT) == &participant.keys[0]);
    cr_assert(participant_key_find(&participant, "another") == NULL);
    participant_done(&participant);
    participant_done(&participant);
    json_done(value);
}

Test(record_participant, participant_json_and_parse_are_inverse) {
    struct participant participant, again;
    struct json *value = json_of(bytes_text(GOOD));
    struct json *extended = json_clone(value);
    cr_assert(participant_parse(value, true, &participant, NULL) == ERR_OK);
    struct json *written = participant_json(&participant);
    cr_assert(json_same(written, value));
    participant.keys[0].to = 200;
    struct json *ended = participant_json(&participant);
    cr_assert(participant_parse(ended, true, &again, NULL) == ERR_OK && again.keys[0].to == 200);
    cr_assert(json_put_text(extended, "vct", "x") == ERR_OK);
    participant_done(&again);
    cr_assert(participant_parse(extended, false, &again, NULL) == ERR_OK, "a record's claims");
    participant_done(&again);
    cr_assert(participant_parse(extended, true, &again, NULL) == ERR_SCHEMA);
    participant_done(&participant);
    json_done(value);
    json_done(extended);
    json_done(written);
    json_done(ended);
}

Test(record_participant, role_names_and_bits_are_one_to_one) {
    uint16_t all = 0;
    for (unsigned bit = 0; bit < 16; bit++) {
        enum role role = (enum role)(1u << bit), back;
        if (bit > 6) {
            cr_assert_str_eq(role_name(role), "");
            continue;
        }
        cr_assert(role_from_name(role_name(role), &back) && back == role);
        all = (uint16_t)(all | role);
    }
    enum role unused;
    cr_assert(all == 0x7f);
    cr_assert(!role_from_name("Payer", &unused) && !role_from_name("", &unused));
    cr_assert(!role_from_name(NULL, &unused));
    cr_assert_str_eq(role_name(ROLE_OPERATOR), "operator");
}

Test(record_participant, participant_id_has_its_alphabet_and_length) {
    char longest[LIMIT_ID + 2];
    memset(longest, 'a', sizeof longest);
    cr_assert(participant_id_valid(bytes_of(longest, LIMIT_ID)));
    cr_assert(!participant_id_valid(bytes_of(longest, LIMIT_ID + 1)));
    cr_assert(!participant_id_valid(bytes_of(longest, 0)));
    for (int c = 0; c < 256; c++) {
        uint8_t text[2] = {(uint8_t)c, (uint8_t)c};
        bool word = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
        bool mark = c == '.' || c == '_' || c == '-';
        cr_assert(participant_id_valid(bytes_of(text, 1)) == word, "first %d", c);
        text[0] = 'a';
        cr_assert(participant_id_valid(bytes_of(text, 2)) == (word || mark), "second %d", c);
    }
}

Test(record_participant, participant_parse_refuses_each_wrong_member) {
    static const struct {
        const char *from, *to;
        enum err err;
        const char *pointer;
    } edits[] = {
        {"\"id\":\"a-1._\",", "", ERR_SCHEMA, "/id"},
        {"a-1._", "-a", ERR_SCHEMA, "/id"},
        {"a-1._", "a:b", ERR_SCHEMA, "/id"},
        {"\"a-1._\"", "7", ERR_SCHEMA, "/id"},
        {"机构", "", ERR_SCHEMA, "/name"},
        {"机构", "a\\nb", ERR_SCHEMA, "/name"},
        {"机构", "a\\u007f", ERR_SCHEMA, "/name"},
        {"\"机构\"", "null", ERR_SCHEMA, "/name"},
        {"91350100M000100Y43", "91350100M000100Y4", ERR_SCHEMA, "/uscc"},
        {"91350100M000100Y43", "91350100M000100Y433", ERR_SCHEMA, "/uscc"},
        {"91350100M000100Y43", "91350100m000100Y43", ERR_SCHEMA, "/uscc"},
        {"91350100M000100Y43", "91350100I000100Y43", ERR_SCHEMA, "/uscc"},
        {"[\"payer\",\"court\"]", "[]", ERR_SCHEMA, "/roles"},
        {"[\"payer\",\"court\"]", "\"payer\"", ERR_SCHEMA, "/roles"},
        {"[\"payer\",\"court\"]", "[\"payer\",\"payer\"]", ERR_SCHEMA, "/roles"},
        {"[\"payer\",\"court\"]", "[\"king\"]", ERR_SCHEMA, "/roles"},
        {"[\"payer\",\"court\"]", "[1]", ERR_SCHEMA, "/roles"},
        {"[" KEY "]", "[]", ERR_SCHEMA, "/keys"},
        {"[" KEY "]", KEY, ERR_SCHEMA, "/keys"},
        {"[" KEY "]", "[1]", ERR_SCHEMA, "/keys/0"},
        {"[" KEY "]", "[" KEY "," KEY "]", ERR_SCHEMA, "/keys/1"},
        {"\"from\":100", "\"from\":-1", ERR_SCHEMA, "/keys/0"},
        {"\"from\":100", "\"from\":\"100\"", ERR_SCHEMA, "/keys/0"},
        {"\"from\":100", "\"from\":100,\"to\":100", ERR_SCHEMA, "/keys/0"},
        {"\"from\":100", "\"from\":100,\"to\":null", ERR_SCHEMA, "/keys/0"},
        {"\"from\":100", "\"from\":100,\"use\":\"sig\"", ERR_SCHEMA, "/keys/0"},
        {",\"from\":100", "", ERR_SCHEMA, "/keys/0"},
        {"{\"kty\"", "{\"d\":\"AAAA\",\"kty\"", ERR_KEY, "/keys/0"},
        {"\"Ed25519\"", "\"X25519\"", ERR_KEY, "/keys/0"},
    };
    for (size_t i = 0; i < sizeof edits / sizeof edits[0]; i++) {
        struct problem why = {0};
        struct buf text = text_edit(bytes_text(GOOD), edits[i].from, edits[i].to);
        enum err err = parsed(buf_text(&text), true, &why);
        cr_assert(err == edits[i].err, "%s: %s", edits[i].to, err_code(err));
        cr_assert(why.err == err && why.detail[0], "%s", edits[i].to);
        cr_assert_str_eq(why.pointer, edits[i].pointer, "%s", edits[i].to);
        buf_done(&text);
    }
    cr_assert(parsed("[]", true, NULL) == ERR_SCHEMA);
    cr_assert(parsed("\"a\"", false, NULL) == ERR_SCHEMA);
}

Test(record_participant, participant_holds_its_limit_of_keys_and_no_more) {
    struct json *value = json_of(bytes_text(GOOD)), *keys = json_new_array();
    struct participant participant;
    struct problem why = {0};
    for (int i = 0; i < LIMIT_KEYS; i++) {
        char name[16];
        (void)snprintf(name, sizeof name, "key %d", i);
        struct key_secret *key = vector_key((enum key_alg)(i % KEY_ALG_COUNT), name);
        struct json *entry = json_new_object();
        cr_assert(json_put(entry, "jwk", key_public_jwk(key_secret_public(key))) == ERR_OK);
        cr_assert(json_put_int(entry, "from", i) == ERR_OK);
        cr_assert(json_push(keys, entry) == ERR_OK);
        key_secret_done(key);
    }
    struct json *more = json_clone(keys);
    cr_assert(json_put(value, "keys", keys) == ERR_OK);
    cr_assert(participant_parse(value, true, &participant, &why) == ERR_OK, "%s", why.detail);
    cr_assert(participant.key_count == LIMIT_KEYS);
    struct json *written = participant_json(&participant);
    cr_assert(json_same(written, value));
    participant_done(&participant);
    cr_assert(json_push(more, json_new_object()) == ERR_OK);
    cr_assert(json_put(value, "keys", more) == ERR_OK);
    cr_assert(participant_parse(value, true, &participant, &why) == ERR_SCHEMA);
    cr_assert_str_eq(why.pointer, "/keys");
    json_done(written);
    json_done(value);
}
