/* qizheng show: one record, with what it states, its chain, its status and what rules flagged. */
#include "api/cli/reading.h"

#include <stdio.h>
#include <string.h>

static const struct option_spec options[] = {
    ACCESS_OPTIONS,
    {NULL, NULL, NULL, false, false},
};

static void print_claims(const struct json *claims) {
    struct buf text;
    buf_init(&text, 64 * 1024);
    if (!json_format_pretty(claims, &text) && buf_text(&text))
        (void)printf("claims     内容:\n%s\n", buf_text(&text));
    buf_done(&text);
}

static void print_chain(const struct json *chain, const char *own, bool is_cut) {
    (void)printf("chain      记录链:\n");
    if (is_cut) (void)printf("    ... (older ones left out 更早的记录从略)\n");
    for (size_t i = 0; i < json_count(chain); i++) {
        const struct json *record = json_at(chain, i);
        const char *id = json_text(json_member(record, "id"));
        (void)printf("  %s %8lld  ", id && own && strcmp(id, own) == 0 ? "*" : " ",
                     (long long)member_int(record, "index", 0));
        print_time(record, "time");
        (void)fputs("  ", stdout);
        print_member(record, "act");
        (void)putchar(' ');
        print_member(record, "act_zh");
        (void)fputs("  ", stdout);
        print_member(record, "id");
        if (json_member(record, "replaced_by")) (void)fputs("  (corrected 已更正)", stdout);
        (void)putchar('\n');
    }
}

static void print_findings(const struct json *findings) {
    for (size_t i = 0; i < json_count(findings); i++) {
        const struct json *finding = json_at(findings, i);
        (void)fputs("finding    线索: ", stdout);
        print_member(finding, "rule");
        (void)putchar(' ');
        print_member(finding, "result");
        (void)putchar(' ');
        print_member(finding, "result_zh");
        (void)fputs(", ", stdout);
        print_member(finding, "state_zh");
        (void)putchar('\n');
    }
}

static void print_record(const struct json *record) {
    print_field("id", "编号", record, "id");
    print_field("index", "序号", record, "index");
    (void)fputs("time       账本时间: ", stdout);
    print_time(record, "time");
    (void)putchar('\n');
    print_field("issuer", "签发方", record, "issuer");
    print_field("type", "类型", record, "type_zh");
    print_field("act", "环节", record, "act_zh");
    (void)fputs("status     状态: ", stdout);
    print_member(record, "status");
    (void)putchar(' ');
    print_member(record, "status_zh");
    (void)putchar('\n');
    print_field("corrected", "更正记录", record, "replaced_by");
    print_chain(json_member(record, "chain"), json_text(json_member(record, "id")),
                member_flag(record, "chain_truncated"));
    print_findings(json_member(record, "findings"));
    print_claims(json_member(record, "claims"));
}

static int run(struct cli *cli) {
    struct problem why = {ERR_OK, "", "", "", ""};
    struct json *record = NULL;
    char path[128];
    enum err err = reading_record_path(cli, "/v1/records/", path, &why);
    if (!err) err = reading_get(cli, path, &record, &why);
    if (err) return reading_failed(cli, err, &why);
    if (cli->is_json) return say_json(record) ? EXIT_TROUBLE : EXIT_DONE;
    print_record(record);
    json_done(record);
    return EXIT_DONE;
}

const struct command command_show = {
    .name = "show",
    .operands = "ID",
    .min = 1,
    .max = 1,
    .summary = "Show one record to a participant who may see it",
    .details =
        "What it states, the records before and after it, its status and what rules flagged. "
        "Hidden fields are digests; who holds the disclosures can show them.",
    .options = options,
    .is_online = true,
    .run = run,
};
