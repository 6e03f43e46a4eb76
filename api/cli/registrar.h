/* What the commands of a registrar share (`participant add`, suspend, resume, rotate, revoke): a signed record of type participant, made and submitted. */
#ifndef QIZHENG_API_CLI_REGISTRAR_H
#define QIZHENG_API_CLI_REGISTRAR_H

#include "api/cli/submit.h"

#define REGISTRAR_OPTIONS                                                                          \
    {"key", "PEM", "the registrar's secret key", true, false},                                     \
        {"as", "ID", "the registrar's id", true, false},                                           \
        {"passphrase-file", "FILE", "passphrase of the key (mode 0600)", false, false},            \
        {"out", "PREFIX", "keep PREFIX.receipt.json and so on", false, false}, SUBMIT_OPTIONS

/* Puts the act's own claims into `set`. client: the node, should it be needed. */
typedef enum err registrar_make(const struct cli *cli, struct client *client, struct json *set,
                                struct problem *ret_why);

/* Exit status; everything was said. */
int registrar_run(struct cli *cli, const char *act, registrar_make *make);

/* Appends a key entry {jwk, from, to?} to keys for each --jwk, with --from (default: the current hour, so that the same command, run again soon, says the same)
 * and --to. */
enum err registrar_keys(const struct cli *cli, struct json *keys,
                        struct problem *ret_why) MUST_CHECK;
/* Read back by the one strict reader, so that a bad id, code or key is refused before anything is signed. */
enum err registrar_check(const struct json *set, struct problem *ret_why) MUST_CHECK;

#endif
