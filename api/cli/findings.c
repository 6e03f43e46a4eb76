/* qizheng findings: what rules flagged in records that a participant may see. */
#include "api/cli/reading.h"

#include <stdio.h>

static const struct option_spec options[] = {
    {.name = "rule", .value = "RULE", .help = "of this rule alone, such as LC-11"},
    {.name = "state", .value = "STATE", .help = "in this state: open"},
    {.name = "type", .value = "TYPE", .help = "about records of this type"},
    {.name = "issuer", .value = "ID", .help = "about records that this participant issued"},
    {.name = "from", .value = "DAY", .help = "from this day on (Asia/Shanghai; or milliseconds)"},
    {.name = "to", .value = "DAY", .help = "until this day"},
    READING_PAGE_OPTIONS,
    ACCESS_OPTIONS,
    {NULL, NULL, NULL, false, false},
};

static void print_finding(const struct json *finding) {
    print_time(finding, "opened");
    (void)fputs("  ", stdout);
    print_member(finding, "rule");
    (void)putchar(' ');
    print_member(finding, "result");
    (void)putchar(' ');
    print_member(finding, "result_zh");
    (void)fputs("  ", stdout);
    print_member(finding, "title_zh");
    (void)fputs("  ", stdout);
    print_member(finding, "state");
    (void)putchar(' ');
    print_member(finding, "state_zh");
    (void)fputs("  ", stdout);
    print_member(finding, "issuer");
    (void)fputs("  ", stdout);
    print_member(finding, "record");
    (void)putchar('\n');
}

static int run(struct cli *cli) {
    static const char *const names[] = {"rule", "state", "type", "issuer", "from", "to", NULL};
    struct problem why = {ERR_OK, "", "", "", ""};
    struct json *answer = NULL;
    struct buf path;
    uint64_t max = 0;
    enum err err = reading_path(cli, "/v1/findings", names, &path, &why);
    if (!err) err = reading_max(cli, &max, &why);
    if (!err) err = reading_pages(cli, buf_text(&path), "findings", max, &answer, &why);
    buf_done(&path);
    if (err) return reading_failed(cli, err, &why);
    if (cli->is_json) return say_json(answer) ? EXIT_TROUBLE : EXIT_DONE;
    const struct json *findings = json_member(answer, "findings");
    for (size_t i = 0; i < json_count(findings); i++) print_finding(json_at(findings, i));
    print_extent(answer, json_count(findings));
    json_done(answer);
    return EXIT_DONE;
}

const struct command command_findings = {
    .name = "findings",
    .operands = "",
    .summary = "List what rules flagged in records that a participant may see",
    .details =
        "Oldest first: when, rule and result, its state, whose record, record id. A finding is a "
        "question to look into and never a legal conclusion.",
    .options = options,
    .is_online = true,
    .run = run,
};
