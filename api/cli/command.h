/* What a command of `qizheng` is: a name, options, and what it does. One command is one file; commands.c holds the table.
 *
 * The table of options is the only source of what a command takes: the parser, `--help`, the manual pages and completion read it. An option that does not stand
 * there is refused, so a misspelt one never goes unnoticed.
 *
 * Exit status, the same for every command: 0 valid or done, 1 not valid or refused, 2 could not check (usage, files, network). */
#ifndef QIZHENG_API_CLI_COMMAND_H
#define QIZHENG_API_CLI_COMMAND_H

#include "ledger/base/json.h"

#include <stdio.h>

#define EXIT_DONE 0
#define EXIT_REFUSED 1
#define EXIT_TROUBLE 2

#define CLI_ARGUMENTS 64 /* values of options, and operands, on one command line */
#define CLI_URL_DEFAULT "http://127.0.0.1:8080"

struct option_spec {
    const char *name;  /* without the dashes */
    const char *value; /* what stands for its value in usage; NULL: a switch */
    const char *help;  /* one line */
    bool needed;
    bool repeats;
};

struct cli;

struct command {
    const char *name;                  /* "key new" */
    const char *operands;              /* as usage shows them, "" where there are none */
    unsigned min, max;                 /* how many operands */
    const char *summary;               /* one line, beginning with a verb */
    const char *details;               /* more lines for --help, or "" */
    const struct option_spec *options; /* ended by a NULL name; NULL where there are none */
    bool is_online;                    /* takes --url and --ca */
    int (*run)(struct cli *cli);       /* exit status */
};

struct argument {
    const struct option_spec *option; /* NULL: an operand */
    const char *value;                /* NULL for a switch */
};

struct cli {
    const struct command *command;
    struct argument arguments[CLI_ARGUMENTS];
    size_t argument_count;
    bool is_json;
    bool is_zh;
    bool wants_help;
    const char *url;
    const char *ca; /* NULL: the system's */
};

/* -- arguments (args.c) -- */

/* Everything behind the command's own words. ERR_REQUEST with a reason. */
enum err args_parse(const struct command *command, int argc, char **argv, struct cli *ret,
                    struct problem *ret_why) MUST_CHECK;
/* Value of an option; NULL where it is absent. A repeated one: its last. */
const char *option_text(const struct cli *cli, const char *name);
bool option_has(const struct cli *cli, const char *name);
/* The index-th value of a repeated option, or NULL. */
const char *option_at(const struct cli *cli, const char *name, size_t index);
size_t option_count(const struct cli *cli, const char *name);
/* The index-th operand, or NULL. */
const char *operand(const struct cli *cli, size_t index);
size_t operand_count(const struct cli *cli);
/* A number from min to max, or `fallback` where the option is absent. ERR_REQUEST. */
enum err option_number(const struct cli *cli, const char *name, uint64_t min, uint64_t max,
                       uint64_t fallback, uint64_t *ret, struct problem *ret_why) MUST_CHECK;
/* Appends the whole --help text. */
enum err usage_format(const struct command *command, struct buf *out) MUST_CHECK;

/* -- words for people and scripts (say.c) -- */

/* "qizheng: <title>: <detail>" on standard error, and with --json the problem on standard output. Gives EXIT_TROUBLE. */
int say_trouble(const struct cli *cli, enum err err, const struct problem *why);
/* The same for a refusal. Gives EXIT_REFUSED. */
int say_refusal(const struct cli *cli, enum err err, const struct problem *why);
/* Indented, on standard output. Takes json over; NULL is ERR_NO_MEMORY. */
enum err say_json(struct json *json) MUST_CHECK;
void say_note(const char *format, ...)
    __attribute__((format(printf, 1, 2))); /* a line on standard error */
/* "2026-11-23T08:00:00Z", of seconds since 1970. */
#define SAY_TIME_LEN 32
const char *say_time(int64_t time_s, char buffer[SAY_TIME_LEN]);
/* A progress bar on standard error where that is a terminal; size 0 or done == size ends its line. */
void say_progress(const char *what, uint64_t done, uint64_t size);
/* The same, with how many are done in a second and the time that is left. began_ms: when it began, with `before` of them done. */
void say_progress_since(const char *what, uint64_t done, uint64_t size, uint64_t before,
                        int64_t began_ms);
/* Text that came from outside, for a terminal: control characters become '?'. */
void say_clean(FILE *out, const char *text);

/* -- the clock -- */
int64_t now_s(void);
int64_t now_ms(void);

/* -- every command (commands.c) -- */
extern const struct command
    *const commands[]; /* a longer name before the one that it begins with */
extern const size_t command_count;
/* What every command takes, and what those with is_online take besides (args.c). */
extern const struct option_spec options_common[], options_online[];

extern const struct command command_init, command_key_new, command_key_show,
    command_participant_add, command_participant_suspend, command_participant_resume,
    command_participant_rotate, command_participant_revoke, command_notarize, command_batch,
    command_verify, command_present, command_acknowledge, command_receipt, command_receipt_refresh,
    command_tag, command_check, command_audit, command_fsck, command_conflict, command_policy,
    command_status, command_show, command_list, command_contract, command_findings,
    command_statistics, command_events;

#endif
