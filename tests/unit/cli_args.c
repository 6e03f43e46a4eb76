/* Arguments: what a table of options takes, and nothing else; the usage text says all of it. */
#include "api/cli/command.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static const struct option_spec options[] = {
    {"out", "FILE", "where it goes", true, false},
    {"role", "ROLE", "a role", false, true},
    {"sm3", NULL, "a switch", false, false},
    {"size", "N", "a number", false, false},
    {NULL, NULL, NULL, false, false},
};

static int run(struct cli *cli) {
    (void)cli;
    return 0;
}

static const struct command command = {
    .name = "thing do",
    .operands = "A [B]",
    .min = 1,
    .max = 2,
    .summary = "Do a thing",
    .details = "",
    .options = options,
    .run = run,
};

static const struct command online = {
    .name = "ask", .operands = "", .summary = "Ask", .details = "", .is_online = true, .run = run};

static enum err parse(const struct command *of, struct cli *cli, struct problem *why, int argc,
                      const char **argv) {
    return args_parse(of, argc, (char **)argv, cli, why);
}

#define PARSE(of, cli, why, ...)                                                                   \
    parse(of, cli, why, (int)(sizeof((const char *[]){__VA_ARGS__}) / sizeof(char *)),             \
          (const char *[]){__VA_ARGS__})

static void refused(const struct command *of, int argc, const char **argv, const char *says) {
    struct cli cli;
    struct problem why = {ERR_OK, "", "", "", ""};
    cr_assert(parse(of, &cli, &why, argc, argv) == ERR_REQUEST);
    cr_assert(strstr(why.detail, says), "\"%s\" does not say \"%s\"", why.detail, says);
}

#define REFUSED(of, says, ...)                                                                     \
    refused(of, (int)(sizeof((const char *[]){__VA_ARGS__}) / sizeof(char *)),                     \
            (const char *[]){__VA_ARGS__}, says)

Test(args, options_and_operands_stand_in_any_order) {
    struct cli cli;
    cr_assert(PARSE(&command, &cli, NULL, "--sm3", "one", "--out=x=y", "two", "--role", "a",
                    "--role", "b") == ERR_OK);
    cr_assert_str_eq(operand(&cli, 0), "one");
    cr_assert_str_eq(operand(&cli, 1), "two");
    cr_assert(operand(&cli, 2) == NULL && operand_count(&cli) == 2);
    cr_assert_str_eq(option_text(&cli, "out"), "x=y");
    cr_assert(option_has(&cli, "sm3") && !option_has(&cli, "size"));
    cr_assert(option_count(&cli, "role") == 2);
    cr_assert_str_eq(option_at(&cli, "role", 1), "b");
}

Test(args, a_value_may_begin_with_a_dash_and_be_empty) {
    struct cli cli;
    cr_assert(PARSE(&command, &cli, NULL, "-", "--out", "--sm3", "--role=") == ERR_OK);
    cr_assert_str_eq(operand(&cli, 0), "-");
    cr_assert_str_eq(option_text(&cli, "out"), "--sm3");
    cr_assert_str_eq(option_text(&cli, "role"), "");
    cr_assert(!option_has(&cli, "sm3"));
}

Test(args, two_dashes_end_the_options) {
    struct cli cli;
    cr_assert(PARSE(&command, &cli, NULL, "--out", "o", "--", "--sm3", "-x") == ERR_OK);
    cr_assert_str_eq(operand(&cli, 0), "--sm3");
    cr_assert_str_eq(operand(&cli, 1), "-x");
}

Test(args, what_the_table_does_not_list_is_refused) {
    REFUSED(&command, "--ouch", "a", "--out", "o", "--ouch");
    REFUSED(&command, "--ou ", "a", "--ou", "o");
    REFUSED(&command, "two dashes", "a", "-o", "o");
    REFUSED(&command, "twice", "a", "--out", "o", "--out", "p");
    REFUSED(&command, "takes no value", "a", "--out", "o", "--sm3=1");
    REFUSED(&command, "needs a value", "a", "--out");
    REFUSED(&command, "--out FILE is missing", "a");
    REFUSED(&command, "Usage", "--out", "o");
    REFUSED(&command, "Usage", "a", "b", "c", "--out", "o");
    REFUSED(&command, "--url", "a", "--out", "o", "--url", "http://x");
    REFUSED(&command, "--lang is", "a", "--out", "o", "--lang", "fr");
}

Test(args, more_arguments_than_there_is_room_for_are_refused) {
    const char *many[CLI_ARGUMENTS + 1];
    for (size_t i = 0; i <= CLI_ARGUMENTS; i++) many[i] = "--role=r";
    refused(&command, CLI_ARGUMENTS + 1, many, "More than");
}

Test(args, help_needs_nothing_else) {
    struct cli cli;
    cr_assert(PARSE(&command, &cli, NULL, "--help") == ERR_OK);
    cr_assert(cli.wants_help);
}

Test(args, numbers_have_one_form_and_a_range) {
    struct cli cli;
    uint64_t number = 9;
    cr_assert(PARSE(&command, &cli, NULL, "a", "--out", "o") == ERR_OK);
    cr_assert(option_number(&cli, "size", 1, 10, 7, &number, NULL) == ERR_OK && number == 7);
    cr_assert(PARSE(&command, &cli, NULL, "a", "--out", "o", "--size", "10") == ERR_OK);
    cr_assert(option_number(&cli, "size", 1, 10, 7, &number, NULL) == ERR_OK && number == 10);
    const char *bad[] = {"--size=0", "--size=11", "--size=01", "--size=-1", "--size=", "--size=1k"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        cr_assert(PARSE(&command, &cli, NULL, "a", "--out", "o", bad[i]) == ERR_OK);
        cr_assert(option_number(&cli, "size", 1, 10, 7, &number, NULL) == ERR_REQUEST);
    }
}

Test(args, url_comes_from_the_option_then_the_environment_then_the_default) {
    struct cli cli;
    unsetenv("QIZHENG_URL");
    cr_assert(PARSE(&online, &cli, NULL, "--json") == ERR_OK && cli.is_json);
    cr_assert_str_eq(cli.url, CLI_URL_DEFAULT);
    setenv("QIZHENG_URL", "http://env", 1);
    cr_assert(PARSE(&online, &cli, NULL, "--json") == ERR_OK);
    cr_assert_str_eq(cli.url, "http://env");
    cr_assert(PARSE(&online, &cli, NULL, "--url", "http://option") == ERR_OK);
    cr_assert_str_eq(cli.url, "http://option");
}

Test(args, language_comes_from_the_option_then_the_environment) {
    struct cli cli;
    setenv("LANG", "zh_CN.UTF-8", 1);
    unsetenv("QIZHENG_LANG");
    cr_assert(PARSE(&online, &cli, NULL, "--json") == ERR_OK && cli.is_zh);
    setenv("QIZHENG_LANG", "en", 1);
    cr_assert(PARSE(&online, &cli, NULL, "--json") == ERR_OK && !cli.is_zh);
    cr_assert(PARSE(&online, &cli, NULL, "--lang", "zh") == ERR_OK && cli.is_zh);
}

Test(args, usage_names_every_option_of_every_command) {
    for (size_t i = 0; i < command_count; i++) {
        struct buf text;
        buf_init(&text, 65536);
        cr_assert(usage_format(commands[i], &text) == ERR_OK);
        const char *usage = buf_text(&text);
        cr_assert(strstr(usage, commands[i]->name) && strstr(usage, "--json") &&
                  strstr(usage, "--help"));
        cr_assert(!strstr(usage, "--url") == !commands[i]->is_online);
        for (const struct option_spec *o = commands[i]->options; o && o->name; o++) {
            char dashed[64];
            (void)snprintf(dashed, sizeof dashed, "  --%s", o->name);
            cr_assert(strstr(usage, dashed), "%s: --%s", commands[i]->name, o->name);
            cr_assert(o->help && *o->help);
        }
        buf_done(&text);
    }
}
