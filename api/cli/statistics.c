/* qizheng statistics: counts and sums by month, small cells hidden. */
#include "api/cli/reading.h"

#include <stdio.h>

static const struct option_spec options[] = {
    {.name = "from", .value = "MONTH", .help = "first month YYYY-MM (default: eleven before --to)"},
    {.name = "to", .value = "MONTH", .help = "last month (default: this one)"},
    {.name = "type", .value = "TYPE", .help = "of this type alone"},
    ACCESS_OPTIONS,
    {NULL, NULL, NULL, false, false},
};

static void print_cell(const struct json *cell, int64_t small) {
    int64_t fen = member_int(cell, "sum", -1);
    print_member(cell, "month");
    (void)fputs("  ", stdout);
    print_member(cell, "type");
    (void)putchar(' ');
    print_member(cell, "act");
    (void)putchar(' ');
    print_member(cell, "act_zh");
    (void)fputs("  ", stdout);
    print_member(cell, "item");
    (void)putchar(' ');
    print_member(cell, "item_zh");
    (void)fputs("  ", stdout);
    print_member(cell, "result");
    if (member_flag(cell, "suppressed")) {
        (void)printf("  hidden 不予显示 (%s%lld)\n", "<", (long long)small);
        return;
    }
    (void)printf("  %lld", (long long)member_int(cell, "records", 0));
    if (fen >= 0)
        (void)printf("  payments 笔数 %lld  CNY 元 %lld.%02lld",
                     (long long)member_int(cell, "payments", 0), (long long)(fen / 100),
                     (long long)(fen % 100));
    (void)putchar('\n');
}

static int run(struct cli *cli) {
    static const char *const names[] = {"from", "to", "type", NULL};
    struct problem why = {ERR_OK, "", "", "", ""};
    struct json *answer = NULL;
    struct buf path;
    enum err err = reading_path(cli, "/v1/statistics", names, &path, &why);
    if (!err) err = reading_get(cli, buf_text(&path), &answer, &why);
    buf_done(&path);
    if (err) return reading_failed(cli, err, &why);
    if (cli->is_json) return say_json(answer) ? EXIT_TROUBLE : EXIT_DONE;
    const struct json *cells = json_member(answer, "cells");
    for (size_t i = 0; i < json_count(cells); i++)
        print_cell(json_at(cells, i), member_int(answer, "suppressed_below", 0));
    say_note("%zu cells, of %lld leaves 共%zu项", json_count(cells),
             (long long)member_int(answer, "size", 0), json_count(cells));
    json_done(answer);
    return EXIT_DONE;
}

const struct command command_statistics = {
    .name = "statistics",
    .operands = "",
    .summary = "Count records by month, type, act, item and result",
    .details =
        "Of all participants where a role reaches them, else of the participant's own records. "
        "Cells of fewer than 10 are hidden, with others\nof their month where they would follow "
        "from them. Payments and sums are what pay runs state.",
    .options = options,
    .is_online = true,
    .run = run,
};
