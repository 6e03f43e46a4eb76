/* A node, asked over HTTP. */
#ifndef QIZHENG_API_CLI_REMOTE_H
#define QIZHENG_API_CLI_REMOTE_H

#include "api/cli/command.h"
#include "api/client.h"

#define REMOTE_REPLY_MAX (4 * 1024 * 1024) /* the largest answer is a page of participants */

/* The node that --url names. */
enum err remote_open(const struct cli *cli, struct client **ret,
                     struct problem *ret_why) MUST_CHECK;
/* The body of a 200 answer, in a new buffer. Any other status becomes its problem: its error is returned. */
enum err remote_get(struct client *client, const char *path, size_t max, struct buf *ret,
                    struct problem *ret_why) MUST_CHECK;
/* ERR_OK for 200; any other status becomes its problem: its error is returned. */
enum err remote_reply_check(const struct client_reply *reply, struct problem *ret_why) MUST_CHECK;
enum err remote_get_json(struct client *client, const char *path, struct json **ret,
                         struct problem *ret_why) MUST_CHECK;
/* The ledger's id in hex, as the node says it. */
enum err remote_ledger(struct client *client, char ret_hex[65], struct problem *ret_why) MUST_CHECK;

#endif
