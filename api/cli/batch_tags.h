/* The tags of a table's rows: one place, whatever they come from. */
#ifndef QIZHENG_API_CLI_BATCH_TAGS_H
#define QIZHENG_API_CLI_BATCH_TAGS_H

#include "api/cli/batch_map.h"
#include "api/cli/tagging.h"

/* What a row's tags are: the claim `tags`, and what is hidden along with it (evidence). Both owned; NULL where there is nothing. */
struct row_tags {
    struct json *tags;
    struct json *hide;
};

/* Before anything is signed: takes the ready-made tags of all rows, and looks at the id numbers of which tags will be made. ret has csv->rows zeroed elements, which
 * the caller frees with row_tags_done, also after an error. ERR_SCHEMA with line and column, never with what stands there. */
enum err batch_tags_read(const struct batch_map *map, const struct csv *csv, struct row_tags *ret,
                         struct problem *ret_why) MUST_CHECK;
bool batch_tags_ask(const struct batch_map *map); /* whether there are tags to be made */
/* Makes those of the rows from..to, with their evidence. A part at a time: a budget that is spent leaves the parts before it signed, and a later run goes on. Errors as
 * tagging_make. */
enum err batch_tags_make(const struct batch_map *map, const struct csv *csv, size_t from, size_t to,
                         struct tagging *tagging, struct row_tags *ret,
                         struct problem *ret_why) MUST_CHECK;
void row_tags_done(struct row_tags *tags, size_t count); /* accepts NULL; frees the array, too */

#endif
