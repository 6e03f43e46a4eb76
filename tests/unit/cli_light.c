/* Tests of api/cli/light.c: which light a node's answers give, and that every light says what it means and what to do, in both languages. */
#include <criterion/criterion.h>

#include "api/cli/light.h"

#include <stdio.h>

static const struct light_words *judge(const char *ready, const char *status) {
    struct json *a = NULL, *b = NULL;
    cr_assert(json_parse(bytes_text(ready), &a, NULL) == ERR_OK);
    cr_assert(json_parse(bytes_text(status), &b, NULL) == ERR_OK);
    const struct light_words *words = light_judge(a, b);
    json_done(a);
    json_done(b);
    return words;
}

Test(cli_light, a_ready_node_is_green) {
    cr_assert_eq(judge("{\"ready\":true}", "{\"queue\":0,\"queue_max\":8192}")->light, LIGHT_GREEN);
    cr_assert_eq(judge("{\"ready\":true}", "{}")->light, LIGHT_GREEN);
}

Test(cli_light, a_queue_nearly_full_is_yellow) {
    cr_assert_eq(judge("{\"ready\":true}", "{\"queue\":79,\"queue_max\":100}")->light, LIGHT_GREEN);
    cr_assert_eq(judge("{\"ready\":true}", "{\"queue\":80,\"queue_max\":100}")->light,
                 LIGHT_YELLOW);
    cr_assert_eq(judge("{\"ready\":true}", "{\"queue\":0,\"queue_max\":1}")->light, LIGHT_GREEN);
    cr_assert_eq(judge("{\"ready\":true}", "{\"queue\":1,\"queue_max\":1}")->light, LIGHT_YELLOW);
}

Test(cli_light, what_stops_records_is_red) {
    static const char *const codes[] = {"no_quorum", "disk_full", "diverged",
                                        "io",        "corrupt",   "no_order"};
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        char ready[64];
        (void)snprintf(ready, sizeof ready, "{\"ready\":false,\"code\":\"%s\"}", codes[i]);
        cr_expect_eq(judge(ready, "{}")->light, LIGHT_RED, "%s", codes[i]);
    }
    cr_assert_eq(judge("{\"ready\":false,\"code\":\"draining\"}", "{}")->light, LIGHT_YELLOW);
}

Test(cli_light, an_answer_that_cannot_be_read_is_never_green) {
    static const char *const answers[] = {"{}",
                                          "[]",
                                          "{\"ready\":1}",
                                          "{\"ready\":\"true\"}",
                                          "{\"ready\":false}",
                                          "{\"ready\":false,\"code\":\"ok\"}",
                                          "{\"ready\":false,\"code\":\"frob\"}",
                                          "{\"ready\":false,\"code\":7}"};
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++)
        cr_expect_eq(judge(answers[i], "{}")->light, LIGHT_RED, "%s", answers[i]);
}

Test(cli_light, every_code_has_words_in_both_languages) {
    for (int i = 0; i < ERR_COUNT; i++) {
        const struct light_words *words = light_of((enum err)i);
        cr_expect(*words->meaning && *words->meaning_zh && *words->advice && *words->advice_zh);
        cr_expect((words->light == LIGHT_GREEN) == (i == ERR_OK), "%s", err_code((enum err)i));
        cr_expect(*light_name(words->light) && *light_name_zh(words->light));
    }
}
