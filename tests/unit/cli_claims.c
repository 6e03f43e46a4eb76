/* Claims as people give them, drafts and parcels, and presentations with fewer disclosures. */
#include "api/cli/claims.h"
#include "api/cli/disk.h"
#include "api/cli/draft.h"
#include "api/cli/presentation.h"
#include "contracts/contract.h"
#include "ledger/record/sdjwt.h"
#include "ledger/store/fault.h"
#include "tests/lib/vector.h"

#include <sys/stat.h>
#include <unistd.h>

#define LEDGER "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

static struct json *parsed(const char *text) {
    struct json *json = NULL;
    cr_assert(json_parse(bytes_text(text), &json, NULL) == ERR_OK);
    return json;
}

/* -- name=value -- */

static void put_gives(const char *text, const char *expected) {
    struct json *object = json_new_object(), *wanted = parsed(expected);
    struct problem why = {ERR_OK, "", "", "", ""};
    cr_assert(claims_put(object, "unknown", text, &why) == ERR_OK, "%s: %s", text, why.detail);
    cr_assert(json_same(object, wanted), "%s is not %s", text, expected);
    json_done(object);
    json_done(wanted);
}

static void put_refuses(const char *text) {
    struct json *object = json_new_object();
    enum err err = claims_put(object, "unknown", text, NULL);
    cr_assert(err != ERR_OK && err_class(err) == ERR_CLASS_REFUSE, "%s", text);
    cr_assert(json_count(object) == 0);
    json_done(object);
}

Test(claims, values_are_integers_json_or_text) {
    put_gives("a=1", "{\"a\":1}");
    put_gives("a=0", "{\"a\":0}");
    put_gives("a=-12", "{\"a\":-12}");
    put_gives("a=007", "{\"a\":\"007\"}");
    put_gives("a=-0", "{\"a\":\"-0\"}");
    put_gives("a=1.5", "{\"a\":\"1.5\"}");
    put_gives("a=-", "{\"a\":\"-\"}");
    put_gives("a=", "{\"a\":\"\"}");
    put_gives("a=2026-12-01", "{\"a\":\"2026-12-01\"}");
    put_gives("a=true", "{\"a\":\"true\"}");
    put_gives("a=x=y", "{\"a\":\"x=y\"}");
    put_gives("a=12345678901234567", "{\"a\":\"12345678901234567\"}");
    put_gives("a=[1,2]", "{\"a\":[1,2]}");
    put_gives("a={\"b\":\"c\"}", "{\"a\":{\"b\":\"c\"}}");
    put_gives("a:=true", "{\"a\":true}");
    put_gives("a:=\"007\"", "{\"a\":\"007\"}");
    put_gives("姓=名", "{\"姓\":\"名\"}");
}

Test(claims, digits_are_text_where_the_type_wants_a_text) {
    static const struct {
        const char *text, *expected;
    } cases[] = {{"reason_code=36", "{\"reason_code\":\"36\"}"},
                 {"reason_code:=36", "{\"reason_code\":36}"},
                 {"certificate_no=20260001", "{\"certificate_no\":\"20260001\"}"},
                 {"contract_no=7", "{\"contract_no\":\"7\"}"},
                 {"probation_months=3", "{\"probation_months\":3}"},
                 {"wage_amount=620000", "{\"wage_amount\":620000}"},
                 {"severance_amount=-1", "{\"severance_amount\":-1}"},
                 {"of_no_type=5", "{\"of_no_type\":5}"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct json *object = json_new_object(), *wanted = parsed(cases[i].expected);
        cr_assert(claims_put(object, "labour-contract", cases[i].text, NULL) == ERR_OK);
        cr_expect(json_same(object, wanted), "%s is not %s", cases[i].text, cases[i].expected);
        json_done(object);
        json_done(wanted);
    }
}

/* The command line knows an integer by how its form begins: a form that spoke of integers in another way would be missed. */
Test(claims, forms_of_integers_begin_with_the_word) {
    struct json *types = NULL;
    size_t integers = 0;
    cr_assert(contract_types_json(&types) == ERR_OK);
    for (size_t i = 0; i < json_count(types); i++) {
        const struct json *elements = json_member(json_at(types, i), "elements");
        for (size_t j = 0; j < json_count(elements); j++) {
            const char *form = json_text(json_member(json_at(elements, j), "form"));
            cr_assert(form);
            bool begins = strncmp(form, "an integer", 10) == 0;
            cr_expect(begins == (strstr(form, "integer") != NULL), "%s", form);
            integers += begins;
        }
    }
    cr_assert(integers == 7);
    json_done(types);
}

Test(claims, what_has_no_name_or_no_value_is_refused) {
    put_refuses("");
    put_refuses("a");
    put_refuses("=1");
    put_refuses(":=1");
    put_refuses("a:=");
    put_refuses("a:=yes");
    put_refuses("a=[1,");
    put_refuses("a:=1.5");
    put_refuses("a=\xff");
    put_refuses("a\xff=1");
    put_refuses("a=9999999999999999");
}

Test(claims, a_file_holds_four_members_and_no_others) {
    static const char *const bad[] = {
        "[]",           "{\"typ\":\"x\"}",  "{\"type\":1}",
        "{\"set\":[]}", "{\"hide\":\"x\"}", "{\"act\":\"0123456789012345678901234567890123\"}"};
    struct claims claims;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct json *json = parsed(bad[i]);
        cr_assert(claims_parse(json, "f", &claims, NULL) == ERR_SCHEMA, "%s", bad[i]);
        json_done(json);
    }
    struct json *json = parsed("{\"type\":\"t\",\"act\":\"a\",\"set\":{\"x\":1}}");
    cr_assert(claims_parse(json, "f", &claims, NULL) == ERR_OK);
    cr_assert_str_eq(claims.type, "t");
    cr_assert_str_eq(claims.act, "a");
    cr_assert(json_count(claims.set) == 1 && json_count(claims.hide) == 0);
    claims_done(&claims);
    json_done(json);
}

Test(claims, the_sample_contracts_can_be_read) {
    static const char *const files[] = {"fixed-3-years", "fixed-1-year", "open-ended", "task"};
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        char path[512];
        struct claims claims;
        (void)snprintf(path, sizeof path, TEST_DATA "/data/contracts/%s.claims.json", files[i]);
        cr_assert(claims_load(path, &claims, NULL) == ERR_OK);
        cr_assert(json_count(claims.set) > 5 && json_count(claims.hide) > 5);
        claims_done(&claims);
    }
}

/* -- drafts and parcels -- */

static struct claims claims_of(const char *set, const char *hide) {
    struct claims claims = {.type = "labour-contract", .act = "conclude"};
    claims.set = parsed(set);
    claims.hide = parsed(hide);
    return claims;
}

static const struct draft_head head = {"acme", LEDGER, NULL, NULL, NULL, NULL};

static struct draft draft_of(const char *set, const char *hide) {
    struct claims claims = claims_of(set, hide);
    struct draft draft;
    struct problem why = {ERR_OK, "", "", "", ""};
    cr_assert(draft_make(&head, &claims, NULL, &draft, &why) == ERR_OK, "%s", why.detail);
    claims_done(&claims);
    return draft;
}

static struct parcel parcel_of(const struct draft *draft) {
    struct key_secret *key = vector_key(KEY_ES256K, "cli issuer");
    struct parcel parcel;
    struct problem why = {ERR_OK, "", "", "", ""};
    cr_assert(draft_sign(draft, key, &parcel, &why) == ERR_OK, "%s", why.detail);
    key_secret_done(key);
    return parcel;
}

Test(draft, a_signed_record_with_its_disclosures_says_what_was_drafted) {
    struct draft draft = draft_of("{\"kind\":\"open\"}", "{\"post\":\"x\",\"wage_amount\":1}");
    struct parcel parcel = parcel_of(&draft);
    struct presented presented;
    struct buf text;
    buf_init(&text, LIMIT_RECORD_PRESENTED);
    cr_assert(parcel_present(&parcel, bytes_of(NULL, 0), &text) == ERR_OK);
    cr_assert(presentation_read(buf_bytes(&text), &presented, NULL) == ERR_OK);
    cr_assert(json_same(presented.claims, draft.claims));
    cr_assert(presented.record->sd_count == 2);
    cr_assert_str_eq(presented.record->iss, "acme");
    cr_assert(!json_member(presented.record->payload, "post"));
    presented_done(&presented);
    buf_done(&text);
    parcel_done(&parcel);
    draft_done(&draft);
}

Test(draft, names_that_every_record_has_are_refused_in_the_clear_and_hidden) {
    static const char *const names[] = {"iss", "doc", "jti", "_sd", "cnf", "...", "act"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char member[64];
        struct draft draft;
        (void)snprintf(member, sizeof member, "{\"%s\":\"x\"}", names[i]);
        struct claims set = claims_of(member, "{}"), hide = claims_of("{}", member);
        cr_assert(draft_make(&head, &set, NULL, &draft, NULL) == ERR_SCHEMA, "%s", names[i]);
        cr_assert(draft_make(&head, &hide, NULL, &draft, NULL) != ERR_OK, "%s", names[i]);
        claims_done(&set);
        claims_done(&hide);
    }
    struct draft draft;
    struct claims both = claims_of("{\"a\":1}", "{\"a\":2}");
    cr_assert(draft_make(&head, &both, NULL, &draft, NULL) == ERR_SCHEMA);
    claims_done(&both);
}

Test(draft, two_drafts_of_the_same_claims_differ_in_id_and_salts_and_say_the_same) {
    struct draft one = draft_of("{\"a\":1}", "{\"b\":2}"), two = draft_of("{\"a\":1}", "{\"b\":2}");
    struct draft other = draft_of("{\"a\":1}", "{\"b\":3}");
    struct parcel first = parcel_of(&one), second = parcel_of(&two);
    cr_assert(strcmp(first.id, second.id) != 0);
    cr_assert(!json_same(first.disclosures, second.disclosures));
    cr_assert(parcel_says(&first, &two) && parcel_says(&second, &one));
    cr_assert(!parcel_says(&first, &other));
    parcel_done(&first);
    parcel_done(&second);
    draft_done(&one);
    draft_done(&two);
    draft_done(&other);
}

static char *temp_name(char path[64]) {
    (void)snprintf(path, 64, "/tmp/qizheng-test-XXXXXX");
    int fd = mkstemp(path);
    cr_assert(fd >= 0);
    close(fd);
    cr_assert(unlink(path) == 0);
    return path;
}

static enum err dir_sync_fails(const char *step, bool before) {
    return before && strcmp(step, "dir_sync") == 0 ? ERR_IO : ERR_OK;
}

Test(parcel, comes_back_from_disk_as_it_was_and_is_private) {
    char path[64];
    struct stat stat;
    struct draft draft = draft_of("{\"a\":1}", "{\"b\":{\"c\":[1,2]}}");
    struct parcel parcel = parcel_of(&draft), back;
    cr_assert(parcel_save(&parcel, temp_name(path), NULL) == ERR_OK);
    cr_assert(lstat(path, &stat) == 0 && (stat.st_mode & 0777) == 0600);
    cr_assert(parcel_save(&parcel, path, NULL) == ERR_STATE); /* never overwritten */
    store_fault =
        dir_sync_fails; /* who saved it may not have lived to sync its name, and it is sent next */
    cr_assert(parcel_load(path, &back, NULL) == ERR_IO);
    store_fault = NULL;
    cr_assert(parcel_load(path, &back, NULL) == ERR_OK);
    cr_assert(bytes_equal(buf_bytes(&back.record), buf_bytes(&parcel.record)));
    cr_assert(json_same(back.disclosures, parcel.disclosures));
    cr_assert(parcel_says(&back, &draft));
    cr_assert_str_eq(back.id, parcel.id);
    parcel_done(&back);
    parcel_done(&parcel);
    draft_done(&draft);
    (void)unlink(path);
}

Test(parcel, a_damaged_file_is_refused) {
    static const char *const bad[] = {"", "{}", "[]", "{\"record\":\"x\",\"disclosures\":[]}",
                                      "null"};
    char path[64];
    temp_name(path);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct parcel parcel;
        struct problem why = {ERR_OK, "", "", "", ""};
        cr_assert(disk_write(path, bytes_text(bad[i]), 0600, DISK_REPLACE, NULL) == ERR_OK);
        cr_assert(parcel_load(path, &parcel, &why) != ERR_OK, "%s", bad[i]);
        cr_assert(why.detail[0]);
    }
    struct draft one = draft_of("{}", "{\"b\":1}"), two = draft_of("{}", "{\"b\":1}");
    struct parcel mixed = parcel_of(&one), back;
    json_done(mixed.disclosures);
    mixed.disclosures = json_clone(two.disclosures); /* of another record */
    cr_assert(unlink(path) == 0 && parcel_save(&mixed, path, NULL) == ERR_OK);
    cr_assert(parcel_load(path, &back, NULL) == ERR_DISCLOSURE);
    struct json *json = NULL;
    struct problem why = {ERR_OK, "", "", "", ""};
    cr_assert(parcel_json(&mixed, &json) == ERR_OK);
    cr_assert(json_put(json, "disclosures", json_new_int(1)) == ERR_OK);
    cr_assert(parcel_parse(json, &back, &why) == ERR_SCHEMA && why.detail[0], "with a reason");
    json_done(json);
    parcel_done(&mixed);
    draft_done(&one);
    draft_done(&two);
    (void)unlink(path);
}

/* -- presentations -- */

static struct buf picked(struct bytes presentation, const char *names) {
    struct buf text;
    buf_init(&text, LIMIT_RECORD_PRESENTED);
    cr_assert(presentation_pick(presentation, names, &text, NULL) == ERR_OK);
    return text;
}

Test(presentation, every_subset_of_the_disclosures_can_be_shown) {
    static const char *const names[] = {"a", "b", "c"};
    struct draft draft = draft_of("{}", "{\"a\":1,\"b\":2,\"c\":3}");
    struct parcel parcel = parcel_of(&draft);
    struct buf all;
    buf_init(&all, LIMIT_RECORD_PRESENTED);
    cr_assert(parcel_present(&parcel, bytes_of(NULL, 0), &all) == ERR_OK);
    for (unsigned set = 0; set < 8; set++) {
        char list[16] = "";
        for (unsigned i = 0; i < 3; i++) {
            if (!(set >> i & 1)) continue;
            if (*list) strncat(list, ",", 2);
            strncat(list, names[i], 2);
        }
        struct buf some = picked(buf_bytes(&all), list);
        struct presented presented;
        cr_assert(presentation_read(buf_bytes(&some), &presented, NULL) == ERR_OK);
        for (unsigned i = 0; i < 3; i++)
            cr_assert(!json_member(presented.claims, names[i]) == !(set >> i & 1));
        presented_done(&presented);
        buf_done(&some);
    }
    buf_done(&all);
    parcel_done(&parcel);
    draft_done(&draft);
}

Test(presentation, a_name_that_is_not_there_is_refused) {
    struct draft draft = draft_of("{}", "{\"a\":1}");
    struct parcel parcel = parcel_of(&draft);
    struct buf all, out;
    buf_init(&all, LIMIT_RECORD_PRESENTED);
    buf_init(&out, LIMIT_RECORD_PRESENTED);
    cr_assert(parcel_present(&parcel, bytes_of(NULL, 0), &all) == ERR_OK);
    cr_assert(presentation_pick(buf_bytes(&all), "b", &out, NULL) == ERR_REQUEST);
    cr_assert(presentation_pick(buf_bytes(&all), "a,aa", &out, NULL) == ERR_REQUEST);
    cr_assert(presentation_pick(bytes_text("~"), "", &out, NULL) == ERR_JWS);
    cr_assert(out.len == 0);
    buf_done(&all);
    buf_done(&out);
    parcel_done(&parcel);
    draft_done(&draft);
}

/* -- files -- */

Test(disk, a_new_file_never_replaces_and_a_replaced_one_is_whole) {
    char path[64];
    struct buf text;
    cr_assert(disk_write(temp_name(path), bytes_text("one"), 0600, DISK_NEW, NULL) == ERR_OK);
    cr_assert(disk_write(path, bytes_text("two"), 0600, DISK_NEW, NULL) == ERR_STATE);
    cr_assert(disk_read(path, 16, &text, NULL) == ERR_OK && bytes_is(buf_bytes(&text), "one"));
    buf_done(&text);
    cr_assert(disk_write(path, bytes_text("three"), 0600, DISK_REPLACE, NULL) == ERR_OK);
    cr_assert(disk_read(path, 5, &text, NULL) == ERR_OK && bytes_is(buf_bytes(&text), "three"));
    buf_done(&text);
    cr_assert(disk_read(path, 4, &text, NULL) == ERR_TOO_LARGE);
    cr_assert(unlink(path) == 0);
    cr_assert(disk_read(path, 4, &text, NULL) == ERR_NOT_FOUND);
    cr_assert(disk_read("/tmp", 4, &text, NULL) == ERR_IO);
    cr_assert(disk_write("/nowhere/at/all", bytes_text("x"), 0600, DISK_NEW, NULL) == ERR_IO);
}

Test(disk, digests_of_a_file_are_those_of_its_bytes) {
    char path[64];
    uint8_t sha[DIGEST_LEN], three[DIGEST_LEN], expected[DIGEST_LEN];
    struct buf content;
    buf_init(&content, 1 << 20);
    for (unsigned i = 0; i < 150000; i++) cr_assert(buf_add_byte(&content, (uint8_t)i) == ERR_OK);
    cr_assert(disk_write(temp_name(path), buf_bytes(&content), 0600, DISK_NEW, NULL) == ERR_OK);
    cr_assert(disk_digest(path, true, sha, three, NULL) == ERR_OK);
    digest(DIGEST_SHA256, buf_bytes(&content), expected);
    cr_assert(memcmp(sha, expected, DIGEST_LEN) == 0);
    digest(DIGEST_SM3, buf_bytes(&content), expected);
    cr_assert(memcmp(three, expected, DIGEST_LEN) == 0);
    buf_done(&content);
    (void)unlink(path);
}
