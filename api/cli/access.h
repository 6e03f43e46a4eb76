/* Calls that need an access token: who asks, with which key, and what for. A token is made anew for every request (ledger/record/token.h). */
#ifndef QIZHENG_API_CLI_ACCESS_H
#define QIZHENG_API_CLI_ACCESS_H

#include "api/cli/remote.h"

struct access;

/* Options of every command that reads as a participant; put them into its table. */
#define ACCESS_OPTIONS_(is_needed)                                                                 \
    {.name = "as", .value = "ID", .help = "participant who asks", .needed = is_needed},            \
        {.name = "key", .value = "FILE", .help = "its secret key (PEM)", .needed = is_needed},     \
        {.name = "passphrase-file", .value = "FILE", .help = "passphrase of the key"}, {           \
        .name = "purpose", .value = "WORD",                                                        \
        .help = "why, for the node's log: letters, digits, hyphens (default: own-records)"         \
    }
#define ACCESS_OPTIONS ACCESS_OPTIONS_(true)
/* Of a command that anybody may give, and that shows a participant more. */
#define ACCESS_OPTIONS_OPTIONAL ACCESS_OPTIONS_(false)
/* Whether somebody is named who asks. ERR_REQUEST where half of it is missing. */
enum err access_wanted(const struct cli *cli, bool *ret, struct problem *ret_why) MUST_CHECK;

/* The node that --url names, asked as --as says. */
enum err access_open(const struct cli *cli, struct access **ret,
                     struct problem *ret_why) MUST_CHECK;
void access_close(struct access *access); /* accepts NULL */
/* The connection, for calls that need no token. Borrowed. */
struct client *access_client(struct access *access);
/* The value of an Authorization header for one request, appended. path: without its query. */
enum err access_header(struct access *access, const char *method, const char *path,
                       struct bytes body, struct buf *out, struct problem *ret_why) MUST_CHECK;
/* One call. path: with its query, if any. content_type: of the body; NULL where there is none. A node that has just started takes no token for a moment: then it is
 * asked once more. A reply of any status is ERR_OK. */
enum err access_call(struct access *access, const char *method, const char *path,
                     const char *content_type, struct bytes body, size_t max,
                     struct client_reply *ret, struct problem *ret_why) MUST_CHECK;
/* A GET that streams (client_watch), with one more header line or NULL; an answer of another status than 200 becomes its problem. */
enum err access_stream(struct access *access, const char *path, const char *header,
                       bool (*each)(void *ctx, struct bytes bytes), void *ctx,
                       struct problem *ret_why) MUST_CHECK;
/* The JSON of a 200 answer; any other status becomes its problem. */
enum err access_get_json(struct access *access, const char *path, struct json **ret,
                         struct problem *ret_why) MUST_CHECK;

#endif
