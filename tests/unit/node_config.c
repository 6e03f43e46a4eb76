/* The configuration file: every option read, every mistake named, nothing hostile survives the reader. */
#include "node/config.h"

#include "ledger/base/limits.h"
#include "tests/lib/folder.h"

#include <string.h>

#define BASE "node:\n  name: n\n  keys_dir: keys\ndata_dir: data\n"

static char folder[FOLDER_LEN], file[FOLDER_LEN];

static void setup(void) {
    folder_make(folder);
    folder_path(folder, "node.yaml", file);
}

static void teardown(void) {
    folder_remove(folder);
}

TestSuite(node_config, .init = setup, .fini = teardown, .timeout = 60);

static enum err load(struct bytes text, struct config **ret, struct problem *ret_why) {
    folder_write(folder, "node.yaml", text);
    return config_load(file, ret, ret_why);
}

static struct config *load_good(const char *text) {
    struct config *config = NULL;
    struct problem why = {0};
    enum err err = load(bytes_text(text), &config, &why);
    cr_assert(err == ERR_OK, "%s: %s", text, why.detail);
    return config;
}

/* Refused, with every one of these words (NULL: none more) in what is said. */
static void expect_refused(struct bytes text, const char *first, const char *second) {
    struct config *config = NULL;
    struct problem why = {0};
    enum err err = load(text, &config, &why);
    cr_expect(err == ERR_CONFIG && why.err == err, "%.*s: %s", (int)(text.len < 200 ? text.len : 0),
              (const char *)text.data, err_code(err));
    cr_expect(config == NULL);
    cr_expect(strstr(why.detail, "node.yaml"), "%s", why.detail);
    cr_expect(!first || strstr(why.detail, first), "%s", why.detail);
    cr_expect(!second || strstr(why.detail, second), "%s", why.detail);
}

static void expect_path(const char *path, const char *name) {
    char expected[FOLDER_LEN];
    folder_path(folder, name, expected);
    cr_expect_str_eq(path, expected);
}

/* -- what is read -- */

Test(node_config, absent_options_have_their_defaults) {
    struct config *config = load_good(BASE);
    cr_expect_str_eq(config->node.name, "n");
    expect_path(config->node.keys_dir, "keys");
    expect_path(config->data_dir, "data");
    cr_expect_str_eq(config->listen, "127.0.0.1:8080");
    cr_expect(config->trusted_proxies == NULL);
    cr_expect(config->http.threads == 256);
    cr_expect(config->http.request_timeout_ms == 10000);
    cr_expect(config->http.queue_records == 8192);
    cr_expect(config->limits.tags_per_day == 50000 && config->limits.lookups_per_day == 256);
    cr_expect_str_eq(config->order.kind, "solo");
    cr_expect(config->foreign_logs_count == 0);
    cr_expect_str_eq(config->log.level, "info");
    config_done(config);
}

Test(node_config, parts_without_options_have_their_defaults) {
    struct config *config = load_good(BASE "http: {}\norder: {}\nlog: {}\nforeign_logs: []\n");
    cr_expect(config->http.threads == 256 && config->http.queue_records == 8192);
    cr_expect_str_eq(config->order.kind, "solo");
    cr_expect_str_eq(config->log.level, "info");
    cr_expect(config->foreign_logs_count == 0);
    config_done(config);
}

Test(node_config, every_option_is_read) {
    struct config *config = load_good("---\n"
                                      "node: {name: a.example/node/1, keys_dir: /k/e/y}\n"
                                      "data_dir: /d\nlisten: 0.0.0.0:1\n"
                                      "trusted_proxies: 127.0.0.1, 10.0.0.1\n"
                                      "http:\n  threads: 7\n  request_timeout_ms: 100\n"
                                      "  queue_records: 1000000\n"
                                      "limits: {tags_per_day: 1, lookups_per_day: 10000000}\n"
                                      "order:\n  kind: solo\n"
                                      "foreign_logs:\n  - vkey: one\n  - vkey: two\n"
                                      "log:\n  level: error\n");
    cr_expect_str_eq(config->node.name, "a.example/node/1");
    cr_expect_str_eq(config->node.keys_dir, "/k/e/y");
    cr_expect_str_eq(config->data_dir, "/d");
    cr_expect_str_eq(config->listen, "0.0.0.0:1");
    cr_expect_str_eq(config->trusted_proxies, "127.0.0.1, 10.0.0.1");
    cr_expect(config->http.threads == 7);
    cr_expect(config->http.request_timeout_ms == 100);
    cr_expect(config->http.queue_records == 1000000);
    cr_expect(config->limits.tags_per_day == 1 && config->limits.lookups_per_day == 10000000);
    cr_assert(config->foreign_logs_count == 2);
    cr_expect_str_eq(config->foreign_logs[0].vkey, "one");
    cr_expect_str_eq(config->foreign_logs[1].vkey, "two");
    cr_expect_str_eq(config->log.level, "error");
    config_done(config);
}

Test(node_config, relative_paths_start_at_the_files_folder) {
    struct config *config = load_good("node: {name: n, keys_dir: ../k}\ndata_dir: ./d/e\n");
    expect_path(config->node.keys_dir, "../k");
    expect_path(config->data_dir, "./d/e");
    config_done(config);
    struct problem why;
    cr_assert(chdir(folder) == 0);
    cr_assert(config_load("node.yaml", &config, &why) == ERR_OK); /* no folder in the name */
    cr_expect_str_eq(config->node.keys_dir, "../k");
    config_done(config);
    cr_assert(config_load("./node.yaml", &config, &why) == ERR_OK);
    cr_expect_str_eq(config->node.keys_dir, "./../k");
    config_done(config);
    cr_assert(chdir("/") == 0);
}

Test(node_config, the_manual_is_valid_and_says_the_defaults) {
    struct config *manual = NULL, *defaults = load_good(BASE);
    struct problem why = {0};
    enum err err = config_load(TEST_DATA "/../configs/node.yaml", &manual, &why);
    cr_assert(err == ERR_OK, "%s", why.detail);
    cr_expect_str_eq(manual->listen, defaults->listen);
    cr_expect(manual->trusted_proxies == NULL);
    cr_expect(manual->http.threads == defaults->http.threads);
    cr_expect(manual->http.request_timeout_ms == defaults->http.request_timeout_ms);
    cr_expect(manual->http.queue_records == defaults->http.queue_records);
    cr_expect(manual->limits.tags_per_day == defaults->limits.tags_per_day);
    cr_expect(manual->limits.lookups_per_day == defaults->limits.lookups_per_day);
    cr_expect_str_eq(manual->order.kind, defaults->order.kind);
    cr_expect_str_eq(manual->log.level, defaults->log.level);
    cr_expect(manual->foreign_logs_count == 0);
    config_done(manual);
    config_done(defaults);
}

/* -- what is refused -- */

Test(node_config, a_missing_option_is_named) {
    expect_refused(bytes_text("node: {name: n}\ndata_dir: d\n"), "keys_dir", "line: 1");
    expect_refused(bytes_text("node: {keys_dir: k}\ndata_dir: d\n"), "name", "line: 1");
    expect_refused(bytes_text("node:\n  name: n\n  keys_dir: k\n"), "data_dir", NULL);
    expect_refused(bytes_text("data_dir: d\n"), "node", NULL);
}

/* The line is that of what was read before it. */
Test(node_config, an_unknown_option_is_named_with_its_line) {
    expect_refused(bytes_text(BASE "bogus: 1\n"), "bogus", "line: ");
    expect_refused(bytes_text(BASE "Listen: a\n"), "Listen", "line: ");
    expect_refused(bytes_text(BASE "http:\n  thread: 1\n"), "thread", "line: 6");
    expect_refused(bytes_text("node:\n  name: n\n  keys: k\ndata_dir: d\n"), "keys", "line: ");
    expect_refused(bytes_text(BASE "foreign_logs:\n  - vkey: a\n    url: b\n"), "url", "line: ");
}

Test(node_config, an_option_given_twice_is_named) {
    expect_refused(bytes_text(BASE "data_dir: other\n"), "data_dir", "already seen");
    expect_refused(bytes_text("node: {name: a, name: b, keys_dir: k}\ndata_dir: d\n"), "name",
                   "already seen");
    expect_refused(bytes_text(BASE "log: {level: info}\nlog: {level: warn}\n"), "log",
                   "already seen");
    expect_refused(bytes_text(BASE "foreign_logs: [{vkey: a}]\nforeign_logs: [{vkey: b}]\n"),
                   "foreign_logs", "already seen");
}

Test(node_config, an_option_of_another_type_is_named_with_its_line) {
    expect_refused(bytes_text(BASE "http: 5\n"), "http", "line: 5");
    expect_refused(bytes_text(BASE "listen: [a]\n"), "listen", "line: 5");
    expect_refused(bytes_text(BASE "listen:\n"), "listen", "line: 5");
    expect_refused(bytes_text(BASE "foreign_logs: 5\n"), "foreign_logs", "line: 5");
    expect_refused(bytes_text(BASE "foreign_logs: [a]\n"), "foreign_logs", "line: 5");
    expect_refused(bytes_text(BASE "http: {threads: {a: b}}\n"), "threads", "line: 5");
    expect_refused(bytes_text("node: a\ndata_dir: d\n"), "node", "line: 1");
    expect_refused(bytes_text("hello\n"), "MAPPING", NULL);
    expect_refused(bytes_text("- a\n"), "MAPPING", NULL);
}

static void expect_number(const char *name, const char *text, bool good) {
    char yaml[256], full[64];
    (void)snprintf(yaml, sizeof yaml, BASE "http: {%s: %s}\n", name, text);
    (void)snprintf(full, sizeof full, "http.%s is ", name);
    if (!good) {
        expect_refused(bytes_text(yaml), full, "from");
        return;
    }
    config_done(load_good(yaml));
}

Test(node_config, numbers_are_digits_within_their_limits) {
    static const struct {
        const char *name, *least, *below, *most, *above;
    } numbers[] = {{"threads", "1", "0", "8192", "8193"},
                   {"request_timeout_ms", "100", "99", "600000", "600001"},
                   {"queue_records", "1", "0", "1000000", "1000001"}};
    static const char *const junk[] = {
        "-1",   "12x",        "x",   "010",  "0x10", "+1",
        "1.0",  "1e3",        "1_0", "true", "~",    "99999999999999999999999",
        "'1 '", "4294967552", "½",   "1 2",  "null", "-18446744073709551516"};
    for (size_t i = 0; i < 3; i++) {
        expect_number(numbers[i].name, numbers[i].least, true);
        expect_number(numbers[i].name, numbers[i].below, false);
        expect_number(numbers[i].name, numbers[i].most, true);
        expect_number(numbers[i].name, numbers[i].above, false);
        for (size_t k = 0; k < sizeof junk / sizeof junk[0]; k++)
            expect_number(numbers[i].name, junk[k], false);
    }
    expect_refused(bytes_text(BASE "http: {threads: ''}\n"), "threads", "line: 5");
}

Test(node_config, words_are_of_their_list) {
    expect_refused(bytes_text(BASE "order: {kind: etcd}\n"), "order.kind", "etcd");
    expect_refused(bytes_text(BASE "order: {kind: Solo}\n"), "order.kind", "Solo");
    expect_refused(bytes_text(BASE "log: {level: loud}\n"), "log.level", "loud");
    static const char *const levels[] = {"debug", "info", "warn", "error"};
    for (size_t i = 0; i < 4; i++) {
        char yaml[128];
        (void)snprintf(yaml, sizeof yaml, BASE "log: {level: %s}\n", levels[i]);
        struct config *config = load_good(yaml);
        cr_expect_str_eq(config->log.level, levels[i]);
        config_done(config);
    }
}

/* name: an option at the top, whose longest value is that long */
static void expect_longest(const char *name, size_t most) {
    static char yaml[8192], value[4096];
    for (size_t len = most; len <= most + 1; len++) {
        memset(value, 'a', len);
        value[len] = 0;
        (void)snprintf(yaml, sizeof yaml, "node: {name: n, keys_dir: k}\n%s%s: %s\n",
                       strcmp(name, "data_dir") == 0 ? "" : "data_dir: d\n", name, value);
        if (len == most)
            config_done(load_good(yaml));
        else
            expect_refused(bytes_text(yaml), name, "line: ");
    }
}

Test(node_config, texts_have_their_longest) {
    expect_refused(bytes_text(BASE "listen: 127.0.0.1.example:8080\n"), "listen", NULL);
    expect_longest("trusted_proxies", 1024);
    expect_longest("data_dir", 2048);
    expect_refused(bytes_text("node: {name: '', keys_dir: k}\ndata_dir: d\n"), "name", "line: 1");
}

Test(node_config, foreign_logs_have_their_most) {
    static char yaml[16384];
    for (unsigned count = 256; count <= 257; count++) {
        size_t len = (size_t)snprintf(yaml, sizeof yaml, BASE "foreign_logs:\n");
        for (unsigned i = 0; i < count; i++)
            len += (size_t)snprintf(yaml + len, sizeof yaml - len, "  - vkey: log%u\n", i);
        if (count == 257) {
            expect_refused(bytes_text(yaml), "foreign_logs", NULL);
            continue;
        }
        struct config *config = load_good(yaml);
        cr_expect(config->foreign_logs_count == 256);
        cr_expect_str_eq(config->foreign_logs[255].vkey, "log255");
        config_done(config);
    }
}

/* -- hostile files -- */

Test(node_config, aliases_are_refused) {
    expect_refused(bytes_text("node:\n  name: &a n\n  keys_dir: *a\ndata_dir: data\n"), NULL, NULL);
    expect_refused(bytes_text("a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\n"
                              "c: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\nnode: *c\n"),
                   NULL, NULL);
    expect_refused(bytes_text(BASE "foreign_logs: &a [{vkey: b}, *a]\n"), "foreign_logs", NULL);
    expect_refused(bytes_text(BASE "foreign_logs: [&a {vkey: b}, *a, *a]\n"), "foreign_logs", NULL);
    expect_refused(bytes_text(BASE "listen: *nothing\n"), NULL, NULL);
    expect_refused(bytes_text(BASE "<<: *base\n"), NULL, NULL);
}

Test(node_config, a_file_without_options_is_refused) {
    static const char *const texts[] = {"",       " \n",  "\n\n", "# only a comment\n", "---\n",
                                        "null\n", "{}\n", "~\n",  "--- # nothing\n"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        expect_refused(bytes_text(texts[i]), NULL, NULL);
}

Test(node_config, a_second_document_is_refused) {
    expect_refused(bytes_text(BASE "---\nbogus: 1\n"), "document", NULL);
    expect_refused(bytes_text(BASE "---"), "document", NULL);
    expect_refused(bytes_text("---\n" BASE "--- {bogus: 1}\n"), "document", NULL);
    expect_refused(bytes_text(BASE "...\nbogus: 1\n"), "document", NULL);
    config_done(load_good("# a comment\n\n---\n" BASE));
}

Test(node_config, text_that_is_no_yaml_is_refused) {
    expect_refused(bytes_text("node:\n\tname: n\n"), NULL, NULL);
    expect_refused(bytes_text("node: {name: n\n"), NULL, NULL);
    expect_refused(bytes_text("node: 'n\n"), NULL, NULL);
    expect_refused(bytes_text("%YAML 9.9\n"), NULL, NULL);
    expect_refused(bytes_text(BASE "? [a]\n: b\n"), NULL, NULL);
    static const char nul[] = BASE "listen: a\0b\n";
    expect_refused(bytes_of(nul, sizeof nul - 1), NULL, NULL);
    expect_refused(bytes_text(BASE "listen: a\xff"
                                   "b\n"),
                   NULL, NULL);
    expect_refused(bytes_text(BASE "listen: \xc0\xaf\n"), NULL, NULL);
    expect_refused(bytes_text(BASE "listen: \x01\n"), NULL, NULL);
    expect_refused(bytes_text("\xff\xfe\x00\xd8\xff"), NULL, NULL);
}

Test(node_config, deep_nesting_is_refused) {
    static char yaml[60000];
    static const char *const opening[] = {"[", "{a: ", "- ", "? "};
    for (size_t i = 0; i < 4; i++) {
        size_t len = (size_t)snprintf(yaml, sizeof yaml, "node: ");
        if (i >= 2) len = 0;
        while (len + 8 < sizeof yaml)
            len += (size_t)snprintf(yaml + len, sizeof yaml - len, "%s", opening[i]);
        expect_refused(bytes_text(yaml), NULL, NULL);
    }
}

Test(node_config, a_file_that_is_too_large_is_refused) {
    static uint8_t text[LIMIT_CONFIG + 4096];
    struct config *config = NULL;
    struct problem why = {0};
    memset(text, '#', sizeof text);
    memcpy(text, BASE, strlen(BASE));
    cr_assert(load(bytes_of(text, LIMIT_CONFIG), &config, &why) == ERR_OK, "%s", why.detail);
    config_done(config);
    cr_expect(load(bytes_of(text, LIMIT_CONFIG + 1), &config, &why) == ERR_TOO_LARGE);
    cr_expect(why.err == ERR_TOO_LARGE && strstr(why.detail, "node.yaml"));
    cr_expect(load(bytes_of(text, sizeof text), &config, &why) == ERR_TOO_LARGE);
}

Test(node_config, a_file_that_cannot_be_read_is_said) {
    struct config *config = NULL;
    struct problem why = {0};
    cr_expect(config_load(file, &config, &why) == ERR_IO); /* not there yet */
    cr_expect(why.err == ERR_IO && strstr(why.detail, "node.yaml"));
    cr_expect(config_load(folder, &config, &why) == ERR_IO && why.detail[0]);
}

/* The manual's text cut off anywhere, or with any one byte turned over: refused or read, and nothing leaks. */
Test(node_config, damaged_files_end_in_an_answer) {
    static char text[8192];
    FILE *manual = fopen(TEST_DATA "/../configs/node.yaml", "rb");
    cr_assert(manual);
    size_t len = fread(text, 1, sizeof text, manual), good = 0, bad = 0;
    (void)fclose(manual);
    for (size_t at = 0; at < 2 * len; at += 3) {
        bool cut = at < len;
        struct config *config = NULL;
        struct problem why = {0};
        if (!cut) text[at - len] ^= 0x15;
        enum err err = load(bytes_of(text, cut ? at : len), &config, &why);
        if (!cut) text[at - len] ^= 0x15;
        if (err) cr_assert(err == ERR_CONFIG && why.err == err && why.detail[0]);
        err ? bad++ : good++;
        config_done(config);
    }
    cr_expect(good > 0 && bad > 0);
}
