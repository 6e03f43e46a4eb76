/* Signed rows to a node and their receipts back, an upload at a time.
 *
 * Happy path: POST /v1/batches -> progress until it is done -> results, line by line: a receipt into OUT/<line>.receipt.json, with the row's disclosures; a refusal
 * into the table of refusals. Whatever fails on the way is tried again until nothing has moved for the timeout: the same bytes may be sent any number of times. */
#ifndef QIZHENG_API_CLI_BATCH_SEND_H
#define QIZHENG_API_CLI_BATCH_SEND_H

#include "api/cli/batch_progress.h"
#include "api/cli/command.h"
#include "api/cli/disk.h"

struct sender {
    struct client *client; /* borrowed, as all here but refusals */
    const struct batch_rows *rows;
    const struct progress *progress;
    const char *out;
    uint64_t timeout_s;
    int64_t began_ms;
    size_t before; /* rows that had their receipt when the run began */
    size_t recorded, known, refused;
    struct buf refusals; /* as CSV, without its header */
};

#define REFUSALS_HEADER "line,id,code,title,title_zh,detail,rule,law\r\n"

/* Where the receipt of a row goes. */
enum err batch_receipt_path(const struct sender *sender, size_t row, char ret[DISK_PATH],
                            struct problem *ret_why) MUST_CHECK;
/* Appends the records of these rows, one a line, as many as *out has room for; the first one in any case, or an error. *ret_count: how many. */
enum err batch_body(const struct progress *progress, const size_t *rows, size_t count,
                    struct buf *out, size_t *ret_count, struct problem *ret_why) MUST_CHECK;
/* These rows, all of them signed, in as many uploads as their bytes need. Receipts are not durable before disk_sync_all: a run that ends before it is asked for them again. */
enum err batch_send(struct sender *sender, const size_t *rows, size_t count,
                    struct problem *ret_why) MUST_CHECK;

#endif
