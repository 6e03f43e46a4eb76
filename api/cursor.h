/* Pages of lists: limit and after. A cursor is the place where the next page begins, sealed with a key that only this process has over the reader, the route and the rest of the
 * query: one that was changed, or is of another query or reader, is refused. It says nothing and it grants nothing: scope is judged anew on every page. Only api/ includes this. */
#ifndef QIZHENG_API_CURSOR_H
#define QIZHENG_API_CURSOR_H

#include "api/call.h"

struct place {
    uint64_t index; /* of a leaf */
    uint32_t part;  /* of what stands at that leaf */
};

/* The place of `after`; the beginning where it is absent. ERR_REQUEST with a reason. */
enum err cursor_read(struct api_call *call, const struct reader *reader,
                     struct place *ret) MUST_CHECK;
/* Puts a member `next` into the answer. */
enum err cursor_put(struct api_call *call, const struct reader *reader, struct place place,
                    struct json *body) MUST_CHECK;
/* `limit`: 1 to LIMIT_PAGE, which it is where absent. ERR_REQUEST with a reason. */
enum err page_limit(struct api_call *call, size_t *ret) MUST_CHECK;

#endif
