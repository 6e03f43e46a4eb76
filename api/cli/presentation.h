/* What a holder shows: a record with some of its disclosures, alone (`<jws>~d1~d2~`) or in a receipt. */
#ifndef QIZHENG_API_CLI_PRESENTATION_H
#define QIZHENG_API_CLI_PRESENTATION_H

#include "ledger/record/record.h"

/* Whether the comma separated list holds that name. */
bool presentation_lists(const char *names, const char *name);
/* Whether the presentation ends in a key binding: it is then bound to the disclosures that it has. */
bool presentation_is_bound(struct bytes presentation);
/* Appends the presentation with only the disclosures of those names (comma separated; "" for none). A key
 * binding is left out, since it is for what was shown before. ERR_REQUEST where a name is not among them. */
enum err presentation_pick(struct bytes presentation, const char *names, struct buf *out,
                           struct problem *ret_why) MUST_CHECK;
/* The same within a receipt: *receipt's record is replaced. ERR_RECEIPT where it carries none. */
enum err presentation_pick_in(struct json *receipt, const char *names,
                              struct problem *ret_why) MUST_CHECK;

/* Appends a key binding to the receipt's record, which has none: for that audience and nonce, made now. ERR_KEY where the key is not the one that the record names
 * as its holder's, ERR_NOT_FOUND where it names none. */
enum err presentation_bind_in(struct json *receipt, const struct key_secret *key, const char *aud,
                              const char *nonce, struct problem *ret_why) MUST_CHECK;
/* The receipt's record without its disclosures, parsed. record_done. */
enum err presentation_record(const struct json *receipt, struct record **ret,
                             struct problem *ret_why) MUST_CHECK;
/* Whether key is the one that the record names as its holder's. ERR_KEY, ERR_NOT_FOUND. */
enum err presentation_holder_check(const struct record *record, const struct key_public *key,
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
