/* The rows of a table as records: all of them are read and judged before the first is signed. */
#ifndef QIZHENG_API_CLI_BATCH_ROWS_H
#define QIZHENG_API_CLI_BATCH_ROWS_H

#include "api/cli/batch_tags.h"
#include "api/cli/draft.h"

struct batch_rows {
    struct batch_map *map;
    struct csv csv;
    struct row_tags *tags;
    uint8_t csv_digest[DIGEST_LEN], map_digest[DIGEST_LEN];
    const char *csv_path; /* borrowed */
};

/* Both files; the columns that the map names are there. */
enum err batch_rows_load(const char *csv_path, const char *map_path, struct batch_rows *ret,
                         struct problem *ret_why) MUST_CHECK;
void batch_rows_done(struct batch_rows *rows); /* accepts zeroed */
/* The record of a row as it would be signed now, with new salts. ERR_SCHEMA ERR_PERSONAL_FIELD with line and column, for a value of the wrong kind, and for what a
 * node would refuse for its form. */
enum err batch_rows_draft(const struct batch_rows *rows, size_t row, const char *issuer,
                          const char *ledger, struct draft *ret,
                          struct problem *ret_why) MUST_CHECK;

#endif
