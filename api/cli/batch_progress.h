/* OUT/.progress.ndjson: which row of which table became which signed record. It is written and synced before a record leaves this machine, so that a run that is
 * interrupted, however hard, goes on with the same signatures and never signs a payment twice.
 *
 * First a line about the run, then one for each row in the order of the table: {"line","id","record","disclosures"}. Mode 0600, for it holds what is hidden.
 * A last line that is cut was never synced, hence never sent: it is taken away. Another table, map, issuer or ledger than the first time is refused, and so is a
 * second run at the same time. */
#ifndef QIZHENG_API_CLI_BATCH_PROGRESS_H
#define QIZHENG_API_CLI_BATCH_PROGRESS_H

#include "api/cli/batch_rows.h"

struct progress;

/* Makes the file where it is missing. issuer and ledger: what the records say. ERR_STATE where it is about something else, ERR_LOCKED ERR_CORRUPT ERR_IO. */
enum err progress_open(const char *path, const struct batch_rows *rows, const char *issuer,
                       const char *ledger, struct progress **ret,
                       struct problem *ret_why) MUST_CHECK;
void progress_close(struct progress *progress); /* accepts NULL */
/* How many rows are signed: rows 0 to count - 1. */
size_t progress_count(const struct progress *progress);
/* The next row's. Not durable before progress_sync. ERR_DISK_FULL ERR_IO. */
enum err progress_add(struct progress *progress, const struct parcel *parcel,
                      struct problem *ret_why) MUST_CHECK;
enum err progress_sync(struct progress *progress, struct problem *ret_why) MUST_CHECK;
enum err progress_parcel(const struct progress *progress, size_t row, struct parcel *ret,
                         struct problem *ret_why) MUST_CHECK;

#endif
