/* The command line of every command: the first byte chooses it, then one argument a line. What is taken keeps to the table of options.
 * fuzz: max_len=512 dict=args */
#include "tests/fuzz/lib/fuzz.h"

#include "api/cli/command.h"

#define ARGS_MAX 100

static bool knows(const struct option_spec *options, const struct option_spec *option) {
    for (; options && options->name; options++)
        if (options == option) return true;
    return false;
}

static void taken(const struct command *command, const struct cli *cli) {
    uint64_t number = 0;
    struct problem why = {0};
    if (cli->wants_help) return;
    FUZZ_CHECK(cli->command == command && cli->argument_count <= CLI_ARGUMENTS);
    FUZZ_CHECK(operand_count(cli) >= command->min && operand_count(cli) <= command->max);
    for (size_t i = 0; i < cli->argument_count; i++) {
        const struct argument *argument = &cli->arguments[i];
        if (!argument->option) continue;
        FUZZ_CHECK(knows(command->options, argument->option) ||
                   knows(options_common, argument->option) ||
                   knows(options_online, argument->option));
        FUZZ_CHECK((argument->option->value != NULL) == (argument->value != NULL));
        const char *name = argument->option->name;
        FUZZ_CHECK(option_has(cli, name) && option_count(cli, name) > 0);
        if (!argument->value) continue;
        enum err err = option_number(cli, name, 3, 1000, 5, &number, &why);
        FUZZ_CHECK(err == ERR_OK ? number >= 3 && number <= 1000 : err == ERR_REQUEST);
    }
    for (const struct option_spec *option = command->options; option && option->name; option++)
        FUZZ_CHECK(!option->needed || option_has(cli, option->name));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static struct cli cli;
    char *argv[ARGS_MAX + 1];
    int argc = 0;
    struct problem why = {0};
    if (size == 0) return 0;
    const struct command *command = commands[data[0] % command_count];
    struct bytes rest = bytes_of(data + 1, size - 1);
    while (rest.len > 0 && argc < ARGS_MAX) argv[argc++] = fuzz_text(fuzz_cut(&rest, '\n'));
    argv[argc] = NULL;
    memset(&cli, 0, sizeof cli);
    enum err err = args_parse(command, argc, argv, &cli, &why);
    FUZZ_CHECK(err == ERR_OK || (err == ERR_REQUEST && why.detail[0]));
    if (!err) taken(command, &cli);
    for (int i = 0; i < argc; i++) free(argv[i]);
    return 0;
}
