/* qizheng contract: what a contract, or a determination of a benefit, was on a day. Exit status 0 where it was in force, 1 where it was not. */
#include "api/cli/reading.h"

#include <stdio.h>

static const struct option_spec options[] = {
    {.name = "on", .value = "DAY", .help = "the day YYYY-MM-DD of Asia/Shanghai (default: today)"},
    ACCESS_OPTIONS,
    {NULL, NULL, NULL, false, false},
};

static void print_terms(const struct json *terms) {
    struct buf text;
    buf_init(&text, 64 * 1024);
    if (!json_format_pretty(terms, &text) && buf_text(&text))
        (void)printf("terms      当日条款:\n%s\n", buf_text(&text));
    buf_done(&text);
}

static void print_records(const struct json *records) {
    (void)printf("records    依据记录:\n");
    for (size_t i = 0; i < json_count(records); i++) {
        const struct json *record = json_at(records, i);
        const char *how = member_flag(record, "applies")       ? "applies 适用"
                          : json_member(record, "replaced_by") ? "corrected 已更正"
                          : json_member(record, "effective")   ? "not yet 未生效"
                                                               : "beside 不影响";
        (void)printf("  %-22s ", how);
        print_member(record, "effective");
        (void)fputs("  ", stdout);
        print_member(record, "act");
        (void)putchar(' ');
        print_member(record, "act_zh");
        (void)fputs("  recorded 入账 ", stdout);
        print_time(record, "time");
        (void)fputs("  ", stdout);
        print_member(record, "id");
        (void)putchar('\n');
    }
}

static void print_contract(const struct json *answer) {
    bool in_force = member_flag(answer, "in_force");
    (void)fputs(in_force ? "IN FORCE 有效  " : "NOT IN FORCE 无效  ", stdout);
    print_member(answer, "on");
    (void)fputs("  ", stdout);
    print_member(answer, "status");
    (void)putchar(' ');
    print_member(answer, "status_zh");
    (void)putchar('\n');
    print_field("id", "编号", answer, "id");
    print_field("type", "类型", answer, "type");
    print_field("owner", "签发方", answer, "owner");
    print_field("since", "自", answer, "since");
    print_field("until", "期限至", answer, "term_until");
    print_terms(json_member(answer, "terms"));
    print_records(json_member(answer, "records"));
}

static int run(struct cli *cli) {
    static const char *const names[] = {"on", NULL};
    struct problem why = {ERR_OK, "", "", "", ""};
    struct json *answer = NULL;
    struct buf path = {0};
    char record[128];
    enum err err = reading_record_path(cli, "/v1/contracts/", record, &why);
    if (!err) err = reading_path(cli, record, names, &path, &why);
    if (!err) err = reading_get(cli, buf_text(&path), &answer, &why);
    buf_done(&path);
    if (err) return reading_failed(cli, err, &why);
    int status = member_flag(answer, "in_force") ? EXIT_DONE : EXIT_REFUSED;
    if (cli->is_json) return say_json(answer) ? EXIT_TROUBLE : status;
    print_contract(answer);
    json_done(answer);
    return status;
}

const struct command command_contract = {
    .name = "contract",
    .operands = "ID",
    .min = 1,
    .max = 1,
    .summary = "Tell whether a contract was in force on a day, on which terms, by which records",
    .details =
        "ID is of any record of the contract, or of a determination of a benefit. Corrections "
        "are applied, and amendments that were in effect by then.\nExit status 0 where it was in "
        "force, 1 where it was not.",
    .options = options,
    .is_online = true,
    .run = run,
};
