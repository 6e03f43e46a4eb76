/* qizheng status: how a node is doing. For people a traffic light, what it means and what to do, then the figures; with --json what the node says, and the light.
 *
 * Exit status 0 for green and yellow, 1 for red, 2 where the node could not be asked. */
#include "api/cli/light.h"
#include "api/cli/remote.h"
#include "ledger/base/limits.h"

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

static void print_light(const struct light_words *words, FILE *out) {
    (void)fprintf(out, "%s %s\n",
                  words->light == LIGHT_GREEN    ? "GREEN"
                  : words->light == LIGHT_YELLOW ? "YELLOW"
                                                 : "RED",
                  light_name_zh(words->light));
    (void)fprintf(out, "  %s\n  %s\n", words->meaning, words->meaning_zh);
    (void)fprintf(out, "What to do 怎么办\n  %s\n  %s\n\n", words->advice, words->advice_zh);
}

static enum err put_light(const struct light_words *words, struct json *status) {
    enum err err = json_put_text(status, "light", light_name(words->light));
    if (!err) err = json_put_text(status, "light_zh", light_name_zh(words->light));
    if (!err) err = json_put_text(status, "meaning", words->meaning);
    if (!err) err = json_put_text(status, "meaning_zh", words->meaning_zh);
    if (!err) err = json_put_text(status, "advice", words->advice);
    return err ? err : json_put_text(status, "advice_zh", words->advice_zh);
}

/* Readiness is answered with 200 or 503, both with its reasons. */
static enum err ready_get(struct client *client, struct json **ret, struct problem *ret_why) {
    struct client_reply reply;
    memset(&reply, 0, sizeof reply);
    enum err err = client_call(client, "GET", "/readyz", NULL, bytes_of(NULL, 0), LIMIT_HTTP_BODY,
                               &reply, ret_why);
    if (err) return err;
    err = json_parse(buf_bytes(&reply.body), ret, ret_why);
    client_reply_done(&reply);
    return err;
}

static int report(const struct cli *cli, const struct light_words *words, struct json *status) {
    int exit_status = words->light == LIGHT_RED ? EXIT_REFUSED : EXIT_DONE;
    if (cli->is_json) {
        enum err err = put_light(words, status);
        if (!err) return say_json(status) ? EXIT_TROUBLE : exit_status;
        json_done(status);
        return say_trouble(cli, err, NULL);
    }
    print_light(words, stdout);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct json *value = json_member(status, rows[i].name);
        if (value) print_row(i, value);
    }
    json_done(status);
    return exit_status;
}

static int run(struct cli *cli) {
    struct client *client = NULL;
    struct json *status = NULL, *ready = NULL;
    struct problem why = {ERR_OK, "", "", "", ""};
    enum err err = remote_open(cli, &client, &why);
    bool is_asked = !err;
    if (!err) err = remote_get_json(client, "/v1/status", &status, &why);
    if (!err) err = ready_get(client, &ready, &why);
    client_close(client);
    if (err) {
        json_done(status);
        if (is_asked && !cli->is_json) print_light(light_of(err), stderr);
        return say_trouble(cli, err, &why);
    }
    const struct light_words *words = light_judge(ready, status);
    json_done(ready);
    return report(cli, words, status);
}

const struct command command_status = {
    .name = "status",
    .operands = "",
    .summary = "Show how a node is doing: a traffic light, what it means, what to do",
    .details = "Green: everything works. Yellow: it works, with a wait. Red: new records are not "
               "taken, or get no receipt;\nreceipts that exist can always be verified off line. "
               "Exit status 1 for red.",
    .is_online = true,
    .run = run,
};
