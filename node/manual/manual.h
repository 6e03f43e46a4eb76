/* Writes the manual pages and the shells' completion at build time, from the tables that the programs themselves read: a command or an option that is added is in
 * all of them. Not installed. */
#ifndef QIZHENG_NODE_MANUAL_MANUAL_H
#define QIZHENG_NODE_MANUAL_MANUAL_H

#include "api/cli/command.h"
#include "ledger/base/bytes.h"

/* What stands at the foot of every page. */
struct manual {
    const char *date; /* YYYY-MM-DD */
};

/* Each appends one file's text. */

/* qizheng(1): what it is, and the commands. */
enum err manual_overview(const struct manual *manual, struct buf *out) MUST_CHECK;
/* qizheng-COMMAND(1). */
enum err manual_command(const struct manual *manual, const struct command *command,
                        struct buf *out) MUST_CHECK;
/* qizhengd(8). */
enum err manual_daemon(const struct manual *manual, struct buf *out) MUST_CHECK;
/* qizheng-node.yaml(5), of the comments in the configuration file. */
enum err manual_config(const struct manual *manual, struct bytes yaml, struct buf *out) MUST_CHECK;

/* Appends text for roff: hyphens, backslashes and a dot or quote at the beginning of a line are escaped (roff.c). */
enum err roff_text(struct bytes text, struct buf *out) MUST_CHECK;
/* The first line of a page: title in capitals. */
enum err roff_title(const struct manual *manual, const char *name, unsigned section,
                    struct buf *out) MUST_CHECK;
/* Paragraphs, parted by empty lines; lines that begin with two spaces stand as they are. */
enum err roff_paragraphs(struct bytes text, struct buf *out) MUST_CHECK;

/* Completion for bash and for zsh (completion.c). */
enum err completion_bash(struct buf *out) MUST_CHECK;
enum err completion_zsh(struct buf *out) MUST_CHECK;

#endif
