/* Tags on the command line of whoever makes a record:
 *
 *   --tag ROLE=DOMAIN:VERSION:TAG       a tag that somebody has already, put into the record as it is
 *   --tag-of ROLE=DOMAIN:ID-TYPE:FILE   the tag of the person whose id number stands in FILE (- is standard input), made with the node (tagging.h); what proves it later goes into the hidden claim
 *                                       tag_evidence */
#ifndef QIZHENG_API_CLI_TAG_OPTION_H
#define QIZHENG_API_CLI_TAG_OPTION_H

#include "api/cli/command.h"

#define TAG_OPTION                                                                                 \
    {"tag", "ROLE=DOMAIN:VERSION:TAG", "a tag, 32 bytes in base64url", false, true}, {             \
        "tag-of", "ROLE=DOMAIN:ID-TYPE:FILE",                                                      \
            "make the tag of the id number in FILE, and hide its evidence", false, true            \
    }

/* The claim `tags` of all --tag and --tag-of, or NULL where there is none. hide: the hidden claims, where the evidence goes; ledger: hex of its id. The node is asked only where there is a --tag-of,
 * as --as and --key of the same command line say. ERR_REQUEST, and what tagging.h gives. */
enum err tags_from_options(const struct cli *cli, const char *ledger, struct json *hide,
                           struct json **ret, struct problem *ret_why) MUST_CHECK;

#endif
