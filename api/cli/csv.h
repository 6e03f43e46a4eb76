/* CSV as RFC 4180 has it, read strictly: a header, then rows of exactly as many fields. What is anything else is refused with its line and column, for a table of
 * payments that was read wrongly is worse than one that was not read.
 *
 * Lines are those of the file, from 1 (a quoted field may go over several: its row has the line where it begins); columns are fields, from 1. */
#ifndef QIZHENG_API_CLI_CSV_H
#define QIZHENG_API_CLI_CSV_H

#include "ledger/base/bytes.h"

#define CSV_BYTES_MAX (64 * 1024 * 1024) /* 200,000 payments */
#define CSV_COLUMNS_MAX 256

enum csv_encoding { CSV_UTF8, CSV_GB18030 };

struct csv {
    size_t columns, rows; /* rows: without the header */
    struct bytes *names;  /* of the columns; points into cells */
    struct bytes *cells;  /* header and rows, row after row; point into `text` */
    uint32_t *lines;      /* of the rows */
    struct buf text;
};

/* The file's bytes as UTF-8, without a byte order mark. ERR_SCHEMA with line and place where they are not of that encoding. */
enum err csv_decode(struct bytes raw, enum csv_encoding encoding, struct buf *ret,
                    struct problem *ret_why) MUST_CHECK;
/* text: UTF-8, taken over, also on failure. ERR_SCHEMA, ERR_TOO_LARGE, ERR_NO_MEMORY. */
enum err csv_parse(struct buf text, struct csv *ret, struct problem *ret_why) MUST_CHECK;
void csv_done(struct csv *csv); /* accepts zeroed */
/* Index of the column of that name; `columns` where there is none. */
size_t csv_column(const struct csv *csv, const char *name);
struct bytes csv_cell(const struct csv *csv, size_t row, size_t column);
uint32_t csv_line(const struct csv *csv, size_t row);
/* One field, quoted where it must be; for tables that we write. */
enum err csv_put(struct buf *out, const char *text) MUST_CHECK;

#endif
