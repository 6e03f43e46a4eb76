/* Participants: the strict form takes no more than the lax one, and what was read and written is read as the same.
 * fuzz: max_len=4096 dict=record */
#include "tests/fuzz/lib/fuzz.h"

#include "ledger/record/participant.h"

static void taken(const struct participant *participant) {
    struct participant again;
    struct problem why = {0};
    struct json *json = participant_json(participant), *second = NULL;
    FUZZ_CHECK(json && participant_parse(json, true, &again, &why) == ERR_OK);
    second = participant_json(&again);
    FUZZ_CHECK(second && json_same(json, second));
    FUZZ_CHECK(participant->roles && participant->key_count > 0);
    for (size_t i = 0; i < participant->key_count; i++) {
        FUZZ_CHECK(participant->keys[i].from < participant->keys[i].to);
        FUZZ_CHECK(participant_key_find(participant, participant->keys[i].key.kid) ==
                   &participant->keys[i]);
    }
    json_done(json);
    json_done(second);
    participant_done(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct participant strict, lax;
    struct problem why = {0};
    struct json *json = NULL;
    if (json_parse(bytes_of(data, size), &json, NULL)) return 0;
    enum err err = participant_parse(json, false, &lax, &why);
    enum err of_strict = participant_parse(json, true, &strict, &why);
    if (err) fuzz_refused(err);
    FUZZ_CHECK(of_strict == ERR_OK ? err == ERR_OK : why.detail[0] != 0);
    if (!err) taken(&lax);
    participant_done(&strict);
    participant_done(&lax);
    json_done(json);
    return 0;
}
