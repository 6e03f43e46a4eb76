/* What a route is: where it is, who answers, and everything that the world is told of it. Only api/ includes this.
 *
 * One table (routes.c), read by the router (api.c) for what it takes and by openapi.c for what it says: a route cannot be served without being described, and what
 * the description promises is walked against a running node by tests/integration/openapi.sh.
 *
 * Not in a row, since all have them: 400 `request`, 503 `draining` and `no_memory`, 500 `io`, `corrupt` and `internal`; with a body also 408 `timeout` and 413
 * `too_large`; with needs_token or may_take_token 401 `token_*`, 403 `issuer_suspended` and 429 `rate`; 405 `method` wherever a path lacks the method. */
#ifndef QIZHENG_API_ROUTE_H
#define QIZHENG_API_ROUTE_H

#include "api/call.h"

#define ROUTE_PARAMS 8
#define ROUTE_FIELDS 2
#define ROUTE_BODIES 2
#define ROUTE_ANSWERS 4

/* schema: a name under `schemas` of schemas.json; NULL where the body is bytes. */
struct route_body {
    const char *media;
    const char *schema;
};

struct route_answer {
    int status;
    const char *meaning;
    const char *media;
    const char *schema;
};

struct route {
    const char
        *name; /* method and path with its parameters in braces; also for metrics and the log */
    const char *method;
    const char *pattern; /* {} stands for one segment, * at the end for the rest */
    enum err (*handle)(struct api_call *call);
    size_t body_limit;                     /* 0: takes no body */
    bool is_streamed;                      /* the handler reads the body (request->read) */
    bool is_open;                          /* read across origins (CORS) */
    bool needs_token;                      /* takes an access token (reader.c), and may refuse it */
    bool may_take_token;                   /* public, and says more to who shows a token */
    const char *params[ROUTE_PARAMS];      /* of the query */
    const char *summary;                   /* one sentence */
    const char *fields[ROUTE_FIELDS];      /* header fields that change the answer */
    struct route_body takes[ROUTE_BODIES]; /* media types of the request */
    struct route_answer gives[ROUTE_ANSWERS]; /* whatever is not a problem */
    const enum err *refuses;                  /* problems, ended by ERR_OK; NULL: none of its own */
};

extern const struct route routes[];
extern const size_t route_count;

/* Whether the status has one of the problems of this route, and the index-th of them in the order of the error table; ERR_OK beyond. */
enum err route_problem(const struct route *route, int status, size_t index);

#endif
