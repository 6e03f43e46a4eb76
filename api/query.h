/* What a reader asks for and may see, as lists of the store walked together: an index is an answer where it stands in each of the query's terms, and a term holds what
 * any of its lists holds. The walks leap over what the others do not have, so a page costs what it shows and not what the ledger holds. Only api/ includes this. */
#ifndef QIZHENG_API_QUERY_H
#define QIZHENG_API_QUERY_H

#include "api/call.h"

struct query;

/* Without a term: every leaf but the genesis. The view stays open as long as the query. */
enum err query_open(struct store_view *view, struct query **ret) MUST_CHECK;
enum err query_close(struct query *query) MUST_CHECK; /* accepts NULL; what went wrong on the way */
/* Begins a term, without a list yet. */
void query_term(struct query *query);
/* Adds a list to the newest term. */
enum err query_list(struct query *query, struct store_key prefix) MUST_CHECK;

/* A term of what the reader's roles let it see; none where that is everything. ERR_SCOPE with a reason where it is nothing. */
enum err query_scope(struct query *query, const struct reader *reader,
                     struct problem *ret_why) MUST_CHECK;
/* Terms of one issuer and one type (NULL: any). ERR_SCOPE where the reader's roles never see them. */
enum err query_issuer(struct query *query, const struct reader *reader, const char *issuer,
                      struct problem *ret_why) MUST_CHECK;
enum err query_type(struct query *query, const struct reader *reader, const char *type,
                    struct problem *ret_why) MUST_CHECK;

/* The first answer in [*at, until) in *at, and *ret_found; else *at is where to go on: `until`, or before it where *looks, which counts down, came to 0. */
enum err query_next(struct query *query, uint64_t *at, uint64_t until, unsigned *looks,
                    bool *ret_found) MUST_CHECK;

#endif
