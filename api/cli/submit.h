/* From a draft to a receipt on disk: what `notarize` and `participant add` share.
 *
 * Happy path: the rules are run here -> the record is signed -> PREFIX.pending.json (0600, synced) -> POST /v1/records until it is final -> PREFIX.receipt.json
 * and PREFIX.disclosures.json -> the pending file goes. Whatever interrupts this, the same command goes on with the same signed record: a second one is never
 * signed while the first may be in the ledger. A node's refusal ends it, unless an earlier attempt is still unaccounted for. */
#ifndef QIZHENG_API_CLI_SUBMIT_H
#define QIZHENG_API_CLI_SUBMIT_H

#include "api/cli/draft.h"
#include "api/client.h"

#define SUBMIT_OPTIONS                                                                             \
    { "timeout", "SECONDS", "how long to try until the record is final (default 60)", false, false }

/* Exit status; everything was said. prefix NULL: nothing is kept on disk, for records that may safely be signed twice (a second admission is refused). */
int submit(const struct cli *cli, struct client *client, const struct draft *draft,
           const struct key_secret *key, const char *prefix);
/* The same, and nothing is said where it is recorded: part of something larger, which says it. */
int submit_quietly(const struct cli *cli, struct client *client, const struct draft *draft,
                   const struct key_secret *key, const char *prefix);

#endif
