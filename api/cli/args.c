/* Arguments of a command and its usage text, both from its table of options. See command.h.
 *
 * `--name value` and `--name=value` are the same; `--` ends the options; a lone `-` is an operand. Options and operands may stand in any order. */
#include "api/cli/command.h"

#include "ledger/base/text.h"

#include <stdlib.h>
#include <string.h>

const struct option_spec options_common[] = {
    {"json", NULL, "answer in JSON, for scripts", false, false},
    {"lang", "zh|en", "language of reasons (QIZHENG_LANG, or LANG)", false, false},
    {"help", NULL, "show this text", false, false},
    {NULL, NULL, NULL, false, false},
};

const struct option_spec options_online[] = {
    {"url", "URL", "the node (QIZHENG_URL, default " CLI_URL_DEFAULT ")", false, false},
    {"ca", "PEM", "trust these certificates for https, not the system's", false, false},
    {NULL, NULL, NULL, false, false},
};

static const struct option_spec *spec_find(const struct option_spec *specs, struct bytes name) {
    for (; specs && specs->name; specs++) {
        if (bytes_is(name, specs->name)) return specs;
    }
    return NULL;
}

static const struct option_spec *option_find(const struct command *command, struct bytes name) {
    const struct option_spec *spec = spec_find(command->options, name);
    if (!spec && command->is_online) spec = spec_find(options_online, name);
    return spec ? spec : spec_find(options_common, name);
}

/* -- reading -- */

static enum err add(struct cli *cli, const struct option_spec *option, const char *value,
                    struct problem *ret_why) {
    if (option && !option->repeats && option_has(cli, option->name))
        return problem_set(ret_why, ERR_REQUEST, "--%s stands there twice.", option->name);
    if (cli->argument_count == CLI_ARGUMENTS)
        return problem_set(ret_why, ERR_REQUEST, "More than %d arguments.", CLI_ARGUMENTS);
    cli->arguments[cli->argument_count++] = (struct argument){option, value};
    return ERR_OK;
}

/* argument begins with "--". *next is the argument behind it and is set to NULL where it was taken as the value. */
static enum err add_option(struct cli *cli, const char *argument, const char **next,
                           struct problem *ret_why) {
    struct bytes text = bytes_text(argument + 2);
    size_t equals = bytes_find(text, '=', 0);
    const struct option_spec *option = option_find(cli->command, bytes_slice(text, 0, equals));
    if (!option) {
        return problem_set(ret_why, ERR_REQUEST,
                           "--%.*s is no option of `qizheng %s`. `qizheng %s --help` lists them.",
                           (int)equals, argument + 2, cli->command->name, cli->command->name);
    }
    if (!option->value) {
        if (equals < text.len)
            return problem_set(ret_why, ERR_REQUEST, "--%s takes no value.", option->name);
        return add(cli, option, NULL, ret_why);
    }
    if (equals < text.len) return add(cli, option, argument + 2 + equals + 1, ret_why);
    if (!*next) {
        return problem_set(ret_why, ERR_REQUEST, "--%s needs a value: --%s %s.", option->name,
                           option->name, option->value);
    }
    enum err err = add(cli, option, *next, ret_why);
    *next = NULL;
    return err;
}

static enum err read_all(struct cli *cli, int argc, char **argv, struct problem *ret_why) {
    bool only_operands = false;
    enum err err = ERR_OK;
    for (int i = 0; !err && i < argc; i++) {
        const char *argument = argv[i], *next = i + 1 < argc ? argv[i + 1] : NULL;
        bool had_next = next != NULL;
        if (!only_operands && strcmp(argument, "--") == 0)
            only_operands = true;
        else if (!only_operands && strncmp(argument, "--", 2) == 0)
            err = add_option(cli, argument, &next, ret_why);
        else if (!only_operands && argument[0] == '-' && argument[1])
            err = problem_set(ret_why, ERR_REQUEST,
                              "%s: options are written with two dashes and in full.", argument);
        else
            err = add(cli, NULL, argument, ret_why);
        if (had_next && !next) i++;
    }
    return err;
}

/* -- what is common to all commands -- */

static bool language_is_zh(const char *option) {
    if (option) return strcmp(option, "zh") == 0;
    const char *language = getenv("QIZHENG_LANG");
    if (!language || !*language) language = getenv("LANG");
    return language && strncmp(language, "zh", 2) == 0;
}

static enum err take_common(struct cli *cli, struct problem *ret_why) {
    const char *language = option_text(cli, "lang"), *url = option_text(cli, "url");
    if (language && strcmp(language, "zh") != 0 && strcmp(language, "en") != 0)
        return problem_set(ret_why, ERR_REQUEST, "--lang is zh or en, not %s.", language);
    cli->is_json = option_has(cli, "json");
    cli->is_zh = language_is_zh(language);
    if (!url) url = getenv("QIZHENG_URL");
    cli->url = url && *url ? url : CLI_URL_DEFAULT;
    cli->ca = option_text(cli, "ca");
    return ERR_OK;
}

static enum err check_all(const struct cli *cli, struct problem *ret_why) {
    const struct command *command = cli->command;
    size_t count = operand_count(cli);
    if (count < command->min || count > command->max) {
        return problem_set(ret_why, ERR_REQUEST, "Usage: qizheng %s %s. See `qizheng %s --help`.",
                           command->name, *command->operands ? command->operands : "[options]",
                           command->name);
    }
    for (const struct option_spec *spec = command->options; spec && spec->name; spec++) {
        if (!spec->needed || option_has(cli, spec->name)) continue;
        return problem_set(ret_why, ERR_REQUEST, "--%s %s is missing: %s. See `qizheng %s --help`.",
                           spec->name, spec->value ? spec->value : "", spec->help, command->name);
    }
    return ERR_OK;
}

enum err args_parse(const struct command *command, int argc, char **argv, struct cli *ret,
                    struct problem *ret_why) {
    struct cli cli = {.command = command};
    enum err err = read_all(&cli, argc, argv, ret_why);
    if (!err) cli.wants_help = option_has(&cli, "help");
    if (!err) err = take_common(&cli, ret_why);
    if (!err && !cli.wants_help) err = check_all(&cli, ret_why);
    if (!err) *ret = cli;
    return err;
}

/* -- asking -- */

static const struct argument *argument_at(const struct cli *cli, const char *name, size_t index) {
    for (size_t i = 0; i < cli->argument_count; i++) {
        const struct argument *argument = &cli->arguments[i];
        bool matches = name ? argument->option && strcmp(argument->option->name, name) == 0
                            : !argument->option;
        if (matches && index-- == 0) return argument;
    }
    return NULL;
}

size_t option_count(const struct cli *cli, const char *name) {
    size_t count = 0;
    while (argument_at(cli, name, count)) count++;
    return count;
}

bool option_has(const struct cli *cli, const char *name) {
    return argument_at(cli, name, 0) != NULL;
}

const char *option_at(const struct cli *cli, const char *name, size_t index) {
    const struct argument *argument = argument_at(cli, name, index);
    return argument ? argument->value : NULL;
}

const char *option_text(const struct cli *cli, const char *name) {
    size_t count = option_count(cli, name);
    return count ? option_at(cli, name, count - 1) : NULL;
}

const char *operand(const struct cli *cli, size_t index) {
    const struct argument *argument = argument_at(cli, NULL, index);
    return argument ? argument->value : NULL;
}

size_t operand_count(const struct cli *cli) {
    size_t count = 0;
    while (argument_at(cli, NULL, count)) count++;
    return count;
}

enum err option_number(const struct cli *cli, const char *name, uint64_t min, uint64_t max,
                       uint64_t fallback, uint64_t *ret, struct problem *ret_why) {
    const char *text = option_text(cli, name);
    uint64_t number = fallback;
    if (text && (decimal_parse(bytes_text(text), &number) || number < min || number > max)) {
        return problem_set(ret_why, ERR_REQUEST, "--%s is a number from %llu to %llu, not %s.",
                           name, (unsigned long long)min, (unsigned long long)max, text);
    }
    *ret = number;
    return ERR_OK;
}

/* -- usage -- */

static size_t option_width(const struct option_spec *spec) {
    return strlen(spec->name) + (spec->value ? 1 + strlen(spec->value) : 0);
}

static size_t widest(const struct option_spec *specs, size_t width) {
    for (; specs && specs->name; specs++) {
        if (option_width(specs) > width) width = option_width(specs);
    }
    return width;
}

static enum err usage_options(const struct option_spec *specs, size_t width, struct buf *out) {
    enum err err = ERR_OK;
    for (; !err && specs && specs->name; specs++) {
        err = buf_format(out, "  --%s%s%s%*s  %s%s%s\n", specs->name, specs->value ? " " : "",
                         specs->value ? specs->value : "", (int)(width - option_width(specs)), "",
                         specs->help, specs->needed ? " (needed)" : "",
                         specs->repeats ? " (may be repeated)" : "");
    }
    return err;
}

enum err usage_format(const struct command *command, struct buf *out) {
    size_t width = widest(command->options, widest(options_common, 0));
    if (command->is_online) width = widest(options_online, width);
    enum err err = buf_format(out, "Usage: qizheng %s%s%s [options]\n\n%s\n", command->name,
                              *command->operands ? " " : "", command->operands, command->summary);
    if (!err && *command->details) err = buf_format(out, "\n%s\n", command->details);
    if (!err) err = buf_add_text(out, "\nOptions:\n");
    if (!err) err = usage_options(command->options, width, out);
    if (!err && command->is_online) err = usage_options(options_online, width, out);
    if (!err) err = usage_options(options_common, width, out);
    if (!err)
        err = buf_add_text(out, "\nExit status: 0 valid or done, 1 not valid or refused, 2 could "
                                "not check (usage, files, network).\n");
    return err;
}
