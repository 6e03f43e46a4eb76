/* See config.h.
 *
 * libcyaml is given text alone: it would read the number 12x as 12, 010 as 8 and a large negative one as its complement. Numbers are read here, digit by digit.
 * Aliases are refused (nothing here needs them), and so is a second document, which libcyaml would leave unread. */
#include "node/config.h"

#include "api/log.h"
#include "ledger/base/limits.h"
#include "ledger/base/text.h"

#include <cyaml/cyaml.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PATH_LEN 4096
#define NUMBER_MAX_LEN 32 /* characters; the check of its value comes later */
#define FOREIGN_MAX 256

/* -- schema -- */

#define TEXT(name, holder, member, max, flags)                                                     \
    CYAML_FIELD_STRING_PTR(name, CYAML_FLAG_POINTER | (flags), holder, member, 1, max)

struct node_part {
    char *name;
    char *keys_dir;
};
struct http_part { /* how struct config's begins */
    char *threads_text;
    char *request_timeout_ms_text;
    char *queue_records_text;
};
struct limits_part { /* the same */
    char *tags_per_day_text;
    char *lookups_per_day_text;
};
struct text_part {
    char *text;
};

static const cyaml_schema_field_t node_fields[] = {
    TEXT("name", struct node_part, name, LIMIT_VKEY_NAME, 0),
    TEXT("keys_dir", struct node_part, keys_dir, PATH_LEN / 2, 0),
    CYAML_FIELD_END,
};

static const cyaml_schema_field_t http_fields[] = {
    TEXT("threads", struct http_part, threads_text, NUMBER_MAX_LEN, CYAML_FLAG_OPTIONAL),
    TEXT("request_timeout_ms", struct http_part, request_timeout_ms_text, NUMBER_MAX_LEN,
         CYAML_FLAG_OPTIONAL),
    TEXT("queue_records", struct http_part, queue_records_text, NUMBER_MAX_LEN,
         CYAML_FLAG_OPTIONAL),
    CYAML_FIELD_END,
};

static const cyaml_schema_field_t limits_fields[] = {
    TEXT("tags_per_day", struct limits_part, tags_per_day_text, NUMBER_MAX_LEN,
         CYAML_FLAG_OPTIONAL),
    TEXT("lookups_per_day", struct limits_part, lookups_per_day_text, NUMBER_MAX_LEN,
         CYAML_FLAG_OPTIONAL),
    CYAML_FIELD_END,
};

static const cyaml_schema_field_t order_fields[] = {
    TEXT("kind", struct text_part, text, 16, CYAML_FLAG_OPTIONAL),
    CYAML_FIELD_END,
};

static const cyaml_schema_field_t log_fields[] = {
    TEXT("level", struct text_part, text, 16, CYAML_FLAG_OPTIONAL),
    CYAML_FIELD_END,
};

static const cyaml_schema_field_t foreign_fields[] = {
    TEXT("vkey", struct config_foreign, vkey, 512, 0),
    CYAML_FIELD_END,
};

static const cyaml_schema_value_t foreign_schema = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct config_foreign, foreign_fields),
};

static const cyaml_schema_field_t top_fields[] = {
    CYAML_FIELD_MAPPING("node", CYAML_FLAG_DEFAULT, struct config, node, node_fields),
    TEXT("data_dir", struct config, data_dir, PATH_LEN / 2, 0),
    TEXT("listen", struct config, listen, 21, CYAML_FLAG_OPTIONAL),
    TEXT("trusted_proxies", struct config, trusted_proxies, 1024, CYAML_FLAG_OPTIONAL),
    CYAML_FIELD_MAPPING("http", CYAML_FLAG_OPTIONAL, struct config, http, http_fields),
    CYAML_FIELD_MAPPING("order", CYAML_FLAG_OPTIONAL, struct config, order, order_fields),
    CYAML_FIELD_MAPPING("limits", CYAML_FLAG_OPTIONAL, struct config, limits, limits_fields),
    CYAML_FIELD_SEQUENCE("foreign_logs", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct config,
                         foreign_logs, &foreign_schema, 0, FOREIGN_MAX),
    CYAML_FIELD_MAPPING("log", CYAML_FLAG_OPTIONAL, struct config, log, log_fields),
    CYAML_FIELD_END,
};

static const cyaml_schema_value_t top_schema = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct config, top_fields),
};

/* -- loading -- */

/* libcyaml names the key at fault only through its log function; what it says is gathered here. */
struct said {
    char text[320];
    size_t len;
};

static void gather(cyaml_log_t level, void *ctx, const char *format, va_list args) {
    struct said *said = ctx;
    if (level < CYAML_LOG_ERROR) return;
    char line[256];
    (void)vsnprintf(line, sizeof line, format, args);
    line[strcspn(line, "\n")] = 0;
    const char *words = strncmp(line, "Load: ", 6) == 0 ? line + 6 : line;
    if (strncmp(words, "Backtrace", 9) == 0) return;
    int wrote = snprintf(said->text + said->len, sizeof said->text - said->len, "%s%s",
                         said->len ? "; " : "", words + strspn(words, " "));
    if (wrote > 0 && (size_t)wrote < sizeof said->text - said->len) said->len += (size_t)wrote;
}

static const cyaml_config_t *reader(struct said *said) {
    static _Thread_local cyaml_config_t config;
    memset(&config, 0, sizeof config);
    config.log_fn = gather;
    config.log_ctx = said;
    config.mem_fn = cyaml_mem;
    config.log_level = CYAML_LOG_ERROR;
    config.flags = CYAML_CFG_NO_ALIAS;
    return &config;
}

static enum err file_read(const char *path, struct buf *out, struct problem *ret_why) {
    FILE *file = fopen(path, "rb");
    if (!file)
        return problem_set(ret_why, ERR_IO, "%s cannot be opened: %s.", path, strerror(errno));
    uint8_t chunk[4096];
    enum err err = ERR_OK;
    size_t got;
    while (!err && (got = fread(chunk, 1, sizeof chunk, file)) > 0)
        err = buf_add(out, bytes_of(chunk, got));
    if (!err && ferror(file)) err = ERR_IO;
    (void)fclose(file);
    return err ? problem_set(ret_why, err, "%s cannot be read, or is larger than %d bytes.", path,
                             LIMIT_CONFIG)
               : ERR_OK;
}

/* Puts the default where the option is absent. */
static enum err text_default(char **text, const char *value) {
    if (*text) return ERR_OK;
    *text = strdup(value);
    return *text ? ERR_OK : ERR_NO_MEMORY;
}

static enum err defaults(struct config *config) {
    enum err err = text_default(&config->listen, "127.0.0.1:8080");
    if (!err) err = text_default(&config->order.kind, "solo");
    if (!err) err = text_default(&config->log.level, "info");
    return err;
}

/* A relative path starts at the configuration file's folder. */
static enum err path_resolve(char **path, const char *config_path) {
    const char *slash = strrchr(config_path, '/');
    if (**path == '/' || !slash) return ERR_OK;
    size_t folder = (size_t)(slash - config_path) + 1, len = folder + strlen(*path) + 1;
    char *joined = malloc(len);
    if (!joined) return ERR_NO_MEMORY;
    memcpy(joined, config_path, folder);
    memcpy(joined + folder, *path, len - folder);
    free(*path);
    *path = joined;
    return ERR_OK;
}

struct number {
    const char *name, *text;
    unsigned least, most, standard; /* standard: where it is absent */
    unsigned *ret;
};

static enum err number_read(const struct number *number, const char *path,
                            struct problem *ret_why) {
    uint64_t value = number->standard;
    enum err err = number->text ? decimal_parse(bytes_text(number->text), &value) : ERR_OK;
    if (err || value < number->least || value > number->most) {
        return problem_set(ret_why, ERR_CONFIG, "%s: %s is \"%s\"; a number from %u to %u.", path,
                           number->name, number->text, number->least, number->most);
    }
    *number->ret = (unsigned)value;
    return ERR_OK;
}

static enum err numbers_read(struct config *config, const char *path, struct problem *ret_why) {
    const struct number numbers[] = {
        {"http.threads", config->http.threads_text, 1, 8192, 256, &config->http.threads},
        {"http.request_timeout_ms", config->http.request_timeout_ms_text, 100, 600000, 10000,
         &config->http.request_timeout_ms},
        {"http.queue_records", config->http.queue_records_text, 1, 1000000, 8192,
         &config->http.queue_records},
        {"limits.tags_per_day", config->limits.tags_per_day_text, 1, LIMIT_TAGS_PER_DAY, 50000,
         &config->limits.tags_per_day},
        {"limits.lookups_per_day", config->limits.lookups_per_day_text, 1, LIMIT_TAGS_PER_DAY, 256,
         &config->limits.lookups_per_day},
    };
    enum err err = ERR_OK;
    for (size_t i = 0; !err && i < sizeof numbers / sizeof numbers[0]; i++)
        err = number_read(&numbers[i], path, ret_why);
    return err;
}

static enum err check_values(const struct config *config, const char *path,
                             struct problem *ret_why) {
    enum log_level level;
    if (strcmp(config->order.kind, "solo") != 0) {
        return problem_set(ret_why, ERR_CONFIG,
                           "%s: order.kind is \"%s\"; this program knows \"solo\".", path,
                           config->order.kind);
    }
    if (strspn(config->listen, "0123456789.:") != strlen(config->listen) ||
        !strchr(config->listen, ':')) {
        return problem_set(ret_why, ERR_CONFIG,
                           "%s: listen is \"%.64s\"; an IPv4 address and a port, such as "
                           "127.0.0.1:8080.",
                           path, config->listen);
    }
    if (!log_level_from_name(config->log.level, &level)) {
        return problem_set(ret_why, ERR_CONFIG,
                           "%s: log.level is \"%s\"; one of debug, info, warn, error.", path,
                           config->log.level);
    }
    return ERR_OK;
}

/* YAML 1.2 section 9.1.2: a line that begins with --- or ... can stand nowhere but between documents. */
static bool is_one_document(struct bytes text) {
    struct bytes line;
    bool began = false;
    while (bytes_line(&text, &line)) {
        bool is_mark = bytes_starts(line, "---") || bytes_starts(line, "...");
        if (is_mark && began) return false;
        began = began || is_mark || (line.len && line.data[0] != '#');
    }
    return !began || !(bytes_starts(text, "---") || bytes_starts(text, "..."));
}

static enum err yaml_read(struct bytes text, const char *path, struct config **ret,
                          struct problem *ret_why) {
    struct said said = {"", 0};
    struct config *config = NULL;
    if (!is_one_document(text))
        return problem_set(ret_why, ERR_CONFIG, "%s holds more than one YAML document.", path);
    cyaml_err_t loaded = cyaml_load_data(text.data, text.len, reader(&said), &top_schema,
                                         (cyaml_data_t **)&config, NULL);
    if (loaded != CYAML_OK)
        return problem_set(ret_why, ERR_CONFIG, "%s: %s.", path,
                           said.len ? said.text : cyaml_strerror(loaded));
    if (!config) return problem_set(ret_why, ERR_CONFIG, "%s holds no options.", path);
    *ret = config;
    return ERR_OK;
}

static enum err values_read(struct config *config, const char *path, struct problem *ret_why) {
    enum err err = defaults(config);
    if (!err) err = path_resolve(&config->node.keys_dir, path);
    if (!err) err = path_resolve(&config->data_dir, path);
    if (err) return problem_set(ret_why, err, "No memory to read %s.", path);
    err = numbers_read(config, path, ret_why);
    return err ? err : check_values(config, path, ret_why);
}

enum err config_load(const char *path, struct config **ret, struct problem *ret_why) {
    struct buf text;
    struct config *config = NULL;
    buf_init(&text, LIMIT_CONFIG);
    enum err err = file_read(path, &text, ret_why);
    if (!err && text.len == 0) err = problem_set(ret_why, ERR_CONFIG, "%s is empty.", path);
    if (!err) err = yaml_read(buf_bytes(&text), path, &config, ret_why);
    buf_done(&text);
    if (err) return err;
    err = values_read(config, path, ret_why);
    if (err) {
        config_done(config);
        return err;
    }
    *ret = config;
    return ERR_OK;
}

void config_done(struct config *config) {
    struct said said = {"", 0};
    if (config) (void)cyaml_free(reader(&said), &top_schema, config, 0);
}
