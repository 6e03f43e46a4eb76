/* See reading.h. */
#include "api/cli/reading.h"

#include "ledger/base/text.h"

#include <stdio.h>
#include <string.h>

#define PATH_MAX_LEN 1024
#define PAGES_MAX 100000 /* elements that are kept together */

/* -- paths -- */

/* Nothing is percent-decoded by a node, so what would need it cannot be asked for. */
static bool is_plain(const char *value) {
    static const char more[] = "-._:";
    for (; *value; value++) {
        char c = *value;
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (!letter && !(c >= '0' && c <= '9') && !strchr(more, c)) return false;
    }
    return true;
}

enum err reading_path(const struct cli *cli, const char *path, const char *const *names,
                      struct buf *out, struct problem *ret_why) {
    char sign = '?';
    buf_init(out, PATH_MAX_LEN);
    enum err err = buf_add_text(out, path);
    for (; !err && *names; names++) {
        const char *value = option_text(cli, *names);
        if (!value) continue;
        if (!is_plain(value))
            return problem_set(ret_why, ERR_REQUEST,
                               "--%s takes letters, digits and - . _ : alone.", *names);
        err = buf_format(out, "%c%s=%s", sign, *names, value);
        sign = '&';
    }
    return err;
}

enum err reading_record_path(const struct cli *cli, const char *before, char ret[128],
                             struct problem *ret_why) {
    uint8_t id[32];
    const char *text = operand(cli, 0);
    if (hex_decode(bytes_text(text), id, sizeof id))
        return problem_set(ret_why, ERR_REQUEST, "A record id is 64 lower-case hex digits.");
    (void)snprintf(ret, 128, "%s%s", before, text);
    return ERR_OK;
}

/* -- asking -- */

enum err reading_get(const struct cli *cli, const char *path, struct json **ret,
                     struct problem *ret_why) {
    struct access *access = NULL;
    enum err err = access_open(cli, &access, ret_why);
    if (!err) err = access_get_json(access, path, ret, ret_why);
    access_close(access);
    return err;
}

enum err reading_max(const struct cli *cli, uint64_t *ret, struct problem *ret_why) {
    if (option_has(cli, "all") && option_has(cli, "limit"))
        return problem_set(ret_why, ERR_REQUEST, "Give one of --limit and --all.");
    enum err err = option_number(cli, "limit", 1, PAGES_MAX, LIMIT_PAGE, ret, ret_why);
    if (!err && option_has(cli, "all")) *ret = PAGES_MAX;
    return err;
}

/* One page's elements behind those that are there. */
static enum err page_take(struct json *items, const struct json *more) {
    enum err err = ERR_OK;
    for (size_t i = 0; !err && i < json_count(more); i++)
        err = json_push(items, json_clone(json_at(more, i)));
    return err;
}

/* The path of the next page: of `next`, where there is one. */
static enum err page_path(const char *path, uint64_t left, const struct json *before,
                          struct buf *out) {
    const char *next = json_text(json_member(before, "next"));
    char sign = strchr(path, '?') ? '&' : '?';
    buf_clear(out);
    enum err err = buf_format(out, "%s%climit=%llu", path, sign,
                              (unsigned long long)(left < LIMIT_PAGE ? left : LIMIT_PAGE));
    return err || !next ? err : buf_format(out, "&after=%s", next);
}

/* All elements into items; *ret_page: the last page. */
static enum err pages_walk(struct access *access, const char *path, const char *list, uint64_t max,
                           struct json *items, struct json **ret_page, struct problem *ret_why) {
    struct json *page = NULL;
    struct buf text;
    buf_init(&text, 2 * PATH_MAX_LEN);
    enum err err = ERR_OK;
    do {
        struct json *next = NULL;
        err = page_path(path, max - json_count(items), page, &text);
        if (!err) err = access_get_json(access, buf_text(&text), &next, ret_why);
        json_done(page);
        page = next;
        if (!err) err = page_take(items, json_member(page, list));
    } while (!err && json_member(page, "next") && json_count(items) < max);
    buf_done(&text);
    *ret_page = page;
    return err;
}

static enum err pages_read(const struct cli *cli, const char *path, const char *list, uint64_t max,
                           struct json *items, struct json *all, struct problem *ret_why) {
    struct access *access = NULL;
    struct json *page = NULL;
    enum err err = access_open(cli, &access, ret_why);
    if (!err) err = pages_walk(access, path, list, max, items, &page, ret_why);
    access_close(access);
    if (!err) err = json_put(all, "size", json_clone(json_member(page, "size")));
    if (!err) err = json_put(all, "time", json_clone(json_member(page, "time")));
    if (!err) err = json_put_bool(all, "complete", json_member(page, "next") == NULL);
    json_done(page);
    return err;
}

enum err reading_pages(const struct cli *cli, const char *path, const char *list, uint64_t max,
                       struct json **ret, struct problem *ret_why) {
    struct json *all = json_new_object(), *items = json_new_array();
    enum err err =
        all && items ? pages_read(cli, path, list, max, items, all, ret_why) : ERR_NO_MEMORY;
    if (err) {
        json_done(items);
        json_done(all);
        return err;
    }
    err = json_put(all, list, items);
    if (err)
        json_done(all);
    else
        *ret = all;
    return err;
}

/* -- words -- */

int reading_failed(const struct cli *cli, enum err err, const struct problem *why) {
    bool is_answer = err == ERR_NOT_FOUND || err == ERR_SCOPE || err == ERR_NOT_FINAL ||
                     err == ERR_ISSUER_SUSPENDED;
    return is_answer ? say_refusal(cli, err, why) : say_trouble(cli, err, why);
}

void print_member(const struct json *object, const char *name) {
    const char *text = json_text(json_member(object, name));
    if (text) say_clean(stdout, text);
}

void print_field(const char *en, const char *zh, const struct json *object, const char *name) {
    int64_t number;
    const struct json *value = json_member(object, name);
    if (!value) return;
    (void)printf("%-10s %s: ", en, zh);
    if (json_int(value, &number))
        (void)printf("%lld", (long long)number);
    else
        print_member(object, name);
    (void)putchar('\n');
}

int64_t member_int(const struct json *object, const char *name, int64_t otherwise) {
    int64_t value;
    return json_int(json_member(object, name), &value) ? value : otherwise;
}

bool member_flag(const struct json *object, const char *name) {
    bool value;
    return json_bool(json_member(object, name), &value) && value;
}

void print_time(const struct json *object, const char *name) {
    char text[SAY_TIME_LEN];
    (void)fputs(say_time(member_int(object, name, 0) / 1000, text), stdout);
}

void print_extent(const struct json *answer, size_t count) {
    long long size = (long long)member_int(answer, "size", 0);
    char text[SAY_TIME_LEN];
    (void)say_time(member_int(answer, "time", 0) / 1000, text);
    if (member_flag(answer, "complete"))
        say_note("%zu; complete up to %lld leaves, ledger time %s\n"
                 "共%zu条；截至账本%lld个叶子、账本时间%s，已全部列出",
                 count, size, text, count, size, text);
    else
        say_note("%zu, and there may be more: --all or a larger --limit shows it\n"
                 "已列%zu条，可能还有：加--all或更大的--limit",
                 count, count);
}
