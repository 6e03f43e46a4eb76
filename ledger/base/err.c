/* See err.h. */
#include "ledger/base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct err_row {
    const char *code;
    int status;
    enum err_class class;
    const char *title;
    const char *zh;
};

#define ERR_ROW(name, code, status, class, title, zh) {code, status, ERR_CLASS_##class, title, zh},
static const struct err_row rows[ERR_COUNT] = {ERR_TABLE(ERR_ROW)};
#undef ERR_ROW

static const struct err_row *row(enum err err) {
    return (unsigned)err < ERR_COUNT ? &rows[err] : &rows[ERR_INTERNAL];
}

const char *err_code(enum err err) {
    return row(err)->code;
}

int err_status(enum err err) {
    return row(err)->status;
}

enum err_class err_class(enum err err) {
    return row(err)->class;
}

const char *err_title(enum err err) {
    return row(err)->title;
}

const char *err_title_zh(enum err err) {
    return row(err)->zh;
}

bool err_from_code(const char *code, enum err *ret) {
    for (unsigned i = 0; i < ERR_COUNT; i++) {
        if (strcmp(rows[i].code, code) == 0) {
            *ret = (enum err)i;
            return true;
        }
    }
    return false;
}

static void problem_fill(struct problem *problem, enum err err, const char *pointer,
                         const char *format, va_list args) __attribute__((format(printf, 4, 0)));

static void problem_fill(struct problem *problem, enum err err, const char *pointer,
                         const char *format, va_list args) {
    if (!problem) return;
    memset(problem, 0, sizeof *problem);
    problem->err = err;
    (void)snprintf(problem->pointer, sizeof problem->pointer, "%s", pointer);
    (void)vsnprintf(problem->detail, sizeof problem->detail, format, args);
}

enum err problem_set(struct problem *problem, enum err err, const char *format, ...) {
    va_list args;
    va_start(args, format);
    problem_fill(problem, err, "", format, args);
    va_end(args);
    return err;
}

enum err problem_at(struct problem *problem, enum err err, const char *pointer, const char *format,
                    ...) {
    va_list args;
    va_start(args, format);
    problem_fill(problem, err, pointer, format, args);
    va_end(args);
    return err;
}
