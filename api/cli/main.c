/*~ `qizheng`: the command line. Finds the command, reads its arguments, runs it.
 *
 * A command is one file and one line in the table of commands.c; command.h says what a command is. */
#include "api/cli/command.h"

#include "ledger/base/limits.h"
#include "ledger/crypto/key.h"
#include "ledger/crypto/secret.h"
#include "ledger/store/entropy.h"

#include <stdio.h>
#include <string.h>

/* How many of the arguments are the command's own words; 0 where they are not. */
static int words_match(const char *name, int argc, char **argv) {
    int words = 0;
    struct bytes rest = bytes_text(name);
    while (rest.len) {
        size_t space = bytes_find(rest, ' ', 0);
        struct bytes word = bytes_slice(rest, 0, space);
        if (words >= argc || !bytes_is(word, argv[words])) return 0;
        rest = bytes_slice(rest, space < rest.len ? space + 1 : space, rest.len);
        words++;
    }
    return words;
}

static int overview(FILE *out) {
    (void)fprintf(out,
                  "qizheng %s: notarization ledger for labour contracts and benefits\n\n"
                  "Usage: qizheng <command> [arguments] [options]\n\n",
                  QIZHENG_VERSION);
    int width = 0;
    for (size_t i = 0; i < command_count; i++) {
        int len = (int)strlen(commands[i]->name);
        width = len > width ? len : width;
    }
    for (size_t i = 0; i < command_count; i++)
        (void)fprintf(out, "  %-*s  %s\n", width, commands[i]->name, commands[i]->summary);
    (void)fprintf(out, "\n`qizheng <command> --help` shows what a command takes. Exit status: 0 "
                       "valid or done,\n1 not valid or refused, 2 could not check.\n");
    return out == stdout ? EXIT_DONE : EXIT_TROUBLE;
}

static int help(const struct command *command) {
    struct buf text;
    buf_init(&text, LIMIT_CONFIG);
    bool good = !usage_format(command, &text) && fwrite(text.data, 1, text.len, stdout) == text.len;
    buf_done(&text);
    return good ? EXIT_DONE : EXIT_TROUBLE;
}

static int run(const struct command *command, int argc, char **argv) {
    struct cli cli = {.command = command};
    struct problem why = {ERR_OK, "", "", "", ""};
    enum err err = args_parse(command, argc, argv, &cli, &why);
    if (err) return say_trouble(&cli, err, &why);
    return cli.wants_help ? help(command) : command->run(&cli);
}

static void randomness(void) {
    uint8_t seed[32], tables[4];
    entropy(seed, sizeof seed);
    key_blind(seed);
    secret_wipe(seed, sizeof seed);
    entropy(tables, sizeof tables);
    json_seed(get_u32(tables));
}

static int no_command(const char *word) {
    size_t len = strlen(word);
    for (size_t i = 0; i < command_count; i++) {
        const char *name = commands[i]->name;
        if (strncmp(name, word, len) != 0 || name[len] != ' ') continue;
        say_note("qizheng: %s wants another word, as in `qizheng %s`. `qizheng --help` lists them.",
                 word, name);
        return EXIT_TROUBLE;
    }
    say_note("qizheng: %s is no command. `qizheng --help` lists them.", word);
    return EXIT_TROUBLE;
}

static int dispatch(int argc, char **argv) {
    if (argc < 2) return overview(stderr);
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "help") == 0) return overview(stdout);
    if (strcmp(argv[1], "--version") == 0)
        return puts("qizheng " QIZHENG_VERSION) < 0 ? EXIT_TROUBLE : EXIT_DONE;
    randomness();
    for (size_t i = 0; i < command_count; i++) {
        int words = words_match(commands[i]->name, argc - 1, argv + 1);
        if (words) return run(commands[i], argc - 1 - words, argv + 1 + words);
    }
    return no_command(argv[1]);
}

int main(int argc, char **argv) {
    int status = dispatch(argc, argv);
    /* An answer that did not get out was not given. */
    return fflush(stdout) || ferror(stdout) ? EXIT_TROUBLE : status;
}
