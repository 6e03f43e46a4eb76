/* Counts and sums, kept as state while records come in, so that nobody ever counts a log (DOMAIN.md section 6).
 *
 * A cell is one month, type, act, item and result: how many records, and for pay runs how many payments and how many fen they state (the only amounts that nodes see). The
 * month is the one that a record is for (`period`), else the one of its leaf in Asia/Shanghai. There are the cells of all participants together, and each one's own.
 * What was corrected was recorded: the correction counts by itself, under its own act.
 *
 * Small cells: a cell of fewer than STATISTICS_SMALL (records; for pay runs payments) says only that it is there. How many leaves a month has is public, so what one hidden
 * cell holds would follow from the others: in each month the hidden cells are at least two and hold STATISTICS_SMALL together, or the next smallest is hidden as well.
 * Months do not depend on which months are asked for, and no total counts what is hidden. */
#ifndef QIZHENG_CONTRACTS_STATISTICS_H
#define QIZHENG_CONTRACTS_STATISTICS_H

#include "contracts/overlay.h"
#include "contracts/period.h"

#define STATISTICS_SMALL 10

/* Adds an accepted record to its cells. owner: of its chain. time_ms: of its leaf. */
enum err statistics_count(struct overlay *overlay, const struct record *record, const char *owner,
                          uint64_t time_ms) MUST_CHECK;

/* The month of Asia/Shanghai (UTC+8 all the year) in which that ledger time lies, and its day (period.h). */
void statistics_month(uint64_t time_ms, char ret[PERIOD_MONTH_LEN + 1]);
int32_t statistics_day(uint64_t time_ms);

/* One question: months from `from` to `to`, both included, texts YYYY-MM. shows: whether a type may be seen. */
struct statistics_query {
    const char *whose; /* "": of all */
    const char *from, *to;
    bool (*shows)(void *arg, const char *type);
    void *arg;
};

/* Appends cells to an array: {"month","type","act","act_zh"?,"item"?,"item_zh"?,"result"?,"suppressed", and where that is false "records", for pay runs "payments","sum"}, by
 * month. ERR_TOO_LARGE beyond STATISTICS_CELLS in one month; the view's errors. */
#define STATISTICS_CELLS 4096
enum err statistics_json(struct view view, const struct statistics_query *query,
                         struct json *array) MUST_CHECK;

#endif
