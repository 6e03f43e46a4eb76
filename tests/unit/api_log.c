/* Log lines: their form, that a hostile value cannot forge one, that nothing is written below the threshold, and that lines of several threads stay whole. */
#include "api/log.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CAUGHT_MAX (1 << 20)

static int caught_fd = -1, kept_fd = -1;

/* Standard error goes to a file until caught() takes it back. */
static void catch_begin(void) {
    FILE *file = tmpfile();
    cr_assert(file);
    caught_fd = fileno(file);
    kept_fd = dup(STDERR_FILENO);
    cr_assert(kept_fd >= 0 && dup2(caught_fd, STDERR_FILENO) >= 0);
}

static char *caught(void) {
    char *text = calloc(1, CAUGHT_MAX);
    cr_assert(text && dup2(kept_fd, STDERR_FILENO) >= 0);
    cr_assert(pread(caught_fd, text, CAUGHT_MAX - 1, 0) >= 0);
    return text;
}

static bool matches(const char *text, const char *pattern) {
    regex_t compiled;
    cr_assert(regcomp(&compiled, pattern, REG_EXTENDED | REG_NOSUB) == 0);
    bool result = regexec(&compiled, text, 0, NULL, 0) == 0;
    regfree(&compiled);
    return result;
}

static size_t count_lines(const char *text) {
    size_t count = 0;
    for (; *text; text++) count += *text == '\n';
    return count;
}

Test(api_log, log_event_writes_time_level_event_and_pairs_on_one_line) {
    char number[LOG_NUMBER_LEN];
    catch_begin();
    log_event(LOG_INFO, "checkpoint_published", "size", log_number(1024, number), "cosigners", "1",
              NULL);
    char *text = caught();
    cr_assert(matches(text, "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\\.[0-9]{3}Z "
                            "info checkpoint_published size=1024 cosigners=1\n$"),
              "%s", text);
    free(text);
}

Test(api_log, log_event_quotes_what_could_forge_a_line) {
    static const char *const hostile[] = {"a b", "a\nb", "a\rb",     "say \"x\"", "back\\slash",
                                          "",    "k=v",  "\x1b[31m", "\x7f",      "你"};
    static const char *const shown[] = {
        "\"a b\"", "\"a\\x0ab\"", "\"a\\x0db\"",   "\"say \\\"x\\\"\"", "\"back\\\\slash\"",
        "\"\"",    "\"k=v\"",     "\"\\x1b[31m\"", "\"\\x7f\"",         "\"\\xe4\\xbd\\xa0\""};
    for (size_t i = 0; i < sizeof hostile / sizeof *hostile; i++) {
        char want[128];
        catch_begin();
        log_event(LOG_WARN, "e", "k", hostile[i], NULL);
        char *text = caught();
        (void)snprintf(want, sizeof want, " warn e k=%s\n", shown[i]);
        cr_assert(strstr(text, want), "%s is not in %s", want, text);
        cr_assert_eq(count_lines(text), 1);
        free(text);
    }
}

Test(api_log, log_event_is_silent_below_the_threshold) {
    catch_begin();
    log_event(LOG_DEBUG, "unseen", NULL);
    log_set_level(LOG_ERROR);
    log_event(LOG_WARN, "unseen", NULL);
    log_event(LOG_ERROR, "seen", NULL);
    log_set_level(LOG_DEBUG);
    log_event(LOG_DEBUG, "seen_too", NULL);
    char *text = caught();
    cr_assert(!strstr(text, "unseen") && strstr(text, " error seen\n"));
    cr_assert(strstr(text, " debug seen_too\n"));
    free(text);
}

Test(api_log, log_event_cuts_a_line_that_is_too_long_and_says_so) {
    char *longest = calloc(1, 100000);
    cr_assert(longest);
    memset(longest, 'x', 99999);
    catch_begin();
    log_event(LOG_INFO, "long", "a", "1", "b", longest, "c", "2", NULL);
    memset(longest, '"', 99999);
    log_event(LOG_INFO, "long", "a", "1", "b", longest, NULL);
    char *text = caught();
    cr_assert_eq(count_lines(text), 2);
    cr_assert(strstr(text, "info long a=1 b=") && strstr(text, " ...\n"));
    cr_assert(strlen(text) < 2 * 2048);
    free(longest);
    free(text);
}

Test(api_log, log_level_from_name_knows_four_names) {
    enum log_level level = LOG_INFO;
    cr_assert(log_level_from_name("debug", &level) && level == LOG_DEBUG);
    cr_assert(log_level_from_name("error", &level) && level == LOG_ERROR);
    cr_assert(log_level_from_name("info", &level) && level == LOG_INFO);
    cr_assert(log_level_from_name("warn", &level) && level == LOG_WARN);
    cr_assert(!log_level_from_name("warning", &level) && !log_level_from_name("", &level));
    cr_assert(!log_level_from_name("INFO", &level) && level == LOG_WARN);
}

Test(api_log, log_number_holds_every_number) {
    char number[LOG_NUMBER_LEN];
    cr_assert_str_eq(log_number(0, number), "0");
    cr_assert_str_eq(log_number(UINT64_MAX, number), "18446744073709551615");
}

static void *write_many(void *arg) {
    for (int i = 0; i < 200; i++) log_event(LOG_INFO, "many", "who", arg, NULL);
    return NULL;
}

Test(api_log, lines_of_several_threads_stay_whole) {
    static char names[4][65];
    pthread_t threads[4];
    catch_begin();
    /* A file is written at one offset per descriptor, so that lines follow each other. */
    for (size_t i = 0; i < 4; i++) {
        memset(names[i], (int)('a' + i), 64);
        cr_assert(pthread_create(&threads[i], NULL, write_many, names[i]) == 0);
    }
    for (size_t i = 0; i < 4; i++) cr_assert(pthread_join(threads[i], NULL) == 0);
    char *text = caught(), *rest = text, *line;
    size_t whole = 0;
    while ((line = strsep(&rest, "\n")) && *line) {
        cr_assert(matches(line, "Z info many who=(a{64}|b{64}|c{64}|d{64})$"), "%s", line);
        whole++;
    }
    cr_assert_eq(whole, 800);
    free(text);
}
