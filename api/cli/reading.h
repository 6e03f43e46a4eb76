/* What the commands that read as a participant share: paths with filters from options, pages put together, and words for people. */
#ifndef QIZHENG_API_CLI_READING_H
#define QIZHENG_API_CLI_READING_H

#include "api/cli/access.h"
#include "ledger/base/limits.h"

/* path?name=value&..., with a parameter for each of those options that is given; the names end with NULL. ERR_REQUEST where a value holds what no parameter may. */
enum err reading_path(const struct cli *cli, const char *path, const char *const *names,
                      struct buf *out, struct problem *ret_why) MUST_CHECK;
/* "<before><ID>" of the first operand. ERR_REQUEST where that is no record id. */
enum err reading_record_path(const struct cli *cli, const char *before, char ret[128],
                             struct problem *ret_why) MUST_CHECK;
/* One GET as --as says. */
enum err reading_get(const struct cli *cli, const char *path, struct json **ret,
                     struct problem *ret_why) MUST_CHECK;
/* Pages of a list until `max` elements are there or no page is left: {"<list>":[...],"size","time","complete"}. */
enum err reading_pages(const struct cli *cli, const char *path, const char *list, uint64_t max,
                       struct json **ret, struct problem *ret_why) MUST_CHECK;
/* --limit (1 to 100,000; 100 where absent) or all of them with --all. */
#define READING_PAGE_OPTIONS                                                                       \
    {.name = "limit", .value = "N", .help = "show at most N (default: 100)"}, {                    \
        .name = "all", .help = "show all of them"                                                  \
    }
enum err reading_max(const struct cli *cli, uint64_t *ret, struct problem *ret_why) MUST_CHECK;

/* What a node refused is an answer, the rest is trouble: the exit status. */
int reading_failed(const struct cli *cli, enum err err, const struct problem *why);
/* A member's text, cleaned for a terminal; "" where it is none. */
void print_member(const struct json *object, const char *name);
/* "en zh: " and that; nothing where the member is absent. */
void print_field(const char *en, const char *zh, const struct json *object, const char *name);
/* A member in milliseconds since 1970, as a time. */
void print_time(const struct json *object, const char *name);
int64_t member_int(const struct json *object, const char *name, int64_t otherwise);
bool member_flag(const struct json *object, const char *name);
/* "N shown; complete up to leaf ... at ..." or that there is more, in both languages. */
void print_extent(const struct json *answer, size_t count);

#endif
