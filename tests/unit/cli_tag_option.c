/* --tag: what it makes, and what it refuses. */
#include "api/cli/tag_option.h"

#include <criterion/criterion.h>
#include <string.h>

#define TAG "EGJTFwjr0wU-rUYhBx_bO7RLavmLxJzAcRG4M46OXig"

static const struct option_spec options[] = {TAG_OPTION, {NULL, NULL, NULL, false, false}};
static const struct command command = {.name = "x", .options = options};

static enum err tags(const char *one, const char *two, struct json **ret, struct problem *ret_why) {
    struct cli cli;
    char *argv[] = {(char *)(uintptr_t) "--tag", (char *)(uintptr_t)one,
                    (char *)(uintptr_t) "--tag", (char *)(uintptr_t)two};
    cr_assert(args_parse(&command, one ? two ? 4 : 2 : 0, argv, &cli, NULL) == ERR_OK);
    return tags_from_options(&cli, "", NULL, ret, ret_why);
}

/* --tag-of as far as it goes without a node. */
static enum err tag_of(const char *text, struct json *hide, struct problem *ret_why) {
    struct cli cli;
    struct json *json = NULL;
    char *argv[] = {(char *)(uintptr_t) "--tag-of", (char *)(uintptr_t)text};
    cr_assert(args_parse(&command, 2, argv, &cli, NULL) == ERR_OK);
    enum err err = tags_from_options(&cli, "", hide, &json, ret_why);
    cr_assert_null(json);
    return err;
}

Test(tag_option, tags_become_the_claim_by_role) {
    struct json *json = NULL;
    struct buf text;
    buf_init(&text, 1024);
    cr_assert(tags("person=benefit:1:" TAG, "worker=labour:12:" TAG, &json, NULL) == ERR_OK);
    cr_assert(json_format(json, &text) == ERR_OK);
    cr_assert_str_eq(buf_text(&text), "{\"person\":{\"d\":\"benefit\",\"t\":\"" TAG "\",\"v\":1},"
                                      "\"worker\":{\"d\":\"labour\",\"t\":\"" TAG "\",\"v\":12}}");
    json_done(json);
    cr_assert(tags(NULL, NULL, &json, NULL) == ERR_OK && !json);
    buf_done(&text);
}

Test(tag_option, what_is_no_tag_is_refused_with_its_form) {
    static const char *const bad[] = {"",
                                      "person",
                                      "=benefit:1:" TAG,
                                      "person=",
                                      "person=benefit",
                                      "person=benefit:1",
                                      "person=:1:" TAG,
                                      "person=benefit::" TAG,
                                      "person=benefit:0:" TAG,
                                      "person=benefit:01:" TAG,
                                      "person=benefit:-1:" TAG,
                                      "person=benefit:1x:" TAG,
                                      "person=benefit:1234567890:" TAG,
                                      "person=benefit:1:",
                                      "person=benefit:1:AA",
                                      "person=benefit:1:" TAG "A",
                                      "person=benefit:1:" TAG "="};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct json *json = NULL;
        struct problem why = {ERR_OK, "", "", "", ""};
        cr_assert(tags(bad[i], NULL, &json, &why) == ERR_REQUEST, "%s", bad[i]);
        cr_assert(!json && strstr(why.detail, "ROLE=DOMAIN:VERSION:TAG"));
    }
    struct json *json = NULL;
    cr_assert(tags("person=benefit:1:" TAG, "person=benefit:1:" TAG, &json, NULL) == ERR_REQUEST);
}

Test(tag_option, what_names_no_person_is_refused_with_its_form) {
    static const char *const bad[] = {
        "",
        "person",
        "=benefit:resident-id:f",
        "person=:resident-id:f",
        "person=benefit::f",
        "person=benefit:resident-id",
        "person=benefit:resident-id:",
        "person=a-domain-that-is-longer-than-any-may-be:resident-id:f"};
    struct json *hide = json_new_object();
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct problem why = {ERR_OK, "", "", "", ""};
        cr_assert(tag_of(bad[i], hide, &why) == ERR_REQUEST, "%s", bad[i]);
        cr_assert(strstr(why.detail, "ROLE=DOMAIN:ID-TYPE:FILE"), "%s", why.detail);
    }
    struct problem why = {ERR_OK, "", "", "", ""};
    cr_assert(tag_of("person=benefit:resident-id:/nonexistent/id", hide, &why) == ERR_NOT_FOUND);
    cr_assert(json_put_text(hide, "tag_evidence", "mine") == ERR_OK);
    cr_assert(tag_of("person=benefit:resident-id:/dev/null", hide, &why) == ERR_REQUEST);
    cr_assert(strstr(why.detail, "tag_evidence"));
    cr_assert_str_eq(json_text(json_member(hide, "tag_evidence")), "mine");
    json_done(hide);
}
