/* See config.h. */
#include "node/config.h"

#include "api/log.h"
#include "ledger/base/limits.h"

#include <cyaml/cyaml.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PATH_LEN 4096
#define THREADS_MAX 8192
#define QUEUE_MAX 1000000
#define FOREIGN_MAX 256

/* -- schema -- */

#define TEXT(name, holder, member, max, flags)                                                     \
    CYAML_FIELD_STRING_PTR(name, CYAML_FLAG_POINTER | (flags), holder, member, 1, max)

struct node_part {
    char *name;
    char *keys_dir;
};
struct http_part {
    unsigned threads;
    unsigned request_timeout_ms;
    unsigned queue_records;
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
    CYAML_FIELD_UINT("threads", CYAML_FLAG_OPTIONAL, struct http_part, threads),
    CYAML_FIELD_UINT("request_timeout_ms", CYAML_FLAG_OPTIONAL, struct http_part,
                     request_timeout_ms),
    CYAML_FIELD_UINT("queue_records", CYAML_FLAG_OPTIONAL, struct http_part, queue_records),
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
    TEXT("listen", struct config, listen, 128, CYAML_FLAG_OPTIONAL),
    TEXT("trusted_proxies", struct config, trusted_proxies, 1024, CYAML_FLAG_OPTIONAL),
    CYAML_FIELD_MAPPING("http", CYAML_FLAG_OPTIONAL, struct config, http, http_fields),
    CYAML_FIELD_MAPPING("order", CYAML_FLAG_OPTIONAL, struct config, order, order_fields),
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
    config.flags = CYAML_CFG_DEFAULT;
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

static void number_default(unsigned *number, unsigned value) {
    if (!*number) *number = value;
}

static enum err defaults(struct config *config) {
    number_default(&config->http.threads, 256);
    number_default(&config->http.request_timeout_ms, 10000);
    number_default(&config->http.queue_records, 8192);
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

static enum err check_values(const struct config *config, const char *path,
                             struct problem *ret_why) {
    enum log_level level;
    if (config->http.threads > THREADS_MAX) {
        return problem_set(ret_why, ERR_CONFIG, "%s: http.threads is %u; at most %d.", path,
                           config->http.threads, THREADS_MAX);
    }
    if (config->http.queue_records > QUEUE_MAX) {
        return problem_set(ret_why, ERR_CONFIG, "%s: http.queue_records is %u; at most %d.", path,
                           config->http.queue_records, QUEUE_MAX);
    }
    if (config->http.request_timeout_ms < 100 || config->http.request_timeout_ms > 600000) {
        return problem_set(ret_why, ERR_CONFIG,
                           "%s: http.request_timeout_ms is %u; between 100 and 600000.", path,
                           config->http.request_timeout_ms);
    }
    if (strcmp(config->order.kind, "solo") != 0) {
        return problem_set(ret_why, ERR_CONFIG,
                           "%s: order.kind is \"%s\"; this program knows \"solo\".", path,
                           config->order.kind);
    }
    if (!log_level_from_name(config->log.level, &level)) {
        return problem_set(ret_why, ERR_CONFIG,
                           "%s: log.level is \"%s\"; one of debug, info, warn, error.", path,
                           config->log.level);
    }
    return ERR_OK;
}

enum err config_load(const char *path, struct config **ret, struct problem *ret_why) {
    struct buf text;
    struct said said = {"", 0};
    struct config *config = NULL;
    buf_init(&text, LIMIT_CONFIG);
    enum err err = file_read(path, &text, ret_why);
    if (!err && text.len == 0) err = problem_set(ret_why, ERR_CONFIG, "%s is empty.", path);
    if (!err) {
        cyaml_err_t loaded = cyaml_load_data(text.data, text.len, reader(&said), &top_schema,
                                             (cyaml_data_t **)&config, NULL);
        if (loaded != CYAML_OK) {
            err = problem_set(ret_why, ERR_CONFIG, "%s: %s.", path,
                              said.len ? said.text : cyaml_strerror(loaded));
        }
    }
    buf_done(&text);
    if (err) return err;
    err = defaults(config);
    if (!err) err = path_resolve(&config->node.keys_dir, path);
    if (!err) err = path_resolve(&config->data_dir, path);
    if (!err) err = check_values(config, path, ret_why);
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
