/* qizheng(1), one page for every command, qizhengd(8). See manual.h. */
#include "node/manual/manual.h"
#include "node/usage.h"

#include <string.h>

#define DESCRIPTION                                                                                \
    "A permissioned notarization ledger for human-resources and social-security agencies. The "    \
    "ledger keeps digests and signed statements, never a document. Whoever holds the file and "    \
    "its receipt can show, off line, that exactly this file was put on record by exactly this "    \
    "issuer, and since when."

static const char exit_status[] = ".SH EXIT STATUS\n"
                                  ".TP\n.B 0\nvalid, or done\n"
                                  ".TP\n.B 1\nnot valid, or refused\n"
                                  ".TP\n.B 2\ncould not check: usage, files, network\n";

static const char language_variable[] =
    ".TP\n.BR QIZHENG_LANG \", \" LANG\nlanguage of reasons, where it begins with zh or en\n";
static const char url_variable[] = ".TP\n.B QIZHENG_URL\nthe node, where \\-\\-url is not given\n";

static enum err add_escaped(const char *text, struct buf *out) {
    return roff_text(bytes_text(text), out);
}

/* before, the escaped text, after */
static enum err add_around(const char *before, const char *text, const char *after,
                           struct buf *out) {
    enum err err = buf_add_text(out, before);
    if (!err) err = add_escaped(text, out);
    return err ? err : buf_add_text(out, after);
}

/* "qizheng key new" as the name of a page: "qizheng\-key\-new" */
static enum err add_page_name(const char *command, struct buf *out) {
    enum err err = buf_add_text(out, "qizheng\\-");
    for (; !err && *command; command++)
        err = *command == ' ' ? buf_add_text(out, "\\-") : buf_add_byte(out, (uint8_t)*command);
    return err;
}

static enum err add_option(const char *name, const char *value, const char *help, const char *more,
                           struct buf *out) {
    enum err err = add_around(".TP\n.BI \"", name, "", out);
    if (!err && *value) err = add_around(" \" \"", value, "", out);
    if (!err) err = add_around("\"\n", help, more, out);
    return err ? err : buf_add_byte(out, '\n');
}

static enum err add_options(const struct option_spec *specs, struct buf *out) {
    enum err err = ERR_OK;
    for (; !err && specs && specs->name; specs++) {
        char name[64] = "--";
        (void)strncat(name, specs->name, sizeof name - 3);
        err = add_option(name, specs->value ? specs->value : "", specs->help,
                         specs->repeats ? "; may be repeated" : "", out);
    }
    return err;
}

/* .B command .I operands, the options that are needed, and [options]. */
static enum err add_synopsis(const struct command *command, struct buf *out) {
    enum err err = add_around(".SH SYNOPSIS\n.B qizheng ", command->name, "\n", out);
    if (!err && *command->operands) err = add_around(".I \"", command->operands, "\"\n", out);
    for (const struct option_spec *spec = command->options; !err && spec && spec->name; spec++) {
        if (!spec->needed) continue;
        err = add_around(".BI \\-\\-", spec->name, " \" ", out);
        if (!err) err = add_around("", spec->value ? spec->value : "", "\"\n", out);
    }
    return err ? err : buf_add_text(out, ".RI [ options ]\n");
}

static enum err add_description(const struct command *command, struct buf *out) {
    enum err err = add_around(".SH DESCRIPTION\n", command->summary, ".\n", out);
    if (err || !*command->details) return err;
    err = buf_add_text(out, ".PP\n");
    return err ? err : roff_paragraphs(bytes_text(command->details), out);
}

static enum err add_environment(const struct command *command, struct buf *out) {
    enum err err = buf_add_text(out, ".SH ENVIRONMENT\n");
    if (!err && command->is_online) err = buf_add_text(out, url_variable);
    return err ? err : buf_add_text(out, language_variable);
}

enum err manual_command(const struct manual *manual, const struct command *command,
                        struct buf *out) {
    char name[64] = "qizheng-";
    (void)strncat(name, command->name, sizeof name - strlen(name) - 1);
    for (char *c = name; *c; c++) *c = *c == ' ' ? '-' : *c;
    enum err err = roff_title(manual, name, 1, out);
    if (!err) err = buf_add_text(out, ".SH NAME\n");
    if (!err) err = add_page_name(command->name, out);
    if (!err) err = add_around(" \\- ", command->summary, "\n", out);
    if (!err) err = add_synopsis(command, out);
    if (!err) err = add_description(command, out);
    if (!err) err = buf_add_text(out, ".SH OPTIONS\n");
    if (!err) err = add_options(command->options, out);
    if (!err && command->is_online) err = add_options(options_online, out);
    if (!err) err = add_options(options_common, out);
    if (!err) err = add_environment(command, out);
    if (!err) err = buf_add_text(out, exit_status);
    return err ? err : buf_add_text(out, ".SH SEE ALSO\n.BR qizheng (1)\n");
}

enum err manual_overview(const struct manual *manual, struct buf *out) {
    enum err err = roff_title(manual, "qizheng", 1, out);
    if (!err)
        err = buf_add_text(out, ".SH NAME\nqizheng \\- notarization ledger for labour contracts "
                                "and benefits\n.SH SYNOPSIS\n.B qizheng\n.I command\n"
                                ".RI [ arguments ] \" \" [ options ]\n");
    if (!err) err = add_around(".SH DESCRIPTION\n", DESCRIPTION, "\n.SH COMMANDS\n", out);
    for (size_t i = 0; !err && i < command_count; i++) {
        err = buf_add_text(out, ".TP\n.BR ");
        if (!err) err = add_page_name(commands[i]->name, out);
        if (!err) err = add_around(" (1)\n", commands[i]->summary, "\n", out);
    }
    if (!err) err = add_around(".SH ENVIRONMENT\n", "", "", out);
    if (!err) err = buf_add_text(out, url_variable);
    if (!err) err = buf_add_text(out, language_variable);
    if (!err) err = buf_add_text(out, exit_status);
    if (err) return err;
    return buf_add_text(out, ".SH SEE ALSO\n.BR qizhengd (8),\n.BR qizheng\\-node.yaml (5)\n");
}

enum err manual_daemon(const struct manual *manual, struct buf *out) {
    enum err err = roff_title(manual, "qizhengd", 8, out);
    if (!err)
        err =
            buf_add_text(out, ".SH NAME\nqizhengd \\- " DAEMON_SUMMARY "\n.SH SYNOPSIS\n"
                              ".B qizhengd \\-\\-config\n.I FILE\n.RB [ \\-\\-check\\-config ]\n");
    if (!err) err = add_around(".SH DESCRIPTION\n", DESCRIPTION, "\n.PP\n", out);
    if (!err)
        err = buf_add_text(out, "Runs in the foreground and logs to standard error, one line an "
                                "event. SIGTERM and SIGINT\nstop it: requests in flight are "
                                "finished, what is queued is committed and signed.\n.PP\n"
                                ".BR qizheng\\-init (1)\nmakes a new ledger with its "
                                "configuration.\n.SH OPTIONS\n");
#define OPTION_PUT(name, value, help)                                                              \
    if (!err) err = add_option(name, value, help, "", out);
    DAEMON_OPTIONS(OPTION_PUT)
#undef OPTION_PUT
    if (!err)
        err = buf_add_text(out, ".SH EXIT STATUS\n.TP\n.B 0\nit was stopped, or the configuration "
                                "is good\n.TP\n.B 1\nit could not start or could not go on; the "
                                "last log line says why\n.TP\n.B 2\nusage\n");
    if (err) return err;
    return buf_add_text(out, ".SH SEE ALSO\n.BR qizheng (1),\n.BR qizheng\\-node.yaml (5)\n");
}
