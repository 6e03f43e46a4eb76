/* HTTP client for the command line and for peers: libcurl behind it; the only file that knows it. One client per thread; connections are kept alive. */
#ifndef QIZHENG_API_CLIENT_H
#define QIZHENG_API_CLIENT_H

#include "ledger/base/json.h"

struct client;

struct client_reply {
    int status;
    char content_type[96];
    char location[256];
    unsigned retry_after_s; /* 0 where absent */
    struct buf body;        /* bounded by the call's max */
};

/* base_url without trailing slash. Only http and https, no redirects. ca: PEM file for https or NULL for the system's. */
enum err client_open(const char *base_url, const char *ca, unsigned timeout_ms, struct client **ret,
                     struct problem *ret_why) MUST_CHECK;
void client_close(struct client *client); /* accepts NULL */
/* method GET or POST; headers: NULL-ended list of "Name: value" or NULL. ERR_NO_ORDER with a reason where nobody answers, ERR_TOO_LARGE. A reply of any status is ERR_OK. */
enum err client_call(struct client *client, const char *method, const char *path,
                     const char *const *headers, struct bytes body, size_t max_reply,
                     struct client_reply *ret, struct problem *ret_why) MUST_CHECK;
/* The same with GET, for a body too large to hold: that of a 200 goes piece by piece to take, whose error ends the call and is returned. Any other body is in *ret. */
enum err client_stream(struct client *client, const char *path,
                       enum err (*take)(void *arg, struct bytes piece), void *arg,
                       struct client_reply *ret, struct problem *ret_why) MUST_CHECK;
/* A GET whose 200 answer is handed on as it comes, until `each` returns false or it ends, both ERR_OK; it may last, but not be silent for CLIENT_SILENT_S. Any other status: its
 * body is in *ret. */
#define CLIENT_SILENT_S 60
enum err client_watch(struct client *client, const char *path, const char *const *headers,
                      bool (*each)(void *ctx, struct bytes bytes), void *ctx,
                      struct client_reply *ret, struct problem *ret_why) MUST_CHECK;
void client_reply_done(struct client_reply *reply); /* accepts zeroed */
/* The problem of a problem+json reply (or a made-up one from status and text). */
void client_problem(const struct client_reply *reply, struct problem *ret);

#endif
