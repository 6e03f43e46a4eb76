/* See log.h. A line is built in one buffer on the stack and leaves in one write(2), so lines of several threads never mix; what does not fit is cut off
 * with a mark. Nothing is allocated: the log works without memory. A failed write is ignored: there is nobody left to tell. */
#include "api/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define LINE_LEN 2048

static const char *const level_names[] = {"debug", "info", "warn", "error"};
static enum log_level threshold = LOG_INFO;

struct line {
    char text[LINE_LEN];
    size_t len;
    bool is_cut;
};

void log_set_level(enum log_level level) {
    threshold = level;
}

bool log_level_from_name(const char *name, enum log_level *ret) {
    for (size_t i = 0; i < sizeof level_names / sizeof *level_names; i++) {
        if (strcmp(name, level_names[i]) == 0) {
            *ret = (enum log_level)i;
            return true;
        }
    }
    return false;
}

const char *log_number(uint64_t value, char buffer[LOG_NUMBER_LEN]) {
    (void)snprintf(buffer, LOG_NUMBER_LEN, "%llu", (unsigned long long)value);
    return buffer;
}

/* Room for the mark and the newline is always kept. */
static void line_add(struct line *line, const char *text, size_t len) {
    if (line->is_cut || len > sizeof line->text - 8 - line->len) {
        line->is_cut = true;
        return;
    }
    memcpy(line->text + line->len, text, len);
    line->len += len;
}

static void line_add_text(struct line *line, const char *text) {
    line_add(line, text, strlen(text));
}

static bool is_plain(const char *value) {
    if (!*value) return false;
    for (const unsigned char *c = (const unsigned char *)value; *c; c++) {
        if (*c <= ' ' || *c == '"' || *c == '\\' || *c == '=' || *c >= 0x7f) return false;
    }
    return true;
}

static void line_add_quoted(struct line *line, const char *value) {
    line_add_text(line, "\"");
    for (const unsigned char *c = (const unsigned char *)value; *c; c++) {
        char escaped[8];
        if (*c == '"' || *c == '\\') {
            (void)snprintf(escaped, sizeof escaped, "\\%c", *c);
        } else if (*c < ' ' || *c >= 0x7f) {
            (void)snprintf(escaped, sizeof escaped, "\\x%02x", *c);
        } else {
            (void)snprintf(escaped, sizeof escaped, "%c", *c);
        }
        line_add_text(line, escaped);
    }
    line_add_text(line, "\"");
}

static void line_add_time(struct line *line) {
    struct timespec now;
    struct tm utc;
    char text[32];
    (void)clock_gettime(CLOCK_REALTIME, &now);
    (void)gmtime_r(&now.tv_sec, &utc);
    line_add(line, text, strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &utc));
    (void)snprintf(text, sizeof text, ".%03uZ ", (unsigned)(now.tv_nsec / 1000000));
    line_add_text(line, text);
}

static void line_write(struct line *line) {
    if (line->is_cut) {
        memcpy(line->text + line->len, " ...", 4);
        line->len += 4;
    }
    line->text[line->len++] = '\n';
    ssize_t written = write(STDERR_FILENO, line->text, line->len);
    (void)written;
}

void log_event(enum log_level level, const char *event, ...) {
    if (level < threshold) return;
    struct line line;
    line.len = 0;
    line.is_cut = false;
    line_add_time(&line);
    line_add_text(&line, level_names[level]);
    line_add_text(&line, " ");
    line_add_text(&line, event);
    va_list pairs;
    va_start(pairs, event);
    for (const char *key = va_arg(pairs, const char *); key; key = va_arg(pairs, const char *)) {
        const char *value = va_arg(pairs, const char *);
        if (!value) break;
        line_add_text(&line, " ");
        line_add_text(&line, key);
        line_add_text(&line, "=");
        if (is_plain(value))
            line_add_text(&line, value);
        else
            line_add_quoted(&line, value);
    }
    va_end(pairs);
    line_write(&line);
}
