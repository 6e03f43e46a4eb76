/* What a holder shows: a record with some of its disclosures, alone (`<jws>~d1~d2~`) or in a receipt. */
#ifndef QIZHENG_API_CLI_PRESENTATION_H
#define QIZHENG_API_CLI_PRESENTATION_H

#include "ledger/record/record.h"

/* Appends the presentation with only the disclosures of those names (comma separated; "" for none). ERR_REQUEST where a name is not among them. */
enum err presentation_pick(struct bytes presentation, const char *names, struct buf *out,
                           struct problem *ret_why) MUST_CHECK;
/* The same within a receipt: *receipt's record is replaced. ERR_RECEIPT where it carries none. */
enum err presentation_pick_in(struct json *receipt, const char *names,
                              struct problem *ret_why) MUST_CHECK;

/* A record's claims with its disclosures merged in. record_done, json_done. */
struct presented {
    struct record *record;
    struct json *claims;
};
enum err presentation_read(struct bytes presentation, struct presented *ret,
                           struct problem *ret_why) MUST_CHECK;
void presented_done(struct presented *presented); /* accepts zeroed */

#endif
