/* --tag ROLE=DOMAIN:VERSION:TAG: a pseudonymous tag that somebody has already, put into a record as it is. */
#ifndef QIZHENG_API_CLI_TAG_OPTION_H
#define QIZHENG_API_CLI_TAG_OPTION_H

#include "api/cli/command.h"

#define TAG_OPTION                                                                                 \
    { "tag", "ROLE=DOMAIN:VERSION:TAG", "a tag, 32 bytes in base64url", false, true }

/* The claim `tags` of all --tag, or NULL where there is none. ERR_REQUEST. */
enum err tags_from_options(const struct cli *cli, struct json **ret,
                           struct problem *ret_why) MUST_CHECK;

#endif
