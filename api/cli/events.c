/* qizheng events: what happens in the ledger, as it happens. Server-sent events are read line by line; where a stream ends, the next one goes on behind the last event, with a
 * new token. */
#include "api/cli/reading.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LINE_MAX_LEN (64 * 1024)
#define TRIES_MAX 10 /* in a row without an event */

static const struct option_spec options[] = {
    {.name = "from",
     .value = "N",
     .help = "begin at leaf N, or behind an event's id (default: now)"},
    {.name = "limit", .value = "N", .help = "end after N events"},
    {.name = "caught-up", .help = "end when everything that is final was shown"},
    ACCESS_OPTIONS,
    {NULL, NULL, NULL, false, false},
};

struct watch {
    const struct cli *cli;
    struct buf line;
    char name[32], id[48]; /* of the event under way; the id stays, as the standard says */
    struct json *data;
    uint64_t left;
    unsigned tries;
    bool has_ended;
    enum err err;
};

/* -- one event -- */

static void print_record(const struct json *data) {
    print_time(data, "time");
    (void)printf("  record 记录 #%lld  ", (long long)member_int(data, "index", 0));
    print_member(data, "issuer");
    (void)fputs("  ", stdout);
    print_member(data, "type");
    (void)putchar(' ');
    print_member(data, "act");
    (void)putchar(' ');
    print_member(data, "act_zh");
    (void)fputs("  ", stdout);
    print_member(data, "id");
}

static void print_finding(const struct json *data) {
    print_time(data, "opened");
    (void)fputs("  finding 线索  ", stdout);
    print_member(data, "rule");
    (void)putchar(' ');
    print_member(data, "result");
    (void)putchar(' ');
    print_member(data, "result_zh");
    (void)fputs("  ", stdout);
    print_member(data, "record");
}

static void print_checkpoint(const struct json *data) {
    char text[SAY_TIME_LEN];
    (void)printf("%s  final up to 最终确认至 %lld", say_time(member_int(data, "time", 0), text),
                 (long long)member_int(data, "size", 0));
}

/* With --json one line for each event, so that a program can read them as they come. */
static enum err print_json(const struct watch *watch) {
    struct json *event = json_new_object();
    struct buf text;
    buf_init(&text, 2 * LINE_MAX_LEN);
    enum err err = event ? json_put_text(event, "event", watch->name) : ERR_NO_MEMORY;
    if (!err) err = json_put_text(event, "id", watch->id);
    if (!err) err = json_put(event, "data", json_clone(watch->data));
    if (!err) err = json_format(event, &text);
    if (!err) (void)printf("%.*s", (int)text.len, (const char *)text.data);
    buf_done(&text);
    json_done(event);
    return err;
}

static enum err event_print(const struct watch *watch) {
    enum err err = ERR_OK;
    if (watch->cli->is_json)
        err = print_json(watch);
    else if (strcmp(watch->name, "record") == 0)
        print_record(watch->data);
    else if (strcmp(watch->name, "finding") == 0)
        print_finding(watch->data);
    else
        print_checkpoint(watch->data);
    (void)putchar('\n');
    return fflush(stdout) ? ERR_IO : err;
}

/* -- lines: WHATWG HTML section 9.2.6 -- */

/* An empty line ends an event; one without data is none. */
static void event_end(struct watch *watch) {
    if (!watch->data || watch->left == 0) return;
    watch->err = event_print(watch);
    watch->left--;
    watch->tries = 0;
    watch->has_ended = watch->left == 0 || (option_has(watch->cli, "caught-up") &&
                                            strcmp(watch->name, "checkpoint") == 0);
    json_done(watch->data);
    watch->data = NULL;
    watch->name[0] = 0;
}

static void field_take(struct watch *watch, const char *line) {
    if (strncmp(line, "event: ", 7) == 0)
        (void)snprintf(watch->name, sizeof watch->name, "%s", line + 7);
    else if (strncmp(line, "id: ", 4) == 0)
        (void)snprintf(watch->id, sizeof watch->id, "%s", line + 4);
    else if (strncmp(line, "data: ", 6) == 0 && !watch->data)
        watch->err = json_parse(bytes_text(line + 6), &watch->data, NULL);
}

/* Called with what came; false ends the stream. */
static bool on_bytes(void *ctx, struct bytes bytes) {
    struct watch *watch = ctx;
    for (size_t i = 0; !watch->err && !watch->has_ended && i < bytes.len; i++) {
        if (bytes.data[i] != '\n') {
            watch->err = buf_add_byte(&watch->line, bytes.data[i]);
            continue;
        }
        const char *line = buf_text(&watch->line);
        if (!line)
            watch->err = ERR_NO_MEMORY;
        else if (*line)
            field_take(watch, line);
        else
            event_end(watch);
        buf_clear(&watch->line);
    }
    return !watch->err && !watch->has_ended;
}

/* -- streams -- */

static enum err stream_once(struct watch *watch, struct access *access, struct problem *ret_why) {
    char header[80];
    (void)snprintf(header, sizeof header, "Last-Event-ID: %s", watch->id);
    enum err err =
        access_stream(access, "/v1/events", watch->id[0] ? header : NULL, on_bytes, watch, ret_why);
    buf_clear(&watch->line);
    json_done(watch->data); /* half an event: it comes again */
    watch->data = NULL;
    return watch->err ? watch->err : err;
}

/* A node that is being started anew, or a line that broke, is waited for. */
static bool may_retry(struct watch *watch, enum err err) {
    bool passes = !err || err_class(err) == ERR_CLASS_RETRY;
    if (!passes || ++watch->tries > TRIES_MAX) return false;
    if (err) {
        say_note("The stream broke off; going on behind event %s.", watch->id[0] ? watch->id : "-");
        (void)sleep(2);
    }
    return true;
}

static enum err watch_all(struct watch *watch, struct problem *ret_why) {
    struct access *access = NULL;
    enum err err = access_open(watch->cli, &access, ret_why);
    while (!err && !watch->has_ended) {
        err = stream_once(watch, access, ret_why);
        if (watch->err || watch->has_ended) break;
        if (may_retry(watch, err)) err = ERR_OK;
    }
    access_close(access);
    return watch->err ? watch->err : watch->has_ended ? ERR_OK : err;
}

static int run(struct cli *cli) {
    struct watch watch = {.cli = cli};
    struct problem why = {ERR_OK, "", "", "", ""};
    const char *from = option_text(cli, "from");
    if (from) (void)snprintf(watch.id, sizeof watch.id, "%s", from);
    buf_init(&watch.line, LINE_MAX_LEN);
    enum err err = option_number(cli, "limit", 1, UINT64_MAX, UINT64_MAX, &watch.left, &why);
    if (!err) err = watch_all(&watch, &why);
    buf_done(&watch.line);
    return err ? reading_failed(cli, err, &why) : EXIT_DONE;
}

const struct command command_events = {
    .name = "events",
    .operands = "",
    .summary = "Watch records, findings and checkpoints as they become final",
    .details =
        "Runs until it is interrupted, --limit or --caught-up. Nothing is lost where the "
        "connection "
        "breaks: it goes on behind the last event.\nWith --json one line for each event, whose id "
        "--from takes.",
    .options = options,
    .is_online = true,
    .run = run,
};
