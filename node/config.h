/* The configuration file: YAML read by libcyaml, the only file that knows it. configs/node.yaml is its manual. */
#ifndef QIZHENG_NODE_CONFIG_H
#define QIZHENG_NODE_CONFIG_H

#include "ledger/base/bytes.h"

struct config_foreign {
    char *vkey;
};

struct config {
    struct {
        char *name;
        char *keys_dir; /* absolute, or relative to the working directory, after config_load */
    } node;
    char *data_dir;
    char *listen;
    char *trusted_proxies; /* NULL: none */
    struct {
        char *threads_text; /* as written; NULL where absent */
        char *request_timeout_ms_text;
        char *queue_records_text;
        unsigned threads;
        unsigned request_timeout_ms;
        unsigned queue_records;
    } http;
    struct {
        char *kind;
    } order;
    struct {
        char *tags_per_day_text;
        char *lookups_per_day_text;
        unsigned tags_per_day;
        unsigned lookups_per_day;
    } limits;
    struct config_foreign *foreign_logs;
    unsigned foreign_logs_count;
    struct {
        char *level;
    } log;
};

/* Defaults filled in, paths made relative to the file's folder, values checked. ERR_CONFIG with the option, and the line where the reader knows it, in
 * *ret_why; ERR_TOO_LARGE over LIMIT_CONFIG; ERR_IO; ERR_NO_MEMORY. */
enum err config_load(const char *path, struct config **ret, struct problem *ret_why) MUST_CHECK;
void config_done(struct config *config); /* accepts NULL */

#endif
