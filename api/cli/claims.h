/* What a record is to say, as people give it: a claims file, and --type, --act, --set and --hide.
 *
 * A claims file is {"type","act","set":{...},"hide":{...}}: `set` holds the claims that nodes can read, `hide` those of which only a salted digest
 * reaches them. On the command line `name=value` is JSON where it begins with [ or {, an integer where it looks like one and the type
 * does not want a text under that name, and text otherwise; `name:=json` says that it is JSON. */
#ifndef QIZHENG_API_CLI_CLAIMS_H
#define QIZHENG_API_CLI_CLAIMS_H

#include "api/cli/command.h"
#include "ledger/record/record.h"

#define CLAIMS_FILE_MAX LIMIT_RECORD_PRESENTED
#define CLAIMS_VERSION 1 /* of every type so far: `vct` ends in it */

struct claims {
    char type[RECORD_TYPE_LEN];
    char act[32];
    struct json *set;  /* object; owned */
    struct json *hide; /* object; owned */
};

/* A claims file. Strict: no other members. ERR_SCHEMA and what disk_read_json gives. */
enum err claims_load(const char *path, struct claims *ret, struct problem *ret_why) MUST_CHECK;
/* From a parsed file; `path` is for the reason. */
enum err claims_parse(const struct json *json, const char *path, struct claims *ret,
                      struct problem *ret_why) MUST_CHECK;
/* --claims, and over it --type, --act, --set and --hide. ERR_REQUEST ERR_SCHEMA. */
enum err claims_from_options(const struct cli *cli, struct claims *ret,
                             struct problem *ret_why) MUST_CHECK;
/* One "name=value" or "name:=json" into object, as a claim of that type (any text: one that nobody knows takes integers, too); a member of that name is
 * replaced. ERR_REQUEST ERR_MALFORMED_JSON. */
enum err claims_put(struct json *object, const char *type, const char *text,
                    struct problem *ret_why) MUST_CHECK;
void claims_done(struct claims *claims); /* accepts zeroed */

#endif
