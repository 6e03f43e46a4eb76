/* qizheng list: the records that a participant may see. */
#include "api/cli/reading.h"

#include <stdio.h>

static const struct option_spec options[] = {
    {.name = "type", .value = "TYPE", .help = "of this type alone, such as labour-contract"},
    {.name = "tag", .value = "TAG", .help = "about whom this tag stands for (its 43 characters)"},
    {.name = "issuer", .value = "ID", .help = "issued by this participant"},
    {.name = "from", .value = "DAY", .help = "from this day on (Asia/Shanghai; or milliseconds)"},
    {.name = "to", .value = "DAY", .help = "until this day"},
    READING_PAGE_OPTIONS,
    ACCESS_OPTIONS,
    {NULL, NULL, NULL, false, false},
};

static void print_record(const struct json *record) {
    (void)printf("%8lld  ", (long long)member_int(record, "index", 0));
    print_time(record, "time");
    (void)fputs("  ", stdout);
    print_member(record, "issuer");
    (void)fputs("  ", stdout);
    print_member(record, "type");
    (void)putchar(' ');
    print_member(record, "act");
    (void)putchar(' ');
    print_member(record, "act_zh");
    (void)fputs("  ", stdout);
    print_member(record, "status");
    (void)putchar(' ');
    print_member(record, "status_zh");
    (void)fputs("  ", stdout);
    print_member(record, "id");
    (void)putchar('\n');
}

static int run(struct cli *cli) {
    static const char *const names[] = {"type", "tag", "issuer", "from", "to", NULL};
    struct problem why = {ERR_OK, "", "", "", ""};
    struct json *answer = NULL;
    struct buf path;
    uint64_t max = 0;
    enum err err = reading_path(cli, "/v1/records", names, &path, &why);
    if (!err) err = reading_max(cli, &max, &why);
    if (!err) err = reading_pages(cli, buf_text(&path), "records", max, &answer, &why);
    buf_done(&path);
    if (err) return reading_failed(cli, err, &why);
    if (cli->is_json) return say_json(answer) ? EXIT_TROUBLE : EXIT_DONE;
    const struct json *records = json_member(answer, "records");
    for (size_t i = 0; i < json_count(records); i++) print_record(json_at(records, i));
    print_extent(answer, json_count(records));
    json_done(answer);
    return EXIT_DONE;
}

const struct command command_list = {
    .name = "list",
    .operands = "",
    .summary = "List the records that a participant may see",
    .details = "In the order of the ledger: index, ledger time, issuer, type and act, status as it "
               "is now, "
               "record id.\nA complete list says up to which tree size it is: what it does not "
               "show was not in "
               "the ledger then.",
    .options = options,
    .is_online = true,
    .run = run,
};
