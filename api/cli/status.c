/* qizheng status: how a node is doing, for people, or as the node says it with --json. */
#include "api/cli/remote.h"

#include <stdio.h>
#include <string.h>

/* The members that people want, in this order; the rest is in --json. */
static const struct {
    const char *name, *en, *zh;
    enum { PLAIN, SECONDS, MILLISECONDS } kind;
} rows[] = {
    {"node", "node", "节点", PLAIN},
    {"origin", "origin", "日志来源", PLAIN},
    {"ledger", "ledger", "账本", PLAIN},
    {"health", "health", "状态", PLAIN},
    {"version", "version", "版本", PLAIN},
    {"tree_size", "leaves", "叶子数", PLAIN},
    {"ledger_time", "ledger time", "账本时间", MILLISECONDS},
    {"final_size", "final leaves", "最终确认叶子数", PLAIN},
    {"final_time", "final since", "最终确认时间", SECONDS},
    {"root", "root", "根哈希", PLAIN},
    {"order", "order", "排序", PLAIN},
    {"nodes", "nodes", "节点数", PLAIN},
    {"quorum", "quorum", "法定数", PLAIN},
    {"queue", "queue", "队列", PLAIN},
};

static void print_row(size_t row, const struct json *value) {
    int64_t number = 0;
    char time[SAY_TIME_LEN];
    (void)printf("%-13s %s: ", rows[row].en, rows[row].zh);
    if (!json_int(value, &number))
        say_clean(stdout, json_text(value) ? json_text(value) : "?");
    else if (rows[row].kind == PLAIN)
        (void)printf("%lld", (long long)number);
    else
        (void)fputs(say_time(rows[row].kind == SECONDS ? number : number / 1000, time), stdout);
    (void)putchar('\n');
}

static int run(struct cli *cli) {
    struct client *client = NULL;
    struct json *status = NULL;
    struct problem why = {ERR_OK, "", "", "", ""};
    enum err err = remote_open(cli, &client, &why);
    if (!err) err = remote_get_json(client, "/v1/status", &status, &why);
    client_close(client);
    if (err) return say_trouble(cli, err, &why);
    if (cli->is_json) return say_json(status) ? EXIT_TROUBLE : EXIT_DONE;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct json *value = json_member(status, rows[i].name);
        if (value) print_row(i, value);
    }
    json_done(status);
    return EXIT_DONE;
}

const struct command command_status = {
    .name = "status",
    .operands = "",
    .summary = "Show how a node is doing",
    .details = "",
    .is_online = true,
    .run = run,
};
