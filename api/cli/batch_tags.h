/* The tags of a table's rows: one place, whatever they come from. */
#ifndef QIZHENG_API_CLI_BATCH_TAGS_H
#define QIZHENG_API_CLI_BATCH_TAGS_H

#include "api/cli/batch_map.h"
#include "api/client.h"

/* What a row's tags are: the claim `tags`, and what is hidden along with it (evidence). Both owned; NULL where there is nothing. */
struct row_tags {
    struct json *tags;
    struct json *hide;
};

/* For all rows of the table; ret has csv->rows zeroed elements, which the caller frees with row_tags_done, also after an error. client: the node, for tags that
 * must be made. ERR_SCHEMA with line and column. */
enum err batch_tags_resolve(const struct batch_map *map, const struct csv *csv,
                            struct client *client, struct row_tags *ret,
                            struct problem *ret_why) MUST_CHECK;
void row_tags_done(struct row_tags *tags, size_t count); /* accepts NULL; frees the array, too */

#endif
