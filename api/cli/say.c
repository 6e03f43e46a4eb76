/* What the program says: answers on standard output, everything else on standard error. See command.h. */
#include "api/cli/command.h"

#include "ledger/base/limits.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

void say_note(const char *format, ...) {
    va_list args;
    va_start(args, format);
    (void)vfprintf(stderr, format, args);
    va_end(args);
    (void)fputc('\n', stderr);
}

/* Control characters of ASCII and DEL: an answer from outside must not move a terminal's cursor. */
void say_clean(FILE *out, const char *text) {
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        (void)fputc(c < 0x20 || c == 0x7f ? '?' : c, out);
    }
}

static enum err problem_members(enum err err, const struct problem *why, struct json *json) {
    enum err bad = json_put_text(json, "code", err_code(err));
    if (!bad) bad = json_put_text(json, "title", err_title(err));
    if (!bad) bad = json_put_text(json, "title_zh", err_title_zh(err));
    if (!bad && why->detail[0]) bad = json_put_text(json, "detail", why->detail);
    if (!bad && why->pointer[0]) bad = json_put_text(json, "pointer", why->pointer);
    if (!bad && why->rule[0]) bad = json_put_text(json, "rule", why->rule);
    if (!bad && why->law[0]) bad = json_put_text(json, "law", why->law);
    return bad;
}

static void problem_json(enum err err, const struct problem *why) {
    struct json *error = json_new_object(), *json = json_new_object();
    bool good = error && json && !problem_members(err, why, error);
    if (good) {
        good = !json_put(json, "error", error);
        error = NULL;
    }
    if (good) {
        good = !say_json(json);
        json = NULL;
    }
    json_done(error);
    json_done(json);
    if (!good) say_note("qizheng: out of memory");
}

static void say_line(const char *a, const char *b, const char *c, const char *d) {
    say_clean(stderr, a);
    say_clean(stderr, b);
    say_clean(stderr, c);
    say_clean(stderr, d);
    (void)fputc('\n', stderr);
}

/* What was being done when a person's own input or machine failed is said by the detail; the title would only blur it. */
static int say(const struct cli *cli, enum err err, const struct problem *why, int status) {
    struct problem none = {.err = err};
    if (!why || why->err == ERR_OK) why = &none;
    const char *title = cli->is_zh ? err_title_zh(err) : err_title(err);
    bool with_title = status == EXIT_REFUSED || cli->is_zh || !why->detail[0];
    say_line("qizheng: ", with_title ? title : "", with_title && why->detail[0] ? ": " : "",
             why->detail);
    if (why->pointer[0]) say_line("  at ", why->pointer, "", "");
    if (why->rule[0]) say_line("  rule ", why->rule, " ", why->law);
    if (cli->is_json) problem_json(err, why);
    return status;
}

int say_trouble(const struct cli *cli, enum err err, const struct problem *why) {
    return say(cli, err, why, EXIT_TROUBLE);
}

int say_refusal(const struct cli *cli, enum err err, const struct problem *why) {
    return say(cli, err, why, EXIT_REFUSED);
}

enum err say_json(struct json *json) {
    struct buf text;
    if (!json) return ERR_NO_MEMORY;
    buf_init(&text, 64 * (size_t)LIMIT_RECEIPT);
    enum err err = json_format_pretty(json, &text);
    if (!err) err = buf_add_byte(&text, '\n');
    if (!err && fwrite(text.data, 1, text.len, stdout) != text.len) err = ERR_IO;
    buf_done(&text);
    json_done(json);
    return err;
}

const char *say_time(int64_t time_s, char buffer[SAY_TIME_LEN]) {
    time_t time = (time_t)time_s;
    struct tm utc;
    if (!gmtime_r(&time, &utc) || !strftime(buffer, SAY_TIME_LEN, "%Y-%m-%dT%H:%M:%SZ", &utc))
        (void)snprintf(buffer, SAY_TIME_LEN, "%lld s", (long long)time_s);
    return buffer;
}

static void bar_print(const char *what, uint64_t done, uint64_t size) {
    unsigned percent = size ? (unsigned)((double)done * 100 / (double)size) : 100;
    char bar[41];
    for (unsigned i = 0; i < 40; i++) bar[i] = i < percent * 40 / 100 ? '#' : '.';
    bar[40] = 0;
    (void)fprintf(stderr, "\r%s [%s] %3u%% %llu/%llu", what, bar, percent, (unsigned long long)done,
                  (unsigned long long)size);
}

void say_progress(const char *what, uint64_t done, uint64_t size) {
    if (!isatty(STDERR_FILENO)) return;
    bar_print(what, done, size);
    if (done >= size) (void)fputc('\n', stderr);
}

void say_progress_since(const char *what, uint64_t done, uint64_t size, uint64_t before,
                        int64_t began_ms) {
    if (!isatty(STDERR_FILENO)) return;
    uint64_t took_ms = (uint64_t)(now_ms() - began_ms), moved = done - before;
    bar_print(what, done, size);
    if (took_ms > 0 && moved > 0) {
        uint64_t left_s = (size - done) * took_ms / moved / 1000;
        (void)fprintf(stderr, "  %llu/s  %llu:%02llu left ",
                      (unsigned long long)(moved * 1000 / took_ms),
                      (unsigned long long)(left_s / 60), (unsigned long long)(left_s % 60));
    }
    if (done >= size) (void)fputc('\n', stderr);
}

int64_t now_ms(void) {
    struct timespec now;
    if (clock_gettime(CLOCK_REALTIME, &now)) return 0;
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t now_s(void) {
    return now_ms() / 1000;
}
